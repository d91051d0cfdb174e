package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// order sends JSON to the control desk, with headers in pairs.
func (d *desk) order(method, path, body string, headers ...string) (int, string, http.Header) {
	d.Helper()
	req, err := http.NewRequest(method, "http://sandbox.test"+path, strings.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := d.world.Transport().RoundTrip(req)
	if err != nil {
		d.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	return res.StatusCode, string(text), res.Header
}

func TestControlDesk(t *testing.T) {
	d := newDesk(t)
	pi, _ := d.pay(charge(sandbox.AlwaysAuthenticate))
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/_sandbox/", "", 200, "bursar sandbox"},
		{"GET", "/healthz", "", 200, "ok"},
		{"GET", "/_sandbox/cards", "", 200, "4242424242424242"},
		{"POST", "/_sandbox/clock", `{"advance_us": 1000000}`, 200, `"offset_us": 1000000`},
		{"POST", "/_sandbox/clock", `{"offset_us": 5000000}`, 200, `"offset_us": 5000000`},
		{"POST", "/_sandbox/clock", `{"offset_us": 9000000000000000000}`, 400, "century"},
		{"POST", "/_sandbox/clock", `{"hour": 1}`, 400, "JSON"},
		{"POST", "/_sandbox/faults", `{"op":"confirm","kind":"lost_after"}`, 200, `"times": 1`},
		{"POST", "/_sandbox/faults", `{"op":"confirm","kind":"late"}`, 400, "webhook"},
		{"POST", "/_sandbox/faults", `{"op":"confirm","kind":"whim"}`, 400, "unknown kind"},
		{"GET", "/_sandbox/faults", "", 200, "lost_after"},
		{"DELETE", "/_sandbox/faults", "", 200, "[]"},
		{"POST", "/_sandbox/cards", `{"payment_method":"pm_x","then":"ok","times":3}`, 200, "pm_x"},
		{"POST", "/_sandbox/cards", `{"then":"ok"}`, 400, "either"},
		{"POST", "/_sandbox/challenges/" + pi.ID + "/complete", "", 200, "redirect_status=succeeded"},
		{"POST", "/_sandbox/challenges/" + pi.ID + "/complete", "", 400, "No challenge"},
		{"POST", "/_sandbox/challenges/" + pi.ID + "/ponder", "", 400, "completed or failed"},
		{"POST", "/_sandbox/disputes", `{"charge":"ch_none"}`, 400, "No such charge"},
		{"POST", "/_sandbox/tick", "", 200, "now"},
		{"POST", "/_sandbox/reset", "", 404, "no such order"},
	} {
		if status, text, _ := d.order(c.method, c.path, c.body); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s %s %s: got %d %s, want %d with %q", c.method, c.path, c.body, status, text, c.status, c.want)
		}
	}
	var books sandbox.Books
	if _, text, _ := d.order("GET", "/_sandbox/books", ""); json.Unmarshal([]byte(text), &books) != nil || len(books.Charges) != 1 || books.Requests["create"] != 1 {
		t.Errorf("books: got %s", text)
	}
}

func TestPagesOfOtherOriginsCannotGiveOrders(t *testing.T) {
	d := newDesk(t)
	for _, headers := range [][]string{
		{"Content-Type", "text/plain"},
		{"Content-Type", "application/x-www-form-urlencoded"},
		{"Origin", "https://elsewhere.test"},
	} {
		if status, _, _ := d.order("POST", "/_sandbox/clock", `{"advance_us": 1}`, headers...); status != 415 && status != 403 {
			t.Errorf("%v: got %d, want a refusal", headers, status)
		}
	}
	if got := d.world.Now(); !got.Equal(start) {
		t.Errorf("clock: got %v, want it unmoved", got)
	}
}

func TestBrowserScriptAndFrames(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		path   string
		status int
		want   string
	}{
		{"/v3/", 200, "createPaymentMethod"},
		{"/v3/stripe.js", 200, "handleNextAction"},
		{"/_elements/card?group=g&parent=https%3A%2F%2Fshop.test&locale=en", 200, "cc-number"},
		{"/_elements/cardCvc?group=g&parent=https%3A%2F%2Fshop.test", 200, "cc-csc"},
		{"/_elements/card?group=g&parent=javascript:alert(1)", 404, ""},
		{"/_elements/card", 404, ""},
		{"/_elements/iban?group=g&parent=https%3A%2F%2Fshop.test", 404, ""},
		{"/_elements/element.js", 200, "sandboxElement"},
		{"/_issuer/issuer.css", 200, "body"},
		{"/_issuer/3ds/none", 404, ""},
	} {
		status, text, header := d.order("GET", c.path, "")
		if status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: got %d, want %d with %q", c.path, status, c.status, c.want)
		}
		if c.status == 200 && strings.Contains(c.path, "shop.test") {
			if policy := header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "frame-ancestors https://shop.test") || strings.Contains(policy, "unsafe") {
				t.Errorf("%s: got policy %q", c.path, policy)
			}
		}
	}
	status, _, header := d.order("OPTIONS", "/v1/payment_methods", "", "Origin", "https://shop.test")
	if status != 204 || header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("preflight: got %d %v", status, header)
	}
}
