package office_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/mail/mailtest"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/store"
)

// post gives the office a mail server.
func post(t *testing.T, d *officetest.Desk) *mailtest.Server {
	t.Helper()
	s := mailtest.Start(t, mailtest.Options{})
	sender, err := mail.NewSender(mail.Options{URL: s.URL, Roots: s.Roots, From: "Example Cloud <billing@example.com>"}, d.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	d.Mail = sender
	return s
}

// aBill tells a customer of a bill, and returns the message's id.
func aBill(t *testing.T, d *officetest.Desk, a account.Account) string {
	t.Helper()
	if err := d.Notify(t.Context(), a.ID, "bill_issued", "bill_1", mail.Facts{"month": "2026-03", "total": "5.00 USD"}); err != nil {
		t.Fatal(err)
	}
	return theMessage(t, d, a, "bill_issued").ID
}

func theLetter(t *testing.T, d *officetest.Desk, message string) mail.Letter {
	t.Helper()
	l, err := d.Letter(t.Context(), access.CommandLine, message)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestALetterIsSentOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		s := post(t, d)
		a := d.Customer(func(n *office.NewAccount) { n.Language = "zh-Hans" })
		id := aBill(t, d, a)
		d.Pass(time.Second)
		got := s.Taken()
		if len(got) != 1 || got[0].Title != "2026年3月账单：5.00 USD" || got[0].Header.Get("Message-Id") != "<"+id+"@example.com>" {
			t.Fatalf("got %+v, want the bill's mail", got)
		}
		if l := theLetter(t, d, id); l.State != mail.Sent || l.Attempts != 1 || l.Text != "" || l.Recipient != a.Email {
			t.Errorf("got %+v, want it sent, and its text kept nowhere", l)
		}
		aBill(t, d, a) // the same subject again
		for range 3 {
			if err := d.DeliverMail(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
		d.Pass(48 * time.Hour)
		if got := s.Taken(); len(got) != 1 {
			t.Errorf("got %d mails, want one", len(got))
		}
	})
}

// TestAMailboxGetsAtMostOneLetterTooMany lets the process die again and again after
// the server has taken the letter and before that is recorded.
func TestAMailboxGetsAtMostOneLetterTooMany(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		s := post(t, d)
		id := aBill(t, d, d.Customer())
		for range 5 {
			if _, err := d.SendAndDie(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			d.Pass(time.Hour)
		}
		got := s.Taken()
		if len(got) != 2 || got[0].Header.Get("Message-Id") != got[1].Header.Get("Message-Id") || got[0].Title != got[1].Title {
			t.Fatalf("got %d mails, want two that can be told to be the same", len(got))
		}
		if l := theLetter(t, d, id); l.State != mail.Sent || l.Doubts != 1 {
			t.Errorf("got %+v, want it sent with one doubt", l)
		}
	})
}

func TestALostAnswerIsDoubtedOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		s := post(t, d)
		s.HangUp(5)
		id := aBill(t, d, d.Customer())
		d.Pass(7 * 24 * time.Hour)
		if got := s.Taken(); len(got) != 2 {
			t.Errorf("got %d mails, want two", len(got))
		}
		if l := theLetter(t, d, id); l.State != mail.Failed || l.Reason != mail.ReasonAnswerLost || l.Doubts != 2 {
			t.Errorf("got %+v, want it given up", l)
		}
	})
}

func TestRefusedLettersWaitOrFail(t *testing.T) {
	for _, c := range []struct {
		name     string
		command  string
		codes    []int // of the first attempts
		state    mail.State
		reason   string
		answer   string
		attempts int
	}{
		{"for now", "RCPT", []int{450, 451}, mail.Sent, "", "", 3},
		{"for good", "RCPT", []int{450, 550}, mail.Failed, mail.ReasonRecipient, "550 5.1.1", 2},
		{"for good at the end", "TAKEN", []int{554}, mail.Failed, mail.ReasonRefused, "554 5.1.1", 1},
		{"by a server that is set up wrong", "MAIL", []int{550, 550, 550}, mail.Sent, "", "", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := officetest.New(t)
			s := post(t, d)
			codes := c.codes
			s.Refuse = func(command string) error {
				if command != c.command || len(codes) == 0 {
					return nil
				}
				code := codes[0]
				codes = codes[1:]
				return mailtest.No(code, [3]int{code / 100, 1, 1})
			}
			id := aBill(t, d, d.Customer())
			d.Pass(3 * 24 * time.Hour)
			if l := theLetter(t, d, id); l.State != c.state || l.Reason != c.reason || l.Answer != c.answer || l.Attempts != c.attempts {
				t.Errorf("got %+v, want %s for %q after %d attempts", l, c.state, c.reason, c.attempts)
			}
		})
	}
}

// TestAChallengeComesByMail is R-3DS-05 and R-3DS-06: the link in the mail leads to
// the issuer once, and is written down nowhere.
func TestAChallengeComesByMail(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		s := post(t, d)
		a, _ := owing(t, d, "authenticate", 2)
		d.Pass(time.Second)
		m := theMessage(t, d, a, "challenge_waiting")
		if m.Challenge == "" || string(m.Challenge) != m.Subject {
			t.Fatalf("got %+v, want the payment that waits", m)
		}
		var text string
		for _, r := range s.Taken() {
			if strings.Contains(r.Text, "/challenge/") {
				text = r.Text
			}
		}
		_, link, _ := strings.Cut(text, "http://console.test/challenge/")
		secret, _, _ := strings.Cut(link, "\r\n")
		if len(secret) < 40 {
			t.Fatalf("got the mail %q, want a link in it", text)
		}
		if l := theLetter(t, d, m.ID); l.State != mail.Sent || strings.Contains(l.Text+l.Title, secret) {
			t.Errorf("got %+v, want the secret kept nowhere", l)
		}
		p, err := d.TakeChallenge(t.Context(), secret)
		if err != nil || p.ID != m.Challenge || p.ChallengeURL == "" {
			t.Fatalf("got %+v, %v, want the issuer's page", p, err)
		}
		if _, err := d.TakeChallenge(t.Context(), secret); !errors.Is(err, store.ErrTicket) {
			t.Errorf("got %v at the second use, want it used up", err)
		}
		if _, err := d.Sandbox.AnswerChallenge(p.Ref, true); err != nil {
			t.Fatal(err)
		}
		d.Pass(time.Hour)
		if m := theMessage(t, d, a, "challenge_waiting"); m.Challenge != "" {
			t.Errorf("got the challenge %s still offered, want it over", m.Challenge)
		}
	})
}

func TestALetterThatNobodyNeedsIsDropped(t *testing.T) {
	d := officetest.New(t)
	s := post(t, d)
	isUp := false
	s.Refuse = func(string) error {
		if isUp {
			return nil
		}
		return mailtest.No(451, [3]int{4, 3, 0})
	}
	a, story := owing(t, d, "authenticate", 2)
	d.Pass(time.Minute)
	m := theMessage(t, d, a, "challenge_waiting")
	if _, err := d.ContinuePayment(t.Context(), m.Challenge, "http://console.test/challenge/done"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sandbox.AnswerChallenge(story.Payments[0].Ref, true); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Payment(t.Context(), access.CommandLine, m.Challenge, true); err != nil {
		t.Fatal(err)
	}
	isUp = true
	d.Pass(2 * 24 * time.Hour)
	if l := theLetter(t, d, m.ID); l.State != mail.Dropped || l.Reason != mail.ReasonNotWaiting {
		t.Errorf("got %+v, want it dropped", l)
	}
	for _, r := range s.Taken() {
		if strings.Contains(r.Text, "/challenge/") {
			t.Errorf("got the mail %q, want no link to what is over", r.Title)
		}
	}
}

func TestALiveInstallationWithoutAServerKeepsNoLetters(t *testing.T) {
	d := officetest.New(t)
	d.Live = true
	id := aBill(t, d, d.Customer())
	d.Pass(time.Second)
	if l := theLetter(t, d, id); l.State != mail.Failed || l.Reason != mail.ReasonNoServer || l.Text != "" {
		t.Errorf("got %+v, want it failed and its text not kept", l)
	}
}

// TestTwoNodesSendALetterOnce lets a second one come while the first one's mail is
// on its way.
func TestTwoNodesSendALetterOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		s := post(t, d)
		id := aBill(t, d, d.Customer())
		var once sync.Once
		s.Refuse = func(command string) error {
			if command == "DATA" {
				once.Do(func() {
					if err := d.DeliverMail(t.Context(), id); err == nil {
						t.Error("the second one thinks that it is done, want it to wait and look again")
					}
				})
			}
			return nil
		}
		if err := d.DeliverMail(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		d.Pass(time.Hour)
		if got := s.Taken(); len(got) != 1 {
			t.Errorf("got %d mails, want one", len(got))
		}
	})
}

func TestALetterThatLostItsJobIsFound(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		s := post(t, d)
		a := d.Customer()
		d.Store.UseQueue(nowhere{})
		id := aBill(t, d, a)
		d.Store.UseQueue(store.StepperQueue(d.Stepper.Wake))
		d.Pass(5 * time.Minute)
		if got := s.Taken(); len(got) != 0 {
			t.Fatalf("got %d mails, want none without a job", len(got))
		}
		if err := d.Clock.Set(t.Context(), d.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := d.SweepLetters(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.Pass(time.Second)
		if l := theLetter(t, d, id); l.State != mail.Sent || len(s.Taken()) != 1 {
			t.Errorf("got %+v after %d mails, want it sent", l, len(s.Taken()))
		}
	})
}

// nowhere is a queue that loses its jobs.
type nowhere struct{}

// Enqueue loses jobs.
func (nowhere) Enqueue(context.Context, *store.Tx, ...job.Job) error { return nil }
