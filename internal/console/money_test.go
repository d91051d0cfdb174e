package console_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// spends is an account with three months behind it. decline is why its last charge
// was refused; "" it was not.
func spends(d *desk, decline string) account.Account {
	d.T.Helper()
	a := d.Customer()
	card := d.Bind(a, sandbox.Visa)
	for _, amount := range []string{"1212.404", "418.0066386184", "2500.10"} {
		d.Use(a, amount, amount)
		d.Pass(31 * 24 * time.Hour)
	}
	if decline != "" {
		if err := d.Sandbox.OrderCard(sandbox.CardOrder{PaymentMethod: card.Method.Card.Token, Then: "decline:" + decline, Times: 5}); err != nil {
			d.T.Fatal(err)
		}
		d.Use(a, "refused", "1300.75")
		d.Pass(time.Minute)
	}
	d.Use(a, "last", "88.125")
	return a
}

// onCredit is a company with a credit line, a number of its own to transfer to and a
// bill to pay.
func onCredit(d *desk) account.Account {
	d.T.Helper()
	ctx := context.Background()
	d.OpenBank()
	a := d.Customer(in("DE", "EUR"))
	limit := money.Amount{Minor: 10_000_00, Currency: "EUR"}
	line, err := d.ProposeCreditLine(ctx, access.Caller{Name: "test:manager", Trusted: true}, a.ID, office.CreditProposal{Kind: account.OpenCredit, Limit: limit, Reason: "a contract"})
	if err == nil {
		_, err = d.ApproveCreditLine(ctx, access.Caller{Name: "test:finance", Trusted: true}, line.ID, "")
	}
	if err != nil {
		d.T.Fatal(err)
	}
	d.Use(a, "1", "2310.40")
	d.Pass(40 * 24 * time.Hour)
	d.Use(a, "2", "640.20")
	return a
}

// transfers has money of a customer reach our bank, and its statement come here.
func transfers(d *desk, a account.Account, amount string) {
	d.T.Helper()
	to, err := d.ReceivingDetails(context.Background(), access.CommandLine, a.ID)
	if err != nil {
		d.T.Fatal(err)
	}
	d.Transfer(sandbox.Transfer{To: to.Number, Amount: amount, Payer: sandbox.BankParty{Name: a.Name}, Reference: "our bills"})
	d.Import(d.EndDay()...)
}

func billOf(d *desk, a account.Account) string {
	d.T.Helper()
	list, _, err := d.Bills(context.Background(), access.CommandLine, a.ID, office.Page{Limit: 1})
	if err != nil || len(list) == 0 {
		d.T.Fatalf("there are the bills %v (%v), want one", list, err)
	}
	return string(list[0].ID)
}

func newestPayment(d *desk, a account.Account) string {
	d.T.Helper()
	list, _, err := d.Payments(context.Background(), access.CommandLine, a.ID, office.Page{Limit: 1})
	if err != nil || len(list) == 0 {
		d.T.Fatalf("there are the payments %v (%v), want one", list, err)
	}
	return string(list[0].ID)
}

func giveBack(d *desk, id, amount string) {
	d.T.Helper()
	sum, err := money.ParseAmount(amount, "USD")
	_, sad := d.RefundPayment(context.Background(), access.CommandLine, payment.ID(id), office.Refunding{Amount: sum, Reason: "goodwill"})
	if err := errors.Join(err, sad); err != nil {
		d.T.Fatal(err)
	}
}

// moneyGoldens are the pages about money whose whole text is kept.
var moneyGoldens = []struct {
	name string
	come func(d *desk) (account.Account, string)
}{
	{"overview-months", func(d *desk) (account.Account, string) { return spends(d, ""), "/" }},
	{"overview-unpaid-zh-Hant", func(d *desk) (account.Account, string) { return spends(d, "insufficient_funds"), "/?lang=zh-Hant" }},
	{"bills", func(d *desk) (account.Account, string) { return spends(d, ""), "/bills" }},
	{"bills-none", func(d *desk) (account.Account, string) { return d.Customer(), "/bills" }},
	{"bill", func(d *desk) (account.Account, string) {
		a := spends(d, "")
		return a, "/bills/" + billOf(d, a)
	}},
	{"payments", func(d *desk) (account.Account, string) { return spends(d, "insufficient_funds"), "/payments" }},
	{"payments-none", func(d *desk) (account.Account, string) { return d.Customer(), "/payments" }},
	{"payment-declined-ja", func(d *desk) (account.Account, string) {
		a := spends(d, "insufficient_funds")
		return a, "/payments/" + newestPayment(d, a) + "?lang=ja"
	}},
	{"usage", func(d *desk) (account.Account, string) {
		a := spends(d, "")
		d.run(a, 3)
		return a, "/usage"
	}},
	{"funds", func(d *desk) (account.Account, string) { return spends(d, ""), "/funds" }},
	{"funds-credit-zh-Hant", func(d *desk) (account.Account, string) { return onCredit(d), "/funds?lang=zh-Hant" }},
	{"funds-paid", func(d *desk) (account.Account, string) {
		a := onCredit(d)
		transfers(d, a, "1500.00")
		return a, "/funds"
	}},
	{"overview-credit", func(d *desk) (account.Account, string) { return onCredit(d), "/" }},
	{"account", func(d *desk) (account.Account, string) { return d.Customer(), "/account" }},
}

func TestMoneyPages(t *testing.T) {
	for _, g := range moneyGoldens {
		t.Run(g.name, func(t *testing.T) {
			d := newDesk(t)
			a, page := g.come(d)
			d.enter(a)
			w := d.get(page)
			if w.Code != 200 {
				t.Fatalf("answered %d:\n%s", w.Code, w.Body)
			}
			if strings.Contains(w.Body.String(), "ZgotmplZ") {
				t.Error("the page has a value that its place does not allow")
			}
			compare(t, "money-"+g.name, plain(w.Body.String()))
		})
	}
}

// What others have answers like what nobody has, on every page about money.
func TestMoneyOfOthersIsLikeMoneyOfNobody(t *testing.T) {
	d := newDesk(t)
	theirs := spends(d, "insufficient_funds")
	debts, _, err := d.Debts(t.Context(), access.CommandLine, theirs.ID, office.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{"bill": billOf(d, theirs), "pay": newestPayment(d, theirs), "debt": string(debts[0].ID)}
	d.enter(d.Customer())
	for _, c := range []struct{ method, kind, path string }{
		{"GET", "bill", "/bills/ID"}, {"GET", "bill", "/bills/ID/return"}, {"POST", "bill", "/bills/ID/pay"}, {"GET", "bill", "/bills/ID/bill.pdf"},
		{"GET", "debt", "/debts/ID"}, {"POST", "debt", "/debts/ID/pay"},
		{"GET", "pay", "/payments/ID"}, {"GET", "pay", "/payments/ID/state"}, {"POST", "pay", "/payments/ID/confirm"}, {"GET", "pay", "/payments/ID/receipt.pdf"},
	} {
		ask := func(id string) (int, string) {
			path := strings.Replace(c.path, "ID", id, 1)
			w := d.get(path)
			if c.method == "POST" {
				w = d.post(path, url.Values{"amount": {"1.00"}, "method": {"balance"}})
			}
			return w.Code, strings.ReplaceAll(nonces.ReplaceAllString(w.Body.String(), ""), id, "ID")
		}
		status, body := ask(ids[c.kind])
		missing, empty := ask(c.kind + "_00000000000000000000000000")
		if status != 404 || missing != 404 || body != empty {
			t.Errorf("%s %s answers %d for another's, %d for nobody's, alike: %t; want 404 for both, alike", c.method, c.path, status, missing, body == empty)
		}
	}
}

func TestAListGoesOnWhereItsPageEnds(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	for n := range 27 {
		d.Use(a, strconv.Itoa(n), "1000.00")
	}
	d.enter(a)
	first := d.get("/payments").Body.String()
	more := regexp.MustCompile(`href="(/payments\?after=[^"]+)" rel="next"`).FindStringSubmatch(first)
	if got := strings.Count(first, `<a href="/payments/pay_`); got != 25 || more == nil {
		t.Fatalf("the first page has %d payments and leads on to %v, want 25 and a next page", got, more)
	}
	second := d.get(more[1]).Body.String()
	if got := strings.Count(second, `<a href="/payments/pay_`); got != 2 || strings.Contains(second, `rel="next"`) {
		t.Errorf("the second page has %d payments, want the last 2", got)
	}
}

func TestABillIsPaidByHand(t *testing.T) {
	d := newDesk(t)
	a := onCredit(d)
	d.Bind(a, sandbox.Visa)
	bill := billOf(d, a)
	d.enter(a)
	for _, c := range []struct {
		name, amount, with string
		status             int
		want               string
	}{
		{"no amount", "", "", 422, `data-code="amount`},
		{"too much", "9999.00", "", 409, `data-code="amount_above_open"`},
		{"nothing on the balance", "1.00", "balance", 409, `data-code="balance_too_low"`},
	} {
		if w := d.post("/bills/"+bill+"/pay", url.Values{"amount": {c.amount}, "method": {c.with}}); w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: answered %d, want %d with %s:\n%s", c.name, w.Code, c.status, c.want, w.Body)
		}
	}
	open := func() string {
		t.Helper()
		b, err := d.Bill(t.Context(), access.CommandLine, billing.BillID(bill))
		if err != nil {
			t.Fatal(err)
		}
		return b.Open.Decimal()
	}
	before := open()
	if w := d.post("/bills/"+bill+"/pay", url.Values{"amount": {"100.00"}}); w.Code != 303 || w.Header().Get("Location") != "/bills/"+bill+"?paid" {
		t.Errorf("paying a part answered %d to %q, want the bill again:\n%s", w.Code, w.Header().Get("Location"), w.Body)
	}
	if open() == before {
		t.Errorf("%s is open after a part was paid, as before", before)
	}
}

func TestTheSwitchOfAutomaticCashApplication(t *testing.T) {
	d := newDesk(t)
	a := onCredit(d)
	d.enter(a)
	for _, page := range []string{"/", "/funds"} { // S-18 wants it on both
		if body := d.get(page).Body.String(); !strings.Contains(body, `action="/funds/automatic"`) {
			t.Errorf("%s has no switch", page)
		}
	}
	if w := d.post("/funds/automatic", url.Values{"on": {"0"}, "back": {"//elsewhere.test"}}); w.Code != 303 || w.Header().Get("Location") != "/" {
		t.Errorf("switching answered %d to %q, want 303 to a page of ours", w.Code, w.Header().Get("Location"))
	}
	transfers(d, a, "5000.00")
	if body := d.get("/funds").Body.String(); !strings.Contains(body, "5,000.00") {
		t.Error("with the switch off, the money is not on the balance")
	}
	d.post("/funds/automatic", url.Values{"on": {"1"}, "back": {"/funds"}})
	b, err := d.Bill(t.Context(), access.CommandLine, billing.BillID(billOf(d, a)))
	if err != nil || !b.IsPaid() {
		t.Errorf("%s of the bill is open (%v) after turning it on, want nothing (R-RECON-05)", b.Open, err)
	}
}

func TestASessionIsEndedFromAnother(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.enter(a)
	other := d.session
	d.Pass(time.Minute)
	d.enter(a)
	own := d.session
	body := d.get("/account").Body.String()
	ends := regexp.MustCompile(`action="(/account/sessions/[0-9a-f]+/end)"`).FindAllStringSubmatch(body, -1)
	if len(ends) != 1 {
		t.Fatalf("the page ends %d sessions, want the other one only:\n%s", len(ends), body)
	}
	if strings.Contains(body, strings.TrimPrefix(other, "bursar=")) {
		t.Error("the page tells the other session's secret")
	}
	if w := d.post(ends[0][1], nil); w.Code != 303 {
		t.Fatalf("ending it answered %d, want 303", w.Code)
	}
	if d.session = other; d.get("/").Code != http.StatusUnauthorized {
		t.Error("who was turned out is still in")
	}
	if d.session = own; d.get("/").Code != http.StatusOK {
		t.Error("who turned the other out is not in any more")
	}
	d.enter(d.Customer())
	if w := d.post(ends[0][1], nil); w.Code != 404 {
		t.Errorf("ending another account's session answered %d, want 404", w.Code)
	}
}

// A bill leads to the orders on it that a credit line paid, and says so where a person
// has taken back what its balance had paid.
func TestABillOnCreditNamesItsOrdersAndWhatWasTakenBack(t *testing.T) {
	d := newDesk(t)
	a := onCredit(d)
	o := d.buy(a, 12_34)
	d.Pass(30 * 24 * time.Hour)
	page := "/bills/" + billOf(d, a)
	d.enter(a)
	body := d.get(page).Body.String()
	if !strings.Contains(body, `<a href="/orders/`+string(o.ID)+`">`) {
		t.Errorf("%s does not lead to the order that was drawn on credit", page)
	}
	taken := "switch paying by itself off and on again"
	if strings.Contains(body, taken) {
		t.Error("the bill says that something was taken back, and nothing was")
	}
	transfers(d, a, "5000.00")
	list, _, err := d.CashApplications(t.Context(), access.CommandLine, a.ID, office.Page{Limit: 10})
	if err != nil || len(list) == 0 {
		t.Fatalf("got %d applications and %v, want some", len(list), err)
	}
	finance := access.Caller{Name: "test:finance", Trusted: true}
	if _, err := d.UndoApplication(t.Context(), finance, list[0].ID, "meant for another bill"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(d.get(page).Body.String(), taken) {
		t.Error("the bill does not say that what had paid it was taken back")
	}

	// What is withdrawn cannot be taken back: the balance is below zero, and says so.
	if _, err := d.ProposeWithdrawal(t.Context(), finance, a.ID, office.Withdrawing{Amount: money.Amount{Minor: 100_00, Currency: "EUR"}, Recipient: "their bank", Reason: "asked"}); err != nil {
		t.Fatal(err)
	}
	claims, _, err := d.Claims(t.Context(), finance, office.ClaimFilter{Account: a.ID}, office.Page{Limit: 10})
	if err != nil || len(claims) != 1 {
		t.Fatalf("got %d claims and %v, want one", len(claims), err)
	}
	if _, err := d.ReverseClaim(t.Context(), finance, claims[0].ID, "it was another's"); err != nil {
		t.Fatal(err)
	}
	if body := d.get("/funds").Body.String(); !strings.Contains(body, "-100.00") && !strings.Contains(body, "−100.00") || !strings.Contains(body, "The balance is below zero") {
		t.Error("the funds page does not say that the balance is below zero")
	}
}
