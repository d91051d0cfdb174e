package stripe

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

// Faults of an amount that Stripe cannot take; see limits.
var (
	errCurrency = errors.New("stripe: the currency is not offered")
	errStep     = errors.New("stripe: the amount is not positive, or finer than Stripe charges in this currency")
)

// A currency is how Stripe charges in one currency. Amounts are in minor units of
// ISO 4217, as everywhere in bursar.
type currency struct {
	minimum int64
	maximum int64
	step    int64 // amounts are multiples of it
	factor  int64 // Stripe's units in one of ours
	divisor int64 // ours in one of Stripe's
}

// Limits returns the bounds of Stripe's card charges in c.
func (p *Plug) Limits(c money.Currency) (provider.Limits, bool) {
	l, ok := currencyOf(c)
	if !ok {
		return provider.Limits{}, false
	}
	return provider.Limits{
		Minimum: money.Amount{Minor: l.minimum, Currency: c},
		Maximum: money.Amount{Minor: l.maximum, Currency: c},
		Step:    l.step,
	}, true
}

// toStripe returns an amount in Stripe's units.
func toStripe(a money.Amount) (int64, error) {
	l, ok := currencyOf(a.Currency)
	if !ok {
		return 0, errCurrency
	}
	if !a.IsPositive() || a.Minor%l.step != 0 || a.Minor > l.maximum {
		return 0, errStep
	}
	return a.Minor * l.factor / l.divisor, nil
}

// amountOf reads an amount in Stripe's units; code is in any case.
func amountOf(units int64, code string) (money.Amount, error) {
	c := money.Currency(strings.ToUpper(code))
	l, ok := currencyOf(c)
	if !ok {
		return money.Amount{}, errCurrency
	}
	if units%l.factor != 0 {
		return money.Amount{}, fmt.Errorf("stripe: %d is finer than %s can be", units, c)
	}
	return money.Amount{Minor: units / l.factor * l.divisor, Currency: c}, nil
}

// currencyOf looks c up.
func currencyOf(c money.Currency) (currency, bool) {
	minimum, ok := minimums[c]
	if !ok || !c.Valid() {
		return currency{}, false
	}
	l := currency{minimum: minimum, step: 1, factor: 1, divisor: 1}
	if s, special := specials[c]; special {
		l.step, l.factor, l.divisor = s.step, s.factor, s.divisor
	}
	digits := maximumDigits
	if n, more := longer[c]; more {
		digits = n
	}
	units := int64(1)
	for range digits {
		units *= 10
	}
	l.maximum = (units - 1) / l.factor * l.divisor / l.step * l.step
	return l, true
}

// specials are the currencies whose amounts Stripe writes in another way than ISO
// 4217, or takes only in steps. All others are in ISO minor units. Stripe's special
// rules for forint and Taiwan dollar are about payouts, not charges.
// https://docs.stripe.com/currencies#special-cases
var specials = map[money.Currency]currency{
	"ISK": {step: 1, factor: 100, divisor: 1},   // no decimals in ISO; Stripe still writes two, always 00
	"UGX": {step: 1, factor: 100, divisor: 1},   // the same
	"MGA": {step: 100, factor: 1, divisor: 100}, // two decimals in ISO, none at Stripe
	"BHD": {step: 10, factor: 1, divisor: 1},    // three decimals, the last always 0
	"JOD": {step: 10, factor: 1, divisor: 1},
	"KWD": {step: 10, factor: 1, divisor: 1},
	"OMR": {step: 10, factor: 1, divisor: 1},
	"TND": {step: 10, factor: 1, divisor: 1},
}

// maximumDigits bounds a charge in Stripe's units. The API reference says eight; the
// page on currencies has since said up to twelve for cards, and nine for American
// Express. An amount must not depend on the card that is tried, so the eight stand.
// https://docs.stripe.com/currencies#maximum-charge-amounts
const maximumDigits = 8

// longer are currencies so low in worth that eight digits are little, and that Stripe
// names as longer. Where more than nine are needed, American Express has to refuse.
var longer = map[money.Currency]int{
	"HUF": 9,
	"INR": 9,
	"JPY": 9,
	"COP": 10,
	"IDR": 12,
	"LBP": 12,
}

// minimums are the least charges, in minor units of ISO 4217, and tell which
// currencies are offered. Stripe's own figures hold where the charge is paid out in
// its currency. Any other is converted first and must then meet the minimum of the
// payout's currency, about half a US dollar; which that is we cannot know, so for
// currencies that are seldom paid out the least is about one dollar's worth, rounded
// up to 1, 2 or 5 and noughts, at rates of 2025. Less than that is carried forward,
// never lost. https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
var minimums = map[money.Currency]int64{
	// Stripe's figures.
	"USD": 50, "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250,
	"EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300,
	"NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000,

	// A dollar's worth, no decimals.
	"BIF": 5000, "CLP": 1000, "DJF": 200, "GNF": 10000, "ISK": 200, "KMF": 500, "KRW": 2000, "PYG": 10000,
	"RWF": 2000, "UGX": 5000, "VND": 50000, "VUV": 200, "XAF": 1000, "XOF": 1000, "XPF": 200,

	// A dollar's worth, three decimals.
	"BHD": 500, "JOD": 1000, "KWD": 500, "OMR": 500, "TND": 5000,

	// A dollar's worth, two decimals.
	"AFN": 10000, "ALL": 10000, "AMD": 50000, "ANG": 200, "AOA": 100000, "ARS": 200000, "AWG": 200, "AZN": 200,
	"BAM": 200, "BBD": 200, "BDT": 20000, "BMD": 100, "BND": 200, "BOB": 1000, "BSD": 100, "BWP": 2000, "BYN": 500,
	"BZD": 200, "CDF": 500000, "CNY": 1000, "COP": 500000, "CRC": 100000, "CVE": 10000, "DOP": 10000, "DZD": 20000,
	"EGP": 5000, "ETB": 20000, "FJD": 500, "FKP": 100, "GEL": 500, "GIP": 100, "GMD": 10000, "GTQ": 1000,
	"GYD": 50000, "HNL": 5000, "HTG": 20000, "IDR": 2000000, "ILS": 500, "JMD": 20000, "KES": 20000, "KGS": 10000,
	"KHR": 500000, "KYD": 100, "KZT": 100000, "LAK": 5000000, "LBP": 10000000, "LKR": 50000, "LRD": 20000,
	"LSL": 2000, "MAD": 1000, "MDL": 2000, "MGA": 500000, "MKD": 10000, "MMK": 500000, "MNT": 500000, "MOP": 1000,
	"MUR": 5000, "MVR": 2000, "MWK": 200000, "MZN": 10000, "NAD": 2000, "NGN": 200000, "NIO": 5000, "NPR": 20000,
	"PAB": 100, "PEN": 500, "PGK": 500, "PHP": 10000, "PKR": 50000, "QAR": 500, "RSD": 20000, "RUB": 10000,
	"SAR": 500, "SBD": 1000, "SCR": 2000, "SHP": 100, "SLE": 5000, "SOS": 100000, "SRD": 5000, "SZL": 2000,
	"TJS": 1000, "TOP": 500, "TRY": 5000, "TTD": 1000, "TWD": 5000, "TZS": 500000, "UAH": 5000, "UYU": 5000,
	"UZS": 2000000, "WST": 500, "XCD": 500, "YER": 50000, "ZAR": 2000, "ZMW": 5000,
}
