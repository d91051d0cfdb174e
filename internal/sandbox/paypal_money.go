package sandbox

import (
	"regexp"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// paypalMoney is an amount as PayPal writes it.
type paypalMoney struct {
	CurrencyCode string `json:"currency_code"`
	Value        string `json:"value"`
}

// paypalCurrencies are what PayPal takes, with their decimals there. The
// forint and the new Taiwan dollar have cents by ISO 4217 but none at PayPal.
// https://developer.paypal.com/api/rest/reference/currency-codes/
var paypalCurrencies = map[money.Currency]int{
	"AUD": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CNY": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2, "HUF": 0, "ILS": 2,
	"JPY": 0, "MXN": 2, "MYR": 2, "NOK": 2, "NZD": 2, "PHP": 2, "PLN": 2, "SEK": 2, "SGD": 2, "THB": 2, "TWD": 0, "USD": 2,
}

// toPayPal writes an amount as PayPal does.
func toPayPal(a money.Amount) *paypalMoney {
	value := a.Decimal()
	if whole, _, found := strings.Cut(value, "."); found && paypalCurrencies[a.Currency] == 0 {
		value = whole
	}
	return &paypalMoney{string(a.Currency), value}
}

var paypalValue = regexp.MustCompile(`^[0-9]{1,13}([.][0-9]+)?$`)

// fromPayPal reads an amount that is more than nothing.
func fromPayPal(m *paypalMoney, field string) (money.Amount, error) {
	switch {
	case m == nil:
		return money.Amount{}, missingField(field)
	case m.CurrencyCode == "":
		return money.Amount{}, missingField(field + "/currency_code")
	case m.Value == "":
		return money.Amount{}, missingField(field + "/value")
	}
	currency := money.Currency(m.CurrencyCode)
	digits, known := paypalCurrencies[currency]
	if !known {
		return money.Amount{}, unprocessable("INVALID_CURRENCY_CODE").at(field + "/currency_code")
	}
	field += "/value"
	if strings.HasPrefix(m.Value, "-") {
		return money.Amount{}, unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE").at(field)
	}
	if !paypalValue.MatchString(m.Value) {
		return money.Amount{}, invalidField(field, "INVALID_PARAMETER_SYNTAX")
	}
	_, fraction, _ := strings.Cut(m.Value, ".")
	if len(fraction) > digits {
		return money.Amount{}, unprocessable("DECIMAL_PRECISION").at(field)
	}
	a, err := money.ParseAmount(m.Value, currency)
	if err != nil {
		return money.Amount{}, invalidField(field, "INVALID_PARAMETER_SYNTAX")
	}
	if !a.IsPositive() {
		return money.Amount{}, unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE").at(field)
	}
	return a, nil
}

// paypalFeeOf is what PayPal keeps of a capture: 3.49 percent, rounded half up,
// and 49 minor units, and never more than the capture.
func paypalFeeOf(a money.Amount) money.Amount {
	const perTenThousand, fixed = 349, 49
	return money.Amount{Minor: min(a.Minor, (a.Minor*perTenThousand+5000)/10000+fixed), Currency: a.Currency}
}

// overcaptureOf is how much can be captured of an authorization, or
// reauthorized: 115 percent of it, and no more than 75 US dollars above it. In
// other currencies the sandbox knows only the percentage.
// https://developer.paypal.com/docs/api/payments/v2/
func overcaptureOf(a money.Amount) money.Amount {
	const perCent, extraUSD = 15, 75_00
	extra := a.Minor * perCent / 100
	if a.Currency == "USD" {
		extra = min(extra, extraUSD)
	}
	if paypalCurrencies[a.Currency] == 0 && a.Currency.Digits() == 2 {
		extra -= extra % 100
	}
	return money.Amount{Minor: a.Minor + extra, Currency: a.Currency}
}

// plus and minus reckon with amounts whose currencies were compared before.
func plus(a, b money.Amount) money.Amount {
	mustBeOne(a, b)
	return money.Amount{Minor: a.Minor + b.Minor, Currency: a.Currency}
}

func minus(a, b money.Amount) money.Amount { return plus(a, b.Neg()) }

func mustBeOne(a, b money.Amount) {
	if a.Currency != b.Currency {
		panic("sandbox: two currencies in one sum")
	}
}

func none(c money.Currency) money.Amount { return money.Amount{Currency: c} }

// paypalTime writes an instant as PayPal does.
func paypalTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }
