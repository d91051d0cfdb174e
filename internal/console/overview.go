package console

import (
	"net/http"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// overviewView is the first page: what needs attention, what is owed, how far
// usage is from being charged, and what was given at registration (S-23).
type overviewView struct {
	Attention  []attention
	Owed       string
	Owes       bool
	Balance    string // "" none
	Gauge      *gaugeView
	Credit     bool
	Preferred  *methodView
	Held       string // on the preferred method, for usage; "" nothing
	Reference  string
	Kind       string
	Region     string
	Country    string
	Registered moment
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

func (c *console) showOverview(v *visit) error {
	w, err := c.office.WaysToPay(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	list, err := c.office.Methods(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	a := v.account
	agreements, err := c.office.Agreements(v.r.Context(), v.by, a.ID)
	if err != nil {
		return err
	}
	view := overviewView{
		Owed: sum(w.Owed), Owes: w.Owed.IsPositive(), Credit: a.Credit, Attention: v.attention(list, agreements),
		Reference: a.Reference, Kind: v.t("kind." + string(a.Kind)), Region: v.region(w.Region), Country: v.country(a.Country), Registered: v.at(a.RegisteredAt),
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
	v.show(http.StatusOK, "overview.html", view)
	return nil
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
	shown, rest, err := w.Exposure.Floor(1)
	if err != nil {
		return nil, err
	}
	g := &gaugeView{Used: sum(shown), Threshold: sum(w.Threshold), Percent: percent(shown, w.Threshold)}
	if !rest.IsZero() {
		g.Exactly = exact(w.Exposure)
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
