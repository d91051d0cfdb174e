package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// handClock moves only when it is set.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) Set(_ context.Context, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
	return nil
}

var noon = time.Date(2024, 9, 18, 12, 0, 0, 0, time.UTC)

// stepping is a stepper at noon whose handlers add what ran, and when.
type stepping struct {
	*job.Stepper
	*record
	clock    *handClock
	queue    queue
	handlers job.Handlers
}

func newStepping(t *testing.T, s *store.Store) *stepping {
	st := &stepping{record: newRecord(), clock: &handClock{now: noon}, handlers: job.Handlers{}}
	st.Stepper = job.NewStepper(s, st.clock, st.handlers, job.Options{})
	s.UseQueue(store.StepperQueue(st.Wake))
	st.queue = queue{st.Stepper, s}
	st.handlers[work] = func(_ context.Context, subject string) error { st.note(subject); return nil }
	return st
}

// note adds a subject and how long after noon it is.
func (s *stepping) note(subject string) {
	s.add(fmt.Sprintf("%s +%v", subject, s.clock.Now().Sub(noon)))
}

func (s *stepping) advance(t *testing.T, d time.Duration) {
	t.Helper()
	to := s.clock.Now().Add(d)
	if err := s.Advance(t.Context(), to); err != nil {
		t.Fatalf("advance by %v: %v", d, err)
	}
	if got := s.clock.Now(); !got.Equal(to) {
		t.Errorf("after advancing by %v the clock is at %v, want %v", d, got, to)
	}
}

func TestAdvanceStopsAtEveryDueTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := newStepping(t, s)
		st.handlers[other] = func(ctx context.Context, subject string) error { // enqueues more, for now and for later
			st.note(subject)
			now := st.clock.Now()
			return s.Update(ctx, func(tx *store.Tx) error {
				return errors.Join(
					tx.Enqueue(ctx, job.Job{Kind: work, Subject: "half an hour later", At: now.Add(30 * time.Minute)}),
					tx.Enqueue(ctx, job.Job{Kind: work, Subject: "meanwhile"}))
			})
		}
		st.queue.enqueue(t,
			job.Job{Kind: work, Subject: "second of a tie", At: noon.Add(2 * time.Hour)},
			job.Job{Kind: work, Subject: "beyond", At: noon.Add(3*time.Hour + time.Microsecond)},
			job.Job{Kind: other, Subject: "parent", At: noon.Add(time.Hour)},
			job.Job{Kind: work, Subject: "third of a tie", At: noon.Add(2 * time.Hour)},
			job.Job{Kind: work, Subject: "overdue", At: noon.Add(-time.Hour)},
			job.Job{Kind: work, Subject: "at the end", At: noon.Add(3 * time.Hour)})
		st.advance(t, 3*time.Hour)
		same(t, st.all(),
			"overdue +0s", "parent +1h0m0s", "meanwhile +1h0m0s", "half an hour later +1h30m0s",
			"second of a tie +2h0m0s", "third of a tie +2h0m0s", "at the end +3h0m0s")
		st.advance(t, time.Microsecond)
		if got, want := len(st.all()), 8; got != want {
			t.Errorf("a moment later %d jobs ran in all, want %d", got, want)
		}
	})
}

func TestAdvanceLivesRecurringWork(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := newStepping(t, s)
		st.handlers[other] = func(ctx context.Context, subject string) error {
			st.note(subject)
			return s.Update(ctx, func(tx *store.Tx) error {
				return tx.Enqueue(ctx, job.Job{Kind: other, Subject: subject, At: st.clock.Now().Add(24 * time.Hour), Once: true})
			})
		}
		st.queue.enqueue(t, job.Job{Kind: other, Subject: "nightly", At: noon.Add(24 * time.Hour), Once: true})
		st.advance(t, 31*24*time.Hour)
		var want []string
		for day := 1; day <= 31; day++ {
			want = append(want, fmt.Sprintf("nightly +%v", time.Duration(day)*24*time.Hour))
		}
		same(t, st.all(), want...)
	})
}

func TestAdvanceTriesAgainWhatFailed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := newStepping(t, s)
		st.handlers[work] = func(_ context.Context, subject string) error {
			st.note(subject)
			switch len(st.all()) {
			case 1, 2:
				return errAtWork
			case 3:
				return job.Snooze(time.Minute)
			case 4:
				return errAtWork
			}
			return nil
		}
		st.queue.enqueue(t, job.Job{Kind: work, Subject: "x"})
		st.advance(t, time.Hour)
		// 5 s and 10 s of backoff, the snooze, and 20 s: the snooze was no attempt.
		same(t, st.all(), "x +0s", "x +5s", "x +15s", "x +1m15s", "x +1m35s")
		failing, err := st.Failing(t.Context(), 10)
		if err != nil || len(failing) != 0 {
			t.Errorf("failing are %v, %v, want none", failing, err)
		}
	})
}

func TestAdvanceRefusesToGoBack(t *testing.T) {
	st := newStepping(t, storetest.Open(t, storetest.SQLite))
	if err := st.Advance(t.Context(), noon.Add(-time.Second)); !errors.Is(err, job.ErrClockBack) {
		t.Errorf("going back gives %v, want %v", err, job.ErrClockBack)
	}
}

func TestAdvanceEndsThoughJobsDoNot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := newStepping(t, s)
		st.LimitInstant(20)
		st.handlers[work] = func(ctx context.Context, subject string) error {
			return s.Update(ctx, func(tx *store.Tx) error {
				return tx.Enqueue(ctx, job.Job{Kind: work, Subject: subject})
			})
		}
		st.queue.enqueue(t, job.Job{Kind: work, Subject: "x"})
		if err := st.Advance(t.Context(), noon.Add(time.Hour)); !errors.Is(err, job.ErrNoEnd) {
			t.Errorf("advancing gives %v, want %v", err, job.ErrNoEnd)
		}
		if err := st.RunDue(t.Context(), noon); !errors.Is(err, job.ErrNoEnd) {
			t.Errorf("running what is due gives %v, want %v", err, job.ErrNoEnd)
		}
	})
}

func TestRunDueLeavesTheClock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := newStepping(t, s)
		st.queue.enqueue(t,
			job.Job{Kind: work, Subject: "later", At: noon.Add(time.Second)},
			job.Job{Kind: work, Subject: "now", At: noon},
			job.Job{Kind: work, Subject: "before", At: noon.Add(-time.Second)})
		if err := st.RunDue(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		same(t, st.all(), "before +0s", "now +0s")
		if got := st.clock.Now(); !got.Equal(noon) {
			t.Errorf("the clock is at %v, want %v", got, noon)
		}
	})
}

func TestAJobWhoseHolderDiedIsTakenOver(t *testing.T) {
	const lease = time.Minute
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := newStepping(t, s)
		st.queue.enqueue(t, job.Job{Kind: work, Subject: "x", Once: true})
		dead, ok, err := s.ClaimJob(t.Context(), noon, noon.Add(lease))
		if err != nil || !ok {
			t.Fatalf("claim: %t, %v", ok, err)
		}
		st.advance(t, lease-time.Second)
		same(t, st.all())
		st.advance(t, time.Hour)
		same(t, st.all(), "x +1m0s")

		// The holder was only slow. What it says now changes nothing.
		st.queue.enqueue(t, job.Job{Kind: work, Subject: "x", Once: true})
		if err := s.FinishJob(t.Context(), dead); err != nil {
			t.Fatal(err)
		}
		if err := s.PostponeJob(t.Context(), dead, noon.Add(1000*time.Hour), "late"); err != nil {
			t.Fatal(err)
		}
		now := st.clock.Now()
		st.advance(t, 0)
		same(t, st.all(), "x +1m0s", fmt.Sprintf("x +%v", now.Sub(noon)))
	})
}

func TestAHolderWhoseTimeIsOverCannotEndTheNextOnes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := newStepping(t, s)
		st.queue.enqueue(t, job.Job{Kind: work, Subject: "x"})
		slow, _, err := s.ClaimJob(t.Context(), noon, noon.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		next, ok, err := s.ClaimJob(t.Context(), noon.Add(time.Minute), noon.Add(2*time.Minute))
		if err != nil || !ok || next.ID != slow.ID || next.Attempt != 2 {
			t.Fatalf("the next claim is %+v, %t, %v, want the second attempt at job %d", next, ok, err, slow.ID)
		}
		if err := s.FinishJob(t.Context(), slow); err != nil {
			t.Fatal(err)
		}
		at, ok, err := s.NextJob(t.Context())
		if err != nil || !ok || !at.Equal(next.Until) {
			t.Errorf("next job is due at %v, %t, %v, want %v", at, ok, err, next.Until)
		}
	})
}

func TestALaterTimeAskedForWhileItRunsIsKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := newStepping(t, s)
		again := func(ctx context.Context) error {
			return s.Update(ctx, func(tx *store.Tx) error {
				return errors.Join(
					tx.Enqueue(ctx, job.Job{Kind: work, Subject: "x", At: noon.Add(2 * time.Hour), Once: true}),
					tx.Enqueue(ctx, job.Job{Kind: work, Subject: "x", At: noon.Add(time.Hour), Once: true}))
			})
		}
		st.handlers[work] = func(ctx context.Context, subject string) error {
			st.note(subject)
			if len(st.all()) == 1 {
				return errors.Join(again(ctx), errAtWork) // it fails, too: the backoff is sooner
			}
			if len(st.all()) == 2 {
				return again(ctx)
			}
			return nil
		}
		st.queue.enqueue(t, job.Job{Kind: work, Subject: "x", Once: true})
		st.advance(t, 24*time.Hour)
		same(t, st.all(), "x +0s", "x +5s", "x +1h0m0s")
	})
}

func TestAdvanceWaitsForTheJobsOfLoop(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := newStepping(t, s)
		running, goOn := make(chan struct{}), make(chan struct{})
		st.handlers[other] = func(_ context.Context, subject string) error {
			close(running)
			<-goOn
			st.note(subject)
			return nil
		}
		loop(t, st.queue)
		st.queue.enqueue(t, job.Job{Kind: other, Subject: "slow"})
		receive(t, running, "the job does not run")
		advanced := make(chan error)
		go func() { advanced <- st.Advance(t.Context(), noon.Add(time.Hour)) }()
		close(goOn)
		if err := <-advanced; err != nil {
			t.Fatal(err)
		}
		same(t, st.all(), "slow +0s")
	})
}

func TestAWokenLoopDoesNotWaitForItsPoll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRecord()
		q := job.NewStepper(s, wallClock{}, job.Handlers{work: r.noting()}, job.Options{Workers: 1, Poll: time.Hour})
		s.UseQueue(store.StepperQueue(q.Wake))
		running := loop(t, queue{q, s})
		for i := range 3 {
			running.enqueue(t, job.Job{Kind: work, Subject: "a"}, job.Job{Kind: work, Subject: "b"})
			r.await(t, 2*(i+1))
		}
	})
}

// TestSteppersOfSeveralProcessesRunEachJobOnce lets several steppers step the
// same jobs at once, each with its own clock.
func TestSteppersOfSeveralProcessesRunEachJobOnce(t *testing.T) {
	const processes, jobs = 4, 50
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			url := storetest.URL(t, engine)
			steppings := make([]*stepping, processes)
			for i := range steppings {
				steppings[i] = newStepping(t, storetest.Reopen(t, url))
			}
			for i := range jobs {
				steppings[0].queue.enqueue(t, job.Job{Kind: work, Subject: fmt.Sprint(i), At: noon.Add(time.Duration(i) * time.Second)})
			}
			var wait sync.WaitGroup
			for _, st := range steppings {
				wait.Go(func() {
					if err := st.Advance(t.Context(), noon.Add(time.Minute)); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			var got []string
			for _, st := range steppings {
				for _, what := range st.all() {
					subject, _, _ := strings.Cut(what, " ")
					got = append(got, subject)
				}
			}
			slices.Sort(got)
			if once := slices.Compact(slices.Clone(got)); len(once) != jobs || len(got) != jobs {
				t.Errorf("of %d jobs ran %q, want each once", jobs, got)
			}
		})
	}
}
