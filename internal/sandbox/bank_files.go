package sandbox

import (
	"bytes"
	"fmt"
	"time"
)

// Formats of statements that the pretend bank issues.
const (
	BankCamt053 = "camt.053"
	BankMT940   = "mt940"
)

// bankFormat is how statements are written in one format.
type bankFormat struct {
	kind, ending string
	write        func(to *bytes.Buffer, s BankStatement, booked, pending []*BankEntry)
}

var bankFormats = map[string]bankFormat{
	BankCamt053: {"application/xml; charset=utf-8", "xml", writeCamt},
	BankMT940:   {"text/plain; charset=us-ascii", "sta", writeMT940},
}

func bankFilePath(s BankStatement, format string) string {
	return fmt.Sprintf("/_bank/accounts/%s/statements/%d/%s", s.Account, s.Number, format)
}

// A BankFile is a statement as the bank hands it out.
type BankFile struct {
	Name, Kind string // file name and media type
	Body       []byte
}

// BankFile writes a statement in one of the formats, each time the same.
func (w *World) BankFile(account string, number int, format string) (f BankFile, err error) {
	how, known := bankFormats[format]
	if !known {
		return f, badOrder{"The pretend bank writes camt.053 and mt940."}
	}
	err = w.asSandbox(func(t *tx) error {
		b, err := t.bankAccount(account)
		if err != nil {
			return err
		}
		s, err := t.bankStatement(b, number)
		if err != nil {
			return err
		}
		var booked, pending []*BankEntry
		if err := t.entriesWhere(b, "statement = $2", []any{number}, func(e *BankEntry) error {
			booked = append(booked, e)
			return nil
		}); err != nil {
			return err
		}
		if err := t.entriesWhere(b, "seq IN (SELECT entry FROM bank_shown_pending WHERE account = $1 AND statement = $2)", []any{number}, func(e *BankEntry) error {
			pending = append(pending, e.announced())
			return nil
		}); err != nil {
			return err
		}
		var body bytes.Buffer
		how.write(&body, s, booked, pending)
		f = BankFile{fmt.Sprintf("%s-%s-%05d.%s", s.Account, s.Day, s.Number, how.ending), how.kind, body.Bytes()}
		return nil
	})
	return f, err
}

// announced is an entry as it was while it was pending: what became of it later is on
// no statement that announced it.
func (e *BankEntry) announced() *BankEntry {
	then := *e
	then.State, then.Day, then.Statement = bankPending, time.UnixMicro(e.AtUS).UTC().Format(time.DateOnly), 0
	return &then
}
