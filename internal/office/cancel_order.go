package office

import (
	"context"
	"errors"
	"slices"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// CancelOrder cancels an order. One that is not paid comes to nothing, and what
// was paid of it is the customer's. One that is paid ends what it gave, with the
// orders that extended it, and what was paid and not consumed goes back the way it
// came, by the day (R-REFUND-01); that is for the platform to say. A cancelled order is
// answered as it is.
func (o *Office) CancelOrder(ctx context.Context, by access.Caller, id order.ID) (order.Order, error) {
	var ord order.Order
	if err := by.May(access.OrdersWrite); err != nil {
		return ord, err
	}
	var c *cancellation
	err := o.changeOrder(ctx, by, id, func(tx *store.Tx, a account.Account, now order.Order, d billing.Debt) (err error) {
		c = &cancellation{o: o, tx: tx, by: by, account: a, today: order.DayOf(o.Now(), a.Location())}
		switch now.State {
		case order.Cancelled:
		case order.Paid:
			if by.Account != "" {
				return access.ErrForbidden.Detail("what is paid is cancelled by the platform")
			}
			err = c.cancelPaid(ctx, now)
		case order.Open, order.Blocked:
			err = c.cancelOpen(ctx, now, d)
		default:
			err = order.ErrNotOpen
		}
		if err == nil {
			ord, err = tx.Order(ctx, id)
		}
		return err
	})
	if err == nil {
		c.refundSoon(ctx)
	}
	return ord, err
}

// cancellation is a cancelling while it is decided.
type cancellation struct {
	o       *Office
	tx      *store.Tx
	by      access.Caller
	account account.Account
	today   order.Day
	refunds []payment.RefundID // to be asked for after the commit
}

// cancelOpen ends an order that is not paid. Who does not want an automatic
// renewal does not want the next one either.
func (c *cancellation) cancelOpen(ctx context.Context, ord order.Order, d billing.Debt) error {
	switch _, err := c.tx.UnresolvedPayment(ctx, d.ID); {
	case err == nil:
		return payment.ErrUnresolved
	case !errors.Is(err, payment.ErrPaymentNotFound):
		return err
	}
	if err := c.o.endOrder(ctx, c.tx, c.by, &ord, &d, order.Cancel); err != nil || !ord.Automatic {
		return err
	}
	s, err := c.tx.Subscription(ctx, ord.Subscription)
	if err != nil {
		return err
	}
	s.AutoRenew = false
	if err := c.tx.SaveSubscription(ctx, s); err != nil {
		return err
	}
	return c.o.tellSubscription(ctx, c.tx, c.by, s, "subscription.changed")
}

// cancelPaid cancels a purchase with everything that came of it, or the renewal
// that was paid last.
func (c *cancellation) cancelPaid(ctx context.Context, ord order.Order) error {
	switch {
	case ord.TopUp:
		return order.ErrNotCancellable.Detail("what was put on the balance is given back by a refund of its payment")
	case ord.Kind == order.Upgrade:
		return order.ErrNotCancellable
	case ord.Kind == order.Renewal:
		return c.cancelRenewal(ctx, ord)
	}
	begun, err := c.tx.SubscriptionsFrom(ctx, ord.ID)
	if err != nil {
		return err
	}
	for _, s := range begun {
		extended, err := c.tx.OrdersOf(ctx, s.ID)
		if err != nil {
			return err
		}
		slices.Reverse(extended)
		for _, e := range extended {
			if err := c.cancelOne(ctx, e); err != nil {
				return err
			}
		}
		if s.State == order.Active {
			if err := c.endSubscription(ctx, s); err != nil {
				return err
			}
		}
	}
	return c.cancelOne(ctx, ord)
}

// cancelRenewal takes a subscription's last term away, if nothing was ordered for
// it since.
func (c *cancellation) cancelRenewal(ctx context.Context, ord order.Order) error {
	s, err := c.tx.Subscription(ctx, ord.Subscription)
	if err != nil {
		return err
	}
	of, err := c.tx.OrdersOf(ctx, s.ID)
	if err != nil {
		return err
	}
	of = slices.DeleteFunc(of, func(o order.Order) bool { return o.State != order.Paid && o.IsOver() })
	if s.State != order.Active || of[len(of)-1].ID != ord.ID {
		return order.ErrNotCancellable
	}
	if err := c.cancelOne(ctx, ord); err != nil {
		return err
	}
	s.AutoRenew = false
	if ord.Items[0].From <= c.today {
		return c.endSubscription(ctx, s)
	}
	s.Terms--
	s.Until = ord.Items[0].From
	if err := c.tx.SaveSubscription(ctx, s); err != nil {
		return err
	}
	if err := c.o.tellSubscription(ctx, c.tx, c.by, s, "subscription.changed"); err != nil {
		return err
	}
	return c.o.planRenewal(ctx, c.tx, c.account, s)
}

func (c *cancellation) endSubscription(ctx context.Context, s order.Subscription) (err error) {
	if s.State, err = order.SubscriptionTable.Next(s.State, order.EndSooner); err != nil {
		return err
	}
	s.AutoRenew, s.EndedAt = false, c.o.Now()
	if err := c.tx.SaveSubscription(ctx, s); err != nil {
		return err
	}
	return c.o.tellSubscription(ctx, c.tx, c.by, s, "subscription.cancelled")
}

// cancelOne cancels one order and gives back what was not consumed of it. Today is
// consumed.
func (c *cancellation) cancelOne(ctx context.Context, ord order.Order) error {
	d, err := c.tx.Debt(ctx, billing.DebtID(ord.Debt))
	if err != nil {
		return err
	}
	if !ord.IsOver() {
		return c.cancelOpen(ctx, ord, d)
	}
	if ord.State != order.Paid {
		return nil
	}
	rules, err := c.o.ruling(ctx, c.tx, c.o.Now())
	if err != nil {
		return err
	}
	back, err := ord.Unconsumed(c.today.Add(1), c.o.limits(rules, d.Amount.Currency).Step)
	if err != nil {
		return err
	}
	if ord.State, err = order.Table.Next(ord.State, order.Cancel); err != nil {
		return err
	}
	ord.EndedAt = c.o.Now()
	if err := c.tx.SaveOrder(ctx, ord); err != nil {
		return err
	}
	if err := c.o.tellOrder(ctx, c.tx, c.by, ord, "order.cancelled"); err != nil {
		return err
	}
	earned, given, err := c.earnings(ctx, d)
	if err != nil {
		return err
	}
	if given, err = c.givenOfDraw(ctx, d, given); err != nil {
		return err
	}
	// What was given back before is no longer paid, whatever it was given back for.
	back.Minor = max(0, back.Minor-given.Minor)
	if err := c.o.notify(ctx, c.tx, ord.Account, "order_cancelled", string(ord.ID), map[string]string{"amount": back.String()}); err != nil {
		return err
	}
	return c.giveBack(ctx, ord, d, back, earned)
}

// earning is what is left of a payment as revenue and tax of its order. What it took
// beyond that is on the customer's balance.
type earning struct {
	payment payment.Payment
	left    money.Amount
}

// earnings are an order's payments that took money for it, the last one first, and
// what was given back of them so far, or is on its way.
func (c *cancellation) earnings(ctx context.Context, d billing.Debt) (list []earning, given money.Amount, err error) {
	given.Currency = d.Amount.Currency
	paid, err := c.tx.DebtPayments(ctx, d.ID)
	if err != nil {
		return nil, given, err
	}
	slices.Reverse(paid)
	for _, p := range paid {
		if p.State != payment.Succeeded {
			continue
		}
		from, err := refundSource(ctx, c.tx, p, d)
		if err != nil {
			return nil, given, err
		}
		before, err := c.tx.RefundsOf(ctx, p.ID)
		if err != nil {
			return nil, given, err
		}
		e := earning{p, from.Revenue}
		for _, r := range before {
			if r.State != payment.RefundFailed {
				e.left.Minor -= r.Credited().Minor
				given.Minor += r.Credited().Minor
			}
		}
		list = append(list, e)
	}
	return list, given, nil
}

// givenOfDraw adds to what was given back of an order's debt what was of the bill on
// which a credit line's part of it is owed.
func (c *cancellation) givenOfDraw(ctx context.Context, d billing.Debt, given money.Amount) (money.Amount, error) {
	w, err := c.tx.DrawnFor(ctx, d)
	if err != nil || w.Debt == "" {
		return given, err
	}
	owed, err := c.tx.Debt(ctx, w.Debt)
	if err != nil {
		return given, err
	}
	_, more, err := c.earnings(ctx, owed)
	if err != nil {
		return given, err
	}
	return given.Add(more)
}

// giveBack gives an amount of a paid order back the way it came: by its payments,
// and to the customer's balance what had come from there.
func (c *cancellation) giveBack(ctx context.Context, ord order.Order, d billing.Debt, back money.Amount, earned []earning) error {
	for _, e := range earned {
		part := money.Amount{Minor: min(back.Minor, e.left.Minor), Currency: back.Currency}
		if !part.IsPositive() {
			continue
		}
		r, err := c.o.openRefund(ctx, c.tx, c.by, c.account, e.payment, part, "order_cancelled")
		if err != nil {
			return err
		}
		c.refunds = append(c.refunds, r.ID)
		if back, err = back.Sub(part); err != nil {
			return err
		}
	}
	spent, err := c.tx.AppliedTo(ctx, d)
	if err != nil {
		return err
	}
	drawn, err := c.tx.DrawnFor(ctx, d)
	if err != nil {
		return err
	}
	if back.Minor = min(back.Minor, spent.Minor+drawn.Amount.Minor); !back.IsPositive() {
		return nil
	}
	note, err := c.o.issueCreditNote(ctx, c.tx, d, string(ord.ID), back)
	if err != nil {
		return err
	}
	entry, err := ledger.CreditedByOrder(string(ord.ID), d.Account, note.Net, note.Tax)
	if err != nil {
		return err
	}
	if err := c.o.book(ctx, c.tx, entry); err != nil {
		return err
	}
	return c.o.applyCash(ctx, c.tx, c.by, []account.Account{c.account})
}

func (c *cancellation) refundSoon(ctx context.Context) {
	for _, id := range c.refunds {
		c.o.refundSoon(ctx, id)
	}
}
