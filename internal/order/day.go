package order

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// Day is a calendar day in an account's zone, such as "2026-03-31". Days compare
// as strings, and are all as long as each other: what is reckoned by the day
// knows no change of clocks.
type Day string

// ErrDay says that a day is not written as one.
var ErrDay = fault.New(fault.Invalid, "day_invalid", "a day is written as YYYY-MM-DD").WithNext("write it like 2026-03-31")

var dayPattern = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// ParseDay reads "2026-03-31".
func ParseDay(s string) (Day, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil || !dayPattern.MatchString(s) {
		return "", ErrDay
	}
	return Day(s), nil
}

// DayOf returns the day that contains t in zone.
func DayOf(t time.Time, zone *time.Location) Day { return Day(t.In(zone).Format(time.DateOnly)) }

// Start returns the day's first instant in zone. Where the clocks go forward at
// midnight, that is not midnight.
func (d Day) Start(zone *time.Location) time.Time {
	year, month, day := d.noon().Date()
	start := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if DayOf(start, zone) < d {
		_, start = start.ZoneBounds()
	}
	return start
}

// Add returns the day so many days later, or earlier if n is negative.
func (d Day) Add(n int) Day { return Day(d.noon().AddDate(0, 0, n).Format(time.DateOnly)) }

// Until counts the days from d up to the other day, which is not counted; it is
// negative if the other day is earlier.
func (d Day) Until(other Day) int { return int(other.noon().Sub(d.noon()) / (24 * time.Hour)) }

func (d Day) noon() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		panic("order: not a day: " + string(d)) // days are parsed where they enter
	}
	return t.Add(12 * time.Hour)
}

// Term is how long something is paid for: an ISO 8601 duration of days, months or
// years, such as "P1M". "" is for good.
type Term string

// The terms that are known by name.
const (
	Month Term = "P1M"
	Year  Term = "P1Y"
)

// ErrTerm says that a term is not written as one.
var ErrTerm = fault.New(fault.Invalid, "term_invalid", "a term is a whole number of days, months or years, up to ten years").
	WithNext("write P30D, P1M or P1Y")

var termPattern = regexp.MustCompile(`^P([1-9][0-9]{0,3})([DMY])$`)

// termMonthsMax and termDaysMax bound a term to ten years.
const (
	termMonthsMax = 120
	termDaysMax   = 3_660
)

// ParseTerm reads "P1M".
func ParseTerm(s string) (Term, error) {
	if !termPattern.MatchString(s) {
		return "", ErrTerm
	}
	months, days := Term(s).parts()
	if months > termMonthsMax || days > termDaysMax {
		return "", ErrTerm
	}
	return Term(s), nil
}

// After returns the day on which n terms are over that began on the anchor. A
// month that does not have the anchor's day ends on its last: what began on the
// 31st of January runs to the 28th of February, and on to the 31st of March.
func (t Term) After(anchor Day, n int) Day {
	months, days := t.parts()
	year, month, day := anchor.noon().Date()
	last := time.Date(year, month+time.Month(n*months)+1, 0, 12, 0, 0, 0, time.UTC).Day()
	on := time.Date(year, month+time.Month(n*months), min(day, last)+n*days, 12, 0, 0, 0, time.UTC)
	return Day(on.Format(time.DateOnly))
}

func (t Term) parts() (months, days int) {
	m := termPattern.FindStringSubmatch(string(t))
	if m == nil {
		panic(fmt.Sprintf("order: not a term: %q", string(t))) // terms are parsed where they enter
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		panic("order: not a number: " + err.Error())
	}
	switch m[2] {
	case "D":
		return 0, n
	case "M":
		return n, 0
	}
	return 12 * n, 0
}
