package stripe

import (
	"time"

	"github.com/bursar-pay/bursar/internal/provider"
)

// A refusal is the words in which Stripe, the network and the issuer said no.
type refusal struct {
	Code               string // Stripe's error code
	DeclineCode        string // Stripe's reading of the issuer's answer
	AdviceCode         string // Stripe's advice
	NetworkAdviceCode  string // the network's: Mastercard's merchant advice code
	NetworkDeclineCode string // the network's response code
	Brand              string
}

// decline reads a refusal. The network's rules come before Stripe's words, as it is
// the network that fines what is tried again.
func (w refusal) decline() provider.Decline {
	code := word(w.DeclineCode)
	if code == "" {
		code = word(w.Code)
	}
	d := provider.Decline{Code: code, NetworkCode: word(w.NetworkDeclineCode), AdviceCode: word(w.NetworkAdviceCode)}
	d.Class = w.class()
	if w.Brand != "visa" {
		d.WaitAtLeast = mastercardWaits[w.NetworkAdviceCode]
	}
	d.WaitAtLeast = max(d.WaitAtLeast, ownWaits[w.Code], ownWaits[w.DeclineCode])
	return d
}

// class reads the network's finality first, then Stripe's codes. Stripe's advice not
// to try again counts only where the codes give no reason: it is about this payment,
// and a wrong amount or an unsupported currency says nothing against the card.
func (w refusal) class() provider.Class {
	switch {
	case w.Brand != "visa" && mastercardFinal[w.NetworkAdviceCode]:
		// Without a brand the code is taken for Mastercard's: its finality is the dear one.
		return provider.Final
	case w.Brand == "visa" && visaFinal[w.NetworkDeclineCode]:
		return provider.Final
	}
	class, known := classes[w.DeclineCode]
	if !known {
		class, known = classes[w.Code]
	}
	switch {
	case known && class != provider.IssuerBlock:
		return class
	case w.AdviceCode == "do_not_try_again":
		return provider.Final
	case !known && w.AdviceCode == "try_again_later":
		return provider.TryLater
	}
	return provider.IssuerBlock
}

// wantsPayer reports whether the issuer demands authentication.
func (w refusal) wantsPayer() bool {
	return w.DeclineCode == "authentication_required" || w.Code == "authentication_required"
}

// classes says what each of Stripe's decline codes means to us, and each error code
// that a refused card can come with. What is not here is the issuer's no without a
// reason. https://docs.stripe.com/declines/codes
var classes = map[string]provider.Class{
	"insufficient_funds":               provider.InsufficientFunds,
	"card_velocity_exceeded":           provider.InsufficientFunds, // over the balance or the limit of the card
	"withdrawal_count_limit_exceeded":  provider.InsufficientFunds,
	"charge_exceeds_source_limit":      provider.InsufficientFunds,
	"charge_exceeds_transaction_limit": provider.InsufficientFunds,

	"approve_with_id":                  provider.IssuerBlock,
	"call_issuer":                      provider.IssuerBlock,
	"card_declined":                    provider.IssuerBlock,
	"card_decline_rate_limit_exceeded": provider.IssuerBlock,
	"do_not_honor":                     provider.IssuerBlock,
	"fraudulent":                       provider.IssuerBlock,
	"generic_decline":                  provider.IssuerBlock,
	"highest_risk_level":               provider.IssuerBlock, // Stripe's own risk rules
	"elevated_risk_level":              provider.IssuerBlock,
	"low_probability_of_authorization": provider.IssuerBlock,
	"rule":                             provider.IssuerBlock,
	"merchant_blacklist":               provider.IssuerBlock,
	"no_action_taken":                  provider.IssuerBlock,
	"not_permitted":                    provider.IssuerBlock,
	"restricted_card":                  provider.IssuerBlock,
	"security_violation":               provider.IssuerBlock,
	"service_not_allowed":              provider.IssuerBlock,
	"testmode_decline":                 provider.IssuerBlock,
	"transaction_not_allowed":          provider.IssuerBlock,

	"authentication_required":               provider.Authentication,
	"authentication_not_handled":            provider.Authentication,
	"mobile_device_authentication_required": provider.Authentication,
	"payment_intent_action_required":        provider.Authentication,
	"payment_intent_authentication_failure": provider.Authentication,
	"setup_intent_authentication_failure":   provider.Authentication,
	"offline_pin_required":                  provider.Authentication,
	"online_or_offline_pin_required":        provider.Authentication,
	"incorrect_pin":                         provider.Authentication,
	"invalid_pin":                           provider.Authentication,
	"pin_try_exceeded":                      provider.Authentication,

	"expired_card":                      provider.BadData,
	"incorrect_address":                 provider.BadData,
	"incorrect_cvc":                     provider.BadData,
	"incorrect_number":                  provider.BadData,
	"incorrect_zip":                     provider.BadData,
	"invalid_account":                   provider.BadData,
	"invalid_characters":                provider.BadData,
	"invalid_cvc":                       provider.BadData,
	"invalid_expiry_month":              provider.BadData,
	"invalid_expiry_year":               provider.BadData,
	"invalid_number":                    provider.BadData,
	"new_account_information_available": provider.BadData,
	"payment_method_unactivated":        provider.BadData,

	"card_not_supported":                         provider.Unsupported,
	"currency_not_supported":                     provider.Unsupported,
	"invalid_amount":                             provider.Unsupported,
	"invalid_card_type":                          provider.Unsupported,
	"payment_method_currency_mismatch":           provider.Unsupported,
	"payment_intent_incompatible_payment_method": provider.Unsupported,

	"do_not_try_again":                         provider.Final,
	"lost_card":                                provider.Final,
	"pickup_card":                              provider.Final,
	"stolen_card":                              provider.Final,
	"stop_payment_order":                       provider.Final,
	"revocation_of_authorization":              provider.Final,
	"revocation_of_all_authorizations":         provider.Final,
	"previously_declined_do_not_retry":         provider.Final,
	"india_recurring_payment_mandate_canceled": provider.Final,
	"payment_intent_mandate_invalid":           provider.Final,
	"debit_not_authorized":                     provider.Final,

	"duplicate_transaction":                  provider.TryLater, // the same was sent very recently
	"issuer_not_available":                   provider.TryLater,
	"payment_intent_payment_attempt_expired": provider.TryLater,
	"processing_error":                       provider.TryLater,
	"reenter_transaction":                    provider.TryLater,
	"try_again_later":                        provider.TryLater,
}

// visaFinal are the response codes of Visa's category 1: the issuer will never
// approve, and each further try is fined. Lists differ between sources and years;
// this is the newer one (domain C.4.6), with R0 of the older, since it too revokes.
var visaFinal = map[string]bool{
	"04": true, // pick up card
	"07": true, // pick up card, fraud
	"12": true, // invalid transaction
	"14": true, // no such number
	"15": true, // no such issuer
	"41": true, // lost
	"43": true, // stolen
	"46": true, // account closed
	"57": true, // not permitted to the holder
	"R0": true, // stop payment order
	"R1": true, // revocation of authorization
	"R3": true, // revocation of all authorizations
}

// mastercardFinal are the merchant advice codes after which no try is allowed.
var mastercardFinal = map[string]bool{
	"03": true, // do not try again
	"21": true, // the payer cancelled the agreement
}

// mastercardWaits are the merchant advice codes that name a time before which no
// try is allowed (R-DUN-06). Code 02 names none; 72 hours is what is usual.
var mastercardWaits = map[string]time.Duration{
	"02": 72 * time.Hour,
	"24": time.Hour,
	"25": 24 * time.Hour,
	"26": 2 * 24 * time.Hour,
	"27": 4 * 24 * time.Hour,
	"28": 6 * 24 * time.Hour,
	"29": 8 * 24 * time.Hour,
	"30": 10 * 24 * time.Hour,
}

// ownWaits are Stripe's own limits on trying again.
var ownWaits = map[string]time.Duration{
	"card_decline_rate_limit_exceeded": 24 * time.Hour,
}
