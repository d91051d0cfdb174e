package console_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/account"
)

// checklist are the rows of the checklist, each lived by a customer who finds the way
// by what the pages say.
var checklist = []struct {
	id, name string
	live     func(s *screen)
}{
	{"S-01", "three ways to pay, computed for the account", (*screen).readsTheWaysToPay},
	{"S-02", "each region is offered its brands", (*screen).isOfferedWhatTheRegionMayUse},
	{"S-03", "what is refused says why and what next", (*screen).isToldWhatIsRefused},
	{"S-04", "one card, one account", (*screen).bindsOneCardOnce},
	{"S-05", "a card is bound by a hold", (*screen).bindsACard},
	{"S-06", "3-D Secure at binding and at a purchase", (*screen).confirmsAtTheBank},
	{"S-07", "PayPal is bound, or says why not", (*screen).bindsPayPal},
	{"S-08", "prepaid orders are paid when placed", (*screen).paysAnOrder},
	{"S-09", "usage is charged at its threshold", (*screen).reachesTheThreshold},
	{"S-10", "what stayed below is charged after the bill", (*screen).isChargedTheRest},
	{"S-11", "PayPal preferred, an amount is held for usage", (*screen).seesTheUsageHold},
	{"S-12", "the preferred method is switched", (*screen).prefersAnother},
	{"S-13", "deleting says beforehand whether and why not", (*screen).removesWhatMayGo},
	{"S-14", "a credit line is bought on and paid by its due date", (*screen).buysOnCredit},
	{"S-15", "an account number of one's own, and its proof", (*screen).transfersToTheirOwnNumber},
	{"S-16", "a shared account, a claim, its approval", (*screen).followsAClaim},
	{"S-17", "how long a transfer takes, and which day counts", (*screen).knowsWhenATransferCounts},
	{"S-18", "cash application on, off and by hand", (*screen).switchesCashApplication},
	{"S-19", "why a card was not bound", (*screen).isToldWhyACardWasNotBound},
	{"S-20", "why a payment failed", (*screen).isToldWhyAPaymentFailed},
	{"S-21", "an identity check, refused and sent again", (*screen).showsWhoTheyAre},
	{"S-22", "a link completes 3-D Secure, then it is paid", (*screen).confirmsFromAMessage},
	{"S-23", "region and time of registration", (*screen).looksUpTheRegistration},
	{"S-24", "a card that is not verified cannot pay", (*screen).cannotPayUnverified},
	{"S-25", "the verification comes back", (*screen).seesTheHoldComeBack},
	{"S-26", "the old console's ways in lead here", (*screen).comesFromTheOldConsole},
	{"S-27", "messages and mails", (*screen).isTold},
}

func TestChecklist(t *testing.T) {
	for _, row := range checklist {
		t.Run(row.id+" "+row.name, func(t *testing.T) { row.live(newScreen(t)) })
	}
}

// says is a text of the pages by its key, in a language, with its blanks filled in.
func (s *screen) says(language, key string, filled ...string) string {
	s.T.Helper()
	files, err := filepath.Glob("texts/" + language + "/*.json")
	if err != nil {
		s.T.Fatal(err)
	}
	for _, name := range files {
		texts := map[string]string{}
		b, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(b, &texts)
		}
		if err != nil {
			s.T.Fatalf("%s: %v", name, err)
		}
		if text, there := texts[key]; there {
			for n := 0; n < len(filled); n += 2 {
				text = strings.ReplaceAll(text, "{"+filled[n]+"}", filled[n+1])
			}
			return text
		}
	}
	s.T.Fatalf("there is no text %s in %s", key, language)
	return ""
}

// en is a text by its key, in English.
func (s *screen) en(key string, filled ...string) string {
	s.T.Helper()
	return s.says("en", key, filled...)
}

// seesKeys waits for texts by their keys, in English.
func (s *screen) seesKeys(keys ...string) {
	s.T.Helper()
	for _, k := range keys {
		s.sees(s.en(k))
	}
}

// goes presses the first thing that can be pressed and begins with a text, and waits
// until it stands on the page whose heading begins with another; "" wherever that is.
func (s *screen) goes(text, heading string) {
	s.T.Helper()
	const find = `(() => {
		const plain = (e) => {
			const seen = e.cloneNode(true);
			seen.querySelectorAll(".hidden").forEach((h) => h.remove());
			return seen.textContent.replace(/\s+/g, " ").trim();
		};
		document.querySelectorAll("[data-walk]").forEach((e) => e.removeAttribute("data-walk"));
		const all = Array.from(document.querySelectorAll("a, button, summary")).filter((e) => e.checkVisibility() && !e.matches(".product, :disabled, [aria-disabled]"));
		const one = all.find((e) => plain(e) === %[1]q) || all.find((e) => plain(e).startsWith(%[1]q));
		one?.setAttribute("data-walk", "");
		return document.readyState === "complete" && Boolean(one);
	})()`
	if err := waitFor(s.ctx, fmt.Sprintf(find, plainly(text))); err != nil {
		s.T.Fatalf("nothing says %q: %v; the page says:\n%s", text, err, s.text())
	}
	s.do(chromedp.Click(chromedp.CSS("[data-walk]")))
	if heading != "" {
		s.stands(heading)
	}
}

// plainly is a text without the spaces that keep its parts on one line.
func plainly(text string) string { return strings.ReplaceAll(text, "\u00a0", " ") }

// stands waits until the page's heading begins with a text.
func (s *screen) stands(heading string) {
	s.T.Helper()
	script := fmt.Sprintf(`document.readyState === "complete" && (document.querySelector("h1")?.innerText || "").replace(/\u00a0/g, " ").startsWith(%q)`, plainly(heading))
	if err := waitFor(s.ctx, script); err != nil {
		s.T.Fatalf("the heading is not %q: %v; the page says:\n%s", heading, err, s.text())
	}
}

// turns goes to one of the pages in the menu, by the key of its name.
func (s *screen) turns(key string) {
	s.T.Helper()
	s.goes(s.en(key), s.en(key))
}

// seesNot fails the test if the page that is there shows a text.
func (s *screen) seesNot(texts ...string) {
	s.T.Helper()
	shown := plainly(s.text())
	for _, text := range texts {
		if strings.Contains(shown, text) {
			s.T.Errorf("saw %q, which should not be there; the page says:\n%s", text, shown)
		}
	}
}

// evaluates asks the page by a script with a text in it.
func (s *screen) evaluates(script, text string) string {
	s.T.Helper()
	got, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](fmt.Sprintf(script, text)))
	if err != nil {
		s.T.Fatal(err)
	}
	return plainly(got)
}

// part is what an element of the page shows.
func (s *screen) part(selector string) string {
	s.T.Helper()
	return s.evaluates(`document.querySelector(%q)?.innerText || ""`, selector)
}

// comes has a customer come in to the overview.
func (s *screen) comes(a account.Account) {
	s.T.Helper()
	s.enter(a, "/")
	s.stands(s.en("overview"))
}

// typeCardWith fills in the page with the card fields.
func (s *screen) typeCardWith(number, expiry, code string) {
	s.T.Helper()
	if err := waitFor(s.ctx, `document.querySelector("[data-fields]") && !document.querySelector("[data-fields]").disabled && document.querySelectorAll("iframe").length === 3`); err != nil {
		s.T.Fatal(err)
	}
	for _, field := range []struct{ id, text string }{{"number", number}, {"expiry", expiry}, {"cvc", code}} {
		s.do(chromedp.Click(chromedp.CSS("#" + field.id + "-label")))
		s.hasFocus(field.id)
		s.do(chromedp.KeyEvent(field.text))
	}
	if err := waitFor(s.ctx, `document.querySelectorAll(".StripeElement--complete").length === 3`); err != nil {
		s.T.Fatalf("the fields are not complete: %v", err)
	}
	s.do(chromedp.SetValue(chromedp.ID("holder"), "Ada Example"), chromedp.Click(chromedp.ID("consent")))
}

// adds goes from the page where a customer is to the card fields, and sends a card.
func (s *screen) adds(number, expiry, code string) {
	s.T.Helper()
	s.turns("methods")
	s.goes(s.en("methods.add"), s.en("bind"))
	s.typeCardWith(number, expiry, code)
	s.goes(s.en("bind.submit"), "")
}
