package office

import (
	"context"
	"encoding/hex"
	"io"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/evidence"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/seal"
	"github.com/bursar-pay/bursar/internal/store"
)

// ErrNoVault says that this installation keeps no documents.
var ErrNoVault = fault.New(fault.Unavailable, "documents_not_kept", "this installation is not set up to keep documents").
	WithNext("tell the operator: documents need a data directory for the file of master keys")

// UploadMax is how large a document may be, in bytes.
const UploadMax = 10 << 20

// Upload is a document as it was sent.
type Upload struct {
	Kind    identity.Kind
	Name    string // as the sender calls the file: never kept or shown
	Content io.Reader
}

// casesShown is how many identity checks of an account are listed.
const casesShown = 100

// IdentityCheck is an identity check with what was sent for it.
type IdentityCheck struct {
	store.IdentityCase
	Documents []identity.Document // oldest first; those that were erased are among them
	Missing   []identity.Kind     // what is to be sent before it can be submitted
	IsLate    bool                // a reviewer should have decided by now
}

// documentLabel binds what a document holds to where it belongs.
func documentLabel(a account.ID, id identity.DocumentID) seal.Label {
	return seal.Label{Owner: string(a), Place: "identity_documents.ciphertext", ID: string(id)}
}

// IdentityChecks lists an account's identity checks, newest first, as its customer
// may see them.
func (o *Office) IdentityChecks(ctx context.Context, by access.Caller, id account.ID) (list []IdentityCheck, err error) {
	if err := mayTouch(by, access.MethodsRead, id); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		cases, err := tx.NewestCases(ctx, id, casesShown)
		if err != nil {
			return err
		}
		list = nil
		for _, c := range cases {
			check, err := o.checkOf(ctx, tx, by, c)
			if err != nil {
				return err
			}
			list = append(list, check)
		}
		return nil
	})
	return list, err
}

// IdentityCheck fetches an identity check. Which rule asked for it, and who decided,
// is shown to staff alone.
func (o *Office) IdentityCheck(ctx context.Context, by access.Caller, id identity.CaseID) (check IdentityCheck, err error) {
	if err := by.May(access.MethodsRead); err != nil {
		return check, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, id)
		if err != nil {
			return err
		}
		if by.MayTouch(c.Account) != nil {
			return identity.ErrCaseNotFound
		}
		check, err = o.checkOf(ctx, tx, by, c)
		return err
	})
	return check, err
}

func (o *Office) checkOf(ctx context.Context, tx *store.Tx, by access.Caller, c store.IdentityCase) (IdentityCheck, error) {
	docs, err := tx.Documents(ctx, c.ID)
	check := IdentityCheck{IdentityCase: c, Documents: docs, Missing: c.Missing(docs), IsLate: c.IsReviewLate(o.Now())}
	if mayReview(by, access.IdentityRead) != nil {
		check.Case, check.IsLate = withoutStaff(c.Case), false
		for i := range check.Documents {
			check.Documents[i].UploadedBy, check.Documents[i].SHA256, check.Documents[i].Key = "", "", ""
		}
	}
	return check, err
}

// MayAddDocument returns nil if the caller may send a document now, else why not: it
// is asked before a byte of one is read.
func (o *Office) MayAddDocument(ctx context.Context, by access.Caller, id identity.CaseID, k identity.Kind) error {
	_, err := o.mayAddDocument(ctx, by, id, k)
	return err
}

func (o *Office) mayAddDocument(ctx context.Context, by access.Caller, id identity.CaseID, k identity.Kind) (a account.ID, err error) {
	if err := by.May(access.MethodsWrite); err != nil {
		return "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, id)
		if err != nil {
			return err
		}
		if by.MayTouch(c.Account) != nil {
			return identity.ErrCaseNotFound
		}
		if o.Vault == nil || o.Evidence == nil {
			return ErrNoVault
		}
		docs, err := tx.Documents(ctx, id)
		if err != nil {
			return err
		}
		a = c.Account
		_, err = c.Receive(k, docs, o.Now())
		return err
	})
	return a, err
}

// AddDocument takes a document for an identity check: what is safe of it is encrypted
// and kept (R-KYC-02, R-KYC-08). The same file again in one round is the document that
// it already is. One that is sent after a rejection opens the check again.
func (o *Office) AddDocument(ctx context.Context, by access.Caller, id identity.CaseID, u Upload) (identity.Document, error) {
	var d identity.Document
	owner, err := o.mayAddDocument(ctx, by, id, u.Kind)
	if err != nil {
		return d, err
	}
	file, err := o.Evidence.Clean(ctx, evidence.Upload{Name: u.Name, Content: u.Content})
	if err != nil {
		return d, err
	}
	d = identity.Document{
		ID: identity.DocumentID(o.IDs.New("kycdoc_")), Case: id, Kind: u.Kind, Media: string(file.Media), Size: int64(len(file.Bytes)), Width: file.Width, Height: file.Height,
		Pages: file.Pages, SHA256: hex.EncodeToString(file.SHA256[:]), UploadedBy: by.Name,
	}
	sealed, err := o.Vault.Seal(ctx, documentLabel(owner, d.ID), file.Bytes)
	if err != nil {
		return d, err
	}
	d.Key = sealed.Key.Master
	err = o.changeCase(ctx, by, id, func(tx *store.Tx, _ account.Account, c store.IdentityCase) error {
		docs, err := tx.Documents(ctx, id)
		if err != nil {
			return err
		}
		if twin, sent := twinOf(d, c.Case, docs); sent {
			d = twin
			return nil
		}
		now, err := c.Receive(u.Kind, docs, o.Now())
		if err != nil {
			return err
		}
		d.Round, d.UploadedAt = now.Round, o.Now()
		if now.State != c.State {
			if err := tx.SaveCase(ctx, now); err != nil {
				return err
			}
		}
		if err := tx.AddDocument(ctx, store.SealedDocument{Document: d, Account: owner, WrappedKey: sealed.Key.Bytes, Ciphertext: sealed.Ciphertext}); err != nil {
			return err
		}
		return o.audit(ctx, tx, by, owner, "identity_document.received", string(d.ID), map[string]any{"case": id, "kind": d.Kind, "round": d.Round, "media": d.Media, "size": d.Size})
	})
	return d, err
}

// twinOf finds what was sent before in this round with the same content.
func twinOf(d identity.Document, c identity.Case, docs []identity.Document) (identity.Document, bool) {
	for _, other := range docs {
		if c.State == identity.Open && other.Round == c.Round && other.Kind == d.Kind && other.SHA256 == d.SHA256 {
			return other, true
		}
	}
	return d, false
}

// RemoveDocument takes a document back that was not submitted yet. It is erased at
// once.
func (o *Office) RemoveDocument(ctx context.Context, by access.Caller, id identity.DocumentID) (identity.Document, error) {
	var d identity.Document
	if err := by.May(access.MethodsWrite); err != nil {
		return d, err
	}
	err := o.Store.View(ctx, func(tx *store.Tx) error {
		sealed, err := tx.Document(ctx, id)
		if err == nil && by.MayTouch(sealed.Account) != nil {
			return identity.ErrDocumentNotFound
		}
		d = sealed.Document
		return err
	})
	if err != nil {
		return identity.Document{}, err
	}
	err = o.changeCase(ctx, by, d.Case, func(tx *store.Tx, _ account.Account, c store.IdentityCase) error {
		sealed, err := tx.Document(ctx, id)
		if err != nil {
			return err
		}
		if err := c.MayRemove(sealed.Document); err != nil {
			return err
		}
		if err := o.eraseDocument(ctx, tx, by, c.Case, sealed.Document); err != nil {
			return err
		}
		sealed, err = tx.Document(ctx, id)
		d = sealed.Document
		return err
	})
	return d, err
}

// SubmitIdentity hands what was sent for an identity check to the reviewers
// (R-KYC-04).
func (o *Office) SubmitIdentity(ctx context.Context, by access.Caller, id identity.CaseID) (IdentityCheck, error) {
	var check IdentityCheck
	if err := by.May(access.MethodsWrite); err != nil {
		return check, err
	}
	err := o.changeCase(ctx, by, id, func(tx *store.Tx, _ account.Account, c store.IdentityCase) error {
		docs, err := tx.Documents(ctx, id)
		if err != nil {
			return err
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		if c.State != identity.Submitted { // submitting it again changes nothing
			if c.Case, err = c.Submit(docs, o.Now(), p.Identity); err != nil {
				return err
			}
			if err := tx.SaveCase(ctx, c.Case); err != nil {
				return err
			}
			if err := o.tellCase(ctx, tx, by, c.Case, "identity_check.submitted"); err != nil {
				return err
			}
		}
		check, err = o.checkOf(ctx, tx, by, c)
		return err
	})
	return check, err
}
