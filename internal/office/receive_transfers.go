package office

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// AssignVirtualAccount gives a customer an account number of their own (R-WIRE-01),
// or answers with the one that they have.
func (o *Office) AssignVirtualAccount(ctx context.Context, by access.Caller, id account.ID) (bank.VirtualAccount, error) {
	if by.Account != "" {
		return bank.VirtualAccount{}, access.ErrForbidden
	}
	if err := by.May(access.BankWrite); err != nil {
		return bank.VirtualAccount{}, err
	}
	var v bank.VirtualAccount
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		v, err = o.assignVirtualAccount(ctx, tx, by, a)
		return err
	})
	if err != nil {
		return bank.VirtualAccount{}, err
	}
	return v, nil
}

// assignVirtualAccount gives a customer the next number of the pools behind the bank
// account that serves them. The account is locked. When there is no number left it
// answers ErrNoPool or ErrPoolExhausted, and the transaction can go on.
func (o *Office) assignVirtualAccount(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account) (bank.VirtualAccount, error) {
	if v, err := tx.VirtualAccountOf(ctx, a.ID); err == nil || !errors.Is(err, bank.ErrVirtualNotFound) {
		return v, err
	}
	if a.State == account.Closed {
		return bank.VirtualAccount{}, account.ErrClosed
	}
	r, err := o.lockPooled(ctx, tx, a)
	if err != nil {
		return bank.VirtualAccount{}, err
	}
	pools, err := tx.Pools(ctx, r.ID)
	if err != nil {
		return bank.VirtualAccount{}, err
	}
	for _, p := range pools {
		v, err := o.takeNumber(ctx, tx, by, p, a)
		if errors.Is(err, bank.ErrPoolExhausted) {
			continue
		}
		return v, err
	}
	return bank.VirtualAccount{}, bank.ErrPoolExhausted
}

// lockPooled finds the bank account whose pools serve a customer, and locks it: there
// numbers are given out one at a time.
func (o *Office) lockPooled(ctx context.Context, tx *store.Tx, a account.Account) (bank.ReceivingAccount, error) {
	pools, err := tx.Pools(ctx, "")
	if err != nil {
		return bank.ReceivingAccount{}, err
	}
	hasPool, hasLeft := map[bank.ReceivingID]bool{}, map[bank.ReceivingID]bool{}
	for _, p := range pools {
		hasPool[p.Receiving] = true
		hasLeft[p.Receiving] = hasLeft[p.Receiving] || p.Left() > 0
	}
	all, seller, err := o.receivingOf(ctx, tx, a)
	if err != nil {
		return bank.ReceivingAccount{}, err
	}
	r, found := bank.ReceivingFor(all, seller.Code, a.Country, a.Currency, func(r bank.ReceivingAccount) bool { return hasLeft[r.ID] })
	if !found {
		if _, found := bank.ReceivingFor(all, seller.Code, a.Country, a.Currency, func(r bank.ReceivingAccount) bool { return hasPool[r.ID] }); found {
			return r, bank.ErrPoolExhausted
		}
		return r, bank.ErrNoPool
	}
	if r, err = tx.LockReceivingAccount(ctx, r.ID); err == nil && !r.IsOpen() {
		err = bank.ErrNoPool // it was closed while we waited
	}
	return r, err
}

// takenMax is how many numbers in a row may turn out to be taken, or not to exist,
// before somebody must look.
const takenMax = 1_000

// takeNumber gives a customer the next number of a pool. The bank account behind it
// is locked.
func (o *Office) takeNumber(ctx context.Context, tx *store.Tx, by access.Caller, p bank.Pool, a account.Account) (bank.VirtualAccount, error) {
	v := bank.VirtualAccount{ID: bank.VirtualID(o.IDs.New("vac_")), Pool: p.ID, Receiving: p.Receiving, Account: a.ID, AssignedAt: o.Now(), AssignedBy: by.Name}
	before := p
	for range takenMax {
		if p.Left() == 0 {
			break
		}
		n := p.Next
		p.Next++
		var err error
		if p.Kind == bank.ListPool {
			v.Number, err = tx.PoolNumber(ctx, p.ID, n)
		} else {
			v.Number, err = p.Number(n)
		}
		if errors.Is(err, bank.ErrNumberSkipped) {
			continue
		}
		if err != nil {
			return bank.VirtualAccount{}, err
		}
		if added, err := tx.AddVirtualAccount(ctx, v); err != nil || !added {
			if err != nil {
				return bank.VirtualAccount{}, err
			}
			continue // somebody's already, from another pool: it is passed over for ever
		}
		return v, o.noteAssigned(ctx, tx, by, before, p, v)
	}
	if p.Next > before.Next {
		if err := tx.MovePool(ctx, p.ID, p.Next); err != nil {
			return bank.VirtualAccount{}, err
		}
	}
	return bank.VirtualAccount{}, bank.ErrPoolExhausted
}

// noteAssigned moves the pool on and tells who now has the number, and that a pool
// is nearly empty when it comes to be.
func (o *Office) noteAssigned(ctx context.Context, tx *store.Tx, by access.Caller, before, p bank.Pool, v bank.VirtualAccount) error {
	if err := tx.MovePool(ctx, p.ID, p.Next); err != nil {
		return err
	}
	if err := o.audit(ctx, tx, by, v.Account, "virtual_account.assigned", string(v.ID), map[string]any{"number": v.Number, "pool": v.Pool}); err != nil {
		return err
	}
	if err := o.emit(ctx, tx, Event{Kind: "virtual_account.assigned", Account: v.Account, Subject: string(v.ID), Data: v}); err != nil {
		return err
	}
	switch {
	case p.Left() == 0:
		return o.emit(ctx, tx, Event{Kind: "number_pool.exhausted", Subject: string(p.ID), Data: p})
	case p.Left() <= p.WarnAt && before.Left() > p.WarnAt:
		return o.emit(ctx, tx, Event{Kind: "number_pool.low", Subject: string(p.ID), Data: p})
	}
	return nil
}

// receivingOf lists our bank accounts, and says who sells to a customer.
func (o *Office) receivingOf(ctx context.Context, tx *store.Tx, a account.Account) ([]bank.ReceivingAccount, policy.Seller, error) {
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return nil, policy.Seller{}, err
	}
	all, err := tx.ReceivingAccounts(ctx)
	return all, p.Seller(p.Region(a.Country, a.RegisteredAt)), err
}

// paymentReference is the customer's reference on shared accounts, made when it is
// first needed. The account is locked.
func (o *Office) paymentReference(ctx context.Context, tx *store.Tx, a account.Account) (string, error) {
	reference, err := tx.PaymentReference(ctx, a.ID)
	for try := 0; err == nil && reference == "" && try < takenMax; try++ {
		made, added := bank.MakeReference(a.ID, try), false
		if added, err = tx.AddPaymentReference(ctx, a.ID, made, o.Now()); added {
			reference = made
		}
	}
	return reference, err
}
