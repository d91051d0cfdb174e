package packed_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bursar-pay/bursar/internal/packed"
)

// unpacked is what a browser makes of an answer's body.
func unpacked(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Header().Get("Content-Encoding") == "" {
		return w.Body.String()
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestWhoIsSentWhat: what is packed is so for those alone who take it, and everybody
// reads the same.
func TestWhoIsSentWhat(t *testing.T) {
	const text = "a page, a page, a page"
	pages := packed.NewSender(rand.NewChaCha8([32]byte{1}))
	files := packed.Files(fstest.MapFS{"assets/page.css": {Data: []byte(text)}}, "assets")
	for _, c := range []struct {
		accepts []string
		packed  bool
	}{
		{nil, false}, {[]string{""}, false}, {[]string{"gzip"}, true}, {[]string{"GZIP"}, true}, {[]string{"br, gzip;q=0.5"}, true}, {[]string{"br", "gzip"}, true},
		{[]string{"gzip;q=0"}, false}, {[]string{"gzip; q=0.0"}, false}, {[]string{"gzip;q=much"}, false}, {[]string{"identity"}, false}, {[]string{"*"}, true},
		{[]string{"br"}, false}, {[]string{"xgzip"}, false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Accept-Encoding"] = c.accepts
		page, file := httptest.NewRecorder(), httptest.NewRecorder()
		pages.Send(page, r, 418, []byte(text))
		packed.SendFile(file, r, []byte(text), files["page.css"])
		for name, w := range map[string]*httptest.ResponseRecorder{"page": page, "file": file} {
			is := w.Header().Get("Content-Encoding") == "gzip"
			if got := unpacked(t, w); is != c.packed || got != text || w.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s, Accept-Encoding %q: packed %t, Vary %q, %q; want packed %t and %q", name, c.accepts, is, w.Header().Get("Vary"), got, c.packed, text)
			}
		}
		if page.Code != 418 {
			t.Errorf("got %d, want the page's status", page.Code)
		}
	}
}

// TestChanceIsInEachLength: whoever weighs an answer does not learn what is in it.
func TestChanceIsInEachLength(t *testing.T) {
	pages := packed.NewSender(rand.NewChaCha8([32]byte{1}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	page := []byte(strings.Repeat("the same page ", 1_000))
	lengths := map[int]bool{}
	for range 50 {
		w := httptest.NewRecorder()
		pages.Send(w, r, 200, page)
		lengths[w.Body.Len()] = true
		if got := unpacked(t, w); got != string(page) {
			t.Fatalf("got %.40q…, want the page", got)
		}
	}
	if len(lengths) < 20 {
		t.Errorf("fifty answers have %d lengths, want chance in them", len(lengths))
	}
}

// TestNothingIsSentWithoutChance: an answer whose length tells is worse than none.
func TestNothingIsSentWithoutChance(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a page was sent, want none without chance")
		}
	}()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	packed.NewSender(bytes.NewReader(nil)).Send(httptest.NewRecorder(), r, 200, []byte("a page"))
}
