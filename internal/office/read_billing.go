package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// DebtStory is a debt with its shares by product and its payments.
type DebtStory struct {
	Debt     billing.Debt
	Payments []payment.Payment // first attempt first
}

// Debts lists an account's debts, newest first.
func (o *Office) Debts(ctx context.Context, by access.Caller, id account.ID, p Page) (list []billing.Debt, next string, err error) {
	err = o.viewAccount(ctx, by, id, func(tx *store.Tx) error {
		list, err = tx.Debts(ctx, id, billing.DebtID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(d billing.Debt) string { return string(d.ID) })
	return list, next, err
}

// Debt fetches a debt with its story.
func (o *Office) Debt(ctx context.Context, by access.Caller, id billing.DebtID) (s DebtStory, err error) {
	if err := by.May(access.BillsRead); err != nil {
		return s, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if s.Debt, err = tx.Debt(ctx, id); err != nil {
			return err
		}
		if by.MayTouch(s.Debt.Account) != nil {
			return billing.ErrDebtNotFound
		}
		if s.Debt.Shares, err = tx.DebtShares(ctx, s.Debt); err != nil {
			return err
		}
		s.Payments, err = tx.DebtPayments(ctx, id)
		return err
	})
	return s, err
}

// Payments lists an account's payments, newest first.
func (o *Office) Payments(ctx context.Context, by access.Caller, id account.ID, p Page) (list []payment.Payment, next string, err error) {
	err = o.viewAccount(ctx, by, id, func(tx *store.Tx) error {
		list, err = tx.Payments(ctx, id, payment.ID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(p payment.Payment) string { return string(p.ID) })
	return list, next, err
}

// Payment fetches a payment. look asks the provider first how it stands, if that
// is not known, as a page does to which the payer comes back.
func (o *Office) Payment(ctx context.Context, by access.Caller, id payment.ID, look bool) (p payment.Payment, err error) {
	if err := by.May(access.BillsRead); err != nil {
		return p, err
	}
	if p, err = o.payment(ctx, id); err != nil {
		return payment.Payment{}, err
	}
	if by.MayTouch(p.Account) != nil {
		return payment.Payment{}, payment.ErrPaymentNotFound
	}
	if !look || p.IsOver() {
		return p, nil
	}
	if err := o.lookAtPayment(ctx, id); err != nil {
		o.Log.WarnContext(ctx, "left to its job", "work", "look at payment", "subject", id, "error", err)
	}
	return o.payment(ctx, id)
}

// Bills lists bills, newest first: of one account, or of all where id is "".
func (o *Office) Bills(ctx context.Context, by access.Caller, id account.ID, p Page) (list []billing.Bill, next string, err error) {
	if id == "" {
		id = by.Account
	}
	read := func(tx *store.Tx) error {
		list, err = tx.Bills(ctx, id, billing.BillID(p.After), p.Limit+1)
		return err
	}
	if id == "" {
		if err := by.May(access.BillsRead); err != nil {
			return nil, "", err
		}
		err = o.Store.View(ctx, read)
	} else {
		err = o.viewAccount(ctx, by, id, read)
	}
	list, next = cut(list, p, func(b billing.Bill) string { return string(b.ID) })
	return list, next, err
}

// Bill fetches a bill with its shares by product and its debts.
func (o *Office) Bill(ctx context.Context, by access.Caller, id billing.BillID) (b billing.Bill, err error) {
	if err := by.May(access.BillsRead); err != nil {
		return b, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if b, err = tx.Bill(ctx, id); err != nil {
			return err
		}
		if by.MayTouch(b.Account) != nil {
			return billing.ErrBillNotFound
		}
		if b.Shares, err = tx.BillShares(ctx, b); err != nil {
			return err
		}
		b.Debts, err = tx.BillDebts(ctx, id)
		return err
	})
	return b, err
}

// Entries lists an account's ledger entries, oldest first.
func (o *Office) Entries(ctx context.Context, by access.Caller, id account.ID, p Page) (list []ledger.Entry, next string, err error) {
	if err := mayTouch(by, access.BooksRead, id); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		list, err = tx.Entries(ctx, id, p.After, p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(e ledger.Entry) string { return e.ID })
	return list, next, err
}

// Totals sums the whole ledger by account and currency.
func (o *Office) Totals(ctx context.Context, by access.Caller) (list []store.Total, err error) {
	if err := by.May(access.BooksRead); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Totals(ctx)
		return err
	})
	return list, err
}

// viewAccount reads what belongs to the bills of an account that the caller may see.
func (o *Office) viewAccount(ctx context.Context, by access.Caller, id account.ID, read func(*store.Tx) error) error {
	return o.viewOf(ctx, by, access.BillsRead, id, read)
}

// viewOf reads what belongs to an account, with the right to it.
func (o *Office) viewOf(ctx context.Context, by access.Caller, s access.Scope, id account.ID, read func(*store.Tx) error) error {
	if err := mayTouch(by, s, id); err != nil {
		return err
	}
	return o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		return read(tx)
	})
}
