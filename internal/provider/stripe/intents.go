package stripe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	api "github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/provider"
)

// Names of our metadata on Stripe's objects.
const (
	metaReference = "bursar_reference"
	metaAccount   = "bursar_account"
)

const (
	findPage  = 100              // intents per page, Stripe's most
	findMax   = 20 * findPage    // intents looked at in one search
	findSkew  = 10 * time.Minute // by how much Stripe's clock may differ from ours
	statement = 22               // characters on a statement, the prefix and "* " included
)

var errNoIntent = errors.New("stripe: no intent is named")

// Open creates a PaymentIntent without confirming it. The method's attachment to
// the customer comes with success, if SetUp is set.
func (p *Plug) Open(ctx context.Context, a provider.Ask) (string, provider.Result) {
	params, err := p.openParams(a)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return "", provider.Result{Outcome: provider.Failed, Cause: err}
	}
	for n := 1; n <= keysMax; n++ {
		callCtx, x, cancel := p.begin(ctx)
		params.IdempotencyKey = stepKey(a.Key, openStep, n)
		intent, err := p.api.V1PaymentIntents.Create(callCtx, params)
		cancel()
		switch {
		case err == nil && x.replayed: // the stored answer tells how it stood then
			return intent.ID, p.Fetch(ctx, intent.ID)
		case err == nil:
			return intent.ID, resultOf(intent, x)
		case !x.replayed:
			return "", p.answer(ctx, openStep, "", x, nil, err)
		}
		// A stored failure: see advance. If the reference is nowhere, the failed call
		// made no intent, and the next key may make one.
		ref, r := p.Find(ctx, a.Customer, a.Reference, p.now().Add(-window))
		if ref != "" || r.Outcome != provider.Failed {
			return ref, r
		}
	}
	return "", provider.Result{Outcome: provider.Unknown, Cause: errors.New("stripe: open was repeated too often")}
}

func (p *Plug) openParams(a provider.Ask) (*api.PaymentIntentCreateParams, error) {
	amount, err := toStripe(a.Amount)
	if err != nil {
		return nil, err
	}
	if a.Key == "" || a.Customer == "" || a.Method == "" || a.Reference == "" {
		return nil, errors.New("stripe: an intent needs a key, a customer, a method and a reference")
	}
	params := &api.PaymentIntentCreateParams{
		Amount:                    &amount,
		Currency:                  api.String(strings.ToLower(string(a.Amount.Currency))),
		Customer:                  &a.Customer,
		PaymentMethod:             &a.Method,
		PaymentMethodTypes:        []*string{api.String("card")},
		CaptureMethod:             api.String("automatic"),
		Confirm:                   api.Bool(false),
		Metadata:                  metadata(a.Reference, a.Account),
		Description:               orNil(cut(a.Note, noteMax)),
		StatementDescriptorSuffix: orNil(descriptorSuffix(p.prefix, a.Descriptor)),
	}
	params.AddExpand("latest_charge")
	if a.Hold {
		params.CaptureMethod = api.String("manual")
	}
	if a.SetUp {
		params.SetupFutureUsage = api.String("off_session")
	}
	if wants3DS(a) {
		params.PaymentMethodOptions = &api.PaymentIntentCreatePaymentMethodOptionsParams{
			Card: &api.PaymentIntentCreatePaymentMethodOptionsCardParams{RequestThreeDSecure: api.String("challenge")},
		}
	}
	return params, nil
}

// Confirm has Stripe ask the issuer. The payer's later visit confirms the same
// intent again: with CIT and a return URL it leads to the challenge that an
// unattended try was refused for.
//
// The network transaction id of the mandate is not sent: Stripe keeps it with the
// method that was set up here, and quotes it by itself.
func (p *Plug) Confirm(ctx context.Context, ref string, a provider.Ask) provider.Result {
	if ref == "" {
		return provider.Result{Outcome: provider.Failed, Cause: errNoIntent}
	}
	r := p.advance(ctx, confirmStep, ref, a.Key, func(i *api.PaymentIntent) bool { return mayConfirmAgain(i, a) },
		func(ctx context.Context, key *string) (*api.PaymentIntent, error) {
			params := confirmParams(a) // a fresh one: stripe-go writes into it
			params.IdempotencyKey = key
			return p.api.V1PaymentIntents.Confirm(ctx, ref, params)
		})
	if r.Outcome == provider.NeedsPayer && r.ChallengeURL == "" && a.Initiator == provider.CIT {
		// The payer is here already. Reading the intent tells a refusal in spite of a
		// passed challenge from one for want of it.
		if now := p.Fetch(ctx, ref); now.Outcome != provider.Unknown {
			return now
		}
	}
	return r
}

func confirmParams(a provider.Ask) *api.PaymentIntentConfirmParams {
	// A refusal takes the method off the intent, so it is named each time.
	params := &api.PaymentIntentConfirmParams{PaymentMethod: &a.Method}
	params.AddExpand("latest_charge")
	if a.Initiator == provider.MIT {
		params.OffSession = api.Bool(true)
	} else {
		params.ReturnURL = orNil(a.ReturnURL)
	}
	if wants3DS(a) {
		params.PaymentMethodOptions = &api.PaymentIntentPaymentMethodOptionsParams{
			Card: &api.PaymentIntentPaymentMethodOptionsCardParams{RequestThreeDSecure: api.String("challenge")},
		}
	}
	return params
}

// mayConfirmAgain says whether to go on after a repeated answer: the issuer was
// not asked yet, or the payer is here to try once more. An unattended charge is not
// put to the issuer twice, as long as Stripe keeps the key (see Window).
func mayConfirmAgain(i *api.PaymentIntent, a provider.Ask) bool {
	switch i.Status {
	case api.PaymentIntentStatusRequiresConfirmation:
		return true
	case api.PaymentIntentStatusRequiresPaymentMethod:
		return i.LastPaymentError == nil || a.Initiator == provider.CIT
	}
	return false
}

// Cancel releases a hold or closes an intent.
func (p *Plug) Cancel(ctx context.Context, ref, key string) provider.Result {
	if ref == "" {
		return provider.Result{Outcome: provider.Failed, Cause: errNoIntent}
	}
	if key == "" {
		key = ref
	}
	return p.advance(ctx, cancelStep, ref, key, mayCancel,
		func(ctx context.Context, key *string) (*api.PaymentIntent, error) {
			params := &api.PaymentIntentCancelParams{}
			params.AddExpand("latest_charge")
			params.IdempotencyKey = key
			return p.api.V1PaymentIntents.Cancel(ctx, ref, params)
		})
}

func mayCancel(i *api.PaymentIntent) bool {
	return i.Status != api.PaymentIntentStatusCanceled && i.Status != api.PaymentIntentStatusSucceeded
}

// Fetch reads an intent. It never answers Failed, which would read as a promise
// about the money: what could not be read is Unknown.
func (p *Plug) Fetch(ctx context.Context, ref string) provider.Result {
	if ref == "" {
		return provider.Result{Outcome: provider.Unknown, Cause: errNoIntent}
	}
	_, r := p.retrieve(ctx, ref)
	return r
}

// retrieve reads an intent; it is nil if it could not be read.
func (p *Plug) retrieve(ctx context.Context, ref string) (*api.PaymentIntent, provider.Result) {
	params := &api.PaymentIntentRetrieveParams{}
	params.AddExpand("latest_charge")
	callCtx, x, cancel := p.begin(ctx)
	defer cancel()
	intent, err := p.api.V1PaymentIntents.Retrieve(callCtx, ref, params)
	if err != nil {
		return nil, unread("fetch "+ref, ref, x, err)
	}
	return intent, resultOf(intent, x)
}

// Find lists the customer's intents since then and compares our reference in their
// metadata. Stripe's search lags behind and is never asked.
func (p *Plug) Find(ctx context.Context, customer, reference string, since time.Time) (string, provider.Result) {
	if customer == "" || reference == "" {
		return "", provider.Result{Outcome: provider.Unknown, Cause: errors.New("stripe: to find an intent needs a customer and a reference")}
	}
	params := &api.PaymentIntentListParams{Customer: &customer}
	params.Limit = api.Int64(findPage)
	params.AddExpand("data.latest_charge")
	if !since.IsZero() {
		params.CreatedRange = &api.RangeQueryParams{GreaterThanOrEqual: since.Add(-findSkew).Unix()}
	}
	callCtx, x, cancel := p.begin(ctx)
	defer cancel()
	var found *api.PaymentIntent
	seen := 0
	for intent, err := range p.api.V1PaymentIntents.List(callCtx, params).All(callCtx) {
		if err != nil {
			return "", unread("find "+reference, "", x, err)
		}
		if intent.Metadata[metaReference] == reference && (found == nil || weight[intent.Status] > weight[found.Status]) {
			found = intent
		}
		if seen++; seen > findMax {
			return "", provider.Result{Outcome: provider.Unknown, Cause: fmt.Errorf("stripe: more than %d intents since %s", findMax, since.UTC().Format(time.RFC3339))}
		}
	}
	if found == nil {
		return "", provider.Result{Outcome: provider.Failed, RequestID: x.requestID}
	}
	return found.ID, resultOf(found, x)
}

func wants3DS(a provider.Ask) bool { return a.Force3DS && a.Initiator != provider.MIT }

func metadata(reference, account string) map[string]string {
	m := map[string]string{metaReference: reference}
	if account != "" {
		m[metaAccount] = account
	}
	return m
}

// descriptorSuffix makes of our descriptor what Stripe takes for cards: not the
// descriptor, which it refuses since 2024, but a suffix, shown after the account's
// static prefix and "* ", 22 characters in all. Without a letter it is refused too,
// so none is sent then and the static descriptor stands alone.
// https://docs.stripe.com/get-started/account/statement-descriptors
func descriptorSuffix(prefix, descriptor string) string {
	room := statement - len("* ") - prefixMax
	if prefix != "" {
		room = statement - len("* ") - len(prefix)
		if len(descriptor) >= len(prefix) && strings.EqualFold(descriptor[:len(prefix)], prefix) {
			descriptor = strings.TrimLeft(descriptor[len(prefix):], " .-_")
		}
	}
	var b strings.Builder
	letters := 0
	for _, r := range descriptor {
		if b.Len() == room {
			break
		}
		if r < ' ' || r > '~' || strings.ContainsRune(`<>\'"*`, r) {
			continue
		}
		if unicode.IsLetter(r) {
			letters++
		}
		b.WriteRune(r)
	}
	if letters == 0 {
		return ""
	}
	return strings.TrimSpace(b.String())
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
