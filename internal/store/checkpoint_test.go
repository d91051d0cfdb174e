package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// TestTheLogIsWrittenBackBesideWriters: what was committed comes into SQLite's file
// without anybody's commit having to carry it there, and again after a pause.
func TestTheLogIsWrittenBackBesideWriters(t *testing.T) {
	ctx, url := t.Context(), storetest.URL(t, storetest.SQLite)
	s := storetest.Reopen(t, url)
	for n, name := range []string{"a", "b", "c"} {
		update(t, s, func(tx *store.Tx) error { return tx.AddEvents(ctx, manyEvents(name), nil) })
		want := 250 * (n + 1)
		for end := time.Now().Add(10 * time.Second); inTheFile(t, strings.TrimPrefix(url, "sqlite:")) != want; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("after ten seconds the file has not all of the %d events", want)
			}
		}
	}
}

// inTheFile counts the events in a database's file, without those in its log. It is 0
// while the file is being written.
func inTheFile(t *testing.T, path string) (n int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "alone.db")
	if err := os.WriteFile(alone, text, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+alone)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM events").Scan(&n); err != nil {
		return 0
	}
	return n
}
