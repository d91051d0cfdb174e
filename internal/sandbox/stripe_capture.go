package sandbox

import (
	"slices"
	"strings"
	"time"
)

// How long an authorization can be captured. Visa gives merchants less when
// the cardholder was not there.
// https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
const (
	holdUsual          = 7 * 24 * time.Hour
	holdVisaOffSession = 5*24*time.Hour - 6*time.Hour
)

// placeHold reserves the intent's amount.
func (t *tx) placeHold(p *intent, ch *charge) error {
	window := holdUsual
	if p.hidden.OffSession && ch.PaymentMethodDetails.Card.Brand == visa {
		window = holdVisaOffSession
	}
	end := t.now.Add(window)
	ch.PaymentMethodDetails.Card.CaptureBefore = end.Unix()
	p.hidden.HoldEnds = end.Unix()
	p.Status, p.AmountCapturable = requiresCapture, p.Amount
	t.save(ch)
	t.save(p)
	if err := t.bookHold(p, ch, end); err != nil {
		return err
	}
	if err := t.later(time.Unix(end.Unix(), 0), dueHoldEnds, p.ID); err != nil {
		return err
	}
	if err := t.event("charge.succeeded", ch); err != nil {
		return err
	}
	return t.event("payment_intent.amount_capturable_updated", p)
}

// holdEnds cancels an intent whose hold was neither captured nor given up.
func (t *tx) holdEnds(id string) error {
	p, found, err := load[intent](t, "payment_intent", id)
	if err != nil || !found || p.Status != requiresCapture || p.hidden.HoldEnds > t.now.Unix() {
		return err
	}
	return t.release(p, "automatic", "charge.expired")
}

func captureIntent(t *tx, c *call) (any, error) {
	p, err := t.intent(c)
	if err != nil {
		return nil, err
	}
	if p.Status != requiresCapture {
		return nil, t.unexpected(p, "This PaymentIntent could not be captured because it has a status of "+p.Status+
			". Only a PaymentIntent with one of the following statuses may be captured: requires_capture.")
	}
	amount, given := c.form.number("amount_to_capture")
	if !given {
		amount = p.AmountCapturable
	}
	p.Metadata = c.form.mergeMetadata(p.Metadata)
	p.StatementDescriptor = c.form.descriptor("statement_descriptor", p.StatementDescriptor)
	p.StatementDescriptorSuffix = c.form.descriptor("statement_descriptor_suffix", p.StatementDescriptorSuffix)
	c.form.flag("final_capture")
	if c.form.err != nil {
		return nil, c.form.err
	}
	if amount < 1 || amount > p.AmountCapturable {
		code := "amount_too_large"
		if amount < 1 {
			code = "amount_too_small"
		}
		return nil, invalidRequest(code, "amount_to_capture", "The amount to capture is more than nothing and at most the amount that is authorized.")
	}
	ch, err := t.charge(string(p.LatestCharge), "charge")
	if err != nil {
		return nil, err
	}
	p.Status = succeeded
	return p, t.captureCharge(p, ch, amount)
}

var cancelReasons = []string{"duplicate", "fraudulent", "requested_by_customer", "abandoned"}

func cancelIntent(t *tx, c *call) (any, error) {
	p, err := t.intent(c)
	if err != nil {
		return nil, err
	}
	reason := c.form.choice("cancellation_reason", cancelReasons...)
	if c.form.err != nil {
		return nil, c.form.err
	}
	open := []string{requiresPaymentMethod, requiresCapture, requiresConfirmation, requiresAction}
	if !slices.Contains(open, p.Status) {
		return nil, t.unexpected(p, "You cannot cancel this PaymentIntent because it has a status of "+p.Status+
			". Only a PaymentIntent with one of the following statuses may be canceled: "+strings.Join(open, ", ")+".")
	}
	return p, t.release(p, reason, "charge.refunded")
}

// release cancels an intent and gives up its hold, if it has one.
func (t *tx) release(p *intent, reason, chargeEvent string) error {
	held := p.Status == requiresCapture
	p.dropChallenge()
	p.Status, p.AmountCapturable = canceled, 0
	p.CanceledAt, p.CancellationReason = optInt(t.now.Unix()), opt(reason)
	t.save(p)
	if held {
		ch, err := t.charge(string(p.LatestCharge), "charge")
		if err != nil {
			return err
		}
		ch.Refunded, ch.AmountRefunded = true, ch.Amount
		t.save(ch)
		if err := t.bookRelease(p, ch, chargeEvent == "charge.expired"); err != nil {
			return err
		}
		if err := t.event(chargeEvent, ch); err != nil {
			return err
		}
	}
	return t.event("payment_intent.canceled", p)
}
