package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bursar-pay/bursar/internal/api/problem"
	"github.com/bursar-pay/bursar/internal/fault"
)

var (
	errShut = fault.New(fault.Conflict, "door_shut", "the door is shut").WithNext("knock")
	errWood = fault.New(fault.Invalid, "wood_wet", "the wood is wet")
)

func TestFromGivesEachKindItsStatus(t *testing.T) {
	for kind, want := range map[fault.Kind]int{
		fault.Invalid: 422, fault.Malformed: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404,
		fault.Conflict: 409, fault.TooLarge: 413, fault.TooMany: 429, fault.Unavailable: 503,
	} {
		p := problem.From(fmt.Errorf("open: %w", fault.New(kind, "some_code", "something")))
		if p.Status != want || p.Code != "some_code" || p.Type != "https://bursar.dev/problems/some_code" || p.Detail != "something" || p.Title == "" {
			t.Errorf("%s: got %+v, want status %d", kind, p, want)
		}
		for _, language := range []string{"zh-Hant", "zh-Hans", "ja"} {
			if got := p.In(language).Title; got == "" || got == p.Title {
				t.Errorf("%s in %s: got title %q, want one of its own", kind, language, got)
			}
		}
	}
}

func TestFromTellsEveryFault(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		status int
		want   string // codes and places
	}{
		{"one", errShut, 409, ""},
		{"one with its place", errWood.At("body.door"), 422, "wood_wet@body.door"},
		{"two", errors.Join(errShut, errWood), 409, "door_shut@ wood_wet@"},
		{"a summary and its parts", errors.Join(errShut, errWood.At("row 1"), errWood.At("row 2")), 409, "wood_wet@row 1 wood_wet@row 2"},
	} {
		p := problem.From(c.err)
		var said []string
		for _, r := range p.Errors {
			said = append(said, r.Code+"@"+r.Place)
		}
		if got := strings.Join(said, " "); p.Status != c.status || got != c.want {
			t.Errorf("%s: got %d %q, want %d %q", c.name, p.Status, got, c.status, c.want)
		}
	}
}

func TestWhatIsOursIsNotTold(t *testing.T) {
	secret := errors.New("dial tcp 10.0.0.7: password=hunter2")
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"an error of ours", secret, 500, "internal"},
		{"out of time", fmt.Errorf("%w: %w", context.DeadlineExceeded, secret), 503, "timeout"},
		{"hung up", fmt.Errorf("%w: %w", context.Canceled, secret), 503, "timeout"},
	} {
		p := problem.From(c.err)
		body, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if p.Status != c.status || p.Code != c.code || strings.Contains(string(body), "hunter2") || !errors.Is(p.Cause(), secret) {
			t.Errorf("%s: got %s, cause %v, want %d %s with the cause kept for the log", c.name, body, p.Cause(), c.status, c.code)
		}
	}
}

func TestFromIsAppliedOnce(t *testing.T) {
	p := problem.From(errShut)
	if got := problem.From(fmt.Errorf("again: %w", p)); got != p {
		t.Errorf("got %+v, want the same problem", got)
	}
	if got := p.In("ja").At("urn:x"); got.Instance != "urn:x" || p.Instance != "" || p.Title == got.Title {
		t.Errorf("got %+v from %+v, want a copy", got, p)
	}
}

func TestOfFormTellsPlacesAndNotValues(t *testing.T) {
	const secret = "4242424242424242"
	for _, c := range []struct {
		message, location, detail, place, code string
	}{
		{"unexpected property", "body.colour", "unexpected property", "body.colour", "field_unknown"},
		{"unexpected property", "body." + secret, "unexpected property", "body.?", "field_unknown"},
		{"unexpected property", "body.a b", "unexpected property", "body.?", "field_unknown"},
		{"unexpected property", "body." + strings.Repeat("a", 41), "unexpected property", "body.?", "field_unknown"},
		{"expected required property name to be present", "body", "expected required property name to be present", "body", "field_missing"},
		{"expected string", "body.items[12].name", "expected string", "body.items[12].name", "field_invalid"},
		{"expected string", "body.items[" + secret + "].name", "expected string", "body.items.name", "field_invalid"},
		{"expected length <= 10", "body.name", "expected length <= 10", "body.name", "field_invalid"},
		{"expected string to be a path", "body.page", "expected string to be a path", "body.page", "field_invalid"},
		{"expected string to be RFC 3986 uri: parse " + secret, "body.url", "not of the form that is described", "body.url", "field_invalid"},
		{"json: cannot unmarshal " + secret, "body", "not of the form that is described", "body", "field_invalid"},
		{"unknown query parameter", "query." + secret, "unknown query parameter", "query.?", "parameter_unknown"},
	} {
		p := problem.OfForm(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{Message: c.message, Location: c.location, Value: secret})
		if len(p.Errors) != 1 || p.Errors[0] != (problem.Reason{Code: c.code, Detail: c.detail, Place: c.place}) {
			t.Errorf("%s at %s: got %+v, want %s %q at %s", c.message, c.location, p.Errors, c.code, c.detail, c.place)
		}
	}
	for status, code := range map[int]string{400: "body_malformed", 413: "body_too_large", 415: "media_type_unsupported", 500: "internal"} {
		p := problem.OfForm(status, "it said "+secret, errors.New(secret))
		body, err := json.Marshal(p)
		if err != nil || p.Status != status || p.Code != code || strings.Contains(string(body), secret) {
			t.Errorf("%d: got %s, %v, want %s", status, body, err, code)
		}
	}
}
