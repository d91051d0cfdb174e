package office

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/store"
)

// PayPalToBind is what an account sends when it wants to pay by PayPal.
type PayPalToBind struct {
	Consent   string // version of the text that the payer agreed to
	ReturnURL string // where the payer comes back to, agreed or not
	Language  string // of PayPal's page, BCP 47; "" the account's
}

const (
	agreementLasts    = 3 * time.Hour    // that the payer has to decide
	agreementGrace    = 10 * time.Minute // after they came back, until the provider must show what they decided
	agreementShown    = 20               // agreements that a list tells
	forgetPause       = 30 * time.Minute // before a provider is told again to forget an instrument
	reasonNotApproved = "agreement_not_approved"
)

// ErrPayPalNotOffered says that this installation has no PayPal.
var ErrPayPalNotOffered = fault.New(fault.Invalid, "method_not_available", "this payment method is not available here").
	WithNext("choose one of the payment methods that are offered for this account")

// BindPayPal asks a payer for their agreement on PayPal's own page. The answer
// tells where they must go; the method is bound once they have agreed there and
// the hold that verifies it is placed (R-PP-01, R-PP-02).
func (o *Office) BindPayPal(ctx context.Context, by access.Caller, id account.ID, b PayPalToBind) (payment.Agreement, error) {
	var a payment.Agreement
	if err := mayTouch(by, access.MethodsWrite, id); err != nil {
		return a, err
	}
	switch {
	case b.Consent == "":
		return a, ErrConsent
	case !isWebAddress(b.ReturnURL):
		return a, ErrReturnURL
	case o.Wallet == nil:
		return a, ErrPayPalNotOffered
	}
	if err := o.lanes.open(o.Wallet.Name(), o.Now()); err != nil {
		return a, err
	}

	// Decide, and remember what we are about to ask.
	var refusal error
	err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		a, refusal, err = o.openAgreement(ctx, tx, by, id, b)
		return err
	})
	if err = errors.Join(err, refusal); err != nil {
		return payment.Agreement{}, err
	}

	// Ask the world, and record the answer.
	if err := o.showAgreement(ctx, a.ID); err != nil {
		o.Log.WarnContext(ctx, "left to its job", "work", "show agreement", "subject", a.ID, "error", err)
	}
	return o.agreement(ctx, a.ID)
}

// openAgreement asks every rule that needs no payer and inserts the agreement
// with the job that looks after it. A refusal is kept too, for the limits.
func (o *Office) openAgreement(ctx context.Context, tx *store.Tx, by access.Caller, id account.ID, b PayPalToBind) (g payment.Agreement, refusal, err error) {
	a, err := tx.LockAccount(ctx, id)
	if err != nil {
		return g, nil, err
	}
	now := o.Now()
	p, err := o.ruling(ctx, tx, now)
	if err != nil {
		return g, nil, err
	}
	try, why := o.bindCounts(ctx, tx, by, p, id, "")
	if why != nil && len(fault.All(why)) == 0 {
		return g, nil, why
	}
	if refusal = errors.Join(why, mayBindAtAll(a, p)); refusal == nil {
		refusal = p.MayBindPayPal(p.Region(a.Country, a.RegisteredAt), a.Currency, "")
	}
	if _, offered := o.Wallet.Limits(a.Currency); refusal == nil && !offered {
		refusal = ErrCurrency
	}
	try.ID, try.At, try.Outcome = o.IDs.New("try_"), now, outcomeOf(refusal)
	if err := tx.AddBindAttempt(ctx, try); err != nil {
		return g, nil, err
	}
	if refusal != nil {
		return g, refusal, o.audit(ctx, tx, by, id, "payment_method.refused", string(id), map[string]any{"reason": try.Outcome, "kind": payment.PayPalKind})
	}
	customer, err := tx.Customer(ctx, id, o.Wallet.Name())
	if err != nil {
		return g, nil, err
	}
	if b.Language == "" {
		b.Language = a.Language
	}
	g = payment.Agreement{
		ID: payment.AgreementID(o.IDs.New("agr_")), Account: id, Provider: o.Wallet.Name(), Customer: customer, Try: try.ID,
		Consent: payment.Consent{Version: b.Consent, At: now, Address: by.Address}, Language: b.Language, ReturnURL: b.ReturnURL,
		State: payment.AgreementOpening, OpenedAt: now, Until: now.Add(agreementLasts),
	}
	g.Key = fmt.Sprintf("%s/%s/%s", o.Installation, id, g.ID)
	if err := tx.AddAgreement(ctx, g); err != nil {
		return g, nil, err
	}
	if err := tx.Enqueue(ctx, job.Job{Kind: watchAgreement, Subject: string(g.ID), At: now.Add(watchAfter), Once: true}); err != nil {
		return g, nil, err
	}
	return g, nil, o.tellAgreement(ctx, tx, by, g, "agreement.opened")
}

// showAgreement has the provider make the page on which the payer decides. No
// money moves, so a lost answer is asked for again under the same key; a page that
// nobody was led to binds nobody.
func (o *Office) showAgreement(ctx context.Context, id payment.AgreementID) error {
	g, err := o.agreement(ctx, id)
	if err != nil || g.State != payment.AgreementOpening {
		return err
	}
	if err := o.walletOf(g); err != nil {
		return err
	}
	ref, r := o.Wallet.OpenAgreement(ctx, o.agreementAsk(g))
	return o.changeAgreement(ctx, id, func(tx *store.Tx, _ account.Account, g payment.Agreement) (err error) {
		o.lanes.note(g.Provider, r, o.Now())
		switch {
		case g.State != payment.AgreementOpening:
			return nil
		case ref != "" && r.Outcome == provider.NeedsPayer:
			g.Ref, g.ApproveURL = ref, r.ChallengeURL
			if g.State, err = payment.AgreementTable.Next(g.State, payment.ShowAgreement); err != nil {
				return err
			}
			if err := tx.SaveAgreement(ctx, g); err != nil {
				return err
			}
			return o.tellAgreement(ctx, tx, access.Jobs, g, "agreement.waiting")
		case r.Outcome == provider.Declined, r.Outcome == provider.Failed && r.Hopeless:
			return o.endAgreement(ctx, tx, g, payment.RefuseAgreement, reasonNoAnswer)
		}
		return nil // its watch asks again
	})
}

func (o *Office) agreementAsk(g payment.Agreement) provider.AgreementAsk {
	back := returnTo(g.ReturnURL, "agreement", string(g.ID))
	return provider.AgreementAsk{
		Key: g.Key, Account: string(g.Account), Customer: g.Customer, ReturnURL: back, CancelURL: returnTo(back, "turned_away", "1"), Language: g.Language,
	}
}

// walletOf answers nil if the agreement's provider may be asked.
func (o *Office) walletOf(g payment.Agreement) error {
	if o.Wallet == nil || g.Provider != o.Wallet.Name() {
		return ErrUnplugged
	}
	return o.lanes.open(g.Provider, o.Now())
}

// lookAtAgreement asks how an agreement stands and does what that asks for. The
// payer's return, the provider's message and the watch all come here, in any order
// and as often as they like; the result is one binding (R-PP-05).
func (o *Office) lookAtAgreement(ctx context.Context, id payment.AgreementID) error {
	g, err := o.agreement(ctx, id)
	if err != nil || g.IsOver() {
		return err
	}
	switch g.State {
	case payment.AgreementOpening:
		if o.isBeingAsked(g.OpenedAt) {
			return nil
		}
		if !o.Now().Before(g.Until) {
			return o.finishAgreement(ctx, id, payment.LapseAgreement, "")
		}
		return o.showAgreement(ctx, id)
	case payment.AgreementDiscarding:
		return o.discardAgreement(ctx, g)
	}
	if err := o.walletOf(g); err != nil {
		return err
	}
	r := o.Wallet.Agreement(ctx, g.Ref)
	o.lanes.note(g.Provider, r, o.Now())
	switch r.Outcome {
	case provider.Approved, provider.Cancelled: // one that is gone may have been kept before, by a call whose answer was lost
		return o.keepAgreement(ctx, g)
	case provider.NeedsPayer:
		return o.awaitPayer(ctx, g)
	}
	return nil // a look that was lost says nothing
}

// awaitPayer ends an agreement that nobody decided in time. One whose payer has
// come back is not approved, unless the provider shows it late (R-PP-04).
func (o *Office) awaitPayer(ctx context.Context, g payment.Agreement) error {
	now := o.Now()
	switch {
	case !g.ReturnedAt.IsZero() && !now.Before(g.ReturnedAt.Add(agreementGrace)):
		return o.finishAgreement(ctx, g.ID, payment.RefuseAgreement, reasonNotApproved)
	case !now.Before(g.Until):
		return o.finishAgreement(ctx, g.ID, payment.LapseAgreement, "")
	}
	return nil
}

// keepAgreement turns an agreement that the payer approved into a payment method,
// if every rule lets it; else the provider is told to forget it.
func (o *Office) keepAgreement(ctx context.Context, g payment.Agreement) error {
	ask := o.agreementAsk(g)
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		ask.Known, err = tx.TokensOf(ctx, g.Account, g.Provider)
		return err
	})
	if err != nil {
		return err
	}
	who, r := o.Wallet.KeepAgreement(ctx, g.Ref, ask)
	switch r.Outcome {
	case provider.Approved:
	case provider.Declined:
		return o.finishAgreement(ctx, g.ID, payment.RefuseAgreement, string(r.Decline.Class))
	case provider.Cancelled:
		return o.finishAgreement(ctx, g.ID, payment.RefuseAgreement, reasonNotApproved)
	default:
		o.lanes.note(g.Provider, r, o.Now())
		return nil // keeping it again is safe, and the watch does
	}
	var hold payment.HoldID
	var discard bool
	err = o.changeAgreement(ctx, g.ID, func(tx *store.Tx, a account.Account, g payment.Agreement) (err error) {
		hold, discard = "", false
		if g.State != payment.AgreementWaiting {
			return nil
		}
		g.Token = who.Token
		hold, err = o.bindPayer(ctx, tx, a, &g, who)
		discard = g.State == payment.AgreementDiscarding
		return err
	})
	if err != nil {
		return err
	}
	if discard {
		o.promptly(ctx, "discard agreement", string(g.ID), func(ctx context.Context) error { return o.lookAtAgreement(ctx, g.ID) })
	}
	o.placeSoon(ctx, hold)
	return nil
}

// bindPayer asks the rules that need the payer, and inserts the method with the
// hold that verifies it. Of several that bind one payer at once the insert lets one
// through (R-BIND-03). The account is locked.
func (o *Office) bindPayer(ctx context.Context, tx *store.Tx, a account.Account, g *payment.Agreement, who provider.Instrument) (payment.HoldID, error) {
	now := o.Now()
	p, err := o.ruling(ctx, tx, now)
	if err != nil {
		return "", err
	}
	card := cardOf(who)
	holder, err := tx.HolderOf(ctx, card.Fingerprint)
	if err != nil && !errors.Is(err, payment.ErrMethodNotFound) {
		return "", err
	}
	isOurs := err == nil && holder.Account == a.ID
	if isOurs && holder.State != payment.Invalid && holder.State != payment.Active {
		if why := errors.Join(mayBindAtAll(a, p), o.mayBindPayer(ctx, tx, p, a, *g, card)); why != nil {
			return "", o.discard(ctx, tx, g, card.Fingerprint, why)
		}
	}
	if isOurs && holder.State != payment.Invalid {
		// The same payer again is the method that it already is; what was agreed to
		// last is what is charged.
		if holder.Card.Token != who.Token {
			old := job.Job{Kind: forgetToken, Subject: holder.Provider + "/" + holder.Card.Token, At: now, Once: true}
			if err := tx.Enqueue(ctx, old); err != nil {
				return "", err
			}
			holder.Card.Token = who.Token
			if err := tx.SaveMethod(ctx, holder); err != nil {
				return "", err
			}
		}
		return "", o.keep(ctx, tx, g, holder.ID, card.Fingerprint)
	}
	if isOurs { // the payer had taken their agreement back, and gives it again
		if err := o.makeRoom(ctx, tx, access.Jobs, &holder); err != nil {
			return "", err
		}
	}
	refusal := errors.Join(mayBindAtAll(a, p), o.mayBindPayer(ctx, tx, p, a, *g, card))
	if refusal == nil && holder.ID != "" {
		refusal = payment.ErrAlreadyBound
	}
	var b Bound
	if refusal == nil {
		b = o.newPayPal(a, p, *g, who, now)
		if refusal, err = o.judgeBind(ctx, tx, access.Jobs, a, &b); err != nil {
			return "", err
		}
	}
	if refusal == nil {
		isNew, err := tx.AddMethod(ctx, b.Method)
		if err != nil {
			return "", err
		}
		if !isNew {
			refusal = payment.ErrAlreadyBound // another account came first, just now
		}
	}
	if refusal != nil {
		return "", o.discard(ctx, tx, g, card.Fingerprint, refusal)
	}
	if err := tx.KeepCustomer(ctx, a.ID, g.Provider, who.Customer); err != nil {
		return "", err
	}
	if err := tx.AddHold(ctx, b.Hold); err != nil {
		return "", err
	}
	if err := tx.Enqueue(ctx, job.Job{Kind: watchHold, Subject: string(b.Hold.ID), At: now.Add(watchAfter), Once: true}); err != nil {
		return "", err
	}
	if err := o.tellMethod(ctx, tx, access.Jobs, b.Method, "payment_method.added"); err != nil {
		return "", err
	}
	return b.Hold.ID, o.keep(ctx, tx, g, b.Method.ID, card.Fingerprint)
}

// mayBindPayer holds a payer against the policy and the limits on tries. The try
// itself was counted when the agreement was opened.
func (o *Office) mayBindPayer(ctx context.Context, tx *store.Tx, p policy.Policy, a account.Account, g payment.Agreement, card payment.Card) error {
	l, now := p.BindLimits, o.Now()
	n, err := tx.CountBinds(ctx, store.BindAttempt{Account: a.ID, Fingerprint: card.Fingerprint}, store.BindWindows{
		Account: now, Cards: now.Add(-l.CardsPerAccount.Within), Card: now.Add(-l.TriesPerCard.Within), Network: now,
	})
	if err != nil {
		return err
	}
	return errors.Join(
		l.MayTry(policy.BindTries{OfCard: n.Card, Cards: n.Cards, IsKnownCard: n.IsKnownCard}),
		p.MayKeepPayPal(p.Region(a.Country, a.RegisteredAt), a.Currency, card.Country))
}

// newPayPal makes the method and the hold that verifies it.
func (o *Office) newPayPal(a account.Account, p policy.Policy, g payment.Agreement, who provider.Instrument, now time.Time) Bound {
	limits, _ := o.Wallet.Limits(a.Currency)
	m := payment.Method{
		ID: payment.MethodID(o.IDs.New("pm_")), Account: a.ID, Kind: payment.PayPalKind, Provider: g.Provider, Card: cardOf(who), Email: who.Email,
		State: payment.Verifying, Consent: g.Consent, CreatedAt: now, UpdatedAt: now,
	}
	h := payment.Hold{
		ID: payment.HoldID(o.IDs.New("hold_")), Account: a.ID, Method: m.ID, Kind: payment.Verification, Provider: g.Provider,
		Key: fmt.Sprintf("%s/%s/hold/%s/1", o.Installation, a.ID, m.ID), Customer: who.Customer, Amount: p.Hold(a.Currency, limits.Minimum),
		ReturnURL: g.ReturnURL, State: payment.HoldOpening, OpenedAt: now, VoidDue: now.Add(p.VoidWithin),
	}
	return Bound{Method: m, Hold: h}
}

func (o *Office) keep(ctx context.Context, tx *store.Tx, g *payment.Agreement, m payment.MethodID, fp payment.Fingerprint) error {
	g.Method, g.Token = m, ""
	if err := tx.SaveBindAttempt(ctx, g.Try, fp, "kept"); err != nil {
		return err
	}
	return o.endAgreement(ctx, tx, *g, payment.KeepAgreement, "")
}

// discard refuses an agreement that the payer approved. It is over once the
// provider has forgotten it: nobody keeps a leave to charge that is never used.
func (o *Office) discard(ctx context.Context, tx *store.Tx, g *payment.Agreement, fp payment.Fingerprint, refusal error) (err error) {
	if len(fault.All(refusal)) == 0 {
		return refusal
	}
	if err := tx.SaveBindAttempt(ctx, g.Try, fp, outcomeOf(refusal)); err != nil {
		return err
	}
	if g.State, err = payment.AgreementTable.Next(g.State, payment.DiscardAgreement); err != nil {
		return err
	}
	g.Reason = outcomeOf(refusal)
	if err := tx.SaveAgreement(ctx, *g); err != nil {
		return err
	}
	return o.audit(ctx, tx, access.Jobs, g.Account, "payment_method.refused", string(g.ID), map[string]any{"reason": g.Reason, "kind": payment.PayPalKind})
}

// discardAgreement has the provider forget what is not kept. A token that is bound
// all the same, since the payer gave it before, stays.
func (o *Office) discardAgreement(ctx context.Context, g payment.Agreement) error {
	var isBound bool
	err := o.Store.View(ctx, func(tx *store.Tx) error {
		m, err := tx.MethodByToken(ctx, g.Provider, g.Token)
		isBound = err == nil && m.State != payment.Rejected && m.State != payment.Detached
		if errors.Is(err, payment.ErrMethodNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if !isBound {
		if err := o.walletOf(g); err != nil {
			return err
		}
		if err := o.Wallet.Detach(ctx, g.Token); err != nil {
			return err
		}
	}
	return o.finishAgreement(ctx, g.ID, payment.RefuseAgreement, g.Reason)
}

// finishAgreement ends an agreement without a binding.
func (o *Office) finishAgreement(ctx context.Context, id payment.AgreementID, e payment.AgreementEvent, reason string) error {
	return o.changeAgreement(ctx, id, func(tx *store.Tx, _ account.Account, g payment.Agreement) error {
		if _, err := payment.AgreementTable.Next(g.State, e); err != nil {
			return nil // it went on meanwhile
		}
		if g.State != payment.AgreementDiscarding {
			if err := tx.SaveBindAttempt(ctx, g.Try, "", cmp.Or(reason, string(e))); err != nil {
				return err
			}
		}
		g.Token = ""
		return o.endAgreement(ctx, tx, g, e, reason)
	})
}

var agreementEvents = map[payment.AgreementEvent]string{
	payment.KeepAgreement:   "agreement.kept",
	payment.RefuseAgreement: "agreement.refused",
	payment.LapseAgreement:  "agreement.lapsed",
}

func (o *Office) endAgreement(ctx context.Context, tx *store.Tx, g payment.Agreement, e payment.AgreementEvent, reason string) (err error) {
	if g.State, err = payment.AgreementTable.Next(g.State, e); err != nil {
		return err
	}
	g.Reason, g.ApproveURL, g.EndedAt = reason, "", o.Now()
	if err := tx.SaveAgreement(ctx, g); err != nil {
		return err
	}
	return o.tellAgreement(ctx, tx, access.Jobs, g, agreementEvents[e])
}

// watchAgreement looks after an agreement until it is over.
func (o *Office) watchAgreement(ctx context.Context, subject string) error {
	id := payment.AgreementID(subject)
	if err := o.lookAtAgreement(ctx, id); err != nil && !isWaitedOut(err) {
		return err
	}
	var next time.Duration
	err := o.changeAgreement(ctx, id, func(tx *store.Tx, _ account.Account, g payment.Agreement) error {
		next = 0
		if g.IsOver() {
			return nil
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		ends := g.Until
		if !g.ReturnedAt.IsZero() {
			ends = g.ReturnedAt.Add(agreementGrace)
		}
		g.Asked, next = nextAsk(p, o.Now(), g.OpenedAt, g.Asked, ends)
		next = min(next, unheardPause)
		return tx.SaveAgreement(ctx, g)
	})
	if err == nil && next > 0 {
		return job.Snooze(next)
	}
	return err
}

// ReturnToAgreement takes a payer back who comes from the provider's page. What
// they say of it is a hint: the provider is asked.
func (o *Office) ReturnToAgreement(ctx context.Context, by access.Caller, id payment.AgreementID, turnedAway bool) (payment.Agreement, error) {
	if err := by.May(access.MethodsRead); err != nil {
		return payment.Agreement{}, err
	}
	err := o.changeAgreement(ctx, id, func(tx *store.Tx, _ account.Account, g payment.Agreement) error {
		if by.MayTouch(g.Account) != nil {
			return payment.ErrAgreementNotFound
		}
		if g.State != payment.AgreementWaiting || !g.ReturnedAt.IsZero() {
			return nil
		}
		g.ReturnedAt = o.Now()
		if turnedAway {
			g.ReturnedAt = g.ReturnedAt.Add(-agreementGrace) // there is nothing to wait for
		}
		if err := tx.SaveAgreement(ctx, g); err != nil {
			return err
		}
		return tx.Enqueue(ctx, job.Job{Kind: watchAgreement, Subject: string(g.ID), At: o.Now().Add(watchAfter), Once: true})
	})
	if err != nil {
		return payment.Agreement{}, err
	}
	return o.Agreement(ctx, by, id, true)
}

// Agreement fetches an agreement. look asks the provider first how it stands.
func (o *Office) Agreement(ctx context.Context, by access.Caller, id payment.AgreementID, look bool) (payment.Agreement, error) {
	if err := by.May(access.MethodsRead); err != nil {
		return payment.Agreement{}, err
	}
	g, err := o.agreement(ctx, id)
	if err == nil && by.MayTouch(g.Account) != nil {
		err = payment.ErrAgreementNotFound
	}
	if err != nil {
		return payment.Agreement{}, err
	}
	if !look || g.IsOver() {
		return g, nil
	}
	if err := o.lookAtAgreement(ctx, id); err != nil {
		o.Log.WarnContext(ctx, "left to its job", "work", "look at agreement", "subject", id, "error", err)
	}
	return o.agreement(ctx, id)
}

// Agreements lists an account's newest agreements.
func (o *Office) Agreements(ctx context.Context, by access.Caller, id account.ID) (list []payment.Agreement, err error) {
	if err := mayTouch(by, access.MethodsRead, id); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		list, err = tx.Agreements(ctx, id, agreementShown)
		return err
	})
	return list, err
}

func (o *Office) agreement(ctx context.Context, id payment.AgreementID) (g payment.Agreement, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		g, err = tx.Agreement(ctx, id)
		return err
	})
	return g, err
}

// changeAgreement hands fn an agreement whose account is locked.
func (o *Office) changeAgreement(ctx context.Context, id payment.AgreementID, fn func(*store.Tx, account.Account, payment.Agreement) error) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		g, err := tx.Agreement(ctx, id)
		if err != nil {
			return err
		}
		a, err := tx.LockAccount(ctx, g.Account)
		if err != nil {
			return err
		}
		if g, err = tx.Agreement(ctx, id); err != nil {
			return err
		}
		return fn(tx, a, g)
	})
}

// tellAgreement writes down and tells what happened to an agreement.
func (o *Office) tellAgreement(ctx context.Context, tx *store.Tx, by access.Caller, g payment.Agreement, what string) error {
	if err := o.audit(ctx, tx, by, g.Account, what, string(g.ID), map[string]any{"state": g.State, "reason": g.Reason, "payment_method": g.Method}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: g.Account, Subject: string(g.ID), Data: g})
}
