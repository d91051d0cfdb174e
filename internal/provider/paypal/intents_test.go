package paypal

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

func TestOpenSendsWhatTheAskSays(t *testing.T) {
	tests := []struct {
		name   string
		ask    provider.Ask
		answer reply
		key    string
		want   string
	}{
		{"charge while away", charge(), charging("CREATED"), "k1/open",
			`{"intent":"CAPTURE","purchase_units":[{"reference_id":"charge","amount":{"currency_code":"USD","value":"25.00"},
			"invoice_id":"pay_1","custom_id":"pay_1","description":"usage of October","soft_descriptor":"BURSAR CLOUD"}]}`},
		{"hold of a payer who is here", hold(), holding("CREATED", "", ""), "k2/open",
			`{"intent":"AUTHORIZE","purchase_units":[{"reference_id":"hold","amount":{"currency_code":"USD","value":"1.00"},
			"invoice_id":"hold_1","custom_id":"hold_1","soft_descriptor":"BURSAR CLOUD"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, w := plugged(t, tt.answer)
			ref, r := p.Open(t.Context(), tt.ask)
			if ref != orderName || r.Outcome != provider.Pending || !r.Live || r.RequestID != "debug1" {
				t.Errorf("got %q %+v, want %s, pending and live", ref, r, orderName)
			}
			sameJSON(t, w.seen[0].body, tt.want)
			if got := w.seen[0]; got.key != tt.key || got.path != "/v2/checkout/orders" || got.header.Get("Authorization") != "Bearer token-1" {
				t.Errorf("got %+v, want key %s", got, tt.key)
			}
		})
	}
}

func TestConfirmSendsWhoStartedIt(t *testing.T) {
	here := hold()
	here.SetUp = false
	tests := []struct {
		name   string
		ask    provider.Ask
		answer reply
		path   string
		want   string
	}{
		{"while away", charge(), charging("COMPLETED", captured("COMPLETED", "pay_1")), "/capture",
			`{"payment_source":{"paypal":{"vault_id":"8kk8451t",
			"stored_credential":{"payment_initiator":"MERCHANT","usage":"SUBSEQUENT","usage_pattern":"THRESHOLD_POSTPAID"}}}}`},
		{"payer binds", hold(), holding("COMPLETED", authorized(holdID, "CREATED", noon), ""), "/authorize",
			`{"payment_source":{"paypal":{"vault_id":"8kk8451t",
			"stored_credential":{"payment_initiator":"CUSTOMER","usage":"FIRST","usage_pattern":"THRESHOLD_POSTPAID"},
			"experience_context":{"shipping_preference":"NO_SHIPPING","return_url":"https://console.example/back","cancel_url":"https://console.example/back"}}}}`},
		{"payer is here", here, holding("COMPLETED", authorized(holdID, "CREATED", noon), ""), "/authorize",
			`{"payment_source":{"paypal":{"vault_id":"8kk8451t",
			"stored_credential":{"payment_initiator":"CUSTOMER","usage":"SUBSEQUENT","usage_pattern":"THRESHOLD_POSTPAID"},
			"experience_context":{"shipping_preference":"NO_SHIPPING","return_url":"https://console.example/back","cancel_url":"https://console.example/back"}}}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, w := plugged(t, tt.answer)
			if r := p.Confirm(t.Context(), orderName, tt.ask); r.Outcome != provider.Approved {
				t.Errorf("got %+v, want approved", r)
			}
			got := w.seen[0]
			sameJSON(t, got.body, tt.want)
			if want := "/v2/checkout/orders/" + orderID + tt.path; got.path != want || !strings.HasPrefix(got.key, tt.ask.Key+"/confirm/") {
				t.Errorf("got %s with key %q, want %s with a key of %s", got.path, got.key, want, tt.ask.Key)
			}
		})
	}
}

// How an order stands, by what PayPal shows of it.
func TestOrderStandings(t *testing.T) {
	page := `{"rel":"payer-action","href":"https://paypal.test/page"}`
	asking := orderText{intent: "CAPTURE", status: "PAYER_ACTION_REQUIRED", kind: "charge", links: page}.String()
	made := noon.Add(-time.Hour)
	ends := made.Add(29 * 24 * time.Hour)
	renewed := authorized(holdID, "CREATED", noon.Add(-10*24*time.Hour)) + "," + authorized("NEW", "CREATED", made)
	tests := []struct {
		name   string
		answer reply
		want   provider.Result
	}{
		{"created", charging("CREATED"), provider.Result{Outcome: provider.Pending, Amount: usd(2500), Live: true}},
		{"approved by the payer", charging("APPROVED"), provider.Result{Outcome: provider.Pending, Amount: usd(2500), Live: true}},
		{"waits for the payer", reply{status: 200, body: asking},
			provider.Result{Outcome: provider.NeedsPayer, Amount: usd(2500), Live: true, ChallengeURL: "https://paypal.test/page"}},
		{"voided", charging("VOIDED"), provider.Result{Outcome: provider.Cancelled, Amount: usd(2500)}},
		{"shut", shutCharge(), provider.Result{Outcome: provider.Cancelled, Amount: usd(2500)}},
		{"captured", charging("COMPLETED", captured("COMPLETED", "pay_1")),
			provider.Result{Outcome: provider.Approved, Captured: true, Amount: usd(2400), ChargeRef: captureID}},
		{"captured and refunded", charging("COMPLETED", captured("REFUNDED", "pay_1")),
			provider.Result{Outcome: provider.Approved, Captured: true, Amount: usd(2400), ChargeRef: captureID}},
		{"capture pending", charging("COMPLETED", captured("PENDING", "pay_1")),
			provider.Result{Outcome: provider.Pending, Amount: usd(2400), ChargeRef: captureID}},
		{"capture declined", charging("COMPLETED", captured("DECLINED", "pay_1")),
			provider.Result{Outcome: provider.Declined, Amount: usd(2400), ChargeRef: captureID,
				Decline: provider.Decline{Class: provider.IssuerBlock, Code: "DECLINED"}}},
		{"held", holding("COMPLETED", authorized(holdID, "CREATED", made), ""),
			provider.Result{Outcome: provider.Approved, Amount: usd(2500), ChargeRef: holdID, HeldUntil: ends, HonoredUntil: made.Add(72 * time.Hour)}},
		{"renewed", holding("COMPLETED", renewed, ""),
			provider.Result{Outcome: provider.Approved, Amount: usd(2500), ChargeRef: "NEW", HeldUntil: ends, HonoredUntil: made.Add(72 * time.Hour)}},
		{"hold under review", holding("COMPLETED", authorized(holdID, "PENDING", made), ""),
			provider.Result{Outcome: provider.Pending, Amount: usd(2500), ChargeRef: holdID, Live: true}},
		{"hold denied", holding("COMPLETED", authorized(holdID, "DENIED", made), ""),
			provider.Result{Outcome: provider.Declined, Amount: usd(2500), ChargeRef: holdID,
				Decline: provider.Decline{Class: provider.IssuerBlock, Code: "DENIED"}}},
		{"hold voided", holding("COMPLETED", authorized(holdID, "VOIDED", made), ""),
			provider.Result{Outcome: provider.Cancelled, Amount: usd(2500), ChargeRef: holdID}},
		{"hold over, whatever PayPal shows", holding("COMPLETED", authorized(holdID, "CREATED", noon.Add(-30*24*time.Hour)), ""),
			provider.Result{Outcome: provider.Cancelled, Amount: usd(2500), ChargeRef: holdID}},
		{"hold captured", holding("COMPLETED", authorized(holdID, "CAPTURED", made), captured("COMPLETED", "pay_9")),
			provider.Result{Outcome: provider.Approved, Captured: true, Amount: usd(2400), ChargeRef: captureID}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := plugged(t, tt.answer)
			tt.want.Ref, tt.want.RequestID = orderName, "debug1"
			if diff := cmp.Diff(tt.want, p.Fetch(t.Context(), orderName)); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewStatusIsUnknown(t *testing.T) {
	for name, answer := range map[string]reply{
		"order": charging("FROZEN"), "completed with nothing taken": charging("COMPLETED"),
		"capture":       charging("COMPLETED", captured("FROZEN", "pay_1")),
		"authorization": holding("COMPLETED", authorized(holdID, "FROZEN", noon), ""),
	} {
		p, _ := plugged(t, answer)
		if r := p.Fetch(t.Context(), orderName); r.Outcome != provider.Unknown || !r.Live || r.Cause == nil {
			t.Errorf("%s: got %+v, want unknown with a cause", name, r)
		}
	}
}

// An order that lapsed took nothing; what is not an order's name is not asked for.
func TestMissing(t *testing.T) {
	p, _ := plugged(t, refusedWith(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"))
	if r := p.Fetch(t.Context(), orderName); r.Outcome != provider.Cancelled || r.Live {
		t.Errorf("lapsed: got %+v, want cancelled", r)
	}
	p, w := plugged(t)
	for _, name := range []string{"", "pi_1", "order:", "order:x y", "capture-of:" + holdID, "capture-of:/pay_1", orderName + "x"} {
		if r := p.Fetch(t.Context(), name); r.Outcome != provider.Unknown {
			t.Errorf("%q: got %+v, want unknown", name, r)
		}
	}
	if len(w.seen) > 0 {
		t.Errorf("asked %s, want nothing", w.paths())
	}
}

// A step's outcome by what comes back, for the three steps and for reading.
func TestFailures(t *testing.T) {
	const pass = `{"name":"AUTHENTICATION_FAILURE"}`
	tests := []struct {
		name    string
		reply   reply
		open    provider.Outcome
		confirm provider.Outcome
		cancel  provider.Outcome
		stops   bool // the lane
	}{
		{"answer lost", reply{err: io.ErrUnexpectedEOF}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"500", refusedWith(500, "INTERNAL_SERVER_ERROR", ""), provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"503 of a proxy", reply{status: 503, body: "<html>"}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"200 that is cut off", reply{status: 201, body: `{"id":"5O19`}, provider.Unknown, provider.Unknown, "", false}, // a void needs no words
		{"redirect", reply{status: 307}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"409 busy", refusedWith(409, "RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS"), provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"key used before", refused("PAYPAL_REQUEST_ID_PREVIOUSLY_USED"), provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"429", refusedWith(429, "RATE_LIMIT_REACHED", ""), provider.Failed, provider.Failed, provider.Failed, false},
		{"400", refusedWith(400, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE"), provider.Failed, provider.Failed, provider.Failed, false},
		{"400 of a proxy", reply{status: 400, body: "<html>"}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"403", refusedWith(403, "NOT_AUTHORIZED", "PERMISSION_DENIED"), provider.Failed, provider.Failed, provider.Failed, true},
		{"our account is restricted", refused("PAYEE_ACCOUNT_RESTRICTED"), provider.Failed, provider.Failed, provider.Failed, true},
		{"nobody listens", reply{err: dialError}, provider.Failed, provider.Failed, provider.Failed, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := plugged(t, tt.reply)
			ref, r := p.Open(t.Context(), charge())
			check(t, "open", r, tt.open, tt.stops, false)
			if ref != "" {
				t.Errorf("open: got %q, want no reference", ref)
			}
			p, _ = plugged(t, tt.reply)
			check(t, "confirm", p.Confirm(t.Context(), orderName, charge()), tt.confirm, tt.stops, true)
			if tt.cancel != "" {
				p, _ = plugged(t, holding("COMPLETED", authorized(holdID, "CREATED", noon), ""), tt.reply)
				check(t, "cancel", p.Cancel(t.Context(), orderName, "k"), tt.cancel, tt.stops, true)
			}
			p, _ = plugged(t, tt.reply)
			check(t, "fetch", p.Fetch(t.Context(), orderName), provider.Unknown, tt.stops, true)
			p, _ = plugged(t, tt.reply)
			check(t, "confirm from a hold", p.Confirm(t.Context(), fromName, from()), tt.confirm, tt.stops, true)
		})
	}
	t.Run("401 twice", func(t *testing.T) {
		p, w := plugged(t, reply{status: 401, body: pass}, reply{status: 401, body: pass})
		check(t, "confirm", p.Confirm(t.Context(), orderName, charge()), provider.Failed, true, true)
		if w.tokens != 2 {
			t.Errorf("got %d tokens, want one renewed", w.tokens)
		}
	})
}

func check(t *testing.T, step string, r provider.Result, outcome provider.Outcome, stops, live bool) {
	t.Helper()
	if r.Outcome != outcome || r.Misconfigured != stops || r.Live != live || r.Cause == nil {
		t.Errorf("%s: got %+v, want %s, misconfigured %v, live %v and a cause", step, r, outcome, stops, live)
	}
	if r.Cause != nil && strings.Contains(r.Cause.Error(), "secret") {
		t.Errorf("%s: the cause quotes PayPal: %v", step, r.Cause)
	}
}

// Refusals, each believed only once the order was read.
func TestDeclines(t *testing.T) {
	tests := []struct {
		issue   string
		class   provider.Class
		revoked bool
	}{
		{"INSTRUMENT_DECLINED", provider.IssuerBlock, false},
		{"REDIRECT_PAYER_FOR_ALTERNATE_FUNDING", provider.InsufficientFunds, false},
		{"TRANSACTION_REFUSED", provider.IssuerBlock, false},
		{"PAYER_CANNOT_PAY", provider.IssuerBlock, false},
		{"PAYER_ACCOUNT_RESTRICTED", provider.IssuerBlock, false},
		{"PAYER_ACCOUNT_LOCKED_OR_CLOSED", provider.Final, false},
		{"AGREEMENT_ALREADY_CANCELLED", provider.Final, true},
		{"BILLING_AGREEMENT_NOT_FOUND", provider.Final, true},
		{"TOKEN_ID_NOT_FOUND", provider.Final, true},
		{"DECLINED_DUE_TO_RELATED_TXN", provider.TryLater, false},
		{"A_WORD_OF_TOMORROW", provider.IssuerBlock, false},
	}
	for _, tt := range tests {
		t.Run(tt.issue, func(t *testing.T) {
			want := provider.Result{
				Outcome: provider.Declined, Ref: orderName, Live: true, RequestID: "debug1",
				Decline: provider.Decline{Class: tt.class, Code: tt.issue, Revoked: tt.revoked},
			}
			p, _ := plugged(t, refused(tt.issue), charging("CREATED"))
			if diff := cmp.Diff(want, p.Confirm(t.Context(), orderName, charge())); diff != "" {
				t.Errorf("charge (-want +got):\n%s", diff)
			}
			p, _ = plugged(t, refused(tt.issue), reply{status: 200, body: authorized(holdID, "CREATED", noon)},
				holding("COMPLETED", authorized(holdID, "CREATED", noon), ""))
			want.Ref = fromName
			if diff := cmp.Diff(want, p.Confirm(t.Context(), fromName, from())); diff != "" {
				t.Errorf("charge from a hold (-want +got):\n%s", diff)
			}
		})
	}
}

// The word for a token that is gone may be no more than the field it is in.
func TestMissingTokenIsRevoked(t *testing.T) {
	for _, status := range []int{400, 404, 422} {
		gone := reply{status: status, body: `{"name":"RESOURCE_NOT_FOUND","details":[{"field":"/payment_source/paypal/vault_id","issue":"INVALID_RESOURCE_ID"}]}`}
		p, _ := plugged(t, gone, charging("CREATED"))
		r := p.Confirm(t.Context(), orderName, charge())
		if r.Outcome != provider.Declined || !r.Decline.Revoked || r.Decline.Class != provider.Final {
			t.Errorf("HTTP %d: got %+v, want declined and revoked", status, r)
		}
	}
}

// What confirming says where the order has moved on.
func TestConfirmLooks(t *testing.T) {
	taken := charging("COMPLETED", captured("COMPLETED", "pay_1"))
	tests := []struct {
		name    string
		replies []reply
		want    provider.Outcome
		live    bool
	}{
		{"captured before", []reply{refused("ORDER_ALREADY_CAPTURED"), taken}, provider.Approved, false},
		{"refusal was an old one", []reply{refused("INSTRUMENT_DECLINED"), taken}, provider.Approved, false},
		{"shut by a cancel", []reply{refused("ACTION_DOES_NOT_MATCH_INTENT"), shutCharge()}, provider.Cancelled, false},
		{"refused once, shut since", []reply{refused("INSTRUMENT_DECLINED"), shutCharge()}, provider.Cancelled, false},
		{"lapsed", []reply{refusedWith(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"), refusedWith(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")}, provider.Cancelled, false},
		{"expired", []reply{refused("ORDER_EXPIRED"), charging("CREATED")}, provider.Cancelled, false},
		{"moved on, and cannot be read", []reply{refused("ORDER_ALREADY_CAPTURED"), {status: 503}}, provider.Unknown, true},
		{"moved on, and does not show it", []reply{refused("ORDER_ALREADY_CAPTURED"), charging("CREATED")}, provider.Unknown, true},
		{"declined, and cannot be read", []reply{refused("INSTRUMENT_DECLINED"), {status: 503}}, provider.Unknown, true},
		{"payer approved meanwhile", []reply{refused("PAYER_ACTION_REQUIRED"), charging("APPROVED"), taken}, provider.Approved, false},
		{"payer approved, and is refused", []reply{refused("PAYER_ACTION_REQUIRED"), charging("APPROVED"), refused("INSTRUMENT_DECLINED"), charging("APPROVED")}, provider.Declined, true},
		{"answered in few words", []reply{{status: 201, body: `{"id":"` + orderID + `","status":"COMPLETED"}`}, taken}, provider.Approved, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := plugged(t, tt.replies...)
			r := p.Confirm(t.Context(), orderName, charge())
			if r.Outcome != tt.want || r.Live != tt.live || r.Ref != orderName {
				t.Errorf("got %+v, want %s, live %v", r, tt.want, tt.live)
			}
		})
	}
}

func TestPayerIsCalled(t *testing.T) {
	p, _ := plugged(t, refused("PAYER_ACTION_REQUIRED"), charging("CREATED"))
	r := p.Confirm(t.Context(), orderName, charge())
	want := "https://paypal.test/checkoutnow?token=" + orderID
	if r.Outcome != provider.NeedsPayer || !r.Live || r.ChallengeURL != want || r.Decline.Class != provider.Authentication {
		t.Errorf("got %+v, want the payer at %s", r, want)
	}
}

// After the payer approved, no source is named any more, under another key.
func TestApprovedOrderIsTakenAsItIs(t *testing.T) {
	p, w := plugged(t, refused("PAYER_ACTION_REQUIRED"), charging("APPROVED"), charging("COMPLETED", captured("COMPLETED", "pay_1")))
	p.Confirm(t.Context(), orderName, charge())
	if got := w.seen[2]; got.body != "{}" || got.key != "k1/confirm-approved" {
		t.Errorf("got %q with key %q, want no source, with k1/confirm-approved", got.body, got.key)
	}
}

// Our reference was paid as another order, before our books were put back.
func TestTwinIsFound(t *testing.T) {
	found := `{"transaction_details":[
		{"transaction_info":{"transaction_id":"AAA","transaction_event_code":"T1107","invoice_id":"pay_1"}},
		{"transaction_info":{"transaction_id":"BBB","transaction_event_code":"T0006","invoice_id":"pay_2"}},
		{"transaction_info":{"transaction_id":"` + captureID + `","transaction_event_code":"T0006","invoice_id":"pay_1"}}],"total_pages":1}`
	other := orderText{id: "OTHER", intent: "CAPTURE", status: "COMPLETED", kind: "charge", payments: `"captures":[` + captured("COMPLETED", "pay_1") + `]`}
	none := reply{status: 200, body: `{"transaction_details":[],"total_pages":0}`}
	replies := []reply{refused("DUPLICATE_INVOICE_ID"), charging("CREATED")}
	for range findSpansMax - 1 {
		replies = append(replies, none)
	}
	capture := strings.Replace(captured("COMPLETED", "pay_1"), orderID, "OTHER", 1)
	p, _ := plugged(t, append(replies, reply{status: 200, body: found}, reply{status: 200, body: capture}, reply{status: 200, body: other.String()})...)
	r := p.Confirm(t.Context(), orderName, charge())
	if r.Outcome != provider.Approved || !r.Captured || r.Ref != "order:OTHER" || r.ChargeRef != captureID {
		t.Errorf("got %+v, want the other order's capture", r)
	}

	p, _ = plugged(t, append(replies, none)...)
	if r := p.Confirm(t.Context(), orderName, charge()); r.Outcome != provider.Unknown || r.Ref != orderName {
		t.Errorf("nowhere to be found: got %+v, want unknown", r)
	}
}

// PayPal may say so as early as when the order is opened.
func TestOpenFindsATwin(t *testing.T) {
	found := `{"transaction_details":[{"transaction_info":{"transaction_id":"` + captureID + `","transaction_event_code":"T0006","invoice_id":"pay_1"}}],"total_pages":1}`
	replies := []reply{refused("DUPLICATE_INVOICE_ID")}
	for range findSpansMax - 1 {
		replies = append(replies, reply{status: 200, body: `{"total_pages":0}`})
	}
	p, _ := plugged(t, append(replies, reply{status: 200, body: found}, reply{status: 200, body: captured("COMPLETED", "pay_1")}, charging("COMPLETED", captured("COMPLETED", "pay_1")))...)
	if ref, r := p.Open(t.Context(), charge()); ref != orderName || r.Outcome != provider.Approved || !r.Captured {
		t.Errorf("got %q %+v, want the order that was paid", ref, r)
	}
	p, _ = plugged(t, append(replies, reply{status: 503})...)
	if ref, r := p.Open(t.Context(), charge()); ref != "" || r.Outcome != provider.Unknown {
		t.Errorf("it cannot be searched: got %q %+v, want unknown", ref, r)
	}
	p, _ = plugged(t, refused("A_WORD_OF_TOMORROW"))
	if ref, r := p.Open(t.Context(), charge()); ref != "" || r.Outcome != provider.Failed || !r.Hopeless {
		t.Errorf("refused for another reason: got %q %+v, want failed and hopeless", ref, r)
	}
}

func TestFind(t *testing.T) {
	page := reply{status: 200, body: `{"transaction_details":[
		{"transaction_info":{"transaction_id":"` + holdID + `","transaction_event_code":"T1300","custom_field":"pay_1"}}],"total_pages":1}`}
	p, w := plugged(t, page, reply{status: 200, body: authorized(holdID, "CREATED", noon)}, holding("COMPLETED", authorized(holdID, "CREATED", noon), ""))
	if ref, r := p.Find(t.Context(), "", "pay_1", noon.Add(-time.Hour)); ref != orderName || r.Outcome != provider.Approved {
		t.Errorf("a hold: got %q %+v, want %s approved", ref, r, orderName)
	}
	want := "balance_affecting_records_only=N&end_date=2026-01-02T12%3A10%3A00Z&fields=transaction_info&page=1&page_size=500&start_date=2026-01-02T10%3A50%3A00Z"
	if got := w.seen[0].query; got != want {
		t.Errorf("query: got %s, want %s", got, want)
	}

	p, _ = plugged(t, reply{status: 200, body: `{"transaction_details":[],"total_pages":0}`})
	if ref, r := p.Find(t.Context(), "", "pay_1", noon); ref != "" || r.Outcome != provider.Failed {
		t.Errorf("none: got %q %+v, want failed", ref, r)
	}
	p, _ = plugged(t, refusedWith(403, "NOT_AUTHORIZED", "PERMISSION_DENIED"))
	if ref, r := p.Find(t.Context(), "", "pay_1", noon); ref != "" || r.Outcome != provider.Unknown || !r.Misconfigured {
		t.Errorf("not allowed to search: got %q %+v, want unknown and misconfigured", ref, r)
	}
}

func TestOpenRefusesWhatPayPalCannotTake(t *testing.T) {
	for name, change := range map[string]func(*provider.Ask){
		"a currency that is not offered": func(a *provider.Ask) { a.Amount.Currency = "KWD" },
		"nothing":                        func(a *provider.Ask) { a.Amount.Minor = 0 },
		"a fraction of a forint":         func(a *provider.Ask) { a.Amount = money.Amount{Minor: 150, Currency: "HUF"} },
		"too much":                       func(a *provider.Ask) { a.Amount.Minor = 10_000_01 },
		"no key":                         func(a *provider.Ask) { a.Key = "" },
		"no token":                       func(a *provider.Ask) { a.Method = "" },
		"no reference":                   func(a *provider.Ask) { a.Reference = "" },
	} {
		p, _ := plugged(t)
		a := charge()
		change(&a)
		if ref, r := p.Open(t.Context(), a); ref != "" || r.Outcome != provider.Failed || r.Cause == nil {
			t.Errorf("%s: got %q %+v, want failed", name, ref, r)
		}
	}
}

func TestStepKeysFit(t *testing.T) {
	long := strings.Repeat("k", keyMax)
	for _, key := range []string{long, "with a space", "schlüssel"} {
		got := stepKey(key, openStep, nil)
		if len(got) > keyMax || word(got) == "" || got == stepKey(key, renewStep, nil) || got != stepKey(key, openStep, nil) {
			t.Errorf("%q: got %q, want a short key of its own, always the same", key, got)
		}
	}
	if got := stepKey("k", openStep, nil); got != "k/open" {
		t.Errorf("got %q, want k/open", got)
	}
}

func TestEveryIssueHasAnEffectAndDeclinesAClass(t *testing.T) {
	for word, i := range issues {
		if i.effect == 0 || (i.effect == declines) != (i.class != "") || i.revoked && i.class != provider.Final {
			t.Errorf("%s: got %+v", word, i)
		}
	}
}

func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var a, b any
	if err := errors.Join(json.Unmarshal([]byte(want), &a), json.Unmarshal([]byte(got), &b)); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if diff := cmp.Diff(a, b, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

// dialError is how a transport tells that nobody listens.
var dialError = &net.OpError{Op: "dial", Err: errors.New("connection refused")}
