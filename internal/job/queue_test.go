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

// Kinds of these tests.
const (
	work  job.Kind = "test.work"
	other job.Kind = "test.other"
	last  job.Kind = "test.last"
)

const (
	patience = 30 * time.Second      // for what must happen
	poll     = 20 * time.Millisecond // how often the queues look
)

var errAtWork = errors.New("failed by the test")

// wallClock is the time of the machine.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }
func (wallClock) Set(context.Context, time.Time) error {
	return errors.New("the time of the machine stands")
}

// queue is one queue under test: something that runs jobs, and where they go.
type queue struct {
	job.Queue
	store *store.Store
}

// opener opens a queue of its kind on a store, as one process would.
type opener func(t *testing.T, s *store.Store, h job.Handlers, o job.Options) queue

func openStepper(t *testing.T, s *store.Store, h job.Handlers, o job.Options) queue {
	q := job.NewStepper(s, wallClock{}, h, o)
	s.UseQueue(store.StepperQueue(q.Wake))
	return queue{q, s}
}

func openRiver(t *testing.T, s *store.Store, h job.Handlers, o job.Options) queue {
	t.Helper()
	q, err := job.OpenRiver(t.Context(), s, time.Now, h, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Errorf("close River: %v", err)
		}
	})
	to, err := s.RiverQueue(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s.UseQueue(to)
	return queue{q, s}
}

// eachQueue runs a test on both queues and both engines.
func eachQueue(t *testing.T, test func(t *testing.T, url string, open opener)) {
	for _, engine := range storetest.Engines() {
		t.Run("stepper/"+engine, func(t *testing.T) { t.Parallel(); test(t, storetest.URL(t, engine), openStepper) })
		t.Run("river/"+engine, func(t *testing.T) { t.Parallel(); test(t, storetest.URL(t, engine), openRiver) })
	}
}

// start opens a queue that runs one job at a time, in the order they fall due,
// and loops until the test ends.
func start(t *testing.T, url string, open opener, h job.Handlers) queue {
	t.Helper()
	return loop(t, open(t, storetest.Reopen(t, url), h, job.Options{Workers: 1, Poll: poll, Backoff: atOnce}))
}

func atOnce(int, float64) time.Duration { return time.Millisecond }

func loop(t *testing.T, q queue) queue {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Loop(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the queue ended with %v", err)
		}
	})
	return q
}

func (q queue) enqueue(t *testing.T, jobs ...job.Job) {
	t.Helper()
	err := q.store.Update(t.Context(), func(tx *store.Tx) error {
		for _, j := range jobs {
			if err := tx.Enqueue(t.Context(), j); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("enqueue: %v", err)
	}
}

// record keeps what ran, in order.
type record struct {
	mu   sync.Mutex
	ran  []string
	more chan struct{} // closed and replaced with every run
}

func newRecord() *record { return &record{more: make(chan struct{})} }

func (r *record) add(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ran = append(r.ran, what)
	close(r.more)
	r.more = make(chan struct{})
}

// noting returns a handler that adds its subject.
func (r *record) noting() job.Handler {
	return func(_ context.Context, subject string) error { r.add(subject); return nil }
}

func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ran)
}

// await returns what ran once n runs are noted.
func (r *record) await(t *testing.T, n int) []string {
	t.Helper()
	late := time.After(patience)
	for {
		r.mu.Lock()
		ran, more := slices.Clone(r.ran), r.more
		r.mu.Unlock()
		if len(ran) >= n {
			return ran
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("after %v only %q ran, want %d runs", patience, ran, n)
		}
	}
}

// times returns how often one subject ran.
func (r *record) times(subject string) int {
	n := 0
	for _, s := range r.all() {
		if s == subject {
			n++
		}
	}
	return n
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("ran %q, want %q", got, want)
	}
}

func receive(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("after %v: %s", patience, what)
	}
}

func TestAJobRunsIfItsTransactionIsCommitted(t *testing.T) {
	eachQueue(t, func(t *testing.T, url string, open opener) {
		r := newRecord()
		q := start(t, url, open, job.Handlers{work: r.noting()})
		err := q.store.Update(t.Context(), func(tx *store.Tx) error {
			if err := tx.Enqueue(t.Context(), job.Job{Kind: work, Subject: "rolled back"}); err != nil {
				t.Error(err)
			}
			return errAtWork
		})
		if !errors.Is(err, errAtWork) {
			t.Fatal(err)
		}
		q.enqueue(t, job.Job{Kind: work, Subject: "first"}, job.Job{Kind: work, Subject: "second"})
		same(t, r.await(t, 2), "first", "second")
	})
}

func TestAJobDoesNotRunBeforeItsTime(t *testing.T) {
	eachQueue(t, func(t *testing.T, url string, open opener) {
		r := newRecord()
		q := start(t, url, open, job.Handlers{work: r.noting()})
		q.enqueue(t,
			job.Job{Kind: work, Subject: "in an hour", At: time.Now().Add(time.Hour)},
			job.Job{Kind: work, Subject: "an hour ago", At: time.Now().Add(-time.Hour)},
			job.Job{Kind: work, Subject: "now", At: time.Now()})
		same(t, r.await(t, 2), "an hour ago", "now")
	})
}

func TestAJobThatFailsRunsAgain(t *testing.T) {
	const runs = 3 // the last one succeeds
	failures := map[string]func() error{
		"error":  func() error { return errAtWork },
		"panic":  func() error { panic(errAtWork) },
		"snooze": func() error { return fmt.Errorf("not yet: %w", job.Snooze(time.Millisecond)) },
	}
	eachQueue(t, func(t *testing.T, url string, open opener) {
		r := newRecord()
		q := start(t, url, open, job.Handlers{work: func(_ context.Context, subject string) error {
			r.add(subject)
			if how, _, _ := strings.Cut(subject, " "); r.times(subject) < runs {
				return failures[how]()
			}
			return nil
		}, last: r.noting()})
		for how := range failures {
			q.enqueue(t, job.Job{Kind: work, Subject: how}, job.Job{Kind: work, Subject: how + " once", Once: true})
		}
		r.await(t, 2*len(failures)*runs)
		q.enqueue(t, job.Job{Kind: last, Subject: "last"})
		r.await(t, 2*len(failures)*runs+1)
		for how := range failures {
			for _, subject := range []string{how, how + " once"} {
				if got := r.times(subject); got != runs {
					t.Errorf("%s ran %d times, want %d", subject, got, runs)
				}
			}
		}
	})
}

func TestAFailingJobCanBeSeen(t *testing.T) {
	eachQueue(t, func(t *testing.T, url string, open opener) {
		r := newRecord()
		q := loop(t, open(t, storetest.Reopen(t, url), job.Handlers{
			work:  func(context.Context, string) error { return errAtWork },
			other: func(context.Context, string) error { return job.Snooze(time.Hour) },
			last:  r.noting(),
		}, job.Options{Workers: 1, Poll: poll}))
		q.enqueue(t, job.Job{Kind: work, Subject: "x", Once: true}, job.Job{Kind: "test.later", Subject: "y"},
			job.Job{Kind: other, Subject: "z"}, job.Job{Kind: last, Subject: "last"})
		same(t, r.await(t, 1), "last")

		var failing []job.Failure
		until(t, func() bool { // River writes down in batches
			var err error
			if failing, err = q.Failing(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
			return len(failing) >= 2
		})
		slices.SortFunc(failing, func(a, b job.Failure) int { return strings.Compare(a.Subject, b.Subject) })
		if len(failing) != 2 {
			t.Fatalf("failing are %+v, want two", failing)
		}
		for i, want := range []job.Failure{
			{Kind: work, Subject: "x", Attempts: 1, Error: errAtWork.Error()},
			{Kind: "test.later", Subject: "y", Attempts: 1, Error: "no handler for test.later"},
		} {
			got := failing[i]
			if !got.Next.After(time.Now()) {
				t.Errorf("%s is tried again at %v, want later than now", got.Subject, got.Next)
			}
			got.Next = time.Time{}
			if got != want {
				t.Errorf("failing is %+v, want %+v", got, want)
			}
		}
	})
}

// until asks again until the answer is yes.
func until(t *testing.T, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	late := time.After(patience)
	for !yes() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("nothing came of it in %v", patience)
		}
	}
}

func TestOnceWhileItWaits(t *testing.T) {
	hour := time.Now().Add(time.Hour)
	cases := []struct {
		subject string
		jobs    []job.Job
		runs    int
	}{
		{"twice at once", []job.Job{{Kind: work, Once: true}, {Kind: work, Once: true}}, 1},
		{"the earlier comes second", []job.Job{{Kind: work, At: hour, Once: true}, {Kind: work, Once: true}}, 1},
		{"the earlier comes first", []job.Job{{Kind: work, Once: true}, {Kind: work, At: hour, Once: true}}, 1},
		{"once", []job.Job{{Kind: work, Once: true}}, 1},
		{"other kinds", []job.Job{{Kind: work, Once: true}, {Kind: other, Once: true}}, 2},
		{"not asked for", []job.Job{{Kind: work}, {Kind: work}}, 2},
	}
	eachQueue(t, func(t *testing.T, url string, open opener) {
		r := newRecord()
		q := open(t, storetest.Reopen(t, url), job.Handlers{work: r.noting(), other: r.noting(), last: r.noting()},
			job.Options{Workers: 1, Poll: poll})
		for _, c := range cases {
			for _, j := range c.jobs {
				j.Subject = c.subject
				q.enqueue(t, j) // each in a transaction of its own, before anything runs
			}
		}
		q.enqueue(t, job.Job{Kind: last, Subject: "last", At: time.Now()})
		loop(t, q)
		until(t, func() bool { return r.times("last") == 1 })
		for _, c := range cases {
			if got := r.times(c.subject); got != c.runs {
				t.Errorf("%s: ran %d times, want %d", c.subject, got, c.runs)
			}
		}
	})
}

func TestOnceWhileItRunsRunsOnceMore(t *testing.T) {
	eachQueue(t, func(t *testing.T, url string, open opener) {
		r := newRecord()
		running, goOn := make(chan struct{}, 10), make(chan struct{})
		q := start(t, url, open, job.Handlers{work: func(_ context.Context, subject string) error {
			running <- struct{}{}
			<-goOn
			r.add(subject)
			return nil
		}, last: r.noting()})
		q.enqueue(t, job.Job{Kind: work, Subject: "x", Once: true})
		receive(t, running, "the job does not run")
		q.enqueue(t, job.Job{Kind: work, Subject: "x", Once: true})
		q.enqueue(t, job.Job{Kind: work, Subject: "x", Once: true})
		q.enqueue(t, job.Job{Kind: last, Subject: "last", At: time.Now()})
		close(goOn)
		same(t, r.await(t, 3), "x", "x", "last")
	})
}

func TestOnceMayBeEnqueuedByItself(t *testing.T) {
	eachQueue(t, func(t *testing.T, url string, open opener) {
		r := newRecord()
		var q queue
		ready := make(chan struct{})
		q = start(t, url, open, job.Handlers{work: func(ctx context.Context, subject string) error {
			<-ready
			r.add(subject)
			if len(r.all()) >= 3 {
				return nil
			}
			return q.store.Update(ctx, func(tx *store.Tx) error {
				return tx.Enqueue(ctx, job.Job{Kind: work, Subject: subject, Once: true})
			})
		}, last: r.noting()})
		close(ready)
		q.enqueue(t, job.Job{Kind: work, Subject: "x", Once: true})
		r.await(t, 3)
		q.enqueue(t, job.Job{Kind: last, Subject: "last"})
		same(t, r.await(t, 4), "x", "x", "x", "last")
	})
}

func TestOnceTakesTheEarlierTimeOfOneThatFailed(t *testing.T) {
	eachQueue(t, func(t *testing.T, url string, open opener) {
		r := newRecord()
		q := loop(t, open(t, storetest.Reopen(t, url), job.Handlers{work: func(_ context.Context, subject string) error {
			r.add(subject)
			if len(r.all()) == 1 {
				return errAtWork
			}
			return nil
		}}, job.Options{Workers: 1, Poll: poll, Backoff: func(int, float64) time.Duration { return time.Hour }}))
		q.enqueue(t, job.Job{Kind: work, Subject: "x", Once: true})
		r.await(t, 1)
		until(t, func() bool {
			failing, err := q.Failing(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(failing) == 1
		})
		q.enqueue(t, job.Job{Kind: work, Subject: "x", Once: true})
		same(t, r.await(t, 2), "x", "x")
	})
}

func TestLoopWaitsForWhatRuns(t *testing.T) {
	eachQueue(t, func(t *testing.T, url string, open opener) {
		running, goOn := make(chan struct{}), make(chan struct{})
		finished := false
		q := open(t, storetest.Reopen(t, url), job.Handlers{work: func(ctx context.Context, _ string) error {
			close(running)
			<-goOn
			finished = ctx.Err() == nil
			return nil
		}}, job.Options{Poll: poll})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- q.Loop(ctx) }()
		q.enqueue(t, job.Job{Kind: work, Subject: "x"})
		receive(t, running, "the job does not run")
		stop()
		select {
		case err := <-ended:
			t.Fatalf("the queue ended with %v before its job", err)
		case <-time.After(5 * poll):
		}
		close(goOn)
		if err := <-ended; err != nil {
			t.Errorf("the queue ended with %v", err)
		}
		if !finished {
			t.Error("the job was cut short")
		}
	})
}

func TestAJobThatTakesTooLongIsTold(t *testing.T) {
	eachQueue(t, func(t *testing.T, url string, open opener) {
		r := newRecord()
		loopOptions := job.Options{Workers: 1, Poll: poll, Timeout: 50 * time.Millisecond, Backoff: atOnce}
		q := loop(t, open(t, storetest.Reopen(t, url), job.Handlers{work: func(ctx context.Context, subject string) error {
			r.add(subject)
			if len(r.all()) > 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}}, loopOptions))
		q.enqueue(t, job.Job{Kind: work, Subject: "x"})
		same(t, r.await(t, 2), "x", "x")
	})
}

func TestSeveralProcessesShareTheJobs(t *testing.T) {
	const processes, jobs = 4, 60
	eachQueue(t, func(t *testing.T, url string, open opener) {
		r := newRecord()
		var q queue
		for range processes {
			q = loop(t, open(t, storetest.Reopen(t, url), job.Handlers{work: r.noting()}, job.Options{Workers: 2, Poll: poll}))
		}
		want := make([]string, jobs)
		for i := range want {
			want[i] = fmt.Sprintf("%03d", i)
			q.enqueue(t, job.Job{Kind: work, Subject: want[i], Once: i%2 == 0})
		}
		got := r.await(t, jobs)
		slices.Sort(got)
		same(t, got, want...)
	})
}
