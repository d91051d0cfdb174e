// Package ledger is the books: the chart of accounts and every entry that Bursar
// can book. An entry balances or it is not made; the database is told of it in
// the transaction that changes the state it books.
package ledger

import (
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
)

// Account is a ledger account's name.
type Account string

// The chart of accounts. A customer's own accounts are kept per customer, with a
// running balance; the others are summed from their postings.
const (
	CustomerReceivable Account = "customer_receivable" // asset, per customer: what they owe
	CustomerBalance    Account = "customer_balance"    // liability, per customer: what we hold for them
	CustomerDeposits   Account = "customer_deposits"   // liability, per customer: paid for orders that are not paid whole
	ProviderReceivable Account = "provider_receivable" // asset: captured, not yet paid out to our bank
	Revenue            Account = "revenue"
	TaxPayable         Account = "tax_payable"
	ProviderFees       Account = "provider_fees" // expense
)

// Kind names an entry kind, for ever.
type Kind string

// The kinds of entry.
const (
	UsageOwed       Kind = "usage_owed"
	PaymentCaptured Kind = "payment_captured"
	PaymentSurplus  Kind = "payment_surplus"
	BalanceApplied  Kind = "balance_applied"
	OrderEarned     Kind = "order_earned"
	OrderReleased   Kind = "order_released"
	OrderCredited   Kind = "order_credited"
)

// Posting is one line of an entry. Debits are positive, credits negative.
type Posting struct {
	Ledger   Account
	Customer account.ID // "" where the ledger account is not kept per customer
	Amount   money.Amount
}

// Entry is one balanced booking.
type Entry struct {
	ID       string
	Kind     Kind
	Account  account.ID // whose business it books
	Subject  string     // the debt or payment that it books; one entry of a kind for each
	Amount   money.Amount
	Postings []Posting
	BookedAt time.Time
}

// OwedForUsage books a debt for usage when it is opened.
//
//	DR customer_receivable   net + tax
//	CR revenue               net
//	CR tax_payable           tax
func OwedForUsage(debtID string, customer account.ID, net, tax money.Amount) (Entry, error) {
	gross, err := net.Add(tax)
	if err != nil {
		return Entry{}, err
	}
	return entry(UsageOwed, debtID, customer, gross,
		Posting{CustomerReceivable, customer, gross},
		Posting{Revenue, "", net.Neg()},
		Posting{TaxPayable, "", tax.Neg()})
}

// Captured books a captured payment that pays a debt. The provider's fee is
// known later and is an entry of its own.
//
//	DR provider_receivable   amount
//	CR customer_receivable   amount
func Captured(paymentID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(PaymentCaptured, paymentID, customer, amount,
		Posting{ProviderReceivable, "", amount},
		Posting{CustomerReceivable, customer, amount.Neg()})
}

// Surplus books what a payment took beyond its debt, because the debt was paid
// otherwise while the provider's answer was out: it is the customer's money.
//
//	DR provider_receivable   amount
//	CR customer_balance      amount
func Surplus(paymentID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(PaymentSurplus, paymentID, customer, amount,
		Posting{ProviderReceivable, "", amount},
		Posting{CustomerBalance, customer, amount.Neg()})
}

// CapturedForOrder books a captured payment that pays an order, in part or whole.
// Nothing is earned before all of it is paid.
//
//	DR provider_receivable   amount
//	CR customer_deposits     amount
func CapturedForOrder(paymentID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(PaymentCaptured, paymentID, customer, amount,
		Posting{ProviderReceivable, "", amount},
		Posting{CustomerDeposits, customer, amount.Neg()})
}

// AppliedToOrder books what is spent of a customer's balance on an order.
//
//	DR customer_balance    amount
//	CR customer_deposits   amount
func AppliedToOrder(applicationID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(BalanceApplied, applicationID, customer, amount,
		Posting{CustomerBalance, customer, amount},
		Posting{CustomerDeposits, customer, amount.Neg()})
}

// EarnedByOrder books an order once it is paid whole.
//
//	DR customer_deposits   net + tax
//	CR revenue             net
//	CR tax_payable         tax
func EarnedByOrder(debtID string, customer account.ID, net, tax money.Amount) (Entry, error) {
	gross, err := net.Add(tax)
	if err != nil {
		return Entry{}, err
	}
	return entry(OrderEarned, debtID, customer, gross,
		Posting{CustomerDeposits, customer, gross},
		Posting{Revenue, "", net.Neg()},
		Posting{TaxPayable, "", tax.Neg()})
}

// ReleasedByOrder books what was paid for an order that came to nothing: it is the
// customer's money.
//
//	DR customer_deposits   amount
//	CR customer_balance    amount
func ReleasedByOrder(debtID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(OrderReleased, debtID, customer, amount,
		Posting{CustomerDeposits, customer, amount},
		Posting{CustomerBalance, customer, amount.Neg()})
}

// CreditedByOrder books what was not consumed of a paid order that is cancelled,
// where it had come from the customer's balance.
//
//	DR revenue             net
//	DR tax_payable         tax
//	CR customer_balance    net + tax
func CreditedByOrder(orderID string, customer account.ID, net, tax money.Amount) (Entry, error) {
	gross, err := net.Add(tax)
	if err != nil {
		return Entry{}, err
	}
	return entry(OrderCredited, orderID, customer, gross,
		Posting{Revenue, "", net},
		Posting{TaxPayable, "", tax},
		Posting{CustomerBalance, customer, gross.Neg()})
}

// IsPerCustomer tells whether a ledger account is kept per customer.
func (a Account) IsPerCustomer() bool {
	return a == CustomerReceivable || a == CustomerBalance || a == CustomerDeposits || a == RefundsPayable || a == WithdrawalsPayable
}

// entry leaves postings of nothing out and panics if the rest does not balance:
// that is our own mistake, in the lines above.
func entry(kind Kind, subject string, customer account.ID, amount money.Amount, postings ...Posting) (Entry, error) {
	e := Entry{Kind: kind, Account: customer, Subject: subject, Amount: amount}
	sum, debits := money.Amount{Currency: amount.Currency}, money.Amount{Currency: amount.Currency}
	for _, p := range postings {
		if p.Amount.IsZero() {
			continue
		}
		var err error
		if sum, err = sum.Add(p.Amount); err != nil {
			return Entry{}, err
		}
		if p.Amount.IsPositive() {
			if debits, err = debits.Add(p.Amount); err != nil {
				return Entry{}, err
			}
		}
		e.Postings = append(e.Postings, p)
	}
	if !sum.IsZero() || debits.Cmp(amount) != 0 || !amount.IsPositive() {
		panic(fmt.Sprintf("ledger: entry %s does not balance", kind))
	}
	return e, nil
}

// RefundsPayable is a liability, kept per customer: what was taken off their balance
// for a refund that is on its way to them.
const RefundsPayable Account = "refunds_payable"

// The kinds of entry about refunds. The subject of each is the refund.
const (
	RefundSetAside  Kind = "refund_set_aside"
	RefundPaid      Kind = "refund_paid"
	RefundToBalance Kind = "refund_to_balance"
	RefundReturned  Kind = "refund_returned"
	RefundFailed    Kind = "refund_failed"
)

// Refund is what the entries about a refund book: revenue and tax that are given up,
// and what had been set aside from the customer's balance.
type Refund struct {
	ID       string
	Customer account.ID
	Net      money.Amount
	Tax      money.Amount
	SetAside money.Amount
}

// Opened books what a refund takes off the customer's balance when it is opened, so
// that nothing else is paid with it.
//
//	DR customer_balance   set aside
//	CR refunds_payable    set aside
func (r Refund) Opened() (Entry, error) {
	return entry(RefundSetAside, r.ID, r.Customer, r.SetAside,
		Posting{CustomerBalance, r.Customer, r.SetAside},
		Posting{RefundsPayable, r.Customer, r.SetAside.Neg()})
}

// Paid books a refund that the provider made.
//
//	DR revenue               net
//	DR tax_payable           tax
//	DR refunds_payable       set aside
//	CR provider_receivable   net + tax + set aside
func (r Refund) Paid() (Entry, error) { return r.end(RefundPaid, ProviderReceivable, "") }

// PutOnBalance books a refund whose original way is closed (R-REFUND-02, R-REFUND-03).
//
//	DR revenue            net
//	DR tax_payable        tax
//	DR refunds_payable    set aside
//	CR customer_balance   net + tax + set aside
func (r Refund) PutOnBalance() (Entry, error) {
	return r.end(RefundToBalance, CustomerBalance, r.Customer)
}

func (r Refund) end(kind Kind, to Account, customer account.ID) (Entry, error) {
	amount, err := money.Sum(r.SetAside.Currency, r.Net, r.Tax, r.SetAside)
	if err != nil {
		return Entry{}, err
	}
	return entry(kind, r.ID, r.Customer, amount,
		Posting{Revenue, "", r.Net},
		Posting{TaxPayable, "", r.Tax},
		Posting{RefundsPayable, r.Customer, r.SetAside},
		Posting{to, customer, amount.Neg()})
}

// RefundCameBack books a refund that the provider had made and the payer's bank sent
// back: it is the customer's all the same.
//
//	DR provider_receivable   amount
//	CR customer_balance      amount
func RefundCameBack(refundID string, customer account.ID, amount money.Amount) (Entry, error) {
	return entry(RefundReturned, refundID, customer, amount,
		Posting{ProviderReceivable, "", amount},
		Posting{CustomerBalance, customer, amount.Neg()})
}

// Dropped books a refund that came to nothing: what was set aside is on the
// customer's balance again.
//
//	DR refunds_payable    set aside
//	CR customer_balance   set aside
func (r Refund) Dropped() (Entry, error) {
	return entry(RefundFailed, r.ID, r.Customer, r.SetAside,
		Posting{RefundsPayable, r.Customer, r.SetAside},
		Posting{CustomerBalance, r.Customer, r.SetAside.Neg()})
}
