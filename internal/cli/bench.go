package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bursar-pay/bursar/internal/bench"
	"github.com/bursar-pay/bursar/internal/fault"
)

var errWork = fault.New(fault.Invalid, "bench_work", "the amount of work cannot be measured with").WithNext("give a factor above 0, such as 0.1").At("--work")

type benchCommand struct {
	Names  []string `arg:"" optional:"" name:"name" help:"What to measure, such as usage_batch. None: all."`
	Work   float64  `default:"1" help:"How much of the usual work: 0.1 is quick and rough."`
	Answer bool     `hidden:"" help:"Answer on --listen and do nothing else: the floor of what is measured from outside."`
	Listen string   `hidden:""`

	Load        string `hidden:"" help:"Send the requests in this file to --listen: the client of what is measured."`
	Connections int    `hidden:"" default:"1"`
}

// Run measures, each figure beside its floor. With --db it measures on that
// database's engine and place, beside what is in it; without, on every engine
// there is, in temporary files.
func (c benchCommand) Run(ctx context.Context, s *session) error {
	if c.Answer {
		return bench.Answer(ctx, c.Listen)
	}
	if c.Load != "" {
		return bench.Send(ctx, c.Load, c.Listen, c.Connections, wall, s.Out)
	}
	if !(c.Work > 0) {
		return errWork
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find our own executable: %w", err)
	}
	results, err := bench.Run(ctx, bench.Options{
		Names: c.Names, DB: s.flags["db"], Now: wall, Random: chance(), Binary: self, Work: c.Work,
		Say: func(what string) { fmt.Fprintln(s.Err, what) },
	})
	if len(results) == 0 {
		return err
	}
	return errors.Join(s.show(results, func(w io.Writer) { tellResults(w, results) }), err)
}

// tellResults is how people read figures.
func tellResults(w io.Writer, results []bench.Result) {
	table(w, "bench,engine,unit,value,floor,ratio,goal,p50 ms,p99 ms,floor p50,floor p99", func(add func(...any)) {
		for _, r := range results {
			goal := "at least "
			if r.LessIsGood {
				goal = "at most "
			}
			if !r.Meets() {
				goal = "not " + goal
			}
			add(r.Name, r.Engine, r.Unit, figure(r.Value), figure(r.Floor), fmt.Sprintf("%.2f", r.Ratio), goal+figure(r.Goal),
				figure(r.P50), figure(r.P99), figure(r.FloorP50), figure(r.FloorP99))
		}
	})
}

func figure(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}
