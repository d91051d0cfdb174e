package office

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// UsageBatch is lines of usage that came together. Without SkipBad, one bad line
// refuses all of them.
type UsageBatch struct {
	Lines   []billing.Line
	SkipBad bool
}

// UsageReport says what became of a batch's lines: each is counted once.
type UsageReport struct {
	Recorded int // new, and in an open collection
	Repeated int // were there already
	Tax      int // new rows of tax, kept and not collected
	Bad      []BadLine
	BadCount int // all of them; Bad holds the first hundred
}

// BadLine is a line that was refused, and why.
type BadLine struct {
	Row int
	Why error
}

const badLinesMax = 100

// errUsageRefused stands for a batch that one bad line refused.
var errUsageRefused = fault.New(fault.Invalid, "usage_refused", "the batch has bad lines, and nothing of it was recorded").
	WithNext("correct the lines named here, or ask for bad lines to be skipped")

// RecordUsage records priced usage, and charges what reaches its threshold. A
// line that was recorded before, with the same content, is counted and nothing
// more. The error, if lines are bad and not skipped, holds a fault for each.
func (o *Office) RecordUsage(ctx context.Context, by access.Caller, b UsageBatch) (UsageReport, error) {
	if err := by.May(access.UsageWrite); err != nil {
		return UsageReport{}, err
	}
	switch {
	case len(b.Lines) == 0:
		return UsageReport{}, billing.ErrNoLines
	case len(b.Lines) > billing.LinesMax:
		return UsageReport{}, billing.ErrTooManyLines
	}
	r := &usageRequest{by: by, batch: b, done: make(chan struct{})}
	o.intake.add(r, func(together []*usageRequest) { o.commitUsage(context.WithoutCancel(ctx), together) })
	select {
	case <-r.done:
	case <-ctx.Done():
		return UsageReport{}, ctx.Err() // it may be recorded all the same; sent again, its lines are repeated
	}
	for _, p := range r.opened {
		o.askSoon(ctx, p)
	}
	return r.report, r.err
}

// commitUsage records the batches that arrived together, in one transaction. A
// batch that a conflict refuses is taken out and the others go again.
func (o *Office) commitUsage(ctx context.Context, together []*usageRequest) {
	defer func() {
		for _, r := range together {
			close(r.done)
		}
	}()
	for {
		var in *intakeRun
		err := o.Store.Update(ctx, func(tx *store.Tx) error {
			in = &intakeRun{o: o, tx: tx, now: o.Now()}
			for _, r := range together {
				if !r.refused {
					r.reset()
				}
			}
			return in.record(ctx, together)
		})
		if errors.Is(err, errTakenOut) {
			continue
		}
		if err != nil {
			for _, r := range together {
				if !r.refused {
					r.report, r.err, r.opened = UsageReport{}, err, nil
				}
			}
		}
		return
	}
}

// errTakenOut rolls back, so that the batches that are left go again.
var errTakenOut = errors.New("office: a batch was taken out")

// intakeRun is one transaction of usage.
type intakeRun struct {
	o        *Office
	tx       *store.Tx
	now      time.Time
	accounts map[account.ID]*store.UsageAccount
	byRef    map[string]account.ID
	lines    []store.UsageLine
	owner    []*usageRequest // of each line
	open     map[account.ID][]billing.Collection
}

func (in *intakeRun) record(ctx context.Context, together []*usageRequest) error {
	if err := in.meet(ctx, together); err != nil {
		return err
	}
	for _, r := range together {
		if !r.refused {
			in.admit(r)
		}
	}
	if err := in.place(ctx); err != nil {
		return err
	}
	inserted, err := in.tx.AddUsage(ctx, in.lines, in.now)
	if err != nil {
		return err
	}
	if err := in.judgeRest(ctx, inserted); err != nil {
		return err
	}
	return in.addUp(ctx, inserted)
}

// meet locks the accounts that the batches name.
func (in *intakeRun) meet(ctx context.Context, together []*usageRequest) error {
	ids, refs := map[account.ID]bool{}, map[string]bool{}
	for _, r := range together {
		for i := range r.batch.Lines {
			if l := &r.batch.Lines[i]; l.Account != "" {
				ids[l.Account] = true
			} else {
				refs[l.Reference] = true
			}
		}
	}
	accounts, err := in.tx.LockForUsage(ctx, slices.Collect(maps.Keys(ids)), slices.Collect(maps.Keys(refs)))
	if err != nil {
		return err
	}
	in.accounts, in.byRef = make(map[account.ID]*store.UsageAccount, len(accounts)), map[string]account.ID{}
	for i := range accounts {
		in.accounts[accounts[i].ID] = &accounts[i]
		in.byRef[accounts[i].Reference] = accounts[i].ID
	}
	in.open = map[account.ID][]billing.Collection{}
	open, err := in.tx.OpenCollections(ctx, slices.Collect(maps.Keys(in.accounts)))
	for _, c := range open {
		in.open[c.Account] = append(in.open[c.Account], c)
	}
	return err
}

// admit checks a batch's lines and takes the good ones. With a bad one and no
// leave to skip it, none are taken.
func (in *intakeRun) admit(r *usageRequest) {
	var good []store.UsageLine
	for _, l := range r.batch.Lines {
		a, why := in.check(r, &l)
		if why != nil {
			r.bad(l.Row, why)
			continue
		}
		l.Account = a.ID
		good = append(good, store.UsageLine{Line: l})
	}
	if r.report.BadCount > 0 && !r.batch.SkipBad {
		r.refuse()
		return
	}
	for range good {
		in.owner = append(in.owner, r)
	}
	in.lines = append(in.lines, good...)
}

// check finds the line's account and what may be wrong with the two of them.
func (in *intakeRun) check(r *usageRequest, l *billing.Line) (*store.UsageAccount, error) {
	id := l.Account
	if id == "" {
		id = in.byRef[l.Reference]
	}
	a := in.accounts[id]
	switch {
	case a == nil || r.by.MayTouch(a.ID) != nil:
		return nil, billing.ErrAccountUnknown
	case a.State == account.Closed:
		return nil, account.ErrClosed
	case l.Amount.Currency != a.Currency:
		return nil, account.ErrCurrencyMismatch
	}
	if err := l.Check(in.now); err != nil {
		return nil, err
	}
	// A line may be ahead of our clock by a little, but not in a month to come.
	if zone := a.Location(); billing.MonthOf(l.StartedAt, zone) > billing.MonthOf(in.now, zone) {
		return nil, billing.ErrFutureMonth
	}
	return a, nil
}

// place gives each line the number of its account's open collection for its
// month, and opens the collections that are not there yet.
func (in *intakeRun) place(ctx context.Context) error {
	for i := range in.lines {
		l := &in.lines[i]
		if l.Tax {
			l.Collection = billing.TaxCollection
			continue
		}
		a := in.accounts[l.Account]
		month := l.MonthFor(a.Location(), a.ClosedThrough)
		at := slices.IndexFunc(in.open[a.ID], func(c billing.Collection) bool { return c.Month == month })
		if at < 0 {
			c, err := in.tx.OpenCollection(ctx, a.ID, month, in.now)
			if err != nil {
				return err
			}
			at = len(in.open[a.ID])
			in.open[a.ID] = append(in.open[a.ID], c)
		}
		l.Collection = in.open[a.ID][at].Number
	}
	return nil
}

// judgeRest tells repeated lines from conflicts among those that were not
// inserted. A conflict refuses its batch, unless bad lines are skipped.
func (in *intakeRun) judgeRest(ctx context.Context, inserted []int) error {
	if len(inserted) == len(in.lines) {
		return nil
	}
	isNew := make([]bool, len(in.lines))
	for _, i := range inserted {
		isNew[i] = true
	}
	var rest []store.UsageLine
	for i, l := range in.lines {
		if !isNew[i] {
			rest = append(rest, l)
		}
	}
	contents, err := in.tx.UsageContents(ctx, rest)
	if err != nil {
		return err
	}
	takenOut := false
	for i, l := range in.lines {
		r := in.owner[i]
		switch {
		case isNew[i]:
		case contents[l.Account][l.ID] == l.Content:
			r.report.Repeated++
		default:
			r.bad(l.Row, billing.ErrLineConflict)
			takenOut = takenOut || !r.batch.SkipBad
		}
	}
	if !takenOut {
		return nil
	}
	for _, r := range in.owner {
		if r.report.BadCount > 0 && !r.batch.SkipBad && !r.refused {
			r.refuse()
		}
	}
	return errTakenOut
}

// addUp adds the sums of what was inserted to the exposures, and charges what
// reaches its threshold.
func (in *intakeRun) addUp(ctx context.Context, inserted []int) error {
	type key struct {
		account    account.ID
		collection int64
		product    string
	}
	sums := map[key]*store.ExposureDelta{}
	var order []*store.ExposureDelta
	for _, i := range inserted {
		l := in.lines[i]
		if l.Tax {
			in.owner[i].report.Tax++
			continue
		}
		in.owner[i].report.Recorded++
		k := key{l.Account, l.Collection, l.Product}
		d := sums[k]
		if d == nil {
			d = &store.ExposureDelta{Account: l.Account, Collection: l.Collection, Product: l.Product, Usage: money.Exact{Currency: l.Amount.Currency}}
			sums[k] = d
			order = append(order, d)
		}
		var err error
		if d.Usage, err = d.Usage.Add(l.Amount); err != nil {
			return err
		}
		d.Lines++
	}
	deltas := make([]store.ExposureDelta, len(order))
	for i, d := range order {
		deltas[i] = *d
	}
	totals, err := in.tx.AddExposures(ctx, deltas)
	if err != nil {
		return err
	}
	return in.trip(ctx, totals)
}

// trip opens a debt for each collection that reaches its account's threshold.
func (in *intakeRun) trip(ctx context.Context, totals []store.CollectionSum) error {
	p, err := in.o.ruling(ctx, in.tx, in.now)
	if err != nil {
		return err
	}
	for _, t := range totals {
		a := in.accounts[t.Account].Account
		at := slices.IndexFunc(in.open[a.ID], func(c billing.Collection) bool { return c.Number == t.Number })
		opened, err := in.o.testThreshold(ctx, in.tx, a, p, in.open[a.ID][at], t)
		if err != nil {
			return fmt.Errorf("test the threshold of %s: %w", a.ID, err)
		}
		if opened != "" {
			in.tellOpened(a.ID, opened)
		}
	}
	return nil
}

// tellOpened hands the payment to the first batch that touched the account: its
// caller asks the provider once the transaction is committed.
func (in *intakeRun) tellOpened(id account.ID, p payment.ID) {
	for i, l := range in.lines {
		if l.Account == id {
			in.owner[i].opened = append(in.owner[i].opened, p)
			return
		}
	}
}
