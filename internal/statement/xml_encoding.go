package statement

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

const (
	utf8Mark       = "\xef\xbb\xbf"
	utf16LargeMark = "\xfe\xff" // big endian
	utf16SmallMark = "\xff\xfe" // little endian

	xmlDeclarationMax = 1 << 10
	checkedBytes      = 32 << 10
)

// xmlText returns the text of an XML file in UTF-8, and the name of the encoding it had.
// A byte order mark decides; so does the way in which UTF-16 spells the first bracket; else
// the XML declaration does, else it is UTF-8. A declaration of another width than the bytes
// have is refused, as the XML standard wants it.
func xmlText(in *bufio.Reader) (io.Reader, string, error) {
	first, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	switch start := string(first); {
	case start == "\xff\xfe\x00\x00", start == "\x00\x00\xfe\xff", start == "\x00\x00\x00<", start == "<\x00\x00\x00":
		return nil, "", ErrBroken.Detail("the file is UTF-32, which is not read").At(atLine(1))
	case strings.HasPrefix(start, utf16LargeMark), start == "\x00<\x00?":
		return wideXML(in, binary.BigEndian)
	case strings.HasPrefix(start, utf16SmallMark), start == "<\x00?\x00":
		return wideXML(in, binary.LittleEndian)
	case strings.HasPrefix(start, utf8Mark):
		_, _ = in.Discard(len(utf8Mark)) // they were just seen
		return narrowXML(in, true)
	default:
		return narrowXML(in, false)
	}
}

func wideXML(in *bufio.Reader, order binary.ByteOrder) (io.Reader, string, error) {
	if first, _ := in.Peek(2); order.Uint16(first) == 0xfeff {
		_, _ = in.Discard(2)
	}
	text := bufio.NewReader(&utf16Reader{from: in, order: order})
	if label := declaredEncoding(text); label != "" && !strings.Contains(label, "16") && !strings.Contains(label, "ucs-2") {
		return nil, "", ErrBroken.Detail("the file is UTF-16 and declares another encoding").At(atLine(1))
	}
	return &checkedReader{from: text}, "utf-16", nil
}

func narrowXML(in *bufio.Reader, marked bool) (io.Reader, string, error) {
	label := declaredEncoding(in)
	switch {
	case strings.Contains(label, "utf-16"), strings.Contains(label, "utf-32"), strings.Contains(label, "ucs-"):
		return nil, "", ErrBroken.Detail("the file declares an encoding with wide characters and does not have them").At(atLine(1))
	case label == "", label == "utf-8", label == "utf8", label == "us-ascii", marked:
		return &checkedReader{from: in}, "utf-8", nil
	}
	known, err := htmlindex.Get(label)
	if err != nil {
		return nil, "", ErrBroken.Detail("the encoding that the file declares is not known").At(atLine(1))
	}
	name, err := htmlindex.Name(known)
	if err != nil {
		return nil, "", err
	}
	return &checkedReader{from: known.NewDecoder().Reader(in), decoded: true}, name, nil
}

// declaredEncoding returns the encoding that the XML declaration names, in lower case;
// empty if there is none.
func declaredEncoding(in *bufio.Reader) string {
	start, _ := in.Peek(xmlDeclarationMax) // an error comes again when the text is read
	start = bytes.TrimLeft(start, xmlSpaces)
	if !bytes.HasPrefix(start, []byte("<?xml")) {
		return ""
	}
	declaration, _, _ := bytes.Cut(start, []byte("?>"))
	_, value, ok := bytes.Cut(declaration, []byte("encoding"))
	value = bytes.TrimLeft(value, xmlSpaces+"=")
	if !ok || len(value) == 0 || value[0] != '"' && value[0] != '\'' {
		return ""
	}
	label, _, _ := bytes.Cut(value[1:], value[:1])
	return strings.ToLower(strings.TrimSpace(string(label)))
}

// checkedReader hands on UTF-8 up to the first thing that is none, or that no XML file
// may hold, and then says so: whoever reads is at that very place.
type checkedReader struct {
	from    io.Reader
	decoded bool // the bytes were another encoding, and what was not is U+FFFD now
	buf     [checkedBytes]byte
	start   int // of what is checked and not handed out
	checked int
	end     int // of what is in buf
	err     error
}

func (c *checkedReader) Read(p []byte) (int, error) {
	for c.start == c.checked {
		if err := c.check(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.buf[c.start:c.checked])
	c.start += n
	return n, nil
}

// check reads more and checks it. Half a character at the end waits for its other half.
func (c *checkedReader) check() error {
	if c.err != nil && c.checked == c.end {
		return c.err
	}
	copy(c.buf[:], c.buf[c.checked:c.end])
	c.end -= c.checked
	c.start, c.checked = 0, 0
	if c.err == nil {
		var n int
		n, c.err = c.from.Read(c.buf[c.end:])
		c.end += n
	}
	for c.checked < c.end {
		if b := c.buf[c.checked]; b >= ' ' && b < utf8.RuneSelf {
			c.checked++
			continue
		}
		size, fault := c.character(c.buf[c.checked:c.end])
		if fault != "" {
			c.end, c.err = c.checked, ErrBroken.Detail("%s", fault)
			break
		}
		if size == 0 {
			break
		}
		c.checked += size
	}
	if c.checked == 0 && c.err != nil {
		return c.err
	}
	return nil
}

// character returns the size of the first character of b, 0 if its rest is missing, or
// what is wrong with it.
func (c *checkedReader) character(b []byte) (size int, fault string) {
	if b[0] < utf8.RuneSelf {
		if b[0] >= ' ' || isXMLSpace(b[0]) {
			return 1, ""
		}
		return 0, "a control character, which XML does not allow"
	}
	if c.err == nil && !utf8.FullRune(b) {
		return 0, ""
	}
	r, size := utf8.DecodeRune(b)
	switch {
	case r == utf8.RuneError && (size == 1 || c.decoded):
		return 0, "bytes that are not of the file's encoding"
	case !isXMLChar(r):
		return 0, "a character that XML does not allow"
	default:
		return size, ""
	}
}

// utf16Reader turns UTF-16 into UTF-8. What is not UTF-16, half a surrogate pair or half
// a unit, becomes a byte that is not UTF-8, for the reader above to refuse.
type utf16Reader struct {
	from  *bufio.Reader
	order binary.ByteOrder
	ready bytes.Buffer // UTF-8 not handed out yet
}

const notUTF8 = 0xff

func (u *utf16Reader) Read(p []byte) (int, error) {
	for u.ready.Len() == 0 {
		if err := u.decode(); err != nil {
			return 0, err
		}
	}
	return u.ready.Read(p)
}

// decode takes what is buffered, but for half a character that has more behind it.
func (u *utf16Reader) decode() error {
	const pair = 4
	_, peekErr := u.from.Peek(pair) // fills the buffer if there is anything to fill it with
	waiting, _ := u.from.Peek(u.from.Buffered())
	used := 0
	for len(waiting)-used >= pair || peekErr != nil && used < len(waiting) {
		r, size := u.character(waiting[used:])
		used += size
		if r < 0 {
			u.ready.WriteByte(notUTF8)
			continue
		}
		u.ready.WriteRune(r)
	}
	_, _ = u.from.Discard(used)
	if used == 0 {
		return peekErr
	}
	return nil
}

// character returns the first character of b and its size, or -1 for what is none.
func (u *utf16Reader) character(b []byte) (r rune, size int) {
	if len(b) < 2 {
		return -1, len(b)
	}
	first := rune(u.order.Uint16(b))
	if !utf16.IsSurrogate(first) {
		return first, 2
	}
	if len(b) < 4 {
		return -1, 2
	}
	r = utf16.DecodeRune(first, rune(u.order.Uint16(b[2:])))
	if r == utf8.RuneError {
		return -1, 2
	}
	return r, 4
}
