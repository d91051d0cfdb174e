package policy_test

import (
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/policy"
)

// moving is the built-in policy with its commented example, and other steps for PayPal.
func moving(t *testing.T) policy.Policy {
	t.Helper()
	text := policy.BuiltIn().Document
	from, to := strings.Index(text, "#    moves:"), strings.Index(text, "  paypal:   ")
	if from < 0 || to < from {
		t.Fatal("the built-in policy has no example of moves before PayPal's thresholds")
	}
	text = text[:from] + strings.ReplaceAll(text[from:to], "#    ", "    ") + text[to:]
	text = strings.Replace(text, "{raise_after: 3, raise_by: 50%, lower_by: 50%}", "{raise_after: 2, raise_by: 200%, lower_by: 10%}", 1)
	p, err := policy.Parse([]byte(text), "moving")
	if err != nil {
		t.Fatalf("the document is refused: %v", err)
	}
	return p
}

// payPalMoves is the line of the built-in policy that lets PayPal's thresholds move.
const payPalMoves = "    moves: {raise_after: 3, raise_by: 50%, lower_by: 50%}  # as those of cards; leave out and it stays where it starts\n"

func TestMoves(t *testing.T) {
	p := moving(t)
	card := policy.Moves{RaiseAfter: 3, RaiseBy: 5_000, LowerBy: 5_000, Least: 5_000, Most: 40_000}
	cases := []struct {
		name     string
		policy   policy.Policy
		kind     policy.Kind
		currency money.Currency
		want     policy.Moves
		moves    bool
	}{
		{"card", p, policy.Card, "USD", card, true},
		{"card, another currency", p, policy.Card, "JPY", card, true},
		{"PayPal, within its currency's amounts", p, policy.PayPal, "USD", policy.Moves{RaiseAfter: 2, RaiseBy: 20_000, LowerBy: 1_000, Least: 10_000, Most: 625_000}, true},
		{"PayPal, where it is not offered", p, policy.PayPal, "EUR", policy.Moves{}, false},
		{"transfer", p, policy.BankTransfer, "USD", policy.Moves{}, false},
		{"card, built in", policy.BuiltIn(), policy.Card, "USD", policy.Moves{}, false},
		{"PayPal, built in", policy.BuiltIn(), policy.PayPal, "USD", policy.Moves{RaiseAfter: 3, RaiseBy: 5_000, LowerBy: 5_000, Least: 10_000, Most: 625_000}, true},
		{"PayPal, demonstration", policy.Demo(), policy.PayPal, "USD", policy.Moves{RaiseAfter: 3, RaiseBy: 5_000, LowerBy: 5_000, Least: 10_000, Most: 625_000}, true},
		{"PayPal, fixed", with(t, payPalMoves, ""), policy.PayPal, "USD", policy.Moves{}, false},
	}
	for _, c := range cases {
		if got, moves := c.policy.Moves(c.kind, c.currency); got != c.want || moves != c.moves {
			t.Errorf("%s: got %+v, %t; want %+v, %t", c.name, got, moves, c.want, c.moves)
		}
	}
	want := policy.ThresholdRange{Least: amount(t, "500.00", "USD"), Start: amount(t, "1000.00", "USD"), Most: amount(t, "4000.00", "USD")}
	if got, _ := p.Threshold(policy.Card, "USD"); got != want {
		t.Errorf("the range is %v, want %v", got, want)
	}
}

func TestThresholdOf(t *testing.T) { // R-THR-08
	p := moving(t)
	odd := with(t, "USD: 1000.00", "USD: 0.99", "300.000, 4: 30.0000}\n", "0.015, 4: 30.0000}\n    moves: {raise_after: 1, raise_by: 1%, lower_by: 1%, least: 100%, most: 133%}\n")
	cases := []struct {
		name          string
		policy        policy.Policy
		kind          policy.Kind
		currency      money.Currency
		factor, step  int64
		minimum, want string
	}{
		{"where it starts", p, policy.Card, "USD", 10_000, 1, "0.50", "1000.00"},
		{"raised", p, policy.Card, "USD", 15_000, 1, "0.50", "1500.00"},
		{"at the most", p, policy.Card, "USD", 40_000, 1, "0.50", "4000.00"},
		{"above the most", p, policy.Card, "USD", 40_001, 1, "0.50", "4000.00"},
		{"far above the most", p, policy.Card, "USD", 1 << 60, 1, "0.50", "4000.00"},
		{"at the least", p, policy.Card, "USD", 5_000, 1, "0.50", "500.00"},
		{"below the least", p, policy.Card, "USD", 4_999, 1, "0.50", "500.00"},
		{"never under the provider's minimum", p, policy.Card, "USD", 5_000, 1, "700.00", "700.00"},
		{"without decimals", p, policy.Card, "JPY", 15_000, 1, "50", "150000"},
		{"three decimals, by the step", p, policy.Card, "KWD", 10_001, 10, "0.150", "300.030"},
		{"rounded down to the step", p, policy.Card, "KWD", 10_001, 50, "0.150", "300.000"},
		{"rounded down to the minor unit", odd, policy.Card, "USD", 13_299, 1, "0.50", "1.31"},
		{"the step, but never under the least", odd, policy.Card, "KWD", 10_000, 10, "0.000", "0.015"},
		{"PayPal", p, policy.PayPal, "USD", 30_000, 1, "0.50", "24.00"},
		{"PayPal at the most", p, policy.PayPal, "USD", 625_000, 1, "0.50", "500.00"},
		{"PayPal below the least", p, policy.PayPal, "USD", 5_000, 1, "0.50", "8.00"},
		{"PayPal, built in, raised once", policy.BuiltIn(), policy.PayPal, "USD", 15_000, 1, "0.50", "12.00"},
		{"PayPal, built in, as low as it goes", policy.BuiltIn(), policy.PayPal, "USD", 5_000, 1, "0.50", "8.00"},
		{"PayPal, built in, as high as it goes", policy.BuiltIn(), policy.PayPal, "USD", 1_000_000, 1, "0.50", "500.00"},
		{"a provider that told no step", p, policy.Card, "KWD", 10_001, 0, "0.150", "300.030"},
		{"fixed: the factor does not count", policy.BuiltIn(), policy.Card, "USD", 40_000, 1, "0.50", "1000.00"},
	}
	for _, c := range cases {
		got, ok := c.policy.ThresholdOf(c.kind, policy.ThresholdFacts{Factor: c.factor, Step: c.step, Minimum: amount(t, c.minimum, c.currency)})
		if !ok || got != amount(t, c.want, c.currency) {
			t.Errorf("%s: got %v (%t), want %s", c.name, got, ok, c.want)
		}
	}
	for kind, c := range map[policy.Kind]money.Currency{policy.BankTransfer: "USD", policy.PayPal: "EUR"} {
		if _, ok := p.ThresholdOf(kind, policy.ThresholdFacts{Factor: 10_000, Step: 1, Minimum: amount(t, "0.50", c)}); ok {
			t.Errorf("%s in %s has a threshold, want none", kind, c)
		}
	}
}

func TestPayPalMovesAreBoundedAtTheExtremes(t *testing.T) {
	p := with(t, payPalMoves, "    moves: {raise_after: 1, raise_by: 10000%, lower_by: 1%}\n", "    USD: {least: 8.00, start: 8.00, most: 500.00}",
		"    USD: {least: 0.01, start: 0.01, most: 9999999999999.99}\n    EUR: {least: 0.01, start: 9999999999999.99, most: 9999999999999.99}\n    GBP: {least: 3.00, start: 7.00, most: 11.00}")
	cases := []struct {
		currency    money.Currency
		least, most int64
	}{
		{"USD", 10_000, 1_000_000},
		{"EUR", 0, 10_000},
		{"GBP", 4_285, 15_715},
	}
	for _, c := range cases {
		if m, _ := p.Moves(policy.PayPal, c.currency); m.Least != c.least || m.Most != c.most {
			t.Errorf("%s: within %d and %d, want %d and %d", c.currency, m.Least, m.Most, c.least, c.most)
		}
	}
	for factor, want := range map[int64]string{4_285: "3.00", 15_715: "11.00", 10_000: "7.00"} {
		got, _ := p.ThresholdOf(policy.PayPal, policy.ThresholdFacts{Factor: factor, Step: 1, Minimum: amount(t, "0.30", "GBP")})
		if got.Decimal() != want {
			t.Errorf("factor %d: got %v, want %s", factor, got, want)
		}
	}
}

func TestOffersTellTheAccountsOwnThreshold(t *testing.T) {
	facts := policy.OfferFacts{Region: policy.Other, Kind: account.Enterprise, HoldMinimum: amount(t, "0.50", "USD"), Factor: 15_000, PayPalFactor: 30_000, Step: 1}
	offers := moving(t).Offers(facts)
	within := func(least, own, most string) policy.ThresholdRange {
		return policy.ThresholdRange{Least: amount(t, least, "USD"), Start: amount(t, own, "USD"), Most: amount(t, most, "USD")}
	}
	if got, want := offers[0].Threshold, within("500.00", "1500.00", "4000.00"); got != want {
		t.Errorf("card: got %v, want %v", got, want)
	}
	if got, want := offers[1].Threshold, within("8.00", "24.00", "500.00"); got != want {
		t.Errorf("PayPal: got %v, want %v", got, want)
	}
	facts.Credit = true
	if got := moving(t).Offers(facts)[0].Threshold; got != (policy.ThresholdRange{}) {
		t.Errorf("on credit: got %v, want none (R-THR-09)", got)
	}
}

func TestDiffTellsMoves(t *testing.T) {
	checkChanges(t, policy.Diff(with(t, payPalMoves, ""), moving(t)), []string{
		"the rule that moves card thresholds is new: up by 50% after 3 debts in a row that were paid at once, down by 50% at a refusal, within 50% and 400%",
		"the rule that moves PayPal thresholds is new: up by 200% after 2 debts in a row that were paid at once, down by 10% at a refusal",
	})
}

func TestAThresholdByDecimalsAloneIsWorthSomething(t *testing.T) {
	for _, c := range []struct {
		currency money.Currency
		minimum  int64
		want     string
	}{
		{"USD", 50, "1000.00"},         // its own
		{"COP", 500_000, "5000000.00"}, // 1,000.00 would be a quarter of a dollar
		{"AUD", 50, "1000.00"},
	} {
		got, ok := policy.BuiltIn().ThresholdOf(policy.Card, policy.ThresholdFacts{Factor: 10_000, Step: 1, Minimum: money.Amount{Minor: c.minimum, Currency: c.currency}})
		if !ok || got.Decimal() != c.want {
			t.Errorf("%s: got %s, want %s", c.currency, got.Decimal(), c.want)
		}
	}
}
