package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/bursar-pay/bursar/internal/billing"
)

const (
	sqliteReaders = 4
	sqliteCacheKB = 64 << 10
	busyTimeout   = 10 * time.Second
)

// sqliteEngine has one connection that writes, with its statements kept ready,
// and a few that read. Every writing transaction is BEGIN IMMEDIATE: a deferred
// one that turns into a writer fails at once when another has written.
type sqliteEngine struct {
	writer   *sql.DB
	reader   *sql.DB
	readOnly bool

	turn       chan struct{} // held by the transaction that writes
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	log        *checkpointer
}

func sqliteDSN(path string, write bool) string {
	q := url.Values{}
	q.Add("_pragma", "busy_timeout("+strconv.Itoa(int(busyTimeout.Milliseconds()))+")")
	q.Add("_pragma", "foreign_keys(1)")
	q.Add("_pragma", "cache_size(-"+strconv.Itoa(sqliteCacheKB)+")")
	if write {
		q.Add("_pragma", "journal_mode(wal)")
		q.Add("_pragma", "synchronous(full)")
		q.Add("_pragma", "wal_autocheckpoint("+strconv.Itoa(logPagesMost)+")")
		q.Set("_txlock", "immediate")
	} else {
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// localDay gives SQL the day of an instant in a zone, as the same function does that
// a migration makes on PostgreSQL.
var localDay = sync.OnceValue(func() error {
	return sqlite.RegisterDeterministicScalarFunction("local_day", 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		zone, isText := args[0].(string)
		at, isNumber := args[1].(int64)
		if !isText || !isNumber {
			return nil, fmt.Errorf("store: no zone and instant: %v", args)
		}
		if zone == "UTC" {
			return int64(billing.DayOf(time.UnixMicro(at), time.UTC)), nil
		}
		l, err := time.LoadLocation(zone)
		if err != nil {
			return nil, err
		}
		return int64(billing.DayOf(time.UnixMicro(at), l)), nil
	})
})

func openSQLite(ctx context.Context, path string, o Options) (engine, error) {
	if path == "" {
		return nil, ErrDatabaseURL
	}
	if err := localDay(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		if o.ReadOnly {
			return nil, ErrNotMigrated.Detail("there is no database at %s", path)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, ErrUnwritable.Detail("the directory of %s cannot be made: %v", path, errors.Unwrap(err))
		}
	}
	e := &sqliteEngine{turn: make(chan struct{}, 1), statements: map[string]*sql.Stmt{}, readOnly: o.ReadOnly}
	var err error
	if !o.ReadOnly {
		if e.writer, err = sql.Open("sqlite", sqliteDSN(path, true)); err != nil {
			return nil, err
		}
		e.writer.SetMaxOpenConns(1)
		if err = e.whileBusy(ctx, func() error { e.conn, err = e.writer.Conn(ctx); return err }); err != nil {
			e.writer.Close()
			return nil, ErrUnwritable.Detail("%s cannot be opened: %v", path, err)
		}
	}
	if e.reader, err = sql.Open("sqlite", sqliteDSN(path, false)); err != nil {
		return nil, errors.Join(err, e.close())
	}
	if !o.ReadOnly {
		e.log = newCheckpointer(path)
	}
	e.reader.SetMaxOpenConns(sqliteReaders)
	e.reader.SetMaxIdleConns(sqliteReaders)
	if err := e.whileBusy(ctx, func() error { return e.reader.PingContext(ctx) }); err != nil {
		return nil, errors.Join(ErrUnwritable.Detail("%s is not a database that can be read: %v", path, err), e.close())
	}
	return e, nil
}

// whileBusy tries again while another process turns the same new file into a
// write-ahead database: SQLite does not wait for that by itself.
func (e *sqliteEngine) whileBusy(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	for {
		err := try()
		if err == nil || !e.mayRetry(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(retryPause << 3):
		}
	}
}

func (e *sqliteEngine) name() string            { return "sqlite" }
func (e *sqliteEngine) forUpdate() string       { return "" }
func (e *sqliteEngine) oneAtATime() string      { return "" } // it has one writer
func (e *sqliteEngine) skipLocked() string      { return "" }
func (e *sqliteEngine) fromHex(x string) string { return "unhex(" + x + ")" }
func (e *sqliteEngine) moreRoom() string        { return "" }   // it has its page cache
func (e *sqliteEngine) sortsIDs() bool          { return true } // by their bytes

func (e *sqliteEngine) given(first int, columns []column) (string, []any) {
	var names []string
	for _, c := range columns {
		names = append(names, "value->>'"+c.name+"' AS "+c.name)
	}
	return "(SELECT " + strings.Join(names, ", ") + " FROM json_each($" + strconv.Itoa(first) + ")) AS given", []any{asObjects(columns)}
}

func (e *sqliteEngine) close() error {
	var errs []error
	if e.log != nil {
		errs = append(errs, e.log.close())
	}
	if e.writer != nil {
		e.turn <- struct{}{}
		for _, s := range e.statements {
			errs = append(errs, s.Close())
		}
		if e.conn != nil {
			errs = append(errs, e.conn.Close())
		}
		errs = append(errs, e.writer.Close())
	}
	if e.reader != nil {
		errs = append(errs, e.reader.Close())
	}
	return errors.Join(errs...)
}

func (e *sqliteEngine) begin(ctx context.Context, write bool) (conn, error) {
	if !write {
		tx, err := e.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return nil, err
		}
		return &sqliteRead{tx}, nil
	}
	if e.readOnly {
		return nil, errors.New("store: the database was opened for reading only")
	}
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	// Without the caller's cancellation: an interrupted statement would roll the
	// transaction back, and the next one would stand outside any. Tx looks at the
	// context between statements instead.
	tx, err := e.conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		<-e.turn
		return nil, err
	}
	return &sqliteWrite{e: e, tx: tx}, nil
}

func (e *sqliteEngine) mayRetry(err error) bool {
	var s *sqlite.Error
	return errors.As(err, &s) && (s.Code()&0xff == sqlite3.SQLITE_BUSY || s.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

func (e *sqliteEngine) trouble(err error) error {
	var s *sqlite.Error
	if !errors.As(err, &s) {
		return nil
	}
	switch s.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return ErrDiskFull
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR:
		return ErrUnwritable
	}
	return nil
}

func (e *sqliteEngine) isUniqueViolation(err error) bool {
	var s *sqlite.Error
	return errors.As(err, &s) && (s.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || s.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// sqliteWrite is the one transaction that writes. Its statements are prepared on
// the connection, once for the life of the process.
type sqliteWrite struct {
	e    *sqliteEngine
	tx   *sql.Tx
	done bool
}

func (w *sqliteWrite) prepared(query string) (*sql.Stmt, error) {
	if s, ok := w.e.statements[query]; ok {
		return s, nil
	}
	s, err := w.e.conn.PrepareContext(context.Background(), query)
	if err == nil {
		w.e.statements[query] = s
	}
	return s, err
}

func (w *sqliteWrite) exec(_ context.Context, query string, args []any) (int64, error) {
	s, err := w.prepared(query)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (w *sqliteWrite) query(_ context.Context, query string, args []any, scan func(row) error) error {
	s, err := w.prepared(query)
	if err != nil {
		return err
	}
	rs, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	return scanRows(rs, scan)
}

func scanRows(rs *sql.Rows, scan func(row) error) error {
	defer rs.Close()
	for rs.Next() {
		if err := scan(rs); err != nil {
			return err
		}
	}
	return rs.Err()
}

func (w *sqliteWrite) later(ctx context.Context, s statement) error {
	return w.together(ctx, []statement{s})
}

func (w *sqliteWrite) together(ctx context.Context, all []statement) error {
	for _, s := range all {
		if s.rows != nil {
			if err := w.insert(s.rows); err != nil {
				return err
			}
		} else if err := alone(ctx, w, s); err != nil {
			return err
		}
	}
	return nil
}

// insert runs the order for one row again and again: nothing is far away here.
func (w *sqliteWrite) insert(b *bulk) error {
	each, err := w.prepared(b.forEach())
	if err != nil {
		return err
	}
	var inserted []int
	values := make([]any, len(b.columns))
	for i := range b.columns[0].len() {
		for n, c := range b.columns {
			values[n] = c.at(i)
		}
		r, err := each.ExecContext(context.Background(), values...)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err != nil {
			return err
		}
		if n > 0 {
			inserted = append(inserted, i)
		}
	}
	if b.inserted != nil {
		*b.inserted = inserted
	}
	return nil
}

func alone(ctx context.Context, c conn, s statement) error {
	if s.scan != nil {
		return c.query(ctx, s.text, s.args, s.scan)
	}
	n, err := c.exec(ctx, s.text, s.args)
	if err != nil {
		return err
	}
	return s.note(n)
}

func (w *sqliteWrite) commit(context.Context) error {
	err := w.tx.Commit()
	if err != nil {
		// A commit that SQLite refuses leaves its transaction open, and the next one
		// could not begin. If it closed it, there is nothing to roll back.
		_, _ = w.e.conn.ExecContext(context.Background(), "ROLLBACK")
	}
	w.finish()
	w.e.log.wake()
	return err
}

func (w *sqliteWrite) rollback() {
	_ = w.tx.Rollback() // the caller already has the error that led here
	w.finish()
}

func (w *sqliteWrite) finish() {
	if !w.done {
		w.done = true
		<-w.e.turn
	}
}

func (w *sqliteWrite) raw() any { return w.tx }

// sqliteRead is a transaction on one of the reading connections.
type sqliteRead struct{ tx *sql.Tx }

func (r *sqliteRead) exec(context.Context, string, []any) (int64, error) { return 0, errReadOnly }

func (r *sqliteRead) query(ctx context.Context, query string, args []any, scan func(row) error) error {
	rs, err := r.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	return scanRows(rs, scan)
}

func (r *sqliteRead) later(context.Context, statement) error { return errReadOnly }

func (r *sqliteRead) together(ctx context.Context, all []statement) error {
	for _, s := range all {
		if s.rows != nil {
			return errReadOnly
		}
		if err := alone(ctx, r, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *sqliteRead) commit(context.Context) error { return r.tx.Commit() }
func (r *sqliteRead) rollback()                    { _ = r.tx.Rollback() } // the caller has its error
func (r *sqliteRead) raw() any                     { return r.tx }
