package sim

import (
	"errors"
	"maps"
	"testing"
)

func run(t *testing.T, o Options) Report {
	t.Helper()
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLivesWithAllFaults(t *testing.T) {
	t.Parallel()
	r := run(t, Options{First: 1, Last: 3, Steps: 200, Faults: FaultNames})
	for _, v := range r.Violations {
		t.Errorf("seed %d, step %d: %s", v.Seed, v.Step, v.What)
	}
}

func TestALifeIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	o := Options{First: 11, Last: 12, Steps: 80, Faults: FaultNames}
	first, again := run(t, o), run(t, o)
	if first.StateHash != again.StateHash {
		t.Errorf("the state hash is %s, and the second time %s", first.StateHash, again.StateHash)
	}
	if !maps.Equal(first.Coverage.Transitions, again.Coverage.Transitions) || !maps.Equal(first.Coverage.Faults, again.Coverage.Faults) {
		t.Error("the second time something else was reached")
	}
	o.Faults = nil
	if without := run(t, o); without.StateHash == first.StateHash || len(without.Coverage.Faults) > 0 {
		t.Errorf("without faults the hash is the same, or there were faults: %v", without.Coverage.Faults)
	}
}

func TestWhatCannotBeSimulated(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want error
	}{
		{"no seed", Options{First: 2, Last: 1, Steps: 1}, ErrSpan},
		{"no step", Options{First: 1, Last: 1}, ErrSpan},
		{"a fault that there is not", Options{First: 1, Last: 1, Steps: 1, Faults: []string{"rain"}}, ErrFaultUnknown},
	} {
		if _, err := Run(t.Context(), c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}
