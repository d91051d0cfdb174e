package paypal

import (
	"context"
	"strings"

	"github.com/bursar-pay/bursar/internal/provider"
)

// OpenCustomer returns no id: PayPal makes its own for a payer when the first
// agreement is opened, and Instrument.Customer tells it. Our account's id goes along
// as the merchant's own.
func (p *Plug) OpenCustomer(context.Context, provider.Customer) (string, error) { return "", nil }

// Instrument fetches the PayPal account behind a payment token.
func (p *Plug) Instrument(ctx context.Context, token string) (provider.Instrument, error) {
	if !isToken(token) {
		return provider.Instrument{}, provider.ErrTokenUnknown
	}
	t := &paymentToken{}
	x := p.ask(ctx, question{call: readToken, id: token}, t)
	switch {
	case x.missing():
		return provider.Instrument{}, provider.ErrTokenUnknown
	case !x.ok():
		return provider.Instrument{}, x.fail()
	case t.Source.PayPal == nil || t.Source.PayPal.payer() == "":
		return provider.Instrument{}, provider.ErrMethodTypeUnsupported
	}
	return t.instrument(), nil
}

// Detach has PayPal forget a payment token, and the agreement with it. It is content
// if it is forgotten already.
func (p *Plug) Detach(ctx context.Context, token string) error {
	if !isToken(token) {
		return nil
	}
	x := p.ask(ctx, question{call: deleteToken, id: token}, nil)
	if x.ok() || x.missing() {
		return nil
	}
	return x.fail()
}

// instrument takes over what is known of the account. PayPal's id of the payer is
// the same whoever asks, which makes it the fingerprint; it gets PayPal's name before
// it, as two providers never agree on one.
func (t *paymentToken) instrument() provider.Instrument {
	out := provider.Instrument{Token: t.ID}
	if t.Customer != nil {
		out.Customer = t.Customer.ID
	}
	w := t.Source.PayPal
	if w == nil {
		return out
	}
	if id := w.payer(); id != "" {
		out.Fingerprint = "paypal:" + id
	}
	out.Email, out.Country = w.Email, w.country()
	if n := w.Name; n != nil {
		out.Holder = n.Full
		if out.Holder == "" {
			out.Holder = strings.TrimSpace(n.Given + " " + n.Surname)
		}
	}
	return out
}

// country is where the account is registered. PayPal writes C2 for mainland China
// where others trade with it.
func (w *wallet) country() string {
	c := ""
	if w.Address != nil {
		c = w.Address.Country
	}
	if c == "" && w.Shipping != nil && w.Shipping.Address != nil {
		c = w.Shipping.Address.Country
	}
	if c == "C2" {
		return "CN"
	}
	return c
}
