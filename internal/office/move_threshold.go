package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// moveThreshold lets the account's threshold move after what happened to one of
// its threshold debts (R-THR-08). Nothing else moves it: no operation takes a
// threshold from a caller.
func (s *paymentSettlement) moveThreshold(ctx context.Context, e billing.StandingEvent) error {
	m, moves := s.policy.Moves(policy.Card, s.account.Currency)
	if !moves {
		return nil
	}
	before, err := s.tx.Standing(ctx, s.account.ID)
	if err != nil {
		return err
	}
	after, moved := before.After(e, billing.Moves(m))
	if after != before {
		if err := s.tx.SaveStanding(ctx, s.account.ID, after); err != nil {
			return err
		}
	}
	if !moved {
		return nil
	}
	from, _ := s.o.thresholdOf(s.policy, s.account.Currency, before.Factor)
	to, _ := s.o.thresholdOf(s.policy, s.account.Currency, after.Factor)
	return s.o.audit(ctx, s.tx, access.Jobs, s.account.ID, "threshold.moved", string(s.account.ID), map[string]any{"from": from, "to": to, "reason": e})
}

// thresholdOf returns from which usage before tax an account with this factor is
// charged, and whether it is at all.
func (o *Office) thresholdOf(p policy.Policy, c money.Currency, factor int64) (money.Amount, bool) {
	if p.IsOwn(c) {
		t, ok := p.Threshold(policy.Card, c)
		return t.Start, ok // the provider is not asked
	}
	l := o.limits(c)
	return p.ThresholdOf(policy.Card, policy.ThresholdFacts{Factor: factor, Step: l.Step, Minimum: l.Minimum})
}

// currentThreshold is thresholdOf where the account's threshold stands now.
func (o *Office) currentThreshold(ctx context.Context, tx *store.Tx, p policy.Policy, a account.Account) (money.Amount, bool, error) {
	s, err := standingOf(ctx, tx, p, a)
	if err != nil {
		return money.Amount{}, false, err
	}
	threshold, ok := o.thresholdOf(p, a.Currency, s.Factor)
	return threshold, ok, nil
}

// standingOf reads where the account's threshold stands, unless the policy keeps
// it where it starts.
func standingOf(ctx context.Context, tx *store.Tx, p policy.Policy, a account.Account) (billing.Standing, error) {
	if _, moves := p.Moves(policy.Card, a.Currency); !moves {
		return billing.Standing{Factor: billing.StartFactor}, nil
	}
	return tx.Standing(ctx, a.ID)
}
