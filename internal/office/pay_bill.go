package office

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// BillPayment says how a bill is to be paid by hand.
type BillPayment struct {
	FromBalance bool
	Method      payment.MethodID // "" the preferred one; not looked at if the balance pays
	Amount      money.Amount     // a part; the zero Amount: all that is open
	ReturnURL   string           // where the payer goes on after a challenge; "" our own page
}

// BillPaid is a bill after it was to be paid by hand.
type BillPaid struct {
	Bill         billing.Bill
	Applications []billing.Application
	Payments     []payment.Payment // by debts, the oldest first; none is begun behind one that has not succeeded
}

// PayBill pays a bill, or a part of it, by hand: from the balance, or by a payment
// method that its payer is there to confirm (R-RECON-04). A bill of several debts takes
// a payment for each, one after the other, the oldest first; one that needs its payer or
// is declined ends the row, and paying again goes on with what is left. What a method
// pays of a debt that is charged by itself is all of it.
func (o *Office) PayBill(ctx context.Context, by access.Caller, id billing.BillID, c BillPayment) (BillPaid, error) {
	var p BillPaid
	if err := by.May(access.FundsWrite); err != nil {
		return p, err
	}
	switch {
	case c.ReturnURL == "":
		c.ReturnURL = o.ConsoleURL + "/bills/" + string(id)
	case !isWebAddress(c.ReturnURL):
		return p, ErrReturnURL
	}
	var err error
	if c.FromBalance {
		p.Applications, err = o.payFromFunds(ctx, by, id, c.Amount)
	} else {
		p.Payments, err = o.payByMethod(ctx, by, id, c)
	}
	b, lost := o.bill(ctx, by, id)
	p.Bill = b
	return p, errors.Join(err, lost)
}

// payFromFunds spends the balance on a bill.
func (o *Office) payFromFunds(ctx context.Context, by access.Caller, id billing.BillID, amount money.Amount) (done []billing.Application, err error) {
	err = o.changeBill(ctx, by, id, func(tx *store.Tx, a account.Account, b billing.Bill) (err error) {
		done, err = o.applyChosen(ctx, tx, by, a, []BalanceUse{{Bill: b.ID, Amount: amount}})
		return err
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// changeBill hands fn a bill of which something is open, its account locked.
func (o *Office) changeBill(ctx context.Context, by access.Caller, id billing.BillID, fn func(*store.Tx, account.Account, billing.Bill) error) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		b, err := tx.Bill(ctx, id)
		if err != nil {
			return err
		}
		if by.MayTouch(b.Account) != nil {
			return billing.ErrBillNotFound
		}
		a, err := tx.LockAccount(ctx, b.Account)
		if err != nil {
			return err
		}
		if b, err = tx.Bill(ctx, id); err != nil {
			return err
		}
		if b.IsPaid() {
			return billing.ErrBillPaid
		}
		return fn(tx, a, b)
	})
}

// payByMethod charges a bill's debts to a method, each with the three beats of a
// payment.
func (o *Office) payByMethod(ctx context.Context, by access.Caller, id billing.BillID, c BillPayment) ([]payment.Payment, error) {
	var paid []payment.Payment
	left := c.Amount
	for isFirst := true; ; isFirst = false {
		// Decide, and remember what we are about to ask.
		var p payment.Payment
		err := o.changeBill(ctx, by, id, func(tx *store.Tx, a account.Account, b billing.Bill) (err error) {
			p, err = o.payNextDebt(ctx, tx, by, a, b, c, left)
			return err
		})
		if !isFirst && errors.Is(err, billing.ErrBillPaid) {
			return paid, nil
		}
		if err != nil {
			return paid, err
		}

		// Ask the world, and record the answer.
		if err := o.askForPayment(ctx, p.ID, c.ReturnURL); err != nil {
			o.Log.WarnContext(ctx, "left to its job", "work", "ask for payment", "subject", p.ID, "error", err)
		}
		if p, err = o.payment(ctx, p.ID); err != nil {
			return paid, err
		}
		paid = append(paid, p)
		if p.State != payment.Succeeded {
			return paid, nil
		}
		if left != (money.Amount{}) {
			if left.Minor -= p.Amount.Minor; left.IsZero() {
				return paid, nil
			}
		}
	}
}

// payNextDebt opens a payment of the bill's oldest open debt: of what is left to pay,
// as much as the debt needs.
func (o *Office) payNextDebt(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, b billing.Bill, c BillPayment, left money.Amount) (payment.Payment, error) {
	debts, err := tx.BillDebts(ctx, b.ID)
	if err != nil {
		return payment.Payment{}, err
	}
	if left != (money.Amount{}) && left.Currency == b.Open.Currency && left.Cmp(b.Open) > 0 {
		return payment.Payment{}, billing.ErrAppliesTooMuch
	}
	for _, d := range debts {
		if d.State != billing.Open {
			continue
		}
		charge := Charge{Method: c.Method, Initiator: payment.CIT, Reason: payment.PaidByCustomer, ReturnURL: c.ReturnURL, Amount: left}
		if left.Currency == b.Open.Currency && left.Cmp(d.OpenAmount()) > 0 {
			charge.Amount = d.OpenAmount()
		}
		return o.openPayment(ctx, tx, by, a, d, charge)
	}
	return payment.Payment{}, billing.ErrBillPaid
}

// bill fetches a bill with its debts.
func (o *Office) bill(ctx context.Context, by access.Caller, id billing.BillID) (b billing.Bill, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if b, err = tx.Bill(ctx, id); err != nil {
			return err
		}
		if by.MayTouch(b.Account) != nil {
			return billing.ErrBillNotFound
		}
		b.Debts, err = tx.BillDebts(ctx, id)
		return err
	})
	if err != nil {
		return billing.Bill{}, err
	}
	return b, nil
}
