package mail_test

import (
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/mail"
)

func TestALetterIsTriedForDays(t *testing.T) {
	l, now := mail.Letter{State: mail.Waiting}, at
	for n := 1; ; n++ {
		l = l.Begin(now, "a@example.com", "en").After(mail.Result{Reason: mail.ReasonUnreachable, Answer: "421"}, now, 0.5)
		if l.Attempts != n || l.Answer != "421" {
			t.Fatalf("got %+v after attempt %d", l, n)
		}
		if l.State == mail.Failed {
			break
		}
		if l.State != mail.Waiting || !l.NextAt.After(now) {
			t.Fatalf("got %+v after attempt %d, want it to wait", l, n)
		}
		now = l.NextAt
	}
	if span := now.Sub(at); l.Attempts != mail.AttemptsMax || l.Reason != mail.ReasonTooManyTries || span < 3*24*time.Hour || span > 6*24*time.Hour {
		t.Errorf("got it given up after %d attempts and %v, for %s", l.Attempts, span, l.Reason)
	}
}

func TestWhatBecomesOfALetter(t *testing.T) {
	for _, c := range []struct {
		name   string
		doubts int
		result mail.Result
		state  mail.State
		reason string
	}{
		{"taken", 0, mail.Result{}, mail.Sent, ""},
		{"taken after a doubt", 1, mail.Result{}, mail.Sent, ""},
		{"refused for good", 0, mail.Result{Reason: mail.ReasonRecipient, Final: true}, mail.Failed, mail.ReasonRecipient},
		{"refused for now", 0, mail.Result{Reason: mail.ReasonRecipient}, mail.Waiting, mail.ReasonRecipient},
		{"first doubt", 0, mail.Result{Reason: mail.ReasonAnswerLost, Doubt: true}, mail.Waiting, mail.ReasonAnswerLost},
		{"second doubt", 1, mail.Result{Reason: mail.ReasonInterrupted, Doubt: true}, mail.Failed, mail.ReasonAnswerLost},
		{"refused for now after a doubt", 1, mail.Result{Reason: mail.ReasonUnreachable}, mail.Waiting, mail.ReasonUnreachable},
	} {
		l := mail.Letter{State: mail.Sending, Attempts: 1, Doubts: c.doubts}.After(c.result, at, 0)
		if l.State != c.state || l.Reason != c.reason || l.IsOver() != (c.state != mail.Waiting) || l.IsOver() == l.EndedAt.IsZero() {
			t.Errorf("%s: got %+v, want %s, %q", c.name, l, c.state, c.reason)
		}
	}
}
