package api_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
)

// TestAPaymentIsGivenBackOverTheAPI: in parts, in all, with its credit notes; and
// every refusal is a refusal before anything is done.
func TestAPaymentIsGivenBackOverTheAPI(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		account, _ := d.customer("acme", "pm_card_visa")
		d.uses(account, "l1", "1000.00")
		pay := d.get("/v1/accounts/" + account + "/payments")["data"].([]any)[0].(map[string]any)["id"].(string)

		for _, c := range []struct {
			name, payment, body, key string
			status                   int
			code                     string
		}{
			{"a key that pays debts", pay, `{"reason":"goodwill"}`, d.newKey(access.BillsWrite), 403, "forbidden"},
			{"without a reason", pay, `{}`, "", 422, "request_invalid"},
			{"too much", pay, `{"amount":{"amount":"1000.01","currency":"USD"},"reason":"goodwill"}`, "", 409, "refund_too_much"},
			{"finer than a cent", pay, `{"amount":{"amount":"0.001","currency":"USD"},"reason":"goodwill"}`, "", 422, "amount_precision"},
			{"nothing", pay, `{"amount":{"amount":"0","currency":"USD"},"reason":"goodwill"}`, "", 422, "refund_amount"},
			{"another currency", pay, `{"amount":{"amount":"1","currency":"EUR"},"reason":"goodwill"}`, "", 422, "refund_amount"},
			{"no payment", "pay_nobody", `{"reason":"goodwill"}`, "", 404, "payment_not_found"},
		} {
			got := d.want(c.status, ask{method: "POST", path: "/v1/payments/" + c.payment + "/refunds", body: c.body, key: c.key})
			if got["code"] != c.code {
				t.Errorf("%s: got %v, want the code %s", c.name, got, c.code)
			}
		}

		part := d.post(201, "/v1/payments/"+pay+"/refunds", `{"amount":{"amount":"300.00","currency":"USD"},"reason":"goodwill"}`)
		if part["state"] != "succeeded" || part["credit_note"] != "CN-2026-000001" || part["payment"] != pay {
			t.Errorf("got %v, want it succeeded and credited", part)
		}
		rest := d.post(201, "/v1/payments/"+pay+"/refunds", `{"reason":"the rest"}`)
		if amount := rest["amount"].(map[string]any)["amount"]; amount != "700.00" {
			t.Errorf("the rest is %v, want 700.00", amount)
		}
		if got := d.get("/v1/refunds/" + part["id"].(string)); got["id"] != part["id"] || got["reason"] != "goodwill" {
			t.Errorf("got %v, want the first refund", got)
		}
		for path, want := range map[string]int{
			"/v1/payments/" + pay + "/refunds": 2, "/v1/accounts/" + account + "/refunds": 2, "/v1/accounts/" + account + "/credit-notes": 2,
			"/v1/accounts/" + account + "/refunds?limit=1": 1,
		} {
			if got := d.get(path)["data"].([]any); len(got) != want {
				t.Errorf("%s: got %d, want %d", path, len(got), want)
			}
		}
		d.want(404, ask{method: "GET", path: "/v1/refunds/ref_nobody"})
		d.want(404, ask{method: "GET", path: "/v1/payments/pay_nobody/refunds"})
	})
}
