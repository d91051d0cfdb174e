package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/bursar-pay/bursar/internal/fault"
)

// ErrServer says what is wrong with how the mail server is described.
var ErrServer = fault.New(fault.Invalid, "mail_server_invalid", "the mail server is not described well").
	WithNext("write smtp://host:587 for a server that begins encryption with STARTTLS, smtps://host:465 for one that is encrypted from the start; user and password are settings of their own")

// Secret is a password. It does not show itself.
type Secret string

// String hides the secret.
func (Secret) String() string { return "hidden" }

// GoString hides the secret.
func (Secret) GoString() string { return "hidden" }

// LogValue hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue("hidden") }

// Options describe the mail server.
type Options struct {
	// URL is smtp://host[:587], whose connection is encrypted with STARTTLS or not
	// used at all, or smtps://host[:465]. A server on the same machine or inside
	// the company may be smtp://host:25?tls=none; it is never told a password.
	URL      string
	User     string // "" no login
	Password Secret
	From     string         // such as "Example Cloud <billing@example.com>"
	Roots    *x509.CertPool // authorities that its certificate is checked against; nil means the system's
}

const (
	submissionPort = 587
	encryptedPort  = 465

	sendTime = 10 * time.Second // to reach the server, and once more for the exchange
)

// Sender hands mails to a mail server. It may be used by several goroutines at
// once; each mail has a connection of its own.
type Sender struct {
	host    string
	from    mail.Address
	options []gomail.Option
	now     func() time.Time
}

// NewSender returns a sender, or ErrServer. now dates the mails.
func NewSender(o Options, now func() time.Time) (*Sender, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return nil, ErrServer.At("smtp-url")
	}
	if u.User != nil {
		return nil, ErrServer.At("smtp-url").Detail("the address holds a user or a password").WithNext("set smtp-user and smtp-password instead")
	}
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, ErrServer.At("mail-from").Detail("the sender is not an address").WithNext(`write it as "Example Cloud <billing@example.com>"`)
	}
	s := &Sender{host: u.Hostname(), from: *from, now: now}
	secure := &tls.Config{ServerName: s.host, RootCAs: o.Roots, MinVersion: tls.VersionTLS12}
	s.options = []gomail.Option{gomail.WithTimeout(sendTime), gomail.WithTLSConfig(secure), gomail.WithoutNoop()}
	port := submissionPort
	switch {
	case u.Scheme == "smtps" && u.RawQuery == "":
		port = encryptedPort
		s.options = append(s.options, gomail.WithSSL())
	case u.Scheme == "smtp" && u.RawQuery == "":
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case u.Scheme == "smtp" && u.RawQuery == "tls=none":
		if o.User != "" {
			return nil, ErrServer.At("smtp-user").Detail("a password is not sent over a connection without encryption").WithNext("leave out the user, or tls=none")
		}
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, ErrServer.At("smtp-url")
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return nil, ErrServer.At("smtp-url")
		}
	}
	s.options = append(s.options, gomail.WithPort(port))
	if o.User != "" {
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(o.User), gomail.WithPassword(string(o.Password)))
	}
	return s, nil
}

// Send makes one attempt to hand a mail to the server. What is wrong is told by
// the result, in words of ours: neither the server's texts nor the mail's are in it.
func (s *Sender) Send(ctx context.Context, m Mail) Result {
	msg, err := s.envelope(m)
	if err != nil {
		return Result{Reason: ReasonAddress, Final: true}
	}
	options := s.options
	if isASCII(m.To) { // else the server must take addresses in any script, and says so
		options = append(options[:len(options):len(options)], gomail.WithoutSMTPUTF8())
	}
	client, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return Result{Reason: ReasonUnreachable}
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return notReached(err)
	}
	err = client.SendWithSMTPClient(conn, msg)
	_ = client.CloseWithSMTPClient(conn) // the server has answered for the mail by now, or never will
	if err == nil || msg.IsDelivered() {
		return Result{}
	}
	return notTaken(err)
}

// envelope puts a mail into the shape in which it travels. An address that is more
// than an address is refused.
func (s *Sender) envelope(m Mail) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(m.To)
	if err != nil || to.Address != m.To {
		return nil, errors.Join(err, errAddress)
	}
	encoding := gomail.EncodingQP
	if m.Language != "en" {
		encoding = gomail.EncodingB64
	}
	msg := gomail.NewMsg(gomail.WithEncoding(encoding), gomail.WithNoDefaultUserAgent(), gomail.WithBoundary("bursar-"+m.Message))
	msg.FromMailAddress(&s.from)
	msg.ToMailAddress(to)
	msg.Subject(plain(m.Title, titleMax))
	msg.SetDateWithValue(s.now())
	msg.SetMessageIDWithValue(s.messageID(m.Message))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetGenHeader("Content-Language", m.Language)
	if m.Choices != "" {
		msg.SetListUnsubscribe(m.Choices)
	}
	msg.SetBodyString(gomail.TypeTextPlain, onTheWire(m.Text))
	msg.AddAlternativeString(gomail.TypeTextHTML, onTheWire(m.HTML))
	return msg, nil
}

// onTheWire ends lines as mails do (RFC 2045, 6.8: before they are encoded).
func onTheWire(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

const titleMax = 200 // characters

var errAddress = errors.New("mail: not an address alone")

// messageID is the same at every attempt, so that a mailbox or a person can tell
// that the second of two is the first again.
func (s *Sender) messageID(message string) string {
	_, domain, _ := strings.Cut(s.from.Address, "@")
	return message + "@" + domain
}

// notReached says why there was nobody to give a mail to. All of it is between us
// and our server, so that trying again helps once somebody has mended it.
func notReached(err error) Result {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
		network     *net.OpError
	)
	text := err.Error()
	switch {
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert), strings.Contains(text, "STARTTLS"):
		return Result{Reason: ReasonTLS}
	case errors.As(err, &network):
		return Result{Reason: ReasonUnreachable}
	case strings.Contains(text, "AUTH"):
		return Result{Reason: ReasonLogin}
	}
	return Result{Reason: ReasonUnreachable}
}

// notTaken says what a server's no means.
func notTaken(err error) Result {
	var no *gomail.SendError
	if !errors.As(err, &no) {
		return Result{Reason: ReasonUnreachable}
	}
	code := no.ErrorCode()
	r := Result{Reason: ReasonUnreachable}
	if code != 0 {
		r.Answer = strings.TrimSpace(strconv.Itoa(code) + " " + no.EnhancedStatusCode())
	}
	switch no.Reason {
	case gomail.ErrSMTPMailFrom:
		if code != 0 {
			r.Reason = ReasonSender // it is us whom it refuses, not the mail
		}
	case gomail.ErrSMTPRcptTo:
		if code != 0 {
			r.Reason, r.Final = ReasonRecipient, isForGood(code)
		}
	case gomail.ErrSMTPData:
		if code != 0 {
			r.Reason, r.Final = ReasonRefused, isForGood(code)
		}
	case gomail.ErrSMTPDataClose:
		if code == 0 { // everything was sent, and then nothing was heard
			return Result{Reason: ReasonAnswerLost, Doubt: true}
		}
		r.Reason, r.Final = ReasonRefused, isForGood(code)
	}
	return r
}

// isForGood tells whether a server will say no to a mail again. What it says for
// want of a login is about us.
func isForGood(code int) bool {
	return code >= 500 && code != 530 && code != 535 && code != 538
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0
}
