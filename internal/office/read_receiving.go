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

// ReceivingDetails is how a customer transfers money to us (R-WIRE-02).
type ReceivingDetails struct {
	Account   account.ID
	Seller    policy.Seller
	Receiving bank.ReceivingAccount // whose bank, BIC, holder and rails the payer writes
	Dedicated bool                  // Number is the customer's own: what comes to it is credited by itself
	Number    string                // in normal form; the shared account's where it is not Dedicated
	Reference string                // that the payer must write on a shared account; "" with a number of their own
	LeastDays int                   // business days until the money is seen
	MostDays  int
}

// ShownNumber is the account number as people read it.
func (d ReceivingDetails) ShownNumber() string { return bank.ShownNumber(d.Receiving.Scheme, d.Number) }

// ShownReference is the reference as people read it; "" if there is none.
func (d ReceivingDetails) ShownReference() string { return bank.GroupedReference(d.Reference) }

// ReceivingDetails says how a customer transfers money to us: to the number that is
// theirs alone, or to the account shared by those in their country and currency,
// under a reference of their own. The first time, it makes that reference.
func (o *Office) ReceivingDetails(ctx context.Context, by access.Caller, id account.ID) (ReceivingDetails, error) {
	if err := mayTouch(by, access.FundsRead, id); err != nil {
		return ReceivingDetails{}, err
	}
	return o.detailsFor(ctx, id)
}

// detailsFor is ReceivingDetails for whoever may know them.
func (o *Office) detailsFor(ctx context.Context, id account.ID) (ReceivingDetails, error) {
	d, err := o.detailsOf(ctx, id)
	if err != nil || d.Dedicated || d.Reference != "" {
		return d, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		d.Reference, err = o.paymentReference(ctx, tx, a)
		return err
	})
	if err != nil {
		return ReceivingDetails{}, err
	}
	return d, nil
}

func (o *Office) detailsOf(ctx context.Context, id account.ID) (d ReceivingDetails, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		d, err = o.receivingDetails(ctx, tx, a)
		return err
	})
	if err != nil {
		return ReceivingDetails{}, err
	}
	return d, nil
}

// receivingDetails reads how a customer transfers money to us. Reference is "" if
// none was made yet.
func (o *Office) receivingDetails(ctx context.Context, tx *store.Tx, a account.Account) (ReceivingDetails, error) {
	d := ReceivingDetails{Account: a.ID, LeastDays: bank.TransferDaysLeast, MostDays: bank.TransferDaysMost}
	all, seller, err := o.receivingOf(ctx, tx, a)
	if err != nil {
		return d, err
	}
	d.Seller = seller
	v, err := tx.VirtualAccountOf(ctx, a.ID)
	if err == nil {
		d.Dedicated, d.Number = true, v.Number
		d.Receiving, err = tx.ReceivingAccount(ctx, v.Receiving)
		if p, perr := o.ruling(ctx, tx, o.Now()); err == nil && perr == nil {
			if holder, known := p.SellerByCode(d.Receiving.Seller); known {
				d.Seller = holder // the number stays with whom it was agreed, whoever sells by now
			}
		}
		return d, err
	}
	if !errors.Is(err, bank.ErrVirtualNotFound) {
		return d, err
	}
	r, found := bank.ReceivingFor(all, seller.Code, a.Country, a.Currency, func(r bank.ReceivingAccount) bool { return r.Shared })
	if !found {
		return d, bank.ErrNoReceiving
	}
	d.Receiving, d.Number = r, r.Number
	d.Reference, err = tx.PaymentReference(ctx, a.ID)
	return d, err
}

// PooledAccount is one of our bank accounts with the pools behind it.
type PooledAccount struct {
	bank.ReceivingAccount
	Pools []bank.Pool
}

// ReceivingAccounts lists our bank accounts with their pools, the first one first.
func (o *Office) ReceivingAccounts(ctx context.Context, by access.Caller) (list []PooledAccount, err error) {
	if by.Account != "" {
		return nil, access.ErrForbidden
	}
	if err := by.May(access.BankRead); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.ReceivingAccounts(ctx)
		if err != nil {
			return err
		}
		pools, err := tx.Pools(ctx, "")
		for _, r := range all {
			one := PooledAccount{ReceivingAccount: r}
			for _, p := range pools {
				if p.Receiving == r.ID {
					one.Pools = append(one.Pools, p)
				}
			}
			list = append(list, one)
		}
		return err
	})
	return list, err
}

// VirtualAccountsOf lists every number that a customer was ever given, the first one
// first.
func (o *Office) VirtualAccountsOf(ctx context.Context, by access.Caller, id account.ID) (list []bank.VirtualAccount, err error) {
	if err := mayTouch(by, access.FundsRead, id); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		list, err = tx.VirtualAccountsOf(ctx, id)
		return err
	})
	return list, err
}
