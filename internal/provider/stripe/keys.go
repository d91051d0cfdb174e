package stripe

import (
	"context"
	"errors"
	"strconv"

	api "github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/provider"
)

// Keys of the steps. Each step derives its own from the key it was given, so that
// no step is answered with what was stored for another.
const (
	openStep     = "open"
	confirmStep  = "confirm"
	cancelStep   = "cancel"
	customerStep = "customer"
	detachStep   = "detach"
)

// keysMax bounds how many keys one step uses up on one intent. Stripe itself
// cancels an intent that is confirmed too often.
const keysMax = 12

// stepKey returns the n-th key of a step, n from 1.
func stepKey(key, step string, n int) *string {
	key += ":" + step
	if n > 1 {
		key += ":" + strconv.Itoa(n)
	}
	return &key
}

// A call is one request of a step, sent with an idempotency key.
type call func(ctx context.Context, key *string) (*api.PaymentIntent, error)

// advance asks Stripe to take a step with an intent that exists.
//
// Stripe stores the first answer to a key, a 500 too, and repeats it for a day. So
// one fixed key per step would be a trap: after a 500, or when the payer comes
// back from a refused challenge, the stored answer would be repeated and nothing
// done. But a key made afresh for each call would ask the issuer once more whenever
// an answer was lost. Therefore the step's keys are numbered: the first is tried,
// and an answer that is a repetition is not believed. Then the intent is read. If
// it has moved on, how it stands is the answer; if it may take the step again, the
// next number is tried. Two workers who do this at once meet at the same key, and
// whatever they do, the intent succeeds at most once.
func (p *Plug) advance(ctx context.Context, step, ref, key string, mayRepeat func(*api.PaymentIntent) bool, send call) provider.Result {
	var last provider.Result
	for n := 1; n <= keysMax; n++ {
		if err := ctx.Err(); err != nil && n == 1 {
			return provider.Result{Outcome: provider.Failed, Ref: ref, Live: true, Cause: err}
		}
		callCtx, x, cancel := p.begin(ctx)
		intent, err := send(callCtx, stepKey(key, step, n))
		cancel()
		if !x.replayed && !keyTaken(err) {
			return p.answer(ctx, step, ref, x, intent, err)
		}
		if n > 1 {
			continue // the intent was read after the first repetition
		}
		intent, last = p.retrieve(ctx, ref)
		if intent == nil || !mayRepeat(intent) {
			return last
		}
	}
	last.Cause = errors.New("stripe: " + step + " was repeated too often")
	return last
}

// keyTaken reports whether a key was used before with other parameters: the payer
// comes back to another return URL, say.
func keyTaken(err error) bool {
	var e *api.Error
	return errors.As(err, &e) && e.Type == api.ErrorTypeIdempotency && e.Code != api.ErrorCodeIdempotencyKeyInUse
}
