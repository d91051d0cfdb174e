package office

import (
	"context"
	"errors"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/webhook"
)

// DeliverEvent makes one attempt at a delivery that waits, and plans the next one
// if it fails. It is safe to run twice: a receiver may then get an event twice,
// under the same id, as it may anyway when its answer is lost.
func (o *Office) DeliverEvent(ctx context.Context, id string) error {
	// Read what is to be sent.
	p, err := o.parcel(ctx, id)
	if err != nil || p.delivery.State != webhook.Waiting {
		return ignoreMissing(err)
	}
	if p.delivery.NextAt.After(o.Now()) {
		return o.Store.Update(ctx, func(tx *store.Tx) error { return o.planDelivery(ctx, tx, p.delivery) })
	}

	// Send it. No transaction is open here.
	began := o.Now()
	result := webhook.Result{Problem: "endpoint_disabled", Final: true}
	if p.endpoint.State == webhook.Enabled {
		result = o.Webhooks.Send(ctx, webhook.Message{
			ID: p.event.ID, URL: p.endpoint.URL, Payload: p.event.Payload, Secrets: p.endpoint.LiveSecrets(began), At: began,
		})
		if ctx.Err() != nil {
			return ctx.Err() // we were stopped, which says nothing about the receiver
		}
	}

	// Record how it ended.
	return o.recordDelivery(ctx, p, result, o.Now().Sub(began))
}

func (o *Office) deliverEventJob(ctx context.Context, id string) error {
	if o.delivering.Add(1) > deliveriesAtOnce {
		o.delivering.Add(-1)
		return job.Snooze(deliveryPause)
	}
	defer o.delivering.Add(-1)
	return o.DeliverEvent(ctx, id)
}

// Receivers may be slow: deliveries never take all the workers of the queue, so
// that what moves money does not wait behind them.
const (
	deliveriesAtOnce = 2
	deliveryPause    = time.Second
)

const (
	deliveryLate  = 5 * time.Minute // so long after its time a delivery must have lost its job
	deliveriesDue = 500             // at once are given one
)

// sweepOutbox is the second net under deliveries: one that is long due and has
// lost its job gets one. It also forgets idempotency keys that have had their
// time.
func (o *Office) sweepOutbox(ctx context.Context) error {
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		now := o.Now()
		due, err := tx.DueDeliveries(ctx, now.Add(-deliveryLate), deliveriesDue)
		if err != nil {
			return err
		}
		for _, id := range due {
			if err := o.planDelivery(ctx, tx, webhook.Delivery{ID: id, NextAt: now}); err != nil {
				return err
			}
		}
		return nil
	})
	for more := err == nil; more && err == nil; {
		more, err = o.forgetRequests(ctx)
	}
	return err
}

// parcel is a delivery with all that is needed to make it.
type parcel struct {
	delivery webhook.Delivery
	endpoint webhook.Endpoint
	event    webhook.Event
}

func (o *Office) parcel(ctx context.Context, id string) (p parcel, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		var err error
		if p.delivery, err = tx.Delivery(ctx, id); err != nil {
			return err
		}
		if p.endpoint, err = tx.Endpoint(ctx, p.delivery.EndpointID); err != nil {
			return err
		}
		p.event, err = tx.Event(ctx, p.delivery.EventID)
		return err
	})
	return p, err
}

// ignoreMissing lets a job end whose delivery is not there: it will not come back.
func ignoreMissing(err error) error {
	if errors.Is(err, webhook.ErrDeliveryNotFound) {
		return nil
	}
	return err
}

func (o *Office) recordDelivery(ctx context.Context, p parcel, r webhook.Result, took time.Duration) error {
	now := o.Now()
	after := p.delivery.After(r, now, jitter(p.delivery.ID, p.delivery.Attempts))
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		ours, err := tx.RecordAttempt(ctx, after, p.delivery.Attempts)
		if err != nil || !ours {
			return err // another attempt has been recorded; it planned what follows
		}
		if err := tx.AddAttempt(ctx, after.ID, webhook.Attempt{At: now, Status: r.Status, Error: r.Problem, Took: took}); err != nil {
			return err
		}
		if r.Final && p.endpoint.State == webhook.Enabled {
			if err := o.retireEndpoint(ctx, tx, p.endpoint.ID); err != nil {
				return err
			}
		}
		if after.State != webhook.Waiting {
			return nil
		}
		return o.planDelivery(ctx, tx, after)
	})
}

// planDelivery enqueues the job of a delivery's next attempt.
func (o *Office) planDelivery(ctx context.Context, tx *store.Tx, d webhook.Delivery) error {
	return tx.Enqueue(ctx, deliveryJob(d))
}

func deliveryJob(d webhook.Delivery) job.Job {
	return job.Job{Kind: DeliverEvent, Subject: d.ID, At: d.NextAt, Once: true}
}

// retireEndpoint disables an endpoint whose receiver says that it is gone.
func (o *Office) retireEndpoint(ctx context.Context, tx *store.Tx, id string) error {
	e, err := tx.LockEndpoint(ctx, id)
	if err != nil || e.State == webhook.Disabled {
		return err
	}
	e.State = webhook.Disabled
	if err := tx.SaveEndpoint(ctx, e); err != nil {
		return err
	}
	return o.auditEndpoint(ctx, tx, access.Jobs, e, "gone")
}

// jitter spreads attempts that failed together. It is chance enough to come from
// what differs, and a simulation finds the same again.
func jitter(id string, attempt int) float64 {
	h := fnv.New32a()
	h.Write([]byte(id))
	h.Write([]byte(strconv.Itoa(attempt)))
	return float64(h.Sum32()) / (1 << 32)
}

// attemptsShown is how many attempts at a delivery are shown: all, unless it was
// replayed often.
const attemptsShown = 100

// Delivery fetches a delivery and its latest attempts, the last one first.
func (o *Office) Delivery(ctx context.Context, by access.Caller, id string) (d webhook.Delivery, attempts []webhook.Attempt, err error) {
	if err := mayHook(by); err != nil {
		return d, nil, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		var err error
		if d, err = tx.Delivery(ctx, id); err != nil {
			return err
		}
		attempts, err = tx.Attempts(ctx, id, attemptsShown)
		return err
	})
	return d, attempts, err
}

// ListDeliveries is the log of what was sent to a webhook endpoint, newest first.
func (o *Office) ListDeliveries(ctx context.Context, by access.Caller, endpoint string, p Page) (deliveries []webhook.Delivery, next string, err error) {
	if err := mayHook(by); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		if _, err = tx.Endpoint(ctx, endpoint); err != nil {
			return err
		}
		deliveries, err = tx.Deliveries(ctx, endpoint, p.After, p.Limit+1)
		return err
	})
	deliveries, next = cut(deliveries, p, func(d webhook.Delivery) string { return d.ID })
	return deliveries, next, err
}

// ReplayDelivery sends an event to an endpoint once more, whatever became of it
// before, with all its attempts ahead of it.
func (o *Office) ReplayDelivery(ctx context.Context, by access.Caller, id string) (webhook.Delivery, error) {
	var d webhook.Delivery
	if err := by.May(access.WebhooksWrite); err != nil {
		return d, err
	}
	now := o.Now().Truncate(time.Microsecond)
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		var err error
		if d, err = tx.Delivery(ctx, id); err != nil {
			return err
		}
		e, err := tx.Endpoint(ctx, d.EndpointID)
		if err != nil {
			return err
		}
		if e.State != webhook.Enabled {
			return webhook.ErrEndpointDisabled
		}
		d.State, d.Attempts, d.NextAt = webhook.Waiting, 0, now
		if err := tx.ReplayDelivery(ctx, id, now); err != nil {
			return err
		}
		if err := tx.Audit(ctx, store.Record{Chain: store.OfficeChain, At: now, By: by.Name, Action: "delivery.replayed", Subject: id}, nil); err != nil {
			return err
		}
		return o.planDelivery(ctx, tx, d)
	})
	return d, err
}
