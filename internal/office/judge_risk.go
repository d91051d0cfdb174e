package office

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// Suspect is what risk is asked about.
type Suspect struct {
	Method    payment.Method // that is to be bound or charged
	Amount    money.Amount
	OrderKind policy.Occasion // "" it is no order
	Subject   string          // the id of what is about to be done
}

// How far back risk counts.
const (
	riskLately    = 24 * time.Hour
	riskBoundIn   = 30 * 24 * time.Hour
	riskTriedIn   = time.Hour
	hoursOfOneDay = 24 * time.Hour
)

// ErrBindRisk says that risk stands against a payment method. Its code is that of
// orders that risk has stopped (R-KYC-01).
var ErrBindRisk = fault.New(fault.Conflict, order.ErrRisk.Code, "the payment method cannot be bound like this for reasons of security").WithNext(order.ErrRisk.Next)

// errPayerAway says that risk wants a challenge that nobody is there to pass.
var errPayerAway = order.ErrRisk.Detail("the payer has to be present to pay with this payment method").WithNext("pay it by hand, where the bank can ask whether it is you")

// judge asks the policy's risk rules, and keeps what they said with all that they
// were given. What is stopped is audited. The account is locked.
func (o *Office) judge(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, on policy.Occasion, s Suspect) (policy.Judgement, error) {
	now := o.Now()
	p, err := o.ruling(ctx, tx, now)
	if err != nil {
		return policy.Judgement{}, err
	}
	facts, err := o.riskFacts(ctx, tx, p, a, s)
	if err != nil {
		return policy.Judgement{}, err
	}
	j := p.Judge(on, facts)
	if j.Broken {
		o.Log.ErrorContext(ctx, "a risk rule cannot be evaluated", "rule", j.Rule, "policy", j.Version)
	}
	if err := tx.AddJudgement(ctx, store.Judgement{
		Judgement: j, ID: o.IDs.New("jdg_"), Account: a.ID, Occasion: on, Subject: s.Subject, Method: s.Method.ID, At: now,
	}); err != nil {
		return j, err
	}
	if !isStopped(j) {
		return j, nil
	}
	return j, o.audit(ctx, tx, by, a.ID, "risk.stopped", s.Subject, map[string]any{
		"occasion": on, "verdict": j.Verdict, "rule": j.Rule, "policy": j.Version, "payment_method": s.Method.ID,
	})
}

func isStopped(j policy.Judgement) bool {
	return j.Verdict == policy.VerifyIdentity || j.Verdict == policy.Refuse
}

// riskFacts gathers what is known. Where the caller's address is, nobody here knows.
func (o *Office) riskFacts(ctx context.Context, tx *store.Tx, p policy.Policy, a account.Account, s Suspect) (policy.RiskFacts, error) {
	now := o.Now()
	c, err := tx.CountRisk(ctx, a.ID, s.Method, now.Add(-riskLately), now.Add(-riskBoundIn), now.Add(-riskTriedIn))
	if err != nil {
		return policy.RiskFacts{}, err
	}
	standing, err := standingOf(ctx, tx, p, a, payment.CardKind)
	if err != nil {
		return policy.RiskFacts{}, err
	}
	if s.Method.Kind == payment.CreditKind {
		if c.IsUsed, err = tx.HasDrawn(ctx, a.ID); err != nil {
			return policy.RiskFacts{}, err
		}
	}
	threshold, ok := o.thresholdOf(p, a.Currency, payment.CardKind, standing.Factor)
	if !ok {
		threshold = money.Amount{}
	}
	return policy.RiskFacts{
		AccountAgeDays: int(now.Sub(a.RegisteredAt) / hoursOfOneDay), Kind: a.Kind, Country: a.Country, Region: p.Region(a.Country, a.RegisteredAt),
		MethodKind: s.Method.Kind, MethodCountry: s.Method.Card.Country, Amount: s.Amount, Threshold: threshold, OrderKind: s.OrderKind, FirstUse: !c.IsUsed,
		FailedBinds24h: c.FailedBinds, FailedPayments24h: c.FailedPayments, Payments24h: c.Payments, Orders24h: c.Orders, NewMethods30d: c.NewMethods,
		Binds1h: c.Binds, HasPaid: c.HasPaid,
		Overdue: !a.OverdueSince.IsZero(), IdentityVerified: c.IsVerified,
	}, nil
}

// judgeBind asks risk before a method is kept and anything is held on it, and
// demands a challenge of a card where it says so. refusal stands against binding; an
// identity check that it asks for is opened.
func (o *Office) judgeBind(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, b *Bound) (refusal, err error) {
	j, err := o.judge(ctx, tx, by, a, policy.Bind, Suspect{Method: b.Method, Amount: b.Hold.Amount, Subject: string(b.Method.ID)})
	if err != nil {
		return nil, err
	}
	switch j.Verdict {
	case policy.Challenge:
		b.Hold.Force3DS = b.Hold.Force3DS || b.Method.Kind == payment.CardKind // PayPal asks its payers itself
	case policy.Refuse:
		return o.stopped(ErrBindRisk, j, ""), nil
	case policy.VerifyIdentity:
		m := b.Method
		m.ID = "" // it is not kept
		id, err := o.openCase(ctx, tx, by, a, m, "", policy.Bind, j)
		return o.stopped(ErrBindRisk, j, id), err
	}
	return nil, nil
}

// judgeOrder asks risk before an order is charged to a method, and tells whether a
// challenge is demanded. why stands against charging it, and what it made of the
// order is kept. What has been paid of an order that is refused is the customer's.
// The account is locked.
func (o *Office) judgeOrder(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, p policy.Policy, ord *order.Order, d *billing.Debt, m payment.Method, initiator payment.Initiator) (force3DS bool, why, err error) {
	on := policy.Occasion(ord.Kind)
	if ord.TopUp {
		on = policy.TopUp
	}
	j, err := o.judge(ctx, tx, by, a, on, Suspect{Method: m, Amount: d.OpenAmount(), OrderKind: on, Subject: string(ord.ID)})
	if err != nil {
		return false, nil, err
	}
	ord.Verdict, ord.Rule = string(j.Verdict), j.Rule
	switch {
	case j.Verdict == policy.Refuse:
		return false, o.stopped(order.ErrRisk, j, ""), o.endOrder(ctx, tx, by, ord, d, order.Refuse)
	case j.Verdict == policy.VerifyIdentity:
		why, err = o.blockOrder(ctx, tx, by, a, ord, m, j)
		return false, why, err
	case m.Kind != payment.CardKind: // PayPal asks its payers itself
		return false, nil, tx.SaveOrder(ctx, *ord)
	case j.Verdict == policy.Challenge && initiator != payment.CIT:
		return false, errPayerAway, tx.SaveOrder(ctx, *ord)
	}
	// With the payer away the mandate stands in for what the region always demands.
	force3DS = initiator == payment.CIT && (j.Verdict == policy.Challenge || p.Force3DS(p.Region(a.Country, a.RegisteredAt), on))
	return force3DS, nil, tx.SaveOrder(ctx, *ord)
}

// creditLine stands for an account's credit line where risk is asked about what is to
// pay. It is one instrument, whatever its limit.
var creditLine = payment.Method{Kind: payment.CreditKind, Card: payment.Card{Fingerprint: payment.Fingerprint(payment.CreditKind)}}

// judgeDraw asks risk before an order is drawn on a credit line, as judgeOrder does
// before one is charged. There is no card that could be challenged: who would be
// challenged has the identity behind the account verified instead, once. The account
// is locked.
func (o *Office) judgeDraw(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, ord *order.Order, d *billing.Debt) (why, err error) {
	on := policy.Occasion(ord.Kind)
	j, err := o.judge(ctx, tx, by, a, on, Suspect{Method: creditLine, Amount: d.OpenAmount(), OrderKind: on, Subject: string(ord.ID)})
	if err != nil {
		return nil, err
	}
	ord.Verdict, ord.Rule = string(j.Verdict), j.Rule
	switch {
	case j.Verdict == policy.Refuse:
		return o.stopped(order.ErrRisk, j, ""), o.endOrder(ctx, tx, by, ord, d, order.Refuse)
	case j.Verdict == policy.VerifyIdentity, j.Verdict == policy.Challenge && !j.Inputs.IdentityVerified:
		return o.blockOrder(ctx, tx, by, a, ord, creditLine, j)
	}
	return nil, tx.SaveOrder(ctx, *ord)
}

// blockOrder has an order wait for an identity check.
func (o *Office) blockOrder(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, ord *order.Order, m payment.Method, j policy.Judgement) (why, err error) {
	id, err := o.openCase(ctx, tx, by, a, m, string(ord.ID), policy.Occasion(ord.Kind), j)
	if err != nil {
		return nil, err
	}
	if ord.State, err = order.Table.Next(ord.State, order.Block); err != nil {
		return nil, err
	}
	ord.Case = string(id)
	if err := tx.SaveOrder(ctx, *ord); err != nil {
		return nil, err
	}
	return o.stopped(order.ErrRisk, j, id), o.tellOrder(ctx, tx, by, *ord, "order.blocked")
}

// stopped is f as the customer is told it: in the rule's own words, if it has any,
// and with the way to the identity check that was opened.
func (o *Office) stopped(f *fault.Error, j policy.Judgement, id identity.CaseID) error {
	if j.Message != "" {
		f = f.Detail("%s", j.Message)
	}
	if id == "" {
		return f
	}
	return f.WithNext("verify your identity, then try again: " + o.ConsoleURL + "/identity/" + string(id))
}

// openCase has the identity behind an account and a payment method verified, and
// tells the customer. Of one account and instrument there is one check at a time,
// however often and by whatever it is stopped. m has no ID if it is not bound; ord is
// what waits, "" nothing does. The account is locked.
func (o *Office) openCase(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, m payment.Method, ord string, on policy.Occasion, j policy.Judgement) (identity.CaseID, error) {
	now := o.Now()
	p, err := o.ruling(ctx, tx, now)
	if err != nil {
		return "", err
	}
	live, err := tx.LiveCase(ctx, a.ID, m.Card.Fingerprint)
	switch {
	case err == nil:
		lapsed, err := o.lapseCase(ctx, tx, a, live.Case, p)
		if err != nil || !lapsed {
			return live.ID, err
		}
	case !errors.Is(err, identity.ErrCaseNotFound):
		return "", err
	}
	c := store.IdentityCase{
		Case: identity.Ask(identity.CaseID(o.IDs.New("kyc_")), identity.Stop{
			Account: a.ID, Method: string(m.ID), Order: ord, Occasion: string(on), Rule: j.Rule, Policy: j.Version,
		}, now, p.Identity),
		Instrument: m.Card.Fingerprint,
		Looks: store.Looks{
			Kind: m.Kind, Brand: m.Card.Brand, Last4: m.Card.Last4, Holder: m.Card.Holder, Country: m.Card.Country, Email: m.Email,
		},
	}
	if err := tx.AddCase(ctx, c); err != nil {
		return "", err
	}
	if err := o.watchCase(ctx, tx, c.ID, c.SubmitBy); err != nil {
		return "", err
	}
	if err := o.tellCase(ctx, tx, by, c.Case, "identity_check.opened"); err != nil {
		return "", err
	}
	return c.ID, o.notify(ctx, tx, a.ID, "identity_needed", caseRound(c.Case), map[string]string{"until": c.SubmitBy.Format(time.RFC3339)})
}
