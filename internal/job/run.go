package job

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// runner runs jobs by their handlers; both queues stand on it.
type runner struct {
	handlers Handlers
	o        Options
}

// outcome is what running a job came to. Its zero value: done.
type outcome struct {
	again   bool          // it is to run again
	after   time.Duration // so much later
	failure string        // why; "" when it only snoozes
}

// run does a job's work. attempt counts this run, the first being 1.
func (r runner) run(ctx context.Context, k Kind, subject string, attempt int) outcome {
	h, ok := r.handlers[k]
	if !ok {
		r.o.Log.WarnContext(ctx, "a job of a kind that this version does not know is kept", "kind", k, "subject", subject)
		return outcome{again: true, after: unknownPause, failure: fmt.Sprintf("no handler for %s", k)}
	}
	limited, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	err := r.call(limited, h, subject)

	rest, snoozed := Snoozed(err)
	switch {
	case err == nil:
		return outcome{}
	case snoozed:
		return outcome{again: true, after: max(0, rest)}
	case ctx.Err() != nil:
		return outcome{again: true} // whoever runs the queue stopped it; that is no failure of the job
	}
	after := r.o.Backoff(attempt, r.o.Jitter())
	r.o.Log.WarnContext(ctx, "a job failed and will be tried again",
		"kind", k, "subject", subject, "attempt", attempt, "again_in", after, slog.Any("error", err))
	return outcome{again: true, after: after, failure: cut(err.Error())}
}

// call turns a handler's panic into an error: one bad job must not stop the
// queue, and it is tried again like any other that failed.
func (r runner) call(ctx context.Context, h Handler, subject string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.o.Log.ErrorContext(ctx, "a job panicked", "subject", subject, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return h(ctx, subject)
}

func cut(text string) string {
	if len(text) > failureTextMax {
		return text[:failureTextMax]
	}
	return text
}
