package policy

import (
	"slices"
	"time"
)

// Timeline is the policies of an installation by the instant from which each rules.
type Timeline []Policy

// NewTimeline returns the timeline of the policies. Of two with the same instant, the
// one that was given later rules.
func NewTimeline(policies ...Policy) Timeline {
	t := slices.Clone(policies)
	slices.SortStableFunc(t, func(a, b Policy) int { return a.Effective.Compare(b.Effective) })
	return t
}

// At returns the policy that rules at an instant: of two in one month, each instant
// has its own. Before the first it is the first, and without any the built-in one.
func (t Timeline) At(instant time.Time) Policy {
	if len(t) == 0 {
		return BuiltIn()
	}
	later := slices.IndexFunc(t, func(p Policy) bool { return p.Effective.After(instant) })
	switch later {
	case -1:
		return t[len(t)-1]
	case 0:
		return t[0]
	}
	return t[later-1]
}
