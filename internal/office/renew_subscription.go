package office

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// renewPause is how long a renewal waits for another order of its subscription, or
// for a payment, to be over.
const renewPause = time.Hour

// SetAutoRenew says whether a subscription renews itself before it ends.
func (o *Office) SetAutoRenew(ctx context.Context, by access.Caller, id order.SubscriptionID, on bool) (order.Subscription, error) {
	var s order.Subscription
	if err := by.May(access.OrdersWrite); err != nil {
		return s, err
	}
	err := o.changeSubscription(ctx, by, id, func(tx *store.Tx, a account.Account, now order.Subscription) error {
		s = now
		if s.State != order.Active {
			return order.ErrSubscriptionOver
		}
		if s.AutoRenew == on {
			return nil
		}
		s.AutoRenew = on
		if err := tx.SaveSubscription(ctx, s); err != nil {
			return err
		}
		if err := o.tellSubscription(ctx, tx, by, s, "subscription.changed"); err != nil {
			return err
		}
		return o.planRenewal(ctx, tx, a, s)
	})
	return s, err
}

// changeSubscription hands fn a subscription whose account is locked.
func (o *Office) changeSubscription(ctx context.Context, by access.Caller, id order.SubscriptionID, fn func(*store.Tx, account.Account, order.Subscription) error) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		s, err := tx.Subscription(ctx, id)
		if err != nil {
			return err
		}
		if by.MayTouch(s.Account) != nil {
			return order.ErrSubscriptionNotFound
		}
		a, err := tx.LockAccount(ctx, s.Account)
		if err != nil {
			return err
		}
		if s, err = tx.Subscription(ctx, id); err != nil {
			return err
		}
		return fn(tx, a, s)
	})
}

// planRenewal has a subscription looked at when it is to be renewed, or is over.
func (o *Office) planRenewal(ctx context.Context, tx *store.Tx, a account.Account, s order.Subscription) error {
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return err
	}
	at := s.Until.Start(a.Location())
	if s.AutoRenew {
		at = at.Add(-p.Orders.RenewBefore)
	}
	return tx.Enqueue(ctx, job.Job{Kind: renewSubscription, Subject: string(s.ID), At: at, Once: true})
}

// renewSubscriptionJob renews a subscription that renews itself, with its payer
// away, and ends one whose last term is over. A renewal that fails is tried again
// on the timetable of failed charges, for as long as the subscription lasts.
func (o *Office) renewSubscriptionJob(ctx context.Context, subject string) error {
	var r renewal
	err := o.changeSubscription(ctx, access.Jobs, order.SubscriptionID(subject), func(tx *store.Tx, a account.Account, s order.Subscription) error {
		rules, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		r = renewal{o: o, tx: tx, account: a, sub: s, policy: rules, now: o.Now(), until: s.Until.Start(a.Location())}
		return r.look(ctx)
	})
	if err != nil {
		return err
	}
	if r.pay != "" {
		_, err := o.PayOrder(ctx, access.Jobs, r.pay, PayChoice{Initiator: payment.MIT})
		switch {
		case err == nil, errors.Is(err, payment.ErrUnresolved):
		case isExpected(err):
			if err := o.noteUnrenewed(ctx, r.pay); err != nil {
				return err
			}
		default:
			return err
		}
	}
	if r.wait > 0 {
		return job.Snooze(r.wait)
	}
	return nil
}

// renewal is a subscription while it is looked at.
type renewal struct {
	o       *Office
	tx      *store.Tx
	account account.Account
	sub     order.Subscription
	policy  policy.Policy
	now     time.Time
	until   time.Time // the subscription's end

	pay  order.ID      // to be paid after the commit; "" none
	wait time.Duration // until the next look; 0 none
}

func (r *renewal) look(ctx context.Context) error {
	if r.sub.State != order.Active {
		return nil
	}
	pending, err := r.tx.PendingOrder(ctx, r.sub.ID)
	switch {
	case err == nil:
		return r.lookAtOrder(ctx, pending)
	case !errors.Is(err, order.ErrNotFound):
		return err
	case !r.now.Before(r.until):
		return r.end(ctx)
	case !r.sub.AutoRenew:
		r.wait = r.until.Sub(r.now)
		return nil
	}
	if due := r.until.Add(-r.policy.Orders.RenewBefore); r.now.Before(due) {
		r.wait = due.Sub(r.now)
		return nil
	}
	return r.place(ctx)
}

// lookAtOrder waits for an order of the subscription that is not over, or tries
// the automatic renewal again when that is due.
func (r *renewal) lookAtOrder(ctx context.Context, ord order.Order) error {
	_, err := r.tx.UnresolvedPayment(ctx, billing.DebtID(ord.Debt))
	if err != nil && !errors.Is(err, payment.ErrPaymentNotFound) {
		return err
	}
	isPaying := err == nil
	d, err := r.tx.Debt(ctx, billing.DebtID(ord.Debt))
	if err != nil {
		return err
	}
	switch {
	case !isPaying && !r.now.Before(r.until):
		if err := r.o.endOrder(ctx, r.tx, access.Jobs, &ord, &d, order.Lapse); err != nil {
			return err
		}
		return r.end(ctx)
	case isPaying || !ord.Automatic || ord.State != order.Open:
		r.wait = renewPause
		if left := r.until.Sub(r.now); left > 0 {
			r.wait = min(r.wait, left)
		}
		return nil
	case r.now.Before(d.NextAttemptAt):
		r.wait = min(d.NextAttemptAt.Sub(r.now), r.until.Sub(r.now))
		return nil
	}
	return r.try(ctx, ord, d)
}

// place places the automatic renewal. One that was placed for this end before, and
// came to nothing, is not placed again.
func (r *renewal) place(ctx context.Context) error {
	reference := "renewal:" + string(r.sub.ID) + ":" + string(r.sub.Until)
	if _, err := r.tx.OrderByReference(ctx, r.account.ID, reference); !errors.Is(err, order.ErrNotFound) {
		r.wait = r.until.Sub(r.now)
		return err
	}
	ord, err := r.o.placeOrder(ctx, r.tx, access.Jobs, r.account, order.Draft{Reference: reference, Kind: order.Renewal, Subscription: r.sub.ID}, r.until)
	if isExpected(err) { // such as that the account is overdue; it may not be tomorrow
		r.wait = min(24*time.Hour, r.until.Sub(r.now))
		return r.o.tellUnrenewed(ctx, r.tx, r.account, r.sub)
	}
	if err != nil {
		return err
	}
	d, err := r.tx.Debt(ctx, billing.DebtID(ord.Debt))
	if err != nil {
		return err
	}
	return r.try(ctx, ord, d)
}

// try has the renewal paid after the commit, and plans the next look. What stands
// against paying it is told, and tried again then.
func (r *renewal) try(ctx context.Context, ord order.Order, d billing.Debt) error {
	d.NextAttemptAt = r.until
	if at, more := nextAttempt(r.policy, ord.PlacedAt, r.now); more && at.Before(r.until) {
		d.NextAttemptAt = at
	}
	r.pay, r.wait = ord.ID, d.NextAttemptAt.Sub(r.now)
	return r.tx.SaveDebt(ctx, d)
}

// end ends the subscription: its last term is over.
func (r *renewal) end(ctx context.Context) (err error) {
	if r.sub.State, err = order.SubscriptionTable.Next(r.sub.State, order.RunOut); err != nil {
		return err
	}
	r.sub.EndedAt = r.now
	if err := r.tx.SaveSubscription(ctx, r.sub); err != nil {
		return err
	}
	return r.o.tellSubscription(ctx, r.tx, access.Jobs, r.sub, "subscription.ended")
}

// renewWith tries an automatic renewal with the method that became preferred
// (R-DUN-09). Other orders wait for their customer.
func (o *Office) renewWith(ctx context.Context, id billing.DebtID) error {
	return o.changeDebt(ctx, id, func(tx *store.Tx, _ account.Account, d billing.Debt) error {
		ord, err := tx.OrderOfDebt(ctx, id)
		if err != nil || !ord.Automatic || ord.State != order.Open {
			return err
		}
		d.NextAttemptAt = o.Now()
		if err := tx.SaveDebt(ctx, d); err != nil {
			return err
		}
		return tx.Enqueue(ctx, job.Job{Kind: renewSubscription, Subject: string(ord.Subscription), At: o.Now(), Once: true})
	})
}

// renewalFailed plans the next attempt of an automatic renewal whose payment came
// to nothing.
func (s *paymentSettlement) renewalFailed(ctx context.Context) error {
	ord, err := s.tx.OrderOfDebt(ctx, s.debt.ID)
	if err != nil || !ord.Automatic || ord.State != order.Open {
		return err
	}
	untried, err := isUntried(ctx, s.tx, s.debt)
	if err != nil {
		return err
	}
	s.debt.NextAttemptAt = ord.LapsesAt
	if at, more := nextAttempt(s.policy, ord.PlacedAt, s.now); more && at.Before(ord.LapsesAt) {
		s.debt.NextAttemptAt = at
	}
	if untried {
		s.debt.NextAttemptAt = s.now
	}
	if err := s.tx.SaveDebt(ctx, s.debt); err != nil {
		return err
	}
	if err := s.tx.Enqueue(ctx, job.Job{Kind: renewSubscription, Subject: string(ord.Subscription), At: s.debt.NextAttemptAt, Once: true}); err != nil {
		return err
	}
	sub, err := s.tx.Subscription(ctx, ord.Subscription)
	if err != nil {
		return err
	}
	return s.o.tellUnrenewed(ctx, s.tx, s.account, sub)
}

// noteUnrenewed tells the customer that nothing could be charged for a renewal.
func (o *Office) noteUnrenewed(ctx context.Context, id order.ID) error {
	return o.changeOrder(ctx, access.Jobs, id, func(tx *store.Tx, a account.Account, ord order.Order, _ billing.Debt) error {
		s, err := tx.Subscription(ctx, ord.Subscription)
		if err != nil {
			return err
		}
		return o.tellUnrenewed(ctx, tx, a, s)
	})
}

// tellUnrenewed tells the customer, once a day, that a renewal failed.
func (o *Office) tellUnrenewed(ctx context.Context, tx *store.Tx, a account.Account, s order.Subscription) error {
	next, err := s.Next()
	if err != nil {
		return err
	}
	return o.notify(ctx, tx, a.ID, "renewal_failed", string(s.ID)+"/"+string(order.DayOf(o.Now(), a.Location())),
		map[string]string{"product": s.Product, "amount": next.Net.String(), "until": string(s.Until)})
}

// tellSubscription writes down and tells what happened to a subscription.
func (o *Office) tellSubscription(ctx context.Context, tx *store.Tx, by access.Caller, s order.Subscription, what string) error {
	if err := o.audit(ctx, tx, by, s.Account, what, string(s.ID), map[string]any{
		"product": s.Product, "quantity": s.Quantity, "price": s.Price, "until": s.Until, "auto_renew": s.AutoRenew, "state": s.State,
	}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: s.Account, Subject: string(s.ID), Data: s})
}
