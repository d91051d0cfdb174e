// Package document writes what customers take away on paper: the proof of the account
// number that is theirs, requests for payment, bills, receipts and credit notes. It
// is handed facts as values and answers with a PDF, in the customer's language.
//
// Pages are made by the package itself (pdf.go), with the fonts that the machine has:
// every character is set with the first font that has it, and embedded so that it is
// the same everywhere and can be copied out again. What no font has is never left out
// nor shown as a box: its code point stands there in brackets, such as [U+1F600], and
// the foot of the page says what that means. A bill must be had even by a customer
// whose name cannot be set, and nobody should take what is missing for nothing.
//
// The same facts and fonts give the same bytes, so that a document can be known by
// its hash: there is no clock in it, and no chance.
package document

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/bursar-pay/bursar/internal/fault"
)

// ErrFont says that a configured font cannot be used.
var ErrFont = fault.New(fault.Invalid, "font_unusable", "a font in the configured directory cannot be read").
	WithNext("keep TrueType fonts there alone: files that end in .ttf or .ttc, with outlines of their own")

// Press sets documents. It reads fonts when it sets the first one, and is safe for
// concurrent use.
type Press struct {
	directories []string // the operator's own fonts, which go first
	system      []string // where fonts are on this machine

	once sync.Once
	rack *rack
	err  error
}

// SystemDirectories are where fonts usually are.
var SystemDirectories = []string{"/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts", `C:\Windows\Fonts`}

// New makes a press. The operator's own directories of fonts go before the machine's,
// and every font in them is used.
func New(own, system []string) *Press { return &Press{directories: own, system: system} }

// rack holds the fonts in the order in which they are asked for a character.
type rack struct {
	plain, bold []*shelf
	byLanguage  map[string][]*shelf // asked before plain for characters of East Asia
}

// shelf has one font, which is read when it is first asked for: most documents need
// two, and some fonts are large.
type shelf struct {
	path string
	once sync.Once
	font *font // nil: it cannot be used
}

// get returns the font; nil if it cannot be used.
func (s *shelf) get() *font {
	s.once.Do(func() {
		if s.font == nil {
			s.font, _ = openFont(s.path) // a font of the machine that is broken is as one that is not there
		}
	})
	return s.font
}

// wide are the machine's fonts that are looked for, by file name, with whole alphabets
// in them: DejaVu for what the Go fonts lack, then those of East Asia. Debian has them
// as fonts-dejavu-core, fonts-droid-fallback, fonts-nanum, fonts-wqy-zenhei,
// fonts-ipafont-gothic, fonts-takao-gothic and, with the rarest characters of names,
// fonts-hanazono.
var wide = []string{
	"DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf", "NanumGothic.ttf", "wqy-zenhei.ttc",
	"ipag.ttf", "TakaoGothic.ttf", "HanaMinA.ttf", "HanaMinB.ttf", "Arial Unicode.ttf",
}

// wideBold are their bold faces. Where a bold face lacks a character it is set with
// the plain one, drawn thicker. None of East Asia is among them: it would have some
// characters of a name and lack others.
var wideBold = []string{"DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf", "NotoSans-Bold.ttf"}

// ofLanguage are fonts whose shapes of the characters of East Asia are a language's own.
var ofLanguage = map[string][]string{"ja": {"ipag.ttf", "TakaoGothic.ttf"}}

// fonts finds the fonts, once.
func (p *Press) fonts() (*rack, error) {
	p.once.Do(func() { p.rack, p.err = p.find() })
	return p.rack, p.err
}

func (p *Press) find() (*rack, error) {
	r := &rack{byLanguage: map[string][]*shelf{}}
	for _, dir := range p.directories {
		if about, err := os.Stat(dir); err != nil || !about.IsDir() {
			return nil, ErrFont.Detail("the configured directory of fonts is not there")
		}
	}
	for _, path := range found(p.directories, nil) {
		f, err := openFont(path)
		if err != nil {
			return nil, ErrFont.Detail("the font %s cannot be read", filepath.Base(path))
		}
		if strings.Contains(strings.ToLower(f.name), "bold") {
			r.bold = append(r.bold, &shelf{font: f})
		} else {
			r.plain = append(r.plain, &shelf{font: f})
		}
	}
	regular, err := readFont("GoRegular", goregular.TTF)
	if err != nil {
		return nil, err
	}
	bold, err := readFont("GoBold", gobold.TTF)
	if err != nil {
		return nil, err
	}
	r.plain, r.bold = append(r.plain, &shelf{font: regular}), append(r.bold, &shelf{font: bold})
	byName := map[string]*shelf{}
	for _, path := range found(p.system, append(slices.Clone(wide), wideBold...)) {
		if name := filepath.Base(path); byName[name] == nil {
			byName[name] = &shelf{path: path}
		}
	}
	r.plain, r.bold = append(r.plain, named(byName, wide)...), append(r.bold, named(byName, wideBold)...)
	for language, names := range ofLanguage {
		r.byLanguage[language] = named(byName, names)
	}
	return r, nil
}

// named are those that were found of some fonts.
func named(byName map[string]*shelf, names []string) []*shelf {
	var all []*shelf
	for _, name := range names {
		if s := byName[name]; s != nil {
			all = append(all, s)
		}
	}
	return all
}

const (
	fontFilesMax = 4_000    // that are looked at in all directories
	fontBytesMax = 64 << 20 // of one
)

var fontEndings = []string{".ttf", ".ttc"}

// found lists the fonts under some directories, in the order of their paths: those of
// the names, or all if there are none.
func found(directories, names []string) []string {
	var all []string
	seen := 0
	for _, dir := range directories {
		// A directory that is not there has no fonts.
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil
			}
			if seen++; seen > fontFilesMax {
				return fs.SkipAll
			}
			if slices.Contains(fontEndings, strings.ToLower(filepath.Ext(path))) && (names == nil || slices.Contains(names, d.Name())) {
				all = append(all, path)
			}
			return nil
		})
	}
	return all
}

func openFont(path string) (*font, error) {
	about, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if about.Size() > fontBytesMax {
		return nil, errFont
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return readFont(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), data)
}

// piece is a stretch of text that is set with one font.
type piece struct {
	font   *font
	glyphs []uint16
	runes  []rune // as many as glyphs
	width  int    // in thousandths of the size
	heavy  bool   // bold is wanted and the font is not: it is drawn thicker
}

// pieces parts a text by the fonts that have its characters. A word is set with one
// font if there is one that has all of it. What no font has becomes its code point in
// brackets, and missing is told of it.
func (r *rack) pieces(text, language string, bold bool, missing func(rune)) []piece {
	var out []piece
	for _, word := range words([]rune(compose(text))) {
		out = append(out, r.word(word, language, bold, missing)...)
	}
	return merged(out)
}

// word sets one word.
func (r *rack) word(word []rune, language string, bold bool, missing func(rune)) []piece {
	if f, heavy := r.fontFor(word, language, bold); f != nil {
		return []piece{f.piece(word, heavy)}
	}
	var out []piece
	for _, one := range word {
		f, heavy := r.fontFor([]rune{one}, language, bold)
		if f == nil {
			missing(one)
			mark := []rune(fmt.Sprintf("[U+%04X]", one))
			f, heavy = r.fontFor(mark, language, bold)
			out = append(out, f.piece(mark, heavy))
			continue
		}
		out = append(out, f.piece([]rune{one}, heavy))
	}
	return out
}

// fontFor finds the first font that has all of some characters; nil if none has.
func (r *rack) fontFor(runes []rune, language string, bold bool) (f *font, heavy bool) {
	if slices.ContainsFunc(runes, needsShaping) {
		return nil, false
	}
	var order []*shelf
	if bold {
		order = append(order, r.bold...)
	}
	if own := r.byLanguage[language]; own != nil && slices.ContainsFunc(runes, isEastAsian) {
		order = append(order, own...)
	}
	order = append(order, r.plain...)
	for i, s := range order {
		f := s.get()
		if f != nil && !slices.ContainsFunc(runes, func(c rune) bool { return f.glyph(c) == 0 }) {
			return f, bold && i >= len(r.bold)
		}
	}
	return nil, false
}

func (f *font) piece(runes []rune, heavy bool) piece {
	p := piece{font: f, runes: slices.Clone(runes), heavy: heavy}
	for _, c := range runes {
		g := f.glyph(c)
		p.glyphs = append(p.glyphs, g)
		p.width += f.width(g)
	}
	return p
}

// merged puts pieces of the same font together that stand beside each other.
func merged(all []piece) []piece {
	var out []piece
	for _, p := range all {
		if n := len(out); n > 0 && out[n-1].font == p.font && out[n-1].heavy == p.heavy {
			last := &out[n-1]
			last.glyphs, last.runes, last.width = append(last.glyphs, p.glyphs...), append(last.runes, p.runes...), last.width+p.width
			continue
		}
		out = append(out, p)
	}
	return out
}
