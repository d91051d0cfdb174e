// Package sim lives through random months of an installation and holds the books
// against the pretend world's after every step. The code that runs is the real
// one, office, store, plugs and queue; what is made up are the customers, the
// clock, and everything that can go wrong: lost and late answers, a provider that
// is down, news that comes twice, late, in no order or never, processes that die
// or sleep in the middle of their work, a database that refuses a change.
//
// Everything comes from the seed. The same seed does the same steps, makes the
// same ids and ends with the same state hash, so a violation is replayed by its
// seed. A life is one thing at a time: a step runs alone, though perhaps with
// another office awake in the middle of it.
//
// life.go is one seed's life, actions.go what can happen in it (payers.go what
// PayPal's payers do, leaving.go what ends, buying.go what is prepaid, given back and
// proven), wire.go what goes wrong between us and
// the providers and asks.go what they may be asked, oracle.go what must hold after
// every step (oracle_paypal.go between us and PayPal, oracle_orders.go of orders,
// refunds and identity checks) and quiet.go what must hold once everything is mended.
package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/store"
)

// Options say which lives are lived. First to Last are the seeds, both included.
type Options struct {
	First, Last uint64
	Steps       int      // of each life, before everything is mended
	Faults      []string // from FaultNames; none if empty

	// Progress, if not nil, hears of each seed that is over.
	Progress func(seed uint64)
	// Trace, if not nil, hears what is about to be done.
	Trace func(seed uint64, step int, what string)

	plant plant // a bug that the simulation must find, in its own tests
}

// Report is what the lives came to.
type Report struct {
	Steps      int64       `json:"steps"`
	Seeds      int64       `json:"seeds"`
	Violations []Violation `json:"violations"`
	StateHash  string      `json:"state_hash"`
	Coverage   Coverage    `json:"coverage"`
}

// Violation is a promise that was broken. The seed and at least so many steps
// replay it; the steps of a life are followed by quiet, whose number is one more.
type Violation struct {
	Seed uint64 `json:"seed"`
	Step int    `json:"step"`
	What string `json:"what"`
}

// Coverage counts what was reached. Pairs count a transition beside each fault of
// its step.
type Coverage struct {
	Transitions map[string]int64 `json:"transitions"`
	Faults      map[string]int64 `json:"faults"`
	Actions     map[string]int64 `json:"actions"`
	Pairs       map[string]int64 `json:"pairs"`
	Reached     map[string]int64 `json:"reached"` // what is worth knowing besides, such as money that was taken from a hold
}

// What may be wrong with the options.
var (
	ErrFaultUnknown = fault.New(fault.Invalid, "fault_unknown", "there is no such fault to simulate")
	ErrSpan         = fault.New(fault.Invalid, "sim_span", "a simulation needs at least one seed and one step").WithNext("name seeds like 1..100 and a positive number of steps")
)

// Run lives the lives of all seeds, one after the other. A life ends at its first
// violation. An error means that a life could not be lived.
func Run(ctx context.Context, o Options) (Report, error) {
	r := Report{Violations: []Violation{}, Coverage: newCoverage()}
	if o.First > o.Last || o.Steps < 1 {
		return r, ErrSpan
	}
	for _, f := range o.Faults {
		if !slices.Contains(FaultNames, f) {
			return r, ErrFaultUnknown.Detail("there is no fault %q to simulate", f).WithNext("name some of: " + faultList())
		}
	}
	dir, err := quickDir()
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	books, err := emptyBooks()
	if err != nil {
		return r, err
	}
	all := sha256.New()
	for seed := o.First; ; seed++ {
		l, err := begin(ctx, o, seed, filepath.Join(dir, "bursar.db"), books)
		if err != nil {
			return r, fmt.Errorf("begin seed %d: %w", seed, err)
		}
		hash, err := l.live()
		if err != nil {
			return r, fmt.Errorf("live seed %d: %w", seed, err)
		}
		all.Write(hash)
		r.Seeds++
		r.Steps += int64(l.step)
		r.Violations = append(r.Violations, l.violations...)
		r.Coverage.add(l.coverage)
		if o.Progress != nil {
			o.Progress(seed)
		}
		if seed == o.Last || ctx.Err() != nil {
			break
		}
	}
	r.StateHash = hex.EncodeToString(all.Sum(nil))
	return r, ctx.Err()
}

func newCoverage() Coverage {
	return Coverage{Transitions: map[string]int64{}, Faults: map[string]int64{}, Actions: map[string]int64{}, Pairs: map[string]int64{}, Reached: map[string]int64{}}
}

func (c Coverage) add(other Coverage) {
	for _, m := range []struct{ to, from map[string]int64 }{
		{c.Transitions, other.Transitions}, {c.Faults, other.Faults}, {c.Actions, other.Actions}, {c.Pairs, other.Pairs}, {c.Reached, other.Reached},
	} {
		for _, k := range slices.Sorted(maps.Keys(m.from)) {
			m.to[k] += m.from[k]
		}
	}
}

// quickDir is a new directory, in memory where the machine has such a place: a
// simulation commits thousands of times a second, and nobody pulls the plug.
func quickDir() (string, error) {
	if dir, err := os.MkdirTemp("/dev/shm", "bursar-sim-"); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", "bursar-sim-")
}

// emptyBooks is a migrated database with the simulation's own triggers, as a file
// to be copied: to migrate takes longer than a life of a hundred steps.
var emptyBooks = sync.OnceValues(func() ([]byte, error) {
	ctx := context.Background()
	dir, err := quickDir()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "empty.db")
	s, err := store.Open(ctx, "sqlite:"+path, store.Options{})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.Migrate(ctx), s.Close()); err != nil {
		return nil, err
	}
	if err := addWitness(ctx, path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
