package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/sandbox"
	statements "github.com/bursar-pay/bursar/internal/statement"
)

// What an import writes is not written down here: the model imports one entry, and its
// tables are compared before and after. The floor writes those very rows again, under
// other ids, for every entry. So it is the same work whatever becomes of the office.

// Tables in which an import leaves nothing of its own, or one row for many entries.
// What customers are told is not of the import when it credits many: jobs write it.
var (
	tablesAside = []string{"installation", "bank_numbers", "sqlite_sequence", "goose_db_version", "notices", "letters", "jobs"}
	tablesFile  = []string{"statement_files", "bank_statements"}
)

// learn has the office import one transfer, and keeps what that wrote.
func (m *model) learn(ctx context.Context, off *office.Office, world *sandbox.World, path string) error {
	file, err := m.statementOf(world)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	defer db.Close()
	before, err := readAll(ctx, db)
	if err != nil {
		return err
	}
	i, err := off.ImportStatement(ctx, access.CommandLine, file.Name, bytes.NewReader(file.Body), statements.Options{})
	if err != nil {
		return err
	}
	if i.Credited != 1 {
		return fmt.Errorf("the model's transfer was not credited: %+v", i)
	}
	after, err := readAll(ctx, db)
	if err != nil {
		return err
	}
	m.compare(before, after)
	return m.order(ctx, db)
}

// order puts tables behind those that their rows refer to.
func (m *model) order(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `
		SELECT t.name, f."table" FROM pragma_table_list AS t, pragma_foreign_key_list(t.name) AS f
		 WHERE t.type = 'table' AND t.schema = 'main'`)
	if err != nil {
		return err
	}
	defer rows.Close()
	parents := map[string][]string{}
	for rows.Next() {
		var child, parent string
		if err := rows.Scan(&child, &parent); err != nil {
			return err
		}
		if child != parent {
			parents[child] = append(parents[child], parent)
		}
	}
	var depth func(name string) int
	depth = func(name string) int {
		deepest := 0
		for _, p := range parents[name] {
			deepest = max(deepest, 1+depth(p))
		}
		return deepest
	}
	for _, list := range [][]tableRows{m.file, m.entry} {
		slices.SortFunc(list, func(a, b tableRows) int {
			if d := depth(a.table) - depth(b.table); d != 0 {
				return d
			}
			return strings.Compare(a.table, b.table)
		})
	}
	return rows.Err()
}

// statementOf is a statement of one transfer by the model's customer.
func (m *model) statementOf(world *sandbox.World) (f sandbox.BankFile, err error) {
	if _, err := world.OpenBankAccount(sandbox.BankAccount{Number: bankNumber, Currency: bankCurrency}); err != nil {
		return f, err
	}
	if _, err := world.SetVirtualNumbers(bankNumber, []sandbox.NumberRange{{First: m.number}}); err != nil {
		return f, err
	}
	if _, err := world.Transfer(transferTo(m.number, m.open[0].Decimal(), 0, 0)); err != nil {
		return f, err
	}
	issued, err := world.EndDay(bankNumber)
	if err != nil {
		return f, err
	}
	return world.BankFile(bankNumber, issued[0].Number, sandbox.BankCamt053)
}

// table is what there is in one, by primary key.
type table struct {
	tableRows
	key  []string
	rows map[string][]any
}

// readAll reads every table of a small database.
func readAll(ctx context.Context, db *sql.DB) (map[string]table, error) {
	keys := map[string][]string{}
	rows, err := db.QueryContext(ctx, `
		SELECT t.name, c.name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
		 WHERE t.type = 'table' AND t.schema = 'main' AND c.pk > 0 ORDER BY t.name, c.pk`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, column string
		if err := rows.Scan(&name, &column); err != nil {
			return nil, err
		}
		keys[name] = append(keys[name], column)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	all := map[string]table{}
	for name, key := range keys {
		if slices.Contains(tablesAside, name) || strings.HasPrefix(name, "river") {
			continue
		}
		read, err := readTable(ctx, db, name)
		if err != nil {
			return nil, err
		}
		t := table{read, key, map[string][]any{}}
		for _, row := range read.rows {
			t.rows[t.keyOf(row)] = row
		}
		all[name] = t
	}
	return all, nil
}

func (t table) keyOf(row []any) string {
	var key []any
	for _, name := range t.key {
		key = append(key, row[slices.Index(t.columns, name)])
	}
	return fmt.Sprintf("%q", key)
}

// compare sorts what is new and what is changed.
func (m *model) compare(before, after map[string]table) {
	for name, now := range after {
		fresh := tableRows{table: name, columns: now.columns}
		changed := tableRows{table: name, columns: now.columns, key: now.key, changed: map[string]bool{}}
		for key, row := range now.rows {
			was, isKnown := before[name].rows[key]
			switch {
			case isKnown && fmt.Sprint(was) == fmt.Sprint(row):
			case row[0] == "office": // one record for the whole file
			case isKnown || name == "balances" || name == "audit_heads":
				changed.rows = append(changed.rows, row)
				changed.note(was, row)
			default:
				fresh.rows = append(fresh.rows, row)
			}
		}
		if len(fresh.rows) > 0 && slices.Contains(tablesFile, name) {
			m.file = append(m.file, fresh)
		} else if len(fresh.rows) > 0 {
			m.entry = append(m.entry, fresh)
		}
		if len(changed.rows) > 0 {
			m.changed = append(m.changed, changed)
		}
	}
}

// note notes which columns of a row are changed; was is nil for one that is new.
func (t tableRows) note(was, row []any) {
	for i, c := range t.columns {
		if was == nil && !slices.Contains(t.key, c) || was != nil && fmt.Sprint(was[i]) != fmt.Sprint(row[i]) {
			t.changed[c] = true
		}
	}
}

// plain writes what an import of this turn's statement writes, a thousand entries in a
// transaction.
func (b *importing) plain(ctx context.Context) (outcome, error) {
	const together = 1000
	from := b.o.Now()
	err := b.f.within(ctx, func(w bulkWriter) error { return w.insertAll(ctx, b.m.written(b.m.file, b.turn, 0, 1)) })
	for n := 0; n < b.entries && err == nil; n += together {
		end := min(n+together, b.entries)
		err = b.f.within(ctx, func(w bulkWriter) error {
			if err := w.insertAll(ctx, b.m.written(b.m.entry, b.turn, n, end)); err != nil {
				return err
			}
			for _, t := range b.m.written(b.m.changed, b.turn, n, end) {
				if err := w.put(ctx, t); err != nil {
					return fmt.Errorf("%s: %w", t.table, err)
				}
			}
			return nil
		})
	}
	took := b.o.Now().Sub(from)
	return outcome{float64(b.entries) / took.Seconds(), []time.Duration{took}}, err
}

// written are rows of the model's entry as those of entries of a turn.
func (m *model) written(of []tableRows, turn, from, to int) []tableRows {
	out := make([]tableRows, len(of))
	for i, t := range of {
		out[i] = tableRows{table: t.table, columns: t.columns, key: t.key, changed: t.changed, rows: make([][]any, 0, (to-from)*len(t.rows))}
		for n := from; n < to; n++ {
			for _, row := range t.rows {
				out[i].rows = append(out[i].rows, m.ofEntry(t, row, turn, n))
			}
		}
	}
	return out
}

const recordsEach = 8 // of an audit chain and turn, at least as many as an entry writes

func (m *model) ofEntry(t tableRows, row []any, turn, n int) []any {
	out := make([]any, len(row))
	for i, v := range row {
		out[i] = v
		text, isText := v.(string)
		switch column := t.columns[i]; {
		case isText && text == m.debts[0]:
			out[i] = ofCustomer(m.debts[turn], n)
		case isText && text == m.bills[0]:
			out[i] = ofCustomer(m.bills[turn], n)
		case isText && (strings.HasPrefix(text, "stf_") || strings.HasPrefix(text, "bst_")):
			out[i] = ofTurn(text, turn, 0)
		case isText && idForm.MatchString(text) && m.known[text]:
			if !isShared.MatchString(text) {
				out[i] = ofCustomer(text, n)
			}
		case isText && idForm.MatchString(text):
			out[i] = ofTurn(text, turn, n)
		case column == "print" || column == "core" || column == "loose" || column == "sha256":
			sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", text, turn, n))
			out[i] = hex.EncodeToString(sum[:])[:min(len(text), 2*len(sum))]
		case column == "number" && t.table == "application_runs":
			out[i] = int64(turn + 1)
		case column == "number" && t.table == "audit":
			out[i] = v.(int64) + int64(turn*recordsEach)
		}
	}
	return out
}

// ofTurn is an id of what the model's entry wrote as that of another entry.
func ofTurn(id string, turn, n int) string { return otherID(id, turn*importEntries+n) }

// mustMatch makes sure that both sides have written as many rows.
func (b *importing) mustMatch(ctx context.Context) error {
	ours := &floor{o: b.o, place: b.d.place}
	if err := ours.open(ctx); err != nil {
		return err
	}
	var errs []error
	for _, t := range append(slices.Clone(b.m.entry), b.m.file...) {
		mine, err := ours.count(ctx, t.table)
		errs = append(errs, err)
		theirs, err := b.f.count(ctx, t.table)
		if errs = append(errs, err); mine != theirs && t.table != "audit" { // of those each side has others

			errs = append(errs, fmt.Errorf("the floor has %d rows in %s, and we have %d", theirs, t.table, mine))
		}
	}
	return errors.Join(append(errs, ours.closeDatabase())...)
}

func (f *floor) count(ctx context.Context, table string) (n int, err error) {
	question := "SELECT count(*) FROM " + table
	if f.pool != nil {
		err = f.pool.QueryRow(ctx, question).Scan(&n)
	} else {
		err = f.db.QueryRowContext(ctx, question).Scan(&n)
	}
	return n, err
}

// insert writes rows in one transaction.
func (f *floor) insert(ctx context.Context, t tableRows) error {
	return f.within(ctx, func(w bulkWriter) error { return w.insert(ctx, t) })
}

// bulkWriter writes many rows within a transaction, as fast as the engine takes them.
type bulkWriter struct {
	lite *sql.Tx
	pg   pgx.Tx
}

// within runs do in one transaction.
func (f *floor) within(ctx context.Context, do func(bulkWriter) error) error {
	if f.pool != nil {
		tx, err := f.pool.Begin(ctx)
		if err != nil {
			return err
		}
		if err := do(bulkWriter{pg: tx}); err != nil {
			return errors.Join(err, tx.Rollback(ctx))
		}
		return tx.Commit(ctx)
	}
	f.turn.Lock()
	defer f.turn.Unlock()
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(bulkWriter{lite: tx}); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (w bulkWriter) insertAll(ctx context.Context, all []tableRows) error {
	for _, t := range all {
		if err := w.insert(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", t.table, err)
		}
	}
	return nil
}

func (w bulkWriter) insert(ctx context.Context, t tableRows) error {
	if w.pg != nil {
		_, err := w.pg.CopyFrom(ctx, pgx.Identifier{t.table}, t.columns, pgx.CopyFromRows(t.rows))
		return err
	}
	return w.each(ctx, "INSERT INTO "+t.table+" ("+quoted(t.columns)+") VALUES ("+marks(t)+")", t.rows)
}

// put changes rows, or inserts those that are not there: the last columns of each row
// count.
func (w bulkWriter) put(ctx context.Context, t tableRows) error {
	var sets []string
	for _, c := range t.columns {
		if t.changed[c] {
			sets = append(sets, fmt.Sprintf("%q = excluded.%q", c, c))
		}
	}
	conflict := " ON CONFLICT (" + quoted(t.key) + ") DO UPDATE SET " + strings.Join(sets, ", ")
	if w.pg == nil {
		return w.each(ctx, "INSERT INTO "+t.table+" ("+quoted(t.columns)+") VALUES ("+marks(t)+")"+conflict, t.rows)
	}
	arrays, args := make([]string, len(t.columns)), make([]any, len(t.columns))
	for i := range t.columns {
		arrays[i], args[i] = columnOf(t, i)
	}
	_, err := w.pg.Exec(ctx, "INSERT INTO "+t.table+" ("+quoted(t.columns)+") SELECT * FROM unnest("+strings.Join(arrays, ", ")+")"+conflict, args...)
	return err
}

// each runs a statement for every row.
func (w bulkWriter) each(ctx context.Context, text string, rows [][]any) error {
	prepared, err := w.lite.PrepareContext(ctx, text)
	if err != nil {
		return err
	}
	defer prepared.Close()
	for _, row := range rows {
		if _, err := prepared.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return nil
}

func quoted(columns []string) string { return `"` + strings.Join(columns, `", "`) + `"` }

func marks(t tableRows) string {
	return strings.TrimSuffix(strings.Repeat("?, ", len(t.columns)), ", ")
}

// columnOf is a column of rows as an array of PostgreSQL's.
func columnOf(t tableRows, i int) (string, any) {
	texts, bytesOf, numbers := []*string{}, [][]byte{}, []*int64{}
	kind := "bigint"
	for _, row := range t.rows {
		var text *string
		var number *int64
		var raw []byte
		switch v := row[i].(type) {
		case string:
			kind, text = "text", &v
		case []byte:
			kind, raw = "bytea", v
		case int64:
			number = &v
		}
		texts, bytesOf, numbers = append(texts, text), append(bytesOf, raw), append(numbers, number)
	}
	mark := fmt.Sprintf("$%d::%s[]", i+1, kind)
	switch kind {
	case "text":
		return mark, texts
	case "bytea":
		return mark, bytesOf
	default:
		return mark, numbers
	}
}
