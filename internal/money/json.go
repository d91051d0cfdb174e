package money

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/bursar-pay/bursar/internal/fault"
)

// ErrJSON is the fault of an amount that is not written as an object of two strings.
var ErrJSON = fault.New(fault.Malformed, "amount_json_malformed", "an amount is an object with the two strings amount and currency").
	WithNext(`write {"amount":"12.34","currency":"USD"}`)

// written is an amount in JSON. The number is a string, so that no reader makes a
// float of it.
type written struct {
	Amount   *string `json:"amount"`
	Currency *string `json:"currency"`
}

// MarshalJSON writes {"amount":"12.34","currency":"USD"}.
func (a Amount) MarshalJSON() ([]byte, error) {
	return write(a.Decimal(), a.Currency)
}

// UnmarshalJSON reads what MarshalJSON writes, and nothing else.
func (a *Amount) UnmarshalJSON(text []byte) error {
	amount, c, err := read(text)
	if err != nil {
		return err
	}
	parsed, err := ParseAmount(amount, c)
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// MarshalJSON writes {"amount":"0.0000008","currency":"USD"}.
func (e Exact) MarshalJSON() ([]byte, error) {
	return write(e.Decimal(), e.Currency)
}

// UnmarshalJSON reads what MarshalJSON writes. More than 12 decimals are ErrPrecision
// here: rounding is only for those who count it, with ParseExact.
func (e *Exact) UnmarshalJSON(text []byte) error {
	amount, c, err := read(text)
	if err != nil {
		return err
	}
	parsed, rounded, err := ParseExact(amount, c)
	if err != nil {
		return err
	}
	if rounded {
		return ErrPrecision.Detail("more than 12 decimals")
	}
	*e = parsed
	return nil
}

func write(amount string, c Currency) ([]byte, error) {
	currency := string(c)
	return json.Marshal(written{Amount: &amount, Currency: &currency})
}

func read(text []byte) (amount string, c Currency, err error) {
	var w written
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&w); err != nil || w.Amount == nil || w.Currency == nil {
		return "", "", ErrJSON
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return "", "", ErrJSON
	}
	c, err = ParseCurrency(*w.Currency)
	return *w.Amount, c, err
}
