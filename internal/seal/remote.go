package seal

import (
	"context"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// Remote is a KeyStore in a key management system. Tink's clients for the clouds'
// systems and for Vault fit in as they are.
type Remote struct {
	Name string // of the key that wraps, such as its URI; kept beside each wrapped key
	Key  tink.AEADWithContext
	Old  map[string]tink.AEADWithContext // keys before it that can still unwrap, by name; nil: none
}

// Wrap implements KeyStore.
func (r Remote) Wrap(ctx context.Context, dataKey, associated []byte) (WrappedKey, error) {
	b, err := r.Key.EncryptWithContext(ctx, dataKey, associated)
	if err != nil {
		return WrappedKey{}, fmt.Errorf("ask the key management system: %w", err)
	}
	return WrappedKey{Master: r.Name, Bytes: b}, nil
}

// Unwrap implements KeyStore. An answer that is lost looks like one that says no, so
// an error of the system is passed on as it is and not taken for ErrBroken.
func (r Remote) Unwrap(ctx context.Context, k WrappedKey, associated []byte) ([]byte, error) {
	key, ok := r.Key, true
	if k.Master != r.Name {
		key, ok = r.Old[k.Master]
	}
	if !ok {
		return nil, ErrMasterMissing
	}
	dataKey, err := key.DecryptWithContext(ctx, k.Bytes, associated)
	if err != nil {
		return nil, fmt.Errorf("ask the key management system: %w", err)
	}
	return dataKey, nil
}

// Master implements KeyStore.
func (r Remote) Master(context.Context) (string, error) { return r.Name, nil }
