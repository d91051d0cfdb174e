package money

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/bursar-pay/bursar/internal/fault"
)

// ErrRate is the fault of a rate that is not a plain decimal number.
var ErrRate = fault.New(fault.Invalid, "rate_malformed", "not a rate: a decimal number of zero or more, with at most 18 digits before and after the point").
	WithNext("write a fraction such as 0.19 for 19%")

// rateDigitsMax bounds the digits on either side of a rate's point.
const rateDigitsMax = 18

// exactly reckons with more digits than any amount times any rate has, so that it
// never rounds.
var exactly = apd.BaseContext.WithPrecision(100)

// Rate is a decimal fraction of zero or more, such as 0.19, kept exactly as it was
// written. The zero Rate is 0.
type Rate struct {
	value *apd.Decimal // nil means 0; never changed once set
}

// ParseRate reads a rate such as "0.19".
func ParseRate(s string) (Rate, error) {
	d, ok := scan(s)
	plain := ok && !d.scientific && !d.negative && d.whole != ""
	if !plain || len(d.whole) > rateDigitsMax || len(d.fraction) > rateDigitsMax {
		return Rate{}, ErrRate
	}
	value, _, err := apd.NewFromString(s)
	if err != nil {
		return Rate{}, ErrRate
	}
	return Rate{value: value}, nil
}

// IsZero reports whether r is 0.
func (r Rate) IsZero() bool { return r.value == nil || r.value.IsZero() }

// Cmp returns -1, 0 or 1 as r is less than, equal to or greater than s.
func (r Rate) Cmp(s Rate) int {
	return r.decimal().Cmp(s.decimal())
}

// Equal reports whether r and s are the same number, however they were written.
func (r Rate) Equal(s Rate) bool { return r.Cmp(s) == 0 }

// String returns the rate as it was written.
func (r Rate) String() string {
	return r.decimal().Text('f')
}

// MarshalText returns the rate as it was written.
func (r Rate) MarshalText() ([]byte, error) {
	return []byte(r.String()), nil
}

// UnmarshalText reads what ParseRate reads.
func (r *Rate) UnmarshalText(text []byte) error {
	parsed, err := ParseRate(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

// Times returns a times r, rounded half up, away from zero, to a multiple of step minor
// units.
func (a Amount) Times(r Rate, step int64) (Amount, error) {
	if !a.inRange() {
		return Amount{}, ErrOutOfRange
	}
	if step < 1 || step > stepMax {
		return Amount{}, ErrStep
	}
	var product, whole, half, rest apd.Decimal
	unit := apd.New(step, 0)
	reckon := apd.MakeErrDecimal(exactly)
	reckon.Mul(&product, apd.New(a.Minor, 0), r.decimal())
	reckon.QuoInteger(&whole, &product, unit)
	reckon.Rem(&rest, &product, unit)
	reckon.Mul(&half, rest.Abs(&rest), apd.New(2, 0))
	if half.Cmp(unit) >= 0 {
		reckon.Add(&whole, &whole, apd.New(int64(product.Sign()), 0))
	}
	reckon.Mul(&whole, &whole, unit)
	minor, err := whole.Int64()
	if err != nil || reckon.Err() != nil {
		return Amount{}, ErrOutOfRange
	}
	return Amount{Minor: minor, Currency: a.Currency}.checked()
}

func (r Rate) decimal() *apd.Decimal {
	if r.value == nil {
		return &apd.Decimal{}
	}
	return r.value
}
