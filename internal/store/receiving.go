package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
)

const receivingColumns = `id, seller, country, serves, currency, bank, bank_address, bic, holder, scheme, bank_code, number, rails, shared, opened_at, closed_at`

func scanReceiving(r row) (bank.ReceivingAccount, error) {
	var a bank.ReceivingAccount
	err := r.Scan(&a.ID, &a.Seller, &a.Country, document{&a.Serves}, &a.Currency, &a.Bank, &a.BankAddress, &a.BIC, &a.Holder, &a.Scheme, &a.BankCode, &a.Number,
		document{&a.Rails}, flag{&a.Shared}, instant{&a.OpenedAt}, instant{&a.ClosedAt})
	if errors.Is(err, errNoRow) {
		return a, bank.ErrReceivingNotFound
	}
	return a, err
}

// AddReceivingAccount inserts one of our bank accounts and answers false if its
// number is one of ours already, or a customer's.
func (tx *Tx) AddReceivingAccount(ctx context.Context, a bank.ReceivingAccount) (bool, error) {
	n, err := tx.exec(ctx, `
		INSERT INTO receiving_accounts (`+receivingColumns+`)
		SELECT cast($1 as text), cast($2 as text), cast($3 as text), cast($4 as text), cast($5 as text), cast($6 as text), cast($7 as text), cast($8 as text),
		       cast($9 as text), cast($10 as text), cast($11 as text), cast($12 as text), cast($13 as text), cast($14 as bigint), cast($15 as bigint), NULL
		 WHERE NOT EXISTS (SELECT 1 FROM virtual_accounts WHERE number = $12) AND NOT EXISTS (SELECT 1 FROM pool_numbers WHERE number = $12)
		ON CONFLICT DO NOTHING`,
		string(a.ID), a.Seller, a.Country, asJSON(append([]string{}, a.Serves...)), string(a.Currency), a.Bank, a.BankAddress, a.BIC, a.Holder, string(a.Scheme), a.BankCode,
		a.Number, asJSON(a.Rails), bit(a.Shared), micros(a.OpenedAt))
	return n == 1, err
}

// CloseReceivingAccount closes one of our bank accounts and retires the customers'
// numbers behind it.
func (tx *Tx) CloseReceivingAccount(ctx context.Context, id bank.ReceivingID, at time.Time) (retired int64, err error) {
	if err := tx.execOne(ctx, `UPDATE receiving_accounts SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL`, string(id), micros(at)); err != nil {
		return 0, err
	}
	return tx.exec(ctx, `UPDATE virtual_accounts SET retired_at = $2 WHERE receiving_id = $1 AND retired_at IS NULL`, string(id), micros(at))
}

// ReceivingAccount fetches one of our bank accounts.
func (tx *Tx) ReceivingAccount(ctx context.Context, id bank.ReceivingID) (bank.ReceivingAccount, error) {
	return scanReceiving(tx.queryRow(ctx, `SELECT `+receivingColumns+` FROM receiving_accounts WHERE id = $1`, string(id)))
}

// LockReceivingAccount fetches one of our bank accounts and keeps others from giving
// out numbers behind it until the transaction ends. Customers' accounts are locked
// before it.
func (tx *Tx) LockReceivingAccount(ctx context.Context, id bank.ReceivingID) (bank.ReceivingAccount, error) {
	return scanReceiving(tx.queryRow(ctx, `SELECT `+receivingColumns+` FROM receiving_accounts WHERE id = $1`+tx.forUpdate(), string(id)))
}

// HoldNumbers keeps others from giving out numbers behind any of our bank accounts until
// the transaction ends.
func (tx *Tx) HoldNumbers(ctx context.Context) error {
	_, err := tx.receivingAccounts(ctx, `SELECT `+receivingColumns+` FROM receiving_accounts ORDER BY id`+tx.forUpdate())
	return err
}

// ReceivingAccountsNumbered lists the bank accounts of ours that have this number, in
// normal form, open or closed: one for each currency that the bank keeps under it.
func (tx *Tx) ReceivingAccountsNumbered(ctx context.Context, number string) ([]bank.ReceivingAccount, error) {
	return tx.receivingAccounts(ctx, `SELECT `+receivingColumns+` FROM receiving_accounts WHERE number = $1 ORDER BY id`, number)
}

// ReceivingAccounts lists our bank accounts, the first one first. There are dozens.
func (tx *Tx) ReceivingAccounts(ctx context.Context) ([]bank.ReceivingAccount, error) {
	return tx.receivingAccounts(ctx, `SELECT `+receivingColumns+` FROM receiving_accounts ORDER BY id`)
}

func (tx *Tx) receivingAccounts(ctx context.Context, query string, args ...any) ([]bank.ReceivingAccount, error) {
	var out []bank.ReceivingAccount
	err := tx.query(ctx, query, args, func(r row) error {
		a, err := scanReceiving(r)
		out = append(out, a)
		return err
	})
	return out, err
}

const poolColumns = `id, receiving_id, kind, scheme, country, bank_code, prefix, digits, next, last, warn_at, opened_at`

// AddPool inserts a pool of account numbers.
func (tx *Tx) AddPool(ctx context.Context, p bank.Pool) error {
	return tx.execOne(ctx, `
		INSERT INTO number_pools (`+poolColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		string(p.ID), string(p.Receiving), string(p.Kind), string(p.Scheme), p.Country, p.BankCode, p.Prefix, int64(p.Digits), p.Next, p.Last, p.WarnAt, micros(p.OpenedAt))
}

// AddPoolNumbers inserts the numbers of a list, from place 1 on. It answers false if
// one of them is known already; the transaction must then be given up.
func (tx *Tx) AddPoolNumbers(ctx context.Context, id bank.PoolID, numbers []string) (bool, error) {
	type listed struct {
		Position int    `json:"p"`
		Number   string `json:"n"`
	}
	rows := make([]listed, len(numbers))
	for i, n := range numbers {
		rows[i] = listed{i + 1, n}
	}
	n, err := tx.exec(ctx, `
		INSERT INTO pool_numbers (pool_id, position, number)
		SELECT $1, cast(value->>'p' as bigint), value->>'n'
		  FROM json_each($2)
		 WHERE NOT EXISTS (SELECT 1 FROM virtual_accounts AS v WHERE v.number = value->>'n')
		   AND NOT EXISTS (SELECT 1 FROM receiving_accounts AS a WHERE a.number = value->>'n')
		ON CONFLICT DO NOTHING`, string(id), numbered(rows))
	return n == int64(len(numbers)), err
}

// Pools lists the pools behind one of our bank accounts, the first one first; "" all
// of them.
func (tx *Tx) Pools(ctx context.Context, id bank.ReceivingID) ([]bank.Pool, error) {
	var out []bank.Pool
	err := tx.query(ctx, `SELECT `+poolColumns+` FROM number_pools WHERE $1 = '' OR receiving_id = $1 ORDER BY id`, []any{string(id)}, func(r row) error {
		var p bank.Pool
		err := r.Scan(&p.ID, &p.Receiving, &p.Kind, &p.Scheme, &p.Country, &p.BankCode, &p.Prefix, &p.Digits, &p.Next, &p.Last, &p.WarnAt, instant{&p.OpenedAt})
		out = append(out, p)
		return err
	})
	return out, err
}

// PoolNumber is the number at a place of a list.
func (tx *Tx) PoolNumber(ctx context.Context, id bank.PoolID, position int64) (string, error) {
	var n string
	err := tx.queryRow(ctx, `SELECT number FROM pool_numbers WHERE pool_id = $1 AND position = $2`, string(id), position).Scan(&n)
	return n, err
}

// MovePool says which number of a pool comes next. The bank account behind it is
// locked.
func (tx *Tx) MovePool(ctx context.Context, id bank.PoolID, next int64) error {
	return tx.execOne(ctx, `UPDATE number_pools SET next = $2 WHERE id = $1`, string(id), next)
}

const virtualColumns = `id, pool_id, receiving_id, number, account_id, assigned_at, assigned_by, retired_at`

func scanVirtual(r row) (bank.VirtualAccount, error) {
	var v bank.VirtualAccount
	err := r.Scan(&v.ID, &v.Pool, &v.Receiving, &v.Number, &v.Account, instant{&v.AssignedAt}, &v.AssignedBy, instant{&v.RetiredAt})
	if errors.Is(err, errNoRow) {
		return v, bank.ErrVirtualNotFound
	}
	return v, err
}

// AddVirtualAccount gives a customer a number and answers false if it is anybody's
// already, or a bank account of ours: it is then never given out. The customer's
// account is locked, and has none.
func (tx *Tx) AddVirtualAccount(ctx context.Context, v bank.VirtualAccount) (bool, error) {
	n, err := tx.exec(ctx, `
		INSERT INTO virtual_accounts (`+virtualColumns+`)
		SELECT cast($1 as text), cast($2 as text), cast($3 as text), cast($4 as text), cast($5 as text), cast($6 as bigint), cast($7 as text), NULL
		 WHERE NOT EXISTS (SELECT 1 FROM receiving_accounts WHERE number = $4)
		   AND NOT EXISTS (SELECT 1 FROM pool_numbers WHERE number = $4 AND pool_id <> $2)
		ON CONFLICT (number) DO NOTHING`,
		string(v.ID), string(v.Pool), string(v.Receiving), v.Number, string(v.Account), micros(v.AssignedAt), v.AssignedBy)
	return n == 1, err
}

// VirtualAccountOf fetches the number that a customer uses now.
func (tx *Tx) VirtualAccountOf(ctx context.Context, id account.ID) (bank.VirtualAccount, error) {
	return scanVirtual(tx.queryRow(ctx, `SELECT `+virtualColumns+` FROM virtual_accounts WHERE account_id = $1 AND retired_at IS NULL`, string(id)))
}

// VirtualAccountsOf lists every number that a customer was ever given, the first one
// first.
func (tx *Tx) VirtualAccountsOf(ctx context.Context, id account.ID) ([]bank.VirtualAccount, error) {
	var out []bank.VirtualAccount
	err := tx.query(ctx, `SELECT `+virtualColumns+` FROM virtual_accounts WHERE account_id = $1 ORDER BY id`, []any{string(id)}, func(r row) error {
		v, err := scanVirtual(r)
		out = append(out, v)
		return err
	})
	return out, err
}

// VirtualAccounts finds whose numbers these are, in normal form, retired ones too.
// Nobody's are not among them.
func (tx *Tx) VirtualAccounts(ctx context.Context, numbers []string) (map[string]bank.VirtualAccount, error) {
	out := make(map[string]bank.VirtualAccount, len(numbers))
	err := tx.query(ctx, `SELECT `+virtualColumns+` FROM virtual_accounts WHERE number IN (SELECT key FROM json_each($1))`,
		[]any{keySet(numbers)}, func(r row) error {
			v, err := scanVirtual(r)
			out[v.Number] = v
			return err
		})
	return out, err
}

// AddPaymentReference gives a customer a payment reference and answers false if it is
// another's. The customer's account is locked, and has none.
func (tx *Tx) AddPaymentReference(ctx context.Context, id account.ID, reference string, at time.Time) (bool, error) {
	n, err := tx.exec(ctx, `
		INSERT INTO payment_references (reference, account_id, made_at) VALUES ($1, $2, $3)
		ON CONFLICT (reference) DO NOTHING`, reference, string(id), micros(at))
	return n == 1, err
}

// PaymentReference is a customer's payment reference; "" if they have none yet.
func (tx *Tx) PaymentReference(ctx context.Context, id account.ID) (string, error) {
	var reference string
	err := tx.queryRow(ctx, `SELECT reference FROM payment_references WHERE account_id = $1`, string(id)).Scan(&reference)
	if errors.Is(err, errNoRow) {
		return "", nil
	}
	return reference, err
}

// AccountsByPaymentReference finds whose references these are, in normal form.
func (tx *Tx) AccountsByPaymentReference(ctx context.Context, references []string) (map[string]account.ID, error) {
	out := make(map[string]account.ID, len(references))
	err := tx.query(ctx, `SELECT reference, account_id FROM payment_references WHERE reference IN (SELECT key FROM json_each($1))`,
		[]any{keySet(references)}, func(r row) error {
			var reference string
			var id account.ID
			err := r.Scan(&reference, &id)
			out[reference] = id
			return err
		})
	return out, err
}
