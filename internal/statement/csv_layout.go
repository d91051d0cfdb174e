package statement

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// ErrLayout is the fault of a description of a CSV file that cannot be used.
var ErrLayout = fault.New(fault.Invalid, "statement_layout_invalid", "the description of the CSV file cannot be used").
	WithNext("the layouts that ship are examples: see docs/statements.md")

// Layout describes the CSV that one bank exports. It is data, in YAML or JSON.
type Layout struct {
	Name  string `yaml:"name"`
	About string `yaml:"about"` // the bank, and what in it this is

	// Delimiter parts cells: one of , ; | or tab. Several mean that the bank has used each.
	Delimiter oneOrMore `yaml:"delimiter"`
	Encoding  string    `yaml:"encoding"` // by its name on the web; empty: UTF-8, UTF-16 or Windows-1252, found out

	// Header is the line that names the columns, as it stands in the file without quotes;
	// {currency} stands for any currency's code. Several are the same one in other
	// languages. A file may have other lines before it.
	Header oneOrMore `yaml:"header"`
	Cells  int       `yaml:"cells"` // of a row, where there is no header
	Skip   int       `yaml:"skip"`  // lines before the first row, where there is no header

	Dates     oneOrMore `yaml:"dates"`     // forms of dates, such as DD.MM.YYYY
	Decimal   string    `yaml:"decimal"`   // what stands before the decimals: . or ,
	Thousands string    `yaml:"thousands"` // what stands between groups of three digits; may be any of several
	Symbols   string    `yaml:"symbols"`   // what else may stand before an amount, such as £

	Currency money.Currency `yaml:"currency"` // of every row, where no column says it
	Debits   string         `yaml:"debits"`   // "negative" if amounts in the debit column have a minus
	Sign     string         `yaml:"sign"`     // "reversed" if an amount above zero takes from the account

	Columns  layoutColumns  `yaml:"columns"`
	Rows     layoutRows     `yaml:"rows"`
	Preamble layoutPreamble `yaml:"preamble"`

	delimiters []rune
	headers    [][]string
	dates      []dateForm
	at         columnPlaces
}

// layoutColumns says where each thing stands: the name of its column in the first
// header, or # and its number from 1.
type layoutColumns struct {
	Booked  oneOrMore `yaml:"booked"` // the first that has a date counts
	Value   oneOrMore `yaml:"value"`
	Amount  oneOrMore `yaml:"amount"` // with its sign, or else
	Debit   oneOrMore `yaml:"debit"`
	Credit  oneOrMore `yaml:"credit"`
	Balance oneOrMore `yaml:"balance"` // after the entry

	Currency     oneOrMore `yaml:"currency"`
	Account      oneOrMore `yaml:"account"`
	Part         oneOrMore `yaml:"part"`          // amount of one transaction of a batch
	PartCurrency oneOrMore `yaml:"part_currency"` // of that

	Text       oneOrMore `yaml:"text"` // remittance
	Info       oneOrMore `yaml:"info"` // what the bank says itself
	Reference  oneOrMore `yaml:"reference"`
	OwnerRef   oneOrMore `yaml:"owner_reference"`
	EndToEnd   oneOrMore `yaml:"end_to_end"`
	Mandate    oneOrMore `yaml:"mandate"`
	Structured oneOrMore `yaml:"structured"`
	Code       oneOrMore `yaml:"code"`
	Name       oneOrMore `yaml:"name"` // of the other party
	PartyID    oneOrMore `yaml:"party_account"`
	PartyBank  oneOrMore `yaml:"party_bic"`
}

// layoutRows says what else than entries stands among the rows. Whatever is not said
// here is refused.
type layoutRows struct {
	Words   string    `yaml:"words"`   // "skip" rows with a word for their date, such as totals and notes
	Pending oneOrMore `yaml:"pending"` // words that stand for the date of what is not booked yet

	NoAmount string `yaml:"no_amount"` // "join" rows without amount to the entry before, as its details
	End      string `yaml:"end"`       // "blank" if an empty row ends the table
}

// layoutPreamble names what stands before the header: a label, and in the same cell or
// the next one the value.
type layoutPreamble struct {
	Account  oneOrMore `yaml:"account"`
	Owner    oneOrMore `yaml:"owner"`
	Currency oneOrMore `yaml:"currency"` // a code of three capitals within the value
	Opening  oneOrMore `yaml:"opening"`
	Closing  oneOrMore `yaml:"closing"`
}

// columnPlaces are the columns of a layout by number, from 0.
type columnPlaces struct {
	booked, value, amount, debit, credit, balance               []int
	currency, account, part, partCurrency                       []int
	text, info, reference, owner, endToEnd, mandate, structured []int
	code, name, partyID, partyBank                              []int
}

// oneOrMore is a text, or a list of them.
type oneOrMore []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (o *oneOrMore) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.SequenceNode {
		return node.Decode((*[]string)(o))
	}
	*o = oneOrMore{""}
	return node.Decode(&(*o)[0])
}

const (
	layoutBytesMax  = 64 << 10
	layoutNamesMax  = 100
	layoutCellsMax  = 500
	currencyPattern = "{currency}"
)

var layoutName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,59}$`)

// ParseLayout reads a layout. The fault of one that cannot be used is ErrLayout, and
// says which field is wrong.
func ParseLayout(document []byte) (*Layout, error) {
	if len(document) > layoutBytesMax {
		return nil, ErrLayout.Detail("the description is longer than %d bytes", layoutBytesMax)
	}
	l := &Layout{}
	decoder := yaml.NewDecoder(bytes.NewReader(document))
	decoder.KnownFields(true)
	if err := decoder.Decode(l); err != nil {
		return nil, layoutSyntax(err)
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, ErrLayout.Detail("there is more than one document in the file")
	}
	for _, check := range []func() error{l.checkShape, l.checkWords, l.checkNumbers, l.checkColumns} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return l, nil
}

var yamlLine = regexp.MustCompile(`line ([0-9]+)`)

// layoutSyntax says where YAML cannot be read, and not what stands there.
func layoutSyntax(err error) error {
	why := ErrLayout.Detail("this is not YAML, or not a field that a layout has")
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		return why.At("line " + m[1])
	}
	return why
}

func wrongField(field, format string, args ...any) error {
	return ErrLayout.Detail(format, args...).At(field)
}

var delimiterNames = map[string]rune{",": ',', ";": ';', "|": '|', "tab": '\t'}

func (l *Layout) checkShape() error {
	if !layoutName.MatchString(l.Name) {
		return wrongField("name", "the name is not up to 60 small letters, digits, dots and hyphens")
	}
	for _, d := range l.Delimiter {
		r, known := delimiterNames[d]
		if !known {
			return wrongField("delimiter", "the delimiter is not one of , ; | and tab")
		}
		l.delimiters = append(l.delimiters, r)
	}
	if len(l.delimiters) == 0 {
		return wrongField("delimiter", "the field is missing")
	}
	if len(l.Header) == 0 && (l.Cells < 2 || l.Cells > layoutCellsMax) {
		return wrongField("header", "there is neither a header nor a number of cells from 2 to %d", layoutCellsMax)
	}
	if len(l.Header) > layoutNamesMax || l.Skip < 0 || l.Skip > preambleLinesMax {
		return wrongField("header", "there are more than %d headers, or %d lines to skip", layoutNamesMax, preambleLinesMax)
	}
	for _, line := range l.Header {
		names := splitLine(line, l.delimiters[0])
		for i := range names {
			names[i] = strings.TrimSpace(names[i])
		}
		if len(names) < 2 || len(l.headers) > 0 && len(names) != len(l.headers[0]) {
			return wrongField("header", "a header has less than two columns, or not as many as the first")
		}
		l.headers = append(l.headers, names)
	}
	if len(l.headers) > 0 {
		l.Cells = len(l.headers[0])
	}
	return nil
}

func (l *Layout) checkWords() error {
	for _, f := range []struct {
		field, word, known string
	}{
		{"debits", l.Debits, "negative"}, {"sign", l.Sign, "reversed"}, {"rows.words", l.Rows.Words, "skip"},
		{"rows.no_amount", l.Rows.NoAmount, "join"}, {"rows.end", l.Rows.End, "blank"},
	} {
		if f.word != "" && f.word != f.known {
			return wrongField(f.field, "the only word that has a meaning here is %s", f.known)
		}
	}
	if l.Encoding != "" {
		if _, err := htmlindex.Get(l.Encoding); err != nil {
			return wrongField("encoding", "there is no encoding of this name on the web")
		}
	}
	return nil
}

func (l *Layout) checkNumbers() error {
	if l.Decimal != "." && l.Decimal != "," {
		return wrongField("decimal", "the decimals are not parted by . or ,")
	}
	if strings.Contains(l.Thousands, l.Decimal) || strings.ContainsAny(l.Thousands+l.Symbols, "0123456789+-") {
		return wrongField("thousands", "the marks between digits cannot be told from the rest of a number")
	}
	if l.Currency != "" && !l.Currency.Valid() {
		return wrongField("currency", "this is not an ISO 4217 currency code")
	}
	for _, form := range l.Dates {
		compiled, err := newDateForm(form)
		if err != nil {
			return err
		}
		l.dates = append(l.dates, compiled)
	}
	if len(l.dates) == 0 {
		return wrongField("dates", "the field is missing")
	}
	return nil
}

func (l *Layout) checkColumns() error {
	c := &l.Columns
	for _, f := range []struct {
		field string
		names oneOrMore
		to    *[]int
	}{
		{"booked", c.Booked, &l.at.booked}, {"value", c.Value, &l.at.value}, {"amount", c.Amount, &l.at.amount},
		{"debit", c.Debit, &l.at.debit}, {"credit", c.Credit, &l.at.credit}, {"balance", c.Balance, &l.at.balance},
		{"currency", c.Currency, &l.at.currency}, {"account", c.Account, &l.at.account}, {"part", c.Part, &l.at.part},
		{"part_currency", c.PartCurrency, &l.at.partCurrency}, {"text", c.Text, &l.at.text}, {"info", c.Info, &l.at.info},
		{"reference", c.Reference, &l.at.reference}, {"owner_reference", c.OwnerRef, &l.at.owner},
		{"end_to_end", c.EndToEnd, &l.at.endToEnd}, {"mandate", c.Mandate, &l.at.mandate},
		{"structured", c.Structured, &l.at.structured}, {"code", c.Code, &l.at.code}, {"name", c.Name, &l.at.name},
		{"party_account", c.PartyID, &l.at.partyID}, {"party_bic", c.PartyBank, &l.at.partyBank},
	} {
		for _, name := range f.names {
			at := l.column(name)
			if at < 0 || at >= l.Cells {
				return wrongField("columns."+f.field, "there is no such column in the header, nor one of this number")
			}
			*f.to = append(*f.to, at)
		}
	}
	one, two := len(l.at.amount) == 1, len(l.at.debit) == 1 && len(l.at.credit) == 1
	switch {
	case len(l.at.booked) == 0:
		return wrongField("columns.booked", "the field is missing")
	case one == two:
		return wrongField("columns.amount", "there must be one column for amounts, or else one for debits and one for credits")
	case len(l.at.balance) > 1 || len(l.at.part) > 1 || len(l.at.currency) > 1 || len(l.at.account) > 1:
		return wrongField("columns", "only texts and dates can stand in several columns")
	}
	return nil
}

// column returns the place of a column, or -1.
func (l *Layout) column(name string) int {
	if number, ok := strings.CutPrefix(name, "#"); ok {
		if n, err := strconv.Atoi(number); err == nil {
			return n - 1
		}
	}
	if len(l.headers) == 0 {
		return -1
	}
	return slices.Index(l.headers[0], name)
}

// heads reports whether cells are a header of the layout, and the currency that its
// names mention.
func (l *Layout) heads(cells []string) (money.Currency, bool) {
	for _, names := range l.headers {
		if currency, ok := sameNames(names, cells); ok {
			return currency, true
		}
	}
	return "", false
}

func sameNames(names, cells []string) (currency money.Currency, ok bool) {
	if len(names) != len(cells) {
		return "", false
	}
	for i, name := range names {
		cell := strings.TrimSpace(cells[i])
		before, after, open := strings.Cut(name, currencyPattern)
		if !open {
			if !sameName(name, cell) {
				return "", false
			}
			continue
		}
		at, end := len(before), len(cell)-len(after)
		if at > end || !strings.EqualFold(cell[:at], before) || !strings.EqualFold(cell[end:], after) || !currencyCode.MatchString(cell[at:end]) {
			return "", false
		}
		code := cell[at:end]
		if currency != "" && string(currency) != code {
			return "", false
		}
		currency = money.Currency(code)
	}
	return currency, true
}

// sameName compares names whatever their case. A letter that was lost when the file was
// written stands for any.
func sameName(name, cell string) bool {
	if strings.EqualFold(name, cell) {
		return true
	}
	if !strings.ContainsRune(cell, utf8.RuneError) {
		return false
	}
	want, got := []rune(name), []rune(cell)
	if len(want) != len(got) {
		return false
	}
	for i, c := range got {
		if c != utf8.RuneError && !strings.EqualFold(string(c), string(want[i])) {
			return false
		}
	}
	return true
}

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// splitLine takes one line apart into cells. Quotes that are wrong are taken as they
// stand.
func splitLine(line string, delimiter rune) []string {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = delimiter, true, -1
	r.TrimLeadingSpace = delimiter != '\t'
	cells, err := r.Read()
	if err != nil {
		return nil
	}
	return cells
}
