package paypal

import (
	"errors"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

// Faults of an amount that PayPal cannot take; see maximums.
var (
	errCurrency = errors.New("paypal: the currency is not offered")
	errStep     = errors.New("paypal: the amount is not positive, finer than PayPal charges in this currency, or too large")
)

// whole are the currencies that PayPal takes without decimals, although two of them
// have two in ISO 4217. https://developer.paypal.com/api/rest/reference/currency-codes/
var whole = map[money.Currency]bool{"HUF": true, "JPY": true, "TWD": true}

// maximums are the most that one payment can be, in minor units of ISO 4217, and
// tell which currencies are offered: PayPal's list without rouble and renminbi, which
// only accounts of their own countries hold. The least is the smallest coin.
var maximums = map[money.Currency]int64{
	"AUD": 12_500_00, "BRL": 20_000_00, "CAD": 12_500_00, "CHF": 13_000_00, "CZK": 240_000_00, "DKK": 60_000_00,
	"EUR": 8_000_00, "GBP": 5_500_00, "HKD": 80_000_00, "HUF": 2_000_000_00, "ILS": 40_000_00, "JPY": 1_000_000,
	"MXN": 110_000_00, "MYR": 40_000_00, "NOK": 70_000_00, "NZD": 15_000_00, "PHP": 500_000_00, "PLN": 32_000_00,
	"SEK": 80_000_00, "SGD": 16_000_00, "THB": 360_000_00, "TWD": 330_000_00, "USD": 10_000_00,
}

// Limits returns the bounds of a PayPal payment in c.
func (p *Plug) Limits(c money.Currency) (provider.Limits, bool) {
	maximum, ok := maximums[c]
	if !ok {
		return provider.Limits{}, false
	}
	step := stepOf(c)
	return provider.Limits{
		Minimum: money.Amount{Minor: step, Currency: c},
		Maximum: money.Amount{Minor: maximum, Currency: c},
		Step:    step,
	}, true
}

// stepOf is PayPal's smallest coin, in minor units.
func stepOf(c money.Currency) int64 {
	step := int64(1)
	if whole[c] {
		for range c.Digits() {
			step *= 10
		}
	}
	return step
}

// chargeable returns nil if PayPal can be asked for an amount.
func chargeable(a money.Amount) error {
	maximum, ok := maximums[a.Currency]
	if !ok {
		return errCurrency
	}
	if !a.IsPositive() || a.Minor%stepOf(a.Currency) != 0 || a.Minor > maximum {
		return errStep
	}
	return nil
}

// Bounds of a capture from a hold: 115 percent of it, and never more than 75.00 US
// dollars on top. PayPal gives that figure in dollars only.
// https://developer.paypal.com/docs/api/payments/v2/#authorizations_capture
const (
	mostPercent = 115
	mostExtra   = 75_00
)

// MostFrom is the largest amount that can be captured from a hold of this size.
func (p *Plug) MostFrom(held money.Amount) money.Amount {
	most := held
	most.Minor = held.Minor/100*mostPercent + held.Minor%100*mostPercent/100
	if held.Currency == "USD" {
		most.Minor = min(most.Minor, held.Minor+mostExtra)
	}
	most.Minor -= most.Minor % stepOf(held.Currency)
	return most
}
