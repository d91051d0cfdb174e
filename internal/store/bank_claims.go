package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
)

const claimColumns = `id, remittance_id, account_id, currency, amount, fee, state, automatic, note, proof, claimed_by, claimed_at, decided_by, decided_at, decision, reversed_by, reversed_at, reversal, coalesce((SELECT p.id FROM claim_proofs AS p WHERE p.claim_id = claims.id), '')`

func scanClaim(r row) (bank.Claim, error) {
	var c bank.Claim
	err := r.Scan(&c.ID, &c.Remittance, &c.Account, &c.Amount.Currency, &c.Amount.Minor, &c.Fee.Minor, &c.State, flag{&c.Automatic}, &c.Note, &c.Proof, &c.ClaimedBy,
		instant{&c.ClaimedAt}, &c.DecidedBy, instant{&c.DecidedAt}, &c.Decision, &c.ReversedBy, instant{&c.ReversedAt}, &c.Reversal,
		&c.ProofFile)
	if errors.Is(err, errNoRow) {
		return c, bank.ErrClaimNotFound
	}
	c.Fee.Currency = c.Amount.Currency
	return c, err
}

// AddClaims inserts claims that nobody has decided on, or that nobody had to.
func (tx *Tx) AddClaims(ctx context.Context, all []bank.Claim) error {
	if len(all) == 0 {
		return nil
	}
	text := func(name string, of func(bank.Claim) string) column { return textColumn(name, all, of) }
	number := func(name string, of func(bank.Claim) int64) column { return numberColumn(name, all, of) }
	nothing := func(bank.Claim) string { return "" }
	return tx.later(ctx, statement{rows: &bulk{into: "claims", columns: []column{
		text("id", func(c bank.Claim) string { return string(c.ID) }),
		text("remittance_id", func(c bank.Claim) string { return string(c.Remittance) }),
		text("account_id", func(c bank.Claim) string { return string(c.Account) }),
		text("currency", func(c bank.Claim) string { return string(c.Amount.Currency) }),
		number("amount", func(c bank.Claim) int64 { return c.Amount.Minor }),
		number("fee", func(c bank.Claim) int64 { return c.Fee.Minor }),
		text("state", func(c bank.Claim) string { return string(c.State) }),
		number("automatic", func(c bank.Claim) int64 { return bit(c.Automatic) }),
		text("note", func(c bank.Claim) string { return c.Note }),
		text("proof", func(c bank.Claim) string { return c.Proof }),
		text("claimed_by", func(c bank.Claim) string { return c.ClaimedBy }),
		number("claimed_at", func(c bank.Claim) int64 { return c.ClaimedAt.UnixMicro() }),
		text("decided_by", nothing), text("decision", nothing), text("reversed_by", nothing), text("reversal", nothing),
	}}})
}

// SaveClaim writes what may change of a claim. That nobody decides on their own, the
// database says too.
func (tx *Tx) SaveClaim(ctx context.Context, c bank.Claim) error {
	return tx.execOne(ctx, `
		UPDATE claims
		   SET state = $2, decided_by = $3, decided_at = $4, decision = $5, reversed_by = $6, reversed_at = $7, reversal = $8
		 WHERE id = $1`,
		string(c.ID), string(c.State), c.DecidedBy, micros(c.DecidedAt), c.Decision, c.ReversedBy, micros(c.ReversedAt), c.Reversal)
}

// Claim fetches a claim. Who changes it locks its account, then its receipt.
func (tx *Tx) Claim(ctx context.Context, id bank.ClaimID) (bank.Claim, error) {
	return scanClaim(tx.queryRow(ctx, `SELECT `+claimColumns+` FROM claims WHERE id = $1`, string(id)))
}

// ClaimsByID fetches claims.
func (tx *Tx) ClaimsByID(ctx context.Context, ids []bank.ClaimID) ([]bank.Claim, error) {
	return tx.claims(ctx, `
		SELECT `+claimColumns+` FROM claims
		 WHERE id IN (SELECT key FROM json_each($1))
		 ORDER BY id`, keySet(ids))
}

func (tx *Tx) claims(ctx context.Context, query string, args ...any) ([]bank.Claim, error) {
	var out []bank.Claim
	err := tx.query(ctx, query, args, func(r row) error {
		c, err := scanClaim(r)
		out = append(out, c)
		return err
	})
	return out, err
}

// ClaimFilter says which claims are wanted; an empty field means all.
type ClaimFilter struct {
	State      bank.ClaimState
	Account    account.ID
	Remittance bank.RemittanceID
	Before     bank.ClaimID
}

// Claims lists claims, newest first.
func (tx *Tx) Claims(ctx context.Context, f ClaimFilter, limit int) ([]bank.Claim, error) {
	which, args := ``, []any{string(f.Before), int64(limit)}
	for _, c := range []struct{ condition, value string }{{`state =`, string(f.State)}, {`account_id =`, string(f.Account)}, {`remittance_id =`, string(f.Remittance)}} {
		if c.value != "" {
			args = append(args, c.value)
			which += ` AND ` + c.condition + ` $` + ordinal(len(args))
		}
	}
	return tx.claims(ctx, `
		SELECT `+claimColumns+` FROM claims
		 WHERE ($1 = '' OR id < $1)`+which+`
		 ORDER BY id DESC LIMIT $2`, args...)
}

// LockAccounts fetches accounts and keeps others from changing what belongs to them
// until the transaction ends. It goes by the order of their ids, so that two who lock
// some of the same never wait for each other.
func (tx *Tx) LockAccounts(ctx context.Context, ids []account.ID) (map[account.ID]account.Account, error) {
	out := make(map[account.ID]account.Account, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	err := tx.query(ctx, `
		SELECT `+accountColumns+` FROM accounts
		 WHERE id IN (SELECT key FROM json_each($1))
		 ORDER BY id`+tx.forUpdate(), []any{keySet(ids)}, func(r row) error {
		a, err := scanAccount(r)
		out[a.ID] = a
		return err
	})
	return out, err
}

// OpenBill is what matching asks of a bill that is not paid whole.
type OpenBill struct {
	ID      billing.BillID
	Number  string
	Account account.ID
	Open    money.Amount
}

const openBills = `
	SELECT b.id, b.number, b.account_id, b.currency, cast(sum(d.amount - d.paid) as bigint) AS open
	  FROM bills AS b
	  JOIN debts AS d ON d.bill_id = b.id AND d.state = 'open'`

func (tx *Tx) openBills(ctx context.Context, query string, args ...any) ([]OpenBill, error) {
	var out []OpenBill
	err := tx.query(ctx, query, args, func(r row) error {
		var b OpenBill
		err := r.Scan(&b.ID, &b.Number, &b.Account, &b.Open.Currency, &b.Open.Minor)
		out = append(out, b)
		return err
	})
	return out, err
}

// OpenBillsNumbered lists open bills that have one of these numbers.
func (tx *Tx) OpenBillsNumbered(ctx context.Context, numbers []string) ([]OpenBill, error) {
	return tx.openBills(ctx, openBills+`
	 WHERE b.number IN (SELECT key FROM json_each($1))
	 GROUP BY b.id, b.number, b.account_id, b.currency
	 ORDER BY b.id`, keySet(numbers))
}

// OpenBillsBetween lists open bills of a currency that have so much open, from least
// to most.
func (tx *Tx) OpenBillsBetween(ctx context.Context, least, most money.Amount, limit int) ([]OpenBill, error) {
	return tx.openBills(ctx, openBills+`
	 WHERE b.currency = $1
	 GROUP BY b.id, b.number, b.account_id, b.currency
	HAVING sum(d.amount - d.paid) BETWEEN $2 AND $3
	 ORDER BY b.id LIMIT $4`, string(least.Currency), least.Minor, most.Minor, int64(limit))
}

// OpenBillsOf lists the open bills of customers, oldest first.
func (tx *Tx) OpenBillsOf(ctx context.Context, ids []account.ID) ([]OpenBill, error) {
	return tx.openBills(ctx, openBills+`
	 WHERE b.account_id IN (SELECT key FROM json_each($1))
	 GROUP BY b.id, b.number, b.account_id, b.currency
	 ORDER BY b.id`, keySet(ids))
}

// AccountsLike lists customers in whose names a word stands, whatever its case.
func (tx *Tx) AccountsLike(ctx context.Context, word string, limit int) ([]account.Account, error) {
	var out []account.Account
	err := tx.query(ctx, `
		SELECT `+accountColumns+` FROM accounts
		 WHERE lower(name) LIKE '%' || lower($1) || '%' ESCAPE '\'
		 ORDER BY id LIMIT $2`, []any{likeText(word), int64(limit)}, func(r row) error {
		a, err := scanAccount(r)
		out = append(out, a)
		return err
	})
	return out, err
}

// likeText has LIKE take every character as itself.
func likeText(s string) string {
	var b []byte
	for i := range len(s) {
		if c := s[i]; c == '%' || c == '_' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return string(b)
}

// AccountsNamed fetches customers by their ids or references.
func (tx *Tx) AccountsNamed(ctx context.Context, names []string) ([]account.Account, error) {
	var out []account.Account
	err := tx.query(ctx, `
		SELECT `+accountColumns+` FROM accounts
		 WHERE id IN (SELECT key FROM json_each($1)) OR reference IN (SELECT key FROM json_each($1))
		 ORDER BY id`, []any{keySet(names)}, func(r row) error {
		a, err := scanAccount(r)
		out = append(out, a)
		return err
	})
	return out, err
}
