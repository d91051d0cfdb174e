package sandbox

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How long texts of bank orders may be, as ISO 20022 has it.
const (
	bankNumberMax    = 34
	bankReferenceMax = 35
	bankNameMax      = 140
	bankTextMax      = 140
)

// bankNumber is an account number without what people write between its parts.
func bankNumber(s string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '.' {
			return -1
		}
		return r
	}, s))
}

// checkBankNumber refuses what is no account number; an IBAN must prove itself.
func checkBankNumber(number string) error {
	if number == "" || len(number) > bankNumberMax {
		return badOrder{"An account number has 1 to 34 letters and digits."}
	}
	for _, r := range number {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
			return badOrder{"An account number has letters and digits only."}
		}
	}
	if isIBANShaped(number) && !provesIBAN(number) {
		return badOrder{"The check digits of the IBAN are wrong."}
	}
	return nil
}

// isIBANShaped tells a number that is meant as an IBAN: a country, two digits, and
// at least as much behind them as the shortest has.
func isIBANShaped(s string) bool {
	const shortest = 15
	letter := func(b byte) bool { return b >= 'A' && b <= 'Z' }
	digit := func(b byte) bool { return b >= '0' && b <= '9' }
	return len(s) >= shortest && letter(s[0]) && letter(s[1]) && digit(s[2]) && digit(s[3])
}

// withoutCheckDigits is what numbers are ordered by.
func withoutCheckDigits(s string) string {
	if isIBANShaped(s) {
		return s[:2] + s[4:]
	}
	return s
}

// provesIBAN computes the check of ISO 13616: the country and the digits go behind,
// letters count from ten, and the remainder by 97 is one.
func provesIBAN(s string) bool {
	rest := 0
	for _, r := range s[4:] + s[:4] {
		if r >= 'A' {
			rest = (rest*100 + int(r-'A') + 10) % 97
			continue
		}
		rest = (rest*10 + int(r-'0')) % 97
	}
	return rest == 1
}

// checkBankText refuses texts that no statement could carry.
func checkBankText(s string, most int) error {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > most {
		return badOrder{"A name or a text is too long, or no text."}
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF' {
			return badOrder{"A name or a text has characters that no statement can carry."}
		}
	}
	return nil
}

// swiftText is a text in the letters that SWIFT's messages have; any other becomes a
// point, as at the banks. So does the question mark, which parts the fields of what is
// said about an entry, and more than one space becomes one.
func swiftText(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("/-:().,'+ ", r):
			return r
		default:
			return '.'
		}
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
