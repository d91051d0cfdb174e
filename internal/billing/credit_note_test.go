package billing

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/bursar-pay/bursar/internal/money"
)

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

func TestCreditKeepsTheDebtsProportion(t *testing.T) {
	for _, c := range []struct {
		name                      string
		net, tax                  int64
		amount, credited, taxedAt int64
		wantNet, wantTax          int64
		want                      error
	}{
		{"all of it", 10000, 1900, 11900, 0, 0, 10000, 1900, nil},
		{"half of it", 10000, 1900, 5950, 0, 0, 5000, 950, nil},
		{"a cent, its tax under half a cent", 10000, 1900, 1, 0, 0, 1, 0, nil},
		{"the next cents, where the sum's tax is rounded up", 10000, 1900, 3, 1, 0, 2, 1, nil},
		{"no tax", 500, 0, 123, 0, 0, 123, 0, nil},
		{"only tax", 0, 500, 123, 0, 0, 0, 123, nil},
		{"the rest", 3, 1, 1, 3, 1, 1, 0, nil},
		{"the largest amounts", 600_000_000_000_000, 300_000_000_000_000, 900_000_000_000_000, 0, 0, 600_000_000_000_000, 300_000_000_000_000, nil},
		{"more than was charged", 100, 10, 111, 0, 0, 0, 0, ErrOverCredited},
		{"more than is left", 100, 10, 11, 100, 9, 0, 0, ErrOverCredited},
		{"nothing", 100, 10, 0, 0, 0, 0, 0, ErrOverCredited},
		{"less than nothing", 100, 10, -1, 50, 5, 0, 0, ErrOverCredited},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Debt{Net: usd(c.net), Tax: usd(c.tax), Amount: usd(c.net + c.tax)}
			net, tax, err := d.Credit(usd(c.amount), usd(c.credited), usd(c.taxedAt))
			if !errors.Is(err, c.want) || err == nil && (net != usd(c.wantNet) || tax != usd(c.wantTax)) {
				t.Errorf("got %s and %s, %v; want %s and %s, %v", net, tax, err, usd(c.wantNet), usd(c.wantTax), c.want)
			}
		})
	}
	d := Debt{Net: usd(100), Amount: usd(100)}
	if _, _, err := d.Credit(money.Amount{Minor: 1, Currency: "EUR"}, usd(0), usd(0)); err == nil {
		t.Error("euros were credited of a debt in dollars")
	}
}

func TestCreditsThatMakeUpADebtCreditItsTaxExactly(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	for range 2000 {
		d := Debt{Net: usd(random.Int64N(5000)), Tax: usd(random.Int64N(1500))}
		d.Amount = usd(d.Net.Minor + d.Tax.Minor)
		credited, taxed, netted := usd(0), usd(0), usd(0)
		for credited.Cmp(d.Amount) < 0 {
			part := usd(1 + random.Int64N(d.Amount.Minor-credited.Minor))
			net, tax, err := d.Credit(part, credited, taxed)
			if err != nil || net.IsNegative() || tax.IsNegative() {
				t.Fatalf("%s of net %s and tax %s after %s: got %s and %s, %v; want neither below nothing", part, d.Net, d.Tax, credited, net, tax, err)
			}
			credited.Minor, taxed.Minor, netted.Minor = credited.Minor+part.Minor, taxed.Minor+tax.Minor, netted.Minor+net.Minor
		}
		if taxed != d.Tax || netted != d.Net {
			t.Fatalf("parts credit net %s and tax %s in all, want %s and %s", netted, taxed, d.Net, d.Tax)
		}
	}
}
