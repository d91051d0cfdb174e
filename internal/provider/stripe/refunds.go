package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	api "github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/provider"
)

const refundStep = "refund"

// refundsMax is how many refunds of one charge are looked through. Stripe sets no
// bound; we make few.
const refundsMax = 20 * findPage

var errRefundAsk = errors.New("stripe: a refund needs a key, a reference and a charge")

// refundStandings says what each status of a refund means. One that Stripe adds later
// is not here, and is Unknown. https://docs.stripe.com/refunds
var refundStandings = map[api.RefundStatus]provider.Outcome{
	api.RefundStatusSucceeded:      provider.Approved,
	api.RefundStatusPending:        provider.Pending,
	api.RefundStatusRequiresAction: provider.Pending,
	api.RefundStatusFailed:         provider.Declined,
	api.RefundStatusCanceled:       provider.Declined,
}

// A refusalOfRefund is what one of Stripe's words for why it makes no refund means.
type refusalOfRefund uint8

const (
	nothingLeft refusalOfRefund = iota + 1 // given back already, or never taken
	contested                              // the payer disputes the charge
	wayShut                                // this charge cannot be refunded any more
)

// refundRefusals says what Stripe's words mean once its list shows that the refund is
// not there. https://docs.stripe.com/error-codes
var refundRefusals = map[api.ErrorCode]refusalOfRefund{
	api.ErrorCodeChargeAlreadyRefunded: nothingLeft,
	api.ErrorCodeAmountTooLarge:        nothingLeft,
	api.ErrorCodeChargeDisputed:        contested,
	"refund_disputed_payment":          contested,
	api.ErrorCodeChargeNotRefundable:   wayShut,
}

// Refund gives money of a charge back.
//
// A refund has no intent that would fence it: what is created is given back, and
// Stripe forgets keys after a day. So its list is read first. And a stored failure is
// not got around with another key, as Open does: if the refund was not made in spite
// of it, it is Unknown until Stripe forgets the key, and then the same key goes
// through.
func (p *Plug) Refund(ctx context.Context, a provider.RefundAsk) provider.Result {
	params, err := refundParams(a)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return provider.Result{Outcome: provider.Failed, Hopeless: errors.Is(err, errCurrency) || errors.Is(err, errStep), Cause: err}
	}
	if found := p.FindRefund(ctx, a); found.Ref != "" || found.Outcome != provider.Failed {
		return found
	}
	callCtx, x, cancel := p.begin(ctx)
	made, err := p.api.V1Refunds.Create(callCtx, params)
	cancel()
	switch {
	case err == nil && x.replayed: // the stored answer tells how it stood then
		return p.FetchRefund(ctx, made.ID)
	case err == nil:
		return refundResult(made, x)
	}
	var e *api.Error
	if !errors.As(err, &e) {
		e = nil
	}
	r := refundRefused(a, x, e, err)
	if !x.replayed && !r.Hopeless && r.Outcome != provider.Declined {
		return r
	}
	// Somebody else gave the money back, or we did and have lost the answer.
	if found := p.FindRefund(ctx, a); found.Ref != "" || found.Outcome != provider.Failed {
		return found
	}
	return r
}

func refundParams(a provider.RefundAsk) (*api.RefundCreateParams, error) {
	amount, err := toStripe(a.Amount)
	if err != nil {
		return nil, err
	}
	if a.Key == "" || a.Reference == "" || a.Charge == "" {
		return nil, errRefundAsk
	}
	params := &api.RefundCreateParams{Charge: &a.Charge, Amount: &amount, Metadata: metadata(a.Reference, "")}
	params.IdempotencyKey = stepKey(a.Key, refundStep, 1)
	return params, nil
}

// refundRefused tells what it means that no refund was made, or that nobody knows.
func refundRefused(a provider.RefundAsk, x *exchange, e *api.Error, err error) provider.Result {
	v := judge(x, e, err)
	r := provider.Result{
		Outcome: v.outcome, Misconfigured: v.misconfigured, Hopeless: v.hopeless,
		RequestID: x.requestID, Cause: cause(refundStep, a.Charge, x, e, err),
	}
	if e == nil || x.status != http.StatusBadRequest && x.status != http.StatusPaymentRequired {
		return r
	}
	switch refundRefusals[e.Code] {
	case nothingLeft, contested:
		r.Outcome, r.Hopeless = provider.Failed, true
	case wayShut:
		r.Outcome, r.Hopeless = provider.Declined, false
	}
	if r.Outcome != provider.Unknown {
		r.Decline.Code = word(string(e.Code))
	}
	return r
}

// FetchRefund reads a refund. What could not be read is Unknown.
func (p *Plug) FetchRefund(ctx context.Context, ref string) provider.Result {
	if ref == "" {
		return provider.Result{Outcome: provider.Unknown, Cause: errRefundAsk}
	}
	callCtx, x, cancel := p.begin(ctx)
	defer cancel()
	f, err := p.api.V1Refunds.Retrieve(callCtx, ref, &api.RefundRetrieveParams{})
	if err != nil {
		return unread("fetch "+ref, ref, x, err)
	}
	return refundResult(f, x)
}

// FindRefund lists the charge's refunds and compares our reference in their metadata.
func (p *Plug) FindRefund(ctx context.Context, a provider.RefundAsk) provider.Result {
	if a.Charge == "" || a.Reference == "" {
		return provider.Result{Outcome: provider.Unknown, Cause: errRefundAsk}
	}
	params := &api.RefundListParams{Charge: &a.Charge}
	params.Limit = api.Int64(findPage)
	callCtx, x, cancel := p.begin(ctx)
	defer cancel()
	seen := 0
	for f, err := range p.api.V1Refunds.List(callCtx, params).All(callCtx) {
		if err != nil {
			return unread("find "+a.Reference, "", x, err)
		}
		if f.Metadata[metaReference] == a.Reference {
			return refundResult(f, x)
		}
		if seen++; seen > refundsMax {
			return provider.Result{Outcome: provider.Unknown, Cause: fmt.Errorf("stripe: more than %d refunds of one charge", refundsMax)}
		}
	}
	return provider.Result{Outcome: provider.Failed, RequestID: x.requestID}
}

// refundResult tells how a refund stands.
func refundResult(f *api.Refund, x *exchange) provider.Result {
	r := provider.Result{Outcome: provider.Unknown, Ref: f.ID, RequestID: x.requestID}
	if f.Charge != nil {
		r.ChargeRef = f.Charge.ID
	}
	var err error
	if r.Amount, err = fromStripe(f.Amount, f.Currency); err != nil {
		r.Cause = err
		return r
	}
	outcome, known := refundStandings[f.Status]
	if !known {
		r.Cause = fmt.Errorf("stripe: %s has status %q, which is new to us", f.ID, word(string(f.Status)))
		return r
	}
	r.Outcome = outcome
	if outcome == provider.Declined {
		r.Decline.Code = word(string(f.FailureReason))
	}
	return r
}
