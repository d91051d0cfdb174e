package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/bursar-pay/bursar/internal/fault"
)

// engine is what differs between the two databases. Everything else in this
// package is one text for both.
type engine interface {
	name() string
	begin(ctx context.Context, write bool) (conn, error)
	mayRetry(err error) bool
	trouble(err error) error // the fault of a full or unwritable disk; nil is neither
	isUniqueViolation(err error) bool
	forUpdate() string
	skipLocked() string
	fromHex(expression string) string // SQL that turns hexadecimal text into bytes
	moreRoom() string                 // a question that gives the transaction memory to sort in; "" needs none
	close() error
}

// ErrDiskFull says that nothing more can be written. What was refused was not
// done: no money is asked for unless its intent was written first.
var ErrDiskFull = fault.New(fault.Unavailable, "disk_full", "the database's disk is full").WithNext("make room where the database is, and send the request again")

// ErrUnwritable says that the database file cannot be made or written.
var ErrUnwritable = fault.New(fault.Unavailable, "database_unwritable", "the database file cannot be opened for writing").WithNext("check the directory's permissions and free space, or name another file with --db")

// --- SQLite ---

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
}

func sqliteDSN(path string, write bool) string {
	q := url.Values{}
	q.Add("_pragma", "busy_timeout("+strconv.Itoa(int(busyTimeout.Milliseconds()))+")")
	q.Add("_pragma", "foreign_keys(1)")
	q.Add("_pragma", "cache_size(-"+strconv.Itoa(sqliteCacheKB)+")")
	if write {
		q.Add("_pragma", "journal_mode(wal)")
		q.Add("_pragma", "synchronous(full)")
		q.Set("_txlock", "immediate")
	} else {
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func openSQLite(ctx context.Context, path string, o Options) (engine, error) {
	if path == "" {
		return nil, ErrDatabaseURL
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
func (e *sqliteEngine) skipLocked() string      { return "" }
func (e *sqliteEngine) fromHex(x string) string { return "unhex(" + x + ")" }
func (e *sqliteEngine) moreRoom() string        { return "" } // it has its page cache

func (e *sqliteEngine) close() error {
	var errs []error
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

func (w *sqliteWrite) query(_ context.Context, query string, args []any) (rows, error) {
	s, err := w.prepared(query)
	if err != nil {
		return nil, err
	}
	rs, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, err
	}
	return sqlRows{rs}, nil
}

func (w *sqliteWrite) together(ctx context.Context, all []statement) error {
	for _, s := range all {
		if err := oneAlone(ctx, w, s); err != nil {
			return err
		}
	}
	return nil
}

func (w *sqliteWrite) insert(ctx context.Context, b bulk, then []statement) ([]int, error) {
	each, err := w.prepared(b.forEach())
	if err != nil {
		return nil, err
	}
	var inserted []int
	values := make([]any, len(b.columns))
	for i := range b.columns[0].len() {
		for n, c := range b.columns {
			values[n] = c.at(i)
		}
		r, err := each.ExecContext(context.Background(), values...)
		if err != nil {
			return nil, err
		}
		n, err := r.RowsAffected()
		if err != nil {
			return nil, err
		}
		if n > 0 {
			inserted = append(inserted, i)
		}
	}
	return inserted, w.together(ctx, then)
}

// oneAlone runs a statement by itself.
func oneAlone(ctx context.Context, c conn, s statement) error {
	if s.scan == nil {
		_, err := c.exec(ctx, s.text, s.args)
		return err
	}
	rs, err := c.query(ctx, s.text, s.args)
	if err != nil {
		return err
	}
	defer rs.close()
	return scanAll(rs, s.scan)
}

func scanAll(rs rows, scan func(row) error) error {
	for rs.Next() {
		if err := scan(rs); err != nil {
			return err
		}
	}
	return rs.Err()
}

func (w *sqliteWrite) commit(context.Context) error {
	err := w.tx.Commit()
	if err != nil {
		// A commit that SQLite refuses leaves its transaction open, and the next one
		// could not begin. If it closed it, there is nothing to roll back.
		_, _ = w.e.conn.ExecContext(context.Background(), "ROLLBACK")
	}
	w.finish()
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

var errReadOnly = errors.New("store: a view does not write")

// sqliteRead is a transaction on one of the reading connections.
type sqliteRead struct{ tx *sql.Tx }

func (r *sqliteRead) exec(ctx context.Context, query string, args []any) (int64, error) {
	return 0, errReadOnly
}

func (r *sqliteRead) query(ctx context.Context, query string, args []any) (rows, error) {
	rs, err := r.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return sqlRows{rs}, nil
}

func (r *sqliteRead) together(ctx context.Context, all []statement) error {
	for _, s := range all {
		if err := oneAlone(ctx, r, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *sqliteRead) insert(context.Context, bulk, []statement) ([]int, error) {
	return nil, errReadOnly
}

func (r *sqliteRead) commit(context.Context) error { return r.tx.Commit() }
func (r *sqliteRead) rollback()                    { _ = r.tx.Rollback() } // the caller has its error
func (r *sqliteRead) raw() any                     { return r.tx }

type sqlRows struct{ *sql.Rows }

func (r sqlRows) close() { _ = r.Rows.Close() } // Err has been asked

// --- PostgreSQL ---

const (
	postgresConns = 16
	lockTimeout   = "10s"

	// commitTimeout is when a commit or a rollback that gives no answer counts as
	// a lost connection.
	commitTimeout = 30 * time.Second
)

// errAborted says that a commit whose answer was lost did not happen, so that the
// whole may run again.
var errAborted = errors.New("store: the connection was lost and the transaction with it")

type postgresEngine struct {
	pool      *pgxpool.Pool
	lookUpFor time.Duration // how long a commit without an answer is looked up
}

func openPostgres(ctx context.Context, dsn string, o Options) (engine, error) {
	c, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, ErrDatabaseURL.Detail("the PostgreSQL address cannot be read") // the error would show the password
	}
	c.MaxConns = postgresConns
	if o.Conns > 0 {
		c.MaxConns = int32(o.Conns)
	}
	c.ConnConfig.RuntimeParams["timezone"] = "UTC"
	c.ConnConfig.RuntimeParams["application_name"] = "bursar"
	c.ConnConfig.RuntimeParams["lock_timeout"] = lockTimeout
	if o.ReadOnly {
		c.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fault.New(fault.Unavailable, "database_unreachable", fmt.Sprintf("PostgreSQL at %s does not answer", c.ConnConfig.Host)).
			WithNext("check that the server runs, that the database exists, and that the user may connect")
	}
	return &postgresEngine{pool: pool, lookUpFor: busyTimeout}, nil
}

func (e *postgresEngine) name() string            { return "postgres" }
func (e *postgresEngine) forUpdate() string       { return " FOR UPDATE" }
func (e *postgresEngine) skipLocked() string      { return " FOR UPDATE SKIP LOCKED" }
func (e *postgresEngine) fromHex(x string) string { return "decode(" + x + ", 'hex')" }

// moreRoom keeps sorts of a whole table in memory: on disk they take more than
// twice as long.
func (e *postgresEngine) moreRoom() string {
	return `SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true)`
}
func (e *postgresEngine) close() error { e.pool.Close(); return nil }

func (e *postgresEngine) begin(ctx context.Context, write bool) (conn, error) {
	o := pgx.TxOptions{IsoLevel: pgx.ReadCommitted}
	if !write {
		o = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	}
	tx, err := e.pool.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return &postgresTx{e: e, tx: tx, isNamed: !write}, nil
}

func (e *postgresEngine) mayRetry(err error) bool {
	var p *pgconn.PgError
	return errors.Is(err, errAborted) || errors.As(err, &p) && (p.Code == "40001" || p.Code == "40P01" || p.Code == "55P03")
}

func (e *postgresEngine) trouble(err error) error {
	var p *pgconn.PgError
	if !errors.As(err, &p) {
		return nil
	}
	switch p.Code {
	case "53100":
		return ErrDiskFull
	case "25006":
		return ErrUnwritable.Detail("the database server takes no writes: it is a standby, or set to read only")
	}
	return nil
}

func (e *postgresEngine) isUniqueViolation(err error) bool {
	var p *pgconn.PgError
	return errors.As(err, &p) && p.Code == "23505"
}

// postgresTx knows its transaction id, so that a commit that answered with an
// error can be looked up. It is asked along with the first statement.
type postgresTx struct {
	e       *postgresEngine
	tx      pgx.Tx
	xid     string
	isNamed bool // xid is known, or not needed
}

const askXID = `SELECT pg_current_xact_id()::text`

func (t *postgresTx) exec(ctx context.Context, query string, args []any) (int64, error) {
	if t.isNamed {
		tag, err := t.tx.Exec(ctx, query, args...)
		return tag.RowsAffected(), err
	}
	answers, err := t.named(ctx, func(b *pgx.Batch) { b.Queue(query, args...) })
	if err != nil {
		return 0, err
	}
	tag, err := answers.Exec()
	return tag.RowsAffected(), errors.Join(err, answers.Close())
}

// named sends statements behind the one that asks for the transaction's id.
func (t *postgresTx) named(ctx context.Context, queue func(*pgx.Batch)) (pgx.BatchResults, error) {
	b := &pgx.Batch{}
	if !t.isNamed {
		b.Queue(askXID)
	}
	queue(b)
	answers := t.tx.SendBatch(ctx, b)
	if t.isNamed {
		return answers, nil
	}
	t.isNamed = true
	if err := answers.QueryRow().Scan(&t.xid); err != nil {
		return nil, errors.Join(err, answers.Close())
	}
	return answers, nil
}

func (t *postgresTx) query(ctx context.Context, query string, args []any) (rows, error) {
	if t.isNamed {
		rs, err := t.tx.Query(ctx, query, args...)
		if err != nil {
			return nil, err
		}
		return pgxRows{rs, nil}, nil
	}
	answers, err := t.named(ctx, func(b *pgx.Batch) { b.Queue(query, args...) })
	if err != nil {
		return nil, err
	}
	rs, err := answers.Query()
	if err != nil {
		return nil, errors.Join(err, answers.Close())
	}
	return pgxRows{rs, answers}, nil
}

func (t *postgresTx) together(ctx context.Context, all []statement) error {
	answers, err := t.named(ctx, func(b *pgx.Batch) { queueAll(b, all) })
	if err != nil {
		return err
	}
	return errors.Join(readAll(answers, all), answers.Close())
}

func (t *postgresTx) insert(ctx context.Context, b bulk, then []statement) ([]int, error) {
	text, args := b.forAll()
	var inserted []int
	first := statement{text: text, args: args}
	if b.unique {
		keys := b.columns[0].bytes
		position := make(map[string]int, len(keys))
		for i := len(keys) - 1; i >= 0; i-- {
			position[string(keys[i])] = i // the first of several stays
		}
		inserted = make([]int, 0, len(keys))
		var key []byte
		first.scan = func(r row) error {
			err := r.Scan((*pgtype.DriverBytes)(&key))
			inserted = append(inserted, position[string(key)])
			return err
		}
	}
	err := t.together(ctx, append([]statement{first}, then...))
	return inserted, err
}

func queueAll(b *pgx.Batch, all []statement) {
	for _, s := range all {
		b.Queue(s.text, s.args...)
	}
}

func readAll(answers pgx.BatchResults, all []statement) error {
	for _, s := range all {
		if s.scan == nil {
			if _, err := answers.Exec(); err != nil {
				return err
			}
			continue
		}
		rs, err := answers.Query()
		if err != nil {
			return err
		}
		err = scanAll(pgxRows{rs, nil}, s.scan)
		rs.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *postgresTx) commit(ctx context.Context) error {
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	err := t.tx.Commit(patient)
	var p *pgconn.PgError
	if err == nil || t.xid == "" || errors.As(err, &p) || errors.Is(err, pgx.ErrTxCommitRollback) {
		return err // the server itself said how it ended
	}
	return t.lookUp(context.WithoutCancel(ctx), err)
}

// lookUp asks the server how the transaction ended whose commit gave no answer.
func (t *postgresTx) lookUp(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, t.e.lookUpFor)
	defer cancel()
	var status sql.NullString
	for ctx.Err() == nil {
		err := t.e.pool.QueryRow(ctx, `SELECT pg_xact_status(cast($1 as xid8))`, t.xid).Scan(&status)
		switch {
		case err == nil && status.String == "committed":
			return nil
		case err == nil && status.String == "aborted":
			return errors.Join(errAborted, cause)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.Join(ErrCommitUnknown, cause)
}

func (t *postgresTx) rollback() {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	_ = t.tx.Rollback(ctx) // the caller already has the error that led here
}

// raw is for statements that are not sent by us.
func (t *postgresTx) raw() any {
	if !t.isNamed {
		if answers, err := t.named(context.Background(), func(*pgx.Batch) {}); err == nil {
			_ = answers.Close() // what is wrong with the connection, the next statement says
		}
	}
	return t.tx
}

type pgxRows struct {
	pgx.Rows
	of pgx.BatchResults // nil: they came alone
}

func (r pgxRows) close() {
	r.Rows.Close()
	if r.of != nil {
		_ = r.of.Close() // Err has been asked
	}
}
