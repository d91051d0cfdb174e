// Package providertest is what every plug in the provider socket must pass, tried
// against a pretend outside world that can be told to misbehave. The suite knows
// outcomes, money and references, and nothing of any provider: a plug's own test
// opens the plug and the world and calls Run.
//
// What it proves is what the office relies on: that an intent takes money at most
// once whatever is lost, repeated or asked for twice; that a lost answer is Unknown
// and that reading tells the truth; that Failed is a promise.
package providertest

import (
	"net/http"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

// The secrets that the plug under test accepts, while the new one replaces the old.
// A wallet's endpoint has the new one only, as its name.
const (
	NewSecret = "whsec_conformance_new"
	OldSecret = "whsec_conformance_old"

	foreignSecret = "whsec_of_somebody_else"
)

// A Card is how an instrument behaves at its issuer.
type Card string

// The cards.
const (
	Good          Card = "good"          // approves whatever is asked
	Other         Card = "other"         // another instrument than Good, as good
	Authenticates Card = "authenticates" // demands the payer's authentication each time
	RefundsLate   Card = "refunds late"  // takes refunds, and says an hour later that they arrived; cards only
	SendsBack     Card = "sends back"    // takes refunds, and sends them back an hour later; cards only
)

// A Wallet is the World of a plug that is a provider.Wallet. Its tokens stand for
// accounts, Authenticates being one whose owner is called to the provider's page at
// the first payment, and Answer goes to any of its pages.
type Wallet interface {
	World
	// Withdraw has the payer take back the agreement behind a token.
	Withdraw(t *testing.T, token string)
	// Restart returns another plug in the same world, which remembers nothing.
	Restart(t *testing.T) provider.Wallet
}

// A Step is a request of a plug.
type Step string

// The steps.
const (
	Opening    Step = "open"
	Confirming Step = "confirm"
	Cancelling Step = "cancel"
	Renewing   Step = "renew"
	Refunding  Step = "refund"
	Reading    Step = "read" // of one intent or of many
	Any        Step = "any"
)

// A Fault is what befalls a request.
type Fault string

// The faults. A stored one is repeated to whoever asks again under the same key.
const (
	LostBefore      Fault = "lost before the effect"
	LostAfter       Fault = "lost after the effect"
	StoredBefore    Fault = "500 before the effect, stored"
	StoredAfter     Fault = "500 after the effect, stored"
	Down            Fault = "503"
	TooMany         Fault = "429"
	Unauthenticated Fault = "401"
)

// A World is the outside on which a plug is tried. Its books are its own: what they
// say was taken is what the payer lost.
type World interface {
	// Token returns a new token of an instrument that belongs to nobody yet. Two
	// tokens of one card are of one instrument.
	Token(t *testing.T, c Card) string
	// Refuse has the issuer of a token's instrument refuse its next request for the
	// reason that class names.
	Refuse(t *testing.T, token string, class provider.Class)
	// Fail has the next request of a step meet a fault.
	Fail(s Step, f Fault)
	// Answer goes to a challenge as the payer, and passes it or fails.
	Answer(t *testing.T, challengeURL string, pass bool)
	// Intents counts the intents that carry our reference.
	Intents(t *testing.T, reference string) int
	// Taken and Held say how much the payer lost, and has reserved, under our
	// reference, in minor units.
	Taken(t *testing.T, reference string) int64
	Held(t *testing.T, reference string) int64
	// News returns a message about an intent, signed with a secret at an instant.
	News(t *testing.T, ref, secret string, at time.Time) (http.Header, []byte)
	// Now is the world's time, and Pass lets some of it go by.
	Now() time.Time
	Pass(t *testing.T, d time.Duration)
}

// An Open makes a new world and the plug under test, connected to it.
type Open func(t *testing.T) (provider.Provider, World)

// A desk is one plug, one world and one payer, as a case works with them.
type desk struct {
	provider.Provider
	World
	customer string
	wallet   provider.Wallet // the plug again, if it is one
	payers   Wallet          // and its world
}

func newDesk(t *testing.T, open Open) *desk {
	t.Helper()
	p, w := open(t)
	customer, err := p.OpenCustomer(t.Context(), provider.Customer{Key: "payer-1", Account: "acct_1", Reference: "acme", Name: "Acme", Email: "pay@acme.example"})
	if err != nil {
		t.Fatalf("open the customer: %v", err)
	}
	d := &desk{Provider: p, World: w, customer: customer}
	if wallet, is := p.(provider.Wallet); is {
		d.wallet, d.payers = wallet, w.(Wallet)
	}
	return d
}

// hold asks for a verification hold from a payer who is present.
func (d *desk) hold(t *testing.T, name string, c Card) provider.Ask {
	return provider.Ask{
		Key: "key-" + name, Reference: "hold_" + name, Account: "acct_1", Customer: d.customer, Method: d.Token(t, c),
		Amount: money.Amount{Minor: 100, Currency: "USD"}, Hold: true, Initiator: provider.CIT, SetUp: true,
		Descriptor: "BURSAR", ReturnURL: "https://console.example/back",
	}
}

// pay asks for a charge from a payer who is present.
func (d *desk) pay(t *testing.T, name string, c Card) provider.Ask {
	a := d.hold(t, name, c)
	a.Reference, a.Hold, a.Amount = "pay_"+name, false, money.Amount{Minor: 2500, Currency: "USD"}
	return a
}

// bound binds a card, challenge and all, and returns a charge of it while the payer
// is away.
func (d *desk) bound(t *testing.T, name string, c Card) provider.Ask {
	t.Helper()
	a := d.hold(t, "of_"+name, c)
	ref := d.open(t, a)
	r := d.Confirm(t.Context(), ref, a)
	if r.Outcome == provider.NeedsPayer {
		d.Answer(t, r.ChallengeURL, true)
		r = d.Fetch(t.Context(), ref)
	}
	want(t, "bind", r, provider.Approved)
	want(t, "release the hold", d.Cancel(t.Context(), ref, a.Key), provider.Cancelled)
	charge := d.pay(t, name, c)
	charge.Method, charge.Initiator, charge.SetUp, charge.ReturnURL = a.Method, provider.MIT, false, ""
	return charge
}

// open opens an intent and wants it there, with no money moved.
func (d *desk) open(t *testing.T, a provider.Ask) string {
	t.Helper()
	ref, r := d.Provider.Open(t.Context(), a)
	if ref == "" || r.Outcome != provider.Pending || !r.Live || r.Captured {
		t.Fatalf("open: got %q %+v, want a reference, pending and live", ref, r)
	}
	return ref
}

// taken wants the payer to have lost so much under a's reference, and one intent.
func (d *desk) taken(t *testing.T, a provider.Ask, minor int64) {
	t.Helper()
	if got := d.Taken(t, a.Reference); got != minor {
		t.Errorf("taken: got %d, want %d", got, minor)
	}
	if got := d.Intents(t, a.Reference); got != 1 {
		t.Errorf("intents: got %d, want 1", got)
	}
}

// want compares the outcome of a step.
func want(t *testing.T, step string, r provider.Result, outcome provider.Outcome) {
	t.Helper()
	if r.Outcome != outcome {
		t.Errorf("%s: got %s (cause %v, decline %+v), want %s", step, r.Outcome, r.Cause, r.Decline, outcome)
	}
}
