package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/api/problem"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// TestAPayPalAccountOverTheAPI lives with PayPal as a platform would, from the
// agreement to the closed account.
func TestAPayPalAccountOverTheAPI(t *testing.T) {
	holdToGolden(t, "testdata/paypal.golden", liveWithPayPal)
}

func liveWithPayPal(t *testing.T, engine string) []byte {
	d := openWorld(t, engine)
	m := newMonth(d.desk)

	m.says("POST /v1/accounts", `{"reference":"acme","name":"Acme Inc","country":"US","currency":"USD","email":"billing@acme.example"}`, "account")
	m.says("POST /v1/accounts/{account}/agreements", `{"consent":"2026-01","return_url":"https://acme.example/back?to=pay","language":"ja"}`, "agreement")
	d.decides(m.known["agreement"], sandbox.PayerUS)
	m.says("POST /v1/agreements/{agreement}/return", `{}`, "")
	m.says("GET /v1/accounts/{account}/agreements", "", "")
	m.says("GET /v1/accounts/{account}/payment-methods", "", "method")
	m.says("GET /v1/payment-methods/{method}/detachability", "", "")

	m.says("PUT /v1/accounts/{account}/resources", `{"running":2,"examples":["vm-1"]}`, "")
	m.says("GET /v1/payment-methods/{method}?refresh=true", "", "")
	m.says("GET /v1/accounts/{account}/ways-to-pay", "", "")
	m.says("POST /v1/usage", `{"lines":[{"id":"gpu-1","reference":"acme","product":"gpu","amount":{"amount":"9.50","currency":"USD"},"started_at":"2026-03-10T10:00:00Z"}]}`, "")
	m.says("GET /v1/accounts/{account}/payments", "", "")
	m.says("POST /v1/usage", `{"lines":[{"id":"gpu-2","reference":"acme","product":"gpu","amount":{"amount":"1.25","currency":"USD"},"started_at":"2026-03-10T11:00:00Z"}]}`, "")
	m.says("GET /v1/payment-methods/{method}/detachability", "", "")
	m.says("DELETE /v1/payment-methods/{method}", "", "")
	m.says("POST /v1/accounts/{account}/close", "", "")
	m.says("GET /v1/accounts/{account}/closing", "", "")
	m.says("PUT /v1/accounts/{account}/resources", `{"running":0}`, "")
	m.says("GET /v1/accounts/{account}/resources", "", "")
	m.says("POST /v1/accounts/{account}/close", "", "")
	m.says("POST /v1/accounts/{account}/reopen", "", "")
	m.says("POST /v1/accounts/{account}/close", "", "")
	d.world.Pass(16 * 24 * time.Hour)
	m.says("GET /v1/accounts/{account}", "", "")
	m.says("GET /v1/accounts/{account}/closing", "", "")
	m.says("GET /v1/payment-methods/{method}", "", "")
	m.says("GET /v1/accounts/{account}/payments", "", "")
	m.says("GET /v1/events?type=agreement.kept", "", "")
	m.says("GET /v1/events?type=hold.captured", "", "")
	return m.text.Bytes()
}

// decides has a payer agree on PayPal's page.
func (d outer) decides(agreement, payer string) {
	d.t.Helper()
	if _, err := d.world.Sandbox.ApproveAs(d.pageOf(agreement), payer); err != nil {
		d.t.Fatal(err)
	}
}

// pageOf is what PayPal calls the page of an agreement.
func (d outer) pageOf(agreement string) string {
	d.t.Helper()
	page, err := url.Parse(d.get("/v1/agreements/" + agreement)["approve_url"].(string))
	if err != nil {
		d.t.Fatal(err)
	}
	return page.Query().Get("approval_session_id")
}

// customer opens an account with a card or none.
func (d outer) customer(reference, card string) (account, method string) {
	d.t.Helper()
	account = d.post(201, "/v1/accounts", `{"reference":"`+reference+`","name":"n","country":"US","currency":"USD","email":"a@example.com"}`)["id"].(string)
	if card != "" {
		method = d.card(account, card)
	}
	return account, method
}

func (d outer) card(account, token string) string {
	d.t.Helper()
	return d.post(201, "/v1/accounts/"+account+"/payment-methods", `{"token":"`+token+`","consent":"1","return_url":"https://example.com/back"}`)["id"].(string)
}

func (d outer) agreement(account string) string {
	d.t.Helper()
	return d.post(201, "/v1/accounts/"+account+"/agreements", `{"consent":"1","return_url":"https://example.com/back"}`)["id"].(string)
}

// TestAgreementsThatBindNothing: each has its reason and a next step in the
// language asked for, and no payment method comes of it.
func TestAgreementsThatBindNothing(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		taken, _ := d.customer("taken", "")
		held := d.agreement(taken)
		d.decides(held, sandbox.PayerUSSecond)
		if got := d.post(200, "/v1/agreements/"+held+"/return", `{}`); got["state"] != "kept" || got["payment_method"] == nil || got["approve_url"] != nil {
			t.Fatalf("got %v, want it kept", got)
		}
		for i, c := range []struct {
			name   string
			payer  string // "" turns away; "nobody" walks away
			state  string
			reason any
			title  string
		}{
			{"turned away", "", "refused", "agreement_not_approved", "PayPal で同意されていません"},
			{"walked away", "nobody", "lapsed", nil, "期限までに決定されませんでした"},
			{"from mainland China", sandbox.PayerCN, "refused", "payer_country_blocked", "PayPal アカウントの登録国・地域が対象外です"},
			{"bound elsewhere", sandbox.PayerUSSecond, "refused", "already_bound", "別のアカウントに登録されています"},
		} {
			account, _ := d.customer("payer-"+string(rune('a'+i)), "")
			g := d.agreement(account)
			switch c.payer {
			case "":
				if _, err := d.world.Sandbox.RefuseApproval(d.pageOf(g)); err != nil {
					t.Fatal(err)
				}
				d.post(200, "/v1/agreements/"+g+"/return", `{"turned_away":true}`)
			case "nobody":
				d.world.Pass(4 * time.Hour)
			default:
				d.decides(g, c.payer)
				d.post(200, "/v1/agreements/"+g+"/return", `{}`)
			}
			got := d.want(200, ask{method: "GET", path: "/v1/agreements/" + g + "?refresh=true", header: map[string]string{"Accept-Language": "ja"}})
			words, _ := got["explanation"].(map[string]any)
			if got["state"] != c.state || got["reason"] != c.reason || words["title"] != c.title || words["next"] == "" || got["ended_at"] == nil {
				t.Errorf("%s: got %v, want %s for %v with its words", c.name, got, c.state, c.reason)
			}
			if methods := d.get("/v1/accounts/" + account + "/payment-methods")["data"].([]any); len(methods) != 0 {
				t.Errorf("%s: got methods %v, want none", c.name, methods)
			}
		}
	})
}

// TestAPayerWithoutFundsIsNotBound: an account without a source of
// funds is not bound, whatever its owner agreed to.
func TestAPayerWithoutFundsIsNotBound(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		account, _ := d.customer("acme", "")
		g := d.agreement(account)
		d.decides(g, sandbox.PayerNoFunds)
		d.post(200, "/v1/agreements/"+g+"/return", `{}`)
		d.world.Pass(time.Hour)
		for _, m := range d.get("/v1/accounts/" + account + "/payment-methods")["data"].([]any) {
			if m := m.(map[string]any); m["state"] != "rejected" || m["reason"] != "issuer_block" || !strings.Contains(fmt.Sprint(m["explanation"]), "to pay from") {
				t.Errorf("got %v, want it rejected, and its owner told why", m)
			}
		}
		if got := d.get("/v1/agreements/" + g); got["approve_url"] != nil {
			t.Errorf("got %v, want nobody sent to PayPal any more", got)
		}
	})
}

// TestAgreementsAreOpenedOncePerKey: what is sent again is answered again, and PayPal is
// asked once.
func TestAgreementsAreOpenedOncePerKey(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		account, _ := d.customer("acme", "")
		a := ask{method: "POST", path: "/v1/accounts/" + account + "/agreements", body: `{"consent":"1","return_url":"https://example.com/back"}`, header: keyed("one")}
		first, again := d.want(201, a), d.want(201, a)
		if first["id"] != again["id"] || first["approve_url"] != again["approve_url"] || first["approve_url"] == nil {
			t.Errorf("got %v and %v, want one agreement", first, again)
		}
		if list := d.get("/v1/accounts/" + account + "/agreements")["data"].([]any); len(list) != 1 {
			t.Errorf("got %d agreements, want 1", len(list))
		}
		for _, bad := range []string{`{"consent":"","return_url":"https://example.com"}`, `{"consent":"1","return_url":"javascript:alert(1)"}`, `{"consent":"1"}`} {
			d.post(422, "/v1/accounts/"+account+"/agreements", bad)
		}
	})
}

// wallet binds a payer's PayPal account and returns the method.
func (d outer) wallet(account, payer string) string {
	d.t.Helper()
	g := d.agreement(account)
	d.decides(g, payer)
	method, _ := d.post(200, "/v1/agreements/"+g+"/return", `{}`)["payment_method"].(string)
	return method
}

// TestAnotherPreferredMethodChangesWhatIsChargedAndHeld at once (R-THR-07, R-PP-08).
func TestAnotherPreferredMethodChangesWhatIsChargedAndHeld(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		account, card := d.customer("acme", "pm_card_us")
		wallet := d.wallet(account, sandbox.PayerUS)
		d.runs(account, 1)
		for _, c := range []struct{ prefer, threshold, held string }{
			{"", "1000.00", ""}, {wallet, "8.00", "10.00"}, {card, "1000.00", ""}, {wallet, "8.00", "10.00"},
		} {
			if c.prefer != "" {
				d.post(200, "/v1/payment-methods/"+c.prefer+"/prefer", "")
				d.world.Pass(time.Minute)
			}
			ways := d.get("/v1/accounts/" + account + "/ways-to-pay")
			held, _ := ways["held"].(map[string]any)
			sum, _ := held["amount"].(map[string]any)
			if got, _ := sum["amount"].(string); got != c.held || ways["threshold"].(map[string]any)["amount"] != c.threshold {
				t.Errorf("after %q is preferred: got %v held of threshold %v, want %q of %s", c.prefer, held, ways["threshold"], c.held, c.threshold)
			}
		}
		d.world.Prove()
	})
}

// TestAnAgreementTakenBackAtPayPalEndsTheMethod: it is told as invalid, and may go
// although it was the only one and resources run (R-PP-10, R-DEL-01).
func TestAnAgreementTakenBackAtPayPalEndsTheMethod(t *testing.T) {
	eachWorld(t, func(t *testing.T, d outer) {
		account, _ := d.customer("acme", "")
		method := d.wallet(account, sandbox.PayerUS)
		d.runs(account, 1)
		d.world.Listen()
		agreements, err := d.world.Sandbox.Agreements(sandbox.PayerUS)
		if err != nil || len(agreements) != 1 {
			t.Fatalf("got %v, %v at PayPal, want one agreement", agreements, err)
		}
		if err := d.world.Sandbox.CancelAgreement(agreements[0].ID); err != nil {
			t.Fatal(err)
		}
		d.world.Hear()
		d.world.Pass(time.Minute)
		if got := d.get("/v1/payment-methods/" + method); got["state"] != "invalid" || got["reason"] != "consent_revoked" || got["explanation"] == nil {
			t.Errorf("got %v, want it invalid with its reason", got)
		}
		if got := d.get("/v1/events?type=payment_method.revoked")["data"].([]any); len(got) != 1 {
			t.Errorf("got %d events, want the platform told once", len(got))
		}
		d.world.Pass(time.Hour)
		if status, said := d.delete(method); status != 200 || said["state"] != "detached" {
			t.Errorf("got %d %v, want it gone", status, said)
		}
	})
}

// TestWhatBelongsToAnotherAccountIsNotThere: a caller that is bound to one account
// learns nothing of another one's.
func TestWhatBelongsToAnotherAccountIsNotThere(t *testing.T) {
	d := openWorld(t, storetest.SQLite)
	mine, _ := d.customer("mine", "")
	other, card := d.customer("other", "pm_card_us")
	theirs, method, agreement := account.ID(other), payment.MethodID(card), payment.AgreementID(d.agreement(other))
	ctx, by := context.Background(), access.Caller{Name: "console:" + mine, Scopes: access.Scopes, Account: account.ID(mine)}
	for name, try := range map[string]func() error{
		"read an agreement":      func() error { _, err := d.office.Agreement(ctx, by, agreement, true); return err },
		"return to an agreement": func() error { _, err := d.office.ReturnToAgreement(ctx, by, agreement, true); return err },
		"list agreements":        func() error { _, err := d.office.Agreements(ctx, by, theirs); return err },
		"detach":                 func() error { _, err := d.office.DetachMethod(ctx, by, method); return err },
		"ask about detaching":    func() error { _, _, err := d.office.MayDetachMethod(ctx, by, method); return err },
		"close":                  func() error { _, err := d.office.CloseAccount(ctx, by, theirs); return err },
		"reopen":                 func() error { _, err := d.office.ReopenAccount(ctx, by, theirs); return err },
		"ask about closing":      func() error { _, err := d.office.MayCloseAccount(ctx, by, theirs); return err },
		"report resources":       func() error { _, err := d.office.ReportResources(ctx, by, theirs, account.Resources{}); return err },
		"read resources":         func() error { _, err := d.office.Resources(ctx, by, theirs); return err },
	} {
		if p := problem.From(try()); p.Status != http.StatusNotFound {
			t.Errorf("%s: got %d %s, want 404", name, p.Status, p.Code)
		}
	}
}
