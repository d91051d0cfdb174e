package focus

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"
	"unicode/utf16"
	"unicode/utf8"
)

// input gives the file's text in UTF-8, whatever the file was packed in, and watches
// that no row is longer than allowed.
type input struct {
	text     io.Reader
	count    *counter
	given    int64 // bytes of text handed out
	rowStart int64 // where in the text the row starts that is being read
	rowMax   int64
	err      error // the first error but io.EOF, which the CSV reader may hide
}

// foreign tells other formats by how they start, so that the fault can name them.
var foreign = []struct{ start, name string }{
	{"PK\x03\x04", "a zip archive or a spreadsheet"},
	{"PAR1", "Parquet"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"BZh", "bzip2"},
	{"\xfd7zXZ\x00", "xz"},
}

const (
	gzipStart  = "\x1f\x8b"
	utf8Mark   = "\xef\xbb\xbf"
	utf16Large = "\xfe\xff" // big endian
	utf16Small = "\xff\xfe" // little endian
)

// open finds out by its first bytes what r is.
func open(r io.Reader, rowMax int) (*input, error) {
	count := &counter{from: r}
	packed := bufio.NewReaderSize(count, bufferBytes)
	for _, f := range foreign {
		if startsWith(packed, f.start) {
			return nil, ErrBroken.Detail("the file is %s, not CSV", f.name)
		}
	}
	plain := packed
	if startsWith(packed, gzipStart) {
		z, err := unpack(packed)
		if err != nil {
			return nil, err
		}
		plain = bufio.NewReaderSize(z, bufferBytes)
	}
	return &input{text: decode(plain), count: count, rowMax: int64(rowMax)}, nil
}

// Read implements io.Reader for the CSV reader, whose buffer may be ahead of the row.
func (in *input) Read(p []byte) (int, error) {
	if in.given-in.rowStart > in.rowMax+2*bufferBytes {
		in.err = ErrBroken.Detail("the next row is longer than %d bytes: a quote may be missing", in.rowMax)
		return 0, in.err
	}
	n, err := in.text.Read(p)
	in.given += int64(n)
	if err != nil && err != io.EOF {
		in.err = err
	}
	return n, err
}

func (in *input) offset() int64 { return in.count.read.Load() }

// counter counts bytes; another goroutine may ask how many.
type counter struct {
	from io.Reader
	read atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func startsWith(r *bufio.Reader, start string) bool {
	first, _ := r.Peek(len(start)) // an error comes again when the bytes are read
	return string(first) == start
}

// unpacked is gzip data, with faults that say what is wrong with it.
type unpacked struct {
	from *gzip.Reader
}

func unpack(r io.Reader) (unpacked, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return unpacked{}, gzipFault(err, "the gzip data is damaged at its start")
	}
	return unpacked{from: z}, nil
}

func (u unpacked) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, gzipFault(err, "bytes that are not gzip follow the end of the gzip data")
}

// gzipFault turns an error of the gzip reader into a fault. A wrong header means one
// thing at the start and another behind the data, so the caller says which.
func gzipFault(err error, header string) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrBroken.Detail("the gzip data ends early: the file was cut off")
	case errors.Is(err, gzip.ErrHeader):
		return ErrBroken.Detail("%s", header)
	case errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return ErrBroken.Detail("the gzip data is damaged")
	default:
		return err
	}
}

// decode returns a reader of UTF-8 without its byte order mark. UTF-16 is known by its
// own mark; anything else is handed on and checked row by row.
func decode(r *bufio.Reader) io.Reader {
	switch {
	case startsWith(r, utf8Mark):
		_, _ = r.Discard(len(utf8Mark)) // they were just seen
		return r
	case startsWith(r, utf16Large):
		_, _ = r.Discard(len(utf16Large))
		return &utf16Reader{from: r, order: binary.BigEndian}
	case startsWith(r, utf16Small):
		_, _ = r.Discard(len(utf16Small))
		return &utf16Reader{from: r, order: binary.LittleEndian}
	default:
		return r
	}
}

// utf16Reader turns UTF-16 into UTF-8. What is not UTF-16, half a surrogate pair or half
// a unit, becomes a byte that is not UTF-8, so that its row is refused like any other.
type utf16Reader struct {
	from  *bufio.Reader
	order binary.ByteOrder
	ready bytes.Buffer // UTF-8 not handed out yet
}

const notUTF8 = 0xff

func (u *utf16Reader) Read(p []byte) (int, error) {
	for u.ready.Len() == 0 {
		if err := u.decodeSome(); err != nil {
			return 0, err
		}
	}
	return u.ready.Read(p)
}

func (u *utf16Reader) decodeSome() error {
	const pair = 4
	_, peekErr := u.from.Peek(pair) // fills the buffer if there is anything to fill it with
	waiting, _ := u.from.Peek(u.from.Buffered())
	used := 0
	for len(waiting)-used >= pair || peekErr != nil && used < len(waiting) {
		r, size := u.rune(waiting[used:])
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

// rune returns the first character of b and its size, or -1 for what is none.
func (u *utf16Reader) rune(b []byte) (r rune, size int) {
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
