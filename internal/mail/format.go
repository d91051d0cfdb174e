package mail

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

const (
	hardSpace = "\u00a0"
	dots      = "••••"

	factMax = 120 // characters of a text that comes from outside
)

// formats say how a fact is written; one that is not here is text.
var formats = map[string]func(l *language, fact string, zone *time.Location) string{
	"amount":  (*language).amount,
	"total":   (*language).amount,
	"until":   (*language).date,
	"on":      (*language).date,
	"month":   (*language).month,
	"expires": (*language).month,
	"reason":  (*language).reason,
}

// tell writes facts as people read them. The method is told from what is known of
// it.
func (l *language) tell(facts Facts, zone *time.Location) map[string]string {
	if zone == nil {
		zone = time.UTC
	}
	told := map[string]string{"method": l.method(facts)}
	for name, fact := range facts {
		if format, ok := formats[name]; ok {
			told[name] = format(l, fact, zone)
		} else {
			told[name] = plain(fact, factMax)
		}
	}
	return told
}

// amount writes "1234.50 USD" as "1,234.50 USD", as the four languages all do; the
// space does not break.
func (l *language) amount(fact string, _ *time.Location) string {
	decimal, code, _ := strings.Cut(fact, " ")
	a, err := money.ParseAmount(decimal, money.Currency(code))
	if err != nil {
		return ""
	}
	sign, decimal := "", a.Decimal()
	if strings.HasPrefix(decimal, "-") {
		sign, decimal = "−", decimal[1:]
	}
	whole, rest, fraction := strings.Cut(decimal, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction {
		whole += "." + rest
	}
	return sign + whole + hardSpace + code
}

// date writes a date, or the day of an instant in the reader's zone.
func (l *language) date(fact string, zone *time.Location) string {
	at, err := time.Parse(time.DateOnly, fact)
	if err != nil {
		if at, err = time.Parse(time.RFC3339, fact); err != nil {
			return ""
		}
		at = at.In(zone)
	}
	return l.dated("date", at)
}

// month writes a month such as "2026-03".
func (l *language) month(fact string, _ *time.Location) string {
	at, err := time.Parse("2006-01", fact)
	if err != nil {
		return ""
	}
	return l.dated("month", at)
}

func (l *language) dated(word string, at time.Time) string {
	return l.say(word, "day", strconv.Itoa(at.Day()), "month", strconv.Itoa(int(at.Month())), "month_name", at.Month().String(), "year", strconv.Itoa(at.Year()))
}

// moment writes an instant to the minute.
func (l *language) moment(at time.Time, zone *time.Location) string {
	local := at.In(zone)
	name := local.Format("MST")
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		name = "UTC" + name
	}
	return fmt.Sprintf("%s%s%s%s%s", l.dated("date", local), hardSpace, local.Format("15:04"), hardSpace, name)
}

// reason writes a reason code; one without words is not told.
func (l *language) reason(code string, _ *time.Location) string { return l.Reasons[code] }

// brands are the schemes' own names, the same in every language.
var brands = map[string]string{
	"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "jcb": "JCB", "unionpay": "UnionPay", "discover": "Discover", "diners": "Diners Club",
}

// method is a payment method as its holder knows it.
func (l *language) method(facts Facts) string {
	if facts["kind"] == "paypal" {
		if email := plain(facts["email"], factMax); email != "" {
			return l.Words["paypal"] + hardSpace + email
		}
		return l.Words["paypal"]
	}
	name := l.Words["card"]
	if brand, ok := brands[facts["brand"]]; ok {
		name = brand
	}
	if last4 := plain(facts["last4"], 4); last4 != "" {
		name += hardSpace + dots + hardSpace + last4
	}
	return name
}

// say is a text that belongs to no kind, with the values that follow each name.
func (l *language) say(word string, named ...string) string {
	text := l.Words[word]
	for i := 0; i+1 < len(named); i += 2 {
		text = strings.ReplaceAll(text, "{"+named[i]+"}", named[i+1])
	}
	return text
}
