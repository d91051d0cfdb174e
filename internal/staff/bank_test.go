package staff_test

import (
	"bytes"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// upload sends a file of statements as the page's form does.
func (d *desk) upload(name string, content []byte) *httptest.ResponseRecorder {
	d.T.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		d.T.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		d.T.Fatal(err)
	}
	if err := form.Close(); err != nil {
		d.T.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/staff/statements", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return d.ask(r)
}

// german is a customer in euros.
func german(n *office.NewAccount) {
	n.Country, n.Currency, n.Name, n.Reference = "DE", "EUR", "Meridian Robotics GmbH", "meridian-de"
}

// received is money that came to the shared account and names nobody's number, and
// the file of the bank's statement that tells of it.
func (d *desk) received(amount, payer, says string) sandbox.BankFile {
	d.T.Helper()
	d.Transfer(sandbox.Transfer{To: officetest.BankNumber, Amount: amount, Payer: sandbox.BankParty{Name: payer, Account: "GB33BUKB20201555555555"}, Reference: says})
	files := d.EndDay()
	if len(files) != 1 {
		d.T.Fatalf("the bank issued %d statements, want one", len(files))
	}
	return files[0]
}

// only returns the one receipt that there is.
func (d *desk) onlyReceipt() bank.Remittance {
	d.T.Helper()
	list, _, err := d.Remittances(d.T.Context(), access.CommandLine, office.RemittanceFilter{}, office.Page{Limit: 10})
	if err != nil || len(list) != 1 {
		d.T.Fatalf("receipts: got %+v, %v, want one", list, err)
	}
	return list[0]
}

func (d *desk) balance(a account.Account) string {
	d.T.Helper()
	w, err := d.WaysToPay(d.T.Context(), access.CommandLine, a.ID)
	if err != nil {
		d.T.Fatal(err)
	}
	return w.Balance.Decimal()
}

// TestAReceiptIsClaimedByOneAndCreditedByAnother is the way of a transfer to the shared
// account: imported, claimed by its account manager, approved by finance, reversed.
func TestAReceiptIsClaimedByOneAndCreditedByAnother(t *testing.T) {
	d := newDesk(t)
	d.OpenBank()
	a := d.Customer(german)
	file := d.received("1250.00", "Meridian Robotics", "invoice for meridian-de")

	ada := d.enter("Ada Ames", "account_manager")
	d.golden("imported", d.want(200, d.upload(file.Name, file.Body)))
	if body := d.want(200, d.upload(file.Name, file.Body)); !strings.Contains(body, "This file was imported before") {
		t.Errorf("again: got %s", body)
	}
	d.golden("statements", d.want(200, d.get("/staff/statements")))
	r := d.onlyReceipt()
	page := "/staff/receipts/" + string(r.ID)
	d.golden("receipts", d.want(200, d.get("/staff/receipts")))
	d.golden("receipt", d.want(200, d.get(page)))
	d.golden("today-manager", d.want(200, d.get("/staff")))

	for _, c := range []struct {
		name   string
		form   url.Values
		status int
	}{
		{"no note", url.Values{"account": {"meridian-de"}}, 422},
		{"nobody", url.Values{"account": {"nobody"}, "note": {"n"}}, 404},
		{"too much", url.Values{"account": {"meridian-de"}, "amount": {"1,250.01"}, "note": {"n"}}, 409},
		{"no amount", url.Values{"account": {"meridian-de"}, "amount": {"all"}, "note": {"n"}}, 422},
	} {
		if w := d.post(page+"/claim", c.form); w.Code != c.status {
			t.Errorf("%s: got %d, want %d:\n%s", c.name, w.Code, c.status, w.Body)
		}
	}
	claim := url.Values{"account": {"meridian-de"}, "amount": {"1,250.00"}, "note": {"They called; the payer is their parent."}, "proof": {"ticket 4711"}, "once": {"form_1"}}
	d.want(303, d.post(page+"/owner", nil))
	d.want(303, d.post(page+"/claim", claim))
	d.want(303, d.post(page+"/claim", claim)) // pressed twice
	d.golden("receipt-own-claim", d.want(200, d.get(page)))
	claims, _, err := d.Claims(t.Context(), access.CommandLine, office.ClaimFilter{}, office.Page{Limit: 10})
	if err != nil || len(claims) != 1 || claims[0].ClaimedBy != "staff:"+string(ada.ID) {
		t.Fatalf("claims: got %+v, %v, want one", claims, err)
	}
	decide := "/staff/claims/" + string(claims[0].ID)
	d.want(403, d.post(decide+"/approve", nil)) // not for account managers at all

	d.enter("Fay Ferrer", "finance")
	d.golden("approvals", d.want(200, d.get("/staff/approvals")))
	d.golden("today-finance", d.want(200, d.get("/staff")))
	if w := d.post(decide+"/approve", url.Values{"note": {"seen"}, "from": {"approvals"}}); w.Code != 303 || w.Header().Get("Location") != "/staff/approvals" {
		t.Fatalf("approve: got %d to %s", w.Code, w.Header().Get("Location"))
	}
	if got := d.balance(a); got != "1250.00" {
		t.Errorf("the balance is %s, want what was received", got)
	}
	d.golden("receipt-credited", d.want(200, d.get(page)))

	// It was wrong: another entry, and the receipt is nobody's again.
	d.want(303, d.post(decide+"/reverse", url.Values{"note": {"another customer of the same name"}}))
	if got := d.balance(a); got != "0.00" {
		t.Errorf("the balance is %s, want nothing", got)
	}
	if r = d.onlyReceipt(); r.State != bank.Unclaimed || r.Free().Decimal() != "1250.00" {
		t.Errorf("the receipt is %s with %s free, want unclaimed with all", r.State, r.Free())
	}
	d.golden("receipt-reversed", d.want(200, d.get(page)))
	d.proves()
}

// proves holds the books to all that is proven of them.
func (d *desk) proves() {
	d.T.Helper()
	report, err := d.VerifyBooks(d.T.Context(), access.CommandLine)
	if err != nil {
		d.T.Fatal(err)
	}
	for _, c := range report.Checks {
		if !c.OK() {
			d.T.Errorf("the books do not verify: %+v", c)
		}
	}
}

// TestNobodyDecidesOnTheirOwn has members who could decide propose something, and
// decide on it themselves: on a claim, a withdrawal, a credit line and a statement.
func TestNobodyDecidesOnTheirOwn(t *testing.T) {
	d := newDesk(t)
	d.OpenBank()
	a := d.Customer(german)
	d.enter("Fay Ferrer", "finance")
	file := d.received("80.00", "Meridian Robotics", "")
	d.want(200, d.upload("held.xml", unbalanced(t, file.Body)))
	held, _, err := d.BankStatements(t.Context(), access.CommandLine, office.StatementFilter{State: bank.StatementHeld}, office.Page{Limit: 10})
	if err != nil || len(held) != 1 {
		t.Fatalf("held statements: got %+v, %v, want one", held, err)
	}
	d.want(303, d.post("/staff/accounts/"+string(a.ID)+"/credit", url.Values{"kind": {"open"}, "limit": {"10,000"}, "terms": {"30 calendar days"}, "reason": {"a contract"}, "once": {"form_1"}}))
	lines, err := d.CreditLines(t.Context(), access.CommandLine, a.ID)
	if err != nil || len(lines) != 1 {
		t.Fatalf("credit lines: got %+v, %v, want one", lines, err)
	}
	statement, credit := "/staff/statements/"+string(held[0].ID), "/staff/credit/"+string(lines[0].ID)
	d.golden("statement-held-own", d.want(200, d.get(statement)))
	d.golden("credit-own", d.want(200, d.get("/staff/accounts/"+string(a.ID)+"/credit")))

	own := func(path string) {
		t.Helper()
		if w := d.post(path, url.Values{"note": {"it is right"}}); w.Code != 403 || !strings.Contains(w.Body.String(), "That was not done") {
			t.Errorf("%s by who proposed it: got %d:\n%s", path, w.Code, w.Body)
		}
	}
	own(statement + "/agree")
	own(credit + "/approve")
	own(credit + "/refuse")
	d.enter("Finn Falk", "finance")
	d.golden("statement-held", d.want(200, d.get(statement)))
	d.want(303, d.post(statement+"/agree", url.Values{"note": {"the bank confirmed it"}}))
	d.want(303, d.post(credit+"/approve", url.Values{"note": {"agreed"}}))
	d.golden("credit-open", d.want(200, d.get("/staff/accounts/"+string(a.ID)+"/credit")))

	d.Pass(time.Minute) // what was held is worked
	r := d.onlyReceipt()
	d.want(303, d.post("/staff/receipts/"+string(r.ID)+"/claim", url.Values{"account": {string(a.ID)}, "note": {"theirs"}}))
	claims, _, err := d.Claims(t.Context(), access.CommandLine, office.ClaimFilter{}, office.Page{Limit: 10})
	if err != nil || len(claims) != 1 {
		t.Fatalf("claims: got %+v, %v, want one", claims, err)
	}
	claim := "/staff/claims/" + string(claims[0].ID)
	own(claim + "/approve")
	own(claim + "/refuse")
	d.enter("Fay Ferrer", "finance")
	d.want(303, d.post(claim+"/approve", nil))

	d.want(303, d.post("/staff/withdrawals", url.Values{"account": {"meridian-de"}, "amount": {"30"}, "recipient": {"Meridian, GB33BUKB20201555555555"}, "reason": {"paid too much"}, "once": {"form_2"}}))
	sent, _, err := d.Withdrawals(t.Context(), access.CommandLine, office.WithdrawalFilter{}, office.Page{Limit: 10})
	if err != nil || len(sent) != 1 {
		t.Fatalf("withdrawals: got %+v, %v, want one", sent, err)
	}
	withdrawal := "/staff/withdrawals/" + string(sent[0].ID)
	own(withdrawal + "/approve")
	own(withdrawal + "/refuse")
	d.golden("withdrawals-own", d.want(200, d.get("/staff/withdrawals")))
	if body := d.want(200, d.get("/staff/approvals")); !strings.Contains(body, "Waiting for another person") || strings.Contains(body, withdrawal+"/approve") {
		t.Errorf("the approvals offer one's own: %s", body)
	}
	d.enter("Finn Falk", "finance")
	d.want(303, d.post(withdrawal+"/approve", url.Values{"note": {"agreed"}}))
	d.golden("withdrawals", d.want(200, d.get("/staff/withdrawals")))
	d.proves()
}

var closing = regexp.MustCompile(`(?s)(<Cd>CLBD</Cd>.*?<Amt[^>]*>)([0-9.]+)`)

// unbalanced is a statement whose closing balance is not what its entries make.
func unbalanced(t testing.TB, file []byte) []byte {
	t.Helper()
	changed := closing.ReplaceAll(file, []byte("${1}9${2}"))
	if bytes.Equal(changed, file) {
		t.Fatal("the file has no closing balance to change")
	}
	return changed
}

func TestWhatLeftIsExplained(t *testing.T) {
	d := newDesk(t)
	d.OpenBank()
	d.received("80.00", "Meridian Robotics", "")
	if _, err := d.Sandbox.TakeFee(sandbox.BankFee{Account: officetest.BankNumber, Amount: "4.50"}); err != nil {
		t.Fatal(err)
	}
	file := d.EndDay()[0]
	d.enter("Fay Ferrer", "finance")
	d.want(200, d.upload(file.Name, file.Body))
	lines, _, err := d.BankLines(t.Context(), access.CommandLine, office.LineFilter{State: bank.LineUnexplained}, office.Page{Limit: 10})
	if err != nil || len(lines) != 1 {
		t.Fatalf("lines: got %+v, %v, want the fee", lines, err)
	}
	page := "/staff/lines/" + string(lines[0].ID)
	d.golden("lines", d.want(200, d.get("/staff/lines")))
	d.golden("line", d.want(200, d.get(page)))
	d.want(422, d.post(page+"/explain", url.Values{"kind": {"gift"}, "note": {"n"}}))
	d.want(422, d.post(page+"/explain", url.Values{"kind": {"fee"}}))
	d.want(303, d.post(page+"/explain", url.Values{"kind": {"fee"}, "note": {"for keeping the account"}}))
	d.golden("line-explained", d.want(200, d.get(page)))
	d.want(409, d.post(page+"/explain", url.Values{"kind": {"fee"}, "note": {"again"}}))
	d.proves()
}

func TestBrokenFilesAreRefusedWithThePlace(t *testing.T) {
	d := newDesk(t)
	d.OpenBank()
	file := d.received("80.00", "Meridian Robotics", "")
	d.enter("Fay Ferrer", "finance")
	for _, c := range []struct {
		name    string
		content []byte
	}{
		{"empty", nil},
		{"text", []byte("hello")},
		{"cut", file.Body[:len(file.Body)/2]},
		{"entities", []byte(`<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">&e;</Document>`)},
	} {
		w := d.upload(c.name, c.content)
		if w.Code < 400 || w.Code >= 500 || !strings.Contains(w.Body.String(), "That was not done") {
			t.Errorf("%s: got %d %s, want it refused", c.name, w.Code, w.Body)
		}
	}
	files, _, err := d.StatementFiles(t.Context(), access.CommandLine, office.Page{Limit: 10})
	if err != nil || len(files) != 0 {
		t.Errorf("got %+v, %v, want nothing kept", files, err)
	}
	d.want(413, d.upload("large", make([]byte, 65<<20)))
}
