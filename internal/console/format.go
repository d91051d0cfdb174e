package console

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

const (
	hardSpace = "\u00a0"
	dots      = "••••"
)

// sum writes an amount as the four languages all do, such as 1,000.00 USD.
func sum(a money.Amount) string { return grouped(a.Decimal()) + hardSpace + string(a.Currency) }

// exact writes an amount with all of its decimals.
func exact(e money.Exact) string { return grouped(e.Decimal()) + hardSpace + string(e.Currency) }

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

// moment is an instant as people read it, in their account's zone, and as
// machines do.
type moment struct {
	Text, ISO string
}

// at returns the moment of an instant; the zero moment for the zero instant.
func (v *visit) at(t time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	local := t.In(v.account.Location())
	return moment{Text: v.t("moment", "date", v.date(local), "time", local.Format("15:04"), "zone", zoneName(local)), ISO: t.UTC().Format(time.RFC3339)}
}

// dayOf is the day of an instant in the account's zone; "" for the zero instant.
func (v *visit) dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return v.date(t.In(v.account.Location()))
}

func (v *visit) date(local time.Time) string {
	return v.t("date", "day", local.Day(), "month", int(local.Month()), "month_name", local.Month().String()[:3], "year", local.Year())
}

// zoneName is the zone's short name, or its distance from UTC where it has none.
func zoneName(local time.Time) string {
	name := local.Format("MST")
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		return "UTC" + name
	}
	return name
}

// brandNames are the schemes' own names, the same in every language.
var brandNames = map[payment.Brand]string{
	payment.Visa: "Visa", payment.Mastercard: "Mastercard", payment.Amex: "American Express", payment.JCB: "JCB",
	payment.UnionPay: "UnionPay", payment.Discover: "Discover", payment.Diners: "Diners Club",
}

func (w *words) brand(b payment.Brand) string {
	if name, ok := brandNames[b]; ok {
		return name
	}
	return w.t("card")
}

func (w *words) brandList(all []payment.Brand) string {
	var names []string
	for _, b := range all {
		names = append(names, w.brand(b))
	}
	return strings.Join(names, w.t("list.comma"))
}

// cardName is a card as its holder knows it.
func (w *words) cardName(c payment.Card) string {
	return w.brand(c.Brand) + hardSpace + dots + hardSpace + c.Last4
}

// methodName is a payment method as its holder knows it.
func (w *words) methodName(m payment.Method) string {
	if m.Kind != payment.PayPalKind {
		return w.cardName(m.Card)
	}
	if m.Email == "" {
		return w.t("way.paypal")
	}
	return w.t("way.paypal") + " " + m.Email
}

func expiry(c payment.Card) string { return fmt.Sprintf("%02d/%02d", c.ExpMonth, c.ExpYear%100) }

// region is a region's name. One that the operator named goes by that.
func (w *words) region(r policy.Region) string {
	if w.knows("region." + string(r)) {
		return w.t("region." + string(r))
	}
	return strings.ReplaceAll(string(r), "_", " ")
}

// country is a country's name in the reader's language.
func (w *words) country(code string) string {
	r, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.Regions(language.Make(w.Tag)).Name(r); name != "" {
		return name
	}
	return code
}
