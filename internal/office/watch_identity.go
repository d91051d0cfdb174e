package office

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// watchCase has an identity check looked at when its next deadline comes.
func (o *Office) watchCase(ctx context.Context, tx *store.Tx, id identity.CaseID, at time.Time) error {
	return tx.Enqueue(ctx, job.Job{Kind: watchIdentity, Subject: string(id), At: at, Once: true})
}

// watchIdentityJob lapses an identity check whose customer sent nothing in time, and
// erases the documents of one that is over when theirs has come (R-KYC-07, R-KYC-08).
func (o *Office) watchIdentityJob(ctx context.Context, subject string) error {
	var next time.Time
	err := o.changeCase(ctx, access.Jobs, identity.CaseID(subject), func(tx *store.Tx, a account.Account, c store.IdentityCase) error {
		next = time.Time{}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		switch c.State {
		case identity.Open, identity.Rejected:
			lapsed, err := o.lapseCase(ctx, tx, a, c.Case, p)
			if !lapsed {
				next = c.SubmitBy
			}
			return err // what lapsed has enqueued its own erasure
		case identity.Approved, identity.Expired:
			if c.MayErase(o.Now()) != nil {
				next = c.EraseAt
				return nil
			}
			return o.eraseDocuments(ctx, tx, c.Case)
		}
		return nil // a reviewer's decision goes on with it
	})
	if err == nil && !next.IsZero() {
		return job.Snooze(max(next.Sub(o.Now()), time.Second))
	}
	return err
}

// lapseCase ends an identity check if the time to send documents is over, and asks
// the platform to suspend the account; it tells whether it did. The account is locked.
func (o *Office) lapseCase(ctx context.Context, tx *store.Tx, a account.Account, c identity.Case, p policy.Policy) (bool, error) {
	c, err := c.Lapse(o.Now(), p.Identity)
	if err != nil {
		return false, nil // its documents are being reviewed, or its time has not come
	}
	if err := tx.SaveCase(ctx, c); err != nil {
		return true, err
	}
	if err := o.watchCase(ctx, tx, c.ID, c.EraseAt); err != nil {
		return true, err
	}
	if err := o.tellCase(ctx, tx, access.Jobs, c, "identity_check.expired"); err != nil {
		return true, err
	}
	if a.State == account.Active {
		if err := o.tellAccount(ctx, tx, access.Jobs, a, "account.suspend_requested", "identity_expired"); err != nil {
			return true, err
		}
	}
	return true, o.notify(ctx, tx, a.ID, "identity_expired", caseRound(c), nil)
}

// eraseDocuments destroys the keys of what a check's documents hold.
func (o *Office) eraseDocuments(ctx context.Context, tx *store.Tx, c identity.Case) error {
	docs, err := tx.Documents(ctx, c.ID)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if d.MayOpen() != nil {
			continue
		}
		if err := o.eraseDocument(ctx, tx, access.Jobs, c, d); err != nil {
			return err
		}
	}
	return nil
}

func (o *Office) eraseDocument(ctx context.Context, tx *store.Tx, by access.Caller, c identity.Case, d identity.Document) error {
	if err := tx.EraseDocument(ctx, d.ID, o.Now()); err != nil {
		return err
	}
	return o.audit(ctx, tx, by, c.Account, "identity_document.erased", string(d.ID), map[string]any{"case": c.ID, "kind": d.Kind, "round": d.Round})
}

// sweepCases gives identity checks whose deadline has come, and that have lost their
// job, another one.
func (o *Office) sweepCases(ctx context.Context) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		due, err := tx.CasesToTend(ctx, o.Now(), sweepMax)
		if err != nil {
			return err
		}
		for _, c := range due {
			if err := o.watchCase(ctx, tx, c.ID, o.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// isBeingChecked tells whether an identity check can still be approved.
func (o *Office) isBeingChecked(ctx context.Context, tx *store.Tx, id string) (bool, error) {
	c, err := tx.Case(ctx, identity.CaseID(id))
	if errors.Is(err, identity.ErrCaseNotFound) {
		return false, nil
	}
	return c.IsLive(), err
}

// changeCase hands fn an identity check, its account locked.
func (o *Office) changeCase(ctx context.Context, by access.Caller, id identity.CaseID, fn func(*store.Tx, account.Account, store.IdentityCase) error) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, id)
		if err != nil {
			return err
		}
		if by.MayTouch(c.Account) != nil {
			return identity.ErrCaseNotFound
		}
		a, err := tx.LockAccount(ctx, c.Account)
		if err != nil {
			return err
		}
		if c, err = tx.Case(ctx, id); err != nil {
			return err
		}
		return fn(tx, a, c)
	})
}

// tellCase writes down and tells what happened to an identity check. The platform is
// not told which rule has stopped what, nor who decided.
func (o *Office) tellCase(ctx context.Context, tx *store.Tx, by access.Caller, c identity.Case, what string) error {
	if err := o.audit(ctx, tx, by, c.Account, what, string(c.ID), map[string]any{
		"state": c.State, "round": c.Round, "reason": c.Reason, "refused": c.Refused, "rule": c.Rule, "order": c.Order, "payment_method": c.Method,
	}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: c.Account, Subject: string(c.ID), Data: withoutStaff(c)})
}

// withoutStaff is a case without what is staff's alone: a customer who knew the rule
// would know how to get around it.
func withoutStaff(c identity.Case) identity.Case {
	c.Rule, c.Policy, c.DecidedBy = "", "", ""
	return c
}

// caseRound names a round of a check: the customer is told of each.
func caseRound(c identity.Case) string { return fmt.Sprintf("%s/%d", c.ID, c.Round) }
