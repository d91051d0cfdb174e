package statement

import (
	"fmt"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

const (
	statementsMax = 1_000_000 // of one file
	remarksMax    = 10        // of one kind in one statement; those beyond are left out
)

// out is what every reader writes to. It numbers, counts and sums, hands on to the
// visitor, and proves each statement when it is closed. A reader opens a statement,
// changes current as it learns more, and closes it.
type out struct {
	visit      Visitor
	entriesMax int

	current    *Statement // the open one; nil between statements
	statements int        // opened so far
	entries    int        // of the whole file

	booked, all  sums           // of the open statement: booked entries, and every one
	currency     money.Currency // of the open statement, or of its first entry
	contradicted bool           // a remark was made that spoils the proof
}

// open starts a statement with what is known at its start: its number is set here.
func (o *out) open(s Statement) error {
	if o.statements == statementsMax {
		return ErrTooLarge.Detail("the file has more than %d statements", statementsMax).At(atLine(s.Line))
	}
	o.statements++
	s.Number = o.statements
	o.current = &s
	o.booked, o.all, o.currency, o.contradicted = sums{}, sums{}, s.Currency, false
	if o.visit.Open == nil {
		return nil
	}
	return o.visit.Open(s)
}

// entry takes the next entry of the open statement. The reader sets what the file says;
// numbers, and what goes without saying, are filled in here: booked, in the account's
// currency, with one detail whose amount is the entry's. debit tells the side of an
// entry of nothing; for others the sign does.
func (o *out) entry(e Entry, debit bool) error {
	s := o.current
	if o.entries == o.entriesMax {
		return ErrTooLarge.Detail("the file has more than %d entries", o.entriesMax).At(atLine(e.Line))
	}
	o.entries++
	e.Statement, e.Number = s.Number, o.all.entries()+1
	if e.Status == "" {
		e.Status = Booked
	}
	o.fillCurrency(&e)
	o.fillDetails(&e)
	if err := o.count(e, debit); err != nil {
		return placed(err, e.Place())
	}
	if o.visit.Entry == nil {
		return nil
	}
	return o.visit.Entry(e)
}

func (o *out) fillCurrency(e *Entry) {
	if e.Currency == "" {
		e.Currency = o.currency
	}
	switch {
	case o.currency == "":
		o.currency = e.Currency
	case e.Currency != o.currency:
		o.contradict(remarkCurrency, e.Place())
	}
}

func (o *out) fillDetails(e *Entry) {
	if len(e.Details) == 0 {
		e.Details = []Detail{{}}
	}
	if len(e.Details) == 1 && !e.Details[0].HasAmount {
		e.Details[0].Amount, e.Details[0].Currency, e.Details[0].HasAmount = e.Amount, e.Currency, true
	}
	told := true
	for i := range e.Details {
		d := &e.Details[i]
		if d.Currency == "" {
			d.Currency = e.Currency
		}
		if d.Code == (Code{}) {
			d.Code = e.Code
		}
		told = told && d.HasAmount && d.Currency == e.Currency
	}
	if told && !e.Splits() {
		o.remark(remarkBatch, e.Place())
	}
}

func (o *out) count(e Entry, debit bool) error {
	s := o.current
	credit := e.Amount.Sign() > 0 || e.Amount.IsZero() && !debit
	if err := o.all.add(e.Amount, credit); err != nil {
		return err
	}
	switch e.Status {
	case Booked:
		s.Counts.Booked++
		if err := o.booked.add(e.Amount, credit); err != nil {
			return err
		}
		s.Credits, s.Debits = o.booked.credits, o.booked.debits
	case Pending:
		s.Counts.Pending++
	default:
		s.Counts.Info++
	}
	return nil
}

// close proves the open statement and hands it on, complete.
func (o *out) close() error {
	s := o.current
	if s.Currency == "" {
		s.Currency = o.currency
	}
	if err := o.prove(); err != nil {
		return placed(err, fmt.Sprintf("statement %d (line %d)", s.Number, s.Line))
	}
	o.current = nil
	if o.visit.Close == nil {
		return nil
	}
	return o.visit.Close(*s)
}

// remark adds r to the open statement, at a place within it, unless it was made often
// enough.
func (o *out) remark(r Remark, place string) {
	s, same := o.current, 0
	for _, other := range s.Remarks {
		if other.Code == r.Code {
			same++
		}
	}
	if same == remarksMax {
		return
	}
	r.Place = place
	s.Remarks = append(s.Remarks, r)
}

// contradict remarks what makes the open statement Unbalanced.
func (o *out) contradict(r Remark, place string) {
	o.contradicted = true
	o.remark(r, place)
}

// placed adds the place to a fault that has none; any other error passes.
func placed(err error, place string) error {
	if known, ok := fault.Of(err); ok && known.Place == "" {
		return known.At(place)
	}
	return err
}

func atLine(line int) string { return fmt.Sprintf("line %d", line) }
