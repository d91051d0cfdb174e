package stripe

import (
	"fmt"
	"testing"

	"github.com/bursar-pay/bursar/internal/provider"
)

const noRefunds = `{"object":"list","has_more":false,"url":"/v1/refunds","data":[]}`

func ourRefund(status string) string {
	return fmt.Sprintf(`{"id":"re_1","object":"refund","amount":100,"currency":"usd","charge":"ch_1","status":%q,"failure_reason":"lost_or_stolen_card","metadata":{"bursar_reference":"pay/refund/1"}}`, status)
}

func refundOfADollar() provider.RefundAsk {
	return provider.RefundAsk{Key: "k", Reference: "pay/refund/1", Charge: "ch_1", Amount: dollar}
}

func TestRefundStandings(t *testing.T) {
	for status, want := range map[string]provider.Outcome{
		"succeeded": provider.Approved, "pending": provider.Pending, "requires_action": provider.Pending,
		"failed": provider.Declined, "canceled": provider.Declined, "thinking": provider.Unknown,
	} {
		p, _ := plugged(t, reply{status: 200, body: ourRefund(status)})
		if r := p.FetchRefund(t.Context(), "re_1"); r.Outcome != want || r.Ref != "re_1" || r.Amount != dollar {
			t.Errorf("%s: got %+v, want %s of one dollar", status, r, want)
		}
	}
}

// A refusal is believed once the charge's refunds show that ours is not among them,
// and it says that the money went another way only where Stripe's word is known.
func TestRefundRefusals(t *testing.T) {
	refusal := func(code string) string {
		return fmt.Sprintf(`{"error":{"type":"invalid_request_error","code":%q,"message":"no"}}`, code)
	}
	none, made := reply{status: 200, body: noRefunds}, reply{status: 200, body: `{"object":"list","has_more":false,"url":"/v1/refunds","data":[` + ourRefund("succeeded") + `]}`}
	for _, c := range []struct {
		name     string
		replies  []reply
		want     provider.Outcome
		hopeless bool
	}{
		{"all is given back", []reply{none, {status: 400, body: refusal("charge_already_refunded")}, none}, provider.Failed, true},
		{"contested", []reply{none, {status: 400, body: refusal("charge_disputed")}, none}, provider.Failed, true},
		{"a refusal without a word", []reply{none, {status: 400, body: refusal("")}, none}, provider.Failed, true},
		{"the way is closed", []reply{none, {status: 400, body: refusal("charge_not_refundable")}, none}, provider.Declined, false},
		{"given back by us, just now", []reply{none, {status: 400, body: refusal("charge_already_refunded")}, made}, provider.Approved, false},
		{"the list cannot be read afterwards", []reply{none, {status: 400, body: refusal("charge_already_refunded")}, {status: 500}}, provider.Unknown, false},
		{"nor before", []reply{{status: 500}}, provider.Unknown, false},
		{"made before", []reply{made}, provider.Approved, false},
		{"a twin is at it", []reply{none, {status: 409, body: refusal("idempotency_key_in_use")}}, provider.Unknown, false},
		{"a stored failure, and nothing made", []reply{none, {status: 500, replayed: true}, none}, provider.Unknown, false},
		{"a stored failure, and made", []reply{none, {status: 500, replayed: true}, made}, provider.Approved, false},
		{"a 500", []reply{none, {status: 500}}, provider.Unknown, false},
		{"another charge's key", []reply{none, {status: 404, body: refusal("resource_missing")}}, provider.Unknown, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, w := plugged(t, c.replies...)
			r := p.Refund(t.Context(), refundOfADollar())
			if r.Outcome != c.want || r.Hopeless != c.hopeless {
				t.Errorf("got %+v, want %s, hopeless %v", r, c.want, c.hopeless)
			}
			if len(w.replies) != 0 {
				t.Errorf("%d questions were not asked", len(w.replies))
			}
			for _, q := range w.seen {
				if q.method == "POST" && q.key != "k:refund" {
					t.Errorf("asked under the key %q, want k:refund and never another", q.key)
				}
			}
		})
	}
}
