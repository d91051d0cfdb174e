package office_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/statement"
)

// broken is a file whose second reading ends before its time.
type broken struct {
	*bytes.Reader
	passes, most int
}

func (b *broken) Seek(offset int64, whence int) (int64, error) {
	b.passes++
	return b.Reader.Seek(offset, whence)
}

func (b *broken) Read(p []byte) (int, error) {
	if b.passes > 0 && int(b.Size())-b.Len() > b.most {
		return 0, errors.New("the disk is gone")
	}
	return b.Reader.Read(p)
}

// fading is a context that ends when it was asked so many times whether it has.
type fading struct {
	context.Context
	left int
}

func (f *fading) Err() error {
	if f.left--; f.left < 0 {
		return context.Canceled
	}
	return nil
}

// interruptedEntries are more than one batch; some are equal.
const interruptedEntries = 1_300

func interruptedFile() []byte {
	list := make([]bankEntry, interruptedEntries)
	for i := range list {
		list[i] = bankEntry{day: 9, cents: 100, payer: fmt.Sprint("P", i%1_200)}
	}
	return camt("M1", sheetOf("S1", 0, list...))
}

// isHalfTaken tells whether some of the file is in the books.
func isHalfTaken(t *testing.T, d *officetest.Desk) bool {
	cash := booksHold(t, d, ledger.BankCash)
	return cash != 0 && cash != 100*interruptedEntries
}

// TestAnImportThatWasInterruptedGoesOnOnceHoweverManyTakeItUp: what is in the books counts
// once, whoever goes on. Whoever brings the file goes away at every place of the import.
func TestAnImportThatWasInterruptedGoesOnOnceHoweverManyTakeItUp(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		d.OpenBank()
		file := interruptedFile()
		for asked := 5; !isHalfTaken(t, d); asked += 5 {
			if _, err := d.ImportStatement(&fading{context.Background(), asked}, clerk, "half.xml", bytes.NewReader(file), statement.Options{}); err == nil {
				t.Fatal("it was never interrupted in the middle")
			}
		}
		takeUp(t, d, file)
	})
}

// TestAFileThatIsNotTheSameTwiceIsTakenWhenItIsWhole reads a file that is too large to be
// kept between its two readings.
func TestAFileThatIsNotTheSameTwiceIsTakenWhenItIsWhole(t *testing.T) {
	d := officetest.New(t)
	d.OpenBank()
	file := interruptedFile()
	i := bytes.Index(file, []byte("<Ntry>"))
	file = slices.Concat(file[:i], bytes.Repeat([]byte(" "), 33<<20), file[i:])
	half := &broken{Reader: bytes.NewReader(file), most: len(file) - 60_000}
	if _, err := d.ImportStatement(context.Background(), clerk, "half.xml", half, statement.Options{}); err == nil {
		t.Fatal("a file that cannot be read to its end is imported")
	}
	if !isHalfTaken(t, d) {
		t.Fatal("nothing, or all of it, is in the books: the test is to go on in the middle")
	}
	takeUp(t, d, file)
}

// growing is a file to which somebody writes more between its two readings.
type growing struct {
	*bytes.Reader
	whole []byte
}

func (g *growing) Seek(offset int64, whence int) (int64, error) {
	g.Reader = bytes.NewReader(g.whole)
	return g.Reader.Seek(offset, whence)
}

// TestAFileThatIsStillWrittenIsRefused although it was whole for as long as it was looked
// at, and what came behind is taken later, once.
func TestAFileThatIsStillWrittenIsRefused(t *testing.T) {
	d := officetest.New(t)
	d.OpenBank()
	layout, err := statement.ParseLayout([]byte("name: plain\nabout: a test's\ndelimiter: ;\nheader: [Day;Amount;Currency]\ndates: YYYY-MM-DD\ndecimal: .\ncolumns: {booked: Day, amount: Amount, currency: Currency}\n"))
	if err != nil {
		t.Fatal(err)
	}
	begun := []byte("Day;Amount;Currency\n2026-03-09;49.00;EUR\n")
	whole := append(slices.Clone(begun), "2026-03-09;1.00;EUR\n"...)
	take := func(file io.ReadSeeker) error {
		_, err := d.ImportStatementFor(context.Background(), clerk, officetest.BankNumber, "x.csv", file, statement.Options{Layout: layout})
		return err
	}
	if err := take(&growing{bytes.NewReader(begun), whole}); !errors.Is(err, office.ErrFileChanged) {
		t.Errorf("while it is written: got %v, want %v", err, office.ErrFileChanged)
	}
	if err := take(bytes.NewReader(whole)); err != nil {
		t.Error(err)
	}
	if cash := booksHold(t, d, ledger.BankCash); cash != 5_000 {
		t.Errorf("got %d in the bank, want 5000", cash)
	}
}

// takeUp has two take up a file of which some is in the books.
func takeUp(t *testing.T, d *officetest.Desk, file []byte) {
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if _, err := d.ImportStatement(context.Background(), clerk, "whole.xml", bytes.NewReader(file), statement.Options{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if cash := booksHold(t, d, ledger.BankCash); cash != 100*interruptedEntries {
		t.Errorf("got %d in the bank, want %d", cash, 100*interruptedEntries)
	}
	d.Prove()
}

func TestAPartThatIsNoMoneyRefusesTheWholeFile(t *testing.T) {
	d := officetest.New(t)
	d.OpenBank()
	file := camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 100}, bankEntry{day: 9, cents: 400, parts: []bankEntry{{cents: 150}, {cents: 250}}}))
	file = bytes.Replace(file, []byte(">1.50</Amt>"), []byte(">1.505</Amt>"), 1)
	file = bytes.Replace(file, []byte(">2.50</Amt>"), []byte(">2.495</Amt>"), 1)
	_, err := d.ImportStatement(context.Background(), clerk, "x", bytes.NewReader(file), statement.Options{})
	if f, ok := fault.Of(err); !ok || f.Place == "" {
		t.Errorf("got %v, want it refused with the place", err)
	}
	files, _, err := d.StatementFiles(context.Background(), clerk, office.Page{Limit: 10})
	if lines := linesOf(t, d); err != nil || len(files) != 0 || len(lines) != 0 {
		t.Errorf("got %d files and %d lines, %v, want nothing kept", len(files), len(lines), err)
	}
}

func TestAFileThatDoesNotSayItsAccountIsTakenUnderTheOneThatIsNamed(t *testing.T) {
	d := officetest.New(t)
	d.OpenBank()
	layout, err := statement.ParseLayout([]byte("name: plain\nabout: a test's\ndelimiter: ;\nheader: [Day;Amount;Currency]\ndates: YYYY-MM-DD\ndecimal: .\ncolumns: {booked: Day, amount: Amount, currency: Currency}\n"))
	if err != nil {
		t.Fatal(err)
	}
	file := []byte("Day;Amount;Currency\n2026-03-09;49.00;EUR\n")
	take := func(number string) (office.StatementImport, error) {
		return d.ImportStatementFor(context.Background(), clerk, number, "x.csv", bytes.NewReader(file), statement.Options{Layout: layout})
	}
	if _, err := take(""); !errors.Is(err, office.ErrStatementNameless) {
		t.Errorf("without an account: got %v, want %v", err, office.ErrStatementNameless)
	}
	if _, err := take("DE02120300000000202051"); !errors.Is(err, bank.ErrReceivingNotFound) {
		t.Errorf("under a number that is none of ours: got %v, want %v", err, bank.ErrReceivingNotFound)
	}
	if got, err := take("DE89 3704 0044 0532 0130 00"); err != nil || got.IsKnown || got.New != 1 {
		t.Errorf("under ours: got %+v, %v, want one movement that is new", got, err)
	}
}

func TestOneNumberInSeveralCurrencies(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		d.OpenBank()
		in := func(c string) bankSheet {
			s := sheetOf("S-"+c, 0, bankEntry{day: 9, cents: 5_000, reference: "FX1"}, bankEntry{day: 9, cents: 100, reference: "FX2"})
			s.currency = c
			return s
		}
		got := take(t, d, camt("M1", in("EUR"), in("USD")))
		if got.New != 2 || got.Aside != 2 {
			t.Fatalf("got %+v, want dollars aside", got)
		}
		dollars := bank.ReceivingAccount{
			Seller: "main", Country: "DE", Currency: "USD", Bank: "Pretend Bank", BIC: "COBADEFFXXX", Holder: "Example Cloud GmbH", Scheme: bank.SchemeIBAN,
			Number: officetest.BankNumber, Rails: []bank.Rail{bank.RailSwift}, Shared: true,
		}
		dollars = d.AddReceiving(dollars)
		d.Pass(0)
		if got := take(t, d, camt("M2", in("USD"), in("EUR"))); got.Known != 4 || got.New+got.Conflicts+got.Aside != 0 {
			t.Errorf("again: got %+v, want all of it known", got)
		}
		on := map[bank.ReceivingID]int64{}
		for _, l := range linesOf(t, d) {
			if !l.IsBooked() || (l.Receiving == dollars.ID) != (l.Amount.Currency == "USD") {
				t.Errorf("got %s of %v on %s, %s", l.ID, l.Amount, l.Receiving, l.State)
			}
			on[l.Receiving] += l.Amount.Minor
		}
		if len(on) != 2 || on[dollars.ID] != 5_100 {
			t.Errorf("got %v, want 51.00 on each account", on)
		}
		a := d.Customer(func(n *office.NewAccount) { n.Currency, n.Country = "USD", "DE" })
		if to, err := d.ReceivingDetails(context.Background(), access.CommandLine, a.ID); err != nil || to.Receiving.ID != dollars.ID {
			t.Errorf("a customer in dollars transfers to %s, %v, want %s", to.Receiving.ID, err, dollars.ID)
		}
		d.Prove()
	})
}

// TestContradictionsOfAnAccountThatIsAddedLaterWaitForAPerson: what was kept aside comes
// into the books once the account is ours, but not what contradicts it.
func TestContradictionsOfAnAccountThatIsAddedLaterWaitForAPerson(t *testing.T) {
	d := officetest.New(t)
	take(t, d, camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 5_000, reference: "A"})))
	if got := take(t, d, camt("M2", sheetOf("S1", 0, bankEntry{day: 9, cents: 5_100, reference: "A"}))); got.Aside != 1 {
		t.Fatalf("got %+v, want it aside", got)
	}
	d.OpenBank()
	d.Pass(0)
	if cash := booksHold(t, d, ledger.BankCash); cash != 5_000 {
		t.Errorf("got %d in the bank, want 5000: the other one waits", cash)
	}
	lines := linesOf(t, d)
	if len(lines) != 2 || lines[1].State != bank.LineConflict || lines[1].Against != lines[0].ID || lines[1].Receiving == "" {
		t.Fatalf("got %+v, want a conflict with the first", lines)
	}
	if l, err := d.AcceptLine(context.Background(), approver, lines[1].ID, "the bank says there were two"); err != nil || l.State != bank.LineRemitted {
		t.Errorf("accepted: got %s, %v", l.State, err)
	}
	if cash := booksHold(t, d, ledger.BankCash); cash != 10_100 {
		t.Errorf("got %d in the bank, want 10100", cash)
	}
	d.Prove()
}

func TestStrangersTextsAndNotesAreMadePlain(t *testing.T) {
	d := officetest.New(t)
	d.OpenBank()
	a := euroCustomer(d, "Alpha")
	take(t, d, camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 5_000, payer: "Al\u202epha\u0085 雲端", text: "for\u2066 you"})))
	r := receiptsOf(t, d)[0]
	if l := linesOf(t, d)[0]; r.Payer != "Alpha 雲端" || l.Text != "for you" {
		t.Errorf("got %q and %q, want them without what turns them round", r.Payer, l.Text)
	}
	for _, note := range []string{"", "  ", "a\x00b", "a\x1b[2Jb", "\u202eb", "\xff", strings.Repeat("x", 501)} {
		if _, err := d.ClaimRemittance(context.Background(), clerk, r.ID, office.Claiming{Account: a.ID, Note: note}); !errors.Is(err, bank.ErrNoteNeeded) {
			t.Errorf("note %q: got %v, want %v", note, err, bank.ErrNoteNeeded)
		}
		reader := access.Caller{Name: "mbr_carol", Scopes: []access.Scope{access.BankRead}}
		if _, err := d.ReturnRemittance(context.Background(), reader, r.ID, note); !errors.Is(err, access.ErrForbidden) || errors.Is(err, bank.ErrNoteNeeded) {
			t.Errorf("note %q of somebody without the right: got %v, want %v alone", note, err, access.ErrForbidden)
		}
	}
}

func TestStaffAreToldOnceOfReceiptsThatWait(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		d.OpenBank()
		take(t, d, camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 5_000, payer: "Nobody"})))
		told := func() (list []string) {
			events, _, err := d.ListEvents(context.Background(), access.CommandLine, office.EventFilter{}, office.Page{Limit: 1_000})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if e.Kind == "remittance.due" || e.Kind == "remittance.late" {
					list = append(list, e.Kind)
				}
			}
			slices.Sort(list)
			return list
		}
		for _, c := range []struct {
			after time.Duration
			want  string
		}{{24 * time.Hour, "[]"}, {48 * time.Hour, "[remittance.due]"}, {24 * time.Hour, "[remittance.due]"}, {5 * 24 * time.Hour, "[remittance.due remittance.late]"}, {48 * time.Hour, "[remittance.due remittance.late]"}} {
			d.Pass(c.after)
			if got := fmt.Sprint(told()); got != c.want {
				t.Errorf("at %s: told %s, want %s", d.Clock.Now().Format(time.DateOnly), got, c.want)
			}
		}
		due, _, err := d.Remittances(context.Background(), clerk, office.RemittanceFilter{Due: true}, office.Page{Limit: 10})
		if err != nil || len(due) != 1 {
			t.Errorf("got %d receipts that are due, %v, want one", len(due), err)
		}
	})
}

func TestAClaimComesWithAFileThatWhoDecidesOpens(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		d.OpenBank()
		a := euroCustomer(d, "Alpha")
		take(t, d, camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 5_000}, bankEntry{day: 9, cents: 700})))
		r, other := receiptsOf(t, d)[0], receiptsOf(t, d)[1]
		if _, err := d.AddProof(ctx, clerk, r.ID, "x.png", strings.NewReader("no picture")); err == nil {
			t.Error("what is no picture is taken")
		}
		p, err := d.AddProof(ctx, clerk, r.ID, "letter.png", bytes.NewReader(picture(t, 7)))
		if err != nil || p.Media != "image/png" {
			t.Fatalf("got %+v, %v", p, err)
		}
		for name, c := range map[string]struct {
			by access.Caller
			to bank.RemittanceID
		}{"another's file": {approver, r.ID}, "another receipt's": {clerk, other.ID}} {
			if _, err := d.ClaimRemittance(ctx, c.by, c.to, office.Claiming{Account: a.ID, Note: "see the letter", File: p.ID}); !errors.Is(err, bank.ErrProofNotFound) {
				t.Errorf("%s: got %v, want %v", name, err, bank.ErrProofNotFound)
			}
		}
		half := r.Amount
		half.Minor /= 2
		c, err := d.ClaimRemittance(ctx, clerk, r.ID, office.Claiming{Account: a.ID, Amount: half, Note: "see the letter", File: p.ID})
		if err != nil || c.ProofFile != p.ID {
			t.Fatalf("got %+v, %v", c, err)
		}
		if _, err := d.ClaimRemittance(ctx, clerk, r.ID, office.Claiming{Account: a.ID, Note: "again", File: p.ID}); !errors.Is(err, bank.ErrProofNotFound) {
			t.Errorf("one file for two claims: got %v, want %v", err, bank.ErrProofNotFound)
		}
		if read, err := d.Claim(ctx, reading(approver), c.ID); err != nil || read.ProofFile != p.ID {
			t.Errorf("read back: %+v, %v", read, err)
		}
		opened, content, err := d.OpenProof(ctx, reading(approver), p.ID)
		if err != nil || opened.Claim != c.ID || !bytes.HasPrefix(content, []byte("\x89PNG")) {
			t.Errorf("opened: %+v, %d bytes, %v", opened, len(content), err)
		}
		story, err := d.Remittance(ctx, reading(approver), r.ID)
		if err != nil || !strings.Contains(fmt.Sprint(story.History), "claim_proof.opened") {
			t.Errorf("that it was opened is not written down: %v", err)
		}
		if _, _, err := d.OpenProof(ctx, access.Caller{Name: "console:x", Account: a.ID, Scopes: []access.Scope{access.BankRead}}, p.ID); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a customer: got %v, want %v", err, access.ErrForbidden)
		}
		d.Prove()
	})
}

// reading is a caller who may look too.
func reading(c access.Caller) access.Caller {
	c.Scopes = append([]access.Scope{access.BankRead}, c.Scopes...)
	return c
}

// TestTwoAgreeAtOnceAndOneAccountIsThere: what customers are told changes by the word of
// two people, once.
func TestTwoAgreeAtOnceAndOneAccountIsThere(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		c, err := d.ProposeReceiving(ctx, clerk, euroBank(), "the bank's letter")
		if err != nil {
			t.Fatal(err)
		}
		own := clerk
		own.Scopes = approver.Scopes
		if _, err := d.AgreeToReceiving(ctx, own, c.ID, ""); !errors.Is(err, bank.ErrOwnChange) {
			t.Errorf("one's own: got %v, want %v", err, bank.ErrOwnChange)
		}
		if _, err := d.AgreeToReceiving(ctx, access.Caller{Name: "mbr_dan", Scopes: []access.Scope{access.BankWrite}}, c.ID, ""); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("without the right: got %v, want %v", err, access.ErrForbidden)
		}
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				_, errs[i] = d.AgreeToReceiving(ctx, access.Caller{Name: fmt.Sprint("mbr_", i), Scopes: approver.Scopes}, c.ID, "")
			})
		}
		all.Wait()
		agreed := 0
		for _, err := range errs {
			if err == nil {
				agreed++
			} else if !errors.Is(err, bank.ErrChangeDecided) {
				t.Error(err)
			}
		}
		list, err := d.ReceivingAccounts(ctx, reading(clerk))
		if agreed != 1 || err != nil || len(list) != 1 || list[0].ID != c.Receiving {
			t.Errorf("%d agreed, and there are %d accounts, %v; want one", agreed, len(list), err)
		}
		d.Prove()
	})
}
