package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// watched is a folder whose files are taken by what they say: "good", "broken" or
// "away".
func watched(t *testing.T, dir string, now *time.Time, took *[]string) *watchedFolder {
	t.Helper()
	var mu sync.Mutex
	w := &watchedFolder{
		dir: dir, now: func() time.Time { return *now }, random: rand.Reader, log: slog.New(slog.DiscardHandler),
		take: func(_ context.Context, name string, file io.ReadSeeker) (string, error) {
			text, err := io.ReadAll(file)
			if err != nil {
				return "", err
			}
			mu.Lock()
			defer mu.Unlock()
			*took = append(*took, name)
			switch string(text) {
			case "broken", "":
				return "", fault.New(fault.Malformed, "statement_broken", "it is cut off").At("line 7").WithNext("fetch it again")
			case "away":
				return "", errors.New("the database is away")
			}
			return "2 new", nil
		},
	}
	if err := w.prepare(); err != nil {
		t.Fatal(err)
	}
	return w
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w *watchedFolder) mustLook(t *testing.T) {
	t.Helper()
	if err := w.look(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// filesIn lists the files of a directory.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	there, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range there {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	if got := filesIn(t, dir); !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", filepath.Base(dir), got, want)
	}
}

func TestWatchedFilesAreTakenOnceComplete(t *testing.T) {
	dir, now, took := t.TempDir(), time.Now(), []string{}
	w := watched(t, dir, &now, &took)
	write(t, dir, "a.xml", "go")
	write(t, dir, "b.xml.part", "good")
	write(t, dir, ".c.xml", "good")
	write(t, dir, "empty.xml", "")
	w.mustLook(t)
	write(t, dir, "a.xml", "good") // it goes on growing
	w.mustLook(t)
	if len(took) != 0 {
		t.Errorf("while they are written: took %v, want none", took)
	}
	w.mustLook(t)
	if !slices.Equal(took, []string{"a.xml"}) {
		t.Errorf("took %v, want a.xml alone", took)
	}
	wantFiles(t, w.at(watchedDone), "a.xml")
	wantFiles(t, w.at(watchedTaking))
	wantFiles(t, dir, ".c.xml", "b.xml.part", "empty.xml")

	now = now.Add(2 * watchEmptyPeriod)
	w.mustLook(t)
	wantFiles(t, w.at(watchedRefused), "empty.xml", "empty.xml.reason.txt")
}

func TestWatchedFilesGoWhereTheyBelong(t *testing.T) {
	dir, now, took := t.TempDir(), time.Now(), []string{}
	w := watched(t, dir, &now, &took)
	for name, text := range map[string]string{"good.xml": "good", "broken.xml": "broken", "away.xml": "away"} {
		write(t, dir, name, text)
	}
	write(t, w.at(watchedDone), "good.xml", "an older one")
	w.mustLook(t)
	w.mustLook(t)
	wantFiles(t, dir, "away.xml")
	wantFiles(t, w.at(watchedDone), "good-2.xml", "good.xml")
	wantFiles(t, w.at(watchedRefused), "broken.xml", "broken.xml.reason.txt")
	reason, err := os.ReadFile(w.at(watchedRefused, "broken.xml.reason.txt"))
	if want := "statement_broken\nline 7: it is cut off\nnext: fetch it again\n"; err != nil || string(reason) != want {
		t.Errorf("reason: got %q, %v, want %q", reason, err, want)
	}
	before := len(took)
	w.mustLook(t)
	w.mustLook(t)
	if again := took[before:]; len(again) == 0 || again[0] != "away.xml" {
		t.Errorf("what was away: got %v, want it tried again", again)
	}
}

func TestAbandonedFilesAreTakenOver(t *testing.T) {
	dir, now, took := t.TempDir(), time.Now(), []string{}
	w := watched(t, dir, &now, &took)
	write(t, w.at(watchedTaking), "0123456789ab-old.xml", "good")
	w.mustLook(t)
	w.mustLook(t)
	if len(took) != 0 {
		t.Errorf("while somebody works on it: took %v", took)
	}
	now = now.Add(watchStale + time.Second)
	w.mustLook(t)
	wantFiles(t, w.at(watchedDone), "old.xml")
}

// Two servers never take one file at once, however they race.
func TestTwoServersShareADirectory(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	var tookA, tookB []string
	a, b := watched(t, dir, &now, &tookA), watched(t, dir, &now, &tookB)
	var want []string
	for i := range 40 {
		name := "f" + string(rune('a'+i/26)) + string(rune('a'+i%26)) + ".xml"
		want = append(want, name)
		write(t, dir, name, "good")
	}
	a.mustLook(t)
	b.mustLook(t)
	var wg sync.WaitGroup
	for _, w := range []*watchedFolder{a, b} {
		wg.Go(func() {
			if err := w.look(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got := slices.Sorted(slices.Values(append(tookA, tookB...)))
	if !slices.Equal(got, want) {
		t.Errorf("took %d files, %s; want each of %d once", len(got), strings.Join(got, " "), len(want))
	}
	wantFiles(t, a.at(watchedDone), want...)
}

func TestDirectoryThatCannotBeWatched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, filepath.Dir(path), "file", "")
	w := &watchedFolder{dir: path}
	if f, ok := fault.Of(w.prepare()); !ok || f.Code != "statements_directory" {
		t.Errorf("got %v, want statements_directory", f)
	}
}
