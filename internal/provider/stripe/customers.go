package stripe

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	api "github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/provider"
)

const (
	tokenPrefix = "pm_" // begins the id of every payment method at Stripe
	nameMax     = 256   // bytes of a customer's name
	noteMax     = 1000  // bytes of an intent's description
)

// OpenCustomer makes the payer known to Stripe, once per key. A stored failure is
// passed over to the next key: at worst a customer without cards is left behind.
func (p *Plug) OpenCustomer(ctx context.Context, c provider.Customer) (string, error) {
	if c.Key == "" {
		return "", errors.New("stripe: a customer needs a key")
	}
	params := &api.CustomerCreateParams{
		Name:     orNil(cut(c.Name, nameMax)),
		Email:    orNil(c.Email),
		Metadata: metadata(c.Reference, c.Account),
	}
	for n := 1; n <= keysMax; n++ {
		callCtx, x, cancel := p.begin(ctx)
		params.IdempotencyKey = stepKey(c.Key, customerStep, n)
		made, err := p.api.V1Customers.Create(callCtx, params)
		cancel()
		if err == nil {
			return made.ID, nil
		}
		if refused(err, "email") && params.Email != nil {
			params.Email = nil // Stripe is choosier about addresses than we are, and needs none
			continue
		}
		if !x.replayed {
			return "", fail("open the customer", x, err)
		}
	}
	return "", provider.ErrUnreachable
}

// Instrument fetches the card behind a token.
func (p *Plug) Instrument(ctx context.Context, token string) (provider.Instrument, error) {
	if !strings.HasPrefix(token, tokenPrefix) || word(token) == "" {
		return provider.Instrument{}, provider.ErrTokenUnknown
	}
	callCtx, x, cancel := p.begin(ctx)
	defer cancel()
	m, err := p.api.V1PaymentMethods.Retrieve(callCtx, token, &api.PaymentMethodRetrieveParams{})
	switch {
	case isMissing(err):
		return provider.Instrument{}, provider.ErrTokenUnknown
	case err != nil:
		return provider.Instrument{}, fail("read the payment method", x, err)
	case m.Type != api.PaymentMethodTypeCard || m.Card == nil:
		return provider.Instrument{}, provider.ErrMethodTypeUnsupported
	}
	return instrumentOf(m), nil
}

// Detach has Stripe forget a card. It is content if the card is forgotten already.
func (p *Plug) Detach(ctx context.Context, token string) error {
	if !strings.HasPrefix(token, tokenPrefix) || word(token) == "" {
		return nil
	}
	for n := 1; n <= keysMax; n++ {
		callCtx, x, cancel := p.begin(ctx)
		params := &api.PaymentMethodDetachParams{}
		params.IdempotencyKey = stepKey(token, detachStep, n)
		_, err := p.api.V1PaymentMethods.Detach(callCtx, token, params)
		cancel()
		if err == nil || isMissing(err) {
			return nil
		}
		if x.replayed {
			continue // a stored failure
		}
		if x.status == http.StatusBadRequest && p.isLoose(ctx, token) {
			return nil // refused because it is attached to nobody
		}
		return fail("detach the payment method", x, err)
	}
	return provider.ErrUnreachable
}

// isLoose reports whether a payment method is known to be attached to nobody.
func (p *Plug) isLoose(ctx context.Context, token string) bool {
	m, err := p.Instrument(ctx, token)
	return err == nil && m.Customer == ""
}

// cut shortens s to at most n bytes, at a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// instrumentOf takes over what is on the card. The fingerprint gets Stripe's name
// before it: two providers never agree on one.
func instrumentOf(m *api.PaymentMethod) provider.Instrument {
	c := m.Card
	out := provider.Instrument{
		Token:    m.ID,
		Brand:    brandOf(string(c.Brand)),
		Funding:  fundingOf(string(c.Funding)),
		Country:  c.Country,
		Last4:    c.Last4,
		ExpMonth: int(c.ExpMonth),
		ExpYear:  int(c.ExpYear),
	}
	if c.Fingerprint != "" {
		out.Fingerprint = "stripe:" + c.Fingerprint
	}
	if m.Customer != nil {
		out.Customer = m.Customer.ID
	}
	if m.BillingDetails != nil {
		out.Holder = m.BillingDetails.Name
	}
	if c.Networks != nil {
		for _, n := range c.Networks.Available {
			out.Networks = append(out.Networks, string(n))
		}
	}
	if len(out.Networks) == 0 {
		out.Networks = []string{out.Brand}
	}
	return out
}

// brands are Stripe's names of the schemes that payment.Brand knows, which happen to
// be spelled the same. A national scheme's card is of unknown brand; what it can be
// charged over is in its networks.
var brands = map[string]bool{
	"visa": true, "mastercard": true, "amex": true, "jcb": true, "unionpay": true, "discover": true, "diners": true,
}

func brandOf(s string) string {
	if brands[s] {
		return s
	}
	return "unknown"
}

func fundingOf(s string) string {
	switch s {
	case "credit", "debit", "prepaid":
		return s
	}
	return "unknown"
}

// refused reports whether Stripe will not take the value of a parameter.
func refused(err error, param string) bool {
	var e *api.Error
	return errors.As(err, &e) && e.Type == api.ErrorTypeInvalidRequest && e.Param == param
}

// isMissing reports whether Stripe does not know what was named in the path.
func isMissing(err error) bool {
	var e *api.Error
	return errors.As(err, &e) && e.HTTPStatusCode == http.StatusNotFound && e.Code == api.ErrorCodeResourceMissing
}

// fail words a failure where no money can move: a fault, with the cause for the log.
func fail(doing string, x *exchange, err error) error {
	var e *api.Error
	if !errors.As(err, &e) {
		e = nil
	}
	why := cause(doing, "", x, e, err)
	switch v := judge(x, e, err); {
	case v.misconfigured:
		return errors.Join(provider.ErrMisconfigured, why)
	case x.status == http.StatusBadRequest:
		return why // our own mistake
	}
	return errors.Join(provider.ErrUnreachable, why)
}
