package payment

import (
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// What may speak against a card, whatever an installation's policy says.
var (
	ErrCardExpired = fault.New(fault.Invalid, "card_expired", "the card has expired or expires this month").
			WithNext("use a card that is valid beyond this month")
	ErrUnionPayOnly = fault.New(fault.Invalid, "unionpay_only", "the card can be charged over UnionPay only").
			WithNext("use a card that also bears the mark of Visa, Mastercard, American Express or JCB")
	ErrExpiryInvalid = fault.New(fault.Invalid, "card_expiry_invalid", "the card's expiry is not a month and a year").
				WithNext("enter the card again, with its expiry as MM/YY")
	ErrDescriptor = fault.New(fault.Invalid, "descriptor_invalid", "this cannot be printed on a payer's statement").
			WithNext(`use 5 to 22 letters, digits, spaces and signs of ASCII with at least one letter, and none of < > \ ' " *`)
)

const (
	descriptorShortest = 5
	descriptorLongest  = 22
	descriptorRefused  = `<>\'"*`
)

// SecurityCodeDigits returns how many digits the security code of a brand's cards has:
// 4 on the front of American Express, 3 on the back of all others (R-BIND-05). The
// code itself never reaches us; this is for the text beside the provider's field.
func SecurityCodeDigits(b Brand) int {
	if b == Amex {
		return 4
	}
	return 3
}

// Over returns every scheme that c can be charged over, its brand first, each once.
func (c Card) Over() []Brand {
	all := []Brand{c.Brand}
	for _, b := range c.Networks {
		if !slices.Contains(all, b) {
			all = append(all, b)
		}
	}
	return all
}

// IsUnionPayOnly tells whether UnionPay is the only scheme that c can be charged over
// (R-BIND-06). A card with two marks has another network.
func (c Card) IsUnionPayOnly() bool {
	for _, b := range c.Over() {
		if b != UnionPay && b != UnknownBrand {
			return false
		}
	}
	return slices.Contains(c.Over(), UnionPay)
}

// MayBind returns nil if c is good for longer than the month that contains now in
// zone, else why it may not be bound (R-BIND-04).
func (c Card) MayBind(now time.Time, zone *time.Location) error {
	switch {
	case c.ExpMonth < 1 || c.ExpMonth > 12 || c.ExpYear < 1000 || c.ExpYear > 9999:
		return ErrExpiryInvalid
	case !c.ExpiresAfter(now, zone):
		return ErrCardExpired
	}
	return nil
}

// CheckDescriptor returns nil if schemes can print s on a statement (R-DESC-01), else
// an ErrDescriptor that says what is wrong with it.
func CheckDescriptor(s string) error {
	letters := 0
	for _, r := range s {
		switch {
		case r < ' ' || r > '~':
			return ErrDescriptor.Detail("a descriptor is printed in letters, digits and signs of ASCII only")
		case strings.ContainsRune(descriptorRefused, r):
			return ErrDescriptor.Detail("a descriptor has none of %s", descriptorRefused)
		case r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z':
			letters++
		}
	}
	switch {
	case len(s) < descriptorShortest || len(s) > descriptorLongest:
		return ErrDescriptor.Detail("a descriptor has %d to %d characters", descriptorShortest, descriptorLongest)
	case s != strings.TrimSpace(s):
		return ErrDescriptor.Detail("a descriptor has no spaces at its ends")
	case letters == 0:
		return ErrDescriptor.Detail("a descriptor has at least one letter")
	}
	return nil
}
