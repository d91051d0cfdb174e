package console_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// scenes are the pages and their states, each as a customer comes to it.
var scenes = []struct {
	name string
	come func(s *screen) (account.Account, string) // sets the stage; whose page, and which
}{
	{"overview-new", func(s *screen) (account.Account, string) { return s.Customer(), "/" }},
	{"overview", func(s *screen) (account.Account, string) {
		a := s.Customer()
		s.Bind(a, sandbox.Visa)
		s.Use(a, "1", "618.0066386184")
		return a, "/"
	}},
	{"ways", func(s *screen) (account.Account, string) { return s.Customer(), "/ways-to-pay" }},
	{"ways-eu", func(s *screen) (account.Account, string) { return s.Customer(in("DE", "EUR")), "/ways-to-pay" }},
	{"methods-empty", func(s *screen) (account.Account, string) { return s.Customer(), "/methods" }},
	{"methods", func(s *screen) (account.Account, string) {
		a := s.Customer(in("SG", "USD"))
		s.Bind(a, sandbox.Visa)
		s.Pass(25 * time.Hour)
		s.Bind(a, sandbox.Mastercard)
		s.Pass(25 * time.Hour)
		s.Sandbox.Fault(sandbox.Fault{Op: "cancel", Kind: "503", Times: 100})
		s.Bind(a, sandbox.JCB)
		s.Bind(a, sandbox.AlwaysAuthenticate)
		s.Pass(25 * time.Hour)
		s.Bind(a, "pm_card_threeDSecureRequired")
		s.Bind(a, sandbox.DeclinedNoFunds)
		return a, "/methods"
	}},
	{"bind", func(s *screen) (account.Account, string) { return s.Customer(), "/methods/new" }},
	{"bind-my", func(s *screen) (account.Account, string) { return s.Customer(in("MY", "MYR")), "/methods/new" }},
	{"method-active", func(s *screen) (account.Account, string) {
		a := s.Customer()
		return a, "/methods/" + string(s.Bind(a, sandbox.Visa).Method.ID)
	}},
	{"method-releasing", func(s *screen) (account.Account, string) {
		a := s.Customer()
		s.Sandbox.Fault(sandbox.Fault{Op: "cancel", Kind: "503", Times: 100})
		return a, "/methods/" + string(s.Bind(a, sandbox.Visa).Method.ID)
	}},
	{"method-unknown", func(s *screen) (account.Account, string) {
		a := s.Customer()
		s.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_before", Times: 100})
		return a, "/methods/" + string(s.Bind(a, sandbox.Visa).Method.ID)
	}},
	{"method-challenged", func(s *screen) (account.Account, string) {
		a := s.Customer(in("DE", "EUR"))
		return a, "/methods/" + string(s.Bind(a, sandbox.AlwaysAuthenticate).Method.ID)
	}},
	{"method-lapsed", func(s *screen) (account.Account, string) {
		a := s.Customer(in("DE", "EUR"))
		m := s.Bind(a, sandbox.AlwaysAuthenticate).Method
		s.Pass(2 * time.Hour)
		return a, "/methods/" + string(m.ID)
	}},
	{"method-refused", func(s *screen) (account.Account, string) {
		a := s.Customer()
		return a, "/methods/" + string(s.Bind(a, sandbox.DeclinedNoFunds).Method.ID)
	}},
	{"overview-paypal", func(s *screen) (account.Account, string) {
		a := s.Customer()
		s.BindWallet(a, sandbox.PayerUS)
		s.Bind(a, sandbox.Visa)
		s.Use(a, "1", "5.25")
		return a, "/"
	}},
	{"ways-paypal", func(s *screen) (account.Account, string) {
		a := s.Customer()
		s.BindWallet(a, sandbox.PayerUS)
		s.Use(a, "1", "5.25")
		return a, "/ways-to-pay"
	}},
	{"methods-paypal", func(s *screen) (account.Account, string) {
		a := s.Customer()
		s.BindWallet(a, sandbox.PayerUS)
		s.Bind(a, sandbox.Visa)
		s.Use(a, "1", "5.25")
		s.AskPayer(a)
		return a, "/methods"
	}},
	{"methods-only", func(s *screen) (account.Account, string) {
		a := s.Customer()
		s.Bind(a, sandbox.Visa)
		s.BindWallet(a, sandbox.PayerNoFunds)
		s.Use(a, "1", "18.00")
		s.run(a, 2)
		g := s.AskPayer(a)
		s.Agree(g, sandbox.PayerCN)
		s.Return(g)
		return a, "/methods"
	}},
	{"methods-invalid", func(s *screen) (account.Account, string) { return s.cancelled(), "/methods" }},
	{"paypal", func(s *screen) (account.Account, string) { return s.Customer(), "/methods/paypal" }},
	{"paypal-eu", func(s *screen) (account.Account, string) { return s.Customer(in("DE", "EUR")), "/methods/paypal" }},
	{"agreement-waiting", func(s *screen) (account.Account, string) {
		a := s.Customer()
		return a, "/agreements/" + string(s.AskPayer(a).ID)
	}},
	{"agreement-returned", func(s *screen) (account.Account, string) {
		a := s.Customer()
		return a, "/agreements/" + string(s.Return(s.AskPayer(a)).ID)
	}},
	{"agreement-refused", func(s *screen) (account.Account, string) {
		a := s.Customer()
		g := s.AskPayer(a)
		s.Agree(g, sandbox.PayerCN)
		return a, "/agreements/" + string(s.Return(g).ID)
	}},
	{"method-paypal", func(s *screen) (account.Account, string) {
		a := s.Customer()
		m := s.BindWallet(a, sandbox.PayerUS)
		s.Use(a, "1", "3.00")
		s.Use(a, "2", "5.00")
		s.Pass(4 * 24 * time.Hour)
		s.Use(a, "3", "2.00")
		return a, "/methods/" + string(m.ID)
	}},
	{"method-paypal-rejected", func(s *screen) (account.Account, string) {
		a := s.Customer()
		return a, "/methods/" + string(s.BindWallet(a, sandbox.PayerNoFunds).ID)
	}},
	{"remove", func(s *screen) (account.Account, string) {
		a := s.Customer()
		return a, "/methods/" + string(s.BindWallet(a, sandbox.PayerUS).ID) + "/remove"
	}},
	{"remove-not", func(s *screen) (account.Account, string) {
		a := s.Customer()
		m := s.Bind(a, sandbox.Visa).Method
		s.Use(a, "1", "3.00")
		s.run(a, 2)
		return a, "/methods/" + string(m.ID) + "/remove"
	}},
	{"close-not", func(s *screen) (account.Account, string) {
		a := s.Customer()
		s.run(a, 2)
		return a, "/close"
	}},
	{"close-silent", func(s *screen) (account.Account, string) {
		a := s.Customer()
		if _, err := s.CloseAccount(s.T.Context(), access.CommandLine, a.ID); err != nil {
			s.T.Fatal(err)
		}
		return a, "/close"
	}},
	{"left", func(s *screen) (account.Account, string) { return s.Customer(), "/left" }},
	{"missing", func(s *screen) (account.Account, string) { return s.Customer(), "/methods/pm_none" }},
}

// cancelled is an account with a card, and with PayPal whose agreement its payer has
// cancelled.
func (s *screen) cancelled() account.Account {
	s.T.Helper()
	a := s.Customer()
	s.Listen()
	s.BindWallet(a, sandbox.PayerUS)
	s.Bind(a, sandbox.Visa)
	s.cancelAtPayPal(sandbox.PayerUS)
	s.Hear()
	s.Pass(time.Minute)
	return a
}

// sizes are the narrowest that a page must bear (WCAG 1.4.10), as a desk at 400 %, a
// phone and a desk.
var sizes = []struct {
	name          string
	width, height int64
}{{"320", 320, 640}, {"390", 390, 844}, {"1280", 1280, 900}}

// TestPagesOnEveryScreen walks all pages in all languages: nothing is wider than
// the screen, left to right or right to left, everything that can be pressed is
// large enough (WCAG 2.5.8) and has a name, and nothing keeps anybody out.
func TestPagesOnEveryScreen(t *testing.T) {
	for _, scene := range scenes {
		t.Run(scene.name, func(t *testing.T) {
			s := newScreen(t)
			a, page := scene.come(s)
			s.enter(a, page)
			for _, language := range account.Languages {
				path, query, _ := strings.Cut(page, "?")
				s.do(chromedp.Navigate(s.ConsoleURL + path + "?" + query + "&lang=" + language))
				s.settles()
				s.suits(language)
				if language == "en" {
					s.pictures(scene.name)
				}
			}
			s.shows(1280, 900, false)
			s.shot(scene.name + "-ja")
		})
	}
}

// settles waits until the page has what it fetches.
func (s *screen) settles() {
	s.T.Helper()
	if err := waitFor(s.ctx, `document.readyState === "complete" && (!document.querySelector("form[data-card]") || document.querySelectorAll(".box.ready").length === 3)`); err != nil {
		s.T.Fatal(err)
	}
}

// pictures are for people to look at, where -shots says so.
func (s *screen) pictures(name string) {
	s.T.Helper()
	if *shots == "" {
		return
	}
	if _, err := chromedp.Run(s.ctx, chromedp.Evaluate[bool](`(document.querySelectorAll("details").forEach((d) => d.open = true), true)`)); err != nil {
		s.T.Fatal(err)
	}
	for _, size := range sizes[1:] {
		for _, dark := range []bool{false, true} {
			s.shows(size.width, size.height, dark)
			s.shot(fmt.Sprintf("%s-%s-%t", name, size.name, dark))
		}
	}
}

// faultsOfLayout are what a reader would stumble over, found by the browser.
const faultsOfLayout = `(() => {
	const found = [];
	for (const dir of ["ltr", "rtl"]) {
		document.documentElement.dir = dir;
		const wide = document.documentElement.scrollWidth;
		if (wide > innerWidth) found.push(dir + ": the page is " + wide + " wide on a screen of " + innerWidth);
	}
	document.documentElement.dir = "ltr";
	const seen = (e) => e.checkVisibility() && e.getBoundingClientRect().width > 1;
	for (const e of document.querySelectorAll("a, button, input, summary")) {
		if (!seen(e) || e.type === "hidden") continue;
		const box = e.getBoundingClientRect();
		const inText = e.tagName === "A" && getComputedStyle(e).display === "inline";
		if (!inText && (box.width < 24 || box.height < 24)) found.push("too small: " + e.outerHTML.slice(0, 80) + " " + box.width + "x" + box.height);
		const name = e.textContent.trim() || e.getAttribute("aria-label") || (e.labels && e.labels.length && e.labels[0].textContent);
		if (!name) found.push("has no name: " + e.outerHTML.slice(0, 80));
	}
	const levels = Array.from(document.querySelectorAll("h1, h2, h3"), (h) => Number(h.tagName[1]));
	if (levels.filter((l) => l === 1).length !== 1 || levels[0] !== 1) found.push("headings are " + levels);
	const ids = Array.from(document.querySelectorAll("[id]"), (e) => e.id);
	if (new Set(ids).size !== ids.length) found.push("an id is there twice");
	return found.join("\n");
})()`

// fits fails the test if the page has a fault of layout.
func (s *screen) fits(where string) {
	s.T.Helper()
	found, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](faultsOfLayout))
	if err != nil {
		s.T.Fatal(err)
	}
	if found != "" {
		s.T.Errorf("%s:\n%s", where, found)
	}
}

func TestPagesOutsideASession(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	used := s.ConsoleURL + s.link(a, "/")
	s.do(chromedp.Navigate(used))
	s.sees("Overview")
	s.do(chromedp.Navigate(used))
	s.sees("Please ask for a new link", "You are signed in: go on")
	s.keepsNobodyOut("en")
	s.pictures("ended-inside")
	s.Pass(2 * time.Hour)
	s.do(chromedp.Navigate(s.ConsoleURL + "/methods"))
	s.sees("Please ask for a new link", "Nothing is lost")
	s.suits("en")
	s.pictures("ended")
	s.do(chromedp.Navigate(s.ConsoleURL + "/methods/return?payment_method=pm_none"))
	s.sees("You can close this window")
	s.suits("en")
	s.pictures("return")
}

func TestWithoutScriptOnlyTheCardFieldsAreMissing(t *testing.T) {
	s := newScreen(t)
	a := s.Customer(in("DE", "EUR"))
	m, err := s.BindCard(context.Background(), access.CommandLine, a.ID, office.CardToBind{
		Token: sandbox.AlwaysAuthenticate, Consent: "card-1/en", ReturnURL: s.ConsoleURL + "/methods/return",
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Bind(a, sandbox.Visa)
	s.Bind(a, sandbox.Mastercard)
	s.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	s.enter(a, "/methods/new")
	s.sees("need JavaScript")
	s.pictures("bind-noscript")
	s.do(chromedp.Navigate(s.ConsoleURL+"/methods"), chromedp.Click(chromedp.CSS(".acts form button")))
	s.sees("Mastercard •••• 4444 Preferred")
	s.do(chromedp.Navigate(s.ConsoleURL + "/methods/" + string(m.Method.ID)))
	second := s.secondWindow(chromedp.Click(chromedp.CSS("[data-window]")))
	s.seesIn(second, "Pretend bank")
	s.doIn(second, chromedp.Click(chromedp.ID("complete")))
	s.seesIn(second, "Active")
	s.sees("Active") // the page comes again by itself
}

func TestTheRefusalIsSeenFirst(t *testing.T) {
	s := newScreen(t)
	s.Bind(s.Customer(), sandbox.Visa)
	a := s.Customer()
	s.enter(a, "/methods/new")
	s.typeCard(visa)
	s.submit()
	s.sees("The card was not added")
	if err := waitFor(s.ctx, `document.activeElement.matches(".panel.bad")`); err != nil {
		t.Errorf("the focus is not on the refusal: %v", err)
	}
	s.suits("en")
	s.pictures("bind-refused")
	if _, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](`document.documentElement.dir = "rtl"`)); err != nil {
		t.Fatal(err)
	}
	s.shows(1280, 900, false)
	s.shot("bind-refused-rtl")
}

func TestALinkInAMessageCompletesAPayment(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	m := s.Bind(a, sandbox.Visa).Method
	if err := s.Sandbox.OrderCard(sandbox.CardOrder{Fingerprint: s.fingerprint(m.Card.Token), Then: "authenticate", Times: 2}); err != nil {
		t.Fatal(err)
	}
	s.Use(a, "1", "1200")
	debts := s.DebtsOf(a)
	if len(debts) != 1 || len(debts[0].Payments) != 1 {
		t.Fatalf("got %+v, want one debt with one payment", debts)
	}
	link, _, err := s.OpenChallenge(context.Background(), access.CommandLine, debts[0].Payments[0].ID)
	if err != nil {
		t.Fatalf("the payment is %s: %v", debts[0].Payments[0].State, err)
	}
	s.do(chromedp.Navigate(link))
	s.sees("Please confirm a payment")
	s.suits("en")
	s.pictures("challenge")
	s.do(chromedp.Click(chromedp.CSS("main button")))
	s.sees("Pretend bank", "1200.00 USD")
	s.do(chromedp.Click(chromedp.ID("complete")))
	s.sees("Thank you", "you can close this window")
	s.keepsNobodyOut("en")
	s.pictures("challenge-done")
	s.Pass(time.Minute)
	if got := s.DebtsOf(a)[0].Debt.State; got != "paid" {
		t.Errorf("the debt is %s, want paid", got)
	}
	s.do(chromedp.Navigate(link), chromedp.Click(chromedp.CSS("main button")))
	s.sees("Please ask for a new link")
	s.Prove()
}

// fingerprint asks the world for a card's own.
func (s *screen) fingerprint(token string) string {
	s.T.Helper()
	i, err := s.Cards.Instrument(context.Background(), token)
	if err != nil {
		s.T.Fatal(err)
	}
	return strings.TrimPrefix(i.Fingerprint, "stripe:")
}
