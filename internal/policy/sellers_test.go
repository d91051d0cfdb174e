package policy_test

import (
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/policy"
)

// withSellers is the built-in policy with other sellers; "" none.
func withSellers(sellers string) []byte {
	text := policy.BuiltIn().Document
	at := strings.Index(text, "# Who sells:")
	return []byte(text[:at] + sellers)
}

func TestSellersOfRegions(t *testing.T) {
	p, err := policy.Parse(withSellers(`sellers:
  - {code: main, name: Example Ltd, country: SG, address: [1 Street, City], tax_id: T1, email: a@example.com}
  - {code: europe, name: Beispiel GmbH & Co. KG, country: DE, regions: [eu, europe_non_eu]}
`), "")
	if err != nil {
		t.Fatal(err)
	}
	for region, want := range map[policy.Region]string{"eu": "europe", "europe_non_eu": "europe", "united_states": "main", "other": "main"} {
		if got := p.Seller(region); got.Code != want {
			t.Errorf("%s: got %s, want %s", region, got.Code, want)
		}
	}
	if s, ok := p.SellerByCode("europe"); !ok || s.Name != "Beispiel GmbH & Co. KG" || s.Country != "DE" {
		t.Errorf("by code: %+v, %v", s, ok)
	}
	if _, ok := p.SellerByCode("nobody"); ok {
		t.Error("a code that nobody has finds a seller")
	}
	without, err := policy.Parse(withSellers(""), "")
	if err != nil || without.Seller("eu").Code != "main" || without.Seller("eu").Name != without.Descriptor {
		t.Errorf("a document without sellers: %+v, %v", without.Seller("eu"), err)
	}
	if changes := policy.Diff(without, p); len(changes) == 0 || !strings.HasPrefix(changes[0].Field, "sellers.") {
		t.Errorf("the change of sellers is told as %+v", changes)
	}
}

func TestSellersThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ sellers, want string }{
		"nobody has the rest":   {`sellers: [{code: a, name: A, country: DE, regions: [eu]}]`, "one seller, and one alone"},
		"two have the rest":     {`sellers: [{code: a, name: A, country: DE}, {code: b, name: B, country: FR}]`, "one seller, and one alone"},
		"one code twice":        {`sellers: [{code: a, name: A, country: DE}, {code: a, name: B, country: FR, regions: [eu]}]`, "another seller has this code"},
		"one region twice":      {`sellers: [{code: a, name: A, country: DE}, {code: b, name: B, country: FR, regions: [eu]}, {code: c, name: C, country: FR, regions: [eu]}]`, "another seller has this region"},
		"a region not there":    {`sellers: [{code: a, name: A, country: DE}, {code: b, name: B, country: FR, regions: [mars]}]`, "this word has no meaning here"},
		"no name":               {`sellers: [{code: a, country: DE}]`, "the field is missing"},
		"no such country":       {`sellers: [{code: a, name: A, country: ZZ}]`, "country"},
		"an address of 7 lines": {`sellers: [{code: a, name: A, country: DE, address: [a, b, c, d, e, f, g]}]`, "at most 6 lines"},
	} {
		if _, err := policy.Parse(withSellers(c.sellers+"\n"), ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
