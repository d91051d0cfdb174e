package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// demoReport is what happened. Amounts are decimal strings by currency; usage,
// carried and billed are net, collected and open are gross.
type demoReport struct {
	Database    string            `json:"database"`
	Policy      string            `json:"policy"`
	Accounts    int               `json:"accounts"`
	Lines       int               `json:"usage_lines"`
	TaxLines    int               `json:"tax_lines"`
	Repeated    int               `json:"repeated_lines"`
	UsageTotal  map[string]string `json:"usage_total"`
	Thresholds  int               `json:"threshold_charges"`
	Remainders  int               `json:"remainder_charges"`
	Bills       int               `json:"bills"`
	Billed      map[string]string `json:"billed"`
	Tax         map[string]string `json:"tax"`
	Carried     map[string]string `json:"carried"`
	Collected   map[string]string `json:"collected"`
	Open        map[string]string `json:"open"`
	Retried     int               `json:"payments_retried"`
	Challenges  int               `json:"challenges_passed"`
	Wallets     int               `json:"paypal_accounts"`
	Held        int               `json:"holds_on_usage"`
	ByPayPal    int               `json:"paypal_threshold_charges"`
	Unbound     int               `json:"accounts_without_card"`
	Credit      int               `json:"credit_customers"`
	Statements  int               `json:"bank_statements"`
	Transfers   int               `json:"bank_transfers"`
	Proof       string            `json:"account_proof,omitempty"` // path of the document
	Ledger      []demoTotal       `json:"ledger"`
	Checks      []demoCheck       `json:"checks"`
	Verified    bool              `json:"verified"`
	Seconds     float64           `json:"seconds"`
	Failed      bool              `json:"-"` // the one charge was told to fail
	outsideSays []string          // where the world's books differ from ours
}

type demoTotal struct {
	Account  string `json:"account"`
	Currency string `json:"currency"`
	Debit    string `json:"debit"`
	Credit   string `json:"credit"`
}

type demoCheck struct {
	Name     string   `json:"name"`
	Counted  int64    `json:"counted"`
	Problems []string `json:"problems,omitempty"`
}

// sums adds exact amounts up by currency.
type sums map[money.Currency]money.Exact

func (s sums) add(e money.Exact) error {
	sum, ok := s[e.Currency]
	if !ok {
		sum = money.Exact{Currency: e.Currency}
	}
	sum, err := sum.Add(e)
	s[e.Currency] = sum
	return err
}

func (s sums) addAmount(a money.Amount) error {
	e, err := a.Exact()
	if err != nil {
		return err
	}
	return s.add(e)
}

// decimals shows each sum with all its digits; amounts keep the currency's own.
func (s sums) decimals() map[string]string {
	out := map[string]string{}
	for c, e := range s {
		out[string(c)] = e.Decimal()
	}
	return out
}

func (s sums) amounts() (map[string]string, error) {
	out := map[string]string{}
	for c, e := range s {
		a, rest, err := e.Floor(1)
		if err != nil || !rest.IsZero() {
			return nil, errors.Join(err, fmt.Errorf("a sum in %s is not whole", c))
		}
		out[string(c)] = a.Decimal()
	}
	return out, nil
}

// demoSums is what the books hold after the demo.
type demoSums struct {
	usage, billed, tax, carried, collected, open sums
}

// prove adds up what the books hold, and holds it against the file, against
// itself, and against the books of the pretend world.
func (d *demo) prove(ctx context.Context) error {
	t := demoSums{sums{}, sums{}, sums{}, sums{}, sums{}, sums{}}
	for _, a := range d.accounts {
		for _, s := range []sums{t.usage, t.billed, t.tax, t.carried, t.collected, t.open} {
			if err := s.add(money.Exact{Currency: a.Currency}); err != nil {
				return err
			}
		}
	}
	for _, p := range d.order {
		if err := d.addUp(ctx, d.accounts[p].ID, t); err != nil {
			return err
		}
	}
	if err := d.fill(t); err != nil {
		return err
	}
	if err := d.compareOutside(ctx); err != nil {
		return err
	}
	return d.verify(ctx, t)
}

// addUp adds an account's bills, debts and payments to the sums.
func (d *demo) addUp(ctx context.Context, id account.ID, t demoSums) error {
	o := d.desk.office
	bills, _, err := o.Bills(ctx, access.CommandLine, id, office.Page{Limit: 1_000})
	if err != nil {
		return err
	}
	d.report.Bills += len(bills)
	last := map[string]money.Exact{} // carried out of the latest bill that has the product
	for _, b := range slices.Backward(bills) {
		full, err := o.Bill(ctx, access.CommandLine, b.ID)
		if err != nil {
			return err
		}
		if err := errors.Join(t.billed.addAmount(full.Net), t.tax.addAmount(full.Tax), t.open.addAmount(full.Open)); err != nil {
			return err
		}
		for _, s := range full.Shares {
			last[s.Product] = s.CarriedOut
			if err := t.usage.add(s.Usage); err != nil {
				return err
			}
		}
		for _, debt := range full.Debts {
			if err := d.countDebt(ctx, debt, t); err != nil {
				return err
			}
		}
	}
	if err := d.countCash(ctx, id, t); err != nil {
		return err
	}
	for _, carried := range last {
		if err := t.carried.add(carried); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) countDebt(ctx context.Context, debt billing.Debt, t demoSums) error {
	if debt.Kind == billing.ThresholdDebt {
		d.report.Thresholds++
	} else {
		d.report.Remainders++
	}
	s, err := d.desk.office.Debt(ctx, access.CommandLine, debt.ID)
	if err != nil {
		return err
	}
	for _, p := range s.Payments {
		if p.State != payment.Succeeded {
			continue
		}
		if p.Attempt > 1 {
			d.report.Retried++
		}
		if p.Provider == d.desk.office.Wallet.Name() && debt.Kind == billing.ThresholdDebt {
			d.report.ByPayPal++
		}
		if err := t.collected.addAmount(p.Amount); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) fill(t demoSums) (err error) {
	d.report.UsageTotal, d.report.Carried = t.usage.decimals(), t.carried.decimals()
	for _, f := range []struct {
		into *map[string]string
		from sums
	}{{&d.report.Billed, t.billed}, {&d.report.Tax, t.tax}, {&d.report.Collected, t.collected}, {&d.report.Open, t.open}} {
		if *f.into, err = f.from.amounts(); err != nil {
			return err
		}
	}
	return nil
}

// compareOutside holds what was captured against the world's own books.
func (d *demo) compareOutside(ctx context.Context) error {
	books, err := d.world.Books(ctx)
	if err != nil {
		return err
	}
	for c, ours := range d.report.Collected {
		theirs := money.Amount{Minor: books.Totals[strings.ToLower(c)].Captured + books.PayPal.Totals[c].Captured + books.Bank.Totals[c].Booked, Currency: money.Currency(c)}
		if p, ok := d.desk.office.Cards.Limits(theirs.Currency); ok && p.Step > 0 && theirs.Decimal() != ours && !isScaled(theirs.Currency) {
			d.report.outsideSays = append(d.report.outsideSays, fmt.Sprintf("captured %s %s, and we have %s", theirs.Decimal(), c, ours))
		}
	}
	for _, h := range books.Holds {
		if h.State == "held" {
			d.report.outsideSays = append(d.report.outsideSays, "a hold was left behind: "+h.Intent)
		}
	}
	if err := d.compareBank(ctx, books); err != nil {
		return err
	}
	return d.compareHolds(ctx, books)
}

// compareHolds has PayPal hold just what our books say is held on usage.
func (d *demo) compareHolds(ctx context.Context, books sandbox.Books) error {
	ours := map[string]bool{}
	for _, p := range d.order {
		w, err := d.desk.office.WaysToPay(ctx, access.CommandLine, d.accounts[p].ID)
		if err != nil {
			return err
		}
		if w.Held.ID != "" {
			ours[w.Held.Key] = true
			d.report.Held++
		}
	}
	for _, a := range books.PayPal.Authorizations {
		if a.State == "held" && !ours[a.Invoice] {
			d.report.outsideSays = append(d.report.outsideSays, "PayPal holds what we do not know of: "+a.Invoice)
		}
		delete(ours, a.Invoice)
	}
	for invoice := range ours {
		d.report.outsideSays = append(d.report.outsideSays, "PayPal does not hold what our books say it does: "+invoice)
	}
	return nil
}

// isScaled tells whether the card network counts a currency in other units than
// ISO 4217 does, so that its integers are not ours.
func isScaled(c money.Currency) bool {
	return slices.Contains([]money.Currency{"ISK", "UGX", "MGA", "HUF", "TWD"}, c)
}

// verify runs the proof of the books and compares their usage with the file's.
func (d *demo) verify(ctx context.Context, t demoSums) error {
	report, err := d.desk.store.Verify(ctx, nil)
	if err != nil {
		return err
	}
	d.report.Verified = report.OK()
	for _, c := range report.Checks {
		check := demoCheck{Name: c.Name, Counted: c.Counted}
		for _, p := range c.Problems {
			check.Problems = append(check.Problems, p.Where+": "+p.What)
		}
		d.report.Checks = append(d.report.Checks, check)
	}
	d.check("usage_is_the_files", int64(len(d.fileSums)), d.differences(t.usage))
	d.check("month_is_debts_and_carries", int64(d.report.Bills), d.unexplained(t))
	d.check("outside_agrees", int64(len(d.report.Collected)), d.report.outsideSays)
	return d.totals(ctx)
}

func (d *demo) check(name string, counted int64, problems []string) {
	d.report.Checks = append(d.report.Checks, demoCheck{name, counted, problems})
	d.report.Verified = d.report.Verified && len(problems) == 0
}

// differences compares the sums of the books with the file's, to the last digit.
func (d *demo) differences(books sums) (why []string) {
	for c, want := range d.fileSums {
		if got := books[c]; got.Cmp(want) != 0 {
			why = append(why, fmt.Sprintf("the file has %s, the books have %s", want, got))
		}
	}
	return why
}

// unexplained tells where usage is not what was billed and what is carried.
func (d *demo) unexplained(t demoSums) (why []string) {
	for c, usage := range t.usage {
		whole, err := t.billed[c].Add(t.carried[c])
		if err != nil || whole.Cmp(usage) != 0 {
			why = append(why, fmt.Sprintf("%s was used, %s billed and %s carried", usage, t.billed[c], t.carried[c]))
		}
	}
	return why
}

func (d *demo) totals(ctx context.Context) error {
	totals, err := d.desk.office.Totals(ctx, access.CommandLine)
	for _, t := range totals {
		d.report.Ledger = append(d.report.Ledger, demoTotal{string(t.Ledger), string(t.Debit.Currency), t.Debit.Decimal(), t.Credit.Decimal()})
	}
	return err
}

// tell writes the report for people.
func (r demoReport) tell(w io.Writer) {
	fmt.Fprintf(w, "\nOne month, lived in %.1f s on %s\n\n", r.Seconds, r.Database)
	facts(w, func(add func(...any)) {
		add("accounts", fmt.Sprint(r.Accounts), fmt.Sprintf("%d bound after a challenge", r.Challenges))
		add("usage lines", fmt.Sprint(r.Lines), fmt.Sprintf("%d repeated, %d of tax", r.Repeated, r.TaxLines))
		add("threshold charges", fmt.Sprint(r.Thresholds), fmt.Sprintf("%d by PayPal", r.ByPayPal))
		add("PayPal accounts", fmt.Sprint(r.Wallets), fmt.Sprintf("%d with a hold on usage now", r.Held))
		add("month-end charges", fmt.Sprint(r.Remainders), fmt.Sprintf("%d refused at first and paid a week later", r.Retried))
		add("bills", fmt.Sprint(r.Bills), "")
		if r.Credit > 0 {
			add("on credit", fmt.Sprint(r.Credit), fmt.Sprintf("%d bank transfer found its owner by itself", r.Transfers))
			add("account proof", r.Proof, "")
		}
	})
	fmt.Fprintln(w)
	table(w, "currency,used,billed net,carried,tax,collected,open", func(add func(...any)) {
		for _, c := range currenciesOf(r.UsageTotal) {
			add(c, r.UsageTotal[c], r.Billed[c], r.Carried[c], r.Tax[c], r.Collected[c], r.Open[c])
		}
	})
	fmt.Fprintln(w)
	table(w, "ledger account,currency,debit,credit", func(add func(...any)) {
		for _, t := range r.Ledger {
			add(t.Account, t.Currency, t.Debit, t.Credit)
		}
	})
	fmt.Fprintln(w)
	table(w, "proof,counted,result", func(add func(...any)) {
		for _, c := range r.Checks {
			result := "holds"
			if len(c.Problems) > 0 {
				result = strings.Join(c.Problems, "; ")
			}
			add(c.Name, fmt.Sprint(c.Counted), result)
		}
	})
	fmt.Fprintf(w, "\nSee it all: bursar serve --demo --db %s\n", r.Database)
}

func currenciesOf(m map[string]string) []string {
	var out []string
	for c := range m {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}
