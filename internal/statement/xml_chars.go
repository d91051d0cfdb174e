package statement

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

const xmlSpaces = " \t\r\n"

func isXMLSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// xmlEntities are the only ones there are.
var xmlEntities = []struct {
	text string
	is   rune
}{
	{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''},
}

// readXMLReference reads the reference that b starts with.
func readXMLReference(b []byte) (r rune, size int, ok bool) {
	for _, e := range xmlEntities {
		if bytes.HasPrefix(b, []byte(e.text)) {
			return e.is, len(e.text), true
		}
	}
	end := bytes.IndexByte(b, ';')
	if end < 0 || len(b) < 4 || b[1] != '#' {
		return 0, 0, false
	}
	digits, base := b[2:end], rune(10)
	if hex, ok := bytes.CutPrefix(digits, []byte{'x'}); ok {
		digits, base = hex, 16
	}
	if len(digits) == 0 {
		return 0, 0, false
	}
	for _, c := range digits {
		d := hexDigit(c)
		if d >= base || r > utf8.MaxRune {
			return 0, 0, false
		}
		r = r*base + d
	}
	return r, end + 1, isXMLChar(r)
}

func hexDigit(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	default:
		return 16
	}
}

// isXMLChar reports whether XML 1.0 allows the character at all.
func isXMLChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r >= 0xd800 && r < 0xe000, r == 0xfffe, r == 0xffff:
		return false
	default:
		return r <= utf8.MaxRune
	}
}

// cutXMLName parts a name, with a prefix or without, from what follows it; nil if b starts
// with none. Names beyond ASCII are not looked at closely: no element of a statement has
// one.
func cutXMLName(b []byte) (name, rest []byte) {
	i := slices.IndexFunc(b, func(c byte) bool { return !isXMLNameByte(c) })
	if i < 0 {
		i = len(b)
	}
	if i == 0 || b[0] == '-' || b[0] == '.' || b[0] >= '0' && b[0] <= '9' {
		return nil, b
	}
	if colon := bytes.IndexByte(b[:i], ':'); colon >= 0 && (colon == 0 || bytes.IndexByte(b[colon+1:i], ':') >= 0 || colon == i-1) {
		return nil, b
	}
	return b[:i], b[i:]
}

func isXMLNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '_' || c == ':' || c == '-' || c == '.' || c >= utf8.RuneSelf
}

// localName cuts the prefix off a qualified name.
func localName(name []byte) []byte {
	return name[bytes.LastIndexByte(name, ':')+1:]
}
