package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
	"github.com/bursar-pay/bursar/internal/webhook"
)

// manyEvents are more than a transaction waits for.
func manyEvents(name string) []webhook.Event {
	all := make([]webhook.Event, 250)
	for i := range all {
		all[i] = webhook.Event{ID: fmt.Sprintf("evt_%s_%03d", name, i), Account: "acct_1", Kind: "debt.paid", Subject: name, Version: 1, Payload: []byte(`{}`), CreatedAt: noon}
	}
	return all
}

// TestWhatIsWrittenAheadIsThereForTheNextQuestion writes much, a little and much again
// without waiting, and asks.
func TestWhatIsWrittenAheadIsThereForTheNextQuestion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		update(t, s, func(tx *store.Tx) error {
			letters := make([]job.Job, 250)
			for i := range letters {
				letters[i] = job.Job{Kind: watch, Subject: fmt.Sprint(i % 240), At: jobNoon, Once: true} // some of them twice
			}
			if err := errors.Join(tx.AddEvents(ctx, manyEvents("a"), nil), tx.AddEvent(ctx, webhook.Event{ID: "evt_a_250", Account: "acct_1", Kind: "debt.paid", Payload: []byte(`{}`), CreatedAt: noon}),
				tx.AddEvents(ctx, manyEvents("b"), nil), tx.Enqueue(ctx, letters...)); err != nil {
				return err
			}
			list, err := tx.Events(ctx, store.EventFilter{Account: "acct_1"}, 1000)
			if err != nil || len(list) != 501 || list[0].ID != "evt_b_249" || list[250].ID != "evt_a_250" {
				t.Errorf("in the transaction: got %d, %v, want all 501 in their order", len(list), err)
			}
			return tx.AddEvents(ctx, manyEvents("c"), nil) // nobody asks before the commit
		})
		if events, jobs := howMany(t, s, "events"), howMany(t, s, "jobs"); events != 751 || jobs != 240 {
			t.Errorf("after the commit: got %d events and %d jobs, want 751 and 240", events, jobs)
		}
	})
}

// TestWhatGoesWrongAheadIsTold writes what is there already, and neither asks, nor asks
// and swallows the answer.
func TestWhatGoesWrongAheadIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		update(t, s, func(tx *store.Tx) error { return tx.AddEvents(ctx, manyEvents("a"), nil) })
		for _, c := range []struct {
			name  string
			after func(*store.Tx)
		}{
			{"nothing is asked", func(*store.Tx) {}},
			{"a question's answer is swallowed", func(tx *store.Tx) { _, _ = tx.Event(ctx, "evt_a_000") }},
			{"more is written", func(tx *store.Tx) { _ = tx.AddEvents(ctx, manyEvents("d"), nil) }},
		} {
			err := s.Update(ctx, func(tx *store.Tx) error {
				_ = errors.Join(tx.AddEvents(ctx, manyEvents("b"), nil), tx.AddEvents(ctx, manyEvents("a"), nil), tx.AddEvents(ctx, manyEvents("c"), nil))
				c.after(tx)
				return nil
			})
			if !s.IsTaken(err) {
				t.Errorf("%s: got %v, want that it is there already", c.name, err)
			}
		}
		if err := s.Update(ctx, func(tx *store.Tx) error {
			return errors.Join(tx.AddEvents(ctx, manyEvents("b"), nil), errNoon)
		}); !errors.Is(err, errNoon) {
			t.Errorf("got %v, want what the caller said", err)
		}
		if n := howMany(t, s, "events"); n != 250 {
			t.Errorf("got %d events, want those of the first transaction alone", n)
		}
	})
}

var errNoon = errors.New("it is noon")

// TestAPanicBesideATransactionIsItsError: it ends what the transaction does, and nothing
// else.
func TestAPanicBesideATransactionIsItsError(t *testing.T) {
	none := []int(nil)
	err := store.Careful(func() error { none[7]++; return nil })
	if err == nil || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("got %v, want the panic as an error", err)
	}
	if err := store.Careful(func() error { return nil }); err != nil {
		t.Errorf("got %v, want nothing where nothing panics", err)
	}
}
