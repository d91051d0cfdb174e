package store

import (
	"context"
	"time"
)

// Exec runs any statement, for tests of the store itself.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return tx.exec(ctx, query, args...)
}

// Change runs any statement whose answer nobody waits for.
func (tx *Tx) Change(ctx context.Context, query string, args ...any) error {
	return tx.change(ctx, query, args...)
}

// Scan runs any question for one row, for tests of the store itself.
func (tx *Tx) Scan(ctx context.Context, dest any, query string, args ...any) error {
	return tx.queryRow(ctx, query, args...).Scan(dest)
}

// LookUpFor sets how long a commit without an answer is looked up on PostgreSQL.
func (s *Store) LookUpFor(d time.Duration) { s.engine.(*postgresEngine).lookUpFor = d }

// Careful does what a goroutine beside a transaction does.
func Careful(do func() error) error { return careful(do) }
