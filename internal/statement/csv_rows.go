package statement

import (
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
)

// take reads a row that is not empty.
func (r *csvReader) take(cells []string) error {
	l := r.layout
	first := strings.TrimSpace(firstOf(cells, l.at.booked))
	date, dated := l.dateIn(cells, l.at.booked)
	amount, found, err := r.amountIn(cells)
	switch {
	case err != nil && !l.isWords(first):
		return err
	case contains(l.Rows.Pending, first) && !hasZero(cells):
		if !found {
			return r.refuse("amount", "the entry has no amount")
		}
		return r.add(cells, "", amount, Pending)
	case !dated && l.Rows.Words == "skip" && l.isWords(first):
		return nil
	case hasZero(cells): // no text has it, and nobody wants to keep it
		return r.refuse("", "there is a zero byte in the row")
	case !dated && first != "":
		return r.refuse("date", "this is not a date as the layout writes it")
	case !dated && found:
		return r.refuse("date", "there is an amount without a date")
	case !found && l.Rows.NoAmount == "join" && r.entry != nil:
		return r.join(cells)
	case !dated && l.Rows.Words == "skip": // neither date nor amount: a note in another column
		return nil
	case !dated:
		return r.refuse("date", "the row has no date, and the layout does not say what it is")
	case len(cells) != l.Cells:
		return r.refuse("", "the row has %d cells, and the layout %d", len(cells), l.Cells)
	case !found:
		return r.mark(cells)
	}
	return r.add(cells, date, amount, Booked)
}

func hasZero(cells []string) bool {
	for _, c := range cells {
		if strings.IndexByte(c, 0) >= 0 {
			return true
		}
	}
	return false
}

func contains(words []string, s string) bool {
	for _, w := range words {
		if strings.EqualFold(w, s) {
			return true
		}
	}
	return false
}

// isWords tells a cell that can be no date that was damaged: it starts with a letter and
// no month.
func (l *Layout) isWords(s string) bool {
	for _, c := range s {
		_, _, month := leadingMonth(s)
		return !month && (c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c > 0x7f)
	}
	return false
}

// firstOf returns the first cell among the columns that has something in it.
func firstOf(cells []string, columns []int) string {
	for _, at := range columns {
		if at < len(cells) && strings.TrimSpace(cells[at]) != "" {
			return cells[at]
		}
	}
	return ""
}

func textOf(cells []string, columns []int) string {
	return strings.TrimSpace(strings.Clone(firstOf(cells, columns)))
}

// dateIn returns the date in the first of the columns that has something in it.
func (l *Layout) dateIn(cells []string, columns []int) (Date, bool) {
	s := strings.TrimSpace(firstOf(cells, columns))
	if s == "" {
		return "", false
	}
	return l.date(s)
}

// amountIn returns what the row adds to the account, and whether it says so at all. Of
// debit and credit one must be empty, or nothing.
func (r *csvReader) amountIn(cells []string) (amount Decimal, found bool, err error) {
	l := r.layout
	if len(l.at.amount) > 0 {
		amount, found, err = r.number(cells, l.at.amount, "amount")
		if l.Sign == "reversed" {
			amount = amount.Neg()
		}
		return amount, found, err
	}
	debit, hasDebit, err := r.number(cells, l.at.debit, "debit")
	if err != nil {
		return amount, false, err
	}
	credit, hasCredit, err := r.number(cells, l.at.credit, "credit")
	if err != nil {
		return amount, false, err
	}
	if l.Debits != "negative" {
		debit = debit.Neg()
	}
	switch {
	case hasDebit && hasCredit && !debit.IsZero() && !credit.IsZero():
		return amount, false, r.refuse("debit and credit", "the row has both")
	case hasCredit && (!hasDebit || !credit.IsZero()):
		r.side = false
		return credit, true, nil
	default:
		r.side = true
		return debit, hasDebit, nil
	}
}

// number reads the amount in a column; an empty one is none.
func (r *csvReader) number(cells []string, columns []int, name string) (d Decimal, found bool, err error) {
	s := strings.TrimSpace(firstOf(cells, columns))
	if s == "" {
		return d, false, nil
	}
	d, ok := r.layout.amount(s)
	if !ok {
		return d, false, r.refuse(name, "this is not a number as the layout writes it")
	}
	return d, true, nil
}

// add reads the row of an entry.
func (r *csvReader) add(cells []string, booked Date, amount Decimal, status Status) error {
	if err := r.flush(); err != nil {
		return err
	}
	if err := r.open(cells); err != nil {
		return err
	}
	l := r.layout
	e := Entry{Line: r.line, Status: status, Amount: amount, BookingDate: booked}
	e.Currency = r.currencyIn(cells, l.at.currency)
	if s := firstOf(cells, l.at.value); strings.TrimSpace(s) != "" {
		value, ok := l.dateIn(cells, l.at.value)
		if !ok && status == Booked {
			return r.refuse("value date", "this is not a date as the layout writes it")
		}
		e.ValueDate = value
	}
	balance, hasBalance, err := r.number(cells, l.at.balance, "balance")
	if err != nil {
		return err
	}
	if hasBalance && status == Booked {
		e.Balance = &balance
	}
	e.Reference, e.OwnerRef = textOf(cells, l.at.reference), textOf(cells, l.at.owner)
	e.Info = r.texts(cells, l.at.info)
	if code := textOf(cells, l.at.code); code != "" {
		e.Code = Code{Proprietary: code}
	}
	d := Detail{
		EndToEndID: givenReference(textOf(cells, l.at.endToEnd)), MandateID: givenReference(textOf(cells, l.at.mandate)),
		Structured: unspaced(textOf(cells, l.at.structured)), Remittance: r.texts(cells, l.at.text),
	}
	other := Party{Name: textOf(cells, l.at.name), Account: unspaced(textOf(cells, l.at.partyID)), BIC: unspaced(textOf(cells, l.at.partyBank))}
	if amount.Sign() > 0 {
		d.Payer = other
	} else {
		d.Payee = other
	}
	e.Details = []Detail{d}
	r.entry, r.debit, r.size = &e, r.side, len(d.Remittance)
	if status == Booked {
		return r.running.add(runningRow{booked, amount, e.Balance}, r.line)
	}
	return nil
}

func (r *csvReader) currencyIn(cells []string, columns []int) money.Currency {
	if s := strings.TrimSpace(firstOf(cells, columns)); currencyCode.MatchString(s) {
		return money.Currency(strings.Clone(s))
	}
	return ""
}

// texts joins the texts of a row, each once.
func (r *csvReader) texts(cells []string, columns []int) string {
	var kept []string
	for _, at := range columns {
		if at >= len(cells) {
			continue
		}
		if s := trimmedLines(strings.Split(cells[at], "\n")); s != "" && !contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return strings.Clone(strings.Join(kept, "\n"))
}

// mark reads a row with a date and a balance and no amount, as some banks begin with.
func (r *csvReader) mark(cells []string) error {
	balance, found, err := r.number(cells, r.layout.at.balance, "balance")
	if err != nil {
		return err
	}
	if !found {
		return r.refuse("amount", "the row has a date and no amount")
	}
	if err := r.flush(); err != nil {
		return err
	}
	return r.running.mark(balance, r.line)
}

// join adds a row without an amount of its own to the entry before.
func (r *csvReader) join(cells []string) error {
	l, e := r.layout, r.entry
	said := r.texts(cells, l.at.text)
	r.size += len(said)
	if r.size > textBytesMax && len(r.parts) == 0 || r.size > partsBytesMax || len(r.parts) == partsMax {
		return r.refuse("", "the entry has more text, or more transactions, than can be kept")
	}
	part, found, err := r.number(cells, l.at.part, "part")
	if err != nil {
		return err
	}
	if !found {
		d := &e.Details[0]
		if len(r.parts) > 0 {
			d = &r.parts[len(r.parts)-1]
		}
		if said != d.Remittance {
			d.Remittance = strings.TrimSpace(d.Remittance + "\n" + said)
		}
		return nil
	}
	if part.Sign() > 0 && e.Amount.Sign() < 0 {
		part = part.Neg()
	}
	r.parts = append(r.parts, Detail{Amount: part, HasAmount: true, Currency: r.currencyIn(cells, l.at.partCurrency), Remittance: said})
	return nil
}

// open starts a statement with the first row of an account and currency. Where a column
// says them, rows of another one start another.
func (r *csvReader) open(cells []string) error {
	s := r.statement
	if v := textOf(cells, r.layout.at.account); v != "" {
		s.Account = accountOf(v)
	}
	if c := r.currencyIn(cells, r.layout.at.currency); c != "" {
		s.Currency = c
	}
	if r.opened {
		now := r.out.current
		if now.Account == s.Account && now.Currency == s.Currency {
			return nil
		}
		if err := r.closeStatement(); err != nil {
			return err
		}
		r.statement.Opening, r.statement.Closing = nil, nil // those before the header are of the whole
		s.Opening, s.Closing = nil, nil
		r.running = running{}
	}
	s.Line, r.opened = r.line, true
	return r.out.open(s)
}

// flush hands on the latest entry with its details.
func (r *csvReader) flush() error {
	if r.entry == nil {
		return nil
	}
	e := *r.entry
	if len(r.parts) > 0 {
		e.Info = strings.TrimSpace(e.Info + "\n" + e.Details[0].Remittance)
		e.Details = r.parts
	}
	r.entry, r.parts = nil, nil
	return r.out.entry(e, r.debit)
}

// close ends the file. One with a header and no row is a statement without entries.
func (r *csvReader) close() error {
	if err := r.flush(); err != nil {
		return err
	}
	if !r.opened {
		r.statement.Line = max(1, r.header)
		r.opened = true
		if err := r.out.open(r.statement); err != nil {
			return err
		}
	}
	return r.closeStatement()
}

func (r *csvReader) closeStatement() error {
	if err := r.flush(); err != nil {
		return err
	}
	r.out.current.Encoding = r.source.encoding()
	r.running.prove(r.out)
	return r.out.close()
}
