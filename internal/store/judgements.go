package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

// Judgement is what risk said about something that was about to happen, with all
// that explains it.
type Judgement struct {
	policy.Judgement
	ID       string
	Account  account.ID
	Occasion policy.Occasion
	Subject  string           // the id of what was about to be done
	Method   payment.MethodID // "" it was not bound yet
	At       time.Time
}

// ErrJudgementNotFound says that there is no such judgement.
var ErrJudgementNotFound = fault.New(fault.NotFound, "judgement_not_found", "there is no such judgement")

const judgementColumns = `id, account_id, occasion, subject, method_id, verdict, rule, policy, message, broken, inputs, at`

func scanJudgement(r row) (Judgement, error) {
	var j Judgement
	err := r.Scan(&j.ID, &j.Account, &j.Occasion, &j.Subject, &j.Method, &j.Verdict, &j.Rule, &j.Version, &j.Message, flag{&j.Broken}, document{&j.Inputs}, instant{&j.At})
	if errors.Is(err, errNoRow) {
		return j, ErrJudgementNotFound
	}
	return j, err
}

// AddJudgement keeps a judgement. None is ever changed.
func (tx *Tx) AddJudgement(ctx context.Context, j Judgement) error {
	return tx.execOne(ctx, `
		INSERT INTO judgements (`+judgementColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		j.ID, string(j.Account), string(j.Occasion), j.Subject, string(j.Method), string(j.Verdict), j.Rule, j.Version, j.Message, bit(j.Broken),
		asJSON(j.Inputs), micros(j.At))
}

// Judgement fetches a judgement.
func (tx *Tx) Judgement(ctx context.Context, id string) (Judgement, error) {
	return scanJudgement(tx.queryRow(ctx, `SELECT `+judgementColumns+` FROM judgements WHERE id = $1`, id))
}

// JudgementFilter says which judgements are wanted; an empty field means all.
type JudgementFilter struct {
	Account account.ID
	Subject string
	Stopped bool   // those alone that asked for an identity check or refused
	Before  string // the id of the last one that was seen
}

// Judgements lists judgements, newest first.
func (tx *Tx) Judgements(ctx context.Context, f JudgementFilter, limit int) ([]Judgement, error) {
	var out []Judgement
	err := tx.query(ctx, `
		SELECT `+judgementColumns+`
		  FROM judgements
		 WHERE ($1 = '' OR account_id = $1) AND ($2 = '' OR subject = $2) AND ($3 = '' OR id < $3)
		   AND ($4 = 0 OR verdict IN ('verify_identity', 'refuse'))
		 ORDER BY id DESC LIMIT $5`, []any{string(f.Account), f.Subject, f.Before, bit(f.Stopped), int64(limit)}, func(r row) error {
		j, err := scanJudgement(r)
		out = append(out, j)
		return err
	})
	return out, err
}

// RiskCounts are what risk counts of an account and one of its methods.
type RiskCounts struct {
	FailedBinds    int
	FailedPayments int
	Payments       int
	Orders         int
	NewMethods     int
	Binds          int  // of anybody
	HasPaid        bool // a payment of the account has succeeded
	IsUsed         bool // a payment with the method has succeeded
	IsVerified     bool // the identity behind account and instrument was verified
}

// CountRisk counts what happened lately, what was bound since an earlier instant, and
// what anybody has tried to bind since a later one. A bind that risk itself has stopped does not count: one verdict would
// bring about the next.
func (tx *Tx) CountRisk(ctx context.Context, id account.ID, m payment.Method, lately, bound, tried time.Time) (RiskCounts, error) {
	var c RiskCounts
	err := tx.queryRow(ctx, `
		SELECT (SELECT count(*) FROM bind_attempts WHERE account_id = $1 AND at > $4 AND outcome NOT IN ('opened', 'kept', 'risk_control_rejection'))
		     + (SELECT count(*) FROM holds WHERE account_id = $1 AND kind = 'verification' AND opened_at > $4 AND placed_at IS NULL AND state IN ('releasing', 'released', 'declined')),
		       (SELECT count(*) FROM payments WHERE account_id = $1 AND opened_at > $4 AND state IN ('closing', 'declined')),
		       (SELECT count(*) FROM payments WHERE account_id = $1 AND opened_at > $4),
		       (SELECT count(*) FROM orders WHERE account_id = $1 AND placed_at > $4 AND automatic = 0),
		       (SELECT count(*) FROM payment_methods WHERE account_id = $1 AND created_at > $5 AND state <> 'rejected'),
		       (SELECT count(*) FROM bind_attempts WHERE at > $6 AND network <> '' AND outcome = 'opened'),
		       CASE WHEN EXISTS (SELECT 1 FROM payments WHERE account_id = $1 AND state = 'succeeded') THEN 1 ELSE 0 END,
		       (SELECT count(*) FROM payments WHERE method_id = $2 AND state = 'succeeded'),
		       (SELECT count(*) FROM identity_cases WHERE account_id = $1 AND instrument = $3 AND state = 'approved')`,
		string(id), string(m.ID), string(m.Card.Fingerprint), micros(lately), micros(bound), micros(tried)).
		Scan(&c.FailedBinds, &c.FailedPayments, &c.Payments, &c.Orders, &c.NewMethods, &c.Binds, flag{&c.HasPaid}, flag{&c.IsUsed}, flag{&c.IsVerified})
	return c, err
}
