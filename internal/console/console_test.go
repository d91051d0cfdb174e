package console_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/console"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// goldens are the pages whose whole text is kept, each as an account comes to it.
var goldens = []struct {
	name   string
	status int
	come   func(d *desk) (account.Account, string)
}{
	{"overview", 200, func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.Use(a, "1", "618.0066386184")
		return a, "/"
	}},
	{"overview-first", 200, func(d *desk) (account.Account, string) { return d.Customer(), "/" }},
	{"ways", 200, func(d *desk) (account.Account, string) { return d.Customer(), "/ways-to-pay" }},
	{"ways-eu-ja", 200, func(d *desk) (account.Account, string) {
		return d.Customer(in("DE", "EUR"), speaks("ja")), "/ways-to-pay"
	}},
	{"methods-empty", 200, func(d *desk) (account.Account, string) { return d.Customer(), "/methods" }},
	{"methods", 200, func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.Bind(a, sandbox.AlwaysAuthenticate)
		d.Bind(a, sandbox.DeclinedNoFunds)
		return a, "/methods"
	}},
	{"bind", 200, func(d *desk) (account.Account, string) { return d.Customer(), "/methods/new" }},
	{"bind-my-zh-Hant", 200, func(d *desk) (account.Account, string) {
		return d.Customer(in("MY", "MYR"), speaks("zh-Hant")), "/methods/new"
	}},
	{"method-active", 200, func(d *desk) (account.Account, string) {
		a := d.Customer()
		return a, "/methods/" + string(d.Bind(a, sandbox.Visa).Method.ID)
	}},
	{"method-challenged", 200, func(d *desk) (account.Account, string) {
		a := d.Customer(in("DE", "EUR"))
		return a, "/methods/" + string(d.Bind(a, sandbox.AlwaysAuthenticate).Method.ID)
	}},
	{"method-rejected-zh-Hans", 200, func(d *desk) (account.Account, string) {
		a := d.Customer(speaks("zh-Hans"))
		return a, "/methods/" + string(d.Bind(a, sandbox.DeclinedNoFunds).Method.ID)
	}},
	{"return", 200, func(d *desk) (account.Account, string) {
		a := d.Customer()
		return a, "/methods/return?payment_method=" + string(d.Bind(a, sandbox.Visa).Method.ID)
	}},
	{"paypal", 200, func(d *desk) (account.Account, string) { return d.Customer(), "/methods/paypal" }},
	{"paypal-zh-Hant", 200, func(d *desk) (account.Account, string) {
		return d.Customer(speaks("zh-Hant")), "/methods/paypal"
	}},
	{"paypal-eu", 200, func(d *desk) (account.Account, string) { return d.Customer(in("DE", "EUR")), "/methods/paypal" }},
	{"agreement-waiting", 200, func(d *desk) (account.Account, string) {
		a := d.Customer()
		return a, "/agreements/" + string(d.AskPayer(a).ID)
	}},
	{"agreement-refused-zh-Hant", 200, func(d *desk) (account.Account, string) {
		a := d.Customer(speaks("zh-Hant"))
		g := d.AskPayer(a)
		d.Agree(g, sandbox.PayerCN)
		return a, "/agreements/" + string(d.Return(g).ID)
	}},
	{"method-paypal", 200, func(d *desk) (account.Account, string) {
		a := d.Customer()
		m := d.BindWallet(a, sandbox.PayerUS)
		d.Use(a, "1", "3.00")
		d.Use(a, "2", "5.00")
		return a, "/methods/" + string(m.ID)
	}},
	{"method-paypal-rejected-ja", 200, func(d *desk) (account.Account, string) {
		a := d.Customer(speaks("ja"))
		return a, "/methods/" + string(d.BindWallet(a, sandbox.PayerNoFunds).ID)
	}},
	{"methods-both", 200, func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.BindWallet(a, sandbox.PayerUS)
		d.Bind(a, sandbox.Visa)
		d.Use(a, "1", "3.00")
		return a, "/methods"
	}},
	{"remove", 200, func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		return a, "/methods/" + string(d.Bind(a, sandbox.Mastercard).Method.ID) + "/remove"
	}},
	{"remove-not-zh-Hans", 200, func(d *desk) (account.Account, string) {
		a := d.Customer(speaks("zh-Hans"))
		m := d.Bind(a, sandbox.Visa).Method
		d.Use(a, "1", "3.00")
		d.run(a, 2)
		return a, "/methods/" + string(m.ID) + "/remove"
	}},
	{"close", 200, func(d *desk) (account.Account, string) { return d.Customer(), "/close" }},
	{"close-not", 200, func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.run(a, 1)
		return a, "/close"
	}},
	{"left", 200, func(d *desk) (account.Account, string) { return d.Customer(), "/left" }},
	{"challenge", 200, func(d *desk) (account.Account, string) { return d.Customer(), "/challenge/secret" }},
	{"challenge-done", 200, func(d *desk) (account.Account, string) { return d.Customer(), "/challenge/done" }},
	{"missing", 404, func(d *desk) (account.Account, string) { return d.Customer(), "/methods/pm_none" }},
}

func TestPages(t *testing.T) {
	for _, g := range goldens {
		t.Run(g.name, func(t *testing.T) {
			d := newDesk(t)
			a, page := g.come(d)
			d.enter(a)
			w := d.get(page)
			if w.Code != g.status {
				t.Fatalf("%s answered %d, want %d", page, w.Code, g.status)
			}
			compare(t, g.name, plain(w.Body.String()))
		})
	}
}

// compare holds a page against its golden.
func compare(t *testing.T, name, got string) {
	t.Helper()
	if strings.ContainsRune(got, utf8.RuneError) {
		t.Errorf("the page %s has characters that were cut to pieces", name)
	}
	file := "testdata/" + name + ".html"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the page %s differs from its golden; look at the difference, then run with -update:\n%s", name, got)
	}
}

func TestEveryPageHasItsPolicyAndNothingInlineRuns(t *testing.T) {
	d := newDesk(t)
	a := d.Customer(in("DE", "EUR"))
	m := d.Bind(a, sandbox.AlwaysAuthenticate).Method
	d.enter(a)
	for _, page := range []string{
		"/", "/ways-to-pay", "/methods", "/methods/new", "/methods/" + string(m.ID), "/methods/return", "/methods/" + string(m.ID) + "/remove",
		"/close", "/left", "/challenge/x", "/challenge/done", "/enter/x", "/nowhere",
	} {
		w := d.get(page)
		h, body := w.Header(), w.Body.String()
		nonce := regexp.MustCompile(`'nonce-([\w-]{22})'`).FindStringSubmatch(h.Get("Content-Security-Policy"))
		if nonce == nil {
			t.Fatalf("%s: the policy %q has no nonce", page, h.Get("Content-Security-Policy"))
		}
		for _, rule := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "style-src 'self'", "form-action 'self'"} {
			if !strings.Contains(h.Get("Content-Security-Policy"), rule) {
				t.Errorf("%s: the policy %q lacks %s", page, h.Get("Content-Security-Policy"), rule)
			}
		}
		if card := page == "/methods/new"; strings.Contains(h.Get("Content-Security-Policy"), "http://world.test") != (card || strings.HasPrefix(page, "/challenge/")) {
			t.Errorf("%s: the policy is %q; the provider belongs into that of its fields and of challenges only", page, h.Get("Content-Security-Policy"))
		}
		for _, tag := range regexp.MustCompile(`<script[^>]*>`).FindAllString(body, -1) {
			if !strings.Contains(tag, `nonce="`+nonce[1]+`"`) || !strings.Contains(tag, " src=") {
				t.Errorf("%s: %s is inline or lacks this answer's nonce", page, tag)
			}
		}
		if found := regexp.MustCompile(`<style|\sstyle=|\son[a-z]+=|javascript:`).FindString(body); found != "" {
			t.Errorf("%s: has %q in it", page, found)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", page, name, got, want)
			}
		}
	}
}

func TestWhatOthersHaveIsLikeWhatNobodyHas(t *testing.T) {
	d := newDesk(t)
	theirs := d.Bind(d.Customer(), sandbox.Visa).Method
	d.enter(d.Customer())
	for _, ask := range []func(id string) *httptest.ResponseRecorder{
		func(id string) *httptest.ResponseRecorder { return d.get("/methods/" + id) },
		func(id string) *httptest.ResponseRecorder { return d.get("/methods/" + id + "/state") },
		func(id string) *httptest.ResponseRecorder { return d.post("/methods/"+id+"/preferred", nil) },
		func(id string) *httptest.ResponseRecorder { return d.get("/methods/" + id + "/remove") },
		func(id string) *httptest.ResponseRecorder { return d.post("/methods/"+id+"/remove", nil) },
	} {
		foreign, missing := ask(string(theirs.ID)), ask("pm_00000000000000000000000000")
		strip := func(w *httptest.ResponseRecorder, id string) string {
			return strings.ReplaceAll(plain(w.Body.String()), id, "ID")
		}
		if foreign.Code != 404 || missing.Code != 404 || strip(foreign, string(theirs.ID)) != strip(missing, "pm_00000000000000000000000000") {
			t.Errorf("a foreign method answered %d, a missing one %d; want the same 404:\n%s\n%s", foreign.Code, missing.Code, foreign.Body, missing.Body)
		}
	}
	back := d.get("/methods/return?payment_method=" + string(theirs.ID)).Body.String()
	if strings.Contains(back, "4242") {
		t.Error("the return page shows another account's card")
	}
}

func TestALinkLetsInOnce(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	link := d.link(a, "/methods")

	for _, look := range []*http.Request{httptest.NewRequest("HEAD", link, nil), httptest.NewRequest("GET", link, nil)} {
		look.Header.Set("Sec-Purpose", "prefetch;prerender")
		if w := d.ask(look); w.Code != http.StatusServiceUnavailable || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s ahead of a visit answered %d with cookies %v, want 503 and none", look.Method, w.Code, w.Result().Cookies())
		}
	}
	w := d.get(link)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/methods" || len(cookies) != 1 {
		t.Fatalf("the link answered %d to %q with cookies %v, want 303 to /methods and one", w.Code, w.Header().Get("Location"), cookies)
	}
	if k := cookies[0]; k.MaxAge != 15*60 {
		t.Errorf("the browser keeps the session for %d s without a visit, want a quarter of an hour", k.MaxAge)
	}
	if k := cookies[0]; !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Domain != "" {
		t.Errorf("the cookie is %+v, want HttpOnly, Lax, for the whole host and no other", k)
	}
	if w := d.get(link); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "ask for a new link") {
		t.Errorf("the link answered %d the second time, want 401 and what to do", w.Code)
	}
}

func TestTheSessionCookieIsBoundToTheHostOverHTTPS(t *testing.T) {
	d := newDesk(t)
	o := options("http://world.test")
	o.Secure = true
	d.pages = console.New(d.Office, o)
	w := d.get(d.link(d.Customer(), "/"))
	if k := w.Result().Cookies()[0]; k.Name != "__Host-bursar" || !k.Secure || k.Path != "/" || k.Domain != "" {
		t.Errorf("the cookie is %+v, want __Host-bursar, Secure", k)
	}
	if w.Header().Get("Strict-Transport-Security") == "" {
		t.Error("HTTPS is not demanded for the future")
	}
}

func TestALinkLeadsNowhereElse(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	for _, page := range []string{"https://elsewhere.test/", "//elsewhere.test", `/\elsewhere.test`, "methods", ""} {
		if got := d.get(d.link(a, page)).Header().Get("Location"); got != "/" {
			t.Errorf("a link to %q leads to %q, want /", page, got)
		}
	}
}

func TestASessionEnds(t *testing.T) {
	d := newDesk(t)
	d.enter(d.Customer())
	if w := d.get("/methods"); w.Code != 200 {
		t.Fatalf("answered %d, want 200", w.Code)
	}
	d.Pass(2 * time.Hour)
	for _, page := range []string{"/", "/methods", "/methods/new", "/ways-to-pay", "/methods/pm_x/state"} {
		if w := d.get(page); w.Code != http.StatusUnauthorized {
			t.Errorf("%s answered %d after the session, want 401", page, w.Code)
		}
	}
	d.session = ""
	if w := d.get("/methods"); w.Code != http.StatusUnauthorized {
		t.Errorf("answered %d without a session, want 401", w.Code)
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	m := d.Bind(a, sandbox.Visa).Method
	d.enter(a)
	for _, path := range []string{
		"/methods", "/methods/" + string(m.ID) + "/preferred", "/methods/" + string(m.ID) + "/remove", "/methods/paypal", "/close", "/leave", "/challenge/x",
	} {
		r := httptest.NewRequest("POST", path, nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if w := d.ask(r); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `data-code="sent_from_elsewhere"`) {
			t.Errorf("POST %s from another site answered %d, want 403 and why", path, w.Code)
		}
	}
}

func TestBindingByForm(t *testing.T) {
	for _, c := range []struct {
		name, token, consent string
		status               int
		want                 string
	}{
		{"accepted", sandbox.Visa, "card-1", 303, ""},
		{"prepaid", sandbox.MastercardPrepaid, "card-1", 422, `data-code="card_prepaid"`},
		{"not of the region", sandbox.JCB, "card-1", 422, `data-code="method_not_available"`},
		{"no consent", sandbox.Visa, "", 422, `data-code="consent_missing"`},
		{"another text", sandbox.Visa, "card-0", 422, `data-code="consent_missing"`},
		{"no token", "", "card-1", 422, `data-code="token_unknown"`},
		{"not a token", "<script>", "card-1", 422, `data-code="token_unknown"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			a := d.Customer()
			d.enter(a)
			w := d.post("/methods", url.Values{"payment_method": {c.token}, "consent": {c.consent}})
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Fatalf("answered %d, want %d with %s:\n%s", w.Code, c.status, c.want, w.Body)
			}
			if strings.Contains(w.Body.String(), c.token) && c.token != "" {
				t.Error("the page repeats what was refused")
			}
			if c.status != 303 {
				return
			}
			m := d.MethodNow(payment.MethodID(strings.TrimPrefix(w.Header().Get("Location"), "/methods/")))
			if m.Consent.Version != "card-1/en" || m.Consent.Address != "192.0.2.1" {
				t.Errorf("the consent is %+v, want the text, its language and the address (R-BIND-18)", m.Consent)
			}
		})
	}
}

func TestTheStateTellsWhetherToWait(t *testing.T) {
	d := newDesk(t)
	a := d.Customer(in("DE", "EUR"))
	m := d.Bind(a, sandbox.AlwaysAuthenticate)
	d.enter(a)
	state := func() (got struct {
		Mark    string
		Waiting bool
	}) {
		t.Helper()
		if err := json.Unmarshal(d.get("/methods/"+string(m.Method.ID)+"/state").Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := state()
	if !before.Waiting || state() != before {
		t.Errorf("got %+v and then %+v, want the same, waiting", before, state())
	}
	if _, err := d.Sandbox.AnswerChallenge(m.Hold.Ref, true); err != nil {
		t.Fatal(err)
	}
	if after := state(); after.Mark == before.Mark || after.Waiting {
		t.Errorf("got %+v after the challenge, want another mark and no waiting", after)
	}
}

func TestLanguages(t *testing.T) {
	d := newDesk(t)
	d.enter(d.Customer(speaks("ja")))
	for _, c := range []struct{ page, want string }{
		{"/", `<html lang="ja"`}, {"/?lang=zh-Hant", `<html lang="zh-Hant"`}, {"/?lang=zh-hans", `<html lang="zh-Hans"`}, {"/?lang=xx", `<html lang="ja"`},
	} {
		if body := d.get(c.page).Body.String(); !strings.Contains(body, c.want) {
			t.Errorf("%s is not %s", c.page, c.want)
		}
	}
	w := d.get("/?lang=en")
	d.session += "; " + strings.Split(w.Header().Get("Set-Cookie"), ";")[0]
	if body := d.get("/methods").Body.String(); !strings.Contains(body, `<html lang="en"`) {
		t.Error("the language that was chosen is not kept")
	}
	d.session = ""
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Language", "zh-TW,zh;q=0.9,en;q=0.8")
	if body := d.ask(r).Body.String(); !strings.Contains(body, `<html lang="zh-Hant"`) {
		t.Error("without a session, the browser's language is not spoken")
	}
}

func TestOddAddressesAreMissingPages(t *testing.T) {
	d := newDesk(t)
	d.enter(d.Customer())
	for _, page := range []string{"/methods/%ff", "/methods/a%00b", "/methods/x?payment_method=%ff", "/methods/return?payment_method=%00", "/.env", "/assets/console.css"} {
		if w := d.get(page); w.Code != 404 {
			t.Errorf("%s answered %d, want 404", page, w.Code)
		}
	}
}

func TestAssetsAreKeptByBrowsers(t *testing.T) {
	d := newDesk(t)
	page := d.get("/challenge/done").Body.String()
	found := regexp.MustCompile(`/assets/[a-z]+-[0-9a-f]{12}\.[a-z]+`).FindAllString(page, -1)
	if len(found) < 3 {
		t.Fatalf("the page names the assets %v, want three", found)
	}
	for _, a := range found {
		if w := d.get(a); w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s answered %d, %v", a, w.Code, w.Header())
		}
	}
}
