package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// A merchant calls PayPal. Every request that is accepted and every answer is
// checked against PayPal's own descriptions.
type merchant struct {
	*desk
	token    string
	requests int
}

// object is JSON.
type object = map[string]any

func newMerchant(t testing.TB) *merchant { return merchantOf(open(t, options())) }

func merchantOf(d *desk) *merchant {
	d.Helper()
	m := &merchant{desk: d}
	m.logIn()
	return m
}

// logIn gets a new access token.
func (m *merchant) logIn() {
	m.Helper()
	r := m.oauth("client", "secret", "grant_type=client_credentials")
	if r.status != 200 || r.text("token_type") != "Bearer" || r.text("expires_in") != "32400" || r.text("app_id") == "" || r.text("nonce") == "" || r.text("scope") == "" {
		m.Fatalf("token: got %d %s", r.status, r.raw)
	}
	m.token = r.text("access_token")
}

func (m *merchant) oauth(client, secret, form string) reply {
	m.Helper()
	req, err := http.NewRequest("POST", "http://sandbox.test/v1/oauth2/token", strings.NewReader(form))
	if err != nil {
		m.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if client+secret != "" {
		req.SetBasicAuth(client, secret)
	}
	return m.exchange(req)
}

// A reply is one answer.
type reply struct {
	status int
	header http.Header
	raw    []byte
	lost   bool
}

// text finds a value by a path such as purchase_units.0.amount.value.
func (r reply) text(path string) string {
	var value any
	if json.Unmarshal(r.raw, &value) != nil {
		return ""
	}
	for _, name := range strings.Split(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(v) {
				return ""
			}
			value = v[i]
		}
	}
	switch v := value.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// issue is the first issue of a refusal.
func (r reply) issue() string { return r.text("details.0.issue") }

// link is the address with a relation.
func (r reply) link(rel string) string {
	var got struct{ Links []struct{ Href, Rel string } }
	if json.Unmarshal(r.raw, &got) == nil {
		for _, l := range got.Links {
			if l.Rel == rel {
				return l.Href
			}
		}
	}
	return ""
}

func (m *merchant) exchange(req *http.Request) reply {
	m.Helper()
	res, err := m.world.Transport().RoundTrip(req)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return reply{lost: true}
	}
	if err != nil {
		m.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		m.Fatal(err)
	}
	if res.Header.Get("PayPal-Debug-Id") == "" {
		m.Errorf("%s %s: got no PayPal-Debug-Id", req.Method, req.URL.Path)
	}
	return reply{status: res.StatusCode, header: res.Header, raw: raw}
}

// undescribed are issues that PayPal documents elsewhere than in its
// descriptions of the operation that answers them here.
var undescribed = map[string]bool{
	"PAYPAL_REQUEST_ID_PREVIOUSLY_USED": true, // https://developer.paypal.com/api/payment-tokens/v3/errors/
	"REAUTHORIZATION_TOO_SOON":          true, // https://developer.paypal.com/api/payments/v2/errors/
	"ACTION_DOES_NOT_MATCH_INTENT":      true, // described for authorizing only
}

// call sends JSON with a PayPal-Request-Id, or without one if it is "".
func (m *merchant) call(method, path string, body any, requestID string, headers ...string) reply {
	m.Helper()
	text := []byte{}
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			m.Fatal(err)
		}
	}
	req, err := http.NewRequest(method, "http://sandbox.test"+path, strings.NewReader(string(text)))
	if err != nil {
		m.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Prefer", "return=representation")
	if requestID != "" {
		req.Header.Set("PayPal-Request-Id", requestID)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	r := m.exchange(req)
	if !r.lost && !undescribed[r.issue()] {
		m.conforms(method, path, text, r)
	}
	return r
}

// conforms checks a request that was accepted, and its answer.
func (m *merchant) conforms(method, path string, body []byte, r reply) {
	m.Helper()
	s := schemas(m)
	if r.status < 300 {
		// The vault's description knows one type of token only, and it is not
		// the one that PayPal's documentation tells to send.
		asked := []byte(strings.Replace(string(body), `"SETUP_TOKEN"`, `"BILLING_AGREEMENT"`, 1))
		if err := s.request(method, path, asked); err != nil {
			m.Errorf("%s %s %s was accepted: %v", method, path, body, err)
		}
	}
	if err := s.response(method, path, r.status, r.raw); err != nil {
		m.Errorf("%s %s: answered %d %s: %v", method, path, r.status, r.raw, err)
	}
}

func (m *merchant) get(path string) reply {
	m.Helper()
	return m.call("GET", path, nil, "")
}

// send sends a request under an id of its own.
func (m *merchant) send(path string, body any) reply {
	m.Helper()
	m.requests++
	return m.call("POST", path, body, fmt.Sprintf("request-%d", m.requests))
}

// must ends the test unless an answer has the status.
func (m *merchant) must(r reply, status int) reply {
	m.Helper()
	if r.status != status {
		m.Fatalf("got %d %s, want %d", r.status, r.raw, status)
	}
	return r
}

// refusedFor checks that an answer is a refusal for an issue.
func (m *merchant) refusedFor(what string, r reply, status int, issue string) {
	m.Helper()
	if r.status != status || r.issue() != issue {
		m.Errorf("%s: got %d %s, want %d %s", what, r.status, r.raw, status, issue)
	}
}

// setup is the body of a setup token as the product asks for one.
func setup() object {
	return object{
		"customer": object{"merchant_customer_id": "acct_1"},
		"payment_source": object{"paypal": object{
			"description": "Cloud usage", "usage_type": "MERCHANT", "usage_pattern": "THRESHOLD_POSTPAID", "customer_type": "CONSUMER",
			"permit_multiple_payment_tokens": false,
			"experience_context":             object{"brand_name": "Cloud Ltd", "return_url": "https://shop.test/back?m=1", "cancel_url": "https://shop.test/cancel"},
		}},
	}
}

// vaulted is a payment token of a payer.
func (m *merchant) vaulted(payer string) string {
	m.Helper()
	s := m.must(m.send("/v3/vault/setup-tokens", setup()), 201)
	if _, err := m.world.ApproveAs(s.text("id"), payer); err != nil {
		m.Fatal(err)
	}
	return m.must(m.tokenize(s.text("id")), 201).text("id")
}

func (m *merchant) tokenize(setupToken string) reply {
	m.Helper()
	return m.send("/v3/vault/payment-tokens", object{"payment_source": object{"token": object{"id": setupToken, "type": "SETUP_TOKEN"}}})
}

// order is the body of an order over an amount of USD with an invoice id.
func order(intent, value, invoice string) object {
	unit := object{"amount": object{"currency_code": "USD", "value": value}, "custom_id": "acct_1"}
	if invoice != "" {
		unit["invoice_id"] = invoice
	}
	return object{"intent": intent, "purchase_units": []object{unit}}
}

// by is the payment source of a payment token.
func by(token string) object {
	return object{"paypal": object{"vault_id": token,
		"stored_credential": object{"payment_initiator": "MERCHANT", "usage": "SUBSEQUENT", "usage_pattern": "THRESHOLD_POSTPAID"}}}
}

// paid makes and pays an order in one step.
func (m *merchant) paid(intent, value, invoice, token string) reply {
	m.Helper()
	o := order(intent, value, invoice)
	o["payment_source"] = by(token)
	return m.send("/v2/checkout/orders", o)
}

const firstHold, firstCapture = "purchase_units.0.payments.authorizations.0.", "purchase_units.0.payments.captures.0."

// hold authorizes an amount of USD and returns the authorization's id.
func (m *merchant) hold(value, invoice, token string) string {
	m.Helper()
	r := m.must(m.paid("AUTHORIZE", value, invoice, token), 201)
	if r.text("status") != "COMPLETED" || r.text(firstHold+"status") != "CREATED" {
		m.Fatalf("hold: got %s", r.raw)
	}
	return r.text(firstHold + "id")
}

func (m *merchant) paypalBooks() sandbox.PayPalBooks {
	m.Helper()
	return m.books().PayPal
}

func (m *merchant) totals() sandbox.PayPalTotals {
	m.Helper()
	b := m.paypalBooks()
	sum := int64(0)
	for _, amount := range b.Balances["USD"] {
		sum += amount
	}
	if sum != 0 {
		m.Errorf("PayPal's books: got a sum of %d, want 0", sum)
	}
	return b.Totals["USD"]
}

func TestPayPalFromAgreementToMoney(t *testing.T) {
	m := newMerchant(t)
	s := m.must(m.send("/v3/vault/setup-tokens", setup()), 201)
	if s.text("status") != "PAYER_ACTION_REQUIRED" || s.text("customer.id") == "" || s.link("approve") != "http://sandbox.test/agreements/approve?approval_session_id="+s.text("id") {
		t.Fatalf("setup token: got %s", s.raw)
	}
	back, err := m.world.ApproveAs(s.text("id"), sandbox.PayerGB)
	if err != nil || !strings.HasPrefix(back, "https://shop.test/back?") || !strings.Contains(back, "approval_token_id="+s.text("id")) || !strings.Contains(back, "m=1") {
		t.Errorf("approved: got %q, %v", back, err)
	}
	if got := m.get("/v3/vault/setup-tokens/" + s.text("id")); got.text("status") != "APPROVED" || got.link("confirm") == "" {
		t.Errorf("approved setup token: got %s", got.raw)
	}
	p := m.must(m.tokenize(s.text("id")), 201)
	wallet := "payment_source.paypal."
	if p.text(wallet+"payer_id") != "4GBRTWPHLK6XA" || p.text(wallet+"email_address") != "gb@payers.example.com" || p.text(wallet+"address.country_code") != "GB" ||
		p.text(wallet+"name.given_name") != "Gwen" || p.text(wallet+"usage_pattern") != "THRESHOLD_POSTPAID" ||
		p.text("customer.id") != s.text("customer.id") || p.text("customer.merchant_customer_id") != "acct_1" {
		t.Errorf("payment token: got %s", p.raw)
	}
	if got := m.get("/v3/vault/setup-tokens/" + s.text("id")).text("status"); got != "VAULTED" {
		t.Errorf("used setup token: got %s, want VAULTED", got)
	}
	if got := m.get("/v3/vault/payment-tokens?total_required=true&customer_id=" + p.text("customer.id")); got.text("payment_tokens.0.id") != p.text("id") || got.text("total_items") != "1" {
		t.Errorf("list: got %s", got.raw)
	}

	charge := m.must(m.paid("CAPTURE", "18.00", "debt-1", p.text("id")), 201)
	if charge.text("status") != "COMPLETED" || charge.text(firstCapture+"status") != "COMPLETED" || charge.text(firstCapture+"seller_receivable_breakdown.paypal_fee.value") != "1.12" ||
		charge.text(firstCapture+"seller_receivable_breakdown.net_amount.value") != "16.88" || charge.text(firstCapture+"invoice_id") != "debt-1" ||
		charge.text("purchase_units.0.custom_id") != "acct_1" || charge.text("payer.payer_id") != "4GBRTWPHLK6XA" ||
		charge.text("payment_source.paypal.stored_credential.payment_initiator") != "MERCHANT" {
		t.Errorf("charge: got %s", charge.raw)
	}
	if again := m.get("/v2/checkout/orders/" + charge.text("id")); again.text(firstCapture+"id") != charge.text(firstCapture+"id") {
		t.Errorf("reading it: got %s", again.raw)
	}
	if got := m.get("/v2/payments/captures/" + charge.text(firstCapture+"id")); got.text("supplementary_data.related_ids.order_id") != charge.text("id") {
		t.Errorf("capture: got %s", got.raw)
	}

	hold := m.hold("1.00", "hold-1", p.text("id"))
	if got := m.totals(); got.Held != 100 || got.Captured != 1800 || got.Fees != 112 {
		t.Errorf("books: got %+v", got)
	}
	if got := m.call("POST", "/v2/payments/authorizations/"+hold+"/void", nil, "v1", "Prefer", "return=minimal"); got.status != 204 || len(got.raw) != 0 {
		t.Errorf("void: got %d %s, want 204", got.status, got.raw)
	}
	if got := m.get("/v2/payments/authorizations/" + hold).text("status"); got != "VOIDED" {
		t.Errorf("voided: got %s", got)
	}
	if got := m.totals(); got.Held != 0 || got.Voided != 100 {
		t.Errorf("books: got %+v", got)
	}
	if got := m.call("DELETE", "/v3/vault/payment-tokens/"+p.text("id"), nil, ""); got.status != 204 {
		t.Errorf("delete: got %d", got.status)
	}
	if got := m.get("/v3/vault/payment-tokens/" + p.text("id")); got.status != 404 {
		t.Errorf("deleted: got %d", got.status)
	}
}

func TestPayPalCallersAreKnownByTheirToken(t *testing.T) {
	m := newMerchant(t)
	for _, c := range []struct{ client, secret, form, want string }{
		{"", "", "grant_type=client_credentials", "invalid_client"},
		{"client", "", "grant_type=client_credentials", "invalid_client"},
		{"client", "secret", "grant_type=password", "unsupported_grant_type"},
		{"client", "secret", "", "invalid_request"},
	} {
		if got := m.oauth(c.client, c.secret, c.form); got.text("error") != c.want || (got.status == 401) != (c.want == "invalid_client") {
			t.Errorf("%q %q %q: got %d %s, want %s", c.client, c.secret, c.form, got.status, got.raw, c.want)
		}
	}
	ok := func() bool { return m.get("/v2/checkout/orders/5O190127TN364715T").status == 404 }
	if !ok() {
		t.Error("a good token: got a refusal")
	}
	if err := m.world.RevokeAccessTokens(); err != nil {
		t.Fatal(err)
	}
	if got := m.get("/v2/checkout/orders/5O190127TN364715T"); got.status != 401 || got.text("name") != "AUTHENTICATION_FAILURE" {
		t.Errorf("revoked: got %d %s", got.status, got.raw)
	}
	m.logIn()
	if err := m.world.Advance(9*60*60*1e9 - 1e9); err != nil {
		t.Fatal(err)
	}
	if !ok() {
		t.Error("just before nine hours: got a refusal")
	}
	if err := m.world.Advance(1e9); err != nil {
		t.Fatal(err)
	}
	if ok() {
		t.Error("after nine hours: got an answer")
	}
}

func TestPayPalBooksAreApartFromTheCards(t *testing.T) {
	m := newMerchant(t)
	m.must(m.paid("CAPTURE", "10.00", "", m.vaulted(sandbox.PayerUS)), 201)
	if _, refused := m.pay(charge(sandbox.Visa)); refused != nil {
		t.Fatal(refused)
	}
	b, err := m.world.Books(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Charges) != 1 || b.Totals["usd"].Captured != 1000 || len(b.Totals) != 1 || len(b.Balances) != 1 || len(b.PayPal.Captures) != 1 || b.PayPal.Totals["USD"].Captured != 1000 {
		t.Errorf("got %+v", b)
	}
	if got := b.PayPal.Balances["USD"]; got["paypal_payers"] != -1000 || got["paypal_fees"] != 84 || got["paypal_merchant"] != 916 {
		t.Errorf("PayPal's balances: got %v", got)
	}
	if b.Requests["paypal_order_create"] != 1 || b.Requests["create"] != 1 {
		t.Errorf("requests: got %v", b.Requests)
	}
}
