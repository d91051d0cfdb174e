package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

// withoutPayPalHold is the built-in policy as one was written before there was the
// hold, with some of its text replaced as with does.
func withoutPayPalHold(t *testing.T, oldAndNew ...string) policy.Policy {
	t.Helper()
	text := document(t, oldAndNew...)
	from, to := strings.Index(text, "# With PayPal preferred"), strings.Index(text, "# 3-D Secure. What")
	if from < 0 || to < from {
		t.Fatal("the built-in policy has no PayPal hold before 3-D Secure")
	}
	p, err := policy.Parse([]byte(text[:from]+text[to:]), "before")
	if err != nil {
		t.Fatalf("the document is refused: %v", err)
	}
	return p
}

func TestExposureHold(t *testing.T) { // R-PP-07
	high := with(t, "[10.00 from 0.00, ", "[", "{least: 8.00, start: 8.00, most: 500.00}", "{least: 8.00, start: 8.00, most: 500.00}\n    JPY: {least: 800, start: 800, most: 50000}",
		"  release_after: 30d              # without", "    JPY: [1500 from 0]\n  release_after: 30d # without")
	cases := []struct {
		name      string
		policy    policy.Policy
		currency  money.Currency
		lastMonth string
		want      string // "" none
	}{
		{"no usage", policy.BuiltIn(), "USD", "0.00", "10.00"},
		{"a credit", policy.BuiltIn(), "USD", "-250.00", "10.00"},
		{"a cent before the second step", policy.BuiltIn(), "USD", "99.99", "10.00"},
		{"the second step", policy.BuiltIn(), "USD", "100.00", "15.00"},
		{"a cent before the third step", policy.BuiltIn(), "USD", "499.99", "15.00"},
		{"the third step", policy.BuiltIn(), "USD", "500.00", "35.00"},
		{"the fourth step", policy.BuiltIn(), "USD", "1000.00", "50.00"},
		{"far beyond", policy.BuiltIn(), "USD", "9999999.99", "50.00"},
		{"another currency", policy.BuiltIn(), "EUR", "1000.00", ""},
		{"before the first step", high, "USD", "99.99", ""},
		{"from the first step on", high, "USD", "100.00", "15.00"},
		{"without decimals", high, "JPY", "0", "1500"},
		{"a policy from before there were holds", withoutPayPalHold(t), "USD", "500.00", "35.00"},
		{"the demonstration's", policy.Demo(), "USD", "0.00", "10.00"},
	}
	for _, c := range cases {
		got, ok := c.policy.ExposureHold(c.currency, amount(t, c.lastMonth, c.currency))
		want := money.Amount{}
		if c.want != "" {
			want = amount(t, c.want, c.currency)
		}
		if got != want || ok != (c.want != "") {
			t.Errorf("%s: got %v, %t; want %q", c.name, got, ok, c.want)
		}
	}
	if got, ok := policy.BuiltIn().ExposureHold("USD", money.Amount{}); !ok || got != amount(t, "10.00", "USD") {
		t.Errorf("no month was billed yet: got %v, %t; want 10.00", got, ok)
	}
}

func TestExposureReleaseAfter(t *testing.T) { // R-PP-08
	cases := []struct {
		name   string
		policy policy.Policy
		want   time.Duration
	}{
		{"built in", policy.BuiltIn(), 30 * 24 * time.Hour},
		{"a policy from before there were holds", withoutPayPalHold(t), 30 * 24 * time.Hour},
		{"its own", with(t, "release_after: 30d              # without", "release_after: 90m # without"), 90 * time.Minute},
	}
	for _, c := range cases {
		if got := c.policy.ExposureReleaseAfter; got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDiffTellsThePayPalHold(t *testing.T) {
	checkChanges(t, policy.Diff(policy.BuiltIn(), withoutPayPalHold(t)), nil)
	changed := with(t, "35.00 from 500.00, 50.00 from 1000.00]", "20.00 from 500.00]", "release_after: 30d              # without", "release_after: 7d # without")
	checkChanges(t, policy.Diff(policy.BuiltIn(), changed), []string{
		"the PayPal hold for running usage in USD changes from 10.00 from 0.00, 15.00 from 100.00, 35.00 from 500.00, 50.00 from 1000.00 to 10.00 from 0.00, 15.00 from 100.00, 20.00 from 500.00",
		"the time without usage until a PayPal hold is released changes from 30d to 7d",
	})
	off := with(t, "  sizes:                          # by what the account used in its last billed month, before tax\n    USD: [10.00 from 0.00, 15.00 from 100.00, 35.00 from 500.00, 50.00 from 1000.00]\n", "  sizes: {}\n")
	checkChanges(t, policy.Diff(policy.BuiltIn(), off), []string{
		"the PayPal hold for running usage in USD goes, which was 10.00 from 0.00, 15.00 from 100.00, 35.00 from 500.00, 50.00 from 1000.00",
	})
}

func TestOffersTellThePayPalHold(t *testing.T) {
	cases := []struct {
		name   string
		region policy.Region
		credit bool
		used   money.Amount
		want   money.Amount
	}{
		{"no month billed", policy.Other, false, money.Amount{}, amount(t, "10.00", "USD")},
		{"by the last month", policy.Other, false, amount(t, "700.00", "USD"), amount(t, "35.00", "USD")},
		{"where PayPal is not offered", policy.EU, false, amount(t, "700.00", "USD"), money.Amount{}},
		{"on credit", policy.Other, true, amount(t, "700.00", "USD"), money.Amount{}},
	}
	for _, c := range cases {
		offers := policy.BuiltIn().Offers(policy.OfferFacts{Region: c.region, Kind: account.Enterprise, Credit: c.credit,
			HoldMinimum: amount(t, "0.50", "USD"), Factor: 10_000, PayPalFactor: 10_000, Step: 1, LastMonth: c.used})
		for _, o := range offers {
			want := money.Amount{}
			if o.Kind == policy.PayPal {
				want = c.want
			}
			if o.Exposure != want {
				t.Errorf("%s: the hold for usage on %s is %v, want %v", c.name, o.Kind, o.Exposure, want)
			}
		}
	}
}

func TestMayKeepMethod(t *testing.T) { // R-ELIG-04
	card := goodCard()
	prepaid := card
	prepaid.Funding = payment.PrepaidFunding
	cases := []struct {
		name     string
		region   policy.Region
		currency money.Currency
		method   payment.Method
		want     string
	}{
		{"card", policy.EU, "EUR", payment.Method{Kind: payment.CardKind, Card: card}, ""},
		{"prepaid card", policy.EU, "EUR", payment.Method{Kind: payment.CardKind, Card: prepaid}, "card_prepaid"},
		{"PayPal", policy.Other, "USD", payment.Method{Kind: payment.PayPalKind, Card: payment.Card{Country: "JP"}}, ""},
		{"PayPal, payer's country not known", policy.Other, "USD", payment.Method{Kind: payment.PayPalKind}, ""},
		{"PayPal of mainland China", policy.Other, "USD", payment.Method{Kind: payment.PayPalKind, Card: payment.Card{Country: "CN"}}, "payer_country_blocked"},
		{"PayPal in the EU", policy.EU, "USD", payment.Method{Kind: payment.PayPalKind}, "method_not_available"},
		{"PayPal in another currency", policy.Other, "EUR", payment.Method{Kind: payment.PayPalKind}, "method_not_available"},
	}
	for _, c := range cases {
		if got := codes(policy.BuiltIn().MayKeepMethod(c.region, c.currency, c.method)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
