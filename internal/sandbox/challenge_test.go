package sandbox_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// browser walks pages in process and does not follow redirects.
func (d *desk) browser() *http.Client {
	return &http.Client{Transport: d.world.Transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (d *desk) retrieve(id string) *stripe.PaymentIntent {
	d.Helper()
	p := &stripe.PaymentIntentRetrieveParams{}
	p.AddExpand("latest_charge")
	pi, err := d.stripe.V1PaymentIntents.Retrieve(context.Background(), id, p)
	if err != nil {
		d.Fatal(err)
	}
	return pi
}

// answer presses a button of the issuer's page.
func (d *desk) answer(page, button string) *http.Response {
	d.Helper()
	res, err := d.browser().PostForm(page, url.Values{"answer": {button}})
	if err != nil {
		d.Fatal(err)
	}
	return res
}

func TestPayerAuthenticatesOnTheIssuersPage(t *testing.T) {
	for _, c := range []struct {
		card, button string
		status       stripe.PaymentIntentStatus
		redirect     string
		code         string
		charges      int
	}{
		{sandbox.AlwaysAuthenticate, "complete", "succeeded", "succeeded", "", 1},
		{sandbox.AlwaysAuthenticate, "fail", "requires_payment_method", "failed", "payment_intent_authentication_failure", 0},
		{sandbox.AuthenticateUnlessSetUp, "complete", "succeeded", "succeeded", "", 1},
		{"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "complete", "requires_payment_method", "failed", "card_declined", 1},
		{"pm_card_threeDSecureRequiredChargeDeclined", "complete", "requires_payment_method", "failed", "card_declined", 1},
	} {
		d := newDesk(t)
		pi, refused := d.pay(charge(c.card))
		if refused != nil || pi.Status != "requires_action" || pi.NextAction.Type != "redirect_to_url" {
			t.Fatalf("%s: got %v %v, want a challenge", c.card, pi, refused)
		}
		page := pi.NextAction.RedirectToURL.URL
		shown, err := d.browser().Get(page)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(shown.Body)
		for _, want := range []string{"10.00 USD", `value="complete"`, `value="fail"`, `value="leave"`} {
			if !strings.Contains(string(text), want) {
				t.Errorf("issuer's page lacks %s", want)
			}
		}
		if policy := shown.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "form-action 'self' https://shop.test") {
			t.Errorf("issuer's page: got policy %q", policy)
		}
		res := d.answer(page, c.button)
		back, err := res.Location()
		if res.StatusCode != 303 || err != nil || back.Host != "shop.test" || back.Query().Get("order") != "7" ||
			back.Query().Get("payment_intent") != pi.ID || back.Query().Get("redirect_status") != c.redirect || back.Query().Get("payment_intent_client_secret") != pi.ClientSecret {
			t.Errorf("%s, %s: got %d to %v", c.card, c.button, res.StatusCode, back)
		}
		got := d.retrieve(pi.ID)
		if got.Status != c.status || c.code != "" && (got.LastPaymentError == nil || string(got.LastPaymentError.Code) != c.code) {
			t.Errorf("%s, %s: got %s %+v, want %s %s", c.card, c.button, got.Status, got.LastPaymentError, c.status, c.code)
		}
		if n := len(d.books().Charges); n != c.charges {
			t.Errorf("%s, %s: got %d charges, want %d", c.card, c.button, n, c.charges)
		}
		if c.status == "succeeded" {
			tds := got.LatestCharge.PaymentMethodDetails.Card.ThreeDSecure
			if tds == nil || tds.Result != "authenticated" || tds.AuthenticationFlow != "challenge" || tds.ElectronicCommerceIndicator != "05" || tds.Version != "2.2.0" || tds.TransactionID == "" {
				t.Errorf("%s: got 3-D Secure %+v", c.card, tds)
			}
		}
		if again := d.answer(page, "complete"); again.StatusCode != 200 || len(d.books().Charges) != c.charges {
			t.Errorf("%s: a second answer got %d", c.card, again.StatusCode)
		}
	}
}

func TestWalkingAwayChangesNothing(t *testing.T) {
	d := newDesk(t)
	pi, _ := d.pay(charge(sandbox.AlwaysAuthenticate))
	res := d.answer(pi.NextAction.RedirectToURL.URL, "leave")
	if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || !strings.Contains(string(text), "https://shop.test/back?order=7&amp;payment_intent="+pi.ID) {
		t.Errorf("got %d %s, %v, want a page with a way back", res.StatusCode, text, err)
	}
	if got := d.retrieve(pi.ID); got.Status != "requires_action" {
		t.Errorf("got %s, want requires_action", got.Status)
	}
	if _, err := d.stripe.V1PaymentIntents.Cancel(context.Background(), pi.ID, nil); err != nil {
		t.Fatal(err)
	}
	if res := d.answer(pi.NextAction.RedirectToURL.URL, "complete"); res.StatusCode != 200 {
		t.Errorf("after canceling: got %d, want a page that says it is over", res.StatusCode)
	}
	if got := d.retrieve(pi.ID); got.Status != "canceled" || len(d.books().Charges) != 0 {
		t.Errorf("after canceling: got %s, want canceled and no charge", got.Status)
	}
}

func TestChallengeOffSessionIsADecline(t *testing.T) {
	for _, c := range []struct {
		card  string
		setUp bool
		want  string
	}{
		{sandbox.AuthenticateUnlessSetUp, false, "authentication_required"},
		{sandbox.AuthenticateUnlessSetUp, true, ""},
		{sandbox.AlwaysAuthenticate, true, "authentication_required"},
		{"pm_card_authenticationRequiredSetupForOffSession", false, ""},
		{"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", true, "insufficient_funds"},
		{"pm_card_threeDSecureFrictionless", false, ""},
	} {
		d := newDesk(t)
		customer := d.customer()
		bound := d.attached(c.card, customer)
		if c.setUp {
			s, err := d.stripe.V1SetupIntents.Create(context.Background(), &stripe.SetupIntentCreateParams{
				Customer: &customer, PaymentMethod: &bound, Confirm: stripe.Bool(true), ReturnURL: stripe.String("https://shop.test/")})
			if err != nil || s.Status != "requires_action" {
				t.Fatalf("%s: set up got %v, %v", c.card, s, err)
			}
			if _, err := d.world.AnswerChallenge(s.ID, true); err != nil {
				t.Fatal(err)
			}
		}
		p := charge(bound)
		p.Customer, p.OffSession, p.ReturnURL = &customer, stripe.Bool(true), nil
		_, refused := d.pay(p)
		got := ""
		if refused != nil {
			got = string(refused.DeclineCode)
		}
		if got != c.want {
			t.Errorf("%s, set up %v: got %q, want %q", c.card, c.setUp, got, c.want)
		}
	}
}

// The same intent that failed off session is confirmed with the payer there.
func TestDeclinedForAuthenticationThenConfirmedOnSession(t *testing.T) {
	d := newDesk(t)
	customer := d.customer()
	bound := d.attached(sandbox.AlwaysAuthenticate, customer)
	p := charge(bound)
	p.Customer, p.OffSession, p.ReturnURL = &customer, stripe.Bool(true), nil
	_, refused := d.pay(p)
	if refused == nil || refused.Code != "authentication_required" || refused.PaymentIntent == nil {
		t.Fatalf("got %v, want authentication_required", refused)
	}
	id := refused.PaymentIntent.ID
	pi, err := d.stripe.V1PaymentIntents.Confirm(context.Background(), id, &stripe.PaymentIntentConfirmParams{PaymentMethod: &bound})
	if err != nil || pi.Status != "requires_action" || pi.NextAction.Type != "use_stripe_sdk" {
		t.Fatalf("on session without a return_url: got %v, %v, want use_stripe_sdk", pi, err)
	}
	pi, err = d.stripe.V1PaymentIntents.Confirm(context.Background(), id, &stripe.PaymentIntentConfirmParams{PaymentMethod: &bound, ReturnURL: stripe.String("https://shop.test/")})
	if err != nil || pi.NextAction.Type != "redirect_to_url" {
		t.Fatalf("with a return_url: got %v, %v, want redirect_to_url", pi, err)
	}
	if _, err := d.world.AnswerChallenge(id, true); err != nil {
		t.Fatal(err)
	}
	if got := d.retrieve(id); got.Status != "succeeded" {
		t.Errorf("got %s, want succeeded", got.Status)
	}
	if _, err := d.world.AnswerChallenge(id, true); err == nil {
		t.Error("answering twice: got no error")
	}
}

func TestThreeDSecureOnRequest(t *testing.T) {
	for _, c := range []struct {
		card, request string
		status        stripe.PaymentIntentStatus
		result        string
	}{
		{"pm_card_threeDSecureOptional", "automatic", "succeeded", ""},
		{"pm_card_threeDSecureOptional", "any", "requires_action", ""},
		{sandbox.Visa, "any", "succeeded", "attempt_acknowledged"},
		{sandbox.Amex, "any", "succeeded", ""},
		{"pm_card_threeDSecureOptionalProcessingError", "challenge", "succeeded", "processing_error"},
		{"pm_card_threeDSecureFrictionless", "automatic", "succeeded", "authenticated"},
	} {
		d := newDesk(t)
		p := charge(c.card)
		p.PaymentMethodOptions = &stripe.PaymentIntentCreatePaymentMethodOptionsParams{Card: &stripe.PaymentIntentCreatePaymentMethodOptionsCardParams{RequestThreeDSecure: &c.request}}
		p.AddExpand("latest_charge")
		pi, refused := d.pay(p)
		if refused != nil {
			t.Fatal(refused)
		}
		result := ""
		if pi.LatestCharge != nil && pi.LatestCharge.PaymentMethodDetails.Card.ThreeDSecure != nil {
			result = string(pi.LatestCharge.PaymentMethodDetails.Card.ThreeDSecure.Result)
		}
		if pi.Status != c.status || result != c.result {
			t.Errorf("%s asked %s: got %s %q, want %s %q", c.card, c.request, pi.Status, result, c.status, c.result)
		}
	}
}

func TestErrorOnRequiresAction(t *testing.T) {
	p := charge(sandbox.AlwaysAuthenticate)
	p.ErrorOnRequiresAction = stripe.Bool(true)
	if _, refused := newDesk(t).pay(p); refused == nil || refused.Code != "authentication_required" {
		t.Errorf("got %v, want authentication_required", refused)
	}
}

func TestVerificationHoldKeepsTheCardForLater(t *testing.T) {
	d := newDesk(t)
	customer := d.customer()
	p := charge(sandbox.AuthenticateUnlessSetUp)
	p.Amount, p.Customer, p.CaptureMethod = stripe.Int64(100), &customer, stripe.String("manual")
	p.SetupFutureUsage = stripe.String("off_session")
	pi, refused := d.pay(p)
	if refused != nil {
		t.Fatal(refused)
	}
	if _, err := d.world.AnswerChallenge(pi.ID, true); err != nil {
		t.Fatal(err)
	}
	got := d.retrieve(pi.ID)
	if got.Status != "requires_capture" || d.world.Hold(pi.ID).State != "held" {
		t.Fatalf("got %s with hold %s, want a hold", got.Status, d.world.Hold(pi.ID).State)
	}
	if _, err := d.stripe.V1PaymentIntents.Cancel(context.Background(), pi.ID, nil); err != nil {
		t.Fatal(err)
	}
	off := charge(got.PaymentMethod.ID)
	off.Customer, off.OffSession, off.ReturnURL = &customer, stripe.Bool(true), nil
	off.CaptureMethod = stripe.String("manual")
	off.AddExpand("latest_charge")
	paid, refused := d.pay(off)
	if refused != nil {
		t.Fatalf("off session: got %v, want it to work", refused)
	}
	const visaAway = (5*24 - 6) * 3600
	if got, want := paid.LatestCharge.PaymentMethodDetails.Card.CaptureBefore-start.Unix(), int64(visaAway); got != want {
		t.Errorf("capture_before off session: got %d s, want %d", got, want)
	}
}
