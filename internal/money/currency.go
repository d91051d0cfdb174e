package money

import "github.com/bursar-pay/bursar/internal/fault"

// ErrCurrencyUnknown is the fault of a code that is not a currency anybody can be
// charged in.
var ErrCurrencyUnknown = fault.New(fault.Invalid, "currency_unknown", "not an ISO 4217 currency code").
	WithNext("use a code of three capital letters, such as USD")

// ErrCurrencyMismatch is the fault of reckoning with two currencies at once.
var ErrCurrencyMismatch = fault.New(fault.Invalid, "currency_mismatch", "the amounts are in different currencies")

// Currency is an ISO 4217 code of three capital letters, such as USD.
type Currency string

// ParseCurrency returns the currency with the given code, or ErrCurrencyUnknown.
// Codes without a minor unit, such as XAU and XXX, are refused too.
func ParseCurrency(s string) (Currency, error) {
	c := Currency(s)
	if err := c.check(); err != nil {
		return "", err
	}
	return c, nil
}

// Valid reports whether c is a currency that amounts can be in.
func (c Currency) Valid() bool {
	_, ok := digits[c]
	return ok
}

// Digits returns how many decimals the currency has: 0, 2, 3 or 4. It is 0 for a
// currency that is not valid.
func (c Currency) Digits() int {
	return digits[c]
}

func (c Currency) check() error {
	switch {
	case c.Valid():
		return nil
	case unitless[c]:
		return ErrCurrencyUnknown.Detail("this ISO 4217 code has no minor unit, so nothing can be charged in it")
	default:
		return ErrCurrencyUnknown
	}
}
