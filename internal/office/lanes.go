package office

import (
	"sync"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/provider"
)

// lanePause is how long a provider is left alone after it refused our key. What
// waits stays unresolved; nothing is failed for a mistake in configuration.
const lanePause = time.Minute

// ErrLaneStopped says that a provider is not asked at the moment.
var ErrLaneStopped = fault.New(fault.Unavailable, "provider_stopped", "the payment provider refuses our key, so it is not asked for the moment").
	WithNext("check the provider's key; what waits goes on by itself")

// lanes remembers until when each provider is left alone.
type lanes struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// open returns nil if the provider may be asked.
func (l *lanes) open(name string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.until[name]) {
		return ErrLaneStopped
	}
	return nil
}

// note stops the lane if the answer says that our key is refused.
func (l *lanes) note(name string, r provider.Result, now time.Time) {
	if !r.Misconfigured {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil {
		l.until = map[string]time.Time{}
	}
	l.until[name] = now.Add(lanePause)
}
