package staff_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/staff"
)

// scene is a page as a person of a role sees it, and what it says only where there is
// something on it.
type scene struct {
	name, who, role, path, says string
	status                      int // 0 means 200
}

// unseen are the addresses that no scene shows, and why.
var unseen = map[string]string{
	"GET /staff/{$}":               "it is the page of GET /staff",
	"GET /staff/claim-proofs/{id}": "it hands out a file, which no page shows",
}

// TestEveryPageHasAScene: a page that is added is looked at by being there. Forms lead
// on to pages, and what answers one itself is a scene of TestPagesFitTheirWindows.
func TestEveryPageHasAScene(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	routes := http.NewServeMux()
	missing := map[string]bool{}
	for _, r := range staff.Table() {
		routes.Handle(r.Pattern, http.NotFoundHandler())
		if strings.HasPrefix(r.Pattern, "GET ") {
			missing[r.Pattern] = true
		}
	}
	for _, s := range d.scenes() {
		_, pattern := routes.Handler(httptest.NewRequest("GET", s.path, nil))
		delete(missing, pattern)
		if s.who != "" {
			d.enter(s.who, s.role)
		}
		if body := d.want(max(s.status, 200), d.get(s.path)); !strings.Contains(body, s.says) {
			t.Errorf("%s: the page does not say %q, so it is not the page with something on it:\n%s", s.name, s.says, body)
		}
	}
	for pattern := range missing {
		if unseen[pattern] == "" {
			t.Errorf("%s is in no scene: add one, or say in unseen why there is none", pattern)
		}
	}
	for pattern := range unseen {
		if !missing[pattern] {
			t.Errorf("unseen lists %s, which has a scene or is no page", pattern)
		}
	}
}

// scenes fills an office with work that waits and work that was done, and lists its
// pages.
func (d *desk) scenes() []scene {
	d.T.Helper()
	a, p := d.paid()
	check := d.reviewed()
	customer := d.Customer(german)
	held := d.bankWork(customer)
	d.moneyWork(customer)
	return slices.Concat(d.doorScenes(), customerScenes(a, p, check), d.bankScenes(held), moneyScenes(customer))
}

const (
	fay, finn, rui, olu              = "Fay Ferrer", "Finn Falk", "Rui Reis", "Olu Okoye"
	inFinance, inRisk, asTheOperator = "finance", "risk_reviewer", "operator"
)

// reviewed is an identity check, a document of which was opened.
func (d *desk) reviewed() identity.CaseID {
	d.T.Helper()
	_, _, id := d.stopped(sandbox.Mastercard)
	c, err := d.IdentityCheck(d.T.Context(), access.CommandLine, id)
	if err != nil {
		d.T.Fatal(err)
	}
	d.enter(rui, inRisk)
	d.want(200, d.post("/staff/checks/"+string(id)+"/documents/"+string(c.Documents[0].ID), url.Values{"reason": {"review of this check"}}))
	return id
}

// bankWork has a customer's money come and go at the bank: one receipt is theirs, one is
// claimed, one was taken back; a fee waits to be explained; one statement contradicts
// another, and one waits for a second person. It returns the latter.
func (d *desk) bankWork(customer account.Account) bank.StatementID {
	d.T.Helper()
	r := d.OpenBank()
	d.enter(fay, inFinance)
	file := d.received("1250.00", "Meridian Robotics", "invoice for meridian-de")
	d.want(200, d.upload(file.Name, file.Body))
	d.want(200, d.upload("again.xml", bytes.ReplaceAll(file.Body, []byte("1250.00"), []byte("1260.00"))))
	back := d.Transfer(sandbox.Transfer{To: officetest.BankNumber, Amount: "500.00", Payer: sandbox.BankParty{Name: "Meridian", Account: "GB33BUKB20201555555555"}, Reference: "thank you"})
	d.Import(d.EndDay()...)
	if _, err := d.Sandbox.Reverse(sandbox.Reversal{Entry: back.Reference, Reason: "FOCR"}); err != nil {
		d.T.Fatal(err)
	}
	if _, err := d.Sandbox.TakeFee(sandbox.BankFee{Account: officetest.BankNumber, Amount: "4.50"}); err != nil {
		d.T.Fatal(err)
	}
	d.Import(d.EndDay()...)
	d.want(200, d.upload("held.xml", unbalanced(d.T, d.received("80.00", "Somebody", "for you").Body)))
	held, _, err := d.BankStatements(d.T.Context(), access.CommandLine, office.StatementFilter{State: bank.StatementHeld}, office.Page{Limit: 10})
	if err != nil || len(held) != 1 {
		d.T.Fatalf("held statements: got %+v, %v, want one", held, err)
	}
	d.want(303, d.post("/staff/receiving/pools", url.Values{"account": {string(r.ID)}, "bank_code": {"37040044"}, "prefix": {"98"}, "first": {"1"}, "last": {"50"}, "note": {"the same letter"}}))
	d.want(303, d.post(d.receiptOf("1250.00")+"/claim", url.Values{"account": {string(customer.ID)}, "amount": {"1000"}, "note": {"They called, and the name is theirs."}}))
	return held[0].ID
}

// moneyWork has a credit line proposed, and a withdrawal of what was credited before.
func (d *desk) moneyWork(customer account.Account) {
	d.T.Helper()
	d.enter(fay, inFinance)
	d.want(303, d.post("/staff/accounts/"+string(customer.ID)+"/credit", url.Values{"kind": {"open"}, "limit": {"10,000"}, "terms": {"30 calendar days"}, "reason": {"a contract"}}))
	d.want(303, d.post(d.receiptOf("1250.00")+"/claim", url.Values{"account": {string(customer.ID)}, "amount": {"250"}, "note": {"The rest is theirs, too."}}))
	claims, _, err := d.Claims(d.T.Context(), access.CommandLine, office.ClaimFilter{}, office.Page{Limit: 10})
	if err != nil {
		d.T.Fatal(err)
	}
	d.enter(finn, inFinance)
	for _, c := range claims {
		if c.Amount.Decimal() == "250.00" {
			d.want(303, d.post("/staff/claims/"+string(c.ID)+"/approve", url.Values{"note": {"seen"}}))
		}
	}
	d.want(303, d.post("/staff/withdrawals", url.Values{"account": {string(customer.ID)}, "amount": {"30"}, "recipient": {"Meridian, GB33BUKB20201555555555"}, "reason": {"paid too much"}}))
}

// receiptOf is the page of the receipt of an amount.
func (d *desk) receiptOf(amount string) string {
	d.T.Helper()
	list, _, err := d.Remittances(d.T.Context(), access.CommandLine, office.RemittanceFilter{}, office.Page{Limit: 10})
	if err != nil {
		d.T.Fatal(err)
	}
	i := slices.IndexFunc(list, func(r bank.Remittance) bool { return r.Amount.Decimal() == amount })
	if i < 0 {
		d.T.Fatalf("receipts: got %+v, want one of %s", list, amount)
	}
	return "/staff/receipts/" + string(list[i].ID)
}

// doorScenes are the pages of who is not in, of members, and where nothing is.
func (d *desk) doorScenes() []scene {
	d.T.Helper()
	link, _, err := d.LinkMember(d.T.Context(), access.CommandLine, d.member("Nobody Yet", "support").ID)
	if err != nil {
		d.T.Fatal(err)
	}
	return []scene{
		{name: "login", path: "/staff/login", says: "Or come in as somebody who is made up"},
		{name: "login-asked", path: "/staff/login?asked", says: "Send me a link"},
		{name: "enter", path: strings.TrimPrefix(link, d.ConsoleURL), says: "Press the button"},
		{name: "members", who: olu, role: asTheOperator, path: "/staff/members", says: fay},
		{name: "missing", who: olu, role: asTheOperator, path: "/staff/nothing", says: "Bursar staff", status: http.StatusNotFound},
		{name: "forbidden", who: rui, role: inRisk, path: "/staff/members", says: "This is for: ", status: http.StatusForbidden},
	}
}

// customerScenes are the pages of customers, their payments and identity checks.
func customerScenes(a account.Account, p payment.Payment, check identity.CaseID) []scene {
	return []scene{
		{name: "today-reviewer", who: rui, role: inRisk, path: "/staff", says: "Identity checks to decide on"},
		{name: "checks", who: rui, role: inRisk, path: "/staff/checks", says: string(check)},
		{name: "checks-all", who: rui, role: inRisk, path: "/staff/checks?state=all", says: string(check)},
		{name: "check", who: rui, role: inRisk, path: "/staff/checks/" + string(check), says: "What the documents are to agree with"},
		{name: "views", who: rui, role: inRisk, path: "/staff/views", says: "review of this check"},
		{name: "stopped", who: rui, role: inRisk, path: "/staff/stopped", says: "identity to be verified"},
		{name: "stopped-all", who: rui, role: inRisk, path: "/staff/stopped?show=all", says: "account_age_days"},
		{name: "accounts", who: fay, role: inFinance, path: "/staff/accounts", says: "Meridian Robotics GmbH"},
		{name: "accounts-missed", who: fay, role: inFinance, path: "/staff/accounts?find=nobody", says: "Nothing has this id or reference."},
		{name: "account", who: fay, role: inFinance, path: "/staff/accounts/" + string(a.ID), says: string(p.ID)},
		{name: "history", who: fay, role: inFinance, path: "/staff/accounts/" + string(a.ID) + "/history", says: "<tbody>"},
		{name: "payment", who: fay, role: inFinance, path: "/staff/payments/" + string(p.ID), says: "Refund"},
	}
}

// bankScenes are the pages of what came and went at the bank.
func (d *desk) bankScenes(held bank.StatementID) []scene {
	d.T.Helper()
	list := []scene{
		{name: "receipts", who: fay, role: inFinance, path: "/staff/receipts", says: "Meridian"},
		{name: "receipts-all", who: fay, role: inFinance, path: "/staff/receipts?show=all", says: "Meridian"},
		{name: "receipt", who: finn, role: inFinance, path: d.receiptOf("1250.00"), says: "They called, and the name is theirs."},
		{name: "approvals", who: finn, role: inFinance, path: "/staff/approvals", says: "They called, and the name is theirs."},
		{name: "approvals-own", who: fay, role: inFinance, path: "/staff/approvals", says: "Waiting for another person"},
		{name: "statements", who: fay, role: inFinance, path: "/staff/statements", says: string(held)},
		{name: "statement", who: finn, role: inFinance, path: "/staff/statements/" + string(held), says: "/agree"},
		{name: "receiving", who: finn, role: inFinance, path: "/staff/receiving", says: "/agree"},
		{name: "receiving-own", who: fay, role: inFinance, path: "/staff/receiving", says: "Waiting for another person"},
		{name: "lines", who: fay, role: inFinance, path: "/staff/lines", says: "To be explained"},
		{name: "lines-all", who: fay, role: inFinance, path: "/staff/lines?state=all", says: "Contradicts another"},
	}
	for state, says := range map[bank.LineState]string{bank.LineUnexplained: "What was it?", bank.LineConflict: "Another one"} {
		lines, _, err := d.BankLines(d.T.Context(), access.CommandLine, office.LineFilter{State: state}, office.Page{Limit: 10})
		if err != nil || len(lines) == 0 {
			d.T.Fatalf("lines that are %s: got %+v, %v, want some", state, lines, err)
		}
		for i, l := range lines {
			list = append(list, scene{name: fmt.Sprintf("line-%s-%d", state, i+1), who: fay, role: inFinance, path: "/staff/lines/" + string(l.ID), says: says})
		}
	}
	return list
}

// moneyScenes are the pages of credit and withdrawals, and today's, where all comes
// together.
func moneyScenes(customer account.Account) []scene {
	return []scene{
		{name: "credit", who: finn, role: inFinance, path: "/staff/credit", says: "a contract"},
		{name: "credit-of-nobody", who: finn, role: inFinance, path: "/staff/credit/account?account=nobody", says: "account_not_found", status: http.StatusNotFound},
		{name: "account-credit", who: finn, role: inFinance, path: "/staff/accounts/" + string(customer.ID) + "/credit", says: "a contract"},
		{name: "withdrawals", who: fay, role: inFinance, path: "/staff/withdrawals", says: "paid too much"},
		{name: "today-finance", who: finn, role: inFinance, path: "/staff", says: "Receiving accounts to agree to"},
	}
}
