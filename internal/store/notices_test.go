package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// someAccount adds an account.
func someAccount(t *testing.T, s *store.Store, id account.ID) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		_, err := tx.AddAccount(t.Context(), account.Account{
			ID: id, Reference: string(id), Kind: account.Individual, Name: "N", Country: "US", Currency: "USD", Zone: "UTC", Email: "a@example.com", Language: "en",
			State: account.Active, RegisteredAt: noon, CreatedAt: noon,
		})
		return err
	})
}

// tell adds a notice and its letter.
func tell(t *testing.T, s *store.Store, n store.Notice, always bool) {
	t.Helper()
	n.CreatedAt = noon
	update(t, s, func(tx *store.Tx) error {
		some := []store.Notice{n}
		return errors.Join(tx.AddNotices(t.Context(), some), tx.AddLetters(t.Context(), some, func(string) bool { return always }))
	})
}

func letterIDs(t *testing.T, s *store.Store, f store.LetterFilter, limit int) []string {
	t.Helper()
	var ids []string
	view(t, s, func(tx *store.Tx) error {
		list, err := tx.Letters(t.Context(), f, limit)
		for _, l := range list {
			ids = append(ids, l.Message)
		}
		return err
	})
	return ids
}

func TestANoticeIsKeptOnceAndSoIsItsLetter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		someAccount(t, s, "acct_1")
		someAccount(t, s, "acct_2")
		update(t, s, func(tx *store.Tx) error {
			return errors.Join(tx.ChooseMail(t.Context(), "acct_1", "b", true), tx.ChooseMail(t.Context(), "acct_1", "b", false), tx.ChooseMail(t.Context(), "acct_2", "b", true))
		})
		facts := mail.Facts{"amount": "5.00 USD"}
		for _, n := range []struct {
			store.Notice
			always bool
		}{
			{store.Notice{ID: "msg_1", Account: "acct_1", Kind: "a", Subject: "x", Detail: facts}, false},
			{store.Notice{ID: "msg_2", Account: "acct_1", Kind: "a", Subject: "x"}, true}, // again
			{store.Notice{ID: "msg_3", Account: "acct_1", Kind: "b", Subject: "x"}, false},
			{store.Notice{ID: "msg_4", Account: "acct_1", Kind: "b", Subject: "y"}, true},
			{store.Notice{ID: "msg_5", Account: "acct_2", Kind: "b", Subject: "z"}, false},
		} {
			tell(t, s, n.Notice, n.always)
		}
		view(t, s, func(tx *store.Tx) error {
			list, err := tx.Notices(t.Context(), "acct_1", "", 10)
			if err != nil || len(list) != 3 || list[0].ID != "msg_4" || list[2].Detail["amount"] != "5.00 USD" || !list[2].ReadAt.IsZero() {
				t.Errorf("got %+v, %v, want three, the newest first", list, err)
			}
			if list, err = tx.Notices(t.Context(), "acct_1", "msg_3", 10); err != nil || len(list) != 1 || list[0].ID != "msg_1" {
				t.Errorf("got %+v, %v, want what is before msg_3", list, err)
			}
			if _, err := tx.Letter(t.Context(), "msg_3"); !errors.Is(err, mail.ErrLetterNotFound) {
				t.Errorf("got %v, want no letter of a kind that is not wanted", err)
			}
			chosen, err := tx.MailChoices(t.Context(), "acct_1")
			if err != nil || len(chosen) != 1 || chosen["b"] {
				t.Errorf("got %v, %v, want the later choice", chosen, err)
			}
			return nil
		})
		for _, c := range []struct {
			filter store.LetterFilter
			want   []string
		}{
			{store.LetterFilter{}, []string{"msg_5", "msg_4", "msg_1"}},
			{store.LetterFilter{Before: "msg_5"}, []string{"msg_4", "msg_1"}},
			{store.LetterFilter{Account: "acct_1"}, []string{"msg_4", "msg_1"}},
			{store.LetterFilter{Account: "acct_1", Before: "msg_4", State: mail.Waiting}, []string{"msg_1"}},
			{store.LetterFilter{State: mail.Sent}, nil},
		} {
			if got := letterIDs(t, s, c.filter, 10); !slices.Equal(got, c.want) {
				t.Errorf("%+v: got %v, want %v", c.filter, got, c.want)
			}
		}
	})
}

func TestNoticesAreReadOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i := range 4 {
			tell(t, s, store.Notice{ID: fmt.Sprintf("msg_%d", i), Account: "acct_1", Kind: "a", Subject: fmt.Sprint(i)}, true)
		}
		tell(t, s, store.Notice{ID: "msg_9", Account: "acct_2", Kind: "a", Subject: "9"}, true)
		update(t, s, func(tx *store.Tx) error {
			return errors.Join(tx.ReadNotice(t.Context(), "acct_1", "msg_1", noon), tx.ReadNotice(t.Context(), "acct_1", "msg_9", noon), tx.ReadNotices(t.Context(), "acct_1", "msg_2", noon.Add(time.Hour)))
		})
		view(t, s, func(tx *store.Tx) error {
			n, err := tx.Notice(t.Context(), "msg_1")
			if err != nil || !n.ReadAt.Equal(noon) {
				t.Errorf("got it read at %s, %v, want the first reading kept", n.ReadAt, err)
			}
			if _, err := tx.Notice(t.Context(), "msg_none"); !errors.Is(err, mail.ErrMessageNotFound) {
				t.Errorf("got %v, want message_not_found", err)
			}
			for id, want := range map[account.ID]int{"acct_1": 1, "acct_2": 1, "acct_3": 0} {
				if got, err := tx.UnreadNotices(t.Context(), id, 100); err != nil || got != want {
					t.Errorf("%s: got %d unread, %v, want %d", id, got, err, want)
				}
			}
			return nil
		})
	})
}

func TestALetterIsSavedAndFoundWhenItIsDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i := range 4 {
			tell(t, s, store.Notice{ID: fmt.Sprintf("msg_%d", i), Account: "acct_1", Kind: "a", Subject: fmt.Sprint(i)}, true)
		}
		sent := mail.Letter{
			Message: "msg_0", Account: "acct_1", Kind: "a", State: mail.Sent, Attempts: 2, Doubts: 1, BegunAt: noon, Recipient: "a@example.com", Language: "ja",
			Reason: "r", Answer: "250", Title: "T", Text: "X", EndedAt: noon.Add(time.Minute), CreatedAt: noon,
		}
		update(t, s, func(tx *store.Tx) error {
			locked, err := tx.LockLetter(t.Context(), "msg_1")
			if err != nil || locked.State != mail.Waiting || !locked.NextAt.Equal(noon) {
				t.Errorf("got %+v, %v, want it waiting since it was added", locked, err)
			}
			return errors.Join(err, tx.SaveLetter(t.Context(), sent),
				tx.SaveLetter(t.Context(), mail.Letter{Message: "msg_1", State: mail.Sending, BegunAt: noon.Add(-time.Hour)}),
				tx.SaveLetter(t.Context(), mail.Letter{Message: "msg_2", State: mail.Waiting, NextAt: noon.Add(time.Hour), BegunAt: noon.Add(-2 * time.Hour)}))
		})
		view(t, s, func(tx *store.Tx) error {
			if got, err := tx.Letter(t.Context(), "msg_0"); err != nil || got != sent {
				t.Errorf("got %+v, %v, want %+v", got, err, sent)
			}
			if got, err := tx.DueLetters(t.Context(), noon.Add(time.Second), 10); err != nil || !slices.Equal(got, []string{"msg_1", "msg_3"}) {
				t.Errorf("got %v, %v, want the one that is being sent since an hour, and the one that waits", got, err)
			}
			return nil
		})
	})
}

func TestCardsThatEndWithAMonthAreFoundUntilTheyAreTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		someAccount(t, s, "acct_1")
		end := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		card := func(id payment.MethodID, state payment.MethodState, month, year int, bound time.Time) payment.Method {
			m := payment.Method{ID: id, Account: "acct_1", Kind: payment.CardKind, State: state, CreatedAt: bound, UpdatedAt: bound}
			m.Card.Fingerprint, m.Card.ExpMonth, m.Card.ExpYear = payment.Fingerprint(id), month, year
			return m
		}
		update(t, s, func(tx *store.Tx) error {
			for _, m := range []payment.Method{
				card("pm_1", payment.Active, 5, 2026, noon), card("pm_2", payment.Active, 5, 2026, noon), card("pm_3", payment.Active, 5, 2027, noon), card("pm_4", payment.Active, 6, 2026, noon),
				card("pm_5", payment.Detached, 5, 2026, noon), card("pm_6", payment.Active, 5, 2026, end),
			} {
				if _, err := tx.AddMethod(t.Context(), m); err != nil {
					return err
				}
			}
			return nil
		})
		find := func(ctx context.Context) (ids []payment.MethodID) {
			view(t, s, func(tx *store.Tx) error {
				list, err := tx.ExpiringCards(ctx, end, noon.Add(time.Hour), "card_expiring", "/2026-04-15", 10)
				for _, m := range list {
					ids = append(ids, m.ID)
				}
				return err
			})
			return ids
		}
		if got := find(t.Context()); !slices.Equal(got, []payment.MethodID{"pm_1", "pm_2"}) {
			t.Errorf("got %v, want the two that end with the month", got)
		}
		tell(t, s, store.Notice{ID: "msg_1", Account: "acct_1", Kind: "card_expiring", Subject: "pm_1/2026-04-15"}, true)
		tell(t, s, store.Notice{ID: "msg_2", Account: "acct_1", Kind: "card_expiring", Subject: "pm_2/2026-04-01"}, true)
		if got := find(t.Context()); !slices.Equal(got, []payment.MethodID{"pm_2"}) {
			t.Errorf("got %v, want the one that was told on another day alone", got)
		}
	})
}
