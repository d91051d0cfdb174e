package paypal

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/bursar-pay/bursar/internal/provider"
)

// Steps, as they stand in keys. Each derives its own key from the one it was given,
// so that no step is answered with what was stored for another.
const (
	openStep     = "open"
	confirmStep  = "confirm"
	approvedStep = "confirm-approved"
	renewStep    = "renew"
	keepStep     = "keep"
)

const (
	noteMax       = 127 // characters of a unit's description
	descriptorMax = 22  // characters on a statement, PayPal's own before ours included
	agreedPattern = "THRESHOLD_POSTPAID"
)

var (
	errNoIntent = errors.New("paypal: no intent of ours is named")
	errAsk      = errors.New("paypal: an intent needs a key, a method and a reference")
	errLapsed   = errors.New("paypal: the order lapsed before anything was taken")
)

// Open makes an order without a source of money, so that nothing can be taken before
// its id is saved. Money from a hold needs no order: its reference is known at once.
func (p *Plug) Open(ctx context.Context, a provider.Ask) (string, provider.Result) {
	err := chargeable(a.Amount)
	if a.Key == "" || a.Reference == "" || a.Method == "" && a.From == "" {
		err = errAsk
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return "", provider.Result{Outcome: provider.Failed, Hopeless: errors.Is(err, errCurrency) || errors.Is(err, errStep), Cause: err}
	}
	if a.From != "" {
		return p.openFrom(a)
	}
	o := &order{}
	x := p.ask(ctx, question{call: createOrder, body: orderOf(a), key: stepKey(a.Key, openStep, nil)}, o)
	if x.ok() && isID(o.ID) {
		r := p.result(o, x)
		return r.Ref, r
	}
	return p.unopened(ctx, a, x)
}

// unopened tells of an order that was not made. Without a source of money a refusal
// is about what was asked; nothing was done, and asking the same again is in vain.
func (p *Plug) unopened(ctx context.Context, a provider.Ask, x *exchange) (string, provider.Result) {
	r := x.failed("")
	switch x.effect() {
	case twin:
		r = p.findTwin(ctx, "", a, x)
	case declines, moved, asksPayer:
		r.Outcome, r.Hopeless = provider.Failed, true
	}
	return r.Ref, r
}

// orderOf words an order. Our reference stands in two places: PayPal refuses to take
// money twice under one invoice id, and its messages carry the custom id.
func orderOf(a provider.Ask) order {
	o := order{Intent: intentCharge, Units: []unit{{
		Kind: forCharge, Amount: sumOf(a.Amount), InvoiceID: a.Reference, CustomID: a.Reference,
		Description: cut(a.Note, noteMax), Descriptor: descriptor(a.Descriptor),
	}}}
	if a.Hold {
		o.Intent, o.Units[0].Kind = intentHold, forHold
	}
	return o
}

// Confirm takes or reserves the money of an order from the payer's token. A payer who
// was called to PayPal's page and agreed there is served by confirming again.
func (p *Plug) Confirm(ctx context.Context, name string, a provider.Ask) provider.Result {
	which, ok := parseRef(name)
	if !ok || a.Key == "" {
		return provider.Result{Outcome: provider.Failed, Ref: name, Cause: errNoIntent}
	}
	if err := ctx.Err(); err != nil {
		return provider.Result{Outcome: provider.Failed, Ref: name, Live: true, Cause: err}
	}
	if which.order == "" {
		return p.confirmFrom(ctx, which, a)
	}
	body, err := json.Marshal(map[string]source{"payment_source": {PayPal: walletOf(a)}})
	if err != nil {
		return provider.Result{Outcome: provider.Failed, Ref: name, Live: true, Cause: errAsk}
	}
	return p.take(ctx, which, a, question{body: body, key: stepKey(a.Key, confirmStep, body)})
}

// walletOf names the payer's token, and says who asks. A payer who is present may be
// sent to PayPal's page, so they need a way back.
func walletOf(a provider.Ask) *wallet {
	w := &wallet{VaultID: a.Method, Stored: &stored{Initiator: "MERCHANT", Usage: "SUBSEQUENT", Pattern: agreedPattern}}
	if a.Initiator == provider.CIT {
		w.Stored.Initiator = "CUSTOMER"
		if a.SetUp {
			w.Stored.Usage = "FIRST"
		}
		if a.ReturnURL != "" {
			w.Page = &pageContext{Shipping: "NO_SHIPPING", ReturnURL: a.ReturnURL, CancelURL: a.ReturnURL}
		}
	}
	return w
}

// take has an order captured or authorized, and finds out what a refusal means.
func (p *Plug) take(ctx context.Context, which ref, a provider.Ask, q question) provider.Result {
	q.call, q.id = captureOrder, which.order
	if a.Hold {
		q.call = holdOrder
	}
	o := &order{}
	x := p.ask(ctx, q, o)
	if x.ok() {
		if o.untouched() || o.ID != which.order {
			return p.Fetch(ctx, which.String())
		}
		return p.result(o, x)
	}
	switch x.effect() {
	case declines, moved, asksPayer, twin:
		return p.reconsider(ctx, which, a, x)
	}
	return x.failed(which.String())
}

// reconsider reads an order that refused a step: the refusal may be the stored one of
// an earlier call, and the order may have moved on since.
func (p *Plug) reconsider(ctx context.Context, which ref, a provider.Ask, refusal *exchange) provider.Result {
	o, r := p.readOrder(ctx, which)
	switch {
	case o == nil || !r.Live || r.Outcome == provider.Unknown:
		return r
	case o.Status == statusApproved && !strings.HasSuffix(refusal.key, "/"+approvedStep):
		// The payer has agreed on PayPal's page: no other source may be named now.
		return p.take(ctx, which, a, question{body: struct{}{}, key: stepKey(a.Key, approvedStep, nil)})
	}
	switch refusal.effect() {
	case declines:
		return refusal.declined(which.String())
	case twin:
		return p.findTwin(ctx, which.String(), a, refusal)
	case asksPayer:
		r.Outcome = provider.NeedsPayer
		r.Decline = provider.Decline{Class: provider.Authentication, Code: refusal.problem.word()}
		if r.ChallengeURL == "" {
			r.ChallengeURL = href(refusal.problem.Links, "payer-action", "approve")
		}
	}
	if r.Outcome == provider.Pending && refusal.effect() == moved {
		if refusal.problem.word() == "ORDER_EXPIRED" {
			return provider.Result{Outcome: provider.Cancelled, Ref: r.Ref, RequestID: r.RequestID, Cause: errLapsed}
		}
		return refusal.unread(which.String()) // it says that it moved on, and does not show it
	}
	return r
}

// Fetch reads how an intent stands. It never answers Failed, which would read as a
// promise about the money: what could not be read is Unknown.
func (p *Plug) Fetch(ctx context.Context, name string) provider.Result {
	which, ok := parseRef(name)
	if !ok {
		return provider.Result{Outcome: provider.Unknown, Ref: name, Cause: errNoIntent}
	}
	if which.order == "" {
		return p.fetchFrom(ctx, which)
	}
	_, r := p.readOrder(ctx, which)
	return r
}

// readOrder reads an order; it is nil if it could not be read. An order that PayPal
// no longer knows lapsed, which only happens to one that took nothing.
func (p *Plug) readOrder(ctx context.Context, which ref) (*order, provider.Result) {
	o := &order{}
	x := p.ask(ctx, question{call: getOrder, id: which.order}, o)
	switch {
	case x.ok() && o.ID == which.order:
		return o, p.result(o, x)
	case x.missing():
		return nil, provider.Result{Outcome: provider.Cancelled, Ref: which.String(), RequestID: x.debugID, Cause: errLapsed}
	}
	return nil, x.unread(which.String())
}

// cut shortens s to at most n bytes, at a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// descriptor keeps of our descriptor what PayPal takes: letters and digits, and a
// few marks. PayPal puts its own name before it and cuts what is too long.
// https://developer.paypal.com/api/rest/reference/orders/v2/definitions/#purchase_unit_request
func descriptor(s string) string {
	kept := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(" .-*", r) {
			return r
		}
		return -1
	}, s)
	return strings.TrimSpace(cut(strings.TrimSpace(kept), descriptorMax))
}
