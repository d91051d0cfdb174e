package webhook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/bursar-pay/bursar/internal/webhook"
)

var at = time.Date(2024, 9, 18, 22, 0, 0, 0, time.UTC)

func newSecret(t testing.TB, seed byte) webhook.SecretText {
	t.Helper()
	s, err := webhook.NewSecret(rand.NewChaCha8([32]byte{seed}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signed(t testing.TB, secrets []webhook.SecretText, id string, at time.Time, payload []byte) http.Header {
	t.Helper()
	signature, err := webhook.Sign(secrets, id, at, payload)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	h.Set(webhook.HeaderID, id)
	h.Set(webhook.HeaderTimestamp, fmt.Sprint(at.Unix()))
	h.Set(webhook.HeaderSignature, signature)
	return h
}

// accepts tells whether the reference library of Standard Webhooks accepts a
// message. It compares the time with the wall clock, so that is left out here.
func accepts(t testing.TB, s webhook.SecretText, payload []byte, h http.Header) bool {
	t.Helper()
	receiver, err := standardwebhooks.NewWebhook(string(s))
	if err != nil {
		t.Fatal(err)
	}
	return receiver.VerifyIgnoringTimestamp(payload, h) == nil
}

func TestSignatureIsThatOfStandardWebhooks(t *testing.T) {
	now := time.Now() // the reference library reads the wall clock
	secret := newSecret(t, 1)
	payload := []byte(`{"type":"payment.succeeded","data":{"name":"Ünïcode 支付"}}`)
	receiver, err := standardwebhooks.NewWebhook(string(secret))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		at   time.Time
		want bool
	}{
		{"now", now, true},
		{"299 seconds old", now.Add(-295 * time.Second), true},
		{"replayed after 300 seconds", now.Add(-305 * time.Second), false},
		{"from the future", now.Add(305 * time.Second), false},
	} {
		h := signed(t, []webhook.SecretText{secret}, "evt_1", c.at, payload)
		if got := receiver.Verify(payload, h) == nil; got != c.want {
			t.Errorf("%s: got accepted %t, want %t", c.name, got, c.want)
		}
	}
}

func TestEveryLiveSecretSigns(t *testing.T) {
	old, fresh, other := newSecret(t, 1), newSecret(t, 2), newSecret(t, 3)
	payload := []byte(`{}`)
	h := signed(t, []webhook.SecretText{fresh, old}, "evt_1", at, payload)
	for _, c := range []struct {
		name   string
		secret webhook.SecretText
		want   bool
	}{{"new", fresh, true}, {"old", old, true}, {"another", other, false}} {
		if got := accepts(t, c.secret, payload, h); got != c.want {
			t.Errorf("%s secret: got accepted %t, want %t", c.name, got, c.want)
		}
	}
}

func TestSignNeedsASecret(t *testing.T) {
	for name, secrets := range map[string][]webhook.SecretText{
		"none":       nil,
		"empty":      {""},
		"not base64": {"whsec_***"},
	} {
		if got, err := webhook.Sign(secrets, "evt_1", at, nil); err == nil {
			t.Errorf("%s: got signature %q, want an error", name, got)
		} else if strings.Contains(err.Error(), "***") {
			t.Errorf("%s: got error %q, want it without the secret", name, err)
		}
	}
	if _, err := webhook.NewSecret(bytes.NewReader(nil)); err == nil {
		t.Error("got a secret without chance, want an error")
	}
}

// FuzzForgedMessagesAreRefused changes a signed message somewhere and offers it to the
// reference library.
func FuzzForgedMessagesAreRefused(f *testing.F) {
	secret := newSecret(f, 1)
	payload := []byte(`{"id":"evt_1","type":"payment.succeeded","data":{"amount":{"amount":"12.34","currency":"USD"}}}`)
	whole := signed(f, []webhook.SecretText{secret}, "evt_1", at, payload)
	for where := range 4 {
		f.Add(uint8(where), uint16(3), byte(1))
	}
	f.Fuzz(func(t *testing.T, where uint8, place uint16, change byte) {
		if change == 0 {
			return
		}
		h, body := whole.Clone(), bytes.Clone(payload)
		flip := func(s string) string {
			b := []byte(s)
			b[int(place)%len(b)] ^= change
			return string(b)
		}
		names := []string{webhook.HeaderID, webhook.HeaderTimestamp, webhook.HeaderSignature}
		if i := int(where) % 4; i < len(names) {
			h.Set(names[i], flip(h.Get(names[i])))
		} else {
			body = []byte(flip(string(body)))
		}
		if h.Get(webhook.HeaderTimestamp) != whole.Get(webhook.HeaderTimestamp) {
			// The library reads the number; another spelling of it is the same time.
			if strings.TrimPrefix(h.Get(webhook.HeaderTimestamp), "+") == whole.Get(webhook.HeaderTimestamp) {
				return
			}
		}
		if accepts(t, secret, body, h) {
			t.Errorf("accepted a message changed in part %d at %d by %#x", where%4, place, change)
		}
	})
}

func TestSecretsAreHidden(t *testing.T) {
	s := newSecret(t, 1)
	e := webhook.Endpoint{ID: "whe_1", Secrets: []webhook.Secret{{Text: s}}}
	asJSON, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{s.String(), fmt.Sprintf("%v %+v %#v %s", e, e, e, s), s.LogValue().String(), string(asJSON)} {
		if strings.Contains(got, strings.TrimPrefix(string(s), "whsec_")) {
			t.Errorf("got %q, want the secret hidden", got)
		}
	}
}

func TestRotationOverlaps(t *testing.T) {
	const day = 24 * time.Hour
	first, second, third := newSecret(t, 1), newSecret(t, 2), newSecret(t, 3)
	e := webhook.Endpoint{Secrets: []webhook.Secret{{Text: first}}}
	once := e.Rotated(second, at, day)
	twice := once.Rotated(third, at.Add(time.Hour), day)
	for _, c := range []struct {
		name string
		e    webhook.Endpoint
		now  time.Time
		want []webhook.SecretText
	}{
		{"before", e, at, []webhook.SecretText{first}},
		{"right after", once, at, []webhook.SecretText{second, first}},
		{"to the last moment", once, at.Add(day - 1), []webhook.SecretText{second, first}},
		{"a day later", once, at.Add(day), []webhook.SecretText{second}},
		{"changed twice", twice, at.Add(time.Hour), []webhook.SecretText{third, second}},
	} {
		if got := fmt.Sprintf("%q", c.e.LiveSecrets(c.now)); got != fmt.Sprintf("%q", c.want) || len(c.e.LiveSecrets(c.now)) != len(c.want) {
			t.Errorf("%s: got %d secrets, want %d", c.name, len(c.e.LiveSecrets(c.now)), len(c.want))
		}
		for i, s := range c.e.LiveSecrets(c.now) {
			if s != c.want[i] {
				t.Errorf("%s: secret %d is another one", c.name, i)
			}
		}
	}
	if len(e.Secrets) != 1 {
		t.Error("rotating changed the endpoint it was asked of")
	}
}
