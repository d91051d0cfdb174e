package sandbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A paypalCall is one request to one of PayPal's operations.
type paypalCall struct {
	op          string
	id          string // in the path
	query       url.Values
	body        []byte
	contentType string // of the body
	bearer      string
	requestID   string // PayPal-Request-Id
	debugID     string
	whole       bool // the caller prefers a representation to the minimum
}

// A paypalRoute is one operation of PayPal's APIs.
type paypalRoute struct {
	op     string
	status int           // of an answer that is not empty; 0 means 200
	window time.Duration // how long PayPal-Request-Id is remembered; 0 means it is not looked at
	replay int           // status of a replayed answer; 0 means the first one's
	// anyBody says that a body need not be JSON; one that is not is left unread.
	anyBody bool
	do      func(t *tx, c *paypalCall) (any, error)
}

// nothing is the answer without content.
type nothing struct{}

// A withStatus is an answer whose status is not its route's.
type withStatus struct {
	status int
	body   any
}

// isPayPal reports whether a path belongs to PayPal's APIs. Stripe's are the
// other ones under /v1.
func isPayPal(path string) bool {
	for _, prefix := range []string{"/v1/oauth2/", "/v1/notifications/", "/v1/customer/", "/v1/reporting/", "/v2/", "/v3/vault/"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// isPayPalPage reports whether a path belongs to the pages that payers see.
func isPayPalPage(path string) bool {
	return path == "/checkoutnow" || path == "/agreements/approve" || strings.HasPrefix(path, "/_paypal/")
}

// servePayPal answers the paths of PayPal's APIs.
func (w *World) servePayPal(rw http.ResponseWriter, r *http.Request) {
	to, id, known := w.matchPayPal(r.Method, r.URL.Path)
	if !known {
		c := &paypalCall{debugID: w.paypalArrived("")}
		c.answer(rw, paypalNotFound("path", "INVALID_RESOURCE_ID").answer(c))
		return
	}
	c := &paypalCall{op: to.op, id: id, query: r.URL.Query(), debugID: w.paypalArrived(to.op),
		whole: strings.Contains(r.Header.Get("Prefer"), "return=representation")}
	after, early := w.paypalFault(to.op)
	if early != nil {
		c.answer(rw, early.answer(c))
		return
	}
	if refused := c.read(r, to); refused != nil {
		c.answer(rw, w.asPayPalError(refused).answer(c))
		return
	}
	got := w.paypalOnce(r, to, c, after)
	if after.Kind == "lost_after" {
		panic(http.ErrAbortHandler)
	}
	c.answer(rw, got)
}

// paypalArrived counts a request and names it.
func (w *World) paypalArrived(op string) (debugID string) {
	if w.options.OnRequest != nil && op != "" {
		w.options.OnRequest(op, w.options.Now())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if op != "" {
		w.count(op)
	}
	const digits = "0123456789abcdef"
	return w.randomOf(digits, 13)
}

// paypalFault carries out a fault that comes before the operation, and
// returns one that comes during it or after.
func (w *World) paypalFault(op string) (after Fault, early *paypalError) {
	w.mu.Lock()
	f, ok := w.take(op)
	w.mu.Unlock()
	if !ok {
		return Fault{}, nil
	}
	switch f.Kind {
	case "lost_before":
		panic(http.ErrAbortHandler)
	case "429":
		return Fault{}, &paypalError{status: http.StatusTooManyRequests, Name: "RATE_LIMIT_REACHED", Message: "Too many requests."}
	case "unauthorized":
		return Fault{}, refusedCaller(op)
	case "503":
		return Fault{}, &paypalError{status: http.StatusServiceUnavailable, Name: "SERVICE_UNAVAILABLE", Message: "Service Unavailable."}
	}
	return f, nil
}

// read checks who calls and reads the body.
func (c *paypalCall) read(r *http.Request, to paypalRoute) error {
	if to.op == opPayPalToken {
		return c.readTokenRequest(r)
	}
	c.requestID = r.Header.Get("PayPal-Request-Id")
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || bearer == "" {
		return refusedCaller(to.op)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, bodyMax))
	if err != nil {
		return malformed("MALFORMED_REQUEST_JSON")
	}
	c.contentType, c.bearer = r.Header.Get("Content-Type"), bearer
	isJSON := strings.HasPrefix(c.contentType, "application/json")
	if !isJSON && to.anyBody {
		return nil
	}
	if body = bytes.TrimSpace(body); len(body) > 0 && !isJSON {
		return &paypalError{status: http.StatusUnsupportedMediaType, Name: "UNSUPPORTED_MEDIA_TYPE",
			Message: "The server does not support the request payload's media type."}
	}
	if len(body) > 0 && !json.Valid(body) {
		return malformed("MALFORMED_REQUEST_JSON")
	}
	c.body = body
	return nil
}

// decode reads the body into a struct. Fields that it does not know are left
// alone, as PayPal does.
func (c *paypalCall) decode(into any) error {
	if len(c.body) == 0 {
		return nil
	}
	err := json.Unmarshal(c.body, into)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return invalidField("/"+strings.ReplaceAll(wrong.Field, ".", "/"), "INVALID_PARAMETER_SYNTAX")
	case err != nil:
		return malformed("MALFORMED_REQUEST_JSON")
	}
	return nil
}

// performPayPal carries out an operation in a transaction. The world's lock
// must be held.
func (w *World) performPayPal(to paypalRoute, c *paypalCall, by caller, asked string, during Fault) answer {
	if err := w.doDue(); err != nil {
		return w.asPayPalError(err).answer(c)
	}
	var got answer
	err := w.within(by, func(t *tx) error {
		if err := t.checkBearer(c); err != nil {
			return err
		}
		if during.Kind == "500" {
			return paypalBroken()
		}
		result, err := to.do(t, c)
		if err != nil {
			return err
		}
		if got, err = to.finished(result); err != nil {
			return err
		}
		return t.rememberPayPalAnswer(to, c, asked, got)
	})
	switch {
	case err != nil:
		return w.asPayPalError(err).answer(c)
	case during.Kind == "500_after":
		return paypalBroken().answer(c)
	}
	return got
}

// finished encodes what an operation returned.
func (to paypalRoute) finished(result any) (answer, error) {
	status := to.status
	if status == 0 {
		status = http.StatusOK
	}
	switch r := result.(type) {
	case nothing:
		return answer{status: http.StatusNoContent}, nil
	case withStatus:
		status, result = r.status, r.body
	}
	body, err := json.Marshal(result)
	return answer{status: status, body: body}, err
}

// answer writes an answer with the headers that all of PayPal's have.
func (c *paypalCall) answer(rw http.ResponseWriter, a answer) {
	rw.Header().Set("PayPal-Debug-Id", c.debugID)
	if a.status == http.StatusNoContent {
		rw.WriteHeader(a.status)
		return
	}
	writeAnswer(rw, a)
}

// asPayPalError is err as the caller sees it. What is not a refusal is a
// mistake of ours: it is logged, and the caller gets a 500.
func (w *World) asPayPalError(err error) *paypalError {
	var refused *paypalError
	if errors.As(err, &refused) {
		return refused
	}
	w.options.Logger.Error("sandbox request", "error", err)
	return paypalBroken()
}

// hashPayPal is what a later request of the same PayPal-Request-Id is compared
// with: the place and the body, whatever the order of its fields.
func (w *World) hashPayPal(method, path string, body []byte) string {
	mac := hmac.New(sha256.New, w.secret)
	io.WriteString(mac, method+" "+path+"\n")
	var tree any
	if json.Unmarshal(body, &tree) == nil {
		if canonical, err := json.Marshal(tree); err == nil {
			body = canonical
		}
	}
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
