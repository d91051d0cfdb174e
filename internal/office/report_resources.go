package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// ReportResources takes in what runs for an account at the platform (R-DEL-03). It
// replaces what was told before.
func (o *Office) ReportResources(ctx context.Context, by access.Caller, id account.ID, r account.Resources) (account.Resources, error) {
	if err := mayTouch(by, access.UsageWrite, id); err != nil {
		return r, err
	}
	if err := r.Check(); err != nil {
		return r, err
	}
	r.ReportedAt = o.Now()
	var held payment.HoldID
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		held = ""
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		if a.State == account.Closed && r.Running > 0 {
			return account.ErrClosed
		}
		before, err := tx.Resources(ctx, id)
		if err != nil {
			return err
		}
		if err := tx.SaveResources(ctx, id, r); err != nil {
			return err
		}
		if before.Running != r.Running || before.ReportedAt.IsZero() {
			if err := o.audit(ctx, tx, by, id, "resources.reported", string(id), map[string]any{"running": r.Running}); err != nil {
				return err
			}
		}
		if r.Running == 0 {
			return o.tendSoon(ctx, tx, id)
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		held, err = o.holdUsage(ctx, tx, a, p, false)
		return err
	})
	if err == nil {
		o.placeSoon(ctx, held)
	}
	return r, err
}

// Resources tells what runs for an account, as the platform last told.
func (o *Office) Resources(ctx context.Context, by access.Caller, id account.ID) (r account.Resources, err error) {
	if err := mayTouch(by, access.AccountsRead, id); err != nil {
		return r, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		r, err = tx.Resources(ctx, id)
		return err
	})
	return r, err
}
