package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// RiverArgs is what one of our jobs is in River's tables. Every job is of one
// River kind and carries ours: River gives up a stuck job of a kind that it does
// not know, and an older binary must not lose a newer one's.
type RiverArgs struct {
	Job     Kind   `json:"job"`
	Subject string `json:"subject"`
	Once    int64  `json:"once,omitempty"` // the row of RiverRows that makes it single; 0: it need not be
}

// Kind is River's name for all of them.
func (RiverArgs) Kind() string { return "bursar" }

const riverAttemptsMax = math.MaxInt16 // years, at the cap of the backoff; what is left then stays in the table

// RiverInsert returns how a job due at the given instant is put into River. One
// that is due by now has no time: River leaves whatever has one to its scheduler,
// which looks every five seconds.
func RiverInsert(at, now time.Time) *river.InsertOpts {
	o := &river.InsertOpts{MaxAttempts: riverAttemptsMax}
	if at.After(now) {
		o.ScheduledAt = at
	}
	return o
}

// RiverRows is where River works and where the single jobs are kept. River's own
// uniqueness would not do: it counts a running job, so that what is enqueued
// while one runs would be lost. So a job enqueued with Once has a row of ours
// until it is done. The row is found by kind and subject while the job waits, and
// by nothing while it runs. *store.Store is one.
type RiverRows interface {
	// OpenRiver returns a client of this configuration and what closes its
	// connections once it has stopped.
	OpenRiver(ctx context.Context, c *river.Config) (RiverClient, func() error, error)

	// BeginOnce takes the row's job from those that wait; false if it was done, or
	// if another of River's jobs comes for it by now.
	BeginOnce(ctx context.Context, row, riverJob int64) (bool, error)

	// FinishOnce removes the row.
	FinishOnce(ctx context.Context, row int64) error

	// PostponeOnce puts the row's job back among those that wait; false if it only
	// snoozes and another was enqueued meanwhile, which goes on in its place.
	PostponeOnce(ctx context.Context, row int64, at time.Time, failure string) (bool, error)
}

// RiverClient is the part of River's client that does not depend on the engine.
type RiverClient interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	JobList(ctx context.Context, p *river.JobListParams) (*river.JobListResult, error)
}

const (
	// riverRescueAfter is when a job whose process died is given to another.
	riverRescueAfter = 3 * time.Minute

	riverCooldown = 100 * time.Millisecond // River's shortest time between two looks
)

// River is the queue on River, for production.
type River struct {
	rows RiverRows
	now  func() time.Time
	run  runner

	client RiverClient
	close  func() error
}

var _ Queue = (*River)(nil)

// OpenRiver returns a queue that runs River's jobs in rows. Close releases its
// connections.
func OpenRiver(ctx context.Context, rows RiverRows, now func() time.Time, h Handlers, o Options) (*River, error) {
	o = o.withDefaults()
	r := &River{rows: rows, now: now, run: runner{handlers: h, o: o}}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &riverWorker{r: r}); err != nil {
		return nil, err
	}
	var err error
	r.client, r.close, err = rows.OpenRiver(ctx, &river.Config{
		Logger:                      o.Log,
		Workers:                     workers,
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: o.Workers}},
		FetchPollInterval:           o.Poll,
		FetchCooldown:               min(o.Poll, riverCooldown),
		JobTimeout:                  o.Timeout + drainGrace, // ours ends first
		RescueStuckJobsAfter:        max(riverRescueAfter, 2*(o.Timeout+drainGrace)),
		DiscardedJobRetentionPeriod: -1,
	})
	if err != nil {
		return nil, fmt.Errorf("open River: %w", err)
	}
	return r, nil
}

// Close releases the connections. Loop must have returned.
func (r *River) Close() error { return r.close() }

// Loop runs jobs as they fall due.
func (r *River) Loop(ctx context.Context) error {
	if err := r.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start River: %w", err)
	}
	<-ctx.Done()
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.run.o.Timeout+drainGrace)
	defer cancel()
	if err := r.client.Stop(patient); err == nil {
		return nil
	}
	hard, cancelHard := context.WithTimeout(context.WithoutCancel(ctx), drainGrace)
	defer cancelHard()
	if err := r.client.StopAndCancel(hard); err != nil {
		return errors.Join(ErrStillRunning, err)
	}
	return nil
}

// Failing lists jobs that failed and wait.
func (r *River) Failing(ctx context.Context, limit int) ([]Failure, error) {
	found, err := r.client.JobList(ctx, river.NewJobListParams().
		States(rivertype.JobStateAvailable, rivertype.JobStateRetryable, rivertype.JobStateScheduled, rivertype.JobStateDiscarded).
		Where("errors IS NOT NULL").First(limit))
	if err != nil {
		return nil, fmt.Errorf("list failing jobs: %w", err)
	}
	failing := make([]Failure, 0, len(found.Jobs))
	for _, j := range found.Jobs {
		var args RiverArgs
		if err := json.Unmarshal(j.EncodedArgs, &args); err != nil || len(j.Errors) == 0 {
			continue // not one of ours
		}
		failing = append(failing, Failure{Kind: args.Job, Subject: args.Subject, Attempts: j.Attempt,
			Error: j.Errors[len(j.Errors)-1].Error, Next: j.ScheduledAt})
	}
	return failing, nil
}

// riverWorker runs all of our jobs.
type riverWorker struct {
	river.WorkerDefaults[RiverArgs]
	r    *River
	next sync.Map // from River's job id to when it runs again, between Work and NextRetry
}

// Work runs one job.
func (w *riverWorker) Work(ctx context.Context, j *river.Job[RiverArgs]) error {
	args := j.Args
	if args.Once != 0 {
		if mine, err := w.r.rows.BeginOnce(ctx, args.Once, j.ID); err != nil || !mine {
			return err
		}
	}
	out := w.r.run.run(ctx, args.Job, args.Subject, j.Attempt)
	at := w.r.now().Add(out.after)
	kept, err := w.record(context.WithoutCancel(ctx), args.Once, out, at)
	if err != nil {
		return err
	}
	switch {
	case !out.again || !kept:
		return nil
	case out.failure == "":
		return river.JobSnooze(out.after)
	}
	w.next.Store(j.ID, at)
	return errors.New(out.failure)
}

// record keeps what came of a single job in its row, before River hears of it:
// if we die in between, River runs the job again and finds the row as it is.
// It answers false if the job need not run again after all.
func (w *riverWorker) record(ctx context.Context, row int64, out outcome, at time.Time) (bool, error) {
	switch {
	case row == 0:
		return true, nil
	case out.again:
		return w.r.rows.PostponeOnce(ctx, row, at, out.failure)
	}
	return true, w.r.rows.FinishOnce(ctx, row)
}

// NextRetry returns when a failed job runs again. It is never in the past: River
// would take its own backoff instead.
func (w *riverWorker) NextRetry(j *river.Job[RiverArgs]) time.Time {
	now := w.r.now()
	if at, ok := w.next.LoadAndDelete(j.ID); ok {
		if at := at.(time.Time); at.After(now) {
			return at
		}
		return now
	}
	return now.Add(w.r.run.o.Backoff(j.Attempt, w.r.run.o.Jitter()))
}
