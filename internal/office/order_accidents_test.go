package office_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// Accidents that happened to others, in public, where orders or 3-D Secure were
// touched. Each test has the name of what happened.

// paidOnce fails the test unless the order is paid by one payment of which nothing
// was given back, and the world took its amount once.
func paidOnce(t *testing.T, d *officetest.Desk, id orders.ID) {
	t.Helper()
	s := orderNow(t, d, id)
	succeeded := 0
	for _, p := range s.Payments {
		if p.State == payment.Succeeded && p.Refunded.IsZero() {
			succeeded++
		}
	}
	if s.Order.State != orders.Paid || succeeded != 1 {
		t.Errorf("the order is %s after %d payments, %d of which took money for good; want paid by one", s.Order.State, len(s.Payments), succeeded)
	}
	d.Prove()
}

// Lago, pull request 3223: two webhooks that came at once made two payments.
func TestAccidentTwoWebhooksAtOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		d.Listen()
		other := officetest.Build(t, officetest.Options{URL: d.URL, World: d.Sandbox, Prompt: office.PromptInline, Seed: 5})
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.Sandbox.Fault(sandbox.Fault{Op: "webhook", Kind: "duplicate", Times: 20})
		d.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_after"})
		o := place(t, d, a, draft("r-1", a, 1000))
		p := pay(t, d, o.ID).Payment
		var all sync.WaitGroup
		all.Go(func() { d.Hear() })
		for _, node := range []*officetest.Desk{d, other, other} {
			all.Go(func() {
				if _, err := node.Payment(t.Context(), access.CommandLine, p.ID, true); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		d.Pass(time.Hour)
		paidOnce(t, d, o.ID)
	})
}

// Lago, pull requests 5547 and 5708: the payer paid by a link while the automatic
// charge went through, twenty times.
func TestAccidentLinkAndAutomaticChargeBothSucceed(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, s := subscribed(t, d)
		order(t, d, a, "authenticate", 2)
		d.PassTo(day("2026-04-08"))
		renewal := renewalsOf(t, d, s.ID)[0]
		link, _, err := d.OpenChallenge(t.Context(), access.CommandLine, renewal.Payments[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		p, err := d.TakeChallenge(t.Context(), link[len("http://console.test/challenge/"):])
		if err != nil {
			t.Fatal(err)
		}
		// The checkout page and the job try as well, while the challenge is open.
		if _, err := d.PayOrder(t.Context(), caller(a), renewal.Order.ID, office.PayChoice{}); !errors.Is(err, payment.ErrUnresolved) {
			t.Errorf("the checkout page was answered %v, want payment_unresolved", err)
		}
		_ = d.Handlers()["renew_subscription"](t.Context(), string(s.ID))
		if _, err := d.Sandbox.AnswerChallenge(p.Ref, true); err != nil {
			t.Fatal(err)
		}
		if _, err := d.PayOrder(t.Context(), caller(a), renewal.Order.ID, office.PayChoice{}); !errors.Is(err, payment.ErrUnresolved) {
			t.Errorf("after it was passed, before we know: %v, want payment_unresolved", err)
		}
		d.Pass(25 * time.Hour)
		paidOnce(t, d, renewal.Order.ID)
		if now := subscriptionNow(t, d, s.ID); now.Until != "2026-05-10" {
			t.Errorf("it is paid until %s, want one month more", now.Until)
		}
	})
}

// Autumn, pull request 2335: a reservation of two minutes guarded a checkout that
// lived for a day.
func TestAccidentLockShorterThanTheCheckout(t *testing.T) {
	d := officetest.New(t)
	ruled(t, d, "challenge_expires_after: 30m ", "challenge_expires_after: 20h ")
	_, o, p := challenged(t, d)
	for range 9 {
		d.Pass(2 * time.Hour)
		if again, err := d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{}); !errors.Is(err, payment.ErrUnresolved) || again.Payment.ID != p.ID {
			t.Fatalf("another try: payment %s, %v; want the one under way", again.Payment.ID, err)
		}
	}
	if _, err := d.Sandbox.AnswerChallenge(p.Ref, true); err != nil {
		t.Fatal(err)
	}
	d.Pass(25 * time.Hour)
	paidOnce(t, d, o.ID)
}

// Kill Bill, issue 1015: a payment was unknown, a second one succeeded, and the
// first was found to have succeeded too.
func TestAccidentUnknownThenPaidAgain(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		other := d.Bind(a, sandbox.Mastercard).Method
		o := place(t, d, a, draft("r-1", a, 1000))
		d.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_after", Times: 100})
		d.Sandbox.Fault(sandbox.Fault{Op: "retrieve", Kind: "lost_before", Times: 100})
		if p := pay(t, d, o.ID); p.Payment.State != payment.Unknown {
			t.Fatalf("the payment is %s, want unknown", p.Payment.State)
		}
		for range 3 {
			d.Pass(time.Hour)
			if _, err := d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{Method: other.ID}); !errors.Is(err, payment.ErrUnresolved) {
				t.Errorf("with another card: %v, want payment_unresolved (R-DUN-08)", err)
			}
		}
		if s := orderNow(t, d, o.ID); !errors.Is(s.Why, payment.ErrUnresolved) {
			t.Errorf("the page says %v, want payment_unresolved", s.Why)
		}
		d.Sandbox.ClearFaults()
		d.Pass(25 * time.Hour)
		paidOnce(t, d, o.ID)
	})
}

// Hyperswitch, pull request 2380: what had timed out was set to failed after the
// last look.
func TestAccidentTimedOutSetToFailed(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	o := place(t, d, a, draft("r-1", a, 1000))
	d.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_after", Times: 10_000})
	d.Sandbox.Fault(sandbox.Fault{Op: "retrieve", Kind: "lost_before", Times: 10_000})
	pay(t, d, o.ID)
	d.Pass(20 * 24 * time.Hour)
	if s := orderNow(t, d, o.ID); s.Payments[0].State != payment.Unknown || s.Order.State != orders.Open {
		t.Errorf("after 20 days the payment is %s and the order %s, want unknown and open", s.Payments[0].State, s.Order.State)
	}
	d.Sandbox.ClearFaults()
	d.Pass(25 * time.Hour)
	paidOnce(t, d, o.ID)
}

// Medusa, issue 13301: webhook and return page captured at once, and the one that
// lost gave the money of good orders back.
func TestAccidentCompensationRefundsGoodOrders(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		d.Listen()
		other := officetest.Build(t, officetest.Options{URL: d.URL, World: d.Sandbox, Prompt: office.PromptInline, Seed: 5})
		_, o, p := challenged(t, d)
		if _, err := d.Sandbox.AnswerChallenge(p.Ref, true); err != nil {
			t.Fatal(err)
		}
		d.Sandbox.Fault(sandbox.Fault{Op: "retrieve", Kind: "lost_after", Times: 2})
		var all sync.WaitGroup
		all.Go(func() { d.Hear() })
		for _, node := range []*officetest.Desk{d, other, d, other} {
			all.Go(func() {
				if _, err := node.Order(t.Context(), access.CommandLine, o.ID, true); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				if _, err := node.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{}); err != nil && !errors.Is(err, payment.ErrUnresolved) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		d.Pass(25 * time.Hour)
		paidOnce(t, d, o.ID)
	})
}

// kody, review on pull request 2109: something was tried again for three days with
// keys that live for one.
func TestAccidentRetriedAfterTheKeysWindow(t *testing.T) {
	for _, kind := range []string{"lost_before", "lost_after"} {
		t.Run(kind, func(t *testing.T) {
			d := officetest.New(t)
			a := d.Customer()
			d.Bind(a, sandbox.Visa)
			o := place(t, d, a, draft("r-1", a, 1000))
			d.Sandbox.Fault(sandbox.Fault{Op: "create", Kind: kind})
			d.Sandbox.Fault(sandbox.Fault{Op: "any", Kind: "503", Times: 8})
			pay(t, d, o.ID)
			d.Pass(5*24*time.Hour + time.Hour)
			s := orderNow(t, d, o.ID)
			books, err := d.Sandbox.Books(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			switch got := books.Totals["usd"].Captured; s.Order.State {
			case orders.Paid:
				paidOnce(t, d, o.ID)
			case orders.Lapsed: // it never reached the provider, which was asked
				if got != 0 {
					t.Errorf("the order has lapsed, and the world took %d", got)
				}
				d.Prove()
			default:
				t.Errorf("five days later the order is %s, its payment %+v", s.Order.State, s.Payments[0])
			}
		})
	}
}

// WooCommerce, issue 883: shillings without decimals were charged as if they had
// two.
func TestAccidentShillingsWithTwoDecimals(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer(func(n *office.NewAccount) { n.Country, n.Currency = "UG", "UGX" })
	d.Bind(a, sandbox.Visa)
	o := place(t, d, a, draft("r-1", a, 50_000))
	pay(t, d, o.ID)
	books, err := d.Sandbox.Books(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := books.Totals["ugx"].Captured; got != 5_000_000 || orderNow(t, d, o.ID).Order.State != orders.Paid {
		t.Errorf("for 50,000 shillings the world, which counts in hundredths, took %d, want 5000000", got)
	}
	report, err := d.Store.Verify(t.Context(), nil)
	if err != nil || !report.OK() {
		t.Errorf("the books: %+v, %v", report, err)
	}
}
