package console

import (
	"net/http"
	"net/url"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

// payPalConsent names the text that payers agree to before they go to PayPal.
const payPalConsent = "paypal-1"

const payPalPage = "/methods/paypal"

// payPalView is what the page is made of that says what adding PayPal means.
type payPalView struct {
	Reasons    []reason // why the last try was refused
	Closed     []reason // why PayPal cannot be added; none if it can
	Hold       string
	Descriptor string
	Hours      int // within which the hold is given back
	Threshold  thresholdView
	Usage      string // what is held while usage runs; "" nothing
	Refusals   []refusal
	Consent    string
}

// thresholdView is the amount from which usage is charged at once.
type thresholdView struct {
	Amount      string // "" nothing triggers but the bill
	Least, Most string // between which it moves; "" it does not
}

func thresholdOf(t policy.ThresholdRange) (view thresholdView) {
	if !t.Start.IsPositive() {
		return view
	}
	view.Amount = sum(t.Start)
	if t.Least != t.Most {
		view.Least, view.Most = sum(t.Least), sum(t.Most)
	}
	return view
}

// showPayPal says what will happen before the payer goes to PayPal.
func (c *console) showPayPal(v *visit) error { return c.offerPayPal(v, nil) }

// offerPayPal shows the page that leads to PayPal, and why a try was refused.
func (c *console) offerPayPal(v *visit, refused error) error {
	w, err := c.office.WaysToPay(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	o, offered := offerOf(w, policy.PayPal)
	if !offered {
		o.May = office.ErrPayPalNotOffered
	}
	view := payPalView{
		Reasons: v.reasonsOf(payment.PayPalKind, refused), Closed: v.reasonsOf(payment.PayPalKind, o.May), Hold: sum(o.Hold), Descriptor: w.Descriptor,
		Hours: hoursOf(w.VoidWithin), Threshold: thresholdOf(o.Threshold), Consent: payPalConsent,
	}
	if o.Exposure.IsPositive() {
		view.Usage = sum(o.Exposure)
	}
	for _, kind := range []string{"country", "bound", "funds"} {
		view.Refusals = append(view.Refusals, refusal{What: v.t("wallet.refused." + kind), Why: v.t("wallet.refused." + kind + ".why")})
	}
	v.form, v.leads = payPalPage, len(view.Closed) == 0
	v.show(statusFor(refused), "paypal.html", view)
	return nil
}

// offerOf finds what is said to the account about a way to pay.
func offerOf(w office.WaysToPay, k policy.Kind) (policy.Offer, bool) {
	for _, o := range w.Offers {
		if o.Kind == k {
			return o, true
		}
	}
	return policy.Offer{}, false
}

// bindPayPal has PayPal make the page on which the payer agrees, and leads there
// in the same window. If PayPal does not answer at once, our own page waits.
func (c *console) bindPayPal(v *visit) error {
	g, err := c.office.BindPayPal(v.r.Context(), v.by, v.account.ID, office.PayPalToBind{
		Consent: consentOf(v, payPalConsent), ReturnURL: c.origin(v.r) + "/methods/return", Language: v.Tag,
	})
	if _, expected := fault.Of(err); expected {
		return c.offerPayPal(v, err)
	}
	if err != nil {
		return err
	}
	to := g.ApproveURL
	if to == "" {
		to = agreementPage(g.ID)
	}
	c.stay(v, awayMost)
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

func agreementPage(id payment.AgreementID) string { return "/agreements/" + url.PathEscape(string(id)) }
