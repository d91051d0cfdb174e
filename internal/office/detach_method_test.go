package office_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// codes are the reasons in an error.
func codes(err error) []string {
	var all []string
	for _, f := range fault.All(err) {
		all = append(all, f.Code)
	}
	return all
}

// The dry run and the deletion say the same, and list every reason (R-DEL-01..05, 07).
func TestDetachMethod(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		refused := func(id payment.MethodID, want ...*fault.Error) {
			t.Helper()
			_, why, err := d.MayDetachMethod(t.Context(), access.CommandLine, id)
			if err != nil {
				t.Fatal(err)
			}
			_, really := d.DetachMethod(t.Context(), access.CommandLine, id)
			for _, w := range want {
				if !errors.Is(why, w) || !errors.Is(really, w) {
					t.Errorf("got %v by dry run and %v, want %s among them", codes(why), codes(really), w.Code)
				}
			}
			if len(codes(why)) != len(want) || len(codes(really)) != len(want) {
				t.Errorf("got %v by dry run and %v, want %d reasons", codes(why), codes(really), len(want))
			}
		}
		a := d.Customer()
		card := d.Bind(a, sandbox.Visa).Method
		wallet := d.BindWallet(a, sandbox.PayerUS)
		refused(card.ID, payment.ErrMethodPreferred)
		if m, err := d.DetachMethod(t.Context(), access.CommandLine, wallet.ID); err != nil || m.State != payment.Detached {
			t.Fatalf("the other of two: got %s, %v, want detached", m.State, err)
		}
		d.Pass(time.Minute)
		for _, g := range agreementsAtPayPal(t, d) {
			if !g.Cancelled {
				t.Error("PayPal still keeps the agreement") // R-DEL-06
			}
		}
		d.Use(a, "l1", "3.00")
		if _, err := d.ReportResources(t.Context(), access.CommandLine, a.ID, account.Resources{Running: 2, Examples: []string{"vm-1"}}); err != nil {
			t.Fatal(err)
		}
		refused(card.ID, payment.ErrResourcesRunning, payment.ErrUsageUnbilled)
		if _, err := d.ReportResources(t.Context(), access.CommandLine, a.ID, account.Resources{}); err != nil {
			t.Fatal(err)
		}
		refused(card.ID, payment.ErrUsageUnbilled)
		order(t, d, a, "decline:insufficient_funds", 1)
		d.Use(a, "l2", "1000.00")
		refused(card.ID, payment.ErrOverdue)
		d.Pass(8 * 24 * time.Hour)
		if m, err := d.DetachMethod(t.Context(), access.CommandLine, card.ID); err != nil || m.State != payment.Detached {
			t.Fatalf("the only one, nothing owed: got %s, %v, want detached", m.State, err)
		}
		// It can be bound elsewhere at once (R-DEL-06).
		if b, err := d.TryBind(d.Customer(), sandbox.Visa); err != nil || b.Method.State != payment.Active {
			t.Errorf("elsewhere: got %s, %v", b.Method.State, err)
		}
		d.Prove()
	})
}

// PayPal that is the only method goes with its hold on usage released.
func TestDetachPayPalWithHoldOnUsage(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		wallet := d.BindWallet(a, sandbox.PayerUS)
		d.Use(a, "l1", "3.00")
		d.PassTo(time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)) // the month's bill was paid
		if held := heldAtPayPal(t, d); len(held) != 1 {
			t.Fatalf("PayPal holds %v, want one", held)
		}
		if _, err := d.DetachMethod(t.Context(), access.CommandLine, wallet.ID); err != nil {
			t.Fatal(err)
		}
		d.Pass(time.Hour)
		nothingHeld(t, d)
		d.Prove()
	})
}

// Closing asks for no resources, bills or debts; late usage is collected at the end
// of the silent period, and what cannot be collected reopens the account (R-CLOSE).
func TestCloseAccount(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		if _, err := d.ReportResources(t.Context(), access.CommandLine, a.ID, account.Resources{Running: 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.CloseAccount(t.Context(), access.CommandLine, a.ID); !errors.Is(err, payment.ErrResourcesRunning) {
			t.Errorf("resources run: got %v", err)
		}
		if _, err := d.ReportResources(t.Context(), access.CommandLine, a.ID, account.Resources{}); err != nil {
			t.Fatal(err)
		}
		d.Use(a, "l1", "3.00")
		c, err := d.CloseAccount(t.Context(), access.CommandLine, a.ID)
		if err != nil || c.Account.State != account.Silent {
			t.Fatalf("got %s, %v, want silent", c.Account.State, err)
		}
		if _, err := d.TryBind(a, sandbox.Mastercard); !errors.Is(err, account.ErrClosed) {
			t.Errorf("binding while silent: got %v, want refused", err)
		}
		d.Use(a, "l2", "4.00") // late
		d.Pass(15*24*time.Hour + time.Hour)
		if got := accountNow(t, d, a.ID).State; got != account.Closed {
			t.Errorf("after the silent period: got %s, want closed", got)
		}
		debts := d.DebtsOf(a)
		if len(debts) != 1 || debts[0].Debt.State != billing.Paid || debts[0].Debt.Amount.Decimal() != "7.00" {
			t.Errorf("late usage: got %v, want 7.00 paid", debts)
		}
		if b, err := d.TryBind(d.Customer(), sandbox.Visa); err != nil || b.Method.State != payment.Active {
			t.Errorf("its card elsewhere: got %s, %v", b.Method.State, err)
		}
		d.PassTo(time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC))
		if bills := billsOf(t, d, a); len(bills) != 1 || !bills[0].IsPaid() || bills[0].Total.Decimal() != "7.00" {
			t.Errorf("its last bill: got %v, want 7.00 paid", bills)
		}
		d.Prove()
	})
}

func TestLateUsageThatCannotBeCollectedReopens(t *testing.T) { // R-CLOSE-02
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		if _, err := d.CloseAccount(t.Context(), access.CommandLine, a.ID); err != nil {
			t.Fatal(err)
		}
		order(t, d, a, "decline:insufficient_funds", 9)
		d.Use(a, "l1", "4.00")
		d.Pass(16 * 24 * time.Hour)
		if got := accountNow(t, d, a.ID); got.State != account.Active || !got.SilentSince.IsZero() {
			t.Errorf("got %s since %v, want active again", got.State, got.SilentSince)
		}
		if methods := methodsOf(t, d, a); len(methods) != 1 || methods[0].State != payment.Active {
			t.Errorf("got %v, want its card still bound", methods)
		}
		d.Prove()
	})
}

func accountNow(t testing.TB, d *officetest.Desk, id account.ID) account.Account {
	t.Helper()
	a, err := d.Account(t.Context(), access.CommandLine, id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
