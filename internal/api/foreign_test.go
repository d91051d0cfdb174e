package api_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store/storetest"
	"github.com/bursar-pay/bursar/internal/webhook"
)

// TestNoRouteTellsOneAccountOfAnother asks every route, as a caller who is bound to one
// account and may do everything there is, for what others have: the answer is the one
// for what nobody has, and nothing happens to it.
func TestNoRouteTellsOneAccountOfAnother(t *testing.T) {
	t.Parallel()
	d := openWorld(t, storetest.SQLite)
	their := d.everything()
	mine := d.world.Customer()
	by := access.Caller{Name: "console:" + string(mine.ID), Scopes: access.Scopes, Account: mine.ID}
	before := d.count(their)
	const none = "00000000000000000000000000"
	tried := 0
	for _, o := range operations(t) {
		if o.open || o.path == "/v1/openapi.json" || o.path == "/v1/openapi.yaml" {
			continue
		}
		noun := strings.Split(o.path, "/")[2]
		if !strings.Contains(o.path, "{id}") {
			w := d.as(by, o, "")
			for _, secret := range []string{their.card.Name, string(their.card.ID), their.credit.Name, string(their.credit.ID)} {
				if strings.Contains(w.Body.String(), secret) {
					t.Errorf("%s %s tells of %s: %d %.300s", o.method, o.path, secret, w.Code, w.Body)
				}
			}
			continue
		}
		ids := their.ids[noun]
		switch beyond := by.May(access.Scope(o.scope)) != nil; {
		case len(ids) == 0 && beyond: // it is refused whatever is asked for
			ids = []string{"other_00000000000000000000000001"}
		case len(ids) == 0:
			t.Errorf("%s %s: this test knows no id of another account for it", o.method, o.path)
		}
		for _, foreign := range ids {
			tried++
			kind, _, _ := strings.Cut(foreign, "_")
			missing := kind + "_" + none
			got, want := d.as(by, o, foreign), d.as(by, o, missing)
			one, other := strings.ReplaceAll(got.Body.String(), foreign, "ID"), strings.ReplaceAll(want.Body.String(), missing, "ID")
			if got.Code != want.Code || one != other || got.Code != 404 && got.Code != 403 {
				t.Errorf("%s %s: got %d for another account's %s and %d for one that is not there, want the same 404:\n%s%s", o.method, o.path, got.Code, foreign, want.Code, one, other)
			}
		}
	}
	if after := d.count(their); after != before {
		t.Errorf("the others have %d events, and had %d: something was done to them", after, before)
	}
	if tried < 80 {
		t.Errorf("tried %d routes with others' ids, want all of them", tried)
	}
}

// as asks an operation as a caller.
func (d outer) as(by access.Caller, o operation, id string) *httptest.ResponseRecorder {
	d.t.Helper()
	a := o.ask(d.t, id, "")
	r := httptest.NewRequest(a.method, a.path, strings.NewReader(a.body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	d.ServeAs(by, w, r)
	return w
}

// others are two accounts and the ids of what they have, by the nouns of the routes.
type others struct {
	card, credit account.Account
	ids          map[string][]string
}

func (d outer) count(of others) int {
	d.t.Helper()
	n := 0
	for _, a := range []account.Account{of.card, of.credit} {
		list, _, err := d.office.ListEvents(d.t.Context(), access.CommandLine, office.EventFilter{Account: a.ID}, office.Page{Limit: 1000})
		if err != nil {
			d.t.Fatal(err)
		}
		n += len(list)
	}
	return n
}

// everything is a customer with a card and one with a credit line, who have one of each
// thing that has a route.
func (d outer) everything() others {
	d.t.Helper()
	w, ctx, all := d.world, d.t.Context(), access.CommandLine
	w.Webhooks = webhook.NewSender(webhook.Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
	})})
	must := func(err error) {
		d.t.Helper()
		if err != nil {
			d.t.Fatal(err)
		}
	}
	hook, err := w.CreateEndpoint(ctx, all, office.NewEndpoint{URL: "https://cloud.example.com/hook"})
	must(err)
	has := others{card: w.Customer(func(n *office.NewAccount) { n.Name = "Theirs by Card" }), ids: map[string][]string{"webhook-endpoints": {hook.ID}}}
	add := func(noun, id string) { has.ids[noun] = append(has.ids[noun], id) }
	a := has.card
	add("accounts", string(a.ID))
	add("payment-methods", string(w.Bind(a, sandbox.Visa).Method.ID))
	add("agreements", string(w.AskPayer(a).ID))

	place := func(reference string, minor int64) order.Order {
		o, err := w.PlaceOrder(ctx, all, a.ID, order.Draft{Reference: reference, Kind: order.Purchase, Items: []order.DraftItem{
			{Product: "db.small", Quantity: 1, Price: money.Amount{Minor: minor, Currency: a.Currency}, Term: order.Month},
		}})
		must(err)
		_, _ = w.PayOrder(ctx, all, o.ID, office.PayChoice{}) // the order says what became of it
		add("orders", string(o.ID))
		s, err := w.Order(ctx, all, o.ID, false)
		must(err)
		return s.Order
	}
	check := identity.CaseID(place("large", 600_00).Case)
	add("identity-checks", string(check))
	scan, err := w.AddDocument(ctx, access.Caller{Name: "console:" + string(a.ID), Account: a.ID, Scopes: []access.Scope{access.MethodsWrite}}, check,
		office.Upload{Kind: identity.Kinds[0], Name: "scan.png", Content: bytes.NewReader(photograph(d.t))})
	must(err)
	add("identity-documents", string(scan.ID))
	place("small", 5_00)
	subscriptions, _, err := w.Subscriptions(ctx, all, a.ID, office.Page{Limit: 1})
	must(err)
	add("subscriptions", string(subscriptions[0].ID))
	w.Use(a, "1", "1212.40")
	w.Pass(40 * 24 * time.Hour)
	for _, s := range w.DebtsOf(a) {
		add("debts", string(s.Debt.ID))
		for _, p := range s.Payments {
			add("payments", string(p.ID))
		}
	}
	bills, _, err := w.Bills(ctx, all, a.ID, office.Page{Limit: 1})
	must(err)
	add("bills", string(bills[0].ID))
	f, err := w.RefundPayment(ctx, all, w.DebtsOf(a)[len(w.DebtsOf(a))-1].Payments[0].ID, office.Refunding{Reason: "a test"})
	must(err)
	add("refunds", string(f.ID))
	notes, _, err := w.CreditNotes(ctx, all, a.ID, office.Page{Limit: 1})
	must(err)
	add("credit-notes", string(notes[0].ID))
	has.credit = d.onCredit(add)

	judged, _, err := w.Judgements(ctx, all, office.JudgementFilter{Account: a.ID}, office.Page{Limit: 1})
	must(err)
	add("judgements", string(judged[0].ID))
	m, err := w.AddMember(ctx, all, office.NewMember{Name: "Fay", Email: "fay@example.com", Role: "finance"})
	must(err)
	add("staff-members", string(m.ID))
	add("keys", d.caller())
	events, _, err := w.ListEvents(ctx, all, office.EventFilter{Account: a.ID}, office.Page{Limit: 1})
	must(err)
	add("events", events[0].ID)
	deliveries, _, err := w.ListDeliveries(ctx, all, hook.ID, office.Page{Limit: 1})
	must(err)
	add("deliveries", deliveries[0].ID)
	return has
}

// onCredit is a customer with a credit line to whom a transfer was credited, and who
// wants some of it back.
func (d outer) onCredit(add func(noun, id string)) account.Account {
	d.t.Helper()
	w, ctx, all := d.world, d.t.Context(), access.CommandLine
	must := func(err error) {
		d.t.Helper()
		if err != nil {
			d.t.Fatal(err)
		}
	}
	add("receiving-accounts", string(w.OpenBank().ID))
	a := w.Customer(func(n *office.NewAccount) { n.Name, n.Country, n.Currency = "Theirs by Transfer", "DE", "EUR" })
	add("accounts", string(a.ID))
	line, err := w.ProposeCreditLine(ctx, access.Caller{Name: "test:one", Trusted: true}, a.ID, office.CreditProposal{
		Kind: account.OpenCredit, Limit: money.Amount{Minor: 10_000_00, Currency: "EUR"}, Reason: "a contract",
	})
	must(err)
	add("credit-lines", string(line.ID))
	_, err = w.ApproveCreditLine(ctx, access.Caller{Name: "test:two", Trusted: true}, line.ID, "")
	must(err)
	w.Use(a, "1", "310.40")
	w.Pass(40 * 24 * time.Hour)
	to, err := w.ReceivingDetails(ctx, all, a.ID)
	must(err)
	w.Transfer(sandbox.Transfer{To: to.Number, Amount: "500.00", Payer: sandbox.BankParty{Name: a.Name}, Reference: "our bills"})
	w.Import(w.EndDay()...)
	receipts, _, err := w.Remittances(ctx, all, office.RemittanceFilter{Account: a.ID}, office.Page{Limit: 1})
	must(err)
	add("remittances", string(receipts[0].ID))
	add("bank-lines", string(receipts[0].Line))
	shown, err := w.Remittance(ctx, all, receipts[0].ID)
	must(err)
	add("claims", string(shown.Claims[0].ID))
	add("bank-statements", string(shown.BankLine.Statement))
	uses, _, err := w.CashApplications(ctx, all, a.ID, office.Page{Limit: 1})
	must(err)
	add("cash-applications", string(uses[0].ID))
	back, err := w.ProposeWithdrawal(ctx, access.Caller{Name: "test:one", Trusted: true}, a.ID, office.Withdrawing{
		Amount: money.Amount{Minor: 10_00, Currency: "EUR"}, Recipient: "DE89370400440532013000", Reason: "they ask for it",
	})
	must(err)
	add("withdrawals", string(back.ID))
	return a
}
