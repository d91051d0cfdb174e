package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
)

// usedView is what an account used in a month, and what runs now.
type usedView struct {
	Month    string
	Now      bool   // it is the month that runs
	Earlier  string // the page of the month before; "" there is none
	Later    string
	Total    string // with all its decimals
	Products []productLine
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
	Percent               int64 // of the greatest
}

func (c *console) showUsage(v *visit) error {
	now := billing.MonthOf(c.office.Now(), v.account.Location())
	m := now
	if asked := v.r.URL.Query().Get("month"); asked != "" {
		var err error
		if m, err = billing.ParseMonth(asked); err != nil || m > now {
			return errPageNotFound
		}
	}
	products, err := c.office.UsageOf(v.r.Context(), v.by, v.account.ID, m)
	if err != nil {
		return err
	}
	view := usedView{Month: v.month(m), Now: m == now, Credit: v.account.Credit}
	if first := billing.MonthOf(v.account.RegisteredAt, v.account.Location()); m > first {
		view.Earlier = "/usage?month=" + string(m.Previous())
	}
	if m < now {
		view.Later = "/usage?month=" + string(m.Next())
	}
	if view.Total, view.Products, err = v.products(products); err != nil {
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

// products puts a month's usage into lines, the greatest first.
func (v *visit) products(list []billing.Exposure) (total string, lines []productLine, err error) {
	slices.SortStableFunc(list, func(a, b billing.Exposure) int {
		return cmp.Or(b.Usage.Cmp(a.Usage), cmp.Compare(a.Product, b.Product))
	})
	sum := money.Exact{Currency: v.account.Currency}
	for _, e := range list {
		if sum, err = sum.Add(e.Usage); err != nil {
			return "", nil, err
		}
		lines = append(lines, productLine{
			Product: e.Product, Lines: grouped(strconv.FormatInt(e.Lines, 10)), Usage: exact(e.Usage), Percent: share(e.Usage, list[0].Usage),
		})
	}
	return exact(sum), lines, nil
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
