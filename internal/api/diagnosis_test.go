package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// TestDiagnosesOverTheAPI: a platform shows its customer why something failed in
// their language, and its staff what must not reach the customer.
func TestDiagnosesOverTheAPI(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		why := func(path, language string) map[string]any {
			t.Helper()
			return d.want(200, ask{method: "GET", path: path, header: map[string]string{"Accept-Language": language}})
		}
		acct, method := d.customer("acme", sandbox.Visa)
		if err := d.world.Sandbox.OrderCard(sandbox.CardOrder{PaymentMethod: sandboxToken(t, d, acct), Then: "decline:stolen_card"}); err != nil {
			t.Fatal(err)
		}
		d.post(200, "/v1/usage", `{"lines":[{"id":"1","reference":"acme","product":"gpu","amount":{"amount":"1000.00","currency":"USD"},"started_at":"2026-03-10T10:00:00Z"}]}`)
		payment := d.get("/v1/accounts/" + acct + "/payments")["data"].([]any)[0].(map[string]any)

		got := why("/v1/payments/"+payment["id"].(string)+"/diagnosis", "zh-TW")
		if got["cause"] != "card_state_or_features" || got["state"] != "failed" || got["title"] != "銀行卡狀態或功能" || got["audience"] != "payer" || got["language"] != "zh-Hant" || got["staff"] != nil {
			t.Errorf("payer: got %v, want the state or features of the card, in traditional Chinese", got)
		}
		if said := asText(t, got); strings.Contains(said, "stolen") {
			t.Errorf("payer: got %s, want no word of the issuer's", said)
		}
		got = why("/v1/payments/"+payment["id"].(string)+"/diagnosis?audience=staff", "ja")
		if said := asText(t, got); !strings.Contains(said, "stolen_card") || !strings.Contains(said, "do_not_tell_the_reason") || got["language"] != "ja" {
			t.Errorf("staff: got %s, want the issuer's word and that it is not told", said)
		}
		if got = why("/v1/debts/"+payment["debt"].(string)+"/diagnosis", ""); got["reason"] != "card_refused_for_good" || got["language"] != "en" {
			t.Errorf("debt: got %v, want that the card is refused for good", got)
		}
		if got = why("/v1/payment-methods/"+method+"/diagnosis", "en"); got["state"] != "fine" || got["cause"] != nil || got["title"] != "Nothing is wrong" {
			t.Errorf("method: got %v, want nothing wrong", got)
		}
		agreement := d.agreement(acct)
		d.post(200, "/v1/agreements/"+agreement+"/return", `{"turned_away":true}`)
		if got = why("/v1/agreements/"+agreement+"/diagnosis", "ja"); got["cause"] != "agreement" || got["title"] != "PayPal での同意がありません" {
			t.Errorf("agreement: got %v, want that it was not given", got)
		}

		other, _ := d.customer("other", "")
		d.want(409, ask{method: "POST", path: "/v1/accounts/" + other + "/payment-methods", body: `{"token":"pm_card_visa","consent":"1","return_url":"https://example.com/back"}`})
		tries := why("/v1/accounts/"+other+"/bind-attempts", "")
		first := tries["data"].([]any)[0].(map[string]any)
		if first["outcome"] != "already_bound" || first["diagnosis"].(map[string]any)["cause"] != "already_bound" || first["payment_method"] != nil || tries["now"].(map[string]any)["state"] != "fine" {
			t.Errorf("tries: got %v, want one that was bound elsewhere", tries)
		}
		if said := asText(t, tries); strings.Contains(said, acct) || strings.Contains(said, method) {
			t.Errorf("tries: the payer is told whose it is: %s", said)
		}
		if said := asText(t, why("/v1/accounts/"+other+"/bind-attempts?audience=staff", "")); !strings.Contains(said, acct) {
			t.Errorf("tries: staff are not told whose it is: %s", said)
		}
		page := why("/v1/accounts/"+acct+"/bind-attempts?limit=1", "")
		if page["next"] == nil || len(page["data"].([]any)) != 1 {
			t.Fatalf("tries: got %v, want the first of two", page)
		}
		if page = why(fmt.Sprintf("/v1/accounts/%s/bind-attempts?limit=1&after=%s", acct, page["next"]), ""); page["next"] != nil || len(page["data"].([]any)) != 1 {
			t.Errorf("tries: got %v, want the second of two", page)
		}

		weak := d.newKey(access.BillsRead, access.MethodsRead)
		for _, path := range []string{"/v1/payments/" + payment["id"].(string) + "/diagnosis", "/v1/payment-methods/" + method + "/diagnosis", "/v1/accounts/" + acct + "/bind-attempts"} {
			d.want(200, ask{method: "GET", path: path, key: weak})
			d.want(403, ask{method: "GET", path: path + "?audience=staff", key: weak})
			d.want(422, ask{method: "GET", path: path + "?audience=everybody", key: weak})
		}
	})
}

// sandboxToken is what the world calls the card of an account.
func sandboxToken(t *testing.T, d outer, id string) string {
	t.Helper()
	bound, err := d.office.Methods(t.Context(), access.CommandLine, account.ID(id))
	if err != nil || len(bound) != 1 {
		t.Fatalf("got %d methods, %v, want one", len(bound), err)
	}
	return bound[0].Method.Card.Token
}

func asText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
