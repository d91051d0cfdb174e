package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// CloseMonth issues an account's bill for a month that is over, and charges what
// stayed under the threshold (R-BILL-01). Earlier months that are still open are
// closed first. Closing a closed month changes nothing and returns its bill
// (R-BILL-02).
func (o *Office) CloseMonth(ctx context.Context, by access.Caller, id account.ID, m billing.Month) (billing.Bill, error) {
	if err := mayTouch(by, access.BillsWrite, id); err != nil {
		return billing.Bill{}, err
	}
	return o.closeMonth(ctx, by, id, m, false)
}

// closeMonth is CloseMonth. waits leaves accounts with credit open until the day of
// their invoices (R-BILL-03).
func (o *Office) closeMonth(ctx context.Context, by access.Caller, id account.ID, m billing.Month, waits bool) (billing.Bill, error) {
	var b billing.Bill
	for {
		var opened payment.ID
		var closed billing.Month
		err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
			b, opened = billing.Bill{}, ""
			a, err := tx.LockAccount(ctx, id)
			if err != nil {
				return err
			}
			if closed, err = tx.ClosedThrough(ctx, id); err != nil {
				return err
			}
			if m <= closed {
				b, err = tx.BillOf(ctx, id, m)
				return err
			}
			closed = closed.Next()
			if o.Now().Before(closed.Next().Start(a.Location())) {
				return billing.ErrMonthOpen
			}
			if waits && a.Credit {
				isEarly, err := o.isBeforeInvoices(ctx, tx, a, closed)
				if err != nil {
					return err
				}
				if isEarly {
					return billing.ErrMonthOpen
				}
			}
			b, opened, err = o.closeOne(ctx, tx, by, a, closed)
			return err
		})
		if err != nil {
			return b, err
		}
		if opened != "" {
			o.askSoon(ctx, opened)
		}
		if closed >= m {
			return b, nil
		}
	}
}

// isBeforeInvoices tells whether the day has not come on which a credit customer's
// month is billed.
func (o *Office) isBeforeInvoices(ctx context.Context, tx *store.Tx, a account.Account, m billing.Month) (bool, error) {
	p, err := o.ruling(ctx, tx, o.Now())
	return o.Now().Before(m.Next().Start(a.Location()).AddDate(0, 0, p.CreditInvoiceDay-1)), err
}

// setDue says by when is to be paid what nothing charges of a bill (R-BILL-04): a credit
// customer's, and what was drawn on a line that has ended since. Nothing else makes a
// customer pay it (R-CRED-03). What is paid of it already may be taken back, and is due
// then. What is open is watched.
func (o *Office) setDue(ctx context.Context, tx *store.Tx, a account.Account, b *billing.Bill) error {
	if !slices.ContainsFunc(b.Debts, func(d billing.Debt) bool { return !isCharged(a, d) && d.State != billing.Cancelled }) {
		return nil
	}
	p, err := o.ruling(ctx, tx, b.IssuedAt)
	if err != nil {
		return err
	}
	terms, err := termsOf(ctx, tx, a, p)
	if err != nil {
		return err
	}
	b.DueAt = billing.DueAt(terms, b.IssuedAt, a.Location(), p.IsBusinessDay)
	if !b.Open.IsPositive() {
		return nil
	}
	return tx.Enqueue(ctx, job.Job{Kind: watchBill, Subject: string(b.ID), At: b.DueAt.Add(-p.Credit.RemindBefore), Once: true})
}

// termsOf are an account's terms of payment: those of its credit line, or of the last
// one that it had, else the policy's.
func termsOf(ctx context.Context, tx *store.Tx, a account.Account, p policy.Policy) (account.Terms, error) {
	lines, err := tx.CreditLines(ctx, a.ID)
	for _, l := range lines { // the newest first
		if l.Kind != account.CloseCredit && (l.State == account.CreditActive || l.State == account.CreditClosed) {
			return l.Terms, err
		}
	}
	return p.Terms(), err
}

// billFacts is what a customer is told of a new bill: one with a due day is paid by
// transfer.
func (o *Office) billFacts(a account.Account, b billing.Bill) map[string]string {
	facts := map[string]string{"month": string(b.Month), "total": b.Total.String()}
	if !b.DueAt.IsZero() && b.Open.IsPositive() {
		facts["variant"], facts["until"] = "credit", b.DueAt.In(a.Location()).Format(time.DateOnly)
	}
	return facts
}

// closeOne shuts the month's open collection, opens its debt or carries what is
// too little, and issues the bill. The account is locked.
func (o *Office) closeOne(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, m billing.Month) (billing.Bill, payment.ID, error) {
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return billing.Bill{}, "", err
	}
	carried, rest, err := o.shutMonth(ctx, tx, a, p, m)
	if err != nil {
		return billing.Bill{}, "", err
	}
	b, err := o.issueBill(ctx, tx, by, a, m, carried)
	if err != nil {
		return b, "", err
	}
	if err := tx.CloseThrough(ctx, a.ID, m); err != nil {
		return b, "", err
	}
	if err := o.applyCash(ctx, tx, by, []account.Account{a}); err != nil { // R-RECON-06
		return b, "", err
	}
	if b.Open.IsPositive() {
		now, err := tx.Bill(ctx, b.ID)
		if err != nil {
			return b, "", err
		}
		b.Open = now.Open
	}
	if rest == nil {
		return b, "", nil
	}
	// The debt is on the bill by now.
	d, err := tx.Debt(ctx, rest.ID)
	if err != nil {
		return b, "", err
	}
	opened, err := o.chargeOpened(ctx, tx, a, d)
	return b, opened, err
}

// shutMonth ends the month's open collection, if there is one: as a debt, or by
// carrying everything in it.
func (o *Office) shutMonth(ctx context.Context, tx *store.Tx, a account.Account, p policy.Policy, m billing.Month) (carried []billing.Share, rest *billing.Debt, err error) {
	open, err := tx.OpenCollections(ctx, []account.ID{a.ID})
	if err != nil {
		return nil, nil, err
	}
	at := slices.IndexFunc(open, func(c billing.Collection) bool { return c.Month == m })
	if at < 0 {
		return nil, nil, nil
	}
	kind := billing.RemainderDebt
	if a.Credit {
		kind = billing.BillDebt
	}
	d, ok, err := o.openUsageDebt(ctx, tx, a, p, open[at], kind)
	if err != nil || ok {
		return nil, &d, err
	}
	exposures, err := tx.Exposures(ctx, open[at], a.Currency)
	if err != nil {
		return nil, nil, err
	}
	carries, err := tx.Carries(ctx, a.ID, a.Currency)
	if err != nil {
		return nil, nil, err
	}
	if carried, err = billing.CarryAll(a.Currency, exposures, carries); err != nil {
		return nil, nil, err
	}
	if err := tx.ShutCollection(ctx, open[at], o.Now()); err != nil {
		return nil, nil, err
	}
	return carried, nil, tx.SetCarries(ctx, a.ID, carried)
}

// issueBill writes the month's bill: its usage by product, all its debts, what
// was carried in and out.
func (o *Office) issueBill(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, m billing.Month, carried []billing.Share) (billing.Bill, error) {
	zero := money.Amount{Currency: a.Currency}
	b := billing.Bill{
		ID: billing.BillID(o.IDs.New("bill_")), Account: a.ID, Month: m, Number: billNumber(a.ID, m),
		Net: zero, Tax: zero, Total: zero, Open: zero, IssuedAt: o.Now(),
	}
	debts, err := tx.MonthDebts(ctx, a.ID, m)
	if err != nil {
		return b, err
	}
	parts := [][]billing.Share{}
	for i, d := range debts {
		if debts[i].Shares, err = tx.DebtShares(ctx, d); err != nil {
			return b, err
		}
		parts = append(parts, debts[i].Shares)
		debts[i].Bill = string(b.ID)
		var errs [4]error
		b.Net, errs[0] = b.Net.Add(d.Net)
		b.Tax, errs[1] = b.Tax.Add(d.Tax)
		b.Total, errs[2] = b.Total.Add(d.Amount)
		if d.State == billing.Open {
			b.Open, errs[3] = b.Open.Add(d.OpenAmount())
		}
		if err := errors.Join(errs[:]...); err != nil {
			return b, err
		}
	}
	if b.Shares, err = billing.Together(append(parts, carried)...); err != nil {
		return b, err
	}
	b.Debts = debts
	if err := o.setDue(ctx, tx, a, &b); err != nil {
		return b, err
	}
	if err := tx.AddBill(ctx, b); err != nil {
		return b, err
	}
	for _, d := range debts {
		if err := tx.SaveDebt(ctx, d); err != nil {
			return b, err
		}
	}
	if err := o.audit(ctx, tx, by, a.ID, "bill.issued", string(b.ID), map[string]any{"month": m, "total": b.Total, "open": b.Open}); err != nil {
		return b, err
	}
	if err := o.notify(ctx, tx, a.ID, "bill_issued", string(b.ID), o.billFacts(a, b)); err != nil {
		return b, err
	}
	return b, o.emit(ctx, tx, Event{Kind: "bill.issued", Account: a.ID, Subject: string(b.ID), Data: b})
}

// billNumber is shown to people: the month, and the end of the account's id.
func billNumber(id account.ID, m billing.Month) string {
	s := string(id)
	return strings.ReplaceAll(string(m), "-", "") + "-" + strings.ToUpper(s[max(0, len(s)-12):])
}

// BillRun is how far closing the months of all accounts has come.
type BillRun struct {
	Closed   int // accounts whose bill was issued by this run
	Charged  int // of those, with something to be charged
	Failed   int // accounts that could not be closed; the log says why, and the next run tries again
	LastSeen account.ID
}

const billRunPage = 200

// firstZone is where a month ends before it does anywhere else.
var firstZone = time.FixedZone("UTC+14", 14*60*60)

// RunBills closes a month for every account for which it is over. It goes
// through the accounts in pages, so that memory stays flat; stopped at any point
// and run again, it goes on where it was, because a closed account is skipped.
func (o *Office) RunBills(ctx context.Context, by access.Caller, m billing.Month, progress func(BillRun)) (BillRun, error) {
	var run BillRun
	if err := by.May(access.BillsWrite); err != nil {
		return run, err
	}
	if by.Account != "" {
		return run, access.ErrForbidden.Detail("months are closed by the platform")
	}
	if o.Now().Before(m.Next().Start(firstZone)) {
		return run, billing.ErrMonthOpen
	}
	for {
		var ids []account.ID
		err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
			ids, err = tx.AccountsToClose(ctx, m.Next(), run.LastSeen, billRunPage)
			return err
		})
		if err != nil {
			return run, err
		}
		for _, id := range ids {
			run.LastSeen = id
			b, err := o.closeMonth(ctx, by, id, m, true)
			switch {
			case errors.Is(err, billing.ErrMonthOpen): // not over yet where this account is
			case err != nil && ctx.Err() != nil:
				return run, err
			case err != nil:
				run.Failed++
				o.Log.ErrorContext(ctx, "a month could not be closed", "account", id, "month", m, "error", err)
			default:
				run.Closed++
				if b.Open.IsPositive() {
					run.Charged++
				}
			}
		}
		if progress != nil {
			progress(run)
		}
		if len(ids) < billRunPage {
			return run, nil
		}
	}
}

// billRunPause is the longest time between two looks for months to close: an
// account may be opened in a zone whose month ends before all others'.
const billRunPause = 6 * time.Hour

// billRunSlice is how long the job closes months at a stretch: jobs are short, so
// that a stuck one is soon seen.
const billRunSlice = 15 * time.Second

// closeMonthJob closes whatever month is over wherever accounts are billed. It
// waits for the policy's bill day, and comes back when the next one begins
// somewhere.
func (o *Office) closeMonthJob(ctx context.Context, _ string) error {
	now := o.Now()
	var zones []string
	var p policy.Policy
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		if zones, err = tx.Zones(ctx); err != nil {
			return err
		}
		p, err = o.ruling(ctx, tx, now)
		return err
	})
	if err != nil {
		return err
	}
	var latest billing.Month
	next := now.Add(billRunPause)
	for _, z := range zones {
		l, err := time.LoadLocation(z)
		if err != nil {
			return fmt.Errorf("zone %s: %w", z, err)
		}
		m := billing.MonthOf(now, l).Previous()
		if now.In(l).Day() < p.BillDay {
			m = m.Previous()
		}
		latest = max(latest, m)
		for _, of := range []int{p.BillDay, p.CreditInvoiceDay} {
			for _, month := range []billing.Month{billing.MonthOf(now, l), billing.MonthOf(now, l).Next()} {
				if day := month.Start(l).AddDate(0, 0, of-1); day.After(now) && day.Before(next) {
					next = day
				}
			}
		}
	}
	if latest == "" {
		return job.Snooze(next.Sub(now))
	}
	slice, cancel := context.WithTimeout(ctx, billRunSlice)
	defer cancel()
	if _, err := o.RunBills(slice, access.Jobs, latest, nil); err != nil {
		if slice.Err() != nil && ctx.Err() == nil {
			return job.Snooze(time.Millisecond) // there is more; it goes on where it is
		}
		return err
	}
	return job.Snooze(next.Sub(now))
}
