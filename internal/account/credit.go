package account

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/state"
)

// CreditLineID names a credit line, such as "crl_01j8…".
type CreditLineID string

// CreditKind says what a proposal would do to an account's credit.
type CreditKind string

// What may be proposed. A change is another limit or other terms.
const (
	OpenCredit   CreditKind = "open"
	ChangeCredit CreditKind = "change"
	CloseCredit  CreditKind = "close"
)

// CreditState is where a credit line is in its life.
type CreditState string

// The states of a credit line.
const (
	CreditProposed  CreditState = "proposed"
	CreditActive    CreditState = "active"
	CreditRefused   CreditState = "refused"
	CreditWithdrawn CreditState = "withdrawn" // by who had proposed it
	CreditReplaced  CreditState = "replaced"  // by a change
	CreditClosed    CreditState = "closed"
)

// CreditEvent is something that happened to a credit line.
type CreditEvent string

// The events of a credit line.
const (
	ApproveCredit  CreditEvent = "approve"
	ApproveClosing CreditEvent = "approve_closing" // what was proposed was to close the line
	RefuseCredit   CreditEvent = "refuse"
	WithdrawCredit CreditEvent = "withdraw"
	ReplaceCredit  CreditEvent = "replace"
	EndCredit      CreditEvent = "end"
)

// CreditTable is the life of a credit line, from its proposal on.
var CreditTable = state.Table[CreditState, CreditEvent]{
	CreditProposed:  {ApproveCredit: CreditActive, ApproveClosing: CreditClosed, RefuseCredit: CreditRefused, WithdrawCredit: CreditWithdrawn},
	CreditActive:    {ReplaceCredit: CreditReplaced, EndCredit: CreditClosed},
	CreditRefused:   {},
	CreditWithdrawn: {},
	CreditReplaced:  {},
	CreditClosed:    {},
}

// CreditLine is up to how much a customer may owe, and by when they pay. What is
// proposed by one person is decided by another (R-CRED-04); a row of it is never
// changed but by that, so that all of them together are the line's history.
type CreditLine struct {
	ID         CreditLineID
	Account    ID
	Kind       CreditKind
	Limit      money.Amount // zero if it is to be closed
	Terms      Terms
	Reason     string
	State      CreditState
	ProposedBy string
	ProposedAt time.Time
	DecidedBy  string // "" it waits, or was withdrawn
	DecidedAt  time.Time
	Note       string // of who decided
	EndedAt    time.Time
}

// What may stand against a credit line.
var (
	ErrCreditNotFound   = fault.New(fault.NotFound, "credit_line_not_found", "there is no such credit line")
	ErrNoCredit         = fault.New(fault.NotFound, "no_credit_line", "the account has no credit line")
	ErrCreditInvalid    = fault.New(fault.Invalid, "credit_line_invalid", "the credit line cannot be proposed as described")
	ErrCreditEnterprise = fault.New(fault.Conflict, "credit_needs_enterprise", "credit is for companies").WithNext("the account of a person pays by card or PayPal") // R-ELIG-06
	ErrCreditPending    = fault.New(fault.Conflict, "credit_line_pending", "a proposal for this account waits for a decision").WithNext("decide on that one first")
	ErrCreditExists     = fault.New(fault.Conflict, "credit_line_exists", "the account has a credit line").WithNext("propose a change of it")
	ErrCreditDecided    = fault.New(fault.Conflict, "credit_line_decided", "it was decided on already")
	ErrOwnProposal      = fault.New(fault.Forbidden, "own_proposal", "who proposed something does not decide on it").WithNext("ask another person")
	ErrNotYourProposal  = fault.New(fault.Forbidden, "proposal_of_another", "a proposal is withdrawn by who made it").WithNext("refuse it")
)

// reasonMax bounds what people write beside a decision, in bytes.
const reasonMax = 500

// Check returns nil if l may be proposed for an account in the currency, else every
// reason why not.
func (l CreditLine) Check(c money.Currency) error {
	var why []error
	bad := func(place, text string) { why = append(why, ErrCreditInvalid.At(place).Detail("%s", text)) }
	switch l.Kind {
	case OpenCredit, ChangeCredit:
		if l.Limit.Currency != c {
			why = append(why, ErrCurrencyMismatch.At("limit"))
		}
		if !l.Limit.IsPositive() {
			bad("limit", "a limit is above zero; to end a line, propose that it is closed")
		}
		if err := l.Terms.Check(); err != nil {
			why = append(why, err)
		}
	case CloseCredit:
	default:
		bad("kind", "the kind is open, change or close")
	}
	if strings.TrimSpace(l.Reason) == "" || len(l.Reason) > reasonMax {
		bad("reason", "a reason has 1 to 500 bytes")
	}
	return errors.Join(why...)
}

// CheckNote returns nil if a note may be kept beside a decision.
func CheckNote(note string) error {
	if len(note) > reasonMax {
		return ErrCreditInvalid.At("note").Detail("a note has at most 500 bytes")
	}
	return nil
}

// Terms are by when a bill is to be paid (R-BILL-04): a number of days after its day
// of issue, or after the end of that month.
type Terms struct {
	Days       int
	Business   bool // days of business, not of the calendar
	EndOfMonth bool // counted from the last day of the month of issue
}

// termsDaysMax is a year.
const termsDaysMax = 366

var (
	daysPattern = regexp.MustCompile(`^([0-9]{1,3}) (calendar|business) days?$`)
	endPattern  = regexp.MustCompile(`^end of month(?: \+ ([0-9]{1,3})(?: days?)?)?$`)
)

// ErrTerms says that terms are not written as such.
var ErrTerms = fault.New(fault.Invalid, "credit_terms_invalid", "these are no terms of payment").
	WithNext("write them like 30 calendar days, 20 business days, end of month, or end of month + 15 days")

// ParseTerms reads "30 calendar days", "20 business days", "end of month" and "end
// of month + 15 days".
func ParseTerms(s string) (Terms, error) {
	s = strings.Join(strings.Fields(strings.ToLower(s)), " ")
	if m := daysPattern.FindStringSubmatch(s); m != nil {
		t := Terms{Days: number(m[1]), Business: m[2] == "business"}
		return t, t.Check()
	}
	if m := endPattern.FindStringSubmatch(s); m != nil {
		t := Terms{Days: number(m[1]), EndOfMonth: true}
		return t, t.Check()
	}
	return Terms{}, ErrTerms
}

// number reads at most three digits; "" is zero.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// Check returns nil if t are terms that can be kept.
func (t Terms) Check() error {
	if t.Days < 0 || t.Days > termsDaysMax || t.Business && t.EndOfMonth {
		return ErrTerms
	}
	return nil
}

// String writes terms as ParseTerms reads them.
func (t Terms) String() string {
	switch {
	case t.EndOfMonth && t.Days == 0:
		return "end of month"
	case t.EndOfMonth:
		return fmt.Sprintf("end of month + %d days", t.Days)
	case t.Business:
		return fmt.Sprintf("%d business days", t.Days)
	}
	return fmt.Sprintf("%d calendar days", t.Days)
}
