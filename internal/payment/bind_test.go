package payment_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/payment"
)

func TestSecurityCodeDigits(t *testing.T) {
	cases := []struct {
		brand payment.Brand
		want  int
	}{
		{payment.Visa, 3},
		{payment.Mastercard, 3},
		{payment.Amex, 4},
		{payment.JCB, 3},
		{payment.UnionPay, 3},
		{payment.Discover, 3},
		{payment.Diners, 3},
		{payment.UnknownBrand, 3},
	}
	for _, c := range cases {
		if got := payment.SecurityCodeDigits(c.brand); got != c.want {
			t.Errorf("%s has a code of %d digits, want %d", c.brand, got, c.want)
		}
	}
}

func TestCardIsUnionPayOnly(t *testing.T) {
	cases := []struct {
		name     string
		brand    payment.Brand
		networks []payment.Brand
		want     bool
	}{
		{"UnionPay, networks not told", payment.UnionPay, nil, true},
		{"UnionPay alone", payment.UnionPay, []payment.Brand{payment.UnionPay}, true},
		{"UnionPay and one we do not know", payment.UnionPay, []payment.Brand{payment.UnionPay, payment.UnknownBrand}, true},
		{"UnionPay with Visa", payment.UnionPay, []payment.Brand{payment.UnionPay, payment.Visa}, false},
		{"Visa with UnionPay", payment.Visa, []payment.Brand{payment.Visa, payment.UnionPay}, false},
		{"Visa", payment.Visa, []payment.Brand{payment.Visa}, false},
		{"unknown brand over UnionPay", payment.UnknownBrand, []payment.Brand{payment.UnionPay}, true},
		{"unknown brand", payment.UnknownBrand, nil, false},
	}
	for _, c := range cases {
		card := payment.Card{Brand: c.brand, Networks: c.networks}
		if got := card.IsUnionPayOnly(); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
}

func TestCardMayBindUntilTheMonthBeforeItsLast(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	day := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	cases := []struct {
		name        string
		month, year int
		now         string
		zone        *time.Location
		want        error
	}{
		{"next month", 10, 2024, "2024-09-30T23:59:59Z", time.UTC, nil},
		{"this month", 9, 2024, "2024-09-01T00:00:00Z", time.UTC, payment.ErrCardExpired},
		{"last month", 8, 2024, "2024-09-01T00:00:00Z", time.UTC, payment.ErrCardExpired},
		{"January after December", 1, 2025, "2024-12-31T23:59:59Z", time.UTC, nil},
		{"later month of last year", 12, 2023, "2024-01-01T00:00:00Z", time.UTC, payment.ErrCardExpired},
		{"next month in UTC, this month in Tokyo", 10, 2024, "2024-09-30T15:00:00Z", tokyo, payment.ErrCardExpired},
		{"a second before", 10, 2024, "2024-09-30T14:59:59Z", tokyo, nil},
		{"month 13", 13, 2030, "2024-09-01T00:00:00Z", time.UTC, payment.ErrExpiryInvalid},
		{"month 0", 0, 2030, "2024-09-01T00:00:00Z", time.UTC, payment.ErrExpiryInvalid},
		{"year of two digits", 12, 30, "2024-09-01T00:00:00Z", time.UTC, payment.ErrExpiryInvalid},
	}
	for _, c := range cases {
		card := payment.Card{ExpMonth: c.month, ExpYear: c.year}
		if got := card.MayBind(day(c.now), c.zone); !errors.Is(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCheckDescriptor(t *testing.T) {
	cases := []struct {
		name, descriptor string
		ok               bool
	}{
		{"a domain", "BURSAR.EXAMPLE", true},
		{"5 characters", "BURSA", true},
		{"4 characters", "BURS", false},
		{"22 characters", "BURSAR CLOUD PAYMENTS1", true},
		{"23 characters", "BURSAR CLOUD PAYMENTS12", false},
		{"one letter", "1234A", true},
		{"no letter", "12345", false},
		{"less than", "BURSAR<", false},
		{"greater than", "BURSAR>", false},
		{"backslash", `BURSAR\`, false},
		{"apostrophe", "BURSAR'S", false},
		{"quotation mark", `BURSAR"`, false},
		{"asterisk", "BURSAR*CLOUD", false},
		{"an umlaut", "BÜRSAR", false},
		{"Chinese", "支付支付支付", false},
		{"a tab", "BURSAR\tPAY", false},
		{"a space at the end", "BURSAR ", false},
		{"nothing", "", false},
	}
	for _, c := range cases {
		err := payment.CheckDescriptor(c.descriptor)
		if c.ok && err != nil || !c.ok && !errors.Is(err, payment.ErrDescriptor) {
			t.Errorf("%s: got %v, want ok %t", c.name, err, c.ok)
		}
	}
}
