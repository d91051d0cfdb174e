package office_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store"
)

// someCompany has been a customer for a month, so that nobody asks who pays.
func someCompany(n *office.NewAccount) { n.RegisteredAt = officetest.Start.AddDate(0, -1, 0) }

// billedOnCredit is a customer with a credit line, with a card beside it to top up with, and
// a bill for each of the amounts, month after month.
func billedOnCredit(t *testing.T, d *officetest.Desk, bills ...string) account.Account {
	t.Helper()
	a := d.Customer(someCompany)
	d.Bind(a, sandbox.Visa)
	withCredit(t, d, a, 10_000_000, "30 calendar days")
	for i, amount := range bills {
		d.Use(a, fmt.Sprint("month-", i), amount)
		now := d.Clock.Now()
		d.PassTo(time.Date(now.Year(), now.Month()+1, 7, 0, 0, 0, 0, time.UTC))
	}
	if got := billsOf(t, d, a); len(got) != len(bills) {
		t.Fatalf("got %d bills, want %d", len(got), len(bills))
	}
	return accountNow(t, d, a.ID)
}

// topUp puts money on an account's balance.
func topUp(t *testing.T, d *officetest.Desk, a account.Account, minor int64) office.OrderPayment {
	t.Helper()
	p, err := d.TopUp(t.Context(), access.CommandLine, a.ID, office.TopUp{Amount: usd(minor), ReturnURL: "http://console.test/funds"})
	if err != nil || p.Payment.State != payment.Succeeded {
		t.Fatalf("top up: got %s and %v, want it taken", p.Payment.State, err)
	}
	return p
}

func autoApply(t *testing.T, d *officetest.Desk, a account.Account, on bool) {
	t.Helper()
	if _, err := d.SetAutoApply(t.Context(), caller(a), a.ID, on); err != nil {
		t.Fatal(err)
	}
}

// openOf is what each bill of an account has open, the oldest first, in cents.
func openOf(t *testing.T, d *officetest.Desk, a account.Account) (open []int64) {
	t.Helper()
	for _, b := range billsOf(t, d, a) {
		open = append(open, b.Open.Minor)
	}
	return open
}

func wantOpen(t *testing.T, d *officetest.Desk, a account.Account, when string, balance int64, want ...int64) {
	t.Helper()
	if got := openOf(t, d, a); !slices.Equal(got, want) {
		t.Errorf("%s: bills have %v open, want %v", when, got, want)
	}
	if got := balanceOf(t, d, a); got != balance {
		t.Errorf("%s: the balance is %d, want %d", when, got, balance)
	}
}

// replayed makes the decisions again and fails the test if one differs.
func replayed(t *testing.T, d *officetest.Desk, a account.Account) office.Replay {
	t.Helper()
	r, err := d.ReplayBills(t.Context(), caller(a), a.ID)
	if err != nil || len(r.Differences) > 0 {
		t.Errorf("replay: got %v and %v, want no difference", r.Differences, err)
	}
	return r
}

func TestTheOldestBillIsPaidFirst(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := billedOnCredit(t, d, "100", "200", "300")
		if !a.AutoApply {
			t.Error("the switch is off at first, want on (R-RECON-01)")
		}
		wantOpen(t, d, a, "before", 0, 10_000, 20_000, 30_000)
		topUp(t, d, a, 25_000)
		wantOpen(t, d, a, "part of the second (R-RECON-03)", 0, 0, 5_000, 30_000)
		if told := toldOf(t, d, a); count(told, "bill_paid") != 1 || count(told, "cash_applied") != 1 {
			t.Errorf("told %v, want that one bill is paid and one in part", told)
		}
		topUp(t, d, a, 40_000)
		wantOpen(t, d, a, "all of them", 5_000, 0, 0, 0)
		if now := accountNow(t, d, a.ID); !now.OverdueSince.IsZero() {
			t.Errorf("overdue since %s with all paid, want not", now.OverdueSince)
		}
		d.Prove()

		// A new bill with money there is paid on issue (R-RECON-06).
		d.Use(a, "next", "30")
		d.PassTo(time.Date(2026, 7, 7, 0, 0, 0, 0, time.UTC))
		wantOpen(t, d, a, "on issue", 2_000, 0, 0, 0, 0)
		if r := replayed(t, d, a); r.Runs != 3 || r.Applications != 5 {
			t.Errorf("replayed %d decisions with %d applications, want 3 with 5", r.Runs, r.Applications)
		}
		for _, s := range d.DebtsOf(a) {
			if s.Debt.Kind != billing.OrderDebt && len(s.Payments) > 0 {
				t.Errorf("the debt %s was charged, want paid from the balance alone", s.Debt.ID)
			}
		}
		d.Prove()
	})
}

func TestTheSwitchIsOff(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		a := billedOnCredit(t, d, "100", "200", "300")
		autoApply(t, d, a, false)
		topUp(t, d, a, 25_000)
		d.Pass(5 * time.Hour)
		wantOpen(t, d, a, "off (R-RECON-04)", 25_000, 10_000, 20_000, 30_000)
		bills := billsOf(t, d, a)

		// By hand: the newest bill and a part of the second.
		done, err := d.ApplyBalance(ctx, caller(a), a.ID, []office.BalanceUse{{Bill: bills[1].ID, Amount: usd(100)}, {Bill: bills[2].ID, Amount: usd(20_000)}})
		if err != nil || len(done) != 2 {
			t.Fatalf("by hand: got %d applications and %v, want two", len(done), err)
		}
		wantOpen(t, d, a, "by hand", 4_900, 10_000, 19_900, 10_000)
		p, err := d.PayBill(ctx, caller(a), bills[2].ID, office.BillPayment{FromBalance: true, Amount: usd(400)})
		if err != nil || p.Bill.Open != usd(9_600) {
			t.Errorf("pay a part of the bill: got %s open and %v, want 96.00", p.Bill.Open, err)
		}
		for _, c := range []struct {
			name string
			use  office.BalanceUse
			want error
		}{
			{"more than there is", office.BalanceUse{Bill: bills[0].ID}, billing.ErrNothingHeld},
			{"more than is open", office.BalanceUse{Bill: bills[0].ID, Amount: usd(10_001)}, billing.ErrAppliesTooMuch},
			{"a bill of nobody", office.BalanceUse{Bill: "bill_none", Amount: usd(1)}, billing.ErrNotAppliable},
			{"nothing", office.BalanceUse{}, billing.ErrNotAppliable},
			{"less than nothing", office.BalanceUse{Bill: bills[0].ID, Amount: usd(-1)}, billing.ErrAppliesNothing},
		} {
			if _, err := d.ApplyBalance(ctx, caller(a), a.ID, []office.BalanceUse{c.use}); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
		other := d.Customer()
		if _, err := d.ApplyBalance(ctx, caller(other), a.ID, []office.BalanceUse{{Bill: bills[0].ID}}); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("of another customer: got %v, want %v", err, account.ErrNotFound)
		}

		autoApply(t, d, a, true)
		wantOpen(t, d, a, "on again (R-RECON-05)", 0, 5_500, 19_900, 9_600)
		replayed(t, d, a)
		d.Prove()
	})
}

func TestUndoAndApplyAgain(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		a := billedOnCredit(t, d, "100", "200")
		topUp(t, d, a, 25_000)
		list, _, err := d.CashApplications(ctx, caller(a), a.ID, office.Page{Limit: 10})
		if err != nil || len(list) != 2 {
			t.Fatalf("got %d applications and %v, want two", len(list), err)
		}
		first := list[slices.IndexFunc(list, func(x billing.Application) bool { return x.Amount == usd(10_000) })]
		if _, err := d.UndoApplication(ctx, caller(a), first.ID, "mine"); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("by the customer: got %v, want %v", err, access.ErrForbidden)
		}
		if _, err := d.UndoApplication(ctx, controller, first.ID, " "); !errors.Is(err, office.ErrUndoReason) {
			t.Errorf("without a reason: got %v, want %v", err, office.ErrUndoReason)
		}
		autoApply(t, d, a, false)
		undone, err := d.UndoApplication(ctx, controller, first.ID, "meant for the second bill")
		if err != nil || !undone.Left().IsZero() {
			t.Fatalf("got %s left of it and %v, want nothing", undone.Left(), err)
		}
		if _, err := d.UndoApplication(ctx, controller, first.ID, "again"); !errors.Is(err, billing.ErrUndone) {
			t.Errorf("twice: got %v, want %v", err, billing.ErrUndone)
		}
		wantOpen(t, d, a, "taken back", 10_000, 10_000, 5_000)
		d.Pass(time.Hour)
		d.Prove()
		bills := billsOf(t, d, a)
		if _, err := d.ApplyBalance(ctx, controller, a.ID, []office.BalanceUse{{Bill: bills[1].ID}}); err != nil {
			t.Fatal(err)
		}
		wantOpen(t, d, a, "put to the other bill", 5_000, 10_000, 0)
		autoApply(t, d, a, true)
		wantOpen(t, d, a, "on again", 0, 5_000, 0)
		replayed(t, d, a)
		d.Prove()
	})
}

// TestWhatIsTakenBackWaitsForAPerson takes an application back with the switch on: the
// balance pays other bills, and that one once a person says so.
func TestWhatIsTakenBackWaitsForAPerson(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		a := billedOnCredit(t, d, "100", "200")
		topUp(t, d, a, 15_000)
		takenBack := func(bill int, minor int64) {
			t.Helper()
			list, _, err := d.CashApplications(ctx, caller(a), a.ID, office.Page{Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			of := billsOf(t, d, a)[bill].ID
			i := slices.IndexFunc(list, func(x billing.Application) bool { return x.Bill == of && x.Left() == usd(minor) })
			if _, err := d.UndoApplication(ctx, controller, list[i].ID, "meant for another bill"); err != nil {
				t.Fatal(err)
			}
		}
		waits := func(want bool) {
			t.Helper()
			if s, err := d.BillStory(ctx, caller(a), billsOf(t, d, a)[0].ID); err != nil || s.ByHand != want {
				t.Errorf("the bill waits for a person: %t, %v; want %t", s.ByHand, err, want)
			}
		}
		waits(false)
		takenBack(0, 10_000)
		d.Pass(2 * time.Hour)
		wantOpen(t, d, a, "taken back", 0, 10_000, 5_000)
		waits(true)
		topUp(t, d, a, 6_000)
		d.Pass(2 * time.Hour)
		wantOpen(t, d, a, "more money", 1_000, 10_000, 0)
		bills := billsOf(t, d, a)
		if _, err := d.ApplyBalance(ctx, caller(a), a.ID, []office.BalanceUse{{Bill: bills[0].ID, Amount: usd(400)}}); err != nil {
			t.Fatal(err)
		}
		wantOpen(t, d, a, "a person paid of it", 600, 9_600, 0)
		waits(false)
		d.Pass(2 * time.Hour)
		wantOpen(t, d, a, "then the balance does too", 0, 9_000, 0)

		takenBack(0, 400)
		d.Pass(2 * time.Hour)
		wantOpen(t, d, a, "taken back again", 400, 9_400, 0)
		autoApply(t, d, a, false)
		autoApply(t, d, a, true)
		wantOpen(t, d, a, "turned on anew", 0, 9_000, 0)

		// What a bank takes back is paid by the next money that comes.
		if err := d.TakeBack(ctx, controller, a.ID, usd(2_000), "the payer's bank"); err != nil {
			t.Fatal(err)
		}
		d.Pass(2 * time.Hour)
		wantOpen(t, d, a, "by a bank", 0, 8_000, 1_000)
		replayed(t, d, a)
		d.Prove()
	})
}

// TestTakeBack makes money free as the reversal of a receipt asks: the last that was
// spent is taken back first, in part if that is enough.
func TestTakeBack(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		a := billedOnCredit(t, d, "100", "200", "300")
		topUp(t, d, a, 10_000)
		topUp(t, d, a, 20_000)
		topUp(t, d, a, 31_000)
		wantOpen(t, d, a, "paid", 1_000, 0, 0, 0)
		autoApply(t, d, a, false)
		if err := d.TakeBack(ctx, controller, a.ID, usd(500), "little"); err != nil {
			t.Fatal(err)
		}
		wantOpen(t, d, a, "what the balance holds is enough", 1_000, 0, 0, 0)
		if err := d.TakeBack(ctx, controller, a.ID, usd(11_000), "the payer's bank"); err != nil {
			t.Fatal(err)
		}
		wantOpen(t, d, a, "a part of the last", 11_000, 0, 0, 10_000)
		if err := d.TakeBack(ctx, controller, a.ID, usd(36_000), "more"); err != nil {
			t.Fatal(err)
		}
		wantOpen(t, d, a, "the one before it too", 36_000, 0, 5_000, 30_000)
		if err := d.TakeBack(ctx, controller, a.ID, usd(90_000), "more than ever came"); err != nil {
			t.Fatal(err)
		}
		wantOpen(t, d, a, "all of it", 61_000, 10_000, 20_000, 30_000)
		d.Prove()
		replayed(t, d, a)
	})
}

// TestCashWaitsForACard lets money arrive while a card is being asked for a bill: it
// pays what the card leaves, and never the same again.
func TestCashWaitsForACard(t *testing.T) {
	for _, passes := range []bool{true, false} {
		t.Run(fmt.Sprint("challenge passed ", passes), func(t *testing.T) {
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
				ctx := t.Context()
				a := billedOnCredit(t, d, "100")
				b := billsOf(t, d, a)[0]
				order(t, d, a, "authenticate", 1)
				p, err := d.PayBill(ctx, caller(a), b.ID, office.BillPayment{ReturnURL: "http://console.test/bills"})
				if err != nil || len(p.Payments) != 1 || p.Payments[0].State != payment.Waiting {
					t.Fatalf("pay by card: got %v and %v, want one payment that waits", p.Payments, err)
				}
				if _, err := d.PayBill(ctx, caller(a), b.ID, office.BillPayment{ReturnURL: "http://console.test/bills"}); !errors.Is(err, payment.ErrUnresolved) {
					t.Errorf("again at once: got %v, want %v", err, payment.ErrUnresolved)
				}
				topUp(t, d, a, 8_000)
				wantOpen(t, d, a, "while the card is asked", 8_000, 10_000)
				if _, err := d.ApplyBalance(ctx, caller(a), a.ID, []office.BalanceUse{{Bill: b.ID, Amount: usd(1)}}); !errors.Is(err, billing.ErrAppliesTooMuch) {
					t.Errorf("by hand meanwhile: got %v, want %v", err, billing.ErrAppliesTooMuch)
				}
				if _, err := d.Sandbox.AnswerChallenge(p.Payments[0].Ref, passes); err != nil {
					t.Fatal(err)
				}
				if _, err := d.Payment(ctx, caller(a), p.Payments[0].ID, true); err != nil {
					t.Fatal(err)
				}
				if passes {
					wantOpen(t, d, a, "paid by the card", 8_000, 0)
				} else {
					wantOpen(t, d, a, "the card refused", 0, 2_000)
				}
				d.Prove()
				replayed(t, d, a)
			})
		})
	}
}

// TestUndoneAndChargedMeanwhile takes an application back while a card is asked for
// what it had left open: what is owed is what neither has paid.
func TestUndoneAndChargedMeanwhile(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		a := billedOnCredit(t, d, "100")
		topUp(t, d, a, 6_000)
		autoApply(t, d, a, false)
		b := billsOf(t, d, a)[0]
		list, _, err := d.CashApplications(ctx, caller(a), a.ID, office.Page{Limit: 10})
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		order(t, d, a, "authenticate", 1)
		p, err := d.PayBill(ctx, caller(a), b.ID, office.BillPayment{ReturnURL: "http://console.test/bills"})
		if err != nil || p.Payments[0].Amount != usd(4_000) {
			t.Fatalf("got %v and %v, want a payment of 40.00", p.Payments, err)
		}
		if _, err := d.UndoApplication(ctx, controller, list[0].ID, "not theirs"); err != nil {
			t.Fatal(err)
		}
		wantOpen(t, d, a, "taken back", 6_000, 10_000)
		if _, err := d.Sandbox.AnswerChallenge(p.Payments[0].Ref, true); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Payment(ctx, caller(a), p.Payments[0].ID, true); err != nil {
			t.Fatal(err)
		}
		wantOpen(t, d, a, "the card has paid its part", 6_000, 6_000)

		// Paid in full by then, and taken back: it is open again.
		autoApply(t, d, a, true)
		wantOpen(t, d, a, "paid", 0, 0)
		if list, _, err = d.CashApplications(ctx, caller(a), a.ID, office.Page{Limit: 10}); err != nil {
			t.Fatal(err)
		}
		autoApply(t, d, a, false)
		if _, err := d.UndoApplication(ctx, controller, list[0].ID, "not theirs either"); err != nil {
			t.Fatal(err)
		}
		wantOpen(t, d, a, "open again", 6_000, 6_000)
		d.Prove()
	})
}

// TestPartsOfABillByCard pays a part of a credit customer's bill by card, and not of
// what is charged whole.
func TestPartsOfABillByCard(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		a := d.Customer(someCompany)
		d.Bind(a, sandbox.Visa)
		withCredit(t, d, a, 10_000_000, "30 calendar days")
		pay(t, d, place(t, d, a, draft("first", a, 6_000)).ID)
		d.Use(a, "line", "100")
		d.PassTo(time.Date(2026, 4, 7, 0, 0, 0, 0, time.UTC))
		b := billsOf(t, d, a)[0]
		by := office.BillPayment{ReturnURL: "http://console.test/bills", Amount: usd(10_000)}
		p, err := d.PayBill(ctx, caller(a), b.ID, by) // two debts of it: 60.00 and 40.00
		if err != nil || len(p.Payments) != 2 || p.Bill.Open != usd(6_000) {
			t.Fatalf("a part: got %d payments, %s open and %v, want two and 60.00", len(p.Payments), p.Bill.Open, err)
		}
		by.Amount = usd(6_001)
		if _, err := d.PayBill(ctx, caller(a), b.ID, by); !errors.Is(err, billing.ErrAppliesTooMuch) {
			t.Errorf("more than is open: got %v, want %v", err, billing.ErrAppliesTooMuch)
		}
		by.Amount = usd(0)
		if p, err = d.PayBill(ctx, caller(a), b.ID, office.BillPayment{ReturnURL: by.ReturnURL}); err != nil || !p.Bill.IsPaid() {
			t.Errorf("the rest: got %s open and %v, want nothing", p.Bill.Open, err)
		}
		if _, err := d.PayBill(ctx, caller(a), b.ID, by); !errors.Is(err, billing.ErrBillPaid) {
			t.Errorf("once it is paid: got %v, want %v", err, billing.ErrBillPaid)
		}
		d.Prove()

		c := d.Customer(someCompany)
		d.Bind(c, sandbox.Mastercard)
		order(t, d, c, "decline:insufficient_funds", 1)
		d.Use(c, "line", "300")
		d.PassTo(time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC))
		whole := billsOf(t, d, c)[0]
		if _, err := d.PayBill(ctx, caller(c), whole.ID, office.BillPayment{ReturnURL: by.ReturnURL, Amount: usd(100)}); !errors.Is(err, office.ErrPaidWhole) {
			t.Errorf("a part of what is charged by itself: got %v, want %v", err, office.ErrPaidWhole)
		}
		d.Prove()
	})
}

func TestTopUps(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		a := d.Customer(someCompany)
		d.Bind(a, sandbox.Visa)
		ask := office.TopUp{Reference: "page-1", Amount: usd(30_000), ReturnURL: "http://console.test/funds"}
		d.Sandbox.LoseNext("confirm")
		p, err := d.TopUp(ctx, caller(a), a.ID, ask)
		if err != nil || balanceOf(t, d, a) != 0 && p.Payment.State != payment.Succeeded {
			t.Fatalf("an answer that is lost: got %s and %v", p.Payment.State, err)
		}
		again, err := d.TopUp(ctx, caller(a), a.ID, ask)
		if again.Order.ID != p.Order.ID || err != nil && !errors.Is(err, payment.ErrUnresolved) {
			t.Errorf("again: got the order %s and %v, want the same one", again.Order.ID, err)
		}
		d.Pass(2 * time.Minute)
		if again, err = d.TopUp(ctx, caller(a), a.ID, ask); err != nil || again.Order.State != orders.Paid || balanceOf(t, d, a) != 30_000 {
			t.Errorf("after a while: got %s, a balance of %d and %v, want paid once", again.Order.State, balanceOf(t, d, a), err)
		}
		ask.Amount = usd(1)
		if _, err := d.TopUp(ctx, caller(a), a.ID, ask); !errors.Is(err, orders.ErrConflict) {
			t.Errorf("another amount under the same reference: got %v, want %v", err, orders.ErrConflict)
		}
		s := orderNow(t, d, p.Order.ID)
		if !s.Order.TopUp || !s.Order.Tax.IsZero() || len(s.Subscriptions) != 0 {
			t.Errorf("got %+v, want a top-up without tax or subscription", s.Order)
		}
		if _, err := d.CancelOrder(ctx, access.CommandLine, p.Order.ID); !errors.Is(err, orders.ErrNotCancellable) {
			t.Errorf("cancelled: got %v, want %v", err, orders.ErrNotCancellable)
		}
		d.Prove()

		// Given back, it leaves the balance; nothing had been earned.
		f, err := d.RefundPayment(ctx, access.CommandLine, again.Payment.ID, office.Refunding{Amount: usd(10_000), Reason: "asked"})
		if err != nil || f.FromBalance != usd(10_000) || balanceOf(t, d, a) != 20_000 {
			t.Errorf("refund: got %s of the balance, %d left and %v, want 100.00 and 200.00", f.FromBalance, balanceOf(t, d, a), err)
		}
		d.Prove()

		// The balance pays usage before the card does.
		d.Use(a, "much", "1100")
		debts := d.DebtsOf(a)
		last := debts[len(debts)-1]
		if last.Debt.State != billing.Paid || len(last.Payments) != 1 || last.Payments[0].Amount != usd(90_000) {
			t.Errorf("got %s with %v, want 200.00 from the balance and 900.00 from the card", last.Debt.State, last.Payments)
		}
		replayed(t, d, a)
		d.Prove()
	})
}

func TestWithdrawals(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		a := d.Customer(someCompany)
		d.Bind(a, sandbox.Visa)
		topUp(t, d, a, 30_000)
		ask := office.Withdrawing{Amount: usd(20_000), Recipient: "Example Works, GB00 0000", Reason: "contract ended"}
		w, err := d.ProposeWithdrawal(ctx, salesperson, a.ID, ask)
		if err != nil || balanceOf(t, d, a) != 10_000 {
			t.Fatalf("got a balance of %d and %v, want 100.00 at once", balanceOf(t, d, a), err)
		}
		if _, err := d.ProposeWithdrawal(ctx, salesperson, a.ID, ask); !errors.Is(err, billing.ErrNothingHeld) {
			t.Errorf("more than is left: got %v, want %v", err, billing.ErrNothingHeld)
		}
		if _, err := d.ApproveWithdrawal(ctx, salesperson, w.ID, ""); !errors.Is(err, account.ErrOwnProposal) {
			t.Errorf("approved by who proposed it: got %v, want %v", err, account.ErrOwnProposal)
		}
		if _, err := d.ProposeWithdrawal(ctx, caller(a), a.ID, ask); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("by the customer: got %v, want %v", err, access.ErrForbidden)
		}
		err = d.Store.Update(ctx, func(tx *store.Tx) error {
			forged := w
			forged.State, forged.DecidedBy, forged.DecidedAt = billing.WithdrawalApproved, w.ProposedBy, d.Clock.Now()
			return tx.SaveWithdrawal(ctx, forged)
		})
		if err == nil {
			t.Error("the database takes a withdrawal that its proposer approved, want it refused")
		}
		if w, err = d.ApproveWithdrawal(ctx, controller, w.ID, "seen"); err != nil || w.State != billing.WithdrawalApproved {
			t.Fatalf("approve: got %s and %v", w.State, err)
		}
		d.Prove()
		if w, err = d.DropWithdrawal(ctx, salesperson, w.ID, "the bank refused"); err != nil || balanceOf(t, d, a) != 30_000 {
			t.Errorf("dropped: got %s, a balance of %d and %v, want all of it back", w.State, balanceOf(t, d, a), err)
		}
		if _, err := d.ApproveWithdrawal(ctx, controller, w.ID, ""); !errors.Is(err, billing.ErrWithdrawalState) {
			t.Errorf("approved after it was dropped: got %v, want %v", err, billing.ErrWithdrawalState)
		}
		second, err := d.ProposeWithdrawal(ctx, salesperson, a.ID, ask)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.RefuseWithdrawal(ctx, controller, second.ID, "why?"); err != nil || balanceOf(t, d, a) != 30_000 {
			t.Errorf("refused: got a balance of %d and %v, want all of it back", balanceOf(t, d, a), err)
		}
		list, _, err := d.Withdrawals(ctx, caller(a), office.WithdrawalFilter{}, office.Page{Limit: 10})
		if err != nil || len(list) != 2 {
			t.Errorf("got %d withdrawals and %v, want two", len(list), err)
		}
		d.Prove()
	})
}

// TestTwoSpendOneBalance has eight spend one balance at once: what it holds is spent
// once.
func TestTwoSpendOneBalance(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := billedOnCredit(t, d, "100", "200")
		autoApply(t, d, a, false)
		topUp(t, d, a, 15_000)
		bills := billsOf(t, d, a)
		done := 0
		for err := range together(8, func(n int) error {
			_, err := d.ApplyBalance(t.Context(), caller(a), a.ID, []office.BalanceUse{{Bill: bills[n%2].ID, Amount: usd(10_000)}})
			return err
		}) {
			if err == nil {
				done++
			}
		}
		if done != 1 || balanceOf(t, d, a) != 5_000 {
			t.Errorf("%d were done and %d is left, want one and 50.00", done, balanceOf(t, d, a))
		}
		replayed(t, d, a)
		d.Prove()
	})
}

// TestTheSwitchIsFlippedWhileMoneyLands turns the switch on and off while money lands
// and is spent: at the end, turned on, it has paid as ever.
func TestTheSwitchIsFlippedWhileMoneyLands(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := billedOnCredit(t, d, "100", "200", "300")
		for err := range together(12, func(n int) error {
			switch n % 4 {
			case 0:
				return d.ApplyCash(t.Context(), access.Jobs, a.ID)
			case 1:
				_, err := d.TopUp(t.Context(), access.CommandLine, a.ID, office.TopUp{Amount: usd(5_000), ReturnURL: "http://console.test/funds"})
				return err
			}
			_, err := d.SetAutoApply(t.Context(), caller(a), a.ID, n%4 == 2)
			return err
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		autoApply(t, d, a, false)
		autoApply(t, d, a, true)
		wantOpen(t, d, a, "in the end", 0, 0, 15_000, 30_000)
		replayed(t, d, a)
		d.Prove()
	})
}

// TestManyAtOnce spends the balances of many accounts in one go.
func TestManyAtOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		var all []account.Account
		for n := range 5 {
			a := d.Customer(someCompany)
			withCredit(t, d, a, 1_000_000, "30 calendar days")
			d.Use(a, fmt.Sprint("line-", n), "100")
			all = append(all, a)
		}
		d.PassTo(time.Date(2026, 4, 7, 0, 0, 0, 0, time.UTC))
		tokens := []string{sandbox.Visa, sandbox.Mastercard}
		for n, a := range all[:len(tokens)] {
			autoApply(t, d, a, false)
			d.Bind(a, tokens[n])
			topUp(t, d, a, int64(6_000+n*6_000))
			if err := d.Store.Update(t.Context(), func(tx *store.Tx) error { // as if it had been on all along
				a := accountNow(t, d, a.ID)
				a.AutoApply = true
				return tx.SaveAccount(t.Context(), a)
			}); err != nil {
				t.Fatal(err)
			}
		}
		ids := []account.ID{all[0].ID, all[1].ID, all[0].ID, all[2].ID}
		slices.Sort(ids)
		for range 2 {
			if err := d.ApplyCash(t.Context(), access.Jobs, ids...); err != nil {
				t.Fatal(err)
			}
		}
		wantOpen(t, d, all[0], "too little", 0, 4_000)
		wantOpen(t, d, all[1], "too much", 2_000, 0)
		wantOpen(t, d, all[2], "nothing", 0, 10_000)
		d.Prove()
	})
}

// TestWhatIsHeldIsSpent spends what came onto a balance by a way that spends nothing
// itself.
func TestWhatIsHeldIsSpent(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := billedOnCredit(t, d, "100")
		autoApply(t, d, a, false)
		topUp(t, d, a, 6_000)
		if err := d.Store.Update(t.Context(), func(tx *store.Tx) error {
			now, err := tx.LockAccount(t.Context(), a.ID)
			if err != nil {
				return err
			}
			now.AutoApply = true
			return tx.SaveAccount(t.Context(), now)
		}); err != nil {
			t.Fatal(err)
		}
		d.Pass(2 * time.Hour)
		wantOpen(t, d, a, "by the watch", 0, 4_000)
		d.Pass(2 * time.Hour)
		wantOpen(t, d, a, "and no more", 0, 4_000)
		replayed(t, d, a)
		d.Prove()
	})
}
