package mail

import (
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
)

// State is how far a letter is.
type State string

// The states of a letter.
const (
	Waiting State = "waiting" // for its next attempt
	Sending State = "sending" // an attempt was begun, and how it ended is not known yet
	Sent    State = "sent"    // a mail server has taken it
	Failed  State = "failed"  // it was given up
	Dropped State = "dropped" // what it asked for was over before it was sent
	Kept    State = "kept"    // no mail server is configured: it can be read in the sandbox's outbox
)

// What the office answers about messages and letters.
var (
	ErrMessageNotFound = fault.New(fault.NotFound, "message_not_found", "there is no such message")
	ErrLetterNotFound  = fault.New(fault.NotFound, "mail_not_found", "there is no such mail").WithNext("list the mails to find it")
	ErrKindUnknown     = fault.New(fault.Invalid, "message_kind_unknown", "there is no such kind of message").WithNext("fetch the mail choices for the kinds")
	ErrKindCritical    = fault.New(fault.Conflict, "message_kind_critical", "mails of this kind are always sent").WithNext("they concern money that is owed or access to resources; switch other kinds off")
)

// Letter is a message on its way to a mailbox.
type Letter struct {
	Message   string // the message's id, and the letter's own
	Account   account.ID
	Kind      string
	State     State
	Attempts  int
	Doubts    int       // attempts of which nobody knows whether the server took it
	NextAt    time.Time // of the next attempt, while it waits
	BegunAt   time.Time // of the last attempt; zero: there was none
	Recipient string    // of the last attempt
	Language  string
	Reason    string // why it failed, was dropped or waits again; "" nothing went wrong
	Answer    string // the code of the server's last answer, such as "550 5.1.1"; "" none
	Title     string // of a kept letter
	Text      string // of a kept letter: what the plain text of the mail would be
	EndedAt   time.Time
	CreatedAt time.Time
}

// waits is how long is waited after each failed attempt. Together they span four
// days, as mail servers do before they give up.
var waits = [...]time.Duration{
	time.Minute,
	5 * time.Minute,
	20 * time.Minute,
	time.Hour,
	3 * time.Hour,
	6 * time.Hour,
	12 * time.Hour,
	24 * time.Hour,
	48 * time.Hour,
}

const (
	// AttemptsMax is how often a letter is tried before it is given up.
	AttemptsMax = len(waits) + 1

	// doubtsMax is how many attempts may end without anybody knowing how: a mailbox
	// gets at most one letter too many.
	doubtsMax = 1

	// DoubtAfter is when an attempt that was begun and never recorded is taken for
	// one of those: its process must be dead.
	DoubtAfter = 5 * time.Minute
)

// Result is what is known of an attempt.
type Result struct {
	Reason string // "" it was taken; else why not, snake_case
	Answer string // the code of the server's answer; "" it did not answer
	Final  bool   // trying again will not help
	Doubt  bool   // the server may have taken it
}

// The reasons of results.
const (
	ReasonUnreachable  = "server_unreachable" // it does not answer, or breaks off
	ReasonTLS          = "tls_refused"        // it offers no encryption, or none that is trusted
	ReasonLogin        = "login_refused"
	ReasonSender       = "sender_refused" // it does not send for us
	ReasonRecipient    = "recipient_refused"
	ReasonRefused      = "mail_refused"
	ReasonAddress      = "address_invalid" // it cannot be put into a mail
	ReasonAnswerLost   = "answer_lost"
	ReasonNoServer     = "no_mail_server" // none is configured
	ReasonNotWaiting   = "no_longer_waiting"
	ReasonInterrupted  = "interrupted" // our own process ended during the attempt
	ReasonTooManyTries = "tries_exhausted"
)

// Begin returns the letter with an attempt begun.
func (l Letter) Begin(now time.Time, recipient, language string) Letter {
	l.State, l.NextAt, l.BegunAt = Sending, time.Time{}, now
	l.Attempts++
	l.Recipient, l.Language = recipient, language
	return l
}

// After returns the letter as it is after an attempt that ended so. jitter is in
// [0, 1) and lengthens the wait by up to a fifth.
func (l Letter) After(r Result, now time.Time, jitter float64) Letter {
	l.Reason, l.Answer, l.NextAt = r.Reason, r.Answer, time.Time{}
	if r.Doubt {
		l.Doubts++
	}
	switch {
	case r.Reason == "":
		return l.end(Sent, "", now)
	case r.Final:
		return l.end(Failed, r.Reason, now)
	case l.Doubts > doubtsMax:
		return l.end(Failed, ReasonAnswerLost, now)
	case l.Attempts > len(waits):
		return l.end(Failed, ReasonTooManyTries, now)
	}
	wait := waits[max(l.Attempts, 1)-1]
	l.State, l.NextAt = Waiting, now.Add(wait+time.Duration(jitter*float64(wait)/5))
	return l
}

// Drop returns the letter as one that nobody needs any more.
func (l Letter) Drop(now time.Time) Letter { return l.end(Dropped, ReasonNotWaiting, now) }

// Keep returns the letter as one that is read in the outbox.
func (l Letter) Keep(title, text string, now time.Time) Letter {
	l.Title, l.Text = title, text
	return l.end(Kept, "", now)
}

// Fail returns the letter as one that is given up.
func (l Letter) Fail(reason string, now time.Time) Letter { return l.end(Failed, reason, now) }

func (l Letter) end(s State, reason string, now time.Time) Letter {
	l.State, l.Reason, l.NextAt, l.EndedAt = s, reason, time.Time{}, now
	return l
}

// IsOver tells whether nothing more will happen to the letter.
func (l Letter) IsOver() bool { return l.State != Waiting && l.State != Sending }
