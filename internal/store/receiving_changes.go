package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/bank"
)

const changeColumns = `id, kind, receiving_id, terms, reason, state, proposed_by, proposed_at, decided_by, decided_at, note`

// changeTerms are what a change would add, as it is kept.
type changeTerms struct {
	Account *bank.ReceivingAccount `json:"account,omitempty"`
	Pool    *bank.Pool             `json:"pool,omitempty"`
	Numbers []string               `json:"numbers,omitempty"`
}

func scanChange(r row) (bank.Change, error) {
	var c bank.Change
	var terms changeTerms
	err := r.Scan(&c.ID, &c.Kind, &c.Receiving, document{&terms}, &c.Reason, &c.State, &c.ProposedBy, instant{&c.ProposedAt}, &c.DecidedBy, instant{&c.DecidedAt}, &c.Note)
	if errors.Is(err, errNoRow) {
		return c, bank.ErrChangeNotFound
	}
	if terms.Account != nil {
		c.Account = *terms.Account
	}
	if terms.Pool != nil {
		c.Pool, c.Numbers = *terms.Pool, terms.Numbers
	}
	return c, err
}

// AddReceivingChange inserts a proposal, and answers false if it is to close an account
// whose closing was proposed already.
func (tx *Tx) AddReceivingChange(ctx context.Context, c bank.Change) (bool, error) {
	var terms changeTerms
	switch c.Kind {
	case bank.OpenReceiving:
		terms.Account = &c.Account
	case bank.AddNumbers:
		terms.Pool, terms.Numbers = &c.Pool, c.Numbers
	}
	n, err := tx.exec(ctx, `
		INSERT INTO receiving_changes (`+changeColumns+`, pool_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT DO NOTHING`,
		string(c.ID), string(c.Kind), string(c.Receiving), asJSON(terms), c.Reason, string(c.State), c.ProposedBy, micros(c.ProposedAt), c.DecidedBy, micros(c.DecidedAt), c.Note,
		string(c.Pool.ID))
	return n == 1, err
}

// SaveReceivingChange writes what was decided. That nobody decides alone, the database
// says too: no account, closing or pool gets in without the word of two people.
func (tx *Tx) SaveReceivingChange(ctx context.Context, c bank.Change) error {
	return tx.execOne(ctx, `
		UPDATE receiving_changes SET state = $2, decided_by = $3, decided_at = $4, note = $5
		 WHERE id = $1`, string(c.ID), string(c.State), c.DecidedBy, micros(c.DecidedAt), c.Note)
}

// ReceivingChange fetches a change.
func (tx *Tx) ReceivingChange(ctx context.Context, id bank.ChangeID) (bank.Change, error) {
	return scanChange(tx.queryRow(ctx, `SELECT `+changeColumns+` FROM receiving_changes WHERE id = $1`, string(id)))
}

// LockReceivingChange fetches it and keeps others from deciding on it until the
// transaction ends.
func (tx *Tx) LockReceivingChange(ctx context.Context, id bank.ChangeID) (bank.Change, error) {
	return scanChange(tx.queryRow(ctx, `SELECT `+changeColumns+` FROM receiving_changes WHERE id = $1`+tx.forUpdate(), string(id)))
}

// ReceivingChanges lists changes in a state ("" all), newest first, before the given one.
func (tx *Tx) ReceivingChanges(ctx context.Context, state bank.ChangeState, before bank.ChangeID, limit int) ([]bank.Change, error) {
	var out []bank.Change
	err := tx.query(ctx, `
		SELECT `+changeColumns+` FROM receiving_changes
		 WHERE ($1 = '' OR state = $1) AND ($2 = '' OR id < $2)
		 ORDER BY id DESC LIMIT $3`, []any{string(state), string(before), int64(limit)}, func(r row) error {
		c, err := scanChange(r)
		out = append(out, c)
		return err
	})
	return out, err
}
