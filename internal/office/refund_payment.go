package office

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/store"
)

// Refunding says what is to be given back of a payment, and why.
type Refunding struct {
	Amount money.Amount // the zero Amount: all that is left
	Reason string       // for the audit; at most 200 characters
}

// RefundPayment gives some or all of a captured payment back, as often as something
// is left of it (R-REFUND-01 to R-REFUND-04). The answer is the refund as it is after
// the provider was asked; one that is not over goes on by itself.
func (o *Office) RefundPayment(ctx context.Context, by access.Caller, id payment.ID, r Refunding) (payment.Refund, error) {
	var f payment.Refund
	if err := errors.Join(by.May(access.RefundsWrite), payment.CheckRefundReason(r.Reason)); err != nil {
		return f, err
	}
	// Decide, and remember what we are about to ask.
	err := o.changePayment(ctx, id, func(tx *store.Tx, a account.Account, p payment.Payment) (err error) {
		if by.MayTouch(p.Account) != nil {
			return payment.ErrPaymentNotFound
		}
		amount := r.Amount
		if amount == (money.Amount{}) {
			amount = p.Refundable()
			if amount.IsZero() && p.State == payment.Succeeded {
				return payment.ErrRefundTooMuch
			}
		}
		f, err = o.openRefund(ctx, tx, by, a, p, amount, r.Reason)
		return err
	})
	if err != nil {
		return payment.Refund{}, err
	}

	// Ask the world, and record the answer.
	if err := o.askForRefund(ctx, f.ID); err != nil {
		o.Log.WarnContext(ctx, "left to its job", "work", "ask for refund", "subject", f.ID, "error", err)
	}
	return o.refund(ctx, f.ID)
}

// openRefund inserts a payment's next refund, with the job that looks after it, and
// sets its amount apart. Where the way that the money came is closed by the policy, it
// is put on the customer's balance at once (R-REFUND-02). The account is locked.
func (o *Office) openRefund(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, p payment.Payment, amount money.Amount, reason string) (payment.Refund, error) {
	none := payment.Refund{}
	d, err := tx.Debt(ctx, billing.DebtID(p.Debt))
	if err != nil {
		return none, err
	}
	if err := o.mayRefund(by, p, d, amount); err != nil {
		return none, err
	}
	before, err := tx.RefundsOf(ctx, p.ID)
	if err != nil {
		return none, err
	}
	from, err := refundSource(ctx, tx, p, d)
	if err != nil {
		return none, err
	}
	if d.Kind == billing.OrderDebt && d.State == billing.Open && from.Revenue.IsPositive() {
		return none, payment.ErrRefundOrderOpen // what it took beyond its order may go back
	}
	f := payment.Refund{
		ID: payment.RefundID(o.IDs.New("ref_")), Payment: p.ID, Account: a.ID, Number: len(before) + 1, Key: p.RefundKey(len(before)+1, amount),
		Provider: p.Provider, ChargeRef: p.ChargeRef, Amount: amount, Reason: reason, By: by.Name, State: payment.RefundOpening, OpenedAt: o.Now(),
	}
	if f.FromBalance, err = from.Split(amount, before); err != nil {
		return none, err
	}
	if added, err := tx.AddRefund(ctx, f); err != nil || !added {
		return none, errors.Join(err, payment.ErrRefundTooMuch)
	}
	if f.FromBalance.IsPositive() {
		e, err := ledger.Refund{ID: string(f.ID), Customer: a.ID, SetAside: f.FromBalance}.Opened()
		if err != nil {
			return none, err
		}
		if err := o.book(ctx, tx, e); err != nil {
			return none, err
		}
	}
	if err := o.tellRefund(ctx, tx, by, f, "refund.opened"); err != nil {
		return none, err
	}
	isShut, err := o.isRefundLate(ctx, tx, p)
	if err != nil {
		return none, err
	}
	if isShut {
		s := refundSettlement{o: o, tx: tx, refund: f, now: o.Now()}
		err := s.toBalance(ctx, refundWindowOver)
		return s.refund, err
	}
	return f, tx.Enqueue(ctx, job.Job{Kind: watchRefund, Subject: string(f.ID), At: f.OpenedAt.Add(watchAfter), Once: true})
}

// refundWindowOver says why a refund went to the balance: it came too late for the
// way that the money came.
const refundWindowOver = "window_over"

// mayRefund holds a refund against the rules that need no other rows. Usage that was
// paid is given back by staff alone (R-REFUND-06).
func (o *Office) mayRefund(by access.Caller, p payment.Payment, d billing.Debt, amount money.Amount) error {
	switch {
	case p.State != payment.Succeeded:
		return payment.ErrNotRefundable
	case by.Account != "":
		return payment.ErrRefundNeedsStaff
	case d.Kind != billing.OrderDebt && by.May(access.RefundsWrite) != nil:
		return payment.ErrRefundNeedsStaff
	case amount.Currency != p.Amount.Currency || !amount.IsPositive():
		return payment.ErrRefundAmount
	}
	plug, err := o.plug(p.Provider)
	if err != nil {
		return err
	}
	if l, offered := plug.Limits(amount.Currency); offered && amount.Minor%l.Step != 0 {
		return payment.ErrRefundAmount
	}
	return nil
}

// refundSource tells where a payment's money is by now. What it took beyond its debt
// is on the customer's balance, and so is all of it if its order came to nothing, and
// what was credited of an order that it paid for on a bill; the rest was earned.
func refundSource(ctx context.Context, tx *store.Tx, p payment.Payment, d billing.Debt) (s payment.Source, err error) {
	held, err := tx.Balance(ctx, p.Account, ledger.CustomerBalance, p.Amount.Currency)
	if err != nil {
		return s, err
	}
	s.Held = held.Neg() // a liability
	if s.Balance, err = tx.SurplusOf(ctx, p); err != nil {
		return s, err
	}
	if d.Kind == billing.OrderDebt && d.State != billing.Paid && d.State != billing.Open {
		s.Balance = p.Amount
	}
	if d.Kind == billing.OrderDebt && d.State == billing.Paid {
		ord, err := tx.OrderOfDebt(ctx, d.ID)
		if err != nil {
			return s, err
		}
		if ord.TopUp { // nothing was earned by it
			s.Balance = p.Amount
		}
	}
	if d.Kind == billing.BillDebt {
		credited, err := creditedOfDraw(ctx, tx, d)
		if err != nil {
			return s, err
		}
		s.Balance.Minor = min(p.Amount.Minor, s.Balance.Minor+credited.Minor)
	}
	s.Revenue, err = p.Amount.Sub(s.Balance)
	return s, err
}

// creditedOfDraw is what was credited, when its order was cancelled, of what a debt of
// a bill was paid with by payments: what the balance had paid, of the order or of the
// debt, is credited first.
func creditedOfDraw(ctx context.Context, tx *store.Tx, d billing.Debt) (money.Amount, error) {
	none := money.Amount{Currency: d.Amount.Currency}
	draws, err := tx.DrawsOf(ctx, []billing.DebtID{d.ID})
	w, isDraw := draws[d.ID]
	if err != nil || !isDraw {
		return none, err
	}
	of, err := tx.Debt(ctx, w.OrderDebt)
	if err != nil {
		return none, err
	}
	credited, _, err := tx.CreditedOf(ctx, of)
	if err != nil {
		return none, err
	}
	spent, err := tx.AppliedTo(ctx, of)
	if err != nil {
		return none, err
	}
	applied, err := tx.AppliedTo(ctx, d)
	return money.Amount{Minor: max(0, credited.Minor-spent.Minor-applied.Minor), Currency: none.Currency}, err
}

// isRefundLate tells whether a payment is too old to be given back the way that its
// money came (R-REFUND-02).
func (o *Office) isRefundLate(ctx context.Context, tx *store.Tx, p payment.Payment) (bool, error) {
	m, err := tx.Method(ctx, p.Method)
	if err != nil {
		return false, err
	}
	now := o.Now()
	rules, err := o.ruling(ctx, tx, now)
	return now.After(p.SettledAt.Add(rules.RefundWindow(chargedAs(m.Kind)))), err
}

// refundSoon asks for a refund in this process, after the commit that opened it.
func (o *Office) refundSoon(ctx context.Context, id payment.RefundID) {
	o.promptly(ctx, "ask for refund", string(id), func(ctx context.Context) error { return o.askForRefund(ctx, id) })
}

// askForRefund asks the provider for a refund that is remembered, and records the
// answer. Asking again makes no second one.
func (o *Office) askForRefund(ctx context.Context, id payment.RefundID) error {
	f, err := o.refund(ctx, id)
	if err != nil || !f.IsLive() {
		return err
	}
	plug, err := o.opened(f.Provider)
	if err != nil {
		return err
	}
	return o.settleRefund(ctx, id, plug.Refund(ctx, refundAsk(f)))
}

// refundAsk puts a refund into the provider's terms.
func refundAsk(f payment.Refund) provider.RefundAsk {
	return provider.RefundAsk{Key: f.Key, Reference: f.Key, Charge: f.ChargeRef, Amount: f.Amount}
}

func (o *Office) refund(ctx context.Context, id payment.RefundID) (f payment.Refund, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		f, err = tx.Refund(ctx, id)
		return err
	})
	return f, err
}

// changeRefund hands fn a refund whose account is locked.
func (o *Office) changeRefund(ctx context.Context, id payment.RefundID, fn func(*store.Tx, payment.Refund) error) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		f, err := tx.Refund(ctx, id)
		if err != nil {
			return err
		}
		if _, err := tx.LockAccount(ctx, f.Account); err != nil {
			return err
		}
		if f, err = tx.Refund(ctx, id); err != nil {
			return err
		}
		return fn(tx, f)
	})
}

// tellRefund writes down and tells what happened to a refund.
func (o *Office) tellRefund(ctx context.Context, tx *store.Tx, by access.Caller, f payment.Refund, what string) error {
	if err := o.audit(ctx, tx, by, f.Account, what, string(f.ID), map[string]any{
		"payment": f.Payment, "amount": f.Amount, "from_balance": f.FromBalance, "reason": f.Reason, "outcome": f.Outcome, "credit_note": f.CreditNote,
	}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: f.Account, Subject: string(f.ID), Data: f})
}
