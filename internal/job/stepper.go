package job

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// Clock is the time a stepper lives in.
type Clock interface {
	Now() time.Time
	// Set moves the clock to t, from where it may go on by itself. A stepper only
	// ever moves it forward.
	Set(ctx context.Context, t time.Time) error
}

// StepperRows is the table a stepper works on. *store.Store is one.
type StepperRows interface {
	// ClaimJob takes the job that is due the longest at now, and that nobody holds
	// or whose holder's time is over; false if there is none. It is held until
	// the given instant, by whoever has the claim.
	ClaimJob(ctx context.Context, now, until time.Time) (Claim, bool, error)

	// FinishJob ends a claimed job, or leaves it waiting if it was enqueued again
	// meanwhile. It does nothing if somebody else holds the job by now.
	FinishJob(ctx context.Context, c Claim) error

	// PostponeJob gives a claimed job back to run at the given instant, or earlier
	// if it was enqueued so meanwhile. A failure counts as an attempt and is kept;
	// "" is none. It does nothing if somebody else holds the job by now.
	PostponeJob(ctx context.Context, c Claim, at time.Time, failure string) error

	// NextJob returns the earliest instant at which ClaimJob finds something;
	// false if nothing waits.
	NextJob(ctx context.Context) (time.Time, bool, error)

	// FailingJobs is Queue.Failing.
	FailingJobs(ctx context.Context, limit int) ([]Failure, error)
}

// Claim is a job held by one process for a while.
type Claim struct {
	ID      int64
	Kind    Kind
	Subject string
	Attempt int // this run's number, the first being 1
	Until   time.Time
}

const (
	// leaseSpare is how much longer than its timeout a job is held, so that one
	// that runs out of time is given back before somebody else takes it.
	leaseSpare = 90 * time.Second

	// instantRunsMax ends stepping when the clock does not get on: jobs that keep
	// enqueueing each other for the same instant would go on for ever.
	instantRunsMax = 1_000_000

	contendedPause = 2 * time.Millisecond
)

// What stepping refuses.
var (
	ErrClockBack = fault.New(fault.Invalid, "clock_backward", "the clock only goes forward").WithNext("name a later time")
	ErrNoEnd     = fault.New(fault.Conflict, "clock_stands", "jobs keep enqueueing each other for the same instant, so the clock cannot get on")
)

// Stepper is the queue on our own table. Its leases are kept in the handed clock:
// stepping over one takes the job over from a process that died.
type Stepper struct {
	rows  StepperRows
	clock Clock
	run   runner
	wake  chan struct{}

	instantRuns int // instantRunsMax, less in its test

	// turn is shared by the jobs of Loop and held alone while stepping, so that
	// no job sees the clock move under it.
	turn sync.RWMutex
}

var _ Queue = (*Stepper)(nil)

// NewStepper returns a stepper that runs the jobs in rows by clock. Whoever
// enqueues in this process should call its Wake after the commit.
func NewStepper(rows StepperRows, clock Clock, h Handlers, o Options) *Stepper {
	return &Stepper{rows: rows, clock: clock, run: runner{handlers: h, o: o.withDefaults()}, wake: make(chan struct{}, 1), instantRuns: instantRunsMax}
}

// Wake tells Loop that there may be something to do before its next look.
func (s *Stepper) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it has been told
	}
}

// Advance moves the clock to the given instant, stopping at every due time on
// the way: each job runs with the clock at its own, in the order of due times,
// those included that are enqueued meanwhile. Handlers must not call it.
func (s *Stepper) Advance(ctx context.Context, to time.Time) error {
	if to.Before(s.clock.Now()) {
		return ErrClockBack
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	runs := 0
	for {
		next, ok, err := s.rows.NextJob(ctx)
		if err != nil {
			return fmt.Errorf("look for the next job: %w", err)
		}
		if !ok || next.After(to) {
			break
		}
		if next.After(s.clock.Now()) {
			if err := s.clock.Set(ctx, next); err != nil {
				return fmt.Errorf("set the clock: %w", err)
			}
			runs = 0
		}
		if runs++; runs > s.instantRuns {
			return ErrNoEnd
		}
		if err := s.stepOrWait(ctx, s.clock.Now()); err != nil {
			return err
		}
	}
	if to.After(s.clock.Now()) {
		return s.clock.Set(ctx, to)
	}
	return nil
}

// RunDue runs every job that is due at now, one by one in the order of due
// times, those included that are enqueued meanwhile. It does not move the clock.
func (s *Stepper) RunDue(ctx context.Context, now time.Time) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	for range s.instantRuns {
		next, ok, err := s.rows.NextJob(ctx)
		if err != nil {
			return fmt.Errorf("look for the next job: %w", err)
		}
		if !ok || next.After(now) {
			return nil
		}
		if err := s.stepOrWait(ctx, now); err != nil {
			return err
		}
	}
	return ErrNoEnd
}

// stepOrWait runs the next due job, or waits a little if another process is
// about to take it.
func (s *Stepper) stepOrWait(ctx context.Context, now time.Time) error {
	c, ok, err := s.claim(ctx, now)
	switch {
	case err != nil:
		return fmt.Errorf("claim a job: %w", err)
	case ok:
		return s.work(ctx, c)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(contendedPause):
		return nil
	}
}

func (s *Stepper) claim(ctx context.Context, now time.Time) (Claim, bool, error) {
	return s.rows.ClaimJob(ctx, now, now.Add(s.run.o.Timeout+leaseSpare))
}

// work runs a claimed job and records what came of it. An error says that this
// could not be recorded; the job runs again when its claim is over.
func (s *Stepper) work(ctx context.Context, c Claim) error {
	out := s.run.run(ctx, c.Kind, c.Subject, c.Attempt)
	ctx = context.WithoutCancel(ctx)
	var err error
	if out.again {
		err = s.rows.PostponeJob(ctx, c, s.clock.Now().Add(out.after), out.failure)
	} else {
		err = s.rows.FinishJob(ctx, c)
	}
	if err != nil {
		return fmt.Errorf("record job %s of %s: %w", c.Kind, c.Subject, err)
	}
	return nil
}

// Loop runs jobs in real time as they fall due by the clock.
func (s *Stepper) Loop(ctx context.Context) error {
	poll := time.NewTicker(s.run.o.Poll)
	defer poll.Stop()
	slots := make(chan struct{}, s.run.o.Workers)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return s.drain(slots)
		}
		if s.start(ctx, slots) {
			continue
		}
		<-slots
		select {
		case <-s.wake:
		case <-poll.C:
		case <-ctx.Done():
			return s.drain(slots)
		}
	}
}

// start begins the next due job in the slot that was just taken, and reports
// whether there was one.
func (s *Stepper) start(ctx context.Context, slots chan struct{}) bool {
	s.turn.RLock()
	c, ok, err := s.claim(ctx, s.clock.Now())
	if err != nil && ctx.Err() == nil {
		s.run.o.Log.ErrorContext(ctx, "the job queue cannot be read", "error", err)
	}
	if err != nil || !ok {
		s.turn.RUnlock()
		return false
	}
	go func() {
		defer func() {
			s.turn.RUnlock()
			<-slots
			s.Wake() // it may have made others due, or be due again itself
		}()
		if err := s.work(context.WithoutCancel(ctx), c); err != nil {
			s.run.o.Log.ErrorContext(ctx, "a job's end was not kept; it will run again", "error", err)
		}
	}()
	return true
}

// drain waits until every slot is free.
func (s *Stepper) drain(slots chan struct{}) error {
	late := time.NewTimer(s.run.o.Timeout + drainGrace)
	defer late.Stop()
	for range cap(slots) {
		select {
		case slots <- struct{}{}:
		case <-late.C:
			return ErrStillRunning
		}
	}
	return nil
}

// Failing lists jobs that failed and wait.
func (s *Stepper) Failing(ctx context.Context, limit int) ([]Failure, error) {
	return s.rows.FailingJobs(ctx, limit)
}
