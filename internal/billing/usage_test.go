package billing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

func is(err, want error) bool { return errors.Is(err, want) }

func cmpText(a, b string) int { return strings.Compare(a, b) }

func TestLineCheck(t *testing.T) {
	now := instant(t, "2024-09-18T12:00:00Z")
	good := billing.Line{ID: "line", Product: "compute", StartedAt: now.Add(-time.Hour)}
	cases := []struct {
		name   string
		change func(*billing.Line)
		want   error
		place  string
	}{
		{"good", func(*billing.Line) {}, nil, ""},
		{"no id", func(l *billing.Line) { l.ID = "" }, billing.ErrLineInvalid, "id"},
		{"the longest id", func(l *billing.Line) { l.ID = strings.Repeat("x", 128) }, nil, ""},
		{"a longer id", func(l *billing.Line) { l.ID = strings.Repeat("x", 129) }, billing.ErrLineInvalid, "id"},
		{"no product", func(l *billing.Line) { l.Product = "" }, billing.ErrLineInvalid, "product"},
		{"the longest product", func(l *billing.Line) { l.Product = strings.Repeat("x", 200) }, nil, ""},
		{"a longer product", func(l *billing.Line) { l.Product = strings.Repeat("x", 201) }, billing.ErrLineInvalid, "product"},
		{"no start", func(l *billing.Line) { l.StartedAt = time.Time{} }, billing.ErrLineInvalid, "started_at"},
		{"a clock that is a little ahead", func(l *billing.Line) { l.StartedAt = now.Add(15 * time.Minute) }, nil, ""},
		{"the future", func(l *billing.Line) { l.StartedAt = now.Add(15*time.Minute + time.Microsecond) }, billing.ErrFutureMonth, ""},
		{"twenty years ago", func(l *billing.Line) { l.StartedAt = now.AddDate(-20, 0, 10) }, nil, ""},
		{"longer ago", func(l *billing.Line) { l.StartedAt = now.AddDate(-20, 0, -10) }, billing.ErrTooOld, ""},
		{"the year 1", func(l *billing.Line) { l.StartedAt = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC) }, billing.ErrTooOld, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := good
			c.change(&l)
			err := l.Check(now)
			if !is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if f, ok := fault.Of(err); ok && f.Place != c.place {
				t.Errorf("the fault is at %q, want %q", f.Place, c.place)
			}
		})
	}
}

func TestMonthForLateUsage(t *testing.T) { // R-THR-10
	cases := []struct {
		name    string
		started string
		zone    string
		closed  billing.Month
		want    billing.Month
	}{
		{"its own month is open", "2024-09-18T12:00:00Z", "UTC", "2024-08", "2024-09"},
		{"its own month is closed", "2024-08-31T23:59:59Z", "UTC", "2024-08", "2024-09"},
		{"long closed", "2023-01-01T00:00:00Z", "UTC", "2024-12", "2025-01"},
		{"two open months", "2024-08-18T12:00:00Z", "UTC", "2024-07", "2024-08"},
		{"the next month, before this one is closed", "2024-10-01T00:00:00Z", "UTC", "2024-08", "2024-10"},
		{"the account's zone decides", "2024-08-31T10:00:00Z", "Pacific/Kiritimati", "2024-08", "2024-09"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := billing.Line{StartedAt: instant(t, c.started)}
			if got := l.MonthFor(zone(t, c.zone), c.closed); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestReaches(t *testing.T) { // R-THR-03
	cases := []struct {
		exposure  string
		currency  money.Currency
		threshold int64
		want      bool
	}{
		{"999.99", "USD", 100000, false},
		{"999.999999999999", "USD", 100000, false},
		{"1000.00", "USD", 100000, true},
		{"1000.000000000001", "USD", 100000, true},
		{"-1000", "USD", 100000, false},
		{"0", "USD", 0, true},
		{"99999.999999", "JPY", 100000, false},
		{"100000", "JPY", 100000, true},
		{"99.999999", "KWD", 100000, false},
		{"100", "KWD", 100000, true},
	}
	for _, c := range cases {
		threshold := amount(c.threshold, c.currency)
		got, err := billing.Reaches(exact(t, c.exposure, c.currency), threshold)
		if err != nil || got != c.want {
			t.Errorf("%s of %s: got %t, %v, want %t", c.exposure, threshold, got, err, c.want)
		}
	}
	if _, err := billing.Reaches(exact(t, "1", "USD"), amount(1_000_000_000_000_000, "JPY")); !is(err, money.ErrOutOfRange) {
		t.Errorf("a threshold beyond all bounds: got %v, want %v", err, money.ErrOutOfRange)
	}
}
