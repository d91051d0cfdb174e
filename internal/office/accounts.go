package office

import (
	"context"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
)

// NewAccount describes an account to be opened. RegisteredAt zero means now; Zone
// "" means UTC; Language "" means English.
type NewAccount struct {
	Reference    string
	Kind         account.Kind
	Name         string
	Country      string
	RegisteredAt time.Time
	Currency     string
	Zone         string
	Email        string
	Language     string
	Address      account.Address
	TaxID        string
}

// OpenAccount opens an account for a customer of the platform.
func (o *Office) OpenAccount(ctx context.Context, by access.Caller, n NewAccount) (account.Account, error) {
	if err := by.May(access.AccountsWrite); err != nil {
		return account.Account{}, err
	}
	now := o.Now()
	a := accountOf(n, account.ID(o.IDs.New("acct_")), now)
	if err := a.Check(); err != nil {
		return a, err
	}
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		added, err := tx.AddAccount(ctx, a)
		if err != nil {
			return err
		}
		if !added {
			return account.ErrReferenceTaken
		}
		if err := o.audit(ctx, tx, by, a.ID, "account.opened", string(a.ID), map[string]any{"reference": a.Reference, "country": a.Country, "currency": a.Currency}); err != nil {
			return err
		}
		return o.emit(ctx, tx, Event{Kind: "account.opened", Account: a.ID, Subject: string(a.ID), Data: a})
	})
	return a, err
}

func accountOf(n NewAccount, id account.ID, now time.Time) account.Account {
	a := account.Account{
		ID: id, Reference: n.Reference, Kind: n.Kind, Name: n.Name, Country: n.Country, RegisteredAt: n.RegisteredAt,
		Currency: currencyOf(n.Currency), Zone: n.Zone, Email: n.Email, Language: n.Language, Address: n.Address, TaxID: n.TaxID,
		AutoApply: true, State: account.Active, CreatedAt: now,
	}
	if a.RegisteredAt.IsZero() {
		a.RegisteredAt = now
	}
	if a.Zone == "" {
		a.Zone = "UTC"
	}
	if a.Language == "" {
		a.Language = "en"
	}
	if a.Kind == "" {
		a.Kind = account.Individual
	}
	return a
}

// AccountChange is what may change of an account; nil leaves a field as it is.
type AccountChange struct {
	Name, Email, Language, TaxID *string
	Address                      *account.Address
}

// ChangeAccount changes how an account is named and reached.
func (o *Office) ChangeAccount(ctx context.Context, by access.Caller, id account.ID, c AccountChange) (account.Account, error) {
	var a account.Account
	if err := mayTouch(by, access.AccountsWrite, id); err != nil {
		return a, err
	}
	err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.LockAccount(ctx, id); err != nil {
			return err
		}
		var changed []string
		for _, f := range []struct {
			name string
			from *string
			to   *string
		}{{"name", c.Name, &a.Name}, {"email", c.Email, &a.Email}, {"language", c.Language, &a.Language}, {"tax_id", c.TaxID, &a.TaxID}} {
			if f.from != nil && *f.from != *f.to {
				*f.to = *f.from
				changed = append(changed, f.name)
			}
		}
		if c.Address != nil && *c.Address != a.Address {
			a.Address = *c.Address
			changed = append(changed, "address")
		}
		if len(changed) == 0 {
			return nil
		}
		if err := a.Check(); err != nil {
			return err
		}
		if err := tx.SaveAccount(ctx, a); err != nil {
			return err
		}
		if err := o.audit(ctx, tx, by, a.ID, "account.changed", string(a.ID), map[string]any{"fields": changed}); err != nil {
			return err
		}
		return o.emit(ctx, tx, Event{Kind: "account.changed", Account: a.ID, Subject: string(a.ID), Data: a})
	})
	return a, err
}

// mayTouch is the question that every operation on an account begins with.
func mayTouch(by access.Caller, s access.Scope, id account.ID) error {
	if err := by.May(s); err != nil {
		return err
	}
	return by.MayTouch(id)
}

// tellAccount writes down and tells what happened to an account.
func (o *Office) tellAccount(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, what, why string) error {
	if err := o.audit(ctx, tx, by, a.ID, what, string(a.ID), map[string]any{"state": a.State, "reason": why}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: a.ID, Subject: string(a.ID), Data: a})
}

// audit appends a record to the account's chain.
func (o *Office) audit(ctx context.Context, tx *store.Tx, by access.Caller, id account.ID, action, subject string, detail any) error {
	return tx.Audit(ctx, store.Record{Chain: string(id), At: o.Now(), By: by.Name, Action: action, Subject: subject}, detail)
}

// currencyOf reads a code as it was given; Check refuses what is none.
func currencyOf(code string) money.Currency { return money.Currency(code) }
