package sandbox_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// askPayPal calls one of PayPal's operations as the merchant and returns the
// status of the answer, which is decoded into the last argument if there is one.
func (d *desk) askPayPal(method, path string, body, into any) int {
	d.Helper()
	text := []byte{}
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			d.Fatal(err)
		}
	}
	req, err := http.NewRequest(method, "http://sandbox.test"+path, bytes.NewReader(text))
	if err != nil {
		d.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.paypalBearer())
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Prefer", "return=representation")
	req.Header.Set("PayPal-Request-Id", strconv.FormatUint(rand.Uint64(), 36))
	status, got := d.exchanged(req)
	checkWire(d, method, path, text, status, got)
	if into != nil {
		if err := json.Unmarshal(got, into); err != nil {
			d.Fatalf("%s %s: got %d %s, %v", method, path, status, got, err)
		}
	}
	return status
}

func (d *desk) exchanged(req *http.Request) (int, []byte) {
	d.Helper()
	res, err := d.world.Transport().RoundTrip(req)
	if err != nil {
		d.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	return res.StatusCode, got
}

func (d *desk) paypalBearer() string {
	d.Helper()
	req, err := http.NewRequest("POST", "http://sandbox.test/v1/oauth2/token", strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
	if err != nil {
		d.Fatal(err)
	}
	req.SetBasicAuth("client", "secret")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, got := d.exchanged(req)
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(got, &token); err != nil || status != 200 || token.AccessToken == "" {
		d.Fatalf("token: got %d %s", status, got)
	}
	return token.AccessToken
}

// A post is one delivery as a merchant gets it.
type post struct {
	header http.Header
	body   []byte
	event  struct {
		ID              string          `json:"id"`
		EventType       string          `json:"event_type"`
		EventVersion    string          `json:"event_version"`
		ResourceType    string          `json:"resource_type"`
		ResourceVersion string          `json:"resource_version"`
		Resource        json.RawMessage `json:"resource"`
	}
}

// A mailbox is a merchant's webhook for PayPal's events, in process.
type mailbox struct {
	*testing.T
	refuse int // the next so many
	got    []post
	tries  int
}

func (m *mailbox) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	m.tries++
	if m.refuse > 0 {
		m.refuse--
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: http.NoBody, Request: r}, nil
	}
	p := post{header: r.Header, body: body}
	if err := json.Unmarshal(body, &p.event); err != nil {
		m.Errorf("delivery: %v", err)
	}
	m.got = append(m.got, p)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

func (m *mailbox) types() []string {
	var types []string
	for _, p := range m.got {
		types = append(types, p.event.EventType)
	}
	return types
}

// chosenWebhook is the id of the webhook that tests register in process.
const chosenWebhook = "5GP028458E2496506"

// hearing is a desk whose merchant has a webhook for the given kinds of
// PayPal's events.
func hearing(t *testing.T, kinds ...string) (d *desk, m *mailbox, webhookID string) {
	t.Helper()
	m = &mailbox{T: t}
	o := options()
	o.Client = &http.Client{Transport: m}
	d = open(t, o)
	if err := d.world.PayPalEndpoint("https://shop.test/paypal", chosenWebhook, kinds...); err != nil {
		t.Fatal(err)
	}
	return d, m, chosenWebhook
}

// simulate has a made-up event sent.
func (d *desk) simulate(webhookID, kind string) {
	d.Helper()
	if status := d.askPayPal("POST", "/v1/notifications/simulate-event", map[string]string{"webhook_id": webhookID, "event_type": kind}, nil); status != 202 {
		d.Fatalf("simulate %s: got %d, want 202", kind, status)
	}
}

// checkSignature verifies a delivery the way PayPal's documentation tells
// merchants to, with nothing of the sandbox's but the certificate.
func (d *desk) checkSignature(p post, webhookID string) error {
	address := p.header.Get("PAYPAL-CERT-URL")
	req, err := http.NewRequest("GET", address, nil)
	if err != nil {
		return err
	}
	status, chain := d.exchanged(req)
	if status != 200 || !strings.HasPrefix(address, "http://sandbox.test/v1/notifications/certs/CERT-") {
		return fmt.Errorf("certificate at %s: got %d", address, status)
	}
	var certs []*x509.Certificate
	for block, rest := pem.Decode(chain); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err
		}
		certs = append(certs, c)
	}
	if len(certs) != 2 || certs[0].Subject.CommonName != "messageverificationcerts.paypal.com" {
		return fmt.Errorf("got %d certificates, the first for %s", len(certs), certs[0].Subject)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certs[1])
	if _, err := certs[0].Verify(x509.VerifyOptions{Roots: roots, DNSName: "messageverificationcerts.paypal.com", CurrentTime: d.world.Now()}); err != nil {
		return err
	}
	signed := fmt.Sprintf("%s|%s|%s|%d", p.header.Get("PAYPAL-TRANSMISSION-ID"), p.header.Get("PAYPAL-TRANSMISSION-TIME"), webhookID, crc32.ChecksumIEEE(p.body))
	signature, err := base64.StdEncoding.DecodeString(p.header.Get("PAYPAL-TRANSMISSION-SIG"))
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(signed))
	return rsa.VerifyPKCS1v15(certs[0].PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], signature)
}

// postback has PayPal's own operation verify a delivery.
func (d *desk) postback(p post, webhookID string) string {
	d.Helper()
	var got struct {
		Status string `json:"verification_status"`
	}
	status := d.askPayPal("POST", "/v1/notifications/verify-webhook-signature", map[string]any{
		"auth_algo": p.header.Get("PAYPAL-AUTH-ALGO"), "cert_url": p.header.Get("PAYPAL-CERT-URL"), "transmission_id": p.header.Get("PAYPAL-TRANSMISSION-ID"),
		"transmission_sig": p.header.Get("PAYPAL-TRANSMISSION-SIG"), "transmission_time": p.header.Get("PAYPAL-TRANSMISSION-TIME"),
		"webhook_id": webhookID, "webhook_event": json.RawMessage(p.body),
	}, &got)
	if status != 200 {
		d.Errorf("postback: got %d, want 200", status)
	}
	return got.Status
}

func TestPayPalSignsWithItsCertificate(t *testing.T) {
	d, m, id := hearing(t)
	d.simulate(id, "PAYMENT.CAPTURE.COMPLETED")
	d.tick()
	if len(m.got) != 1 {
		t.Fatalf("got %d deliveries, want 1", len(m.got))
	}
	p := m.got[0]
	if err := d.checkSignature(p, id); err != nil {
		t.Errorf("signature: %v", err)
	}
	if got := d.postback(p, id); got != "SUCCESS" {
		t.Errorf("postback: got %s, want SUCCESS", got)
	}
	if algo := p.header.Get("PAYPAL-AUTH-ALGO"); algo != "SHA256withRSA" {
		t.Errorf("got algorithm %q", algo)
	}
	if err := d.checkSignature(p, "0AB12345CD678901E"); err == nil {
		t.Error("another webhook's id: got a good signature")
	}
	for name, forge := range map[string]func(*post){
		"body":    func(p *post) { p.body = bytes.Replace(p.body, []byte("COMPLETED"), []byte("DENIED"), 1) },
		"time":    func(p *post) { p.header.Set("PAYPAL-TRANSMISSION-TIME", "2026-03-02T09:00:01Z") },
		"id":      func(p *post) { p.header.Set("PAYPAL-TRANSMISSION-ID", "11111111-2222-3333-4444-555555555555") },
		"address": func(p *post) { p.header.Set("PAYPAL-CERT-URL", "http://evil.test/v1/notifications/certs/CERT-1-2-3") },
		"signature": func(p *post) {
			p.header.Set("PAYPAL-TRANSMISSION-SIG", base64.StdEncoding.EncodeToString([]byte("no")))
		},
	} {
		forged := post{header: p.header.Clone(), body: p.body}
		forge(&forged)
		if got := d.postback(forged, id); got != "FAILURE" {
			t.Errorf("forged %s: got %s, want FAILURE", name, got)
		}
	}
}

func TestPayPalsCertificateOutlivesARestart(t *testing.T) {
	m := &mailbox{T: t}
	o := options()
	o.Client, o.State = &http.Client{Transport: m}, filepath.Join(t.TempDir(), "world.db")
	d := open(t, o)
	id := chosenWebhook
	if err := d.world.PayPalEndpoint("https://shop.test/paypal", id); err != nil {
		t.Fatal(err)
	}
	d.simulate(id, "PAYMENT.CAPTURE.COMPLETED")
	d.tick()
	if err := d.world.Close(); err != nil {
		t.Fatal(err)
	}

	d = open(t, o)
	if err := d.world.PayPalEndpoint("https://shop.test/paypal", id); err != nil {
		t.Errorf("the same webhook again: %v", err)
	}
	var list struct{ Webhooks []webhookDoc }
	if d.askPayPal("GET", "/v1/notifications/webhooks", nil, &list); len(list.Webhooks) != 1 {
		t.Errorf("got %+v, want one webhook", list)
	}
	if err := d.checkSignature(m.got[0], id); err != nil {
		t.Errorf("an old delivery after the restart: %v", err)
	}
	if err := d.world.Advance(100 * 365 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := d.checkSignature(m.got[0], id); err != nil {
		t.Errorf("a century later: %v", err)
	}
}

func TestPayPalDeliveriesAreRetried25TimesInThreeDays(t *testing.T) {
	d, m, id := hearing(t)
	m.refuse = 1000
	d.simulate(id, "PAYMENT.CAPTURE.COMPLETED")
	var last time.Time
	for before := -1; d.world.Now().Sub(start) < 5*24*time.Hour; before = m.tries {
		d.tick()
		if m.tries > before && m.tries > 0 && before >= 0 {
			last = d.world.Now()
		}
		if err := d.world.Advance(time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if m.tries != 26 {
		t.Errorf("got %d attempts, want one and 25 more", m.tries)
	}
	if spread := last.Sub(start); spread < 60*time.Hour || spread > 72*time.Hour {
		t.Errorf("got the last attempt after %s, want it towards the end of three days", spread)
	}
	m.refuse = 1
	d.simulate(id, "PAYMENT.CAPTURE.COMPLETED")
	d.tick()
	if err := d.world.Advance(2 * time.Minute); err != nil {
		t.Fatal(err)
	}
	d.tick()
	if len(m.got) != 1 {
		t.Fatalf("got %d deliveries, want 1", len(m.got))
	}
	if err := d.checkSignature(m.got[0], id); err != nil {
		t.Errorf("a delivery tried again: %v", err)
	}
}

func TestPayPalWebhookFaults(t *testing.T) {
	for _, c := range []struct {
		fault      sandbox.Fault
		now, later int
	}{
		{sandbox.Fault{Op: "webhook", Kind: "lost"}, 0, 0},
		{sandbox.Fault{Op: "webhook", Kind: "duplicate"}, 2, 2},
		{sandbox.Fault{Op: "webhook", Kind: "late", DelayMS: time.Hour.Milliseconds()}, 0, 1},
	} {
		d, m, id := hearing(t)
		d.world.Fault(c.fault)
		d.simulate(id, "PAYMENT.CAPTURE.COMPLETED")
		d.tick()
		now := len(m.got)
		if err := d.world.Advance(2 * time.Hour); err != nil {
			t.Fatal(err)
		}
		d.tick()
		if now != c.now || len(m.got) != c.later {
			t.Errorf("%s: got %d at once and %d in all, want %d and %d", c.fault.Kind, now, len(m.got), c.now, c.later)
		}
		if c.now == 2 && (m.got[0].event.ID != m.got[1].event.ID || m.got[0].header.Get("PAYPAL-TRANSMISSION-ID") == m.got[1].header.Get("PAYPAL-TRANSMISSION-ID")) {
			t.Error("duplicate: want one event in two transmissions")
		}
	}

	d, m, id := hearing(t)
	var sent []string
	for _, kind := range []string{"PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.PENDING", "PAYMENT.CAPTURE.REFUNDED", "PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.AUTHORIZATION.VOIDED"} {
		sent = append(sent, kind)
		d.simulate(id, kind)
	}
	d.world.Fault(sandbox.Fault{Op: "webhook", Kind: "shuffle"})
	d.tick()
	if got := m.types(); len(got) != len(sent) || slices.Equal(got, sent) {
		t.Errorf("shuffled: got %v, want all of them in another order", got)
	}
}

func TestPayPalEndpointIsChosenByItsID(t *testing.T) {
	d, m, id := hearing(t)
	if err := d.world.PayPalEndpoint("https://shop.test/moved", id, "PAYMENT.CAPTURE.COMPLETED"); err != nil {
		t.Fatal(err)
	}
	if err := d.world.PayPalEndpoint("https://shop.test/moved", "OTHER"); err != nil {
		t.Fatal(err)
	}
	var list struct{ Webhooks []webhookDoc }
	if d.askPayPal("GET", "/v1/notifications/webhooks", nil, &list); len(list.Webhooks) != 1 || list.Webhooks[0].ID != "OTHER" || list.Webhooks[0].URL != "https://shop.test/moved" {
		t.Errorf("got %+v, want the newer one at the address", list)
	}
	d.simulate("OTHER", "PAYMENT.CAPTURE.COMPLETED")
	d.tick()
	if len(m.got) != 1 || d.checkSignature(m.got[0], "OTHER") != nil {
		t.Errorf("got %d deliveries, want one that is signed for the newer", len(m.got))
	}
	for _, c := range [][2]string{{"https://shop.test/", ""}, {"https://shop.test/", "a b"}, {"shop.test", "A"}} {
		if err := d.world.PayPalEndpoint(c[0], c[1]); err == nil {
			t.Errorf("address %q, id %q: got no error", c[0], c[1])
		}
	}
}

type webhookDoc struct {
	ID         string `json:"id"`
	URL        string `json:"url"`
	EventTypes []struct {
		Name string `json:"name"`
	} `json:"event_types"`
}

func TestPayPalWebhooksAreKept(t *testing.T) {
	d := newDesk(t)
	const path = "/v1/notifications/webhooks"
	asked := map[string]any{"url": "https://shop.test/a", "event_types": []map[string]string{{"name": "PAYMENT.CAPTURE.COMPLETED"}}}
	var h webhookDoc
	if status := d.askPayPal("POST", path, asked, &h); status != 201 || len(h.ID) != 17 || h.URL != "https://shop.test/a" {
		t.Fatalf("create: got %d %+v", status, h)
	}
	var refused struct{ Name string }
	if status := d.askPayPal("POST", path, asked, &refused); status != 400 || refused.Name != "WEBHOOK_URL_ALREADY_EXISTS" {
		t.Errorf("twice: got %d %s", status, refused.Name)
	}
	var list struct{ Webhooks []webhookDoc }
	if d.askPayPal("GET", path, nil, &list); len(list.Webhooks) != 1 {
		t.Errorf("list: got %+v, want one", list)
	}
	change := []map[string]any{{"op": "replace", "path": "/url", "value": "https://shop.test/b"},
		{"op": "replace", "path": "/event_types", "value": []map[string]string{{"name": "*"}}}}
	if status := d.askPayPal("PATCH", path+"/"+h.ID, change, &h); status != 200 || h.URL != "https://shop.test/b" || h.EventTypes[0].Name != "*" {
		t.Errorf("patch: got %d %+v", status, h)
	}
	if status := d.askPayPal("DELETE", path+"/"+h.ID, nil, nil); status != 204 {
		t.Errorf("delete: got %d, want 204", status)
	}
	if status := d.askPayPal("GET", path+"/"+h.ID, nil, &refused); status != 404 || refused.Name != "INVALID_RESOURCE_ID" {
		t.Errorf("after deleting: got %d %s", status, refused.Name)
	}
	for i := range 11 {
		asked["url"] = fmt.Sprintf("https://shop.test/%d", i)
		status := d.askPayPal("POST", path, asked, &refused)
		if full := i == 10; full != (status == 400) {
			t.Errorf("webhook %d: got %d", i, status)
		}
	}
	for name, body := range map[string]any{
		"no address":   map[string]any{"event_types": []map[string]string{{"name": "*"}}},
		"not a web":    map[string]any{"url": "mailto:a@b", "event_types": []map[string]string{{"name": "*"}}},
		"no events":    map[string]any{"url": "https://shop.test/x"},
		"odd event":    map[string]any{"url": "https://shop.test/x", "event_types": []map[string]string{{"name": "PAYMENT.NOT.THERE"}}},
		"wrong fields": map[string]any{"url": 7},
	} {
		if status := d.askPayPal("POST", path, body, nil); status != 400 {
			t.Errorf("%s: got %d, want 400", name, status)
		}
	}
}

func TestPayPalEventsAreListedAndSentAgain(t *testing.T) {
	d, m, id := hearing(t, "PAYMENT.CAPTURE.COMPLETED")
	for range 3 {
		d.simulate(id, "PAYMENT.CAPTURE.COMPLETED")
	}
	d.tick()
	const path = "/v1/notifications/webhooks-events"
	var list struct {
		Events []struct {
			ID       string          `json:"id"`
			Resource json.RawMessage `json:"resource"`
		}
		Links []struct{ Rel, Href string }
	}
	d.askPayPal("GET", path+"?page_size=2", nil, &list)
	if len(list.Events) != 2 || len(list.Links) != 1 || list.Links[0].Rel != "next" || list.Events[0].ID != m.got[2].event.ID {
		t.Fatalf("got %+v, want the two newest and a way on", list)
	}
	next := strings.TrimPrefix(list.Links[0].Href, "http://sandbox.test")
	list.Links = nil
	d.askPayPal("GET", next, nil, &list)
	if len(list.Events) != 1 || len(list.Links) != 0 || list.Events[0].ID != m.got[0].event.ID {
		t.Errorf("the next page: got %+v, want the oldest", list)
	}
	var resource struct{ ID string }
	if err := json.Unmarshal(list.Events[0].Resource, &resource); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		"transaction_id=" + resource.ID: 1, "transaction_id=none": 0, "event_type=PAYMENT.CAPTURE.DENIED": 0,
		"start_time=2026-03-02T08:00:00Z&end_time=2026-03-02T10:00:00Z": 3, "start_time=2026-03-02T10:00:00Z": 0,
	} {
		if d.askPayPal("GET", path+"?"+query, nil, &list); len(list.Events) != want {
			t.Errorf("%s: got %d events, want %d", query, len(list.Events), want)
		}
	}
	first := m.got[0].event.ID
	if status := d.askPayPal("POST", path+"/"+first+"/resend", map[string]any{}, nil); status != 202 {
		t.Errorf("resend: got %d, want 202", status)
	}
	d.tick()
	if last := m.got[len(m.got)-1]; len(m.got) != 4 || last.event.ID != first || d.checkSignature(last, id) != nil {
		t.Errorf("got %d deliveries, the last of %s, want the first event again", len(m.got), last.event.ID)
	}
	if status := d.askPayPal("GET", path+"/"+first, nil, nil); status != 200 {
		t.Errorf("the event: got %d, want 200", status)
	}
	if status := d.askPayPal("GET", path+"/WH-NONE", nil, nil); status != 404 {
		t.Errorf("no event: got %d, want 404", status)
	}
}

func TestSimulatedEventsForAnyAddress(t *testing.T) {
	d, m, _ := hearing(t, "PAYMENT.CAPTURE.DENIED")
	if status := d.askPayPal("POST", "/v1/notifications/simulate-event", map[string]string{"url": "https://other.test/", "event_type": "VAULT.PAYMENT-TOKEN.CREATED"}, nil); status != 202 {
		t.Fatalf("got %d, want 202", status)
	}
	d.tick()
	if len(m.got) != 1 || m.got[0].event.ResourceType != "payment_token" || d.checkSignature(m.got[0], "WEBHOOK_ID") != nil {
		t.Errorf("got %d deliveries, want one that is signed for WEBHOOK_ID", len(m.got))
	}
}

func TestWebhooksOfTheTwoProvidersStayApart(t *testing.T) {
	d, m, id := hearing(t)
	d.pay(charge(sandbox.Visa))
	d.tick()
	if len(m.got) != 0 {
		t.Errorf("a card's payment: PayPal's webhook got %v", m.types())
	}
	if err := d.world.Endpoint("https://shop.test/stripe", "whsec_known"); err != nil {
		t.Fatal(err)
	}
	d.simulate(id, "PAYMENT.CAPTURE.COMPLETED")
	d.tick()
	if len(m.got) != 1 || m.got[0].header.Get("Stripe-Signature") != "" {
		t.Errorf("got %d deliveries, want PayPal's only", len(m.got))
	}
}
