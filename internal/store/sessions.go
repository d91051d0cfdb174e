package store

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
)

// Sessions lists an account's sessions that are not over, the newest first, up to a
// limit.
func (tx *Tx) Sessions(ctx context.Context, id account.ID, now time.Time, limit int) ([]Ticket, error) {
	var out []Ticket
	err := tx.query(ctx, `
		SELECT hash, expires_at, opened_at, address, agent
		  FROM tickets
		 WHERE account_id = $1 AND kind = 'session' AND used_at IS NULL AND expires_at > $2
		 ORDER BY expires_at DESC LIMIT $3`, []any{string(id), micros(now), int64(limit)}, func(r row) error {
		t := Ticket{Kind: "session", Account: id}
		err := r.Scan(&t.Hash, instant{&t.ExpiresAt}, instant{&t.OpenedAt}, &t.Address, &t.Agent)
		out = append(out, t)
		return err
	})
	return out, err
}

// Name is what a ticket is called where its secret must not be known: a part of its
// hash.
func (t Ticket) Name() string { return hex.EncodeToString(t.Hash[:min(len(t.Hash), ticketNameBytes)]) }

const ticketNameBytes = 10
