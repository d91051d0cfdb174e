package billing

import (
	"time"

	"github.com/bursar-pay/bursar/internal/account"
)

// stepsMax bounds the search for business days: a year of them, with long holidays.
const stepsMax = 3_000

// DueAt is the last instant of the day by which a bill is to be paid that is issued
// at an instant, in the account's zone. The day of issue is not counted. isBusiness
// tells of a day, by its noon, whether it counts as one of business.
func DueAt(t account.Terms, issued time.Time, zone *time.Location, isBusiness func(time.Time) bool) time.Time {
	year, month, day := issued.In(zone).Date()
	noon := func(ahead int) time.Time { return time.Date(year, month, day+ahead, 12, 0, 0, 0, zone) }
	ahead := t.Days
	switch {
	case t.EndOfMonth:
		last := time.Date(year, month+1, 0, 12, 0, 0, 0, zone).Day()
		ahead = last - day + t.Days
	case t.Business:
		ahead = 0
		for left, tries := t.Days, 0; left > 0 && tries < stepsMax; tries++ {
			ahead++
			if isBusiness(noon(ahead)) {
				left--
			}
		}
	}
	return endOf(noon(ahead))
}

// endOf is the last microsecond of the day of a noon: what the books keep of time is
// no finer.
func endOf(noon time.Time) time.Time {
	year, month, day := noon.Date()
	next := time.Date(year, month, day+1, 0, 0, 0, 0, noon.Location())
	if next.Day() == day { // the clocks go forward at midnight
		_, next = next.ZoneBounds()
	}
	return next.Add(-time.Microsecond)
}
