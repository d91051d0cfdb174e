package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// errWatched says that a directory cannot be watched.
var errWatched = fault.New(fault.Invalid, "statements_directory", "the directory for bank statements cannot be used").
	WithNext("name a directory that this process may write to with --statements or BURSAR_STATEMENTS_DIR")

// Directories below the one that is watched.
const (
	watchedTaking  = "taking" // a file while a server works on it
	watchedDone    = "done"
	watchedRefused = "refused" // and why, beside each
)

const (
	watchEvery       = 5 * time.Second
	watchBeat        = 20 * time.Second // how often a server shows that it still works on a file
	watchStale       = 3 * time.Minute  // then another one takes the file over
	watchEmptyPeriod = time.Minute      // that a file may stay empty
	watchFilesMax    = 100              // that one look takes
	watchNamesMax    = 1000             // that a file may be kept under, of one name
	watchMode        = 0o700
)

// watchedFolder takes bank statements from a directory: whoever puts one there finds it
// again among those that are done, or among those that are refused. Several servers may
// watch one directory: a file is moved aside by the one that takes it, and what is taken
// twice after a crash is imported once, since the import knows its files.
type watchedFolder struct {
	dir    string
	take   func(ctx context.Context, name string, file io.ReadSeeker) (told string, err error)
	now    func() time.Time // the machine's own: it is compared with the times of files
	random io.Reader
	log    *slog.Logger

	seen map[string]watchedFile // as the last look found what is still there
}

type watchedFile struct {
	size    int64
	changed time.Time
}

// prepare makes the directories.
func (w *watchedFolder) prepare() error {
	for _, d := range []string{w.dir, w.at(watchedTaking), w.at(watchedDone), w.at(watchedRefused)} {
		if err := os.MkdirAll(d, watchMode); err != nil {
			return errWatched.At(w.dir).Detail("%v", cause(err))
		}
	}
	return nil
}

func (w *watchedFolder) at(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

// run looks again and again until ctx ends.
func (w *watchedFolder) run(ctx context.Context) error {
	every := time.NewTicker(watchEvery)
	defer every.Stop()
	for {
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			w.log.ErrorContext(ctx, "the directory of bank statements cannot be read", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// look takes every file that is complete: one that is as the last look found it.
func (w *watchedFolder) look(ctx context.Context) error {
	abandoned, err := w.abandoned()
	if err != nil {
		return err
	}
	complete, err := w.complete()
	if err != nil {
		return err
	}
	for _, claimed := range abandoned {
		if err := w.work(ctx, claimed); err != nil {
			return err
		}
	}
	for _, name := range complete {
		claimed, ok, err := w.claim(w.at(name), name)
		if err != nil {
			return err
		}
		if !ok { // another server was faster
			continue
		}
		if err := w.work(ctx, claimed); err != nil {
			return err
		}
	}
	return nil
}

// isUnfinished tells names that programs give to files while they write them.
func isUnfinished(name string) bool {
	lower := strings.ToLower(name)
	if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
		return true
	}
	return slices.ContainsFunc([]string{".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload"}, func(end string) bool {
		return strings.HasSuffix(lower, end)
	})
}

// complete lists the files that have not changed since the last look.
func (w *watchedFolder) complete() ([]string, error) {
	there, err := os.ReadDir(w.dir)
	if err != nil {
		return nil, err
	}
	var names []string
	seen := map[string]watchedFile{}
	for _, e := range there {
		if !e.Type().IsRegular() || isUnfinished(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil { // it went while we looked
			continue
		}
		is := watchedFile{info.Size(), info.ModTime()}
		seen[e.Name()] = is
		before, known := w.seen[e.Name()]
		switch {
		case !known || before != is || len(names) == watchFilesMax:
		case is.size == 0 && w.now().Sub(is.changed) < watchEmptyPeriod:
		default:
			names = append(names, e.Name())
		}
	}
	w.seen = seen
	return names, nil
}

// abandoned takes over the files that nobody has worked on for some time.
func (w *watchedFolder) abandoned() (claimed []string, err error) {
	there, err := os.ReadDir(w.at(watchedTaking))
	if err != nil {
		return nil, err
	}
	for _, e := range there {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || w.now().Sub(info.ModTime()) < watchStale {
			continue
		}
		again, ok, err := w.claim(w.at(watchedTaking, e.Name()), originalName(e.Name()))
		if err != nil {
			return claimed, err
		}
		if ok {
			claimed = append(claimed, again)
		}
	}
	return claimed, nil
}

const claimMarkBytes = 6

// claim moves a file aside under a name that no other server gives. ok is false if it is
// not there any more.
func (w *watchedFolder) claim(path, name string) (claimed string, ok bool, err error) {
	mark := make([]byte, claimMarkBytes)
	if _, err := io.ReadFull(w.random, mark); err != nil {
		return "", false, err
	}
	claimed = hex.EncodeToString(mark) + "-" + name
	if err := os.Chtimes(path, time.Time{}, w.now()); err != nil { // its time is from now on that of the last beat
		return "", false, ignoreGone(err)
	}
	if err := os.Rename(path, w.at(watchedTaking, claimed)); err != nil {
		return "", false, ignoreGone(err)
	}
	return claimed, true, nil
}

// originalName is a file's name before it was claimed.
func originalName(claimed string) string {
	if _, name, ok := strings.Cut(claimed, "-"); ok {
		return name
	}
	return claimed
}

func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// work imports a file that was claimed and puts it where it belongs then. A file that
// could not be worked on for a reason of ours goes back, to be taken again.
func (w *watchedFolder) work(ctx context.Context, claimed string) error {
	name, path := originalName(claimed), w.at(watchedTaking, claimed)
	told, err := w.taken(ctx, name, path)
	refused, isFault := fault.Of(err)
	switch {
	case err == nil:
		w.log.InfoContext(ctx, "took a bank statement", "file", name, "result", told)
		_, err := moveInto(path, w.at(watchedDone), name)
		return ignoreGone(err)
	case !isFault || refused.Kind == fault.Unavailable:
		w.log.WarnContext(ctx, "a bank statement could not be imported now and is tried again", "file", name, "error", err)
		_, err := moveInto(path, w.dir, name)
		return ignoreGone(err)
	}
	w.log.WarnContext(ctx, "refused a bank statement", "file", name, "reason", refused.Code, "place", refused.Place)
	kept, err := moveInto(path, w.at(watchedRefused), name)
	if err != nil {
		return ignoreGone(err)
	}
	return os.WriteFile(kept+".reason.txt", []byte(reasonOf(refused)), bankFileMode)
}

// taken imports a file, and shows meanwhile that somebody works on it.
func (w *watchedFolder) taken(ctx context.Context, name, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	over, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		beat := time.NewTicker(watchBeat)
		defer beat.Stop()
		for {
			select {
			case <-over.Done():
				return
			case <-beat.C:
				_ = os.Chtimes(path, time.Time{}, w.now()) // if it cannot be said, another server may take it too
			}
		}
	}()
	return w.take(ctx, name, f)
}

// reasonOf is what stands beside a file that was refused.
func reasonOf(f *fault.Error) string {
	text := f.Code + "\n"
	if f.Place != "" {
		text += f.Place + ": "
	}
	text += f.Message + "\n"
	if f.Next != "" {
		text += "next: " + f.Next + "\n"
	}
	return text
}

// moveInto moves a file into a directory, under its name or with a number in it if there
// is one of that name, and returns the path.
func moveInto(path, dir, name string) (string, error) {
	ending := filepath.Ext(name)
	for n := 1; n <= watchNamesMax; n++ {
		to := filepath.Join(dir, name)
		if n > 1 {
			to = filepath.Join(dir, fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ending), n, ending))
		}
		// A link is made only where nothing is, unlike a move.
		err := os.Link(path, to)
		switch {
		case err == nil:
			return to, os.Remove(path)
		case errors.Is(err, os.ErrExist):
			continue
		case errors.Is(err, os.ErrNotExist):
			return "", err
		}
		if _, err := os.Lstat(to); err == nil { // a file system without links
			continue
		}
		return to, os.Rename(path, to)
	}
	return "", errWatched.At(dir).Detail("there are %d files of one name", watchNamesMax)
}
