package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/webhook"
)

const eventColumns = `id, account_id, kind, subject, version, payload, created_at`

func scanEvent(r row) (webhook.Event, error) {
	var e webhook.Event
	var payload string
	err := r.Scan(&e.ID, &e.Account, &e.Kind, &e.Subject, &e.Version, &payload, instant{&e.CreatedAt})
	e.Payload = []byte(payload)
	if errors.Is(err, errNoRow) {
		return e, webhook.ErrEventNotFound
	}
	return e, err
}

// AddEvent inserts an event. It is never changed after that.
func (tx *Tx) AddEvent(ctx context.Context, e webhook.Event) error {
	return tx.execOne(ctx, `
		INSERT INTO events (`+eventColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.ID, string(e.Account), e.Kind, e.Subject, int64(e.Version), string(e.Payload), micros(e.CreatedAt))
}

// AddEvents inserts many events, and deliveries of them that wait.
func (tx *Tx) AddEvents(ctx context.Context, all []webhook.Event, deliveries []webhook.Delivery) error {
	if len(all) == 0 {
		return nil
	}
	n := len(all)
	ids, accounts, kinds, subjects, payloads := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	versions, created := make([]int64, n), make([]int64, n)
	for i, e := range all {
		ids[i], accounts[i], kinds[i], subjects[i], payloads[i] = e.ID, string(e.Account), e.Kind, e.Subject, string(e.Payload)
		versions[i], created[i] = int64(e.Version), e.CreatedAt.UnixMicro()
	}
	if err := tx.later(ctx, statement{rows: &bulk{into: "events", columns: []column{
		{name: "id", texts: ids}, {name: "account_id", texts: accounts}, {name: "kind", texts: kinds}, {name: "subject", texts: subjects},
		{name: "version", numbers: versions}, {name: "payload", texts: payloads}, {name: "created_at", numbers: created},
	}}}); err != nil || len(deliveries) == 0 {
		return err
	}
	n = len(deliveries)
	ids, endpoints, of, states, errs := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	attempts, next, status, begun := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for i, d := range deliveries {
		ids[i], endpoints[i], of[i], states[i] = d.ID, d.EndpointID, d.EventID, string(d.State)
		attempts[i], next[i], begun[i] = int64(d.Attempts), d.NextAt.UnixMicro(), d.CreatedAt.UnixMicro()
	}
	return tx.later(ctx, statement{rows: &bulk{into: "deliveries", columns: []column{
		{name: "id", texts: ids}, {name: "endpoint_id", texts: endpoints}, {name: "event_id", texts: of}, {name: "state", texts: states},
		{name: "attempts", numbers: attempts}, {name: "next_at", numbers: next}, {name: "last_status", numbers: status}, {name: "last_error", texts: errs},
		{name: "created_at", numbers: begun},
	}}})
}

// Event fetches an event.
func (tx *Tx) Event(ctx context.Context, id string) (webhook.Event, error) {
	return scanEvent(tx.queryRow(ctx, `SELECT `+eventColumns+` FROM events WHERE id = $1`, id))
}

// EventFilter says which events are wanted; an empty field means all.
type EventFilter struct {
	Account account.ID
	Kind    string
	Before  string // events before this id; "" starts with the newest
}

// Events lists events, newest first.
func (tx *Tx) Events(ctx context.Context, f EventFilter, limit int) ([]webhook.Event, error) {
	// Two texts, each with its index: one with "OR" would read every event.
	question := `
		SELECT ` + eventColumns + `
		  FROM events
		 WHERE ($1 = '' OR id < $1) AND ($2 = '' OR kind = $2) AND $3 = ''
		 ORDER BY id DESC
		 LIMIT $4`
	if f.Account != "" {
		question = `
		SELECT ` + eventColumns + `
		  FROM events
		 WHERE ($1 = '' OR id < $1) AND ($2 = '' OR kind = $2) AND account_id = $3
		 ORDER BY id DESC
		 LIMIT $4`
	}
	var out []webhook.Event
	err := tx.query(ctx, question, []any{f.Before, f.Kind, string(f.Account), int64(limit)}, func(r row) error {
		e, err := scanEvent(r)
		out = append(out, e)
		return err
	})
	return out, err
}

// SortsIDs tells whether ids between two others, in the order of their bytes, are so for
// the database. On PostgreSQL it may sort words as a language does in which some two
// letters count as one.
func (tx *Tx) SortsIDs() bool { return tx.store.engine.sortsIDs() }

// EventsUpTo lists events of some kinds behind one id up to another, oldest first,
// without what they tell.
func (tx *Tx) EventsUpTo(ctx context.Context, after, last string, kinds []string, limit int) ([]webhook.Event, error) {
	var out []webhook.Event
	err := tx.query(ctx, `
		SELECT id, account_id, kind, subject
		  FROM events
		 WHERE id > $1 AND id <= $2 AND kind IN (SELECT key FROM json_each($3))
		 ORDER BY id
		 LIMIT $4`, []any{after, last, keySet(kinds), int64(limit)}, func(r row) error {
		var e webhook.Event
		err := r.Scan(&e.ID, &e.Account, &e.Kind, &e.Subject)
		out = append(out, e)
		return err
	})
	return out, err
}

const deliveryColumns = `d.id, d.endpoint_id, d.event_id, e.kind, d.state, d.attempts, d.next_at, d.last_status, d.last_error, d.last_at, d.created_at`

func scanDelivery(r row) (webhook.Delivery, error) {
	var d webhook.Delivery
	err := r.Scan(&d.ID, &d.EndpointID, &d.EventID, &d.EventKind, &d.State, &d.Attempts, instant{&d.NextAt}, &d.LastStatus, &d.LastError,
		instant{&d.LastAt}, instant{&d.CreatedAt})
	if errors.Is(err, errNoRow) {
		return d, webhook.ErrDeliveryNotFound
	}
	return d, err
}

// AddDelivery inserts a delivery that waits. An event goes to an endpoint once;
// false means that it is on its way there already.
func (tx *Tx) AddDelivery(ctx context.Context, d webhook.Delivery) (bool, error) {
	n, err := tx.exec(ctx, `
		INSERT INTO deliveries (id, endpoint_id, event_id, state, attempts, next_at, last_status, last_error, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, 0, '', $7)
		ON CONFLICT DO NOTHING`,
		d.ID, d.EndpointID, d.EventID, string(d.State), int64(d.Attempts), micros(d.NextAt), micros(d.CreatedAt))
	return n == 1, err
}

// Delivery fetches a delivery.
func (tx *Tx) Delivery(ctx context.Context, id string) (webhook.Delivery, error) {
	return scanDelivery(tx.queryRow(ctx, `
		SELECT `+deliveryColumns+`
		  FROM deliveries d JOIN events e ON e.id = d.event_id
		 WHERE d.id = $1`, id))
}

// Deliveries lists what was sent to an endpoint, newest first, those before the
// given id; "" starts with the newest.
func (tx *Tx) Deliveries(ctx context.Context, endpoint, before string, limit int) ([]webhook.Delivery, error) {
	var out []webhook.Delivery
	err := tx.query(ctx, `
		SELECT `+deliveryColumns+`
		  FROM deliveries d JOIN events e ON e.id = d.event_id
		 WHERE d.endpoint_id = $1 AND ($2 = '' OR d.id < $2)
		 ORDER BY d.id DESC
		 LIMIT $3`, []any{endpoint, before, int64(limit)}, func(r row) error {
		d, err := scanDelivery(r)
		out = append(out, d)
		return err
	})
	return out, err
}

// DueDeliveries lists deliveries that wait for an attempt since before the given
// instant, those that have waited longest first.
func (tx *Tx) DueDeliveries(ctx context.Context, before time.Time, limit int) ([]string, error) {
	var out []string
	err := tx.query(ctx, `
		SELECT id FROM deliveries
		 WHERE state = 'waiting' AND next_at < $1
		 ORDER BY next_at
		 LIMIT $2`, []any{micros(before), int64(limit)}, func(r row) error {
		var id string
		err := r.Scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}

// RecordAttempt writes how a delivery stands after an attempt, and answers false
// if it is not any more as it was when the attempt began: attempts so many, and
// waiting since then.
func (tx *Tx) RecordAttempt(ctx context.Context, d webhook.Delivery, attemptsBefore int) (bool, error) {
	n, err := tx.exec(ctx, `
		UPDATE deliveries
		   SET state = $2, attempts = $3, next_at = $4, last_status = $5, last_error = $6, last_at = $7
		 WHERE id = $1 AND state = 'waiting' AND attempts = $8`,
		d.ID, string(d.State), int64(d.Attempts), micros(d.NextAt), int64(d.LastStatus), d.LastError, micros(d.LastAt), int64(attemptsBefore))
	return n == 1, err
}

// AddAttempt appends to the log of a delivery. Its number is the next one.
func (tx *Tx) AddAttempt(ctx context.Context, delivery string, a webhook.Attempt) error {
	return tx.execOne(ctx, `
		INSERT INTO delivery_attempts (delivery_id, number, at, status, error, took)
		SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5
		  FROM delivery_attempts
		 WHERE delivery_id = $1`,
		delivery, micros(a.At), int64(a.Status), a.Error, a.Took.Microseconds())
}

// Attempts lists the latest attempts at a delivery, the last one first.
func (tx *Tx) Attempts(ctx context.Context, delivery string, limit int) ([]webhook.Attempt, error) {
	var out []webhook.Attempt
	err := tx.query(ctx, `
		SELECT number, at, status, error, took
		  FROM delivery_attempts
		 WHERE delivery_id = $1
		 ORDER BY number DESC
		 LIMIT $2`, []any{delivery, int64(limit)}, func(r row) error {
		var a webhook.Attempt
		var took int64
		err := r.Scan(&a.Number, instant{&a.At}, &a.Status, &a.Error, &took)
		a.Took = time.Duration(took) * time.Microsecond
		out = append(out, a)
		return err
	})
	return out, err
}

// ReplayDelivery lets a delivery start over at the given instant, whatever
// became of it.
func (tx *Tx) ReplayDelivery(ctx context.Context, id string, at time.Time) error {
	return tx.execOne(ctx, `UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = $2 WHERE id = $1`, id, micros(at))
}
