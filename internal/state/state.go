// Package state holds state tables: what can happen to a thing, and what becomes
// of it. A table is data. The rules ask it for the next state, a test proves that
// it is sound, and docs/states.md is drawn from it.
package state

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
)

// ErrRefused is the fault of an event that cannot happen in the present state.
var ErrRefused = fault.New(fault.Conflict, "transition_refused", "this cannot happen in the present state")

// Table maps each state to the events that can happen in it, and each event to
// the state that follows. Final states are in the table too, without events.
type Table[S, E ~string] map[S]map[E]S

// Next returns the state that follows from when event happens. If it cannot
// happen there, Next returns from and ErrRefused.
func (t Table[S, E]) Next(from S, event E) (S, error) {
	to, ok := t[from][event]
	if !ok {
		return from, ErrRefused.Detail("%s cannot happen in state %s", string(event), string(from))
	}
	return to, nil
}

// IsFinal reports whether s is in the table and nothing can happen to it.
func (t Table[S, E]) IsFinal(s S) bool {
	events, ok := t[s]
	return ok && len(events) == 0
}

// States returns every state of the table, sorted.
func (t Table[S, E]) States() []S {
	states := make([]S, 0, len(t))
	for s := range t {
		states = append(states, s)
	}
	slices.Sort(states)
	return states
}

// Check returns nil if the table is sound: it has the initial states, every event
// leads to a state of the table, and every state can be reached from an initial
// one. Otherwise it returns all that is wrong.
func (t Table[S, E]) Check(initial ...S) error {
	var wrong []error
	for _, s := range initial {
		if !t.has(s) {
			wrong = append(wrong, fmt.Errorf("initial state %q is not in the table", s))
		}
	}
	for _, from := range t.States() {
		for _, event := range sortedEvents(t[from]) {
			if to := t[from][event]; !t.has(to) {
				wrong = append(wrong, fmt.Errorf("%q in state %q leads to %q, which is not in the table", event, from, to))
			}
		}
	}
	reached := t.reached(initial...)
	for _, s := range t.States() {
		if !slices.Contains(reached, s) {
			wrong = append(wrong, fmt.Errorf("state %q cannot be reached from %q", s, initial))
		}
	}
	return errors.Join(wrong...)
}

// Markdown draws the table as a section of docs/states.md: a heading with the
// name, a Mermaid diagram and the same as a list. The order is that in which the
// states are reached, so the same table always draws the same.
func (t Table[S, E]) Markdown(name string, initial ...S) string {
	var diagram, list strings.Builder
	for _, s := range initial {
		fmt.Fprintf(&diagram, "    [*] --> %s\n", string(s))
	}
	for _, from := range t.reached(initial...) {
		if t.IsFinal(from) {
			fmt.Fprintf(&diagram, "    %s --> [*]\n", string(from))
			fmt.Fprintf(&list, "| %s | | final |\n", string(from))
		}
		for _, event := range sortedEvents(t[from]) {
			to := t[from][event]
			fmt.Fprintf(&diagram, "    %s --> %s: %s\n", string(from), string(to), string(event))
			fmt.Fprintf(&list, "| %s | %s | %s |\n", string(from), string(event), string(to))
		}
	}
	return "## " + name + "\n\n" +
		"```mermaid\nstateDiagram-v2\n" + diagram.String() + "```\n\n" +
		"| state | event | becomes |\n|---|---|---|\n" + list.String()
}

func (t Table[S, E]) has(s S) bool {
	_, ok := t[s]
	return ok
}

// reached returns the states that can be reached from the initial ones, nearest first.
func (t Table[S, E]) reached(initial ...S) []S {
	var states []S
	for _, s := range initial {
		if t.has(s) && !slices.Contains(states, s) {
			states = append(states, s)
		}
	}
	for i := 0; i < len(states); i++ {
		events := t[states[i]]
		for _, event := range sortedEvents(events) {
			if to := events[event]; t.has(to) && !slices.Contains(states, to) {
				states = append(states, to)
			}
		}
	}
	return states
}

func sortedEvents[S, E ~string](events map[E]S) []E {
	names := make([]E, 0, len(events))
	for e := range events {
		names = append(names, e)
	}
	slices.Sort(names)
	return names
}
