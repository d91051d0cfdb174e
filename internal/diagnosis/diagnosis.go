// Package diagnosis says why a payment method could not be bound or a payment did
// not go through: the cause, how certain it is, the facts that speak for it, and
// what the customer and staff can do (S-19, S-20).
//
// There are two views of each diagnosis. The payer's is a part of staff's, and holds
// no word of an issuer or provider: nobody is ever told by us that a card is lost,
// stolen or suspected, and every such refusal looks to the payer like any other
// of its class.
package diagnosis

import (
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/payment"
)

// State is how what is diagnosed stands.
type State string

// The states.
const (
	Fine     State = "fine"      // nothing is wrong
	UnderWay State = "under_way" // it is not known yet how it ends
	Waits    State = "waits"     // for the payer, or for an instant
	Failed   State = "failed"
)

// Cause is why something failed, in the terms in which customers are told.
type Cause string

// The causes. Those of a bind are S-19's, those of a payment S-20's; what is neither
// is ours to say all the same.
const (
	CardType         Cause = "card_type"              // S-19: brand or kind of card is not accepted
	AlreadyBound     Cause = "already_bound"          // S-19: to another account
	IssuerRefusal    Cause = "issuer_refusal"         // S-19: the issuer said no
	HoldFailed       Cause = "hold_failed"            // S-19: no funds for the hold that verifies, or it came to nothing
	BrowserOrNetwork Cause = "browser_or_network"     // S-19, S-20: a page was never finished
	IdentityCheck    Cause = "identity_check"         // S-20: risk asks who the payer is
	ThreeDS          Cause = "three_ds_not_finished"  // S-20: the issuer's challenge was not passed
	CardState        Cause = "card_state_or_features" // S-20: the card cannot be used like this, or not any more
	NotUsable        Cause = "method_not_usable"      // S-20: not accepted here, or not active

	Funds         Cause = "insufficient_funds"
	FundingSource Cause = "funding_source" // PayPal has nothing to take the money from
	Agreement     Cause = "agreement"      // PayPal's was not given, or taken back
	Details       Cause = "details_wrong"
	NoMethod      Cause = "no_payment_method"
	Limits        Cause = "limits" // tried too often, or too soon
	Risk          Cause = "risk"
	AccountState  Cause = "account_state"
	Amount        Cause = "amount_not_chargeable"
	Lapsed        Cause = "lapsed" // not paid in its time
	Provider      Cause = "provider_unavailable"
	Unknown       Cause = "unknown_outcome" // the answer was lost; money may have moved
)

// Causes lists every cause.
var Causes = []Cause{
	CardType, AlreadyBound, IssuerRefusal, HoldFailed, BrowserOrNetwork, IdentityCheck, ThreeDS, CardState, NotUsable, Funds, FundingSource,
	Agreement, Details, NoMethod, Limits, Risk, AccountState, Amount, Lapsed, Provider, Unknown,
}

// Certainty says how far the facts prove a cause.
type Certainty string

// The certainties, from the firmest on.
const (
	Certain  Certainty = "certain"  // somebody who knows said so
	Likely   Certainty = "likely"   // the best reading of what is known
	Possible Certainty = "possible" // worth ruling out
)

// Finding is a cause with its certainty.
type Finding struct {
	Cause     Cause
	Certainty Certainty
}

// Source says who a fact comes from.
type Source string

// The sources.
const (
	Ours       Source = "bursar"
	Policy     Source = "policy"
	ByProvider Source = "provider" // and, through it, the issuer
	ByPayer    Source = "payer"
	ByStaff    Source = "staff"
)

// Value is one of the values that a fact is told with. Names are those in braces
// in the fact's sentence.
type Value struct {
	Name, Text string
}

// Evidence is one fact that we have.
type Evidence struct {
	Fact   Fact
	At     time.Time // zero: it holds whenever it is looked at
	Source Source
	Values []Value
	Staff  bool // not for the payer
}

// Advice is something that can be done.
type Advice struct {
	Step Step
	URL  string // where; "" nowhere in particular
}

// Diagnosis is what is known of why something failed.
type Diagnosis struct {
	Subject   string // the id of what is diagnosed
	State     State
	Cause     Cause  // "" where there is nothing to explain
	Reason    string // the cause more finely, a code of ours; "" no finer
	Certainty Certainty
	Also      []Finding // what else may be behind it, the likeliest first
	Evidence  []Evidence
	Customer  []Advice // what the customer can do, the best first
	Staff     []Advice // and what staff can; none in the payer's view
}

// ForPayer returns the part of d that a payer may see.
func (d Diagnosis) ForPayer() Diagnosis {
	d.Evidence = slices.DeleteFunc(slices.Clone(d.Evidence), func(e Evidence) bool { return e.Staff })
	d.Staff = nil
	return d
}

// found sets the cause. The first that is found stays; what comes later is what
// else may be behind it.
func (d *Diagnosis) found(c Cause, how Certainty) {
	switch {
	case d.Cause == "":
		d.Cause, d.Certainty = c, how
	case d.Cause != c && !slices.ContainsFunc(d.Also, func(f Finding) bool { return f.Cause == c }):
		d.Also = append(d.Also, Finding{c, how})
	}
}

// fact adds a fact; values come in pairs of name and text.
func (d *Diagnosis) fact(f Fact, at time.Time, from Source, values ...string) {
	d.Evidence = append(d.Evidence, Evidence{Fact: f, At: at, Source: from, Values: pairs(values)})
}

// staffFact adds a fact that is not for the payer.
func (d *Diagnosis) staffFact(f Fact, at time.Time, from Source, values ...string) {
	d.Evidence = append(d.Evidence, Evidence{Fact: f, At: at, Source: from, Values: pairs(values), Staff: true})
}

func pairs(values []string) []Value {
	var out []Value
	for i := 0; i+1 < len(values); i += 2 {
		out = append(out, Value{values[i], values[i+1]})
	}
	return out
}

// customer adds what the customer can do, once each.
func (d *Diagnosis) customer(steps ...Step) { d.Customer = advise(d.Customer, steps) }

// staff adds what staff can do, once each.
func (d *Diagnosis) staff(steps ...Step) { d.Staff = advise(d.Staff, steps) }

func advise(list []Advice, steps []Step) []Advice {
	for _, s := range steps {
		if !slices.ContainsFunc(list, func(a Advice) bool { return a.Step == s }) {
			list = append(list, Advice{Step: s})
		}
	}
	return list
}

// at says where a step that was advised is done.
func (d *Diagnosis) at(s Step, url string) {
	for i := range d.Customer {
		if d.Customer[i].Step == s {
			d.Customer[i].URL = url
		}
	}
}

// inOrder puts the facts in the order in which they happened; those that always
// hold come last.
func (d *Diagnosis) inOrder() {
	slices.SortStableFunc(d.Evidence, func(a, b Evidence) int {
		switch {
		case a.At.IsZero() && b.At.IsZero():
			return 0
		case a.At.IsZero():
			return 1
		case b.At.IsZero():
			return -1
		}
		return a.At.Compare(b.At)
	})
}

// done finishes a diagnosis.
func (d Diagnosis) done() Diagnosis {
	d.inOrder()
	return d
}

// Happening is a line of the audit log of what is diagnosed.
type Happening struct {
	At   time.Time
	What string // such as "payment.lost"
}

// when returns when something last happened; zero never.
func when(story []Happening, what string) time.Time {
	for _, h := range slices.Backward(story) {
		if h.What == what {
			return h.At
		}
	}
	return time.Time{}
}

// since returns the first instant that is known.
func since(at ...time.Time) time.Time {
	for _, t := range at {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// cardWords are the values of the fact of what a payment method is. Brand and
// last digits are on the payer's own card.
func methodFact(d *Diagnosis, m payment.Method) {
	if m.Kind == payment.PayPalKind {
		d.fact(FactPayPal, time.Time{}, ByProvider, "email", m.Email, "country", m.Card.Country)
		return
	}
	d.fact(FactCard, time.Time{}, ByProvider, "brand", string(m.Card.Brand), "last4", m.Card.Last4, "funding", string(m.Card.Funding), "country", m.Card.Country)
}
