package office

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/store"
)

// What may stand against coming into the console without a link.
var (
	// ErrNoAccount is one answer for a sign-in that names no account and one whose
	// account is not here: whoever signs in learns nothing about others.
	ErrNoAccount = fault.New(fault.Unauthenticated, "signin_no_account", "there is no account for this sign-in").
			WithNext("ask whoever runs the platform to connect your sign-in with your account")
	ErrNotPretended = fault.New(fault.NotFound, "not_a_sandbox", "customers can be chosen in sandbox installations only")
)

// Vouched is what the platform's identity provider says of a customer.
type Vouched struct {
	Reference string        // of the account
	Who       string        // the provider's own name for the person
	Dated     bool          // the provider says when the person proved who they are
	Ago       time.Duration // and it is so long ago
}

// SignIn begins a session for a customer whom the platform's identity provider
// vouches for. A provider that knew them still has not asked them anything now: their
// session is as fresh as what they last proved to the provider.
func (o *Office) SignIn(ctx context.Context, v Vouched, from Visitor) (session string, err error) {
	if v.Reference == "" {
		return "", ErrNoAccount
	}
	return o.openSession(ctx, from, func(tx *store.Tx) (account.ID, time.Time, error) {
		a, err := tx.AccountByReference(ctx, v.Reference)
		if errors.Is(err, account.ErrNotFound) {
			return "", time.Time{}, ErrNoAccount
		}
		if err != nil {
			return "", time.Time{}, err
		}
		var proved time.Time
		if v.Dated {
			proved = o.Now().Add(-v.Ago)
		}
		by := access.Caller{Name: "console:" + string(a.ID), Address: from.Address}
		return a.ID, proved, o.audit(ctx, tx, by, a.ID, "console.signed_in", string(a.ID), map[string]any{"who": v.Who})
	})
}

// PretendCustomers lists accounts of a sandbox installation to choose from, the
// newest last.
func (o *Office) PretendCustomers(ctx context.Context, p Page) (list []account.Account, next string, err error) {
	if o.Live {
		return nil, "", ErrNotPretended
	}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.Accounts(ctx, account.ID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(a account.Account) string { return string(a.ID) })
	return list, next, err
}

// Pretend begins a session as one of a sandbox installation's customers.
func (o *Office) Pretend(ctx context.Context, id account.ID, from Visitor) (session string, err error) {
	if o.Live {
		return "", ErrNotPretended
	}
	return o.openSession(ctx, from, func(tx *store.Tx) (account.ID, time.Time, error) {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return "", time.Time{}, err
		}
		by := access.Caller{Name: "console:" + string(a.ID), Address: from.Address}
		return a.ID, o.Now(), o.audit(ctx, tx, by, a.ID, "console.chosen", string(a.ID), map[string]any{})
	})
}
