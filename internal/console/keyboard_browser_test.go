package console_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// reachable are the places of a page that Tab is to lead to, in their order. Of radio
// buttons, Tab leads to one, and the arrows to the others.
const reachable = `(() => {
	const groups = new Set();
	window.reachable = [...document.querySelectorAll("a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary")].filter((e) => {
		if (e.type === "hidden" || !e.checkVisibility()) return false;
		if (e.type !== "radio") return true;
		const first = !groups.has(e.name);
		groups.add(e.name);
		return first;
	});
	return window.reachable.length;
})()`

// reached says where the focus is among them, and whether that can be seen.
const reached = `(() => {
	const now = document.activeElement;
	const style = getComputedStyle(now);
	const box = now.getBoundingClientRect();
	const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.top >= 0 && box.bottom <= innerHeight + 1;
	return window.reachable.indexOf(now) + (now === document.body ? ": the page" : seen ? ": seen" : ": not seen, " + now.outerHTML.slice(0, 120));
})()`

// Who has a keyboard alone comes to everything on a page, in the order in which it is
// read, sees where they are, and is never held.
func TestTabLeadsThroughEveryPage(t *testing.T) {
	s := newScreen(t)
	a := onCredit(s.desk)
	transfers(s.desk, a, "1500.00")
	s.Bind(a, sandbox.Visa)
	s.Bind(a, sandbox.Mastercard)
	s.enter(a, "/")
	for _, page := range []string{
		"/", "/ways-to-pay", "/methods", "/methods/paypal", "/funds", "/bills", "/bills/" + billOf(s.desk, a), "/payments", "/usage", "/orders",
		"/messages", "/messages/choices", "/identity", "/account", "/close", "/methods/pm_none",
	} {
		s.do(chromedp.Navigate(s.ConsoleURL + page))
		s.settles()
		n, err := chromedp.Run(s.ctx, chromedp.Evaluate[int](reachable))
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			s.do(chromedp.KeyEvent("\t"))
			got, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](reached))
			if want := fmt.Sprintf("%d: seen", i); err != nil || got != want {
				t.Errorf("%s: after %d times Tab the focus is at %s (%v), want %s of %d", page, i+1, got, err, want, n)
				break
			}
			if i == 0 { // the first leads to the content, past the menu
				skip, err := chromedp.Run(s.ctx, chromedp.Evaluate[bool](`document.activeElement.matches(".skip[href='#content']") && !!document.querySelector("main#content")`))
				if err != nil || !skip {
					t.Errorf("%s: the first place is not the way past the menu (%v)", page, err)
				}
			}
		}
		s.do(chromedp.KeyEvent("\t"))
		if got, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](reached)); err != nil || got != "-1: the page" && got != "0: seen" {
			t.Errorf("%s: the page holds the focus at %s (%v)", page, got, err)
		}
	}
}

// The menu of who is signed in lies over the page; it goes when the reader goes on.
func TestTheMenuOverThePageGoesByItself(t *testing.T) {
	s := newScreen(t)
	s.enter(s.Customer(), "/methods")
	open := func(want bool, after string) {
		t.Helper()
		if err := waitFor(s.ctx, fmt.Sprintf(`document.querySelector(".who").open === %t`, want)); err != nil {
			t.Errorf("after %s the menu is not as it should be, open %t: %v", after, want, err)
		}
	}
	s.tabTo(".who summary")
	s.do(chromedp.KeyEvent("\r"))
	open(true, "the return key")
	s.do(chromedp.KeyEvent("\u001b"))
	open(false, "the escape key")
	if err := waitFor(s.ctx, `document.activeElement.matches(".who summary")`); err != nil {
		t.Errorf("the focus is lost: %v", err)
	}
	s.do(chromedp.KeyEvent("\r"))
	open(true, "the return key")
	s.tabTo(".menu a")
	open(false, "going on to the menu of pages")
	s.do(chromedp.Click(chromedp.CSS(".who summary")))
	open(true, "a click on it")
	s.do(chromedp.Click(chromedp.CSS("h1")))
	open(false, "a click elsewhere")
}
