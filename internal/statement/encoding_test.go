package statement_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/statement"
)

func TestTextEncodings(t *testing.T) {
	bare := ":20:X\n:25:1\n:60F:C240101EUR0,\n:61:240131C1,NTRFX\n:86:Müller\n:62F:C240131EUR1,\n-\n"
	latin := strings.ReplaceAll(bare, "ü", "\xfc")
	for _, c := range []struct{ name, file, encoding string }{
		{"utf-8", bare, "utf-8"},
		{"utf-8 with a mark", "\xef\xbb\xbf" + bare, "utf-8"},
		{"windows-1252", latin, "windows-1252"},
		{"utf-16, small end first", wideText("\ufeff"+bare, binary.LittleEndian), "utf-16"},
		{"utf-16, large end first", wideText("\ufeff"+bare, binary.BigEndian), "utf-16"},
		{"utf-16 without a mark", wideText(bare, binary.LittleEndian), "utf-16"},
		{"utf-16 without a mark, large end first", wideText(bare, binary.BigEndian), "utf-16"},
	} {
		s := readOne(t, c.file)
		if got := s.Lines[0].Details[0].Remittance; got != "Müller" || s.Encoding != c.encoding || s.Proof != statement.Balanced {
			t.Errorf("%s: got %q in %s, %v; want Müller in %s, balanced", c.name, got, s.Encoding, s.Proof, c.encoding)
		}
	}
}

func wideText(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func placeOf(err error) string {
	if known, ok := fault.Of(err); ok {
		return known.Place
	}
	return ""
}

// seedFrom gives the samples of a folder to a fuzz target, but for the large ones.
func seedFrom(f *testing.F, folder string, most int) {
	f.Helper()
	names, err := filepath.Glob(filepath.Join(samples, folder, "*"))
	if err != nil || len(names) == 0 {
		f.Fatalf("got %d samples in %s, %v", len(names), folder, err)
	}
	for _, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(file) <= most {
			f.Add(file)
		}
	}
}

// fuzzText reads what nobody wrote: it is refused with a fault that repeats nothing, or
// else what was read is sound and, where it does not add up, says so.
func fuzzText(t *testing.T, file []byte, format statement.Format) {
	t.Helper()
	all, err := statement.ReadAll(bytes.NewReader(file), statement.Options{Format: format})
	if err == nil {
		checkSound(t, all)
		return
	}
	if _, expected := fault.Of(err); !expected {
		t.Errorf("got %v, want a fault", err)
	}
}
