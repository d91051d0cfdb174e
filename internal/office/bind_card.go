package office

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
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

// CardToBind is a card as the browser's provider fields hand it over.
type CardToBind struct {
	Token     string // the provider's name for it; never a number
	Consent   string // version of the text that the payer agreed to
	ReturnURL string // where a challenge ends
}

// Bound is a payment method and the hold that verifies it.
type Bound struct {
	Method   payment.Method
	Hold     payment.Hold // the newest that verifies it
	Exposure payment.Hold // the newest on usage; its ID is "" if there was none
}

// take picks the newest holds of each kind from a list, newest first.
func (b *Bound) take(holds []payment.Hold) {
	for _, h := range holds {
		switch {
		case h.Kind == payment.ExposureHold && b.Exposure.ID == "":
			b.Exposure = h
		case h.Kind == payment.Verification && b.Hold.ID == "":
			b.Hold = h
		}
	}
}

// What may stand against binding.
var (
	ErrConsent   = fault.New(fault.Invalid, "consent_missing", "the payer's consent to be charged later is needed").WithNext("show the text, and send its version as consent")                              // R-BIND-18
	ErrReturnURL = fault.New(fault.Invalid, "return_url_missing", "a page is needed to which the payer comes back from a challenge").WithNext("send return_url, an address that begins with http or https") // R-3DS-03
	ErrCurrency  = fault.New(fault.Invalid, "currency_not_offered", "the payment provider does not take the account's currency").WithNext("open an account in a currency that is offered")
)

// watchAfter is how long the process that decided has before the job looks after
// what it began.
const watchAfter = 10 * time.Second

// BindCard attaches a card to an account. The card is active once its issuer
// approves the verification hold; until then it cannot be charged (R-BIND-15).
// The same card again on the same account returns the method it already is.
func (o *Office) BindCard(ctx context.Context, by access.Caller, id account.ID, c CardToBind) (Bound, error) {
	if err := mayTouch(by, access.MethodsWrite, id); err != nil {
		return Bound{}, err
	}
	// What the card is; no money is asked for here, nor before every rule has agreed.
	card, customer, err := o.meetCard(ctx, by, id, c)
	if err != nil {
		return Bound{}, err
	}

	// Decide, and remember what we are about to ask.
	b, isNew, err := o.openMethod(ctx, by, id, c, card, customer)
	if err != nil {
		return b, err
	}
	if !isNew {
		return o.bound(ctx, b.Method.ID)
	}

	// Ask the world, and record the answer.
	if err := o.placeHold(ctx, b.Hold.ID); err != nil {
		o.Log.WarnContext(ctx, "left to its job", "work", "place hold", "subject", b.Hold.ID, "error", err)
	}
	return o.bound(ctx, b.Method.ID)
}

// meetCard fetches what a token stands for and makes sure that the provider
// knows the payer. Refusals that need no provider come first.
func (o *Office) meetCard(ctx context.Context, by access.Caller, id account.ID, c CardToBind) (payment.Card, string, error) {
	if c.Consent == "" {
		return payment.Card{}, "", ErrConsent
	}
	if !isWebAddress(c.ReturnURL) {
		return payment.Card{}, "", ErrReturnURL
	}
	var a account.Account
	var customer string
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.Account(ctx, id); err != nil {
			return err
		}
		if customer, err = tx.Customer(ctx, id, o.Cards.Name()); err != nil {
			return err
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		_, err = o.bindCounts(ctx, tx, by, p, id, "")
		return errors.Join(err, mayBindAtAll(a, p))
	})
	if err != nil {
		return payment.Card{}, "", err
	}
	if _, offered := o.Cards.Limits(a.Currency); !offered {
		return payment.Card{}, "", ErrCurrency
	}
	if err := o.lanes.open(o.Cards.Name(), o.Now()); err != nil {
		return payment.Card{}, "", err
	}
	i, err := o.Cards.Instrument(ctx, c.Token)
	if err != nil {
		return payment.Card{}, "", err
	}
	if customer == "" {
		if customer, err = o.openCustomer(ctx, a); err != nil {
			return payment.Card{}, "", err
		}
	}
	return cardOf(i), customer, nil
}

func mayBindAtAll(a account.Account, p policy.Policy) error {
	if a.State == account.Closed || a.State == account.Silent {
		return account.ErrClosed
	}
	if !p.BindingOpen {
		return policy.ErrBindingStopped
	}
	return nil
}

// openCustomer makes the payer known to the provider, once per account.
func (o *Office) openCustomer(ctx context.Context, a account.Account) (string, error) {
	ref, err := o.Cards.OpenCustomer(ctx, provider.Customer{
		Key: fmt.Sprintf("%s/%s/customer", o.Installation, a.ID), Account: string(a.ID), Reference: a.Reference, Name: a.Name, Email: a.Email,
	})
	if err != nil {
		return "", err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if err := tx.KeepCustomer(ctx, a.ID, o.Cards.Name(), ref); err != nil {
			return err
		}
		ref, err = tx.Customer(ctx, a.ID, o.Cards.Name()) // the first one stays
		return err
	})
	return ref, err
}

// openMethod asks every rule and inserts the method as verifying, with its hold
// and the job that looks after it. Of several that bind one card at once, the
// insert lets one through, before any hold is placed (R-BIND-03). A refusal is
// kept too, for the limits and the diagnosis.
func (o *Office) openMethod(ctx context.Context, by access.Caller, id account.ID, c CardToBind, card payment.Card, customer string) (b Bound, isNew bool, err error) {
	var refusal error
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		b, isNew, refusal = Bound{}, false, nil
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		now := o.Now()
		p, err := o.ruling(ctx, tx, now)
		if err != nil {
			return err
		}
		holder, err := tx.HolderOf(ctx, card.Fingerprint)
		if err != nil && !errors.Is(err, payment.ErrMethodNotFound) {
			return err
		}
		if err == nil && holder.Account == id && holder.State != payment.Expired {
			b.Method = holder // the same card again
			return nil
		}
		if err == nil && holder.Account == id {
			// The card was renewed: the number is the same, the expiry is not. It is
			// verified as a new method, and the expired one makes room.
			if err := o.makeRoom(ctx, tx, by, &holder); err != nil {
				return err
			}
		}
		attempt, err := o.bindCounts(ctx, tx, by, p, id, card.Fingerprint)
		switch {
		case err != nil:
			refusal = err
		case holder.ID != "":
			refusal = payment.ErrAlreadyBound
		default:
			refusal = errors.Join(mayBindAtAll(a, p), p.MayBindCard(policy.BindFacts{Region: p.Region(a.Country, a.RegisteredAt), Card: card, Now: now}))
		}
		if refusal == nil {
			b = o.newMethod(a, p, c, card, customer, by, now)
			if refusal, err = o.judgeBind(ctx, tx, by, a, &b); err != nil {
				return err
			}
		}
		if refusal == nil {
			if isNew, err = tx.AddMethod(ctx, b.Method); err != nil {
				return err
			}
			if !isNew {
				refusal = payment.ErrAlreadyBound // another account came first, just now
			}
		}
		attempt.ID, attempt.At, attempt.Outcome = o.IDs.New("try_"), now, outcomeOf(refusal)
		if err := tx.AddBindAttempt(ctx, attempt); err != nil {
			return err
		}
		if refusal != nil {
			return o.audit(ctx, tx, by, id, "payment_method.refused", string(id), map[string]any{"reason": attempt.Outcome, "brand": card.Brand, "last4": card.Last4})
		}
		if err := tx.AddHold(ctx, b.Hold); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, job.Job{Kind: watchHold, Subject: string(b.Hold.ID), At: now.Add(watchAfter), Once: true}); err != nil {
			return err
		}
		return o.tellMethod(ctx, tx, by, b.Method, "payment_method.added")
	})
	return b, isNew, errors.Join(err, refusal)
}

// makeRoom detaches an expired method, so that its card can be bound anew.
func (o *Office) makeRoom(ctx context.Context, tx *store.Tx, by access.Caller, m *payment.Method) (err error) {
	if m.State, err = payment.MethodTable.Next(m.State, payment.Detach); err != nil {
		return err
	}
	m.UpdatedAt = o.Now()
	if err := tx.SaveMethod(ctx, *m); err != nil {
		return err
	}
	if err := o.tellMethod(ctx, tx, by, *m, methodEvents[payment.Detach]); err != nil {
		return err
	}
	*m = payment.Method{}
	return nil
}

// newMethod makes the method and its hold.
func (o *Office) newMethod(a account.Account, p policy.Policy, c CardToBind, card payment.Card, customer string, by access.Caller, now time.Time) Bound {
	limits, _ := o.Cards.Limits(a.Currency)
	m := payment.Method{
		ID: payment.MethodID(o.IDs.New("pm_")), Account: a.ID, Kind: payment.CardKind, Provider: o.Cards.Name(), Card: card,
		State: payment.Verifying, Consent: payment.Consent{Version: c.Consent, At: now, Address: by.Address}, CreatedAt: now, UpdatedAt: now,
	}
	h := payment.Hold{
		ID: payment.HoldID(o.IDs.New("hold_")), Account: a.ID, Method: m.ID, Kind: payment.Verification, Provider: m.Provider,
		Key:      fmt.Sprintf("%s/%s/hold/%s/1", o.Installation, a.ID, m.ID),
		Customer: customer, Amount: p.Hold(a.Currency, limits.Minimum),
		Force3DS:  p.Force3DS(p.Region(a.Country, a.RegisteredAt), policy.Bind),
		ReturnURL: c.ReturnURL, State: payment.HoldOpening, OpenedAt: now, VoidDue: now.Add(p.VoidWithin),
	}
	return Bound{Method: m, Hold: h}
}

// bindCounts counts earlier tries and answers too_many_tries if one more would
// pass a limit (R-BIND-17). With fingerprint "", the card is not known yet.
func (o *Office) bindCounts(ctx context.Context, tx *store.Tx, by access.Caller, p policy.Policy, id account.ID, fp payment.Fingerprint) (store.BindAttempt, error) {
	l, now := p.BindLimits, o.Now()
	attempt := store.BindAttempt{Account: id, Fingerprint: fp}
	if ip, err := netip.ParseAddr(by.Address); err == nil {
		attempt.Network = l.Network(ip).String()
		if err := tx.CountBindsAlone(ctx); err != nil {
			return attempt, err
		}
	}
	n, err := tx.CountBinds(ctx, attempt, store.BindWindows{
		Account: now.Add(-l.TriesPerAccount.Within), Cards: now.Add(-l.CardsPerAccount.Within),
		Card: now.Add(-l.TriesPerCard.Within), Network: now.Add(-l.TriesPerNetwork.Within),
	})
	if err != nil {
		return attempt, err
	}
	return attempt, l.MayTry(policy.BindTries{OfAccount: n.Account, OfCard: n.Card, OfNetwork: n.Network, Cards: n.Cards, IsKnownCard: n.IsKnownCard || fp == ""})
}

func outcomeOf(refusal error) string {
	if f, ok := fault.Of(refusal); ok {
		return f.Code
	}
	return "opened"
}

// tellMethod writes down and tells what happened to a method.
func (o *Office) tellMethod(ctx context.Context, tx *store.Tx, by access.Caller, m payment.Method, what string) error {
	if err := o.audit(ctx, tx, by, m.Account, what, string(m.ID), map[string]any{"state": m.State, "reason": m.Reason, "brand": m.Card.Brand, "last4": m.Card.Last4}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: m.Account, Subject: string(m.ID), Data: m})
}

// bound reads a method and its newest hold.
func (o *Office) bound(ctx context.Context, id payment.MethodID) (b Bound, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if b.Method, err = tx.Method(ctx, id); err != nil {
			return err
		}
		holds, err := tx.HoldsOf(ctx, id)
		b.take(holds)
		return err
	})
	return b, err
}

func cardOf(i provider.Instrument) payment.Card {
	c := payment.Card{
		Token: i.Token, Fingerprint: payment.Fingerprint(i.Fingerprint), Brand: payment.Brand(i.Brand), Funding: payment.Funding(i.Funding),
		Country: i.Country, Last4: i.Last4, ExpMonth: i.ExpMonth, ExpYear: i.ExpYear, Holder: i.Holder,
	}
	for _, n := range i.Networks {
		c.Networks = append(c.Networks, payment.Brand(n))
	}
	return c
}
