package wire

import "github.com/bursar-pay/bursar/internal/account"

// Account is a customer of the platform.
type Account struct {
	Object       string  `json:"object" enum:"account"`
	ID           string  `json:"id" example:"acct_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Reference    string  `json:"reference" doc:"The platform's own name for it, unique."`
	Kind         string  `json:"kind" enum:"individual,enterprise"`
	Name         string  `json:"name"`
	Country      string  `json:"country" doc:"ISO 3166-1 code of the country given at registration."`
	RegisteredAt string  `json:"registered_at" format:"date-time"`
	Currency     string  `json:"currency" doc:"ISO 4217 code; an account has one."`
	Zone         string  `json:"zone" doc:"IANA name of the zone in which months are cut."`
	Email        string  `json:"email"`
	Language     string  `json:"language" enum:"en,zh-Hant,zh-Hans,ja"`
	Address      Address `json:"address"`
	TaxID        string  `json:"tax_id"`
	Credit       bool    `json:"credit" doc:"Pays by credit line and transfer: no threshold charge, no automatic card charge."`
	State        string  `json:"state" enum:"active,suspended,silent,closed"`
	OverdueSince *string `json:"overdue_since" format:"date-time" doc:"Null while nothing is overdue."`
	CreatedAt    string  `json:"created_at" format:"date-time"`
}

// Address is where bills go.
type Address struct {
	Line1      string `json:"line1,omitempty" maxLength:"200"`
	Line2      string `json:"line2,omitempty" maxLength:"200"`
	City       string `json:"city,omitempty" maxLength:"200"`
	Region     string `json:"region,omitempty" maxLength:"200"`
	PostalCode string `json:"postal_code,omitempty" maxLength:"40"`
}

// OfAccount shapes an account.
func OfAccount(a account.Account) Account {
	return Account{
		Object: "account", ID: string(a.ID), Reference: a.Reference, Kind: string(a.Kind), Name: a.Name, Country: a.Country,
		RegisteredAt: Instant(a.RegisteredAt), Currency: string(a.Currency), Zone: a.Zone, Email: a.Email, Language: a.Language,
		Address: Address(a.Address), TaxID: a.TaxID, Credit: a.Credit, State: string(a.State),
		OverdueSince: Maybe(a.OverdueSince), CreatedAt: Instant(a.CreatedAt),
	}
}
