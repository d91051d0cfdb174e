package store

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
)

// OwedDebt is a debt with what cash application knows of it.
type OwedDebt struct {
	Debt billing.Debt
	Owed billing.Owed
	Bill billing.Bill // on which the debt is, as if nothing of it were open; the zero Bill if on none
}

// debtColumnsOf are the columns of a debt whose table has a name in the question.
func debtColumnsOf(table string) string {
	return table + "." + strings.ReplaceAll(debtColumns, ", ", ", "+table+".")
}

// isOwed says which open debts a balance may go to: what is on an issued bill, and usage
// that a threshold caught, but no order, and nothing drawn on credit that is not billed
// yet.
const isOwed = `(d.kind = 'threshold' OR d.kind <> 'order' AND d.bill_id IS NOT NULL)`

// OwedBy lists the open debts of accounts to which a balance may go. The accounts are
// locked.
func (tx *Tx) OwedBy(ctx context.Context, ids []account.ID) (map[account.ID][]OwedDebt, error) {
	rows, args := tx.given(1, column{name: "owner", texts: textsOf(ids)})
	return tx.owed(ctx, rows+` JOIN debts AS d ON d.account_id = given.owner AND d.state = 'open'`, args)
}

// OwedWithin is OwedBy as far as each account's balance can reach when the bill that
// was issued first is paid first: the debts that it pays whole, the one that it ends in,
// and all that were billed at the same instant as that one. Who owes for years is paid
// in the time of who owes for a month.
func (tx *Tx) OwedWithin(ctx context.Context, held map[account.ID]money.Amount) (map[account.ID][]OwedDebt, error) {
	type open struct {
		debt   string
		billed int64
		free   int64
	}
	all := map[account.ID][]open{}
	rows, args := tx.given(1, column{name: "owner", texts: textsOf(slices.Collect(maps.Keys(held)))})
	err := tx.query(ctx, `
		SELECT d.account_id, d.id, coalesce(d.billed_at, d.opened_at), CASE WHEN d.by_hand = 1 THEN 0 ELSE d.amount - d.paid - coalesce(f.amount, 0) END
		  FROM `+rows+` JOIN debts AS d ON d.account_id = given.owner AND d.state = 'open'
		  LEFT JOIN payments AS f ON f.debt_id = d.id AND f.`+isUnresolved+`
		 WHERE `+isOwed, args, func(r row) error {
		var id account.ID
		var o open
		err := r.Scan(textOf(&id), &o.debt, &o.billed, &o.free)
		all[id] = append(all[id], o)
		return err
	})
	if err != nil {
		return nil, err
	}
	var within []string
	for id, owed := range all {
		slices.SortFunc(owed, func(a, b open) int { return cmp.Compare(a.billed, b.billed) })
		left := held[id].Minor
		for i, o := range owed {
			if left <= 0 && o.billed != owed[i-1].billed {
				break
			}
			left -= max(0, o.free)
			within = append(within, o.debt)
		}
	}
	if len(within) == 0 {
		return map[account.ID][]OwedDebt{}, nil
	}
	rows, args = tx.given(1, column{name: "debt", texts: within})
	return tx.owed(ctx, rows+` JOIN debts AS d ON d.id = given.debt`, args)
}

// isUnresolved says which payments are not over. A debt has one at most.
const isUnresolved = `state NOT IN ('succeeded', 'declined', 'cancelled')`

// owed fetches debts, which are d of a place in a question.
func (tx *Tx) owed(ctx context.Context, from string, args []any) (map[account.ID][]OwedDebt, error) {
	out := map[account.ID][]OwedDebt{}
	err := tx.query(ctx, `
		SELECT `+debtColumnsOf("d")+`, b.month, b.number, b.net, b.tax, b.amount, b.issued_at, b.due_at, coalesce(f.amount, 0), d.by_hand
		  FROM `+from+`
		  LEFT JOIN bills AS b ON b.id = d.bill_id
		  LEFT JOIN payments AS f ON f.debt_id = d.id AND f.`+isUnresolved+`
		 WHERE `+isOwed, args, func(r row) error {
		o := OwedDebt{}
		var net, tax, total nullInt
		var in int64
		b := &o.Bill
		d, err := scanDebt(more{r, []any{textOf(&b.Month), textOf(&b.Number), &net, &tax, &total, instant{&b.IssuedAt}, instant{&b.DueAt}, &in, flag{&o.Owed.ByHand}}})
		o.Debt = d
		o.Owed.Debt, o.Owed.Bill, o.Owed.Number, o.Owed.BilledAt, o.Owed.DueAt, o.Owed.OpenedAt = d.ID, billing.BillID(d.Bill), b.Number, b.IssuedAt, b.DueAt, d.OpenedAt
		o.Owed.Open, o.Owed.InFlight = d.OpenAmount(), money.Amount{Minor: in, Currency: d.Amount.Currency}
		if d.Bill == "" {
			o.Owed.BilledAt = d.OpenedAt
		} else {
			b.ID, b.Account = billing.BillID(d.Bill), d.Account
			b.Net, b.Tax, b.Total, b.Open = d.Amount, d.Amount, d.Amount, d.Amount // in its currency
			b.Net.Minor, b.Tax.Minor, b.Total.Minor, b.Open.Minor = net.Int64, tax.Int64, total.Int64, 0
		}
		out[d.Account] = append(out[d.Account], o)
		return err
	})
	for _, owed := range out { // one customer's are few, and sorting all would be dear
		slices.SortFunc(owed, func(a, b OwedDebt) int { return strings.Compare(string(a.Debt.ID), string(b.Debt.ID)) })
	}
	return out, err
}

// HoldForHand keeps balances off a debt until a person pays it.
func (tx *Tx) HoldForHand(ctx context.Context, id billing.DebtID) error {
	return tx.execOne(ctx, `UPDATE debts SET by_hand = 1 WHERE id = $1`, string(id))
}

// WaitsForHand tells whether something of a bill is open that balances are kept off.
func (tx *Tx) WaitsForHand(ctx context.Context, id billing.BillID) (waits bool, err error) {
	err = tx.queryRow(ctx, `
		SELECT CASE WHEN EXISTS (SELECT 1 FROM debts WHERE bill_id = $1 AND state = 'open' AND by_hand = 1) THEN 1 ELSE 0 END`, string(id)).Scan(flag{&waits})
	return waits, err
}

// FreeFromHand lets a balance pay debts again that were kept for a person.
func (tx *Tx) FreeFromHand(ctx context.Context, ids []billing.DebtID) error {
	return tx.change(ctx, `UPDATE debts SET by_hand = 0 WHERE id IN (SELECT key FROM json_each($1)) AND by_hand = 1`, keySet(ids))
}

// FreeAllFromHand is FreeFromHand for all debts of an account.
func (tx *Tx) FreeAllFromHand(ctx context.Context, id account.ID) error {
	return tx.change(ctx, `UPDATE debts SET by_hand = 0 WHERE account_id = $1 AND by_hand = 1`, string(id))
}

// more is a row with more columns behind those that its scanner knows.
type more struct {
	row
	behind []any
}

func (m more) Scan(dest ...any) error { return m.row.Scan(append(slices.Clone(dest), m.behind...)...) }

// LastRuns returns the number of each account's newest decision to spend its balance.
// Who has none is not among them.
func (tx *Tx) LastRuns(ctx context.Context, ids []account.ID) (map[account.ID]int64, error) {
	out := map[account.ID]int64{}
	err := tx.query(ctx, `
		SELECT account_id, max(number) FROM application_runs
		 WHERE account_id IN (SELECT key FROM json_each($1))
		 GROUP BY account_id`, []any{keySet(ids)}, func(r row) error {
		var id account.ID
		var n int64
		err := r.Scan(&id, &n)
		out[id] = n
		return err
	})
	return out, err
}

// AddRuns inserts decisions to spend balances.
func (tx *Tx) AddRuns(ctx context.Context, runs []billing.Run) error {
	if len(runs) == 0 {
		return nil
	}
	n := len(runs)
	id, acct, cause, currency, owed, chosen, by := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	number, balance, at := make([]int64, n), make([]int64, n), make([]int64, n)
	for i, r := range runs {
		id[i], acct[i], number[i], cause[i], currency[i], balance[i] = r.ID, string(r.Account), r.Number, string(r.Cause), string(r.Balance.Currency), r.Balance.Minor
		owed[i], chosen[i], by[i], at[i] = asJSON(r.Owed), asJSON(r.Chosen), r.By, r.At.UnixMicro()
	}
	return tx.later(ctx, statement{rows: &bulk{into: "application_runs", columns: []column{
		{name: "id", texts: id}, {name: "account_id", texts: acct}, {name: "number", numbers: number}, {name: "cause", texts: cause}, {name: "currency", texts: currency},
		{name: "balance", numbers: balance}, {name: "owed", texts: owed}, {name: "chosen", texts: chosen}, {name: "run_by", texts: by}, {name: "run_at", numbers: at},
	}}})
}

// Runs lists an account's decisions to spend its balance, the first one first, after
// the one with the given number.
func (tx *Tx) Runs(ctx context.Context, id account.ID, after int64, limit int) ([]billing.Run, error) {
	var out []billing.Run
	err := tx.query(ctx, `
		SELECT `+runColumns+` FROM application_runs
		 WHERE account_id = $1 AND number > $2
		 ORDER BY number LIMIT $3`, []any{string(id), after, int64(limit)}, func(r row) error {
		run, err := scanRun(r)
		out = append(out, run)
		return err
	})
	return out, err
}

const runColumns = `id, account_id, number, cause, currency, balance, owed, chosen, run_by, run_at`

func scanRun(r row) (billing.Run, error) {
	var run billing.Run
	err := r.Scan(&run.ID, &run.Account, &run.Number, &run.Cause, &run.Balance.Currency, &run.Balance.Minor, document{&run.Owed}, document{&run.Chosen}, &run.By, instant{&run.At})
	return run, err
}

// AddApplications inserts what runs have decided. Each is booked in the same
// transaction.
func (tx *Tx) AddApplications(ctx context.Context, all []billing.Application) error {
	if len(all) == 0 {
		return nil
	}
	n := len(all)
	id, acct, debt, currency, run := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	amount, at := make([]int64, n), make([]int64, n)
	for i, a := range all {
		id[i], acct[i], debt[i], currency[i], amount[i] = a.ID, string(a.Account), string(a.Debt), string(a.Amount.Currency), a.Amount.Minor
		run[i], at[i] = a.Run, a.AppliedAt.UnixMicro()
	}
	return tx.later(ctx, statement{rows: &bulk{into: "cash_applications", columns: []column{
		{name: "id", texts: id}, {name: "account_id", texts: acct}, {name: "debt_id", texts: debt}, {name: "currency", texts: currency},
		{name: "amount", numbers: amount}, {name: "applied_at", numbers: at}, {name: "run_id", texts: run},
	}}})
}

// PayDebts writes what was paid of many debts, and their state.
func (tx *Tx) PayDebts(ctx context.Context, debts []billing.Debt) error {
	if len(debts) == 0 {
		return nil
	}
	n := len(debts)
	id, state := make([]string, n), make([]string, n)
	paid, next, settled := make([]int64, n), make([]int64, n), make([]int64, n)
	for i, d := range debts {
		id[i], state[i], paid[i] = string(d.ID), string(d.State), d.Paid.Minor
		if !d.NextAttemptAt.IsZero() {
			next[i] = d.NextAttemptAt.UnixMicro()
		}
		if !d.SettledAt.IsZero() {
			settled[i] = d.SettledAt.UnixMicro()
		}
	}
	rows, args := tx.given(1, column{name: "debt", texts: id}, column{name: "now_paid", numbers: paid}, column{name: "now_state", texts: state},
		column{name: "next", numbers: next}, column{name: "settled", numbers: settled})
	return tx.change(ctx, `
		UPDATE debts
		   SET paid = now_paid, state = now_state, next_attempt_at = nullif(next, 0), settled_at = nullif(settled, 0)
		  FROM `+rows+`
		 WHERE debts.id = debt`, args...)
}

// BillsByID fetches bills, without their shares and debts.
func (tx *Tx) BillsByID(ctx context.Context, ids []billing.BillID) ([]billing.Bill, error) {
	var out []billing.Bill
	err := tx.query(ctx, `
		SELECT `+billColumns+` FROM bills AS b
		 WHERE b.id IN (SELECT key FROM json_each($1))
		 ORDER BY b.id`, []any{keySet(ids)}, func(r row) error {
		b, err := scanBill(r)
		out = append(out, b)
		return err
	})
	return out, err
}

// OpenBills lists an account's bills of which something is open, in the order in
// which a balance pays them.
func (tx *Tx) OpenBills(ctx context.Context, id account.ID, limit int) ([]billing.Bill, error) {
	var out []billing.Bill
	err := tx.query(ctx, `
		SELECT `+billColumns+` FROM bills AS b
		 WHERE b.account_id = $1 AND EXISTS (SELECT 1 FROM debts AS d WHERE d.bill_id = b.id AND d.state = 'open')
		 ORDER BY b.issued_at, b.due_at, b.number LIMIT $2`, []any{string(id), int64(limit)}, func(r row) error {
		b, err := scanBill(r)
		out = append(out, b)
		return err
	})
	return out, err
}

// ClearOverdue takes accounts out of arrears that have nothing overdue open any more.
func (tx *Tx) ClearOverdue(ctx context.Context, ids []account.ID) error {
	return tx.change(ctx, `
		UPDATE accounts SET overdue_since = NULL
		 WHERE id IN (SELECT key FROM json_each($1)) AND overdue_since IS NOT NULL
		   AND NOT EXISTS (SELECT 1 FROM debts AS d WHERE d.account_id = accounts.id AND d.state = 'open' AND d.declined_at IS NOT NULL)`, keySet(ids))
}

// BillsToWatch lists bills after the given one that are past their due day with
// something open, or will be at an instant, in the order of their ids.
func (tx *Tx) BillsToWatch(ctx context.Context, before time.Time, after billing.BillID, limit int) ([]billing.BillID, error) {
	var out []billing.BillID
	err := tx.query(ctx, `
		SELECT b.id FROM bills AS b
		 WHERE b.due_at < $1 AND b.id > $2
		   AND EXISTS (SELECT 1 FROM debts AS d WHERE d.bill_id = b.id AND d.state = 'open' AND d.declined_at IS NULL)
		 ORDER BY b.id LIMIT $3`, []any{micros(before), string(after), int64(limit)}, func(r row) error {
		var id billing.BillID
		err := r.Scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}

// AccountsToApply lists accounts after the given one that have money with us, let it
// pay bills by itself, and owe something that it could pay, in the order of their ids.
func (tx *Tx) AccountsToApply(ctx context.Context, after account.ID, limit int) ([]account.ID, error) {
	var out []account.ID
	err := tx.query(ctx, `
		SELECT DISTINCT b.account_id
		  FROM balances AS b
		  JOIN accounts AS a ON a.id = b.account_id AND a.auto_apply = 1
		 WHERE b.ledger_account = 'customer_balance' AND b.amount < 0 AND b.account_id > $1
		   AND EXISTS (SELECT 1 FROM debts AS d
		                WHERE d.account_id = b.account_id AND d.state = 'open' AND d.by_hand = 0 AND (d.kind = 'threshold' OR d.kind <> 'order' AND d.bill_id IS NOT NULL))
		 ORDER BY b.account_id LIMIT $2`, []any{string(after), int64(limit)}, func(r row) error {
		var id account.ID
		err := r.Scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}

const applicationColumns = `c.id, c.account_id, c.debt_id, d.bill_id, c.currency, c.amount, c.undone, c.run_id, coalesce(r.cause, ''), coalesce(r.run_by, ''), c.applied_at`

const applicationTables = `cash_applications AS c JOIN debts AS d ON d.id = c.debt_id LEFT JOIN application_runs AS r ON r.id = c.run_id`

func scanApplication(r row) (billing.Application, error) {
	var a billing.Application
	err := r.Scan(&a.ID, &a.Account, &a.Debt, textOf(&a.Bill), &a.Amount.Currency, &a.Amount.Minor, &a.Undone.Minor, &a.Run, &a.Cause, &a.By, instant{&a.AppliedAt})
	if errors.Is(err, errNoRow) {
		return a, billing.ErrApplicationUnknown
	}
	a.Undone.Currency = a.Amount.Currency
	return a, err
}

func (tx *Tx) applications(ctx context.Context, query string, args ...any) ([]billing.Application, error) {
	var out []billing.Application
	err := tx.query(ctx, query, args, func(r row) error {
		a, err := scanApplication(r)
		out = append(out, a)
		return err
	})
	return out, err
}

// Application fetches a cash application. Who changes it locks its account.
func (tx *Tx) Application(ctx context.Context, id string) (billing.Application, error) {
	return scanApplication(tx.queryRow(ctx, `SELECT `+applicationColumns+` FROM `+applicationTables+` WHERE c.id = $1`, id))
}

// Applications lists what was spent of an account's balance, newest first, before the
// given one ("" from the newest).
func (tx *Tx) Applications(ctx context.Context, id account.ID, before string, limit int) ([]billing.Application, error) {
	return tx.applications(ctx, `
		SELECT `+applicationColumns+` FROM `+applicationTables+`
		 WHERE c.account_id = $1 AND ($2 = '' OR c.id < $2)
		 ORDER BY c.id DESC LIMIT $3`, string(id), before, int64(limit))
}

// ApplicationsOfBill lists what was spent of a balance on a bill, oldest first.
func (tx *Tx) ApplicationsOfBill(ctx context.Context, id billing.BillID) ([]billing.Application, error) {
	return tx.applications(ctx, `SELECT `+applicationColumns+` FROM `+applicationTables+` WHERE d.bill_id = $1 ORDER BY c.applied_at, c.id`, string(id))
}

// ApplicationsToUndo lists those of an account that can be taken back, at least in
// part, the newest first: before the given one, of which "" is none.
func (tx *Tx) ApplicationsToUndo(ctx context.Context, id account.ID, before billing.Application, limit int) ([]billing.Application, error) {
	at := before.AppliedAt
	return tx.applications(ctx, `
		SELECT `+applicationColumns+` FROM `+applicationTables+`
		 WHERE c.account_id = $1 AND c.undone < c.amount AND d.kind <> 'order' AND d.state IN ('open', 'paid')
		   AND ($2 = '' OR c.applied_at < $3 OR c.applied_at = $3 AND c.id < $2)
		 ORDER BY c.applied_at DESC, c.id DESC LIMIT $4`, string(id), before.ID, orZero(at), int64(limit))
}

func orZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// ApplicationsOfRuns lists what decisions led to, by the decision.
func (tx *Tx) ApplicationsOfRuns(ctx context.Context, runs []string) (map[string][]billing.Application, error) {
	rows, args := tx.given(1, column{name: "run", texts: runs})
	list, err := tx.applications(ctx, `SELECT `+applicationColumns+` FROM `+rows+` CROSS JOIN `+applicationTables+` WHERE c.run_id = given.run ORDER BY c.id`, args...)
	out := map[string][]billing.Application{}
	for _, a := range list {
		out[a.Run] = append(out[a.Run], a)
	}
	return out, err
}

// AddUndoing takes a part of an application back. It is booked in the same
// transaction.
func (tx *Tx) AddUndoing(ctx context.Context, u billing.Undoing) error {
	if err := tx.execOne(ctx, `
		INSERT INTO undoings (id, application_id, account_id, debt_id, currency, amount, reason, undone_by, undone_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		u.ID, u.Application, string(u.Account), string(u.Debt), string(u.Amount.Currency), u.Amount.Minor, u.Reason, u.By, micros(u.At)); err != nil {
		return err
	}
	return tx.execOne(ctx, `UPDATE cash_applications SET undone = undone + $2 WHERE id = $1`, u.Application, u.Amount.Minor)
}

// Undoings lists what was taken back of an application, the first one first.
func (tx *Tx) Undoings(ctx context.Context, application string) ([]billing.Undoing, error) {
	var out []billing.Undoing
	err := tx.query(ctx, `
		SELECT id, application_id, account_id, debt_id, currency, amount, reason, undone_by, undone_at
		  FROM undoings WHERE application_id = $1 ORDER BY undone_at, id`, []any{application}, func(r row) error {
		var u billing.Undoing
		err := r.Scan(&u.ID, &u.Application, &u.Account, &u.Debt, &u.Amount.Currency, &u.Amount.Minor, &u.Reason, &u.By, instant{&u.At})
		out = append(out, u)
		return err
	})
	return out, err
}

const withdrawalColumns = `id, account_id, currency, amount, recipient, reason, state, proposed_by, proposed_at, decided_by, decided_at, note, ended_at`

func scanWithdrawal(r row) (billing.Withdrawal, error) {
	var w billing.Withdrawal
	err := r.Scan(&w.ID, &w.Account, &w.Amount.Currency, &w.Amount.Minor, &w.Recipient, &w.Reason, &w.State, &w.ProposedBy, instant{&w.ProposedAt},
		&w.DecidedBy, instant{&w.DecidedAt}, &w.Note, instant{&w.EndedAt})
	if errors.Is(err, errNoRow) {
		return w, billing.ErrWithdrawalNotFound
	}
	return w, err
}

// AddWithdrawal inserts a withdrawal. It is booked in the same transaction.
func (tx *Tx) AddWithdrawal(ctx context.Context, w billing.Withdrawal) error {
	return tx.execOne(ctx, `
		INSERT INTO withdrawals (`+withdrawalColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		string(w.ID), string(w.Account), string(w.Amount.Currency), w.Amount.Minor, w.Recipient, w.Reason, string(w.State), w.ProposedBy, micros(w.ProposedAt),
		w.DecidedBy, micros(w.DecidedAt), w.Note, micros(w.EndedAt))
}

// SaveWithdrawal writes what may change of a withdrawal. That nobody decides on their
// own proposal is the database's to say too.
func (tx *Tx) SaveWithdrawal(ctx context.Context, w billing.Withdrawal) error {
	return tx.execOne(ctx, `
		UPDATE withdrawals SET state = $2, decided_by = $3, decided_at = $4, note = $5, ended_at = $6 WHERE id = $1`,
		string(w.ID), string(w.State), w.DecidedBy, micros(w.DecidedAt), w.Note, micros(w.EndedAt))
}

// Withdrawal fetches a withdrawal. Who changes it locks its account.
func (tx *Tx) Withdrawal(ctx context.Context, id billing.WithdrawalID) (billing.Withdrawal, error) {
	return scanWithdrawal(tx.queryRow(ctx, `SELECT `+withdrawalColumns+` FROM withdrawals WHERE id = $1`, string(id)))
}

// WithdrawalFilter says which withdrawals are wanted; an empty field means all.
type WithdrawalFilter struct {
	Account account.ID
	State   billing.WithdrawalState
	Before  billing.WithdrawalID // "" from the newest
}

// Withdrawals lists withdrawals, newest first.
func (tx *Tx) Withdrawals(ctx context.Context, f WithdrawalFilter, limit int) ([]billing.Withdrawal, error) {
	var out []billing.Withdrawal
	err := tx.query(ctx, `
		SELECT `+withdrawalColumns+` FROM withdrawals
		 WHERE ($1 = '' OR account_id = $1) AND ($2 = '' OR state = $2) AND ($3 = '' OR id < $3)
		 ORDER BY id DESC LIMIT $4`, []any{string(f.Account), string(f.State), string(f.Before), int64(limit)}, func(r row) error {
		w, err := scanWithdrawal(r)
		out = append(out, w)
		return err
	})
	return out, err
}
