package office

import (
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider"
)

// ErrUnplugged says that a method's provider is not configured any more. What
// waits for it goes on when it is again.
var ErrUnplugged = fault.New(fault.Unavailable, "provider_unplugged", "the provider of this payment method is not configured here").
	WithNext("configure the provider again, or use another payment method")

// plug returns the provider of this name.
func (o *Office) plug(name string) (provider.Provider, error) {
	switch {
	case name == o.Cards.Name():
		return o.Cards, nil
	case o.Wallet != nil && name == o.Wallet.Name():
		return o.Wallet, nil
	}
	return nil, ErrUnplugged
}

// isWallet tells whether payers agree on the provider's own pages.
func isWallet(p provider.Provider) bool {
	_, is := p.(provider.Wallet)
	return is
}

// opened returns the provider of this name unless it is left alone for the
// moment.
func (o *Office) opened(name string) (provider.Provider, error) {
	p, err := o.plug(name)
	if err != nil {
		return nil, err
	}
	return p, o.lanes.open(name, o.Now())
}

// limits are those of every provider that may be asked in a currency, so that a
// debt can be charged to whichever method is preferred. A currency that none takes
// is rounded all the same, to whole minor units: its bills are paid in another way.
func (o *Office) limits(p policy.Policy, c money.Currency) provider.Limits {
	l, offered := o.Cards.Limits(c)
	if !offered {
		l = provider.Limits{Minimum: money.Amount{Minor: 1, Currency: c}, Step: 1}
	}
	if o.Wallet == nil {
		return l
	}
	if _, used := p.Threshold(policy.PayPal, c); !used {
		return l
	}
	if w, offered := o.Wallet.Limits(c); offered { // steps are powers of ten
		l.Step, l.Minimum.Minor = max(l.Step, w.Step), max(l.Minimum.Minor, w.Minimum.Minor)
	}
	return l
}

// chargedAs is how the policy calls what is charged; an account without a method
// is waited for as one with a card.
func chargedAs(k payment.Kind) policy.Kind {
	if k == payment.PayPalKind {
		return policy.PayPal
	}
	return policy.Card
}
