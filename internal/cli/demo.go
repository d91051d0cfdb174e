package cli

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/focus"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

//go:embed demodata/focus_1.0_sample.csv.gz
var demoSample []byte

// errDemoUsed refuses to live a demo on top of somebody's books.
var errDemoUsed = fault.New(fault.Conflict, "database_not_empty", "the database has accounts already, and the demo wants an empty one").
	WithNext("name a new file with --db sqlite:PATH or an empty PostgreSQL database, or leave --db out")

// errDemoWrong says that the demo's books do not add up.
var errDemoWrong = fault.New(fault.Conflict, "demo_unproven", "the demo's books do not prove themselves").
	WithNext("run: bursar verify --db with the database named here")

type demoCommand struct {
	Usage  string `placeholder:"FOCUS.csv" help:"Usage rows to live through, a FOCUS CSV file, plain or gzip. Default: a real sample of 1,000 rows."`
	Policy string `placeholder:"FILE" help:"The policy that rules. Default: the demo's, with a card threshold of 5.00 USD."`
}

// Run lives one month from usage rows to collected money.
func (d demoCommand) Run(ctx context.Context, s *session) error {
	c, err := s.config(slog.LevelError)
	if err != nil {
		return err
	}
	if _, source := s.of("db"); source == "default" {
		c.DB = "sqlite:" + filepath.Join(c.Data, "demo", wall().Format("20060102-150405.000")+".db")
	}
	document, name := []byte(policy.Demo().Document), "demo policy"
	if d.Policy != "" {
		if document, err = readDocument(d.Policy); err != nil {
			return err
		}
		name = d.Policy
	}
	rows, err := d.rows()
	if err != nil {
		return err
	}
	began := wall()
	report, err := live(ctx, c, rows, document, name, func(format string, args ...any) {
		fmt.Fprintf(s.Err, format+"\n", args...)
	})
	if err != nil {
		return err
	}
	report.Seconds = wall().Sub(began).Seconds()
	if err := s.show(report, report.tell); err != nil {
		return err
	}
	if !report.Verified {
		return errDemoWrong
	}
	return nil
}

// rows reads the usage file.
func (d demoCommand) rows() ([]focus.Row, error) {
	var in io.Reader = bytes.NewReader(demoSample)
	if d.Usage != "" {
		f, err := os.Open(d.Usage)
		if err != nil {
			return nil, errFile.At(d.Usage).Detail("%v", cause(err))
		}
		defer f.Close()
		in = f
	}
	r, err := focus.NewReader(in, focus.Options{})
	if err != nil {
		return nil, err
	}
	var rows []focus.Row
	for {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, billing.ErrNoLines
	}
	slices.SortStableFunc(rows, func(a, b focus.Row) int { return a.Start.Compare(b.Start) })
	return rows, nil
}

// demo is a month being lived.
type demo struct {
	desk      *desk
	world     *sandbox.World
	rows      []focus.Row
	say       func(string, ...any)
	accounts  map[payer]account.Account
	order     []payer // by what they use, most first
	cards     map[account.ID]payment.Method
	failing   payer   // whose month-end charge fails once
	wallets   []payer // who pay by PayPal alone
	switches  payer   // who goes over from card to PayPal in mid month
	switched  bool
	transfers payer // who buys on credit and pays by bank transfer; zero: nobody
	fileSums  sums  // what the file's usage is, by currency
	report    demoReport
}

// payer is who is billed, in one currency: an account of ours.
type payer struct {
	reference string
	currency  money.Currency
}

func payerOf(r focus.Row) payer { return payer{r.Account, r.Amount.Currency} }

// live lives the rows on an empty database and proves what came of it.
func live(ctx context.Context, c config, rows []focus.Row, policyText []byte, policyName string, say func(string, ...any)) (r demoReport, err error) {
	first := billing.MonthOf(rows[0].Start, time.UTC)
	c.Migrate, c.Works, c.Prompt, c.StartAt = true, true, office.PromptInline, first.Start(time.UTC)
	desk, err := open(ctx, c)
	if err != nil {
		return r, err
	}
	defer func() {
		if closed := desk.Close(context.WithoutCancel(ctx)); err == nil {
			err = closed
		}
	}()
	d := &demo{desk: desk, rows: rows, say: say, accounts: map[payer]account.Account{}, cards: map[account.ID]payment.Method{}}
	d.report.Database = hide(setting{name: "db"}, c.DB)
	if err := d.mustBeEmpty(ctx); err != nil {
		return r, err
	}
	// Time stands still but for what the demo lets pass.
	desk.clock.stand()
	if d.world, err = desk.world(ctx); err != nil {
		return r, err
	}
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return d.rule(ctx, policyText, policyName) },
		d.openAccounts, d.openCredit, d.bindWallets, d.bindCards, d.useMonths, d.payByTransfer, d.prove,
	} {
		if err := step(ctx); err != nil {
			return r, err
		}
	}
	return d.report, nil
}

func (d *demo) mustBeEmpty(ctx context.Context) error {
	list, _, err := d.desk.office.Accounts(ctx, access.CommandLine, office.Page{Limit: 1})
	if err == nil && len(list) > 0 {
		return errDemoUsed
	}
	return err
}

func (d *demo) rule(ctx context.Context, document []byte, name string) error {
	p, err := d.desk.office.ApplyPolicy(ctx, access.CommandLine, document, name, true)
	if err != nil {
		return err
	}
	d.report.Policy = p.Version
	return nil
}

// demoRegions are the countries that accounts are opened in, in turn.
var demoRegions = []struct{ country, zone, language string }{
	{"US", "UTC", "en"}, {"DE", "UTC", "en"}, {"JP", "UTC", "ja"}, {"GB", "UTC", "en"}, {"SG", "UTC", "zh-Hans"}, {"TW", "UTC", "zh-Hant"},
}

// openAccounts opens an account for each billing account of the file; one that
// is billed in several currencies becomes an account for each.
func (d *demo) openAccounts(ctx context.Context) error {
	used, fileSums := map[payer]money.Exact{}, sums{}
	seen := map[string]int{}
	for _, r := range d.rows {
		p := payerOf(r)
		sum, ok := used[p]
		if !ok {
			sum = money.Exact{Currency: p.currency}
			d.order = append(d.order, p)
			seen[p.reference]++
		}
		if !r.Tax {
			var err error
			if sum, err = sum.Add(r.Amount); err != nil {
				return err
			}
			if err := fileSums.add(r.Amount); err != nil {
				return err
			}
		}
		used[p] = sum
	}
	slices.SortStableFunc(d.order, func(a, b payer) int {
		if a.currency != b.currency {
			return strings.Compare(string(a.currency), string(b.currency))
		}
		return used[b].Cmp(used[a])
	})
	for i, p := range d.order {
		place := demoRegions[i%len(demoRegions)]
		reference := p.reference
		if seen[p.reference] > 1 {
			reference += " " + string(p.currency)
		}
		a, err := d.desk.office.OpenAccount(ctx, access.CommandLine, office.NewAccount{
			Reference: reference, Kind: account.Enterprise, Name: fmt.Sprintf("Demo customer %d", i+1), Country: place.country,
			Currency: string(p.currency), Zone: place.zone, Language: place.language, Email: fmt.Sprintf("customer%d@example.com", i+1),
		})
		if err != nil {
			return fmt.Errorf("open the account of billing account %d: %w", i+1, err)
		}
		d.accounts[p] = a
	}
	d.report.Accounts, d.fileSums = len(d.order), fileSums
	d.failing = d.order[min(1, len(d.order)-1)]
	d.choosePayPal(used)
	d.say("%s  opened %d accounts", d.now(), len(d.order))
	return nil
}

// demoCards are published test cards of different numbers: each may be bound to
// one account alone. The first is the one whose issuer wants a challenge.
var demoCards = []string{
	sandbox.AuthenticateUnlessSetUp, sandbox.Visa, sandbox.Mastercard, sandbox.VisaDebit, "pm_card_us", "pm_card_gb", "pm_card_de", "pm_card_fr",
	"pm_card_jp", "pm_card_sg", "pm_card_au", "pm_card_ca", "pm_card_br", "pm_card_in", "pm_card_hk", "pm_card_nz", "pm_card_it", "pm_card_es",
	"pm_card_nl", "pm_card_be", "pm_card_at", "pm_card_ch", "pm_card_se", "pm_card_no", "pm_card_dk", "pm_card_fi", "pm_card_ie", "pm_card_pl",
	"pm_card_pt", "pm_card_mx",
}

// bindCards binds a card to each account, as its customer would: one has to pass
// its issuer's challenge.
func (d *demo) bindCards(ctx context.Context) error {
	next := 0
	for _, p := range d.order {
		if slices.Contains(d.wallets, p) || p == d.transfers {
			continue
		}
		for next < len(demoCards) {
			token := demoCards[next]
			next++
			bound, err := d.bindCard(ctx, d.accounts[p], token)
			if err != nil {
				return err
			}
			if bound {
				break
			}
		}
	}
	d.report.Unbound = len(d.order) - len(d.wallets) - len(d.cards) - d.report.Credit
	d.say("%s  bound %d cards, each by a small hold that was released at once", d.now(), len(d.cards))
	return nil
}

// bindCard answers false if the card may not be used by this account; another
// one is tried then.
func (d *demo) bindCard(ctx context.Context, a account.Account, token string) (bool, error) {
	o := d.desk.office
	b, err := o.BindCard(ctx, access.CommandLine, a.ID, office.CardToBind{Token: token, Consent: "demo", ReturnURL: "http://" + deskHost + "/"})
	if _, refused := fault.Of(err); refused {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if b.Method.State == payment.Challenged {
		if _, err := d.world.AnswerChallenge(b.Hold.Ref, true); err != nil {
			return false, fmt.Errorf("pass the challenge: %w", err)
		}
		s, err := o.Method(ctx, access.CommandLine, b.Method.ID, true)
		if err != nil {
			return false, err
		}
		b.Method = s.Method
		d.report.Challenges++
	}
	if b.Method.State != payment.Active {
		return false, nil
	}
	d.cards[a.ID] = b.Method
	return true, nil
}

// useMonths posts the usage hour by hour, lets each month end, and one charge
// fail and succeed a week later.
func (d *demo) useMonths(ctx context.Context) error {
	for len(d.rows) > 0 {
		hour := d.rows[0].Start.Truncate(time.Hour)
		n := 0
		for n < len(d.rows) && d.rows[n].Start.Before(hour.Add(time.Hour)) {
			n++
		}
		// Usage is known when its hour is over, and in its month.
		last := billing.MonthOf(hour, time.UTC)
		known := hour.Add(time.Hour)
		if end := last.Next().Start(time.UTC); !known.Before(end) {
			known = end.Add(-time.Second)
		}
		if err := d.passTo(ctx, known); err != nil {
			return err
		}
		if err := d.switchToPayPal(ctx, known); err != nil {
			return err
		}
		for batch := range slices.Chunk(d.rows[:n], billing.LinesMax) {
			if err := d.post(ctx, batch); err != nil {
				return err
			}
		}
		d.rows = d.rows[n:]
		if len(d.rows) > 0 && billing.MonthOf(d.rows[0].Start, time.UTC) == last {
			continue
		}
		if err := d.endMonth(ctx, last); err != nil {
			return err
		}
	}
	// A week and a day, so that what failed is tried again.
	return d.passTo(ctx, d.desk.clock.Now().Add(8*24*time.Hour))
}

func (d *demo) post(ctx context.Context, rows []focus.Row) error {
	lines := make([]billing.Line, len(rows))
	for i, r := range rows {
		lines[i] = billing.Line{
			Row: r.Number, Account: d.accounts[payerOf(r)].ID, ID: r.ID, Product: r.Product, Amount: r.Amount, StartedAt: r.Start, Tax: r.Tax, Content: r.Content,
		}
	}
	u, err := d.desk.office.RecordUsage(ctx, access.CommandLine, office.UsageBatch{Lines: lines})
	if err != nil {
		return err
	}
	d.report.Lines += u.Recorded
	d.report.TaxLines += u.Tax
	d.report.Repeated += u.Repeated
	return d.world.Tick(ctx)
}

// endMonth lets the month end: bills are issued and what stayed under the
// thresholds is charged. One card says no.
func (d *demo) endMonth(ctx context.Context, m billing.Month) error {
	if card, ok := d.cards[d.accounts[d.failing].ID]; ok && !d.report.Failed {
		if err := d.world.OrderCard(sandbox.CardOrder{PaymentMethod: card.Card.Token, Then: "decline:insufficient_funds"}); err != nil {
			return err
		}
		d.report.Failed = true
	}
	if err := d.passTo(ctx, m.Next().Start(time.UTC).Add(12*time.Hour)); err != nil {
		return err
	}
	d.say("%s  closed %s", d.now(), m)
	return nil
}

func (d *demo) passTo(ctx context.Context, to time.Time) error {
	if !to.After(d.desk.clock.Now()) {
		return nil
	}
	return d.desk.office.Advance(ctx, to)
}

func (d *demo) now() string { return d.desk.clock.Now().Format("2006-01-02 15:04") }
