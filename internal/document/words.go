package document

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

//go:embed texts/*.json
var texts embed.FS

const (
	hardSpace = "\u00a0"
	dots      = "••••"
)

// speech is a language: its texts, and how it writes dates and amounts.
type speech struct {
	language string
	zone     *time.Location
	texts    map[string]string
	regions  display.Namer
}

// speak reads the texts of a language; English where there are none.
func speak(tag string, zone *time.Location) (*speech, error) {
	data, err := texts.ReadFile("texts/" + tag + ".json")
	if err != nil {
		tag = "en"
		if data, err = texts.ReadFile("texts/en.json"); err != nil {
			return nil, err
		}
	}
	if zone == nil {
		zone = time.UTC
	}
	w := &speech{language: tag, zone: zone, regions: display.Regions(language.Make(tag))}
	if err := json.Unmarshal(data, &w.texts); err != nil {
		return nil, fmt.Errorf("document: the texts of %s: %w", tag, err)
	}
	return w, nil
}

// t is a text with the values that follow each name put in.
func (w *speech) t(key string, named ...string) string {
	text, known := w.texts[key]
	if !known {
		panic("document: there is no text " + key)
	}
	for i := 0; i+1 < len(named); i += 2 {
		text = strings.ReplaceAll(text, "{"+named[i]+"}", named[i+1])
	}
	return text
}

// maybe is a text, or other words where there is none under this key.
func (w *speech) maybe(key, otherwise string) string {
	if text, known := w.texts[key]; known {
		return text
	}
	return otherwise
}

// date writes the day of an instant in the customer's zone; "" for none.
func (w *speech) date(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return w.dated("date", at.In(w.zone))
}

func (w *speech) month(m billing.Month) string {
	at, err := time.Parse("2006-01", string(m))
	if err != nil {
		return string(m)
	}
	return w.dated("month", at)
}

func (w *speech) dated(key string, at time.Time) string {
	return w.t(key, "day", strconv.Itoa(at.Day()), "month", strconv.Itoa(int(at.Month())), "month_name", at.Month().String(), "year", strconv.Itoa(at.Year()))
}

// sum writes an amount with its currency, exact one of usage with all its decimals.
func sum(a money.Amount) string { return grouped(a.Decimal()) + hardSpace + string(a.Currency) }

func exact(e money.Exact) string { return grouped(e.Decimal()) }

// grouped puts commas between the thousands.
func grouped(decimal string) string {
	sign := ""
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
	return sign + whole
}

// country is a country's name; its code if the name is not known.
func (w *speech) country(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := w.regions.Name(region); name != "" {
		return name
	}
	return code
}

// rails lists how money may come.
func (w *speech) rails(all []bank.Rail) string {
	var names []string
	for _, r := range all {
		names = append(names, w.maybe("rail."+string(r), string(r)))
	}
	return strings.Join(names, w.t("comma"))
}

// brandNames are the schemes' own names, the same in every language.
var brandNames = map[payment.Brand]string{
	payment.Visa: "Visa", payment.Mastercard: "Mastercard", payment.Amex: "American Express", payment.JCB: "JCB",
	payment.UnionPay: "UnionPay", payment.Discover: "Discover", payment.Diners: "Diners Club",
}

// method is a payment method as its holder knows it.
func (w *speech) method(m payment.Method) string {
	if m.Kind == payment.PayPalKind {
		return strings.TrimSpace("PayPal " + m.Email)
	}
	name, known := brandNames[m.Card.Brand]
	if !known {
		name = w.t("card")
	}
	if m.Card.Last4 == "" {
		return name
	}
	return name + hardSpace + dots + hardSpace + m.Card.Last4
}

// percent writes a rate such as "0.1" as "10%". It moves the point and changes nothing.
func percent(rate string) string {
	whole, fraction, _ := strings.Cut(rate, ".")
	for len(fraction) < 2 {
		fraction += "0"
	}
	digits := strings.TrimLeft(whole+fraction[:2], "0")
	if digits == "" {
		digits = "0"
	}
	if rest := strings.TrimRight(fraction[2:], "0"); rest != "" {
		digits += "." + rest
	}
	return digits + "%"
}
