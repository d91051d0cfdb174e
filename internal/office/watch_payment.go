package office

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/store"
)

// ErrNoChallenge says that a payment does not wait for its payer.
var ErrNoChallenge = fault.New(fault.Conflict, "no_challenge", "the payment does not wait for the payer")

// watchPayment looks after a payment until it is over: it takes up what a dead
// process left, asks how lost answers ended, closes what was refused, and ends
// challenges that nobody came for. An unknown payment never fails by age
// (R-DUN-08).
func (o *Office) watchPayment(ctx context.Context, subject string) error {
	id := payment.ID(subject)
	if err := o.lookAtPayment(ctx, id); err != nil && !isWaitedOut(err) {
		return err
	}
	var next time.Duration
	err := o.changePayment(ctx, id, func(tx *store.Tx, _ account.Account, p payment.Payment) error {
		next = 0
		if p.IsOver() {
			return nil
		}
		if err := o.remindPayer(ctx, tx, p); err != nil {
			return err
		}
		rules, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		p.Asked, next = nextAsk(rules, o.Now(), p.OpenedAt, p.Asked, p.ChallengeUntil)
		if p.State == payment.Opening || p.State == payment.Closing {
			next = min(next, unheardPause)
		}
		return tx.SavePayment(ctx, p)
	})
	if err == nil && next > 0 {
		return job.Snooze(next)
	}
	return err
}

// payerLeaves is how long somebody in front of a screen takes for a challenge.
const payerLeaves = 5 * time.Minute

// remindPayer tells a payer who has gone away from a challenge that it waits, once:
// a link in the mail leads back to it (R-3DS-05). Who is away from the start was
// told at once.
func (o *Office) remindPayer(ctx context.Context, tx *store.Tx, p payment.Payment) error {
	if p.Initiator != payment.CIT || !o.waitsForPayer(p) || o.Now().Before(p.OpenedAt.Add(payerLeaves)) {
		return nil
	}
	return o.notify(ctx, tx, p.Account, "challenge_waiting", string(p.ID), map[string]string{"amount": p.Amount.String()})
}

// isWaitedOut tells that a provider is not asked at the moment, which is no
// failure of a watch: it looks again.
func isWaitedOut(err error) bool {
	return errors.Is(err, ErrLaneStopped) || errors.Is(err, ErrUnplugged)
}

// isBeingAsked tells whether what was opened then is with the process that opened
// it: until its watch comes, looking beside it would only get in its way.
func (o *Office) isBeingAsked(opened time.Time) bool { return o.Now().Before(opened.Add(watchAfter)) }

// lookAtPayment does what the payment's state asks for.
func (o *Office) lookAtPayment(ctx context.Context, id payment.ID) error {
	p, err := o.payment(ctx, id)
	switch {
	case err != nil || p.IsOver():
		return err
	case p.State == payment.Closing:
		return o.closePayment(ctx, id)
	case p.State == payment.Opening && o.isBeingAsked(p.OpenedAt):
		return nil
	case p.Ref == "":
		return o.askForPayment(ctx, id, "")
	}
	plug, err := o.opened(p.Provider)
	if err != nil {
		return err
	}
	r := plug.Fetch(ctx, p.Ref)
	if p.State == payment.Waiting {
		if r.Outcome == provider.Unknown { // a look that was lost says nothing: the payer is still awaited
			o.lanes.note(p.Provider, r, o.Now())
			return nil
		}
		if isAgreedTo(plug, r) && o.Now().Before(p.ChallengeUntil) {
			return o.askForPayment(ctx, id, "")
		}
		return o.lookAtChallenge(ctx, p, r)
	}
	if r.Outcome == provider.Pending && r.Live {
		return o.askForPayment(ctx, id, "") // opened, and never confirmed
	}
	return o.settlePayment(ctx, id, r)
}

// isAgreedTo tells that a wallet shows nothing to wait for: its payer has agreed on
// its page, and the money is to be asked for again.
func isAgreedTo(plug provider.Provider, r provider.Result) bool {
	return isWallet(plug) && r.Outcome == provider.Pending && r.Live
}

// lookAtChallenge records how a challenge ended, or ends it when its time is
// over and it was asked that nothing came of it. While nobody has come, the
// intent looks refused or unconfirmed at the provider: that is not news.
func (o *Office) lookAtChallenge(ctx context.Context, p payment.Payment, r provider.Result) error {
	idle := r.Outcome == provider.NeedsPayer || r.Outcome == provider.Pending ||
		r.Outcome == provider.Declined && r.Decline.Class == provider.Authentication && p.Initiator == payment.MIT
	if !idle {
		return o.settlePayment(ctx, p.ID, r)
	}
	if o.Now().Before(p.ChallengeUntil) {
		return nil
	}
	return o.settlingPayment(ctx, p.ID, func(s *paymentSettlement) error {
		if s.payment.State != payment.Waiting {
			return nil
		}
		return s.giveUp(ctx, payment.Lapse)
	})
}

// closePayment cancels a payment's intent, so that it can never take money, and
// records the proof. An intent that succeeded after all is a success.
func (o *Office) closePayment(ctx context.Context, id payment.ID) error {
	p, err := o.payment(ctx, id)
	if err != nil || p.State != payment.Closing {
		return err
	}
	plug, err := o.opened(p.Provider)
	if err != nil {
		return err
	}
	r := provider.Result{Outcome: provider.Cancelled} // it never reached the provider
	if p.Ref != "" {
		r = plug.Cancel(ctx, p.Ref, p.Key)
	}
	if r.Outcome == provider.Declined || r.Outcome == provider.NeedsPayer || r.Outcome == provider.Pending {
		return nil // not cancelled yet; the watch asks again
	}
	return o.settlePayment(ctx, id, r)
}

// ContinuePayment takes a payment that waits for its payer on, now that they are
// here, and returns where their challenge is. It confirms the same intent again,
// so that whatever happened before, at most one charge comes of it.
func (o *Office) ContinuePayment(ctx context.Context, id payment.ID, returnURL string) (payment.Payment, error) {
	err := o.changePayment(ctx, id, func(tx *store.Tx, _ account.Account, p payment.Payment) error {
		if p.State != payment.Waiting || p.Initiator == payment.CIT {
			return nil
		}
		p.Initiator = payment.CIT
		return tx.SavePayment(ctx, p)
	})
	if err != nil {
		return payment.Payment{}, err
	}
	p, err := o.payment(ctx, id)
	if err != nil || p.State != payment.Waiting {
		return p, err
	}
	if p.ChallengeURL == "" {
		if err := o.askForPayment(ctx, id, returnURL); err != nil {
			return p, err
		}
	}
	return o.payment(ctx, id)
}
