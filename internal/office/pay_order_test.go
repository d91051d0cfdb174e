package office_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

const tabsOfARound = 4 // two on each node

// roundsOfTwoNodes is how many orders TestTwoTabsOnTwoNodesPayTheSameOrderAtOnce pays.
var roundsOfTwoNodes = flag.Int("rounds", 250, "orders that two nodes pay at once; make test pays 1,000")

// Two tabs on each of two nodes pay the same order at once, while answers are lost
// in every place: one charge comes of it, whatever the tabs are told.
func TestTwoTabsOnTwoNodesPayTheSameOrderAtOnce(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			d := officetest.Build(t, officetest.Options{Engine: engine, Prompt: office.PromptInline})
			other := officetest.Build(t, officetest.Options{URL: d.URL, World: d.Sandbox, Prompt: office.PromptInline, Seed: 9})
			a := d.Customer()
			d.Bind(a, sandbox.Visa)
			chance := rand.New(rand.NewPCG(3, 4))
			paid := int64(0)
			for round := range *roundsOfTwoNodes {
				o := place(t, d, a, draft(fmt.Sprintf("r-%d", round), a, int64(1000+round)))
				paid += o.Amount.Minor
				for range chance.IntN(3) {
					op, kind := []string{"create", "confirm", "retrieve", "list", "any"}[chance.IntN(5)], []string{"lost_after", "lost_before", "500_after", "503"}[chance.IntN(4)]
					d.Sandbox.Fault(sandbox.Fault{Op: op, Kind: kind})
				}
				var tabs sync.WaitGroup
				for tab := range tabsOfARound {
					node := []*officetest.Desk{d, other}[tab%2]
					tabs.Go(func() {
						p, err := node.PayOrder(context.Background(), access.CommandLine, o.ID, office.PayChoice{})
						if err != nil && !errors.Is(err, payment.ErrUnresolved) || p.Payment.ID == "" {
							t.Errorf("round %d: %v with payment %q, want one, or to be told that one is under way", round, err, p.Payment.ID)
						}
					})
				}
				tabs.Wait()
				if round%50 == 49 {
					d.Sandbox.ClearFaults()
					d.Pass(2 * time.Hour)
					if err := other.Clock.Set(t.Context(), d.Clock.Now()); err != nil {
						t.Fatal(err)
					}
				}
			}
			list, _, err := d.Orders(t.Context(), access.CommandLine, a.ID, office.Page{Limit: 10_000})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range list {
				s := orderNow(t, d, o.ID)
				succeeded := 0
				for _, p := range s.Payments {
					if p.State == payment.Succeeded {
						succeeded++
					}
				}
				if s.Order.State != orders.Paid || succeeded != 1 || len(s.Subscriptions) != 1 {
					t.Errorf("%s is %s after %d payments, %d of which succeeded, and gave %d subscriptions; want paid by one for one", o.Reference, s.Order.State, len(s.Payments), succeeded, len(s.Subscriptions))
				}
			}
			books, err := d.Sandbox.Books(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := books.Totals["usd"].Captured; got != paid {
				t.Errorf("the world took %d, want %d", got, paid)
			}
			d.Prove()
		})
	}
}

func TestARetryAfterATimeoutIsTheSamePayment(t *testing.T) {
	for _, op := range []string{"create", "confirm"} {
		for _, kind := range []string{"lost_before", "lost_after", "500", "500_after", "503"} {
			t.Run(op+" "+kind, func(t *testing.T) {
				d := officetest.New(t)
				a := d.Customer()
				d.Bind(a, sandbox.Visa)
				o := place(t, d, a, draft("r-1", a, 1000))
				d.Sandbox.Fault(sandbox.Fault{Op: op, Kind: kind})
				first := pay(t, d, o.ID)
				again, err := d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{})
				if err != nil && !errors.Is(err, payment.ErrUnresolved) || again.Payment.ID != first.Payment.ID {
					t.Errorf("again: payment %s, %v; want %s", again.Payment.ID, err, first.Payment.ID)
				}
				d.Pass(2 * time.Hour)
				if s := orderNow(t, d, o.ID); s.Order.State != orders.Paid || len(s.Payments) != 1 {
					t.Errorf("later the order is %s after %d payments, want paid by one", s.Order.State, len(s.Payments))
				}
				d.Prove()
			})
		}
	}
}

// A method that the order is not paid with, a debt that is collected past its
// order, a customer who has none: nothing is opened.
func TestWhatStandsAgainstPaying(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	o := place(t, d, a, draft("r-1", a, 1000))
	card := d.Bind(d.Customer(), sandbox.Visa).Method
	cases := []struct {
		name   string
		choice office.PayChoice
		want   error
	}{
		{"no method", office.PayChoice{}, payment.ErrNoMethod},
		{"another's method", office.PayChoice{Method: card.ID}, payment.ErrMethodNotFound},
		{"a page that is none", office.PayChoice{ReturnURL: "nowhere"}, office.ErrReturnURL},
	}
	for _, c := range cases {
		if _, err := d.PayOrder(t.Context(), access.CommandLine, o.ID, c.choice); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	d.Bind(a, sandbox.Mastercard)
	_, err := d.CollectDebt(t.Context(), access.CommandLine, billing.DebtID(o.Debt), office.Charge{Initiator: payment.MIT, Reason: payment.Retry})
	if !errors.Is(err, orders.ErrPaidAsOrder) {
		t.Errorf("collecting its debt: %v, want order_debt", err)
	}
	d.Pass(time.Hour)
	if s := orderNow(t, d, o.ID); len(s.Payments) != 0 || s.Order.State != orders.Open {
		t.Errorf("the order is %s with %d payments, want open with none", s.Order.State, len(s.Payments))
	}
	d.Prove()
}

// fund puts money into a customer's balance: a payment is given back so late that
// its way is closed.
func fund(t *testing.T, d *officetest.Desk, a account.Account, minor int64) {
	t.Helper()
	asked := draft(fmt.Sprintf("fund-%d", d.Clock.Now().UnixMicro()), a, minor)
	asked.Items[0].Term = ""
	o := place(t, d, a, asked)
	p := pay(t, d, o.ID)
	d.Pass(151 * 24 * time.Hour)
	if _, err := d.RefundPayment(t.Context(), access.CommandLine, p.Payment.ID, office.Refunding{Reason: "a gift"}); err != nil {
		t.Fatal(err)
	}
	if got := balanceOf(t, d, a); got != minor {
		t.Fatalf("the balance is %d, want %d", got, minor)
	}
}

func TestTheBalancePaysFirst(t *testing.T) {
	yes, no := true, false
	cases := []struct {
		name        string
		held, price int64
		use         bool
		choice      *bool
		charged     int64 // to the card
		left        int64 // of the balance
	}{
		{"a part of it", 400, 1000, true, nil, 600, 0},
		{"all of it", 1500, 1000, true, nil, 0, 500},
		{"to the cent", 1000, 1000, true, nil, 0, 0},
		{"not asked for", 400, 1000, false, nil, 1000, 400},
		{"asked for when it is paid", 400, 1000, false, &yes, 600, 0},
		{"taken back when it is paid", 400, 1000, true, &no, 1000, 400},
		{"so that the rest can be charged", 980, 1000, true, nil, 50, 30}, // the provider's least is 0.50
		{"not where nothing can be charged then", 30, 50, true, nil, 50, 30},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := officetest.New(t)
			a := d.Customer()
			d.Bind(a, sandbox.Visa)
			if c.held < 50 {
				fund(t, d, a, 50+c.held)
				spend := draft("spend", a, 50)
				spend.UseBalance = true
				pay(t, d, place(t, d, a, spend).ID)
			} else {
				fund(t, d, a, c.held)
			}
			asked := draft("r-1", a, c.price)
			asked.UseBalance = c.use
			o := place(t, d, a, asked)
			p, err := d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{UseBalance: c.choice})
			if err != nil {
				t.Fatal(err)
			}
			if p.Order.State != orders.Paid || p.Payment.Amount.Minor != c.charged || balanceOf(t, d, a) != c.left {
				t.Errorf("the order is %s, %d was charged and %d is left; want paid, %d and %d", p.Order.State, p.Payment.Amount.Minor, balanceOf(t, d, a), c.charged, c.left)
			}
			d.Prove()
		})
	}
}

// What was spent of the balance comes back when the order comes to nothing, and is
// not spent twice when it is tried again.
func TestTheBalanceComesBackFromAnOrderThatLapses(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		fund(t, d, a, 400)
		asked := draft("r-1", a, 1000)
		asked.UseBalance = true
		o := place(t, d, a, asked)
		order(t, d, a, "decline:insufficient_funds", 2)
		for range 2 {
			pay(t, d, o.ID)
		}
		if s := orderNow(t, d, o.ID); s.Debt.Paid.Minor != 400 || balanceOf(t, d, a) != 0 || len(s.Payments) != 2 {
			t.Errorf("%s is paid and %d left after %d payments, want 4.00 and nothing after two", s.Debt.Paid, balanceOf(t, d, a), len(s.Payments))
		}
		var deposits money.Amount
		if err := d.Store.View(t.Context(), func(tx *store.Tx) (err error) {
			deposits, err = tx.Balance(t.Context(), a.ID, ledger.CustomerDeposits, a.Currency)
			return err
		}); err != nil || deposits.Minor != -400 {
			t.Errorf("deposits are %s, %v, want 4.00", deposits, err)
		}
		d.Prove()
		d.Pass(25 * time.Hour)
		if got := orderNow(t, d, o.ID).Order.State; got != orders.Lapsed || balanceOf(t, d, a) != 400 {
			t.Errorf("the order is %s and the balance %d, want lapsed and 400", got, balanceOf(t, d, a))
		}
		d.Prove()
	})
}

// challenged is an order whose payment waits for its payer.
func challenged(t *testing.T, d *officetest.Desk) (account.Account, orders.Order, payment.Payment) {
	t.Helper()
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	o := place(t, d, a, draft("r-1", a, 1000))
	order(t, d, a, "authenticate", 1)
	p := pay(t, d, o.ID)
	if p.Payment.State != payment.Waiting || p.Payment.ChallengeURL == "" {
		t.Fatalf("the payment is %s at %q, want challenged", p.Payment.State, p.Payment.ChallengeURL)
	}
	return a, o, p.Payment
}

func TestAChallengeOnAnOrder(t *testing.T) {
	for _, ends := range []string{"passed", "failed", "left"} {
		t.Run(ends, func(t *testing.T) {
			d := officetest.New(t)
			_, o, p := challenged(t, d)
			if s := orderNow(t, d, o.ID); !errors.Is(s.Why, payment.ErrUnresolved) {
				t.Errorf("while it waits another try is met by %v, want payment_unresolved", s.Why)
			}
			if ends == "left" {
				d.Pass(40 * time.Minute)
			} else if _, err := d.Sandbox.AnswerChallenge(p.Ref, ends == "passed"); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the payer comes back twice, by both windows
				if _, err := d.Order(t.Context(), access.CommandLine, o.ID, true); err != nil {
					t.Fatal(err)
				}
			}
			s := orderNow(t, d, o.ID)
			if ends != "passed" {
				if s.Order.State != orders.Open || s.Why != nil {
					t.Fatalf("the order is %s, %v; want open, and nothing against another try", s.Order.State, s.Why)
				}
				pay(t, d, o.ID)
				s = orderNow(t, d, o.ID)
			}
			if s.Order.State != orders.Paid || len(s.Subscriptions) != 1 {
				t.Errorf("the order is %s with %d subscriptions, want paid with one", s.Order.State, len(s.Subscriptions))
			}
			d.Prove()
		})
	}
}

// A challenge that is passed when the order's time is over pays it, or the money
// goes back, as the policy says. It is never ignored.
func TestALateSuccessIsAppliedOrGivenBack(t *testing.T) {
	for _, late := range []string{"apply", "refund"} {
		t.Run(late, func(t *testing.T) {
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
				ruled(t, d, "late_payment: apply ", "late_payment: "+late+" ", "lapse_after: 24h ", "lapse_after: 10m ")
				a, o, p := challenged(t, d)
				d.Pass(20 * time.Minute)
				if got := orderNow(t, d, o.ID).Order.State; got != orders.Open {
					t.Fatalf("with a challenge under way the order is %s, want open", got)
				}
				if _, err := d.Sandbox.AnswerChallenge(p.Ref, true); err != nil {
					t.Fatal(err)
				}
				d.Pass(time.Hour)
				s := orderNow(t, d, o.ID)
				if late == "apply" {
					if s.Order.State != orders.Paid {
						t.Errorf("the order is %s, want paid", s.Order.State)
					}
					d.Prove()
					return
				}
				if s.Order.State != orders.Lapsed || s.Payments[0].State != payment.Succeeded || s.Payments[0].Refunded.Minor != 1000 || balanceOf(t, d, a) != 0 || len(s.Subscriptions) != 0 {
					t.Errorf("the order is %s, the payment %s with %s given back, the balance %d; want lapsed and all of it given back", s.Order.State, s.Payments[0].State, s.Payments[0].Refunded, balanceOf(t, d, a))
				}
				d.Prove()
			})
		})
	}
}

// Where 3-D Secure is demanded it is run, and a success without it pays nothing:
// the money goes back (R-3DS-02, R-3DS-07).
func TestASuccessWithoutTheChallengeThatWasDemandedIsNotAccepted(t *testing.T) {
	d := officetest.New(t)
	ruled(t, d, "    purchase: []", "    purchase: [united_states]")
	a := d.Customer()
	amex := d.Bind(a, sandbox.Amex).Method // its issuer runs no 3-D Secure
	visa := d.Bind(a, sandbox.Visa).Method
	o := place(t, d, a, draft("r-1", a, 1000))
	p, err := d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{Method: amex.ID})
	if err != nil {
		t.Fatal(err)
	}
	d.Pass(time.Minute)
	s := orderNow(t, d, o.ID)
	if p.Payment.State != payment.Succeeded || !s.Payments[0].Force3DS || s.Order.State != orders.Open || s.Payments[0].Refunded.Minor != 1000 || balanceOf(t, d, a) != 0 {
		t.Errorf("the payment is %s with %s given back, the order %s; want it given back, and the order open", p.Payment.State, s.Payments[0].Refunded, s.Order.State)
	}
	d.Prove()
	p, err = d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{Method: visa.ID})
	if err != nil || p.Order.State != orders.Paid || p.Payment.ThreeDS.Result != "attempt_acknowledged" {
		t.Errorf("with another card the order is %s, 3-D Secure %q, %v; want paid with it attempted", p.Order.State, p.Payment.ThreeDS.Result, err)
	}
	d.Prove()
}

func TestACrashWhileAnOrderIsPaidIsTakenUp(t *testing.T) {
	for _, op := range []string{"create", "confirm"} {
		for _, kind := range []string{"lost_before", "lost_after"} {
			t.Run(op+" "+kind, func(t *testing.T) {
				d := officetest.New(t)
				a := d.Customer()
				d.Bind(a, sandbox.Visa)
				o := place(t, d, a, draft("r-1", a, 1000))
				ctx, die := context.WithCancel(t.Context())
				d.Sandbox.Fault(sandbox.Fault{Op: op, Kind: kind})
				_, err := d.PayOrder(ctx, access.CommandLine, o.ID, office.PayChoice{})
				die()
				if err != nil {
					t.Fatal(err)
				}
				other := officetest.Build(t, officetest.Options{URL: d.URL, World: d.Sandbox, Prompt: office.PromptOff})
				other.Pass(2 * time.Hour)
				if got := orderNow(t, other, o.ID).Order.State; got != orders.Paid {
					t.Errorf("the order is %s, want paid", got)
				}
				other.Prove()
			})
		}
	}
}
