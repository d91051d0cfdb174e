package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/payment"
)

const holdColumns = `id, account_id, method_id, kind, provider, key, customer, provider_ref, charge_ref, currency, amount, force_3ds, return_url, state, reason, challenge_url, challenge_until, asked, opened_at, placed_at, void_due, honored_until, renewed_at, expires_at, ended_at, usage_lines, used_at`

// liveHold is what holds_one_live and its like say.
const liveHold = `state IN ('opening', 'challenged', 'placed', 'claimed', 'unknown', 'releasing')`

func scanHold(r row) (payment.Hold, error) {
	var h payment.Hold
	err := r.Scan(&h.ID, &h.Account, &h.Method, &h.Kind, &h.Provider, &h.Key, &h.Customer, textOf(&h.Ref), &h.ChargeRef, &h.Amount.Currency, &h.Amount.Minor,
		flag{&h.Force3DS}, &h.ReturnURL, &h.State, &h.Reason, &h.ChallengeURL, instant{&h.ChallengeUntil}, &h.Asked, instant{&h.OpenedAt},
		instant{&h.PlacedAt}, instant{&h.VoidDue}, instant{&h.HonoredUntil}, instant{&h.RenewedAt}, instant{&h.ExpiresAt}, instant{&h.EndedAt}, &h.UsageLines, instant{&h.UsedAt})
	if errors.Is(err, errNoRow) {
		return h, payment.ErrHoldNotFound
	}
	return h, err
}

// AddHold inserts a hold.
func (tx *Tx) AddHold(ctx context.Context, h payment.Hold) error {
	return tx.execOne(ctx, `
		INSERT INTO holds (`+holdColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)`,
		string(h.ID), string(h.Account), string(h.Method), string(h.Kind), h.Provider, h.Key, h.Customer, orNull(h.Ref), h.ChargeRef, string(h.Amount.Currency), h.Amount.Minor,
		bit(h.Force3DS), h.ReturnURL, string(h.State), h.Reason, h.ChallengeURL, micros(h.ChallengeUntil), int64(h.Asked), micros(h.OpenedAt),
		micros(h.PlacedAt), micros(h.VoidDue), micros(h.HonoredUntil), micros(h.RenewedAt), micros(h.ExpiresAt), micros(h.EndedAt), h.UsageLines, micros(h.UsedAt))
}

// SaveHold writes what may change of a hold.
func (tx *Tx) SaveHold(ctx context.Context, h payment.Hold) error {
	return tx.execOne(ctx, `
		UPDATE holds
		   SET provider_ref = $2, state = $3, challenge_url = $4, challenge_until = $5, asked = $6, placed_at = $7, void_due = $8,
		       expires_at = $9, ended_at = $10, return_url = $11, charge_ref = $12, reason = $13, honored_until = $14, renewed_at = $15,
		       usage_lines = $16, used_at = $17
		 WHERE id = $1`,
		string(h.ID), orNull(h.Ref), string(h.State), h.ChallengeURL, micros(h.ChallengeUntil), int64(h.Asked), micros(h.PlacedAt), micros(h.VoidDue),
		micros(h.ExpiresAt), micros(h.EndedAt), h.ReturnURL, h.ChargeRef, h.Reason, micros(h.HonoredUntil), micros(h.RenewedAt), h.UsageLines, micros(h.UsedAt))
}

// Hold fetches a hold. Who changes it locks its account.
func (tx *Tx) Hold(ctx context.Context, id payment.HoldID) (payment.Hold, error) {
	return scanHold(tx.queryRow(ctx, `SELECT `+holdColumns+` FROM holds WHERE id = $1`, string(id)))
}

// HoldByRef fetches the hold that has this id at its provider.
func (tx *Tx) HoldByRef(ctx context.Context, provider, ref string) (payment.Hold, error) {
	return scanHold(tx.queryRow(ctx, `SELECT `+holdColumns+` FROM holds WHERE provider = $1 AND provider_ref = $2`, provider, ref))
}

// HoldOnUsage fetches the account's live hold on usage, of which there is at most
// one (R-PP-08).
func (tx *Tx) HoldOnUsage(ctx context.Context, id account.ID) (payment.Hold, error) {
	return scanHold(tx.queryRow(ctx, `SELECT `+holdColumns+` FROM holds WHERE account_id = $1 AND kind = 'exposure' AND `+liveHold, string(id)))
}

// LastHoldOnUsage fetches the account's newest hold on usage, and counts them all.
func (tx *Tx) LastHoldOnUsage(ctx context.Context, id account.ID) (payment.Hold, int64, error) {
	var n int64
	if err := tx.queryRow(ctx, `SELECT count(*) FROM holds WHERE account_id = $1 AND kind = 'exposure'`, string(id)).Scan(&n); err != nil {
		return payment.Hold{}, 0, err
	}
	h, err := scanHold(tx.queryRow(ctx, `SELECT `+holdColumns+` FROM holds WHERE account_id = $1 AND kind = 'exposure'
		 ORDER BY CASE WHEN `+liveHold+` THEN 0 ELSE 1 END, opened_at DESC, id DESC LIMIT 1`, string(id)))
	return h, n, err
}

// HoldsOf lists a method's holds, newest first.
func (tx *Tx) HoldsOf(ctx context.Context, id payment.MethodID) ([]payment.Hold, error) {
	return tx.holds(ctx, `SELECT `+holdColumns+` FROM holds WHERE method_id = $1 ORDER BY id DESC`, string(id))
}

// LiveHolds lists holds that are not over after the given one, the oldest first.
func (tx *Tx) LiveHolds(ctx context.Context, after payment.HoldID, limit int) ([]payment.Hold, error) {
	return tx.holds(ctx, `
		SELECT `+holdColumns+`
		  FROM holds
		 WHERE `+liveHold+` AND id > $1
		 ORDER BY id LIMIT $2`, string(after), int64(limit))
}

func (tx *Tx) holds(ctx context.Context, query string, args ...any) ([]payment.Hold, error) {
	var out []payment.Hold
	err := tx.query(ctx, query, args, func(r row) error {
		h, err := scanHold(r)
		out = append(out, h)
		return err
	})
	return out, err
}
