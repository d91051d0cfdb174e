package diagnosis

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/bursar-pay/bursar/internal/account"
)

// Language is one in which diagnoses are told: a column of the tables in texts.go,
// in the order of account.Languages.
type Language int

var matcher = func() language.Matcher {
	var tags []language.Tag
	for _, l := range account.Languages {
		tags = append(tags, language.MustParse(l))
	}
	return language.NewMatcher(tags)
}()

// wantedMax bounds what is read of a header Accept-Language.
const wantedMax = 200

// LanguageOf returns the language of the first wish that is one, whether a header
// Accept-Language or a BCP 47 tag; English if none is.
func LanguageOf(wishes ...string) Language {
	for _, w := range wishes {
		if w == "" || len(w) > wantedMax {
			continue
		}
		_, column := language.MatchStrings(matcher, w)
		return Language(column)
	}
	return 0
}

// Tag is the language's BCP 47 tag.
func (l Language) Tag() string { return account.Languages[l] }

// Cause says a cause: its name, and what it means.
func (l Language) Cause(c Cause) (title, meaning string) {
	t := causeTexts[c]
	return t.title[l], t.meaning[l]
}

// State says how what is diagnosed stands.
func (l Language) State(s State) string { return stateTexts[s][l] }

// Certainty says how certain a cause is.
func (l Language) Certainty(c Certainty) string { return certaintyTexts[c][l] }

// Source says who a fact comes from.
func (l Language) Source(s Source) string { return sourceTexts[s][l] }

// Step says what can be done.
func (l Language) Step(s Step) string { return stepTexts[s][l] }

// Evidence says a fact in a sentence.
func (l Language) Evidence(e Evidence) string {
	text := factTexts[e.Fact][l]
	for _, v := range e.Values {
		word := v.Text
		if word == "" {
			word = "—"
		}
		text = strings.ReplaceAll(text, "{"+v.Name+"}", word)
	}
	return text
}
