package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/bursar-pay/bursar/internal/fault"
)

// Limits of a file of master keys.
const (
	keyFileMax    = 64 << 10 // bytes
	masterKeysMax = 100
)

// What may be wrong with a file of master keys.
var (
	ErrKeyFileOpen   = fault.New(fault.Unavailable, "key_file_open", "others than the owner can read or change the file of master keys").WithNext("chmod 600 the file, and ask who may have read it; rotate if in doubt")
	ErrKeyFileBroken = fault.New(fault.Unavailable, "key_file_broken", "the file of master keys cannot be read as one").WithNext("put its backup in its place; nothing that was sealed can be opened without it")
	ErrKeyFileBusy   = fault.New(fault.Conflict, "key_file_busy", "another process is changing the file of master keys").WithNext("try again; if no other process runs, remove the file that ends in .lock beside it")
	ErrMasterInUse   = fault.New(fault.Conflict, "master_key_in_use", "the present master key cannot be retired").WithNext("rotate first, then rewrap what it wraps")
	ErrMasterUnknown = fault.New(fault.NotFound, "master_key_unknown", "there is no such master key")
	ErrMastersFull   = fault.New(fault.Conflict, "master_keys_full", "the file has as many master keys as it can hold").WithNext("rewrap what the oldest ones wrap, and retire them")
)

// File is a KeyStore in one file, which only its owner can read. It is made when the
// first key is wrapped, and read again when another process has changed it. Back it
// up apart from the database: together they open everything.
type File struct {
	path string

	mu     sync.Mutex
	seen   fs.FileInfo // of what was read; nil: nothing was
	handle *keyset.Handle
	cipher tink.AEAD
}

// NewFile returns the key store in the file at path. Nothing is read or made yet.
func NewFile(path string) *File { return &File{path: path} }

// Wrap implements KeyStore. It makes the file if there is none.
func (f *File) Wrap(_ context.Context, dataKey, associated []byte) (WrappedKey, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		err = f.create()
	}
	if err != nil {
		return WrappedKey{}, err
	}
	master, err := f.master()
	if err != nil {
		return WrappedKey{}, err
	}
	b, err := f.cipher.Encrypt(dataKey, associated)
	if err != nil {
		return WrappedKey{}, fmt.Errorf("wrap: %w", err)
	}
	return WrappedKey{Master: master, Bytes: b}, nil
}

// Unwrap implements KeyStore.
func (f *File) Unwrap(_ context.Context, k WrappedKey, associated []byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrMasterMissing
	case err != nil:
		return nil, err
	case !f.has(k.Master):
		return nil, ErrMasterMissing
	}
	dataKey, err := f.cipher.Decrypt(k.Bytes, associated)
	if err != nil {
		return nil, ErrBroken
	}
	return dataKey, nil
}

// Master implements KeyStore. The name is "" as long as there is no file.
func (f *File) Master(context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	}
	return f.master()
}

// Rotate adds a master key and makes it the present one. Those before it still
// unwrap. Every process that uses the file sees the new key at its next wrap.
func (f *File) Rotate(context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.change(func(m *keyset.Manager) error {
		if f.handle.Len() >= masterKeysMax {
			return ErrMastersFull
		}
		id, err := m.Add(aead.AES256GCMKeyTemplate())
		if err != nil {
			return fmt.Errorf("make a master key: %w", err)
		}
		return m.SetPrimary(id)
	})
	if err != nil {
		return "", err
	}
	return f.master()
}

// Retire destroys a master key that is not the present one. What it still wraps
// can never be opened again, in no backup either: count first.
func (f *File) Retire(_ context.Context, master string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.change(func(m *keyset.Manager) error {
		present, err := f.master()
		switch {
		case err != nil:
			return err
		case master == present:
			return ErrMasterInUse
		case !f.has(master):
			return ErrMasterUnknown
		}
		id, err := strconv.ParseUint(master, 10, 32)
		if err != nil {
			return ErrMasterUnknown
		}
		return m.Delete(uint32(id))
	})
}

// master returns the name of the present key. The file has been read.
func (f *File) master() (string, error) {
	primary, err := f.handle.Primary()
	if err != nil {
		return "", ErrKeyFileBroken
	}
	return masterName(primary), nil
}

// has tells whether the file that was read has this key.
func (f *File) has(master string) bool {
	for i := range f.handle.Len() {
		if e, err := f.handle.Entry(i); err == nil && masterName(e) == master {
			return true
		}
	}
	return false
}

func masterName(e *keyset.Entry) string { return strconv.FormatUint(uint64(e.KeyID()), 10) }

// read brings what is known up to date with the file. A file is never changed in
// place, so one that is still the same file has not changed.
func (f *File) read() error {
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("look at the file of master keys: %w", err)
	}
	if err := mayTrust(info); err != nil {
		return err
	}
	if f.seen != nil && os.SameFile(f.seen, info) && f.seen.ModTime().Equal(info.ModTime()) && f.seen.Size() == info.Size() {
		return nil
	}
	file, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("open the file of master keys: %w", err)
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return fmt.Errorf("look at the file of master keys: %w", err)
	}
	if err := mayTrust(info); err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(file, keyFileMax))
	if err != nil {
		return fmt.Errorf("read the file of master keys: %w", err)
	}
	defer clear(b)
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(b)))
	if err != nil {
		return ErrKeyFileBroken // Tink's words may hold some of it
	}
	return f.use(handle, info)
}

// mayTrust returns nil if only its owner can read and change the file.
func mayTrust(info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return ErrKeyFileBroken
	case info.Mode().Perm()&0o077 != 0:
		return ErrKeyFileOpen
	}
	return nil
}

func (f *File) use(handle *keyset.Handle, info fs.FileInfo) error {
	cipher, err := aead.New(handle)
	if err != nil {
		return ErrKeyFileBroken
	}
	f.handle, f.cipher, f.seen = handle, cipher, info
	return nil
}

// create makes the file with one key. If another process does so at the same time,
// the first one's file stays, and both use it.
func (f *File) create() error {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("make a master key: %w", err)
	}
	made, err := f.write(handle)
	if err != nil {
		return err
	}
	defer os.Remove(made)
	if err := os.Link(made, f.path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the file of master keys: %w", err)
	}
	if err := syncDirectory(filepath.Dir(f.path)); err != nil {
		return err
	}
	return f.read()
}

// change replaces the file by one with other keys. A lock beside it keeps two
// processes from losing each other's keys.
func (f *File) change(how func(*keyset.Manager) error) error {
	lock, err := os.OpenFile(f.path+".lock", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return ErrKeyFileBusy
	}
	if err != nil {
		return fmt.Errorf("lock the file of master keys: %w", err)
	}
	defer os.Remove(lock.Name())
	defer lock.Close()

	err = f.read()
	if errors.Is(err, fs.ErrNotExist) {
		err = f.create()
	}
	if err != nil {
		return err
	}
	manager := keyset.NewManagerFromHandle(f.handle)
	if err := how(manager); err != nil {
		return err
	}
	handle, err := manager.Handle()
	if err != nil {
		return fmt.Errorf("gather the master keys: %w", err)
	}
	made, err := f.write(handle)
	if err != nil {
		return err
	}
	if err := os.Rename(made, f.path); err != nil {
		os.Remove(made)
		return fmt.Errorf("replace the file of master keys: %w", err)
	}
	if err := syncDirectory(filepath.Dir(f.path)); err != nil {
		return err
	}
	return f.read()
}

// write puts keys into a new file beside the real one, on disk for sure, and
// returns its path. Only its owner can read it from its first byte on.
func (f *File) write(handle *keyset.Handle) (path string, err error) {
	file, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".new-*")
	if err != nil {
		return "", fmt.Errorf("make a file of master keys: %w", err)
	}
	defer func() {
		if e := file.Close(); err == nil && e != nil {
			err = fmt.Errorf("close a file of master keys: %w", e)
		}
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(file)); err != nil {
		return "", fmt.Errorf("write a file of master keys: %w", err)
	}
	if err := file.Sync(); err != nil {
		return "", fmt.Errorf("write a file of master keys: %w", err)
	}
	return file.Name(), nil
}

// syncDirectory makes sure that the names in a directory survive a crash: a key that
// wraps must not be lost after what it wrapped was kept.
func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the directory of master keys: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync the directory of master keys: %w", err)
	}
	return nil
}
