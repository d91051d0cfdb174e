package money

import (
	"cmp"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
)

// ErrStep is the fault of rounding to a step that is not at least one minor unit, or
// too large to reckon with.
var ErrStep = fault.New(fault.Invalid, "rounding_step_invalid", "the rounding step must be from 1 to 1,000,000,000 minor units")

const (
	picosPerMicro = 1_000_000
	microDigits   = 6
	picoDigits    = 12

	// microMax is the largest Exact either way: nine trillion major units, just
	// within an int64.
	microMax = 9_000_000_000_000 * 1_000_000

	stepMax = 1_000_000_000
)

// Exact is a sum of money with 12 decimals, in two parts that each sum in SQL as they
// are: one int64 with 12 decimals would overflow at nine million, a single large line
// in rupiah. It lies within ±9·10^12 major units. Two that are equal are == as well,
// as long as they were made by this package.
type Exact struct {
	Micro    int64 // 1e-6 of the major unit
	Pico     int64 // the rest in 1e-12, of the same sign and below 1e6 either way
	Currency Currency
}

// ParseExact reads a decimal such as 0.0000008 or 1.2E-7. Beyond the 12th decimal it
// rounds half to even and says so.
func ParseExact(decimal string, c Currency) (e Exact, rounded bool, err error) {
	if err := c.check(); err != nil {
		return Exact{}, false, err
	}
	d, ok := scan(decimal)
	if !ok {
		return Exact{}, false, ErrMalformed
	}
	if d.anyAbove(picoDigits) { // 10^13 is out of range, and more would overflow below
		return Exact{}, false, ErrOutOfRange
	}
	var micro uint64 // below 10^19 whatever the digits, which an int64 is not
	for p := min(picoDigits, d.highest()); p >= -microDigits; p-- {
		micro = micro*10 + uint64(d.digit(p))
	}
	if micro > microMax {
		return Exact{}, false, ErrOutOfRange
	}
	e.Micro = int64(micro)
	for p := -microDigits - 1; p >= -picoDigits; p-- {
		e.Pico = e.Pico*10 + d.digit(p)
	}
	if d.lowest() < -picoDigits {
		rounded = e.roundHalfEven(&d)
	}
	if d.negative {
		e.Micro, e.Pico = -e.Micro, -e.Pico
	}
	if e, err = Normalize(e.Micro, e.Pico, c); err != nil {
		return Exact{}, false, err
	}
	return e, rounded, nil
}

// roundHalfEven adds what the digits of d beyond the 12th decimal are worth, and
// reports whether they are worth anything.
func (e *Exact) roundHalfEven(d *decimal) bool {
	first, more := d.digit(-picoDigits-1), d.anyBelow(-picoDigits-1)
	if first > 5 || first == 5 && (more || e.Pico%2 == 1) {
		e.Pico++
	}
	return first != 0 || more
}

// Normalize makes an Exact of two sums, as a database adds them up: they may differ in
// sign, and the picos may be any number. Sums that are each beyond an Exact's range are
// refused, even where the one would bring the other back into it.
func Normalize(micro, pico int64, c Currency) (Exact, error) {
	carry := pico / picosPerMicro
	pico %= picosPerMicro
	if micro > microMax || micro < -microMax {
		return Exact{}, ErrOutOfRange
	}
	micro += carry
	switch {
	case micro > 0 && pico < 0:
		micro, pico = micro-1, pico+picosPerMicro
	case micro < 0 && pico > 0:
		micro, pico = micro+1, pico-picosPerMicro
	}
	return Exact{Micro: micro, Pico: pico, Currency: c}.checked()
}

// Add returns e + b.
func (e Exact) Add(b Exact) (Exact, error) {
	if e.Currency != b.Currency {
		return Exact{}, ErrCurrencyMismatch
	}
	micro, pico := e.Micro+b.Micro, e.Pico+b.Pico
	if (e.Micro^micro)&(b.Micro^micro) < 0 { // the signs agree, and the sum's is another
		return Exact{}, ErrOutOfRange
	}
	return Normalize(micro, pico, e.Currency)
}

// Sub returns e - b.
func (e Exact) Sub(b Exact) (Exact, error) {
	if _, err := b.checked(); err != nil {
		return Exact{}, err
	}
	return e.Add(b.Neg())
}

// Neg returns -e.
func (e Exact) Neg() Exact {
	return Exact{Micro: -e.Micro, Pico: -e.Pico, Currency: e.Currency}
}

// Cmp returns -1, 0 or 1 as e is less than, equal to or greater than b. It panics if the
// currencies differ.
func (e Exact) Cmp(b Exact) int {
	mustMatch(e.Currency, b.Currency)
	return cmp.Or(cmp.Compare(e.Micro, b.Micro), cmp.Compare(e.Pico, b.Pico))
}

// Sign returns -1, 0 or 1 as e is less than, equal to or more than nothing.
func (e Exact) Sign() int {
	return cmp.Or(cmp.Compare(e.Micro, 0), cmp.Compare(e.Pico, 0))
}

// IsZero reports whether e is nothing, in whatever currency.
func (e Exact) IsZero() bool { return e.Micro == 0 && e.Pico == 0 }

// Floor splits e into a multiple of step minor units, rounded towards minus infinity,
// and the rest, from zero to less than step. The two add up to e.
func (e Exact) Floor(step int64) (Amount, Exact, error) {
	if err := e.Currency.check(); err != nil {
		return Amount{}, Exact{}, err
	}
	if step < 1 || step > stepMax {
		return Amount{}, Exact{}, ErrStep
	}
	if _, err := e.checked(); err != nil {
		return Amount{}, Exact{}, err
	}
	micro, pico := e.Micro, e.Pico
	if pico < 0 {
		micro, pico = micro-1, pico+picosPerMicro
	}
	unit := step * microsPerMinor(e.Currency)
	steps, rest := micro/unit, micro%unit
	if rest < 0 {
		steps, rest = steps-1, rest+unit
	}
	whole, err := Amount{Minor: steps * step, Currency: e.Currency}.checked()
	if err != nil {
		return Amount{}, Exact{}, err
	}
	return whole, Exact{Micro: rest, Pico: pico, Currency: e.Currency}, nil
}

// Decimal returns the shortest decimal that is exactly e, such as "18.0066386184".
func (e Exact) Decimal() string {
	b := make([]byte, 0, 40)
	if e.Sign() < 0 {
		b = append(b, '-')
	}
	b = appendDecimal(b, magnitude(e.Micro), microDigits)
	start := len(b)
	b = append(b, "000000"...)
	for i, rest := microDigits-1, magnitude(e.Pico); i >= 0; i-- {
		b[start+i] = byte('0' + rest%10)
		rest /= 10
	}
	return strings.TrimSuffix(strings.TrimRight(string(b), "0"), ".")
}

// String returns the amount and its currency, such as "0.0000008 USD".
func (e Exact) String() string {
	return e.Decimal() + " " + string(e.Currency)
}

func (e Exact) checked() (Exact, error) {
	beyond := e.Micro == microMax && e.Pico > 0 || e.Micro == -microMax && e.Pico < 0
	if e.Micro > microMax || e.Micro < -microMax || beyond {
		return Exact{}, ErrOutOfRange
	}
	return e, nil
}

// microsPerMinor returns how many 1e-6 of the major unit make a minor unit of c.
func microsPerMinor(c Currency) int64 {
	return pow10(microDigits - c.Digits())
}
