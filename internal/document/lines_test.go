package document_test

import (
	"slices"
	"testing"

	"github.com/bursar-pay/bursar/internal/document"
)

func TestLines(t *testing.T) {
	for _, c := range []struct {
		name, text string
		room       int
		want       []string
	}{
		{"fits", "one two", 10, []string{"one two"}},
		{"at spaces", "one two three", 8, []string{"one two", "three"}},
		{"a word too long", "abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"a long word behind a short one", "ab cdefghij", 4, []string{"ab", "cdef", "ghij"}},
		{"between characters of East Asia", "專屬匯款帳號", 4, []string{"專屬匯款", "帳號"}},
		{"a full stop does not begin a line", "專屬匯款。帳號", 4, []string{"專屬匯", "款。帳號"}},
		{"a bracket does not end one", "專屬匯（款）", 4, []string{"專屬匯", "（款）"}},
		{"a hard space holds together", "total 10\u00a0EUR", 8, []string{"total", "10\u00a0EUR"}},
		{"line ends", "a\nb", 9, []string{"a", "b"}},
		{"nothing", "", 9, []string{""}},
	} {
		if got := document.Lines(c.text, c.room); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPercent(t *testing.T) {
	for rate, want := range map[string]string{"0.1": "10%", "0.19": "19%", "0.055": "5.5%", "0": "0%", "1": "100%", "0.0825": "8.25%", "0.007": "0.7%"} {
		if got := document.Percent(rate); got != want {
			t.Errorf("%s: got %s, want %s", rate, got, want)
		}
	}
}
