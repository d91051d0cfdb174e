package office

import (
	"context"
	"errors"

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

// SignIn begins a session for a customer whom the platform's identity provider
// vouches for. reference is the account's, as the provider says it; who is the
// provider's own name for the person.
func (o *Office) SignIn(ctx context.Context, reference, who string) (session string, err error) {
	if reference == "" {
		return "", ErrNoAccount
	}
	return o.issueFor(ctx, sessionTicket, sessionLasts, func(tx *store.Tx) (account.ID, string, error) {
		a, err := tx.AccountByReference(ctx, reference)
		if errors.Is(err, account.ErrNotFound) {
			return "", "", ErrNoAccount
		}
		if err != nil {
			return "", "", err
		}
		by := access.Caller{Name: "console:" + string(a.ID)}
		return a.ID, "", o.audit(ctx, tx, by, a.ID, "console.signed_in", string(a.ID), map[string]any{"who": who})
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
func (o *Office) Pretend(ctx context.Context, id account.ID) (session string, err error) {
	if o.Live {
		return "", ErrNotPretended
	}
	return o.issueFor(ctx, sessionTicket, sessionLasts, func(tx *store.Tx) (account.ID, string, error) {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return "", "", err
		}
		by := access.Caller{Name: "console:" + string(a.ID)}
		return a.ID, "", o.audit(ctx, tx, by, a.ID, "console.chosen", string(a.ID), map[string]any{})
	})
}
