package store

import (
	"context"
	"errors"
	"fmt"

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
	oneAtATime() string                                          // a question that waits until no other transaction has asked it; "" needs none
	fromHex(expression string) string                            // SQL that turns hexadecimal text into bytes
	given(first int, columns []column) (rows string, args []any) // see Tx.given
	moreRoom() string                                            // a question that gives the transaction memory to sort in; "" needs none
	sortsIDs() bool                                              // see Tx.SortsIDs
	close() error
}

// ErrDiskFull says that nothing more can be written. What was refused was not
// done: no money is asked for unless its intent was written first.
var ErrDiskFull = fault.New(fault.Unavailable, "disk_full", "the database's disk is full").WithNext("make room where the database is, and send the request again")

// ErrUnwritable says that the database file cannot be made or written.
var ErrUnwritable = fault.New(fault.Unavailable, "database_unwritable", "the database file cannot be opened for writing").WithNext("check the directory's permissions and free space, or name another file with --db")

// conn is a transaction of one engine.
type conn interface {
	exec(ctx context.Context, query string, args []any) (changed int64, err error)
	query(ctx context.Context, query string, args []any, scan func(row) error) error

	// later runs a statement whose answer nobody waits for, at the latest when
	// another one's answer is needed or the transaction is committed: that call
	// then tells what was wrong with it.
	later(ctx context.Context, s statement) error

	together(ctx context.Context, all []statement) error // see Tx.together

	commit(ctx context.Context) error
	rollback()
	raw() any // *sql.Tx or pgx.Tx, for the job queue
}

// statement is one that is sent with others or later.
type statement struct {
	text    string
	args    []any
	scan    func(row) error // called once a row; nil: it has none
	one     bool            // it must change exactly one row
	changed *int64          // told how many rows it changed; may be nil
	tag     *string         // told PostgreSQL's word for what was done; may be nil
	rows    *bulk           // it inserts these, and nothing of the above is set
}

// note takes down how many rows a statement without rows changed.
func (s statement) note(changed int64) error {
	if s.changed != nil {
		*s.changed = changed
	}
	if s.one && changed != 1 {
		return fmt.Errorf("store: a statement changed %d rows instead of one: %.60q", changed, s.text)
	}
	return nil
}

var errReadOnly = errors.New("store: a view does not write")
