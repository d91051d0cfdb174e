package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
)

// Standing fetches where an account's threshold stands. Who changes it locks its
// account.
func (tx *Tx) Standing(ctx context.Context, id account.ID) (billing.Standing, error) {
	var s billing.Standing
	err := tx.queryRow(ctx, `SELECT threshold_factor, threshold_streak FROM accounts WHERE id = $1`, string(id)).Scan(&s.Factor, &s.Streak)
	if errors.Is(err, errNoRow) {
		return s, account.ErrNotFound
	}
	return s, err
}

// SaveStanding writes where an account's threshold stands.
func (tx *Tx) SaveStanding(ctx context.Context, id account.ID, s billing.Standing) error {
	return tx.execOne(ctx, `UPDATE accounts SET threshold_factor = $2, threshold_streak = $3 WHERE id = $1`, string(id), s.Factor, s.Streak)
}
