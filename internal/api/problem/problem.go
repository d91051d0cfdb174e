// Package problem is the one place that turns faults into HTTP answers: RFC 9457
// problem details with a stable code, a localized title, a next step, and the
// place of each mistake. What was rejected is never in them.
package problem

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/bursar-pay/bursar/internal/fault"
)

// typePrefix and the code make a problem's type. The code is for ever, so is this.
const typePrefix = "https://bursar.dev/problems/"

// ContentType is the media type of problems.
const ContentType = "application/problem+json"

// Problem is an answer that says what went wrong and what to do now.
type Problem struct {
	Type     string   `json:"type" format:"uri" example:"https://bursar.dev/problems/account_not_found" doc:"Names the kind of problem; ends in its code."`
	Title    string   `json:"title" example:"Not found" doc:"What it is about, in the language asked for: the same for all problems of this code."`
	Status   int      `json:"status" example:"404"`
	Detail   string   `json:"detail" example:"there is no such account"`
	Code     string   `json:"code" example:"account_not_found" doc:"Decide by this: it stays the same for ever."`
	Next     string   `json:"next,omitempty" doc:"What can be done now; in the language asked for where it concerns a payer."`
	Errors   []Reason `json:"errors,omitempty" doc:"Every mistake that was found, with its place."`
	Instance string   `json:"instance,omitempty" doc:"This occurrence, for whoever looks it up in the logs."`

	cause error // what the caller is not told
}

// Reason is one mistake among several.
type Reason struct {
	Code   string `json:"code" example:"account_invalid"`
	Title  string `json:"title,omitempty" doc:"What it is about, in the language asked for; absent where it concerns no payer."`
	Detail string `json:"detail"`
	Place  string `json:"place,omitempty" example:"body.country" doc:"Where in the request."`
	Next   string `json:"next,omitempty"`
}

// What went wrong before any rule was asked.
var (
	ErrInternal    = fault.New(fault.Unavailable, "internal", "something went wrong on our side; it is in the log").WithNext("look at what became of the request before sending it again; with an Idempotency-Key it can be sent again as it is")
	ErrRoute       = fault.New(fault.NotFound, "route_not_found", "there is nothing under this path").WithNext("see /v1/openapi.yaml for the paths that there are")
	ErrMethod      = fault.New(fault.Malformed, "method_not_allowed", "this path does not know the method").WithNext("use one of the methods in the header Allow")
	ErrBody        = fault.New(fault.Malformed, "body_malformed", "the body is not valid JSON in UTF-8").WithNext("send one JSON object, in which no name occurs twice")
	ErrNoBody      = fault.New(fault.Malformed, "body_missing", "the request needs a body").WithNext("send a JSON object")
	ErrBodyUnasked = fault.New(fault.Invalid, "body_unexpected", "this request has no body").WithNext("send it without one")
	ErrTooLarge    = fault.New(fault.TooLarge, "body_too_large", "the body is larger than may be sent here")
	ErrMediaType   = fault.New(fault.Malformed, "media_type_unsupported", "the body is of a type that is not read here").WithNext("send application/json")
	ErrEncoding    = fault.New(fault.Malformed, "content_encoding_unsupported", "compressed bodies are not read here").WithNext("send the body as it is, in parts if it is large")
	ErrInvalid     = fault.New(fault.Invalid, "request_invalid", "the request does not have the form that is described").WithNext("correct what errors names; /v1/openapi.yaml describes the form")
	ErrText        = fault.New(fault.Malformed, "text_malformed", "the path or a parameter is not text in UTF-8")
	ErrSlow        = fault.New(fault.Unavailable, "timeout", "the request took too long").WithNext("send the request again; with an Idempotency-Key nothing happens twice")
)

// statuses gives each kind of fault its HTTP status.
var statuses = map[fault.Kind]int{
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Malformed:       http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.TooMany:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// exceptions are the faults whose status is finer than their kind.
var exceptions = map[string]int{
	ErrInternal.Code:  http.StatusInternalServerError,
	ErrMethod.Code:    http.StatusMethodNotAllowed,
	ErrMediaType.Code: http.StatusUnsupportedMediaType,
	ErrEncoding.Code:  http.StatusUnsupportedMediaType,
}

// From says err to a caller. Several faults at once are all told. An error
// without a fault is ours to mend: the caller learns no more than that.
func From(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	found := fault.All(err)
	if len(found) == 0 {
		found = []*fault.Error{ErrInternal}
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			found[0] = ErrSlow
		}
	}
	first := found[0]
	p = &Problem{
		Type: typePrefix + first.Code, Status: statusOf(first), Detail: first.Message, Code: first.Code, Next: first.Next,
	}
	p.Title = titleOf(p.Code, p.Status, languageDefault)
	if p.Status >= http.StatusInternalServerError {
		p.cause = err
	}
	if first.Place == "" && (len(found) == 1 || allPlaced(found[1:])) {
		found = found[1:] // the first sums the others up
	}
	p.Errors = reasons(found)
	return p
}

// Reasons says every fault in err by itself, in the language that the caller
// prefers.
func Reasons(err error, acceptLanguage string) []Reason {
	said, spoken := reasons(fault.All(err)), spokenLanguage(acceptLanguage)
	for i := range said {
		said[i] = said[i].in(spoken)
	}
	return said
}

func reasons(faults []*fault.Error) []Reason {
	var said []Reason
	for _, f := range faults[:min(len(faults), reasonsMax)] {
		said = append(said, Reason{Code: f.Code, Title: texts[f.Code].title[languageDefault], Detail: f.Message, Place: f.Place, Next: f.Next})
	}
	return said
}

func allPlaced(faults []*fault.Error) bool {
	for _, f := range faults {
		if f.Place == "" {
			return false
		}
	}
	return true
}

func statusOf(f *fault.Error) int {
	if s, ok := exceptions[f.Code]; ok {
		return s
	}
	return statuses[f.Kind]
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of problems for that of plain answers.
func (p *Problem) ContentType(string) string { return ContentType }

// Cause is what happened, for the log; nil when the problem is the caller's.
func (p *Problem) Cause() error { return p.cause }

// RetryAfter is how many seconds to wait before the same request is worth sending
// again; "" when waiting by itself changes nothing, or nobody knows how long.
func (p *Problem) RetryAfter() string {
	if p.Status == http.StatusServiceUnavailable || p.Code == "idempotency_in_progress" {
		return "1"
	}
	return ""
}

// In returns p in the language that the caller prefers, as the header
// Accept-Language says it.
func (p *Problem) In(acceptLanguage string) *Problem {
	c, spoken := *p, spokenLanguage(acceptLanguage)
	c.Title = titleOf(p.Code, p.Status, spoken)
	c.Next = nextOf(p.Code, p.Next, spoken)
	c.Errors = slices.Clone(p.Errors)
	for i := range c.Errors {
		c.Errors[i] = c.Errors[i].in(spoken)
	}
	return &c
}

// in returns r in one of the languages.
func (r Reason) in(spoken int) Reason {
	r.Title, r.Next = texts[r.Code].title[spoken], nextOf(r.Code, r.Next, spoken)
	return r
}

// At returns p as one occurrence.
func (p *Problem) At(instance string) *Problem {
	c := *p
	c.Instance = instance
	return &c
}
