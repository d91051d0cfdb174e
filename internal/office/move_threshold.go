package office

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// moveThreshold lets the account's threshold move after what happened to one of
// its threshold debts (R-THR-08). Nothing else moves it: no operation takes a
// threshold from a caller.
func (s *paymentSettlement) moveThreshold(ctx context.Context, e billing.StandingEvent) error {
	method, err := s.tx.Method(ctx, s.payment.Method)
	if err != nil {
		return err
	}
	m, moves := s.policy.Moves(chargedAs(method.Kind), s.account.Currency)
	if !moves {
		return nil
	}
	before, err := s.tx.Standing(ctx, s.account.ID, method.Kind)
	if err != nil {
		return err
	}
	after, moved := before.After(e, billing.Moves(m))
	if after != before {
		if err := s.tx.SaveStanding(ctx, s.account.ID, method.Kind, after); err != nil {
			return err
		}
	}
	if !moved {
		return nil
	}
	from, _ := s.o.thresholdOf(s.policy, s.account.Currency, method.Kind, before.Factor)
	to, _ := s.o.thresholdOf(s.policy, s.account.Currency, method.Kind, after.Factor)
	return s.o.audit(ctx, s.tx, access.Jobs, s.account.ID, "threshold.moved", string(s.account.ID),
		map[string]any{"kind": method.Kind, "from": from, "to": to, "reason": e})
}

// thresholdOf returns from which usage before tax an account with this factor is
// charged to a method of a kind, and whether it is at all.
func (o *Office) thresholdOf(p policy.Policy, c money.Currency, k payment.Kind, factor int64) (money.Amount, bool) {
	if k != payment.PayPalKind && p.IsOwn(c) {
		t, ok := p.Threshold(policy.Card, c)
		return t.Start, ok // the provider is not asked
	}
	l := o.limits(p, c)
	return p.ThresholdOf(chargedAs(k), policy.ThresholdFacts{Factor: factor, Step: l.Step, Minimum: l.Minimum})
}

// currentThreshold is thresholdOf for the preferred method, where the account's
// threshold stands now.
func (o *Office) currentThreshold(ctx context.Context, tx *store.Tx, p policy.Policy, a account.Account) (money.Amount, bool, error) {
	m, err := tx.Preferred(ctx, a.ID)
	if err != nil && !errors.Is(err, payment.ErrMethodNotFound) {
		return money.Amount{}, false, err
	}
	s, err := standingOf(ctx, tx, p, a, m.Kind)
	if err != nil {
		return money.Amount{}, false, err
	}
	threshold, ok := o.thresholdOf(p, a.Currency, m.Kind, s.Factor)
	return threshold, ok, nil
}

// standingOf reads where the account's threshold for a kind of method stands,
// unless the policy keeps it where it starts.
func standingOf(ctx context.Context, tx *store.Tx, p policy.Policy, a account.Account, k payment.Kind) (billing.Standing, error) {
	if _, moves := p.Moves(chargedAs(k), a.Currency); !moves {
		return billing.Standing{Factor: billing.StartFactor}, nil
	}
	if k != payment.PayPalKind {
		k = payment.CardKind
	}
	return tx.Standing(ctx, a.ID, k)
}
