package paypal

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bursar-pay/bursar/internal/provider"
)

func agreement() provider.AgreementAsk {
	return provider.AgreementAsk{
		Key: "k3", Account: "acct_1", Seller: "Bursar Cloud", Language: "zh-Hant-TW",
		ReturnURL: "https://console.example/back", CancelURL: "https://console.example/cancelled",
	}
}

func setup(status, extra string) reply {
	return reply{status: 200, body: fmt.Sprintf(`{"id":%q,"status":%q,"customer":{"id":"cust_1"},"payment_source":{"paypal":{%s}},
		"links":[{"rel":"approve","href":"https://paypal.test/approve"}]}`, setupID, status, extra)}
}

func token(id, payer string) string {
	return fmt.Sprintf(`{"id":%q,"customer":{"id":"cust_1","merchant_customer_id":"acct_1"},"payment_source":{"paypal":{"payer_id":%q,
		"email_address":"uma@example.com","name":{"given_name":"Uma","surname":"Stone"},"address":{"country_code":"C2"}}}}`, id, payer)
}

var uma = provider.Instrument{
	Token: tokenID, Customer: "cust_1", Fingerprint: "paypal:7XQ4USKDWM2HB", Country: "CN", Holder: "Uma Stone", Email: "uma@example.com",
}

const umaID = "7XQ4USKDWM2HB"

func TestOpenAgreement(t *testing.T) {
	p, w := plugged(t, setup("PAYER_ACTION_REQUIRED", ""), setup("PAYER_ACTION_REQUIRED", ""))
	ref, r := p.OpenAgreement(t.Context(), agreement())
	want := provider.Result{Outcome: provider.NeedsPayer, Ref: "cust_1:" + setupID, Live: true, ChallengeURL: "https://paypal.test/approve", RequestID: "debug1"}
	if diff := cmp.Diff(want, r); ref != "cust_1:"+setupID || diff != "" {
		t.Errorf("got %q (-want +got):\n%s", ref, diff)
	}
	sameJSON(t, w.seen[0].body, `{"customer":{"merchant_customer_id":"acct_1"},"payment_source":{"paypal":{"usage_type":"MERCHANT",
		"usage_pattern":"THRESHOLD_POSTPAID","permit_multiple_payment_tokens":false,"experience_context":{"brand_name":"Bursar Cloud",
		"locale":"zh-Hant-TW","shipping_preference":"NO_SHIPPING","vault_instruction":"ON_CREATE_PAYMENT_TOKENS",
		"return_url":"https://console.example/back","cancel_url":"https://console.example/cancelled"}}}}`)
	if w.seen[0].key != "k3/open" {
		t.Errorf("got key %q, want k3/open", w.seen[0].key)
	}

	a := agreement()
	a.Customer, a.Account, a.Language, a.Seller = "cust_1", "", "Klingon", ""
	p.OpenAgreement(t.Context(), a)
	sameJSON(t, w.seen[1].body, `{"customer":{"id":"cust_1"},"payment_source":{"paypal":{"usage_type":"MERCHANT",
		"usage_pattern":"THRESHOLD_POSTPAID","permit_multiple_payment_tokens":false,"experience_context":{
		"shipping_preference":"NO_SHIPPING","vault_instruction":"ON_CREATE_PAYMENT_TOKENS",
		"return_url":"https://console.example/back","cancel_url":"https://console.example/cancelled"}}}}`)
}

func TestAgreementStandings(t *testing.T) {
	for _, tt := range []struct {
		answer reply
		want   provider.Outcome
	}{
		{setup("CREATED", ""), provider.NeedsPayer}, {setup("PAYER_ACTION_REQUIRED", ""), provider.NeedsPayer},
		{setup("APPROVED", ""), provider.Approved}, {setup("VAULTED", ""), provider.Approved},
		{setup("FROZEN", ""), provider.Unknown}, {reply{status: 503}, provider.Unknown},
		{refusedWith(404, "RESOURCE_NOT_FOUND", "TOKEN_NOT_FOUND"), provider.Cancelled}, {reply{status: 404, body: "<html>"}, provider.Unknown},
	} {
		p, _ := plugged(t, tt.answer)
		if r := p.Agreement(t.Context(), setupID); r.Outcome != tt.want || r.Ref != setupID {
			t.Errorf("%s: got %+v, want %s", tt.answer.body, r, tt.want)
		}
	}
}

func TestKeepAgreement(t *testing.T) {
	list := func(tokens string) reply {
		return one(`{"customer":{"id":"cust_1"},"payment_tokens":[` + tokens + `]}`)
	}
	other := token("other", "9LN2USVCTRE8J")
	tests := []struct {
		name    string
		replies []reply
		want    provider.Outcome
	}{
		{"approved", []reply{{status: 201, body: token(tokenID, umaID)}}, provider.Approved},
		{"kept before", []reply{refused("SETUP_TOKEN_ALREADY_TOKENIZED"), setup("VAULTED", ""), list(token(tokenID, umaID))}, provider.Approved},
		{"kept before, another payer's token beside it", []reply{refused("SETUP_TOKEN_ALREADY_TOKENIZED"), setup("VAULTED", `"payer_id":"`+umaID+`"`), list(other + "," + token(tokenID, umaID))}, provider.Approved},
		{"kept before, and nobody can tell which", []reply{refused("SETUP_TOKEN_ALREADY_TOKENIZED"), setup("VAULTED", ""), list(other + "," + token(tokenID, umaID))}, provider.Unknown},
		{"kept before, and deleted by the payer", []reply{refused("SETUP_TOKEN_ALREADY_TOKENIZED"), setup("VAULTED", ""), list("")}, provider.Cancelled},
		{"kept before, and cannot be listed", []reply{refused("SETUP_TOKEN_ALREADY_TOKENIZED"), setup("VAULTED", ""), {status: 503}}, provider.Unknown},
		{"not approved", []reply{refused("PAYER_ACTION_REQUIRED"), setup("PAYER_ACTION_REQUIRED", "")}, provider.Cancelled},
		{"lapsed", []reply{refusedWith(404, "RESOURCE_NOT_FOUND", "TOKEN_NOT_FOUND"), refusedWith(404, "RESOURCE_NOT_FOUND", "TOKEN_NOT_FOUND")}, provider.Cancelled},
		{"payer cannot be charged", []reply{refused("PAYER_ACCOUNT_RESTRICTED"), setup("APPROVED", "")}, provider.Declined},
		{"refused, and cannot be read", []reply{refused("PAYER_ACCOUNT_RESTRICTED"), {status: 503}}, provider.Unknown},
		{"answer lost", []reply{{status: 502}}, provider.Unknown},
		{"not allowed", []reply{refusedWith(403, "NOT_AUTHORIZED", "PERMISSION_DENIED")}, provider.Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, w := plugged(t, tt.replies...)
			got, r := p.KeepAgreement(t.Context(), setupID, agreement())
			if r.Outcome != tt.want || r.Ref != setupID {
				t.Errorf("got %+v, want %s", r, tt.want)
			}
			want := provider.Instrument{}
			if tt.want == provider.Approved {
				want = uma
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("instrument (-want +got):\n%s", diff)
			}
			sameJSON(t, w.seen[0].body, `{"payment_source":{"token":{"id":"`+setupID+`","type":"SETUP_TOKEN"}}}`)
		})
	}
}

// PayPal forgets a setup token in three days. What was made of it by a call whose
// answer was lost is found at its customer, beside what is known already.
func TestKeepAgreementThatPayPalForgot(t *testing.T) {
	gone := refusedWith(404, "RESOURCE_NOT_FOUND", "TOKEN_NOT_FOUND")
	list := func(tokens string) reply {
		return one(`{"customer":{"id":"cust_1"},"payment_tokens":[` + tokens + `]}`)
	}
	other := token("other", "9LN2USVCTRE8J")
	for name, tt := range map[string]struct {
		list  reply
		known []string
		want  provider.Outcome
	}{
		"the only one":        {list(token(tokenID, umaID)), nil, provider.Approved},
		"beside a known one":  {list(other + "," + token(tokenID, umaID)), []string{"other"}, provider.Approved},
		"nothing new":         {list(token(tokenID, umaID)), []string{tokenID}, provider.Cancelled},
		"two that are new":    {list(other + "," + token(tokenID, umaID)), nil, provider.Unknown},
		"none":                {list(""), nil, provider.Cancelled},
		"cannot be looked up": {reply{status: 503}, nil, provider.Unknown},
	} {
		p, _ := plugged(t, gone, gone, tt.list)
		a := agreement()
		a.Known = tt.known
		got, r := p.KeepAgreement(t.Context(), "cust_1:"+setupID, a)
		if r.Outcome != tt.want || (tt.want == provider.Approved) != (got.Token == tokenID) {
			t.Errorf("%s: got %+v of %q, want %s", name, r, got.Token, tt.want)
		}
	}
}

func TestInstrument(t *testing.T) {
	p, _ := plugged(t, one(token(tokenID, umaID)))
	got, err := p.Instrument(t.Context(), tokenID)
	if diff := cmp.Diff(uma, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, tt := range []struct {
		answer reply
		want   error
	}{
		{refusedWith(404, "RESOURCE_NOT_FOUND", "TOKEN_NOT_FOUND"), provider.ErrTokenUnknown},
		{one(`{"id":"8kk8451t","payment_source":{"card":{}}}`), provider.ErrMethodTypeUnsupported},
		{reply{status: 503}, provider.ErrUnreachable},
		{reply{status: 404, body: "<html>"}, provider.ErrUnreachable},
		{refusedWith(403, "NOT_AUTHORIZED", "PERMISSION_DENIED"), provider.ErrMisconfigured},
	} {
		p, _ := plugged(t, tt.answer)
		if _, err := p.Instrument(t.Context(), tokenID); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.answer.body, err, tt.want)
		}
	}
}

func TestDetach(t *testing.T) {
	for _, tt := range []struct {
		answer reply
		want   error
	}{
		{reply{status: 204}, nil},
		{refusedWith(404, "RESOURCE_NOT_FOUND", "TOKEN_NOT_FOUND"), nil},
		{reply{status: 503}, provider.ErrUnreachable},
		{refusedWith(403, "NOT_AUTHORIZED", "PERMISSION_DENIED"), provider.ErrMisconfigured},
	} {
		p, w := plugged(t, tt.answer)
		if err := p.Detach(t.Context(), tokenID); !errors.Is(err, tt.want) || w.paths() != "DELETE /v3/vault/payment-tokens/"+tokenID {
			t.Errorf("%d: got %v after %s, want %v", tt.answer.status, err, w.paths(), tt.want)
		}
	}
}
