package cli

import (
	"context"
	"crypto/rand"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/bursar-pay/bursar/internal/job"
)

// chance is where ids and secrets come from.
func chance() io.Reader { return rand.Reader }

// clock is the time that an installation lives in: the machine's own, moved by
// an offset. While stepping it stands still where it was set, so that each job
// sees it at its own due time.
type clock struct {
	// What happens around a move; any may be nil. settle lets work that was begun
	// end before it, keep remembers the offset for the next start, and follow has
	// those who live by this clock do what has become due.
	settle func(ctx context.Context) error
	keep   func(ctx context.Context, offset time.Duration) error
	follow func(ctx context.Context) error

	mu     sync.Mutex
	offset time.Duration
	still  time.Time // where the clock stands; zero while it goes on
}

var _ job.Clock = (*clock)(nil)

// Now returns the time to the microsecond, which is how finely instants are kept.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.still.IsZero() {
		return c.still
	}
	return wall().Add(c.offset).Truncate(time.Microsecond)
}

// wall is the machine's own clock, and the only place that asks for it.
func wall() time.Time { return time.Now().UTC().Round(0) }

// Set moves the clock to t, from where it goes on unless it stands.
func (c *clock) Set(ctx context.Context, t time.Time) error {
	if c.settle != nil {
		if err := c.settle(ctx); err != nil {
			return err
		}
	}
	t = t.UTC().Truncate(time.Microsecond)
	offset := t.Sub(wall())
	if c.keep != nil {
		if err := c.keep(ctx, offset); err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.offset = offset
	if !c.still.IsZero() {
		c.still = t
	}
	c.mu.Unlock()
	if c.follow == nil {
		return nil
	}
	return c.follow(ctx)
}

// stand stops the clock until goOn; meanwhile only Set moves it.
func (c *clock) stand() {
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.still = now
}

// goOn lets the clock go on from where it stands.
func (c *clock) goOn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset, c.still = c.still.Sub(wall()), time.Time{}
}

// take moves the clock by what another process has kept, forward only.
func (c *clock) take(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.still.IsZero() && offset > c.offset {
		c.offset = offset
	}
}

// writeOffset and readOffset are how an offset stands in the database.
func writeOffset(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }

func readOffset(s string) time.Duration {
	us, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0 // it was never moved
	}
	return time.Duration(us) * time.Microsecond
}
