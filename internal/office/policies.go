package office

import (
	"context"
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// What may stand against a policy that is to be applied.
var (
	ErrPolicyTaken = fault.New(fault.Conflict, "policy_version_taken", "a policy of this version, or with this effective instant, was applied before").
			WithNext("give the document a version and an effective date of its own; applied policies are never changed")
	ErrPolicyPast = fault.New(fault.Invalid, "policy_backdated", "the policy would rule from an instant that is past").
			WithNext("let it become effective now or later, so that what was decided stays as it was")
)

const touchedMax = 1_000 // bound methods that a policy check names

// ruling returns the policy that rules at an instant. Policies are only ever
// added, so their number tells whether the ones in memory are all.
func (o *Office) ruling(ctx context.Context, tx *store.Tx, at time.Time) (policy.Policy, error) {
	n, err := tx.PolicyCount(ctx)
	if err != nil {
		return policy.Policy{}, err
	}
	o.policies.mu.Lock()
	defer o.policies.mu.Unlock()
	if !o.policies.loaded || n != o.policies.count {
		rows, err := tx.Policies(ctx)
		if err != nil {
			return policy.Policy{}, err
		}
		if o.policies.timeline, err = timeline(rows); err != nil {
			return policy.Policy{}, err
		}
		o.policies.loaded, o.policies.count = true, n
	}
	return o.policies.timeline.At(at), nil
}

// timeline puts the built-in policy before those that were applied.
func timeline(rows []store.PolicyRow) (policy.Timeline, error) {
	first := policy.BuiltIn()
	first.Effective = time.Time{}
	line := []policy.Policy{first}
	for _, r := range rows {
		p, err := policy.Parse([]byte(r.Document), r.Version)
		if err != nil {
			return nil, fmt.Errorf("read the applied policy %s: %w", r.Version, err)
		}
		p.Effective = r.EffectiveAt
		line = append(line, p)
	}
	return policy.NewTimeline(line...), nil
}

// Policy returns the policy that rules now.
func (o *Office) Policy(ctx context.Context, by access.Caller) (policy.Policy, error) {
	var p policy.Policy
	if err := by.May(access.PolicyRead); err != nil {
		return p, err
	}
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		p, err = o.ruling(ctx, tx, o.Now())
		return err
	})
	return p, err
}

// Policies lists every applied policy in the order of effect.
func (o *Office) Policies(ctx context.Context, by access.Caller) (rows []store.PolicyRow, err error) {
	if err := by.May(access.PolicyRead); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		rows, err = tx.Policies(ctx)
		return err
	})
	return rows, err
}

// PolicyCheck is what a policy would change.
type PolicyCheck struct {
	Policy  policy.Policy
	Changes []policy.Change
	Touched []TouchedMethod // bound methods that could not be charged any more
}

// TouchedMethod is a bound method that a policy withdraws, and why.
type TouchedMethod struct {
	Method payment.Method
	Why    error
}

// CheckPolicy reads a document and says what applying it would change.
func (o *Office) CheckPolicy(ctx context.Context, by access.Caller, document []byte, name string) (PolicyCheck, error) {
	var c PolicyCheck
	if err := by.May(access.PolicyRead); err != nil {
		return c, err
	}
	var err error
	if c.Policy, err = policy.Parse(document, name); err != nil {
		return c, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		now, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		c.Changes = policy.Diff(now, c.Policy)
		return o.eachBound(ctx, tx, func(m payment.Method, a account.Account) error {
			if why := c.Policy.MayKeepMethod(c.Policy.Region(a.Country, a.RegisteredAt), a.Currency, m); why != nil && m.State == payment.Active && len(c.Touched) < touchedMax {
				c.Touched = append(c.Touched, TouchedMethod{m, why})
			}
			return nil
		})
	})
	return c, err
}

// ApplyPolicy keeps a document as the policy from its effective instant on, or
// from now if it names an earlier one and effectiveNow is set.
func (o *Office) ApplyPolicy(ctx context.Context, by access.Caller, document []byte, name string, effectiveNow bool) (policy.Policy, error) {
	if err := by.May(access.PolicyWrite); err != nil {
		return policy.Policy{}, err
	}
	p, err := policy.Parse(document, name)
	if err != nil {
		return p, err
	}
	now := o.Now()
	if p.Effective.Before(now) {
		if !effectiveNow {
			return p, ErrPolicyPast
		}
		p.Effective = now
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		added, err := tx.AddPolicy(ctx, store.PolicyRow{Version: p.Version, EffectiveAt: p.Effective, Document: string(document), AppliedAt: now, AppliedBy: by.Name})
		if err != nil {
			return err
		}
		if !added {
			return ErrPolicyTaken
		}
		return tx.Audit(ctx, store.Record{Chain: store.OfficeChain, At: now, By: by.Name, Action: "policy.applied", Subject: p.Version},
			map[string]any{"effective": p.Effective})
	})
	return p, err
}

// eachBound calls do for every active or unavailable method.
func (o *Office) eachBound(ctx context.Context, tx *store.Tx, do func(payment.Method, account.Account) error) error {
	const page = 500
	var after payment.MethodID
	for {
		methods, err := tx.ActiveMethods(ctx, after, page)
		if err != nil {
			return err
		}
		for _, m := range methods {
			after = m.ID
			a, err := tx.Account(ctx, m.Account)
			if err != nil {
				return err
			}
			if err := do(m, a); err != nil {
				return err
			}
		}
		if len(methods) < page {
			return nil
		}
	}
}
