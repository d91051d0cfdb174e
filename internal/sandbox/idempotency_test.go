package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// An exchange is one raw request and its answer.
type exchange struct {
	status   int
	body     string
	replayed bool
	lost     bool
}

// post sends a form with an idempotency key.
func (d *desk) post(path, form, key string) exchange {
	d.Helper()
	return d.send(http.MethodPost, path, form, key)
}

func (d *desk) send(method, path, form, key string) exchange {
	d.Helper()
	req, err := http.NewRequest(method, "http://sandbox.test"+path, strings.NewReader(form))
	if err != nil {
		d.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sk_test_x")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := d.world.Transport().RoundTrip(req)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return exchange{lost: true}
	}
	if err != nil {
		d.Fatalf("%s %s: %v", method, path, err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	return exchange{status: res.StatusCode, body: string(body), replayed: res.Header.Get("Idempotent-Replayed") == "true"}
}

const payForm = "amount=1000&currency=usd&payment_method=pm_card_visa&confirm=true&payment_method_types[]=card"

func TestSameKeyReplays(t *testing.T) {
	d := newDesk(t)
	first := d.post("/v1/payment_intents", payForm, "k1")
	second := d.post("/v1/payment_intents", payForm, "k1")
	if first.status != 200 || second.body != first.body || !second.replayed || first.replayed {
		t.Errorf("got %d then %d replayed=%v, want the same answer replayed", first.status, second.status, second.replayed)
	}
	if other := d.post("/v1/payment_intents", payForm+"&description=x", "k1"); other.status != 400 || !strings.Contains(other.body, "idempotency_error") {
		t.Errorf("other parameters: got %d %s, want idempotency_error", other.status, other.body)
	}
	if err := d.world.Advance(24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := d.post("/v1/payment_intents", payForm, "k1"); !got.replayed {
		t.Error("after 24 h: got a new charge, want a replay")
	}
	if err := d.world.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := d.post("/v1/payment_intents", payForm, "k1"); got.replayed || got.status != 200 {
		t.Errorf("after 25 h: got replayed=%v %d, want a new charge", got.replayed, got.status)
	}
}

func TestWhatIsRememberedUnderAKey(t *testing.T) {
	declined := strings.Replace(payForm, "pm_card_visa", "pm_card_visa_chargeDeclined", 1)
	for _, c := range []struct {
		name, form string
		fault      string
		status     int
		kept       bool
	}{
		{"success", payForm, "", 200, true},
		{"decline", declined, "", 402, true},
		{"unknown parameter", payForm + "&colour=red", "", 400, false},
		{"amount too small", strings.Replace(payForm, "1000", "10", 1), "", 400, false},
		{"500", payForm, "500", 500, true},
		{"500 after the effect", payForm, "500_after", 500, true},
		{"503", payForm, "503", 503, false},
		{"429", payForm, "429", 429, false},
		{"revoked key", payForm, "unauthorized", 401, false},
	} {
		d := newDesk(t)
		if c.fault != "" {
			d.world.Fault(sandbox.Fault{Op: "create", Kind: c.fault})
		}
		if got := d.post("/v1/payment_intents", c.form, "k"); got.status != c.status {
			t.Errorf("%s: got %d %s, want %d", c.name, got.status, got.body, c.status)
		}
		if got := d.post("/v1/payment_intents", c.form, "k"); got.replayed != c.kept {
			t.Errorf("%s, again: got replayed=%v %d, want %v", c.name, got.replayed, got.status, c.kept)
		}
	}
}

func TestLostAnswers(t *testing.T) {
	for _, c := range []struct {
		kind    string
		charges int
	}{{"lost_before", 0}, {"lost_after", 1}} {
		d := newDesk(t)
		d.world.Fault(sandbox.Fault{Op: "create", Kind: c.kind})
		if got := d.post("/v1/payment_intents", payForm, "k"); !got.lost {
			t.Fatalf("%s: got an answer %d", c.kind, got.status)
		}
		if got := len(d.books().Charges); got != c.charges {
			t.Errorf("%s: got %d charges, want %d", c.kind, got, c.charges)
		}
		if got := d.post("/v1/payment_intents", payForm, "k"); got.status != 200 || got.replayed != (c.charges == 1) {
			t.Errorf("%s, again: got %d replayed=%v", c.kind, got.status, got.replayed)
		}
		if got := len(d.books().Charges); got != 1 {
			t.Errorf("%s, again: got %d charges, want 1", c.kind, got)
		}
	}
}

func TestLostAnswerOverANetworkIsACutConnection(t *testing.T) {
	d := newDesk(t)
	server := serve(t, d.world)
	d.world.LoseNext("create")
	_, err := server.V1PaymentIntents.Create(context.Background(), charge(sandbox.Visa))
	var refused *stripe.Error
	if err == nil || errors.As(err, &refused) {
		t.Errorf("got %v, want a cut connection", err)
	}
	if got := d.books().Totals["usd"].Captured; got != 1000 {
		t.Errorf("got %d captured, want 1000", got)
	}
}

func TestSecondCallWithAKeyInUseIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.world.Fault(sandbox.Fault{Op: "create", Kind: "slow", DelayMS: time.Hour.Milliseconds()})
		first := make(chan exchange)
		go func() { first <- d.post("/v1/payment_intents", payForm, "k") }()
		synctest.Wait()
		if got := d.post("/v1/payment_intents", payForm, "k"); got.status != 409 || !strings.Contains(got.body, "idempotency_key_in_use") {
			t.Errorf("while the first is under way: got %d %s, want 409", got.status, got.body)
		}
		if got := <-first; got.status != 200 {
			t.Errorf("first call: got %d, want 200", got.status)
		}
		if got := d.post("/v1/payment_intents", payForm, "k"); !got.replayed {
			t.Errorf("afterwards: got %d, want a replay", got.status)
		}
	})
}

func TestSlowCallTakesEffectThoughItsCallerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.world.Fault(sandbox.Fault{Op: "create", Kind: "slow", DelayMS: time.Minute.Milliseconds()})
		ctx, giveUp := context.WithTimeout(context.Background(), time.Second)
		defer giveUp()
		if _, err := d.stripe.V1PaymentIntents.Create(ctx, charge(sandbox.Visa)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline to pass", err)
		}
		if got := len(d.books().Charges); got != 1 {
			t.Errorf("got %d charges, want 1", got)
		}
	})
}

func TestOneEffectPerKeyHoweverManyAtOnce(t *testing.T) {
	d := newDesk(t)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() { d.post("/v1/payment_intents", payForm, "same") })
	}
	wg.Wait()
	if got := len(d.books().Charges); got != 1 {
		t.Errorf("got %d charges, want 1", got)
	}
}

func TestFaultsByRateAndForReading(t *testing.T) {
	d := newDesk(t)
	d.world.Fault(sandbox.Fault{Op: "retrieve", Kind: "503", Times: 2})
	for i, want := range []int{503, 503, 404} {
		if got := d.send(http.MethodGet, "/v1/charges/ch_none", "", ""); got.status != want {
			t.Errorf("reading %d: got %d, want %d", i, got.status, want)
		}
	}
	d.world.Fault(sandbox.Fault{Op: "any", Kind: "429", Rate: 0.5})
	refused := 0
	for range 200 {
		if d.send(http.MethodGet, "/v1/balance", "", "").status == 429 {
			refused++
		}
	}
	if refused < 60 || refused > 140 {
		t.Errorf("got %d of 200 refused, want about half", refused)
	}
	d.world.ClearFaults()
	if got := d.send(http.MethodGet, "/v1/balance", "", ""); got.status != 200 {
		t.Errorf("cleared: got %d, want 200", got.status)
	}
}
