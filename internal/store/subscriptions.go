package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/order"
)

const subscriptionColumns = `id, account_id, order_id, line, product, description, quantity, currency, price, term, from_day, terms, until_day, auto_renew, state, started_at, ended_at`

func scanSubscription(r row) (order.Subscription, error) {
	var s order.Subscription
	err := r.Scan(&s.ID, &s.Account, &s.Order, &s.Line, &s.Product, &s.Description, &s.Quantity, &s.Price.Currency, &s.Price.Minor, &s.Term,
		&s.From, &s.Terms, &s.Until, flag{&s.AutoRenew}, &s.State, instant{&s.StartedAt}, instant{&s.EndedAt})
	if errors.Is(err, errNoRow) {
		return s, order.ErrSubscriptionNotFound
	}
	return s, err
}

// AddSubscription inserts a subscription.
func (tx *Tx) AddSubscription(ctx context.Context, s order.Subscription) error {
	return tx.execOne(ctx, `
		INSERT INTO subscriptions (`+subscriptionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		string(s.ID), string(s.Account), string(s.Order), int64(s.Line), s.Product, s.Description, s.Quantity, string(s.Price.Currency), s.Price.Minor,
		string(s.Term), string(s.From), int64(s.Terms), string(s.Until), bit(s.AutoRenew), string(s.State), micros(s.StartedAt), micros(s.EndedAt))
}

// SaveSubscription writes what may change of a subscription.
func (tx *Tx) SaveSubscription(ctx context.Context, s order.Subscription) error {
	return tx.execOne(ctx, `
		UPDATE subscriptions
		   SET product = $2, description = $3, quantity = $4, price = $5, terms = $6, until_day = $7, auto_renew = $8, state = $9, ended_at = $10
		 WHERE id = $1`,
		string(s.ID), s.Product, s.Description, s.Quantity, s.Price.Minor, int64(s.Terms), string(s.Until), bit(s.AutoRenew), string(s.State), micros(s.EndedAt))
}

// Subscription fetches a subscription. Who changes it locks its account.
func (tx *Tx) Subscription(ctx context.Context, id order.SubscriptionID) (order.Subscription, error) {
	return scanSubscription(tx.queryRow(ctx, `SELECT `+subscriptionColumns+` FROM subscriptions WHERE id = $1`, string(id)))
}

// Subscriptions lists an account's subscriptions, newest first, before the given
// one ("" from the newest).
func (tx *Tx) Subscriptions(ctx context.Context, id account.ID, before order.SubscriptionID, limit int) ([]order.Subscription, error) {
	return tx.subscriptions(ctx, `
		SELECT `+subscriptionColumns+` FROM subscriptions
		 WHERE account_id = $1 AND ($2 = '' OR id < $2)
		 ORDER BY id DESC LIMIT $3`, string(id), string(before), int64(limit))
}

// SubscriptionsFrom lists the subscriptions that began with an order.
func (tx *Tx) SubscriptionsFrom(ctx context.Context, id order.ID) ([]order.Subscription, error) {
	return tx.subscriptions(ctx, `SELECT `+subscriptionColumns+` FROM subscriptions WHERE order_id = $1 ORDER BY line`, string(id))
}

// ActiveSubscriptions lists active subscriptions that end before a day, the
// earliest first.
func (tx *Tx) ActiveSubscriptions(ctx context.Context, before order.Day, limit int) ([]order.Subscription, error) {
	return tx.subscriptions(ctx, `
		SELECT `+subscriptionColumns+` FROM subscriptions
		 WHERE state = 'active' AND until_day < $1
		 ORDER BY until_day LIMIT $2`, string(before), int64(limit))
}

func (tx *Tx) subscriptions(ctx context.Context, query string, args ...any) ([]order.Subscription, error) {
	var out []order.Subscription
	err := tx.query(ctx, query, args, func(r row) error {
		s, err := scanSubscription(r)
		out = append(out, s)
		return err
	})
	return out, err
}
