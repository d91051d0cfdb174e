// Package store is what Bursar remembers: every SQL statement of the house, for
// SQLite and PostgreSQL alike. A transaction is opened by Update or View and by
// nothing else; no call to the outside world can happen inside one, because what
// runs there is handed a Tx and no provider.
//
// Rows that say what happened (entries, postings, usage lines, audit records,
// events) are inserted and guarded by triggers; nothing updates or deletes them.
// Instants are UTC microseconds, amounts are minor units beside a currency.
package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// What the store says when it cannot go on.
var (
	ErrDatabaseURL   = fault.New(fault.Invalid, "database_url", "the database is not named as expected").WithNext("use sqlite:PATH or postgres://USER@HOST/NAME")
	ErrNewerDatabase = fault.New(fault.Conflict, "database_newer", "the database was written by a newer version of bursar").WithNext("run that version or a later one on it")
	ErrNotMigrated   = fault.New(fault.Conflict, "database_not_migrated", "the database has no tables of bursar, or older ones").WithNext("run: bursar migrate")
	ErrCommitUnknown = fault.New(fault.Unavailable, "commit_unknown", "the database went away while committing; it cannot be said whether the change was kept").WithNext("look the object up before sending the request again")
	ErrBusy          = fault.New(fault.Unavailable, "database_busy", "the database did not let the change through in time").WithNext("send the request again")
)

const (
	updateTriesMax = 10
	retryPause     = 2 * time.Millisecond
)

// Store is an open database.
type Store struct {
	engine engine
	url    string
	river  bool

	// Enqueue inserts a job in the transaction that needs it. It is set by
	// whoever wires the queue, before the first Update.
	enqueue Enqueuer
}

// Options say how to open a database.
type Options struct {
	ReadOnly bool // for verify and reports: opens what exists, writes nothing
	Conns    int  // connections for PostgreSQL; 0 means the default
	River    bool // jobs go to River: Migrate makes its tables too
}

// Open connects to the database that url names, "sqlite:PATH" or "postgres://…".
// A SQLite file is made if it is not there. Open changes no table: see Migrate.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		e, err := openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), o)
		if err != nil {
			return nil, err
		}
		return &Store{engine: e, url: url, river: o.River}, nil
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		e, err := openPostgres(ctx, url, o)
		if err != nil {
			return nil, err
		}
		return &Store{engine: e, url: url, river: o.River}, nil
	}
	return nil, ErrDatabaseURL
}

// Close releases the connections. Transactions under way end first.
func (s *Store) Close() error { return s.engine.close() }

// Engine returns "sqlite" or "postgres".
func (s *Store) Engine() string { return s.engine.name() }

// Path returns the SQLite file's path, "" on PostgreSQL.
func (s *Store) Path() string {
	p, _ := strings.CutPrefix(s.url, "sqlite:")
	if p == s.url {
		return ""
	}
	return p
}

// Ping answers nil if the database can be asked.
func (s *Store) Ping(ctx context.Context) error {
	return s.View(ctx, func(tx *Tx) error {
		var one int64
		return tx.queryRow(ctx, `SELECT 1`).Scan(&one)
	})
}

// Update runs fn in a transaction that may write, and commits it if fn returns
// nil. A serialization failure or a deadlock runs the whole of fn again, so fn
// must decide from what it reads in tx and touch nothing outside it.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	var err error
	for try := range updateTriesMax {
		if try > 0 {
			pause := retryPause << min(try, 6)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(pause/2 + rand.N(pause)):
			}
		}
		if err = s.once(ctx, true, fn); err == nil || !s.engine.mayRetry(err) {
			return s.explain(err)
		}
	}
	return errors.Join(ErrBusy, fmt.Errorf("gave up after %d tries: %w", updateTriesMax, err))
}

// IsTaken tells whether an error of Update says that a row was there already that
// has the same unique value.
func (s *Store) IsTaken(err error) bool { return s.engine.isUniqueViolation(err) }

// explain puts the fault before an error that the operator can mend.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	if why := s.engine.trouble(err); why != nil {
		return errors.Join(why, err)
	}
	return err
}

// View runs fn in a transaction that sees one moment of the database and may
// not write.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	return s.once(ctx, false, fn)
}

func (s *Store) once(ctx context.Context, write bool, fn func(*Tx) error) error {
	c, err := s.engine.begin(ctx, write)
	if err != nil {
		return err
	}
	if write {
		c = &ahead{conn: c}
	}
	tx := &Tx{conn: c, store: s, writes: write}
	ended := false
	defer func() {
		if !ended { // an error, a panic, or the end of the goroutine
			c.rollback()
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if tx.broken != nil {
		return tx.broken
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ended = true
	if err := c.commit(ctx); err != nil {
		return err
	}
	for _, f := range tx.afterCommit {
		f()
	}
	return nil
}
