package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

const refundColumns = `id, payment_id, account_id, number, key, provider, charge_ref, provider_ref, currency, amount, from_balance, reason, asked_by, state, outcome, credit_note, asked, opened_at, settled_at, returned_at`

// liveRefund is what refunds_live says.
const liveRefund = `state IN ('opening', 'pending', 'unknown')`

func scanRefund(r row) (payment.Refund, error) {
	var f payment.Refund
	err := r.Scan(&f.ID, &f.Payment, &f.Account, &f.Number, &f.Key, &f.Provider, &f.ChargeRef, textOf(&f.Ref), &f.Amount.Currency, &f.Amount.Minor, &f.FromBalance.Minor,
		&f.Reason, &f.By, &f.State, &f.Outcome, &f.CreditNote, &f.Asked, instant{&f.OpenedAt}, instant{&f.SettledAt}, instant{&f.ReturnedAt})
	if errors.Is(err, errNoRow) {
		return f, payment.ErrRefundNotFound
	}
	f.FromBalance.Currency = f.Amount.Currency
	return f, err
}

// AddRefund inserts a refund and sets its amount apart from what the payment can
// still give back. It answers false, and does neither, if so much is not left. The
// account is locked.
func (tx *Tx) AddRefund(ctx context.Context, f payment.Refund) (bool, error) {
	n, err := tx.exec(ctx, `
		UPDATE payments SET refunded = refunded + $2
		 WHERE id = $1 AND state = 'succeeded' AND amount - refunded >= $2`, string(f.Payment), f.Amount.Minor)
	if err != nil || n != 1 {
		return false, err
	}
	return true, tx.execOne(ctx, `
		INSERT INTO refunds (`+refundColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		string(f.ID), string(f.Payment), string(f.Account), int64(f.Number), f.Key, f.Provider, f.ChargeRef, orNull(f.Ref), string(f.Amount.Currency), f.Amount.Minor,
		f.FromBalance.Minor, f.Reason, f.By, string(f.State), f.Outcome, f.CreditNote, int64(f.Asked), micros(f.OpenedAt), micros(f.SettledAt), micros(f.ReturnedAt))
}

// SaveRefund writes what may change of a refund.
func (tx *Tx) SaveRefund(ctx context.Context, f payment.Refund) error {
	return tx.execOne(ctx, `
		UPDATE refunds
		   SET provider_ref = $2, state = $3, outcome = $4, credit_note = $5, asked = $6, settled_at = $7, returned_at = $8
		 WHERE id = $1`,
		string(f.ID), orNull(f.Ref), string(f.State), f.Outcome, f.CreditNote, int64(f.Asked), micros(f.SettledAt), micros(f.ReturnedAt))
}

// FreeRefund lets the payment give back again what a refund that failed did not.
func (tx *Tx) FreeRefund(ctx context.Context, f payment.Refund) error {
	return tx.execOne(ctx, `UPDATE payments SET refunded = refunded - $2 WHERE id = $1`, string(f.Payment), f.Amount.Minor)
}

// Refund fetches a refund. Who changes it locks its account.
func (tx *Tx) Refund(ctx context.Context, id payment.RefundID) (payment.Refund, error) {
	return scanRefund(tx.queryRow(ctx, `SELECT `+refundColumns+` FROM refunds WHERE id = $1`, string(id)))
}

// RefundByKey fetches the refund that has this key at its provider.
func (tx *Tx) RefundByKey(ctx context.Context, provider, key string) (payment.Refund, error) {
	return scanRefund(tx.queryRow(ctx, `SELECT `+refundColumns+` FROM refunds WHERE provider = $1 AND key = $2`, provider, key))
}

// RefundsOf lists a payment's refunds, the first one first.
func (tx *Tx) RefundsOf(ctx context.Context, id payment.ID) ([]payment.Refund, error) {
	return tx.refunds(ctx, `SELECT `+refundColumns+` FROM refunds WHERE payment_id = $1 ORDER BY number`, string(id))
}

// Refunds lists an account's refunds, newest first, before the given one ("" from
// the newest).
func (tx *Tx) Refunds(ctx context.Context, id account.ID, before payment.RefundID, limit int) ([]payment.Refund, error) {
	return tx.refunds(ctx, `
		SELECT `+refundColumns+` FROM refunds
		 WHERE account_id = $1 AND ($2 = '' OR id < $2)
		 ORDER BY id DESC LIMIT $3`, string(id), string(before), int64(limit))
}

// LiveRefunds lists refunds whose answer is still to come, the longest open first.
func (tx *Tx) LiveRefunds(ctx context.Context, limit int) ([]payment.Refund, error) {
	return tx.refunds(ctx, `SELECT `+refundColumns+` FROM refunds WHERE `+liveRefund+` ORDER BY opened_at LIMIT $1`, int64(limit))
}

func (tx *Tx) refunds(ctx context.Context, query string, args ...any) ([]payment.Refund, error) {
	var out []payment.Refund
	err := tx.query(ctx, query, args, func(r row) error {
		f, err := scanRefund(r)
		out = append(out, f)
		return err
	})
	return out, err
}

// SurplusOf is what a payment took beyond its debt, and put on the customer's
// balance.
func (tx *Tx) SurplusOf(ctx context.Context, p payment.Payment) (money.Amount, error) {
	a := money.Amount{Currency: p.Amount.Currency}
	err := tx.queryRow(ctx, `
		SELECT cast(coalesce(sum(amount), 0) as bigint) FROM entries
		 WHERE subject = $1 AND kind = 'payment_surplus'`, string(p.ID)).Scan(&a.Minor)
	return a, err
}

const creditNoteColumns = `n.id, n.account_id, n.debt_id, d.bill_id, n.subject, n.year, n.sequence, n.currency, n.net, n.tax, n.amount, d.tax_rule, n.issued_at`

func scanCreditNote(r row) (billing.CreditNote, error) {
	var n billing.CreditNote
	var c money.Currency
	err := r.Scan(&n.ID, &n.Account, &n.Debt, textOf(&n.Bill), &n.Subject, &n.Year, &n.Sequence, &c, &n.Net.Minor, &n.Tax.Minor, &n.Amount.Minor,
		document{&n.TaxRule}, instant{&n.IssuedAt})
	n.Net.Currency, n.Tax.Currency, n.Amount.Currency = c, c, c
	n.Number = billing.CreditNoteNumber(n.Year, n.Sequence)
	return n, err
}

// AddCreditNote inserts a credit note under the next number of its year. Who issues
// one holds the year's series until the transaction ends, so that a number that was
// taken and not used does not exist.
func (tx *Tx) AddCreditNote(ctx context.Context, n billing.CreditNote) (billing.CreditNote, error) {
	if err := tx.queryRow(ctx, `
		INSERT INTO credit_note_series (year, last) VALUES ($1, 1)
		ON CONFLICT (year) DO UPDATE SET last = credit_note_series.last + 1
		RETURNING last`, int64(n.Year)).Scan(&n.Sequence); err != nil {
		return n, err
	}
	n.Number = billing.CreditNoteNumber(n.Year, n.Sequence)
	return n, tx.execOne(ctx, `
		INSERT INTO credit_notes (id, account_id, debt_id, subject, year, sequence, currency, net, tax, amount, issued_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		string(n.ID), string(n.Account), string(n.Debt), n.Subject, int64(n.Year), n.Sequence, string(n.Amount.Currency), n.Net.Minor, n.Tax.Minor, n.Amount.Minor,
		micros(n.IssuedAt))
}

// CreditedOf sums what was credited of a debt so far, and the tax in it.
func (tx *Tx) CreditedOf(ctx context.Context, d billing.Debt) (amount, tax money.Amount, err error) {
	amount.Currency, tax.Currency = d.Amount.Currency, d.Amount.Currency
	err = tx.queryRow(ctx, `
		SELECT cast(coalesce(sum(amount), 0) as bigint), cast(coalesce(sum(tax), 0) as bigint)
		  FROM credit_notes WHERE debt_id = $1`, string(d.ID)).Scan(&amount.Minor, &tax.Minor)
	return amount, tax, err
}

// CreditNotes lists an account's credit notes, newest first, before the given one
// ("" from the newest).
func (tx *Tx) CreditNotes(ctx context.Context, id account.ID, before billing.CreditNoteID, limit int) ([]billing.CreditNote, error) {
	var out []billing.CreditNote
	err := tx.query(ctx, `
		SELECT `+creditNoteColumns+`
		  FROM credit_notes AS n
		  JOIN debts AS d ON d.id = n.debt_id
		 WHERE n.account_id = $1 AND ($2 = '' OR n.id < $2)
		 ORDER BY n.id DESC LIMIT $3`, []any{string(id), string(before), int64(limit)}, func(r row) error {
		n, err := scanCreditNote(r)
		out = append(out, n)
		return err
	})
	return out, err
}
