package office

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/store"
)

// Reasons for which a method is rejected, besides the classes of declines.
const (
	reasonChallengeExpired = "challenge_expired"
	reasonThreeDSMissing   = "three_ds_missing"
	reasonHoldCancelled    = "hold_cancelled"
	reasonNoAnswer         = "provider_unavailable"
	reasonTakenElsewhere   = "captured_elsewhere"
)

// givingUpOpening is how long a hold may fail to reach the provider before its
// method is rejected. The payer is in front of a screen.
const givingUpOpening = time.Hour

// placeHold asks the provider for a hold that is remembered, and records the
// answer. Its id is saved before the step that reserves money.
func (o *Office) placeHold(ctx context.Context, id payment.HoldID) error {
	h, ask, err := o.holdAsk(ctx, id)
	if errors.Is(err, errUnwanted) {
		return o.dropHold(ctx, id)
	}
	if err != nil || !h.IsLive() {
		return err
	}
	plug, err := o.opened(h.Provider)
	if err != nil {
		return err
	}
	ref, r := h.Ref, provider.Result{}
	if ref == "" {
		ref, r = o.openIntent(ctx, plug, h.OpenedAt, ask)
	}
	if ref != "" {
		if h.Ref == "" {
			if err := o.saveHoldRef(ctx, id, ref); err != nil {
				return err
			}
		}
		r = plug.Confirm(ctx, ref, ask)
	}
	if r.Decline.Revoked && o.isReplaced(ctx, h.Method, ask.Method) {
		return nil // the watch asks again with the token that came in its place
	}
	return o.settleHold(ctx, id, r)
}

// openIntent opens an intent at the provider, or finds the one that an earlier
// try opened when the key's window is over: after it only reading is safe.
func (o *Office) openIntent(ctx context.Context, plug provider.Provider, since time.Time, ask provider.Ask) (string, provider.Result) {
	if ask.From != "" {
		return plug.Open(ctx, ask) // there is nothing to open: the hold was
	}
	if o.Now().Sub(since) < plug.Window() {
		if ref, r, decided := o.recall(ctx, plug, ask); decided {
			return ref, r
		}
		return plug.Open(ctx, ask)
	}
	if isWallet(plug) { // nothing is confirmed before its id is saved, and an order that nobody saved lapses
		return "", provider.Result{Outcome: provider.Cancelled, Cause: errors.New("the order's id was never saved")}
	}
	ref, r := plug.Find(ctx, ask.Customer, ask.Reference, since.Add(-time.Hour))
	if ref == "" && r.Outcome == provider.Failed && !r.Misconfigured {
		r = provider.Result{Outcome: provider.Cancelled, Cause: errors.New("the provider has no such intent")}
	}
	return ref, r
}

// recallBack is how far back a process looks for what a restored database has
// forgotten.
const recallBack = 60 * 24 * time.Hour

// recall looks, before the first intent that this process opens for a customer
// whom it did not make known itself, whether the provider already has it: a
// database that was restored from a backup asks again, under the same key, for
// what it has forgotten, and the provider may have forgotten the key. It answers
// true if it found the intent, or could not tell.
func (o *Office) recall(ctx context.Context, plug provider.Provider, ask provider.Ask) (string, provider.Result, bool) {
	if _, known := o.recalled.Load(ask.Customer); known {
		return "", provider.Result{}, false
	}
	ref, r := plug.Find(ctx, ask.Customer, ask.Reference, o.Now().Add(-recallBack))
	if ref == "" && r.Outcome != provider.Failed {
		// A wallet's report may be too long to be read, or late; what it takes is fenced
		// by our reference all the same.
		return "", r, !isWallet(plug)
	}
	if ref == "" {
		o.recalled.Store(ask.Customer, true)
	}
	return ref, r, ref != ""
}

// holdAsk reads a hold and puts into the provider's terms what it asks for.
func (o *Office) holdAsk(ctx context.Context, id payment.HoldID) (h payment.Hold, ask provider.Ask, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if h, err = tx.Hold(ctx, id); err != nil {
			return err
		}
		m, err := tx.Method(ctx, h.Method)
		if err != nil {
			return err
		}
		if h.Kind == payment.ExposureHold && (h.State == payment.HoldOpening || h.State == payment.HoldUnknown) && !m.Preferred {
			return errUnwanted
		}
		p, err := o.ruling(ctx, tx, h.OpenedAt)
		if err != nil {
			return err
		}
		ask = provider.Ask{
			Key: h.Key, Reference: h.Key, Account: string(h.Account), Customer: h.Customer, Method: m.Card.Token, Amount: h.Amount,
			Hold: true, Initiator: provider.MIT, Descriptor: p.Descriptor, Mandate: m.NetworkTransaction, Note: "reserved for usage",
		}
		if h.Kind == payment.Verification {
			ask.Initiator, ask.SetUp, ask.Force3DS, ask.Mandate, ask.Note = provider.CIT, true, h.Force3DS, "", "verification, released at once"
			ask.ReturnURL = returnTo(h.ReturnURL, "payment_method", string(m.ID))
		}
		return nil
	})
	return h, ask, err
}

// returnTo adds what came back to the page that the payer comes back to.
func returnTo(page, name, id string) string {
	u, err := url.Parse(page)
	if err != nil {
		return page
	}
	q := u.Query()
	q.Set(name, id)
	u.RawQuery = q.Encode()
	return u.String()
}

func (o *Office) saveHoldRef(ctx context.Context, id payment.HoldID, ref string) error {
	return o.changeHold(ctx, id, func(tx *store.Tx, _ account.Account, h payment.Hold) error {
		if !h.IsLive() || h.State == payment.HoldReleasing {
			return errEnded
		}
		if h.Ref != "" && h.Ref != ref {
			return fmt.Errorf("hold %s has two intents at the provider", id)
		}
		h.Ref = ref
		return tx.SaveHold(ctx, h)
	})
}

// changeHold hands fn a hold whose account is locked, so that nobody else
// changes it meanwhile.
func (o *Office) changeHold(ctx context.Context, id payment.HoldID, fn func(*store.Tx, account.Account, payment.Hold) error) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		h, err := tx.Hold(ctx, id)
		if err != nil {
			return err
		}
		a, err := tx.LockAccount(ctx, h.Account)
		if err != nil {
			return err
		}
		if h, err = tx.Hold(ctx, id); err != nil {
			return err
		}
		return fn(tx, a, h)
	})
}

// settleHold records what the provider said about a hold, and what that means to
// its method. Answers that come late, twice or out of order change nothing more.
func (o *Office) settleHold(ctx context.Context, id payment.HoldID, r provider.Result) error {
	return o.settlingHold(ctx, id, func(s *settlement) error {
		o.lanes.note(s.hold.Provider, r, s.now)
		return s.apply(ctx, r)
	})
}

// settlingHold hands fn a live hold with its method, and begins after the commit
// what fn has asked for.
func (o *Office) settlingHold(ctx context.Context, id payment.HoldID, fn func(*settlement) error) error {
	var s *settlement
	err := o.changeHold(ctx, id, func(tx *store.Tx, a account.Account, h payment.Hold) error {
		s = nil
		if !h.IsLive() {
			return nil
		}
		m, err := tx.Method(ctx, h.Method)
		if err != nil {
			return err
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		s = &settlement{o: o, tx: tx, account: a, hold: h, method: m, policy: p, now: o.Now()}
		return fn(s)
	})
	if err == nil && s != nil {
		for _, f := range s.after {
			f()
		}
	}
	return err
}

// settlement is a hold and its method while an answer is recorded.
type settlement struct {
	o       *Office
	tx      *store.Tx
	account account.Account
	hold    payment.Hold
	method  payment.Method
	policy  policy.Policy
	now     time.Time
	after   []func() // begun once the transaction is committed
}

// apply is the meaning of each outcome. Pending changes nothing: the watch asks
// again.
func (s *settlement) apply(ctx context.Context, r provider.Result) error {
	switch r.Outcome {
	case provider.Approved:
		return s.approved(ctx, r)
	case provider.Declined:
		return s.declined(ctx, r)
	case provider.NeedsPayer:
		if s.hold.Kind == payment.ExposureHold { // nobody is there to ask
			return s.refused(ctx, string(provider.Authentication))
		}
		return s.challenged(ctx, r)
	case provider.Cancelled:
		return s.gone(ctx)
	case provider.Unknown:
		return s.lost(ctx)
	case provider.Failed:
		return s.failed(ctx)
	}
	return nil
}

func (s *settlement) approved(ctx context.Context, r provider.Result) error {
	if r.Captured {
		return s.taken(ctx)
	}
	if s.hold.State == payment.HoldReleasing || s.hold.State == payment.HoldPlaced {
		return nil // known; it is being released
	}
	s.hold.ChargeRef, s.hold.HonoredUntil = r.ChargeRef, r.HonoredUntil
	if s.hold.Force3DS && !wasAuthenticated(r.ThreeDS) {
		// The policy demanded 3-D Secure, and the issuer was not asked: not accepted.
		return s.refused(ctx, reasonThreeDSMissing)
	}
	if err := s.move(payment.Reserved); err != nil {
		return err
	}
	s.hold.PlacedAt, s.hold.ExpiresAt = s.now, r.HeldUntil
	s.hold.ChallengeURL, s.hold.ChallengeUntil = "", time.Time{}
	if err := s.save(ctx, "hold.placed"); err != nil {
		return err
	}
	if s.hold.Kind == payment.ExposureHold {
		return s.o.tendSoon(ctx, s.tx, s.hold.Account) // it may be unwanted by now
	}
	s.method.NetworkTransaction, s.method.ThreeDS = r.NetworkTransaction, payment.ThreeDS(r.ThreeDS)
	if s.method.NetworkTransaction == "" {
		s.method.NetworkTransaction = r.ChargeRef // the provider keeps the scheme's id; its own reference stands for it
	}
	if err := s.moveMethod(ctx, payment.HoldApproved, ""); err != nil {
		return err
	}
	s.releaseSoon()
	return s.preferFirst(ctx)
}

// taken ends a hold that the provider shows captured though no payment of ours
// claimed it: somebody did it by hand, or a restored backup has forgotten why.
func (s *settlement) taken(ctx context.Context) error {
	if s.hold.State == payment.HoldClaimed {
		return nil // its payment tells
	}
	if err := s.move(payment.Take); err != nil {
		return err
	}
	s.hold.Reason, s.hold.EndedAt, s.hold.ChallengeURL = reasonTakenElsewhere, s.now, ""
	s.o.Log.ErrorContext(ctx, "a hold was captured, and not by a payment of ours; compare with the provider", "hold", s.hold.ID, "account", s.hold.Account)
	if err := s.save(ctx, "hold.captured"); err != nil {
		return err
	}
	return s.moveMethod(ctx, payment.HoldDeclined, reasonHoldCancelled)
}

func wasAuthenticated(t provider.ThreeDS) bool {
	return t.Result == "authenticated" || t.Result == "attempt_acknowledged"
}

// preferFirst makes the first method that becomes active the preferred one
// (R-PREF-01), and lets what is owed be collected from it (R-DUN-09).
func (s *settlement) preferFirst(ctx context.Context) error {
	_, err := s.tx.Preferred(ctx, s.method.Account)
	if err == nil || !errors.Is(err, payment.ErrMethodNotFound) {
		return err
	}
	s.method.Preferred = true
	if err := s.tx.SaveMethod(ctx, s.method); err != nil {
		return err
	}
	if err := s.o.tellMethod(ctx, s.tx, access.Jobs, s.method, "payment_method.preferred"); err != nil {
		return err
	}
	if err := s.o.collectOpen(ctx, s.tx, s.method.Account, s.now); err != nil {
		return err
	}
	opened, err := s.o.testThresholds(ctx, s.tx, s.account, s.policy) // a method brings its threshold (R-THR-07)
	if err != nil {
		return err
	}
	for _, p := range opened {
		s.after = append(s.after, func() { s.o.askSoon(ctx, p) })
	}
	return s.holdAnew(ctx)
}

// declined is refused by the issuer; a payer who took their agreement back loses
// the method (R-PP-10).
func (s *settlement) declined(ctx context.Context, r provider.Result) error {
	if err := s.refused(ctx, string(r.Decline.Class)); err != nil || !r.Decline.Revoked {
		return err
	}
	return s.o.moveMethod(ctx, s.tx, s.method, payment.ConsentRevoked)
}

// refused rejects a method that is being verified. The intent stays chargeable at the provider, so it
// is cancelled there before the hold is over.
func (s *settlement) refused(ctx context.Context, reason string) error {
	if s.hold.State == payment.HoldReleasing {
		return nil
	}
	if err := s.move(payment.Release); err != nil {
		return err
	}
	s.hold.Reason = reason
	if err := s.save(ctx, "hold.declined"); err != nil {
		return err
	}
	s.releaseSoon()
	if s.hold.Kind == payment.ExposureHold {
		if reason == reasonNoAnswer {
			return nil
		}
		return s.o.notify(ctx, s.tx, s.hold.Account, "hold_declined", string(s.hold.Method)+"/"+s.now.Format("2006-01"), map[string]string{"amount": s.hold.Amount.String()})
	}
	event := payment.HoldDeclined
	if reason == reasonChallengeExpired {
		event = payment.ChallengeLapsed
	}
	return s.moveMethod(ctx, event, reason)
}

func (s *settlement) challenged(ctx context.Context, r provider.Result) error {
	if s.hold.State == payment.HoldChallenged {
		return nil
	}
	if s.hold.State == payment.HoldReleasing {
		return nil
	}
	if err := s.move(payment.Challenge); err != nil {
		return err
	}
	s.hold.ChallengeURL = r.ChallengeURL
	if s.hold.ChallengeUntil.IsZero() {
		s.hold.ChallengeUntil = s.now.Add(s.policy.ChallengeExpiresAfter) // once: a lost answer on the way gives no more time
	}
	if err := s.tx.SaveHold(ctx, s.hold); err != nil {
		return err
	}
	return s.moveMethod(ctx, payment.ChallengeRequired, "")
}

// gone records that the provider shows the intent cancelled: no money is
// reserved, and none can be.
func (s *settlement) gone(ctx context.Context) error {
	if s.hold.State != payment.HoldReleasing && s.hold.State != payment.HoldUnknown {
		if err := s.move(payment.Release); err != nil {
			return err
		}
	}
	if err := s.move(payment.ReleaseDone); err != nil {
		return err
	}
	s.hold.EndedAt = s.now
	s.hold.ChallengeURL = ""
	if err := s.save(ctx, "hold.released"); err != nil {
		return err
	}
	if s.hold.Kind == payment.ExposureHold {
		return s.holdAnew(ctx)
	}
	if s.method.State == payment.Verifying || s.method.State == payment.Challenged {
		return s.moveMethod(ctx, payment.HoldDeclined, reasonHoldCancelled)
	}
	return nil
}

func (s *settlement) lost(ctx context.Context) error {
	if s.hold.State != payment.HoldOpening && s.hold.State != payment.HoldChallenged {
		return nil // it is unknown already, or its release is asked again
	}
	if err := s.move(payment.AnswerLost); err != nil {
		return err
	}
	return s.tx.SaveHold(ctx, s.hold)
}

// failed changes nothing while the payer may still wait. What never reached the
// provider in an hour is given up.
func (s *settlement) failed(ctx context.Context) error {
	if s.hold.State != payment.HoldOpening || s.now.Sub(s.hold.OpenedAt) < givingUpOpening {
		return nil
	}
	if s.hold.Ref != "" {
		return s.refused(ctx, reasonNoAnswer)
	}
	if err := s.move(payment.Refuse); err != nil {
		return err
	}
	s.hold.EndedAt = s.now
	if err := s.save(ctx, "hold.declined"); err != nil {
		return err
	}
	return s.moveMethod(ctx, payment.HoldDeclined, reasonNoAnswer)
}

func (s *settlement) move(e payment.HoldEvent) (err error) {
	s.hold.State, err = payment.HoldTable.Next(s.hold.State, e)
	return err
}

func (s *settlement) save(ctx context.Context, what string) error {
	if err := s.tx.SaveHold(ctx, s.hold); err != nil {
		return err
	}
	h := s.hold
	if err := s.o.audit(ctx, s.tx, access.Jobs, h.Account, what, string(h.Method), map[string]any{"hold": h.ID, "state": h.State, "amount": h.Amount, "expires_at": h.ExpiresAt}); err != nil {
		return err
	}
	return s.o.emit(ctx, s.tx, Event{Kind: what, Account: h.Account, Subject: string(h.ID), Data: h})
}

// moveMethod applies an event to the method where its table knows it; a method
// that went on meanwhile stays as it is.
func (s *settlement) moveMethod(ctx context.Context, e payment.MethodEvent, reason string) error {
	next, err := payment.MethodTable.Next(s.method.State, e)
	if err != nil {
		return nil
	}
	s.method.State, s.method.Reason, s.method.UpdatedAt = next, reason, s.now
	if err := s.tx.SaveMethod(ctx, s.method); err != nil {
		return err
	}
	if next == payment.Rejected {
		if err := s.o.forgetSoon(ctx, s.tx, s.method); err != nil {
			return err
		}
	}
	return s.o.tellMethod(ctx, s.tx, access.Jobs, s.method, methodEvents[e])
}

// methodEvents names what the platform is told.
var methodEvents = map[payment.MethodEvent]string{
	payment.HoldApproved:      "payment_method.activated",
	payment.HoldDeclined:      "payment_method.rejected",
	payment.ChallengeLapsed:   "payment_method.rejected",
	payment.ChallengeRequired: "payment_method.challenged",
	payment.CardLapsed:        "payment_method.expired",
	payment.CardRenewed:       "payment_method.restored",
	payment.PolicyWithdrew:    "payment_method.withdrawn",
	payment.PolicyRestored:    "payment_method.restored",
	payment.ConsentRevoked:    "payment_method.revoked",
	payment.Detach:            "payment_method.detached",
}

// releaseSoon voids the hold at once after the commit; its watch goes on until
// the provider shows it released (R-BIND-12).
func (s *settlement) releaseSoon() {
	id, ctx := s.hold.ID, context.Background()
	s.after = append(s.after, func() {
		s.o.promptly(ctx, "release hold", string(id), func(ctx context.Context) error { return s.o.ReleaseHold(ctx, id) })
	})
}

// collectOpen plans a collection now of everything that the account owes and
// nobody is collecting.
func (o *Office) collectOpen(ctx context.Context, tx *store.Tx, id accountID, now time.Time) error {
	debts, err := tx.OpenDebts(ctx, id)
	if err != nil {
		return err
	}
	for _, d := range debts {
		if err := tx.Enqueue(ctx, job.Job{Kind: collectDebt, Subject: string(d.ID), At: now, Once: true}); err != nil {
			return err
		}
	}
	return nil
}
