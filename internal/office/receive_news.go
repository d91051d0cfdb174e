package office

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/store"
)

// ErrProviderUnknown says that no such provider is plugged in.
var ErrProviderUnknown = fault.New(fault.NotFound, "provider_unknown", "there is no such payment provider here")

// ReceiveNews takes a provider's message in: it is verified, kept as it came,
// and deduplicated by the sender's id. Nothing else happens here; a job works it,
// and this process begins with it at once.
func (o *Office) ReceiveNews(ctx context.Context, from string, header http.Header, body []byte) error {
	plug, err := o.plug(from)
	if err != nil {
		return ErrProviderUnknown
	}
	now := o.Now()
	n, err := plug.ReadNews(header, body, now)
	if err != nil {
		return err
	}
	subject := from + "/" + n.ID
	if n.Ref == "" {
		n.Ref = n.Token
	}
	if n.Ref == "" {
		n.Ref = n.Reference // of a refund at PayPal
	}
	var isNew bool
	err = o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		isNew, err = tx.AddNews(ctx, store.ProviderEvent{Provider: from, ID: n.ID, Kind: n.Kind, Ref: n.Ref, Body: string(withoutSecrets(body)), ReceivedAt: now})
		if err != nil || !isNew {
			return err
		}
		return tx.Enqueue(ctx, job.Job{Kind: workNews, Subject: subject, At: now.Add(watchAfter), Once: true})
	})
	if err == nil && isNew {
		o.promptly(ctx, "work news", subject, func(ctx context.Context) error { return o.workNewsJob(ctx, subject) })
	}
	return err
}

// clientSecret is what lets a browser act on an intent. It is of no use to us and
// is not kept.
var clientSecret = regexp.MustCompile(`("client_secret"\s*:\s*)"[^"]*"`)

func withoutSecrets(body []byte) []byte { return clientSecret.ReplaceAll(body, []byte(`$1"[hidden]"`)) }

// workNewsJob looks again at the object that a message is about. The message is
// a hint: what it says is asked of the provider before it is believed.
func (o *Office) workNewsJob(ctx context.Context, subject string) error {
	from, id, _ := strings.Cut(subject, "/")
	var hold payment.Hold
	var pay payment.Payment
	var agreement payment.Agreement
	var method payment.Method
	var refund payment.Refund
	var worked bool
	err := o.Store.View(ctx, func(tx *store.Tx) error {
		e, done, err := tx.News(ctx, from, id)
		if worked = done; err != nil || done || e.Ref == "" {
			return err
		}
		if pay, err = tx.PaymentByRef(ctx, from, e.Ref); err == nil || !errors.Is(err, payment.ErrPaymentNotFound) {
			return err
		}
		if hold, err = tx.HoldByRef(ctx, from, e.Ref); err == nil || !errors.Is(err, payment.ErrHoldNotFound) {
			return err
		}
		if agreement, err = tx.AgreementByRef(ctx, from, e.Ref); err == nil || !errors.Is(err, payment.ErrAgreementNotFound) {
			return err
		}
		if refund, err = tx.RefundByKey(ctx, from, e.Ref); err == nil || !errors.Is(err, payment.ErrRefundNotFound) {
			return err
		}
		if method, err = tx.MethodByToken(ctx, from, e.Ref); errors.Is(err, payment.ErrMethodNotFound) {
			return nil // not ours
		}
		return err
	})
	if err != nil || worked {
		return err
	}
	if pay.ID != "" && !pay.IsOver() {
		err = o.lookAtPayment(ctx, pay.ID)
	}
	if pay.ID != "" && pay.IsOver() {
		err = o.lookAtRefundsOf(ctx, pay.ID)
	}
	if refund.ID != "" {
		err = o.lookAtRefund(ctx, refund.ID)
	}
	if hold.Kind == payment.ExposureHold && hold.State == payment.HoldPlaced {
		err = errors.Join(err, o.askAboutPlaced(ctx, hold))
	} else if hold.ID != "" && hold.IsLive() {
		err = errors.Join(err, o.lookAtHold(ctx, hold.ID))
	}
	if agreement.ID != "" {
		err = errors.Join(err, o.lookAtAgreement(ctx, agreement.ID))
	}
	switch method.State {
	case payment.Active, payment.Unavailable:
		err = errors.Join(err, o.lookAtInstrument(ctx, method))
	case payment.Verifying, payment.Challenged:
		return errors.Join(err, job.Snooze(time.Minute)) // it is looked at once it is bound or not
	}
	if err != nil {
		return err
	}
	return o.Store.Update(ctx, func(tx *store.Tx) error { return tx.NewsWorked(ctx, from, id, o.Now()) })
}

// askAboutPlaced asks whether a hold on usage that we take to be placed still is.
func (o *Office) askAboutPlaced(ctx context.Context, h payment.Hold) error {
	plug, err := o.opened(h.Provider)
	if err != nil {
		return err
	}
	r := plug.Fetch(ctx, h.Ref)
	if r.Outcome != provider.Cancelled && !r.Captured {
		return nil
	}
	return o.settleHold(ctx, h.ID, r)
}

// lookAtInstrument asks whether the provider still knows what a method charges. A
// payer who took their agreement back there loses the method (R-PP-10).
func (o *Office) lookAtInstrument(ctx context.Context, m payment.Method) error {
	plug, err := o.opened(m.Provider)
	if err != nil {
		return err
	}
	if _, err = plug.Instrument(ctx, m.Card.Token); !errors.Is(err, provider.ErrTokenUnknown) {
		return err
	}
	return o.changeMethod(ctx, m.ID, payment.ConsentRevoked)
}
