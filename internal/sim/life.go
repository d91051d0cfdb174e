package sim

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	_ "modernc.org/sqlite" // the driver named "sqlite"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/evidence"
	"github.com/bursar-pay/bursar/internal/id"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/provider/paypal"
	"github.com/bursar-pay/bursar/internal/provider/stripe"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/seal"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/webhook"
)

const (
	worldURL   = "http://world.invalid"
	deskURL    = "http://desk.invalid"
	newsSecret = "whsec_simulation"
	webhookID  = "0SIMULATION000000" // ours, at PayPal

	stripeDesk = deskURL + "/stripe" // where each provider sends its news
	paypalDesk = deskURL + "/paypal"

	verifyEvery = 50 // steps between two whole proofs of the books
	oftenWeight = 40
)

// life is what one seed comes to.
type life struct {
	o          Options
	ctx        context.Context
	seed       uint64
	step       int
	chance     chance // of what is done
	clock      *clock
	world      *sandbox.World
	store      *store.Store
	db         *sql.DB // on the same file, for the oracle
	statements map[string]*sql.Stmt
	keys       string // path of the file of master keys
	nodes      [2]*node
	acting     int // the node that works
	ids        chance

	temper  temper // this life's weights and rates
	healed  bool   // nothing goes wrong any more
	fuse    int    // failpoints until the process dies; 0 it does not
	asleep  bool   // a node sleeps in the middle of its work
	outage  outage
	late    []lateRequest
	mailbox []message
	lines   []billing.Line // of usage that was posted, to be posted again
	serial  int

	payers    payers          // what PayPal's payers did
	returning map[string]bool // methods whose issuer sends refunds back

	asked      int64 // requests that reached the world
	lookedAt   int64 // and of those, the ones whose effect the oracle has seen
	seenMoves  int64
	fired      []string  // faults of this step
	troubled   time.Time // when the last fault happened
	violations []Violation
	coverage   Coverage
}

// node is one process: an office and its queue, on the store that all share.
type node struct {
	office  *office.Office
	stepper *job.Stepper
}

// plant is a bug: a plug that is not what it says, jobs that are missing, or a
// statement that spoils the database after every step; and the life in which it
// shows: the rates of faults, if not nil, and what is done more often.
type plant struct {
	cards    func(*life, provider.Provider) provider.Provider
	wallet   func(*life, provider.Wallet) provider.Wallet
	handlers func(job.Handlers)
	spoil    string
	rates    map[string]float64
	often    []string // names of actions
}

// isPlug tells whether the bug is in a plug, which then does not keep the rules of
// what may be asked.
func (p plant) isPlug() bool { return p.cards != nil || p.wallet != nil }

// begin opens an empty installation in an empty world.
func begin(ctx context.Context, o Options, seed uint64, path string, books []byte) (*life, error) {
	root := rand.NewPCG(seed, 0x6275727361722e) // the second half is any number, but for ever
	l := &life{o: o, ctx: ctx, seed: seed, chance: newChance(root), ids: newChance(root), coverage: newCoverage(),
		statements: map[string]*sql.Stmt{}, payers: newPayers(), returning: map[string]bool{}, keys: path + ".keys"}
	ofWorld := newChance(root)
	l.temper = newTemper(l.chance, o.Faults)
	if o.plant.rates != nil {
		l.temper.rates = o.plant.rates
	}
	for i, a := range actions {
		if slices.Contains(o.plant.often, a.name) {
			l.temper.weights[i] = oftenWeight
		}
	}
	l.clock = &clock{life: l, now: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(l.chance.span(0, 2*365*24*time.Hour))}

	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	if err := os.WriteFile(path, books, 0o600); err != nil {
		return nil, err
	}
	var err error
	if l.store, err = store.Open(ctx, "sqlite:"+path, store.Options{}); err != nil {
		return nil, err
	}
	// Jobs that a transaction enqueued are promised by now: a place to die.
	l.store.UseQueue(store.StepperQueue(l.failpoint))
	if l.db, err = sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=cache_size(-16000)"); err != nil {
		return nil, err
	}
	l.db.SetMaxOpenConns(1)
	l.world, err = sandbox.Open(sandbox.Options{
		Now: l.clock.Now, Random: ofWorld, BaseURL: worldURL, Client: &http.Client{Transport: postOffice{l}},
	})
	if err != nil {
		return nil, err
	}
	return l, errors.Join(l.world.Endpoint(stripeDesk, newsSecret), l.world.PayPalEndpoint(paypalDesk, webhookID))
}

// close releases what the life used.
func (l *life) close() error {
	return errors.Join(l.world.Close(), l.db.Close(), l.store.Close())
}

// live does all steps and then mends everything, and returns the hash of what it
// came to.
func (l *life) live() (hash []byte, err error) {
	defer func() { err = errors.Join(err, l.close()) }()
	for i := range l.nodes {
		l.open(i)
	}
	l.alone("begin", l.prepare)
	for l.step < l.o.Steps && len(l.violations) == 0 && l.ctx.Err() == nil {
		l.step++
		if err := l.once(); err != nil {
			return nil, err
		}
	}
	if len(l.violations) == 0 && l.ctx.Err() == nil {
		l.step++
		if err := l.quiet(); err != nil {
			return nil, err
		}
		l.step--
	}
	return l.hash()
}

// open starts a process on the store, as after a crash.
func (l *life) open(n int) {
	plug, err := stripe.New(stripe.Options{
		Key: "sk_test_simulation", URL: worldURL, Client: &http.Client{Transport: wire{l}}, WebhookSecrets: []string{newsSecret}, Now: l.clock.Now,
	})
	if err != nil {
		panic(err) // the options above are constants
	}
	var cards provider.Provider = &mortal{plug, l}
	if l.o.plant.cards != nil {
		cards = l.o.plant.cards(l, cards)
	}
	account, err := paypal.New(paypal.Options{
		URL: worldURL, ClientID: "client_simulation", Secret: "secret_simulation", WebhookID: webhookID,
		Client: &http.Client{Transport: wire{l}}, Now: l.clock.Now,
	})
	if err != nil {
		panic(err) // as above
	}
	var wallet provider.Wallet = &mortalWallet{account, l}
	if l.o.plant.wallet != nil {
		wallet = l.o.plant.wallet(l, wallet)
	}
	quiet := slog.New(slog.DiscardHandler)
	random := mortalChance{l}
	off := &office.Office{
		Store: l.store, Cards: cards, Wallet: wallet, Now: l.now, IDs: id.NewSource(l.now, random), Random: random, Log: quiet,
		Vault: seal.New(seal.NewFile(l.keys)), Evidence: evidence.NewCleaner(evidence.DefaultLimits(), evidence.NoScanner{}),
		Webhooks: webhook.NewSender(webhook.Options{AllowPrivate: true}), Installation: "inst_sim", ConsoleURL: deskURL, Prompt: office.PromptInline,
	}
	handlers := off.Handlers()
	if l.o.plant.handlers != nil {
		l.o.plant.handlers(handlers)
	}
	stepper := job.NewStepper(l.store, l.clock, handlers, job.Options{Log: quiet})
	off.Advance = stepper.Advance
	l.nodes[n] = &node{office: off, stepper: stepper}
}

// node is the one that works.
func (l *life) node() *node { return l.nodes[l.acting] }

// once does one step: something happens, the world does what is due, and all is
// looked at.
func (l *life) once() error {
	l.fired = l.fired[:0]
	l.acting = l.chance.IntN(len(l.nodes))
	a := actions[l.chance.weighted(l.temper.weights)]
	if l.chance.happens(l.temper.rates[dies]) {
		l.fuse = l.chance.between(1, 80)
	}
	if l.chance.happens(l.temper.rates[passRevoked]) {
		l.count(passRevoked)
		if err := l.world.RevokeAccessTokens(); err != nil {
			return err
		}
	}
	if err := l.refuseSome(); err != nil {
		return err
	}
	l.alone(a.name, func() { a.do(l) })
	l.fuse = 0
	if err := l.refuseNone(); err != nil {
		return err
	}
	l.coverage.Actions[a.name]++
	if l.o.plant.spoil != "" {
		if _, err := l.db.ExecContext(l.ctx, l.o.plant.spoil); err != nil {
			return err
		}
	}
	if err := l.world.Tick(l.ctx); err != nil {
		return err
	}
	return l.look()
}

// alone runs fn on a goroutine that may be ended in the middle, as the death of a
// process would. Its node is gone then, and another is opened in its place.
func (l *life) alone(what string, fn func()) {
	ended := make(chan bool)
	go func() {
		lived := false
		defer func() {
			if p := recover(); p != nil {
				l.violate("%s panics: %v\n%s", what, p, debug.Stack())
				lived = true
			}
			ended <- lived
		}()
		fn()
		lived = true
	}()
	if <-ended {
		return
	}
	l.count(dies)
	l.asleep = false
	l.fuse = 0
	for i := range l.nodes { // one that slept meanwhile died with it
		l.open(i)
	}
	l.alone("begin again", func() { l.begin() })
}

// begin enqueues the jobs that recur, as every process does when it starts.
func (l *life) begin() {
	if err := l.node().office.Begin(l.ctx); err != nil {
		l.violate("an office cannot begin: %v", err)
	}
}

// failpoint is a place where the process may die.
func (l *life) failpoint() {
	if l.fuse == 0 || l.healed {
		return
	}
	if l.fuse--; l.fuse == 0 {
		runtime.Goexit()
	}
}

// now is the clock as the office reads it, in the middle of everything it does.
func (l *life) now() time.Time {
	l.failpoint()
	return l.clock.Now()
}

// mortalChance is the office's source of chance; the process may die over it.
type mortalChance struct{ l *life }

// Read fills b.
func (m mortalChance) Read(b []byte) (int, error) {
	m.l.failpoint()
	return m.l.ids.Read(b)
}

// mortal is a card plug; the process may die before and after each answer.
type mortal struct {
	provider.Provider
	l *life
}

// Open makes an intent.
func (m *mortal) Open(ctx context.Context, a provider.Ask) (string, provider.Result) {
	m.l.failpoint()
	defer m.l.failpoint()
	return m.Provider.Open(ctx, a)
}

// Confirm asks the issuer.
func (m *mortal) Confirm(ctx context.Context, ref string, a provider.Ask) provider.Result {
	m.l.failpoint()
	defer m.l.failpoint()
	return m.Provider.Confirm(ctx, ref, a)
}

// Cancel closes an intent.
func (m *mortal) Cancel(ctx context.Context, ref, key string) provider.Result {
	m.l.failpoint()
	defer m.l.failpoint()
	return m.Provider.Cancel(ctx, ref, key)
}

// Refund gives money back.
func (m *mortal) Refund(ctx context.Context, a provider.RefundAsk) provider.Result {
	m.l.failpoint()
	defer m.l.failpoint()
	return m.Provider.Refund(ctx, a)
}

// mortalWallet is PayPal's plug; the process may die before and after each answer.
type mortalWallet struct {
	provider.Wallet
	l *life
}

// Open makes an intent.
func (m *mortalWallet) Open(ctx context.Context, a provider.Ask) (string, provider.Result) {
	m.l.failpoint()
	defer m.l.failpoint()
	return m.Wallet.Open(ctx, a)
}

// Confirm asks for the payer's money.
func (m *mortalWallet) Confirm(ctx context.Context, ref string, a provider.Ask) provider.Result {
	m.l.failpoint()
	defer m.l.failpoint()
	return m.Wallet.Confirm(ctx, ref, a)
}

// Cancel closes an intent.
func (m *mortalWallet) Cancel(ctx context.Context, ref, key string) provider.Result {
	m.l.failpoint()
	defer m.l.failpoint()
	return m.Wallet.Cancel(ctx, ref, key)
}

// Refund gives money back.
func (m *mortalWallet) Refund(ctx context.Context, a provider.RefundAsk) provider.Result {
	m.l.failpoint()
	defer m.l.failpoint()
	return m.Wallet.Refund(ctx, a)
}

// OpenAgreement asks for a payer's agreement.
func (m *mortalWallet) OpenAgreement(ctx context.Context, a provider.AgreementAsk) (string, provider.Result) {
	m.l.failpoint()
	defer m.l.failpoint()
	return m.Wallet.OpenAgreement(ctx, a)
}

// KeepAgreement makes a token of an agreement.
func (m *mortalWallet) KeepAgreement(ctx context.Context, ref string, a provider.AgreementAsk) (provider.Instrument, provider.Result) {
	m.l.failpoint()
	defer m.l.failpoint()
	return m.Wallet.KeepAgreement(ctx, ref, a)
}

// Renew has a hold promised anew.
func (m *mortalWallet) Renew(ctx context.Context, ref, key string, amount money.Amount) provider.Result {
	m.l.failpoint()
	defer m.l.failpoint()
	return m.Wallet.Renew(ctx, ref, key, amount)
}

// clock is the time of a life. It stands still but for what moves it.
type clock struct {
	life *life
	now  time.Time
}

// Now returns where the clock stands.
func (c *clock) Now() time.Time { return c.now }

// Set moves the clock. Requests that were slow take effect on the way.
func (c *clock) Set(_ context.Context, to time.Time) error {
	for {
		at, r, ok := c.life.nextLate(to)
		if !ok {
			break
		}
		c.now = at
		c.life.arriveLate(r)
	}
	if to.After(c.now) {
		c.now = to
	}
	return nil
}

// violate notes a broken promise, once.
func (l *life) violate(format string, args ...any) {
	v := Violation{Seed: l.seed, Step: l.step, What: fmt.Sprintf(format, args...)}
	if !slices.Contains(l.violations, v) {
		l.violations = append(l.violations, v)
		l.trace("violation: %s", v.What)
	}
}

func (l *life) trace(format string, args ...any) {
	if l.o.Trace != nil {
		l.o.Trace(l.seed, l.step, l.clock.now.Format("2006-01-02 15:04:05 ")+fmt.Sprintf(format, args...))
	}
}

// reach notes that something worth knowing was reached.
func (l *life) reach(what string) { l.coverage.Reached[what]++ }

// count notes that a fault happened.
func (l *life) count(name string) {
	l.troubled = l.clock.now
	l.coverage.Faults[name]++
	l.fired = append(l.fired, name)
	l.trace("  fault: %s", name)
}
