package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/pgtest"
	"github.com/bursar-pay/bursar/internal/policy"
)

// killedAt is where the server is killed: a request of this kind has been sent, and
// has not begun, or its answer is lost.
type killedAt struct{ op, fault string }

// killedWhileBinding are the steps of binding.
var killedWhileBinding = []killedAt{
	{"paypal_setup_create", "slow"}, {"paypal_vault_create", "slow"}, {"paypal_vault_create", "lost_after"},
	{"paypal_order_authorize", "slow"}, {"paypal_order_authorize", "lost_after"}, {"paypal_authorization_void", "slow"},
}

// killedWhileCharging are those of charges. From the hold of 10.00 on usage 8.00 are
// taken; 60.00 are charged to the payer's account by an order.
var killedWhileCharging = []struct {
	killedAt
	first, then string // usage
}{
	{killedAt{"paypal_order_create", "slow"}, "1.00", "60.00"},
	{killedAt{"paypal_order_create", "lost_after"}, "1.00", "60.00"},
	{killedAt{"paypal_order_capture", "slow"}, "1.00", "60.00"}, // between the order and its capture
	{killedAt{"paypal_order_capture", "lost_after"}, "1.00", "60.00"},
	{killedAt{"paypal_authorization_capture", "slow"}, "3.00", "5.00"},
	{killedAt{"paypal_authorization_capture", "lost_after"}, "3.00", "5.00"},
}

// TestKilledWithPayPal kills a server between every step of binding and of charging
// PayPal and the next, and starts it again: one binding and one capture come of each,
// no hold is left behind, and the books verify.
func TestKilledWithPayPal(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			dir := t.TempDir()
			db := "sqlite:" + filepath.Join(dir, "bursar.db")
			if engine == "postgres" {
				db = pgtest.URL(t)
			}
			rules := filepath.Join(dir, "policy.yaml")
			if err := os.WriteFile(rules, []byte(policy.Demo().Document), 0o600); err != nil {
				t.Fatal(err)
			}
			k := &killed{t: t, args: []string{"serve", "--demo", "--json", "--listen", "127.0.0.1:0", "--db", db, "--policy", rules}, env: []string{"BURSAR_DATA=" + dir}}
			k.start()
			t.Cleanup(k.kill)
			var accounts []string
			for i, at := range killedWhileBinding {
				accounts = append(accounts, k.bindKilled(i, at))
			}
			for i, at := range killedWhileCharging {
				k.chargeKilled(accounts[i], i, at.killedAt, at.first, at.then)
			}
			k.comparePayPal(accounts, db, dir)
		})
	}
}

// killAt orders a fault, does what runs into it, kills the server there, and starts it
// again. What was asked for is over, or is lost with the server.
func (k *killed) killAt(at killedAt, do func()) {
	k.t.Helper()
	k.must("POST", "/_sandbox/faults", fmt.Sprintf(`{"op": %q, "kind": %q, "times": 1, "delay_ms": 60000}`, at.op, at.fault), nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) { // until it is met
		var left struct{ Faults []struct{ Op string } }
		k.must("GET", "/_sandbox/faults", "", &left)
		if len(left.Faults) == 0 {
			break
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("%s %s was not met", at.op, at.fault)
		}
	}
	k.kill()
	<-done
	k.start()
}

type killAgreement struct {
	ID, State  string
	Reason     string
	ApproveURL string `json:"approve_url"`
}

// bindKilled opens an account and binds PayPal to it, killed on the way.
func (k *killed) bindKilled(i int, at killedAt) string {
	k.t.Helper()
	var a struct{ ID string }
	k.must("POST", "/v1/accounts", fmt.Sprintf(`{"reference": "paypal-%d", "name": "PayPal %d", "country": "US", "currency": "USD", "email": "kill@example.com"}`, i, i), &a)
	ask := func() {
		_, _, _ = k.ask("POST", "/v1/accounts/"+a.ID+"/agreements", `{"consent": "1", "return_url": "https://shop.example/"}`)
	}
	if at.op == "paypal_setup_create" {
		k.killAt(at, ask)
	} else {
		ask()
	}
	g := k.awaitAgreement(a.ID, "waiting")
	k.must("POST", "/_sandbox/paypal/approvals/"+setupOf(g.ApproveURL)+"/approve", fmt.Sprintf(`{"payer": "test-%d"}`, i+1), nil)
	back := func() { _, _, _ = k.ask("POST", "/v1/agreements/"+g.ID+"/return", `{}`) }
	if at.op == "paypal_setup_create" {
		back()
	} else {
		k.killAt(at, back)
	}
	back()
	back()
	k.awaitAgreement(a.ID, "kept")
	return a.ID
}

// setupOf is the setup token that an approval page is for.
func setupOf(page string) string { return page[strings.LastIndex(page, "=")+1:] }

// awaitAgreement lets time pass until an account's agreement is in a state.
func (k *killed) awaitAgreement(id, state string) killAgreement {
	k.t.Helper()
	var list struct{ Data []killAgreement }
	for range 30 {
		k.must("GET", "/v1/accounts/"+id+"/agreements", "", &list)
		if len(list.Data) == 1 && list.Data[0].State == state {
			return list.Data[0]
		}
		k.must("POST", "/v1/clock", `{"advance": "2m"}`, nil)
	}
	k.t.Fatalf("the agreements are %v, want one that is %s", list.Data, state)
	return killAgreement{}
}

// chargeKilled uses what places a hold, and then what is charged, killed on the way.
func (k *killed) chargeKilled(id string, i int, at killedAt, first, then string) {
	k.t.Helper()
	use := func(n int, amount string) {
		body := fmt.Sprintf(`{"lines": [{"id": "use-%d-%d", "account": %q, "product": "compute", "amount": {"amount": %q, "currency": "USD"}, "started_at": %q}]}`,
			i, n, id, amount, time.Now().UTC().Format(time.RFC3339))
		k.must("POST", "/v1/usage", body, nil)
	}
	k.awaitMethod(id)
	use(1, first)
	k.must("POST", "/v1/clock", `{"advance": "5m"}`, nil)
	k.killAt(at, func() { use(2, then) })
	k.settle([]string{id})
}

// awaitMethod lets time pass until an account's method is active.
func (k *killed) awaitMethod(id string) {
	k.t.Helper()
	var list struct {
		Data []struct{ ID, State, Kind string }
	}
	for range 30 {
		k.must("GET", "/v1/accounts/"+id+"/payment-methods", "", &list)
		if len(list.Data) == 1 && list.Data[0].State == "active" {
			return
		}
		k.must("POST", "/v1/clock", `{"advance": "2m"}`, nil)
	}
	k.t.Fatalf("the methods are %v, want one that is active", list.Data)
}

// comparePayPal holds the world's books against ours: of every account one binding,
// one payment and one hold on usage.
func (k *killed) comparePayPal(accounts []string, db, dir string) {
	k.t.Helper()
	var books struct {
		PayPal struct {
			Captures []struct {
				Invoice, Authorization string
				Amount                 int64
			}
			Authorizations []struct{ Invoice, State string }
		}
	}
	k.must("POST", "/v1/clock", `{"advance": "30m"}`, nil)
	k.must("GET", "/_sandbox/books", "", &books)
	for _, id := range accounts {
		var debts killDebts
		k.must("GET", "/v1/accounts/"+id+"/debts?limit=100", "", &debts)
		if len(debts.Data) != 1 || debts.Data[0].State != "paid" {
			k.t.Errorf("the debts of %s are %v, want one that is paid", id, debts.Data)
		}
		var payments killPayments
		k.must("GET", "/v1/accounts/"+id+"/payments?limit=100", "", &payments)
		succeeded, captured, held := 0, 0, 0
		for _, p := range payments.Data {
			if p.State == "succeeded" {
				succeeded++
			}
		}
		for _, c := range books.PayPal.Captures {
			if strings.Contains(c.Invoice, id) {
				captured++
			}
		}
		for _, h := range books.PayPal.Authorizations {
			if h.State == "held" && strings.Contains(h.Invoice, id) {
				held++
				if !strings.Contains(h.Invoice, "/usage/") {
					k.t.Errorf("PayPal still holds %s", h.Invoice)
				}
			}
		}
		if succeeded != 1 || captured != 1 || held > 1 {
			k.t.Errorf("%s: %d payments succeeded here, PayPal captured %d times and holds %d times; want one each", id, succeeded, captured, held)
		}
	}
	var agreements []struct {
		Payer     string
		Cancelled bool
	}
	k.must("GET", "/_sandbox/paypal/agreements", "", &agreements)
	if len(agreements) != len(accounts) {
		k.t.Errorf("PayPal keeps %v, want one agreement of each of %d payers", agreements, len(accounts))
	}
	verify := exec.Command("bursar", "verify", "--db", db)
	verify.Env = append(os.Environ(), "BURSAR_DATA="+dir)
	if out, err := verify.CombinedOutput(); err != nil {
		k.t.Errorf("verify: %v: %s", err, out)
	}
}
