package identity_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestEndOf(t *testing.T) {
	gulf := []time.Weekday{time.Friday, time.Saturday}
	for _, c := range []struct {
		name    string
		zone    string
		weekend []time.Weekday
		from    string
		days    int
		want    string
	}{
		{"Wednesday morning", "UTC", nil, "2024-09-04T00:00:00Z", 1, "2024-09-06T00:00:00Z"},
		{"Wednesday's last moment", "UTC", nil, "2024-09-04T23:59:59Z", 1, "2024-09-06T00:00:00Z"},
		{"over a weekend", "UTC", nil, "2024-09-06T12:00:00Z", 1, "2024-09-10T00:00:00Z"},
		{"from a Saturday", "UTC", nil, "2024-09-07T12:00:00Z", 1, "2024-09-10T00:00:00Z"},
		{"from a Sunday", "UTC", nil, "2024-09-08T12:00:00Z", 2, "2024-09-11T00:00:00Z"},
		{"two days over a weekend", "UTC", nil, "2024-09-05T12:00:00Z", 2, "2024-09-10T00:00:00Z"},
		{"over holidays and weekends", "UTC", nil, "2024-12-24T12:00:00Z", 1, "2024-12-28T00:00:00Z"},
		{"over the new year", "UTC", nil, "2024-12-31T12:00:00Z", 1, "2025-01-03T00:00:00Z"},
		{"Tokyo is ahead", "Asia/Tokyo", nil, "2024-09-05T15:30:00Z", 1, "2024-09-09T15:00:00Z"},
		{"Friday and Saturday off", "Asia/Riyadh", gulf, "2024-09-05T08:00:00Z", 1, "2024-09-08T21:00:00Z"},
		{"clocks go back", "Europe/Berlin", nil, "2024-10-25T10:00:00Z", 1, "2024-10-28T23:00:00Z"},
		{"midnight is skipped", "Africa/Cairo", gulf, "2024-04-24T10:00:00Z", 1, "2024-04-25T22:00:00Z"},
		{"none", "UTC", nil, "2024-09-04T10:00:00Z", 0, "2024-09-05T00:00:00Z"},
	} {
		calendar := identity.Calendar{
			Zone:    zone(t, c.zone),
			Weekend: c.weekend,
			Holidays: []identity.Date{
				{Year: 2024, Month: time.December, Day: 25},
				{Year: 2024, Month: time.December, Day: 26},
				{Year: 2025, Month: time.January, Day: 1},
			},
		}
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.EndOf(from, c.days).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestTimetableCheck(t *testing.T) {
	every := []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	for _, c := range []struct {
		name   string
		change func(*identity.Timetable)
		place  string // "" none
	}{
		{"the default", func(*identity.Timetable) {}, ""},
		{"no time to submit", func(t *identity.Timetable) { t.SubmitDays = 0 }, "submit_days"},
		{"a review of months", func(t *identity.Timetable) { t.ReviewDays = 61 }, "review_days"},
		{"kept for an hour", func(t *identity.Timetable) { t.KeepExpired = time.Hour }, "keep_expired"},
		{"kept for ever", func(t *identity.Timetable) { t.KeepApproved = 1<<63 - 1 }, "keep_approved"},
		{"no business days", func(t *identity.Timetable) { t.Calendar.Weekend = every }, "weekend"},
		{"all holidays", func(t *identity.Timetable) { t.Calendar.Holidays = make([]identity.Date, 1001) }, "holidays"},
	} {
		w := identity.DefaultTimetable(nil)
		c.change(&w)
		err := w.Check()
		if f, ok := fault.Of(err); ok != (c.place != "") || ok && (f.Place != c.place || !errors.Is(err, identity.ErrTimetable)) {
			t.Errorf("%s: got %v, want a fault at %q", c.name, err, c.place)
		}
		w.Calendar.EndOf(wednesday, 60) // ends, whatever the calendar
	}
}
