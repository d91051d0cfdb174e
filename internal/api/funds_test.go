package api_test

import (
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
)

// decimals reads the amount of an object's field.
func decimals(object map[string]any, field string) string {
	amount, _ := object[field].(map[string]any)
	text, _ := amount["amount"].(string)
	return text
}

// TestCreditAndFundsOverTheAPI: a credit line takes two keys, a month is billed and
// paid from a balance, taken back, and withdrawn.
func TestCreditAndFundsOverTheAPI(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		other := d.newKey(access.CreditApprove, access.BankApprove)
		account := d.post(201, "/v1/accounts", `{"reference":"acme","kind":"enterprise","name":"n","country":"US","currency":"USD","email":"a@example.com","registered_at":"2026-01-01T00:00:00Z"}`)["id"].(string)
		d.card(account, "pm_card_visa")
		at := "/v1/accounts/" + account

		d.want(404, ask{method: "GET", path: at + "/credit"})
		line := d.post(201, at+"/credit-lines", `{"kind":"open","limit":{"amount":"1000.00","currency":"USD"},"terms":"end of month + 5 days","reason":"contract"}`)
		id := line["id"].(string)
		if line["state"] != "proposed" || line["terms"] != "end of month + 5 days" {
			t.Errorf("proposed: %v", line)
		}
		if got := d.get("/v1/credit-proposals")["data"].([]any); len(got) != 1 {
			t.Errorf("got %d proposals, want one", len(got))
		}
		d.want(403, ask{method: "POST", path: "/v1/credit-lines/" + id + "/approve", body: `{}`}) // its own proposal
		if got := d.want(200, ask{method: "POST", path: "/v1/credit-lines/" + id + "/approve", body: `{"note":"seen"}`, key: other}); got["state"] != "active" || got["note"] != "seen" {
			t.Errorf("approved: %v", got)
		}
		d.want(409, ask{method: "POST", path: "/v1/credit-lines/" + id + "/refuse", body: `{}`, key: other})
		if got := d.get("/v1/credit-lines/" + id); got["object"] != "credit_line" {
			t.Errorf("fetched: %v", got)
		}
		if got := d.get(at + "/credit-lines")["data"].([]any); len(got) != 1 {
			t.Errorf("got a history of %d, want one", len(got))
		}

		// Something is bought on credit, and is on the bill of the sixth.
		o := d.post(201, at+"/orders", `{"reference":"r-1","kind":"purchase","items":[{"product":"support","price":{"amount":"600.00","currency":"USD"}}]}`)
		if story := d.get("/v1/orders/" + o["id"].(string)); len(story["reasons"].([]any)) != 0 {
			t.Errorf("before it is paid: %v", story["reasons"])
		}
		if paid := d.post(200, "/v1/orders/"+o["id"].(string)+"/pay", `{}`); paid["order"].(map[string]any)["state"] != "paid" || paid["payment"] != nil {
			t.Errorf("paid on credit: %v", paid)
		}
		if got := d.get(at + "/credit"); decimals(got, "available") != "400.00" || decimals(got, "unsettled_earlier") != "600.00" {
			t.Errorf("credit: %v, want 400.00 available", got)
		}
		d.world.PassTo(time.Date(2026, 4, 6, 12, 0, 0, 0, time.UTC))
		bill := d.get(at + "/bills")["data"].([]any)[0].(map[string]any)
		if bill["due_at"] != "2026-05-05T23:59:59.999999Z" {
			t.Errorf("the bill is due at %v, want the fifth of May", bill["due_at"])
		}
		number := bill["id"].(string)

		// Money comes while the switch is off, and is put to the bill by hand.
		if got := d.want(200, ask{method: "PUT", path: at + "/auto-apply", body: `{"on":false}`}); got["auto_apply"] != false {
			t.Errorf("switched off: %v", got)
		}
		topped := d.post(201, at+"/top-ups", `{"reference":"t-1","amount":{"amount":"450.00","currency":"USD"},"return_url":"https://shop.example/back"}`)
		if topped["order"].(map[string]any)["top_up"] != true || topped["payment"].(map[string]any)["state"] != "succeeded" {
			t.Errorf("topped up: %v", topped)
		}
		if got := d.get(at + "/funds"); decimals(got, "balance") != "450.00" || decimals(got, "owed") != "600.00" || len(got["open_bills"].([]any)) != 1 || got["credit"] == nil {
			t.Errorf("funds: %v", got)
		}
		d.want(409, ask{method: "POST", path: at + "/cash-applications", body: `{"pay":[{"bill":"` + number + `"}]}`}) // more than there is
		applied := d.post(201, at+"/cash-applications", `{"pay":[{"bill":"`+number+`","amount":{"amount":"300.00","currency":"USD"}}]}`)["data"].([]any)
		if len(applied) != 1 || applied[0].(map[string]any)["cause"] != "by_hand" {
			t.Errorf("by hand: %v", applied)
		}
		if got := d.post(200, "/v1/bills/"+number+"/pay", `{"from_balance":true,"amount":{"amount":"50.00","currency":"USD"}}`); decimals(got["bill"].(map[string]any), "open") != "250.00" {
			t.Errorf("a part from the balance: %v", got["bill"])
		}
		if got := d.post(200, "/v1/bills/"+number+"/pay", `{"amount":{"amount":"150.00","currency":"USD"},"return_url":"https://shop.example/back"}`); len(got["payments"].([]any)) != 1 || decimals(got["bill"].(map[string]any), "open") != "100.00" {
			t.Errorf("a part by card: %v", got)
		}
		undone := d.want(200, ask{method: "POST", path: "/v1/cash-applications/" + applied[0].(map[string]any)["id"].(string) + "/undo", body: `{"reason":"not theirs"}`, key: other})
		if decimals(undone, "undone") != "300.00" {
			t.Errorf("taken back: %v", undone)
		}
		if got := d.get(at + "/cash-applications")["data"].([]any); len(got) != 2 {
			t.Errorf("got %d applications, want two", len(got))
		}
		if got := d.get(at + "/cash-replay"); got["same"] != true || got["runs"] != float64(2) {
			t.Errorf("replayed: %v", got)
		}

		// What is left is withdrawn by two people, and dropped.
		w := d.post(201, at+"/withdrawals", `{"amount":{"amount":"100.00","currency":"USD"},"recipient":"Acme, GB00","reason":"asked"}`)
		d.want(403, ask{method: "POST", path: "/v1/withdrawals/" + w["id"].(string) + "/approve", body: `{}`})
		if got := d.want(200, ask{method: "POST", path: "/v1/withdrawals/" + w["id"].(string) + "/approve", body: `{}`, key: other}); got["state"] != "approved" {
			t.Errorf("approved: %v", got)
		}
		if got := d.get(at + "/funds"); decimals(got, "withdrawing") != "100.00" || decimals(got, "balance") != "300.00" {
			t.Errorf("funds: %v, want 100.00 apart and 300.00 left", got)
		}
		if got := d.post(200, "/v1/withdrawals/"+w["id"].(string)+"/drop", `{"note":"changed their mind"}`); got["state"] != "dropped" {
			t.Errorf("dropped: %v", got)
		}
		if got := d.get("/v1/withdrawals?state=dropped&account=" + account)["data"].([]any); len(got) != 1 {
			t.Errorf("got %d dropped, want one", len(got))
		}
		d.world.Prove()
	})
}

// TestABillSaysThatItWaitsForAPerson takes back what a balance had paid, with the switch
// on: the bill is open and the balance keeps off it, until somebody puts it there by hand
// or turns the switch on anew. A list does not say it.
func TestABillSaysThatItWaitsForAPerson(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		at := "/v1/accounts/" + string(d.onCredit(func(_, _ string) {}).ID)
		listed := d.get(at + "/bills")["data"].([]any)[0].(map[string]any)
		if _, said := listed["by_hand"]; said {
			t.Errorf("in a list: %v, want nothing about by_hand", listed)
		}
		path := "/v1/bills/" + listed["id"].(string)
		holds := func(when string, byHand bool, open string) {
			t.Helper()
			if b := d.get(path); b["by_hand"] != byHand || decimals(b, "open") != open {
				t.Errorf("%s: by_hand %v and %s open, want %t and %s", when, b["by_hand"], decimals(b, "open"), byHand, open)
			}
		}
		takeBack := func(amount string) {
			t.Helper()
			for _, one := range d.get(at + "/cash-applications")["data"].([]any) {
				if a := one.(map[string]any); decimals(a, "amount") == amount && decimals(a, "undone") == "0.00" {
					d.post(200, "/v1/cash-applications/"+a["id"].(string)+"/undo", `{"reason":"meant for another bill"}`)
					return
				}
			}
			t.Fatalf("nothing of %s was put to the bill", amount)
		}
		holds("paid by a transfer", false, "0.00")
		takeBack("310.40")
		holds("taken back", true, "310.40")
		d.world.Pass(2 * time.Hour)
		holds("two hours later", true, "310.40")
		d.post(201, at+"/cash-applications", `{"pay":[{"bill":"`+listed["id"].(string)+`","amount":{"amount":"0.40","currency":"EUR"}}]}`)
		holds("a person paid of it", false, "310.00")
		d.world.Pass(2 * time.Hour)
		holds("and the balance the rest", false, "0.00")
		takeBack("0.40")
		holds("taken back again", true, "0.40")
		for _, on := range []string{"false", "true"} {
			d.want(200, ask{method: "PUT", path: at + "/auto-apply", body: `{"on":` + on + `}`})
		}
		holds("turned on anew", false, "0.00")
		d.world.Prove()
	})
}
