package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/account"
)

// Resources fetches what runs for an account, as the platform last told; nothing
// if it never did.
func (tx *Tx) Resources(ctx context.Context, id account.ID) (account.Resources, error) {
	var r account.Resources
	err := tx.queryRow(ctx, `SELECT running, examples, reported_at FROM resources WHERE account_id = $1`, string(id)).
		Scan(&r.Running, document{&r.Examples}, instant{&r.ReportedAt})
	if errors.Is(err, errNoRow) {
		return account.Resources{}, nil
	}
	return r, err
}

// SaveResources writes what runs for an account.
func (tx *Tx) SaveResources(ctx context.Context, id account.ID, r account.Resources) error {
	return tx.change(ctx, `
		INSERT INTO resources (account_id, running, examples, reported_at)
		VALUES ($1, $2, $3, $4)
		    ON CONFLICT (account_id) DO UPDATE SET running = excluded.running, examples = excluded.examples, reported_at = excluded.reported_at`,
		string(id), int64(r.Running), asJSON(r.Examples), micros(r.ReportedAt))
}

// CountUsage counts the lines that were ever recorded for an account.
func (tx *Tx) CountUsage(ctx context.Context, id account.ID) (int64, error) {
	var n int64
	err := tx.queryRow(ctx, `SELECT cast(coalesce(sum(lines), 0) as bigint) FROM exposures WHERE account_id = $1`, string(id)).Scan(&n)
	return n, err
}
