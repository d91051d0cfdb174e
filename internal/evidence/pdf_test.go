package evidence_test

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"fmt"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/evidence"
	"github.com/bursar-pay/bursar/internal/fault"
)

// deflate compresses, as nearly every PDF does.
func deflate(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// stream is the text of an object with a stream.
func stream(entries string, data []byte) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", entries, len(data), data)
}

// paper builds a PDF from objects, which are numbered from 1, with a true table of
// where they are.
func paper(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, table)
	return b.Bytes()
}

const (
	catalog = "<< /Type /Catalog /Pages 2 0 R >>"
	tree    = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
	page    = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.276 841.89] /Contents 4 0 R >>"
)

// with is a statement of one page, with more entries in its catalog and more objects.
func with(entries string, objects ...string) []byte {
	contents := stream("/Filter /FlateDecode", deflate([]byte("BT /F1 12 Tf (Statement) Tj ET")))
	all := []string{"<< /Type /Catalog /Pages 2 0 R " + entries + " >>", tree, page, contents}
	return paper("", append(all, objects...)...)
}

func statement() []byte { return with("") }

// packing is how packed hides objects in a stream.
type packing struct {
	object string // one more object in the stream of objects
	wide   bool   // the table is predicted, as most are
	swell  int    // bytes of white space behind the objects
}

// packed builds a PDF whose objects are in a stream of objects, and whose table is
// one as well.
func packed(p packing) []byte {
	hidden := []string{catalog, tree, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"}
	if p.object != "" {
		hidden = append(hidden, p.object)
	}
	var index, body strings.Builder
	for i, o := range hidden {
		fmt.Fprintf(&index, "%d %d ", i+1, body.Len())
		body.WriteString(o + " ")
	}
	body.WriteString(strings.Repeat(" ", p.swell))

	var b bytes.Buffer
	b.WriteString("%PDF-1.5\n")
	const holder, table = 10, 11
	first := b.Len()
	fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", holder, stream(
		fmt.Sprintf("/Type /ObjStm /N %d /First %d /Filter /FlateDecode", len(hidden), index.Len()),
		deflate([]byte(index.String()+body.String()))))

	rows := []byte{0, 0, 0, 0}
	for i := range hidden {
		rows = append(rows, 2, 0, holder, byte(i))
	}
	start := b.Len()
	rows = append(rows, 1, byte(first>>8), byte(first), 0)
	rows = append(rows, 1, byte(start>>8), byte(start), 0)
	entries := fmt.Sprintf("/Type /XRef /W [1 2 1] /Index [0 %d %d 2] /Size 12 /Root 1 0 R /Filter /FlateDecode", len(hidden)+1, holder)
	if p.wide {
		entries += " /DecodeParms << /Predictor 12 /Columns 4 >>"
		rows = predict(rows, 4)
	}
	fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n", table, stream(entries, deflate(rows)), start)
	return b.Bytes()
}

// predict writes rows as differences to the row above.
func predict(rows []byte, size int) []byte {
	var out []byte
	above := make([]byte, size)
	for ; len(rows) > 0; rows = rows[size:] {
		out = append(out, 2)
		for i := range size {
			out = append(out, rows[i]-above[i])
		}
		above = rows[:size]
	}
	return out
}

func TestPlainPDFsStayAsTheyAre(t *testing.T) {
	two := paper("", catalog, "<< /Type /Pages /Kids [3 0 R 5 0 R] /Count 2 >>", page, stream("", []byte("BT ET")), page)
	later := stream("/Filter /FlateDecode", deflate([]byte("BT ET")))
	length := fmt.Sprint(len(deflate([]byte("BT ET"))))
	twice := statement()
	for _, c := range []struct {
		name    string
		content []byte
		pages   int
	}{
		{"one page", statement(), 1},
		{"two pages", two, 2},
		{"objects in a stream", packed(packing{}), 1},
		{"table with prediction", packed(packing{wide: true}), 1},
		{"a page to begin with", with("/OpenAction [3 0 R /FitH null]"), 1},
		{"a link to the bank", with("", "<< /Type /Annot /Subtype /Link /A << /S /URI /URI (https://bank.example/a?b=c:d) >> >>"), 1},
		{"a link by mail", with("", "<< /S /URI /URI <6d61696c746f3a61406278> >>"), 1},
		{"a link without a scheme", with("", "<< /S /URI /URI (www.bank.example:8080/a) >>"), 1},
		{"length elsewhere", with("", strings.Replace(later, "/Length "+length, "/Length 6 0 R", 1), length), 1},
		{"nested strings", with("", `[(a (b) \) \(c \101\n\
d) <48 65 6C 6> (>>) (endobj)]`), 1},
		{"numbers of all kinds", with("", "[1 -1 +1 1.5 -.5 4. 00012 true false null 3 0 R 3 0]"), 1},
		{"a letter in base 85", with("", stream("/Filter [/ASCII85Decode /FlateDecode]", base85(deflate([]byte("BT ET"))))), 1},
		{"a letter in hex", with("", stream("/Filter [/ASCIIHexDecode /FlateDecode]", []byte(fmt.Sprintf("%x>", deflate([]byte("BT ET")))))), 1},
		{"a photo inside", with("", stream("/Subtype /Image /Width 16 /Height 16 /Filter /DCTDecode", photo(t, 16, 16))), 1},
		{"glyphs called as actors' keys", with("", "<< /Differences [65 /AA /JS /EF] >>"), 1},
		{"written on once more", revised(twice, "5 0 obj\n(more)\nendobj\n", 5), 1},
		{"no line end at its end", bytes.TrimRight(statement(), "\n"), 1},
	} {
		got, err := clean(t, c.content)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.Media != evidence.PDF || got.Pages != c.pages || !bytes.Equal(got.Bytes, c.content) {
			t.Errorf("%s: got %s with %d pages, want %d and the same bytes", c.name, got, got.Pages, c.pages)
		}
	}
}

func base85(b []byte) []byte {
	var out bytes.Buffer
	e := ascii85.NewEncoder(&out)
	if _, err := e.Write(b); err != nil {
		panic(err)
	}
	if err := e.Close(); err != nil {
		panic(err)
	}
	return append(out.Bytes(), "~>"...)
}

// revised appends a revision with one object to a PDF, as a program that signs does.
func revised(old []byte, object string, number int) []byte {
	old = bytes.TrimRight(old, "\n")
	previous := bytes.LastIndex(old, []byte("\nxref")) + 1
	var b bytes.Buffer
	b.Write(old)
	at := b.Len()
	b.WriteString(object)
	table := b.Len()
	fmt.Fprintf(&b, "xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size 9 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n", number, at, previous, table)
	return b.Bytes()
}

func TestPDFsThatAct(t *testing.T) {
	script := "<< /S /JavaScript /JS (app.alert\\('CANARY'\\)) >>"
	for name, content := range map[string][]byte{
		"script":                      with("", script),
		"script, its name escaped":    with("", "<< /S /#4aavaScript >>"),
		"script, all of it escaped":   with("", "<< /#4A#53 (CANARY) >>"),
		"script, its name ends oddly": with("", "<< /S /JavaScript\x80>>"),
		"script, its name ends at 0":  with("", "<< /S /JavaScript#00x >>"),
		"script by name":              with("/Names << /JavaScript << /Names [(a) 5 0 R] >> >>", "<< >>"),
		"script when opened":          with("/OpenAction 5 0 R", script),
		"something when opened":       with("/OpenAction << /S /URI /URI (https://evil.example/) >>"),
		"something by and by":         with("/AA << /WC 5 0 R >>", "<< >>"),
		"a program":                   with("", "<< /S /Launch /F (cmd.exe) >>"),
		"a file inside":               with("", stream("/Type /EmbeddedFile", []byte("CANARY"))),
		"files by name":               with("/Names << /EmbeddedFiles 5 0 R >>", "<< >>"),
		"a file's specification":      with("", "<< /Type /Filespec /EF << /F 4 0 R >> >>"),
		"a file pinned to a page":     with("", "<< /Type /Annot /Subtype /FileAttachment >>"),
		"a collection of files":       with("/Collection << >>"),
		"a film":                      with("", "<< /Subtype /RichMedia >>"),
		"a film's content":            with("", "<< /RichMediaContent << >> >>"),
		"a sound":                     with("", "<< /S /Sound >>"),
		"a body":                      with("", "<< /Type /Annot /Subtype /3D >>"),
		"a form of another kind":      with("/AcroForm << /XFA 5 0 R >>", "[]"),
		"a form that is sent":         with("", "<< /S /SubmitForm /F (https://evil.example/) >>"),
		"a way into another file":     with("", "<< /S /GoToR /F (other.pdf) >>"),
		"a stream in another file":    with("", "<< /Length 0 /F (other) >>\nstream\n\nendstream"),
		"PostScript":                  with("", stream("/Subtype /PS", []byte("quit"))),
		"a link that is a script":     with("", "<< /S /URI /URI (javascript:alert\\(1\\)) >>"),
		"the same in another writing": with("", "<< /S /URI /URI (  JavaScript:alert\\(1\\)) >>"),
		"a link to a file":            with("", "<< /S /URI /URI (file:///etc/passwd) >>"),
		"a link to a share":           with("", "<< /S /URI /URI (\\\\\\\\evil.example\\\\share) >>"),
		"a link elsewhere":            with("", "<< /S /URI /URI 6 0 R >>", "(javascript:1)"),
		"a script in a stream":        packed(packing{object: script}),
		"a script in a wide table":    packed(packing{object: script, wide: true}),
		"a script in a revision":      revised(statement(), "5 0 obj\n"+script+"\nendobj\n", 5),
		"an archive as well":          with("", stream("", []byte("PK\x03\x04CANARYPK\x05\x06"))),
	} {
		wantRefused(t, name, content, evidence.ErrActive)
	}
}

func TestPDFsWithPasswords(t *testing.T) {
	wantRefused(t, "trailer", paper("/Encrypt 5 0 R", catalog, tree, page, stream("", nil), "<< /Filter /Standard >>"), evidence.ErrEncrypted)
	table := bytes.Replace(packed(packing{}), []byte("/Type /XRef"), []byte("/Encrypt 5 0 R /Type /XRef"), 1)
	wantRefused(t, "stream", table, evidence.ErrEncrypted)
}

func TestPDFsThatSwell(t *testing.T) {
	limits := evidence.DefaultLimits()
	limits.Inflated = 4 << 20
	small := evidence.NewCleaner(limits, evidence.NoScanner{})
	zeros := deflate(make([]byte, 5<<20))
	for name, content := range map[string][]byte{
		"one stream":           with("", stream("/Filter /FlateDecode", zeros)),
		"compressed twice":     with("", stream("/Filter [/FlateDecode /FlateDecode]", deflate(zeros))),
		"behind letters":       with("", stream("/Filter [/ASCII85Decode /FlateDecode]", base85(zeros))),
		"a stream of objects":  packed(packing{swell: 5 << 20}),
		"under a picture":      with("", stream("/Filter [/FlateDecode /DCTDecode]", zeros)),
		"runs":                 with("", stream("/Filter /RunLengthDecode", bytes.Repeat([]byte{129, 'x'}, 100_000))),
		"deep":                 with("", strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)),
		"deep, without an end": with("", strings.Repeat("<</A", 1_000_000)),
		"very many objects":    with("", "["+strings.Repeat("1 ", 2_000_000)+"]"),
		"very long table":      bytes.Replace(statement(), []byte("xref\n0 5"), []byte("xref\n0 999999999"), 1),
	} {
		wantRefusedBy(t, small, name, content, evidence.ErrComplex)
	}
	wantRefused(t, "a wide picture", with("", stream("/Subtype /Image /Width 100000 /Height 100000", nil)), evidence.ErrTooWide)
	many := []string{catalog, tree}
	for range 51 {
		many = append(many, page)
	}
	wantRefused(t, "pages", paper("", many...), evidence.ErrPages)
}

func TestBrokenPDFs(t *testing.T) {
	whole := statement()
	change := func(old, replacement string) []byte {
		if !bytes.Contains(whole, []byte(old)) {
			t.Fatalf("no %q in the statement", old)
		}
		return bytes.Replace(whole, []byte(old), []byte(replacement), 1)
	}
	for name, content := range map[string][]byte{
		"only a header":                []byte("%PDF-1.7\n"),
		"another version":              change("%PDF-1.7", "%PDF-9.9"),
		"half":                         whole[:len(whole)/2],
		"no end":                       change("%%EOF\n", ""),
		"web page behind":              append(bytes.Clone(whole), "<script>CANARY</script>"...),
		"comment behind":               append(bytes.Clone(whole), "% CANARY\n"...),
		"archive behind":               append(bytes.Clone(whole), "PK\x03\x04"...),
		"markup in a comment":          change("%\xe2\xe3\xcf\xd3", "%<html><script>CANARY</script>"),
		"something between":            change("2 0 obj", "CANARY\n2 0 obj"),
		"no table":                     []byte("%PDF-1.7\n3 0 obj\n<< /Type /Page >>\nendobj\nstartxref\n0\n%%EOF\n"),
		"table elsewhere":              change("startxref\n", "startxref\n1"),
		"table without its object":     change("0 5\n", "0 4\n"),
		"an object that is another":    change("2 0 obj", "7 0 obj"),
		"a key that ends oddly":        with("", "<< /JS\xff(CANARY) >>"),
		"another one":                  with("/OpenAction\x80 5 0 R", "<< >>"),
		"a key twice":                  with("/A 1 /A 2"),
		"a wrong length":               change("/Length ", "/Length 1"),
		"no length":                    with("", "<< >>\nstream\n\nendstream"),
		"length that is not there":     with("", "<< /Length 9 0 R >>\nstream\nx\nendstream"),
		"length that is no number":     with("", "<< /Length 1 0 R >>\nstream\nx\nendstream"),
		"two lengths":                  revised(with("", "<< /Length 6 0 R >>\nstream\nx\nendstream", "1"), "6 0 obj\n0\nendobj\n", 6),
		"end inside":                   with("", "<< /Length 6 0 R >>\nstream\nx\nendstream\nendobj\ny\nendstream", "30"),
		"no pages":                     paper("", "<< /Type /Catalog >>"),
		"previous table elsewhere":     paper("/Prev 3", catalog, tree, page, stream("", nil)),
		"a string without end":         with("", "(CANARY"),
		"odd hex":                      with("", "<CANARY>"),
		"an unknown word":              with("", "CANARY"),
		"not compressed at all":        with("", stream("/Filter /FlateDecode", []byte("CANARY"))),
		"unknown compression":          with("", stream("/Filter /CANARY", nil)),
		"outdated compression":         with("", stream("/Filter /LZWDecode", nil)),
		"compression elsewhere":        with("", stream("/Filter 4 0 R", nil)),
		"a photo that is compressed":   with("", stream("/Filter [/DCTDecode /FlateDecode]", nil)),
		"letters around what is large": with("", stream("/Filter [/FlateDecode /ASCIIHexDecode]", deflate([]byte("00>")))),
		"objects as a photo":           bytes.Replace(packed(packing{}), []byte("/Filter /FlateDecode"), []byte("/Filter /DCTDecode  "), 1),
	} {
		wantRefused(t, name, content, evidence.ErrBroken)
	}
}

// TestTableThatPointsIntoAStream hides an object with a script in a stream, where no
// reader looks, and lets the table point there.
func TestTableThatPointsIntoAStream(t *testing.T) {
	inner := "5 0 obj\n<< /S /JavaScript /JS (CANARY) >>\nendobj"
	content := with("/Hidden 6 0 R", stream("", []byte(inner)))
	at := bytes.Index(content, []byte(inner))
	start := bytes.Index(content, []byte("5 0 obj\n<< "))
	content = bytes.Replace(content, fmt.Appendf(nil, "%010d 00000 n", start), fmt.Appendf(nil, "%010d 00000 n", at), 1)
	wantRefused(t, "into a stream", content, evidence.ErrBroken)
}

// FuzzPDF puts anything where objects are, in a file whose table is right: in plain
// text, in a stream of objects, and as a dictionary and bytes of a stream.
func FuzzPDF(f *testing.F) {
	for _, s := range []string{
		"<< /A [1 2 0 R (b\\)\\101) <41> /C#20 true null -1.5] >>", "[[<< >>]]", "% comment\n1", "<< /S /URI /URI (http://a) >>",
		"/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 4 >>", "/Filter [/ASCII85Decode /RunLengthDecode]",
		"/Type /XRef /W [1 2 1] /Index [0 1] /Size 1", "/Type /ObjStm /N 1 /First 4",
	} {
		f.Add(s, []byte("1 0 << >>"))
	}
	limits := evidence.DefaultLimits()
	limits.Inflated = 1 << 20
	small := evidence.NewCleaner(limits, evidence.NoScanner{})
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		for _, content := range [][]byte{
			with("", text), with(text), packed(packing{object: text}),
			with("", stream(text, data)), with("", stream(text+" /Filter /FlateDecode", deflate(data))),
		} {
			_, err := small.Clean(t.Context(), evidence.Upload{Content: bytes.NewReader(content)})
			if _, ok := fault.Of(err); err != nil && !ok {
				t.Fatalf("got %v, want a fault", err)
			}
		}
	})
}
