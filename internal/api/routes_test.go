package api_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/api"
)

const specFile = "../../api/openapi.yaml"

// TestSpecIsFresh holds api/openapi.yaml to the handlers. With -update it is
// written anew.
func TestSpecIsFresh(t *testing.T) {
	got := api.New(newDesk(t).office, api.Options{}).Spec()
	if *update {
		if err := os.MkdirAll("../../api", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(specFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(specFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("api/openapi.yaml is stale: run go test ./internal/api -run TestSpecIsFresh -update, and look at what it changes")
	}
}

func TestSpecIsServedToEverybody(t *testing.T) {
	d := newDesk(t)
	if w := d.ask(ask{method: "GET", path: "/v1/openapi.yaml", key: "none"}); w.Code != 200 || !strings.Contains(w.Body.String(), "openapi: 3.1.0") {
		t.Errorf("YAML: got %d %.100s, want OpenAPI 3.1", w.Code, w.Body)
	}
	if got := d.want(200, ask{method: "GET", path: "/v1/openapi.json", key: "none"}); got["openapi"] != "3.1.0" {
		t.Errorf("JSON: got %v, want OpenAPI 3.1", got["openapi"])
	}
}

// operation is what the tests below need to know of one in the description.
type operation struct {
	method, path, scope string
	open, keyed, body   bool
}

// operations are read from the description, so that a new route is tested by
// being there.
func operations(t testing.TB) []operation {
	t.Helper()
	d := newDesk(t)
	var spec struct {
		Paths map[string]map[string]struct {
			Security   []map[string][]string
			Parameters []struct{ Name string }
			Body       any `yaml:"requestBody"`
		}
	}
	if err := yaml.Unmarshal(d.Spec(), &spec); err != nil {
		t.Fatal(err)
	}
	var list []operation
	for path, methods := range spec.Paths {
		for method, op := range methods {
			o := operation{method: strings.ToUpper(method), path: path, open: len(op.Security) == 0, body: op.Body != nil}
			for _, p := range op.Parameters {
				o.keyed = o.keyed || p.Name == "Idempotency-Key"
			}
			for _, s := range op.Security {
				if len(s["key"]) > 0 {
					o.scope = s["key"][0]
				}
			}
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	if len(list) < 40 {
		t.Fatalf("got %d operations in the description, want all of them", len(list))
	}
	return list
}

// bodies are good bodies for the operations that need one.
var bodies = map[string]string{
	"POST /v1/accounts":                        `{"reference":"r","name":"n","country":"US","currency":"USD","email":"a@example.com"}`,
	"PATCH /v1/accounts/{id}":                  `{"name":"n"}`,
	"PUT /v1/accounts/{id}/resources":          `{"running":1,"examples":["vm-1"]}`,
	"POST /v1/accounts/{id}/agreements":        `{"consent":"1","return_url":"https://example.com/back"}`,
	"POST /v1/agreements/{id}/return":          `{"turned_away":true}`,
	"POST /v1/accounts/{id}/payment-methods":   `{"token":"pm_card_visa","consent":"1","return_url":"https://example.com/back"}`,
	"POST /v1/usage":                           `{"lines":[` + usageLine("1", "acct_missing", "1") + `]}`,
	"POST /v1/debts/{id}/collect":              `{}`,
	"POST /v1/accounts/{id}/orders":            `{"reference":"r","kind":"purchase","items":[{"product":"p","price":{"amount":"1.00","currency":"USD"}}]}`,
	"POST /v1/orders/{id}/pay":                 `{}`,
	"PATCH /v1/subscriptions/{id}":             `{"auto_renew":true}`,
	"PUT /v1/accounts/{id}/auto-apply":         `{"on":true}`,
	"POST /v1/accounts/{id}/cash-applications": `{"pay":[{"bill":"bill_missing"}]}`,
	"POST /v1/cash-applications/{id}/undo":     `{"reason":"r"}`,
	"POST /v1/accounts/{id}/top-ups":           `{"amount":{"amount":"1.00","currency":"USD"}}`,
	"POST /v1/bills/{id}/pay":                  `{}`,
	"POST /v1/accounts/{id}/withdrawals":       `{"amount":{"amount":"1.00","currency":"USD"},"recipient":"bank","reason":"r"}`,
	"POST /v1/withdrawals/{id}/approve":        `{}`,
	"POST /v1/withdrawals/{id}/refuse":         `{}`,
	"POST /v1/withdrawals/{id}/drop":           `{}`,
	"POST /v1/accounts/{id}/credit-lines":      `{"kind":"open","limit":{"amount":"1.00","currency":"USD"},"reason":"r"}`,
	"POST /v1/credit-lines/{id}/approve":       `{}`,
	"POST /v1/credit-lines/{id}/refuse":        `{}`,
	"POST /v1/payments/{id}/refunds":           `{"reason":"goodwill"}`,
	"POST /v1/bill-runs":                       `{"month":"2024-08"}`,
	"POST /v1/identity-checks/{id}/documents":  `no form`,
	"POST /v1/identity-checks/{id}/reject":     `{"reason":"blurred"}`,
	"POST /v1/policies":                        `{"document":"version: x"}`,
	"POST /v1/policies/check":                  `{"document":"version: x"}`,
	"POST /v1/console-sessions":                `{"account":"acct_missing"}`,
	"POST /v1/clock":                           `{"advance":"1d"}`,
	"POST /v1/keys":                            `{"name":"n","scopes":["keys:write"]}`,
	"POST /v1/bank-statements/{id}/agree":      `{"note":"n"}`,
	"POST /v1/bank-lines/{id}/accept":          `{"note":"n"}`,
	"POST /v1/bank-lines/{id}/dismiss":         `{"note":"n"}`,
	"POST /v1/bank-lines/{id}/explain":         `{"kind":"fee","note":"n"}`,
	"POST /v1/remittances/{id}/claims":         `{"account":"acct_missing","note":"n"}`,
	"POST /v1/remittances/{id}/assign":         `{"owner":"me"}`,
	"POST /v1/remittances/{id}/return":         `{"note":"n"}`,
	"POST /v1/remittances/{id}/keep":           `{"note":"n"}`,
	"POST /v1/claims/{id}/approve":             `{"note":"n"}`,
	"POST /v1/claims/{id}/refuse":              `{"note":"n"}`,
	"POST /v1/claims/{id}/reverse":             `{"note":"n"}`,
	"POST /v1/statement-files":                 `no form`,
	"POST /v1/receiving-accounts/{id}/pools":   `{"bank_code":"10010010","prefix":"99","first":1,"last":9,"reason":"r"}`,
	"POST /v1/receiving-accounts":              `{"seller":"main","country":"DE","currency":"EUR","bank":"b","holder":"h","scheme":"iban","number":"DE89370400440532013000","rails":["sepa"],"reason":"r"}`,
	"POST /v1/receiving-accounts/{id}/close":   `{"reason":"r"}`,
	"POST /v1/receiving-changes/{id}/agree":    `{}`,
	"POST /v1/receiving-changes/{id}/refuse":   `{}`,
	"POST /v1/remittances/{id}/proofs":         `no form`,
	"POST /v1/staff-members":                   `{"name":"n","email":"n@example.com","role":"support"}`,
	"PATCH /v1/staff-members/{id}":             `{"name":"n"}`,
	"POST /v1/webhook-endpoints":               `{"url":"https://example.com/hook"}`,
}

func (o operation) ask(t testing.TB, id, key string) ask {
	t.Helper()
	body, ok := bodies[o.method+" "+o.path]
	if o.body != ok && !o.open {
		t.Fatalf("%s %s: the table of bodies in this file does not know it", o.method, o.path)
	}
	return ask{method: o.method, path: strings.ReplaceAll(o.path, "{id}", id), body: body, key: key}
}

func problemOf(t testing.TB, w *httptest.ResponseRecorder) (p struct{ Type, Title, Detail, Code, Next string }) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %s %q, want a problem", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	return p
}

func TestEveryRouteNeedsAKey(t *testing.T) {
	d := newDesk(t)
	for _, o := range operations(t) {
		if o.open {
			if !strings.HasPrefix(o.path, "/v1/providers/") {
				t.Errorf("%s %s is open to everybody, want a key asked for", o.method, o.path)
			}
			continue
		}
		w := d.ask(o.ask(t, "x_1", "none"))
		if p := problemOf(t, w); w.Code != 401 || p.Code != "key_refused" || w.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s %s: got %d %s, want 401 key_refused", o.method, o.path, w.Code, w.Body)
		}
	}
}

func TestEveryRouteNeedsItsScope(t *testing.T) {
	d := newDesk(t)
	for _, o := range operations(t) {
		if o.open || o.path == "/v1/clock" && o.method == "GET" {
			continue
		}
		if o.scope == "" {
			t.Errorf("%s %s: got no scope, want one", o.method, o.path)
			continue
		}
		noun, _, _ := strings.Cut(o.scope, ":")
		includes := []string{o.scope, noun + ":write"}
		if noun == "orders" {
			includes = append(includes, "bills:read", "bills:write")
		}
		var others []access.Scope
		for _, s := range access.Scopes {
			if !slices.Contains(includes, string(s)) {
				others = append(others, s)
			}
		}
		w := d.ask(o.ask(t, "x_1", d.newKey(others...)))
		if p := problemOf(t, w); w.Code != 403 || p.Code != "forbidden" || !strings.Contains(p.Detail, o.scope) {
			t.Errorf("%s %s: got %d %s, want 403 naming %s", o.method, o.path, w.Code, w.Body, o.scope)
		}
		// The scope alone lets the request through to whatever comes next.
		if w := d.ask(o.ask(t, "x_1", d.newKey(access.Scope(o.scope)))); w.Code == 401 || w.Code == 403 && problemOf(t, w).Code != access.ErrRoleAbove.Code {
			t.Errorf("%s %s with %s alone: got %d %s, want it let through", o.method, o.path, o.scope, w.Code, w.Body)
		}
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	d := newDesk(t)
	for _, o := range operations(t) {
		if !strings.Contains(o.path, "{id}") {
			continue
		}
		var first string
		for _, id := range []string{"x_1", "acct_00000000000000000000000000", "pay_zzzzzzzzzzzzzzzzzzzzzzzzzz", "%27%20or%201=1", strings.Repeat("9", 64)} {
			w := d.ask(o.ask(t, id, ""))
			if w.Code != 404 {
				t.Errorf("%s %s of %.20s: got %d %s, want 404", o.method, o.path, id, w.Code, w.Body)
			}
			if problemOf(t, w); first == "" {
				first = w.Body.String()
			}
			if w.Body.String() != first {
				t.Errorf("%s %s of %.20s: got %s, want what every missing one gets: %s", o.method, o.path, id, w.Body, first)
			}
		}
		if w := d.ask(o.ask(t, strings.Repeat("9", 65), "")); w.Code != 422 && w.Code != 404 {
			t.Errorf("%s %s of a long id: got %d %s, want it refused", o.method, o.path, w.Code, w.Body)
		}
	}
}

func TestEveryChangeIsAnsweredAgain(t *testing.T) {
	d := newDesk(t)
	for _, o := range operations(t) {
		if o.method == "GET" || o.open || o.path == "/v1/usage" {
			if o.keyed {
				t.Errorf("%s %s: got an Idempotency-Key described, want none", o.method, o.path)
			}
			continue
		}
		if !o.keyed {
			t.Errorf("%s %s: got no Idempotency-Key described, want one", o.method, o.path)
		}
		a := o.ask(t, "x_1", "")
		a.header = keyed("again " + o.method + o.path)
		a.header["Idempotency-Key"] = strings.ReplaceAll(a.header["Idempotency-Key"], " ", "-")
		first, again := d.ask(a), d.ask(a)
		if first.Code >= 500 {
			t.Errorf("%s %s: got %d %s, want an answer below 500", o.method, o.path, first.Code, first.Body)
			continue
		}
		if again.Code != first.Code || again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s %s: got %d %s, want %d %s replayed", o.method, o.path, again.Code, again.Body, first.Code, first.Body)
		}
	}
}
