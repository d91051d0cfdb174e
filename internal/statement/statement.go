package statement

import (
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// Format names one of the kinds of file that can be read.
type Format string

// The formats. Those of one family share a reader.
const (
	Camt053 Format = "camt.053" // ISO 20022, the statement of a day
	Camt054 Format = "camt.054" // ISO 20022, notification of credits and debits
	MT940   Format = "mt940"    // SWIFT, the statement of a day; its reader takes MT942 too
	MT942   Format = "mt942"    // SWIFT, interim report
	BAI2    Format = "bai2"     // cash management balance reporting, version 2
	CSV     Format = "csv"      // by a layout
)

// Statement is what a file says about one account over one period.
type Statement struct {
	Number   int       // place among the statements of the file, from 1
	Line     int       // physical line on which it starts, from 1
	Format   Format    // of this statement; one file holds one family
	Version  string    // as the format counts, "08" for camt.053.001.08; empty if it has none
	ID       string    // the bank's: camt Id, MT940 :20:
	Sequence string    // of the account's statements: ElctrncSeqNb, :28C:; empty if absent
	Legal    string    // LglSeqNb; empty if absent
	Page     string    // PgNb of a statement in several messages; empty if absent
	More     bool      // the file says that another page follows
	Copy     string    // DUPL, COPY or CODU if the bank says that it was sent before
	Encoding string    // of the file, such as utf-8 or windows-1252
	Created  time.Time // UTC; zero unless the file says the hour and its zone
	From, To Date      // the period, as far as the file says

	Account  Account
	Currency money.Currency // of the account, as the file says or its balances show; empty if neither does

	// Opening and Closing are booked balances; nil means that the file gives none.
	Opening  *Balance
	Closing  *Balance
	Balances []Balance // every balance the file gives, those two included

	// Credits and Debits sum the booked entries, each at least zero. Entries that are
	// pending or information are counted, and not summed.
	Credits Decimal
	Debits  Decimal
	Counts  Counts

	Declared Declared // what the file itself says the sums are
	Proof    Proof    // whether it adds up; valid when the statement is closed
	Remarks  []Remark // each reason why Proof is Unbalanced, and other things a person should see

	Lines []Entry // filled by ReadAll alone
}

// Account is the account that the statement is about.
type Account struct {
	IBAN     string // without spaces; empty if the bank uses another number
	Other    string // the bank's own number; empty if there is an IBAN only
	Servicer string // BIC of the bank, or its local number; empty if absent
	Owner    string // name; empty if absent
	Written  string // the number as the file has it, where it has more than the number; else empty
}

// ID returns the IBAN, or else the bank's own number.
func (a Account) ID() string {
	if a.IBAN != "" {
		return a.IBAN
	}
	return a.Other
}

// Balance is one balance as the bank gives it.
type Balance struct {
	Kind     string // in ISO 20022 words: OPBD, PRCD, CLBD, ITBD, CLAV, OPAV, FWAV, INFO …
	Amount   Decimal
	Currency money.Currency
	Date     Date
}

// Counts says how many entries a statement has in each status.
type Counts struct {
	Booked  int
	Pending int
	Info    int
}

// All returns how many entries there are in whatever status.
func (c Counts) All() int { return c.Booked + c.Pending + c.Info }

// Declared is what a file says about its own entries; nil means that it does not.
// Debits is at least zero; Net is credits less debits.
type Declared struct {
	Entries       *int
	CreditEntries *int
	DebitEntries  *int
	Credits       *Decimal
	Debits        *Decimal
	Net           *Decimal
	Turnover      *Decimal // credits and debits together
}

// Status says how far the bank is with an entry.
type Status string

// Only what is booked is money.
const (
	Booked  Status = "booked"
	Pending Status = "pending"
	Info    Status = "info" // for information; not a movement
)

// Entry is one movement on the account.
type Entry struct {
	Statement int // number of its statement
	Number    int // place among the entries of its statement, from 1
	Line      int // physical line on which it starts, from 1

	Status   Status
	Amount   Decimal        // above zero adds to the account, below takes from it
	Currency money.Currency // as the file says, else the account's; empty if neither is said
	Reversal bool           // it undoes an earlier entry; Amount has the sign of this movement itself

	BookingDate Date
	ValueDate   Date
	BookedAt    time.Time // UTC; zero unless the file says the hour and its zone

	Reference string // given by the account's bank: AcctSvcrRef, the part of :61: behind //
	OwnerRef  string // NtryRef, or the part of :61: before //
	Code      Code
	Rail      Rail
	Info      string // what the bank adds in words

	// Balance is the account's balance after this entry, in formats that run one; nil
	// if they do not.
	Balance *Decimal

	// Details are the transactions behind the entry: one, or each one of a batch.
	// There is always at least one. BatchOf is how many the bank says there are, which
	// may be more than it lists; 0 if it does not say.
	Details []Detail
	BatchOf int
}

// Place says where the entry stands, for people.
func (e Entry) Place() string {
	return fmt.Sprintf("statement %d, entry %d (line %d)", e.Statement, e.Number, e.Line)
}

// Detail is one transaction behind an entry. Texts are empty where the file is silent.
type Detail struct {
	// Amount is this transaction's part of the entry, with the sign it has on the
	// account. HasAmount is false where a batch does not say how it splits.
	Amount    Decimal
	Currency  money.Currency
	HasAmount bool

	Reference     string // given by the account's bank
	EndToEndID    string // chosen by the payer, carried to the end; never NOTPROVIDED
	InstructionID string
	TransactionID string
	MessageID     string
	UETR          string
	MandateID     string
	Cheque        string

	Structured string // creditor's reference: RF, ESR/QR, OCR; without spaces
	Remittance string // free text, and numbers of documents that are named; a newline between each two

	Payer        Party // who gave the money
	Payee        Party // who got it
	Code         Code  // the entry's, if the transaction has none of its own
	Purpose      string
	ReturnReason string // why the money comes back, as a code
	Info         string

	// Instructed is what was sent, where that differs from Amount: in another
	// currency, or before fees were taken on the way. Its Currency is empty if the
	// file does not say.
	Instructed         Decimal
	InstructedCurrency money.Currency
}

// Party is one end of a transaction.
type Party struct {
	Name     string
	Account  string // IBAN or other number, without spaces
	BIC      string // of the party's bank
	Ultimate string // name of the one on whose behalf it is, if another
}

// Other returns the other end than the account's owner: who paid a credit, who got a
// debit. A reversal goes the other way than the payment that it undoes.
func (e Entry) Other(d Detail) Party {
	credit := e.Amount.Sign() > 0
	if d.HasAmount && d.Amount.Sign() != 0 {
		credit = d.Amount.Sign() > 0
	}
	if credit != e.Reversal {
		return d.Payer
	}
	return d.Payee
}

// Code is how a bank classes a movement.
type Code struct {
	Domain      string // ISO 20022: PMNT, ACMT …
	Family      string // RCDT, ICDT, RDDT …
	SubFamily   string // ESCT, XBCT …
	Proprietary string // the bank's or the country's own, MT940 type, BAI2 type code
	Issuer      string // of Proprietary
}

// Rail is the way by which money came or went, as far as the file tells.
type Rail string

// The rails. Empty means unknown.
const (
	RailSEPA        Rail = "sepa"
	RailInstant     Rail = "instant"
	RailDomestic    Rail = "domestic"     // another transfer within the country
	RailCrossBorder Rail = "cross_border" // correspondent banking
	RailInternal    Rail = "internal"     // between accounts of one bank
	RailDirectDebit Rail = "direct_debit"
	RailCard        Rail = "card"
	RailCash        Rail = "cash"
	RailCheque      Rail = "cheque"
	RailFee         Rail = "fee"
	RailInterest    Rail = "interest"
)

// Date is a calendar day as the bank wrote it, "2024-03-08"; empty if it did not.
type Date string

// NewDate returns the day, and whether the calendar has it.
func NewDate(year, month, day int) (Date, bool) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Year() != year || int(t.Month()) != month || t.Day() != day || year < 1 || year > 9999 {
		return "", false
	}
	return Date(t.Format(time.DateOnly)), true
}
