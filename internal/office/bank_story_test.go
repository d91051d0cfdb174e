package office_test

import (
	"context"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// The two persons who have to agree.
var (
	manager = access.Caller{Name: "test:account-manager", Trusted: true}
	finance = access.Caller{Name: "test:finance", Trusted: true}
)

// onCredit opens an account in euros with a credit line, and returns the number that it
// transfers to.
func onCredit(t *testing.T, d *officetest.Desk) (account.Account, string) {
	t.Helper()
	ctx := context.Background()
	a := d.Customer(func(n *office.NewAccount) { n.Country, n.Currency, n.Name = "DE", "EUR", "Meridian Robotics GmbH" })
	line, err := d.ProposeCreditLine(ctx, manager, a.ID, office.CreditProposal{Kind: account.OpenCredit, Limit: euros(10_000_00), Reason: "a contract"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ApproveCreditLine(ctx, finance, line.ID, ""); err != nil {
		t.Fatal(err)
	}
	to, err := d.ReceivingDetails(ctx, access.CommandLine, a.ID)
	if err != nil || !to.Dedicated {
		t.Fatalf("receiving details: got %+v, %v, want a number of its own", to, err)
	}
	return a, to.Number
}

func euros(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

// bankAgrees fails the test unless our books say of our bank accounts what the bank does.
func bankAgrees(t *testing.T, d *officetest.Desk) {
	t.Helper()
	books, err := d.Sandbox.Books(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	totals, err := d.Totals(context.Background(), access.CommandLine)
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]int64{}
	for _, s := range totals {
		if s.Ledger == "bank_cash" {
			ours[string(s.Debit.Currency)] += s.Debit.Minor - s.Credit.Minor
		}
	}
	for c, theirs := range books.Bank.Totals {
		if theirs.Booked != ours[c] {
			t.Errorf("%s: the bank has %d, our books %d", c, theirs.Booked, ours[c])
		}
	}
}

// explainReversal has a person confirm that the bank took the one receipt back.
func explainReversal(t *testing.T, d *officetest.Desk) {
	t.Helper()
	ctx := context.Background()
	lines, _, err := d.BankLines(ctx, finance, office.LineFilter{State: bank.LineUnexplained}, office.Page{Limit: 10})
	if err != nil || len(lines) != 1 || !lines[0].Reversal {
		t.Fatalf("unexplained lines: got %+v, %v, want the reversal", lines, err)
	}
	receipts, _, err := d.Remittances(ctx, finance, office.RemittanceFilter{}, office.Page{Limit: 10})
	if err != nil || len(receipts) != 1 {
		t.Fatalf("receipts: got %+v, %v, want one", receipts, err)
	}
	if _, err := d.ExplainLine(ctx, finance, lines[0].ID, office.Explaining{Kind: bank.ExplainReversal, Subject: string(receipts[0].ID), Note: "the bank took it back"}); err != nil {
		t.Fatal(err)
	}
}

// A transfer to a customer's own number finds its owner and pays the oldest bill, part of
// the next one, and gives both back when the bank takes it back.
func TestATransferPaysTheOldestBillsAndAReversalOpensThemAgain(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		d.OpenBank()
		a, number := onCredit(t, d)
		d.Use(a, "march", "100")
		d.PassTo(time.Date(2026, 4, 7, 12, 0, 0, 0, time.UTC))
		d.Use(a, "april", "50")
		d.PassTo(time.Date(2026, 5, 7, 12, 0, 0, 0, time.UTC))
		bills := billsOf(t, d, a)
		if len(bills) != 2 || !bills[0].Open.IsPositive() || bills[0].DueAt.IsZero() {
			t.Fatalf("got bills %+v, want two that are open and due", bills)
		}
		first, second := bills[0].Total.Minor, bills[1].Total.Minor
		if first+second <= 120_00 {
			t.Fatalf("got bills of %d and %d, want more than what is transferred", first, second)
		}

		sent := d.Transfer(sandbox.Transfer{To: number, Amount: "120.00", Payer: sandbox.BankParty{Name: "Meridian Robotics", Account: "GB33BUKB20201555555555"}, Reference: "invoices", EndToEnd: "E-1"})
		statement := d.EndDay()
		if got := d.Import(statement...); got.New != 1 || got.Credited != 1 || got.Waiting != 0 {
			t.Errorf("import: got %d new, %d credited, %d waiting", got.New, got.Credited, got.Waiting)
		}
		if again := d.Import(statement...); again.New != 0 || again.Credited != 0 {
			t.Errorf("the same file again: got %d new, %d credited", again.New, again.Credited)
		}
		bills = billsOf(t, d, a)
		if bills[0].Open.Minor != 0 || bills[1].Open.Minor != first+second-120_00 {
			t.Errorf("after the transfer: %s and %s are open, want nothing and the rest", bills[0].Open, bills[1].Open)
		}
		bankAgrees(t, d)
		d.Prove()

		// The next day the bank takes it back.
		d.Pass(24 * time.Hour)
		if _, err := d.Sandbox.Reverse(sandbox.Reversal{Entry: sent.Reference, Reason: "FOCR"}); err != nil {
			t.Fatal(err)
		}
		if got := d.Import(d.EndDay()...); got.New != 1 {
			t.Errorf("import of the reversal: got %d new", got.New)
		}
		bankAgrees(t, d)
		explainReversal(t, d)
		bills = billsOf(t, d, a)
		if bills[0].Open.Minor != first || bills[1].Open.Minor != second {
			t.Errorf("after the reversal: %s and %s are open, want all of both", bills[0].Open, bills[1].Open)
		}
		bankAgrees(t, d)
		d.Prove()
	})
}
