package staff_test

import (
	"compress/gzip"
	"io"
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
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/staff"
)

// filled is a route's path with something in its gaps.
func filled(pattern string, with map[string]string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	path = strings.TrimSuffix(path, "{$}")
	for name, value := range with {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return method, path
}

func (d *desk) fill(method, path string) *httptest.ResponseRecorder {
	if method == http.MethodGet {
		return d.get(path)
	}
	return d.post(path, url.Values{"reason": {"because"}, "note": {"because"}})
}

// TestEveryPageInEveryRole holds the table of pages to what the office lets each role
// do, and the page that refuses to naming who could.
func TestEveryPageInEveryRole(t *testing.T) {
	missing := map[string]string{"id": "nothing_there", "document": "nothing_there", "secret": "nothing_there", "claim": "nothing_there", "line": "nothing_there"}
	d := newDesk(t)
	for _, role := range access.StaffRoles() {
		for _, r := range staff.Table() {
			if r.Open || r.Pattern == "POST /staff/leave" {
				continue
			}
			d.enter("Person in "+role.Name, role.Name)
			may := r.Scope == "" || access.Caller{Scopes: role.Scopes}.May(r.Scope) == nil
			w := d.fill(filled(r.Pattern, missing))
			body := w.Body.String()
			switch {
			case may && (w.Code == http.StatusForbidden || w.Code >= 500 || w.Code == http.StatusUnauthorized):
				t.Errorf("%s as %s: got %d, want it let through:\n%s", r.Pattern, role.Name, w.Code, body)
			case !may && w.Code != http.StatusForbidden:
				t.Errorf("%s as %s: got %d, want 403", r.Pattern, role.Name, w.Code)
			case !may && !strings.Contains(body, "This is for: "):
				t.Errorf("%s as %s: the page does not say whom it is for:\n%s", r.Pattern, role.Name, body)
			case !may && !slices.ContainsFunc(access.RolesWith(r.Scope), func(could access.Role) bool {
				return strings.Contains(body, strings.ReplaceAll(could.Name, "_", " "))
			}):
				t.Errorf("%s as %s: the page names no role that could", r.Pattern, role.Name)
			}
		}
	}
}

func TestNobodyGetsInWithoutASession(t *testing.T) {
	d := newDesk(t)
	for _, r := range staff.Table() {
		if r.Open {
			continue
		}
		w := d.fill(filled(r.Pattern, map[string]string{"id": "x", "document": "x", "claim": "x", "line": "x"}))
		if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "Send me a link") {
			t.Errorf("%s: got %d, want 401 and the page to sign in", r.Pattern, w.Code)
		}
	}
}

// TestMissingThingsAreMissing asks for what is not there, and for what is another
// thing, in the role that may.
func TestMissingThingsAreMissing(t *testing.T) {
	d := newDesk(t)
	a, _, check := d.stopped()
	for _, c := range []struct{ role, method, path string }{
		{"risk_reviewer", "GET", "/staff/checks/kyc_none"},
		{"risk_reviewer", "GET", "/staff/checks/" + string(a.ID)},
		{"risk_reviewer", "POST", "/staff/checks/kyc_none/approve"},
		{"risk_reviewer", "POST", "/staff/checks/" + string(check) + "/documents/kycdoc_none"},
		{"finance", "GET", "/staff/accounts/acct_none"},
		{"finance", "GET", "/staff/accounts/acct_none/history"},
		{"finance", "GET", "/staff/payments/pay_none"},
		{"finance", "POST", "/staff/payments/pay_none/refund"},
		{"finance", "GET", "/staff/nothing"},
		{"finance", "GET", "/staff/accounts/%00"},
		{"finance", "GET", "/staff/accounts/%ff"},
		{"operator", "POST", "/staff/members/mbr_none/disable"},
	} {
		d.enter("Person in "+c.role, c.role)
		if w := d.fill(c.method, c.path); w.Code != http.StatusNotFound {
			t.Errorf("%s %s as %s: got %d, want 404", c.method, c.path, c.role, w.Code)
		}
	}
}

func TestAnIdentityCheckIsDecidedOnThePages(t *testing.T) {
	d := newDesk(t)
	_, o, id := d.stopped()
	d.enter("Rui Reis", "risk_reviewer")
	d.golden("today-reviewer", d.want(200, d.get("/staff")))
	d.golden("checks", d.want(200, d.get("/staff/checks")))
	page := "/staff/checks/" + string(id)
	d.golden("check", d.want(200, d.get(page)))

	check, err := d.IdentityCheck(t.Context(), access.CommandLine, id)
	if err != nil {
		t.Fatal(err)
	}
	doc := check.Documents[0]
	if body := d.want(422, d.post(page+"/documents/"+string(doc.ID), nil)); !strings.Contains(body, "opened for a reason") {
		t.Errorf("without a reason: got %s", body)
	}
	w := d.post(page+"/documents/"+string(doc.ID), url.Values{"reason": {"review of this check"}})
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("Content-Disposition") != "attachment; filename="+string(doc.ID)+".png" ||
		!strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a document: got %d, %v; want a picture as an attachment", w.Code, w.Header())
	}
	views, _, err := d.DocumentViews(t.Context(), access.CommandLine, id, office.Page{Limit: 10})
	if err != nil || len(views) != 1 || views[0].Reason != "review of this check" || !strings.HasPrefix(views[0].By, "staff:mbr_") {
		t.Fatalf("views: got %+v, %v; want one, by the reviewer", views, err)
	}
	d.golden("views", d.want(200, d.get("/staff/views")))

	d.want(422, d.post(page+"/reject", url.Values{"reason": {"ugly"}}))
	if w := d.post(page+"/reject", url.Values{"reason": {"blurred"}, "kind": {"registered_identity"}, "once": {"form_1"}}); w.Code != 303 || w.Header().Get("Location") != page {
		t.Fatalf("reject: got %d to %s", w.Code, w.Header().Get("Location"))
	}
	d.golden("check-rejected", d.want(200, d.get(page)))
	if w := d.post(page+"/reject", url.Values{"reason": {"blurred"}, "kind": {"registered_identity"}, "once": {"form_1"}}); w.Code != 303 {
		t.Errorf("the same form again: got %d, want it led on as the first time", w.Code)
	}
	d.want(409, d.post(page+"/approve", nil))

	c := d.sendAgain(id)
	d.post(page+"/approve", url.Values{"once": {"form_2"}})
	if c, err = d.IdentityCheck(t.Context(), access.CommandLine, id); err != nil || c.State != identity.Approved || c.DecidedBy != "staff:"+string(d.people["Rui Reis"].ID) {
		t.Errorf("got %s by %s, %v; want approved by the reviewer", c.State, c.DecidedBy, err)
	}
	if s, err := d.Order(t.Context(), access.CommandLine, o.ID, false); err != nil || s.Order.State != "open" {
		t.Errorf("the order is %s, %v; want it open again", s.Order.State, err)
	}
	d.golden("check-approved", d.want(200, d.get(page)))
	d.golden("checks-all", d.want(200, d.get("/staff/checks?state=all")))
}

// sendAgain has the customer send and submit again.
func (d *desk) sendAgain(id identity.CaseID) office.IdentityCheck {
	d.T.Helper()
	c, err := d.IdentityCheck(d.T.Context(), access.CommandLine, id)
	if err != nil {
		d.T.Fatal(err)
	}
	a, err := d.Account(d.T.Context(), access.CommandLine, c.Account)
	if err != nil {
		d.T.Fatal(err)
	}
	d.send(a, id)
	return c
}

// TestADocumentIsOpenedFromItsOwnCheckOnly keeps a document from being opened under
// the name of another check.
func TestADocumentIsOpenedFromItsOwnCheckOnly(t *testing.T) {
	d := newDesk(t)
	_, _, one := d.stopped()
	_, _, other := d.stopped(sandbox.Mastercard)
	d.enter("Rui Reis", "risk_reviewer")
	c, err := d.IdentityCheck(t.Context(), access.CommandLine, one)
	if err != nil {
		t.Fatal(err)
	}
	path := "/staff/checks/" + string(other) + "/documents/" + string(c.Documents[0].ID)
	d.want(404, d.post(path, url.Values{"reason": {"curious"}}))
	if views, _, err := d.DocumentViews(t.Context(), access.CommandLine, "", office.Page{Limit: 10}); err != nil || len(views) != 0 {
		t.Errorf("views: got %d, %v; want none", len(views), err)
	}
}

func TestWhatRiskStoppedIsExplained(t *testing.T) {
	d := newDesk(t)
	d.stopped()
	d.enter("Rosa Ruiz", "risk_officer")
	d.golden("stopped", d.want(200, d.get("/staff/stopped")))
}

func TestAPaymentIsGivenBackOnce(t *testing.T) {
	d := newDesk(t)
	a, p := d.paid()
	d.enter("Fay Ferrer", "finance")
	page := "/staff/payments/" + string(p.ID)
	d.golden("payment", d.want(200, d.get(page)))
	for _, c := range []struct {
		name   string
		form   url.Values
		status int
	}{
		{"no reason", url.Values{"how": {"all"}}, 422},
		{"no amount", url.Values{"how": {"part"}, "reason": {"broken"}}, 422},
		{"no number", url.Values{"how": {"part"}, "amount": {"ten"}, "reason": {"broken"}}, 422},
		{"too fine", url.Values{"how": {"part"}, "amount": {"1.001"}, "reason": {"broken"}}, 422},
		{"too much", url.Values{"how": {"part"}, "amount": {"40.01"}, "reason": {"broken"}}, 409},
		{"less than nothing", url.Values{"how": {"part"}, "amount": {"-1"}, "reason": {"broken"}}, 422},
	} {
		if w := d.post(page+"/refund", c.form); w.Code != c.status {
			t.Errorf("%s: got %d, want %d", c.name, w.Code, c.status)
		}
	}
	part := url.Values{"how": {"part"}, "amount": {"15"}, "reason": {"half of it was broken"}, "once": {"form_1"}}
	for range 2 { // pressed twice
		if w := d.post(page+"/refund", part); w.Code != 303 || w.Header().Get("Location") != page {
			t.Fatalf("refund: got %d to %s", w.Code, w.Header().Get("Location"))
		}
	}
	part.Set("amount", "16")
	d.want(409, d.post(page+"/refund", part)) // another form under the name of the first
	refunds, err := d.RefundsOf(t.Context(), access.CommandLine, p.ID)
	if err != nil || len(refunds) != 1 || refunds[0].Amount.Decimal() != "15.00" || refunds[0].By != "staff:"+string(d.people["Fay Ferrer"].ID) || refunds[0].State != payment.RefundSucceeded {
		t.Fatalf("got %+v, %v; want one refund of 15.00 by finance", refunds, err)
	}
	d.post(page+"/refund", url.Values{"how": {"all"}, "reason": {"all of it was"}, "once": {"form_2"}})
	d.golden("payment-refunded", d.want(200, d.get(page)))
	d.golden("account", d.want(200, d.get("/staff/accounts/"+string(a.ID))))
	d.enter("Sami Said", "support")
	if body := d.want(200, d.get("/staff/accounts/"+string(a.ID)+"/history")); strings.Contains(body, "<pre>") {
		t.Error("support sees the details of the history, which are for those who read the books")
	}
}

// TestAButtonPressedTwiceAtOnce has two of one form come at the same moment.
func TestAButtonPressedTwiceAtOnce(t *testing.T) {
	d := newDesk(t)
	_, p := d.paid()
	d.enter("Fay Ferrer", "finance")
	path := "/staff/payments/" + string(p.ID) + "/refund"
	var wg sync.WaitGroup
	codes := make([]int, 4)
	for i := range codes {
		wg.Go(func() {
			codes[i] = d.post(path, url.Values{"how": {"part"}, "amount": {"10"}, "reason": {"broken"}, "once": {"form_1"}}).Code
		})
	}
	wg.Wait()
	for _, code := range codes {
		if code != http.StatusSeeOther {
			t.Errorf("got %v, want each led to the payment", codes)
		}
	}
	if refunds, err := d.RefundsOf(t.Context(), access.CommandLine, p.ID); err != nil || len(refunds) != 1 {
		t.Errorf("got %d refunds, %v, want one", len(refunds), err)
	}
}

func TestAccountsAreFound(t *testing.T) {
	d := newDesk(t)
	a, p := d.paid()
	d.enter("Sami Said", "support")
	for _, c := range []struct{ find, want string }{
		{string(a.ID), "/staff/accounts/" + string(a.ID)},
		{a.Reference, "/staff/accounts/" + string(a.ID)},
		{" " + string(p.ID) + " ", "/staff/payments/" + string(p.ID)},
	} {
		if w := d.get("/staff/accounts?find=" + url.QueryEscape(c.find)); w.Code != 303 || w.Header().Get("Location") != c.want {
			t.Errorf("%s: got %d to %s, want %s", c.find, w.Code, w.Header().Get("Location"), c.want)
		}
	}
	for _, nothing := range []string{"pay_none", "acct_none", "nobody", "<script>"} {
		if body := d.want(200, d.get("/staff/accounts?find="+url.QueryEscape(nothing))); !strings.Contains(body, "Nothing has this id") || strings.Contains(body, "<script>") {
			t.Errorf("%s: got %s", nothing, body)
		}
	}
}

func TestStaffIsKeptOnThePages(t *testing.T) {
	d := newDesk(t)
	me := d.enter("Olu Okoye", "operator")
	d.member("Fay Ferrer", "finance")
	d.post("/staff/members", url.Values{"name": {"Ada Ames"}, "email": {"Ada@Example.com"}, "role": {"operator"}, "once": {"form_1"}})
	ada, err := d.MemberByEmail(t.Context(), access.CommandLine, "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	d.golden("members", d.want(200, d.get("/staff/members")))
	d.want(409, d.post("/staff/members", url.Values{"name": {"Ada Again"}, "email": {"ada@example.com"}, "role": {"operator"}}))
	d.want(422, d.post("/staff/members", url.Values{"name": {"Eve"}, "email": {"eve@example.com"}, "role": {"platform"}}))
	if refused := d.want(403, d.post("/staff/members/"+string(ada.ID)+"/role", url.Values{"role": {"finance"}})); !strings.Contains(refused, "command line") {
		t.Errorf("a role above one's own: the page does not say who gives it:\n%s", refused)
	}
	d.want(303, d.post("/staff/members/"+string(d.people["Fay Ferrer"].ID)+"/role", url.Values{"role": {"operator"}}))
	d.want(303, d.post("/staff/members/"+string(ada.ID)+"/disable", nil))
	if ada, err = d.Member(t.Context(), access.CommandLine, ada.ID); err != nil || ada.Role != "operator" || ada.State != access.MemberDisabled {
		t.Errorf("got %+v, %v; want disabled, and an operator still", ada, err)
	}
	d.want(403, d.post("/staff/members/"+string(me.ID)+"/role", url.Values{"role": {"finance"}}))
}

// TestASeatThatWasLeftDecidesNothing has a session grow old in use: it looks around
// still, and what moves money or lets people in asks to sign in again.
func TestASeatThatWasLeftDecidesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, role := range []string{"finance", "risk_reviewer", "operator"} {
		d.enter("Person in "+role, role)
		for range 7 {
			d.Pass(10 * time.Minute)
			d.want(200, d.get("/staff"))
		}
		asked := 0
		for _, r := range staff.Table() {
			decides := slices.Contains([]access.Scope{access.BankApprove, access.CreditApprove, access.RefundsWrite, access.IdentityReview, access.StaffWrite}, r.Scope)
			if by, _ := access.RoleOf(role); !strings.HasPrefix(r.Pattern, "POST ") || !decides || (access.Caller{Scopes: by.Scopes}).May(r.Scope) != nil {
				continue
			}
			asked++
			if w := d.fill(filled(r.Pattern, map[string]string{"id": "x", "document": "x", "claim": "x", "line": "x"})); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "sign in again") {
				t.Errorf("%s as %s after 70 minutes: got %d, want to be asked to sign in again", r.Pattern, role, w.Code)
			}
		}
		if asked == 0 {
			t.Errorf("%s: no form was tried", role)
		}
		d.want(200, d.get("/staff"))
	}
}

func TestSessionsEnd(t *testing.T) {
	d := newDesk(t)
	m := d.enter("Sami Said", "support")
	for range 12 { // used every ten minutes for two hours
		d.Pass(10 * time.Minute)
		d.want(200, d.get("/staff"))
	}
	d.Pass(16 * time.Minute)
	d.want(401, d.get("/staff"))

	d.enter("Sami Said", "support")
	for range 47 { // seven hours and fifty minutes
		d.Pass(10 * time.Minute)
		d.want(200, d.get("/staff"))
	}
	d.Pass(11 * time.Minute)
	d.want(401, d.get("/staff"))

	d.enter("Sami Said", "support")
	first := d.session
	if w := d.post("/staff/leave", nil); w.Code != 303 || !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("leave: got %d %s", w.Code, w.Header().Get("Set-Cookie"))
	}
	d.session = first
	d.want(401, d.get("/staff"))

	for name, end := range map[string]func() error{
		"another role": func() error {
			_, err := d.ChangeMember(t.Context(), access.CommandLine, m.ID, office.MemberChange{Role: "auditor"})
			return err
		},
		"signed out": func() error { _, err := d.EndSessions(t.Context(), access.CommandLine, m.ID); return err },
	} {
		d.enter("Sami Said", "support")
		d.want(200, d.get("/staff"))
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if w := d.get("/staff"); w.Code != 401 {
			t.Errorf("%s: got %d, want the session over", name, w.Code)
		}
	}
}

func TestASessionIsAnotherAfterSigningIn(t *testing.T) {
	d := newDesk(t)
	m := d.enter("Sami Said", "support")
	old := d.session
	link, _, err := d.LinkMember(t.Context(), access.CommandLine, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(link, d.ConsoleURL)
	d.want(200, d.get(path)) // looking at the link does not use it up
	w := d.post(path, nil)
	if w.Code != 303 {
		t.Fatalf("got %d", w.Code)
	}
	d.want(401, d.get("/staff")) // with the old one
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Name+"="+cookies[0].Value == old {
		t.Fatalf("got %v, want one new cookie that no script sees", cookies)
	}
	d.session = ""
	d.want(401, d.post(path, nil)) // a link works once
}

func TestCookiesOverHTTPSAreThisHostsAlone(t *testing.T) {
	d := newDesk(t)
	d.pages = staff.New(d.Office, staff.Options{Secure: true})
	link, _, err := d.LinkMember(t.Context(), access.CommandLine, d.member("Sami Said", "support").ID)
	if err != nil {
		t.Fatal(err)
	}
	w := d.post(strings.TrimPrefix(link, d.ConsoleURL), nil)
	if c := w.Result().Cookies(); len(c) != 1 || c[0].Name != "__Host-bursar_staff" || !c[0].Secure || c[0].Path != "/" || c[0].Domain != "" {
		t.Errorf("got %v, want __Host-bursar_staff", c)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	d := newDesk(t)
	d.enter("Olu Okoye", "operator")
	r := httptest.NewRequest("POST", "/staff/members", strings.NewReader(url.Values{"name": {"Eve"}, "email": {"eve@example.com"}, "role": {"finance"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if w := d.ask(r); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "another site") {
		t.Errorf("got %d %s, want 403", w.Code, w.Body)
	}
	if _, err := d.MemberByEmail(t.Context(), access.CommandLine, "eve@example.com"); err == nil {
		t.Error("the member was added all the same")
	}
}

func TestEveryAnswerBoundsTheBrowser(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{"/staff/login", "/staff", "/staff/nothing"} {
		h := d.get(path).Header()
		if got := h.Get("Content-Security-Policy"); got != "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" {
			t.Errorf("%s: got policy %q", path, got)
		}
		if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %v", path, h)
		}
	}
}

func TestLargeFormsAreRefused(t *testing.T) {
	d := newDesk(t)
	d.enter("Olu Okoye", "operator")
	d.want(413, d.post("/staff/members", url.Values{"name": {strings.Repeat("a", 70<<10)}}))
	d.want(400, d.post("/staff/members", url.Values{"name": {"a\x00b"}}))
	r := httptest.NewRequest("POST", "/staff/members", strings.NewReader("{}"))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	d.want(400, d.ask(r))
}

func TestAskingForALinkTellsNothing(t *testing.T) {
	d := newDesk(t)
	d.member("Sami Said", "support")
	var answers []string
	for _, email := range []string{"sami.said@example.com", "nobody@example.com", "no address", ""} {
		w := d.post("/staff/login", url.Values{"email": {email}})
		answers = append(answers, w.Result().Status+" "+w.Header().Get("Location")+w.Body.String())
	}
	if slices.Sort(answers); answers[0] != answers[3] {
		t.Errorf("got %q, want one answer for all", answers)
	}
	if body := d.want(200, d.get("/staff/login?asked")); !strings.Contains(body, "If the address is known here") {
		t.Errorf("got %s", body)
	}
	for range 6 {
		d.post("/staff/login", url.Values{"email": {"nobody@example.com"}})
	}
	if body := d.want(429, d.post("/staff/login", url.Values{"email": {"sami.said@example.com"}})); !strings.Contains(body, "Too many links") {
		t.Errorf("got %s", body)
	}
}

func TestPretendedStaffComesInWhereMoneyIsPretended(t *testing.T) {
	d := newDesk(t)
	body := d.want(200, d.get("/staff/login"))
	d.golden("login-sandbox", body)
	people, err := d.PretendStaff(t.Context())
	if err != nil || len(people) < 9 {
		t.Fatalf("got %d, %v", len(people), err)
	}
	w := d.post("/staff/choose", url.Values{"member": {string(people[0].ID)}})
	if w.Code != 303 || len(w.Result().Cookies()) != 1 {
		t.Fatalf("got %d, want to be in", w.Code)
	}
	d.session = w.Result().Cookies()[0].Name + "=" + w.Result().Cookies()[0].Value
	d.want(200, d.get("/staff"))

	// Never as somebody real, and never with a live provider.
	real := d.member("Sami Said", "support")
	d.session = ""
	d.want(403, d.post("/staff/choose", url.Values{"member": {string(real.ID)}}))
	d.Live = true
	d.want(403, d.post("/staff/choose", url.Values{"member": {string(people[0].ID)}}))
	d.golden("login", d.want(200, d.get("/staff/login")))
}

// TestPagesTravelPacked to browsers that take that, each of a length of its own, and
// whole to others.
func TestPagesTravelPacked(t *testing.T) {
	d := newDesk(t)
	d.enter("Olu Okoye", "operator")
	whole := d.want(200, d.get("/staff/members"))
	asset := regexp.MustCompile(`href="(/staff/assets/[^"]+\.css)"`).FindStringSubmatch(whole)[1]
	unpacked := func(w *httptest.ResponseRecorder) string {
		t.Helper()
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, c := range []struct {
		name, path string
		status     int
	}{{"a page", "/staff/members", 200}, {"a page that refuses", "/staff/nothing", 404}, {"a file", asset, 200}} {
		lengths := map[int]bool{}
		text := d.want(c.status, d.get(c.path))
		for range 12 {
			r := httptest.NewRequest("GET", c.path, nil)
			r.Header.Set("Accept-Encoding", "gzip, deflate, br")
			w := d.ask(r)
			lengths[w.Body.Len()] = true
			if w.Code != c.status || w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Vary") != "Accept-Encoding" {
				t.Fatalf("%s: got %d %q, Vary %q; want it packed, and said so", c.name, w.Code, w.Header().Get("Content-Encoding"), w.Header().Get("Vary"))
			}
			if got := unpacked(w); plain(got) != plain(text) {
				t.Fatalf("%s: unpacked it is\n%s\nwant\n%s", c.name, got, text)
			}
		}
		if isFile := c.path == asset; isFile != (len(lengths) == 1) || !isFile && len(lengths) < 4 {
			t.Errorf("%s: twelve answers have the lengths %v, want chance in those of pages", c.name, lengths)
		}
		r := httptest.NewRequest("GET", c.path, nil)
		r.Header.Set("Accept-Encoding", "gzip;q=0, br")
		if w := d.ask(r); w.Header().Get("Content-Encoding") != "" || w.Header().Get("Vary") != "Accept-Encoding" || plain(w.Body.String()) != plain(text) {
			t.Errorf("%s, not asked for packed: got %q, Vary %q, want it whole", c.name, w.Header().Get("Content-Encoding"), w.Header().Get("Vary"))
		}
	}
}
