// Package billing holds the rules of owing: usage and its collections,
// thresholds, debts, rounding and carries, the month's bill, and when what is
// unpaid is tried again.
package billing

import (
	"fmt"
	"regexp"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// Month is a calendar month in an account's zone, such as "2024-09". Months
// compare as strings. It is half-open: [Start, Next().Start).
type Month string

// ErrMonth says that a month is not written as one.
var ErrMonth = fault.New(fault.Invalid, "month_invalid", "a month is written as YYYY-MM").WithNext("write it like 2024-09")

var monthPattern = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])$`)

// ParseMonth reads "2024-09".
func ParseMonth(s string) (Month, error) {
	if !monthPattern.MatchString(s) {
		return "", ErrMonth
	}
	return Month(s), nil
}

// MonthOf returns the month that contains t in zone.
func MonthOf(t time.Time, zone *time.Location) Month {
	year, month, _ := t.In(zone).Date()
	if year < 0 || year > 9999 {
		return Month(fmt.Sprintf("%04d-%02d", year, int(month)))
	}
	digit := func(n int) byte { return '0' + byte(n%10) } // every line of usage comes by here
	return Month([]byte{digit(year / 1000), digit(year / 100), digit(year / 10), digit(year), '-', digit(int(month) / 10), digit(int(month))})
}

// Start returns the month's first instant in zone. Where the clocks go forward at
// midnight of the first, that is not midnight.
func (m Month) Start(zone *time.Location) time.Time {
	year, month := m.parts()
	start := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, zone)
	if MonthOf(start, zone) < m {
		_, start = start.ZoneBounds()
	}
	return start
}

// Next returns the month after m.
func (m Month) Next() Month { return m.plus(1) }

// Previous returns the month before m.
func (m Month) Previous() Month { return m.plus(-1) }

func (m Month) plus(n int) Month {
	year, month := m.parts()
	return MonthOf(time.Date(year, time.Month(month+n), 1, 0, 0, 0, 0, time.UTC), time.UTC)
}

func (m Month) parts() (year, month int) {
	if _, err := fmt.Sscanf(string(m), "%d-%d", &year, &month); err != nil {
		panic("billing: not a month: " + string(m)) // months are parsed where they enter
	}
	return year, month
}
