package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
)

// TaxRule is a tax that is added to what is collected (R-BILL-07). It is for a country
// or for a region, never both.
type TaxRule struct {
	Version       string // kept with each debt
	Name          string
	Country       string
	Region        Region
	Kinds         []account.Kind // of accounts; none means all
	Rate          money.Rate
	From          time.Time // the first instant
	Until         time.Time // the first instant at which it no longer applies; zero means open
	ReverseCharge bool      // customers with a tax id account for the tax themselves
}

// TaxFacts are what decides which tax applies.
type TaxFacts struct {
	Country string
	Kind    account.Kind
	TaxID   string
	At      time.Time // when the debt arises
}

// AppliedTax is a rule as it applies to one customer.
type AppliedTax struct {
	Name     string
	Version  string
	Rate     money.Rate
	Reversed bool // the customer accounts for it: the rate is zero, and the document must say so
}

// Tax returns the tax that applies, and whether there is one. A rule for the country
// goes before one for its region; cohorts do not matter.
func (p Policy) Tax(f TaxFacts) (AppliedTax, bool) {
	var found *TaxRule
	for i, r := range p.taxes {
		if r.appliesTo(f, p.regionOf(f.Country)) && (found == nil || r.Country != "") {
			found = &p.taxes[i]
		}
	}
	if found == nil {
		return AppliedTax{}, false
	}
	t := AppliedTax{Name: found.Name, Version: found.Version, Rate: found.Rate}
	if found.ReverseCharge && strings.TrimSpace(f.TaxID) != "" {
		t.Rate, t.Reversed = money.Rate{}, true
	}
	return t, true
}

func (r TaxRule) appliesTo(f TaxFacts, region Region) bool {
	here := r.Country == f.Country && f.Country != "" || r.Region != "" && r.Region == region
	kind := len(r.Kinds) == 0 || slices.Contains(r.Kinds, f.Kind)
	return here && kind && !f.At.Before(r.From) && (r.Until.IsZero() || f.At.Before(r.Until))
}

// overlaps tells whether r and s are for the same place, and at some time for the same
// account.
func (r TaxRule) overlaps(s TaxRule) bool {
	if r.Country != s.Country || r.Region != s.Region || r.Country == "" && r.Region == "" {
		return false
	}
	kinds := len(r.Kinds) == 0 || len(s.Kinds) == 0 ||
		slices.ContainsFunc(r.Kinds, func(k account.Kind) bool { return slices.Contains(s.Kinds, k) })
	return kinds && (r.Until.IsZero() || s.From.Before(r.Until)) && (s.Until.IsZero() || r.From.Before(s.Until))
}
