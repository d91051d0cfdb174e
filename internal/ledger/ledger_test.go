package ledger_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
)

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

func TestEntries(t *testing.T) {
	owed, err := ledger.OwedForUsage("debt_1", "acct_1", usd(1000), usd(190))
	if err != nil {
		t.Fatal(err)
	}
	untaxed, err := ledger.OwedForUsage("debt_2", "acct_1", usd(1000), usd(0))
	if err != nil {
		t.Fatal(err)
	}
	captured, err := ledger.Captured("pay_1", "acct_1", usd(1190))
	if err != nil {
		t.Fatal(err)
	}
	surplus, err := ledger.Surplus("pay_2", "acct_1", usd(1190))
	if err != nil {
		t.Fatal(err)
	}
	forOrder, err := ledger.CapturedForOrder("pay_3", "acct_1", usd(1190))
	if err != nil {
		t.Fatal(err)
	}
	applied, err := ledger.AppliedToOrder("app_1", "acct_1", usd(400))
	if err != nil {
		t.Fatal(err)
	}
	earned, err := ledger.EarnedByOrder("debt_3", "acct_1", usd(1000), usd(190))
	if err != nil {
		t.Fatal(err)
	}
	released, err := ledger.ReleasedByOrder("debt_4", "acct_1", usd(400))
	if err != nil {
		t.Fatal(err)
	}
	credited, err := ledger.CreditedByOrder("ord_1", "acct_1", usd(100), usd(19))
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name      string
		got, want ledger.Entry
	}{
		{"captured for an order", forOrder, ledger.Entry{Kind: ledger.PaymentCaptured, Account: "acct_1", Subject: "pay_3", Amount: usd(1190), Postings: []ledger.Posting{
			{Ledger: ledger.ProviderReceivable, Amount: usd(1190)},
			{Ledger: ledger.CustomerDeposits, Customer: "acct_1", Amount: usd(-1190)},
		}}},
		{"spent of the balance on an order", applied, ledger.Entry{Kind: ledger.BalanceApplied, Account: "acct_1", Subject: "app_1", Amount: usd(400), Postings: []ledger.Posting{
			{Ledger: ledger.CustomerBalance, Customer: "acct_1", Amount: usd(400)},
			{Ledger: ledger.CustomerDeposits, Customer: "acct_1", Amount: usd(-400)},
		}}},
		{"earned by an order", earned, ledger.Entry{Kind: ledger.OrderEarned, Account: "acct_1", Subject: "debt_3", Amount: usd(1190), Postings: []ledger.Posting{
			{Ledger: ledger.CustomerDeposits, Customer: "acct_1", Amount: usd(1190)},
			{Ledger: ledger.Revenue, Amount: usd(-1000)},
			{Ledger: ledger.TaxPayable, Amount: usd(-190)},
		}}},
		{"released by an order", released, ledger.Entry{Kind: ledger.OrderReleased, Account: "acct_1", Subject: "debt_4", Amount: usd(400), Postings: []ledger.Posting{
			{Ledger: ledger.CustomerDeposits, Customer: "acct_1", Amount: usd(400)},
			{Ledger: ledger.CustomerBalance, Customer: "acct_1", Amount: usd(-400)},
		}}},
		{"credited of an order", credited, ledger.Entry{Kind: ledger.OrderCredited, Account: "acct_1", Subject: "ord_1", Amount: usd(119), Postings: []ledger.Posting{
			{Ledger: ledger.Revenue, Amount: usd(100)},
			{Ledger: ledger.TaxPayable, Amount: usd(19)},
			{Ledger: ledger.CustomerBalance, Customer: "acct_1", Amount: usd(-119)},
		}}},
		{"usage owed", owed, ledger.Entry{Kind: ledger.UsageOwed, Account: "acct_1", Subject: "debt_1", Amount: usd(1190), Postings: []ledger.Posting{
			{Ledger: ledger.CustomerReceivable, Customer: "acct_1", Amount: usd(1190)},
			{Ledger: ledger.Revenue, Amount: usd(-1000)},
			{Ledger: ledger.TaxPayable, Amount: usd(-190)},
		}}},
		{"usage owed without tax", untaxed, ledger.Entry{Kind: ledger.UsageOwed, Account: "acct_1", Subject: "debt_2", Amount: usd(1000), Postings: []ledger.Posting{
			{Ledger: ledger.CustomerReceivable, Customer: "acct_1", Amount: usd(1000)},
			{Ledger: ledger.Revenue, Amount: usd(-1000)},
		}}},
		{"captured", captured, ledger.Entry{Kind: ledger.PaymentCaptured, Account: "acct_1", Subject: "pay_1", Amount: usd(1190), Postings: []ledger.Posting{
			{Ledger: ledger.ProviderReceivable, Amount: usd(1190)},
			{Ledger: ledger.CustomerReceivable, Customer: "acct_1", Amount: usd(-1190)},
		}}},
		{"surplus", surplus, ledger.Entry{Kind: ledger.PaymentSurplus, Account: "acct_1", Subject: "pay_2", Amount: usd(1190), Postings: []ledger.Posting{
			{Ledger: ledger.ProviderReceivable, Amount: usd(1190)},
			{Ledger: ledger.CustomerBalance, Customer: "acct_1", Amount: usd(-1190)},
		}}},
	}
	for _, c := range cases {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("%s differs (-want +got):\n%s", c.name, d)
		}
	}
}

func TestEntriesBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom([]money.Currency{"USD", "JPY", "KWD", "CLF"}).Draw(t, "currency")
		net := money.Amount{Minor: rapid.Int64Range(1, 500_000_000_000_000).Draw(t, "net"), Currency: c}
		tax := money.Amount{Minor: rapid.Int64Range(0, 500_000_000_000_000).Draw(t, "tax"), Currency: c}
		owed, err := ledger.OwedForUsage("debt", "acct", net, tax)
		if err != nil {
			t.Fatal(err)
		}
		captured, err := ledger.Captured("pay", "acct", owed.Amount)
		if err != nil {
			t.Fatal(err)
		}
		surplus, err := ledger.Surplus("pay", "acct", owed.Amount)
		if err != nil {
			t.Fatal(err)
		}
		customer := money.Amount{Currency: c}
		for _, e := range []ledger.Entry{owed, captured, surplus} {
			sum, debits := money.Amount{Currency: c}, money.Amount{Currency: c}
			for _, p := range e.Postings {
				if sum, err = sum.Add(p.Amount); err != nil {
					t.Fatal(err)
				}
				if p.Amount.IsPositive() {
					debits.Minor += p.Amount.Minor
				}
				if p.Amount.IsZero() {
					t.Fatalf("%s posts nothing to %s", e.Kind, p.Ledger)
				}
				if got, want := p.Customer != "", p.Ledger.IsPerCustomer(); got != want {
					t.Fatalf("%s posts to %s with a customer: got %t, want %t", e.Kind, p.Ledger, got, want)
				}
				if p.Ledger == ledger.CustomerReceivable {
					customer.Minor += p.Amount.Minor
				}
			}
			if !sum.IsZero() || debits != e.Amount {
				t.Fatalf("%s: postings sum to %s, debits to %s, want nothing and %s", e.Kind, sum, debits, e.Amount)
			}
		}
		if !customer.IsZero() {
			t.Fatalf("after the capture the customer owes %s, want nothing", customer)
		}
	})
}

func TestEntriesRefuseTwoCurrenciesAndOverflow(t *testing.T) {
	if _, err := ledger.OwedForUsage("debt_1", "acct_1", usd(1000), money.Amount{Minor: 190, Currency: "EUR"}); !errors.Is(err, money.ErrCurrencyMismatch) {
		t.Errorf("two currencies: got %v, want %v", err, money.ErrCurrencyMismatch)
	}
	if _, err := ledger.OwedForUsage("debt_1", "acct_1", usd(1_000_000_000_000_000), usd(1)); !errors.Is(err, money.ErrOutOfRange) {
		t.Errorf("beyond all bounds: got %v, want %v", err, money.ErrOutOfRange)
	}
}

// A booking of nothing, or of less, is our own mistake.
func TestEntriesOfNothingPanic(t *testing.T) {
	cases := []struct {
		name string
		book func() (ledger.Entry, error)
	}{
		{"usage of nothing", func() (ledger.Entry, error) { return ledger.OwedForUsage("debt_1", "acct_1", usd(0), usd(0)) }},
		{"usage below nothing", func() (ledger.Entry, error) { return ledger.OwedForUsage("debt_1", "acct_1", usd(-5), usd(0)) }},
		{"a capture of nothing", func() (ledger.Entry, error) { return ledger.Captured("pay_1", "acct_1", usd(0)) }},
		{"a capture below nothing", func() (ledger.Entry, error) { return ledger.Captured("pay_1", "acct_1", usd(-1)) }},
		{"a surplus of nothing", func() (ledger.Entry, error) { return ledger.Surplus("pay_1", "acct_1", usd(0)) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic, want one")
				}
			}()
			e, err := c.book()
			t.Errorf("got %v, %v, want a panic", e, err)
		})
	}
}

func TestIsPerCustomer(t *testing.T) {
	cases := map[ledger.Account]bool{
		ledger.CustomerReceivable: true,
		ledger.CustomerBalance:    true,
		ledger.ProviderReceivable: false,
		ledger.Revenue:            false,
		ledger.TaxPayable:         false,
		ledger.ProviderFees:       false,
	}
	for a, want := range cases {
		if got := a.IsPerCustomer(); got != want {
			t.Errorf("%s: got %t, want %t", a, got, want)
		}
	}
}
