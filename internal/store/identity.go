package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/payment"
)

// IdentityCase is an identity check with what was to be paid with.
type IdentityCase struct {
	identity.Case
	Instrument payment.Fingerprint // the same, whatever method it is bound as
	Looks      Looks
}

// Looks are what a reviewer holds the picture of a payment method against.
type Looks struct {
	Kind    payment.Kind  `json:"kind"`
	Brand   payment.Brand `json:"brand,omitempty"`
	Last4   string        `json:"last4,omitempty"`
	Holder  string        `json:"holder,omitempty"`
	Country string        `json:"country,omitempty"`
	Email   string        `json:"email,omitempty"`
}

const caseColumns = `id, account_id, instrument, method_id, looks, order_id, occasion, rule, policy, state, round, reason, refused, opened_at, submit_by, submitted_at, review_by, decided_at, decided_by, erase_at`

func scanCase(r row) (IdentityCase, error) {
	var c IdentityCase
	err := r.Scan(&c.ID, &c.Account, &c.Instrument, &c.Method, document{&c.Looks}, &c.Order, &c.Occasion, &c.Rule, &c.Policy, &c.State, &c.Round, &c.Reason,
		document{&c.Refused}, instant{&c.OpenedAt}, instant{&c.SubmitBy}, instant{&c.SubmittedAt}, instant{&c.ReviewBy}, instant{&c.DecidedAt}, &c.DecidedBy, instant{&c.EraseAt})
	if errors.Is(err, errNoRow) {
		return c, identity.ErrCaseNotFound
	}
	c.OnCredit = c.Looks.Kind == payment.CreditKind
	return c, err
}

// AddCase inserts an identity check. An account and instrument have at most one that
// is not over, and the database says so: who adds one has looked under the account's
// lock.
func (tx *Tx) AddCase(ctx context.Context, c IdentityCase) error {
	return tx.execOne(ctx, `
		INSERT INTO identity_cases (`+caseColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		string(c.ID), string(c.Account), string(c.Instrument), c.Method, asJSON(c.Looks), c.Order, c.Occasion, c.Rule, c.Policy, string(c.State), int64(c.Round),
		string(c.Reason), asJSON(c.Refused), micros(c.OpenedAt), micros(c.SubmitBy), micros(c.SubmittedAt), micros(c.ReviewBy), micros(c.DecidedAt), c.DecidedBy, micros(c.EraseAt))
}

// SaveCase writes what may change of an identity check.
func (tx *Tx) SaveCase(ctx context.Context, c identity.Case) error {
	return tx.execOne(ctx, `
		UPDATE identity_cases
		   SET state = $2, round = $3, reason = $4, refused = $5, submit_by = $6, submitted_at = $7, review_by = $8, decided_at = $9, decided_by = $10, erase_at = $11
		 WHERE id = $1`,
		string(c.ID), string(c.State), int64(c.Round), string(c.Reason), asJSON(c.Refused), micros(c.SubmitBy), micros(c.SubmittedAt), micros(c.ReviewBy),
		micros(c.DecidedAt), c.DecidedBy, micros(c.EraseAt))
}

// Case fetches an identity check. Who changes it locks its account.
func (tx *Tx) Case(ctx context.Context, id identity.CaseID) (IdentityCase, error) {
	return scanCase(tx.queryRow(ctx, `SELECT `+caseColumns+` FROM identity_cases WHERE id = $1`, string(id)))
}

// LiveCase fetches the identity check of an account and instrument that is not over;
// ErrCaseNotFound if there is none.
func (tx *Tx) LiveCase(ctx context.Context, id account.ID, instrument payment.Fingerprint) (IdentityCase, error) {
	return scanCase(tx.queryRow(ctx, `
		SELECT `+caseColumns+` FROM identity_cases
		 WHERE account_id = $1 AND instrument = $2 AND state IN ('open', 'submitted', 'rejected')`, string(id), string(instrument)))
}

// CaseFilter says which identity checks are wanted; an empty field means all.
type CaseFilter struct {
	Account account.ID
	State   identity.State
	After   identity.CaseID // those that were opened later than this one
}

// Cases lists identity checks, the oldest first, as a queue is worked.
func (tx *Tx) Cases(ctx context.Context, f CaseFilter, limit int) ([]IdentityCase, error) {
	return tx.cases(ctx, `
		SELECT `+caseColumns+` FROM identity_cases
		 WHERE ($1 = '' OR account_id = $1) AND ($2 = '' OR state = $2) AND ($3 = '' OR id > $3)
		 ORDER BY id LIMIT $4`, string(f.Account), string(f.State), string(f.After), int64(limit))
}

// NewestCases lists an account's identity checks, newest first.
func (tx *Tx) NewestCases(ctx context.Context, id account.ID, limit int) ([]IdentityCase, error) {
	return tx.cases(ctx, `SELECT `+caseColumns+` FROM identity_cases WHERE account_id = $1 ORDER BY id DESC LIMIT $2`, string(id), int64(limit))
}

// CasesToTend lists identity checks whose deadline has come: those that nobody sent
// documents for, and those whose documents are to be erased.
func (tx *Tx) CasesToTend(ctx context.Context, now time.Time, limit int) ([]IdentityCase, error) {
	return tx.cases(ctx, `
		SELECT `+caseColumns+` FROM identity_cases AS c
		 WHERE c.state IN ('open', 'rejected') AND c.submit_by <= $1
		    OR c.erase_at <= $1 AND EXISTS (SELECT 1 FROM identity_documents AS d WHERE d.case_id = c.id AND d.erased_at IS NULL)
		 ORDER BY c.id LIMIT $2`, micros(now), int64(limit))
}

func (tx *Tx) cases(ctx context.Context, query string, args ...any) ([]IdentityCase, error) {
	var out []IdentityCase
	err := tx.query(ctx, query, args, func(r row) error {
		c, err := scanCase(r)
		out = append(out, c)
		return err
	})
	return out, err
}

// SealedDocument is what a document holds, encrypted, and its own key, which is
// encrypted too.
type SealedDocument struct {
	identity.Document
	Account    account.ID
	WrappedKey []byte // nil once erased
	Ciphertext []byte
}

const documentColumns = `id, case_id, kind, round, media, size, width, height, pages, sha256, master, uploaded_at, uploaded_by, erased_at`

func intoDocument(d *identity.Document) []any {
	return []any{&d.ID, &d.Case, &d.Kind, &d.Round, &d.Media, &d.Size, &d.Width, &d.Height, &d.Pages, &d.SHA256, &d.Key,
		instant{&d.UploadedAt}, &d.UploadedBy, instant{&d.ErasedAt}}
}

// AddDocument inserts a document.
func (tx *Tx) AddDocument(ctx context.Context, d SealedDocument) error {
	return tx.execOne(ctx, `
		INSERT INTO identity_documents (`+documentColumns+`, account_id, wrapped_key, ciphertext)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		string(d.ID), string(d.Case), string(d.Kind), int64(d.Round), d.Media, d.Size, int64(d.Width), int64(d.Height), int64(d.Pages), d.SHA256, d.Key,
		micros(d.UploadedAt), d.UploadedBy, micros(d.ErasedAt), string(d.Account), d.WrappedKey, d.Ciphertext)
}

// Documents lists an identity check's documents, oldest first, without what they
// hold. Those that were erased are among them.
func (tx *Tx) Documents(ctx context.Context, id identity.CaseID) ([]identity.Document, error) {
	var out []identity.Document
	err := tx.query(ctx, `SELECT `+documentColumns+` FROM identity_documents WHERE case_id = $1 ORDER BY id`, []any{string(id)}, func(r row) error {
		var d identity.Document
		err := r.Scan(intoDocument(&d)...)
		out = append(out, d)
		return err
	})
	return out, err
}

// Document fetches a document with what it holds.
func (tx *Tx) Document(ctx context.Context, id identity.DocumentID) (SealedDocument, error) {
	var d SealedDocument
	err := tx.queryRow(ctx, `SELECT `+documentColumns+`, account_id, wrapped_key, ciphertext FROM identity_documents WHERE id = $1`, string(id)).
		Scan(append(intoDocument(&d.Document), &d.Account, &d.WrappedKey, &d.Ciphertext)...)
	if errors.Is(err, errNoRow) {
		return d, identity.ErrDocumentNotFound
	}
	return d, err
}

// EraseDocument destroys a document's key, without which nobody can read what it
// held, and lets go of the rest.
func (tx *Tx) EraseDocument(ctx context.Context, id identity.DocumentID, at time.Time) error {
	return tx.execOne(ctx, `
		UPDATE identity_documents
		   SET wrapped_key = NULL, master = '', sha256 = '', ciphertext = $2, erased_at = $3
		 WHERE id = $1 AND erased_at IS NULL`, string(id), []byte{}, micros(at))
}

// DocumentView is one time that somebody was handed a document.
type DocumentView struct {
	ID       string
	Document identity.DocumentID
	Case     identity.CaseID
	Account  account.ID
	By       string
	Address  string // where they asked from; "" unknown
	Reason   string
	At       time.Time
}

// AddView keeps that a document is being handed out. None is ever changed.
func (tx *Tx) AddView(ctx context.Context, v DocumentView) error {
	return tx.execOne(ctx, `
		INSERT INTO identity_views (id, document_id, case_id, account_id, viewer, address, reason, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		v.ID, string(v.Document), string(v.Case), string(v.Account), v.By, v.Address, v.Reason, micros(v.At))
}

// Views lists who was handed documents, oldest first, after the given one. Case ""
// means all.
func (tx *Tx) Views(ctx context.Context, id identity.CaseID, after string, limit int) ([]DocumentView, error) {
	var out []DocumentView
	err := tx.query(ctx, `
		SELECT id, document_id, case_id, account_id, viewer, address, reason, at
		  FROM identity_views
		 WHERE ($1 = '' OR case_id = $1) AND ($2 = '' OR id > $2)
		 ORDER BY id LIMIT $3`, []any{string(id), after, int64(limit)}, func(r row) error {
		var v DocumentView
		err := r.Scan(&v.ID, &v.Document, &v.Case, &v.Account, &v.By, &v.Address, &v.Reason, instant{&v.At})
		out = append(out, v)
		return err
	})
	return out, err
}
