package statement_test

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/statement"
)

// bigText are files of so many entries of 1.00, as they are written.
var bigText = map[statement.Format]func(w io.Writer, entries int){
	statement.MT940: func(w io.Writer, entries int) {
		fmt.Fprint(w, ":20:BIG\n:25:123456\n:28C:1/1\n:60F:C260101EUR0,\n")
		for i := range entries {
			fmt.Fprintf(w, ":61:2601010101C1,NTRFNONREF//B%d\n:86:166?00GUTSCHRIFT?20EREF+E%d?21SVWZ+Invoice 2026-%06d?31DE14508800500194785000?32Payer %d\n", i, i, i, i)
		}
		fmt.Fprintf(w, ":62F:C260101EUR%d,\n-\n", entries)
	},
	statement.BAI2: func(w io.Writer, entries int) {
		fmt.Fprintf(w, "01,S,R,260101,0600,1,,,2/\n02,R,B,1,260101,2400,EUR,2/\n03,123456,,010,0,,,015,%d,,/\n", 100*entries)
		for i := range entries {
			fmt.Fprintf(w, "16,195,100,V,260101,,B%d,,INVOICE 2026-%06d\n88,PAYER %d\n", i, i, i)
		}
		fmt.Fprintf(w, "49,%d,%d/\n98,%d,1,%d/\n99,%d,1,%d/\n", 200*entries, 2*entries+2, 200*entries, 2*entries+4, 200*entries, 2*entries+6)
	},
	statement.CSV: func(w io.Writer, entries int) {
		fmt.Fprint(w, "Buchung;Buchungstext;Belastung;Gutschrift;Saldo CHF;\n")
		for i := range entries {
			fmt.Fprintf(w, "01.01.2026;\"Payer %d\nInvoice 2026-%06d\";;1.00;%d.00;\n", i, i, i+1)
		}
	},
}

// TestMemoryOfTextIsFlat reads files far larger than what they may keep in memory.
func TestMemoryOfTextIsFlat(t *testing.T) {
	const (
		entries = 60_000
		step    = 5_000
		heapMax = 16 << 20 // above what there was before
	)
	statement.Layouts() // are read once
	for format, write := range bigText {
		t.Run(string(format), func(t *testing.T) {
			var before, now runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			file, to := io.Pipe()
			defer file.Close()
			go func() {
				w := bufio.NewWriter(to)
				write(w, entries)
				_ = to.CloseWithError(w.Flush())
			}()
			seen, most := 0, uint64(0)
			var closed statement.Statement
			err := statement.Read(file, statement.Options{}, statement.Visitor{
				Entry: func(statement.Entry) error {
					if seen++; seen%step == 0 {
						runtime.ReadMemStats(&now)
						most = max(most, now.HeapAlloc)
					}
					return nil
				},
				Close: func(s statement.Statement) error {
					closed = s
					return nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if closed.Format != format || closed.Counts.Booked != entries || closed.Proof != statement.Balanced {
				t.Errorf("got %s, counts %+v, %v; want %s, %d booked, balanced", closed.Format, closed.Counts, closed.Proof, format, entries)
			}
			if most > before.HeapAlloc+heapMax {
				t.Errorf("the heap grew from %d to %d bytes, want at most %d more", before.HeapAlloc, most, heapMax)
			}
		})
	}
}

// TestTextWithoutAnEnd feeds what never comes to an end: it is refused before it is kept.
func TestTextWithoutAnEnd(t *testing.T) {
	const length = 64 << 20
	for _, c := range []struct {
		name, start, again string
		format             statement.Format
	}{
		{"a line", ":20:X\n:86:", "x", statement.MT940},
		{"a field", ":20:X\n:61:260101C1,NTRF\n:86:", "words\n", statement.MT940},
		{"fields", ":20:X\n:61:260101C1,NTRF\n", ":86:words\n", statement.MT940},
		{"named lines", ":20:X\n:61:260101C1,NTRF\n", ":NS:01words\n", statement.MT940},
		{"closing balances", ":20:X\n", ":62F:C260101EUR1,\n", statement.MT940},
		{"a line of BAI2", "01,", "x", statement.BAI2},
		{"a record", "01,S,R,260101,0600,1,,,2/\n", "88,more/\n", statement.BAI2},
		{"a cell", "Buchung;Buchungstext;Belastung;Gutschrift;Saldo CHF;\n01.01.2026;\"", "x\n", statement.CSV},
		{"a row", "Buchung;Buchungstext;Belastung;Gutschrift;Saldo CHF;\n", "x;", statement.CSV},
	} {
		t.Run(c.name, func(t *testing.T) {
			endless := io.LimitReader(&repeated{text: strings.Repeat(c.again, 1000)}, length)
			err := statement.Read(io.MultiReader(strings.NewReader(c.start), endless), statement.Options{Format: c.format}, statement.Visitor{})
			known, ok := fault.Of(err)
			if !ok || known.Place == "" {
				t.Errorf("got %v, want a fault with its place", err)
			}
		})
	}
}

// repeated is a text over and over.
type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	n = copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

func TestTextFaultsRepeatNothing(t *testing.T) {
	const secret = "Geheim4711"
	own := "Buchung;Buchungstext;Belastung;Gutschrift;Saldo CHF;\n"
	for _, c := range []struct {
		file   string
		format statement.Format
	}{
		{":20:X\n:61:" + secret + "\n", statement.MT940},
		{":20:X\n:60F:" + secret + "\n", statement.MT940},
		{":20:X\n:90D:" + secret + "\n", statement.MT942},
		{":61:" + secret + "\n", statement.MT940},
		{secret, statement.MT940},
		{secret, statement.BAI2},
		{strings.Replace(bai, "9875", secret, 1), statement.BAI2},
		{strings.Replace(bai, "240130", secret, 1), statement.BAI2},
		{strings.Replace(bai, "195,", secret+",", 1), statement.BAI2},
		{strings.Replace(bai, ",6/", ","+secret+"/", 1), statement.BAI2},
		{secret, statement.CSV},
		{own + "0" + secret + ";x;;1.00;;\n", statement.CSV},
		{own + "01.01.2026;x;;" + secret + ";;\n", statement.CSV},
		{own + "01.01.2026;" + secret + "\n", statement.CSV},
	} {
		_, err := statement.ReadAll(strings.NewReader(c.file), statement.Options{Format: c.format})
		known, ok := fault.Of(err)
		if !ok {
			t.Errorf("got %v, want a fault for %q", err, c.file)
			continue
		}
		if strings.Contains(fmt.Sprintf("%+v", *known), secret) {
			t.Errorf("the fault repeats the file: %+v", *known)
		}
	}
}
