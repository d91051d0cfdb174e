package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// OrderStory is an order with what its page shows: what is left to pay, what the
// customer's balance could pay, the payments so far and what it gave.
type OrderStory struct {
	Order         order.Order
	Debt          billing.Debt
	Payments      []payment.Payment // first attempt first
	Subscriptions []order.Subscription
	Balance       money.Amount
	Spendable     money.Amount // what of the balance would pay first; zero if nothing
	Applied       money.Amount // what of it was spent on the order so far
	Challenge     bool         // 3-D Secure is always run when a card pays it
	Credit        money.Amount // what is available of the customer's credit line, which pays it; no currency: there is none
	Why           error        // what stands against paying it now; nil: nothing
}

// Order fetches an order with its story. look asks the provider first how a
// payment stands that is not over, as a page does that waits for it.
func (o *Office) Order(ctx context.Context, by access.Caller, id order.ID, look bool) (OrderStory, error) {
	s, err := o.order(ctx, by, id)
	if err != nil || !look {
		return s, err
	}
	if n := len(s.Payments); n > 0 && !s.Payments[n-1].IsOver() {
		if err := o.lookAtPayment(ctx, s.Payments[n-1].ID); err != nil {
			o.Log.WarnContext(ctx, "left to its job", "work", "look at payment", "subject", s.Payments[n-1].ID, "error", err)
		}
	}
	return o.order(ctx, by, id)
}

func (o *Office) order(ctx context.Context, by access.Caller, id order.ID) (s OrderStory, err error) {
	if err := by.May(access.OrdersRead); err != nil {
		return s, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		if s.Order, err = tx.Order(ctx, id); err != nil {
			return err
		}
		if by.MayTouch(s.Order.Account) != nil {
			return order.ErrNotFound
		}
		if s.Debt, err = tx.Debt(ctx, billing.DebtID(s.Order.Debt)); err != nil {
			return err
		}
		if s.Payments, err = tx.DebtPayments(ctx, s.Debt.ID); err != nil {
			return err
		}
		if s.Subscriptions, err = givenBy(ctx, tx, s.Order); err != nil {
			return err
		}
		s.Balance, err = tx.Balance(ctx, s.Order.Account, ledger.CustomerBalance, s.Order.Amount.Currency)
		s.Balance = s.Balance.Neg()
		if err != nil {
			return err
		}
		if s.Applied, err = tx.AppliedTo(ctx, s.Debt); err != nil {
			return err
		}
		a, err := tx.Account(ctx, s.Order.Account)
		if err != nil {
			return err
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		if s.Spendable = o.balanceShare(p, s.Balance, s.Debt); s.Spendable.IsNegative() {
			s.Spendable.Minor = 0
		}
		s.Challenge = p.Force3DS(p.Region(a.Country, a.RegisteredAt), policy.Occasion(s.Order.Kind))
		_, why, err := o.tendered(ctx, tx, s.Order)
		if why == nil && s.Order.State == order.Open {
			if why, err = o.mayOrder(ctx, tx, a, s.Order); err != nil {
				return err
			}
			if a.Credit && !s.Order.TopUp && why == nil {
				if s.Credit, why, err = o.drawable(ctx, tx, a, s.Debt.OpenAmount()); err != nil {
					return err
				}
			}
		}
		s.Why = why
		return err
	})
	if err != nil {
		return OrderStory{}, err
	}
	return s, nil
}

// givenBy lists the subscriptions that an order began, or is for.
func givenBy(ctx context.Context, tx *store.Tx, ord order.Order) ([]order.Subscription, error) {
	if ord.Subscription == "" {
		return tx.SubscriptionsFrom(ctx, ord.ID)
	}
	s, err := tx.Subscription(ctx, ord.Subscription)
	return []order.Subscription{s}, err
}

// Orders lists an account's orders, newest first.
func (o *Office) Orders(ctx context.Context, by access.Caller, id account.ID, p Page) (list []order.Order, next string, err error) {
	err = o.viewOf(ctx, by, access.OrdersRead, id, func(tx *store.Tx) error {
		list, err = tx.Orders(ctx, id, order.ID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(o order.Order) string { return string(o.ID) })
	return list, next, err
}

// Subscriptions lists an account's subscriptions, newest first.
func (o *Office) Subscriptions(ctx context.Context, by access.Caller, id account.ID, p Page) (list []order.Subscription, next string, err error) {
	err = o.viewOf(ctx, by, access.OrdersRead, id, func(tx *store.Tx) error {
		list, err = tx.Subscriptions(ctx, id, order.SubscriptionID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(s order.Subscription) string { return string(s.ID) })
	return list, next, err
}

// SubscriptionStory is a subscription with its orders.
type SubscriptionStory struct {
	Subscription order.Subscription
	Orders       []order.Order // oldest first, that with which it began among them
}

// Subscription fetches a subscription with its story.
func (o *Office) Subscription(ctx context.Context, by access.Caller, id order.SubscriptionID) (s SubscriptionStory, err error) {
	if err := by.May(access.OrdersRead); err != nil {
		return s, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		if s.Subscription, err = tx.Subscription(ctx, id); err != nil {
			return err
		}
		first, err := tx.Order(ctx, s.Subscription.Order)
		if err != nil {
			return err
		}
		later, err := tx.OrdersOf(ctx, id)
		s.Orders = append([]order.Order{first}, later...)
		return err
	})
	if err == nil && by.MayTouch(s.Subscription.Account) != nil {
		err = order.ErrSubscriptionNotFound
	}
	if err != nil {
		return SubscriptionStory{}, err
	}
	return s, nil
}
