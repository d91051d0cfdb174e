package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/bursar-pay/bursar/internal/bank"
)

const lineColumns = `l.id, l.statement_id, l.account_number, l.receiving_id, l.format, l.entry, l.part, l.parts, l.print, l.occurrence, l.core, l.loose, l.state, l.incoming, l.currency, l.amount, l.reversal, l.booked_on, l.value_on, l.reference, l.end_to_end, l.rail, l.payer, l.payer_from, l.paid_to, l.structured, l.words, l.return_code, l.against, l.decided_by, l.note, l.at`

func scanLine(r row) (bank.Line, error) {
	var l bank.Line
	err := r.Scan(&l.ID, &l.Statement, &l.Number, &l.Receiving, &l.Format, &l.Entry, &l.Part, &l.Parts, &l.Print, &l.Occurrence, &l.Core, &l.Loose, &l.State,
		flag{&l.Incoming}, &l.Amount.Currency, &l.Amount.Minor, flag{&l.Reversal}, &l.BookedOn, &l.ValueOn, &l.Reference, &l.EndToEnd, &l.Rail, &l.Payer, &l.PayerFrom,
		&l.PaidTo, &l.Structured, &l.Text, &l.ReturnCode, &l.Against, &l.DecidedBy, &l.Note, instant{&l.At})
	if errors.Is(err, errNoRow) {
		return l, bank.ErrLineNotFound
	}
	return l, err
}

// AddLines inserts lines. One that is there already is an error: what is new was told
// by what is there, under HoldBankNumber.
func (tx *Tx) AddLines(ctx context.Context, all []bank.Line) error {
	if len(all) == 0 {
		return nil
	}
	text := func(name string, of func(bank.Line) string) column { return textColumn(name, all, of) }
	number := func(name string, of func(bank.Line) int64) column { return numberColumn(name, all, of) }
	return tx.later(ctx, statement{rows: &bulk{into: "bank_lines", columns: []column{
		text("id", func(l bank.Line) string { return string(l.ID) }),
		text("statement_id", func(l bank.Line) string { return string(l.Statement) }),
		text("account_number", func(l bank.Line) string { return l.Number }),
		text("receiving_id", func(l bank.Line) string { return string(l.Receiving) }),
		text("format", func(l bank.Line) string { return l.Format }),
		number("entry", func(l bank.Line) int64 { return int64(l.Entry) }),
		number("part", func(l bank.Line) int64 { return int64(l.Part) }),
		number("parts", func(l bank.Line) int64 { return int64(l.Parts) }),
		text("print", func(l bank.Line) string { return l.Print }),
		number("occurrence", func(l bank.Line) int64 { return int64(l.Occurrence) }),
		text("core", func(l bank.Line) string { return l.Core }),
		text("loose", func(l bank.Line) string { return l.Loose }),
		text("state", func(l bank.Line) string { return string(l.State) }),
		number("incoming", func(l bank.Line) int64 { return bit(l.Incoming) }),
		text("currency", func(l bank.Line) string { return string(l.Amount.Currency) }),
		number("amount", func(l bank.Line) int64 { return l.Amount.Minor }),
		number("reversal", func(l bank.Line) int64 { return bit(l.Reversal) }),
		text("booked_on", func(l bank.Line) string { return l.BookedOn }),
		text("value_on", func(l bank.Line) string { return l.ValueOn }),
		text("reference", func(l bank.Line) string { return l.Reference }),
		text("end_to_end", func(l bank.Line) string { return l.EndToEnd }),
		text("rail", func(l bank.Line) string { return string(l.Rail) }),
		text("payer", func(l bank.Line) string { return l.Payer }),
		text("payer_from", func(l bank.Line) string { return l.PayerFrom }),
		text("paid_to", func(l bank.Line) string { return l.PaidTo }),
		text("structured", func(l bank.Line) string { return l.Structured }),
		text("words", func(l bank.Line) string { return l.Text }),
		text("return_code", func(l bank.Line) string { return l.ReturnCode }),
		text("against", func(l bank.Line) string { return string(l.Against) }),
		text("decided_by", func(l bank.Line) string { return l.DecidedBy }),
		text("note", func(l bank.Line) string { return l.Note }),
		number("at", func(l bank.Line) int64 { return l.At.UnixMicro() }),
	}}})
}

// MoveLines writes the states of lines as they are now, and the accounts that they
// turned out to be on.
func (tx *Tx) MoveLines(ctx context.Context, all []bank.Line) error {
	if len(all) == 0 {
		return nil
	}
	rows, args := tx.given(1,
		textColumn("id", all, func(l bank.Line) string { return string(l.ID) }),
		textColumn("state", all, func(l bank.Line) string { return string(l.State) }),
		textColumn("receiving", all, func(l bank.Line) string { return string(l.Receiving) }))
	return tx.change(ctx, `
		UPDATE bank_lines SET state = given.state, receiving_id = given.receiving
		  FROM `+rows+`
		 WHERE bank_lines.id = given.id`, args...)
}

// SaveLine writes what may change of a line.
func (tx *Tx) SaveLine(ctx context.Context, l bank.Line) error {
	return tx.execOne(ctx, `
		UPDATE bank_lines SET state = $2, receiving_id = $3, decided_by = $4, note = $5
		 WHERE id = $1`, string(l.ID), string(l.State), string(l.Receiving), l.DecidedBy, l.Note)
}

// SupersedePending notes that what was pending is booked now, once for each print.
func (tx *Tx) SupersedePending(ctx context.Context, loose []string) error {
	if len(loose) == 0 {
		return nil
	}
	rows, args := tx.given(1, column{name: "loose", texts: loose})
	return tx.change(ctx, `
		UPDATE bank_lines SET state = 'superseded'
		 WHERE state = 'pending' AND loose IN (SELECT loose FROM `+rows+`)`, args...)
}

// BankLine fetches a line.
func (tx *Tx) BankLine(ctx context.Context, id bank.LineID) (bank.Line, error) {
	return scanLine(tx.queryRow(ctx, `SELECT `+lineColumns+` FROM bank_lines AS l WHERE l.id = $1`, string(id)))
}

// LockLine fetches it and keeps others from changing it until the transaction ends.
func (tx *Tx) LockLine(ctx context.Context, id bank.LineID) (bank.Line, error) {
	return scanLine(tx.queryRow(ctx, `SELECT `+lineColumns+` FROM bank_lines AS l WHERE l.id = $1`+tx.forUpdate(), string(id)))
}

// LineFilter says which lines are wanted; an empty field means all.
type LineFilter struct {
	Statement bank.StatementID
	State     bank.LineState
	Receiving bank.ReceivingID
	After     bank.LineID
}

// BankLines lists lines in the order in which they were taken.
func (tx *Tx) BankLines(ctx context.Context, f LineFilter, limit int) ([]bank.Line, error) {
	which, args := ``, []any{string(f.Receiving), string(f.After), int64(limit)}
	if f.Statement != "" { // each in a text of its own, for its index
		args = append(args, string(f.Statement))
		which += ` AND l.statement_id = $` + ordinal(len(args))
	}
	if f.State != "" {
		args = append(args, string(f.State))
		which += ` AND l.state = $` + ordinal(len(args))
	}
	return tx.lines(ctx, `
		SELECT `+lineColumns+` FROM bank_lines AS l
		 WHERE ($1 = '' OR l.receiving_id = $1) AND ($2 = '' OR l.id > $2)`+which+`
		 ORDER BY l.id LIMIT $3`, args...)
}

// LinesWithReferences lists the lines of an account that have one of these references
// of the bank.
func (tx *Tx) LinesWithReferences(ctx context.Context, number string, references []string) ([]bank.Line, error) {
	rows, args := tx.given(1, column{name: "reference", texts: references})
	return tx.lines(ctx, `
		SELECT `+lineColumns+` FROM bank_lines AS l
		 WHERE l.account_number = $`+ordinal(len(args)+1)+` AND l.reference <> '' AND l.reference IN (SELECT reference FROM `+rows+`) AND l.state <> 'pending'
		 ORDER BY l.id`, append(args, number)...)
}

// LinesToldOtherwise lists, for each of these days and amounts, the first line that came
// in another format. Thousands of customers may pay the same amount on one day, so those
// of the same format are passed over in the index.
func (tx *Tx) LinesToldOtherwise(ctx context.Context, format string, cores []string) ([]bank.Line, error) {
	cores = slices.Compact(slices.Sorted(slices.Values(cores)))
	rows, args := tx.given(1, column{name: "core", texts: cores})
	which := `SELECT o.core, o.id FROM bank_lines AS o WHERE o.core IN (SELECT core FROM ` + rows + `) AND o.state NOT IN ('pending', 'superseded') AND o.format `
	other := ` $` + ordinal(len(args)+1)
	return tx.lines(ctx, `
		SELECT `+lineColumns+` FROM bank_lines AS l
		 WHERE l.id IN (SELECT min(id) FROM (`+which+`<`+other+` UNION ALL `+which+`>`+other+`) AS others GROUP BY core)
		 ORDER BY l.id`, append(args, format)...)
}

func (tx *Tx) lines(ctx context.Context, query string, args ...any) ([]bank.Line, error) {
	var out []bank.Line
	err := tx.query(ctx, query, args, func(r row) error {
		l, err := scanLine(r)
		out = append(out, l)
		return err
	})
	return out, err
}

// textColumn and numberColumn are one column of many rows.
func textColumn[T any](name string, rows []T, of func(T) string) column {
	c := column{name: name, texts: make([]string, len(rows))}
	for i, r := range rows {
		c.texts[i] = of(r)
	}
	return c
}

func numberColumn[T any](name string, rows []T, of func(T) int64) column {
	c := column{name: name, numbers: make([]int64, len(rows))}
	for i, r := range rows {
		c.numbers[i] = of(r)
	}
	return c
}

// ordinal is the number of a parameter.
func ordinal(n int) string { return strconv.Itoa(n) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
