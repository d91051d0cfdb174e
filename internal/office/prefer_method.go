package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// PreferMethod makes an active method the one that is charged. Charges already
// sent finish on the old one (R-PREF-03, R-PREF-04); what is owed and nobody is
// collecting is tried on the new one.
func (o *Office) PreferMethod(ctx context.Context, by access.Caller, id payment.MethodID) (payment.Method, error) {
	var m payment.Method
	if err := by.May(access.MethodsWrite); err != nil {
		return m, err
	}
	var opened []payment.ID
	var held payment.HoldID
	err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		opened, held = nil, ""
		if m, err = tx.Method(ctx, id); err != nil {
			return err
		}
		if by.MayTouch(m.Account) != nil {
			return payment.ErrMethodNotFound
		}
		a, err := tx.LockAccount(ctx, m.Account)
		if err != nil {
			return err
		}
		if m, err = tx.Method(ctx, id); err != nil {
			return err
		}
		if m.State != payment.Active {
			return payment.ErrMethodNotActive
		}
		if m.Preferred {
			return nil
		}
		if err := o.unprefer(ctx, tx, a.ID); err != nil {
			return err
		}
		m.Preferred, m.UpdatedAt = true, o.Now()
		if err := tx.SaveMethod(ctx, m); err != nil {
			return err
		}
		if err := o.tellMethod(ctx, tx, by, m, "payment_method.preferred"); err != nil {
			return err
		}
		if err := o.collectOpen(ctx, tx, a.ID, o.Now()); err != nil {
			return err
		}
		// Another method may have another threshold (R-THR-07).
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		if opened, err = o.testThresholds(ctx, tx, a, p); err != nil {
			return err
		}
		// What was held elsewhere is not needed there any more (R-PP-08).
		if err := o.tendSoon(ctx, tx, a.ID); err != nil {
			return err
		}
		held, err = o.holdUsage(ctx, tx, a, p, false)
		return err
	})
	if err != nil {
		return m, err
	}
	o.placeSoon(ctx, held)
	for _, p := range opened {
		o.askSoon(ctx, p)
	}
	return m, nil
}

func (o *Office) unprefer(ctx context.Context, tx *store.Tx, id account.ID) error {
	methods, err := tx.Methods(ctx, id)
	if err != nil {
		return err
	}
	for _, m := range methods {
		if !m.Preferred {
			continue
		}
		m.Preferred, m.UpdatedAt = false, o.Now()
		if err := tx.SaveMethod(ctx, m); err != nil {
			return err
		}
	}
	return nil
}
