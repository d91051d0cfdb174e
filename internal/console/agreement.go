package console

import (
	"net/http"
	"net/url"

	"github.com/bursar-pay/bursar/internal/payment"
)

// agreementView is an agreement at PayPal as its page tells it.
type agreementView struct {
	Page    string
	Tone    string // wait or bad
	Name    string
	Means   string
	Why     *reason // why it was refused
	Go      string  // PayPal's page, while the payer can still decide there
	Until   moment  // by when; zero once the payer is back: at once
	Waiting bool
	Mark    string // changes when anything does that the page shows
}

// agreementKeys are the texts for each state. One that is kept has none: the
// method that it became tells. Once the payer is back, waiting is told otherwise.
var agreementKeys = map[payment.AgreementState]string{
	payment.AgreementOpening: "agreement.opening", payment.AgreementWaiting: "agreement.waiting", payment.AgreementDiscarding: "agreement.refused",
	payment.AgreementRefused: "agreement.refused", payment.AgreementLapsed: "agreement.lapsed",
}

// agreement puts an agreement into words.
func (v *visit) agreement(g payment.Agreement) agreementView {
	key := agreementKeys[g.State]
	isBack := g.State == payment.AgreementWaiting && !g.ReturnedAt.IsZero()
	if isBack {
		key = "agreement.returned"
	}
	view := agreementView{
		Page: agreementPage(g.ID), Tone: "bad", Name: v.t(key), Means: v.t(key + ".means"), Waiting: !g.IsOver(),
		Mark: string(g.State) + "." + g.Reason + ".back"[:5*bit(isBack)] + ".page"[:5*bit(g.ApproveURL != "")],
	}
	switch g.State {
	case payment.AgreementOpening:
		view.Tone = "wait"
	case payment.AgreementWaiting:
		view.Tone, view.Go = "wait", g.ApproveURL
		if !isBack {
			view.Until = v.at(g.Until)
		}
	}
	if g.Reason != "" {
		why := v.reasonOf(payment.PayPalKind, g.Reason, v.of(payment.PayPalKind, "reason.other"), v.of(payment.PayPalKind, "reason.other.next"))
		view.Why = &why
	}
	return view
}

// showAgreement tells how an agreement stands. While it is not decided, this is
// the page that waits; once it is kept, the method's own page is.
func (c *console) showAgreement(v *visit) error {
	g, err := c.office.Agreement(v.r.Context(), v.by, payment.AgreementID(v.r.PathValue("id")), false)
	if err != nil {
		return err
	}
	if g.State == payment.AgreementKept {
		page, err := c.keptAs(v, g)
		if err != nil {
			return err
		}
		http.Redirect(v.w, v.r, page, http.StatusSeeOther)
		return nil
	}
	view := v.agreement(g)
	v.waiting = view.Waiting
	v.show(http.StatusOK, "agreement.html", view)
	return nil
}

// keptAs returns the page of the method that an agreement became, or that it is
// known as.
func (c *console) keptAs(v *visit, g payment.Agreement) (string, error) {
	s, err := c.office.Method(v.r.Context(), v.by, g.Method, false)
	if err != nil {
		return "", err
	}
	page := methodURL(g.Method)
	if s.Method.CreatedAt.Before(g.OpenedAt) {
		page += "?known"
	}
	return page, nil
}

// tellAgreement answers the waiting page's question whether anything is new, and
// has PayPal asked.
func (c *console) tellAgreement(v *visit) error {
	g, err := c.office.Agreement(v.r.Context(), v.by, payment.AgreementID(v.r.PathValue("id")), true)
	if err != nil {
		return err
	}
	told := map[string]any{"mark": v.agreement(g).Mark, "waiting": !g.IsOver()}
	if g.State == payment.AgreementKept {
		if told["page"], err = c.keptAs(v, g); err != nil {
			return err
		}
	}
	return v.tell(told)
}

// comeBackFromPayPal is where PayPal sends the payer, in the window in which they
// went, agreed or not. Coming twice, or again after a reload, changes nothing
// (R-PP-05). Who has no session any more is told that nothing is lost.
func (c *console) comeBackFromPayPal(v *visit, q url.Values) error {
	if err := c.admit(v); err != nil {
		v.show(http.StatusUnauthorized, "ended.html", endedView{IsBack: true})
		return nil
	}
	g, err := c.office.ReturnToAgreement(v.r.Context(), v.by, payment.AgreementID(q.Get("agreement")), q.Get("turned_away") == "1")
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, agreementPage(g.ID), http.StatusSeeOther)
	return nil
}
