package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// text reads v as one word or line; it is "" if that has been refused.
func (v value) text() string { return v.line(textMax) }

// line reads v as a line of at most so many bytes.
func (v value) line(most int) string {
	if v.missing() {
		return ""
	}
	if !isScalar(v.node) {
		v.refuseKind("a single value")
		return ""
	}
	s := v.node.GetToken().Value
	switch {
	case s == "":
		v.refuse("write a value or remove the line", "the field is empty")
	case len(s) > most:
		v.refuse("shorten it", "this is longer than %d characters", most)
		return ""
	}
	return s
}

// matching reads v as text of a form that wanted describes; it is nil if refused.
func (v value) matching(form *regexp.Regexp, wanted string) []string {
	s := v.text()
	if s == "" {
		return nil
	}
	m := form.FindStringSubmatch(s)
	if m == nil {
		v.refuseKind(wanted)
	}
	return m
}

// choice reads v as one of the given words; it is "" if refused.
func (v value) choice(words ...string) string {
	s := v.text()
	if s != "" && !slices.Contains(words, s) {
		v.refuse(suggest(s, words, "the words here are"), "this word has no meaning here")
		return ""
	}
	return s
}

// choices reads v as a list of some of the given words, each at most once.
func (v value) choices(words ...string) []string {
	var all []string
	for _, item := range v.items() {
		switch s := item.choice(words...); {
		case s == "":
		case slices.Contains(all, s):
			item.refuse("remove one of the two", "this is listed twice")
		default:
			all = append(all, s)
		}
	}
	return all
}

var switchWords = []string{"on", "off"}

func (v value) isOn() bool { return v.choice(switchWords...) == "on" }

var countPattern = regexp.MustCompile(`^[0-9]{1,6}$`)

// count reads v as a whole number from least to most.
func (v value) count(least, most int) int {
	m := v.matching(countPattern, fmt.Sprintf("a whole number from %d to %d", least, most))
	if m == nil {
		return 0
	}
	n := atoi(m[0])
	if n < least || n > most {
		v.refuse(fmt.Sprintf("write a whole number from %d to %d", least, most), "the number is out of range")
	}
	return n
}

var percentPattern = regexp.MustCompile(`^([0-9]{1,6})%$`)

// percent reads v as a whole percentage from least to most, and returns it in
// 1/10,000.
func (v value) percent(least, most int) int64 {
	m := v.matching(percentPattern, "a whole percentage, such as 50%")
	if m == nil {
		return 0
	}
	n := atoi(m[1])
	if n < least || n > most {
		v.refuse(fmt.Sprintf("write a percentage from %d%% to %d%%", least, most), "the percentage is out of range")
		return 0
	}
	return int64(n) * 100
}

var (
	spanPattern = regexp.MustCompile(`^([0-9]{1,5})([smhd])$`)
	spanUnits   = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
)

// span reads v as a length of time such as 30m or 7d; a day is 24 hours.
func (v value) span(least time.Duration) time.Duration {
	m := v.matching(spanPattern, "a length of time: a whole number and s, m, h or d, such as 30m or 7d")
	if m == nil {
		return 0
	}
	d := spanOf(m[1], m[2])
	if d < least {
		v.refuse("write "+spanText(least)+" or more", "this is too short")
	}
	return d
}

func spanOf(number, unit string) time.Duration {
	return time.Duration(atoi(number)) * spanUnits[unit]
}

// spanText writes d as span reads it.
func spanText(d time.Duration) string {
	for _, unit := range []string{"d", "h", "m"} {
		if u := spanUnits[unit]; d%u == 0 && (d > 0 || unit == "d") {
			return fmt.Sprintf("%d%s", d/u, unit)
		}
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// amount reads v as an amount in c of at least so many minor units.
func (v value) amount(c money.Currency, least int64) money.Amount {
	s := v.text()
	if s == "" {
		return money.Amount{Currency: c}
	}
	return v.amountOf(s, c, least)
}

// amountOf reads s, which stands in v, as amount reads all of it.
func (v value) amountOf(s string, c money.Currency, least int64) money.Amount {
	a, err := money.ParseAmount(s, c)
	if err != nil {
		a = money.Amount{Currency: c}
	}
	f, _ := fault.Of(err)
	switch {
	case errors.Is(err, money.ErrPrecision):
		v.refuse(fmt.Sprintf("write at most %d", c.Digits()), "the amount has more decimals than the currency, which has %d", c.Digits())
	case f != nil:
		v.refuse(f.Next, "%s", f.Message)
	case err != nil:
		v.refuse("write an amount such as 12.34", "this is not an amount")
	case a.IsNegative():
		v.refuse("write an amount of zero or more", "the amount is negative")
	case a.Minor < least:
		v.refuse("write a larger amount", "the amount is too small")
	}
	return a
}

var datePattern = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// instant reads v as a date, which is the first instant of that day in zone, or as
// an instant with its offset.
func (v value) instant(zone *time.Location) time.Time {
	s := v.text()
	if s == "" {
		return time.Time{}
	}
	if datePattern.MatchString(s) {
		if day, err := time.Parse(time.DateOnly, s); err == nil {
			return startOfDay(day, zone)
		}
		v.refuse("check day and month", "there is no such date")
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		v.refuse("write 2026-01-31, or 2026-01-31T08:00:00Z", "this is not a date, nor an instant with its offset")
		return time.Time{}
	}
	return at.UTC()
}

// startOfDay is the first instant at which clocks in zone show the day. Midnight may
// be left out, or come twice, where clocks change at night.
func startOfDay(day time.Time, zone *time.Location) time.Time {
	y, m, d := day.Date()
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if t.Day() != d { // midnight was left out, and t is before the clocks change
		_, t = t.ZoneBounds()
	}
	if start, _ := t.ZoneBounds(); !start.IsZero() && start.After(t.Add(-3*time.Hour)) {
		// Clocks changed in the hours before t. Did they show this day already then?
		_, now := t.Zone()
		_, before := start.Add(-time.Second).Zone()
		if earlier := t.Add(time.Duration(now-before) * time.Second); earlier.Before(start) && earlier.In(zone).Day() == d {
			t = earlier
		}
	}
	return t.UTC()
}

// suggest proposes the word that was probably meant, or else all of them.
func suggest(written string, words []string, otherwise string) string {
	best, least := "", (len(written)+1)/3
	for _, w := range words {
		if n := edits(written, w); n <= least && (best == "" || n < least) {
			best, least = w, n
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return otherwise + " " + strings.Join(words, ", ")
}

// edits counts the letters to insert, drop, replace or swap to make b of a.
func edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			rows[i][j] = min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// atoi reads digits that a pattern has let through.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("policy: not a number: " + err.Error())
	}
	return n
}
