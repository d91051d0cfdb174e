package staff_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/console"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
)

// story is a customer, the people of the staff and the pretend bank, each in front of a
// browser with its own sessions.
type story struct {
	*screen
	world, pages string
}

func newStory(t *testing.T) *story {
	s := &story{screen: newScreen(t)}
	world := httptest.NewServer(s.Sandbox)
	t.Cleanup(world.Close)
	s.world = strings.Replace(world.URL, "127.0.0.1", "localhost", 1)
	s.Sandbox.SetBaseURL(s.world)
	pages := httptest.NewServer(console.New(s.Office, console.Options{Random: rand.NewChaCha8([32]byte{1})}))
	t.Cleanup(pages.Close)
	s.pages = pages.URL
	return s
}

// someone is a person with a browser of their own.
func (s *story) someone() *screen {
	s.T.Helper()
	ctx, end := chromedp.NewContext(browserOf(s.T), chromedp.WithNewBrowserContext())
	s.T.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil { // opens the window
		s.T.Fatal(err)
	}
	p := &screen{desk: s.desk, ctx: ctx, url: s.url}
	p.do(chromedp.EmulateViewport(1280, 900))
	return p
}

// comes has the customer come in to the overview.
func (s *story) comes(p *screen, a account.Account) {
	s.T.Helper()
	link, _, err := s.OpenConsole(s.T.Context(), access.CommandLine, a.ID, office.Entrance{Page: "/"})
	if err != nil {
		s.T.Fatal(err)
	}
	p.do(chromedp.Navigate(s.pages + strings.TrimPrefix(link, s.ConsoleURL)))
	p.sees("Overview")
}

// follow presses the first link whose text begins so.
func (s *screen) follow(text string) {
	s.T.Helper()
	if !s.becomes(fmt.Sprintf(`(() => { const a = [...document.querySelectorAll("a")].find(a => a.checkVisibility() && a.innerText.startsWith(%q)); a?.focus(); return Boolean(a) && a === document.activeElement })()`, text)) {
		s.T.Fatalf("there is no link %q; the page says:\n%s", text, s.text())
	}
	s.do(chromedp.KeyEvent("\r"))
}

// href is where the first link leads whose text begins so.
func (s *screen) href(text string) string {
	s.T.Helper()
	script := fmt.Sprintf(`[...document.querySelectorAll("a")].find(a => a.innerText.startsWith(%q))?.href || ""`, text)
	to, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](script))
	if err != nil || to == "" {
		s.T.Fatalf("there is no link %q, %v; the page says:\n%s", text, err, s.text())
	}
	return to
}

// fetches gets what a link of a page leads to, with the sessions of the browser.
func (s *screen) fetches(text string) []byte {
	s.T.Helper()
	script := fmt.Sprintf(`(() => { const r = new XMLHttpRequest(); r.open("GET", %q, false); r.overrideMimeType("text/plain; charset=x-user-defined"); r.send(); return String(r.status) + " " + r.responseText })()`, s.href(text))
	got, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](script))
	if err != nil || !strings.HasPrefix(got, "200 ") {
		s.T.Fatalf("%q leads to %.40q, %v", text, got, err)
	}
	return []byte(got[4:])
}

// wires sends money at the pretend bank's page, ends its day, and returns the newest
// statement as a file.
func (s *story) wires(bank *screen, to, amount, payer, says string) string {
	s.T.Helper()
	bank.do(chromedp.Navigate(s.world + "/_bank"))
	bank.sees("The merchant's accounts")
	bank.do(
		chromedp.SetValue(chromedp.ID("to"), to), chromedp.SetValue(chromedp.ID("amount"), amount), chromedp.SetValue(chromedp.ID("payer"), payer),
		chromedp.SetValue(chromedp.ID("reference"), says), chromedp.SetValue(chromedp.ID("rail"), "sepa"),
	)
	bank.press("Transfer")
	bank.sees("The money has arrived.")
	bank.press("End the day")
	bank.sees("The day has ended.")
	answer, err := http.Get(bank.href("camt.053"))
	if err != nil {
		s.T.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		s.T.Fatalf("the statement: %s, %v", answer.Status, err)
	}
	name := filepath.Join(s.T.TempDir(), "statement.xml")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		s.T.Fatal(err)
	}
	return name
}

// imports has a member of the staff import a file of the bank.
func (s *story) imports(p *screen, file string) {
	s.T.Helper()
	p.do(chromedp.Navigate(s.url + "/staff/statements"))
	p.sees("Import a file")
	p.do(chromedp.SetUploadFiles(chromedp.ID("file"), []string{file}))
	p.press("Import")
	p.sees("Movements booked")
}

// number is what the customer's page says about the account to transfer to, under a name.
func (s *screen) number(name string) string {
	s.T.Helper()
	script := fmt.Sprintf(`[...document.querySelectorAll("#transfer dl div")].find(d => d.querySelector("dt").innerText === %q)?.querySelector("bdi").innerText || ""`, name)
	got, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](script))
	if err != nil || got == "" {
		s.T.Fatalf("the page says no %q, %v:\n%s", name, err, s.text())
	}
	return strings.ReplaceAll(got, " ", "")
}

// TestAMonthOnCreditFromTheContractToThePaidBill is the whole way of money that comes by
// bank, by what people press: a credit line is proposed by one and approved by another, a
// month is billed, its customer downloads the proof of their account number and pays by
// wire; what comes to the shared account is claimed by one and approved by another; with
// the switch off, the next bill is paid by hand.
func TestAMonthOnCreditFromTheContractToThePaidBill(t *testing.T) {
	s := newStory(t)
	s.OpenBank()
	a := s.Customer(german)
	manager, finance, customer, bank := s.someone(), s.someone(), s.someone(), s.someone()

	manager.comesIn("Mia Moss", "account_manager")
	manager.follow("Credit lines")
	manager.sees("Proposals that wait")
	manager.do(chromedp.SetValue(chromedp.ID("account"), "meridian-de"))
	manager.press("Look")
	manager.sees("There is no credit line.")
	manager.do(chromedp.SetValue(chromedp.ID("limit"), "10000"), chromedp.SetValue(chromedp.ID("reason"), "contract 2026-17"))
	manager.press("Propose")
	manager.sees("Waiting for another person")

	finance.comesIn("Fay Ferrer", "finance")
	finance.follow("Approvals")
	finance.sees("contract 2026-17")
	finance.press("Approve")
	finance.sees("Nothing waits.")

	s.Use(a, "march", "1234.56")
	s.PassTo(time.Date(2026, 4, 6, 9, 0, 0, 0, time.UTC))
	s.comes(customer, a)
	customer.sees("To be paid by 6 May 2026.")
	customer.follow("Credit line and transfers")
	customer.sees("This bank account is yours alone")
	own := customer.number("Account number")
	if proof := customer.fetches("Proof of this account"); !bytes.HasPrefix(proof, []byte("%PDF-")) || len(proof) < 5_000 {
		t.Errorf("the proof is %d bytes and begins %q", len(proof), proof[:min(len(proof), 8)])
	}

	finance.comesIn("Fay Ferrer", "finance")
	s.imports(finance, s.wires(bank, own, "1234.56", "Meridian Robotics", "our bill"))
	s.comes(customer, a)
	customer.sees("Nothing is open.")
	customer.follow("Bills")
	customer.follow("Mar 2026")
	customer.sees("Bill for Mar 2026")
	customer.sees("Paid")

	// Money that names nobody, on the account that all share.
	s.imports(finance, s.wires(bank, officetest.BankNumber, "500.00", "Meridian", "thank you"))
	manager.comesIn("Mia Moss", "account_manager")
	manager.follow("Receipts")
	manager.sees("500.00\u00a0EUR")
	manager.follow("rem_")
	manager.sees("What the bank said")
	manager.do(chromedp.SetValue(chromedp.ID("account"), "meridian-de"), chromedp.SetValue(chromedp.ID("note"), "They sent the slip of their bank."))
	manager.press("Claim")
	manager.sees("Waiting for another person")
	customer.follow("Funds")
	customer.sees("Found, being confirmed")
	finance.follow("Approvals")
	finance.sees("They sent the slip of their bank.")
	finance.press("Approve")
	finance.sees("Nothing waits.")
	customer.do(chromedp.Reload())
	customer.sees("500.00\u00a0EUR")

	// With the switch off nothing is spent by itself, and the bill is paid by hand.
	customer.press("Turn off")
	customer.sees("until you pay a bill with it")
	s.Use(a, "april", "300.00")
	s.PassTo(time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC))
	s.comes(customer, a)
	customer.follow("Bills")
	customer.follow("Apr 2026")
	customer.sees("Pay this bill")
	customer.press("Pay now")
	customer.sees("Thank you, the payment was booked.")
	customer.follow("Overview")
	customer.sees("Nothing is open.")
	if got := s.balance(a); got != "200.00" {
		t.Errorf("the balance is %s, want what is left of the 500.00", got)
	}
	s.Prove()
}
