package console

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/payment"
)

//go:embed texts
var textFiles embed.FS

// catalogue holds every text of the pages in every language. It is a table of
// our own: keys, and texts with {names} in them.
type catalogue struct {
	languages []*words // in the order of account.Languages; the first is the one that has everything
	matcher   language.Matcher
}

// words are the texts of one language.
type words struct {
	Tag   string // BCP 47
	texts map[string]string
	more  *words // asked for what is missing here; nil at the end
	pages func() *template.Template
}

// newCatalogue reads the texts that are part of the binary.
func newCatalogue() *catalogue {
	c := &catalogue{}
	var tags []language.Tag
	for _, tag := range account.Languages {
		w := &words{Tag: tag, texts: readTexts(tag)}
		if len(c.languages) > 0 {
			w.more = c.languages[0]
		}
		w.pages = sync.OnceValue(func() *template.Template {
			return template.Must(parsed().Clone()).Funcs(template.FuncMap{"t": w.t, "of": w.of})
		})
		c.languages = append(c.languages, w)
		tags = append(tags, language.Make(tag))
	}
	c.matcher = language.NewMatcher(tags)
	return c
}

// readTexts reads every file of a language. A key stands in one of them alone.
func readTexts(tag string) map[string]string {
	all := map[string]string{}
	list, err := textFiles.ReadDir("texts/" + tag)
	if err != nil {
		panic(fmt.Errorf("read the texts in %s: %w", tag, err))
	}
	for _, f := range list {
		text, err := textFiles.ReadFile("texts/" + tag + "/" + f.Name())
		some := map[string]string{}
		if err == nil {
			err = json.Unmarshal(text, &some)
		}
		if err != nil {
			panic(fmt.Errorf("read the texts in %s/%s: %w", tag, f.Name(), err))
		}
		for key, text := range some {
			if _, twice := all[key]; twice {
				panic(fmt.Errorf("the texts in %s have %s twice", tag, key))
			}
			all[key] = text
		}
	}
	return all
}

const languageCookie = "bursar_language"

// choose returns the language of an answer: the one asked for in the address,
// else the one asked for earlier, else the account's, else the browser's.
func (c *catalogue) choose(r *http.Request, ofAccount string) *words {
	chosen := ""
	if k, err := r.Cookie(languageCookie); err == nil {
		chosen = k.Value
	}
	for _, tag := range []string{r.URL.Query().Get("lang"), chosen, ofAccount} {
		for _, w := range c.languages {
			if tag != "" && strings.EqualFold(w.Tag, tag) {
				return w
			}
		}
	}
	asked, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return c.languages[0]
	}
	_, i, _ := c.matcher.Match(asked...)
	return c.languages[i]
}

// keepLanguage remembers a language that was asked for in the address.
func (c *console) keepLanguage(v *visit) {
	if asked := v.r.URL.Query().Get("lang"); strings.EqualFold(asked, v.Tag) {
		http.SetCookie(v.w, c.cookie(languageCookie, v.Tag))
	}
}

// t returns a text, with the {names} in it replaced by the values that follow
// each name. A text that is missing is taken from the first language, and where
// that has none, it is its key: a hole that is seen, not a page that is lost.
func (w *words) t(key string, named ...any) string {
	text, ok := w.texts[key]
	if !ok {
		if w.more == nil {
			return key
		}
		return w.more.t(key, named...)
	}
	for i := 0; i+1 < len(named); i += 2 {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%v}", named[i]), fmt.Sprint(named[i+1]))
	}
	return text
}

// of returns a text as it is for a kind of payment method: what would be wrong of
// PayPal is there twice.
func (w *words) of(kind payment.Kind, key string, named ...any) string {
	return w.t(w.keyOf(kind, key), named...)
}

func (w *words) keyOf(kind payment.Kind, key string) string {
	if own := string(kind) + "." + key; w.knows(own) {
		return own
	}
	return key
}

// knows tells whether there is such a text.
func (w *words) knows(key string) bool {
	_, ok := w.texts[key]
	return ok || w.more != nil && w.more.knows(key)
}

// reason is why something is not so, and what the reader can do now.
type reason struct {
	Code, What, Next string
}

// reasonOf returns the catalogue's words for a reason code about a kind of payment
// method, "" about none, or the given words for a code that it does not know.
func (w *words) reasonOf(kind payment.Kind, code, what, next string) reason {
	if !w.knows("reason." + code) {
		return reason{Code: code, What: sentence(what), Next: sentence(next)}
	}
	return reason{Code: code, What: w.of(kind, "reason."+code), Next: w.of(kind, "reason."+code+".next")}
}

// reasonsOf returns every reason in an error, each once.
func (w *words) reasonsOf(kind payment.Kind, err error) []reason {
	var list []reason
	seen := map[string]bool{}
	for _, f := range fault.All(err) {
		if !seen[f.Code] {
			seen[f.Code] = true
			list = append(list, w.reasonOf(kind, f.Code, f.Message, f.Next))
		}
	}
	return list
}

// sentence gives words a capital and a full stop, as their script writes it.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	first, width := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(first)) + s[width:]
	last, _ := utf8.DecodeLastRuneInString(s)
	switch {
	case last == '.' || last == '。':
		return s
	case unicode.In(last, unicode.Han, unicode.Hiragana, unicode.Katakana):
		return s + "。"
	}
	return s + "."
}
