package office

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/diagnosis"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// Audience says who a diagnosis is for.
type Audience string

// The audiences. Staff are told what must not reach a payer: the issuer's words, who
// else holds an instrument, what risk said.
const (
	ToPayer Audience = "payer"
	ToStaff Audience = "staff"
)

// Diagnosed is a diagnosis as its audience may have it, with the language in which
// the account is written to.
type Diagnosed struct {
	diagnosis.Diagnosis
	To       Audience
	Language string
}

// DiagnosePayment says why a payment did not go through (S-20).
func (o *Office) DiagnosePayment(ctx context.Context, by access.Caller, id payment.ID, to Audience) (Diagnosed, error) {
	return o.diagnose(ctx, by, access.BillsRead, to, func(tx *store.Tx) (account.Account, diagnosis.Diagnosis, error) {
		p, err := tx.Payment(ctx, id)
		if err == nil && by.MayTouch(p.Account) != nil {
			err = payment.ErrPaymentNotFound
		}
		if err != nil {
			return account.Account{}, diagnosis.Diagnosis{}, err
		}
		a, f, err := o.paymentFacts(ctx, tx, p)
		return a, diagnosis.OfPayment(f), err
	})
}

// DiagnoseMethod says why a payment method was not bound, or cannot be charged
// (S-19).
func (o *Office) DiagnoseMethod(ctx context.Context, by access.Caller, id payment.MethodID, to Audience) (Diagnosed, error) {
	return o.diagnose(ctx, by, access.MethodsRead, to, func(tx *store.Tx) (account.Account, diagnosis.Diagnosis, error) {
		m, err := tx.Method(ctx, id)
		if err == nil && by.MayTouch(m.Account) != nil {
			err = payment.ErrMethodNotFound
		}
		if err != nil {
			return account.Account{}, diagnosis.Diagnosis{}, err
		}
		a, f, err := o.methodFacts(ctx, tx, m)
		return a, diagnosis.OfMethod(f), err
	})
}

// DiagnoseAgreement says why no payment method came of an agreement. One that was
// kept is diagnosed as the method that came of it.
func (o *Office) DiagnoseAgreement(ctx context.Context, by access.Caller, id payment.AgreementID, to Audience) (Diagnosed, error) {
	return o.diagnose(ctx, by, access.MethodsRead, to, func(tx *store.Tx) (account.Account, diagnosis.Diagnosis, error) {
		g, err := tx.Agreement(ctx, id)
		if err == nil && by.MayTouch(g.Account) != nil {
			err = payment.ErrAgreementNotFound
		}
		if err != nil {
			return account.Account{}, diagnosis.Diagnosis{}, err
		}
		a, err := tx.Account(ctx, g.Account)
		if err != nil {
			return a, diagnosis.Diagnosis{}, err
		}
		said, err := o.ofAgreement(ctx, tx, g)
		return a, said, err
	})
}

// DiagnoseDebt says why a debt is not collected: what its newest payment came to, and
// what stands against another one now.
func (o *Office) DiagnoseDebt(ctx context.Context, by access.Caller, id billing.DebtID, to Audience) (Diagnosed, error) {
	return o.diagnose(ctx, by, access.BillsRead, to, func(tx *store.Tx) (account.Account, diagnosis.Diagnosis, error) {
		d, err := tx.Debt(ctx, id)
		if err == nil && by.MayTouch(d.Account) != nil {
			err = billing.ErrDebtNotFound
		}
		if err != nil {
			return account.Account{}, diagnosis.Diagnosis{}, err
		}
		a, f, err := o.debtFacts(ctx, tx, d)
		return a, diagnosis.OfDebt(f), err
	})
}

// BindTry is a try to bind an instrument, with why nothing came of it.
type BindTry struct {
	Attempt   store.TracedAttempt
	Diagnosis Diagnosed
}

// BindTries are an account's tries, and whether one more would be let through,
// whatever the instrument.
type BindTries struct {
	Now   Diagnosed
	Tries []BindTry // newest first
	Next  string    // the try to go on after; "" on the last page
}

// DiagnoseBindAttempts says of each try to bind what became of it, those too that
// never became a payment method (S-19).
func (o *Office) DiagnoseBindAttempts(ctx context.Context, by access.Caller, id account.ID, to Audience, p Page) (list BindTries, err error) {
	if err := errors.Join(mayTouch(by, access.MethodsRead, id), mayHear(by, to)); err != nil {
		return list, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list = BindTries{}
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		tries, err := tx.BindAttempts(ctx, id, p.After, p.Limit+1)
		if err != nil {
			return err
		}
		tries, list.Next = cut(tries, p, func(t store.TracedAttempt) string { return t.ID })
		seen, err := o.cardsTried(ctx, tx, id, tries)
		if err != nil {
			return err
		}
		for _, t := range tries {
			said, err := o.ofAttempt(ctx, tx, a, t, seen[t.ID])
			if err != nil {
				return err
			}
			list.Tries = append(list.Tries, BindTry{Attempt: t, Diagnosis: heard(a, said, to)})
		}
		now, err := o.triesNow(ctx, tx, by, a)
		list.Now = heard(a, diagnosis.OfTries(now), to)
		return err
	})
	return list, err
}

// diagnose reads the facts, and tells of them what the audience may hear.
func (o *Office) diagnose(ctx context.Context, by access.Caller, s access.Scope, to Audience, read func(*store.Tx) (account.Account, diagnosis.Diagnosis, error)) (d Diagnosed, err error) {
	if err := errors.Join(by.May(s), mayHear(by, to)); err != nil {
		return d, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		a, said, err := read(tx)
		d = heard(a, said, to)
		return err
	})
	if err != nil {
		return Diagnosed{}, err
	}
	return d, nil
}

// mayHear returns nil if the caller may have what is for this audience: customers
// never hear what is staff's, nor do keys that cannot read the books.
func mayHear(by access.Caller, to Audience) error {
	switch {
	case to != ToStaff:
		return nil
	case by.Account != "":
		return access.ErrForbidden.Detail("this is for staff")
	}
	return by.May(access.BooksRead)
}

func heard(a account.Account, d diagnosis.Diagnosis, to Audience) Diagnosed {
	if to != ToStaff {
		to, d = ToPayer, d.ForPayer()
	}
	return Diagnosed{Diagnosis: d, To: to, Language: a.Language}
}

const refusedShown = 10 // refusals on a method, before the payment that is diagnosed

// paymentFacts gathers what is known of a payment.
func (o *Office) paymentFacts(ctx context.Context, tx *store.Tx, p payment.Payment) (account.Account, diagnosis.PaymentFacts, error) {
	f := diagnosis.PaymentFacts{Now: o.Now(), Payment: p}
	a, err := tx.Account(ctx, p.Account)
	if err != nil {
		return a, f, err
	}
	if f.Method, err = tx.Method(ctx, p.Method); err != nil {
		return a, f, err
	}
	if f.Story, err = happenings(ctx, tx, a.ID, string(p.ID)); err != nil {
		return a, f, err
	}
	if f.PolicyNow, err = o.policyAgainst(ctx, tx, a, f.Method); err != nil {
		return a, f, err
	}
	refused, err := tx.RefusedOn(ctx, p.Method, refusedShown+1)
	if err != nil {
		return a, f, err
	}
	for _, r := range refused {
		if r.ID != p.ID && r.OpenedAt.Before(p.OpenedAt) && r.Refusal.Class != "" {
			f.Others = append(f.Others, r)
		}
	}
	d, err := tx.Debt(ctx, billing.DebtID(p.Debt))
	if err != nil {
		return a, f, err
	}
	f.Debt, f.NextAttempt = diagnosis.DebtState{IsOpen: d.State == billing.Open, Open: d.OpenAmount()}, d.NextAttemptAt
	if d.Kind == billing.OrderDebt {
		_, f.Risk, err = orderRisk(ctx, tx, d.ID)
	}
	return a, f, err
}

// policyAgainst says why the policy that rules now would not have a method charged.
func (o *Office) policyAgainst(ctx context.Context, tx *store.Tx, a account.Account, m payment.Method) ([]string, error) {
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return nil, err
	}
	return codesOf(p.MayKeepMethod(p.Region(a.Country, a.RegisteredAt), a.Currency, m)), nil
}

func codesOf(why error) []string {
	var codes []string
	for _, f := range fault.All(why) {
		codes = append(codes, f.Code)
	}
	return codes
}

func happenings(ctx context.Context, tx *store.Tx, id account.ID, subject string) ([]diagnosis.Happening, error) {
	history, err := tx.History(ctx, id, subject)
	var story []diagnosis.Happening
	for _, r := range history {
		story = append(story, diagnosis.Happening{At: r.At, What: r.Action})
	}
	return story, err
}

// orderRisk reads what risk said of a debt's order.
func orderRisk(ctx context.Context, tx *store.Tx, id billing.DebtID) (order.Order, diagnosis.RiskSaid, error) {
	ord, err := tx.OrderOfDebt(ctx, id)
	if err != nil {
		return ord, diagnosis.RiskSaid{}, err
	}
	r := diagnosis.RiskSaid{At: ord.PlacedAt, Verdict: ord.Verdict, Rule: ord.Rule, Case: ord.Case}
	said, err := tx.Judgements(ctx, store.JudgementFilter{Account: ord.Account, Subject: string(ord.ID)}, 1)
	if err != nil {
		return ord, r, err
	}
	if len(said) == 1 {
		r.At = said[0].At
	}
	if ord.Case == "" {
		return ord, r, nil
	}
	c, err := tx.Case(ctx, identity.CaseID(ord.Case))
	if err != nil {
		return ord, r, err
	}
	return ord, withCase(r, c), nil
}

func withCase(r diagnosis.RiskSaid, c store.IdentityCase) diagnosis.RiskSaid {
	r.At, r.Case, r.State, r.Reason, r.Until = c.OpenedAt, string(c.ID), string(c.State), string(c.Reason), c.SubmitBy
	return r
}

// methodFacts gathers what is known of a payment method.
func (o *Office) methodFacts(ctx context.Context, tx *store.Tx, m payment.Method) (account.Account, diagnosis.MethodFacts, error) {
	f := diagnosis.MethodFacts{Now: o.Now(), Method: m}
	a, err := tx.Account(ctx, m.Account)
	if err != nil {
		return a, f, err
	}
	holds, err := tx.HoldsOf(ctx, m.ID)
	if err != nil {
		return a, f, err
	}
	var b Bound
	b.take(holds)
	f.Hold = b.Hold
	if f.Story, err = happenings(ctx, tx, a.ID, string(m.ID)); err != nil {
		return a, f, err
	}
	if m.State == payment.Active || m.State == payment.Unavailable {
		if f.PolicyNow, err = o.policyAgainst(ctx, tx, a, m); err != nil {
			return a, f, err
		}
	}
	if m.Kind == payment.PayPalKind {
		if f.Agreement, err = tx.AgreementOf(ctx, m); errors.Is(err, payment.ErrAgreementNotFound) {
			err = nil
		}
	}
	return a, f, err
}

// ofAgreement diagnoses an agreement, or what came of it.
func (o *Office) ofAgreement(ctx context.Context, tx *store.Tx, g payment.Agreement) (diagnosis.Diagnosis, error) {
	if g.State == payment.AgreementKept {
		m, err := tx.Method(ctx, g.Method)
		if err != nil {
			return diagnosis.Diagnosis{}, err
		}
		_, f, err := o.methodFacts(ctx, tx, m)
		f.Agreement = g
		said := diagnosis.OfMethod(f)
		said.Subject = string(g.ID)
		return said, err
	}
	f := diagnosis.AgreementFacts{Now: o.Now(), Agreement: g}
	if g.Reason != payment.ErrAlreadyBound.Code && g.Reason != order.ErrRisk.Code {
		return diagnosis.OfAgreement(f), nil
	}
	fp, err := tx.TriedInstrument(ctx, g.Try)
	if err != nil {
		return diagnosis.Diagnosis{}, err
	}
	if f.Holder, err = holder(ctx, tx, g.Account, fp); err != nil {
		return diagnosis.Diagnosis{}, err
	}
	f.Risk, err = instrumentRisk(ctx, tx, g.Account, fp, g.EndedAt)
	return diagnosis.OfAgreement(f), err
}

// holder finds the other account that an instrument is bound to, if there is one
// still.
func holder(ctx context.Context, tx *store.Tx, id account.ID, fp payment.Fingerprint) (diagnosis.Holder, error) {
	m, err := tx.HolderOf(ctx, fp)
	switch {
	case errors.Is(err, payment.ErrMethodNotFound):
		return diagnosis.Holder{}, nil
	case err != nil || m.Account == id:
		return diagnosis.Holder{}, err
	}
	a, err := tx.Account(ctx, m.Account)
	return diagnosis.Holder{Account: string(a.ID), State: string(a.State), Method: string(m.ID)}, err
}

// instrumentRisk reads the identity check that an instrument waits for, if it does.
func instrumentRisk(ctx context.Context, tx *store.Tx, id account.ID, fp payment.Fingerprint, at time.Time) (diagnosis.RiskSaid, error) {
	r := diagnosis.RiskSaid{At: at}
	c, err := tx.LiveCase(ctx, id, fp)
	if errors.Is(err, identity.ErrCaseNotFound) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	r.Verdict, r.Rule = string(policy.VerifyIdentity), c.Rule
	return withCase(r, c), nil
}

// debtFacts gathers what is known of a debt.
func (o *Office) debtFacts(ctx context.Context, tx *store.Tx, d billing.Debt) (account.Account, diagnosis.DebtFacts, error) {
	f := diagnosis.DebtFacts{
		ID: string(d.ID), Now: o.Now(), Amount: d.Amount, Debt: diagnosis.DebtState{IsOpen: d.State == billing.Open, Open: d.OpenAmount()},
		OpenedAt: d.OpenedAt, NextAttempt: d.NextAttemptAt,
	}
	a, err := tx.Account(ctx, d.Account)
	if err != nil {
		return a, f, err
	}
	tries, err := tx.DebtPayments(ctx, d.ID)
	if err != nil {
		return a, f, err
	}
	if n := len(tries); n > 0 {
		if _, f.Last, err = o.paymentFacts(ctx, tx, tries[n-1]); err != nil {
			return a, f, err
		}
	}
	charge := Charge{Initiator: payment.MIT}
	var ord order.Order
	if d.Kind == billing.OrderDebt {
		if ord, f.Risk, err = orderRisk(ctx, tx, d.ID); err != nil {
			return a, f, err
		}
		f.DueOrder, charge = string(ord.State), Charge{Initiator: payment.CIT, Method: payment.MethodID(ord.Method)}
	}
	if d.State != billing.Open {
		return a, f, nil
	}
	why, err := o.standsAgainst(ctx, tx, a, d, charge)
	if err != nil {
		return a, f, err
	}
	f.Against = codesOf(why)
	if errors.Is(why, payment.ErrNoMethod) {
		f.Lost, err = lostMethods(ctx, tx, a.ID)
	}
	return a, f, err
}

// lostMethods are an account's methods that were good once and cannot be charged any
// more, the newest first.
func lostMethods(ctx context.Context, tx *store.Tx, id account.ID) ([]payment.Method, error) {
	methods, err := tx.Methods(ctx, id)
	var lost []payment.Method
	for n := len(methods) - 1; n >= 0; n-- {
		switch m := methods[n]; m.State {
		case payment.Expired, payment.Invalid, payment.Unavailable, payment.Challenged, payment.Verifying, payment.Rejected:
			lost = append(lost, m)
		}
	}
	return lost, err
}

// standsAgainst asks every rule that a payment of the debt would be held against now,
// without opening one. why is what they say; err is that they could not be asked.
func (o *Office) standsAgainst(ctx context.Context, tx *store.Tx, a account.Account, d billing.Debt, c Charge) (why, err error) {
	switch {
	case d.Kind == billing.OrderDebt:
		why = mayBuy(a)
	case !isCharged(a, d):
		return errNotByItself, nil
	}
	if why != nil {
		return why, nil
	}
	m, err := o.methodToCharge(ctx, tx, a, d, c)
	if len(fault.All(err)) > 0 {
		return err, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return nil, err
	}
	_, plugged := o.opened(m.Provider)
	why = errors.Join(m.MayCharge(c.Initiator == payment.CIT), p.MayKeepMethod(p.Region(a.Country, a.RegisteredAt), a.Currency, m), plugged)
	if why != nil {
		return why, nil
	}
	for _, against := range []error{o.mayAsk(m, d.OpenAmount()), o.mayTry(ctx, tx, p, m, d.OpenAmount(), c.Initiator, o.Now())} {
		if against != nil && len(fault.All(against)) == 0 {
			return nil, against
		}
		why = errors.Join(why, against)
	}
	return why, nil
}

// errNotByItself says that a debt waits for its customer: what is bound of a credit
// customer is never charged by itself (R-CRED-03).
var errNotByItself = fault.New(fault.Conflict, "not_charged_by_itself", "the debt is not charged to a payment method by itself")

// triesNow asks what stands against one more try to bind.
func (o *Office) triesNow(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account) (diagnosis.TriesFacts, error) {
	f := diagnosis.TriesFacts{Account: string(a.ID), Now: o.Now()}
	p, err := o.ruling(ctx, tx, f.Now)
	if err != nil {
		return f, err
	}
	by.Address = "" // who asks is not who would try
	_, why := o.bindCounts(ctx, tx, by, p, a.ID, "")
	if why != nil && len(fault.All(why)) == 0 {
		return f, why
	}
	l := p.BindLimits
	n, err := tx.CountBinds(ctx, store.BindAttempt{Account: a.ID}, store.BindWindows{
		Account: f.Now.Add(-l.TriesPerAccount.Within), Cards: f.Now.Add(-l.CardsPerAccount.Within), Card: f.Now, Network: f.Now,
	})
	f.Tries, f.Cards = n.Account, n.Cards
	f.Reasons = codesOf(errors.Join(why, mayBindAtAll(a, p)))
	return f, err
}

// ofAttempt diagnoses what a try to bind came to, or the try itself if nothing came
// of it.
func (o *Office) ofAttempt(ctx context.Context, tx *store.Tx, a account.Account, t store.TracedAttempt, tried cardTried) (diagnosis.Diagnosis, error) {
	var said diagnosis.Diagnosis
	switch {
	case t.Method != "":
		m, err := tx.Method(ctx, t.Method)
		if err != nil {
			return said, err
		}
		_, f, err := o.methodFacts(ctx, tx, m)
		if err != nil {
			return said, err
		}
		said = diagnosis.OfMethod(f)
	case t.Agreement != "":
		g, err := tx.Agreement(ctx, t.Agreement)
		if err != nil {
			return said, err
		}
		if said, err = o.ofAgreement(ctx, tx, g); err != nil {
			return said, err
		}
	default:
		f := diagnosis.AttemptFacts{ID: t.ID, At: t.At, Outcome: t.Outcome, Kind: tried.Kind, Brand: tried.Brand, Last4: tried.Last4, Network: t.Network}
		var err error
		if t.Outcome == payment.ErrAlreadyBound.Code {
			if f.Holder, err = holder(ctx, tx, a.ID, t.Fingerprint); err != nil {
				return said, err
			}
		}
		if t.Outcome == order.ErrRisk.Code {
			if f.Risk, err = instrumentRisk(ctx, tx, a.ID, t.Fingerprint, t.At); err != nil {
				return said, err
			}
		}
		return diagnosis.OfAttempt(f), nil
	}
	said.Subject = t.ID
	return said, nil
}

// cardTried is what the audit log kept of an instrument that was refused.
type cardTried struct {
	Reason string       `json:"reason"`
	Kind   payment.Kind `json:"kind"`
	Brand  string       `json:"brand"`
	Last4  string       `json:"last4"`
}

// auditedWithin is how far apart a try and its line in the audit log may be: they are
// written in one transaction.
const auditedWithin = time.Minute

// cardsTried finds what was refused in each try of a page. Tries of an account come
// one after the other, and so do their lines in the audit log.
func (o *Office) cardsTried(ctx context.Context, tx *store.Tx, id account.ID, tries []store.TracedAttempt) (map[string]cardTried, error) {
	found := map[string]cardTried{}
	if len(tries) == 0 {
		return found, nil
	}
	lines, err := tx.RefusedBinds(ctx, id, tries[len(tries)-1].At, 2*len(tries))
	if err != nil {
		return nil, err
	}
	for n := len(tries) - 1; n >= 0; n-- { // the oldest first, as the log is
		t := tries[n]
		for i, line := range lines {
			var c cardTried
			if json.Unmarshal([]byte(line.Detail), &c) != nil || c.Reason != t.Outcome || line.At.Before(t.At) || line.At.Sub(t.At) > auditedWithin {
				continue
			}
			found[t.ID], lines = c, append(lines[:i:i], lines[i+1:]...)
			break
		}
	}
	return found, nil
}
