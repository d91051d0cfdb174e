package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// TestTickets keeps links and sessions as they were made, and uses each link up once.
func TestTickets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
		link := store.Ticket{Hash: []byte("link"), Kind: "link", Account: "acct_1", Subject: "/bills", ReturnURL: "https://cloud.example.com/b", ExpiresAt: now.Add(time.Minute)}
		session := store.Ticket{Hash: []byte("session"), Kind: "session", Account: "acct_1", OpenedAt: now, ProvedAt: now.Add(-time.Hour), ExpiresAt: now.Add(time.Hour)}
		unproved := store.Ticket{Hash: []byte("unproved"), Kind: "session", Account: "acct_1", OpenedAt: now, ExpiresAt: now.Add(time.Hour)}
		err := s.Update(ctx, func(tx *store.Tx) error {
			return errors.Join(tx.AddTicket(ctx, link), tx.AddTicket(ctx, session), tx.AddTicket(ctx, unproved))
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []store.Ticket{session, unproved} {
			var got store.Ticket
			err := s.View(ctx, func(tx *store.Tx) (err error) {
				got, err = tx.Ticket(ctx, want.Hash, "session", now)
				return err
			})
			if err != nil || !got.ProvedAt.Equal(want.ProvedAt) || !got.OpenedAt.Equal(now) || got.Account != want.Account {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		}
		use := func(kind string, at time.Time) (got store.Ticket, err error) {
			err = s.Update(ctx, func(tx *store.Tx) error {
				got, err = tx.UseTicket(ctx, link.Hash, kind, at)
				return err
			})
			return got, err
		}
		if _, err := use("session", now); !errors.Is(err, store.ErrTicket) {
			t.Errorf("a link as a session: got %v, want %v", err, store.ErrTicket)
		}
		if _, err := use("link", link.ExpiresAt); !errors.Is(err, store.ErrTicket) {
			t.Errorf("too late: got %v, want %v", err, store.ErrTicket)
		}
		if got, err := use("link", now); err != nil || got.Subject != "/bills" || got.ReturnURL != link.ReturnURL {
			t.Errorf("got %+v, %v, want what the link was made with", got, err)
		}
		if _, err := use("link", now); !errors.Is(err, store.ErrTicket) {
			t.Errorf("again: got %v, want %v", err, store.ErrTicket)
		}
	})
}
