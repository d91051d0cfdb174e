package document

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// shaped are the scripts whose letters change with their neighbours, or run from
// right to left. To set them letter by letter would be wrong, which is worse than to
// say that they could not be set.
var shaped = []*unicode.RangeTable{
	unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati,
	unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Tibetan, unicode.Myanmar, unicode.Khmer,
	unicode.Mongolian, unicode.Lao, unicode.Thai,
}

// needsShaping tells whether a character cannot be set by itself: of those scripts, or
// one that is not seen but changes how others are read.
func needsShaping(r rune) bool {
	return unicode.In(r, shaped...) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || unicode.IsControl(r)
}

// isEastAsian tells a character of Chinese, Japanese or Korean text, with their
// punctuation and wide forms.
func isEastAsian(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
}

// compose puts a letter and the marks behind it together where Unicode has one
// character for both, which fonts draw better. Nothing else is touched: full
// normalization would exchange characters of some names for others.
func compose(text string) string {
	runes := []rune(text)
	var out strings.Builder
	for i := 0; i < len(runes); {
		end := i + 1
		for end < len(runes) && unicode.Is(unicode.Mn, runes[end]) && !unicode.Is(unicode.Variation_Selector, runes[end]) {
			end++
		}
		cluster := string(runes[i:end])
		if end > i+1 {
			cluster = norm.NFC.String(cluster)
		}
		out.WriteString(cluster)
		i = end
	}
	return out.String()
}

// words parts a text into words, the spaces between them, and single characters of
// East Asia.
func words(runes []rune) [][]rune {
	var out [][]rune
	start := 0
	kind := func(r rune) int {
		switch {
		case unicode.IsSpace(r):
			return 0
		case isEastAsian(r):
			return 1
		}
		return 2
	}
	for i := 1; i <= len(runes); i++ {
		if i == len(runes) || kind(runes[i]) != kind(runes[i-1]) || kind(runes[i]) == 1 {
			out = append(out, runes[start:i])
			start = i
		}
	}
	return out
}

// Characters that do not begin a line, and those that do not end one.
const (
	notFirst = "、。，．,.:;!?：；！？）)]｝」』】〉》〕・ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ%％°”’…"
	notLast  = "（([｛「『【〈《〔“‘"
)

// lines breaks a text into lines that are no wider than room, as measure has it: at
// spaces, between characters of East Asia, and inside a word only if nothing else
// helps.
func lines(text string, room float64, measure func(string) float64) []string {
	var out []string
	for paragraph := range strings.Lines(text) {
		out = append(out, paragraphLines(strings.TrimRight(paragraph, "\r\n"), room, measure)...)
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

func paragraphLines(text string, room float64, measure func(string) float64) []string {
	if measure(text) <= room {
		return []string{strings.TrimRight(text, " ")}
	}
	var out []string
	line := ""
	for _, chunk := range chunks(text) {
		if line == "" {
			chunk = strings.TrimLeft(chunk, " ")
		}
		if measure(strings.TrimRight(line+chunk, " ")) <= room {
			line += chunk
			continue
		}
		if line != "" {
			out = append(out, strings.TrimRight(line, " "))
			chunk = strings.TrimLeft(chunk, " ")
		}
		for measure(strings.TrimRight(chunk, " ")) > room {
			fit := fitting([]rune(chunk), room, measure)
			out = append(out, string([]rune(chunk)[:fit]))
			chunk = string([]rune(chunk)[fit:])
		}
		line = chunk
	}
	return append(out, strings.TrimRight(line, " "))
}

// fitting is how many characters fit into a line; one at least.
func fitting(runes []rune, room float64, measure func(string) float64) int {
	n := 1
	for n < len(runes) && measure(string(runes[:n+1])) <= room {
		n++
	}
	return n
}

// chunks parts a text where lines may be broken: what belongs together stays so.
func chunks(text string) []string {
	var out []string
	for _, w := range words([]rune(text)) {
		word := string(w)
		n := len(out)
		switch {
		case n == 0:
			out = append(out, word)
		case strings.TrimSpace(word) == "" || strings.ContainsRune(notFirst, w[0]) || strings.HasSuffix(out[n-1], "\u00a0"):
			out[n-1] += word
		case endsOpen(out[n-1]):
			out[n-1] += word
		default:
			out = append(out, word)
		}
	}
	return out
}

func endsOpen(s string) bool {
	for _, open := range notLast {
		if strings.HasSuffix(s, string(open)) {
			return true
		}
	}
	return false
}
