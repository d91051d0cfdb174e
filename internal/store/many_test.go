package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
	"github.com/bursar-pay/bursar/internal/webhook"
)

// TestManyAreWrittenAsOneEachWouldBe writes the same entries, records and events
// singly for some customers and together for others, and compares.
func TestManyAreWrittenAsOneEachWouldBe(t *testing.T) {
	const customers, each = 7, 90
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		of := func(way string, n int) account.ID { return account.ID(fmt.Sprintf("acct_%s_%d", way, n%customers)) }
		made := func(way string, n int) (ledger.Entry, store.Record, webhook.Event) {
			id := fmt.Sprintf("%s_%04d", way, n)
			e, err := ledger.AppliedToOrder("app_"+id, of(way, n), money.Amount{Minor: int64(n + 1), Currency: "EUR"})
			if err != nil {
				t.Fatal(err)
			}
			e.ID, e.BookedAt = "ent_"+id, noon
			r := store.Record{Chain: string(of(way, n)), At: noon, By: "job", Action: "cash.applied", Subject: e.Subject, Detail: `{"n":1}`}
			v := webhook.Event{ID: "evt_" + id, Account: of(way, n), Kind: "debt.paid", Subject: e.Subject, Version: 1, Payload: []byte(`{"a":"ü"}`), CreatedAt: noon}
			return e, r, v
		}
		endpoint := webhook.Endpoint{ID: "whe_1", URL: "https://example.com/", State: webhook.Enabled, CreatedAt: noon}
		update(t, s, func(tx *store.Tx) error { return tx.AddEndpoint(ctx, endpoint) })
		update(t, s, func(tx *store.Tx) error {
			for n := range each {
				e, r, v := made("one", n)
				if err := tx.Book(ctx, e); err != nil {
					return err
				}
				if err := tx.Audit(ctx, r, map[string]int{"n": 1}); err != nil {
					return err
				}
				if err := tx.AddEvent(ctx, v); err != nil {
					return err
				}
			}
			return nil
		})
		for part := range 3 { // the second and third find balances and chains begun
			update(t, s, func(tx *store.Tx) error {
				var entries []ledger.Entry
				var records []store.Record
				var events []webhook.Event
				var deliveries []webhook.Delivery
				for n := part * each / 3; n < (part+1)*each/3; n++ {
					e, r, v := made("all", n)
					entries, records, events = append(entries, e), append(records, r), append(events, v)
					deliveries = append(deliveries, webhook.Delivery{ID: "dlv_" + v.ID, EndpointID: endpoint.ID, EventID: v.ID, State: webhook.Waiting, NextAt: noon, CreatedAt: noon})
				}
				if err := tx.AuditAll(ctx, records[:1]); err != nil { // its chain goes on in the same transaction
					return err
				}
				if err := tx.AuditAll(ctx, records[1:]); err != nil {
					return err
				}
				if err := tx.BookAll(ctx, entries); err != nil {
					return err
				}
				return tx.AddEvents(ctx, events, deliveries)
			})
		}
		view(t, s, func(tx *store.Tx) error {
			for n := range customers {
				var balances [2]money.Amount
				var entries [2][]ledger.Entry
				var err error
				for i, way := range []string{"one", "all"} {
					if balances[i], err = tx.Balance(ctx, of(way, n), ledger.CustomerBalance, "EUR"); err != nil {
						return err
					}
					if entries[i], err = tx.Entries(ctx, of(way, n), "", each); err != nil {
						return err
					}
				}
				if balances[0] != balances[1] || len(entries[0]) != len(entries[1]) || !balances[0].IsPositive() {
					t.Errorf("customer %d: together %v and %d entries, want %v and %d", n, balances[1], len(entries[1]), balances[0], len(entries[0]))
				}
				kept, err := tx.Balances(ctx, []account.ID{of("all", n), "acct_none"}, ledger.CustomerBalance)
				if err != nil || len(kept) != 1 || !slices.Equal(kept[of("all", n)], balances[:1]) {
					t.Errorf("customer %d: got balances %v, %v, want %v", n, kept, err, balances[0])
				}
			}
			return nil
		})
		report, err := s.Verify(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range report.Checks {
			if slices.Contains([]string{"entries_balance", "balances", "audit"}, c.Name) && (!c.OK() || c.Counted == 0) {
				t.Errorf("%s: got %d problems in %d rows, such as %v, want none", c.Name, c.Total, c.Counted, c.Problems)
			}
		}
		var sent []webhook.Delivery
		view(t, s, func(tx *store.Tx) (err error) {
			sent, err = tx.Deliveries(ctx, endpoint.ID, "", each+1)
			return err
		})
		if len(sent) != each || !sent[0].NextAt.Equal(noon) {
			t.Errorf("got %d deliveries, want %d", len(sent), each)
		}
	})
}
