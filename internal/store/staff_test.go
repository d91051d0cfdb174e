package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

var staffStart = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func aMember(id, email string) access.Member {
	return access.Member{
		ID: access.MemberID("mbr_" + id), Name: "Ada " + id, Email: email, Role: "finance", State: access.MemberActive, CreatedAt: staffStart, ChangedAt: staffStart,
	}
}

func addMember(t *testing.T, s *store.Store, m access.Member, want bool) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		added, err := tx.AddMember(t.Context(), m)
		if added != want {
			t.Errorf("add %s: got %t, want %t", m.ID, added, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOneActiveMemberHasAnAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		one, other := aMember("1", "ada@example.com"), aMember("2", "ada@example.com")
		addMember(t, s, one, true)
		addMember(t, s, other, false)
		one.State = access.MemberDisabled
		err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.SaveMember(t.Context(), one) })
		if err != nil {
			t.Fatal(err)
		}
		addMember(t, s, other, true)
		err = s.View(t.Context(), func(tx *store.Tx) error {
			got, err := tx.ActiveMember(t.Context(), "ada@example.com")
			if got != other {
				t.Errorf("active: got %+v, want %+v", got, other)
			}
			list, err2 := tx.Members(t.Context(), "", 10)
			if len(list) != 2 || list[0] != one || list[1] != other {
				t.Errorf("all: got %+v", list)
			}
			_, err3 := tx.Member(t.Context(), "mbr_none")
			if !errors.Is(err3, access.ErrMemberNotFound) {
				t.Errorf("none: got %v", err3)
			}
			return errors.Join(err, err2)
		})
		if err != nil {
			t.Fatal(err)
		}
		// Whoever runs a statement by hand cannot make two of them one, either.
		one.State = access.MemberActive
		if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.SaveMember(t.Context(), one) }); err == nil {
			t.Error("two active members have one address, want that refused")
		}
	})
}

func TestStaffTickets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, m := t.Context(), aMember("1", "ada@example.com")
		addMember(t, s, m, true)
		session := store.StaffTicket{
			Hash: []byte("session"), Kind: "session", Member: m.ID, Address: "192.0.2.1", MadeAt: staffStart, SeenAt: staffStart, ExpiresAt: staffStart.Add(8 * time.Hour),
		}
		link := store.StaffTicket{Hash: []byte("link"), Kind: "link", Member: m.ID, MadeAt: staffStart, SeenAt: staffStart, ExpiresAt: staffStart.Add(time.Minute)}
		change := func(do func(tx *store.Tx) error) {
			t.Helper()
			if err := s.Update(ctx, do); err != nil {
				t.Fatal(err)
			}
		}
		change(func(tx *store.Tx) error {
			return errors.Join(tx.AddStaffTicket(ctx, session), tx.AddStaffTicket(ctx, link))
		})
		find := func(hash string, after, idle time.Duration) error {
			return s.View(ctx, func(tx *store.Tx) error {
				now := staffStart.Add(after)
				_, got, err := tx.StaffSession(ctx, []byte(hash), now, now.Add(-idle))
				if err == nil && got != m {
					t.Errorf("got %+v, want %+v", got, m)
				}
				return err
			})
		}
		for _, c := range []struct {
			name  string
			hash  string
			after time.Duration
			want  error
		}{
			{"at once", "session", 0, nil},
			{"a moment before it is idle too long", "session", 15*time.Minute - time.Microsecond, nil},
			{"idle too long", "session", 15 * time.Minute, access.ErrStaffLink},
			{"a link is no session", "link", 0, access.ErrStaffLink},
			{"none", "none", 0, access.ErrStaffLink},
		} {
			if got := find(c.hash, c.after, 15*time.Minute); !errors.Is(got, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			}
		}
		later := staffStart.Add(7*time.Hour + 59*time.Minute)
		change(func(tx *store.Tx) error {
			return tx.TouchStaffSession(ctx, session.Hash, later, later.Add(-time.Minute))
		})
		if err := find("session", 8*time.Hour-time.Microsecond, 15*time.Minute); err != nil {
			t.Errorf("in use: got %v", err)
		}
		if err := find("session", 8*time.Hour, 15*time.Minute); !errors.Is(err, access.ErrStaffLink) {
			t.Errorf("after its time: got %v", err)
		}

		// A link is used once, and not after its time.
		use := func(now time.Time) error {
			return s.Update(ctx, func(tx *store.Tx) error {
				_, err := tx.EndStaffTicket(ctx, link.Hash, "link", now)
				return err
			})
		}
		if err := use(staffStart.Add(time.Minute)); !errors.Is(err, access.ErrStaffLink) {
			t.Errorf("late: got %v", err)
		}
		if err := errors.Join(use(staffStart)); err != nil {
			t.Errorf("in time: got %v", err)
		}
		if err := use(staffStart); !errors.Is(err, access.ErrStaffLink) {
			t.Errorf("again: got %v", err)
		}

		// One who is disabled is out, whatever they hold; and all that they hold can be ended.
		m.State = access.MemberDisabled
		change(func(tx *store.Tx) error { return tx.SaveMember(ctx, m) })
		if err := find("session", 0, 15*time.Minute); !errors.Is(err, access.ErrStaffLink) {
			t.Errorf("disabled: got %v", err)
		}
		change(func(tx *store.Tx) error {
			n, err := tx.EndStaffTickets(ctx, m.ID, staffStart)
			if n != 1 {
				t.Errorf("ended %d, want the session", n)
			}
			return err
		})
	})
}

func TestStaffRequestsAreCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for i, r := range []store.StaffRequest{
			{ID: "slr_1", Email: "ada@example.com", Address: "192.0.2.1", At: staffStart.Add(-25 * time.Hour)},
			{ID: "slr_2", Email: "ada@example.com", Address: "192.0.2.1", At: staffStart.Add(-time.Hour)},
			{ID: "slr_3", Email: "bea@example.com", Address: "192.0.2.1", At: staffStart},
			{ID: "slr_4", Email: "ada@example.com", Address: "192.0.2.2", At: staffStart},
			{ID: "slr_5", Email: "ada@example.com", Address: "192.0.2.1", At: staffStart},
		} {
			err := s.Update(ctx, func(tx *store.Tx) error { return tx.AddStaffRequest(ctx, r, r.At.Add(-24*time.Hour)) })
			if err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
		}
		err := s.View(ctx, func(tx *store.Tx) error {
			n, err := tx.CountStaffRequests(ctx, "192.0.2.1", staffStart.Add(-time.Hour))
			if n != 2 {
				t.Errorf("got %d of the address within an hour, want 2", n)
			}
			return errors.Join(err, wantRank(ctx, t, tx, "slr_5", 2), wantRank(ctx, t, tx, "slr_4", 1), wantRank(ctx, t, tx, "slr_1", 0))
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func wantRank(ctx context.Context, t *testing.T, tx *store.Tx, id string, want int) error {
	t.Helper()
	r, rank, err := tx.StaffRequest(ctx, id, time.Hour)
	if rank != want || want > 0 && r.ID != id {
		t.Errorf("%s: got %+v, number %d; want number %d", id, r, rank, want)
	}
	return err
}
