package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

var errRefused = errors.New("refused by the test")

const (
	setMark  = `INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	countAll = `SELECT count(*) FROM installation`
)

func mark(ctx context.Context, tx *store.Tx, name, value string) error {
	_, err := tx.Exec(ctx, setMark, name, value)
	return err
}

// marked returns the value that is kept under name, "" if none is.
func marked(t *testing.T, s *store.Store, name string) string {
	t.Helper()
	var value string
	err := s.View(t.Context(), func(tx *store.Tx) error {
		return tx.Scan(t.Context(), &value, `SELECT coalesce(max(value), '') FROM installation WHERE name = $1`, name)
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestUpdateKeepsWhatItCommitted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		after := 0
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			tx.AfterCommit(func() { after++ })
			return mark(t.Context(), tx, "a", "kept")
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := marked(t, s, "a"); got != "kept" {
			t.Errorf("value is %q, want kept", got)
		}
		if after != 1 {
			t.Errorf("what was to run after the commit ran %d times, want 1", after)
		}
	})
}

func TestUpdateThatEndsBadlyChangesNothing(t *testing.T) {
	endings := []struct {
		name string
		end  func() error
	}{
		{"an error", func() error { return errRefused }},
		{"a panic", func() error { panic(errRefused) }},
		{"the end of the goroutine", func() error { runtime.Goexit(); return nil }},
	}
	for _, e := range endings {
		t.Run(e.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				done := make(chan any)
				go func() {
					defer func() { recover(); close(done) }()
					_ = s.Update(t.Context(), func(tx *store.Tx) error {
						tx.AfterCommit(func() { t.Error("what was to run after the commit ran") })
						if err := mark(t.Context(), tx, "a", "lost"); err != nil {
							t.Error(err)
						}
						return e.end()
					})
				}()
				<-done
				if got := marked(t, s, "a"); got != "" {
					t.Errorf("value is %q, want none", got)
				}
				if err := s.Update(t.Context(), func(tx *store.Tx) error { return mark(t.Context(), tx, "a", "next") }); err != nil {
					t.Errorf("the next transaction gives %v, want none the worse", err)
				}
			})
		})
	}
}

func TestUpdateReturnsTheErrorOfItsFunction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		runs := 0
		err := s.Update(t.Context(), func(*store.Tx) error { runs++; return errRefused })
		if !errors.Is(err, errRefused) || runs != 1 {
			t.Errorf("error is %v after %d runs, want %v after 1", err, runs, errRefused)
		}
	})
}

func TestViewCannotWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.View(t.Context(), func(tx *store.Tx) error { return mark(t.Context(), tx, "a", "lost") })
		if err == nil {
			t.Error("a view wrote")
		}
		err = s.View(t.Context(), func(tx *store.Tx) error {
			var n int64 // a change that looks like a question
			return tx.Scan(t.Context(), &n, `INSERT INTO installation (name, value) VALUES ('a', 'lost') RETURNING 1`)
		})
		if err == nil {
			t.Error("a view wrote by a question")
		}
		if got := marked(t, s, "a"); got != "" {
			t.Errorf("value is %q, want none", got)
		}
	})
}

func TestViewSeesOneMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.View(t.Context(), func(tx *store.Tx) error {
			var before, after int64
			if err := tx.Scan(t.Context(), &before, countAll); err != nil {
				return err
			}
			if err := s.Update(t.Context(), func(tx *store.Tx) error { return mark(t.Context(), tx, "a", "meanwhile") }); err != nil {
				return err
			}
			if err := tx.Scan(t.Context(), &after, countAll); err != nil {
				return err
			}
			if before != after {
				t.Errorf("a view saw %d rows, then %d", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestNothingFollowsAFailedStatement(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			if err := mark(t.Context(), tx, "a", "lost"); err != nil {
				return err
			}
			_, failed := tx.Exec(t.Context(), `INSERT INTO installation (name, value) VALUES ('a', 'again')`)
			if failed == nil {
				t.Error("the same key was inserted twice")
			}
			if err := mark(t.Context(), tx, "b", "lost"); !errors.Is(err, failed) {
				t.Errorf("the statement after gives %v, want %v", err, failed)
			}
			return nil // the failure was swallowed
		})
		if err == nil {
			t.Error("a transaction with a failed statement was committed")
		}
		if got := marked(t, s, "a") + marked(t, s, "b"); got != "" {
			t.Errorf("values are %q, want none", got)
		}
	})
}

func TestACancelledUpdateChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Update(ctx, func(tx *store.Tx) error {
			err := mark(ctx, tx, "a", "lost")
			cancel()
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v, want %v", err, context.Canceled)
		}
		if got := marked(t, s, "a"); got != "" {
			t.Errorf("value is %q, want none", got)
		}
	})
}

// TestConcurrentUpdatesLoseNothing lets two processes count in one row. On SQLite
// one waits for the other's lock on the file.
func TestConcurrentUpdatesLoseNothing(t *testing.T) {
	const rounds = 25
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			url := storetest.URL(t, engine)
			stores := []*store.Store{storetest.Reopen(t, url), storetest.Reopen(t, url)}
			var wait sync.WaitGroup
			for _, s := range stores {
				for range 2 {
					wait.Go(func() {
						for range rounds {
							if err := count(t.Context(), s); err != nil {
								t.Error(err)
							}
						}
					})
				}
			}
			wait.Wait()
			if got, want := marked(t, stores[0], "count"), fmt.Sprint(4*rounds); got != want {
				t.Errorf("count is %s, want %s", got, want)
			}
		})
	}
}

func count(ctx context.Context, s *store.Store) error {
	return s.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO installation (name, value) VALUES ('count', '1')
			    ON CONFLICT (name) DO UPDATE
			   SET value = cast(cast(installation.value as bigint) + 1 as text)`)
		return err
	})
}

// TestADeadlockRunsTheWholeAgain lets two transactions lock two rows in opposite
// order. One of them must lose, and its function runs again from the start.
func TestADeadlockRunsTheWholeAgain(t *testing.T) {
	s := storetest.Open(t, storetest.Postgres)
	for _, name := range []string{"a", "b"} {
		if err := s.Update(t.Context(), func(tx *store.Tx) error { return mark(t.Context(), tx, name, "") }); err != nil {
			t.Fatal(err)
		}
	}
	appends := `UPDATE installation SET value = value || $2 WHERE name = $1`
	var first, both sync.WaitGroup
	first.Add(2)
	runs := make([]int, 2)
	for i, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		both.Go(func() {
			err := s.Update(t.Context(), func(tx *store.Tx) error {
				runs[i]++
				if _, err := tx.Exec(t.Context(), appends, order[0], fmt.Sprint(i)); err != nil {
					return err
				}
				if runs[i] == 1 {
					first.Done()
					first.Wait() // each holds its first row
				}
				_, err := tx.Exec(t.Context(), appends, order[1], fmt.Sprint(i))
				return err
			})
			if err != nil {
				t.Errorf("the transaction that starts with %s gives %v", order[0], err)
			}
		})
	}
	both.Wait()
	if runs[0]+runs[1] < 3 { // more, if the loser is quick enough to lose again
		t.Errorf("the functions ran %d and %d times, want one of them again", runs[0], runs[1])
	}
	for _, name := range []string{"a", "b"} {
		if got := marked(t, s, name); got != "01" && got != "10" {
			t.Errorf("%s is %q, want each transaction in it once", name, got)
		}
	}
}

// TestRowsThatSayWhatHappenedAreKept asks for every table that its trigger
// refuses; what the tables hold does not matter, so the rows are made here.
func TestRowsThatSayWhatHappenedAreKept(t *testing.T) {
	rows := []struct{ table, insert, update string }{
		{"entries", `(id, account_id, kind, subject, currency, amount, booked_at) VALUES ('ent_1', 'acct_1', 'k', 's', 'USD', 1, 1)`, `amount = 2`},
		{"postings", `(entry_id, line, ledger_account, account_id, currency, amount) VALUES ('ent_1', 1, 'cash', '', 'USD', 1)`, `amount = 2`},
		{"usage_lines", `(line_key, account_id, line_id, content, collection, product, micro, pico, started_at, received_at) VALUES (x'00', 'acct_1', 'l', x'00', 1, 'p', 1, 0, 1, 1)`, `micro = 2`},
		{"audit", `(chain, number, at, by, action, subject, detail, previous, hash) VALUES ('office', 1, 1, 'b', 'a', 's', '', x'00', x'00')`, `action = 'b'`},
		{"events", `(id, account_id, kind, subject, version, payload, created_at) VALUES ('evt_1', 'acct_1', 'k', 's', 1, '{}', 1)`, `payload = '[]'`},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, r := range rows {
			insert := fmt.Sprintf(`INSERT INTO %s %s`, r.table, r.insert)
			if s.Engine() == storetest.Postgres {
				insert = strings.ReplaceAll(insert, "x'00'", `'\x00'`) // how it writes bytes
			}
			if err := run(t, s, insert); err != nil {
				t.Fatalf("%s: %v", r.table, err)
			}
			if err := run(t, s, fmt.Sprintf(`UPDATE %s SET %s`, r.table, r.update)); err == nil {
				t.Errorf("a row of %s was changed", r.table)
			}
			if err := run(t, s, fmt.Sprintf(`DELETE FROM %s`, r.table)); err == nil {
				t.Errorf("a row of %s was deleted", r.table)
			}
		}
	})
}

func run(t *testing.T, s *store.Store, statement string) error {
	t.Helper()
	return s.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), statement)
		return err
	})
}

func TestADatabaseIsNamedAsExpected(t *testing.T) {
	for _, url := range []string{"", "sqlite:", "mysql://root@localhost/bursar", "bursar.db", "postgres://%zz"} {
		if _, err := store.Open(t.Context(), url, store.Options{}); !errors.Is(err, store.ErrDatabaseURL) {
			t.Errorf("opening %q gives %v, want %v", url, err, store.ErrDatabaseURL)
		}
	}
}

func TestAFileThatCannotBeMadeIsSaidSo(t *testing.T) {
	dir := t.TempDir()
	sealed := filepath.Join(dir, "sealed")
	if err := os.Mkdir(sealed, 0o500); err != nil {
		t.Fatal(err)
	}
	blocked := filepath.Join(dir, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a directory that may not be written": filepath.Join(sealed, "bursar.db"),
		"below one":                           filepath.Join(sealed, "data", "bursar.db"),
		"below a file":                        filepath.Join(blocked, "bursar.db"),
		"a directory":                         dir,
	} {
		asNobody(t, func() {
			s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
			if !errors.Is(err, store.ErrUnwritable) {
				t.Errorf("%s: opening gives %v, want %v", name, err, store.ErrUnwritable)
			}
			if s != nil {
				s.Close()
			}
		})
	}
}

// asNobody runs f without root's right to write everywhere.
func asNobody(t *testing.T, f func()) {
	if os.Geteuid() != 0 {
		f()
		return
	}
	const nobody = 65534
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with its changed user
		if err := syscall.Setfsuid(nobody); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}

func TestReadingOnlyNeedsADatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bursar.db")
	if _, err := store.Open(t.Context(), "sqlite:"+path, store.Options{ReadOnly: true}); !errors.Is(err, store.ErrNotMigrated) {
		t.Errorf("opening a missing file for reading gives %v, want %v", err, store.ErrNotMigrated)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("opening for reading made a file")
	}
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			s, err := store.Open(t.Context(), storetest.URL(t, engine), store.Options{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Migrated(t.Context()); err != nil {
				t.Errorf("the database counts as %v, want migrated", err)
			}
			if err := s.Update(t.Context(), func(tx *store.Tx) error { return mark(t.Context(), tx, "a", "lost") }); err == nil {
				t.Error("a store opened for reading wrote")
			}
		})
	}
}
