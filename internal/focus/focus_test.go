package focus_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"

	"github.com/bursar-pay/bursar/internal/focus"
	"github.com/bursar-pay/bursar/internal/money"
)

const (
	sample     = "../../testdata/focus/focus_1.0_sample.csv"
	currencies = "../../testdata/focus/focus_1.2_currencies.csv"

	header = "BilledCost,BillingAccountId,BillingCurrency,ChargeCategory,ChargePeriodStart\n"
	good   = "0.25,acme,USD,Usage,2024-09-18 22:00:00\n"
)

func TestSampleSumsExactly(t *testing.T) {
	rows := readAll(t, bytes.NewReader(load(t, sample)))
	if got, want := len(rows), 1000; got != want {
		t.Errorf("got %d rows, want %d", got, want)
	}
	got := sums(t, rows, func(r focus.Row) string { return r.Account })
	want := map[string]string{
		"1234567890123": "18.0066386184 USD",
		"20209880":      "0.53707392473 USD",
		"/providers/Microsoft.Billing/billingAccounts/8611537": "1.97651418586 USD",
	}
	if !maps.Equal(got, want) {
		t.Errorf("sums per account: got %v, want %v", got, want)
	}
	ids := map[string]bool{}
	for _, r := range rows {
		ids[r.ID] = true
	}
	if got := len(ids); got != len(rows) {
		t.Errorf("got %d different ids, want %d", got, len(rows))
	}
}

func TestSampleRow(t *testing.T) {
	got := readAll(t, bytes.NewReader(load(t, sample)))[0]
	got.Content = [16]byte{}
	want := focus.Row{
		Number: 1, Line: 2, ID: "11472", Account: "1234567890123", Product: "Amazon Simple Queue Service",
		Amount: money.Exact{Pico: 800_000, Currency: "USD"}, Category: "Usage",
		Start:       time.Date(2024, 9, 18, 22, 0, 0, 0, time.UTC),
		End:         time.Date(2024, 9, 18, 23, 0, 0, 0, time.UTC),
		Description: "$0.40 per million Amazon SQS standard requests in Tier1 in US West (Oregon)",
		SubAccount:  "51738928782",
		Resource:    "arn:ats:sqs:us-test-2:347410479675:mibelllmel-i-032l64f2065481b12",
		Region:      "us-west-2",
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestCurrenciesSumExactly(t *testing.T) {
	rows := readAll(t, bytes.NewReader(load(t, currencies)))
	got := sums(t, rows, func(r focus.Row) string {
		if r.Tax {
			return "tax " + r.Account
		}
		return r.Account
	})
	want := map[string]string{
		"orbit-us": "1600.60946711548 USD", "tax orbit-us": "88.4125 USD",
		"orbit-eu": "1375.794273435975 EUR", "tax orbit-eu": "196.1 EUR",
		"orbit-jp": "187063.459324984983 JPY", "tax orbit-jp": "18500 JPY",
		"orbit-id": "9255166445.72756936 IDR", "tax orbit-id": "1017500000.0825 IDR",
		"orbit-kw": "368.45192548847 KWD", "tax orbit-kw": "0 KWD",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	rounded, other, ids := 0, 0, map[string]bool{}
	for _, r := range rows {
		ids[r.ID] = true
		if r.Rounded {
			rounded++
		}
		if r.Product == "other" {
			other++
		}
	}
	if len(ids) != 118 || rounded != 3 || other == 0 {
		t.Errorf("got %d ids, %d rounded, %d without a service, want 118, 3, some", len(ids), rounded, other)
	}
}

// TestSameRowsHoweverPacked reads one file in every packing, and in odd portions.
func TestSameRowsHoweverPacked(t *testing.T) {
	plain := load(t, currencies)
	want := readAll(t, bytes.NewReader(plain))
	for name, packed := range map[string][]byte{
		"UTF-8 with mark":            append([]byte("\xef\xbb\xbf"), plain...),
		"UTF-16, small end first":    utf16Of(string(plain), binary.LittleEndian),
		"UTF-16, large end first":    utf16Of(string(plain), binary.BigEndian),
		"gzip":                       gzipOf(t, plain),
		"gzip in two parts":          append(gzipOf(t, plain[:999]), gzipOf(t, plain[999:])...),
		"gzip of UTF-16":             gzipOf(t, utf16Of(string(plain), binary.LittleEndian)),
		"no line end after the last": bytes.TrimRight(plain, "\n"),
		"lines of DOS":               bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n")),
	} {
		for portion, r := range map[string]io.Reader{
			"whole":        bytes.NewReader(packed),
			"byte by byte": iotest.OneByteReader(bytes.NewReader(packed)),
			"with its end": iotest.DataErrReader(bytes.NewReader(packed)),
		} {
			if got := readAll(t, r); !slices.Equal(got, want) {
				t.Errorf("%s, %s: got %d rows, and not those of the plain file", name, portion, len(got))
			}
		}
	}
}

func TestOrderOfColumnsDoesNotMatter(t *testing.T) {
	records, err := csv.NewReader(bytes.NewReader(load(t, currencies))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range records[0] {
		records[0][i] = " " + strings.ToUpper(name) + " "
	}
	for i, record := range records {
		slices.Reverse(record)
		if i > 0 {
			for k, value := range record {
				if value == "" {
					record[k] = "NULL"
				}
			}
		}
	}
	var turned bytes.Buffer
	if err := csv.NewWriter(&turned).WriteAll(records); err != nil {
		t.Fatal(err)
	}
	want := readAll(t, bytes.NewReader(load(t, currencies)))
	if got := readAll(t, &turned); !slices.Equal(got, want) {
		t.Error("with columns reversed, names in capitals and NULL for nothing: got other rows")
	}
}

func TestLineIDs(t *testing.T) {
	const id = "Id," + header
	for _, c := range []struct {
		name string
		file string
		same [][]int // groups of rows that have the same id but for the number behind it
	}{
		{"identical rows are numbered", header + good + good + good, [][]int{{0, 1, 2}}},
		{"one digit differs", header + good + strings.Replace(good, "0.25", "0.26", 1), [][]int{{0}, {1}}},
		{"values in other columns", "Tags,ServiceName," + header + "a,NULL," + good + "NULL,a," + good, [][]int{{0}, {1}}},
		{"an Id left empty", id + "," + good + "null," + good, [][]int{{0, 1}}},
	} {
		rows := readAll(t, strings.NewReader(c.file))
		stems := map[string]bool{}
		for _, group := range c.same {
			stem, _, _ := strings.Cut(rows[group[0]].ID, "#")
			stems[stem] = true
			for n, i := range group {
				if got, want := rows[i].ID, stem+"#"+string(rune('1'+n)); got != want || !strings.HasPrefix(got, "focus:") {
					t.Errorf("%s: row %d: got %s, want %s", c.name, i+1, got, want)
				}
			}
		}
		if len(stems) != len(c.same) {
			t.Errorf("%s: got %d different contents, want %d", c.name, len(stems), len(c.same))
		}
	}
	named := readAll(t, strings.NewReader(id+"line-7,"+good+"line-7,"+good))
	if got := []string{named[0].ID, named[1].ID}; got[0] != "line-7" || got[1] != "line-7" {
		t.Errorf("rows with an Id: got %v, want it as it is, twice", got)
	}
}

func TestCategories(t *testing.T) {
	for category, tax := range map[string]bool{
		"Usage": false, "Purchase": false, "Credit": false, "Adjustment": false, "Refund": false, "Tax": true, "TAX": true,
	} {
		row := readAll(t, strings.NewReader(header+strings.Replace(good, "Usage", category, 1)))[0]
		if row.Tax != tax || row.Category != category {
			t.Errorf("%s: got category %s, tax %t, want tax %t", category, row.Category, row.Tax, tax)
		}
	}
}

func TestProgressCountsPackedBytes(t *testing.T) {
	packed := gzipOf(t, load(t, sample))
	f, err := focus.NewReader(bytes.NewReader(packed), focus.Options{Size: int64(len(packed))})
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for {
		if _, err = f.Next(); err != nil {
			break
		}
		if f.Offset() < last {
			t.Fatalf("offset went from %d back to %d", last, f.Offset())
		}
		last = f.Offset()
	}
	if read, size := f.Progress(); err != io.EOF || read != size || size != int64(len(packed)) {
		t.Errorf("at the end: got %d of %d bytes, %v, want %d of as many", read, size, err, len(packed))
	}
}

func BenchmarkReader(b *testing.B) {
	const times = 50
	file := load(b, sample)
	head, body, _ := bytes.Cut(file, []byte("\n"))
	plain := append(append(slices.Clone(head), '\n'), bytes.Repeat(body, times)...)
	// The same without ids: they are made from the content.
	unnamed := bytes.Replace(plain, []byte(`"Id"`), []byte(`"No"`), 1)
	for name, file := range map[string][]byte{"plain": plain, "unnamed": unnamed, "gzip": gzipOf(b, plain)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				rows, err := drain(bytes.NewReader(file), focus.Options{})
				if err != io.EOF || rows != 1000*times {
					b.Fatalf("got %d rows, %v", rows, err)
				}
			}
			b.ReportMetric(float64(1000*times*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func drain(r io.Reader, o focus.Options) (rows int, err error) {
	f, err := focus.NewReader(r, o)
	if err != nil {
		return 0, err
	}
	for {
		if _, err := f.Next(); err != nil {
			return rows, err
		}
		rows++
	}
}

func readAll(t *testing.T, r io.Reader) (rows []focus.Row) {
	t.Helper()
	f, err := focus.NewReader(r, focus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := f.Next()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
}

func sums(t *testing.T, rows []focus.Row, key func(focus.Row) string) map[string]string {
	t.Helper()
	totals := map[string]money.Exact{}
	for _, r := range rows {
		total, ok := totals[key(r)]
		if !ok {
			total.Currency = r.Amount.Currency
		}
		total, err := total.Add(r.Amount)
		if err != nil {
			t.Fatalf("row %d: %v", r.Number, err)
		}
		totals[key(r)] = total
	}
	texts := map[string]string{}
	for k, total := range totals {
		texts[k] = total.String()
	}
	return texts
}

func load(t testing.TB, path string) []byte {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func gzipOf(t testing.TB, plain []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func utf16Of(text string, order binary.AppendByteOrder) []byte {
	out := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}
