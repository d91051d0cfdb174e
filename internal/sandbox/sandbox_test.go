package sandbox_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// start is when every test's base clock stands still.
var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// A desk is one world and a stock Stripe client beside it.
type desk struct {
	testing.TB
	world  *sandbox.World
	stripe *stripe.Client
}

// options are those of a world in memory on a clock that stands still.
func options() sandbox.Options {
	return sandbox.Options{
		Now:     func() time.Time { return start },
		Random:  rand.NewChaCha8([32]byte{1}),
		BaseURL: "http://sandbox.test",
	}
}

func open(t testing.TB, o sandbox.Options) *desk {
	t.Helper()
	w, err := sandbox.Open(o)
	if err != nil {
		t.Fatalf("open a world: %v", err)
	}
	t.Cleanup(func() { w.Close() })
	return &desk{t, w, client(&http.Client{Transport: w.Transport()}, "http://sandbox.test")}
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return open(t, options())
}

// client is a stock client that does not retry by itself.
func client(c *http.Client, origin string) *stripe.Client {
	config := &stripe.BackendConfig{
		URL: stripe.String(origin), HTTPClient: c, MaxNetworkRetries: stripe.Int64(0),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}, EnableTelemetry: stripe.Bool(false),
	}
	return stripe.NewClient("sk_test_sandbox", stripe.WithBackends(stripe.NewBackendsWithConfig(config)))
}

func (d *desk) customer() string {
	d.Helper()
	u, err := d.stripe.V1Customers.Create(context.Background(), &stripe.CustomerCreateParams{Email: stripe.String("a@example.com")})
	if err != nil {
		d.Fatalf("create a customer: %v", err)
	}
	return u.ID
}

// attached is a payment method of a published card, attached to a customer.
func (d *desk) attached(card, customer string) string {
	d.Helper()
	m, err := d.stripe.V1PaymentMethods.Attach(context.Background(), card, &stripe.PaymentMethodAttachParams{Customer: &customer})
	if err != nil {
		d.Fatalf("attach %s: %v", card, err)
	}
	return m.ID
}

// charge describes a charge of 10.00 USD to a card.
func charge(card string) *stripe.PaymentIntentCreateParams {
	return &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(1000), Currency: stripe.String("usd"), PaymentMethod: &card, Confirm: stripe.Bool(true),
		PaymentMethodTypes: []*string{stripe.String("card")}, CaptureMethod: stripe.String("automatic"),
		ReturnURL: stripe.String("https://shop.test/back?order=7"),
	}
}

func (d *desk) pay(p *stripe.PaymentIntentCreateParams) (*stripe.PaymentIntent, *stripe.Error) {
	d.Helper()
	pi, err := d.stripe.V1PaymentIntents.Create(context.Background(), p)
	return pi, d.refused(err)
}

// refused is err as Stripe's error; anything else ends the test.
func (d *desk) refused(err error) *stripe.Error {
	d.Helper()
	if err == nil {
		return nil
	}
	var e *stripe.Error
	if !errors.As(err, &e) {
		d.Fatalf("got error %v, want one of Stripe's", err)
	}
	return e
}

func (d *desk) books() sandbox.Books {
	d.Helper()
	b, err := d.world.Books(context.Background())
	if err != nil {
		d.Fatalf("read the books: %v", err)
	}
	if !b.Balanced {
		d.Error("got an entry that does not balance")
	}
	for currency, accounts := range b.Balances {
		sum := int64(0)
		for _, amount := range accounts {
			sum += amount
		}
		if sum != 0 {
			d.Errorf("books in %s: got a sum of %d, want 0", currency, sum)
		}
	}
	return b
}

func TestChargeSucceedsOverANetworkAndInProcess(t *testing.T) {
	d := newDesk(t)
	for name, c := range map[string]*stripe.Client{"in process": d.stripe, "network": serve(t, d.world)} {
		p := charge(sandbox.Visa)
		p.Metadata = map[string]string{"ref": "pay_1"}
		p.AddExpand("latest_charge.balance_transaction")
		p.AddExpand("payment_method")
		pi, err := c.V1PaymentIntents.Create(context.Background(), p)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if pi.Status != stripe.PaymentIntentStatusSucceeded || pi.AmountReceived != 1000 || pi.Metadata["ref"] != "pay_1" {
			t.Errorf("%s: got %s of %d with %v, want succeeded of 1000 with the ref", name, pi.Status, pi.AmountReceived, pi.Metadata)
		}
		card := pi.PaymentMethod.Card
		if card.Brand != "visa" || card.Last4 != "4242" || card.Country != "US" || card.Funding != "credit" || card.Fingerprint == "" {
			t.Errorf("%s: got card %+v", name, card)
		}
		if fee := pi.LatestCharge.BalanceTransaction.Fee; fee != 59 {
			t.Errorf("%s: got fee %d, want 59", name, fee)
		}
	}
	if got := d.books().Totals["usd"].Captured; got != 2000 {
		t.Errorf("books: got %d captured, want 2000", got)
	}
}

func TestDeclinedIntentStaysChargeable(t *testing.T) {
	d := newDesk(t)
	_, refused := d.pay(charge(sandbox.DeclinedNoFunds))
	if refused == nil || refused.HTTPStatusCode != 402 || refused.Code != "card_declined" || refused.DeclineCode != "insufficient_funds" {
		t.Fatalf("got %+v, want card_declined for insufficient_funds", refused)
	}
	pi := refused.PaymentIntent
	if pi == nil || pi.Status != stripe.PaymentIntentStatusRequiresPaymentMethod || pi.LastPaymentError == nil || refused.ChargeID == "" {
		t.Fatalf("got intent %+v in the error, want it whole and open", pi)
	}
	again, err := d.stripe.V1PaymentIntents.Confirm(context.Background(), pi.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String(sandbox.Visa)})
	if err != nil || again.Status != stripe.PaymentIntentStatusSucceeded {
		t.Fatalf("second attempt: got %v, %v, want succeeded", again, err)
	}
	b := d.books()
	if len(b.Charges) != 2 || b.Totals["usd"].Captured != 1000 || b.Totals["usd"].Failed != 1000 {
		t.Errorf("books: got %+v", b.Totals)
	}
}

func TestOneChargePerIntentHoweverManyConfirms(t *testing.T) {
	o := options()
	o.State = filepath.Join(t.TempDir(), "world.db")
	d := open(t, o)
	p := charge(sandbox.Visa)
	p.Confirm, p.ReturnURL = nil, nil
	pi, refused := d.pay(p)
	if refused != nil {
		t.Fatal(refused)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	worked := 0
	for range 32 {
		wg.Go(func() {
			if _, err := d.stripe.V1PaymentIntents.Confirm(context.Background(), pi.ID, nil); err == nil {
				mu.Lock()
				worked++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if worked != 1 {
		t.Errorf("got %d confirms that worked, want 1", worked)
	}
	if b := d.books(); len(b.Charges) != 1 || b.Requests["confirm"] != 32 {
		t.Errorf("books: got %d charges after %d confirms, want 1 after 32", len(b.Charges), b.Requests["confirm"])
	}
}

func TestHoldIsCapturedInPartVoidedOrExpires(t *testing.T) {
	d := newDesk(t)
	hold := func() *stripe.PaymentIntent {
		p := charge(sandbox.Visa)
		p.CaptureMethod = stripe.String("manual")
		p.AddExpand("latest_charge")
		pi, refused := d.pay(p)
		if refused != nil {
			t.Fatal(refused)
		}
		return pi
	}
	partly, voided, expired := hold(), hold(), hold()
	if got, want := partly.LatestCharge.PaymentMethodDetails.Card.CaptureBefore, start.AddDate(0, 0, 7).Unix(); got != want {
		t.Errorf("capture_before: got %d, want %d", got, want)
	}
	if partly.Status != stripe.PaymentIntentStatusRequiresCapture || partly.AmountCapturable != 1000 {
		t.Errorf("hold: got %s with %d capturable", partly.Status, partly.AmountCapturable)
	}
	got, err := d.stripe.V1PaymentIntents.Capture(context.Background(), partly.ID, &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(400)})
	if err != nil || got.Status != stripe.PaymentIntentStatusSucceeded || got.AmountReceived != 400 {
		t.Errorf("capture: got %v, %v, want 400 received", got, err)
	}
	if got, err := d.stripe.V1PaymentIntents.Cancel(context.Background(), voided.ID, nil); err != nil || got.Status != stripe.PaymentIntentStatusCanceled {
		t.Errorf("cancel: got %v, %v", got, err)
	}
	if _, err := d.stripe.V1PaymentIntents.Cancel(context.Background(), voided.ID, nil); d.refused(err).Code != "payment_intent_unexpected_state" {
		t.Errorf("second cancel: got %v, want payment_intent_unexpected_state", err)
	}
	if err := d.world.Advance(7*24*time.Hour + time.Second); err != nil {
		t.Fatal(err)
	}
	if got, err := d.stripe.V1PaymentIntents.Retrieve(context.Background(), expired.ID, nil); err != nil || got.Status != stripe.PaymentIntentStatusCanceled {
		t.Errorf("after a week: got %v, %v, want canceled", got, err)
	}
	for ref, want := range map[string]string{partly.ID: "captured", voided.ID: "canceled", expired.ID: "expired"} {
		if got := d.world.Hold(ref).State; got != want {
			t.Errorf("hold %s: got %s, want %s", ref, got, want)
		}
	}
	if total := d.books().Totals["usd"]; total.Captured != 400 || total.Held != 0 {
		t.Errorf("books: got %+v, want 400 captured and nothing held", total)
	}
}

// serve gives a world a listener, and returns a client for it.
func serve(t *testing.T, w *sandbox.World) *stripe.Client {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return client(server.Client(), server.URL)
}
