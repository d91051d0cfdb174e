package console

import (
	"net/http"
	"slices"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

// cardConsent names the text that card holders agree to, in whatever language. A
// text that says something else needs another one (R-BIND-18).
const cardConsent = "card-1"

// bindView is what the page with the card fields is made of.
type bindView struct {
	Reasons    []reason // why the last try was refused
	Closed     []reason // why no card can be added; none if one can
	Brands     []string
	Refusals   []refusal
	Hold       string
	Descriptor string // what the hold is called on the card's statement
	Hours      int    // within which it is given back
	Threshold  string // "" none
	Challenge  bool   // 3-D Secure is always run
	Key        string // the provider's, for browsers
	Locale     string // the provider's name of the language
	Consent    string
	Problems   []string // codes of what may be wrong in the provider's fields, for which we have words
}

// refusal is a kind of card that cannot be used, and why.
type refusal struct {
	What, Why string
}

// locales are the provider's names of our languages.
var locales = map[string]string{"zh-Hant": "zh-TW", "zh-Hans": "zh", "ja": "ja", "en": "en"}

// problems are the provider's codes for what is wrong in its fields, and two of
// our script's own.
var problems = []string{
	"incomplete_number", "invalid_number", "incorrect_number", "incomplete_expiry", "invalid_expiry_month_past", "invalid_expiry_year_past",
	"invalid_expiry_year", "expired_card", "incomplete_cvc", "invalid_cvc", "incorrect_cvc", "api_connection_error", "not_loaded", "other",
}

// showBind offers the fields for a card.
func (c *console) showBind(v *visit) error { return c.offerBind(v, nil) }

// offerBind shows the page with the card fields, and why a try was refused.
func (c *console) offerBind(v *visit, refused error) error {
	w, err := c.office.WaysToPay(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	view := bindView{Reasons: v.reasonsOf(payment.CardKind, refused), Key: c.options.PublishableKey, Locale: locales[v.Tag], Consent: cardConsent, Problems: problems}
	if o, offered := offerOf(w, policy.Card); offered {
		v.offer(&view, o, w)
	}
	v.card, v.form = len(view.Closed) == 0, "/methods/new"
	v.show(statusFor(refused), "bind.html", view)
	return nil
}

// offer puts into words which cards this account may use.
func (v *visit) offer(view *bindView, o policy.Offer, w office.WaysToPay) {
	view.Closed = v.reasonsOf(payment.CardKind, o.May)
	view.Hold, view.Challenge, view.Descriptor, view.Hours = sum(o.Hold), o.Challenge, w.Descriptor, hoursOf(w.VoidWithin)
	if o.Threshold.Start.IsPositive() {
		view.Threshold = sum(o.Threshold.Start)
	}
	for _, b := range o.Brands {
		view.Brands = append(view.Brands, v.brand(b))
	}
	for _, b := range []payment.Brand{payment.Visa, payment.Mastercard, payment.Amex, payment.JCB} {
		if !slices.Contains(o.Brands, b) {
			view.Refusals = append(view.Refusals, refusal{What: v.brand(b), Why: v.t("bind.refused.region", "region", v.region(w.Region))})
		}
	}
	for _, kind := range []string{"unionpay", "prepaid", "issuer", "wallets"} {
		view.Refusals = append(view.Refusals, refusal{What: v.t("bind.refused." + kind), Why: v.t("bind.refused." + kind + ".why")})
	}
}

// bindCard takes the provider's token for a card.
func (c *console) bindCard(v *visit) error {
	before, err := c.office.Methods(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	b, err := c.office.BindCard(v.r.Context(), v.by, v.account.ID, office.CardToBind{
		Token: v.r.PostFormValue("payment_method"), Consent: consentOf(v, cardConsent), ReturnURL: c.origin(v.r) + "/methods/return",
	})
	if _, expected := fault.Of(err); expected {
		return c.offerBind(v, err)
	}
	if err != nil {
		return err
	}
	page := methodURL(b.Method.ID)
	if slices.ContainsFunc(before, func(was office.Bound) bool { return was.Method.ID == b.Method.ID }) {
		page += "?known" // the same card again is the method that it is
	}
	http.Redirect(v.w, v.r, page, http.StatusSeeOther)
	return nil
}

// consentOf names the text that was agreed to, with its language; "" if none was.
func consentOf(v *visit, version string) string {
	if v.r.PostFormValue("consent") != version {
		return ""
	}
	return version + "/" + v.Tag
}

// origin is where browsers reach these pages.
func (c *console) origin(r *http.Request) string {
	switch {
	case c.office.ConsoleURL != "":
		return c.office.ConsoleURL
	case c.options.Secure:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
