package billing_test

import (
	"testing"
	"time"

	_ "time/tzdata"

	"github.com/bursar-pay/bursar/internal/billing"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestParseMonth(t *testing.T) {
	cases := []struct {
		text string
		ok   bool
	}{
		{"2024-09", true}, {"2024-12", true}, {"0001-01", true}, {"9999-12", true},
		{"2024-00", false}, {"2024-13", false}, {"2024-9", false}, {"24-09", false}, {"2024/09", false},
		{"2024-09-01", false}, {" 2024-09", false}, {"2024-09\n", false}, {"", false}, {"２０２４-09", false},
	}
	for _, c := range cases {
		m, err := billing.ParseMonth(c.text)
		if c.ok && (err != nil || string(m) != c.text) {
			t.Errorf("ParseMonth(%q) = %q, %v, want the same", c.text, m, err)
		}
		if !c.ok && !is(err, billing.ErrMonth) {
			t.Errorf("ParseMonth(%q) = %q, %v, want %v", c.text, m, err, billing.ErrMonth)
		}
	}
}

func TestMonthOf(t *testing.T) {
	cases := []struct {
		name string
		at   string
		zone string
		want billing.Month
	}{
		{"the first instant", "2024-09-01T00:00:00Z", "UTC", "2024-09"},
		{"the last microsecond", "2024-08-31T23:59:59.999999Z", "UTC", "2024-08"},
		{"February 29", "2024-02-29T23:59:59Z", "UTC", "2024-02"},
		{"after February 29", "2024-03-01T00:00:00Z", "UTC", "2024-03"},
		{"a year without one", "2023-02-28T24:00:00Z", "UTC", "2023-03"},
		{"new year", "2024-12-31T23:59:59Z", "UTC", "2024-12"},
		{"twelve hours behind", "2024-09-01T11:59:59Z", "Etc/GMT+12", "2024-08"},
		{"twelve hours behind, over", "2024-09-01T12:00:00Z", "Etc/GMT+12", "2024-09"},
		{"fourteen hours ahead", "2024-08-31T09:59:59Z", "Pacific/Kiritimati", "2024-08"},
		{"fourteen hours ahead, over", "2024-08-31T10:00:00Z", "Pacific/Kiritimati", "2024-09"},
		{"new year, fourteen hours ahead", "2024-12-31T10:00:00Z", "Pacific/Kiritimati", "2025-01"},
		{"a quarter of an hour", "2024-08-31T18:15:00Z", "Asia/Kathmandu", "2024-09"},
		{"summer in Berlin", "2024-08-31T22:00:00Z", "Europe/Berlin", "2024-09"},
		{"winter in Berlin", "2024-11-30T22:59:59Z", "Europe/Berlin", "2024-11"},
		{"an offset in the instant is not the zone", "2024-09-01T01:00:00+02:00", "UTC", "2024-08"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339Nano, c.at)
			if err != nil { // 24:00 is not in RFC 3339
				at = time.Date(2023, 2, 28, 24, 0, 0, 0, time.UTC)
			}
			if got := billing.MonthOf(at, zone(t, c.zone)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestMonthStart(t *testing.T) {
	cases := []struct {
		month billing.Month
		zone  string
		want  string
	}{
		{"2024-09", "UTC", "2024-09-01T00:00:00Z"},
		{"2024-09", "Etc/GMT+12", "2024-09-01T12:00:00Z"},
		{"2024-09", "Pacific/Kiritimati", "2024-08-31T10:00:00Z"},
		{"2024-03", "Europe/Berlin", "2024-02-29T23:00:00Z"},
		{"2024-04", "Europe/Berlin", "2024-03-31T22:00:00Z"}, // a day after the clocks went forward
		{"2024-11", "America/New_York", "2024-11-01T04:00:00Z"},
		{"2024-12", "America/New_York", "2024-12-01T05:00:00Z"},
		{"2017-10", "America/Asuncion", "2017-10-01T04:00:00Z"}, // there was no midnight
		{"2015-11", "America/Havana", "2015-11-01T04:00:00Z"},   // there were two
	}
	for _, c := range cases {
		if got := c.month.Start(zone(t, c.zone)); !got.Equal(instant(t, c.want)) {
			t.Errorf("%s in %s starts at %s, want %s", c.month, c.zone, got.UTC().Format(time.RFC3339), c.want)
		}
	}
}

// Where the clocks go forward at midnight of the first, that midnight does not
// exist (Paraguay, 1 October 2017); where they go back to it, there are two
// (Cuba, 1 November 2015).
func TestMonthsMeetWhereMidnightIsMissingOrTwice(t *testing.T) {
	for _, name := range []string{"America/Asuncion", "Europe/Berlin", "Pacific/Apia", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "America/Havana", "Atlantic/Azores"} {
		z := zone(t, name)
		for m := billing.Month("1995-01"); m < "2026-01"; m = m.Next() {
			start := m.Start(z)
			if got := billing.MonthOf(start, z); got != m {
				t.Errorf("%s: the start of %s, %s, is in %s", name, m, start, got)
			}
			if got := billing.MonthOf(start.Add(-time.Microsecond), z); got != m.Previous() {
				t.Errorf("%s: the microsecond before %s starts, at %s, is in %s, want %s", name, m, start, got, m.Previous())
			}
		}
	}
}

func TestMonthNeighbours(t *testing.T) {
	cases := []struct{ month, next billing.Month }{
		{"2024-01", "2024-02"}, {"2024-02", "2024-03"}, {"2024-11", "2024-12"}, {"2024-12", "2025-01"}, {"2023-12", "2024-01"},
	}
	for _, c := range cases {
		if got := c.month.Next(); got != c.next {
			t.Errorf("after %s comes %s, want %s", c.month, got, c.next)
		}
		if got := c.next.Previous(); got != c.month {
			t.Errorf("before %s comes %s, want %s", c.next, got, c.month)
		}
		if c.month >= c.next {
			t.Errorf("%s does not compare below %s", c.month, c.next)
		}
	}
}
