package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/store"
)

// crossings are the instants of which staff are told when a receipt has waited past
// them, and by which event.
var crossings = []struct {
	crossing bank.Crossing
	kind     string
}{{bank.CrossedDue, "remittance.due"}, {bank.CrossedLate, "remittance.late"}}

// remindReceipts tells once of each receipt that should have been claimed by now, and
// once more when the promise to customers is broken (R-WIRE-10).
func (o *Office) remindReceipts(ctx context.Context) error {
	for _, c := range crossings {
		for {
			var waiting []bank.Remittance
			err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
				waiting, err = tx.ReceiptsPast(ctx, c.crossing, o.Now(), sweepMax)
				return err
			})
			if err != nil || len(waiting) == 0 {
				if err != nil {
					return err
				}
				break
			}
			if err := o.Store.Update(ctx, func(tx *store.Tx) error {
				var events []Event
				for _, r := range waiting {
					isNew, err := tx.AddReceiptReminder(ctx, r.ID, c.crossing, o.Now())
					if err != nil {
						return err
					}
					if isNew { // another node's sweep may have told it
						events = append(events, Event{Kind: c.kind, Subject: string(r.ID), Data: r})
					}
				}
				return o.emitAll(ctx, tx, events)
			}); err != nil {
				return err
			}
		}
	}
	return nil
}
