package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
)

const orderColumns = `id, account_id, reference, content, kind, items, subscription_id, automatic, currency, net, tax, amount, use_balance, method_id, return_url, state, debt_id, verdict, rule, case_id, placed_at, lapses_at, paid_at, ended_at, top_up`

func scanOrder(r row) (order.Order, error) {
	var o order.Order
	var currency money.Currency
	err := r.Scan(&o.ID, &o.Account, &o.Reference, &o.Content, &o.Kind, document{&o.Items}, textOf(&o.Subscription), flag{&o.Automatic}, &currency,
		&o.Net.Minor, &o.Tax.Minor, &o.Amount.Minor, flag{&o.UseBalance}, &o.Method, &o.ReturnURL, &o.State, &o.Debt, &o.Verdict, &o.Rule, &o.Case,
		instant{&o.PlacedAt}, instant{&o.LapsesAt}, instant{&o.PaidAt}, instant{&o.EndedAt}, flag{&o.TopUp})
	if errors.Is(err, errNoRow) {
		return o, order.ErrNotFound
	}
	o.Net.Currency, o.Tax.Currency, o.Amount.Currency = currency, currency, currency
	return o, err
}

// AddOrder inserts an order.
func (tx *Tx) AddOrder(ctx context.Context, o order.Order) error {
	return tx.execOne(ctx, `
		INSERT INTO orders (`+orderColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`,
		string(o.ID), string(o.Account), o.Reference, o.Content, string(o.Kind), asJSON(o.Items), orNull(o.Subscription), bit(o.Automatic),
		string(o.Amount.Currency), o.Net.Minor, o.Tax.Minor, o.Amount.Minor, bit(o.UseBalance), o.Method, o.ReturnURL, string(o.State), o.Debt,
		o.Verdict, o.Rule, o.Case, micros(o.PlacedAt), micros(o.LapsesAt), micros(o.PaidAt), micros(o.EndedAt), bit(o.TopUp))
}

// SaveOrder writes what may change of an order.
func (tx *Tx) SaveOrder(ctx context.Context, o order.Order) error {
	return tx.execOne(ctx, `
		UPDATE orders
		   SET state = $2, verdict = $3, rule = $4, case_id = $5, lapses_at = $6, paid_at = $7, ended_at = $8, items = $9
		 WHERE id = $1`,
		string(o.ID), string(o.State), o.Verdict, o.Rule, o.Case, micros(o.LapsesAt), micros(o.PaidAt), micros(o.EndedAt), asJSON(o.Items))
}

// Order fetches an order. Who changes it locks its account.
func (tx *Tx) Order(ctx context.Context, id order.ID) (order.Order, error) {
	return scanOrder(tx.queryRow(ctx, `SELECT `+orderColumns+` FROM orders WHERE id = $1`, string(id)))
}

// OrderByReference fetches the order that the platform calls so.
func (tx *Tx) OrderByReference(ctx context.Context, id account.ID, reference string) (order.Order, error) {
	return scanOrder(tx.queryRow(ctx, `SELECT `+orderColumns+` FROM orders WHERE account_id = $1 AND reference = $2`, string(id), reference))
}

// OrderOfDebt fetches the order whose debt it is.
func (tx *Tx) OrderOfDebt(ctx context.Context, id billing.DebtID) (order.Order, error) {
	return scanOrder(tx.queryRow(ctx, `SELECT `+orderColumns+` FROM orders WHERE debt_id = $1`, string(id)))
}

// Orders lists an account's orders, newest first, before the given one ("" from
// the newest).
func (tx *Tx) Orders(ctx context.Context, id account.ID, before order.ID, limit int) ([]order.Order, error) {
	return tx.orders(ctx, `
		SELECT `+orderColumns+` FROM orders
		 WHERE account_id = $1 AND ($2 = '' OR id < $2)
		 ORDER BY id DESC LIMIT $3`, string(id), string(before), int64(limit))
}

// BlockedOrders lists an account's orders that wait for an identity check, oldest
// first.
func (tx *Tx) BlockedOrders(ctx context.Context, id account.ID) ([]order.Order, error) {
	return tx.orders(ctx, `SELECT `+orderColumns+` FROM orders WHERE account_id = $1 AND state = 'blocked' ORDER BY id`, string(id))
}

// OrdersOf lists the orders that upgraded and renewed a subscription, oldest first.
func (tx *Tx) OrdersOf(ctx context.Context, id order.SubscriptionID) ([]order.Order, error) {
	return tx.orders(ctx, `SELECT `+orderColumns+` FROM orders WHERE subscription_id = $1 ORDER BY id`, string(id))
}

// PendingOrder fetches the order for a subscription that is not over; ErrNotFound
// if there is none. There is at most one, and the database says so.
func (tx *Tx) PendingOrder(ctx context.Context, id order.SubscriptionID) (order.Order, error) {
	return scanOrder(tx.queryRow(ctx, `
		SELECT `+orderColumns+` FROM orders
		 WHERE subscription_id = $1 AND state IN ('open', 'blocked')`, string(id)))
}

// OrdersToLapse lists orders that are not over and whose time is, the longest
// first.
func (tx *Tx) OrdersToLapse(ctx context.Context, now time.Time, limit int) ([]order.Order, error) {
	return tx.orders(ctx, `
		SELECT `+orderColumns+` FROM orders
		 WHERE state IN ('open', 'blocked') AND lapses_at <= $1
		 ORDER BY lapses_at LIMIT $2`, micros(now), int64(limit))
}

// CountOrders counts the orders that an account has placed since an instant.
func (tx *Tx) CountOrders(ctx context.Context, id account.ID, since time.Time) (n int, err error) {
	err = tx.queryRow(ctx, `SELECT count(*) FROM orders WHERE account_id = $1 AND placed_at > $2 AND automatic = 0`, string(id), micros(since)).Scan(&n)
	return n, err
}

func (tx *Tx) orders(ctx context.Context, query string, args ...any) ([]order.Order, error) {
	var out []order.Order
	err := tx.query(ctx, query, args, func(r row) error {
		o, err := scanOrder(r)
		out = append(out, o)
		return err
	})
	return out, err
}

// CashApplication is what was spent of a customer's balance on a debt.
type CashApplication struct {
	ID        string
	Account   account.ID
	Debt      billing.DebtID
	Amount    money.Amount
	AppliedAt time.Time
}

// AddCashApplication inserts one. It is booked in the same transaction.
func (tx *Tx) AddCashApplication(ctx context.Context, c CashApplication) error {
	return tx.execOne(ctx, `
		INSERT INTO cash_applications (id, account_id, debt_id, currency, amount, applied_at)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		c.ID, string(c.Account), string(c.Debt), string(c.Amount.Currency), c.Amount.Minor, micros(c.AppliedAt))
}

// AppliedTo sums what was spent of the customer's balance on a debt.
func (tx *Tx) AppliedTo(ctx context.Context, d billing.Debt) (money.Amount, error) {
	a := money.Amount{Currency: d.Amount.Currency}
	err := tx.queryRow(ctx, `SELECT cast(coalesce(sum(amount - undone), 0) as bigint) FROM cash_applications WHERE debt_id = $1`, string(d.ID)).Scan(&a.Minor)
	return a, err
}
