package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/api/problem"
)

const (
	securityName = "key"
	bodyMax      = 256 << 10 // of most requests
)

// route is one line of the table in addRoutes.
type route struct {
	path    string       // method and path, as the mux takes them
	id      string       // of the operation, in the description
	scope   access.Scope // what a key needs; the office asks for it
	status  int          // of a good answer; 0 means 200
	summary string

	large int64 // limit of the body in bytes; 0 means bodyMax
	open  bool  // needs no key
	slow  bool  // may take minutes
	raw   bool  // reads its own body, and has no idempotency key
	body  bool  // has a body; found out by handle
}

func (r route) method() string { m, _, _ := strings.Cut(r.path, " "); return m }
func (r route) url() string    { _, p, _ := strings.Cut(r.path, " "); return p }
func (r route) changes() bool  { return r.method() != http.MethodGet }
func (r route) timeMax() time.Duration {
	if r.slow {
		return slowTimeMax
	}
	return changeTimeMax
}
func (r route) bodyLimit() int64 {
	if r.large != 0 {
		return r.large
	}
	return bodyMax
}

func (r route) scopes() []string {
	if r.scope == "" {
		return []string{} // any key will do
	}
	return []string{string(r.scope)}
}

// tag groups operations in the description: the first noun of the path.
func (r route) tag() string {
	noun, _, _ := strings.Cut(strings.TrimPrefix(r.url(), "/v1/"), "/")
	return noun
}

// answer is what the framework takes a body in.
type answer[O any] struct{ Body O }

// handle adds an operation. Do decodes nothing and encodes nothing: it turns the
// input into one call of the office and the result into its shape.
func handle[I, O any](s *Server, r route, do func(ctx context.Context, by access.Caller, in *I) (O, error)) {
	_, r.body = reflect.TypeFor[I]().FieldByName("Body")
	s.routes[r.path] = r
	huma.Register(s.huma, s.operation(r), func(ctx context.Context, in *I) (*answer[O], error) {
		out, err := do(ctx, callerOf(ctx), in)
		if err != nil {
			return nil, problem.From(err)
		}
		return &answer[O]{Body: out}, nil
	})
}

// operation describes a route.
func (s *Server) operation(r route) huma.Operation {
	op := huma.Operation{
		OperationID: r.id, Method: r.method(), Path: r.url(), Summary: r.summary, DefaultStatus: r.status,
		Tags: []string{r.tag()}, MaxBodyBytes: -1, BodyReadTimeout: -1, // both are seen to before
		Responses: map[string]*huma.Response{"default": s.problemResponse()},
	}
	if !r.open {
		op.Security = []map[string][]string{{securityName: r.scopes()}}
	}
	if r.changes() && !r.raw {
		op.Parameters = []*huma.Param{{
			Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: "string", MinLength: ptr(1), MaxLength: ptr(255)},
			Description: "Names this change. Sent again with the same key and body it is answered again, with `Idempotent-Replayed: true` and without a second effect; answers are kept for 60 days.",
		}}
	}
	return op
}

func (s *Server) problemResponse() *huma.Response {
	return &huma.Response{
		Description: "A problem.",
		Content: map[string]*huma.MediaType{
			problem.ContentType: {Schema: s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem.Problem](), true, "Problem")},
		},
	}
}

func ptr[T any](v T) *T { return &v }

// serve adds an operation that the framework does not handle: it is described,
// and reads and writes by itself.
func (s *Server) serve(r route, op huma.Operation, do http.HandlerFunc) {
	s.routes[r.path] = r
	if op.OperationID != "" {
		s.huma.OpenAPI().AddOperation(&op)
	}
	s.mux.HandleFunc(r.path, do)
}
