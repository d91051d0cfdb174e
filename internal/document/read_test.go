package document_test

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

var (
	objectForm  = regexp.MustCompile(`(?s)(\d+) 0 obj\n(.*?)\nendobj`)
	refForm     = regexp.MustCompile(`(\d+) 0 R`)
	mappedForm  = regexp.MustCompile(`<([0-9A-F]{4})> <([0-9A-F]+)>`)
	shownForm   = regexp.MustCompile(`/F(\d+) \S+ Tf (\S+) (\S+) Td [^<]*<([0-9A-F]*)> Tj`)
	fontsForm   = regexp.MustCompile(`/F(\d+) (\d+) 0 R`)
	unicodeForm = regexp.MustCompile(`/ToUnicode (\d+) 0 R`)
	xrefForm    = regexp.MustCompile(`(?s)startxref\n(\d+)\n%%EOF\n$`)
)

// readPDF reads the text of every page of one of our files, as a reader that copies it
// out would, and proves the table of objects on the way.
func readPDF(t testing.TB, file []byte) []string {
	t.Helper()
	objects := map[string]string{}
	for _, m := range objectForm.FindAllSubmatchIndex(file, -1) {
		objects[string(file[m[2]:m[3]])] = string(file[m[4]:m[5]])
	}
	provePlaces(t, file, len(objects))
	maps := map[string]map[string]string{} // by the font's name
	for _, body := range objects {
		for _, f := range fontsForm.FindAllStringSubmatch(body, -1) {
			if u := unicodeForm.FindStringSubmatch(objects[f[2]]); u != nil {
				maps[f[1]] = map[string]string{}
				for _, pair := range mappedForm.FindAllStringSubmatch(inflated(t, objects[u[1]]), -1) {
					maps[f[1]][pair[1]] = utf16Text(t, pair[2])
				}
			}
		}
	}
	var pages []string
	for n := 1; n <= len(objects); n++ {
		body := objects[strconv.Itoa(n)]
		if !strings.Contains(body, "/Type /Page ") {
			continue
		}
		_, after, _ := strings.Cut(body, "/Contents ")
		content := inflated(t, objects[refForm.FindStringSubmatch(after)[1]])
		pages = append(pages, textOf(t, content, maps))
	}
	return pages
}

// textOf puts the texts of a page together: those on one line beside each other.
func textOf(t testing.TB, content string, maps map[string]map[string]string) string {
	t.Helper()
	var out strings.Builder
	last := ""
	for _, shown := range shownForm.FindAllStringSubmatch(content, -1) {
		if last != "" && last != shown[3] {
			out.WriteByte('\n')
		}
		last = shown[3]
		for i := 0; i < len(shown[4]); i += 4 {
			text, known := maps[shown[1]][shown[4][i:i+4]]
			if !known {
				t.Errorf("the character %s of font %s means nothing", shown[4][i:i+4], shown[1])
			}
			out.WriteString(text)
		}
	}
	return out.String()
}

// provePlaces proves that every object begins where the table says.
func provePlaces(t testing.TB, file []byte, objects int) {
	t.Helper()
	m := xrefForm.FindSubmatch(file)
	if m == nil {
		t.Fatal("the file does not say where its table is")
	}
	at, _ := strconv.Atoi(string(m[1]))
	table := strings.Split(string(file[at:]), "\n")
	if table[0] != "xref" || table[1] != "0 "+strconv.Itoa(objects+1) {
		t.Fatalf("the table begins with %q; there are %d objects", table[:2], objects)
	}
	for n := 1; n <= objects; n++ {
		place, _ := strconv.Atoi(table[2+n][:10])
		if want := strconv.Itoa(n) + " 0 obj"; !bytes.HasPrefix(file[place:], []byte(want)) {
			t.Errorf("object %d is not where the table says", n)
		}
	}
}

func inflated(t testing.TB, body string) string {
	t.Helper()
	_, data, _ := strings.Cut(body, "stream\n")
	r, err := zlib.NewReader(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func utf16Text(t testing.TB, digits string) string {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	var units []uint16
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
	}
	return string(utf16.Decode(units))
}
