package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bursar-pay/bursar/internal/fault"
)

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
	idsSorted bool          // see Tx.SortsIDs
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
	e := &postgresEngine{pool: pool, lookUpFor: busyTimeout}
	if err := pool.QueryRow(ctx, idsSorted).Scan(&e.idsSorted); err != nil {
		pool.Close()
		return nil, err
	}
	return e, nil
}

// idsSorted asks whether the database sorts each two letters of ids as their bytes are.
const idsSorted = `
	WITH letters AS (SELECT chr(n) AS l FROM generate_series(48, 122) AS n WHERE n NOT BETWEEN 58 AND 96),
	     steps AS (SELECT a.l || b.l AS id, lead(a.l || b.l) OVER (ORDER BY a.l || b.l COLLATE "C") AS next FROM letters AS a, letters AS b)
	SELECT bool_and(id < next) FROM steps WHERE next IS NOT NULL`

func (e *postgresEngine) sortsIDs() bool { return e.idsSorted }

func (e *postgresEngine) name() string      { return "postgres" }
func (e *postgresEngine) forUpdate() string { return " FOR UPDATE" }
func (e *postgresEngine) oneAtATime() string {
	return `SELECT CASE WHEN pg_advisory_xact_lock(5246873) IS NULL THEN 1 ELSE 0 END` // any number, but for ever
}
func (e *postgresEngine) skipLocked() string      { return " FOR UPDATE SKIP LOCKED" }
func (e *postgresEngine) fromHex(x string) string { return "decode(" + x + ", 'hex')" }

// moreRoom keeps sorts of a whole table in memory: on disk they take more than
// twice as long.
func (e *postgresEngine) moreRoom() string {
	return `SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true)`
}

func (e *postgresEngine) given(first int, columns []column) (string, []any) {
	var arrays, names []string
	var args []any
	for i, c := range columns {
		array, kind := c.array()
		arrays, names, args = append(arrays, "$"+strconv.Itoa(first+i)+"::"+kind+"[]"), append(names, c.name), append(args, array)
	}
	return "unnest(" + strings.Join(arrays, ", ") + ") AS given (" + strings.Join(names, ", ") + ")", args
}

func (e *postgresEngine) close() error { e.pool.Close(); return nil }

// begin takes a connection. The transaction itself begins with its first
// statement, in one journey with it.
func (e *postgresEngine) begin(ctx context.Context, write bool) (conn, error) {
	held, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &postgresTx{e: e, held: held, writes: write}, nil
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

// postgresTx sends as few messages as it can: to begin, and whatever waits for
// nobody's answer, goes along with the next statement whose answer is needed. It
// knows its transaction id, so that a commit that answered with an error can be
// looked up.
type postgresTx struct {
	e      *postgresEngine
	held   *pgxpool.Conn
	writes bool
	begun  bool
	xid    string
	queue  []statement // to be sent before the next
}

const (
	beginWrite = `begin isolation level read committed`
	beginRead  = `begin isolation level repeatable read read only`
	askXID     = `SELECT pg_current_xact_id()::text`
	commit     = `commit`
)

// due is what must be sent before the next statement.
func (t *postgresTx) due() []statement {
	due := t.queue
	if !t.begun {
		first := []statement{{text: beginRead}}
		if t.writes {
			first = []statement{{text: beginWrite}, {text: askXID, scan: func(r row) error { return r.Scan(&t.xid) }}}
		}
		due = append(first, due...)
	}
	t.begun, t.queue = true, nil
	return due
}

// together sends statements in one journey, with what is due before them. Many rows
// that go into a table as they are go ahead as a copy, in half the time.
func (t *postgresTx) together(ctx context.Context, all []statement) error {
	if len(all) > 0 && all[0].isCopied() {
		if err := t.send(ctx, t.due()); err != nil {
			return err
		}
		if err := t.copyIn(ctx, all[0].rows); err != nil {
			return err
		}
		all = all[1:]
	}
	return t.send(ctx, append(t.due(), all...))
}

// copyFrom is from how many rows on a copy's extra journeys pay.
const copyFrom = 200

func (s statement) isCopied() bool {
	return s.rows != nil && s.rows.isPlain() && s.rows.columns[0].len() >= copyFrom
}

func (t *postgresTx) copyIn(ctx context.Context, b *bulk) error {
	names := make([]string, len(b.columns))
	for i, c := range b.columns {
		names[i] = c.name
	}
	_, err := t.held.CopyFrom(ctx, pgx.Identifier{b.into}, names, pgx.CopyFromSlice(b.columns[0].len(), func(i int) (values []any, err error) {
		err = careful(func() error { // the driver asks from a goroutine of its own
			values = make([]any, len(b.columns))
			for n, c := range b.columns {
				values[n] = c.at(i)
			}
			return nil
		})
		return values, err
	}))
	return err
}

func (t *postgresTx) send(ctx context.Context, all []statement) error {
	if len(all) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	for i, s := range all {
		if s.rows != nil {
			s = s.rows.forAll()
			all[i] = s
		}
		b.Queue(s.text, s.args...)
	}
	answers := t.held.SendBatch(ctx, b)
	for _, s := range all {
		if err := readAnswer(answers, s); err != nil {
			_ = answers.Close() // it would say the same again
			return err
		}
	}
	return answers.Close()
}

func readAnswer(answers pgx.BatchResults, s statement) error {
	if s.scan == nil {
		tag, err := answers.Exec()
		if err != nil {
			return err
		}
		if s.tag != nil {
			*s.tag = tag.String()
		}
		return s.note(tag.RowsAffected())
	}
	rs, err := answers.Query()
	if err != nil {
		return err
	}
	defer rs.Close()
	for rs.Next() {
		if err := s.scan(rs); err != nil {
			return err
		}
	}
	return rs.Err()
}

func (t *postgresTx) exec(ctx context.Context, query string, args []any) (int64, error) {
	var n int64
	err := t.together(ctx, []statement{{text: query, args: args, changed: &n}})
	return n, err
}

func (t *postgresTx) query(ctx context.Context, query string, args []any, scan func(row) error) error {
	return t.together(ctx, []statement{{text: query, args: args, scan: scan}})
}

func (t *postgresTx) later(ctx context.Context, s statement) error {
	if s.isCopied() {
		return t.together(ctx, []statement{s})
	}
	t.queue = append(t.queue, s)
	return nil
}

func (t *postgresTx) commit(ctx context.Context) error {
	if len(t.queue) > 0 && !t.mayEnd() {
		if err := t.send(ctx, t.due()); err != nil {
			t.rollback()
			return err
		}
	}
	if !t.begun {
		t.held.Release()
		return nil
	}
	err := t.end(ctx)
	var p *pgconn.PgError
	if errors.As(err, &p) {
		t.rollback()
		return err // the server itself said how it ended
	}
	t.held.Release()
	if err == nil || t.xid == "" || errors.Is(err, pgx.ErrTxCommitRollback) {
		return err
	}
	return t.lookUp(context.WithoutCancel(ctx), err)
}

// mayEnd tells whether what waits may go along with the commit: nothing about it
// is to be looked at first, and how the commit ends could be looked up.
func (t *postgresTx) mayEnd() bool {
	return t.begun && t.xid != "" && !slices.ContainsFunc(t.queue, func(s statement) bool { return s.one || s.changed != nil || s.scan != nil })
}

// end commits, with what waits.
func (t *postgresTx) end(ctx context.Context) error {
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	tag := ""
	if len(t.queue) == 0 {
		done, err := t.held.Exec(patient, commit)
		if err != nil {
			return err
		}
		tag = done.String()
	} else if err := t.send(patient, append(t.due(), statement{text: commit, tag: &tag})); err != nil {
		return err
	}
	if tag == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return nil
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
	defer t.held.Release() // it closes a connection that is in the middle of something
	if !t.begun || t.held.Conn().IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	_, _ = t.held.Exec(ctx, "rollback") // the caller already has the error that led here
}

// raw is for statements that are not ours.
func (t *postgresTx) raw() any {
	if !t.begun || len(t.queue) > 0 {
		// What goes wrong ends the transaction, and theirs will be told so.
		_ = t.together(context.Background(), nil)
	}
	return foreignTx{t.held.Conn()}
}

// foreignTx lets somebody else send statements in a transaction that is not theirs
// to end.
type foreignTx struct{ *connection }

type connection = pgx.Conn

var errNotYours = errors.New("store: the transaction is not theirs to begin or end")

func (foreignTx) Begin(context.Context) (pgx.Tx, error) { return nil, errNotYours }
func (foreignTx) Commit(context.Context) error          { return errNotYours }
func (foreignTx) Rollback(context.Context) error        { return errNotYours }
func (foreignTx) LargeObjects() pgx.LargeObjects        { return pgx.LargeObjects{} }
func (f foreignTx) Conn() *pgx.Conn                     { return f.connection }
