package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
)

// StatementFile is a file that was imported, known by its bytes.
type StatementFile struct {
	ID         bank.FileID
	SHA256     string
	Name       string
	Size       int64
	Format     string
	Statements int
	Entries    int
	ImportedBy string
	ImportedAt time.Time
	ReadAt     time.Time // zero: its import was interrupted, and goes on when it comes again
}

const fileColumns = `id, sha256, name, size, format, statements, entries, imported_by, imported_at, read_at`

func scanFile(r row) (StatementFile, error) {
	var f StatementFile
	err := r.Scan(&f.ID, &f.SHA256, &f.Name, &f.Size, &f.Format, &f.Statements, &f.Entries, &f.ImportedBy, instant{&f.ImportedAt}, instant{&f.ReadAt})
	if errors.Is(err, errNoRow) {
		return f, bank.ErrStatementNotFound
	}
	return f, err
}

// AddStatementFile inserts a file unless its bytes are there, and returns what is.
func (tx *Tx) AddStatementFile(ctx context.Context, f StatementFile) (StatementFile, error) {
	if _, err := tx.exec(ctx, `
		INSERT INTO statement_files (`+fileColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)
		ON CONFLICT DO NOTHING`,
		string(f.ID), f.SHA256, f.Name, f.Size, f.Format, int64(f.Statements), int64(f.Entries), f.ImportedBy, micros(f.ImportedAt)); err != nil {
		return f, err
	}
	return tx.StatementFileOf(ctx, f.SHA256)
}

// StatementFileOf fetches the file with these bytes.
func (tx *Tx) StatementFileOf(ctx context.Context, sha256 string) (StatementFile, error) {
	return scanFile(tx.queryRow(ctx, `SELECT `+fileColumns+` FROM statement_files WHERE sha256 = $1`, sha256))
}

// EndStatementFile notes that all of a file is in.
func (tx *Tx) EndStatementFile(ctx context.Context, id bank.FileID, at time.Time) error {
	return tx.execOne(ctx, `UPDATE statement_files SET read_at = $2 WHERE id = $1`, string(id), micros(at))
}

// StatementFiles lists files, newest first, before the given one ("" from the newest).
func (tx *Tx) StatementFiles(ctx context.Context, before bank.FileID, limit int) ([]StatementFile, error) {
	var out []StatementFile
	err := tx.query(ctx, `
		SELECT `+fileColumns+` FROM statement_files
		 WHERE $1 = '' OR id < $1
		 ORDER BY id DESC LIMIT $2`, []any{string(before), int64(limit)}, func(r row) error {
		f, err := scanFile(r)
		out = append(out, f)
		return err
	})
	return out, err
}

const statementColumns = `id, file_id, place, account_number, receiving_id, format, bank_id, sequence, page, currency, first_day, last_day, opening, closing, credits, debits, booked, pending, info, proof, remarks, state, reason, imported_by, imported_at, agreed_by, agreed_at, note`

func scanStatement(r row) (bank.Statement, error) {
	var s bank.Statement
	var opening, closing nullInt
	err := r.Scan(&s.ID, &s.File, &s.Place, &s.Number, &s.Receiving, &s.Format, &s.BankID, &s.Sequence, &s.Page, &s.Currency, &s.First, &s.Last, &opening, &closing,
		&s.Credits.Minor, &s.Debits.Minor, &s.Booked, &s.Pending, &s.Info, &s.Proof, document{&s.Remarks}, &s.State, &s.Reason, &s.ImportedBy, instant{&s.ImportedAt},
		&s.AgreedBy, instant{&s.AgreedAt}, &s.Note)
	if errors.Is(err, errNoRow) {
		return s, bank.ErrStatementNotFound
	}
	s.Credits.Currency, s.Debits.Currency = s.Currency, s.Currency
	if opening.Valid {
		s.Opening = &money.Amount{Minor: opening.Int64, Currency: s.Currency}
	}
	if closing.Valid {
		s.Closing = &money.Amount{Minor: closing.Int64, Currency: s.Currency}
	}
	return s, err
}

func minorOrNull(a *money.Amount) any {
	if a == nil {
		return nil
	}
	return a.Minor
}

// AddStatement inserts a statement unless its file's import has come so far before,
// and returns what is there.
func (tx *Tx) AddStatement(ctx context.Context, s bank.Statement) (bank.Statement, error) {
	if _, err := tx.exec(ctx, `
		INSERT INTO bank_statements (`+statementColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
		ON CONFLICT DO NOTHING`,
		string(s.ID), string(s.File), int64(s.Place), s.Number, string(s.Receiving), s.Format, s.BankID, s.Sequence, s.Page, string(s.Currency), s.First, s.Last,
		minorOrNull(s.Opening), minorOrNull(s.Closing), s.Credits.Minor, s.Debits.Minor, int64(s.Booked), int64(s.Pending), int64(s.Info), s.Proof, asJSON(s.Remarks),
		string(s.State), s.Reason, s.ImportedBy, micros(s.ImportedAt), s.AgreedBy, micros(s.AgreedAt), s.Note); err != nil {
		return s, err
	}
	return scanStatement(tx.queryRow(ctx, `SELECT `+statementColumns+` FROM bank_statements WHERE file_id = $1 AND place = $2`, string(s.File), int64(s.Place)))
}

// BankStatement fetches a statement.
func (tx *Tx) BankStatement(ctx context.Context, id bank.StatementID) (bank.Statement, error) {
	return scanStatement(tx.queryRow(ctx, `SELECT `+statementColumns+` FROM bank_statements WHERE id = $1`, string(id)))
}

// LockStatement fetches it and keeps others from changing it until the transaction
// ends.
func (tx *Tx) LockStatement(ctx context.Context, id bank.StatementID) (bank.Statement, error) {
	return scanStatement(tx.queryRow(ctx, `SELECT `+statementColumns+` FROM bank_statements WHERE id = $1`+tx.forUpdate(), string(id)))
}

// SaveStatement writes what may change of a statement.
func (tx *Tx) SaveStatement(ctx context.Context, s bank.Statement) error {
	return tx.execOne(ctx, `
		UPDATE bank_statements
		   SET receiving_id = $2, state = $3, reason = $4, agreed_by = $5, agreed_at = $6, note = $7
		 WHERE id = $1`, string(s.ID), string(s.Receiving), string(s.State), s.Reason, s.AgreedBy, micros(s.AgreedAt), s.Note)
}

// StatementFilter says which statements are wanted; an empty field means all.
type StatementFilter struct {
	State     bank.StatementState
	Receiving bank.ReceivingID
	File      bank.FileID
	Number    string // of the bank account
	Before    bank.StatementID
}

// BankStatements lists statements, newest first.
func (tx *Tx) BankStatements(ctx context.Context, f StatementFilter, limit int) ([]bank.Statement, error) {
	return tx.statements(ctx, `
		SELECT `+statementColumns+` FROM bank_statements
		 WHERE ($1 = '' OR state = $1) AND ($2 = '' OR receiving_id = $2) AND ($3 = '' OR file_id = $3) AND ($4 = '' OR account_number = $4) AND ($5 = '' OR id < $5)
		 ORDER BY id DESC LIMIT $6`, string(f.State), string(f.Receiving), string(f.File), f.Number, string(f.Before), int64(limit))
}

// StatementsBetween lists the statements of an account that have movements in a span
// of days, or none at all, in the order of their ids.
func (tx *Tx) StatementsBetween(ctx context.Context, number, first, last string) ([]bank.Statement, error) {
	return tx.statements(ctx, `
		SELECT `+statementColumns+` FROM bank_statements
		 WHERE account_number = $1 AND first_day <> '' AND first_day <= $3 AND last_day >= $2
		 ORDER BY id`, number, first, last)
}

// StatementBefore fetches the last statement of an account in a currency with a closing
// balance whose days are all before one.
func (tx *Tx) StatementBefore(ctx context.Context, number string, c money.Currency, first string) (bank.Statement, error) {
	return scanStatement(tx.queryRow(ctx, `
		SELECT `+statementColumns+` FROM bank_statements
		 WHERE account_number = $1 AND currency = $2 AND last_day <> '' AND last_day < $3 AND closing IS NOT NULL
		 ORDER BY last_day DESC, id DESC LIMIT 1`, number, string(c), first))
}

func (tx *Tx) statements(ctx context.Context, query string, args ...any) ([]bank.Statement, error) {
	var out []bank.Statement
	err := tx.query(ctx, query, args, func(r row) error {
		s, err := scanStatement(r)
		out = append(out, s)
		return err
	})
	return out, err
}

// HoldBankNumber keeps others from importing statements about an account until the
// transaction ends: what is new is told by what is there.
func (tx *Tx) HoldBankNumber(ctx context.Context, number string) error {
	_, err := tx.exec(ctx, `
		INSERT INTO bank_numbers (number, held) VALUES ($1, 1)
		    ON CONFLICT (number) DO UPDATE SET held = bank_numbers.held + 1`, number)
	return err
}

// Movements counts the movements that are there with each of these prints.
func (tx *Tx) Movements(ctx context.Context, prints []string) (map[string]int, error) {
	rows, args := tx.given(1, column{name: "print", texts: prints})
	out := map[string]int{}
	err := tx.query(ctx, `
		SELECT l.print, max(l.occurrence)
		  FROM bank_lines AS l
		 WHERE l.print IN (SELECT print FROM `+rows+`)
		 GROUP BY l.print`, args, func(r row) error {
		var print string
		var n int
		err := r.Scan(&print, &n)
		out[print] = n
		return err
	})
	return out, err
}

// Sightings counts how often each of these statements lists each of these prints: by
// the lines that came with it, or by the notes of AddSightings where there are any.
func (tx *Tx) Sightings(ctx context.Context, statements []bank.StatementID, prints []string) (map[string]map[bank.StatementID]int, error) {
	rows, args := tx.given(1, column{name: "print", texts: prints})
	which := `(SELECT key FROM json_each($` + ordinal(len(args)+1) + `))`
	args = append(args, keySet(statements))
	out := map[string]map[bank.StatementID]int{}
	err := tx.query(ctx, `
		SELECT print, statement_id, max(times)
		  FROM (SELECT l.print, l.statement_id, count(*) AS times
		          FROM bank_lines AS l
		         WHERE l.print IN (SELECT print FROM `+rows+`) AND l.part = 1 AND l.statement_id IN `+which+`
		         GROUP BY l.print, l.statement_id
		        UNION ALL
		        SELECT s.print, s.statement_id, s.times
		          FROM bank_sightings AS s
		         WHERE s.print IN (SELECT print FROM `+rows+`) AND s.statement_id IN `+which+`) AS both_kinds
		 GROUP BY print, statement_id`, args, func(r row) error {
		var print string
		var id bank.StatementID
		var n int
		err := r.Scan(&print, &id, &n)
		if out[print] == nil {
			out[print] = map[bank.StatementID]int{}
		}
		out[print][id] = n
		return err
	})
	return out, err
}

// AddSightings notes how often a statement has listed movements, of those that were
// there or that it lists more than once.
func (tx *Tx) AddSightings(ctx context.Context, id bank.StatementID, times map[string]int) error {
	if len(times) == 0 {
		return nil
	}
	var prints []string
	var counts []int64
	for _, print := range sortedKeys(times) {
		prints, counts = append(prints, print), append(counts, int64(times[print]))
	}
	ids := make([]string, len(prints))
	for i := range ids {
		ids[i] = string(id)
	}
	return tx.later(ctx, statement{rows: &bulk{
		into:    "bank_sightings",
		columns: []column{{name: "statement_id", texts: ids}, {name: "print", texts: prints}, {name: "times", numbers: counts}},
		more:    `ON CONFLICT (statement_id, print) DO UPDATE SET times = excluded.times`,
	}})
}
