package cli

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// openBank opens an installation with an account at the pretend bank, to which money
// came, and returns the bank's statement.
func openBank(t *testing.T, c config) (*desk, sandbox.BankFile) {
	t.Helper()
	ctx := context.Background()
	d, err := open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	const number = "DE89370400440532013000"
	change, err := d.office.ProposeReceiving(ctx, access.CommandLine, bank.ReceivingAccount{
		Seller: "main", Country: "DE", Currency: "EUR", Bank: "Example Bank", BIC: "COBADEFFXXX", Holder: "Example Cloud GmbH", Scheme: bank.SchemeIBAN, Number: number,
		Rails: []bank.Rail{bank.RailSEPA}, Shared: true,
	}, "the bank's letter")
	if err == nil {
		_, err = d.office.AgreeToReceiving(ctx, access.Caller{Name: "second", Trusted: true}, change.ID, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.bank()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.follow(ctx, d, ""); err != nil {
		t.Fatal(err)
	}
	w, err := d.world(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Transfer(sandbox.Transfer{To: number, Amount: "12.00"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.EndDay(""); err != nil {
		t.Fatal(err)
	}
	f, err := w.BankFile(number, 1, sandbox.BankCamt053)
	if err != nil {
		t.Fatal(err)
	}
	return d, f
}

// Two servers on one database watch one directory: what is sound comes into the books
// once, and what is broken is laid aside with its reason.
func TestServersTakeStatementsFromADirectory(t *testing.T) {
	dir := t.TempDir()
	c := config{DB: "sqlite:" + filepath.Join(dir, "bursar.db"), Data: dir, Migrate: true, Prompt: office.PromptInline, StartAt: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)}
	d, f := openBank(t, c)
	other, err := open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	watched := filepath.Join(dir, "statements")
	var nodes []*watchedFolder
	for _, node := range []*desk{d, other} {
		w, err := node.statementsFrom(watched)
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, w)
	}
	write(t, watched, "a.xml", string(f.Body))
	write(t, watched, "again.xml", string(f.Body))
	write(t, watched, "cut.xml", string(f.Body[:len(f.Body)/2]))
	for range 2 {
		var wg sync.WaitGroup
		for _, w := range nodes {
			wg.Go(func() {
				if err := w.look(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	wantFiles(t, filepath.Join(watched, watchedDone), "a.xml", "again.xml")
	wantFiles(t, filepath.Join(watched, watchedRefused), "cut.xml", "cut.xml.reason.txt")
	lines, _, err := d.office.BankLines(context.Background(), access.CommandLine, office.LineFilter{}, office.Page{Limit: 10})
	if err != nil || len(lines) != 1 {
		t.Errorf("got %d movements in the books, %v, want 1", len(lines), err)
	}
	files, _, err := d.office.StatementFiles(context.Background(), access.CommandLine, office.Page{Limit: 10})
	if err != nil || len(files) != 1 || files[0].ImportedBy != "watch" {
		t.Errorf("got files %+v, %v, want one, taken by the watch", files, err)
	}
}

func TestFetchedStatementsAreImportedOnce(t *testing.T) {
	dir := t.TempDir()
	c := config{DB: "sqlite:" + filepath.Join(dir, "bursar.db"), Data: dir, Migrate: true, Prompt: office.PromptInline, StartAt: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)}
	d, _ := openBank(t, c)
	b, err := d.bank()
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for range 2 {
		shapes, err := d.fetchStatements(context.Background(), b, sandbox.BankMT940)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, len(shapes))
	}
	if !slices.Equal(got, []int{1, 0}) {
		t.Errorf("fetched %v, want one statement and then none", got)
	}
}
