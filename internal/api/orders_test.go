package api_test

import (
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
)

const aMonth = `{"product":"db.small","price":{"amount":"31.00","currency":"USD"},"term":"P1M","auto_renew":true}`

// TestAnOrderOverTheAPI: placed, paid, upgraded, renewed and cancelled; placed and
// paid again, it is the same.
func TestAnOrderOverTheAPI(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		account, _ := d.customer("acme", "pm_card_visa")
		body := `{"reference":"r-1","kind":"purchase","items":[` + aMonth + `]}`
		o := d.post(201, "/v1/accounts/"+account+"/orders", body)
		id := o["id"].(string)
		if o["state"] != "open" || o["object"] != "order" || o["total"].(map[string]any)["amount"] != "31.00" {
			t.Errorf("placed: %v, want it open", o)
		}
		if again := d.post(201, "/v1/accounts/"+account+"/orders", body); again["id"] != id {
			t.Errorf("placed again: %v, want the same", again["id"])
		}
		if story := d.get("/v1/orders/" + id); story["open"].(map[string]any)["amount"] != "31.00" || len(story["reasons"].([]any)) != 0 {
			t.Errorf("before it is paid: %v", story)
		}
		paid := d.post(200, "/v1/orders/"+id+"/pay", `{}`)
		pay := paid["payment"].(map[string]any)
		if paid["order"].(map[string]any)["state"] != "paid" || pay["state"] != "succeeded" || pay["initiator"] != "cit" {
			t.Errorf("paid: %v", paid)
		}
		if again := d.post(200, "/v1/orders/"+id+"/pay", `{}`); again["payment"].(map[string]any)["id"] != pay["id"] {
			t.Errorf("paid again: %v, want the same payment", again)
		}
		story := d.get("/v1/orders/" + id + "?refresh=true")
		sub := story["subscriptions"].([]any)[0].(map[string]any)
		if story["open"].(map[string]any)["amount"] != "0.00" || sub["until"] != "2026-04-10" || sub["auto_renew"] != true {
			t.Errorf("after it is paid: %v", story)
		}
		subscription := sub["id"].(string)

		up := d.post(201, "/v1/accounts/"+account+"/orders",
			`{"reference":"r-2","kind":"upgrade","subscription":"`+subscription+`","items":[{"product":"db.large","price":{"amount":"62.00","currency":"USD"}}]}`)
		if up["total"].(map[string]any)["amount"] != "31.00" { // on its first day, all of the difference
			t.Errorf("the upgrade costs %v, want 31.00", up["total"])
		}
		d.post(200, "/v1/orders/"+up["id"].(string)+"/cancel", "")
		if got := d.want(200, ask{method: "PATCH", path: "/v1/subscriptions/" + subscription, body: `{"auto_renew":false}`}); got["auto_renew"] != false {
			t.Errorf("switched off: %v", got)
		}
		if got := d.get("/v1/subscriptions/" + subscription); len(got["orders"].([]any)) != 2 || got["state"] != "active" {
			t.Errorf("the subscription: %v, want it active with two orders", got)
		}
		for path, want := range map[string]int{"/orders": 2, "/orders?limit=1": 1, "/subscriptions": 1} {
			if got := d.get("/v1/accounts/" + account + path)["data"].([]any); len(got) != want {
				t.Errorf("%s: got %d, want %d", path, len(got), want)
			}
		}
		if got := d.post(200, "/v1/orders/"+id+"/cancel", ""); got["state"] != "cancelled" {
			t.Errorf("cancelled: %v", got)
		}
		if got := d.get("/v1/accounts/" + account + "/refunds")["data"].([]any); len(got) != 1 || got[0].(map[string]any)["amount"].(map[string]any)["amount"] != "30.00" {
			t.Errorf("given back: %v, want 30 of 31 days", got)
		}
	})
}

func TestOrdersThatAreRefused(t *testing.T) {
	d := openWorld(t, "sqlite")
	account, _ := d.customer("acme", "")
	other, _ := d.customer("other", "")
	item := func(change ...string) string { return strings.NewReplacer(change...).Replace(aMonth) }
	order := func(items string) string { return `{"reference":"r","kind":"purchase","items":[` + items + `]}` }
	for _, c := range []struct {
		name, path, body, key string
		status                int
		code                  string
	}{
		{"a key that reads", "/v1/accounts/" + account + "/orders", order(aMonth), d.newKey(access.BillsRead), 403, "forbidden"},
		{"no account", "/v1/accounts/acct_nobody/orders", order(aMonth), "", 404, "account_not_found"},
		{"a kind that is none", "/v1/accounts/" + account + "/orders", `{"reference":"r","kind":"gift"}`, "", 422, "request_invalid"},
		{"without items", "/v1/accounts/" + account + "/orders", `{"reference":"r","kind":"purchase"}`, "", 422, "order_invalid"},
		{"a term that is none", "/v1/accounts/" + account + "/orders", order(item("P1M", "P1W")), "", 422, "term_invalid"},
		{"a day that is none", "/v1/accounts/" + account + "/orders", order(item(`"auto_renew"`, `"from":"2026-02-30","auto_renew"`)), "", 422, "day_invalid"},
		{"finer than a cent", "/v1/accounts/" + account + "/orders", order(item("31.00", "31.001")), "", 422, "amount_precision"},
		{"another currency", "/v1/accounts/" + account + "/orders", order(item("USD", "EUR")), "", 422, "currency_mismatch"},
		{"no currency", "/v1/accounts/" + account + "/orders", order(item("USD", "ZZZ")), "", 422, "currency_unknown"},
		{"an amount that overflows", "/v1/accounts/" + account + "/orders", order(item("31.00", "99999999999999999.00")), "", 422, "amount_out_of_range"},
		{"a product of them that does", "/v1/accounts/" + account + "/orders", order(item("31.00", "9999999999999.99", `"term"`, `"quantity":1000000,"term"`)), "", 422, "amount_out_of_range"},
		{"no order", "/v1/orders/ord_nobody/pay", `{}`, "", 404, "order_not_found"},
		{"no order to cancel", "/v1/orders/ord_nobody/cancel", "", "", 404, "order_not_found"},
	} {
		if got := d.want(c.status, ask{method: "POST", path: c.path, body: c.body, key: c.key}); got["code"] != c.code {
			t.Errorf("%s: got %v, want the code %s", c.name, got, c.code)
		}
	}
	if got := d.get("/v1/accounts/" + account + "/orders")["data"].([]any); len(got) != 0 {
		t.Errorf("there are %d orders, want none", len(got))
	}
	placed := d.post(201, "/v1/accounts/"+account+"/orders", order(aMonth))["id"].(string)
	if got := d.want(409, ask{method: "POST", path: "/v1/orders/" + placed + "/pay", body: `{}`}); got["code"] != "no_payment_method" {
		t.Errorf("paying without a card: %v", got)
	}
	if got := d.want(409, ask{method: "POST", path: "/v1/accounts/" + account + "/orders", body: order(item("31.00", "32.00"))}); got["code"] != "order_conflict" {
		t.Errorf("other content: %v", got)
	}
	d.post(201, "/v1/accounts/"+other+"/orders", order(aMonth))
}
