package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/payment"
)

// standingColumns are where an account's threshold stands, for each kind of method.
var standingColumns = map[payment.Kind][2]string{
	payment.CardKind:   {"threshold_factor", "threshold_streak"},
	payment.PayPalKind: {"paypal_factor", "paypal_streak"},
}

// Standing fetches where an account's threshold stands for methods of a kind. Who
// changes it locks its account.
func (tx *Tx) Standing(ctx context.Context, id account.ID, k payment.Kind) (billing.Standing, error) {
	var s billing.Standing
	columns := standingColumns[k]
	err := tx.queryRow(ctx, `SELECT `+columns[0]+`, `+columns[1]+` FROM accounts WHERE id = $1`, string(id)).Scan(&s.Factor, &s.Streak)
	if errors.Is(err, errNoRow) {
		return s, account.ErrNotFound
	}
	return s, err
}

// SaveStanding writes where an account's threshold stands.
func (tx *Tx) SaveStanding(ctx context.Context, id account.ID, k payment.Kind, s billing.Standing) error {
	columns := standingColumns[k]
	return tx.execOne(ctx, `UPDATE accounts SET `+columns[0]+` = $2, `+columns[1]+` = $3 WHERE id = $1`, string(id), s.Factor, s.Streak)
}
