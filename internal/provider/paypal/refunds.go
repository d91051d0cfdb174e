package paypal

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/bursar-pay/bursar/internal/provider"
)

const refundStep = "refund"

var (
	errRefundAsk   = errors.New("paypal: a refund needs a key, a reference and a capture")
	errNoOrderOfIt = errors.New("paypal: the capture does not say which order it is of")
)

// The calls about refunds.
var (
	refundCapture = call{"refund the capture", http.MethodPost, "/v2/payments/captures/*/refund", payments}
	readRefund    = call{"read the refund", http.MethodGet, "/v2/payments/refunds/*", none}
)

// refundBody asks for a refund. PayPal makes no two under one invoice id.
type refundBody struct {
	Amount    sum    `json:"amount"`
	InvoiceID string `json:"invoice_id"`
	CustomID  string `json:"custom_id"`
}

type refund struct {
	ID        string `json:"id"`
	Status    string `json:"status"`
	Amount    sum    `json:"amount"`
	InvoiceID string `json:"invoice_id"`
	Links     []link `json:"links"`
}

// refundStandings says what each status of a refund means.
var refundStandings = map[string]provider.Outcome{
	"COMPLETED": provider.Approved,
	"PENDING":   provider.Pending,
	"FAILED":    provider.Declined,
	"CANCELLED": provider.Declined,
}

// refundIssues says what PayPal's words mean where no refund was made; once its order
// shows that, since the word may be about a refund of ours whose answer was lost. One
// that is not here is Unknown: money is not given a second way on a word that is new.
// https://developer.paypal.com/docs/api/payments/v2/#captures_refund
var refundIssues = map[string]provider.Result{
	// There is nothing to give, or the payer gets it otherwise.
	"CAPTURE_FULLY_REFUNDED":                 {Outcome: provider.Failed, Hopeless: true},
	"REFUND_AMOUNT_EXCEEDED":                 {Outcome: provider.Failed, Hopeless: true},
	"REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK": {Outcome: provider.Failed, Hopeless: true},
	"TRANSACTION_DISPUTED":                   {Outcome: provider.Failed, Hopeless: true},

	// We asked for what can never be.
	"CANNOT_BE_NEGATIVE":               {Outcome: provider.Failed, Hopeless: true},
	"CANNOT_BE_ZERO_OR_NEGATIVE":       {Outcome: provider.Failed, Hopeless: true},
	"CURRENCY_MISMATCH":                {Outcome: provider.Failed, Hopeless: true},
	"DECIMALS_NOT_SUPPORTED":           {Outcome: provider.Failed, Hopeless: true},
	"DECIMAL_PRECISION":                {Outcome: provider.Failed, Hopeless: true},
	"INVALID_CURRENCY_CODE":            {Outcome: provider.Failed, Hopeless: true},
	"REFUND_CAPTURE_CURRENCY_MISMATCH": {Outcome: provider.Failed, Hopeless: true},

	// The money cannot go back the way it came.
	"MAX_NUMBER_OF_REFUNDS_EXCEEDED": {Outcome: provider.Declined},
	"PARTIAL_REFUND_NOT_ALLOWED":     {Outcome: provider.Declined},
	"PAYER_ACCOUNT_LOCKED_OR_CLOSED": {Outcome: provider.Declined},
	"REFUND_AMOUNT_TOO_LOW":          {Outcome: provider.Declined},
	"REFUND_IS_RESTRICTED":           {Outcome: provider.Declined},
	"REFUND_NOT_ALLOWED":             {Outcome: provider.Declined},
	"REFUND_TIME_LIMIT_EXCEEDED":     {Outcome: provider.Declined}, // R-REFUND-02

	// It may go through later: our own account is short, or the capture not settled.
	"PENDING_CAPTURE":                  {Outcome: provider.Failed},
	"REFUND_FAILED_INSUFFICIENT_FUNDS": {Outcome: provider.Failed},
	"PAYEE_ACCOUNT_LOCKED_OR_CLOSED":   {Outcome: provider.Failed, Misconfigured: true},
	"PAYEE_ACCOUNT_RESTRICTED":         {Outcome: provider.Failed, Misconfigured: true},
	"PERMISSION_DENIED":                {Outcome: provider.Failed, Misconfigured: true},
}

// Refund gives money of a capture back.
func (p *Plug) Refund(ctx context.Context, a provider.RefundAsk) provider.Result {
	err := chargeable(a.Amount)
	if a.Key == "" || a.Reference == "" || !isID(a.Charge) {
		err = errRefundAsk
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return provider.Result{Outcome: provider.Failed, Hopeless: errors.Is(err, errCurrency) || errors.Is(err, errStep), Cause: err}
	}
	f := &refund{}
	x := p.ask(ctx, question{
		call: refundCapture, id: a.Charge, key: stepKey(a.Key, refundStep, nil),
		body: refundBody{Amount: sumOf(a.Amount), InvoiceID: a.Reference, CustomID: a.Reference},
	}, f)
	if x.ok() {
		return f.result(x)
	}
	r := x.unrefunded()
	if x.err != nil || x.problem == nil || r.Outcome == provider.Unknown && x.problem.word() != "DUPLICATE_INVOICE_ID" || r.Misconfigured {
		return r
	}
	if found := p.FindRefund(ctx, a); found.Ref != "" || found.Outcome != provider.Failed {
		return found
	}
	return r
}

// unrefunded tells what it means that no refund was made, or that nobody knows.
func (x *exchange) unrefunded() provider.Result {
	r := x.failed("")
	if x.err == nil && x.problem != nil && x.status == http.StatusUnprocessableEntity {
		why, known := refundIssues[x.problem.word()]
		if !known {
			why = provider.Result{Outcome: provider.Unknown}
		}
		r.Outcome, r.Hopeless, r.Misconfigured = why.Outcome, why.Hopeless, why.Misconfigured
		r.Decline.Code = word(x.problem.word())
	}
	return r
}

// FetchRefund reads a refund. What could not be read is Unknown.
func (p *Plug) FetchRefund(ctx context.Context, ref string) provider.Result {
	if !isID(ref) {
		return provider.Result{Outcome: provider.Unknown, Ref: ref, Cause: errRefundAsk}
	}
	f := &refund{}
	x := p.ask(ctx, question{call: readRefund, id: ref}, f)
	if !x.ok() || f.ID != ref {
		r := x.unread(ref)
		r.Live = false
		return r
	}
	return f.result(x)
}

// FindRefund looks through the refunds that the capture's order shows.
func (p *Plug) FindRefund(ctx context.Context, a provider.RefundAsk) provider.Result {
	if a.Reference == "" || !isID(a.Charge) {
		return provider.Result{Outcome: provider.Unknown, Cause: errRefundAsk}
	}
	c := &capture{}
	x := p.ask(ctx, question{call: readCapture, id: a.Charge}, c)
	if !x.ok() {
		return x.unread("")
	}
	id, r := p.orderOfCapture(ctx, c)
	if id == "" {
		return r
	}
	o := &order{}
	x = p.ask(ctx, question{call: getOrder, id: id}, o)
	if !x.ok() || o.ID != id {
		return x.unread("")
	}
	for _, f := range o.refunds() {
		if f.InvoiceID == a.Reference {
			return f.result(x)
		}
	}
	return provider.Result{Outcome: provider.Failed, RequestID: x.debugID}
}

// orderOfCapture is the id of a capture's order; "" if it could not be told.
func (p *Plug) orderOfCapture(ctx context.Context, c *capture) (string, provider.Result) {
	unknown := provider.Result{Outcome: provider.Unknown, Cause: errNoOrderOfIt}
	id := c.Related.IDs.OrderID
	if !isID(id) {
		id = upward(c.Links, "orders")
	}
	if id != "" {
		return id, unknown
	}
	from := upward(c.Links, "authorizations")
	if from == "" {
		return "", unknown
	}
	h := &authorization{}
	x := p.ask(ctx, question{call: readHold, id: from}, h)
	if !x.ok() {
		return "", x.unread("")
	}
	if id = h.Related.IDs.OrderID; !isID(id) {
		id = upward(h.Links, "orders")
	}
	return id, unknown
}

func (o *order) refunds() []refund {
	if u := o.unit(); u.Payments != nil {
		return u.Payments.Refunds
	}
	return nil
}

// result tells how a refund stands.
func (f *refund) result(x *exchange) provider.Result {
	r := provider.Result{Outcome: provider.Unknown, Ref: f.ID, ChargeRef: upward(f.Links, "captures"), RequestID: x.debugID}
	amount, err := f.Amount.amount()
	outcome, known := refundStandings[f.Status]
	switch {
	case !isID(f.ID):
		r.Ref = ""
		r.Cause = errors.New("paypal: the refund has no id that can be read")
	case err != nil:
		r.Cause = fmt.Errorf("paypal: refund %s has no amount that can be read: %w", f.ID, err)
	case !known:
		r.Cause = fmt.Errorf("paypal: refund %s has status %q, which is new to us", f.ID, word(f.Status))
	default:
		r.Outcome, r.Amount = outcome, amount
		if outcome == provider.Declined {
			r.Decline.Code = word(f.Status)
		}
	}
	return r
}
