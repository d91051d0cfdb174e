// Package api is the door for programs: JSON under /v1, described by OpenAPI 3.1
// that is made from the handlers themselves. A handler decodes, calls one office
// method and encodes; it never looks at a state, an amount or a scope.
//
// Every request goes the same way: it is given an id, matched with a route, its
// key becomes a caller, its body is read within a limit, and, when it bears an
// Idempotency-Key, it runs at most once. Only then does its handler see it.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/api/problem"
	"github.com/bursar-pay/bursar/internal/office"
)

// Version is the version of the API in its description.
const Version = "1"

// Options say how the API is served.
type Options struct {
	// TrustProxy takes a caller's address from the last entry of
	// X-Forwarded-For: for installations behind a proxy of their own.
	TrustProxy bool
}

// Server is the API.
type Server struct {
	office  *office.Office
	options Options
	log     *slog.Logger
	mux     *http.ServeMux
	huma    huma.API
	routes  map[string]route // by the mux's pattern
	keys    knownKeys
	running running   // the idempotent requests of this process
	buffers sync.Pool // of *bytes.Buffer, for bodies of usage
	spec    func() (asYAML, asJSON []byte)
}

// New returns the API of an office, for the paths under /v1/.
func New(o *office.Office, options Options) *Server {
	ownForms()
	s := &Server{office: o, options: options, log: o.Log, mux: http.NewServeMux(), routes: map[string]route{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	config := huma.DefaultConfig("Bursar", Version)
	config.Info.Description = description + "\n\nTypes of events: " + strings.Join(office.EventKinds, ", ") + "."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""                        // served below, and without scripts from elsewhere
	config.CreateHooks = nil                                                                    // no $schema in every answer
	config.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat} // the second is for +json
	config.RejectUnknownQueryParameters = true
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityName: {Type: "http", Scheme: "bearer", BearerFormat: "bur_…", Description: "An API key, made with `bursar key create` or POST /v1/keys."},
	}
	config.Transformers = []huma.Transformer{s.occurrence}
	s.huma = humago.New(s.mux, config)
	s.addRoutes()
	s.spec = sync.OnceValues(s.describe)
	return s
}

// ownForms makes the framework speak in our problems and tell apart names that
// differ in case. The framework has these settings for the whole process only.
var ownForms = sync.OnceFunc(func() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return problem.OfForm(status, message, errs...)
	}
	huma.ValidateStrictCasing = true
})

// occurrence puts a problem that is about to be written into the caller's
// language, and into the log if it is ours to mend.
func (s *Server) occurrence(ctx huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*problem.Problem)
	if !ok {
		return v, nil
	}
	for name, value := range problemHeaders(p) {
		ctx.SetHeader(name, value)
	}
	return s.tell(ctx.Context(), p, ctx.Header("Accept-Language")), nil
}

// problemHeaders are the headers that say the same as a problem, to those who
// read headers only.
func problemHeaders(p *problem.Problem) map[string]string {
	h := map[string]string{}
	if p.Status == http.StatusUnauthorized {
		h["WWW-Authenticate"] = "Bearer"
	}
	if after := p.RetryAfter(); after != "" {
		h["Retry-After"] = after
	}
	return h
}

func (s *Server) tell(ctx context.Context, p *problem.Problem, acceptLanguage string) *problem.Problem {
	if p.Cause() != nil {
		id := requestID(ctx)
		s.log.ErrorContext(ctx, "a request failed", "request", id, "code", p.Code, "caller", callerOf(ctx).Name, "error", p.Cause())
		p = p.At("urn:bursar:request:" + id)
	}
	return p.In(acceptLanguage)
}

// contextKey keeps what belongs to one request.
type contextKey int

const (
	callerKey contextKey = iota
	requestIDKey
)

func callerOf(ctx context.Context) access.Caller {
	by, _ := ctx.Value(callerKey).(access.Caller)
	return by
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// How long a change under an idempotency key may take: less than it takes to be
// called abandoned, unless the route is one that goes on where it was.
const (
	changeTimeMax = 50 * time.Second
	slowTimeMax   = 15 * time.Minute
)

const description = `Bursar collects money for usage-billed platforms and keeps the books of it.

Amounts are decimal strings beside a currency, instants are RFC 3339, lists come in pages: ask again with ` + "`next`" + ` as ` + "`after`" + `.
Every change takes an ` + "`Idempotency-Key`" + `: the same key and body are answered again without a second effect, the same key with
another body is refused. Problems are RFC 9457 with a ` + "`code`" + ` that stays the same for ever.`
