package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// canary is what must never come back.
const canary = "4242424242424242"

type mistake struct{ Place, Detail string }

// TestBadInputIsNamedAndNotEchoed sends what is wrong in every way and looks for
// status, code and place in the answer, and for what was sent nowhere in it.
func TestBadInputIsNamedAndNotEchoed(t *testing.T) {
	d := newDesk(t)
	good := `{"name":"n","scopes":["usage:read"]}`
	for _, c := range []struct {
		name, body, media string
		status            int
		code, place       string
	}{
		{"unknown field", `{"name":"n","scopes":["usage:read"],"colour":"` + canary + `"}`, "", 422, "request_invalid", "body.colour"},
		{"unknown field that is a number", `{"name":"n","scopes":["usage:read"],"` + canary + `":1}`, "", 422, "request_invalid", "body.?"},
		{"name in another case", `{"Name":"n","scopes":["usage:read"]}`, "", 422, "request_invalid", "body.Name"},
		{"wrong type", `{"name":{"pan":"` + canary + `"},"scopes":["usage:read"]}`, "", 422, "request_invalid", "body.name"},
		{"number for text", `{"name":` + canary + `,"scopes":["usage:read"]}`, "", 422, "request_invalid", "body.name"},
		{"missing field", `{"name":"` + canary + `"}`, "", 422, "request_invalid", "body"},
		{"null for a list", `{"name":"n","scopes":null}`, "", 422, "request_invalid", "body.scopes"},
		{"wrong item", `{"name":"n","scopes":["usage:read",` + canary + `]}`, "", 422, "request_invalid", "body.scopes[1]"},
		{"unknown scope", `{"name":"n","scopes":["` + canary + `"]}`, "", 422, "scope_unknown", "body.scopes"},
		{"bad instant", `{"name":"n","scopes":["usage:read"],"expires_at":"` + canary + `"}`, "", 422, "request_invalid", "body.expires_at"},
		{"impossible day", `{"name":"n","scopes":["usage:read"],"expires_at":"2024-02-30T00:00:00Z"}`, "", 422, "request_invalid", "body.expires_at"},
		{"past expiry", `{"name":"n","scopes":["usage:read"],"expires_at":"2020-01-01T00:00:00Z"}`, "", 422, "key_invalid", "expires_at"},
		{"long name", `{"name":"` + strings.Repeat(canary, 10) + `","scopes":["usage:read"]}`, "", 422, "request_invalid", "body.name"},
		{"not an object", `["` + canary + `"]`, "", 422, "request_invalid", "body"},
		{"broken JSON", `{"name":"` + canary, "", 400, "body_malformed", ""},
		{"two values", good + good, "", 400, "body_malformed", ""},
		{"one name twice", `{"name":"n","name":"` + canary + `","scopes":["usage:read"]}`, "", 400, "body_malformed", ""},
		{"not UTF-8", "{\"name\":\"\xff\xfe" + canary + "\",\"scopes\":[\"usage:read\"]}", "", 400, "body_malformed", ""},
		{"UTF-16", "\xff\xfe{\x00}\x00", "", 400, "body_malformed", ""},
		{"NUL", `{"name":"a\u0000` + canary + `","scopes":["usage:read"]}`, "", 400, "body_malformed", ""},
		{"lone surrogate", `{"name":"\ud800` + canary + `","scopes":["usage:read"]}`, "", 400, "body_malformed", ""},
		{"no body", "", "", 400, "body_malformed", ""},
		{"not a number", `{"name":NaN,"scopes":[]}`, "", 400, "body_malformed", ""},
		{"deep", strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), "", 400, "body_malformed", ""},
		{"form", "name=" + canary, "application/x-www-form-urlencoded", 415, "media_type_unsupported", ""},
		{"odd type", good, "text/" + canary, 415, "media_type_unsupported", ""},
		{"huge", `{"name":"` + strings.Repeat(canary, 1<<15) + `"}`, "", 413, "body_too_large", ""},
	} {
		header := map[string]string{}
		if c.media != "" {
			header["Content-Type"] = c.media
		}
		for _, key := range []string{"", "k-" + strings.ReplaceAll(c.name, " ", "-")} {
			if key != "" {
				header["Idempotency-Key"] = key
			}
			w := d.ask(ask{method: "POST", path: "/v1/keys", body: c.body, header: header})
			var p struct {
				Code, Detail, Next string
				Errors             []mistake
			}
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Errorf("%s: got %d %.200q, want a problem", c.name, w.Code, w.Body)
				continue
			}
			if w.Code != c.status || p.Code != c.code || p.Detail == "" || p.Next == "" {
				t.Errorf("%s: got %d %.300s, want %d %s with a next step", c.name, w.Code, w.Body, c.status, c.code)
			}
			if strings.Contains(w.Body.String(), "42424242") || strings.Contains(d.log.String(), "42424242") {
				t.Errorf("%s: got %.300s, want nothing of what was sent", c.name, w.Body)
			}
			named := slices.ContainsFunc(p.Errors, func(e mistake) bool { return e.Place == c.place && e.Detail != "" })
			if c.place != "" && !named {
				t.Errorf("%s: got %.300s, want the place %s", c.name, w.Body, c.place)
			}
		}
	}
}

func TestQueryIsNotEchoed(t *testing.T) {
	d := newDesk(t)
	for _, query := range []string{"limit=" + canary + "x", "after=" + canary, canary + "=1", "colour=" + canary} {
		w := d.ask(ask{method: "GET", path: "/v1/keys?" + query})
		if w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), canary) {
			t.Errorf("%s: got %d %s, want 422 and nothing of what was sent", query, w.Code, w.Body)
		}
	}
}

func TestManyMistakesAreToldInPart(t *testing.T) {
	d := newDesk(t)
	w := d.ask(ask{method: "POST", path: "/v1/webhook-endpoints", body: `{"url":"https://example.com","events":[` + strings.Repeat("1,", 149) + `1]}`})
	var p struct{ Errors []any }
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 422 || len(p.Errors) != 100 {
		t.Errorf("got %d with %d mistakes, want 422 with 100", w.Code, len(p.Errors))
	}
}

func TestABodyNobodyAskedForIsRefused(t *testing.T) {
	d := newDesk(t)
	if got := d.post(422, "/v1/keys/key_1/revoke", `{"reason":"x"}`); got["code"] != "body_unexpected" {
		t.Errorf("got %v, want body_unexpected", got)
	}
}

func FuzzBodiesNeverBreakTheServer(f *testing.F) {
	d := newDesk(f)
	for _, seed := range []string{`{"name":"n","scopes":["usage:read"]}`, `{`, `[]`, `null`, `{"name":"\u0000"}`, "\xff", `{"scopes":[{}]}`, `{"expires_at":"x"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := d.ask(ask{method: "POST", path: "/v1/keys", body: body})
		if w.Code >= 500 {
			t.Errorf("%q: got %d %s, want an answer below 500", body, w.Code, w.Body)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q: got %q, want JSON", body, w.Body)
		}
	})
}
