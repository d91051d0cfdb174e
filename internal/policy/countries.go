package policy

import "strings"

// isoCountries are the codes of ISO 3166-1, and XK, which is used for Kosovo.
const isoCountries = `
	AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
	CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
	GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO
	JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR
	MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO
	RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV
	TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK`

var countries = func() map[string]bool {
	known := map[string]bool{}
	for _, c := range strings.Fields(isoCountries) {
		known[c] = true
	}
	return known
}()

// otherCodes are codes that people write for a country that has another one.
var otherCodes = map[string]string{"UK": "GB", "EL": "GR", "SU": "RU"}

// country reads v as the code of a country; it is "" if refused.
func (v value) country() string {
	s := v.text()
	switch {
	case s == "" || countries[s]:
		return s
	case otherCodes[s] != "":
		v.refuse("write "+otherCodes[s], "this is not the country's ISO 3166-1 code")
	case countries[strings.ToUpper(s)]:
		v.refuse("write "+strings.ToUpper(s), "the code of a country has two capital letters")
	default:
		v.refuse("use an ISO 3166-1 code, such as DE", "there is no country of this code")
	}
	return ""
}

// countryList reads v as a list of countries, each at most once.
func (v value) countryList() []string {
	var all []string
	listed := map[string]bool{}
	for _, item := range v.items() {
		switch c := item.country(); {
		case c == "":
		case listed[c]:
			item.refuse("remove one of the two", "%s is listed twice", c)
		default:
			listed[c] = true
			all = append(all, c)
		}
	}
	return all
}
