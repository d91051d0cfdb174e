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

// PayChoice says how an order is to be paid. What is left at its zero value is as
// the order says.
type PayChoice struct {
	Method     payment.MethodID // "" the order's, or else the preferred one
	UseBalance *bool
	ReturnURL  string            // where the payer goes on after a challenge
	Initiator  payment.Initiator // "" the customer
}

// OrderPayment is an order after it was to be paid, with the payment that pays it
// or is under way; none if the customer's balance paid all of it, or nothing does.
type OrderPayment struct {
	Order   order.Order
	Payment payment.Payment
}

// PayOrder pays an order now. However often and from wherever it is called, one
// payment comes of it: a caller who comes second is given the one that is under
// way, beside the fault that says so, and an order that is paid is answered as it
// is. While an answer is lost nothing else is tried (R-DUN-08).
func (o *Office) PayOrder(ctx context.Context, by access.Caller, id order.ID, c PayChoice) (OrderPayment, error) {
	var p OrderPayment
	if err := by.May(access.OrdersWrite); err != nil {
		return p, err
	}
	if c.ReturnURL != "" && !isWebAddress(c.ReturnURL) {
		return p, ErrReturnURL
	}
	return o.payPlaced(ctx, by, id, c)
}

// payPlaced is PayOrder for a caller who may.
func (o *Office) payPlaced(ctx context.Context, by access.Caller, id order.ID, c PayChoice) (OrderPayment, error) {
	var p OrderPayment
	// Decide, and remember what we are about to ask. What risk has stopped is
	// remembered too.
	var isNew bool
	var why error
	err := o.changeOrder(ctx, by, id, func(tx *store.Tx, a account.Account, ord order.Order, d billing.Debt) (err error) {
		isNew, why = false, nil
		p, why, err = o.tendered(ctx, tx, ord)
		if err != nil || why != nil || p.Order.State == order.Paid {
			return err
		}
		p, why, err = o.payOrder(ctx, tx, by, a, ord, d, c)
		isNew = err == nil && p.Payment.ID != ""
		return err
	})
	if err = errors.Join(err, why); err != nil || !isNew {
		return p, err
	}

	// Ask the world, and record the answer.
	if err := o.askForPayment(ctx, p.Payment.ID, o.returnFrom(p.Order, c)); err != nil {
		o.Log.WarnContext(ctx, "left to its job", "work", "ask for payment", "subject", p.Payment.ID, "error", err)
	}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		if p.Payment, err = tx.Payment(ctx, p.Payment.ID); err != nil {
			return err
		}
		p.Order, err = tx.Order(ctx, id)
		return err
	})
	return p, err
}

// tendered answers with what is there already: a payment that is under way, which
// stands against another one, or the one that has paid the order.
func (o *Office) tendered(ctx context.Context, tx *store.Tx, ord order.Order) (p OrderPayment, why, err error) {
	p.Order = ord
	tries, err := tx.DebtPayments(ctx, billing.DebtID(ord.Debt))
	for _, t := range tries {
		if !t.IsOver() || ord.State == order.Paid && t.State == payment.Succeeded {
			p.Payment = t
		}
	}
	switch {
	case err != nil:
		return p, nil, err
	case p.Payment.ID != "" && !p.Payment.IsOver():
		return p, payment.ErrUnresolved.Detail("the payment %s of this order is not over", p.Payment.ID), nil
	case ord.State == order.Paid:
		return p, nil, nil
	}
	return p, ord.MayPay(o.Now()), nil
}

// payOrder spends the customer's balance, if it is to be, and opens a payment of
// the rest. why is what stands against it and is kept all the same. The account is
// locked, and no payment of the order is under way.
func (o *Office) payOrder(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, ord order.Order, d billing.Debt, c PayChoice) (p OrderPayment, why, err error) {
	p.Order = ord
	if against, err := o.mayOrder(ctx, tx, a, ord); err != nil || against != nil {
		return p, nil, errors.Join(err, against)
	}
	if a.Credit && !ord.TopUp {
		if _, err := o.mayDraw(ctx, tx, a, d.OpenAmount()); err != nil { // risk is asked about what could be done
			return p, nil, err
		}
		if why, err = o.judgeDraw(ctx, tx, by, a, &p.Order, &d); err != nil || why != nil {
			return p, why, err
		}
		if err := o.drawOnCredit(ctx, tx, by, a, p.Order, d); err != nil {
			return p, nil, err
		}
		p.Order, err = tx.Order(ctx, ord.ID)
		return p, nil, err
	}
	rules, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return p, nil, err
	}
	use := ord.UseBalance
	if c.UseBalance != nil && !ord.TopUp {
		use = *c.UseBalance
	}
	if use {
		if err := o.spendBalance(ctx, tx, rules, &d); err != nil {
			return p, nil, err
		}
		if d.State == billing.Paid {
			if err := o.debtPaid(ctx, tx, a, d); err != nil {
				return p, nil, err
			}
			p.Order, err = tx.Order(ctx, ord.ID)
			return p, nil, err
		}
	}
	charge := Charge{Method: c.Method, Initiator: c.Initiator, Reason: payment.OrderPlaced}
	if charge.Method == "" {
		charge.Method = payment.MethodID(ord.Method)
	}
	if charge.Initiator == payment.MIT {
		charge.Reason = payment.Renewal
	} else {
		charge.Initiator = payment.CIT
	}
	m, err := o.methodToCharge(ctx, tx, a, d, charge)
	if err != nil {
		return p, nil, err
	}
	charge.Method = m.ID
	if charge.Force3DS, why, err = o.judgeOrder(ctx, tx, by, a, rules, &p.Order, &d, m, charge.Initiator); err != nil || why != nil {
		return p, why, err
	}
	p.Payment, err = o.openPayment(ctx, tx, by, a, d, charge)
	return p, nil, err
}

// returnFrom is where the payer goes on after a challenge.
func (o *Office) returnFrom(ord order.Order, c PayChoice) string {
	for _, page := range []string{c.ReturnURL, ord.ReturnURL} {
		if page != "" {
			return page
		}
	}
	return o.ConsoleURL + "/checkout/" + string(ord.ID)
}

// spendBalance spends what is held for the customer on a debt, as much as it can
// without leaving less than a provider charges. The account is locked, and no
// payment of the debt is under way.
func (o *Office) spendBalance(ctx context.Context, tx *store.Tx, p policy.Policy, d *billing.Debt) error {
	held, err := tx.Balance(ctx, d.Account, ledger.CustomerBalance, d.Amount.Currency)
	if err != nil {
		return err
	}
	use := o.balanceShare(p, held.Neg(), *d)
	if !use.IsPositive() {
		return nil
	}
	now := o.Now()
	spent := store.CashApplication{ID: o.IDs.New("app_"), Account: d.Account, Debt: d.ID, Amount: use, AppliedAt: now}
	if err := tx.AddCashApplication(ctx, spent); err != nil {
		return err
	}
	entry, err := ledger.AppliedToOrder(spent.ID, d.Account, use)
	if err != nil {
		return err
	}
	if err := o.book(ctx, tx, entry); err != nil {
		return err
	}
	if d.Paid, err = d.Paid.Add(use); err != nil {
		return err
	}
	if d.OpenAmount().IsZero() {
		if d.State, err = billing.DebtTable.Next(d.State, billing.Settle); err != nil {
			return err
		}
		d.SettledAt, d.NextAttemptAt = now, time.Time{}
	}
	return tx.SaveDebt(ctx, *d)
}

// balanceShare is what of a balance would be spent on a debt; zero or less is
// nothing.
func (o *Office) balanceShare(p policy.Policy, held money.Amount, d billing.Debt) money.Amount {
	use := money.Amount{Minor: min(held.Minor, d.OpenAmount().Minor), Currency: d.Amount.Currency}
	if rest := d.OpenAmount().Minor - use.Minor; rest > 0 {
		l := o.limits(p, d.Amount.Currency)
		rest = max(rest, l.Minimum.Minor)
		rest += (l.Step - rest%l.Step) % l.Step
		use.Minor = d.OpenAmount().Minor - rest
	}
	return use
}

// orderPaid gives what an order has paid for, now that its money is certain
// (R-PAY-01). The account is locked, and the debt is paid.
func (o *Office) orderPaid(ctx context.Context, tx *store.Tx, a account.Account, d billing.Debt) error {
	ord, err := tx.OrderOfDebt(ctx, d.ID)
	if err != nil {
		return err
	}
	if ord.State, err = order.Table.Next(ord.State, order.Settle); err != nil {
		return err
	}
	ord.PaidAt = o.Now()
	ord.Items = ord.ItemsFrom(order.DayOf(ord.PaidAt, a.Location()))
	if err := tx.SaveOrder(ctx, ord); err != nil {
		return err
	}
	entry, err := ledger.EarnedByOrder(string(d.ID), d.Account, d.Net, d.Tax)
	if ord.TopUp {
		entry, err = ledger.ToppedUpBy(string(d.ID), d.Account, d.Amount)
	}
	if err != nil {
		return err
	}
	if err := o.book(ctx, tx, entry); err != nil {
		return err
	}
	if err := o.tellOrder(ctx, tx, access.Jobs, ord, "order.paid"); err != nil {
		return err
	}
	if ord.TopUp {
		return o.toppedUp(ctx, tx, a, ord)
	}
	if err := o.notify(ctx, tx, a.ID, "order_paid", string(ord.ID), map[string]string{"amount": ord.Amount.String()}); err != nil {
		return err
	}
	if ord.Kind == order.Purchase {
		return o.beginSubscriptions(ctx, tx, a, ord)
	}
	return o.extendSubscription(ctx, tx, a, ord)
}

// beginSubscriptions begins one for each item that has a term.
func (o *Office) beginSubscriptions(ctx context.Context, tx *store.Tx, a account.Account, ord order.Order) error {
	for n, i := range ord.Items {
		if i.Term == "" {
			continue
		}
		s := ord.Begin(order.SubscriptionID(o.IDs.New("sub_")), n+1, ord.PaidAt)
		if err := tx.AddSubscription(ctx, s); err != nil {
			return err
		}
		if err := o.tellSubscription(ctx, tx, access.Jobs, s, "subscription.started"); err != nil {
			return err
		}
		if err := o.planRenewal(ctx, tx, a, s); err != nil {
			return err
		}
	}
	return nil
}

// extendSubscription upgrades or renews the subscription of a paid order.
func (o *Office) extendSubscription(ctx context.Context, tx *store.Tx, a account.Account, ord order.Order) error {
	s, err := tx.Subscription(ctx, ord.Subscription)
	if err != nil {
		return err
	}
	what, i := "subscription.renewed", ord.Items[0]
	if ord.Kind == order.Upgrade {
		what = "subscription.upgraded"
		s.Product, s.Description, s.Quantity, s.Price = i.Product, i.Description, i.Quantity, i.Price
	} else {
		s.Terms++
		s.Until = i.Until
	}
	if err := tx.SaveSubscription(ctx, s); err != nil {
		return err
	}
	if err := o.tellSubscription(ctx, tx, access.Jobs, s, what); err != nil {
		return err
	}
	return o.planRenewal(ctx, tx, a, s)
}

// settleOrder puts to its order what a payment took. Money that may not pay the
// order is the customer's.
func (s *paymentSettlement) settleOrder(ctx context.Context, isAuthenticated bool) error {
	ord, err := s.tx.OrderOfDebt(ctx, s.debt.ID)
	if err != nil {
		return err
	}
	isOver := ord.IsOver()
	if ord.Subscription != "" && !isOver {
		sub, err := s.tx.Subscription(ctx, ord.Subscription)
		if err != nil {
			return err
		}
		isOver = sub.State != order.Active
	}
	isLate := !s.now.Before(ord.LapsesAt) && s.policy.Orders.LatePayment == policy.RefundLate
	isAccepted := isAuthenticated || !s.payment.Force3DS
	if isAccepted && !isOver && !isLate {
		return s.spend(ctx)
	}
	if err := s.book(ctx, ledger.Surplus, s.payment.Amount); err != nil {
		return err
	}
	why := reasonNot3DS
	if isOver || isLate {
		why = reasonOrderOver
	}
	if !ord.IsOver() && why == reasonOrderOver {
		if err := s.o.endOrder(ctx, s.tx, access.Jobs, &ord, &s.debt, order.Lapse); err != nil {
			return err
		}
	}
	return s.sendBack(ctx, why)
}

// Why what a payment took for an order is given back.
const (
	reasonNot3DS    = "not_authenticated" // a challenge was demanded, and none was run
	reasonOrderOver = "order_over"
)

// sendBack gives the payment back the way it came. Where that is refused, it stays
// on the customer's balance.
func (s *paymentSettlement) sendBack(ctx context.Context, why string) error {
	r, err := s.o.openRefund(ctx, s.tx, access.Jobs, s.account, s.payment, s.payment.Amount, why)
	if err != nil {
		if !isExpected(err) {
			return err
		}
		s.o.Log.WarnContext(ctx, "a payment stays on the balance", "subject", s.payment.ID, "error", err)
		return nil
	}
	s.after = append(s.after, func() { s.o.refundSoon(ctx, r.ID) })
	return nil
}

// unblockOrders lets an account's orders go on that waited for an identity check.
// The account is locked.
func (o *Office) unblockOrders(ctx context.Context, tx *store.Tx, by access.Caller, id account.ID) error {
	blocked, err := tx.BlockedOrders(ctx, id)
	if err != nil {
		return err
	}
	rules, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return err
	}
	for _, ord := range blocked {
		if ord.State, err = order.Table.Next(ord.State, order.Unblock); err != nil {
			return err
		}
		if err := o.giveTime(ctx, tx, &ord, o.Now().Add(rules.Orders.LapseAfter)); err != nil {
			return err
		}
		if err := tx.SaveOrder(ctx, ord); err != nil {
			return err
		}
		if err := o.tellOrder(ctx, tx, by, ord, "order.unblocked"); err != nil {
			return err
		}
	}
	return nil
}

// giveTime lets an order be paid until an instant, if that is later, but not beyond
// the end of the subscription that it is for.
func (o *Office) giveTime(ctx context.Context, tx *store.Tx, ord *order.Order, until time.Time) error {
	if ord.Subscription != "" {
		s, err := tx.Subscription(ctx, ord.Subscription)
		if err != nil {
			return err
		}
		a, err := tx.Account(ctx, ord.Account)
		if err != nil {
			return err
		}
		if end := s.Until.Start(a.Location()); end.Before(until) {
			until = end
		}
	}
	if !until.After(ord.LapsesAt) {
		return nil
	}
	ord.LapsesAt = until
	return tx.Enqueue(ctx, job.Job{Kind: lapseOrder, Subject: string(ord.ID), At: until, Once: true})
}
