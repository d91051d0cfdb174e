package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/mail"
)

const letterColumns = `message_id, account_id, kind, state, attempts, doubts, next_at, begun_at, recipient, language, reason, answer, title, body, ended_at, created_at`

func scanLetter(r row) (mail.Letter, error) {
	var l mail.Letter
	err := r.Scan(&l.Message, &l.Account, &l.Kind, &l.State, &l.Attempts, &l.Doubts, instant{&l.NextAt}, instant{&l.BegunAt}, &l.Recipient,
		&l.Language, &l.Reason, &l.Answer, &l.Title, &l.Text, instant{&l.EndedAt}, instant{&l.CreatedAt})
	if errors.Is(err, errNoRow) {
		return l, mail.ErrLetterNotFound
	}
	return l, err
}

// AddLetters adds letters that wait for notices which this transaction has added. There
// is none where the notice was known, or where the customer has chosen to do without
// and the kind is not always mailed.
func (tx *Tx) AddLetters(ctx context.Context, notices []Notice, always func(kind string) bool) error {
	if len(notices) == 0 {
		return nil
	}
	rows, args := tx.given(1,
		textColumn("id", notices, func(n Notice) string { return n.ID }),
		numberColumn("always", notices, func(n Notice) int64 { return bit(always(n.Kind)) }))
	return tx.change(ctx, `
		INSERT INTO letters (message_id, account_id, kind, state, attempts, doubts, next_at, recipient, language, reason, answer, title, body, created_at)
		SELECT n.id, n.account_id, n.kind, 'waiting', 0, 0, n.created_at, '', '', '', '', '', '', n.created_at
		  FROM `+rows+`
		  JOIN notices AS n ON n.id = given.id
		 WHERE given.always = 1 OR NOT EXISTS (SELECT 1 FROM mail_choices AS c WHERE c.account_id = n.account_id AND c.kind = n.kind AND c.wanted = 0)`, args...)
}

// Letter fetches the letter of a message.
func (tx *Tx) Letter(ctx context.Context, message string) (mail.Letter, error) {
	return scanLetter(tx.queryRow(ctx, `SELECT `+letterColumns+` FROM letters WHERE message_id = $1`, message))
}

// LockLetter fetches it and keeps others from changing it until the transaction
// ends.
func (tx *Tx) LockLetter(ctx context.Context, message string) (mail.Letter, error) {
	return scanLetter(tx.queryRow(ctx, `SELECT `+letterColumns+` FROM letters WHERE message_id = $1`+tx.forUpdate(), message))
}

// SaveLetter writes what may change of a letter.
func (tx *Tx) SaveLetter(ctx context.Context, l mail.Letter) error {
	return tx.execOne(ctx, `
		UPDATE letters
		   SET state = $2, attempts = $3, doubts = $4, next_at = $5, begun_at = $6, recipient = $7, language = $8, reason = $9, answer = $10,
		       title = $11, body = $12, ended_at = $13
		 WHERE message_id = $1`,
		l.Message, string(l.State), int64(l.Attempts), int64(l.Doubts), micros(l.NextAt), micros(l.BegunAt), l.Recipient, l.Language, l.Reason, l.Answer,
		l.Title, l.Text, micros(l.EndedAt))
}

// LetterFilter says which letters are wanted; an empty field means all.
type LetterFilter struct {
	Account account.ID
	State   mail.State
	Before  string // letters before this one; "" starts with the newest
}

// Letters lists letters, newest first.
func (tx *Tx) Letters(ctx context.Context, f LetterFilter, limit int) ([]mail.Letter, error) {
	// Two texts, each with its index.
	question := `
		SELECT ` + letterColumns + `
		  FROM letters
		 WHERE ($1 = '' OR message_id < $1) AND ($2 = '' OR state = $2) AND $3 = ''
		 ORDER BY message_id DESC
		 LIMIT $4`
	if f.Account != "" {
		question = `
		SELECT ` + letterColumns + `
		  FROM letters
		 WHERE ($1 = '' OR message_id < $1) AND ($2 = '' OR state = $2) AND account_id = $3
		 ORDER BY message_id DESC
		 LIMIT $4`
	}
	var out []mail.Letter
	err := tx.query(ctx, question, []any{f.Before, string(f.State), string(f.Account), int64(limit)}, func(r row) error {
		l, err := scanLetter(r)
		out = append(out, l)
		return err
	})
	return out, err
}

// DueLetters lists the letters whose next attempt is due, or whose last one was
// begun, before the given instant, those that have waited longest first.
func (tx *Tx) DueLetters(ctx context.Context, before time.Time, limit int) ([]string, error) {
	var out []string
	err := tx.query(ctx, `
		SELECT message_id
		  FROM letters
		 WHERE state IN ('waiting', 'sending') AND coalesce(next_at, begun_at) < $1
		 ORDER BY coalesce(next_at, begun_at)
		 LIMIT $2`, []any{micros(before), int64(limit)}, func(r row) error {
		var id string
		err := r.Scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}
