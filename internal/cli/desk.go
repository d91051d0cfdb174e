package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/bursar-pay/bursar/internal/document"
	"github.com/bursar-pay/bursar/internal/evidence"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/id"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/provider/paypal"
	"github.com/bursar-pay/bursar/internal/provider/stripe"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/seal"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/webhook"
)

// What may stand against opening an installation.
var (
	errModeSandbox = fault.New(fault.Conflict, "mode_sandbox", "the database belongs to a sandbox installation, and a real payment provider is configured").
			WithNext("name another database with --db, or leave BURSAR_STRIPE_KEY out")
	errModeLive = fault.New(fault.Conflict, "mode_live", "the database belongs to an installation with a real payment provider, and none is configured").
			WithNext("set BURSAR_STRIPE_KEY as that installation has it, or name another database with --db")
	errHalfLive = fault.New(fault.Conflict, "mode_mixed", "one payment provider is a real one and the other only pretends, so that pretended money could pay for real service").
			WithNext("configure both for real, both for a test server, or one alone")
	errServerRuns = fault.New(fault.Conflict, "server_running", "a server runs on this database and keeps its own clock").
			WithNext("advance its clock through it: name it with --server and bring a key with the scope clock:write")
)

// The names under which an installation remembers itself in its database.
const (
	settingInstallation = "installation"
	settingMode         = "mode" // modeSandbox or modeLive, for ever
	settingOffset       = "clock_offset_us"
	settingWorldSecret  = "world_webhook_secret"
	settingWorldWebhook = "world_webhook_id"
	settingWorldURL     = "world_url"  // of the process that has the world open
	settingServerURL    = "server_url" // of the server that was started last

	modeSandbox = "sandbox"
	modeLive    = "live"
)

// stripeEnd says where the card provider is.
type stripeEnd struct {
	URL     string // a server that speaks Stripe's protocol; "" is Stripe, or the sandbox world if there is no key
	Key     string
	Secrets []string // sign its webhooks
	Prefix  string   // static descriptor of the Stripe account
}

// isEmbedded tells whether no provider is configured: the sandbox world stands in.
func (s stripeEnd) isEmbedded() bool { return s.URL == "" && s.Key == "" }

// isLive tells whether the provider is a real one, whose clock is the world's.
func (s stripeEnd) isLive() bool {
	if s.isEmbedded() {
		return false
	}
	return s.URL == "" || strings.HasPrefix(s.Key, "sk_live_") || strings.HasPrefix(s.Key, "rk_live_")
}

// paypalEnd says where PayPal is.
type paypalEnd struct {
	URL     string // a server that speaks PayPal's protocol; "" is PayPal, or the sandbox world with the cards' one
	Client  string // "" with a configured card provider: there is no PayPal
	Secret  string
	Webhook string // PayPal's id of our webhook
}

// isLive tells whether PayPal itself is configured, whose clock is the world's; so
// is that of its own sandbox.
func (p paypalEnd) isLive() bool {
	if p.Client == "" {
		return false
	}
	u, err := url.Parse(p.URL)
	return p.URL == "" || err == nil && (u.Hostname() == "paypal.com" || strings.HasSuffix(u.Hostname(), ".paypal.com"))
}

// isLive tells whether any provider is a real one.
func (c config) isLive() bool { return c.Stripe.isLive() || c.PayPal.isLive() }

// config is what an installation is opened with.
type config struct {
	DB      string // sqlite:PATH or postgres://…
	Data    string // directory for what is not in the database
	Migrate bool   // make the tables or bring them up to date; else they must be
	Works   bool   // this process runs jobs: the standing ones are enqueued
	Prompt  office.Prompt
	Stripe  stripeEnd
	PayPal  paypalEnd
	Mail    mail.Options // its URL is "": there is no mail server
	Fonts   []string     // directories of the operator's own fonts for documents
	Scanner string       // address of a virus scanner for documents; "" there is none
	Log     *slog.Logger
	Console string    // public origin of the pages
	StartAt time.Time // where the clock of a new sandbox installation starts; zero: now

	ReturnOrigins []string // to which customers may be led back

	AllowPrivate bool   // events may go to private addresses; always so in a sandbox installation
	World        string // path of the sandbox world's state; "" beside the database
	OnRequest    func(op string, at time.Time)
	Random       io.Reader // nil: the machine's
}

// desk is an open installation: its books, its office, its clock and its way to
// the outside world.
type desk struct {
	store   *store.Store
	office  *office.Office
	clock   *clock
	outside *outside     // nil where a provider is configured
	stepper *job.Stepper // nil with a real provider
	log     *slog.Logger

	config       config
	installation string
	steps        sync.Mutex // held while the clock is advanced
}

// open opens an installation.
func open(ctx context.Context, c config) (*desk, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Random == nil {
		c.Random = chance()
	}
	s, err := openStore(ctx, c)
	if err != nil {
		return nil, err
	}
	d := &desk{store: s, log: c.Log, config: c, clock: &clock{}}
	if err := d.wire(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return d, nil
}

func openStore(ctx context.Context, c config) (*store.Store, error) {
	if path, ok := strings.CutPrefix(c.DB, "sqlite:"); ok && !c.Migrate && path != "" {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return nil, store.ErrNotMigrated.Detail("there is no database at %s", path)
		}
	}
	s, err := store.Open(ctx, c.DB, store.Options{River: c.isLive()})
	if err != nil {
		return nil, err
	}
	ready := s.Migrated
	if c.Migrate {
		ready = s.Migrate
	}
	if err := ready(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// wire puts the parts together.
func (d *desk) wire(ctx context.Context) error {
	live := d.config.isLive()
	known, err := d.remember(ctx, live)
	if err != nil {
		return err
	}
	d.installation = known[settingInstallation]
	d.clock.offset = readOffset(known[settingOffset])

	if end := d.config.PayPal; d.config.Stripe.isLive() != end.isLive() && (end.isLive() || end.URL != "" || end.Client != "") {
		return errHalfLive
	} else if end.isLive() && end.Webhook == "" {
		d.log.WarnContext(ctx, "PayPal's messages are refused: set BURSAR_PAYPAL_WEBHOOK_ID to the id of the webhook there")
	}
	cards, err := d.cards(known)
	if err != nil {
		return err
	}
	wallet, err := d.wallet(known)
	if err != nil {
		return err
	}
	d.office = &office.Office{
		Store: d.store, Cards: cards, Wallet: wallet, Now: d.clock.Now, IDs: id.NewSource(d.clock.Now, d.config.Random), Random: d.config.Random,
		Press:    document.New(d.config.Fonts, document.SystemDirectories),
		Webhooks: webhook.NewSender(webhook.Options{AllowPrivate: d.config.AllowPrivate || !live}),
		Log:      d.log, Installation: d.installation, Live: live, ConsoleURL: d.config.Console, ReturnOrigins: d.config.ReturnOrigins,
		Prompt: d.config.Prompt,
	}
	if d.config.Mail.URL != "" {
		if d.office.Mail, err = mail.NewSender(d.config.Mail, d.clock.Now); err != nil {
			return err
		}
	}
	if err := d.openVault(); err != nil {
		return err
	}
	if err := d.chooseQueue(live); err != nil {
		return err
	}
	if d.config.Works {
		return d.office.Begin(ctx)
	}
	return nil
}

// masterKeysFile holds the keys that documents of identity checks are encrypted
// under. It is made when the first document comes.
const masterKeysFile = "master-keys.json"

// openVault sets the office up to keep documents, if there is a place for the file of
// master keys.
func (d *desk) openVault() error {
	if d.config.Data == "" {
		return nil
	}
	if d.config.Works {
		if err := os.MkdirAll(d.config.Data, 0o700); err != nil {
			return fmt.Errorf("make the data directory: %w", err)
		}
	}
	limits := evidence.DefaultLimits()
	limits.Bytes = office.UploadMax
	d.office.Vault = seal.New(seal.NewFile(filepath.Join(d.config.Data, masterKeysFile)))
	var scanner evidence.Scanner = evidence.NoScanner{}
	if d.config.Scanner != "" {
		daemon, err := evidence.NewDaemon(d.config.Scanner)
		if err != nil {
			return err
		}
		scanner = daemon
	}
	d.office.Evidence = evidence.NewCleaner(limits, scanner)
	return nil
}

// remember reads what the installation knows of itself, and makes it up once.
func (d *desk) remember(ctx context.Context, live bool) (map[string]string, error) {
	mode, conflict := modeSandbox, errModeLive
	if live {
		mode, conflict = modeLive, errModeSandbox
	}
	fresh := map[string]string{settingMode: mode}
	if !d.config.StartAt.IsZero() && !live {
		fresh[settingOffset] = writeOffset(d.config.StartAt.Sub(wall()))
	}
	fresh[settingInstallation] = id.NewSource(wall, d.config.Random).New("inst_")
	secret := make([]byte, 24)
	if _, err := io.ReadFull(d.config.Random, secret); err != nil {
		return nil, fmt.Errorf("make a secret: %w", err)
	}
	fresh[settingWorldSecret] = "whsec_" + hex.EncodeToString(secret)
	fresh[settingWorldWebhook] = strings.ToUpper(hex.EncodeToString(secret[:9]))[:17]

	names := []string{settingInstallation, settingMode, settingOffset, settingWorldSecret, settingWorldWebhook}
	known, err := d.settings(ctx, names...)
	if err == nil && (known[settingInstallation] == "" || known[settingWorldWebhook] == "") {
		err = d.store.Update(ctx, func(tx *store.Tx) error {
			for name, value := range fresh { // another process may be faster: what is there stays
				if err := tx.SetOnce(ctx, name, value); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			known, err = d.settings(ctx, names...)
		}
	}
	if err == nil && known[settingMode] != mode {
		return nil, conflict
	}
	return known, err
}

func (d *desk) settings(ctx context.Context, names ...string) (map[string]string, error) {
	values := map[string]string{}
	err := d.store.View(ctx, func(tx *store.Tx) (err error) {
		for _, n := range names {
			if values[n], err = tx.Setting(ctx, n); err != nil {
				return err
			}
		}
		return nil
	})
	return values, err
}

func (d *desk) set(ctx context.Context, name, value string) error {
	return d.store.Update(ctx, func(tx *store.Tx) error { return tx.Set(ctx, name, value) })
}

// cards plugs the card provider in: the configured one, or the sandbox world.
func (d *desk) cards(known map[string]string) (provider.Provider, error) {
	end := d.config.Stripe
	o := stripe.Options{Key: end.Key, URL: end.URL, WebhookSecrets: end.Secrets, DescriptorPrefix: end.Prefix, Now: d.clock.Now, Logger: d.log}
	if o.Key == "" {
		o.Key = "sk_test_bursar"
	}
	if end.isEmbedded() {
		d.outside = &outside{
			state: d.worldPath(), installation: d.installation, secret: known[settingWorldSecret], webhook: known[settingWorldWebhook],
			now: d.clock.Now, random: d.config.Random, log: d.log, onRequest: d.config.OnRequest,
			news: func(ctx context.Context, provider string, header http.Header, body []byte) error {
				return d.office.ReceiveNews(ctx, provider, header, body)
			},
			address: func(ctx context.Context) string {
				known, err := d.settings(ctx, settingWorldURL)
				if err != nil {
					return ""
				}
				return known[settingWorldURL]
			},
		}
		o.URL, o.Client, o.WebhookSecrets = "http://"+worldHost, &http.Client{Transport: d.outside}, []string{d.outside.secret}
	}
	return stripe.New(o)
}

// wallet plugs PayPal in: the configured one, or the sandbox world; nil if there is
// none.
func (d *desk) wallet(known map[string]string) (provider.Wallet, error) {
	end := d.config.PayPal
	o := paypal.Options{URL: end.URL, ClientID: end.Client, Secret: end.Secret, WebhookID: end.Webhook, Now: d.clock.Now, Log: d.log}
	switch {
	case d.outside != nil && end.URL == "" && end.Client == "":
		o.URL, o.Client, o.ClientID, o.Secret = "http://"+worldHost, &http.Client{Transport: d.outside}, "bursar", "bursar"
		o.WebhookID = d.outside.webhook
	case end.Client == "" && end.URL == "":
		return nil, nil
	case o.ClientID == "": // another sandbox takes any client
		o.ClientID, o.Secret = "bursar", "bursar"
	}
	return paypal.New(o)
}

// worldPath is where the sandbox world keeps its state: beside a SQLite file,
// else in the data directory.
func (d *desk) worldPath() string {
	if d.config.World != "" {
		return d.config.World
	}
	if path := d.store.Path(); path != "" {
		return strings.TrimSuffix(path, ".db") + "-world.db"
	}
	return filepath.Join(d.config.Data, "world-"+d.installation+".db")
}

// chooseQueue says where jobs go: to the stepper where the clock can be advanced,
// else to River.
func (d *desk) chooseQueue(live bool) error {
	if live {
		q, err := d.store.RiverQueue(d.clock.Now)
		if err != nil {
			return err
		}
		d.store.UseQueue(q)
		return nil
	}
	d.clock.keep = func(ctx context.Context, offset time.Duration) error {
		return d.set(ctx, settingOffset, writeOffset(offset))
	}
	d.clock.settle, d.clock.follow = d.office.Drain, d.moved
	d.stepper = job.NewStepper(d.store, d.clock, d.office.Handlers(), job.Options{Log: d.log})
	d.store.UseQueue(store.StepperQueue(d.stepper.Wake))
	d.office.Advance = d.advance
	return nil
}

// queue returns what runs the jobs of this installation until its context ends.
func (d *desk) queue(ctx context.Context) (func(context.Context) error, error) {
	if d.stepper != nil {
		return d.stepper.Loop, nil
	}
	r, err := job.OpenRiver(ctx, d.store, d.clock.Now, d.office.Handlers(), job.Options{Log: d.log})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return errors.Join(r.Loop(ctx), r.Close()) }, nil
}

// advance moves the clock from due time to due time of the jobs in between.
func (d *desk) advance(ctx context.Context, to time.Time) error {
	d.steps.Lock()
	defer d.steps.Unlock()
	if d.outside == nil {
		if err := d.moveOtherWorld(ctx); err != nil {
			return err
		}
	} else if _, err := d.outside.world(ctx); err != nil {
		return err
	}
	d.clock.stand()
	defer d.clock.goOn()
	if err := d.stepper.Advance(ctx, to); err != nil {
		return err
	}
	return d.office.Drain(ctx)
}

// moved has the outside world live by the clock: ours looks what is due, another
// one that was configured is told the offset.
func (d *desk) moved(ctx context.Context) error {
	if d.outside == nil {
		return d.moveOtherWorld(ctx)
	}
	return d.outside.tick(ctx)
}

// moveOtherWorld puts the clock of a configured sandbox where ours is. A server
// that is none has no clock to move, and then neither have we.
func (d *desk) moveOtherWorld(ctx context.Context) error {
	order := fmt.Sprintf(`{"offset_us": %d}`, d.clock.Now().Sub(wall()).Microseconds())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(d.config.Stripe.URL, "/")+"/_sandbox/clock", strings.NewReader(order))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return errOutside.Detail("the configured sandbox does not answer")
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return office.ErrClockReal
	}
	return nil
}

// world opens the embedded sandbox world in this process, for those who order it
// about.
func (d *desk) world(ctx context.Context) (*sandbox.World, error) {
	if d.outside == nil {
		return nil, errOutside.Detail("a payment provider is configured")
	}
	return d.outside.world(ctx)
}

// Close ends what this process began and lets go of everything.
func (d *desk) Close(ctx context.Context) error {
	var errs []error
	if d.outside != nil {
		errs = append(errs, d.outside.tick(ctx))
	}
	errs = append(errs, d.office.Drain(ctx))
	if d.outside != nil {
		errs = append(errs, d.outside.close())
	}
	return errors.Join(append(errs, d.store.Close())...)
}
