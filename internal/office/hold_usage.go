package office

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/store"
)

// Why a hold on usage ended, besides the classes of declines.
const (
	reasonNotPreferred = "not_preferred" // another method is charged now, or this one cannot be
	reasonUnused       = "unused"        // nothing is used any more
	reasonPromiseOver  = "promise_over"  // its funds were promised anew once, and that is over too
	reasonCaptureLost  = "capture_failed"
)

const (
	holdAgainAfter = 24 * time.Hour // after a refused hold on usage, until another is asked for
	holdEndsEarly  = 24 * time.Hour // before a hold expires at the provider, money is not taken from it any more (R-AUTH-01)
)

// holdUsage places a hold on the preferred PayPal account where usage is to be
// held and none is: at most one is live (R-PP-07, R-PP-08). isUsing says that usage
// has come just now. The account is locked. It answers with the hold to ask for
// after the commit; "" none.
func (o *Office) holdUsage(ctx context.Context, tx *store.Tx, a account.Account, p policy.Policy, isUsing bool) (payment.HoldID, error) {
	if o.Wallet == nil || a.Credit || a.State == account.Closed || a.State == account.Silent {
		return "", nil
	}
	m, err := tx.Preferred(ctx, a.ID)
	if errors.Is(err, payment.ErrMethodNotFound) || err == nil && m.Kind != payment.PayPalKind {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	now := o.Now()
	last, count, err := tx.LastHoldOnUsage(ctx, a.ID)
	switch {
	case errors.Is(err, payment.ErrHoldNotFound):
	case err != nil:
		return "", err
	case last.IsLive(), (last.PlacedAt.IsZero() || endedEarly(last)) && now.Before(last.OpenedAt.Add(holdAgainAfter)):
		return "", nil
	}
	lines, usedAt, err := o.lookForUse(ctx, tx, p, a, last)
	if err != nil || usedAt.IsZero() && !isUsing {
		return "", err
	}
	if isUsing {
		usedAt = now
	}
	amount, err := o.usageHoldSize(ctx, tx, p, a)
	if err != nil || amount.IsZero() {
		return "", err
	}
	customer, err := tx.Customer(ctx, a.ID, m.Provider)
	if err != nil {
		return "", err
	}
	h := payment.Hold{
		ID: payment.HoldID(o.IDs.New("hold_")), Account: a.ID, Method: m.ID, Kind: payment.ExposureHold, Provider: m.Provider,
		Key: fmt.Sprintf("%s/%s/usage/%d", o.Installation, a.ID, count+1), Customer: customer, Amount: amount,
		State: payment.HoldOpening, OpenedAt: now, UsageLines: lines, UsedAt: usedAt,
	}
	if err := tx.AddHold(ctx, h); err != nil {
		return "", err
	}
	if err := tx.Enqueue(ctx, job.Job{Kind: watchHold, Subject: string(h.ID), At: now.Add(watchAfter), Once: true}); err != nil {
		return "", err
	}
	return h.ID, o.audit(ctx, tx, access.Jobs, a.ID, "hold.opened", string(m.ID), map[string]any{"hold": h.ID, "amount": h.Amount})
}

// endedEarly tells of a hold whose promise was over as soon as it was given: a
// provider that says so is not asked again and again.
func endedEarly(h payment.Hold) bool {
	return h.Reason == reasonPromiseOver && h.EndedAt.Sub(h.PlacedAt) < time.Hour
}

// usageHoldSize is what the policy holds for an account by its last bill, zero if
// nothing.
func (o *Office) usageHoldSize(ctx context.Context, tx *store.Tx, p policy.Policy, a account.Account) (money.Amount, error) {
	last, err := lastBilled(ctx, tx, a)
	if err != nil {
		return last, err
	}
	size, ok := p.ExposureHold(a.Currency, last)
	if l, offered := o.Wallet.Limits(a.Currency); !ok || !offered || size.Cmp(l.Minimum) < 0 {
		return money.Amount{Currency: a.Currency}, nil
	}
	return size, nil
}

// lastBilled is an account's usage on its last bill, before tax.
func lastBilled(ctx context.Context, tx *store.Tx, a account.Account) (money.Amount, error) {
	bills, err := tx.Bills(ctx, a.ID, "", 1)
	if err != nil || len(bills) == 0 {
		return money.Amount{Currency: a.Currency}, err
	}
	return bills[0].Net, nil
}

// lookForUse tells how many lines of usage an account has and when use was last
// seen, going by what the last hold saw; zero if nothing is used any more. Usage
// that is not billed yet is use, and so is what the platform says is running. When
// the platform has said that nothing runs, use has ended with the last bill.
func (o *Office) lookForUse(ctx context.Context, tx *store.Tx, p policy.Policy, a account.Account, last payment.Hold) (int64, time.Time, error) {
	now := o.Now()
	lines, err := tx.CountUsage(ctx, a.ID)
	if err != nil {
		return 0, time.Time{}, err
	}
	unbilled, err := tx.HasUnbilledUsage(ctx, a.ID)
	if err != nil {
		return lines, time.Time{}, err
	}
	running, err := tx.Resources(ctx, a.ID)
	if err != nil {
		return lines, time.Time{}, err
	}
	used := last.UsedAt
	isRunning := running.Running > 0 && now.Before(running.ReportedAt.Add(p.ExposureReleaseAfter))
	if isRunning || unbilled || lines > last.UsageLines && last.ID != "" {
		used = now
	}
	isOver := !unbilled && (a.State == account.Silent || !running.ReportedAt.IsZero() && running.Running == 0)
	if isOver || used.IsZero() || !now.Before(used.Add(p.ExposureReleaseAfter)) {
		used = time.Time{}
	}
	return lines, used, nil
}

// errUnwanted says that a hold on usage is not to be placed any more.
var errUnwanted = errors.New("office: the hold is not wanted any more")

// dropHold ends a hold on usage that is not placed and not wanted any more.
func (o *Office) dropHold(ctx context.Context, id payment.HoldID) error {
	err := o.changeHold(ctx, id, func(tx *store.Tx, _ account.Account, h payment.Hold) (err error) {
		if h.State != payment.HoldOpening && h.State != payment.HoldUnknown {
			return nil
		}
		if h.State, err = payment.HoldTable.Next(h.State, payment.Release); err != nil {
			return err
		}
		h.Reason = reasonNotPreferred
		return tx.SaveHold(ctx, h)
	})
	if err != nil {
		return err
	}
	return o.ReleaseHold(ctx, id)
}

// isReplaced tells whether another token came in the place of the one that was
// asked with, while it was asked: the payer agreed again.
func (o *Office) isReplaced(ctx context.Context, id payment.MethodID, token string) bool {
	var m payment.Method
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		m, err = tx.Method(ctx, id)
		return err
	})
	return err == nil && m.Card.Token != token
}

// placeSoon asks for a hold in this process, after the commit that opened it.
func (o *Office) placeSoon(ctx context.Context, id payment.HoldID) {
	if id == "" {
		return
	}
	o.promptly(ctx, "place hold", string(id), func(ctx context.Context) error { return o.placeHold(ctx, id) })
}

// tendSoon has the account's hold on usage looked at once this transaction is
// committed.
func (o *Office) tendSoon(ctx context.Context, tx *store.Tx, id account.ID) error {
	if o.Wallet == nil {
		return nil
	}
	h, err := tx.HoldOnUsage(ctx, id)
	if errors.Is(err, payment.ErrHoldNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.Enqueue(ctx, job.Job{Kind: watchHold, Subject: string(h.ID), At: o.Now(), Once: true})
}

// tendHold does for a hold on usage what its time asks for: nothing, a new promise
// of its funds, or its release (R-PP-08, R-PP-09).
func (o *Office) tendHold(ctx context.Context, id payment.HoldID) error {
	var h payment.Hold
	var isDue bool
	err := o.changeHold(ctx, id, func(tx *store.Tx, a account.Account, held payment.Hold) (err error) {
		h, isDue = held, false
		if h.State != payment.HoldPlaced {
			return nil
		}
		now := o.Now()
		p, err := o.ruling(ctx, tx, now)
		if err != nil {
			return err
		}
		m, err := tx.Method(ctx, h.Method)
		if err != nil {
			return err
		}
		lines, used, err := o.lookForUse(ctx, tx, p, a, h)
		if err != nil {
			return err
		}
		isOver := !h.HonoredUntil.IsZero() && !now.Before(h.HonoredUntil)
		reason := ""
		switch {
		case !m.Preferred || a.Credit || a.State == account.Closed:
			reason = reasonNotPreferred
		case used.IsZero():
			reason = reasonUnused
		case isOver && !h.RenewedAt.IsZero(), !now.Before(h.ExpiresAt.Add(-holdEndsEarly)):
			reason = reasonPromiseOver
		default:
			isDue = isOver
			h.UsageLines, h.UsedAt = lines, used
			return tx.SaveHold(ctx, h)
		}
		h.Reason = reason
		if h.State, err = payment.HoldTable.Next(h.State, payment.Release); err != nil {
			return err
		}
		return tx.SaveHold(ctx, h)
	})
	switch {
	case err != nil:
		return err
	case h.State == payment.HoldReleasing:
		return o.ReleaseHold(ctx, id)
	case isDue:
		return o.renewHold(ctx, h)
	}
	return nil
}

// renewHold has the funds of a hold promised anew. One whose funds are not there
// any more is released.
func (o *Office) renewHold(ctx context.Context, h payment.Hold) error {
	if _, err := o.opened(h.Provider); err != nil {
		return err
	}
	if o.Wallet == nil || h.Provider != o.Wallet.Name() {
		return ErrUnplugged
	}
	r := o.Wallet.Renew(ctx, h.Ref, h.Key+"/renew", h.Amount)
	return o.settlingHold(ctx, h.ID, func(s *settlement) error {
		o.lanes.note(h.Provider, r, s.now)
		if s.hold.State != payment.HoldPlaced && s.hold.State != payment.HoldClaimed {
			return nil
		}
		switch r.Outcome {
		case provider.Approved:
			s.hold.ChargeRef, s.hold.HonoredUntil, s.hold.RenewedAt = r.ChargeRef, r.HonoredUntil, s.now
			if !r.HeldUntil.IsZero() {
				s.hold.ExpiresAt = r.HeldUntil
			}
			return s.save(ctx, "hold.renewed")
		case provider.Declined:
			if s.hold.State == payment.HoldClaimed {
				return nil // what is being taken from it will tell
			}
			return s.declined(ctx, r)
		case provider.Cancelled:
			if s.hold.State == payment.HoldClaimed {
				return nil
			}
			return s.gone(ctx)
		case provider.Failed:
			if !r.Hopeless || s.hold.State == payment.HoldClaimed {
				return nil // it is asked again
			}
			// It was renewed once already, by a call whose answer was lost.
			if err := s.move(payment.Release); err != nil {
				return err
			}
			s.hold.Reason = reasonPromiseOver
			s.releaseSoon()
			return s.tx.SaveHold(ctx, s.hold)
		}
		return nil
	})
}

// holdAnew places the next hold on usage where one is wanted, after the commit.
func (s *settlement) holdAnew(ctx context.Context) error {
	h, err := s.o.holdUsage(ctx, s.tx, s.account, s.policy, false)
	if err != nil || h == "" {
		return err
	}
	s.after = append(s.after, func() { s.o.placeSoon(context.Background(), h) })
	return nil
}

// claimHold sets the account's hold on usage aside for a payment, if it is large
// enough and its funds are promised (R-PP-09). The account is locked.
func (o *Office) claimHold(ctx context.Context, tx *store.Tx, m payment.Method, amount money.Amount, now time.Time) (payment.HoldID, error) {
	if m.Kind != payment.PayPalKind || o.Wallet == nil || m.Provider != o.Wallet.Name() {
		return "", nil
	}
	h, err := tx.HoldOnUsage(ctx, m.Account)
	if errors.Is(err, payment.ErrHoldNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if h.Method != m.ID || !h.MayGive(now) || !now.Before(h.ExpiresAt.Add(-holdEndsEarly)) || o.Wallet.MostFrom(h.Amount).Cmp(amount) < 0 {
		return "", nil
	}
	if h.State, err = payment.HoldTable.Next(h.State, payment.Claim); err != nil {
		return "", err
	}
	return h.ID, tx.SaveHold(ctx, h)
}

// takeHold notes that the payment was taken from its hold, and has the next one
// placed: usage goes on.
func (s *paymentSettlement) takeHold(ctx context.Context) error {
	return s.endHold(ctx, payment.Take, "", "hold.captured")
}

// giveHoldBack releases the hold of a payment that came to nothing. It is proven
// released at the provider before there is another.
func (s *paymentSettlement) giveHoldBack(ctx context.Context) error {
	return s.endHold(ctx, payment.Release, reasonCaptureLost, "")
}

func (s *paymentSettlement) endHold(ctx context.Context, e payment.HoldEvent, reason, what string) error {
	if s.payment.Hold == "" {
		return nil
	}
	h, err := s.tx.Hold(ctx, s.payment.Hold)
	if err != nil {
		return err
	}
	if h.State != payment.HoldClaimed {
		return nil
	}
	if h.State, err = payment.HoldTable.Next(h.State, e); err != nil {
		return err
	}
	h.Reason = reason
	if !h.IsLive() {
		h.EndedAt = s.now
	}
	if what == "" {
		if err := s.tx.SaveHold(ctx, h); err != nil {
			return err
		}
		id := h.ID
		s.after = append(s.after, func() {
			s.o.promptly(ctx, "release hold", string(id), func(ctx context.Context) error { return s.o.ReleaseHold(ctx, id) })
		})
		return nil
	}
	as := settlement{o: s.o, tx: s.tx, account: s.account, hold: h, policy: s.policy, now: s.now}
	if err := as.save(ctx, what); err != nil {
		return err
	}
	if err := as.holdAnew(ctx); err != nil {
		return err
	}
	s.after = append(s.after, as.after...)
	return nil
}
