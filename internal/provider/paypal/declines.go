package paypal

import "github.com/bursar-pay/bursar/internal/provider"

// An effect is what an issue, PayPal's word for why it did not do as asked, leaves
// us to do.
type effect uint8

// The effects.
const (
	declines  effect = iota + 1 // the payer's account, or PayPal about it, said no
	moved                       // the object has moved on: how it stands is the answer
	asksPayer                   // the payer must go to PayPal's page first
	inHand                      // another request has it in hand, and may take the money
	twin                        // our reference was paid already, maybe as another order
	ours                        // our account, or what it may do, stands in the way
	hopeless                    // understood, and will never be done as asked
)

// An issue is what one of PayPal's words of refusal means to us.
type issue struct {
	effect  effect
	class   provider.Class // of a decline
	revoked bool           // the payer took the agreement back
}

// issues says what each word means where money is asked for. One that is not here
// is taken for a refusal by the payer's side, once the order has been read and shows
// that nothing was taken.
// https://developer.paypal.com/api/rest/reference/orders/v2/errors/
// https://developer.paypal.com/docs/api/payments/v2/
var issues = map[string]issue{
	// The payer's account said no.
	"INSTRUMENT_DECLINED":                  {effect: declines, class: provider.IssuerBlock}, // the funding behind the account; a reason is never given
	"REDIRECT_PAYER_FOR_ALTERNATE_FUNDING": {effect: declines, class: provider.InsufficientFunds},
	"TRANSACTION_LIMIT_EXCEEDED":           {effect: declines, class: provider.InsufficientFunds},
	"PAYER_CANNOT_PAY":                     {effect: declines, class: provider.IssuerBlock},
	"PAYER_ACCOUNT_RESTRICTED":             {effect: declines, class: provider.IssuerBlock},
	"TRANSACTION_REFUSED":                  {effect: declines, class: provider.IssuerBlock},
	"TRANSACTION_BLOCKED_BY_PAYEE":         {effect: declines, class: provider.IssuerBlock}, // our own fraud filters at PayPal
	"PAYEE_BLOCKED_TRANSACTION":            {effect: declines, class: provider.IssuerBlock},
	"COMPLIANCE_VIOLATION":                 {effect: declines, class: provider.IssuerBlock},
	"PAYMENT_SOURCE_DECLINED_BY_PROCESSOR": {effect: declines, class: provider.IssuerBlock},
	"DECLINED_DUE_TO_RELATED_TXN":          {effect: declines, class: provider.TryLater},
	"CARD_EXPIRED":                         {effect: declines, class: provider.BadData}, // the card behind the account
	"REFERENCED_CARD_EXPIRED":              {effect: declines, class: provider.BadData},
	"CARD_BRAND_NOT_SUPPORTED":             {effect: declines, class: provider.Unsupported},
	"DOMESTIC_TRANSACTION_REQUIRED":        {effect: declines, class: provider.Unsupported},
	"PAYMENT_SOURCE_CANNOT_BE_USED":        {effect: declines, class: provider.Unsupported},
	"PAYMENT_SOURCE_NOT_SUPPORTED":         {effect: declines, class: provider.Unsupported},
	"CURRENCY_NOT_SUPPORTED_FOR_COUNTRY":   {effect: declines, class: provider.Unsupported},
	"PAYER_COUNTRY_NOT_SUPPORTED":          {effect: declines, class: provider.Unsupported},
	"PAYER_ACCOUNT_LOCKED_OR_CLOSED":       {effect: declines, class: provider.Final},

	// This order was tried too often; PayPal asks that the payer choose another way.
	"MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": {effect: declines, class: provider.IssuerBlock},

	// The agreement is gone, at the payer's word (R-PP-10).
	"AGREEMENT_ALREADY_CANCELLED":  {effect: declines, class: provider.Final, revoked: true},
	"BILLING_AGREEMENT_NOT_FOUND":  {effect: declines, class: provider.Final, revoked: true},
	"BILLING_AGREEMENT_ID_INVALID": {effect: declines, class: provider.Final, revoked: true},
	"TOKEN_ID_NOT_FOUND":           {effect: declines, class: provider.Final, revoked: true},
	"PAYMENT_TOKEN_NOT_FOUND":      {effect: declines, class: provider.Final, revoked: true},
	"VAULT_ID_NOT_FOUND":           {effect: declines, class: provider.Final, revoked: true},
	"TOKEN_EXPIRED":                {effect: declines, class: provider.Final, revoked: true},

	// Things have moved on.
	"ORDER_ALREADY_CAPTURED":         {effect: moved},
	"ORDER_ALREADY_AUTHORIZED":       {effect: moved},
	"ORDER_ALREADY_COMPLETED":        {effect: moved},
	"ORDER_COMPLETED_OR_VOIDED":      {effect: moved},
	"ORDER_EXPIRED":                  {effect: moved},
	"ORDER_NOT_APPROVED":             {effect: moved},
	"ORDER_CANNOT_BE_CONFIRMED":      {effect: moved},
	"ACTION_DOES_NOT_MATCH_INTENT":   {effect: moved}, // shut by Cancel
	"PAYMENT_SOURCE_MISMATCH":        {effect: moved}, // the payer approved another source meanwhile
	"AUTHORIZATION_ALREADY_CAPTURED": {effect: moved},
	"AUTHORIZATION_DENIED":           {effect: moved},
	"AUTHORIZATION_EXPIRED":          {effect: moved},
	"AUTHORIZATION_VOIDED":           {effect: moved},
	"MAX_CAPTURE_COUNT_EXCEEDED":     {effect: moved},
	"PREVIOUSLY_CAPTURED":            {effect: moved},
	"PREVIOUSLY_VOIDED":              {effect: moved},
	"CANNOT_BE_VOIDED":               {effect: moved},
	"REAUTHORIZATION_NOT_SUPPORTED":  {effect: moved},
	tooSoon:                          {effect: moved},

	"PAYER_ACTION_REQUIRED": {effect: asksPayer},

	"ORDER_COMPLETION_IN_PROGRESS":      {effect: inHand},
	"PREVIOUS_REQUEST_IN_PROGRESS":      {effect: inHand},
	"PAYPAL_REQUEST_ID_PREVIOUSLY_USED": {effect: inHand}, // with another body: something was done under it
	"DUPLICATE_REQUEST_ID":              {effect: inHand},

	"DUPLICATE_INVOICE_ID": {effect: twin},

	// Our own account. Nothing goes through for anybody until a person looks.
	"AUTH_CAPTURE_NOT_ENABLED":             {effect: ours},
	"CONSENT_NEEDED":                       {effect: ours},
	"NOT_ELIGIBLE_FOR_TOKEN_PROCESSING":    {effect: ours},
	"NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE":  {effect: ours},
	"PAYEE_ACCOUNT_INVALID":                {effect: ours},
	"PAYEE_ACCOUNT_LOCKED_OR_CLOSED":       {effect: ours},
	"PAYEE_ACCOUNT_NOT_VERIFIED":           {effect: ours},
	"PAYEE_ACCOUNT_RESTRICTED":             {effect: ours},
	"PERMISSION_DENIED":                    {effect: ours},
	"REFERENCE_TRANSACTION_NOT_ENABLED":    {effect: ours},
	"TRANSACTION_RECEIVING_LIMIT_EXCEEDED": {effect: ours},

	// What we asked for can never be.
	"AUTH_CAPTURE_CURRENCY_MISMATCH":                    {effect: hopeless},
	"AUTH_CURRENCY_MISMATCH":                            {effect: hopeless},
	"AUTHORIZATION_AMOUNT_EXCEEDED":                     {effect: hopeless},
	"AUTHORIZATION_CURRENCY_MISMATCH":                   {effect: hopeless},
	"CANCEL_URL_REQUIRED":                               {effect: hopeless},
	"CANNOT_BE_ZERO_OR_NEGATIVE":                        {effect: hopeless},
	"DECIMALS_NOT_SUPPORTED":                            {effect: hopeless},
	"DECIMAL_PRECISION":                                 {effect: hopeless},
	"INCOMPATIBLE_PARAMETER_VALUE":                      {effect: hopeless},
	"INVALID_CURRENCY_CODE":                             {effect: hopeless},
	"MAX_CAPTURE_AMOUNT_EXCEEDED":                       {effect: hopeless},
	"MAX_VALUE_EXCEEDED":                                {effect: hopeless},
	"MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE":             {effect: hopeless},
	"REQUIRED_PARAMETER_FOR_CUSTOMER_INITIATED_PAYMENT": {effect: hopeless},
	"RETURN_URL_REQUIRED":                               {effect: hopeless},
	"UNSUPPORTED_INTENT":                                {effect: hopeless},
	"UNSUPPORTED_INTENT_FOR_PAYMENT_SOURCE":             {effect: hopeless},
}

// Of the codes and the advice of a bank behind the payer's account few say more than
// no. PayPal passes them on for some ways of funding only.
// https://developer.paypal.com/api/rest/reference/orders/v2/definitions/#processor_response
var (
	finalCodes  = map[string]bool{"9520": true}           // lost or stolen
	finalAdvice = map[string]bool{"03": true, "21": true} // Mastercard's: never again, and cancelled by the payer
	fundsCodes  = map[string]bool{"5120": true}           // not enough money
)

// declineOf reads a capture or an authorization that PayPal took up and then refused.
func declineOf(status string, w processor) provider.Decline {
	d := provider.Decline{Class: provider.IssuerBlock, Code: word(status), NetworkCode: word(w.Code), AdviceCode: word(w.Advice)}
	switch {
	case finalAdvice[w.Advice] || finalCodes[w.Code]:
		d.Class = provider.Final
	case fundsCodes[w.Code]:
		d.Class = provider.InsufficientFunds
	}
	return d
}
