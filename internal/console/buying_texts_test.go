package console

import (
	"github.com/bursar-pay/bursar/internal/identity"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
)

// wantedByBuying are the keys of orders, identity checks and messages that are put
// together at run time.
func wantedByBuying() []string {
	var keys []string
	for _, s := range orders.Table.States() {
		keys = append(keys, "order.state."+string(s))
		if s != orders.Open {
			keys = append(keys, "checkout."+string(s), "checkout."+string(s)+".means")
		}
	}
	for _, k := range []orders.Kind{orders.Purchase, orders.Upgrade, orders.Renewal} {
		keys = append(keys, "order."+string(k))
	}
	for _, s := range orders.SubscriptionTable.States() {
		keys = append(keys, "subscription."+string(s))
	}
	for _, u := range []string{"d", "m", "y"} {
		keys = append(keys, "term.one."+u, "term.more."+u)
	}
	for _, s := range payment.Table.States() {
		keys = append(keys, "try."+string(s))
		if key, under := underWayKeys[s]; under {
			keys = append(keys, "checkout."+key, "checkout."+key+".means")
		}
	}
	for _, s := range payment.RefundTable.States() {
		keys = append(keys, "refund."+string(s))
	}
	for _, k := range []string{"stopped", "unconfirmed", "failed"} {
		keys = append(keys, "checkout."+k, "checkout."+k+".means")
	}
	for _, s := range identity.CaseTable.States() {
		keys = append(keys, "identity."+string(s), "identity."+string(s)+".means", "checkout.blocked."+string(s))
	}
	for _, r := range identity.Reasons {
		keys = append(keys, "identity.reason."+string(r), "identity.reason."+string(r)+".next")
	}
	for _, k := range identity.Kinds {
		keys = append(keys, "identity.kind."+string(k), "identity.kind."+string(k)+".what")
	}
	for _, code := range []string{
		"payment_unresolved", "no_payment_method", "amount_not_chargeable", "attempts_capped", "card_refused_for_good", "attempt_too_soon", "account_overdue", "balance_below_zero",
		"account_silent", "order_needs_credit", "order_exceeds_credit", "order_pending", "order_over", "order_paid", "order_lapsed", "risk_control_rejection", "subscription_over",
		"document_not_chosen", "upload_broken", "upload_too_large", "evidence_empty", "evidence_too_large", "evidence_kind", "evidence_pixels", "evidence_broken",
		"evidence_complex", "evidence_pages", "evidence_encrypted", "evidence_active", "evidence_infected", "evidence_unscanned", "documents_not_kept",
		"identity_case_not_open", "identity_case_too_late", "identity_rounds_used", "identity_documents_missing", "identity_documents_too_many",
		"identity_document_in_use", "identity_kind_unknown",
	} {
		keys = append(keys, "reason."+code, "reason."+code+".next")
	}
	return keys
}
