package policy

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Seller is who sells to customers: whose name stands on their bills, and whose bank
// accounts they transfer money to (R-WIRE-02).
type Seller struct {
	Code    string // by which receiving accounts name it
	Name    string
	Address []string // lines, without the country
	Country string
	TaxID   string
	Email   string
	Regions []Region // of its customers; none means all that no other seller names
}

// Seller returns who sells to the customers of a region.
func (p Policy) Seller(r Region) Seller {
	var elsewhere Seller
	for _, s := range p.sellers {
		if slices.Contains(s.Regions, r) {
			return s
		}
		if len(s.Regions) == 0 {
			elsewhere = s
		}
	}
	return elsewhere
}

// SellerByCode returns the seller of this code, and whether there is one.
func (p Policy) SellerByCode(code string) (Seller, bool) {
	for _, s := range p.sellers {
		if s.Code == code {
			return s, true
		}
	}
	return Seller{}, false
}

// SellerCodes lists the codes of the sellers, in the document's order.
func (p Policy) SellerCodes() []string {
	var all []string
	for _, s := range p.sellers {
		all = append(all, s.Code)
	}
	return all
}

const (
	sellerCodeOnly    = "main" // of the seller of a document that names none
	sellerLineMax     = 280    // bytes: 70 characters of any script
	sellerAddressMax  = 6      // lines
	sellerRegionsNext = "leave the regions of one seller out: it has all that no other names"
)

// readSellers reads who sells. A document without it, as those before there were
// bank transfers, has one seller, who is called as on statements.
func readSellers(p *Policy, v value) {
	if v.missing() {
		p.sellers = []Seller{{Code: sellerCodeOnly, Name: p.Descriptor}}
		return
	}
	elsewhere := 0
	for _, item := range v.items() {
		f := item.fields([]string{"code", "name", "country"}, "address", "tax_id", "email", "regions")
		s := Seller{Name: f["name"].line(sellerLineMax), Country: f["country"].country(), TaxID: f["tax_id"].text(), Email: f["email"].text()}
		if m := f["code"].matching(namePattern, "a seller's code in lower case, such as main"); m != nil {
			s.Code = m[0]
		}
		if _, twice := p.SellerByCode(s.Code); twice && s.Code != "" {
			f["code"].refuse("give it another one", "another seller has this code")
		}
		for i, line := range f["address"].items() {
			if i == sellerAddressMax {
				line.refuse("write it in fewer", "an address has at most 6 lines")
				break
			}
			s.Address = append(s.Address, line.line(sellerLineMax))
		}
		for _, text := range append([]string{s.Name}, s.Address...) {
			if !utf8.ValidString(text) || strings.TrimSpace(text) != text {
				item.refuse("remove it", "there is a space at the end of a line")
			}
		}
		for _, r := range f["regions"].choices(namesOf(p.regions)...) {
			for _, other := range p.sellers {
				if slices.Contains(other.Regions, Region(r)) {
					f["regions"].refuse("remove it from one of the two", "another seller has this region")
				}
			}
			s.Regions = append(s.Regions, Region(r))
		}
		if len(s.Regions) == 0 {
			elsewhere++
		}
		p.sellers = append(p.sellers, s)
	}
	if elsewhere != 1 {
		v.refuse(sellerRegionsNext, "one seller, and one alone, has the regions that no other names")
	}
}

func (p Policy) addSellers(add adder) {
	for _, s := range p.sellers {
		field := "sellers." + s.Code
		add(field+".name", "the name of the seller "+s.Code, "%s", s.Name)
		add(field+".address", "the address of the seller "+s.Code, "%s", listText(append(slices.Clone(s.Address), s.Country)))
		add(field+".tax_id", "the tax id of the seller "+s.Code, "%s", textOrNone(s.TaxID))
		add(field+".email", "the mail address of the seller "+s.Code, "%s", textOrNone(s.Email))
		add(field+".regions", "the list of regions of the seller "+s.Code, "%s", regionsText(s.Regions))
	}
}

func textOrNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func regionsText(list []Region) string {
	if len(list) == 0 {
		return "elsewhere"
	}
	return listText(slices.Sorted(slices.Values(namesOf(list))))
}
