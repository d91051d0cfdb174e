package console

import (
	"net/http"

	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

// waysView is what this account may pay with (S-01).
type waysView struct {
	Region string
	Policy string
	Ways   []wayView
}

// wayView is one way to pay: whether this account may use it, and the same
// questions answered for each.
type wayView struct {
	Kind, Name string
	May        bool
	Verdict    string
	Why        []reason
	Rows       []row
	Add        string // the page where it is added; "" none
	AddText    string
}

type row struct {
	Name  string
	Lines []string
}

// addPages are where ways to pay are added.
var addPages = map[policy.Kind]string{policy.Card: "/methods/new", policy.PayPal: payPalPage}

func (c *console) showWays(v *visit) error {
	w, err := c.office.WaysToPay(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	view := waysView{Region: v.region(w.Region), Policy: w.Policy}
	transfer, err := c.transferTo(v)
	if err != nil {
		return err
	}
	for _, o := range w.Offers {
		way := v.way(o, w)
		if o.Kind == policy.BankTransfer && transfer != nil {
			way.Add, way.AddText = "/funds#transfer", v.t("transfer")
			way.Rows = append(way.Rows[:1:1], append([]row{v.transferRow(transfer)}, way.Rows[2:]...)...)
		}
		view.Ways = append(view.Ways, way)
	}
	v.show(http.StatusOK, "ways.html", view)
	return nil
}

// way answers who may use it, how it is added, how fast money counts, what
// triggers a payment, what it costs and what limits it.
func (v *visit) way(o policy.Offer, w office.WaysToPay) wayView {
	kind := "way." + string(o.Kind)
	view := wayView{AddText: v.t(kind + ".add"), Kind: string(o.Kind), Name: v.t(kind), May: o.May == nil, Verdict: v.t("way.may"), Why: v.reasonsOf(payment.Kind(o.Kind), o.May)}
	if view.May {
		view.Add = addPages[o.Kind]
	} else {
		view.Verdict = v.t("way.may_not")
	}
	add := func(question string, lines ...string) {
		view.Rows = append(view.Rows, row{Name: v.t("ways." + question), Lines: lines})
	}
	who := []string{v.t(kind + ".who")}
	if len(o.Brands) > 0 {
		who = append(who, v.t("way.brands", "brands", v.brandList(o.Brands)))
	}
	add("who", who...)
	add("how", v.added(o)...)
	add("fast", v.t(kind+".fast"))
	add("trigger", v.triggers(o, w)...)
	add("fees", v.t(kind+".fees"))
	add("limits", v.t(kind+".limits"))
	return view
}

// transferRow tells an account where it transfers money to.
func (v *visit) transferRow(t *transferView) row {
	lines := []string{v.t("transfer.shared")}
	if t.Dedicated {
		lines[0] = v.t("transfer.own")
	}
	for _, r := range t.Rows {
		lines = append(lines, v.t("transfer.line", "name", r.Name, "text", r.Text))
	}
	return row{Name: v.t("ways.how"), Lines: lines}
}

// added tells how a way to pay is added.
func (v *visit) added(o policy.Offer) []string {
	lines := []string{v.t("way." + string(o.Kind) + ".how")}
	if o.Hold.IsPositive() && o.May == nil {
		lines = append(lines, v.t("way.hold", "amount", sum(o.Hold)))
	}
	if o.Challenge && o.May == nil {
		lines = append(lines, v.t("way.challenge"))
	}
	return lines
}

// triggers tells what a payment is started by.
func (v *visit) triggers(o policy.Offer, w office.WaysToPay) []string {
	if o.Kind == policy.BankTransfer {
		return []string{v.t("way.trigger.transfer")}
	}
	if v.account.Credit {
		return []string{v.t("way.trigger.order"), v.t("way.trigger.credit")}
	}
	lines := []string{v.t("way.trigger.order")}
	if t := thresholdOf(o.Threshold); t.Amount != "" {
		lines = append(lines, v.t("way.trigger.threshold", "amount", t.Amount))
		if t.Least != "" {
			lines = append(lines, v.t("way.trigger.range", "least", t.Least, "most", t.Most))
		}
	}
	lines = append(lines, v.t("way.trigger.month"))
	if o.Exposure.IsPositive() {
		lines = append(lines, v.t("way.usage", "amount", sum(o.Exposure)))
	}
	if o.Kind == policy.PayPal && w.Held.State == payment.HoldPlaced {
		lines = append(lines, v.t("way.usage.now", "amount", sum(w.Held.Amount)))
	}
	return lines
}
