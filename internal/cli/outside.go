package cli

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// errOutside says that the pretend outside world cannot be reached.
var errOutside = fault.New(fault.Unavailable, "sandbox_unavailable", "the sandbox world of this installation cannot be opened").
	WithNext("wait until the other command that uses it is done, or stop it")

const (
	// Names of places that are reached in process and never looked up.
	worldHost = "sandbox.bursar.invalid"
	deskHost  = "desk.bursar.invalid"

	installationHeader = "Bursar-Installation" // says whose server answers

	probeTime    = 500 * time.Millisecond
	openTriesMax = 10
	openPause    = 300 * time.Millisecond
	webhooksMax  = 1 << 20
)

// outside is the pretend outside world as one process reaches it. At most one
// process has a world's state file open; the others talk to that one's listener.
// It is opened when it is first needed, so that a command that only reads leaves
// it alone.
type outside struct {
	state        string // path of the state file
	installation string
	secret       string // signs the card network's webhooks to us
	webhook      string // id of our webhook at the world's PayPal
	now          func() time.Time
	random       io.Reader
	log          *slog.Logger
	news         func(ctx context.Context, provider string, header http.Header, body []byte) error // takes our webhooks
	address      func(ctx context.Context) string                                                  // of the process that may have the world; "" unknown
	onRequest    func(op string, at time.Time)                                                     // may be nil

	mu    sync.Mutex
	own   *sandbox.World // nil: not opened, or somebody else's
	other string         // origin of the process that has it
}

// RoundTrip carries a request of the card adapter to the world, wherever it is.
func (o *outside) RoundTrip(r *http.Request) (*http.Response, error) {
	w, origin, err := o.reach(r.Context())
	if err != nil {
		return nil, err
	}
	if w != nil {
		return w.Transport().RoundTrip(r)
	}
	there := r.Clone(r.Context())
	there.URL.Scheme, there.URL.Host, _ = strings.Cut(origin, "://")
	there.Host = ""
	return http.DefaultTransport.RoundTrip(there)
}

// reach finds the process that has the world, or opens it here.
func (o *outside) reach(ctx context.Context) (*sandbox.World, string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.own != nil {
		return o.own, "", nil
	}
	if o.other != "" && isInstallation(ctx, o.other, o.installation) {
		return nil, o.other, nil
	}
	var failed error
	for range openTriesMax {
		if o.other = o.address(ctx); o.other != "" && isInstallation(ctx, o.other, o.installation) {
			return nil, o.other, nil
		}
		if o.own, failed = o.openHere(); failed == nil {
			return o.own, "", nil
		}
		select {
		case <-ctx.Done():
			return nil, "", ctx.Err()
		case <-time.After(openPause):
		}
	}
	return nil, "", errOutside.Detail("the sandbox world at %s: %v", o.state, failed)
}

// world opens the world in this process. Another process that has it is an error.
func (o *outside) world(ctx context.Context) (*sandbox.World, error) {
	w, origin, err := o.reach(ctx)
	if err == nil && w == nil {
		return nil, errOutside.Detail("the sandbox world is open in the server at %s", origin)
	}
	return w, err
}

func (o *outside) openHere() (*sandbox.World, error) {
	if err := os.MkdirAll(filepath.Dir(o.state), 0o700); err != nil {
		return nil, err
	}
	w, err := sandbox.Open(sandbox.Options{
		State: o.state, Now: o.now, Random: o.random, Logger: o.log, OnRequest: o.onRequest,
		Client: &http.Client{Transport: webhooks{o}},
	})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(w.Endpoint("http://"+deskHost+"/", o.secret), w.PayPalEndpoint("http://"+deskHost+"/paypal", o.webhook)); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// tick has the world do what is due, if it is open here.
func (o *outside) tick(ctx context.Context) error {
	o.mu.Lock()
	w := o.own
	o.mu.Unlock()
	if w == nil {
		return nil
	}
	return w.Tick(ctx)
}

func (o *outside) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.own == nil {
		return nil
	}
	return o.own.Close()
}

// webhooks is the world's way to those who listen: to us in process, to others
// over the network.
type webhooks struct{ o *outside }

func (w webhooks) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != deskHost {
		return http.DefaultTransport.RoundTrip(r)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, webhooksMax))
	if err != nil {
		return nil, err
	}
	answer := &http.Response{StatusCode: http.StatusNoContent, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: r}
	if err := w.o.news(r.Context(), cmp.Or(strings.TrimPrefix(r.URL.Path, "/"), "stripe"), r.Header, body); err != nil {
		w.o.log.WarnContext(r.Context(), "the sandbox world's webhook was not taken and comes again", "error", err)
		answer.StatusCode = http.StatusServiceUnavailable
	}
	return answer, nil
}

// isInstallation tells whether a server of this installation answers there.
func isInstallation(ctx context.Context, origin, installation string) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/healthz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.Header.Get(installationHeader) == installation
}
