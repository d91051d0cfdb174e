package statement

import (
	"strconv"
	"strings"
	"unicode"
)

// dateForm is a way to write dates: YYYY or YY, MM or M, DD or D, Mon for the month's
// English name in three letters, and anything else as it stands. A * at the end stands
// for the rest, such as the time of day.
type dateForm []string

var dateWords = []string{"YYYY", "YY", "Mon", "MM", "M", "DD", "D"}

func newDateForm(s string) (dateForm, error) {
	var form dateForm
	var year, month, day bool
	for rest := s; rest != ""; {
		word := rest[:1]
		for _, w := range dateWords {
			if strings.HasPrefix(rest, w) {
				word = w
				break
			}
		}
		if word == "*" && len(rest) > 1 {
			return nil, wrongField("dates", "a * can only stand at the end of a date")
		}
		year, month, day = year || word[0] == 'Y', month || word[0] == 'M', day || word[0] == 'D'
		form, rest = append(form, word), rest[len(word):]
	}
	if !year || !month || !day {
		return nil, wrongField("dates", "a date has a year, YYYY or YY, a month, MM, M or Mon, and a day, DD or D")
	}
	return form, nil
}

// parse reads a date of this form.
func (f dateForm) parse(s string) (Date, bool) {
	var year, month, day int
	ok := true
	for _, word := range f {
		switch word {
		case "YYYY":
			year, s, ok = leadingNumber(s, 4, 4)
		case "YY":
			year, s, ok = leadingNumber(s, 2, 2)
			if year += 1900; year < shortYearMin {
				year += 100
			}
		case "MM":
			month, s, ok = leadingNumber(s, 2, 2)
		case "M":
			month, s, ok = leadingNumber(s, 1, 2)
		case "Mon":
			month, s, ok = leadingMonth(s)
		case "DD":
			day, s, ok = leadingNumber(s, 2, 2)
		case "D":
			day, s, ok = leadingNumber(s, 1, 2)
		case "*":
			s = ""
		default:
			s, ok = strings.CutPrefix(s, word)
		}
		if !ok {
			return "", false
		}
	}
	if s != "" {
		return "", false
	}
	return NewDate(year, month, day)
}

// leadingNumber takes digits off the start of s, at least so many and at most so many.
func leadingNumber(s string, least, most int) (n int, rest string, ok bool) {
	digits := 0
	for digits < len(s) && digits < most && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	if digits < least {
		return 0, s, false
	}
	n, err := strconv.Atoi(s[:digits])
	return n, s[digits:], err == nil
}

const monthNames = "janfebmaraprmayjunjulaugsepoctnovdec"

func leadingMonth(s string) (month int, rest string, ok bool) {
	if len(s) < 3 {
		return 0, s, false
	}
	at := strings.Index(monthNames, strings.ToLower(s[:3]))
	if at < 0 || at%3 != 0 {
		return 0, s, false
	}
	return at/3 + 1, s[3:], true
}

// date reads a date in any of the layout's forms.
func (l *Layout) date(s string) (Date, bool) {
	for _, f := range l.dates {
		if d, ok := f.parse(s); ok {
			return d, true
		}
	}
	return "", false
}

// amount reads a number as the layout writes it. Between groups of digits there must be
// three of them, so that 12,50 is never twelve hundred and fifty.
func (l *Layout) amount(s string) (Decimal, bool) {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '−' || r == '–':
			return '-'
		case r == '’' && strings.ContainsRune(l.Thousands, '\''):
			return '\''
		case strings.ContainsRune(l.Symbols, r) || unicode.IsSpace(r) && !strings.ContainsRune(l.Thousands, ' '):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, strings.TrimSpace(s))
	s = strings.TrimSpace(s)
	negative := strings.HasPrefix(s, "-") || strings.HasSuffix(s, "-")
	for _, sign := range []string{"+", "-"} { // one of them, before or behind
		if unsigned, ok := strings.CutPrefix(s, sign); ok {
			s = unsigned
			break
		}
		if unsigned, ok := strings.CutSuffix(s, sign); ok {
			s = unsigned
			break
		}
	}
	whole, fraction, point := strings.Cut(s, l.Decimal)
	if point && fraction == "" {
		return Decimal{}, false
	}
	whole, ok := l.ungrouped(whole)
	if !ok {
		return Decimal{}, false
	}
	if point {
		whole += "." + fraction
	}
	d, err := ParseDecimal(whole)
	if err != nil || strings.HasPrefix(whole, "-") {
		return Decimal{}, false
	}
	if negative {
		d = d.Neg()
	}
	return d, true
}

// ungrouped takes the marks out from between groups of three digits.
func (l *Layout) ungrouped(s string) (string, bool) {
	groups := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(l.Thousands, r) })
	if len(groups) <= 1 {
		return s, l.Thousands == "" || !strings.ContainsAny(s, l.Thousands)
	}
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return "", false
		}
	}
	joined := strings.Join(groups, "")
	return joined, len(groups[0]) <= 3 && len(joined)+len(groups)-1 == len([]rune(s))
}
