package console

import (
	"net/http"
	"net/url"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// overviewView is the first page: what needs attention, what is owed, what is
// charged next and when, how far usage is from being charged, and what was spent.
type overviewView struct {
	Attention []attention
	Owed      string
	Owes      bool
	Balance   string // "" none
	Gauge     *gaugeView
	Credit    *creditView  // nil: the account has no credit line
	Apply     *applySwitch // nil: there is nothing that it would do
	Next      nextCharge
	Preferred *methodView
	Held      string // on the preferred method, for usage; "" nothing
	Spending  []spendLine
	Spent     bool // something was, in these months
}

// nextCharge is what is charged next, as far as it is known.
type nextCharge struct {
	Title  string
	Amount string // "" it is not known yet
	Day    string // on which, where the amount is not known
	Text   string
	At     moment
	Href   string // where it is told of; "" nowhere
}

// spendLine is a month's spending.
type spendLine struct {
	Month, Usage, Orders, Total string
	Href                        string // the page of its bill, or of its usage
	Now                         bool   // the month runs still
	UsagePercent, OrderPercent  int64  // of the greatest month
}

// attention is something that waits for the customer.
type attention struct {
	Text, Label, Href string
}

// gaugeView is usage that is not collected yet, beside the amount that collects
// it (S-09).
type gaugeView struct {
	Used, Threshold string
	Exactly         string // with all decimals; "" if Used has them
	Percent         int64  // 0 to 100
}

const monthsShown = 6

func (c *console) showOverview(v *visit) error {
	ctx, id := v.r.Context(), v.account.ID
	w, err := c.office.WaysToPay(ctx, v.by, id)
	if err != nil {
		return err
	}
	list, err := c.office.Methods(ctx, v.by, id)
	if err != nil {
		return err
	}
	outlook, err := c.office.Outlook(ctx, v.by, id)
	if err != nil {
		return err
	}
	funds, err := c.office.Funds(ctx, v.by, id)
	if err != nil {
		return err
	}
	view := overviewView{Owed: sum(w.Owed), Owes: w.Owed.IsPositive(), Credit: v.credit(funds), Next: v.nextCharge(outlook, w, funds)}
	if v.account.Credit || funds.Balance.IsPositive() {
		view.Apply = &applySwitch{On: funds.Account.AutoApply, Back: "/"}
	}
	if view.Attention, err = c.allAttention(v, list, outlook); err != nil {
		return err
	}
	if w.Balance.IsPositive() {
		view.Balance = sum(w.Balance)
	}
	if view.Gauge, err = gauge(w); err != nil {
		return err
	}
	if w.Held.State == payment.HoldPlaced {
		view.Held = sum(w.Held.Amount)
	}
	for _, b := range list {
		if b.Method.Preferred {
			m := v.method(b, w)
			view.Preferred = &m
		}
	}
	months, err := c.office.Spending(ctx, v.by, id, monthsShown)
	if err != nil {
		return err
	}
	if view.Spending, view.Spent, err = v.spending(months); err != nil {
		return err
	}
	v.show(http.StatusOK, "overview.html", view)
	return nil
}

// nextCharge tells what is charged next and when.
func (v *visit) nextCharge(l office.Outlook, w office.WaysToPay, f office.Funds) nextCharge {
	charge := v.t("next")
	if v.account.Credit {
		charge = v.t("next.payment")
	}
	for _, d := range l.Open {
		if d.Last.ID != "" && !d.Last.IsOver() {
			n := nextCharge{Title: charge, Amount: sum(d.Last.Amount), Text: v.t("next.moving"), Href: paymentURL(d.Last.ID)}
			if d.Last.State == payment.Waiting {
				n.Text = v.t("next.waits")
			}
			return n
		}
	}
	for _, b := range f.Open {
		if !b.DueAt.IsZero() {
			return nextCharge{Title: charge, Amount: sum(b.Open), Text: v.t("next.due", "day", v.dayOf(b.DueAt)), Href: billURL(b.ID)}
		}
	}
	n := nextCharge{Title: charge, Text: v.t("next.month"), At: v.at(l.NextBill), Day: v.dayOf(l.NextBill)}
	at := l.NextBill
	switch {
	case v.account.Credit:
		n.Title, n.Text = v.t("next.issue"), v.t("next.bill")
	case w.Threshold.IsPositive():
		n.Text = v.t("next.threshold", "threshold", sum(w.Threshold))
	}
	if l.Renewal.ID != "" && l.RenewsAt.Before(at) {
		at = l.RenewsAt
		n = nextCharge{Title: charge, Text: v.t("next.renewal", "product", l.Renewal.Product), At: v.at(at), Day: v.dayOf(at), Href: "/subscriptions/" + url.PathEscape(string(l.Renewal.ID))}
	}
	for _, d := range l.Open {
		if t := d.Debt.NextAttemptAt; !t.IsZero() && t.Before(at) && !v.account.Credit {
			at = t
			n = nextCharge{Title: charge, Amount: sum(d.Debt.OpenAmount()), Text: v.t("next.retry"), At: v.at(at), Href: debtHref(d)}
		}
	}
	return n
}

// debtHref is where an open debt is told of.
func debtHref(d office.OpenDebt) string {
	switch {
	case d.Order.ID != "":
		return "/checkout/" + url.PathEscape(string(d.Order.ID))
	case d.Last.ID != "":
		return paymentURL(d.Last.ID)
	}
	return "/debts/" + url.PathEscape(string(d.Debt.ID))
}

// spending puts the last months into lines of a chart.
func (v *visit) spending(months []office.MonthSpending) (lines []spendLine, spent bool, err error) {
	totals := make([]money.Exact, len(months))
	greatest := money.Exact{Currency: v.account.Currency}
	for i, m := range months {
		orders, err := m.Orders.Exact()
		if err != nil {
			return nil, false, err
		}
		if totals[i], err = m.Usage.Add(orders); err != nil {
			return nil, false, err
		}
		if totals[i].Cmp(greatest) > 0 {
			greatest = totals[i]
		}
	}
	for i, m := range months {
		orders, err := m.Orders.Exact()
		if err != nil {
			return nil, false, err
		}
		spent = spent || !totals[i].IsZero()
		l := spendLine{
			Month: v.month(m.Month), Usage: rounded(m.Usage), Orders: sum(m.Orders), Total: rounded(totals[i]), Href: "/usage?month=" + string(m.Month),
			Now: i == len(months)-1, UsagePercent: share(m.Usage, greatest), OrderPercent: share(orders, greatest),
		}
		if m.Bill != "" {
			l.Href = billURL(m.Bill)
		}
		lines = append(lines, l)
	}
	return lines, spent, nil
}

// rounded writes an exact amount down to the minor unit.
func rounded(e money.Exact) string {
	shown, _, err := e.Floor(1)
	if err != nil {
		return exact(e)
	}
	return sum(shown)
}

// attentionMost is how many things that wait are told of at once.
const attentionMost = 6

// allAttention lists what waits for the customer, what is most urgent first.
func (c *console) allAttention(v *visit, list []office.Bound, l office.Outlook) ([]attention, error) {
	var all []attention
	if v.account.State == account.Suspended {
		all = append(all, attention{Text: v.t("attention.suspended"), Label: v.t("attention.pay"), Href: "/bills"})
	}
	for _, d := range l.Open {
		switch {
		case d.Order.ID != "": // orders are told of by themselves
		case d.Last.State == payment.Waiting:
			all = append(all, attention{Text: v.t("attention.confirm", "amount", sum(d.Last.Amount)), Label: v.t("attention.challenged.go"), Href: paymentURL(d.Last.ID)})
		case !d.Debt.DeclinedAt.IsZero() && (d.Last.ID == "" || d.Last.IsOver()):
			all = append(all, attention{Text: v.t("attention.unpaid", "amount", sum(d.Debt.OpenAmount())), Label: v.t("attention.pay"), Href: debtHref(d)})
		}
	}
	agreements, err := c.office.Agreements(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return nil, err
	}
	orders, err := c.waitingOrders(v)
	if err != nil {
		return nil, err
	}
	all = append(append(all, orders...), v.attention(list, agreements)...)
	return all[:min(len(all), attentionMost)], nil
}

// attention lists what waits for the customer, and where to go on.
func (v *visit) attention(list []office.Bound, agreements []payment.Agreement) []attention {
	var all []attention
	usable := false
	for _, b := range list {
		m, href := b.Method, methodURL(b.Method.ID)
		switch m.State {
		case payment.Active:
			usable = true
		case payment.Challenged:
			all = append(all, attention{Text: v.of(m.Kind, "attention.challenged", "method", v.methodName(m)), Label: v.t("attention.challenged.go"), Href: href})
		case payment.Expired, payment.Unavailable, payment.Invalid:
			all = append(all, attention{Text: v.of(m.Kind, "attention."+string(m.State), "method", v.methodName(m)), Label: v.t("attention.look"), Href: href})
		}
	}
	if len(agreements) > 0 && agreements[0].State == payment.AgreementWaiting {
		all = append(all, attention{Text: v.t("attention.agreement"), Label: v.t("method.go_on"), Href: agreementPage(agreements[0].ID)})
	}
	if !usable && len(all) == 0 && !v.account.Credit {
		all = append(all, attention{Text: v.t("attention.none"), Label: v.t("methods.add"), Href: "/methods/new"})
	}
	return all
}

// gauge draws how far usage is from being charged; nil where no amount triggers a
// charge.
func gauge(w office.WaysToPay) (*gaugeView, error) {
	if !w.Threshold.IsPositive() {
		return nil, nil
	}
	shown, rest, err := w.Nearest.Floor(1)
	if err != nil {
		return nil, err
	}
	g := &gaugeView{Used: sum(shown), Threshold: sum(w.Threshold), Percent: percent(shown, w.Threshold)}
	if !rest.IsZero() {
		g.Exactly = exact(w.Nearest)
	}
	return g, nil
}

// percent returns how much of a whole is used, from 0 to 100. 100 is kept for
// what has reached it.
func percent(used, whole money.Amount) int64 {
	switch {
	case !used.IsPositive():
		return 0
	case used.Cmp(whole) >= 0:
		return 100
	}
	return int64(float64(used.Minor) / float64(whole.Minor) * 100) // a length on a screen, no money
}
