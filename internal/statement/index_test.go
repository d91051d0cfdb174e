package statement_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/statement"
)

const (
	samples = "../../testdata/statements"

	fuzzSeedMax = 8 << 10 // bytes of a sample that fuzzing starts from: larger ones slow it down
)

// indexed is what the index of the samples says about one file. Null and absent figures
// are nil.
type indexed struct {
	File       string
	Format     string
	Version    string
	Status     string
	Opening    *statement.Decimal
	Closing    *statement.Decimal
	Entries    int
	Credits    *statement.Decimal `json:"sum_credits"`
	Debits     *statement.Decimal `json:"sum_debits"`
	Statements []indexedStatement
}

type indexedStatement struct {
	ID       string
	Number   string
	Account  string
	Currency string
	Opening  *statement.Decimal
	Closing  *statement.Decimal
	Entries  int
	Credits  *statement.Decimal `json:"sum_credits"`
	Debits   *statement.Decimal `json:"sum_debits"`
	AddsUp   *bool              `json:"adds_up"`
	OpenKind string             `json:"open_kind"`
	Statuses map[string]int     `json:"status_counts"`
}

// formatsOf says which formats a file may turn out to be.
var formatsOf = map[string][]statement.Format{
	"camt.053": {statement.Camt053},
	"camt.054": {statement.Camt054},
	"camt.05x": {statement.Camt053}, // one file without a version in the index
	"mt940":    {statement.MT940},
	"mt942":    {statement.MT942},
	"bai2":     {statement.BAI2},
	"csv":      {statement.CSV},
}

func readIndex(t testing.TB) []indexed {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(samples, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index struct{ Files []indexed }
	if err := json.Unmarshal(text, &index); err != nil {
		t.Fatal(err)
	}
	if got, want := len(index.Files), 214; got != want {
		t.Fatalf("the index has %d files, want %d", got, want)
	}
	return index.Files
}

// TestIndex reads every sample and compares it with the figures that two other readers
// agreed on.
func TestIndex(t *testing.T) {
	for _, want := range readIndex(t) {
		want = corrected(want)
		t.Run(want.File, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(samples, want.File))
			if err != nil {
				t.Fatal(err)
			}
			got, err := statement.ReadAll(bytes.NewReader(text), statement.Options{})
			switch want.Status {
			case "broken":
				checkRefused(t, err)
			case "not-computed": // a CSV for which nobody gave figures: read if a layout fits
				if err != nil {
					checkRefused(t, err)
				}
			default:
				if err != nil {
					t.Fatalf("got %v, want %d entries", err, want.Entries)
				}
				checkFile(t, got, want)
			}
		})
	}
}

// corrections are where the index is wrong and the file itself says so: figures that
// are right here, or the index's taken away where it cut them.
var corrections = map[string]func(*indexed){
	// The index counts the bank's row of totals as an entry. 815.62 - 309.95 is the file's own closing balance.
	"csv/banana_csv-blkb-example-format1-20190218.csv": func(f *indexed) { f.correct(16, "", "309.95") },
	// The index books the row of totals, which says these very figures, as one debit more.
	"csv/banana_csv-creditsuisse-example-format1-20121115.csv": func(f *indexed) { f.correct(47, "45384.78", "58687.75") },
	"csv/banana_csv-creditsuisse-example-format5-20251003.csv": func(f *indexed) { f.correct(13, "", "4511.81") },
	// The index sums three rows that the bank calls pending; its own rules say booked ones only.
	"csv/bank2ynab_MS-JANE-SMITH": func(f *indexed) { f.correct(13, "2485.80", "") },
	// Amounts with a decimal point, where the index dropped the cents of each statement.
	"mt940/kingsquare_Rabo-sample.sta":  func(f *indexed) { f.Statements = nil },
	"mt940/kingsquare_Rabo-sample2.sta": func(f *indexed) { f.Statements = nil },
}

// correct replaces the file's figures; "" leaves one as it is, and so does the index
// where it gives none for a statement.
func (f *indexed) correct(entries int, credits, debits string) {
	f.Entries, f.Statements = entries, nil
	for into, text := range map[**statement.Decimal]string{&f.Credits: credits, &f.Debits: debits} {
		if text == "" {
			continue
		}
		d, err := statement.ParseDecimal(text)
		if err != nil {
			panic(err)
		}
		*into = &d
	}
}

func corrected(f indexed) indexed {
	for name, correct := range corrections {
		if strings.HasPrefix(f.File, name) {
			correct(&f)
		}
	}
	return f
}

func checkRefused(t *testing.T, err error) {
	t.Helper()
	known, ok := fault.Of(err)
	if !ok {
		t.Fatalf("got %v, want a fault", err)
	}
	if known.Place == "" && !known.Is(statement.ErrUnknownFormat) {
		t.Errorf("got %q without a place", known.Message)
	}
}

func checkFile(t *testing.T, got []statement.Statement, want indexed) {
	t.Helper()
	if len(want.Statements) > 0 && len(got) != len(want.Statements) {
		t.Fatalf("got %d statements, want %d", len(got), len(want.Statements))
	}
	unbalanced := slices.ContainsFunc(got, func(s statement.Statement) bool { return s.Proof == statement.Unbalanced })
	if unbalanced != (want.Status == "unbalanced") {
		for _, s := range got {
			t.Errorf("statement %d is %v (%v), want the file %s", s.Number, s.Proof, s.Remarks, want.Status)
		}
	}
	checkSound(t, got)
	var total statement.Statement
	for i, s := range got {
		if !slices.Contains(formatsOf[want.Format], s.Format) {
			t.Errorf("statement %d: got format %s, want %s", s.Number, s.Format, want.Format)
		}
		if want.Version != "" && s.Version != want.Version {
			t.Errorf("statement %d: got version %q, want %q", s.Number, s.Version, want.Version)
		}
		total.Credits, total.Debits = add(t, total.Credits, s.Credits), add(t, total.Debits, s.Debits)
		total.Counts.Booked += s.Counts.All()
		if len(want.Statements) > 0 {
			checkStatement(t, s, want.Statements[i])
		}
	}
	if len(want.Statements) == 0 { // a derived file: the index says what it is, and no figures
		return
	}
	checkDecimal(t, "credits of the file", &total.Credits, want.Credits)
	checkDecimal(t, "debits of the file", &total.Debits, want.Debits)
	if got := total.Counts.All(); got != want.Entries {
		t.Errorf("got %d entries in the file, want %d", got, want.Entries)
	}
}

func checkStatement(t *testing.T, got statement.Statement, want indexedStatement) {
	t.Helper()
	if want.ID != "" && got.ID != want.ID {
		t.Errorf("statement %d: got id %q, want %q", got.Number, got.ID, want.ID)
	}
	account := strings.TrimSuffix(want.Account, " "+want.Currency) // as some banks write :25:
	if account != "" && got.Account.ID() != account {
		t.Errorf("statement %d: got account %q, want %q", got.Number, got.Account.ID(), account)
	}
	if want.Currency != "" && string(got.Currency) != want.Currency {
		t.Errorf("statement %d: got currency %q, want %q", got.Number, got.Currency, want.Currency)
	}
	checkBalance(t, got, "opening balance", got.Opening, want.Opening)
	checkBalance(t, got, "closing balance", got.Closing, want.Closing)
	if want.OpenKind == "OPBD" || want.OpenKind == "PRCD" {
		if got.Opening == nil || got.Opening.Kind != want.OpenKind {
			t.Errorf("statement %d: got opening %+v, want kind %s", got.Number, got.Opening, want.OpenKind)
		}
	}
	checkDecimal(t, "credits", &got.Credits, want.Credits)
	checkDecimal(t, "debits", &got.Debits, want.Debits)
	if got.Counts.All() != want.Entries {
		t.Errorf("statement %d: got %d entries, want %d", got.Number, got.Counts.All(), want.Entries)
	}
	if want.Statuses != nil {
		counts := statement.Counts{
			Booked: want.Statuses["BOOK"] + want.Statuses[""], Pending: want.Statuses["PDNG"], Info: want.Statuses["INFO"],
		}
		if got.Counts != counts {
			t.Errorf("statement %d: got counts %+v, want %+v", got.Number, got.Counts, counts)
		}
	}
	proof := statement.Unproven
	if want.AddsUp != nil && *want.AddsUp {
		proof = statement.Balanced
	} else if want.AddsUp != nil {
		proof = statement.Unbalanced
	}
	if got.Proof != proof {
		t.Errorf("statement %d: got %v (%v), want %v", got.Number, got.Proof, got.Remarks, proof)
	}
}

// checkLines proves that the sums are those of the lines, so that no reader can say one
// thing and hand out another.
func checkLines(t *testing.T, s statement.Statement) {
	t.Helper()
	var credits, debits statement.Decimal
	for i, e := range s.Lines {
		if e.Number != i+1 || e.Statement != s.Number || e.Line < 1 {
			t.Errorf("line %d of statement %d says that it is %s", i+1, s.Number, e.Place())
		}
		if len(e.Details) == 0 {
			t.Errorf("%s has no details", e.Place())
		}
		switch {
		case e.Status != statement.Booked:
		case e.Amount.Sign() < 0:
			debits = add(t, debits, e.Amount.Neg())
		default:
			credits = add(t, credits, e.Amount)
		}
	}
	if got, want := len(s.Lines), s.Counts.All(); got != want {
		t.Errorf("statement %d: got %d lines and %d entries", s.Number, got, want)
	}
	checkDecimal(t, "sum of credits of the lines", &credits, &s.Credits)
	checkDecimal(t, "sum of debits of the lines", &debits, &s.Debits)
}

// checkSound proves, by arithmetic of its own, that a file that was accepted is what it
// was said to be: sums are those of the lines, and nothing that does not add up is left
// unsaid. Every fuzz target ends here.
func checkSound(t *testing.T, all []statement.Statement) {
	t.Helper()
	for _, s := range all {
		checkLines(t, s)
		if s.Proof == statement.Unbalanced && len(s.Remarks) == 0 {
			t.Errorf("statement %d is unbalanced and does not say why", s.Number)
		}
		if s.Opening == nil || s.Closing == nil {
			if s.Proof == statement.Balanced {
				t.Errorf("statement %d is balanced without both balances", s.Number)
			}
			continue
		}
		sum := rational(t, s.Opening.Amount)
		for _, e := range s.Lines {
			if e.Status == statement.Booked {
				sum.Add(sum, rational(t, e.Amount))
			}
			if e.Currency != s.Currency && s.Proof != statement.Unbalanced {
				t.Errorf("statement %d is %v and mixes currencies", s.Number, s.Proof)
			}
		}
		if adds := sum.Cmp(rational(t, s.Closing.Amount)) == 0; !adds && s.Proof != statement.Unbalanced {
			t.Errorf("statement %d is %v and does not add up", s.Number, s.Proof)
		}
	}
}

func rational(t *testing.T, d statement.Decimal) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(d.String())
	if !ok {
		t.Fatalf("%v is no number", d)
	}
	return r
}

func checkBalance(t *testing.T, s statement.Statement, name string, got *statement.Balance, want *statement.Decimal) {
	t.Helper()
	var amount *statement.Decimal
	if got != nil {
		amount = &got.Amount
	}
	checkDecimal(t, name, amount, want)
}

func checkDecimal(t *testing.T, name string, got, want *statement.Decimal) {
	t.Helper()
	switch {
	case got == nil && want == nil:
	case got == nil || want == nil:
		t.Errorf("%s: got %v, want %v", name, got, want)
	case got.Cmp(*want) != 0:
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

func add(t *testing.T, a, b statement.Decimal) statement.Decimal {
	t.Helper()
	sum, err := a.Add(b)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
