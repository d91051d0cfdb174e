package office

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// TopUp is money that a customer puts on their balance from a payment method.
type TopUp struct {
	Reference string // of the platform or page; the same one is the same top-up; "" gets one of ours
	Amount    money.Amount
	Method    payment.MethodID // "" the preferred one
	ReturnURL string           // where the payer goes on after a challenge
}

// TopUp puts money on an account's balance. It is an order in which nothing is sold,
// so that all that keeps an order from being paid twice keeps it too; once it is paid
// the balance pays bills, if it does so by itself.
func (o *Office) TopUp(ctx context.Context, by access.Caller, id account.ID, t TopUp) (OrderPayment, error) {
	var p OrderPayment
	if err := mayTouch(by, access.FundsWrite, id); err != nil {
		return p, err
	}
	if t.ReturnURL != "" && !isWebAddress(t.ReturnURL) {
		return p, ErrReturnURL
	}
	if t.Reference == "" {
		t.Reference = o.IDs.New("topup_")
	}
	d := order.TopUpDraft("topup:"+t.Reference, t.Amount)
	d.Method, d.ReturnURL = string(t.Method), t.ReturnURL
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		p.Order, err = tx.OrderByReference(ctx, id, d.Reference)
		switch {
		case err == nil && p.Order.Content != d.Content():
			return order.ErrConflict
		case !errors.Is(err, order.ErrNotFound):
			return err
		}
		p.Order, err = o.placeOrder(ctx, tx, by, a, d, time.Time{})
		return err
	})
	if err != nil {
		return OrderPayment{}, err
	}
	paid, err := o.payPlaced(ctx, by, p.Order.ID, PayChoice{Method: t.Method, ReturnURL: t.ReturnURL})
	if paid.Order.ID == "" {
		paid.Order = p.Order // it can be paid on its page
	}
	return paid, err
}

// toppedUp tells that a balance was topped up, and spends it. The account is locked,
// and the entry is booked.
func (o *Office) toppedUp(ctx context.Context, tx *store.Tx, a account.Account, ord order.Order) error {
	if err := o.notify(ctx, tx, a.ID, "balance_topped_up", string(ord.ID), mail.Facts{"amount": ord.Amount.String()}); err != nil {
		return err
	}
	return o.applyCash(ctx, tx, access.Jobs, []account.Account{a})
}

// drawOnCredit pays an order from its customer's credit line (R-PAY-02): what it comes
// to is owed with the month's bill, as a debt of its own. The account is locked, and no
// payment of the order is under way.
func (o *Office) drawOnCredit(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, ord order.Order, d billing.Debt) error {
	line, err := o.mayDraw(ctx, tx, a, d.OpenAmount())
	if err != nil {
		return err
	}
	now, amount := o.Now(), d.OpenAmount()
	owed := billing.Debt{
		ID: billing.DebtID(o.IDs.New("debt_")), Account: a.ID, Kind: billing.BillDebt, Month: billing.MonthOf(now, a.Location()),
		Amount: amount, TaxRule: d.TaxRule, Paid: money.Amount{Currency: a.Currency}, State: billing.Open, OpenedAt: now,
	}
	none := money.Amount{Currency: a.Currency}
	if owed.Net, owed.Tax, err = d.Credit(amount, none, none); err != nil {
		return err
	}
	if owed, err = tx.AddDebt(ctx, owed); err != nil {
		return err
	}
	if err := tx.AddCreditDraw(ctx, store.CreditDraw{Debt: owed.ID, OrderDebt: d.ID, Order: ord.ID, Account: a.ID, Amount: amount, DrawnAt: now}); err != nil {
		return err
	}
	entry, err := ledger.DrawnOnCredit(string(owed.ID), a.ID, amount)
	if err != nil {
		return err
	}
	if err := o.book(ctx, tx, entry); err != nil {
		return err
	}
	if err := o.tellDebt(ctx, tx, by, owed, "debt.opened"); err != nil {
		return err
	}
	if d.Paid, err = d.Paid.Add(amount); err != nil {
		return err
	}
	if d.State, err = billing.DebtTable.Next(d.State, billing.Settle); err != nil {
		return err
	}
	d.SettledAt, d.NextAttemptAt = now, time.Time{}
	if err := tx.SaveDebt(ctx, d); err != nil {
		return err
	}
	if err := o.debtPaid(ctx, tx, a, d); err != nil {
		return err
	}
	return o.noteCredit(ctx, tx, line)
}

// mayDraw says what stands against drawing an amount on a customer's credit line, and
// answers with the line. What is available may be below zero, and then nothing is
// drawn, not even nothing (R-CRED-02).
func (o *Office) mayDraw(ctx context.Context, tx *store.Tx, a account.Account, amount money.Amount) (account.CreditLine, error) {
	line, err := tx.ActiveCreditLine(ctx, a.ID)
	if errors.Is(err, account.ErrNoCredit) {
		return line, order.ErrNeedsCredit
	}
	if err != nil {
		return line, err
	}
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return line, err
	}
	c, err := o.creditOf(ctx, tx, p, a, line)
	if err == nil && c.Available.Cmp(amount) < 0 {
		err = order.ErrExceedsCredit.Detail("%s of credit is available", c.Available)
	}
	return line, err
}
