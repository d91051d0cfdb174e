package office_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

const (
	batchOfMany   = 100
	approveOf100  = 75
	turnAwayOf100 = 15 // the rest walk away
)

// bindsOfMany is how many payers TestManyBinds asks: -binds 10000 takes some minutes.
var bindsOfMany = flag.Int("binds", 2_000, "payers that are asked to bind PayPal")

// Very many payers are asked: they agree, turn away or walk away; returns and
// messages come shuffled, twice, or never. Then bindings are approvals but for
// payers who were bound already, nothing is held that should not be, and nobody is
// bound twice (R-PP-05, R-BIND-01, R-BIND-12).
func TestManyBinds(t *testing.T) {
	d := officetest.New(t)
	d.Listen()
	d.Sandbox.Fault(sandbox.Fault{Op: "webhook", Kind: "duplicate", Rate: 0.3})
	d.Sandbox.Fault(sandbox.Fault{Op: "webhook", Kind: "shuffle", Rate: 0.5})
	d.Sandbox.Fault(sandbox.Fault{Op: "webhook", Kind: "lost", Rate: 0.3})
	d.Sandbox.Fault(sandbox.Fault{Op: "paypal", Kind: "lost_after", Rate: 0.02})
	d.Sandbox.Fault(sandbox.Fault{Op: "paypal", Kind: "lost_before", Rate: 0.02})
	m := many{d: d, binds: *bindsOfMany, rand: rand.New(rand.NewPCG(7, 8)), boundTo: map[string]account.ID{}}
	for asked := 0; asked < m.binds; asked += batchOfMany {
		m.batch(t, asked)
		m.heldAtMostADay(t)
	}
	d.Sandbox.ClearFaults()
	d.Pass(4 * time.Hour)
	m.check(t)
	nothingHeld(t, d)
	d.Prove()
}

type many struct {
	d       *officetest.Desk
	binds   int
	rand    *rand.Rand
	boundTo map[string]account.ID // each approving payer's first account
	wanted  int                   // of them
}

// batch asks so many payers, has each decide, and has them come back in any order,
// often twice, and some never.
func (m *many) batch(t *testing.T, asked int) {
	t.Helper()
	var returns []payment.Agreement
	for i := range batchOfMany {
		a, err := m.d.OpenAccount(t.Context(), access.CommandLine, office.NewAccount{
			Reference: fmt.Sprintf("many-%d", asked+i), Kind: account.Enterprise, Name: "Example Works", Country: "US", Currency: "USD", Email: "pay@example.com",
		})
		if err != nil {
			t.Fatal(err)
		}
		g := m.d.AskPayer(a)
		for tries := 0; g.State == payment.AgreementOpening; tries++ {
			m.d.Pass(time.Minute)
			if g = agreementNow(t, m.d, g.ID); tries > 20 {
				t.Fatal("PayPal was not reached in twenty minutes")
			}
		}
		payer := fmt.Sprintf("test-%d", 1+m.rand.IntN(m.binds*9/10)) // fewer than binds, so that some want one payer for two accounts
		switch n := m.rand.IntN(100); {
		case n < approveOf100:
			m.d.Agree(g, payer)
			if m.boundTo[payer] == "" {
				m.boundTo[payer] = a.ID
			}
			m.wanted++
		case n < approveOf100+turnAwayOf100:
			if _, err := m.d.Sandbox.RefuseApproval(m.d.AtProvider(g)); err != nil {
				t.Fatal(err)
			}
		default:
			continue
		}
		for range m.rand.IntN(3) {
			returns = append(returns, g)
		}
	}
	m.rand.Shuffle(len(returns), func(i, j int) { returns[i], returns[j] = returns[j], returns[i] })
	for _, g := range returns {
		m.d.Return(g)
		if m.rand.IntN(3) == 0 {
			m.d.Hear()
		}
	}
	m.d.Pass(3 * time.Minute)
}

func (m *many) heldAtMostADay(t *testing.T) {
	t.Helper()
	for _, h := range heldAtPayPal(t, m.d) {
		if age := m.d.Clock.Now().Sub(time.UnixMicro(h.PlacedAtUS)); age > 24*time.Hour {
			t.Errorf("a hold is %s old", age)
		}
	}
}

// check compares what is bound with what PayPal's payers agreed to.
func (m *many) check(t *testing.T) {
	t.Helper()
	accounts, _, err := m.d.Accounts(context.Background(), access.CommandLine, office.Page{Limit: 2 * m.binds})
	if err != nil {
		t.Fatal(err)
	}
	bound := map[payment.Fingerprint]account.ID{}
	for _, a := range accounts {
		for _, method := range methodsOf(t, m.d, a) {
			if method.State != payment.Active {
				t.Errorf("a method is %s (%s)", method.State, method.Reason)
			}
			if other, twice := bound[method.Card.Fingerprint]; twice {
				t.Errorf("a payer is bound to %s and %s", other, a.ID)
			}
			bound[method.Card.Fingerprint] = a.ID
		}
	}
	if len(bound) != len(m.boundTo) {
		t.Errorf("%d payers agreed, %d are bound", len(m.boundTo), len(bound))
	}
	live := 0
	for _, g := range agreementsAtPayPal(t, m.d) {
		if !g.Cancelled {
			live++
		}
	}
	if live != len(bound) {
		t.Errorf("PayPal keeps %d agreements, %d are bound", live, len(bound))
	}
	t.Logf("%d asked, %d agreed, %d payers bound", m.binds, m.wanted, len(bound))
}
