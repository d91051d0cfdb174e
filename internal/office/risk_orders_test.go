package office_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/billing"
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
