package office

import (
	"context"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

const (
	toldBeside = 100 // events whose messages are written with them
	toldAtOnce = 500 // events that one transaction of the job tells
)

// toldKinds are the kinds of events that many are emitted of at once and that mean
// something to customers. Others are told beside them, however many they are.
var toldKinds = []string{"claim.credited", "debt.paid", "bill.paid"}

func (e Event) isToldLater() bool { return slices.Contains(toldKinds, e.Kind) }

// tellCustomers tells customers what events mean to them, where they mean something.
// What an event does not know is told by notify where it happens.
func (o *Office) tellCustomers(ctx context.Context, tx *store.Tx, events []Event) error {
	var words []word
	for _, e := range events {
		if h, isHold := e.Data.(payment.Hold); isHold {
			if err := o.tellHolder(ctx, tx, e.Kind, h); err != nil {
				return err
			}
			continue
		}
		if kind, facts := meaning(e); kind != "" {
			words = append(words, word{e.Account, kind, e.Subject, facts})
		}
	}
	return o.notifyAll(ctx, tx, words)
}

// tellLater has a job tell customers what events mean to them: those behind one id up
// to another. So who writes ten thousand events does not hold everybody up for twenty
// thousand rows that nobody waits for; and nothing is lost, since the job is kept with
// the events.
func (o *Office) tellLater(ctx context.Context, tx *store.Tx, after, last string) error {
	return tx.Enqueue(ctx, job.Job{Kind: tellCustomers, Subject: after + " " + last, Once: true})
}

// tellCustomersJob is safe to run twice: what a customer was told, they are not told
// again. Events of others that are between the ids have been told, or are now.
func (o *Office) tellCustomersJob(ctx context.Context, subject string) error {
	after, last, _ := strings.Cut(subject, " ")
	for more := true; more; {
		err := o.Store.Update(ctx, func(tx *store.Tx) error {
			events, upTo, err := fetchTold(ctx, tx, after, last, toldAtOnce)
			if err != nil {
				return err
			}
			more = len(events) == toldAtOnce
			tx.AfterCommit(func() { after = upTo })
			return o.tellCustomers(ctx, tx, events)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fetchTold fetches events of toldKinds behind one id up to another, with what they are
// about, and the id of the last of them. What is not so any more is without what it is
// about: the customer has been told what became of it.
func fetchTold(ctx context.Context, tx *store.Tx, after, last string, most int) (events []Event, upTo string, err error) {
	found, err := tx.EventsUpTo(ctx, after, last, toldKinds, most)
	if err != nil {
		return nil, "", err
	}
	for _, e := range found {
		events, upTo = append(events, Event{Kind: e.Kind, Account: e.Account, Subject: e.Subject}), e.ID
	}
	claims, err := tx.ClaimsByID(ctx, subjectsOf[bank.ClaimID](events, "claim.credited"))
	if err != nil {
		return nil, "", err
	}
	debts, err := tx.DebtsByID(ctx, subjectsOf[billing.DebtID](events, "debt.paid"))
	if err != nil {
		return nil, "", err
	}
	bills, err := tx.BillsByID(ctx, subjectsOf[billing.BillID](events, "bill.paid"))
	if err != nil {
		return nil, "", err
	}
	objects := make(map[string]any, len(events))
	for _, c := range claims {
		if c.State == bank.ClaimCredited {
			objects[string(c.ID)] = c
		}
	}
	for id, d := range debts {
		if d.State == billing.Paid {
			objects[string(id)] = d
		}
	}
	for _, b := range bills {
		if b.IsPaid() {
			objects[string(b.ID)] = b
		}
	}
	for i, e := range events {
		events[i].Data = objects[e.Subject]
	}
	return events, upTo, nil
}

// subjectsOf are the ids of what events of a kind are about.
func subjectsOf[ID ~string](events []Event, kind string) []ID {
	var ids []ID
	for _, e := range events {
		if e.Kind == kind {
			ids = append(ids, ID(e.Subject))
		}
	}
	return ids
}
