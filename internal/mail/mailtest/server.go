// Package mailtest is a mail server for tests: a real one, in process, that keeps
// what it takes and refuses what it is told to.
package mailtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Options say what kind of server it is.
type Options struct {
	Plain    bool   // offers no encryption
	FromOnly bool   // encrypted from the start (smtps) instead of by STARTTLS
	User     string // "" asks for no login
	Password string
}

// Server is a mail server.
type Server struct {
	URL   string         // as mail.Options wants it
	Roots *x509.CertPool // trusts its certificate

	// Refuse, when set, is asked before each command MAIL, RCPT and DATA, and once
	// more as TAKEN when a whole mail has come. An error is the answer.
	Refuse func(command string) error

	mu     sync.Mutex
	taken  []Received
	hangUp int // mails after which the connection is cut without an answer
}

// Received is a mail as it came.
type Received struct {
	From, To string
	UTF8     bool // it was declared to need a server for addresses in any script
	Raw      string
	Header   mail.Header
	Text     string // decoded, like the others
	HTML     string
	Title    string
}

// Start starts a server that ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	certificate, roots := certify(t)
	s := &Server{Roots: roots}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		in := &session{server: s, conn: c, isIn: o.User == ""}
		if o.User == "" {
			return in, nil
		}
		return &guarded{session: in, user: o.User, password: o.Password}, nil
	}))
	server.Domain, server.EnableSMTPUTF8, server.ErrorLog = "mail.test", true, silence{}
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	secure := &tls.Config{Certificates: []tls.Certificate{certificate}}
	switch {
	case o.FromOnly:
		s.URL, listener = "smtps://"+listener.Addr().String(), tls.NewListener(listener, secure)
	case o.Plain:
		s.URL = "smtp://" + listener.Addr().String()
	default:
		s.URL, server.TLSConfig = "smtp://"+listener.Addr().String(), secure
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends when the test closes it
	}()
	t.Cleanup(func() {
		server.Close()
		<-ended
	})
	return s
}

// HangUp lets the server take the next mails and cut the connection instead of
// answering.
func (s *Server) HangUp(mails int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangUp = mails
}

// Taken lists the mails that came whole, those that were refused or not answered
// for at the end included.
func (s *Server) Taken() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Received{}, s.taken...)
}

// No is an answer with a code.
func No(code int, enhanced [3]int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "no, and canary-of-the-server"}
}

func (s *Server) ask(command string) error {
	if s.Refuse == nil {
		return nil
	}
	return s.Refuse(command)
}

type session struct {
	server *Server
	conn   *smtp.Conn
	isIn   bool
	now    Received
}

// Mail takes a sender.
func (s *session) Mail(from string, o *smtp.MailOptions) error {
	if !s.isIn {
		return smtp.ErrAuthRequired
	}
	s.now = Received{From: from, UTF8: o.UTF8}
	return s.server.ask("MAIL")
}

// Rcpt takes a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.now.To = to
	return s.server.ask("RCPT")
}

// Data takes a mail.
func (s *session) Data(r io.Reader) error {
	if err := s.server.ask("DATA"); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.now.Raw = string(raw)
	if err := s.now.open(); err != nil {
		return err
	}
	s.server.mu.Lock()
	s.server.taken = append(s.server.taken, s.now)
	cut := s.server.hangUp > 0
	s.server.hangUp = max(0, s.server.hangUp-1)
	s.server.mu.Unlock()
	if cut {
		return s.conn.Conn().Close()
	}
	return s.server.ask("TAKEN")
}

// Reset forgets the mail under way.
func (s *session) Reset() { s.now = Received{} }

// Logout ends the session.
func (s *session) Logout() error { return nil }

// guarded is a session that begins with a login.
type guarded struct {
	*session
	user, password string
}

// AuthMechanisms are the ways to log in.
func (g *guarded) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth checks a login.
func (g *guarded) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != g.user || password != g.password {
			return smtp.ErrAuthFailed
		}
		g.isIn = true
		return nil
	}), nil
}

// open takes a mail apart.
func (r *Received) open() error {
	m, err := mail.ReadMessage(strings.NewReader(r.Raw))
	if err != nil {
		return err
	}
	r.Header = m.Header
	if r.Title, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return err
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		body, err := decoded(p)
		if err != nil {
			return err
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			r.HTML = body
		} else {
			r.Text = body
		}
	}
}

func decoded(p *multipart.Part) (string, error) {
	raw, err := io.ReadAll(p) // quoted-printable is decoded by the part itself
	if err != nil || p.Header.Get("Content-Transfer-Encoding") != "base64" {
		return string(raw), err
	}
	clear, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(raw)))
	return string(clear), err
}

// certify makes a certificate for this machine's own address.
func certify(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, roots
}

// silence keeps the server's complaints about cut connections out of the test's log.
type silence struct{}

// Printf says nothing.
func (silence) Printf(string, ...any) {}

// Println says nothing.
func (silence) Println(...any) {}
