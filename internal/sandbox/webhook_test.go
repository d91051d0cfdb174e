package sandbox_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// A listener is a merchant's webhook endpoint, in process.
type listener struct {
	*testing.T
	secret   string
	refuse   int // the next so many
	attempts int
	got      []stripe.Event
}

// RoundTrip takes a delivery, and checks its signature as merchants do.
func (l *listener) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	l.attempts++
	e, err := webhook.ConstructEventIgnoringTolerance(body, r.Header.Get("Stripe-Signature"), l.secret)
	if err != nil {
		l.Errorf("delivery: %v", err)
	}
	status := http.StatusOK
	if l.refuse > 0 {
		l.refuse--
		status = http.StatusInternalServerError
	} else {
		l.got = append(l.got, e)
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}, nil
}

func (l *listener) types() []string {
	var types []string
	for _, e := range l.got {
		types = append(types, string(e.Type))
	}
	return types
}

// listening is a desk with an endpoint that wants the given kinds of events.
func listening(t *testing.T, kinds ...string) (*desk, *listener) {
	t.Helper()
	l := &listener{T: t}
	o := options()
	o.Client = &http.Client{Transport: l}
	d := open(t, o)
	e, err := d.stripe.V1WebhookEndpoints.Create(context.Background(), &stripe.WebhookEndpointCreateParams{
		URL: stripe.String("https://shop.test/hooks"), EnabledEvents: stripe.StringSlice(kinds)})
	if err != nil {
		t.Fatal(err)
	}
	if l.secret = e.Secret; !strings.HasPrefix(l.secret, "whsec_") {
		t.Fatalf("got secret %q, want whsec_…", l.secret)
	}
	again, err := d.stripe.V1WebhookEndpoints.Retrieve(context.Background(), e.ID, nil)
	if err != nil || again.Secret != "" {
		t.Errorf("reading the endpoint: got secret %q, %v, want it shown once", again.Secret, err)
	}
	return d, l
}

func (d *desk) tick() {
	d.Helper()
	if err := d.world.Tick(context.Background()); err != nil {
		d.Fatal(err)
	}
}

func TestEventsAreSignedAndInOrder(t *testing.T) {
	d, l := listening(t, "*")
	p := charge(sandbox.Visa)
	p.SetIdempotencyKey("key-1")
	pi, refused := d.pay(p)
	if refused != nil {
		t.Fatal(refused)
	}
	d.tick()
	want := []string{"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"}
	if got := l.types(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	last := l.got[len(l.got)-1]
	if last.GetObjectValue("id") != pi.ID || last.GetObjectValue("status") != "succeeded" || last.Request.IdempotencyKey != "key-1" || last.APIVersion != stripe.APIVersion {
		t.Errorf("got event %+v", last)
	}
	kept, err := d.stripe.V1Events.Retrieve(context.Background(), last.ID, nil)
	if err != nil || kept.GetObjectValue("status") != "succeeded" {
		t.Errorf("reading the event: got %v, %v", kept, err)
	}
	if sandbox.APIVersion != stripe.APIVersion {
		t.Errorf("got default version %s, stripe-go has %s", sandbox.APIVersion, stripe.APIVersion)
	}
}

func TestDeliveriesAreRetriedForThreeDays(t *testing.T) {
	d, l := listening(t, "payment_intent.succeeded")
	l.refuse = 3
	d.pay(charge(sandbox.Visa))
	d.tick()
	d.tick()
	if l.attempts != 1 {
		t.Fatalf("at once: got %d attempts, want 1", l.attempts)
	}
	for _, wait := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		if err := d.world.Advance(wait); err != nil {
			t.Fatal(err)
		}
		d.tick()
	}
	if l.attempts != 4 || len(l.got) != 1 {
		t.Errorf("got %d attempts and %d deliveries, want 4 and 1", l.attempts, len(l.got))
	}

	l.refuse = 1000
	d.pay(charge(sandbox.Visa))
	for range 24 * 4 {
		d.tick()
		if err := d.world.Advance(time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	given := l.attempts
	if err := d.world.Advance(30 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	d.tick()
	if l.attempts != given || given < 10 {
		t.Errorf("got %d attempts, then %d a month later, want it given up after three days", given, l.attempts)
	}
}

func TestWebhookFaults(t *testing.T) {
	for _, c := range []struct {
		fault sandbox.Fault
		now   int
		later int
	}{
		{sandbox.Fault{Op: "webhook", Kind: "lost"}, 0, 0},
		{sandbox.Fault{Op: "webhook", Kind: "duplicate"}, 2, 2},
		{sandbox.Fault{Op: "webhook", Kind: "late", DelayMS: time.Hour.Milliseconds()}, 0, 1},
	} {
		d, l := listening(t, "payment_intent.succeeded")
		d.world.Fault(c.fault)
		d.pay(charge(sandbox.Visa))
		d.tick()
		now := len(l.got)
		if err := d.world.Advance(2 * time.Hour); err != nil {
			t.Fatal(err)
		}
		d.tick()
		if now != c.now || len(l.got) != c.later {
			t.Errorf("%s: got %d at once and %d in all, want %d and %d", c.fault.Kind, now, len(l.got), c.now, c.later)
		}
		if c.now == 2 && l.got[0].ID != l.got[1].ID {
			t.Errorf("duplicate: got two events, want one twice")
		}
	}
}

func TestShuffledWebhooks(t *testing.T) {
	d, l := listening(t, "payment_intent.created", "charge.succeeded", "payment_intent.succeeded")
	d.world.Fault(sandbox.Fault{Op: "webhook", Kind: "shuffle"})
	for range 5 {
		d.pay(charge(sandbox.Visa))
	}
	d.tick()
	want := slices.Repeat([]string{"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"}, 5)
	got := l.types()
	if len(got) != 15 || slices.Equal(got, want) {
		t.Errorf("got %v, want all of them in another order", got)
	}
}

func TestEventsOfALife(t *testing.T) {
	d, l := listening(t, "*")
	customer := d.customer()
	bound := d.attached(sandbox.AlwaysAuthenticate, customer)
	p := charge(bound)
	p.Customer, p.CaptureMethod = &customer, stripe.String("manual")
	pi, _ := d.pay(p)
	if _, err := d.world.AnswerChallenge(pi.ID, false); err != nil {
		t.Fatal(err)
	}
	d.stripe.V1PaymentIntents.Confirm(context.Background(), pi.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: &bound})
	if _, err := d.world.AnswerChallenge(pi.ID, true); err != nil {
		t.Fatal(err)
	}
	d.stripe.V1PaymentIntents.Capture(context.Background(), pi.ID, nil)
	d.stripe.V1Refunds.Create(context.Background(), &stripe.RefundCreateParams{PaymentIntent: &pi.ID})
	d.stripe.V1PaymentMethods.Detach(context.Background(), bound, nil)
	d.tick()
	want := []string{
		"customer.created", "payment_method.attached", "payment_intent.created", "payment_intent.requires_action",
		"payment_intent.payment_failed", "payment_intent.requires_action", "charge.succeeded",
		"payment_intent.amount_capturable_updated", "charge.captured", "payment_intent.succeeded",
		"refund.created", "charge.refunded", "payment_method.detached",
	}
	if got := l.types(); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestRunDeliversByItself(t *testing.T) {
	arrived := make(chan struct{})
	o := options()
	o.Client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		close(arrived)
		return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
	})}
	d := open(t, o)
	if err := d.world.Endpoint("https://shop.test/hooks", "whsec_known", "payment_intent.succeeded"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- d.world.Run(ctx) }()
	d.pay(charge(sandbox.Visa))
	<-arrived
	stop()
	if err := <-ended; err != context.Canceled {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
