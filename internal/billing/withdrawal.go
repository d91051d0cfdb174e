package billing

import (
	"errors"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/state"
)

// WithdrawalID names a withdrawal, such as "wdr_01j8…".
type WithdrawalID string

// WithdrawalState is where a withdrawal is in its life.
type WithdrawalState string

// The states of a withdrawal.
const (
	WithdrawalProposed WithdrawalState = "proposed"
	WithdrawalApproved WithdrawalState = "approved" // the bank is to be told to send it
	WithdrawalRefused  WithdrawalState = "refused"
	WithdrawalDropped  WithdrawalState = "dropped"
	WithdrawalSent     WithdrawalState = "sent" // a bank statement shows it
)

// WithdrawalEvent is something that happened to a withdrawal.
type WithdrawalEvent string

// The events of a withdrawal.
const (
	ApproveWithdrawal WithdrawalEvent = "approve"
	RefuseWithdrawal  WithdrawalEvent = "refuse"
	DropWithdrawal    WithdrawalEvent = "drop"
	SendWithdrawal    WithdrawalEvent = "send"
)

// WithdrawalTable is the life of a withdrawal.
var WithdrawalTable = state.Table[WithdrawalState, WithdrawalEvent]{
	WithdrawalProposed: {ApproveWithdrawal: WithdrawalApproved, RefuseWithdrawal: WithdrawalRefused, DropWithdrawal: WithdrawalDropped},
	WithdrawalApproved: {SendWithdrawal: WithdrawalSent, DropWithdrawal: WithdrawalDropped},
	WithdrawalRefused:  {},
	WithdrawalDropped:  {},
	WithdrawalSent:     {},
}

// Withdrawal is money of a customer's balance on its way back to their bank. It is
// taken off the balance when it is proposed, and decided on by another person.
type Withdrawal struct {
	ID         WithdrawalID
	Account    account.ID
	Amount     money.Amount
	Recipient  string // where it is to go, as a person wrote it
	Reason     string
	State      WithdrawalState
	ProposedBy string
	ProposedAt time.Time
	DecidedBy  string
	DecidedAt  time.Time
	Note       string // of who decided, or dropped it
	EndedAt    time.Time
}

// What may stand against a withdrawal.
var (
	ErrWithdrawalNotFound = fault.New(fault.NotFound, "withdrawal_not_found", "there is no such withdrawal")
	ErrWithdrawalInvalid  = fault.New(fault.Invalid, "withdrawal_invalid", "the withdrawal cannot be proposed as described")
	ErrWithdrawalState    = fault.New(fault.Conflict, "withdrawal_decided", "the withdrawal is past that")
	ErrWithdrawalAmount   = fault.New(fault.Conflict, "withdrawal_amount_differs", "what left the bank is not what was approved").WithNext("explain the movement otherwise, or approve another withdrawal")
)

// The bounds of what people write.
const (
	recipientMax = 300
	reasonMax    = 500
)

// Check returns nil if w may be proposed for an account in the currency, else every
// reason why not.
func (w Withdrawal) Check(c money.Currency) error {
	var why []error
	bad := func(place, text string) { why = append(why, ErrWithdrawalInvalid.At(place).Detail("%s", text)) }
	if w.Amount.Currency != c {
		why = append(why, account.ErrCurrencyMismatch.At("amount"))
	}
	if !w.Amount.IsPositive() {
		bad("amount", "an amount is above zero")
	}
	if strings.TrimSpace(w.Recipient) == "" || len(w.Recipient) > recipientMax {
		bad("recipient", "say in 1 to 300 bytes where the money is to go")
	}
	if strings.TrimSpace(w.Reason) == "" || len(w.Reason) > reasonMax {
		bad("reason", "a reason has 1 to 500 bytes")
	}
	return errors.Join(why...)
}

// IsLive tells whether the money is still set apart.
func (w Withdrawal) IsLive() bool { return !WithdrawalTable.IsFinal(w.State) }
