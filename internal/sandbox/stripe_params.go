package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	paramsMax     = 1000 // parameters per request
	paramDepthMax = 8    // brackets in one name
	paramTextMax  = 5000 // bytes in one value
	metadataMax   = 50   // keys of an object's metadata
)

// A param is one form parameter, or a branch of them: metadata[ref]=1 is a
// param "metadata" with a kid "ref".
type param struct {
	value string
	set   bool
	kids  map[string]*param
	order []string // of the kids, as they were sent
}

// parseParams reads form-encoded text. Names are split at their brackets; an
// empty bracket takes the next number.
func parseParams(into *param, text string) error {
	if text == "" {
		return nil
	}
	pairs := strings.Split(text, "&")
	if len(pairs) > paramsMax {
		return invalidRequest("", "", fmt.Sprintf("A request can have %d parameters at most.", paramsMax))
	}
	for _, pair := range pairs {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		if err1 != nil || err2 != nil {
			return invalidRequest("", "", "The request's form encoding is broken.")
		}
		if name == "" {
			continue
		}
		if len(value) > paramTextMax {
			return invalidRequest("", shownName(name), "A parameter's value is too long.")
		}
		into.put(splitName(name), value)
	}
	return nil
}

func splitName(name string) []string {
	head, rest, found := strings.Cut(name, "[")
	if !found || !strings.HasSuffix(rest, "]") {
		return []string{name}
	}
	path := append([]string{head}, strings.Split(strings.TrimSuffix(rest, "]"), "][")...)
	if len(path) > paramDepthMax {
		return []string{name}
	}
	return path
}

func (p *param) put(path []string, value string) {
	for _, name := range path {
		if p.kids == nil {
			p.kids = map[string]*param{}
		}
		if name == "" {
			name = strconv.Itoa(len(p.kids))
		}
		kid := p.kids[name]
		if kid == nil {
			kid = &param{}
			p.kids[name] = kid
			p.order = append(p.order, name)
		}
		p = kid
	}
	p.value, p.set = value, true
}

// at returns the param at a dotted path, or nil.
func (p *param) at(path string) *param {
	for path != "" && p != nil {
		var name string
		name, path, _ = strings.Cut(path, ".")
		p = p.kids[name]
	}
	return p
}

// A paramSet says which parameters an operation takes. A name "*" stands for
// any name, "**" for anything below.
type paramSet struct{ kids map[string]*paramSet }

// takes makes a paramSet from dotted names separated by spaces.
func takes(names string) *paramSet {
	root := &paramSet{}
	for _, name := range strings.Fields(names) {
		s := root
		for _, part := range strings.Split(name, ".") {
			if s.kids == nil {
				s.kids = map[string]*paramSet{}
			}
			if s.kids[part] == nil {
				s.kids[part] = &paramSet{}
			}
			s = s.kids[part]
		}
	}
	return root
}

// refuse returns the error for the first param that s does not take, or nil.
func (s *paramSet) refuse(p *param, prefix string) error {
	for _, name := range p.order {
		full := name
		if prefix != "" {
			full = prefix + "[" + name + "]"
		}
		if s.kids["**"] != nil {
			return nil
		}
		kid := s.kids[name]
		if kid == nil {
			kid = s.kids["*"]
		}
		if kid == nil {
			shown := shownName(full)
			return invalidRequest("parameter_unknown", shown, "Received unknown parameter: "+shown)
		}
		if err := kid.refuse(p.kids[name], full); err != nil {
			return err
		}
	}
	return nil
}

// shownName is a parameter's name as it may be repeated to the caller: not
// longer than names are, and without long runs of digits, which a card number
// in the wrong place would be.
func shownName(name string) string {
	const longest, digitsMax = 100, 8
	if len(name) > longest {
		name = name[:longest]
	}
	digits := 0
	for _, r := range name {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if digits > digitsMax {
		return "(a name with many digits)"
	}
	return strings.ToValidUTF8(name, "?")
}

// A form reads an operation's parameters and keeps the first thing that is
// wrong with them.
type form struct {
	root *param
	err  error
}

func (f *form) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// bracketed spells a dotted path as it is sent.
func bracketed(path string) string {
	head, rest, found := strings.Cut(path, ".")
	if !found {
		return head
	}
	return head + "[" + strings.ReplaceAll(rest, ".", "][") + "]"
}

func (f *form) has(path string) bool {
	p := f.root.at(path)
	return p != nil && (p.set || len(p.kids) > 0)
}

// given reports whether path was sent with a value, even an empty one.
func (f *form) given(path string) bool {
	p := f.root.at(path)
	return p != nil && p.set
}

func (f *form) text(path string) string {
	if p := f.root.at(path); p != nil {
		return p.value
	}
	return ""
}

// need is text that must be there.
func (f *form) need(path string) string {
	value := f.text(path)
	if value == "" {
		f.fail(missing(bracketed(path)))
	}
	return value
}

// number reads an integer; ok is false if it was not sent.
func (f *form) number(path string) (n int64, ok bool) {
	text := f.text(path)
	if text == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f.fail(invalidRequest("parameter_invalid_integer", bracketed(path), "Invalid integer."))
	}
	return n, true
}

func (f *form) flag(path string) bool {
	switch f.text(path) {
	case "true", "1":
		return true
	case "", "false", "0":
		return false
	}
	f.fail(invalidRequest("", bracketed(path), "Invalid boolean."))
	return false
}

// choice reads one of the allowed words, or "".
func (f *form) choice(path string, allowed ...string) string {
	value := f.text(path)
	if value != "" && !slices.Contains(allowed, value) {
		f.fail(invalidRequest("", bracketed(path),
			"Invalid "+bracketed(path)+": must be one of "+strings.Join(allowed, ", ")+"."))
	}
	return value
}

// all returns the values of an array.
func (f *form) all(path string) []string {
	p := f.root.at(path)
	if p == nil {
		return nil
	}
	var values []string
	for _, name := range p.order {
		values = append(values, p.kids[name].value)
	}
	return values
}

// mergeMetadata changes metadata as the request says: an empty value takes a
// key away, an empty "metadata" all of them.
func (f *form) mergeMetadata(into map[string]string) map[string]string {
	if into == nil {
		into = map[string]string{}
	}
	p := f.root.at("metadata")
	if p == nil {
		return into
	}
	if p.set && p.value == "" && len(p.kids) == 0 {
		return map[string]string{}
	}
	for _, name := range p.order {
		value := p.kids[name].value
		switch {
		case len(name) > 40 || len(value) > 500:
			f.fail(invalidRequest("", "metadata", "Metadata keys have 40 characters at most, values 500."))
		case value == "":
			delete(into, name)
		default:
			into[name] = value
		}
	}
	if len(into) > metadataMax {
		f.fail(invalidRequest("", "metadata", fmt.Sprintf("Metadata can have %d keys at most.", metadataMax)))
	}
	return into
}

// textOr is the text sent, or what was there before if none was.
func (f *form) textOr(path string, before opt) opt {
	if f.given(path) {
		return opt(f.text(path))
	}
	return before
}
