package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
)

// problemsMax is how many problems a check names; the others are only counted.
const problemsMax = 100

// Report is what a verification of the books found.
type Report struct {
	Engine  string
	Checks  []Check
	Checked int64 // rows that the checks were about, each as often as it was looked at
}

// OK tells whether no check found a problem.
func (r Report) OK() bool {
	for _, c := range r.Checks {
		if !c.OK() {
			return false
		}
	}
	return true
}

// Check is one promise of the books, and where it is broken.
type Check struct {
	Name     string // snake_case, for ever
	Title    string // the promise, as a sentence without its full stop
	Counted  int64  // rows that it was held against
	Problems []Problem
	Total    int64 // of problems; Problems has the first of them
}

// OK tells whether the promise holds.
func (c Check) OK() bool { return c.Total == 0 }

// Problem is one place where a promise is broken.
type Problem struct {
	Where string // such as "entry ent_01j8…"
	What  string
}

// proof is how a check is made: by questions whose every answer is a problem, and
// by a walk over rows where SQL alone cannot tell.
type proof struct {
	name      string
	title     string
	count     string // SQL of how many rows it is about
	questions []question
	walk      func(context.Context, *Tx, *Check) error
}

// question finds what is wrong, a row a problem: where it is, the currency or an
// empty text, and the values that says shows: %s as it is, %m as minor units of
// the row's currency, %x as an exact amount written "micro pico", %d as a day.
//
// Rows that must agree are added up with opposite signs in one UNION ALL: what
// does not come to nothing is wrong, whichever side it is missing from. A healthy
// row is described by its condition, and coalesce makes an unknown answer a no.
type question struct {
	find  string
	units bool // $1 is unitsOf
	says  string
}

// proofs are all checks, in the order in which they are made and shown.
var proofs = []proof{
	entriesBalance, balancesKept, debtsPaid, paymentsBooked, collectedOnce, receivableOwed, ordersPaid,
	cashApplied, cashUndone, creditDrawn, toppedUp, withdrawalsKept, creditDecided,
	refundsWithin, refundsBooked, creditsWithin, providersOwe,
	bankCash, bankSuspense, receiptsWithin, claimsBooked,
	usageSums, collectionsShut, sharesExact, carriesExact, methodsHeld, holdsEnded, auditWhole,
}

// Verify proves the books. It only reads, in one view of the database, and
// trusts no constraint or trigger: a database that somebody else has written to
// is what it is for. progress, if not nil, hears the name of each check before
// it is made. An error means that the database could not be asked; a question
// that it refuses, say because a sum is beyond all bounds, is a problem.
func (s *Store) Verify(ctx context.Context, progress func(check string)) (Report, error) {
	r := Report{Engine: s.Engine()}
	for len(r.Checks) < len(proofs) {
		var refused error
		err := s.View(ctx, func(tx *Tx) error {
			if err := tx.takeRoom(ctx); err != nil {
				return err
			}
			for _, p := range proofs[len(r.Checks):] {
				if progress != nil {
					progress(p.name)
				}
				c := Check{Name: p.name, Title: p.title}
				refused = p.make(ctx, tx, &c)
				if refused != nil {
					c.add("the database", fmt.Sprintf("the check could not be made: %v", refused))
				}
				r.Checks = append(r.Checks, c)
				r.Checked += c.Counted
				if refused != nil {
					return refused // nothing more can be asked in this view
				}
			}
			return nil
		})
		if err == nil {
			continue
		}
		if refused == nil || ctx.Err() != nil || s.Ping(ctx) != nil {
			return r, err
		}
	}
	return r, nil
}

// takeRoom asks for memory to sort and hash in, for this view alone.
func (tx *Tx) takeRoom(ctx context.Context) error {
	ask := tx.store.engine.moreRoom()
	if ask == "" {
		return nil
	}
	return tx.query(ctx, ask, nil, func(row) error { return nil })
}

func (p proof) make(ctx context.Context, tx *Tx, c *Check) error {
	if p.count != "" {
		if err := tx.queryRow(ctx, p.count).Scan(&c.Counted); err != nil {
			return err
		}
	}
	for _, q := range p.questions {
		if err := q.ask(ctx, tx, c); err != nil {
			return err
		}
	}
	if p.walk != nil {
		return p.walk(ctx, tx, c)
	}
	return nil
}

func (q question) ask(ctx context.Context, tx *Tx, c *Check) error {
	var args []any
	if q.units {
		units, err := tx.unitsOf(ctx)
		if err != nil {
			return err
		}
		args = []any{units}
	}
	var where, currency sql.NullString
	values := make([]sql.NullString, strings.Count(q.says, "%"))
	into := []any{&where, &currency}
	for i := range values {
		into = append(into, &values[i])
	}
	return tx.query(ctx, q.find, args, func(r row) error {
		if err := r.Scan(into...); err != nil {
			return err
		}
		if len(c.Problems) == problemsMax {
			c.Total++
			return nil
		}
		shown := make([]any, len(values))
		for i, v := range values {
			shown[i] = value{v, money.Currency(currency.String)}
		}
		c.add(where.String, fmt.Sprintf(q.says, shown...))
		return nil
	})
}

func (c *Check) add(where, what string) {
	c.Total++
	if len(c.Problems) < problemsMax {
		c.Problems = append(c.Problems, Problem{where, what})
	}
}

// unitsOf is a JSON object from each currency of the accounts to how many
// micro-units make one of its minor units.
func (tx *Tx) unitsOf(ctx context.Context) (string, error) {
	type unit struct {
		Micros int64 `json:"u"`
	}
	units := map[string]unit{}
	err := tx.query(ctx, `SELECT DISTINCT currency FROM accounts`, nil, func(r row) error {
		var code sql.NullString
		if err := r.Scan(&code); err != nil {
			return err
		}
		one, err := money.Amount{Minor: 1, Currency: money.Currency(code.String)}.Exact()
		if err == nil { // amounts in what is no currency have no unit and are found by that
			units[code.String] = unit{one.Micro}
		}
		return nil
	})
	return asJSON(units), err
}

// value is one value of a problem's row, to be shown.
type value struct {
	sql.NullString
	currency money.Currency
}

// Format shows the value as question says.
func (v value) Format(f fmt.State, verb rune) {
	text := "nothing"
	if v.Valid {
		text = v.String
		switch verb {
		case 'm':
			text = v.minor()
		case 'x':
			text = v.exact()
		case 'd':
			if n, err := strconv.ParseInt(v.String, 10, 64); err == nil {
				text = billing.Day(n).String()
			}
		}
	}
	fmt.Fprint(f, text)
}

func (v value) minor() string {
	n, ok := new(big.Int).SetString(v.String, 10)
	if !ok || !v.currency.Valid() {
		return v.String + " " + string(v.currency)
	}
	return decimal(n, v.currency.Digits()) + " " + string(v.currency)
}

func (v value) exact() string {
	micro, pico, _ := strings.Cut(v.String, " ")
	m, ok := new(big.Int).SetString(micro, 10)
	p, ok2 := new(big.Int).SetString(pico, 10)
	if !ok || !ok2 {
		return v.String
	}
	m.Mul(m, big.NewInt(1_000_000))
	d := decimal(m.Add(m, p), 12)
	d = strings.TrimSuffix(strings.TrimRight(d, "0"), ".")
	return strings.TrimSpace(d + " " + string(v.currency))
}

// decimal writes n with so many decimals. Sums of a forged database know no
// bounds, so money's types cannot hold them.
func decimal(n *big.Int, digits int) string {
	text := fmt.Sprintf("%0*s", digits+1, new(big.Int).Abs(n).String())
	if digits > 0 {
		text = text[:len(text)-digits] + "." + text[len(text)-digits:]
	}
	if n.Sign() < 0 {
		text = "-" + text
	}
	return text
}
