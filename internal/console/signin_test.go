package console_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/console"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/signin"
	"github.com/bursar-pay/bursar/internal/signin/signintest"
)

// newSignInDesk is a desk whose platform has an identity provider.
func newSignInDesk(t *testing.T) (*desk, *signintest.Provider) {
	t.Helper()
	d := newDesk(t)
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	p := signintest.New(t, now)
	o := options("http://world.test")
	var err error
	o.SignIn, err = signin.New(signin.Options{
		Issuer: p.URL, Client: "bursar", Secret: "s3cret", Return: "http://pay.test/signin/return", Claim: "account",
		HTTP: p.Client(), Now: func() time.Time { return now }, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.pages = console.New(d.Office, o)
	return d, p
}

// signIn goes to the provider, which says these claims, and comes back; the cookies
// that it was sent with are kept in between.
func (d *desk) signIn(p *signintest.Provider, claims map[string]any, page string) *httptest.ResponseRecorder {
	d.T.Helper()
	d.session = ""
	w := d.get("/signin?page=" + url.QueryEscape(page))
	if w.Code != http.StatusSeeOther {
		d.T.Fatalf("to sign in: got %d, want 303", w.Code)
	}
	asked := p.Asked(w.Header().Get("Location"), claims)
	for _, k := range w.Result().Cookies() {
		if !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.MaxAge <= 0 {
			d.T.Errorf("the cookie %s: got %+v, want it kept from scripts and other sites, for a while", k.Name, k)
		}
		d.session = k.Name + "=" + k.Value
	}
	w = d.get("/signin/return?code=code-1&state=" + asked.Get("state"))
	d.session = ""
	for _, k := range w.Result().Cookies() {
		if k.Name == "bursar" && k.MaxAge > 0 {
			d.session = k.Name + "=" + k.Value
		}
	}
	return w
}

func TestCustomersComeInByTheirIdentityProvider(t *testing.T) {
	d, p := newSignInDesk(t)
	a := d.Customer()
	d.Customer()
	for page, want := range map[string]string{"/methods": "/methods", "": "/", "//evil.example.com": "/", "https://evil.example.com": "/"} {
		w := d.signIn(p, map[string]any{"account": a.Reference}, page)
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want || d.session == "" {
			t.Fatalf("for %q: got %d to %q, want 303 to %q and a session", page, w.Code, got, want)
		}
		if shown := d.get("/account"); shown.Code != http.StatusOK || !strings.Contains(shown.Body.String(), a.Reference) {
			t.Errorf("got %d, want the pages of %s", shown.Code, a.Reference)
		}
	}
}

func TestASignInWithoutAnAccountLeadsNowhere(t *testing.T) {
	d, p := newSignInDesk(t)
	d.Customer()
	pages := map[string]bool{}
	for name, claims := range map[string]map[string]any{"of nobody here": {"account": "shop-none"}, "without the claim": {}, "of another kind": {"account": 7}} {
		w := d.signIn(p, claims, "/")
		if w.Code != http.StatusUnauthorized || d.session != "" {
			t.Errorf("%s: got %d and session %q, want 401 and none", name, w.Code, d.session)
		}
		pages[plain(w.Body.String())] = true
	}
	if len(pages) != 1 {
		t.Errorf("got %d different pages, want one, which tells nothing of who is here", len(pages))
	}
}

func TestAForgedReturnIsNoSignIn(t *testing.T) {
	d, p := newSignInDesk(t)
	a := d.Customer()
	d.signIn(p, map[string]any{"account": a.Reference}, "/")
	d.session = "" // another browser, without the attempt
	for _, page := range []string{"/signin/return", "/signin/return?code=code-1&state=", "/signin/return?code=code-1&state=x", "/signin/return?error=access_denied&state=x"} {
		if w := d.get(page); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), `href="/signin"`) {
			t.Errorf("%s: got %d, want 401 and a way to sign in", page, w.Code)
		}
	}
	p.Down = true
	d2, p2 := newSignInDesk(t)
	p2.Down = true
	if w := d2.get("/signin"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("while the provider is away: got %d, want 503", w.Code)
	}
	if w := d.get("/"); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), `href="/signin"`) {
		t.Errorf("without a session: got %d, want 401 and a way to sign in", w.Code)
	}
}

func TestPretendCustomersAreChosenInASandboxOnly(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	if w := d.get("/choose"); w.Code != http.StatusNotFound {
		t.Errorf("where it was not asked for: got %d, want 404", w.Code)
	}
	o := options("http://world.test")
	o.Pretend = true
	d.pages = console.New(d.Office, o)
	if w := d.get("/choose"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), a.Reference) {
		t.Errorf("got %d, want the customers", w.Code)
	}
	w := d.post("/choose", url.Values{"account": {string(a.ID)}})
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) == 0 {
		t.Fatalf("choosing: got %d, want 303 and a session", w.Code)
	}
	d.session = w.Result().Cookies()[0].Name + "=" + w.Result().Cookies()[0].Value
	if shown := d.get("/account"); shown.Code != http.StatusOK || !strings.Contains(shown.Body.String(), a.Reference) {
		t.Errorf("got %d, want the pages of %s", shown.Code, a.Reference)
	}
	if w := d.post("/choose", url.Values{"account": {"acct_none"}}); w.Code != http.StatusNotFound {
		t.Errorf("choosing nobody: got %d, want 404", w.Code)
	}
	d.Office.Live = true
	if w := d.post("/choose", url.Values{"account": {string(a.ID)}}); w.Code != http.StatusNotFound {
		t.Errorf("with a real provider: got %d, want 404", w.Code)
	}
	if _, err := d.Pretend(context.Background(), a.ID, office.Visitor{}); err == nil {
		t.Error("with a real provider: got a session, want none")
	}
}

// TestABorrowedBrowserChangesNothing lets a session grow old: what it could change
// leads to the page that asks who is there, and looking goes on.
func TestABorrowedBrowserChangesNothing(t *testing.T) {
	d := newDesk(t)
	o := options("http://world.test")
	o.Pretend = true
	d.pages = console.New(d.Office, o)
	a := d.Customer()
	m := d.Bind(a, sandbox.Visa).Method
	other := d.Bind(a, sandbox.Mastercard).Method
	d.enter(a)
	d.Pass(20 * time.Minute)
	for _, page := range []string{"/methods/new", "/methods/paypal", "/methods/" + string(other.ID) + "/remove", "/close"} {
		if w := d.get(page); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/confirm?page="+url.QueryEscape(page) {
			t.Errorf("%s: got %d to %s, want 303 to be asked", page, w.Code, w.Header().Get("Location"))
		}
	}
	if w := d.get("/methods"); w.Code != http.StatusOK {
		t.Errorf("looking: got %d, want 200", w.Code)
	}
	d.Pass(15 * time.Minute)
	if w := d.post("/methods/"+string(other.ID)+"/preferred", nil); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/confirm") {
		t.Errorf("changing: got %d to %s, want 303 to be asked", w.Code, w.Header().Get("Location"))
	}
	if got := d.preferred(a); got != m.ID {
		t.Errorf("got %s preferred, want %s as before", got, m.ID)
	}
	w := d.post("/confirm", url.Values{"page": {"/methods"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/methods" {
		t.Fatalf("confirming: got %d to %s, want 303 to /methods", w.Code, w.Header().Get("Location"))
	}
	old := d.session
	d.session = w.Result().Cookies()[0].Name + "=" + w.Result().Cookies()[0].Value
	if w := d.post("/methods/"+string(other.ID)+"/preferred", nil); w.Code != http.StatusSeeOther || d.preferred(a) != other.ID {
		t.Errorf("changing after that: got %d and %s preferred, want %s", w.Code, d.preferred(a), other.ID)
	}
	d.session = old
	if w := d.get("/"); w.Code != http.StatusUnauthorized {
		t.Errorf("with the session before: got %d, want 401", w.Code)
	}
}

func (d *desk) preferred(a account.Account) payment.MethodID {
	d.T.Helper()
	list, err := d.Methods(context.Background(), access.CommandLine, a.ID)
	if err != nil {
		d.T.Fatal(err)
	}
	for _, b := range list {
		if b.Method.Preferred {
			return b.Method.ID
		}
	}
	return ""
}
