package payment

import (
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/state"
)

// RefundID names a refund, such as "ref_01j8…".
type RefundID string

// RefundState is where a refund is in its life.
type RefundState string

// The states of a refund.
const (
	RefundOpening   RefundState = "opening" // remembered; the provider is being asked
	RefundPending   RefundState = "pending" // the provider has it and will say
	RefundUnknown   RefundState = "unknown" // the answer was lost; money may have moved
	RefundSucceeded RefundState = "succeeded"
	RefundFailed    RefundState = "failed"     // nothing was given back: there is nothing left to give, or the payer contests the charge
	RefundToBalance RefundState = "to_balance" // the original way is closed, so it is on the customer's balance (R-REFUND-02, R-REFUND-03)
)

// RefundEvent is something that happened to a refund.
type RefundEvent string

// The events of a refund.
const (
	RefundAccepted RefundEvent = "accept"
	RefundMade     RefundEvent = "made"
	RefundLost     RefundEvent = "answer_lost"
	RefundRefused  RefundEvent = "refuse"      // the provider will never give it back, and the customer has it otherwise
	RefundReturned RefundEvent = "way_is_shut" // it cannot be given back this way, or came back
)

// RefundTable is the life of a refund. Nothing leads from unknown to an end but an
// answer. A refund that succeeded may come back from the payer's bank days later;
// what is on the balance stays there, so that nobody gets it twice (R-REFUND-03).
var RefundTable = state.Table[RefundState, RefundEvent]{
	RefundOpening:   {RefundAccepted: RefundPending, RefundMade: RefundSucceeded, RefundLost: RefundUnknown, RefundRefused: RefundFailed, RefundReturned: RefundToBalance},
	RefundPending:   {RefundMade: RefundSucceeded, RefundRefused: RefundFailed, RefundReturned: RefundToBalance},
	RefundUnknown:   {RefundAccepted: RefundPending, RefundMade: RefundSucceeded, RefundRefused: RefundFailed, RefundReturned: RefundToBalance},
	RefundSucceeded: {RefundReturned: RefundToBalance},
	RefundFailed:    {},
	RefundToBalance: {},
}

// Refund gives some or all of a captured payment back.
type Refund struct {
	ID          RefundID
	Payment     ID
	Account     account.ID
	Number      int // among the payment's refunds, from 1
	Key         string
	Provider    string
	ChargeRef   string // the provider's id of what is given back
	Ref         string // and of the refund; "" until it is known
	Amount      money.Amount
	FromBalance money.Amount // the part that was on the customer's balance and is set aside; the rest is revenue and tax
	Reason      string       // as staff or the order gave it
	By          string       // who asked for it
	State       RefundState
	Outcome     string // why it failed or went to the balance, a code; "" it did not
	CreditNote  string // its number; "" none yet, or none is due
	Asked       int
	OpenedAt    time.Time
	SettledAt   time.Time // when it first came to an end
	ReturnedAt  time.Time // when a refund that had succeeded came back
}

// What may stand against a refund.
var (
	ErrRefundNotFound     = fault.New(fault.NotFound, "refund_not_found", "there is no such refund")
	ErrNotRefundable      = fault.New(fault.Conflict, "payment_not_refundable", "the payment took no money, so there is nothing to give back").WithNext("refund a payment that has succeeded")
	ErrRefundTooMuch      = fault.New(fault.Conflict, "refund_too_much", "more would be given back than the payment took").WithNext("refund what is left of the payment; refunds that are not over count") // R-REFUND-04
	ErrRefundAmount       = fault.New(fault.Invalid, "refund_amount", "such an amount cannot be given back").WithNext("give an amount above zero in the payment's currency, no finer than its provider pays out")
	ErrRefundReason       = fault.New(fault.Invalid, "refund_reason", "a refund needs a reason of at most 200 characters, for the audit").WithNext("say in a few words why the money is given back")
	ErrRefundNeedsStaff   = fault.New(fault.Forbidden, "refund_needs_staff", "what was paid is given back by staff only").WithNext("ask the support of the platform") // R-REFUND-06
	ErrRefundOrderOpen    = fault.New(fault.Conflict, "refund_order_open", "the payment belongs to an order that is not paid in full yet").WithNext("cancel the order first")
	ErrRefundBalanceSpent = fault.New(fault.Conflict, "refund_balance_spent", "what the payment put on the customer's balance is spent").WithNext("refund less, or what was paid from the balance")
)

const refundReasonMax = 200

// CheckRefundReason returns nil if the reason can stand in the audit.
func CheckRefundReason(reason string) error {
	n := 0
	for _, r := range reason {
		if n++; r < ' ' || n > refundReasonMax {
			return ErrRefundReason
		}
	}
	if n == 0 {
		return ErrRefundReason
	}
	return nil
}

// RefundKey is the idempotency key of a payment's nth refund, and our reference at
// the provider. Nothing in it is random; the amount is in it, so that a restored
// backup that asks for another one is not answered with this one.
func (p Payment) RefundKey(number int, amount money.Amount) string {
	return fmt.Sprintf("%s/refund/%d/%d", p.Key, number, amount.Minor)
}

// Refundable is what of a payment was not given back yet, nor is on its way.
func (p Payment) Refundable() money.Amount {
	if p.State != Succeeded {
		return money.Amount{Currency: p.Amount.Currency}
	}
	return money.Amount{Minor: p.Amount.Minor - p.Refunded.Minor, Currency: p.Amount.Currency}
}

// IsLive tells whether a refund's answer is still to come.
func (r Refund) IsLive() bool {
	return r.State == RefundOpening || r.State == RefundPending || r.State == RefundUnknown
}

// IsCertain tells whether the money is the customer's again, by whichever way.
func (r Refund) IsCertain() bool { return r.State == RefundSucceeded || r.State == RefundToBalance }

// Credited is the part of a refund that is no longer revenue: a credit note is due
// for it once the refund is certain (R-REFUND-05).
func (r Refund) Credited() money.Amount {
	return money.Amount{Minor: r.Amount.Minor - r.FromBalance.Minor, Currency: r.Amount.Currency}
}

// Source is where a payment's money is by now, as far as refunds are concerned.
type Source struct {
	Balance money.Amount // on the customer's balance: what the payment took too much, or of an order that was cancelled
	Held    money.Amount // and what the customer has on the balance at all
	Revenue money.Amount // as revenue and tax
}

// Split says how much of a refund is taken from the customer's balance, given the
// refunds of the payment before it. The balance comes first: that money is the
// customer's already. The error is nil if the rest can be taken from revenue.
func (s Source) Split(amount money.Amount, before []Refund) (fromBalance money.Amount, err error) {
	balance, revenue := s.Balance.Minor, s.Revenue.Minor
	for _, r := range before {
		if r.State == RefundFailed {
			continue
		}
		balance -= r.FromBalance.Minor
		revenue -= r.Credited().Minor
	}
	fromBalance = money.Amount{Minor: max(0, min(amount.Minor, balance, s.Held.Minor)), Currency: amount.Currency}
	switch rest := amount.Minor - fromBalance.Minor; {
	case rest <= revenue:
		return fromBalance, nil
	case rest <= revenue+balance-fromBalance.Minor:
		return fromBalance, ErrRefundBalanceSpent
	}
	return fromBalance, ErrRefundTooMuch
}
