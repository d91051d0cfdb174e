package office

import "context"

// SweepOutbox is the part of the sweep that looks after deliveries and
// idempotency keys.
func (o *Office) SweepOutbox(ctx context.Context) error { return o.sweepOutbox(ctx) }
