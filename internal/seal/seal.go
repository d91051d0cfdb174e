// Package seal keeps small secrets and files that must not be read from the database
// or its backups: documents of identity checks, secrets of webhooks. Each is
// encrypted under a data key of its own, and the data key is wrapped by a master key
// that lives elsewhere: in a file beside the database, or in a key management system.
//
// What is sealed is bound to its label, so it cannot be moved to another account,
// column or row. It is erased by destroying its wrapped data key: what is left is
// worthless. A backup still has the wrapped key that was there when it was made;
// that one dies with its master key, so after Rotate, Rewrap of what is left, and
// Retire, old backups are erased as well.
//
// The cryptography is Tink's: AES-256-GCM, with keys and nonces of its own making.
// It seals in one piece and not as a stream, so that nothing of a file is handed out
// before all of it was found whole; callers put a limit on what they seal.
package seal

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/bursar-pay/bursar/internal/fault"
)

// sizeMax is the most bytes that are sealed at once.
const sizeMax = 64 << 20

// Why something cannot be sealed or opened. None tells more, so that whoever tries
// things out learns nothing.
var (
	ErrBroken        = fault.New(fault.Conflict, "seal_broken", "what was sealed, its key or its label is not what it was").WithNext("tell the operator: the data was changed, moved, or belongs to another master key")
	ErrErased        = fault.New(fault.NotFound, "seal_erased", "what was sealed was erased").WithNext("it cannot be brought back")
	ErrMasterMissing = fault.New(fault.Unavailable, "seal_master_missing", "the master key of what was sealed is not here").WithNext("give this process the key store that has it; a file that was lost comes back from its backup only")
	ErrTooLarge      = fault.New(fault.TooLarge, "seal_too_large", "this is too large to be sealed").WithNext("seal at most 64 MiB at once")
)

// Label says what is sealed. Its parts are kept in the clear, beside what is sealed
// or implied by the place where it is.
type Label struct {
	Owner string // whose it is, such as an account's id
	Place string // where it belongs, such as "identity_documents.content"
	ID    string // which one
}

// WrappedKey is a data key under a master key. It is no secret without the latter.
type WrappedKey struct {
	Master string // which master key; "" once erased
	Bytes  []byte
}

// IsErased tells whether the key was destroyed.
func (k WrappedKey) IsErased() bool { return len(k.Bytes) == 0 }

// Sealed is something encrypted and the key that opens it. Keep the two where one
// can be destroyed without the other.
type Sealed struct {
	Key        WrappedKey
	Ciphertext []byte
}

// KeyStore holds master keys and wraps data keys with them; it never gives a master
// key away. Associated data must be the same to unwrap as it was to wrap.
type KeyStore interface {
	// Wrap encrypts a data key under the present master key.
	Wrap(ctx context.Context, dataKey, associated []byte) (WrappedKey, error)
	// Unwrap returns the data key, or ErrMasterMissing or ErrBroken.
	Unwrap(ctx context.Context, k WrappedKey, associated []byte) ([]byte, error)
	// Master returns the name of the present master key. Data keys under another
	// one are to be rewrapped.
	Master(ctx context.Context) (string, error)
}

// Vault seals and opens. It is safe for use by several goroutines.
type Vault struct {
	keys KeyStore
}

// New returns a vault whose data keys are wrapped by keys.
func New(keys KeyStore) *Vault { return &Vault{keys: keys} }

// Seal encrypts plaintext under a new data key and binds it to its label.
func (v *Vault) Seal(ctx context.Context, l Label, plaintext []byte) (Sealed, error) {
	if len(plaintext) > sizeMax {
		return Sealed{}, ErrTooLarge
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return Sealed{}, fmt.Errorf("make a data key: %w", err)
	}
	var dataKey bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewBinaryWriter(&dataKey)); err != nil {
		return Sealed{}, fmt.Errorf("write a data key: %w", err)
	}
	defer clear(dataKey.Bytes())

	wrapped, err := v.keys.Wrap(ctx, dataKey.Bytes(), l.forKey())
	if err != nil {
		return Sealed{}, fmt.Errorf("wrap a data key: %w", err)
	}
	cipher, err := aead.New(handle)
	if err != nil {
		return Sealed{}, fmt.Errorf("use a data key: %w", err)
	}
	ciphertext, err := cipher.Encrypt(plaintext, l.forContent())
	if err != nil {
		return Sealed{}, fmt.Errorf("seal: %w", err)
	}
	return Sealed{Key: wrapped, Ciphertext: ciphertext}, nil
}

// Open returns what was sealed under this label, or ErrErased, ErrMasterMissing or
// ErrBroken. Any other error is the key store's.
func (v *Vault) Open(ctx context.Context, l Label, s Sealed) ([]byte, error) {
	dataKey, err := v.unwrap(ctx, l, s.Key)
	if err != nil {
		return nil, err
	}
	defer clear(dataKey)
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(dataKey)))
	if err != nil {
		return nil, ErrBroken
	}
	cipher, err := aead.New(handle)
	if err != nil {
		return nil, ErrBroken
	}
	plaintext, err := cipher.Decrypt(s.Ciphertext, l.forContent())
	if err != nil {
		return nil, ErrBroken
	}
	return plaintext, nil
}

// Rewrap puts a data key under the present master key, which leaves what it seals as
// it is. It returns k itself if it is there already.
func (v *Vault) Rewrap(ctx context.Context, l Label, k WrappedKey) (WrappedKey, error) {
	if k.IsErased() {
		return k, ErrErased
	}
	master, err := v.keys.Master(ctx)
	if err != nil {
		return k, fmt.Errorf("ask for the master key: %w", err)
	}
	if k.Master == master {
		return k, nil
	}
	dataKey, err := v.unwrap(ctx, l, k)
	if err != nil {
		return k, err
	}
	defer clear(dataKey)
	wrapped, err := v.keys.Wrap(ctx, dataKey, l.forKey())
	if err != nil {
		return k, fmt.Errorf("wrap a data key: %w", err)
	}
	return wrapped, nil
}

// Master returns the name of the master key that new data keys are under.
func (v *Vault) Master(ctx context.Context) (string, error) { return v.keys.Master(ctx) }

func (v *Vault) unwrap(ctx context.Context, l Label, k WrappedKey) ([]byte, error) {
	if k.IsErased() {
		return nil, ErrErased
	}
	dataKey, err := v.keys.Unwrap(ctx, k, l.forKey())
	switch {
	case errors.Is(err, ErrBroken), errors.Is(err, ErrMasterMissing):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("unwrap a data key: %w", err)
	}
	return dataKey, nil
}

// The two uses of a label differ, so that a wrapped key is never taken for content.
func (l Label) forKey() []byte     { return l.associated("key") }
func (l Label) forContent() []byte { return l.associated("content") }

// associated writes the parts one after another, each behind its length, so that no
// two labels read the same.
func (l Label) associated(use string) []byte {
	var b []byte
	for _, part := range []string{"bursar seal 1", use, l.Owner, l.Place, l.ID} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	return b
}
