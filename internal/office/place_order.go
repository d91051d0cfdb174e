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
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// PlaceOrder places an order and opens its debt; nothing is charged before it is
// paid. Placing it again under its reference answers with the same order. A
// customer by themselves can renew what they have; prices are the platform's to
// name.
func (o *Office) PlaceOrder(ctx context.Context, by access.Caller, id account.ID, d order.Draft) (order.Order, error) {
	var placed order.Order
	if err := mayTouch(by, access.OrdersWrite, id); err != nil {
		return placed, err
	}
	if by.Account != "" && d.Kind != order.Renewal {
		return placed, order.ErrPricesNotYours
	}
	if d.ReturnURL != "" && !isWebAddress(d.ReturnURL) {
		return placed, ErrReturnURL
	}
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		placed, err = tx.OrderByReference(ctx, id, d.Reference)
		switch {
		case err == nil && placed.Content != d.Content():
			return order.ErrConflict
		case !errors.Is(err, order.ErrNotFound):
			return err
		}
		placed, err = o.placeOrder(ctx, tx, by, a, d, time.Time{})
		return err
	})
	return placed, err
}

// placeOrder places an order under a reference that is free. until, if it is not
// zero, makes it an automatic renewal that can be paid until then. The account is
// locked.
func (o *Office) placeOrder(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, d order.Draft, until time.Time) (order.Order, error) {
	now := o.Now()
	ord := order.Order{
		ID: order.ID(o.IDs.New("ord_")), Account: a.ID, Reference: d.Reference, Content: d.Content(), Kind: d.Kind, Subscription: d.Subscription,
		Automatic: !until.IsZero(), UseBalance: d.UseBalance, Method: d.Method, ReturnURL: d.ReturnURL, State: order.Open, PlacedAt: now,
		TopUp: d.TopUp,
	}
	why, err := o.mayOrder(ctx, tx, a, ord)
	if err != nil {
		return ord, err
	}
	if err := errors.Join(why, d.Check(a.Currency, order.DayOf(now, a.Location()))); err != nil {
		return ord, err
	}
	if a.Credit && !ord.TopUp {
		if _, err := o.mayDraw(ctx, tx, a, money.Amount{Currency: a.Currency}); err != nil { // what it comes to is held against it when it is paid
			return ord, err
		}
	}
	if err := ownsMethod(ctx, tx, a, payment.MethodID(d.Method)); err != nil {
		return ord, err
	}
	p, err := o.ruling(ctx, tx, now)
	if err != nil {
		return ord, err
	}
	ord.LapsesAt = now.Add(p.Orders.LapseAfter)
	if ord.Automatic {
		ord.LapsesAt = until
	}
	if err := o.price(ctx, tx, a, p, d, &ord); err != nil {
		return ord, err
	}
	owed := billing.Debt{
		ID: billing.DebtID(o.IDs.New("debt_")), Account: a.ID, Kind: billing.OrderDebt, Month: billing.MonthOf(now, a.Location()),
		Net: ord.Net, Paid: money.Amount{Currency: a.Currency}, State: billing.Open, OpenedAt: now,
	}
	if err := o.taxOrder(p, a, &ord, &owed); err != nil {
		return ord, err
	}
	if owed, err = tx.AddDebt(ctx, owed); err != nil {
		return ord, err
	}
	ord.Debt = string(owed.ID)
	if err := tx.AddOrder(ctx, ord); err != nil {
		return ord, err
	}
	if err := tx.Enqueue(ctx, job.Job{Kind: lapseOrder, Subject: string(ord.ID), At: ord.LapsesAt, Once: true}); err != nil {
		return ord, err
	}
	if err := o.tellDebt(ctx, tx, by, owed, "debt.opened"); err != nil {
		return ord, err
	}
	return ord, o.tellOrder(ctx, tx, by, ord, "order.placed")
}

// mayOrder says what stands against an account's ordering this. A balance below zero
// is owed, unless a credit line holds it against what is available (R-CRED-01). err is
// that it could not be read.
func (o *Office) mayOrder(ctx context.Context, tx *store.Tx, a account.Account, ord order.Order) (why, err error) {
	why = mayPlace(a, ord)
	if ord.TopUp || a.Credit {
		return why, nil
	}
	below, err := isBelow(ctx, tx, a)
	if below {
		why = errors.Join(why, order.ErrBalanceBelow)
	}
	return why, err
}

// isBelow tells whether an account's balance is below zero: money that it had spent was
// taken back.
func isBelow(ctx context.Context, tx *store.Tx, a account.Account) (bool, error) {
	held, err := tx.Balance(ctx, a.ID, ledger.CustomerBalance, a.Currency)
	return held.IsPositive(), err // a liability
}

// mayPlace returns nil if an account may order this, else every reason why not. Who
// owes may put money on their balance.
func mayPlace(a account.Account, ord order.Order) error {
	if ord.TopUp {
		a.OverdueSince = time.Time{}
	}
	return mayBuy(a)
}

// mayBuy returns nil if an account may order something, else every reason why not
// (R-PAY-05).
func mayBuy(a account.Account) error {
	var why []error
	switch a.State {
	case account.Closed:
		why = append(why, account.ErrClosed)
	case account.Silent:
		why = append(why, order.ErrAccountClosing)
	}
	if !a.OverdueSince.IsZero() {
		why = append(why, order.ErrOverdue)
	}
	return errors.Join(why...)
}

// ownsMethod refuses a method that is not the account's; "" is none.
func ownsMethod(ctx context.Context, tx *store.Tx, a account.Account, id payment.MethodID) error {
	if id == "" {
		return nil
	}
	m, err := tx.Method(ctx, id)
	if err == nil && m.Account != a.ID {
		return payment.ErrMethodNotFound
	}
	return err
}

// price works out an order's items and their sum. One for a subscription that ends
// before it would lapse lapses with it.
func (o *Office) price(ctx context.Context, tx *store.Tx, a account.Account, p policy.Policy, d order.Draft, ord *order.Order) (err error) {
	today := order.DayOf(ord.PlacedAt, a.Location())
	if d.Kind == order.Purchase {
		ord.Items, err = d.ItemsOf(today)
	} else {
		var s order.Subscription
		if s, err = o.mayExtend(ctx, tx, a, d.Subscription); err != nil {
			return err
		}
		if over := s.Until.Start(a.Location()); over.Before(ord.LapsesAt) {
			ord.LapsesAt = over
		}
		var item order.Item
		if d.Kind == order.Renewal {
			item, err = s.Next()
		} else {
			item, err = s.Change(d.Items[0], today, o.limits(p, a.Currency).Step)
		}
		ord.Items = []order.Item{item}
	}
	if err != nil {
		return err
	}
	ord.Net, err = order.Net(a.Currency, ord.Items)
	return err
}

// mayExtend fetches a subscription that may be upgraded or renewed: it is active,
// and no other order for it is pending.
func (o *Office) mayExtend(ctx context.Context, tx *store.Tx, a account.Account, id order.SubscriptionID) (order.Subscription, error) {
	s, err := tx.Subscription(ctx, id)
	switch {
	case err != nil:
		return s, err
	case s.Account != a.ID:
		return s, order.ErrSubscriptionNotFound
	case s.State != order.Active || !o.Now().Before(s.Until.Start(a.Location())):
		return s, order.ErrSubscriptionOver
	}
	switch _, err := tx.PendingOrder(ctx, id); {
	case err == nil:
		return s, order.ErrBusy
	case !errors.Is(err, order.ErrNotFound):
		return s, err
	}
	return s, nil
}

// taxOrder adds the tax, and refuses what no provider would charge at once. What is
// too little may still be paid from the customer's balance.
func (o *Office) taxOrder(p policy.Policy, a account.Account, ord *order.Order, d *billing.Debt) (err error) {
	l := o.limits(p, a.Currency)
	if d.Tax.Currency = a.Currency; !ord.TopUp {
		if d.Tax, d.TaxRule, err = tax(p, a, ord.Net, l.Step, ord.PlacedAt); err != nil {
			return err
		}
	}
	if d.Amount, err = d.Net.Add(d.Tax); err != nil {
		return err
	}
	ord.Tax, ord.Amount = d.Tax, d.Amount
	if !ord.Amount.IsPositive() {
		return order.ErrNothingDue
	}
	if ord.Amount.Minor%l.Step != 0 || l.Maximum.IsPositive() && ord.Amount.Minor > l.Maximum.Minor {
		return ErrNotChargeable
	}
	return nil
}

// changeOrder hands fn an order with its debt, their account locked.
func (o *Office) changeOrder(ctx context.Context, by access.Caller, id order.ID, fn func(*store.Tx, account.Account, order.Order, billing.Debt) error) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		ord, err := tx.Order(ctx, id)
		if err != nil {
			return err
		}
		if by.MayTouch(ord.Account) != nil {
			return order.ErrNotFound
		}
		a, err := tx.LockAccount(ctx, ord.Account)
		if err != nil {
			return err
		}
		if ord, err = tx.Order(ctx, id); err != nil {
			return err
		}
		d, err := tx.Debt(ctx, billing.DebtID(ord.Debt))
		if err != nil {
			return err
		}
		return fn(tx, a, ord, d)
	})
}

// endOrder ends an order that was not paid. What was paid of it is the customer's.
// The account is locked, and no payment of the order is under way.
func (o *Office) endOrder(ctx context.Context, tx *store.Tx, by access.Caller, ord *order.Order, d *billing.Debt, e order.Event) (err error) {
	now := o.Now()
	if ord.State, err = order.Table.Next(ord.State, e); err != nil {
		return err
	}
	if d.State, err = billing.DebtTable.Next(d.State, billing.Withdraw); err != nil {
		return err
	}
	ord.EndedAt, d.SettledAt, d.NextAttemptAt = now, now, time.Time{}
	if err := tx.SaveOrder(ctx, *ord); err != nil {
		return err
	}
	if err := tx.SaveDebt(ctx, *d); err != nil {
		return err
	}
	if d.Paid.IsPositive() {
		entry, err := ledger.ReleasedByOrder(string(d.ID), d.Account, d.Paid)
		if err != nil {
			return err
		}
		if err := o.book(ctx, tx, entry); err != nil {
			return err
		}
	}
	if err := o.tellDebt(ctx, tx, by, *d, "debt.cancelled"); err != nil {
		return err
	}
	return o.tellOrder(ctx, tx, by, *ord, "order."+string(ord.State))
}

// tellOrder writes down and tells what happened to an order.
func (o *Office) tellOrder(ctx context.Context, tx *store.Tx, by access.Caller, ord order.Order, what string) error {
	if err := o.audit(ctx, tx, by, ord.Account, what, string(ord.ID), map[string]any{
		"kind": ord.Kind, "reference": ord.Reference, "debt": ord.Debt, "amount": ord.Amount, "state": ord.State, "rule": ord.Rule,
	}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: ord.Account, Subject: string(ord.ID), Data: ord})
}

// lapsePause is how long an order whose time is over waits for what holds it open
// to be over too.
const lapsePause = 10 * time.Minute

// lapseOrderJob ends an order that was not paid in its time. One with a payment
// under way waits until that is over: what it takes is never ignored. One that is
// blocked waits as long as its payer's identity is being checked.
func (o *Office) lapseOrderJob(ctx context.Context, subject string) error {
	var wait time.Duration
	err := o.changeOrder(ctx, access.Jobs, order.ID(subject), func(tx *store.Tx, _ account.Account, ord order.Order, d billing.Debt) error {
		wait = 0
		if ord.IsOver() {
			return nil
		}
		if now := o.Now(); now.Before(ord.LapsesAt) {
			wait = ord.LapsesAt.Sub(now)
			return nil
		}
		isHeld, err := o.isHeldOpen(ctx, tx, ord)
		if err != nil || isHeld {
			wait = lapsePause
			return err
		}
		if err := o.endOrder(ctx, tx, access.Jobs, &ord, &d, order.Lapse); err != nil {
			return err
		}
		if ord.Automatic { // its subscription ends, which is told
			return nil
		}
		return o.notify(ctx, tx, ord.Account, "order_lapsed", string(ord.ID), map[string]string{"amount": ord.Amount.String()})
	})
	if err == nil && wait > 0 {
		return job.Snooze(wait)
	}
	return err
}

// isHeldOpen tells whether an order outlives its time: a payment of it is under way,
// or the identity check that it waits for.
func (o *Office) isHeldOpen(ctx context.Context, tx *store.Tx, ord order.Order) (bool, error) {
	_, err := tx.UnresolvedPayment(ctx, billing.DebtID(ord.Debt))
	switch {
	case err == nil:
		return true, nil
	case !errors.Is(err, payment.ErrPaymentNotFound):
		return false, err
	case ord.State == order.Blocked && ord.Case != "":
		return o.isBeingChecked(ctx, tx, ord.Case)
	}
	return false, nil
}

// findOrders gives orders and subscriptions whose time is over their jobs.
func (o *Office) findOrders(ctx context.Context, tx *store.Tx, watch func(job.Kind, string) error) error {
	now := o.Now()
	late, err := tx.OrdersToLapse(ctx, now, sweepMax)
	if err != nil {
		return err
	}
	for _, ord := range late {
		if err := watch(lapseOrder, string(ord.ID)); err != nil {
			return err
		}
	}
	over, err := tx.ActiveSubscriptions(ctx, order.DayOf(now, time.UTC), sweepMax)
	if err != nil {
		return err
	}
	for _, s := range over {
		if err := watch(renewSubscription, string(s.ID)); err != nil {
			return err
		}
	}
	return nil
}
