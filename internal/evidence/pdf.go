package evidence

import (
	"bytes"
	"context"
	"io"
	"regexp"
)

// A PDF is read from its first byte to its last, and all of it has to be an object, a
// table of objects, or white space and comments between them. Then every way that
// leads into it has to lead to an object that was read: readers start at the end and
// follow tables of offsets, so what no table can point at, no reader finds. Nothing is
// repaired: two readers repair differently, and one of them would show what was not
// checked here.
//
// What holds objects is inflated and read as well. Everything else that is compressed
// is inflated too, to see how large it is, and thrown away.

// Limits of a PDF's structure.
const (
	placesMax   = 500_000 // entries of all its tables
	streamsMax  = 50_000
	archiveTail = 66_000 // bytes before the end in which an archive would have its directory
)

var pdfHeader = regexp.MustCompile(`^%PDF-(1\.[0-7]|2\.0)[ \t]*[\r\n]`)

// pdf is what is found while one is read.
type pdf struct {
	objects
	limits    Limits
	budget    budget
	starts    map[int64]int64          // offset of each object → its number
	within    map[int64]map[int64]bool // stream of objects → their numbers
	integers  map[int64][]int64        // number of an object → what it was found to be, if an integer
	lengths   []length
	tables    map[int64]bool // offsets of the tables
	places    []place
	ways      []int64 // offsets of tables that something points to
	pages     map[int64]bool
	streams   int
	lastWay   int64 // the last startxref
	finished  bool  // an end mark was the last thing that was read
	pointedAt bool  // a startxref came before it
}

// length is the claim of a stream that its length is in another object.
type length struct {
	from        ref
	least, most int64
}

// checkPDF returns how many pages a PDF has if all of it is plain, or a fault.
func checkPDF(ctx context.Context, b []byte, l Limits) (pages int, err error) {
	if !pdfHeader.Match(b) {
		return 0, damaged("its first line is not that of a PDF")
	}
	if bytes.Contains(b[max(0, len(b)-archiveTail):], []byte("PK\x05\x06")) {
		return 0, ErrActive.Detail("the PDF is an archive as well")
	}
	left := objectsMax
	p := &pdf{
		objects:  objects{b: b, left: &left},
		limits:   l,
		budget:   budget{ctx: ctx, left: l.Inflated},
		starts:   map[int64]int64{},
		within:   map[int64]map[int64]bool{},
		integers: map[int64][]int64{},
		tables:   map[int64]bool{},
		pages:    map[int64]bool{},
	}
	if err := p.file(); err != nil {
		return 0, err
	}
	if err := p.agrees(); err != nil {
		return 0, err
	}
	switch n := len(p.pages); {
	case n == 0:
		return 0, damaged("it has no pages")
	case n > l.Pages:
		return 0, ErrPages.Detail("the PDF has more than %d pages", l.Pages)
	default:
		return n, nil
	}
}

// file reads everything in the order in which it stands.
func (p *pdf) file() error {
	for p.spaces(); !p.atEnd(); p.spaces() {
		if err := p.budget.ctx.Err(); err != nil {
			return err
		}
		var err error
		switch c := p.peek(); {
		case p.has("%%EOF"):
			err = p.end()
		case c == '%':
			p.finished = false
			err = p.comment()
		case isDigit(c):
			p.finished, p.pointedAt = false, false
			err = p.indirect()
		case p.has("xref"):
			p.finished, p.pointedAt = false, false
			err = p.table()
		case p.has("startxref"):
			p.finished = false
			err = p.start()
		default:
			return damaged("there is something between its objects")
		}
		if err != nil {
			return err
		}
	}
	if !p.finished {
		return damaged("something follows its end, or it has none")
	}
	return nil
}

// end reads an end mark.
func (p *pdf) end() error {
	if !p.pointedAt {
		return damaged("it ends without saying where it starts")
	}
	p.at += len("%%EOF") // programs that sign a file go on right behind it
	p.finished, p.pointedAt = true, false
	return nil
}

// start reads where the last table is.
func (p *pdf) start() error {
	if err := p.expect("startxref"); err != nil {
		return err
	}
	n, err := p.integer()
	if err != nil {
		return err
	}
	if n != 0 { // the first part of a linearized file says 0
		p.ways = append(p.ways, n)
	}
	p.lastWay, p.pointedAt = n, true
	return nil
}

// indirect reads an object with a number, and its stream if it has one.
func (p *pdf) indirect() error {
	offset := int64(p.at)
	n, err := p.integer()
	if err != nil {
		return err
	}
	if _, err := p.integer(); err != nil {
		return err
	}
	if err := p.expect("obj"); err != nil {
		return err
	}
	v, err := p.object(0)
	if err != nil {
		return err
	}
	p.starts[offset] = n
	p.note(n, v)
	if err := p.skip(); err != nil {
		return err
	}
	if d, ok := v.(dict); ok && p.has("stream") {
		if err := p.stream(offset, n, d); err != nil {
			return err
		}
	}
	return p.expect("endobj")
}

// note remembers of an object what matters to the whole.
func (p *pdf) note(n int64, v any) {
	switch v := v.(type) {
	case int64:
		p.integers[n] = append(p.integers[n], v)
	case dict:
		if v["Type"] == name("Page") {
			p.pages[n] = true
		}
	}
}

// stream reads a stream behind its dictionary.
func (p *pdf) stream(offset, n int64, d dict) error {
	if p.streams++; p.streams > streamsMax {
		return ErrComplex
	}
	raw, err := p.raw(d)
	if err != nil {
		return err
	}
	if err := mayStream(d); err != nil {
		return err
	}
	switch d["Type"] {
	case name("ObjStm"):
		return p.objectStream(n, d, raw)
	case name("XRef"):
		return p.tableStream(offset, d, raw)
	}
	if err := p.checkPicture(d); err != nil {
		return err
	}
	_, err = p.budget.inflate(io.Discard, d, raw)
	return err
}

// raw returns the bytes of a stream, and goes behind its end. The length that its
// dictionary says has to lead there.
func (p *pdf) raw(d dict) ([]byte, error) {
	p.at += len("stream")
	switch {
	case p.has("\r\n"):
		p.at += 2
	case p.has("\n"):
		p.at++
	default:
		return nil, damaged("a stream does not begin on a new line")
	}
	rest := p.b[p.at:]
	var end, after int64
	switch l := d["Length"].(type) {
	case int64:
		if l < 0 || l > int64(len(rest)) {
			return nil, damaged("a stream has a wrong length")
		}
		end, after = l, l
		for after < int64(len(rest)) && isSpace(rest[after]) && after-end <= 4 {
			after++
		}
		if !bytes.HasPrefix(rest[after:], []byte("endstream")) {
			return nil, damaged("a stream has a wrong length")
		}
	case ref:
		after = endOf(rest)
		if after < 0 {
			return nil, damaged("a stream does not end")
		}
		for end = after; end > 0 && after-end < 4 && isSpace(rest[end-1]); end-- {
		}
		p.lengths = append(p.lengths, length{from: l, least: end, most: after})
		end = after
	default:
		return nil, damaged("a stream has no length")
	}
	p.at += int(after) + len("endstream")
	return rest[:end], nil
}

// endOf returns where the word is that ends a stream and its object, or -1.
func endOf(b []byte) int64 {
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte("endstream"))
		if i < 0 {
			return -1
		}
		from += i
		if bytes.HasPrefix(bytes.TrimLeft(b[from+len("endstream"):min(len(b), from+40)], "\x00\t\n\f\r "), []byte("endobj")) {
			return int64(from)
		}
		from++
	}
}

// checkPicture refuses a picture that is too large when it is shown.
func (p *pdf) checkPicture(d dict) error {
	if d["Subtype"] != name("Image") {
		return nil
	}
	w, h := number(d, "Width", 0), number(d, "Height", 0)
	if w > 1<<20 || h > 1<<20 || w*h > 2*p.limits.Pixels {
		return ErrTooWide.Detail("a picture in the PDF has too many pixels")
	}
	return nil
}

// objectStream reads the objects of a stream that holds them (7.5.7).
func (p *pdf) objectStream(n int64, d dict, raw []byte) error {
	b, err := p.budget.whole(d, raw)
	if err != nil {
		return err
	}
	count, first := number(d, "N", -1), number(d, "First", -1)
	if count < 0 || count > placesMax || first < 0 || first > int64(len(b)) {
		return damaged("a stream of objects has no beginning")
	}
	if p.within[n] == nil {
		p.within[n] = map[int64]bool{}
	}
	index := objects{b: b[:first], left: p.left}
	for range count {
		number, err := index.integer()
		if err != nil {
			return err
		}
		offset, err := index.integer()
		if err != nil {
			return err
		}
		if offset > int64(len(b))-first {
			return damaged("a stream of objects is too short")
		}
		one := objects{b: b, at: int(first + offset), left: p.left}
		v, err := one.object(0)
		if err != nil {
			return err
		}
		p.within[n][number] = true
		p.note(number, v)
	}
	return nil
}
