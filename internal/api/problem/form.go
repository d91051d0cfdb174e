package problem

import (
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bursar-pay/bursar/internal/fault"
)

const (
	reasonsMax    = 100 // of one request are told; the rest would be more of the same
	placeNameMax  = 40
	placeDigitMax = 4 // more digits than that in a name may be somebody's number
)

// OfForm says what the API's framework found wrong with a request's form. The
// framework's own errors hold the rejected values and whole bodies; only the
// place and the words of our own schema are taken over.
func OfForm(status int, _ string, errs ...error) *Problem {
	p := From(formFault(status))
	p.Status = status
	p.Title = titleOf("", status, languageDefault)
	if status != http.StatusUnprocessableEntity {
		if status >= http.StatusInternalServerError {
			p.cause = errors.Join(errs...)
		}
		return p
	}
	for _, err := range errs {
		var d *huma.ErrorDetail
		if !errors.As(err, &d) || len(p.Errors) == reasonsMax {
			continue
		}
		p.Errors = append(p.Errors, Reason{Code: reasonCode(d.Message), Detail: safeMessage(d.Message), Place: safePlace(d.Location)})
	}
	return p
}

// Misplaced says that one thing in the form of a request is wrong.
func Misplaced(f *fault.Error, place string) error {
	return errors.Join(ErrInvalid, f.At(safePlace(place)))
}

func formFault(status int) *fault.Error {
	switch status {
	case http.StatusBadRequest:
		return ErrBody
	case http.StatusRequestEntityTooLarge:
		return ErrTooLarge
	case http.StatusUnsupportedMediaType:
		return ErrMediaType
	case http.StatusUnprocessableEntity:
		return ErrInvalid
	case http.StatusRequestTimeout:
		return ErrSlow
	}
	return ErrInternal
}

// schemaWords are the beginnings of the messages that hold nothing but words of
// our schema.
var schemaWords = []string{
	"expected required property", "expected array length", "expected array items", "expected length", "expected number",
	"expected value to be one of", "expected string to match pattern", "expected string to be RFC 3339", "expected object with at",
	"required query parameter", "required path parameter", "required header parameter",
}

// plainWords are whole messages.
var plainWords = map[string]bool{
	"expected boolean": true, "expected integer": true, "expected string": true, "expected array": true, "expected object": true,
	"expected number": true, "unexpected property": true, "unknown query parameter": true,
	"invalid integer": true, "invalid boolean": true,
}

func safeMessage(message string) string {
	if plainWords[message] {
		return message
	}
	for _, w := range schemaWords {
		if strings.HasPrefix(message, w) {
			return message
		}
	}
	// "expected string to be an ISO 4217 code": a pattern's own description.
	if rest, ok := strings.CutPrefix(message, "expected string to be "); ok && !strings.Contains(rest, ":") {
		return message
	}
	return "not of the form that is described"
}

func reasonCode(message string) string {
	switch {
	case message == "unexpected property":
		return "field_unknown"
	case message == "unknown query parameter":
		return "parameter_unknown"
	case strings.HasPrefix(message, "expected required property"), strings.HasPrefix(message, "required "):
		return "field_missing"
	}
	return "field_invalid"
}

// safePlace keeps the names in a path that look like names. An unknown field is
// named by whoever sent it, so its name may be anything, a card number too.
func safePlace(place string) string {
	parts := strings.Split(place, ".")
	for i, part := range parts {
		name, index, _ := strings.Cut(part, "[")
		if !isName(name) {
			parts[i] = "?"
			continue
		}
		parts[i] = name
		if n := strings.TrimRight(index, "]0123456789["); index != "" && n == "" && len(index) <= 10 {
			parts[i] += "[" + index
		}
	}
	return strings.Join(parts, ".")
}

func isName(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r == '-' && i > 0:
		case r >= '0' && r <= '9' && i > 0:
			digits++
		default:
			return false
		}
	}
	return s != "" && len(s) <= placeNameMax && digits <= placeDigitMax
}
