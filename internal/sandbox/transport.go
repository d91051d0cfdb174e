package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Transport connects clients to the world in process, without a network. A
// lost answer is an error that wraps io.ErrUnexpectedEOF, as over a network.
func (w *World) Transport() http.RoundTripper { return transport{w} }

type transport struct{ handler http.Handler }

// RoundTrip has the world answer r on the caller's goroutine.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	if in.Host == "" {
		in.Host = in.URL.Host
	}
	in.RequestURI = in.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"

	out := &recorder{header: http.Header{}, status: http.StatusOK}
	if cut := out.serve(t.handler, in); cut {
		return nil, fmt.Errorf("sandbox: the answer was lost: %w", io.ErrUnexpectedEOF)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return out.response(r), nil
}

// A recorder keeps what a handler answers.
type recorder struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

func (o *recorder) Header() http.Header { return o.header }

func (o *recorder) WriteHeader(status int) {
	if !o.wrote {
		o.status, o.wrote = status, true
	}
}

func (o *recorder) Write(b []byte) (int, error) {
	o.wrote = true
	return o.body.Write(b)
}

// serve reports true if the handler cut the connection.
func (o *recorder) serve(h http.Handler, r *http.Request) (cut bool) {
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			cut = true
		}
	}()
	h.ServeHTTP(o, r)
	return false
}

func (o *recorder) response(r *http.Request) *http.Response {
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", o.status, http.StatusText(o.status)),
		StatusCode:    o.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        o.header,
		Body:          io.NopCloser(bytes.NewReader(o.body.Bytes())),
		ContentLength: int64(o.body.Len()),
		Request:       r,
	}
}
