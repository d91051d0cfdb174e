package office

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// ErrNotSilent says that an account is not in its silent period.
var ErrNotSilent = fault.New(fault.Conflict, "account_not_closing", "the account is not being closed").
	WithNext("nothing needs to be done; it is active, or closed for good")

// silencePause is how long the end of a silent period waits for what is still
// under way.
const silencePause = time.Hour

// Closing is what stands against closing an account, and when it would be over.
type Closing struct {
	Account account.Account
	Why     error     // every reason against it; nil: it may be closed
	Until   time.Time // the end of the silent period, if it began now
}

// MayCloseAccount tells what stands against closing an account. Nothing is changed.
func (o *Office) MayCloseAccount(ctx context.Context, by access.Caller, id account.ID) (c Closing, err error) {
	if err := mayTouch(by, access.AccountsRead, id); err != nil {
		return c, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		c, err = o.judgeClosing(ctx, tx, id)
		return err
	})
	return c, err
}

// judgeClosing reads an account and what stands against closing it: resources,
// bills and debts (R-CLOSE-01). Usage that is not billed yet does not: it is
// collected in the silent period.
func (o *Office) judgeClosing(ctx context.Context, tx *store.Tx, id account.ID) (c Closing, err error) {
	if c.Account, err = tx.LockAccount(ctx, id); err != nil {
		return c, err
	}
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return c, err
	}
	c.Until = o.Now().Add(p.SilentPeriod)
	if c.Account.State == account.Silent {
		c.Until = c.Account.SilentSince.Add(p.SilentPeriod)
	}
	u, err := o.useOf(ctx, tx, c.Account)
	if err != nil {
		return c, err
	}
	below, err := isBelow(ctx, tx, c.Account)
	u.Unbilled = false
	why := u.Blocks()
	if below { // it is owed as a bill is
		why = append(why, order.ErrBalanceBelow)
	}
	c.Why = errors.Join(why...)
	if c.Account.State == account.Closed {
		c.Why = account.ErrClosed
	}
	return c, err
}

// CloseAccount begins an account's silent period, in which late usage is still
// collected and its methods can be bound nowhere else (R-CLOSE-01, R-BIND-02). At
// its end the account is closed. Closing one that is closing already changes nothing.
func (o *Office) CloseAccount(ctx context.Context, by access.Caller, id account.ID) (c Closing, err error) {
	if err := mayTouch(by, access.AccountsWrite, id); err != nil {
		return c, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if c, err = o.judgeClosing(ctx, tx, id); err != nil || c.Account.State == account.Silent {
			return err
		}
		if c.Why != nil {
			return c.Why
		}
		c.Account.State, c.Account.SilentSince = account.Silent, o.Now()
		if err := tx.SaveAccount(ctx, c.Account); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, job.Job{Kind: endSilence, Subject: string(id), At: c.Until, Once: true}); err != nil {
			return err
		}
		if err := o.tendSoon(ctx, tx, id); err != nil {
			return err
		}
		if err := o.notify(ctx, tx, id, "account_closing", string(id)+"/"+c.Account.SilentSince.Format(time.RFC3339Nano), map[string]string{"until": c.Until.Format(time.DateOnly)}); err != nil {
			return err
		}
		return o.tellAccount(ctx, tx, by, c.Account, "account.closing", "asked")
	})
	return c, err
}

// ReopenAccount takes an account out of its silent period.
func (o *Office) ReopenAccount(ctx context.Context, by access.Caller, id account.ID) (a account.Account, err error) {
	if err := mayTouch(by, access.AccountsWrite, id); err != nil {
		return a, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.LockAccount(ctx, id); err != nil {
			return err
		}
		if a.State != account.Silent {
			return ErrNotSilent
		}
		return o.reopen(ctx, tx, by, &a, "asked")
	})
	return a, err
}

// reopen makes a silent account active again. The account is locked.
func (o *Office) reopen(ctx context.Context, tx *store.Tx, by access.Caller, a *account.Account, why string) error {
	since := a.SilentSince
	a.State, a.SilentSince = account.Active, time.Time{}
	if err := tx.SaveAccount(ctx, *a); err != nil {
		return err
	}
	if err := o.notify(ctx, tx, a.ID, "account_reopened", string(a.ID)+"/"+since.Format(time.RFC3339Nano), map[string]string{"reason": why}); err != nil {
		return err
	}
	return o.tellAccount(ctx, tx, by, *a, "account.reopened", why)
}

// endSilenceJob closes an account whose silent period is over. What was used late
// is collected first; if that fails, the account is reopened (R-CLOSE-02), else
// its methods are free (R-CLOSE-03).
func (o *Office) endSilenceJob(ctx context.Context, subject string) error {
	var opened []payment.ID
	var wait time.Duration
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		opened, wait = nil, 0
		c, err := o.judgeClosing(ctx, tx, account.ID(subject))
		if err != nil || c.Account.State != account.Silent {
			return err
		}
		now := o.Now()
		if now.Before(c.Until) {
			wait = c.Until.Sub(now)
			return nil
		}
		u, err := o.useOf(ctx, tx, c.Account)
		if err != nil {
			return err
		}
		if u.Running > 0 || u.Overdue > 0 {
			return o.reopen(ctx, tx, access.Jobs, &c.Account, firstReason(u))
		}
		if u.Unbilled && c.Account.Credit { // it is on the month's bill
			wait = silencePause
			return nil
		}
		if u.Unpaid == 0 && u.Unbilled {
			if opened, err = o.chargeLast(ctx, tx, c.Account); err != nil {
				return err
			}
			if u, err = o.useOf(ctx, tx, c.Account); err != nil {
				return err
			}
		}
		open, err := tx.OpenDebts(ctx, c.Account.ID)
		if err != nil {
			return err
		}
		if len(open) > 0 || errors.Is(c.Why, order.ErrBalanceBelow) { // orders among them that wait for their time to be over
			wait = silencePause
			return nil
		}
		isFree, err := o.freeMethods(ctx, tx, c.Account)
		if err != nil {
			return err
		}
		if !isFree {
			wait = silencePause
			return nil
		}
		c.Account.State = account.Closed
		if err := tx.SaveAccount(ctx, c.Account); err != nil {
			return err
		}
		return o.tellAccount(ctx, tx, access.Jobs, c.Account, "account.closed", "silent_period_over")
	})
	if err != nil {
		return err
	}
	for _, p := range opened {
		o.askSoon(ctx, p)
	}
	if wait > 0 {
		return job.Snooze(wait)
	}
	return nil
}

func firstReason(u payment.Use) string {
	for _, why := range u.Blocks() {
		if f, ok := fault.Of(why); ok {
			return f.Code
		}
	}
	return ""
}

// chargeLast collects what an account that closes has used since its last bill, as
// if a threshold were reached; its last bill is issued with all others. What is too
// little to be charged stays on that bill. Where two months are open, the second is
// collected once the first is paid.
func (o *Office) chargeLast(ctx context.Context, tx *store.Tx, a account.Account) ([]payment.ID, error) {
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return nil, err
	}
	open, err := tx.OpenCollections(ctx, []account.ID{a.ID})
	if err != nil {
		return nil, err
	}
	for _, c := range open {
		d, ok, err := o.openUsageDebt(ctx, tx, a, p, c, billing.ThresholdDebt)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if d, err = o.payFromBalance(ctx, tx, a, d); err != nil {
			return nil, err
		}
		id, err := o.chargeOpened(ctx, tx, a, d)
		if err != nil || id == "" {
			return nil, err
		}
		return []payment.ID{id}, nil
	}
	return nil, nil
}

// freeMethods detaches every method of an account. It answers false, and changes
// nothing, while something on one of them is under way.
func (o *Office) freeMethods(ctx context.Context, tx *store.Tx, a account.Account) (bool, error) {
	methods, err := tx.Methods(ctx, a.ID)
	if err != nil {
		return false, err
	}
	for _, m := range methods {
		busy, err := tx.InFlight(ctx, m.ID)
		if err != nil || busy {
			return false, err
		}
	}
	// The preferred one goes last, so that none takes its place.
	slices.SortStableFunc(methods, func(x, y payment.Method) int { return asInt(x.Preferred) - asInt(y.Preferred) })
	for _, m := range methods {
		if err := o.detach(ctx, tx, access.Jobs, &m); err != nil {
			return false, err
		}
	}
	return true, nil
}

func asInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
