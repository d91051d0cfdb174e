package store_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
	"github.com/bursar-pay/bursar/internal/webhook"
)

var noon = time.Date(2024, 9, 18, 12, 0, 0, 123456000, time.UTC)

func update(t *testing.T, s *store.Store, change func(tx *store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, s *store.Store, ask func(tx *store.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
}

func TestKeysAreFoundByTheirHash(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for i := range 5 {
			k := access.Key{ID: fmt.Sprintf("key_%d", i), Name: "shop", Scopes: []access.Scope{access.UsageWrite, access.BillsRead}, CreatedAt: noon}
			if i == 1 {
				k.ExpiresAt = noon.Add(time.Hour)
			}
			update(t, s, func(tx *store.Tx) error { return tx.AddKey(ctx, k, sha256.Sum256([]byte(k.ID))) })
		}
		update(t, s, func(tx *store.Tx) error {
			for i, want := range []bool{true, false} {
				if got, err := tx.RevokeKey(ctx, "key_2", noon.Add(time.Minute)); err != nil || got != want {
					t.Errorf("revoking, time %d: got %t, %v, want %t", i+1, got, err, want)
				}
			}
			return nil
		})
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.KeyByHash(ctx, sha256.Sum256([]byte("key_1")))
			if err != nil || got.ID != "key_1" || len(got.Scopes) != 2 || got.Scopes[1] != access.BillsRead || !got.ExpiresAt.Equal(noon.Add(time.Hour)) {
				t.Errorf("got %+v, %v, want key_1 as it was added", got, err)
			}
			if _, err := tx.KeyByHash(ctx, sha256.Sum256([]byte("other"))); !errors.Is(err, access.ErrKeyNotFound) {
				t.Errorf("unknown hash: got %v, want %v", err, access.ErrKeyNotFound)
			}
			if got, err := tx.Key(ctx, "key_2"); err != nil || !got.RevokedAt.Equal(noon.Add(time.Minute)) || !got.ExpiresAt.IsZero() {
				t.Errorf("got %+v, %v, want it revoked and without expiry", got, err)
			}
			for _, c := range []struct{ before, want string }{{"", "[key_4 key_3]"}, {"key_3", "[key_2 key_1]"}, {"key_0", "[]"}} {
				keys, err := tx.Keys(ctx, c.before, 2)
				var ids []string
				for _, k := range keys {
					ids = append(ids, k.ID)
				}
				if got := fmt.Sprint(ids); err != nil || got != c.want {
					t.Errorf("before %q: got %s, %v, want %s", c.before, got, err, c.want)
				}
			}
			return nil
		})
	})
}

func TestTouchKeyWritesOnceAMinute(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		update(t, s, func(tx *store.Tx) error {
			return tx.AddKey(ctx, access.Key{ID: "key_1", Name: "shop", CreatedAt: noon}, sha256.Sum256(nil))
		})
		for _, c := range []struct{ at, want time.Duration }{{0, 0}, {59 * time.Second, 0}, {61 * time.Second, 61 * time.Second}} {
			now := noon.Add(c.at)
			update(t, s, func(tx *store.Tx) error { return tx.TouchKey(ctx, "key_1", now, now.Add(-time.Minute)) })
			view(t, s, func(tx *store.Tx) error {
				if k, err := tx.Key(ctx, "key_1"); err != nil || !k.UsedAt.Equal(noon.Add(c.want)) {
					t.Errorf("used after %v: got %v, %v, want %v", c.at, k.UsedAt, err, noon.Add(c.want))
				}
				return nil
			})
		}
	})
}

func TestRequestIsAnsweredOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		hash := sha256.Sum256([]byte("POST /v1/keys {}"))
		later := noon.Add(time.Hour)
		type step struct {
			name string
			do   func(tx *store.Tx) (bool, error)
			want bool
		}
		add := func(caller, key string) func(tx *store.Tx) (bool, error) {
			return func(tx *store.Tx) (bool, error) {
				return tx.AddRequest(ctx, store.Request{Caller: caller, Key: key, Hash: hash, StartedAt: noon})
			}
		}
		for _, c := range []step{
			{"first", add("key_1", "a"), true},
			{"again", add("key_1", "a"), false},
			{"another caller", add("key_2", "a"), true},
			{"taken over from another start", func(tx *store.Tx) (bool, error) { return tx.RestartRequest(ctx, "key_1", "a", later, later) }, false},
			{"taken over", func(tx *store.Tx) (bool, error) { return tx.RestartRequest(ctx, "key_1", "a", noon, later) }, true},
			{"answered by the first run", func(tx *store.Tx) (bool, error) { return tx.AnswerRequest(ctx, "key_1", "a", noon, 201, "old") }, false},
			{"answered", func(tx *store.Tx) (bool, error) { return tx.AnswerRequest(ctx, "key_1", "a", later, 201, "new") }, true},
			{"answered twice", func(tx *store.Tx) (bool, error) { return tx.AnswerRequest(ctx, "key_1", "a", later, 500, "x") }, false},
			{"taken over when answered", func(tx *store.Tx) (bool, error) { return tx.RestartRequest(ctx, "key_1", "a", later, later) }, false},
			{"dropped when answered", func(tx *store.Tx) (bool, error) { return true, tx.ForgetRequest(ctx, "key_1", "a", later) }, true},
			{"dropped", func(tx *store.Tx) (bool, error) { return true, tx.ForgetRequest(ctx, "key_2", "a", noon) }, true},
		} {
			update(t, s, func(tx *store.Tx) error {
				got, err := c.do(tx)
				if err == nil && got != c.want {
					t.Errorf("%s: got %t, want %t", c.name, got, c.want)
				}
				return err
			})
		}
		view(t, s, func(tx *store.Tx) error {
			r, found, err := tx.Request(ctx, "key_1", "a")
			if err != nil || !found || r.Hash != hash || r.Status != 201 || r.Answer != "new" || !r.StartedAt.Equal(later) {
				t.Errorf("got %+v, %t, %v, want the second run's answer", r, found, err)
			}
			if _, found, err := tx.Request(ctx, "key_2", "a"); found || err != nil {
				t.Errorf("dropped: got %t, %v, want none", found, err)
			}
			return nil
		})
	})
}

func TestOldRequestsAreForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for i := range 5 {
			update(t, s, func(tx *store.Tx) error {
				_, err := tx.AddRequest(ctx, store.Request{Caller: "key_1", Key: fmt.Sprint(i), StartedAt: noon.Add(time.Duration(i) * time.Hour)})
				return err
			})
		}
		for _, want := range []int64{2, 1, 0} {
			update(t, s, func(tx *store.Tx) error {
				got, err := tx.ForgetRequests(ctx, noon.Add(3*time.Hour), 2)
				if got != want {
					t.Errorf("got %d forgotten, want %d", got, want)
				}
				return err
			})
		}
	})
}

func TestOfConcurrentRequestsOneRuns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var first atomic.Int64
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				err := s.Update(t.Context(), func(tx *store.Tx) error {
					fresh, err := tx.AddRequest(t.Context(), store.Request{Caller: "key_1", Key: "a", StartedAt: noon})
					if fresh {
						tx.AfterCommit(func() { first.Add(1) })
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if got := first.Load(); got != 1 {
			t.Errorf("got %d that may run, want 1", got)
		}
	})
}

func TestEndpointsKeepTheirSecrets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		e := webhook.Endpoint{
			ID: "whe_1", URL: "https://example.com/hook", Kinds: []string{"bill.paid"}, State: webhook.Enabled, Description: "books", CreatedAt: noon,
			Secrets: []webhook.Secret{{Text: "whsec_bmV3"}, {Text: "whsec_b2xk", Until: noon.Add(time.Hour)}},
		}
		deaf := webhook.Endpoint{ID: "whe_2", URL: "https://example.com/other", State: webhook.Disabled, CreatedAt: noon}
		update(t, s, func(tx *store.Tx) error { return errors.Join(tx.AddEndpoint(ctx, e), tx.AddEndpoint(ctx, deaf)) })
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.Endpoint(ctx, "whe_1")
			if err != nil || len(got.Secrets) != 2 || got.Secrets[0] != e.Secrets[0] || string(got.Secrets[1].Text) != "whsec_b2xk" ||
				!got.Secrets[1].Until.Equal(noon.Add(time.Hour)) || got.URL != e.URL || got.Kinds[0] != "bill.paid" || got.Description != "books" {
				t.Errorf("got %+v, %v, want it as it was added", got, err)
			}
			if _, err := tx.Endpoint(ctx, "whe_3"); !errors.Is(err, webhook.ErrEndpointNotFound) {
				t.Errorf("unknown: got %v, want %v", err, webhook.ErrEndpointNotFound)
			}
			enabled, err := tx.EnabledEndpoints(ctx)
			if err != nil || len(enabled) != 1 || enabled[0].ID != "whe_1" {
				t.Errorf("enabled: got %d, %v, want whe_1 alone", len(enabled), err)
			}
			all, err := tx.Endpoints(ctx, "", 10)
			if err != nil || len(all) != 2 || all[0].ID != "whe_2" {
				t.Errorf("all: got %d, %v, want two, newest first", len(all), err)
			}
			return nil
		})
		update(t, s, func(tx *store.Tx) error {
			locked, err := tx.LockEndpoint(ctx, "whe_1")
			if err != nil {
				return err
			}
			locked.State, locked.Secrets = webhook.Disabled, locked.Secrets[:1]
			return tx.SaveEndpoint(ctx, locked)
		})
		view(t, s, func(tx *store.Tx) error {
			if got, err := tx.Endpoint(ctx, "whe_1"); err != nil || got.State != webhook.Disabled || len(got.Secrets) != 1 {
				t.Errorf("got %+v, %v, want it disabled with one secret", got, err)
			}
			return nil
		})
	})
}

func addEvents(t *testing.T, s *store.Store) {
	t.Helper()
	for i, e := range []struct{ account, kind string }{{"acct_1", "bill.issued"}, {"acct_2", "bill.issued"}, {"acct_1", "bill.paid"}, {"", "bill.paid"}} {
		update(t, s, func(tx *store.Tx) error {
			return tx.AddEvent(t.Context(), webhook.Event{
				ID: fmt.Sprintf("evt_%d", i), Account: account.ID(e.account), Kind: e.kind, Subject: "bill_1", Version: 1,
				Payload: []byte(`{"name":"支付"}`), CreatedAt: noon,
			})
		})
	}
}

func TestEventsAreListedNewestFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		addEvents(t, s)
		view(t, s, func(tx *store.Tx) error {
			for _, c := range []struct {
				name   string
				filter store.EventFilter
				want   string
			}{
				{"all", store.EventFilter{}, "[evt_3 evt_2 evt_1]"},
				{"before one", store.EventFilter{Before: "evt_2"}, "[evt_1 evt_0]"},
				{"of an account", store.EventFilter{Account: "acct_1"}, "[evt_2 evt_0]"},
				{"of a kind", store.EventFilter{Kind: "bill.issued"}, "[evt_1 evt_0]"},
				{"of both, before one", store.EventFilter{Account: "acct_1", Kind: "bill.issued", Before: "evt_1"}, "[evt_0]"},
				{"of an unknown account", store.EventFilter{Account: "acct_9"}, "[]"},
			} {
				events, err := tx.Events(t.Context(), c.filter, 3)
				var ids []string
				for _, e := range events {
					ids = append(ids, e.ID)
				}
				if got := fmt.Sprint(ids); err != nil || got != c.want {
					t.Errorf("%s: got %s, %v, want %s", c.name, got, err, c.want)
				}
			}
			got, err := tx.Event(t.Context(), "evt_0")
			if err != nil || string(got.Payload) != `{"name":"支付"}` || got.Account != "acct_1" || got.Version != 1 || !got.CreatedAt.Equal(noon) {
				t.Errorf("got %+v, %v, want it as it was added", got, err)
			}
			if _, err := tx.Event(t.Context(), "evt_9"); !errors.Is(err, webhook.ErrEventNotFound) {
				t.Errorf("unknown: got %v, want %v", err, webhook.ErrEventNotFound)
			}
			return nil
		})
	})
}

func TestDeliveryIsRecordedOncePerAttempt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		addEvents(t, s)
		update(t, s, func(tx *store.Tx) error {
			return tx.AddEndpoint(ctx, webhook.Endpoint{ID: "whe_1", URL: "https://example.com", State: webhook.Enabled, CreatedAt: noon})
		})
		d := webhook.Delivery{ID: "dlv_1", EndpointID: "whe_1", EventID: "evt_2", State: webhook.Waiting, NextAt: noon, CreatedAt: noon}
		twice := d
		twice.ID = "dlv_2"
		update(t, s, func(tx *store.Tx) error {
			for i, want := range []bool{true, false} {
				if got, err := tx.AddDelivery(ctx, []webhook.Delivery{d, twice}[i]); err != nil || got != want {
					t.Errorf("delivery %d of one event: got %t, %v, want %t", i+1, got, err, want)
				}
			}
			return nil
		})
		view(t, s, func(tx *store.Tx) error {
			for _, c := range []struct {
				before time.Time
				want   string
			}{{noon, "[]"}, {noon.Add(time.Second), "[dlv_1]"}} {
				if due, err := tx.DueDeliveries(ctx, c.before, 10); err != nil || fmt.Sprint(due) != c.want {
					t.Errorf("due before %v: got %v, %v, want %s", c.before, due, err, c.want)
				}
			}
			return nil
		})
		failed := d.After(webhook.Result{Status: 503, Problem: "refused"}, noon, 0)
		update(t, s, func(tx *store.Tx) error {
			for i, want := range []bool{true, false} {
				if got, err := tx.RecordAttempt(ctx, failed, 0); err != nil || got != want {
					t.Errorf("recording, time %d: got %t, %v, want %t", i+1, got, err, want)
				}
			}
			return nil
		})
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.Delivery(ctx, "dlv_1")
			want := failed
			want.EventKind = "bill.paid"
			if err != nil || got != want {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			if log, err := tx.Deliveries(ctx, "whe_1", "", 10); err != nil || len(log) != 1 || log[0] != want {
				t.Errorf("log: got %+v, %v, want the same", log, err)
			}
			if _, err := tx.Delivery(ctx, "dlv_2"); !errors.Is(err, webhook.ErrDeliveryNotFound) {
				t.Errorf("unknown: got %v, want %v", err, webhook.ErrDeliveryNotFound)
			}
			return nil
		})
		for _, a := range []webhook.Attempt{{At: noon, Status: 503, Error: "refused", Took: time.Second}, {At: noon.Add(time.Hour), Status: 204}} {
			update(t, s, func(tx *store.Tx) error { return tx.AddAttempt(ctx, "dlv_1", a) })
		}
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.Attempts(ctx, "dlv_1", 10)
			want := []webhook.Attempt{
				{Number: 2, At: noon.Add(time.Hour), Status: 204},
				{Number: 1, At: noon, Status: 503, Error: "refused", Took: time.Second},
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("attempts: got %+v, %v, want %+v", got, err, want)
			}
			return nil
		})
		update(t, s, func(tx *store.Tx) error { return tx.ReplayDelivery(ctx, "dlv_1", noon.Add(time.Hour)) })
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.Delivery(ctx, "dlv_1")
			if err != nil || got.State != webhook.Waiting || got.Attempts != 0 || !got.NextAt.Equal(noon.Add(time.Hour)) {
				t.Errorf("replayed: got %+v, %v, want it waiting from the start", got, err)
			}
			return nil
		})
	})
}
