package stripe

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
)

// answerMax bounds the body of one answer. A full page of expanded intents is
// about 1 MiB.
const answerMax = 8 << 20

// An exchange is what the wire showed of one call. stripe-go tells only part of
// it, and nothing when the answer is not JSON.
type exchange struct {
	status    int    // 0 = no answer came
	requestID string // Stripe's id of the exchange
	replayed  bool   // the answer was stored under the idempotency key, by an earlier call
	traced    bool   // the transport reports its connections
	connected bool   // a connection was there to write to
}

type exchangeKey struct{}

// begin returns a context that bounds one call and notes what happens on the wire.
func (p *Plug) begin(ctx context.Context) (context.Context, *exchange, context.CancelFunc) {
	x := &exchange{}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	ctx = context.WithValue(ctx, exchangeKey{}, x)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { x.traced = true },
		GotConn: func(httptrace.GotConnInfo) { x.connected = true },
	})
	return ctx, x, cancel
}

// neverSent reports whether the call provably did not reach Stripe. Without proof
// it is false. A transport that reports its connections is believed over its last
// error, since it may dial again after a first connection broke.
func (x *exchange) neverSent(err error) bool {
	if x.status != 0 || x.connected {
		return false
	}
	if x.traced {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// watched copies a client so that it notes each exchange, bounds each answer and
// follows no redirect: Stripe sends none, and our key must not travel.
func watched(c *http.Client, log *slog.Logger) *http.Client {
	out := &http.Client{}
	if c != nil {
		*out = *c
	}
	if out.Transport == nil {
		out.Transport = http.DefaultTransport
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	out.Transport = &watch{next: out.Transport, log: log}
	out.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return out
}

type watch struct {
	next http.RoundTripper
	log  *slog.Logger
}

// RoundTrip passes r on. The log line has no query and no body: a list's query
// names a customer.
func (w *watch) RoundTrip(r *http.Request) (*http.Response, error) {
	x, _ := r.Context().Value(exchangeKey{}).(*exchange)
	if x == nil {
		x = &exchange{}
	}
	resp, err := w.next.RoundTrip(r)
	if err == nil {
		x.status = resp.StatusCode
		x.requestID = word(resp.Header.Get("Request-Id"))
		x.replayed = replayed(resp.Header)
		resp.Body = http.MaxBytesReader(nil, resp.Body, answerMax)
	}
	w.log.DebugContext(r.Context(), "asked stripe", "method", r.Method, "path", r.URL.Path,
		"status", x.status, "request_id", x.requestID, "replayed", x.replayed)
	return resp, err
}

// replayed reads Stripe's two signs that an answer is that of an earlier request
// with the same key.
func replayed(h http.Header) bool {
	original := h.Get("Original-Request")
	return h.Get("Idempotent-Replayed") == "true" || original != "" && original != h.Get("Request-Id")
}

// word returns s if it looks like one of Stripe's codes or ids, else "". What goes
// to logs passes through it, so that no free text of an answer does.
func word(s string) string {
	if len(s) > 80 {
		return ""
	}
	for _, r := range s {
		if r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return ""
		}
	}
	return s
}
