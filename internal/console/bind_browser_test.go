package console_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

const (
	visa         = "4242424242424242"
	prepaid      = "5105105105105100"
	alwaysAsks   = "4000002760003184" // its issuer always wants a challenge
	optional     = "4000000000003055" // its issuer wants a challenge when it is asked for
	noFunds      = "4000000000009995"
	notPublished = "4111111111111111"
)

func TestACardIsBoundThroughTheProvidersFields(t *testing.T) {
	s := newScreen(t)
	s.enter(s.Customer(), "/methods")
	s.sees("No payment method yet")
	s.do(chromedp.Click(chromedp.CSS(".heading .button")))
	s.sees("1.00 USD", "BURSAR.EXAMPLE", "Visa", "Mastercard", "American Express")
	s.typeCard(visa)
	s.submit()
	s.sees("Visa •••• 4242", "Active", "Preferred", "Ada Example", "Release sent", "Released", "up to 30 days")
	s.Prove()
}

func TestTheHoldIsSeenToComeAndGo(t *testing.T) {
	s := newScreen(t)
	s.Sandbox.Fault(sandbox.Fault{Op: "cancel", Kind: "503", Times: 100})
	s.enter(s.Customer(), "/methods/new")
	s.typeCard(visa)
	s.submit()
	s.sees("Active", "Verification hold of 1.00 USD", "Held", "Release sent", "go on asking until it is proven")
	s.do(chromedp.Navigate(s.ConsoleURL + "/methods"))
	s.sees("release sent", "1.00 USD is reserved on your card, not taken.")
	s.Sandbox.ClearFaults()
	s.Pass(time.Minute) // the hold's watch releases it; the page is not touched
	s.sees("Verification hold of 1.00 USD released")
	s.Prove()
}

func TestAChallengeIsPassedInASecondWindow(t *testing.T) {
	s := newScreen(t)
	s.enter(s.Customer(in("DE", "EUR")), "/methods/new")
	s.sees("1.00 EUR", "always asks you to confirm")
	s.typeCard(optional) // its issuer would not ask by itself: the region does
	s.submit()
	s.sees("Waiting for you", "goes on by itself")

	second := s.secondWindow(chromedp.Click(chromedp.CSS("[data-window]")))
	s.seesIn(second, "Pretend bank", "1.00 EUR")
	s.doIn(second, chromedp.Click(chromedp.ID("complete")))
	s.sees("Active", "Preferred", "Released")
	s.isClosed(second)
	s.Prove()
}

func TestAFailedChallengeSaysWhyAndMayBeTriedAgain(t *testing.T) {
	s := newScreen(t)
	s.enter(s.Customer(), "/methods/new")
	s.typeCard(alwaysAsks)
	s.submit()
	s.sees("Waiting for you")
	second := s.secondWindow(chromedp.Click(chromedp.CSS("[data-window]")))
	s.seesIn(second, "Pretend bank")
	s.doIn(second, chromedp.Click(chromedp.ID("fail")))
	s.sees("Not accepted", "The confirmation at your bank failed or was broken off.", "Nothing is reserved on your card")
	s.do(chromedp.Click(chromedp.CSS(".panel .button")))
	s.sees("Card number")
	s.typeCard(alwaysAsks)
	s.submit()
	s.sees("Waiting for you")
	second = s.secondWindow(chromedp.Click(chromedp.CSS("[data-window]")))
	s.seesIn(second, "Pretend bank")
	s.doIn(second, chromedp.Click(chromedp.ID("complete")))
	s.sees("Active")
	s.Prove()
}

func TestAChallengeSurvivesReloadAndAClosedTab(t *testing.T) {
	s := newScreen(t)
	a := s.Customer(in("DE", "EUR"))
	s.enter(a, "/methods/new")
	s.typeCard(optional)
	s.submit()
	s.sees("Waiting for you")
	s.do(chromedp.Reload())
	s.sees("Waiting for you")
	second := s.secondWindow(chromedp.Click(chromedp.CSS("[data-window]")))
	s.seesIn(second, "Pretend bank")

	// The first page goes away; the second window, back from the bank, finds
	// nobody who waits and takes its place.
	s.do(chromedp.Navigate(s.ConsoleURL + "/ways-to-pay"))
	s.doIn(second, chromedp.Click(chromedp.ID("complete")))
	s.seesIn(second, "Active", "Released")
	s.do(chromedp.Navigate(s.ConsoleURL + "/methods"))
	s.sees("Active")
}

func TestABlockedWindowBecomesALink(t *testing.T) {
	s := newScreen(t)
	s.enter(s.Customer(in("DE", "EUR")), "/methods/new")
	s.typeCard(optional)
	s.submit()
	s.sees("Waiting for you")
	if _, err := chromedp.Run(s.ctx, chromedp.Evaluate[bool](`(window.open = () => null, true)`)); err != nil {
		t.Fatal(err)
	}
	second := s.secondWindow(chromedp.Click(chromedp.CSS("[data-window]")))
	s.seesIn(second, "Pretend bank")
	s.sees("allow pop-ups")
	s.doIn(second, chromedp.Click(chromedp.ID("complete")))
	s.sees("Active")
}

func TestRefusedCardsSayWhyAndWhatNext(t *testing.T) {
	for _, c := range []struct {
		name, number string
		want         []string
	}{
		{"prepaid", prepaid, []string{"The card was not added", "prepaid, virtual or gift card", "Use a credit or debit card of a bank"}},
		{"no funds", noFunds, []string{"Not accepted", "not enough money or credit", "Nothing is reserved on your card"}},
		{"unknown number", notPublished, []string{"card number"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScreen(t)
			s.enter(s.Customer(), "/methods/new")
			s.typeCard(c.number)
			s.submit()
			s.sees(c.want...)
		})
	}
}

func TestACardOfAnotherAccountIsRefused(t *testing.T) {
	s := newScreen(t)
	s.Bind(s.Customer(), sandbox.Visa)
	s.enter(s.Customer(), "/methods/new")
	s.typeCard(visa)
	s.submit()
	s.sees("The card was not added", "bound to another account", "Remove it there first")
}

func TestTheSameCardAgainIsToldToBeThere(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	s.enter(a, "/methods/new")
	s.typeCard(visa)
	s.submit()
	s.sees("This card is on your account already", "Active")
}

func TestAnotherCardIsMadePreferred(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	s.Bind(a, sandbox.Mastercard)
	s.enter(a, "/methods")
	s.sees("Visa •••• 4242 Preferred")
	s.do(chromedp.Click(chromedp.CSS(".acts form button")))
	s.sees("Mastercard •••• 4444 Preferred")
}

func TestTheWholeWayByKeyboard(t *testing.T) {
	s := newScreen(t)
	s.enter(s.Customer(in("DE", "EUR")), "/methods")
	s.sees("No payment method yet")
	s.tabTo(".heading .button")
	s.do(chromedp.KeyEvent("\r"))
	s.sees("Card number")
	s.settles()
	s.tabTo("#number iframe")
	for _, field := range []struct{ id, text string }{{"number", optional}, {"expiry", "1234"}, {"cvc", "123"}} {
		s.hasFocus(field.id)
		s.do(chromedp.KeyEvent(field.text), chromedp.KeyEvent("\t"))
	}
	if err := waitFor(s.ctx, `document.activeElement.id === "holder"`); err != nil {
		t.Fatal(err)
	}
	s.do(chromedp.KeyEvent("Ada Example"))
	s.tabTo("#consent")
	s.do(chromedp.KeyEvent(" "))
	s.tabTo("form[data-card] button")
	s.do(chromedp.KeyEvent("\r"))
	s.sees("Waiting for you")
	s.tabTo("[data-window]")
	second := s.secondWindow(chromedp.KeyEvent("\r"))
	s.seesIn(second, "Pretend bank")
	s.doIn(second, chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	s.sees("Active")
	if err := waitFor(s.ctx, `document.activeElement.matches("[data-status]")`); err != nil {
		t.Errorf("the focus is not where the news is: %v", err)
	}
}
