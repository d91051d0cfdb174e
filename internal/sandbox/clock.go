package sandbox

import (
	"context"
	"strconv"
	"time"
)

// now is the sandbox's time: the base clock and the offset.
func (w *World) now() time.Time {
	return w.options.Now().Add(time.Duration(w.offset.Load())).UTC()
}

// Now returns the time by the sandbox's clock.
func (w *World) Now() time.Time { return w.now() }

// SetClock makes the sandbox's clock run ahead of its base clock by offset
// (behind, if negative) and does what has become due. The offset is kept in
// the state.
func (w *World) SetClock(offset time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.store.setMeta("clock_offset_ns", strconv.FormatInt(int64(offset), 10)); err != nil {
		return err
	}
	w.offset.Store(int64(offset))
	w.wakeUp()
	return w.doDue()
}

// Advance moves the sandbox's clock by d, like SetClock.
func (w *World) Advance(d time.Duration) error {
	return w.SetClock(time.Duration(w.offset.Load()) + d)
}

// Tick does what is due by the sandbox's clock and delivers every webhook that
// is due, once each. It returns when there is nothing left to do for now.
func (w *World) Tick(ctx context.Context) error {
	w.mu.Lock()
	err := w.doDue()
	w.mu.Unlock()
	if err != nil {
		return err
	}
	return w.deliverDue(ctx)
}

// tickEvery is how often Run looks at the clock when nothing wakes it.
const tickEvery = time.Second

// Run ticks until ctx is done: at once when a webhook is waiting, and every
// second for what becomes due by the clock.
func (w *World) Run(ctx context.Context) error {
	every := time.NewTicker(tickEvery)
	defer every.Stop()
	for {
		if err := w.Tick(ctx); err != nil && ctx.Err() == nil {
			w.options.Logger.Error("sandbox tick", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.wake:
		case <-every.C:
		}
	}
}

// wakeUp lets Run look for work at once.
func (w *World) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
