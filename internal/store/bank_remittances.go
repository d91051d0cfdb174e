package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
)

const remittanceColumns = `r.id, r.line_id, r.receiving_id, r.currency, r.amount, r.claimed, r.credited, r.explained, r.state, r.reason, r.owner, r.received_on, r.payer, r.payer_from, r.returned_by, r.return_note, r.opened_at, r.due_at, r.late_at, r.ended_at`

func scanRemittance(r row) (bank.Remittance, error) {
	var m bank.Remittance
	var c money.Currency
	err := r.Scan(&m.ID, &m.Line, &m.Receiving, &c, &m.Amount.Minor, &m.Claimed.Minor, &m.Credited.Minor, &m.Explained.Minor, &m.State, &m.Reason, &m.Owner, &m.ReceivedOn,
		&m.Payer, &m.PayerFrom, &m.ReturnedBy, &m.ReturnNote, instant{&m.OpenedAt}, instant{&m.DueAt}, instant{&m.LateAt}, instant{&m.EndedAt})
	if errors.Is(err, errNoRow) {
		return m, bank.ErrRemittanceNotFound
	}
	m.Amount.Currency, m.Claimed.Currency, m.Credited.Currency, m.Explained.Currency = c, c, c, c
	return m, err
}

// AddRemittances inserts receipts.
func (tx *Tx) AddRemittances(ctx context.Context, all []bank.Remittance) error {
	var open, ended []bank.Remittance
	for _, m := range all {
		if m.EndedAt.IsZero() {
			open = append(open, m)
		} else {
			ended = append(ended, m)
		}
	}
	for _, some := range [][]bank.Remittance{open, ended} {
		if len(some) == 0 {
			continue
		}
		text := func(name string, of func(bank.Remittance) string) column { return textColumn(name, some, of) }
		number := func(name string, of func(bank.Remittance) int64) column { return numberColumn(name, some, of) }
		b := bulk{into: "remittances", columns: []column{
			text("id", func(m bank.Remittance) string { return string(m.ID) }),
			text("line_id", func(m bank.Remittance) string { return string(m.Line) }),
			text("receiving_id", func(m bank.Remittance) string { return string(m.Receiving) }),
			text("currency", func(m bank.Remittance) string { return string(m.Amount.Currency) }),
			number("amount", func(m bank.Remittance) int64 { return m.Amount.Minor }),
			number("claimed", func(m bank.Remittance) int64 { return m.Claimed.Minor }),
			number("credited", func(m bank.Remittance) int64 { return m.Credited.Minor }),
			number("explained", func(m bank.Remittance) int64 { return m.Explained.Minor }),
			text("state", func(m bank.Remittance) string { return string(m.State) }),
			text("reason", func(m bank.Remittance) string { return string(m.Reason) }),
			text("owner", func(m bank.Remittance) string { return m.Owner }),
			text("received_on", func(m bank.Remittance) string { return m.ReceivedOn }),
			text("payer", func(m bank.Remittance) string { return m.Payer }),
			text("payer_from", func(m bank.Remittance) string { return m.PayerFrom }),
			text("returned_by", func(m bank.Remittance) string { return m.ReturnedBy }),
			text("return_note", func(m bank.Remittance) string { return m.ReturnNote }),
			number("opened_at", func(m bank.Remittance) int64 { return m.OpenedAt.UnixMicro() }),
			number("due_at", func(m bank.Remittance) int64 { return m.DueAt.UnixMicro() }),
			number("late_at", func(m bank.Remittance) int64 { return m.LateAt.UnixMicro() }),
		}}
		if !some[0].EndedAt.IsZero() {
			b.columns = append(b.columns, number("ended_at", func(m bank.Remittance) int64 { return m.EndedAt.UnixMicro() }))
		}
		if err := tx.later(ctx, statement{rows: &b}); err != nil {
			return err
		}
	}
	return nil
}

// SaveRemittance writes what may change of a receipt. That no more of it is claimed
// than there is, the database says.
func (tx *Tx) SaveRemittance(ctx context.Context, m bank.Remittance) error {
	return tx.execOne(ctx, `
		UPDATE remittances
		   SET claimed = $2, credited = $3, explained = $4, state = $5, reason = $6, owner = $7, returned_by = $8, return_note = $9, ended_at = $10
		 WHERE id = $1`,
		string(m.ID), m.Claimed.Minor, m.Credited.Minor, m.Explained.Minor, string(m.State), string(m.Reason), m.Owner, m.ReturnedBy, m.ReturnNote, micros(m.EndedAt))
}

// Remittance fetches a receipt.
func (tx *Tx) Remittance(ctx context.Context, id bank.RemittanceID) (bank.Remittance, error) {
	return scanRemittance(tx.queryRow(ctx, `SELECT `+remittanceColumns+` FROM remittances AS r WHERE r.id = $1`, string(id)))
}

// LockRemittance fetches it and keeps others from changing it until the transaction
// ends. Accounts are locked before it.
func (tx *Tx) LockRemittance(ctx context.Context, id bank.RemittanceID) (bank.Remittance, error) {
	return scanRemittance(tx.queryRow(ctx, `SELECT `+remittanceColumns+` FROM remittances AS r WHERE r.id = $1`+tx.forUpdate(), string(id)))
}

// RemittanceOfLine fetches the receipt that a line is.
func (tx *Tx) RemittanceOfLine(ctx context.Context, id bank.LineID) (bank.Remittance, error) {
	return scanRemittance(tx.queryRow(ctx, `SELECT `+remittanceColumns+` FROM remittances AS r WHERE r.line_id = $1`, string(id)))
}

// RemittanceFilter says which receipts are wanted; an empty field means all.
type RemittanceFilter struct {
	Account    account.ID // with a claim for it
	State      bank.RemittanceState
	Reason     bank.Reason
	Exceptions bool // those that wait and are no ordinary receipts on a shared account
	Owner      string
	DueAt      time.Time // those that wait and should have been claimed before
	LateAt     time.Time // those that wait and were due for the last time before
	Before     bank.RemittanceID
}

// Remittances lists receipts, newest first.
func (tx *Tx) Remittances(ctx context.Context, f RemittanceFilter, limit int) ([]bank.Remittance, error) {
	which, args := ``, []any{string(f.Before), int64(limit)}
	more := func(condition, value string) {
		args = append(args, value)
		which += ` AND ` + condition + ` $` + ordinal(len(args))
	}
	if f.Account != "" {
		args = append(args, string(f.Account))
		which += ` AND r.id IN (SELECT c.remittance_id FROM claims AS c WHERE c.account_id = $` + ordinal(len(args)) + `)`
	}
	if f.State != "" {
		more(`r.state =`, string(f.State))
	}
	if f.Reason != "" {
		more(`r.reason =`, string(f.Reason))
	}
	if f.Owner != "" {
		more(`r.owner =`, f.Owner)
	}
	if f.Exceptions {
		which += ` AND r.state IN ('unclaimed', 'returning') AND r.reason NOT IN ('', 'shared_account')`
	}
	if !f.DueAt.IsZero() {
		args = append(args, micros(f.DueAt))
		which += ` AND r.state IN ('unclaimed', 'returning') AND r.due_at <= $` + ordinal(len(args))
	}
	if !f.LateAt.IsZero() {
		args = append(args, micros(f.LateAt))
		which += ` AND r.state IN ('unclaimed', 'returning') AND r.late_at <= $` + ordinal(len(args))
	}
	var out []bank.Remittance
	err := tx.query(ctx, `
		SELECT `+remittanceColumns+` FROM remittances AS r
		 WHERE ($1 = '' OR r.id < $1)`+which+`
		 ORDER BY r.id DESC LIMIT $2`, args, func(r row) error {
		m, err := scanRemittance(r)
		out = append(out, m)
		return err
	})
	return out, err
}

// ReceiptsPast lists receipts that have waited past an instant of theirs and of which
// nobody was told.
func (tx *Tx) ReceiptsPast(ctx context.Context, c bank.Crossing, now time.Time, limit int) ([]bank.Remittance, error) {
	past := `r.due_at <= $1`
	if c == bank.CrossedLate {
		past = `r.due_at <= $1 AND r.late_at <= $1`
	}
	var out []bank.Remittance
	err := tx.query(ctx, `
		SELECT `+remittanceColumns+` FROM remittances AS r
		 WHERE r.state IN ('unclaimed', 'returning') AND `+past+`
		   AND NOT EXISTS (SELECT 1 FROM receipt_reminders AS m WHERE m.remittance_id = r.id AND m.crossing = $2)
		 ORDER BY r.id LIMIT $3`, []any{micros(now), string(c), int64(limit)}, func(r row) error {
		m, err := scanRemittance(r)
		out = append(out, m)
		return err
	})
	return out, err
}

// AddReceiptReminder notes that staff are told, and answers false if they were.
func (tx *Tx) AddReceiptReminder(ctx context.Context, id bank.RemittanceID, c bank.Crossing, at time.Time) (bool, error) {
	n, err := tx.exec(ctx, `
		INSERT INTO receipt_reminders (remittance_id, crossing, at) VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`, string(id), string(c), micros(at))
	return n == 1, err
}

// EarlierPayers tells which customers were credited with what came from each of these
// accounts, and how often.
func (tx *Tx) EarlierPayers(ctx context.Context, from []string) (map[string]map[account.ID]int, error) {
	rows, args := tx.given(1, column{name: "payer_from", texts: from})
	out := map[string]map[account.ID]int{}
	err := tx.query(ctx, `
		SELECT r.payer_from, c.account_id, count(*)
		  FROM remittances AS r
		  JOIN claims AS c ON c.remittance_id = r.id AND c.state = 'credited'
		 WHERE r.payer_from <> '' AND r.payer_from IN (SELECT payer_from FROM `+rows+`)
		 GROUP BY r.payer_from, c.account_id`, args, func(r row) error {
		var payer string
		var id account.ID
		var n int
		err := r.Scan(&payer, &id, &n)
		if out[payer] == nil {
			out[payer] = map[account.ID]int{}
		}
		out[payer][id] = n
		return err
	})
	return out, err
}

// AddExplanation inserts a person's word on a movement. None is ever changed.
func (tx *Tx) AddExplanation(ctx context.Context, e bank.Explanation) error {
	return tx.execOne(ctx, `
		INSERT INTO line_explanations (id, line_id, kind, incoming, currency, amount, subject, account_id, note, by, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.ID, string(e.Line), string(e.Kind), bit(e.Incoming), string(e.Amount.Currency), e.Amount.Minor, e.Subject, string(e.Account), e.Note, e.By, micros(e.At))
}

// Explanations lists what was said of a line, in its order.
func (tx *Tx) Explanations(ctx context.Context, id bank.LineID) ([]bank.Explanation, error) {
	var out []bank.Explanation
	err := tx.query(ctx, `
		SELECT id, line_id, kind, incoming, currency, amount, subject, account_id, note, by, at
		  FROM line_explanations WHERE line_id = $1 ORDER BY id`, []any{string(id)}, func(r row) error {
		var e bank.Explanation
		err := r.Scan(&e.ID, &e.Line, &e.Kind, flag{&e.Incoming}, &e.Amount.Currency, &e.Amount.Minor, &e.Subject, &e.Account, &e.Note, &e.By, instant{&e.At})
		out = append(out, e)
		return err
	})
	return out, err
}

// ReceiptsOfAmount lists receipts of the same bank account and amount as a line that
// went the other way, and are not later than it, the newest first.
func (tx *Tx) ReceiptsOfAmount(ctx context.Context, l bank.Line, limit int) ([]bank.Earlier, error) {
	var out []bank.Earlier
	err := tx.query(ctx, `
		SELECT `+remittanceColumns+`
		  FROM remittances AS r
		  JOIN bank_lines AS l ON l.id = r.line_id
		 WHERE r.receiving_id = $1 AND r.currency = $2 AND r.amount >= $3 AND (r.amount = $3 OR r.state = 'returning') AND l.booked_on <= $4
		 ORDER BY r.id DESC LIMIT $5`,
		[]any{string(l.Receiving), string(l.Amount.Currency), l.Amount.Minor, l.BookedOn, int64(limit)}, func(r row) error {
			m, err := scanRemittance(r)
			out = append(out, bank.Earlier{Remittance: m})
			return err
		})
	for i := range out {
		if err == nil {
			out[i].Line, err = tx.BankLine(ctx, out[i].Remittance.Line)
		}
	}
	return out, err
}
