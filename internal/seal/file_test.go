package seal_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/seal"
)

func TestFileIsMadeAtFirstUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	file := seal.NewFile(path)
	if master, err := file.Master(t.Context()); master != "" || err != nil {
		t.Errorf("before: got %q, %v", master, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("before: got %v, want no file", err)
	}
	s := mustSeal(t, seal.New(file), passport, content)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode: got %o, want 600", got)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("beside it: got %v, %v", left, err)
	}
	mustOpen(t, seal.New(seal.NewFile(path)), passport, s, content) // another process
}

func TestFileThatOthersCanReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	s := mustSeal(t, seal.New(seal.NewFile(path)), passport, content)
	v := seal.New(seal.NewFile(path))
	mustOpen(t, v, passport, s, content)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o610, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		for name, of := range map[string]*seal.Vault{"known": v, "new": seal.New(seal.NewFile(path))} {
			if _, err := of.Open(t.Context(), passport, s); !errors.Is(err, seal.ErrKeyFileOpen) {
				t.Errorf("open, mode %o, %s: got %v, want %v", mode, name, err, seal.ErrKeyFileOpen)
			}
			if _, err := of.Seal(t.Context(), passport, content); !errors.Is(err, seal.ErrKeyFileOpen) {
				t.Errorf("seal, mode %o, %s: got %v, want %v", mode, name, err, seal.ErrKeyFileOpen)
			}
		}
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		mustOpen(t, v, passport, s, content)
	}
}

func TestFileThatIsNoKeyFile(t *testing.T) {
	for name, text := range map[string]string{
		"empty":    "",
		"prose":    "not a key",
		"no keys":  "{}",
		"half one": `{"primaryKeyId":1,"key":[{"keyData":{"typeUrl":"type.googleapis.com/google.crypto.tink.AesGcmKey","value":"CANARY`,
	} {
		path := filepath.Join(t.TempDir(), "master.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := seal.New(seal.NewFile(path)).Seal(t.Context(), passport, content)
		if !errors.Is(err, seal.ErrKeyFileBroken) {
			t.Errorf("%s: got %v, want %v", name, err, seal.ErrKeyFileBroken)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != text {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if _, err := seal.New(seal.NewFile(t.TempDir())).Seal(t.Context(), passport, content); !errors.Is(err, seal.ErrKeyFileBroken) {
		t.Errorf("a directory: got %v, want %v", err, seal.ErrKeyFileBroken)
	}
	if _, err := seal.New(seal.NewFile(filepath.Join(t.TempDir(), "no", "master.json"))).Seal(t.Context(), passport, content); err == nil {
		t.Error("a directory that is missing was made up")
	} else if _, ok := fault.Of(err); ok {
		t.Errorf("a directory that is missing: got %v, want no fault: it is ours to mend", err)
	}
}

// TestRotation is the drill: rotate, rewrap what is there, retire. What was erased
// before, and what a backup still has, can no longer be opened by anyone.
func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	file, node := seal.NewFile(path), seal.NewFile(path) // two processes
	v, other := seal.New(file), seal.New(node)
	s := mustSeal(t, v, passport, content)
	backup := s
	old := s.Key.Master

	present, err := file.Rotate(t.Context())
	if err != nil || present == old {
		t.Fatalf("rotate: got %q, %v, want another than %q", present, err, old)
	}
	if fresh := mustSeal(t, other, passport, content); fresh.Key.Master != present {
		t.Errorf("the other process wraps with %q, want %q", fresh.Key.Master, present)
	}
	mustOpen(t, v, passport, s, content)
	mustOpen(t, other, passport, s, content)

	if s.Key, err = other.Rewrap(t.Context(), passport, s.Key); err != nil || s.Key.Master != present {
		t.Fatalf("rewrap: got %q, %v, want %q", s.Key.Master, err, present)
	}
	if again, err := v.Rewrap(t.Context(), passport, s.Key); err != nil || string(again.Bytes) != string(s.Key.Bytes) {
		t.Errorf("rewrap twice: got another key, %v", err)
	}

	if err := file.Retire(t.Context(), present); !errors.Is(err, seal.ErrMasterInUse) {
		t.Errorf("retire the present one: got %v, want %v", err, seal.ErrMasterInUse)
	}
	for _, unknown := range []string{"", "0", "nonsense", "-1"} {
		if err := file.Retire(t.Context(), unknown); !errors.Is(err, seal.ErrMasterUnknown) {
			t.Errorf("retire %q: got %v, want %v", unknown, err, seal.ErrMasterUnknown)
		}
	}
	if err := file.Retire(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, v, passport, s, content)
	mustOpen(t, other, passport, s, content)
	if _, err := other.Open(t.Context(), passport, backup); !errors.Is(err, seal.ErrMasterMissing) {
		t.Errorf("the backup: got %v, want %v", err, seal.ErrMasterMissing)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("after all: got %v, %v", info.Mode(), err)
	}
}

func TestMastersAreLimited(t *testing.T) {
	file := newFile(t)
	var err error
	for range 100 {
		if _, err = file.Rotate(t.Context()); err != nil {
			break
		}
	}
	if !errors.Is(err, seal.ErrMastersFull) {
		t.Errorf("got %v, want %v", err, seal.ErrMastersFull)
	}
}

func TestLockedFileStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	file := seal.NewFile(path)
	s := mustSeal(t, seal.New(file), passport, content)
	if err := os.WriteFile(path+".lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Rotate(t.Context()); !errors.Is(err, seal.ErrKeyFileBusy) {
		t.Errorf("rotate: got %v, want %v", err, seal.ErrKeyFileBusy)
	}
	mustOpen(t, seal.New(file), passport, s, content)
}

// TestProcessesAgreeOnTheFirstKey makes the file from many processes at once.
func TestProcessesAgreeOnTheFirstKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	made := make([]seal.Sealed, 16)
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() {
			var err error
			if made[i], err = seal.New(seal.NewFile(path)).Seal(t.Context(), passport, content); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	v := seal.New(seal.NewFile(path))
	for _, s := range made {
		mustOpen(t, v, passport, s, content)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("beside it: got %v, %v", left, err)
	}
}
