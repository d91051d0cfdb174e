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

// IsPerCustomer tells whether a ledger account is kept per customer.
func (a Account) IsPerCustomer() bool { return a == CustomerReceivable || a == CustomerBalance }

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
