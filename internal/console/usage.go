package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
)

// usedView is what an account used in a month, by product and by day, and what runs
// now.
type usedView struct {
	Month    string
	Now      bool   // it is the month that runs
	Earlier  string // the page of the month before; "" there is none
	Later    string
	Total    string // with all its decimals
	Products []productLine
	Rest     *restLine // products that are not shown; nil: all are
	Days     []dayLine
	Chart    *dayChart  // nil: there is nothing to draw
	Late     bool       // some days are of months before
	Day      string     // whose products are shown; "" those of the month
	Product  string     // whose days are shown; "" those of all
	All      string     // the page of the month without those choices
	Gauge    *gaugeView // "" of another month, or where nothing triggers a charge
	Bill     string     // the page of the month's bill; "" none yet
	Running  string     // what runs, as the platform told last; "" it never did
	Examples []string
	More     int // of what runs, not named
	Told     moment
	Credit   bool
}

// productLine is a product's usage.
type productLine struct {
	Product, Lines, Usage string
	Percent               int64  // of the greatest
	Href                  string // its days
}

// restLine sums products that are not shown.
type restLine struct {
	Count int
	Usage string
}

// dayLine is a day's usage.
type dayLine struct {
	Day, Lines, Usage string
	Href              string // its products
}

// dayChart is a month's usage as columns, a day each.
type dayChart struct {
	Width       int
	Columns     []column
	First, Last string // days
	Greatest    string // day's usage
}

// column is a day's, drawn from the top down.
type column struct {
	At, From, Height int64
}

// productsMost is how many products are told of by name, the greatest of them.
const productsMost = 100

func (c *console) showUsage(v *visit) error {
	q := v.r.URL.Query()
	now := billing.MonthOf(c.office.Now(), v.account.Location())
	m := now
	if asked := q.Get("month"); asked != "" {
		var err error
		if m, err = billing.ParseMonth(asked); err != nil || m > now {
			return errPageNotFound
		}
	}
	used, err := c.office.UsageOf(v.r.Context(), v.by, v.account.ID, m)
	if err != nil {
		return err
	}
	view := usedView{Month: v.month(m), Now: m == now, Credit: v.account.Credit, All: usageURL(m, "", "")}
	if first := billing.MonthOf(v.account.RegisteredAt, v.account.Location()); m > first {
		view.Earlier = usageURL(m.Previous(), "", "")
	}
	if m < now {
		view.Later = usageURL(m.Next(), "", "")
	}
	if view.Total, err = v.total(used.Products); err != nil {
		return err
	}
	if err := v.tellProducts(&view, used, m, q.Get("day")); err != nil {
		return err
	}
	if err := v.tellDays(&view, used, m, q.Get("product")); err != nil {
		return err
	}
	if m == now {
		err = c.tellRunning(v, &view)
	} else {
		view.Bill, err = c.billOf(v, m)
	}
	if err != nil {
		return err
	}
	v.show(http.StatusOK, "used.html", view)
	return nil
}

// usageURL is the page of a month's usage; of a day's products or of a product's
// days, if these are not "".
func usageURL(m billing.Month, day, product string) string {
	q := url.Values{"month": {string(m)}}
	if day != "" {
		q.Set("day", day)
	}
	if product != "" {
		q.Set("product", product)
	}
	return "/usage?" + q.Encode()
}

func (v *visit) total(list []billing.Exposure) (string, error) {
	sum := money.Exact{Currency: v.account.Currency}
	var err error
	for _, e := range list {
		if sum, err = sum.Add(e.Usage); err != nil {
			return "", err
		}
	}
	return exact(sum), nil
}

// tellProducts puts the usage of a month, or of one day, into lines by product, the
// greatest first.
func (v *visit) tellProducts(view *usedView, used office.MonthUsage, m billing.Month, day string) error {
	list := used.Products
	if day != "" {
		list = nil
		for _, d := range used.Days {
			if d.Day.String() == day {
				list = append(list, d.Exposure)
				view.Day = v.date(d.Day.Date())
			}
		}
		if len(list) == 0 {
			return errPageNotFound
		}
	}
	slices.SortStableFunc(list, func(a, b billing.Exposure) int {
		return cmp.Or(b.Usage.Cmp(a.Usage), cmp.Compare(a.Product, b.Product))
	})
	for _, e := range list[:min(len(list), productsMost)] {
		view.Products = append(view.Products, productLine{
			Product: e.Product, Lines: grouped(strconv.FormatInt(e.Lines, 10)), Usage: exact(e.Usage), Percent: share(e.Usage, list[0].Usage), Href: usageURL(m, "", e.Product),
		})
	}
	if len(list) <= productsMost {
		return nil
	}
	rest, err := v.total(list[productsMost:])
	view.Rest = &restLine{Count: len(list) - productsMost, Usage: rest}
	return err
}

// tellDays puts the usage of a month, or of one product in it, into lines by day, the
// newest first, and draws them.
func (v *visit) tellDays(view *usedView, used office.MonthUsage, m billing.Month, product string) error {
	var days []billing.DayUsage // of all products together
	for _, d := range used.Days {
		if product != "" && d.Product != product {
			continue
		}
		if n := len(days) - 1; n >= 0 && days[n].Day == d.Day {
			var err error
			if days[n].Usage, err = days[n].Usage.Add(d.Usage); err != nil {
				return err
			}
			days[n].Lines += d.Lines
			continue
		}
		days = append(days, d)
	}
	if product != "" && len(days) == 0 {
		return errPageNotFound
	}
	view.Product = product
	for _, d := range slices.Backward(days) {
		view.Late = view.Late || d.Day.Month() != m
		view.Days = append(view.Days, dayLine{
			Day: v.date(d.Day.Date()), Lines: grouped(strconv.FormatInt(d.Lines, 10)), Usage: exact(d.Usage), Href: usageURL(m, d.Day.String(), ""),
		})
	}
	view.Chart = v.chart(days, m)
	return nil
}

// chartHeight is that of the greatest day's column.
const chartHeight = 100

// chart draws the days of a month; days of months before are not in it.
func (v *visit) chart(days []billing.DayUsage, m billing.Month) *dayChart {
	first, next := m.Days()
	days = slices.DeleteFunc(slices.Clone(days), func(d billing.DayUsage) bool { return d.Day < first || d.Day >= next })
	greatest := money.Exact{Currency: v.account.Currency}
	for _, d := range days {
		if d.Usage.Cmp(greatest) > 0 {
			greatest = d.Usage
		}
	}
	if greatest.IsZero() {
		return nil
	}
	c := &dayChart{Width: int(next - first), First: v.date(first.Date()), Last: v.date((next - 1).Date()), Greatest: rounded(greatest)}
	for _, d := range days {
		if height := share(d.Usage, greatest); height > 0 {
			c.Columns = append(c.Columns, column{At: int64(d.Day - first), From: chartHeight - height, Height: height})
		}
	}
	return c
}

// share returns how long a bar is beside that of the greatest, from 0 to 100.
func share(part, greatest money.Exact) int64 {
	if part.Sign() <= 0 || greatest.Sign() <= 0 {
		return 0
	}
	return int64(float64(part.Micro) / max(float64(greatest.Micro), 1) * 100) // a length on a screen, no money
}

// tellRunning adds what runs now, and how far its usage is from being charged.
func (c *console) tellRunning(v *visit, view *usedView) error {
	w, err := c.office.WaysToPay(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	if view.Gauge, err = gauge(w); err != nil {
		return err
	}
	r, err := c.office.Resources(v.r.Context(), v.by, v.account.ID)
	if err != nil || r.ReportedAt.IsZero() {
		return err
	}
	view.Running, view.Examples, view.More, view.Told = grouped(strconv.Itoa(r.Running)), r.Examples, r.Running-len(r.Examples), v.at(r.ReportedAt)
	return nil
}

// billOf is the page of a month's bill; "" if it has none.
func (c *console) billOf(v *visit, m billing.Month) (string, error) {
	b, err := c.office.BillOfMonth(v.r.Context(), v.by, v.account.ID, m)
	if err != nil || b.ID == "" {
		return "", err
	}
	return billURL(b.ID), nil
}
