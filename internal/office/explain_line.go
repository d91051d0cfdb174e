package office

import (
	"context"
	"errors"
	"slices"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
)

// Explaining is a person's word on what a movement was.
type Explaining struct {
	Kind    bank.ExplanationKind
	Subject string // the receipt that went back, or the withdrawal; "" for the other kinds
	Note    string
}

// against says which account of the ledger a movement of a kind belongs to. Returns
// and reversals are not here: they take a receipt out of suspense, and have come out
// of it themselves.
var against = map[bank.ExplanationKind]ledger.Account{
	bank.ExplainFee: ledger.BankFees, bank.ExplainTransfer: ledger.OwnerFunds, bank.ExplainPayout: ledger.ProviderReceivable, bank.ExplainWithdrawal: ledger.WithdrawalsPayable,
}

// ExplainLine says what a movement was that no customer is credited with.
func (o *Office) ExplainLine(ctx context.Context, by access.Caller, id bank.LineID, what Explaining) (l bank.Line, err error) {
	if err := mayNote(by, access.BankApprove, what.Note); err != nil {
		return l, err
	}
	if !slices.Contains(bank.ExplanationKinds, what.Kind) {
		return l, bank.ErrLineKind
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if l, err = tx.BankLine(ctx, id); err != nil {
			return err
		}
		e := bank.Explanation{
			ID: o.IDs.New("exp_"), Line: id, Kind: what.Kind, Amount: l.Amount, Incoming: l.Incoming, Subject: what.Subject, Note: what.Note, By: by.Name, At: o.Now(),
		}
		switch l.State {
		case bank.LineRemitted:
			return o.explainReceipt(ctx, tx, by, e)
		case bank.LineUnexplained:
			l, err = o.explainOutgoing(ctx, tx, by, e)
			return err
		case bank.LineHeld:
			return bank.ErrLineHeld
		}
		return bank.ErrLineNotOpen
	})
	return l, err
}

// explainReceipt accounts for what nobody has claimed of a receipt.
func (o *Office) explainReceipt(ctx context.Context, tx *store.Tx, by access.Caller, e bank.Explanation) error {
	if !slices.Contains([]bank.ExplanationKind{bank.ExplainFee, bank.ExplainTransfer, bank.ExplainPayout}, e.Kind) {
		return bank.ErrLineKind.Detail("money that came is a fee given back, a transfer of our own or a payout").WithNext("what is a customer's is claimed for them")
	}
	r, err := tx.RemittanceOfLine(ctx, e.Line)
	if err != nil {
		return err
	}
	if r, err = tx.LockRemittance(ctx, r.ID); err != nil {
		return err
	}
	switch {
	case r.State == bank.Returning:
		return bank.ErrReturning
	case r.State != bank.Unclaimed:
		return bank.ErrRemittanceOver
	case r.Claimed != r.Credited:
		return bank.ErrClaimsWaiting
	}
	e.Amount, e.Subject = r.Free(), ""
	if err := o.bookExplanation(ctx, tx, e, ""); err != nil {
		return err
	}
	return o.accountFor(ctx, tx, by, r, e)
}

// accountFor takes what is explained out of a receipt.
func (o *Office) accountFor(ctx context.Context, tx *store.Tx, by access.Caller, r bank.Remittance, e bank.Explanation) (err error) {
	e.Line, e.Incoming = r.Line, true
	r.Explained.Minor += e.Amount.Minor
	if r, err = r.Settle(o.Now()); err != nil {
		return err
	}
	if err := errors.Join(tx.SaveRemittance(ctx, r), tx.AddExplanation(ctx, e)); err != nil {
		return err
	}
	if err := o.auditBank(ctx, tx, by, "remittance.explained", string(r.ID), map[string]any{"kind": e.Kind, "amount": e.Amount, "note": e.Note, "subject": e.Subject}); err != nil {
		return err
	}
	if r.State != bank.Ended {
		return nil
	}
	return o.emit(ctx, tx, Event{Kind: "remittance.ended", Subject: string(r.ID), Data: r})
}

// explainOutgoing accounts for a movement that took money away.
func (o *Office) explainOutgoing(ctx context.Context, tx *store.Tx, by access.Caller, e bank.Explanation) (l bank.Line, err error) {
	switch e.Kind {
	case bank.ExplainReturn, bank.ExplainReversal:
		err = o.takeFromReceipt(ctx, tx, by, e)
	case bank.ExplainWithdrawal:
		e.Account, err = o.explainWithdrawal(ctx, tx, by, e)
	default:
		e.Subject = ""
		err = o.bookExplanation(ctx, tx, e, "")
	}
	if err != nil {
		return l, err
	}
	if l, err = tx.LockLine(ctx, e.Line); err != nil {
		return l, err
	}
	if l.State, err = bank.LineTable.Next(l.State, bank.Explain); err != nil { // somebody was faster
		return l, bank.ErrLineNotOpen
	}
	l.DecidedBy, l.Note = by.Name, e.Note
	if err := errors.Join(tx.SaveLine(ctx, l), tx.AddExplanation(ctx, e)); err != nil {
		return l, err
	}
	return l, o.auditBank(ctx, tx, by, "bank_line.explained", string(l.ID), map[string]any{"kind": e.Kind, "amount": e.Amount, "note": e.Note, "subject": e.Subject})
}

// bookExplanation books what a movement was, out of suspense.
func (o *Office) bookExplanation(ctx context.Context, tx *store.Tx, e bank.Explanation, customer account.ID) error {
	signed := e.Amount
	if !e.Incoming {
		signed = signed.Neg()
	}
	entry, err := ledger.ExplainedLine(e.ID, against[e.Kind], customer, signed)
	if err != nil {
		return err
	}
	return o.book(ctx, tx, entry)
}

func (o *Office) explainWithdrawal(ctx context.Context, tx *store.Tx, by access.Caller, e bank.Explanation) (account.ID, error) {
	w, err := tx.Withdrawal(ctx, billing.WithdrawalID(e.Subject))
	if err != nil {
		return "", err
	}
	if _, err := tx.LockAccount(ctx, w.Account); err != nil {
		return "", err
	}
	if w, err = o.withdrawalLeft(ctx, tx, by, w.ID, e.Amount); err != nil {
		return "", err
	}
	return w.Account, o.bookExplanation(ctx, tx, e, w.Account)
}

// takeFromReceipt accounts for a receipt that went back: by us, after it was decided
// so, or by the bank, which asks nobody. What customers were credited with of the
// latter is taken back from them, the last one first.
func (o *Office) takeFromReceipt(ctx context.Context, tx *store.Tx, by access.Caller, e bank.Explanation) error {
	id := bank.RemittanceID(e.Subject)
	claims, err := tx.Claims(ctx, store.ClaimFilter{Remittance: id}, claimsShown)
	if err != nil {
		return err
	}
	var owners []account.ID
	for _, c := range claims {
		owners = append(owners, c.Account)
	}
	accounts, err := tx.LockAccounts(ctx, owners)
	if err != nil {
		return err
	}
	r, err := tx.LockRemittance(ctx, id)
	if err != nil {
		return err
	}
	left := money.Amount{Minor: r.Amount.Minor - r.Explained.Minor, Currency: r.Amount.Currency}
	switch {
	case r.Amount.Currency != e.Amount.Currency || e.Amount.Cmp(left) > 0:
		return bank.ErrSubject
	case r.Claimed != r.Credited:
		return bank.ErrClaimsWaiting
	case e.Kind == bank.ExplainReturn && r.State != bank.Returning:
		return bank.ErrNotReturning
	}
	if claims, err = tx.Claims(ctx, store.ClaimFilter{Remittance: id, State: bank.ClaimCredited}, claimsShown); err != nil {
		return err
	}
	for _, c := range claims {
		if e.Amount.Cmp(r.InSuspense()) <= 0 {
			break
		}
		a, isLocked := accounts[c.Account]
		if e.Kind == bank.ExplainReturn || !isLocked { // or it was credited while we waited for the receipt
			return bank.ErrNothingLeft
		}
		if _, r, err = o.reverseClaim(ctx, tx, by, a, r, c, e.Note); err != nil {
			return err
		}
	}
	if e.Amount.Cmp(r.InSuspense()) > 0 {
		return bank.ErrNothingLeft
	}
	e.ID, e.Subject = o.IDs.New("exp_"), string(e.Line) // for the receipt's own line
	return o.accountFor(ctx, tx, by, r, e)
}
