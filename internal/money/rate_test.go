package money_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/bursar-pay/bursar/internal/money"
)

func TestParseRate(t *testing.T) {
	for _, c := range []struct {
		text string
		err  error
	}{
		{"0", nil},
		{"0.19", nil},
		{"0.190", nil},
		{"15723.4567", nil},
		{"999999999999999999.999999999999999999", nil},
		{"1000000000000000000", money.ErrRate},
		{"0.0000000000000000001", money.ErrRate},
		{"-0.19", money.ErrRate},
		{"1.9E-1", money.ErrRate},
		{"19%", money.ErrRate},
		{".19", money.ErrRate},
		{"", money.ErrRate},
		{"NaN", money.ErrRate},
		{"0,19", money.ErrRate},
	} {
		got, err := money.ParseRate(c.text)
		if !errors.Is(err, c.err) {
			t.Errorf("%q: got %v, want %v", c.text, err, c.err)
		}
		if err == nil && got.String() != c.text {
			t.Errorf("%q: got %q, want it as it was written", c.text, got)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		name   string
		amount money.Amount
		rate   string
		step   int64
		want   string
	}{
		{"a tax", usd(1000), "0.19", 1, "1.90 USD"},
		{"down", usd(1002), "0.05", 1, "0.50 USD"},
		{"half goes up", usd(1010), "0.05", 1, "0.51 USD"},
		{"half goes away from zero", usd(-1010), "0.05", 1, "-0.51 USD"},
		{"just under half", usd(1), "0.499999999999999999", 1, "0.00 USD"},
		{"no rate", usd(1010), "0", 1, "0.00 USD"},
		{"to five cents", usd(1234), "1", 5, "12.35 USD"},
		{"to three cents, half", usd(100), "0.015", 3, "0.03 USD"},
		{"to an even step, half", usd(5), "1", 10, "0.10 USD"},
		{"to an even step, half, negative", usd(-5), "1", 10, "-0.10 USD"},
		{"to a whole unit", usd(149), "1", 100, "1.00 USD"},
		{"yen", money.Amount{Minor: 105, Currency: "JPY"}, "0.1", 1, "11 JPY"},
		{"a large one", usd(minorMax), "0.999999999999999999", 1, "10000000000000.00 USD"},
		{"a large rate", usd(1), "999999999999999", 1, "9999999999999.99 USD"},
	} {
		rate := mustRate(t, c.rate)
		got, err := c.amount.Times(rate, c.step)
		if err != nil || got.String() != c.want {
			t.Errorf("%s: got %v, %v, want %s", c.name, got, err, c.want)
		}
	}
}

func TestTimesRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		amount money.Amount
		rate   string
		step   int64
		err    error
	}{
		{"too large a product", usd(minorMax), "1.1", 1, money.ErrOutOfRange},
		{"a product beyond an int64", usd(minorMax), "999999999999999999", 1, money.ErrOutOfRange},
		{"an absurd amount", usd(minorMax + 1), "0", 1, money.ErrOutOfRange},
		{"no step", usd(1), "1", 0, money.ErrStep},
		{"an absurd step", usd(1), "1", 1 << 62, money.ErrStep},
	} {
		if got, err := c.amount.Times(mustRate(t, c.rate), c.step); !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, %v, want %v", c.name, got, err, c.err)
		}
	}
}

func TestTimesRoundsAsDecimalsDo(t *testing.T) {
	halfUp := apd.BaseContext.WithPrecision(200)
	halfUp.Rounding = apd.RoundHalfUp
	rapid.Check(t, func(t *rapid.T) {
		amount := usd(rapid.Int64Range(-1_000_000_000, 1_000_000_000).Draw(t, "minor"))
		text := rapid.StringMatching(`[0-9]\.[0-9]{1,6}`).Draw(t, "rate")
		places := rapid.Int32Range(0, 3).Draw(t, "places") // a step of 1, 10, 100, 1000
		rate, err := money.ParseRate(text)
		if err != nil {
			t.Fatal(err)
		}
		var want apd.Decimal
		if _, err := halfUp.Mul(&want, apd.New(amount.Minor, 0), bigText(t, text)); err != nil {
			t.Fatal(err)
		}
		if _, err := halfUp.Quantize(&want, &want, places); err != nil {
			t.Fatal(err)
		}
		step := int64(1)
		for range places {
			step *= 10
		}
		got, err := amount.Times(rate, step)
		if err != nil || apd.New(got.Minor, 0).Cmp(&want) != 0 {
			t.Fatalf("%v times %s by %d: got %v, %v, want %s", amount, text, step, got, err, &want)
		}
	})
}

func TestRateInText(t *testing.T) {
	var tax struct{ Rate money.Rate }
	if err := json.Unmarshal([]byte(`{"Rate":"0.190"}`), &tax); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(tax)
	if got, want := string(text), `{"Rate":"0.190"}`; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if err := json.Unmarshal([]byte(`{"Rate":"19%"}`), &tax); !errors.Is(err, money.ErrRate) {
		t.Errorf("19%%: got %v, want %v", err, money.ErrRate)
	}
	var zero money.Rate
	if !zero.IsZero() || zero.String() != "0" || !zero.Equal(mustRate(t, "0.00")) || zero.Cmp(tax.Rate) != -1 {
		t.Errorf("zero rate: got %s, want it to be 0 and less than %s", zero, tax.Rate)
	}
}

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

func mustRate(t *testing.T, text string) money.Rate {
	t.Helper()
	r, err := money.ParseRate(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}
