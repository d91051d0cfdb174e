package office

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
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
	for _, h := range r.held {
		o.placeSoon(ctx, h)
	}
	return r.report, r.err
}

// commitUsage records the batches that arrived together. What one of them brings
// must not fail the others: if all fail for it, each goes alone.
func (o *Office) commitUsage(ctx context.Context, together []*usageRequest) {
	defer func() {
		for _, r := range together {
			close(r.done)
		}
	}()
	if err := o.commitTogether(ctx, together); err == nil || isTrouble(err) || len(together) == 1 {
		return
	}
	for i, r := range together {
		if !r.refused {
			_ = o.commitTogether(ctx, together[i:i+1]) // the error is the batch's own by now
		}
	}
}

// commitTogether records batches in one transaction. A batch that a conflict
// refuses is taken out and the others go again. The error, which is kept in each
// batch too, is what failed all that are left.
func (o *Office) commitTogether(ctx context.Context, together []*usageRequest) (err error) {
	defer func() {
		if p := recover(); p != nil { // whoever waits must not wait for ever
			o.Log.ErrorContext(ctx, "recording usage panicked", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("record usage: panic: %v", p)
		}
		for _, r := range together {
			if err != nil && !r.refused {
				r.report, r.err, r.opened, r.held = UsageReport{}, err, nil, nil
			}
		}
	}()
	for {
		hopeful := !o.intake.repeats // every line is taken to be new
		err := o.Store.Update(ctx, func(tx *store.Tx) error {
			in := &intakeRun{o: o, tx: tx, now: o.Now()}
			for _, r := range together {
				if !r.refused {
					r.reset()
				}
			}
			return in.record(ctx, together)
		})
		switch {
		case errors.Is(err, errGoAgain):
		case hopeful && o.Store.IsTaken(err):
			o.intake.repeats = true // some are not; now with more care
		default:
			return err
		}
	}
}

// errGoAgain rolls back, so that the batches that are left go again.
var errGoAgain = errors.New("office: the batches go again")

// intakeRun is one transaction of usage.
type intakeRun struct {
	o        *Office
	tx       *store.Tx
	now      time.Time
	accounts map[account.ID]*usageAccount
	byRef    map[string]*usageAccount
	lines    []store.UsageLine
	owner    []*usageRequest // of each line
}

// usageAccount is an account while its lines are recorded.
type usageAccount struct {
	store.UsageAccount
	zone *time.Location
	now  billing.Month // in its zone
	open []*openCollection
}

// collected is the account's open collection of a number, which is there.
func (a *usageAccount) collected(number int64) *openCollection {
	return a.open[slices.IndexFunc(a.open, func(c *openCollection) bool { return c.Number == number })]
}

// openCollection is a collection that may get lines.
type openCollection struct {
	billing.Collection
	sum money.Exact // over its products
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
	if !in.o.intake.repeats {
		return in.addNew(ctx)
	}
	inserted, err := in.tx.AddUsage(ctx, in.lines, in.now)
	if err != nil {
		return err
	}
	if err := in.judgeRest(ctx, inserted); err != nil {
		return err
	}
	deltas, err := in.addUp(inserted)
	if err != nil {
		return err
	}
	if err := in.tx.AddExposures(ctx, deltas); err != nil {
		return err
	}
	in.o.intake.repeats = len(inserted) < len(in.lines)
	return in.trip(ctx, deltas)
}

// addNew records lines that are all taken to be new. If they are not, the
// transaction fails, and everything goes again with more care.
func (in *intakeRun) addNew(ctx context.Context) error {
	all := make([]int, len(in.lines))
	for i := range all {
		all[i] = i
	}
	deltas, err := in.addUp(all)
	if err != nil {
		return err
	}
	if err := in.tx.AddNewUsage(ctx, in.lines, in.now, deltas); err != nil {
		return err
	}
	return in.trip(ctx, deltas)
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
	accounts, open, err := in.tx.MeetForUsage(ctx, slices.Collect(maps.Keys(ids)), slices.Collect(maps.Keys(refs)))
	if err != nil {
		return err
	}
	in.accounts, in.byRef = make(map[account.ID]*usageAccount, len(accounts)), map[string]*usageAccount{}
	for _, a := range accounts {
		met := &usageAccount{UsageAccount: a, zone: in.o.zones.named(a.Zone)}
		met.now = billing.MonthOf(in.now, met.zone)
		in.accounts[a.ID], in.byRef[a.Reference] = met, met
	}
	for _, c := range open {
		a := in.accounts[c.Account]
		if a == nil {
			continue
		}
		sum, err := money.Normalize(c.Micro, c.Pico, a.Currency)
		if err != nil {
			return err
		}
		a.open = append(a.open, &openCollection{c.Collection, sum})
	}
	return nil
}

// admit checks a batch's lines and takes the good ones. With a bad one and no
// leave to skip it, none are taken.
func (in *intakeRun) admit(r *usageRequest) {
	before := len(in.lines)
	in.lines = slices.Grow(in.lines, len(r.batch.Lines))
	for i := range r.batch.Lines {
		l := &r.batch.Lines[i]
		a, why := in.check(r, l)
		if why != nil {
			r.bad(l.Row, why)
			continue
		}
		in.lines = append(in.lines, store.UsageLine{Line: *l})
		in.lines[len(in.lines)-1].Account = a.ID
	}
	if r.report.BadCount > 0 && !r.batch.SkipBad {
		in.lines = in.lines[:before]
		r.refuse()
		return
	}
	for range in.lines[before:] {
		in.owner = append(in.owner, r)
	}
}

// check finds the line's account and what may be wrong with the two of them.
func (in *intakeRun) check(r *usageRequest, l *billing.Line) (*usageAccount, error) {
	a := in.accounts[l.Account]
	if l.Account == "" {
		a = in.byRef[l.Reference]
	}
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
	if billing.MonthOf(l.StartedAt, a.zone) > a.now {
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
		month := l.MonthFor(a.zone, a.ClosedThrough)
		at := slices.IndexFunc(a.open, func(c *openCollection) bool { return c.Month == month })
		if at < 0 {
			c, err := in.tx.OpenCollection(ctx, a.ID, month, in.now)
			if err != nil {
				return err
			}
			at = len(a.open)
			a.open = append(a.open, &openCollection{c, money.Exact{Currency: a.Currency}})
		}
		l.Collection = a.open[at].Number
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
	return errGoAgain
}

// addUp counts what was inserted and sums it by account, collection, product and day.
func (in *intakeRun) addUp(inserted []int) ([]store.ExposureDelta, error) {
	type key struct {
		account    account.ID
		collection int64
		product    string
	}
	sums := map[key]*store.ExposureDelta{}
	var order []*store.ExposureDelta
	for _, i := range inserted {
		l := &in.lines[i]
		if l.Tax {
			in.owner[i].report.Tax++
			continue
		}
		in.owner[i].report.Recorded++
		k := key{l.Account, l.Collection, l.Product}
		a, d := in.accounts[l.Account], sums[k]
		day := billing.DayOf(l.StartedAt, a.zone)
		if d == nil {
			d = &store.ExposureDelta{
				Account: l.Account, Collection: l.Collection, Month: a.collected(l.Collection).Month, Product: l.Product, Day: day, Usage: money.Exact{Currency: l.Amount.Currency},
			}
			sums[k] = d
			order = append(order, d)
		}
		if err := d.AddLine(day, l.Amount); err != nil {
			return nil, err
		}
	}
	deltas := make([]store.ExposureDelta, len(order))
	for i, d := range order {
		deltas[i] = *d
	}
	return deltas, nil
}

// trip opens a debt for each collection that reaches its account's threshold.
func (in *intakeRun) trip(ctx context.Context, deltas []store.ExposureDelta) error {
	p, err := in.o.ruling(ctx, in.tx, in.now)
	if err != nil {
		return err
	}
	touched, err := in.sumUp(deltas)
	if err != nil {
		return err
	}
	for _, c := range touched {
		a := in.accounts[c.Account]
		threshold, ok := in.o.thresholdOf(p, a.Currency, a.Charged, a.Factor)
		if !ok || a.Credit {
			continue // R-THR-09
		}
		if reached, err := billing.Reaches(c.sum, threshold); err != nil || !reached {
			if err != nil {
				return fmt.Errorf("test the threshold of %s: %w", a.ID, err)
			}
			continue
		}
		whole, unpaid, err := in.tx.MeetReached(ctx, a.ID)
		if err != nil {
			return err
		}
		if unpaid {
			continue
		}
		opened, err := in.o.openReached(ctx, in.tx, whole, p, c.Collection)
		if err != nil {
			return fmt.Errorf("test the threshold of %s: %w", a.ID, err)
		}
		if opened != "" {
			r := in.firstOf(a.ID)
			r.opened = append(r.opened, opened)
		}
	}
	return in.hold(ctx, p, touched)
}

// hold places a hold on usage where PayPal is preferred and none is (R-PP-07).
func (in *intakeRun) hold(ctx context.Context, p policy.Policy, touched []*openCollection) error {
	for _, c := range touched {
		a := in.accounts[c.Account]
		if a.Charged != payment.PayPalKind || a.IsHeld || a.Credit {
			continue
		}
		a.IsHeld = true // or not wanted, which does not change here
		whole, err := in.tx.Account(ctx, a.ID)
		if err != nil {
			return err
		}
		held, err := in.o.holdUsage(ctx, in.tx, whole, p, true)
		if err != nil {
			return err
		}
		if held != "" {
			r := in.firstOf(a.ID)
			r.held = append(r.held, held)
		}
	}
	return nil
}

// sumUp adds what came to the collections' sums, and lists those collections.
func (in *intakeRun) sumUp(deltas []store.ExposureDelta) (touched []*openCollection, err error) {
	seen := map[*openCollection]bool{}
	for _, d := range deltas {
		a := in.accounts[d.Account]
		c := a.collected(d.Collection)
		if c.sum, err = c.sum.Add(d.Usage); err != nil {
			return nil, err
		}
		if !seen[c] {
			seen[c] = true
			touched = append(touched, c)
		}
	}
	return touched, nil
}

// firstOf returns the first batch that touched the account: its caller asks the
// provider once the transaction is committed.
func (in *intakeRun) firstOf(id account.ID) *usageRequest {
	return in.owner[slices.IndexFunc(in.lines, func(l store.UsageLine) bool { return l.Account == id })]
}
