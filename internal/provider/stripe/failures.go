package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	api "github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/provider"
)

// A verdict is what a failure means to whoever asked for money to move.
type verdict struct {
	outcome       provider.Outcome
	misconfigured bool
	hopeless      bool
}

// verdicts says what each HTTP status means when a step was refused. What is not
// here, 409 and every 5xx among it, is Unknown: a 409 says that a twin of the
// request is running, and the twin may take the money; a 5xx may come before or
// after the effect.
// https://docs.stripe.com/api/errors https://docs.stripe.com/error-low-level
var verdicts = map[int]verdict{
	http.StatusBadRequest:      {outcome: provider.Failed, hopeless: true},
	http.StatusUnauthorized:    {outcome: provider.Failed, misconfigured: true},
	http.StatusForbidden:       {outcome: provider.Failed, misconfigured: true},
	http.StatusNotFound:        {outcome: provider.Failed, misconfigured: true},
	http.StatusTooManyRequests: {outcome: provider.Failed}, // refused before the idempotency layer
}

// inHand are the codes that say that another request has the same key or the same
// intent in hand, whatever their status; that one may take the money.
var inHand = map[api.ErrorCode]bool{
	api.ErrorCodeIdempotencyKeyInUse: true,
	api.ErrorCodeLockTimeout:         true,
}

// answer tells the outcome of a step with the intent ref: "" while it is opened.
func (p *Plug) answer(ctx context.Context, step, ref string, x *exchange, intent *api.PaymentIntent, err error) provider.Result {
	if err == nil {
		return resultOf(intent, x)
	}
	var e *api.Error
	if !errors.As(err, &e) {
		e = nil
	}
	switch {
	case e != nil && ref != "" && e.Code == api.ErrorCodePaymentIntentUnexpectedState:
		return p.Fetch(ctx, ref) // it has moved on: how it stands is the answer
	case e != nil && isRefusal(e):
		return declined(ref, x, e)
	}
	v := judge(x, e, err)
	return provider.Result{
		Outcome: v.outcome, Misconfigured: v.misconfigured, Hopeless: v.hopeless,
		Ref: ref, Live: ref != "", RequestID: x.requestID,
		Cause: cause(step, ref, x, e, err),
	}
}

// judge tells what a failure means. It answers Failed only on proof.
func judge(x *exchange, e *api.Error, err error) verdict {
	switch {
	case x.status == 0 && x.neverSent(err):
		return verdict{outcome: provider.Failed}
	case x.status == 0:
		return verdict{outcome: provider.Unknown}
	case e != nil && inHand[e.Code]:
		return verdict{outcome: provider.Unknown}
	case x.status == http.StatusBadRequest && (e == nil || e.Type != api.ErrorTypeInvalidRequest):
		// Not Stripe's refusal of our parameters. An idempotency error is among these:
		// the key was used with other parameters, so something was done under it.
		return verdict{outcome: provider.Unknown}
	case intentMissing(e):
		return verdict{outcome: provider.Unknown, misconfigured: true}
	}
	if v, ok := verdicts[x.status]; ok {
		return v
	}
	return verdict{outcome: provider.Unknown}
}

// unread tells that an intent could not be read or searched. That is never Failed:
// it says nothing about the money.
func unread(doing, ref string, x *exchange, err error) provider.Result {
	var e *api.Error
	if !errors.As(err, &e) {
		e = nil
	}
	return provider.Result{
		Outcome: provider.Unknown, Misconfigured: judge(x, e, err).misconfigured,
		Ref: ref, Live: ref != "", RequestID: x.requestID,
		Cause: cause(doing, "", x, e, err),
	}
}

// intentMissing reports whether Stripe does not know the intent that was named. It
// may well be there for another account's key, with money taken.
func intentMissing(e *api.Error) bool {
	return e != nil && e.Code == api.ErrorCodeResourceMissing && e.HTTPStatusCode == http.StatusNotFound
}

// isRefusal reports whether the card was refused, by its issuer or before it got there.
func isRefusal(e *api.Error) bool {
	return e.Type == api.ErrorTypeCard || e.HTTPStatusCode == http.StatusPaymentRequired ||
		e.Code == api.ErrorCodePaymentIntentAuthenticationFailure
}

// declined tells of a refused card. The error carries the intent as it now stands;
// the network's words are in the error itself, where stripe-go does not read them.
func declined(ref string, x *exchange, e *api.Error) provider.Result {
	r := provider.Result{Ref: ref, Live: ref != "", ChargeRef: e.ChargeID, RequestID: x.requestID}
	if i := e.PaymentIntent; i != nil {
		if _, known := standings[i.Status]; known {
			r = resultOf(i, x)
		}
	}
	switch r.Outcome {
	case provider.Approved, provider.Cancelled: // Stripe cancels what is confirmed too often
		return r
	}
	refuse(&r, wordsOf(e))
	return r
}

// wordsOf reads a refusal out of the error's own JSON.
func wordsOf(e *api.Error) refusal {
	why := refusal{Code: string(e.Code), DeclineCode: string(e.DeclineCode)}
	if e.PaymentMethod != nil && e.PaymentMethod.Card != nil {
		why.Brand = string(e.PaymentMethod.Card.Brand)
	}
	if e.LastResponse == nil {
		return why
	}
	var body struct {
		Error struct {
			AdviceCode         string `json:"advice_code"`
			NetworkAdviceCode  string `json:"network_advice_code"`
			NetworkDeclineCode string `json:"network_decline_code"`
		} `json:"error"`
	}
	if json.Unmarshal(e.LastResponse.RawJSON, &body) == nil {
		why.AdviceCode = body.Error.AdviceCode
		why.NetworkAdviceCode = body.Error.NetworkAdviceCode
		why.NetworkDeclineCode = body.Error.NetworkDeclineCode
	}
	return why
}

// cause words a failure for the log: codes and ids, never Stripe's message, a body
// or a header, since those can quote what was sent.
func cause(doing, ref string, x *exchange, e *api.Error, err error) error {
	if ref != "" {
		doing += " " + word(ref)
	}
	switch {
	case e != nil:
		return fmt.Errorf("stripe: %s: HTTP %d %s %s %s, request %s", doing, x.status, word(string(e.Type)), word(string(e.Code)), word(e.Param), x.requestID)
	case x.status != 0:
		return fmt.Errorf("stripe: %s: HTTP %d with a body that is not Stripe's, request %s", doing, x.status, x.requestID)
	}
	return fmt.Errorf("stripe: %s: %w", doing, wireError(err))
}

// wireError keeps of a transport's error what is known to hold no data.
func wireError(err error) error {
	for _, known := range []error{context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return errors.New("timeout")
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return fmt.Errorf("no answer (%T)", err)
}
