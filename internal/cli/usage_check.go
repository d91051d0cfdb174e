package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/focus"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
)

// namedRowsMax is how many rows with ids of their own are held against each other
// while a file is checked; later ones are when they are recorded.
const namedRowsMax = 2_000_000

// foundUsage is what the first pass found in a file.
type foundUsage struct {
	read     int
	rounded  int
	bad      []error // the first of them, each a fault with its place
	badCount int
	isBad    map[int]bool // by row
	sums     []*usageSum  // in the order of first appearance
	totals   map[money.Currency]money.Exact
}

// usageSum is what a file has for one account.
type usageSum struct {
	account    account.Account
	lines      int
	usage, tax money.Exact
}

// usageCheck is the first pass at work.
type usageCheck struct {
	run      *usageRun
	found    *foundUsage
	accounts map[string]*usageSum // by reference; nil for one that is unknown
	named    map[[16]byte][8]byte // ids of the file to what their rows say
	batch    []checkedRow
}

type checkedRow struct {
	line  store.UsageLine
	place string
	sum   *usageSum
}

// check reads the file once, holds every row against the books, and changes
// nothing.
func (i *usageRun) check(ctx context.Context) (*foundUsage, error) {
	c := &usageCheck{
		run: i, accounts: map[string]*usageSum{}, named: map[[16]byte][8]byte{},
		found: &foundUsage{isBad: map[int]bool{}, totals: map[money.Currency]money.Exact{}},
	}
	err := i.each(ctx, "checking", func(r focus.Row, why error) error {
		c.found.read++
		if why != nil {
			return c.refuse(r.Number, why)
		}
		if r.Rounded {
			c.found.rounded++
		}
		return c.row(ctx, r)
	})
	if err == nil {
		err = c.holdAgainstBooks(ctx)
	}
	return c.found, err
}

// row checks what can be told of a row by itself, and of its account.
func (c *usageCheck) row(ctx context.Context, r focus.Row) error {
	line := lineOf(r)
	sum, err := c.account(ctx, line.Reference)
	if err != nil {
		return err
	}
	place := fmt.Sprintf("row %d (line %d)", r.Number, r.Line)
	if why := c.judge(sum, line); why != nil {
		f, ok := fault.Of(why)
		if !ok {
			return why
		}
		if f.Place != "" {
			place += ": " + f.Place
		}
		return c.refuse(r.Number, f.At(place))
	}
	line.Account = sum.account.ID
	c.batch = append(c.batch, checkedRow{store.UsageLine{Line: line}, place, sum})
	if len(c.batch) < billing.LinesMax {
		return nil
	}
	return c.holdAgainstBooks(ctx)
}

// account finds the account of a reference, once for the file.
func (c *usageCheck) account(ctx context.Context, reference string) (*usageSum, error) {
	if sum, ok := c.accounts[reference]; ok {
		return sum, nil
	}
	a, err := c.run.d.office.AccountByReference(ctx, access.CommandLine, reference)
	var sum *usageSum
	switch {
	case err == nil:
		sum = &usageSum{account: a, usage: money.Exact{Currency: a.Currency}, tax: money.Exact{Currency: a.Currency}}
		c.found.sums = append(c.found.sums, sum)
	case !errors.Is(err, account.ErrNotFound):
		return nil, err
	}
	c.accounts[strings.Clone(reference)] = sum
	return sum, nil
}

// judge says what is wrong with a line, as the office would.
func (c *usageCheck) judge(sum *usageSum, l billing.Line) error {
	switch {
	case sum == nil:
		return billing.ErrAccountUnknown.At("BillingAccountId")
	case sum.account.State == account.Closed:
		return account.ErrClosed.At("BillingAccountId")
	case l.Amount.Currency != sum.account.Currency:
		return account.ErrCurrencyMismatch.At("BillingCurrency")
	}
	now := c.run.d.clock.Now()
	if err := l.Check(now); err != nil {
		return err
	}
	if zone := sum.account.Location(); billing.MonthOf(l.StartedAt, zone) > billing.MonthOf(now, zone) {
		return billing.ErrFutureMonth.At("ChargePeriodStart")
	}
	return c.heldInFile(l)
}

// heldInFile remembers what a line's id stands for in this file. Ids that were
// made from the row cannot stand for two things.
func (c *usageCheck) heldInFile(l billing.Line) error {
	if strings.HasPrefix(l.ID, "focus:") {
		return nil
	}
	whole := sha256.Sum256([]byte(l.Reference + "\x00" + l.ID))
	key, says := [16]byte(whole[:16]), [8]byte(l.Content[:8])
	said, known := c.named[key]
	switch {
	case known && said != says:
		return billing.ErrLineConflict.At("Id")
	case !known && len(c.named) < namedRowsMax:
		c.named[key] = says
	}
	return nil
}

// holdAgainstBooks compares lines that are recorded already with what the file
// says of them, and adds the good ones up.
func (c *usageCheck) holdAgainstBooks(ctx context.Context) error {
	lines := make([]store.UsageLine, len(c.batch))
	for i, r := range c.batch {
		lines[i] = r.line
	}
	var recorded map[account.ID]map[string][16]byte
	err := c.run.d.store.View(ctx, func(tx *store.Tx) (err error) {
		recorded, err = tx.UsageContents(ctx, lines)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range c.batch {
		if content, ok := recorded[r.line.Account][r.line.ID]; ok && content != r.line.Content {
			if err := c.refuse(r.line.Row, billing.ErrLineConflict.At(r.place+": Id")); err != nil {
				return err
			}
			continue
		}
		if err := c.add(r); err != nil {
			return err
		}
	}
	c.batch = c.batch[:0]
	return nil
}

// add adds a good row up, exactly.
func (c *usageCheck) add(r checkedRow) (err error) {
	r.sum.lines++
	amount := r.line.Amount
	if r.line.Tax {
		r.sum.tax, err = r.sum.tax.Add(amount)
		return err
	}
	total, ok := c.found.totals[amount.Currency]
	if !ok {
		total = money.Exact{Currency: amount.Currency}
	}
	if c.found.totals[amount.Currency], err = total.Add(amount); err != nil {
		return err
	}
	r.sum.usage, err = r.sum.usage.Add(amount)
	return err
}

func (c *usageCheck) refuse(row int, why error) error {
	c.found.badCount++
	if len(c.found.bad) < badRowsShown {
		c.found.bad = append(c.found.bad, why)
	}
	if c.found.badCount > badRowsMax {
		return errors.Join(append([]error{errImportHopeless}, c.found.bad...)...)
	}
	c.found.isBad[row] = true
	return nil
}
