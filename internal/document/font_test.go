package document_test

import (
	"os"
	"slices"
	"testing"

	"golang.org/x/image/font/gofont/goregular"

	"github.com/bursar-pay/bursar/internal/document"
)

// machineFonts are those that .ci/debian-packages installs.
var machineFonts = []string{"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"}

// TestPartsOfGlyphsGoWithThem: a letter that is made of others, which are made of
// others again, is embedded whole.
func TestPartsOfGlyphsGoWithThem(t *testing.T) {
	data, err := os.ReadFile(machineFonts[0])
	if err != nil {
		t.Fatal(err)
	}
	unclosed, compound, err := document.Unclosed(data)
	if err != nil || unclosed != 0 || compound < 100 {
		t.Errorf("%d parts are missing of %d compound glyphs, %v", unclosed, compound, err)
	}
}

func TestAPartOfAFontDrawsTheSame(t *testing.T) {
	for name, text := range map[string]string{machineFonts[0]: "Ångström Nguyễn Ǖ ậ ﬁ 0123456789", machineFonts[1]: "雲端運算データ대한龘"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if differ, err := document.Redrawn(data, text); err != nil || differ != 0 {
			t.Errorf("%s: %d glyphs differ, %v", name, differ, err)
		}
	}
}

// TestABrokenFontIsRefused cuts a font at many places, and puts wrong bytes into it:
// whatever is done to it, reading it ends.
func TestABrokenFontIsRefused(t *testing.T) {
	for n := 0; n < len(goregular.TTF); n += 997 {
		if err := document.ReadFont(goregular.TTF[:n]); err == nil && n < 100_000 { // the last tables can be done without
			t.Errorf("a font of %d bytes, cut off, is taken", n)
		}
	}
	for n := 0; n < 400; n++ {
		broken := slices.Clone(goregular.TTF)
		for i := range 8 {
			broken[(n*131+i*17)%2_000] ^= byte(n + i*37)
		}
		_ = document.ReadFont(broken) // taken or not, it must come back
	}
	if err := document.ReadFont(goregular.TTF); err != nil {
		t.Errorf("the whole font is refused: %v", err)
	}
}
