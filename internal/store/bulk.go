package store

import (
	"context"
	"strconv"
	"strings"
)

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

	// inserted is told the positions of the rows that were inserted, by the first
	// column, which tells them apart; nil if nobody asks.
	inserted *[]int
}

// column is a column's values, of one of the kinds.
type column struct {
	name    string
	texts   []string
	numbers []int64
	bytes   [][]byte
}

// given is a set of rows that goes into a question, and its parameters from $first
// on: "SELECT … FROM "+rows, where each column has its name.
func (tx *Tx) given(first int, columns ...column) (rows string, args []any) {
	return tx.store.engine.given(first, columns)
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
func (b bulk) forAll() statement {
	insert, _ := b.head()
	var arrays []string
	var all statement
	for i, c := range b.columns {
		array, kind := c.array()
		all.args = append(all.args, array)
		arrays = append(arrays, "$"+strconv.Itoa(i+1)+"::"+kind+"[]")
	}
	all.text = insert + "SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ") AS given " + b.more
	if b.inserted != nil {
		all.text += " RETURNING " + b.columns[0].name
		all.scan = b.scanner()
	}
	return all
}

// isPlain tells whether the rows go in as they are, or not at all.
func (b bulk) isPlain() bool { return b.more == "" && b.inserted == nil }

// scanner tells the positions of rows by what stands in their first column.
func (b bulk) scanner() func(row) error {
	keys := b.columns[0].bytes
	position := make(map[string]int, len(keys))
	for i := len(keys) - 1; i >= 0; i-- {
		position[string(keys[i])] = i // the first of several stays
	}
	*b.inserted = make([]int, 0, len(keys))
	var key []byte
	return func(r row) error {
		err := r.Scan(&key)
		*b.inserted = append(*b.inserted, position[string(key)])
		return err
	}
}

// asObjects is the columns' rows as one JSON object, for json_each.
func asObjects(columns []column) string {
	b := []byte{'{'}
	for i := range columns[0].len() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, strconv.Itoa(i)), ":{"...)
		for n, c := range columns {
			if n > 0 {
				b = append(b, ',')
			}
			b = append(strconv.AppendQuote(b, c.name), ':')
			b = append(b, asJSON(c.at(i))...)
		}
		b = append(b, '}')
	}
	return string(append(b, '}'))
}
