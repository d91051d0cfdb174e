package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/pgtest"
)

// besideVariable has this test binary be one of the processes that a benchmark
// starts.
const besideVariable = "BENCH_BESIDE"

func TestMain(m *testing.M) {
	if os.Getenv(besideVariable) == "" {
		pgtest.Main(m)
	}
	if err := beside(context.Background(), os.Args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// beside does what the command line does with the flags of a process beside.
func beside(ctx context.Context, args []string) error {
	flags := map[string]string{}
	for i, a := range args[:len(args)-1] {
		flags[a] = args[i+1]
	}
	if flags["--load"] == "" {
		return Answer(ctx, flags["--listen"])
	}
	connections, err := strconv.Atoi(flags["--connections"])
	if err != nil {
		return err
	}
	return Send(ctx, flags["--load"], flags["--listen"], connections, time.Now, os.Stdout)
}

// TestEachBenchmarkMeasuresBothSides does as little as it can and asks for the
// shape of the results: figures are for `bursar bench`.
func TestEachBenchmarkMeasuresBothSides(t *testing.T) {
	t.Setenv(besideVariable, "1")
	for _, db := range []struct{ engine, url string }{
		{sqlite, "sqlite:" + t.TempDir() + "/bursar.db"},
		{postgres, pgtest.URL(t)},
	} {
		t.Run(db.engine, func(t *testing.T) {
			o := Options{DB: db.url, Now: time.Now, Random: rand.Reader, Binary: os.Args[0], Work: 0.001}
			results, err := Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, r := range results {
				names = append(names, r.Name)
				if r.Value <= 0 || r.Floor <= 0 || r.Ratio != r.Value/r.Floor || len(r.Runs) != turns || len(r.FloorRuns) != turns || r.Goal <= 0 || r.Unit == "" {
					t.Errorf("%s: got %+v, want both sides measured %d times", r.Name, r, turns)
				}
				if r.Engine != "" && (r.Engine != db.engine || r.P50 <= 0 || r.P99 < r.P50) {
					t.Errorf("%s: got engine %q, p50 %v and p99 %v, want times on %s", r.Name, r.Engine, r.P50, r.P99, db.engine)
				}
			}
			if !slices.Equal(names, Names()) {
				t.Errorf("measured %v, want %v", names, Names())
			}
		})
	}
}

func TestUnknownBenchmarkIsRefused(t *testing.T) {
	if _, err := Run(t.Context(), Options{Names: []string{"usage_batch", "speed"}}); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v, want %v", err, ErrUnknown)
	}
}

func TestGoals(t *testing.T) {
	cases := []struct {
		name string
		r    Result
		want bool
	}{
		{"more than promised", Result{Ratio: 0.5, Goal: 0.4}, true},
		{"less than promised", Result{Ratio: 0.3, Goal: 0.4}, false},
		{"a time as promised", Result{Ratio: 3, Goal: 3, LessIsGood: true}, true},
		{"a longer time", Result{Ratio: 3.1, Goal: 3, LessIsGood: true}, false},
	}
	for _, c := range cases {
		if got := c.r.Meets(); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
}

func TestQuantiles(t *testing.T) {
	all := []time.Duration{4 * time.Millisecond, time.Millisecond, 3 * time.Millisecond, 2 * time.Millisecond}
	if got := quantile(all, 0.5); got != 3 {
		t.Errorf("p50 is %v, want 3", got)
	}
	if got := quantile(all, 0.99); got != 4 {
		t.Errorf("p99 is %v, want 4", got)
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("of nothing it is %v, want 0", got)
	}
}
