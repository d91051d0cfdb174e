package document

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// The size of a page, A4, in points.
const (
	pageWidth  = 595.28
	pageHeight = 841.89
)

// about is what a file says of itself.
type about struct {
	Title    string
	Author   string
	Language string
	At       time.Time
}

// pdf collects pages and the glyphs that they use, and writes them out.
type pdf struct {
	pages []*bytes.Buffer
	faces []*face // in the order in which they were first used
}

// face is a font as a file uses it. Characters are numbered in the order in which
// they are first used, from 1, so that two that look the same are told apart when they
// are copied out.
type face struct {
	*font
	used   []rune
	glyphs []uint16 // of used
	places map[rune]int
}

func (d *pdf) addPage() { d.pages = append(d.pages, &bytes.Buffer{}) }

// draw sets a text on the last page with its base line at x and y, measured from the
// page's upper left corner. gray is from 0, black, to 1.
func (d *pdf) draw(page int, x, y, size, gray float64, pieces []piece) {
	out := d.pages[page]
	for _, p := range pieces {
		n, f := d.face(p.font)
		fmt.Fprintf(out, "BT /F%d %s Tf %s %s Td %s g ", n, number(size), number(x), number(pageHeight-y), number(gray))
		if p.heavy {
			fmt.Fprintf(out, "%s G 2 Tr %s w ", number(gray), number(size*heavyStroke))
		} else {
			fmt.Fprint(out, "0 Tr ")
		}
		fmt.Fprint(out, "<")
		for i, r := range p.runes {
			fmt.Fprintf(out, "%04X", f.place(r, p.glyphs[i]))
		}
		fmt.Fprint(out, "> Tj ET\n")
		x += float64(p.width) * size / 1000
	}
}

const heavyStroke = 0.02 // of the size: how much thicker a plain font is drawn for bold

// line draws a rule.
func (d *pdf) line(page int, x1, y1, x2, y2, width, gray float64) {
	fmt.Fprintf(d.pages[page], "%s G %s w %s %s m %s %s l S\n", number(gray), number(width), number(x1), number(pageHeight-y1), number(x2), number(pageHeight-y2))
}

// face returns a font as this file uses it, and its number.
func (d *pdf) face(of *font) (int, *face) {
	for i, f := range d.faces {
		if f.font == of {
			return i + 1, f
		}
	}
	f := &face{font: of, places: map[rune]int{}}
	d.faces = append(d.faces, f)
	return len(d.faces), f
}

// place is the number of a character.
func (f *face) place(r rune, glyph uint16) int {
	if _, known := f.places[r]; !known {
		f.used, f.glyphs = append(f.used, r), append(f.glyphs, glyph)
		f.places[r] = len(f.used)
	}
	return f.places[r]
}

// write puts the file together.
func (d *pdf) write(a about) []byte {
	w := &writer{}
	w.raw("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	catalog, tree, info := w.reserve(), w.reserve(), w.reserve()

	var fonts strings.Builder
	for i, f := range d.faces {
		fmt.Fprintf(&fonts, "/F%d %d 0 R ", i+1, d.writeFace(w, i, f))
	}
	resources := w.object(fmt.Sprintf("<< /Font << %s>> >>", fonts.String()))
	var kids strings.Builder
	for _, p := range d.pages {
		content := w.stream("", p.Bytes())
		page := w.object(fmt.Sprintf("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %s %s] /Resources %d 0 R /Contents %d 0 R >>",
			tree, number(pageWidth), number(pageHeight), resources, content))
		fmt.Fprintf(&kids, "%d 0 R ", page)
	}
	w.fill(tree, fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), len(d.pages)))
	w.fill(catalog, fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R /Lang %s /ViewerPreferences << /DisplayDocTitle true >> >>", tree, textString(a.Language)))
	w.fill(info, fmt.Sprintf("<< /Title %s /Author %s /Producer %s /CreationDate (D:%sZ) >>",
		textString(a.Title), textString(a.Author), textString("Bursar"), a.At.UTC().Format("20060102150405")))
	return w.end(catalog, info)
}

// writeFace embeds the part of a font that was used.
func (d *pdf) writeFace(w *writer, n int, f *face) int {
	glyphs := f.closure(f.glyphs)
	file := f.subset(glyphs)
	name := tagOf(n, f.used) + "+" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return -1
	}, f.name)

	places := []byte{0, 0} // from characters' numbers to those of their glyphs in the part
	var widths strings.Builder
	for _, g := range f.glyphs {
		at, _ := slices.BinarySearch(glyphs, g)
		places = append(places, byte(at>>8), byte(at))
		fmt.Fprintf(&widths, "%d ", f.width(g))
	}
	program := w.stream(fmt.Sprintf("/Length1 %d", len(file)), file)
	descriptor := w.object(fmt.Sprintf("<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d /StemV 80 /FontFile2 %d 0 R >>",
		name, f.box[0], f.box[1], f.box[2], f.box[3], f.ascent, f.descent, f.ascent, program))
	toGlyph := w.stream("", places)
	descendant := w.object(fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R /DW 1000 /W [1 [%s]] /CIDToGIDMap %d 0 R >>",
		name, descriptor, strings.TrimSpace(widths.String()), toGlyph))
	return w.object(fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>",
		name, descendant, w.stream("", f.unicode())))
}

const mappedMax = 100 // characters in one section of a map, by the specification

// unicode is the map from numbers back to characters, for searching and copying.
func (f *face) unicode() []byte {
	var out bytes.Buffer
	out.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for from := 0; from < len(f.used); from += mappedMax {
		part := f.used[from:min(from+mappedMax, len(f.used))]
		fmt.Fprintf(&out, "%d beginbfchar\n", len(part))
		for i, r := range part {
			fmt.Fprintf(&out, "<%04X> <%s>\n", from+i+1, hexUTF16(string(r)))
		}
		out.WriteString("endbfchar\n")
	}
	out.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return out.Bytes()
}

// tagOf is the six letters that mark a part of a font.
func tagOf(n int, used []rune) string {
	sum := sha256.Sum256(fmt.Append(nil, n, string(used)))
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	return string(tag)
}

// writer numbers objects and remembers where they begin.
type writer struct {
	out bytes.Buffer
	at  []int // of object n, at[n-1]
}

func (w *writer) raw(s string) { w.out.WriteString(s) }

// reserve takes a number for an object that is written later.
func (w *writer) reserve() int {
	w.at = append(w.at, 0)
	return len(w.at)
}

func (w *writer) fill(n int, body string) {
	w.at[n-1] = w.out.Len()
	fmt.Fprintf(&w.out, "%d 0 obj\n%s\nendobj\n", n, body)
}

func (w *writer) object(body string) int {
	n := w.reserve()
	w.fill(n, body)
	return n
}

func (w *writer) stream(entries string, data []byte) int {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(data) // into memory
	_ = z.Close()
	n := w.reserve()
	w.at[n-1] = w.out.Len()
	fmt.Fprintf(&w.out, "%d 0 obj\n<< /Length %d /Filter /FlateDecode %s>>\nstream\n", n, packed.Len(), spaced(entries))
	w.out.Write(packed.Bytes())
	w.raw("\nendstream\nendobj\n")
	return n
}

func spaced(entries string) string {
	if entries == "" {
		return ""
	}
	return entries + " "
}

// end writes the table of objects. The file's id is the hash of what it holds.
func (w *writer) end(catalog, info int) []byte {
	id := sha256.Sum256(w.out.Bytes())
	start := w.out.Len()
	fmt.Fprintf(&w.out, "xref\n0 %d\n0000000000 65535 f \n", len(w.at)+1)
	for _, at := range w.at {
		fmt.Fprintf(&w.out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&w.out, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [<%X> <%X>] >>\nstartxref\n%d\n%%%%EOF\n", len(w.at)+1, catalog, info, id[:16], id[:16], start)
	return w.out.Bytes()
}

// textString is a text outside of pages.
func textString(s string) string { return "<FEFF" + hexUTF16(s) + ">" }

func hexUTF16(s string) string {
	var out strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&out, "%04X", unit)
	}
	return out.String()
}

// number writes a number with at most three decimals.
func number(n float64) string {
	s := fmt.Sprintf("%.3f", n)
	s = strings.TrimRight(s, "0")
	if s = strings.TrimSuffix(s, "."); s == "-0" {
		return "0"
	}
	return s
}
