package money_test

import (
	"encoding/csv"
	"errors"
	"os"
	"strconv"
	"testing"

	"github.com/bursar-pay/bursar/internal/money"
)

func TestParseCurrency(t *testing.T) {
	for _, c := range []struct {
		code string
		err  error
	}{
		{"USD", nil},
		{"UYW", nil},
		{"usd", money.ErrCurrencyUnknown},
		{"", money.ErrCurrencyUnknown},
		{"US", money.ErrCurrencyUnknown},
		{"USDT", money.ErrCurrencyUnknown},
		{"XAU", money.ErrCurrencyUnknown},
		{"XXX", money.ErrCurrencyUnknown},
		{"ZZZ", money.ErrCurrencyUnknown},
	} {
		got, err := money.ParseCurrency(c.code)
		if !errors.Is(err, c.err) {
			t.Errorf("%q: got %v, want %v", c.code, err, c.err)
		}
		if valid := money.Currency(c.code).Valid(); valid != (c.err == nil) || valid != (got == money.Currency(c.code) && got != "") {
			t.Errorf("%q: got %q, valid %t, want valid %t", c.code, got, valid, c.err == nil)
		}
	}
}

func TestUnitlessCodeSaysWhy(t *testing.T) {
	_, gold := money.ParseCurrency("XAU")
	_, odd := money.ParseCurrency("ZZZ")
	if gold.Error() == odd.Error() {
		t.Errorf("XAU: got %q as for an unknown code, want a reason of its own", gold)
	}
}

// TestDigitsAreTheReferenceTables holds the table in Go to the file it was made from.
func TestDigitsAreTheReferenceTables(t *testing.T) {
	const columnCode, columnUnits = 0, 2
	file, err := os.Open("../../testdata/reference/iso4217.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		c := money.Currency(row[columnCode])
		want, err := strconv.Atoi(row[columnUnits])
		if c == "UYW" { // the file has no units for it; ISO 4217 has 4
			want, err = 4, nil
		}
		if err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		if got := c.Valid(); got != (want >= 0) {
			t.Errorf("%s: got valid %t, want %t", c, got, want >= 0)
		}
		if got := c.Digits(); got != max(0, want) {
			t.Errorf("%s: got %d digits, want %d", c, got, want)
		}
	}
}
