package console

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// methodsView is what the list of payment methods is made of.
type methodsView struct {
	Methods  []methodView // that are, or may become, of use
	Rejected []methodView // that were not accepted
	Waiting  bool
}

// methodView is one payment method as a page tells it.
type methodView struct {
	ID, Name, Expiry, Holder string
	Preferred, MayPrefer     bool

	Tone  string // good, wait, ended or bad
	State string // its name
	Means string
	Next  string
	Why   *reason // why it is in its state

	Hold      *holdView
	Challenge *challengeView
	Waiting   bool   // something is under way that the page can wait for
	Mark      string // changes when anything does that the page shows
	Consent   string // the version agreed to
	Agreed    moment
}

// challengeView is what the payer has to do at their bank.
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
	slices.SortStableFunc(list, func(a, b office.Bound) int {
		return cmp.Or(cmp.Compare(order[a.Method.State], order[b.Method.State]), cmp.Compare(bit(b.Method.Preferred), bit(a.Method.Preferred)))
	})
	var view methodsView
	for _, b := range list {
		m := v.method(b.Method, b.Hold, w)
		switch b.Method.State {
		case payment.Detached:
		case payment.Rejected:
			view.Rejected = append(view.Rejected, m)
		default:
			view.Waiting = view.Waiting || m.Waiting
			view.Methods = append(view.Methods, m)
		}
	}
	v.waiting = view.Waiting
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
func (v *visit) method(m payment.Method, h payment.Hold, w office.WaysToPay) methodView {
	view := methodView{
		ID: string(m.ID), Name: v.cardName(m.Card), Expiry: expiry(m.Card), Holder: m.Card.Holder,
		Preferred: m.Preferred, MayPrefer: m.State == payment.Active && !m.Preferred,
		Tone: tones[m.State], State: v.t("state." + string(m.State)), Means: v.t("state." + string(m.State) + ".means"),
		Waiting: m.State == payment.Challenged || m.State == payment.Verifying || h.IsLive(),
		Mark:    string(m.State) + "." + string(h.State) + "." + v.t("badge.preferred")[:bit(m.Preferred)],
		Consent: m.Consent.Version, Agreed: v.at(m.Consent.At),
	}
	if key := "state." + string(m.State) + ".next"; v.knows(key) {
		view.Next = v.t(key)
	}
	if m.Reason != "" {
		why := v.reasonOf(m.Reason, v.t("reason.other"), v.t("reason.other.next"))
		view.Why = &why
	}
	if h.ID != "" {
		view.Hold = v.hold(h, m, w)
	}
	if m.State == payment.Challenged && h.ChallengeURL != "" {
		view.Challenge = &challengeView{URL: h.ChallengeURL, Until: v.at(h.ChallengeUntil)}
	}
	return view
}

// methodPage is one payment method with a page of its own.
type methodPage struct {
	Method methodView
	Known  bool // it was bound before
}

// showMethod tells how one payment method stands. While something is under way,
// this is the page that waits.
func (c *console) showMethod(v *visit) error {
	m, err := c.lookAt(v, payment.MethodID(v.r.PathValue("id")), false)
	if err != nil {
		return err
	}
	v.title, v.waiting = m.Name, m.Waiting
	v.show(http.StatusOK, "method.html", methodPage{Method: m, Known: v.r.URL.Query().Has("known")})
	return nil
}

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
	var h payment.Hold
	if len(s.Holds) > 0 {
		h = s.Holds[0]
	}
	return v.method(s.Method, h, w), nil
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
func (c *console) comeBack(v *visit) error {
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
