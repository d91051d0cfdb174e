package policy_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/policy"
)

func amount(t *testing.T, decimal string, c money.Currency) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(decimal, c)
	if err != nil {
		t.Fatalf("%s %s: %v", decimal, c, err)
	}
	return a
}

func TestAmountsPerCurrency(t *testing.T) {
	cases := []struct {
		name            string
		currency        money.Currency
		hold, threshold string
	}{
		{"own amounts", "USD", "1.00", "1000.00"},
		{"own hold, threshold by decimals", "MYR", "1.00", "1000.00"},
		{"own amounts, large numbers", "IDR", "10000.00", "16000000.00"},
		{"own amounts without decimals", "KRW", "1000", "1300000"},
		{"by 2 decimals", "EUR", "1.00", "1000.00"},
		{"by 0 decimals", "JPY", "100", "100000"},
		{"by 3 decimals", "KWD", "1.000", "300.000"},
		{"by 4 decimals", "CLF", "1.0000", "30.0000"},
	}
	p := policy.BuiltIn()
	for _, c := range cases {
		hold := p.Hold(c.currency, money.Amount{Minor: 1, Currency: c.currency})
		if want := amount(t, c.hold, c.currency); hold != want {
			t.Errorf("%s: the hold is %s, want %s", c.name, hold, want)
		}
		threshold, ok := p.Threshold(policy.Card, c.currency)
		want := amount(t, c.threshold, c.currency)
		if !ok || threshold != (policy.ThresholdRange{Least: want, Start: want, Most: want}) {
			t.Errorf("%s: the threshold is %v (%t), want %s", c.name, threshold, ok, want)
		}
	}
}

func TestHoldIsNeverUnderTheProvidersMinimum(t *testing.T) {
	cases := []struct{ name, minimum, want string }{
		{"under", "0.50", "1.00"},
		{"same", "1.00", "1.00"},
		{"over", "2.00", "2.00"},
	}
	for _, c := range cases {
		if got := policy.BuiltIn().Hold("MYR", amount(t, c.minimum, "MYR")); got != amount(t, c.want, "MYR") {
			t.Errorf("minimum %s the hold: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestThresholdOfOtherKinds(t *testing.T) {
	p := policy.BuiltIn()
	got, ok := p.Threshold(policy.PayPal, "USD")
	want := policy.ThresholdRange{Least: amount(t, "8.00", "USD"), Start: amount(t, "8.00", "USD"), Most: amount(t, "500.00", "USD")}
	if !ok || got != want {
		t.Errorf("PayPal in USD: got %v (%t), want %v", got, ok, want)
	}
	if _, ok := p.Threshold(policy.PayPal, "EUR"); ok {
		t.Error("PayPal in EUR has a threshold, want none")
	}
	if _, ok := p.Threshold(policy.BankTransfer, "USD"); ok {
		t.Error("bank transfer has a threshold, want none")
	}
}

func TestCarryBelow(t *testing.T) {
	p := policy.BuiltIn()
	cases := []struct {
		name          string
		currency      money.Currency
		minimum, want string
	}{
		{"own", "JPY", "1", "10"},
		{"provider's", "JPY", "50", "50"},
		{"none but the provider's", "USD", "0.50", "0.50"},
	}
	for _, c := range cases {
		if got := p.CarryBelow(c.currency, amount(t, c.minimum, c.currency)); got != amount(t, c.want, c.currency) {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
