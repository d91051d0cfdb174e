package statement

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
)

// The faults of files. ErrBroken and its kin are final: nothing of the file may be used.
var (
	ErrBroken = fault.New(fault.Malformed, "statement_broken", "the file cannot be read as a bank statement").
			WithNext("fetch the statement from the bank again, and import it whole")
	ErrUnknownFormat = fault.New(fault.Malformed, "statement_format_unknown", "the file is no bank statement of a format that is known here").
				WithNext("name the format, or ask the bank for camt.053, MT940, BAI2 or CSV")
	ErrTooLarge = fault.New(fault.TooLarge, "statement_too_large", "the file is larger than allowed").
			WithNext("ask the bank for one file a day, or raise the limit")
)

const (
	bytesDefault   = 4 << 30    // of one file, if Options does not say
	entriesDefault = 20_000_000 // of one file, likewise
	firstBytes     = 64 << 10   // of a file, enough to tell its format
)

// Options says how to read.
type Options struct {
	Format     Format  // empty: found out by the first bytes
	MaxBytes   int64   // the largest file accepted; 0 means 4 GiB
	MaxEntries int     // the most entries accepted; 0 means 20 million
	Layout     *Layout // of the CSV; nil: one of those that ship
}

// Visitor is told what a file says, in its order. Each field may be nil. An error it
// returns ends the reading and is returned as it is.
type Visitor struct {
	Open  func(Statement) error // a statement begins; what its entries and its end tell is not known yet
	Entry func(Entry) error     // an entry of the statement opened last; its Details are the visitor's to keep
	Close func(Statement) error // a statement ends: sums, closing balance and Proof are final
}

// dialect is one kind of file: how it looks, and who reads it. looks is given the
// first bytes of the file; read gets all of it, with the options as the caller gave them,
// and writes what it finds to o.
type dialect struct {
	formats []Format
	looks   func(first []byte) (Format, bool)
	read    func(in *bufio.Reader, options Options, o *out) error
}

// dialects are tried in this order: the strict ones first, CSV last, since almost
// anything looks like CSV.
var dialects = []dialect{
	{[]Format{Camt053, Camt054}, looksCamt, readCamt},
	{[]Format{MT940, MT942}, looksMT940, readMT940},
	{[]Format{BAI2}, looksBAI2, readBAI2},
	{[]Format{CSV}, looksCSV, readCSV},
}

// Detect tells the format of a file by its first bytes; 64 KiB are always enough. The
// file may still turn out to be broken.
func Detect(first []byte) (Format, error) {
	for _, p := range packed {
		if strings.HasPrefix(string(first), p.start) {
			return "", ErrUnknownFormat.Detail("the file is %s, not a bank statement", p.name)
		}
	}
	for _, d := range dialects {
		if f, ok := d.looks(first); ok {
			return f, nil
		}
	}
	return "", ErrUnknownFormat
}

// packed tells files that hold a statement at best, so that the fault can name them.
var packed = []struct{ start, name string }{
	{"PK\x03\x04", "a zip archive or a spreadsheet"},
	{"\x1f\x8b", "gzip"},
	{"%PDF", "PDF"},
	{"\xd0\xcf\x11\xe0", "an old spreadsheet or document"},
}

// Read reads one file and tells visit what it says. After an error, of whatever kind,
// nothing that was told may be used: what it told was only the sound part of a file that
// is not.
func Read(r io.Reader, options Options, visit Visitor) error {
	if options.MaxBytes <= 0 {
		options.MaxBytes = bytesDefault
	}
	if options.MaxEntries <= 0 {
		options.MaxEntries = entriesDefault
	}
	in := bufio.NewReaderSize(&limited{from: r, left: options.MaxBytes, max: options.MaxBytes}, firstBytes)
	first, err := in.Peek(firstBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if len(first) == 0 {
		return ErrBroken.Detail("the file is empty")
	}
	format := options.Format
	if format == "" && options.Layout != nil {
		format = CSV
	}
	if format == "" {
		if format, err = Detect(first); err != nil {
			return err
		}
	}
	for _, d := range dialects {
		if slices.Contains(d.formats, format) {
			return d.read(in, options, &out{visit: visit, entriesMax: options.MaxEntries})
		}
	}
	return ErrUnknownFormat.Detail("no format has the name that was given")
}

// ReadAll reads one file whole. It is for files that are small: everything is in memory
// at once.
func ReadAll(r io.Reader, options Options) ([]Statement, error) {
	var all []Statement
	var lines []Entry
	err := Read(r, options, Visitor{
		Open:  func(Statement) error { lines = nil; return nil },
		Entry: func(e Entry) error { lines = append(lines, e); return nil },
		Close: func(s Statement) error {
			s.Lines = lines
			all = append(all, s)
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// limited is a file that may not be longer than max bytes.
type limited struct {
	from io.Reader
	left int64
	max  int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrTooLarge.Detail("the file is larger than %d bytes", l.max)
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.from.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return n - 1, ErrTooLarge.Detail("the file is larger than %d bytes", l.max)
	}
	return n, err
}
