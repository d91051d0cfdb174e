// Package officetest builds a whole office for tests: a database, the pretend
// outside world in process, a queue that is stepped, and a clock that stands
// still until it is advanced. Days pass in milliseconds, and nothing is mocked.
package officetest

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/document"
	"github.com/bursar-pay/bursar/internal/evidence"
	"github.com/bursar-pay/bursar/internal/id"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/provider/paypal"
	"github.com/bursar-pay/bursar/internal/provider/stripe"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/seal"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
	"github.com/bursar-pay/bursar/internal/webhook"
)

// Start is when every test begins, unless it says otherwise.
var Start = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// press reads its fonts once for all tests.
var press = document.New(nil, document.SystemDirectories)

// WebhookSecret signs what the pretend world tells us.
const WebhookSecret = "whsec_officetest"

// WebhookID is our webhook's at the pretend PayPal.
const WebhookID = "0OFFICETEST000000"

// Desk is an office with the world around it.
type Desk struct {
	*office.Office
	T       testing.TB
	Sandbox *sandbox.World
	Clock   *Clock
	Stepper *job.Stepper
	URL     string // of the database
	Keys    string // path of the file of master keys

	rounds     *rounds
	references int
}

// Options say what differs from the usual office.
type Options struct {
	Engine string // storetest.SQLite unless set
	URL    string // an existing database to go on with; "" a new one
	Keys   string // its file of master keys; "" a new one
	World  *sandbox.World
	Start  time.Time
	Prompt office.Prompt // PromptInline unless set
	Seed   uint64
}

// New builds an office on SQLite.
func New(t testing.TB) *Desk { return Build(t, Options{Prompt: office.PromptInline}) }

// Each runs a test on both engines, at the same time.
func Each(t *testing.T, test func(t *testing.T, d *Desk)) {
	t.Helper()
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(t, Build(t, Options{Engine: engine, Prompt: office.PromptInline}))
		})
	}
}

// Build builds an office as the options say.
func Build(t testing.TB, o Options) *Desk {
	t.Helper()
	if o.Engine == "" {
		o.Engine = storetest.SQLite
	}
	if o.Start.IsZero() {
		o.Start = Start
	}
	if o.URL == "" {
		o.URL = storetest.URL(t, o.Engine)
	}
	if o.Keys == "" {
		o.Keys = filepath.Join(t.TempDir(), "master.json")
	}
	random := &chance{rand: rand.New(rand.NewPCG(o.Seed, 7))}
	clock := &Clock{now: o.Start}
	log := slog.New(slog.NewTextHandler(logTo{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	world, news := o.World, &newsTo{}
	if world == nil {
		var err error
		world, err = sandbox.Open(sandbox.Options{
			Now: func() time.Time { return o.Start }, Random: random, BaseURL: "http://world.test", Logger: log, Client: &http.Client{Transport: news},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { world.Close() })
	}
	clock.world, clock.start = world, o.Start
	s := storetest.Reopen(t, o.URL)
	cards, err := stripe.New(stripe.Options{
		Key: "sk_test_officetest", URL: "http://world.test", Client: &http.Client{Transport: world.Transport()},
		WebhookSecrets: []string{WebhookSecret}, Now: clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	wallet, err := paypal.New(paypal.Options{
		URL: "http://world.test", ClientID: "client_officetest", Secret: "secret_officetest", WebhookID: WebhookID,
		Client: &http.Client{Transport: world.Transport()}, Now: clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	off := &office.Office{
		Store: s, Cards: cards, Wallet: wallet, Now: clock.Now, IDs: id.NewSource(clock.Now, random), Random: random, Log: log,
		Webhooks:     webhook.NewSender(webhook.Options{AllowPrivate: true}),
		Vault:        seal.New(seal.NewFile(o.Keys)),
		Evidence:     evidence.NewCleaner(evidence.DefaultLimits(), evidence.NoScanner{}),
		Press:        press,
		Installation: "inst_test", ConsoleURL: "http://console.test", Prompt: o.Prompt,
	}
	rounds := &rounds{clock: clock}
	stepper := job.NewStepper(s, clock, rounds.slow(off.Handlers()), job.Options{Log: log})
	s.UseQueue(store.StepperQueue(stepper.Wake))
	off.Advance = stepper.Advance
	d := &Desk{Office: off, T: t, Sandbox: world, Clock: clock, Stepper: stepper, rounds: rounds, URL: o.URL, Keys: o.Keys}
	news.office = off
	if err := off.Begin(context.Background()); err != nil {
		t.Fatal(err)
	}
	return d
}

// Clock stands still until it is set. The world's goes with it.
type Clock struct {
	mu    sync.Mutex
	now   time.Time
	start time.Time
	world *sandbox.World
}

// Now returns where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock, and the world's.
func (c *Clock) Set(_ context.Context, to time.Time) error {
	c.mu.Lock()
	c.now = to
	c.mu.Unlock()
	return c.world.SetClock(to.Sub(c.start))
}

// Customer opens an account. change may say what differs from a company in the
// United States.
func (d *Desk) Customer(change ...func(*office.NewAccount)) account.Account {
	d.T.Helper()
	d.references++
	n := office.NewAccount{
		Reference: "customer-" + string(rune('a'+d.references-1)), Kind: account.Enterprise, Name: "Example Works", Country: "US",
		Currency: "USD", Email: "pay@example.com",
	}
	for _, f := range change {
		f(&n)
	}
	a, err := d.OpenAccount(context.Background(), access.CommandLine, n)
	if err != nil {
		d.T.Fatal(err)
	}
	return a
}

// Bind binds a card and fails the test if that is refused.
func (d *Desk) Bind(a account.Account, token string) office.Bound {
	d.T.Helper()
	b, err := d.TryBind(a, token)
	if err != nil {
		d.T.Fatalf("bind %s: %v", token, err)
	}
	return b
}

// TryBind binds a card.
func (d *Desk) TryBind(a account.Account, token string) (office.Bound, error) {
	return d.BindCard(context.Background(), access.CommandLine, a.ID, office.CardToBind{Token: token, Consent: "2026-01", ReturnURL: "http://console.test/return"})
}

// BindPayPal binds a pretend payer's PayPal account, as their browser would, and
// returns the method, which is active unless something spoke against it.
func (d *Desk) BindWallet(a account.Account, payer string) payment.Method {
	d.T.Helper()
	g := d.AskPayer(a)
	d.Agree(g, payer)
	if g = d.Return(g); g.Method == "" {
		d.T.Fatalf("bind PayPal of %s: the agreement is %s, %s", payer, g.State, g.Reason)
	}
	return d.MethodNow(g.Method)
}

// AskPayer opens an agreement for an account, and fails the test if that is refused.
func (d *Desk) AskPayer(a account.Account) payment.Agreement {
	d.T.Helper()
	g, err := d.BindPayPal(context.Background(), access.CommandLine, a.ID, office.PayPalToBind{Consent: "2026-01", ReturnURL: "http://console.test/return"})
	if err != nil {
		d.T.Fatal(err)
	}
	return g
}

// Agree has a pretend payer agree at PayPal.
func (d *Desk) Agree(g payment.Agreement, payer string) {
	d.T.Helper()
	if _, err := d.Sandbox.ApproveAs(d.AtProvider(g), payer); err != nil {
		d.T.Fatal(err)
	}
}

// AtProvider is what PayPal calls an agreement: the end of its ref.
func (d *Desk) AtProvider(g payment.Agreement) string {
	return g.Ref[strings.LastIndex(g.Ref, ":")+1:]
}

// Return has the payer come back from PayPal.
func (d *Desk) Return(g payment.Agreement) payment.Agreement {
	d.T.Helper()
	g, err := d.ReturnToAgreement(context.Background(), access.CommandLine, g.ID, false)
	if err != nil {
		d.T.Fatal(err)
	}
	return g
}

// Listen has the world tell this office what happens there, from now on.
func (d *Desk) Listen() {
	d.T.Helper()
	if err := errors.Join(d.Sandbox.Endpoint("http://desk.test/stripe", WebhookSecret), d.Sandbox.PayPalEndpoint("http://desk.test/paypal", WebhookID)); err != nil {
		d.T.Fatal(err)
	}
}

// Hear has what the world has to tell delivered.
func (d *Desk) Hear() {
	d.T.Helper()
	if err := d.Sandbox.Tick(context.Background()); err != nil {
		d.T.Fatal(err)
	}
}

// newsTo hands the world's webhooks to an office, in process.
type newsTo struct{ office *office.Office }

// RoundTrip answers as the office's own door does.
func (n *newsTo) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer := &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}
	if err := n.office.ReceiveNews(r.Context(), strings.TrimPrefix(r.URL.Path, "/"), r.Header, body); err != nil {
		answer.StatusCode = http.StatusServiceUnavailable
	}
	return answer, nil
}

// Use records one line of usage now.
func (d *Desk) Use(a account.Account, lineID, amount string) office.UsageReport {
	d.T.Helper()
	return d.UseAt(a, lineID, amount, d.Clock.Now())
}

// UseAt records one line of usage that happened at an instant.
func (d *Desk) UseAt(a account.Account, lineID, amount string, at time.Time) office.UsageReport {
	d.T.Helper()
	r, err := d.RecordUsage(context.Background(), access.CommandLine, office.UsageBatch{Lines: []billing.Line{Line(d.T, a, lineID, amount, at)}})
	if err != nil {
		d.T.Fatalf("use %s: %v", amount, err)
	}
	return r
}

// Line makes a line of usage.
func Line(t testing.TB, a account.Account, lineID, amount string, at time.Time) billing.Line {
	t.Helper()
	e, _, err := money.ParseExact(amount, a.Currency)
	if err != nil {
		t.Fatal(err)
	}
	l := billing.Line{Row: 1, Account: a.ID, ID: lineID, Product: "compute", Amount: e, StartedAt: at}
	copy(l.Content[:], amount+at.Format(time.RFC3339))
	return l
}

// Pass moves time on.
func (d *Desk) Pass(span time.Duration) {
	d.T.Helper()
	to := d.Clock.Now().Add(span)
	d.rounds.slowUntil(to.Add(-usualAgain))
	if err := d.Stepper.Advance(context.Background(), to); err != nil {
		d.T.Fatal(err)
	}
}

// PassTo moves time on to an instant.
func (d *Desk) PassTo(to time.Time) {
	d.T.Helper()
	d.Pass(to.Sub(d.Clock.Now()))
}

// Method reads a method as it is now.
func (d *Desk) MethodNow(id payment.MethodID) payment.Method {
	d.T.Helper()
	s, err := d.Method(context.Background(), access.CommandLine, id, false)
	if err != nil {
		d.T.Fatal(err)
	}
	return s.Method
}

// DebtsOf lists an account's debts, oldest first, with their payments.
func (d *Desk) DebtsOf(a account.Account) []office.DebtStory {
	d.T.Helper()
	debts, _, err := d.Debts(context.Background(), access.CommandLine, a.ID, office.Page{Limit: 1000})
	if err != nil {
		d.T.Fatal(err)
	}
	var out []office.DebtStory
	for i := len(debts) - 1; i >= 0; i-- {
		s, err := d.Debt(context.Background(), access.CommandLine, debts[i].ID)
		if err != nil {
			d.T.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// Prove fails the test unless our books prove themselves and agree with the
// world's, charge by charge.
func (d *Desk) Prove() {
	d.T.Helper()
	report, err := d.Store.Verify(context.Background(), nil)
	if err != nil {
		d.T.Fatal(err)
	}
	for _, c := range report.Checks {
		for _, p := range c.Problems {
			d.T.Errorf("%s: %s: %s", c.Name, p.Where, p.What)
		}
	}
	d.agree()
}

// agree compares what was captured: every charge in the world's books must be
// one of our succeeded payments, with its amount, and no debt may have been
// charged beyond what it was.
func (d *Desk) agree() {
	d.T.Helper()
	books, err := d.Sandbox.Books(context.Background())
	if err != nil {
		d.T.Fatal(err)
	}
	ours := map[string]payment.Payment{}
	accounts, _, err := d.Accounts(context.Background(), access.CommandLine, office.Page{Limit: 10_000})
	if err != nil {
		d.T.Fatal(err)
	}
	for _, a := range accounts {
		payments, _, err := d.Payments(context.Background(), access.CommandLine, a.ID, office.Page{Limit: 100_000})
		if err != nil {
			d.T.Fatal(err)
		}
		for _, p := range payments {
			switch {
			case p.State != payment.Succeeded:
			case p.Provider == "paypal":
				ours[p.Key] = p // is the invoice's number there
			default:
				ours[p.Ref] = p
			}
		}
	}
	captured := len(books.PayPal.Captures)
	for _, c := range books.PayPal.Captures {
		if p, ok := ours[c.Invoice]; !ok || p.Amount.Minor != c.Amount || !strings.EqualFold(string(p.Amount.Currency), c.Currency) {
			d.T.Errorf("the world's PayPal captured %d %s for %s; we have %v", c.Amount, c.Currency, c.Invoice, p.Amount)
		}
	}
	for _, c := range books.Charges {
		if c.Captured == 0 {
			continue
		}
		captured++
		if p, ok := ours[c.Intent]; !ok || p.Amount.Minor != c.Captured || !strings.EqualFold(string(p.Amount.Currency), c.Currency) {
			d.T.Errorf("the world captured %d %s on %s; we have %v", c.Captured, c.Currency, c.Intent, p.Amount)
		}
	}
	d.agreeOnRefunds(books, ours)
	if captured != len(ours) {
		d.T.Errorf("the world captured %d charges, we have %d succeeded payments", captured, len(ours))
	}
	if !books.Balanced {
		d.T.Error("the world's own books do not balance")
	}
}

// agreeOnRefunds compares what was given back, payment by payment: what succeeded
// here was given back there, and what is on its way here may have been.
func (d *Desk) agreeOnRefunds(books sandbox.Books, ours map[string]payment.Payment) {
	d.T.Helper()
	given := map[payment.ID]int64{}
	for _, c := range books.Charges {
		given[ours[c.Intent].ID] += c.Refunded
	}
	captures := map[string]payment.ID{}
	for _, c := range books.PayPal.Captures {
		captures[c.ID] = ours[c.Invoice].ID
	}
	for _, f := range books.PayPal.Refunds {
		given[captures[f.Capture]] += f.Amount
	}
	for _, p := range ours {
		refunds, err := d.RefundsOf(context.Background(), access.CommandLine, p.ID)
		if err != nil {
			d.T.Fatal(err)
		}
		var made, onTheWay int64
		for _, f := range refunds {
			switch {
			case f.State == payment.RefundSucceeded:
				made += f.Amount.Minor
			case f.IsLive():
				onTheWay += f.Amount.Minor
			}
		}
		if there := given[p.ID]; there < made || there > made+onTheWay {
			d.T.Errorf("the world gave %d back of payment %s; we have %d given back and %d on the way", there, p.ID, made, onTheWay)
		}
	}
}

// chance is a source of bytes from a seed.
type chance struct {
	mu   sync.Mutex
	rand *rand.Rand
}

func (c *chance) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var word [8]byte
	for i := range b {
		if i%8 == 0 {
			binary.LittleEndian.PutUint64(word[:], c.rand.Uint64())
		}
		b[i] = word[i%8]
	}
	return len(b), nil
}

// logTo sends the office's warnings to the test's log.
type logTo struct{ t testing.TB }

func (l logTo) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

var _ io.Writer = logTo{}
