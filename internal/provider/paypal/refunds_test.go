package paypal

import (
	"fmt"
	"testing"

	"github.com/bursar-pay/bursar/internal/provider"
)

const refundID = "1JU08902781691411"

func refundBodyOf(status string) string {
	return fmt.Sprintf(`{"id":%q,"status":%q,"amount":{"currency_code":"USD","value":"1.00"},"invoice_id":"pay/refund/1","links":[{"rel":"up","href":"https://api.paypal.test/v2/payments/captures/%s"}]}`, refundID, status, captureID)
}

func refundOfADollar() provider.RefundAsk {
	return provider.RefundAsk{Key: "k", Reference: "pay/refund/1", Charge: captureID, Amount: dollar}
}

// refundedOrder is what tells of a capture's refunds: the capture, and its order.
func refundedOrder(refunds string) []reply {
	return []reply{
		{status: 200, body: fmt.Sprintf(`{"id":%q,"status":"COMPLETED","amount":{"currency_code":"USD","value":"9.00"},"supplementary_data":{"related_ids":{"order_id":%q}}}`, captureID, orderID)},
		{status: 200, body: fmt.Sprintf(`{"id":%q,"status":"COMPLETED","purchase_units":[{"payments":{"refunds":[%s]}}]}`, orderID, refunds)},
	}
}

func TestRefundStandings(t *testing.T) {
	for status, want := range map[string]provider.Outcome{
		"COMPLETED": provider.Approved, "PENDING": provider.Pending, "FAILED": provider.Declined, "CANCELLED": provider.Declined, "THINKING": provider.Unknown,
	} {
		p, _ := plugged(t, reply{status: 200, body: refundBodyOf(status)})
		if r := p.FetchRefund(t.Context(), refundID); r.Outcome != want || r.Ref != refundID || want != provider.Unknown && r.Amount != dollar {
			t.Errorf("%s: got %+v, want %s of one dollar", status, r, want)
		}
	}
}

// A refusal is believed once the order shows that our refund is not there; money is
// given another way only on a word that is known to close this one.
func TestRefundRefusals(t *testing.T) {
	refusal := func(status int, issue string) reply {
		return reply{status: status, body: fmt.Sprintf(`{"name":"UNPROCESSABLE_ENTITY","details":[{"issue":%q}]}`, issue)}
	}
	none, made := refundedOrder(""), refundedOrder(refundBodyOf("COMPLETED"))
	after := func(first reply, more []reply) []reply { return append([]reply{first}, more...) }
	for _, c := range []struct {
		name     string
		replies  []reply
		want     provider.Outcome
		hopeless bool
	}{
		{"all is given back", after(refusal(422, "CAPTURE_FULLY_REFUNDED"), none), provider.Failed, true},
		{"contested", after(refusal(422, "TRANSACTION_DISPUTED"), none), provider.Failed, true},
		{"too late", after(refusal(422, "REFUND_TIME_LIMIT_EXCEEDED"), none), provider.Declined, false},
		{"the payer's account is closed", after(refusal(422, "PAYER_ACCOUNT_LOCKED_OR_CLOSED"), none), provider.Declined, false},
		{"our own account is short", after(refusal(422, "REFUND_FAILED_INSUFFICIENT_FUNDS"), none), provider.Failed, false},
		{"given back by us, just now", after(refusal(422, "CAPTURE_FULLY_REFUNDED"), made), provider.Approved, false},
		{"our reference is taken, by us", after(refusal(422, "DUPLICATE_INVOICE_ID"), made), provider.Approved, false},
		{"our reference is taken, and nothing there", after(refusal(422, "DUPLICATE_INVOICE_ID"), none), provider.Unknown, false},
		{"a word that is new", []reply{refusal(422, "MOON_IN_THE_WRONG_PHASE")}, provider.Unknown, false},
		{"the key was used with other words", []reply{refusal(422, "PAYPAL_REQUEST_ID_PREVIOUSLY_USED")}, provider.Unknown, false},
		{"a twin is at it", []reply{refusal(409, "PREVIOUS_REQUEST_IN_PROGRESS")}, provider.Unknown, false},
		{"not allowed to us", []reply{refusal(403, "PERMISSION_DENIED")}, provider.Failed, false},
		{"the order cannot be read", []reply{refusal(422, "CAPTURE_FULLY_REFUNDED"), {status: 500}}, provider.Unknown, false},
		{"a 500", []reply{{status: 500}}, provider.Unknown, false},
		{"no capture of ours", []reply{refusal(404, "INVALID_RESOURCE_ID")}, provider.Unknown, false},
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
		})
	}
}
