package office_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/webhook"
)

// receiver is a platform's webhook receiver, in process. It answers with the
// statuses it was given, in turn, and with 204 after the last.
type receiver struct {
	mu       sync.Mutex
	statuses []int
	got      []received
	before   func() // runs while a delivery is on its way
}

type received struct {
	id, body string
	header   http.Header
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.before != nil {
		r.before()
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, received{id: req.Header.Get(webhook.HeaderID), body: string(body), header: req.Header})
	status := http.StatusNoContent
	if len(r.statuses) > 0 {
		status, r.statuses = r.statuses[0], r.statuses[1:]
	}
	if status == 0 {
		return nil, fmt.Errorf("hung up")
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Header: http.Header{}, Request: req}, nil
}

// listen gives the office a receiver and an endpoint that hears account.opened.
func listen(t *testing.T, d *officetest.Desk, statuses ...int) (*receiver, webhook.Endpoint) {
	t.Helper()
	r := &receiver{statuses: statuses}
	d.Webhooks = webhook.NewSender(webhook.Options{Transport: r})
	e, err := d.CreateEndpoint(t.Context(), access.CommandLine, office.NewEndpoint{URL: "https://example.com/hook", Kinds: []string{"account.opened"}})
	if err != nil {
		t.Fatal(err)
	}
	return r, e
}

// theDelivery is the newest delivery to an endpoint, and its attempts.
func theDelivery(t *testing.T, d *officetest.Desk, e webhook.Endpoint) (webhook.Delivery, []webhook.Attempt) {
	t.Helper()
	list, _, err := d.ListDeliveries(t.Context(), access.CommandLine, e.ID, office.Page{Limit: 10})
	if err != nil || len(list) == 0 {
		t.Fatalf("got %d deliveries, %v, want one at least", len(list), err)
	}
	newest, attempts, err := d.Delivery(t.Context(), access.CommandLine, list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return newest, attempts
}

func TestEventsAreDeliveredSigned(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		r, e := listen(t, d)
		d.Customer()
		d.Pass(time.Second)
		if len(r.got) != 1 {
			t.Fatalf("got %d deliveries, want one", len(r.got))
		}
		verifier, err := standardwebhooks.NewWebhook(string(e.Secrets[0].Text))
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.VerifyIgnoringTimestamp([]byte(r.got[0].body), r.got[0].header); err != nil {
			t.Errorf("the signature was not accepted: %v", err)
		}
		event, err := d.Event(t.Context(), access.CommandLine, r.got[0].id)
		if err != nil || string(event.Payload) != r.got[0].body || event.Kind != "account.opened" {
			t.Errorf("got event %+v, %v, want the one that was sent", event, err)
		}
		if got, log := theDelivery(t, d, e); got.State != webhook.Delivered || got.Attempts != 1 || len(log) != 1 || log[0].Status != 204 {
			t.Errorf("got %+v, %+v, want it delivered at once", got, log)
		}
	})
}

// TestAFailedDeliveryIsTriedForDays lets every attempt fail and watches when they
// come.
func TestAFailedDeliveryIsTriedForDays(t *testing.T) {
	d := officetest.New(t)
	r, e := listen(t, d, slices.Repeat([]int{500, 0}, webhook.AttemptsMax)...)
	d.Customer()
	began := d.Now()
	d.Pass(10 * 24 * time.Hour)
	got, log := theDelivery(t, d, e)
	if got.State != webhook.GivenUp || got.Attempts != webhook.AttemptsMax || len(r.got) != webhook.AttemptsMax || len(log) != webhook.AttemptsMax {
		t.Fatalf("got %+v after %d deliveries, want it given up after %d", got, len(r.got), webhook.AttemptsMax)
	}
	if span := log[0].At.Sub(began); span < 24*time.Hour || span > 6*24*time.Hour {
		t.Errorf("got the last attempt after %v, want more than a day and less than six", span)
	}
	for i, a := range log {
		want := map[bool]string{true: "refused", false: "unreachable"}[(webhook.AttemptsMax-1-i)%2 == 0]
		if a.Error != want || a.Number != webhook.AttemptsMax-i {
			t.Errorf("attempt %d: got %+v, want %s", webhook.AttemptsMax-i, a, want)
		}
		if r.got[i].id != r.got[0].id || r.got[i].body != r.got[0].body {
			t.Errorf("delivery %d differs from the first", i+1)
		}
	}
}

func TestADeliveryThatFailsTwiceArrivesAtLast(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		r, e := listen(t, d, 500, 503)
		d.Customer()
		d.Pass(time.Hour)
		if got, log := theDelivery(t, d, e); got.State != webhook.Delivered || got.Attempts != 3 || len(log) != 3 || len(r.got) != 3 {
			t.Errorf("got %+v with %d attempts, want it delivered by the third", got, len(log))
		}
	})
}

func TestAGivenUpDeliveryCanBeReplayed(t *testing.T) {
	d := officetest.New(t)
	_, e := listen(t, d, slices.Repeat([]int{500}, webhook.AttemptsMax+1)...)
	d.Customer()
	d.Pass(10 * 24 * time.Hour)
	given, _ := theDelivery(t, d, e)
	if _, err := d.ReplayDelivery(t.Context(), access.CommandLine, given.ID); err != nil {
		t.Fatal(err)
	}
	d.Pass(time.Minute)
	if got, log := theDelivery(t, d, e); got.State != webhook.Delivered || got.Attempts != 2 || len(log) != webhook.AttemptsMax+2 {
		t.Errorf("got %+v with %d attempts in the log, want it delivered by the second of the replay", got, len(log))
	}
}

func TestADisabledEndpointIsSentNothing(t *testing.T) {
	d := officetest.New(t)
	r, e := listen(t, d, 500)
	d.Customer()
	d.Pass(time.Second)
	if _, err := d.DisableEndpoint(t.Context(), access.CommandLine, e.ID); err != nil {
		t.Fatal(err)
	}
	d.Customer()
	d.Pass(24 * time.Hour)
	got, _ := theDelivery(t, d, e)
	if got.State != webhook.GivenUp || got.LastError != "endpoint_disabled" || len(r.got) != 1 {
		t.Errorf("got %+v after %d deliveries, want it given up after the first", got, len(r.got))
	}
	if _, err := d.ReplayDelivery(t.Context(), access.CommandLine, got.ID); err == nil {
		t.Error("a replay to a disabled endpoint got no error")
	}
	if _, err := d.EnableEndpoint(t.Context(), access.CommandLine, e.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ReplayDelivery(t.Context(), access.CommandLine, got.ID); err != nil {
		t.Fatal(err)
	}
	d.Customer()
	d.Pass(time.Second)
	if len(r.got) != 3 {
		t.Errorf("got %d deliveries, want the replay and the new event too", len(r.got))
	}
}

func TestAReceiverThatIsGoneIsLeftAlone(t *testing.T) {
	d := officetest.New(t)
	r, e := listen(t, d, 410)
	d.Customer()
	d.Customer()
	d.Pass(24 * time.Hour)
	after, err := d.Endpoint(t.Context(), access.CommandLine, e.ID)
	if err != nil || after.State != webhook.Disabled || len(r.got) != 1 {
		t.Errorf("got %+v, %v after %d deliveries, want it disabled after the first", after, err, len(r.got))
	}
}

func TestARotatedSecretSignsBesideTheOldOneForADay(t *testing.T) {
	d := officetest.New(t)
	r, e := listen(t, d)
	rotated, err := d.RotateSecret(t.Context(), access.CommandLine, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	accepts := func(s webhook.SecretText, got received) bool {
		v, err := standardwebhooks.NewWebhook(string(s))
		if err != nil {
			t.Fatal(err)
		}
		return v.VerifyIgnoringTimestamp([]byte(got.body), got.header) == nil
	}
	old, fresh := e.Secrets[0].Text, rotated.Secrets[0].Text
	d.Customer()
	d.Pass(time.Second)
	d.Pass(24 * time.Hour)
	d.Customer()
	d.Pass(time.Second)
	for i, c := range []struct{ old, fresh bool }{{true, true}, {false, true}} {
		if got := [2]bool{accepts(old, r.got[i]), accepts(fresh, r.got[i])}; got != [2]bool{c.old, c.fresh} {
			t.Errorf("delivery %d: got old and new secret accepted %v, want %v", i+1, got, c)
		}
	}
}

// TestNothingIsSentOfWhatWasRolledBack: the outbox belongs to the transaction.
func TestNothingIsSentOfWhatWasRolledBack(t *testing.T) {
	d := officetest.New(t)
	r, _ := listen(t, d)
	d.Customer(func(n *office.NewAccount) { n.Reference = "same" })
	_, err := d.OpenAccount(t.Context(), access.CommandLine, office.NewAccount{
		Reference: "same", Name: "n", Country: "US", Currency: "USD", Email: "a@example.com",
	})
	if err == nil {
		t.Fatal("two accounts of one reference got no error")
	}
	d.Pass(time.Minute)
	if len(r.got) != 1 {
		t.Errorf("got %d deliveries, want that of the first account alone", len(r.got))
	}
}

// TestTwoWorkersRecordOneAttempt: two nodes run one job at once. The receiver may
// hear twice, under one id; the log and the schedule know one attempt.
func TestTwoWorkersRecordOneAttempt(t *testing.T) {
	d := officetest.New(t)
	r, e := listen(t, d, 500, 500)
	d.Customer()
	waiting, _ := theDelivery(t, d, e)
	once := sync.OnceFunc(func() {
		r.mu.Lock()
		r.before = nil
		r.mu.Unlock()
		if err := d.DeliverEvent(context.Background(), waiting.ID); err != nil {
			t.Error(err)
		}
	})
	r.before = once
	if err := d.DeliverEvent(t.Context(), waiting.ID); err != nil {
		t.Fatal(err)
	}
	got, log := theDelivery(t, d, e)
	if len(r.got) != 2 || r.got[0].id != r.got[1].id || got.Attempts != 1 || len(log) != 1 {
		t.Errorf("got %d deliveries, %+v and %d in the log, want two and one", len(r.got), got, len(log))
	}
	d.Pass(time.Minute)
	if got, _ := theDelivery(t, d, e); got.State != webhook.Delivered {
		t.Errorf("got %+v, want it delivered by the attempt that was planned", got)
	}
}

// TestACrashBeforeTheRecordSendsAgain: the process died between the second and
// the third beat.
func TestACrashBeforeTheRecordSendsAgain(t *testing.T) {
	d := officetest.New(t)
	r, e := listen(t, d)
	d.Customer()
	waiting, _ := theDelivery(t, d, e)
	ctx, crash := context.WithCancel(t.Context())
	r.before = crash
	if err := d.DeliverEvent(ctx, waiting.ID); err == nil {
		t.Error("a stopped delivery got no error, want its job kept")
	}
	r.before = nil
	d.Pass(time.Minute)
	if got, log := theDelivery(t, d, e); got.State != webhook.Delivered || len(log) != 1 || len(r.got) != 2 {
		t.Errorf("got %+v with %d in the log after %d deliveries, want it delivered, and sent twice", got, len(log), len(r.got))
	}
}

func TestEmitKnowsItsKinds(t *testing.T) {
	for i, kind := range office.EventKinds {
		if !webhook.IsKind(kind) {
			t.Errorf("%q is not written as a kind of event", kind)
		}
		if slices.Contains(office.EventKinds[:i], kind) {
			t.Errorf("%q is there twice", kind)
		}
	}
}

// TestADeliveryThatLostItsJobGetsOne: the job's row is gone, the delivery's is not.
func TestADeliveryThatLostItsJobGetsOne(t *testing.T) {
	d := officetest.New(t)
	r, e := listen(t, d)
	lost := webhook.Delivery{ID: "dlv_lost", EndpointID: e.ID, EventID: "evt_lost", State: webhook.Waiting, NextAt: d.Now(), CreatedAt: d.Now()}
	err := d.Store.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.AddEvent(t.Context(), webhook.Event{ID: "evt_lost", Kind: "account.opened", Payload: []byte(`{}`), CreatedAt: d.Now()}); err != nil {
			return err
		}
		_, err := tx.AddDelivery(t.Context(), lost)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{time.Minute, 0}, {10 * time.Minute, 1}} {
		d.Pass(c.after)
		if err := d.SweepOutbox(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.Pass(time.Second)
		if len(r.got) != c.want {
			t.Errorf("after %v more: got %d deliveries, want %d", c.after, len(r.got), c.want)
		}
	}
}

func TestIdempotencyKeysAreForgottenAfterSixtyDays(t *testing.T) {
	d := officetest.New(t)
	by := access.Caller{Name: "key_1"}
	begin := func() (office.Request, error) { return d.BeginRequest(t.Context(), by, "a", [32]byte{1}) }
	r, err := begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.EndRequest(t.Context(), r, 201, "answer"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		days   int
		status int
	}{{45, 201}, {14, 201}, {2, 0}} {
		d.Pass(time.Duration(c.days) * 24 * time.Hour)
		if err := d.SweepOutbox(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := begin(); err != nil || got.Status != c.status {
			t.Errorf("%d days later: got status %d, %v, want %d", c.days, got.Status, err, c.status)
		}
	}
}
