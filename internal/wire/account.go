package wire

import (
	"time"

	"github.com/bursar-pay/bursar/internal/account"
)

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
	AutoApply    bool    `json:"auto_apply" doc:"The balance pays bills by itself, the oldest first."`
	State        string  `json:"state" enum:"active,suspended,silent,closed"`
	OverdueSince *string `json:"overdue_since" format:"date-time" doc:"Null while nothing is overdue."`
	SilentSince  *string `json:"silent_since" format:"date-time" doc:"When its closing began; null if that was never asked for, or was taken back."`
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
		Address: Address(a.Address), TaxID: a.TaxID, Credit: a.Credit, AutoApply: a.AutoApply, State: string(a.State),
		OverdueSince: Maybe(a.OverdueSince), SilentSince: Maybe(a.SilentSince), CreatedAt: Instant(a.CreatedAt),
	}
}

// Resources is what runs for an account at the platform, as the platform last told.
type Resources struct {
	Object     string   `json:"object" enum:"resources"`
	Account    string   `json:"account"`
	Running    int      `json:"running" doc:"How many run. While any does, the last payment method stays and the account cannot be closed."`
	Examples   []string `json:"examples" nullable:"false" doc:"Some of their names, for a person."`
	ReportedAt *string  `json:"reported_at" format:"date-time" doc:"Null if nothing was ever told."`
}

// OfResources shapes what runs for an account.
func OfResources(id account.ID, r account.Resources) Resources {
	return Resources{
		Object: "resources", Account: string(id), Running: r.Running, Examples: append([]string{}, r.Examples...), ReportedAt: Maybe(r.ReportedAt),
	}
}

// Closing is what stands against closing an account, and how far it has come.
type Closing struct {
	Object      string      `json:"object" enum:"closing"`
	Account     string      `json:"account"`
	State       string      `json:"state" enum:"active,suspended,silent,closed" doc:"The account's."`
	Allowed     bool        `json:"allowed" doc:"Nothing stands against it."`
	Reasons     []Objection `json:"reasons" nullable:"false" doc:"Everything that stands against it."`
	SilentSince *string     `json:"silent_since" format:"date-time" doc:"When its silent period began; null if it has not."`
	Until       *string     `json:"until" format:"date-time" doc:"The end of the silent period, as if it began now unless it has; null once the account is closed."`
}

// OfClosing shapes what was found out about closing an account.
func OfClosing(a account.Account, until time.Time, reasons []Objection) Closing {
	shape := Closing{
		Object: "closing", Account: string(a.ID), State: string(a.State), Allowed: len(reasons) == 0, Reasons: append([]Objection{}, reasons...),
		SilentSince: Maybe(a.SilentSince), Until: Maybe(until),
	}
	if a.State == account.Closed {
		shape.Until = nil
	}
	return shape
}
