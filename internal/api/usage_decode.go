package api

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/api/problem"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// What may be wrong with a line before the office sees it.
var (
	errLineWho    = fault.New(fault.Invalid, "line_invalid", "a line names its account by account or by reference, one of the two").At("account")
	errLineTime   = fault.New(fault.Invalid, "line_invalid", "an instant is written as in RFC 3339").At("started_at").WithNext("write it like 2024-09-18T22:00:00Z")
	errLineNeeds  = fault.New(fault.Invalid, "line_invalid", "the line is not complete")
	errFieldOdd   = fault.New(fault.Invalid, "field_unknown", "unexpected property")
	errFieldType  = fault.New(fault.Invalid, "field_invalid", "not of the type that is described")
	errFieldTwice = problem.ErrBody.Detail("a name occurs twice in one object")
)

// usageLineBytes is about how long a line is, to have room for all at once.
const usageLineBytes = 150

// decodeUsage reads the body of POST /v1/usage: JSON, as strictly as every other
// body is read. What cannot be read as the form that is described refuses the
// body; what is only wrong with one line is told with its row.
func decodeUsage(body []byte) (*usageBatch, error) {
	if !utf8.Valid(body) {
		return nil, problem.ErrBody
	}
	r := usageReader{text: body, batch: &usageBatch{}}
	r.batch.Lines = make([]billing.Line, 0, min(billing.LinesMax, len(body)/usageLineBytes+1))
	if err := r.object("", r.batchField); err != nil {
		return nil, err
	}
	if r.space(); r.at != len(body) {
		return nil, problem.ErrBody
	}
	if r.rows == 0 {
		return nil, billing.ErrNoLines
	}
	return r.batch, nil
}

// usageReader reads one body from front to back.
type usageReader struct {
	text  []byte
	at    int
	row   int // of the line that is being read, from 1; 0 outside the lines
	rows  int // how many there were
	batch *usageBatch
	line  writtenLine

	// The last values of fields that mostly repeat, so that one copy serves all.
	lastAccount, lastReference, lastProduct, lastCurrency, lastTime string
	lastInstant                                                     time.Time
}

// writtenLine is a line as it stands in the body.
type writtenLine struct {
	id, account, reference, product, amount, currency, startedAt string
	hasAmount, tax                                               bool
}

// place is where the reader is, for people.
func (r *usageReader) place(field string) string {
	place := "body"
	if r.row > 0 {
		place += ".lines[" + strconv.Itoa(r.row-1) + "]"
	}
	if field != "" {
		place += "." + field
	}
	return place
}

func (r *usageReader) batchField(name string) (seen uint, err error) {
	switch name {
	case "lines":
		err = r.lines()
		r.rows, r.row = r.row, 0
		return 1, err
	case "skip_bad":
		r.batch.SkipBad, err = r.truth("skip_bad")
		return 2, err
	}
	return 0, r.odd(name)
}

func (r *usageReader) lines() error {
	if !r.take('[') {
		return r.wrong("lines")
	}
	if r.take(']') {
		return nil
	}
	for {
		if r.row++; r.row > billing.LinesMax {
			return billing.ErrTooManyLines
		}
		r.line = writtenLine{}
		if err := r.object("", r.lineField); err != nil {
			return err
		}
		r.keep()
		if r.take(']') {
			return nil
		}
		if !r.take(',') {
			return problem.ErrBody
		}
	}
}

func (r *usageReader) lineField(name string) (seen uint, err error) {
	l := &r.line
	switch name {
	case "id":
		l.id, err = r.string("id", "")
		return 1, err
	case "account":
		r.lastAccount, err = r.string("account", r.lastAccount)
		l.account = r.lastAccount
		return 2, err
	case "reference":
		r.lastReference, err = r.string("reference", r.lastReference)
		l.reference = r.lastReference
		return 4, err
	case "product":
		r.lastProduct, err = r.string("product", r.lastProduct)
		l.product = r.lastProduct
		return 8, err
	case "amount":
		l.hasAmount = true
		return 16, r.object("amount", r.amountField)
	case "started_at":
		l.startedAt, err = r.string("started_at", r.lastTime)
		return 32, err
	case "tax":
		l.tax, err = r.truth("tax")
		return 64, err
	}
	return 0, r.odd(name)
}

func (r *usageReader) amountField(name string) (seen uint, err error) {
	switch name {
	case "amount":
		r.line.amount, err = r.string("amount.amount", "")
		return 1, err
	case "currency":
		r.lastCurrency, err = r.string("amount.currency", r.lastCurrency)
		r.line.currency = r.lastCurrency
		return 2, err
	}
	return 0, r.odd("amount." + name)
}

// keep turns the line that was read into one of the batch, or into a bad one.
func (r *usageReader) keep() {
	l := &r.line
	line := billing.Line{
		Row: r.row, Account: account.ID(l.account), Reference: l.reference, ID: l.id, Product: l.product, Tax: l.tax,
	}
	if line.Product == "" {
		line.Product = billing.OtherProduct
	}
	if (l.account == "") == (l.reference == "") {
		r.batch.refuse(r.row, errLineWho)
		return
	}
	if !l.hasAmount {
		r.batch.refuse(r.row, errLineNeeds.At("amount").Detail("an amount is needed"))
		return
	}
	if l.startedAt != r.lastTime || l.startedAt == "" {
		at, err := time.Parse(time.RFC3339Nano, l.startedAt)
		if err != nil {
			r.batch.refuse(r.row, errLineTime)
			return
		}
		r.lastTime, r.lastInstant = l.startedAt, at.UTC().Truncate(time.Microsecond)
	}
	line.StartedAt = r.lastInstant
	currency, err := money.ParseCurrency(l.currency)
	if err != nil {
		r.refuseFor("amount.currency", err)
		return
	}
	exact, rounded, err := money.ParseExact(l.amount, currency)
	if err != nil {
		r.refuseFor("amount.amount", err)
		return
	}
	if rounded {
		r.batch.rounded++
	}
	line.Amount = exact
	line.Content = contentOf(line)
	r.batch.Lines = append(r.batch.Lines, line)
}

func (r *usageReader) refuseFor(place string, err error) {
	if f, ok := fault.Of(err); ok {
		r.batch.refuse(r.row, f.At(place))
	}
}

func (r *usageReader) odd(name string) error {
	return problem.Misplaced(errFieldOdd, r.place(name))
}

func (r *usageReader) wrong(name string) error {
	if !jsontext.Value(r.text).IsValid() {
		return problem.ErrBody
	}
	return problem.Misplaced(errFieldType, r.place(name))
}

// object reads an object and calls field with each name, when its value is next.
// Field answers with a bit of its own for the name, so that two of one name are
// found.
func (r *usageReader) object(name string, field func(name string) (uint, error)) error {
	if !r.take('{') {
		return r.wrong(name)
	}
	if r.take('}') {
		return nil
	}
	var seen uint
	for {
		r.space()
		key, ok := r.name()
		if !ok || !r.take(':') {
			return problem.ErrBody
		}
		bit, err := field(key)
		if err != nil {
			return err
		}
		if seen&bit != 0 {
			return errFieldTwice
		}
		seen |= bit
		if r.take('}') {
			return nil
		}
		if !r.take(',') {
			return problem.ErrBody
		}
	}
}

func (r *usageReader) string(name, last string) (string, error) {
	r.space()
	if r.at < len(r.text) && r.text[r.at] != '"' {
		return "", r.wrong(name)
	}
	s, ok := r.quoted(last)
	if !ok {
		return "", problem.ErrBody
	}
	return s, nil
}

func (r *usageReader) truth(name string) (bool, error) {
	r.space()
	for _, word := range []string{"true", "false"} {
		if bytes.HasPrefix(r.text[r.at:], []byte(word)) {
			r.at += len(word)
			return word == "true", nil
		}
	}
	return false, r.wrong(name)
}

// name reads a field's name. Those that are known are not copied.
func (r *usageReader) name() (string, bool) {
	for _, known := range usageNames {
		if end := r.at + len(known); end <= len(r.text) && string(r.text[r.at:end]) == known {
			r.at = end
			return known[1 : len(known)-1], true
		}
	}
	return r.quoted("")
}

// usageNames are the fields' names as they stand in a body.
var usageNames = []string{
	`"id"`, `"account"`, `"amount"`, `"currency"`, `"started_at"`, `"product"`, `"reference"`, `"tax"`, `"lines"`, `"skip_bad"`,
}

// quoted reads a string; if it is the same as last, last itself is returned.
func (r *usageReader) quoted(last string) (string, bool) {
	if r.at == len(r.text) || r.text[r.at] != '"' {
		return "", false
	}
	start := r.at + 1
	for i := start; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '"':
			r.at = i + 1
			if raw := r.text[start:i]; string(raw) == last {
				return last, true
			}
			return string(r.text[start:i]), true
		case c == '\\':
			return r.escaped()
		case c < ' ':
			return "", false
		}
	}
	return "", false
}

// escaped reads a string that has escapes in it.
func (r *usageReader) escaped() (string, bool) {
	for i := r.at + 1; i < len(r.text); i++ {
		switch r.text[i] {
		case '\\':
			i++
		case '"':
			token := r.text[r.at : i+1]
			r.at = i + 1
			s, err := jsontext.AppendUnquote(nil, token)
			return string(s), err == nil && !holdsNUL(token)
		}
	}
	return "", false
}

// take goes over space and the given byte, if that is next.
func (r *usageReader) take(c byte) bool {
	r.space()
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *usageReader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}
