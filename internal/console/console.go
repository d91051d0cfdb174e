// Package console is the door for customers: pages that are made on the server,
// in four languages, with a stylesheet and a little script of their own. A
// handler decodes, calls one office method and encodes; what a state or an
// amount means to the reader is in tables here, what may be done is not.
//
// Everything works without script except the provider's card fields, which are
// frames of the provider's own origin: no card number ever reaches this origin.
// A customer comes in by a one-time link and stays for one session, bound to one
// account; to them, other accounts do not exist.
package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/packed"
	"github.com/bursar-pay/bursar/internal/signin"
)

// Options say how the pages are served.
type Options struct {
	// ScriptURL is the provider's script, which makes the card fields, such as
	// https://js.stripe.com/v3/.
	ScriptURL string
	// PublishableKey is the provider's key for browsers; it opens nothing else.
	PublishableKey string
	// WalletOrigins are the origins of PayPal's own pages, to which adding PayPal
	// leads, such as https://www.paypal.com.
	WalletOrigins []string
	// FrameOrigins are the provider's origins that the page with the card fields
	// may frame and connect to, besides the script's own, and that a challenge may
	// lead to.
	FrameOrigins []string
	// SignIn is the platform's identity provider, by which customers come in without a
	// link; nil: there is none.
	SignIn *signin.Party
	// Pretend lets whoever comes choose which customer to be: for sandbox installations.
	Pretend bool
	// Secure says that browsers reach the pages over HTTPS.
	Secure bool
	// TrustProxy takes a customer's address from the last entry of
	// X-Forwarded-For: for installations behind a proxy of their own.
	TrustProxy bool
	// Random is where nonces come from. It is read under a lock.
	Random io.Reader
}

// New returns the pages of an office.
func New(o *office.Office, options Options) http.Handler {
	c := &console{office: o, options: options, log: o.Log, mux: http.NewServeMux(), books: newCatalogue(), random: &lockedReader{from: options.Random}}
	c.pages = packed.NewSender(c.random)
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	for _, pages := range c.doors() {
		for pattern, serve := range pages {
			c.mux.HandleFunc(pattern, serve)
		}
	}
	ours := http.NewCrossOriginProtection()
	ours.SetDenyHandler(c.out(func(*visit) error { return errElsewhere }))
	return c.guard(ours.Handler(c.mux))
}

type console struct {
	office  *office.Office
	options Options
	log     *slog.Logger
	mux     *http.ServeMux
	books   *catalogue
	random  *lockedReader
	pages   *packed.Sender
}

// doors are all of them.
func (c *console) doors() []map[string]http.HandlerFunc {
	return []map[string]http.HandlerFunc{c.routes(), c.buyingRoutes(), c.moneyRoutes(), c.documentRoutes(), c.waysInRoutes()}
}

// routes are the doors, by the mux's pattern. Those made with in let only
// customers through who have a session.
func (c *console) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /{$}":                     c.in(c.showOverview),
		"GET /ways-to-pay":             c.in(c.showWays),
		"GET /methods":                 c.in(c.showMethods),
		"GET /methods/new":             c.in(c.sure(c.showBind)),
		"POST /methods":                c.in(c.sure(c.bindCard)),
		"GET /methods/{id}":            c.in(c.showMethod),
		"GET /methods/{id}/state":      c.in(c.tellState),
		"POST /methods/{id}/preferred": c.in(c.sure(c.preferMethod)),
		"GET /methods/{id}/remove":     c.in(c.sure(c.showRemoval)),
		"POST /methods/{id}/remove":    c.in(c.sure(c.removeMethod)),
		"GET " + payPalPage:            c.in(c.sure(c.showPayPal)),
		"POST " + payPalPage:           c.in(c.sure(c.bindPayPal)),
		"GET /agreements/{id}":         c.in(c.showAgreement),
		"GET /agreements/{id}/state":   c.in(c.tellAgreement),
		"GET /close":                   c.in(c.sure(c.showClosing)),
		"POST /close":                  c.in(c.sure(c.closeAccount)),
		"POST /close/keep":             c.in(c.sure(c.keepAccount)),
		"POST /leave":                  c.in(c.leave),
		"GET /left":                    c.out(c.showLeft),
		"GET /methods/return":          c.out(c.comeBack),
		"GET /enter/{secret}":          c.out(c.enter),
		"GET /challenge/{secret}":      c.out(c.offerChallenge),
		"POST /challenge/{secret}":     c.out(c.takeChallenge),
		"GET /challenge/done":          c.out(c.endChallenge),
		"GET /assets/{name}":           serveAsset,
		missingPattern:                 c.out(func(v *visit) error { return errPageNotFound }),
	}
}

// missingPattern is what the mux matches where there is no page.
const missingPattern = "/"

// What the door itself refuses.
var (
	errPageNotFound = fault.New(fault.NotFound, "page_not_found", "there is no such page")
	errElsewhere    = fault.New(fault.Forbidden, "sent_from_elsewhere", "the form was sent from another site")
)

// visit is one request.
type visit struct {
	*words
	w       http.ResponseWriter
	r       *http.Request
	console *console
	by      access.Caller
	account account.Account // of the customer; zero without a session
	title   string          // of the page; "" the one that it always has
	form    string          // the page that shows the form whose answer this is; "" this is none
	card    bool            // the page has the provider's fields
	leads   bool            // the page's form leads to PayPal
	waiting bool            // the page waits for something
}

// in lets a handler see only customers who have a session.
func (c *console) in(serve func(*visit) error) http.HandlerFunc {
	return c.out(func(v *visit) error {
		if err := c.admit(v); err != nil {
			return err
		}
		return serve(v)
	})
}

// out serves anybody.
func (c *console) out(serve func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{w: w, r: r, console: c, words: c.books.choose(r, "")}
		if err := serve(v); err != nil {
			c.refuse(v, err)
		}
	}
}

// admit finds out whose session it is.
func (c *console) admit(v *visit) error {
	by, err := c.office.ConsoleCaller(v.r.Context(), c.sessionOf(v.r), c.address(v.r))
	if err != nil {
		return err
	}
	a, err := c.office.Account(v.r.Context(), by, by.Account)
	if err != nil {
		return err
	}
	v.by, v.account, v.words = by, a, c.books.choose(v.r, a.Language)
	c.keepLanguage(v)
	return nil
}

// refuse answers with a page that says what is wrong and what to do. Every
// missing thing is answered alike, so that nobody learns what others have.
func (c *console) refuse(v *visit, err error) {
	f, expected := fault.Of(err)
	switch {
	case errors.Is(err, context.Canceled):
		return // the customer went away
	case !expected:
		id := c.office.IDs.New("req")
		c.log.ErrorContext(v.r.Context(), "a page failed", "request", id, "page", v.r.Pattern, "error", err)
		v.show(http.StatusInternalServerError, "broken.html", map[string]string{"Request": id})
	case f.Kind == fault.NotFound:
		v.show(http.StatusNotFound, "missing.html", nil)
	case f.Kind == fault.Unauthenticated:
		v.w.Header().Set("WWW-Authenticate", "Link")
		v.show(http.StatusUnauthorized, "ended.html", c.endedView(v.account.ID == "" && c.admit(v) == nil))
	default:
		v.show(statusOf(f.Kind), "refused.html", v.reasonsOf("", err))
	}
}

// statuses are HTTP's words for kinds of faults.
var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.Malformed: http.StatusBadRequest, fault.Forbidden: http.StatusForbidden,
	fault.Conflict: http.StatusConflict, fault.TooLarge: http.StatusRequestEntityTooLarge, fault.TooMany: http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable,
}

func statusOf(k fault.Kind) int {
	if s, ok := statuses[k]; ok {
		return s
	}
	return http.StatusBadRequest
}

// statusFor is that of a page that shows a form again, and why it was refused;
// nothing was if the error is nil.
func statusFor(refused error) int {
	if f, ok := fault.Of(refused); ok {
		return statusOf(f.Kind)
	}
	return http.StatusOK
}

// guard sets what every answer carries, bounds what is read, and turns a panic
// into a page.
func (c *console) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if c.options.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		defer c.catch(w, r)
		r.Body = http.MaxBytesReader(w, r.Body, bodyMaxOf(r))
		if !isText(r.URL) {
			c.refuse(&visit{w: w, r: r, console: c, words: c.books.choose(r, "")}, errPageNotFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

const bodyMax = 16 << 10 // of a form

// bodyMaxOf is how much of a request's body is read.
func bodyMaxOf(r *http.Request) int64 {
	if isUpload(r) {
		return uploadMax
	}
	return bodyMax
}

// isText tells whether an address is text that a database takes.
func isText(u *url.URL) bool {
	q, err := url.QueryUnescape(u.RawQuery)
	return err == nil && isPlain(u.Path) && isPlain(q)
}

func isPlain(s string) bool { return strings.ToValidUTF8(s, "") == s && !strings.ContainsRune(s, 0) }

func (c *console) catch(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	c.log.ErrorContext(r.Context(), "a page panicked", "page", r.Pattern, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	c.refuse(&visit{w: w, r: r, console: c, words: c.books.choose(r, "")}, fmt.Errorf("panic: %v", p))
}

// lockedReader is a reader that several requests share.
type lockedReader struct {
	mu   sync.Mutex
	from io.Reader
}

func (l *lockedReader) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return io.ReadFull(l.from, b)
}
