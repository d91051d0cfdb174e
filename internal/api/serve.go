package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/bursar-pay/bursar/internal/api/problem"
)

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := s.office.IDs.New("req")
	r = r.WithContext(context.WithValue(r.Context(), requestIDKey, id))
	h := w.Header()
	h.Set("X-Request-Id", id)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	defer s.catch(w, r)

	if err := checkHead(r); err != nil {
		s.refuse(w, r, err)
		return
	}
	handler, pattern := s.mux.Handler(r)
	route, known := s.routes[pattern]
	if !known || path.Clean(r.URL.Path) != r.URL.Path { // the mux would redirect to the clean one
		s.refuseRoute(w, r, handler, pattern)
		return
	}
	if !route.open {
		by, err := s.authenticate(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), callerKey, by))
	}
	s.pass(w, r, route)
}

// pass lets a request in, whoever asks is known by now.
func (s *Server) pass(w http.ResponseWriter, r *http.Request, route route) {
	if route.raw {
		s.mux.ServeHTTP(w, r)
		return
	}
	body, err := readBody(w, r, route)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if key, ok := idempotencyKey(r); ok && route.changes() {
		s.once(w, r, key, body, route.timeMax())
		return
	}
	s.mux.ServeHTTP(w, r)
}

// catch turns a panic into a problem, so that one bad request is only that.
func (s *Server) catch(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	s.log.ErrorContext(r.Context(), "a request panicked", "request", requestID(r.Context()), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	s.refuse(w, r, fmt.Errorf("panic: %v", p))
}

// refuse answers with a problem.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := s.tell(r.Context(), problem.From(err), r.Header.Get("Accept-Language"))
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // a problem is strings and numbers
	}
	for name, value := range problemHeaders(p) {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Type", problem.ContentType)
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // the caller may have gone
}

// refuseRoute answers for a path or a method that is not there. The mux says
// which of the two it is, in plain text; we say it as a problem.
func (s *Server) refuseRoute(w http.ResponseWriter, r *http.Request, handler http.Handler, pattern string) {
	said := &plainAnswer{header: http.Header{}}
	handler.ServeHTTP(said, r)
	if allow := said.header.Get("Allow"); said.status == http.StatusMethodNotAllowed && pattern == "" {
		w.Header().Set("Allow", allow)
		s.refuse(w, r, problem.ErrMethod)
		return
	}
	s.refuse(w, r, problem.ErrRoute)
}

// plainAnswer keeps the head of an answer and drops its body.
type plainAnswer struct {
	header http.Header
	status int
}

func (a *plainAnswer) Header() http.Header         { return a.header }
func (a *plainAnswer) WriteHeader(status int)      { a.status = status }
func (a *plainAnswer) Write(b []byte) (int, error) { return len(b), nil }

// checkHead returns nil if path and parameters are text that can be kept, which
// databases refuse otherwise, each in its own way, and if the body is not
// compressed.
func checkHead(r *http.Request) error {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return problem.ErrEncoding
	}
	texts := []string{r.URL.Path}
	if r.URL.RawQuery != "" {
		for name, values := range r.URL.Query() {
			texts = append(append(texts, values...), name)
		}
	}
	for _, t := range texts {
		if !utf8.ValidString(t) || strings.ContainsRune(t, 0) {
			return problem.ErrText
		}
	}
	return nil
}

// readBody reads a request's body within its route's limit.
func readBody(w http.ResponseWriter, r *http.Request, route route) ([]byte, error) {
	limit := route.bodyLimit()
	if r.ContentLength > limit { // says so itself, and is not read
		return nil, bodyFault(&http.MaxBytesError{Limit: limit}, limit)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err := bodyFault(err, limit); err != nil {
		return nil, err
	}
	if !route.body {
		if rest := bytes.TrimSpace(body); len(rest) > 0 && string(rest) != "{}" {
			return nil, problem.ErrBodyUnasked
		}
	}
	return body, nil
}

// bodyFault says why a body could not be read, nil if it could.
func bodyFault(err error, limit int64) error {
	var tooLarge *http.MaxBytesError
	var slow net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return problem.ErrTooLarge.WithNext(fmt.Sprintf("send at most %d bytes", limit))
	case errors.As(err, &slow) && slow.Timeout():
		return problem.ErrSlow
	}
	return problem.ErrBody.Detail("the body ended early")
}
