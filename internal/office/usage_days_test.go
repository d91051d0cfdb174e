package office_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// dayKey is what usage is told by.
type dayKey struct {
	month   billing.Month
	day     string
	product string
}

// usageOfDays sends batches of usage whose days go to and fro, as from a platform that
// reports late, and notes what is to be told of them.
type usageOfDays struct {
	d      *officetest.Desk
	a      account.Account
	chance *rand.Rand
	sent   int
	want   map[dayKey]money.Exact
}

func (u *usageOfDays) send(month billing.Month, from time.Time, hours int) {
	u.d.T.Helper()
	var lines []billing.Line
	for range 1 + u.chance.IntN(12) {
		u.sent++
		at := from.Add(time.Duration(u.chance.IntN(hours*60)) * time.Minute)
		amount := money.Exact{Micro: u.chance.Int64N(90_000_000) - 5_000_000, Currency: u.a.Currency}
		if amount.Micro > 0 {
			amount.Pico = u.chance.Int64N(1_000_000)
		}
		l := billing.Line{Row: len(lines) + 1, Account: u.a.ID, ID: fmt.Sprint("line-", u.sent), Product: []string{"compute", "storage", "network"}[u.chance.IntN(3)], Amount: amount, StartedAt: at}
		l.Content[0] = byte(u.sent)
		lines = append(lines, l)
		k := dayKey{month, at.In(u.a.Location()).Format(time.DateOnly), l.Product}
		sum, err := money.Exact{Currency: u.a.Currency}.Add(u.want[k])
		if u.want[k].Currency == "" {
			sum, err = money.Exact{Currency: u.a.Currency}, nil
		}
		if err == nil {
			u.want[k], err = sum.Add(amount)
		}
		if err != nil {
			u.d.T.Fatal(err)
		}
	}
	if _, err := u.d.RecordUsage(u.d.T.Context(), access.CommandLine, office.UsageBatch{Lines: lines}); err != nil {
		u.d.T.Fatal(err)
	}
}

// told is what the office tells of a month's days. Its sums are compared with those by
// product on the way.
func (u *usageOfDays) told(m billing.Month) map[dayKey]money.Exact {
	u.d.T.Helper()
	used, err := u.d.UsageOf(u.d.T.Context(), access.CommandLine, u.a.ID, m)
	if err != nil {
		u.d.T.Fatal(err)
	}
	got := map[dayKey]money.Exact{}
	lines, sums := map[string]int64{}, map[string]money.Exact{}
	for _, d := range used.Days {
		got[dayKey{m, d.Day.String(), d.Product}] = d.Usage
		lines[d.Product] += d.Lines
		if sums[d.Product].Currency == "" {
			sums[d.Product] = money.Exact{Currency: u.a.Currency}
		}
		if sums[d.Product], err = sums[d.Product].Add(d.Usage); err != nil {
			u.d.T.Fatal(err)
		}
	}
	if len(sums) != len(used.Products) {
		u.d.T.Errorf("%s: %d products have days, want %d", m, len(sums), len(used.Products))
	}
	for _, p := range used.Products {
		if sums[p.Product] != p.Usage || lines[p.Product] != p.Lines {
			u.d.T.Errorf("%s, %s: the days come to %s in %d lines, want %s in %d", m, p.Product, sums[p.Product], lines[p.Product], p.Usage, p.Lines)
		}
	}
	return got
}

// TestUsageByDayIsTheMonthToTheLastDigit, in a zone where a day has 23 hours, with
// thresholds reached in between and usage that comes after its month was billed.
func TestUsageByDayIsTheMonthToTheLastDigit(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer(func(n *office.NewAccount) { n.Zone = "Europe/Berlin" })
		d.Bind(a, sandbox.Visa)
		u := &usageOfDays{d: d, a: a, chance: rand.New(rand.NewPCG(6, 28)), want: map[dayKey]money.Exact{}}
		d.PassTo(time.Date(2026, 3, 31, 20, 0, 0, 0, time.UTC))
		for range 20 { // from 00:00 on the 27th there; the clocks go forward on the 29th
			u.send("2026-03", time.Date(2026, 3, 26, 23, 0, 0, 0, time.UTC), 4*24)
		}
		if n := len(d.DebtsOf(a)); n < 2 {
			t.Fatalf("%d thresholds were reached, want some", n)
		}
		d.PassTo(time.Date(2026, 4, 2, 12, 0, 0, 0, time.UTC))
		for range 4 { // late
			u.send("2026-04", time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC), 24)
			u.send("2026-04", time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC), 36)
		}
		got := u.told("2026-03")
		maps.Copy(got, u.told("2026-04"))
		if !maps.Equal(got, u.want) {
			t.Errorf("usage by day is\n%v, want\n%v", got, u.want)
		}
		d.Prove()
	})
}
