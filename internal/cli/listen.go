package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// What may stand against listening.
var (
	errAddressTaken = fault.New(fault.Conflict, "address_in_use", "another program listens on the address").WithNext("stop it, or name another address with --listen")
	errAddress      = fault.New(fault.Invalid, "address_refused", "the address cannot be listened on").WithNext("name one such as 127.0.0.1:8080 with --listen")
)

const (
	headTime    = 10 * time.Second // a request's headers
	readTime    = time.Minute      // a whole request
	writeTime   = 5 * time.Minute  // an answer; advancing the clock by a month takes a while
	idleTime    = 2 * time.Minute
	headMax     = 64 << 10
	drainTime   = 20 * time.Second // for requests under way at the end
	loopbackAny = "127.0.0.1"
)

// listen opens an address, "" for none of its own choosing.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, errAddressTaken.At(address)
	case err != nil:
		return nil, errAddress.At(address)
	}
	return l, nil
}

// originOf is where a browser on this machine finds a listener.
func originOf(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "http://" + l.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = loopbackAny
	}
	return "http://" + net.JoinHostPort(host, port)
}

// servers are the listeners of one process and what runs beside them.
type servers struct {
	log    *slog.Logger
	https  []*http.Server
	failed chan error // the first that ends by itself
	beside sync.WaitGroup
	once   sync.Once       // of drain
	ctx    context.Context // of what runs beside; ends when requests are over
	stop   context.CancelFunc
}

func newServers(log *slog.Logger) *servers {
	s := &servers{log: log, failed: make(chan error, 1)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// serve answers requests from l.
func (s *servers) serve(l net.Listener, h http.Handler) {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: headTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime, MaxHeaderBytes: headMax,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.https = append(s.https, server)
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.fail(err)
		}
	}()
}

// run does work until requests are over.
func (s *servers) run(do func(context.Context) error) {
	s.beside.Add(1)
	go func() {
		defer s.beside.Done()
		if err := do(s.ctx); err != nil && s.ctx.Err() == nil {
			s.fail(err)
		}
	}()
}

func (s *servers) fail(err error) {
	select {
	case s.failed <- err:
	default: // the first one counts
	}
}

// wait returns when ctx ends or something fails.
func (s *servers) wait(ctx context.Context) error {
	select {
	case err := <-s.failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// drain stops listening, lets requests under way end, then the work beside. Again
// it does nothing.
func (s *servers) drain() { s.once.Do(s.end) }

func (s *servers) end() {
	late, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	for _, server := range s.https {
		if err := server.Shutdown(late); err != nil {
			s.log.Warn("some requests did not end in time and were cut off", "error", err)
			_ = server.Close() // what is left is cut off either way
		}
	}
	s.stop()
	s.beside.Wait()
}
