package office

import (
	"context"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/fault"
)

// What may stand against moving the clock.
var (
	ErrClockReal  = fault.New(fault.Conflict, "clock_real", "the clock cannot be advanced where a real provider is configured").WithNext("use a sandbox installation")
	ErrClockSpan  = fault.New(fault.Invalid, "clock_span", "the clock is advanced by more than nothing and at most 400 days at a time").WithNext("write a span like 31d, 12h or 90m")
	advanceAtMost = 400 * 24 * time.Hour
)

// AdvanceClock moves a sandbox installation's clock, living through everything
// that falls due on the way, and returns the time it is then.
func (o *Office) AdvanceClock(ctx context.Context, by access.Caller, span time.Duration) (time.Time, error) {
	if err := by.May(access.ClockWrite); err != nil {
		return o.Now(), err
	}
	if o.Live || o.Advance == nil {
		return o.Now(), ErrClockReal
	}
	if span <= 0 || span > advanceAtMost {
		return o.Now(), ErrClockSpan
	}
	if err := o.Advance(ctx, o.Now().Add(span)); err != nil {
		return o.Now(), err
	}
	return o.Now(), nil
}
