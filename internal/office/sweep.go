package office

import (
	"context"
	"hash/fnv"
	"net/url"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

const (
	sweepEvery = 3 * time.Hour
	sweepMax   = 1_000 // objects of a kind that one sweep looks at
)

// Standing jobs, enqueued once when the office opens; each enqueues itself again.
var standing = []job.Kind{sweep, closeMonth, watchCredit}

// Begin enqueues the jobs that recur. It is safe to call at every start, on every
// node.
func (o *Office) Begin(ctx context.Context) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		for _, k := range standing {
			if err := tx.Enqueue(ctx, job.Job{Kind: k, Subject: "all", At: o.Now(), Once: true}); err != nil {
				return err
			}
		}
		return nil
	})
}

// sweepJob is the second net under everything: what is not over and has lost its
// job gets one, cards that lapsed and methods that the policy withdrew or
// restored change their state.
func (o *Office) sweepJob(ctx context.Context, _ string) error {
	if err := o.findJobs(ctx); err != nil {
		return err
	}
	if err := o.reviewMethods(ctx); err != nil {
		return err
	}
	if err := o.sweepCases(ctx); err != nil {
		return err
	}
	if err := o.sweepOutbox(ctx); err != nil {
		return err
	}
	if err := o.sweepLetters(ctx); err != nil {
		return err
	}
	if err := o.tellExpiries(ctx); err != nil {
		return err
	}
	if err := o.remindReceipts(ctx); err != nil {
		return err
	}
	return job.Snooze(sweepEvery)
}

// findJobs gives every live hold, unresolved payment or refund and due debt its job; one
// that has its job keeps it.
func (o *Office) findJobs(ctx context.Context) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		now := o.Now()
		// Later than any watch waits, so that none is pulled forward.
		watch := func(k job.Kind, subject string) error {
			return tx.Enqueue(ctx, job.Job{Kind: k, Subject: subject, At: now.Add(askedDaily + time.Hour), Once: true})
		}
		for after := payment.HoldID(""); ; { // holds on usage live long, so that there may be many
			holds, err := tx.LiveHolds(ctx, after, sweepMax)
			if err != nil {
				return err
			}
			for _, h := range holds {
				after = h.ID
				if err := watch(watchHold, string(h.ID)); err != nil {
					return err
				}
			}
			if len(holds) < sweepMax {
				break
			}
		}
		agreements, err := tx.LiveAgreements(ctx, sweepMax)
		if err != nil {
			return err
		}
		for _, a := range agreements {
			if err := watch(watchAgreement, string(a.ID)); err != nil {
				return err
			}
		}
		payments, err := tx.UnresolvedPayments(ctx, sweepMax)
		if err != nil {
			return err
		}
		for _, p := range payments {
			if err := watch(watchPayment, string(p.ID)); err != nil {
				return err
			}
		}
		refunds, err := tx.LiveRefunds(ctx, sweepMax)
		if err != nil {
			return err
		}
		for _, f := range refunds {
			if err := watch(watchRefund, string(f.ID)); err != nil {
				return err
			}
		}
		debts, err := tx.DebtsDue(ctx, now, sweepMax)
		if err != nil {
			return err
		}
		for _, d := range debts {
			if err := watch(collectDebt, string(d.ID)); err != nil {
				return err
			}
		}
		if err := o.findOrders(ctx, tx, watch); err != nil {
			return err
		}
		return nil
	})
}

// reviewMethods holds every bound card against the calendar and the policy
// (R-ELIG-04).
func (o *Office) reviewMethods(ctx context.Context) error {
	type change struct {
		id    payment.MethodID
		event payment.MethodEvent
	}
	var changes []change
	var inquire []payment.Method
	now := o.Now()
	err := o.Store.View(ctx, func(tx *store.Tx) error {
		p, err := o.ruling(ctx, tx, now)
		if err != nil {
			return err
		}
		return o.eachBound(ctx, tx, func(m payment.Method, a account.Account) error {
			if m.Kind == payment.PayPalKind && isItsTurn(m.ID, now) {
				inquire = append(inquire, m)
			}
			withdrawn := p.MayKeepMethod(p.Region(a.Country, a.RegisteredAt), a.Currency, m) != nil
			switch {
			case m.Kind == payment.CardKind && m.State == payment.Active && m.Card.IsOver(now, p.Zone):
				changes = append(changes, change{m.ID, payment.CardLapsed})
			case m.State == payment.Active && withdrawn:
				changes = append(changes, change{m.ID, payment.PolicyWithdrew})
			case m.State == payment.Unavailable && !withdrawn:
				changes = append(changes, change{m.ID, payment.PolicyRestored})
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := o.changeMethod(ctx, c.id, c.event); err != nil {
			return err
		}
	}
	for _, m := range inquire {
		if err := o.lookAtInstrument(ctx, m); err != nil {
			o.Log.WarnContext(ctx, "a payment method was not asked for at its provider", "subject", m.ID, "error", err)
		}
	}
	return nil
}

// turns are the sweeps of a week.
const turns = uint64(7 * 24 * time.Hour / sweepEvery)

// isItsTurn spreads over the sweeps of a week which methods are asked for at their
// provider: what a payer ended there is noticed though its message was lost
// (R-PP-10).
func isItsTurn(id payment.MethodID, now time.Time) bool {
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64()%turns == uint64(now.Unix())/uint64(sweepEvery/time.Second)%turns
}

// changeMethod applies an event to a method that nobody asked about. A preferred
// one that can no longer be charged hands over to another active one, so that
// there is exactly one while any is active (R-PREF-02).
func (o *Office) changeMethod(ctx context.Context, id payment.MethodID, e payment.MethodEvent) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		m, err := tx.Method(ctx, id)
		if err != nil {
			return err
		}
		a, err := tx.LockAccount(ctx, m.Account)
		if err != nil {
			return err
		}
		if m, err = tx.Method(ctx, id); err != nil || m.Account != a.ID {
			return err
		}
		return o.moveMethod(ctx, tx, m, e)
	})
}

// moveMethod is changeMethod in a transaction that has locked the account. What is
// held on a method that cannot be charged any more is released.
func (o *Office) moveMethod(ctx context.Context, tx *store.Tx, m payment.Method, e payment.MethodEvent) error {
	next, err := payment.MethodTable.Next(m.State, e)
	if err != nil {
		return nil // it went on meanwhile
	}
	was := m.Preferred
	m.State, m.Reason, m.UpdatedAt = next, string(e), o.Now()
	m.Preferred = was && next == payment.Active
	if err := tx.SaveMethod(ctx, m); err != nil {
		return err
	}
	if err := o.tellMethod(ctx, tx, access.Jobs, m, methodEvents[e]); err != nil {
		return err
	}
	if next != payment.Active {
		if err := o.notify(ctx, tx, m.Account, "method_"+string(next), string(m.ID)+"/"+string(next)+"/"+m.UpdatedAt.Format(time.RFC3339Nano), methodFacts(m)); err != nil {
			return err
		}
		if err := o.tendSoon(ctx, tx, m.Account); err != nil {
			return err
		}
	}
	return o.preferAny(ctx, tx, m.Account)
}

// preferAny makes the oldest active method preferred if none is.
func (o *Office) preferAny(ctx context.Context, tx *store.Tx, id account.ID) error {
	methods, err := tx.Methods(ctx, id)
	if err != nil {
		return err
	}
	var first *payment.Method
	for i, m := range methods {
		if m.Preferred {
			return nil
		}
		if m.State == payment.Active && first == nil {
			first = &methods[i]
		}
	}
	if first == nil {
		return nil
	}
	first.Preferred = true
	if err := tx.SaveMethod(ctx, *first); err != nil {
		return err
	}
	if err := o.tellMethod(ctx, tx, access.Jobs, *first, "payment_method.preferred"); err != nil {
		return err
	}
	if err := o.collectOpen(ctx, tx, id, o.Now()); err != nil {
		return err
	}
	a, err := tx.Account(ctx, id)
	if err != nil {
		return err
	}
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return err
	}
	if _, err := o.testThresholds(ctx, tx, a, p); err != nil { // another method may have another threshold (R-THR-07); what opens has its watch
		return err
	}
	_, err = o.holdUsage(ctx, tx, a, p, false)
	return err
}

// isWebAddress tells whether s is an absolute http or https address.
func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
