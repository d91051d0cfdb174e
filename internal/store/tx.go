package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/webhook"
)

// Tx is one transaction. It is handed to the function given to Update or View
// and is of no use after it. Its exported methods are the questions and changes
// that the office knows; SQL stays in this package.
type Tx struct {
	conn        conn
	store       *Store
	writes      bool
	broken      error // the first statement error: nothing may follow it
	afterCommit []func()
	policies    *int                 // how many there are, if it was asked in this transaction
	heads       map[string]auditHead // of the audit chains that were appended to
	hearers     *[]webhook.Endpoint  // the enabled endpoints, if they were asked for
}

// AfterCommit runs f once the transaction is committed, and not at all if it is
// not. f must not fail.
func (tx *Tx) AfterCommit(f func()) { tx.afterCommit = append(tx.afterCommit, f) }

// errNoRow says that a question found nothing. The store's own callers turn it
// into the fault of the object that was looked for.
var errNoRow = errors.New("store: no row")

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := tx.usable(ctx); err != nil {
		return 0, err
	}
	n, err := tx.conn.exec(ctx, query, args)
	return n, tx.note(err)
}

// change runs a statement whose answer nobody waits for. What is wrong with it may
// be told by a later call, by Update at the latest, and ends the transaction.
func (tx *Tx) change(ctx context.Context, query string, args ...any) error {
	return tx.later(ctx, statement{text: query, args: args})
}

// execOne is change for a statement that must change exactly one row.
func (tx *Tx) execOne(ctx context.Context, query string, args ...any) error {
	return tx.later(ctx, statement{text: query, args: args, one: true})
}

func (tx *Tx) later(ctx context.Context, s statement) error {
	if err := tx.usable(ctx); err != nil {
		return err
	}
	return tx.note(tx.conn.later(ctx, s))
}

// query runs a question and calls scan once a row.
func (tx *Tx) query(ctx context.Context, query string, args []any, scan func(row) error) error {
	if err := tx.usable(ctx); err != nil {
		return err
	}
	return tx.note(tx.conn.query(ctx, query, args, scan))
}

// row is one row to be scanned.
type row interface{ Scan(dest ...any) error }

// queryRow runs a question for at most one row; Scan answers errNoRow if there
// is none.
func (tx *Tx) queryRow(ctx context.Context, query string, args ...any) row {
	return &oneRow{tx: tx, ctx: ctx, sql: query, args: args}
}

type oneRow struct {
	tx   *Tx
	ctx  context.Context
	sql  string
	args []any
}

func (r *oneRow) Scan(dest ...any) error {
	found := false
	err := r.tx.query(r.ctx, r.sql, r.args, func(rs row) error {
		if found {
			return nil
		}
		found = true
		return rs.Scan(dest...)
	})
	if err == nil && !found {
		return errNoRow
	}
	return err
}

// usable refuses statements after an error: PostgreSQL would refuse them too,
// and SQLite may already have rolled back, so that they would stand alone.
func (tx *Tx) usable(ctx context.Context) error {
	if tx.broken != nil {
		return tx.broken
	}
	return tx.note(ctx.Err())
}

func (tx *Tx) note(err error) error {
	if err != nil && tx.broken == nil {
		tx.broken = err
	}
	return err
}

// forUpdate locks the rows of a SELECT where the engine has row locks and the
// transaction may write.
func (tx *Tx) forUpdate() string {
	if !tx.writes {
		return ""
	}
	return tx.store.engine.forUpdate()
}

// skipLocked locks them too, and passes over those that somebody else has locked.
func (tx *Tx) skipLocked() string { return tx.store.engine.skipLocked() }

// micros turns an instant into what the database keeps; the zero time is NULL.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// instant scans a column of microseconds into a time; NULL is the zero time.
type instant struct{ t *time.Time }

func (i instant) Scan(v any) error {
	var n sql.NullInt64
	if err := n.Scan(v); err != nil {
		return err
	}
	*i.t = time.Time{}
	if n.Valid {
		*i.t = time.UnixMicro(n.Int64).UTC()
	}
	return nil
}

// flag scans a column of 0 or 1.
type flag struct{ b *bool }

func (f flag) Scan(v any) error {
	var n sql.NullInt64
	if err := n.Scan(v); err != nil {
		return err
	}
	*f.b = n.Int64 != 0
	return nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// text scans a column that may be NULL into a string-like value.
type text[T ~string] struct{ s *T }

func textOf[T ~string](s *T) text[T] { return text[T]{s} }

func (t text[T]) Scan(v any) error {
	var n sql.NullString
	if err := n.Scan(v); err != nil {
		return err
	}
	*t.s = T(n.String)
	return nil
}

// orNull keeps an empty string as NULL.
func orNull[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// document scans a JSON column into a value.
type document struct{ into any }

func (d document) Scan(v any) error {
	var n sql.NullString
	if err := n.Scan(v); err != nil || !n.Valid || n.String == "" {
		return err
	}
	return json.Unmarshal([]byte(n.String), d.into)
}

// asJSON keeps a value as JSON text.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T cannot be kept as JSON: %v", v, err))
	}
	return string(b)
}

// textsOf is ids as plain text.
func textsOf[T ~string](ids []T) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return texts
}

// keySet is a JSON object whose keys are ids, for "IN (SELECT key FROM
// json_each($1))": one parameter and one text for any number of ids.
func keySet[T ~string](ids []T) string {
	m := make(map[string]int, len(ids))
	for _, id := range ids {
		m[string(id)] = 1
	}
	return asJSON(m)
}

// numbered is a JSON object "0", "1", … of rows, for "FROM json_each($1)".
func numbered[T any](rows []T) string {
	b := make([]byte, 0, 64*len(rows)+2)
	b = append(b, '{')
	for i, r := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `"%d":`, i)
		j, err := json.Marshal(r)
		if err != nil {
			panic(fmt.Sprintf("store: %T cannot be kept as JSON: %v", r, err))
		}
		b = append(b, j...)
	}
	return string(append(b, '}'))
}
