package ledger

import (
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
)

// WithdrawalsPayable is a liability, kept per customer: what was taken off their
// balance because it is on its way to their bank.
const WithdrawalsPayable Account = "withdrawals_payable"

// The kinds of entry about a customer's balance and credit, beside BalanceApplied.
const (
	BalanceUnapplied  Kind = "balance_unapplied"
	CreditDrawn       Kind = "credit_drawn"
	ToppedUp          Kind = "topped_up"
	WithdrawalOpened  Kind = "withdrawal_opened"
	WithdrawalDropped Kind = "withdrawal_dropped"
)

// AppliedToDebt books what is spent of a customer's balance on usage or a bill.
//
//	DR customer_balance      amount
//	CR customer_receivable   amount
func AppliedToDebt(applicationID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(BalanceApplied, applicationID, customer, amount,
		Posting{CustomerBalance, customer, amount},
		Posting{CustomerReceivable, customer, amount.Neg()})
}

// Unapplied books what is taken back of that: it is owed again.
//
//	DR customer_receivable   amount
//	CR customer_balance      amount
func Unapplied(undoingID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(BalanceUnapplied, undoingID, customer, amount,
		Posting{CustomerReceivable, customer, amount},
		Posting{CustomerBalance, customer, amount.Neg()})
}

// DrawnOnCredit books an order that a credit line pays: it is owed with the month's
// bill. That it is earned is an entry of its own, as with any order that is paid.
//
//	DR customer_receivable   amount
//	CR customer_deposits     amount
func DrawnOnCredit(debtID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(CreditDrawn, debtID, customer, amount,
		Posting{CustomerReceivable, customer, amount},
		Posting{CustomerDeposits, customer, amount.Neg()})
}

// ToppedUpBy books an order of balance once it is paid: nothing was sold.
//
//	DR customer_deposits   amount
//	CR customer_balance    amount
func ToppedUpBy(debtID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(ToppedUp, debtID, customer, amount,
		Posting{CustomerDeposits, customer, amount},
		Posting{CustomerBalance, customer, amount.Neg()})
}

// OpenedWithdrawal books what a withdrawal takes off the customer's balance when it
// is proposed, so that nothing else is paid with it.
//
//	DR customer_balance      amount
//	CR withdrawals_payable   amount
func OpenedWithdrawal(withdrawalID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(WithdrawalOpened, withdrawalID, customer, amount,
		Posting{CustomerBalance, customer, amount},
		Posting{WithdrawalsPayable, customer, amount.Neg()})
}

// DroppedWithdrawal books a withdrawal that came to nothing.
//
//	DR withdrawals_payable   amount
//	CR customer_balance      amount
func DroppedWithdrawal(withdrawalID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(WithdrawalDropped, withdrawalID, customer, amount,
		Posting{WithdrawalsPayable, customer, amount},
		Posting{CustomerBalance, customer, amount.Neg()})
}
