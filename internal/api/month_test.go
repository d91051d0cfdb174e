package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/api"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/store/storetest"
	"github.com/bursar-pay/bursar/internal/webhook"
)

// TestAMonthOverTheAPI lives a month as a platform would: every request and every
// answer is in the golden, and each answer is held to the description. Both
// engines must say the same.
func TestAMonthOverTheAPI(t *testing.T) { holdToGolden(t, "testdata/month.golden", liveAMonth) }

func holdToGolden(t *testing.T, golden string, live func(t *testing.T, engine string) []byte) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			got := live(t, engine)
			if *update && engine == storetest.SQLite {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("it differs from %s: %s", golden, firstDifference(got, want))
			}
		})
	}
}

// outer is an API on an office with the pretend world around it.
type outer struct {
	*desk
	world *officetest.Desk
}

func openWorld(t testing.TB, engine string) outer {
	t.Helper()
	world := officetest.Build(t, officetest.Options{Engine: engine, Prompt: office.PromptInline})
	d := &desk{Server: api.New(world.Office, api.Options{}), office: world.Office, t: t, log: &bytes.Buffer{}}
	d.key = d.newKey(access.Scopes...)
	return outer{desk: d, world: world}
}

// eachWorld runs a test on both engines.
func eachWorld(t *testing.T, test func(t *testing.T, d outer)) {
	t.Helper()
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) { test(t, openWorld(t, engine)) })
	}
}

func newMonth(d *desk) *month {
	return &month{desk: d, known: map[string]string{}, names: map[string]string{}, counts: map[string]int{}}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: got %s, want %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}

func liveAMonth(t *testing.T, engine string) []byte {
	o := openWorld(t, engine)
	world := o.world
	// The platform's receiver, which refuses the first delivery.
	var deliveries int
	world.Webhooks = webhook.NewSender(webhook.Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		deliveries++
		status := http.StatusNoContent
		if deliveries == 1 {
			status = http.StatusServiceUnavailable
		}
		return &http.Response{StatusCode: status, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
	})})
	m := newMonth(o.desk)

	m.says("POST /v1/webhook-endpoints", `{"url":"https://example.com/bursar","events":["payment.succeeded","bill.issued"],"description":"books"}`, "endpoint")
	m.says("POST /v1/accounts", `{"reference":"acme","kind":"enterprise","name":"Acme GmbH","country":"DE","currency":"USD","zone":"Europe/Berlin","email":"billing@acme.example","address":{"line1":"Unter den Linden 1","city":"Berlin","postal_code":"10117"}}`, "account")
	m.says("GET /v1/accounts?reference=acme", "", "")
	m.says("PATCH /v1/accounts/{account}", `{"name":"Acme SE"}`, "")
	m.says("GET /v1/accounts/{account}/ways-to-pay", "", "")
	m.says("POST /v1/accounts/{account}/payment-methods", `{"token":"pm_card_us","consent":"2026-01","return_url":"https://acme.example/back"}`, "method")
	m.says("GET /v1/payment-methods/{method}", "", "")
	m.says("GET /v1/payment-methods/{method}/timeline", "", "")
	m.says("GET /v1/accounts/{account}/payment-methods", "", "")
	m.says("POST /v1/payment-methods/{method}/prefer", "", "")
	m.says("POST /v1/usage", `{"lines":[
		{"id":"gpu-1","reference":"acme","product":"gpu","amount":{"amount":"999.99","currency":"USD"},"started_at":"2026-03-10T10:00:00Z"},
		{"id":"gpu-2","reference":"acme","product":"gpu","amount":{"amount":"0.0000008","currency":"USD"},"started_at":"2026-03-10T11:00:00Z"}]}`, "")
	m.says("POST /v1/usage", `{"lines":[{"id":"gpu-3","reference":"acme","product":"gpu","amount":{"amount":"0.01","currency":"USD"},"started_at":"2026-03-10T11:30:00Z"}]}`, "")
	m.says("GET /v1/accounts/{account}/debts", "", "debt")
	m.says("GET /v1/debts/{debt}", "", "")
	m.says("GET /v1/accounts/{account}/payments", "", "payment")
	m.says("GET /v1/payments/{payment}?refresh=true", "", "")
	m.says("POST /v1/debts/{debt}/collect", `{}`, "")
	m.says("POST /v1/usage", `{"lines":[{"id":"disk-1","reference":"acme","product":"disk","amount":{"amount":"12.345678901234","currency":"USD"},"started_at":"2026-03-10T11:45:00Z"}]}`, "")
	m.says("GET /v1/accounts/{account}/usage?month=2026-03", "", "")
	m.says("POST /v1/bill-runs", `{"month":"2026-03"}`, "")
	world.PassTo(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
	m.says("POST /v1/bill-runs", `{"month":"2026-03"}`, "")
	m.says("GET /v1/accounts/{account}/bills", "", "bill")
	m.says("GET /v1/bills/{bill}", "", "")
	m.says("GET /v1/accounts/{account}/entries", "", "")
	m.says("GET /v1/balances", "", "")
	m.says("GET /v1/verification", "", "")
	m.says("GET /v1/events?type=payment.succeeded", "", "event")
	m.says("GET /v1/events/{event}", "", "")
	m.says("GET /v1/webhook-endpoints/{endpoint}/deliveries?limit=2", "", "delivery")
	m.says("GET /v1/deliveries/{delivery}", "", "")
	m.says("POST /v1/deliveries/{delivery}/replay", "", "")
	m.says("GET /v1/policies/ruling", "", "")
	m.says("GET /v1/clock", "", "")
	m.says("POST /v1/clock", `{"advance":"1d12h"}`, "")
	m.says("POST /v1/console-sessions", `{"account":"{account}","page":"/methods"}`, "")
	return m.text.Bytes()
}

var (
	idForm     = regexp.MustCompile(`\b[a-z]+_[0-9a-hjkmnp-tv-z]{26}\b`)
	secretForm = regexp.MustCompile(`(whsec_|/enter/|approval_session_id=|"next": "MS)[A-Za-z0-9+/=_-]+`)
)

// named gives ids names that stay the same when the ids change: acct_1, acct_2.
func (m *month) named(text string) string {
	text = idForm.ReplaceAllStringFunc(text, func(id string) string {
		if m.names[id] == "" {
			prefix, _, _ := strings.Cut(id, "_")
			m.counts[prefix]++
			m.names[id] = fmt.Sprintf("%s_%d", prefix, m.counts[prefix])
		}
		return m.names[id]
	})
	return secretForm.ReplaceAllString(text, "$1…")
}

// month is what was asked and answered in it.
type month struct {
	*desk
	text  bytes.Buffer
	known map[string]string // ids by the names that the requests use

	names  map[string]string // by id, for the golden
	counts map[string]int    // of names, by prefix
}

// says asks and writes both sides down. The id of the answer, or of the first
// object of a list, is known by the given name from then on.
func (m *month) says(request, body, name string) {
	m.t.Helper()
	for known, id := range m.known {
		request, body = strings.ReplaceAll(request, "{"+known+"}", id), strings.ReplaceAll(body, "{"+known+"}", id)
	}
	method, path, _ := strings.Cut(request, " ")
	w := m.ask(ask{method: method, path: path, body: body})
	if w.Code >= http.StatusInternalServerError {
		m.t.Errorf("%s: got %d %s, want an answer below 500", request, w.Code, w.Body)
	}
	var answer struct {
		ID   string
		Data json.RawMessage
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		m.t.Fatalf("%s: got %d %s: %v", request, w.Code, w.Body, err)
	}
	if name != "" {
		var list []struct{ ID string }
		if answer.ID == "" && json.Unmarshal(answer.Data, &list) == nil && len(list) > 0 {
			answer.ID = list[0].ID
		}
		if m.known[name] = answer.ID; answer.ID == "" {
			m.t.Fatalf("%s: got %d %s, want an object to be known as %s", request, w.Code, w.Body, name)
		}
	}
	said := "> " + request + "\n"
	if body != "" {
		said += indented(m.t, []byte(body)) + "\n"
	}
	said += fmt.Sprintf("< %d %s\n%s\n\n", w.Code, w.Header().Get("Content-Type"), indented(m.t, w.Body.Bytes()))
	m.text.WriteString(m.named(said))
}

func indented(t testing.TB, text []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

func TestAnswersAreHeldToTheDescription(t *testing.T) {
	d := newDesk(t)
	r, err := http.NewRequest("GET", "/v1/keys", nil)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for body, want := range map[string]bool{`{"data":[],"next":null}`: true, `{"data":[]}`: false, `{"data":null,"next":null}`: false, `{"data":[],"next":null,"more":1}`: false} {
		if got := d.CheckAnswer(r, 200, header, []byte(body)); (len(got) == 0) != want {
			t.Errorf("%s: got %v, want agreement %t", body, got, want)
		}
	}
}
