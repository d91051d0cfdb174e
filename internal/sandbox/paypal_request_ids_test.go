package sandbox_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

func TestPayPalRequestIDsAreRememberedForAWhile(t *testing.T) {
	for name, c := range map[string]struct {
		window time.Duration
		replay int
		make   func(m *merchant) (path string, body any)
	}{
		"vault":  {3 * time.Hour, 200, func(*merchant) (string, any) { return "/v3/vault/setup-tokens", setup() }},
		"orders": {6 * time.Hour, 200, func(*merchant) (string, any) { return orders, order("CAPTURE", "1.00", "") }},
		"charge": {6 * time.Hour, 200, func(m *merchant) (string, any) {
			o := order("CAPTURE", "1.00", "")
			o["payment_source"] = by(m.vaulted(sandbox.PayerUS))
			return orders, o
		}},
		"capture": {45 * day, 201, func(m *merchant) (string, any) {
			return captures + m.must(m.paid("CAPTURE", "9.00", "", m.vaulted(sandbox.PayerUS)), 201).text(firstCapture+"id") + "/refund", usd("1.00")
		}},
	} {
		m := newMerchant(t)
		path, body := c.make(m)
		first := m.must(m.call("POST", path, body, "key"), 201)
		m.advance(c.window - time.Second)
		if got := m.call("POST", path, body, "key"); got.status != c.replay || string(got.raw) != string(first.raw) {
			t.Errorf("%s: got %d %s, want the first answer again", name, got.status, got.raw)
		}
		m.refusedFor(name+" with another body", m.call("POST", path, object{"intent": "CAPTURE"}, "key"), 422, "PAYPAL_REQUEST_ID_PREVIOUSLY_USED")
		m.advance(time.Second)
		if got := m.call("POST", path, body, "key"); got.status != 201 || got.text("id") == first.text("id") {
			t.Errorf("%s after its window: got %d %s, want something new", name, got.status, got.raw)
		}
	}
}

func TestPayPalRequestIDsOfVoidsAndRefusals(t *testing.T) {
	m := newMerchant(t)
	token := m.vaulted(sandbox.PayerUS)
	hold := m.hold("1.00", "", token)
	for range 2 {
		if got := m.call("POST", auths+hold+"/void", nil, "v", "Prefer", "return=minimal"); got.status != 204 {
			t.Errorf("void: got %d %s", got.status, got.raw)
		}
	}
	m.refusedFor("void by another id", m.call("POST", auths+hold+"/void", nil, "w"), 422, "PREVIOUSLY_VOIDED")
	if err := m.world.OrderPayer(sandbox.PayerOrder{Payer: "us", Then: "decline:INSTRUMENT_DECLINED"}); err != nil {
		t.Fatal(err)
	}
	o := order("CAPTURE", "1.00", "")
	o["payment_source"] = by(token)
	m.refusedFor("declined", m.call("POST", orders, o, "c"), 422, "INSTRUMENT_DECLINED")
	m.must(m.call("POST", orders, o, "c"), 201)
	m.must(m.call("POST", "/v3/vault/setup-tokens", setup(), "c"), 201) // ids are an operation's own
	m.refusedFor("long", m.call("POST", orders, o, strings.Repeat("k", 109)), 400, "INVALID_STRING_LENGTH")
	m.token = "stolen"
	if got := m.call("POST", orders, o, "c"); got.status != 401 {
		t.Errorf("replay to a stranger: got %d", got.status)
	}
}

func TestPayPalTwoAtOnceWithOneRequestID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMerchant(t)
		o := order("CAPTURE", "1.00", "")
		o["payment_source"] = by(m.vaulted(sandbox.PayerUS))
		m.world.Fault(sandbox.Fault{Op: "paypal_order_create", Kind: "slow", DelayMS: 1000})
		var first reply
		var wg sync.WaitGroup
		wg.Go(func() { first = m.call("POST", orders, o, "key") })
		synctest.Wait()
		m.refusedFor("second", m.call("POST", orders, o, "key"), 409, "PREVIOUS_REQUEST_IN_PROGRESS")
		wg.Wait()
		if first.status != 201 {
			t.Errorf("first: got %d %s", first.status, first.raw)
		}
		if got := m.call("POST", orders, o, "key"); got.status != 200 {
			t.Errorf("third: got %d %s, want a replay", got.status, got.raw)
		}
		if got := len(m.paypalBooks().Captures); got != 1 {
			t.Errorf("got %d captures, want 1", got)
		}
	})
}

func TestPayPalFaults(t *testing.T) {
	for _, c := range []struct {
		kind           string
		status         int
		lost           bool
		charged, after int // captures at once, and after the same request again
	}{
		{"lost_before", 0, true, 0, 1},
		{"lost_after", 0, true, 1, 1},
		{"500", 500, false, 0, 1},
		{"500_after", 500, false, 1, 1},
		{"503", 503, false, 0, 1},
		{"429", 429, false, 0, 1},
		{"unauthorized", 401, false, 0, 1},
	} {
		m := newMerchant(t)
		o := order("CAPTURE", "1.00", "debt-1")
		o["payment_source"] = by(m.vaulted(sandbox.PayerUS))
		m.world.Fault(sandbox.Fault{Op: "paypal_order_create", Kind: c.kind})
		got := m.call("POST", orders, o, "key")
		if got.status != c.status || got.lost != c.lost || len(m.paypalBooks().Captures) != c.charged {
			t.Errorf("%s: got %d lost=%v and %d captures, want %d lost=%v and %d", c.kind, got.status, got.lost, len(m.paypalBooks().Captures), c.status, c.lost, c.charged)
		}
		if again := m.call("POST", orders, o, "key"); again.status >= 300 || len(m.paypalBooks().Captures) != c.after {
			t.Errorf("%s, again: got %d %s and %d captures, want %d", c.kind, again.status, again.raw, len(m.paypalBooks().Captures), c.after)
		}
	}
}

func TestPayPalFaultsOfEveryOperation(t *testing.T) {
	m := newMerchant(t)
	m.world.Fault(sandbox.Fault{Op: "paypal", Kind: "503", Times: 3})
	if got := m.oauth("client", "secret", "grant_type=client_credentials"); got.status != 503 {
		t.Errorf("token: got %d", got.status)
	}
	if got := m.get(orders + "/5O190127TN364715T"); got.status != 503 || got.text("name") != "SERVICE_UNAVAILABLE" {
		t.Errorf("reading: got %d %s", got.status, got.raw)
	}
	if _, refused := m.pay(charge(sandbox.Visa)); refused != nil {
		t.Errorf("a card: got %v, want no fault", refused)
	}
	if got := m.send("/v3/vault/setup-tokens", setup()); got.status != 503 {
		t.Errorf("setup token: got %d", got.status)
	}
	m.world.Fault(sandbox.Fault{Op: "paypal_token", Kind: "unauthorized"})
	if got := m.oauth("client", "secret", "grant_type=client_credentials"); got.status != 401 || got.text("error") != "invalid_client" {
		t.Errorf("token: got %d %s", got.status, got.raw)
	}
	m.world.Fault(sandbox.Fault{Op: "retrieve", Kind: "lost_before"})
	if got := m.get(orders + "/5O190127TN364715T"); !got.lost {
		t.Errorf("any reading: got %d", got.status)
	}
}

func TestPayPalStateOutlivesTheWorld(t *testing.T) {
	o := options()
	o.State = filepath.Join(t.TempDir(), "world.db")
	m := merchantOf(open(t, o))
	token := m.vaulted(sandbox.PayerSmallBalance)
	hold := m.hold("5.00", "hold-1", token)
	body := order("CAPTURE", "3.00", "debt-1")
	body["payment_source"] = by(token)
	first := m.must(m.call("POST", orders, body, "key"), 201)
	waiting := m.must(m.send("/v3/vault/setup-tokens", setup()), 201).text("id")
	if err := m.world.OrderPayer(sandbox.PayerOrder{Payer: sandbox.PayerSmallBalance, Then: "decline:INSTRUMENT_DECLINED"}); err != nil {
		t.Fatal(err)
	}
	before := m.books()
	if err := m.world.Close(); err != nil {
		t.Fatal(err)
	}

	o.Random = rand.NewChaCha8([32]byte{2}) // so that it draws other ids
	again := &merchant{desk: open(t, o), token: m.token}
	if after := again.books(); !reflect.DeepEqual(after, before) {
		t.Errorf("books: got %+v\nwant %+v", after, before)
	}
	if got := again.call("POST", orders, body, "key"); got.status != 200 || string(got.raw) != string(first.raw) {
		t.Errorf("request id: got %d %s, want the old answer", got.status, got.raw)
	}
	again.requests = 1000
	again.refusedFor("ordered before", again.paid("CAPTURE", "1.00", "", token), 422, "INSTRUMENT_DECLINED")
	again.refusedFor("invoice", again.paid("CAPTURE", "1.00", "debt-1", token), 422, "DUPLICATE_INVOICE_ID")
	again.refusedFor("balance", again.paid("CAPTURE", "12.01", "", token), 422, "INSTRUMENT_DECLINED")
	if _, err := again.world.ApproveAs(waiting, sandbox.PayerUS); err != nil {
		t.Errorf("approving: got %v", err)
	}
	again.advance(29 * day)
	if got := again.get(auths + hold).text("status"); got != "VOIDED" {
		t.Errorf("the hold after 29 days: got %s, want VOIDED", got)
	}
}

func TestPayPalControlDesk(t *testing.T) {
	m := newMerchant(t)
	s := m.must(m.send("/v3/vault/setup-tokens", setup()), 201).text("id")
	made := m.must(m.send(orders, order("CAPTURE", "1.00", "debt-1")), 201).text("id")
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "payers", "", 200, "7XQ4USKDWM2HB"},
		{"POST", "approvals/" + s + "/refuse", "", 200, "https://shop.test/cancel?"},
		{"POST", "approvals/" + s + "/approve", `{"payer":"nobody"}`, 400, "no such pretend payer"},
		{"POST", "approvals/" + s + "/approve", `{"payer":"gb"}`, 200, "approval_token_id=" + s},
		{"POST", "approvals/" + s + "/refuse", "", 400, "not open"},
		{"POST", "approvals/" + made + "/approve", "", 200, `"return_to"`},
		{"POST", "approvals/none/approve", "", 400, "no such setup token"},
		{"POST", "approvals/none/ponder", "", 404, "no such order"},
		{"GET", "orders", "", 200, "debt-1"},
		{"POST", "payers", `{"payer":"small","currency":"USD","balance":"7.00","then":"payer_action"}`, 200, `"USD": "7.00"`},
		{"POST", "payers", `{"payer":"small","currency":"EURO","balance":"7.00"}`, 400, "currency"},
		{"POST", "payers", `{"payer":"small","then":"laugh"}`, 400, "payer_action"},
		{"GET", "authorizations?held_longer_than_s=60", "", 200, "[]"},
		{"GET", "authorizations?held_longer_than_s=long", "", 400, "seconds"},
		{"GET", "authorizations", "", 200, "[]"},
		{"POST", "agreements/none/cancel", "", 400, "no such agreement"},
		{"DELETE", "tokens", "", 200, "revoked"},
	} {
		if status, text, _ := m.order(c.method, "/_sandbox/paypal/"+c.path, c.body); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s %s %s: got %d %s, want %d with %q", c.method, c.path, c.body, status, text, c.status, c.want)
		}
	}
	if got := m.get(orders + "/" + made); got.status != 401 {
		t.Errorf("after revoking: got %d", got.status)
	}
	m.logIn()
	token := m.must(m.tokenize(s), 201).text("id")
	if status, text, _ := m.order("POST", "/_sandbox/paypal/agreements/"+token+"/cancel", ""); status != 200 {
		t.Errorf("cancel: got %d %s", status, text)
	}
	if status, text, _ := m.order("GET", "/_sandbox/paypal/agreements?payer=gb", ""); status != 200 || !strings.Contains(text, `"cancelled": true`) {
		t.Errorf("agreements: got %d %s", status, text)
	}
}

func TestPayPalRefusesFormsAndStrangers(t *testing.T) {
	m := newMerchant(t)
	if got := m.send("/v3/vault/setup-tokens", setup()); got.header.Get("Content-Type") != "application/json" {
		t.Errorf("got headers %v", got.header)
	}
	req, err := http.NewRequestWithContext(context.Background(), "POST", "http://sandbox.test/v3/vault/setup-tokens", strings.NewReader("a=b"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := m.exchange(req); got.status != 415 {
		t.Errorf("a form: got %d %s", got.status, got.raw)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Body = http.NoBody
	req.Header.Del("Authorization")
	if got := m.exchange(req); got.status != 401 {
		t.Errorf("nobody: got %d %s", got.status, got.raw)
	}
}
