package store

import (
	"context"
	"time"
)

// PolicyRow is a policy document as it is kept.
type PolicyRow struct {
	Version     string
	EffectiveAt time.Time
	Document    string
	AppliedAt   time.Time
	AppliedBy   string
}

// AddPolicy inserts a policy and answers false if its version or its effective
// instant is taken.
func (tx *Tx) AddPolicy(ctx context.Context, p PolicyRow) (bool, error) {
	tx.policies = nil
	n, err := tx.exec(ctx, `
		INSERT INTO policies (version, effective_at, document, applied_at, applied_by)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, p.Version, micros(p.EffectiveAt), p.Document, micros(p.AppliedAt), p.AppliedBy)
	return n == 1, err
}

// Policies lists every policy in the order of effect.
func (tx *Tx) Policies(ctx context.Context) ([]PolicyRow, error) {
	var out []PolicyRow
	err := tx.query(ctx, `
		SELECT version, effective_at, document, applied_at, applied_by
		  FROM policies
		 ORDER BY effective_at`, nil, func(r row) error {
		var p PolicyRow
		err := r.Scan(&p.Version, instant{&p.EffectiveAt}, &p.Document, instant{&p.AppliedAt}, &p.AppliedBy)
		out = append(out, p)
		return err
	})
	return out, err
}

// PolicyCount tells how many policies there are, so that a cache knows whether it
// is fresh: policies are only ever added.
func (tx *Tx) PolicyCount(ctx context.Context) (int, error) {
	if tx.policies != nil {
		return *tx.policies, nil
	}
	var n int
	err := tx.queryRow(ctx, policyCount).Scan(&n)
	return n, err
}

const policyCount = `SELECT count(*) FROM policies`
