package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	deliveryGivenUpAfter = 3 * 24 * time.Hour // by the sandbox's clock
	deliveryFirstRetry   = time.Minute
	deliverySlowestRetry = 12 * time.Hour
	deliveryTimeout      = 10 * time.Second // of real time
	deliveryBatch        = 100
	deliveryBatchesMax   = 1000 // per tick
)

// A hook is what the world keeps in memory of an endpoint.
type hook struct {
	id    string
	kinds []string
}

func (h hook) wants(kind string) bool {
	return slices.Contains(h.kinds, "*") || slices.Contains(h.kinds, kind)
}

// notify puts an event into the queue of every endpoint that wants it, and
// returns how many do.
func (t *tx) notify(e *event) (int, error) {
	if t.w.hooks == nil {
		if err := t.readHooks(); err != nil {
			return 0, err
		}
	}
	wanted := 0
	for _, h := range t.w.hooks {
		if !h.wants(e.Type) {
			continue
		}
		wanted++
		if err := t.enqueue(e.ID, h.id); err != nil {
			return wanted, err
		}
	}
	if wanted > 0 {
		t.w.wakeUp()
	}
	return wanted, nil
}

func (t *tx) readHooks() error {
	t.w.hooks = []hook{}
	return t.w.store.each("SELECT id, doc FROM objects WHERE kind = 'webhook_endpoint' AND mark = 'enabled' ORDER BY seq", nil, func(scan func(...any) error) error {
		var id string
		var doc []byte
		if err := scan(&id, &doc); err != nil {
			return err
		}
		var e endpoint
		err := json.Unmarshal(doc, &e)
		t.w.hooks = append(t.w.hooks, hook{id, e.EnabledEvents})
		return err
	})
}

// enqueue has one event delivered to one endpoint, of Stripe's or PayPal's kind.
func (t *tx) enqueue(eventID, endpointID string) error {
	state, at, copies := "waiting", t.now, 1
	if f, ok := t.w.take("webhook", "lost", "late", "duplicate"); ok {
		switch f.Kind {
		case "lost":
			state = "lost"
		case "late":
			at = at.Add(time.Duration(f.DelayMS) * time.Millisecond)
		case "duplicate":
			copies = 2
		}
	}
	for range copies {
		if err := t.w.store.exec(`
			INSERT INTO deliveries (event, endpoint, state, attempts, born_at, next_at) VALUES ($1, $2, $3, 0, $4, $5)`,
			eventID, endpointID, state, t.now.UnixMicro(), at.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// A delivery is one event on its way to one endpoint.
type delivery struct {
	seq, attempts, bornAt int64
	event, endpoint       []byte // documents
	kind, endpointState   string // the endpoint's kind and mark
	secret                []byte // the endpoint's hidden part
}

func (d delivery) isWanted() bool {
	return d.endpointState == "enabled" || d.endpointState == webhookSimulated
}

// deliverDue posts every webhook that is due, oldest first, until none is.
func (w *World) deliverDue(ctx context.Context) error {
	w.delivering.Lock()
	defer w.delivering.Unlock()
	for range deliveryBatchesMax {
		batch, err := w.dueDeliveries()
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, d := range batch {
			if err := ctx.Err(); err != nil {
				return err
			}
			delivered := d.isWanted() && w.deliver(ctx, d)
			if err := w.recordDelivery(d, delivered); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *World) dueDeliveries() ([]delivery, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var batch []delivery
	err := w.store.each(`
		SELECT d.seq, d.attempts, d.born_at, e.doc, o.doc, o.kind, o.mark, o.hidden
		  FROM deliveries d JOIN objects e ON e.id = d.event JOIN objects o ON o.id = d.endpoint
		 WHERE d.state = 'waiting' AND d.next_at <= $1 ORDER BY d.next_at, d.seq LIMIT $2`,
		[]any{w.now().UnixMicro(), deliveryBatch}, func(scan func(...any) error) error {
			var d delivery
			err := scan(&d.seq, &d.attempts, &d.bornAt, &d.event, &d.endpoint, &d.kind, &d.endpointState, &d.secret)
			batch = append(batch, d)
			return err
		})
	if len(batch) > 1 {
		if _, ok := w.take("webhook", "shuffle"); ok {
			w.shuffle(batch)
		}
	}
	return batch, err
}

func (w *World) shuffle(batch []delivery) {
	for i := len(batch) - 1; i > 0; i-- {
		for j := range i {
			if w.chance(0.5) {
				batch[i], batch[j] = batch[j], batch[i]
			}
		}
	}
}

// deliver posts one webhook and reports whether the endpoint took it.
func (w *World) deliver(ctx context.Context, d delivery) bool {
	address := w.addressStripe
	if d.kind == kindPayPalWebhook {
		address = w.addressPayPal
	}
	req, err := address(d)
	if err != nil {
		w.options.Logger.Error("sandbox delivery", "error", err)
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	req = req.WithContext(ctx)
	client := *w.options.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	const ignoredMax = 1 << 16
	io.Copy(io.Discard, io.LimitReader(res.Body, ignoredMax))
	return res.StatusCode >= 200 && res.StatusCode < 300
}

// addressStripe is the request that tells an endpoint of an event as Stripe does.
func (w *World) addressStripe(d delivery) (*http.Request, error) {
	var e event
	var to endpoint
	if err := errors.Join(json.Unmarshal(d.event, &e), json.Unmarshal(d.endpoint, &to), json.Unmarshal(d.secret, &to.hidden)); err != nil {
		return nil, err
	}
	if to.APIVersion != "" {
		e.APIVersion = string(to.APIVersion)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Stripe/1.0 (bursar sandbox)")
	req.Header.Set("Stripe-Signature", signature(to.hidden.Secret, w.now().Unix(), body))
	return req, nil
}

// signature is a Stripe-Signature header: the time and an HMAC of time and
// body. https://docs.stripe.com/webhooks/signature
func signature(secret string, at int64, body []byte) string {
	stamp := strconv.FormatInt(at, 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// recordDelivery notes an attempt and when the next is.
func (w *World) recordDelivery(d delivery, delivered bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	state, next := "waiting", now.Add(retryAfter(d.attempts))
	isLast := next.Sub(time.UnixMicro(d.bornAt)) > deliveryGivenUpAfter
	if d.kind == kindPayPalWebhook {
		next = now.Add(paypalRetryAfter(d.attempts))
		isLast = d.attempts >= paypalRetriesMax
	}
	switch {
	case delivered:
		state = "delivered"
	case isLast, !d.isWanted():
		state = "given_up"
	}
	return w.store.exec("UPDATE deliveries SET state = $1, attempts = attempts + 1, next_at = $2 WHERE seq = $3", state, next.UnixMicro(), d.seq)
}

// retryAfter is how long to wait after an attempt that failed, given how many
// failed before it: a minute, doubling up to twelve hours.
func retryAfter(before int64) time.Duration {
	d := deliveryFirstRetry
	for range before {
		if d *= 2; d >= deliverySlowestRetry {
			return deliverySlowestRetry
		}
	}
	return d
}
