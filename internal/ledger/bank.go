package ledger

import (
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
)

// What lies in our bank accounts, and what of it nobody has explained. None of them is
// kept per customer.
const (
	BankCash     Account = "bank_cash"     // asset: the sum of all booked bank lines
	BankSuspense Account = "bank_suspense" // liability: movements that are nobody's yet
	BankFees     Account = "bank_fees"     // expense
	OwnerFunds   Account = "owner_funds"   // equity: transfers between our own accounts
)

// The kinds of entry about bank movements.
const (
	LineBooked      Kind = "line_booked"
	ReceiptCredited Kind = "receipt_credited"
	ClaimReversed   Kind = "claim_reversed"
	LineExplained   Kind = "line_explained"
)

// BookedLine books a movement on one of our bank accounts, before anybody knows whose
// it is. A negative amount left the account.
//
//	DR bank_cash       amount   (the reverse for what left)
//	CR bank_suspense   amount
func BookedLine(lineID string, signed money.Amount) (Entry, error) {
	return entry(LineBooked, lineID, "", magnitude(signed),
		Posting{BankCash, "", signed},
		Posting{BankSuspense, "", signed.Neg()})
}

// CreditedReceipt books what of a receipt is a customer's. What a bank took on the way
// and we bear is theirs too.
//
//	DR bank_suspense      amount
//	DR bank_fees          fee
//	CR customer_balance   amount + fee
func CreditedReceipt(claimID string, customer account.ID, amount, fee money.Amount) (Entry, error) {
	whole, err := amount.Add(fee)
	if err != nil {
		return Entry{}, err
	}
	return entry(ReceiptCredited, claimID, customer, whole,
		Posting{BankSuspense, "", amount},
		Posting{BankFees, "", fee},
		Posting{CustomerBalance, customer, whole.Neg()})
}

// ReversedClaim books a claim that was wrong: the money is nobody's again.
//
//	DR customer_balance   amount + fee
//	CR bank_suspense      amount
//	CR bank_fees          fee
func ReversedClaim(claimID string, customer account.ID, amount, fee money.Amount) (Entry, error) {
	whole, err := amount.Add(fee)
	if err != nil {
		return Entry{}, err
	}
	return entry(ClaimReversed, claimID, customer, whole,
		Posting{CustomerBalance, customer, whole},
		Posting{BankSuspense, "", amount.Neg()},
		Posting{BankFees, "", fee.Neg()})
}

// ExplainedLine books what a movement was, or a part of it. A negative amount left the
// account. Where against is kept per customer, it is the customer's.
//
//	DR bank_suspense   amount   (the reverse for what left)
//	CR against         amount
func ExplainedLine(explanationID string, against Account, customer account.ID, signed money.Amount) (Entry, error) {
	of := account.ID("")
	if against.IsPerCustomer() {
		of = customer
	}
	return entry(LineExplained, explanationID, customer, magnitude(signed),
		Posting{BankSuspense, "", signed},
		Posting{against, of, signed.Neg()})
}

func magnitude(a money.Amount) money.Amount {
	if a.IsNegative() {
		return a.Neg()
	}
	return a
}
