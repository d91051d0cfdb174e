package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/sim"
)

// What a simulation may be told wrong, and what it may find.
var (
	errSeeds = fault.New(fault.Invalid, "seeds_invalid", "seeds are a number, or the first and the last with two dots").
			WithNext("name them like 1..100")
	errViolated = fault.New(fault.Conflict, "sim_violated", "the simulation broke a promise of the books").
			WithNext("replay it with the seed named above, and --trace")
)

// simCommand lives random months in a world of its own; it touches no database.
type simCommand struct {
	Seeds  string `default:"1..10" placeholder:"A..B" help:"The seeds to live, both included."`
	Steps  int    `default:"500" help:"Steps of each life."`
	Faults string `default:"all" placeholder:"all|none|LIST" help:"What may go wrong: all, none, or names with commas; a wrong one lists them."`
	Engine string `default:"sqlite" enum:"sqlite" help:"The database."`
	Trace  bool   `help:"Write each step to standard error."`
}

// Run simulates and says whether every promise held.
func (c simCommand) Run(ctx context.Context, s *session) error {
	o := sim.Options{Steps: c.Steps}
	var err error
	if o.First, o.Last, err = seedsOf(c.Seeds); err != nil {
		return err
	}
	switch c.Faults {
	case "all":
		o.Faults = sim.FaultNames
	case "none", "":
	default:
		o.Faults = strings.Split(c.Faults, ",")
	}
	if c.Trace {
		o.Trace = func(seed uint64, step int, what string) { fmt.Fprintf(s.Err, "%d/%d %s\n", seed, step, what) }
	}
	bar := s.progress(int64(o.Last-o.First+1), "seeds")
	o.Progress = func(seed uint64) { bar.to(int64(seed - o.First + 1)) }
	found, err := sim.Run(ctx, o)
	bar.end()
	if err != nil {
		return err
	}
	if err := s.show(found, func(w io.Writer) { tellSim(w, found) }); err != nil {
		return err
	}
	for _, v := range found.Violations {
		fmt.Fprintf(s.Err, "seed %d, step %d: %s\n  replay: bursar sim --seeds %d..%d --steps %d --faults %s --trace\n", v.Seed, v.Step, v.What, v.Seed, v.Seed, c.Steps, c.Faults)
	}
	if len(found.Violations) > 0 {
		return errViolated
	}
	return nil
}

// seedsOf reads A..B, or one number.
func seedsOf(text string) (first, last uint64, err error) {
	from, to, isSpan := strings.Cut(text, "..")
	if !isSpan {
		to = from
	}
	if first, err = strconv.ParseUint(from, 10, 64); err != nil {
		return 0, 0, errSeeds
	}
	if last, err = strconv.ParseUint(to, 10, 64); err != nil || last < first {
		return 0, 0, errSeeds
	}
	return first, last, nil
}

// tellSim is how people read what a simulation came to.
func tellSim(w io.Writer, r sim.Report) {
	for _, group := range []struct {
		head   string
		counts map[string]int64
	}{{"transition,times", r.Coverage.Transitions}, {"fault,times", r.Coverage.Faults}, {"action,times", r.Coverage.Actions}, {"reached,times", r.Coverage.Reached}} {
		table(w, group.head, func(add func(...any)) {
			for _, name := range slices.Sorted(maps.Keys(group.counts)) {
				add(name, group.counts[name])
			}
		})
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%d seeds, %d steps, %d violations; state hash %s\n", r.Seeds, r.Steps, len(r.Violations), r.StateHash)
}
