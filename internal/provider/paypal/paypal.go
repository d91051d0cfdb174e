// Package paypal plugs PayPal accounts into the provider socket. It turns our words
// into vault tokens, orders and authorizations and PayPal's answers into outcomes,
// and decides nothing else: no retries, no state, no clock of its own.
//
// What makes a charge safe here is the order. It is opened without a source of
// money and its id is saved, then it is captured from the payer's token, and PayPal
// captures one order at most once. A charge from a hold is fenced by the
// authorization instead, which is captured once and for good. Idempotency keys are
// only the second net: calls.go says how long each one holds.
//
// PayPal does not say when an answer is the stored one of an earlier call. So a
// refusal is not believed before the order was read.
//
// The tables are the heart of it: calls and key windows in calls.go, statuses in
// answers.go, issues in declines.go, currencies in limits.go.
package paypal

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/provider"
)

const (
	// live is PayPal's own API.
	live = "https://api-m.paypal.com"

	// timeoutDefault is longer than PayPal takes to answer, and shorter than a job
	// may run. Past it the outcome is unknown, and asking again tells.
	timeoutDefault = 30 * time.Second
)

// Options say how to reach PayPal. ClientID, Secret and Now are required.
type Options struct {
	URL      string // of the API; PayPal's sandbox, or another server that speaks its protocol; "" = PayPal
	ClientID string
	Secret   string

	// WebhookID is the id that PayPal gave our endpoint; every message is signed for
	// it. With none, every message is refused.
	WebhookID string

	Client  *http.Client  // connects; nil = a client of our own
	Timeout time.Duration // of one exchange; 0 = 30 s
	Now     func() time.Time
	Log     *slog.Logger // one debug line per exchange; nil = none
}

// String hides the secret.
func (o Options) String() string { return "paypal options for " + o.URL }

// GoString hides the secret.
func (o Options) GoString() string { return o.String() }

// LogValue hides the secret.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// Plug is PayPal behind the provider socket. Make one with New.
type Plug struct {
	url       *url.URL // without a path
	webhookID string
	client    *http.Client
	timeout   time.Duration
	now       func() time.Time
	log       *slog.Logger
	pass      *pass
	certs     *certificates
}

var _ provider.Wallet = (*Plug)(nil)

// New returns the plug. It asks PayPal nothing.
func New(o Options) (*Plug, error) {
	if o.ClientID == "" || o.Secret == "" {
		return nil, errors.New("paypal: no client id or no secret")
	}
	if o.Now == nil {
		return nil, errors.New("paypal: no clock")
	}
	if o.URL == "" {
		o.URL = live
	}
	u, err := url.Parse(strings.TrimRight(o.URL, "/"))
	if err != nil || u.Host == "" || u.Path != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("paypal: the URL is not an http or https address without a path")
	}
	if o.Timeout <= 0 {
		o.Timeout = timeoutDefault
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Plug{
		url:       u,
		webhookID: o.WebhookID,
		client:    unredirected(o.Client),
		timeout:   o.Timeout,
		now:       o.Now,
		log:       o.Log,
		pass:      &pass{clientID: o.ClientID, secret: o.Secret},
		certs:     &certificates{},
	}, nil
}

// unredirected copies a client so that it follows no redirect: PayPal sends none,
// and our token must not travel.
func unredirected(c *http.Client) *http.Client {
	out := &http.Client{}
	if c != nil {
		*out = *c
	}
	out.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return out
}

// String hides the secret.
func (p *Plug) String() string { return "paypal" }

// GoString hides the secret.
func (p *Plug) GoString() string { return "paypal" }

// LogValue hides the secret.
func (p *Plug) LogValue() slog.Value { return slog.StringValue("paypal") }

// Name returns "paypal".
func (p *Plug) Name() string { return "paypal" }

// Window returns how long PayPal honours the key of an Ask.
func (p *Plug) Window() time.Duration { return windows[orders] - windowMargin }
