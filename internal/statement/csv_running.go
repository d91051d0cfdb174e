package statement

// remarkRunningLost says that a column of balances is of no use. It does not spoil the
// proof: such a column does not speak of these entries.
var remarkRunningLost = Remark{Code: "running_balance_unusable", Message: "the balances after the entries do not follow from one another, and are left out"}

// A column of balances that breaks more often than runningBreaksMax times, and at more
// than every runningBreaksPart-th entry, is not that of these entries: with a few breaks
// rows are missing or changed; with many the column means something else.
const (
	runningBreaksMax  = 3
	runningBreaksPart = 10
)

// running follows the balances that a file gives after its entries, oldest first and
// newest first at once: which of the two it is shows in the end.
type running struct {
	entries, given int
	oldest, newest chain
	first, last    runningRow
}

type runningRow struct {
	date    Date
	amount  Decimal
	balance *Decimal
}

// chain is one order of reading.
type chain struct {
	known  bool    // there was a balance before
	expect Decimal // what the next balance must be, if all is well
	breaks int
	line   int // of the first break
}

// check compares a balance with the one that the chain expects.
func (c *chain) check(balance Decimal, line int) {
	if c.known && c.expect.Cmp(balance) != 0 {
		if c.breaks == 0 {
			c.line = line
		}
		c.breaks++
	}
	c.known, c.expect = true, balance
}

// add takes the next entry of the file and the balance after it, if it is given.
func (r *running) add(row runningRow, line int) (err error) {
	if r.entries == 0 {
		r.first = row
	}
	r.last = row
	r.entries++
	if r.oldest.expect, err = r.oldest.expect.Add(row.amount); err != nil {
		return placed(err, atLine(line))
	}
	if row.balance != nil {
		r.given++
		r.oldest.check(*row.balance, line)
		r.newest.check(*row.balance, line)
	}
	if r.newest.expect, err = r.newest.expect.Sub(row.amount); err != nil {
		return placed(err, atLine(line))
	}
	return nil
}

// mark takes a balance that stands without an entry.
func (r *running) mark(balance Decimal, line int) error {
	r.oldest.check(balance, line)
	r.newest.check(balance, line)
	return nil
}

// prove tells the order of the entries, remarks the breaks in it, and takes opening and
// closing balance from a column that is complete. Of a single entry they would prove
// nothing.
func (r *running) prove(o *out) {
	if r.given == 0 || r.entries < 2 {
		return
	}
	c, newestFirst := r.oldest, false
	if r.newest.breaks < r.oldest.breaks || r.newest.breaks == r.oldest.breaks && r.first.date > r.last.date {
		c, newestFirst = r.newest, true
	}
	s := o.current
	switch {
	case c.breaks > runningBreaksMax && c.breaks*runningBreaksPart > r.given:
		o.remark(remarkRunningLost, atLine(c.line))
		return
	case c.breaks > 0:
		o.contradict(remarkRunning, atLine(c.line))
	}
	if r.given < r.entries {
		return
	}
	opening, closing := r.first, r.last
	if newestFirst {
		opening, closing = r.last, r.first
	}
	before, err := opening.balance.Sub(opening.amount)
	if err != nil {
		return
	}
	r.balance(o, &s.Opening, "OPBD", before)
	r.balance(o, &s.Closing, "CLBD", *closing.balance)
}

// balance sets a balance, or compares it with the one that stood before the header.
func (r *running) balance(o *out, to **Balance, kind string, amount Decimal) {
	if *to != nil && (*to).Amount.Cmp(amount) != 0 {
		o.contradict(remarkBalanceTwice, "")
		return
	}
	b := Balance{Kind: kind, Amount: amount, Currency: o.current.Currency}
	*to = &b
	o.current.Balances = append(o.current.Balances, b)
}
