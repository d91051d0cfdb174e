package office

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
)

// CreditProposal is what somebody proposes for an account's credit.
type CreditProposal struct {
	Kind   account.CreditKind
	Limit  money.Amount
	Terms  *account.Terms // nil: those of the line that is changed, else the policy's
	Reason string
}

// ProposeCreditLine proposes that an account gets credit, other credit, or none any
// more. Another person decides on it (R-CRED-04); until then nothing changes.
func (o *Office) ProposeCreditLine(ctx context.Context, by access.Caller, id account.ID, c CreditProposal) (l account.CreditLine, err error) {
	if err := mayPropose(by, access.CreditWrite, id); err != nil {
		return l, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		l = account.CreditLine{
			ID: account.CreditLineID(o.IDs.New("crl_")), Account: id, Kind: c.Kind, Limit: c.Limit, Terms: p.Terms(), Reason: c.Reason,
			State: account.CreditProposed, ProposedBy: by.Name, ProposedAt: o.Now(),
		}
		if err := o.mayHaveCredit(ctx, tx, a, &l); err != nil {
			return err
		}
		if c.Terms != nil {
			l.Terms = *c.Terms
		}
		if err := l.Check(a.Currency); err != nil {
			return err
		}
		if added, err := tx.AddCreditLine(ctx, l); err != nil || !added {
			return errors.Join(err, account.ErrCreditPending)
		}
		return o.tellCreditLine(ctx, tx, by, l, "credit_line.proposed")
	})
	if err != nil {
		return account.CreditLine{}, err
	}
	return l, nil
}

// mayPropose is the question before what staff propose: never a customer's to do.
func mayPropose(by access.Caller, s access.Scope, id account.ID) error {
	if by.Account != "" {
		return access.ErrForbidden.Detail("this is for staff to do")
	}
	return mayTouch(by, s, id)
}

// mayHaveCredit says what stands against a proposal: credit is for companies
// (R-ELIG-06), and what is changed or closed has to be there. It fills in what the
// proposal leaves as it is.
func (o *Office) mayHaveCredit(ctx context.Context, tx *store.Tx, a account.Account, l *account.CreditLine) error {
	now, err := tx.ActiveCreditLine(ctx, a.ID)
	isOpen := err == nil
	if err != nil && !errors.Is(err, account.ErrNoCredit) {
		return err
	}
	switch {
	case l.Kind == account.OpenCredit && isOpen:
		return account.ErrCreditExists
	case l.Kind != account.OpenCredit && !isOpen:
		return account.ErrNoCredit
	case l.Kind == account.CloseCredit:
		l.Limit = money.Amount{Currency: a.Currency}
		return nil
	case a.Kind != account.Enterprise:
		return account.ErrCreditEnterprise
	case a.State == account.Closed:
		return account.ErrClosed
	}
	if l.Kind == account.ChangeCredit {
		l.Terms = now.Terms
		if l.Limit == (money.Amount{}) {
			l.Limit = now.Limit
		}
	}
	return nil
}

// ApproveCreditLine makes true what another person proposed. An account with credit is
// never charged by itself, and gets a bank account of its own to transfer to, if there
// is one to give.
func (o *Office) ApproveCreditLine(ctx context.Context, by access.Caller, id account.CreditLineID, note string) (account.CreditLine, error) {
	return o.decideCredit(ctx, by, id, note, func(tx *store.Tx, a account.Account, l *account.CreditLine) error {
		// What was true when it was proposed has to be true still.
		still := *l
		if err := o.mayHaveCredit(ctx, tx, a, &still); err != nil {
			return err
		}
		if err := o.endCreditLine(ctx, tx, a.ID, l.Kind); err != nil {
			return err
		}
		if l.Kind == account.CloseCredit {
			return o.closeCredit(ctx, tx, by, a, l)
		}
		return o.openCredit(ctx, tx, by, a, l)
	})
}

// endCreditLine ends the line that another takes the place of, or nothing does.
func (o *Office) endCreditLine(ctx context.Context, tx *store.Tx, id account.ID, k account.CreditKind) error {
	now, err := tx.ActiveCreditLine(ctx, id)
	if errors.Is(err, account.ErrNoCredit) {
		return nil
	}
	if err != nil {
		return err
	}
	e := account.ReplaceCredit
	if k == account.CloseCredit {
		e = account.EndCredit
	}
	if now.State, err = account.CreditTable.Next(now.State, e); err != nil {
		return err
	}
	now.EndedAt = o.Now()
	return tx.SaveCreditLine(ctx, now)
}

func (o *Office) openCredit(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, l *account.CreditLine) (err error) {
	if l.State, err = account.CreditTable.Next(l.State, account.ApproveCredit); err != nil {
		return err
	}
	if err := tx.SaveCreditLine(ctx, *l); err != nil {
		return err
	}
	if !a.Credit {
		if err := o.setCredit(ctx, tx, by, a, true); err != nil {
			return err
		}
		a.Credit = true
	}
	if _, err := o.assignVirtualAccount(ctx, tx, by, a); err != nil {
		if !errors.Is(err, bank.ErrNoPool) && !errors.Is(err, bank.ErrPoolExhausted) {
			return err
		}
		o.Log.WarnContext(ctx, "a credit customer has no bank account of their own; the shared one serves", "account", a.ID, "error", err)
	}
	if err := o.noteCredit(ctx, tx, *l); err != nil {
		return err
	}
	if err := o.notify(ctx, tx, a.ID, "credit_opened", string(l.ID), mail.Facts{"amount": l.Limit.String(), "variant": string(l.Kind)}); err != nil {
		return err
	}
	return o.tellCreditLine(ctx, tx, by, *l, "credit_line.approved")
}

func (o *Office) closeCredit(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, l *account.CreditLine) (err error) {
	if l.State, err = account.CreditTable.Next(l.State, account.ApproveClosing); err != nil {
		return err
	}
	l.EndedAt = o.Now()
	if err := tx.SaveCreditLine(ctx, *l); err != nil {
		return err
	}
	if err := o.setCredit(ctx, tx, by, a, false); err != nil {
		return err
	}
	if err := tx.SetCreditAlert(ctx, a.ID, 0, o.Now()); err != nil {
		return err
	}
	return o.tellCreditLine(ctx, tx, by, *l, "credit_line.closed")
}

// setCredit says whether an account pays by transfer. What is held of its usage at
// PayPal is looked at, since usage on credit is not covered so.
func (o *Office) setCredit(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, on bool) error {
	a.Credit = on
	if err := tx.SaveAccount(ctx, a); err != nil {
		return err
	}
	if err := o.tendSoon(ctx, tx, a.ID); err != nil {
		return err
	}
	return o.tellAccount(ctx, tx, by, a, "account.changed", "credit")
}

// RefuseCreditLine leaves things as they are. It is another person's to say, as
// approval is.
func (o *Office) RefuseCreditLine(ctx context.Context, by access.Caller, id account.CreditLineID, note string) (account.CreditLine, error) {
	return o.decideCredit(ctx, by, id, note, func(tx *store.Tx, _ account.Account, l *account.CreditLine) (err error) {
		if l.State, err = account.CreditTable.Next(l.State, account.RefuseCredit); err != nil {
			return err
		}
		l.EndedAt = o.Now()
		if err := tx.SaveCreditLine(ctx, *l); err != nil {
			return err
		}
		return o.tellCreditLine(ctx, tx, by, *l, "credit_line.refused")
	})
}

// decideCredit hands fn a proposal that somebody else than its proposer decides on,
// its account locked.
func (o *Office) decideCredit(ctx context.Context, by access.Caller, id account.CreditLineID, note string, fn func(*store.Tx, account.Account, *account.CreditLine) error) (account.CreditLine, error) {
	var l account.CreditLine
	if err := errors.Join(mayPropose(by, access.CreditApprove, ""), account.CheckNote(note)); err != nil {
		return l, err
	}
	err := o.changeCredit(ctx, id, func(tx *store.Tx, a account.Account, found account.CreditLine) error {
		l = found
		switch {
		case l.State != account.CreditProposed:
			return account.ErrCreditDecided
		case l.ProposedBy == by.Name:
			return account.ErrOwnProposal
		}
		l.DecidedBy, l.DecidedAt, l.Note = by.Name, o.Now(), note
		return fn(tx, a, &l)
	})
	if err != nil {
		return account.CreditLine{}, err
	}
	return l, nil
}

// changeCredit hands fn a credit line whose account is locked.
func (o *Office) changeCredit(ctx context.Context, id account.CreditLineID, fn func(*store.Tx, account.Account, account.CreditLine) error) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.CreditLine(ctx, id)
		if err != nil {
			return err
		}
		a, err := tx.LockAccount(ctx, l.Account)
		if err != nil {
			return err
		}
		if l, err = tx.CreditLine(ctx, id); err != nil {
			return err
		}
		return fn(tx, a, l)
	})
}

// WithdrawCreditLine takes a proposal back; its proposer alone can.
func (o *Office) WithdrawCreditLine(ctx context.Context, by access.Caller, id account.CreditLineID) (l account.CreditLine, err error) {
	if err := mayPropose(by, access.CreditWrite, ""); err != nil {
		return l, err
	}
	err = o.changeCredit(ctx, id, func(tx *store.Tx, _ account.Account, found account.CreditLine) (err error) {
		l = found
		switch {
		case l.State != account.CreditProposed:
			return account.ErrCreditDecided
		case l.ProposedBy != by.Name:
			return account.ErrNotYourProposal
		}
		if l.State, err = account.CreditTable.Next(l.State, account.WithdrawCredit); err != nil {
			return err
		}
		l.EndedAt = o.Now()
		if err := tx.SaveCreditLine(ctx, l); err != nil {
			return err
		}
		return o.tellCreditLine(ctx, tx, by, l, "credit_line.withdrawn")
	})
	if err != nil {
		return account.CreditLine{}, err
	}
	return l, nil
}

// tellCreditLine writes down and tells what happened to a credit line.
func (o *Office) tellCreditLine(ctx context.Context, tx *store.Tx, by access.Caller, l account.CreditLine, what string) error {
	detail := map[string]any{"kind": l.Kind, "limit": l.Limit, "reason": l.Reason, "proposed_by": l.ProposedBy, "note": l.Note}
	if l.Kind != account.CloseCredit {
		detail["terms"] = l.Terms.String()
	}
	if err := o.audit(ctx, tx, by, l.Account, what, string(l.ID), detail); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: l.Account, Subject: string(l.ID), Data: l})
}

// CreditLines lists all that was proposed for an account's credit, newest first.
func (o *Office) CreditLines(ctx context.Context, by access.Caller, id account.ID) (list []account.CreditLine, err error) {
	if err := mayTouch(by, access.CreditRead, id); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		list, err = tx.CreditLines(ctx, id)
		return err
	})
	return list, err
}

// CreditLine fetches a credit line.
func (o *Office) CreditLine(ctx context.Context, by access.Caller, id account.CreditLineID) (l account.CreditLine, err error) {
	if err := by.May(access.CreditRead); err != nil {
		return l, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		l, err = tx.CreditLine(ctx, id)
		return err
	})
	if err == nil && by.MayTouch(l.Account) != nil {
		err = account.ErrCreditNotFound
	}
	if err != nil {
		return account.CreditLine{}, err
	}
	return l, nil
}

// CreditProposals lists what waits for a decision, oldest first.
func (o *Office) CreditProposals(ctx context.Context, by access.Caller, p Page) (list []account.CreditLine, next string, err error) {
	if err := mayPropose(by, access.CreditRead, ""); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.CreditProposals(ctx, account.CreditLineID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(l account.CreditLine) string { return string(l.ID) })
	return list, next, err
}
