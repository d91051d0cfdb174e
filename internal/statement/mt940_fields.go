package statement

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
)

// Remarks of MT940 and MT942. None of them spoils the proof: there is nothing to prove
// without a closing balance, and a bank may carry the totals of its interim reports on
// from one to the next.
var (
	remarkNoCurrency    = Remark{Code: "closing_balance_unreadable", Message: "the closing balance has no currency, and is left out"}
	remarkInterimTotals = Remark{Code: "interim_totals_differ", Message: "the number or sum that the report gives is not that of its entries"}
)

var (
	mtBalanceForm = regexp.MustCompile(`^([CD])([0-9]{6})([A-Z]{3})([0-9]+[.,][0-9]*)$`)
	mtNoCurrency  = regexp.MustCompile(`^[CD][0-9]{6}[0-9]+,[0-9]*$`)
	mtTotalForm   = regexp.MustCompile(`^([0-9]{1,5})([A-Z]{3})([0-9]+[.,][0-9]*)$`)
	mtFloorForm   = regexp.MustCompile(`^([A-Z]{3})[CD]?[0-9]`)
	mtEntryForm   = regexp.MustCompile(`^([0-9]{6})([0-9]{4})?(R?[CD]|E[CD])([A-Z])?([0-9]+[.,][0-9]*)[ ]?(.*)$`)
	mtTypeForm    = regexp.MustCompile(`^[NFS]([A-Z0-9 ]{3})`)
	ibanForm      = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$`)
)

// mtMessage is one message being read.
type mtMessage struct {
	out       *out
	statement Statement // as far as it is known before it is opened
	framed    bool      // it stands in blocks
	begun     bool      // :20: was there
	opened    bool      // the statement was handed on
	ended     bool      // its own end was there

	entry      *Entry // the latest, whose :86: may follow
	debit      bool
	payer      bool       // the other party is who paid
	about      []string   // lines of its :86:
	named      []string   // lines of its :NS:
	words      int        // bytes of both
	totals     [2]mtTotal // :90C: and :90D:
	pastClose  bool       // a closing balance was there; :86: is about the statement from here on
	hasOpening bool
}

type mtTotal struct {
	given   bool
	entries int
	sum     Decimal
}

// mtFields says who takes a field. Any other one is the bank's own and is passed over,
// as are :21: and the available balances, which tell nothing about entries.
var mtFields = map[string]func(m *mtMessage, tag string, text []string, line int) error{
	"20": (*mtMessage).takeID, "25": (*mtMessage).takeAccount, "28": (*mtMessage).takeSequence, "28C": (*mtMessage).takeSequence,
	"34F": (*mtMessage).takeFloor, "60F": (*mtMessage).takeOpening, "60M": (*mtMessage).takeOpening,
	"61": (*mtMessage).takeEntry, "86": (*mtMessage).takeAbout, "NS": (*mtMessage).takeNamed,
	"62F": (*mtMessage).takeClosing, "62M": (*mtMessage).takeClosing,
	"90C": (*mtMessage).takeTotal, "90D": (*mtMessage).takeTotal,
}

func (m *mtMessage) take(tag string, text []string, line int) error {
	if do := mtFields[tag]; do != nil {
		return do(m, tag, text, line)
	}
	return nil
}

func (m *mtMessage) takeID(_ string, text []string, line int) error {
	m.begun = true
	m.statement.ID, m.statement.Line = strings.TrimSpace(text[0]), line
	return nil
}

func (m *mtMessage) takeAccount(_ string, text []string, _ int) error {
	if m.opened || m.statement.Account != (Account{}) {
		return nil // the first one counts; nothing of a statement changes once it has entries
	}
	m.statement.Account = accountOf(text[0])
	return nil
}

// accountOf tells an IBAN from a bank's own number. Some banks write the currency behind
// it; that is no part of the number.
func accountOf(s string) Account {
	s = strings.TrimSpace(s)
	joined := unspaced(s)
	if isIBAN(joined) {
		return Account{IBAN: joined}
	}
	behind := max(0, len(joined)-len("EUR"))
	if isIBAN(joined[:behind]) && currencyCode.MatchString(joined[behind:]) {
		return Account{IBAN: joined[:behind], Written: s}
	}
	if number, code, ok := strings.Cut(s, " "); ok && currencyCode.MatchString(code) {
		return Account{Other: number, Written: s}
	}
	return Account{Other: s}
}

// isIBAN proves the check digits, ISO 13616.
func isIBAN(s string) bool {
	if !ibanForm.MatchString(s) {
		return false
	}
	rest := 0
	for _, c := range s[4:] + s[:4] {
		if c <= '9' {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest == 1
}

func (m *mtMessage) takeSequence(_ string, text []string, _ int) error {
	m.statement.Sequence, m.statement.Page, _ = strings.Cut(strings.TrimSpace(text[0]), "/")
	return nil
}

func (m *mtMessage) takeFloor(_ string, text []string, _ int) error {
	m.statement.Format = MT942
	if f := mtFloorForm.FindStringSubmatch(text[0]); f != nil && m.statement.Currency == "" {
		m.statement.Currency = money.Currency(f[1])
	}
	return nil
}

func (m *mtMessage) takeOpening(tag string, text []string, line int) error {
	b, err := mtBalanceOf(tag, text, line)
	if err != nil {
		return err
	}
	if m.opened || m.hasOpening {
		return mtBroken(line, tag, "the opening balance stands behind entries, or twice")
	}
	m.hasOpening = true
	s := &m.statement
	s.Format, s.Currency, s.From = MT940, b.Currency, b.Date
	s.Opening, s.Balances = &b, append(s.Balances, b)
	return nil
}

// mtBalanceOf reads mark, date, currency and amount, as in C230101EUR12,50. Final
// balances are those of a day; intermediate ones those of a page.
func mtBalanceOf(tag string, text []string, line int) (Balance, error) {
	f := mtBalanceForm.FindStringSubmatch(strings.TrimSpace(text[0]))
	if f == nil {
		return Balance{}, mtBroken(line, tag, "the balance is not a mark, a date, a currency and an amount with a comma")
	}
	date, ok := shortDate(f[2])
	if !ok {
		return Balance{}, mtBroken(line, tag, "the calendar has no such date")
	}
	amount, err := mtAmount(f[4])
	if err != nil {
		return Balance{}, placed(err, atLine(line)+", :"+tag+":")
	}
	if f[1] == "D" {
		amount = amount.Neg()
	}
	kind := map[string]string{"60F": "OPBD", "62F": "CLBD"}[tag]
	if kind == "" {
		kind = "ITBD"
	}
	return Balance{Kind: kind, Amount: amount, Currency: money.Currency(f[3]), Date: date}, nil
}

func (m *mtMessage) takeClosing(tag string, text []string, line int) error {
	if m.pastClose {
		return mtBroken(line, tag, "the closing balance stands there twice")
	}
	if err := m.open(); err != nil {
		return err
	}
	m.pastClose = true
	if mtNoCurrency.MatchString(strings.TrimSpace(text[0])) {
		m.out.remark(remarkNoCurrency, atLine(line)+", :"+tag+":")
		return nil
	}
	b, err := mtBalanceOf(tag, text, line)
	if err != nil {
		return err
	}
	s := m.out.current
	if s.Opening != nil && s.Opening.Currency != b.Currency {
		return mtBroken(line, tag, "the closing balance is in another currency than the opening one")
	}
	s.Closing, s.To, s.Balances = &b, b.Date, append(s.Balances, b)
	s.More = tag == "62M"
	return nil
}

// takeEntry reads a statement line: value date, entry date, mark, funds code, amount,
// type, the owner's reference, the bank's behind //, and words on a line of their own.
func (m *mtMessage) takeEntry(tag string, text []string, line int) error {
	if m.pastClose {
		return mtBroken(line, tag, "the entry stands behind the closing balance")
	}
	if err := m.open(); err != nil {
		return err
	}
	f := mtEntryForm.FindStringSubmatch(text[0])
	if f == nil {
		return mtBroken(line, tag, "the entry is not a date, a mark and an amount with a comma")
	}
	value, ok := shortDate(f[1])
	if !ok {
		return mtBroken(line, tag, "the calendar has no such value date")
	}
	amount, err := mtAmount(f[5])
	if err != nil {
		return placed(err, atLine(line)+", :"+tag+":")
	}
	e := Entry{Line: line, ValueDate: value, Amount: amount, Reversal: f[3][0] == 'R'}
	if f[2] != "" {
		if e.BookingDate, ok = mtNear(value, f[2]); !ok {
			return mtBroken(line, tag, "the calendar has no such entry date")
		}
	}
	if f[3][0] == 'E' {
		e.Status = Pending
	}
	m.payer = strings.HasSuffix(f[3], "C")
	m.debit = m.payer == e.Reversal // the reversal of a credit is a debit
	if m.debit {
		e.Amount = amount.Neg()
	}
	mtReferences(&e, f[6])
	e.Info = strings.TrimSpace(strings.Join(append([]string{e.Info}, text[1:]...), "\n"))
	m.entry = &e
	return nil
}

const mtReferenceMax = 16 // letters of a reference

// mtReferences reads what follows the amount of an entry.
func mtReferences(e *Entry, s string) {
	if f := mtTypeForm.FindStringSubmatch(s); f != nil && !strings.HasPrefix(s, "NONREF") {
		e.Code = Code{Proprietary: strings.TrimSpace(f[1]), Issuer: "SWIFT"}
		e.Rail = mtRails[e.Code.Proprietary]
		s = s[len(f[0]):]
	}
	own, bank, _ := strings.Cut(s, "//")
	if runes := []rune(own); bank == "" && len(runes) > mtReferenceMax { // words behind it, as at Rabobank
		own, e.Info = string(runes[:mtReferenceMax]), strings.TrimSpace(string(runes[mtReferenceMax:]))
	}
	e.OwnerRef, e.Reference = givenReference(own), givenReference(bank)
}

// givenReference is a reference, or "" if s says that there is none.
func givenReference(s string) string {
	switch s = strings.TrimSpace(s); strings.ToUpper(s) {
	case "NONREF", "NOTPROVIDED", "NOT PROVIDED", "EREF", "MARF", "PREF", "KREF+", "EREF+":
		return ""
	}
	return s
}

// mtRails are the types that tell the way of the money: ISO 15022, field 61.
var mtRails = map[string]Rail{
	"CHG": RailFee, "COM": RailFee, "INT": RailInterest, "CHK": RailCheque, "DDT": RailDirectDebit, "DCR": RailCard,
}

func (m *mtMessage) takeAbout(tag string, text []string, line int) error {
	return m.takeWords(&m.about, tag, text, line)
}

func (m *mtMessage) takeNamed(tag string, text []string, line int) error {
	return m.takeWords(&m.named, tag, text, line)
}

// takeWords keeps what is said about an entry; what is said about the statement is not.
func (m *mtMessage) takeWords(to *[]string, tag string, text []string, line int) error {
	if m.entry == nil {
		return nil
	}
	for _, s := range text {
		if m.words += len(s) + 1; m.words > mtFieldMax {
			return mtBroken(line, tag, "what is said about the entry is longer than %d bytes", mtFieldMax)
		}
	}
	*to = append(*to, text...)
	return nil
}

func (m *mtMessage) takeTotal(tag string, text []string, line int) error {
	f := mtTotalForm.FindStringSubmatch(strings.TrimSpace(text[0]))
	if f == nil {
		return mtBroken(line, tag, "the total is not a number, a currency and an amount with a comma")
	}
	sum, err := mtAmount(f[3])
	if err != nil {
		return placed(err, atLine(line)+", :"+tag+":")
	}
	n, _ := strconv.Atoi(f[1]) // five digits fit
	m.totals[strings.Index("CD", tag[2:])] = mtTotal{given: true, entries: n, sum: sum}
	if m.statement.Currency == "" {
		m.statement.Currency = money.Currency(f[2])
	}
	return nil
}

func (m *mtMessage) isInterim() bool {
	return m.statement.Format == MT942 || m.totals != [2]mtTotal{}
}

// open hands the statement on with what its fields before the first entry told, or
// hands on the entry before.
func (m *mtMessage) open() error {
	if !m.opened {
		m.opened = true
		return m.out.open(m.statement)
	}
	return m.flush()
}

// flush hands on the latest entry, now that all its fields were there.
func (m *mtMessage) flush() error {
	if m.entry == nil {
		return nil
	}
	e := *m.entry
	var d Detail
	var other Party
	mtAbout(&e, &d, &other, m.about)
	mtNamed(&e, &d, &other, m.named)
	if m.payer {
		d.Payer = other
	} else {
		d.Payee = other
	}
	e.Details = []Detail{d}
	m.entry, m.about, m.named, m.words = nil, nil, nil, 0
	return m.out.entry(e, m.debit)
}

// close ends the message. One that says that it is whole must have a closing balance,
// or else something was taken out of it.
func (m *mtMessage) close(line int, encoding string) error {
	if err := m.open(); err != nil {
		return err
	}
	if err := m.flush(); err != nil {
		return err
	}
	if m.ended && !m.pastClose && !m.isInterim() {
		return ErrBroken.Detail("the message has no closing balance, :62F: or :62M:").At("statement from " + atLine(m.statement.Line) + " to " + atLine(line))
	}
	for i, sums := range []struct {
		entries int
		sum     Decimal
	}{{m.out.all.creditEntries, m.out.all.credits}, {m.out.all.debitEntries, m.out.all.debits}} {
		if t := m.totals[i]; t.given && (t.entries != sums.entries || t.sum.Cmp(sums.sum) != 0) {
			m.out.remark(remarkInterimTotals, ":90"+"CD"[i:i+1]+":")
		}
	}
	s := m.out.current
	s.Encoding = encoding
	if s.Currency == "" {
		s.Currency = m.statement.Currency
	}
	return m.out.close()
}

// mtAmount reads an amount with a decimal comma; some banks write a point.
func mtAmount(s string) (Decimal, error) {
	s = strings.TrimRight(strings.Replace(s, ",", ".", 1), ".")
	return ParseDecimal(s)
}

// shortYearMin is the first year that two digits can mean: SWIFT has 80 to 99 be of the
// last century.
const shortYearMin = 1980

// shortDate reads YYMMDD.
func shortDate(s string) (Date, bool) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return "", false
	}
	year := n / 10_000
	if year += 1900; year < shortYearMin {
		year += 100
	}
	return NewDate(year, n/100%100, n%100)
}

// mtNear reads MMDD as the day nearest to another one.
func mtNear(to Date, s string) (Date, bool) {
	n, err := strconv.Atoi(s)
	year, yearErr := strconv.Atoi(string(to)[:4])
	month, monthErr := strconv.Atoi(string(to)[5:7])
	if err != nil || yearErr != nil || monthErr != nil {
		return "", false
	}
	switch away := n/100 - month; {
	case away > 6:
		year--
	case away < -6:
		year++
	}
	return NewDate(year, n/100, n%100)
}
