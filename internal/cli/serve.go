package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/bursar-pay/bursar/internal/api"
	"github.com/bursar-pay/bursar/internal/console"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/signin"
	"github.com/bursar-pay/bursar/internal/staff"
)

type serveCommand struct {
	Listen        string `placeholder:"ADDR" help:"Address of API and pages."`
	SandboxListen string `placeholder:"ADDR" help:"Address of the sandbox world."`
	URL           string `name:"url" placeholder:"URL" help:"Public origin of API and pages, for links."`
	Policy        string `placeholder:"FILE" help:"Apply this policy at the start."`
	Statements    string `placeholder:"DIR" help:"Take bank statements from this directory."`
	Demo          bool   `help:"Open some accounts if there are none, and print an API key and links in."`
}

// started is what a server prints when it answers.
type started struct {
	API     string    `json:"api"`
	Staff   string    `json:"staff"`
	Sandbox string    `json:"sandbox,omitempty"`
	Key     string    `json:"key,omitempty"`
	Links   []welcome `json:"links,omitempty"`
}

// Run serves until SIGTERM, then lets everything under way end.
func (c serveCommand) Run(ctx context.Context, s *session) (err error) {
	s.given(map[string]string{"listen": c.Listen, "sandbox-listen": c.SandboxListen, "url": c.URL, "policy": c.Policy, "statements": c.Statements})
	cfg, err := s.config(slog.LevelInfo)
	if err != nil {
		return err
	}
	l, err := listen(ctx, s.value("listen"))
	if err != nil {
		return err
	}
	defer l.Close()
	if cfg.Console == "" {
		cfg.Console = originOf(l)
	}
	cfg.Migrate, cfg.Works, cfg.Prompt = true, true, office.PromptBeside
	running, front := newServers(cfg.Log), &door{}
	running.serve(l, front)
	defer running.drain()
	d, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close(context.WithoutCancel(ctx))) }()
	defer running.drain() // before the desk is closed
	return c.serve(ctx, s, d, running, front, l)
}

func (c serveCommand) serve(ctx context.Context, s *session, d *desk, running *servers, front *door, l net.Listener) error {
	if path := s.value("policy"); path != "" {
		if err := d.applyAtStart(ctx, path); err != nil {
			return err
		}
	}
	said := started{API: d.config.Console, Staff: d.config.Console + "/staff"}
	var err error
	if said.Sandbox, err = d.serveWorld(ctx, running, s.value("sandbox-listen")); err != nil {
		return err
	}
	work, err := d.queue(ctx)
	if err != nil {
		return err
	}
	pages, err := d.pages(s, said.Sandbox)
	if err != nil {
		return err
	}
	running.run(work)
	if err := d.watchStatements(running, s.value("statements")); err != nil {
		return err
	}
	if !d.office.Live {
		if err := d.set(ctx, settingServerURL, originOf(l)); err != nil {
			return err
		}
		running.run(d.followClock)
	}
	if d.outside != nil {
		running.run(d.followBank)
	}
	if c.Demo {
		if said.Key, said.Links, err = d.welcome(ctx); err != nil {
			return err
		}
	}
	front.open(d.handler(s, pages))
	if err := s.show(said, said.people); err != nil {
		return err
	}
	failed := running.wait(ctx)
	front.close()
	signal.Reset(syscall.SIGINT, syscall.SIGTERM) // a second one ends it at once
	d.log.Info("stopping: requests and jobs under way end first")
	return failed
}

// serveWorld gives the embedded sandbox world its listener, unless another server
// on this database has it, and returns its origin.
func (d *desk) serveWorld(ctx context.Context, running *servers, address string) (string, error) {
	if d.outside == nil {
		return "", nil
	}
	world, elsewhere, err := d.outside.reach(ctx)
	if err != nil || world == nil {
		return elsewhere, err
	}
	l, err := listen(ctx, address)
	if err != nil {
		return "", err
	}
	origin := originOf(l)
	world.SetBaseURL(origin)
	if err := d.set(ctx, settingWorldURL, origin); err != nil {
		return "", errors.Join(err, l.Close())
	}
	running.serve(l, d.named(world))
	running.run(func(ctx context.Context) error { return runWorld(ctx, world) })
	return origin, nil
}

// runWorld has the world do what is due until ctx ends.
func runWorld(ctx context.Context, w *sandbox.World) error {
	if err := w.Run(ctx); ctx.Err() == nil {
		return err
	}
	return nil
}

// named tells whoever asks which sandbox installation answers, so that other
// commands on its database find the server.
func (d *desk) named(h http.Handler) http.Handler {
	if d.office.Live {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(installationHeader, d.installation)
		h.ServeHTTP(w, r)
	})
}

// handler is everything on the main address but whether it is ready.
func (d *desk) handler(s *session, pages http.Handler) http.Handler {
	proxied, _ := s.isSet("trust-proxy") // pages has asked, and refused what is no yes or no
	mux := http.NewServeMux()
	mux.Handle("/v1/", api.New(d.office, api.Options{TrustProxy: proxied}))
	mux.Handle("GET /healthz", d.named(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { say(w, http.StatusOK, "ok") })))
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if d.store.Ping(r.Context()) != nil {
			say(w, http.StatusServiceUnavailable, "the database does not answer")
			return
		}
		say(w, http.StatusOK, "ready")
	})
	people := staff.New(d.office, staff.Options{Secure: strings.HasPrefix(d.config.Console, "https://"), TrustProxy: proxied, Random: d.config.Random})
	mux.Handle("/staff", people)
	mux.Handle("/staff/", people)
	mux.Handle("/", pages)
	return mux
}

// door stands before the handler: the process can be asked whether it lives from
// the first moment, while the database is still being brought up to date.
type door struct {
	handler atomic.Pointer[http.Handler]
	closing atomic.Bool
}

func (d *door) open(h http.Handler) { d.handler.Store(&h) }
func (d *door) close()              { d.closing.Store(true) }

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := d.handler.Load()
	switch {
	case h == nil && r.URL.Path == "/healthz":
		say(w, http.StatusOK, "ok")
	case h == nil:
		w.Header().Set("Retry-After", "1")
		say(w, http.StatusServiceUnavailable, "starting")
	case d.closing.Load() && r.URL.Path == "/readyz":
		say(w, http.StatusServiceUnavailable, "stopping")
	default:
		(*h).ServeHTTP(w, r)
	}
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	io.WriteString(w, text+"\n")
}

// pages are those of the console, with the card fields of whoever is the provider.
func (d *desk) pages(s *session, world string) (http.Handler, error) {
	proxied, err := s.isSet("trust-proxy")
	if err != nil {
		return nil, err
	}
	o := console.Options{
		ScriptURL: "https://js.stripe.com/v3/", FrameOrigins: []string{"https://js.stripe.com", "https://hooks.stripe.com", "https://api.stripe.com"},
		PublishableKey: s.value("stripe-publishable-key"), Secure: strings.HasPrefix(d.config.Console, "https://"), TrustProxy: proxied, Random: d.config.Random,
	}
	if world == "" {
		world = strings.TrimRight(d.config.Stripe.URL, "/")
	}
	o.WalletOrigins = []string{"https://www.paypal.com"}
	if u, err := url.Parse(d.config.PayPal.URL); err == nil && strings.HasSuffix(u.Hostname(), ".sandbox.paypal.com") {
		o.WalletOrigins = []string{"https://www.sandbox.paypal.com"}
	}
	if world != "" {
		o.WalletOrigins = append(o.WalletOrigins, world)
		o.ScriptURL, o.FrameOrigins = world+"/v3/", []string{world}
		if o.PublishableKey == "" {
			o.PublishableKey = "pk_test_bursar"
		}
	}
	o.Pretend = !d.office.Live
	if o.SignIn, err = d.signIn(s); err != nil {
		return nil, err
	}
	return console.New(d.office, o), nil
}

// signIn is the identity provider that customers come in by; nil where none is
// configured.
func (d *desk) signIn(s *session) (*signin.Party, error) {
	issuer := s.value("oidc-issuer")
	if issuer == "" {
		return nil, nil
	}
	return signin.New(signin.Options{
		Issuer: issuer, Client: s.value("oidc-client-id"), Secret: s.value("oidc-secret"), Claim: s.value("oidc-account-claim"),
		Return: strings.TrimRight(d.config.Console, "/") + "/signin/return", Now: wall, Random: d.config.Random,
	})
}

const followEvery = time.Second

// followClock takes over how far another process has moved the clock.
func (d *desk) followClock(ctx context.Context) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		known, err := d.settings(ctx, settingOffset)
		if err != nil {
			continue // the database is away; readyz says so
		}
		d.clock.take(readOffset(known[settingOffset]))
	}
}

// people is how people read where a server answers.
func (s started) people(w io.Writer) {
	facts(w, func(add func(...any)) {
		add("api and pages", s.API)
		add("staff's pages", s.Staff)
		if s.Sandbox != "" {
			add("sandbox world", s.Sandbox)
		}
		if s.Key != "" {
			add("api key", s.Key)
		}
		for _, l := range s.Links {
			add("link in", l.URL, fmt.Sprintf("%s (%s, %s), once, within 15 minutes", l.Reference, l.Country, l.Currency))
		}
	})
}
