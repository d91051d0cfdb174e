package diagnosis

import (
	"strconv"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

// PaymentFacts are what is known of a payment.
type PaymentFacts struct {
	Now         time.Time
	Payment     payment.Payment
	Method      payment.Method
	Story       []Happening       // of the payment, oldest first
	Others      []payment.Payment // that were refused on the same method before
	PolicyNow   []string          // why today's policy would not have the method charged
	Debt        DebtState
	NextAttempt time.Time // when the debt is tried again by itself; zero: it is not planned
	Risk        RiskSaid
}

// DebtState is how the debt of a payment stands.
type DebtState struct {
	IsOpen bool
	Open   money.Amount
}

// RiskSaid is what risk said to an order, and the identity check that came of it.
type RiskSaid struct {
	At      time.Time
	Verdict string // "" it was not asked
	Rule    string
	Case    string // the check's id; "" none
	State   string // of the check
	Reason  string // why documents were rejected: mismatch, blurred, expired; "" they were not
	Until   time.Time
}

// OfPayment says why a payment took no money.
func OfPayment(f PaymentFacts) Diagnosis {
	p := f.Payment
	d := Diagnosis{Subject: string(p.ID)}
	methodFact(&d, f.Method)
	paymentFacts(&d, f)
	switch p.State {
	case payment.Succeeded:
		d.State = Fine
		if p.Force3DS && f.Debt.IsOpen && !isAuthenticated(p.ThreeDS) { // it is the customer's, not the order's
			d.State, d.Reason = Failed, "three_ds_missing"
			d.fact(FactThreeDSMissing, p.SettledAt, ByProvider)
			d.fact(FactKeptForYou, p.SettledAt, Ours, "amount", p.Amount.String())
			d.read(readingOf(d.Reason, paying))
		}
	case payment.Unknown:
		d.State = UnderWay
		if at := since(when(f.Story, "payment.lost"), p.OpenedAt); p.Ref == "" {
			d.unheard(at)
			d.found(Unknown, Possible)
		} else {
			d.lost(at)
		}
		d.fact(FactAskedAgain, time.Time{}, Ours, "times", number(p.Asked))
	case payment.Waiting:
		d.State = Waits
		d.waitForPayer(f.Method.Kind, p.ChallengeURL)
	case payment.Opening, payment.Pending:
		d.State = UnderWay
		if p.State == payment.Opening && f.Now.Sub(p.OpenedAt) >= unheardAfter {
			d.unheard(p.OpenedAt)
		} else {
			d.customer(Wait)
		}
	default: // closing, declined, cancelled
		d.State = Failed
		readFailure(&d, f)
	}
	return d.done()
}

// readFailure reads a payment that came to nothing.
func readFailure(d *Diagnosis, f PaymentFacts) {
	p := f.Payment
	over := since(p.SettledAt, p.OpenedAt)
	tables := []map[string]reading{asked, paying}
	if f.Method.Kind == payment.PayPalKind {
		tables = []map[string]reading{payingWallet, asked, paying}
	}
	switch {
	case p.Refusal.Class != "" && f.Method.State == payment.Invalid: // the payer took their agreement back (R-PP-10)
		d.Reason = string(payment.ConsentRevoked)
		d.fact(FactMethodState, f.Method.UpdatedAt, ByProvider, "state", string(f.Method.State))
	case p.Refusal.Class != "":
		d.Reason = p.Refusal.Class
		d.fact(FactRefused, over, ByProvider, "class", p.Refusal.Class)
	case wasChallenged(p):
		d.Reason = "challenge_expired"
		d.fact(FactChallengeLeft, p.ChallengeUntil, ByPayer)
	default: // given up: the provider never had it, or never took it
		d.Reason = "provider_unavailable"
		d.fact(FactUnheard, over, Ours)
	}
	d.read(readingOf(d.Reason, tables...))
	readPattern(d, f)
	for _, code := range f.PolicyNow { // it was bound under another policy, or the card was found out
		d.read(readingOf(code, tables...))
	}
	if f.Debt.IsOpen && !f.NextAttempt.IsZero() {
		d.fact(FactNextAttempt, f.NextAttempt, Ours, "at", f.NextAttempt.UTC().Format(instantForm))
	}
}

// readPattern reads what several refusals of one card tell together: with no
// challenge in any of them, its state or features are to be looked at (S-20).
func readPattern(d *Diagnosis, f PaymentFacts) {
	if len(f.Others) == 0 {
		return
	}
	last := f.Others[0]
	d.fact(FactRefusedBefore, last.OpenedAt, Ours, "count", number(len(f.Others)))
	for _, p := range append([]payment.Payment{f.Payment}, f.Others...) {
		if wasChallenged(p) || p.Refusal.Class == "authentication" {
			return
		}
	}
	if f.Method.Kind == payment.CardKind && f.Payment.Refusal.Class != payment.FinalClass {
		d.fact(FactNeverChallenged, time.Time{}, Ours)
		d.found(CardState, Possible)
		d.customer(AskIssuer)
	}
}

func wasChallenged(p payment.Payment) bool { return !p.ChallengeUntil.IsZero() }

func isAuthenticated(t payment.ThreeDS) bool {
	return t.Result == "authenticated" || t.Result == "attempt_acknowledged"
}

// paymentFacts tells what is known of a payment, however it ended. The words of the
// issuer and the provider are staff's.
func paymentFacts(d *Diagnosis, f PaymentFacts) {
	p := f.Payment
	d.fact(FactPaymentAsked, p.OpenedAt, Ours, "amount", p.Amount.String(), "attempt", number(p.Attempt), "initiator", string(p.Initiator))
	d.staffFact(FactExchange, p.OpenedAt, ByProvider, "provider", p.Provider, "ref", p.Ref, "request", p.RequestID)
	if p.Force3DS {
		d.fact(FactDemanded, p.OpenedAt, Policy)
	}
	if wasChallenged(p) {
		d.fact(FactChallenge, since(when(f.Story, "payment.challenged"), p.OpenedAt), ByProvider, "until", p.ChallengeUntil.UTC().Format(instantForm))
	}
	if p.ThreeDS.Result != "" {
		d.fact(FactThreeDSResult, p.SettledAt, ByProvider, "result", p.ThreeDS.Result)
	}
	if r := p.Refusal; r.Class != "" {
		d.staffFact(FactProviderWords, since(p.SettledAt, p.OpenedAt), ByProvider, "code", r.Code, "network", r.NetworkCode, "advice", r.AdviceCode)
		if r.WaitAtLeast > 0 && r.Class != payment.FinalClass {
			until := since(p.SettledAt, p.OpenedAt).Add(r.WaitAtLeast)
			d.fact(FactWaitAsked, until, ByProvider, "until", until.UTC().Format(instantForm))
		}
	}
	for _, code := range f.PolicyNow {
		d.fact(FactPolicyRefuses, time.Time{}, Policy, "reason", code)
	}
	riskFacts(d, f.Risk)
}

func riskFacts(d *Diagnosis, r RiskSaid) {
	if r.Verdict != "" {
		d.staffFact(FactRiskSaid, r.At, Policy, "verdict", r.Verdict, "rule", r.Rule)
	}
	if r.Case != "" {
		d.fact(FactIdentityCheck, r.At, ByStaff, "state", r.State, "reason", r.Reason)
	}
}

// DebtFacts are what is known of a debt.
type DebtFacts struct {
	ID          string
	Now         time.Time
	Amount      money.Amount
	Debt        DebtState
	OpenedAt    time.Time
	DueOrder    string           // "open", "blocked", "refused", "lapsed" and so on; "" it is no order's
	Last        PaymentFacts     // of its newest payment; its Payment.ID is "" if there is none
	Lost        []payment.Method // that could be charged once, the newest first; only where nothing else can be
	Against     []string         // what stands against charging it now, as codes; none: it can be
	NextAttempt time.Time
	Risk        RiskSaid
}

// OfDebt says why a debt is not collected: what its newest payment came to, and what
// stands against another.
func OfDebt(f DebtFacts) Diagnosis {
	d := Diagnosis{Subject: f.ID}
	if f.Last.Payment.ID != "" {
		d = OfPayment(f.Last)
		d.Subject = f.ID
	} else {
		riskFacts(&d, f.Risk)
	}
	d.fact(FactDebt, f.OpenedAt, Ours, "amount", f.Amount.String(), "open", f.Debt.Open.String())
	switch {
	case d.State == UnderWay || d.State == Waits:
		return d.done() // it is with the provider, or with the payer
	case !f.Debt.IsOpen && f.DueOrder != "lapsed" && f.DueOrder != "refused":
		d.settle()
		return d.done()
	}
	d.State = Failed
	again := Diagnosis{}
	switch f.DueOrder {
	case "blocked", "refused":
		again.readRisk(f.Risk)
	case "lapsed":
		again.Reason = "order_lapsed"
		again.read(readingOf(again.Reason, paying))
	default:
		for _, code := range f.Against {
			if again.Reason == "" {
				again.Reason = code
			}
			again.fact(FactStands, f.Now, Ours, "reason", code)
			tables := []map[string]reading{asked, paying}
			if f.Last.Method.Kind == payment.PayPalKind {
				tables = []map[string]reading{payingWallet, asked, paying}
			}
			again.read(readingOf(code, tables...))
		}
	}
	again.readLost(f.Lost)
	d.precede(again)
	if d.Cause == "" {
		d.State = Waits // nothing was tried, and nothing stands against it
		d.customer(PayByHand)
	}
	if f.Last.Payment.ID == "" && !f.NextAttempt.IsZero() {
		d.fact(FactNextAttempt, f.NextAttempt, Ours, "at", f.NextAttempt.UTC().Format(instantForm))
	}
	return d.done()
}

// readLost reads why the account has no method that can be charged, where it had one.
func (d *Diagnosis) readLost(lost []payment.Method) {
	if len(lost) == 0 {
		return
	}
	m := lost[0]
	methodFact(d, m)
	reason := d.Reason
	switch m.State {
	case payment.Challenged:
		d.waitForPayer(m.Kind, "")
	case payment.Verifying:
		d.read(paying["method_not_active"])
	default:
		d.readMethod(m, nil)
	}
	d.Reason = reason
}

// settle says that nothing is wrong any more.
func (d *Diagnosis) settle() {
	d.State, d.Cause, d.Reason, d.Certainty, d.Also, d.Customer, d.Staff = Fine, "", "", "", nil, nil, nil
}

// precede puts what stands against another try before what became of the last one.
func (d *Diagnosis) precede(again Diagnosis) {
	d.Evidence = append(d.Evidence, again.Evidence...)
	if again.Cause == "" {
		return
	}
	before := *d
	d.Cause, d.Certainty, d.Reason, d.Also = again.Cause, again.Certainty, again.Reason, again.Also
	d.Customer, d.Staff = again.Customer, again.Staff
	if before.Cause != "" {
		d.found(before.Cause, before.Certainty)
	}
	for _, f := range before.Also {
		d.found(f.Cause, f.Certainty)
	}
	for _, a := range before.Customer {
		d.customer(a.Step)
	}
	for _, a := range before.Staff {
		d.staff(a.Step)
	}
}

// riskRejection is the reason of what risk has stopped (R-KYC-01).
const riskRejection = "risk_control_rejection"

// readRisk reads an order that risk has stopped (S-20, S-21).
func (d *Diagnosis) readRisk(r RiskSaid) {
	d.Reason = riskRejection
	if r.Case == "" && r.Verdict != "verify_identity" {
		d.read(readingOf(d.Reason, asked))
		return
	}
	check := reading{cause: IdentityCheck, how: Certain, customer: steps(VerifyIdentity), staff: steps(LookAtRule)}
	switch r.State {
	case "submitted":
		check.customer, check.staff = steps(WaitReview), steps(ReviewCase)
	case "rejected":
		check.customer = steps(SendAgain)
	case "expired":
		check.customer = steps(PlaceAgain)
	case "approved":
		check.customer = steps(PayByHand)
	}
	d.read(check)
}

func number(n int) string { return strconv.Itoa(n) }
