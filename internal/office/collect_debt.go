package office

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/store"
)

// Charge says how a debt is to be collected.
type Charge struct {
	Method    payment.MethodID // "" the preferred one
	Initiator payment.Initiator
	Reason    payment.Reason
	ReturnURL string       // where a challenge ends; "" with nobody present
	Force3DS  bool         // policy or risk demands a challenge
	Amount    money.Amount // a part of what is open; the zero Amount: all of it

	// first is the preferred method, for a debt that was opened in this very
	// transaction and so has no payment yet; nil for any other.
	first *payment.Method
}

// ErrNotChargeable says that a debt is more, or less, or finer than the provider
// charges at once.
var ErrNotChargeable = fault.New(fault.Conflict, "amount_not_chargeable", "the payment provider does not charge such an amount at once").
	WithNext("have the customer pay it in another way")

// ErrPaidWhole says that a part was to be paid of what a payment method pays whole.
var ErrPaidWhole = fault.New(fault.Conflict, "debt_paid_whole", "this is charged whole; a part of it can be paid from the balance").
	WithNext("pay all of it, or use the balance")

// CollectDebt tries to collect a debt now. It answers with the payment as it is
// after the provider was asked; a payment that is not over goes on by itself.
func (o *Office) CollectDebt(ctx context.Context, by access.Caller, id billing.DebtID, c Charge) (payment.Payment, error) {
	var p payment.Payment
	if err := by.May(access.BillsWrite); err != nil {
		return p, err
	}
	if c.Initiator == payment.CIT && !isWebAddress(c.ReturnURL) {
		return p, ErrReturnURL
	}
	// Decide, and remember what we are about to ask.
	err := o.changeDebt(ctx, id, func(tx *store.Tx, a account.Account, d billing.Debt) (err error) {
		if err := by.MayTouch(d.Account); err != nil {
			return billing.ErrDebtNotFound
		}
		if d.Kind == billing.OrderDebt {
			return order.ErrPaidAsOrder // where its risk is judged
		}
		p, err = o.openPayment(ctx, tx, by, a, d, c)
		return err
	})
	if err != nil {
		return p, err
	}

	// Ask the world, and record the answer.
	if err := o.askForPayment(ctx, p.ID, c.ReturnURL); err != nil {
		o.Log.WarnContext(ctx, "left to its job", "work", "ask for payment", "subject", p.ID, "error", err)
	}
	return o.payment(ctx, p.ID)
}

// changeDebt hands fn a debt whose account is locked.
func (o *Office) changeDebt(ctx context.Context, id billing.DebtID, fn func(*store.Tx, account.Account, billing.Debt) error) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		d, err := tx.Debt(ctx, id)
		if err != nil {
			return err
		}
		a, err := tx.LockAccount(ctx, d.Account)
		if err != nil {
			return err
		}
		if d, err = tx.Debt(ctx, id); err != nil {
			return err
		}
		return fn(tx, a, d)
	})
}

// openPayment inserts the next payment of a debt, with the job that looks after
// it, if every rule lets the method be charged. The account is locked.
func (o *Office) openPayment(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, d billing.Debt, c Charge) (payment.Payment, error) {
	none := payment.Payment{}
	if d.State != billing.Open {
		return none, billing.ErrDebtSettled
	}
	amount, err := c.amountOf(a, d)
	if err != nil {
		return none, err
	}
	m, err := o.methodToCharge(ctx, tx, a, d, c)
	if err != nil {
		return none, err
	}
	now := o.Now()
	p, err := o.ruling(ctx, tx, now)
	if err != nil {
		return none, err
	}
	if err := errors.Join(m.MayCharge(c.Initiator == payment.CIT), p.MayKeepMethod(p.Region(a.Country, a.RegisteredAt), a.Currency, m)); err != nil {
		return none, err
	}
	if err := o.mayAsk(m, amount); err != nil {
		return none, err
	}
	if err := o.mayTry(ctx, tx, p, m, amount, c.Initiator, now); err != nil {
		return none, err
	}
	customer, err := tx.Customer(ctx, a.ID, m.Provider)
	if err != nil {
		return none, err
	}
	if d.Attempts == 0 {
		d.DeclinedAt = time.Time{} // it was overdue for want of a method; the timetable begins with a refusal
	}
	d.Attempts++
	d.NextAttemptAt = time.Time{}
	hold := payment.HoldID("")
	if d.Kind != billing.OrderDebt { // what is held is for usage
		if hold, err = o.claimHold(ctx, tx, m, amount, now); err != nil {
			return none, err
		}
	}
	pay := payment.Payment{
		ID: payment.ID(o.IDs.New("pay_")), Account: a.ID, Debt: string(d.ID), Method: m.ID, Hold: hold, Attempt: d.Attempts,
		Key: d.Key(o.Installation, d.Attempts), Provider: m.Provider, Customer: customer, Amount: amount,
		Initiator: c.Initiator, Reason: c.Reason, Mandate: m.NetworkTransaction, Force3DS: c.Force3DS, State: payment.Opening, OpenedAt: now,
	}
	if added, err := tx.AddPayment(ctx, pay); err != nil || !added {
		return none, errors.Join(err, payment.ErrUnresolved)
	}
	if err := tx.SaveDebt(ctx, d); err != nil {
		return none, err
	}
	if err := tx.Enqueue(ctx, job.Job{Kind: watchPayment, Subject: string(pay.ID), At: now.Add(watchAfter), Once: true}); err != nil {
		return none, err
	}
	return pay, o.tellPayment(ctx, tx, by, pay, "payment.opened")
}

// amountOf is what is asked for: all that is open of the debt, or a part of it where
// nobody collects the rest by themselves.
func (c Charge) amountOf(a account.Account, d billing.Debt) (money.Amount, error) {
	open := d.OpenAmount()
	switch {
	case c.Amount == (money.Amount{}), c.Amount == open:
		return open, nil
	case c.Amount.Currency != open.Currency || !c.Amount.IsPositive():
		return open, billing.ErrAppliesNothing
	case c.Amount.Cmp(open) > 0:
		return open, billing.ErrAppliesTooMuch
	case d.Kind == billing.OrderDebt || isCharged(a, d):
		return open, ErrPaidWhole
	}
	return c.Amount, nil
}

// methodToCharge is the one that was named, else the preferred one (R-PREF-05). A
// debt with a payment that is not over is not charged.
func (o *Office) methodToCharge(ctx context.Context, tx *store.Tx, a account.Account, d billing.Debt, c Charge) (payment.Method, error) {
	if c.first != nil {
		return *c.first, nil
	}
	if _, err := tx.UnresolvedPayment(ctx, d.ID); err == nil {
		return payment.Method{}, payment.ErrUnresolved
	} else if !errors.Is(err, payment.ErrPaymentNotFound) {
		return payment.Method{}, err
	}
	if c.Method == "" {
		m, err := tx.Preferred(ctx, a.ID)
		if errors.Is(err, payment.ErrMethodNotFound) {
			return m, payment.ErrNoMethod
		}
		return m, err
	}
	m, err := tx.Method(ctx, c.Method)
	if err == nil && m.Account != a.ID {
		return payment.Method{}, payment.ErrMethodNotFound
	}
	return m, err
}

// mayAsk holds an amount against what the method's provider charges at once.
func (o *Office) mayAsk(m payment.Method, a money.Amount) error {
	plug, err := o.plug(m.Provider)
	if err != nil {
		return err
	}
	l, offered := plug.Limits(a.Currency)
	if !offered || a.Minor < l.Minimum.Minor || a.Minor > l.Maximum.Minor || a.Minor%l.Step != 0 {
		return ErrNotChargeable
	}
	return nil
}

const refusalsMax = 50 // of a card, newest first: older advice has had its time

// mayTry holds an attempt against the issuer's advice after the last refusal and
// the schemes' caps (R-DUN-05..07). A person who clicks may try again what we
// would not, inside the caps (R-DUN-09).
func (o *Office) mayTry(ctx context.Context, tx *store.Tx, p policy.Policy, m payment.Method, amount money.Amount, by payment.Initiator, now time.Time) error {
	refused, err := tx.RefusedOn(ctx, m.ID, refusalsMax)
	if err != nil {
		return err
	}
	for _, last := range refused {
		if last.Refusal.Class == payment.FinalClass && by == payment.MIT {
			paid, err := tx.LastPaidOn(ctx, m.ID)
			if err != nil {
				return err
			}
			if paid.Before(last.SettledAt) { // a success since then takes the word back
				return payment.ErrRefusedForGood
			}
		}
		if now.Before(last.SettledAt.Add(last.Refusal.WaitAtLeast)) {
			return payment.ErrTooSoon
		}
	}
	if m.Kind != payment.CardKind { // caps are the card schemes'
		return nil
	}
	for _, c := range p.Caps(m.Card.Brand) {
		n, err := tx.CountTries(ctx, m.ID, amount.Minor, now.Add(-c.Within), now.Add(-c.Within))
		if err != nil {
			return err
		}
		tried := n.Refused
		if c.SameAmount {
			tried = n.SameRefused
		}
		if tried >= c.Attempts {
			return payment.ErrCapped
		}
	}
	return nil
}

// askForPayment asks the provider for a payment that is remembered, and records
// the answer. Its id is saved before the step that takes money.
func (o *Office) askForPayment(ctx context.Context, id payment.ID, returnURL string) error {
	p, ask, err := o.paymentAsk(ctx, id, returnURL)
	if err != nil || p.IsOver() || p.State == payment.Closing {
		return err
	}
	plug, err := o.opened(p.Provider)
	if err != nil {
		return err
	}
	ref, r := p.Ref, provider.Result{}
	if ref == "" {
		ref, r = o.openIntent(ctx, plug, p.OpenedAt, ask)
	}
	if ref != "" {
		if p.Ref == "" {
			if err := o.savePaymentRef(ctx, id, ref); err != nil {
				return err
			}
		}
		r = plug.Confirm(ctx, ref, ask)
	}
	if r.Decline.Revoked && o.isReplaced(ctx, p.Method, ask.Method) {
		return nil // the watch asks again with the token that came in its place
	}
	return o.settlePayment(ctx, id, r)
}

// paymentAsk reads a payment and puts into the provider's terms what it asks for.
func (o *Office) paymentAsk(ctx context.Context, id payment.ID, returnURL string) (p payment.Payment, ask provider.Ask, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		var m payment.Method
		if p, m, err = tx.PaymentToAsk(ctx, id); err != nil {
			return err
		}
		rules, err := o.ruling(ctx, tx, p.OpenedAt)
		if err != nil {
			return err
		}
		ask = provider.Ask{
			Key: p.Key, Reference: p.Key, Account: string(p.Account), Customer: p.Customer, Method: m.Card.Token, Amount: p.Amount,
			Initiator: provider.MIT, Descriptor: rules.Descriptor, Mandate: p.Mandate, Note: string(p.Reason),
		}
		if p.Hold != "" {
			h, err := tx.Hold(ctx, p.Hold)
			if err != nil {
				return err
			}
			ask.From = h.ChargeRef
		}
		if p.Initiator == payment.CIT {
			if returnURL == "" {
				returnURL = o.ConsoleURL // the page that asked is gone
			}
			ask.Initiator, ask.ReturnURL, ask.Force3DS = provider.CIT, returnTo(returnURL, "payment", string(p.ID)), p.Force3DS
		}
		return nil
	})
	return p, ask, err
}

// errEnded stops who was asking for something that ended meanwhile: what they
// opened is never confirmed, and takes no money.
var errEnded = errors.New("office: it ended while the provider was being asked")

func (o *Office) savePaymentRef(ctx context.Context, id payment.ID, ref string) error {
	return o.changePayment(ctx, id, func(tx *store.Tx, _ account.Account, p payment.Payment) error {
		if p.IsOver() || p.State == payment.Closing {
			return errEnded
		}
		if p.Ref != "" && p.Ref != ref {
			return fmt.Errorf("payment %s has two intents at the provider", id)
		}
		p.Ref = ref
		return tx.SavePayment(ctx, p)
	})
}

// changePayment hands fn a payment whose account is locked.
func (o *Office) changePayment(ctx context.Context, id payment.ID, fn func(*store.Tx, account.Account, payment.Payment) error) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		p, err := tx.Payment(ctx, id)
		if err != nil {
			return err
		}
		a, err := tx.LockAccount(ctx, p.Account)
		if err != nil {
			return err
		}
		if p, err = tx.Payment(ctx, id); err != nil {
			return err
		}
		return fn(tx, a, p)
	})
}

func (o *Office) payment(ctx context.Context, id payment.ID) (p payment.Payment, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		p, err = tx.Payment(ctx, id)
		return err
	})
	return p, err
}

// tellPayment writes down and tells what happened to a payment.
func (o *Office) tellPayment(ctx context.Context, tx *store.Tx, by access.Caller, p payment.Payment, what string) error {
	if err := o.audit(ctx, tx, by, p.Account, what, string(p.ID), map[string]any{
		"debt": p.Debt, "attempt": p.Attempt, "amount": p.Amount, "state": p.State, "class": p.Refusal.Class,
	}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: p.Account, Subject: string(p.ID), Data: p})
}

// collectDebtJob collects a debt while the payer is away. What stands against it
// now is no failure: the debt is tried again when its next attempt is due, or
// when the account gets another method.
func (o *Office) collectDebtJob(ctx context.Context, subject string) error {
	var d billing.Debt
	var a account.Account
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		if d, err = tx.Debt(ctx, billing.DebtID(subject)); err != nil {
			return err
		}
		a, err = tx.Account(ctx, d.Account)
		return err
	})
	if err != nil || d.State != billing.Open {
		return err
	}
	if d.Kind == billing.OrderDebt {
		return o.renewWith(ctx, d.ID)
	}
	if !isCharged(a, d) {
		return nil
	}
	reason := reasonOf(d)
	if d.Attempts > 0 {
		reason = payment.Retry
	}
	_, err = o.CollectDebt(ctx, access.Jobs, d.ID, Charge{Initiator: payment.MIT, Reason: reason})
	switch {
	case errors.Is(err, payment.ErrUnresolved), errors.Is(err, billing.ErrDebtSettled):
		return nil // somebody is at it, or was
	case errors.Is(err, payment.ErrTooSoon), errors.Is(err, payment.ErrCapped):
		if d.Attempts == 0 { // nothing was tried yet: the customer must know that it is owed
			if err := o.noteUncollected(ctx, d.ID, err); err != nil {
				return err
			}
		}
		return o.tryLater(ctx, d.ID)
	case errors.Is(err, ErrUnplugged):
		return job.Snooze(unheardPause)
	case isExpected(err):
		return o.noteUncollected(ctx, d.ID, err)
	}
	return err
}

// isCharged tells whether a debt is collected from a method by itself: a credit
// customer's is not, whatever is bound (R-CRED-03), and an order is paid when its
// customer says so, or with its subscription's renewal.
func isCharged(a account.Account, d billing.Debt) bool {
	return !a.Credit && d.Kind != billing.BillDebt && d.Kind != billing.OrderDebt
}

func reasonOf(d billing.Debt) payment.Reason {
	if d.Kind == billing.ThresholdDebt {
		return payment.ThresholdReached
	}
	return payment.MonthEnd
}
