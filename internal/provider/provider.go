// Package provider is the socket into which a payment provider is plugged. It
// speaks of outcomes, holds and references; each plug translates them to one
// provider's words and back. Nothing here knows the database.
package provider

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// Outcome is how a question to a provider ended. A lost answer is an outcome,
// not an error, so that nobody can retry a payment by retrying an error.
type Outcome string

// The outcomes.
const (
	Approved   Outcome = "approved"
	Declined   Outcome = "declined"    // the issuer said no
	NeedsPayer Outcome = "needs_payer" // a 3DS challenge or a consent page waits
	Pending    Outcome = "pending"     // accepted, or opened and not yet confirmed; ask again later
	Cancelled  Outcome = "cancelled"   // the object is cancelled or expired at the provider: it can never take money again
	Failed     Outcome = "failed"      // never took effect; safe to send again
	Unknown    Outcome = "unknown"     // the answer was lost; money may have moved
)

// Class says what a decline means to us (R-DUN-04, R-DUN-05, R-BIND-14).
type Class string

// The classes of decline.
const (
	InsufficientFunds Class = "insufficient_funds"
	IssuerBlock       Class = "issuer_block"   // the issuer will not, for now or in this way
	Authentication    Class = "authentication" // 3DS was not passed, or is demanded
	BadData           Class = "data"           // number, code or expiry is wrong
	Unsupported       Class = "unsupported"    // kind of card, currency or network
	Final             Class = "final"          // never again with this card: lost, stolen, revoked (Visa category 1, MAC 03 and 21)
	TryLater          Class = "try_later"      // the issuer or network could not answer
)

// Decline is why an issuer said no. Code is the provider's own word, kept as
// evidence and never shown to a payer when Class is Final.
type Decline struct {
	Class       Class
	Code        string
	NetworkCode string        // the scheme's response code, where given
	AdviceCode  string        // Mastercard's merchant advice code, where given
	WaitAtLeast time.Duration // no attempt before that (R-DUN-06); 0 = no advice
	Revoked     bool          // the payer took their agreement back: the method is never charged again (R-PP-10)
}

// ThreeDS is what a 3-D Secure exchange left behind (R-3DS-07).
type ThreeDS struct {
	Version       string
	Result        string // authenticated, attempt_acknowledged, failed, not_supported, exempted; "" none was run
	ECI           string
	TransactionID string
}

// Secret is a text that lets its holder act. It hides itself from logs, errors
// and JSON; string(s) is the text.
type Secret string

const hidden = "[hidden]"

// String hides the secret.
func (Secret) String() string { return hidden }

// GoString hides the secret.
func (Secret) GoString() string { return hidden }

// LogValue hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Result is a provider's answer about one intent.
type Result struct {
	Outcome            Outcome
	Ref                string       // the provider's id of the intent
	ChargeRef          string       // and of the charge or authorization made from it
	Amount             money.Amount // what was authorized or captured, as the provider says
	Captured           bool         // money was taken; false with Approved means held
	HeldUntil          time.Time    // end of an authorization, as the provider says (R-AUTH-01)
	HonoredUntil       time.Time    // until when the funds of an authorization are promised (R-PP-09); zero: to its end
	Decline            Decline
	ChallengeURL       string // where the payer must go, with NeedsPayer
	ClientSecret       Secret // what the provider's script in the browser needs to go on; never logged, never stored
	NetworkTransaction string
	ThreeDS            ThreeDS
	Live               bool   // the intent could still take money if somebody confirmed it again
	Hopeless           bool   // with Failed: the provider understood what was asked and will never do it as asked
	Misconfigured      bool   // whatever the outcome: our key or account is refused (401, 403, 404): stop the lane
	Cause              error  // with Failed and Unknown: what happened, without secrets; for the log
	RequestID          string // the provider's id of the exchange, for its support
}

// Initiator says who started a charge (R-3DS-08).
type Initiator string

// The initiators: the customer in front of a screen, or we while they are away.
const (
	CIT Initiator = "cit"
	MIT Initiator = "mit"
)

// Ask describes an intent to open: a hold if Hold is set, else a charge. Key is
// deterministic (R-IDEM-02) and the only idempotency key of this intent; plugs
// derive one for each further step from it.
type Ask struct {
	Key        string
	Reference  string // names the hold or payment, the same after a restore from a backup; kept at the provider and found again by Find
	Account    string // our account's id; kept at the provider
	Customer   string // the provider's customer
	Method     string // the provider's token of the instrument
	Amount     money.Amount
	Hold       bool   // reserve only; released by Cancel
	From       string // the authorization to take the money from, a hold's ChargeRef; "" asks the instrument itself
	Initiator  Initiator
	SetUp      bool   // the payer is present and agrees to later charges while away
	Force3DS   bool   // policy or risk demands a challenge
	Descriptor string // on the payer's statement (R-DESC-01)
	ReturnURL  string // where a challenge ends; "" with MIT
	Mandate    string // network transaction id of the first CIT, quoted in MITs; "" unknown
	Note       string // shown to staff at the provider
}

// RefundAsk describes money to give back from a charge. Key is deterministic
// (R-IDEM-02).
type RefundAsk struct {
	Key       string
	Reference string // names the refund, the same after a restore from a backup; kept at the provider and found again by FindRefund
	Charge    string // what it is given back from: a result's ChargeRef
	Amount    money.Amount
}

// AgreementAsk describes the agreement that a payer is asked for on the
// provider's own page: to be charged later, while away, whenever usage has added
// up (R-PP-06).
type AgreementAsk struct {
	Key       string   // deterministic (R-IDEM-02)
	Account   string   // our account's id; kept at the provider
	Customer  string   // the provider's name for the payer; "" it has none yet
	Seller    string   // as the page shows it; "" the provider's own name for us
	ReturnURL string   // where the payer comes back to after agreeing
	CancelURL string   // and where after turning away
	Language  string   // BCP 47, of the page
	Known     []string // tokens that came of other agreements of the account
}

// Customer describes a payer to the provider.
type Customer struct {
	Key, Account, Reference, Name, Email string
}

// Instrument is what the provider tells about the instrument behind a token.
type Instrument struct {
	Token       string
	Customer    string // "" while not attached
	Fingerprint string
	Brand       string // the provider's spelling folded to payment.Brand's
	Networks    []string
	Funding     string // credit, debit, prepaid, unknown
	Country     string
	Last4       string
	ExpMonth    int
	ExpYear     int
	Holder      string
	Email       string // of a wallet's owner; "" for cards
}

// News is a provider's message, verified. It is a hint: the object is fetched
// before anything is believed.
type News struct {
	ID        string // the sender's id, for deduplication
	Kind      string // the sender's word for what happened
	Ref       string // the intent it is about; "" none of ours
	Reference string // our id, where the message carries it
	Token     string // the instrument it is about, such as one that its payer took back; "" none
	At        time.Time
}

// Limits are a provider's bounds for one currency.
type Limits struct {
	Minimum money.Amount // the least that can be charged
	Maximum money.Amount
	Step    int64 // charges are a multiple of so many minor units (three-decimal currencies: 10)
}

// Wallet is a provider whose payers agree on its own pages before anything can be
// asked of their accounts (R-PP-01).
type Wallet interface {
	Provider
	// OpenAgreement asks for the payer's agreement: NeedsPayer, and where they must
	// go as ChallengeURL. No money moves. With a lost answer ref is "" and the
	// outcome Unknown: open again with the same ask; an agreement that no payer was
	// shown binds nobody.
	OpenAgreement(ctx context.Context, a AgreementAsk) (ref string, r Result)
	// Agreement asks how an agreement stands: NeedsPayer while the payer has not
	// decided, Approved once they agreed, kept or not, and Cancelled when nobody can
	// agree to it any more.
	Agreement(ctx context.Context, ref string) Result
	// KeepAgreement turns an agreement that was approved into a token that can be
	// charged, and tells whose it is. Keeping it again is safe: it gives the same
	// token. Declined says that the payer's account cannot be used, Cancelled that
	// there is no approved agreement.
	KeepAgreement(ctx context.Context, ref string, a AgreementAsk) (Instrument, Result)
	// Renew has the funds of a hold promised anew, from its intent's id. A hold is
	// renewed once, after its promise has ended (R-PP-09).
	Renew(ctx context.Context, ref, key string, amount money.Amount) Result
	// MostFrom is the largest amount that can be captured from a hold of this size.
	MostFrom(held money.Amount) money.Amount
}

// Provider is one way to reach the payers' money. Every method is safe for
// concurrent use. None retries by itself.
type Provider interface {
	// Name is the plug's name, such as "stripe".
	Name() string
	// Limits returns the bounds for c, and whether c is offered at all.
	Limits(c money.Currency) (Limits, bool)
	// OpenCustomer returns the provider's id of the payer, making it once per key.
	OpenCustomer(ctx context.Context, c Customer) (string, error)
	// Instrument fetches what a token stands for. No money moves. A token that
	// the provider does not know is a fault "token_unknown".
	Instrument(ctx context.Context, token string) (Instrument, error)
	// Open makes the intent at the provider and returns its id. No money moves.
	// With a lost answer ref is "" and the outcome Unknown: Find it, or Open again
	// with the same Ask inside the key's window.
	Open(ctx context.Context, a Ask) (ref string, r Result)
	// Confirm asks the issuer. Confirming the same intent again is safe: an intent
	// succeeds at most once.
	Confirm(ctx context.Context, ref string, a Ask) Result
	// Cancel releases a hold or closes an intent, so that it never takes money.
	// An intent that already succeeded answers Approved and Captured.
	Cancel(ctx context.Context, ref, key string) Result
	// Fetch asks how an intent stands.
	Fetch(ctx context.Context, ref string) Result
	// Find looks an intent up by our reference among the customer's since then. It
	// answers Failed with ref "" if there is none, Unknown if it could not tell.
	Find(ctx context.Context, customer, reference string, since time.Time) (ref string, r Result)
	// Refund gives money of a charge back, at most once per reference, however often
	// and however late it is asked. Approved: it is given back. Pending: the provider
	// will say. Declined: the way that the money came is closed to it, and none was
	// given back. Failed and Hopeless: there is nothing to give back, or the payer
	// contests the charge and gets it otherwise.
	Refund(ctx context.Context, a RefundAsk) Result
	// FetchRefund asks how a refund stands, by its Ref. A refund that was Approved can
	// be Declined days later: the payer's bank sent it back.
	FetchRefund(ctx context.Context, ref string) Result
	// FindRefund looks a refund up by its reference among those of its charge. It
	// answers Failed without Ref if there is none, Unknown if it could not tell.
	FindRefund(ctx context.Context, a RefundAsk) Result
	// Detach forgets an instrument at the provider.
	Detach(ctx context.Context, token string) error
	// Window is how long a key given to Open is honoured (reliability: after that only reading is safe).
	Window() time.Duration
	// ReadNews verifies a message and says what it is about.
	ReadNews(header http.Header, body []byte, now time.Time) (News, error)
}
