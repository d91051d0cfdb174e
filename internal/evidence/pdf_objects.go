package evidence

import (
	"bytes"
	"strconv"
	"strings"
)

// The objects of a PDF (ISO 32000-1, 7.3), as far as anything has to be known of
// them. Integers are int64, everything else that is a number is real.
type (
	name    string // without its slash, and with its escapes undone
	str     []byte // a string with its escapes undone
	ref     struct{ number, generation int64 }
	dict    map[name]any
	array   []any
	real    struct{}
	keyword string // true, false, null
)

// Limits of a PDF's objects, far above what programs write.
const (
	depthMax   = 64
	objectsMax = 1_000_000 // in the whole file, each number and name counted
	wordMax    = 64
	commentMax = 1_000
)

// objects reads one object after another.
type objects struct {
	b    []byte
	at   int
	left *int // how many objects may still be read
}

func isSpace(c byte) bool {
	return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '
}

func isDelimiter(c byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 }

func isRegular(c byte) bool { return !isSpace(c) && !isDelimiter(c) }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// peek returns the next byte, or 0 at the end.
func (o *objects) peek() byte {
	if o.at < len(o.b) {
		return o.b[o.at]
	}
	return 0
}

func (o *objects) atEnd() bool { return o.at >= len(o.b) }

func (o *objects) has(prefix string) bool { return bytes.HasPrefix(o.b[o.at:], []byte(prefix)) }

// spaces goes over white space, and returns how much there was.
func (o *objects) spaces() int {
	from := o.at
	for !o.atEnd() && isSpace(o.b[o.at]) {
		o.at++
	}
	return o.at - from
}

// comment goes over a comment. Readers ignore what is in it, other programs may not:
// one that begins like a web page is refused.
func (o *objects) comment() error {
	end := bytes.IndexAny(o.b[o.at:min(len(o.b), o.at+commentMax)], "\r\n")
	if end < 0 {
		if len(o.b)-o.at >= commentMax {
			return damaged("a comment does not end")
		}
		end = len(o.b) - o.at
	}
	if bytes.IndexByte(o.b[o.at:o.at+end], '<') >= 0 {
		return damaged("a comment holds markup")
	}
	o.at += end
	return nil
}

// skip goes over white space and comments.
func (o *objects) skip() error {
	for o.spaces(); o.peek() == '%' && !o.atEnd(); o.spaces() {
		if err := o.comment(); err != nil {
			return err
		}
	}
	return nil
}

// word reads regular characters.
func (o *objects) word() string {
	from := o.at
	for !o.atEnd() && isRegular(o.b[o.at]) && o.at-from <= wordMax {
		o.at++
	}
	return string(o.b[from:o.at])
}

// expect reads a word that has to come next.
func (o *objects) expect(word string) error {
	if err := o.skip(); err != nil {
		return err
	}
	if o.word() != word {
		return damaged("something is not where it belongs")
	}
	return nil
}

// integer reads a number without sign or point that has to come next.
func (o *objects) integer() (int64, error) {
	if err := o.skip(); err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(o.word(), 10, 64)
	if err != nil || n < 0 {
		return 0, damaged("a number is not where it belongs")
	}
	return n, nil
}

// object reads one object of any kind.
func (o *objects) object(depth int) (any, error) {
	if err := o.skip(); err != nil {
		return nil, err
	}
	if *o.left--; *o.left < 0 || depth > depthMax {
		return nil, ErrComplex
	}
	switch c := o.peek(); {
	case o.atEnd():
		return nil, damaged("it ends too early")
	case c == '/':
		return o.name()
	case c == '(':
		return o.text()
	case o.has("<<"):
		return o.dict(depth)
	case c == '<':
		return o.hex()
	case c == '[':
		return o.array(depth)
	case isDigit(c) || c == '+' || c == '-' || c == '.':
		return o.number()
	}
	switch w := o.word(); w {
	case "true", "false", "null":
		return keyword(w), nil
	}
	return nil, damaged("a word is unknown")
}

// number reads a number, or a reference that begins with it.
func (o *objects) number() (any, error) {
	w := o.word()
	if len(w) > wordMax {
		return nil, damaged("a number is too long")
	}
	n, err := strconv.ParseInt(w, 10, 64)
	if err != nil {
		if _, err := strconv.ParseFloat(w, 64); err != nil {
			return nil, damaged("a number cannot be read")
		}
		return real{}, nil
	}
	if !isDigit(w[0]) {
		return n, nil
	}
	after := o.at
	if o.spaces() > 0 && isDigit(o.peek()) {
		if generation, err := strconv.ParseInt(o.word(), 10, 32); err == nil && o.spaces() > 0 && o.word() == "R" {
			return ref{n, generation}, nil
		}
	}
	o.at = after
	return n, nil
}

// name reads a name. A script can be hidden by escaping a letter of its name, so
// escapes are undone before anybody looks.
func (o *objects) name() (name, error) {
	o.at++ // the slash
	var n []byte
	for ; !o.atEnd() && isRegular(o.b[o.at]); o.at++ {
		c := o.b[o.at]
		if c == '#' && o.at+2 < len(o.b) {
			if v, err := strconv.ParseUint(string(o.b[o.at+1:o.at+3]), 16, 8); err == nil {
				c = byte(v)
				o.at += 2
			}
		}
		n = append(n, c)
	}
	return name(n), mayName(name(n))
}

// text reads a string between brackets.
func (o *objects) text() (str, error) {
	var s str
	o.at++
	for depth := 1; !o.atEnd(); o.at++ {
		switch c := o.b[o.at]; c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				o.at++
				return s, nil
			}
		case '\\':
			s = o.escape(s)
			continue
		}
		s = append(s, o.b[o.at])
	}
	return nil, damaged("a string does not end")
}

// escape reads what stands behind a backslash and appends what it means. It stops on
// the last byte that it has read.
func (o *objects) escape(s str) str {
	o.at++
	if o.atEnd() {
		return s
	}
	c := o.b[o.at]
	if i := strings.IndexByte("nrtbf", c); i >= 0 {
		return append(s, "\n\r\t\b\f"[i])
	}
	switch c {
	case '\n':
		return s
	case '\r':
		if o.at+1 < len(o.b) && o.b[o.at+1] == '\n' {
			o.at++
		}
		return s
	}
	if c < '0' || c > '7' {
		return append(s, c)
	}
	v := int(c - '0')
	for n := 1; n < 3 && o.at+1 < len(o.b) && o.b[o.at+1] >= '0' && o.b[o.at+1] <= '7'; n++ {
		o.at++
		v = v<<3 | int(o.b[o.at]-'0')
	}
	return append(s, byte(v))
}

// hex reads a string of hexadecimal digits.
func (o *objects) hex() (str, error) {
	o.at++
	var digits []byte
	for ; !o.atEnd(); o.at++ {
		switch c := o.b[o.at]; {
		case c == '>':
			o.at++
			return unhex(digits)
		case !isSpace(c):
			digits = append(digits, c)
		}
	}
	return nil, damaged("a string does not end")
}

// unhex undoes hexadecimal digits; a last one that is missing is 0.
func unhex(digits []byte) ([]byte, error) {
	if len(digits)%2 == 1 {
		digits = append(digits, '0')
	}
	out := make([]byte, len(digits)/2)
	for i := range out {
		v, err := strconv.ParseUint(string(digits[2*i:2*i+2]), 16, 8)
		if err != nil {
			return nil, damaged("a string has wrong digits")
		}
		out[i] = byte(v)
	}
	return out, nil
}

func (o *objects) array(depth int) (array, error) {
	o.at++
	var a array
	for {
		if err := o.skip(); err != nil {
			return nil, err
		}
		if o.peek() == ']' {
			o.at++
			return a, nil
		}
		v, err := o.object(depth + 1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
}

// dict reads a dictionary. A key that is there twice means one thing to one reader
// and another to the next.
func (o *objects) dict(depth int) (dict, error) {
	o.at += len("<<")
	d := dict{}
	for {
		if err := o.skip(); err != nil {
			return nil, err
		}
		if o.has(">>") {
			o.at += len(">>")
			return d, nil
		}
		if o.peek() != '/' {
			return nil, damaged("a dictionary has no key")
		}
		from := o.at
		k, err := o.name()
		if err != nil {
			return nil, err
		}
		if err := mayKey(o.b[from:o.at]); err != nil {
			return nil, err
		}
		v, err := o.object(depth + 1)
		if err != nil {
			return nil, err
		}
		if _, twice := d[k]; twice {
			return nil, damaged("a dictionary has a key twice")
		}
		if err := mayEnter(k, v); err != nil {
			return nil, err
		}
		d[k] = v
	}
}
