package officetest

import (
	"context"
	"sync"
	"time"

	"github.com/bursar-pay/bursar/internal/job"
)

const (
	// slowRound is how long the rounds below rest while a long time passes.
	slowRound = 24 * time.Hour

	// usualAgain is how long before its end a passing goes at the usual pace again.
	usualAgain = 24 * time.Hour
)

// rounds slows down the jobs that look at everything every hour or three, while a
// desk lets weeks pass: they find nothing nearly every time, and took most of
// the time of such tests. What they look after has its own jobs, which keep their pace.
type rounds struct {
	clock *Clock

	mu     sync.Mutex
	slowTo time.Time
}

// slow wraps the rounds among an office's jobs.
func (r *rounds) slow(h job.Handlers) job.Handlers {
	for _, k := range []job.Kind{"sweep", "watch_credit"} {
		round := h[k]
		h[k] = func(ctx context.Context, subject string) error {
			err := round(ctx, subject)
			if usual, snoozed := job.Snoozed(err); snoozed {
				return job.Snooze(max(usual, r.rest()))
			}
			return err
		}
	}
	return h
}

// rest is how long a round that has just run may rest at least.
func (r *rounds) rest() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return min(slowRound, r.slowTo.Sub(r.clock.Now()))
}

// slowUntil has the rounds go slowly up to an instant.
func (r *rounds) slowUntil(t time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.slowTo = t
}
