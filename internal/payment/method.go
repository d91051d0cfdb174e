package payment

import (
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/state"
)

// MethodID names a payment method, such as "pm_01j8…".
type MethodID string

// Kind is what a payment method is.
type Kind string

// The kinds of payment method.
const (
	CardKind   Kind = "card"
	PayPalKind Kind = "paypal"

	// CreditKind is what risk and identity checks call a credit line, which pays orders
	// in the place of a method. No payment method is of this kind.
	CreditKind Kind = "credit_line"
)

// MethodState is where a payment method is in its life. Only an active one may
// be charged (R-BIND-15, R-BIND-16).
type MethodState string

// The states of a payment method.
const (
	Verifying   MethodState = "verifying"
	Challenged  MethodState = "challenged"
	Active      MethodState = "active"
	Unavailable MethodState = "unavailable"
	Invalid     MethodState = "invalid"
	Expired     MethodState = "expired"
	Rejected    MethodState = "rejected"
	Detached    MethodState = "detached"
)

// MethodEvent is something that happened to a payment method.
type MethodEvent string

// The events of a payment method.
const (
	HoldApproved      MethodEvent = "hold_approved"
	HoldDeclined      MethodEvent = "hold_declined"
	ChallengeRequired MethodEvent = "challenge_required"
	ChallengeLapsed   MethodEvent = "challenge_lapsed"
	CardLapsed        MethodEvent = "card_lapsed"
	CardRenewed       MethodEvent = "card_renewed"
	PolicyWithdrew    MethodEvent = "policy_withdrew"
	PolicyRestored    MethodEvent = "policy_restored"
	ConsentRevoked    MethodEvent = "consent_revoked"
	Detach            MethodEvent = "detach"
)

// MethodTable is the life of a payment method, from its verification hold on.
var MethodTable = state.Table[MethodState, MethodEvent]{
	Verifying:   {HoldApproved: Active, HoldDeclined: Rejected, ChallengeRequired: Challenged},
	Challenged:  {HoldApproved: Active, HoldDeclined: Rejected, ChallengeLapsed: Rejected},
	Active:      {CardLapsed: Expired, PolicyWithdrew: Unavailable, ConsentRevoked: Invalid, Detach: Detached},
	Unavailable: {PolicyRestored: Active, ConsentRevoked: Invalid, Detach: Detached},
	Expired:     {CardRenewed: Active, Detach: Detached},
	Invalid:     {Detach: Detached},
	Rejected:    {Detach: Detached},
	Detached:    {},
}

// Consent is what the payer agreed to when the method was bound (R-BIND-18).
type Consent struct {
	Version string    `json:"version"` // of the text that was shown
	At      time.Time `json:"at"`
	Address string    `json:"address"` // of the caller
}

// ThreeDS is what a 3-D Secure exchange left behind (R-3DS-07).
type ThreeDS struct {
	Version       string `json:"version,omitempty"`
	Result        string `json:"result,omitempty"`
	ECI           string `json:"eci,omitempty"`
	TransactionID string `json:"transaction_id,omitempty"`
}

// Method is a card or PayPal account bound to an account.
type Method struct {
	ID                 MethodID
	Account            account.ID
	Kind               Kind
	Provider           string
	Card               Card   // for PayPal: token, fingerprint, and the payer's country and name
	Email              string // of the payer's PayPal account; "" for cards
	State              MethodState
	Reason             string // why it is in its state, a reason code; "" none
	Preferred          bool
	NetworkTransaction string // of the first charge with the payer present (R-3DS-07)
	ThreeDS            ThreeDS
	Consent            Consent
	CreatedAt          time.Time
	UpdatedAt          time.Time
}

// Standing is what the office knows about a method's place in its account.
type Standing struct {
	IsPreferred bool
	OtherActive int  // other active methods of the account
	InFlight    bool // a payment, hold, refund or dispute on it is not over
	Use         Use
}

// Use is what may still be charged to an account.
type Use struct {
	Running  int  // resources at the platform
	Unbilled bool // usage is on no bill yet (R-DEL-04)
	Unpaid   int  // open debts
	Overdue  int  // of those
}

// Blocks returns every reason why an account still needs a way to pay.
func (u Use) Blocks() []error {
	var why []error
	if u.Running > 0 {
		why = append(why, ErrResourcesRunning)
	}
	if u.Unbilled {
		why = append(why, ErrUsageUnbilled)
	}
	if u.Unpaid > u.Overdue {
		why = append(why, ErrBillUnpaid)
	}
	if u.Overdue > 0 {
		why = append(why, ErrOverdue)
	}
	return why
}

// Why a method may not be bound, charged, preferred or detached.
var (
	ErrMethodNotFound   = fault.New(fault.NotFound, "payment_method_not_found", "there is no such payment method")
	ErrMethodInFlight   = fault.New(fault.Conflict, "method_in_flight", "something is still under way on this payment method").WithNext("try again when its open payment, hold, refund or dispute is over")
	ErrMethodPreferred  = fault.New(fault.Conflict, "method_preferred", "the preferred payment method stays while there are others").WithNext("make another payment method preferred first")
	ErrResourcesRunning = fault.New(fault.Conflict, "resources_running", "resources are running, which will have to be paid").WithNext("release them first")
	ErrUsageUnbilled    = fault.New(fault.Conflict, "usage_unbilled", "there is usage that has not been charged yet").WithNext("wait until the bill is issued and paid") // R-DEL-04
	ErrBillUnpaid       = fault.New(fault.Conflict, "bill_unpaid", "something is owed that has not been paid yet").WithNext("pay what is open, or wait until it was charged")
	ErrOverdue          = fault.New(fault.Conflict, "payment_overdue", "a payment is overdue").WithNext("pay what is overdue")
	ErrMethodNotActive  = fault.New(fault.Conflict, "method_not_active", "the payment method is not active").WithNext("finish its verification, or use another payment method")
	ErrAlreadyBound     = fault.New(fault.Conflict, "already_bound", "this card or PayPal account is bound to another account").WithNext("unbind it from the other account first, or use another one; an account that was closed keeps its methods until its silent period is over")
	ErrNoMethod         = fault.New(fault.Conflict, "no_payment_method", "the account has no payment method that can be charged").WithNext("bind a card first")
	ErrNoMandate        = fault.New(fault.Conflict, "no_mandate", "the payment method was never approved with the payer present, so it is not charged while they are away").WithNext("have the payer verify the payment method again") // R-3DS-08
)

// MayDetach returns nil if m may leave its account, else every reason why not.
// A method with something in flight stays until that is over. One that cannot be
// charged may go; the last one that can stays as long as anything might still be
// charged to it (R-DEL-01..05).
func (m Method) MayDetach(s Standing) error {
	var why []error
	if s.InFlight {
		why = append(why, ErrMethodInFlight)
	}
	if m.State == Active && s.IsPreferred && s.OtherActive > 0 {
		why = append(why, ErrMethodPreferred)
	}
	if m.State == Active && s.OtherActive == 0 {
		why = append(why, s.Use.Blocks()...)
	}
	return errors.Join(why...)
}

// MayCharge returns nil if m may be charged, with the payer present or away.
func (m Method) MayCharge(present bool) error {
	switch {
	case m.State != Active:
		return ErrMethodNotActive
	case !present && m.NetworkTransaction == "" && m.Kind != PayPalKind: // a wallet's agreement is its mandate
		return ErrNoMandate
	}
	return nil
}
