// Package stripe plugs Stripe's card payments into the provider socket. It turns
// our words into PaymentIntents and Stripe's answers into outcomes, and decides
// nothing else: no retries, no state, no clock of its own.
//
// What makes a charge safe here is the intent. It is created first and its id is
// saved, then it is confirmed, and Stripe lets one intent succeed at most once.
// Idempotency keys are only the second net; keys.go says how they are derived.
//
// The tables are the heart of it: statuses in answers.go, errors in failures.go,
// decline codes in declines.go, currencies in limits.go.
package stripe

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	api "github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/provider"
)

const (
	// timeoutDefault is longer than an issuer takes to answer, and shorter than a
	// job may run. Past it the outcome is unknown, and asking again tells.
	timeoutDefault = 30 * time.Second

	// window is how long a key is counted on. Stripe may forget one that is 24
	// hours old; an hour is left for clocks that differ.
	window = 23 * time.Hour

	// prefixMax is the longest static descriptor that Stripe puts before a suffix.
	prefixMax = 10
)

// Options say how to reach Stripe. Key is required.
type Options struct {
	Key    string       // secret or restricted API key
	URL    string       // another server that speaks Stripe's protocol; "" = Stripe
	Client *http.Client // connects; nil = a client of our own

	// WebhookSecrets sign incoming events; two while one replaces the other. With
	// none, every event is refused.
	WebhookSecrets []string

	// DescriptorPrefix is the static (shortened) descriptor of the Stripe account,
	// which Stripe puts before ours on card statements; "" = not known.
	DescriptorPrefix string

	Timeout time.Duration // of one exchange; 0 = 30 s
	Now     func() time.Time
	Logger  *slog.Logger // one debug line per exchange; nil = none
}

// String hides the key and the secrets.
func (o Options) String() string { return "stripe options for " + o.URL }

// GoString hides the key and the secrets.
func (o Options) GoString() string { return o.String() }

// LogValue hides the key and the secrets.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// Plug is Stripe behind the provider socket. Make one with New.
type Plug struct {
	api     *api.Client
	secrets []string
	prefix  string
	timeout time.Duration
	now     func() time.Time
}

var _ provider.Provider = (*Plug)(nil)

// New returns the plug. It asks Stripe nothing.
func New(o Options) (*Plug, error) {
	if o.Key == "" {
		return nil, errors.New("stripe: no API key")
	}
	if o.Now == nil {
		return nil, errors.New("stripe: no clock")
	}
	if o.URL != "" {
		u, err := url.Parse(o.URL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, errors.New("stripe: the URL is not an http or https address")
		}
	}
	if o.Timeout <= 0 {
		o.Timeout = timeoutDefault
	}
	if len(o.DescriptorPrefix) > prefixMax {
		o.DescriptorPrefix = o.DescriptorPrefix[:prefixMax]
	}
	return &Plug{
		api:     newClient(o),
		secrets: slices.DeleteFunc(slices.Clone(o.WebhookSecrets), func(s string) bool { return s == "" }),
		prefix:  o.DescriptorPrefix,
		timeout: o.Timeout,
		now:     o.Now,
	}, nil
}

// newClient configures stripe-go so that it does one exchange per call and keeps
// its own logging quiet: its log lines quote answers.
func newClient(o Options) *api.Client {
	config := &api.BackendConfig{
		EnableTelemetry:   api.Bool(false),
		HTTPClient:        watched(o.Client, o.Logger),
		LeveledLogger:     &api.LeveledLogger{Level: api.LevelNull},
		MaxNetworkRetries: api.Int64(0),
	}
	if o.URL != "" {
		config.URL = api.String(o.URL)
	}
	backend := api.GetBackendWithConfig(api.APIBackend, config)
	return api.NewClient(o.Key, api.WithBackends(&api.Backends{
		API: backend, Connect: backend, Uploads: backend, MeterEvents: backend,
	}))
}

// String hides the key and the secrets.
func (p *Plug) String() string { return "stripe" }

// GoString hides the key and the secrets.
func (p *Plug) GoString() string { return "stripe" }

// LogValue hides the key and the secrets.
func (p *Plug) LogValue() slog.Value { return slog.StringValue("stripe") }

// Name returns "stripe".
func (p *Plug) Name() string { return "stripe" }

// Window returns how long Stripe honours the key of an Ask.
func (p *Plug) Window() time.Duration { return window }
