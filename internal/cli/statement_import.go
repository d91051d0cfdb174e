package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/statement"
	"github.com/bursar-pay/bursar/internal/store"
)

// errSomeRefused says that not every file was imported; each one's reason was shown.
var errSomeRefused = fault.New(fault.Malformed, "statements_refused", "not every file was imported").
	WithNext("see the reason of each, and fetch those files from the bank again")

type statementImport struct {
	Paths   []string `arg:"" name:"file" help:"camt.053, camt.054, MT940, MT942, BAI2 or CSV; - reads standard input."`
	Format  string   `default:"auto" enum:"auto,camt.053,camt.054,mt940,mt942,bai2,csv" help:"What they are, if it should not be found out: ${enum}."`
	Account string   `placeholder:"NUMBER" help:"The bank account's number, where the files do not say it, as CSV often does not."`
	Layout  string   `placeholder:"FILE" help:"How the columns of a CSV are laid out, in YAML or JSON; without it one that ships is found."`
}

// importShape is what came of one file, in JSON.
type importShape struct {
	File       string           `json:"file"`
	ID         *string          `json:"id"` // null: the file was refused
	Format     *string          `json:"format"`
	SHA256     *string          `json:"sha256"`
	Known      bool             `json:"known"` // these bytes were imported before; nothing has changed
	New        int              `json:"new"`   // movements that were booked
	Repeated   int              `json:"repeated"`
	Aside      int              `json:"aside"`     // movements of accounts that are none of ours
	Conflicts  int              `json:"conflicts"` // movements that the bank tells otherwise than before
	Pending    int              `json:"pending"`
	Credited   int              `json:"credited"` // receipts that are on a customer's balance
	Waiting    int              `json:"waiting"`  // receipts that wait for a person
	Statements []importedShape  `json:"statements"`
	Error      *statementReason `json:"error,omitempty"`
}

// importedShape is one statement of a file.
type importedShape struct {
	ID      string        `json:"id"`
	Account string        `json:"account"`
	State   string        `json:"state"` // taken, held or aside
	Reason  *string       `json:"reason"`
	Opening *string       `json:"opening"`
	Closing *string       `json:"closing"`
	Booked  int           `json:"booked"`
	Proof   string        `json:"proof"`
	Remarks []bank.Remark `json:"remarks"`
}

// statementReason is why a file was refused.
type statementReason struct {
	Code    string `json:"code"`
	Place   string `json:"place,omitempty"`
	Message string `json:"message"`
	Next    string `json:"next,omitempty"`
}

// Run imports files, one after the other. A file that is refused does not keep the others
// from being imported.
func (c statementImport) Run(ctx context.Context, s *session) error {
	options, err := statementParse{Format: c.Format, Layout: c.Layout}.options()
	if err != nil {
		return err
	}
	return s.at(ctx, func(d *desk) error {
		var shapes []importShape
		for _, path := range c.Paths {
			shape, err := d.importFile(ctx, s, c.Account, path, options)
			if err != nil {
				return err
			}
			shapes = append(shapes, shape)
		}
		return s.showImports(shapes)
	})
}

// importFile imports one file. That it was refused is said in the answer; an error is
// something else.
func (d *desk) importFile(ctx context.Context, s *session, number, path string, options statement.Options) (importShape, error) {
	f, size, done, err := openStatement(s.In, path)
	if err == nil {
		defer done()
		bar := s.progress(2*size, "importing "+filepath.Base(path)) // it is read twice
		defer bar.end()
		var i office.StatementImport
		if _, err = f.Seek(0, io.SeekStart); err == nil {
			i, err = d.office.ImportStatementFor(ctx, access.CommandLine, number, filepath.Base(path), &watchedReader{ReadSeeker: f, bar: bar}, options)
		}
		if err == nil {
			return shapeImport(path, i), nil
		}
	}
	refused, expected := fault.Of(err)
	if !expected || refused.Kind == fault.Unavailable {
		return importShape{}, err
	}
	return importShape{File: path, Statements: []importedShape{}, Error: reasonShape(refused)}, nil
}

func reasonShape(f *fault.Error) *statementReason {
	return &statementReason{Code: f.Code, Place: f.Place, Message: f.Message, Next: f.Next}
}

// watchedReader shows how far a file was read.
type watchedReader struct {
	io.ReadSeeker
	bar  progress
	read int64
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.ReadSeeker.Read(p)
	r.read += int64(n)
	r.bar.to(r.read)
	return n, err
}

func shapeImport(path string, i office.StatementImport) importShape {
	shape := importShape{
		File: path, ID: orNull(string(i.File.ID)), Format: orNull(i.File.Format), SHA256: orNull(i.File.SHA256), Known: i.IsKnown,
		New: i.New, Repeated: i.Known, Aside: i.Aside, Conflicts: i.Conflicts, Pending: i.Pending, Credited: i.Credited, Waiting: i.Waiting, Statements: []importedShape{},
	}
	for _, st := range i.Statements {
		one := importedShape{ID: string(st.ID), Account: st.Number, State: string(st.State), Reason: orNull(st.Reason), Booked: st.Booked, Proof: st.Proof, Remarks: st.Remarks}
		if st.Opening != nil {
			one.Opening = new(st.Opening.Decimal())
		}
		if st.Closing != nil {
			one.Closing = new(st.Closing.Decimal())
		}
		if one.Remarks == nil {
			one.Remarks = []bank.Remark{}
		}
		shape.Statements = append(shape.Statements, one)
	}
	return shape
}

// told is what came of a file in one line.
func (i importShape) told() string {
	if i.Known {
		return "known already: nothing has changed"
	}
	return fmt.Sprintf("%d new, %d known, %d aside, %d conflicting, %d pending; %d credited, %d waiting", i.New, i.Repeated, i.Aside, i.Conflicts, i.Pending, i.Credited, i.Waiting)
}

// showImports shows what came of files, and fails if one was refused.
func (s *session) showImports(shapes []importShape) error {
	isRefused := false
	for _, i := range shapes {
		isRefused = isRefused || i.Error != nil
	}
	err := s.show(shapes, func(w io.Writer) {
		for _, i := range shapes {
			i.tell(w)
		}
		if len(shapes) == 0 {
			fmt.Fprintln(w, "there is no statement that was not imported already")
		}
	})
	if err == nil && isRefused {
		return errSomeRefused
	}
	return err
}

func (i importShape) tell(w io.Writer) {
	if e := i.Error; e != nil {
		place := ""
		if e.Place != "" {
			place = e.Place + ": "
		}
		fmt.Fprintf(w, "%s: refused, %s: %s%s\n", cell(i.File), e.Code, place, e.Message)
		return
	}
	fmt.Fprintf(w, "%s: %s\n", cell(i.File), i.told())
	for _, st := range i.Statements {
		if st.Reason != nil {
			fmt.Fprintf(w, "  statement %s of %s is %s: %s\n", st.ID, cell(st.Account), st.State, *st.Reason)
		}
		for _, r := range st.Remarks {
			fmt.Fprintf(w, "  %s: %s\n", r.Code, r.Message)
		}
	}
}

type statementFetch struct {
	Format string `default:"camt.053" enum:"camt.053,mt940" help:"In which format: ${enum}."`
}

// settingFetched is, with the number of an account behind it, the number of the last
// statement that was fetched from the pretend bank.
const settingFetched = "sandbox_bank_fetched:"

// Run imports what the pretend bank has issued since the last time.
func (c statementFetch) Run(ctx context.Context, s *session) error {
	return s.atBank(ctx, func(d *desk, b pretendBank) error {
		shapes, err := d.fetchStatements(ctx, b, c.Format)
		if err != nil {
			return err
		}
		return s.showImports(shapes)
	})
}

// fetchStatements imports the statements of our accounts at the pretend bank that it has
// issued since the last time.
func (d *desk) fetchStatements(ctx context.Context, b pretendBank, format string) ([]importShape, error) {
	shapes := []importShape{}
	var ours []bank.ReceivingAccount
	err := d.store.View(ctx, func(tx *store.Tx) (err error) {
		ours, err = tx.ReceivingAccounts(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, r := range ours {
		if err := b.open(ctx, r); err != nil {
			return nil, err
		}
		known, err := d.settings(ctx, settingFetched+r.Number)
		if err != nil {
			return nil, err
		}
		after, _ := strconv.Atoi(known[settingFetched+r.Number]) // none yet
		list, err := b.statements(ctx, r.Number, after)
		if err != nil {
			return nil, err
		}
		for _, st := range list {
			shape, err := d.fetchStatement(ctx, b, st, format)
			if err != nil {
				return nil, err
			}
			shapes = append(shapes, shape)
			if err := d.set(ctx, settingFetched+r.Number, strconv.Itoa(st.Number)); err != nil {
				return nil, err
			}
		}
	}
	return shapes, nil
}

func (d *desk) fetchStatement(ctx context.Context, b pretendBank, st sandbox.BankStatement, format string) (importShape, error) {
	text, err := b.ask(ctx, http.MethodGet, st.Files[format], nil)
	if err != nil {
		return importShape{}, err
	}
	name := statementFileName(st, format)
	i, err := d.office.ImportStatement(ctx, access.CommandLine, name, bytes.NewReader(text), statement.Options{})
	if err != nil {
		return importShape{}, errors.Join(err, fmt.Errorf("import %s", name))
	}
	return shapeImport(name, i), nil
}

// watcher is who imports what is put into the directory for statements.
var watcher = access.Caller{Name: "watch", Trusted: true}

// watchStatements takes bank statements from a directory as long as the server runs.
func (d *desk) watchStatements(running *servers, dir string) error {
	if dir == "" {
		return nil
	}
	w, err := d.statementsFrom(dir)
	if err != nil {
		return err
	}
	running.run(w.run)
	return nil
}

// statementsFrom is a directory whose files are imported.
func (d *desk) statementsFrom(dir string) (*watchedFolder, error) {
	w := &watchedFolder{dir: dir, now: wall, random: d.config.Random, log: d.log}
	w.take = func(ctx context.Context, name string, file io.ReadSeeker) (string, error) {
		i, err := d.office.ImportStatement(ctx, watcher, name, file, statement.Options{})
		return shapeImport(name, i).told(), err
	}
	return w, w.prepare()
}
