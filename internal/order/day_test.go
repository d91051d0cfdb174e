package order_test

import (
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/order"
)

func TestTermsEndOnTheRightDay(t *testing.T) {
	cases := []struct {
		term   order.Term
		anchor order.Day
		n      int
		want   order.Day
	}{
		{"P1M", "2026-03-10", 1, "2026-04-10"},
		{"P1M", "2026-01-31", 1, "2026-02-28"},
		{"P1M", "2026-01-31", 2, "2026-03-31"}, // the anchor is not lost on the way
		{"P1M", "2028-01-31", 1, "2028-02-29"},
		{"P1M", "2026-12-31", 2, "2027-02-28"},
		{"P3M", "2025-11-30", 1, "2026-02-28"},
		{"P1Y", "2028-02-29", 1, "2029-02-28"},
		{"P1Y", "2028-02-29", 4, "2032-02-29"},
		{"P30D", "2026-01-31", 1, "2026-03-02"},
		{"P30D", "2028-01-31", 1, "2028-03-01"},
		{"P1D", "2026-12-31", 1, "2027-01-01"},
	}
	for _, c := range cases {
		if got := c.term.After(c.anchor, c.n); got != c.want {
			t.Errorf("%d times %s from %s: got %s, want %s", c.n, c.term, c.anchor, got, c.want)
		}
	}
}

func TestTermsThatAreNone(t *testing.T) {
	for _, s := range []string{"", "P", "P0M", "1M", "P1W", "P-1M", "P1.5M", "P121M", "P11Y", "P3661D", "P99999D", "p1m", "P1M "} {
		if got, err := order.ParseTerm(s); err == nil {
			t.Errorf("%q is read as %s, want it refused", s, got)
		}
	}
	for _, s := range []string{"P1D", "P30D", "P1M", "P120M", "P1Y", "P10Y"} {
		if _, err := order.ParseTerm(s); err != nil {
			t.Errorf("%q is refused: %v", s, err)
		}
	}
}

func TestDaysThatAreNone(t *testing.T) {
	for _, s := range []string{"", "2026-02-29", "2026-13-01", "26-01-01", "2026-1-1", "2026-01-01T00:00:00Z", "+2026-01-01"} {
		if got, err := order.ParseDay(s); err == nil {
			t.Errorf("%q is read as %s, want it refused", s, got)
		}
	}
	if got, err := order.ParseDay("2028-02-29"); err != nil || got != "2028-02-29" {
		t.Errorf("got %s, %v, want the leap day", got, err)
	}
}

// A day has its place in the account's zone, and its length is that of any other:
// where clocks change, the count of days does not.
func TestDaysAreOfTheAccountsZoneAndKnowNoClocks(t *testing.T) {
	berlin, santiago := zone(t, "Europe/Berlin"), zone(t, "America/Santiago")
	cases := []struct {
		name string
		at   string
		zone *time.Location
		day  order.Day
	}{
		{"before midnight in UTC, after it in Berlin", "2026-03-28T23:30:00Z", berlin, "2026-03-29"},
		{"the same instant in Santiago", "2026-03-28T23:30:00Z", santiago, "2026-03-28"},
	}
	for _, c := range cases {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := order.DayOf(at, c.zone); got != c.day {
			t.Errorf("%s: got %s, want %s", c.name, got, c.day)
		}
	}
	if got := order.Day("2026-03-01").Until("2026-04-01"); got != 31 { // Berlin's clocks change on the 29th
		t.Errorf("March has %d days, want 31", got)
	}
	if got := order.Day("2028-02-01").Until("2028-03-01"); got != 29 {
		t.Errorf("February of a leap year has %d days, want 29", got)
	}
	// In Santiago clocks go forward at midnight: the day begins at one.
	start := order.Day("2026-09-06").Start(santiago)
	if got := order.DayOf(start, santiago); got != "2026-09-06" || order.DayOf(start.Add(-time.Second), santiago) != "2026-09-05" {
		t.Errorf("the day starts at %s, which is not its first instant", start)
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
