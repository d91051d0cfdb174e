package api_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/api/problem"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/evidence"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider"
)

// TestPayersAreToldInTheirLanguage: whatever a platform passes on to its customer
// has words in every language, and the English ones are the fault's own.
func TestPayersAreToldInTheirLanguage(t *testing.T) {
	faults := []*fault.Error{
		payment.ErrMethodInFlight, payment.ErrMethodPreferred, payment.ErrMethodNotActive, payment.ErrResourcesRunning, payment.ErrUsageUnbilled,
		payment.ErrBillUnpaid, payment.ErrOverdue, payment.ErrAlreadyBound, payment.ErrAgreementNotApproved, payment.ErrAgreementNotFound,
		account.ErrClosed, account.ErrResources,
		policy.ErrMethodNotAvailable, policy.ErrBrandUnsupported, policy.ErrCardPrepaid, policy.ErrFundingBlocked, policy.ErrIssuerCountryBlocked,
		policy.ErrPayerCountryBlocked, policy.ErrWalletRefused, policy.ErrBindingStopped, policy.ErrTransferNeedsCredit, policy.ErrTooManyTries,
		office.ErrBindRisk,
		identity.ErrNotOpen, identity.ErrTooLate, identity.ErrRoundsUsed, identity.ErrIncomplete, identity.ErrKindUnknown, identity.ErrTooManyDocuments, identity.ErrDocumentInUse,
		evidence.ErrEmpty, evidence.ErrTooLarge, evidence.ErrKind, evidence.ErrTooWide, evidence.ErrBroken, evidence.ErrComplex, evidence.ErrPages,
		evidence.ErrEncrypted, evidence.ErrActive, evidence.ErrInfected, evidence.ErrUnscanned,
		order.ErrNotOpen, order.ErrLapsed, order.ErrBusy, order.ErrNotFound, order.ErrNeedsCredit, order.ErrOverdue, order.ErrAccountClosing, order.ErrSubscriptionOver,
		order.ErrNotUpgrade, payment.ErrUnresolved, payment.ErrNoMethod,
		order.ErrInvalid, order.ErrConflict, order.ErrPricesNotYours, order.ErrNothingDue, order.ErrPaidAsOrder, order.ErrNotCancellable, order.ErrSubscriptionNotFound,
		payment.ErrRefundNotFound, payment.ErrNotRefundable, payment.ErrRefundTooMuch, payment.ErrRefundAmount, payment.ErrRefundReason, payment.ErrRefundNeedsStaff,
		payment.ErrRefundOrderOpen, payment.ErrRefundBalanceSpent,
		order.ErrExceedsCredit, billing.ErrNothingHeld, billing.ErrAppliesTooMuch, billing.ErrAppliedTwice, billing.ErrNotAppliable, billing.ErrBillPaid, office.ErrPaidWhole, account.ErrNoCredit,
		bank.ErrNoReceiving, office.ErrNoReceipt, office.ErrRequest, office.ErrRequestPaid, office.ErrNoPress,
		office.ErrNotSilent, office.ErrUnplugged, office.ErrPayPalNotOffered, office.ErrConsent,
	}
	codes := []string{
		"identity_mismatch", "identity_unreadable", "identity_blurred", "identity_expired",
		"agreement_lapsed", "provider_unavailable", "challenge_expired", "three_ds_missing", "hold_cancelled",
		string(payment.CardLapsed), string(payment.PolicyWithdrew), string(payment.ConsentRevoked),
		string(provider.InsufficientFunds), string(provider.IssuerBlock), string(provider.Authentication), string(provider.BadData),
		string(provider.Unsupported), string(provider.Final), string(provider.TryLater),
	}
	for _, f := range faults {
		codes = append(codes, f.Code)
		if _, next, _ := problem.Explain(f.Code, "en"); next != f.Next {
			t.Errorf("%s: got %q in English, want the fault's own words: %q", f.Code, next, f.Next)
		}
	}
	for _, code := range codes {
		english, step, ok := problem.Explain(code, "")
		if !ok || english == "" {
			t.Errorf("%s: got no words, want some", code)
		}
		for _, language := range []string{"zh-Hant", "zh-Hans", "ja"} {
			title, next, _ := problem.Explain(code, language)
			if title == "" || title == english || (next == "") != (step == "") || next != "" && next == step {
				t.Errorf("%s in %s: got %q and %q, want words of their own", code, language, title, next)
			}
		}
	}
	if _, _, ok := problem.Explain("never_heard_of", "ja"); ok {
		t.Error("a code without words: got some, want none")
	}
}
