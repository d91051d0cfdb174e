package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/payment"
)

const agreementColumns = `id, account_id, provider, key, customer, provider_ref, token, try_id, method_id, consent, language, return_url, approve_url, state, reason, asked, opened_at, returned_at, until, ended_at`

func scanAgreement(r row) (payment.Agreement, error) {
	var a payment.Agreement
	err := r.Scan(&a.ID, &a.Account, &a.Provider, &a.Key, &a.Customer, textOf(&a.Ref), &a.Token, &a.Try, &a.Method, document{&a.Consent}, &a.Language,
		&a.ReturnURL, &a.ApproveURL, &a.State, &a.Reason, &a.Asked, instant{&a.OpenedAt}, instant{&a.ReturnedAt}, instant{&a.Until}, instant{&a.EndedAt})
	if errors.Is(err, errNoRow) {
		return a, payment.ErrAgreementNotFound
	}
	return a, err
}

// AddAgreement inserts an agreement.
func (tx *Tx) AddAgreement(ctx context.Context, a payment.Agreement) error {
	return tx.execOne(ctx, `
		INSERT INTO agreements (`+agreementColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		string(a.ID), string(a.Account), a.Provider, a.Key, a.Customer, orNull(a.Ref), a.Token, a.Try, string(a.Method), asJSON(a.Consent), a.Language,
		a.ReturnURL, a.ApproveURL, string(a.State), a.Reason, int64(a.Asked), micros(a.OpenedAt), micros(a.ReturnedAt), micros(a.Until), micros(a.EndedAt))
}

// SaveAgreement writes what may change of an agreement.
func (tx *Tx) SaveAgreement(ctx context.Context, a payment.Agreement) error {
	return tx.execOne(ctx, `
		UPDATE agreements
		   SET provider_ref = $2, token = $3, method_id = $4, approve_url = $5, state = $6, reason = $7, asked = $8, returned_at = $9, ended_at = $10
		 WHERE id = $1`,
		string(a.ID), orNull(a.Ref), a.Token, string(a.Method), a.ApproveURL, string(a.State), a.Reason, int64(a.Asked), micros(a.ReturnedAt), micros(a.EndedAt))
}

// Agreement fetches an agreement. Who changes it locks its account.
func (tx *Tx) Agreement(ctx context.Context, id payment.AgreementID) (payment.Agreement, error) {
	return scanAgreement(tx.queryRow(ctx, `SELECT `+agreementColumns+` FROM agreements WHERE id = $1`, string(id)))
}

// AgreementByRef fetches the agreement that has this id at its provider.
func (tx *Tx) AgreementByRef(ctx context.Context, provider, ref string) (payment.Agreement, error) {
	return scanAgreement(tx.queryRow(ctx, `SELECT `+agreementColumns+` FROM agreements WHERE provider = $1 AND provider_ref = $2`, provider, ref))
}

// Agreements lists an account's newest agreements.
func (tx *Tx) Agreements(ctx context.Context, id account.ID, limit int) ([]payment.Agreement, error) {
	return tx.agreements(ctx, `SELECT `+agreementColumns+` FROM agreements WHERE account_id = $1 ORDER BY id DESC LIMIT $2`, string(id), int64(limit))
}

// LiveAgreements lists agreements that are not over, the longest open first.
func (tx *Tx) LiveAgreements(ctx context.Context, limit int) ([]payment.Agreement, error) {
	return tx.agreements(ctx, `
		SELECT `+agreementColumns+`
		  FROM agreements
		 WHERE state IN ('opening', 'waiting', 'discarding')
		 ORDER BY opened_at LIMIT $1`, int64(limit))
}

func (tx *Tx) agreements(ctx context.Context, query string, args ...any) ([]payment.Agreement, error) {
	var out []payment.Agreement
	err := tx.query(ctx, query, args, func(r row) error {
		a, err := scanAgreement(r)
		out = append(out, a)
		return err
	})
	return out, err
}
