package stripe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/provider"
)

func toward(t *testing.T, url string, timeout time.Duration) *Plug {
	t.Helper()
	p, err := New(Options{Key: "sk_test_secret", URL: url, Timeout: timeout, Now: func() time.Time { return noon }})
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
		if r := p.Confirm(t.Context(), "pi_1", charge()); r.Outcome != provider.Failed || !r.Live {
			t.Errorf("confirm: got %+v, want failed and live", r)
		}
		if r := p.Fetch(t.Context(), "pi_1"); r.Outcome != provider.Unknown {
			t.Errorf("fetch: got %+v, want unknown", r)
		}
	})
	t.Run("cut after the request", func(t *testing.T) {
		var calls atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			calls.Add(1)
			panic(http.ErrAbortHandler)
		}))
		defer server.Close()
		if r := toward(t, server.URL, 0).Confirm(t.Context(), "pi_1", charge()); r.Outcome != provider.Unknown {
			t.Errorf("got %+v, want unknown", r)
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("got %d calls, want 1", n)
		}
	})
	t.Run("no answer in time", func(t *testing.T) {
		done := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-done
		}))
		defer server.Close()
		defer close(done)
		r := toward(t, server.URL, 50*time.Millisecond).Confirm(t.Context(), "pi_1", charge())
		if r.Outcome != provider.Unknown || !errors.Is(r.Cause, context.DeadlineExceeded) {
			t.Errorf("got %+v, want unknown for the deadline", r)
		}
	})
	t.Run("too long an answer", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			chunk := bytes.Repeat([]byte(" "), 1<<20)
			for range answerMax>>20 + 1 {
				w.Write(chunk)
			}
		}))
		defer server.Close()
		if r := toward(t, server.URL, 0).Confirm(t.Context(), "pi_1", charge()); r.Outcome != provider.Unknown {
			t.Errorf("got %+v, want unknown", r)
		}
	})
	t.Run("redirects are not followed", func(t *testing.T) {
		var strayed atomic.Bool
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Store(true) }))
		defer other.Close()
		server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
		defer server.Close()
		if r := toward(t, server.URL, 0).Confirm(t.Context(), "pi_1", charge()); r.Outcome != provider.Unknown || strayed.Load() {
			t.Errorf("got %+v, strayed %v; want unknown, and no request elsewhere", r, strayed.Load())
		}
	})
}

// Whatever is printed of the plug or its options, and whatever it logs, the secrets
// are not in it.
func TestSecretsStayHidden(t *testing.T) {
	var log bytes.Buffer
	o := Options{
		Key: "sk_test_secret", URL: "https://stripe.test", WebhookSecrets: []string{"whsec_new"}, Now: func() time.Time { return noon },
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Client: &http.Client{Transport: &wire{t: t, replies: []reply{{status: 200, file: "intent_requires_action"}, {status: 402, file: "error_declined"}}}},
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	p.Fetch(t.Context(), "pi_1")
	p.Confirm(t.Context(), "pi_1", charge())
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "options", o, "plug", p)
	printed := log.String() + fmt.Sprintf("%v %+v %#v %v %+v %#v", o, o, o, p, p, p)
	for _, secret := range []string{"sk_test_secret", "whsec_new", "pi_1_secret_x", "Declined by the issuer"} {
		if strings.Contains(printed, secret) {
			t.Errorf("%q is in the open:\n%s", secret, printed)
		}
	}
	if !strings.Contains(printed, "request_id=req_test") {
		t.Errorf("got log %q, want the request's id in it", log.String())
	}
}

func TestOptions(t *testing.T) {
	now := func() time.Time { return noon }
	for name, o := range map[string]Options{
		"no key":   {Now: now},
		"no clock": {Key: "sk_test_x"},
		"bad URL":  {Key: "sk_test_x", Now: now, URL: "stripe.example"},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: got a plug, want an error", name)
		}
	}
}
