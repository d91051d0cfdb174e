package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// Refund fetches a refund.
func (o *Office) Refund(ctx context.Context, by access.Caller, id payment.RefundID) (payment.Refund, error) {
	if err := by.May(access.BillsRead); err != nil {
		return payment.Refund{}, err
	}
	f, err := o.refund(ctx, id)
	if err != nil {
		return payment.Refund{}, err
	}
	if by.MayTouch(f.Account) != nil {
		return payment.Refund{}, payment.ErrRefundNotFound
	}
	return f, nil
}

// RefundsOf lists a payment's refunds, the first one first.
func (o *Office) RefundsOf(ctx context.Context, by access.Caller, id payment.ID) (list []payment.Refund, err error) {
	if err := by.May(access.BillsRead); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Payment(ctx, id)
		if err != nil {
			return err
		}
		if by.MayTouch(p.Account) != nil {
			return payment.ErrPaymentNotFound
		}
		list, err = tx.RefundsOf(ctx, id)
		return err
	})
	return list, err
}

// Refunds lists an account's refunds, newest first.
func (o *Office) Refunds(ctx context.Context, by access.Caller, id account.ID, p Page) (list []payment.Refund, next string, err error) {
	err = o.viewAccount(ctx, by, id, func(tx *store.Tx) error {
		list, err = tx.Refunds(ctx, id, payment.RefundID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(f payment.Refund) string { return string(f.ID) })
	return list, next, err
}

// CreditNotes lists an account's credit notes, newest first.
func (o *Office) CreditNotes(ctx context.Context, by access.Caller, id account.ID, p Page) (list []billing.CreditNote, next string, err error) {
	err = o.viewAccount(ctx, by, id, func(tx *store.Tx) error {
		list, err = tx.CreditNotes(ctx, id, billing.CreditNoteID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(n billing.CreditNote) string { return string(n.ID) })
	return list, next, err
}
