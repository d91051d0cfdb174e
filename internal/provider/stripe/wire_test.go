package stripe

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

var (
	noon   = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	dollar = money.Amount{Minor: 100, Currency: "USD"}
)

// A reply is one answer on the wire.
type reply struct {
	status   int
	file     string // in testdata
	body     string // where there is no file
	replayed bool
	err      error
}

// A request is what went over the wire.
type request struct {
	method, path, key, authorization string
	form                             url.Values
}

// A wire answers with its replies, in turn.
type wire struct {
	t       *testing.T
	replies []reply
	seen    []request
}

// RoundTrip answers with the next reply.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.note(r)
	if len(w.replies) == 0 {
		w.t.Fatalf("unexpected request %s %s", r.Method, r.URL.Path)
	}
	next := w.replies[0]
	w.replies = w.replies[1:]
	if next.err != nil {
		return nil, next.err
	}
	body := []byte(next.body)
	if next.file != "" {
		body = fixture(w.t, next.file)
	}
	h := http.Header{"Request-Id": {"req_test"}, "Content-Type": {"application/json"}}
	if next.replayed {
		h.Set("Idempotent-Replayed", "true")
	}
	return &http.Response{StatusCode: next.status, Header: h, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

func (w *wire) note(r *http.Request) {
	form := r.URL.Query()
	if r.Body != nil {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(raw) > 0 {
			if form, err = url.ParseQuery(string(raw)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	w.seen = append(w.seen, request{r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization"), form})
}

// paths are the requests seen, as METHOD path.
func (w *wire) paths() []string {
	out := make([]string, len(w.seen))
	for i, r := range w.seen {
		out[i] = r.method + " " + r.path
	}
	return out
}

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// plugged returns a plug whose requests are answered with the replies, all of which
// must be asked for.
func plugged(t *testing.T, replies ...reply) (*Plug, *wire) {
	t.Helper()
	w := &wire{t: t, replies: replies}
	p, err := New(Options{
		Key:            "sk_test_secret",
		URL:            "https://stripe.test",
		Client:         &http.Client{Transport: w},
		WebhookSecrets: []string{"whsec_new", "whsec_old"},
		Now:            func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := len(w.replies); n > 0 {
			t.Errorf("%d answers were not asked for", n)
		}
	})
	return p, w
}

// charge is an unattended charge of 25.00.
func charge() provider.Ask {
	return provider.Ask{
		Key: "k1", Reference: "pay_1", Account: "acct_1", Customer: "cus_1", Method: "pm_1",
		Amount: money.Amount{Minor: 2500, Currency: "USD"}, Initiator: provider.MIT,
		Descriptor: "BURSAR CLOUD", Note: "usage of October",
	}
}

// hold is the verification hold of a payer who is present.
func hold() provider.Ask {
	return provider.Ask{
		Key: "k2", Reference: "hold_1", Account: "acct_1", Customer: "cus_1", Method: "pm_1",
		Amount: dollar, Hold: true, Initiator: provider.CIT, SetUp: true, Force3DS: true,
		Descriptor: "BURSAR CLOUD", ReturnURL: "https://console.example/back",
	}
}
