package office

import (
	"context"
	"time"

	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/store"
)

// A payer's bank can send a refund back after it was made. It is looked for in ever
// longer pauses, in case the provider's message about it is lost.
const (
	returnedFirstLook = 24 * time.Hour
	returnedLastLook  = 32 * 24 * time.Hour // R-REFUND-07: up to 30 days until it is on the card
)

// watchRefund looks after a refund: it takes up what a dead process left, asks how
// lost answers ended, and looks whether what was given back has stayed with the payer.
// An unknown refund never fails by age.
func (o *Office) watchRefund(ctx context.Context, subject string) error {
	id := payment.RefundID(subject)
	f, err := o.refund(ctx, id)
	if err != nil {
		return err
	}
	if f.IsLive() || f.State == payment.RefundSucceeded && o.Now().Sub(f.SettledAt) >= returnedFirstLook {
		if err := o.lookAtRefund(ctx, id); err != nil && !isWaitedOut(err) {
			return err
		}
	}
	var next time.Duration
	err = o.changeRefund(ctx, id, func(tx *store.Tx, f payment.Refund) error {
		next = 0
		if f.State == payment.RefundSucceeded {
			if age := o.Now().Sub(f.SettledAt); age < returnedLastLook {
				next = max(age, returnedFirstLook-age)
			}
			return nil
		}
		if !f.IsLive() {
			return nil
		}
		rules, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		f.Asked, next = nextAsk(rules, o.Now(), f.OpenedAt, f.Asked, time.Time{})
		if f.State == payment.RefundOpening {
			next = min(next, unheardPause)
		}
		return tx.SaveRefund(ctx, f)
	})
	if err == nil && next > 0 {
		return job.Snooze(next)
	}
	return err
}

// lookAtRefund does what the refund's state asks for. What may have been asked is
// looked for by our reference first, and asked again, under the same key, only if it
// is not there.
func (o *Office) lookAtRefund(ctx context.Context, id payment.RefundID) error {
	f, err := o.refund(ctx, id)
	switch {
	case err != nil || !f.IsLive() && f.State != payment.RefundSucceeded:
		return err
	case f.State == payment.RefundOpening && o.isBeingAsked(f.OpenedAt):
		return nil
	}
	plug, err := o.opened(f.Provider)
	if err != nil {
		return err
	}
	if f.Ref != "" {
		return o.settleRefund(ctx, id, plug.FetchRefund(ctx, f.Ref))
	}
	r := plug.FindRefund(ctx, refundAsk(f))
	if r.Outcome == provider.Failed {
		return o.askForRefund(ctx, id)
	}
	return o.settleRefund(ctx, id, r)
}

// lookAtRefundsOf looks at a payment's refunds, since its provider has news of them.
func (o *Office) lookAtRefundsOf(ctx context.Context, id payment.ID) error {
	var refunds []payment.Refund
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		refunds, err = tx.RefundsOf(ctx, id)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range refunds {
		if err := o.lookAtRefund(ctx, f.ID); err != nil {
			return err
		}
	}
	return nil
}
