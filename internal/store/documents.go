package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/payment"
)

// ErrCreditNoteNotFound says that there is no such credit note.
var ErrCreditNoteNotFound = fault.New(fault.NotFound, "credit_note_not_found", "there is no such credit note")

// CreditNote fetches a credit note.
func (tx *Tx) CreditNote(ctx context.Context, id billing.CreditNoteID) (billing.CreditNote, error) {
	n, err := scanCreditNote(tx.queryRow(ctx, `
		SELECT `+creditNoteColumns+`
		  FROM credit_notes AS n JOIN debts AS d ON d.id = n.debt_id
		 WHERE n.id = $1`, string(id)))
	if errors.Is(err, errNoRow) {
		return n, ErrCreditNoteNotFound
	}
	return n, err
}

// BillPayments lists the payments that took a part of a bill's debts, the first one
// first.
func (tx *Tx) BillPayments(ctx context.Context, id billing.BillID) ([]payment.Payment, error) {
	return tx.payments(ctx, `
		SELECT `+paymentColumns+` FROM payments
		 WHERE debt_id IN (SELECT d.id FROM debts AS d WHERE d.bill_id = $1) AND state = 'succeeded'
		 ORDER BY id`, string(id))
}
