package sim

import (
	"context"
	"fmt"
	"testing"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

// The bugs below are planted in PayPal's plug, among the jobs that look after what
// PayPal holds and keeps, or in the database itself.

// lostIsRefused takes a lost answer for a proof that nothing happened.
type lostIsRefused struct{ provider.Wallet }

func (p lostIsRefused) Confirm(ctx context.Context, ref string, a provider.Ask) provider.Result {
	r := p.Wallet.Confirm(ctx, ref, a)
	if r.Outcome == provider.Unknown {
		r.Outcome = provider.Cancelled
	}
	return r
}

// anotherOrder opens another order, under another key, when an answer was lost.
type anotherOrder struct{ provider.Wallet }

func (p anotherOrder) Confirm(ctx context.Context, ref string, a provider.Ask) provider.Result {
	r := p.Wallet.Confirm(ctx, ref, a)
	if r.Outcome != provider.Unknown || a.From != "" {
		return r
	}
	a.Key += "/again"
	a.Reference += "/again"
	if other, opened := p.Open(ctx, a); other != "" && opened.Outcome == provider.Pending {
		return p.Wallet.Confirm(ctx, other, a)
	}
	return r
}

// neverVoids says that a hold is released which it has left alone.
type neverVoids struct{ provider.Wallet }

func (p neverVoids) Cancel(_ context.Context, ref, _ string) provider.Result {
	return provider.Result{Outcome: provider.Cancelled, Ref: ref}
}

// stacksHolds places another hold beside the one that it was to renew.
type stacksHolds struct{ provider.Wallet }

func (p stacksHolds) Renew(ctx context.Context, ref, key string, amount money.Amount) provider.Result {
	l := p.Wallet.(*mortalWallet).l
	reference := l.any(`SELECT key FROM holds WHERE provider_ref = $1`, ref)
	token := l.any(`SELECT m.token FROM holds AS h JOIN payment_methods AS m ON m.id = h.method_id WHERE h.provider_ref = $1`, ref)
	a := provider.Ask{Key: key, Reference: reference, Method: token, Amount: amount, Hold: true, Initiator: provider.MIT}
	other, r := p.Open(ctx, a)
	if other == "" {
		return r
	}
	return p.Confirm(ctx, other, a)
}

// takesBeside captures beside the hold that the money was to come from.
type takesBeside struct{ provider.Wallet }

func (p takesBeside) Open(ctx context.Context, a provider.Ask) (string, provider.Result) {
	if a.From != "" {
		a.From = ""
	}
	return p.Wallet.Open(ctx, a)
}

func (p takesBeside) Confirm(ctx context.Context, ref string, a provider.Ask) provider.Result {
	a.From = ""
	return p.Wallet.Confirm(ctx, ref, a)
}

// manyFaces gives one payer another fingerprint each time.
type manyFaces struct {
	provider.Wallet
	n *int
}

func (p manyFaces) KeepAgreement(ctx context.Context, ref string, a provider.AgreementAsk) (provider.Instrument, provider.Result) {
	who, r := p.Wallet.KeepAgreement(ctx, ref, a)
	*p.n++
	who.Fingerprint = fmt.Sprintf("%s/%d", who.Fingerprint, *p.n)
	return who, r
}

// noBorders takes every payer for one from the United States.
type noBorders struct{ provider.Wallet }

func (p noBorders) KeepAgreement(ctx context.Context, ref string, a provider.AgreementAsk) (provider.Instrument, provider.Result) {
	who, r := p.Wallet.KeepAgreement(ctx, ref, a)
	who.Country = "US"
	return who, r
}

// giveUpSoon takes an agreement that it could not keep for one that was refused.
type giveUpSoon struct{ provider.Wallet }

func (p giveUpSoon) KeepAgreement(ctx context.Context, ref string, a provider.AgreementAsk) (provider.Instrument, provider.Result) {
	who, r := p.Wallet.KeepAgreement(ctx, ref, a)
	if r.Outcome == provider.Unknown || r.Outcome == provider.Failed {
		r.Outcome = provider.Cancelled
	}
	return who, r
}

// forgetsNothing says that PayPal has forgotten a token which it still keeps.
type forgetsNothing struct{ provider.Wallet }

func (p forgetsNothing) Detach(context.Context, string) error { return nil }

// halfPrice has PayPal take half of what is owed.
type halfPrice struct{ provider.Wallet }

func (p halfPrice) Open(ctx context.Context, a provider.Ask) (string, provider.Result) {
	if !a.Hold && a.Amount.Minor > 1 {
		a.Amount.Minor /= 2
	}
	return p.Wallet.Open(ctx, a)
}

// dearWallet says that PayPal charges no less than 600.00.
type dearWallet struct{ provider.Wallet }

func (p dearWallet) Limits(c money.Currency) (provider.Limits, bool) {
	limits, ok := p.Wallet.Limits(c)
	limits.Minimum = money.Amount{Minor: 600_00, Currency: c}
	return limits, ok
}

func walletPlant(rates map[string]float64, often []string, wrap func(provider.Wallet) provider.Wallet) plant {
	return plant{rates: rates, often: often, wallet: func(_ *life, p provider.Wallet) provider.Wallet { return wrap(p) }}
}

func spoilPlant(often []string, statement string) plant {
	return plant{rates: map[string]float64{}, often: often, spoil: statement}
}

func TestPlantedBugsWithPayPalAreFound(t *testing.T) {
	t.Parallel()
	calm := map[string]float64{}
	lossy := map[string]float64{"lost_after": 0.4, "lost_before": 0.3}
	binding := []string{"ask a payer", "a payer returns"}
	charging := []string{"ask a payer", "a payer returns", "post usage", "let hours pass"}
	leaving := []string{"ask a payer", "a payer returns", "detach a method", "report resources", "let hours pass"}
	closing := []string{"ask a payer", "a payer returns", "close an account", "let weeks pass"}
	findPlants(t, []plantCase{
		{"a lost answer of PayPal's is taken for a refusal", "PayPal still holds it", walletPlant(lossy, charging, func(p provider.Wallet) provider.Wallet { return lostIsRefused{p} })},
		{"a second order is opened after a lost answer", "PayPal", walletPlant(lossy, charging, func(p provider.Wallet) provider.Wallet { return anotherOrder{p} })},
		{"a hold is believed to be released, and is not", "PayPal still holds it", walletPlant(calm, binding, func(p provider.Wallet) provider.Wallet { return neverVoids{p} })},
		{"holds on usage are stacked", "PayPal holds", walletPlant(calm, charging, func(p provider.Wallet) provider.Wallet { return stacksHolds{p} })},
		{"money is taken beside the hold", "PayPal", walletPlant(calm, charging, func(p provider.Wallet) provider.Wallet { return takesBeside{p} })},
		{"one payer is taken for many", "is bound", walletPlant(calm, binding, func(p provider.Wallet) provider.Wallet { return manyFaces{p, new(int)} })},
		{"a payer's country is not looked at", "mainland China", walletPlant(calm, append(binding, "let hours pass"), func(p provider.Wallet) provider.Wallet { return noBorders{p} })},
		{"a lost answer ends an agreement", "its payer had agreed", walletPlant(map[string]float64{"lost_before": 0.5}, []string{"ask a payer", "a payer decides", "a payer returns"}, func(p provider.Wallet) provider.Wallet { return giveUpSoon{p} })},
		{"tokens are not deleted", "PayPal keeps the agreement", walletPlant(calm, leaving, func(p provider.Wallet) provider.Wallet { return forgetsNothing{p} })},
		{"half is taken", "PayPal took", walletPlant(calm, charging, func(p provider.Wallet) provider.Wallet { return halfPrice{p} })},
		{"nobody looks after agreements", "an agreement is not over", jobPlant(lossy, binding, "watch_agreement")},
		{"nobody has PayPal forget", "PayPal keeps the agreement", jobPlant(calm, leaving, "forget_method")},
		{"nobody ends the silent period", "stays silent", jobPlant(calm, closing, "end_silence")},
		{"what runs is forgotten", "and it is", spoilPlant(leaving, `DELETE FROM resources`)},
		{"a threshold is out of bounds", "its threshold is", walletPlant(calm, charging, func(p provider.Wallet) provider.Wallet { return dearWallet{p} })},
		{"a method that went is charged", "must not be charged", spoilPlant(charging, `
			CREATE TRIGGER IF NOT EXISTS spoil BEFORE INSERT ON payments BEGIN UPDATE payment_methods SET state = 'invalid', preferred = 0 WHERE id = NEW.method_id; END`)},
		{"an account is closed at once", "before its silent period is over", spoilPlant(closing, `UPDATE accounts SET state = 'closed' WHERE state = 'silent'`)},
	})
}
