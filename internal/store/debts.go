package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
)

const debtColumns = `id, account_id, kind, month, number, collection, bill_id, currency, net, tax, amount, tax_rule, paid, state, attempts, declined_at, next_attempt_at, opened_at, settled_at`

func scanDebt(r row) (billing.Debt, error) {
	var d billing.Debt
	var currency money.Currency
	var collection nullInt
	err := r.Scan(&d.ID, &d.Account, &d.Kind, &d.Month, &d.Number, &collection, textOf(&d.Bill), &currency, &d.Net.Minor, &d.Tax.Minor, &d.Amount.Minor,
		document{&d.TaxRule}, &d.Paid.Minor, &d.State, &d.Attempts, instant{&d.DeclinedAt}, instant{&d.NextAttemptAt}, instant{&d.OpenedAt}, instant{&d.SettledAt})
	if errors.Is(err, errNoRow) {
		return d, billing.ErrDebtNotFound
	}
	d.Collection = collection.Int64
	d.Net.Currency, d.Tax.Currency, d.Amount.Currency, d.Paid.Currency = currency, currency, currency, currency
	return d, err
}

// AddDebt inserts a debt with its shares, and gives it the next number of its
// kind and month. The account is locked.
func (tx *Tx) AddDebt(ctx context.Context, d billing.Debt) (billing.Debt, error) {
	if err := tx.queryRow(ctx, `
		SELECT count(*) + 1 FROM debts WHERE account_id = $1 AND kind = $2 AND month = $3`,
		string(d.Account), string(d.Kind), string(d.Month)).Scan(&d.Number); err != nil {
		return d, err
	}
	var collection any
	if d.Collection != 0 {
		collection = d.Collection
	}
	if err := tx.execOne(ctx, `
		INSERT INTO debts (`+debtColumns+`, billed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, (SELECT issued_at FROM bills WHERE id = $7))`,
		string(d.ID), string(d.Account), string(d.Kind), string(d.Month), d.Number, collection, orNull(d.Bill), string(d.Amount.Currency),
		d.Net.Minor, d.Tax.Minor, d.Amount.Minor, asJSON(d.TaxRule), d.Paid.Minor, string(d.State), int64(d.Attempts), micros(d.DeclinedAt),
		micros(d.NextAttemptAt), micros(d.OpenedAt), micros(d.SettledAt)); err != nil {
		return d, err
	}
	return d, tx.addShares(ctx, "debt_lines", "debt_id", string(d.ID), d.Shares)
}

// SaveDebt writes what may change of a debt.
func (tx *Tx) SaveDebt(ctx context.Context, d billing.Debt) error {
	return tx.execOne(ctx, `
		UPDATE debts
		   SET bill_id = $2, billed_at = (SELECT issued_at FROM bills WHERE bills.id = $2), paid = $3, state = $4, attempts = $5, declined_at = $6, next_attempt_at = $7, settled_at = $8
		 WHERE id = $1`,
		string(d.ID), orNull(d.Bill), d.Paid.Minor, string(d.State), int64(d.Attempts), micros(d.DeclinedAt), micros(d.NextAttemptAt), micros(d.SettledAt))
}

// Debt fetches a debt, without its shares. Who changes it locks its account.
func (tx *Tx) Debt(ctx context.Context, id billing.DebtID) (billing.Debt, error) {
	return scanDebt(tx.queryRow(ctx, `SELECT `+debtColumns+` FROM debts WHERE id = $1`, string(id)))
}

// DebtShares fetches a debt's shares by product.
func (tx *Tx) DebtShares(ctx context.Context, d billing.Debt) ([]billing.Share, error) {
	return tx.shares(ctx, d.Amount.Currency, `SELECT `+shareColumns+` FROM debt_lines WHERE debt_id = $1 ORDER BY product`, string(d.ID))
}

// Debts lists an account's debts, newest first, before the given one ("" from the
// newest).
func (tx *Tx) Debts(ctx context.Context, id account.ID, before billing.DebtID, limit int) ([]billing.Debt, error) {
	return tx.debts(ctx, `
		SELECT `+debtColumns+` FROM debts
		 WHERE account_id = $1 AND ($2 = '' OR id < $2)
		 ORDER BY id DESC LIMIT $3`, string(id), string(before), int64(limit))
}

// OpenDebts lists an account's open debts, oldest first.
func (tx *Tx) OpenDebts(ctx context.Context, id account.ID) ([]billing.Debt, error) {
	return tx.debts(ctx, `
		SELECT `+debtColumns+` FROM debts
		 WHERE account_id = $1 AND state = 'open'
		 ORDER BY id`, string(id))
}

const openThresholdDebt = `SELECT 1 FROM debts WHERE account_id = $1 AND kind = 'threshold' AND state = 'open'`

// OpenThresholdDebt tells whether a threshold debt of the account is unpaid.
func (tx *Tx) OpenThresholdDebt(ctx context.Context, id account.ID) (bool, error) {
	var one int64
	err := tx.queryRow(ctx, openThresholdDebt, string(id)).Scan(&one)
	if errors.Is(err, errNoRow) {
		return false, nil
	}
	return one == 1, err
}

// MeetReached fetches an account whose usage reaches its threshold, and tells
// whether a threshold debt of it is unpaid.
func (tx *Tx) MeetReached(ctx context.Context, id account.ID) (a account.Account, unpaid bool, err error) {
	err = tx.together(ctx,
		statement{text: accountByID, args: []any{string(id)}, scan: func(r row) (err error) {
			a, err = scanAccount(r)
			return err
		}},
		statement{text: openThresholdDebt, args: []any{string(id)}, scan: func(row) error {
			unpaid = true
			return nil
		}})
	if err == nil && a.ID == "" {
		err = account.ErrNotFound
	}
	return a, unpaid, err
}

// DebtsDue lists open debts whose next attempt is due, or that have waited since
// before stale without one.
func (tx *Tx) DebtsDue(ctx context.Context, now time.Time, limit int) ([]billing.Debt, error) {
	return tx.debts(ctx, `
		SELECT `+debtColumns+` FROM debts
		 WHERE state = 'open' AND next_attempt_at <= $1
		 ORDER BY next_attempt_at LIMIT $2`, micros(now), int64(limit))
}

func (tx *Tx) debts(ctx context.Context, query string, args ...any) ([]billing.Debt, error) {
	var out []billing.Debt
	err := tx.query(ctx, query, args, func(r row) error {
		d, err := scanDebt(r)
		out = append(out, d)
		return err
	})
	return out, err
}

const shareColumns = `product, lines, usage_micro, usage_pico, carry_in_micro, carry_in_pico, net, carry_out_micro, carry_out_pico`

func (tx *Tx) addShares(ctx context.Context, table, owner, id string, shares []billing.Share) error {
	if len(shares) == 0 {
		return nil
	}
	type share struct {
		Product  string `json:"p"`
		Lines    int64  `json:"l"`
		Usage    int64  `json:"um"`
		UsagePic int64  `json:"up"`
		In       int64  `json:"im"`
		InPico   int64  `json:"ip"`
		Net      int64  `json:"n"`
		Out      int64  `json:"om"`
		OutPico  int64  `json:"op"`
	}
	rows := make([]share, len(shares))
	for i, s := range shares {
		rows[i] = share{s.Product, s.Lines, s.Usage.Micro, s.Usage.Pico, s.CarriedIn.Micro, s.CarriedIn.Pico, s.Net.Minor, s.CarriedOut.Micro, s.CarriedOut.Pico}
	}
	return tx.change(ctx, `
		INSERT INTO `+table+` (`+owner+`, `+shareColumns+`)
		SELECT $1, value->>'p', cast(value->>'l' as bigint), cast(value->>'um' as bigint), cast(value->>'up' as bigint), cast(value->>'im' as bigint),
		       cast(value->>'ip' as bigint), cast(value->>'n' as bigint), cast(value->>'om' as bigint), cast(value->>'op' as bigint)
		  FROM json_each($2)
		 WHERE true`, id, numbered(rows))
}

func (tx *Tx) shares(ctx context.Context, c money.Currency, query string, args ...any) ([]billing.Share, error) {
	var out []billing.Share
	err := tx.query(ctx, query, args, func(r row) error {
		var s billing.Share
		var um, up, im, ip, om, op int64
		if err := r.Scan(&s.Product, &s.Lines, &um, &up, &im, &ip, &s.Net.Minor, &om, &op); err != nil {
			return err
		}
		s.Net.Currency = c
		var errs [3]error
		s.Usage, errs[0] = money.Normalize(um, up, c)
		s.CarriedIn, errs[1] = money.Normalize(im, ip, c)
		s.CarriedOut, errs[2] = money.Normalize(om, op, c)
		out = append(out, s)
		return errors.Join(errs[:]...)
	})
	return out, err
}
