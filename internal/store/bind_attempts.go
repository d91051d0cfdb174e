package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/payment"
)

// TracedAttempt is a try to bind an instrument, with what came of it.
type TracedAttempt struct {
	BindAttempt
	Method    payment.MethodID    // that came of it; "" none
	Agreement payment.AgreementID // that was opened for it; "" none
}

// BindAttempts lists an account's tries to bind, newest first, before the given one
// ("" from the newest). A method belongs to the try of its instrument at the instant
// at which it was made.
func (tx *Tx) BindAttempts(ctx context.Context, id account.ID, before string, limit int) ([]TracedAttempt, error) {
	var out []TracedAttempt
	err := tx.query(ctx, `
		SELECT a.id, a.account_id, a.fingerprint, a.network, a.outcome, a.at,
		       coalesce((SELECT m.id FROM payment_methods AS m WHERE m.account_id = a.account_id AND m.fingerprint = a.fingerprint AND m.created_at = a.at), ''),
		       coalesce((SELECT g.id FROM agreements AS g WHERE g.account_id = a.account_id AND g.try_id = a.id), '')
		  FROM bind_attempts AS a
		 WHERE a.account_id = $1 AND ($2 = '' OR a.id < $2)
		 ORDER BY a.id DESC LIMIT $3`, []any{string(id), before, int64(limit)}, func(r row) error {
		var t TracedAttempt
		err := r.Scan(&t.ID, &t.Account, &t.Fingerprint, &t.Network, &t.Outcome, instant{&t.At}, &t.Method, &t.Agreement)
		out = append(out, t)
		return err
	})
	return out, err
}

// RefusedBinds lists what the audit log says of an account's refused binds since an
// instant, oldest first.
func (tx *Tx) RefusedBinds(ctx context.Context, id account.ID, since time.Time, limit int) ([]Record, error) {
	var out []Record
	err := tx.query(ctx, `
		SELECT chain, number, at, by, action, subject, detail
		  FROM audit
		 WHERE subject = $1 AND chain = $1 AND action = 'payment_method.refused' AND at >= $2
		 ORDER BY number LIMIT $3`, []any{string(id), micros(since), int64(limit)}, func(r row) error {
		var a Record
		err := r.Scan(&a.Chain, &a.Number, instant{&a.At}, &a.By, &a.Action, &a.Subject, &a.Detail)
		out = append(out, a)
		return err
	})
	return out, err
}

// AgreementOf fetches the agreement of which a method came; ErrAgreementNotFound if
// there was none, as for cards.
func (tx *Tx) AgreementOf(ctx context.Context, m payment.Method) (payment.Agreement, error) {
	return scanAgreement(tx.queryRow(ctx, `
		SELECT `+agreementColumns+` FROM agreements
		 WHERE account_id = $1 AND method_id = $2
		 ORDER BY id LIMIT 1`, string(m.Account), string(m.ID)))
}

// TriedInstrument is whose instrument a try to bind was about; "" none was known.
func (tx *Tx) TriedInstrument(ctx context.Context, try string) (payment.Fingerprint, error) {
	var fp payment.Fingerprint
	err := tx.queryRow(ctx, `SELECT fingerprint FROM bind_attempts WHERE id = $1`, try).Scan(&fp)
	if errors.Is(err, errNoRow) {
		return "", nil
	}
	return fp, err
}
