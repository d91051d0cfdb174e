package statement_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/statement"
)

func TestParseDecimal(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"0", "0"},
		{"0.00", "0.00"},
		{"-0.00", "0.00"},
		{"8.850", "8.850"},
		{"1605", "1605"},
		{"-27.00", "-27.00"},
		{"0.00001", "0.00001"},
		{"-0.05", "-0.05"},
		{".5", "0.5"},
		{"007.10", "7.10"},
		{"999999999999999999", "999999999999999999"},
		{"9999999999999.99999", "9999999999999.99999"},
		{"1.00000000000000000000", "1.000000000000"},
		{"0.000000000001", "0.000000000001"},

		{"", ""},
		{"-", ""},
		{".", ""},
		{"1.", ""},
		{"+1", ""},
		{"--1", ""},
		{"1,00", ""},
		{"1e3", ""},
		{"1.2.3", ""},
		{" 1", ""},
		{"١", ""},
		{"0.0000000000001", ""},
		{"1999999999999999999", ""},
	} {
		got, err := statement.ParseDecimal(c.text)
		switch {
		case c.want == "" && !errors.Is(err, statement.ErrAmount):
			t.Errorf("ParseDecimal(%q): got %v, %v, want ErrAmount", c.text, got, err)
		case c.want != "" && (err != nil || got.String() != c.want):
			t.Errorf("ParseDecimal(%q): got %v, %v, want %s", c.text, got, err, c.want)
		}
	}
}

func TestNewDecimal(t *testing.T) {
	got, err := statement.NewDecimal(-30500, 2)
	if err != nil || got.String() != "-305.00" {
		t.Errorf("got %v, %v, want -305.00", got, err)
	}
	if _, err := statement.NewDecimal(1, 13); !errors.Is(err, statement.ErrAmount) {
		t.Errorf("got %v for 13 places, want ErrAmount", err)
	}
}

func TestDecimalInACurrency(t *testing.T) {
	for _, c := range []struct {
		text     string
		currency money.Currency
		want     string // or the code of the fault
	}{
		{"8.850", "EUR", "8.85 EUR"},
		{"-100", "JPY", "-100 JPY"},
		{"100.00", "JPY", "100 JPY"},
		{"1.234", "KWD", "1.234 KWD"},
		{"8.855", "EUR", "amount_precision"},
		{"1.5", "JPY", "amount_precision"},
		{"1", "XXX", "currency_unknown"},
		{"1", "", "currency_unknown"},
	} {
		d, err := statement.ParseDecimal(c.text)
		if err != nil {
			t.Fatal(err)
		}
		amount, err := d.In(c.currency)
		got := amount.String()
		if err != nil {
			got = codeOf(err)
		}
		if got != c.want {
			t.Errorf("%s in %q: got %s, want %s", c.text, c.currency, got, c.want)
		}
	}
}

func TestDecimalIsAStringInJSON(t *testing.T) {
	d, err := statement.ParseDecimal("-8.850")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(d)
	if got, want := string(text), `"-8.850"`; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	var back statement.Decimal
	if err := json.Unmarshal(text, &back); err != nil || back != d {
		t.Errorf("got %v back, %v, want %v", back, err, d)
	}
}

// TestDecimalsReckonExactly compares with rational numbers.
func TestDecimalsReckonExactly(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a, b := drawDecimal(r), drawDecimal(r)
		x, y := exactly(a), exactly(b)
		if got, want := a.Cmp(b), x.Cmp(y); got != want {
			r.Errorf("%v.Cmp(%v): got %d, want %d", a, b, got, want)
		}
		back, err := statement.ParseDecimal(a.String())
		if err != nil && len(a.String()) < 18 || err == nil && back != a {
			r.Errorf("%v: got %v back, %v", a, back, err)
		}
		if sum, err := a.Add(b); err == nil && exactly(sum).Cmp(new(big.Rat).Add(x, y)) != 0 {
			r.Errorf("%v + %v: got %v", a, b, sum)
		}
		if difference, err := a.Sub(b); err == nil && exactly(difference).Cmp(new(big.Rat).Sub(x, y)) != 0 {
			r.Errorf("%v - %v: got %v", a, b, difference)
		}
		if got, want := exactly(a.Abs()).Cmp(new(big.Rat).Abs(x)), 0; got != want {
			r.Errorf("|%v|: got %v", a, a.Abs())
		}
	})
}

func TestSumOutOfRangeIsRefused(t *testing.T) {
	large, err := statement.NewDecimal(1<<62, 0)
	if err != nil {
		t.Fatal(err)
	}
	small, err := statement.NewDecimal(1, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []statement.Decimal{large, small} {
		if got, err := large.Add(other); !errors.Is(err, statement.ErrSum) {
			t.Errorf("%v + %v: got %v, %v, want ErrSum", large, other, got, err)
		}
	}
}

func drawDecimal(r *rapid.T) statement.Decimal {
	units := rapid.Int64Range(-1<<63+1, 1<<63-1)
	if rapid.Bool().Draw(r, "small") {
		units = rapid.Int64Range(-1000, 1000)
	}
	d, err := statement.NewDecimal(units.Draw(r, "units"), rapid.IntRange(0, 12).Draw(r, "places"))
	if err != nil {
		r.Fatal(err)
	}
	return d
}

func exactly(d statement.Decimal) *big.Rat {
	r, _ := new(big.Rat).SetString(d.String())
	return r
}
