package stripe_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	api "github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/provider/providertest"
	"github.com/bursar-pay/bursar/internal/provider/stripe"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// The plug passes the suite against the sandbox, connected in process.
func TestConformance(t *testing.T) {
	providertest.Run(t, func(t *testing.T) (provider.Provider, providertest.World) {
		w, err := sandbox.Open(sandbox.Options{
			Now:     func() time.Time { return start },
			Random:  rand.NewChaCha8([32]byte{1}),
			BaseURL: origin,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := w.Close(); err != nil {
				t.Errorf("close the sandbox: %v", err)
			}
		})
		p, err := stripe.New(stripe.Options{
			Key: key, URL: origin, Client: &http.Client{Transport: w.Transport()}, Now: w.Now,
			WebhookSecrets: []string{providertest.NewSecret, providertest.OldSecret},
		})
		if err != nil {
			t.Fatal(err)
		}
		return p, world{w}
	})
}

const (
	key    = "sk_test_conformance"
	origin = "http://sandbox.test"
)

var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// world is the sandbox as the suite knows it.
type world struct{ *sandbox.World }

var tokens = map[providertest.Card]string{
	providertest.Good:          "tok_visa",
	providertest.Other:         "tok_mastercard",
	providertest.Authenticates: "tok_authenticationRequired",
	providertest.RefundsLate:   "tok_pendingRefund",
	providertest.SendsBack:     "tok_refundFail",
}

// Token makes a payment method of a test card.
func (w world) Token(t *testing.T, c providertest.Card) string {
	t.Helper()
	var made struct{ ID string }
	w.ask(t, http.MethodPost, "/v1/payment_methods", url.Values{"type": {"card"}, "card[token]": {tokens[c]}}, &made)
	return made.ID
}

var refusals = map[provider.Class]string{
	provider.InsufficientFunds: "insufficient_funds",
	provider.IssuerBlock:       "do_not_honor",
	provider.BadData:           "incorrect_cvc",
	provider.Unsupported:       "invalid_amount",
	provider.Final:             "stolen_card",
	provider.TryLater:          "issuer_not_available",
}

// Refuse orders the card's next charge to be declined.
func (w world) Refuse(t *testing.T, token string, class provider.Class) {
	t.Helper()
	if err := w.OrderCard(sandbox.CardOrder{PaymentMethod: token, Then: "decline:" + refusals[class]}); err != nil {
		t.Fatal(err)
	}
}

var (
	ops = map[providertest.Step]string{
		providertest.Opening: "create", providertest.Confirming: "confirm", providertest.Cancelling: "cancel",
		providertest.Refunding: "refund", providertest.Reading: "any", providertest.Any: "any",
	}
	kinds = map[providertest.Fault]string{
		providertest.LostBefore: "lost_before", providertest.LostAfter: "lost_after",
		providertest.StoredBefore: "500", providertest.StoredAfter: "500_after",
		providertest.Down: "503", providertest.TooMany: "429", providertest.Unauthenticated: "unauthorized",
	}
)

// Fail orders a fault.
func (w world) Fail(s providertest.Step, f providertest.Fault) {
	w.Fault(sandbox.Fault{Op: ops[s], Kind: kinds[f]})
}

// Answer sends the form of the issuer's page.
func (w world) Answer(t *testing.T, challengeURL string, pass bool) {
	t.Helper()
	answer := "fail"
	if pass {
		answer = "complete"
	}
	path, ok := strings.CutPrefix(challengeURL, origin)
	if !ok {
		t.Fatalf("challenge at %q, want at %s", challengeURL, origin)
	}
	w.ask(t, http.MethodPost, path, url.Values{"answer": {answer}}, nil)
}

// Intents counts in the sandbox's list.
func (w world) Intents(t *testing.T, reference string) int {
	t.Helper()
	var page struct {
		Data []struct{ Metadata map[string]string }
	}
	w.ask(t, http.MethodGet, "/v1/payment_intents?limit=100", nil, &page)
	n := 0
	for _, i := range page.Data {
		if i.Metadata["bursar_reference"] == reference {
			n++
		}
	}
	return n
}

// Taken reads the sandbox's books.
func (w world) Taken(t *testing.T, reference string) int64 {
	t.Helper()
	books, err := w.Books(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !books.Balanced {
		t.Error("the sandbox's books do not balance")
	}
	var taken int64
	for _, c := range books.Charges {
		if c.Metadata["bursar_reference"] == reference {
			taken += c.Captured - c.Refunded
		}
	}
	return taken
}

// Held reads the sandbox's books.
func (w world) Held(t *testing.T, reference string) int64 {
	t.Helper()
	books, err := w.Books(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var held int64
	for _, h := range books.Holds {
		if h.Metadata["bursar_reference"] == reference && h.State == "held" {
			held += h.Amount
		}
	}
	return held
}

// News signs the latest event about an intent as Stripe's own library does.
func (w world) News(t *testing.T, ref, secret string, at time.Time) (http.Header, []byte) {
	t.Helper()
	var page struct{ Data []json.RawMessage }
	w.ask(t, http.MethodGet, "/v1/events?limit=100&type=payment_intent.succeeded", nil, &page)
	for _, body := range page.Data {
		if strings.Contains(string(body), ref) {
			signed := api.GenerateTestSignedPayload(&api.UnsignedPayload{Payload: body, Secret: secret, Timestamp: at})
			return http.Header{"Stripe-Signature": {signed.Header}}, body
		}
	}
	t.Fatalf("there is no event about %s", ref)
	return nil, nil
}

// Pass moves the sandbox's clock.
func (w world) Pass(t *testing.T, d time.Duration) {
	t.Helper()
	if err := w.Advance(d); err != nil {
		t.Fatal(err)
	}
}

// ask sends one request to the sandbox past the plug, and reads the answer.
func (w world) ask(t *testing.T, method, path string, form url.Values, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := w.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, body)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatal(err)
	}
}
