package statement

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const lineBytesMax = 64 << 10 // of one line in a file of lines

// text is what a file says, in UTF-8.
type text struct {
	io.Reader
	name  string // of the encoding that the file has
	mixed *mixed // not nil if that is still being found out
}

// encoding returns the name of the file's encoding, as far as it was read.
func (t *text) encoding() string {
	if t.mixed != nil && t.mixed.foreign {
		return "windows-1252"
	}
	return t.name
}

// plain returns the text of a file without its byte order mark. UTF-16 is known by its
// mark, or by the zero of its first letter. Otherwise the encoding is the named one, by
// its name on the web; with none it is UTF-8, where each byte that is not counts as
// Windows-1252, since banks mix the two.
func plain(in *bufio.Reader, name string) (*text, error) {
	first, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for _, m := range textMarks {
		if strings.HasPrefix(string(first), m.mark) {
			_, _ = in.Discard(len(m.mark)) // they were just seen
			return m.text(in), nil
		}
	}
	switch {
	case len(first) > 1 && first[0] != 0 && first[1] == 0:
		return utf16Text(in, unicode.LittleEndian), nil
	case len(first) > 1 && first[0] == 0 && first[1] != 0:
		return utf16Text(in, unicode.BigEndian), nil
	case name == "":
		return mixedText(in), nil
	}
	known, err := htmlindex.Get(name)
	if err != nil {
		return nil, ErrLayout.Detail("there is no encoding of this name").At("encoding")
	}
	return &text{Reader: transform.NewReader(in, known.NewDecoder()), name: name}, nil
}

// textMarks are the byte order marks with which a file may begin.
var textMarks = []struct {
	mark string
	text func(in *bufio.Reader) *text
}{
	{utf8Mark, mixedText},
	{utf16LargeMark, func(in *bufio.Reader) *text { return utf16Text(in, unicode.BigEndian) }},
	{utf16SmallMark, func(in *bufio.Reader) *text { return utf16Text(in, unicode.LittleEndian) }},
}

func mixedText(in *bufio.Reader) *text {
	m := &mixed{}
	return &text{Reader: transform.NewReader(in, m), name: "utf-8", mixed: m}
}

func utf16Text(in *bufio.Reader, order unicode.Endianness) *text {
	return &text{Reader: transform.NewReader(in, unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder()), name: "utf-16"}
}

// plainStart is the text of the first bytes of a file. Its last line may be cut.
func plainStart(first []byte, name string) string {
	text, err := plain(bufio.NewReader(bytes.NewReader(first)), name)
	if err != nil {
		return ""
	}
	start, _ := io.ReadAll(text) // what can be read tells enough
	return string(start)
}

// mixed takes UTF-8 as it is, and any other byte as Windows-1252.
type mixed struct {
	transform.NopResetter
	foreign bool // there was a byte that is not UTF-8
}

// Transform implements transform.Transformer.
func (m *mixed) Transform(to, from []byte, atEnd bool) (written, read int, err error) {
	for read < len(from) {
		r, size := rune(from[read]), 1
		if r >= utf8.RuneSelf {
			if !atEnd && !utf8.FullRune(from[read:]) {
				return written, read, transform.ErrShortSrc
			}
			r, size = utf8.DecodeRune(from[read:])
			if r == utf8.RuneError && size == 1 {
				m.foreign = true
				r = charmap.Windows1252.DecodeByte(from[read])
			}
		}
		if written+utf8.RuneLen(r) > len(to) {
			return written, read, transform.ErrShortDst
		}
		written += utf8.EncodeRune(to[written:], r)
		read += size
	}
	return written, read, nil
}

// lines reads a text line by line.
type lines struct {
	in     *bufio.Reader
	number int  // of the latest line, from 1
	ended  bool // the latest line has its line break
}

func newLines(text io.Reader) *lines {
	return &lines{in: bufio.NewReaderSize(text, lineBytesMax)}
}

// next returns the next line without its line break, or io.EOF. Zero bytes are refused:
// no text has them, and nobody wants to keep them.
func (l *lines) next() (string, error) {
	b, err := l.in.ReadSlice('\n')
	if len(b) == 0 && err != nil {
		return "", err
	}
	l.number++
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", ErrBroken.Detail("the line is longer than %d bytes", lineBytesMax).At(atLine(l.number))
	case err != nil && !errors.Is(err, io.EOF):
		return "", err
	case bytes.IndexByte(b, 0) >= 0:
		return "", ErrBroken.Detail("there is a zero byte in the line").At(atLine(l.number))
	}
	l.ended = err == nil
	return strings.TrimRight(string(b), "\r\n"), nil
}
