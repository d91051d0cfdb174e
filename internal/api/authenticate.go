package api

import (
	"crypto/sha256"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
)

const (
	// keyKnown is how long a key is known without being looked up again: so much
	// longer at most may one be used that another process has revoked.
	keyKnown     = time.Second
	keysKnownMax = 1000
)

// authenticate says who asks.
func (s *Server) authenticate(r *http.Request) (access.Caller, error) {
	text := access.KeyText(bearer(r))
	now := s.office.Now()
	if k, ok := s.keys.find(text, now); ok {
		return k.Caller(s.address(r)), nil
	}
	k, err := s.office.KeyOf(r.Context(), text)
	if err != nil {
		return access.Caller{}, err
	}
	s.keys.keep(text, k, now)
	return k.Caller(s.address(r)), nil
}

// knownKeys are the keys that were looked up a moment ago, by the hash of their
// text. Expiry is asked of the clock each time, and revoking a key here forgets
// them all.
type knownKeys struct {
	mu   sync.RWMutex
	keys map[[32]byte]knownKey
}

type knownKey struct {
	key  access.Key
	seen time.Time
}

func (c *knownKeys) find(text access.KeyText, now time.Time) (access.Key, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if len(c.keys) == 0 {
		return access.Key{}, false
	}
	k, ok := c.keys[sha256.Sum256([]byte(text))]
	age := now.Sub(k.seen)
	return k.key, ok && age >= 0 && age < keyKnown && k.key.IsLive(now)
}

func (c *knownKeys) keep(text access.KeyText, k access.Key, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil || len(c.keys) >= keysKnownMax {
		c.keys = map[[32]byte]knownKey{}
	}
	c.keys[sha256.Sum256([]byte(text))] = knownKey{k, now}
}

func (c *knownKeys) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = nil
}

// bearer returns the key that a request bears, "" if it bears none.
func bearer(r *http.Request) string {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

// address is where a request came from.
func (s *Server) address(r *http.Request) string {
	if s.options.TrustProxy {
		if via := r.Header.Values("X-Forwarded-For"); len(via) > 0 {
			all := strings.Split(via[len(via)-1], ",")
			if a := net.ParseIP(strings.TrimSpace(all[len(all)-1])); a != nil {
				return a.String()
			}
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}
