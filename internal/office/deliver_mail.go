package office

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// deliverMailJob makes one attempt at a letter that waits, and plans the next one if
// it fails. It is safe to run twice and beside itself: an attempt is remembered
// before it is made, so that a mailbox gets at most one letter too many, under the
// same Message-ID, however often we die on the way.
func (o *Office) deliverMailJob(ctx context.Context, message string) error {
	if o.mailing.Add(1) > mailsAtOnce {
		o.mailing.Add(-1)
		return job.Snooze(mailPause)
	}
	defer o.mailing.Add(-1)

	// Decide, and remember that the attempt is begun.
	p, err := o.beginLetter(ctx, message)
	if err != nil {
		return err
	}
	if !p.isReady {
		return p.wait
	}

	// Send it. No transaction is open here.
	result := o.Mail.Send(ctx, p.mail)

	// Record how it ended, also when we are being stopped: it is known now.
	return o.recordLetter(context.WithoutCancel(ctx), p.letter, result)
}

// Mail servers may be slow: letters never take all the workers of the queue, so that
// what moves money does not wait behind them.
const (
	mailsAtOnce = 2
	mailPause   = time.Second

	mailLate = 10 * time.Minute // so long after its time a letter must have lost its job
	mailsDue = 500              // at once are given one
)

// postage is a letter whose attempt was begun, with what is to be sent.
type postage struct {
	letter  mail.Letter
	mail    mail.Mail
	isReady bool
	wait    error // job.Snooze while another attempt may be under way; nil otherwise
}

// beginLetter begins an attempt at a letter whose time has come. Where none is to
// be made, what is to be done instead is done.
func (o *Office) beginLetter(ctx context.Context, message string) (p postage, err error) {
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		p = postage{}
		l, err := tx.LockLetter(ctx, message)
		if errors.Is(err, mail.ErrLetterNotFound) || l.IsOver() && err == nil {
			return nil // the customer does without, or it is over
		}
		if err != nil {
			return err
		}
		now := o.Now()
		switch {
		case l.State == mail.Sending && now.Before(l.BegunAt.Add(mail.DoubtAfter)):
			p.wait = job.Snooze(l.BegunAt.Add(mail.DoubtAfter).Sub(now))
			return nil
		case l.State == mail.Sending:
			return o.saveLetter(ctx, tx, l.After(mail.Result{Reason: mail.ReasonInterrupted, Doubt: true}, now, jitter(l.Message, l.Attempts)))
		case l.NextAt.After(now):
			return o.planLetter(ctx, tx, message, l.NextAt)
		case o.Mail == nil && o.Live:
			return o.saveLetter(ctx, tx, l.Fail(mail.ReasonNoServer, now))
		}
		d, err := o.draft(ctx, tx, l)
		if err != nil {
			return err
		}
		if d.Message == "" {
			return o.saveLetter(ctx, tx, l.Drop(now))
		}
		if p.mail, err = mail.Compose(d); err != nil {
			return err
		}
		p.letter = l.Begin(now, d.Account.Email, d.Account.Language)
		if o.Mail == nil {
			return o.saveLetter(ctx, tx, p.letter.Keep(p.mail.Title, p.mail.Text, now))
		}
		p.isReady = true
		return o.saveLetter(ctx, tx, p.letter)
	})
	return p, err
}

// draft gathers what a letter says. Its message is "" when nobody needs it any more.
func (o *Office) draft(ctx context.Context, tx *store.Tx, l mail.Letter) (mail.Draft, error) {
	n, err := tx.Notice(ctx, l.Message)
	if err != nil {
		return mail.Draft{}, err
	}
	a, err := tx.Account(ctx, l.Account)
	if err != nil {
		return mail.Draft{}, err
	}
	k, _ := mail.KindOf(l.Kind)
	d := mail.Draft{Message: l.Message, Kind: k, Subject: n.Subject, Facts: n.Detail, Account: a, Console: o.ConsoleURL}
	if !k.Challenge {
		return d, nil
	}
	p, err := tx.Payment(ctx, payment.ID(n.Subject))
	if err != nil {
		return d, err
	}
	if !o.waitsForPayer(p) {
		return mail.Draft{}, nil
	}
	if o.ConsoleURL == "" {
		return d, nil
	}
	d.ChallengeUntil = p.ChallengeUntil
	d.Challenge, err = o.challengeLink(ctx, tx, p)
	return d, err
}

// challengeLink makes a single-use link to a payment's challenge (R-3DS-05). Its
// secret is kept as a hash and nowhere else, so that each attempt has its own.
func (o *Office) challengeLink(ctx context.Context, tx *store.Tx, p payment.Payment) (string, error) {
	b := make([]byte, secretBytes)
	if _, err := io.ReadFull(o.Random, b); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(b)
	err := tx.AddTicket(ctx, store.Ticket{Hash: hashOf(secret), Kind: challengeTicket, Account: p.Account, Subject: string(p.ID), ExpiresAt: p.ChallengeUntil})
	if err != nil {
		return "", err
	}
	return o.ConsoleURL + "/challenge/" + secret, o.audit(ctx, tx, access.Jobs, p.Account, "payment.link_made", string(p.ID), map[string]any{})
}

// recordLetter records how an attempt ended, unless it was given up meanwhile.
func (o *Office) recordLetter(ctx context.Context, begun mail.Letter, r mail.Result) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.LockLetter(ctx, begun.Message)
		if err != nil || l.State != mail.Sending || l.Attempts != begun.Attempts {
			return err
		}
		return o.saveLetter(ctx, tx, l.After(r, o.Now(), jitter(l.Message, l.Attempts)))
	})
}

// saveLetter saves a letter, and plans its next attempt if it waits for one.
func (o *Office) saveLetter(ctx context.Context, tx *store.Tx, l mail.Letter) error {
	if err := tx.SaveLetter(ctx, l); err != nil || l.State != mail.Waiting {
		return err
	}
	return o.planLetter(ctx, tx, l.Message, l.NextAt)
}

// sweepLetters is the second net under letters: one that is long due and has lost
// its job gets one.
func (o *Office) sweepLetters(ctx context.Context) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		now := o.Now()
		due, err := tx.DueLetters(ctx, now.Add(-mailLate), mailsDue)
		if err != nil {
			return err
		}
		for _, message := range due {
			if err := o.planLetter(ctx, tx, message, now); err != nil {
				return err
			}
		}
		return nil
	})
}
