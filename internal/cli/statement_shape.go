package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/statement"
)

// statementShape is a statement in JSON, without its lines. The names up to balanced are
// a promise to scripts; null stands for what the file does not say.
type statementShape struct {
	Format   string  `json:"format"`
	Version  *string `json:"version"`
	Account  *string `json:"account"` // as the file writes it
	Currency *string `json:"currency"`
	Opening  *string `json:"opening"`
	Closing  *string `json:"closing"`
	Entries  int     `json:"entries"` // of whatever status
	Credits  string  `json:"credits"` // booked ones, as debits
	Debits   string  `json:"debits"`
	Balanced *bool   `json:"balanced"` // null: the file gives nothing to tell it by

	ID        *string       `json:"id"`
	Sequence  *string       `json:"sequence"`
	Page      *string       `json:"page"`
	MorePages bool          `json:"more_pages"`
	IBAN      *string       `json:"iban"`
	Servicer  *string       `json:"servicer"`
	Owner     *string       `json:"owner"`
	From      *string       `json:"from"`
	To        *string       `json:"to"`
	Booked    int           `json:"booked"`
	Pending   int           `json:"pending"`
	Info      int           `json:"info"`
	Encoding  *string       `json:"encoding"`
	Remarks   []remarkShape `json:"remarks"`
}

type remarkShape struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Place   string `json:"place,omitempty"`
}

func shapeStatement(s statement.Statement) statementShape {
	shape := statementShape{
		Format: string(s.Format), Version: orNull(s.Version), Account: orNull(cmp.Or(s.Account.Written, s.Account.ID())), Currency: orNull(string(s.Currency)),
		Opening: balanceShape(s.Opening), Closing: balanceShape(s.Closing), Entries: s.Counts.All(),
		Credits: s.Credits.String(), Debits: s.Debits.String(), Balanced: balancedShape(s.Proof),
		ID: orNull(s.ID), Sequence: orNull(s.Sequence), Page: orNull(s.Page), MorePages: s.More,
		IBAN: orNull(s.Account.IBAN), Servicer: orNull(s.Account.Servicer), Owner: orNull(s.Account.Owner),
		From: orNull(string(s.From)), To: orNull(string(s.To)),
		Booked: s.Counts.Booked, Pending: s.Counts.Pending, Info: s.Counts.Info, Encoding: orNull(s.Encoding), Remarks: []remarkShape{},
	}
	for _, r := range s.Remarks {
		shape.Remarks = append(shape.Remarks, remarkShape(r))
	}
	return shape
}

func balancedShape(p statement.Proof) *bool {
	switch p {
	case statement.Balanced:
		return new(true)
	case statement.Unbalanced:
		return new(false)
	default:
		return nil
	}
}

func balanceShape(b *statement.Balance) *string {
	if b == nil {
		return nil
	}
	return new(b.Amount.String())
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// lineShape is an entry in JSON.
type lineShape struct {
	Number      int     `json:"number"`
	Line        int     `json:"line"` // of the file
	Status      string  `json:"status"`
	Amount      string  `json:"amount"` // above zero adds to the account
	Currency    *string `json:"currency"`
	Reversal    bool    `json:"reversal"`
	BookingDate *string `json:"booking_date"`
	ValueDate   *string `json:"value_date"`
	Reference   *string `json:"reference"` // given by the account's bank
	OwnerRef    *string `json:"owner_reference"`
	Code        *string `json:"code"`
	Rail        *string `json:"rail"`
	Info        *string `json:"info"`
	Balance     *string `json:"balance"` // after the entry

	detailShape
	Details []detailShape `json:"details,omitempty"` // of a batch, each with its amount as far as it is known
}

// detailShape is one transaction in JSON. The line itself has those of its first one.
type detailShape struct {
	Part          *string `json:"part,omitempty"`
	PartCurrency  *string `json:"part_currency,omitempty"`
	EndToEndID    *string `json:"end_to_end_id"`
	MandateID     *string `json:"mandate_id"`
	Structured    *string `json:"structured_reference"`
	Remittance    *string `json:"remittance"`
	PartyName     *string `json:"party_name"` // the other end than the account's owner
	PartyUltimate *string `json:"party_ultimate"`
	PartyAccount  *string `json:"party_account"`
	PartyBIC      *string `json:"party_bic"`
	ReturnReason  *string `json:"return_reason"`
}

func shapeLine(e statement.Entry) lineShape {
	shape := lineShape{
		Number: e.Number, Line: e.Line, Status: string(e.Status), Amount: e.Amount.String(), Currency: orNull(string(e.Currency)),
		Reversal: e.Reversal, BookingDate: orNull(string(e.BookingDate)), ValueDate: orNull(string(e.ValueDate)),
		Reference: orNull(e.Reference), OwnerRef: orNull(e.OwnerRef), Code: orNull(codeText(e.Code)), Rail: orNull(string(e.Rail)),
		Info: orNull(e.Info), detailShape: shapeDetail(e, e.Details[0]),
	}
	if e.Balance != nil {
		shape.Balance = new(e.Balance.String())
	}
	if len(e.Details) == 1 {
		return shape
	}
	for _, d := range e.Details {
		part := shapeDetail(e, d)
		if d.HasAmount {
			part.Part, part.PartCurrency = new(d.Amount.String()), orNull(string(d.Currency))
		}
		shape.Details = append(shape.Details, part)
	}
	return shape
}

func shapeDetail(e statement.Entry, d statement.Detail) detailShape {
	other := e.Other(d)
	return detailShape{
		EndToEndID: orNull(d.EndToEndID), MandateID: orNull(d.MandateID), Structured: orNull(d.Structured),
		Remittance: orNull(d.Remittance), PartyName: orNull(other.Name), PartyUltimate: orNull(other.Ultimate),
		PartyAccount: orNull(other.Account), PartyBIC: orNull(other.BIC), ReturnReason: orNull(d.ReturnReason),
	}
}

// codeText is how the bank classes an entry, in one word.
func codeText(c statement.Code) string {
	if c.Domain == "" {
		return c.Proprietary
	}
	return c.Domain + "/" + c.Family + "/" + c.SubFamily
}

// statementJSON writes statements as the second pass finds them, each behind what the
// first one found of it.
type statementJSON struct {
	out        *bufio.Writer
	statements []statementShape
	text       bytes.Buffer
}

func (j *statementJSON) open(s statement.Statement) error {
	before := ",\n"
	if s.Number == 1 {
		before = "[\n"
	}
	text, err := j.encode(j.statements[s.Number-1])
	if err != nil {
		return err
	}
	_, err = j.out.WriteString(before + text[:len(text)-1] + `,"lines":[`) // without the closing brace
	return err
}

func (j *statementJSON) entry(e statement.Entry) error {
	before := ",\n"
	if e.Number == 1 {
		before = "\n"
	}
	text, err := j.encode(shapeLine(e))
	if err != nil {
		return err
	}
	_, err = j.out.WriteString(before + text)
	return err
}

func (j *statementJSON) close(statement.Statement) error {
	_, err := j.out.WriteString("]}")
	return err
}

// encode writes v on one line.
func (j *statementJSON) encode(v any) (string, error) {
	j.text.Reset()
	e := json.NewEncoder(&j.text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	text := j.text.String()
	return text[:len(text)-1], nil
}

// refusalShape is why a file was refused, in JSON.
type refusalShape struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Place  string `json:"place"`
	Next   string `json:"next"`
}

func shapeRefusal(f *fault.Error) refusalShape {
	return refusalShape{Code: f.Code, Detail: f.Message, Place: f.Place, Next: f.Next}
}
