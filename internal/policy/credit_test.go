package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

func TestCreditLevels(t *testing.T) {
	p := BuiltIn() // alerts at 20 % and at nothing
	usd := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }
	for _, c := range []struct {
		name             string
		available, limit int64
		want             int
	}{
		{"all of it", 100_000, 100_000, 0},
		{"a cent above a fifth", 20_001, 100_000, 0},
		{"a fifth", 20_000, 100_000, 1},
		{"one cent", 1, 100_000, 1},
		{"nothing", 0, 100_000, 2},
		{"less than nothing", -5_000, 100_000, 2},
		{"more cash than limit", 300_000, 100_000, 0},
		{"a limit beyond all", 1 << 62, 1<<63 - 1, 0},
	} {
		if got := p.CreditLevel(usd(c.available), usd(c.limit)); got != c.want {
			t.Errorf("%s: got level %d, want %d", c.name, got, c.want)
		}
	}
}

func TestCreditSection(t *testing.T) {
	builtIn := BuiltIn().Document
	with := func(section string) string {
		at := strings.Index(builtIn, "\ncredit:")
		end := at + 1 + strings.Index(builtIn[at+1:], "\n\n")
		return builtIn[:at] + section + builtIn[end:]
	}
	p, err := Parse([]byte(with("")), "x")
	if err != nil || p.Credit.RemindBefore != BuiltIn().Credit.RemindBefore {
		t.Errorf("without the section: got %v and %v, want what the built-in one says", p.Credit, err)
	}
	for name, section := range map[string]string{
		"levels that rise":   "\ncredit:\n  alert_at: [10%, 20%]\n  remind_before: 3d",
		"more than a whole":  "\ncredit:\n  alert_at: [120%]\n  remind_before: 3d",
		"a far reminder":     "\ncredit:\n  alert_at: []\n  remind_before: 91d",
		"an unknown field":   "\ncredit:\n  alert_at: []\n  remind_before: 3d\n  limit: 4",
		"half of the fields": "\ncredit:\n  alert_at: []",
	} {
		if _, err := Parse([]byte(with(section)), "x"); len(fault.All(err)) == 0 {
			t.Errorf("%s: got %v, want a fault", name, err)
		}
	}
}

func TestBusinessDaysAreThoseOfTheDay(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	// Monday in Tokyo is still Sunday in UTC, where the policy's calendar is.
	if got := BuiltIn().IsBusinessDay(time.Date(2026, 3, 2, 1, 0, 0, 0, tokyo)); !got {
		t.Error("got Monday in Tokyo as no business day, want one")
	}
}
