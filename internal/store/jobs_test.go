package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

const watch job.Kind = "test.watch"

var jobNoon = time.Date(2024, 9, 18, 12, 0, 0, 0, time.UTC)

func enqueue(t *testing.T, s *store.Store, j job.Job) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.Enqueue(t.Context(), j) }); err != nil {
		t.Fatalf("enqueue: %v", err)
	}
}

func howMany(t *testing.T, s *store.Store, table string) int64 {
	t.Helper()
	var n int64
	err := s.View(t.Context(), func(tx *store.Tx) error {
		return tx.Scan(t.Context(), &n, `SELECT count(*) FROM `+table)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// onRiver returns a store of the given engine whose jobs go to River.
func onRiver(t *testing.T, engine string) *store.Store {
	t.Helper()
	s := storetest.Open(t, engine)
	q, err := s.RiverQueue(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s.UseQueue(q)
	return s
}

func TestAStoreWithoutAQueueRefusesJobs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		s.UseQueue(nil)
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			_ = tx.Enqueue(t.Context(), job.Job{Kind: watch, Subject: "x"})
			return nil // the failure was swallowed
		})
		if err == nil {
			t.Error("a job was enqueued into nothing")
		}
	})
}

func TestAClaimBelongsToOneProcess(t *testing.T) {
	const claimers, jobs = 8, 40
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			url := storetest.URL(t, engine)
			s := storetest.Reopen(t, url)
			for i := range jobs {
				enqueue(t, s, job.Job{Kind: watch, Subject: fmt.Sprint(i)})
			}
			other := storetest.Reopen(t, url)
			var mu sync.Mutex
			var claimed []int64
			var wait sync.WaitGroup
			for i := range claimers {
				from := []*store.Store{s, other}[i%2]
				wait.Go(func() {
					for {
						c, ok, err := from.ClaimJob(t.Context(), jobNoon, jobNoon.Add(time.Minute))
						if err != nil {
							t.Error(err)
							return
						}
						if !ok {
							return
						}
						mu.Lock()
						claimed = append(claimed, c.ID)
						mu.Unlock()
					}
				})
			}
			wait.Wait()
			slices.Sort(claimed)
			if n := len(claimed); n != jobs || len(slices.Compact(claimed)) != jobs {
				t.Errorf("%d jobs were claimed %d times, want each once", jobs, n)
			}
		})
	}
}

// TestAClaimPassesOverALockedRow keeps one job's row locked in a transaction.
func TestAClaimPassesOverALockedRow(t *testing.T) {
	s := storetest.Open(t, storetest.Postgres)
	enqueue(t, s, job.Job{Kind: watch, Subject: "locked", Once: true})
	enqueue(t, s, job.Job{Kind: watch, Subject: "free", At: jobNoon})
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Exec(t.Context(), `UPDATE jobs SET attempts = attempts WHERE subject = 'locked'`); err != nil {
			return err
		}
		c, ok, err := s.ClaimJob(t.Context(), jobNoon, jobNoon.Add(time.Minute))
		if err != nil || !ok || c.Subject != "free" {
			t.Errorf("claimed %+v, %t, %v, want the free one", c, ok, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOnceHoldsAmongConcurrentTransactions(t *testing.T) {
	const enqueuers, rounds = 6, 10
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			s := onRiver(t, engine)
			var wait sync.WaitGroup
			for range enqueuers {
				wait.Go(func() {
					for range rounds {
						err := s.Update(t.Context(), func(tx *store.Tx) error {
							return tx.Enqueue(t.Context(), job.Job{Kind: watch, Subject: "x", At: jobNoon, Once: true})
						})
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			wait.Wait()
			if got := howMany(t, s, "jobs"); got != 1 {
				t.Errorf("%d rows wait, want 1", got)
			}
			if got := howMany(t, s, "river_job"); got != 1 {
				t.Errorf("River has %d jobs, want 1", got)
			}
		})
	}
}

func TestAnOnceJobThatFailedWaitsAgainUnlessAnotherDoes(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			s := onRiver(t, engine)
			x := job.Job{Kind: watch, Subject: "x", At: jobNoon, Once: true}
			first := enqueueOnce(t, s, x)
			if ok, err := s.BeginOnce(t.Context(), first, comesFor(t, s, first)); err != nil || !ok {
				t.Fatalf("begin: %t, %v", ok, err)
			}
			if _, err := s.PostponeOnce(t.Context(), first, jobNoon.Add(time.Minute), "failed"); err != nil {
				t.Fatal(err)
			}
			if got := enqueueOnce(t, s, x); got != first {
				t.Errorf("enqueued again it has row %d, want %d that waits", got, first)
			}
			if ok, err := s.BeginOnce(t.Context(), first, comesFor(t, s, first)); err != nil || !ok {
				t.Fatalf("begin again: %t, %v", ok, err)
			}
			second := enqueueOnce(t, s, x)
			if second == first {
				t.Error("enqueued while it runs it has the row of the one that runs")
			}
			if _, err := s.PostponeOnce(t.Context(), first, jobNoon, "failed"); err != nil {
				t.Fatal(err)
			}
			for _, row := range []int64{first, second} {
				if err := s.FinishOnce(t.Context(), row); err != nil {
					t.Fatal(err)
				}
				if ok, err := s.BeginOnce(t.Context(), row, comesFor(t, s, row)); err != nil || ok {
					t.Errorf("a finished job begins: %t, %v", ok, err)
				}
			}
			if got := howMany(t, s, "jobs"); got != 0 {
				t.Errorf("%d rows are left, want none", got)
			}
		})
	}
}

// TestOneOfRiversJobsComesForASingleJob enqueues again for an earlier time, as
// every start of a process does for what recurs.
func TestOneOfRiversJobsComesForASingleJob(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			s := onRiver(t, engine)
			row := enqueueOnce(t, s, job.Job{Kind: watch, Subject: "x", At: jobNoon.Add(time.Hour), Once: true})
			late := comesFor(t, s, row)
			if again := enqueueOnce(t, s, job.Job{Kind: watch, Subject: "x", At: jobNoon, Once: true}); again != row {
				t.Fatalf("enqueued again it has row %d, want %d", again, row)
			}
			early := comesFor(t, s, row)
			if ok, err := s.BeginOnce(t.Context(), row, late); err != nil || ok || early == late {
				t.Errorf("the superseded job begins: %t, %v", ok, err)
			}
			if ok, err := s.BeginOnce(t.Context(), row, early); err != nil || !ok {
				t.Errorf("the earlier job begins: %t, %v; want it to", ok, err)
			}
			// Enqueued while it runs: the one that only snoozes makes room.
			other := enqueueOnce(t, s, job.Job{Kind: watch, Subject: "x", At: jobNoon, Once: true})
			if kept, err := s.PostponeOnce(t.Context(), row, jobNoon.Add(time.Hour), ""); err != nil || kept || other == row {
				t.Errorf("a snoozing job stays beside another: %t, %v", kept, err)
			}
			if got := howMany(t, s, "jobs"); got != 1 {
				t.Errorf("%d rows wait, want 1", got)
			}
		})
	}
}

// comesFor returns River's job that comes for a row; 0 if the row is gone.
func comesFor(t *testing.T, s *store.Store, row int64) (id int64) {
	t.Helper()
	err := s.View(t.Context(), func(tx *store.Tx) error {
		return tx.Scan(t.Context(), &id, `SELECT coalesce(max(river_job), 0) FROM jobs WHERE id = $1`, row)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// enqueueOnce enqueues a single job and returns the row by which it waits.
func enqueueOnce(t *testing.T, s *store.Store, j job.Job) int64 {
	t.Helper()
	enqueue(t, s, j)
	var row int64
	err := s.View(t.Context(), func(tx *store.Tx) error {
		return tx.Scan(t.Context(), &row, `SELECT id FROM jobs WHERE unique_key = $1`, string(j.Kind)+" "+j.Subject)
	})
	if err != nil {
		t.Fatalf("the row of %+v: %v", j, err)
	}
	return row
}

func TestRiversJobIsPartOfTheTransaction(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			s := onRiver(t, engine)
			for _, once := range []bool{false, true} {
				err := s.Update(t.Context(), func(tx *store.Tx) error {
					return errors.Join(tx.Enqueue(t.Context(), job.Job{Kind: watch, Subject: "x", Once: once}), errRefused)
				})
				if !errors.Is(err, errRefused) {
					t.Fatal(err)
				}
			}
			if got := howMany(t, s, "river_job") + howMany(t, s, "jobs"); got != 0 {
				t.Errorf("%d rows were left by transactions that were rolled back, want none", got)
			}
		})
	}
}

// TestRiverRescuesTheJobOfADeadProcess leaves a job as a process leaves it that
// was killed at work.
func TestRiverRescuesTheJobOfADeadProcess(t *testing.T) {
	ago := map[string]string{
		storetest.SQLite:   `datetime('now', '-1 hour')`,
		storetest.Postgres: `now() - interval '1 hour'`,
	}
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := onRiver(t, engine)
			row := enqueueOnce(t, s, job.Job{Kind: watch, Subject: "x", Once: true})
			if ok, err := s.BeginOnce(t.Context(), row, comesFor(t, s, row)); err != nil || !ok {
				t.Fatalf("begin: %t, %v", ok, err)
			}
			if err := run(t, s, `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = `+ago[engine]); err != nil {
				t.Fatal(err)
			}

			ran := make(chan string, 1)
			q, err := job.OpenRiver(t.Context(), s, time.Now, job.Handlers{watch: func(_ context.Context, subject string) error {
				ran <- subject
				return nil
			}}, job.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer q.Close()
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- q.Loop(ctx) }()
			select {
			case got := <-ran:
				if got != "x" {
					t.Errorf("ran %q, want x", got)
				}
			case <-time.After(time.Minute):
				t.Error("the job was not rescued in a minute")
			}
			stop()
			if err := <-ended; err != nil {
				t.Errorf("the queue ended with %v", err)
			}
			if got := howMany(t, s, "jobs"); got != 0 {
				t.Errorf("%d rows are left, want none", got)
			}
		})
	}
}
