package store

import (
	"context"
	"strconv"
	"strings"
)

// statement is one of several that are sent together.
type statement struct {
	text string
	args []any
	scan func(row) error // called once a row; nil: it has none
}

// together runs statements in their order, where none needs another's answer to
// be put. On PostgreSQL they make one journey; each sees what was committed when
// its own turn came, so that one behind a lock sees what the lock waited for.
func (tx *Tx) together(ctx context.Context, all ...statement) error {
	if err := tx.usable(ctx); err != nil {
		return err
	}
	return tx.note(tx.conn.together(ctx, all))
}

// bulk is many rows for one table. Each engine has its own fastest way to take
// them: SQLite one prepared statement run for each row, PostgreSQL one statement
// with an array for each column. Both are three times as fast as json_each.
type bulk struct {
	into    string
	columns []column
	more    string // behind the rows: ON CONFLICT …
	unique  bool   // the first column tells the rows apart, and which were inserted is asked
}

// column is a column's values, of one of the kinds.
type column struct {
	name    string
	texts   []string
	numbers []int64
	bytes   [][]byte
}

// insert inserts rows, runs the statements behind them, and returns the positions
// of the rows that were inserted, if that is asked.
func (tx *Tx) insert(ctx context.Context, b bulk, then ...statement) ([]int, error) {
	if err := tx.usable(ctx); err != nil {
		return nil, err
	}
	inserted, err := tx.conn.insert(ctx, b, then)
	return inserted, tx.note(err)
}

func (c column) len() int { return max(len(c.texts), len(c.numbers), len(c.bytes)) }

func (c column) at(i int) any {
	switch {
	case c.texts != nil:
		return c.texts[i]
	case c.numbers != nil:
		return c.numbers[i]
	}
	return c.bytes[i]
}

// array is all values, and PostgreSQL's name for their kind.
func (c column) array() (any, string) {
	switch {
	case c.texts != nil:
		return c.texts, "text"
	case c.numbers != nil:
		return c.numbers, "bigint"
	}
	return c.bytes, "bytea"
}

// head is the beginning of an order, and what stands for one row's values.
func (b bulk) head() (insert, values string) {
	var names, marks []string
	for i, c := range b.columns {
		names, marks = append(names, c.name), append(marks, "$"+strconv.Itoa(i+1))
	}
	return "INSERT INTO " + b.into + " (" + strings.Join(names, ", ") + ") ", strings.Join(marks, ", ")
}

// forEach is the order for one row.
func (b bulk) forEach() string {
	insert, values := b.head()
	return insert + "VALUES (" + values + ") " + b.more
}

// forAll is the order for all rows.
func (b bulk) forAll() (text string, args []any) {
	insert, _ := b.head()
	var arrays []string
	for i, c := range b.columns {
		array, kind := c.array()
		args = append(args, array)
		arrays = append(arrays, "$"+strconv.Itoa(i+1)+"::"+kind+"[]")
	}
	text = insert + "SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ") AS given " + b.more
	if b.unique {
		text += " RETURNING " + b.columns[0].name
	}
	return text, args
}
