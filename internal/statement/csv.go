package statement

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
)

// ErrRow is the fault of a row that the layout does not explain. The file is refused
// whole: a row that is passed over could be money.
var ErrRow = ErrBroken.WithNext("fetch the file again; if the bank changed its export, describe it with a layout of its own")

const (
	preambleLinesMax = 100
	rowBytesMax      = 1 << 20
	rowBufferBytes   = 64 << 10
	partsMax         = 100_000  // transactions behind one entry
	textBytesMax     = 64 << 10 // of an entry that is one transaction
	partsBytesMax    = 8 << 20  // of the texts of all transactions behind one entry
)

// csvReader reads rows by a layout.
type csvReader struct {
	layout *Layout
	source *text
	guard  *rowGuard
	rows   *csv.Reader
	out    *out
	header int // the line on which it stands
	row    int // the latest, from 1 behind the header
	line   int // on which it starts

	statement Statement // as the lines before the first row tell it
	opened    bool
	entry     *Entry   // the latest, whose details may follow
	debit     bool     // it stands in the debit column
	side      bool     // and so does the row being read
	parts     []Detail // of it
	size      int      // bytes of its texts
	running   running
}

func readCSV(in *bufio.Reader, options Options, o *out) error {
	layout := options.Layout
	if layout == nil {
		first, err := in.Peek(firstBytes)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if layout = findLayout(first); layout == nil {
			return ErrUnknownFormat.Detail("no layout fits the CSV file").WithNext("describe its columns in a layout, and name it")
		}
	}
	return readRows(in, layout, o)
}

// readRows reads a file by a layout that is known.
func readRows(in *bufio.Reader, layout *Layout, o *out) error {
	source, err := plain(in, layout.Encoding)
	if err != nil {
		return err
	}
	r := &csvReader{layout: layout, source: source, out: o}
	r.statement = Statement{Format: CSV, Version: layout.Name, Line: 1, Currency: layout.Currency}
	r.guard = &rowGuard{from: bufio.NewReaderSize(source, rowBufferBytes)}
	delimiter, err := r.preamble()
	if err != nil {
		return err
	}
	r.rows = csv.NewReader(bufio.NewReaderSize(r.guard, rowBufferBytes))
	r.rows.Comma, r.rows.FieldsPerRecord, r.rows.ReuseRecord = delimiter, -1, true
	r.rows.TrimLeadingSpace = delimiter != '\t' // where it would eat empty cells
	for {
		more, err := r.next()
		if err != nil {
			return err
		}
		if !more {
			return r.close()
		}
	}
}

// preamble reads the lines up to the header, and returns what parts its cells.
func (r *csvReader) preamble() (rune, error) {
	l := r.layout
	if len(l.headers) == 0 {
		for range l.Skip {
			r.header++
			if _, err := r.guard.from.ReadSlice('\n'); err != nil {
				return 0, ErrBroken.Detail("the file ends before its first row").At(atLine(r.header))
			}
		}
		return l.delimiters[0], nil
	}
	for r.header < preambleLinesMax {
		line, err := r.guard.from.ReadSlice('\n')
		r.header++
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return 0, ErrBroken.Detail("the line is longer than %d bytes", rowBufferBytes).At(atLine(r.header))
		case err != nil && !errors.Is(err, io.EOF):
			return 0, err
		}
		for _, delimiter := range l.delimiters {
			cells := splitLine(strings.TrimRight(string(line), "\r\n"), delimiter)
			if currency, ok := l.heads(cells); ok {
				r.learnCurrency(currency)
				return delimiter, nil
			}
			if err := r.label(cells); err != nil {
				return 0, err
			}
		}
		if err != nil {
			break
		}
	}
	return 0, ErrBroken.Detail("the header that the layout describes is not among the first %d lines", preambleLinesMax).At("header")
}

func (r *csvReader) learnCurrency(c money.Currency) {
	if c != "" && r.statement.Currency == "" {
		r.statement.Currency = c
	}
}

// label reads a line before the header: a label, and its value in the same cell or the
// next.
func (r *csvReader) label(cells []string) error {
	p := &r.layout.Preamble
	s := &r.statement
	if v := labelled(cells, p.Account); v != "" && s.Account == (Account{}) {
		s.Account = accountOf(v)
	}
	if v := labelled(cells, p.Owner); v != "" {
		s.Account.Owner = v
	}
	for _, word := range strings.Fields(labelled(cells, p.Currency)) {
		if currencyCode.MatchString(word) {
			r.learnCurrency(money.Currency(word))
		}
	}
	for _, b := range []struct {
		labels oneOrMore
		kind   string
		to     **Balance
	}{{p.Opening, "OPBD", &s.Opening}, {p.Closing, "CLBD", &s.Closing}} {
		v := labelled(cells, b.labels)
		if v == "" {
			continue
		}
		amount, ok := r.layout.amount(v)
		if !ok {
			return ErrRow.Detail("the balance before the header is not a number as the layout writes it").At(atLine(r.header))
		}
		*b.to = &Balance{Kind: b.kind, Amount: amount}
	}
	return nil
}

func labelled(cells []string, labels oneOrMore) string {
	if len(cells) == 0 {
		return ""
	}
	for _, label := range labels {
		rest, ok := strings.CutPrefix(strings.TrimSpace(cells[0]), label)
		if !ok {
			continue
		}
		for _, v := range append([]string{rest}, cells[1:]...) {
			if v = strings.Trim(v, ": \t"); v != "" {
				return v
			}
		}
	}
	return ""
}

// next reads one row, and reports whether there may be more.
func (r *csvReader) next() (bool, error) {
	r.guard.start = r.rows.InputOffset()
	cells, err := r.rows.Read()
	switch {
	case errors.Is(err, io.EOF):
		return false, nil
	case err != nil:
		return false, r.broken(err)
	}
	r.row++
	r.line, _ = r.rows.FieldPos(0)
	r.line += r.header
	if r.rows.InputOffset()-r.guard.start > rowBytesMax {
		return false, r.refuse("", "the row is longer than %d bytes", rowBytesMax)
	}
	if isBlank(cells) {
		return r.layout.Rows.End != "blank" || !r.opened, nil
	}
	return true, r.take(cells)
}

func isBlank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// broken says what an error below a row means: damage, or quotes that are wrong. After
// those nobody knows where the next row starts.
func (r *csvReader) broken(err error) error {
	if r.guard.err != nil {
		return placed(r.guard.err, fmt.Sprintf("row %d, or behind it", r.row+1))
	}
	var syntax *csv.ParseError
	if !errors.As(err, &syntax) {
		return err
	}
	place := fmt.Sprintf("row %d (line %d)", r.row+1, syntax.StartLine+r.header)
	if errors.Is(err, csv.ErrBareQuote) {
		return ErrBroken.Detail("a quote stands in a cell that does not start with one").At(place)
	}
	return ErrBroken.Detail("a quoted cell is not closed, or goes on after its closing quote").At(place)
}

func (r *csvReader) refuse(column, format string, args ...any) error {
	place := fmt.Sprintf("row %d (line %d)", r.row, r.line)
	if column != "" {
		place += ", " + column
	}
	return ErrRow.Detail(format, args...).At(place)
}

// rowGuard passes text on to the CSV reader, and watches that no row goes on for ever: a
// quote may be missing.
type rowGuard struct {
	from  *bufio.Reader
	given int64
	start int64 // where in the text the row starts that is being read
	err   error // its own, which the CSV reader hides
}

func (g *rowGuard) Read(p []byte) (int, error) {
	if g.given-g.start > rowBytesMax+2*rowBufferBytes {
		g.err = ErrBroken.Detail("the row is longer than %d bytes: a quote may be missing", rowBytesMax)
		return 0, g.err
	}
	n, err := g.from.Read(p)
	g.given += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		g.err = err
	}
	return n, err
}
