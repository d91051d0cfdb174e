package sandbox

import (
	"bytes"
	"fmt"
	"strings"
)

// Widths of the fields of MT940, in letters.
const (
	mtLineMax     = 65
	mtSubfieldMax = 27
	mtOwnMax      = 34 // what the bank adds to an entry
)

// writeMT940 writes a statement as SWIFT's MT940, with what is said about entries in
// numbered subfields as banks of Germany do. It has booked entries only, and a virtual
// number stands behind the payer's own words, since the format has no field for it.
func writeMT940(to *bytes.Buffer, s BankStatement, booked, _ []*BankEntry) {
	bic := (s.bank.bic + "XXXXXXXXXXX")[:11]
	line := func(format string, args ...any) { fmt.Fprintf(to, format+"\r\n", args...) }
	line("{1:F01%sX%s0000000000}{2:I940%sX%sN}{4:", bic[:8], bic[8:], bic[:8], bic[8:])
	line(":20:%s", strings.ReplaceAll(s.id(), "STMT-", "S")) // 16 letters at most
	line(":25:%s", s.Account)
	line(":28C:%05d/00001", s.Number%100_000)
	line(":60F:%s", mtBalance(s.openingDay, s.opening, s))
	for _, e := range booked {
		mtEntry(line, e)
	}
	line(":62F:%s", mtBalance(s.Day, s.closing, s))
	line("-}")
}

// mtDay is a day as YYMMDD.
func mtDay(day string) string { return strings.ReplaceAll(day[2:], "-", "") }

// mtDecimal is an amount without its sign, with the comma that there must be.
func mtDecimal(decimal string) string {
	decimal = strings.Replace(strings.TrimPrefix(decimal, "-"), ".", ",", 1)
	if !strings.Contains(decimal, ",") {
		decimal += ","
	}
	return decimal
}

func mtBalance(day string, minor int64, s BankStatement) string {
	mark := "C"
	if minor < 0 {
		mark = "D"
	}
	return mark + mtDay(day) + s.Currency + mtDecimal(s.bank.in(minor).Decimal())
}

func mtEntry(line func(string, ...any), e *BankEntry) {
	mark := map[bool]string{true: "C", false: "D"}[e.minor > 0]
	if e.Kind == bankReversal { // of the opposite
		mark = map[bool]string{true: "RD", false: "RC"}[e.minor > 0]
	}
	kind, code, words := "CHG", "808", "CHARGES"
	if way, known := bankRails[e.Rail]; known {
		kind, code, words = way.swift, way.code, "CREDIT TRANSFER"
		if e.isOurs() {
			code, words = way.outCode, "PAYMENT"
		}
	}
	line(":61:%s%s%s%sN%sNONREF//%s", mtDay(e.ValueDay), mtDay(e.Day)[2:], mark, mtDecimal(e.Amount), kind, e.Reference)
	if e.Note != "" {
		line("%s", mtCut(swiftText(e.Note), mtOwnMax))
	}
	about := code + "?00" + words + mtParts(e)
	for start := ":86:"; about != ""; start = "" {
		n := mtBreak(about, mtLineMax-len(start))
		line("%s%s", start, about[:n])
		about = about[n:]
	}
}

// mtParts are the subfields from ?20 on: references and words in pieces of 27 letters,
// then who is at the other end.
func mtParts(e *BankEntry) string {
	said := ""
	if e.EndToEnd != "" {
		said += "EREF+" + e.EndToEnd + " "
	}
	if e.Kind != bankFee {
		words := []string{e.Text, e.Ref}
		if e.To != "" {
			words = append(words, "ACCT "+e.To)
		}
		if text := swiftText(strings.Join(words, " ")); text != "" {
			said += "SVWZ+" + text
		}
	}
	var b strings.Builder
	numbers := []string{"20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "60", "61", "62", "63"}
	for said = swiftText(said); said != "" && len(numbers) > 0; numbers = numbers[1:] {
		n := mtBreak(said, mtSubfieldMax)
		b.WriteString("?" + numbers[0] + said[:n])
		said = said[n:]
	}
	for _, p := range []struct{ number, text string }{
		{"30", e.Other.BIC},
		{"31", e.Other.Account},
		{"32", mtCut(swiftText(e.Other.Name), mtSubfieldMax)},
		{"33", mtRest(swiftText(e.Other.Name), mtSubfieldMax)},
	} {
		if p.text != "" {
			b.WriteString("?" + p.number + p.text)
		}
	}
	return b.String()
}

func mtCut(s string, most int) string { return s[:min(len(s), most)] }

// mtRest is what of s does not fit into most letters, as far as it fits into as many.
func mtRest(s string, most int) string { return mtCut(s[min(len(s), most):], most) }

// mtBreak is where a text of at most so many letters ends, so that the next neither
// begins nor this ends with a space, nor the next with what would end the field.
func mtBreak(s string, most int) int {
	if len(s) <= most {
		return len(s)
	}
	for n := most; n > 1; n-- {
		if s[n-1] != ' ' && !strings.ContainsRune(" :-", rune(s[n])) {
			return n
		}
	}
	return most
}
