package api_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/api"
	"github.com/bursar-pay/bursar/internal/office/officetest"
)

func quoted(t testing.TB, text string) string {
	t.Helper()
	b, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPoliciesAreCheckedAppliedAndListed(t *testing.T) {
	builtIn, err := os.ReadFile("../policy/builtin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	document := strings.Replace(string(builtIn), "version: builtin-1", "version: ours-1", 1)
	changed := quoted(t, strings.Replace(document, "USD: 1000.00", "USD: 900.00", 1))
	if check := d.post(200, "/v1/policies/check", `{"document":`+changed+`}`); check["version"] != "ours-1" || len(check["touched"].([]any)) != 0 {
		t.Errorf("got %v, want the version and nothing touched", check)
	}
	if got := d.post(422, "/v1/policies", `{"document":`+changed+`}`); got["code"] != "policy_backdated" {
		t.Errorf("from the past: got %v, want policy_backdated", got)
	}
	applied := d.post(201, "/v1/policies", `{"effective_now":true,"document":`+changed+`}`)
	if applied["version"] != "ours-1" || applied["effective_at"] != "2024-09-18T12:00:00Z" {
		t.Errorf("got %v, want it to rule from now on", applied)
	}
	if got := d.get("/v1/policies/ruling"); got["version"] != "ours-1" {
		t.Errorf("got %v, want ours-1 to rule", got)
	}
	if got := d.get("/v1/policies")["data"].([]any); len(got) != 1 || got[0].(map[string]any)["applied_by"] != d.caller() {
		t.Errorf("got %v, want the one, applied by its key", got)
	}
	if got := d.post(409, "/v1/policies", `{"effective_now":true,"document":`+changed+`}`); got["code"] != "policy_version_taken" {
		t.Errorf("again: got %v, want policy_version_taken", got)
	}
	broken := d.want(422, ask{method: "POST", path: "/v1/policies/check", body: `{"document":` + quoted(t, document+"\nunknown_"+"field: 4242424242424242\n") + `}`})
	places, err := json.Marshal(broken["errors"])
	if err != nil || !strings.Contains(string(places), "line ") || strings.Contains(string(places), canary) {
		t.Errorf("a field too many: got %v, want its line and not its value", broken)
	}
}

func TestTheClockIsAdvancedInASandboxAlone(t *testing.T) {
	world := officetest.New(t)
	d := &desk{Server: api.New(world.Office, api.Options{}), office: world.Office, t: t}
	d.key = d.newKey(access.Scopes...)
	before := d.get("/v1/clock")["now"]
	if got := d.post(200, "/v1/clock", `{"advance":"1d2h3m4s"}`); before != "2026-03-10T12:00:00Z" || got["now"] != "2026-03-11T14:03:04Z" {
		t.Errorf("got %v after %v, want a day, two hours, three minutes and four seconds later", got, before)
	}
	for _, bad := range []string{"", "d", "1", "1w", "-1d", "0d", "401d", "1.5d", "1h1d", "99999999h", "tomorrow"} {
		if w := d.ask(ask{method: "POST", path: "/v1/clock", body: `{"advance":"` + bad + `"}`}); w.Code != 422 {
			t.Errorf("%q: got %d %s, want 422", bad, w.Code, w.Body)
		}
	}
	world.Live = true
	d = &desk{Server: api.New(world.Office, api.Options{}), office: world.Office, t: t}
	d.key = d.newKey(access.Scopes...)
	if got := d.post(409, "/v1/clock", `{"advance":"1d"}`); got["code"] != "clock_real" {
		t.Errorf("with a real provider: got %v, want clock_real", got)
	}
	if !strings.HasPrefix(d.key, "bur_live_") || d.get("/v1/clock")["can_be_advanced"] != false {
		t.Errorf("got key %.9s and %v, want a live key and a clock that stands by itself", d.key, d.get("/v1/clock"))
	}
}

func TestConsoleLinksLeadIntoTheConsoleOnly(t *testing.T) {
	d := newDesk(t)
	a := openedAccount(d, "acme")
	for page, status := range map[string]int{
		"": 201, "/": 201, "/methods": 201, "/bills/bill_1": 201,
		"//evil.example": 422, "https://evil.example": 422, "methods": 422, "/a?b=c": 422, `/\\evil.example`: 422, "/a//b": 422,
	} {
		d.want(status, ask{method: "POST", path: "/v1/console-sessions", body: `{"account":"` + a + `","page":"` + page + `"}`})
	}
}

func TestProvidersMessagesNeedTheirSignature(t *testing.T) {
	world := officetest.New(t)
	d := &desk{Server: api.New(world.Office, api.Options{}), office: world.Office, t: t}
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/v1/providers/stripe/webhooks", `{"id":"evt_1"}`, 401},
		{"/v1/providers/stripe/webhooks", `4242424242424242`, 401},
		{"/v1/providers/nobody/webhooks", `{}`, 404},
		{"/v1/providers/stripe/webhooks", strings.Repeat("x", 1<<20+1), 413},
	} {
		w := d.ask(ask{method: "POST", path: c.path, body: c.body, key: "none", header: map[string]string{"Stripe-Signature": "t=1,v1=00"}})
		if w.Code != c.status || strings.Contains(w.Body.String(), canary) {
			t.Errorf("%s with %.20q: got %d %s, want %d", c.path, c.body, w.Code, w.Body, c.status)
		}
	}
}
