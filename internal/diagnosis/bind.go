package diagnosis

import (
	"time"

	"github.com/bursar-pay/bursar/internal/payment"
)

// unheardAfter is how long a question to a provider may go without an answer before
// that is worth telling.
const unheardAfter = time.Minute

// instantForm is how instants are told as values of facts.
const instantForm = time.RFC3339

// MethodFacts are what is known of a payment method.
type MethodFacts struct {
	Now       time.Time
	Method    payment.Method
	Hold      payment.Hold      // the newest that verifies it; its ID is "" if there is none
	Agreement payment.Agreement // that it came of; its ID is "" for cards
	Story     []Happening       // of the method, oldest first
	PolicyNow []string          // why today's policy would not have it charged
}

// OfMethod says why a payment method was not bound, or cannot be charged.
func OfMethod(f MethodFacts) Diagnosis {
	d := Diagnosis{Subject: string(f.Method.ID), Reason: f.Method.Reason}
	methodFact(&d, f.Method)
	if f.Agreement.ID != "" {
		agreementFacts(&d, f.Agreement)
	}
	holdFacts(&d, f)
	for _, code := range f.PolicyNow {
		d.fact(FactPolicyRefuses, time.Time{}, Policy, "reason", code)
	}
	switch f.Method.State {
	case payment.Active:
		d.State = Fine
		for _, code := range f.PolicyNow {
			d.State, d.Reason = Failed, code
			d.read(readingOf(code, asked, paying))
		}
	case payment.Verifying:
		d.State = UnderWay
		readOpenHold(&d, f)
	case payment.Challenged:
		d.State = Waits
		d.waitForPayer(f.Method.Kind, f.Hold.ChallengeURL)
	default:
		d.State = Failed
		d.readMethod(f.Method, f.Story)
	}
	return d.done()
}

// readMethod reads the state of a method that cannot be charged, and its reason.
func (d *Diagnosis) readMethod(m payment.Method, story []Happening) {
	reason := m.Reason
	switch m.State {
	case payment.Detached:
		reason = "detached"
		d.fact(FactMethodState, when(story, "payment_method.detached"), Ours, "state", string(m.State))
	case payment.Unavailable:
		reason = string(payment.PolicyWithdrew)
		d.fact(FactMethodState, when(story, "payment_method.withdrawn"), Policy, "state", string(m.State))
	case payment.Expired:
		reason = string(payment.CardLapsed)
		d.fact(FactMethodState, when(story, "payment_method.expired"), Ours, "state", string(m.State))
	case payment.Invalid:
		reason = string(payment.ConsentRevoked)
		d.fact(FactMethodState, since(when(story, "payment_method.revoked"), m.UpdatedAt), ByProvider, "state", string(m.State))
	default:
		d.fact(FactMethodState, m.UpdatedAt, Ours, "state", string(m.State))
	}
	d.Reason = reason
	if m.Kind == payment.PayPalKind {
		d.read(readingOf(reason, bindingWallet, asked, binding))
		return
	}
	d.read(readingOf(reason, asked, binding))
}

// readOpenHold reads a hold whose answer is not known. Where the provider's id is not
// known either, it is most likely away.
func readOpenHold(d *Diagnosis, f MethodFacts) {
	switch {
	case f.Hold.State == payment.HoldUnknown && f.Hold.Ref == "":
		d.unheard(f.Hold.OpenedAt)
		d.found(Unknown, Possible)
	case f.Hold.State == payment.HoldUnknown:
		d.lost(f.Hold.OpenedAt)
	case f.Hold.State == payment.HoldOpening && f.Now.Sub(f.Hold.OpenedAt) >= unheardAfter:
		d.unheard(f.Hold.OpenedAt)
	}
}

// lost reads an answer that was lost.
func (d *Diagnosis) lost(at time.Time) {
	d.fact(FactAnswerLost, at, Ours)
	d.read(reading{cause: Unknown, how: Certain, also: []Finding{{Provider, Likely}}, customer: steps(Wait), staff: steps(LeaveIt, AskAtProvider)})
}

// unheard reads a question that the provider has not answered so far. Nothing has
// been confirmed there: no money moves before the provider's id is known.
func (d *Diagnosis) unheard(at time.Time) {
	d.fact(FactUnheard, at, Ours)
	d.read(reading{cause: Provider, how: Likely, customer: steps(Wait), staff: steps(CheckProvider)})
}

// waitForPayer reads a challenge or a page that waits for the payer.
func (d *Diagnosis) waitForPayer(k payment.Kind, url string) {
	r := reading{cause: ThreeDS, how: Certain, also: []Finding{maybeBrowser}, customer: steps(FinishChallenge, OtherBrowser), staff: steps(SendLink)}
	if k == payment.PayPalKind {
		r.cause = Agreement
	}
	d.read(r)
	d.at(FinishChallenge, url)
}

// holdFacts tells what is known of the hold that verifies a method.
func holdFacts(d *Diagnosis, f MethodFacts) {
	h := f.Hold
	if h.ID == "" {
		return
	}
	d.fact(FactHoldAsked, h.OpenedAt, Ours, "amount", h.Amount.String())
	d.staffFact(FactExchange, h.OpenedAt, ByProvider, "provider", h.Provider, "ref", h.Ref, "request", "")
	if h.Force3DS {
		d.fact(FactDemanded, h.OpenedAt, Policy)
	}
	if !h.ChallengeUntil.IsZero() {
		d.fact(FactChallenge, since(when(f.Story, "payment_method.challenged"), h.OpenedAt), ByProvider, "until", h.ChallengeUntil.UTC().Format(instantForm))
	}
	if f.Method.ThreeDS.Result != "" {
		d.fact(FactThreeDSResult, h.PlacedAt, ByProvider, "result", f.Method.ThreeDS.Result)
	}
	if f.Method.State != payment.Rejected {
		return
	}
	over := since(when(f.Story, "payment_method.rejected"), f.Method.UpdatedAt)
	switch h.Reason {
	case "":
	case "challenge_expired":
		d.fact(FactChallengeLeft, over, ByPayer)
	case "three_ds_missing":
		d.fact(FactThreeDSMissing, over, ByProvider)
	case "provider_unavailable":
		d.fact(FactUnheard, over, Ours)
	default:
		d.fact(FactRefused, over, ByProvider, "class", h.Reason)
	}
	if h.Reason == "" && f.Method.Reason == "provider_unavailable" {
		d.fact(FactUnheard, over, Ours)
	}
}

// AgreementFacts are what is known of an agreement. One that was kept is diagnosed
// as the payment method that came of it.
type AgreementFacts struct {
	Now       time.Time
	Agreement payment.Agreement
	Holder    Holder // of the payer, where another account is; its Account is "" if unknown
	Risk      RiskSaid
}

// Holder is the account that an instrument is bound to. It is for staff alone.
type Holder struct {
	Account string
	State   string // of the account
	Method  string
}

// OfAgreement says why no payment method came of an agreement.
func OfAgreement(f AgreementFacts) Diagnosis {
	g := f.Agreement
	d := Diagnosis{Subject: string(g.ID), Reason: g.Reason}
	agreementFacts(&d, g)
	holderFact(&d, f.Holder, g.EndedAt)
	switch g.State {
	case payment.AgreementKept:
		d.State = Fine
	case payment.AgreementOpening:
		d.State = UnderWay
		if f.Now.Sub(g.OpenedAt) >= unheardAfter {
			d.unheard(g.OpenedAt)
		}
	case payment.AgreementWaiting:
		d.State = Waits
		d.waitForPayer(payment.PayPalKind, g.ApproveURL)
	default:
		d.State = Failed
		if g.State == payment.AgreementLapsed {
			d.Reason = "agreement_lapsed"
		}
		d.refusedBy(f.Risk, bindingWallet, asked, binding)
		if g.ReturnedAt.IsZero() && d.Cause == Agreement {
			d.found(BrowserOrNetwork, Possible) // nobody came back from the page
		}
	}
	return d.done()
}

func agreementFacts(d *Diagnosis, g payment.Agreement) {
	d.fact(FactAgreementAsked, g.OpenedAt, Ours, "until", g.Until.UTC().Format(instantForm))
	d.staffFact(FactExchange, g.OpenedAt, ByProvider, "provider", g.Provider, "ref", g.Ref, "request", "")
	if !g.ReturnedAt.IsZero() {
		d.fact(FactCameBack, g.ReturnedAt, ByPayer)
	} else if g.IsOver() && g.State != payment.AgreementKept {
		d.fact(FactNeverBack, g.EndedAt, Ours)
	}
	switch {
	case g.State == payment.AgreementKept:
		d.fact(FactAgreed, g.EndedAt, ByPayer)
	case g.Reason != "" && g.Reason == payment.ErrAgreementNotApproved.Code:
		d.fact(FactNotAgreed, g.EndedAt, ByProvider)
	case g.Reason != "":
		d.fact(FactRuleRefused, g.EndedAt, Ours, "reason", g.Reason)
	}
}

func holderFact(d *Diagnosis, h Holder, at time.Time) {
	if h.Account != "" {
		d.staffFact(FactHolder, at, Ours, "account", h.Account, "state", h.State, "method", h.Method)
	}
}

// AttemptFacts are what is known of a try to bind an instrument of which no payment
// method and no agreement came.
type AttemptFacts struct {
	ID      string
	At      time.Time
	Outcome string // the code of what refused it
	Kind    payment.Kind
	Brand   string // "" unknown
	Last4   string
	Network string // the caller's; "" unknown
	Holder  Holder
	Risk    RiskSaid
}

// OfAttempt says why a try to bind was refused before any money was asked for.
func OfAttempt(f AttemptFacts) Diagnosis {
	d := Diagnosis{Subject: f.ID, State: Failed, Reason: f.Outcome}
	if f.Last4 != "" {
		d.fact(FactCardTried, f.At, ByProvider, "brand", f.Brand, "last4", f.Last4)
	}
	d.fact(FactRuleRefused, f.At, Ours, "reason", f.Outcome)
	if f.Network != "" {
		d.staffFact(FactCallerNetwork, f.At, Ours, "network", f.Network)
	}
	holderFact(&d, f.Holder, f.At)
	if f.Kind == payment.PayPalKind {
		d.refusedBy(f.Risk, bindingWallet, asked, binding)
	} else {
		d.refusedBy(f.Risk, asked, binding)
	}
	return d.done()
}

// refusedBy reads the reason, and where that is risk's, what risk asks for.
func (d *Diagnosis) refusedBy(r RiskSaid, tables ...map[string]reading) {
	if d.Reason != riskRejection {
		d.read(readingOf(d.Reason, tables...))
		return
	}
	riskFacts(d, r)
	d.readRisk(r)
}

// TriesFacts are how often an account tried to bind, and what speaks against one
// more try, whatever the instrument.
type TriesFacts struct {
	Account string
	Now     time.Time
	Reasons []string // codes; none: one more may be tried
	Tries   int      // by the account, within the limit's time
	Cards   int      // different ones
}

// OfTries says whether the account could try once more now.
func OfTries(f TriesFacts) Diagnosis {
	d := Diagnosis{Subject: f.Account, State: Fine}
	d.staffFact(FactTries, f.Now, Ours, "tries", number(f.Tries), "cards", number(f.Cards))
	for _, code := range f.Reasons {
		if d.Reason == "" {
			d.State, d.Reason = Failed, code
		}
		d.read(readingOf(code, asked, binding))
	}
	return d.done()
}
