package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

func TestAFullDiskIsSaidAndNothingIsHalfDone(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite)
	ctx := context.Background()
	fill := func(name, value string) error {
		return s.Update(ctx, func(tx *store.Tx) error {
			if err := tx.Set(ctx, name, "first"); err != nil {
				return err
			}
			return tx.Set(ctx, name, value)
		})
	}
	var pages int64
	err := s.Update(ctx, func(tx *store.Tx) error { return tx.Scan(ctx, &pages, `PRAGMA max_page_count = 1`) })
	if err != nil || pages == 0 {
		t.Fatalf("the file is not bounded: %v, %d pages", err, pages)
	}
	err = fill("big", strings.Repeat("x", 1<<20))
	if !errors.Is(err, store.ErrDiskFull) {
		t.Errorf("got %v, want disk_full", err)
	}
	var kept string
	if err := s.View(ctx, func(tx *store.Tx) (err error) { kept, err = tx.Setting(ctx, "big"); return err }); err != nil || kept != "" {
		t.Errorf("got %q, %v; want nothing kept of what was refused", kept, err)
	}
}
