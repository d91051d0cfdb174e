package office_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// owing is a customer whose card behaves as told and who reached the threshold.
func owing(t *testing.T, d *officetest.Desk, then string, times int) (account.Account, office.DebtStory) {
	t.Helper()
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	if then != "" {
		order(t, d, a, then, times)
	}
	d.Use(a, "1", "1000")
	return a, d.DebtsOf(a)[0]
}

func TestARefusedChargeIsTriedAgainAfterSevenAndFourteenDays(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, s := owing(t, d, "decline:insufficient_funds", 2)
		if s.Payments[0].State != payment.Declined {
			t.Fatalf("the first payment is %s, want declined and closed", s.Payments[0].State)
		}
		if a := current(t, d, a); a.OverdueSince.IsZero() {
			t.Error("the account is not overdue after the first failure (R-DUN-02)")
		}
		for _, c := range []struct {
			day      time.Duration
			attempts int
			state    billing.DebtState
		}{{6, 1, billing.Open}, {8, 2, billing.Open}, {13, 2, billing.Open}, {15, 3, billing.Paid}} {
			d.PassTo(officetest.Start.Add(c.day * 24 * time.Hour))
			s := d.DebtsOf(a)[0]
			if len(s.Payments) != c.attempts || s.Debt.State != c.state {
				t.Errorf("day %d: %d attempts, %s; want %d, %s (R-DUN-01)", c.day, len(s.Payments), s.Debt.State, c.attempts, c.state)
			}
		}
		if a := current(t, d, a); !a.OverdueSince.IsZero() {
			t.Error("the account is still overdue after everything is paid")
		}
		d.Prove()
	})
}

func TestAStolenCardIsNeverTriedAgainByItself(t *testing.T) {
	d := officetest.New(t)
	a, _ := owing(t, d, "decline:stolen_card", 5)
	d.Pass(60 * 24 * time.Hour)
	if got := len(d.DebtsOf(a)[0].Payments); got != 1 {
		t.Errorf("%d attempts, want 1 (R-DUN-05)", got)
	}
	d.Bind(a, sandbox.Mastercard)
	prefer(t, d, a, "mastercard")
	d.Pass(time.Minute)
	if got := d.DebtsOf(a)[0].Debt.State; got != billing.Paid {
		t.Errorf("with another card the debt is %s, want paid at once (R-DUN-09)", got)
	}
	d.Prove()
}

func TestADebtWithoutAMethodIsCollectedWhenOneIsBound(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.Use(a, "1", "1200")
	d.Pass(time.Hour)
	d.Bind(a, sandbox.Visa)
	d.Pass(time.Minute)
	if got := d.DebtsOf(a)[0].Debt.State; got != billing.Paid {
		t.Errorf("the debt is %s, want paid", got)
	}
	d.Prove()
}

func TestLostAnswersAtEveryStepOfACharge(t *testing.T) {
	for _, op := range []string{"create", "confirm", "retrieve", "list", "any"} {
		for _, kind := range []string{"lost_before", "lost_after", "500", "500_after", "503", "429", "unauthorized"} {
			for _, times := range []int{1, 3} {
				t.Run(fmt.Sprintf("%s %s x%d", op, kind, times), func(t *testing.T) {
					d := officetest.New(t)
					a := d.Customer()
					d.Bind(a, sandbox.Visa)
					d.Sandbox.Fault(sandbox.Fault{Op: "create", Kind: "lost_after"})
					d.Sandbox.Fault(sandbox.Fault{Op: op, Kind: kind, Times: times})
					d.Use(a, "1", "1000")
					d.Pass(2 * time.Hour)
					s := d.DebtsOf(a)[0]
					if s.Debt.State != billing.Paid { // what only a later look finds
						d.Pass(5 * 24 * time.Hour)
						s = d.DebtsOf(a)[0]
					}
					if s.Debt.State != billing.Paid {
						t.Errorf("after five days the debt is %s with %d payments, the last %s; want paid", s.Debt.State, len(s.Payments), s.Payments[len(s.Payments)-1].State)
					}
					d.Prove()
				})
			}
		}
	}
}

func TestAnUnknownPaymentBlocksItsDebtAndNeverFailsByAge(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	d.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_after", Times: 1000})
	d.Sandbox.Fault(sandbox.Fault{Op: "retrieve", Kind: "lost_before", Times: 1000})
	d.Use(a, "1", "1000")
	d.Pass(30 * 24 * time.Hour)
	s := d.DebtsOf(a)[0]
	if len(s.Payments) != 1 || s.Payments[0].State != payment.Unknown {
		t.Fatalf("after a month: %d payments, the first %s; want one, unknown (R-DUN-08)", len(s.Payments), s.Payments[0].State)
	}
	_, err := d.CollectDebt(context.Background(), access.CommandLine, s.Debt.ID, office.Charge{Initiator: payment.MIT, Reason: payment.Retry})
	if !errors.Is(err, payment.ErrUnresolved) {
		t.Errorf("a second attempt: %v, want payment_unresolved", err)
	}
	d.Sandbox.ClearFaults()
	d.Pass(25 * time.Hour)
	if got := d.DebtsOf(a)[0].Debt.State; got != billing.Paid {
		t.Errorf("once the provider answers the debt is %s, want paid", got)
	}
	d.Prove()
}

func TestAKeyWhoseWindowIsOverIsNotUsedAgain(t *testing.T) {
	for _, kind := range []string{"lost_before", "lost_after"} {
		t.Run(kind, func(t *testing.T) {
			d := officetest.New(t)
			a := d.Customer()
			d.Bind(a, sandbox.Visa)
			d.Sandbox.Fault(sandbox.Fault{Op: "create", Kind: kind})
			d.Sandbox.Fault(sandbox.Fault{Op: "any", Kind: "503", Times: 8})
			d.Use(a, "1", "1000")
			d.Pass(20 * 24 * time.Hour)
			if s := d.DebtsOf(a)[0]; s.Debt.State != billing.Paid {
				t.Errorf("the debt is %s after %d payments, want paid", s.Debt.State, len(s.Payments))
			}
			d.Prove()
		})
	}
}

func TestAnUnattendedChargeThatNeedsThePayerWaitsForThem(t *testing.T) {
	for _, pass := range []bool{true, false} {
		t.Run(fmt.Sprintf("pass %t", pass), func(t *testing.T) {
			d := officetest.New(t)
			a, s := owing(t, d, "authenticate", 2)
			p := s.Payments[0]
			if p.State != payment.Waiting {
				t.Fatalf("the payment is %s, want challenged (R-3DS-06)", p.State)
			}
			link, _, err := d.OpenChallenge(context.Background(), access.CommandLine, p.ID)
			if err != nil {
				t.Fatal(err)
			}
			secret := link[len("http://console.test/challenge/"):]
			p, err = d.TakeChallenge(context.Background(), secret)
			if err != nil || p.ChallengeURL == "" {
				t.Fatalf("the link leads to %q, %v; want the issuer's page", p.ChallengeURL, err)
			}
			if _, err := d.TakeChallenge(context.Background(), secret); err == nil {
				t.Error("the link was used twice (R-3DS-05)")
			}
			if _, err := d.Sandbox.AnswerChallenge(p.Ref, pass); err != nil {
				t.Fatal(err)
			}
			p, err = d.Payment(context.Background(), access.CommandLine, p.ID, true)
			if err != nil {
				t.Fatal(err)
			}
			if want := map[bool]payment.State{true: payment.Succeeded, false: payment.Declined}[pass]; p.State != want {
				t.Errorf("the payment is %s, want %s", p.State, want)
			}
			d.Pass(8 * 24 * time.Hour)
			if got := d.DebtsOf(a)[0].Debt.State; got != billing.Paid {
				t.Errorf("a week later the debt is %s, want paid", got)
			}
			d.Prove()
		})
	}
}

func TestAChallengeLinkThatNobodyUsesLapsesAndTheDebtIsTriedAgain(t *testing.T) {
	d := officetest.New(t)
	a, _ := owing(t, d, "authenticate", 1)
	d.Pass(11 * 24 * time.Hour)
	s := d.DebtsOf(a)[0]
	if s.Payments[0].State != payment.Cancelled || s.Debt.State != billing.Paid {
		t.Errorf("the payment is %s and the debt %s, want cancelled after three days and then paid at T+7", s.Payments[0].State, s.Debt.State)
	}
	d.Prove()
}

func TestACrashBetweenTheBeatsOfAChargeIsTakenUp(t *testing.T) {
	for _, op := range []string{"create", "confirm"} {
		for _, kind := range []string{"lost_before", "lost_after"} {
			t.Run(op+" "+kind, func(t *testing.T) {
				d := officetest.New(t)
				a := d.Customer()
				d.Bind(a, sandbox.Visa)
				d.Prompt = office.PromptOff // the process dies after the commit
				d.Use(a, "1", "1000")
				other := officetest.Build(t, officetest.Options{URL: d.URL, World: d.Sandbox, Prompt: office.PromptOff})
				d.Sandbox.Fault(sandbox.Fault{Op: op, Kind: kind})
				other.Pass(2 * time.Hour)
				if got := other.DebtsOf(a)[0].Debt.State; got != billing.Paid {
					t.Errorf("the debt is %s, want paid", got)
				}
				other.Prove()
			})
		}
	}
}

// Found by the simulation: such a payment was opened again each day for ever, and
// nobody heard of it.
func TestADebtBeyondWhatTheProviderChargesIsToldAndNotTriedForEver(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	d.Use(a, "1", "1000000.00") // the provider's most is 999,999.99
	d.Pass(8 * 24 * time.Hour)
	s := d.DebtsOf(a)[0]
	if len(s.Payments) != 0 || s.Debt.State != billing.Open {
		t.Errorf("the debt is %s with %d payments, want open with none", s.Debt.State, len(s.Payments))
	}
	if a := current(t, d, a); a.OverdueSince.IsZero() {
		t.Error("the account is not overdue, so nobody hears of the debt")
	}
	_, err := d.CollectDebt(context.Background(), access.CommandLine, s.Debt.ID, office.Charge{Initiator: payment.CIT, Reason: payment.PaidByCustomer, ReturnURL: "http://console.test/return"})
	if !errors.Is(err, office.ErrNotChargeable) {
		t.Errorf("collecting it by hand: %v, want amount_not_chargeable", err)
	}
	d.Prove()
}

// Found by the simulation: each look whose answer was lost gave the payer another
// three days, so that with a lossy provider a challenge never ended.
func TestALostLookGivesAChallengeNoMoreTime(t *testing.T) {
	d := officetest.New(t)
	a, s := owing(t, d, "authenticate", 1)
	p := s.Payments[0]
	d.Pass(24 * time.Hour)
	d.Sandbox.Fault(sandbox.Fault{Op: "retrieve", Kind: "lost_after", Times: 1})
	for range 2 {
		now, err := d.Payment(context.Background(), access.CommandLine, p.ID, true)
		if err != nil {
			t.Fatal(err)
		}
		if now.State != payment.Waiting || !now.ChallengeUntil.Equal(p.ChallengeUntil) {
			t.Errorf("the payment is %s until %s, want challenged until %s", now.State, now.ChallengeUntil, p.ChallengeUntil)
		}
	}
	d.PassTo(p.ChallengeUntil.Add(time.Minute))
	if got := d.DebtsOf(a)[0].Payments[0].State; got != payment.Cancelled {
		t.Errorf("after its time the payment is %s, want cancelled", got)
	}
}

// Found by the simulation: the debt was left alone for ever once its timetable was
// over, although there was another card that nobody had tried.
func TestACardPreferredWhileAPaymentWaitsIsTriedWhenThatIsOver(t *testing.T) {
	for _, then := range []string{"lapses", "is refused for good"} {
		t.Run(then, func(t *testing.T) {
			d := officetest.New(t)
			a, s := owing(t, d, "authenticate", 1)
			if then == "is refused for good" {
				order(t, d, a, "decline:stolen_card", 1)
			}
			d.Bind(a, sandbox.Mastercard)
			prefer(t, d, a, "mastercard") // its job finds the payment unresolved
			d.Pass(time.Minute)
			if then == "is refused for good" {
				if _, err := d.ContinuePayment(context.Background(), s.Payments[0].ID, "http://console.test/return"); err != nil {
					t.Fatal(err)
				}
			}
			d.PassTo(s.Payments[0].ChallengeUntil.Add(time.Hour))
			s = d.DebtsOf(a)[0]
			if s.Debt.State != billing.Paid || len(s.Payments) != 2 {
				t.Errorf("the debt is %s after %d payments, the first %s; want paid by the second", s.Debt.State, len(s.Payments), s.Payments[0].State)
			}
			d.Prove()
		})
	}
}

// current reads an account as it is now.
func current(t *testing.T, d *officetest.Desk, a account.Account) account.Account {
	t.Helper()
	now, err := d.Account(context.Background(), access.CommandLine, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// prefer makes the account's card of a brand the preferred one.
func prefer(t *testing.T, d *officetest.Desk, a account.Account, brand payment.Brand) {
	t.Helper()
	methods, err := d.Methods(context.Background(), access.CommandLine, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range methods {
		if m.Method.Card.Brand == brand {
			if _, err := d.PreferMethod(context.Background(), access.CommandLine, m.Method.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAStolenCardIsNotChargedForTheNextDebtEither(t *testing.T) {
	d := officetest.New(t)
	a, _ := owing(t, d, "decline:stolen_card", 1)
	d.PassTo(time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC))
	d.Use(a, "2", "20")
	d.PassTo(time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC))
	for _, s := range d.DebtsOf(a)[1:] {
		if len(s.Payments) != 0 {
			t.Errorf("%s debt was tried %d times on the stolen card (R-DUN-05)", s.Debt.Kind, len(s.Payments))
		}
	}
	d.Prove()
}

func TestAPaymentThatNeverTakesEffectIsGivenUp(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	b := d.Bind(a, sandbox.Visa)
	if err := d.Cards.Detach(context.Background(), b.Method.Card.Token); err != nil { // at the provider's own desk
		t.Fatal(err)
	}
	d.Use(a, "1", "1000")
	d.Pass(2 * 24 * time.Hour)
	s := d.DebtsOf(a)[0]
	if len(s.Payments) == 0 || !s.Payments[0].IsOver() {
		t.Fatalf("two days later the payments are %+v, want the first to be over", s.Payments)
	}
	d.Bind(a, sandbox.Mastercard)
	prefer(t, d, a, payment.Mastercard)
	d.Pass(time.Minute)
	if s := d.DebtsOf(a)[0]; s.Debt.State != billing.Paid {
		t.Errorf("with another card the debt is %s after the payments %+v, want paid", s.Debt.State, s.Payments)
	}
	d.Prove()
}
