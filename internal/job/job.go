// Package job is durable work: what is to be done later, or again, if the
// process that promised it dies. A job is enqueued in the transaction that needs
// it, runs at its due time or soon after, and is safe to run twice.
//
// There are two queues behind one contract. River works in production: many
// nodes, each with its own clock. The Stepper works on a table of our own
// wherever the clock can be advanced (sandbox installations, demo, simulation,
// tests): it goes from due time to due time, and each job sees the clock at its
// own. Neither ever drops a job: one that fails is tried again, later each time
// up to a cap, and can be seen in Failing.
//
// Work that recurs is a job that enqueues itself again, with Once.
package job

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Kind names what a job does. A kind is for ever: jobs outlive the binary that
// enqueued them.
type Kind string

// Job is one piece of work.
type Job struct {
	Kind    Kind
	Subject string    // the id of what it looks after
	At      time.Time // not before this instant; zero means at once
	Once    bool      // while one of this kind and subject waits, another is not enqueued; the earlier due time wins
}

// Handler does the work of one kind. An error runs the job again after a
// backoff, an error made by Snooze after its time. The context ends when the job
// has taken too long. A job may run twice, and beside another of its subject.
type Handler func(ctx context.Context, subject string) error

// Handlers says what does the work of each kind. A kind that is not in it is kept
// for a binary that knows it.
type Handlers map[Kind]Handler

// Queue runs what was enqueued.
type Queue interface {
	// Loop runs jobs as they fall due until ctx ends, then waits for those that
	// run. It returns nil when none is left running.
	Loop(ctx context.Context) error

	// Failing lists jobs that failed last time and wait for the next, up to limit
	// of them.
	Failing(ctx context.Context, limit int) ([]Failure, error)
}

// Failure is a job that failed and waits to be tried again.
type Failure struct {
	Kind     Kind
	Subject  string
	Attempts int
	Error    string
	Next     time.Time // when it is tried again
}

// Options say how a queue runs its jobs. The zero value is a good choice.
type Options struct {
	Workers int                                             // how many jobs Loop runs at once; 0 means 4
	Timeout time.Duration                                   // how long a job may take; 0 means 30 seconds
	Poll    time.Duration                                   // how often Loop looks for due jobs unasked; 0 means every second
	Backoff func(attempt int, jitter float64) time.Duration // how long to wait after a failure; nil means the function Backoff
	Jitter  func() float64                                  // in [0, 1), for the backoff, from any goroutine; nil means always the middle
	Log     *slog.Logger                                    // nil means none
}

const (
	workersDefault = 4
	timeoutDefault = 30 * time.Second
	pollDefault    = time.Second

	backoffFirst = 5 * time.Second
	backoffMax   = time.Hour

	// unknownPause is how long a job of an unknown kind rests: a newer binary
	// beside this one finds it soon, and it does not fill the log.
	unknownPause = 5 * time.Minute

	// drainGrace is what Loop allows beyond Timeout for the jobs that still run.
	drainGrace = 5 * time.Second

	failureTextMax = 1000
)

// ErrStillRunning says that jobs did not end although their time was over.
var ErrStillRunning = errors.New("job: some jobs are still running after their time")

func (o Options) withDefaults() Options {
	if o.Workers <= 0 {
		o.Workers = workersDefault
	}
	if o.Timeout <= 0 {
		o.Timeout = timeoutDefault
	}
	if o.Poll <= 0 {
		o.Poll = pollDefault
	}
	if o.Backoff == nil {
		o.Backoff = Backoff
	}
	if o.Jitter == nil {
		o.Jitter = func() float64 { return 0.5 }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Backoff returns how long to wait after the given failed attempt, the first
// being 1. It doubles from five seconds up to an hour, a quarter less or more;
// jitter is in [0, 1).
func Backoff(attempt int, jitter float64) time.Duration {
	d := backoffFirst
	for n := 1; n < attempt && d < backoffMax; n++ {
		d *= 2
	}
	d = min(d, backoffMax)
	return d*3/4 + time.Duration(jitter*float64(d/2))
}

// Snooze is returned by a handler that wants to run again after d although
// nothing failed: it is no attempt.
func Snooze(d time.Duration) error { return snooze(d) }

// Snoozed returns what Snooze was told, if err is made by it.
func Snoozed(err error) (time.Duration, bool) {
	var s snooze
	return time.Duration(s), errors.As(err, &s)
}

type snooze time.Duration

func (s snooze) Error() string { return "snoozed for " + time.Duration(s).String() }
