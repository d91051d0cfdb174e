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

const creditColumns = `id, account_id, kind, currency, amount, terms, reason, state, proposed_by, proposed_at, decided_by, decided_at, note, ended_at`

func scanCreditLine(r row) (account.CreditLine, error) {
	var l account.CreditLine
	var terms string
	err := r.Scan(&l.ID, &l.Account, &l.Kind, &l.Limit.Currency, &l.Limit.Minor, &terms, &l.Reason, &l.State, &l.ProposedBy, instant{&l.ProposedAt},
		&l.DecidedBy, instant{&l.DecidedAt}, &l.Note, instant{&l.EndedAt})
	switch {
	case errors.Is(err, errNoRow):
		return l, account.ErrCreditNotFound
	case err != nil || terms == "":
		return l, err
	}
	l.Terms, err = account.ParseTerms(terms)
	return l, err
}

// AddCreditLine inserts a proposal, and answers false if another one of the account
// waits for a decision.
func (tx *Tx) AddCreditLine(ctx context.Context, l account.CreditLine) (bool, error) {
	terms := ""
	if l.Kind != account.CloseCredit {
		terms = l.Terms.String()
	}
	n, err := tx.exec(ctx, `
		INSERT INTO credit_lines (`+creditColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT DO NOTHING`,
		string(l.ID), string(l.Account), string(l.Kind), string(l.Limit.Currency), l.Limit.Minor, terms, l.Reason, string(l.State), l.ProposedBy, micros(l.ProposedAt),
		l.DecidedBy, micros(l.DecidedAt), l.Note, micros(l.EndedAt))
	return n == 1, err
}

// SaveCreditLine writes what was decided. That nobody decides on their own proposal is
// the database's to say too.
func (tx *Tx) SaveCreditLine(ctx context.Context, l account.CreditLine) error {
	return tx.execOne(ctx, `
		UPDATE credit_lines SET state = $2, decided_by = $3, decided_at = $4, note = $5, ended_at = $6 WHERE id = $1`,
		string(l.ID), string(l.State), l.DecidedBy, micros(l.DecidedAt), l.Note, micros(l.EndedAt))
}

// CreditLine fetches a credit line. Who changes it locks its account.
func (tx *Tx) CreditLine(ctx context.Context, id account.CreditLineID) (account.CreditLine, error) {
	return scanCreditLine(tx.queryRow(ctx, `SELECT `+creditColumns+` FROM credit_lines WHERE id = $1`, string(id)))
}

// ActiveCreditLine fetches the credit line that an account has; ErrNoCredit if it has
// none.
func (tx *Tx) ActiveCreditLine(ctx context.Context, id account.ID) (account.CreditLine, error) {
	l, err := scanCreditLine(tx.queryRow(ctx, `SELECT `+creditColumns+` FROM credit_lines WHERE account_id = $1 AND state = 'active'`, string(id)))
	if errors.Is(err, account.ErrCreditNotFound) {
		return l, account.ErrNoCredit
	}
	return l, err
}

func (tx *Tx) creditLines(ctx context.Context, query string, args ...any) ([]account.CreditLine, error) {
	var out []account.CreditLine
	err := tx.query(ctx, query, args, func(r row) error {
		l, err := scanCreditLine(r)
		out = append(out, l)
		return err
	})
	return out, err
}

// creditLinesMax bounds an account's history that is read at once.
const creditLinesMax = 500

// CreditLines lists all that was proposed for an account, newest first.
func (tx *Tx) CreditLines(ctx context.Context, id account.ID) ([]account.CreditLine, error) {
	return tx.creditLines(ctx, `SELECT `+creditColumns+` FROM credit_lines WHERE account_id = $1 ORDER BY id DESC LIMIT $2`, string(id), int64(creditLinesMax))
}

// CreditProposals lists what waits for a decision, oldest first, after the given one.
func (tx *Tx) CreditProposals(ctx context.Context, after account.CreditLineID, limit int) ([]account.CreditLine, error) {
	return tx.creditLines(ctx, `
		SELECT `+creditColumns+` FROM credit_lines
		 WHERE state = 'proposed' AND id > $1
		 ORDER BY id LIMIT $2`, string(after), int64(limit))
}

// ActiveCreditLines lists the credit lines of all accounts after the given one, in
// the order of the accounts.
func (tx *Tx) ActiveCreditLines(ctx context.Context, after account.ID, limit int) ([]account.CreditLine, error) {
	return tx.creditLines(ctx, `
		SELECT `+creditColumns+` FROM credit_lines
		 WHERE state = 'active' AND account_id > $1
		 ORDER BY account_id LIMIT $2`, string(after), int64(limit))
}

// CreditAlert fetches the lowest level of available credit that a customer was told
// of; 0 none.
func (tx *Tx) CreditAlert(ctx context.Context, id account.ID) (level int, err error) {
	err = tx.queryRow(ctx, `SELECT level FROM credit_alerts WHERE account_id = $1`, string(id)).Scan(&level)
	if errors.Is(err, errNoRow) {
		return 0, nil
	}
	return level, err
}

// SetCreditAlert keeps it.
func (tx *Tx) SetCreditAlert(ctx context.Context, id account.ID, level int, at time.Time) error {
	return tx.change(ctx, `
		INSERT INTO credit_alerts (account_id, level, at) VALUES ($1, $2, $3)
		ON CONFLICT (account_id) DO UPDATE SET level = excluded.level, at = excluded.at`, string(id), int64(level), micros(at))
}

// CreditDraw is an order that a credit line paid, and the debt that came of it.
type CreditDraw struct {
	Debt      billing.DebtID // on the month's bill
	OrderDebt billing.DebtID
	Order     order.ID
	Account   account.ID
	Amount    money.Amount
	DrawnAt   time.Time
}

// AddCreditDraw inserts one. It is booked in the same transaction.
func (tx *Tx) AddCreditDraw(ctx context.Context, d CreditDraw) error {
	return tx.execOne(ctx, `
		INSERT INTO credit_draws (`+drawColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		string(d.Debt), string(d.OrderDebt), string(d.Order), string(d.Account), string(d.Amount.Currency), d.Amount.Minor, micros(d.DrawnAt))
}

const drawColumns = `debt_id, order_debt_id, order_id, account_id, currency, amount, drawn_at`

func scanDraw(r row) (d CreditDraw, err error) {
	err = r.Scan(&d.Debt, &d.OrderDebt, &d.Order, &d.Account, &d.Amount.Currency, &d.Amount.Minor, instant{&d.DrawnAt})
	return d, err
}

// DrawnFor is what a credit line paid of an order's debt; nothing if it paid nothing.
func (tx *Tx) DrawnFor(ctx context.Context, d billing.Debt) (CreditDraw, error) {
	w, err := scanDraw(tx.queryRow(ctx, `SELECT `+drawColumns+` FROM credit_draws WHERE order_debt_id = $1`, string(d.ID)))
	if errors.Is(err, errNoRow) {
		return CreditDraw{Amount: money.Amount{Currency: d.Amount.Currency}}, nil
	}
	return w, err
}

// HasDrawn tells whether an account has drawn on a credit line before.
func (tx *Tx) HasDrawn(ctx context.Context, id account.ID) (drawn bool, err error) {
	err = tx.queryRow(ctx, `SELECT CASE WHEN EXISTS (SELECT 1 FROM credit_draws WHERE account_id = $1) THEN 1 ELSE 0 END`, string(id)).Scan(flag{&drawn})
	return drawn, err
}

// DrawsOf lists what of debts was drawn for orders, by the debt: what a bill says of
// such a debt is its order.
func (tx *Tx) DrawsOf(ctx context.Context, debts []billing.DebtID) (map[billing.DebtID]CreditDraw, error) {
	out := map[billing.DebtID]CreditDraw{}
	err := tx.query(ctx, `
		SELECT `+drawColumns+`
		  FROM credit_draws
		 WHERE debt_id IN (SELECT key FROM json_each($1))`, []any{keySet(debts)}, func(r row) error {
		d, err := scanDraw(r)
		out[d.Debt] = d
		return err
	})
	return out, err
}
