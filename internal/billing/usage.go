package billing

import (
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// Bounds of a batch of usage.
const (
	LinesMax      = 10_000
	lineIDMax     = 128
	productMax    = 200
	clockSkew     = 15 * time.Minute // usage may be that far ahead of our clock
	usageAgeMax   = 20 * 365 * 24 * time.Hour
	OtherProduct  = "other" // usage that names no product
	taxCollection = 0
)

// TaxCollection is the collection of tax rows: kept and counted, never collected.
const TaxCollection int64 = taxCollection

// What may be wrong with usage.
var (
	ErrLineInvalid    = fault.New(fault.Invalid, "line_invalid", "the usage line is not complete")
	ErrLineConflict   = fault.New(fault.Conflict, "line_conflict", "another line with this id and other content was recorded before").WithNext("give a correction an id of its own, with the difference as its amount")
	ErrAccountUnknown = fault.New(fault.Invalid, "account_unknown", "there is no such account").WithNext("open the account first, or correct the reference")
	ErrFutureMonth    = fault.New(fault.Invalid, "month_in_future", "the charge period starts in the future").WithNext("send usage when it has happened")
	ErrTooOld         = fault.New(fault.Invalid, "period_too_old", "the charge period starts too long ago").WithNext("check the dates of the line")
	ErrTooManyLines   = fault.New(fault.TooLarge, "too_many_lines", "a batch has at most 10,000 lines").WithNext("send the lines in several batches")
	ErrNoLines        = fault.New(fault.Invalid, "no_lines", "the batch has no lines")
)

// Line is one amount of usage, priced by the platform.
type Line struct {
	Row       int        // where it stands in its batch or file, from 1
	Account   account.ID // or
	Reference string     // the account's reference, when Account is ""
	ID        string     // unique in its account; the same line again is counted, not booked twice
	Product   string
	Amount    money.Exact
	StartedAt time.Time // start of its charge period
	Tax       bool      // the platform's tax: kept, never collected, since tax is ours to compute
	Content   [16]byte  // tells other content under the same id
}

// Check returns what is wrong with the line by itself, nil if nothing is.
func (l Line) Check(now time.Time) error {
	switch {
	case l.ID == "" || len(l.ID) > lineIDMax:
		return ErrLineInvalid.At("id").Detail("a line's id has 1 to %d bytes", lineIDMax)
	case l.Product == "" || len(l.Product) > productMax:
		return ErrLineInvalid.At("product").Detail("a product's name has 1 to %d bytes", productMax)
	case l.StartedAt.IsZero():
		return ErrLineInvalid.At("started_at").Detail("the start of the charge period is needed")
	case l.StartedAt.After(now.Add(clockSkew)):
		return ErrFutureMonth
	case l.StartedAt.Before(now.Add(-usageAgeMax)):
		return ErrTooOld
	}
	return nil
}

// MonthFor says to which month's bill the line belongs: that of its charge
// period in the account's zone while that month is open, else the oldest open
// one (R-THR-10). closedThrough is the last month whose bill is issued.
func (l Line) MonthFor(zone *time.Location, closedThrough Month) Month {
	if m := MonthOf(l.StartedAt, zone); m > closedThrough {
		return m
	}
	return closedThrough.Next()
}

// Collection is an account's usage that will be one debt. A threshold or the
// month's close shuts it; usage after that goes into the next.
type Collection struct {
	Account account.ID
	Number  int64
	Month   Month
}

// Exposure is the signed exact sum of a collection's lines of one product.
type Exposure struct {
	Product string
	Lines   int64
	Usage   money.Exact
}

// Reaches tells whether exposure trips the threshold: 999.99 does not reach
// 1,000.00, and 1,000.00 does (R-THR-03). Tax is not part of the test.
func Reaches(exposure money.Exact, threshold money.Amount) (bool, error) {
	t, err := threshold.Exact()
	if err != nil {
		return false, err
	}
	return exposure.Cmp(t) >= 0, nil
}
