package sandbox

import "net/http"

// A decline is what an issuer's refusal looks like.
type decline struct {
	code           string // Stripe's error code; most are card_declined
	network        string // what the network answered (ISO 8583 field 39, as Visa uses it)
	advice         string // Stripe's advice_code
	merchantAdvice string // Mastercard's own advice code
	message        string
}

const (
	tryLater  = "try_again_later"
	giveUp    = "do_not_try_again"
	checkCard = "confirm_card_data"
)

const plainDecline = "Your card was declined."

// declines are the decline codes that the sandbox can answer with.
// https://docs.stripe.com/declines/codes
var declines = map[string]decline{
	"generic_decline":                   {"card_declined", "05", tryLater, "", plainDecline},
	"do_not_honor":                      {"card_declined", "05", tryLater, "", plainDecline},
	"do_not_try_again":                  {"card_declined", "93", giveUp, "03", plainDecline},
	"insufficient_funds":                {"card_declined", "51", tryLater, "02", "Your card has insufficient funds."},
	"lost_card":                         {"card_declined", "41", giveUp, "03", plainDecline},
	"stolen_card":                       {"card_declined", "43", giveUp, "03", plainDecline},
	"pickup_card":                       {"card_declined", "04", giveUp, "03", plainDecline},
	"restricted_card":                   {"card_declined", "62", giveUp, "03", plainDecline},
	"security_violation":                {"card_declined", "63", giveUp, "", plainDecline},
	"fraudulent":                        {"card_declined", "59", giveUp, "03", plainDecline},
	"card_velocity_exceeded":            {"card_declined", "65", tryLater, "02", "Your card was declined for making repeated attempts too frequently or exceeding its amount limit."},
	"withdrawal_count_limit_exceeded":   {"card_declined", "65", tryLater, "02", "You have exceeded the balance or credit limit on your card."},
	"card_not_supported":                {"card_declined", "57", giveUp, "", "Your card is not supported."},
	"currency_not_supported":            {"card_declined", "57", giveUp, "", "Your card does not support this currency."},
	"transaction_not_allowed":           {"card_declined", "57", giveUp, "", plainDecline},
	"service_not_allowed":               {"card_declined", "57", giveUp, "", plainDecline},
	"not_permitted":                     {"card_declined", "57", giveUp, "", plainDecline},
	"call_issuer":                       {"card_declined", "01", tryLater, "", plainDecline},
	"try_again_later":                   {"card_declined", "19", tryLater, "02", plainDecline},
	"reenter_transaction":               {"card_declined", "19", tryLater, "02", plainDecline},
	"issuer_not_available":              {"card_declined", "91", tryLater, "02", plainDecline},
	"approve_with_id":                   {"card_declined", "08", tryLater, "", plainDecline},
	"invalid_account":                   {"card_declined", "14", giveUp, "03", plainDecline},
	"invalid_amount":                    {"card_declined", "13", giveUp, "", plainDecline},
	"new_account_information_available": {"card_declined", "46", checkCard, "01", plainDecline},
	"no_action_taken":                   {"card_declined", "21", tryLater, "", plainDecline},
	"duplicate_transaction":             {"card_declined", "94", giveUp, "", plainDecline},
	"stop_payment_order":                {"card_declined", "R0", giveUp, "21", plainDecline},
	"revocation_of_authorization":       {"card_declined", "R1", giveUp, "21", plainDecline},
	"revocation_of_all_authorizations":  {"card_declined", "R3", giveUp, "21", plainDecline},
	"expired_card":                      {"expired_card", "54", checkCard, "01", "Your card has expired."},
	"incorrect_cvc":                     {"incorrect_cvc", "N7", checkCard, "", "Your card's security code is incorrect."},
	"incorrect_number":                  {"incorrect_number", "14", checkCard, "", "Your card number is incorrect."},
	"processing_error":                  {"processing_error", "96", tryLater, "02", "An error occurred while processing your card. Try again in a little bit."},
	"authentication_required":           {"authentication_required", "1A", "", "", "Your card was declined. This transaction requires authentication."},
}

// cardError is a decline as the caller sees it. The effect, a failed charge,
// is kept.
func cardError(declineCode, brand string) *apiError {
	d := declines[declineCode]
	e := &apiError{
		status: http.StatusPaymentRequired, keep: true, began: true,
		Type: typeCard, Code: d.code, DeclineCode: declineCode, Message: d.message,
		AdviceCode: d.advice, NetworkDeclineCode: d.network, DocURL: docURL(d.code),
	}
	if brand == mastercard {
		e.NetworkAdviceCode = d.merchantAdvice
	}
	if declineCode == "incorrect_cvc" {
		e.Param = "cvc"
	}
	return e
}

// cardDataError refuses card data before any charge. It is like a mistake in a
// parameter: nothing is kept.
func cardDataError(code, param, message string) *apiError {
	return &apiError{status: http.StatusPaymentRequired, Type: typeCard, Code: code, Param: param, Message: message}
}
