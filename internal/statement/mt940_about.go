package statement

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// What :86: holds is agreed between banks and their customers, country by country. Four
// forms are read; anything else is free text. What is found is a help for matching, so
// that words which fit no form are kept as they are.

var (
	mtSubfield = regexp.MustCompile(`^[0-9]{3}([^0-9A-Za-z\s])[0-9]{2}`)
	mtSlashed  = regexp.MustCompile(`/(EREF|KREF|PREF|MARF|CSID|TRTP|TRCD|IBAN|BBAN|BIC|NAME|REMI|CNTP|ORDP|BENM|ADDR|ISDT|PURP|ULTC|ULTD|ULTB|RTRN|OCMT|CHGS|EXCH|SVCL|RREF)/`)
	mtNamed86  = regexp.MustCompile(`(IBAN|BIC|NAAM|OMSCHRIJVING|KENMERK|MACHTIGING|INCASSANT|REK|BETALINGSKENMERK|BETALINGSKENM\.): ?`)
	mtCreditor = regexp.MustCompile(`^(?:ISSUER: *)?(?:STRD/)?CUR(?:/| +REF: *)([0-9 ]+)/?$`)
	mtAccount  = regexp.MustCompile(`^[A-Z]{0,2}[0-9][A-Z0-9]{5,33}$`)
)

// mtAbout reads :86: into what is known of an entry.
func mtAbout(e *Entry, d *Detail, other *Party, text []string) {
	if len(text) == 0 {
		return
	}
	joined := strings.Join(text, "")
	switch {
	case mtSubfield.MatchString(joined):
		mtSubfields(e, d, other, joined)
	case strings.HasPrefix(joined, "/") && mtSlashed.FindStringIndex(joined) != nil && mtSlashed.FindStringIndex(joined)[0] == 0:
		mtCodewords(d, other, joined)
	case mtNamed86.MatchString(joined):
		mtLabels(d, other, text)
	}
	if d.Remittance == "" && d.Structured == "" {
		d.Remittance = trimmedLines(text)
	}
}

func trimmedLines(text []string) string {
	kept := make([]string, 0, len(text))
	for _, line := range text {
		if line = strings.TrimSpace(line); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

const mtSubfieldFull = 27 // letters of a subfield that goes on in the next one

// mtSubfields reads the form of German and some Dutch banks: a code of three digits, and
// parts that start with a mark and two digits. 20 to 29 and 60 to 63 are the remittance,
// 30 to 33 the other party: Deutsche Kreditwirtschaft, DFÜ agreement, annex 3.
func mtSubfields(e *Entry, d *Detail, other *Party, s string) {
	mark := mtSubfield.FindStringSubmatch(s)[1]
	if e.Rail == "" {
		e.Rail = mtBusinessRails[s[:3]]
	}
	if e.Code.Proprietary == "" || e.Code.Proprietary == "MSC" {
		e.Code = Code{Proprietary: s[:3], Issuer: "DK"}
	}
	var remittance strings.Builder
	whole := true   // the part before fills its line, so that the next one goes on with it
	marked := false // there was a mark such as EREF+: from there on all are one text
	for _, part := range strings.Split(s[3:], mark)[1:] {
		if len(part) < 2 {
			continue
		}
		number, text := part[:2], part[2:]
		switch {
		case number == "00" && e.Info == "":
			e.Info = strings.TrimSpace(text)
		case number >= "20" && number <= "29" || number >= "60" && number <= "63":
			if !whole {
				remittance.WriteByte('\n')
			}
			remittance.WriteString(text)
			marked = marked || len(mtMarks(text)) > 0
			whole = marked || utf8.RuneCountInString(text) >= mtSubfieldFull
		case number == "30":
			other.BIC = strings.TrimSpace(text)
		case number == "31":
			other.Account = unspaced(text)
		case number == "32" || number == "33":
			other.Name = strings.TrimSpace(other.Name + text)
		}
	}
	mtRemittance(d, other, remittance.String())
}

// mtBusinessRails are the business transaction codes that tell the way of the money.
var mtBusinessRails = map[string]Rail{
	"104": RailDirectDebit, "105": RailDirectDebit, "107": RailDirectDebit, "108": RailDirectDebit, "109": RailDirectDebit,
	"171": RailDirectDebit, "174": RailDirectDebit, "192": RailDirectDebit, "193": RailDirectDebit, "106": RailCard,
	"116": RailSEPA, "117": RailSEPA, "119": RailSEPA, "152": RailSEPA, "153": RailSEPA, "154": RailSEPA, "156": RailSEPA,
	"159": RailSEPA, "166": RailSEPA, "167": RailSEPA, "169": RailSEPA, "177": RailSEPA, "191": RailSEPA, "194": RailSEPA,
	"118": RailInstant, "168": RailInstant, "201": RailCrossBorder, "202": RailCrossBorder, "082": RailCash, "083": RailCash,
	"808": RailFee, "809": RailFee, "814": RailInterest,
}

// mtMark is one of SEPA's words in a remittance, and where it stands.
type mtMark struct {
	word string
	at   int
}

var mtMarkWords = []string{
	"EREF", "KREF", "MREF", "CRED", "DEBT", "SVWZ", "ABWA", "ABWE", "OAMT", "COAM", "IBAN", "PURP", "RREF", "BIC",
}

// mtMarks finds the words that stand before a plus sign.
func mtMarks(s string) []mtMark {
	var found []mtMark
	for from := 0; ; {
		plus := strings.IndexByte(s[from:], '+')
		if plus < 0 {
			return found
		}
		from += plus
		for _, word := range mtMarkWords {
			if strings.HasSuffix(s[:from], word) {
				found = append(found, mtMark{word, from - len(word)})
				break
			}
		}
		from++
	}
}

// mtRemittance takes SEPA's own references out of the remittance, such as EREF+.
func mtRemittance(d *Detail, other *Party, s string) {
	marks := mtMarks(s)
	if len(marks) == 0 {
		d.Remittance = trimmedLines(strings.Split(s, "\n"))
		return
	}
	free := strings.TrimSpace(s[:marks[0].at])
	for i, m := range marks {
		end := len(s)
		if i+1 < len(marks) {
			end = marks[i+1].at
		}
		text := strings.TrimSpace(strings.ReplaceAll(s[m.at+len(m.word)+len("+"):end], "\n", ""))
		switch m.word {
		case "EREF":
			d.EndToEndID = givenReference(text)
		case "KREF":
			d.InstructionID = givenReference(text)
		case "MREF":
			d.MandateID = givenReference(text)
		case "SVWZ":
			free = strings.TrimSpace(free + " " + text)
		case "ABWA", "ABWE":
			other.Ultimate = text
		case "IBAN":
			other.Account = unspaced(text)
		case "BIC":
			other.BIC = unspaced(text)
		case "PURP":
			d.Purpose = text
		}
	}
	d.Remittance = free
}

// mtCodewords reads the form /EREF/…/REMI/…, in which words of four letters between
// slashes start each part.
func mtCodewords(d *Detail, other *Party, s string) {
	at := mtSlashed.FindAllStringSubmatchIndex(s, -1)
	for i, found := range at {
		end := len(s)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		if found[1] > end { // two words share a slash
			continue
		}
		text := strings.Trim(s[found[1]:end], "/ ")
		switch s[found[2]:found[3]] {
		case "EREF":
			d.EndToEndID = givenReference(text)
		case "KREF", "PREF":
			d.InstructionID = givenReference(text)
		case "MARF":
			d.MandateID = givenReference(text)
		case "NAME":
			other.Name = text
		case "IBAN", "BBAN":
			other.Account = unspaced(text)
		case "BIC":
			other.BIC = unspaced(text)
		case "CNTP":
			mtCounterparty(other, s[found[1]:end])
		case "ORDP", "BENM":
			mtParty(other, text)
		case "ULTC", "ULTD", "ULTB":
			other.Ultimate = text
		case "PURP":
			d.Purpose = text
		case "RTRN":
			d.ReturnReason = text
		case "REMI":
			mtUnpack(d, text)
		}
	}
}

// mtCounterparty reads account/BIC/name/city.
func mtCounterparty(other *Party, s string) {
	parts := strings.Split(s, "/")
	for i, to := range []*string{&other.Account, &other.BIC, &other.Name} {
		if i < len(parts) {
			*to = strings.TrimSpace(parts[i])
		}
	}
}

// mtParty reads account/name, where both may be missing.
func mtParty(other *Party, s string) {
	account, name, _ := strings.Cut(s, "/")
	if !mtAccount.MatchString(account) {
		return
	}
	other.Account = account
	other.Name, _, _ = strings.Cut(name, "/")
}

// mtUnpack reads what follows /REMI/: USTD for free text, STRD for a reference.
func mtUnpack(d *Detail, s string) {
	if free, ok := strings.CutPrefix(s, "USTD//"); ok {
		s = free
	}
	if m := mtCreditor.FindStringSubmatch(s); m != nil {
		d.Structured = unspaced(m[1])
		return
	}
	d.Remittance = s
}

// mtLabels reads the form of words with a colon, as Dutch banks wrote it. Each line is
// 65 letters of a running text.
func mtLabels(d *Detail, other *Party, text []string) {
	s := strings.Join(text, "\n")
	at := mtNamed86.FindAllStringSubmatchIndex(s, -1)
	for i, found := range at {
		end := len(s)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		part := strings.Trim(s[found[1]:end], " \n/")
		flat := strings.ReplaceAll(part, "\n", "")
		switch s[found[2]:found[3]] {
		case "IBAN", "REK":
			other.Account = unspaced(flat)
		case "BIC":
			other.BIC = unspaced(flat)
		case "NAAM":
			other.Name = flat
		case "MACHTIGING":
			d.MandateID = flat
		case "KENMERK":
			d.EndToEndID = givenReference(flat)
		case "OMSCHRIJVING":
			d.Remittance = part
		}
	}
}

func unspaced(s string) string { return strings.Join(strings.Fields(s), "") }

// mtNamed reads :NS:, the form of old German and Hungarian programs: lines that start
// with two digits. 01 to 14 are the remittance, 15 and 16 the other party's name, 17 what
// kind of posting it is, 33 and 34 the other's bank and account.
func mtNamed(e *Entry, d *Detail, other *Party, text []string) {
	var remittance []string
	for _, line := range text {
		if len(line) < 2 || strings.Trim(line[:2], "0123456789") != "" {
			continue
		}
		number, said := line[:2], strings.TrimSpace(line[2:])
		switch {
		case said == "":
		case number >= "01" && number <= "14":
			remittance = append(remittance, said)
		case number == "15":
			other.Name = said
		case number == "16":
			other.Name = strings.TrimSpace(other.Name + said)
		case number == "17" && e.Info == "":
			e.Info = said
		case number == "33":
			other.BIC = said
		case number == "34":
			other.Account = said
		}
	}
	if d.Remittance == "" && len(remittance) > 0 {
		d.Remittance = strings.Join(slices.Clone(remittance), "\n")
	}
}
