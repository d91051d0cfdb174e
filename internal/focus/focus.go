// Package focus reads billing files in the FinOps Open Cost and Usage Specification,
// versions 1.0 to 1.4, as CSV. A file goes in as bytes, usage lines come out one by
// one: plain or gzip, UTF-8 or UTF-16, columns in any order and known by name. Memory
// stays flat but for one hash for each row without an id of its own.
//
// A row that cannot be used is a fault that names its place, and reading can go on
// behind it. Damage to the file itself is ErrBroken, and final. Neither repeats what
// the file says: the reader finds it by row and column.
package focus

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// ErrBroken is the fault of a file that cannot be read, or not any further.
var ErrBroken = fault.New(fault.Malformed, "focus_file_broken", "the file cannot be read as FOCUS CSV").
	WithNext("export the file again as FOCUS CSV, and import it whole")

const (
	rowBytesDefault = 1 << 20 // of one row, if Options does not say; tags can be long
	bufferBytes     = 64 << 10
	rowsMax         = 100_000_000 // of one file
)

// Options says how to read.
type Options struct {
	MaxRowBytes int   // the longest row accepted; 0 means 1 MiB
	Size        int64 // bytes of the input, as far as known, for Progress; 0 means unknown
}

// Row is one line of the file. Its texts share memory: whoever keeps a few of them for
// long should copy them.
type Row struct {
	Number      int    // of the data row, from 1; the header is not counted
	Line        int    // physical line on which the row starts, from 1
	ID          string // column Id, else made from the row's content and how often it came before
	Account     string // BillingAccountId
	Product     string // ServiceName, "other" if it is absent
	Amount      money.Exact
	Rounded     bool      // BilledCost had more than 12 decimals
	Tax         bool      // to be counted and never collected
	Category    string    // ChargeCategory as the file spells it
	Start       time.Time // ChargePeriodStart, UTC
	End         time.Time // ChargePeriodEnd, UTC; zero if it is absent
	Description string    // ChargeDescription; empty if absent, as are those that follow
	SubAccount  string    // SubAccountId
	Resource    string    // ResourceId
	Region      string    // RegionId
	Content     [16]byte  // hash over all that the row says, whatever the order of columns
}

// Reader reads rows from one file. It is not safe for concurrent use, but for Offset
// and Progress.
type Reader struct {
	in      *input
	records *csv.Reader
	columns columns
	lines   lineIDs
	options Options
	rows    int   // data rows read so far, bad ones included
	line    int   // physical line of the latest
	final   error // why reading cannot go on
}

// NewReader reads the header. It returns ErrBroken if r is not a FOCUS file, or the
// error of r itself.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	if o.MaxRowBytes <= 0 {
		o.MaxRowBytes = rowBytesDefault
	}
	in, err := open(r, o.MaxRowBytes)
	if err != nil {
		return nil, err
	}
	f := &Reader{in: in, options: o, lines: newLineIDs()}
	f.records = csv.NewReader(bufio.NewReaderSize(in, bufferBytes))
	f.records.ReuseRecord = true
	header, err := f.records.Read()
	switch {
	case err == io.EOF:
		return nil, ErrBroken.Detail("the file is empty")
	case err != nil:
		return nil, f.broken(err)
	}
	if f.columns, err = readHeader(header); err != nil {
		return nil, err
	}
	return f, nil
}

// Next returns the next row, or io.EOF after the last. A row that cannot be used is a
// *fault.Error with its place, beside a Row with Number and Line alone, and the next
// call goes on with the next row. After ErrBroken, io.EOF, or an error that is no fault,
// every call returns the same.
func (f *Reader) Next() (Row, error) {
	if f.final != nil {
		return Row{}, f.final
	}
	start := f.records.InputOffset()
	f.in.rowStart = start
	record, err := f.records.Read()
	if err == io.EOF {
		f.final = io.EOF
		return Row{}, f.final
	}
	wrongLength := errors.Is(err, csv.ErrFieldCount)
	if err != nil && !wrongLength {
		f.final = f.broken(err)
		return Row{}, f.final
	}
	f.rows++
	f.line, _ = f.records.FieldPos(0)
	row := Row{Number: f.rows, Line: f.line}
	switch {
	case f.rows > rowsMax:
		f.final = ErrBroken.Detail("the file has more than %d rows", rowsMax).At(f.place())
		return row, f.final
	case f.records.InputOffset()-start > int64(f.options.MaxRowBytes):
		return row, ErrRow.Detail("the row is longer than %d bytes", f.options.MaxRowBytes).At(f.place())
	case wrongLength:
		return row, ErrRow.Detail("the row has %d fields and the header %d", len(record), f.records.FieldsPerRecord).At(f.place())
	}
	return f.read(row, record)
}

// Offset returns how many bytes of the input were read so far, compressed as they are.
func (f *Reader) Offset() int64 { return f.in.offset() }

// Progress returns Offset, and the size of the input as far as it is known.
func (f *Reader) Progress() (read, size int64) { return f.Offset(), f.options.Size }

func (f *Reader) read(row Row, record []string) (Row, error) {
	bad := Row{Number: row.Number, Line: row.Line}
	if err := f.columns.fill(&row, record); err != nil {
		return bad, placed(err, f.place())
	}
	content := f.columns.content(record)
	row.Content = content
	if row.ID != "" {
		return row, nil
	}
	id, err := f.lines.next(content)
	if err != nil {
		f.final = placed(err, f.place())
		return bad, f.final
	}
	row.ID = id
	return row, nil
}

func (f *Reader) place() string {
	return fmt.Sprintf("row %d (line %d)", f.rows, f.line)
}

// broken says what an error of the CSV reader means: damage by whatever lies beneath
// it, or quotes that are wrong. After those nobody knows where the next row starts.
func (f *Reader) broken(err error) error {
	if f.in.err != nil {
		return f.damaged(f.in.err)
	}
	var syntax *csv.ParseError
	if !errors.As(err, &syntax) {
		return f.damaged(err)
	}
	place := "header"
	if f.columns.names != nil {
		place = fmt.Sprintf("row %d (line %d)", f.rows+1, syntax.StartLine)
	}
	if errors.Is(err, csv.ErrBareQuote) {
		return ErrBroken.Detail("a quote stands in a field that does not start with one").At(place)
	}
	return ErrBroken.Detail("a quoted field is not closed, or goes on after its closing quote").At(place)
}

func (f *Reader) damaged(err error) error {
	place := "header"
	if f.rows > 0 {
		place = "after " + f.place()
	} else if f.columns.names != nil {
		place = "after the header"
	}
	if known, ok := fault.Of(err); ok {
		return known.At(place)
	}
	return fmt.Errorf("read usage file %s: %w", place, err)
}

// placed adds the place to a fault; any other error passes.
func placed(err error, place string) error {
	if known, ok := fault.Of(err); ok {
		return known.At(place)
	}
	return err
}
