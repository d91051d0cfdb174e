package account

import (
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// Resources is what runs for an account at the platform, as the platform last
// told: while anything runs, there will be usage to be paid (R-DEL-03).
type Resources struct {
	Running    int
	Examples   []string // some of their names, for a person
	ReportedAt time.Time
}

// ExamplesMax is how many names of running resources are kept.
const ExamplesMax = 20

// ErrResources says that a report of what runs cannot be taken.
var ErrResources = fault.New(fault.Invalid, "resources_invalid", "this is no report of running resources").
	WithNext("send running, a number from 0, and up to 20 examples of at most 200 bytes each")

// Check returns nil if r can be taken.
func (r Resources) Check() error {
	if r.Running < 0 || len(r.Examples) > ExamplesMax || len(r.Examples) > r.Running {
		return ErrResources
	}
	for _, name := range r.Examples {
		if name == "" || len(name) > textMax {
			return ErrResources
		}
	}
	return nil
}
