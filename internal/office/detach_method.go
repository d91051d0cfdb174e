package office

import (
	"context"
	"errors"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// DetachMethod takes a payment method off its account. It can be bound elsewhere at
// once, and the provider is told to forget it (R-DEL-01, R-DEL-06). The error holds
// every reason that speaks against it.
func (o *Office) DetachMethod(ctx context.Context, by access.Caller, id payment.MethodID) (payment.Method, error) {
	var m payment.Method
	if err := by.May(access.MethodsWrite); err != nil {
		return m, err
	}
	err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		var why error
		if m, why, err = o.judgeDetaching(ctx, tx, by, id); err != nil || m.State == payment.Detached {
			return err
		}
		if why != nil {
			return why
		}
		return o.detach(ctx, tx, by, &m)
	})
	return m, err
}

// MayDetachMethod returns nil if a payment method could be taken off its account
// now, else every reason why not (R-DEL-07). Nothing is changed.
func (o *Office) MayDetachMethod(ctx context.Context, by access.Caller, id payment.MethodID) (m payment.Method, why error, err error) {
	if err := by.May(access.MethodsRead); err != nil {
		return m, nil, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		m, why, err = o.judgeDetaching(ctx, tx, by, id)
		return err
	})
	return m, why, err
}

// judgeDetaching reads a method, with its account locked where the transaction may
// write, and what speaks against its going.
func (o *Office) judgeDetaching(ctx context.Context, tx *store.Tx, by access.Caller, id payment.MethodID) (m payment.Method, why, err error) {
	if m, err = tx.Method(ctx, id); err != nil {
		return m, nil, err
	}
	if by.MayTouch(m.Account) != nil {
		return payment.Method{}, nil, payment.ErrMethodNotFound
	}
	a, err := tx.LockAccount(ctx, m.Account)
	if err != nil {
		return m, nil, err
	}
	if m, err = tx.Method(ctx, id); err != nil || m.State == payment.Detached {
		return m, nil, err
	}
	s, err := o.methodStanding(ctx, tx, a, m)
	if err != nil {
		return m, nil, err
	}
	return m, m.MayDetach(s), nil
}

// methodStanding gathers what decides whether a method may go.
func (o *Office) methodStanding(ctx context.Context, tx *store.Tx, a account.Account, m payment.Method) (s payment.Standing, err error) {
	methods, err := tx.Methods(ctx, a.ID)
	if err != nil {
		return s, err
	}
	for _, other := range methods {
		if other.ID != m.ID && other.State == payment.Active {
			s.OtherActive++
		}
	}
	s.IsPreferred = m.Preferred
	if s.InFlight, err = tx.InFlight(ctx, m.ID); err != nil {
		return s, err
	}
	s.Use, err = o.useOf(ctx, tx, a)
	return s, err
}

// detach moves a method to its end. The account is locked, and nothing speaks
// against it.
func (o *Office) detach(ctx context.Context, tx *store.Tx, by access.Caller, m *payment.Method) (err error) {
	if m.State, err = payment.MethodTable.Next(m.State, payment.Detach); err != nil {
		return payment.ErrMethodInFlight
	}
	m.Preferred, m.UpdatedAt = false, o.Now()
	if err := tx.SaveMethod(ctx, *m); err != nil {
		return err
	}
	if err := o.tellMethod(ctx, tx, by, *m, methodEvents[payment.Detach]); err != nil {
		return err
	}
	if err := o.tendSoon(ctx, tx, m.Account); err != nil {
		return err
	}
	if err := o.forgetSoon(ctx, tx, *m); err != nil {
		return err
	}
	return o.preferAny(ctx, tx, m.Account)
}

// forgetSoon has the provider forget an instrument that nobody holds here any more.
func (o *Office) forgetSoon(ctx context.Context, tx *store.Tx, m payment.Method) error {
	return tx.Enqueue(ctx, job.Job{Kind: forgetMethod, Subject: string(m.ID), At: o.Now(), Once: true})
}

// forgetMethodJob has the provider forget an instrument once nothing is held on it.
// It is asked until the provider has, so that no leave to charge outlives its
// method. A token that was bound anew meanwhile stays.
func (o *Office) forgetMethodJob(ctx context.Context, subject string) error {
	var m payment.Method
	var isHeld, isBound bool
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		if m, err = tx.Method(ctx, payment.MethodID(subject)); err != nil {
			return err
		}
		holds, err := tx.HoldsOf(ctx, m.ID)
		for _, h := range holds {
			isHeld = isHeld || h.IsLive()
		}
		if err != nil {
			return err
		}
		same, err := tx.MethodByToken(ctx, m.Provider, m.Card.Token)
		isBound = same.State != payment.Rejected && same.State != payment.Detached
		return err
	})
	switch {
	case err != nil || isBound:
		return err
	case isHeld:
		return job.Snooze(unheardPause)
	}
	plug, err := o.opened(m.Provider)
	if err == nil {
		err = plug.Detach(ctx, m.Card.Token)
	}
	if err == nil {
		return nil
	}
	o.Log.WarnContext(ctx, "the provider has not forgotten a payment method yet", "subject", m.ID, "error", err)
	return job.Snooze(forgetPause)
}

// forgetTokenJob has the provider forget a token in whose place another came. One
// that was bound anew meanwhile stays.
func (o *Office) forgetTokenJob(ctx context.Context, subject string) error {
	name, token, _ := strings.Cut(subject, "/")
	var isBound bool
	err := o.Store.View(ctx, func(tx *store.Tx) error {
		m, err := tx.MethodByToken(ctx, name, token)
		isBound = err == nil && m.State != payment.Rejected && m.State != payment.Detached
		if errors.Is(err, payment.ErrMethodNotFound) {
			return nil
		}
		return err
	})
	if err != nil || isBound {
		return err
	}
	plug, err := o.opened(name)
	if err == nil {
		err = plug.Detach(ctx, token)
	}
	if err == nil {
		return nil
	}
	o.Log.WarnContext(ctx, "the provider has not forgotten a token yet", "error", err)
	return job.Snooze(forgetPause)
}

// useOf gathers what may still be charged to an account. An order that waits to be
// paid is owed by nobody, unless a payment of it is under way.
func (o *Office) useOf(ctx context.Context, tx *store.Tx, a account.Account) (u payment.Use, err error) {
	running, err := tx.Resources(ctx, a.ID)
	if err != nil {
		return u, err
	}
	u.Running = running.Running
	if u.Unbilled, err = tx.HasUnbilledUsage(ctx, a.ID); err != nil {
		return u, err
	}
	debts, err := tx.OpenDebts(ctx, a.ID)
	if err != nil {
		return u, err
	}
	for _, d := range debts {
		if d.Kind == billing.OrderDebt {
			_, err := tx.UnresolvedPayment(ctx, d.ID)
			if errors.Is(err, payment.ErrPaymentNotFound) {
				continue
			}
			if err != nil {
				return u, err
			}
		}
		u.Unpaid++
		if !d.DeclinedAt.IsZero() {
			u.Overdue++
		}
	}
	return u, nil
}
