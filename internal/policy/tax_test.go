package policy_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/policy"
)

const taxes = `tax:
  - {version: jp-8, name: Consumption tax, country: JP, rate: 0.08, from: 2014-04-01T00:00:00+09:00, until: 2019-10-01T00:00:00+09:00}
  - {version: jp-10, name: Consumption tax, country: JP, rate: 0.10, from: 2019-10-01T00:00:00+09:00}
  - {version: eu-21, name: VAT, region: eu, rate: 0.21, from: 2010-01-01, reverse_charge: on}
  - {version: de-19, name: VAT, country: DE, rate: 0.19, from: 2007-01-01, reverse_charge: on}
  - {version: my-8, name: SST, country: MY, rate: 0.08, from: 2024-03-01, kinds: [enterprise]}
  - {version: my-6, name: SST, country: MY, rate: 0.06, from: 2024-03-01, kinds: [individual]}
`

func TestTax(t *testing.T) {
	p := with(t, "tax: []\n", taxes)
	cases := []struct {
		name    string
		country string
		kind    account.Kind
		taxID   string
		at      string
		version string // "" none
		rate    string
	}{
		{"before there was one", "JP", account.Individual, "", "2014-03-31T14:59:59Z", "", ""},
		{"as it begins", "JP", account.Individual, "", "2014-03-31T15:00:00Z", "jp-8", "0.08"},
		{"the last second of a rate", "JP", account.Individual, "", "2019-09-30T14:59:59Z", "jp-8", "0.08"},
		{"the first instant of the next", "JP", account.Individual, "", "2019-09-30T15:00:00Z", "jp-10", "0.10"},
		{"a tax id without reverse charge", "JP", account.Enterprise, "T123", "2024-09-01T00:00:00Z", "jp-10", "0.10"},
		{"a region's tax", "FR", account.Individual, "", "2024-09-01T00:00:00Z", "eu-21", "0.21"},
		{"a country's own goes first", "DE", account.Individual, "", "2024-09-01T00:00:00Z", "de-19", "0.19"},
		{"reverse charge", "DE", account.Enterprise, "DE123456789", "2024-09-01T00:00:00Z", "de-19", "0"},
		{"a blank tax id is none", "DE", account.Enterprise, "  ", "2024-09-01T00:00:00Z", "de-19", "0.19"},
		{"by kind, enterprise", "MY", account.Enterprise, "", "2024-09-01T00:00:00Z", "my-8", "0.08"},
		{"by kind, individual", "MY", account.Individual, "", "2024-09-01T00:00:00Z", "my-6", "0.06"},
		{"nowhere", "US", account.Individual, "", "2024-09-01T00:00:00Z", "", ""},
		{"no country", "", account.Individual, "", "2024-09-01T00:00:00Z", "", ""},
	}
	for _, c := range cases {
		tax, ok := p.Tax(policy.TaxFacts{Country: c.country, Kind: c.kind, TaxID: c.taxID, At: at(t, c.at)})
		if ok != (c.version != "") || tax.Version != c.version || ok && tax.Rate.String() != c.rate {
			t.Errorf("%s: got %s at %s (%t), want %s at %s", c.name, tax.Version, tax.Rate, ok, c.version, c.rate)
		}
		if reversed := c.rate == "0"; tax.Reversed != reversed {
			t.Errorf("%s: reversed is %t, want %t", c.name, tax.Reversed, reversed)
		}
	}
	if _, ok := policy.BuiltIn().Tax(policy.TaxFacts{Country: "JP", At: at(t, "2024-09-01T00:00:00Z")}); ok {
		t.Error("the built-in policy has a tax in JP, want none")
	}
}
