package policy

import (
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
)

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// identityMax bounds counts and spans before the timetable itself is asked.
const identityMax = 1_000

// readIdentity reads the timetable of identity checks; the zone has been read. A
// document without it, as those before there were identity checks, gets what the
// built-in one says.
func readIdentity(p *Policy, v value) {
	if v.missing() {
		p.Identity = BuiltIn().Identity
		p.Identity.Calendar.Zone = p.Zone
		return
	}
	f := v.fields([]string{"submit_days", "review_days", "keep_expired", "keep_approved"}, "weekend", "holidays")
	p.Identity = identity.Timetable{
		Calendar:     identity.Calendar{Zone: p.Zone},
		SubmitDays:   f["submit_days"].count(0, identityMax),
		ReviewDays:   f["review_days"].count(0, identityMax),
		KeepExpired:  f["keep_expired"].span(0),
		KeepApproved: f["keep_approved"].span(0),
	}
	for _, name := range f["weekend"].choices(weekdays...) {
		for d, w := range weekdays {
			if w == name {
				p.Identity.Calendar.Weekend = append(p.Identity.Calendar.Weekend, time.Weekday(d))
			}
		}
	}
	for _, item := range f["holidays"].items() {
		if at := item.instant(p.Zone); !at.IsZero() {
			year, month, day := at.In(p.Zone).Date()
			p.Identity.Calendar.Holidays = append(p.Identity.Calendar.Holidays, identity.Date{Year: year, Month: month, Day: day})
		}
	}
	for _, why := range fault.All(p.Identity.Check()) {
		if at, known := f[why.Place]; known && !at.missing() {
			at.refuse("write a value within that", "%s", why.Message)
		}
	}
}

func (p Policy) addIdentity(add adder) {
	t := p.Identity
	add("identity.submit_days", "the business days to send documents for an identity check", "%d", t.SubmitDays)
	add("identity.review_days", "the business days to review them", "%d", t.ReviewDays)
	add("identity.keep_expired", "the time for which documents of a lapsed identity check are kept", "%s", spanText(t.KeepExpired))
	add("identity.keep_approved", "the time for which documents of an approved identity check are kept", "%s", spanText(t.KeepApproved))
	off := []string{weekdays[time.Saturday], weekdays[time.Sunday]}
	if len(t.Calendar.Weekend) > 0 {
		off = nil
		for _, d := range t.Calendar.Weekend {
			off = append(off, weekdays[d])
		}
	}
	add("identity.weekend", "the days of the week without business", "%s", strings.Join(off, ", "))
	var days []string
	for _, h := range t.Calendar.Holidays {
		days = append(days, time.Date(h.Year, h.Month, h.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	add("identity.holidays", "the list of holidays", "%s", listText(days))
}
