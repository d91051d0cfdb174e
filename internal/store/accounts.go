package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
)

const accountColumns = `id, reference, kind, name, country, registered_at, currency, zone, email, language, address, tax_id, credit, state, overdue_since, created_at, silent_since, auto_apply`

func scanAccount(r row) (account.Account, error) {
	var a account.Account
	err := r.Scan(&a.ID, &a.Reference, &a.Kind, &a.Name, &a.Country, instant{&a.RegisteredAt}, &a.Currency, &a.Zone,
		&a.Email, &a.Language, document{&a.Address}, &a.TaxID, flag{&a.Credit}, &a.State, instant{&a.OverdueSince}, instant{&a.CreatedAt}, instant{&a.SilentSince}, flag{&a.AutoApply})
	if errors.Is(err, errNoRow) {
		return a, account.ErrNotFound
	}
	return a, err
}

// AddAccount inserts an account and answers false if its reference is taken.
// The months before its first are closed from the start.
func (tx *Tx) AddAccount(ctx context.Context, a account.Account) (bool, error) {
	first := billing.MonthOf(a.CreatedAt, a.Location())
	n, err := tx.exec(ctx, `
		INSERT INTO accounts (`+accountColumns+`, closed_through)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT DO NOTHING`,
		string(a.ID), a.Reference, string(a.Kind), a.Name, a.Country, micros(a.RegisteredAt), string(a.Currency), a.Zone,
		a.Email, a.Language, asJSON(a.Address), a.TaxID, bit(a.Credit), string(a.State), micros(a.OverdueSince), micros(a.CreatedAt), micros(a.SilentSince),
		bit(a.AutoApply), string(first.Previous()))
	return n == 1, err
}

// SaveAccount writes what may change of an account.
func (tx *Tx) SaveAccount(ctx context.Context, a account.Account) error {
	return tx.execOne(ctx, `
		UPDATE accounts
		   SET name = $2, email = $3, language = $4, address = $5, tax_id = $6, credit = $7, state = $8, overdue_since = $9, silent_since = $10, auto_apply = $11
		 WHERE id = $1`,
		string(a.ID), a.Name, a.Email, a.Language, asJSON(a.Address), a.TaxID, bit(a.Credit), string(a.State), micros(a.OverdueSince), micros(a.SilentSince), bit(a.AutoApply))
}

// Account fetches an account.
func (tx *Tx) Account(ctx context.Context, id account.ID) (account.Account, error) {
	return scanAccount(tx.queryRow(ctx, accountByID, string(id)))
}

const accountByID = `SELECT ` + accountColumns + ` FROM accounts WHERE id = $1`

// AccountByReference fetches an account by the platform's name for it.
func (tx *Tx) AccountByReference(ctx context.Context, reference string) (account.Account, error) {
	return scanAccount(tx.queryRow(ctx, `SELECT `+accountColumns+` FROM accounts WHERE reference = $1`, reference))
}

// LockAccount fetches an account and keeps others from changing what belongs to
// it until the transaction ends.
func (tx *Tx) LockAccount(ctx context.Context, id account.ID) (account.Account, error) {
	return scanAccount(tx.queryRow(ctx, `SELECT `+accountColumns+` FROM accounts WHERE id = $1`+tx.forUpdate(), string(id)))
}

// Accounts lists accounts in the order of their ids, after the given one.
func (tx *Tx) Accounts(ctx context.Context, after account.ID, limit int) ([]account.Account, error) {
	var out []account.Account
	err := tx.query(ctx, `SELECT `+accountColumns+` FROM accounts WHERE id > $1 ORDER BY id LIMIT $2`,
		[]any{string(after), int64(limit)}, func(r row) error {
			a, err := scanAccount(r)
			out = append(out, a)
			return err
		})
	return out, err
}

// References finds the accounts that have these references.
func (tx *Tx) References(ctx context.Context, references []string) (map[string]account.ID, error) {
	out := make(map[string]account.ID, len(references))
	err := tx.query(ctx, `SELECT reference, id FROM accounts WHERE reference IN (SELECT key FROM json_each($1))`,
		[]any{keySet(references)}, func(r row) error {
			var reference string
			var id account.ID
			err := r.Scan(&reference, &id)
			out[reference] = id
			return err
		})
	return out, err
}

// ClosedThrough returns the last month of the account whose bill is issued.
func (tx *Tx) ClosedThrough(ctx context.Context, id account.ID) (billing.Month, error) {
	var m billing.Month
	err := tx.queryRow(ctx, `SELECT closed_through FROM accounts WHERE id = $1`, string(id)).Scan(&m)
	return m, err
}

// CloseThrough records that the account's bills are issued up to this month.
func (tx *Tx) CloseThrough(ctx context.Context, id account.ID, m billing.Month) error {
	return tx.execOne(ctx, `UPDATE accounts SET closed_through = $2 WHERE id = $1 AND closed_through < $2`, string(id), string(m))
}

// AccountsToClose lists accounts after the given one that have a month before m
// still open, in the order of their ids: closed ones as long as something of them is
// on no bill.
func (tx *Tx) AccountsToClose(ctx context.Context, m billing.Month, after account.ID, limit int) ([]account.ID, error) {
	var out []account.ID
	err := tx.query(ctx, `
		SELECT id FROM accounts
		 WHERE closed_through < $1 AND id > $2
		   AND (state <> 'closed'
		     OR EXISTS (SELECT 1 FROM debts AS d WHERE d.account_id = accounts.id AND d.bill_id IS NULL AND d.collection IS NOT NULL)
		     OR EXISTS (SELECT 1 FROM collections AS c WHERE c.account_id = accounts.id AND c.state = 'open'))
		 ORDER BY id LIMIT $3`, []any{string(m.Previous()), string(after), int64(limit)}, func(r row) error {
		var id account.ID
		err := r.Scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}

// Zones lists the zones in which accounts are billed.
func (tx *Tx) Zones(ctx context.Context) ([]string, error) {
	var out []string
	err := tx.query(ctx, `SELECT DISTINCT zone FROM accounts ORDER BY zone`, nil, func(r row) error {
		var z string
		err := r.Scan(&z)
		out = append(out, z)
		return err
	})
	return out, err
}

// Customer returns the provider's id of the account's payer, "" if none is known.
func (tx *Tx) Customer(ctx context.Context, id account.ID, provider string) (string, error) {
	var ref string
	err := tx.queryRow(ctx, `SELECT ref FROM provider_customers WHERE account_id = $1 AND provider = $2`, string(id), provider).Scan(&ref)
	if errors.Is(err, errNoRow) {
		return "", nil
	}
	return ref, err
}

// KeepCustomer remembers the provider's id of the account's payer; the first one
// stays.
func (tx *Tx) KeepCustomer(ctx context.Context, id account.ID, provider, ref string) error {
	_, err := tx.exec(ctx, `
		INSERT INTO provider_customers (account_id, provider, ref) VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`, string(id), provider, ref)
	return err
}

// SetOnce writes a value of the installation unless it has one.
func (tx *Tx) SetOnce(ctx context.Context, name, value string) error {
	_, err := tx.exec(ctx, `INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, value)
	return err
}

// Setting reads a value of the installation, "" if it was never set.
func (tx *Tx) Setting(ctx context.Context, name string) (string, error) {
	var v string
	err := tx.queryRow(ctx, `SELECT value FROM installation WHERE name = $1`, name).Scan(&v)
	if errors.Is(err, errNoRow) {
		return "", nil
	}
	return v, err
}

// Set writes a value of the installation.
func (tx *Tx) Set(ctx context.Context, name, value string) error {
	_, err := tx.exec(ctx, `
		INSERT INTO installation (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// SetOverdue notes since when something of the account is overdue, or that
// nothing is any more.
func (tx *Tx) SetOverdue(ctx context.Context, id account.ID, since time.Time) error {
	return tx.execOne(ctx, `UPDATE accounts SET overdue_since = $2 WHERE id = $1`, string(id), micros(since))
}
