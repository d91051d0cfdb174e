package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

const (
	deliveryTime   = 10 * time.Second // for the whole exchange
	answerBytesMax = 64 << 10         // of an answer is read, so that its connection can be used again
	headerBytesMax = 64 << 10
	idleConnsMax   = 64
	idleConnTime   = 30 * time.Second
)

// Options say how a Sender reaches the world.
type Options struct {
	// AllowPrivate lets events go to this machine and to private networks, over
	// plain HTTP and to any port. It is for sandboxes and for receivers in the
	// same company.
	AllowPrivate bool
	// Resolver looks names up; nil means the system's.
	Resolver *net.Resolver
	// Roots are the authorities that a receiver's certificate is checked against;
	// nil means the system's.
	Roots *x509.CertPool
	// Transport takes the place of the network in tests and in the simulation.
	Transport http.RoundTripper
}

// Sender delivers events. The address behind a name is judged at every dial, so
// that neither a name that changes nor a redirect leads inside.
type Sender struct {
	client       *http.Client
	allowPrivate bool
}

// NewSender returns a sender that may be used by several goroutines at once.
func NewSender(o Options) *Sender {
	transport := o.Transport
	if transport == nil {
		transport = guardedTransport(o)
	}
	return &Sender{
		allowPrivate: o.AllowPrivate,
		client: &http.Client{
			Transport: transport,
			Timeout:   deliveryTime,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse // a redirect is an answer, and not a good one
			},
		},
	}
}

var (
	errAddress = errors.New("webhook: the address is not public")
	errPort    = errors.New("webhook: the port is not open to webhooks")
)

func guardedTransport(o Options) *http.Transport {
	dialer := &net.Dialer{
		Timeout:   deliveryTime,
		KeepAlive: -1,
		Resolver:  o.Resolver,
		Control: func(network, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil || network != "tcp4" && network != "tcp6" || !mayReach(to.Addr(), o.AllowPrivate) {
				return errAddress
			}
			if !mayDial(to.Port(), o.AllowPrivate) {
				return errPort
			}
			return nil
		},
	}
	return &http.Transport{
		Proxy:                  nil, // not even from the environment: it would dial in our place
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    deliveryTime,
		ResponseHeaderTimeout:  deliveryTime,
		MaxResponseHeaderBytes: headerBytesMax,
		MaxIdleConns:           idleConnsMax,
		IdleConnTimeout:        idleConnTime,
		DisableCompression:     true, // nothing to unpack, nothing to blow up
	}
}

// Message is one event on its way to one endpoint.
type Message struct {
	ID      string // the event's: the same at every attempt, so that receivers can deduplicate
	URL     string
	Payload []byte
	Secrets []SecretText
	At      time.Time
}

// Result is how an attempt ended.
type Result struct {
	Status  int    // of the answer; 0 when none came
	Problem string // snake_case, why it counts as failed; "" when it was delivered
	Final   bool   // the receiver said that it is gone for good (410)
}

// Allows tells whether the sender would send to this address, as far as its text
// tells.
func (s *Sender) Allows(address string) error { return CheckURL(address, s.allowPrivate) }

// Send makes one attempt. It never fails with an error: what went wrong is in the
// result, in our own words, since the receiver's may hold anything.
func (s *Sender) Send(ctx context.Context, m Message) Result {
	if CheckURL(m.URL, s.allowPrivate) != nil {
		return Result{Problem: "address_refused"}
	}
	signature, err := Sign(m.Secrets, m.ID, m.At, m.Payload)
	if err != nil {
		return Result{Problem: "unsigned"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Payload))
	if err != nil {
		return Result{Problem: "address_refused"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Bursar-Webhooks/1")
	req.Header.Set(HeaderID, m.ID)
	req.Header.Set(HeaderTimestamp, strconv.FormatInt(m.At.Unix(), 10))
	req.Header.Set(HeaderSignature, signature)

	answer, err := s.client.Do(req)
	if err != nil {
		return Result{Problem: problemOf(err)}
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, answerBytesMax)) // the status has said all

	r := Result{Status: answer.StatusCode, Final: answer.StatusCode == http.StatusGone}
	switch {
	case r.Status >= 300 && r.Status < 400:
		r.Problem = "redirected"
	case r.Status < 200 || r.Status >= 300:
		r.Problem = "refused"
	}
	return r
}

// problemOf names why no answer came.
func problemOf(err error) string {
	var (
		dns  *net.DNSError
		cert *tls.CertificateVerificationError
		rec  tls.RecordHeaderError
		u    *url.Error
	)
	switch {
	case errors.Is(err, errAddress):
		return "address_refused"
	case errors.Is(err, errPort):
		return "port_refused"
	case errors.As(err, &u) && u.Timeout():
		return "timeout"
	case errors.As(err, &dns):
		return "name_unknown"
	case errors.As(err, &cert), errors.As(err, &rec):
		return "tls_failed"
	}
	return "unreachable"
}
