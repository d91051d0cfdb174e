package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/payment"
)

type nullInt struct{ sql.NullInt64 }

const paymentColumns = `id, account_id, debt_id, method_id, attempt, key, provider, customer, provider_ref, charge_ref, currency, amount, initiator, reason, mandate, state, decline, challenge_url, challenge_until, network_transaction, three_ds, request_id, asked, opened_at, settled_at, hold_id, force_3ds, refunded`

func scanPayment(r row) (payment.Payment, error) {
	var p payment.Payment
	err := r.Scan(&p.ID, &p.Account, &p.Debt, &p.Method, &p.Attempt, &p.Key, &p.Provider, &p.Customer, textOf(&p.Ref), &p.ChargeRef, &p.Amount.Currency, &p.Amount.Minor,
		&p.Initiator, &p.Reason, &p.Mandate, &p.State, document{&p.Refusal}, &p.ChallengeURL, instant{&p.ChallengeUntil}, &p.NetworkTransaction, document{&p.ThreeDS},
		&p.RequestID, &p.Asked, instant{&p.OpenedAt}, instant{&p.SettledAt}, &p.Hold, flag{&p.Force3DS}, &p.Refunded.Minor)
	if errors.Is(err, errNoRow) {
		return p, payment.ErrPaymentNotFound
	}
	p.Refunded.Currency = p.Amount.Currency
	return p, err
}

// AddPayment inserts a payment and answers false if its debt has one that is not
// over: a debt has at most one, and the database says so.
func (tx *Tx) AddPayment(ctx context.Context, p payment.Payment) (bool, error) {
	n, err := tx.exec(ctx, `
		INSERT INTO payments (`+paymentColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
		ON CONFLICT DO NOTHING`,
		string(p.ID), string(p.Account), p.Debt, string(p.Method), int64(p.Attempt), p.Key, p.Provider, p.Customer, orNull(p.Ref), p.ChargeRef,
		string(p.Amount.Currency), p.Amount.Minor, string(p.Initiator), string(p.Reason), p.Mandate, string(p.State), asJSON(p.Refusal), p.ChallengeURL,
		micros(p.ChallengeUntil), p.NetworkTransaction, asJSON(p.ThreeDS), p.RequestID, int64(p.Asked), micros(p.OpenedAt), micros(p.SettledAt), string(p.Hold), bit(p.Force3DS), p.Refunded.Minor)
	return n == 1, err
}

// SavePayment writes what may change of a payment.
func (tx *Tx) SavePayment(ctx context.Context, p payment.Payment) error {
	return tx.execOne(ctx, `
		UPDATE payments
		   SET provider_ref = $2, charge_ref = $3, state = $4, decline = $5, challenge_url = $6, challenge_until = $7,
		       network_transaction = $8, three_ds = $9, request_id = $10, asked = $11, settled_at = $12, initiator = $13
		 WHERE id = $1`,
		string(p.ID), orNull(p.Ref), p.ChargeRef, string(p.State), asJSON(p.Refusal), p.ChallengeURL, micros(p.ChallengeUntil),
		p.NetworkTransaction, asJSON(p.ThreeDS), p.RequestID, int64(p.Asked), micros(p.SettledAt), string(p.Initiator))
}

// Payment fetches a payment. Who changes it locks its account.
func (tx *Tx) Payment(ctx context.Context, id payment.ID) (payment.Payment, error) {
	return scanPayment(tx.queryRow(ctx, `SELECT `+paymentColumns+` FROM payments WHERE id = $1`, string(id)))
}

// PaymentToAsk fetches a payment and its method.
func (tx *Tx) PaymentToAsk(ctx context.Context, id payment.ID) (p payment.Payment, m payment.Method, err error) {
	var policies int
	err = tx.together(ctx,
		statement{text: `SELECT ` + paymentColumns + ` FROM payments WHERE id = $1`, args: []any{string(id)}, scan: func(r row) (err error) {
			p, err = scanPayment(r)
			return err
		}},
		statement{text: `SELECT ` + methodColumns + ` FROM payment_methods WHERE id = (SELECT method_id FROM payments WHERE id = $1)`, args: []any{string(id)},
			scan: func(r row) (err error) {
				m, err = scanMethod(r)
				return err
			}},
		statement{text: policyCount, scan: func(r row) error { return r.Scan(&policies) }})
	switch {
	case err != nil:
		return p, m, err
	case p.ID == "":
		return p, m, payment.ErrPaymentNotFound
	}
	tx.policies = &policies
	return p, m, nil
}

// PaymentByRef fetches the payment that has this id at its provider.
func (tx *Tx) PaymentByRef(ctx context.Context, provider, ref string) (payment.Payment, error) {
	return scanPayment(tx.queryRow(ctx, `SELECT `+paymentColumns+` FROM payments WHERE provider = $1 AND provider_ref = $2`, provider, ref))
}

// UnresolvedPayment fetches the payment of a debt that is not over;
// ErrPaymentNotFound if there is none.
func (tx *Tx) UnresolvedPayment(ctx context.Context, id billing.DebtID) (payment.Payment, error) {
	return scanPayment(tx.queryRow(ctx, `
		SELECT `+paymentColumns+` FROM payments
		 WHERE debt_id = $1 AND state NOT IN ('succeeded', 'declined', 'cancelled')`, string(id)))
}

// DebtPayments lists a debt's payments, first attempt first.
func (tx *Tx) DebtPayments(ctx context.Context, id billing.DebtID) ([]payment.Payment, error) {
	return tx.payments(ctx, `SELECT `+paymentColumns+` FROM payments WHERE debt_id = $1 ORDER BY attempt`, string(id))
}

// Payments lists an account's payments, newest first, before the given one (""
// from the newest).
func (tx *Tx) Payments(ctx context.Context, id account.ID, before payment.ID, limit int) ([]payment.Payment, error) {
	return tx.payments(ctx, `
		SELECT `+paymentColumns+` FROM payments
		 WHERE account_id = $1 AND ($2 = '' OR id < $2)
		 ORDER BY id DESC LIMIT $3`, string(id), string(before), int64(limit))
}

// RefusedOn lists the payments that were refused on a method, newest first.
func (tx *Tx) RefusedOn(ctx context.Context, id payment.MethodID, limit int) ([]payment.Payment, error) {
	return tx.payments(ctx, `
		SELECT `+paymentColumns+` FROM payments
		 WHERE method_id = $1 AND state IN ('closing', 'declined')
		 ORDER BY opened_at DESC LIMIT $2`, string(id), int64(limit))
}

// LastPaidOn is when a payment last succeeded on a method; zero if none did.
func (tx *Tx) LastPaidOn(ctx context.Context, id payment.MethodID) (time.Time, error) {
	var at time.Time
	err := tx.queryRow(ctx, `SELECT max(settled_at) FROM payments WHERE method_id = $1 AND state = 'succeeded'`, string(id)).Scan(instant{&at})
	return at, err
}

// UnresolvedPayments lists payments that are not over, the longest open first.
func (tx *Tx) UnresolvedPayments(ctx context.Context, limit int) ([]payment.Payment, error) {
	return tx.payments(ctx, `
		SELECT `+paymentColumns+` FROM payments
		 WHERE state NOT IN ('succeeded', 'declined', 'cancelled')
		 ORDER BY opened_at LIMIT $1`, int64(limit))
}

// InFlight tells whether a payment on the method is not over, or a refund of one, or
// the hold that verifies it. A hold on usage is released when its method goes.
func (tx *Tx) InFlight(ctx context.Context, id payment.MethodID) (bool, error) {
	var n int64
	err := tx.queryRow(ctx, `
		SELECT (SELECT count(*) FROM payments WHERE method_id = $1 AND state NOT IN ('succeeded', 'declined', 'cancelled'))
		     + (SELECT count(*) FROM holds WHERE method_id = $1 AND (kind <> 'exposure' OR state = 'claimed') AND `+liveHold+`)
		     + (SELECT count(*) FROM refunds AS r JOIN payments AS p ON p.id = r.payment_id WHERE p.method_id = $1 AND r.`+liveRefund+`)`,
		string(id)).Scan(&n)
	return n > 0, err
}

// CardTries counts what was refused on a card: checks and attempts by hand count
// as well (R-DUN-07). What was approved does not: the schemes limit trying again.
type CardTries struct {
	Refused     int // payments and holds
	SameRefused int // payments of the amount
}

// CountTries counts a method's tries since the given instants.
func (tx *Tx) CountTries(ctx context.Context, id payment.MethodID, amount int64, since, sameSince time.Time) (CardTries, error) {
	var c CardTries
	err := tx.queryRow(ctx, `
		SELECT (SELECT count(*) FROM payments WHERE method_id = $1 AND opened_at > $2 AND state IN ('closing', 'declined'))
		     + (SELECT count(*) FROM holds WHERE method_id = $1 AND opened_at > $2 AND placed_at IS NULL AND kind = 'verification' AND state IN ('releasing', 'released', 'declined')),
		       (SELECT count(*) FROM payments WHERE method_id = $1 AND opened_at > $3 AND amount = $4 AND state IN ('closing', 'declined'))`,
		string(id), micros(since), micros(sameSince), amount).Scan(&c.Refused, &c.SameRefused)
	return c, err
}

func (tx *Tx) payments(ctx context.Context, query string, args ...any) ([]payment.Payment, error) {
	var out []payment.Payment
	err := tx.query(ctx, query, args, func(r row) error {
		p, err := scanPayment(r)
		out = append(out, p)
		return err
	})
	return out, err
}
