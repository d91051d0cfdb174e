// Package storetest runs tests of what is remembered on every engine: SQLite in a
// temporary file, and PostgreSQL in a database of a private server. A package
// that uses it has pgtest.Main in its TestMain.
package storetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/bursar-pay/bursar/internal/pgtest"
	"github.com/bursar-pay/bursar/internal/store"
)

// The engines, as Store.Engine names them.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Engines returns the names of all engines.
func Engines() []string { return []string{SQLite, Postgres} }

// Each runs a test once on each engine, at the same time, on a migrated and empty store whose jobs
// wait for a stepper.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(t, Open(t, engine))
		})
	}
}

// Open returns a migrated and empty store of the given engine, t's own, whose
// jobs wait for a stepper.
func Open(t testing.TB, engine string) *store.Store {
	t.Helper()
	return Reopen(t, URL(t, engine))
}

// Reopen opens another connection to a database that URL has named, as another
// process would.
func Reopen(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	s.UseQueue(store.StepperQueue(nil))
	return s
}

// URL returns the address of a migrated and empty database, t's own.
func URL(t testing.TB, engine string) string {
	t.Helper()
	if engine == Postgres {
		return pgtest.CloneURL(t, made.postgres(t))
	}
	path := filepath.Join(quickDir(t), "bursar.db")
	if err := os.WriteFile(path, made.sqlite(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// quickDir returns a directory of t's own, in memory where the machine has such a
// place: tests commit thousands of times, and none of them pulls the plug.
func quickDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "bursar-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// EmptyURL returns the address of a database without tables, t's own.
func EmptyURL(t testing.TB, engine string) string {
	t.Helper()
	if engine == Postgres {
		return pgtest.URL(t)
	}
	return "sqlite:" + filepath.Join(t.TempDir(), "bursar.db")
}

// made keeps the migrated databases of which every test gets a copy: to migrate
// takes longer than most tests.
var made templates

type templates struct {
	mu   sync.Mutex
	name string // of the one on PostgreSQL
	file []byte // the SQLite file
}

func (m *templates) postgres(t testing.TB) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.name != "" {
		return m.name
	}
	url, name, err := pgtest.Create("template0")
	if err != nil {
		t.Fatalf("a PostgreSQL database for tests: %v", err)
	}
	migrate(t, url)
	m.name = name
	return name
}

func (m *templates) sqlite(t testing.TB) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file != nil {
		return m.file
	}
	path := filepath.Join(t.TempDir(), "template.db")
	migrate(t, "sqlite:"+path)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m.file = b
	return b
}

func migrate(t testing.TB, url string) {
	ctx := context.Background()
	s, err := store.Open(ctx, url, store.Options{River: true})
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	if err := s.Migrate(ctx); err != nil {
		t.Fatalf("migrate the store: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("close the store: %v", err)
	}
}
