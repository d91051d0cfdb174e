package office_test

import (
	"bytes"
	"errors"
	"fmt"
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
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/statement"
)

// inEveryOrder does two things in the order of the round: at once, then one first, then
// the other.
func inEveryOrder(round int, one, two func() error) (errOne, errTwo error) {
	switch round % 3 {
	case 1:
		errOne = one()
		return errOne, two()
	case 2:
		errTwo = two()
		return one(), errTwo
	}
	return atOnce(round/3, one, two)
}

// dollarBank opens the bank account that the tests' customers in dollars transfer to.
func dollarBank(d *officetest.Desk) {
	d.OpenBank(func(r *bank.ReceivingAccount) { r.Currency = "USD" })
}

// bankMoved takes a statement with one movement in dollars.
func bankMoved(d *officetest.Desk, id string, opening int64, e bankEntry) error {
	s := sheetOf("S-"+id, opening, e)
	s.currency = "USD"
	_, err := d.ImportStatement(d.T.Context(), clerk, "statement.xml", bytes.NewReader(camt("M-"+id, s)), statement.Options{})
	return err
}

// takenByTheBank explains the movement that waits to be explained as the bank's taking
// back of a receipt.
func takenByTheBank(d *officetest.Desk, r bank.Remittance) error {
	lines, _, err := d.BankLines(d.T.Context(), clerk, office.LineFilter{State: bank.LineUnexplained}, office.Page{Limit: 10})
	if err != nil || len(lines) != 1 {
		return fmt.Errorf("%d movements wait to be explained: %w", len(lines), err)
	}
	_, err = d.ExplainLine(d.T.Context(), approver, lines[0].ID, office.Explaining{Kind: bank.ExplainReversal, Subject: string(r.ID), Note: "the payer's bank recalled it"})
	return err
}

// claimDuel is what a person does about a claim while the bank takes the receipt back.
type claimDuel struct {
	name     string
	approved bool // the claim was, before
	do       func(*officetest.Desk, bank.Claim) error
	late     error // that the person is told when the bank was first; nil: nothing
	want     bank.ClaimState
}

// TestAClaimIsDecidedWhileTheBankTakesTheReceiptBack imports and explains the reversal of
// a receipt on one node while, on the other, a person decides on its claim, which pays a
// bill: however the two follow, the receipt is gone, the bill is owed, and the customer
// has nothing of it.
func TestAClaimIsDecidedWhileTheBankTakesTheReceiptBack(t *testing.T) {
	for _, duel := range []claimDuel{
		{"approved", false, func(d *officetest.Desk, c bank.Claim) error {
			return second(d.ApproveClaim(d.T.Context(), approver, c.ID, ""))
		}, nil, bank.ClaimReversed},
		{"refused", false, func(d *officetest.Desk, c bank.Claim) error {
			return second(d.RefuseClaim(d.T.Context(), approver, c.ID, "not theirs"))
		}, nil, bank.ClaimRefused},
		{"withdrawn", false, func(d *officetest.Desk, c bank.Claim) error {
			return second(d.WithdrawClaim(d.T.Context(), clerk, c.ID))
		}, nil, bank.ClaimWithdrawn},
		{"reversed", true, func(d *officetest.Desk, c bank.Claim) error {
			return second(d.ReverseClaim(d.T.Context(), approver, c.ID, "not theirs"))
		}, bank.ErrClaimNotCredited, bank.ClaimReversed},
	} {
		t.Run(duel.name, func(t *testing.T) {
			t.Parallel()
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
				dollarBank(d)
				a := billedOnCredit(t, d, "10000")
				other := otherNode(t, d)
				waited, late := 0, 0
				for round := range 3 * roundsOfADuel / 2 {
					w, l := duel.fight(t, d, other, a, round)
					waited, late = waited+w, late+l
				}
				t.Logf("%d times the bank's word waited for a person's, %d times the person was late", waited, late)
				replayed(t, d, a)
				d.Prove()
			})
		})
	}
}

// fight is one round.
func (duel claimDuel) fight(t *testing.T, d, other *officetest.Desk, a account.Account, round int) (waited, late int) {
	t.Helper()
	ctx, cents := t.Context(), int64(1_000+round)
	if err := bankMoved(d, fmt.Sprint("in-", round), 0, bankEntry{day: 9, cents: cents, reference: fmt.Sprint("R", round), payer: "Somebody", endToEnd: fmt.Sprint("E", round)}); err != nil {
		t.Fatal(err)
	}
	list := receiptsOf(t, d)
	r := list[slices.IndexFunc(list, func(r bank.Remittance) bool { return r.IsOpen() })]
	c, err := d.ClaimRemittance(ctx, clerk, r.ID, office.Claiming{Account: a.ID, Note: "the slip says so"})
	if err != nil {
		t.Fatal(err)
	}
	if duel.approved {
		if _, err := d.ApproveClaim(ctx, approver, c.ID, ""); err != nil {
			t.Fatal(err)
		}
	}

	person, banks := inEveryOrder(round, func() error { return duel.do(d, c) }, func() error {
		out := bankEntry{day: 10, cents: -cents, reference: fmt.Sprint("X", round), endToEnd: fmt.Sprint("E", round), reversal: true}
		if err := bankMoved(other, fmt.Sprint("out-", round), cents, out); err != nil {
			return err
		}
		return takenByTheBank(other, r)
	})
	switch {
	case person == nil:
	case duel.late != nil && errors.Is(person, duel.late):
		late++
	default:
		t.Fatalf("round %d: the person is told %v, want nothing or %v", round, person, duel.late)
	}
	switch {
	case banks == nil:
	case errors.Is(banks, bank.ErrClaimsWaiting) && !duel.approved:
		waited++
		if err := takenByTheBank(other, r); err != nil {
			t.Fatalf("round %d: taken back once the claim was decided on: %v", round, err)
		}
	default:
		t.Fatalf("round %d: taken back: got %v, want it done, or to wait for the claim", round, banks)
	}

	story, err := d.Remittance(ctx, clerk, r.ID)
	if err != nil || story.State != bank.Ended || story.Explained != r.Amount || !story.Credited.IsZero() || story.Claims[0].State != duel.want {
		t.Fatalf("round %d: the receipt is %+v, %v, want it ended, and its claim %s", round, story, err, duel.want)
	}
	wantOpen(t, d, a, fmt.Sprint("round ", round), 0, 1_000_000)
	if cash, suspense := booksHold(t, d, ledger.BankCash), booksHold(t, d, ledger.BankSuspense); cash != 0 || suspense != 0 {
		t.Fatalf("round %d: got %d in the bank and %d in suspense, want nothing", round, cash, suspense)
	}
	return waited, late
}

// TestAReceiptIsClaimedWhileTheBankTakesItBack claims a receipt on one node while its
// reversal is explained on the other: one of the two waits, and nothing is credited.
func TestAReceiptIsClaimedWhileTheBankTakesItBack(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		dollarBank(d)
		a := d.Customer()
		other := otherNode(t, d)
		claimed := 0
		for round := range 3 * roundsOfADuel / 2 {
			if err := bankMoved(d, fmt.Sprint("in-", round), 0, bankEntry{day: 9, cents: 1_000, reference: fmt.Sprint("R", round), payer: "Somebody"}); err != nil {
				t.Fatal(err)
			}
			list := receiptsOf(t, d)
			r := list[slices.IndexFunc(list, func(r bank.Remittance) bool { return r.IsOpen() })]
			if err := bankMoved(other, fmt.Sprint("out-", round), 1_000, bankEntry{day: 10, cents: -1_000, reference: fmt.Sprint("X", round), reversal: true}); err != nil {
				t.Fatal(err)
			}
			var c bank.Claim
			person, banks := inEveryOrder(round, func() (err error) {
				c, err = d.ClaimRemittance(ctx, clerk, r.ID, office.Claiming{Account: a.ID, Note: "the slip says so"})
				return err
			}, func() error { return takenByTheBank(other, r) })
			switch {
			case person == nil && errors.Is(banks, bank.ErrClaimsWaiting):
				claimed++
				if _, err := d.RefuseClaim(ctx, approver, c.ID, "it went back"); err != nil {
					t.Fatal(err)
				}
				if err := takenByTheBank(other, r); err != nil {
					t.Fatal(err)
				}
			case (errors.Is(person, bank.ErrNothingLeft) || errors.Is(person, bank.ErrRemittanceOver) || errors.Is(person, bank.ErrClaimAmount)) && banks == nil:
			default:
				t.Fatalf("round %d: got %v and %v, want one done, and the other told why not", round, person, banks)
			}
			if got := receiptsOf(t, d)[0]; got.State != bank.Ended {
				t.Fatalf("round %d: the receipt is %s, want ended", round, got.State)
			}
		}
		t.Logf("%d times the claim was first", claimed)
		if got := balanceOf(t, d, a); got != 0 {
			t.Errorf("the balance is %d, want nothing", got)
		}
		d.Prove()
	})
}

// newestApplication is what was spent last of an account's balance and not taken back.
func newestApplication(t *testing.T, d *officetest.Desk, a account.Account) billing.Application {
	t.Helper()
	list, _, err := d.CashApplications(t.Context(), caller(a), a.ID, office.Page{Limit: 1_000})
	newest := slices.IndexFunc(list, func(x billing.Application) bool { return x.Left().IsPositive() })
	if err != nil || newest < 0 {
		t.Fatalf("got %d applications, %v, and nothing left of any", len(list), err)
	}
	return list[newest]
}

// undone takes an application back on a node.
func undone(d *officetest.Desk, app billing.Application) func() error {
	return func() error { return second(d.UndoApplication(d.T.Context(), controller, app.ID, "meant for another")) }
}

// TestUndoneWhileACardSettlesTheDebt takes back what a balance had paid of a usage debt
// while, on the other node, the card's answer for the rest is found: the card pays what
// was taken back too, once, and the balance has it again.
func TestUndoneWhileACardSettlesTheDebt(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer(someCompany)
		d.Bind(a, sandbox.Visa)
		topUp(t, d, a, 60_000)
		other := otherNode(t, d)
		charged := int64(60_000)
		for round := range 3 * roundsOfADuel / 2 {
			d.Sandbox.LoseNext("confirm")
			d.Use(a, fmt.Sprint("line-", round), "5000")
			all := d.DebtsOf(a)
			s := all[len(all)-1]
			if len(s.Payments) != 1 || s.Payments[0].Amount != usd(440_000) || s.Payments[0].IsOver() {
				t.Fatalf("round %d: got payments %v, want one of 4400.00 that is not over", round, s.Payments)
			}
			undo, settle := inEveryOrder(round, undone(d, newestApplication(t, d, a)), func() error {
				return second(other.Payment(t.Context(), access.CommandLine, s.Payments[0].ID, true))
			})
			if undo != nil || settle != nil {
				t.Fatalf("round %d: got %v and %v, want both done", round, undo, settle)
			}
			d.Pass(time.Hour)
			if err := other.Clock.Set(t.Context(), d.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			charged += 500_000
			s, err := d.Debt(t.Context(), access.CommandLine, s.Debt.ID)
			if err != nil || s.Debt.State != billing.Paid || len(s.Payments) != 2 || s.Payments[1].Amount != usd(60_000) {
				t.Fatalf("round %d: got %s with %v, %v, want what was taken back charged too, 600.00", round, s.Debt.State, s.Payments, err)
			}
			if got := balanceOf(t, d, a); got != 60_000 {
				t.Fatalf("round %d: the balance is %d, want the 600.00 that were taken back", round, got)
			}
		}
		worldTook(t, d, charged)
		replayed(t, d, a)
		d.Prove()
	})
}

// worldTook fails the test unless the pretend world took so many cents in all.
func worldTook(t *testing.T, d *officetest.Desk, want int64) {
	t.Helper()
	books, err := d.Sandbox.Books(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := books.Totals["usd"].Captured; got != want {
		t.Errorf("the world took %d, want %d", got, want)
	}
}

// TestUndoneWhileThePayerSettlesTheBill takes an application to a bill back while, on the
// other node, its payer's challenge ends, for better or worse: the bill has open what
// neither pays, and none of it is spent again.
func TestUndoneWhileThePayerSettlesTheBill(t *testing.T) {
	for _, passes := range []bool{true, false} {
		t.Run(fmt.Sprint("challenge passed ", passes), func(t *testing.T) {
			t.Parallel()
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
				dollarBank(d)
				a := billedOnCredit(t, d, "10000")
				number := ownNumber(t, d, a)
				b := billsOf(t, d, a)[0]
				other := otherNode(t, d)
				open, balance := int64(1_000_000), int64(0)
				const rounds = 12 // a card that is declined is tried 15 times in 30 days
				for round := range rounds {
					in := bankEntry{day: 9, cents: 6_000, reference: fmt.Sprint("R", round), payer: "Somebody", to: number}
					if err := bankMoved(d, in.reference, int64(round)*6_000, in); err != nil {
						t.Fatal(err)
					}
					app := newestApplication(t, d, a)
					order(t, d, a, "authenticate", 1)
					p, err := d.PayBill(t.Context(), caller(a), b.ID, office.BillPayment{Amount: usd(4_000), ReturnURL: "http://console.test/bills"})
					if err != nil || len(p.Payments) != 1 || p.Payments[0].State != payment.Waiting {
						t.Fatalf("round %d: got %v and %v, want a payment that waits", round, p.Payments, err)
					}
					if _, err := d.Sandbox.AnswerChallenge(p.Payments[0].Ref, passes); err != nil {
						t.Fatal(err)
					}
					undo, settle := inEveryOrder(round, undone(d, app), func() error { return second(other.Payment(t.Context(), caller(a), p.Payments[0].ID, true)) })
					if undo != nil || settle != nil {
						t.Fatalf("round %d: got %v and %v, want both done", round, undo, settle)
					}
					d.Pass(time.Minute)
					if err := other.Clock.Set(t.Context(), d.Clock.Now()); err != nil {
						t.Fatal(err)
					}
					balance += 6_000
					if passes {
						open -= 4_000
					}
					wantOpen(t, d, a, fmt.Sprint("round ", round), balance, open)
					autoApply(t, d, a, false)
					autoApply(t, d, a, true) // what was taken back is spent again, by a person's word
					open, balance = open-balance, 0
					wantOpen(t, d, a, fmt.Sprint("spent again in round ", round), balance, open)
					if t.Failed() {
						return
					}
				}
				replayed(t, d, a)
				d.Prove()
			})
		})
	}
}

// TestUndoneWhileATransferPaysTheDebt takes an application to a bill back on one node
// while, on the other, a transfer is taken in that pays the same bill, or a person puts
// the balance to it: what came is on the bill or on the balance, all of it, once.
func TestUndoneWhileATransferPaysTheDebt(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		dollarBank(d)
		a := billedOnCredit(t, d, "3000", "10000")
		number := ownNumber(t, d, a)
		other := otherNode(t, d)
		came := int64(0)
		transfer := func(node *officetest.Desk, id string, cents int64) error {
			return bankMoved(node, id, came, bankEntry{day: 9, cents: cents, reference: id, payer: "Somebody", to: number})
		}
		for round := range 3 * roundsOfADuel / 2 {
			if err := transfer(d, fmt.Sprint("A", round), 1_000); err != nil {
				t.Fatal(err)
			}
			came += 1_000
			app := newestApplication(t, d, a)
			undo, transferred := inEveryOrder(round, undone(d, app), func() error { return transfer(other, fmt.Sprint("B", round), 700) })
			if undo != nil || transferred != nil {
				t.Fatalf("round %d: got %v and %v, want both done", round, undo, transferred)
			}
			came += 700
			wantKept(t, d, a, fmt.Sprint("round ", round), came)

			// By hand, on both nodes at once: what is taken back from a bill, and what is put to it.
			app, held := newestApplication(t, d, a), balanceOf(t, d, a)
			undo, put := inEveryOrder(round, undone(d, app), func() error {
				return second(other.ApplyBalance(ctx, controller, a.ID, []office.BalanceUse{{Bill: billing.BillID(app.Bill), Amount: money.Amount{Minor: max(held, 1), Currency: "USD"}}}))
			})
			if undo != nil || put != nil && held > 0 || put != nil && !errors.Is(put, billing.ErrNothingHeld) {
				t.Fatalf("round %d by hand: got %v and %v with %d held, want both done", round, undo, put, held)
			}
			wantKept(t, d, a, fmt.Sprint("by hand in round ", round), came)
			autoApply(t, d, a, false)
			autoApply(t, d, a, true)
			if got := balanceOf(t, d, a); got != 0 {
				t.Fatalf("round %d: with the switch on anew the balance is %d, want nothing while bills are open", round, got)
			}
		}
		replayed(t, d, a)
		d.Prove()
	})
}

// wantKept fails the test unless all that came is on the bills, of 13,000.00, or on the
// balance.
func wantKept(t *testing.T, d *officetest.Desk, a account.Account, when string, came int64) {
	t.Helper()
	kept := balanceOf(t, d, a) + 1_300_000
	for _, open := range openOf(t, d, a) {
		kept -= open
	}
	if kept != came {
		t.Fatalf("%s: %d are on bills and balance, want the %d that came", when, kept, came)
	}
}
