package office_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// closeCredit ends an account's credit line, as staff does.
func closeCredit(t *testing.T, d *officetest.Desk, a account.Account) {
	t.Helper()
	l, err := d.ProposeCreditLine(t.Context(), salesperson, a.ID, office.CreditProposal{Kind: account.CloseCredit, Reason: "contract ended"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ApproveCreditLine(t.Context(), controller, l.ID, ""); err != nil {
		t.Fatal(err)
	}
}

// TestCreditIsClosedBeforeItIsBilled ends a line in the month in which something was
// drawn on it: that is due by the line's terms all the same, and never charged.
func TestCreditIsClosedBeforeItIsBilled(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer(someCompany)
		d.Bind(a, sandbox.Visa)
		withCredit(t, d, a, 100_000, "20 calendar days")
		pay(t, d, place(t, d, a, draft("first", a, 30_000)).ID)
		closeCredit(t, d, a)
		d.Use(a, "line", "40")
		d.PassTo(time.Date(2026, 4, 2, 12, 0, 0, 0, time.UTC))
		b := billsOf(t, d, a)[0]
		if got, want := b.DueAt.Format(time.DateOnly), "2026-04-21"; b.Open != usd(30_000) || got != want {
			t.Errorf("got %s open and due on %s, want what was drawn, 300.00, on %s; the card pays the usage", b.Open, got, want)
		}
		d.PassTo(time.Date(2026, 4, 23, 0, 0, 0, 0, time.UTC))
		if told := toldOf(t, d, a); count(told, "bill_due") != 1 || count(told, "bill_overdue") != 1 {
			t.Errorf("told %v, want one reminder, and once that it is overdue", told)
		}
		for _, s := range d.DebtsOf(a) {
			if s.Debt.Kind == billing.BillDebt && len(s.Payments) > 0 {
				t.Errorf("the debt %s was charged to the card, want never (R-CRED-03)", s.Debt.ID)
			}
		}
		d.Prove()
	})
}

// TestUndoneWhileACardPaysTheRest takes an application to usage back while nobody knows
// whether a card has paid what it had left open: what is owed again is collected too.
func TestUndoneWhileACardPaysTheRest(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer(someCompany)
		d.Bind(a, sandbox.Visa)
		topUp(t, d, a, 60_000)
		d.Sandbox.LoseNext("confirm")
		d.Use(a, "much", "1000")
		last := func() office.DebtStory { all := d.DebtsOf(a); return all[len(all)-1] }
		waits := last()
		if len(waits.Payments) != 1 || waits.Payments[0].Amount != usd(40_000) || waits.Payments[0].IsOver() {
			t.Fatalf("got payments %v, want one of 400.00 that is not over", waits.Payments)
		}
		autoApply(t, d, a, false)
		list, _, err := d.CashApplications(t.Context(), caller(a), a.ID, office.Page{Limit: 10})
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if _, err := d.UndoApplication(t.Context(), controller, list[0].ID, "not theirs"); err != nil {
			t.Fatal(err)
		}
		d.Pass(time.Hour)
		if s := last(); s.Debt.State != billing.Paid || len(s.Payments) != 2 || s.Payments[1].Amount != usd(60_000) {
			t.Errorf("got %s with %v, want what was taken back charged too, 600.00", s.Debt.State, s.Payments)
		}
		d.Prove()
	})
}

// TestABalanceLeavesNothingUnchargeable has a balance that would leave less of a debt
// than a provider charges: it leaves as much as can be charged.
func TestABalanceLeavesNothingUnchargeable(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer(someCompany)
		d.Bind(a, sandbox.Visa)
		topUp(t, d, a, 99_980)
		d.Use(a, "much", "1000")
		all := d.DebtsOf(a)
		last := all[len(all)-1]
		if last.Debt.State != billing.Paid || len(last.Payments) != 1 || last.Payments[0].Amount != usd(50) || balanceOf(t, d, a) != 30 {
			t.Errorf("got %s with %v and %d on the balance, want the least that is charged from the card, and 0.30 left", last.Debt.State, last.Payments, balanceOf(t, d, a))
		}
		if now := accountNow(t, d, a.ID); !now.OverdueSince.IsZero() {
			t.Error("the account is overdue, want not")
		}
		replayed(t, d, a)
		d.Prove()
	})
}

// TestADrawnOrderIsGivenBackOnce cancels an order that was drawn on credit, and refunds
// the payment of the bill that it is on: however the two follow, no more comes back
// than was paid.
func TestADrawnOrderIsGivenBackOnce(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"cancel", "refund"} {
		t.Run(first+" first", func(t *testing.T) {
			t.Parallel()
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
				a := d.Customer(someCompany)
				d.Bind(a, sandbox.Visa)
				withCredit(t, d, a, 100_000, "20 calendar days")
				autoApply(t, d, a, false)
				d.PassTo(time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC))
				o := place(t, d, a, draft("first", a, 30_000))
				pay(t, d, o.ID)
				d.PassTo(time.Date(2026, 4, 6, 12, 0, 0, 0, time.UTC))
				b := billsOf(t, d, a)[0]
				paid, err := d.PayBill(t.Context(), caller(a), b.ID, office.BillPayment{ReturnURL: "http://console.test/bills"})
				if err != nil || len(paid.Payments) != 1 {
					t.Fatalf("got %v and %v, want one payment", paid.Payments, err)
				}
				cancel := func() error { _, err := d.CancelOrder(t.Context(), access.CommandLine, o.ID); return err }
				refund := func() error {
					_, err := d.RefundPayment(t.Context(), access.CommandLine, paid.Payments[0].ID, office.Refunding{Reason: "asked"})
					return err
				}
				steps := []func() error{cancel, refund}
				if first == "refund" {
					slices.Reverse(steps)
				}
				for _, step := range steps {
					if err := step(); err != nil {
						t.Fatal(err)
					}
				}
				if got := balanceOf(t, d, a); got != 0 {
					t.Errorf("got %d on the balance beside all of the payment given back, want nothing", got)
				}
				d.Prove()
			})
		})
	}
}

// TestAReversalOfWhatIsSpent takes back a receipt whose money is gone by then: the
// balance is below nothing, which is shown, and nothing is bought, withdrawn or closed
// until it is not.
func TestAReversalOfWhatIsSpent(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		d.OpenBank()
		a := euroCustomer(d, "Alpha Werke GmbH")
		d.Bind(a, sandbox.Visa)
		r := oneReceipt(t, d, 50_000, func(e *bankEntry) { e.to = ownNumber(t, d, a) })
		propose := func(cents int64) billing.Withdrawal {
			t.Helper()
			w, err := d.ProposeWithdrawal(ctx, salesperson, a.ID, office.Withdrawing{Amount: euros(cents), Recipient: "Alpha Werke, DE00 0000", Reason: "asked"})
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		waits, approved := propose(40_000), propose(10_000)
		if _, err := d.ApproveWithdrawal(ctx, controller, approved.ID, ""); err != nil {
			t.Fatal(err)
		}
		story, err := d.Remittance(ctx, approver, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.ReverseClaim(ctx, approver, story.Claims[0].ID, "it was another Alpha's"); err != nil {
			t.Fatal(err)
		}
		if f, err := d.Funds(ctx, caller(a), a.ID); err != nil || f.Balance != euros(-50_000) || f.Withdrawing != euros(50_000) {
			t.Errorf("got a balance of %s, %s on its way and %v, want -500.00 and 500.00", f.Balance, f.Withdrawing, err)
		}
		if _, err := d.ApproveWithdrawal(ctx, controller, waits.ID, ""); !errors.Is(err, billing.ErrNothingHeld) {
			t.Errorf("approved with the balance below nothing: got %v, want %v", err, billing.ErrNothingHeld)
		}
		if _, err := d.ProposeWithdrawal(ctx, salesperson, a.ID, office.Withdrawing{Amount: euros(1), Recipient: "x", Reason: "y"}); !errors.Is(err, billing.ErrNothingHeld) {
			t.Errorf("another withdrawal: got %v, want %v", err, billing.ErrNothingHeld)
		}
		if _, err := d.PlaceOrder(ctx, access.CommandLine, a.ID, draft("none", a, 100)); !errors.Is(err, orders.ErrBalanceBelow) {
			t.Errorf("an order: got %v, want %v", err, orders.ErrBalanceBelow)
		}
		if c, err := d.MayCloseAccount(ctx, access.CommandLine, a.ID); err != nil || !errors.Is(c.Why, orders.ErrBalanceBelow) {
			t.Errorf("closing the account: got %v and %v, want %v", c.Why, err, orders.ErrBalanceBelow)
		}
		d.Prove()

		// What has not left yet fills it, and so does money that is put on it.
		if _, err := d.RefuseWithdrawal(ctx, controller, waits.ID, "the money was another's"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.TopUp(ctx, access.CommandLine, a.ID, office.TopUp{Amount: euros(10_000), ReturnURL: "http://console.test/funds"}); err != nil {
			t.Fatal(err)
		}
		if got := eurosOf(t, d, a); got != 0 {
			t.Errorf("filled: got a balance of %d, want nothing", got)
		}
		place(t, d, a, draft("some", a, 100))
		d.Prove()
	})
}

// TestAWithdrawalLeavesByTheBank shows a withdrawal on the bank's statement: it is sent
// by the line that is of its amount and currency, once, and by no other.
func TestAWithdrawalLeavesByTheBank(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		d.OpenBank()
		a := euroCustomer(d, "Alpha Werke GmbH")
		oneReceipt(t, d, 50_000, func(e *bankEntry) { e.to = ownNumber(t, d, a) })
		dollars := d.Customer(someCompany)
		d.Bind(dollars, sandbox.Visa)
		topUp(t, d, dollars, 20_000)
		propose := func(a account.Account, minor int64) billing.Withdrawal {
			t.Helper()
			w, err := d.ProposeWithdrawal(ctx, salesperson, a.ID, office.Withdrawing{Amount: money.Amount{Minor: minor, Currency: a.Currency}, Recipient: "Alpha Werke, DE00 0000", Reason: "contract ended"})
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		w, waits, foreign := propose(a, 20_000), propose(a, 5_000), propose(dollars, 20_000)
		for _, w := range []billing.Withdrawal{w, foreign} {
			if _, err := d.ApproveWithdrawal(ctx, controller, w.ID, ""); err != nil {
				t.Fatal(err)
			}
		}
		take(t, d, camt("M2", sheetOf("S2", 50_000,
			bankEntry{day: 10, cents: -20_000, reference: "W1"}, bankEntry{day: 10, cents: -20_000, reference: "W2"}, bankEntry{day: 10, cents: -19_999, reference: "W3"}, bankEntry{day: 10, cents: -5_000, reference: "W4"})))
		lines := linesOf(t, d)[1:]
		for _, c := range []struct {
			name    string
			line    bank.Line
			subject billing.WithdrawalID
			want    error
		}{
			{"a cent less", lines[2], w.ID, billing.ErrWithdrawalAmount},
			{"another currency", lines[0], foreign.ID, billing.ErrWithdrawalAmount},
			{"not approved", lines[3], waits.ID, billing.ErrWithdrawalState},
			{"none such", lines[0], "wdr_none", billing.ErrWithdrawalNotFound},
			{"its own", lines[0], w.ID, nil},
			{"once more", lines[1], w.ID, billing.ErrWithdrawalState},
			{"on a line that is explained", lines[0], foreign.ID, bank.ErrLineNotOpen},
		} {
			_, err := d.ExplainLine(ctx, approver, c.line.ID, office.Explaining{Kind: bank.ExplainWithdrawal, Subject: string(c.subject), Note: "sent on the tenth"})
			if !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
		if got, err := d.Withdrawal(ctx, caller(a), w.ID); err != nil || got.State != billing.WithdrawalSent || got.EndedAt.IsZero() {
			t.Errorf("got %s and %v, want it sent", got.State, err)
		}
		if _, err := d.DropWithdrawal(ctx, controller, w.ID, ""); !errors.Is(err, billing.ErrWithdrawalState) {
			t.Errorf("dropped after it left: got %v, want %v", err, billing.ErrWithdrawalState)
		}
		if _, err := d.DropWithdrawal(ctx, clerk, foreign.ID, ""); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("an approved one dropped by who cannot approve: got %v, want %v", err, access.ErrForbidden)
		}
		if f, err := d.Funds(ctx, caller(a), a.ID); err != nil || f.Balance != euros(25_000) || f.Withdrawing != euros(5_000) {
			t.Errorf("got %s, %s on its way and %v, want 250.00 and 50.00", f.Balance, f.Withdrawing, err)
		}
		d.Prove()
	})
}

// TestAPayoutReachesTheBank explains a receipt as what the provider paid out, and what
// the provider took again: what it still holds for us is proven.
func TestAPayoutReachesTheBank(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		d.OpenBank()
		a := euroCustomer(d, "Alpha Werke GmbH")
		d.Bind(a, sandbox.Visa)
		if _, err := d.TopUp(ctx, access.CommandLine, a.ID, office.TopUp{Amount: euros(30_000), ReturnURL: "http://console.test/funds"}); err != nil {
			t.Fatal(err)
		}
		r := oneReceipt(t, d, 28_000, func(e *bankEntry) { e.payer, e.text = "Provider", "PAYOUT 1" })
		take(t, d, camt("M2", sheetOf("S2", 28_000, bankEntry{day: 10, cents: -1_500, reference: "P2", payer: "Provider"})))
		out := linesOf(t, d)[1]
		payout := func(id bank.LineID) error {
			_, err := d.ExplainLine(ctx, approver, id, office.Explaining{Kind: bank.ExplainPayout, Note: "by the provider's report"})
			return err
		}
		for _, id := range []bank.LineID{r.Line, out.ID} {
			if err := payout(id); err != nil {
				t.Fatal(err)
			}
			if err := payout(id); !errors.Is(err, bank.ErrLineNotOpen) && !errors.Is(err, bank.ErrRemittanceOver) {
				t.Errorf("once more: got %v, want it refused", err)
			}
		}
		if got := booksHold(t, d, ledger.ProviderReceivable); got != 3_500 {
			t.Errorf("the provider holds %d, want 35.00: 300.00 taken, 280.00 paid out and 15.00 taken again", got)
		}
		if got := booksHold(t, d, ledger.BankSuspense); got != 0 {
			t.Errorf("got %d in suspense, want nothing", got)
		}
		d.Prove()
	})
}
