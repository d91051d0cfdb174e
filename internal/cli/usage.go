package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/focus"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

// What may stand against importing a file.
var (
	errImportRefused = fault.New(fault.Invalid, "import_refused", "the file has bad rows, and nothing of it was recorded").
				WithNext("correct the rows that are named, or pass --skip-bad to record the others")
	errImportStopped = fault.New(fault.Conflict, "import_stopped", "the books changed while the file was recorded, which stopped in the middle").
				WithNext("import the file again: rows that are recorded are counted as repeated")
	errImportHopeless = fault.New(fault.Invalid, "import_hopeless", "the file has too many bad rows").
				WithNext("export it again, or open its accounts first")
)

const (
	badRowsShown = 100
	badRowsMax   = 1_000_000
)

type usageCommands struct {
	Import usageImport `cmd:"" help:"Record the usage in a FOCUS file, and charge what reaches its threshold."`
}

type usageImport struct {
	Path    string `arg:"" name:"file" help:"FOCUS 1.0 to 1.4 as CSV, gzip too."`
	SkipBad bool   `help:"Record the good rows of a file with bad ones; otherwise one bad row refuses the file."`
}

// Run imports a file in two passes: the first checks every row and records
// nothing, the second records. Imported twice, a file changes nothing.
func (c usageImport) Run(ctx context.Context, s *session) error {
	f, size, err := openUsage(c.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.at(ctx, func(d *desk) error {
		i := &usageRun{s: s, d: d, file: f, size: size, skipBad: c.SkipBad}
		found, err := i.check(ctx)
		if err != nil {
			return err
		}
		if found.badCount > 0 && !c.SkipBad {
			refused := errImportRefused.Detail("%d of the file's %d rows are bad, and nothing of it was recorded", found.badCount, found.read)
			return errors.Join(append([]error{refused}, found.bad...)...)
		}
		done, err := i.record(ctx, found)
		if err != nil {
			return err
		}
		return s.showImport(found, done)
	})
}

func openUsage(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, errFile.At(path).Detail("%v", cause(err))
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errFile.At(path).Detail("it is no file that can be read twice").WithNext("name a regular file")
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// usageRun is one import.
type usageRun struct {
	s       *session
	d       *desk
	file    *os.File
	size    int64
	skipBad bool
}

// each reads the file from its beginning and hands over row after row; why is not
// nil for one that cannot be used. Damage to the file ends it.
func (i *usageRun) each(ctx context.Context, what string, do func(r focus.Row, why error) error) error {
	if _, err := i.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	rows, err := focus.NewReader(i.file, focus.Options{Size: i.size})
	if err != nil {
		return err
	}
	bar := i.s.progress(i.size, what)
	defer bar.end()
	for n := 0; ; n++ {
		if n%billing.LinesMax == 0 {
			bar.to(rows.Offset())
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		r, err := rows.Next()
		_, expected := fault.Of(err)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && (!expected || errors.Is(err, focus.ErrBroken)):
			return err
		}
		if err := do(r, err); err != nil {
			return err
		}
	}
}

// record sends the good rows to the office, in batches.
func (i *usageRun) record(ctx context.Context, found *foundUsage) (office.UsageReport, error) {
	var total office.UsageReport
	batch := make([]billing.Line, 0, billing.LinesMax)
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		done, err := i.d.office.RecordUsage(ctx, access.CommandLine, office.UsageBatch{Lines: batch, SkipBad: i.skipBad})
		if _, expected := fault.Of(err); err != nil && expected && total.Recorded+total.Repeated+total.Tax > 0 {
			return errors.Join(errImportStopped.Detail("the rows before row %d are recorded, those from it on are not", batch[0].Row), err)
		}
		total.Recorded, total.Repeated, total.Tax = total.Recorded+done.Recorded, total.Repeated+done.Repeated, total.Tax+done.Tax
		total.BadCount += done.BadCount
		batch = batch[:0]
		return err
	}
	err := i.each(ctx, "recording", func(r focus.Row, why error) error {
		if why != nil || found.isBad[r.Number] {
			total.BadCount++
			return nil
		}
		batch = append(batch, lineOf(r))
		if len(batch) == billing.LinesMax {
			return send()
		}
		return nil
	})
	if err != nil {
		return total, err
	}
	return total, send()
}

func lineOf(r focus.Row) billing.Line {
	return billing.Line{
		Row: r.Number, Reference: r.Account, ID: r.ID, Product: r.Product, Amount: r.Amount, StartedAt: r.Start, Tax: r.Tax, Content: r.Content,
	}
}

// shownImport is what became of a file. Read = recorded + repeated + tax + bad;
// sums and totals are those of the file's good rows, recorded now or before.
type shownImport struct {
	Read     int               `json:"read"`
	Recorded int               `json:"recorded"`
	Repeated int               `json:"repeated"`
	Tax      int               `json:"tax"`
	Bad      int               `json:"bad"`
	Rounded  int               `json:"rounded"` // at the 12th decimal
	Totals   map[string]string `json:"usage_total"`
	Sums     []shownSum        `json:"accounts"`
	BadRows  []shownBadRow     `json:"bad_rows"` // the first of them
}

type shownSum struct {
	Account   string      `json:"account"`
	Reference string      `json:"reference"`
	Lines     int         `json:"lines"`
	Usage     wire.Amount `json:"usage"`
	Tax       wire.Amount `json:"tax"`
}

type shownBadRow struct {
	Place   string `json:"place"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (s *session) showImport(found *foundUsage, done office.UsageReport) error {
	shape := shownImport{
		Read: found.read, Recorded: done.Recorded, Repeated: done.Repeated, Tax: done.Tax, Bad: done.BadCount, Rounded: found.rounded,
		Totals: map[string]string{}, Sums: []shownSum{}, BadRows: []shownBadRow{},
	}
	for c, total := range found.totals {
		shape.Totals[string(c)] = total.Decimal()
	}
	for _, sum := range found.sums {
		shape.Sums = append(shape.Sums, shownSum{string(sum.account.ID), sum.account.Reference, sum.lines, wire.OfExact(sum.usage), wire.OfExact(sum.tax)})
	}
	for _, why := range found.bad {
		f, _ := fault.Of(why)
		shape.BadRows = append(shape.BadRows, shownBadRow{f.Place, f.Code, f.Message})
	}
	return s.show(shape, func(w io.Writer) {
		fmt.Fprintf(w, "%d rows: %d recorded, %d repeated, %d tax, %d bad; %d rounded at the 12th decimal\n",
			shape.Read, shape.Recorded, shape.Repeated, shape.Tax, shape.Bad, shape.Rounded)
		table(w, "account,reference,lines,usage,tax", func(add func(...any)) {
			for _, sum := range shape.Sums {
				add(sum.Account, sum.Reference, sum.Lines, sum.Usage, sum.Tax)
			}
		})
		for _, b := range shape.BadRows {
			fmt.Fprintf(w, "skipped %s: %s\n", b.Place, b.Message)
		}
	})
}
