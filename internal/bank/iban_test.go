package bank_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
)

// registered are the examples of the SWIFT registry, one for each country.
var registered = strings.Fields(`
	AD1200012030200359100100 AE070331234567890123456 AL47212110090000000235698741 AT611904300234573201 AZ21NABZ00000000137010001944
	BA391290079401028494 BE68539007547034 BG80BNBG96611020345678 BH67BMAG00001299123456 BI4210000100010000332045181 BR1800360305000010009795493C1 BY13NBRB3600900000002Z00AB00
	CH9300762011623852957 CR05015202001026284066 CY17002001280000001200527600 CZ6508000000192000145399
	DE89370400440532013000 DJ2100010000000154000100186 DK5000400440116243 DO28BAGR00000001212453611324
	EE382200221020145685 EG380019000500000000263180002 ES9121000418450200051332
	FI2112345600000785 FK88SC123456789012 FO6264600001631634 FR1420041010050500013M02606
	GB29NWBK60161331926819 GE29NB0000000101904917 GI75NWBK000000007099453 GL8964710001000206 GR1601101250000000012300695 GT82TRAJ01020000001210029690
	HN88CABF00000000000250005469 HR1210010051863000160 HU42117730161111101800000000
	IE29AIBK93115212345678 IL620108000000099999999 IQ98NBIQ850123456789012 IS140159260076545510730339 IT60X0542811101000000123456
	JO94CBJO0010000000000131000302 KW81CBKU0000000000001234560101 KZ86125KZT5004100100
	LB62099900000001001901229114 LC55HEMM000100010012001200023015 LI21088100002324013AA LT121000011101001000 LU280019400644750000 LV80BANK0000435195001 LY83002048000020100120361
	MC5811222000010123456789030 MD24AG000225100013104168 ME25505000012345678951 MK07250120000058984 MN121234123456789123 MR1300020001010000123456753 MT84MALT011000012345MTLCAST001S MU17BOMM0101101030300200000MUR
	NI45BAPR00000013000003558124 NL91ABNA0417164300 NO9386011117947 OM810180000001299123456
	PK36SCBL0000001123456702 PL61109010140000071219812874 PS92PALS000000000400123456702 PT50000201231234567890154 QA58DOHB00001234567890ABCDEFG
	RO49AAAA1B31007593840000 RS35260005601001611379 RU0304452522540817810538091310419
	SA0380000000608010167519 SC18SSCB11010000000000001497USD SD2129010501234001 SE4550000000058398257466 SI56263300012039086 SK3112000000198742637541 SM86U0322509800000000270100
	SO211000001001000100141 ST23000100010051845310146 SV62CENR00000000000000700025
	TL380080012345678910157 TN5910006035183598478831 TR330006100519786457841326 UA213223130000026007233566001 VA59001123000012345678 VG96VPVG0000012345678901
	XK051212012345678906 YE15CBYE0001018861234567891234`)

func TestEveryRegisteredIBANIsProvenBothWays(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range registered {
		n, err := bank.ParseIBAN(s)
		if err != nil {
			t.Errorf("%s is refused: %v", s, err)
			continue
		}
		seen[n.Country()] = true
		if made, err := bank.MakeIBAN(s[:2], s[4:]); err != nil || made != n {
			t.Errorf("made of its national part, %s is %s, %v", s, made, err)
		}
	}
	for _, c := range bank.IBANCountries() {
		if !seen[c] {
			t.Errorf("no example of %s", c)
		}
	}
}

// TestNoWrongCharacterIsTaken changes every character of every example for others of
// its kind, and lets neighbours of one kind change places: MOD 97-10 finds all of
// both. A letter in a digit's place it can miss.
func TestNoWrongCharacterIsTaken(t *testing.T) {
	const digits, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, s := range registered {
		for i := range len(s) {
			kind := letters
			if strings.Contains(digits, s[i:i+1]) {
				kind = digits
			}
			for _, c := range kind {
				wrong := s[:i] + string(c) + s[i+1:]
				if wrong != s && bank.CheckIBAN(wrong) == nil {
					t.Errorf("%s is taken for %s", wrong, s)
				}
			}
			if i > 0 && s[i] != s[i-1] && strings.Contains(kind, s[i-1:i]) {
				wrong := s[:i-1] + s[i:i+1] + s[i-1:i] + s[i+1:]
				if bank.CheckIBAN(wrong) == nil {
					t.Errorf("%s is taken for %s", wrong, s)
				}
			}
		}
	}
}

func TestParseIBANReadsWhatPeopleWrite(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     bank.IBAN
	}{
		{"grouped", "DE89 3704 0044 0532 0130 00", "DE89370400440532013000"},
		{"small letters", "gb29nwbk60161331926819", "GB29NWBK60161331926819"},
		{"dashes and hard spaces", "FR14-2004\u00a01010\u202f0505-0001-3M02-606", "FR1420041010050500013M02606"},
		{"wide forms", "ＤＥ８９３７０４００４４０５３２０１３０００", "DE89370400440532013000"},
		{"empty", "", ""},
		{"too short", "DE8937040044053201300", ""},
		{"no IBANs there", "US64SVBKUS6S3300958879", ""},
		{"letters for digits", "DE8937040044053201300O", ""},
		{"other check digits that leave 1 as well", "DE00370400440532013000", ""},
		{"national check digits", "ES9621000418550200051332", ""},
		{"not ASCII", "DE89３７０４００４４０５３２０１３０００é", ""},
	} {
		got, err := bank.ParseIBAN(c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
		if err != nil && !errors.Is(err, bank.ErrIBAN) {
			t.Errorf("%s: %v is not the fault of IBANs", c.name, err)
		}
	}
	if got, want := bank.IBAN("NO9386011117947").Grouped(), "NO93 8601 1117 947"; got != want {
		t.Errorf("grouped: got %q, want %q", got, want)
	}
}

func TestCheckBIC(t *testing.T) {
	for s, want := range map[string]bool{
		"DEUTDEFF": true, "NEDSZAJJXXX": true, "CITIUS33": true, "1A2BGB2L": true,
		"DEUTDEF": false, "DEUTDEFFXX": false, "DEUT1EFF": false, "deutdeff": false, "": false,
	} {
		if got := bank.CheckBIC(s) == nil; got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}

func TestCheckNumber(t *testing.T) {
	for _, c := range []struct {
		name         string
		scheme       bank.Scheme
		code, number string
		want         bool
	}{
		{"routing number", bank.SchemeUS, "021000089", "123456789", true},
		{"routing number, one digit wrong", bank.SchemeUS, "021000088", "123456789", false},
		{"routing number missing", bank.SchemeUS, "", "123456789", false},
		{"CLABE", bank.SchemeMX, "", "032180000118359719", true},
		{"CLABE, one digit wrong", bank.SchemeMX, "", "032180000118359718", false},
		{"Japan", bank.SchemeJP, "0001001", "1234567", true},
		{"Japan, account too short", bank.SchemeJP, "0001001", "123456", false},
		{"China", bank.SchemeCN, "104100000004", "6222021234567890123", true},
		{"United Kingdom", bank.SchemeGB, "601613", "31926819", true},
		{"IBAN", bank.SchemeIBAN, "", "DE89370400440532013000", true},
		{"IBAN, wrong", bank.SchemeIBAN, "", "DE88370400440532013000", false},
		{"no such scheme", "zz", "", "1234567", false},
	} {
		if got := bank.CheckNumber(c.scheme, c.code, c.number) == nil; got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestReferences(t *testing.T) {
	if err := bank.CheckReference("RF18539007547034"); err != nil {
		t.Errorf("the standard's own example is refused: %v", err)
	}
	for _, s := range []string{"RF19539007547034", "RF18", "RF", "", "RF1853900754703453900754703", "rf18539007547034", "RF18539007547O34"} {
		if bank.CheckReference(s) == nil {
			t.Errorf("%q is taken", s)
		}
	}
	seen := map[string]account.ID{}
	for i := range 2_000 {
		id := account.ID("acct_" + strings.Repeat("0", 20) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676)))
		r := bank.MakeReference(id, 0)
		if err := bank.CheckReference(r); err != nil || len(r) != 16 {
			t.Fatalf("%s for %s: %v", r, id, err)
		}
		if bank.MakeReference(id, 0) != r || bank.MakeReference(id, 1) == r {
			t.Errorf("%s does not follow from account and try", r)
		}
		if before, twice := seen[r]; twice {
			t.Errorf("%s and %s have the same reference", before, id)
		}
		seen[r] = id
	}
}

func TestFindReferences(t *testing.T) {
	ours := bank.MakeReference("acct_01j8z3v6k2m4n8p0q2r4s6t8vw", 0)
	for _, c := range []struct{ name, text string }{
		{"alone", ours},
		{"in groups", bank.GroupedReference(ours)},
		{"among words", "Invoice 17, " + strings.ToLower(ours) + " thank you"},
		{"with words right behind", ours + "INVOICE2024"},
		{"broken over lines", "/ROC/" + ours[:7] + "\r\n" + ours[7:] + "//"},
		{"behind a false start", "RFRF" + ours[2:4] + " RF00 " + ours},
		{"in wide forms", "ＲＦ" + ours[2:]},
	} {
		found := bank.FindReferences(c.text)
		has := false
		for _, f := range found {
			has = has || f == ours
		}
		if !has {
			t.Errorf("%s: %q is not among %q", c.name, ours, found)
		}
	}
	if got := bank.FindReferences(strings.Repeat("RF18539007547034 ", 5_000)); len(got) > 40 {
		t.Errorf("%d references are found in one text", len(got))
	}
	if got := bank.FindReferences("no reference here"); len(got) != 0 {
		t.Errorf("found %q where there is none", got)
	}
}
