package console

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/bursar-pay/bursar/internal/diagnosis"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

// checkoutView is the page on which an order is paid, and on which its payer learns
// how that stands.
type checkoutView struct {
	Order   orderView
	Reasons []reason // why the last try was refused
	Again   bool     // it was pressed twice: the payment that is under way is shown
	Stand   *standView
	Pay     *payView // nil: it cannot be paid now
	Paid    []paidBy
	Back    string // where the platform wants its customer again; "" nowhere
	Cancel  bool   // it can be cancelled from here
	Waiting bool
	Mark    string
}

// standView says how an order stands, and what comes next.
type standView struct {
	Tone, Name, Means string
	More              []string // what else is to be known, a paragraph each
	Steps             []string // what the customer can do
	Reasons           []reason
	Kind              payment.Kind // of the payment method that is asked; "" none
	Challenge         *challengeView
	Confirm           bool // the challenge has no page yet: it is asked for
	Go, Label         string
}

// paidBy is one part of what an order was paid with.
type paidBy struct {
	What, Amount string
	At           moment
}

// payView is how an order can be paid.
type payView struct {
	Methods    []payMethod
	Others     []payMethod // that cannot be charged, and why
	Open       string      // what is left to pay
	Part       bool        // a part is paid already
	Spendable  string      // what the balance pays first; "" nothing
	Rest       string      // what is left for the method then; "" nothing
	UseBalance bool
	Until      moment
	Credit     string // what is available of the credit line that pays it; "" none does
	Descriptor string
	AddPayPal  bool
	Button     string
	Again      bool // a try came to nothing
}

type payMethod struct {
	ID, Name  string
	Kind      payment.Kind
	What      string // what will happen
	Tone      string
	State     string
	Chosen    bool
	Preferred bool
}

// showCheckout shows how an order stands and, while it can be paid, how.
func (c *console) showCheckout(v *visit) error {
	return c.offerCheckout(v, orders.ID(v.r.PathValue("id")), payment.MethodID(v.r.URL.Query().Get("with")), nil)
}

func (c *console) offerCheckout(v *visit, id orders.ID, chosen payment.MethodID, refused error) error {
	s, err := c.office.Order(v.r.Context(), v.by, id, false)
	if err != nil {
		return err
	}
	has, bound, err := c.walletOf(v)
	if err != nil {
		return err
	}
	view := checkoutView{
		Order: v.order(s.Order), Reasons: v.reasonsOf("", refused), Again: v.r.URL.Query().Has("again"), Mark: orderMark(s), Back: s.Order.ReturnURL,
		Waiting: isUnderWay(s), Cancel: !s.Order.IsOver() && !isUnderWay(s),
	}
	if view.Stand, err = c.standing(v, s, has); err != nil {
		return err
	}
	if s.Order.State == orders.Paid {
		if view.Paid, err = c.paidWith(v, s, has); err != nil {
			return err
		}
	}
	if s.Why == nil && s.Order.State == orders.Open {
		if view.Pay, err = c.payable(v, s, bound, cmp.Or(chosen, payment.MethodID(s.Order.Method))); err != nil {
			return err
		}
		c.keepOrder(v, id)
	}
	v.title, v.form, v.waiting = v.t("order.one"), checkoutPage(id), view.Waiting
	if view.Pay != nil {
		v.title = v.t("checkout")
	}
	v.show(statusFor(refused), "checkout.html", view)
	return nil
}

// isUnderWay tells whether a payment of an order is not over.
func isUnderWay(s office.OrderStory) bool {
	p, any := lastOf(s)
	return any && !p.IsOver()
}

// standing says how an order stands; nil if it waits to be paid and there is nothing
// to say about that.
func (c *console) standing(v *visit, s office.OrderStory, has wallet) (*standView, error) {
	last, tried := lastOf(s)
	kind := has[last.Method].Kind
	switch {
	case isUnderWay(s):
		return v.underWay(last, kind), nil
	case s.Order.State == orders.Blocked:
		return c.blocked(v, s)
	case s.Order.State != orders.Open || errors.Is(s.Why, orders.ErrLapsed):
		return c.over(v, s)
	case s.Why != nil:
		return v.stand("bad", "stopped", "").because(v.reasonsOf("", s.Why)), nil
	case tried && last.State == payment.Succeeded:
		return v.stand("bad", "unconfirmed", kind), nil // and was given back (R-3DS-02)
	case tried:
		return c.failed(v, last, kind)
	}
	return nil, nil
}

func (v *visit) stand(tone, key string, kind payment.Kind) *standView {
	return &standView{Tone: tone, Name: v.of(kind, "checkout."+key), Means: v.of(kind, "checkout."+key+".means"), Kind: kind}
}

func (s *standView) because(why []reason) *standView {
	s.Reasons = why
	return s
}

// underWayKeys are the texts for a payment that is not over.
var underWayKeys = map[payment.State]string{
	payment.Opening: "asking", payment.Pending: "asking", payment.Waiting: "challenged", payment.Unknown: "unknown", payment.Closing: "closing",
}

// underWay says what is happening while a payment is not over. What nobody knows is
// said to be so.
func (v *visit) underWay(p payment.Payment, kind payment.Kind) *standView {
	view := v.stand("wait", underWayKeys[p.State], kind)
	if p.State != payment.Waiting {
		return view
	}
	if p.ChallengeURL == "" {
		view.Confirm = true
	} else {
		view.Challenge = &challengeView{URL: p.ChallengeURL, Until: v.at(p.ChallengeUntil)}
	}
	view.More = []string{v.t("checkout.challenged.else", "until", v.at(p.ChallengeUntil).Text)}
	return view
}

// blocked says that an order waits for an identity check, and leads there.
func (c *console) blocked(v *visit, s office.OrderStory) (*standView, error) {
	check, err := c.checkOf(v, s.Order.Case)
	if err != nil {
		return nil, err
	}
	view := v.stand("wait", "blocked", "")
	view.More = []string{v.t("checkout.blocked." + string(check.State))}
	view.Go, view.Label = checkPage(check.ID), v.t("checkout.blocked.go")
	return view, nil
}

// over says how an order ended. Money that came after its end is accounted for.
func (c *console) over(v *visit, s office.OrderStory) (*standView, error) {
	state := s.Order.State
	if state == orders.Open {
		state = orders.Lapsed // its job comes
	}
	view := v.stand(orderTones[state], string(state), "")
	if state == orders.Paid {
		view.Means = v.t("checkout.paid.means", "amount", sum(s.Order.Amount))
		if s.Order.TopUp {
			view.Means = v.t("checkout.paid.topup", "amount", sum(s.Order.Amount))
		}
		return view, nil
	}
	if state != orders.Cancelled || s.Order.PaidAt.IsZero() {
		if s.Applied.IsPositive() {
			view.More = append(view.More, v.t("checkout.released", "amount", sum(s.Applied)))
		}
	}
	for _, p := range s.Payments {
		if p.State != payment.Succeeded {
			continue
		}
		refunds, err := c.office.RefundsOf(v.r.Context(), v.by, p.ID)
		if err != nil {
			return nil, err
		}
		if s.Order.PaidAt.IsZero() {
			view.More = append(view.More, v.t("checkout.late", "amount", sum(p.Amount)))
		}
		for _, f := range refunds {
			r := v.refund(f)
			view.More = append(view.More, v.t("checkout.refund", "amount", r.Amount, "state", r.State))
		}
	}
	return view, nil
}

// stepsShown is how many things to do are told of a payment that failed.
const stepsShown = 3

// failed says why a payment came to nothing, in the payer's terms.
func (c *console) failed(v *visit, p payment.Payment, kind payment.Kind) (*standView, error) {
	view := v.stand("bad", "failed", kind)
	d, err := c.office.DiagnosePayment(v.r.Context(), v.by, p.ID, office.ToPayer)
	if err != nil {
		return nil, err
	}
	l := diagnosis.LanguageOf(v.Tag)
	if d.Cause != "" {
		title, meaning := l.Cause(d.Cause)
		view.Reasons = []reason{{Code: string(d.Cause), What: title, Next: meaning}}
	}
	for _, a := range d.Customer[:min(stepsShown, len(d.Customer))] {
		view.Steps = append(view.Steps, l.Step(a.Step))
	}
	return view, nil
}

// paidWith lists what a paid order was paid with.
func (c *console) paidWith(v *visit, s office.OrderStory, has wallet) ([]paidBy, error) {
	var parts []paidBy
	if s.Applied.IsPositive() {
		parts = append(parts, paidBy{What: v.t("balance"), Amount: sum(s.Applied)})
	}
	charged := money.Amount{Minor: s.Order.Amount.Minor - s.Applied.Minor, Currency: s.Order.Amount.Currency}
	for _, p := range slices.Backward(s.Payments) {
		if p.State == payment.Succeeded && p.Amount == charged {
			return append(parts, paidBy{What: v.methodName(has[p.Method]), Amount: sum(p.Amount), At: v.at(p.SettledAt)}), nil
		}
	}
	if charged.IsPositive() {
		parts = append(parts, paidBy{What: v.t("order.credit"), Amount: sum(charged), At: v.at(s.Order.PaidAt)})
	}
	return parts, nil
}

// payable says how an order can be paid.
func (c *console) payable(v *visit, s office.OrderStory, bound []office.Bound, chosen payment.MethodID) (*payView, error) {
	w, err := c.office.WaysToPay(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return nil, err
	}
	open := s.Debt.OpenAmount()
	view := &payView{
		Open: sum(open), Part: s.Debt.Paid.IsPositive(), Until: v.at(s.Order.LapsesAt), UseBalance: s.Order.UseBalance, Descriptor: w.Descriptor,
		Again: len(s.Payments) > 0, Button: v.t("checkout.pay", "amount", sum(open)),
	}
	if s.Credit.Currency != "" {
		view.Credit = sum(s.Credit)
	}
	if s.Spendable.IsPositive() && !s.Order.TopUp {
		view.Spendable = sum(s.Spendable)
		if rest := (money.Amount{Minor: open.Minor - s.Spendable.Minor, Currency: open.Currency}); rest.IsPositive() {
			view.Rest = sum(rest)
		}
	}
	o, offered := offerOf(w, policy.PayPal)
	view.AddPayPal = offered && o.May == nil
	for _, b := range bound {
		m := b.Method
		p := payMethod{ID: string(m.ID), Name: v.methodName(m), Kind: m.Kind, Tone: tones[m.State], State: v.of(m.Kind, "state."+string(m.State)), Preferred: m.Preferred}
		switch m.State {
		case payment.Active:
			p.What = v.of(m.Kind, "checkout.method")
			if s.Challenge && m.Kind == payment.CardKind {
				p.What = v.t("checkout.method.challenge")
			}
			p.Chosen = m.ID == chosen
			view.Methods = append(view.Methods, p)
		case payment.Detached, payment.Rejected:
		default:
			p.What = v.of(m.Kind, "state."+string(m.State)+".means")
			view.Others = append(view.Others, p)
		}
	}
	view.choose()
	return view, nil
}

// choose puts the preferred method first, and chooses it where nothing else is.
func (p *payView) choose() {
	slices.SortStableFunc(p.Methods, func(a, b payMethod) int { return cmp.Compare(bit(b.Preferred), bit(a.Preferred)) })
	if len(p.Methods) > 0 && !slices.ContainsFunc(p.Methods, func(m payMethod) bool { return m.Chosen }) {
		p.Methods[0].Chosen = true
	}
}

// payOrder pays an order. Pressed twice, or in two windows, it leads to the one
// payment that is under way.
func (c *console) payOrder(v *visit) error {
	id := orders.ID(v.r.PathValue("id"))
	choice := office.PayChoice{Method: payment.MethodID(v.r.PostFormValue("method")), ReturnURL: c.origin(v.r) + checkoutPage(id) + "/return"}
	if v.r.PostForm.Has("balance_offered") {
		use := v.r.PostForm.Has("balance")
		choice.UseBalance = &use
	}
	_, err := c.office.PayOrder(v.r.Context(), v.by, id, choice)
	page := checkoutPage(id)
	switch _, expected := fault.Of(err); {
	case errors.Is(err, payment.ErrUnresolved):
		page += "?again"
	case err == nil, isTold(err):
	case expected && !errors.Is(err, orders.ErrNotFound) && !errors.Is(err, payment.ErrMethodNotFound):
		return c.offerCheckout(v, id, choice.Method, err)
	default:
		return err
	}
	c.stay(v, awayMost)
	http.Redirect(v.w, v.r, page, http.StatusSeeOther)
	return nil
}

// isTold tells whether an order's own page says what stood against paying it.
func isTold(err error) bool {
	for _, is := range []error{orders.ErrRisk, orders.ErrLapsed, orders.ErrNotOpen} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// tellOrder answers the waiting page's question whether anything is new, and has the
// provider asked.
func (c *console) tellOrder(v *visit) error {
	s, err := c.office.Order(v.r.Context(), v.by, orders.ID(v.r.PathValue("id")), true)
	if err != nil {
		return err
	}
	return v.tell(map[string]any{"mark": orderMark(s), "waiting": isUnderWay(s)})
}

// returnToOrder is where the payer's bank, or PayPal, sends them: usually into a
// second window, beside the page that waits. It only looks, however often it is
// called; nothing is decided here (R-3DS-03).
func (c *console) returnToOrder(v *visit) error {
	v.w.Header().Del("Cross-Origin-Opener-Policy") // it would part this window from the script that opened it, and it could not close itself
	view := struct {
		Order orderView
		Known bool
	}{}
	if err := c.admit(v); err == nil {
		s, err := c.office.Order(v.r.Context(), v.by, orders.ID(v.r.PathValue("id")), true)
		if err == nil {
			view.Order, view.Known = v.order(s.Order), true
		}
	}
	v.title = v.t("return.order")
	v.show(http.StatusOK, "checkout_return.html", view)
	return nil
}

// confirmOrder leads the payer to a challenge that was asked for while they were
// away.
func (c *console) confirmOrder(v *visit) error {
	id := orders.ID(v.r.PathValue("id"))
	s, err := c.office.Order(v.r.Context(), v.by, id, true)
	if err != nil {
		return err
	}
	p, any := lastOf(s)
	if !any || p.State != payment.Waiting {
		http.Redirect(v.w, v.r, checkoutPage(id), http.StatusSeeOther)
		return nil
	}
	return c.toChallenge(v, p.ID)
}

// toChallenge makes a link to a payment's challenge and follows it as far as the
// page that says what will happen.
func (c *console) toChallenge(v *visit, id payment.ID) error {
	link, _, err := c.office.OpenChallenge(v.r.Context(), v.by, id)
	if err != nil {
		return err
	}
	u, err := url.Parse(link)
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, u.Path, http.StatusSeeOther)
	return nil
}

// cancelView is the page that asks whether to cancel an order, and says what becomes
// of what was paid.
type cancelView struct {
	Order   orderView
	Back    string   // goes back to the balance; "" nothing was paid
	Refusal []reason // why it cannot be cancelled from here; none if it can
	Renewal bool     // it is an automatic renewal, and there will be no next one
}

// showCancelling asks whether to cancel an order.
func (c *console) showCancelling(v *visit) error { return c.askCancelling(v, nil) }

func (c *console) askCancelling(v *visit, refused error) error {
	id := orders.ID(v.r.PathValue("id"))
	s, err := c.office.Order(v.r.Context(), v.by, id, false)
	if err != nil {
		return err
	}
	view := cancelView{Order: v.order(s.Order), Renewal: s.Order.Automatic, Refusal: v.reasonsOf("", refused)}
	if s.Debt.Paid.IsPositive() {
		view.Back = sum(s.Debt.Paid)
	}
	if view.Refusal == nil {
		view.Refusal = v.reasonsOf("", mayCancel(s))
	}
	v.title, v.form = v.t("cancel"), checkoutPage(id)+"/cancel"
	v.show(statusFor(refused), "cancel.html", view)
	return nil
}

// errCancelPaid says that what is paid is not cancelled from here.
var errCancelPaid = fault.New(fault.Forbidden, "order_paid", "the order is paid").WithNext("ask your platform to cancel it; what was not consumed is given back the way it was paid")

// mayCancel is what the office would say to a customer who cancels.
func mayCancel(s office.OrderStory) error {
	switch {
	case isUnderWay(s):
		return payment.ErrUnresolved
	case s.Order.State == orders.Paid:
		return errCancelPaid
	case s.Order.IsOver():
		return orders.ErrNotOpen
	}
	return nil
}

// cancelOrder cancels an order that is not paid.
func (c *console) cancelOrder(v *visit) error {
	id := orders.ID(v.r.PathValue("id"))
	_, err := c.office.CancelOrder(v.r.Context(), v.by, id)
	if f, expected := fault.Of(err); expected && f.Kind != fault.NotFound {
		return c.askCancelling(v, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, checkoutPage(id), http.StatusSeeOther)
	return nil
}
