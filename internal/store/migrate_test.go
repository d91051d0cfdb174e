package store_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

func TestMigrateMayRunAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if err := s.Update(t.Context(), func(tx *store.Tx) error { return mark(t.Context(), tx, "a", "kept") }); err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Migrated(t.Context()); err != nil {
			t.Errorf("the database counts as %v, want migrated", err)
		}
		if got := marked(t, s, "a"); got != "kept" {
			t.Errorf("value is %q, want kept", got)
		}
	})
}

func TestSeveralStartsMigrateAtOnce(t *testing.T) {
	const starts = 4
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			url := storetest.EmptyURL(t, engine)
			var ready, done sync.WaitGroup
			ready.Add(starts)
			for range starts {
				done.Go(func() {
					s, err := store.Open(t.Context(), url, store.Options{Conns: 4, River: true})
					ready.Done()
					if err != nil {
						t.Error(err)
						return
					}
					defer s.Close()
					ready.Wait()
					if err := s.Migrate(t.Context()); err != nil {
						t.Errorf("one of %d starts: %v", starts, err)
					}
					if err := s.Migrated(t.Context()); err != nil {
						t.Errorf("after one of %d starts the database counts as %v", starts, err)
					}
				})
			}
			done.Wait()
		})
	}
}

func TestADatabaseWithoutTablesIsNotMigrated(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			s := storetest.Reopen(t, storetest.EmptyURL(t, engine))
			if err := s.Migrated(t.Context()); !errors.Is(err, store.ErrNotMigrated) {
				t.Errorf("an empty database counts as %v, want %v", err, store.ErrNotMigrated)
			}
		})
	}
}

func TestADatabaseOfANewerVersionIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		flag := "true"
		if s.Engine() == storetest.SQLite {
			flag = "1"
		}
		if err := run(t, s, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, `+flag+`)`); err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); !errors.Is(err, store.ErrNewerDatabase) {
			t.Errorf("migrating gives %v, want %v", err, store.ErrNewerDatabase)
		}
		if err := s.Migrated(t.Context()); !errors.Is(err, store.ErrNewerDatabase) {
			t.Errorf("the database counts as %v, want %v", err, store.ErrNewerDatabase)
		}
	})
}
