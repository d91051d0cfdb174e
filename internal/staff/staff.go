// Package staff is the door for the people who run a platform's payments: plain
// pages, made on the server, in English, without any script. Each page belongs to a
// scope; who lacks it is told which roles have it. What a member of staff may do is
// decided in the office, and what two people have to agree on is held apart in the
// database: here it is shown.
//
// A member comes in by a one-time link that is made at the command line or mailed,
// and stays for one session, which is not the customers' and opens none of their
// pages.
package staff

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/packed"
)

// Options say how the pages are served.
type Options struct {
	// Secure says that browsers reach the pages over HTTPS.
	Secure bool
	// TrustProxy takes the address of who asks from the last entry of
	// X-Forwarded-For: for installations behind a proxy of their own.
	TrustProxy bool
	// Random is where the lengths of packed pages come from. It is read under a lock.
	Random io.Reader
}

// New returns the staff's pages of an office. They are to be reached under /staff.
func New(o *office.Office, options Options) http.Handler {
	d := &door{office: o, options: options, log: o.Log, routes: map[string]route{}, pages: packed.NewSender(options.Random)}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	for _, r := range table {
		d.routes[r.pattern] = r
		mux.HandleFunc(r.pattern, d.serve(r))
	}
	mux.HandleFunc("GET /staff/assets/{name}", serveAsset)
	mux.HandleFunc("/", d.serve(route{open: true, do: func(*visit) error { return errPageNotFound }}))
	ours := http.NewCrossOriginProtection()
	ours.SetDenyHandler(d.serve(route{open: true, do: func(*visit) error { return errElsewhere }}))
	return d.guard(ours.Handler(mux))
}

type door struct {
	office  *office.Office
	options Options
	log     *slog.Logger
	routes  map[string]route
	pages   *packed.Sender
}

// route is one line of the table of pages.
type route struct {
	pattern string       // method and path, as the mux takes them
	scope   access.Scope // that the page needs, so that one who lacks it is told who has it; the office asks for it. "" any member
	do      func(*visit) error
	open    bool  // nobody has to be signed in
	large   int64 // limit of the body in bytes; 0 means bodyMax
}

// What the door itself refuses.
var (
	errPageNotFound = fault.New(fault.NotFound, "page_not_found", "there is no such page")
	errElsewhere    = fault.New(fault.Forbidden, "sent_from_elsewhere", "the form was sent from another site").WithNext("open the page here and send its form again")
	errForm         = fault.New(fault.Malformed, "form_malformed", "the form cannot be read").WithNext("open the page again and send its form")
	errNoAccount    = fault.New(fault.NotFound, "account_not_found", "there is no account with this id or reference").WithNext("look it up under Accounts")
	errNoFile       = fault.New(fault.Malformed, "file_missing", "no file was chosen").WithNext("choose a file and send the form again")
	errStale        = fault.New(fault.Unauthenticated, "session_not_fresh", "the session began too long ago to decide in it").WithNext("sign in again")
	errFormLarge    = fault.New(fault.TooLarge, "form_too_large", "the form is too large")
)

// visit is one request.
type visit struct {
	w      http.ResponseWriter
	r      *http.Request
	door   *door
	route  route
	by     access.Caller
	member access.Member
	names  map[string]string     // of the staff, by what the audit calls them; read when it is first asked for
	known  map[account.ID]string // names of customers that were asked for
}

func (v *visit) ctx() context.Context   { return v.r.Context() }
func (v *visit) office() *office.Office { return v.door.office }

// may tells whether to show what leads to something. What is led to asks again.
func (v *visit) may(s access.Scope) bool { return v.by.May(s) == nil }

func (d *door) serve(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		v := &visit{w: w, r: q, door: d, route: r}
		err := d.admit(v)
		if err == nil {
			err = v.run()
		}
		if err != nil {
			d.refuse(v, err)
		}
	}
}

// admit finds out who it is. On open pages that may be nobody.
func (d *door) admit(v *visit) error {
	by, m, err := d.office.StaffCaller(v.ctx(), d.sessionOf(v.r), d.address(v.r))
	if err != nil && v.route.open && errors.Is(err, access.ErrStaffLink) {
		return nil
	}
	v.by, v.member = by, m
	return err
}

// run answers the request: a form once, however often it is sent.
func (v *visit) run() error {
	if v.r.Method != http.MethodPost {
		return v.route.do(v)
	}
	if err := v.readForm(); err != nil {
		return err
	}
	if slices.Contains(decisive, v.route.scope) && v.may(v.route.scope) && v.office().Now().Sub(v.by.Since) > decisiveFor {
		return errStale
	}
	if v.r.PostForm.Get(onceField) == "" || v.route.open {
		return v.route.do(v)
	}
	return v.once(v.r.PostForm.Get(onceField))
}

// decisive are the scopes of forms by which money is given away or people are let in.
// They ask for a session that began a short while ago: a seat that somebody left for a
// moment decides on nothing for the rest of the day.
var decisive = []access.Scope{access.BankApprove, access.CreditApprove, access.RefundsWrite, access.IdentityReview, access.StaffWrite}

const decisiveFor = time.Hour

// onceField of a form names it, so that a button that is pressed twice does one thing.
const onceField = "once"

// How long a form waits for its twin to be done.
const (
	onceTries = 50
	oncePause = 100 * time.Millisecond
)

// once runs a form that is named. Sent again, it leads to where it led the first time.
func (v *visit) once(key string) error {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s", v.r.URL.Path, v.r.PostForm.Encode())
	request, err := v.office().BeginRequest(v.ctx(), v.by, key, [32]byte(h.Sum(nil)))
	for try := 0; try < onceTries && errors.Is(err, office.ErrIdempotencyInProgress); try++ { // its twin is being worked
		select {
		case <-v.ctx().Done():
			return v.ctx().Err()
		case <-time.After(oncePause):
		}
		request, err = v.office().BeginRequest(v.ctx(), v.by, key, [32]byte(h.Sum(nil)))
	}
	if err != nil {
		return err
	}
	if request.Status != 0 {
		v.to(request.Answer)
		return nil
	}
	if err := v.route.do(v); err != nil {
		return errors.Join(err, v.office().DropRequest(context.WithoutCancel(v.ctx()), request))
	}
	// The effect is there. If the answer cannot be kept, the form sent again finds the
	// effect, and says so.
	if err := v.office().EndRequest(context.WithoutCancel(v.ctx()), request, http.StatusSeeOther, v.w.Header().Get("Location")); err != nil {
		v.door.log.WarnContext(v.ctx(), "where a form led is not kept", "page", v.r.Pattern, "error", err)
	}
	return nil
}

// to leads on after a form.
func (v *visit) to(path string) { http.Redirect(v.w, v.r, path, http.StatusSeeOther) }

// readForm reads a form's fields, and files if there are any.
func (v *visit) readForm() error {
	kind, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if err != nil {
		return errForm
	}
	if kind == "multipart/form-data" {
		err = v.r.ParseMultipartForm(formMemory)
	} else {
		err = v.r.ParseForm()
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errFormLarge
	case err != nil:
		return errForm
	}
	for _, values := range v.r.PostForm {
		for _, text := range values {
			if !isPlain(text) {
				return errForm
			}
		}
	}
	return nil
}

const (
	bodyMax    = 64 << 10 // of a form
	formMemory = 1 << 20  // of a file; what is more waits on disk
)

// refuse answers with a page that says what is wrong and what to do.
func (d *door) refuse(v *visit, err error) {
	f, expected := fault.Of(err)
	switch {
	case errors.Is(err, context.Canceled):
		return // nobody waits any more
	case !expected:
		id := d.office.IDs.New("req")
		d.log.ErrorContext(v.ctx(), "a staff page failed", "request", id, "page", v.r.Pattern, "error", err)
		v.show(http.StatusInternalServerError, "broken.html", map[string]string{"Request": id})
	case errors.Is(err, access.ErrStaffLink):
		v.w.Header().Set("WWW-Authenticate", "Link")
		d.showLogin(v, http.StatusUnauthorized, loginView{Over: d.sessionOf(v.r) != "" || v.route.open})
	case errors.Is(err, errStale):
		d.showLogin(v, http.StatusUnauthorized, loginView{Stale: true})
	case errors.Is(err, access.ErrForbidden):
		v.show(http.StatusForbidden, "forbidden.html", forbiddenView{Role: roleName(v.member.Role), Roles: roleNames(access.RolesWith(v.route.scope))})
	case f.Kind == fault.NotFound && f != errNoAccount:
		v.show(http.StatusNotFound, "missing.html", nil)
	default:
		v.show(statusOf(f.Kind), "refused.html", refusedView{Reasons: reasonsOf(err), Back: v.back()})
	}
}

// forbiddenView says who could.
type forbiddenView struct {
	Role  string
	Roles []string
}

type refusedView struct {
	Reasons []reason
	Back    string
}

// reason is one thing that stands against what was asked for.
type reason struct {
	Code, Text, Next string
}

func reasonsOf(err error) []reason {
	var list []reason
	for _, f := range fault.All(err) {
		list = append(list, reason{Code: f.Code, Text: sentence(f.Error()), Next: sentence(f.Next)})
	}
	return list
}

// back is the page that a refused form was sent from, if it is one of ours.
func (v *visit) back() string {
	u, err := url.Parse(v.r.Referer())
	if err != nil || u.Host != v.r.Host || !strings.HasPrefix(u.Path, "/staff") || v.r.Method != http.MethodPost {
		return "/staff"
	}
	return u.RequestURI()
}

// statuses are HTTP's words for kinds of faults.
var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.Malformed: http.StatusBadRequest, fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden: http.StatusForbidden, fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict, fault.TooLarge: http.StatusRequestEntityTooLarge,
	fault.TooMany: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable,
}

func statusOf(k fault.Kind) int {
	if s, ok := statuses[k]; ok {
		return s
	}
	return http.StatusBadRequest
}

// guard sets what every answer carries, bounds what is read, and turns a panic
// into a page.
func (d *door) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Content-Security-Policy", pagePolicy)
		if d.options.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		defer d.catch(w, r)
		if !isText(r.URL) {
			d.refuse(&visit{w: w, r: r, door: d}, errPageNotFound)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, d.bodyLimit(r))
		next.ServeHTTP(w, r)
	})
}

// pagePolicy is what a browser may do on these pages: read our stylesheet, show our
// mark, and send forms here. There is no script.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// bodyLimit is that of the largest form that a path takes.
func (d *door) bodyLimit(r *http.Request) int64 {
	if route, known := d.routes[r.Method+" "+r.URL.Path]; known && route.large > 0 {
		return route.large
	}
	return bodyMax
}

// isText tells whether an address is text that a database takes.
func isText(u *url.URL) bool {
	q, err := url.QueryUnescape(u.RawQuery)
	return err == nil && isPlain(u.Path) && isPlain(q)
}

func isPlain(s string) bool { return strings.ToValidUTF8(s, "") == s && !strings.ContainsRune(s, 0) }

func (d *door) catch(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	d.log.ErrorContext(r.Context(), "a staff page panicked", "page", r.Pattern, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	d.refuse(&visit{w: w, r: r, door: d}, fmt.Errorf("panic: %v", p))
}

// attach hands out a file that a browser keeps and never shows here.
func (v *visit) attach(name, media string, content []byte) error {
	h := v.w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	_, err := io.Copy(v.w, bytes.NewReader(content))
	return err
}

// who names a caller as the pages do: a member by name, others by what they are.
func (v *visit) who(caller string) string {
	kind, name, _ := strings.Cut(caller, ":")
	switch {
	case kind == "console":
		return "the customer"
	case kind == "cli" && name != "":
		return name + ", at the command line"
	case kind == "cli":
		return "the command line"
	case caller == access.Jobs.Name:
		return "Bursar"
	case !strings.HasPrefix(caller, access.StaffPrefix):
		return caller
	}
	if v.names == nil {
		var err error
		if v.names, err = v.office().MemberNames(v.ctx(), v.by); err != nil {
			v.door.log.WarnContext(v.ctx(), "the names of the staff are not known", "error", err)
			v.names = map[string]string{}
		}
	}
	if name, known := v.names[caller]; known {
		return name
	}
	return caller
}

// customer is an account's name; "" for those who may not know it.
func (v *visit) customer(id account.ID) string {
	if name, known := v.known[id]; known {
		return name
	}
	a, err := v.office().Account(v.ctx(), v.by, id)
	if err != nil {
		a.Name = ""
	}
	if v.known == nil {
		v.known = map[account.ID]string{}
	}
	v.known[id] = a.Name
	return a.Name
}

func roleNames(roles []access.Role) []string {
	var names []string
	for _, r := range roles {
		names = append(names, roleName(r.Name))
	}
	slices.Sort(names)
	return names
}
