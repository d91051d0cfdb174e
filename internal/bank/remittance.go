package bank

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/state"
)

// RemittanceID names a receipt, such as "rem_01j8…".
type RemittanceID string

// RemittanceState is what became of a receipt.
type RemittanceState string

// The states of a receipt.
const (
	Unclaimed RemittanceState = "unclaimed" // some of it is nobody's yet
	Credited  RemittanceState = "credited"  // all of it is on customers' balances
	Returning RemittanceState = "returning" // what is nobody's goes back to the sender
	Ended     RemittanceState = "ended"     // what was no customer's is accounted for: returned, taken back, or not meant for one
)

// RemittanceEvent is something that happened to a receipt.
type RemittanceEvent string

// The events of a receipt.
const (
	CreditAll  RemittanceEvent = "credit_all"
	TakeBack   RemittanceEvent = "take_back" // a claim was reversed
	SendBack   RemittanceEvent = "send_back"
	KeepAfter  RemittanceEvent = "keep" // it is not sent back after all
	AccountFor RemittanceEvent = "account_for"
)

// RemittanceTable is the life of a receipt.
var RemittanceTable = state.Table[RemittanceState, RemittanceEvent]{
	Unclaimed: {CreditAll: Credited, SendBack: Returning, AccountFor: Ended},
	Credited:  {TakeBack: Unclaimed},
	Returning: {KeepAfter: Unclaimed, AccountFor: Ended},
	Ended:     {TakeBack: Unclaimed},
}

// Reason is why a receipt was not credited by itself. Each is for ever.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	ReasonNone             Reason = ""
	ReasonSeveralAccounts  Reason = "several_accounts"  // it names accounts of more than one customer
	ReasonUnknownNumber    Reason = "unknown_number"    // it came to a number that is nobody's
	ReasonAccountClosed    Reason = "account_closed"    // the customer's account is closed
	ReasonCurrencyMismatch Reason = "currency_mismatch" // it is not in the customer's currency (R-WIRE-09)
	ReasonRail             Reason = "rail_not_allowed"  // cash, cheque and the like (R-WIRE-11)
	ReasonReturned         Reason = "returned_payment"  // a payment of ours that came back
	ReasonShared           Reason = "shared_account"    // it came to the shared account: somebody has to claim it (R-WIRE-06)
	ReasonUnknownPayer     Reason = "unknown_payer"     // it came to the shared account and names nobody that is known
	ReasonReversed         Reason = "claim_reversed"    // it was credited, wrongly
)

// Reasons lists them.
var Reasons = []Reason{
	ReasonSeveralAccounts, ReasonUnknownNumber, ReasonAccountClosed, ReasonCurrencyMismatch, ReasonRail, ReasonReturned, ReasonShared, ReasonUnknownPayer, ReasonReversed,
}

// IsException tells whether more than an ordinary claim is needed: it belongs in the
// exception queue.
func (r Reason) IsException() bool { return r != ReasonNone && r != ReasonShared }

// Remittance is a receipt: a line that brings money, which may be customers'. What is
// claimed and what is explained of it together is never more than it brought, and the
// database holds to that.
type Remittance struct {
	ID         RemittanceID
	Line       LineID
	Receiving  ReceivingID
	Amount     money.Amount
	Claimed    money.Amount // under claims that are proposed or credited
	Credited   money.Amount // of that, credited
	Explained  money.Amount // no customer's: returned, taken back, a payout …
	State      RemittanceState
	Reason     Reason
	Owner      string // who looks after it; "" nobody yet
	ReceivedOn string // the bank's value date
	Payer      string
	PayerFrom  string
	ReturnedBy string // who had it sent back; "" nobody
	ReturnNote string
	OpenedAt   time.Time
	DueAt      time.Time // somebody should have claimed it by then (S-17)
	LateAt     time.Time // and by then at the latest
	EndedAt    time.Time // when all of it was credited or accounted for
}

// What may stand against working a receipt.
var (
	ErrRemittanceNotFound = fault.New(fault.NotFound, "remittance_not_found", "there is no such receipt")
	ErrNothingLeft        = fault.New(fault.Conflict, "remittance_nothing_left", "so much of the receipt is not free").WithNext("look at its claims: what is proposed or credited to one customer cannot be claimed for another")
	ErrRemittanceOver     = fault.New(fault.Conflict, "remittance_over", "all of the receipt is accounted for").WithNext("if it was credited wrongly, reverse the claim")
	ErrReturning          = fault.New(fault.Conflict, "remittance_returning", "the receipt is being sent back").WithNext("it can be claimed once it is kept after all")
	ErrClaimsWaiting      = fault.New(fault.Conflict, "remittance_claims_waiting", "claims for the receipt wait for a decision").WithNext("approve or refuse them first")
	ErrNotReturning       = fault.New(fault.Conflict, "remittance_not_returning", "the receipt is not being sent back")
	ErrSubject            = fault.New(fault.Invalid, "explanation_subject_invalid", "the movement does not fit what it is said to be about").WithNext("name the receipt or the withdrawal that it is; currency and amount have to agree")
	ErrNoteNeeded         = fault.New(fault.Invalid, "note_invalid", "a note of 1 to 500 bytes is needed").WithNext("say in a sentence how you know")
)

// Free is what nobody has claimed or explained.
func (r Remittance) Free() money.Amount {
	return money.Amount{Minor: r.Amount.Minor - r.Claimed.Minor - r.Explained.Minor, Currency: r.Amount.Currency}
}

// InSuspense is what the ledger holds of it that is nobody's yet.
func (r Remittance) InSuspense() money.Amount {
	return money.Amount{Minor: r.Amount.Minor - r.Credited.Minor - r.Explained.Minor, Currency: r.Amount.Currency}
}

// IsOpen tells whether something of it is still to be done.
func (r Remittance) IsOpen() bool { return r.State == Unclaimed || r.State == Returning }

// IsDue tells whether it should have been claimed by now; IsLate whether the promise
// of 2 to 4 days is broken (R-WIRE-10).
func (r Remittance) IsDue(now time.Time) bool  { return r.IsOpen() && !now.Before(r.DueAt) }
func (r Remittance) IsLate(now time.Time) bool { return r.IsOpen() && !now.Before(r.LateAt) }

// Settle returns the receipt with its state as its amounts say.
func (r Remittance) Settle(now time.Time) (Remittance, error) {
	var event RemittanceEvent
	switch left := r.InSuspense(); {
	case left.IsZero() && r.Explained.IsZero() && r.State != Credited:
		event = CreditAll
	case left.IsZero() && r.Explained.IsPositive() && r.State != Ended:
		event = AccountFor
	case left.IsPositive() && !r.IsOpen():
		event = TakeBack
	default:
		return r, nil
	}
	next, err := RemittanceTable.Next(r.State, event)
	if err != nil {
		return r, err
	}
	r.State = next
	r.EndedAt = time.Time{}
	if !r.IsOpen() {
		r.EndedAt = now
	}
	return r, nil
}

// Crossing is an instant that a receipt has waited past, of which staff are told once.
type Crossing string

// The crossings.
const (
	CrossedDue  Crossing = "due"  // it should have been claimed by now
	CrossedLate Crossing = "late" // the promise to customers is broken
)

const noteMax = 500 // bytes

// CheckNote returns nil if s says something, in characters that can be kept and shown.
func CheckNote(s string) error {
	if strings.TrimSpace(s) == "" || len(s) > noteMax || !utf8.ValidString(s) || strings.ContainsFunc(s, isNoText) {
		return ErrNoteNeeded
	}
	return nil
}

// isNoText tells whether a character is none that people write.
func isNoText(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
}

// Clock is how long a receipt may wait, in the words of the office: two instants.
type Clock struct{ DueAt, LateAt time.Time }

// Receipt opens the receipt of a line, to be credited or claimed.
func Receipt(id RemittanceID, l Line, why Reason, now time.Time, c Clock) Remittance {
	nothing := money.Amount{Currency: l.Amount.Currency}
	received := l.ValueOn
	if received == "" {
		received = l.BookedOn
	}
	return Remittance{
		ID: id, Line: l.ID, Receiving: l.Receiving, Amount: l.Amount, Claimed: nothing, Credited: nothing, Explained: nothing, State: Unclaimed, Reason: why,
		ReceivedOn: received, Payer: l.Payer, PayerFrom: l.PayerFrom, OpenedAt: now, DueAt: c.DueAt, LateAt: c.LateAt,
	}
}

// Customer is what matching knows of a customer.
type Customer struct {
	ID       account.ID
	Name     string
	Currency money.Currency
	Closed   bool
}
