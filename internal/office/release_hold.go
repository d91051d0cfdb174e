package office

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/store"
)

type accountID = account.ID

// ReleaseHold asks the provider to give a hold back and records the answer. It
// is asked again by the hold's watch until the provider shows it released, or it
// has expired there.
func (o *Office) ReleaseHold(ctx context.Context, id payment.HoldID) error {
	// Decide, and remember that the release is under way.
	var h payment.Hold
	err := o.changeHold(ctx, id, func(tx *store.Tx, _ account.Account, held payment.Hold) (err error) {
		h = held
		if h.State != payment.HoldPlaced {
			return nil
		}
		if h.State, err = payment.HoldTable.Next(h.State, payment.Release); err != nil {
			return err
		}
		return tx.SaveHold(ctx, h)
	})
	if err != nil || h.State != payment.HoldReleasing {
		return err
	}

	// Ask the world.
	plug, err := o.opened(h.Provider)
	if err != nil {
		return err
	}
	r := provider.Result{Outcome: provider.Cancelled} // it never reached the provider
	if h.Ref != "" {
		r = plug.Cancel(ctx, h.Ref, h.Key)
	}

	// Record the answer.
	return o.settleHold(ctx, id, r)
}

// watchHold looks after a hold until it is over: it takes up what a dead process
// left, asks how lost answers ended, ends challenges that nobody came for, and
// releases what is placed.
func (o *Office) watchHold(ctx context.Context, subject string) error {
	id := payment.HoldID(subject)
	if err := o.lookAtHold(ctx, id); err != nil && !isWaitedOut(err) {
		return err
	}
	var next time.Duration
	err := o.changeHold(ctx, id, func(tx *store.Tx, _ account.Account, h payment.Hold) error {
		next = 0
		if !h.IsLive() {
			return nil
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		h.Asked, next = nextAsk(p, o.Now(), h.OpenedAt, h.Asked, h.ChallengeUntil)
		if h.State == payment.HoldOpening || h.State == payment.HoldReleasing {
			next = min(next, unheardPause)
		}
		if left := h.HonoredUntil.Sub(o.Now()); h.State == payment.HoldPlaced && left > 0 {
			next = min(next, left)
		}
		return tx.SaveHold(ctx, h)
	})
	if err == nil && next > 0 {
		return job.Snooze(next)
	}
	return err
}

// lookAtHold does what the hold's state asks for.
func (o *Office) lookAtHold(ctx context.Context, id payment.HoldID) error {
	h, _, err := o.holdAsk(ctx, id)
	if errors.Is(err, errUnwanted) {
		return o.dropHold(ctx, id)
	}
	if err != nil {
		return err
	}
	switch h.State {
	case payment.HoldPlaced, payment.HoldReleasing:
		if h.Kind == payment.ExposureHold && h.State == payment.HoldPlaced {
			return o.tendHold(ctx, id)
		}
		return o.ReleaseHold(ctx, id)
	case payment.HoldOpening, payment.HoldUnknown, payment.HoldChallenged:
		if h.State == payment.HoldOpening && o.isBeingAsked(h.OpenedAt) {
			return nil
		}
		return o.askAboutHold(ctx, h)
	}
	return nil
}

// askAboutHold asks how a hold stands whose answer is not known.
func (o *Office) askAboutHold(ctx context.Context, h payment.Hold) error {
	plug, err := o.opened(h.Provider)
	if err != nil {
		return err
	}
	if h.Ref == "" {
		return o.placeHold(ctx, h.ID)
	}
	r := plug.Fetch(ctx, h.Ref)
	if r.Outcome == provider.Unknown && h.State == payment.HoldChallenged { // a look that was lost says nothing: the payer is still awaited
		o.lanes.note(h.Provider, r, o.Now())
		return nil
	}
	if r.Outcome == provider.Pending && r.Live && h.State != payment.HoldChallenged || isAgreedTo(plug, r) && o.Now().Before(h.ChallengeUntil) {
		return o.placeHold(ctx, h.ID) // opened, and never confirmed
	}
	if err := o.settleHold(ctx, h.ID, r); err != nil {
		return err
	}
	if h.State == payment.HoldChallenged && !o.Now().Before(h.ChallengeUntil) && r.Outcome != provider.Unknown {
		return o.lapseChallenge(ctx, h.ID)
	}
	return nil
}

// lapseChallenge ends a challenge that was not finished in time (R-3DS-04). It
// was asked just before whether it was finished after all.
func (o *Office) lapseChallenge(ctx context.Context, id payment.HoldID) error {
	return o.settlingHold(ctx, id, func(s *settlement) error {
		if s.hold.State != payment.HoldChallenged {
			return nil
		}
		return s.refused(ctx, reasonChallengeExpired)
	})
}

// unheardPause is the longest wait before asking again for what did not reach the
// provider, as in an outage, or for a cancellation that is not proven. Unlike a
// lost answer, nothing is gained by waiting.
const unheardPause = 10 * time.Minute

// askedDaily is how often the provider is asked once the policy's timetable is
// over. By then a person has it in the queue, but asking never ends by itself.
const askedDaily = 24 * time.Hour

// nextAsk returns the number of the next question and how long to wait for it,
// by the policy's timetable from when it all began, and not past the end of a
// challenge.
func nextAsk(p policy.Policy, now, began time.Time, asked int, challengeUntil time.Time) (int, time.Duration) {
	next := askedDaily
	for {
		asked++
		at, more := p.AskAt(began, asked)
		if !more {
			break
		}
		if at.After(now) {
			next = at.Sub(now)
			break
		}
	}
	if left := challengeUntil.Sub(now); left > 0 && left < next {
		next = left
	}
	return asked, next
}
