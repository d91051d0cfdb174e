package office

import (
	"context"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/store"
)

// ProposeReceiving proposes to add one of the seller's bank accounts. Customers are told
// to pay to it once another person agrees: who could say alone where money goes could
// have all of it go elsewhere.
func (o *Office) ProposeReceiving(ctx context.Context, by access.Caller, r bank.ReceivingAccount, reason string) (bank.Change, error) {
	if err := mayNote(by, access.BankWrite, reason); err != nil {
		return bank.Change{}, err
	}
	r.ID = bank.ReceivingID(o.IDs.New("rac_"))
	r.Number, r.BIC, r.BankCode = bank.NormalNumber(r.Number), bank.NormalNumber(r.BIC), bank.NormalNumber(r.BankCode)
	if err := r.Check(); err != nil {
		return bank.Change{}, err
	}
	return o.proposeChange(ctx, by, bank.Change{Kind: bank.OpenReceiving, Receiving: r.ID, Account: r, Reason: reason}, func(tx *store.Tx) error {
		return o.mayOpen(ctx, tx, r)
	})
}

// mayOpen returns nil if a bank account can be added.
func (o *Office) mayOpen(ctx context.Context, tx *store.Tx, r bank.ReceivingAccount) error {
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return err
	}
	if _, known := p.SellerByCode(r.Seller); !known {
		return bank.ErrReceivingInvalid.At("seller").Detail("the policy has no seller of this code").WithNext("use one of: " + strings.Join(p.SellerCodes(), ", "))
	}
	ours, err := tx.ReceivingAccountsNumbered(ctx, r.Number)
	if err != nil {
		return err
	}
	owned, err := tx.VirtualAccounts(ctx, []string{r.Number})
	if err != nil {
		return err
	}
	if _, taken := bank.InCurrency(ours, r.Currency); taken || len(owned) > 0 {
		return bank.ErrReceivingTaken
	}
	return nil
}

// ProposeClosing proposes to close one of the seller's bank accounts: customers are not
// told to pay to it any more, and those who have a number behind it are given another
// one when they next need it. What still comes to it is booked as before.
func (o *Office) ProposeClosing(ctx context.Context, by access.Caller, id bank.ReceivingID, reason string) (bank.Change, error) {
	if err := mayNote(by, access.BankWrite, reason); err != nil {
		return bank.Change{}, err
	}
	return o.proposeChange(ctx, by, bank.Change{Kind: bank.CloseReceiving, Receiving: id, Reason: reason}, func(tx *store.Tx) error {
		r, err := tx.ReceivingAccount(ctx, id)
		if err == nil && !r.IsOpen() {
			err = bank.ErrReceivingClosed
		}
		return err
	})
}

// NewPool says which numbers a bank lets us give to customers.
type NewPool struct {
	Receiving bank.ReceivingID
	Numbers   []string // of a list; none: a range
	BankCode  string   // of a range of IBANs: bank and branch; the bank account's own if it is left out
	Prefix    string   // of a range: what follows in every number
	Digits    int      // of a range of local numbers: how many each has
	First     int64
	Last      int64
	WarnAt    int64
}

// ProposePool proposes to add account numbers behind one of the seller's bank accounts,
// which customers are given to pay to.
func (o *Office) ProposePool(ctx context.Context, by access.Caller, n NewPool, reason string) (bank.Change, error) {
	if err := mayNote(by, access.BankWrite, reason); err != nil {
		return bank.Change{}, err
	}
	p := bank.Pool{
		ID: bank.PoolID(o.IDs.New("vpl_")), Receiving: n.Receiving, Kind: bank.RangePool, BankCode: bank.NormalNumber(n.BankCode), Prefix: bank.NormalNumber(n.Prefix),
		Digits: n.Digits, Next: n.First, Last: n.Last, WarnAt: n.WarnAt,
	}
	numbers := make([]string, len(n.Numbers))
	for i, number := range n.Numbers {
		numbers[i] = bank.NormalNumber(number)
	}
	if len(numbers) > 0 {
		p.Kind, p.BankCode, p.Prefix, p.Digits, p.Next, p.Last = bank.ListPool, "", "", 0, 1, int64(len(numbers))
	}
	c := bank.Change{Kind: bank.AddNumbers, Receiving: n.Receiving, Numbers: numbers, Reason: reason}
	return o.proposeChange(ctx, by, c, func(tx *store.Tx) error {
		r, err := tx.ReceivingAccount(ctx, n.Receiving)
		if err != nil {
			return err
		}
		p.Scheme, p.Country = r.Scheme, r.Country
		return mayPool(p, numbers, r)
	}, func(c *bank.Change) { c.Pool = p })
}

// mayPool returns nil if numbers can be added behind an account.
func mayPool(p bank.Pool, numbers []string, r bank.ReceivingAccount) error {
	if p.Kind == bank.ListPool {
		if err := p.CheckList(numbers, r.BankCode); err != nil {
			return err
		}
	}
	return p.Check(r)
}

// proposeChange keeps a proposal that may be made, filled in by what was found then.
func (o *Office) proposeChange(ctx context.Context, by access.Caller, c bank.Change, may func(*store.Tx) error, fill ...func(*bank.Change)) (bank.Change, error) {
	c.ID, c.State, c.ProposedBy = bank.ChangeID(o.IDs.New("rcc_")), bank.ChangeProposed, by.Name
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		if err := may(tx); err != nil {
			return err
		}
		c.ProposedAt = o.Now()
		for _, f := range fill {
			f(&c)
		}
		if added, err := tx.AddReceivingChange(ctx, c); err != nil || !added {
			if err == nil {
				err = bank.ErrChangePending
			}
			return err
		}
		return o.tellChange(ctx, tx, by, c)
	})
	if err != nil {
		return bank.Change{}, err
	}
	return c, nil
}

// AgreeToReceiving makes true what another person proposed.
func (o *Office) AgreeToReceiving(ctx context.Context, by access.Caller, id bank.ChangeID, note string) (bank.Change, error) {
	return o.decideChange(ctx, by, id, func(tx *store.Tx, c bank.Change) (bank.Change, error) {
		c, err := c.Decide(bank.AgreeToChange, by.Name, plainText(note, bankTextMax), o.Now())
		if err != nil {
			return c, err
		}
		if err := tx.SaveReceivingChange(ctx, c); err != nil {
			return c, err
		}
		if err := o.tellChange(ctx, tx, by, c); err != nil {
			return c, err
		}
		switch c.Kind {
		case bank.OpenReceiving:
			return c, o.openReceiving(ctx, tx, c)
		case bank.CloseReceiving:
			return c, o.closeReceiving(ctx, tx, by, c)
		}
		return c, o.openPool(ctx, tx, by, c)
	})
}

// openReceiving adds a bank account that two people agreed on.
func (o *Office) openReceiving(ctx context.Context, tx *store.Tx, c bank.Change) error {
	r := c.Account
	r.OpenedAt = o.Now()
	if err := tx.HoldNumbers(ctx); err != nil { // a customer may be given this one while we look
		return err
	}
	if err := o.mayOpen(ctx, tx, r); err != nil {
		return err
	}
	if added, err := tx.AddReceivingAccount(ctx, r); err != nil || !added {
		if err == nil {
			err = bank.ErrReceivingTaken
		}
		return err
	}
	if err := o.takeUpStatements(ctx, tx, r.Number); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: "receiving_account.opened", Subject: string(r.ID), Data: r})
}

// closeReceiving closes one.
func (o *Office) closeReceiving(ctx context.Context, tx *store.Tx, by access.Caller, c bank.Change) error {
	r, err := tx.LockReceivingAccount(ctx, c.Receiving)
	if err != nil {
		return err
	}
	if !r.IsOpen() {
		return bank.ErrReceivingClosed
	}
	r.ClosedAt = o.Now()
	retired, err := tx.CloseReceivingAccount(ctx, r.ID, r.ClosedAt)
	if err != nil {
		return err
	}
	if err := o.auditBank(ctx, tx, by, "virtual_accounts.retired", string(r.ID), map[string]any{"retired": retired}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: "receiving_account.closed", Subject: string(r.ID), Data: r})
}

// openPool adds numbers behind a bank account.
func (o *Office) openPool(ctx context.Context, tx *store.Tx, by access.Caller, c bank.Change) error {
	r, err := tx.LockReceivingAccount(ctx, c.Receiving)
	if err != nil {
		return err
	}
	p := c.Pool
	p.OpenedAt = o.Now()
	if err := mayPool(p, c.Numbers, r); err != nil {
		return err
	}
	if err := tx.AddPool(ctx, p); err != nil {
		return err
	}
	if added, err := tx.AddPoolNumbers(ctx, p.ID, c.Numbers); err != nil || !added {
		if err == nil {
			err = bank.ErrNumberTaken
		}
		return err
	}
	return o.auditBank(ctx, tx, by, "number_pool.opened", string(p.ID), map[string]any{"receiving_account": r.ID, "change": c.ID})
}

// RefuseReceiving leaves things as they are. It is another person's to say, as agreeing
// is.
func (o *Office) RefuseReceiving(ctx context.Context, by access.Caller, id bank.ChangeID, note string) (bank.Change, error) {
	return o.decideChange(ctx, by, id, func(tx *store.Tx, c bank.Change) (bank.Change, error) {
		c, err := c.Decide(bank.RefuseChange, by.Name, plainText(note, bankTextMax), o.Now())
		return o.endChange(ctx, tx, by, c, err)
	})
}

// WithdrawReceiving takes a proposal back; its proposer alone can.
func (o *Office) WithdrawReceiving(ctx context.Context, by access.Caller, id bank.ChangeID) (bank.Change, error) {
	if err := mayBank(by, access.BankWrite); err != nil {
		return bank.Change{}, err
	}
	return o.changeReceiving(ctx, id, func(tx *store.Tx, c bank.Change) (bank.Change, error) {
		c, err := c.Withdraw(by.Name, o.Now())
		return o.endChange(ctx, tx, by, c, err)
	})
}

func (o *Office) endChange(ctx context.Context, tx *store.Tx, by access.Caller, c bank.Change, err error) (bank.Change, error) {
	if err == nil {
		err = tx.SaveReceivingChange(ctx, c)
	}
	if err == nil {
		err = o.tellChange(ctx, tx, by, c)
	}
	return c, err
}

// decideChange is changeReceiving for who may decide.
func (o *Office) decideChange(ctx context.Context, by access.Caller, id bank.ChangeID, do func(*store.Tx, bank.Change) (bank.Change, error)) (bank.Change, error) {
	if err := mayBank(by, access.BankApprove); err != nil {
		return bank.Change{}, err
	}
	return o.changeReceiving(ctx, id, do)
}

// changeReceiving hands do a change that nobody else decides on meanwhile.
func (o *Office) changeReceiving(ctx context.Context, id bank.ChangeID, do func(*store.Tx, bank.Change) (bank.Change, error)) (c bank.Change, err error) {
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if c, err = tx.LockReceivingChange(ctx, id); err != nil {
			return err
		}
		c, err = do(tx, c)
		return err
	})
	if err != nil {
		return bank.Change{}, err
	}
	return c, nil
}

// tellChange writes down and tells what happened to a proposal.
func (o *Office) tellChange(ctx context.Context, tx *store.Tx, by access.Caller, c bank.Change) error {
	detail := map[string]any{"kind": c.Kind, "receiving_account": c.Receiving, "reason": c.Reason, "proposed_by": c.ProposedBy, "note": c.Note}
	switch r, p := c.Account, c.Pool; c.Kind {
	case bank.OpenReceiving:
		detail["seller"], detail["country"], detail["serves"], detail["currency"] = r.Seller, r.Country, r.Serves, r.Currency
		detail["number"], detail["holder"], detail["shared"] = r.Number, r.Holder, r.Shared
	case bank.AddNumbers:
		detail["pool"], detail["pool_kind"], detail["bank_code"], detail["prefix"] = p.ID, p.Kind, p.BankCode, p.Prefix
		detail["first"], detail["last"], detail["warn_at"] = p.Next, p.Last, p.WarnAt
	}
	what := "receiving_change." + string(c.State)
	if err := o.auditBank(ctx, tx, by, what, string(c.ID), detail); err != nil {
		return err
	}
	c.Numbers = nil // up to 20,000 of them: who wants to see them asks
	return o.emit(ctx, tx, Event{Kind: what, Subject: string(c.ID), Data: c})
}

// ReceivingChanges lists what was proposed, newest first, in a state; "" all.
func (o *Office) ReceivingChanges(ctx context.Context, by access.Caller, state bank.ChangeState, p Page) (list []bank.Change, next string, err error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.ReceivingChanges(ctx, state, bank.ChangeID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(c bank.Change) string { return string(c.ID) })
	return list, next, err
}

// ReceivingChange fetches a proposal, with every number that it would add.
func (o *Office) ReceivingChange(ctx context.Context, by access.Caller, id bank.ChangeID) (c bank.Change, err error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return c, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		c, err = tx.ReceivingChange(ctx, id)
		return err
	})
	return c, err
}
