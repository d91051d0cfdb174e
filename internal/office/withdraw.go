package office

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
)

// Withdrawing is money of a balance that somebody proposes to send to its customer.
type Withdrawing struct {
	Amount    money.Amount
	Recipient string // where it is to go
	Reason    string
}

// ProposeWithdrawal sets an amount of a customer's balance apart, to be sent to their
// bank once another person agrees.
func (o *Office) ProposeWithdrawal(ctx context.Context, by access.Caller, id account.ID, c Withdrawing) (w billing.Withdrawal, err error) {
	if err := mayPropose(by, access.BankWrite, id); err != nil {
		return w, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		w = billing.Withdrawal{
			ID: billing.WithdrawalID(o.IDs.New("wdr_")), Account: id, Amount: c.Amount, Recipient: c.Recipient, Reason: c.Reason,
			State: billing.WithdrawalProposed, ProposedBy: by.Name, ProposedAt: o.Now(),
		}
		if err := w.Check(a.Currency); err != nil {
			return err
		}
		held, err := tx.Balance(ctx, id, ledger.CustomerBalance, a.Currency)
		if err != nil {
			return err
		}
		if held.Neg().Cmp(w.Amount) < 0 {
			return billing.ErrNothingHeld
		}
		if err := tx.AddWithdrawal(ctx, w); err != nil {
			return err
		}
		entry, err := ledger.OpenedWithdrawal(string(w.ID), id, w.Amount)
		if err != nil {
			return err
		}
		if err := o.book(ctx, tx, entry); err != nil {
			return err
		}
		return o.tellWithdrawal(ctx, tx, by, w)
	})
	if err != nil {
		return billing.Withdrawal{}, err
	}
	return w, nil
}

// ApproveWithdrawal agrees to what another person proposed. The money leaves when the
// bank is told; a statement's line shows that it has.
func (o *Office) ApproveWithdrawal(ctx context.Context, by access.Caller, id billing.WithdrawalID, note string) (billing.Withdrawal, error) {
	return o.decideWithdrawal(ctx, by, id, note, billing.ApproveWithdrawal)
}

// RefuseWithdrawal puts the money back on the balance, from which another person
// proposed to send it.
func (o *Office) RefuseWithdrawal(ctx context.Context, by access.Caller, id billing.WithdrawalID, note string) (billing.Withdrawal, error) {
	return o.decideWithdrawal(ctx, by, id, note, billing.RefuseWithdrawal)
}

func (o *Office) decideWithdrawal(ctx context.Context, by access.Caller, id billing.WithdrawalID, note string, e billing.WithdrawalEvent) (w billing.Withdrawal, err error) {
	if err := errors.Join(mayPropose(by, access.BankApprove, ""), account.CheckNote(note)); err != nil {
		return w, err
	}
	err = o.changeWithdrawal(ctx, id, func(tx *store.Tx, a account.Account, found billing.Withdrawal) error {
		w = found
		switch {
		case w.State != billing.WithdrawalProposed:
			return billing.ErrWithdrawalState
		case w.ProposedBy == by.Name:
			return account.ErrOwnProposal
		}
		if e == billing.ApproveWithdrawal { // what was set apart may be another's by now
			if below, err := isBelow(ctx, tx, a); err != nil || below {
				return errors.Join(err, billing.ErrNothingHeld)
			}
		}
		w.DecidedBy, w.DecidedAt, w.Note = by.Name, o.Now(), note
		return o.moveWithdrawal(ctx, tx, by, &w, e)
	})
	if err != nil {
		return billing.Withdrawal{}, err
	}
	return w, nil
}

// DropWithdrawal puts the money of a withdrawal that has not left back on the balance.
// The bank may have been told of one that is approved: whoever could approve it says
// that it was not, or that the money has come back.
func (o *Office) DropWithdrawal(ctx context.Context, by access.Caller, id billing.WithdrawalID, note string) (w billing.Withdrawal, err error) {
	if err := errors.Join(mayPropose(by, access.BankWrite, ""), account.CheckNote(note)); err != nil {
		return w, err
	}
	err = o.changeWithdrawal(ctx, id, func(tx *store.Tx, _ account.Account, found billing.Withdrawal) error {
		w = found
		if !w.IsLive() {
			return billing.ErrWithdrawalState
		}
		if w.State == billing.WithdrawalApproved {
			if err := by.May(access.BankApprove); err != nil {
				return err
			}
		}
		w.Note = note
		return o.moveWithdrawal(ctx, tx, by, &w, billing.DropWithdrawal)
	})
	if err != nil {
		return billing.Withdrawal{}, err
	}
	return w, nil
}

// changeWithdrawal hands fn a withdrawal whose account is locked.
func (o *Office) changeWithdrawal(ctx context.Context, id billing.WithdrawalID, fn func(*store.Tx, account.Account, billing.Withdrawal) error) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		w, err := tx.Withdrawal(ctx, id)
		if err != nil {
			return err
		}
		a, err := tx.LockAccount(ctx, w.Account)
		if err != nil {
			return err
		}
		if w, err = tx.Withdrawal(ctx, id); err != nil {
			return err
		}
		return fn(tx, a, w)
	})
}

// moveWithdrawal applies an event to a withdrawal, and books it if the money is the
// customer's again. That it left is booked with the bank's line.
func (o *Office) moveWithdrawal(ctx context.Context, tx *store.Tx, by access.Caller, w *billing.Withdrawal, e billing.WithdrawalEvent) (err error) {
	if w.State, err = billing.WithdrawalTable.Next(w.State, e); err != nil {
		return err
	}
	if !w.IsLive() {
		w.EndedAt = o.Now()
	}
	if err := tx.SaveWithdrawal(ctx, *w); err != nil {
		return err
	}
	if e == billing.RefuseWithdrawal || e == billing.DropWithdrawal {
		entry, err := ledger.DroppedWithdrawal(string(w.ID), w.Account, w.Amount)
		if err != nil {
			return err
		}
		if err := o.book(ctx, tx, entry); err != nil {
			return err
		}
	}
	return o.tellWithdrawal(ctx, tx, by, *w)
}

// withdrawalLeft notes that a bank statement shows an approved withdrawal. Who
// explains the line so books it, and has the account locked.
func (o *Office) withdrawalLeft(ctx context.Context, tx *store.Tx, by access.Caller, id billing.WithdrawalID, amount money.Amount) (billing.Withdrawal, error) {
	w, err := tx.Withdrawal(ctx, id)
	switch {
	case err != nil:
		return w, err
	case w.State != billing.WithdrawalApproved:
		return w, billing.ErrWithdrawalState
	case w.Amount != amount:
		return w, billing.ErrWithdrawalAmount
	}
	return w, o.moveWithdrawal(ctx, tx, by, &w, billing.SendWithdrawal)
}

// tellWithdrawal writes down and tells what happened to a withdrawal.
func (o *Office) tellWithdrawal(ctx context.Context, tx *store.Tx, by access.Caller, w billing.Withdrawal) error {
	what := "withdrawal." + string(w.State)
	if err := o.audit(ctx, tx, by, w.Account, what, string(w.ID), map[string]any{
		"amount": w.Amount, "recipient": w.Recipient, "reason": w.Reason, "proposed_by": w.ProposedBy, "note": w.Note,
	}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: w.Account, Subject: string(w.ID), Data: w})
}

// WithdrawalFilter says which withdrawals are wanted; an empty field means all.
type WithdrawalFilter struct {
	Account account.ID
	State   billing.WithdrawalState
}

// Withdrawals lists withdrawals, newest first.
func (o *Office) Withdrawals(ctx context.Context, by access.Caller, f WithdrawalFilter, p Page) (list []billing.Withdrawal, next string, err error) {
	if err := by.May(access.FundsRead); err != nil {
		return nil, "", err
	}
	if by.Account != "" {
		if f.Account != "" && f.Account != by.Account {
			return nil, "", nil
		}
		f.Account = by.Account
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Withdrawals(ctx, store.WithdrawalFilter{Account: f.Account, State: f.State, Before: billing.WithdrawalID(p.After)}, p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(w billing.Withdrawal) string { return string(w.ID) })
	return list, next, err
}

// Withdrawal fetches a withdrawal.
func (o *Office) Withdrawal(ctx context.Context, by access.Caller, id billing.WithdrawalID) (w billing.Withdrawal, err error) {
	if err := by.May(access.FundsRead); err != nil {
		return w, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		w, err = tx.Withdrawal(ctx, id)
		return err
	})
	if err == nil && by.MayTouch(w.Account) != nil {
		err = billing.ErrWithdrawalNotFound
	}
	if err != nil {
		return billing.Withdrawal{}, err
	}
	return w, nil
}
