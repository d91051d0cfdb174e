package staff

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/diagnosis"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// paymentView is one payment: how it went, why, and what was given back of it.
type paymentView struct {
	paymentLine
	Account, Debt, Method, Provider, Ref, Initiator string
	Settled                                         moment
	ThreeDS                                         string
	Title, Meaning                                  string   // of the diagnosis; "" there is nothing to explain
	Evidence                                        []string // and what it rests on
	Advice                                          []string
	Refunds                                         []refundLine
	Left                                            string // what could be given back; "" nothing
	LeftDecimal, Currency                           string
	May                                             bool
}

// initiators say who began a payment.
var initiators = map[payment.Initiator]string{payment.CIT: "with the payer present", payment.MIT: "while the payer was away"}

func showPayment(v *visit) error {
	id := payment.ID(v.r.PathValue("id"))
	p, err := v.office().Payment(v.ctx(), v.by, id, false)
	if err != nil {
		return err
	}
	view := paymentView{
		paymentLine: paymentOf(p), Account: string(p.Account), Debt: p.Debt, Method: string(p.Method), Provider: p.Provider, Ref: p.Ref, Initiator: initiators[p.Initiator],
		Settled: at(p.SettledAt), ThreeDS: words(p.ThreeDS.Result), Currency: string(p.Amount.Currency), May: v.may(access.RefundsWrite),
	}
	if err := view.diagnose(v, id); err != nil {
		return err
	}
	refunds, err := v.office().RefundsOf(v.ctx(), v.by, id)
	if err != nil {
		return err
	}
	for _, f := range refunds {
		view.Refunds = append(view.Refunds, v.refundOf(f))
	}
	if left := p.Refundable(); left.IsPositive() {
		view.Left, view.LeftDecimal = sum(left), left.Decimal()
	}
	v.show(http.StatusOK, "payment.html", view)
	return nil
}

// diagnose says why the payment went as it did; of what is not for this role it says
// what the payer is told.
func (view *paymentView) diagnose(v *visit, id payment.ID) error {
	to := office.ToPayer
	if v.may(access.BooksRead) {
		to = office.ToStaff
	}
	d, err := v.office().DiagnosePayment(v.ctx(), v.by, id, to)
	if err != nil {
		return err
	}
	l := diagnosis.LanguageOf("en")
	view.Title = l.State(d.State)
	if d.Cause == "" {
		return nil
	}
	view.Title, view.Meaning = l.Cause(d.Cause)
	for _, e := range d.Evidence {
		view.Evidence = append(view.Evidence, l.Evidence(e))
	}
	advice := d.Customer
	if to == office.ToStaff {
		advice = d.Staff
	}
	for _, a := range advice {
		view.Advice = append(view.Advice, l.Step(a.Step))
	}
	return nil
}

// refundPayment gives some or all of a payment back. The form is named, so that a
// button that is pressed twice gives it back once.
func refundPayment(v *visit) error {
	id := payment.ID(v.r.PathValue("id"))
	r := office.Refunding{Reason: strings.TrimSpace(v.r.PostForm.Get("reason"))}
	if v.r.PostForm.Get("how") == "part" {
		p, err := v.office().Payment(v.ctx(), v.by, id, false)
		if err != nil {
			return err
		}
		if r.Amount, err = amountOf(v.r.PostForm.Get("amount"), p.Amount.Currency); err != nil {
			return err
		}
	}
	if _, err := v.office().RefundPayment(v.ctx(), v.by, id, r); err != nil {
		return err
	}
	v.to("/staff/payments/" + url.PathEscape(string(id)))
	return nil
}

// amountOf reads an amount as people write it, with or without commas between the
// thousands.
func amountOf(text string, c money.Currency) (money.Amount, error) {
	return money.ParseAmount(strings.ReplaceAll(strings.TrimSpace(text), ",", ""), c)
}
