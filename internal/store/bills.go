package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
)

const billColumns = `b.id, b.account_id, b.month, b.number, b.currency, b.net, b.tax, b.amount, b.issued_at, b.due_at,
	(SELECT cast(coalesce(sum(d.amount - d.paid), 0) as bigint) FROM debts AS d WHERE d.bill_id = b.id AND d.state = 'open')`

func scanBill(r row) (billing.Bill, error) {
	var b billing.Bill
	var currency money.Currency
	err := r.Scan(&b.ID, &b.Account, &b.Month, &b.Number, &currency, &b.Net.Minor, &b.Tax.Minor, &b.Total.Minor, instant{&b.IssuedAt}, instant{&b.DueAt}, &b.Open.Minor)
	if errors.Is(err, errNoRow) {
		return b, billing.ErrBillNotFound
	}
	b.Net.Currency, b.Tax.Currency, b.Total.Currency, b.Open.Currency = currency, currency, currency, currency
	return b, err
}

// AddBill inserts a bill with its shares by product.
func (tx *Tx) AddBill(ctx context.Context, b billing.Bill) error {
	if err := tx.execOne(ctx, `
		INSERT INTO bills (id, account_id, month, number, currency, net, tax, amount, issued_at, due_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		string(b.ID), string(b.Account), string(b.Month), b.Number, string(b.Total.Currency), b.Net.Minor, b.Tax.Minor, b.Total.Minor, micros(b.IssuedAt), micros(b.DueAt)); err != nil {
		return err
	}
	return tx.addShares(ctx, "bill_lines", "bill_id", string(b.ID), b.Shares)
}

// Bill fetches a bill, without its shares and debts.
func (tx *Tx) Bill(ctx context.Context, id billing.BillID) (billing.Bill, error) {
	return scanBill(tx.queryRow(ctx, `SELECT `+billColumns+` FROM bills AS b WHERE b.id = $1`, string(id)))
}

// BillOf fetches the bill of an account's month.
func (tx *Tx) BillOf(ctx context.Context, id account.ID, m billing.Month) (billing.Bill, error) {
	return scanBill(tx.queryRow(ctx, `SELECT `+billColumns+` FROM bills AS b WHERE b.account_id = $1 AND b.month = $2`, string(id), string(m)))
}

// BillShares fetches a bill's shares by product.
func (tx *Tx) BillShares(ctx context.Context, b billing.Bill) ([]billing.Share, error) {
	return tx.shares(ctx, b.Total.Currency, `SELECT `+shareColumns+` FROM bill_lines WHERE bill_id = $1 ORDER BY product`, string(b.ID))
}

// BillDebts lists a bill's debts, oldest first.
func (tx *Tx) BillDebts(ctx context.Context, id billing.BillID) ([]billing.Debt, error) {
	return tx.debts(ctx, `SELECT `+debtColumns+` FROM debts WHERE bill_id = $1 ORDER BY id`, string(id))
}

// MonthDebts lists the debts that belong on an account's month, oldest first.
func (tx *Tx) MonthDebts(ctx context.Context, id account.ID, m billing.Month) ([]billing.Debt, error) {
	return tx.debts(ctx, `
		SELECT `+debtColumns+` FROM debts
		 WHERE account_id = $1 AND month = $2 AND kind IN ('threshold', 'remainder', 'bill')
		 ORDER BY id`, string(id), string(m))
}

// Bills lists bills, newest first, before the given one ("" from the newest): of
// one account, or of all where it is "".
func (tx *Tx) Bills(ctx context.Context, id account.ID, before billing.BillID, limit int) ([]billing.Bill, error) {
	var out []billing.Bill
	whose, args := ``, []any{string(before), int64(limit)}
	if id != "" {
		whose, args = ` AND b.account_id = $3`, append(args, string(id))
	}
	err := tx.query(ctx, `
		SELECT `+billColumns+` FROM bills AS b
		 WHERE ($1 = '' OR b.id < $1)`+whose+`
		 ORDER BY b.id DESC LIMIT $2`, args, func(r row) error {
		b, err := scanBill(r)
		out = append(out, b)
		return err
	})
	return out, err
}
