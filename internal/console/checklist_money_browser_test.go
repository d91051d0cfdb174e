package console_test

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// Two people of the staff: who proposes, and who approves.
var (
	theManager = access.Caller{Name: "test:manager", Trusted: true}
	theFinance = access.Caller{Name: "test:finance", Trusted: true}
)

// lends opens a credit line for an account.
func (s *screen) lends(a account.Account, minor int64) {
	s.T.Helper()
	ctx := context.Background()
	l, err := s.ProposeCreditLine(ctx, theManager, a.ID, office.CreditProposal{Kind: account.OpenCredit, Limit: money.Amount{Minor: minor, Currency: a.Currency}, Reason: "a contract"})
	if err == nil {
		_, err = s.ApproveCreditLine(ctx, theFinance, l.ID, "")
	}
	if err != nil {
		s.T.Fatal(err)
	}
}

func (s *screen) buysOnCredit() {
	s.OpenBank()
	a := s.Customer(in("DE", "EUR"))
	s.lends(a, 10_000_00)
	s.Use(a, "1", "2310.40")
	s.comes(a)
	s.sees("7,689.60 EUR / 10,000.00 EUR", s.en("next.issue"), "6 Apr 2026", s.en("next.bill"))
	s.place(a, 100_00)
	s.do(chromedp.Reload())
	s.goes(s.en("attention.order.go"), s.en("checkout"))
	s.sees(s.en("checkout.credit", "amount", "7,689.60 EUR"))
	s.goes(s.en("checkout.pay", "amount", "100.00 EUR"), "")
	s.sees(s.en("checkout.paid.means", "amount", "100.00 EUR"))
	s.turns("overview")
	s.sees("7,589.60 EUR / 10,000.00 EUR")

	s.PassTo(time.Date(2026, 4, 6, 12, 0, 0, 0, time.UTC))
	s.comes(a)
	s.sees(s.en("next.payment"), "2,410.40 EUR", s.en("next.due", "day", "6 May 2026"))
	s.goes(s.en("next.see"), s.en("bill.of", "month", "Mar 2026"))
	s.sees("2,410.40 EUR", s.en("bill.due", "day", "6 May 2026"), s.en("bill.transfer"))
	s.goes(s.en("transfer"), s.en("menu.funds"))
	s.sees(s.en("credit.due"), "6 May 2026", s.en("transfer.own"))
	transfers(s.desk, a, "2410.40")
	s.turns("overview")
	s.sees(s.en("owed.none"), "10,000.00 EUR / 10,000.00 EUR")
	s.turns("menu.payments")
	s.seesKeys("payments.empty") // nothing was charged to anything
	s.Prove()
}

// takes follows a link of the page to a document, and returns it.
func (s *screen) takes(a account.Account, text string) []byte {
	s.T.Helper()
	const find = `Array.from(document.querySelectorAll("a[download]")).find((e) => e.innerText.startsWith(%q))?.getAttribute("href") || ""`
	href := s.evaluates(find, text)
	if href == "" {
		s.T.Fatalf("there is no document %q; the page says:\n%s", text, s.text())
	}
	s.desk.enter(a)
	w := s.get(href)
	if w.Code != 200 || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF-")) || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		s.T.Fatalf("%s answered %d, %v", href, w.Code, w.Header())
	}
	return w.Body.Bytes()
}

func (s *screen) transfersToTheirOwnNumber() {
	a := onCredit(s.desk)
	other := s.Customer(in("DE", "EUR"), func(n *office.NewAccount) { n.Name = "Other Works" })
	s.lends(other, 1_000_00)
	s.comes(other)
	s.goes(s.en("credit.see"), s.en("menu.funds"))
	theirs := s.part("#transfer dl")
	s.comes(a)
	s.goes(s.en("credit.see"), s.en("menu.funds"))
	s.seesKeys("transfer.own", "transfer.fees")
	s.sees("Example Cloud GmbH", "COBADEFFXXX", "Germany")
	if mine := s.part("#transfer dl"); mine == theirs || !strings.Contains(mine, "DE") {
		s.T.Errorf("two customers are told\n%s\nand\n%s", mine, theirs)
	}
	s.goes(s.en("transfer.copy"), "")
	s.seesKeys("transfer.copied")
	s.takes(a, s.en("transfer.proof"))
	transfers(s.desk, a, "2310.40")
	s.do(chromedp.Reload())
	s.seesKeys("receipts", "receipt.credited", "uses")
	s.turns("menu.bills")
	s.goes("Mar 2026", s.en("bill.of", "month", "Mar 2026"))
	s.seesKeys("bill.paid", "bill.none")
	s.Prove()
}

// opensShared opens a bank account that customers share.
func (s *screen) opensShared() {
	s.T.Helper()
	r := s.AddReceiving(bank.ReceivingAccount{
		Seller: "main", Country: "DE", Currency: "EUR", Bank: "Pretend Bank", BIC: "COBADEFFXXX", Holder: "Example Cloud GmbH", Scheme: bank.SchemeIBAN,
		Number: officetest.BankNumber, Rails: []bank.Rail{bank.RailSwift, bank.RailSEPA}, Shared: true,
	})
	if _, err := s.Sandbox.OpenBankAccount(sandbox.BankAccount{Number: r.Number, Bank: r.Bank, BIC: r.BIC, Holder: r.Holder, Currency: string(r.Currency)}); err != nil {
		s.T.Fatal(err)
	}
}

func (s *screen) followsAClaim() {
	ctx := context.Background()
	s.opensShared()
	a := s.Customer(in("DE", "EUR"))
	s.lends(a, 1_000_00)
	s.comes(a)
	s.turns("menu.funds")
	s.seesKeys("transfer.shared", "transfer.reference")
	s.Transfer(sandbox.Transfer{To: officetest.BankNumber, Amount: "450.00", Payer: sandbox.BankParty{Name: "Somebody"}, Reference: "no reference"})
	s.Import(s.EndDay()...)
	list, _, err := s.Remittances(ctx, theManager, office.RemittanceFilter{}, office.Page{Limit: 2})
	if err != nil || len(list) != 1 {
		s.T.Fatalf("there are the receipts %v, %v; want one", list, err)
	}
	s.do(chromedp.Reload())
	s.seesNot("450.00 EUR") // nobody knows yet whose it is
	c, err := s.ClaimRemittance(ctx, theManager, list[0].ID, office.Claiming{Account: a.ID, Note: "they sent the bank's slip"})
	if err != nil {
		s.T.Fatal(err)
	}
	s.do(chromedp.Reload())
	s.sees(s.en("receipts"), s.en("receipt.proposed"), "450.00 EUR")
	if got := s.part(".figure .amount"); got != "0.00 EUR" {
		s.T.Errorf("the balance is %s before the approval", got)
	}
	if _, err := s.ApproveClaim(ctx, theFinance, c.ID, ""); err != nil {
		s.T.Fatal(err)
	}
	s.do(chromedp.Reload())
	s.seesKeys("receipt.credited")
	if got := s.part(".figure .amount"); got != "450.00 EUR" {
		s.T.Errorf("the balance is %s after the approval", got)
	}
	s.Prove()
}

func (s *screen) knowsWhenATransferCounts() {
	s.OpenBank()
	a := s.Customer(in("DE", "EUR"))
	s.lends(a, 1_000_00)
	to, err := s.ReceivingDetails(context.Background(), access.CommandLine, a.ID)
	if err != nil {
		s.T.Fatal(err)
	}
	s.Transfer(sandbox.Transfer{To: to.Number, Amount: "450.00", Payer: sandbox.BankParty{Name: a.Name}})
	files := s.EndDay()
	s.Pass(3 * 24 * time.Hour)
	s.Import(files...)
	s.comes(a)
	s.turns("ways")
	s.seesKeys("way.bank_transfer.fast")
	s.turns("menu.funds")
	s.sees(s.en("transfer.time", "least", "2", "most", "4"))
	line := strings.Fields(s.evaluates(`Array.from(document.querySelectorAll("table.list tr")).find((e) => e.innerText.includes(%q))?.innerText || ""`, "450.00"))
	if got, want := strings.Join(line, " "), "10 Mar 2026 "+s.en("receipt.credited")+" 13 Mar 2026 450.00 EUR"; got != want {
		s.T.Errorf("the transfer is told of as %q, want %q", got, want)
	}
	s.Prove()
}

func (s *screen) switchesCashApplication() {
	a := onCredit(s.desk)
	s.Bind(a, sandbox.Visa)
	s.comes(a)
	s.seesKeys("apply", "apply.on.text")
	s.goes(s.en("apply.turn_off"), "")
	s.seesKeys("apply.off.text")
	transfers(s.desk, a, "2500.00")
	s.turns("menu.funds")
	s.sees(s.en("apply.off.text"), "2,500.00 EUR")
	s.goes("Mar 2026", s.en("bill.of", "month", "Mar 2026"))
	s.sees(s.en("bill.pay"), s.en("bill.open"), "2,310.40 EUR")
	s.do(chromedp.SetValue(chromedp.ID("amount"), "1000.00"))
	s.goes(s.en("debt.pay"), s.en("bill.of", "month", "Mar 2026"))
	s.sees(s.en("bill.paid.now"), "1,310.40 EUR", s.en("bill.part_paid"))
	s.turns("menu.funds")
	s.goes(s.en("apply.turn_on"), "")
	s.sees(s.en("apply.on.text"), "189.60 EUR") // the rest was spent at once
	s.turns("menu.payments")
	s.seesKeys("payments.empty") // the card was never charged
	s.Prove()
}

func (s *screen) isToldWhyACardWasNotBound() {
	s.Bind(s.Customer(), sandbox.Visa)
	for number, reason := range map[string]string{prepaid: "card_prepaid", visa: "already_bound"} {
		s.comes(s.Customer())
		s.adds(number, "1234", "123")
		s.seesKeys("bind.refused", "reason."+reason, "reason."+reason+".next")
	}
	s.comes(s.Customer())
	for number, reason := range map[string]string{"4000000000000002": "issuer_block", noFunds: "insufficient_funds"} {
		s.adds(number, "1234", "123")
		s.seesKeys("state.rejected", "reason."+reason, "reason."+reason+".next", "step.refused.text", "method.again", "method.diagnosis", "payment.steps")
		s.goes(s.en("payment.facts"), "")
		if got := s.part("#why details"); !strings.Contains(got, number[12:]) {
			s.T.Errorf("what is known of the card ending in %s:\n%s", number[12:], got)
		}
	}
	s.Sandbox.Fault(sandbox.Fault{Op: "create", Kind: "503", Times: 100})
	s.adds("5555555555554444", "1234", "123")
	s.seesKeys("state.verifying.means", "state.verifying.next", "step.unknown.text") // the network: nobody knows yet
	s.Sandbox.ClearFaults()
	s.Pass(5 * time.Minute)
	s.seesKeys("state.active.means") // it went on by itself
	s.turns("methods")
	s.goes(s.en("methods.rejected"), "") // they can be read again
	s.seesKeys("reason.issuer_block", "reason.insufficient_funds.next")
	s.Prove()
}

func (s *screen) isToldWhyAPaymentFailed() {
	a := spends(s.desk, "insufficient_funds")
	s.comes(a)
	s.sees(s.en("attention.unpaid", "amount", "1,300.75 USD"))
	s.goes(s.en("attention.pay"), s.en("payment.of", "amount", "1,300.75 USD"))
	s.seesKeys("payment.means.declined", "payment.why", "payment.steps")
	s.goes(s.en("payment.facts"), "")
	if got := s.part("#why details"); !strings.Contains(got, "1,300.75 USD") || !strings.Contains(got, "4242") {
		s.T.Errorf("what is known of the payment:\n%s", got)
	}
	second := s.Bind(a, sandbox.Mastercard).Method
	s.do(chromedp.Reload(), chromedp.SetValue(chromedp.ID("method"), string(second.ID)))
	s.goes(s.en("debt.pay"), s.en("payment.of", "amount", "1,300.75 USD"))
	s.seesKeys("payment.means.succeeded", "payment.reason.paid_by_customer", "payment.attempts")
	s.Prove()
}

func (s *screen) showsWhoTheyAre() {
	a, o := s.stopped()
	id := identity.CaseID(o.Case)
	s.comes(a)
	s.goes(s.en("attention.identity.go"), s.en("identity"))
	s.seesKeys("identity.open.means", "identity.kind.registered_identity", "identity.kind.payment_method_image.what", "identity.kind.latest_statement")
	s.brings(s.files(0, identity.Kinds...))
	s.rejects(id, identity.MethodImage)
	s.turns("menu.messages")
	s.goes("Your documents were not accepted", "Your documents were not accepted")
	s.press("main section .primary")
	s.seesKeys("identity.rejected.means", "identity.reason.blurred", "identity.reason.blurred.next", "identity.again")
	s.brings(s.files(100, identity.MethodImage))
	s.approves(id)
	s.do(chromedp.Reload())
	s.seesKeys("identity.approved.means")
	s.goes(s.en("identity.pay", "amount", "20.00 USD", "method", "Visa •••• 4242"), "")
	s.sees(s.en("checkout.paid.means", "amount", "20.00 USD"))
	s.Prove()
}

func (s *screen) confirmsFromAMessage() {
	s.Listen()
	a := s.Customer()
	m := s.Bind(a, sandbox.Visa).Method
	if err := s.Sandbox.OrderCard(sandbox.CardOrder{Fingerprint: s.fingerprint(m.Card.Token), Then: "authenticate", Times: 4}); err != nil {
		s.T.Fatal(err)
	}
	s.Use(a, "1", "1200")
	s.comes(a)
	s.sees(s.en("attention.confirm", "amount", "1,200.00 USD"))
	s.turns("menu.messages")
	s.seesKeys("messages.waits")
	s.goes("Your bank asks you to confirm a payment", "Your bank asks you to confirm a payment")
	s.press("main section .primary")
	s.sees(s.en("pay"), s.en("pay.once"))
	s.goes(s.en("pay.go"), "Pretend bank")
	s.do(chromedp.Click(chromedp.ID("complete")))
	s.stands(s.en("payment.of", "amount", "1,200.00 USD")) // who is signed in goes on to the payment
	s.seesKeys("payment.means.succeeded")
	s.turns("overview")
	s.seesKeys("owed.none")

	// The same by mail, without a session.
	s.goes("Example Works", "")
	s.goes(s.en("leave"), s.en("left"))
	s.Use(a, "2", "1300")
	s.Pass(time.Minute)
	mails, _, err := s.Messages(context.Background(), access.CommandLine, a.ID, office.Page{Limit: 1})
	if err != nil || len(mails) != 1 || mails[0].Kind != "challenge_waiting" {
		s.T.Fatalf("the newest message is %+v, %v; want the link", mails, err)
	}
	s.do(chromedp.Navigate(s.ConsoleURL + challengeLink.FindString(s.mailed(mails[0].ID))))
	s.goes(s.en("pay.go"), "Pretend bank")
	s.do(chromedp.Click(chromedp.ID("complete")))
	s.stands(s.en("pay.done"))
	s.Hear()
	s.Pass(10 * time.Minute)
	s.comes(a)
	s.seesKeys("owed.none")
	s.Prove()
}

func (s *screen) looksUpTheRegistration() {
	s.comes(s.Customer(in("MY", "MYR")))
	s.goes("Example Works", "")
	s.goes(s.en("acct"), s.en("acct"))
	facts := strings.Join(strings.Fields(s.part("dl.facts")), " ")
	for _, want := range []string{
		s.en("registration.country") + " Malaysia", s.en("registration.region") + " " + s.en("region.malaysia"), s.en("registration.at") + " 10 Mar 2026, 12:00 UTC",
	} {
		if !strings.Contains(facts, want) {
			s.T.Errorf("the registration says %q, want %q in it", facts, want)
		}
	}
}

func (s *screen) cannotPayUnverified() {
	a := s.Customer(in("DE", "EUR"))
	s.comes(a)
	s.adds(optional, "1234", "123")
	s.seesKeys("state.challenged.means")
	s.Use(a, "1", "1200.00")
	s.place(a, 12_34)
	s.turns("overview")
	s.sees("1,200.00 EUR", s.en("owed.some"))
	s.turns("menu.payments")
	s.seesKeys("payments.empty")
	s.turns("overview")
	s.goes(s.en("attention.order.go"), s.en("checkout"))
	s.seesKeys("checkout.none")
	s.Prove()
}

func (s *screen) seesTheHoldComeBack() {
	s.Sandbox.Fault(sandbox.Fault{Op: "cancel", Kind: "503", Times: 100})
	s.comes(s.Customer())
	s.adds(visa, "1234", "123")
	s.sees(s.en("hold.of", "amount", "1.00 USD"), s.en("step.releasing.text"), s.en("hold.note", "hours", "24"))
	s.Sandbox.ClearFaults()
	s.Pass(time.Minute)
	s.seesKeys("hold.released", "step.released.text") // by itself
	s.turns("menu.messages")
	s.goes("The hold of 1.00 USD was given back", "The hold of 1.00 USD was given back")
	s.turns("menu.bills")
	s.seesKeys("bills.empty") // it is never on a bill
	s.Prove()
}

func (s *screen) comesFromTheOldConsole() {
	a := onCredit(s.desk)
	s.enter(a, "/methods")
	s.stands(s.en("methods"))
	s.seesKeys("methods.add")
	s.comes(a)
	s.sees(s.en("credit"), "7,049.40 EUR / 10,000.00 EUR")
	s.goes(s.en("apply.turn_off"), "")
	s.seesKeys("apply.off.text")
	s.goes(s.en("apply.turn_on"), "")
	s.seesKeys("apply.on.text")
	s.Prove()
}

func (s *screen) isTold() {
	a := s.Customer(speaks("zh-Hant"))
	s.Bind(a, sandbox.Visa)
	s.Use(a, "1", "1200.00")
	s.Pass(time.Minute)
	m := s.told(a, "threshold_charged")
	title := m.In("zh-Hant").Title
	if letter := plainly(s.mailed(m.ID)); !strings.Contains(letter, "1,200.00 USD") || !strings.Contains(letter, s.ConsoleURL) {
		s.T.Errorf("the mail says\n%s", letter)
	}
	s.enter(a, "/")
	s.stands(s.says("zh-Hant", "overview"))
	s.goes(s.says("zh-Hant", "menu.messages"), s.says("zh-Hant", "messages"))
	s.goes(title, title)
	s.press("main section .primary")
	s.stands(s.says("zh-Hant", "payment.of", "amount", "1,200.00 USD"))
	s.goes("日本語", "")
	s.sees(s.says("ja", "payment.means.succeeded"))
	s.Prove()
}
