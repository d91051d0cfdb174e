package focus_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/focus"
	"github.com/bursar-pay/bursar/internal/money"
)

func TestBadRowsAreNamedAndPassed(t *testing.T) {
	const end = "ChargePeriodEnd,ServiceName," + header
	for _, c := range []struct {
		name  string
		head  string
		row   string
		err   error
		says  string
		never string
	}{
		{"amount is no number", header, strings.Replace(good, "0.25", "s3cret", 1), money.ErrMalformed, "BilledCost", "s3cret"},
		{"amount with a comma", header, strings.Replace(good, "0.25", `"1,777.25"`, 1), money.ErrMalformed, "BilledCost", "777"},
		{"amount too large", header, strings.Replace(good, "0.25", "1E13", 1), money.ErrOutOfRange, "BilledCost", "1E13"},
		{"no amount", header, strings.Replace(good, "0.25", "NULL", 1), focus.ErrValue, "BilledCost", "NULL"},
		{"no account", header, strings.Replace(good, "acme", "", 1), focus.ErrValue, "BillingAccountId", "0.25"},
		{"no category", header, strings.Replace(good, "Usage", "", 1), focus.ErrValue, "ChargeCategory", "0.25"},
		{"no currency", header, strings.Replace(good, "USD", "", 1), focus.ErrValue, "BillingCurrency", "0.25"},
		{"unknown currency", header, strings.Replace(good, "USD", "QQQ", 1), money.ErrCurrencyUnknown, "BillingCurrency", "QQQ"},
		{"gold", header, strings.Replace(good, "USD", "XAU", 1), money.ErrCurrencyUnknown, "no minor unit", "XAU"},
		{"no time", header, strings.Replace(good, "2024-09-18 22:00:00", "", 1), focus.ErrValue, "ChargePeriodStart", "0.25"},
		{"start is no time", header, strings.Replace(good, "2024-09-18 22:00:00", "18.09.2024", 1), focus.ErrTime, "ChargePeriodStart", "18.09"},
		{"end is no time", end, "tomorrow,," + good, focus.ErrTime, "ChargePeriodEnd", "tomorrow"},
		{"long account", header, strings.Replace(good, "acme", strings.Repeat("a", 513), 1), focus.ErrRow, "BillingAccountId", "aaa"},
		{"long product", end, "," + strings.Repeat("a", 513) + "," + good, focus.ErrRow, "ServiceName", "aaa"},
		{"too few fields", header, "0.25,acme,USD\n", focus.ErrRow, "3 fields and the header 5", "acme"},
		{"too many fields", header, "x," + good, focus.ErrRow, "6 fields and the header 5", "acme"},
		{"Latin-1", header, strings.Replace(good, "acme", "caf\xe9", 1), focus.ErrRow, "column 2 is not UTF-8", "caf"},
		{"a zero byte", header, strings.Replace(good, "acme", "ac\x00me", 1), focus.ErrRow, "column 2 is not UTF-8", "ac\x00"},
		{"half a surrogate pair", header, strings.Replace(good, "acme", "\xed\xa0\x80", 1), focus.ErrRow, "column 2", "\xed"},
		{"long row", header, strings.Replace(good, "acme", strings.Repeat("b", 3000), 1), focus.ErrRow, "longer than 2000 bytes", "bbb"},
	} {
		file := c.head + pad(c.head, good) + "\n" + pad(c.head, c.row) + pad(c.head, good)
		f, err := focus.NewReader(strings.NewReader(file), focus.Options{MaxRowBytes: 2000})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var numbers []int
		var faults []*fault.Error
		for {
			row, err := f.Next()
			if err == io.EOF {
				break
			}
			if bad, ok := fault.Of(err); ok {
				faults = append(faults, bad)
			} else if err != nil {
				t.Fatalf("%s: got %v, want a fault", c.name, err)
			}
			numbers = append(numbers, row.Number)
		}
		if !slices.Equal(numbers, []int{1, 2, 3}) || len(faults) != 1 {
			t.Errorf("%s: got rows %v and faults %v, want rows 1 to 3 and one fault", c.name, numbers, faults)
			continue
		}
		got := faults[0]
		if !errors.Is(got, c.err) || got.Place != "row 2 (line 4)" || !strings.Contains(got.Message, c.says) {
			t.Errorf("%s: got %q (%s), want %v at row 2 (line 4), saying %q", c.name, got, got.Code, c.err, c.says)
		}
		if strings.Contains(got.Error()+got.Next, c.never) {
			t.Errorf("%s: got %q, which repeats the input", c.name, got)
		}
		if errors.Is(got, focus.ErrBroken) {
			t.Errorf("%s: got a final fault, want one that can be passed", c.name)
		}
	}
}

func TestUTF16IsReadOrRefused(t *testing.T) {
	text := utf16Of(header+strings.Replace(good, "acme", "日本😀", 1), binary.LittleEndian)
	if got, want := readAll(t, bytes.NewReader(text))[0].Account, "日本😀"; got != want {
		t.Errorf("got account %q, want %q", got, want)
	}
	const first, second = 0xD83D, 0xDE00 // the two halves of U+1F600
	for name, units := range map[string][]uint16{
		"first half alone":  {first},
		"second half alone": {second},
		"turned around":     {second, first},
		"first half twice":  {first, first, second},
	} {
		var odd []byte
		for _, unit := range units {
			odd = binary.LittleEndian.AppendUint16(odd, unit)
		}
		before, after := utf16Of(header+"0.25,", binary.LittleEndian), utf16Of(good[len("0.25,"):]+good, binary.LittleEndian)[2:]
		f, err := focus.NewReader(bytes.NewReader(slices.Concat(before, odd, after)), focus.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := f.Next(); !errors.Is(err, focus.ErrRow) {
			t.Errorf("%s: got %v, want %v", name, err, focus.ErrRow)
		}
		if row, err := f.Next(); err != nil || row.Number != 2 {
			t.Errorf("%s: got row %d, %v behind it, want row 2", name, row.Number, err)
		}
	}
	_, err := drain(bytes.NewReader(text[:len(text)-1]), focus.Options{})
	if !errors.Is(err, focus.ErrRow) {
		t.Errorf("half a unit at the end: got %v, want %v", err, focus.ErrRow)
	}
}

func TestHeaderIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		file string
		says string
	}{
		{"empty file", "", "empty"},
		{"only blank lines", "\n\n\n", "empty"},
		{"a mark alone", "\xef\xbb\xbf", "empty"},
		{"columns missing", "BilledCost,BillingCurrency,ChargeCategory\n", "missing: BillingAccountId, ChargePeriodStart"},
		{"another file", "name,age\nbob,3\n", "missing: BilledCost, BillingAccountId, BillingCurrency, ChargeCategory, ChargePeriodStart"},
		{"semicolons", strings.ReplaceAll(header, ",", ";"), "not separated by commas"},
		{"tabs", strings.ReplaceAll(header, ",", "\t"), "not separated by commas"},
		{"a column twice", "Tags,tags ," + header, "columns 1 and 2 have the same name"},
		{"an amount twice", strings.TrimSpace(header) + ",billedcost\n", "columns 1 and 6 have the same name"},
		{"two without a name", ",," + header, "columns 1 and 2 have the same name"},
		{"Latin-1", "caf\xe9," + header, "column 1 of the header is not UTF-8"},
		{"UTF-16 without mark", string(utf16Of(header, binary.LittleEndian)[2:]), "not UTF-8"},
		{"UTF-32", "\xff\xfe\x00\x00" + header, "not UTF-8"},
		{"a quote left open", `"` + header, "not closed"},
		{"a quote inside", `Billed"Cost` + header, "does not start with one"},
		{"too many columns", strings.Repeat("x,", 1001) + header, "more than 1000 columns"},
		{"a spreadsheet", "PK\x03\x04\x14\x00", "zip archive or a spreadsheet"},
		{"Parquet", "PAR1", "Parquet"},
		{"gzip of nothing", "\x1f\x8b", "cut off"},
		{"gzip in name only", "\x1f\x8b" + strings.Repeat("x", 50), "damaged"},
		{"a header without end", strings.Repeat("x", 2<<20), "longer than"},
	} {
		_, err := focus.NewReader(strings.NewReader(c.file), focus.Options{})
		if !errors.Is(err, focus.ErrBroken) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want a broken file, saying %q", c.name, err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "bob") {
			t.Errorf("%s: got %q, which repeats the input", c.name, err)
		}
	}
}

func TestBrokenFileEndsTheReading(t *testing.T) {
	long := header + strings.Repeat(good, 20_000)
	packed := gzipOf(t, []byte(long))
	damaged := slices.Clone(packed)
	damaged[len(damaged)-6] ^= 0x55 // within the checksum
	for _, c := range []struct {
		name string
		file []byte
		rows int // that come out before
		says string
		at   string
	}{
		{"a quote inside a field", []byte(header + good + `0.25,ac"me,USD,Usage,2024-09-18 22:00:00` + "\n" + good), 1, "does not start with one", "row 2 (line 3)"},
		{"text behind a quote", []byte(header + good + `0.25,"ac"me,USD,Usage,2024-09-18 22:00:00` + "\n" + good), 1, "goes on after its closing quote", "row 2 (line 3)"},
		{"a quote left open", []byte(header + good + `0.25,"acme,USD` + "\n" + good), 1, "not closed", "row 2 (line 3)"},
		{"a quote left open for long", []byte(header + good + `0.25,"acme,USD` + "\n" + long), 1, "longer than", "after row 1 (line 2)"},
		{"gzip cut off", packed[:len(packed)-9], -1, "cut off", "after row"},
		{"gzip cut off at once", packed[:12], -2, "cut off", "header"},
		{"gzip damaged", damaged, 20_000, "damaged", "after row 20000 (line 20001)"},
		{"something behind the gzip", append(slices.Clone(packed), strings.Repeat("junk", 20)...), 20_000, "follow the end", "after row 20000 (line 20001)"},
		{"zeros behind the gzip", append(slices.Clone(packed), make([]byte, 512)...), 20_000, "follow the end", "after row 20000 (line 20001)"},
	} {
		rows, err := drain(bytes.NewReader(c.file), focus.Options{MaxRowBytes: 64 << 10})
		if !errors.Is(err, focus.ErrBroken) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want a broken file, saying %q", c.name, err, c.says)
			continue
		}
		if f, _ := fault.Of(err); !strings.HasPrefix(f.Place, c.at) {
			t.Errorf("%s: got place %q, want %q", c.name, f.Place, c.at)
		}
		if c.rows >= 0 && rows != c.rows {
			t.Errorf("%s: got %d rows before it, want %d", c.name, rows, c.rows)
		}
	}
}

func TestErrorOfTheInputIsNoFault(t *testing.T) {
	lost := errors.New("the disk is gone")
	for name, before := range map[string]string{
		"at once":      "",
		"in header":    header[:20],
		"after header": header,
		"in a row":     header + good + good[:9],
		"in a quote":   header + good + `"`,
	} {
		_, err := drain(io.MultiReader(strings.NewReader(before), iotest.ErrReader(lost)), focus.Options{})
		if !errors.Is(err, lost) || errors.Is(err, focus.ErrBroken) {
			t.Errorf("%s: got %v, want %v", name, err, lost)
		}
	}
}

func TestEndIsRepeated(t *testing.T) {
	for name, file := range map[string]string{
		"good":   header + good,
		"broken": header + good + `"`,
	} {
		f, err := focus.NewReader(strings.NewReader(file), focus.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Next(); err != nil {
			t.Fatal(err)
		}
		_, first := f.Next()
		_, again := f.Next()
		if first == nil || first != again {
			t.Errorf("%s: got %v, then %v, want the same twice", name, first, again)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, file := range []string{
		header + good,
		"\xef\xbb\xbf" + header + good + good,
		`"Id","ServiceName",` + header + `7,"a ""b""` + "\n" + `c",` + good,
		string(utf16Of(header+good, binary.BigEndian)),
		header + "1.2E-7,acme,JPY,Tax,2024-09-18T22:00:00.25+08:00\n",
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		read := func() (rows []focus.Row, last error) {
			in, err := focus.NewReader(bytes.NewReader(file), focus.Options{MaxRowBytes: 1 << 16})
			if err != nil {
				return nil, err
			}
			for range len(file) + 1 {
				row, err := in.Next()
				if err == nil {
					rows = append(rows, row)
				}
				bad, expected := fault.Of(err)
				if err == io.EOF || errors.Is(err, focus.ErrBroken) {
					return rows, err
				}
				if err != nil && (!expected || !strings.HasPrefix(bad.Place, "row ")) {
					t.Fatalf("got %v, want a fault with its row", err)
				}
			}
			t.Fatalf("got more rows than bytes")
			return nil, nil
		}
		rows, first := read()
		again, second := read()
		if !slices.Equal(rows, again) || (first == nil) != (second == nil) {
			t.Fatal("read twice, got other rows")
		}
		for _, r := range rows {
			if r.ID == "" || r.Account == "" || r.Product == "" || !r.Amount.Currency.Valid() || r.Start.IsZero() && r.Start.Year() != 1 {
				t.Fatalf("got an incomplete row %+v", r)
			}
			if back, rounded, err := money.ParseExact(r.Amount.Decimal(), r.Amount.Currency); back != r.Amount || rounded || err != nil {
				t.Fatalf("got the amount %v, which reads as %v, %v", r.Amount, back, err)
			}
		}
	})
}

// pad puts a row under a header that has more columns in front.
func pad(head, row string) string {
	missing := strings.Count(head, ",") - strings.Count(header, ",")
	if missing == 0 || strings.Count(row, ",") > strings.Count(header, ",") {
		return row
	}
	return strings.Repeat(",", missing) + row
}
