package store

import (
	"context"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
)

// DebtsByID fetches debts, without their shares.
func (tx *Tx) DebtsByID(ctx context.Context, ids []billing.DebtID) (map[billing.DebtID]billing.Debt, error) {
	list, err := tx.debts(ctx, `SELECT `+debtColumns+` FROM debts WHERE id IN (SELECT key FROM json_each($1))`, keySet(ids))
	found := make(map[billing.DebtID]billing.Debt, len(list))
	for _, d := range list {
		found[d.ID] = d
	}
	return found, err
}

// OrdersOfDebts fetches the orders whose debts these are.
func (tx *Tx) OrdersOfDebts(ctx context.Context, ids []billing.DebtID) (map[billing.DebtID]order.Order, error) {
	list, err := tx.orders(ctx, `SELECT `+orderColumns+` FROM orders WHERE debt_id IN (SELECT key FROM json_each($1))`, keySet(ids))
	found := make(map[billing.DebtID]order.Order, len(list))
	for _, o := range list {
		found[billing.DebtID(o.Debt)] = o
	}
	return found, err
}

// PaymentsOfDebts lists the payments of debts, each debt's newest first, up to a
// limit over all of them.
func (tx *Tx) PaymentsOfDebts(ctx context.Context, ids []billing.DebtID, limit int) ([]payment.Payment, error) {
	return tx.payments(ctx, `
		SELECT `+paymentColumns+` FROM payments
		 WHERE debt_id IN (SELECT key FROM json_each($1))
		 ORDER BY debt_id, attempt DESC LIMIT $2`, keySet(ids), int64(limit))
}

// FirstBillDebts lists a bill's debts up to a limit, those that are open first, the
// others from the newest on, and tells how many there are.
func (tx *Tx) FirstBillDebts(ctx context.Context, id billing.BillID, limit int) (list []billing.Debt, all int, err error) {
	if list, err = tx.debts(ctx, `
		SELECT `+debtColumns+` FROM debts
		 WHERE id IN (SELECT id FROM debts WHERE bill_id = $1 ORDER BY CASE state WHEN 'open' THEN 0 ELSE 1 END, id DESC LIMIT $2)
		 ORDER BY CASE state WHEN 'open' THEN 0 ELSE 1 END, id DESC`, string(id), int64(limit)); err != nil {
		return nil, 0, err
	}
	err = tx.queryRow(ctx, `SELECT count(*) FROM debts WHERE bill_id = $1`, string(id)).Scan(&all)
	return list, all, err
}

// OldestOpenDebts lists an account's open debts, oldest first, up to a limit.
func (tx *Tx) OldestOpenDebts(ctx context.Context, id account.ID, limit int) ([]billing.Debt, error) {
	return tx.debts(ctx, `
		SELECT `+debtColumns+` FROM debts
		 WHERE account_id = $1 AND state = 'open'
		 ORDER BY id LIMIT $2`, string(id), int64(limit))
}

// OrderedSince sums before tax what an account bought and paid, by the month in
// which it was ordered, from a month on.
func (tx *Tx) OrderedSince(ctx context.Context, id account.ID, from billing.Month, cur money.Currency) (map[billing.Month]money.Amount, error) {
	sums := map[billing.Month]money.Amount{}
	err := tx.query(ctx, `
		SELECT month, cast(sum(net) as bigint)
		  FROM debts
		 WHERE account_id = $1 AND kind = 'order' AND month >= $2 AND state = 'paid' AND currency = $3
		 GROUP BY month`, []any{string(id), string(from), string(cur)}, func(r row) error {
		var m billing.Month
		sum := money.Amount{Currency: cur}
		err := r.Scan(&m, &sum.Minor)
		sums[m] = sum
		return err
	})
	return sums, err
}

// DrawnNets sums before tax what an account's bills ask for orders that were drawn on
// credit, by the bill. The orders' own debts are paid by that.
func (tx *Tx) DrawnNets(ctx context.Context, id account.ID, cur money.Currency) (map[billing.BillID]money.Amount, error) {
	sums := map[billing.BillID]money.Amount{}
	err := tx.query(ctx, `
		SELECT d.bill_id, cast(sum(d.net) as bigint)
		  FROM credit_draws AS w
		  JOIN debts AS d ON d.id = w.debt_id
		 WHERE w.account_id = $1 AND d.bill_id IS NOT NULL AND d.currency = $2
		 GROUP BY d.bill_id`, []any{string(id), string(cur)}, func(r row) error {
		var b billing.BillID
		sum := money.Amount{Currency: cur}
		err := r.Scan(&b, &sum.Minor)
		sums[b] = sum
		return err
	})
	return sums, err
}

// BillsSince lists an account's bills from a month on, the latest month first.
func (tx *Tx) BillsSince(ctx context.Context, id account.ID, from billing.Month) ([]billing.Bill, error) {
	var out []billing.Bill
	err := tx.query(ctx, `
		SELECT `+billColumns+` FROM bills AS b
		 WHERE b.account_id = $1 AND b.month >= $2
		 ORDER BY b.month DESC`, []any{string(id), string(from)}, func(r row) error {
		b, err := scanBill(r)
		out = append(out, b)
		return err
	})
	return out, err
}

// NextRenewal fetches the subscription of an account that renews itself next; it
// has no id if none does.
func (tx *Tx) NextRenewal(ctx context.Context, id account.ID) (order.Subscription, error) {
	list, err := tx.subscriptions(ctx, `
		SELECT `+subscriptionColumns+` FROM subscriptions
		 WHERE account_id = $1 AND state = 'active' AND auto_renew = 1
		 ORDER BY until_day, id LIMIT 1`, string(id))
	if err != nil || len(list) == 0 {
		return order.Subscription{}, err
	}
	return list[0], nil
}
