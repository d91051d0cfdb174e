package store

import (
	"context"
	"maps"
	"slices"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
)

// Book writes an entry, its postings, and the running balances of the customer
// that it touches. A second entry of the same kind for the same subject is an
// error: the state that led here was changed twice.
func (tx *Tx) Book(ctx context.Context, e ledger.Entry) error {
	if err := tx.execOne(ctx, `
		INSERT INTO entries (id, account_id, kind, subject, currency, amount, booked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.ID, string(e.Account), string(e.Kind), e.Subject, string(e.Amount.Currency), e.Amount.Minor, micros(e.BookedAt)); err != nil {
		return err
	}
	type posting struct {
		Line     int    `json:"n"`
		Ledger   string `json:"l"`
		Customer string `json:"c"`
		Amount   int64  `json:"a"`
	}
	all := make([]posting, len(e.Postings))
	var kept []posting
	for i, p := range e.Postings {
		all[i] = posting{i + 1, string(p.Ledger), string(p.Customer), p.Amount.Minor}
		if p.Ledger.IsPerCustomer() {
			kept = append(kept, all[i])
		}
	}
	if err := tx.change(ctx, `
		INSERT INTO postings (entry_id, line, ledger_account, account_id, currency, amount)
		SELECT $1, cast(value->>'n' as bigint), value->>'l', value->>'c', $2, cast(value->>'a' as bigint)
		  FROM json_each($3)
		 WHERE true`, e.ID, string(e.Amount.Currency), numbered(all)); err != nil {
		return err
	}
	return tx.change(ctx, `
		INSERT INTO balances (account_id, ledger_account, currency, amount)
		SELECT value->>'c', value->>'l', $1, cast(value->>'a' as bigint)
		  FROM json_each($2)
		 WHERE true
		    ON CONFLICT (account_id, ledger_account, currency) DO UPDATE SET amount = balances.amount + excluded.amount`,
		string(e.Amount.Currency), numbered(kept))
}

// BookAll books many entries as Book does each, with a fixed number of statements.
func (tx *Tx) BookAll(ctx context.Context, all []ledger.Entry) error {
	if len(all) == 0 {
		return nil
	}
	n := len(all)
	ids, accounts, kinds, subjects, currencies := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	amounts, booked := make([]int64, n), make([]int64, n)
	var of, ledgers, customers, postedIn []string
	var lines, posted []int64
	kept := map[[3]string]int64{}
	for i, e := range all {
		ids[i], accounts[i], kinds[i], subjects[i] = e.ID, string(e.Account), string(e.Kind), e.Subject
		currencies[i], amounts[i], booked[i] = string(e.Amount.Currency), e.Amount.Minor, e.BookedAt.UnixMicro()
		for line, p := range e.Postings {
			of, lines, ledgers, customers = append(of, e.ID), append(lines, int64(line+1)), append(ledgers, string(p.Ledger)), append(customers, string(p.Customer))
			postedIn, posted = append(postedIn, string(p.Amount.Currency)), append(posted, p.Amount.Minor)
			if p.Ledger.IsPerCustomer() {
				kept[[3]string{string(p.Customer), string(p.Ledger), string(p.Amount.Currency)}] += p.Amount.Minor
			}
		}
	}
	for _, b := range []*bulk{
		{into: "entries", columns: []column{
			{name: "id", texts: ids}, {name: "account_id", texts: accounts}, {name: "kind", texts: kinds}, {name: "subject", texts: subjects},
			{name: "currency", texts: currencies}, {name: "amount", numbers: amounts}, {name: "booked_at", numbers: booked},
		}},
		{into: "postings", columns: []column{
			{name: "entry_id", texts: of}, {name: "line", numbers: lines}, {name: "ledger_account", texts: ledgers}, {name: "account_id", texts: customers},
			{name: "currency", texts: postedIn}, {name: "amount", numbers: posted},
		}},
		balancesOf(kept),
	} {
		if b == nil {
			continue
		}
		if err := tx.later(ctx, statement{rows: b}); err != nil {
			return err
		}
	}
	return nil
}

// balancesOf adds sums to running balances: by customer, ledger account and currency,
// in that order, so that two who write the same never wait for each other.
func balancesOf(sums map[[3]string]int64) *bulk {
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b [3]string) int { return slices.Compare(a[:], b[:]) })
	var customers, ledgers, currencies []string
	var amounts []int64
	for _, k := range keys {
		customers, ledgers, currencies, amounts = append(customers, k[0]), append(ledgers, k[1]), append(currencies, k[2]), append(amounts, sums[k])
	}
	if len(keys) == 0 {
		return nil
	}
	return &bulk{
		into: "balances",
		columns: []column{
			{name: "account_id", texts: customers}, {name: "ledger_account", texts: ledgers}, {name: "currency", texts: currencies}, {name: "amount", numbers: amounts},
		},
		more: `ON CONFLICT (account_id, ledger_account, currency) DO UPDATE SET amount = balances.amount + excluded.amount`,
	}
}

// Balances returns the balances of many customers on a ledger account, by currency:
// debits positive. Who has none is not among them.
func (tx *Tx) Balances(ctx context.Context, ids []account.ID, l ledger.Account) (map[account.ID][]money.Amount, error) {
	out := map[account.ID][]money.Amount{}
	err := tx.query(ctx, `
		SELECT account_id, currency, amount
		  FROM balances
		 WHERE account_id IN (SELECT key FROM json_each($1)) AND ledger_account = $2
		 ORDER BY account_id, currency`, []any{keySet(ids), string(l)}, func(r row) error {
		var id account.ID
		var a money.Amount
		err := r.Scan(&id, &a.Currency, &a.Minor)
		out[id] = append(out[id], a)
		return err
	})
	return out, err
}

// Balance returns a customer's balance on a ledger account: debits positive.
func (tx *Tx) Balance(ctx context.Context, id account.ID, l ledger.Account, c money.Currency) (money.Amount, error) {
	a := money.Amount{Currency: c}
	err := tx.queryRow(ctx, `
		SELECT cast(coalesce(sum(amount), 0) as bigint) FROM balances
		 WHERE account_id = $1 AND ledger_account = $2 AND currency = $3`, string(id), string(l), string(c)).Scan(&a.Minor)
	return a, err
}

// Total is the sum of a ledger account's postings in one currency.
type Total struct {
	Ledger ledger.Account
	Debit  money.Amount
	Credit money.Amount // as a positive amount
}

// Totals sums the whole ledger by account and currency.
func (tx *Tx) Totals(ctx context.Context) ([]Total, error) {
	var out []Total
	err := tx.query(ctx, `
		SELECT ledger_account, currency,
		       cast(coalesce(sum(CASE WHEN amount > 0 THEN amount END), 0) as bigint),
		       cast(coalesce(sum(CASE WHEN amount < 0 THEN -amount END), 0) as bigint)
		  FROM postings
		 GROUP BY ledger_account, currency
		 ORDER BY currency, ledger_account`, nil, func(r row) error {
		var t Total
		var c money.Currency
		err := r.Scan(&t.Ledger, &c, &t.Debit.Minor, &t.Credit.Minor)
		t.Debit.Currency, t.Credit.Currency = c, c
		out = append(out, t)
		return err
	})
	return out, err
}

// Entries lists an account's entries with their postings, oldest first, after
// the given one.
func (tx *Tx) Entries(ctx context.Context, id account.ID, after string, limit int) ([]ledger.Entry, error) {
	var out []ledger.Entry
	index := map[string]int{}
	err := tx.query(ctx, `
		SELECT e.id, e.kind, e.subject, e.currency, e.amount, e.booked_at, p.ledger_account, p.account_id, p.amount
		  FROM (SELECT * FROM entries WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS e
		  JOIN postings AS p ON p.entry_id = e.id
		 ORDER BY e.id, p.line`, []any{string(id), after, int64(limit)}, func(r row) error {
		e := ledger.Entry{Account: id}
		var p ledger.Posting
		if err := r.Scan(&e.ID, &e.Kind, &e.Subject, &e.Amount.Currency, &e.Amount.Minor, instant{&e.BookedAt}, &p.Ledger, &p.Customer, &p.Amount.Minor); err != nil {
			return err
		}
		p.Amount.Currency = e.Amount.Currency
		i, seen := index[e.ID]
		if !seen {
			i = len(out)
			index[e.ID] = i
			out = append(out, e)
		}
		out[i].Postings = append(out[i].Postings, p)
		return nil
	})
	return out, err
}
