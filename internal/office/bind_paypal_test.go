package office_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// The payer agrees at PayPal, the hold comes and goes, and the method is the one
// that is charged (R-PP-01, R-PP-02, R-PREF-01).
func TestBindPayPal(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		g := d.AskPayer(a)
		if g.State != payment.AgreementWaiting || g.ApproveURL == "" {
			t.Fatalf("asked: got %s at %q, want waiting at PayPal's page", g.State, g.ApproveURL)
		}
		if methods := methodsOf(t, d, a); len(methods) != 0 {
			t.Fatalf("nothing was agreed to, and %d methods are bound", len(methods))
		}
		d.Agree(g, "us")
		g = d.Return(g)
		if g.State != payment.AgreementKept {
			t.Fatalf("returned: got %s (%s), want kept", g.State, g.Reason)
		}
		m := d.MethodNow(g.Method)
		if m.State != payment.Active || !m.Preferred || m.Kind != payment.PayPalKind || m.Card.Country != "US" || m.Email == "" {
			t.Errorf("got %s, preferred %t, %s of %s in %s", m.State, m.Preferred, m.Kind, m.Email, m.Card.Country)
		}
		hold := holdsOf(t, d, m.ID)[0]
		if hold.State != payment.HoldReleased || hold.Amount.Decimal() != "1.00" {
			t.Errorf("the hold: got %s of %s, want 1.00 released", hold.State, hold.Amount)
		}
		nothingHeld(t, d)
		// Again, in any way: the same single binding (R-PP-05).
		d.Return(g)
		d.Pass(25 * time.Hour)
		if methods := methodsOf(t, d, a); len(methods) != 1 {
			t.Errorf("got %d methods, want 1", len(methods))
		}
		d.Prove()
	})
}

// What is agreed to is bound whatever news of it is lost: the watch asks.
func TestNobodyReturnsFromPayPal(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		g := d.AskPayer(a)
		d.Agree(g, "us")
		d.Pass(time.Hour)
		methods := methodsOf(t, d, a)
		if len(methods) != 1 || methods[0].State != payment.Active {
			t.Fatalf("an hour later: got %v, want one active method", methods)
		}
		d.Prove()
	})
}

func TestPayPalIsNotBound(t *testing.T) { // R-PP-03, R-PP-04, R-ELIG-02
	cases := []struct {
		name   string
		do     func(d *officetest.Desk, g payment.Agreement) payment.Agreement
		state  payment.AgreementState
		reason string
	}{
		{"turned away", func(d *officetest.Desk, g payment.Agreement) payment.Agreement {
			g, err := d.ReturnToAgreement(d.T.Context(), access.CommandLine, g.ID, true)
			if err != nil {
				d.T.Fatal(err)
			}
			return g
		}, payment.AgreementRefused, "agreement_not_approved"},
		{"came back without agreeing", func(d *officetest.Desk, g payment.Agreement) payment.Agreement {
			d.Return(g)
			d.Pass(12 * time.Minute)
			return agreementNow(d.T, d, g.ID)
		}, payment.AgreementRefused, "agreement_not_approved"},
		{"never decided", func(d *officetest.Desk, g payment.Agreement) payment.Agreement {
			d.Pass(4 * time.Hour)
			return agreementNow(d.T, d, g.ID)
		}, payment.AgreementLapsed, ""},
		{"mainland China, as PayPal writes it", func(d *officetest.Desk, g payment.Agreement) payment.Agreement {
			d.Agree(g, sandbox.PayerChina)
			return d.Return(g)
		}, payment.AgreementRefused, "payer_country_blocked"},
		{"mainland China", func(d *officetest.Desk, g payment.Agreement) payment.Agreement {
			d.Agree(g, sandbox.PayerCN)
			return d.Return(g)
		}, payment.AgreementRefused, "payer_country_blocked"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := officetest.New(t)
			a := d.Customer()
			g := c.do(d, d.AskPayer(a))
			if g.State != c.state || g.Reason != c.reason {
				t.Errorf("got %s, %q, want %s, %q", g.State, g.Reason, c.state, c.reason)
			}
			if methods := methodsOf(t, d, a); len(methods) != 0 {
				t.Errorf("got %d methods, want none", len(methods))
			}
			nothingHeld(t, d)
			for _, held := range agreementsAtPayPal(t, d) {
				if !held.Cancelled {
					t.Errorf("PayPal still keeps the agreement of %s", held.Payer)
				}
			}
			d.Prove()
		})
	}
	t.Run("regions", func(t *testing.T) {
		d := officetest.New(t)
		for _, country := range []string{"DE", "MY"} {
			a := d.Customer(func(n *office.NewAccount) { n.Country = country })
			before := len(agreementsAtPayPal(t, d))
			_, err := d.BindPayPal(t.Context(), access.CommandLine, a.ID, office.PayPalToBind{Consent: "2026-01", ReturnURL: "http://console.test/return"})
			if !errors.Is(err, policy.ErrMethodNotAvailable) || len(agreementsAtPayPal(t, d)) != before {
				t.Errorf("%s: got %v, want %v and no call", country, err, policy.ErrMethodNotAvailable)
			}
		}
	})
}

// A payer without a source of funds agrees, the hold is refused, and PayPal is told
// to forget the agreement.
func TestPayerWithoutFunds(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		g := d.AskPayer(a)
		d.Agree(g, sandbox.PayerNoFunds)
		g = d.Return(g)
		m := d.MethodNow(g.Method)
		if m.State != payment.Rejected || m.Preferred || m.Reason == "" {
			t.Errorf("got %s, preferred %t, reason %q", m.State, m.Preferred, m.Reason)
		}
		d.Pass(time.Hour)
		for _, held := range agreementsAtPayPal(t, d) {
			if !held.Cancelled {
				t.Errorf("PayPal still keeps the agreement of %s", held.Payer)
			}
		}
		nothingHeld(t, d)
		d.Prove()
	})
}

// A payer is bound to one account, closed ones in their silent period included; the
// same one again is the method that it already is (R-BIND-01, R-BIND-02).
func TestOnePayerOneAccount(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		first, second := d.Customer(), d.Customer()
		m := d.BindWallet(first, "us")
		again := d.AskPayer(first)
		d.Agree(again, "us")
		if again = d.Return(again); again.Method != m.ID {
			t.Errorf("the same payer again: got %s (%s), want the method it already is", again.Method, again.Reason)
		}
		elsewhere := func() payment.Agreement {
			g := d.AskPayer(second)
			d.Agree(g, "us")
			return d.Return(g)
		}
		if g := elsewhere(); g.State != payment.AgreementRefused || g.Reason != payment.ErrAlreadyBound.Code {
			t.Errorf("another account: got %s, %q, want refused, already_bound", g.State, g.Reason)
		}
		if now := d.MethodNow(m.ID); now.State != payment.Active {
			t.Errorf("the first one is %s now, want active", now.State)
		}
		if _, err := d.CloseAccount(t.Context(), access.CommandLine, first.ID); err != nil {
			t.Fatal(err)
		}
		if g := elsewhere(); g.Reason != payment.ErrAlreadyBound.Code {
			t.Errorf("in the silent period: got %s, %q, want already_bound", g.State, g.Reason)
		}
		d.Pass(16 * 24 * time.Hour)
		if a, err := d.Account(t.Context(), access.CommandLine, first.ID); err != nil || a.State != account.Closed {
			t.Fatalf("after the silent period: got %s, %v, want closed", a.State, err)
		}
		if g := elsewhere(); g.State != payment.AgreementKept {
			t.Errorf("after it: got %s, %q, want kept", g.State, g.Reason)
		}
		d.Prove()
	})
}

// The payer cancels the agreement on PayPal's own page: the method turns invalid and
// its owner is told (R-PP-10), whether or not PayPal's message arrives.
func TestPayerTakesAgreementBack(t *testing.T) {
	for name, lost := range map[string]bool{"told": false, "message lost": true} {
		t.Run(name, func(t *testing.T) {
			d := officetest.New(t)
			if !lost {
				d.Listen()
			}
			a := d.Customer()
			m := d.BindWallet(a, "us")
			for _, held := range agreementsAtPayPal(t, d) {
				if err := d.Sandbox.CancelAgreement(held.ID); err != nil {
					t.Fatal(err)
				}
			}
			d.Hear()
			if lost {
				d.Use(a, "l1", "10.00") // it comes out when it is charged
			}
			if now := d.MethodNow(m.ID); now.State != payment.Invalid || now.Preferred {
				t.Errorf("got %s, preferred %t, want invalid", now.State, now.Preferred)
			}
			d.Pass(time.Hour)
			nothingHeld(t, d)
			// Given again, it is a new method.
			g := d.AskPayer(a)
			d.Agree(g, "us")
			if g = d.Return(g); g.State != payment.AgreementKept || g.Method == m.ID {
				t.Errorf("agreed to again: got %s, %q", g.State, g.Reason)
			}
			d.Pass(time.Hour)
			if lost {
				if debts := d.DebtsOf(a); len(debts) != 1 || debts[0].Debt.State != "paid" {
					t.Errorf("what was owed: got %v, want paid by the new method", debts)
				}
			}
			d.Prove()
		})
	}
}

// Answers are lost before and after the effect at every step of binding: one
// binding comes of it, and no hold stays.
func TestBindPayPalWithLostAnswers(t *testing.T) {
	for _, op := range []string{"paypal_setup_create", "paypal_setup_retrieve", "paypal_vault_create", "paypal_order_create", "paypal_order_authorize", "paypal_authorization_void", "paypal_order_retrieve"} {
		for _, kind := range []string{"lost_before", "lost_after", "500_after"} {
			t.Run(op+" "+kind, func(t *testing.T) {
				d := officetest.New(t)
				a := d.Customer()
				d.Sandbox.Fault(sandbox.Fault{Op: op, Kind: kind})
				g := d.AskPayer(a)
				if g.State == payment.AgreementOpening {
					d.Pass(time.Minute)
					g = agreementNow(t, d, g.ID)
				}
				d.Agree(g, "us")
				d.Return(g)
				d.Pass(3 * time.Hour)
				methods := methodsOf(t, d, a)
				if len(methods) != 1 || methods[0].State != payment.Active {
					t.Fatalf("got %v, want one active method", methods)
				}
				nothingHeld(t, d)
				d.Prove()
			})
		}
	}
}

func methodsOf(t testing.TB, d *officetest.Desk, a account.Account) []payment.Method {
	t.Helper()
	bound, err := d.Methods(context.Background(), access.CommandLine, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	var methods []payment.Method
	for _, b := range bound {
		methods = append(methods, b.Method)
	}
	return methods
}

func holdsOf(t testing.TB, d *officetest.Desk, id payment.MethodID) []payment.Hold {
	t.Helper()
	s, err := d.Method(context.Background(), access.CommandLine, id, false)
	if err != nil {
		t.Fatal(err)
	}
	return s.Holds
}

func agreementNow(t testing.TB, d *officetest.Desk, id payment.AgreementID) payment.Agreement {
	t.Helper()
	g, err := d.Agreement(context.Background(), access.CommandLine, id, false)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func agreementsAtPayPal(t testing.TB, d *officetest.Desk) []sandbox.Agreement {
	t.Helper()
	all, err := d.Sandbox.Agreements("")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// nothingHeld fails the test if the world's PayPal reserves anything.
func nothingHeld(t testing.TB, d *officetest.Desk) {
	t.Helper()
	for _, h := range heldAtPayPal(t, d) {
		t.Errorf("PayPal still holds %d %s of %s", h.Amount, h.Currency, h.Payer)
	}
}

func heldAtPayPal(t testing.TB, d *officetest.Desk) []sandbox.BookedAuthorization {
	t.Helper()
	books, err := d.Sandbox.Books(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var held []sandbox.BookedAuthorization
	for _, a := range books.PayPal.Authorizations {
		if a.State == "held" {
			held = append(held, a)
		}
	}
	return held
}
