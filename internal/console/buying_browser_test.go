package console_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// pressed are where what is under way begins and goes on.
const (
	payButton   = `form[data-once] button.primary`
	goOnLink    = `.panel a.button.primary`
	goOnWithNew = `.attention a.button`
)

func (s *screen) press(selector string) {
	s.T.Helper()
	s.do(chromedp.Click(chromedp.CSS(selector)))
}

// checksOut has a customer come to an order that is to be paid.
func (s *screen) checksOut(a account.Account, price int64) order.Order {
	s.T.Helper()
	o := s.place(a, price)
	s.enter(a, page(o))
	s.sees("Pay your order", "Database, small", "To be paid until")
	return o
}

func TestAnOrderIsBoughtWithAFrictionlessCard(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	s.enter(a, "/orders")
	s.sees("No orders")
	o := s.place(a, 12_34)
	s.do(chromedp.Reload())
	s.sees("To be paid", "12.34 USD")
	s.press(".go .button")
	s.sees("Pay your order", "Visa •••• 4242 Preferred", "Charged at once", "We add no fee")
	s.press(payButton)
	s.sees("Thank you. Your order of 12.34 USD is paid.", "Visa •••• 4242")
	s.do(chromedp.Navigate(s.ConsoleURL + record(o)))
	s.sees("Database, small", "What it gave", "Renews itself")
	s.Prove()
}

// A customer who has no card yet adds one on the way, and comes back.
func TestACardIsAddedOnTheWay(t *testing.T) {
	s := newScreen(t)
	s.checksOut(s.Customer(), 12_34)
	s.sees("There is no payment method that can be charged yet")
	s.press(`form.card a.primary`)
	s.typeCard(visa)
	s.submit()
	s.sees("Active", "Your order waits to be paid: Database, small, 12.34 USD.")
	s.press(goOnWithNew)
	s.sees("Pay your order", "Visa •••• 4242")
	s.press(payButton)
	s.sees("Thank you. Your order of 12.34 USD is paid.")
	s.Prove()
}

func TestAPurchaseIsConfirmedInASecondWindow(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	s.challenged(a)
	s.checksOut(a, 12_34)
	s.press(payButton)
	s.sees("Waiting for you", "Until you have confirmed, nothing is charged", "goes on by itself")
	second := s.secondWindow(chromedp.Click(chromedp.CSS("[data-window]")))
	s.seesIn(second, "Pretend bank", "12.34 USD")
	s.doIn(second, chromedp.Click(chromedp.ID("complete")))
	s.sees("Thank you. Your order of 12.34 USD is paid.")
	s.isClosed(second)
	s.Prove()
}

func TestAFailedConfirmationSaysWhyAndIsTriedAgain(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	s.challenged(a)
	o := s.checksOut(a, 12_34)
	s.press(payButton)
	s.sees("Waiting for you")
	second := s.secondWindow(chromedp.Click(chromedp.CSS("[data-window]")))
	s.seesIn(second, "Pretend bank")
	s.doIn(second, chromedp.Click(chromedp.ID("fail")))
	s.sees("The payment did not go through", "3-D Secure was not finished", "Nothing was charged", "Pay again")
	s.press(payButton)
	s.sees("Waiting for you")
	s.press(`.panel .quiet a`) // in this window
	s.sees("Pretend bank")
	s.do(chromedp.Click(chromedp.ID("complete")))
	s.sees("Thank you. Your order of 12.34 USD is paid.")
	s.do(chromedp.Navigate(s.ConsoleURL + page(o) + "/return")) // once more, as after going back
	s.sees("Thank you. Your order of 12.34 USD is paid.")
	s.Prove()
}

var challengeLink = regexp.MustCompile(`/challenge/[\w-]+`)

// mailed is the letter of a message, as it lies in the outbox.
func (s *screen) mailed(message string) string {
	s.T.Helper()
	l, err := s.Letter(context.Background(), access.CommandLine, message)
	if err != nil {
		s.T.Fatal(err)
	}
	return l.Text
}

// The payer closes the bank's window and the page, gets a mail, and completes the
// payment from it; the order is paid once (R-3DS-04, R-3DS-05).
func TestAClosedConfirmationIsCompletedFromTheMail(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	s.challenged(a)
	o := s.checksOut(a, 12_34)
	s.press(payButton)
	s.sees("Waiting for you")
	second := s.secondWindow(chromedp.Click(chromedp.CSS("[data-window]")))
	s.seesIn(second, "Pretend bank")
	if err := chromedp.Cancel(second); err != nil {
		t.Fatal(err)
	}
	s.do(chromedp.Reload())
	s.sees("Waiting for you", "we send you a mail with a link")
	s.do(chromedp.Navigate("about:blank"))
	s.Pass(6 * time.Minute)
	link := challengeLink.FindString(s.mailed(s.told(a, "challenge_waiting").ID))
	s.do(chromedp.Navigate(s.ConsoleURL + link))
	s.sees("Please confirm a payment")
	s.press("main button")
	s.sees("Pretend bank")
	s.do(chromedp.Click(chromedp.ID("complete")))
	s.sees("Thank you. Your order of 12.34 USD is paid.") // the way back goes on to the order
	if got := s.orderNow(o.ID); got.Order.State != order.Paid || len(got.Payments) != 1 {
		t.Errorf("the order is %s after %d payments, want paid by one", got.Order.State, len(got.Payments))
	}
	s.Prove()
}

// files writes pictures for a form.
func (s *screen) files(shade uint8, kinds ...identity.Kind) map[identity.Kind]string {
	s.T.Helper()
	names := map[identity.Kind]string{}
	for i, k := range kinds {
		names[k] = filepath.Join(s.T.TempDir(), string(k)+".png")
		if err := os.WriteFile(names[k], photo(s.T, shade+uint8(10*i)), 0o600); err != nil {
			s.T.Fatal(err)
		}
	}
	return names
}

// brings chooses files on the page of an identity check, sends them and hands them
// in.
func (s *screen) brings(files map[identity.Kind]string) {
	s.T.Helper()
	for k, name := range files {
		s.do(chromedp.SetUploadFiles(chromedp.CSS(`input[name="`+string(k)+`"]`), []string{name}))
	}
	s.press("#send button")
	s.sees("Everything is there")
	s.press(".panel.good button")
	s.sees("Being checked", "We answer until")
}

// Risk stops a purchase; its customer sends documents, is told that one is blurred,
// sends it again, is approved, and pays the same order by one press (R-KYC).
func TestStoppedByRiskAndPaidAfterAnIdentityCheck(t *testing.T) {
	s := newScreen(t)
	s.stop()
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	o := s.checksOut(a, 20_00)
	s.press(payButton)
	s.sees("First, please show who you are", "Nothing was charged", "We wait for your documents.")
	s.press(goOnLink)
	s.sees("Waiting for your documents", "Proof of identity", "Cover the other digits", "Latest statement", "They are kept encrypted")
	s.brings(s.files(0, identity.Kinds...))
	id := identity.CaseID(s.orderNow(o.ID).Order.Case)
	s.rejects(id, identity.MethodImage)
	s.do(chromedp.Reload())
	s.sees("Not accepted", "A document was blurred.", "in good light", "Please send this one again.")
	s.brings(s.files(100, identity.MethodImage))
	s.approves(id)
	s.do(chromedp.Reload())
	s.sees("Accepted", "We charge nothing by ourselves")
	if got := s.orderNow(o.ID); len(got.Payments) != 0 {
		t.Errorf("%d payments were made before the customer came, want none", len(got.Payments))
	}
	s.press(payButton)
	s.sees("Thank you. Your order of 20.00 USD is paid.")
	s.Prove()
}

// tab is another window of the same customer's.
func (s *screen) tab(page string) context.Context {
	s.T.Helper()
	ctx, end := chromedp.NewContext(s.ctx)
	s.T.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		s.T.Fatal(err)
	}
	s.listen(ctx)
	s.doIn(ctx, chromedp.Navigate(s.ConsoleURL+page))
	return ctx
}

// Both tabs are pressed while the answer to the first is lost: each is told what is
// known, nothing is tried twice, and both pages go on by themselves to the one
// payment.
func TestTwoTabsAndAnUnknownOutcome(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	o := s.checksOut(a, 12_34)
	other := s.tab(page(o))
	s.seesIn(other, "Pay your order")
	for _, op := range []string{"confirm", "retrieve", "list"} {
		s.Sandbox.Fault(sandbox.Fault{Op: op, Kind: "lost_after", Times: 1000})
	}
	s.press(payButton)
	s.sees("We don't know yet", "lost on the way", "nothing else is tried", "goes on by itself")
	s.suits("en")
	s.doIn(other, chromedp.Click(chromedp.CSS(payButton)))
	s.seesIn(other, "under way already", "Nothing is charged a second time")
	hasButton, err := chromedp.Run(other, chromedp.Evaluate[bool](`!!document.querySelector("form[data-once]")`))
	if err != nil || hasButton {
		t.Errorf("the page lets pay again while nobody knows (%v)", err)
	}
	s.Sandbox.ClearFaults()
	s.sees("Thank you. Your order of 12.34 USD is paid.")
	s.seesIn(other, "Thank you. Your order of 12.34 USD is paid.")
	if got := s.orderNow(o.ID); len(got.Payments) != 1 {
		t.Errorf("%d payments were made, want one", len(got.Payments))
	}
	s.Prove()
}

func (s *screen) withoutScript() {
	s.T.Helper()
	s.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// The whole way by keyboard alone, and without script.
func TestBuyingWithoutScript(t *testing.T) {
	s := newScreen(t)
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	s.Bind(a, sandbox.Mastercard)
	o := s.place(a, 12_34)
	s.withoutScript()
	s.enter(a, page(o))
	s.sees("Pay your order")
	s.tabTo(".pick input")
	s.do(chromedp.KeyEvent(kb.ArrowDown)) // to the second card
	s.tabTo(payButton)
	s.do(chromedp.KeyEvent("\r"))
	s.sees("Thank you. Your order of 12.34 USD is paid.", "Mastercard •••• 4444")
}

// TestPagesOfBuyingOnEveryScreen walks the pages of buying as TestPagesOnEveryScreen
// walks the others.
func TestPagesOfBuyingOnEveryScreen(t *testing.T) {
	for _, stage := range stages {
		t.Run(stage.name, func(t *testing.T) {
			s := newScreen(t)
			a, page := stage.come(s.desk)
			s.enter(a, page)
			for _, language := range account.Languages {
				s.do(chromedp.Navigate(s.ConsoleURL + page + "?lang=" + language))
				s.settles()
				s.suits(language)
				if language == "en" || language == "zh-Hant" {
					s.pictures(stage.name + "-" + language)
				}
			}
		})
	}
}
