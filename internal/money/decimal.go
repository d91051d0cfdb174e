package money

import (
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
)

// The faults of amounts. None repeats the amount.
var (
	ErrMalformed = fault.New(fault.Invalid, "amount_malformed", "not a decimal number").
			WithNext("write digits with at most one decimal point and a minus sign, such as -12.34")
	ErrPrecision = fault.New(fault.Invalid, "amount_precision", "more decimals than the currency has").
			WithNext("round to the currency's minor unit")
	ErrOutOfRange = fault.New(fault.Invalid, "amount_out_of_range", "the amount is too large to be kept")
)

const (
	// decimalLengthMax bounds the text of a number. Exporters that print binary
	// fractions in full need about 60 characters.
	decimalLengthMax = 128

	// exponentDigitsMax bounds the digits of an exponent, so that it fits an int. The
	// value of a longer one could only be zero or out of range.
	exponentDigitsMax = 6
)

// decimal is a number as it was written: digits, and where the point is among
// them. It shares the memory of the text.
type decimal struct {
	negative   bool
	whole      string // the digits before the point
	fraction   string // the digits after it
	scientific bool   // it has an exponent
	exponent   int    // the point is moved this far to the right; 0 if there is none
}

// scan reads [-]digits[.digits][E[sign]digits]. The digits before the point may
// be left out, as Oracle writes them.
func scan(s string) (decimal, bool) {
	var d decimal
	if len(s) > decimalLengthMax {
		return d, false
	}
	if s != "" && s[0] == '-' {
		d.negative = true
		s = s[1:]
	}
	d.whole, s = leadingDigits(s)
	if s != "" && s[0] == '.' {
		d.fraction, s = leadingDigits(s[1:])
		if d.fraction == "" {
			return d, false
		}
	}
	if d.whole == "" && d.fraction == "" {
		return d, false
	}
	if s == "" {
		return d, true
	}
	return d, d.scanExponent(s)
}

func leadingDigits(s string) (found, rest string) {
	i := 0
	for i < len(s) && s[i]-'0' <= 9 {
		i++
	}
	return s[:i], s[i:]
}

func (d *decimal) scanExponent(s string) bool {
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	d.scientific = true
	s = s[1:]
	sign := 1
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	found, rest := leadingDigits(s)
	if found == "" || rest != "" {
		return false
	}
	found = strings.TrimLeft(found, "0")
	if len(found) > exponentDigitsMax {
		return false
	}
	for i := range len(found) {
		d.exponent = d.exponent*10 + int(found[i]-'0')
	}
	d.exponent *= sign
	return true
}

// digit returns the digit worth 10^power, which is 0 beyond those written.
func (d *decimal) digit(power int) int64 {
	i := len(d.whole) - 1 + d.exponent - power
	switch {
	case i < 0:
		return 0
	case i < len(d.whole):
		return int64(d.whole[i] - '0')
	case i < len(d.whole)+len(d.fraction):
		return int64(d.fraction[i-len(d.whole)] - '0')
	default:
		return 0
	}
}

// highest and lowest return the powers of the first and the last digit written.
func (d *decimal) highest() int { return len(d.whole) - 1 + d.exponent }
func (d *decimal) lowest() int  { return d.exponent - len(d.fraction) }

// anyBelow reports whether a digit worth less than 10^power is not zero.
func (d *decimal) anyBelow(power int) bool {
	for p := min(power-1, d.highest()); p >= d.lowest(); p-- {
		if d.digit(p) != 0 {
			return true
		}
	}
	return false
}

// anyAbove reports whether a digit worth more than 10^power is not zero.
func (d *decimal) anyAbove(power int) bool {
	for p := d.highest(); p > power && p >= d.lowest(); p-- {
		if d.digit(p) != 0 {
			return true
		}
	}
	return false
}

// appendDecimal appends units of 10^-places as a decimal with that many places.
func appendDecimal(b []byte, units uint64, places int) []byte {
	start := len(b)
	b = strconv.AppendUint(b, units, 10)
	if places == 0 {
		return b
	}
	if short := places + 1 - (len(b) - start); short > 0 {
		b = append(b, "00000000000000000000"[:short]...)
		copy(b[start+short:], b[start:])
		for i := range short {
			b[start+i] = '0'
		}
	}
	b = append(b, 0)
	point := len(b) - 1 - places
	copy(b[point+1:], b[point:])
	b[point] = '.'
	return b
}

// magnitude returns |n|, also of the smallest int64.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// pow10 returns 10^n for n up to 18.
func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
