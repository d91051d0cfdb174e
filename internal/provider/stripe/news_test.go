package stripe

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	api "github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/provider"
)

// signedBy makes the header of Stripe's own signer.
func signedBy(secret string, at time.Time, body []byte) http.Header {
	return http.Header{"Stripe-Signature": {api.GenerateTestSignedPayload(&api.UnsignedPayload{Payload: body, Secret: secret, Timestamp: at}).Header}}
}

func TestNews(t *testing.T) {
	created := time.Unix(1764000000, 0).UTC()
	tests := []struct {
		file string
		want provider.News
	}{
		{"event_intent", provider.News{ID: "evt_1", Kind: "payment_intent.succeeded", Ref: "pi_1", Reference: "pay_1", At: created}},
		{"event_dispute", provider.News{ID: "evt_2", Kind: "charge.dispute.created", Ref: "pi_1", At: created}},
		{"event_refund", provider.News{ID: "evt_3", Kind: "refund.updated", Ref: "pi_1", At: created}},
		{"event_customer", provider.News{ID: "evt_4", Kind: "customer.updated", At: created}},
	}
	p, _ := plugged(t)
	for _, tt := range tests {
		body := fixture(t, tt.file)
		for _, secret := range []string{"whsec_new", "whsec_old"} {
			got, err := p.ReadNews(signedBy(secret, noon, body), body, noon)
			if err != nil {
				t.Errorf("%s by %s: %v", tt.file, secret, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.file, diff)
			}
		}
	}
}

func TestNewsRefused(t *testing.T) {
	p, _ := plugged(t)
	body := fixture(t, "event_intent")
	good := signedBy("whsec_new", noon, body).Get("Stripe-Signature")
	mac := good[strings.Index(good, "v1=")+3:]
	at := noon.Unix()
	zeros := strings.Repeat("00", 32)
	ofNobody := hex.EncodeToString(api.ComputeSignature(noon, body, ""))

	tests := []struct {
		name   string
		header string
		body   []byte
		now    time.Time
		want   error
	}{
		{"good", good, body, noon, nil},
		{"good beside an unknown scheme and a wrong one", fmt.Sprintf("t=%d,v0=aa,v1=%s,v1=%s", at, zeros, mac), body, noon, nil},
		{"300 seconds old", good, body, noon.Add(300 * time.Second), nil},
		{"301 seconds old", good, body, noon.Add(301 * time.Second), provider.ErrNewsStale},
		{"300 seconds early", good, body, noon.Add(-300 * time.Second), nil},
		{"301 seconds early", good, body, noon.Add(-301 * time.Second), provider.ErrNewsStale},
		{"not signed", "", body, noon, provider.ErrNewsForged},
		{"other secret", signedBy("whsec_other", noon, body).Get("Stripe-Signature"), body, noon, provider.ErrNewsForged},
		{"empty secret", fmt.Sprintf("t=%d,v1=%s", at, ofNobody), body, noon, provider.ErrNewsForged},
		{"other body", good, append([]byte(" "), body...), noon, provider.ErrNewsForged},
		{"other time", fmt.Sprintf("t=%d,v1=%s", at+1, mac), body, noon, provider.ErrNewsForged},
		{"two times", fmt.Sprintf("t=%d,t=%d,v1=%s", at+1, at, mac), body, noon, provider.ErrNewsForged},
		{"no time", "v1=" + mac, body, noon, provider.ErrNewsForged},
		{"time is not a number", "t=now,v1=" + mac, body, noon, provider.ErrNewsForged},
		{"no signature", fmt.Sprintf("t=%d", at), body, noon, provider.ErrNewsForged},
		{"not hexadecimal", fmt.Sprintf("t=%d,v1=zz", at), body, noon, provider.ErrNewsForged},
		{"cut signature", fmt.Sprintf("t=%d,v1=%s", at, mac[:32]), body, noon, provider.ErrNewsForged},
		{"far too long", good + strings.Repeat(",v1="+zeros, 200), body, noon, provider.ErrNewsForged},
		{"signed, but no JSON", signedBy("whsec_new", noon, []byte("hello")).Get("Stripe-Signature"), []byte("hello"), noon, provider.ErrNewsMalformed},
		{"signed, but no event", signedBy("whsec_new", noon, []byte("{}")).Get("Stripe-Signature"), []byte("{}"), noon, provider.ErrNewsMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := p.ReadNews(http.Header{"Stripe-Signature": {tt.header}}, tt.body, tt.now)
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if tt.want != nil && got != (provider.News{}) {
				t.Errorf("got %+v beside an error", got)
			}
		})
	}
}

func TestNewsWithoutASecretIsRefused(t *testing.T) {
	p, err := New(Options{Key: "sk_test_x", WebhookSecrets: []string{"", ""}, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	body := fixture(t, "event_intent")
	header := http.Header{"Stripe-Signature": {fmt.Sprintf("t=%d,v1=%s", noon.Unix(), hex.EncodeToString(api.ComputeSignature(noon, body, "")))}}
	if _, err := p.ReadNews(header, body, noon); !errors.Is(err, provider.ErrNewsForged) {
		t.Errorf("got %v, want %v", err, provider.ErrNewsForged)
	}
}

// No mutation of a signed message is accepted, and none panics.
func FuzzNews(f *testing.F) {
	body := []byte(`{"id":"evt_1","type":"x","data":{"object":{}}}`)
	f.Add(signedBy("whsec_new", noon, body).Get("Stripe-Signature"), body)
	f.Add("t=1,v1=00", []byte(`{"data":{"object":{"payment_intent":[]}}}`))
	p, err := New(Options{Key: "sk_test_x", WebhookSecrets: []string{"whsec_new"}, Now: func() time.Time { return noon }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header string, sent []byte) {
		_, err := p.ReadNews(http.Header{"Stripe-Signature": {header}}, sent, noon)
		if err == nil && string(sent) != string(body) {
			t.Errorf("%q with %q was accepted", sent, header)
		}
		if _, err := readEvent(sent); err != nil && !errors.Is(err, provider.ErrNewsMalformed) {
			t.Errorf("got %v, want %v", err, provider.ErrNewsMalformed)
		}
	})
}
