package console_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// agreesAtPayPal goes from the list of methods to PayPal, logs in there as a payer
// and agrees.
func (s *screen) agreesAtPayPal(payer string) {
	s.T.Helper()
	s.do(chromedp.Click(chromedp.CSS(`.adds a[href="/methods/paypal"]`)))
	s.sees("Add PayPal", "1.00 USD", "8.00 USD", "paypal-1")
	s.do(chromedp.Click(chromedp.ID("consent")), chromedp.Click(chromedp.CSS("form.card button")))
	s.sees("Pretend PayPal", "Log in as one of the pretend payers")
	s.do(chromedp.Click(chromedp.CSS(`button[name="as"][value="` + payer + `"]`)))
	s.sees("You are logged in as")
	s.do(chromedp.Click(chromedp.ID("agree")))
}

// A payer from the US binds PayPal and sees the hold come and go, makes it
// preferred, sees what is held for usage, deletes the card, cancels the agreement in
// their account at PayPal, and reads here what that means (S-07, S-11 to S-13).
func TestPayPalFromAgreementToItsEnd(t *testing.T) {
	s := newScreen(t)
	s.Listen()
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	s.enter(a, "/methods")
	s.Sandbox.Fault(sandbox.Fault{Op: "paypal_authorization_void", Kind: "503", Times: 100})
	s.agreesAtPayPal(sandbox.PayerUS)
	s.sees("PayPal us@payers.example.com", "Active", "Verification hold of 1.00 USD", "Held", "go on asking until it is proven")
	s.Sandbox.ClearFaults()
	s.Pass(time.Minute) // the hold's watch releases it; the page is not touched
	s.sees("The hold is over. Nothing was taken.")

	s.do(chromedp.Navigate(s.ConsoleURL + "/methods"))
	s.sees("Visa •••• 4242 Preferred")
	s.do(chromedp.Click(chromedp.CSS(".acts form button")))
	s.sees("PayPal us@payers.example.com Preferred")
	s.Use(a, "1", "3.00")
	s.do(chromedp.Reload())
	s.sees("Usage hold of 10.00 USD", "It is the preferred one.", "Make another payment method preferred first.")
	s.do(chromedp.Navigate(s.ConsoleURL + "/"))
	s.sees("3.00 USD / 8.00 USD", "10.00 USD is held on it for usage")

	s.do(chromedp.Navigate(s.ConsoleURL+"/methods"), chromedp.Click(chromedp.CSS(`.acts a[href$="/remove"]`)))
	s.sees("Remove Visa •••• 4242?", "can be bound to another account at once")
	s.do(chromedp.Click(chromedp.CSS("main form button")))
	s.sees("The payment method was removed.", "PayPal us@payers.example.com", "There is usage that has not been charged yet.")

	s.do(chromedp.Navigate(s.world+"/_paypal/wallet?as=us"), chromedp.Click(chromedp.CSS(`button[name="cancel"]`)))
	s.sees("The agreement is cancelled.")
	s.Hear()
	s.Pass(time.Minute)
	s.do(chromedp.Navigate(s.ConsoleURL + "/"))
	s.sees("The agreement for PayPal us@payers.example.com was cancelled, so it can't be charged any more.")
	s.do(chromedp.Click(chromedp.CSS(".attention .button")))
	s.sees("Invalid", "cancelled at PayPal", "add PayPal again and accept the agreement")
	s.Prove()
}

func TestWhoTurnsAwayAtPayPalIsToldSo(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	s.enter(a, "/methods/paypal")
	s.sees("Add PayPal")
	s.do(chromedp.Click(chromedp.ID("consent")), chromedp.Click(chromedp.CSS("form.card button")))
	s.sees("Pretend PayPal")
	s.do(chromedp.Click(chromedp.CSS(`button[value="cancel"]`)))
	s.sees("Not added", "The agreement was not approved at PayPal.", "Try again")
	s.do(chromedp.Reload())
	s.sees("Not added")
	s.do(chromedp.Click(chromedp.CSS(".panel .primary")))
	s.sees("Add PayPal")
	s.do(chromedp.Click(chromedp.ID("consent")), chromedp.Click(chromedp.CSS("form.card button")))
	s.sees("Pretend PayPal")
	s.do(chromedp.Click(chromedp.CSS(`button[name="as"][value="gb"]`)), chromedp.Click(chromedp.ID("agree")))
	s.sees("gb@payers.example.com", "Active", "Preferred", "Released")
	s.Prove()
}

func TestAnAgreementThatTakesTimeLeadsOnByItself(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	s.enter(a, "/methods/paypal")
	s.Sandbox.Fault(sandbox.Fault{Op: "paypal_setup_create", Kind: "503", Times: 1})
	s.do(chromedp.Click(chromedp.ID("consent")), chromedp.Click(chromedp.CSS("form.card button")))
	s.sees("Asking PayPal")
	s.Pass(time.Minute)
	s.sees("Waiting for you at PayPal", "Go to PayPal")

	// The payer goes there, and closes the window after agreeing: another page that
	// waits goes on.
	list, err := s.Sandbox.Approval(s.AtProvider(s.agreement(a)))
	if err != nil || !list.Open {
		t.Fatalf("PayPal asks %+v: %v", list, err)
	}
	s.Agree(s.agreement(a), sandbox.PayerUS)
	s.sees("PayPal us@payers.example.com", "Active", "Released")
	if err := waitFor(s.ctx, `document.activeElement.matches("[data-status]")`); err != nil {
		t.Errorf("the focus is not where the news is: %v", err)
	}
	s.Prove()
}

func TestPayPalWithoutScript(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	s.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	s.enter(a, "/methods")
	s.Sandbox.Fault(sandbox.Fault{Op: "paypal_authorization_void", Kind: "503", Times: 100})
	s.agreesAtPayPal(sandbox.PayerUS)
	s.sees("Active", "go on asking until it is proven")
	s.Sandbox.ClearFaults()
	s.Pass(time.Minute)
	s.sees("The hold is over.") // the page comes again by itself
	s.do(chromedp.Click(chromedp.CSS("header summary")), chromedp.Click(chromedp.CSS("header .plain")))
	s.sees("You are signed out")
	s.Prove()
}

func TestPayPalByKeyboard(t *testing.T) {
	s := newScreen(t)
	s.enter(s.Customer(), "/methods")
	s.sees("No payment method yet")
	s.tabTo(`.adds a[href="/methods/paypal"]`)
	s.do(chromedp.KeyEvent("\r"))
	s.sees("Go to PayPal and agree")
	s.tabTo("#consent")
	s.do(chromedp.KeyEvent(" "))
	s.tabTo("form.card button")
	s.do(chromedp.KeyEvent("\r"))
	s.sees("Pretend PayPal")
	s.tabTo(`button[value="us"]`)
	s.do(chromedp.KeyEvent("\r"))
	s.sees("You are logged in as")
	s.tabTo("#agree")
	s.do(chromedp.KeyEvent("\r"))
	s.sees("Active", "Released")
	s.tabTo(`a[href$="/remove"]`)
	s.do(chromedp.KeyEvent("\r"))
	s.sees("It is the only payment method that can be charged.")
	s.tabTo("main form button")
	s.do(chromedp.KeyEvent("\r"))
	s.sees("The payment method was removed.", "No payment method yet")
}
