package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// codes lists what speaks against something, in the order in which it is told.
func codes(list any) string {
	var all []string
	reasons, _ := list.([]any)
	for _, r := range reasons {
		all = append(all, r.(map[string]any)["code"].(string))
	}
	return strings.Join(all, " ")
}

func (d outer) runs(account string, running int) {
	d.t.Helper()
	d.want(200, ask{method: "PUT", path: "/v1/accounts/" + account + "/resources", body: fmt.Sprintf(`{"running":%d}`, running)})
}

// uses records usage of an account that is told from others by its line's name.
func (d outer) uses(account, line, amount string) {
	d.t.Helper()
	at := d.world.Clock.Now().Format(time.RFC3339)
	d.post(200, "/v1/usage", `{"lines":[{"id":"`+line+`","account":"`+account+`","product":"gpu","amount":{"amount":"`+amount+`","currency":"USD"},"started_at":"`+at+`"}]}`)
}

// refuses has the issuer say no to the next charges of a card.
func (d outer) refuses(method string, times int) {
	d.t.Helper()
	token := d.world.MethodNow(payment.MethodID(method)).Card.Token
	if err := d.world.Sandbox.OrderCard(sandbox.CardOrder{PaymentMethod: token, Then: "decline:insufficient_funds", Times: times}); err != nil {
		d.t.Fatal(err)
	}
}

// delete asks for a method to be taken off and returns the status and what spoke
// against it.
func (d outer) delete(method string) (int, map[string]any) {
	d.t.Helper()
	w := d.ask(ask{method: "DELETE", path: "/v1/payment-methods/" + method})
	var said map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
		d.t.Fatal(err)
	}
	return w.Code, said
}

// TestAMethodGoesUnlessSomethingSpeaksAgainstIt: the dry run and the refusal tell
// the same reasons, all of them, and what the one allows the other does.
func TestAMethodGoesUnlessSomethingSpeaksAgainstIt(t *testing.T) {
	cases := []struct {
		name string
		card string
		make func(d outer, account, method string) (leaves string)
		want string
	}{
		{"the only one, nothing used", "pm_card_us", func(_ outer, _, m string) string { return m }, ""},
		{"preferred of two", "pm_card_visa_debit", func(d outer, a, m string) string { d.card(a, "pm_card_mastercard"); return m }, "method_preferred"},
		{"the other of two", "pm_card_mastercard_2series", func(d outer, a, _ string) string { return d.card(a, "pm_card_mastercard_debit") }, ""},
		{"the other of two, all in use", "pm_card_amex", func(d outer, a, _ string) string {
			d.runs(a, 1)
			d.uses(a, "x-1", "3.00")
			return d.card(a, "pm_card_amex_other")
		}, ""},
		{"the only one, resources run", "pm_card_ca", func(d outer, a, m string) string { d.runs(a, 1); return m }, "resources_running"},
		{"the only one, usage on no bill", "pm_card_au", func(d outer, a, m string) string { d.uses(a, "x-2", "3.00"); return m }, "usage_unbilled"},
		{"the only one, overdue", "pm_card_gb", func(d outer, a, m string) string {
			d.refuses(m, 9)
			d.uses(a, "x-3", "1000.00")
			return m
		}, "payment_overdue"},
		{"the only one, everything at once", "pm_card_de", func(d outer, a, m string) string {
			d.runs(a, 2)
			d.refuses(m, 9)
			d.uses(a, "x-4", "1000.00")
			d.uses(a, "x-5", "3.00")
			return m
		}, "resources_running usage_unbilled payment_overdue"},
		{"the only one, its charge under way", "pm_card_fr", func(d outer, a, m string) string {
			d.world.Sandbox.LoseNext("confirm")
			d.uses(a, "x-6", "1000.00")
			return m
		}, "method_in_flight bill_unpaid"},
	}
	eachWorld(t, func(t *testing.T, d outer) {
		for i, c := range cases {
			account, method := d.customer(fmt.Sprintf("leaves-%d", i), c.card)
			leaves := c.make(d, account, method)
			may := d.get("/v1/payment-methods/" + leaves + "/detachability")
			if got := codes(may["reasons"]); got != c.want || may["allowed"] != (c.want == "") || may["payment_method"] != leaves {
				t.Errorf("%s: got %v, want %q against it", c.name, may, c.want)
			}
			status, said := d.delete(leaves)
			if c.want == "" {
				if status != 200 || said["state"] != "detached" || said["preferred"] != false {
					t.Errorf("%s: got %d %v, want it detached", c.name, status, said)
				}
				if status, said = d.delete(leaves); status != 200 || said["state"] != "detached" {
					t.Errorf("%s, again: got %d %v, want it detached", c.name, status, said)
				}
				d.world.Pass(time.Hour) // binding has its limits
				continue
			}
			first, _, more := strings.Cut(c.want, " ")
			if status != 409 || said["code"] != first || more && codes(said["errors"]) != c.want {
				t.Errorf("%s: got %d %v, want 409 for %s", c.name, status, said, c.want)
			}
			if got := d.get("/v1/payment-methods/" + leaves); got["state"] != "active" {
				t.Errorf("%s: got %v after the refusal, want it active", c.name, got)
			}
			d.world.Pass(time.Hour) // binding has its limits
		}
		d.world.Prove()
	})
}

// TestADetachedCardCanBeBoundElsewhere at once (R-DEL-06), and once per key.
func TestADetachedCardCanBeBoundElsewhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		_, method := d.customer("first", "pm_card_us")
		second, _ := d.customer("second", "")
		body := `{"token":"pm_card_us","consent":"1","return_url":"https://example.com/back"}`
		if got := d.post(409, "/v1/accounts/"+second+"/payment-methods", body); got["code"] != "already_bound" {
			t.Errorf("got %v, want already_bound", got)
		}
		a := ask{method: "DELETE", path: "/v1/payment-methods/" + method, header: keyed("go")}
		first, again := d.ask(a), d.ask(a)
		if first.Code != 200 || again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("got %d %s, then %d %s, want one answer twice", first.Code, first.Body, again.Code, again.Body)
		}
		if got := d.post(201, "/v1/accounts/"+second+"/payment-methods", body); got["state"] != "active" {
			t.Errorf("got %v, want it bound to the second account", got)
		}
	})
}

// TestReasonsSpeakTheCallersLanguage, in the dry run, the refusal and the offers.
func TestReasonsSpeakTheCallersLanguage(t *testing.T) {
	d := openWorld(t, storetest.SQLite)
	account, method := d.customer("acme", "pm_card_us")
	d.runs(account, 1)
	for language, want := range map[string][2]string{
		"":      {"Resources are running", "release them first"},
		"de":    {"Resources are running", "release them first"},
		"zh-TW": {"尚有運行中的資源", "請先釋放資源"},
		"zh-CN": {"尚有运行中的资源", "请先释放资源"},
		"ja-JP": {"稼働中のリソースがあります", "先にリソースを解放してください"},
	} {
		header := map[string]string{"Accept-Language": language}
		for _, path := range []string{"/v1/payment-methods/" + method + "/detachability", "/v1/accounts/" + account + "/closing"} {
			got := d.want(200, ask{method: "GET", path: path, header: header})["reasons"].([]any)[0].(map[string]any)
			if got["title"] != want[0] || got["next"] != want[1] || got["code"] != "resources_running" {
				t.Errorf("%s in %q: got %v, want %v", path, language, got, want)
			}
		}
		got := d.want(409, ask{method: "DELETE", path: "/v1/payment-methods/" + method, header: header})
		if got["title"] != want[0] || got["next"] != want[1] {
			t.Errorf("the refusal in %q: got %v, want %v", language, got, want)
		}
		offers := d.want(200, ask{method: "GET", path: "/v1/accounts/" + account + "/ways-to-pay", header: header})["offers"].([]any)
		for _, o := range offers {
			if o := o.(map[string]any); o["kind"] == "bank_transfer" && (codes(o["reasons"]) != "bank_transfer_not_open" || strings.Contains(fmt.Sprint(o["reasons"]), "open to this account") != (language == "" || language == "de")) {
				t.Errorf("bank transfer in %q: got %v, want its reason in that language", language, o)
			}
		}
	}
}

// TestAnAccountClosesAfterItsSilentPeriod: its card stays its own until the end
// and is free after it (R-CLOSE-01, R-CLOSE-03).
func TestAnAccountClosesAfterItsSilentPeriod(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		account, method := d.customer("leaving", "pm_card_us")
		other, _ := d.customer("other", "")
		path, body := "/v1/accounts/"+account, `{"token":"pm_card_us","consent":"1","return_url":"https://example.com/back"}`

		d.runs(account, 1)
		if got := d.post(409, path+"/close", ""); got["code"] != "resources_running" {
			t.Errorf("got %v, want resources_running", got)
		}
		if got := d.post(409, path+"/reopen", ""); got["code"] != "account_not_closing" {
			t.Errorf("got %v, want account_not_closing", got)
		}
		d.runs(account, 0)
		if got := d.get(path + "/closing"); got["allowed"] != true || got["state"] != "active" || got["silent_since"] != nil || got["until"] != "2026-03-25T12:00:00Z" {
			t.Errorf("got %v, want it allowed, with the silent period over in 15 days", got)
		}
		a := ask{method: "POST", path: path + "/close", header: keyed("close")}
		for range 2 {
			if got := d.want(200, a); got["state"] != "silent" || got["silent_since"] != "2026-03-10T12:00:00Z" || got["until"] != "2026-03-25T12:00:00Z" {
				t.Errorf("got %v, want it silent until the 25th", got)
			}
		}
		d.world.Pass(10 * 24 * time.Hour)
		if got := d.post(200, path+"/close", ""); got["until"] != "2026-03-25T12:00:00Z" {
			t.Errorf("got %v, want the same end", got)
		}
		if got := d.post(409, "/v1/accounts/"+other+"/payment-methods", body); got["code"] != "already_bound" {
			t.Errorf("got %v, want the card kept in the silent period", got)
		}
		if got := d.post(200, path+"/reopen", ""); got["state"] != "active" || got["silent_since"] != nil {
			t.Errorf("got %v, want it active again", got)
		}
		d.post(200, path+"/close", "")
		d.world.Pass(15*24*time.Hour + time.Hour)
		if got := d.get(path); got["state"] != "closed" {
			t.Errorf("got %v, want it closed", got)
		}
		if got := d.get(path + "/closing"); got["allowed"] != false || codes(got["reasons"]) != "account_closed" || got["until"] != nil {
			t.Errorf("got %v, want nothing left to close", got)
		}
		if got := d.post(409, path+"/close", ""); got["code"] != "account_closed" {
			t.Errorf("got %v, want account_closed", got)
		}
		if got := d.get("/v1/payment-methods/" + method); got["state"] != "detached" {
			t.Errorf("got %v, want the card free", got)
		}
		if got := d.post(201, "/v1/accounts/"+other+"/payment-methods", body); got["state"] != "active" {
			t.Errorf("got %v, want it bound elsewhere", got)
		}
		d.world.Prove()
	})
}

// TestLateUsageOfAClosingAccountIsCollected, and where it cannot be the account is
// open again (R-CLOSE-02).
func TestLateUsageOfAClosingAccountIsCollected(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		good, _ := d.customer("good", "pm_card_us")
		bad, method := d.customer("bad", "pm_card_mastercard")
		for _, account := range []string{good, bad} {
			d.post(200, "/v1/accounts/"+account+"/close", "")
			d.uses(account, "late-"+account, "7.00")
		}
		d.refuses(method, 99)
		d.world.Pass(17 * 24 * time.Hour)
		if got := d.get("/v1/accounts/" + good); got["state"] != "closed" {
			t.Errorf("got %v, want it closed", got)
		}
		if got := d.get("/v1/accounts/" + good + "/payments")["data"].([]any); len(got) != 1 || got[0].(map[string]any)["state"] != "succeeded" {
			t.Errorf("got %v, want the late usage collected", got)
		}
		if got := d.get("/v1/accounts/" + bad); got["state"] == "closed" || got["state"] == "silent" || got["silent_since"] != nil {
			t.Errorf("got %v, want it open again", got)
		}
	})
}

// TestAClosedAccountHasItsLastBill: late usage is on exactly one bill too, and the
// books prove themselves before that is issued and after.
func TestAClosedAccountHasItsLastBill(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		account, _ := d.customer("leaving", "pm_card_us")
		d.post(200, "/v1/accounts/"+account+"/close", "")
		d.uses(account, "late", "7.00")
		d.world.Pass(17 * 24 * time.Hour)
		if got := d.get("/v1/accounts/" + account); got["state"] != "closed" {
			t.Errorf("got %v, want it closed", got)
		}
		d.world.Prove()
		d.world.PassTo(time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC))
		if got := d.get("/v1/accounts/" + account + "/bills")["data"].([]any); len(got) != 1 || fmt.Sprint(got[0].(map[string]any)["net"]) != "map[amount:7.00 currency:USD]" {
			t.Errorf("got bills %v, want the late usage on the last one", got)
		}
		d.world.Prove()
	})
}

// TestResourcesAreTakenAsTheyAreTold: the last report counts, and one that makes no
// sense is refused whole.
func TestResourcesAreTakenAsTheyAreTold(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		account, _ := d.customer("acme", "")
		path := "/v1/accounts/" + account + "/resources"
		if got := d.get(path); got["running"] != 0.0 || got["reported_at"] != nil || fmt.Sprint(got["examples"]) != "[]" {
			t.Errorf("got %v, want nothing told", got)
		}
		put := func(status int, body string) map[string]any {
			t.Helper()
			return d.want(status, ask{method: "PUT", path: path, body: body})
		}
		put(200, `{"running":3,"examples":["vm-1","vm-2"]}`)
		for _, bad := range []string{`{"running":1,"examples":["a","b"]}`, `{"running":2,"examples":[""]}`, `{"running":30,"examples":["` + strings.Repeat("x", 201) + `"]}`} {
			if got := put(422, bad); got["code"] != "resources_invalid" {
				t.Errorf("%s: got %v, want resources_invalid", bad, got)
			}
		}
		for _, bad := range []string{`{}`, `{"running":-1}`, `{"running":1.5}`, `{"running":"1"}`, `{"running":21,"examples":[` + strings.Repeat(`"x",`, 20) + `"x"]}`} {
			if got := put(422, bad); got["code"] != "request_invalid" {
				t.Errorf("%s: got %v, want request_invalid", bad, got)
			}
		}
		if got := d.get(path); got["running"] != 3.0 || fmt.Sprint(got["examples"]) != "[vm-1 vm-2]" || got["reported_at"] != "2026-03-10T12:00:00Z" {
			t.Errorf("got %v, want the last report that made sense", got)
		}
	})
}
