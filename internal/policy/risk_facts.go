package policy

import (
	"math"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

// RiskFacts are what is known when risk is judged. What is not known, or does not
// exist on the occasion, is left at its zero value.
type RiskFacts struct {
	AccountAgeDays int // whole days since registration
	Kind           account.Kind
	Country        string // of the account
	Region         Region // of the account
	MethodKind     payment.Kind
	MethodCountry  string // of a card's issuer, or of a PayPal account
	IPCountry      string // of the caller's address
	Amount         money.Amount
	Threshold      money.Amount // of the account's card; left out, where the policy lets it start
	OrderKind      Occasion     // Purchase, Upgrade or Renewal
	FirstUse       bool         // no payment with the method has succeeded yet

	FailedBinds24h    int // tries of the account to bind that failed
	FailedPayments24h int // payments of the account that were declined
	Payments24h       int // payments of the account, whatever their end
	Orders24h         int // orders that the account placed
	NewMethods30d     int // methods that the account bound, those since removed included
	Binds1h           int // tries of anybody to bind that no limit or rule stopped, as far as callers' addresses are known

	HasPaid          bool // a payment of the account has succeeded
	Overdue          bool // the account has an overdue debt
	IdentityVerified bool // the identity behind the account and the method was verified (R-KYC-06)
}

// RiskInputs are the facts as conditions name them. Their JSON is what is kept with a
// judgement.
type RiskInputs struct {
	AccountAgeDays     int    `expr:"account_age_days" json:"account_age_days"`
	Kind               string `expr:"kind" json:"kind"`
	Country            string `expr:"country" json:"country"`
	Region             string `expr:"region" json:"region"`
	MethodKind         string `expr:"method_kind" json:"method_kind"`
	MethodCountry      string `expr:"method_country" json:"method_country"`
	IPCountry          string `expr:"ip_country" json:"ip_country"`
	CountryMismatch    bool   `expr:"country_mismatch" json:"country_mismatch"`
	Currency           string `expr:"currency" json:"currency"`
	Amount             string `expr:"-" json:"amount"`
	AmountUnits        int64  `expr:"amount" json:"-"` // in 1/10,000 of the major unit, so that each currency's amounts are whole
	PercentOfThreshold int64  `expr:"percent_of_threshold" json:"percent_of_threshold"`
	OrderKind          string `expr:"order_kind" json:"order_kind"`
	FirstUse           bool   `expr:"first_use" json:"first_use"`
	FailedBinds24h     int    `expr:"failed_binds_24h" json:"failed_binds_24h"`
	FailedPayments24h  int    `expr:"failed_payments_24h" json:"failed_payments_24h"`
	Payments24h        int    `expr:"payments_24h" json:"payments_24h"`
	Orders24h          int    `expr:"orders_24h" json:"orders_24h"`
	NewMethods30d      int    `expr:"new_methods_30d" json:"new_methods_30d"`
	Binds1h            int    `expr:"binds_1h" json:"binds_1h"`
	HasPaid            bool   `expr:"has_paid" json:"has_paid"`
	Overdue            bool   `expr:"overdue" json:"overdue"`
	IdentityVerified   bool   `expr:"identity_verified" json:"identity_verified"`
}

// inputs names the facts, and works out those that follow from others.
func (p Policy) inputs(f RiskFacts) RiskInputs {
	in := RiskInputs{
		AccountAgeDays:    f.AccountAgeDays,
		Kind:              string(f.Kind),
		Country:           f.Country,
		Region:            string(f.Region),
		MethodKind:        string(f.MethodKind),
		MethodCountry:     f.MethodCountry,
		IPCountry:         f.IPCountry,
		CountryMismatch:   f.Country != "" && f.MethodCountry != "" && f.Country != f.MethodCountry,
		Currency:          string(f.Amount.Currency),
		OrderKind:         string(f.OrderKind),
		FirstUse:          f.FirstUse,
		FailedBinds24h:    f.FailedBinds24h,
		FailedPayments24h: f.FailedPayments24h,
		Payments24h:       f.Payments24h,
		Orders24h:         f.Orders24h,
		NewMethods30d:     f.NewMethods30d,
		Binds1h:           f.Binds1h,
		HasPaid:           f.HasPaid,
		Overdue:           f.Overdue,
		IdentityVerified:  f.IdentityVerified,
	}
	if f.Amount.Currency != "" {
		in.Amount = f.Amount.Decimal()
		in.AmountUnits = unitsOf(f.Amount)
		in.PercentOfThreshold = p.percentOfThreshold(f)
	}
	return in
}

// unitDigits are the decimals of what conditions count amounts in: as many as any
// currency has.
const unitDigits = 4

// unitsOf returns a in units of conditions, or the largest number if it is beyond.
func unitsOf(a money.Amount) int64 {
	units := a.Minor
	for range unitDigits - a.Currency.Digits() {
		if units > math.MaxInt64/10 {
			return math.MaxInt64
		}
		units *= 10
	}
	return units
}

// percentOfThreshold returns the amount in percent of the card threshold, rounded
// down: a measure that means the same in every currency.
func (p Policy) percentOfThreshold(f RiskFacts) int64 {
	threshold := f.Threshold
	if !threshold.IsPositive() {
		threshold = p.cardThreshold.In(f.Amount.Currency)
	}
	a, t := f.Amount.Minor, threshold.Minor
	if a <= 0 || t <= 0 {
		return 0
	}
	if a/t >= numberMax/100 {
		return numberMax
	}
	// The rest is below t, which is at most 1e15, so that nothing overflows.
	return a/t*100 + a%t*100/t
}
