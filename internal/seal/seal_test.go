package seal_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/bursar-pay/bursar/internal/seal"
)

var (
	passport = seal.Label{Owner: "acct_1", Place: "identity_documents.content", ID: "kycdoc_1"}
	content  = []byte("CANARY: the holder's name and number")
)

func newFile(t *testing.T) *seal.File {
	t.Helper()
	return seal.NewFile(filepath.Join(t.TempDir(), "master.json"))
}

// cloud is a key management system that can be out of reach.
type cloud struct {
	tink.AEAD
	down error
}

func (c *cloud) EncryptWithContext(ctx context.Context, plaintext, associated []byte) ([]byte, error) {
	if c.down != nil {
		return nil, c.down
	}
	return c.Encrypt(plaintext, associated)
}

func (c *cloud) DecryptWithContext(ctx context.Context, ciphertext, associated []byte) ([]byte, error) {
	if c.down != nil {
		return nil, c.down
	}
	return c.Decrypt(ciphertext, associated)
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	a, err := aead.New(handle)
	if err != nil {
		t.Fatal(err)
	}
	return &cloud{AEAD: a}
}

func mustSeal(t *testing.T, v *seal.Vault, l seal.Label, plaintext []byte) seal.Sealed {
	t.Helper()
	s, err := v.Seal(t.Context(), l, plaintext)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustOpen(t *testing.T, v *seal.Vault, l seal.Label, s seal.Sealed, want []byte) {
	t.Helper()
	got, err := v.Open(t.Context(), l, s)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("opened: got %d bytes, want the %d that were sealed", len(got), len(want))
	}
}

func TestSealAndOpen(t *testing.T) {
	for name, keys := range map[string]seal.KeyStore{
		"file":   newFile(t),
		"remote": seal.Remote{Name: "kms://key/1", Key: newCloud(t)},
	} {
		t.Run(name, func(t *testing.T) {
			v := seal.New(keys)
			for _, plaintext := range [][]byte{content, {}, bytes.Repeat([]byte("x"), 10<<20)} {
				s := mustSeal(t, v, passport, plaintext)
				mustOpen(t, v, passport, s, plaintext)
				if len(plaintext) > 0 && bytes.Contains(s.Ciphertext, plaintext) {
					t.Error("the ciphertext holds the plaintext")
				}
				if master, err := keys.Master(t.Context()); err != nil || s.Key.Master != master || master == "" {
					t.Errorf("master: got %q, want %q, %v", s.Key.Master, master, err)
				}
			}
		})
	}
}

func TestEachSealHasItsOwnKey(t *testing.T) {
	v := seal.New(newFile(t))
	one, other := mustSeal(t, v, passport, content), mustSeal(t, v, passport, content)
	if bytes.Equal(one.Ciphertext, other.Ciphertext) || bytes.Equal(one.Key.Bytes, other.Key.Bytes) {
		t.Error("two seals of the same are equal")
	}
	one.Key = other.Key
	if _, err := v.Open(t.Context(), passport, one); !errors.Is(err, seal.ErrBroken) {
		t.Errorf("opened with another's key: got %v, want %v", err, seal.ErrBroken)
	}
}

func TestMovedOrChanged(t *testing.T) {
	v := seal.New(newFile(t))
	s := mustSeal(t, v, passport, content)
	for name, l := range map[string]seal.Label{
		"another account":    {Owner: "acct_2", Place: passport.Place, ID: passport.ID},
		"another place":      {Owner: passport.Owner, Place: "webhook_endpoints.secret", ID: passport.ID},
		"another document":   {Owner: passport.Owner, Place: passport.Place, ID: "kycdoc_2"},
		"parts run together": {Owner: passport.Owner + passport.Place, ID: passport.ID},
		"none":               {},
	} {
		if _, err := v.Open(t.Context(), l, s); !errors.Is(err, seal.ErrBroken) {
			t.Errorf("%s: got %v, want %v", name, err, seal.ErrBroken)
		}
		if _, err := v.Rewrap(t.Context(), l, seal.WrappedKey{Master: "1", Bytes: s.Key.Bytes}); err == nil {
			t.Errorf("%s: rewrapped", name)
		}
	}
	for name, b := range map[string][]byte{"ciphertext": s.Ciphertext, "key": s.Key.Bytes} {
		for i := range b {
			for _, bit := range []byte{0x01, 0x80} {
				b[i] ^= bit
				_, err := v.Open(t.Context(), passport, s)
				b[i] ^= bit
				if !errors.Is(err, seal.ErrBroken) {
					t.Fatalf("%s, byte %d: got %v, want %v", name, i, err, seal.ErrBroken)
				}
			}
		}
	}
	for n := range len(s.Ciphertext) {
		if _, err := v.Open(t.Context(), passport, seal.Sealed{Key: s.Key, Ciphertext: s.Ciphertext[:n]}); !errors.Is(err, seal.ErrBroken) {
			t.Fatalf("first %d bytes: got %v, want %v", n, err, seal.ErrBroken)
		}
	}
	// A wrapped key and a ciphertext are not each other.
	if _, err := v.Open(t.Context(), passport, seal.Sealed{Key: s.Key, Ciphertext: s.Key.Bytes}); !errors.Is(err, seal.ErrBroken) {
		t.Errorf("a key for content: got %v, want %v", err, seal.ErrBroken)
	}
	mustOpen(t, v, passport, s, content)
}

func TestErased(t *testing.T) {
	v := seal.New(newFile(t))
	s := mustSeal(t, v, passport, content)
	s.Key = seal.WrappedKey{}
	if _, err := v.Open(t.Context(), passport, s); !errors.Is(err, seal.ErrErased) {
		t.Errorf("open: got %v, want %v", err, seal.ErrErased)
	}
	if _, err := v.Rewrap(t.Context(), passport, s.Key); !errors.Is(err, seal.ErrErased) {
		t.Errorf("rewrap: got %v, want %v", err, seal.ErrErased)
	}
}

func TestAnotherMasterKey(t *testing.T) {
	s := mustSeal(t, seal.New(newFile(t)), passport, content)
	for name, keys := range map[string]seal.KeyStore{
		"a file that is not there": newFile(t),
		"a remote one":             seal.Remote{Name: "kms://key/1", Key: newCloud(t)},
	} {
		if _, err := seal.New(keys).Open(t.Context(), passport, s); !errors.Is(err, seal.ErrMasterMissing) {
			t.Errorf("%s: got %v, want %v", name, err, seal.ErrMasterMissing)
		}
	}
	other := newFile(t)
	if _, err := other.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.New(other).Open(t.Context(), passport, s); !errors.Is(err, seal.ErrMasterMissing) {
		t.Errorf("another file: got %v, want %v", err, seal.ErrMasterMissing)
	}
}

func TestTooLarge(t *testing.T) {
	_, err := seal.New(newFile(t)).Seal(t.Context(), passport, make([]byte, 64<<20+1))
	if !errors.Is(err, seal.ErrTooLarge) {
		t.Errorf("got %v, want %v", err, seal.ErrTooLarge)
	}
}

// TestRemote loses the system's answers: that is not taken for a broken seal.
func TestRemote(t *testing.T) {
	first, second := newCloud(t), newCloud(t)
	v := seal.New(seal.Remote{Name: "kms://key/1", Key: first})
	s := mustSeal(t, v, passport, content)

	first.down = errors.New("no route")
	if _, err := v.Open(t.Context(), passport, s); !errors.Is(err, first.down) || errors.Is(err, seal.ErrBroken) {
		t.Errorf("open: got %v, want %v", err, first.down)
	}
	if _, err := v.Seal(t.Context(), passport, content); !errors.Is(err, first.down) {
		t.Errorf("seal: got %v, want %v", err, first.down)
	}
	first.down = nil

	v = seal.New(seal.Remote{Name: "kms://key/2", Key: second, Old: map[string]tink.AEADWithContext{"kms://key/1": first}})
	mustOpen(t, v, passport, s, content)
	var err error
	if s.Key, err = v.Rewrap(t.Context(), passport, s.Key); err != nil || s.Key.Master != "kms://key/2" {
		t.Fatalf("rewrap: got %q, %v", s.Key.Master, err)
	}
	mustOpen(t, seal.New(seal.Remote{Name: "kms://key/2", Key: second}), passport, s, content)
}

func TestManyAtOnce(t *testing.T) {
	file := newFile(t)
	v := seal.New(file)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 20 {
				s, err := v.Seal(t.Context(), passport, content)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := v.Open(t.Context(), passport, s); err != nil || !bytes.Equal(got, content) {
					t.Errorf("open: got %q, %v", got, err)
				}
			}
		})
	}
	all.Go(func() {
		for range 10 {
			if _, err := file.Rotate(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
}

func TestFaultsTellNothing(t *testing.T) {
	file := newFile(t)
	v := seal.New(file)
	s := mustSeal(t, v, passport, content)
	s.Ciphertext[9] ^= 1
	_, err := v.Open(t.Context(), passport, s)
	for _, word := range []string{"CANARY", "acct_1", "kycdoc_1", s.Key.Master} {
		if strings.Contains(err.Error(), word) {
			t.Errorf("%q holds %q", err, word)
		}
	}
}
