package money_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bursar-pay/bursar/internal/money"
)

const minorMax = 1_000_000_000_000_000

func TestParseAmount(t *testing.T) {
	for _, c := range []struct {
		text     string
		currency money.Currency
		want     int64
		err      error
	}{
		{"0", "USD", 0, nil},
		{"-0", "USD", 0, nil},
		{"12", "USD", 1200, nil},
		{"12.3", "USD", 1230, nil},
		{"12.34", "USD", 1234, nil},
		{"-12.34", "USD", -1234, nil},
		{"007.10", "USD", 710, nil},
		{"12", "JPY", 12, nil},
		{"1.234", "KWD", 1234, nil},
		{"1.2345", "UYW", 12345, nil},
		{"10000000000000.00", "USD", minorMax, nil},
		{"-10000000000000.00", "USD", -minorMax, nil},
		{"1000000000000000", "JPY", minorMax, nil},
		{strings.Repeat("0", 100) + "1", "JPY", 1, nil},

		{"12.345", "USD", 0, money.ErrPrecision},
		{"12.340", "USD", 0, money.ErrPrecision},
		{"12.0", "JPY", 0, money.ErrPrecision},
		{"10000000000000.01", "USD", 0, money.ErrOutOfRange},
		{"1000000000000001", "JPY", 0, money.ErrOutOfRange},
		{"10000000000000000", "JPY", 0, money.ErrOutOfRange},
		{"99999999999999999999999999", "JPY", 0, money.ErrOutOfRange},
		{strings.Repeat("0", 200) + "1", "JPY", 0, money.ErrMalformed},
		{"", "USD", 0, money.ErrMalformed},
		{"-", "USD", 0, money.ErrMalformed},
		{".", "USD", 0, money.ErrMalformed},
		{".5", "USD", 0, money.ErrMalformed},
		{"5.", "USD", 0, money.ErrMalformed},
		{"+5", "USD", 0, money.ErrMalformed},
		{" 5", "USD", 0, money.ErrMalformed},
		{"5 ", "USD", 0, money.ErrMalformed},
		{"--5", "USD", 0, money.ErrMalformed},
		{"1,000", "USD", 0, money.ErrMalformed},
		{"1_000", "USD", 0, money.ErrMalformed},
		{"1e2", "USD", 0, money.ErrMalformed},
		{"1E0", "JPY", 0, money.ErrMalformed},
		{"0x10", "USD", 0, money.ErrMalformed},
		{"NaN", "USD", 0, money.ErrMalformed},
		{"Infinity", "USD", 0, money.ErrMalformed},
		{"１２", "USD", 0, money.ErrMalformed},
		{"5", "XAU", 0, money.ErrCurrencyUnknown},
		{"5", "", 0, money.ErrCurrencyUnknown},
	} {
		got, err := money.ParseAmount(c.text, c.currency)
		if !errors.Is(err, c.err) {
			t.Errorf("%q %s: got %v, want %v", c.text, c.currency, err, c.err)
		}
		if got.Minor != c.want || err == nil && got.Currency != c.currency {
			t.Errorf("%q %s: got %+v, want %d", c.text, c.currency, got, c.want)
		}
	}
}

func TestAmountDecimal(t *testing.T) {
	for _, c := range []struct {
		amount money.Amount
		want   string
	}{
		{money.Amount{Minor: 0, Currency: "USD"}, "0.00 USD"},
		{money.Amount{Minor: 5, Currency: "USD"}, "0.05 USD"},
		{money.Amount{Minor: -5, Currency: "USD"}, "-0.05 USD"},
		{money.Amount{Minor: 123456, Currency: "USD"}, "1234.56 USD"},
		{money.Amount{Minor: -123456, Currency: "JPY"}, "-123456 JPY"},
		{money.Amount{Minor: 1, Currency: "KWD"}, "0.001 KWD"},
		{money.Amount{Minor: 1, Currency: "CLF"}, "0.0001 CLF"},
		{money.Amount{Minor: math.MinInt64, Currency: "USD"}, "-92233720368547758.08 USD"},
	} {
		if got := c.amount.String(); got != c.want {
			t.Errorf("%d: got %q, want %q", c.amount.Minor, got, c.want)
		}
	}
}

func TestAmountSumsAreChecked(t *testing.T) {
	usd := func(n int64) money.Amount { return money.Amount{Minor: n, Currency: "USD"} }
	yen := money.Amount{Minor: 1, Currency: "JPY"}
	for _, c := range []struct {
		name string
		sum  func() (money.Amount, error)
		want money.Amount
		err  error
	}{
		{"add", func() (money.Amount, error) { return usd(2).Add(usd(-5)) }, usd(-3), nil},
		{"subtract", func() (money.Amount, error) { return usd(2).Sub(usd(-5)) }, usd(7), nil},
		{"up to the largest", func() (money.Amount, error) { return usd(minorMax - 1).Add(usd(1)) }, usd(minorMax), nil},
		{"one more", func() (money.Amount, error) { return usd(minorMax).Add(usd(1)) }, money.Amount{}, money.ErrOutOfRange},
		{"one less", func() (money.Amount, error) { return usd(-minorMax).Sub(usd(1)) }, money.Amount{}, money.ErrOutOfRange},
		{"overflow", func() (money.Amount, error) { return usd(math.MaxInt64).Add(usd(1)) }, money.Amount{}, money.ErrOutOfRange},
		{"less the smallest", func() (money.Amount, error) { return usd(0).Sub(usd(math.MinInt64)) }, money.Amount{}, money.ErrOutOfRange},
		{"two currencies", func() (money.Amount, error) { return usd(1).Add(yen) }, money.Amount{}, money.ErrCurrencyMismatch},
		{"two currencies, less", func() (money.Amount, error) { return usd(1).Sub(yen) }, money.Amount{}, money.ErrCurrencyMismatch},
		{"sum of none", func() (money.Amount, error) { return money.Sum("USD") }, usd(0), nil},
		{"sum of three", func() (money.Amount, error) { return money.Sum("USD", usd(1), usd(2), usd(-4)) }, usd(-1), nil},
		{"sum in another currency", func() (money.Amount, error) { return money.Sum("USD", yen) }, money.Amount{}, money.ErrCurrencyMismatch},
	} {
		got, err := c.sum()
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, %v, want %v, %v", c.name, got, err, c.want, c.err)
		}
	}
}

func TestAmountCmpAndSigns(t *testing.T) {
	less, more := money.Amount{Minor: -1, Currency: "USD"}, money.Amount{Minor: 1, Currency: "USD"}
	if got := []int{less.Cmp(more), more.Cmp(less), more.Cmp(more)}; got[0] != -1 || got[1] != 1 || got[2] != 0 {
		t.Errorf("Cmp: got %v, want [-1 1 0]", got)
	}
	if !less.IsNegative() || !more.IsPositive() || less.IsZero() || !(money.Amount{}).IsZero() || less.IsPositive() || more.IsNegative() {
		t.Errorf("signs of %v and %v are wrong", less, more)
	}
	if got := less.Neg(); got != more {
		t.Errorf("Neg: got %v, want %v", got, more)
	}
}

func TestCmpOfTwoCurrenciesPanics(t *testing.T) {
	for name, compare := range map[string]func(){
		"Amount": func() { money.Amount{Currency: "USD"}.Cmp(money.Amount{Currency: "JPY"}) },
		"Exact":  func() { money.Exact{Currency: "USD"}.Cmp(money.Exact{Currency: "JPY"}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("got an answer, want a panic")
				}
			}()
			compare()
		})
	}
}

func TestAmountPrintsWhatItParses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := money.Amount{
			Minor:    rapid.Int64Range(-minorMax, minorMax).Draw(t, "minor"),
			Currency: drawCurrency(t),
		}
		got, err := money.ParseAmount(want.Decimal(), want.Currency)
		if err != nil || got != want {
			t.Fatalf("%s: got %v, %v, want %v", want.Decimal(), got, err, want)
		}
	})
}

func TestAmountAsExact(t *testing.T) {
	for _, c := range []struct {
		amount money.Amount
		want   string
		err    error
	}{
		{money.Amount{Minor: 1234, Currency: "USD"}, "12.34 USD", nil},
		{money.Amount{Minor: -1234, Currency: "JPY"}, "-1234 JPY", nil},
		{money.Amount{Minor: 1, Currency: "CLF"}, "0.0001 CLF", nil},
		{money.Amount{Minor: minorMax, Currency: "KWD"}, "1000000000000 KWD", nil},
		{money.Amount{Minor: 9_000_000_000_000, Currency: "JPY"}, "9000000000000 JPY", nil},
		{money.Amount{Minor: 9_000_000_000_001, Currency: "JPY"}, "", money.ErrOutOfRange},
		{money.Amount{Minor: math.MinInt64, Currency: "USD"}, "", money.ErrOutOfRange},
		{money.Amount{Minor: 1, Currency: "XAU"}, "", money.ErrCurrencyUnknown},
	} {
		got, err := c.amount.Exact()
		if !errors.Is(err, c.err) || err == nil && got.String() != c.want {
			t.Errorf("%v: got %v, %v, want %s, %v", c.amount, got, err, c.want, c.err)
		}
	}
}

// drawCurrency draws one currency of each number of decimals.
func drawCurrency(t *rapid.T) money.Currency {
	return rapid.SampledFrom([]money.Currency{"JPY", "USD", "IDR", "KWD", "CLF"}).Draw(t, "currency")
}
