package stripe

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/money"
)

func TestUnits(t *testing.T) {
	tests := []struct {
		decimal  string
		currency money.Currency
		units    int64 // Stripe's
	}{
		{"10.99", "USD", 1099},
		{"500", "JPY", 500},
		{"5", "ISK", 500},
		{"1000", "UGX", 100000},
		{"2000.00", "MGA", 2000},
		{"5.120", "KWD", 5120},
		{"175.45", "HUF", 17545},
		{"800.45", "TWD", 80045},
		{"9999999999.99", "IDR", 999999999999},
	}
	for _, tt := range tests {
		a, err := money.ParseAmount(tt.decimal, tt.currency)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := toStripe(a); err != nil || got != tt.units {
			t.Errorf("%s to Stripe: got %d, %v, want %d", a, got, err, tt.units)
		}
		if got, err := amountOf(tt.units, string(tt.currency)); err != nil || got != a {
			t.Errorf("%d %s from Stripe: got %s, %v, want %s", tt.units, tt.currency, got, err, a)
		}
	}
}

func TestUnitsRefused(t *testing.T) {
	for _, a := range []money.Amount{
		{Minor: 5124, Currency: "KWD"},              // the last digit is 0
		{Minor: 200050, Currency: "MGA"},            // no decimals
		{Minor: 0, Currency: "USD"},                 //
		{Minor: -100, Currency: "USD"},              //
		{Minor: 100_000_000, Currency: "USD"},       // nine digits
		{Minor: 1_000_000_000_000, Currency: "IDR"}, // thirteen digits
		{Minor: 1_000_000, Currency: "ISK"},         // nine digits at Stripe
		{Minor: 100, Currency: "XAU"},               // not money
		{Minor: 100, Currency: "IQD"},               // not offered
		{Minor: 100},                                // no currency
	} {
		if got, err := toStripe(a); err == nil {
			t.Errorf("%s: got %d, want an error", a, got)
		}
	}
	if got, err := amountOf(550, "ISK"); err == nil {
		t.Errorf("550 of Stripe's ISK: got %s, want an error", got)
	}
}

func TestLimits(t *testing.T) {
	p, _ := plugged(t)
	tests := []struct {
		currency         money.Currency
		minimum, maximum string
		step             int64
	}{
		{"USD", "0.50", "999999.99", 1},
		{"MYR", "2.00", "999999.99", 1},
		{"JPY", "50", "999999999", 1},
		{"HUF", "175.00", "9999999.99", 1},
		{"ISK", "200", "999999", 1},
		{"MGA", "5000.00", "99999999.00", 100},
		{"KWD", "0.500", "99999.990", 10},
		{"COP", "5000.00", "99999999.99", 1},
		{"IDR", "20000.00", "9999999999.99", 1},
	}
	for _, tt := range tests {
		got, ok := p.Limits(tt.currency)
		if !ok || got.Minimum.Decimal() != tt.minimum || got.Maximum.Decimal() != tt.maximum || got.Step != tt.step {
			t.Errorf("%s: got %v to %v by %d, %v; want %s to %s by %d", tt.currency, got.Minimum, got.Maximum, got.Step, ok, tt.minimum, tt.maximum, tt.step)
		}
	}
	if _, ok := p.Limits("XAU"); ok {
		t.Error("gold is offered, want not")
	}
}

// Every bound can itself be charged, and comes back as it went.
func TestLimitsCanBeCharged(t *testing.T) {
	p, _ := plugged(t)
	for c := range minimums {
		if !c.Valid() {
			t.Errorf("%s: not a currency of ours", c)
			continue
		}
		l, _ := p.Limits(c)
		if l.Minimum.Cmp(l.Maximum) > 0 {
			t.Errorf("%s: minimum %s is above maximum %s", c, l.Minimum, l.Maximum)
		}
		for _, a := range []money.Amount{l.Minimum, l.Maximum, {Minor: l.Minimum.Minor + l.Step, Currency: c}} {
			units, err := toStripe(a)
			if err != nil {
				t.Errorf("%s: %v", a, err)
				continue
			}
			if back, err := amountOf(units, string(c)); err != nil || back != a {
				t.Errorf("%s: came back as %s, %v", a, back, err)
			}
		}
	}
	for c := range specials {
		if _, ok := minimums[c]; !ok {
			t.Errorf("%s is special and not offered", c)
		}
	}
}
