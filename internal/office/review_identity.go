package office

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/seal"
	"github.com/bursar-pay/bursar/internal/store"
)

// ErrViewReason says that a reason for opening a document is too long.
var ErrViewReason = fault.New(fault.Invalid, "reason_invalid", "a reason is at most 200 bytes of text").WithNext("say in a few words why the document is opened")

const viewReasonMax = 200 // bytes

// mayReview is the question before what is staff's alone: no caller who is bound to
// an account is staff, whatever scopes it was given.
func mayReview(by access.Caller, s access.Scope) error {
	if by.Account != "" {
		return access.ErrForbidden.Detail("a customer does not review identity checks")
	}
	return by.May(s)
}

// CheckFilter says which identity checks are wanted; an empty field means all.
type CheckFilter struct {
	Account account.ID
	State   identity.State
}

// ReviewQueue lists identity checks for staff, the oldest first.
func (o *Office) ReviewQueue(ctx context.Context, by access.Caller, f CheckFilter, p Page) (list []IdentityCheck, next string, err error) {
	if err := mayReview(by, access.IdentityRead); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		cases, err := tx.Cases(ctx, store.CaseFilter{Account: f.Account, State: f.State, After: identity.CaseID(p.After)}, p.Limit+1)
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
	list, next = cut(list, p, func(c IdentityCheck) string { return string(c.ID) })
	return list, next, err
}

// OpenDocument hands out what a document holds. Who asked, when, from where and why
// is written down first: what cannot be written down is not handed out (R-KYC-08).
func (o *Office) OpenDocument(ctx context.Context, by access.Caller, id identity.DocumentID, reason string) (identity.Document, []byte, error) {
	if err := mayReview(by, access.IdentityReview); err != nil {
		return identity.Document{}, nil, err
	}
	if len(reason) > viewReasonMax || !utf8.ValidString(reason) {
		return identity.Document{}, nil, ErrViewReason
	}
	var d store.SealedDocument
	err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if d, err = tx.Document(ctx, id); err != nil {
			return err
		}
		if err := d.MayOpen(); err != nil {
			return err
		}
		if o.Vault == nil {
			return ErrNoVault
		}
		if err := tx.AddView(ctx, store.DocumentView{
			ID: o.IDs.New("kycview_"), Document: id, Case: d.Case, Account: d.Account, By: by.Name, Address: by.Address, Reason: reason, At: o.Now(),
		}); err != nil {
			return err
		}
		return o.audit(ctx, tx, by, d.Account, "identity_document.opened", string(id), map[string]any{"case": d.Case, "kind": d.Kind, "address": by.Address, "reason": reason})
	})
	if err != nil {
		return identity.Document{}, nil, err
	}
	content, err := o.Vault.Open(ctx, documentLabel(d.Account, id), seal.Sealed{Key: seal.WrappedKey{Master: d.Key, Bytes: d.WrappedKey}, Ciphertext: d.Ciphertext})
	return d.Document, content, err
}

// ApproveIdentity finds everything in order: risk does not ask again for this account
// and instrument, and orders that waited can be paid. Nothing is charged by it: the
// customer goes on by hand (R-KYC-06).
func (o *Office) ApproveIdentity(ctx context.Context, by access.Caller, id identity.CaseID) (IdentityCheck, error) {
	return o.decideIdentity(ctx, by, id, func(c identity.Case, docs []identity.Document, t identity.Timetable) (identity.Case, error) {
		return c.Approve(by.Name, docs, o.Now(), t)
	})
}

// RejectIdentity says why not, and which documents have to be sent again (R-KYC-05).
func (o *Office) RejectIdentity(ctx context.Context, by access.Caller, id identity.CaseID, r identity.Rejection) (IdentityCheck, error) {
	return o.decideIdentity(ctx, by, id, func(c identity.Case, docs []identity.Document, t identity.Timetable) (identity.Case, error) {
		return c.Reject(by.Name, r, docs, o.Now(), t)
	})
}

func (o *Office) decideIdentity(ctx context.Context, by access.Caller, id identity.CaseID, decide func(identity.Case, []identity.Document, identity.Timetable) (identity.Case, error)) (IdentityCheck, error) {
	var check IdentityCheck
	if err := mayReview(by, access.IdentityReview); err != nil {
		return check, err
	}
	err := o.changeCase(ctx, by, id, func(tx *store.Tx, a account.Account, c store.IdentityCase) error {
		docs, err := tx.Documents(ctx, id)
		if err != nil {
			return err
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		if c.Case, err = decide(c.Case, docs, p.Identity); err != nil {
			return err
		}
		if err := tx.SaveCase(ctx, c.Case); err != nil {
			return err
		}
		if err := o.tellCase(ctx, tx, by, c.Case, "identity_check."+string(c.State)); err != nil {
			return err
		}
		if err := o.tellDecision(ctx, tx, c.Case); err != nil {
			return err
		}
		if c.State == identity.Approved {
			if err := o.unblockOrders(ctx, tx, by, a.ID); err != nil {
				return err
			}
		}
		check, err = o.checkOf(ctx, tx, by, c)
		return err
	})
	return check, err
}

// tellDecision tells the customer what was decided, and has the next deadline kept.
func (o *Office) tellDecision(ctx context.Context, tx *store.Tx, c identity.Case) error {
	if c.State == identity.Approved {
		if err := o.watchCase(ctx, tx, c.ID, c.EraseAt); err != nil {
			return err
		}
		return o.notify(ctx, tx, c.Account, "identity_approved", caseRound(c), nil)
	}
	if err := o.watchCase(ctx, tx, c.ID, c.SubmitBy); err != nil {
		return err
	}
	reason := c.Reason
	if reason == identity.Unreadable {
		reason = identity.Blurred // customers are told both in the same words
	}
	return o.notify(ctx, tx, c.Account, "identity_rejected", caseRound(c), map[string]string{"reason": string(reason), "until": c.SubmitBy.Format(time.RFC3339)})
}

// DocumentViews lists who was handed documents, oldest first; of one identity check,
// or with "" of all.
func (o *Office) DocumentViews(ctx context.Context, by access.Caller, id identity.CaseID, p Page) (views []store.DocumentView, next string, err error) {
	if err := mayReview(by, access.IdentityRead); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		views, err = tx.Views(ctx, id, p.After, p.Limit+1)
		return err
	})
	views, next = cut(views, p, func(v store.DocumentView) string { return v.ID })
	return views, next, err
}

// Judgement is what risk said about something that was about to happen.
type Judgement = store.Judgement

// DocumentView is one time that somebody was handed a document.
type DocumentView = store.DocumentView

// JudgementFilter says which judgements of risk are wanted; an empty field means all.
type JudgementFilter struct {
	Account account.ID
	Subject string // the id of an order or a payment method
	Stopped bool   // those alone that asked for an identity check or refused
}

// Judgements lists what risk said, newest first.
func (o *Office) Judgements(ctx context.Context, by access.Caller, f JudgementFilter, p Page) (list []store.Judgement, next string, err error) {
	if err := mayReview(by, access.IdentityRead); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Judgements(ctx, store.JudgementFilter{Account: f.Account, Subject: f.Subject, Stopped: f.Stopped, Before: p.After}, p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(j store.Judgement) string { return j.ID })
	return list, next, err
}

// Judgement fetches what risk said once, and what it was given.
func (o *Office) Judgement(ctx context.Context, by access.Caller, id string) (j store.Judgement, err error) {
	if err := mayReview(by, access.IdentityRead); err != nil {
		return j, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		j, err = tx.Judgement(ctx, id)
		return err
	})
	return j, err
}
