package bank

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
)

// IBAN is an international bank account number (ISO 13616) in normal form: capital
// letters and digits, proven. ParseIBAN makes one.
type IBAN string

// What may be wrong with an account number.
var (
	ErrIBAN = fault.New(fault.Invalid, "iban_invalid", "this is not an IBAN").
		WithNext("copy the IBAN from the bank's own letter; spaces do not matter")
	ErrBIC = fault.New(fault.Invalid, "bic_invalid", "this is not a BIC").
		WithNext("write the bank's 8 or 11 letters and digits, such as DEUTDEFF")
)

// ibanLayouts are the layouts of the national part, as the SWIFT registry of IBANs
// has them: a number of characters and their kind, again and again; n digits, a
// capital letters, c either.
var ibanLayouts = map[string]string{
	"AD": "4n4n12c", "AE": "3n16n", "AL": "8n16c", "AT": "5n11n", "AZ": "4a20c",
	"BA": "3n3n8n2n", "BE": "3n7n2n", "BG": "4a4n2n8c", "BH": "4a14c", "BI": "5n5n11n2n", "BR": "8n5n10n1a1c", "BY": "4c4n16c",
	"CH": "5n12c", "CR": "4n14n", "CY": "3n5n16c", "CZ": "4n6n10n",
	"DE": "8n10n", "DJ": "5n5n11n2n", "DK": "4n9n1n", "DO": "4c20n",
	"EE": "2n14n", "EG": "4n4n17n", "ES": "4n4n1n1n10n",
	"FI": "3n11n", "FK": "2a12n", "FO": "4n9n1n", "FR": "5n5n11c2n",
	"GB": "4a6n8n", "GE": "2a16n", "GI": "4a15c", "GL": "4n9n1n", "GR": "3n4n16c", "GT": "4c20c",
	"HN": "4a20n", "HR": "7n10n", "HU": "3n4n1n15n1n",
	"IE": "4a6n8n", "IL": "3n3n13n", "IQ": "4a3n12n", "IS": "4n2n6n10n", "IT": "1a5n5n12c",
	"JO": "4a4n18c", "KW": "4a22c", "KZ": "3n13c",
	"LB": "4n20c", "LC": "4a24c", "LI": "5n12c", "LT": "5n11n", "LU": "3n13c", "LV": "4a13c", "LY": "3n3n15n",
	"MC": "5n5n11c2n", "MD": "2c18c", "ME": "3n13n2n", "MK": "3n10c2n", "MN": "4n12n", "MR": "5n5n11n2n", "MT": "4a5n18c", "MU": "4a2n2n12n3n3a",
	"NI": "4a20n", "NL": "4a10n", "NO": "4n6n1n", "OM": "3n16c",
	"PK": "4a16c", "PL": "8n16n", "PS": "4a21c", "PT": "4n4n11n2n", "QA": "4a21c", "RO": "4a16c", "RS": "3n13n2n", "RU": "9n5n15c",
	"SA": "2n18c", "SC": "4a2n2n16n3a", "SD": "2n12n", "SE": "3n16n1n", "SI": "5n8n2n", "SK": "4n6n10n", "SM": "1a5n5n12c",
	"SO": "4n3n12n", "ST": "4n4n11n2n", "SV": "4a20n",
	"TL": "3n14n2n", "TN": "2n3n13n2n", "TR": "5n1n16c", "UA": "6n19c", "VA": "3n15n", "VG": "4a16n", "XK": "4n10n2n", "YE": "4a4n18c",
}

// kindsOf spells a layout out, one letter a character: "2n1a" is "nna".
func kindsOf(layout string) string {
	var out strings.Builder
	n := 0
	for i := range len(layout) {
		if c := layout[i]; c >= '0' && c <= '9' {
			n = n*10 + int(c-'0')
			continue
		}
		out.WriteString(strings.Repeat(layout[i:i+1], n))
		n = 0
	}
	return out.String()
}

// IBANCountries lists the countries that have IBANs, in the order of their codes.
func IBANCountries() []string {
	var all []string
	for c := range ibanLayouts {
		all = append(all, c)
	}
	slices.Sort(all)
	return all
}

// HasIBANs tells whether a country's accounts have IBANs.
func HasIBANs(country string) bool { return ibanLayouts[country] != "" }

// ParseIBAN reads an IBAN as people write it, and proves it: its country's layout,
// its check digits, and the check digits inside its national part where we know how
// they are made.
func ParseIBAN(s string) (IBAN, error) {
	n := NormalNumber(s)
	if len(n) < 5 {
		return "", ErrIBAN.Detail("an IBAN is longer")
	}
	country, bban := n[:2], n[4:]
	if err := checkBBAN(country, bban); err != nil {
		return "", err
	}
	if !isKind(n[2:4], "nn") || n[2:4] != ibanCheck(country, bban) {
		return "", ErrIBAN.Detail("the check digits of the IBAN do not agree with the rest of it: a character is wrong, or two have changed places")
	}
	if made, known := sealed(country, bban); known && made != bban {
		return "", ErrIBAN.Detail("the national check digits inside the IBAN do not agree with the rest of it")
	}
	return IBAN(n), nil
}

// CheckIBAN returns nil if s is an IBAN.
func CheckIBAN(s string) error {
	_, err := ParseIBAN(s)
	return err
}

// MakeIBAN makes the IBAN of a national account number, with its check digits. What
// the number itself holds of check digits must be right.
func MakeIBAN(country, bban string) (IBAN, error) {
	bban = NormalNumber(bban)
	if err := checkBBAN(country, bban); err != nil {
		return "", err
	}
	return ParseIBAN(country + ibanCheck(country, bban) + bban)
}

// Country is the IBAN's country.
func (n IBAN) Country() string { return string(n[:min(2, len(n))]) }

// Grouped is the IBAN as people read it, in groups of four.
func (n IBAN) Grouped() string { return grouped(string(n)) }

func grouped(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i += 4 {
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(s[i:min(i+4, len(s))])
	}
	return out.String()
}

// checkBBAN proves the layout of a national part.
func checkBBAN(country, bban string) error {
	layout := ibanLayouts[country]
	if layout == "" {
		return ErrIBAN.Detail("no country with this code has IBANs").WithNext("an account there has a local number and a BIC")
	}
	kinds := kindsOf(layout)
	switch {
	case len(bban) != len(kinds):
		return ErrIBAN.Detail("an IBAN of %s has %d characters", country, len(kinds)+4)
	case !isKind(bban, kinds):
		return ErrIBAN.Detail("an IBAN of %s has digits where this has letters, or the other way round", country)
	}
	return nil
}

// isKind tells whether every character of s is of its kind: n, a, or c for both.
func isKind(s, kinds string) bool {
	if len(s) != len(kinds) {
		return false
	}
	for i := range len(s) {
		digit, letter := s[i] >= '0' && s[i] <= '9', s[i] >= 'A' && s[i] <= 'Z'
		if ok := kinds[i] == 'n' && digit || kinds[i] == 'a' && letter || kinds[i] == 'c' && (digit || letter); !ok {
			return false
		}
	}
	return true
}

// ibanCheck makes the two check digits (ISO 7064, MOD 97-10).
func ibanCheck(country, bban string) string { return twoDigits(98 - mod97(bban+country+"00")) }

// mod97 is the remainder of a number in which letters stand for 10 to 35.
func mod97(s string) int {
	r := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			r = (r*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			r = (r*100 + int(c-'A') + 10) % 97
		}
	}
	return r
}

func twoDigits(n int) string { return fmt.Sprintf("%02d", n) }

// NormalNumber is an account number as it is kept and compared: capital letters and
// digits, without the spaces, dashes and dots that people put in. Wide forms, as
// East Asian keyboards make them, count as the plain ones.
func NormalNumber(s string) string {
	var out strings.Builder
	for _, r := range s {
		switch r = plain(r); r {
		case ' ', '-', '.', '/', '\t', '\n', '\r', 0xa0, 0x202f, 0x2010, 0x2011, 0x2013:
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// plain turns the wide form of a character into the plain one, and small letters
// into capital ones.
func plain(r rune) rune {
	switch {
	case r >= 0xff01 && r <= 0xff5e:
		r -= 0xff01 - '!'
	case r == 0x3000:
		r = ' '
	}
	if r >= 'a' && r <= 'z' {
		r -= 'a' - 'A'
	}
	return r
}

// CheckBIC returns nil if s has the form of a business identifier code (ISO 9362):
// four letters or digits of the party, the country, two of the place, and three of
// the branch or nothing.
func CheckBIC(s string) error {
	const form = "ccccaaccccc"
	if len(s) != 8 && len(s) != 11 || !isKind(s, form[:len(s)]) {
		return ErrBIC
	}
	return nil
}
