package statement

import (
	"bufio"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// shipped are the layouts that come with Bursar, each made from a file that a bank wrote.
//
//go:embed layouts/*.yaml
var shipped embed.FS

// Layouts returns the layouts that ship, by their names.
var Layouts = sync.OnceValue(func() []*Layout {
	names, err := fs.Glob(shipped, "layouts/*.yaml")
	if err != nil {
		panic(fmt.Sprintf("statement: layouts: %v", err))
	}
	slices.Sort(names)
	all := make([]*Layout, 0, len(names))
	for _, name := range names {
		document, err := shipped.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("statement: layouts: %v", err))
		}
		l, err := ParseLayout(document)
		if err != nil {
			panic(fmt.Sprintf("statement: %s: %v", name, err))
		}
		all = append(all, l)
	}
	return all
})

// looksCSV tells CSV by a layout that fits.
func looksCSV(first []byte) (Format, bool) { return CSV, findLayout(first) != nil }

// findLayout returns the layout of a file by its first bytes, or nil. Layouts with a
// header go before those that have only the shape of their rows. Of several, the one
// that reads most counts.
func findLayout(first []byte) *Layout {
	starts := map[string]string{} // by encoding
	start := func(l *Layout) string {
		if _, ok := starts[l.Encoding]; !ok {
			starts[l.Encoding] = wholeLines(plainStart(first, l.Encoding), len(first) < firstBytes)
		}
		return starts[l.Encoding]
	}
	var fit []*Layout
	for _, l := range Layouts() {
		if l.headsIn(start(l)) {
			fit = append(fit, l)
		}
	}
	switch len(fit) {
	case 0:
		return shapeOf(start)
	case 1:
		return fit[0]
	}
	best, most := fit[0], -1
	for _, l := range fit {
		if n, err := l.try(start(l)); err == nil {
			return l
		} else if n > most {
			best, most = l, n
		}
	}
	return best
}

// shapeOf returns the layout without a header by which all of the rows can be read.
func shapeOf(start func(*Layout) string) *Layout {
	for _, l := range Layouts() {
		if len(l.headers) > 0 {
			continue
		}
		if n, err := l.try(start(l)); err == nil && n > 0 {
			return l
		}
	}
	return nil
}

// wholeLines leaves out a last line that may be cut.
func wholeLines(s string, complete bool) string {
	if complete {
		return s
	}
	return s[:strings.LastIndexByte(s, '\n')+1]
}

// headsIn reports whether a header of l is among the first lines.
func (l *Layout) headsIn(start string) bool {
	if len(l.headers) == 0 {
		return false
	}
	n := 0
	for line := range strings.Lines(start) {
		if n++; n > preambleLinesMax {
			break
		}
		for _, delimiter := range l.delimiters {
			if strings.Count(line, string(delimiter)) != l.Cells-1 { // no name has one in it
				continue
			}
			if _, ok := l.heads(splitLine(strings.TrimRight(line, "\r\n"), delimiter)); ok {
				return true
			}
		}
	}
	return false
}

// try reads the start of a file by the layout, and returns how many entries it found.
func (l *Layout) try(start string) (entries int, err error) {
	o := &out{entriesMax: entriesDefault, visit: Visitor{Entry: func(Entry) error { entries++; return nil }}}
	plainly := *l
	plainly.Encoding = "" // it is decoded already
	err = readRows(bufio.NewReader(strings.NewReader(start)), &plainly, o)
	return entries, err
}
