package provider

import "github.com/bursar-pay/bursar/internal/fault"

// The faults that a plug answers with where no money can move. What happened to
// money is a Result, never one of these.
var (
	// ErrTokenUnknown is the fault of a token that the provider does not know.
	ErrTokenUnknown = fault.New(fault.Invalid, "token_unknown", "the provider does not know this token").
			WithNext("enter the payment method again in the provider's fields and send the new token")

	// ErrMethodTypeUnsupported is the fault of a token that stands for something
	// that the plug cannot charge, such as a bank debit behind a card plug.
	ErrMethodTypeUnsupported = fault.New(fault.Invalid, "method_type_unsupported", "this kind of payment method cannot be bound here").
					WithNext("use a card, or another kind of payment method that is offered")

	// ErrUnreachable is the fault of a provider that did not answer, or was too busy to.
	ErrUnreachable = fault.New(fault.Unavailable, "provider_unreachable", "the payment provider did not answer").
			WithNext("try again in a minute; nothing was charged")

	// ErrMisconfigured is the fault of a provider that refuses our key or account.
	ErrMisconfigured = fault.New(fault.Unavailable, "provider_misconfigured", "the payment provider refuses this installation's key or account").
				WithNext("check the provider's key and account in the configuration")

	// ErrNewsForged is the fault of a message without a valid signature.
	ErrNewsForged = fault.New(fault.Unauthenticated, "news_forged", "the message is not signed with a secret of this endpoint").
			WithNext("check the webhook secrets in the configuration")

	// ErrNewsStale is the fault of a message that was signed too long ago, or in the future.
	ErrNewsStale = fault.New(fault.Unauthenticated, "news_stale", "the message was signed too long ago, or in the future").
			WithNext("check the clock; the sender signs again when it retries")

	// ErrNewsMalformed is the fault of a signed message that cannot be read.
	ErrNewsMalformed = fault.New(fault.Malformed, "news_malformed", "the message is not an event")
)
