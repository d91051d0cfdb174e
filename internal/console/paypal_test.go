package console_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// askPayPal sends the form that leads to PayPal and returns the agreement that it opened.
func (d *desk) askPayPal() payment.Agreement {
	d.T.Helper()
	w := d.post("/methods/paypal", url.Values{"consent": {"paypal-1"}})
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "http://world.test/agreements/approve?") {
		d.T.Fatalf("the form answered %d to %q, want 303 to PayPal:\n%s", w.Code, to, w.Body)
	}
	return d.agreement(d.customer())
}

// customer is the one who has come in.
func (d *desk) customer() account.Account {
	d.T.Helper()
	by, err := d.ConsoleCaller(d.T.Context(), strings.TrimPrefix(d.session, "bursar="), "")
	if err != nil {
		d.T.Fatal(err)
	}
	return account.Account{ID: by.Account}
}

// agreement is the newest of an account.
func (d *desk) agreement(a account.Account) payment.Agreement {
	d.T.Helper()
	list, err := d.Agreements(d.T.Context(), access.CommandLine, a.ID)
	if err != nil || len(list) == 0 {
		d.T.Fatalf("there is no agreement: %v", err)
	}
	return list[0]
}

// back follows PayPal's way back, and then ours.
func (d *desk) back(to string) *httptest.ResponseRecorder {
	d.T.Helper()
	w := d.get(pathOf(d.T, to))
	for hops := 0; w.Code == http.StatusSeeOther && hops < 3; hops++ {
		w = d.get(w.Header().Get("Location"))
	}
	return w
}

func pathOf(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.RequestURI()
}

func TestPayPalIsAskedForAfterConsentOnly(t *testing.T) {
	d := newDesk(t)
	d.enter(d.Customer())
	for _, consent := range []string{"", "card-1", "paypal-0"} {
		w := d.post("/methods/paypal", url.Values{"consent": {consent}})
		if w.Code != 422 || !strings.Contains(w.Body.String(), `data-code="consent_missing"`) {
			t.Errorf("consent %q answered %d, want 422 and why", consent, w.Code)
		}
	}
	g := d.askPayPal()
	if g.Consent.Version != "paypal-1/en" || g.Consent.Address != "192.0.2.1" || g.Language != "en" {
		t.Errorf("the agreement is %+v, want the text, its language and the address (R-BIND-18)", g)
	}
	if g.ReturnURL != d.ConsoleURL+"/methods/return" {
		t.Errorf("the payer comes back to %s, want our page", g.ReturnURL)
	}
}

// The form leads to PayPal in the same window, so its page's policy must name
// PayPal's origin; no other page's does.
func TestOnlyTheFormThatLeadsToPayPalMaySendThere(t *testing.T) {
	d := newDesk(t)
	d.enter(d.Customer())
	for page, want := range map[string]bool{"/methods/paypal": true, "/methods": false, "/ways-to-pay": false} {
		policy := d.get(page).Header().Get("Content-Security-Policy")
		if got := strings.Contains(policy, "form-action 'self' http://world.test"); got != want {
			t.Errorf("%s: the policy is %q", page, policy)
		}
	}
}

func TestTheWaysBackFromPayPal(t *testing.T) {
	for _, c := range []struct {
		name  string
		payer string // who agrees; "" the payer turns away
		first func(d *desk)
		want  []string
	}{
		{"agreed", sandbox.PayerUS, nil, []string{"Active", "Preferred", "us@payers.example.com", "Release sent", "Released"}},
		{"turned away", "", nil, []string{"Not added", "The agreement was not approved at PayPal.", "Try again and accept it", "Nothing is held"}},
		{"mainland China", sandbox.PayerCN, nil, []string{"Not added", "not accepted", "registered elsewhere (not in mainland China)"}},
		{"mainland China, by PayPal's own code", sandbox.PayerChina, nil, []string{"Not added", "registered elsewhere (not in mainland China)"}},
		{"bound elsewhere", sandbox.PayerUS, func(d *desk) { d.BindWallet(d.Customer(), sandbox.PayerUS) }, []string{"Not added", "bound to another account", "for some days more"}},
		{"no source of funds", sandbox.PayerNoFunds, nil, []string{"Not accepted", "PayPal", "Nothing is reserved on your PayPal account", "Add PayPal again"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			if c.first != nil {
				c.first(d)
			}
			d.enter(d.Customer())
			g := d.askPayPal()
			to, err := d.Sandbox.RefuseApproval(d.AtProvider(g))
			if c.payer != "" {
				to, err = d.Sandbox.ApproveAs(d.AtProvider(g), c.payer)
			}
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // coming twice changes nothing (R-PP-05)
				page := strings.ReplaceAll(d.back(to).Body.String(), "\u00a0", " ")
				for _, want := range c.want {
					if !strings.Contains(page, want) {
						t.Errorf("the page does not say %q:\n%s", want, page)
					}
				}
			}
			d.Prove()
		})
	}
}

func TestTheSamePayPalAccountAgainIsToldToBeThere(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.BindWallet(a, sandbox.PayerUS)
	d.enter(a)
	d.Pass(time.Minute)
	g := d.askPayPal()
	d.Agree(g, sandbox.PayerUS)
	if page := d.back("/methods/return?agreement=" + string(g.ID)).Body.String(); !strings.Contains(page, "on your account already") {
		t.Errorf("the page does not say that the account is known:\n%s", page)
	}
}

// A payer who has not decided when they come back is not told that they refused;
// who never decides is told that time ran out.
func TestAnUndecidedPayerMayGoOn(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.enter(a)
	g := d.askPayPal()
	page := d.back("/methods/return?agreement=" + string(g.ID)).Body.String()
	for _, want := range []string{"Back from PayPal", "We are asking PayPal", `href="http://world.test/agreements/approve?`, "data-wait="} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	d.Pass(12 * time.Minute)
	if page := d.get("/agreements/" + string(g.ID)).Body.String(); !strings.Contains(page, "not approved at PayPal") {
		t.Errorf("the page still waits:\n%s", page)
	}
	late := d.askPayPal()
	if list := d.get("/methods").Body.String(); !strings.Contains(list, "/agreements/"+string(late.ID)) {
		t.Error("the list of methods does not lead to the agreement that waits")
	}
	d.Pass(4 * time.Hour)
	d.enter(a)
	if page := d.get("/agreements/" + string(late.ID)).Body.String(); !strings.Contains(page, "Time ran out") {
		t.Errorf("the page does not say that time ran out:\n%s", page)
	}
}

func TestTheAgreementsStateLeadsOn(t *testing.T) {
	d := newDesk(t)
	d.enter(d.Customer())
	g := d.askPayPal()
	state := func() (got struct {
		Mark, Page string
		Waiting    bool
	}) {
		t.Helper()
		if err := json.Unmarshal(d.get("/agreements/"+string(g.ID)+"/state").Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := state()
	if !before.Waiting || before.Page != "" || state() != before {
		t.Errorf("got %+v and then %+v, want the same, waiting", before, state())
	}
	d.Agree(g, sandbox.PayerUS)
	after := state()
	if after.Waiting || after.Mark == before.Mark || !strings.HasPrefix(after.Page, "/methods/pm_") {
		t.Errorf("got %+v once the payer has agreed, want the method's page", after)
	}
}

func TestAnAgreementOfOthersIsLikeNone(t *testing.T) {
	d := newDesk(t)
	d.enter(d.Customer())
	theirs := d.askPayPal()
	d.enter(d.Customer())
	for _, page := range []string{"/agreements/%s", "/agreements/%s/state", "/methods/return?agreement=%s", "/methods/return?agreement=%s&turned_away=1"} {
		foreign := d.get(strings.Replace(page, "%s", string(theirs.ID), 1))
		missing := d.get(strings.Replace(page, "%s", "agr_00000000000000000000000000", 1))
		got, want := strings.ReplaceAll(plain(foreign.Body.String()), string(theirs.ID), "ID"), strings.ReplaceAll(plain(missing.Body.String()), "agr_00000000000000000000000000", "ID")
		if foreign.Code != 404 || missing.Code != 404 || got != want {
			t.Errorf("%s answered %d for a foreign agreement and %d for none; want the same 404", page, foreign.Code, missing.Code)
		}
	}
}

// The session may be over when the payer is back. What they agreed to goes on.
func TestComingBackWithoutASession(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.enter(a)
	g := d.askPayPal()
	d.Agree(g, sandbox.PayerUS)
	d.session = ""
	w := d.get("/methods/return?agreement=" + string(g.ID))
	if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "PayPal is being added all the same") {
		t.Errorf("answered %d without a session, want 401 and that nothing is lost:\n%s", w.Code, w.Body)
	}
	d.Pass(10 * time.Minute)
	d.enter(a)
	if page := d.get("/methods").Body.String(); !strings.Contains(page, "us@payers.example.com") || !strings.Contains(page, "Active") {
		t.Errorf("PayPal was not added without its payer's return:\n%s", page)
	}
}

func TestAPayPalThatDoesNotAnswer(t *testing.T) {
	d := newDesk(t)
	d.enter(d.Customer())
	d.Sandbox.Fault(sandbox.Fault{Op: "paypal_setup_create", Kind: "503", Times: 100})
	w := d.post("/methods/paypal", url.Values{"consent": {"paypal-1"}})
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/agreements/agr_") {
		t.Fatalf("the form answered %d to %q, want 303 to our page that waits:\n%s", w.Code, to, w.Body)
	}
	if page := d.get(to).Body.String(); !strings.Contains(page, "PayPal has not answered yet") || strings.Contains(page, "Go to PayPal") {
		t.Errorf("the page is:\n%s", page)
	}
	d.Sandbox.ClearFaults()
	d.Pass(time.Minute)
	if page := d.get(to).Body.String(); !strings.Contains(page, "Waiting for you at PayPal") || !strings.Contains(page, "Go to PayPal") {
		t.Errorf("the page does not lead on once PayPal has answered:\n%s", page)
	}
}

func TestACancelledAgreementIsToldWithWhatToDo(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.Listen()
	m := d.BindWallet(a, sandbox.PayerUS)
	d.cancelAtPayPal(sandbox.PayerUS)
	d.Hear()
	d.Pass(time.Minute)
	d.enter(a)
	for page, wants := range map[string][]string{
		"/":                        {"was cancelled, so it can&#39;t be charged", "/methods/" + string(m.ID)},
		"/methods":                 {"Invalid", "cancelled at PayPal", "add PayPal again", "/remove"},
		"/methods/" + string(m.ID): {"Invalid", "cancelled at PayPal", "Add PayPal again", "It can be removed now."},
	} {
		body := d.get(page).Body.String()
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not say %q:\n%s", page, want, body)
			}
		}
	}
	again := d.askPayPal()
	d.Agree(again, sandbox.PayerUS)
	if page := d.back("/methods/return?agreement=" + string(again.ID)).Body.String(); !strings.Contains(page, "Active") || !strings.Contains(page, "Preferred") {
		t.Errorf("PayPal was not added again:\n%s", page)
	}
}

// cancelAtPayPal has a payer cancel every agreement in their account.
func (d *desk) cancelAtPayPal(payer string) {
	d.T.Helper()
	list, err := d.Sandbox.Agreements(payer)
	if err != nil || len(list) == 0 {
		d.T.Fatalf("%s has the agreements %v: %v", payer, list, err)
	}
	for _, g := range list {
		if err := d.Sandbox.CancelAgreement(g.ID); err != nil {
			d.T.Fatal(err)
		}
	}
}

func TestRemovingSaysBeforehandWhetherAndWhyNot(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	card := d.Bind(a, sandbox.Visa).Method
	d.Use(a, "1", "3.00")
	d.run(a, 2)
	d.enter(a)
	path := "/methods/" + string(card.ID) + "/remove"
	for _, page := range []string{"/methods", "/methods/" + string(card.ID), path} {
		body := d.get(page).Body.String()
		for _, want := range []string{`data-code="resources_running"`, `data-code="usage_unbilled"`, "<button disabled"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not say %s:\n%s", page, want, body)
			}
		}
	}
	if w := d.post(path, nil); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), `data-code="resources_running"`) {
		t.Errorf("removing answered %d, want 409 and every reason", w.Code)
	}

	wallet := d.BindWallet(a, sandbox.PayerUS)
	if w := d.post(path, nil); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), `data-code="method_preferred"`) {
		t.Errorf("removing the preferred one answered %d, want 409 and why", w.Code)
	}
	if w := d.post("/methods/"+string(wallet.ID)+"/preferred", nil); w.Code != http.StatusSeeOther {
		t.Fatalf("preferring answered %d, want 303:\n%s", w.Code, w.Body)
	}
	if body := d.get(path).Body.String(); !strings.Contains(body, "Remove it") || strings.Contains(body, "<button disabled") {
		t.Errorf("the page does not ask whether to go through with it:\n%s", body)
	}
	w := d.post(path, nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/methods?removed" {
		t.Fatalf("removing answered %d to %q, want 303 to the list:\n%s", w.Code, w.Header().Get("Location"), w.Body)
	}
	if got := d.MethodNow(card.ID).State; got != payment.Detached {
		t.Errorf("the card is %s, want detached", got)
	}
	if body := d.get("/methods?removed").Body.String(); !strings.Contains(body, "The payment method was removed.") || strings.Contains(body, "4242") {
		t.Errorf("the list is:\n%s", body)
	}
	if w := d.get(path); w.Code != 404 {
		t.Errorf("asking to remove it again answered %d, want 404", w.Code)
	}
	d.Prove()
}

// Another threshold may be reached already when a method becomes preferred
// (R-THR-07); that is told before.
func TestPreferringTellsWhatItCharges(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	wallet := d.BindWallet(a, sandbox.PayerUS)
	d.enter(a)
	d.Use(a, "1", "7.99")
	const told = "is charged to it at once"
	if strings.Contains(d.get("/methods").Body.String(), told) {
		t.Error("7.99 is said to be charged, want nothing under 8.00")
	}
	d.Use(a, "2", "10.01")
	if body := strings.ReplaceAll(d.get("/methods").Body.String(), "\u00a0", " "); !strings.Contains(body, told) || !strings.Contains(body, "(18.00 USD)") {
		t.Errorf("what preferring charges is not told:\n%s", body)
	}
	if body := strings.ReplaceAll(d.get("/").Body.String(), "\u00a0", " "); !strings.Contains(body, "/ 1,000.00 USD") {
		t.Error("the gauge is not the card's")
	}
	d.post("/methods/"+string(wallet.ID)+"/preferred", nil)
	if debts := d.DebtsOf(a); len(debts) != 1 || debts[0].Debt.Amount.Decimal() != "18.00" {
		t.Errorf("got %v, want one debt of 18.00", debts)
	}
	if body := strings.ReplaceAll(d.get("/").Body.String(), "\u00a0", " "); !strings.Contains(body, "/ 8.00 USD") {
		t.Error("the gauge is not PayPal's")
	}
	d.Prove()
}

func TestSigningOut(t *testing.T) {
	d := newDesk(t)
	d.enter(d.Customer())
	w := d.post("/leave", nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/left" {
		t.Fatalf("leaving answered %d to %q, want 303 to /left", w.Code, w.Header().Get("Location"))
	}
	if k := w.Result().Cookies(); len(k) != 1 || k[0].MaxAge >= 0 || k[0].Value != "" {
		t.Errorf("the cookies are %v, want the session's taken away", k)
	}
	if w := d.get("/"); w.Code != http.StatusUnauthorized {
		t.Errorf("the old session answered %d, want 401", w.Code)
	}
}

// A browser keeps the session for a quarter of an hour after the last look, and for
// an hour while the payer is at their bank or at PayPal.
func TestBrowsersForgetASessionThatNobodyUses(t *testing.T) {
	d := newDesk(t)
	a := d.Customer(in("DE", "EUR"))
	m := d.Bind(a, sandbox.AlwaysAuthenticate).Method
	d.enter(a)
	for page, want := range map[string]int{"/ways-to-pay": 15 * 60, "/methods/" + string(m.ID): 60 * 60} {
		if k := d.get(page).Result().Cookies(); len(k) != 1 || k[0].MaxAge != want || "bursar="+k[0].Value != d.session {
			t.Errorf("%s: the cookies are %v, want the session's for %d s", page, k, want)
		}
	}
	if k := d.get("/methods/" + string(m.ID) + "/state").Result().Cookies(); len(k) != 0 {
		t.Errorf("a page that asks by itself keeps the session: %v", k)
	}
}

func TestClosingTheAccount(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.run(a, 1)
	d.enter(a)
	if body := d.get("/close").Body.String(); !strings.Contains(body, `data-code="resources_running"`) {
		t.Errorf("the page does not say what stands against it:\n%s", body)
	}
	d.run(a, 0)
	body := d.get("/close").Body.String()
	if !strings.Contains(body, "The account can be closed") || !strings.Contains(body, `<time datetime="2026-03-25T12:00:00Z">`) {
		t.Errorf("the page does not say until when:\n%s", body)
	}
	if w := d.post("/close", nil); w.Code != http.StatusSeeOther {
		t.Errorf("closing answered %d, want 303:\n%s", w.Code, w.Body)
	}
	if body := d.get("/close").Body.String(); !strings.Contains(body, "The account is being closed") {
		t.Errorf("the page does not say that the account is being closed:\n%s", body)
	}
	if body := d.post("/methods/paypal", url.Values{"consent": {"paypal-1"}}).Body.String(); !strings.Contains(body, `data-code="account_closed"`) {
		t.Errorf("PayPal may be added to an account that is being closed:\n%s", body)
	}
}

func TestWithoutPayPalNothingLeadsThere(t *testing.T) {
	d := newDesk(t)
	d.Wallet = nil
	d.enter(d.Customer())
	for _, page := range []string{"/", "/methods", "/ways-to-pay"} {
		if body := d.get(page).Body.String(); strings.Contains(body, "/methods/paypal") {
			t.Errorf("%s leads to PayPal, which is not there:\n%s", page, body)
		}
	}
	if w := d.get("/methods/paypal"); w.Code != 200 || !strings.Contains(w.Body.String(), `data-code="method_not_available"`) || strings.Contains(w.Body.String(), "<input") {
		t.Errorf("answered %d, want a page that says why not:\n%s", w.Code, w.Body)
	}
	if w := d.post("/methods/paypal", url.Values{"consent": {"paypal-1"}}); w.Code != 422 {
		t.Errorf("the form answered %d, want 422", w.Code)
	}
}
