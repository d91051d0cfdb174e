package billing

import (
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/state"
)

// DebtID names a debt, such as "debt_01j8…".
type DebtID string

// DebtKind says what a debt is for.
type DebtKind string

// The kinds of debt.
const (
	ThresholdDebt DebtKind = "threshold" // the usage that a threshold caught
	RemainderDebt DebtKind = "remainder" // what stayed under it at the month's close
	OrderDebt     DebtKind = "order"     // something prepaid
	BillDebt      DebtKind = "bill"      // a credit customer's month
)

// DebtState is where a debt is in its life.
type DebtState string

// The states of a debt.
const (
	Open       DebtState = "open"
	Paid       DebtState = "paid"
	Cancelled  DebtState = "cancelled"
	WrittenOff DebtState = "written_off"
)

// DebtEvent is something that happened to a debt.
type DebtEvent string

// The events of a debt.
const (
	Settle   DebtEvent = "settle"
	Withdraw DebtEvent = "withdraw"
	GiveUp   DebtEvent = "give_up"
	Reopen   DebtEvent = "reopen" // what paid it was taken back
)

// DebtTable is the life of a debt.
var DebtTable = state.Table[DebtState, DebtEvent]{
	Open:       {Settle: Paid, Withdraw: Cancelled, GiveUp: WrittenOff},
	Paid:       {Reopen: Open},
	Cancelled:  {},
	WrittenOff: {},
}

// TaxRule is the tax that was applied to a debt, kept with it (R-BILL-07).
type TaxRule struct {
	Name    string `json:"name,omitempty"`
	Rate    string `json:"rate,omitempty"` // a decimal fraction, "0.19"
	Version string `json:"version,omitempty"`
}

// Debt is one amount that must be collected exactly once.
type Debt struct {
	ID            DebtID
	Account       account.ID
	Kind          DebtKind
	Month         Month
	Number        int64 // among the account's debts of its kind and month, from 1
	Collection    int64 // the usage that it collects; 0 none
	Bill          string
	Net           money.Amount
	Tax           money.Amount
	Amount        money.Amount // Net and Tax together
	TaxRule       TaxRule
	Paid          money.Amount
	State         DebtState
	Attempts      int       // payments opened so far
	DeclinedAt    time.Time // first decline: the T of R-DUN-01; zero while there is none
	NextAttemptAt time.Time // zero when none is planned
	OpenedAt      time.Time
	SettledAt     time.Time
	Shares        []Share // by product; only where it was asked for
}

// What may stand against collecting a debt.
var (
	ErrDebtNotFound = fault.New(fault.NotFound, "debt_not_found", "there is no such debt")
	ErrDebtSettled  = fault.New(fault.Conflict, "debt_settled", "the debt is not open any more")
	ErrBillNotFound = fault.New(fault.NotFound, "bill_not_found", "there is no such bill")
	ErrMonthOpen    = fault.New(fault.Conflict, "month_not_over", "the month is not over yet in the account's zone").WithNext("close it after its last day")
)

// OpenAmount is what is still to be collected.
func (d Debt) OpenAmount() money.Amount {
	return money.Amount{Minor: d.Amount.Minor - d.Paid.Minor, Currency: d.Amount.Currency}
}

// Key is the idempotency key of the debt's nth payment. Nothing in it is random,
// so that a restored backup asks with the same one (R-IDEM-02).
func (d Debt) Key(installation string, attempt int) string {
	return fmt.Sprintf("%s/%s/%s/%s/%d/%d", installation, d.Account, d.Kind, d.Month, d.Number, attempt)
}

// BillID names a bill, such as "bill_01j8…".
type BillID string

// Bill is what a month owes: one per account and month, issued at its close.
type Bill struct {
	ID       BillID
	Account  account.ID
	Month    Month
	Number   string // shown to people
	Net      money.Amount
	Tax      money.Amount
	Total    money.Amount
	Open     money.Amount // the sum of what its debts have open
	IssuedAt time.Time
	DueAt    time.Time // the last instant of its due day; zero: it is collected, not waited for
	Shares   []Share
	Debts    []Debt
}

// IsPaid tells whether nothing of the bill is open.
func (b Bill) IsPaid() bool { return b.Open.IsZero() }

// IsOverdue tells whether something of the bill is open after its due day.
func (b Bill) IsOverdue(now time.Time) bool {
	return !b.DueAt.IsZero() && now.After(b.DueAt) && b.Open.IsPositive()
}
