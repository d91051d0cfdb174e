// Package account holds the customer: who owes, where they registered, in which
// currency and zone they are billed, and whether they may still run up usage.
package account

import (
	"errors"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // zones must exist on machines without a zone database

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// ID names an account, such as "acct_01j8…".
type ID string

// Kind says whether a person or a company holds the account.
type Kind string

// The kinds of account.
const (
	Individual Kind = "individual"
	Enterprise Kind = "enterprise"
)

// State is where an account is in its life.
type State string

// The states of an account. Suspended and silent accounts still take usage;
// closed ones refuse it.
const (
	Active    State = "active"
	Suspended State = "suspended"
	Silent    State = "silent"
	Closed    State = "closed"
)

// Address is where bills go. Country is the account's own and not repeated here.
type Address struct {
	Line1      string `json:"line1,omitempty"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city,omitempty"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
}

// Account is a customer of the platform.
type Account struct {
	ID           ID
	Reference    string // the platform's own name for it, unique
	Kind         Kind
	Name         string
	Country      string    // ISO 3166-1 alpha-2, given at registration (R-ELIG-03)
	RegisteredAt time.Time // decides the cohort (R-ELIG-03)
	Currency     money.Currency
	Zone         string // IANA name; months are cut in it
	Email        string
	Language     string // BCP 47, one of Languages
	Address      Address
	TaxID        string
	Credit       bool // pays by credit line and transfer: no threshold charge, no automatic card charge (R-THR-09, R-CRED-03)
	AutoApply    bool // its balance pays its bills by itself, the oldest first (R-RECON-01)
	State        State
	OverdueSince time.Time // zero when nothing is overdue
	SilentSince  time.Time // when its closing was asked for (R-CLOSE-01); zero: it was not
	CreatedAt    time.Time
}

// Languages are those that the product speaks.
var Languages = []string{"en", "zh-Hant", "zh-Hans", "ja"}

// What may be wrong with an account.
var (
	ErrNotFound         = fault.New(fault.NotFound, "account_not_found", "there is no such account")
	ErrReferenceTaken   = fault.New(fault.Conflict, "reference_taken", "another account has this reference").WithNext("use the platform's own unique name of the customer, or fetch the account that has it")
	ErrInvalid          = fault.New(fault.Invalid, "account_invalid", "the account cannot be opened as described")
	ErrClosed           = fault.New(fault.Conflict, "account_closed", "the account is closed").WithNext("usage and payments of a closed account are refused; open another account")
	ErrCurrencyMismatch = fault.New(fault.Invalid, "currency_mismatch", "the currency is not the account's").WithNext("an account has one currency; send amounts in it")
)

const textMax = 200

var (
	countryPattern   = regexp.MustCompile(`^[A-Z]{2}$`)
	referencePattern = regexp.MustCompile(`^[!-~]([ -~]{0,126}[!-~])?$`)
	emailPattern     = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
)

// Check returns nil if a describes an account that can be opened, else every
// reason why not.
func (a Account) Check() error {
	var why []error
	bad := func(place, format string, args ...any) {
		why = append(why, ErrInvalid.At(place).Detail(format, args...))
	}
	if !referencePattern.MatchString(a.Reference) {
		bad("reference", "a reference is 1 to 128 printable ASCII characters, without spaces at its ends")
	}
	if a.Kind != Individual && a.Kind != Enterprise {
		bad("kind", "the kind is individual or enterprise")
	}
	if strings.TrimSpace(a.Name) == "" || len(a.Name) > textMax {
		bad("name", "a name has 1 to %d bytes", textMax)
	}
	if !countryPattern.MatchString(a.Country) {
		bad("country", "a country is an ISO 3166-1 code of two capital letters, such as DE")
	}
	if !a.Currency.Valid() {
		bad("currency", "a currency is an ISO 4217 code, such as USD")
	}
	if _, err := time.LoadLocation(a.Zone); err != nil || a.Zone == "" || a.Zone == "Local" {
		bad("zone", "a zone is an IANA name, such as Europe/Berlin")
	}
	if len(a.Email) > textMax || !emailPattern.MatchString(a.Email) {
		bad("email", "an email address is needed, to tell the customer about charges")
	}
	if !speaks(a.Language) {
		bad("language", "the language is one of %s", strings.Join(Languages, ", "))
	}
	if a.RegisteredAt.IsZero() {
		bad("registered_at", "the time of registration is needed")
	}
	return errors.Join(why...)
}

// Location returns the account's zone, or UTC if it is unknown to this machine.
func (a Account) Location() *time.Location {
	l, err := time.LoadLocation(a.Zone)
	if err != nil {
		return time.UTC
	}
	return l
}

func speaks(language string) bool {
	for _, l := range Languages {
		if l == language {
			return true
		}
	}
	return false
}
