package paypal

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

const (
	day = 24 * time.Hour

	readHoldPath  = "GET /v2/payments/authorizations/" + holdID
	readOrderPath = "GET /v2/checkout/orders/" + orderID
	patchPath     = "PATCH /v2/checkout/orders/" + orderID
	voidPath      = "POST /v2/payments/authorizations/" + holdID + "/void"
)

func ok204() reply { return reply{status: 204} }

func one(text string) reply { return reply{status: 200, body: text} }

func TestCancel(t *testing.T) {
	held := func(status string) reply { return holding("COMPLETED", authorized(holdID, status, noon), "") }
	fresh, shutHold := holding("CREATED", "", ""), orderText{intent: "CAPTURE", status: "CREATED", kind: "hold"}
	taken := charging("COMPLETED", captured("COMPLETED", "pay_1"))
	tests := []struct {
		name    string
		replies []reply
		want    provider.Outcome
		asked   []string
	}{
		{"a hold", []reply{held("CREATED"), ok204(), held("VOIDED")}, provider.Cancelled, []string{readOrderPath, voidPath, readOrderPath}},
		{"a hold that is void", []reply{held("VOIDED")}, provider.Cancelled, []string{readOrderPath}},
		{"a hold voided meanwhile", []reply{held("CREATED"), refused("PREVIOUSLY_VOIDED"), held("VOIDED")}, provider.Cancelled, []string{readOrderPath, voidPath, readOrderPath}},
		{"a hold captured meanwhile", []reply{held("CREATED"), refused("PREVIOUSLY_CAPTURED"), holding("COMPLETED", authorized(holdID, "CAPTURED", noon), captured("COMPLETED", "pay_9"))},
			provider.Approved, []string{readOrderPath, voidPath, readOrderPath}},
		{"a hold whose void does not show", []reply{held("CREATED"), ok204(), held("CREATED")}, provider.Approved, []string{readOrderPath, voidPath, readOrderPath}},
		{"a hold that was never made", []reply{fresh, ok204(), one(shutHold.String())}, provider.Cancelled, []string{readOrderPath, patchPath, readOrderPath}},
		{"a charge", []reply{charging("CREATED"), ok204(), shutCharge()}, provider.Cancelled, []string{readOrderPath, patchPath, readOrderPath}},
		{"a charge that is shut", []reply{shutCharge()}, provider.Cancelled, []string{readOrderPath}},
		{"a charge that cannot be shut", []reply{charging("PAYER_ACTION_REQUIRED"), refused("NOT_PATCHABLE"), charging("PAYER_ACTION_REQUIRED")},
			provider.Cancelled, []string{readOrderPath, patchPath, readOrderPath}},
		{"a charge captured meanwhile", []reply{charging("CREATED"), refused("ORDER_ALREADY_COMPLETED"), taken}, provider.Approved, []string{readOrderPath, patchPath, readOrderPath}},
		{"a charge being captured", []reply{charging("CREATED"), ok204(), charging("COMPLETED", captured("PENDING", "pay_1"))}, provider.Pending, []string{readOrderPath, patchPath, readOrderPath}},
		{"a hold of which a capture was declined", []reply{holding("COMPLETED", authorized(holdID, "CREATED", noon), captured("DECLINED", "pay_9")), ok204(),
			holding("COMPLETED", authorized(holdID, "VOIDED", noon), captured("DECLINED", "pay_9"))}, provider.Cancelled, []string{readOrderPath, voidPath, readOrderPath}},
		{"a hold under review", []reply{held("PENDING"), ok204(), held("VOIDED")}, provider.Cancelled, []string{readOrderPath, voidPath, readOrderPath}},
		{"a hold that was denied", []reply{held("DENIED"), held("DENIED")}, provider.Cancelled, []string{readOrderPath, readOrderPath}},
		{"a charge whose capture was declined", []reply{charging("COMPLETED", captured("DECLINED", "pay_1")), charging("COMPLETED", captured("DECLINED", "pay_1"))},
			provider.Cancelled, []string{readOrderPath, readOrderPath}},
		{"a charge whose capture was declined, open still", []reply{charging("APPROVED", captured("DECLINED", "pay_1")), ok204(), charging("APPROVED", captured("DECLINED", "pay_1"))},
			provider.Cancelled, []string{readOrderPath, patchPath, readOrderPath}},
		{"a captured charge", []reply{taken}, provider.Approved, []string{readOrderPath}},
		{"a charge whose shutting got lost", []reply{charging("CREATED"), {status: 503}}, provider.Unknown, []string{readOrderPath, patchPath}},
		{"a lapsed charge", []reply{refusedWith(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")}, provider.Cancelled, []string{readOrderPath}},
		{"what cannot be read", []reply{{status: 503}}, provider.Unknown, []string{readOrderPath}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, w := plugged(t, tt.replies...)
			r := p.Cancel(t.Context(), orderName, "k")
			if r.Outcome != tt.want || r.Outcome == provider.Cancelled && r.Live {
				t.Errorf("got %+v, want %s", r, tt.want)
			}
			if diff := cmp.Diff(tt.asked, asked(w)); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestShuttingTurnsTheIntentAround(t *testing.T) {
	p, w := plugged(t, charging("CREATED"), ok204(), shutCharge())
	p.Cancel(t.Context(), orderName, "")
	sameJSON(t, w.seen[1].body, `[{"op":"replace","path":"/intent","value":"AUTHORIZE"}]`)
	p, w = plugged(t, holding("CREATED", "", ""), ok204(), reply{status: 503})
	p.Cancel(t.Context(), orderName, "")
	sameJSON(t, w.seen[1].body, `[{"op":"replace","path":"/intent","value":"CAPTURE"}]`)
}

// A renewed hold is released by its first authorization; PayPal refuses the others.
func TestCancelOfARenewedHold(t *testing.T) {
	both := func(status string) reply {
		return holding("COMPLETED", authorized(holdID, status, noon.Add(-5*day))+","+authorized("NEW", status, noon), "")
	}
	p, w := plugged(t, both("CREATED"), ok204(), refused("CANNOT_BE_VOIDED"), both("VOIDED"))
	if r := p.Cancel(t.Context(), orderName, "k"); r.Outcome != provider.Cancelled {
		t.Errorf("got %+v, want cancelled", r)
	}
	want := []string{readOrderPath, voidPath, "POST /v2/payments/authorizations/NEW/void", readOrderPath}
	if diff := cmp.Diff(want, asked(w)); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestCaptureFromAHold(t *testing.T) {
	p, w := plugged(t, one(captured("COMPLETED", "pay_1")))
	ref, r := p.Open(t.Context(), from())
	if ref != fromName || r.Outcome != provider.Pending || !r.Live {
		t.Fatalf("open: got %q %+v, want %s pending and live, and nobody asked", ref, r, fromName)
	}
	r = p.Confirm(t.Context(), ref, from())
	want := provider.Result{Outcome: provider.Approved, Captured: true, Ref: fromName, ChargeRef: captureID, Amount: usd(2400), RequestID: "debug1"}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("confirm (-want +got):\n%s", diff)
	}
	sameJSON(t, w.seen[0].body, `{"amount":{"currency_code":"USD","value":"25.00"},"invoice_id":"pay_1","final_capture":true,"soft_descriptor":"BURSAR CLOUD"}`)
}

// How a capture from a hold stands, by the authorization and its order.
func TestFetchFromAHold(t *testing.T) {
	alive, void := authorized(holdID, "CREATED", noon), authorized(holdID, "VOIDED", noon)
	spent := authorized(holdID, "CAPTURED", noon)
	tests := []struct {
		name     string
		hold     string
		captures string
		want     provider.Outcome
		live     bool
	}{
		{"not made yet", alive, "", provider.Pending, true},
		{"made", spent, captured("COMPLETED", "pay_1"), provider.Approved, false},
		{"under way", alive, captured("PENDING", "pay_1"), provider.Pending, false},
		{"declined", alive, captured("DECLINED", "pay_1"), provider.Declined, false},
		{"spent by another", spent, captured("COMPLETED", "pay_2"), provider.Cancelled, false},
		{"partly spent by another", authorized(holdID, "PARTIALLY_CAPTURED", noon), captured("COMPLETED", "pay_2"), provider.Cancelled, false},
		{"another was declined", alive, captured("DECLINED", "pay_2"), provider.Pending, true},
		{"hold is void", void, "", provider.Cancelled, false},
		{"hold is over", authorized(holdID, "CREATED", noon.Add(-30*day)), "", provider.Cancelled, false},
		{"hold was renewed", authorized(holdID, "CREATED", noon.Add(-5*day)) + "," + authorized("NEW", "CREATED", noon), "", provider.Cancelled, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first := authorized(holdID, "CREATED", noon)
			if tt.hold != alive {
				first = tt.hold
			}
			if tt.name == "hold was renewed" {
				first = authorized(holdID, "CREATED", noon.Add(-5*day))
			}
			p, _ := plugged(t, one(first), holding("COMPLETED", tt.hold, tt.captures))
			if r := p.Fetch(t.Context(), fromName); r.Outcome != tt.want || r.Live != tt.live || r.Ref != fromName {
				t.Errorf("got %+v, want %s, live %v", r, tt.want, tt.live)
			}
		})
	}
}

func TestConfirmFromAHoldLooks(t *testing.T) {
	alive, spent := authorized(holdID, "CREATED", noon), authorized(holdID, "CAPTURED", noon)
	tests := []struct {
		name    string
		replies []reply
		want    provider.Outcome
	}{
		{"captured by us before", []reply{refused("AUTHORIZATION_ALREADY_CAPTURED"), one(spent), holding("COMPLETED", spent, captured("COMPLETED", "pay_1"))}, provider.Approved},
		{"captured by another", []reply{refused("AUTHORIZATION_ALREADY_CAPTURED"), one(spent), holding("COMPLETED", spent, captured("COMPLETED", "pay_2"))}, provider.Cancelled},
		{"void", []reply{refused("AUTHORIZATION_VOIDED"), one(authorized(holdID, "VOIDED", noon)), holding("COMPLETED", authorized(holdID, "VOIDED", noon), "")}, provider.Cancelled},
		{"reference taken, by this very capture", []reply{refused("DUPLICATE_INVOICE_ID"), one(spent), holding("COMPLETED", spent, captured("COMPLETED", "pay_1"))}, provider.Approved},
		{"too much", []reply{refused("MAX_CAPTURE_AMOUNT_EXCEEDED")}, provider.Failed},
		{"refused, and cannot be read", []reply{refused("TRANSACTION_REFUSED"), {status: 503}}, provider.Unknown},
		{"moved on, and does not show it", []reply{refused("AUTHORIZATION_VOIDED"), one(alive), holding("COMPLETED", alive, "")}, provider.Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := plugged(t, tt.replies...)
			if r := p.Confirm(t.Context(), fromName, from()); r.Outcome != tt.want || r.Ref != fromName {
				t.Errorf("got %+v, want %s", r, tt.want)
			}
		})
	}
}

func TestCancelFromAHold(t *testing.T) {
	alive, void, spent := authorized(holdID, "CREATED", noon), authorized(holdID, "VOIDED", noon), authorized(holdID, "CAPTURED", noon)
	tests := []struct {
		name    string
		replies []reply
		want    provider.Outcome
		asked   []string
	}{
		{"not made", []reply{one(alive), holding("COMPLETED", alive, ""), ok204(), one(void), holding("COMPLETED", void, "")},
			provider.Cancelled, []string{readHoldPath, readOrderPath, voidPath, readHoldPath, readOrderPath}},
		{"made", []reply{one(spent), holding("COMPLETED", spent, captured("COMPLETED", "pay_1"))}, provider.Approved, []string{readHoldPath, readOrderPath}},
		{"made meanwhile", []reply{one(alive), holding("COMPLETED", alive, ""), refused("PREVIOUSLY_CAPTURED"), one(spent), holding("COMPLETED", spent, captured("COMPLETED", "pay_1"))},
			provider.Approved, []string{readHoldPath, readOrderPath, voidPath, readHoldPath, readOrderPath}},
		{"declined", []reply{one(alive), holding("COMPLETED", alive, captured("DECLINED", "pay_1")), ok204(), one(void), holding("COMPLETED", void, captured("DECLINED", "pay_1"))},
			provider.Cancelled, []string{readHoldPath, readOrderPath, voidPath, readHoldPath, readOrderPath}},
		{"under way", []reply{one(alive), holding("COMPLETED", alive, captured("PENDING", "pay_1"))}, provider.Pending, []string{readHoldPath, readOrderPath}},
		{"answer lost", []reply{one(alive), holding("COMPLETED", alive, ""), {status: 502}}, provider.Unknown, []string{readHoldPath, readOrderPath, voidPath}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, w := plugged(t, tt.replies...)
			if r := p.Cancel(t.Context(), fromName, "k"); r.Outcome != tt.want {
				t.Errorf("got %+v, want %s", r, tt.want)
			}
			if diff := cmp.Diff(tt.asked, asked(w)); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRenew(t *testing.T) {
	old := authorized(holdID, "CREATED", noon.Add(-5*day))
	stale := holding("COMPLETED", old, "")
	fresh := holding("COMPLETED", old+","+authorized("NEW", "CREATED", noon), "")
	until := noon.Add(3 * day)
	tests := []struct {
		name    string
		replies []reply
		want    provider.Result
	}{
		{"renewed", []reply{stale, one(authorized("NEW", "CREATED", noon))},
			provider.Result{Outcome: provider.Approved, ChargeRef: "NEW", Amount: usd(2500), HonoredUntil: until, HeldUntil: noon.Add(29 * day)}},
		{"renewed before, and the answer was lost", []reply{fresh},
			provider.Result{Outcome: provider.Approved, ChargeRef: "NEW", Amount: usd(2500), HonoredUntil: until, HeldUntil: noon.Add(29 * day)}},
		{"renewed at the same time", []reply{stale, refused("REAUTHORIZATION_NOT_SUPPORTED"), fresh},
			provider.Result{Outcome: provider.Approved, ChargeRef: "NEW", Amount: usd(2500), HonoredUntil: until, HeldUntil: noon.Add(29 * day)}},
		{"never again", []reply{stale, refused("REAUTHORIZATION_NOT_SUPPORTED"), stale}, provider.Result{Outcome: provider.Failed, Hopeless: true, Live: true}},
		{"too soon by PayPal's clock", []reply{stale, refused("REAUTHORIZATION_TOO_SOON"), stale}, provider.Result{Outcome: provider.Failed, Live: true}},
		{"void meanwhile", []reply{stale, refused("AUTHORIZATION_VOIDED"), holding("COMPLETED", authorized(holdID, "VOIDED", noon.Add(-5*day)), "")},
			provider.Result{Outcome: provider.Cancelled, ChargeRef: holdID, Amount: usd(2500)}},
		{"payer cannot pay", []reply{stale, refused("PAYER_CANNOT_PAY")},
			provider.Result{Outcome: provider.Declined, Live: true, Decline: provider.Decline{Class: provider.IssuerBlock, Code: "PAYER_CANNOT_PAY"}}},
		{"answer lost", []reply{stale, {status: 502}}, provider.Result{Outcome: provider.Unknown, Live: true}},
		{"over", []reply{holding("COMPLETED", authorized(holdID, "CREATED", noon.Add(-30*day)), "")},
			provider.Result{Outcome: provider.Cancelled, ChargeRef: holdID, Amount: usd(2500)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := plugged(t, tt.replies...)
			r := p.Renew(t.Context(), orderName, "k", usd(2500))
			tt.want.Ref, tt.want.RequestID, r.Cause = orderName, "debug1", nil
			if tt.name == "answer lost" {
				r.RequestID = "debug1"
			}
			if diff := cmp.Diff(tt.want, r); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMostFrom(t *testing.T) {
	p, _ := plugged(t)
	for _, tt := range []struct {
		held, want int64
		currency   money.Currency
	}{
		{100, 115, "USD"}, {101, 116, "USD"}, {500_00, 575_00, "USD"}, {500_01, 575_01, "USD"}, {1000_00, 1075_00, "USD"},
		{1000_00, 1150_00, "EUR"}, {1000, 1150, "JPY"}, {999, 1148, "JPY"}, {1000_00, 1150_00, "HUF"}, {1010_00, 1161_00, "HUF"},
	} {
		if got := p.MostFrom(money.Amount{Minor: tt.held, Currency: tt.currency}); got.Minor != tt.want || got.Currency != tt.currency {
			t.Errorf("%d %s: got %s, want %d", tt.held, tt.currency, got, tt.want)
		}
	}
}

func TestLimitsAreWholeCoins(t *testing.T) {
	p, _ := plugged(t)
	for c := range maximums {
		l, ok := p.Limits(c)
		if !ok || !c.Valid() || l.Minimum.Minor != l.Step || l.Maximum.Minor%l.Step != 0 || chargeable(l.Minimum) != nil || chargeable(l.Maximum) != nil {
			t.Errorf("%s: got %+v, %v", c, l, ok)
		}
	}
	if got := sumOf(money.Amount{Minor: 1500_00, Currency: "HUF"}); got.Value != "1500" {
		t.Errorf("forint: got %s, want 1500", got.Value)
	}
}

// asked are the requests seen.
func asked(w *wire) []string {
	var out []string
	for _, s := range w.seen {
		out = append(out, s.method+" "+s.path)
	}
	return out
}
