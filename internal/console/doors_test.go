package console_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/console"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/signin"
	"github.com/bursar-pay/bursar/internal/signin/signintest"
)

// openDoors are those through which one comes without a session.
var openDoors = []string{
	"GET /left", "GET /methods/return", "GET /enter/{secret}", "GET /challenge/{secret}", "POST /challenge/{secret}", "GET /challenge/done", "GET /assets/{name}",
	"GET /checkout/{id}/return", "GET /signin", "GET /signin/return", "GET /choose", "POST /choose", "/",
}

// harmless are the forms that a borrowed browser may send: they show, tell or leave,
// or their payer's own bank asks who it is.
var harmless = []string{
	"POST /leave", "POST /confirm", "POST /messages/read", "POST /messages/{id}/confirm", "POST /payments/{id}/confirm", "POST /checkout/{id}/confirm",
	"POST /identity/{id}/documents", "POST /identity/{id}/remove", "POST /identity/{id}/submit", // what staff decides on
	"POST /account/language", "POST /account/sessions/{id}/end", // turning others out has to be easy
}

// allDoors are the patterns of a console that has every way in.
func allDoors(t *testing.T) []string {
	t.Helper()
	o := options("http://world.test")
	o.Pretend, o.SignIn = true, &signin.Party{}
	list := console.Patterns(o)
	slices.Sort(list)
	if len(list) < 60 {
		t.Fatalf("got %d doors, want all of them", len(list))
	}
	return list
}

var hole = regexp.MustCompile(`\{\w+\}`)

// knock asks at a door, with the hole in its pattern filled.
func (d *desk) knock(pattern, id string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "GET", "/nowhere"
	}
	path = strings.TrimSuffix(path, "{$}")
	r := httptest.NewRequest(method, hole.ReplaceAllString(path, id), strings.NewReader(url.Values{"amount": {"1.00"}, "method": {"balance"}, "token": {"x"}, "on": {"1"}}.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, f := range change {
		f(r)
	}
	return d.ask(r)
}

// TestEveryDoorIsGuarded asks at each door without a session, with one that is over,
// and from another site.
func TestEveryDoorIsGuarded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.enter(d.Customer())
	live := d.session
	elsewhere := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	all := console.Patterns(options("http://world.test"))
	for _, p := range all {
		if !strings.HasPrefix(p, "POST ") {
			continue
		}
		if w := d.knock(p, "x_1", elsewhere); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "sent_from_elsewhere") {
			t.Errorf("%s from another site: got %d, want 403", p, w.Code)
		}
	}
	d.Pass(2 * time.Hour)
	for _, session := range []string{"", "bursar=stolen", live} {
		d.session = session
		for _, p := range all {
			if w := d.knock(p, "x_1"); !slices.Contains(openDoors, p) && (w.Code != http.StatusUnauthorized || w.Header().Get("Location") != "") {
				t.Errorf("%s with session %.12q: got %d to %q, want 401", p, session, w.Code, w.Header().Get("Location"))
			}
		}
	}
}

// TestABorrowedBrowserPaysNothing holds decision 0008 against every form there is.
func TestABorrowedBrowserPaysNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.enter(d.Customer())
	d.Pass(31 * time.Minute)
	for _, p := range allDoors(t) {
		if !strings.HasPrefix(p, "POST ") || slices.Contains(openDoors, p) || slices.Contains(harmless, p) || strings.HasPrefix(p, "POST /choose") {
			continue
		}
		w := d.knock(p, "x_1")
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusSeeOther || to.Path != "/confirm" {
			t.Errorf("%s: got %d to %s, want to be asked who it is", p, w.Code, to)
			continue
		}
		// Where the customer goes on is a page: the one that the form stands on.
		if back := d.get(to.Query().Get("page")); back.Code == http.StatusMethodNotAllowed || to.Query().Get("page") == "" {
			t.Errorf("%s: goes on at %q, which answers %d", p, to.Query().Get("page"), back.Code)
		}
	}
	if to := d.knock("POST /bills/{id}/pay", "bill_1").Header().Get("Location"); to != "/confirm?page=%2Fbills%2Fbill_1" {
		t.Errorf("paying a bill: got led to %s, want back to the bill afterwards", to)
	}
}

// TestWhatOthersHaveIsNowhere asks at every door for what another account has, and for
// what nobody has: the answers are alike, and nothing happens.
func TestWhatOthersHaveIsNowhere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	their := d.everything()
	d.enter(d.Customer())
	before := d.events(their.account)
	none := "00000000000000000000000000"
	for _, p := range console.Patterns(options("http://world.test")) {
		if !strings.Contains(p, "{id}") || slices.Contains(openDoors, p) {
			continue
		}
		kinds := their.ids[strings.Split(p, "/")[1]]
		if strings.Contains(p, "/sessions/") {
			kinds = their.ids["sessions"]
		}
		if len(kinds) == 0 {
			t.Errorf("%s: this test knows no id of another account for it", p)
		}
		for _, foreign := range kinds {
			kind, _, prefixed := strings.Cut(foreign, "_")
			missing := kind + "_" + none
			if !prefixed {
				missing = strings.Repeat("0", len(foreign))
			}
			got, want := d.knock(p, foreign), d.knock(p, missing)
			one, other := strings.ReplaceAll(plain(got.Body.String()), foreign, "ID"), strings.ReplaceAll(plain(want.Body.String()), missing, "ID")
			if got.Code != http.StatusNotFound || want.Code != http.StatusNotFound || one != other || got.Header().Get("Content-Disposition") != "" {
				t.Errorf("%s: got %d for another account's %s and %d for one that is not there, want the same 404:\n%s\n%s", p, got.Code, foreign, want.Code, one, other)
			}
		}
	}
	if after := d.events(their.account); after != before {
		t.Errorf("the other account has %d events, and had %d: something was done to it", after, before)
	}
}

// belongings are ids of what an account has, by the first part of the pages' addresses.
type belongings struct {
	account account.Account
	ids     map[string][]string
}

// everything is an account that has one of each thing that has a page.
func (d *desk) everything() belongings {
	d.T.Helper()
	ctx := context.Background()
	a, blocked := d.stopped()
	has := belongings{account: a, ids: map[string][]string{"identity": {blocked.Case}, "checkout": {string(blocked.ID)}, "orders": {string(blocked.ID)}}}
	d.sends(a, identity.CaseID(blocked.Case), false)
	has.ids["messages"] = []string{d.told(a, "identity_needed").ID}
	for _, b := range list(d, a) {
		has.ids["methods"] = append(has.ids["methods"], string(b.Method.ID))
	}
	has.ids["agreements"] = []string{string(d.AskPayer(a).ID)}
	d.Pass(time.Minute) // one policy follows the other
	d.ruled("  - name: everybody\n    when: amount >= 1\n    verdict: allow\n    on: [purchase]")
	has.ids["subscriptions"] = []string{string(d.orderNow(d.buy(a, 5_00).ID).Subscriptions[0].ID)}
	d.Use(a, "1", "1212.40")
	d.Pass(40 * 24 * time.Hour)
	debts := d.DebtsOf(a)
	for _, s := range debts {
		has.ids["debts"] = append(has.ids["debts"], string(s.Debt.ID))
		for _, p := range s.Payments {
			has.ids["payments"] = append(has.ids["payments"], string(p.ID))
		}
	}
	bills, _, err := d.Bills(ctx, access.CommandLine, a.ID, office.Page{Limit: 5})
	if err != nil || len(bills) == 0 {
		d.T.Fatalf("got bills %v, %v, want one", bills, err)
	}
	has.ids["bills"] = []string{string(bills[0].ID)}
	f, err := d.RefundPayment(ctx, access.CommandLine, debts[len(debts)-1].Payments[0].ID, office.Refunding{Reason: "a test"})
	if err != nil {
		d.T.Fatal(err)
	}
	has.ids["refunds"] = []string{string(f.ID)}
	d.enter(a)
	sessions, err := d.Sessions(ctx, access.CommandLine, a.ID, "")
	if err != nil || len(sessions) == 0 {
		d.T.Fatalf("got sessions %v, %v, want one", sessions, err)
	}
	has.ids["account"], has.ids["sessions"] = []string{sessions[0].ID}, []string{sessions[0].ID}
	return has
}

// events counts what happened to an account, up to a bound that no test comes to.
func (d *desk) events(a account.Account) int {
	d.T.Helper()
	list, _, err := d.ListEvents(context.Background(), access.CommandLine, office.EventFilter{Account: a.ID}, office.Page{Limit: 1000})
	if err != nil {
		d.T.Fatal(err)
	}
	return len(list)
}

// TestALinkIsFollowedOnce has several browsers follow one link at once, on both
// databases.
func TestALinkIsFollowedOnce(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, at *officetest.Desk) {
		d := &desk{Desk: at, pages: console.New(at.Office, options("http://world.test"))}
		link := d.link(d.Customer(), "/methods")
		const browsers = 8
		var codes [browsers]int
		var all sync.WaitGroup
		for n := range browsers {
			all.Go(func() { codes[n] = d.get(link).Code })
		}
		all.Wait()
		in := 0
		for _, code := range codes {
			if code == http.StatusSeeOther {
				in++
			} else if code != http.StatusUnauthorized {
				t.Errorf("got %d, want 303 for one and 401 for the others", code)
			}
		}
		if in != 1 {
			t.Errorf("%d came in by one link, want one", in)
		}
	})
}

// TestComingInEndsTheSessionBefore: whoever knows the old one is not in by it.
func TestComingInEndsTheSessionBefore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.Customer()
	d.enter(a)
	before := d.session
	w := d.get(d.link(a, "/")) // the same browser
	for _, k := range w.Result().Cookies() {
		if k.Name == "bursar" {
			d.session = k.Name + "=" + k.Value
		}
	}
	if d.session == before || d.get("/").Code != http.StatusOK {
		t.Error("the second link opened no session of its own")
	}
	d.session = before
	if w := d.get("/"); w.Code != http.StatusUnauthorized {
		t.Errorf("the session before: got %d, want 401", w.Code)
	}
	if list, err := d.Sessions(t.Context(), access.CommandLine, a.ID, ""); err != nil || len(list) != 1 {
		t.Errorf("got %d sessions, %v, want the new one alone", len(list), err)
	}
}

// TestAProviderThatKnewThemStillIsNoProof: who borrows a browser is still signed in at
// the identity provider, and comes in by that without being asked anything.
func TestAProviderThatKnewThemStillIsNoProof(t *testing.T) {
	t.Parallel()
	d, p := newSignInDesk(t)
	a := d.Customer()
	for name, c := range map[string]struct {
		said map[string]any
		want int
	}{
		"asked just now":          {map[string]any{"auth_time": p.Now.Unix()}, http.StatusOK},
		"asked ten minutes ago":   {map[string]any{"auth_time": p.Now.Add(-10 * time.Minute).Unix()}, http.StatusOK},
		"asked an hour ago":       {map[string]any{"auth_time": p.Now.Add(-time.Hour).Unix()}, http.StatusSeeOther},
		"it does not say when":    {nil, http.StatusSeeOther},
		"asked in another minute": {map[string]any{"auth_time": p.Now.Add(time.Minute).Unix()}, http.StatusOK},
	} {
		claims := map[string]any{"account": a.Reference}
		for k, v := range c.said {
			claims[k] = v
		}
		d.signIn(p, claims, "/")
		w := d.get("/close")
		if w.Code != c.want || d.get("/methods").Code != http.StatusOK {
			t.Errorf("%s: got %d to %q, want %d", name, w.Code, w.Header().Get("Location"), c.want)
		}
		if asked := signintest.MaxAge(t, d.get("/signin").Header().Get("Location")); asked <= 0 {
			t.Errorf("the provider is asked for an age of %d s, want one, so that it says when it was", asked)
		}
	}
	list, err := d.Sessions(t.Context(), access.CommandLine, a.ID, "")
	if err != nil || len(list) == 0 || list[0].OpenedAt.IsZero() || list[0].Address != "192.0.2.1" {
		t.Errorf("got sessions %+v, %v, want when and from where each was opened", list, err)
	}
}

// TestTheWayBackToThePlatform follows a return address through the pages.
func TestTheWayBackToThePlatform(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Office.ReturnOrigins = []string{"https://cloud.example.com"}
	a := d.Customer()
	const back = "https://cloud.example.com/billing?from=payments"
	come := func(address string) {
		t.Helper()
		link, _, err := d.OpenConsole(t.Context(), access.CommandLine, a.ID, office.Entrance{Page: "/methods", ReturnURL: address})
		if err != nil {
			t.Fatal(err)
		}
		w := d.get(strings.TrimPrefix(link, d.ConsoleURL))
		var kept []string
		for _, k := range w.Result().Cookies() {
			if k.MaxAge >= 0 {
				kept = append(kept, k.Name+"="+k.Value)
			}
		}
		d.session = strings.Join(kept, "; ")
	}
	leads := func(page string) bool {
		t.Helper()
		return strings.Contains(d.get(page).Body.String(), `href="`+back+`">Back to cloud.example.com</a>`)
	}
	come(back)
	for _, page := range []string{"/", "/methods", "/left", "/nowhere"} {
		if !leads(page) {
			t.Errorf("%s does not lead back to %s", page, back)
		}
	}
	d.Pass(2 * time.Hour)
	if w := d.get("/"); w.Code != http.StatusUnauthorized || !leads("/") {
		t.Errorf("when the session is over: got %d and leads back: %t, want 401 and so", w.Code, leads("/"))
	}
	d.Office.ReturnOrigins = []string{"https://other.example.com"}
	if leads("/") {
		t.Error("leads to an origin that the installation does not have any more")
	}
	d.Office.ReturnOrigins = nil
	d.Office.Live = true
	d.session = "bursar_back=" + base64.RawURLEncoding.EncodeToString([]byte(back))
	if leads("/left") {
		t.Error("with real payments and no origins, a cookie leads elsewhere")
	}
	d.Office.Live = false
	come("")
	if strings.Contains(d.session, "_back") || leads("/") {
		t.Error("a link that leads back nowhere leads back to where another one did")
	}
}

// TestALinkLeadsBackToThePlatformAlone tries return addresses that are not.
func TestALinkLeadsBackToThePlatformAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.Customer()
	for _, c := range []struct {
		address string
		origins string
		live    bool
		want    bool
	}{
		{"https://cloud.example.com", "https://cloud.example.com", true, true},
		{"https://cloud.example.com/a?b=c#d", "https://cloud.example.com", true, true},
		{"https://CLOUD.example.com/", "https://cloud.example.com", true, true},
		{"http://cloud.example.com/", "https://cloud.example.com", true, false},
		{"https://cloud.example.com:8443/", "https://cloud.example.com", true, false},
		{"https://cloud.example.com.evil.test/", "https://cloud.example.com", true, false},
		{"https://cloud.example.com@evil.test/", "https://cloud.example.com", true, false},
		{"https://user@cloud.example.com/", "https://cloud.example.com", true, false},
		{"//cloud.example.com/", "https://cloud.example.com", true, false},
		{"javascript://cloud.example.com/%0aalert(1)", "https://cloud.example.com", true, false},
		{"javascript:alert(1)", "", false, false},
		{"/relative", "", false, false},
		{"https://anywhere.example.com/", "", false, true},
		{"https://anywhere.example.com/", "", true, false},
	} {
		d.Office.Live, d.Office.ReturnOrigins = c.live, strings.Fields(c.origins)
		_, _, err := d.OpenConsole(t.Context(), access.CommandLine, a.ID, office.Entrance{ReturnURL: c.address})
		if (err == nil) != c.want {
			t.Errorf("%s with the origins %q, live %t: got %v, want taken: %t", c.address, c.origins, c.live, err, c.want)
		}
	}
}

// TestMessagesLeadToWhatTheyAreAbout follows the way on of each kind of message that
// the pages have a thing for.
func TestMessagesLeadToWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	has := d.everything()
	d.enter(has.account)
	followed := map[string]bool{}
	list, _, err := d.Messages(t.Context(), access.CommandLine, has.account.ID, office.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if m.Page == "" {
			continue
		}
		w := d.get(m.Page)
		if w.Code == http.StatusSeeOther {
			w = d.get(w.Header().Get("Location"))
		}
		if w.Code != http.StatusOK {
			t.Errorf("%s leads to %s, which answers %d", m.Kind, m.Page, w.Code)
		}
		followed[m.Kind] = true
	}
	for _, kind := range []string{"bill_issued", "refund_done", "order_paid", "identity_needed"} {
		if !followed[kind] {
			t.Errorf("got no message %s that leads anywhere", kind)
		}
	}
}
