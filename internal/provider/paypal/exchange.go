package paypal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
)

// answerMax bounds the body of one answer. A full page of transactions is about
// 1 MiB.
const answerMax = 8 << 20

// A question is one call with what it says.
type question struct {
	call
	id    string     // for the star in the path
	query url.Values // nil = none
	body  any        // nil = none
	key   string     // PayPal-Request-Id; "" = none
}

// An exchange is how a question went.
type exchange struct {
	question
	status  int      // 0 = no answer came
	debugID string   // PayPal's id of the exchange, for its support
	problem *problem // PayPal's words, if it refused in its own form
	err     error    // the wire's, or of an answer that could not be read

	unsent        bool // provably never reached PayPal
	misconfigured bool // our client id and secret are refused
	traced        bool // the transport reports its connections
	connected     bool // a connection was there to write to
}

// ok reports whether PayPal did what was asked, and the answer was read.
func (x *exchange) ok() bool { return x.err == nil && x.status >= 200 && x.status < 300 }

// missing reports whether PayPal does not know what the path names.
func (x *exchange) missing() bool { return x.status == http.StatusNotFound && x.problem != nil }

// ask puts one question and reads the answer into a value, unless that is nil. A
// token that PayPal no longer takes is renewed once and the question put again: who
// is refused with 401 was not served.
func (p *Plug) ask(ctx context.Context, q question, into any) *exchange {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var x *exchange
	for range 2 {
		x = &exchange{question: q}
		token, err := p.token(ctx)
		if err != nil {
			x.unsent, x.err = true, err
			x.misconfigured = errors.Is(err, errPassRefused)
			return x
		}
		p.send(ctx, x, token, into)
		if x.status != http.StatusUnauthorized {
			return x
		}
		p.pass.drop(token)
	}
	return x
}

// send makes one exchange.
func (p *Plug) send(ctx context.Context, x *exchange, token string, into any) {
	r, err := p.request(ctx, x.question, token)
	if err != nil {
		x.unsent, x.err = true, err
		return
	}
	p.exchange(x, r, into)
}

func (p *Plug) request(ctx context.Context, q question, token string) (*http.Request, error) {
	var body io.Reader
	if q.body != nil {
		raw, err := encode(q.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	path := strings.Replace(q.path, "*", url.PathEscape(q.id), 1)
	if len(q.query) > 0 {
		path += "?" + q.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, q.method, p.url.String()+path, body)
	if err != nil {
		return nil, errors.New("paypal: the request cannot be made")
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Prefer", "return=representation")
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.key != "" {
		r.Header.Set("PayPal-Request-Id", q.key)
	}
	return r, nil
}

// encode writes a body. One that is bytes already goes as it is.
func encode(body any) ([]byte, error) {
	if raw, is := body.([]byte); is {
		return raw, nil
	}
	return json.Marshal(body)
}

// exchange sends r and notes what happens on the wire.
func (p *Plug) exchange(x *exchange, r *http.Request, into any) {
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { x.traced = true },
		GotConn: func(httptrace.GotConnInfo) { x.connected = true },
	})
	resp, err := p.client.Do(r.WithContext(ctx))
	if err == nil {
		x.status = resp.StatusCode
		x.debugID = word(resp.Header.Get("PayPal-Debug-Id"))
		x.err = x.read(resp.Body, into)
	} else {
		x.unsent, x.err = x.neverSent(err), wireError(err)
	}
	// Neither query nor body: a search's query and every body name a customer.
	p.log.DebugContext(ctx, "asked paypal", "method", r.Method, "path", r.URL.Path,
		"status", x.status, "debug_id", x.debugID)
}

// read takes the answer in, or PayPal's words of refusal.
func (x *exchange) read(body io.ReadCloser, into any) error {
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, answerMax+1))
	switch {
	case err != nil:
		return wireError(err)
	case len(raw) > answerMax:
		return errors.New("the answer is too long")
	case x.status >= http.StatusBadRequest:
		x.problem = readProblem(raw)
		return nil
	case x.status >= http.StatusMultipleChoices || into == nil:
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return errors.New("the answer is not the JSON that was expected")
	}
	return nil
}

// neverSent reports whether the question provably did not reach PayPal. Without
// proof it is false. A transport that reports its connections is believed over its
// last error, since it may dial again after a first connection broke.
func (x *exchange) neverSent(err error) bool {
	if x.connected {
		return false
	}
	if x.traced {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// wireError keeps of a transport's error what is known to hold no data.
func wireError(err error) error {
	for _, known := range []error{context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return errors.New("timeout")
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return fmt.Errorf("no answer (%T)", err)
}

// word returns s if it looks like one of PayPal's codes or ids, else "". What goes
// to logs passes through it, so that no free text of an answer does.
func word(s string) string {
	if len(s) > 120 {
		return ""
	}
	for _, r := range s {
		if !strings.ContainsRune("_-:/.", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return ""
		}
	}
	return s
}
