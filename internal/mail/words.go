package mail

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/bursar-pay/bursar/internal/account"
)

//go:embed texts
var textFiles embed.FS

// language is everything that is said in one language.
type language struct {
	Tag     string            // BCP 47
	Words   map[string]string // what belongs to no kind
	Reasons map[string]string // by reason code
	Kinds   map[string]wording
}

// wording is how a kind is told. A paragraph that asks for a fact that is not known
// is left out.
type wording struct {
	Label string   // what the kind is called in a list of choices
	Title string   // one line
	Body  []string // paragraphs
	Go    string   // on the button to the kind's page
}

// languages reads the texts that are part of the binary, once.
var languages = sync.OnceValue(func() map[string]*language {
	all := map[string]*language{}
	for _, tag := range account.Languages {
		l := &language{Tag: tag}
		text, err := textFiles.ReadFile("texts/" + tag + ".json")
		if err == nil {
			err = json.Unmarshal(text, l)
		}
		if err != nil {
			panic(fmt.Errorf("read the texts in %s: %w", tag, err))
		}
		all[tag] = l
	}
	return all
})

// speak returns a language, or the first one for a tag that is not spoken.
func speak(tag string) *language {
	if l, ok := languages()[tag]; ok {
		return l
	}
	return languages()[account.Languages[0]]
}

// Facts are what a message says beside its words, as they are kept: amounts as
// "12.34 USD", dates as "2026-03-10", months as "2026-03", instants in RFC 3339,
// reasons as their codes. "kind" and "variant" choose among wordings.
type Facts map[string]string

// Reader is for whom a message is put into words.
type Reader struct {
	Language string         // one of account.Languages; another one means the first
	Zone     *time.Location // in which instants are told; nil means UTC
}

// Written is a message in words, plain text all of it.
type Written struct {
	Title      string   // one line
	Paragraphs []string // one line each
	Go         string   // what the way on is called; "" there is none
}

// Write puts a message into words. A kind without words is told by its name: a
// hole that is seen, not a message that is lost.
func Write(kind string, facts Facts, r Reader) Written {
	l := speak(r.Language)
	w, ok := l.wordingOf(kind, facts)
	if !ok {
		return Written{Title: kind}
	}
	told := l.tell(facts, r.Zone)
	title, _ := fill(w.Title, told)
	out := Written{Title: title, Go: w.Go}
	for _, p := range w.Body {
		if text, whole := fill(p, told); whole {
			out.Paragraphs = append(out.Paragraphs, text)
		}
	}
	return out
}

// Label is what a kind is called where customers choose.
func Label(kind, tag string) string {
	if w, ok := speak(tag).Kinds[kind]; ok {
		return w.Label
	}
	return kind
}

func (l *language) wordingOf(kind string, facts Facts) (wording, bool) {
	for _, variant := range []string{facts["variant"], facts["kind"]} {
		if w, ok := l.Kinds[kind+"/"+variant]; ok {
			return w, true
		}
	}
	w, ok := l.Kinds[kind]
	return w, ok
}

var placePattern = regexp.MustCompile(`\{[a-z_]+\}`)

// fill puts facts where a text names them, and tells whether all were known.
func fill(text string, told map[string]string) (string, bool) {
	whole := true
	filled := placePattern.ReplaceAllStringFunc(text, func(place string) string {
		fact := told[place[1:len(place)-1]]
		whole = whole && fact != ""
		return fact
	})
	return filled, whole
}

// plain makes one line of what comes from outside, so that a name can neither
// break a mail's headers nor pretend to be more than a name.
func plain(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return s
}
