package sandbox_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

type linked struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Customer struct {
		ID string `json:"id"`
	} `json:"customer"`
	Links []struct{ Href, Rel string } `json:"links"`
}

func (l linked) link(rel string) string {
	for _, to := range l.Links {
		if to.Rel == rel {
			return to.Href
		}
	}
	return ""
}

// agreement asks for a payer's leave to charge on thresholds.
func (d *desk) agreement() linked {
	d.Helper()
	var s linked
	status := d.askPayPal("POST", "/v3/vault/setup-tokens", map[string]any{"payment_source": map[string]any{"paypal": map[string]any{
		"description": "Cloud usage", "usage_type": "MERCHANT", "usage_pattern": "THRESHOLD_POSTPAID",
		"experience_context": map[string]string{"return_url": "https://shop.test/back?account=7", "cancel_url": "https://shop.test/cancelled", "brand_name": "Nimbus <Cloud>"},
	}}}, &s)
	if status != 201 || s.link("approve") == "" {
		d.Fatalf("setup token: got %d %+v", status, s)
	}
	return s
}

// vaulted is the payment token of an agreement with a payer.
func (d *desk) vaulted(payer string) string {
	d.Helper()
	s := d.agreement()
	if _, err := d.world.ApproveAs(s.ID, payer); err != nil {
		d.Fatal(err)
	}
	var token linked
	if status := d.askPayPal("POST", "/v3/vault/payment-tokens", map[string]any{"payment_source": map[string]any{"token": map[string]string{
		"id": s.ID, "type": "SETUP_TOKEN"}}}, &token); status != 201 {
		d.Fatalf("payment token: got %d", status)
	}
	return token.ID
}

type paidOrder struct {
	linked
	PurchaseUnits []struct {
		Payments struct {
			Captures       []linked `json:"captures"`
			Authorizations []linked `json:"authorizations"`
		} `json:"payments"`
	} `json:"purchase_units"`
}

// ordered places an order that is paid with a payment token.
func (d *desk) ordered(intent, token, currency, value, invoice string) paidOrder {
	d.Helper()
	var o paidOrder
	status := d.askPayPal("POST", "/v2/checkout/orders", map[string]any{
		"intent": intent,
		"purchase_units": []map[string]any{{"invoice_id": invoice, "custom_id": "custom-" + invoice,
			"amount": map[string]string{"currency_code": currency, "value": value}}},
		"payment_source": map[string]any{"paypal": map[string]any{"vault_id": token}},
	}, &o)
	if status != 201 || len(o.PurchaseUnits) != 1 {
		d.Fatalf("order %s: got %d %+v", invoice, status, o)
	}
	return o
}

func (d *desk) captured(token, currency, value, invoice string) string {
	d.Helper()
	captures := d.ordered("CAPTURE", token, currency, value, invoice).PurchaseUnits[0].Payments.Captures
	if len(captures) != 1 {
		d.Fatalf("order %s: got %d captures, want 1", invoice, len(captures))
	}
	return captures[0].ID
}

// visit opens a page, or sends a form to it if there is one.
func (d *desk) visit(page string, form url.Values) (res *http.Response, text string) {
	d.Helper()
	method, body := "GET", io.Reader(http.NoBody)
	if form != nil {
		method, body = "POST", strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, page, body)
	if err != nil {
		d.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if res, err = d.world.Transport().RoundTrip(req); err != nil {
		d.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	return res, string(raw)
}

func (d *desk) status(path string) string {
	d.Helper()
	var got linked
	d.askPayPal("GET", path, nil, &got)
	return got.Status
}

func TestPayerAgreesOnThePage(t *testing.T) {
	d := newDesk(t)
	s := d.agreement()
	page := s.link("approve")
	res, text := d.visit(page, nil)
	policy := res.Header.Get("Content-Security-Policy")
	if res.StatusCode != 200 || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "form-action 'self' https://shop.test") {
		t.Errorf("got %d under policy %q", res.StatusCode, policy)
	}
	for _, want := range []string{"Pretend PayPal", "Nimbus &lt;Cloud&gt;", `value="us"`, `value="gb"`, `value="jp"`, `value="no-funds"`, "Walk away"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page to log in lacks %q", want)
		}
	}
	_, text = d.visit(page+"&as=gb", nil)
	for _, want := range []string{"Gwen Britten", "THRESHOLD_POSTPAID", "whenever your usage reaches an amount", "Cloud usage", `value="agree"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page to agree lacks %q", want)
		}
	}
	res, _ = d.visit(page, url.Values{"as": {"gb"}, "answer": {"agree"}})
	back, err := res.Location()
	if err != nil || res.StatusCode != 303 {
		t.Fatalf("agreeing: got %d, %v", res.StatusCode, err)
	}
	if q := back.Query(); back.Host != "shop.test" || q.Get("account") != "7" || q.Get("approval_token_id") != s.ID || q.Get("approval_session_id") != s.ID {
		t.Errorf("agreeing: got sent to %s", back)
	}
	if got := d.status("/v3/vault/setup-tokens/" + s.ID); got != "APPROVED" {
		t.Errorf("got %s, want APPROVED", got)
	}
	res, text = d.visit(page, nil)
	if res.StatusCode != 200 || strings.Contains(text, `value="agree"`) || !strings.Contains(text, "agreed already") {
		t.Errorf("afterwards: got %d %s", res.StatusCode, text)
	}
}

func TestPayerDoesNotAgree(t *testing.T) {
	d := newDesk(t)
	s := d.agreement()
	page := s.link("approve")
	for _, c := range []struct {
		name   string
		form   url.Values
		status int
		host   string
		says   string
	}{
		{"walking away", url.Values{"as": {"us"}, "answer": {"leave"}}, 200, "", "You walked away"},
		{"cancelling", url.Values{"as": {"us"}, "answer": {"cancel"}}, 303, "shop.test/cancelled", ""},
		{"nobody", url.Values{"answer": {"agree"}}, 422, "", "Log in, then"},
		{"a stranger", url.Values{"as": {"nobody"}, "answer": {"agree"}}, 422, "", "no such pretend payer"},
		{"no answer", url.Values{"as": {"us"}}, 422, "", "Log in, then"},
	} {
		res, text := d.visit(page, c.form)
		back, _ := res.Location()
		if res.StatusCode != c.status || (c.host != "") != (back != nil) || back != nil && back.Host+back.Path != c.host || !strings.Contains(text, c.says) {
			t.Errorf("%s: got %d to %v, want %d to %q with %q", c.name, res.StatusCode, back, c.status, c.host, c.says)
		}
		if got := d.status("/v3/vault/setup-tokens/" + s.ID); got != "PAYER_ACTION_REQUIRED" {
			t.Errorf("%s: got %s, want PAYER_ACTION_REQUIRED", c.name, got)
		}
	}
	if res, _ := d.visit("http://sandbox.test/agreements/approve?approval_session_id=NONE", nil); res.StatusCode != 404 {
		t.Errorf("no such token: got %d, want 404", res.StatusCode)
	}
	if err := d.world.Advance(4 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if res, text := d.visit(page, url.Values{"as": {"us"}, "answer": {"agree"}}); res.StatusCode == 303 || strings.Contains(text, `value="agree"`) {
		t.Errorf("after it lapsed: got %d %s", res.StatusCode, text)
	}
}

func TestPayerPaysAnOrderOnThePage(t *testing.T) {
	d := newDesk(t)
	var o linked
	if status := d.askPayPal("POST", "/v2/checkout/orders", map[string]any{
		"intent":         "CAPTURE",
		"purchase_units": []map[string]any{{"description": "A month of storage", "amount": map[string]string{"currency_code": "JPY", "value": "1200"}}},
		"payment_source": map[string]any{"paypal": map[string]any{"experience_context": map[string]string{
			"brand_name": "Nimbus", "return_url": "https://shop.test/paid", "cancel_url": "https://shop.test/not"}}},
	}, &o); status != 200 && status != 201 {
		t.Fatalf("order: got %d", status)
	}
	page := o.link("payer-action")
	if page == "" {
		page = o.link("approve")
	}
	_, text := d.visit(page+"&as=jp", nil)
	for _, want := range []string{"Jiro Asano", "1200 JPY", "A month of storage", "Agree and pay"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page to pay lacks %q", want)
		}
	}
	res, _ := d.visit(page, url.Values{"as": {"jp"}, "answer": {"agree"}})
	payer, err := d.world.Payer(sandbox.PayerJP)
	if err != nil {
		t.Fatal(err)
	}
	back, err := res.Location()
	if err != nil || back.Path != "/paid" || back.Query().Get("token") != o.ID || back.Query().Get("PayerID") != payer.PayerID {
		t.Errorf("got %d to %v, %v", res.StatusCode, back, err)
	}
	if got := d.status("/v2/checkout/orders/" + o.ID); got != "APPROVED" {
		t.Errorf("got %s, want APPROVED", got)
	}
}

// A charge that PayPal wants the payer for leads to a page that only the payer
// of the agreement can answer.
func TestPayerIsAskedAboutACharge(t *testing.T) {
	d := newDesk(t)
	token := d.vaulted(sandbox.PayerGB)
	if err := d.world.OrderPayer(sandbox.PayerOrder{Payer: sandbox.PayerGB, Then: "payer_action"}); err != nil {
		t.Fatal(err)
	}
	var o linked
	d.askPayPal("POST", "/v2/checkout/orders", map[string]any{"intent": "CAPTURE",
		"purchase_units": []map[string]any{{"amount": map[string]string{"currency_code": "GBP", "value": "8.00"}}}}, &o)
	var refused linked
	if status := d.askPayPal("POST", "/v2/checkout/orders/"+o.ID+"/capture", map[string]any{"payment_source": map[string]any{"paypal": map[string]any{"vault_id": token,
		"experience_context": map[string]string{"return_url": "https://shop.test/done", "cancel_url": "https://shop.test/not"}}}}, &refused); status != 422 {
		t.Fatalf("capture: got %d, want 422", status)
	}
	page := refused.link("payer-action")
	_, text := d.visit(page, nil)
	for _, want := range []string{"Gwen Britten", "8.00 GBP", "while you were away", `value="agree"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(text, "Uma Stone") || strings.Contains(text, "Not you?") {
		t.Error("the page lets others log in")
	}
	// Whoever else a form names, it is the payer of the agreement who answers.
	res, _ := d.visit(page, url.Values{"as": {"us"}, "answer": {"agree"}})
	if back, err := res.Location(); err != nil || back.Path != "/done" || back.Query().Get("token") != o.ID {
		t.Errorf("got %d to %v, %v", res.StatusCode, back, err)
	}
	if status := d.askPayPal("POST", "/v2/checkout/orders/"+o.ID+"/capture", nil, nil); status != 201 {
		t.Errorf("capture after the payer agreed: got %d, want 201", status)
	}
}

func TestWalletShowsAndCancelsAgreements(t *testing.T) {
	d, m, _ := hearing(t)
	token := d.vaulted(sandbox.PayerSmallBalance)
	other := d.vaulted(sandbox.PayerUS)
	d.captured(token, "USD", "8.00", "INV-1")
	const wallet = "http://sandbox.test/_paypal/wallet"
	if _, text := d.visit(wallet, nil); !strings.Contains(text, `value="small"`) {
		t.Error("the page to log in lacks the payers")
	}
	_, text := d.visit(wallet+"?as=small", nil)
	for _, want := range []string{"Penny Short", "12.00", token, "Nimbus &lt;Cloud&gt;", "Cancel agreement", "Payment", "-8.00 USD", "INV-1"} {
		if !strings.Contains(text, want) {
			t.Errorf("the wallet lacks %q", want)
		}
	}
	if strings.Contains(text, other) {
		t.Error("the wallet shows another payer's agreement")
	}
	if res, text := d.visit(wallet, url.Values{"as": {"small"}, "cancel": {other}}); res.StatusCode != 422 || !strings.Contains(text, "no such agreement") {
		t.Errorf("another payer's agreement: got %d", res.StatusCode)
	}
	res, _ := d.visit(wallet, url.Values{"as": {"small"}, "cancel": {token}})
	if to, err := res.Location(); err != nil || res.StatusCode != 303 || to.Query().Get("as") != "small" {
		t.Fatalf("cancelling: got %d, %v", res.StatusCode, err)
	}
	if _, text := d.visit(wallet+"?as=small&done=cancelled", nil); !strings.Contains(text, "Cancelled") || strings.Contains(text, "Cancel agreement") || !strings.Contains(text, `role="status"`) {
		t.Error("afterwards the wallet does not say that the agreement is cancelled")
	}
	d.tick()
	last := m.got[len(m.got)-1]
	if last.event.EventType != "VAULT.PAYMENT-TOKEN.DELETED" || !strings.Contains(string(last.event.Resource), token) {
		t.Errorf("got event %s with %s", last.event.EventType, last.event.Resource)
	}
}

func TestFrontPageLeadsToTheWallets(t *testing.T) {
	d := newDesk(t)
	_, text := d.visit("http://sandbox.test/_sandbox/", nil)
	if !strings.Contains(text, `href="/_paypal/wallet"`) || !strings.Contains(text, `href="/_paypal/wallet?as=us"`) {
		t.Error("the front page does not lead to the payers' accounts")
	}
	res, _ := d.visit("http://sandbox.test/_paypal/paypal.css", nil)
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/css") {
		t.Errorf("stylesheet: got %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	if res, _ := d.visit("http://sandbox.test/_paypal/none", nil); res.StatusCode != 404 {
		t.Errorf("no such page: got %d, want 404", res.StatusCode)
	}
}

// The events of a life are told in order, each with its object as PayPal's
// APIs answer it.
func TestPayPalEventsOfALife(t *testing.T) {
	d, m, _ := hearing(t)
	token := d.vaulted(sandbox.PayerUS)
	hold := d.ordered("AUTHORIZE", token, "USD", "1.00", "HOLD-1").PurchaseUnits[0].Payments.Authorizations[0].ID
	if status := d.askPayPal("POST", "/v2/payments/authorizations/"+hold+"/void", nil, nil); status != 200 && status != 204 {
		t.Fatalf("void: got %d", status)
	}
	capture := d.captured(token, "USD", "8.00", "INV-1")
	if status := d.askPayPal("POST", "/v2/payments/captures/"+capture+"/refund", map[string]any{}, nil); status != 201 {
		t.Fatalf("refund: got %d", status)
	}
	if err := d.world.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"VAULT.PAYMENT-TOKEN.CREATED": token, "PAYMENT.AUTHORIZATION.CREATED": hold, "PAYMENT.AUTHORIZATION.VOIDED": hold,
		"PAYMENT.CAPTURE.COMPLETED": capture, "PAYMENT.CAPTURE.REFUNDED": ""}
	for _, p := range m.got {
		if id, known := want[p.event.EventType]; known {
			if id != "" && !strings.Contains(string(p.event.Resource), `"id":"`+id+`"`) {
				t.Errorf("%s: got %s, want %s", p.event.EventType, p.event.Resource, id)
			}
			delete(want, p.event.EventType)
		}
	}
	if len(want) > 0 {
		t.Errorf("never heard of %v; got %v", want, m.types())
	}
}
