package office

import (
	"context"
	"fmt"
	"slices"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/webhook"
)

// EventKinds are the kinds of events that the office emits, and nothing else: an
// endpoint that asks for another one would never hear anything.
var EventKinds = []string{
	"account.opened", "account.changed", "account.suspended", "account.resumed", "account.closed", "account.closing", "account.reopened", "account.suspend_requested",
	"agreement.opened", "agreement.waiting", "agreement.kept", "agreement.refused", "agreement.lapsed",
	"payment_method.added", "payment_method.challenged", "payment_method.activated", "payment_method.rejected",
	"payment_method.preferred", "payment_method.withdrawn", "payment_method.restored", "payment_method.expired",
	"payment_method.revoked", "payment_method.detached",
	"hold.placed", "hold.declined", "hold.renewed", "hold.captured", "hold.released", "hold.expired",
	"debt.opened", "debt.paid", "debt.reopened", "debt.cancelled", "debt.written_off",
	"payment.opened", "payment.challenged", "payment.lost", "payment.succeeded", "payment.declined", "payment.cancelled",
	"refund.opened", "refund.succeeded", "refund.failed", "refund.to_balance",
	"bill.issued", "bill.paid", "bill.overdue",
	"cash_application.made", "cash_application.undone",
	"credit_line.proposed", "credit_line.approved", "credit_line.refused", "credit_line.withdrawn", "credit_line.closed",
	"withdrawal.proposed", "withdrawal.approved", "withdrawal.refused", "withdrawal.dropped", "withdrawal.sent",
	"identity_check.opened", "identity_check.submitted", "identity_check.approved", "identity_check.rejected", "identity_check.expired",
	"order.placed", "order.paid", "order.lapsed", "order.cancelled", "order.blocked", "order.unblocked", "order.refused",
	"remittance.received", "remittance.due", "remittance.late", "remittance.returning", "remittance.kept", "remittance.ended",
	"claim.proposed", "claim.credited", "claim.refused", "claim.withdrawn", "claim.reversed",
	"receiving_change.proposed", "receiving_change.agreed", "receiving_change.refused", "receiving_change.withdrawn",
	"receiving_account.opened", "receiving_account.closed", "virtual_account.assigned", "number_pool.low", "number_pool.exhausted",
	"subscription.started", "subscription.renewed", "subscription.upgraded", "subscription.changed", "subscription.ended", "subscription.cancelled",
}

// Event is something that happened, to be told to the platform.
type Event struct {
	Kind    string // one of EventKinds
	Account account.ID
	Subject string // the id of what it happened to
	Data    any    // the whole object as it is now, a value of the rules
}

// emit puts an event into the outbox in the transaction that made it happen: the
// event, a delivery for each endpoint that hears of its kind, and a job for each
// delivery. Nothing is sent before the commit, and nothing is lost after it.
func (o *Office) emit(ctx context.Context, tx *store.Tx, e Event) error {
	if !slices.Contains(EventKinds, e.Kind) {
		return fmt.Errorf("office: the event %q is not among EventKinds", e.Kind)
	}
	now := o.Now()
	event, err := webhook.NewEvent(o.IDs.New("evt"), now, e.Kind, e.Account, e.Subject, e.Data)
	if err != nil {
		return err
	}
	if err := tx.AddEvent(ctx, event); err != nil {
		return err
	}
	endpoints, err := tx.EnabledEndpoints(ctx)
	if err != nil {
		return err
	}
	for _, endpoint := range endpoints {
		if !endpoint.Hears(e.Kind) {
			continue
		}
		d := webhook.Delivery{
			ID: o.IDs.New("dlv"), EndpointID: endpoint.ID, EventID: event.ID,
			State: webhook.Waiting, NextAt: now, CreatedAt: now,
		}
		if _, err := tx.AddDelivery(ctx, d); err != nil {
			return err
		}
		if err := o.planDelivery(ctx, tx, d); err != nil {
			return err
		}
	}
	return o.tellCustomers(ctx, tx, []Event{e})
}

// emitAll is emit for many events, with a fixed number of statements. When they are
// very many, customers are told of them soon after.
func (o *Office) emitAll(ctx context.Context, tx *store.Tx, all []Event) error {
	endpoints, err := tx.EnabledEndpoints(ctx)
	if err != nil {
		return err
	}
	beside, after := all, "" // the events come behind it
	if others := slices.DeleteFunc(slices.Clone(all), Event.isToldLater); len(all)-len(others) > toldBeside && tx.SortsIDs() {
		beside, after = others, o.IDs.New("evt")
	}
	now := o.Now()
	events := make([]webhook.Event, len(all))
	var deliveries []webhook.Delivery
	var jobs []job.Job
	for i, e := range all {
		if !slices.Contains(EventKinds, e.Kind) {
			return fmt.Errorf("office: the event %q is not among EventKinds", e.Kind)
		}
		if events[i], err = webhook.NewEvent(o.IDs.New("evt"), now, e.Kind, e.Account, e.Subject, e.Data); err != nil {
			return err
		}
		for _, endpoint := range endpoints {
			if endpoint.Hears(e.Kind) {
				d := webhook.Delivery{ID: o.IDs.New("dlv"), EndpointID: endpoint.ID, EventID: events[i].ID, State: webhook.Waiting, NextAt: now, CreatedAt: now}
				deliveries, jobs = append(deliveries, d), append(jobs, deliveryJob(d))
			}
		}
	}
	if err := tx.AddEvents(ctx, events, deliveries); err != nil {
		return err
	}
	if err := tx.Enqueue(ctx, jobs...); err != nil {
		return err
	}
	if after != "" {
		if err := o.tellLater(ctx, tx, after, events[len(events)-1].ID); err != nil {
			return err
		}
	}
	return o.tellCustomers(ctx, tx, beside)
}

// bookAll gives entries their ids and instant and writes them.
func (o *Office) bookAll(ctx context.Context, tx *store.Tx, all []ledger.Entry) error {
	now := o.Now()
	for i := range all {
		all[i].ID, all[i].BookedAt = o.IDs.New("ent_"), now
	}
	return tx.BookAll(ctx, all)
}

// EventFilter says which events are wanted; an empty field means all.
type EventFilter struct {
	Account account.ID
	Kind    string
}

// ListEvents lists events, newest first.
func (o *Office) ListEvents(ctx context.Context, by access.Caller, f EventFilter, p Page) (events []webhook.Event, next string, err error) {
	if err := by.May(access.WebhooksRead); err != nil {
		return nil, "", err
	}
	if by.Account != "" {
		if f.Account != "" && f.Account != by.Account {
			return nil, "", nil
		}
		f.Account = by.Account
	}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		events, err = tx.Events(ctx, store.EventFilter{Account: f.Account, Kind: f.Kind, Before: p.After}, p.Limit+1)
		return err
	})
	events, next = cut(events, p, func(e webhook.Event) string { return e.ID })
	return events, next, err
}

// Event fetches an event.
func (o *Office) Event(ctx context.Context, by access.Caller, id string) (webhook.Event, error) {
	var e webhook.Event
	if err := by.May(access.WebhooksRead); err != nil {
		return e, err
	}
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		e, err = tx.Event(ctx, id)
		return err
	})
	if err == nil && by.MayTouch(e.Account) != nil {
		return webhook.Event{}, webhook.ErrEventNotFound
	}
	return e, err
}
