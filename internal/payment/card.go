// Package payment holds the rules of paying: the methods that may be charged,
// the holds that prove them, the payments that collect debts, and what a
// provider's answer means to each of them.
package payment

import (
	"time"
)

// Brand is a card scheme.
type Brand string

// The schemes that we know by name.
const (
	Visa         Brand = "visa"
	Mastercard   Brand = "mastercard"
	Amex         Brand = "amex"
	JCB          Brand = "jcb"
	UnionPay     Brand = "unionpay"
	Discover     Brand = "discover"
	Diners       Brand = "diners"
	UnknownBrand Brand = "unknown"
)

// Funding says whose money a card spends.
type Funding string

// The kinds of funding. Virtual and gift cards are told as prepaid.
const (
	CreditFunding  Funding = "credit"
	DebitFunding   Funding = "debit"
	PrepaidFunding Funding = "prepaid"
	UnknownFunding Funding = "unknown"
)

// Fingerprint tells one instrument from another without its number. It is the
// provider's, prefixed with the provider's name.
type Fingerprint string

// Card is what a provider tells about a card. The number never reaches us.
type Card struct {
	Token       string // the provider's name for the card at this payer
	Fingerprint Fingerprint
	Brand       Brand
	Networks    []Brand // every scheme the card can be charged over, Brand included
	Funding     Funding
	Country     string // issuing country, ISO 3166-1 alpha-2; "" unknown
	Last4       string
	ExpMonth    int // 1 to 12
	ExpYear     int // four digits
	Holder      string
}

// ExpiresAfter tells whether c is still good after the month that contains now
// in zone: one that ends this month is refused at binding (R-BIND-04).
func (c Card) ExpiresAfter(now time.Time, zone *time.Location) bool {
	now = now.In(zone)
	return c.ExpYear > now.Year() || c.ExpYear == now.Year() && c.ExpMonth > int(now.Month())
}

// IsOver tells whether c's last month is past in zone: a card is good to the end
// of the month on it.
func (c Card) IsOver(now time.Time, zone *time.Location) bool {
	now = now.In(zone)
	return c.ExpYear < now.Year() || c.ExpYear == now.Year() && c.ExpMonth < int(now.Month())
}
