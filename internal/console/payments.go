package console

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/diagnosis"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// paymentsView is the list of every try to collect something.
type paymentsView struct {
	Payments []paymentLine
	Pager    pager
}

// paymentLine is one payment among others.
type paymentLine struct {
	Href, Amount, For, Method string
	At                        string
	Standing                  standing
	Why                       string // it did not go through; "" it did, or may
}

func (c *console) showPayments(v *visit) error {
	list, next, err := c.office.PaymentLines(v.r.Context(), v.by, v.account.ID, v.pageOf())
	if err != nil {
		return err
	}
	view := paymentsView{Pager: v.pager(next)}
	for _, l := range list {
		view.Payments = append(view.Payments, v.paymentLine(l))
	}
	v.show(http.StatusOK, "payments.html", view)
	return nil
}

// showRefund leads to the payment that a refund is of.
func (c *console) showRefund(v *visit) error {
	f, err := c.office.Refund(v.r.Context(), v.by, payment.RefundID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, paymentURL(f.Payment), http.StatusSeeOther)
	return nil
}

// paymentLine puts a payment into a line.
func (v *visit) paymentLine(l office.PaymentLine) paymentLine {
	p := l.Payment
	line := paymentLine{
		Href: paymentURL(p.ID), Amount: sum(p.Amount), For: v.purpose(l), Method: v.methodName(l.Method), At: v.dayOf(p.OpenedAt), Standing: v.paymentStanding(p),
	}
	if class := p.Refusal.Class; class != "" && p.State != payment.Succeeded && v.knows("reason."+class) {
		line.Why = v.of(l.Method.Kind, "reason."+class)
	}
	return line
}

// paymentView is one payment: what happened, why, and what can be done.
type paymentView struct {
	ID, Amount, For, Method string
	MethodHref              string
	Bill                    string // the page of the bill it is for; "" none yet
	Order                   string // the page of the order it is for; "" none
	Standing                standing
	Means                   string
	Steps                   []step
	Refunds                 []refundLine
	Left                    string // what was not given back; "" nothing was given back
	Diagnosis               *diagnosisView
	Confirm                 *toConfirm
	Attempts                []attemptLine // to collect the same, when there are several
	Receipt                 string        // where its receipt is; "" none
	Debt                    *debtLine     // that is open still, and can be paid by hand
	Initiator, Reason       string
	Waiting                 bool
	Mark                    string
}

// toConfirm is what the payer has to do at their bank, or at PayPal.
type toConfirm struct {
	Until moment
}

// refundLine is money on its way back.
type refundLine struct {
	Amount   string
	Standing standing
	Asked    string
	Done     string // "" not yet
	Note     string // the credit note's number; "" none
}

// attemptLine is another payment for the same.
type attemptLine struct {
	Number   int
	Href, At string
	Standing standing
	Here     bool
}

// diagnosisView says why a payment did not go through (S-20), or why a payment method
// cannot be used (S-19).
type diagnosisView struct {
	Heading                   string
	Title, Meaning, Certainty string
	Also                      []string
	Facts                     []factLine
	Steps                     []adviceLine
}

type factLine struct {
	Text, From string
	At         moment
}

type adviceLine struct {
	Text, Href string
}

func (c *console) showPayment(v *visit) error {
	view, err := c.lookAtPayment(v, payment.ID(v.r.PathValue("id")), false)
	if err != nil {
		return err
	}
	v.title, v.waiting = v.t("payment.of", "amount", view.Amount), view.Waiting
	v.show(http.StatusOK, "payment.html", view)
	return nil
}

// tellPayment answers the waiting page's question whether anything is new.
func (c *console) tellPayment(v *visit) error {
	view, err := c.lookAtPayment(v, payment.ID(v.r.PathValue("id")), true)
	if err != nil {
		return err
	}
	return v.tell(map[string]any{"mark": view.Mark, "waiting": view.Waiting})
}

// confirmPayment takes the payer to their bank, or to PayPal.
func (c *console) confirmPayment(v *visit) error {
	link, _, err := c.office.OpenChallenge(v.r.Context(), v.by, payment.ID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, strings.TrimPrefix(link, c.office.ConsoleURL), http.StatusSeeOther)
	return nil
}

// lookAtPayment reads a payment; look asks the provider first.
func (c *console) lookAtPayment(v *visit, id payment.ID, look bool) (paymentView, error) {
	s, err := c.office.PaymentStory(v.r.Context(), v.by, id, look)
	if err != nil {
		return paymentView{}, err
	}
	p := s.Payment
	view := paymentView{
		ID: string(p.ID), Amount: sum(p.Amount), For: v.purpose(s.PaymentLine), Method: v.methodName(s.Method), Standing: v.paymentStanding(p),
		Means: v.of(s.Method.Kind, "payment.means."+string(p.State)), Initiator: v.t("payment.by." + string(p.Initiator)), Reason: v.t("payment.reason." + string(p.Reason)),
		Waiting: !p.IsOver(), Mark: string(p.State) + "." + p.Refunded.Decimal(),
	}
	if p.State == payment.Succeeded {
		view.Receipt = paymentURL(p.ID) + "/receipt.pdf"
	}
	if s.Method.State != payment.Detached {
		view.MethodHref = methodURL(s.Method.ID)
	}
	if s.Debt.Bill != "" {
		view.Bill = billURL(billing.BillID(s.Debt.Bill))
	}
	if s.Order.ID != "" {
		view.Order = "/orders/" + url.PathEscape(string(s.Order.ID))
	}
	view.Steps = v.paymentSteps(s)
	for _, f := range s.Refunds {
		line := refundLine{Amount: sum(f.Amount), Standing: v.refundStanding(f), Asked: v.dayOf(f.OpenedAt), Done: v.dayOf(f.SettledAt), Note: f.CreditNote}
		view.Refunds = append(view.Refunds, line)
		view.Mark += "." + string(f.State)
	}
	if len(s.Refunds) > 0 {
		left := p.Amount
		left.Minor -= p.Refunded.Minor
		view.Left = sum(left)
	}
	if len(s.Attempts) > 1 {
		for _, a := range s.Attempts {
			view.Attempts = append(view.Attempts, attemptLine{Number: a.Attempt, Href: paymentURL(a.ID), At: v.dayOf(a.OpenedAt), Standing: v.paymentStanding(a), Here: a.ID == p.ID})
		}
	}
	if p.State == payment.Waiting {
		view.Confirm = &toConfirm{Until: v.at(p.ChallengeUntil)}
	}
	if p.State != payment.Succeeded && p.State != payment.Waiting {
		if view.Diagnosis, err = c.diagnosisOf(v, id); err != nil {
			return view, err
		}
	}
	isLast := s.Attempts[len(s.Attempts)-1].ID == p.ID
	if s.Debt.State == billing.Open && s.Debt.Kind != billing.OrderDebt && p.IsOver() && isLast {
		ways, err := c.payWays(v)
		if err != nil {
			return view, err
		}
		d := v.debtLine(s.Debt, p)
		d.Pay = &handPay{Action: "/debts/" + url.PathEscape(string(s.Debt.ID)) + "/pay", Ways: ways}
		view.Debt = &d
	}
	return view, nil
}

func (w *words) refundStanding(f payment.Refund) standing {
	return standing{Tone: refundTones[f.State], Name: w.t("refunded." + string(f.State))}
}

// paymentSteps are a payment's life so far and to come.
func (v *visit) paymentSteps(s office.PaymentStory) []step {
	p := s.Payment
	kind := s.Method.Kind
	add := func(steps []step, kind, name, text string, at moment) []step {
		return append(steps, step{Kind: kind, Name: name, Text: text, At: at})
	}
	steps := add(nil, "done", v.t("payment.step.asked"), v.of(kind, "payment.step.asked.text", "amount", sum(p.Amount), "method", v.methodName(s.Method)), v.at(p.OpenedAt))
	name := "payment.step." + string(p.State)
	text := v.of(kind, name+".text")
	switch p.State {
	case payment.Succeeded:
		steps = add(steps, "done", v.t(name), text, v.at(p.SettledAt))
	case payment.Declined, payment.Cancelled:
		steps = add(steps, "stopped", v.t(name), text, v.at(p.SettledAt))
	case payment.Closing:
		steps = add(steps, "stopped", v.t(name), text, moment{})
	default:
		steps = add(steps, "now", v.t(name), text, moment{})
		return add(steps, "next", v.t("payment.step.next"), v.t("payment.step.next.text"), moment{})
	}
	for _, f := range s.Refunds {
		kind, at := "now", v.at(f.OpenedAt)
		switch {
		case f.State == payment.RefundFailed:
			kind, at = "stopped", v.at(f.SettledAt)
		case !f.SettledAt.IsZero():
			kind, at = "done", v.at(f.SettledAt)
		}
		steps = add(steps, kind, v.t("refunded."+string(f.State)), v.t("refunded."+string(f.State)+".text", "amount", sum(f.Amount)), at)
	}
	return steps
}

// advicePages are where a step of a diagnosis is done in the console.
var advicePages = map[diagnosis.Step]string{
	diagnosis.UseAnother: "/methods", diagnosis.UseOffered: "/ways-to-pay", diagnosis.UseRenewed: "/methods/new", diagnosis.UseOtherPayPal: payPalPage,
	diagnosis.BeginAgain: payPalPage, diagnosis.AddMethod: "/methods/new", diagnosis.FinishVerification: "/methods", diagnosis.VerifyIdentity: "/identity",
	diagnosis.SendAgain: "/identity", diagnosis.WaitReview: "/identity", diagnosis.PayOverdue: "/bills", diagnosis.Reopen: "/close",
}

// diagnosisOf puts into words why a payment did not go through; nil if there is
// nothing to explain.
func (c *console) diagnosisOf(v *visit, id payment.ID) (*diagnosisView, error) {
	d, err := c.office.DiagnosePayment(v.r.Context(), v.by, id, office.ToPayer)
	return v.diagnosed(d, "payment.why"), err
}

// diagnosed puts a diagnosis into words under a heading, by its key; nil if there is
// nothing to explain.
func (v *visit) diagnosed(d office.Diagnosed, heading string) *diagnosisView {
	if d.Cause == "" {
		return nil
	}
	l := diagnosis.LanguageOf(v.Tag)
	view := &diagnosisView{Heading: v.t(heading), Certainty: l.Certainty(d.Certainty)}
	view.Title, view.Meaning = l.Cause(d.Cause)
	for _, f := range d.Also {
		title, _ := l.Cause(f.Cause)
		view.Also = append(view.Also, v.t("payment.also", "cause", title, "certainty", l.Certainty(f.Certainty)))
	}
	for _, e := range d.Evidence {
		e.Values = v.readable(e.Values)
		view.Facts = append(view.Facts, factLine{Text: l.Evidence(e), From: l.Source(e.Source), At: v.at(e.At)})
	}
	for _, a := range d.Customer {
		line := adviceLine{Text: sentence(l.Step(a.Step)), Href: advicePages[a.Step]}
		view.Steps = append(view.Steps, line)
	}
	return view
}

// readable puts the values of a fact into the page's own way of writing them.
func (v *visit) readable(values []diagnosis.Value) []diagnosis.Value {
	out := make([]diagnosis.Value, len(values))
	for i, value := range values {
		out[i] = value
		switch {
		case value.Name == "country":
			out[i].Text = v.country(value.Text)
		case value.Name == "funding" && v.knows("payment.funding."+value.Text):
			out[i].Text = v.t("payment.funding." + value.Text)
		}
		if t, err := time.Parse(time.RFC3339, value.Text); err == nil {
			out[i].Text = v.at(t).Text
		}
		decimal, currency, _ := strings.Cut(value.Text, " ")
		if a, err := money.ParseAmount(decimal, money.Currency(currency)); err == nil && money.Currency(currency).Valid() {
			out[i].Text = sum(a)
		}
		if name, known := brandNames[payment.Brand(value.Text)]; known {
			out[i].Text = name
		}
	}
	return out
}
