package paypal

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

var (
	noon   = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	dollar = money.Amount{Minor: 100, Currency: "USD"}
)

// Ids in PayPal's shapes.
const (
	orderID   = "5O190127TN364715T"
	holdID    = "0VF52814937998046"
	captureID = "3C679366HH908993F"
	setupID   = "5C991763VB2781612"
	tokenID   = "8kk8451t"

	orderName = "order:" + orderID
	fromName  = "capture-of:" + holdID + "/pay_1"
)

// A reply is one answer on the wire.
type reply struct {
	status int
	body   string
	err    error
}

// A sent is a request that went over the wire.
type sent struct {
	method, path, query, key, body string
	header                         http.Header
}

// A wire answers with its replies, in turn. Tokens it gives by itself.
type wire struct {
	t       *testing.T
	mu      sync.Mutex
	replies []reply
	seen    []sent
	tokens  int
}

// RoundTrip answers with the next reply.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.URL.Path == "/v1/oauth2/token" {
		w.tokens++
		return respond(r, reply{status: 200, body: fmt.Sprintf(`{"access_token":"token-%d","expires_in":32400}`, w.tokens)}), nil
	}
	s := sent{method: r.Method, path: r.URL.Path, query: r.URL.RawQuery, key: r.Header.Get("PayPal-Request-Id"), header: r.Header}
	if r.Body != nil {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			w.t.Error(err)
		}
		s.body = string(raw)
	}
	w.seen = append(w.seen, s)
	if len(w.replies) == 0 {
		w.t.Errorf("unexpected request %s %s", r.Method, r.URL.Path)
		return nil, io.ErrUnexpectedEOF
	}
	next := w.replies[0]
	w.replies = w.replies[1:]
	if next.err != nil {
		return nil, next.err
	}
	return respond(r, next), nil
}

func respond(r *http.Request, a reply) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}, "Paypal-Debug-Id": {"debug1"}}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(bytes.NewBufferString(a.body)), Request: r}
}

// paths are the requests seen, as METHOD path.
func (w *wire) paths() string {
	var out []string
	for _, s := range w.seen {
		out = append(out, s.method+" "+s.path)
	}
	return strings.Join(out, "\n")
}

// plugged returns a plug whose requests are answered with the replies, all of which
// must be asked for.
func plugged(t *testing.T, replies ...reply) (*Plug, *wire) {
	t.Helper()
	w := &wire{t: t, replies: replies}
	p, err := New(Options{
		URL: "https://paypal.test", ClientID: "client", Secret: "secret", WebhookID: "WH1",
		Client: &http.Client{Transport: w}, Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := len(w.replies); n > 0 {
			t.Errorf("%d answers were not asked for; seen:\n%s", n, w.paths())
		}
	})
	return p, w
}

// charge is an unattended charge of 25.00.
func charge() provider.Ask {
	return provider.Ask{
		Key: "k1", Reference: "pay_1", Account: "acct_1", Method: tokenID,
		Amount: money.Amount{Minor: 2500, Currency: "USD"}, Initiator: provider.MIT,
		Descriptor: "BURSAR CLOUD", Note: "usage of October",
	}
}

// hold is the verification hold of a payer who is present.
func hold() provider.Ask {
	return provider.Ask{
		Key: "k2", Reference: "hold_1", Account: "acct_1", Method: tokenID,
		Amount: dollar, Hold: true, Initiator: provider.CIT, SetUp: true,
		Descriptor: "BURSAR CLOUD", ReturnURL: "https://console.example/back",
	}
}

// from is a charge of 25.00 that a hold pays for.
func from() provider.Ask {
	a := charge()
	a.From = holdID
	return a
}

// An orderText writes an order as PayPal answers it.
type orderText struct {
	id, intent, status, kind, payments, links string
}

func (o orderText) String() string {
	if o.id == "" {
		o.id = orderID
	}
	if o.payments != "" {
		o.payments = `,"payments":{` + o.payments + `}`
	}
	return fmt.Sprintf(`{"id":%q,"intent":%q,"status":%q,"purchase_units":[{"reference_id":%q,`+
		`"amount":{"currency_code":"USD","value":"25.00"},"invoice_id":"pay_1","custom_id":"pay_1"%s}],"links":[%s]}`,
		o.id, o.intent, o.status, o.kind, o.payments, o.links)
}

// charging is an order for a charge in a status, with what was captured.
func charging(status string, captures ...string) reply {
	o := orderText{intent: "CAPTURE", status: status, kind: "charge"}
	if len(captures) > 0 {
		o.payments = `"captures":[` + strings.Join(captures, ",") + `]`
	}
	return reply{status: 200, body: o.String()}
}

// shutCharge is a charge's order whose intent was turned around.
func shutCharge() reply {
	return reply{status: 200, body: orderText{intent: "AUTHORIZE", status: "CREATED", kind: "charge"}.String()}
}

// holding is an order for a hold in a status, with what was authorized and captured.
func holding(status, authorizations, captures string) reply {
	o := orderText{intent: "AUTHORIZE", status: status, kind: "hold"}
	if authorizations != "" {
		o.payments = `"authorizations":[` + authorizations + `]`
	}
	if captures != "" {
		o.payments += `,"captures":[` + captures + `]`
	}
	return reply{status: 200, body: o.String()}
}

func captured(status, invoice string) string {
	return fmt.Sprintf(`{"id":%q,"status":%q,"amount":{"currency_code":"USD","value":"24.00"},"invoice_id":%q,"custom_id":"pay_1","final_capture":true,
		"supplementary_data":{"related_ids":{"order_id":%q}}}`, captureID, status, invoice, orderID)
}

func authorized(id, status string, made time.Time) string {
	return fmt.Sprintf(`{"id":%q,"status":%q,"amount":{"currency_code":"USD","value":"25.00"},"invoice_id":"pay_1","custom_id":"pay_1",
		"create_time":%q,"expiration_time":%q,"supplementary_data":{"related_ids":{"order_id":%q}}}`,
		id, status, made.Format(time.RFC3339), made.Add(29*24*time.Hour).Format(time.RFC3339), orderID)
}

// refused is PayPal's refusal of what it understood.
func refused(issue string) reply { return refusedWith(422, "UNPROCESSABLE_ENTITY", issue) }

func refusedWith(status int, name, issue string) reply {
	return reply{status: status, body: fmt.Sprintf(`{"name":%q,"message":"secret words","debug_id":"debug1","details":[{"issue":%q,"description":"secret words"}],
		"links":[{"rel":"payer-action","href":"https://paypal.test/checkoutnow?token=%s"}]}`, name, issue, orderID)}
}
