package billing_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
)

func exact(t testing.TB, decimal string, c money.Currency) money.Exact {
	t.Helper()
	e, rounded, err := money.ParseExact(decimal, c)
	if err != nil || rounded {
		t.Fatalf("parse %s %s: rounded %t, %v", decimal, c, rounded, err)
	}
	return e
}

func amount(minor int64, c money.Currency) money.Amount {
	return money.Amount{Minor: minor, Currency: c}
}

func TestRound(t *testing.T) {
	type product struct{ name, usage, in string }
	type share struct {
		name string
		net  int64
		out  string
	}
	cases := []struct {
		name     string
		currency money.Currency
		step     int64
		products []product // usage "" is a carry without usage
		net      int64
		want     []share
	}{
		{"nothing", "USD", 1, nil, 0, nil},
		{"a cent", "USD", 1, []product{{"compute", "0.01", "0"}}, 1, []share{{"compute", 1, "0"}}},
		{"below a cent", "USD", 1, []product{{"compute", "0.0000008", "0"}}, 0, []share{{"compute", 0, "0.0000008"}}},
		{"a carry fills the cent", "USD", 1, []product{{"compute", "0.0000008", "0.0099992"}}, 1, []share{{"compute", 1, "0"}}},
		{"a pico short of a cent", "USD", 1, []product{{"compute", "0.009999999999", "0"}}, 0, []share{{"compute", 0, "0.009999999999"}}},
		{"each product by itself", "USD", 1, []product{{"compute", "0.009", "0"}, {"storage", "0.009", "0"}}, 0,
			[]share{{"compute", 0, "0.009"}, {"storage", 0, "0.009"}}},
		{"a negative line is floored too", "USD", 1, []product{{"compute", "-0.001", "0"}}, -1, []share{{"compute", -1, "0.009"}}},
		{"a negative product lowers the sum", "USD", 1, []product{{"compute", "5.00", "0"}, {"credit", "-2.00", "0"}}, 300,
			[]share{{"compute", 500, "0"}, {"credit", -200, "0"}}},
		{"a carry alone that asks nothing stays away", "USD", 1, []product{{"compute", "1", "0"}, {"storage", "", "0.005"}}, 100, []share{{"compute", 100, "0"}}},
		{"a carry alone that was kept whole is asked", "USD", 1, []product{{"compute", "", "0.405"}}, 40, []share{{"compute", 40, "0.005"}}},
		{"a carry alone below zero", "USD", 1, []product{{"compute", "", "-0.405"}}, -41, []share{{"compute", -41, "0.005"}}},
		{"yen have no decimals", "JPY", 1, []product{{"compute", "120.999999999999", "0"}}, 120, []share{{"compute", 120, "0.999999999999"}}},
		{"dinars have three", "KWD", 1, []product{{"compute", "1.2345", "0"}}, 1234, []share{{"compute", 1234, "0.0005"}}},
		{"a step of ten", "USD", 10, []product{{"compute", "1.29", "0.009"}}, 120, []share{{"compute", 120, "0.099"}}},
		{"a step of ten, in dinars", "KWD", 10, []product{{"compute", "1.2345", "0"}}, 1230, []share{{"compute", 1230, "0.0045"}}},
		{"a large line of rupiah", "IDR", 1, []product{{"compute", "9000000000000", "0"}}, 900_000_000_000_000, []share{{"compute", 900_000_000_000_000, "0"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var exposures []billing.Exposure
			carries := map[string]money.Exact{}
			for _, p := range c.products {
				if p.usage != "" {
					exposures = append(exposures, billing.Exposure{Product: p.name, Lines: 1, Usage: exact(t, p.usage, c.currency)})
				}
				carries[p.name] = exact(t, p.in, c.currency)
			}
			shares, net, err := billing.Round(c.currency, exposures, carries, c.step)
			if err != nil {
				t.Fatal(err)
			}
			if net != amount(c.net, c.currency) {
				t.Errorf("net %s, want %s", net, amount(c.net, c.currency))
			}
			var got []share
			for _, s := range shares {
				got = append(got, share{s.Product, s.Net.Minor, s.CarriedOut.Decimal()})
				if s.Net.Currency != c.currency {
					t.Errorf("%s is asked in %s, want %s", s.Product, s.Net.Currency, c.currency)
				}
			}
			if d := cmp.Diff(c.want, got, cmp.AllowUnexported(share{})); d != "" {
				t.Errorf("shares differ (-want +got):\n%s", d)
			}
		})
	}
}

func TestRoundRefusesWhatItCannotReckon(t *testing.T) {
	usd := []billing.Exposure{{Product: "compute", Lines: 1, Usage: exact(t, "1", "USD")}}
	cases := []struct {
		name     string
		currency money.Currency
		carries  map[string]money.Exact
		step     int64
		want     error
	}{
		{"a step of nothing", "USD", nil, 0, money.ErrStep},
		{"another currency's carry", "USD", map[string]money.Exact{"compute": exact(t, "0.5", "EUR")}, 1, money.ErrCurrencyMismatch},
		{"another currency's usage", "EUR", nil, 1, money.ErrCurrencyMismatch},
		{"beyond all bounds", "USD", map[string]money.Exact{"compute": exact(t, "9000000000000", "USD")}, 1, money.ErrOutOfRange},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := billing.Round(c.currency, usd, c.carries, c.step)
			if err == nil {
				t.Fatalf("no error, want %v", c.want)
			}
			if !is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestCarryAll(t *testing.T) {
	exposures := []billing.Exposure{{Product: "storage", Lines: 2, Usage: exact(t, "-0.4", "USD")}, {Product: "compute", Lines: 1, Usage: exact(t, "0.25", "USD")}}
	carries := map[string]money.Exact{"compute": exact(t, "0.005", "USD"), "network": exact(t, "0.001", "USD"), "gone": {Currency: "USD"}}
	shares, err := billing.CarryAll("USD", exposures, carries)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range shares {
		got = append(got, fmt.Sprintf("%s %d lines: %s + %s = %s + %s", s.Product, s.Lines, s.Usage.Decimal(), s.CarriedIn.Decimal(), s.Net, s.CarriedOut.Decimal()))
	}
	want := []string{
		"compute 1 lines: 0.25 + 0.005 = 0.00 USD + 0.255",
		"network 0 lines: 0 + 0.001 = 0.00 USD + 0.001",
		"storage 2 lines: -0.4 + 0 = 0.00 USD + -0.4",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// currencies of the properties: two decimals, none, three, and steps of ten.
var currencies = []struct {
	code money.Currency
	step int64
}{{"USD", 1}, {"JPY", 1}, {"KWD", 1}, {"USD", 10}, {"JPY", 10}, {"KWD", 10}}

var products = []string{"compute", "network", "storage"}

// drawExact draws amounts from a pico to some ten thousand, of either sign.
func drawExact(t *rapid.T, c money.Currency) money.Exact {
	e, err := money.Normalize(rapid.Int64Range(-3_000_000_000, 30_000_000_000).Draw(t, "micro"), rapid.Int64Range(-999_999, 999_999).Draw(t, "pico"), c)
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "tiny") {
		e.Micro = 0
	}
	return e
}

func sum(t *rapid.T, a, b money.Exact) money.Exact {
	s, err := a.Add(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkShare asserts that a share is true to the last digit, and with rounded
// that its carry is from nothing to less than a step.
func checkShare(t *rapid.T, s billing.Share, step int64, rounded bool) {
	net, err := s.Net.Exact()
	if err != nil {
		t.Fatal(err)
	}
	if in, out := sum(t, s.Usage, s.CarriedIn), sum(t, net, s.CarriedOut); in != out {
		t.Fatalf("%s: usage and carry are %s, net and carry %s", s.Product, in, out)
	}
	if !rounded {
		return
	}
	unit, err := amount(step, s.Net.Currency).Exact()
	if err != nil {
		t.Fatal(err)
	}
	if s.CarriedOut.Sign() < 0 || s.CarriedOut.Cmp(unit) >= 0 {
		t.Fatalf("%s: carries %s, want from 0 to less than %s", s.Product, s.CarriedOut, unit)
	}
	if s.Net.Minor%step != 0 {
		t.Fatalf("%s: asks for %s, want a multiple of %d minor units", s.Product, s.Net, step)
	}
}

func TestRoundKeepsEveryDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(currencies).Draw(t, "currency")
		var exposures []billing.Exposure
		carries := map[string]money.Exact{}
		for _, p := range products {
			if rapid.Bool().Draw(t, "used") {
				exposures = append(exposures, billing.Exposure{Product: p, Lines: 1, Usage: drawExact(t, c.code)})
			}
			if rapid.Bool().Draw(t, "carried") {
				carries[p] = drawExact(t, c.code)
			}
		}
		shares, net, err := billing.Round(c.code, exposures, carries, c.step)
		if err != nil {
			t.Fatal(err)
		}
		total := amount(0, c.code)
		for _, s := range shares {
			checkShare(t, s, c.step, true)
			total.Minor += s.Net.Minor
		}
		if total != net {
			t.Fatalf("the shares ask for %s, and the debt for %s", total, net)
		}
		if !slices.IsSortedFunc(shares, func(a, b billing.Share) int { return cmpText(a.Product, b.Product) }) {
			t.Fatal("shares are not in the order of their products")
		}

		all, err := billing.CarryAll(c.code, exposures, carries)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			checkShare(t, s, c.step, false)
			if !s.Net.IsZero() {
				t.Fatalf("%s asks for %s, want nothing", s.Product, s.Net)
			}
		}
	})
}

// A month is a random sequence of thresholds and a close, each of which asks or
// carries: what its debts ask for and what is carried in the end is the month's
// usage, to the last digit (R-THR-06).
func TestThresholdsAndRemainderAreTheMonth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(currencies).Draw(t, "currency")
		zero := money.Exact{Currency: c.code}
		used, asked := map[string]money.Exact{}, map[string]money.Exact{}
		carries := map[string]money.Exact{}
		for _, p := range products {
			used[p], asked[p] = zero, zero
		}
		for range rapid.IntRange(1, 8).Draw(t, "debts") {
			var exposures []billing.Exposure
			for range rapid.IntRange(0, 6).Draw(t, "exposures") {
				p := rapid.SampledFrom(products).Draw(t, "product") // some twice, as if not summed yet
				e := billing.Exposure{Product: p, Lines: 1, Usage: drawExact(t, c.code)}
				exposures = append(exposures, e)
				used[p] = sum(t, used[p], e.Usage)
			}
			shares, net, err := billing.Round(c.code, exposures, carries, c.step)
			if err == nil && !net.IsPositive() {
				shares, err = billing.CarryAll(c.code, exposures, carries)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range shares {
				net, err := s.Net.Exact()
				if err != nil {
					t.Fatal(err)
				}
				asked[s.Product] = sum(t, asked[s.Product], net)
				carries[s.Product] = s.CarriedOut
			}
		}
		for _, p := range products {
			carried := zero
			if e, ok := carries[p]; ok {
				carried = e
			}
			if got := sum(t, asked[p], carried); got != used[p] {
				t.Fatalf("%s: %s asked and %s carried, want %s in all", p, asked[p], carried, used[p])
			}
		}
	})
}
