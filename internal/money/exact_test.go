package money_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/bursar-pay/bursar/internal/money"
)

const microMax = 9_000_000_000_000_000_000

func TestParseExact(t *testing.T) {
	for _, c := range []struct {
		text        string
		micro, pico int64
		rounded     bool
		err         error
	}{
		{"0", 0, 0, false, nil},
		{"-0.000", 0, 0, false, nil},
		{"12.34", 12_340_000, 0, false, nil},
		{"-12.34", -12_340_000, 0, false, nil},
		{"0.00000080000", 0, 800_000, false, nil},
		{"18.00663861840", 18_006_638, 618_400, false, nil},
		{"-0.000001000001", -1, -1, false, nil},
		{".5", 500_000, 0, false, nil},
		{"000000000000000000000000001.5", 1_500_000, 0, false, nil},
		{"9000000000000", microMax, 0, false, nil},
		{"-9000000000000.000000000000", -microMax, 0, false, nil},

		{"1.2E-7", 0, 120_000, false, nil},
		{"1.2e-7", 0, 120_000, false, nil},
		{"1.2E+3", 1_200_000_000, 0, false, nil},
		{"12E00002", 1_200_000_000, 0, false, nil},
		{"9000000000000000000000E-9", microMax, 0, false, nil},
		{"0E999999", 0, 0, false, nil},
		{"-5E-999999", 0, 0, true, nil},
		{"0.0000000000000E12", 0, 0, false, nil},

		{"0.0000000000004", 0, 0, true, nil},
		{"0.0000000000005", 0, 0, true, nil},
		{"0.00000000000050000000001", 0, 1, true, nil},
		{"0.0000000000006", 0, 1, true, nil},
		{"0.0000000000015", 0, 2, true, nil},
		{"0.0000000000025", 0, 2, true, nil},
		{"-0.0000000000015", 0, -2, true, nil},
		{"0.9999999999995", 1_000_000, 0, true, nil},
		{"-0.9999999999996", -1_000_000, 0, true, nil},
		{"1.0000000000000000", 1_000_000, 0, false, nil},
		{"5E-13", 0, 0, true, nil},
		{"0.1000000000000000055511151231257827", 100_000, 0, true, nil},

		{"9000000000000.000000000001", 0, 0, false, money.ErrOutOfRange},
		{"-9000000000000.000000000001", 0, 0, false, money.ErrOutOfRange},
		{"9000000000000.0000000000009", 0, 0, false, money.ErrOutOfRange},
		{"9999999999999.999999999999", 0, 0, false, money.ErrOutOfRange},
		{"10000000000000", 0, 0, false, money.ErrOutOfRange},
		{"1E13", 0, 0, false, money.ErrOutOfRange},
		{"1E999999", 0, 0, false, money.ErrOutOfRange},
		{"1E9999999", 0, 0, false, money.ErrMalformed},
		{"1E99999999999999999999999", 0, 0, false, money.ErrMalformed},
		{strings.Repeat("0", 129), 0, 0, false, money.ErrMalformed},
		{"", 0, 0, false, money.ErrMalformed},
		{"-", 0, 0, false, money.ErrMalformed},
		{".", 0, 0, false, money.ErrMalformed},
		{"1.", 0, 0, false, money.ErrMalformed},
		{"+1", 0, 0, false, money.ErrMalformed},
		{"1.2.3", 0, 0, false, money.ErrMalformed},
		{"1E", 0, 0, false, money.ErrMalformed},
		{"1E-", 0, 0, false, money.ErrMalformed},
		{"E5", 0, 0, false, money.ErrMalformed},
		{"1E5.0", 0, 0, false, money.ErrMalformed},
		{"1 ", 0, 0, false, money.ErrMalformed},
		{"1,5", 0, 0, false, money.ErrMalformed},
		{"NULL", 0, 0, false, money.ErrMalformed},
		{"$1", 0, 0, false, money.ErrMalformed},
		{"−1", 0, 0, false, money.ErrMalformed},
	} {
		got, rounded, err := money.ParseExact(c.text, "USD")
		if !errors.Is(err, c.err) {
			t.Errorf("%q: got %v, want %v", c.text, err, c.err)
		}
		if got.Micro != c.micro || got.Pico != c.pico || rounded != c.rounded {
			t.Errorf("%q: got %d, %d, rounded %t, want %d, %d, %t", c.text, got.Micro, got.Pico, rounded, c.micro, c.pico, c.rounded)
		}
	}
	if _, _, err := money.ParseExact("1", "XXX"); !errors.Is(err, money.ErrCurrencyUnknown) {
		t.Errorf("in XXX: got %v, want %v", err, money.ErrCurrencyUnknown)
	}
}

func TestParseExactAllocatesNothing(t *testing.T) {
	for _, text := range []string{"0.00000080000", "-1234567.890123456789", "1.2E-7"} {
		if got := testing.AllocsPerRun(100, func() { money.ParseExact(text, "USD") }); got != 0 {
			t.Errorf("%q: got %v allocations, want none", text, got)
		}
	}
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct {
		name                string
		micro, pico         int64
		wantMicro, wantPico int64
		err                 error
	}{
		{"already", 5, 7, 5, 7, nil},
		{"picos make micros", 5, 2_000_007, 7, 7, nil},
		{"negative picos make negative micros", -5, -2_000_007, -7, -7, nil},
		{"signs differ, positive", 5, -1, 4, 999_999, nil},
		{"signs differ, negative", -5, 1, -4, -999_999, nil},
		{"signs differ, the picos are more", 1, -2_500_000, -1, -500_000, nil},
		{"signs differ, the picos are more, negative", -1, 2_500_000, 1, 500_000, nil},
		{"they cancel out", 3, -3_000_000, 0, 0, nil},
		{"they almost cancel out", 3, -3_000_001, 0, -1, nil},
		{"only picos", 0, -999_999, 0, -999_999, nil},
		{"most picos", 0, math.MaxInt64, 9_223_372_036_854, 775_807, nil},
		{"fewest picos", 0, math.MinInt64, -9_223_372_036_854, -775_808, nil},
		{"largest", microMax - 1, 1_000_000, microMax, 0, nil},
		{"beyond the largest", microMax, 1, 0, 0, money.ErrOutOfRange},
		{"beyond the smallest", -microMax, -1, 0, 0, money.ErrOutOfRange},
		{"largest, less a little", microMax, -1, microMax - 1, 999_999, nil},
		{"overflow", math.MaxInt64, math.MaxInt64, 0, 0, money.ErrOutOfRange},
		{"underflow", math.MinInt64, math.MinInt64, 0, 0, money.ErrOutOfRange},
	} {
		got, err := money.Normalize(c.micro, c.pico, "USD")
		if got.Micro != c.wantMicro || got.Pico != c.wantPico || !errors.Is(err, c.err) {
			t.Errorf("%s: got %d, %d, %v, want %d, %d, %v", c.name, got.Micro, got.Pico, err, c.wantMicro, c.wantPico, c.err)
		}
	}
}

func TestExactSumsAreChecked(t *testing.T) {
	largest := money.Exact{Micro: microMax, Currency: "USD"}
	least := money.Exact{Pico: 1, Currency: "USD"}
	absurd := money.Exact{Micro: math.MinInt64, Currency: "USD"}
	yen := money.Exact{Micro: 1, Currency: "JPY"}
	for _, c := range []struct {
		name string
		sum  func() (money.Exact, error)
		err  error
	}{
		{"largest and nothing", func() (money.Exact, error) { return largest.Add(money.Exact{Currency: "USD"}) }, nil},
		{"largest less the least", func() (money.Exact, error) { return largest.Sub(least) }, nil},
		{"largest and the least", func() (money.Exact, error) { return largest.Add(least) }, money.ErrOutOfRange},
		{"largest and itself", func() (money.Exact, error) { return largest.Add(largest) }, money.ErrOutOfRange},
		{"smallest less the largest", func() (money.Exact, error) { return largest.Neg().Sub(largest) }, money.ErrOutOfRange},
		{"less an absurd one", func() (money.Exact, error) { return largest.Sub(absurd) }, money.ErrOutOfRange},
		{"two currencies", func() (money.Exact, error) { return least.Add(yen) }, money.ErrCurrencyMismatch},
		{"two currencies, less", func() (money.Exact, error) { return least.Sub(yen) }, money.ErrCurrencyMismatch},
	} {
		if _, err := c.sum(); !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.err)
		}
	}
}

func TestFloor(t *testing.T) {
	for _, c := range []struct {
		text     string
		currency money.Currency
		step     int64
		whole    string
		rest     string
	}{
		{"18.0066386184", "USD", 1, "18.00", "0.0066386184"},
		{"0", "USD", 1, "0.00", "0"},
		{"0.01", "USD", 1, "0.01", "0"},
		{"0.009999999999", "USD", 1, "0.00", "0.009999999999"},
		{"-0.000000000001", "USD", 1, "-0.01", "0.009999999999"},
		{"-0.01", "USD", 1, "-0.01", "0"},
		{"-1.005", "USD", 1, "-1.01", "0.005"},
		{"12.99", "USD", 100, "12.00", "0.99"},
		{"-12.99", "USD", 100, "-13.00", "0.01"},
		{"1234.5", "JPY", 1, "1234", "0.5"},
		{"1234.5", "JPY", 100, "1200", "34.5"},
		{"1.2345", "KWD", 10, "1.230", "0.0045"},
		{"1.23456", "CLF", 1, "1.2345", "0.00006"},
		{"9000000000000", "USD", 1, "9000000000000.00", "0"},
	} {
		e, _, err := money.ParseExact(c.text, c.currency)
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		whole, rest, err := e.Floor(c.step)
		if err != nil || whole.Decimal() != c.whole || rest.Decimal() != c.rest {
			t.Errorf("%s by %d: got %s and %s, %v, want %s and %s", e, c.step, whole, rest, err, c.whole, c.rest)
		}
	}
}

func TestFloorRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		exact money.Exact
		step  int64
		err   error
	}{
		{"no step", money.Exact{Currency: "USD"}, 0, money.ErrStep},
		{"a step back", money.Exact{Currency: "USD"}, -1, money.ErrStep},
		{"an absurd step", money.Exact{Currency: "USD"}, math.MaxInt64, money.ErrStep},
		{"no currency", money.Exact{}, 1, money.ErrCurrencyUnknown},
		{"an absurd sum", money.Exact{Micro: math.MinInt64, Pico: -1, Currency: "USD"}, 1, money.ErrOutOfRange},
		{"more minor units than an amount has", money.Exact{Micro: microMax, Currency: "CLF"}, 1, money.ErrOutOfRange},
	} {
		if _, _, err := c.exact.Floor(c.step); !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.err)
		}
	}
}

func TestExactPrintsWhatItParses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawExact(t, "e", microMax)
		got, rounded, err := money.ParseExact(want.Decimal(), want.Currency)
		if err != nil || rounded || got != want {
			t.Fatalf("%s: got %v, rounded %t, %v, want %v", want.Decimal(), got, rounded, err, want)
		}
		if oracle := big(t, want); oracle.Cmp(bigText(t, want.Decimal())) != 0 {
			t.Fatalf("got %s, want %s", want.Decimal(), oracle)
		}
	})
}

func TestExactParsesAsDecimalsDo(t *testing.T) {
	toTwelve := apd.BaseContext.WithPrecision(200)
	toTwelve.Rounding = apd.RoundHalfEven
	limit := apd.New(9, 12)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?([0-9]{1,15}(\.[0-9]{1,16})?|\.[0-9]{1,16}|0\.00000[0-9]{5,7}5(0{0,3}|0001))([Ee][+-]?[0-9]{1,2})?`).Draw(t, "text")
		written := bigText(t, text)
		var want apd.Decimal
		if _, err := toTwelve.Quantize(&want, written, -12); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		got, rounded, err := money.ParseExact(text, "USD")
		var size apd.Decimal
		if size.Abs(&want).Cmp(limit) > 0 {
			if !errors.Is(err, money.ErrOutOfRange) {
				t.Fatalf("%s: got %v, %v, want %v", text, got, err, money.ErrOutOfRange)
			}
			return
		}
		if err != nil || big(t, got).Cmp(&want) != 0 || rounded != (written.Cmp(&want) != 0) {
			t.Fatalf("%s: got %v, rounded %t, %v, want %s", text, got, rounded, err, &want)
		}
	})
}

func TestExactSumsAsDecimalsDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var micros, picos int64 // as a database sums them
		total := money.Exact{Currency: "USD"}
		oracle := new(apd.Decimal)
		for range rapid.IntRange(0, 30).Draw(t, "lines") {
			line := drawExact(t, "line", microMax/40)
			line.Currency = "USD"
			micros, picos = micros+line.Micro, picos+line.Pico
			var err error
			if total, err = total.Add(line); err != nil {
				t.Fatalf("adding %v: %v", line, err)
			}
			add(t, oracle, big(t, line))
		}
		if got := big(t, total); got.Cmp(oracle) != 0 {
			t.Fatalf("got %s, want %s", got, oracle)
		}
		summed, err := money.Normalize(micros, picos, "USD")
		if err != nil || summed != total {
			t.Fatalf("from the database's sums: got %+v, %v, want %+v", summed, err, total)
		}
		if got, want := total.Sign(), oracle.Sign(); got != want {
			t.Fatalf("sign of %v: got %d, want %d", total, got, want)
		}
	})
}

func TestExactSubAndCmpAgreeWithDecimals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawExact(t, "a", microMax/2), drawExact(t, "b", microMax/2)
		b.Currency = a.Currency
		if got, want := a.Cmp(b), big(t, a).Cmp(big(t, b)); got != want {
			t.Fatalf("%v to %v: got %d, want %d", a, b, got, want)
		}
		less, err := a.Sub(b)
		if err != nil {
			t.Fatal(err)
		}
		back, err := less.Add(b)
		if err != nil || back != a {
			t.Fatalf("%v - %v + the same: got %v, %v", a, b, back, err)
		}
	})
}

func TestFloorLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawExact(t, "e", 1_000_000_000_000_000)
		step := rapid.OneOf(rapid.Just(int64(1)), rapid.Int64Range(1, 10_000)).Draw(t, "step")
		whole, rest, err := e.Floor(step)
		if err != nil {
			t.Fatalf("%v by %d: %v", e, step, err)
		}
		if whole.Minor%step != 0 {
			t.Fatalf("%v by %d: got %v, not a multiple", e, step, whole)
		}
		unit, err := money.Amount{Minor: step, Currency: e.Currency}.Exact()
		if err != nil {
			t.Fatal(err)
		}
		if rest.Sign() < 0 || rest.Cmp(unit) >= 0 {
			t.Fatalf("%v by %d: got the rest %v, want it in [0, %v)", e, step, rest, unit)
		}
		back, err := whole.Exact()
		if err != nil {
			t.Fatal(err)
		}
		if back, err = back.Add(rest); err != nil || back != e {
			t.Fatalf("%v by %d: got %v and %v, which make %v, %v", e, step, whole, rest, back, err)
		}
	})
}

func BenchmarkParseExact(b *testing.B) {
	for _, text := range []string{"0.00000080000", "1234567.89", "1.2E-7"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				money.ParseExact(text, "USD")
			}
		})
	}
}

// drawExact draws a sum within limit micros, half of them tiny.
func drawExact(t *rapid.T, label string, limit int64) money.Exact {
	micro := rapid.OneOf(rapid.Int64Range(-limit+1, limit-1), rapid.Int64Range(-3, 3)).Draw(t, label+" micro")
	pico := rapid.Int64Range(0, 999_999).Draw(t, label+" pico")
	if micro < 0 || micro == 0 && rapid.Bool().Draw(t, label+" negative") {
		pico = -pico
	}
	return money.Exact{Micro: micro, Pico: pico, Currency: drawCurrency(t)}
}

// big is the oracle's value of e.
func big(t *rapid.T, e money.Exact) *apd.Decimal {
	sum := apd.New(e.Micro, -6)
	add(t, sum, apd.New(e.Pico, -12))
	return sum
}

func bigText(t *rapid.T, text string) *apd.Decimal {
	d, _, err := apd.NewFromString(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func add(t *rapid.T, sum, d *apd.Decimal) {
	if _, err := apd.BaseContext.WithPrecision(200).Add(sum, sum, d); err != nil {
		t.Fatal(fmt.Errorf("oracle: %w", err))
	}
}
