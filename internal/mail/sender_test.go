package mail_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/mail/mailtest"
)

var at = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func now() time.Time { return at }

func senderFor(t *testing.T, s *mailtest.Server, change func(*mail.Options)) *mail.Sender {
	t.Helper()
	o := mail.Options{URL: s.URL, From: "Example Cloud <billing@example.com>", Roots: s.Roots}
	if change != nil {
		change(&o)
	}
	sender, err := mail.NewSender(o, now)
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func customer(language string) account.Account {
	return account.Account{ID: "acct_1", Reference: "customer-1", Name: "株式会社サンプル", Email: "pay@example.com", Language: language, Zone: "Asia/Tokyo", Country: "JP", Currency: "JPY"}
}

func draft(t *testing.T, kind, language string, change func(*mail.Draft)) mail.Mail {
	t.Helper()
	k, ok := mail.KindOf(kind)
	if !ok {
		t.Fatalf("there is no kind %s", kind)
	}
	d := mail.Draft{Message: "msg_1", Kind: k, Subject: "pm_1/x", Facts: everyFact, Account: customer(language), Console: "https://pay.example.com"}
	if change != nil {
		change(&d)
	}
	m, err := mail.Compose(d)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// only is the one mail that a server took.
func only(t *testing.T, s *mailtest.Server) mailtest.Received {
	t.Helper()
	taken := s.Taken()
	if len(taken) != 1 {
		t.Fatalf("got %d mails, want one", len(taken))
	}
	return taken[0]
}

func TestAMailArrivesInEveryLanguage(t *testing.T) {
	for _, language := range account.Languages {
		t.Run(language, func(t *testing.T) {
			s := mailtest.Start(t, mailtest.Options{})
			m := draft(t, "card_expiring", language, nil)
			if r := senderFor(t, s, nil).Send(t.Context(), m); r != (mail.Result{}) {
				t.Fatalf("got %+v, want it taken", r)
			}
			got := only(t, s)
			if got.From != "billing@example.com" || got.To != "pay@example.com" || got.UTF8 {
				t.Errorf("got it from %s to %s, declared UTF-8 %t", got.From, got.To, got.UTF8)
			}
			if got.Title != strings.ReplaceAll(m.Title, "\u00a0", " ") || got.Text != strings.ReplaceAll(m.Text, "\n", "\r\n") || got.HTML != strings.ReplaceAll(m.HTML, "\n", "\r\n") {
				t.Errorf("got %q and %q, want what was composed: %q and %q", got.Title, got.Text, m.Title, m.Text)
			}
			if !strings.Contains(got.Text, "株式会社サンプル") || !strings.Contains(got.HTML, "株式会社サンプル") || !strings.Contains(got.Text, "https://pay.example.com/methods/pm_1\r\n") {
				t.Errorf("got %q, want the customer's name and the way to the method", got.Text)
			}
			for name, want := range map[string]string{
				"Message-Id": "<msg_1@example.com>", "Auto-Submitted": "auto-generated", "Content-Language": language, "Mime-Version": "1.0",
				"From": `"Example Cloud" <billing@example.com>`, "To": "<pay@example.com>", "List-Unsubscribe": "<https://pay.example.com/messages/choices>",
				"Date": "Tue, 10 Mar 2026 12:00:00 +0000", "X-Mailer": "", "User-Agent": "", "List-Unsubscribe-Post": "",
			} {
				if value := got.Header.Get(name); value != want {
					t.Errorf("%s: got %q, want %q", name, value, want)
				}
			}
			for line := range strings.Lines(got.Raw) {
				if len(line) > 78 && strings.Contains(got.Raw[:strings.Index(got.Raw, "\r\n\r\n")], line) {
					t.Errorf("got the header line %q, want none above 76 characters", line)
				}
				if strings.IndexFunc(line, func(r rune) bool { return r > 126 }) >= 0 {
					t.Errorf("got the line %q, want ASCII on the way", line)
				}
			}
			for _, remote := range []string{"<img", "<link", "<script", "url(", "@import", "src="} {
				if strings.Contains(got.HTML, remote) {
					t.Errorf("got %s in the mail, want nothing from elsewhere", remote)
				}
			}
		})
	}
}

func TestCriticalMailsCannotBeUnsubscribed(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	m := draft(t, "payment_failed", "en", nil)
	if r := senderFor(t, s, nil).Send(t.Context(), m); r != (mail.Result{}) {
		t.Fatalf("got %+v, want it taken", r)
	}
	if got := only(t, s); got.Header.Get("List-Unsubscribe") != "" || strings.Contains(got.Text, mail.ChoicesPage) || !strings.Contains(got.Text, "always sent") {
		t.Errorf("got %q, want it to say that it is always sent", got.Text)
	}
}

func TestAChallengeComesWithItsOwnLink(t *testing.T) {
	m := draft(t, "challenge_waiting", "ja", func(d *mail.Draft) {
		d.Challenge, d.ChallengeUntil = "https://pay.example.com/challenge/abc", at
	})
	if !strings.Contains(m.Text, "https://pay.example.com/challenge/abc\n") || !strings.Contains(m.HTML, `href="https://pay.example.com/challenge/abc"`) {
		t.Errorf("got %q, want the link", m.Text)
	}
	if !strings.Contains(m.Text, "2026年3月10日\u00a021:00\u00a0JST") {
		t.Errorf("got %q, want until when the link is good, in the customer's zone", m.Text)
	}
}

// TestWhatComesFromOutsideStaysText puts what an attacker might into everything
// that a platform or a customer chooses.
func TestWhatComesFromOutsideStaysText(t *testing.T) {
	nasty := "Ev\u0000il\r\nBcc: victim@example.org\r\n\r\n<script>alert(1)</script>\u202e\u2028{amount}"
	for _, language := range []string{"en", "ja"} {
		s := mailtest.Start(t, mailtest.Options{})
		m := draft(t, "renewal_failed", language, func(d *mail.Draft) {
			d.Account.Name, d.Account.Reference = nasty, nasty
			d.Facts = mail.Facts{"product": nasty, "amount": "1.00 USD", "until": "2026-03-31"}
		})
		if r := senderFor(t, s, nil).Send(t.Context(), m); r != (mail.Result{}) {
			t.Fatalf("got %+v, want it taken", r)
		}
		got := only(t, s)
		if len(got.Header["Bcc"]) != 0 || got.Header.Get("Subject") == "" || strings.ContainsAny(got.Title, "\r\n\x00\u202e\u2028") || got.To != "pay@example.com" {
			t.Errorf("%s: got the headers %v, want no more than ours", language, got.Header)
		}
		if strings.Contains(got.HTML, "<script") || !strings.Contains(got.HTML, "&lt;script&gt;") {
			t.Errorf("%s: got %q, want what looks like markup to stay text", language, got.HTML)
		}
		for line := range strings.Lines(got.Text) {
			if strings.HasPrefix(line, "Bcc:") || strings.HasPrefix(line, "<script") {
				t.Errorf("%s: got the line %q, want a name to stay on its line", language, line)
			}
		}
	}
}

func TestAnAddressThatIsMoreIsRefused(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	sender := senderFor(t, s, nil)
	for _, to := range []string{
		"a@example.com\r\nBcc: b@example.com", "a@example.com,b@example.com", "x<a@example.com>", "a@example.com(note)", "a@example.com>\r\nRCPT TO:<b@example.com", "", "a", "@example.com",
	} {
		m := draft(t, "bill_issued", "en", nil)
		m.To = to
		if r := sender.Send(t.Context(), m); r.Reason != mail.ReasonAddress || !r.Final {
			t.Errorf("%q: got %+v, want it refused for good", to, r)
		}
	}
	if taken := s.Taken(); len(taken) != 0 {
		t.Errorf("got %d mails, want none", len(taken))
	}
	m := draft(t, "bill_issued", "en", nil)
	m.To = "用戶@example.com"
	if r := sender.Send(t.Context(), m); r != (mail.Result{}) || !only(t, s).UTF8 {
		t.Errorf("got %+v, want an address in another script declared as one", r)
	}
}

func TestEncryptionIsNotGivenUp(t *testing.T) {
	for _, c := range []struct {
		name   string
		server mailtest.Options
		change func(*mail.Options)
		want   string
	}{
		{"STARTTLS", mailtest.Options{}, nil, ""},
		{"encrypted from the start", mailtest.Options{FromOnly: true}, nil, ""},
		{"none offered", mailtest.Options{Plain: true}, nil, mail.ReasonTLS},
		{"none asked for", mailtest.Options{Plain: true}, func(o *mail.Options) { o.URL += "?tls=none" }, ""},
		{"not trusted", mailtest.Options{}, func(o *mail.Options) { o.Roots = nil }, mail.ReasonTLS},
		{"not trusted from the start", mailtest.Options{FromOnly: true}, func(o *mail.Options) { o.Roots = nil }, mail.ReasonTLS},
		{"another name", mailtest.Options{}, func(o *mail.Options) { o.URL = strings.Replace(o.URL, "127.0.0.1", "localhost", 1) }, mail.ReasonTLS},
		{"login", mailtest.Options{User: "bursar", Password: "right"}, func(o *mail.Options) { o.User, o.Password = "bursar", "right" }, ""},
		{"login from the start", mailtest.Options{FromOnly: true, User: "bursar", Password: "right"}, func(o *mail.Options) { o.User, o.Password = "bursar", "right" }, ""},
		{"wrong password", mailtest.Options{User: "bursar", Password: "right"}, func(o *mail.Options) { o.User, o.Password = "bursar", "wrong" }, mail.ReasonLogin},
		{"no login offered", mailtest.Options{}, func(o *mail.Options) { o.User, o.Password = "bursar", "right" }, mail.ReasonLogin},
		{"login wanted", mailtest.Options{User: "bursar", Password: "right"}, nil, mail.ReasonSender},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mailtest.Start(t, c.server)
			r := senderFor(t, s, c.change).Send(t.Context(), draft(t, "bill_issued", "en", nil))
			if r.Reason != c.want || r.Final || r.Doubt {
				t.Errorf("got %+v, want %q, to be tried again", r, c.want)
			}
			if got, want := len(s.Taken()), map[bool]int{true: 1, false: 0}[c.want == ""]; got != want {
				t.Errorf("got %d mails, want %d", got, want)
			}
		})
	}
}

func TestTheServersAnswersMeanWhatTheySay(t *testing.T) {
	for _, c := range []struct {
		command string
		code    int
		want    mail.Result
	}{
		{"MAIL", 451, mail.Result{Reason: mail.ReasonSender, Answer: "451 4.7.1"}},
		{"MAIL", 550, mail.Result{Reason: mail.ReasonSender, Answer: "550 5.7.1"}},
		{"RCPT", 450, mail.Result{Reason: mail.ReasonRecipient, Answer: "450 4.7.1"}},
		{"RCPT", 550, mail.Result{Reason: mail.ReasonRecipient, Answer: "550 5.7.1", Final: true}},
		{"RCPT", 530, mail.Result{Reason: mail.ReasonRecipient, Answer: "530 5.7.1"}},
		{"DATA", 452, mail.Result{Reason: mail.ReasonRefused, Answer: "452 4.7.1"}},
		{"DATA", 554, mail.Result{Reason: mail.ReasonRefused, Answer: "554 5.7.1", Final: true}},
		{"TAKEN", 451, mail.Result{Reason: mail.ReasonRefused, Answer: "451 4.7.1"}},
		{"TAKEN", 552, mail.Result{Reason: mail.ReasonRefused, Answer: "552 5.7.1", Final: true}},
	} {
		t.Run(fmt.Sprint(c.command, c.code), func(t *testing.T) {
			s := mailtest.Start(t, mailtest.Options{})
			s.Refuse = func(command string) error {
				if command == c.command {
					return mailtest.No(c.code, [3]int{c.code / 100, 7, 1})
				}
				return nil
			}
			if got := senderFor(t, s, nil).Send(t.Context(), draft(t, "bill_issued", "en", nil)); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	t.Run("no answer", func(t *testing.T) {
		s := mailtest.Start(t, mailtest.Options{})
		s.HangUp(1)
		want := mail.Result{Reason: mail.ReasonAnswerLost, Doubt: true}
		if got := senderFor(t, s, nil).Send(t.Context(), draft(t, "bill_issued", "en", nil)); got != want || len(s.Taken()) != 1 {
			t.Errorf("got %+v and %d mails, want %+v and one", got, len(s.Taken()), want)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		url := "smtp://" + l.Addr().String()
		l.Close()
		sender, err := mail.NewSender(mail.Options{URL: url, From: "a@example.com"}, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := sender.Send(t.Context(), draft(t, "bill_issued", "en", nil)); got != (mail.Result{Reason: mail.ReasonUnreachable}) {
			t.Errorf("got %+v, want it unreachable", got)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if got := sender.Send(ended, draft(t, "bill_issued", "en", nil)); got != (mail.Result{Reason: mail.ReasonUnreachable}) {
			t.Errorf("got %+v when stopped, want it unreachable", got)
		}
	})
}

func TestAMailServerIsDescribedWell(t *testing.T) {
	for _, c := range []struct {
		o     mail.Options
		place string // "" it is good
	}{
		{mail.Options{URL: "smtp://mail.example.com", From: "a@example.com"}, ""},
		{mail.Options{URL: "smtps://mail.example.com:465", From: "A B <a@example.com>", User: "u", Password: "p"}, ""},
		{mail.Options{URL: "smtp://mail.example.com:25?tls=none", From: "a@example.com"}, ""},
		{mail.Options{URL: "smtp://mail.example.com?tls=none", From: "a@example.com", User: "u", Password: "p"}, "smtp-user"},
		{mail.Options{URL: "smtp://u:canary@mail.example.com", From: "a@example.com"}, "smtp-url"},
		{mail.Options{URL: "https://mail.example.com", From: "a@example.com"}, "smtp-url"},
		{mail.Options{URL: "mail.example.com:587", From: "a@example.com"}, "smtp-url"},
		{mail.Options{URL: "smtp://mail.example.com:99999", From: "a@example.com"}, "smtp-url"},
		{mail.Options{URL: "smtp://mail.example.com?tls=maybe", From: "a@example.com"}, "smtp-url"},
		{mail.Options{URL: "smtp://mail.example.com", From: "nobody"}, "mail-from"},
		{mail.Options{URL: "smtp://mail.example.com"}, "mail-from"},
	} {
		_, err := mail.NewSender(c.o, now)
		f, ok := fault.Of(err)
		if (c.place == "") != (err == nil) || ok && (f.Place != c.place || !errors.Is(err, mail.ErrServer) || strings.Contains(f.Message+f.Next, "canary")) {
			t.Errorf("%s from %q: got %v, want a complaint about %q", c.o.URL, c.o.From, err, c.place)
		}
	}
}

func TestAPasswordDoesNotShowItself(t *testing.T) {
	o := mail.Options{Password: "canary"}
	text := &strings.Builder{}
	slog.New(slog.NewTextHandler(text, nil)).Info("x", "password", o.Password)
	if got := fmt.Sprintf("%v %+v %#v %s", o, o, o, o.Password) + text.String(); strings.Contains(got, "canary") {
		t.Errorf("got %s, want the password hidden", got)
	}
}
