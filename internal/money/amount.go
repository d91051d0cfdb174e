// Package money reckons with money, never with floats, and never with a number
// without its currency. An Amount is in minor units: what is debited, collected and
// booked. An Exact has 12 decimals: what usage costs, line by line. A Rate is a
// decimal fraction, such as a tax. All sums are checked: two currencies or a result
// out of range are a fault, not a wrong number.
package money

import "cmp"

// minorMax is the largest amount, in minor units either way: ten trillion dollars.
const minorMax = 1_000_000_000_000_000

// Amount is a sum of money in the minor units of its currency: cents for USD, yen
// for JPY. It lies within ±10^15.
type Amount struct {
	Minor    int64
	Currency Currency
}

// ParseAmount reads a decimal such as -12.34 exactly. More decimals than the
// currency has are ErrPrecision, zeros included, since 1.000 may have been meant as a
// thousand. Scientific notation is refused.
func ParseAmount(decimal string, c Currency) (Amount, error) {
	if err := c.check(); err != nil {
		return Amount{}, err
	}
	d, ok := scan(decimal)
	if !ok || d.scientific || d.whole == "" {
		return Amount{}, ErrMalformed
	}
	if len(d.fraction) > c.Digits() {
		return Amount{}, ErrPrecision
	}
	if d.anyAbove(15) { // 10^16 is out of range whatever the currency, and would overflow below
		return Amount{}, ErrOutOfRange
	}
	var minor int64
	for p := 15; p >= -c.Digits(); p-- {
		minor = minor*10 + d.digit(p)
		if minor > minorMax {
			return Amount{}, ErrOutOfRange
		}
	}
	if d.negative {
		minor = -minor
	}
	return Amount{Minor: minor, Currency: c}, nil
}

// Sum adds amounts that are all in currency c. The sum of none is zero.
func Sum(c Currency, as ...Amount) (Amount, error) {
	total := Amount{Currency: c}
	for _, a := range as {
		var err error
		if total, err = total.Add(a); err != nil {
			return Amount{}, err
		}
	}
	return total, nil
}

// Add returns a + b.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, ErrCurrencyMismatch
	}
	if !a.inRange() || !b.inRange() {
		return Amount{}, ErrOutOfRange
	}
	return Amount{Minor: a.Minor + b.Minor, Currency: a.Currency}.checked()
}

// Sub returns a - b.
func (a Amount) Sub(b Amount) (Amount, error) {
	if !b.inRange() {
		return Amount{}, ErrOutOfRange
	}
	return a.Add(b.Neg())
}

// Neg returns -a.
func (a Amount) Neg() Amount {
	return Amount{Minor: -a.Minor, Currency: a.Currency}
}

// Cmp returns -1, 0 or 1 as a is less than, equal to or greater than b. It panics if
// the currencies differ: whoever compares must know that they do not.
func (a Amount) Cmp(b Amount) int {
	mustMatch(a.Currency, b.Currency)
	return cmp.Compare(a.Minor, b.Minor)
}

// IsZero reports whether a is nothing, in whatever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// IsPositive reports whether a is more than nothing.
func (a Amount) IsPositive() bool { return a.Minor > 0 }

// IsNegative reports whether a is less than nothing.
func (a Amount) IsNegative() bool { return a.Minor < 0 }

// Exact returns the same amount with 12 decimals. The largest amounts of currencies
// with few decimals are out of its range.
func (a Amount) Exact() (Exact, error) {
	if err := a.Currency.check(); err != nil {
		return Exact{}, err
	}
	unit := microsPerMinor(a.Currency)
	if a.Minor > microMax/unit || a.Minor < -microMax/unit {
		return Exact{}, ErrOutOfRange
	}
	return Exact{Micro: a.Minor * unit, Currency: a.Currency}, nil
}

// Decimal returns the amount with all decimals of its currency, such as "12.30".
func (a Amount) Decimal() string {
	b := make([]byte, 0, 24)
	if a.Minor < 0 {
		b = append(b, '-')
	}
	return string(appendDecimal(b, magnitude(a.Minor), a.Currency.Digits()))
}

// String returns the amount and its currency, such as "12.30 USD".
func (a Amount) String() string {
	return a.Decimal() + " " + string(a.Currency)
}

func (a Amount) inRange() bool {
	return a.Minor <= minorMax && a.Minor >= -minorMax
}

func (a Amount) checked() (Amount, error) {
	if !a.inRange() {
		return Amount{}, ErrOutOfRange
	}
	return a, nil
}

func mustMatch(a, b Currency) {
	if a != b {
		panic("money: comparing " + string(a) + " with " + string(b))
	}
}
