package statement_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/statement"
)

// described is a layout with both a running balance and rows that are joined.
const described = `
name: own
delimiter: ;
header: ["Tag;Wert;Text;Soll;Haben;Stand {currency};Teil", "Day;Value;Words;Debit;Credit;Balance {currency};Part"]
dates: [DD.MM.YYYY, DD.MM.YY]
decimal: ","
thousands: .
columns:
  booked: Tag
  value: Wert
  debit: Soll
  credit: "#5"
  balance: Stand {currency}
  part: Teil
  text: Text
rows:
  words: skip
  no_amount: join
  pending: offen
preamble:
  account: IBAN
  owner: Inhaber
`

func layoutOf(t *testing.T, document string) *statement.Layout {
	t.Helper()
	l, err := statement.ParseLayout([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func readBy(t *testing.T, layout, file string) (statement.Statement, error) {
	t.Helper()
	all, err := statement.ReadAll(strings.NewReader(file), statement.Options{Layout: layoutOf(t, layout)})
	if err != nil {
		return statement.Statement{}, err
	}
	if len(all) != 1 {
		t.Fatalf("got %d statements, want 1", len(all))
	}
	return all[0], nil
}

const ownHeader = "Tag;Wert;Text;Soll;Haben;Stand EUR;Teil\n"

func TestCSVByALayout(t *testing.T) {
	s, err := readBy(t, described, "IBAN: NL91ABNA0417164300\nInhaber;Acme\n\n"+ownHeader+
		"02.01.2024;02.01.24;\"Rechnung\n4711\";;1.234,50;1.334,50;\n"+
		";;erster Teil;;;;1.000,00\n"+
		";;zweiter Teil;;;;234,50\n"+
		";;mehr davon;;;;\n"+
		"offen;;Karte;5,00;;;\n"+
		"\n;;;;;;\n"+
		"03.01.2024;03.01.2024;Gebühr;34,50;;1.300;\n"+
		"Summe;;;34,50;1.234,50;;\n")
	if err != nil {
		t.Fatal(err)
	}
	if s.Account.IBAN != "NL91ABNA0417164300" || s.Account.Owner != "Acme" || s.Currency != "EUR" || s.Version != "own" || s.Proof != statement.Balanced {
		t.Errorf("got account %+v in %q by %q, %v (%v)", s.Account, s.Currency, s.Version, s.Proof, s.Remarks)
	}
	if s.Opening == nil || s.Opening.Amount.String() != "100.00" || s.Closing.Amount.String() != "1300" {
		t.Errorf("got balances %+v and %+v, want 100 and 1300", s.Opening, s.Closing)
	}
	balance := decimal(t, "1334.50")
	last := decimal(t, "1300")
	want := []statement.Entry{
		{Statement: 1, Number: 1, Line: 5, Status: statement.Booked, Amount: decimal(t, "1234.50"), Currency: "EUR",
			BookingDate: "2024-01-02", ValueDate: "2024-01-02", Balance: &balance, Info: "Rechnung\n4711", Details: []statement.Detail{
				{Amount: decimal(t, "1000"), HasAmount: true, Currency: "EUR", Remittance: "erster Teil"},
				{Amount: decimal(t, "234.50"), HasAmount: true, Currency: "EUR", Remittance: "zweiter Teil\nmehr davon"},
			}},
		{Statement: 1, Number: 2, Line: 10, Status: statement.Pending, Amount: decimal(t, "-5"), Currency: "EUR", Details: []statement.Detail{
			{Amount: decimal(t, "-5"), HasAmount: true, Currency: "EUR", Remittance: "Karte"}}},
		{Statement: 1, Number: 3, Line: 13, Status: statement.Booked, Amount: decimal(t, "-34.50"), Currency: "EUR",
			BookingDate: "2024-01-03", ValueDate: "2024-01-03", Balance: &last, Details: []statement.Detail{
				{Amount: decimal(t, "-34.50"), HasAmount: true, Currency: "EUR", Remittance: "Gebühr"}}},
	}
	if diff := cmp.Diff(want, s.Lines, cmp.Comparer(compareDecimals)); diff != "" {
		t.Errorf("the entries differ (-want +got):\n%s", diff)
	}
}

func TestCSVHeaderInAnotherLanguage(t *testing.T) {
	s, err := readBy(t, described, "day;value;words;debit;credit;balance USD;part\n02.01.2024;;x;1,00;;;\n")
	if err != nil || s.Currency != "USD" || s.Debits.String() != "1.00" {
		t.Errorf("got %s in %q, %v; want 1.00 in USD", s.Debits, s.Currency, err)
	}
}

func TestCSVWithoutRows(t *testing.T) {
	s, err := readBy(t, described, ownHeader)
	if err != nil || s.Counts.All() != 0 || s.Proof != statement.Unproven || s.Currency != "EUR" {
		t.Errorf("got %d entries, %v in %q, %v; want none, unproven in EUR", s.Counts.All(), s.Proof, s.Currency, err)
	}
}

func TestCSVRowsThatAreRefused(t *testing.T) {
	const good = "02.01.2024;02.01.2024;a;;1,00;;\n"
	for _, c := range []struct{ name, row, place string }{
		{"no day", "32.01.2024;;a;;1,00;;\n", "row 2 (line 3), date"},
		{"a cut day", "02.01;;a;;1,00;;\n", "row 2 (line 3), date"},
		{"an amount without a day", ";;a;;1,00;;\n", "row 2 (line 3), date"},
		{"no value day", "02.01.2024;x;a;;1,00;;\n", "row 2 (line 3), value date"},
		{"a decimal point", "02.01.2024;;a;;1.00;;\n", "row 2 (line 3), credit"},
		{"groups of two", "02.01.2024;;a;;12.34,00;;\n", "row 2 (line 3), credit"},
		{"no decimals behind the comma", "02.01.2024;;a;;1,;;\n", "row 2 (line 3), credit"},
		{"letters", "02.01.2024;;a;x;;;\n", "row 2 (line 3), debit"},
		{"two signs", "02.01.2024;;a;--1,00;;;\n", "row 2 (line 3), debit"},
		{"both sides", "02.01.2024;;a;1,00;2,00;;\n", "row 2 (line 3), debit and credit"},
		{"a balance of letters", "02.01.2024;;a;1,00;;x;\n", "row 2 (line 3), balance"},
		{"too few cells", "02.01.2024;;a;1,00\n", "row 2 (line 3)"},
		{"too many cells", "02.01.2024;;a;1,00;;;;\n", "row 2 (line 3)"},
		{"a zero byte", "02.01.2024;;a\x00;1,00;;;\n", "row 2 (line 3)"},
		{"an open quote", "02.01.2024;;\"a;1,00;;;\n", "row 2 (line 3)"},
		{"a bare quote", "02.01.2024;;a\"b;1,00;;;\n", "row 2 (line 3)"},
		{"a part of letters", ";;a;;;;x\n", "row 2 (line 3), part"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readBy(t, described, ownHeader+good+c.row)
			known, ok := fault.Of(err)
			if !ok || !known.Is(statement.ErrBroken) {
				t.Fatalf("got %v, want a fault", err)
			}
			if known.Place != c.place {
				t.Errorf("got place %q, want %q (%s)", known.Place, c.place, known.Message)
			}
		})
	}
}

func TestCSVRowThatNeverEnds(t *testing.T) {
	_, err := readBy(t, described, ownHeader+"02.01.2024;;\""+strings.Repeat("x;1,00\n", 400_000))
	if known, ok := fault.Of(err); !ok || !strings.HasPrefix(known.Place, "row 1") {
		t.Errorf("got %v, want a fault in row 1", err)
	}
}

func TestRunningBalance(t *testing.T) {
	row := func(amount, balance string) string { return "02.01.2024;;x;;" + amount + ";" + balance + ";\n" }
	many := ""
	for i := range 40 {
		many += row("1,00", fmt.Sprintf("%d,00", i+1))
	}
	for _, c := range []struct {
		name, rows       string
		opening, closing string
		want             statement.Proof
		remark           string
	}{
		{"oldest first", row("1,00", "11,00") + row("2,00", "13,00"), "10.00", "13.00", statement.Balanced, ""},
		{"newest first", row("2,00", "13,00") + row("1,00", "11,00"), "10.00", "13.00", statement.Balanced, ""},
		{"one row proves nothing", row("1,00", "11,00"), "", "", statement.Unproven, ""},
		{"not after each row", row("1,00", "11,00") + row("2,00", "") + row("3,00", "16,00"), "", "", statement.Unproven, ""},
		{"not after each row, and wrong", row("1,00", "11,00") + row("2,00", "") + row("3,00", "17,00"), "", "", statement.Unbalanced, "running_balance_differs"},
		{"a row is missing", row("1,00", "11,00") + row("2,00", "13,00") + row("4,00", "20,00") + row("1,00", "21,00"), "10.00", "21.00", statement.Unbalanced, "running_balance_differs"},
		{"a row is missing among many", strings.Replace(many, row("1,00", "20,00"), "", 1), "0.00", "40.00", statement.Unbalanced, "running_balance_differs"},
		{"no running balance at all", row("1,00", "5,00") + row("2,00", "1,00") + row("4,00", "9,00") + row("1,00", "2,00") + row("1,00", "77,00"), "", "", statement.Unproven, "running_balance_unusable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := readBy(t, described, ownHeader+c.rows)
			if err != nil {
				t.Fatal(err)
			}
			opening, closing, remark := "", "", ""
			if s.Opening != nil {
				opening = s.Opening.Amount.String()
			}
			if s.Closing != nil {
				closing = s.Closing.Amount.String()
			}
			if len(s.Remarks) > 0 {
				remark = s.Remarks[0].Code
			}
			if opening != c.opening || closing != c.closing || s.Proof != c.want || remark != c.remark {
				t.Errorf("got %q to %q, %v, %q; want %q to %q, %v, %q", opening, closing, s.Proof, remark, c.opening, c.closing, c.want, c.remark)
			}
		})
	}
}

// TestRowsByChance writes rows in either order, takes one out or not, and proves that
// the running balance tells.
func TestRowsByChance(t *testing.T) {
	layout := layoutOf(t, described)
	rapid.Check(t, func(r *rapid.T) {
		amounts := rapid.SliceOfN(rapid.Int64Range(1, 1e8), 2, 30).Draw(r, "amounts")
		balance, rows := rapid.Int64Range(-1e9, 1e9).Draw(r, "opening"), make([]string, 0, len(amounts))
		for i, a := range amounts {
			debit, credit := "", commas(a)
			if rapid.Bool().Draw(r, "debit") {
				debit, credit, a = commas(a), "", -a
			}
			balance += a
			rows = append(rows, fmt.Sprintf("%02d.01.2024;;x;%s;%s;%s;\n", i+1, debit, credit, commas(balance)))
		}
		gone := -1
		if rapid.Bool().Draw(r, "a row is missing") && len(rows) > 3 {
			gone = rapid.IntRange(1, len(rows)-2).Draw(r, "which")
			rows = append(rows[:gone], rows[gone+1:]...)
		}
		if rapid.Bool().Draw(r, "newest first") {
			for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
				rows[i], rows[j] = rows[j], rows[i]
			}
		}
		all, err := statement.ReadAll(strings.NewReader(ownHeader+strings.Join(rows, "")), statement.Options{Layout: layout})
		if err != nil {
			r.Fatal(err)
		}
		want := statement.Balanced
		if gone >= 0 {
			want = statement.Unbalanced
		}
		if got := all[0].Proof; got != want {
			r.Errorf("got %v, want %v for %q", got, want, rows)
		}
	})
}

// commas writes cents as the layout has it.
func commas(amount int64) string {
	sign := ""
	if amount < 0 {
		sign, amount = "-", -amount
	}
	return fmt.Sprintf("%s%d,%02d", sign, amount/100, amount%100)
}

func TestAnotherAccountIsAnotherStatement(t *testing.T) {
	all, err := statement.ReadAll(strings.NewReader("a;c;d;v\n1;EUR;2024-01-02;1\n1;EUR;2024-01-02;2\n2;EUR;2024-01-02;3\n2;USD;2024-01-02;4\n"),
		statement.Options{Layout: layoutOf(t, "name: own\ndelimiter: ;\nheader: a;c;d;v\ndates: YYYY-MM-DD\ndecimal: .\ncolumns: {account: a, currency: c, booked: d, amount: v}\n")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range all {
		got = append(got, fmt.Sprintf("%s %s %s", s.Account.Other, s.Currency, s.Credits))
	}
	if diff := cmp.Diff([]string{"1 EUR 3", "2 EUR 3", "2 USD 4"}, got); diff != "" {
		t.Errorf("the statements differ (-want +got):\n%s", diff)
	}
}

func TestLayoutThatIsRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, place string }{
		{"no name", "name: own", "about: own", "name"},
		{"a name with spaces", "name: own", "name: my own", "name"},
		{"an unknown field", "name: own", "name: own\ncolour: red", "line 3"},
		{"a field of the wrong kind", "name: own", "name: own\ncells: many", "line 3"},
		{"a field twice", "name: own", "name: own\nname: other", "line 3"},
		{"no YAML", "name: own", "name: [", "line 1"},
		{"wrong indentation", "name: own", "name: own\n  about: x", "line 3"},
		{"another delimiter", "delimiter: ;", "delimiter: x", "delimiter"},
		{"no delimiter", "delimiter: ;", "", "delimiter"},
		{"headers of two widths", `Teil",`, `Teil;More",`, "header"},
		{"no date", "dates: [DD.MM.YYYY, DD.MM.YY]", "", "dates"},
		{"a date without a year", "DD.MM.YYYY", "DD.MM", "dates"},
		{"a star in the middle", "DD.MM.YYYY", "DD.*MM.YYYY", "dates"},
		{"a decimal of another kind", `decimal: ","`, "decimal: x", "decimal"},
		{"thousands like decimals", "thousands: .", `thousands: ","`, "thousands"},
		{"a column that is not there", "value: Wert", "value: Wort", "columns.value"},
		{"a column beyond the last", "value: Wert", `value: "#8"`, "columns.value"},
		{"no booking date", "booked: Tag", "info: Tag", "columns.booked"},
		{"debit and no credit", `credit: "#5"`, "info: Text", "columns.amount"},
		{"two balances", "balance: Stand {currency}", `balance: ["Stand {currency}", Teil]`, "columns"},
		{"a word without meaning", "words: skip", "words: eat", "rows.words"},
		{"an encoding that is none", "name: own", "name: own\nencoding: klingon", "encoding"},
		{"a currency that is none", "name: own", "name: own\ncurrency: XYZ", "currency"},
	} {
		_, err := statement.ParseLayout([]byte(strings.Replace(described, c.old, c.new, 1)))
		known, ok := fault.Of(err)
		if !ok || !known.Is(statement.ErrLayout) {
			t.Errorf("%s: got %v, want ErrLayout", c.name, err)
			continue
		}
		if known.Place != c.place {
			t.Errorf("%s: got place %q, want %q (%s)", c.name, known.Place, c.place, known.Message)
		}
	}
}

// TestLayoutsAreFound reads every sample of CSV by the layout that was made from it.
func TestLayoutsAreFound(t *testing.T) {
	used := map[string]int{}
	for _, want := range readIndex(t) {
		if want.Format != "csv" || want.Status == "broken" {
			continue
		}
		file, err := os.ReadFile(filepath.Join(samples, want.File))
		if err != nil {
			t.Fatal(err)
		}
		all, err := statement.ReadAll(bytes.NewReader(file), statement.Options{})
		if err != nil {
			t.Errorf("%s: got %v, want it read", want.File, err)
			continue
		}
		used[all[0].Version]++
		checkSound(t, all)
	}
	for _, l := range statement.Layouts() {
		if used[l.Name] == 0 {
			t.Errorf("no sample is read by layout %s", l.Name)
		}
	}
}

func FuzzCSV(f *testing.F) {
	seedFrom(f, "csv", 4<<10)
	f.Fuzz(func(t *testing.T, file []byte) { fuzzText(t, file, statement.CSV) })
}

func FuzzCSVByALayout(f *testing.F) {
	layout, err := statement.ParseLayout([]byte(described))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(ownHeader + "02.01.2024;02.01.24;\"Rechnung\n4711\";;1.234,50;1.334,50;\n;;Teil;;;;1.000,00\n03.01.2024;;x;34,50;;1.300;\n"))
	f.Add([]byte("IBAN: x\n" + ownHeader + "offen;;Karte;5,00;;;\n\nSumme;;;34,50;1.234,50;;\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		all, err := statement.ReadAll(bytes.NewReader(file), statement.Options{Layout: layout})
		if err == nil {
			checkSound(t, all)
		} else if _, expected := fault.Of(err); !expected {
			t.Errorf("got %v, want a fault", err)
		}
	})
}

func FuzzLayout(f *testing.F) {
	f.Add([]byte(described))
	f.Fuzz(func(t *testing.T, document []byte) {
		if _, err := statement.ParseLayout(document); err != nil {
			if _, expected := fault.Of(err); !expected {
				t.Errorf("got %v, want a fault", err)
			}
		}
	})
}
