package statement

import (
	"encoding/json"
	"fmt"
)

// Proof is the verdict over a statement: three-valued, since many files give nothing to
// prove it by.
type Proof uint8

// The verdicts.
const (
	Unproven   Proof = iota // the file does not give both balances, and contradicts nothing
	Balanced                // opening + credits - debits is closing, and all that is declared agrees
	Unbalanced              // something contradicts; Remarks say what
)

// String returns the verdict in one word.
func (p Proof) String() string {
	return [...]string{"unproven", "balanced", "unbalanced"}[p]
}

// MarshalJSON writes true, false, or null for Unproven.
func (p Proof) MarshalJSON() ([]byte, error) {
	switch p {
	case Balanced:
		return json.Marshal(true)
	case Unbalanced:
		return json.Marshal(false)
	default:
		return json.Marshal(nil)
	}
}

// Remark is something about a statement that a person should see. It holds figures at
// most, no text of the file.
type Remark struct {
	Code    string // snake_case, the same for ever
	Message string // for people
	Place   string // empty for the whole statement
}

// with returns a copy with a more specific message.
func (r Remark) with(format string, args ...any) Remark {
	r.Message = fmt.Sprintf(format, args...)
	return r
}

// The remarks that make their statement Unbalanced. Their codes are for ever.
var (
	remarkBalance         = Remark{Code: "balance_differs", Message: "opening + credits - debits is not the closing balance"}
	remarkRunning         = Remark{Code: "running_balance_differs", Message: "the balance after the entry is not the one before it with the entry added"}
	remarkDeclaredSum     = Remark{Code: "declared_sum_differs", Message: "the sum that the file declares is not the sum of its entries"}
	remarkDeclaredEntries = Remark{Code: "declared_entries_differ", Message: "the number of entries that the file declares is not how many there are"}
	remarkBalanceTwice    = Remark{Code: "balance_given_twice", Message: "the file gives the same balance twice, with different amounts"}
	remarkCurrency        = Remark{Code: "currency_differs", Message: "entries and balances are not all in the account's currency, so their sum means little"}
)

// The remarks that do not. An entry whose batch differs is itself sound, and Entry.Splits
// says that its parts are not to be worked one by one.
var (
	remarkBatch  = Remark{Code: "batch_differs", Message: "the amounts of the transactions behind the entry do not add up to it"}
	remarkStatus = Remark{Code: "status_unknown", Message: "the status of the entry is not known here, so it is shown and not booked"}
)

// Splits reports whether the details say how the entry's amount is made up, to the last
// cent and in its currency: only then may they be worked one by one.
func (e Entry) Splits() bool {
	var sum Decimal
	for _, d := range e.Details {
		if !d.HasAmount || d.Currency != e.Currency {
			return false
		}
		var err error
		if sum, err = sum.Add(d.Amount); err != nil {
			return false
		}
	}
	return len(e.Details) > 0 && sum.Cmp(e.Amount) == 0
}

// prove compares a statement that is complete with what the file says about it, and sets
// Proof. What contradicts was remarked before or is remarked here.
func (o *out) prove() error {
	s := o.current
	if err := o.proveBalances(); err != nil {
		return err
	}
	if err := o.proveDeclared(); err != nil {
		return err
	}
	switch {
	case o.contradicted:
		s.Proof = Unbalanced
	case s.Opening != nil && s.Closing != nil:
		s.Proof = Balanced
	default:
		s.Proof = Unproven
	}
	return nil
}

func (o *out) proveBalances() error {
	s := o.current
	for _, b := range [2]*Balance{s.Opening, s.Closing} {
		if b != nil && o.currency != "" && b.Currency != "" && b.Currency != o.currency {
			o.contradict(remarkCurrency, "")
		}
	}
	if s.Opening == nil || s.Closing == nil {
		return nil
	}
	reached, err := s.Opening.Amount.Add(s.Credits)
	if err != nil {
		return err
	}
	if reached, err = reached.Sub(s.Debits); err != nil {
		return err
	}
	if reached.Cmp(s.Closing.Amount) != 0 {
		o.contradict(remarkBalance.with("opening + credits - debits is %v, and the closing balance %v", reached, s.Closing.Amount), "")
	}
	return nil
}

// proveDeclared takes a declared figure as kept if it is that of the booked entries, or
// of all: formats and banks differ in what they count.
func (o *out) proveDeclared() error {
	d := o.current.Declared
	for _, c := range []struct {
		what        string
		declared    *int
		booked, all int
	}{
		{"entries", d.Entries, o.booked.entries(), o.all.entries()},
		{"credit entries", d.CreditEntries, o.booked.creditEntries, o.all.creditEntries},
		{"debit entries", d.DebitEntries, o.booked.debitEntries, o.all.debitEntries},
	} {
		if c.declared != nil && *c.declared != c.booked && *c.declared != c.all {
			o.contradict(remarkDeclaredEntries.with("the file declares %d %s and has %d", *c.declared, c.what, c.all), "")
		}
	}
	bookedNet, bookedTurnover, err := o.booked.totals()
	if err != nil {
		return err
	}
	allNet, allTurnover, err := o.all.totals()
	if err != nil {
		return err
	}
	for _, c := range []struct {
		what        string
		declared    *Decimal
		booked, all Decimal
	}{
		{"credits", d.Credits, o.booked.credits, o.all.credits},
		{"debits", d.Debits, o.booked.debits, o.all.debits},
		{"net amount", d.Net, bookedNet, allNet},
		{"turnover", d.Turnover, bookedTurnover, allTurnover},
	} {
		if c.declared != nil && c.declared.Cmp(c.booked) != 0 && c.declared.Cmp(c.all) != 0 {
			o.contradict(remarkDeclaredSum.with("the %s that the file declares is %v, and that of its entries %v", c.what, c.declared, c.booked), "")
		}
	}
	return nil
}

// sums are the two sides of a statement, and how many entries each has.
type sums struct {
	credits, debits             Decimal
	creditEntries, debitEntries int
}

func (s *sums) add(amount Decimal, credit bool) (err error) {
	if !credit {
		s.debitEntries++
		s.debits, err = s.debits.Sub(amount)
		return err
	}
	s.creditEntries++
	s.credits, err = s.credits.Add(amount)
	return err
}

func (s sums) entries() int { return s.creditEntries + s.debitEntries }

func (s sums) totals() (net, turnover Decimal, err error) {
	if net, err = s.credits.Sub(s.debits); err != nil {
		return Decimal{}, Decimal{}, err
	}
	turnover, err = s.credits.Add(s.debits)
	return net, turnover, err
}
