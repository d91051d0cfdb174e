package document

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// errFont says that a file is no TrueType font that can be set.
var errFont = errors.New("document: not a TrueType font with outlines and a Unicode map")

// font is a TrueType font: which characters it has, how wide they are, and its
// outlines. It is read once and shared.
type font struct {
	name    string
	tables  map[string][]byte
	units   int // to the em
	glyphs  int
	metrics int // glyphs with a width of their own
	long    bool
	ascent  int // in thousandths of the em, as all that follows
	descent int
	box     [4]int
	runes   []span // by first, without overlaps
}

// span is a run of characters whose glyphs stand beside each other, or are listed.
type span struct {
	first, last rune
	glyph       uint16 // of first; the others follow
}

// readFont reads a font. What is broken in it is found here and not when a document
// is set.
func readFont(name string, data []byte) (*font, error) {
	f := &font{name: name, tables: map[string][]byte{}}
	start := 0
	if bytes.HasPrefix(data, []byte("ttcf")) { // a collection: its first font
		start = int(f.u32(data, 12))
	}
	for i := range f.u16(data, start+4) {
		entry := cutOut(data, start+12+16*i, 16)
		if entry == nil {
			return nil, errFont
		}
		f.tables[string(entry[:4])] = cutOut(data, int(binary.BigEndian.Uint32(entry[8:])), int(binary.BigEndian.Uint32(entry[12:])))
	}
	head, hhea, maxp := f.tables["head"], f.tables["hhea"], f.tables["maxp"]
	if len(head) < 54 || len(hhea) < 36 || len(maxp) < 6 || f.tables["glyf"] == nil {
		return nil, errFont
	}
	f.units, f.glyphs, f.metrics, f.long = f.u16(head, 18), f.u16(maxp, 4), f.u16(hhea, 34), f.u16(head, 50) == 1
	size := 2
	if f.long {
		size = 4
	}
	if f.units == 0 || f.metrics == 0 || len(f.tables["hmtx"]) < 4*f.metrics || len(f.tables["loca"]) < size*(f.glyphs+1) {
		return nil, errFont
	}
	f.ascent, f.descent = f.scaled(f.i16(hhea, 4)), f.scaled(f.i16(hhea, 6))
	for i := range f.box {
		f.box[i] = f.scaled(f.i16(head, 36+2*i))
	}
	return f, f.readMap()
}

// readMap reads which glyph stands for which character: the fullest of the Unicode
// maps that the font has.
func (f *font) readMap() error {
	cmap := f.tables["cmap"]
	var best []byte
	for i := range f.u16(cmap, 2) {
		entry := cutOut(cmap, 4+8*i, 8)
		if entry == nil {
			return errFont
		}
		platform, encoding := f.u16(entry, 0), f.u16(entry, 2)
		at := int(binary.BigEndian.Uint32(entry[4:]))
		if at >= len(cmap) || platform != 0 && (platform != 3 || encoding != 1 && encoding != 10) {
			continue
		}
		switch table := cmap[at:]; f.u16(table, 0) {
		case 12:
			best = table
		case 4:
			if best == nil {
				best = table
			}
		}
	}
	switch {
	case best == nil:
		return errFont
	case f.u16(best, 0) == 12:
		f.readGroups(best)
	default:
		f.readSegments(best)
	}
	if len(f.runes) == 0 {
		return errFont
	}
	slices.SortFunc(f.runes, func(a, b span) int { return int(a.first - b.first) })
	return nil
}

// readGroups reads a map of format 12.
func (f *font) readGroups(table []byte) {
	for i := 16; ; i += 12 {
		group := cutOut(table, i, 12)
		if group == nil || (i-16)/12 >= int(binary.BigEndian.Uint32(table[12:])) {
			return
		}
		first, last, glyph := binary.BigEndian.Uint32(group), binary.BigEndian.Uint32(group[4:]), binary.BigEndian.Uint32(group[8:])
		if first > last || last > 0x10ffff || glyph == 0 || int64(glyph)+int64(last-first) >= int64(f.glyphs) {
			continue
		}
		f.runes = append(f.runes, span{rune(first), rune(last), uint16(glyph)})
	}
}

// readSegments reads a map of format 4.
func (f *font) readSegments(table []byte) {
	n := f.u16(table, 6) / 2
	for s := range n {
		last, first := f.u16(table, 14+2*s), f.u16(table, 16+2*n+2*s)
		delta, offsetAt := f.u16(table, 16+4*n+2*s), 16+6*n+2*s
		offset := f.u16(table, offsetAt)
		for c := first; c <= last && c < 0xffff; c++ {
			glyph := c + delta
			if offset != 0 {
				if glyph = f.u16(table, offsetAt+offset+2*(c-first)); glyph != 0 {
					glyph += delta
				}
			}
			if glyph &= 0xffff; glyph != 0 && glyph < f.glyphs {
				f.addRune(rune(c), uint16(glyph))
			}
		}
	}
}

func (f *font) addRune(r rune, glyph uint16) {
	if n := len(f.runes); n > 0 {
		if last := &f.runes[n-1]; last.last+1 == r && int(last.glyph)+int(r-last.first) == int(glyph) {
			last.last = r
			return
		}
	}
	f.runes = append(f.runes, span{r, r, glyph})
}

// glyph returns the glyph of a character; 0 if the font has none.
func (f *font) glyph(r rune) uint16 {
	i, found := slices.BinarySearchFunc(f.runes, r, func(s span, r rune) int {
		switch {
		case s.last < r:
			return -1
		case s.first > r:
			return 1
		}
		return 0
	})
	if !found {
		return 0
	}
	return f.runes[i].glyph + uint16(r-f.runes[i].first)
}

// width is how far a glyph goes, in thousandths of the em.
func (f *font) width(glyph uint16) int {
	return f.scaled(f.u16(f.tables["hmtx"], 4*min(int(glyph), f.metrics-1)))
}

// outline is a glyph's data; empty for a space.
func (f *font) outline(glyph uint16) []byte {
	loca := f.tables["loca"]
	from, to := 2*f.u16(loca, 2*int(glyph)), 2*f.u16(loca, 2*int(glyph)+2)
	if f.long {
		from, to = int(f.u32(loca, 4*int(glyph))), int(f.u32(loca, 4*int(glyph)+4))
	}
	return cutOut(f.tables["glyf"], from, to-from)
}

// The flags of a part of a compound glyph.
const (
	partWords    = 0x0001
	partScale    = 0x0008
	partMore     = 0x0020
	partTwoScale = 0x0040
	partMatrix   = 0x0080
)

// parts lists where in a compound glyph's data the numbers of its parts stand.
func (f *font) parts(outline []byte) []int {
	if len(outline) < 10 || f.i16(outline, 0) >= 0 {
		return nil
	}
	var all []int
	for at := 10; at+4 <= len(outline); {
		flags := f.u16(outline, at)
		all = append(all, at+2)
		at += 6
		if flags&partWords != 0 {
			at += 2
		}
		switch {
		case flags&partScale != 0:
			at += 2
		case flags&partTwoScale != 0:
			at += 4
		case flags&partMatrix != 0:
			at += 8
		}
		if flags&partMore == 0 {
			break
		}
	}
	return all
}

// closure is all glyphs that are needed to draw some: they, their parts, and the
// parts of these, however deep; and glyph 0, which every font has.
func (f *font) closure(wanted []uint16) []uint16 {
	needed := map[uint16]bool{0: true}
	waiting := slices.Clone(wanted)
	for len(waiting) > 0 {
		g := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if needed[g] && g != 0 || int(g) >= f.glyphs {
			continue
		}
		needed[g] = true
		outline := f.outline(g)
		for _, at := range f.parts(outline) {
			if part := uint16(f.u16(outline, at)); !needed[part] {
				waiting = append(waiting, part)
			}
		}
	}
	var all []uint16
	for g := range needed {
		all = append(all, g)
	}
	slices.Sort(all)
	return all
}

// subset makes a font of some glyphs alone, in the order in which closure lists them:
// the number of a glyph in it is its place there.
func (f *font) subset(glyphs []uint16) []byte {
	place := make(map[uint16]int, len(glyphs))
	for i, g := range glyphs {
		place[g] = i
	}
	var glyf, loca, hmtx []byte
	for _, g := range glyphs {
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		outline := slices.Clone(f.outline(g))
		for _, at := range f.parts(outline) {
			binary.BigEndian.PutUint16(outline[at:], uint16(place[uint16(f.u16(outline, at))]))
		}
		glyf = append(glyf, outline...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		metric := f.tables["hmtx"][4*min(int(g), f.metrics-1):]
		bearing := metric[2:4]
		if int(g) >= f.metrics {
			if own := cutOut(f.tables["hmtx"], 4*f.metrics+2*(int(g)-f.metrics), 2); own != nil {
				bearing = own
			}
		}
		hmtx = append(append(hmtx, metric[:2]...), bearing...)
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))

	head, hhea, maxp := slices.Clone(f.tables["head"]), slices.Clone(f.tables["hhea"]), slices.Clone(f.tables["maxp"])
	binary.BigEndian.PutUint32(head[8:], 0) // the check sum of the whole, which PDF readers do not look at
	binary.BigEndian.PutUint16(head[50:], 1)
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(glyphs)))
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(glyphs)))
	return fontFile(map[string][]byte{
		"cvt ": f.tables["cvt "], "fpgm": f.tables["fpgm"], "glyf": glyf, "head": head, "hhea": hhea, "hmtx": hmtx, "loca": loca, "maxp": maxp, "prep": f.tables["prep"],
	})
}

// fontFile puts tables together to a font.
func fontFile(tables map[string][]byte) []byte {
	var names []string
	for name, table := range tables {
		if table != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	exponent := 0
	for 2<<exponent <= len(names) {
		exponent++
	}
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, n := range []int{len(names), 16 << exponent, exponent, 16*len(names) - 16<<exponent} {
		out = binary.BigEndian.AppendUint16(out, uint16(n))
	}
	at := 12 + 16*len(names)
	var body []byte
	for _, name := range names {
		table := tables[name]
		out = append(out, name...)
		out = binary.BigEndian.AppendUint32(out, checkSum(table))
		out = binary.BigEndian.AppendUint32(out, uint32(at+len(body)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(table)))
		body = append(body, table...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	return append(out, body...)
}

func checkSum(table []byte) uint32 {
	var sum uint32
	for i := 0; i < len(table); i += 4 {
		var word [4]byte
		copy(word[:], table[i:])
		sum += binary.BigEndian.Uint32(word[:])
	}
	return sum
}

func (f *font) scaled(n int) int { return n * 1000 / f.units }

// u16, i16 and u32 read a number; what lies outside is 0.
func (f *font) u16(b []byte, at int) int {
	if w := cutOut(b, at, 2); w != nil {
		return int(binary.BigEndian.Uint16(w))
	}
	return 0
}

func (f *font) i16(b []byte, at int) int { return int(int16(f.u16(b, at))) }

func (f *font) u32(b []byte, at int) uint32 {
	if w := cutOut(b, at, 4); w != nil {
		return binary.BigEndian.Uint32(w)
	}
	return 0
}

// cutOut is a part of b; nil if it is not all there.
func cutOut(b []byte, from, size int) []byte {
	if from < 0 || size < 0 || from > len(b) || size > len(b)-from {
		return nil
	}
	return b[from : from+size : from+size]
}

// String names the font.
func (f *font) String() string { return fmt.Sprintf("%s, %d glyphs", f.name, f.glyphs) }
