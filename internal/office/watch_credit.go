package office

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/store"
)

// watchBillJob waits for the due day of a bill: its customer is reminded before it,
// and the bill is overdue after it. Nothing is ever charged by it (R-CRED-03).
func (o *Office) watchBillJob(ctx context.Context, subject string) error {
	var wait time.Duration
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		wait = 0
		b, err := tx.Bill(ctx, billing.BillID(subject))
		if err != nil || b.DueAt.IsZero() {
			return err
		}
		a, err := tx.LockAccount(ctx, b.Account)
		if err != nil {
			return err
		}
		if b, err = tx.Bill(ctx, b.ID); err != nil || b.IsPaid() {
			return err
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		now := o.Now()
		remind := b.DueAt.Add(-p.Credit.RemindBefore)
		switch {
		case now.Before(remind):
			wait = remind.Sub(now)
			return nil
		case now.After(b.DueAt):
			return o.fallDue(ctx, tx, a, b)
		}
		wait = b.DueAt.Sub(now) + time.Microsecond
		return o.notify(ctx, tx, a.ID, "bill_due", string(b.ID), mail.Facts{
			"month": string(b.Month), "amount": b.Open.String(), "until": b.DueAt.In(a.Location()).Format(time.DateOnly),
		})
	})
	if err == nil && wait > 0 {
		return job.Snooze(wait)
	}
	return err
}

// fallDue notes that a bill is overdue, and with it its account, and tells the
// customer. A bill that was paid and opened again is told of again.
func (o *Office) fallDue(ctx context.Context, tx *store.Tx, a account.Account, b billing.Bill) error {
	debts, err := tx.BillDebts(ctx, b.ID)
	if err != nil {
		return err
	}
	isNew := false
	for _, d := range debts {
		if d.State != billing.Open || !d.DeclinedAt.IsZero() || isCharged(a, d) {
			continue
		}
		isNew = true
		d.DeclinedAt = o.Now()
		if err := tx.SaveDebt(ctx, d); err != nil {
			return err
		}
	}
	if !isNew {
		return nil
	}
	if a.OverdueSince.IsZero() {
		if err := tx.SetOverdue(ctx, a.ID, o.Now()); err != nil {
			return err
		}
	}
	if err := o.audit(ctx, tx, access.Jobs, a.ID, "bill.overdue", string(b.ID), map[string]any{"due_at": b.DueAt, "open": b.Open}); err != nil {
		return err
	}
	if err := o.emit(ctx, tx, Event{Kind: "bill.overdue", Account: a.ID, Subject: string(b.ID), Data: b}); err != nil {
		return err
	}
	return o.notify(ctx, tx, a.ID, "bill_overdue", string(b.ID)+"/"+o.Now().Format(time.RFC3339Nano), mail.Facts{
		"month": string(b.Month), "amount": b.Open.String(), "until": b.DueAt.In(a.Location()).Format(time.DateOnly),
	})
}

// creditPage is how many accounts' credit is looked at in one reading.
const creditPage = 100

// watchCreditEvery is how soon a customer is told that available credit is low.
const watchCreditEvery = time.Hour

// watchCreditJob tells customers whose available credit has fallen to one of the
// policy's levels, once for each crossing (R-CRED-05), gives bills their watch that
// have lost it, and spends balances that still could. Usage is taken in without it.
func (o *Office) watchCreditJob(ctx context.Context, _ string) error {
	// What one of them fails for does not keep the others waiting.
	if err := errors.Join(o.findDueBills(ctx), o.applyHeld(ctx), o.tellCrossings(ctx)); err != nil {
		return err
	}
	return job.Snooze(watchCreditEvery)
}

// tellCrossings tells every customer whose available credit has fallen to a level.
func (o *Office) tellCrossings(ctx context.Context) error {
	for last := account.ID(""); ; {
		var crossed []account.ID
		n, from := 0, last
		err := o.Store.View(ctx, func(tx *store.Tx) error {
			lines, err := tx.ActiveCreditLines(ctx, from, creditPage)
			if err != nil {
				return err
			}
			n, crossed = len(lines), nil
			for _, l := range lines {
				last = l.Account
				from, to, _, err := o.creditCrossing(ctx, tx, l)
				if err != nil {
					return err
				}
				if from != to {
					crossed = append(crossed, l.Account)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, id := range crossed {
			if err := o.tellCredit(ctx, id); err != nil {
				return err
			}
		}
		if n < creditPage {
			return nil
		}
	}
}

// creditCrossing is the level of available credit that a customer was told of last,
// and the one at which it is.
func (o *Office) creditCrossing(ctx context.Context, tx *store.Tx, l account.CreditLine) (from, to int, c CreditStanding, err error) {
	a, err := tx.Account(ctx, l.Account)
	if err != nil {
		return 0, 0, c, err
	}
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return 0, 0, c, err
	}
	if c, err = o.creditOf(ctx, tx, p, a, l); err != nil {
		return 0, 0, c, err
	}
	from, err = tx.CreditAlert(ctx, a.ID)
	return from, p.CreditLevel(c.Available, l.Limit), c, err
}

// tellCredit notes at which level an account's available credit is, and tells the
// customer if it is lower than they know.
func (o *Office) tellCredit(ctx context.Context, id account.ID) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockAccount(ctx, id); err != nil {
			return err
		}
		l, err := tx.ActiveCreditLine(ctx, id)
		if errors.Is(err, account.ErrNoCredit) {
			return nil
		}
		if err != nil {
			return err
		}
		return o.noteCredit(ctx, tx, l)
	})
}

// noteCredit is tellCredit in a transaction that has locked the account.
func (o *Office) noteCredit(ctx context.Context, tx *store.Tx, l account.CreditLine) error {
	from, to, c, err := o.creditCrossing(ctx, tx, l)
	if err != nil || from == to {
		return err
	}
	if err := tx.SetCreditAlert(ctx, l.Account, to, o.Now()); err != nil || to < from {
		return err
	}
	return o.notify(ctx, tx, l.Account, "credit_low", string(l.ID)+"/"+o.Now().Format(time.RFC3339Nano), mail.Facts{
		"amount": c.Available.String(), "total": l.Limit.String(),
	})
}

// applyHeld spends what came onto balances by a way that spends nothing itself, such
// as a refund that could not go back the way the money came.
func (o *Office) applyHeld(ctx context.Context) error {
	for last := account.ID(""); ; {
		n, from := 0, last
		err := o.Store.Update(ctx, func(tx *store.Tx) error {
			ids, err := tx.AccountsToApply(ctx, from, creditPage)
			if err != nil {
				return err
			}
			n = len(ids)
			var accounts []account.Account
			for _, id := range ids {
				last = id
				a, err := tx.LockAccount(ctx, id)
				if err != nil {
					return err
				}
				accounts = append(accounts, a)
			}
			return o.applyCash(ctx, tx, access.Jobs, accounts)
		})
		if err != nil || n < creditPage {
			return err
		}
	}
}

// findDueBills gives bills that are due soon, or were, their watch.
func (o *Office) findDueBills(ctx context.Context) error {
	for last := billing.BillID(""); ; {
		n, from := 0, last
		err := o.Store.Update(ctx, func(tx *store.Tx) error {
			p, err := o.ruling(ctx, tx, o.Now())
			if err != nil {
				return err
			}
			bills, err := tx.BillsToWatch(ctx, o.Now().Add(p.Credit.RemindBefore), from, sweepMax)
			n = len(bills)
			for _, id := range bills {
				last = id
				if err := tx.Enqueue(ctx, job.Job{Kind: watchBill, Subject: string(id), At: o.Now().Add(time.Hour), Once: true}); err != nil {
					return err
				}
			}
			return err
		})
		if err != nil || n < sweepMax {
			return err
		}
	}
}
