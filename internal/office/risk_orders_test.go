package office_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// What risk says to an order is kept with it: it is refused for good, or waits for
// an identity check, and what was spent of the balance comes back.
func TestAnOrderThatRiskStops(t *testing.T) {
	for _, c := range []struct {
		verdict string
		state   orders.State
		debt    billing.DebtState
		balance int64
	}{
		{"refuse", orders.Refused, billing.Cancelled, 400},
		{"verify_identity", orders.Blocked, billing.Open, 0},
	} {
		t.Run(c.verdict, func(t *testing.T) {
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
				a := d.Customer()
				d.Bind(a, sandbox.Visa)
				fund(t, d, a, 400)
				ruled(t, d, "  - name: failed_binds ", "  - name: all\n    when: amount >= 1\n    verdict: "+c.verdict+"\n    on: [purchase]\n  - name: failed_binds ")
				asked := draft("r-1", a, 1000)
				asked.UseBalance = true
				o := place(t, d, a, asked)
				for range 2 {
					p, err := d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{})
					if !errors.Is(err, orders.ErrRisk) || p.Payment.ID != "" {
						t.Errorf("paying: payment %q, %v; want none, and risk_control_rejection", p.Payment.ID, err)
					}
				}
				s := orderNow(t, d, o.ID)
				if s.Order.State != c.state || s.Debt.State != c.debt || s.Order.Rule != "all" || len(s.Payments) != 0 || balanceOf(t, d, a) != c.balance {
					t.Errorf("the order is %s by rule %q, its debt %s, %d payments, the balance %d; want %s, %s and %d", s.Order.State, s.Order.Rule, s.Debt.State, len(s.Payments), balanceOf(t, d, a), c.state, c.debt, c.balance)
				}
				d.Prove()
				if c.state == orders.Blocked {
					if s.Order.Case == "" {
						t.Error("no identity check was opened")
					}
					d.Pass(25 * time.Hour)
					if got := orderNow(t, d, o.ID).Order.State; got != orders.Blocked {
						t.Errorf("while the check is under way the order is %s, want blocked", got)
					}
					d.Pass(30 * 24 * time.Hour)
					if got := orderNow(t, d, o.ID).Order.State; got != orders.Lapsed || balanceOf(t, d, a) != 400 {
						t.Errorf("long after it the order is %s and the balance %d, want lapsed and 400", got, balanceOf(t, d, a))
					}
					d.Prove()
				}
			})
		})
	}
}

// What risk says to an order on credit is what it says to one by card, but that there is
// no card to challenge: the identity behind the account is verified instead, once.
func TestAnOrderOnCreditThatRiskStops(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verdict string
		state   orders.State
		debt    billing.DebtState
	}{
		{"refuse", orders.Refused, billing.Cancelled},
		{"verify_identity", orders.Blocked, billing.Open},
		{"challenge", orders.Blocked, billing.Open},
		{"allow", orders.Paid, billing.Paid},
	} {
		t.Run(c.verdict, func(t *testing.T) {
			t.Parallel()
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
				ctx := t.Context()
				a := d.Customer(someCompany)
				withCredit(t, d, a, 100_000, "30 calendar days")
				ruled(t, d, "  - name: failed_binds ", "  - name: first_on_credit\n    when: method_kind == \"credit_line\" and first_use\n    verdict: "+c.verdict+"\n    on: [purchase]\n  - name: failed_binds ")
				dear := place(t, d, a, draft("r-0", a, 100_001))
				if _, err := d.PayOrder(ctx, access.CommandLine, dear.ID, office.PayChoice{}); !errors.Is(err, orders.ErrExceedsCredit) {
					t.Errorf("more than is available: got %v, want %v before risk is asked", err, orders.ErrExceedsCredit)
				}
				o := place(t, d, a, draft("r-1", a, 1_000))
				for range 2 {
					if _, err := d.PayOrder(ctx, access.CommandLine, o.ID, office.PayChoice{}); errors.Is(err, orders.ErrRisk) != (c.verdict != "allow") {
						t.Errorf("paying: got %v", err)
					}
				}
				s := orderNow(t, d, o.ID)
				if s.Order.State != c.state || s.Debt.State != c.debt || s.Order.Rule != "first_on_credit" || s.Order.Verdict != c.verdict {
					t.Errorf("the order is %s by the verdict %q of %q, its debt %s; want %s and %s", s.Order.State, s.Order.Verdict, s.Order.Rule, s.Debt.State, c.state, c.debt)
				}
				if c.state == orders.Blocked {
					check, err := d.IdentityCheck(ctx, caller(a), identity.CaseID(s.Order.Case))
					if err != nil || !slices.Equal(check.Missing, []identity.Kind{identity.RegisteredIdentity}) {
						t.Errorf("the check asks for %v, %v; want who the account is registered to alone", check.Missing, err)
					}
					send(t, d, a, check.ID, 40, identity.RegisteredIdentity)
					submit(t, d, a, check.ID)
					if _, err := d.ApproveIdentity(ctx, reviewer, check.ID); err != nil {
						t.Fatal(err)
					}
					if p := pay(t, d, o.ID); p.Order.State != orders.Paid {
						t.Errorf("verified: got %s, want it drawn", p.Order.State)
					}
				}
				d.Prove()
			})
		})
	}
}
