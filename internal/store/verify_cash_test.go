package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// cash adds an account whose balance pays, whose order is drawn on credit, and whose
// money is withdrawn. Its ids begin at 301, whatever went before.
//
//	acct_301 CHF  debt_301, paid twice: its amount is on the balance
//	              bill_301 with debt_302, paid by app_301 of run_301; 1.00 of it taken back by und_301
//	              wdr_301 of 2.00 proposed, wdr_302 of 3.00 refused
//	              ord_301 of 12.00 (debt_303) drawn on credit as debt_304; crl_301, closed since
//	              ord_302 of 10.00 (debt_305), a top-up, paid by pay_303
func (b *books) cash() {
	b.t.Helper()
	for _, prefix := range []string{"acct", "pm", "hold", "line", "tax", "debt", "pay", "ent", "bill", "app", "run", "und", "wdr", "crl", "ord"} {
		b.ids[prefix] = 300
	}
	chf := b.open("CHF")
	b.use(chf, "compute", "100")
	d := b.trip(chf)
	b.pay(d.ID, payment.Succeeded)
	b.pay(d.ID, payment.Succeeded)
	b.use(chf, "compute", "50")
	b.close(chf)
	b.applyTo(chf)
	b.takeBack("app_301", 100)
	b.withdraw(chf, 200, billing.WithdrawalProposed)
	b.withdraw(chf, 300, billing.WithdrawalRefused)
	b.draw(b.place(chf))
	b.topUp(chf)
	b.update(func(tx *store.Tx) error {
		_, err := tx.AddCreditLine(b.ctx, account.CreditLine{
			ID: account.CreditLineID(b.id("crl")), Account: chf.ID, Kind: account.OpenCredit, Limit: money.Amount{Minor: 100, Currency: "CHF"}, Terms: account.Terms{Days: 30},
			Reason: "r", State: account.CreditClosed, ProposedBy: "ann", ProposedAt: b.now, DecidedBy: "bob", DecidedAt: b.now, EndedAt: b.now,
		})
		return err
	})
}

// applyTo spends an account's balance on what it owes.
func (b *books) applyTo(a account.Account) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		held, err := tx.Balance(b.ctx, a.ID, ledger.CustomerBalance, a.Currency)
		if err != nil {
			return err
		}
		list, err := tx.OwedBy(b.ctx, []account.ID{a.ID})
		if err != nil {
			return err
		}
		r := billing.Run{ID: b.id("run"), Account: a.ID, Number: 1, Cause: billing.Automatic, Balance: held.Neg(), By: "job", At: b.now}
		for _, o := range list[a.ID] {
			r.Owed = append(r.Owed, o.Owed)
		}
		var debts []billing.Debt
		var done []billing.Application
		for n, l := range billing.Apply(r.Balance, r.Owed) {
			d := list[a.ID][n].Debt
			if d.Paid.Minor += l.Amount.Minor; d.OpenAmount().IsZero() {
				d.State, d.SettledAt = billing.Paid, b.now
			}
			debts = append(debts, d)
			app := billing.Application{ID: b.id("app"), Account: a.ID, Debt: d.ID, Amount: l.Amount, Run: r.ID, AppliedAt: b.now}
			done = append(done, app)
			e, err := ledger.AppliedToDebt(app.ID, a.ID, l.Amount)
			if err != nil {
				return err
			}
			if err := b.book(tx, e); err != nil {
				return err
			}
		}
		if err := tx.AddRuns(b.ctx, []billing.Run{r}); err != nil {
			return err
		}
		if err := tx.AddApplications(b.ctx, done); err != nil {
			return err
		}
		return tx.PayDebts(b.ctx, debts)
	})
}

// takeBack takes some of an application back.
func (b *books) takeBack(application string, minor int64) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		app, err := tx.Application(b.ctx, application)
		if err != nil {
			return err
		}
		d, err := tx.Debt(b.ctx, app.Debt)
		if err != nil {
			return err
		}
		u := billing.Undoing{ID: b.id("und"), Application: app.ID, Account: app.Account, Debt: app.Debt, Amount: money.Amount{Minor: minor, Currency: app.Amount.Currency}, Reason: "r", By: "ann", At: b.now}
		if err := tx.AddUndoing(b.ctx, u); err != nil {
			return err
		}
		d.Paid.Minor -= minor
		d.State, d.SettledAt = billing.Open, time.Time{}
		if err := tx.SaveDebt(b.ctx, d); err != nil {
			return err
		}
		e, err := ledger.Unapplied(u.ID, app.Account, u.Amount)
		if err != nil {
			return err
		}
		return b.book(tx, e)
	})
}

// withdraw sets some of a balance apart.
func (b *books) withdraw(a account.Account, minor int64, end billing.WithdrawalState) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		w := billing.Withdrawal{ID: billing.WithdrawalID(b.id("wdr")), Account: a.ID, Amount: money.Amount{Minor: minor, Currency: a.Currency}, Recipient: "bank", Reason: "r",
			State: end, ProposedBy: "ann", ProposedAt: b.now}
		if end != billing.WithdrawalProposed {
			w.DecidedBy, w.DecidedAt, w.EndedAt = "bob", b.now, b.now
		}
		if err := tx.AddWithdrawal(b.ctx, w); err != nil {
			return err
		}
		e, err := ledger.OpenedWithdrawal(string(w.ID), a.ID, w.Amount)
		if err != nil {
			return err
		}
		if err := b.book(tx, e); err != nil || end == billing.WithdrawalProposed {
			return err
		}
		if e, err = ledger.DroppedWithdrawal(string(w.ID), a.ID, w.Amount); err != nil {
			return err
		}
		return b.book(tx, e)
	})
}

// draw has a credit line pay an order.
func (b *books) draw(o order.Order) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		d, err := tx.Debt(b.ctx, billing.DebtID(o.Debt))
		if err != nil {
			return err
		}
		owed, err := tx.AddDebt(b.ctx, billing.Debt{ID: billing.DebtID(b.id("debt")), Account: d.Account, Kind: billing.BillDebt, Month: "2024-10", Net: d.Net, Tax: d.Tax, Amount: d.Amount,
			Paid: money.Amount{Currency: d.Amount.Currency}, State: billing.Open, OpenedAt: b.now})
		if err != nil {
			return err
		}
		if err := tx.AddCreditDraw(b.ctx, store.CreditDraw{Debt: owed.ID, OrderDebt: d.ID, Order: o.ID, Account: d.Account, Amount: d.Amount, DrawnAt: b.now}); err != nil {
			return err
		}
		e, err := ledger.DrawnOnCredit(string(owed.ID), d.Account, d.Amount)
		if err != nil {
			return err
		}
		if err := b.book(tx, e); err != nil {
			return err
		}
		d.State, d.Paid, d.SettledAt, o.State, o.PaidAt = billing.Paid, d.Amount, b.now, order.Paid, b.now
		if err := tx.SaveDebt(b.ctx, d); err != nil {
			return err
		}
		if err := tx.SaveOrder(b.ctx, o); err != nil {
			return err
		}
		return b.earn(tx, d)
	})
}

// topUp puts 10.00 on an account's balance from its card.
func (b *books) topUp(a account.Account) {
	b.t.Helper()
	amount := money.Amount{Minor: 1000, Currency: a.Currency}
	o := order.Order{ID: order.ID(b.id("ord")), Account: a.ID, Content: "content", Kind: order.Purchase, TopUp: true, Net: amount, Tax: money.Amount{Currency: a.Currency}, Amount: amount,
		State: order.Paid, Items: []order.Item{{Product: "balance", Quantity: 1, Price: amount, Net: amount}}}
	o.Reference = "ref-" + string(o.ID)
	b.update(func(tx *store.Tx) error {
		d, err := tx.AddDebt(b.ctx, billing.Debt{ID: billing.DebtID(b.id("debt")), Account: a.ID, Kind: billing.OrderDebt, Month: "2024-10", Net: amount, Tax: o.Tax, Amount: amount,
			Paid: amount, State: billing.Paid, Attempts: 1, OpenedAt: b.now, SettledAt: b.now})
		if err != nil {
			return err
		}
		o.Debt, o.PlacedAt, o.LapsesAt, o.PaidAt = string(d.ID), b.now, b.now.Add(time.Hour), b.now
		if err := tx.AddOrder(b.ctx, o); err != nil {
			return err
		}
		m, err := tx.Preferred(b.ctx, a.ID)
		if err != nil {
			return err
		}
		p := payment.Payment{ID: payment.ID(b.id("pay")), Account: a.ID, Debt: string(d.ID), Method: m.ID, Attempt: 1, Key: d.Key("here", 1), Provider: "stripe", Customer: "cus_1",
			Amount: amount, Initiator: payment.CIT, Reason: payment.OrderPlaced, State: payment.Succeeded, OpenedAt: b.now, SettledAt: b.now}
		p.Ref = "pi_" + string(p.ID)
		if _, err := tx.AddPayment(b.ctx, p); err != nil {
			return err
		}
		captured, err := ledger.CapturedForOrder(string(p.ID), a.ID, amount)
		if err != nil {
			return err
		}
		if err := b.book(tx, captured); err != nil {
			return err
		}
		topped, err := ledger.ToppedUpBy(string(d.ID), a.ID, amount)
		if err != nil {
			return err
		}
		return b.book(tx, topped)
	})
}

var cashForgeries = []forgery{
	{"a decision that would be another", "application_runs", `UPDATE application_runs SET balance = 1 WHERE id = 'run_301'`,
		"cash_applied", "decision run_301", "of which 1 would be others", ""},
	{"a decision that knew less", "application_runs", `UPDATE application_runs SET owed = '[]' WHERE id = 'run_301'`,
		"cash_applied", "decision run_301", "spends the balance by 1 applications", ""},
	{"a decision lost", "application_runs", `DELETE FROM application_runs WHERE id = 'run_301'`,
		"cash_applied", "application app_301", "by a decision that is of another account, or of an order, or not there: not there", ""},
	{"a decision left out", "application_runs", `UPDATE application_runs SET number = 2 WHERE id = 'run_301'`,
		"cash_applied", "account acct_301", "with 1 different numbers from 2 to 2", ""},
	{"more taken back than it says", "cash_applications", `UPDATE cash_applications SET undone = 50 WHERE id = 'app_301'`,
		"cash_undone", "application app_301", "of which it says 0.50 CHF was taken back, and 1.00 CHF was", ""},
	{"an undoing lost", "undoings", `DELETE FROM undoings WHERE id = 'und_301'`,
		"cash_undone", "undoing und_301", "takes 0.00 CHF back, and the ledger has 1.00 CHF for it", "debts_paid"},
	{"an undoing of another debt", "undoings", `UPDATE undoings SET debt_id = 'debt_301' WHERE id = 'und_301'`,
		"cash_undone", "undoing und_301", "which are not the application's or the entry's", "debts_paid"},
	{"a draw of another amount", "credit_draws", `UPDATE credit_draws SET amount = amount + 1 WHERE debt_id = 'debt_304'`,
		"credit_drawn", "debt debt_304", "", ""},
	{"a draw lost", "credit_draws", `DELETE FROM credit_draws WHERE debt_id = 'debt_304'`,
		"credit_drawn", "debt debt_304", "owes 12.00 CHF for no usage and no order", "debts_paid shares"},
	{"a top-up that was a purchase", "orders", `UPDATE orders SET top_up = 0 WHERE id = 'ord_302'`,
		"top_ups", "debt debt_305", "was paid 0.00 CHF for the balance, and the ledger has 10.00 CHF for it", "orders"},
	{"a taxed top-up", "orders debts", `UPDATE orders SET tax = 1, net = net - 1 WHERE id = 'ord_302'; UPDATE debts SET tax = 1, net = net - 1 WHERE id = 'debt_305'`,
		"top_ups", "order ord_302", "tops a balance up with 0.01 CHF of tax", ""},
	{"a withdrawal that never was", "withdrawals", `DELETE FROM withdrawals WHERE id = 'wdr_301'`,
		"withdrawals", "account acct_301", "has 2.00 CHF set apart in the ledger, and its withdrawals on their way are of 0.00 CHF", ""},
	{"a withdrawal that is put back by hand", "withdrawals", `UPDATE withdrawals SET state = 'dropped' WHERE id = 'wdr_301'`,
		"withdrawals", "withdrawal wdr_301", "2.00 CHF of it came to nothing, and 0.00 CHF was put back", ""},
	{"a withdrawal that its proposer decided on", "withdrawals", `UPDATE withdrawals SET decided_by = 'ann' WHERE id = 'wdr_302'`,
		"withdrawals", "withdrawal wdr_302", "is refused, was proposed by ann, and decided on by ann", ""},
	{"a credit line that its proposer decided on", "credit_lines", `UPDATE credit_lines SET proposed_by = 'bob' WHERE id = 'crl_301'`,
		"credit_lines", "credit line crl_301", "is closed, was proposed by bob, and decided on by bob", ""},
	{"a credit line of a person", "credit_lines", `UPDATE credit_lines SET state = 'active' WHERE id = 'crl_301'`,
		"credit_lines", "account acct_301", "has 1 credit lines at once, and is of the kind individual", ""},
}

func TestVerifyFindsForgeriesOfCash(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			address := built(t, engine, (*books).cash)
			for _, f := range cashForgeries {
				t.Run(f.name, func(t *testing.T) { f.test(t, engine, address) })
			}
		})
	}
}

func TestCashIsReadAsItWasWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		b := newBooks(t, s)
		b.cash()
		if r, err := s.Verify(b.ctx, nil); err != nil || !r.OK() {
			t.Fatalf("the books do not prove: %+v, %v", r, err)
		}
		err := s.View(b.ctx, func(tx *store.Tx) error {
			app, err := tx.Application(b.ctx, "app_301")
			if err != nil || app.Bill != "bill_301" || app.Cause != billing.Automatic || app.By != "job" || app.Undone.Minor != 100 {
				t.Errorf("the application: %+v, %v", app, err)
			}
			undone, err := tx.Undoings(b.ctx, "app_301")
			if err != nil || len(undone) != 1 || undone[0].Amount.Minor != 100 || undone[0].By != "ann" {
				t.Errorf("what was taken back: %+v, %v", undone, err)
			}
			runs, err := tx.Runs(b.ctx, "acct_301", 0, 10)
			if err != nil || len(runs) != 1 || len(runs[0].Owed) != 1 || runs[0].Owed[0].Number != "B-bill_301" || runs[0].Owed[0].BilledAt.IsZero() {
				t.Errorf("the decision: %+v, %v", runs, err)
			}
			open, err := tx.OpenBills(b.ctx, "acct_301", 10)
			if err != nil || len(open) != 1 || open[0].Open.Minor != 100 {
				t.Errorf("open bills: %+v, %v", open, err)
			}
			owed, err := tx.OwedBy(b.ctx, []account.ID{"acct_301", "acct_999"})
			if err != nil || len(owed) != 1 || len(owed["acct_301"]) != 1 {
				t.Errorf("owed: %+v, %v; want the billed debt alone, not what is drawn", owed, err)
			}
			undo, err := tx.ApplicationsToUndo(b.ctx, "acct_301", billing.Application{}, 10)
			if err != nil || len(undo) != 1 {
				t.Errorf("to be undone: %d, %v; want one", len(undo), err)
			}
			if more, err := tx.ApplicationsToUndo(b.ctx, "acct_301", undo[0], 10); err != nil || len(more) != 0 {
				t.Errorf("before it: %d, %v; want none", len(more), err)
			}
			draws, err := tx.DrawsOf(b.ctx, []billing.DebtID{"debt_304", "debt_302"})
			if err != nil || len(draws) != 1 || draws["debt_304"].Order != "ord_301" {
				t.Errorf("draws: %+v, %v", draws, err)
			}
			if w, err := tx.DrawnFor(b.ctx, billing.Debt{ID: "debt_303", Amount: money.Amount{Currency: "CHF"}}); err != nil || w.Debt != "debt_304" || w.Amount.Minor != 1200 {
				t.Errorf("drawn for the order: %+v, %v", w, err)
			}
			if w, err := tx.DrawnFor(b.ctx, billing.Debt{ID: "debt_305", Amount: money.Amount{Currency: "CHF"}}); err != nil || w.Debt != "" || !w.Amount.IsZero() {
				t.Errorf("drawn for what was paid: %+v, %v", w, err)
			}
			for id, want := range map[account.ID]bool{"acct_301": true, "acct_999": false} {
				if drawn, err := tx.HasDrawn(b.ctx, id); err != nil || drawn != want {
					t.Errorf("%s has drawn: %t, %v", id, drawn, err)
				}
			}
			if spent, err := tx.AppliedTo(b.ctx, billing.Debt{ID: "debt_302", Amount: money.Amount{Currency: "CHF"}}); err != nil || spent != undo[0].Left() {
				t.Errorf("what of the balance still pays the debt: %s, %v; want %s", spent, err, undo[0].Left())
			}
			lines, err := tx.CreditLines(b.ctx, "acct_301")
			if err != nil || len(lines) != 1 || lines[0].Terms != (account.Terms{Days: 30}) || lines[0].DecidedBy != "bob" {
				t.Errorf("credit lines: %+v, %v", lines, err)
			}
			if _, err := tx.ActiveCreditLine(b.ctx, "acct_301"); err != account.ErrNoCredit {
				t.Errorf("active: %v, want %v", err, account.ErrNoCredit)
			}
			live, err := tx.Withdrawals(b.ctx, store.WithdrawalFilter{State: billing.WithdrawalProposed}, 10)
			if err != nil || len(live) != 1 || live[0].ID != "wdr_301" {
				t.Errorf("withdrawals: %+v, %v", live, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestADebtIsHeldForAPerson keeps balances off a debt and lets them at it again.
func TestADebtIsHeldForAPerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		b := newBooks(t, s)
		b.cash()
		b.update(func(tx *store.Tx) error {
			a, err := tx.LockAccount(b.ctx, "acct_301")
			if err != nil {
				return err
			}
			a.AutoApply = true
			return tx.SaveAccount(b.ctx, a)
		})
		held := func(when string, want bool) {
			t.Helper()
			err := s.View(b.ctx, func(tx *store.Tx) error {
				owed, err := tx.OwedBy(b.ctx, []account.ID{"acct_301"})
				if err != nil || len(owed["acct_301"]) != 1 || owed["acct_301"][0].Owed.ByHand != want {
					t.Errorf("%s: owed %+v, %v", when, owed, err)
				}
				if waits, err := tx.WaitsForHand(b.ctx, "bill_301"); err != nil || waits != want {
					t.Errorf("%s: the bill waits for a person %t, %v", when, waits, err)
				}
				apply, err := tx.AccountsToApply(b.ctx, "", 10)
				if err != nil || slices.Contains(apply, "acct_301") == want {
					t.Errorf("%s: the balances of %v are spent, %v", when, apply, err)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		held("before", false)
		b.update(func(tx *store.Tx) error { return tx.HoldForHand(b.ctx, "debt_302") })
		held("held", true)
		b.update(func(tx *store.Tx) error { return tx.FreeFromHand(b.ctx, []billing.DebtID{"debt_301"}) })
		held("another freed", true)
		b.update(func(tx *store.Tx) error { return tx.FreeFromHand(b.ctx, []billing.DebtID{"debt_302"}) })
		held("freed", false)
		b.update(func(tx *store.Tx) error { return tx.HoldForHand(b.ctx, "debt_302") })
		b.update(func(tx *store.Tx) error { return tx.FreeAllFromHand(b.ctx, "acct_301") })
		held("all freed", false)
	})
}

func TestCashKeepsItsConstraints(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		b := newBooks(t, s)
		b.cash()
		for name, fn := range map[string]func(tx *store.Tx) error{
			"more taken back than was spent": func(tx *store.Tx) error {
				return tx.AddUndoing(b.ctx, billing.Undoing{ID: "und_x", Application: "app_301", Account: "acct_301", Debt: "debt_302", Amount: money.Amount{Minor: 1 << 40, Currency: "CHF"}, Reason: "r", By: "ann", At: b.now})
			},
			"a proposal without a reason": func(tx *store.Tx) error {
				_, err := tx.AddCreditLine(b.ctx, account.CreditLine{ID: "crl_x", Account: "acct_301", Kind: account.OpenCredit, Limit: money.Amount{Minor: 1, Currency: "CHF"}, State: account.CreditProposed, ProposedBy: "ann", ProposedAt: b.now})
				return err
			},
			"a withdrawal that its proposer decided on": func(tx *store.Tx) error {
				w, err := tx.Withdrawal(b.ctx, "wdr_301")
				if err != nil {
					return err
				}
				w.State, w.DecidedBy, w.DecidedAt = billing.WithdrawalApproved, w.ProposedBy, b.now
				return tx.SaveWithdrawal(b.ctx, w)
			},
			"an order drawn twice": func(tx *store.Tx) error {
				return tx.AddCreditDraw(b.ctx, store.CreditDraw{Debt: "debt_302", OrderDebt: "debt_303", Order: "ord_301", Account: "acct_301", Amount: money.Amount{Minor: 1, Currency: "CHF"}, DrawnAt: b.now})
			},
		} {
			if err := s.Update(b.ctx, fn); err == nil {
				t.Errorf("%s: it is kept, want it refused", name)
			}
		}
	})
}
