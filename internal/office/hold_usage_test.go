package office_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// The first usage with PayPal preferred places a hold; the threshold's charge is
// taken from it, and the next one is placed (R-PP-07 to R-PP-09).
func TestThresholdIsTakenFromTheHold(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		m := d.BindWallet(a, sandbox.PayerUS)
		nothingHeld(t, d)
		d.Use(a, "l1", "3.00")
		held := heldAtPayPal(t, d)
		if len(held) != 1 || held[0].Amount != 10_00 {
			t.Fatalf("after the first usage PayPal holds %v, want one of 10.00", held)
		}
		d.Use(a, "l2", "4.99")
		if debts := d.DebtsOf(a); len(debts) != 0 {
			t.Fatalf("7.99: got %d debts, want none", len(debts))
		}
		d.Use(a, "l3", "0.01") // R-THR-02: 8.00
		debts := d.DebtsOf(a)
		if len(debts) != 1 || debts[0].Debt.State != billing.Paid || debts[0].Debt.Amount.Decimal() != "8.00" {
			t.Fatalf("8.00: got %v, want one debt of 8.00 paid", debts)
		}
		if p := debts[0].Payments[0]; p.Hold == "" || p.Provider != "paypal" {
			t.Errorf("the payment came from hold %q at %s, want from the hold at paypal", p.Hold, p.Provider)
		}
		held = heldAtPayPal(t, d)
		if len(held) != 1 || held[0].Amount != 10_00 {
			t.Errorf("after the charge PayPal holds %v, want the next one alone", held)
		}
		timeline(t, d, m.ID, "hold.placed", "hold.captured")
		d.Prove()
	})
}

// What is more than the hold can give is charged to the payer's account itself.
func TestMoreThanTheHoldGives(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.BindWallet(a, sandbox.PayerUS)
		d.Use(a, "l1", "3.00")
		d.Use(a, "l2", "60.00")
		debts := d.DebtsOf(a)
		if len(debts) != 1 || debts[0].Debt.State != billing.Paid || debts[0].Payments[0].Hold != "" {
			t.Fatalf("got %v, want 63.00 paid beside the hold", debts)
		}
		if held := heldAtPayPal(t, d); len(held) != 1 {
			t.Errorf("PayPal holds %v, want one", held)
		}
		d.Prove()
	})
}

// A hold is renewed once its promise is over, then another takes its place: at most
// one is live at any time, and none when use has ended (R-PP-08, R-PP-09).
func TestHoldOnUsageIsRenewedNotStacked(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		m := d.BindWallet(a, sandbox.PayerUS)
		d.Use(a, "l1", "3.00")
		for day := range 60 {
			d.Pass(24 * time.Hour)
			if held := heldAtPayPal(t, d); len(held) > 1 {
				t.Fatalf("day %d: PayPal holds %v at once", day, held)
			}
		}
		timeline(t, d, m.ID, "hold.placed", "hold.renewed", "hold.released")
		nothingHeld(t, d) // the month was charged, and 30 days went by without usage
		for _, h := range holdsOf(t, d, m.ID) {
			if h.IsLive() {
				t.Errorf("hold %s is %s", h.ID, h.State)
			}
		}
		d.Prove()
	})
}

// When the platform says that nothing runs any more, and nothing is unbilled, the
// hold goes at once.
func TestHoldOnUsageEndsWithUse(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.BindWallet(a, sandbox.PayerUS)
		run := func(n int) {
			t.Helper()
			if _, err := d.ReportResources(t.Context(), access.CommandLine, a.ID, account.Resources{Running: n}); err != nil {
				t.Fatal(err)
			}
			d.Pass(time.Minute)
		}
		run(2)
		if held := heldAtPayPal(t, d); len(held) != 1 {
			t.Fatalf("resources run: PayPal holds %v, want one", held)
		}
		run(0)
		nothingHeld(t, d)
		d.Prove()
	})
}

// Another method becomes preferred: the hold is released, the threshold is the new
// method's at once (R-THR-07), and back.
func TestSwitchingPreferred(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		card := d.Bind(a, sandbox.Visa).Method
		wallet := d.BindWallet(a, sandbox.PayerUS)
		if now := d.MethodNow(card.ID); !now.Preferred {
			t.Fatal("the card is not preferred any more, want it to stay")
		}
		d.Use(a, "l1", "9.00") // under the card's 1,000.00
		if debts := d.DebtsOf(a); len(debts) != 0 {
			t.Fatalf("on the card: got %d debts, want none", len(debts))
		}
		preferMethod(t, d, wallet.ID)
		debts := d.DebtsOf(a)
		if len(debts) != 1 || debts[0].Debt.State != billing.Paid || debts[0].Payments[0].Method != wallet.ID {
			t.Fatalf("on PayPal: got %v, want 9.00 charged at once", debts)
		}
		d.Use(a, "l2", "2.00")
		if held := heldAtPayPal(t, d); len(held) != 1 {
			t.Errorf("PayPal holds %v, want one", held)
		}
		preferMethod(t, d, card.ID)
		d.Pass(time.Minute)
		nothingHeld(t, d)
		d.Use(a, "l3", "20.00")
		if debts := d.DebtsOf(a); len(debts) != 1 {
			t.Errorf("back on the card: got %d debts, want the one", len(debts))
		}
		d.Prove()
	})
}

// PayPal's threshold moves between 8 and 500 by what was paid, and each change is
// logged (R-THR-02, R-THR-08).
func TestPayPalThresholdMoves(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.BindWallet(a, sandbox.PayerUS)
	threshold := func() string {
		t.Helper()
		w, err := d.WaysToPay(t.Context(), access.CommandLine, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return w.Threshold.Decimal()
	}
	if got := threshold(); got != "8.00" {
		t.Errorf("at the start: got %s, want 8.00", got)
	}
	for n := range 30 {
		d.Use(a, "l"+strconv.Itoa(n), "600.00")
	}
	if got := threshold(); got != "500.00" && got == "8.00" {
		t.Errorf("after thirty that were paid: got %s, want more", got)
	}
	paid := threshold()
	setBalance(t, d, sandbox.PayerUS, "0.00")
	d.Use(a, "over", "600.00")
	if got := threshold(); got == paid {
		t.Errorf("after a refusal: got %s, want less", got)
	}
	setBalance(t, d, sandbox.PayerUS, "100000.00")
	d.Pass(8 * 24 * time.Hour)
	if debts := d.DebtsOf(a); debts[len(debts)-1].Debt.State != billing.Paid {
		t.Errorf("a week later: got %s, want paid", debts[len(debts)-1].Debt.State)
	}
	d.Prove()
}

// Each answer of a charge to PayPal is lost, before and after its effect, from the
// account itself and from a hold: one capture each, and at most one hold.
func TestPayPalChargeWithLostAnswers(t *testing.T) {
	for _, op := range []string{"paypal_order_create", "paypal_order_capture", "paypal_authorization_capture", "paypal_order_authorize", "paypal_order_retrieve", "paypal_authorization_void"} {
		for _, kind := range []string{"lost_before", "lost_after", "500_after", "503", "429"} {
			for _, from := range []string{"account", "hold"} {
				t.Run(op+" "+kind+" "+from, func(t *testing.T) {
					d := officetest.New(t)
					a := d.Customer()
					d.BindWallet(a, sandbox.PayerUS)
					if from == "hold" {
						d.Use(a, "l1", "3.00")
					}
					d.Sandbox.Fault(sandbox.Fault{Op: op, Kind: kind, Times: 2})
					d.Use(a, "l2", "8.00")
					d.Pass(2 * time.Hour)
					d.Sandbox.ClearFaults()
					d.Pass(2 * time.Hour)
					debts := d.DebtsOf(a)
					if len(debts) != 1 || debts[0].Debt.State != billing.Paid {
						t.Fatalf("got %v, want one paid debt", debts)
					}
					if held := heldAtPayPal(t, d); len(held) > 1 {
						t.Errorf("PayPal holds %v at once", held)
					}
					d.Prove()
				})
			}
		}
	}
}

// PayPal is out of reach for longer than it remembers keys: still one capture.
func TestPayPalForgetsTheKey(t *testing.T) {
	for _, op := range []string{"paypal_order_create", "paypal_order_capture"} {
		for _, kind := range []string{"lost_before", "lost_after"} {
			t.Run(op+" "+kind, func(t *testing.T) {
				d := officetest.New(t)
				a := d.Customer()
				d.BindWallet(a, sandbox.PayerUS)
				d.Sandbox.Fault(sandbox.Fault{Op: op, Kind: kind})
				d.Sandbox.Fault(sandbox.Fault{Op: "paypal", Kind: "503", Rate: 1})
				d.Use(a, "l1", "60.00")
				d.Pass(9 * time.Hour)
				d.Sandbox.ClearFaults()
				d.Pass(3 * 24 * time.Hour)
				debts := d.DebtsOf(a)
				if len(debts) != 1 || debts[0].Debt.State != billing.Paid {
					t.Fatalf("got %v, want one paid debt", debts)
				}
				d.Prove()
			})
		}
	}
}

// The process dies between the order and its capture: the watch finishes it, once.
func TestKilledBetweenOrderAndCapture(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.BindWallet(a, sandbox.PayerUS)
	d.Prompt = office.PromptOff // whoever decided does nothing more
	d.Sandbox.Fault(sandbox.Fault{Op: "paypal_order_capture", Kind: "503", Times: 3})
	d.Use(a, "l1", "60.00")
	d.Pass(24 * time.Hour)
	debts := d.DebtsOf(a)
	if len(debts) != 1 || debts[0].Debt.State != billing.Paid || len(debts[0].Payments) != 1 {
		t.Fatalf("got %v, want one debt paid by one payment", debts)
	}
	d.Prove()
}

// A payer whose balance runs out: the refusal makes the debt overdue, and paying it
// later by card ends that.
func TestPayPalBalanceRunsOut(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.BindWallet(a, sandbox.PayerSmallBalance)
		d.Use(a, "l1", "9.00")
		d.Use(a, "l2", "15.00")
		debts := d.DebtsOf(a)
		last := debts[len(debts)-1]
		if last.Debt.State != billing.Open || last.Payments[0].Refusal.Class != string(provider.IssuerBlock) {
			t.Fatalf("got %s refused as %q, want open, issuer_block: PayPal tells no more", last.Debt.State, last.Payments[0].Refusal.Class)
		}
		card := d.Bind(a, sandbox.Visa).Method
		preferMethod(t, d, card.ID)
		d.Pass(time.Minute)
		debts = d.DebtsOf(a)
		if last := debts[len(debts)-1]; last.Debt.State != billing.Paid {
			t.Errorf("with the card: got %s, want paid", last.Debt.State)
		}
		nothingHeld(t, d)
		d.Prove()
	})
}

func preferMethod(t testing.TB, d *officetest.Desk, id payment.MethodID) {
	t.Helper()
	if _, err := d.PreferMethod(context.Background(), access.CommandLine, id); err != nil {
		t.Fatal(err)
	}
}

func setBalance(t testing.TB, d *officetest.Desk, payer, amount string) {
	t.Helper()
	if err := d.Sandbox.SetBalance(payer, "USD", amount); err != nil {
		t.Fatal(err)
	}
}

// timeline fails the test unless these are on the method's timeline.
func timeline(t testing.TB, d *officetest.Desk, id payment.MethodID, want ...string) {
	t.Helper()
	s, err := d.Method(context.Background(), access.CommandLine, id, false)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range s.History {
		seen[r.Action] = true
	}
	for _, w := range want {
		if !seen[w] {
			t.Errorf("%s is not on the method's timeline", w)
		}
	}
}
