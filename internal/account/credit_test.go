package account_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
)

func TestTermsAreReadAndWritten(t *testing.T) {
	for _, c := range []struct {
		text string
		want account.Terms
	}{
		{"30 calendar days", account.Terms{Days: 30}},
		{"1 calendar day", account.Terms{Days: 1}},
		{"0 calendar days", account.Terms{}},
		{"20 business days", account.Terms{Days: 20, Business: true}},
		{"End of  Month", account.Terms{EndOfMonth: true}},
		{"end of month + 15 days", account.Terms{EndOfMonth: true, Days: 15}},
		{"end of month + 15", account.Terms{EndOfMonth: true, Days: 15}},
	} {
		got, err := account.ParseTerms(c.text)
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v and %v, want %+v", c.text, got, err, c.want)
		}
		if again, err := account.ParseTerms(got.String()); err != nil || again != got {
			t.Errorf("%s: got %+v and %v from what it is written as, want the same", c.text, again, err)
		}
	}
	for _, text := range []string{"", "30", "30 days", "-1 calendar days", "367 calendar days", "1000 calendar days", "end of month + -1", "end of month - 5", "30 business days + 1", "30 calendar days\n"} {
		if got, err := account.ParseTerms(text); !errors.Is(err, account.ErrTerms) && strings.TrimSpace(text) != "30 calendar days" {
			t.Errorf("%q: got %+v and %v, want %v", text, got, err, account.ErrTerms)
		}
	}
}

func TestCreditLinesAreDescribed(t *testing.T) {
	good := account.CreditLine{Kind: account.OpenCredit, Limit: money.Amount{Minor: 100_000, Currency: "USD"}, Terms: account.Terms{Days: 30}, Reason: "annual contract"}
	for _, c := range []struct {
		name   string
		change func(*account.CreditLine)
		want   error
	}{
		{"as it should be", func(*account.CreditLine) {}, nil},
		{"to be closed", func(l *account.CreditLine) { l.Kind, l.Limit = account.CloseCredit, money.Amount{Currency: "USD"} }, nil},
		{"for no reason (R-CRED-04)", func(l *account.CreditLine) { l.Reason = "  " }, account.ErrCreditInvalid},
		{"for too many reasons", func(l *account.CreditLine) { l.Reason = strings.Repeat("x", 501) }, account.ErrCreditInvalid},
		{"of nothing", func(l *account.CreditLine) { l.Limit.Minor = 0 }, account.ErrCreditInvalid},
		{"below nothing", func(l *account.CreditLine) { l.Limit.Minor = -1 }, account.ErrCreditInvalid},
		{"in another currency", func(l *account.CreditLine) { l.Limit.Currency = "EUR" }, account.ErrCurrencyMismatch},
		{"with terms that nobody keeps", func(l *account.CreditLine) { l.Terms.Days = 400 }, account.ErrTerms},
		{"of no kind", func(l *account.CreditLine) { l.Kind = "raise" }, account.ErrCreditInvalid},
	} {
		l := good
		c.change(&l)
		if got := l.Check("USD"); !errors.Is(got, c.want) || c.want == nil && got != nil {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if err := account.CreditTable.Check(account.CreditProposed); err != nil {
		t.Error(err)
	}
	if account.CheckNote(strings.Repeat("x", 501)) == nil {
		t.Error("a note of 501 bytes is kept, want it refused")
	}
}
