package identity

import (
	"errors"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// Timetable is how long each step of a case may take, and how long its documents
// are kept.
type Timetable struct {
	Calendar     Calendar
	SubmitDays   int           // business days that the customer has
	ReviewDays   int           // business days that a reviewer has
	KeepExpired  time.Duration // documents of an expired case (R-KYC-07)
	KeepApproved time.Duration // documents of an approved one
}

const day = 24 * time.Hour

// DefaultTimetable is the timetable of R-KYC-04 and R-KYC-07, in a zone without
// holidays. Documents of an approved case are kept for half a year: a payer can
// dispute what was bought about that long, and the documents are the answer.
func DefaultTimetable(zone *time.Location) Timetable {
	return Timetable{
		Calendar:     Calendar{Zone: zone},
		SubmitDays:   1,
		ReviewDays:   2,
		KeepExpired:  15 * day,
		KeepApproved: 180 * day,
	}
}

// Date is a day of the calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Calendar tells business days from others. The zero calendar is that of UTC, with
// Saturday and Sunday off.
type Calendar struct {
	Zone     *time.Location // nil means UTC
	Weekend  []time.Weekday // none means Saturday and Sunday
	Holidays []Date         // in any order
}

// ErrTimetable is the fault of a timetable that cannot be kept.
var ErrTimetable = fault.New(fault.Invalid, "identity_timetable_invalid", "the timetable of identity checks cannot be kept").WithNext("correct the place that is named")

// Limits of a timetable.
const (
	businessDaysMax = 60
	holidaysMax     = 1_000
	keepMax         = 20 * 366 * day
)

// Check returns nil if t can be kept, else every reason why not.
func (t Timetable) Check() error {
	var why []error
	bad := func(place, format string, args ...any) {
		why = append(why, ErrTimetable.At(place).Detail(format, args...))
	}
	if t.SubmitDays < 1 || t.SubmitDays > businessDaysMax {
		bad("submit_days", "the customer has 1 to %d business days", businessDaysMax)
	}
	if t.ReviewDays < 1 || t.ReviewDays > businessDaysMax {
		bad("review_days", "a review takes 1 to %d business days", businessDaysMax)
	}
	if t.KeepExpired < day || t.KeepExpired > keepMax {
		bad("keep_expired", "documents are kept for 1 day to 20 years")
	}
	if t.KeepApproved < day || t.KeepApproved > keepMax {
		bad("keep_approved", "documents are kept for 1 day to 20 years")
	}
	working := 0
	for d := time.Sunday; d <= time.Saturday; d++ {
		if !t.Calendar.isWeekend(d) {
			working++
		}
	}
	if working == 0 {
		bad("weekend", "a week has at least one business day")
	}
	if len(t.Calendar.Holidays) > holidaysMax {
		bad("holidays", "there are at most %d holidays", holidaysMax)
	}
	return errors.Join(why...)
}

// EndOf returns the end of the nth business day after the day of from: the first
// instant that is past it. A notice on a Friday with one business day is good until
// the Monday is over, wherever on the Friday it came.
func (c Calendar) EndOf(from time.Time, n int) time.Time {
	zone := c.zone()
	year, month, today := from.In(zone).Date()
	ahead := 0
	// A holiday or weekend can delay each step, and no more than all of them together.
	for tries := 0; n > 0 && tries < (businessDaysMax+holidaysMax)*7; tries++ {
		ahead++
		// Noon, because midnight does not exist on every day in every zone.
		if c.IsBusinessDay(time.Date(year, month, today+ahead, 12, 0, 0, 0, zone)) {
			n--
		}
	}
	return time.Date(year, month, today+ahead+1, 0, 0, 0, 0, zone)
}

// IsBusinessDay tells whether work is done on the day of at.
func (c Calendar) IsBusinessDay(at time.Time) bool {
	at = at.In(c.zone())
	year, month, d := at.Date()
	return !c.isWeekend(at.Weekday()) && !slices.Contains(c.Holidays, Date{year, month, d})
}

func (c Calendar) isWeekend(d time.Weekday) bool {
	if len(c.Weekend) == 0 {
		return d == time.Saturday || d == time.Sunday
	}
	return slices.Contains(c.Weekend, d)
}

func (c Calendar) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}
