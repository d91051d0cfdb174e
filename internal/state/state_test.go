package state_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/state"
)

type (
	phase string
	turn  string
)

var lamp = state.Table[phase, turn]{
	"off":    {"switched": "on"},
	"on":     {"switched": "off", "burnt": "broken"},
	"broken": {},
}

func TestNext(t *testing.T) {
	for _, c := range []struct {
		name  string
		from  phase
		event turn
		want  phase
		err   error
	}{
		{"allowed", "off", "switched", "on", nil},
		{"not in this state", "off", "burnt", "off", state.ErrRefused},
		{"final", "broken", "switched", "broken", state.ErrRefused},
		{"no such state", "lost", "switched", "lost", state.ErrRefused},
	} {
		got, err := lamp.Next(c.from, c.event)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %s, %v, want %s, %v", c.name, got, err, c.want, c.err)
		}
	}
}

func TestIsFinal(t *testing.T) {
	for s, want := range map[phase]bool{"off": false, "on": false, "broken": true, "lost": false} {
		if got := lamp.IsFinal(s); got != want {
			t.Errorf("%s: got %t, want %t", s, got, want)
		}
	}
}

func TestStatesAreSorted(t *testing.T) {
	if got, want := lamp.States(), []phase{"broken", "off", "on"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name    string
		table   state.Table[phase, turn]
		initial phase
		want    []string
	}{
		{"sound", lamp, "off", nil},
		{"no initial state", lamp, "new", []string{`initial state "new"`, `"off" cannot be reached`}},
		{"unreachable", lamp, "broken", []string{`"off" cannot be reached`, `"on" cannot be reached`}},
		{"unknown target", state.Table[phase, turn]{"off": {"switched": "on"}}, "off", []string{`leads to "on"`}},
	} {
		err := c.table.Check(c.initial)
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want it to say %q", c.name, err, want)
			}
		}
	}
}

func TestMarkdownFollowsTheLife(t *testing.T) {
	want := "## Lamp\n\n```mermaid\nstateDiagram-v2\n" +
		"    [*] --> off\n" +
		"    off --> on: switched\n" +
		"    on --> broken: burnt\n" +
		"    on --> off: switched\n" +
		"    broken --> [*]\n" +
		"```\n\n| state | event | becomes |\n|---|---|---|\n" +
		"| off | switched | on |\n" +
		"| on | burnt | broken |\n" +
		"| on | switched | off |\n" +
		"| broken | | final |\n"
	if got := lamp.Markdown("Lamp", "off"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
