package billing

import (
	"errors"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
)

func TestDueAt(t *testing.T) {
	zone := func(name string) *time.Location {
		l, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	weekday := func(at time.Time) bool { return at.Weekday() != time.Saturday && at.Weekday() != time.Sunday }
	for _, c := range []struct {
		name, terms, issued, zone, want string
	}{
		{"30 days of the calendar (R-BILL-04)", "30 calendar days", "2026-04-06T08:00:00Z", "UTC", "2026-05-06"},
		{"none: the day itself", "0 calendar days", "2026-04-06T08:00:00Z", "UTC", "2026-04-06"},
		{"over a leap day", "30 calendar days", "2028-02-06T00:00:00Z", "UTC", "2028-03-07"},
		{"business days over a weekend", "5 business days", "2026-04-06T08:00:00Z", "UTC", "2026-04-13"},
		{"from a Saturday", "1 business day", "2026-06-06T08:00:00Z", "UTC", "2026-06-08"},
		{"20 business days", "20 business days", "2026-04-06T08:00:00Z", "UTC", "2026-05-04"},
		{"end of month", "end of month", "2026-04-06T08:00:00Z", "UTC", "2026-04-30"},
		{"end of a short month", "end of month", "2026-02-06T08:00:00Z", "UTC", "2026-02-28"},
		{"end of month and a half", "end of month + 15 days", "2026-02-06T08:00:00Z", "UTC", "2026-03-15"},
		{"the day is the customer's", "1 calendar day", "2026-04-06T20:00:00Z", "Asia/Tokyo", "2026-04-08"},
		{"where the clocks go forward", "23 calendar days", "2026-03-06T12:00:00Z", "Europe/Berlin", "2026-03-29"},
		{"where midnight is left out the next day", "29 calendar days", "2026-08-07T12:00:00Z", "America/Santiago", "2026-09-05"},
	} {
		terms, err := account.ParseTerms(c.terms)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		issued, err := time.Parse(time.RFC3339, c.issued)
		if err != nil {
			t.Fatal(err)
		}
		l := zone(c.zone)
		got := DueAt(terms, issued, l, weekday)
		if day := got.In(l).Format(time.DateOnly); day != c.want {
			t.Errorf("%s: got %s, want %s", c.name, day, c.want)
		}
		if next := got.Add(time.Microsecond).In(l).Format(time.DateOnly); next == c.want {
			t.Errorf("%s: got %s, want the last instant of the day", c.name, got.In(l))
		}
	}
}

func TestBusinessDaysThatNeverCome(t *testing.T) {
	never := func(time.Time) bool { return false }
	got := DueAt(account.Terms{Days: 3, Business: true}, marchSix, time.UTC, never)
	if got.Before(marchSix) || got.After(marchSix.AddDate(20, 0, 0)) {
		t.Errorf("got %s, want an end", got)
	}
}

func TestOverdueBills(t *testing.T) {
	due := time.Date(2026, 5, 6, 23, 59, 59, 999999000, time.UTC)
	for _, c := range []struct {
		name string
		bill Bill
		now  time.Time
		want bool
	}{
		{"on its due day", Bill{DueAt: due, Open: usdOf(1)}, due, false},
		{"after it", Bill{DueAt: due, Open: usdOf(1)}, due.Add(time.Microsecond), true},
		{"paid", Bill{DueAt: due, Open: usdOf(0)}, due.AddDate(1, 0, 0), false},
		{"collected by itself", Bill{Open: usdOf(1)}, due.AddDate(1, 0, 0), false},
	} {
		if got := c.bill.IsOverdue(c.now); got != c.want {
			t.Errorf("%s: got overdue %t, want %t", c.name, got, c.want)
		}
	}
}

func TestWithdrawalsAreDescribed(t *testing.T) {
	good := Withdrawal{Amount: usdOf(100), Recipient: "Example Works, SG12 3456", Reason: "contract ended"}
	for _, c := range []struct {
		name   string
		change func(*Withdrawal)
		want   error
	}{
		{"as it should be", func(*Withdrawal) {}, nil},
		{"nothing", func(w *Withdrawal) { w.Amount = usdOf(0) }, ErrWithdrawalInvalid},
		{"less than nothing", func(w *Withdrawal) { w.Amount = usdOf(-1) }, ErrWithdrawalInvalid},
		{"another currency", func(w *Withdrawal) { w.Amount.Currency = "EUR" }, account.ErrCurrencyMismatch},
		{"to nobody", func(w *Withdrawal) { w.Recipient = " " }, ErrWithdrawalInvalid},
		{"for no reason", func(w *Withdrawal) { w.Reason = "" }, ErrWithdrawalInvalid},
	} {
		w := good
		c.change(&w)
		if got := w.Check("USD"); !errors.Is(got, c.want) || c.want == nil && got != nil {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if err := WithdrawalTable.Check(WithdrawalProposed); err != nil {
		t.Error(err)
	}
}
