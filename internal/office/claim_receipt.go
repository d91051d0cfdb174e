package office

import (
	"cmp"
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
)

// Claiming is what somebody says of a receipt.
type Claiming struct {
	Account account.ID
	Amount  money.Amount // zero: all that is free of it
	Fee     money.Amount // what a bank took on the way and we bear; zero: nothing
	Note    string       // how they know
	Proof   string       // where the proof is; "" none
	File    bank.ProofID // the file that proves it, sent by who claims; "" none
}

// ClaimRemittance says that a receipt, or a part of it, is a customer's. Nothing is
// credited before another person agrees (R-WIRE-06).
func (o *Office) ClaimRemittance(ctx context.Context, by access.Caller, id bank.RemittanceID, what Claiming) (c bank.Claim, err error) {
	if err := mayNote(by, access.BankWrite, what.Note); err != nil {
		return c, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, what.Account)
		if err != nil {
			return err
		}
		r, err := tx.LockRemittance(ctx, id)
		if err != nil {
			return err
		}
		amount, fee := what.Amount, what.Fee
		if amount == (money.Amount{}) {
			amount = r.Free()
		}
		if fee == (money.Amount{}) {
			fee.Currency = r.Amount.Currency
		}
		if err := r.MayClaim(customerOf(a), amount); err != nil {
			return err
		}
		if err := o.mayBear(ctx, tx, a.ID, amount, fee); err != nil {
			return err
		}
		c = bank.Claim{
			ID: bank.ClaimID(o.IDs.New("clm_")), Remittance: id, Account: a.ID, Amount: amount, Fee: fee, State: bank.ClaimProposed,
			Note: what.Note, Proof: plainText(what.Proof, bankNameMax), ClaimedBy: by.Name, ClaimedAt: o.Now(),
		}
		r.Claimed.Minor += amount.Minor
		if err := tx.SaveRemittance(ctx, r); err != nil {
			return err
		}
		if err := tx.AddClaims(ctx, []bank.Claim{c}); err != nil {
			return err
		}
		if what.File != "" {
			if given, err := tx.GiveProof(ctx, what.File, c); err != nil || !given {
				return cmp.Or(err, error(bank.ErrProofNotFound))
			}
			c.ProofFile = what.File
		}
		return o.tellClaim(ctx, tx, by, c, what.Note)
	})
	return c, err
}

// mayBear returns nil if a fee may be borne by us: a bill of the customer is short by
// just that.
func (o *Office) mayBear(ctx context.Context, tx *store.Tx, id account.ID, amount, fee money.Amount) error {
	if fee.IsZero() {
		return nil
	}
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return err
	}
	bills, err := tx.OpenBillsOf(ctx, []account.ID{id})
	if err != nil {
		return err
	}
	var open []money.Amount
	for _, b := range bills {
		if b.Open.Currency == amount.Currency {
			open = append(open, b.Open)
		}
	}
	return bank.MayBear(amount, fee, p.Claims.Tolerance(amount.Currency), open)
}

// ApproveClaim credits what somebody else has claimed, and has it pay what is open.
func (o *Office) ApproveClaim(ctx context.Context, by access.Caller, id bank.ClaimID, note string) (bank.Claim, error) {
	if err := mayBank(by, access.BankApprove); err != nil {
		return bank.Claim{}, err
	}
	return o.changeClaim(ctx, id, func(tx *store.Tx, a account.Account, r bank.Remittance, c bank.Claim) (bank.Claim, error) {
		c, err := c.Decide(bank.ApproveClaim, by.Name, plainText(note, bankTextMax), o.Now())
		if err != nil {
			return c, err
		}
		if a.State == account.Closed {
			return c, bank.ErrClaimClosed
		}
		if err := o.mayBear(ctx, tx, a.ID, c.Amount, c.Fee); err != nil {
			return c, err
		}
		r.Credited.Minor += c.Amount.Minor
		if r, err = r.Settle(o.Now()); err != nil {
			return c, err
		}
		entry, err := ledger.CreditedReceipt(string(c.ID), c.Account, c.Amount, c.Fee)
		if err != nil {
			return c, err
		}
		if err := errors.Join(tx.SaveClaim(ctx, c), tx.SaveRemittance(ctx, r), o.book(ctx, tx, entry)); err != nil {
			return c, err
		}
		if err := o.tellClaim(ctx, tx, by, c, note); err != nil {
			return c, err
		}
		return c, o.applyCash(ctx, tx, by, []account.Account{a})
	})
}

// RefuseClaim finds a claim to be wrong: what it claimed is free again.
func (o *Office) RefuseClaim(ctx context.Context, by access.Caller, id bank.ClaimID, note string) (bank.Claim, error) {
	if err := mayNote(by, access.BankApprove, note); err != nil {
		return bank.Claim{}, err
	}
	return o.dropClaim(ctx, by, id, note, func(c bank.Claim) (bank.Claim, error) { return c.Decide(bank.RefuseClaim, by.Name, note, o.Now()) })
}

// WithdrawClaim takes one's own claim back.
func (o *Office) WithdrawClaim(ctx context.Context, by access.Caller, id bank.ClaimID) (bank.Claim, error) {
	if err := mayBank(by, access.BankWrite); err != nil {
		return bank.Claim{}, err
	}
	return o.dropClaim(ctx, by, id, "", func(c bank.Claim) (bank.Claim, error) { return c.Withdraw(by.Name, o.Now()) })
}

func (o *Office) dropClaim(ctx context.Context, by access.Caller, id bank.ClaimID, note string, drop func(bank.Claim) (bank.Claim, error)) (bank.Claim, error) {
	return o.changeClaim(ctx, id, func(tx *store.Tx, _ account.Account, r bank.Remittance, c bank.Claim) (bank.Claim, error) {
		c, err := drop(c)
		if err != nil {
			return c, err
		}
		r.Claimed.Minor -= c.Amount.Minor
		if err := errors.Join(tx.SaveClaim(ctx, c), tx.SaveRemittance(ctx, r)); err != nil {
			return c, err
		}
		return c, o.tellClaim(ctx, tx, by, c, note)
	})
}

// ReverseClaim takes back what was credited wrongly, by entries of their own: bills
// that it had paid are open again, and the money is nobody's (R-WIRE-07).
func (o *Office) ReverseClaim(ctx context.Context, by access.Caller, id bank.ClaimID, reason string) (bank.Claim, error) {
	if err := mayNote(by, access.BankApprove, reason); err != nil {
		return bank.Claim{}, err
	}
	return o.changeClaim(ctx, id, func(tx *store.Tx, a account.Account, r bank.Remittance, c bank.Claim) (bank.Claim, error) {
		c, _, err := o.reverseClaim(ctx, tx, by, a, r, c, reason)
		return c, err
	})
}

// reverseClaim is ReverseClaim within a transaction that has locked the account and the
// receipt, which it returns as it is then.
func (o *Office) reverseClaim(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account, r bank.Remittance, c bank.Claim, reason string) (bank.Claim, bank.Remittance, error) {
	c, err := c.Reverse(by.Name, reason, o.Now())
	if err != nil {
		return c, r, err
	}
	whole := c.Credited()
	if err := o.takeBack(ctx, tx, by, a, whole, reason); err != nil {
		return c, r, err
	}
	entry, err := ledger.ReversedClaim(string(c.ID), c.Account, c.Amount, c.Fee)
	if err != nil {
		return c, r, err
	}
	r.Credited.Minor -= c.Amount.Minor
	r.Claimed.Minor -= c.Amount.Minor
	r.Reason = bank.ReasonReversed
	if r, err = r.Settle(o.Now()); err != nil {
		return c, r, err
	}
	if err := errors.Join(tx.SaveClaim(ctx, c), tx.SaveRemittance(ctx, r), o.book(ctx, tx, entry)); err != nil {
		return c, r, err
	}
	if err := o.tellClaim(ctx, tx, by, c, reason); err != nil {
		return c, r, err
	}
	return c, r, o.notify(ctx, tx, c.Account, "remittance_reversed", string(c.ID), mail.Facts{"amount": whole.String()})
}

// changeClaim hands do a claim with its account and receipt, all locked.
func (o *Office) changeClaim(ctx context.Context, id bank.ClaimID, do func(*store.Tx, account.Account, bank.Remittance, bank.Claim) (bank.Claim, error)) (c bank.Claim, err error) {
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if c, err = tx.Claim(ctx, id); err != nil {
			return err
		}
		a, err := tx.LockAccount(ctx, c.Account)
		if err != nil {
			return err
		}
		r, err := tx.LockRemittance(ctx, c.Remittance)
		if err != nil {
			return err
		}
		if c, err = tx.Claim(ctx, id); err != nil {
			return err
		}
		c, err = do(tx, a, r, c)
		return err
	})
	return c, err
}

// tellClaim writes down and tells what happened to a claim.
func (o *Office) tellClaim(ctx context.Context, tx *store.Tx, by access.Caller, c bank.Claim, note string) error {
	what := "claim." + string(c.State)
	if err := o.audit(ctx, tx, by, c.Account, what, string(c.Remittance), map[string]any{
		"claim": c.ID, "amount": c.Amount, "fee": c.Fee, "claimed_by": c.ClaimedBy, "note": note, "proof": c.Proof, "proof_file": c.ProofFile,
	}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: c.Account, Subject: string(c.ID), Data: c})
}

// AssignRemittance says who looks after a receipt; "" nobody.
func (o *Office) AssignRemittance(ctx context.Context, by access.Caller, id bank.RemittanceID, owner string) (bank.Remittance, error) {
	return o.changeReceipt(ctx, by, id, "remittance.assigned", plainText(owner, bankNameMax), func(r bank.Remittance) (bank.Remittance, error) {
		if !r.IsOpen() {
			return r, bank.ErrRemittanceOver
		}
		r.Owner = plainText(owner, bankNameMax)
		return r, nil
	})
}

// ReturnRemittance has what is nobody's of a receipt sent back to who paid it. A
// person does that at the bank; the movement that it makes is explained as the return.
func (o *Office) ReturnRemittance(ctx context.Context, by access.Caller, id bank.RemittanceID, reason string) (bank.Remittance, error) {
	if err := mayNote(by, access.BankWrite, reason); err != nil {
		return bank.Remittance{}, err
	}
	return o.changeReceipt(ctx, by, id, "remittance.returning", reason, func(r bank.Remittance) (bank.Remittance, error) {
		next, err := bank.RemittanceTable.Next(r.State, bank.SendBack)
		switch {
		case err != nil:
			return r, bank.ErrRemittanceOver
		case r.Claimed != r.Credited:
			return r, bank.ErrClaimsWaiting
		}
		r.State, r.ReturnedBy, r.ReturnNote = next, by.Name, reason
		return r, nil
	})
}

// KeepRemittance does not send a receipt back after all.
func (o *Office) KeepRemittance(ctx context.Context, by access.Caller, id bank.RemittanceID, note string) (bank.Remittance, error) {
	if err := mayNote(by, access.BankWrite, note); err != nil {
		return bank.Remittance{}, err
	}
	return o.changeReceipt(ctx, by, id, "remittance.kept", note, func(r bank.Remittance) (bank.Remittance, error) {
		next, err := bank.RemittanceTable.Next(r.State, bank.KeepAfter)
		if err != nil {
			return r, bank.ErrNotReturning
		}
		r.State, r.ReturnedBy, r.ReturnNote = next, "", ""
		return r, nil
	})
}

// changeReceipt changes a receipt that is nobody's, and writes that down.
func (o *Office) changeReceipt(ctx context.Context, by access.Caller, id bank.RemittanceID, what, note string, change func(bank.Remittance) (bank.Remittance, error)) (r bank.Remittance, err error) {
	if err := mayBank(by, access.BankWrite); err != nil {
		return r, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if r, err = tx.LockRemittance(ctx, id); err != nil {
			return err
		}
		if r, err = change(r); err != nil {
			return err
		}
		if err := tx.SaveRemittance(ctx, r); err != nil {
			return err
		}
		if err := o.auditBank(ctx, tx, by, what, string(id), map[string]any{"note": note, "state": r.State}); err != nil {
			return err
		}
		if what == "remittance.assigned" {
			return nil
		}
		return o.emit(ctx, tx, Event{Kind: what, Subject: string(id), Data: r})
	})
	return r, err
}
