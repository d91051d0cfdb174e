package office

import (
	"sync"
	"time"
)

// zones keeps the zones of accounts, because the machine reads one from a file
// each time it is asked.
type zones struct{ known sync.Map } // of *time.Location, by name

// named returns a zone, or UTC if it is unknown to this machine, as
// account.Location does.
func (z *zones) named(name string) *time.Location {
	if l, ok := z.known.Load(name); ok {
		return l.(*time.Location)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		l = time.UTC
	}
	z.known.Store(name, l)
	return l
}
