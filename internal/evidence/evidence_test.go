package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/bursar-pay/bursar/internal/evidence"
	"github.com/bursar-pay/bursar/internal/fault"
)

var cleaner = evidence.NewCleaner(evidence.DefaultLimits(), evidence.NoScanner{})

func clean(t *testing.T, content []byte) (evidence.File, error) {
	t.Helper()
	return cleaner.Clean(t.Context(), evidence.Upload{Name: "CANARY.pdf", Content: bytes.NewReader(content)})
}

func mustClean(t *testing.T, content []byte) evidence.File {
	t.Helper()
	f, err := clean(t, content)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// wantRefused says that a file is refused by this fault, with a next step and
// without a word of its own.
func wantRefused(t *testing.T, name string, content []byte, want error) {
	t.Helper()
	wantRefusedBy(t, cleaner, name, content, want)
}

func wantRefusedBy(t *testing.T, c *evidence.Cleaner, name string, content []byte, want error) {
	t.Helper()
	got, err := c.Clean(t.Context(), evidence.Upload{Name: "CANARY.pdf", Content: bytes.NewReader(content)})
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", name, err, want)
	}
	if len(got.Bytes) != 0 {
		t.Errorf("%s: got %d bytes of a file that was refused", name, len(got.Bytes))
	}
	if f, ok := fault.Of(err); ok && (f.Next == "" || strings.Contains(f.Error()+f.Next, "CANARY")) {
		t.Errorf("%s: got %q, next %q; want a next step and nothing of the file", name, f.Error(), f.Next)
	}
}

func TestKindsThatAreNotTaken(t *testing.T) {
	zip := "PK\x03\x04CANARY"
	for name, content := range map[string]string{
		"GIF":               "GIF89a\x01\x00\x01\x00\x00\x00\x00;",
		"SVG":               `<svg xmlns="http://www.w3.org/2000/svg"><script>alert("CANARY")</script></svg>`,
		"web page":          "<!doctype html><script>CANARY</script>",
		"archive":           zip,
		"HEIC":              "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
		"WebP":              "RIFF\x24\x00\x00\x00WEBPVP8 ",
		"TIFF":              "II*\x00\x08\x00\x00\x00",
		"program":           "\x7fELF\x02\x01\x01",
		"text":              "CANARY",
		"PDF after a blank": " %PDF-1.4\n",
		"page before a PDF": "<html><!--%PDF-1.4\n-->",
		"one byte":          "\xff",
	} {
		wantRefused(t, name, []byte(content), evidence.ErrKind)
	}
	wantRefused(t, "nothing", nil, evidence.ErrEmpty)
}

func TestNameHelpsWhenContentDoesNot(t *testing.T) {
	_, err := cleaner.Clean(t.Context(), evidence.Upload{Name: "CANARY.HEIC", Content: strings.NewReader("CANARY")})
	f, ok := fault.Of(err)
	if !ok || !errors.Is(err, evidence.ErrKind) || !strings.Contains(f.Message, "iPhone") || strings.Contains(f.Message, "CANARY") {
		t.Errorf("got %v, want to hear about iPhones", err)
	}
}

func TestTooManyBytes(t *testing.T) {
	limits := evidence.DefaultLimits()
	limits.Bytes = 1 << 20
	small := evidence.NewCleaner(limits, evidence.NoScanner{})
	content := append([]byte("%PDF-1.4\n"), make([]byte, 1<<20)...)
	endless := io.MultiReader(bytes.NewReader(content), neverEnds{})
	if _, err := small.Clean(t.Context(), evidence.Upload{Content: endless}); !errors.Is(err, evidence.ErrTooLarge) {
		t.Errorf("got %v, want %v", err, evidence.ErrTooLarge)
	}
}

// neverEnds is a sender that goes on sending.
type neverEnds struct{}

func (neverEnds) Read(p []byte) (int, error) { return len(p), nil }

func TestUploadThatBreaksOff(t *testing.T) {
	lost := errors.New("connection lost")
	_, err := cleaner.Clean(t.Context(), evidence.Upload{Content: io.MultiReader(strings.NewReader("%PDF-1.4\n"), iotest.ErrReader(lost))})
	if !errors.Is(err, lost) {
		t.Errorf("got %v, want %v", err, lost)
	}
}

// verdict is a scanner that says the same about every file.
type verdict struct {
	err  error
	seen []byte
}

func (v *verdict) Scan(_ context.Context, content []byte) error {
	v.seen = bytes.Clone(content)
	return v.err
}

func TestScanner(t *testing.T) {
	down := errors.New("no route to the scanner")
	for _, c := range []struct {
		name string
		says error
		want error
	}{
		{"finds nothing", nil, nil},
		{"finds malware", evidence.ErrInfected, evidence.ErrInfected},
		{"cannot be reached", down, evidence.ErrUnscanned},
	} {
		v := &verdict{err: c.says}
		content := statement()
		got, err := evidence.NewCleaner(evidence.DefaultLimits(), v).Clean(t.Context(), evidence.Upload{Content: bytes.NewReader(content)})
		if !errors.Is(err, c.want) || (c.want == nil) != (len(got.Bytes) > 0) {
			t.Errorf("%s: got %v and %d bytes, want %v", c.name, err, len(got.Bytes), c.want)
		}
		if c.says == down && !errors.Is(err, down) {
			t.Errorf("%s: got %v, want the cause in it for the log", c.name, err)
		}
		if !bytes.Equal(v.seen, content) {
			t.Errorf("%s: the scanner saw other bytes than were sent", c.name)
		}
	}
}

func TestFileHidesItsContent(t *testing.T) {
	f := evidence.File{Media: evidence.PDF, Bytes: []byte("CANARY")}
	for _, text := range []string{f.String(), fmt.Sprintf("%v %+v %#v", f, f, f), f.LogValue().String()} {
		if strings.Contains(text, "CANARY") || strings.Contains(text, "67, 65") || strings.Contains(text, "0x43") {
			t.Errorf("%q shows the content", text)
		}
	}
}

func TestGivesUpWhenNobodyWaits(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, content := range map[string][]byte{"picture": photo(t, 100, 100), "PDF": statement()} {
		if _, err := cleaner.Clean(gone, evidence.Upload{Content: bytes.NewReader(content)}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	picture, paper := photo(t, 200, 100), statement()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, content := range [][]byte{picture, paper} {
				if _, err := clean(t, content); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"GIF89a", "<svg", "\xff\xd8\xff\xe0", "\x89PNG\r\n\x1a\n", "%PDF-1.7\n"} {
		f.Add([]byte(s))
	}
	f.Add(photo(f, 16, 8))
	f.Add(withExif(photo(f, 16, 8), 6))
	f.Add(scan(f, 8, 8))
	f.Add(statement())
	f.Add(packed(packing{}))
	limits := evidence.DefaultLimits()
	limits.Pixels, limits.Inflated = 1<<16, 1<<20
	small := evidence.NewCleaner(limits, evidence.NoScanner{})
	f.Fuzz(func(t *testing.T, content []byte) {
		got, err := small.Clean(t.Context(), evidence.Upload{Content: bytes.NewReader(content)})
		if err != nil {
			if _, ok := fault.Of(err); !ok {
				t.Fatalf("got %v, want a fault", err)
			}
			return
		}
		// What is clean stays so, and nothing but the PDF is left as it was.
		again, err := small.Clean(t.Context(), evidence.Upload{Content: bytes.NewReader(got.Bytes)})
		if err != nil || again.Width != got.Width || again.Height != got.Height || again.Pages != got.Pages {
			t.Fatalf("cleaned twice: got %v, %v, want %v", again, err, got)
		}
		if got.Media != evidence.PDF && bytes.Contains(got.Bytes, []byte("Exif\x00\x00II")) {
			t.Fatal("Exif is left")
		}
	})
}
