package statement

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// The faults of amounts in statements. None repeats the amount.
var (
	ErrAmount = fault.New(fault.Malformed, "statement_amount_malformed", "the amount is not a decimal number of at most 18 digits").
			WithNext("ask the bank for the file again; it must not be mended by hand")
	ErrSum = fault.New(fault.Malformed, "statement_sum_out_of_range", "the amounts are too large to be added up").
		WithNext("ask the bank for the file again; it must not be mended by hand")
)

const (
	decimalDigitsMax = 18 // ISO 20022 allows 18, five of them decimals
	decimalPlacesMax = 12
)

// Decimal is an exact number as a bank writes it, in no currency: files name their
// currency elsewhere, twice, or not at all. It keeps the decimals that were written, so
// 8.850 stays 8.850, and equal numbers may differ in ==: compare with Cmp.
type Decimal struct {
	units  int64 // number times 10^places
	places uint8
}

// ParseDecimal reads [-]digits[.digits], with nothing else around or between.
func ParseDecimal(s string) (Decimal, error) {
	negative := strings.HasPrefix(s, "-")
	if negative {
		s = s[1:]
	}
	whole, fraction, point := strings.Cut(s, ".")
	if whole == "" && fraction == "" || point && fraction == "" {
		return Decimal{}, ErrAmount
	}
	for len(fraction) > decimalPlacesMax && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	whole = strings.TrimLeft(whole, "0")
	if len(whole)+len(fraction) > decimalDigitsMax || len(fraction) > decimalPlacesMax {
		return Decimal{}, ErrAmount
	}
	var units int64
	for _, digits := range [2]string{whole, fraction} {
		for i := range len(digits) {
			d := digits[i] - '0'
			if d > 9 {
				return Decimal{}, ErrAmount
			}
			units = units*10 + int64(d)
		}
	}
	if negative {
		units = -units
	}
	return Decimal{units: units, places: uint8(len(fraction))}, nil
}

// NewDecimal returns units divided by 10^places, as formats without a decimal point
// write them. places is at most 12.
func NewDecimal(units int64, places int) (Decimal, error) {
	if places < 0 || places > decimalPlacesMax || units == math.MinInt64 {
		return Decimal{}, ErrAmount
	}
	return Decimal{units: units, places: uint8(places)}, nil
}

// Add returns d + b with the decimals of the longer, or ErrSum.
func (d Decimal) Add(b Decimal) (Decimal, error) {
	places := max(d.places, b.places)
	x, okX := d.at(places)
	y, okY := b.at(places)
	sum := x + y
	if !okX || !okY || (x^sum)&(y^sum) < 0 || sum == math.MinInt64 {
		return Decimal{}, ErrSum
	}
	return Decimal{units: sum, places: places}, nil
}

// Sub returns d - b, or ErrSum.
func (d Decimal) Sub(b Decimal) (Decimal, error) { return d.Add(b.Neg()) }

// Neg returns -d.
func (d Decimal) Neg() Decimal { return Decimal{units: -d.units, places: d.places} }

// Abs returns d without its sign.
func (d Decimal) Abs() Decimal {
	if d.units < 0 {
		return d.Neg()
	}
	return d
}

// Sign returns -1, 0 or 1 as d is less than, equal to or more than nothing.
func (d Decimal) Sign() int {
	switch {
	case d.units < 0:
		return -1
	case d.units > 0:
		return 1
	default:
		return 0
	}
}

// IsZero reports whether d is nothing, however many decimals it is written with.
func (d Decimal) IsZero() bool { return d.units == 0 }

// Cmp returns -1, 0 or 1 as d is less than, equal to or greater than b.
func (d Decimal) Cmp(b Decimal) int {
	if difference, err := d.Sub(b); err == nil {
		return difference.Sign()
	}
	if d.Sign() != b.Sign() { // far apart: one of them decides by itself
		return cmp.Compare(d.Sign(), b.Sign())
	}
	if d.places < b.places { // the one with fewer decimals did not fit, so it is the larger
		return d.Sign()
	}
	return -b.Sign()
}

// at returns d in units of 10^-places, and whether that fits.
func (d Decimal) at(places uint8) (int64, bool) {
	units := d.units
	for range places - d.places {
		if units > math.MaxInt64/10 || units < -math.MaxInt64/10 {
			return 0, false
		}
		units *= 10
	}
	return units, true
}

// String returns the number with the decimals it was written with.
func (d Decimal) String() string {
	b := strconv.AppendUint(make([]byte, 0, 24), d.magnitude(), 10)
	places := int(d.places)
	if short := places + 1 - len(b); short > 0 {
		b = append([]byte("0000000000000")[:short:short], b...)
	}
	s := string(b)
	if places > 0 {
		s = s[:len(s)-places] + "." + s[len(s)-places:]
	}
	if d.units < 0 {
		s = "-" + s
	}
	return s
}

func (d Decimal) magnitude() uint64 {
	if d.units < 0 {
		return uint64(-d.units)
	}
	return uint64(d.units)
}

// MarshalText writes what String returns, so that JSON has it as a string.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Decimal) UnmarshalText(text []byte) error {
	parsed, err := ParseDecimal(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// In returns d as money. More decimals than the currency has are refused unless they are
// zeros: nobody can be paid half a cent.
func (d Decimal) In(c money.Currency) (money.Amount, error) {
	for d.places > 0 && d.units%10 == 0 {
		d.units, d.places = d.units/10, d.places-1
	}
	return money.ParseAmount(d.String(), c)
}
