package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

// methodsView is what the list of payment methods is made of.
type methodsView struct {
	Methods   []methodView   // that are, or may become, of use
	Rejected  []methodView   // that were not accepted
	Agreement *agreementView // the newest, while nothing came of it
	PayPal    bool           // may be added
	Removed   bool           // one was, just now
}

// methodView is one payment method as a page tells it.
type methodView struct {
	ID, Name                string
	Kind                    payment.Kind
	Expiry, Holder, Country string // "" it has none, or we do not know
	Preferred, MayPrefer    bool
	Charges                 string // what making it preferred charges at once; "" nothing

	Tone  string // good, wait, ended or bad
	State string // its name
	Means string
	Next  string
	Why   *reason // why it is in its state

	Hold      *holdView
	Usage     *holdView // the newest on usage
	Earlier   []holdView
	Challenge *challengeView
	Removal   *removal // nil where it is no question
	Waiting   bool     // something is under way that the page can wait for
	Mark      string   // changes when anything does that the page shows
	Consent   string   // the version agreed to
	Agreed    moment
}

// challengeView is what the payer has to do at their bank, or at PayPal.
type challengeView struct {
	URL   string
	Until moment
}

// tones says how a state is told apart at a glance, besides by its name.
var tones = map[payment.MethodState]string{
	payment.Verifying: "wait", payment.Challenged: "wait", payment.Active: "good",
	payment.Unavailable: "bad", payment.Invalid: "bad", payment.Expired: "bad", payment.Rejected: "bad", payment.Detached: "ended",
}

// order is that of the list: what needs its holder comes first.
var order = map[payment.MethodState]int{
	payment.Challenged: 1, payment.Verifying: 2, payment.Active: 3, payment.Expired: 4, payment.Unavailable: 5, payment.Invalid: 6,
}

func methodURL(id payment.MethodID) string { return "/methods/" + url.PathEscape(string(id)) }

// showMethods lists the account's payment methods.
func (c *console) showMethods(v *visit) error {
	list, err := c.office.Methods(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	w, err := c.office.WaysToPay(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	agreements, err := c.office.Agreements(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b office.Bound) int {
		return cmp.Or(cmp.Compare(order[a.Method.State], order[b.Method.State]), cmp.Compare(bit(b.Method.Preferred), bit(a.Method.Preferred)))
	})
	view := methodsView{Removed: v.r.URL.Query().Has("removed")}
	for _, b := range list {
		m := v.method(b, w)
		if m.Removal, err = c.removalOf(v, b.Method); err != nil {
			return err
		}
		switch b.Method.State {
		case payment.Detached:
		case payment.Rejected:
			view.Rejected = append(view.Rejected, m)
		default:
			v.waiting = v.waiting || m.Waiting
			view.Methods = append(view.Methods, m)
		}
	}
	if len(agreements) > 0 && agreements[0].State != payment.AgreementKept {
		g := v.agreement(agreements[0])
		view.Agreement = &g
	}
	o, offered := offerOf(w, policy.PayPal)
	view.PayPal = offered && o.May == nil
	v.show(http.StatusOK, "methods.html", view)
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// method puts a payment method into words.
func (v *visit) method(b office.Bound, w office.WaysToPay) methodView {
	m := b.Method
	state := "state." + string(m.State)
	view := methodView{
		ID: string(m.ID), Kind: m.Kind, Name: v.methodName(m), Holder: m.Card.Holder,
		Preferred: m.Preferred, MayPrefer: m.State == payment.Active && !m.Preferred,
		Tone: tones[m.State], State: v.of(m.Kind, state), Means: v.of(m.Kind, state+".means"),
		Waiting: m.State == payment.Challenged || m.State == payment.Verifying || isMoving(b.Hold) || isMoving(b.Exposure),
		Mark: strings.Join([]string{string(m.State), v.t("badge.preferred")[:bit(m.Preferred)], string(b.Hold.State), string(b.Exposure.ID),
			string(b.Exposure.State), "renewed"[:bit(!b.Exposure.RenewedAt.IsZero())]}, "."),
		Consent: m.Consent.Version, Agreed: v.at(m.Consent.At),
	}
	if m.Kind == payment.PayPalKind {
		view.Country = v.country(m.Card.Country)
	} else {
		view.Expiry = expiry(m.Card)
	}
	if key := v.keyOf(m.Kind, state+".next"); v.knows(key) {
		view.Next = v.t(key)
	}
	if m.Reason != "" && (m.State == payment.Rejected || v.knows("reason."+m.Reason)) { // other states say why themselves
		why := v.reasonOf(m.Kind, m.Reason, v.of(m.Kind, "reason.other"), v.of(m.Kind, "reason.other.next"))
		view.Why = &why
	}
	if view.MayPrefer {
		view.Charges = chargedBy(m.Kind, w)
	}
	if b.Hold.ID != "" {
		view.Hold = v.hold(b.Hold, m, w)
	}
	if b.Exposure.ID != "" {
		view.Usage = v.usageHold(b.Exposure)
	}
	if m.State == payment.Challenged && b.Hold.ChallengeURL != "" {
		view.Challenge = &challengeView{URL: b.Hold.ChallengeURL, Until: v.at(b.Hold.ChallengeUntil)}
	}
	return view
}

// isMoving tells whether something is about to become of a hold. One on usage may
// stay as it is for weeks.
func isMoving(h payment.Hold) bool {
	return h.ID != "" && h.IsLive() && (h.Kind == payment.Verification || h.State != payment.HoldPlaced)
}

// chargedBy tells which usage is charged at once when a method of this kind becomes
// the preferred one, since it has reached what this kind of method waits for
// (R-THR-07); "" none.
func chargedBy(k payment.Kind, w office.WaysToPay) string {
	o, _ := offerOf(w, policy.Kind(k))
	used, _, err := w.Exposure.Floor(1)
	if err != nil || !o.Threshold.Start.IsPositive() || used.Cmp(o.Threshold.Start) < 0 {
		return ""
	}
	return sum(used)
}

// methodPage is one payment method with a page of its own.
type methodPage struct {
	Method    methodView
	Known     bool           // it was bound before
	Order     *attention     // that its customer was about to pay; nil: none
	Diagnosis *diagnosisView // why it cannot be used; nil: it can
}

// showMethod tells how one payment method stands. While something is under way,
// this is the page that waits.
func (c *console) showMethod(v *visit) error {
	m, err := c.lookAt(v, payment.MethodID(v.r.PathValue("id")), false)
	if err != nil {
		return err
	}
	page := methodPage{Method: m, Known: v.r.URL.Query().Has("known")}
	if m.Tone == "good" {
		page.Order = c.backToOrder(v, payment.MethodID(m.ID))
	}
	if m.Tone == "bad" {
		d, err := c.office.DiagnoseMethod(v.r.Context(), v.by, payment.MethodID(m.ID), office.ToPayer)
		if err != nil {
			return err
		}
		page.Diagnosis = v.diagnosed(d, "method.diagnosis")
	}
	v.title, v.waiting = m.Name, m.Waiting
	v.show(http.StatusOK, "method.html", page)
	return nil
}

const earlierHolds = 10 // on usage, that a page tells of besides the newest

// lookAt reads a method; look asks the provider first.
func (c *console) lookAt(v *visit, id payment.MethodID, look bool) (methodView, error) {
	s, err := c.office.Method(v.r.Context(), v.by, id, look)
	if err != nil {
		return methodView{}, err
	}
	w, err := c.office.WaysToPay(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return methodView{}, err
	}
	b := office.Bound{Method: s.Method}
	var earlier []holdView
	for _, h := range s.Holds {
		switch {
		case h.Kind == payment.Verification && b.Hold.ID == "":
			b.Hold = h
		case h.Kind == payment.ExposureHold && b.Exposure.ID == "":
			b.Exposure = h
		case h.Kind == payment.ExposureHold && len(earlier) < earlierHolds:
			earlier = append(earlier, *v.usageHold(h))
		}
	}
	view := v.method(b, w)
	view.Earlier = earlier
	view.Removal, err = c.removalOf(v, s.Method)
	return view, err
}

// tellState answers the waiting page's question whether anything is new, and has
// the provider asked.
func (c *console) tellState(v *visit) error {
	m, err := c.lookAt(v, payment.MethodID(v.r.PathValue("id")), true)
	if err != nil {
		return err
	}
	return v.tell(map[string]any{"mark": m.Mark, "waiting": m.Waiting})
}

// preferMethod makes a method the one that is charged.
func (c *console) preferMethod(v *visit) error {
	if _, err := c.office.PreferMethod(v.r.Context(), v.by, payment.MethodID(v.r.PathValue("id"))); err != nil {
		return err
	}
	http.Redirect(v.w, v.r, "/methods", http.StatusSeeOther)
	return nil
}

// comeBack is where the payer's bank sends them: usually into a second window,
// beside the page that waits. It only looks; nothing is decided here (R-3DS-03).
// Who comes from agreeing at PayPal is led on.
func (c *console) comeBack(v *visit) error {
	if q := v.r.URL.Query(); q.Has("agreement") {
		return c.comeBackFromPayPal(v, q)
	}
	v.w.Header().Del("Cross-Origin-Opener-Policy") // it would part this window from the script that opened it, and it could not close itself
	view := struct {
		Method methodView
		Known  bool
	}{}
	if err := c.admit(v); err == nil {
		m, err := c.lookAt(v, payment.MethodID(v.r.URL.Query().Get("payment_method")), true)
		if err == nil {
			view.Method, view.Known = m, true
		}
	}
	v.show(http.StatusOK, "return.html", view)
	return nil
}
