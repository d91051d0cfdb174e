package fault_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/bursar-pay/bursar/internal/fault"
)

var (
	errShut  = fault.New(fault.Conflict, "door_shut", "the door is shut")
	errSmall = fault.New(fault.Invalid, "door_small", "the door is too small")
)

func TestErrorNamesThePlaceFirst(t *testing.T) {
	for _, c := range []struct {
		name string
		err  *fault.Error
		want string
	}{
		{"as declared", errShut, "the door is shut"},
		{"with a place", errShut.At("row 12"), "row 12: the door is shut"},
		{"in other words", errShut.Detail("door %d is shut", 7), "door 7 is shut"},
		{"the next step is not in it", errShut.WithNext("knock"), "the door is shut"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDeclaredFaultIsNeverChanged(t *testing.T) {
	before := *errShut
	changed := errShut.At("here").WithNext("knock").Detail("shut for good")
	if *errShut != before {
		t.Errorf("got %+v after making copies, want %+v", *errShut, before)
	}
	want := fault.Error{Kind: fault.Conflict, Code: "door_shut", Message: "shut for good", Next: "knock", Place: "here"}
	if *changed != want {
		t.Errorf("copy: got %+v, want %+v", *changed, want)
	}
}

func TestIsGoesByCode(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		target error
		want   bool
	}{
		{"itself", errShut, errShut, true},
		{"elsewhere, reworded", errShut.At("row 1").Detail("no"), errShut, true},
		{"wrapped", fmt.Errorf("open: %w", errShut), errShut, true},
		{"joined", errors.Join(errSmall, errShut), errShut, true},
		{"another", errSmall, errShut, false},
		{"no fault", errors.New("the door is shut"), errShut, false},
	} {
		if got := errors.Is(c.err, c.target); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
}

func TestOfAndAllSearchTheTree(t *testing.T) {
	tree := fmt.Errorf("enter: %w", errors.Join(errors.New("odd"), fmt.Errorf("knock: %w", errSmall), errShut))
	for _, c := range []struct {
		name string
		err  error
		want []*fault.Error
	}{
		{"nil", nil, nil},
		{"no fault", errors.New("odd"), nil},
		{"bare", errShut, []*fault.Error{errShut}},
		{"two in a tree", tree, []*fault.Error{errSmall, errShut}},
	} {
		if got := fault.All(c.err); !slices.Equal(got, c.want) {
			t.Errorf("%s: All: got %v, want %v", c.name, got, c.want)
		}
		first, ok := fault.Of(c.err)
		if ok != (len(c.want) > 0) || ok && first != c.want[0] {
			t.Errorf("%s: Of: got %v, %t, want the first of %v", c.name, first, ok, c.want)
		}
	}
}

func TestEveryKindHasAName(t *testing.T) {
	seen := map[string]fault.Kind{}
	for k := fault.Invalid; k <= fault.Unavailable; k++ {
		if other, twice := seen[k.String()]; twice || k.String() == "" {
			t.Errorf("kind %d: got name %q, want one of its own (kind %d has it)", k, k, other)
		}
		seen[k.String()] = k
	}
	if got := (fault.Unavailable + 1).String(); got != "unknown" {
		t.Errorf("beyond the last kind: got %q, want unknown", got)
	}
}
