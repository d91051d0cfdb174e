package console

import (
	"net/http"
	"net/url"
	"time"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// moneyRoutes are the pages about bills, payments, usage, funds and the account.
func (c *console) moneyRoutes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /bills":                      c.in(c.showBills),
		"GET /bills/{id}":                 c.in(c.showBill),
		"POST /bills/{id}/pay":            c.in(c.sure(c.payBill)),
		"GET /bills/{id}/return":          c.in(c.returnToBill),
		"GET /debts/{id}":                 c.in(c.showDebt),
		"POST /debts/{id}/pay":            c.in(c.sure(c.payDebt)),
		"GET /payments":                   c.in(c.showPayments),
		"GET /payments/{id}":              c.in(c.showPayment),
		"GET /payments/{id}/state":        c.in(c.tellPayment),
		"POST /payments/{id}/confirm":     c.in(c.confirmPayment),
		"GET /refunds/{id}":               c.in(c.showRefund),
		"GET /usage":                      c.in(c.showUsage),
		"GET /funds":                      c.in(c.showFunds),
		"POST /funds/automatic":           c.in(c.sure(c.setApply)),
		"POST /funds/topup":               c.in(c.sure(c.topUp)),
		"GET /account":                    c.in(c.showAccount),
		"POST /account/language":          c.in(c.setLanguage),
		"POST /account/sessions/{id}/end": c.in(c.endSession),
	}
}

// standing is how something stands, told apart by a mark and by a word.
type standing struct {
	Tone, Name string
}

// paymentTones says how a payment's state is told apart at a glance.
var paymentTones = map[payment.State]string{
	payment.Opening: "wait", payment.Pending: "wait", payment.Waiting: "wait", payment.Unknown: "wait",
	payment.Closing: "bad", payment.Succeeded: "good", payment.Declined: "bad", payment.Cancelled: "ended",
}

func (w *words) paymentStanding(p payment.Payment) standing {
	s := standing{Tone: paymentTones[p.State], Name: w.t("payment.state." + string(p.State))}
	switch {
	case p.Refunded.IsZero():
	case p.Refunded.Cmp(p.Amount) == 0:
		s.Name = w.t("payment.refunded")
	default:
		s.Name = w.t("payment.refunded.part")
	}
	return s
}

func (w *words) debtStanding(d billing.Debt) standing {
	switch {
	case d.State == billing.Paid:
		return standing{"good", w.t("debt.paid")}
	case d.State == billing.Cancelled:
		return standing{"ended", w.t("debt.cancelled")}
	case d.State == billing.WrittenOff:
		return standing{"ended", w.t("debt.written_off")}
	case !d.DeclinedAt.IsZero():
		return standing{"bad", w.t("debt.overdue")}
	case d.Paid.IsPositive():
		return standing{"wait", w.t("bill.part_paid")}
	}
	return standing{"wait", w.t("debt.open")}
}

func (v *visit) billStanding(b billing.Bill) standing {
	switch {
	case b.IsOverdue(v.console.office.Now()):
		return standing{"bad", v.t("debt.overdue")}
	case b.Total.IsZero():
		return standing{"ended", v.t("bill.nothing")}
	case b.IsPaid():
		return standing{"good", v.t("bill.paid")}
	case b.Open.Cmp(b.Total) < 0:
		return standing{"wait", v.t("bill.part_paid")}
	}
	return standing{"wait", v.t("bill.open")}
}

// month is a month as people read it.
func (w *words) month(m billing.Month) string {
	start := m.Start(time.UTC)
	return w.t("month", "month", int(start.Month()), "month_name", start.Month().String()[:3], "year", start.Year())
}

// purpose is what a debt is for.
func (w *words) purpose(l office.PaymentLine) string {
	if l.Order.ID != "" {
		return w.t("for.order", "reference", l.Order.Reference)
	}
	return w.debtName(l.Debt)
}

func (w *words) debtName(d billing.Debt) string {
	return w.t("for."+string(d.Kind), "month", w.month(d.Month))
}

func billURL(id billing.BillID) string { return "/bills/" + url.PathEscape(string(id)) }

func paymentURL(id payment.ID) string { return "/payments/" + url.PathEscape(string(id)) }

// pager leads through a list that is longer than a page; "" is where nothing is.
type pager struct {
	First, More string
}

const linesOfPage = 25

// pageOf reads which page of a list is asked for.
func (v *visit) pageOf() office.Page {
	return office.Page{After: v.r.URL.Query().Get("after"), Limit: linesOfPage}
}

func (v *visit) pager(next string) pager {
	var p pager
	if v.r.URL.Query().Get("after") != "" {
		p.First = v.r.URL.Path
	}
	if next != "" {
		p.More = v.r.URL.Path + "?after=" + url.QueryEscape(next)
	}
	return p
}

// sumIf writes an amount unless it is zero.
func sumIf(a money.Amount) string {
	if a.IsZero() {
		return ""
	}
	return sum(a)
}
