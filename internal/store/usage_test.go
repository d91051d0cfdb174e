package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// usageOf makes lines first to last of one product, a micro-unit each.
func usageOf(first, last int) ([]store.UsageLine, []store.ExposureDelta) {
	var lines []store.UsageLine
	for n := first; n <= last; n++ {
		l := billing.Line{Account: "acct_1", ID: fmt.Sprint("line ", n), Product: "compute", Amount: money.Exact{Micro: 1, Currency: "USD"}, StartedAt: time.UnixMicro(1)}
		l.Content[0] = byte(n)
		lines = append(lines, store.UsageLine{Line: l, Collection: 1})
	}
	d := store.ExposureDelta{Account: "acct_1", Collection: 1, Product: "compute", Lines: int64(len(lines)), Usage: money.Exact{Micro: int64(len(lines)), Currency: "USD"}}
	return lines, []store.ExposureDelta{d}
}

// TestUsageTakenToBeNew adds few lines, and as many as PostgreSQL gets as a copy.
func TestUsageTakenToBeNew(t *testing.T) {
	for _, n := range []int{3, 300} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				add := func(first, last int) error {
					return s.Update(t.Context(), func(tx *store.Tx) error {
						lines, deltas := usageOf(first, last)
						return tx.AddNewUsage(t.Context(), lines, time.UnixMicro(2), deltas)
					})
				}
				if err := add(1, n); err != nil || s.IsTaken(err) {
					t.Fatalf("new lines: %v", err)
				}
				if err := add(n, 2*n); !s.IsTaken(err) {
					t.Errorf("with one that was there: got %v, want one that says so", err)
				}
				if lines, micro := exposure(t, s); lines != int64(n) || micro != int64(n) {
					t.Errorf("the exposure is %d of %d lines, want %d of %d", micro, lines, n, n)
				}
			})
		})
	}
}

func TestUsageThatMayRepeat(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var first, second []int
		var contents map[account.ID]map[string][16]byte
		err := s.Update(t.Context(), func(tx *store.Tx) (err error) {
			some, _ := usageOf(2, 3)
			all, _ := usageOf(1, 4)
			if first, err = tx.AddUsage(t.Context(), some, time.UnixMicro(2)); err != nil {
				return err
			}
			if second, err = tx.AddUsage(t.Context(), append(all, all[3]), time.UnixMicro(2)); err != nil {
				return err
			}
			contents, err = tx.UsageContents(t.Context(), all)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(second)
		if !slices.Equal(first, []int{0, 1}) || !slices.Equal(second, []int{0, 3}) {
			t.Errorf("inserted %v, then %v, want [0 1], then [0 3]", first, second)
		}
		if got := contents["acct_1"]; len(got) != 4 || got["line 3"][0] != 3 {
			t.Errorf("the contents are %v, want those of four lines", got)
		}
	})
}

func exposure(t *testing.T, s *store.Store) (lines, micro int64) {
	t.Helper()
	err := s.View(t.Context(), func(tx *store.Tx) error {
		found, err := tx.Exposures(t.Context(), billing.Collection{Account: "acct_1", Number: 1}, "USD")
		for _, e := range found {
			lines, micro = lines+e.Lines, micro+e.Usage.Micro
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines, micro
}

// TestWhatWaitsIsPartOfTheTransaction has a statement fail whose answer nobody
// waited for.
func TestWhatWaitsIsPartOfTheTransaction(t *testing.T) {
	cases := []struct {
		name string
		do   func(context.Context, *store.Tx) error
		want string // value of "a" afterwards
	}{
		{"all is well", func(ctx context.Context, tx *store.Tx) error { return tx.Change(ctx, setMark, "a", "2") }, "2"},
		{"a row that is not there", func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.Change(ctx, setMark, "a", "2"), tx.SetOverdue(ctx, "acct_none", time.Time{}))
		}, "1"},
		{"a row that is there", func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.Change(ctx, setMark, "a", "2"), tx.Change(ctx, `INSERT INTO installation (name, value) VALUES ('a', '3')`))
		}, "1"},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				reset := func(ctx context.Context, tx *store.Tx) error {
					_, err := tx.Exec(ctx, `DELETE FROM installation WHERE name = 'a'`)
					return errors.Join(err, mark(ctx, tx, "a", "1"))
				}
				if err := s.Update(t.Context(), func(tx *store.Tx) error { return reset(t.Context(), tx) }); err != nil {
					t.Fatal(err)
				}
				err := s.Update(t.Context(), func(tx *store.Tx) error { return c.do(t.Context(), tx) })
				if failed := err != nil; failed != (c.want == "1") {
					t.Errorf("update gives %v", err)
				}
				if got := marked(t, s, "a"); got != c.want {
					t.Errorf("value is %q, want %q", got, c.want)
				}
			})
		}
	})
}
