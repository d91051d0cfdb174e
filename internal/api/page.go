package api

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

// errCursor says that a page's end is not one that we gave.
var errCursor = fault.New(fault.Invalid, "cursor_invalid", "this is not where a page of this list ended").At("query.after").WithNext("use the next of the page before as it is, or leave it out to begin")

// PageInput is the part of a question that asks for a page. It is exported for
// the framework, which does not fill what is embedded otherwise.
type PageInput struct {
	After string `query:"after" maxLength:"100" doc:"The next of the page before; leave it out to begin."`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many objects at most."`
}

// cursorForm stands before the id in a cursor, so that its shape can change.
const cursorForm = "1."

// page reads which page is asked for. A cursor holds the id after which to go
// on; it says nothing that its reader did not see, and is looked up as an id, so
// it needs no signature.
func (p PageInput) page(prefix string) (office.Page, error) {
	if p.After == "" {
		return office.Page{Limit: p.Limit}, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(p.After)
	id, ok := strings.CutPrefix(string(text), cursorForm)
	if err != nil || !ok || !isID(id, prefix) {
		return office.Page{}, errCursor
	}
	return office.Page{After: id, Limit: p.Limit}, nil
}

func isID(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(rest) != 26 {
		return false
	}
	return strings.Trim(rest, "0123456789abcdefghjkmnpqrstvwxyz") == ""
}

// list shapes a page.
func list[T, W any](items []T, next string, shape func(T) W) wire.List[W] {
	page := wire.List[W]{Data: make([]W, 0, len(items))}
	for _, item := range items {
		page.Data = append(page.Data, shape(item))
	}
	if next != "" {
		cursor := base64.RawURLEncoding.EncodeToString([]byte(cursorForm + next))
		page.Next = &cursor
	}
	return page
}

// oneOrNone shapes the answer to a question for at most one object: none is an
// empty list.
func oneOrNone[T, W any](item T, err, none error, shape func(T) W) (wire.List[W], error) {
	switch {
	case errors.Is(err, none):
		return wire.List[W]{Data: []W{}}, nil
	case err != nil:
		return wire.List[W]{}, err
	}
	return list([]T{item}, "", shape), nil
}
