package api

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bursar-pay/bursar/internal/access"
)

// CheckAnswer holds an answer to the description of its operation and returns
// what does not agree.
func (s *Server) CheckAnswer(r *http.Request, status int, header http.Header, body []byte) []error {
	_, pattern := s.mux.Handler(r)
	route := s.routes[pattern]
	item := s.huma.OpenAPI().Paths[route.url()]
	if item == nil {
		return nil // not a route, or the description itself
	}
	op := map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "PUT": item.Put, "DELETE": item.Delete}[route.method()]
	described := op.Responses[strconv.Itoa(status)]
	if described == nil && status >= 400 {
		described = op.Responses["default"]
	}
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || described == nil || described.Content[media] == nil {
		return []error{fmt.Errorf("%d %q is not described: %w", status, media, err)}
	}
	if media == "application/pdf" {
		return nil // described by what it is alone
	}
	var parsed any
	if err := json.Unmarshal(body, &parsed); err != nil {
		return []error{err}
	}
	result := &huma.ValidateResult{}
	huma.Validate(s.huma.OpenAPI().Components.Schemas, described.Content[media].Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, parsed, result)
	return result.Errors
}

// ServeAs answers a request as if it came from a caller whom no key stands for, such
// as the customer of one account.
func (s *Server) ServeAs(by access.Caller, w http.ResponseWriter, r *http.Request) {
	_, pattern := s.mux.Handler(r)
	s.pass(w, r.WithContext(context.WithValue(r.Context(), callerKey, by)), s.routes[pattern])
}

// Address is where a request came from.
func (s *Server) Address(r *http.Request) string { return s.address(r) }
