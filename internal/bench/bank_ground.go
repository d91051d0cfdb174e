package bench

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/id"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/provider/stripe"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/webhook"
)

const (
	bankNumber     = "DE89370400440532013000"
	bankCurrency   = "EUR"
	billMonths     = 12
	creditTerms    = 365 // days, so that no bill is overdue
	monthlyUsage   = "10.17"
	modelReference = "customer"
)

// model is one credit customer whose bills of a year are open, lived through by the
// office itself. What it has in the tables is what every other one has, under other ids.
type model struct {
	once []tableRows // what there is once
	each []tableRows // what each customer has
	pool bank.Pool

	account string          // the customer
	number  string          // that the customer transfers to
	open    []money.Amount  // the bills, oldest first
	bills   []string        // their ids
	debts   []string        // what they are owed as
	known   map[string]bool // ids of what each customer has

	file    []tableRows // what an import writes for the file
	entry   []tableRows // and for each entry
	changed []tableRows // rows that an entry changes, as they are then
}

// tableRows are rows of one table.
type tableRows struct {
	table   string
	columns []string
	key     []string        // of those that are changed
	changed map[string]bool // their columns that are
	rows    [][]any
}

// Tables of the model, in an order in which they can be filled.
var (
	tablesOnce = []string{"receiving_changes", "receiving_accounts", "number_pools"}
	tablesEach = []string{
		"accounts", "credit_lines", "virtual_accounts", "collections", "usage_lines", "exposures", "carries", "bills", "bill_lines", "debts", "debt_lines",
		"entries", "postings", "balances",
	}
)

// modelClock is set forward as the model lives.
type modelClock struct{ now time.Time }

func (c *modelClock) Now() time.Time { return c.now }

// makeModel has the office live a year with one customer, in a file of its own.
func makeModel(ctx context.Context, o *Options, path string) (m model, err error) {
	now := o.Now().UTC()
	c := &modelClock{time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -billMonths-1, 0)}
	s, err := store.Open(ctx, "sqlite:"+path, store.Options{})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Migrate(ctx); err != nil {
		return m, err
	}
	world, err := sandbox.Open(sandbox.Options{Now: c.Now, Random: o.Random})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, world.Close()) }()
	log := slog.New(slog.DiscardHandler)
	cards, err := stripe.New(stripe.Options{Key: "sk_test_bench", URL: "http://world.invalid", Client: &http.Client{Transport: world.Transport()}, Now: c.Now, Logger: log})
	if err != nil {
		return m, err
	}
	off := &office.Office{
		Store: s, Cards: cards, Now: c.Now, IDs: id.NewSource(c.Now, o.Random), Random: o.Random, Log: log, Webhooks: webhook.NewSender(webhook.Options{}),
		Installation: "inst_model", Prompt: office.PromptInline,
	}
	s.UseQueue(store.StepperQueue(func() {})) // no job is run: the months are closed by hand
	a, err := m.openCustomer(ctx, off)
	if err != nil {
		return m, err
	}
	for month := range billMonths {
		amount, _, err := money.ParseExact(monthlyUsage, bankCurrency)
		if err != nil {
			return m, err
		}
		line := billing.Line{Row: 1, Account: a.ID, ID: fmt.Sprintf("line-%d", month), Product: "compute", Amount: amount, StartedAt: c.now}
		if _, err := off.RecordUsage(ctx, access.CommandLine, office.UsageBatch{Lines: []billing.Line{line}}); err != nil {
			return m, err
		}
		c.now = c.now.AddDate(0, 1, 0)
		if _, err := off.CloseMonth(ctx, access.CommandLine, a.ID, billing.MonthOf(line.StartedAt, time.UTC)); err != nil {
			return m, err
		}
	}
	if err := m.read(ctx, off, a.ID, path); err != nil {
		return m, err
	}
	return m, m.learn(ctx, off, world, path)
}

// openCustomer opens the seller's bank account and a customer who pays by transfer.
func (m *model) openCustomer(ctx context.Context, off *office.Office) (a account.Account, err error) {
	second := access.Caller{Name: "bench:second", Trusted: true}
	opened, err := off.ProposeReceiving(ctx, access.CommandLine, bank.ReceivingAccount{
		Seller: "main", Country: "DE", Currency: bankCurrency, Bank: "Bench Bank", BIC: "PRETDEFFXXX", Holder: "Bench Cloud", Scheme: bank.SchemeIBAN, Number: bankNumber,
		Rails: []bank.Rail{bank.RailSwift, bank.RailSEPA}, Shared: true,
	}, "bench")
	if err != nil {
		return a, err
	}
	if _, err := off.AgreeToReceiving(ctx, second, opened.ID, ""); err != nil {
		return a, err
	}
	numbers, err := off.ProposePool(ctx, access.CommandLine, office.NewPool{Receiving: opened.Receiving, BankCode: "37040044", Prefix: "9", Last: 999_999}, "bench")
	if err != nil {
		return a, err
	}
	if _, err := off.AgreeToReceiving(ctx, second, numbers.ID, ""); err != nil {
		return a, err
	}
	m.pool = numbers.Pool
	if a, err = off.OpenAccount(ctx, access.CommandLine, office.NewAccount{
		Reference: modelReference, Kind: account.Enterprise, Name: "Example Works", Country: "DE", Currency: bankCurrency, Email: "pay@example.com",
	}); err != nil {
		return a, err
	}
	line, err := off.ProposeCreditLine(ctx, access.Caller{Name: "bench:manager", Trusted: true}, a.ID, office.CreditProposal{
		Kind: account.OpenCredit, Limit: money.Amount{Minor: 1_000_000_00, Currency: bankCurrency}, Terms: &account.Terms{Days: creditTerms}, Reason: "bench",
	})
	if err == nil {
		_, err = off.ApproveCreditLine(ctx, access.Caller{Name: "bench:finance", Trusted: true}, line.ID, "")
	}
	return a, err
}

// read keeps what the customer's life left in the tables, and what is open.
func (m *model) read(ctx context.Context, off *office.Office, a account.ID, path string) error {
	m.account = string(a)
	to, err := off.ReceivingDetails(ctx, access.CommandLine, a)
	if err != nil {
		return err
	}
	m.number = to.Number
	f, err := off.Funds(ctx, access.CommandLine, a)
	if err != nil {
		return err
	}
	for _, b := range f.Open {
		full, err := off.Bill(ctx, access.CommandLine, b.ID)
		if err != nil {
			return err
		}
		if len(full.Debts) != 1 {
			return fmt.Errorf("a bill of the model has %d debts", len(full.Debts))
		}
		m.open, m.bills, m.debts = append(m.open, b.Open), append(m.bills, string(b.ID)), append(m.debts, string(full.Debts[0].ID))
	}
	m.known = map[string]bool{}
	if len(m.open) != billMonths {
		return fmt.Errorf("the model has %d open bills instead of %d", len(m.open), billMonths)
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, list := range []struct {
		names []string
		into  *[]tableRows
	}{{tablesOnce, &m.once}, {tablesEach, &m.each}} {
		for _, name := range list.names {
			t, err := readTable(ctx, db, name)
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			*list.into = append(*list.into, t)
			m.remember(t)
		}
	}
	return nil
}

// remember notes the ids of rows.
func (m *model) remember(t tableRows) {
	for _, row := range t.rows {
		for _, v := range row {
			if text, ok := v.(string); ok && idForm.MatchString(text) {
				m.known[text] = true
			}
		}
	}
}

func readTable(ctx context.Context, db *sql.DB, name string) (t tableRows, err error) {
	t.table = name
	rows, err := db.QueryContext(ctx, "SELECT * FROM "+name)
	if err != nil {
		return t, err
	}
	defer rows.Close()
	if t.columns, err = rows.Columns(); err != nil {
		return t, err
	}
	for rows.Next() {
		row := make([]any, len(t.columns))
		into := make([]any, len(row))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return t, err
		}
		t.rows = append(t.rows, row)
	}
	return t, rows.Err()
}

// fill fills an empty database with so many customers.
func (m *model) fill(ctx context.Context, f *floor, customers int) error {
	for _, t := range m.once {
		if t.table == "number_pools" {
			t.set("next", int64(customers+1))
		}
		if err := f.insert(ctx, t); err != nil {
			return fmt.Errorf("fill %s: %w", t.table, err)
		}
	}
	for _, t := range m.each {
		all := tableRows{table: t.table, columns: t.columns}
		for n := range customers {
			for _, row := range t.rows {
				of, err := m.of(t, row, n)
				if err != nil {
					return err
				}
				all.rows = append(all.rows, of)
			}
			if len(all.rows) > rowsAtOnce || n == customers-1 {
				if err := f.insert(ctx, all); err != nil {
					return fmt.Errorf("fill %s: %w", t.table, err)
				}
				all.rows = all.rows[:0]
			}
		}
	}
	return nil
}

const rowsAtOnce = 20_000

func (t tableRows) set(column string, value any) {
	for i, c := range t.columns {
		if c == column {
			for _, row := range t.rows {
				row[i] = value
			}
		}
	}
}

// idForm tells ids; isShared those that all customers have in common.
var (
	idForm   = regexp.MustCompile(`^[a-z]{2,5}_[0-9a-z]{26}$`)
	isShared = regexp.MustCompile(`^(rac|vpl)_`)
)

// ofCustomer is an id of the model's customer as that of another one. What is made
// together stays together, as it does when ids begin with the time.
func ofCustomer(id string, n int) string { return otherID(id, n) }

// otherID is an id with a number in it, and what is left of the one that it was: ids
// made in one instant may differ in their last letters alone.
func otherID(id string, n int) string {
	head := strings.IndexByte(id, '_') + 1 + idTimeLetters
	h := fnv.New32a()
	h.Write([]byte(id))
	return fmt.Sprintf("%s%08d%08x", id[:head], n, h.Sum32())
}

const (
	idTimeLetters = 10
	idLetters     = 26
)

// of is a row of the model's customer as that of another one.
func (m *model) of(t tableRows, row []any, n int) ([]any, error) {
	out := make([]any, len(row))
	for i, v := range row {
		out[i] = v
		text, isText := v.(string)
		switch {
		case isText && idForm.MatchString(text) && !isShared.MatchString(text):
			out[i] = ofCustomer(text, n)
		case t.columns[i] == "reference" && t.table == "accounts":
			out[i] = fmt.Sprintf("%s-%d", text, n)
		case t.columns[i] == "number" && t.table == "bills":
			out[i] = fmt.Sprintf("%s-%d", text, n)
		case t.columns[i] == "number" && t.table == "virtual_accounts":
			number, err := m.numberOf(n)
			if err != nil {
				return nil, err
			}
			out[i] = number
		case t.columns[i] == "line_key":
			sum := sha256.Sum256(fmt.Appendf(v.([]byte), " %d", n))
			out[i] = sum[:len(v.([]byte))]
		}
	}
	return out, nil
}

// numberOf is the account number that a customer transfers to.
func (m *model) numberOf(n int) (string, error) { return m.pool.Number(int64(n)) }
