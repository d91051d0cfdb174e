package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
)

const keyColumns = `id, name, scopes, created_at, expires_at, revoked_at, used_at`

func scanKey(r row) (access.Key, error) {
	var k access.Key
	err := r.Scan(&k.ID, &k.Name, document{&k.Scopes}, instant{&k.CreatedAt}, instant{&k.ExpiresAt}, instant{&k.RevokedAt}, instant{&k.UsedAt})
	if errors.Is(err, errNoRow) {
		return k, access.ErrKeyNotFound
	}
	return k, err
}

// AddKey inserts an API key under the hash of its text.
func (tx *Tx) AddKey(ctx context.Context, k access.Key, hash [32]byte) error {
	return tx.execOne(ctx, `
		INSERT INTO api_keys (id, name, hash, scopes, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		k.ID, k.Name, hash[:], asJSON(k.Scopes), micros(k.CreatedAt), micros(k.ExpiresAt))
}

// Key fetches an API key by its id.
func (tx *Tx) Key(ctx context.Context, id string) (access.Key, error) {
	return scanKey(tx.queryRow(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE id = $1`, id))
}

// KeyByHash fetches an API key by the hash of its text, in whatever state it is.
func (tx *Tx) KeyByHash(ctx context.Context, hash [32]byte) (access.Key, error) {
	return scanKey(tx.queryRow(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE hash = $1`, hash[:]))
}

// Keys lists API keys, newest first, those before the given id; "" starts with
// the newest.
func (tx *Tx) Keys(ctx context.Context, before string, limit int) ([]access.Key, error) {
	var out []access.Key
	err := tx.query(ctx, `
		SELECT `+keyColumns+`
		  FROM api_keys
		 WHERE $1 = '' OR id < $1
		 ORDER BY id DESC
		 LIMIT $2`, []any{before, int64(limit)}, func(r row) error {
		k, err := scanKey(r)
		out = append(out, k)
		return err
	})
	return out, err
}

// RevokeKey ends an API key's life and answers false if it had ended before.
func (tx *Tx) RevokeKey(ctx context.Context, id string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, id, micros(now))
	return n == 1, err
}

// TouchKey notes that an API key was used, unless that was noted since the given
// instant.
func (tx *Tx) TouchKey(ctx context.Context, id string, now, since time.Time) error {
	_, err := tx.exec(ctx, `UPDATE api_keys SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $3)`,
		id, micros(now), micros(since))
	return err
}
