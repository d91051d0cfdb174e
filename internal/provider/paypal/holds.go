package paypal

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

// openFrom names money that is to be taken from a hold. PayPal is not asked: the
// authorization is there already, and our reference tells the captures apart.
func (p *Plug) openFrom(a provider.Ask) (string, provider.Result) {
	which := ref{authorization: a.From, reference: a.Reference}
	if !isID(a.From) {
		return "", provider.Result{Outcome: provider.Failed, Hopeless: true, Cause: errors.New("paypal: the hold has no authorization to take from")}
	}
	return which.String(), provider.Result{Outcome: provider.Pending, Ref: which.String(), Amount: a.Amount, Live: true}
}

// confirmFrom captures from an authorization, once and for good: what is left of it
// is released.
func (p *Plug) confirmFrom(ctx context.Context, which ref, a provider.Ask) provider.Result {
	body, err := json.Marshal(captureAsk{Amount: sumOf(a.Amount), InvoiceID: which.reference, Final: true, Descriptor: descriptor(a.Descriptor)})
	if err == nil {
		err = chargeable(a.Amount)
	}
	if err != nil {
		return provider.Result{Outcome: provider.Failed, Hopeless: true, Ref: which.String(), Live: true, Cause: err}
	}
	c := &capture{}
	x := p.ask(ctx, question{call: captureHold, id: which.authorization, body: body, key: stepKey(a.Key, confirmStep, body)}, c)
	if x.ok() {
		return c.result(provider.Result{Ref: which.String(), RequestID: x.debugID})
	}
	effect := x.effect()
	if effect != declines && effect != moved && effect != twin {
		return x.failed(which.String())
	}
	// The refusal may be the stored one of an earlier call.
	r := p.fetchFrom(ctx, which)
	switch {
	case r.Outcome != provider.Pending || r.ChargeRef != "":
		return r
	case effect == declines:
		return x.declined(which.String())
	case effect == twin:
		return p.findTwin(ctx, which.String(), a, x)
	}
	return x.unread(which.String())
}

// A source of money that is held, as it was read: the authorization, and the order
// that it was made by.
type reserve struct {
	authorization authorization
	order         order
	x             *exchange
}

// fetchFrom tells how a capture from a hold stands.
func (p *Plug) fetchFrom(ctx context.Context, which ref) provider.Result {
	s, r := p.readReserve(ctx, which)
	if s == nil {
		return r
	}
	return p.fromReserve(s, which)
}

// readReserve reads an authorization and its order; nil if either could not be read.
func (p *Plug) readReserve(ctx context.Context, which ref) (*reserve, provider.Result) {
	s := &reserve{}
	s.x = p.ask(ctx, question{call: readHold, id: which.authorization}, &s.authorization)
	if !s.x.ok() {
		return nil, s.x.unread(which.String())
	}
	id := s.authorization.Related.IDs.OrderID
	if !isID(id) {
		id = upward(s.authorization.Links, "orders")
	}
	if id == "" {
		r := s.x.unread(which.String())
		r.Cause = errors.New("paypal: the authorization does not say which order it is of")
		return nil, r
	}
	s.x = p.ask(ctx, question{call: getOrder, id: id}, &s.order)
	if !s.x.ok() {
		return nil, s.x.unread(which.String())
	}
	return s, provider.Result{}
}

// fromReserve tells how a capture stands by what was read. One that is not there can
// still be made as long as the authorization reserves funds and no other capture
// used it up.
func (p *Plug) fromReserve(s *reserve, which ref) provider.Result {
	r := provider.Result{Outcome: provider.Cancelled, Ref: which.String(), RequestID: s.x.debugID}
	if c := bestCapture(s.order.captures(), which.reference); c != nil {
		return c.result(r)
	}
	usedUp := slices.ContainsFunc(s.order.captures(), func(c capture) bool {
		return c.Final && captureStandings[c.Status].outcome != provider.Declined
	})
	// A renewed authorization reserves on, but only its successor can be captured.
	newest := p.bestHold(s.order.authorizations())
	renewed := newest != nil && newest.ID != which.authorization
	if usedUp || renewed || !p.reserves(&s.authorization) {
		return r
	}
	r.Outcome, r.Live = provider.Pending, true
	return withAmount(r, s.authorization.Amount)
}

// Cancel releases a hold, or sees to it that an intent takes nothing any more.
//
// PayPal cannot close an order of which nothing was taken. But its intent can be
// turned around: then the step that would take the money does not match it, not even
// if it is on its way. Where PayPal refuses that, nothing but our own step takes
// money, and the order is read to prove that it has not.
//
// Nothing here needs a key: what is done twice is done once.
func (p *Plug) Cancel(ctx context.Context, name, _ string) provider.Result {
	which, ok := parseRef(name)
	if !ok {
		return provider.Result{Outcome: provider.Failed, Ref: name, Cause: errNoIntent}
	}
	if err := ctx.Err(); err != nil {
		return provider.Result{Outcome: provider.Failed, Ref: name, Live: true, Cause: err}
	}
	if which.order == "" {
		return p.cancelFrom(ctx, which)
	}
	o, r := p.readOrder(ctx, which)
	if o == nil || o.isTaken("") || r.Outcome == provider.Cancelled || r.Outcome == provider.Unknown {
		return r
	}
	if len(o.authorizations()) == 0 && o.Status != statusCompleted {
		return closed(p.shut(ctx, which, o))
	}
	if r := p.void(ctx, which, o); r.Outcome != provider.Cancelled {
		return r
	}
	_, r = p.readOrder(ctx, which)
	return closed(r)
}

// isTaken reports whether money was captured by an order, or is being: it cannot be
// stopped. A reference asks for the captures under it alone.
func (o *order) isTaken(reference string) bool {
	c := bestCapture(o.captures(), reference)
	return c != nil && captureStandings[c.Status].outcome != provider.Declined
}

// closed says of what was refused and is over that it can never take money.
func closed(r provider.Result) provider.Result {
	if r.Outcome == provider.Declined && !r.Live {
		r.Outcome = provider.Cancelled
	}
	return r
}

// shut turns the intent of an order around of which nothing was taken.
func (p *Plug) shut(ctx context.Context, which ref, o *order) provider.Result {
	other := intentHold
	if o.Intent == intentHold {
		other = intentCharge
	}
	x := p.ask(ctx, question{call: patchOrder, id: which.order, body: []patch{{Op: "replace", Path: "/intent", Value: other}}}, nil)
	refused := x.err == nil && x.problem != nil &&
		slices.Contains([]int{http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity}, x.status)
	if !x.ok() && !refused {
		return x.failed(which.String())
	}
	o, r := p.readOrder(ctx, which)
	if o != nil && o.untouched() && r.Live && refused {
		r = provider.Result{Outcome: provider.Cancelled, Ref: r.Ref, RequestID: r.RequestID}
	}
	return r
}

// void releases every authorization of an order that reserves funds. Of a renewed one
// PayPal voids only the first, and with it those that followed; so each is asked for,
// and what counts is how they are read afterwards. Cancelled says that PayPal refused
// none of them for want of an answer.
func (p *Plug) void(ctx context.Context, which ref, o *order) provider.Result {
	for _, h := range o.authorizations() {
		if !p.reserves(&h) {
			continue
		}
		if x := p.ask(ctx, question{call: voidHold, id: h.ID}, nil); !x.ok() && x.effect() != moved {
			return x.failed(which.String())
		}
	}
	return provider.Result{Outcome: provider.Cancelled}
}

// cancelFrom sees to it that nothing is captured from a hold under this reference, by
// releasing the hold.
func (p *Plug) cancelFrom(ctx context.Context, which ref) provider.Result {
	s, r := p.readReserve(ctx, which)
	if s == nil {
		return r
	}
	if r = p.fromReserve(s, which); s.order.isTaken(which.reference) || r.Outcome == provider.Cancelled || r.Outcome == provider.Unknown {
		return r
	}
	if r := p.void(ctx, which, &s.order); r.Outcome != provider.Cancelled {
		return r
	}
	return closed(p.fetchFrom(ctx, which))
}

// tooSoon is PayPal's word for a hold whose promise has not ended by its clock.
const tooSoon = "REAUTHORIZATION_TOO_SOON"

// Renew has PayPal promise the funds of a hold anew: a new authorization takes the
// place of the old one. One that is still promised is left as it is, so that renewing
// again is safe however the first answer was lost.
func (p *Plug) Renew(ctx context.Context, name, key string, amount money.Amount) provider.Result {
	which, ok := parseRef(name)
	if !ok || which.order == "" || key == "" {
		return provider.Result{Outcome: provider.Failed, Ref: name, Hopeless: true, Cause: errNoIntent}
	}
	o, r := p.readOrder(ctx, which)
	if o == nil || r.Outcome != provider.Approved || r.Captured || p.now().Before(r.HonoredUntil) {
		return r
	}
	// The key is of this authorization: where another is there by now, since an answer
	// was lost until its promise had ended too, PayPal has to say that it renews but once.
	h := &authorization{}
	x := p.ask(ctx, question{
		call: renewHold, id: r.ChargeRef, body: map[string]sum{"amount": sumOf(amount)}, key: stepKey(key, renewStep, []byte(r.ChargeRef)),
	}, h)
	if x.ok() {
		return p.holdResult(h, provider.Result{Ref: name, RequestID: x.debugID})
	}
	switch x.effect() {
	case declines:
		return x.declined(name)
	case moved:
		_, now := p.readOrder(ctx, which)
		if now.Outcome == provider.Approved && !p.now().Before(now.HonoredUntil) {
			r := x.failed(name)
			r.Outcome, r.Hopeless = provider.Failed, x.problem.word() != tooSoon // else never again
			return r
		}
		return now
	}
	return x.failed(name)
}
