package billing_test

import (
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/billing"
)

func TestDayOf(t *testing.T) {
	for _, c := range []struct{ at, zone, want string }{
		{"1970-01-01T00:00:00Z", "UTC", "1970-01-01"},
		{"1969-12-31T23:59:59.999999Z", "UTC", "1969-12-31"},
		{"2026-03-10T15:00:00Z", "Asia/Tokyo", "2026-03-11"},
		{"2026-03-10T14:59:59.999999Z", "Asia/Tokyo", "2026-03-10"},
		{"2026-03-29T22:30:00Z", "Europe/Berlin", "2026-03-30"},
		{"2026-03-28T22:30:00Z", "Europe/Berlin", "2026-03-28"},
		{"2024-03-01T04:59:59Z", "America/New_York", "2024-02-29"},
	} {
		at, err := time.Parse(time.RFC3339Nano, c.at)
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := billing.DayOf(at, zone); got.String() != c.want || got.Month() != billing.Month(c.want[:7]) {
			t.Errorf("%s is of %s and of %s in %s, want %s", c.at, got, got.Month(), c.zone, c.want)
		}
	}
}

func TestDaysOfAMonth(t *testing.T) {
	for _, c := range []struct {
		month       billing.Month
		first, next string
	}{{"2024-02", "2024-02-01", "2024-03-01"}, {"2026-12", "2026-12-01", "2027-01-01"}} {
		if first, next := c.month.Days(); first.String() != c.first || next.String() != c.next {
			t.Errorf("%s: got %s to %s, want %s to %s", c.month, first, next, c.first, c.next)
		}
	}
}
