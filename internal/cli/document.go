package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

type documentCommands struct {
	Proof      documentProof      `cmd:"" help:"Write the proof of the bank account to which a customer transfers money."`
	Request    documentRequest    `cmd:"" help:"Write a request for a transfer: of what is open of a bill, or of an amount."`
	Bill       documentBill       `cmd:"" help:"Write a bill."`
	Receipt    documentReceipt    `cmd:"" help:"Write the receipt of a payment that succeeded."`
	CreditNote documentCreditNote `cmd:"" help:"Write a credit note."`
}

// outFlags say where a document is written.
type outFlags struct {
	Out string `placeholder:"FILE" help:"Where to write the PDF; a file of its own name here if it is left out."`
}

// writeNew writes a file that was not there, and that nobody else may read.
func writeNew(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return errFileThere
	}
	if err != nil {
		return fmt.Errorf("make the file: %w", err)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the file: %w", err), os.Remove(path))
	}
	return nil
}

// write keeps a document in a new file, and says what it is.
func (f outFlags) write(s *session, d office.Document) error {
	path := f.Out
	if path == "" {
		path = d.Name
	}
	err := writeNew(path, d.PDF)
	if err != nil {
		return err
	}
	shape := struct {
		Object string `json:"object"`
		File   string `json:"file"`
		Bytes  int    `json:"bytes"`
		SHA256 string `json:"sha256"`
	}{"document", path, len(d.PDF), d.SHA256}
	return s.show(shape, func(w io.Writer) {
		fmt.Fprintf(w, "%s, %d bytes, SHA-256 %s\n", cell(path), shape.Bytes, shape.SHA256)
	})
}

type documentProof struct {
	Account string `arg:"" help:"The customer's account, by id or reference."`
	outFlags
}

// Run writes the proof of a receiving account.
func (c documentProof) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		doc, err := d.office.AccountProof(ctx, access.CommandLine, a.ID)
		if err != nil {
			return err
		}
		return c.write(s, doc)
	})
}

type documentRequest struct {
	Account string `arg:"" help:"The customer's account, by id or reference."`
	Bill    string `placeholder:"ID" help:"The bill to be paid."`
	Amount  string `help:"So much, in the account's currency; all that is open of the bill if it is left out."`
	Note    string `help:"The customer's own words, on the document."`
	outFlags
}

// Run writes a payment request.
func (c documentRequest) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		r := office.Requesting{Bill: billing.BillID(c.Bill), Note: c.Note}
		if c.Amount != "" {
			if r.Amount, err = money.ParseAmount(c.Amount, a.Currency); err != nil {
				return err
			}
		}
		doc, err := d.office.PaymentRequest(ctx, access.CommandLine, a.ID, r)
		if err != nil {
			return err
		}
		return c.write(s, doc)
	})
}

type documentBill struct {
	Bill string `arg:"" help:"Its id."`
	outFlags
}

// Run writes a bill.
func (c documentBill) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		doc, err := d.office.BillDocument(ctx, access.CommandLine, billing.BillID(c.Bill))
		if err != nil {
			return err
		}
		return c.write(s, doc)
	})
}

type documentReceipt struct {
	Payment string `arg:"" help:"Its id."`
	outFlags
}

// Run writes a receipt.
func (c documentReceipt) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		doc, err := d.office.ReceiptDocument(ctx, access.CommandLine, payment.ID(c.Payment))
		if err != nil {
			return err
		}
		return c.write(s, doc)
	})
}

type documentCreditNote struct {
	CreditNote string `arg:"" help:"Its id."`
	outFlags
}

// Run writes a credit note.
func (c documentCreditNote) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		doc, err := d.office.CreditNoteDocument(ctx, access.CommandLine, billing.CreditNoteID(c.CreditNote))
		if err != nil {
			return err
		}
		return c.write(s, doc)
	})
}
