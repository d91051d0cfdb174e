package office

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// CreditStanding is how an account's credit stands (R-CRED-01). What is credited for
// orders that were cancelled is on the balance, and so in Cash.
type CreditStanding struct {
	Line      account.CreditLine
	Limit     money.Amount
	Cash      money.Amount   // the balance
	Current   money.Amount   // usage that is not billed yet, with its tax, rounded up
	Earlier   money.Amount   // what is open of bills, and orders that are on the next one
	Used      money.Amount   // Current and Earlier
	Available money.Amount   // below zero nothing can be bought (R-CRED-02)
	Due       []billing.Bill // open ones, in the order in which a balance pays them; only where it was asked for
}

// openBillsMax bounds the open bills that are shown.
const openBillsMax = 200

// Credit says how an account's credit stands; the fault account.ErrNoCredit if it has
// no credit line.
func (o *Office) Credit(ctx context.Context, by access.Caller, id account.ID) (c CreditStanding, err error) {
	if err := mayTouch(by, access.CreditRead, id); err != nil {
		return c, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		c, err = o.standingCredit(ctx, tx, a)
		return err
	})
	if err != nil {
		return CreditStanding{}, err
	}
	return c, nil
}

// standingCredit is an account's credit with its open bills.
func (o *Office) standingCredit(ctx context.Context, tx *store.Tx, a account.Account) (CreditStanding, error) {
	l, err := tx.ActiveCreditLine(ctx, a.ID)
	if err != nil {
		return CreditStanding{}, err
	}
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return CreditStanding{}, err
	}
	c, err := o.creditOf(ctx, tx, p, a, l)
	if err != nil {
		return c, err
	}
	c.Due, err = tx.OpenBills(ctx, a.ID, openBillsMax)
	return c, err
}

// creditOf works out what is available of a credit line: cash and limit less what is
// unsettled, now and from before (R-CRED-01).
func (o *Office) creditOf(ctx context.Context, tx *store.Tx, p policy.Policy, a account.Account, l account.CreditLine) (c CreditStanding, err error) {
	c = CreditStanding{Line: l, Limit: l.Limit}
	cash, err := tx.Balance(ctx, a.ID, ledger.CustomerBalance, a.Currency)
	if err != nil {
		return c, err
	}
	c.Cash = cash.Neg() // a liability
	if c.Current, err = o.unbilled(ctx, tx, p, a); err != nil {
		return c, err
	}
	if c.Earlier, err = tx.Balance(ctx, a.ID, ledger.CustomerReceivable, a.Currency); err != nil {
		return c, err
	}
	if c.Used, err = c.Current.Add(c.Earlier); err != nil {
		return c, err
	}
	if c.Available, err = c.Cash.Add(c.Limit); err != nil {
		return c, err
	}
	c.Available, err = c.Available.Sub(c.Used)
	return c, err
}

// unbilled is what an account's usage would come to if it were billed now, with tax,
// rounded up. Usage below zero makes it less.
func (o *Office) unbilled(ctx context.Context, tx *store.Tx, p policy.Policy, a account.Account) (money.Amount, error) {
	none := money.Amount{Currency: a.Currency}
	sum, err := o.exposure(ctx, tx, a)
	if err != nil {
		return none, err
	}
	net, rest, err := sum.Floor(1)
	if err != nil {
		return none, err
	}
	if !rest.IsZero() {
		net.Minor++
	}
	if !net.IsPositive() {
		return net, nil
	}
	t, _, err := tax(p, a, net, 1, o.Now())
	if err != nil {
		return none, err
	}
	return net.Add(t)
}

// drawable is what is available of an account's credit line, and what stands against
// drawing an amount on it.
func (o *Office) drawable(ctx context.Context, tx *store.Tx, a account.Account, amount money.Amount) (money.Amount, error, error) {
	_, why := o.mayDraw(ctx, tx, a, amount)
	if why != nil && !isExpected(why) {
		return money.Amount{}, nil, why
	}
	c, err := o.standingCredit(ctx, tx, a)
	if errors.Is(err, account.ErrNoCredit) {
		return money.Amount{}, why, nil
	}
	return c.Available, why, err
}

// Funds is what an account has with us and owes.
type Funds struct {
	Account     account.Account
	Balance     money.Amount
	Owed        money.Amount // open debts, orders left out
	Withdrawing money.Amount // taken off the balance, on its way to the customer's bank
	Refunding   money.Amount // taken off the balance, on its way back to a payment method
	Open        []billing.Bill
	Credit      *CreditStanding // nil: the account has no credit line
}

// Funds says what an account has with us and owes.
func (o *Office) Funds(ctx context.Context, by access.Caller, id account.ID) (f Funds, err error) {
	if err := mayTouch(by, access.FundsRead, id); err != nil {
		return f, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		if f.Account, err = tx.Account(ctx, id); err != nil {
			return err
		}
		for l, into := range map[ledger.Account]*money.Amount{
			ledger.CustomerBalance: &f.Balance, ledger.WithdrawalsPayable: &f.Withdrawing, ledger.RefundsPayable: &f.Refunding,
		} {
			kept, err := tx.Balance(ctx, id, l, f.Account.Currency)
			if err != nil {
				return err
			}
			*into = kept.Neg() // liabilities
		}
		if f.Owed, err = tx.Balance(ctx, id, ledger.CustomerReceivable, f.Account.Currency); err != nil {
			return err
		}
		if f.Open, err = tx.OpenBills(ctx, id, openBillsMax); err != nil {
			return err
		}
		c, err := o.standingCredit(ctx, tx, f.Account)
		switch {
		case errors.Is(err, account.ErrNoCredit):
			return nil
		case err != nil:
			return err
		}
		f.Credit = &c
		return nil
	})
	if err != nil {
		return Funds{}, err
	}
	return f, nil
}

// Replay is what came of making the decisions about a balance again.
type Replay struct {
	Runs         int
	Applications int
	Differences  []string // none: every decision came out as it was made
}

const (
	replayPage     = 200
	differencesMax = 100
)

// ReplayBills makes every decision about an account's balance again, from what was
// kept of it, and compares it with what was done: the same inputs have the same
// answer. Nothing is changed.
func (o *Office) ReplayBills(ctx context.Context, by access.Caller, id account.ID) (r Replay, err error) {
	if err := mayTouch(by, access.FundsRead, id); err != nil {
		return r, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		for last := int64(0); ; {
			runs, err := tx.Runs(ctx, id, last, replayPage)
			if err != nil {
				return err
			}
			if err := r.compare(ctx, tx, runs, last); err != nil {
				return err
			}
			if len(runs) < replayPage {
				return nil
			}
			last = runs[len(runs)-1].Number
		}
	})
	return r, err
}

// compare makes decisions again that stand behind the one with the given number.
func (r *Replay) compare(ctx context.Context, tx *store.Tx, runs []billing.Run, after int64) error {
	ids, bills := make([]string, len(runs)), map[billing.BillID]billing.Bill{}
	var named []billing.BillID
	for i, run := range runs {
		ids[i] = run.ID
		for _, owed := range run.Owed {
			if _, seen := bills[owed.Bill]; owed.Bill != "" && !seen {
				bills[owed.Bill] = billing.Bill{}
				named = append(named, owed.Bill)
			}
		}
	}
	done, err := tx.ApplicationsOfRuns(ctx, ids)
	if err != nil {
		return err
	}
	found, err := tx.BillsByID(ctx, named)
	if err != nil {
		return err
	}
	for _, b := range found {
		bills[b.ID] = b
	}
	for _, run := range runs {
		after++
		r.Runs++
		r.Applications += len(done[run.ID])
		if run.Number != after {
			r.differ("run %s has the number %d, where %d comes next", run.ID, run.Number, after)
			after = run.Number
		}
		for _, owed := range run.Owed {
			if b := bills[owed.Bill]; owed.Bill != "" && (!b.IssuedAt.Equal(owed.BilledAt) || !b.DueAt.Equal(owed.DueAt) || b.Number != owed.Number) {
				r.differ("run %s knew the bill %s otherwise than it is", run.ID, owed.Bill)
			}
		}
		r.decide(run, done[run.ID])
	}
	return nil
}

// decide makes one decision again.
func (r *Replay) decide(run billing.Run, done []billing.Application) {
	want, err := run.Decide()
	if err != nil {
		r.differ("run %s would not be made: %v", run.ID, err)
		return
	}
	left := slices.Clone(done)
	for _, w := range want {
		i := slices.IndexFunc(left, func(a billing.Application) bool { return a.Debt == w.Debt && a.Amount == w.Amount })
		if i < 0 {
			r.differ("run %s would put %s to %s, and has not", run.ID, w.Amount, w.Debt)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, a := range left {
		r.differ("run %s has put %s to %s, and would not", run.ID, a.Amount, a.Debt)
	}
}

func (r *Replay) differ(format string, args ...any) {
	if len(r.Differences) < differencesMax {
		r.Differences = append(r.Differences, fmt.Sprintf(format, args...))
	}
}
