package paypal

import (
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/provider"
)

// honor is how long PayPal promises the funds of an authorization, from when it was
// made or renewed (R-PP-09). https://developer.paypal.com/docs/checkout/standard/customize/authorization/
const honor = 3 * 24 * time.Hour

// validity is how long an authorization lives, where PayPal does not say.
const validity = 29 * 24 * time.Hour

// What an order is for stands in its unit's reference id. Its intent says the same
// until Cancel turns it around, so that the step which would take money no longer
// matches: an order with the other intent is shut.
const (
	forHold   = "hold"
	forCharge = "charge"

	intentHold   = "AUTHORIZE"
	intentCharge = "CAPTURE"
)

// Statuses of tokens and orders that are acted upon.
const (
	statusApproved    = "APPROVED"
	statusPayerAction = "PAYER_ACTION_REQUIRED"
	statusCompleted   = "COMPLETED"
)

// A standing is what a status means to us.
type standing struct {
	outcome  provider.Outcome
	captured bool
	live     bool // it could still take money
}

// orderStandings says what each status of an order means as long as nothing was
// taken or reserved by it. One that is not here, COMPLETED among it, is Unknown.
var orderStandings = map[string]standing{
	"CREATED":         {outcome: provider.Pending, live: true},
	"SAVED":           {outcome: provider.Pending, live: true},
	statusApproved:    {outcome: provider.Pending, live: true},
	statusPayerAction: {outcome: provider.NeedsPayer, live: true},
	"VOIDED":          {outcome: provider.Cancelled},
}

// captureStandings says what each status of a capture means. What was refunded had
// been taken.
var captureStandings = map[string]standing{
	"COMPLETED":          {outcome: provider.Approved, captured: true},
	"PARTIALLY_REFUNDED": {outcome: provider.Approved, captured: true},
	"REFUNDED":           {outcome: provider.Approved, captured: true},
	"PENDING":            {outcome: provider.Pending}, // taken up; nothing more is to be asked for
	"DECLINED":           {outcome: provider.Declined},
	"FAILED":             {outcome: provider.Declined},
}

// holdStandings says what each status of an authorization means to the hold, if
// nothing was captured from it.
var holdStandings = map[string]standing{
	"CREATED":            {outcome: provider.Approved},
	"PARTIALLY_CAPTURED": {outcome: provider.Approved},
	"PENDING":            {outcome: provider.Pending, live: true},
	"DENIED":             {outcome: provider.Declined},
	"VOIDED":             {outcome: provider.Cancelled},
	"EXPIRED":            {outcome: provider.Cancelled},
	"CAPTURED":           {outcome: provider.Cancelled}, // what was captured is told by the capture
}

// weight orders outcomes by how near they are to our money. An order has one capture
// or one authorization, but a renewed hold has more.
var weight = map[provider.Outcome]int{
	provider.Approved: 5, provider.Pending: 4, provider.NeedsPayer: 3, provider.Declined: 2, provider.Cancelled: 1,
}

// unit is the order's only unit.
func (o *order) unit() unit {
	if len(o.Units) == 0 {
		return unit{}
	}
	return o.Units[0]
}

func (o *order) captures() []capture {
	if u := o.unit(); u.Payments != nil {
		return u.Payments.Captures
	}
	return nil
}

func (o *order) authorizations() []authorization {
	if u := o.unit(); u.Payments != nil {
		return u.Payments.Authorizations
	}
	return nil
}

// untouched reports whether nothing was taken or reserved by the order, nor tried.
func (o *order) untouched() bool { return len(o.captures()) == 0 && len(o.authorizations()) == 0 }

// shut reports whether Cancel turned the intent around.
func (o *order) shut() bool {
	kind := o.unit().Kind
	return kind == forHold && o.Intent == intentCharge || kind == forCharge && o.Intent == intentHold
}

// result tells how an order stands.
func (p *Plug) result(o *order, x *exchange) provider.Result {
	r := provider.Result{Outcome: provider.Unknown, Ref: ref{order: o.ID}.String(), Live: true, RequestID: x.debugID}
	var err error
	if r.Amount, err = o.unit().Amount.amount(); err != nil && o.untouched() {
		r.Cause = fmt.Errorf("paypal: %s has no amount that can be read: %w", r.Ref, err)
		return r
	}
	c, h := bestCapture(o.captures(), ""), p.bestHold(o.authorizations())
	switch {
	case o.isTaken(""):
		return c.result(r)
	case h != nil: // what was tried to take from a hold and refused leaves it as it is
		return p.holdResult(h, r)
	case c != nil:
		return c.result(r)
	case o.shut():
		r.Outcome, r.Live = provider.Cancelled, false
		return r
	}
	s, known := orderStandings[o.Status]
	if !known {
		r.Cause = fmt.Errorf("paypal: %s has status %q without a payment", r.Ref, word(o.Status))
		return r
	}
	r.Outcome, r.Live = s.outcome, s.live
	if s.outcome == provider.NeedsPayer {
		r.ChallengeURL = href(o.Links, "payer-action", "approve")
	}
	return r
}

// bestCapture returns the capture that took most, of those with our reference; ""
// is any.
func bestCapture(all []capture, reference string) *capture {
	var best *capture
	for i := range all {
		c := &all[i]
		if reference != "" && c.InvoiceID != reference {
			continue
		}
		if best == nil || weight[captureStandings[c.Status].outcome] > weight[captureStandings[best.Status].outcome] {
			best = c
		}
	}
	return best
}

// result tells how a capture stands; r says whose it is.
func (c *capture) result(r provider.Result) provider.Result {
	s, known := captureStandings[c.Status]
	if !known {
		r.Outcome, r.Live = provider.Unknown, true
		r.Cause = fmt.Errorf("paypal: capture %s has status %q, which is new to us", word(c.ID), word(c.Status))
		return r
	}
	r.Outcome, r.Captured, r.Live, r.ChargeRef = s.outcome, s.captured, s.live, c.ID
	if s.outcome == provider.Declined {
		r.Decline = declineOf(c.Status, c.Processor)
	}
	return withAmount(r, c.Amount)
}

// bestHold returns the authorization that counts: the newest that still reserves
// funds, else the newest of all.
func (p *Plug) bestHold(all []authorization) *authorization {
	var best *authorization
	for i := range all {
		h := &all[i]
		if best == nil || p.reserves(h) && !p.reserves(best) ||
			p.reserves(h) == p.reserves(best) && h.Created.After(best.Created) {
			best = h
		}
	}
	return best
}

// reserves reports whether an authorization still reserves funds.
func (p *Plug) reserves(h *authorization) bool {
	s := holdStandings[h.Status]
	return (s.outcome == provider.Approved || s.outcome == provider.Pending) && !p.over(h)
}

// over reports whether an authorization has run out. PayPal may go on showing its
// last status.
func (p *Plug) over(h *authorization) bool {
	return !h.Expires.IsZero() && !p.now().Before(h.Expires)
}

// holdResult tells how a hold stands by its authorization.
func (p *Plug) holdResult(h *authorization, r provider.Result) provider.Result {
	s, known := holdStandings[h.Status]
	if !known {
		r.Outcome, r.Live = provider.Unknown, true
		r.Cause = fmt.Errorf("paypal: authorization %s has status %q, which is new to us", word(h.ID), word(h.Status))
		return r
	}
	if p.over(h) && s.outcome != provider.Declined {
		s = standing{outcome: provider.Cancelled}
	}
	r.Outcome, r.Live, r.ChargeRef = s.outcome, s.live, h.ID
	switch s.outcome {
	case provider.Approved:
		if r.HeldUntil = h.Expires.UTC(); h.Expires.IsZero() && !h.Created.IsZero() {
			r.HeldUntil = h.Created.Add(validity).UTC()
		}
		r.HonoredUntil = h.honored()
	case provider.Declined:
		r.Decline = declineOf(h.Status, h.Processor)
	}
	return withAmount(r, h.Amount)
}

// honored is until when the funds are promised.
func (h *authorization) honored() time.Time {
	if h.Created.IsZero() {
		return time.Time{}
	}
	until := h.Created.Add(honor).UTC()
	if !h.Expires.IsZero() && h.Expires.Before(until) {
		return h.Expires.UTC()
	}
	return until
}

// withAmount takes over what was really reserved or taken.
func withAmount(r provider.Result, s sum) provider.Result {
	amount, err := s.amount()
	if err != nil {
		r.Outcome, r.Live = provider.Unknown, true
		r.Cause = fmt.Errorf("paypal: %s has no amount that can be read: %w", word(r.ChargeRef), err)
		return r
	}
	r.Amount = amount
	return r
}
