package cli

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/statement"
)

const (
	statementEntriesShown = 50      // of a file, to people; JSON has them all
	statementAskEvery     = 1 << 14 // entries between looks at whether the command was stopped
)

type statementCommands struct {
	Parse  statementParse  `cmd:"" help:"Show what a bank statement says, and change nothing."`
	Import statementImport `cmd:"" help:"Take bank statements into the books."`
	Fetch  statementFetch  `cmd:"" help:"Import what the pretend bank of a sandbox installation has issued since the last time."`
}

type statementParse struct {
	Path   string `arg:"" name:"file" help:"camt.053, camt.054, MT940, MT942, BAI2 or CSV; - reads standard input."`
	Format string `default:"auto" enum:"auto,camt.053,camt.054,mt940,mt942,bai2,csv" help:"What it is, if it should not be found out: ${enum}."`
	Layout string `placeholder:"FILE" help:"How the columns of a CSV are laid out, in YAML or JSON; without it one that ships is found."`
}

// Run reads a file twice: first to see that all of it is sound, then to show it. Thus
// nothing of a broken one is ever shown, and a large one need not be kept in memory.
func (c statementParse) Run(ctx context.Context, s *session) error {
	err := c.run(ctx, s)
	if f, expected := fault.Of(err); expected && s.json {
		if told := json.NewEncoder(s.Out).Encode(shapeRefusal(f)); told != nil {
			return errors.Join(err, told)
		}
	}
	return err
}

func (c statementParse) run(ctx context.Context, s *session) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	f, size, done, err := openStatement(s.In, c.Path)
	if err != nil {
		return err
	}
	defer done()
	p := &statementParsing{ctx: ctx, s: s, file: f, size: size, options: options}
	if err := p.check(); err != nil {
		return err
	}
	if !s.json {
		return p.showPeople()
	}
	return p.showJSON()
}

func (c statementParse) options() (statement.Options, error) {
	var options statement.Options
	if c.Format != "auto" {
		options.Format = statement.Format(c.Format)
	}
	if c.Layout == "" {
		return options, nil
	}
	text, err := readDocument(c.Layout)
	if err != nil {
		return options, err
	}
	if options.Layout, err = statement.ParseLayout(text); err != nil {
		f, ok := fault.Of(err)
		switch {
		case !ok:
			return options, err
		case f.Place == "":
			return options, f.At(c.Layout)
		}
		return options, f.At(c.Layout + ": " + f.Place)
	}
	if options.Format != "" && options.Format != statement.CSV {
		return options, errFile.At(c.Layout).Detail("a layout is for CSV only").WithNext("leave out --format, or --layout")
	}
	return options, nil
}

// openStatement opens a file so that it can be read twice: what comes through a pipe is
// laid aside first.
func openStatement(in io.Reader, path string) (f *os.File, size int64, done func(), err error) {
	if path != "-" {
		if f, err = os.Open(path); err != nil {
			return nil, 0, nil, errFile.At(path).Detail("%v", cause(err))
		}
		info, err := f.Stat()
		switch {
		case err != nil:
			return nil, 0, nil, errors.Join(err, f.Close())
		case info.IsDir():
			return nil, 0, nil, errors.Join(errFile.At(path).Detail("it is a directory"), f.Close())
		case info.Mode().IsRegular():
			return f, info.Size(), func() { _ = f.Close() }, nil // it was only read
		}
		defer f.Close()
		in = f
	}
	aside, err := os.CreateTemp("", "bursar-statement-*")
	if err != nil {
		return nil, 0, nil, err
	}
	done = func() {
		_ = aside.Close() // it goes away anyhow
		_ = os.Remove(aside.Name())
	}
	if size, err = io.Copy(aside, io.LimitReader(in, statementBytesMax+1)); err != nil {
		done()
		return nil, 0, nil, errFile.At(path).Detail("%v", cause(err))
	}
	return aside, size, done, nil
}

// statementBytesMax is the largest file; the reader says so of one that is larger.
const statementBytesMax = 4 << 30

// statementParsing is one file being shown.
type statementParsing struct {
	ctx     context.Context
	s       *session
	file    *os.File
	size    int64
	options statement.Options

	statements []statementShape // as the first pass found them
	shown      []statement.Entry
	entries    int
}

// read reads the file from its beginning.
func (p *statementParsing) read(visit statement.Visitor) error {
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	take, n := visit.Entry, 0
	visit.Entry = func(e statement.Entry) error {
		if n++; n%statementAskEvery == 0 && p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		return take(e)
	}
	return statement.Read(p.file, p.options, visit)
}

// check reads the whole file and keeps what its statements come to.
func (p *statementParsing) check() error {
	bar := p.s.progress(-1, "reading entries")
	defer bar.end()
	return p.read(statement.Visitor{
		Entry: func(e statement.Entry) error {
			if p.entries++; p.entries%statementAskEvery == 0 {
				bar.to(int64(p.entries))
			}
			if len(p.shown) < statementEntriesShown && !p.s.json {
				p.shown = append(p.shown, e)
			}
			return nil
		},
		Close: func(s statement.Statement) error {
			p.statements = append(p.statements, shapeStatement(s))
			return nil
		},
	})
}

// showJSON reads the file again and writes it as it comes, a line for each entry.
func (p *statementParsing) showJSON() error {
	out := bufio.NewWriterSize(p.s.Out, 64<<10)
	j := &statementJSON{out: out, statements: p.statements}
	if err := p.read(statement.Visitor{Open: j.open, Entry: j.entry, Close: j.close}); err != nil {
		return err
	}
	if _, err := out.WriteString("\n]\n"); err != nil {
		return err
	}
	return out.Flush()
}

func (p *statementParsing) showPeople() error {
	out := bufio.NewWriter(p.s.Out)
	table(out, "statement,account,currency,opening,credits,debits,closing,entries,adds up", func(add func(...any)) {
		for i, s := range p.statements {
			add(i+1, s.Account, s.Currency, s.Opening, s.Credits, s.Debits, s.Closing, s.Entries, addsUp(s.Balanced))
		}
	})
	for i, s := range p.statements {
		for _, r := range s.Remarks {
			place := fmt.Sprintf("statement %d", i+1)
			if r.Place != "" {
				place += ", " + r.Place
			}
			fmt.Fprintf(out, "%s: %s: %s\n", r.Code, place, r.Message)
		}
	}
	if len(p.shown) > 0 {
		fmt.Fprintln(out)
		table(out, "statement,entry,booked,value,amount,status,other party,reference,text", func(add func(...any)) {
			for _, e := range p.shown {
				d := e.Details[0]
				add(e.Statement, e.Number, string(e.BookingDate), string(e.ValueDate), e.Amount.String(), string(e.Status),
					e.Other(d).Name, cmp.Or(d.Structured, d.EndToEndID, e.Reference), brief(cmp.Or(d.Remittance, e.Info)))
			}
		})
	}
	if rest := p.entries - len(p.shown); rest > 0 {
		fmt.Fprintf(out, "and %d more entries: --json shows them all\n", rest)
	}
	return out.Flush()
}

func addsUp(balanced *bool) string {
	switch {
	case balanced == nil:
		return "cannot be told"
	case *balanced:
		return "yes"
	default:
		return "no"
	}
}

const briefMax = 60 // letters of a text in a table

func brief(s string) string {
	if r := []rune(s); len(r) > briefMax {
		return string(r[:briefMax-1]) + "…"
	}
	return s
}
