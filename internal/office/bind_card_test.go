package office_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

func in(country, currency string) func(*office.NewAccount) {
	return func(n *office.NewAccount) { n.Country, n.Currency = country, currency }
}

func TestACardIsBoundByAHoldThatIsReleasedAtOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		b := d.Bind(a, sandbox.Visa)
		if b.Method.State != payment.Active || !b.Method.Preferred {
			t.Errorf("the first card is %s, preferred %t; want active and preferred (R-PREF-01)", b.Method.State, b.Method.Preferred)
		}
		h := d.Sandbox.Hold(b.Hold.Ref)
		if h.Amount != 100 || h.Currency != "usd" || h.State != "canceled" {
			t.Errorf("the world has a hold of %d %s, %s; want 100 usd, canceled", h.Amount, h.Currency, h.State)
		}
		if got := b.Hold.State; got != payment.HoldReleased {
			t.Errorf("the hold is %s, want released", got)
		}
		if b.Method.NetworkTransaction == "" {
			t.Error("no mandate is kept for later charges (R-3DS-07)")
		}
		d.Prove()
	})
}

func TestTheSameCardAgainIsTheMethodItIs(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	first, again := d.Bind(a, sandbox.Visa), d.Bind(a, sandbox.Visa)
	if first.Method.ID != again.Method.ID {
		t.Errorf("bound again as %s, want %s", again.Method.ID, first.Method.ID)
	}
}

func TestACardOfAnotherAccountIsRefusedWithoutAMoneyCall(t *testing.T) {
	d := officetest.New(t)
	d.Bind(d.Customer(), sandbox.Visa)
	_, err := d.TryBind(d.Customer(), sandbox.Visa)
	if !errors.Is(err, payment.ErrAlreadyBound) {
		t.Errorf("got %v, want already_bound", err)
	}
	books, err := d.Sandbox.Books(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(books.Holds) != 1 {
		t.Errorf("%d holds were placed, want 1", len(books.Holds))
	}
}

func TestSixtyFourAccountsBindOneCardAtOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		var wg sync.WaitGroup
		errs := make([]error, 64)
		for i := range errs {
			a := d.Customer(func(n *office.NewAccount) { n.Reference = fmt.Sprintf("racer-%d", i) })
			wg.Go(func() { _, errs[i] = d.TryBind(a, sandbox.Mastercard) })
		}
		wg.Wait()
		bound := 0
		for _, err := range errs {
			if err == nil {
				bound++
			} else if !errors.Is(err, payment.ErrAlreadyBound) && !errors.Is(err, policy.ErrTooManyTries) {
				t.Errorf("got %v, want already_bound", err)
			}
		}
		books, err := d.Sandbox.Books(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if bound != 1 || len(books.Holds) != 1 || books.Requests["create"] != 1 {
			t.Errorf("%d bound, %d holds, %d intents; want one of each (R-BIND-03)", bound, len(books.Holds), books.Requests["create"])
		}
		d.Prove()
	})
}

func TestCardsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, country, currency, token string
		want                           error
	}{
		{"prepaid", "US", "USD", sandbox.MastercardPrepaid, policy.ErrCardPrepaid},
		{"UnionPay only", "SG", "USD", sandbox.UnionPay, payment.ErrUnionPayOnly},
		{"issued in mainland China", "SG", "USD", "pm_card_cn", policy.ErrIssuerCountryBlocked},
		{"JCB in the United States", "US", "USD", sandbox.JCB, policy.ErrMethodNotAvailable},
		{"Amex in Malaysia", "MY", "MYR", sandbox.Amex, policy.ErrMethodNotAvailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := officetest.New(t)
			_, err := d.TryBind(d.Customer(in(c.country, c.currency)), c.token)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			books, err := d.Sandbox.Books(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if len(books.Holds) != 0 || books.Requests["create"] != 0 {
				t.Error("money was asked for")
			}
		})
	}
}

func TestADeclinedHoldRejectsTheMethodAndIsClosedAtTheProvider(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	b := d.Bind(a, sandbox.AttachesThenFails)
	if b.Method.State != payment.Rejected || b.Method.Reason == "" {
		t.Errorf("the method is %s, reason %q; want rejected with a reason", b.Method.State, b.Method.Reason)
	}
	if b.Hold.State != payment.HoldReleased {
		t.Errorf("the hold is %s, want released", b.Hold.State)
	}
	if got := d.Bind(a, sandbox.Visa).Method.State; got != payment.Active {
		t.Errorf("another card is %s, want active", got)
	}
}

func TestWhereThePolicyForcesItAChallengeComesFirst(t *testing.T) {
	for _, c := range []struct {
		country, currency string
		pass              bool
		want              payment.MethodState
	}{
		{"DE", "EUR", true, payment.Active}, {"DE", "EUR", false, payment.Rejected}, {"MY", "MYR", true, payment.Active},
	} {
		t.Run(fmt.Sprintf("%s pass %t", c.country, c.pass), func(t *testing.T) {
			d := officetest.New(t)
			b := d.Bind(d.Customer(in(c.country, c.currency)), "pm_card_threeDSecure2Required")
			if b.Method.State != payment.Challenged || b.Hold.ChallengeURL == "" {
				t.Fatalf("the method is %s with challenge %q, want challenged", b.Method.State, b.Hold.ChallengeURL)
			}
			if _, err := d.Sandbox.AnswerChallenge(b.Hold.Ref, c.pass); err != nil {
				t.Fatal(err)
			}
			d.Pass(2 * time.Minute) // no return page, no webhook: the watch asks
			m := d.MethodNow(b.Method.ID)
			if m.State != c.want {
				t.Errorf("the method is %s (%s), want %s", m.State, m.Reason, c.want)
			}
			d.Pass(time.Hour)
			if got := d.Sandbox.Hold(b.Hold.Ref).State; c.pass && got != "canceled" {
				t.Errorf("the hold is %s, want canceled", got)
			}
			d.Prove()
		})
	}
}

func TestAChallengeThatNobodyComesForLapses(t *testing.T) {
	d := officetest.New(t)
	b := d.Bind(d.Customer(in("FR", "EUR")), "pm_card_threeDSecure2Required")
	d.Pass(24 * time.Hour)
	m := d.MethodNow(b.Method.ID)
	if m.State != payment.Rejected || m.Reason != "challenge_expired" {
		t.Errorf("the method is %s (%s), want rejected (challenge_expired)", m.State, m.Reason)
	}
}

// Found by the simulation: each look whose answer was lost began the half hour anew.
func TestALostLookGivesTheChallengeOfABindNoMoreTime(t *testing.T) {
	d := officetest.New(t)
	b := d.Bind(d.Customer(in("FR", "EUR")), "pm_card_threeDSecure2Required")
	d.Sandbox.Fault(sandbox.Fault{Op: "retrieve", Kind: "lost_after", Times: 1})
	d.PassTo(officetest.Start.Add(25 * time.Minute))
	m, err := d.Method(context.Background(), access.CommandLine, b.Method.ID, true)
	if err != nil {
		t.Fatal(err)
	}
	if h := m.Holds[0]; h.State != payment.HoldChallenged || !h.ChallengeUntil.Equal(b.Hold.ChallengeUntil) {
		t.Errorf("the hold is %s until %s, want challenged until %s", h.State, h.ChallengeUntil, b.Hold.ChallengeUntil)
	}
}

func TestLostAnswersAtEveryStepOfABind(t *testing.T) {
	for _, op := range []string{"create", "confirm", "cancel"} {
		for _, kind := range []string{"lost_before", "lost_after", "500", "500_after", "503", "429"} {
			t.Run(op+" "+kind, func(t *testing.T) {
				d := officetest.New(t)
				d.Sandbox.Fault(sandbox.Fault{Op: op, Kind: kind})
				b := d.Bind(d.Customer(), sandbox.Visa)
				d.Pass(2 * time.Hour)
				if got := d.MethodNow(b.Method.ID).State; got != payment.Active {
					t.Errorf("the method is %s, want active", got)
				}
				books, err := d.Sandbox.Books(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				if len(books.Holds) != 1 || books.Holds[0].State != "canceled" {
					t.Errorf("the world has holds %+v, want one, canceled", books.Holds)
				}
				d.Prove()
			})
		}
	}
}

func TestBindingStopsAtItsLimits(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	var last error
	for range 8 {
		_, last = d.TryBind(a, sandbox.MastercardPrepaid)
	}
	if !errors.Is(last, policy.ErrTooManyTries) {
		t.Errorf("got %v, want too_many_tries", last)
	}
	d.Pass(25 * time.Hour)
	if _, err := d.TryBind(a, sandbox.Visa); err != nil {
		t.Errorf("a day later: %v, want bound", err)
	}
}

func TestACrashBetweenTheBeatsOfABindIsTakenUp(t *testing.T) {
	d := officetest.Build(t, officetest.Options{Prompt: office.PromptOff})
	a := d.Customer()
	ctx, stop := context.WithCancel(context.Background())
	d.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_after"})
	b, err := d.BindCard(ctx, caller(a), a.ID, office.CardToBind{Token: sandbox.Visa, Consent: "1", ReturnURL: "http://console.test/"})
	stop()
	if err != nil {
		t.Fatal(err)
	}
	// Another process opens the same database.
	other := officetest.Build(t, officetest.Options{URL: d.URL, World: d.Sandbox, Prompt: office.PromptOff})
	other.Pass(10 * time.Minute)
	if got := other.MethodNow(b.Method.ID).State; got != payment.Active {
		t.Errorf("the method is %s, want active", got)
	}
	other.Pass(2 * time.Hour)
	if got := other.Sandbox.Hold(b.Hold.Ref).State; got != "canceled" {
		t.Errorf("the hold is %s, want canceled", got)
	}
	other.Prove()
}

func TestARenewedCardIsBoundAnew(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	old := d.Bind(a, sandbox.Visa)
	d.PassTo(time.Date(old.Method.Card.ExpYear, time.Month(old.Method.Card.ExpMonth)+1, 2, 0, 0, 0, 0, time.UTC))
	if got := d.MethodNow(old.Method.ID).State; got != payment.Expired {
		t.Fatalf("after its last month the card is %s, want expired", got)
	}
	renewed := d.Bind(a, sandbox.Visa)
	if renewed.Method.ID == old.Method.ID || renewed.Method.State != payment.Active || !renewed.Method.Preferred {
		t.Errorf("the renewed card is %s, %s, preferred %t; want a new active and preferred method", renewed.Method.ID, renewed.Method.State, renewed.Method.Preferred)
	}
	if got := d.MethodNow(old.Method.ID).State; got != payment.Detached {
		t.Errorf("the expired one is %s, want detached", got)
	}
	d.Prove()
}
