package document

import (
	"fmt"
	"slices"
	"strings"
)

// The measures of a sheet, in points.
const (
	left       = 57.0
	right      = pageWidth - 57
	top        = 60.0
	bottom     = pageHeight - 78 // the last base line above the foot
	footLine   = pageHeight - 58
	lineFactor = 1.42 // from base line to base line
	pagesMax   = 200
)

// look is how a text looks.
type look struct {
	size float64
	bold bool
	gray float64 // 0 is black
}

var (
	titled = look{size: 20, bold: true}
	headed = look{size: 10.5, bold: true}
	normal = look{size: 9.5}
	strong = look{size: 9.5, bold: true}
	faint  = look{size: 8.5, gray: 0.38}
	tabled = look{size: 8.8}
	small  = look{size: 8, gray: 0.38}
)

// side is where a text stands in its room.
type side int

const (
	atLeft side = iota
	atRight
)

// sheet sets one document from the top to the bottom, page by page.
type sheet struct {
	pdf     *pdf
	rack    *rack
	say     *speech
	page    int
	y       float64 // where the next thing begins
	missing []rune  // that no font has, in the order in which they came
	mark    string  // stands at the foot of every page
	broken  error
}

func newSheet(r *rack, say *speech, mark string) *sheet {
	s := &sheet{pdf: &pdf{}, rack: r, say: say, mark: mark, y: top}
	s.pdf.addPage()
	return s
}

func (s *sheet) pieces(text string, l look) []piece {
	return s.rack.pieces(strings.ReplaceAll(text, "\t", " "), s.say.language, l.bold, s.miss)
}

// miss notes a character that no font has.
func (s *sheet) miss(r rune) {
	if !slices.Contains(s.missing, r) {
		s.missing = append(s.missing, r)
	}
}

func (s *sheet) measure(text string, l look) float64 {
	width := 0
	for _, p := range s.pieces(text, l) {
		width += p.width
	}
	return float64(width) * l.size / 1000
}

// set sets one line with its base line at y.
func (s *sheet) set(x, y, room float64, where side, text string, l look) {
	if where == atRight {
		x += room - s.measure(text, l)
	}
	s.pdf.draw(s.page, x, y, l.size, l.gray, s.pieces(text, l))
}

func (s *sheet) broke(text string, room float64, l look) []string {
	return lines(text, room, func(t string) float64 { return s.measure(t, l) })
}

// fit goes on to the next page if there is no room for so much on this one, and says
// whether it did.
func (s *sheet) fit(height float64) bool {
	if s.y+height <= bottom {
		return false
	}
	s.next()
	return true
}

func (s *sheet) next() {
	if len(s.pdf.pages) >= pagesMax {
		s.broken = ErrTooLong
		s.y = top
		return
	}
	s.pdf.addPage()
	s.page, s.y = len(s.pdf.pages)-1, top
}

// text sets a text over as many lines as it needs.
func (s *sheet) text(x, room float64, text string, l look) {
	for _, line := range s.broke(text, room, l) {
		s.fit(l.size * lineFactor)
		s.y += l.size * lineFactor
		s.set(x, s.y-l.size*0.35, room, atLeft, line, l)
	}
}

// space leaves some room.
func (s *sheet) space(height float64) { s.y += height }

// rule draws a line over the whole width.
func (s *sheet) rule(width, gray float64) { s.pdf.line(s.page, left, s.y, right, s.y, width, gray) }

// section begins a part of the document with its heading; what follows needs so much
// room beside it.
func (s *sheet) section(heading string, needs float64) {
	s.fit(40 + needs)
	s.space(16)
	s.text(left, right-left, heading, headed)
	s.space(4)
}

// fact is something known, under its name.
type fact struct {
	name, value string
	strong      bool
}

// facts sets names and values beside each other, with a hairline under each. What has
// no value is left out.
func (s *sheet) facts(x, width, nameWidth float64, all []fact, ruled bool) {
	for _, f := range all {
		if f.value == "" {
			continue
		}
		l := normal
		if f.strong {
			l = strong
		}
		names, values := s.broke(f.name, nameWidth-8, faint), s.broke(f.value, width-nameWidth, l)
		height := float64(max(len(names), len(values)))*l.size*lineFactor + 5
		s.fit(height)
		s.column(x, nameWidth-8, atLeft, names, faint, l.size)
		s.column(x+nameWidth, width-nameWidth, atLeft, values, l, l.size)
		s.y += height
		if ruled {
			s.pdf.line(s.page, x, s.y, x+width, s.y, 0.4, 0.85)
		}
	}
}

// column sets lines below each other from the current height on, and stays there.
func (s *sheet) column(x, room float64, where side, all []string, l look, size float64) {
	for i, line := range all {
		s.set(x, s.y+3+size*1.02+float64(i)*size*lineFactor, room, where, line, l)
	}
}

// beside sets two blocks beside each other, and goes on below the longer one.
func (s *sheet) beside(one, other func()) {
	page, y := s.page, s.y
	one()
	onePage, oneY := s.page, s.y
	s.page, s.y = page, y
	other()
	if onePage > s.page || onePage == s.page && oneY > s.y {
		s.page, s.y = onePage, oneY
	}
}

// column of a table.
type column struct {
	head  string
	share float64 // of the width
	where side
}

// table sets rows under a head, which is repeated on every page that they go over.
// A row is never parted.
func (s *sheet) table(columns []column, rows [][]string) {
	s.fit(60)
	s.tableHead(columns)
	for _, row := range rows {
		if s.broken != nil {
			return
		}
		cells, height := s.row(columns, row, tabled)
		if s.fit(height) {
			s.tableHead(columns)
		}
		s.setRow(columns, cells, tabled)
		s.y += height
		s.rule(0.4, 0.85)
	}
}

const gutter = 8 // between columns

func (s *sheet) tableHead(columns []column) {
	var heads []string
	for _, c := range columns {
		heads = append(heads, c.head)
	}
	cells, height := s.row(columns, heads, small)
	s.setRow(columns, cells, small)
	s.y += height
	s.rule(0.9, 0)
}

// row breaks the cells of a row into lines, and says how high it is.
func (s *sheet) row(columns []column, row []string, l look) (cells [][]string, height float64) {
	most := 1
	for i, c := range columns {
		broke := s.broke(row[i], c.share*(right-left)-gutter, l)
		cells, most = append(cells, broke), max(most, len(broke))
	}
	return cells, float64(most)*l.size*lineFactor + 6
}

func (s *sheet) setRow(columns []column, cells [][]string, l look) {
	x := left
	for i, c := range columns {
		room := c.share*(right-left) - gutter
		at := x
		if c.where == atRight {
			at += gutter
		}
		s.column(at, room, c.where, cells[i], l, l.size)
		x += c.share * (right - left)
	}
}

// total is a line under a table's figures.
type total struct {
	name, value string
	final       bool
}

const totalsWidth = 250

// totals sets what a table adds up to, under its last column. They stay together.
func (s *sheet) totals(all []total) {
	s.fit(float64(len(all)) * (normal.size*lineFactor + 6))
	s.space(2)
	for _, t := range all {
		l := normal
		if t.final {
			l = strong
			s.pdf.line(s.page, right-totalsWidth, s.y, right, s.y, 0.9, 0)
		}
		height := l.size*lineFactor + 5
		names := s.broke(t.name, totalsWidth-s.measure(t.value, l)-14, l)
		height += float64(len(names)-1) * l.size * lineFactor
		s.column(right-totalsWidth, totalsWidth, atLeft, names, l, l.size)
		s.column(right-totalsWidth, totalsWidth, atRight, []string{t.value}, l, l.size)
		s.y += height
	}
}

// finish sets the foot of every page and writes the file.
func (s *sheet) finish(a about) ([]byte, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	note := ""
	if len(s.missing) > 0 {
		note = s.say.t("unset", "count", fmt.Sprint(len(s.missing)))
	}
	for page := range s.pdf.pages {
		s.page = page
		s.pdf.line(page, left, footLine, right, footLine, 0.4, 0.85)
		number := s.say.t("page", "page", fmt.Sprint(page+1), "pages", fmt.Sprint(len(s.pdf.pages)))
		s.set(left, footLine+14, right-left, atRight, number, small)
		s.set(left, footLine+14, right-left, atLeft, s.shortened(s.mark, right-left-s.measure(number, small)-12, small), small)
		for i, line := range s.broke(note, right-left, small) {
			s.set(left, footLine+26+float64(i)*10, right-left, atLeft, line, small)
		}
	}
	return s.pdf.write(a), nil
}

// shortened cuts a text to what fits into a room, and shows that it did.
func (s *sheet) shortened(text string, room float64, l look) string {
	if s.measure(text, l) <= room {
		return text
	}
	runes := []rune(text)
	return string(runes[:fitting(runes, room-s.measure("…", l), func(t string) float64 { return s.measure(t, l) })]) + "…"
}
