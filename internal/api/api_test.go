package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/api"
	"github.com/bursar-pay/bursar/internal/id"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/pgtest"
	"github.com/bursar-pay/bursar/internal/provider/paypal"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
	"github.com/bursar-pay/bursar/internal/webhook"
)

var update = flag.Bool("update", false, "write goldens and the API's description anew")

func TestMain(m *testing.M) { pgtest.Main(m) }

// noon is when these tests happen.
var noon = time.Date(2024, 9, 18, 12, 0, 0, 0, time.UTC)

// desk is an API on an office of its own, with a clock that stands still.
type desk struct {
	*api.Server
	office *office.Office
	store  *store.Store
	now    time.Time
	log    *bytes.Buffer
	t      testing.TB
	key    string // with every scope
	random *rand.ChaCha8
}

// chance is a source of bytes that several goroutines may share.
type chance struct {
	mu sync.Mutex
	r  *rand.ChaCha8
}

func (c *chance) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.r.Read(p)
}

func open(t testing.TB, engine string) *desk {
	t.Helper()
	d := &desk{t: t, now: noon, log: &bytes.Buffer{}, store: storetest.Open(t, engine), random: rand.NewChaCha8([32]byte{1})}
	random := &chance{r: d.random}
	now := func() time.Time { return d.now }
	// PayPal is configured and never asked: nobody answers behind this client.
	wallet, err := paypal.New(paypal.Options{URL: "http://paypal.invalid", ClientID: "id", Secret: "secret", Now: now, Client: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, http.ErrServerClosed
	})}})
	if err != nil {
		t.Fatal(err)
	}
	d.office = &office.Office{
		Store: d.store, Wallet: wallet, Now: now, Random: random, IDs: id.NewSource(now, random), Prompt: office.PromptOff,
		Webhooks: webhook.NewSender(webhook.Options{}),
		Log:      slog.New(slog.NewTextHandler(d.log, nil)),
	}
	d.Server = api.New(d.office, api.Options{})
	d.key = d.newKey(access.Scopes...)
	return d
}

func newDesk(t testing.TB) *desk { return open(t, storetest.SQLite) }

// newKey makes a key with these scopes.
func (d *desk) newKey(scopes ...access.Scope) string {
	d.t.Helper()
	_, text, err := d.office.CreateKey(context.Background(), access.CommandLine, office.NewKey{Name: "test", Scopes: scopes})
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

// caller is the id of the desk's own key.
func (d *desk) caller() string {
	d.t.Helper()
	by, err := d.office.Authenticate(context.Background(), d.key, "")
	if err != nil {
		d.t.Fatal(err)
	}
	return by.Name
}

// ask is one request; what is left out has a sensible value.
type ask struct {
	method, path, body string
	key                string // API key; "" the desk's, "none" none
	header             map[string]string
}

func (d *desk) ask(a ask) *httptest.ResponseRecorder {
	r := httptest.NewRequest(a.method, a.path, strings.NewReader(a.body))
	if a.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	switch a.key {
	case "":
		r.Header.Set("Authorization", "Bearer "+d.key)
	case "none":
	default:
		r.Header.Set("Authorization", "Bearer "+a.key)
	}
	for name, value := range a.header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	for _, err := range d.CheckAnswer(r, w.Code, w.Header(), w.Body.Bytes()) {
		d.t.Errorf("%s %s: got %d %.300s, which is not as described: %v", a.method, a.path, w.Code, w.Body, err)
	}
	return w
}

// want asks and fails the test unless the answer has this status; it returns the
// answer's body.
func (d *desk) want(status int, a ask) map[string]any {
	d.t.Helper()
	w := d.ask(a)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		d.t.Fatalf("%s %s: got %d %q, want JSON", a.method, a.path, w.Code, w.Body)
	}
	if w.Code != status {
		d.t.Fatalf("%s %s: got %d %s, want %d", a.method, a.path, w.Code, w.Body, status)
	}
	return got
}

func (d *desk) get(path string) map[string]any {
	d.t.Helper()
	return d.want(200, ask{method: "GET", path: path})
}

func (d *desk) post(status int, path, body string) map[string]any {
	d.t.Helper()
	return d.want(status, ask{method: "POST", path: path, body: body})
}

func TestKeysAreMadeShownOnceAndRevoked(t *testing.T) {
	d := newDesk(t)
	made := d.post(201, "/v1/keys", `{"name":"shop","scopes":["usage:write","bills:read"],"expires_at":"2024-09-19T12:00:00Z"}`)
	text, _ := made["key"].(string)
	if !access.KeyText(text).IsWhole(false) {
		t.Fatalf("got key %q, want a whole one", text)
	}
	shown := d.get("/v1/keys/" + made["id"].(string))
	if _, again := shown["key"]; again || shown["name"] != "shop" || fmt.Sprint(shown["scopes"]) != "[usage:write bills:read]" {
		t.Errorf("got %v, want the key without its text", shown)
	}
	d.want(403, ask{method: "GET", path: "/v1/keys", key: text})

	d.now = noon.Add(24*time.Hour - time.Second)
	d.want(403, ask{method: "GET", path: "/v1/keys", key: text})
	d.now = noon.Add(24 * time.Hour)
	d.want(401, ask{method: "GET", path: "/v1/keys", key: text})

	other := d.newKey(access.KeysRead)
	d.want(200, ask{method: "GET", path: "/v1/keys", key: other})
	list := d.get("/v1/keys")["data"].([]any)
	for range 2 {
		revoked := d.post(200, "/v1/keys/"+list[0].(map[string]any)["id"].(string)+"/revoke", "")
		if revoked["revoked_at"] == nil {
			t.Errorf("got %v, want it revoked", revoked)
		}
	}
	d.want(401, ask{method: "GET", path: "/v1/keys", key: other})
}

func TestNoKeyGivesMoreThanItHas(t *testing.T) {
	d := newDesk(t)
	weak := d.newKey(access.KeysWrite, access.UsageRead)
	for _, c := range []struct {
		scopes string
		status int
	}{
		{`["usage:read"]`, 201}, {`["keys:read"]`, 201}, {`["usage:write"]`, 403}, {`["all"]`, 403}, {`["usage:read","policy:write"]`, 403},
		{`["everything"]`, 422}, {`["all","usage:read"]`, 422}, {`[]`, 422},
	} {
		d.want(c.status, ask{method: "POST", path: "/v1/keys", key: weak, body: `{"name":"n","scopes":` + c.scopes + `}`})
	}
}

// TestEveryUnusableKeyGetsTheSameAnswer: who guesses keys learns nothing.
func TestEveryUnusableKeyGetsTheSameAnswer(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	revoked, revokedText, err := d.office.CreateKey(ctx, access.CommandLine, office.NewKey{Name: "r", Scopes: access.Scopes})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.office.RevokeKey(ctx, access.CommandLine, revoked.ID); err != nil {
		t.Fatal(err)
	}
	_, expired, err := d.office.CreateKey(ctx, access.CommandLine, office.NewKey{Name: "e", Scopes: access.Scopes, ExpiresAt: noon.Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	d.now = noon.Add(time.Hour)
	unknown, err := access.NewKeyText(rand.NewChaCha8([32]byte{9}), false)
	if err != nil {
		t.Fatal(err)
	}
	live, err := access.NewKeyText(rand.NewChaCha8([32]byte{9}), true)
	if err != nil {
		t.Fatal(err)
	}
	want := d.ask(ask{method: "GET", path: "/v1/keys", key: "none"}).Body.String()
	for name, key := range map[string]string{
		"revoked": string(revokedText), "expired": string(expired), "unknown": string(unknown), "of a live installation": string(live),
		"broken": d.key[:len(d.key)-1] + "!", "cut": d.key[:20], "not a key": "secret",
	} {
		w := d.ask(ask{method: "GET", path: "/v1/keys", key: key})
		if w.Code != 401 || w.Body.String() != want || w.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: got %d %s, want 401 and what everybody gets", name, w.Code, w.Body)
		}
	}
	for name, value := range map[string]string{"basic": "Basic " + d.key, "bare": d.key, "empty": "Bearer "} {
		w := d.ask(ask{method: "GET", path: "/v1/keys", key: "none", header: map[string]string{"Authorization": value}})
		if w.Code != 401 {
			t.Errorf("%s: got %d, want 401", name, w.Code)
		}
	}
}

func TestWebhookEndpointsLiveTheirLife(t *testing.T) {
	d := newDesk(t)
	made := d.post(201, "/v1/webhook-endpoints", `{"url":"https://example.com/hook","events":["bill.paid","bill.issued","bill.paid"],"description":"books"}`)
	path := "/v1/webhook-endpoints/" + made["id"].(string)
	secret, _ := made["secret"].(string)
	if !strings.HasPrefix(secret, "whsec_") || fmt.Sprint(made["events"]) != "[bill.issued bill.paid]" || made["old_secret_until"] != nil {
		t.Errorf("got %v, want it with a secret and its events once each", made)
	}
	if shown := d.get(path); shown["secret"] != nil || shown["state"] != "enabled" {
		t.Errorf("got %v, want it enabled and its secret hidden", shown)
	}
	rotated := d.post(200, path+"/rotate-secret", "")
	if fresh, _ := rotated["secret"].(string); fresh == "" || fresh == secret || rotated["old_secret_until"] != "2024-09-19T12:00:00Z" {
		t.Errorf("got %v, want another secret beside the old one for a day", rotated)
	}
	if got := d.post(200, path+"/disable", ""); got["state"] != "disabled" || got["secret"] != nil {
		t.Errorf("got %v, want it disabled", got)
	}
	if got := d.post(200, path+"/enable", "{}"); got["state"] != "enabled" {
		t.Errorf("got %v, want it enabled", got)
	}
	for _, c := range []struct{ name, body, code string }{
		{"unknown event", `{"url":"https://example.com/hook","events":["bill.payed"]}`, "event_type_unknown"},
		{"plain HTTP", `{"url":"http://example.com/hook"}`, "endpoint_url_refused"},
		{"private address", `{"url":"https://192.168.0.7/hook"}`, "endpoint_url_refused"},
	} {
		if got := d.post(422, "/v1/webhook-endpoints", c.body); got["code"] != c.code {
			t.Errorf("%s: got %v, want %s", c.name, got, c.code)
		}
	}
}

func TestThereIsRoomForSoManyEndpoints(t *testing.T) {
	d := newDesk(t)
	for range 20 {
		d.post(201, "/v1/webhook-endpoints", `{"url":"https://example.com/hook"}`)
	}
	if got := d.post(409, "/v1/webhook-endpoints", `{"url":"https://example.com/hook"}`); got["code"] != "endpoints_too_many" {
		t.Errorf("got %v, want endpoints_too_many", got)
	}
}

func TestListsComeInPages(t *testing.T) {
	d := newDesk(t)
	for i := range 5 {
		d.now = noon.Add(time.Duration(i) * time.Second)
		d.post(201, "/v1/webhook-endpoints", fmt.Sprintf(`{"url":"https://example.com/%d"}`, i))
	}
	var urls []string
	path := "/v1/webhook-endpoints?limit=2"
	for pages := 0; ; pages++ {
		page := d.get(path)
		for _, item := range page["data"].([]any) {
			urls = append(urls, strings.TrimPrefix(item.(map[string]any)["url"].(string), "https://example.com/"))
		}
		next, more := page["next"].(string)
		if !more {
			if pages != 2 {
				t.Errorf("got %d pages, want 3", pages+1)
			}
			break
		}
		path = "/v1/webhook-endpoints?limit=2&after=" + next
	}
	if got := strings.Join(urls, " "); got != "4 3 2 1 0" {
		t.Errorf("got %s, want 4 3 2 1 0", got)
	}
	for _, bad := range []string{"after=x", "after=" + strings.Repeat("A", 60), "after=MS5rZXlfMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA", "limit=0", "limit=101", "limit=two", "page=2"} {
		d.want(422, ask{method: "GET", path: "/v1/webhook-endpoints?" + bad})
	}
}

func TestRequestsAreNumberedAndNotKept(t *testing.T) {
	d := newDesk(t)
	one, two := d.ask(ask{method: "GET", path: "/v1/keys"}), d.ask(ask{method: "GET", path: "/v1/keys"})
	a, b := one.Header().Get("X-Request-Id"), two.Header().Get("X-Request-Id")
	if !strings.HasPrefix(a, "req_") || a == b {
		t.Errorf("got %q and %q, want two ids", a, b)
	}
	if got := one.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("got Cache-Control %q, want no-store", got)
	}
}

func TestUnknownRoutesAnswerAsProblems(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		method, path string
		status       int
		code, allow  string
	}{
		{"GET", "/v1/nothing", 404, "route_not_found", ""},
		{"GET", "/v1/", 404, "route_not_found", ""},
		{"GET", "/v1//keys", 404, "route_not_found", ""},
		{"POST", "/v1/../v1/keys", 404, "route_not_found", ""},
		{"GET", "/v1/keys/", 404, "route_not_found", ""},
		{"GET", "/elsewhere", 404, "route_not_found", ""},
		{"DELETE", "/v1/keys", 405, "method_not_allowed", "GET, HEAD, POST"},
		{"PUT", "/v1/keys/key_1", 405, "method_not_allowed", "GET, HEAD"},
		{"GET", "/v1/keys/%00", 400, "text_malformed", ""},
		{"GET", "/v1/keys/%ff", 400, "text_malformed", ""},
		{"GET", "/v1/events?type=%00", 400, "text_malformed", ""},
	} {
		w := d.ask(ask{method: c.method, path: c.path})
		var p struct{ Code, Type, Title string }
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != c.status || p.Code != c.code ||
			w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: got %d %s, Allow %q, want %d %s, Allow %q", c.method, c.path, w.Code, w.Body, w.Header().Get("Allow"), c.status, c.code, c.allow)
		}
	}
}

func TestProblemsSpeakTheCallersLanguage(t *testing.T) {
	d := newDesk(t)
	for language, want := range map[string]string{
		"": "Not found", "en-GB": "Not found", "zh-TW": "找不到", "zh-Hant-HK,en;q=0.5": "找不到", "ja": "見つかりません", "de": "Not found",
		"de, ja;q=0.9": "見つかりません", strings.Repeat("x", 10_000): "Not found", ";;;": "Not found",
	} {
		got := d.want(404, ask{method: "GET", path: "/v1/keys/key_1", header: map[string]string{"Accept-Language": language}})
		if got["title"] != want || got["code"] != "key_not_found" {
			t.Errorf("%.20q: got %v, want title %q", language, got, want)
		}
	}
	if got := d.want(401, ask{method: "GET", path: "/v1/keys", key: "none", header: map[string]string{"Accept-Language": "zh-CN"}}); got["title"] != "未通过身份验证" {
		t.Errorf("got %v, want the title in simplified Chinese", got)
	}
}

// TestOurOwnFailuresAreNotTold: what went wrong inside is in the log, under the
// request's id, and nowhere else.
func TestOurOwnFailuresAreNotTold(t *testing.T) {
	d := newDesk(t)
	if err := d.store.Update(context.Background(), func(tx *store.Tx) error {
		return tx.AddEvent(context.Background(), webhook.Event{ID: "evt_broken", Kind: "bill.paid", Payload: []byte("secret, not JSON"), CreatedAt: noon})
	}); err != nil {
		t.Fatal(err)
	}
	w := d.ask(ask{method: "GET", path: "/v1/events/evt_broken"})
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "evt_broken") ||
		!strings.Contains(w.Body.String(), w.Header().Get("X-Request-Id")) {
		t.Errorf("got %d %s, want 500 with nothing but the request's id", w.Code, w.Body)
	}
	if !strings.Contains(d.log.String(), w.Header().Get("X-Request-Id")) {
		t.Errorf("the log has %q, want the request's id", d.log)
	}
}

// TestAKeyThatAnotherProcessRevokedIsRefusedASecondLater: keys are known for a
// moment without being looked up.
func TestAKeyThatAnotherProcessRevokedIsRefusedASecondLater(t *testing.T) {
	d := newDesk(t)
	k, text, err := d.office.CreateKey(context.Background(), access.CommandLine, office.NewKey{Name: "k", Scopes: access.Scopes})
	if err != nil {
		t.Fatal(err)
	}
	d.want(200, ask{method: "GET", path: "/v1/keys", key: string(text)})
	if _, err := d.office.RevokeKey(context.Background(), access.CommandLine, k.ID); err != nil {
		t.Fatal(err)
	}
	d.now = noon.Add(time.Second)
	d.want(401, ask{method: "GET", path: "/v1/keys", key: string(text)})
}

func TestAddressesComeFromTheConnection(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		name   string
		trust  bool
		via    []string
		remote string
		want   string
	}{
		{"plain", false, nil, "203.0.113.7:1234", "203.0.113.7"},
		{"claimed", false, []string{"198.51.100.1"}, "203.0.113.7:1234", "203.0.113.7"},
		{"behind a proxy", true, []string{"198.51.100.1"}, "203.0.113.7:1234", "198.51.100.1"},
		{"claimed behind a proxy", true, []string{"192.0.2.1, 198.51.100.1"}, "203.0.113.7:1234", "198.51.100.1"},
		{"claimed in a line of its own", true, []string{"192.0.2.1", "198.51.100.1"}, "203.0.113.7:1234", "198.51.100.1"},
		{"not an address", true, []string{"unknown"}, "203.0.113.7:1234", "203.0.113.7"},
		{"IPv6", false, nil, "[2001:db8::1]:1234", "2001:db8::1"},
		{"a socket", false, nil, "@", ""},
	} {
		s := api.New(d.office, api.Options{TrustProxy: c.trust})
		r := httptest.NewRequest("GET", "/v1/keys", nil)
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-For"] = c.via
		if got := s.Address(r); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
