package store

import (
	"context"
	"errors"
	"time"
)

// Request is a change that a caller asked for under an idempotency key.
type Request struct {
	Caller    string
	Key       string
	Hash      [32]byte // of method, path and body
	Status    int      // of its answer; 0 while it runs
	Answer    string
	StartedAt time.Time
}

// AddRequest inserts a request that begins to run and answers false if the
// caller has used the key before.
func (tx *Tx) AddRequest(ctx context.Context, r Request) (bool, error) {
	n, err := tx.exec(ctx, `
		INSERT INTO idempotency_keys (caller, key, request, status, answer, started_at)
		VALUES ($1, $2, $3, 0, '', $4)
		ON CONFLICT DO NOTHING`, r.Caller, r.Key, r.Hash[:], micros(r.StartedAt))
	return n == 1, err
}

// Request fetches what is known of a request; found is false if there is none.
func (tx *Tx) Request(ctx context.Context, caller, key string) (r Request, found bool, err error) {
	var hash []byte
	r.Caller, r.Key = caller, key
	err = tx.queryRow(ctx, `
		SELECT request, status, answer, started_at
		  FROM idempotency_keys
		 WHERE caller = $1 AND key = $2`, caller, key).Scan(&hash, &r.Status, &r.Answer, instant{&r.StartedAt})
	if errors.Is(err, errNoRow) {
		return r, false, nil
	}
	copy(r.Hash[:], hash)
	return r, err == nil, err
}

// RestartRequest lets a request run again that began at the given instant and
// never ended. It answers false if another was faster.
func (tx *Tx) RestartRequest(ctx context.Context, caller, key string, began, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, `
		UPDATE idempotency_keys SET started_at = $4
		 WHERE caller = $1 AND key = $2 AND status = 0 AND started_at = $3`, caller, key, micros(began), micros(now))
	return n == 1, err
}

// AnswerRequest keeps the answer of the run that began at the given instant. It
// answers false if another run has taken over since.
func (tx *Tx) AnswerRequest(ctx context.Context, caller, key string, began time.Time, status int, answer string) (bool, error) {
	n, err := tx.exec(ctx, `
		UPDATE idempotency_keys SET status = $4, answer = $5
		 WHERE caller = $1 AND key = $2 AND status = 0 AND started_at = $3`, caller, key, micros(began), int64(status), answer)
	return n == 1, err
}

// ForgetRequest frees the key of the run that began at the given instant and has
// no answer worth keeping.
func (tx *Tx) ForgetRequest(ctx context.Context, caller, key string, began time.Time) error {
	_, err := tx.exec(ctx, `
		DELETE FROM idempotency_keys
		 WHERE caller = $1 AND key = $2 AND status = 0 AND started_at = $3`, caller, key, micros(began))
	return err
}

// ForgetRequests deletes at most limit requests that began before the given
// instant and returns how many it deleted.
func (tx *Tx) ForgetRequests(ctx context.Context, before time.Time, limit int) (int64, error) {
	return tx.exec(ctx, `
		DELETE FROM idempotency_keys
		 WHERE (caller, key) IN (SELECT caller, key FROM idempotency_keys WHERE started_at < $1 ORDER BY started_at LIMIT $2)`,
		micros(before), int64(limit))
}
