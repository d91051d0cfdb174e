package office

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// testThresholds tests every open collection of an account, in the order of
// their months, and opens at most one threshold debt.
func (o *Office) testThresholds(ctx context.Context, tx *store.Tx, a account.Account, p policy.Policy) ([]payment.ID, error) {
	if a.Credit {
		return nil, nil // R-THR-09
	}
	threshold, ok, err := o.currentThreshold(ctx, tx, p, a)
	if err != nil || !ok {
		return nil, err
	}
	open, err := tx.OpenCollections(ctx, []account.ID{a.ID})
	if err != nil {
		return nil, err
	}
	var opened []payment.ID
	for _, c := range open {
		exposures, err := tx.Exposures(ctx, c, a.Currency)
		if err != nil {
			return nil, err
		}
		sum := store.CollectionSum{Collection: c}
		for _, e := range exposures {
			sum.Micro += e.Usage.Micro
			sum.Pico += e.Usage.Pico
		}
		if reached, err := isReached(threshold, sum); err != nil || !reached {
			if err != nil {
				return nil, err
			}
			continue
		}
		id, err := o.chargeReached(ctx, tx, a, p, c)
		if err != nil {
			return nil, err
		}
		if id != "" {
			opened = append(opened, id)
		}
	}
	return opened, nil
}

// chargeReached shuts a collection that reaches the account's threshold and
// opens its debt, and the debt's payment where a method can be charged. An
// account has at most one unpaid threshold debt (R-THR-05). The account is
// locked.
func (o *Office) chargeReached(ctx context.Context, tx *store.Tx, a account.Account, p policy.Policy, c billing.Collection) (payment.ID, error) {
	unpaid, err := tx.OpenThresholdDebt(ctx, a.ID)
	if err != nil || unpaid {
		return "", err
	}
	return o.openReached(ctx, tx, a, p, c)
}

// openReached is chargeReached for an account that is known to have no unpaid
// threshold debt.
func (o *Office) openReached(ctx context.Context, tx *store.Tx, a account.Account, p policy.Policy, c billing.Collection) (payment.ID, error) {
	d, ok, err := o.openUsageDebt(ctx, tx, a, p, c, billing.ThresholdDebt)
	if err != nil || !ok {
		return "", err
	}
	if d, err = o.payFromBalance(ctx, tx, a, d); err != nil {
		return "", err
	}
	return o.chargeOpened(ctx, tx, a, d)
}

// payFromBalance spends what the customer has with us before a method is charged
// (R-RECON-06).
func (o *Office) payFromBalance(ctx context.Context, tx *store.Tx, a account.Account, d billing.Debt) (billing.Debt, error) {
	if !a.AutoApply {
		return d, nil
	}
	s, err := o.spendable(ctx, tx, access.Jobs, []account.Account{a}, nil)
	if err != nil {
		return d, err
	}
	s.isOpening = true
	if err := s.applyTo(ctx, a); err != nil {
		return d, err
	}
	return tx.Debt(ctx, d.ID)
}

// isReached tells whether a collection's sum reaches the threshold.
func isReached(threshold money.Amount, sum store.CollectionSum) (bool, error) {
	exposure, err := money.Normalize(sum.Micro, sum.Pico, threshold.Currency)
	if err != nil {
		return false, err
	}
	return billing.Reaches(exposure, threshold)
}

// openUsageDebt rounds what a collection holds, shuts it, and opens the debt
// with its ledger entry. It answers false, and changes nothing, if there is not
// enough to be charged. The account is locked.
func (o *Office) openUsageDebt(ctx context.Context, tx *store.Tx, a account.Account, p policy.Policy, c billing.Collection, kind billing.DebtKind) (billing.Debt, bool, error) {
	now := o.Now()
	none := billing.Debt{}
	limits := o.limits(p, a.Currency)
	shares, net, err := o.round(ctx, tx, a, c, limits.Step)
	if err != nil || !net.IsPositive() {
		return none, false, err
	}
	d := billing.Debt{
		ID: billing.DebtID(o.IDs.New("debt_")), Account: a.ID, Kind: kind, Month: c.Month, Collection: c.Number, Net: net,
		Paid: money.Amount{Currency: a.Currency}, State: billing.Open, OpenedAt: now, Shares: shares,
	}
	if d.Tax, d.TaxRule, err = tax(p, a, net, limits.Step, now); err != nil {
		return none, false, err
	}
	if d.Amount, err = d.Net.Add(d.Tax); err != nil {
		return none, false, err
	}
	if d.Amount.Cmp(p.CarryBelow(a.Currency, limits.Minimum)) < 0 {
		return none, false, nil
	}
	if err := tx.ShutCollection(ctx, c, now); err != nil {
		return none, false, err
	}
	if d, err = tx.AddDebt(ctx, d); err != nil {
		return none, false, err
	}
	if err := tx.SetCarries(ctx, a.ID, shares); err != nil {
		return none, false, err
	}
	entry, err := ledger.OwedForUsage(string(d.ID), a.ID, d.Net, d.Tax)
	if err != nil {
		return none, false, err
	}
	if err := o.book(ctx, tx, entry); err != nil {
		return none, false, err
	}
	return d, true, o.tellDebt(ctx, tx, access.Jobs, d, "debt.opened")
}

// round turns what a collection holds into shares of a debt.
func (o *Office) round(ctx context.Context, tx *store.Tx, a account.Account, c billing.Collection, step int64) ([]billing.Share, money.Amount, error) {
	exposures, carries, err := tx.ToRound(ctx, c, a.Currency)
	if err != nil {
		return nil, money.Amount{}, err
	}
	return billing.Round(a.Currency, exposures, carries, step)
}

// tax is what the policy's rule asks on a rounded net amount; the rule is kept
// with the debt (R-BILL-07).
func tax(p policy.Policy, a account.Account, net money.Amount, step int64, at time.Time) (money.Amount, billing.TaxRule, error) {
	none := money.Amount{Currency: net.Currency}
	rule, ok := p.Tax(policy.TaxFacts{Country: a.Country, Kind: a.Kind, TaxID: a.TaxID, At: at})
	if !ok {
		return none, billing.TaxRule{}, nil
	}
	amount, err := net.Times(rule.Rate, step)
	return amount, billing.TaxRule{Name: rule.Name, Rate: rule.Rate.String(), Version: rule.Version}, err
}

// chargeOpened opens the first payment of a new debt. What stands against it is
// the debt's job's to tell; it comes at once.
func (o *Office) chargeOpened(ctx context.Context, tx *store.Tx, a account.Account, d billing.Debt) (payment.ID, error) {
	if !isCharged(a, d) || d.State != billing.Open {
		return "", nil
	}
	m, err := tx.Preferred(ctx, a.ID)
	if err != nil && !errors.Is(err, payment.ErrMethodNotFound) {
		return "", err
	}
	if err == nil && m.MayCharge(false) == nil {
		p, err := o.openPayment(ctx, tx, access.Jobs, a, d, Charge{Initiator: payment.MIT, Reason: reasonOf(d), first: &m})
		if err == nil || !isExpected(err) && !errors.Is(err, ErrUnplugged) {
			return p.ID, err
		}
	}
	return "", tx.Enqueue(ctx, job.Job{Kind: collectDebt, Subject: string(d.ID), At: o.Now(), Once: true})
}
