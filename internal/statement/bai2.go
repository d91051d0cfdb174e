package statement

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
)

// A BAI2 file is records of fields between commas: 01 the file, 02 a group of one bank
// and day, 03 an account with its balances, 16 an entry, 88 more of the record before,
// and 49, 98, 99 to close account, group and file with totals, which are all checked. A
// slash ends a record. Some banks put several on a line, or break a line of text without
// 88: X9.121 and the format's own guide, version 2.

const (
	baiRecordMax = 64 << 10 // bytes of one record with its continuations
	baiLinesMax  = 1_000    // of one record
)

var (
	baiStart  = regexp.MustCompile(`(?m)^\s*01,`)
	baiFirst  = regexp.MustCompile(`^\s*(01|02|03|16|49|88|98|99),`)
	baiCode   = regexp.MustCompile(`^[ \t]*(01|02|03|16|49|88|98|99),`)
	baiJoined = regexp.MustCompile(`/[ \t]+((?:01|02|03|16|49|88|98|99),)`)
	baiNumber = regexp.MustCompile(`^[+-]?[0-9]{1,18}$`)
	baiDay    = regexp.MustCompile(`^[0-9]{6}$`)
	baiType   = regexp.MustCompile(`^[0-9]{3}$`)
)

// looksBAI2 tells records by their codes.
func looksBAI2(first []byte) (Format, bool) {
	start := plainStart(first, "")
	return BAI2, baiFirst.MatchString(start) && baiStart.MatchString(start)
}

// baiRecord is one record with the text of its continuations.
type baiRecord struct {
	code  string
	line  int      // on which it starts
	parts []string // its own fields, then those of each continuation, without codes and slashes
	size  int
	ended bool // its last part ends with a slash
}

// baiLevel is what one level adds up: the file, a group, an account.
type baiLevel struct {
	open    bool
	line    int
	sum     int64 // of all amounts, or of the totals of the level below
	below   int   // accounts of a group, groups of a file
	records int
}

// baiReader takes a file apart into records and follows their nesting.
type baiReader struct {
	source               *text
	lines                *lines
	out                  *out
	record               *baiRecord
	file, group, account baiLevel
	done                 bool // 99 was there

	currency money.Currency // of the group
	date     Date           // of the group
	bank     string         // that sends the group
	places   int            // decimals of the open account's currency
	typed    int            // entries of the open account
	twice    bool           // the open account has a balance twice
}

func readBAI2(in *bufio.Reader, _ Options, o *out) error {
	source, err := plain(in, "")
	if err != nil {
		return err
	}
	r := &baiReader{source: source, lines: newLines(source), out: o}
	for {
		line, err := r.lines.next()
		if errors.Is(err, io.EOF) {
			return r.end()
		}
		if err != nil {
			return err
		}
		for _, part := range strings.Split(baiJoined.ReplaceAllString(line, "/\n$1"), "\n") {
			if err := r.part(part); err != nil {
				return err
			}
		}
	}
}

// part takes what may be a record, a continuation of one, or more of its text.
func (r *baiReader) part(s string) error {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	m := baiCode.FindStringSubmatch(s)
	switch {
	case m == nil && (r.record == nil || r.record.ended):
		return baiBroken(r.lines.number, "the line is no record that BAI2 has")
	case m == nil:
		return r.extend(s)
	case m[1] == "88" && r.record == nil:
		return baiBroken(r.lines.number, "record 88 goes on with a record that is not there")
	case m[1] == "88":
		r.record.parts = append(r.record.parts, "")
		return r.extend(s[len(m[0]):])
	}
	if err := r.flush(); err != nil {
		return err
	}
	r.record = &baiRecord{code: m[1], line: r.lines.number, parts: []string{""}}
	return r.extend(s[len(m[0]):])
}

// extend adds to the latest part of the record.
func (r *baiReader) extend(s string) error {
	b := r.record
	if b.size += len(s); b.size > baiRecordMax || len(b.parts) > baiLinesMax {
		return baiBroken(b.line, "record %s is longer than %d bytes or %d lines", b.code, baiRecordMax, baiLinesMax)
	}
	s = strings.TrimRight(s, " \t")
	said, ended := strings.CutSuffix(s, "/")
	last := &b.parts[len(b.parts)-1]
	if *last != "" {
		said = " " + strings.TrimLeft(said, " \t")
	}
	*last += said
	b.ended = ended
	return nil
}

// baiRecords says who takes a record.
var baiRecords = map[string]func(r *baiReader, b *baiRecord) error{
	"01": (*baiReader).openFile, "02": (*baiReader).openGroup, "03": (*baiReader).openAccount, "16": (*baiReader).takeEntry,
	"49": (*baiReader).closeAccount, "98": (*baiReader).closeGroup, "99": (*baiReader).closeFile,
}

// flush hands the latest record on, now that all of it was there.
func (r *baiReader) flush() error {
	b := r.record
	if b == nil {
		return nil
	}
	r.record = nil
	if r.done {
		return baiBroken(b.line, "record %s stands behind the end of the file, 99", b.code)
	}
	opens := b.code < "16"
	if !opens {
		r.count(b)
	}
	if err := baiRecords[b.code](r, b); err != nil {
		return err
	}
	if opens {
		r.count(b)
	}
	return nil
}

// count counts a record and its continuations at every level that is open. What opens a
// level is counted with it, and what closes it, too.
func (r *baiReader) count(b *baiRecord) {
	for _, l := range []*baiLevel{&r.file, &r.group, &r.account} {
		if l.open {
			l.records += len(b.parts)
		}
	}
}

func (r *baiReader) end() error {
	if err := r.flush(); err != nil {
		return err
	}
	switch {
	case !r.file.open && !r.done:
		return ErrBroken.Detail("there is no record 01 in the file")
	case !r.done:
		return baiBroken(r.lines.number, "the file is cut off: its last record, 99, is not there")
	case r.out.statements == 0:
		return ErrBroken.Detail("there is no statement in the file")
	}
	return nil
}

func baiBroken(line int, format string, args ...any) error {
	return ErrBroken.Detail(format, args...).At(atLine(line))
}
