package office

import (
	"context"

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
