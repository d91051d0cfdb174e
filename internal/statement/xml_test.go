package statement_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/statement"
)

// within stands for the place in document where a test puts what it is about.
const (
	document = `<?xml version="1.0"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><Ntfctn>
<Id>N1</Id><Acct><Id><IBAN>CH9300762011623852957</IBAN></Id><Ccy>CHF</Ccy></Acct>
<Ntry><Amt Ccy="CHF">12.50</Amt><CdtDbtInd>CRDT</CdtDbtInd>` + within + `</Ntry>
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>`
	within = "<AddtlNtryInf/>"
)

func put(element string) string { return strings.Replace(document, within, element, 1) }

// codeOf returns the code of a fault, or what kind of surprise err is.
func codeOf(err error) string {
	if err == nil {
		return "nil"
	}
	if known, ok := fault.Of(err); ok {
		return known.Code
	}
	return "not a fault: " + err.Error()
}

func info(t *testing.T, file string) string {
	t.Helper()
	got, err := statement.ReadAll(strings.NewReader(file), statement.Options{})
	if err != nil {
		t.Errorf("got %v for %q", err, file)
		return ""
	}
	return got[0].Lines[0].Info
}

func TestXMLText(t *testing.T) {
	for _, c := range []struct{ element, want string }{
		{"<AddtlNtryInf>plain</AddtlNtryInf>", "plain"},
		{"<AddtlNtryInf\n>  two\r\n   lines </AddtlNtryInf >", "two lines"},
		{"<AddtlNtryInf>&lt;&amp;&gt;&quot;&apos;</AddtlNtryInf>", `<&>"'`},
		{"<AddtlNtryInf>&#65;&#x42;&#x20AC;&#x0001F600;</AddtlNtryInf>", "AB€😀"},
		{"<AddtlNtryInf>a<![CDATA[<b>&amp;]]]>c</AddtlNtryInf>", "a<b>&amp;]c"},
		{"<AddtlNtryInf>a<!-- > not -->b<?pi > neither ?>c</AddtlNtryInf>", "abc"},
		{"<AddtlNtryInf a='>' b=\"'\">x</AddtlNtryInf>", "x"},
		{"<AddtlNtryInf></AddtlNtryInf>", ""},
		{"<AddtlNtryInf/>", ""},
		{"<c:AddtlNtryInf xmlns:c='urn:c'>prefixed</c:AddtlNtryInf>", "prefixed"},
		{"<Unknown><AddtlNtryInf>not this</AddtlNtryInf></Unknown>", ""},
		{"<AddtlNtryInf>Zürich 東京</AddtlNtryInf>", "Zürich 東京"},
		{"<AddtlNtryInf>&#xFFFD;\ufffd</AddtlNtryInf>", "\ufffd\ufffd"},
	} {
		if got := info(t, put(c.element)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.element, got, c.want)
		}
	}
}

func TestXMLThatIsRefused(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, c := range []struct{ name, file, place string }{
		{"nothing but space", " \n ", ""},
		{"doctype", "<!DOCTYPE Document>" + document, "line 1, column 1"},
		{"doctype within", put("<!DOCTYPE x>"), "line 4, column 60 (Ntfctn/Ntry)"},
		{"entity declaration", put("<!ENTITY x 'y'>"), "line 4, column 60 (Ntfctn/Ntry)"},
		{"entity that nobody declared", put("<AddtlNtryInf>&xxe;</AddtlNtryInf>"), "line 4, column 74 (Ntfctn/Ntry/AddtlNtryInf)"},
		{"entity in an attribute", put("<AddtlNtryInf a='&xxe;'/>"), "line 4, column 85 (Ntfctn/Ntry)"},
		{"bare ampersand", put("<AddtlNtryInf>Smith & Co, of here</AddtlNtryInf>"), "line 4, column 80 (Ntfctn/Ntry/AddtlNtryInf)"},
		{"character that is none", put("<AddtlNtryInf>&#0;</AddtlNtryInf>"), "line 4, column 74 (Ntfctn/Ntry/AddtlNtryInf)"},
		{"character beyond all", put("<AddtlNtryInf>&#x110000;</AddtlNtryInf>"), "line 4, column 74 (Ntfctn/Ntry/AddtlNtryInf)"},
		{"surrogate", put("<AddtlNtryInf>&#xD800;</AddtlNtryInf>"), "line 4, column 74 (Ntfctn/Ntry/AddtlNtryInf)"},
		{"empty reference", put("<AddtlNtryInf>&#;&#x;</AddtlNtryInf>"), "line 4, column 74 (Ntfctn/Ntry/AddtlNtryInf)"},
		{"control character", put("<AddtlNtryInf>a\x01b</AddtlNtryInf>"), "line 4, column 75 (Ntfctn/Ntry/AddtlNtryInf)"},
		{"not UTF-8", put("<AddtlNtryInf>a\xe9b</AddtlNtryInf>"), "line 4, column 75 (Ntfctn/Ntry/AddtlNtryInf)"},
		{"end of CDATA in text", put("<AddtlNtryInf>a]]>b</AddtlNtryInf>"), "line 4, column 74 (Ntfctn/Ntry/AddtlNtryInf)"},
		{"wrong end", put("<AddtlNtryInf></Addtl>"), "line 4, column 82 (Ntfctn/Ntry/AddtlNtryInf)"},
		{"end of another prefix", put("<a:AddtlNtryInf></b:AddtlNtryInf>"), "line 4, column 93 (Ntfctn/Ntry/AddtlNtryInf)"},
		{"end too many", document + "</Document>", "line 5, column 56"},
		{"second document", document + document, "line 5, column 45"},
		{"text behind", document + "\n404", "line 6, column 1"},
		{"text before", "404" + document, ""},
		{"no name", put("< AddtlNtryInf/>"), "line 4, column 76 (Ntfctn/Ntry)"},
		{"number for a name", put("<1/>"), "line 4, column 64 (Ntfctn/Ntry)"},
		{"bracket in a tag", put("<AddtlNtryInf <b/>"), "line 4, column 60 (Ntfctn/Ntry)"},
		{"bracket in an attribute", put("<AddtlNtryInf a='<'/>"), "line 4, column 81 (Ntfctn/Ntry)"},
		{"name of three", put("<a:b:c/>"), "line 4, column 68 (Ntfctn/Ntry)"},
		{"instruction without a name", put("<? x ?>"), "line 4, column 60 (Ntfctn/Ntry)"},
		{"hyphens in a comment", put("<!-- a -- b -->"), "line 4, column 69 (Ntfctn/Ntry)"},
		{"declaration in the midst", put("<?xml version='1.0'?>"), "line 4, column 60 (Ntfctn/Ntry)"},
		{"XML of another version", strings.Replace(document, "1.0", "1.1", 1), "line 1, column 1"},
		{"declaration that is broken", strings.Replace(document, "?>", ">", 1), "line 1, column 1"},
		{"attribute twice", put("<AddtlNtryInf a='1' a='2'/>"), "line 4, column 87 (Ntfctn/Ntry)"},
		{"attribute without value", put("<AddtlNtryInf a/>"), "line 4, column 77 (Ntfctn/Ntry)"},
		{"attribute without quotes", put("<AddtlNtryInf a=1/>"), "line 4, column 79 (Ntfctn/Ntry)"},
		{"attributes without space", put("<AddtlNtryInf a='1'b='2'/>"), "line 4, column 86 (Ntfctn/Ntry)"},
		{"attributes without end", put("<X" + strings.Repeat(" a='1'", 20_000) + "/>"), "line 4, column 60 (Ntfctn/Ntry)"},
		{"long tag", put("<" + long + "/>"), "line 4, column 60 (Ntfctn/Ntry)"},
		{"long attribute", put("<X a='" + long + "'/>"), "line 4, column 60 (Ntfctn/Ntry)"},
		{"deep", put(strings.Repeat("<a>", 10_000)), "line 4, column 651 (Ntfctn/Ntry)"},
		{"element in a value", put("<AddtlNtryInf>a<b/>c</AddtlNtryInf>"), "line 4, column 79 (Ntfctn/Ntry/AddtlNtryInf)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := statement.ReadAll(strings.NewReader(c.file), statement.Options{})
			known, ok := fault.Of(err)
			if !ok {
				t.Fatalf("got %+v, %v, want a fault", got, err)
			}
			if c.place != "" && known.Place != c.place {
				t.Errorf("got place %q, want %q (%s)", known.Place, c.place, known.Message)
			}
		})
	}
}

// TestLongValue refuses what is kept, and passes over what is not.
func TestLongValue(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	if _, err := statement.ReadAll(strings.NewReader(put("<AddtlNtryInf>"+long+"</AddtlNtryInf>")), statement.Options{}); !errors.Is(err, statement.ErrBroken) {
		t.Errorf("a long value: got %v, want ErrBroken", err)
	}
	if got := info(t, put("<SplmtryData>"+long+"</SplmtryData><AddtlNtryInf>kept</AddtlNtryInf>")); got != "kept" {
		t.Errorf("behind a long value of no interest: got %q, want kept", got)
	}
	if got := info(t, put("<!--"+long+"--><AddtlNtryInf>kept</AddtlNtryInf>")); got != "kept" {
		t.Errorf("behind a long comment: got %q, want kept", got)
	}
}

// TestEveryCutIsRefused cuts a real file at each of its bytes.
func TestEveryCutIsRefused(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(samples, "camt053/genkgo_camt053.v2.five.decimals.xml"))
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.TrimSpace(text)
	for n := range text {
		if _, err := statement.ReadAll(bytes.NewReader(text[:n]), statement.Options{Format: statement.Camt053}); codeOf(err) != "statement_broken" {
			t.Errorf("the first %d bytes: got %v, want ErrBroken", n, err)
		}
	}
}

func TestXMLEncodings(t *testing.T) {
	const want = "Zürich Œuvre"
	file := func(label string) string {
		text := put("<AddtlNtryInf>" + want + "</AddtlNtryInf>")
		if label != "" {
			label = " encoding='" + label + "'"
		}
		return strings.Replace(text, `version="1.0"`, `version="1.0"`+label, 1)
	}
	single := func(label string, m *charmap.Charmap) string {
		text, err := m.NewEncoder().String(file(label))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, c := range []struct {
		name, file string
		encoding   string // empty: to be refused
	}{
		{"UTF-8 by default", file(""), "utf-8"},
		{"UTF-8 that says so", file("UTF-8"), "utf-8"},
		{"UTF-8 with a mark", "\xef\xbb\xbf" + file("utf-8"), "utf-8"},
		{"UTF-8 with a mark that says Latin-1", "\xef\xbb\xbf" + file("iso-8859-1"), "utf-8"},
		{"space before the declaration", "\r\n" + file("utf-8"), "utf-8"},
		{"Windows-1252", single("windows-1252", charmap.Windows1252), "windows-1252"},
		{"Latin-1 with the characters of Windows", single("ISO-8859-1", charmap.Windows1252), "windows-1252"},
		{"Latin-9", single("ISO-8859-15", charmap.ISO8859_15), "iso-8859-15"},
		{"UTF-16, small end first", "\xff\xfe" + wide(file("UTF-16"), false), "utf-16"},
		{"UTF-16, large end first", "\xfe\xff" + wide(file("utf-16"), true), "utf-16"},
		{"UTF-16 without a mark", wide(file("UTF-16LE"), false), "utf-16"},
		{"UTF-16 without a mark or a word", wide(file(""), true), "utf-16"},

		{"Windows-1252 that says UTF-8", single("utf-8", charmap.Windows1252), ""},
		{"Windows-1252 that says nothing", single("", charmap.Windows1252), ""},
		{"UTF-16 that says UTF-8", "\xff\xfe" + wide(file("utf-8"), false), ""},
		{"UTF-8 that says UTF-16", file("utf-16"), ""},
		{"an encoding that nobody knows", file("x-bank-own"), ""},
		{"half a unit of UTF-16", "\xff\xfe" + wide(file("utf-16"), false) + "\x0a", ""},
		{"half a pair of UTF-16", "\xff\xfe" + strings.Replace(wide(file("utf-16"), false), "Z\x00", "\x00\xd8", 1), ""},
		{"UTF-32", "\xff\xfe\x00\x00<\x00\x00\x00", ""},
		{"multi-byte that is none", strings.Replace(file("shift_jis"), "ü", "\x81\xff", 1), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := statement.ReadAll(iotest.OneByteReader(strings.NewReader(c.file)), statement.Options{})
			if c.encoding == "" {
				if known, ok := fault.Of(err); !ok || known.Code != "statement_broken" || known.Place == "" {
					t.Errorf("got %v, want ErrBroken with a place", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s := got[0]; s.Encoding != c.encoding || s.Lines[0].Info != want {
				t.Errorf("got %q in %s, want %q in %s", s.Lines[0].Info, s.Encoding, want, c.encoding)
			}
		})
	}
}

func wide(text string, largeFirst bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		first, second := byte(u), byte(u>>8)
		if largeFirst {
			first, second = second, first
		}
		b.WriteByte(first)
		b.WriteByte(second)
	}
	return b.String()
}

// TestPlaceDoesNotDependOnHowBytesCome reads a broken file in pieces of every size that
// matters.
func TestPlaceDoesNotDependOnHowBytesCome(t *testing.T) {
	file := put(strings.Repeat("<Unknown>\n<!-- x --></Unknown>", 10_000) + "<AddtlNtryInf>&nbsp;</AddtlNtryInf>")
	const want = "line 10004, column 35 (Ntfctn/Ntry/AddtlNtryInf)"
	for _, in := range []io.Reader{
		strings.NewReader(file),
		iotest.OneByteReader(strings.NewReader(file)),
		iotest.HalfReader(strings.NewReader(file)),
		iotest.DataErrReader(strings.NewReader(file)),
	} {
		_, err := statement.ReadAll(in, statement.Options{})
		if known, ok := fault.Of(err); !ok || known.Place != want {
			t.Errorf("got %v, want a fault at %s", err, want)
		}
	}
}

func TestErrorOfTheInputPasses(t *testing.T) {
	lost := errors.New("the connection was lost")
	for _, n := range []int{0, 100, 70_000} {
		file := put(strings.Repeat("<Unknown/>", 10_000))[:n]
		in := io.MultiReader(strings.NewReader(file), iotest.ErrReader(lost))
		if _, err := statement.ReadAll(in, statement.Options{}); !errors.Is(err, lost) {
			t.Errorf("after %d bytes: got %v, want the input's own error", n, err)
		}
	}
}

// FuzzXML holds the scanner against the one of the Go library: what is accepted here is
// well-formed there.
func FuzzXML(f *testing.F) {
	for _, want := range readIndex(f) {
		text, err := os.ReadFile(filepath.Join(samples, want.File))
		if err != nil {
			f.Fatal(err)
		}
		if strings.HasPrefix(want.Format, "camt") && len(text) < fuzzSeedMax {
			f.Add(text)
		}
	}
	f.Add([]byte(put("<AddtlNtryInf a='&#65;'>&lt;<![CDATA[>]]><?x y?><!-- z --></AddtlNtryInf>")))
	f.Fuzz(func(t *testing.T, file []byte) {
		start := time.Now()
		got, err := statement.ReadAll(bytes.NewReader(file), statement.Options{Format: statement.Camt054})
		if err == nil {
			checkSound(t, got)
			if got[0].Encoding == "utf-8" {
				checkWellFormed(t, file)
			}
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %v for %d bytes", took, len(file))
		}
	})
}

func checkWellFormed(t *testing.T, file []byte) {
	t.Helper()
	in := xml.NewDecoder(bytes.NewReader(bytes.TrimLeft(bytes.TrimPrefix(file, []byte("\xef\xbb\xbf")), " \t\r\n")))
	in.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		_, err := in.Token()
		if err == io.EOF {
			return
		}
		if err != nil && strings.Contains(err.Error(), "invalid XML name") {
			return // of letters beyond ASCII, which are not told apart here
		}
		if err != nil {
			t.Fatalf("accepted, and not well-formed: %v", err)
		}
	}
}
