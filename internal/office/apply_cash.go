package office

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
)

// applyCash spends the balances of accounts whose switch is on on what they owe, the
// oldest bill first (R-RECON-01 to R-RECON-07). However many the accounts, the number
// of statements is the same. The accounts are locked, and what their balances hold is
// booked.
func (o *Office) applyCash(ctx context.Context, tx *store.Tx, by access.Caller, accounts []account.Account) error {
	s, err := o.spendable(ctx, tx, by, accounts, nil)
	if err != nil {
		return err
	}
	return s.applyTo(ctx, accounts...)
}

// applyTo spends the balances of those accounts whose switch is on.
func (s *spending) applyTo(ctx context.Context, accounts ...account.Account) error {
	for _, a := range accounts {
		held, some := s.held[a.ID]
		if !some || !a.AutoApply {
			continue
		}
		owed, err := s.owedByItself(ctx, a)
		if err != nil {
			return err
		}
		if allocations := billing.Apply(held, owed); len(allocations) > 0 {
			s.add(a, billing.Run{Cause: billing.Automatic, Balance: held, Owed: owed}, allocations)
		}
		delete(s.held, a.ID) // an account that stands there twice is spent for once
	}
	return s.write(ctx)
}

// spending is balances that are being spent: what is held and owed, and what came of
// it so far.
type spending struct {
	o    *Office
	tx   *store.Tx
	by   access.Caller
	now  time.Time
	held map[account.ID]money.Amount
	owed map[account.ID][]store.OwedDebt
	last map[account.ID]int64 // the number of each account's newest run

	accounts     []account.Account // of the runs
	runs         []billing.Run
	applications []billing.Application
	entries      []ledger.Entry
	debts        []billing.Debt // as they are now
	paidBills    []billing.Bill
	partly       []word // to those one of whose bills was paid in part
	isOpening    bool   // a threshold is being tested already
	err          error
}

// spendable reads what accounts have whose switch is on, and of what they owe what that
// can reach. Coming is what will have been booked to their balances when it is spent, so
// that all is read before anything is written: much that was written would have to be
// waited for. Accounts without a balance are not among what it has.
func (o *Office) spendable(ctx context.Context, tx *store.Tx, by access.Caller, accounts []account.Account, coming map[account.ID]money.Amount) (*spending, error) {
	accounts = slices.DeleteFunc(slices.Clone(accounts), func(a account.Account) bool { return !a.AutoApply })
	s, err := o.holding(ctx, tx, by, accounts, coming)
	if err != nil {
		return nil, err
	}
	within := map[account.ID]money.Amount{}
	var whole []account.ID
	for _, a := range accounts {
		held, some := s.held[a.ID]
		switch {
		case some && a.Credit:
			within[a.ID] = held
		case some: // what has to be left of a debt decides on the next one
			whole = append(whole, a.ID)
		}
	}
	if len(within) > 0 {
		if s.owed, err = tx.OwedWithin(ctx, within); err != nil {
			return nil, err
		}
	}
	if len(whole) > 0 {
		slices.Sort(whole)
		owed, err := tx.OwedBy(ctx, slices.Compact(whole))
		if err != nil {
			return nil, err
		}
		maps.Copy(s.owed, owed)
	}
	return s, s.number(ctx)
}

// holding reads what accounts have, with what is coming.
func (o *Office) holding(ctx context.Context, tx *store.Tx, by access.Caller, accounts []account.Account, coming map[account.ID]money.Amount) (*spending, error) {
	s := &spending{o: o, tx: tx, by: by, now: o.Now().Truncate(time.Microsecond), held: map[account.ID]money.Amount{}, owed: map[account.ID][]store.OwedDebt{}}
	if len(accounts) == 0 {
		return s, nil
	}
	ids := make([]account.ID, len(accounts))
	for i, a := range accounts {
		ids[i] = a.ID
	}
	balances, err := tx.Balances(ctx, ids, ledger.CustomerBalance)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		held := coming[id]
		for _, a := range balances[id] { // an account has one currency
			held = money.Amount{Minor: coming[id].Minor - a.Minor, Currency: a.Currency} // a liability
		}
		if held.IsPositive() {
			s.held[id] = held
		}
	}
	return s, nil
}

// number reads the numbers of the accounts' newest runs.
func (s *spending) number(ctx context.Context) (err error) {
	if len(s.owed) > 0 {
		s.last, err = s.tx.LastRuns(ctx, slices.Collect(maps.Keys(s.owed)))
	}
	return err
}

func (s *spending) owedBy(id account.ID) []billing.Owed {
	owed := make([]billing.Owed, len(s.owed[id]))
	for i, o := range s.owed[id] {
		owed[i] = o.Owed
	}
	return owed
}

// owedByItself is owedBy with what has to be left for a payment method of what one is
// charged for: less than a provider charges would be owed for ever.
func (s *spending) owedByItself(ctx context.Context, a account.Account) ([]billing.Owed, error) {
	owed := s.owedBy(a.ID)
	if a.Credit { // nothing of it is charged
		return owed, nil
	}
	p, err := s.o.ruling(ctx, s.tx, s.now)
	if err != nil {
		return nil, err
	}
	l := s.o.limits(p, a.Currency)
	for i, o := range s.owed[a.ID] {
		if isCharged(a, o.Debt) {
			owed[i].Least, owed[i].Step = l.Minimum.Minor, l.Step
		}
	}
	return owed, nil
}

// add puts to its debts what was allocated of an account's balance.
func (s *spending) add(a account.Account, r billing.Run, allocations []billing.Allocation) {
	r.ID, r.Account, r.By, r.At = s.o.IDs.New("run_"), a.ID, s.by.Name, s.now
	open, touched := map[billing.BillID]int64{}, map[billing.BillID]billing.Bill{} // what the account's bills have open
	given := map[billing.DebtID]money.Amount{}
	spent := money.Amount{Currency: r.Balance.Currency}
	for _, l := range allocations {
		given[l.Debt] = l.Amount
		spent.Minor += l.Amount.Minor
	}
	for _, owed := range s.owed[a.ID] {
		d := owed.Debt
		amount, chosen := given[d.ID]
		if chosen {
			d = s.pay(r, d, amount)
			touched[billing.BillID(d.Bill)] = owed.Bill
		}
		open[billing.BillID(d.Bill)] += d.OpenAmount().Minor
	}
	left := money.Amount{Currency: spent.Currency}
	for _, id := range slices.Sorted(maps.Keys(touched)) {
		if left.Minor += open[id]; id != "" && open[id] == 0 {
			s.paidBills = append(s.paidBills, touched[id])
		}
	}
	if left.IsPositive() {
		s.partly = append(s.partly, word{a.ID, "cash_applied", r.ID, mail.Facts{"amount": spent.String(), "total": left.String()}})
	}
	s.accounts, s.runs = append(s.accounts, a), append(s.runs, r)
}

// pay puts an amount to a debt.
func (s *spending) pay(r billing.Run, d billing.Debt, amount money.Amount) billing.Debt {
	app := billing.Application{
		ID: s.o.IDs.New("app_"), Account: d.Account, Debt: d.ID, Bill: billing.BillID(d.Bill), Amount: amount, Undone: money.Amount{Currency: amount.Currency},
		Run: r.ID, Cause: r.Cause, By: r.By, AppliedAt: s.now,
	}
	entry, err := ledger.AppliedToDebt(app.ID, d.Account, amount)
	s.err = errors.Join(s.err, err)
	d.Paid, err = d.Paid.Add(amount)
	s.err = errors.Join(s.err, err)
	if d.OpenAmount().IsZero() {
		d.State, err = billing.DebtTable.Next(d.State, billing.Settle)
		s.err = errors.Join(s.err, err)
		d.SettledAt, d.NextAttemptAt = s.now, time.Time{}
	}
	s.applications, s.entries, s.debts = append(s.applications, app), append(s.entries, entry), append(s.debts, d)
	return d
}

// write keeps what came of it, books it and tells of it.
func (s *spending) write(ctx context.Context) error {
	if s.err != nil || len(s.runs) == 0 {
		return s.err
	}
	for i, r := range s.runs {
		s.last[r.Account]++
		s.runs[i].Number = s.last[r.Account]
	}
	if err := s.tx.AddRuns(ctx, s.runs); err != nil {
		return err
	}
	if err := s.tx.AddApplications(ctx, s.applications); err != nil {
		return err
	}
	if err := s.o.bookAll(ctx, s.tx, s.entries); err != nil {
		return err
	}
	if err := s.tx.PayDebts(ctx, s.debts); err != nil {
		return err
	}
	if err := s.clearOverdue(ctx); err != nil {
		return err
	}
	if err := s.tell(ctx); err != nil {
		return err
	}
	return s.retest(ctx)
}

func (s *spending) clearOverdue(ctx context.Context) error {
	var overdue []account.ID
	for _, a := range s.accounts {
		if !a.OverdueSince.IsZero() {
			overdue = append(overdue, a.ID)
		}
	}
	if len(overdue) == 0 {
		return nil
	}
	return s.tx.ClearOverdue(ctx, overdue)
}

// tell writes down and tells what was spent, what is paid by it, and to customers
// what is paid in part.
func (s *spending) tell(ctx context.Context) error {
	var records []store.Record
	var events []Event
	note := func(id account.ID, action, subject string, detail any) error {
		text, err := json.Marshal(detail)
		records = append(records, store.Record{Chain: string(id), At: s.now, By: s.by.Name, Action: action, Subject: subject, Detail: string(text)})
		return err
	}
	spent := map[string][]billing.Allocation{}
	for _, a := range s.applications {
		spent[a.Run] = append(spent[a.Run], billing.Allocation{Debt: a.Debt, Amount: a.Amount})
		events = append(events, Event{Kind: "cash_application.made", Account: a.Account, Subject: a.ID, Data: a})
	}
	for _, r := range s.runs {
		if err := note(r.Account, "cash.applied", r.ID, map[string]any{"cause": r.Cause, "balance": r.Balance, "applied": spent[r.ID]}); err != nil {
			return err
		}
	}
	for _, d := range s.debts {
		if d.State != billing.Paid {
			continue
		}
		if err := note(d.Account, "debt.paid", string(d.ID), map[string]any{"kind": d.Kind, "month": d.Month, "number": d.Number, "amount": d.Amount, "paid": d.Paid}); err != nil {
			return err
		}
		events = append(events, Event{Kind: "debt.paid", Account: d.Account, Subject: string(d.ID), Data: d})
	}
	for _, b := range s.paidBills {
		events = append(events, Event{Kind: "bill.paid", Account: b.Account, Subject: string(b.ID), Data: b})
	}
	if err := s.tx.AuditAll(ctx, records); err != nil {
		return err
	}
	if err := s.o.emitAll(ctx, s.tx, events); err != nil {
		return err
	}
	return s.o.notifyAll(ctx, s.tx, s.partly)
}

// retest tests the usage of accounts whose threshold debt was paid: it went on adding
// up. What opens has its watch.
func (s *spending) retest(ctx context.Context) error {
	if s.isOpening {
		return nil
	}
	isPaid := map[account.ID]bool{}
	for _, d := range s.debts {
		if d.Kind == billing.ThresholdDebt && d.State == billing.Paid {
			isPaid[d.Account] = true
		}
	}
	for _, a := range s.accounts {
		if !isPaid[a.ID] || a.Credit {
			continue
		}
		p, err := s.o.ruling(ctx, s.tx, s.now)
		if err != nil {
			return err
		}
		if _, err := s.o.testThresholds(ctx, s.tx, a, p); err != nil {
			return err
		}
	}
	return nil
}

// BalanceUse is a bill, or a debt, and what of a balance goes to it.
type BalanceUse struct {
	Bill   billing.BillID
	Debt   billing.DebtID
	Amount money.Amount // the zero Amount: all that is open and not in flight
}

// choicesMax bounds what is chosen at once.
const choicesMax = 500

// ApplyBalance spends a balance on the bills and debts that were chosen, whether the
// switch is on or not (R-RECON-04). A part of a bill pays its oldest debts.
func (o *Office) ApplyBalance(ctx context.Context, by access.Caller, id account.ID, chosen []BalanceUse) ([]billing.Application, error) {
	if err := mayTouch(by, access.FundsWrite, id); err != nil {
		return nil, err
	}
	if len(chosen) == 0 || len(chosen) > choicesMax {
		return nil, billing.ErrAppliesNothing.Detail("1 to %d bills are chosen at once", choicesMax)
	}
	var done []billing.Application
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		done, err = o.applyChosen(ctx, tx, by, a, chosen)
		return err
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// applyChosen spends an account's balance by hand. The account is locked.
func (o *Office) applyChosen(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, chosen []BalanceUse) ([]billing.Application, error) {
	s, err := o.holding(ctx, tx, by, []account.Account{a}, nil)
	if err != nil {
		return nil, err
	}
	held, some := s.held[a.ID]
	if !some {
		return nil, billing.ErrNothingHeld
	}
	if s.owed, err = tx.OwedBy(ctx, []account.ID{a.ID}); err != nil {
		return nil, err
	}
	if err := s.number(ctx); err != nil {
		return nil, err
	}
	owed := s.owedBy(a.ID)
	allocations, err := allocate(owed, a.Currency, chosen)
	if err != nil {
		return nil, err
	}
	if err := billing.MayApply(held, owed, allocations); err != nil {
		return nil, err
	}
	s.add(a, billing.Run{Cause: billing.ByHand, Balance: held, Owed: owed, Chosen: allocations}, allocations)
	if err := s.write(ctx); err != nil {
		return nil, err
	}
	return s.applications, s.freeFromHand(ctx, owed, allocations)
}

// freeFromHand lets the balance pay by itself again what a person has put it to.
func (s *spending) freeFromHand(ctx context.Context, owed []billing.Owed, chosen []billing.Allocation) error {
	var freed []billing.DebtID
	for _, o := range owed {
		if o.ByHand && slices.ContainsFunc(chosen, func(c billing.Allocation) bool { return c.Debt == o.Debt }) {
			freed = append(freed, o.Debt)
		}
	}
	if len(freed) == 0 {
		return nil
	}
	return s.tx.FreeFromHand(ctx, freed)
}

// allocate turns what was chosen into debts and amounts.
func allocate(owed []billing.Owed, c money.Currency, chosen []BalanceUse) ([]billing.Allocation, error) {
	var out []billing.Allocation
	for _, use := range chosen {
		of := slices.DeleteFunc(slices.Clone(owed), func(o billing.Owed) bool {
			return use.Bill != "" && o.Bill != use.Bill || use.Debt != "" && o.Debt != use.Debt || use.Bill == "" && use.Debt == ""
		})
		all := money.Amount{Currency: c}
		for _, o := range of {
			all.Minor += o.Free().Minor
		}
		amount := use.Amount
		if amount == (money.Amount{}) {
			amount = all
		}
		switch {
		case len(of) == 0:
			return nil, billing.ErrNotAppliable
		case amount.Currency != c || amount.IsNegative() || use.Amount == amount && amount.IsZero():
			return nil, billing.ErrAppliesNothing
		case amount.IsZero(), amount.Cmp(all) > 0:
			return nil, billing.ErrAppliesTooMuch
		}
		for i := range of { // a person's hand is not bound by what binds the balance alone
			of[i].Least, of[i].ByHand = 0, false
		}
		out = append(out, billing.Apply(amount, of)...)
	}
	return out, nil
}

// SetAutoApply says whether an account's balance pays its bills by itself. Turned on,
// it does so at once (R-RECON-05), and pays again what a person had taken it back from.
func (o *Office) SetAutoApply(ctx context.Context, by access.Caller, id account.ID, on bool) (a account.Account, err error) {
	if err := mayTouch(by, access.FundsWrite, id); err != nil {
		return a, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.LockAccount(ctx, id); err != nil || a.AutoApply == on {
			return err
		}
		a.AutoApply = on
		if err := tx.SaveAccount(ctx, a); err != nil {
			return err
		}
		if on {
			if err := tx.FreeAllFromHand(ctx, id); err != nil {
				return err
			}
		}
		if err := o.audit(ctx, tx, by, id, "account.auto_apply", string(id), map[string]any{"on": on}); err != nil {
			return err
		}
		if err := o.emit(ctx, tx, Event{Kind: "account.changed", Account: id, Subject: string(id), Data: a}); err != nil {
			return err
		}
		return o.applyCash(ctx, tx, by, []account.Account{a})
	})
	return a, err
}

// ErrUndoReason says that what was applied is taken back without a word why.
var ErrUndoReason = fault.New(fault.Invalid, "reason_missing", "a reason of 1 to 500 bytes is needed").WithNext("say why, for whoever reads the books later")

// UndoApplication takes back what is left of a cash application: it is on the balance
// again, and its debt is owed again. Whoever takes it back means so: the balance does
// not pay that debt by itself any more, but other bills, until a person puts it there
// again or the switch is turned on anew. What is not to be spent at all is kept by
// turning the switch off first.
func (o *Office) UndoApplication(ctx context.Context, by access.Caller, id, reason string) (app billing.Application, err error) {
	if err := mayPropose(by, access.BankApprove, ""); err != nil { // what was paid is opened again
		return app, err
	}
	if strings.TrimSpace(reason) == "" || len(reason) > 500 {
		return app, ErrUndoReason
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		found, err := tx.Application(ctx, id)
		if err != nil {
			return err
		}
		if by.MayTouch(found.Account) != nil {
			return billing.ErrApplicationUnknown
		}
		a, err := tx.LockAccount(ctx, found.Account)
		if err != nil {
			return err
		}
		if found, err = tx.Application(ctx, id); err != nil {
			return err
		}
		if err := o.undo(ctx, tx, by, a, found, found.Left(), reason); err != nil {
			return err
		}
		if err := tx.HoldForHand(ctx, found.Debt); err != nil {
			return err
		}
		app, err = tx.Application(ctx, id)
		return err
	})
	if err != nil {
		return billing.Application{}, err
	}
	return app, nil
}

// undo takes a part of an application back. The account is locked.
func (o *Office) undo(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, app billing.Application, amount money.Amount, why string) error {
	d, err := tx.Debt(ctx, app.Debt)
	if err != nil {
		return err
	}
	if err := o.mayUndo(ctx, tx, d, app); err != nil {
		return err
	}
	u := billing.Undoing{
		ID: o.IDs.New("und_"), Application: app.ID, Account: a.ID, Debt: d.ID, Amount: amount, Reason: why, By: by.Name, At: o.Now(),
	}
	if err := tx.AddUndoing(ctx, u); err != nil {
		return err
	}
	entry, err := ledger.Unapplied(u.ID, a.ID, amount)
	if err != nil {
		return err
	}
	if err := o.book(ctx, tx, entry); err != nil {
		return err
	}
	if d.Paid, err = d.Paid.Sub(amount); err != nil {
		return err
	}
	if err := o.reopenDebt(ctx, tx, by, a, &d); err != nil {
		return err
	}
	if err := o.audit(ctx, tx, by, a.ID, "cash.unapplied", app.ID, map[string]any{"undoing": u.ID, "debt": d.ID, "amount": amount, "reason": why}); err != nil {
		return err
	}
	app.Undone.Minor += amount.Minor
	return o.emit(ctx, tx, Event{Kind: "cash_application.undone", Account: a.ID, Subject: app.ID, Data: app})
}

// mayUndo says what stands against taking an application back.
func (o *Office) mayUndo(ctx context.Context, tx *store.Tx, d billing.Debt, app billing.Application) error {
	switch {
	case d.Kind == billing.OrderDebt, d.State != billing.Open && d.State != billing.Paid:
		return billing.ErrNotUndoable
	case !app.Left().IsPositive():
		return billing.ErrUndone
	case d.Kind == billing.ThresholdDebt && d.State == billing.Paid:
		if busy, err := tx.OpenThresholdDebt(ctx, d.Account); err != nil || busy {
			return errors.Join(err, billing.ErrThresholdBusy)
		}
	}
	return nil
}

// reopenDebt saves a debt of which less is paid than was. One that was paid is open
// again, and is collected or waited for as it had been.
func (o *Office) reopenDebt(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, d *billing.Debt) (err error) {
	wasPaid := d.State == billing.Paid
	if wasPaid {
		if d.State, err = billing.DebtTable.Next(d.State, billing.Reopen); err != nil {
			return err
		}
		d.SettledAt, d.DeclinedAt = time.Time{}, time.Time{}
		if isCharged(a, *d) {
			d.NextAttemptAt = o.Now()
			if err := tx.Enqueue(ctx, job.Job{Kind: collectDebt, Subject: string(d.ID), At: o.Now(), Once: true}); err != nil {
				return err
			}
		}
	}
	if err := tx.SaveDebt(ctx, *d); err != nil || !wasPaid {
		return err
	}
	if d.Bill != "" {
		if err := tx.Enqueue(ctx, job.Job{Kind: watchBill, Subject: d.Bill, At: o.Now(), Once: true}); err != nil {
			return err
		}
	}
	return o.tellDebt(ctx, tx, by, *d, "debt.reopened")
}

// takeBack makes an amount of a customer's balance free, as far as that is possible,
// by taking back what was spent of it, the last first. The account is locked.
func (o *Office) takeBack(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, amount money.Amount, why string) error {
	held, err := tx.Balance(ctx, a.ID, ledger.CustomerBalance, amount.Currency)
	if err != nil {
		return err
	}
	const page = 100
	missing := amount.Minor + held.Minor // a liability is negative
	for last := (billing.Application{}); missing > 0; {
		list, err := tx.ApplicationsToUndo(ctx, a.ID, last, page)
		if err != nil {
			return err
		}
		for _, app := range list {
			last = app
			part := money.Amount{Minor: min(missing, app.Left().Minor), Currency: amount.Currency}
			if !part.IsPositive() {
				break
			}
			err := o.undo(ctx, tx, by, a, app, part, why)
			switch {
			case errors.Is(err, billing.ErrThresholdBusy): // an older one is taken instead
			case err != nil:
				return fmt.Errorf("take back %s: %w", app.ID, err)
			default:
				missing -= part.Minor
			}
		}
		if len(list) < page {
			return nil
		}
	}
	return nil
}

// CashApplications lists what was spent of an account's balance, newest first.
func (o *Office) CashApplications(ctx context.Context, by access.Caller, id account.ID, p Page) (list []billing.Application, next string, err error) {
	if err := mayTouch(by, access.FundsRead, id); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		list, err = tx.Applications(ctx, id, p.After, p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(a billing.Application) string { return a.ID })
	return list, next, err
}
