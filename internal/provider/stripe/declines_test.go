package stripe

import (
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/provider"
)

func TestDeclines(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		name  string
		why   refusal
		class provider.Class
		wait  time.Duration
	}{
		{"no funds", refusal{Code: "card_declined", DeclineCode: "insufficient_funds"}, provider.InsufficientFunds, 0},
		{"no reason", refusal{Code: "card_declined", DeclineCode: "generic_decline"}, provider.IssuerBlock, 0},
		{"a code that is new", refusal{Code: "card_declined", DeclineCode: "moon_phase"}, provider.IssuerBlock, 0},
		{"nothing at all", refusal{}, provider.IssuerBlock, 0},
		{"new, with advice to wait", refusal{DeclineCode: "moon_phase", AdviceCode: "try_again_later"}, provider.TryLater, 0},
		{"error code alone", refusal{Code: "expired_card"}, provider.BadData, 0},
		{"wrong security code", refusal{Code: "incorrect_cvc", DeclineCode: "incorrect_cvc"}, provider.BadData, 0},
		{"kind of card", refusal{Code: "card_declined", DeclineCode: "card_not_supported"}, provider.Unsupported, 0},
		{"authentication", refusal{Code: "authentication_required"}, provider.Authentication, 0},
		{"challenge failed", refusal{Code: "payment_intent_authentication_failure"}, provider.Authentication, 0},
		{"lost", refusal{Code: "card_declined", DeclineCode: "lost_card"}, provider.Final, 0},
		{"stolen", refusal{Code: "card_declined", DeclineCode: "stolen_card"}, provider.Final, 0},
		{"revoked", refusal{Code: "card_declined", DeclineCode: "revocation_of_all_authorizations"}, provider.Final, 0},
		{"issuer away", refusal{Code: "card_declined", DeclineCode: "issuer_not_available"}, provider.TryLater, 0},

		{"advised never, without a reason", refusal{DeclineCode: "do_not_honor", AdviceCode: "do_not_try_again"}, provider.Final, 0},
		{"advised never, but it is the amount", refusal{DeclineCode: "invalid_amount", AdviceCode: "do_not_try_again"}, provider.Unsupported, 0},

		{"Visa category 1", refusal{DeclineCode: "do_not_honor", NetworkDeclineCode: "46", Brand: "visa"}, provider.Final, 0},
		{"Visa revocation", refusal{DeclineCode: "do_not_honor", NetworkDeclineCode: "R1", Brand: "visa"}, provider.Final, 0},
		{"Visa category 2", refusal{DeclineCode: "insufficient_funds", NetworkDeclineCode: "51", Brand: "visa"}, provider.InsufficientFunds, 0},
		{"the same code elsewhere", refusal{DeclineCode: "do_not_honor", NetworkDeclineCode: "46", Brand: "mastercard"}, provider.IssuerBlock, 0},

		{"MAC 03", refusal{DeclineCode: "insufficient_funds", NetworkAdviceCode: "03", Brand: "mastercard"}, provider.Final, 0},
		{"MAC 21", refusal{DeclineCode: "do_not_honor", NetworkAdviceCode: "21", Brand: "mastercard"}, provider.Final, 0},
		{"MAC 03 without a brand", refusal{DeclineCode: "do_not_honor", NetworkAdviceCode: "03"}, provider.Final, 0},
		{"03 of Visa", refusal{DeclineCode: "do_not_honor", NetworkAdviceCode: "03", Brand: "visa"}, provider.IssuerBlock, 0},
		{"MAC 01", refusal{DeclineCode: "do_not_honor", NetworkAdviceCode: "01", Brand: "mastercard"}, provider.IssuerBlock, 0},
		{"MAC 02", refusal{DeclineCode: "insufficient_funds", NetworkAdviceCode: "02", Brand: "mastercard"}, provider.InsufficientFunds, 3 * day},
		{"MAC 24", refusal{DeclineCode: "do_not_honor", NetworkAdviceCode: "24", Brand: "mastercard"}, provider.IssuerBlock, time.Hour},
		{"MAC 25", refusal{NetworkAdviceCode: "25", Brand: "mastercard"}, provider.IssuerBlock, day},
		{"MAC 26", refusal{NetworkAdviceCode: "26", Brand: "mastercard"}, provider.IssuerBlock, 2 * day},
		{"MAC 27", refusal{NetworkAdviceCode: "27", Brand: "mastercard"}, provider.IssuerBlock, 4 * day},
		{"MAC 28", refusal{NetworkAdviceCode: "28", Brand: "mastercard"}, provider.IssuerBlock, 6 * day},
		{"MAC 29", refusal{NetworkAdviceCode: "29", Brand: "mastercard"}, provider.IssuerBlock, 8 * day},
		{"MAC 30", refusal{NetworkAdviceCode: "30", Brand: "mastercard"}, provider.IssuerBlock, 10 * day},
		{"Stripe's own limit", refusal{Code: "card_decline_rate_limit_exceeded"}, provider.IssuerBlock, day},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.why.decline()
			if got.Class != tt.class || got.WaitAtLeast != tt.wait {
				t.Errorf("got %s and %v, want %s and %v", got.Class, got.WaitAtLeast, tt.class, tt.wait)
			}
			if got.NetworkCode != tt.why.NetworkDeclineCode || got.AdviceCode != tt.why.NetworkAdviceCode {
				t.Errorf("got evidence %+v, want %+v", got, tt.why)
			}
		})
	}
}

// Stripe's published decline codes are all in the table, whatever class they have.
func TestEveryDeclineCodeHasAClass(t *testing.T) {
	for _, code := range []string{
		"authentication_required", "approve_with_id", "call_issuer", "card_not_supported", "card_velocity_exceeded",
		"currency_not_supported", "do_not_honor", "do_not_try_again", "duplicate_transaction", "expired_card", "fraudulent",
		"generic_decline", "incorrect_number", "incorrect_address", "incorrect_cvc", "incorrect_pin", "incorrect_zip", "insufficient_funds",
		"invalid_account", "invalid_amount", "invalid_cvc", "invalid_expiry_month", "invalid_expiry_year", "invalid_number",
		"invalid_pin", "issuer_not_available", "lost_card", "merchant_blacklist", "mobile_device_authentication_required",
		"new_account_information_available", "no_action_taken", "not_permitted", "offline_pin_required",
		"online_or_offline_pin_required", "pickup_card", "pin_try_exceeded", "processing_error", "reenter_transaction",
		"restricted_card", "revocation_of_all_authorizations", "revocation_of_authorization", "security_violation",
		"service_not_allowed", "stolen_card", "stop_payment_order", "testmode_decline", "transaction_not_allowed",
		"try_again_later", "withdrawal_count_limit_exceeded",
	} {
		if classes[code] == "" {
			t.Errorf("%s has no class", code)
		}
	}
}
