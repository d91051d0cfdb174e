package bank

import (
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/state"
)

// ChangeID names a change of where customers transfer money to, such as "rcc_01j8…".
type ChangeID string

// ChangeKind says what a change does.
type ChangeKind string

// The kinds of changes. Each of them says where other people's money goes, which no
// one person does.
const (
	OpenReceiving  ChangeKind = "open"  // a bank account of ours is added
	CloseReceiving ChangeKind = "close" // one is closed
	AddNumbers     ChangeKind = "pool"  // numbers are added that customers are given
)

// ChangeState is what became of a change.
type ChangeState string

// The states of a change.
const (
	ChangeProposed  ChangeState = "proposed"
	ChangeAgreed    ChangeState = "agreed"
	ChangeRefused   ChangeState = "refused"
	ChangeWithdrawn ChangeState = "withdrawn"
)

// ChangeEvent is something that happened to a change.
type ChangeEvent string

// The events of a change.
const (
	AgreeToChange  ChangeEvent = "agree"
	RefuseChange   ChangeEvent = "refuse"
	WithdrawChange ChangeEvent = "withdraw"
)

// ChangeTable is the life of a change.
var ChangeTable = state.Table[ChangeState, ChangeEvent]{
	ChangeProposed:  {AgreeToChange: ChangeAgreed, RefuseChange: ChangeRefused, WithdrawChange: ChangeWithdrawn},
	ChangeAgreed:    {},
	ChangeRefused:   {},
	ChangeWithdrawn: {},
}

// Change is somebody's proposal to change where customers transfer money to. Another
// person makes it true.
type Change struct {
	ID         ChangeID
	Kind       ChangeKind
	Receiving  ReceivingID      // the account that it is about; of one to be added, the id that it will have
	Account    ReceivingAccount // of one to be added, all that it is
	Pool       Pool             // of numbers to be added
	Numbers    []string         // of those, a list
	Reason     string
	State      ChangeState
	ProposedBy string
	ProposedAt time.Time
	DecidedBy  string
	DecidedAt  time.Time
	Note       string
}

// What may stand against a change.
var (
	ErrChangeNotFound = fault.New(fault.NotFound, "receiving_change_not_found", "there is no such change of receiving accounts")
	ErrChangeDecided  = fault.New(fault.Conflict, "receiving_change_decided", "the change was decided on already").WithNext("look at its present state")
	ErrChangePending  = fault.New(fault.Conflict, "receiving_change_pending", "the closing of this account was proposed already").WithNext("decide on that, or withdraw it")
	ErrOwnChange      = fault.New(fault.Forbidden, "receiving_change_own", "who proposed where money goes may not decide on it").WithNext("let another person compare it with the bank's own letter and decide")
	ErrNotYourChange  = fault.New(fault.Forbidden, "receiving_change_not_yours", "a change is withdrawn by who proposed it").WithNext("refuse it instead")
)

// Decide returns the change as it is once somebody has agreed to it or refused it: never
// who proposed it.
func (c Change) Decide(e ChangeEvent, by, note string, now time.Time) (Change, error) {
	next, err := ChangeTable.Next(c.State, e)
	switch {
	case err != nil:
		return c, ErrChangeDecided
	case by == c.ProposedBy:
		return c, ErrOwnChange
	}
	c.State, c.DecidedBy, c.DecidedAt, c.Note = next, by, now, note
	return c, nil
}

// Withdraw returns the change as it is once who proposed it took it back.
func (c Change) Withdraw(by string, now time.Time) (Change, error) {
	next, err := ChangeTable.Next(c.State, WithdrawChange)
	switch {
	case err != nil:
		return c, ErrChangeDecided
	case by != c.ProposedBy:
		return c, ErrNotYourChange
	}
	c.State, c.DecidedAt = next, now
	return c, nil
}
