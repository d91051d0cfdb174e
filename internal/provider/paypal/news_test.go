package paypal

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bursar-pay/bursar/internal/provider"
)

// A seal is a certificate with the one that vouches for it.
type seal struct {
	key   *rsa.PrivateKey
	chain []byte // PEM
	root  *x509.Certificate
}

// makeSeal makes a certificate in a name, good for a year around noon.
func makeSeal(t *testing.T, commonName string) seal {
	t.Helper()
	key := func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	rootKey, leafKey := key(), key()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0),
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: commonName},
		KeyUsage: x509.KeyUsageDigitalSignature, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0),
	}
	sign := func(c *x509.Certificate, public *rsa.PublicKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, c, root, public, rootKey)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	leafDER, rootDER := sign(leaf, &leafKey.PublicKey), sign(root, &rootKey.PublicKey)
	parsed, err := x509.ParseCertificate(rootDER)
	if err != nil {
		t.Fatal(err)
	}
	var chain bytes.Buffer
	for _, der := range [][]byte{leafDER, rootDER} {
		if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
			t.Fatal(err)
		}
	}
	return seal{leafKey, chain.Bytes(), parsed}
}

// seals are made once: they are slow to make.
var seals = struct {
	sync.Once
	paypal, impostor seal
}{}

func sealsOf(t *testing.T) (paypal, impostor seal) {
	t.Helper()
	seals.Do(func() {
		seals.paypal = makeSeal(t, "messageverificationcerts.paypal.com")
		seals.impostor = makeSeal(t, "www.paypal.com")
	})
	return seals.paypal, seals.impostor
}

const certAt = "https://api.paypal.com/v1/notifications/certs/CERT-1"

var message = []byte(`{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","create_time":"2026-01-02T11:59:00Z","resource":` +
	captured("COMPLETED", "pay_1") + `}`)

// headers sign a message as PayPal does.
func (s seal) headers(t *testing.T, webhookID string, at time.Time, body []byte) http.Header {
	t.Helper()
	sent := at.UTC().Format(time.RFC3339)
	digest := sha256.Sum256(fmt.Appendf(nil, "t-1|%s|%s|%d", sent, webhookID, crc32.ChecksumIEEE(body)))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	h.Set("PAYPAL-TRANSMISSION-ID", "t-1")
	h.Set("PAYPAL-TRANSMISSION-TIME", sent)
	h.Set("PAYPAL-TRANSMISSION-SIG", base64.StdEncoding.EncodeToString(signature))
	h.Set("PAYPAL-CERT-URL", certAt)
	h.Set("PAYPAL-AUTH-ALGO", "SHA256withRSA")
	return h
}

// A shelf is PayPal's hosts, where certificates are.
type shelf struct {
	mu     sync.Mutex
	chain  []byte
	status int
	asked  []string
	bodies []string
	verify string // PayPal's own word about a signature
}

// RoundTrip hands out the certificate, and PayPal's word.
func (s *shelf) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/v1/oauth2/token" {
		return respond(r, reply{status: 200, body: `{"access_token":"t","expires_in":32400}`}), nil
	}
	s.asked = append(s.asked, r.URL.String())
	if strings.HasSuffix(r.URL.Path, "/verify-webhook-signature") {
		body, err := io.ReadAll(r.Body)
		s.bodies = append(s.bodies, string(body))
		if s.verify == "" {
			return respond(r, reply{status: 503}), err
		}
		return respond(r, reply{status: 200, body: `{"verification_status":"` + s.verify + `"}`}), err
	}
	if s.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return respond(r, reply{status: s.status, body: string(s.chain)}), nil
}

// listening returns a plug that listens to PayPal itself, or to another server.
func listening(t *testing.T, url string, s *shelf) *Plug {
	t.Helper()
	p, err := New(Options{URL: url, ClientID: "client", Secret: "secret", WebhookID: "WH1",
		Client: &http.Client{Transport: s}, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	genuine, _ := sealsOf(t)
	p.certs.roots = x509.NewCertPool()
	p.certs.roots.AddCert(genuine.root)
	return p
}

func TestNewsOfPayPal(t *testing.T) {
	genuine, impostor := sealsOf(t)
	good := func() http.Header { return genuine.headers(t, "WH1", noon, message) }
	with := func(name, value string) http.Header {
		h := good()
		h.Set(name, value)
		return h
	}
	tests := []struct {
		name   string
		header http.Header
		body   []byte
		chain  seal
		now    time.Time
		want   error
	}{
		{"genuine", good(), message, genuine, noon, nil},
		{"three days on its way", good(), message, genuine, noon.Add(72 * time.Hour), nil},
		{"too old", good(), message, genuine, noon.Add(74 * time.Hour), provider.ErrNewsStale},
		{"from the future", good(), message, genuine, noon.Add(-6 * time.Minute), provider.ErrNewsStale},
		{"changed", good(), append([]byte(" "), message...), genuine, noon, provider.ErrNewsForged},
		{"for another endpoint", genuine.headers(t, "WH2", noon, message), message, genuine, noon, provider.ErrNewsForged},
		{"another certificate of PayPal's", impostor.headers(t, "WH1", noon, message), message, impostor, noon, provider.ErrNewsForged},
		{"signed by another than the certificate", impostor.headers(t, "WH1", noon, message), message, genuine, noon, provider.ErrNewsForged},
		{"certificate at an end", genuine.headers(t, "WH1", noon.AddDate(2, 0, 0), message), message, genuine, noon.AddDate(2, 0, 0), provider.ErrNewsForged},
		{"another algorithm", with("Paypal-Auth-Algo", "SHA1withRSA"), message, genuine, noon, provider.ErrNewsForged},
		{"another time", with("Paypal-Transmission-Time", noon.Add(time.Second).Format(time.RFC3339)), message, genuine, noon, provider.ErrNewsForged},
		{"no time", with("Paypal-Transmission-Time", "noon"), message, genuine, noon, provider.ErrNewsForged},
		{"signature that is none", with("Paypal-Transmission-Sig", "!"), message, genuine, noon, provider.ErrNewsForged},
		{"no headers", nil, message, genuine, noon, provider.ErrNewsForged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := listening(t, "", &shelf{chain: tt.chain.chain, status: 200})
			n, err := p.ReadNews(tt.header, tt.body, tt.now)
			if !errors.Is(err, tt.want) || (err == nil) != (n.ID != "") {
				t.Errorf("got %+v, %v, want %v", n, err, tt.want)
			}
		})
	}
}

// Two values for one header: one could be checked and the other believed.
func TestNewsWithADoubleHeaderIsForged(t *testing.T) {
	genuine, _ := sealsOf(t)
	h := genuine.headers(t, "WH1", noon, message)
	h.Add("Paypal-Transmission-Id", "t-2")
	p := listening(t, "", &shelf{chain: genuine.chain, status: 200})
	if _, err := p.ReadNews(h, message, noon); !errors.Is(err, provider.ErrNewsForged) {
		t.Errorf("got %v, want forged", err)
	}
}

// Where a certificate is fetched from, whatever the message says.
func TestCertificateURLs(t *testing.T) {
	tests := []struct{ named, paypal, sandbox string }{
		{certAt, certAt, "http://127.0.0.1:4242/v1/notifications/certs/CERT-1"},
		{"https://api.sandbox.paypal.com:443/v1/notifications/certs/C", "https://api.sandbox.paypal.com/v1/notifications/certs/C", "http://127.0.0.1:4242/v1/notifications/certs/C"},
		{"http://api.paypal.com/v1/notifications/certs/C", "", "http://127.0.0.1:4242/v1/notifications/certs/C"},
		{"https://evil.example/v1/notifications/certs/C", "", "http://127.0.0.1:4242/v1/notifications/certs/C"},
		{"https://paypal.com.evil.example/v1/notifications/certs/C", "", "http://127.0.0.1:4242/v1/notifications/certs/C"},
		{"https://evilpaypal.com/v1/notifications/certs/C", "", "http://127.0.0.1:4242/v1/notifications/certs/C"},
		{"https://api.paypal.com:8443/v1/notifications/certs/C", "", "http://127.0.0.1:4242/v1/notifications/certs/C"},
		{"https://me@api.paypal.com/v1/notifications/certs/C", "", ""},
		{"https://api.paypal.com/redirect?to=evil", "", ""},
		{"https://api.paypal.com/v1/notifications/certs/../../../x", "", ""},
		{"https://api.paypal.com/v1/notifications/certs/", "", ""},
		{"/v1/notifications/certs/C", "", "http://127.0.0.1:4242/v1/notifications/certs/C"},
		{"", "", ""},
	}
	p, s := listening(t, "", &shelf{}), listening(t, "http://127.0.0.1:4242", &shelf{})
	for _, tt := range tests {
		if got := p.certURL(tt.named); got != tt.paypal {
			t.Errorf("PayPal, %q: got %q, want %q", tt.named, got, tt.paypal)
		}
		if got := s.certURL(tt.named); got != tt.sandbox {
			t.Errorf("sandbox, %q: got %q, want %q", tt.named, got, tt.sandbox)
		}
	}
}

func TestNewsFromElsewhereAsksNobody(t *testing.T) {
	genuine, _ := sealsOf(t)
	h := genuine.headers(t, "WH1", noon, message)
	h.Set("Paypal-Cert-Url", "https://evil.example/v1/notifications/certs/C")
	s := &shelf{chain: genuine.chain, status: 200, verify: "SUCCESS"}
	if _, err := listening(t, "", s).ReadNews(h, message, noon); !errors.Is(err, provider.ErrNewsForged) || len(s.asked) > 0 {
		t.Errorf("got %v, having asked %v; want forged, and nobody asked", err, s.asked)
	}
}

func TestCertificateIsFetchedOnce(t *testing.T) {
	genuine, _ := sealsOf(t)
	s := &shelf{chain: genuine.chain, status: 200}
	p := listening(t, "", s)
	for range 3 {
		if _, err := p.ReadNews(genuine.headers(t, "WH1", noon, message), message, noon); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{certAt}, s.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// Without the certificate PayPal's own word counts; without that it is said that
// nobody can tell, and PayPal sends the message again.
func TestNewsIsCheckedByPayPal(t *testing.T) {
	genuine, _ := sealsOf(t)
	for _, tt := range []struct {
		verify string
		want   error
	}{{"SUCCESS", nil}, {"FAILURE", provider.ErrNewsForged}, {"", provider.ErrUnreachable}} {
		s := &shelf{status: 404, verify: tt.verify}
		odd := []byte(`{ "id":"WH-1",  "event_type":"A.B", "resource":{"n":1.50} }`)
		n, err := listening(t, "", s).ReadNews(genuine.headers(t, "WH1", noon, odd), odd, noon)
		if !errors.Is(err, tt.want) || (err == nil) != (n.ID == "WH-1") {
			t.Errorf("%q: got %+v, %v, want %v", tt.verify, n, err, tt.want)
		}
		if len(s.bodies) != 1 || !strings.Contains(s.bodies[0], `"webhook_event":`+string(odd)+`}`) || !strings.Contains(s.bodies[0], `"webhook_id":"WH1"`) {
			t.Errorf("%q: PayPal was asked %q, want the message as it came", tt.verify, s.bodies)
		}
	}
}

// What each kind of message is about.
func TestReadEvent(t *testing.T) {
	ids := `"supplementary_data":{"related_ids":{"order_id":"` + orderID + `"}}`
	fromIDs := `"supplementary_data":{"related_ids":{"order_id":"` + orderID + `","authorization_id":"` + holdID + `"}}`
	up := `"links":[{"rel":"self","href":"https://x/v2/payments/captures/C"},{"rel":"up","href":"https://x/v2/checkout/orders/` + orderID + `"}]`
	upHold := `"links":[{"rel":"up","href":"https://x/v2/payments/authorizations/` + holdID + `"}]`
	tests := []struct {
		kind, resource string
		want           provider.News
	}{
		{"CHECKOUT.ORDER.APPROVED", orderText{intent: "CAPTURE", status: "APPROVED", kind: "charge"}.String(), provider.News{Ref: orderName, Reference: "pay_1"}},
		{"PAYMENT.AUTHORIZATION.VOIDED", `{"id":"` + holdID + `","custom_id":"hold_1",` + ids + `}`, provider.News{Ref: orderName, Reference: "hold_1"}},
		{"PAYMENT.CAPTURE.COMPLETED", `{"id":"C","invoice_id":"pay_1","custom_id":"pay_1",` + ids + `}`, provider.News{Ref: orderName, Reference: "pay_1"}},
		{"PAYMENT.CAPTURE.PENDING", `{"id":"C","invoice_id":"pay_1",` + up + `}`, provider.News{Ref: orderName, Reference: "pay_1"}},
		{"PAYMENT.CAPTURE.COMPLETED", `{"id":"C","invoice_id":"pay_1","custom_id":"hold_1",` + fromIDs + `}`, provider.News{Ref: fromName, Reference: "pay_1"}},
		{"PAYMENT.CAPTURE.DENIED", `{"id":"C","invoice_id":"pay_1",` + upHold + `}`, provider.News{Ref: fromName, Reference: "pay_1"}},
		{"PAYMENT.CAPTURE.REFUNDED", `{"id":"R","invoice_id":"pay_1"}`, provider.News{Reference: "pay_1"}},
		{"VAULT.PAYMENT-TOKEN.DELETED", `{"id":"8kk8451t"}`, provider.News{Token: tokenID}},
		{"CUSTOMER.DISPUTE.CREATED", `{"dispute_id":"PP-1","disputed_transactions":[{"seller_transaction_id":"C","invoice_number":"pay_1"}]}`, provider.News{Reference: "pay_1"}},
		{"BILLING.PLAN.CREATED", `{"id":"P-1"}`, provider.News{}},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			tt.want.ID, tt.want.Kind, tt.want.At = "WH-1", tt.kind, noon
			got, err := readEvent([]byte(`{"id":"WH-1","event_type":"` + tt.kind + `","create_time":"2026-01-02T12:00:00Z","resource":` + tt.resource + `}`))
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	for _, body := range []string{"", "{}", "[]", `{"id":"WH-1"}`, `{"event_type":"A"}`} {
		if _, err := readEvent([]byte(body)); !errors.Is(err, provider.ErrNewsMalformed) {
			t.Errorf("%q: got %v, want malformed", body, err)
		}
	}
}

// No message that PayPal did not sign is taken, and none breaks the reader.
func FuzzNews(f *testing.F) {
	f.Add("t-1", noon.Format(time.RFC3339), "c2lnbmF0dXJl", certAt, "SHA256withRSA", string(message))
	f.Add("", "", "", "", "", "{}")
	p, err := New(Options{ClientID: "client", Secret: "secret", WebhookID: "WH1", Now: func() time.Time { return noon },
		Client: &http.Client{Transport: &shelf{verify: "FAILURE"}}})
	if err != nil {
		f.Fatal(err)
	}
	p.pass.token, p.pass.until = "t", noon.Add(time.Hour) // had already: it is not what is tried
	f.Fuzz(func(t *testing.T, id, sent, signature, at, algorithm, body string) {
		h := http.Header{
			"Paypal-Transmission-Id": {id}, "Paypal-Transmission-Time": {sent}, "Paypal-Transmission-Sig": {signature},
			"Paypal-Cert-Url": {at}, "Paypal-Auth-Algo": {algorithm},
		}
		if n, err := p.ReadNews(h, []byte(body), noon); err == nil {
			t.Errorf("taken: %+v", n)
		}
		if n, err := readEvent([]byte(body)); err == nil && (n.ID == "" || n.Kind == "") {
			t.Errorf("read %+v, want an id and a kind", n)
		}
	})
}
