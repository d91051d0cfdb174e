package billing

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// CreditNoteID names a credit note, such as "cn_01j8…".
type CreditNoteID string

// CreditNote takes a part of what a debt charged back: revenue and tax become less
// by it (R-REFUND-05).
type CreditNote struct {
	ID       CreditNoteID
	Account  account.ID
	Debt     DebtID
	Bill     string // the bill that lists the debt; "" it is not issued yet, or the debt is an order's
	Subject  string // what it is for: a refund, or an order; one note for each
	Year     int
	Sequence int64  // in its year, without a gap
	Number   string // the two, as shown to people
	Net      money.Amount
	Tax      money.Amount
	Amount   money.Amount // Net and Tax together
	TaxRule  TaxRule
	IssuedAt time.Time
}

// ErrOverCredited says that more would be credited than a debt charged.
var ErrOverCredited = fault.New(fault.Conflict, "debt_over_credited", "more would be credited than was charged").WithNext("credit what is left of it")

// CreditNoteNumber is how people see a credit note's number.
func CreditNoteNumber(year int, sequence int64) string {
	return fmt.Sprintf("CN-%d-%06d", year, sequence)
}

// Credit splits an amount that is credited into net and tax, in the proportion in
// which the debt charged them. credited and creditedTax are what was credited of the
// debt before. Tax is rounded half up on the sum of all that is credited, not on each
// part: parts that make up the whole debt credit exactly its tax, however many.
func (d Debt) Credit(amount, credited, creditedTax money.Amount) (net, tax money.Amount, err error) {
	c := d.Amount.Currency
	sum, err := credited.Add(amount)
	switch {
	case err != nil:
		return net, tax, err
	case amount.Currency != c || !amount.IsPositive() || credited.IsNegative() || sum.Cmp(d.Amount) > 0:
		return net, tax, ErrOverCredited
	}
	whole := money.Amount{Minor: shareOf(d.Tax.Minor, sum.Minor, d.Amount.Minor), Currency: c}
	if tax, err = whole.Sub(creditedTax); err != nil {
		return net, tax, err
	}
	net, err = amount.Sub(tax)
	return net, tax, err
}

// shareOf is part × of / whole, rounded half up, for 0 <= part, of <= whole.
func shareOf(part, of, whole int64) int64 {
	high, low := bits.Mul64(uint64(part), uint64(of))
	low, carry := bits.Add64(low, uint64(whole)/2, 0)
	q, _ := bits.Div64(high+carry, low, uint64(whole))
	return int64(q)
}
