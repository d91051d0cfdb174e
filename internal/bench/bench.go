// Package bench measures Bursar beside the plainest programs that do the same
// work as durably. Each result stands beside such a floor, measured in turns in
// the same run, so that a slow or busy machine slows both; the ratio of the two
// is what is promised. The floors are in the files that begin with floor; they
// write the same rows into the same tables, and know nothing else of Bursar.
//
// What is measured is what is served: an office on a real database, behind its
// API on a loopback listener, with the sandbox world on another.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// ErrUnknown says that there is no benchmark of a name.
var ErrUnknown = fault.New(fault.Invalid, "bench_unknown", "there is no such benchmark").
	WithNext("name some of " + strings.Join(Names(), ", ") + ", or none for all")

// Options say what to measure and with what.
type Options struct {
	Names  []string         // none: all
	DB     string           // a database to measure on, beside what is in it; "" measures each engine there is
	Now    func() time.Time // a clock that only goes forward
	Random io.Reader
	Binary string            // the bursar executable: sends loads, and is measured from outside
	Work   float64           // 1 is the usual amount; less is quicker and rougher
	Say    func(what string) // is told what goes on; may be nil
}

// Result is a figure beside its floor. Goal is what is promised of the ratio: the
// least of it, or the most where less is good. Of what depends little on the
// machine, Most is promised of the value itself, and Goal follows from that.
type Result struct {
	Name       string    `json:"name"`
	Engine     string    `json:"engine"` // "" where none is in it
	Unit       string    `json:"unit"`
	Value      float64   `json:"value"` // median of Runs
	Floor      float64   `json:"floor"` // median of FloorRuns
	Ratio      float64   `json:"ratio"` // value to floor
	Goal       float64   `json:"goal"`
	Most       float64   `json:"most,omitempty"`
	LessIsGood bool      `json:"less_is_good"`
	P50        float64   `json:"p50_ms"` // of one request, over all runs
	P99        float64   `json:"p99_ms"`
	FloorP50   float64   `json:"floor_p50_ms"`
	FloorP99   float64   `json:"floor_p99_ms"`
	Runs       []float64 `json:"runs"`
	FloorRuns  []float64 `json:"floor_runs"`
	FloorIs    string    `json:"floor_is"` // what the floor does
}

// Meets tells whether the goal is reached.
func (r Result) Meets() bool {
	if r.LessIsGood {
		return r.Ratio <= r.Goal
	}
	return r.Ratio >= r.Goal
}

// turns is how often floor and ours take their turns; figures are the medians.
const turns = 3

// outcome is one turn of one side.
type outcome struct {
	value float64
	each  []time.Duration // of every request
}

// contest is a benchmark that is set up on one engine: two sides that take turns.
type contest struct {
	result Result // what is known before: unit, goal, what the floor is
	before func(turn int) error
	ours   func(ctx context.Context) (outcome, error)
	floor  func(ctx context.Context) (outcome, error)
	after  func(ctx context.Context) error // checks what was done and takes all down
}

// benchmarks are all there are. Those without a store are the same on any engine.
var benchmarks = []struct {
	name     string
	isStored bool
	set      func(ctx context.Context, o *Options, g ground) (contest, error)
}{
	{"usage_batch", true, usageBatch},
	{"usage_single", true, usageSingle},
	{"charge_latency", true, chargeLatency},
	{"bank_import", true, bankImport},
	{"pages", true, consolePages},
	{"cold_start", false, coldStart},
	{"idle_memory", false, idleMemory},
}

// Names returns the names of all benchmarks.
func Names() []string {
	var names []string
	for _, b := range benchmarks {
		names = append(names, b.name)
	}
	return names
}

// Run measures what the options name, on each engine that there is.
func Run(ctx context.Context, o Options) (results []Result, err error) {
	for _, n := range o.Names {
		if !slices.Contains(Names(), n) {
			return nil, ErrUnknown.Detail("there is no benchmark %s", n)
		}
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	dir, err := os.MkdirTemp("", "bursar-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	grounds, leave, err := findGrounds(ctx, o, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, leave()) }()
	for _, b := range benchmarks {
		if len(o.Names) > 0 && !slices.Contains(o.Names, b.name) {
			continue
		}
		on := grounds
		if !b.isStored {
			on = []ground{{dir: dir}}
		}
		for i, g := range on {
			o.Say(strings.TrimSpace(b.name + " " + g.engine))
			if g.dir, err = os.MkdirTemp(dir, fmt.Sprintf("%s-%d-", b.name, i)); err != nil {
				return results, err
			}
			r, err := measure(ctx, &o, b.set, g)
			if err != nil {
				return results, fmt.Errorf("measure %s %s: %w", b.name, g.engine, err)
			}
			r.Name, r.Engine = b.name, g.engine
			results = append(results, r)
		}
	}
	return results, nil
}

// measure sets a contest up and lets both sides take their turns.
func measure(ctx context.Context, o *Options, set func(context.Context, *Options, ground) (contest, error), g ground) (r Result, err error) {
	c, err := set(ctx, o, g)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.after(ctx)) }()
	r = c.result
	var ours, floor []time.Duration
	for turn := range turns {
		if err := c.before(turn); err != nil {
			return r, err
		}
		f, err := c.floor(ctx)
		if err != nil {
			return r, fmt.Errorf("the floor: %w", err)
		}
		mine, err := c.ours(ctx)
		if err != nil {
			return r, err
		}
		r.Runs, r.FloorRuns = append(r.Runs, mine.value), append(r.FloorRuns, f.value)
		ours, floor = append(ours, mine.each...), append(floor, f.each...)
	}
	r.Value, r.Floor = median(r.Runs), median(r.FloorRuns)
	if r.Floor > 0 {
		r.Ratio = r.Value / r.Floor
	}
	if r.Most > 0 {
		r.Goal = r.Most / r.Floor
	}
	r.P50, r.P99 = quantile(ours, 0.50), quantile(ours, 0.99)
	r.FloorP50, r.FloorP99 = quantile(floor, 0.50), quantile(floor, 0.99)
	return r, nil
}

func median(runs []float64) float64 {
	sorted := slices.Sorted(slices.Values(runs))
	return sorted[len(sorted)/2]
}

// quantile is in milliseconds; 0 of nothing.
func quantile(all []time.Duration, q float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return millis(all[min(int(q*float64(len(all))), len(all)-1)])
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// some is n, or as much less as the options ask for, but at least least.
func (o *Options) some(n, least int) int {
	return max(int(float64(n)*o.Work), least)
}

// file names a file of a benchmark's own.
func (g ground) file(name string) string { return filepath.Join(g.dir, name) }
