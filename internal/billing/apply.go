package billing

import (
	"cmp"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// Owed is a debt that money could be put to, as cash application sees it.
type Owed struct {
	Debt     DebtID       `json:"debt"`
	Bill     BillID       `json:"bill,omitempty"`
	BilledAt time.Time    `json:"billed_at"` // when its bill was issued; of a debt without one, when it was opened
	DueAt    time.Time    `json:"due_at"`    // its bill's; zero if it has none
	Number   string       `json:"number,omitempty"`
	OpenedAt time.Time    `json:"opened_at"`
	Open     money.Amount `json:"open"`
	InFlight money.Amount `json:"in_flight"` // what payments ask for that are not over

	// Of what a payment method is charged for by itself, the least that it is charged and
	// the step in which amounts go; zero: nothing charges it.
	Least int64 `json:"least,omitempty"`
	Step  int64 `json:"step,omitempty"`

	ByHand bool `json:"by_hand,omitempty"` // a person took back what had paid it, and a person alone pays it again
}

// Allocation is what of a balance goes to a debt.
type Allocation struct {
	Debt   DebtID       `json:"debt"`
	Amount money.Amount `json:"amount"`
}

// What may stand against putting money to a debt.
var (
	ErrNothingHeld        = fault.New(fault.Conflict, "balance_too_low", "the balance does not suffice").WithNext("top it up or transfer money first, or pay less")
	ErrAppliesTooMuch     = fault.New(fault.Conflict, "amount_above_open", "the amount is more than what is open and not being collected at the moment").WithNext("choose what is open, or wait until the payment under way is over")
	ErrAppliesNothing     = fault.New(fault.Invalid, "amount_invalid", "an amount is above zero and in the account's currency")
	ErrAppliedTwice       = fault.New(fault.Invalid, "debt_chosen_twice", "a bill or debt is chosen twice").WithNext("name each once")
	ErrNotAppliable       = fault.New(fault.Conflict, "debt_not_payable_from_balance", "the balance is not put to this debt").WithNext("an order is paid as an order; what is drawn on credit, once it is billed")
	ErrApplicationUnknown = fault.New(fault.NotFound, "application_not_found", "there is no such cash application")
	ErrUndone             = fault.New(fault.Conflict, "application_undone", "all of it was taken back already")
	ErrNotUndoable        = fault.New(fault.Conflict, "application_not_undoable", "what paid this cannot be taken back").WithNext("cancel the order, or refund it")
	ErrThresholdBusy      = fault.New(fault.Conflict, "threshold_debt_open", "another debt of usage that reached the threshold is open").WithNext("take it back when that one is paid")
	ErrBillPaid           = fault.New(fault.Conflict, "bill_paid", "nothing of the bill is open")
)

// Free is what may be put to the debt: what is open and not in flight.
func (o Owed) Free() money.Amount {
	return money.Amount{Minor: max(0, o.Open.Minor-o.InFlight.Minor), Currency: o.Open.Currency}
}

// upTo is what a balance puts to the debt by itself: not so much that less is left than
// a payment method is charged.
func (o Owed) upTo(balance int64) int64 {
	free := o.Free().Minor
	if o.ByHand {
		return 0
	}
	if rest := free - balance; rest > 0 && o.Least > 0 {
		rest = max(rest, o.Least)
		if o.Step > 1 {
			rest += (o.Step - rest%o.Step) % o.Step
		}
		return free - rest
	}
	return min(balance, free)
}

// Apply says to which debts a balance goes: to the bill that was issued first, of
// those issued at one time to the one due first, of those to the one with the lower
// number; within a bill to the oldest debt; until the money or the debts end
// (R-RECON-02, R-RECON-03, R-RECON-07). No debt gets more than what is free of it, and
// none that waits for a person gets anything.
// The same input, in whatever order, has the same answer.
func Apply(balance money.Amount, owed []Owed) []Allocation {
	sorted := slices.SortedFunc(slices.Values(owed), compareOwed)
	left := balance.Minor
	var out []Allocation
	for _, o := range sorted {
		part := o.upTo(left)
		if part <= 0 || o.Open.Currency != balance.Currency {
			continue
		}
		left -= part
		out = append(out, Allocation{o.Debt, money.Amount{Minor: part, Currency: balance.Currency}})
	}
	return out
}

func compareOwed(a, b Owed) int {
	return cmp.Or(
		a.BilledAt.Compare(b.BilledAt),
		compareDue(a.DueAt, b.DueAt),
		cmp.Compare(a.Number, b.Number),
		a.OpenedAt.Compare(b.OpenedAt),
		cmp.Compare(a.Debt, b.Debt))
}

// compareDue puts what is due at no time behind what is.
func compareDue(a, b time.Time) int {
	if a.IsZero() != b.IsZero() {
		if a.IsZero() {
			return 1
		}
		return -1
	}
	return a.Compare(b)
}

// MayApply returns nil if a balance may go to debts as somebody chose, else why not.
// owed are the debts that money may be put to.
func MayApply(balance money.Amount, owed []Owed, chosen []Allocation) error {
	free := map[DebtID]money.Amount{}
	for _, o := range owed {
		free[o.Debt] = o.Free()
	}
	sum, seen := money.Amount{Currency: balance.Currency}, map[DebtID]bool{}
	for _, c := range chosen {
		f, known := free[c.Debt]
		switch {
		case c.Amount.Currency != balance.Currency || !c.Amount.IsPositive():
			return ErrAppliesNothing
		case seen[c.Debt]:
			return ErrAppliedTwice
		case !known:
			return ErrNotAppliable
		case c.Amount.Cmp(f) > 0:
			return ErrAppliesTooMuch
		}
		seen[c.Debt] = true
		var err error
		if sum, err = sum.Add(c.Amount); err != nil {
			return err
		}
	}
	if len(chosen) == 0 {
		return ErrAppliesNothing
	}
	if sum.Cmp(balance) > 0 {
		return ErrNothingHeld
	}
	return nil
}

// Cause says who decided to spend a balance.
type Cause string

// The causes.
const (
	Automatic Cause = "automatic"
	ByHand    Cause = "by_hand"
)

// Run is one decision to spend a balance, with what was known when it was made, so
// that it can be made again.
type Run struct {
	ID      string // "run_01j8…"
	Account account.ID
	Number  int64 // among the account's, from 1
	Cause   Cause
	Balance money.Amount
	Owed    []Owed       // of an automatic run of a credit customer's balance, as far as that reaches
	Chosen  []Allocation // by a person; none of an automatic run
	By      string
	At      time.Time
}

// Decide makes the run's decision again.
func (r Run) Decide() ([]Allocation, error) {
	if r.Cause == Automatic {
		return Apply(r.Balance, r.Owed), nil
	}
	return r.Chosen, MayApply(r.Balance, r.Owed, r.Chosen)
}

// Application is what was spent of a customer's balance on a debt.
type Application struct {
	ID        string // "app_01j8…"
	Account   account.ID
	Debt      DebtID
	Bill      BillID // on which the debt is; "" none yet, or it is an order's
	Amount    money.Amount
	Undone    money.Amount // what of it was taken back
	Run       string       // the decision; "" an order took it when it was paid
	Cause     Cause        // of the run; "" it has none
	By        string       // who ran it
	AppliedAt time.Time
}

// Left is what of the application still stands.
func (a Application) Left() money.Amount {
	return money.Amount{Minor: a.Amount.Minor - a.Undone.Minor, Currency: a.Amount.Currency}
}

// Undoing is what of an application was taken back: the debt is owed again.
type Undoing struct {
	ID          string // "und_01j8…"
	Application string
	Account     account.ID
	Debt        DebtID
	Amount      money.Amount
	Reason      string
	By          string
	At          time.Time
}
