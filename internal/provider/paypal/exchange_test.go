package paypal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bursar-pay/bursar/internal/provider"
)

// serving returns a plug toward a server that gives tokens and answers everything
// else with a handler.
func serving(t *testing.T, timeout time.Duration, answer http.HandlerFunc) *Plug {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/oauth2/token" {
			fmt.Fprint(w, `{"access_token":"t","expires_in":32400}`)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return toward(t, server.URL, timeout)
}

func toward(t *testing.T, url string, timeout time.Duration) *Plug {
	t.Helper()
	p, err := New(Options{URL: url, ClientID: "client", Secret: "secret", Timeout: timeout, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Over real connections: nobody listening is proof, everything later is not.
func TestWhatWasSent(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		p := toward(t, "http://"+l.Addr().String(), 0)
		if _, r := p.Open(t.Context(), charge()); r.Outcome != provider.Failed || r.Cause == nil {
			t.Errorf("open: got %+v, want failed", r)
		}
		if r := p.Confirm(t.Context(), orderName, charge()); r.Outcome != provider.Failed || !r.Live {
			t.Errorf("confirm: got %+v, want failed and live", r)
		}
		if r := p.Fetch(t.Context(), orderName); r.Outcome != provider.Unknown {
			t.Errorf("fetch: got %+v, want unknown", r)
		}
	})
	t.Run("cut after the request", func(t *testing.T) {
		var calls atomic.Int64
		p := serving(t, 0, func(http.ResponseWriter, *http.Request) {
			calls.Add(1)
			panic(http.ErrAbortHandler)
		})
		if r := p.Confirm(t.Context(), orderName, charge()); r.Outcome != provider.Unknown {
			t.Errorf("got %+v, want unknown", r)
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("got %d calls, want 1", n)
		}
	})
	t.Run("no answer in time", func(t *testing.T) {
		done := make(chan struct{})
		p := serving(t, 50*time.Millisecond, func(http.ResponseWriter, *http.Request) { <-done })
		t.Cleanup(func() { close(done) })
		r := p.Confirm(t.Context(), orderName, charge())
		if r.Outcome != provider.Unknown || !errors.Is(r.Cause, context.DeadlineExceeded) {
			t.Errorf("got %+v, want unknown for the deadline", r)
		}
	})
	t.Run("too long an answer", func(t *testing.T) {
		p := serving(t, 0, func(w http.ResponseWriter, _ *http.Request) {
			chunk := bytes.Repeat([]byte(" "), 1<<20)
			for range answerMax>>20 + 1 {
				w.Write(chunk)
			}
		})
		if r := p.Confirm(t.Context(), orderName, charge()); r.Outcome != provider.Unknown {
			t.Errorf("got %+v, want unknown", r)
		}
	})
	t.Run("redirect", func(t *testing.T) {
		var calls atomic.Int64
		p := serving(t, 0, func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		})
		if r := p.Confirm(t.Context(), orderName, charge()); r.Outcome != provider.Unknown || calls.Load() != 1 {
			t.Errorf("got %+v after %d calls, want unknown after one", r, calls.Load())
		}
	})
	t.Run("given up before", func(t *testing.T) {
		p := serving(t, 0, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if r := p.Confirm(ctx, orderName, charge()); r.Outcome != provider.Failed {
			t.Errorf("got %+v, want failed", r)
		}
	})
}

// A till gives tokens when it is told to, and lets every token be used.
type till struct {
	mu     sync.Mutex
	tokens int
	open   chan struct{} // tokens are given when it is closed; nil = at once
	answer reply         // to a request for a token; status 0 = a token
	refuse string        // a token that is no good any more
}

// RoundTrip gives a token, or an order.
func (l *till) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != "/v1/oauth2/token" {
		l.mu.Lock()
		defer l.mu.Unlock()
		if r.Header.Get("Authorization") == "Bearer "+l.refuse {
			return respond(r, reply{status: 401, body: `{"name":"AUTHENTICATION_FAILURE"}`}), nil
		}
		return respond(r, charging("CREATED")), nil
	}
	if l.open != nil {
		select {
		case <-l.open:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens++
	if id, secret, ok := r.BasicAuth(); !ok || id != "client" || secret != "secret" {
		return respond(r, reply{status: 401, body: `{"error":"invalid_client"}`}), nil
	}
	if l.answer.status != 0 {
		return respond(r, l.answer), nil
	}
	return respond(r, reply{status: 200, body: fmt.Sprintf(`{"access_token":"token-%d","expires_in":32400}`, l.tokens)}), nil
}

func paying(t *testing.T, l *till, now func() time.Time) *Plug {
	t.Helper()
	p, err := New(Options{ClientID: "client", Secret: "secret", Client: &http.Client{Transport: l}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTokenIsSharedAndRenewedAheadOfItsEnd(t *testing.T) {
	now := noon
	l := &till{}
	p := paying(t, l, func() time.Time { return now })
	for _, tt := range []struct {
		pass   time.Duration
		tokens int
	}{{0, 1}, {0, 1}, {8 * time.Hour, 1}, {56 * time.Minute, 2}, {0, 2}, {9 * time.Hour, 3}} {
		now = now.Add(tt.pass)
		if r := p.Fetch(t.Context(), orderName); r.Outcome != provider.Pending {
			t.Fatalf("got %+v, want pending", r)
		}
		if l.tokens != tt.tokens {
			t.Errorf("after %s: got %d tokens, want %d", now.Sub(noon), l.tokens, tt.tokens)
		}
	}
}

func TestTokenIsRenewedOnceForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &till{open: make(chan struct{})}
		p := paying(t, l, func() time.Time { return noon })
		first, giveUp := context.WithCancel(t.Context())
		var all sync.WaitGroup
		var served atomic.Int64
		all.Go(func() {
			if r := p.Fetch(first, orderName); r.Outcome != provider.Unknown {
				t.Errorf("who gave up: got %+v, want unknown", r)
			}
		})
		synctest.Wait()
		for range 20 {
			all.Go(func() {
				if r := p.Fetch(t.Context(), orderName); r.Outcome == provider.Pending {
					served.Add(1)
				}
			})
		}
		synctest.Wait()
		giveUp()
		synctest.Wait()
		close(l.open)
		all.Wait()
		if l.tokens != 1 || served.Load() != 20 {
			t.Errorf("got %d tokens and %d served, want 1 and 20", l.tokens, served.Load())
		}
	})
}

func TestTokenThatIsRefusedIsRenewedOnce(t *testing.T) {
	l := &till{refuse: "token-1"}
	p := paying(t, l, func() time.Time { return noon })
	for range 2 {
		if r := p.Fetch(t.Context(), orderName); r.Outcome != provider.Pending || l.tokens != 2 {
			t.Errorf("got %+v with %d tokens, want pending with the second", r, l.tokens)
		}
	}
}

// Without a token nothing was sent, which is proof; a secret that is refused stops
// the lane.
func TestNoToken(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer reply
		stops  bool
	}{
		{"secret refused", reply{status: 401, body: `{"error":"invalid_client","error_description":"Client Authentication failed"}`}, true},
		{"down", reply{status: 503}, false},
		{"too many", reply{status: 429, body: `{"name":"RATE_LIMIT_REACHED"}`}, false},
		{"nonsense", reply{status: 200, body: `{"access_token":""}`}, false},
	} {
		p := paying(t, &till{answer: tt.answer}, func() time.Time { return noon })
		check(t, tt.name, p.Confirm(t.Context(), orderName, charge()), provider.Failed, tt.stops, true)
		check(t, tt.name, p.Fetch(t.Context(), orderName), provider.Unknown, tt.stops, true)
		wanted := provider.ErrUnreachable
		if tt.stops {
			wanted = provider.ErrMisconfigured
		}
		if _, err := p.Instrument(t.Context(), tokenID); !errors.Is(err, wanted) {
			t.Errorf("%s: read an instrument: got %v, want %v", tt.name, err, wanted)
		}
	}
}

func TestSecretsAreHidden(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o := Options{ClientID: "client", Secret: "s3cret-key", WebhookID: "WH1", Now: func() time.Time { return noon }, Log: log}
	w := &wire{t: t, replies: []reply{refusedWith(500, "INTERNAL_SERVER_ERROR", "secret words"), {err: fmt.Errorf("s3cret-key: %w", io.ErrUnexpectedEOF)}}}
	o.Client = &http.Client{Transport: w}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := p.Confirm(t.Context(), orderName, charge())
		log.Info("said", "result", r.Cause, "plug", p, "options", o)
		fmt.Fprintf(&out, "%v %+v %#v %v %+v %#v", o, o, o, p, p, p)
	}
	for _, hidden := range []string{"s3cret", "secret words", "token-1", "Bearer"} {
		if strings.Contains(out.String(), hidden) {
			t.Errorf("%q is in the log:\n%s", hidden, out.String())
		}
	}
	for _, shown := range []string{"debug1", "/v2/checkout/orders/" + orderID + "/capture", "INTERNAL_SERVER_ERROR"} {
		if !strings.Contains(out.String(), shown) {
			t.Errorf("%q is not in the log:\n%s", shown, out.String())
		}
	}
}

func TestNewNeedsWhatItNeeds(t *testing.T) {
	now := func() time.Time { return noon }
	for name, o := range map[string]Options{
		"no client id": {Secret: "s", Now: now}, "no secret": {ClientID: "c", Now: now}, "no clock": {ClientID: "c", Secret: "s"},
		"not an address": {ClientID: "c", Secret: "s", Now: now, URL: "paypal"}, "a path": {ClientID: "c", Secret: "s", Now: now, URL: "https://x/v2"},
		"another scheme": {ClientID: "c", Secret: "s", Now: now, URL: "ftp://x"},
	} {
		if p, err := New(o); err == nil || p != nil {
			t.Errorf("%s: got no complaint", name)
		}
	}
	p, err := New(Options{ClientID: "c", Secret: "s", Now: now})
	if err != nil || p.url.String() != live || p.Window() >= 6*time.Hour || p.Window() < 5*time.Hour {
		t.Errorf("got %v, %v, window %s", p, err, p.Window())
	}
}
