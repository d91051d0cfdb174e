package bank

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// ReceivingID names one of our bank accounts, such as "rac_01j8…".
type ReceivingID string

// Rail is the way on which money travels between banks.
type Rail string

// The rails. Cash and cheque are what some sellers take and most do not (R-WIRE-11).
const (
	RailSwift          Rail = "swift"
	RailSEPA           Rail = "sepa"
	RailInstant        Rail = "sepa_instant"
	RailACH            Rail = "ach"
	RailFedwire        Rail = "fedwire"
	RailFasterPayments Rail = "faster_payments"
	RailCHAPS          Rail = "chaps"
	RailZengin         Rail = "zengin"
	RailCNAPS          Rail = "cnaps"
	RailLocal          Rail = "local" // a domestic transfer of another kind
	RailCash           Rail = "cash"
	RailCheque         Rail = "cheque"
)

// Rails are all of them, in the order in which they are shown.
var Rails = []Rail{
	RailSwift, RailSEPA, RailInstant, RailACH, RailFedwire, RailFasterPayments, RailCHAPS, RailZengin, RailCNAPS, RailLocal, RailCash, RailCheque,
}

// Business days from the sender's order until the money is seen (S-17, R-WIRE-10).
const (
	TransferDaysLeast = 2
	TransferDaysMost  = 4
)

// Scheme is the kind of an account number.
type Scheme string

// The schemes. Numbers of the United States and Mexico have check digits, which are
// proven, and IBANs have. China, Japan, Hong Kong and Singapore have none, and those
// of the United Kingdom and Australia follow tables of each bank: there only the
// form is looked at.
const (
	SchemeIBAN  Scheme = "iban"
	SchemeUS    Scheme = "us" // routing number, whose check digit is proven, and account number
	SchemeMX    Scheme = "mx_clabe"
	SchemeCN    Scheme = "cn" // 12 digits of CNAPS, and account number
	SchemeJP    Scheme = "jp" // 4 digits of the bank and 3 of the branch, and 7 of the account
	SchemeGB    Scheme = "gb" // sort code, and 8 digits
	SchemeAU    Scheme = "au" // BSB, and account number
	SchemeHK    Scheme = "hk" // bank code, and account number
	SchemeSG    Scheme = "sg" // bank and branch code, and account number
	SchemeOther Scheme = "other"
)

// Schemes lists the schemes.
var Schemes = []Scheme{SchemeIBAN, SchemeUS, SchemeMX, SchemeCN, SchemeJP, SchemeGB, SchemeAU, SchemeHK, SchemeSG, SchemeOther}

// numberForm is what numbers of a scheme look like: the code of the bank, and the
// account number, in normal form.
type numberForm struct {
	code, number *regexp.Regexp
	is           string
}

var numberForms = map[Scheme]numberForm{
	SchemeUS:    {digits("9"), digits("4,17"), "a routing number of 9 digits and an account number of 4 to 17"},
	SchemeMX:    {digits("0,3"), digits("18"), "a CLABE of 18 digits"},
	SchemeCN:    {digits("0,12"), digits("8,32"), "a bank code of up to 12 digits and an account number of 8 to 32"},
	SchemeJP:    {digits("7"), digits("7"), "4 digits of the bank and 3 of the branch, and an account number of 7"},
	SchemeGB:    {digits("6"), digits("8"), "a sort code of 6 digits and an account number of 8"},
	SchemeAU:    {digits("6"), digits("5,10"), "a BSB of 6 digits and an account number of 5 to 10"},
	SchemeHK:    {digits("3"), digits("6,15"), "a bank code of 3 digits and an account number of 6 to 15"},
	SchemeSG:    {digits("4,7"), digits("5,16"), "a bank and branch code of 4 to 7 digits and an account number of 5 to 16"},
	SchemeOther: {regexp.MustCompile(`^[0-9A-Z]{0,20}$`), regexp.MustCompile(`^[0-9A-Z]{4,34}$`), "an account number of 4 to 34 letters and digits"},
}

func digits(n string) *regexp.Regexp { return regexp.MustCompile(`^[0-9]{` + n + `}$`) }

// CheckNumber returns nil if an account number, in normal form, can be one of its
// scheme at a bank with this code; an IBAN has its bank's code in it.
func CheckNumber(s Scheme, bankCode, number string) error {
	if s == SchemeIBAN {
		return CheckIBAN(number)
	}
	form, known := numberForms[s]
	switch {
	case !known:
		return ErrNumber.Detail("there is no such scheme of account numbers")
	case !form.code.MatchString(bankCode) || !form.number.MatchString(number):
		return ErrNumber.Detail("the scheme has %s", form.is)
	case s == SchemeUS && !routing(bankCode):
		return ErrNumber.Detail("the check digit of the routing number does not agree with the rest of it")
	case s == SchemeMX && clabe(number[:17]) != number[17:]:
		return ErrNumber.Detail("the check digit of the CLABE does not agree with the rest of it")
	}
	return nil
}

// ShownNumber is an account number as people read it.
func ShownNumber(s Scheme, number string) string {
	if s == SchemeIBAN {
		return IBAN(number).Grouped()
	}
	return number
}

// What may be wrong with a receiving account.
var (
	ErrReceivingNotFound = fault.New(fault.NotFound, "receiving_account_not_found", "there is no such receiving account")
	ErrReceivingInvalid  = fault.New(fault.Invalid, "receiving_account_invalid", "the receiving account cannot be added as described")
	ErrReceivingTaken    = fault.New(fault.Conflict, "receiving_account_taken", "the account number is one of ours already").WithNext("see `bursar receiving ls`; a number is entered once for each currency")
	ErrReceivingClosed   = fault.New(fault.Conflict, "receiving_account_closed", "the receiving account is closed").WithNext("use one that is open")
	ErrNumber            = fault.New(fault.Invalid, "account_number_invalid", "this is not an account number of its scheme").WithNext("copy the number from the bank's own letter")
	ErrNoReceiving       = fault.New(fault.NotFound, "receiving_details_none", "there is no bank account to which this customer can transfer money").
				WithNext("ask your account manager; payment by card or PayPal works as before")
)

// ReceivingAccount is one of the seller's bank accounts, to which customers transfer
// money. What it is never changes: another account at the bank is another one here.
type ReceivingAccount struct {
	ID          ReceivingID
	Seller      string   // its code in the policy
	Country     string   // ISO 3166-1, where it is held
	Serves      []string // countries of the customers that it is for; none means all that no other one names
	Currency    money.Currency
	Bank        string // the bank's name
	BankAddress string
	BIC         string
	Holder      string // whose name the payer writes
	Scheme      Scheme
	BankCode    string // routing number, sort code and so on; "" with an IBAN
	Number      string // in normal form
	Rails       []Rail // what it takes
	Shared      bool   // customers without a number of their own pay to it, under a reference
	OpenedAt    time.Time
	ClosedAt    time.Time // zero while it is open
}

// Takes tells whether money may come to r on a rail. What the bank does not say is
// taken.
func (r ReceivingAccount) Takes(rail Rail) bool { return rail == "" || slices.Contains(r.Rails, rail) }

// IsOpen tells whether customers are told to pay to r.
func (r ReceivingAccount) IsOpen() bool { return r.ClosedAt.IsZero() }

const receivingTextMax = 140 // characters, as a line of a payment form takes

var countryForm = regexp.MustCompile(`^[A-Z]{2}$`)

// Check returns nil if r can be added, else every reason why not.
func (r ReceivingAccount) Check() error {
	var why []error
	bad := func(place, format string, args ...any) {
		why = append(why, ErrReceivingInvalid.At(place).Detail(format, args...))
	}
	if !fits(r.Seller, 1, 40) {
		bad("seller", "the seller is named by its code in the policy")
	}
	if !countryForm.MatchString(r.Country) {
		bad("country", "a country is an ISO 3166-1 code of two capital letters, such as DE")
	}
	for _, c := range r.Serves {
		if !countryForm.MatchString(c) {
			bad("serves", "a country is an ISO 3166-1 code of two capital letters, such as DE")
		}
	}
	if !r.Currency.Valid() {
		bad("currency", "a currency is an ISO 4217 code, such as USD")
	}
	if !fits(r.Bank, 1, receivingTextMax) {
		bad("bank", "the bank has a name of 1 to %d characters", receivingTextMax)
	}
	if !fits(r.BankAddress, 0, receivingTextMax) {
		bad("bank_address", "an address has at most %d characters", receivingTextMax)
	}
	if !fits(r.Holder, 1, receivingTextMax) {
		bad("holder", "the holder has a name of 1 to %d characters", receivingTextMax)
	}
	if err := r.checkNumber(); err != nil {
		why = append(why, err)
	}
	if len(r.Rails) == 0 {
		bad("rails", "an account takes money on one rail at least")
	}
	for _, rail := range r.Rails {
		if !slices.Contains(Rails, rail) {
			bad("rails", "there is no such rail")
		}
	}
	return errors.Join(why...)
}

// checkNumber proves how money finds r. Money from abroad needs the bank's BIC, and
// an IBAN says itself where it is held.
func (r ReceivingAccount) checkNumber() error {
	if f, bad := fault.Of(CheckNumber(r.Scheme, r.BankCode, r.Number)); bad {
		return f.At("number")
	}
	switch {
	case r.BIC != "" && CheckBIC(r.BIC) != nil:
		return ErrBIC.At("bic")
	case r.BIC == "" && slices.Contains(r.Rails, RailSwift):
		return ErrBIC.At("bic").Detail("an account that takes SWIFT transfers has a BIC")
	case r.Scheme == SchemeIBAN && IBAN(r.Number).Country() != r.Country:
		return ErrReceivingInvalid.At("country").Detail("the IBAN is one of another country")
	}
	return nil
}

func fits(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return n >= least && n <= most && utf8.ValidString(s) && s == strings.TrimSpace(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// ReceivingFor picks the account to which a customer in a country transfers money in
// a currency: of those of their seller, one that names their country goes before one
// for all, and among equals the one that was opened first.
func ReceivingFor(all []ReceivingAccount, seller, country string, c money.Currency, wanted func(ReceivingAccount) bool) (ReceivingAccount, bool) {
	var found ReceivingAccount
	for _, r := range all {
		names := slices.Contains(r.Serves, country)
		if !r.IsOpen() || r.Seller != seller || r.Currency != c || len(r.Serves) > 0 && !names || !wanted(r) {
			continue
		}
		better := found.ID == "" || names && len(found.Serves) == 0 || names == (len(found.Serves) > 0) && r.ID < found.ID
		if better {
			found = r
		}
	}
	return found, found.ID != ""
}

// InCurrency picks, of the accounts that have one number, the one in a currency; "" is
// one that a file does not say, and picks the only one.
func InCurrency(all []ReceivingAccount, c money.Currency) (ReceivingAccount, bool) {
	if c == "" && len(all) == 1 {
		return all[0], true
	}
	i := slices.IndexFunc(all, func(r ReceivingAccount) bool { return r.Currency == c })
	if i < 0 {
		return ReceivingAccount{}, false
	}
	return all[i], true
}
