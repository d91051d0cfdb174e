package order_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
)

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

func TestTables(t *testing.T) {
	if err := errors.Join(order.Table.Check(order.Open), order.SubscriptionTable.Check(order.Active)); err != nil {
		t.Errorf("the tables are not sound: %v", err)
	}
}

func TestDrafts(t *testing.T) {
	item := order.DraftItem{Product: "db.small", Quantity: 1, Price: usd(1000), Term: order.Month}
	with := func(change func(*order.Draft)) order.Draft {
		d := order.Draft{Reference: "r-1", Kind: order.Purchase, Items: []order.DraftItem{item}}
		change(&d)
		return d
	}
	each := func(change func(*order.DraftItem)) order.Draft {
		return with(func(d *order.Draft) {
			i := item
			change(&i)
			d.Items = []order.DraftItem{i}
		})
	}
	cases := []struct {
		name  string
		draft order.Draft
		place string // of the only fault; "" none
	}{
		{"a month", with(func(*order.Draft) {}), ""},
		{"for good", each(func(i *order.DraftItem) { i.Term = "" }), ""},
		{"from tomorrow", each(func(i *order.DraftItem) { i.From = "2026-03-11" }), ""},
		{"from yesterday", each(func(i *order.DraftItem) { i.From = "2026-03-09" }), "items[0].from"},
		{"in two years", each(func(i *order.DraftItem) { i.From = "2028-03-10" }), "items[0].from"},
		{"no reference", with(func(d *order.Draft) { d.Reference = "" }), "reference"},
		{"a reference with a line break", with(func(d *order.Draft) { d.Reference = "a\nb" }), "reference"},
		{"no items", with(func(d *order.Draft) { d.Items = nil }), "items"},
		{"too many", with(func(d *order.Draft) { d.Items = make([]order.DraftItem, 101); fill(d.Items, item) }), "items"},
		{"no product", each(func(i *order.DraftItem) { i.Product = " " }), "items[0].product"},
		{"a long description", each(func(i *order.DraftItem) { i.Description = strings.Repeat("x", 201) }), "items[0].description"},
		{"none of it", each(func(i *order.DraftItem) { i.Quantity = 0 }), "items[0].quantity"},
		{"less than none", each(func(i *order.DraftItem) { i.Quantity = -1 }), "items[0].quantity"},
		{"more than anybody wants", each(func(i *order.DraftItem) { i.Quantity = math.MaxInt64 }), "items[0].quantity"},
		{"free", each(func(i *order.DraftItem) { i.Price = usd(0) }), "items[0].price"},
		{"a negative price", each(func(i *order.DraftItem) { i.Price = usd(-1) }), "items[0].price"},
		{"another currency", each(func(i *order.DraftItem) { i.Price.Currency = "EUR" }), "items[0].price"},
		{"renews for good", each(func(i *order.DraftItem) { i.Term, i.AutoRenew = "", true }), "items[0].term"},
		{"a purchase of a subscription", with(func(d *order.Draft) { d.Subscription = "sub_1" }), "subscription"},
		{"an upgrade of nothing", with(func(d *order.Draft) { d.Kind = order.Upgrade; d.Items[0].Term = "" }), "subscription"},
		{"a renewal with a price", with(func(d *order.Draft) { d.Kind, d.Subscription = order.Renewal, "sub_1" }), "items"},
		{"a gift", with(func(d *order.Draft) { d.Kind, d.Subscription = "gift", "sub_1" }), "kind"},
	}
	for _, c := range cases {
		err := c.draft.Check("USD", "2026-03-10")
		found := fault.All(err)
		switch {
		case c.place == "" && err != nil:
			t.Errorf("%s: %v, want nothing against it", c.name, err)
		case c.place != "" && (len(found) != 1 || found[0].Place != c.place):
			t.Errorf("%s: %v, want one fault at %s", c.name, err, c.place)
		}
	}
	if err := each(func(i *order.DraftItem) { i.Price.Currency = "EUR" }).Check("USD", "2026-03-10"); !errors.Is(err, account.ErrCurrencyMismatch) {
		t.Errorf("another currency: %v, want currency_mismatch", err)
	}
}

func fill(all []order.DraftItem, with order.DraftItem) {
	for i := range all {
		all[i] = with
	}
}

func TestAmountsThatOverflowAreRefused(t *testing.T) {
	huge := order.DraftItem{Product: "all", Quantity: 1_000_000, Price: usd(1_000_000_000_000)}
	if _, err := (order.Draft{Items: []order.DraftItem{huge}}).ItemsOf("2026-03-10"); !errors.Is(err, money.ErrOutOfRange) {
		t.Errorf("a line of 10^18: %v, want amount_out_of_range", err)
	}
	most := order.Item{Net: usd(1_000_000_000_000_000)}
	if _, err := order.Net("USD", []order.Item{most, most}); !errors.Is(err, money.ErrOutOfRange) {
		t.Errorf("a sum of 2·10^15: %v, want amount_out_of_range", err)
	}
}

func TestTheSameContentHasTheSameDigest(t *testing.T) {
	d := order.Draft{Reference: "r", Kind: order.Purchase, Items: []order.DraftItem{{Product: "a", Quantity: 1, Price: usd(1)}}}
	same, other := d, d
	same.Items = []order.DraftItem{{Product: "a", Quantity: 1, Price: usd(1)}}
	other.Items = []order.DraftItem{{Product: "a", Quantity: 1, Price: usd(2)}}
	if d.Content() != same.Content() || d.Content() == other.Content() {
		t.Errorf("got %s and %s, want one digest for one content", d.Content(), other.Content())
	}
}

func TestMayPay(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	cases := []struct {
		name  string
		order order.Order
		want  error
	}{
		{"in its time", order.Order{State: order.Open, LapsesAt: now.Add(1)}, nil},
		{"its time is over", order.Order{State: order.Open, LapsesAt: now}, order.ErrLapsed},
		{"lapsed", order.Order{State: order.Lapsed}, order.ErrLapsed},
		{"blocked", order.Order{State: order.Blocked, LapsesAt: now.Add(1)}, order.ErrRisk},
		{"refused", order.Order{State: order.Refused}, order.ErrRisk},
		{"cancelled", order.Order{State: order.Cancelled}, order.ErrNotOpen},
		{"paid", order.Order{State: order.Paid}, order.ErrNotOpen},
	}
	for _, c := range cases {
		if got := c.order.MayPay(now); !errors.Is(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestUpgradesArePaidByTheDay(t *testing.T) {
	month := order.Subscription{Quantity: 1, Price: usd(3100), Term: order.Month, From: "2026-03-01", Terms: 1, Until: "2026-04-01"}
	leap := order.Subscription{Quantity: 1, Price: usd(2900), Term: order.Month, From: "2028-02-01", Terms: 1, Until: "2028-03-01"}
	year := order.Subscription{Quantity: 2, Price: usd(10_000), Term: order.Year, From: "2028-01-01", Terms: 1, Until: "2029-01-01"}
	ahead := month
	ahead.Terms, ahead.Until = 2, "2026-05-01"
	later := month
	later.From, later.Until = "2026-05-01", "2026-06-01"
	cases := []struct {
		name  string
		sub   order.Subscription
		price money.Amount
		on    order.Day
		step  int64
		want  int64
	}{
		{"on its first day", month, usd(6200), "2026-03-01", 1, 3100},
		{"in its middle: 16 of 31 days", month, usd(6200), "2026-03-16", 1, 1600},
		{"on its last day", month, usd(6200), "2026-03-31", 1, 100},
		{"over the change of clocks: 4 of 31", month, usd(6200), "2026-03-28", 1, 400},
		{"a leap February: 1 of 29", leap, usd(5800), "2028-02-29", 1, 100},
		{"a leap year, two of it: 366 days", year, usd(28_300), "2028-12-31", 1, 100},
		{"half a cent is a cent", month, usd(3131), "2026-03-17", 1, 15}, // 31·15/31
		{"14.5 rounds up", order.Subscription{Quantity: 1, Price: usd(1), Term: "P30D", From: "2026-04-01", Terms: 1, Until: "2026-05-01"}, usd(30), "2026-04-16", 1, 15},
		{"to the provider's step", month, usd(6255), "2026-03-16", 10, 1630},
		{"with the next term paid too", ahead, usd(6200), "2026-03-31", 1, 3200},
		{"before it begins, all of it", later, usd(6200), "2026-03-10", 1, 3100},
	}
	for _, c := range cases {
		i, err := c.sub.Change(order.DraftItem{Quantity: c.sub.Quantity, Price: c.price}, c.on, c.step)
		if err != nil || i.Net != usd(c.want) {
			t.Errorf("%s: got %s, %v, want %s", c.name, i.Net, err, usd(c.want))
		}
	}
	for _, price := range []int64{3100, 3000, 3101} { // the last is 1/31 of a cent on the last day
		if i, err := month.Change(order.DraftItem{Quantity: 1, Price: usd(price)}, "2026-03-31", 1); !errors.Is(err, order.ErrNotUpgrade) {
			t.Errorf("to %d: %s, %v, want upgrade_not_dearer", price, i.Net, err)
		}
	}
}

func TestUnconsumed(t *testing.T) {
	line := order.Item{Term: order.Month, From: "2028-02-01", Until: "2028-03-01", Net: usd(2900)}
	o := order.Order{Items: []order.Item{line}, Net: usd(2900), Tax: usd(290), Amount: usd(3190)}
	cases := []struct {
		on   order.Day
		want int64
	}{{"2028-01-15", 3190}, {"2028-02-01", 3190}, {"2028-02-02", 3080}, {"2028-02-29", 110}, {"2028-03-01", 0}, {"2028-06-01", 0}}
	for _, c := range cases {
		if got, err := o.Unconsumed(c.on, 1); err != nil || got != usd(c.want) {
			t.Errorf("on %s: got %s, %v, want %s", c.on, got, err, usd(c.want))
		}
	}
	forGood := order.Order{Items: []order.Item{line, {Net: usd(2900)}}, Net: usd(5800), Amount: usd(5800)}
	if got, err := forGood.Unconsumed("2028-02-02", 1); err != nil || got != usd(2800) {
		t.Errorf("beside what is bought for good: got %s, %v, want %s", got, err, usd(2800))
	}
}

func TestARenewalFollowsOnTheAnchorsDay(t *testing.T) {
	s := order.Subscription{Quantity: 3, Price: usd(1000), Term: order.Month, From: "2026-01-31", Terms: 1, Until: "2026-02-28"}
	i, err := s.Next()
	if err != nil || i.From != "2026-02-28" || i.Until != "2026-03-31" || i.Net != usd(3000) {
		t.Errorf("got %+v, %v, want 30.00 from 2026-02-28 until 2026-03-31", i, err)
	}
}

// Whatever the day, what is consumed and what is not are within a unit of the
// whole, an upgrade never costs more than the whole difference, and later costs
// never more than earlier.
func TestPartsOfPrices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := rapid.SampledFrom([]order.Term{"P1D", "P30D", "P1M", "P3M", "P1Y"}).Draw(t, "term")
		from := order.Day("2024-01-01").Add(rapid.IntRange(0, 3000).Draw(t, "from"))
		s := order.Subscription{Quantity: 1, Term: term, From: from, Terms: rapid.IntRange(1, 4).Draw(t, "terms"), Price: usd(rapid.Int64Range(1, 1e12).Draw(t, "price"))}
		s.Until = term.After(from, s.Terms)
		to := order.DraftItem{Quantity: 1, Price: usd(s.Price.Minor + rapid.Int64Range(1, 1e12).Draw(t, "more"))}
		step := rapid.SampledFrom([]int64{1, 10, 100}).Draw(t, "step")
		last := int64(math.MaxInt64)
		for n := 0; n <= min(from.Until(s.Until), 40); n++ {
			item, err := s.Change(to, from.Add(n), step)
			if err != nil && !errors.Is(err, order.ErrNotUpgrade) {
				t.Fatal(err)
			}
			whole := (to.Price.Minor - s.Price.Minor) * int64(s.Terms)
			if item.Net.Minor > last || item.Net.Minor > whole+step || item.Net.Minor%step != 0 {
				t.Fatalf("day %d costs %d, the day before %d, the whole %d", n, item.Net.Minor, last, whole)
			}
			last = item.Net.Minor
		}
		if last != 0 && from.Until(s.Until) <= 40 {
			t.Fatalf("on the day after its last it costs %d", last)
		}
	})
}
