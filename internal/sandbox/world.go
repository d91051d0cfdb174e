package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what a World is made of. Now and Random are required.
type Options struct {
	// State is the path of the world's SQLite file; "" or ":memory:" keeps the
	// state in memory. One world at a time can use a file.
	State string
	// Now is the base clock, to which the offset kept in the state is added.
	Now func() time.Time
	// Random is where ids and secrets come from. It is read under a lock.
	Random io.Reader
	// BaseURL is the public origin, such as http://127.0.0.1:4242. If empty,
	// the origin that each request was sent to is used.
	BaseURL string
	// Client delivers webhooks; nil means http.DefaultClient.
	Client *http.Client
	// Logger gets what went wrong; nil discards it. Nothing that a request
	// carried is logged.
	Logger *slog.Logger
	// OnRequest, if set, is told of every request to the pretend providers as
	// it arrives, by operation and base clock. It must be quick.
	OnRequest func(op string, at time.Time)
}

// A World is the pretend outside world. Its methods may be called from any
// number of goroutines; it starts none itself.
type World struct {
	options Options
	routes  map[string]route

	paypalRoutes map[string]paypalRoute

	baseURL atomic.Value // string
	offset  atomic.Int64 // of the clock, in nanoseconds
	wake    chan struct{}
	closing chan struct{}

	closed     sync.Once
	closeError error

	running    keysInUse  // idempotency keys of requests under way
	delivering sync.Mutex // held while webhooks are posted

	mu         sync.Mutex // guards everything below, and the state
	store      *store
	nextDue    int64 // Unix microseconds of the first thing to do by the clock
	faults     []Fault
	hooks      []hook      // enabled webhook endpoints; nil if not read yet
	paypalSeal *paypalSeal // signs PayPal's webhooks; nil if not needed yet
	listeners  []hook      // PayPal's webhooks; nil if not read yet
	cardOrders bool        // whether there may be any
	tidied     time.Time   // when old answers were last dropped
	counts     map[string]int64
	uncounted  map[string]int64 // part of counts that is not in the state yet
	secret     []byte           // keys fingerprints and request hashes
}

// Open makes a world, or goes on with the one in the state file.
func Open(o Options) (*World, error) {
	if o.Now == nil || o.Random == nil {
		return nil, errors.New("sandbox: Now and Random are required")
	}
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := openStore(o.State)
	if err != nil {
		return nil, err
	}
	w := &World{
		options: o, store: s, routes: stripeRoutes(), paypalRoutes: paypalRoutes(),
		cardOrders: true,
		wake:       make(chan struct{}, 1), closing: make(chan struct{}),
		counts: map[string]int64{}, uncounted: map[string]int64{},
	}
	w.SetBaseURL(o.BaseURL)
	if err := w.remember(); err != nil {
		s.close()
		return nil, err
	}
	return w, nil
}

// remember reads from the state what a running world keeps in memory.
func (w *World) remember() error {
	offset, err := w.store.meta("clock_offset_ns")
	if err != nil {
		return err
	}
	if n, err := strconv.ParseInt(offset, 10, 64); err == nil {
		w.offset.Store(n)
	}
	faults, err := w.store.meta("faults")
	if err != nil {
		return err
	}
	if faults != "" {
		if err := json.Unmarshal([]byte(faults), &w.faults); err != nil {
			return fmt.Errorf("read the sandbox's faults: %w", err)
		}
	}
	secret, err := w.store.meta("secret")
	if err != nil {
		return err
	}
	if secret == "" {
		secret = w.randomText(32)
		if err := w.store.setMeta("secret", secret); err != nil {
			return err
		}
	}
	w.secret = []byte(secret)
	w.nextDue = math.MinInt64 // the first request looks
	return w.store.each("SELECT op, n FROM requests", nil, func(scan func(...any) error) error {
		var op string
		var n int64
		err := scan(&op, &n)
		w.counts[op] = n
		return err
	})
}

// Close writes what is left and closes the state. Requests that a fault keeps
// waiting go on at once. Closing again does nothing.
func (w *World) Close() error {
	w.closed.Do(func() {
		close(w.closing)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.closeError = errors.Join(w.writeCounts(), w.store.close())
	})
	return w.closeError
}

// SetBaseURL says under which origin browsers reach this world.
func (w *World) SetBaseURL(origin string) { w.baseURL.Store(strings.TrimRight(origin, "/")) }

// origin is the public origin for links in the answer to r.
func (w *World) origin(r *http.Request) string {
	if base := w.baseURL.Load().(string); base != "" {
		return base
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// ServeHTTP answers Stripe's paths (/v1, and the browser's /v3 and
// /_elements), the issuer's pages (/_issuer), PayPal's paths (/v1/oauth2,
// /v1/notifications, /v1/customer, /v1/reporting, /v2 and /v3/vault) and pages
// (/checkoutnow, /agreements/approve and /_paypal), the bank's (/_bank), and the
// control desk (/_sandbox).
func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/v1/notifications/certs/"):
		w.servePayPalCertificate(rw, r)
	case isPayPal(path):
		w.servePayPal(rw, r)
	case isPayPalPage(path):
		w.servePayPalPages(rw, r)
	case strings.HasPrefix(path, "/v1/"):
		w.serveStripe(rw, r)
	case path == "/v3/" || path == "/v3" || path == "/v3/stripe.js" || strings.HasPrefix(path, "/_elements/"):
		w.serveElements(rw, r)
	case strings.HasPrefix(path, "/_issuer/"):
		w.serveIssuer(rw, r)
	case isBank(path):
		w.serveBank(rw, r)
	case path == "/_sandbox" || strings.HasPrefix(path, "/_sandbox/"):
		w.serveControl(rw, r)
	case path == "/healthz":
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(rw, "ok\n")
	case path == "/":
		http.Redirect(rw, r, "/_sandbox/", http.StatusSeeOther)
	default:
		writeAnswer(rw, unrecognizedURL(r.Method).answer())
	}
}

// count notes a request of one operation. The world's lock must be held.
func (w *World) count(op string) {
	w.counts[op]++
	w.uncounted[op]++
}

// writeCounts puts the counts that are only in memory into the state.
func (w *World) writeCounts() error {
	for op := range w.uncounted {
		if err := w.store.exec("INSERT INTO requests (op, n) VALUES ($1, $2) ON CONFLICT (op) DO UPDATE SET n = excluded.n", op, w.counts[op]); err != nil {
			return err
		}
	}
	return nil
}

// idLetters are what Stripe's ids are made of.
const idLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// randomText returns n random letters and digits. The lock must be held.
func (w *World) randomText(n int) string { return w.randomOf(idLetters, n) }

// randomOf returns n random letters out of letters. The lock must be held.
func (w *World) randomOf(letters string, n int) string {
	raw := make([]byte, n)
	if _, err := io.ReadFull(w.options.Random, raw); err != nil {
		panic(fmt.Sprintf("sandbox: no randomness: %v", err))
	}
	for i, b := range raw {
		raw[i] = letters[int(b)%len(letters)]
	}
	return string(raw)
}

// newID returns an id such as pi_1Xh….
func (w *World) newID(prefix string) string { return prefix + "_" + w.randomText(24) }

// paypalID returns an id such as 5O190127TN364715T. The lock must be held.
func (w *World) paypalID() string {
	const letters, length = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 17
	return w.randomOf(letters, length)
}

// chance reports true with the given probability. The lock must be held.
func (w *World) chance(rate float64) bool {
	var raw [4]byte
	if _, err := io.ReadFull(w.options.Random, raw[:]); err != nil {
		panic(fmt.Sprintf("sandbox: no randomness: %v", err))
	}
	n := uint32(raw[0])<<24 | uint32(raw[1])<<16 | uint32(raw[2])<<8 | uint32(raw[3])
	return float64(n)/(1<<32) < rate
}
