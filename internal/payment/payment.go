package payment

import (
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/state"
)

// ID names a payment, such as "pay_01j8…".
type ID string

// State is where a payment is in its life. A debt has at most one payment that
// is not in a final state.
type State string

// The states of a payment.
const (
	Opening   State = "opening"    // remembered; the provider is being asked
	Pending   State = "pending"    // the provider has it and will say
	Waiting   State = "challenged" // the payer has to pass a challenge
	Unknown   State = "unknown"    // the answer was lost; money may have moved
	Closing   State = "closing"    // said no or given up; its intent is being cancelled, so that it can never take money
	Succeeded State = "succeeded"
	Declined  State = "declined"  // the issuer said no, and the intent is proven closed
	Cancelled State = "cancelled" // given up without an answer from the issuer, and proven closed
)

// Event is something that happened to a payment.
type Event string

// The events of a payment.
const (
	Accept    Event = "accept"     // the provider took it and will say later
	Succeed   Event = "succeed"    // money was taken
	Decline   Event = "decline"    // the issuer said no
	NeedPayer Event = "need_payer" // a challenge waits
	LoseIt    Event = "answer_lost"
	Lapse     Event = "lapse"      // nobody came for the challenge, or the intent never reached the provider
	ProveNo   Event = "prove_no"   // the intent is cancelled after a decline
	ProveGone Event = "prove_gone" // the intent is cancelled without one
)

// Table is the life of a payment. Nothing leads from unknown to a final state
// but an answer; success is accepted from everywhere that is not final, because
// money that moved is never ignored.
var Table = state.Table[State, Event]{
	Opening:   {Accept: Pending, Succeed: Succeeded, Decline: Closing, NeedPayer: Waiting, LoseIt: Unknown, Lapse: Closing, ProveGone: Cancelled},
	Pending:   {Succeed: Succeeded, Decline: Closing, NeedPayer: Waiting, LoseIt: Unknown, Lapse: Closing, ProveGone: Cancelled},
	Waiting:   {Accept: Pending, Succeed: Succeeded, Decline: Closing, LoseIt: Unknown, Lapse: Closing, ProveGone: Cancelled},
	Unknown:   {Accept: Pending, Succeed: Succeeded, Decline: Closing, NeedPayer: Waiting, Lapse: Closing, ProveGone: Cancelled},
	Closing:   {Succeed: Succeeded, ProveNo: Declined, ProveGone: Cancelled},
	Succeeded: {},
	Declined:  {},
	Cancelled: {},
}

// Initiator says who started a charge (R-3DS-08).
type Initiator string

// The initiators: the customer in front of a screen, or we while they are away.
const (
	CIT Initiator = "cit"
	MIT Initiator = "mit"
)

// Reason says why a charge was made, for the schemes and for the customer.
type Reason string

// The reasons of charges. Amount and date of the first two vary: schemes call
// them unscheduled.
const (
	ThresholdReached Reason = "threshold_reached"
	MonthEnd         Reason = "month_end"
	Retry            Reason = "retry"
	PaidByCustomer   Reason = "paid_by_customer"
	OrderPlaced      Reason = "order_placed"
	Renewal          Reason = "renewal"
)

// Refusal is why an issuer said no, as far as the provider tells.
type Refusal struct {
	Class       string        `json:"class,omitempty"`
	Code        string        `json:"code,omitempty"`
	NetworkCode string        `json:"network_code,omitempty"`
	AdviceCode  string        `json:"advice_code,omitempty"`
	WaitAtLeast time.Duration `json:"wait_at_least,omitempty"`
}

// FinalClass is the class of refusals after which the card is never tried again
// by itself (R-DUN-05).
const FinalClass = "final"

// Payment is one attempt to collect one debt from one method.
type Payment struct {
	ID                 ID
	Account            account.ID
	Debt               string // the debt's id
	Method             MethodID
	Hold               HoldID // that it is taken from; "" none
	Attempt            int    // among the debt's payments, from 1
	Key                string
	Provider           string
	Customer           string // the provider's
	Ref                string // the provider's id of the intent; "" until it is known
	ChargeRef          string
	Amount             money.Amount
	Refunded           money.Amount // given back, or on its way back
	Initiator          Initiator
	Reason             Reason
	Mandate            string // network transaction quoted (R-3DS-07)
	Force3DS           bool   // policy or risk demands a challenge: a success without one is not accepted
	State              State
	Refusal            Refusal
	ChallengeURL       string
	ChallengeUntil     time.Time
	NetworkTransaction string
	ThreeDS            ThreeDS
	RequestID          string
	Asked              int
	OpenedAt           time.Time
	SettledAt          time.Time
}

// What may stand against a payment.
var (
	ErrPaymentNotFound = fault.New(fault.NotFound, "payment_not_found", "there is no such payment")
	ErrUnresolved      = fault.New(fault.Conflict, "payment_unresolved", "an earlier payment of this debt is not over").WithNext("wait until it is; its answer is being asked for")
	ErrCapped          = fault.New(fault.TooMany, "attempts_capped", "the card was tried as often as its scheme allows for now").WithNext("use another payment method, or wait") // R-DUN-07
	ErrRefusedForGood  = fault.New(fault.Conflict, "card_refused_for_good", "the issuer will not approve charges to this card any more").WithNext("use another payment method")  // R-DUN-05
	ErrTooSoon         = fault.New(fault.TooMany, "attempt_too_soon", "the issuer asked to wait before the next attempt").WithNext("wait, or use another payment method")        // R-DUN-06
)

// IsOver tells whether nothing can happen to the payment any more.
func (p Payment) IsOver() bool { return Table.IsFinal(p.State) }
