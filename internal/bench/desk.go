package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/api"
	"github.com/bursar-pay/bursar/internal/id"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider/stripe"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/webhook"
)

// desk is Bursar as it is served, on a database of its own.
type desk struct {
	o       *Options
	place   place
	store   *store.Store
	office  *office.Office
	world   *sandbox.World
	charges charges

	key      string // of the API
	address  string // where the API listens
	accounts []account.Account

	servers []*http.Server
	stop    context.CancelFunc
	beside  sync.WaitGroup
}

// openDesk opens an installation with some accounts, an API key and its listeners.
func openDesk(ctx context.Context, o *Options, g ground, accounts int) (d *desk, err error) {
	d = &desk{o: o, stop: func() {}, charges: charges{arrived: make(chan time.Time, 1)}}
	if d.place, err = g.prepare(ctx, o, "ours"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close(ctx))
		}
	}()
	for _, step := range []func(context.Context) error{d.openWorld, d.openOffice, d.openAPI} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	for i := range accounts {
		a, err := d.office.OpenAccount(ctx, access.CommandLine, office.NewAccount{
			Reference: fmt.Sprintf("customer-%d", i+1), Kind: account.Enterprise, Name: "Example Works", Country: "US", Currency: "USD", Email: "pay@example.com",
		})
		if err != nil {
			return nil, err
		}
		d.accounts = append(d.accounts, a)
	}
	return d, nil
}

// openWorld opens the sandbox world on a listener of its own.
func (d *desk) openWorld(context.Context) (err error) {
	d.world, err = sandbox.Open(sandbox.Options{Now: d.o.Now, Random: d.o.Random, OnRequest: d.charges.note})
	if err != nil {
		return err
	}
	address, err := d.listen(d.world)
	d.world.SetBaseURL("http://" + address)
	d.charges.origin = "http://" + address
	return err
}

func (d *desk) openOffice(ctx context.Context) (err error) {
	if d.store, err = store.Open(ctx, d.place.url, store.Options{}); err != nil {
		return err
	}
	now := func() time.Time { return d.o.Now().UTC().Truncate(time.Microsecond) }
	log := slog.New(slog.DiscardHandler)
	cards, err := stripe.New(stripe.Options{Key: "sk_test_bench", URL: d.charges.origin, Now: now, Logger: log})
	if err != nil {
		return err
	}
	d.office = &office.Office{
		Store: d.store, Cards: cards, Now: now, IDs: id.NewSource(now, d.o.Random), Random: d.o.Random, Log: log,
		Webhooks: webhook.NewSender(webhook.Options{}), Installation: "inst_bench", Prompt: office.PromptBeside,
	}
	stepper := job.NewStepper(d.store, clock(now), d.office.Handlers(), job.Options{Log: log})
	d.store.UseQueue(store.StepperQueue(stepper.Wake))
	if err := d.office.Begin(ctx); err != nil {
		return err
	}
	var running context.Context
	running, d.stop = context.WithCancel(context.WithoutCancel(ctx))
	d.beside.Go(func() { _ = stepper.Loop(running) }) // ends with us
	return nil
}

func (d *desk) openAPI(ctx context.Context) (err error) {
	_, text, err := d.office.CreateKey(ctx, access.CommandLine, office.NewKey{Name: "bench", Scopes: []access.Scope{access.UsageWrite}})
	if err != nil {
		return err
	}
	d.key = string(text)
	d.address, err = d.listen(api.New(d.office, api.Options{}))
	return err
}

// listen serves on a loopback address.
func (d *desk) listen(h http.Handler) (string, error) {
	s, address, err := listen(h)
	if err == nil {
		d.servers = append(d.servers, s)
	}
	return address, err
}

func listen(h http.Handler) (*http.Server, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }() // until it is closed
	return s, l.Addr().String(), nil
}

// bind gives the first account a card that may be charged as often as we like.
func (d *desk) bind(ctx context.Context) error { return d.bindTo(ctx, d.accounts[0]) }

// bindAll does that for every account.
func (d *desk) bindAll(ctx context.Context) error { return d.bindTo(ctx, d.accounts...) }

func (d *desk) bindTo(ctx context.Context, accounts ...account.Account) error {
	own := strings.NewReplacer("builtin-1", "bench-1", "[15 per 30d]", "[999 per 1h]").Replace(policy.BuiltIn().Document)
	if _, err := d.office.ApplyPolicy(ctx, access.CommandLine, []byte(own), "bench", true); err != nil {
		return err
	}
	for i, a := range accounts {
		token := []string{sandbox.Visa, sandbox.Mastercard}[i%2] // a card is on one account
		_, err := d.office.BindCard(ctx, access.CommandLine, a.ID, office.CardToBind{Token: token, Consent: "bench", ReturnURL: "http://bench.invalid/"})
		if err != nil {
			return err
		}
	}
	return d.office.Drain(ctx)
}

// prove makes sure that what was fast was also right.
func (d *desk) prove(ctx context.Context) error {
	report, err := d.store.Verify(ctx, nil)
	if err != nil {
		return err
	}
	if !report.OK() {
		for _, c := range report.Checks {
			for _, p := range c.Problems {
				return fmt.Errorf("the books that were measured do not prove: %s: %s: %s", c.Name, p.Where, p.What)
			}
		}
	}
	return nil
}

func (d *desk) close(ctx context.Context) error {
	d.stop()
	d.beside.Wait()
	var errs []error
	for _, s := range d.servers {
		errs = append(errs, s.Close())
	}
	if d.office != nil {
		errs = append(errs, d.office.Drain(ctx))
	}
	if d.world != nil {
		errs = append(errs, d.world.Close())
	}
	if d.store != nil {
		errs = append(errs, d.store.Close())
	}
	return errors.Join(append(errs, d.place.leave(ctx))...)
}

// charges notes when a charge reaches the provider.
type charges struct {
	origin  string // of the provider
	wanted  atomic.Bool
	arrived chan time.Time
}

const createIntent = "create" // the sandbox's name for it

func (c *charges) note(op string, at time.Time) {
	if op == createIntent && c.wanted.CompareAndSwap(true, false) {
		c.arrived <- at
	}
}

// clock is a real one, which nobody moves.
type clock func() time.Time

func (c clock) Now() time.Time { return c() }

func (clock) Set(context.Context, time.Time) error {
	return errors.New("bench: a real clock is not set")
}
