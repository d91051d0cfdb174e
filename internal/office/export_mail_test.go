package office

import (
	"context"
	"fmt"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/store"
)

// DeliverMail makes an attempt at a letter, as its job does.
func (o *Office) DeliverMail(ctx context.Context, message string) error {
	return o.deliverMailJob(ctx, message)
}

// SendAndDie sends a letter, and never records that it did.
func (o *Office) SendAndDie(ctx context.Context, message string) (mail.Result, error) {
	p, err := o.beginLetter(ctx, message)
	if err != nil || !p.isReady {
		return mail.Result{Reason: "not begun"}, err
	}
	return o.Mail.Send(ctx, p.mail), nil
}

// SweepLetters is the part of the sweep that looks after letters.
func (o *Office) SweepLetters(ctx context.Context) error { return o.sweepLetters(ctx) }

// Notify tells a customer something in a transaction of its own.
func (o *Office) Notify(ctx context.Context, id account.ID, kind, subject string, facts mail.Facts) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error { return o.notify(ctx, tx, id, kind, subject, facts) })
}

// TellCustomers tells what events behind one id up to another mean, as its job does.
func (o *Office) TellCustomers(ctx context.Context, after, last string) error {
	return o.tellCustomersJob(ctx, after+" "+last)
}

// WordsOf are the words for events behind one id up to another as the job finds them, and
// those that the accounts were told about the same things, by kind and subject.
func (o *Office) WordsOf(ctx context.Context, after, last string) (words, told map[string]string, err error) {
	words, told = map[string]string{}, map[string]string{}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		events, _, err := fetchTold(ctx, tx, after, last, 1000)
		if err != nil {
			return err
		}
		for _, e := range events {
			kind, facts := meaning(e)
			if kind == "" {
				continue
			}
			words[kind+" "+e.Subject] = fmt.Sprint(facts)
			notices, err := tx.Notices(ctx, e.Account, "", 1000)
			if err != nil {
				return err
			}
			for _, n := range notices {
				if n.Kind == kind && n.Subject == e.Subject {
					told[kind+" "+e.Subject] = fmt.Sprint(n.Detail)
				}
			}
		}
		return nil
	})
	return words, told, err
}
