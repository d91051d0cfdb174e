package access

import (
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// Key is what is known of an API key. Its text is shown once, when it is made,
// and kept only as a hash.
type Key struct {
	ID        string
	Name      string
	Scopes    []Scope
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	RevokedAt time.Time // zero: not revoked
	UsedAt    time.Time // zero: never; up to a minute late
}

// What may be wrong with a key.
var (
	ErrKeyRefused  = fault.New(fault.Unauthenticated, "key_refused", "the request bears no API key that is valid here").WithNext("send the header Authorization: Bearer bur_…, with a key that has not expired or been revoked")
	ErrKeyNotFound = fault.New(fault.NotFound, "key_not_found", "there is no such API key")
	ErrKeyInvalid  = fault.New(fault.Invalid, "key_invalid", "the API key cannot be made as described")
	ErrScopeAbove  = fault.New(fault.Forbidden, "scope_above_own", "a key cannot give a scope that it lacks").WithNext("use a key that has every scope you want to give")
)

// KeyText is the text of an API key. String and LogValue hide it; whoever must
// show it converts it to a string.
type KeyText string

// String hides the key.
func (k KeyText) String() string { return k.shown() }

// GoString hides the key.
func (k KeyText) GoString() string { return k.shown() }

// LogValue hides the key.
func (k KeyText) LogValue() slog.Value { return slog.StringValue(k.shown()) }

func (k KeyText) shown() string {
	if strings.HasPrefix(string(k), livePrefix) {
		return livePrefix + "…"
	}
	return testPrefix + "…"
}

const (
	testPrefix = "bur_test_"
	livePrefix = "bur_live_"

	secretDigits   = 30 // of 62: 178 bits
	checksumDigits = 6  // enough for a CRC-32
	keyNameMax     = 100

	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

func keyPrefix(live bool) string {
	if live {
		return livePrefix
	}
	return testPrefix
}

// NewKeyText makes a key from chance. The prefix makes it recognizable to those
// who search for leaked secrets, the checksum lets them and us tell a key from a
// look-alike without asking anybody.
func NewKeyText(random io.Reader, live bool) (KeyText, error) {
	var secret strings.Builder
	one := make([]byte, secretDigits)
	for secret.Len() < secretDigits {
		if _, err := io.ReadFull(random, one); err != nil {
			return "", fmt.Errorf("make an API key: %w", err)
		}
		for _, b := range one {
			// The largest multiple of 62 in a byte: above it some digits would be likelier.
			if b < 248 && secret.Len() < secretDigits {
				secret.WriteByte(base62[b%62])
			}
		}
	}
	return KeyText(keyPrefix(live) + secret.String() + checksum(secret.String())), nil
}

// IsWhole tells whether k has the form of a key of this kind of installation and
// its checksum is right.
func (k KeyText) IsWhole(live bool) bool {
	rest, ok := strings.CutPrefix(string(k), keyPrefix(live))
	if !ok || len(rest) != secretDigits+checksumDigits {
		return false
	}
	for i := range len(rest) {
		if strings.IndexByte(base62, rest[i]) < 0 {
			return false
		}
	}
	return checksum(rest[:secretDigits]) == rest[secretDigits:]
}

func checksum(secret string) string {
	sum := crc32.ChecksumIEEE([]byte(secret))
	var digits [checksumDigits]byte
	for i := checksumDigits - 1; i >= 0; i-- {
		digits[i] = base62[sum%62]
		sum /= 62
	}
	return string(digits[:])
}

// Check returns nil if k can be made at this moment, else why not.
func (k Key) Check(now time.Time) error {
	switch {
	case strings.TrimSpace(k.Name) == "" || len(k.Name) > keyNameMax:
		return ErrKeyInvalid.At("name").Detail("a key's name has 1 to %d bytes", keyNameMax)
	case len(k.Scopes) == 0:
		return ErrKeyInvalid.At("scopes").Detail("a key without scopes could do nothing").WithNext("name its scopes")
	case !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(now):
		return ErrKeyInvalid.At("expires_at").Detail("a key expires in the future").WithNext("leave it out for a key that does not expire")
	}
	return nil
}

// IsLive tells whether k opens anything at this moment.
func (k Key) IsLive(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

// Caller returns who k's bearer is, asking from the given address.
func (k Key) Caller(address string) Caller {
	return Caller{Name: k.ID, Scopes: k.Scopes, Address: address}
}
