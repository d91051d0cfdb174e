package statement

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
)

// remarkUntyped is an entry that does not say what it is. Its amount is in the control
// totals, and in nothing else.
var remarkUntyped = Remark{Code: "entry_without_type", Message: "the entry has no type code for a credit or a debit, and is left out"}

// baiBalances are the summary types that are balances, in ISO 20022 words.
var baiBalances = map[string]string{"010": "OPBD", "015": "CLBD", "040": "OPAV", "045": "CLAV", "060": "ITAV"}

const (
	baiCredits = "100" // sum of all credits
	baiDebits  = "400" // sum of all debits

	baiPlaces = 2 // decimals of an amount, unless its currency has others
)

// fields returns all fields of a record.
func (b *baiRecord) fields() []string { return strings.Split(strings.Join(b.parts, ","), ",") }

// baiField returns a field without the spaces around it, or "" if the record is shorter.
func baiField(fields []string, i int) string {
	if i >= len(fields) {
		return ""
	}
	return strings.TrimSpace(fields[i])
}

func (r *baiReader) openFile(b *baiRecord) error {
	if r.file.open {
		return baiBroken(b.line, "record 01 stands in the file twice")
	}
	if baiField(b.fields(), 7) != "2" {
		return baiBroken(b.line, "record 01 is not of version 2")
	}
	r.file = baiLevel{open: true, line: b.line}
	return nil
}

// baiRefused are the kinds of group that are not news: only updates and corrections are.
var baiRefused = map[string]string{"2": "the group takes back an earlier one", "4": "the group is a test"}

func (r *baiReader) openGroup(b *baiRecord) error {
	if !r.file.open || r.group.open {
		return baiBroken(b.line, "record 02 stands outside a file, or inside another group")
	}
	f := b.fields()
	if why, refused := baiRefused[baiField(f, 2)]; refused {
		return baiBroken(b.line, "%s", why)
	}
	day := baiField(f, 3)
	date, ok := shortDate(day)
	if !ok || !baiDay.MatchString(day) {
		return baiBroken(b.line, "field 5 of record 02 is no date")
	}
	r.group = baiLevel{open: true, line: b.line}
	r.bank, r.date, r.currency = baiField(f, 1), date, money.Currency(baiField(f, 5))
	return nil
}

// baiDollar is the currency of a group that names none.
const baiDollar = money.Currency("USD")

func (r *baiReader) openAccount(b *baiRecord) error {
	if !r.group.open || r.account.open {
		return baiBroken(b.line, "record 03 stands outside a group, or inside another account")
	}
	f := b.fields()
	currency := money.Currency(baiField(f, 1))
	switch {
	case currency == "" && r.currency != "":
		currency = r.currency
	case currency == "":
		currency = baiDollar
	}
	if r.places = baiPlaces; currency.Valid() {
		r.places = currency.Digits()
	}
	r.account = baiLevel{open: true, line: b.line}
	s := Statement{Format: BAI2, Version: "2", Line: b.line, Account: accountOf(baiField(f, 0)), Currency: currency, From: r.date, To: r.date}
	s.Account.Servicer = r.bank
	for at := 2; at < len(f); {
		next, err := r.summary(&s, b.line, f, at)
		if err != nil {
			return err
		}
		at = next
	}
	return r.out.open(s)
}

// summary reads one figure of an account: type, amount, number of items, funds. It
// returns where the next one starts.
func (r *baiReader) summary(s *Statement, line int, f []string, at int) (int, error) {
	kind, funds := baiField(f, at), at+3
	next, err := baiFunds(line, f, funds)
	if err != nil {
		return 0, err
	}
	if kind == "" {
		for _, empty := range f[at:min(next, len(f))] {
			if strings.TrimSpace(empty) != "" {
				return 0, baiBroken(line, "field %d has a figure without a type code", at+2)
			}
		}
		return next, nil
	}
	if !baiType.MatchString(kind) {
		return 0, baiBroken(line, "field %d is not a type code of three digits", at+2)
	}
	text := baiField(f, at+1)
	if text == "" {
		return next, nil
	}
	units, err := r.add(line, at+3, text)
	if err != nil {
		return 0, err
	}
	amount, err := NewDecimal(units, r.places)
	if err != nil {
		return 0, placed(err, atLine(line))
	}
	switch {
	case baiBalances[kind] != "":
		r.balance(s, line, Balance{Kind: baiBalances[kind], Amount: amount, Currency: s.Currency, Date: r.date})
	case kind == baiCredits:
		s.Declared.Credits, s.Declared.CreditEntries = &amount, baiCount(f, at+2)
	case kind == baiDebits:
		s.Declared.Debits, s.Declared.DebitEntries = &amount, baiCount(f, at+2)
	}
	return next, nil
}

func (r *baiReader) balance(s *Statement, line int, b Balance) {
	s.Balances = append(s.Balances, b)
	to := map[string]**Balance{"OPBD": &s.Opening, "CLBD": &s.Closing}[b.Kind]
	if to == nil {
		return
	}
	if *to != nil && (*to).Amount.Cmp(b.Amount) != 0 {
		remark := remarkBalanceTwice
		remark.Place = atLine(line)
		s.Remarks = append(s.Remarks, remark)
		r.twice = true
	}
	*to = &b
}

func baiCount(f []string, at int) *int {
	n, err := strconv.Atoi(baiField(f, at))
	if err != nil || n < 0 {
		return nil
	}
	return &n
}

// add adds an amount to the account's control total. field is its place in the record,
// for people.
func (r *baiReader) add(line, field int, text string) (int64, error) {
	if !baiNumber.MatchString(text) {
		return 0, baiBroken(line, "field %d is not an amount of at most 18 digits", field)
	}
	units, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, baiBroken(line, "field %d is not an amount of at most 18 digits", field)
	}
	return units, r.account.add(line, units)
}

// add adds to a level's control total.
func (l *baiLevel) add(line int, units int64) error {
	sum := l.sum + units
	if (l.sum^sum)&(units^sum) < 0 {
		return placed(ErrSum, atLine(line))
	}
	l.sum = sum
	return nil
}

const baiSplitsMax = 1_000 // of the days over which one amount becomes available

// baiFunds skips the fields that say when funds are available, and returns where the
// next field is: Z, 0, 1 and 2 stand alone, V has a date and a time, S three amounts,
// and D a number of pairs, day and amount.
func baiFunds(line int, f []string, at int) (int, error) {
	switch kind := baiField(f, at); kind {
	case "", "Z", "0", "1", "2":
		return at + 1, nil
	case "V":
		return at + 3, nil
	case "S":
		return at + 4, nil
	case "D":
		n, err := strconv.Atoi(baiField(f, at+1))
		if err != nil || n < 0 || n > baiSplitsMax {
			return 0, baiBroken(line, "field %d does not say how many days follow", at+3)
		}
		return at + 2 + 2*n, nil
	default:
		return 0, baiBroken(line, "field %d is not a type of funds", at+2)
	}
}

// takeEntry reads a transaction: type, amount, funds, the bank's reference, the
// customer's, and text.
func (r *baiReader) takeEntry(b *baiRecord) error {
	if !r.account.open {
		return baiBroken(b.line, "record 16 stands outside an account")
	}
	f := strings.Split(b.parts[0], ",")
	untyped := baiField(f, 0) == ""
	if untyped && baiType.MatchString(baiField(f, 1)) && baiNumber.MatchString(baiField(f, 2)) {
		f = f[1:] // a comma too many
	}
	used := 1
	rest, err := baiFunds(b.line, f, 2)
	for used < len(b.parts) && (err != nil || len(f) < rest+2) { // the fields go on in a continuation
		f = append(f, strings.Split(b.parts[used], ",")...)
		used++
		rest, err = baiFunds(b.line, f, 2)
	}
	if err != nil {
		return err
	}
	amount := "0"
	if text := baiField(f, 1); text != "" {
		amount = text
	}
	units, err := r.add(b.line, 3, amount)
	if err != nil {
		return err
	}
	kind := baiField(f, 0)
	if !baiType.MatchString(kind) && !untyped {
		return baiBroken(b.line, "field 2 is not a type code of three digits")
	}
	credit, debit := kind >= "100" && kind <= "399", kind >= "400" && kind <= "699"
	if untyped || !credit && !debit {
		r.out.remark(remarkUntyped, atLine(b.line))
		return nil
	}
	e := Entry{
		Line: b.line, BookingDate: r.date, Reversal: units < 0, Code: Code{Proprietary: kind, Issuer: "BAI"}, Rail: baiRails[kind],
		Reference: baiField(f, rest), OwnerRef: baiField(f, rest+1),
	}
	if baiField(f, 2) == "V" {
		if day := baiField(f, 3); baiDay.MatchString(day) {
			e.ValueDate, _ = shortDate(day) // what is no date is left out: it only says when funds are available
		}
	}
	if debit {
		units = -units
	}
	if e.Amount, err = NewDecimal(units, r.places); err != nil {
		return placed(err, atLine(b.line))
	}
	e.Details = []Detail{{Remittance: baiText(f, rest+2, b.parts[used:])}}
	r.typed++
	return r.out.entry(e, debit)
}

// baiText is the text of an entry: what is left of its fields, and its continuations.
func baiText(f []string, at int, more []string) string {
	text := []string{}
	if at < len(f) {
		text = append(text, strings.Join(f[at:], ","))
	}
	return trimmedLines(append(text, more...))
}

// baiRails are the types that tell the way of the money.
var baiRails = map[string]Rail{
	"115": RailCheque, "116": RailCheque, "142": RailDomestic, "165": RailDomestic, "169": RailDomestic, "174": RailDomestic,
	"191": RailDomestic, "195": RailDomestic, "201": RailCrossBorder, "206": RailInternal, "208": RailCrossBorder,
	"301": RailCheque, "354": RailInterest, "451": RailDomestic, "455": RailDirectDebit, "475": RailCheque, "491": RailDomestic,
	"495": RailDomestic, "501": RailCrossBorder, "506": RailInternal, "508": RailCrossBorder, "654": RailInterest, "698": RailFee,
}

func (r *baiReader) closeAccount(b *baiRecord) error {
	if !r.account.open {
		return baiBroken(b.line, "record 49 closes no account")
	}
	if err := r.account.prove(b, "account", 1); err != nil {
		return err
	}
	total := r.account.sum
	r.account = baiLevel{}
	r.group.below++
	if err := r.group.add(b.line, total); err != nil {
		return err
	}
	if d := &r.out.current.Declared; r.typed == 0 || d.CreditEntries == nil || d.DebitEntries == nil {
		*d = Declared{} // a bank need not send each entry; it does if it counts them
	}
	if r.twice {
		r.out.contradicted = true
	}
	r.typed, r.twice = 0, false
	r.out.current.Encoding = r.source.encoding()
	return r.out.close()
}

func (r *baiReader) closeGroup(b *baiRecord) error {
	if !r.group.open || r.account.open {
		return baiBroken(b.line, "record 98 closes no group, or one with an open account")
	}
	if err := r.group.prove(b, "group", 2); err != nil {
		return err
	}
	total := r.group.sum
	r.group = baiLevel{}
	r.file.below++
	return r.file.add(b.line, total)
}

func (r *baiReader) closeFile(b *baiRecord) error {
	if !r.file.open || r.group.open {
		return baiBroken(b.line, "record 99 closes no file, or one with an open group")
	}
	if err := r.file.prove(b, "file", 2); err != nil {
		return err
	}
	r.file, r.done = baiLevel{}, true
	return nil
}

// prove compares a level with the record that closes it: the control total, the number
// of levels below if there are any, and the number of records, which is field records.
func (l *baiLevel) prove(b *baiRecord, name string, records int) error {
	f := b.fields()
	figures := []struct {
		what string
		at   int
		want int64
	}{{"control total", 0, l.sum}, {"number of records", records, int64(l.records)}}
	if records == 2 {
		below := map[string]string{"group": "number of accounts", "file": "number of groups"}[name]
		figures = append(figures, struct {
			what string
			at   int
			want int64
		}{below, 1, int64(l.below)})
	}
	for _, g := range figures {
		got, err := strconv.ParseInt(baiField(f, g.at), 10, 64)
		if err != nil {
			return baiBroken(b.line, "record %s: field %d is not a number", b.code, g.at+2)
		}
		if got != g.want {
			return ErrBroken.Detail("the %s of the %s, in record %s, is not what its records make", g.what, name, b.code).
				At(fmt.Sprintf("line %d, for what starts on line %d", b.line, l.line))
		}
	}
	return nil
}
