package sandbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// stateVersion is written into every state file; another one is refused.
const stateVersion = "1"

// schema is the whole state of a world. Objects of the wire protocol are JSON
// documents in one table, as they are answered (doc) and with what the world
// knows besides (hidden); the columns beside them are what lists filter by.
const schema = `
CREATE TABLE IF NOT EXISTS meta (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
	seq      INTEGER PRIMARY KEY,
	id       TEXT NOT NULL UNIQUE,
	kind     TEXT NOT NULL,
	created  INTEGER NOT NULL,
	customer TEXT NOT NULL,
	intent   TEXT NOT NULL,
	charge   TEXT NOT NULL,
	mark     TEXT NOT NULL,
	doc      TEXT NOT NULL,
	hidden   TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind);
CREATE INDEX IF NOT EXISTS objects_by_customer ON objects (customer, kind) WHERE customer <> '';
CREATE INDEX IF NOT EXISTS objects_by_intent ON objects (intent, kind) WHERE intent <> '';
CREATE INDEX IF NOT EXISTS objects_by_charge ON objects (charge, kind) WHERE charge <> '';
CREATE TABLE IF NOT EXISTS due (
	seq    INTEGER PRIMARY KEY,
	at     INTEGER NOT NULL,
	what   TEXT NOT NULL,
	object TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS due_by_at ON due (at);
CREATE TABLE IF NOT EXISTS answers (
	key     TEXT PRIMARY KEY,
	asked   TEXT NOT NULL,
	request TEXT NOT NULL,
	status  INTEGER NOT NULL,
	body    TEXT NOT NULL,
	at      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_at ON answers (at);
CREATE TABLE IF NOT EXISTS deliveries (
	seq      INTEGER PRIMARY KEY,
	event    TEXT NOT NULL,
	endpoint TEXT NOT NULL,
	state    TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up', 'lost')),
	attempts INTEGER NOT NULL,
	born_at  INTEGER NOT NULL,
	next_at  INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (next_at) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS card_orders (
	seq    INTEGER PRIMARY KEY,
	target TEXT NOT NULL,
	answer TEXT NOT NULL,
	times  INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS requests (
	op TEXT PRIMARY KEY,
	n  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS book_charges (
	seq      INTEGER PRIMARY KEY,
	id       TEXT NOT NULL UNIQUE,
	intent   TEXT NOT NULL,
	customer TEXT NOT NULL,
	method   TEXT NOT NULL,
	currency TEXT NOT NULL,
	amount   INTEGER NOT NULL,
	captured INTEGER NOT NULL,
	refunded INTEGER NOT NULL,
	disputed INTEGER NOT NULL,
	status   TEXT NOT NULL,
	at       INTEGER NOT NULL,
	metadata TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_charge_per_intent ON book_charges (intent) WHERE status = 'succeeded';
CREATE TABLE IF NOT EXISTS book_holds (
	seq         INTEGER PRIMARY KEY,
	intent      TEXT NOT NULL UNIQUE,
	charge      TEXT NOT NULL,
	customer    TEXT NOT NULL,
	method      TEXT NOT NULL,
	currency    TEXT NOT NULL,
	amount      INTEGER NOT NULL,
	state       TEXT NOT NULL CHECK (state IN ('held', 'captured', 'canceled', 'expired')),
	placed_at   INTEGER NOT NULL,
	expires_at  INTEGER NOT NULL,
	captured_at INTEGER NOT NULL DEFAULT 0,
	voided_at   INTEGER NOT NULL DEFAULT 0,
	metadata    TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS book_holds_by_method ON book_holds (method);
CREATE TABLE IF NOT EXISTS paypal_answers (
	op      TEXT NOT NULL,
	request TEXT NOT NULL,
	asked   TEXT NOT NULL,
	status  INTEGER NOT NULL,
	body    TEXT NOT NULL,
	ends    INTEGER NOT NULL,
	PRIMARY KEY (op, request)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS paypal_answers_by_end ON paypal_answers (ends);
CREATE TABLE IF NOT EXISTS book_paypal_authorizations (
	seq           INTEGER PRIMARY KEY,
	id            TEXT NOT NULL UNIQUE,
	order_id      TEXT NOT NULL,
	original      TEXT NOT NULL,
	payer         TEXT NOT NULL,
	token         TEXT NOT NULL,
	invoice       TEXT NOT NULL,
	custom        TEXT NOT NULL,
	currency      TEXT NOT NULL,
	amount        INTEGER NOT NULL,
	captured      INTEGER NOT NULL,
	state         TEXT NOT NULL CHECK (state IN ('held', 'captured', 'voided', 'expired', 'reauthorized')),
	placed_at     INTEGER NOT NULL,
	honored_until INTEGER NOT NULL,
	expires_at    INTEGER NOT NULL,
	ended_at      INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS book_paypal_authorizations_held ON book_paypal_authorizations (payer) WHERE state = 'held';
CREATE TABLE IF NOT EXISTS book_paypal_captures (
	seq           INTEGER PRIMARY KEY,
	id            TEXT NOT NULL UNIQUE,
	order_id      TEXT NOT NULL,
	authorization TEXT NOT NULL,
	payer         TEXT NOT NULL,
	token         TEXT NOT NULL,
	invoice       TEXT NOT NULL,
	custom        TEXT NOT NULL,
	currency      TEXT NOT NULL,
	amount        INTEGER NOT NULL,
	fee           INTEGER NOT NULL,
	refunded      INTEGER NOT NULL,
	disputed      INTEGER NOT NULL,
	at            INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS book_paypal_captures_by_invoice ON book_paypal_captures (invoice);
CREATE TABLE IF NOT EXISTS book_paypal_refunds (
	seq      INTEGER PRIMARY KEY,
	id       TEXT NOT NULL UNIQUE,
	capture  TEXT NOT NULL,
	payer    TEXT NOT NULL,
	invoice  TEXT NOT NULL,
	currency TEXT NOT NULL,
	amount   INTEGER NOT NULL,
	at       INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS book_paypal_refunds_by_invoice ON book_paypal_refunds (invoice);
CREATE TABLE IF NOT EXISTS book_postings (
	seq      INTEGER PRIMARY KEY,
	entry    TEXT NOT NULL,
	what     TEXT NOT NULL,
	account  TEXT NOT NULL,
	currency TEXT NOT NULL,
	amount   INTEGER NOT NULL,
	at       INTEGER NOT NULL
);`

// A store is the state file. It has one connection, which its World uses
// under its lock, and keeps every statement it ever prepared.
type store struct {
	db         *sql.DB
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

// openStore opens or makes a state file, or one in memory if path is "".
//
// In the write-ahead log without a sync at each commit, a committed
// transaction survives the death of the process, kill -9 included; only a
// power cut could take the last ones.
func openStore(path string) (*store, error) {
	ctx := context.Background()
	db, err := sql.Open("sqlite", sourceName(path))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("open the sandbox's state: %w", err)
	}
	s := &store{db: db, conn: conn, statements: map[string]*sql.Stmt{}}
	if err := s.prepareFile(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func sourceName(path string) string {
	if path == "" || path == ":memory:" {
		return ":memory:"
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String()
}

func (s *store) prepareFile(ctx context.Context) error {
	for _, statement := range []string{
		"PRAGMA busy_timeout = 300",
		"PRAGMA locking_mode = EXCLUSIVE",
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = NORMAL",
		"PRAGMA wal_autocheckpoint = 4000",
		"PRAGMA cache_size = -32000",
		schema,
		bankSchema,
		"INSERT INTO meta (name, value) VALUES ('version', '" + stateVersion + "') ON CONFLICT (name) DO NOTHING",
	} {
		if _, err := s.conn.ExecContext(ctx, statement); err != nil {
			if strings.Contains(err.Error(), "locked") {
				return errors.New("the sandbox's state file is in use by another sandbox; stop that one or name another file")
			}
			return fmt.Errorf("prepare the sandbox's state file: %w", err)
		}
	}
	version, err := s.meta("version")
	if err != nil {
		return err
	}
	if version != stateVersion {
		return fmt.Errorf("the sandbox's state file has version %s, this program writes %s; name another file", version, stateVersion)
	}
	return nil
}

func (s *store) close() error {
	for _, statement := range s.statements {
		statement.Close()
	}
	return errors.Join(s.conn.Close(), s.db.Close())
}

func (s *store) prepared(query string) (*sql.Stmt, error) {
	if statement, ok := s.statements[query]; ok {
		return statement, nil
	}
	statement, err := s.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	s.statements[query] = statement
	return statement, nil
}

// exec runs a statement. A request that has begun to write is carried through
// even if its caller has gone, hence no context.
func (s *store) exec(query string, args ...any) error {
	statement, err := s.prepared(query)
	if err != nil {
		return err
	}
	if _, err := statement.Exec(args...); err != nil {
		return fmt.Errorf("sandbox state: %w", err)
	}
	return nil
}

// row scans the first row of a query; found is false if there is none.
func (s *store) row(query string, args []any, into ...any) (found bool, err error) {
	statement, err := s.prepared(query)
	if err != nil {
		return false, err
	}
	err = statement.QueryRow(args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("sandbox state: %w", err)
	}
	return true, nil
}

// each calls fn once per row of a query, with the row's scan function.
func (s *store) each(query string, args []any, fn func(scan func(...any) error) error) error {
	statement, err := s.prepared(query)
	if err != nil {
		return err
	}
	rows, err := statement.Query(args...)
	if err != nil {
		return fmt.Errorf("sandbox state: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *store) meta(name string) (string, error) {
	var value string
	_, err := s.row("SELECT value FROM meta WHERE name = $1", []any{name}, &value)
	return value, err
}

func (s *store) setMeta(name, value string) error {
	return s.exec("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
}
