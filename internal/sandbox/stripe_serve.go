package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// bodyMax bounds the body of a request.
const bodyMax = 1 << 20

// A call is one request to one operation.
type call struct {
	op      string
	ids     []string // in the path
	form    form
	expand  []string
	version string // of the API, as the caller asked for
	public  bool   // came with a publishable key
}

// serveStripe answers the paths of Stripe's API. The order is Stripe's own: a
// rate limit comes before everything, the idempotency layer before the
// operation.
func (w *World) serveStripe(rw http.ResponseWriter, r *http.Request) {
	w.allowBrowsers(rw, r)
	if r.Method == http.MethodOptions {
		rw.WriteHeader(http.StatusNoContent)
		return
	}
	to, ids, known := w.match(r.Method, r.URL.Path)
	if !known {
		writeAnswer(rw, unrecognizedURL(r.Method).answer())
		return
	}
	request := w.arrived(to.op)
	rw.Header().Set("Request-Id", request)
	version := r.Header.Get("Stripe-Version")
	if version == "" || len(version) > 64 {
		version = APIVersion
	}
	rw.Header().Set("Stripe-Version", version)

	after, early := w.misbehaveBefore(to.op)
	if early != nil {
		writeAnswer(rw, early.answer())
		return
	}
	c := &call{op: to.op, ids: ids, version: version}
	if refused := c.read(r, to); refused != nil {
		writeAnswer(rw, asAPIError(w, refused).answer())
		return
	}
	by := caller{request: request, origin: w.origin(r)}
	if r.Method == http.MethodPost {
		by.key = r.Header.Get("Idempotency-Key")
	}
	got := w.once(r, to, c, by, after)
	if after.Kind == "lost_after" {
		panic(http.ErrAbortHandler)
	}
	got.writeTo(rw, by.key)
}

// allowBrowsers lets pages of any origin call with a publishable key. No
// cookie is involved, so that this gives nothing away.
func (w *World) allowBrowsers(rw http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") == "" {
		return
	}
	h := rw.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Stripe-Version")
	h.Set("Access-Control-Expose-Headers", "Request-Id, Idempotent-Replayed")
	h.Set("Access-Control-Max-Age", "600")
}

// arrived counts a request and names it.
func (w *World) arrived(op string) string {
	if w.options.OnRequest != nil {
		w.options.OnRequest(op, w.options.Now())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count(op)
	return "req_" + w.randomText(14)
}

// misbehaveBefore carries out a fault that comes before the operation, and
// returns one that comes during it or after.
func (w *World) misbehaveBefore(op string) (after Fault, early *apiError) {
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
		return Fault{}, &apiError{status: http.StatusTooManyRequests, Type: typeInvalidRequest, Code: "rate_limit",
			Message: "Request rate limit exceeded."}
	case "unauthorized":
		return Fault{}, unauthorized("Invalid API Key provided.")
	case "503":
		return Fault{}, &apiError{status: http.StatusServiceUnavailable, Type: typeAPI, Message: "The service is temporarily unavailable."}
	}
	return f, nil
}

// read checks the key and reads the parameters.
func (c *call) read(r *http.Request, to route) error {
	root := &param{}
	c.form.root = root
	if err := parseParams(root, r.URL.RawQuery); err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, bodyMax))
		if err != nil {
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				return invalidRequest("", "", "The request body is too large.")
			}
			return invalidRequest("", "", "The request body could not be read.")
		}
		if err := parseParams(root, string(body)); err != nil {
			return err
		}
	}
	c.expand = c.form.all("expand")
	return c.authorize(r, to)
}

// authorize accepts any test key: secret ones for everything, publishable ones
// for what a browser needs.
func (c *call) authorize(r *http.Request, to route) error {
	key, _, basic := r.BasicAuth()
	if !basic {
		key, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	if key == "" && to.public {
		key = c.form.text("key")
	}
	switch {
	case key == "":
		return unauthorized("No API key was sent. Send one that begins with sk_test_ in the Authorization header, as Bearer token or as the user of Basic authentication.")
	case strings.HasPrefix(key, "sk_test_"), strings.HasPrefix(key, "rk_test_"):
		return nil
	case strings.HasPrefix(key, "pk_test_") && to.public:
		c.public = true
		return nil
	case strings.HasPrefix(key, "pk_test_"):
		e := unauthorized("This call needs a secret API key; a publishable one was sent.")
		e.Code = "secret_key_required"
		return e
	}
	return unauthorized("Invalid API Key provided. The sandbox takes any key that begins with sk_test_.")
}

// perform carries out an operation in a transaction and returns its answer,
// which is remembered under the idempotency key if there is one. The world's
// lock must be held.
func (w *World) perform(to route, c *call, by caller, asked string, during Fault) answer {
	if err := w.doDue(); err != nil {
		return asAPIError(w, err).answer()
	}
	var got answer
	err := w.within(by, func(t *tx) error {
		if during.Kind == "500" {
			got = brokenDown.answer()
			return t.rememberAnswer(by, asked, got)
		}
		result, failed := to.run(t, c)
		if failed != nil && !keepsEffect(failed) {
			return failed
		}
		var err error
		if got, err = t.finished(result, failed, c); err != nil {
			return err
		}
		if during.Kind == "500_after" {
			got = brokenDown.answer()
		}
		return t.rememberAnswer(by, asked, got)
	})
	if err == nil {
		return got
	}
	refused := asAPIError(w, err)
	got = refused.answer()
	if refused.began {
		if err := w.within(by, func(t *tx) error { return t.rememberAnswer(by, asked, got) }); err != nil {
			return asAPIError(w, err).answer()
		}
	}
	return got
}

// brokenDown is the 500 that a fault asks for.
var brokenDown = apiError{status: http.StatusInternalServerError, Type: typeAPI, Message: "An unknown error occurred."}

// finished encodes what an operation returned: its result, or the refusal
// whose effect is kept.
func (t *tx) finished(result any, failed error, c *call) (answer, error) {
	if failed != nil {
		return asAPIError(t.w, failed).answer(), nil
	}
	body, err := json.Marshal(result)
	if err != nil {
		return answer{}, err
	}
	if len(c.expand) > 0 {
		if body, err = t.expandPaths(body, c.expand); err != nil {
			return answer{}, err
		}
	}
	return answer{status: http.StatusOK, body: body}, nil
}

// run checks the parameters and does the operation.
func (to route) run(t *tx, c *call) (any, error) {
	if err := to.takes.refuse(c.form.root, ""); err != nil {
		return nil, err
	}
	result, err := to.do(t, c)
	if err == nil && c.form.err != nil {
		err = c.form.err
	}
	return result, err
}

// asAPIError is err as the caller sees it. What is not a refusal is a mistake
// of ours: it is logged, and the caller gets a 500.
func asAPIError(w *World, err error) *apiError {
	var refused *apiError
	if errors.As(err, &refused) {
		return refused
	}
	w.options.Logger.Error("sandbox request", "error", err)
	broken := brokenDown
	return &broken
}

// hashRequest is what a later request of the same idempotency key is compared with.
// Card numbers are replaced by the card's name before hashing, codes left out.
func (w *World) hashRequest(method, path string, p *param) string {
	mac := hmac.New(sha256.New, w.secret)
	io.WriteString(mac, method+" "+path+"\n")
	hashParam(mac, p)
	return hex.EncodeToString(mac.Sum(nil))
}

func hashParam(into io.Writer, p *param) {
	names := slices.Clone(p.order)
	slices.Sort(names)
	for _, name := range names {
		kid := p.kids[name]
		value := kid.value
		switch name {
		case "number":
			number := value
			if value = ""; cardsByNumber[number] != nil {
				value = cardsByNumber[number].name()
			}
		case "cvc":
			value = ""
		}
		text, err := json.Marshal([]string{name, value})
		if err != nil {
			panic("sandbox: a text that has no JSON: " + err.Error())
		}
		into.Write(text)
		io.WriteString(into, "{")
		hashParam(into, kid)
		io.WriteString(into, "}")
	}
}

// sleepIfSlow is a slow fault.
func (w *World) sleepIfSlow(r *http.Request, f Fault) {
	if f.Kind == "slow" {
		w.wait(r, time.Duration(f.DelayMS)*time.Millisecond)
	}
}
