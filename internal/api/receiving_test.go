package api_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/document"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

const (
	anAccount = `{"reference":"%","kind":"enterprise","name":"Łódź & Söhne","country":"DE","currency":"EUR","email":"pay@example.com"}`
	aBank     = `{"seller":"main","country":"DE","currency":"EUR","bank":"Example Bank AG","bic":"COBADEFF","holder":"Bursar Example Cloud Ltd","scheme":"iban","number":"DE89 3704 0044 0532 0130 00","rails":["sepa","swift"],"shared":true,"reason":"the bank's letter"}`
)

// TestReceivingOverTheAPI: a bank account and a pool are added, a customer has the
// shared account's details, then a number of their own, and the documents of both.
func TestReceivingOverTheAPI(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			d := open(t, engine)
			d.office.Press = document.New(nil, document.SystemDirectories)
			id := d.post(201, "/v1/accounts", strings.Replace(anAccount, "%", "acme", 1))["id"].(string)
			if got := d.want(404, ask{method: "GET", path: "/v1/accounts/" + id + "/receiving-details"}); got["code"] != "receiving_details_none" {
				t.Errorf("without a bank account: %v", got)
			}
			other := d.newKey(access.BankRead, access.BankApprove)
			agree := func(change map[string]any) map[string]any {
				path := "/v1/receiving-changes/" + change["id"].(string)
				if got := d.want(403, ask{method: "POST", path: path + "/agree", body: `{}`}); got["code"] != "receiving_change_own" {
					t.Errorf("one's own proposal: %v", got)
				}
				return d.want(200, ask{method: "POST", path: path + "/agree", body: `{"note":"compared"}`, key: other})
			}
			proposed := d.post(201, "/v1/receiving-accounts", aBank)
			if proposed["account"].(map[string]any)["number"] != "DE89370400440532013000" || proposed["object"] != "receiving_change" || proposed["state"] != "proposed" {
				t.Errorf("proposed: %v", proposed)
			}
			if list := d.get("/v1/receiving-accounts")["data"].([]any); len(list) != 0 {
				t.Errorf("on one person's word: %v", list)
			}
			if got := agree(proposed); got["state"] != "agreed" || got["decided_by"] == got["proposed_by"] {
				t.Errorf("agreed: %v", got)
			}
			r := map[string]any{"id": proposed["receiving_account"]}
			if got := d.want(409, ask{method: "POST", path: "/v1/receiving-accounts", body: aBank}); got["code"] != "receiving_account_taken" {
				t.Errorf("added twice: %v", got)
			}
			if got := d.want(422, ask{method: "POST", path: "/v1/receiving-accounts", body: strings.Replace(aBank, "0130 00", "0130 01", 1)}); got["code"] != "iban_invalid" {
				t.Errorf("a digit wrong: %v", got)
			}

			shared := d.get("/v1/accounts/" + id + "/receiving-details")
			if shared["dedicated"] != false || bank.CheckReference(shared["reference"].(string)) != nil || shared["least_days"] != 2.0 || shared["most_days"] != 4.0 {
				t.Errorf("shared: %v", shared)
			}
			pool := agree(d.post(201, "/v1/receiving-accounts/"+r["id"].(string)+"/pools", `{"bank_code":"37040044","prefix":"99","first":1,"last":50,"warn_at":5,"reason":"the bank's letter"}`))
			if terms := pool["pool"].(map[string]any); terms["last"] != 50.0 {
				t.Errorf("the pool: %v", pool)
			}
			v := d.post(201, "/v1/accounts/"+id+"/virtual-accounts", "")
			if bank.CheckIBAN(v["number"].(string)) != nil || v["account"] != id {
				t.Errorf("assigned: %v", v)
			}
			if own := d.get("/v1/accounts/" + id + "/receiving-details"); own["dedicated"] != true || own["reference"] != nil || own["number"] != v["number"] {
				t.Errorf("own: %v", own)
			}
			if list := d.get("/v1/accounts/" + id + "/virtual-accounts")["data"].([]any); len(list) != 1 {
				t.Errorf("the customer's numbers: %v", list)
			}
			list := d.get("/v1/receiving-accounts")["data"].([]any)
			if pools := list[0].(map[string]any)["pools"].([]any); len(list) != 1 || len(pools) != 1 || pools[0].(map[string]any)["left"] != 49.0 {
				t.Errorf("listed: %v", list)
			}

			for _, path := range []string{"/account-proof.pdf", "/payment-request.pdf?amount=12.50&note=PO%204711"} {
				w := d.ask(ask{method: "GET", path: "/v1/accounts/" + id + path})
				if w.Code != 200 || w.Header().Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF-")) || !strings.HasPrefix(w.Header().Get("Digest"), "sha-256=") {
					t.Errorf("%s: got %d %v", path, w.Code, w.Header())
				}
			}
			for path, want := range map[string]int{
				"/v1/accounts/" + id + "/payment-request.pdf":              422,
				"/v1/accounts/" + id + "/payment-request.pdf?amount=1.234": 422,
				"/v1/accounts/acct_none/account-proof.pdf":                 404,
				"/v1/bills/bill_none/document.pdf":                         404,
				"/v1/payments/pay_none/receipt.pdf":                        404,
				"/v1/credit-notes/cn_none/document.pdf":                    404,
			} {
				d.want(want, ask{method: "GET", path: path})
			}
			weak := d.newKey(access.FundsRead)
			for _, a := range []ask{
				{method: "POST", path: "/v1/receiving-accounts", body: aBank},
				{method: "GET", path: "/v1/receiving-accounts"},
				{method: "POST", path: "/v1/accounts/" + id + "/virtual-accounts"},
				{method: "POST", path: "/v1/receiving-accounts/" + r["id"].(string) + "/close", body: `{"reason":"moved"}`},
				{method: "POST", path: "/v1/receiving-changes/" + proposed["id"].(string) + "/agree", body: `{}`},
				{method: "GET", path: "/v1/receiving-changes"},
				{method: "GET", path: "/v1/bills/bill_none/document.pdf"},
			} {
				a.key = weak
				d.want(403, a)
			}
			closing := "/v1/receiving-accounts/" + r["id"].(string) + "/close"
			taken := d.post(201, closing, `{"reason":"a mistake"}`)
			if got := d.post(200, "/v1/receiving-changes/"+taken["id"].(string)+"/withdraw", ""); got["state"] != "withdrawn" {
				t.Errorf("withdrawn: %v", got)
			}
			refused := d.post(201, closing, `{"reason":"moved"}`)
			if got := d.want(200, ask{method: "POST", path: "/v1/receiving-changes/" + refused["id"].(string) + "/refuse", body: `{"note":"not yet"}`, key: other}); got["state"] != "refused" {
				t.Errorf("refused: %v", got)
			}
			agree(d.post(201, closing, `{"reason":"moved to another bank"}`))
			if list := d.get("/v1/receiving-accounts")["data"].([]any); list[0].(map[string]any)["closed_at"] == nil {
				t.Errorf("closed: %v", list)
			}
			if list := d.get("/v1/receiving-changes?state=agreed")["data"].([]any); len(list) != 3 {
				t.Errorf("got %d changes that were agreed to, want 3", len(list))
			}
			if got := d.get("/v1/receiving-changes/" + proposed["id"].(string)); got["account"].(map[string]any)["holder"] != "Bursar Example Cloud Ltd" {
				t.Errorf("fetched: %v", got)
			}
		})
	}
}
