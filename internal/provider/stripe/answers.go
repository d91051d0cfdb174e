package stripe

import (
	"fmt"
	"slices"
	"time"

	api "github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

// A standing is what a status of an intent means to us.
type standing struct {
	outcome  provider.Outcome
	captured bool
	live     bool // it could still take money
}

// standings says what each status means. One that Stripe adds later is not here,
// and is Unknown. An intent that requires a payment method was either never
// confirmed or refused; resultOf tells which by its last error.
// https://docs.stripe.com/payments/paymentintents/lifecycle
var standings = map[api.PaymentIntentStatus]standing{
	api.PaymentIntentStatusRequiresPaymentMethod: {outcome: provider.Pending, live: true},
	api.PaymentIntentStatusRequiresConfirmation:  {outcome: provider.Pending, live: true},
	api.PaymentIntentStatusRequiresAction:        {outcome: provider.NeedsPayer, live: true},
	api.PaymentIntentStatusProcessing:            {outcome: provider.Pending, live: true},
	api.PaymentIntentStatusRequiresCapture:       {outcome: provider.Approved},
	api.PaymentIntentStatusSucceeded:             {outcome: provider.Approved, captured: true},
	api.PaymentIntentStatusCanceled:              {outcome: provider.Cancelled},
}

// weight orders intents with one reference by how near they are to our money. There
// is never more than one, unless somebody made another by hand.
var weight = map[api.PaymentIntentStatus]int{
	api.PaymentIntentStatusSucceeded:             6,
	api.PaymentIntentStatusRequiresCapture:       5,
	api.PaymentIntentStatusProcessing:            4,
	api.PaymentIntentStatusRequiresAction:        3,
	api.PaymentIntentStatusRequiresConfirmation:  2,
	api.PaymentIntentStatusRequiresPaymentMethod: 1,
}

// resultOf tells how an intent stands.
func resultOf(i *api.PaymentIntent, x *exchange) provider.Result {
	s, known := standings[i.Status]
	r := provider.Result{Outcome: s.outcome, Captured: s.captured, Live: s.live, Ref: i.ID, RequestID: x.requestID}
	if !known {
		r.Outcome, r.Live, r.Cause = provider.Unknown, true, fmt.Errorf("stripe: %s has status %q, which is new to us", i.ID, word(string(i.Status)))
		return r
	}
	if r.Live {
		r.ClientSecret = provider.Secret(i.ClientSecret)
	}
	if err := readAmount(i, &r); err != nil {
		r.Outcome, r.Cause = provider.Unknown, err
		return r
	}
	readCharge(i, &r)
	switch i.Status {
	case api.PaymentIntentStatusRequiresAction:
		if i.NextAction != nil && i.NextAction.RedirectToURL != nil {
			r.ChallengeURL = i.NextAction.RedirectToURL.URL
		}
	case api.PaymentIntentStatusRequiresPaymentMethod:
		if i.LastPaymentError != nil {
			refuse(&r, refusalOf(i))
		}
	}
	return r
}

// readAmount takes what was really authorized or captured, which may be less than
// what was asked for.
func readAmount(i *api.PaymentIntent, r *provider.Result) (err error) {
	taken := i.Amount
	switch i.Status {
	case api.PaymentIntentStatusRequiresCapture:
		taken = i.AmountCapturable
	case api.PaymentIntentStatusSucceeded:
		taken = i.AmountReceived
	}
	r.Amount, err = fromStripe(taken, i.Currency)
	return err
}

// readCharge takes what the latest charge tells. It is only an id where the answer
// was not expanded, as in errors.
func readCharge(i *api.PaymentIntent, r *provider.Result) {
	c := i.LatestCharge
	if c == nil {
		return
	}
	r.ChargeRef = c.ID
	if c.PaymentMethodDetails == nil || c.PaymentMethodDetails.Card == nil {
		return
	}
	card := c.PaymentMethodDetails.Card
	r.NetworkTransaction = card.NetworkTransactionID
	if card.CaptureBefore != 0 && i.Status == api.PaymentIntentStatusRequiresCapture {
		r.HeldUntil = time.Unix(card.CaptureBefore, 0).UTC()
	}
	if t := card.ThreeDSecure; t != nil {
		r.ThreeDS = provider.ThreeDS{
			Version:       t.Version,
			Result:        string(t.Result),
			ECI:           string(t.ElectronicCommerceIndicator),
			TransactionID: t.TransactionID,
		}
	}
}

// refuse turns a refusal into a decline, or into a call for the payer: who was away
// can still pass the challenge, and the same intent goes through. If the issuer asks
// for authentication although it was passed, nobody can help.
func refuse(r *provider.Result, why refusal) {
	passed := slices.Contains([]string{"authenticated", "attempt_acknowledged"}, r.ThreeDS.Result)
	r.Decline = why.decline()
	r.Outcome = provider.Declined
	if why.wantsPayer() && !passed {
		r.Outcome = provider.NeedsPayer
	}
}

// refusalOf gathers the words of an intent's last refusal. The network's own are on
// the charge, if the refused try got as far as making one.
func refusalOf(i *api.PaymentIntent) refusal {
	e := i.LastPaymentError
	why := refusal{Code: string(e.Code), DeclineCode: string(e.DeclineCode)}
	if e.PaymentMethod != nil && e.PaymentMethod.Card != nil {
		why.Brand = string(e.PaymentMethod.Card.Brand)
	}
	c := i.LatestCharge
	if c == nil || c.Outcome == nil || e.ChargeID != c.ID {
		return why
	}
	why.AdviceCode = string(c.Outcome.AdviceCode)
	why.NetworkAdviceCode = c.Outcome.NetworkAdviceCode
	why.NetworkDeclineCode = c.Outcome.NetworkDeclineCode
	if d := c.PaymentMethodDetails; d != nil && d.Card != nil {
		why.Brand = string(d.Card.Brand)
	}
	return why
}

// fromStripe reads an amount in Stripe's units.
func fromStripe(units int64, c api.Currency) (money.Amount, error) {
	return amountOf(units, string(c))
}
