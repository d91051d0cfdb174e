package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
)

// ProviderEvent is a provider's message, kept as it came.
type ProviderEvent struct {
	Provider   string
	ID         string
	Kind       string
	Ref        string // the provider's id of the object it is about
	Body       string
	ReceivedAt time.Time
}

// AddNews keeps a message and answers false if it was there already.
func (tx *Tx) AddNews(ctx context.Context, e ProviderEvent) (bool, error) {
	n, err := tx.exec(ctx, `
		INSERT INTO provider_events (provider, id, kind, ref, body, received_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`, e.Provider, e.ID, e.Kind, e.Ref, e.Body, micros(e.ReceivedAt))
	return n == 1, err
}

// News fetches a message and whether it was worked before.
func (tx *Tx) News(ctx context.Context, provider, id string) (e ProviderEvent, worked bool, err error) {
	var at time.Time
	err = tx.queryRow(ctx, `
		SELECT provider, id, kind, ref, received_at, worked_at
		  FROM provider_events
		 WHERE provider = $1 AND id = $2`, provider, id).
		Scan(&e.Provider, &e.ID, &e.Kind, &e.Ref, instant{&e.ReceivedAt}, instant{&at})
	return e, !at.IsZero(), err
}

// NewsWorked notes that a message needs nothing any more.
func (tx *Tx) NewsWorked(ctx context.Context, provider, id string, at time.Time) error {
	return tx.execOne(ctx, `UPDATE provider_events SET worked_at = $3 WHERE provider = $1 AND id = $2`, provider, id, micros(at))
}

// Ticket is a right that a secret word carries: a one-time link, a session, a
// link to a challenge. Only the word's hash is kept.
type Ticket struct {
	Hash      []byte
	Kind      string
	Account   account.ID
	Subject   string
	ExpiresAt time.Time
	UsedAt    time.Time
	OpenedAt  time.Time // of a session; zero: it is not known
	ProvedAt  time.Time // when who is in a session last proved who they are; zero: it is not known
	ReturnURL string    // of a link: where the platform wants its customer again; "" nowhere
	Address   string    // from which a session was opened; "" unknown
	Agent     string    // the browser of a session, as it calls itself
}

// ErrTicket says that a link or session is of no use: unknown, used or expired.
// It is one answer for all of them.
var ErrTicket = fault.New(fault.Unauthenticated, "link_invalid", "the link is not valid any more").WithNext("ask for a new one where you got it")

// AddTicket keeps a ticket.
func (tx *Tx) AddTicket(ctx context.Context, t Ticket) error {
	return tx.execOne(ctx, `
		INSERT INTO tickets (hash, kind, account_id, subject, expires_at, opened_at, address, agent, proved_at, return_url)
		VALUES ($1, $2, $3, $4, $5, coalesce(cast($6 as bigint), 0), $7, $8, $9, $10)`,
		t.Hash, t.Kind, string(t.Account), t.Subject, micros(t.ExpiresAt), micros(t.OpenedAt), t.Address, t.Agent, micros(t.ProvedAt), t.ReturnURL)
}

// UseTicket takes a one-time ticket: of several who try, one gets it.
func (tx *Tx) UseTicket(ctx context.Context, hash []byte, kind string, now time.Time) (Ticket, error) {
	t := Ticket{Hash: hash, Kind: kind, UsedAt: now}
	err := tx.queryRow(ctx, `
		UPDATE tickets SET used_at = $3
		 WHERE hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3
		RETURNING account_id, subject, expires_at, return_url`, hash, kind, micros(now)).Scan(&t.Account, &t.Subject, instant{&t.ExpiresAt}, &t.ReturnURL)
	if errors.Is(err, errNoRow) {
		return t, ErrTicket
	}
	return t, err
}

// Ticket fetches a ticket that may be shown again and again, such as a session.
func (tx *Tx) Ticket(ctx context.Context, hash []byte, kind string, now time.Time) (Ticket, error) {
	t := Ticket{Hash: hash, Kind: kind}
	err := tx.queryRow(ctx, `
		SELECT account_id, subject, expires_at, opened_at, proved_at
		  FROM tickets
		 WHERE hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3`, hash, kind, micros(now)).
		Scan(&t.Account, &t.Subject, instant{&t.ExpiresAt}, instant{&t.OpenedAt}, instant{&t.ProvedAt})
	if errors.Is(err, errNoRow) {
		return t, ErrTicket
	}
	return t, err
}
