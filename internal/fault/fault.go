// Package fault is the one error type for failures that are expected: bad input,
// a rule that says no, something not found. Rules declare their faults beside
// themselves, once, as package variables; the office passes them on, wrapped or
// joined; a door finds them again with Of or All and shows code, message, place
// and next step. An error without a fault in it is ours to mend.
//
// A fault never holds what was rejected, nor a secret: its texts are shown to
// callers and kept in logs.
package fault

import (
	"errors"
	"fmt"
)

// Kind says whose turn it is after a fault; a door turns it into its own word,
// such as an HTTP status.
type Kind uint8

// The kinds of fault, each with the HTTP status that says the same.
const (
	Invalid         Kind = iota // 422: understood, and refused by a rule about values
	Malformed                   // 400: cannot be read at all
	Unauthenticated             // 401: the caller is not known
	Forbidden                   // 403: the caller is known, and may not
	NotFound                    // 404: no such thing, or none that the caller may see
	Conflict                    // 409: not in the present state
	TooLarge                    // 413: larger than the limit
	TooMany                     // 429: more often than the limit
	Unavailable                 // 503: not now; the same request may succeed later
)

var kindNames = [...]string{
	Invalid:         "invalid",
	Malformed:       "malformed",
	Unauthenticated: "unauthenticated",
	Forbidden:       "forbidden",
	NotFound:        "not_found",
	Conflict:        "conflict",
	TooLarge:        "too_large",
	TooMany:         "too_many",
	Unavailable:     "unavailable",
}

// String returns the kind's name in snake_case.
func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		return "unknown"
	}
	return kindNames[k]
}

// Error is one expected failure. It is never changed once made: the With methods
// return copies, so a declared fault can be shared.
type Error struct {
	Kind    Kind
	Code    string // snake_case, the same for ever; callers decide by it
	Message string // for people, without the rejected input
	Next    string // what the reader can do now; empty when there is nothing to say
	Place   string // where in the input, e.g. "row 12" or "line 3: thresholds.card"; empty for the whole
}

// New declares a fault. The message starts in lower case and has no full stop.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// WithNext returns a copy that tells the reader the next step.
func (e *Error) WithNext(next string) *Error {
	c := *e
	c.Next = next
	return &c
}

// At returns a copy that names the place in the input.
func (e *Error) At(place string) *Error {
	c := *e
	c.Place = place
	return &c
}

// Detail returns a copy with a more specific message. Only our own words, names
// and numbers belong in it, never the rejected input.
func (e *Error) Detail(format string, args ...any) *Error {
	c := *e
	c.Message = fmt.Sprintf(format, args...)
	return &c
}

// Error returns the message, after the place if there is one.
func (e *Error) Error() string {
	if e.Place == "" {
		return e.Message
	}
	return e.Place + ": " + e.Message
}

// Is reports whether target is a fault with the same code, wherever it happened
// and however it was worded.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t != nil && t.Code == e.Code
}

// Of returns the first fault in err's tree, depth first, and whether there is one.
func Of(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// All returns every fault in err's tree, depth first: a rule that refuses may
// give several reasons at once.
func All(err error) []*Error {
	switch e := err.(type) {
	case nil:
		return nil
	case *Error:
		return []*Error{e}
	case interface{ Unwrap() error }:
		return All(e.Unwrap())
	case interface{ Unwrap() []error }:
		var found []*Error
		for _, one := range e.Unwrap() {
			found = append(found, All(one)...)
		}
		return found
	}
	return nil
}
