package office_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store"
)

// moves lets thresholds move, from 10.00 USD within 5.00 and 20.00.
const moves = "    moves: {raise_after: 3, raise_by: 75%, lower_by: 30%, least: 50%, most: 200%}\n"

// letMove applies the built-in policy with other card thresholds.
func letMove(t *testing.T, d *officetest.Desk, version, moves string) {
	t.Helper()
	text := policy.BuiltIn().Document
	for _, change := range [][2]string{
		{"version: builtin-1 ", "version: " + version + " "},
		{"      USD: 1000.00\n", "      USD: 10.00\n"},
		{"    fallback: {0: 100000, 2: 1000.00, 3: 300.000, 4: 30.0000}\n", "    fallback: {0: 100000, 2: 1000.00, 3: 300.000, 4: 30.0000}\n" + moves},
	} {
		if strings.Count(text, change[0]) != 1 {
			t.Fatalf("%q does not stand in the built-in policy once", change[0])
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	if _, err := d.ApplyPolicy(context.Background(), access.CommandLine, []byte(text), version, true); err != nil {
		t.Fatal(err)
	}
}

// threshold is what the account is told to be charged from.
func threshold(t *testing.T, d *officetest.Desk, a account.Account) string {
	t.Helper()
	w, err := d.WaysToPay(context.Background(), access.CommandLine, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if offer := w.Offers[0].Threshold.Start; offer != w.Threshold {
		t.Errorf("the offer of a card says %v, the account %v", offer, w.Threshold)
	}
	return w.Threshold.Decimal()
}

// moved lists the moves in the account's audit chain, and fails if a record says
// more than it should.
func moved(t *testing.T, d *officetest.Desk, a account.Account) []string {
	t.Helper()
	var all []string
	err := d.Store.View(context.Background(), func(tx *store.Tx) error {
		records, err := tx.History(context.Background(), a.ID, string(a.ID))
		for _, r := range records {
			if r.Action != "threshold.moved" {
				continue
			}
			var told map[string]json.RawMessage
			var m struct {
				From, To money.Amount
				Reason   string
			}
			if err := json.Unmarshal([]byte(r.Detail), &told); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(r.Detail), &m); err != nil {
				return err
			}
			if len(told) != 4 || r.By != access.Jobs.Name {
				t.Errorf("the record by %s says %s, want kind, from, to and reason by %s", r.By, r.Detail, access.Jobs.Name)
			}
			all = append(all, fmt.Sprintf("%s to %s, %s", m.From.Decimal(), m.To.Decimal(), m.Reason))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func checkMoved(t *testing.T, d *officetest.Desk, a account.Account, want ...string) {
	t.Helper()
	if got := moved(t, d, a); strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("the audit chain has %q, want %q (R-THR-08)", got, want)
	}
}

func TestAThresholdRisesAfterThreeDebtsPaidAtOnceUpToTheMost(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		letMove(t, d, "moving", moves)
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		for n, want := range []string{"10.00", "10.00", "17.50", "17.50", "17.50", "20.00", "20.00", "20.00", "20.00"} {
			d.Use(a, fmt.Sprint(n), threshold(t, d, a))
			if got := threshold(t, d, a); got != want || len(d.DebtsOf(a)) != n+1 {
				t.Errorf("after %d debts, of %d, the threshold is %s, want %s", len(d.DebtsOf(a)), n+1, got, want)
			}
		}
		d.Use(a, "under", "19.99999999")
		if got := len(d.DebtsOf(a)); got != 9 {
			t.Errorf("19.99999999 of 20.00 made debt %d", got)
		}
		d.Use(a, "reached", "0.00000001")
		if got := len(d.DebtsOf(a)); got != 10 {
			t.Errorf("20.00 of 20.00 made %d debts, want 10", got)
		}
		checkMoved(t, d, a, "10.00 to 17.50, paid_history", "17.50 to 20.00, paid_history")
		d.Prove()
	})
}

func TestARefusalLowersTheThresholdAtOnceDownToTheLeast(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		letMove(t, d, "moving", moves)
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.Use(a, "1", "10")
		d.Use(a, "2", "10")
		order(t, d, a, "decline:insufficient_funds", 3)
		d.Use(a, "3", "10")
		if got := threshold(t, d, a); got != "7.00" {
			t.Errorf("after a refusal the threshold is %s, want 7.00", got)
		}
		for _, c := range []struct {
			days time.Duration
			want string
		}{{8, "5.00"}, {7, "5.00"}} { // T+7, T+14
			d.Pass(c.days * 24 * time.Hour)
			if got := threshold(t, d, a); got != c.want {
				t.Errorf("%d days later it is %s, want %s", c.days, got, c.want)
			}
		}
		checkMoved(t, d, a, "10.00 to 7.00, refused", "7.00 to 5.00, refused")

		// Paid at last, by another attempt: that counts for nothing.
		s := d.DebtsOf(a)[2]
		if s.Debt.State != billing.Open || len(s.Payments) != 3 {
			t.Fatalf("the debt is %s after %d payments, want open after 3", s.Debt.State, len(s.Payments))
		}
		if _, err := d.CollectDebt(context.Background(), access.CommandLine, s.Debt.ID, office.Charge{Initiator: payment.MIT, Reason: payment.Retry}); err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			if got := threshold(t, d, a); got != "5.00" {
				t.Errorf("with %d debts paid at once since, it is %s, want 5.00", n, got)
			}
			d.Use(a, fmt.Sprint("later", n), "5")
		}
		if got := threshold(t, d, a); got != "12.50" {
			t.Errorf("with three paid at once since, it is %s, want 12.50", got)
		}
		checkMoved(t, d, a, "10.00 to 7.00, refused", "7.00 to 5.00, refused", "5.00 to 12.50, paid_history")
		d.Prove()
	})
}

func TestAPaymentThatEndsWithoutARefusalMovesNothing(t *testing.T) {
	d := officetest.New(t)
	letMove(t, d, "moving", strings.Replace(moves, "raise_after: 3", "raise_after: 1", 1))
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	order(t, d, a, "authenticate", 1)
	d.Use(a, "1", "10")
	d.Pass(30 * 24 * time.Hour)
	if s := d.DebtsOf(a)[0]; s.Debt.State != billing.Paid || len(s.Payments) != 2 || s.Payments[0].State == payment.Declined {
		t.Fatalf("the debt is %s with %+v, want paid after a challenge that nobody passed", s.Debt.State, s.Payments)
	}
	if got := threshold(t, d, a); got != "10.00" {
		t.Errorf("the threshold is %s, want 10.00", got)
	}
	checkMoved(t, d, a)
	d.Prove()
}

func TestOnlyThresholdDebtsMoveTheThreshold(t *testing.T) {
	d := officetest.New(t)
	letMove(t, d, "moving", strings.Replace(moves, "raise_after: 3", "raise_after: 1", 1))
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	d.Use(a, "march", "9")
	d.PassTo(time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC))
	d.Use(a, "april", "9")
	order(t, d, a, "decline:insufficient_funds", 1)
	d.PassTo(time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC))
	debts := d.DebtsOf(a)
	if len(debts) != 2 || debts[0].Debt.Kind != billing.RemainderDebt || debts[1].Payments[0].State != payment.Declined {
		t.Fatalf("the debts are %+v, want two remainders, one of them refused", debts)
	}
	if got := threshold(t, d, a); got != "10.00" {
		t.Errorf("the threshold is %s, want 10.00", got)
	}
	checkMoved(t, d, a)
	d.Prove()
}

func TestWithoutMovesTheThresholdStaysWhereItStarts(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		letMove(t, d, "moving", strings.Replace(moves, "raise_after: 3", "raise_after: 1", 1))
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.Use(a, "1", "10")
		if got := threshold(t, d, a); got != "17.50" {
			t.Fatalf("the threshold is %s, want 17.50", got)
		}

		d.Pass(time.Minute)
		letMove(t, d, "fixed", "")
		if got := threshold(t, d, a); got != "10.00" {
			t.Errorf("under a policy without moves it is %s, want 10.00", got)
		}
		for n := range 3 {
			d.Use(a, fmt.Sprint("paid", n), "10")
		}
		order(t, d, a, "decline:insufficient_funds", 1)
		d.Use(a, "refused", "10")
		if got := len(d.DebtsOf(a)); got != 5 {
			t.Errorf("%d debts, want 5 of 10.00 each", got)
		}
		if got := threshold(t, d, a); got != "10.00" {
			t.Errorf("after payments and a refusal it is %s, want 10.00", got)
		}
		checkMoved(t, d, a, "10.00 to 17.50, paid_history")
		d.Prove()
	})
}
