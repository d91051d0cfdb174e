package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
)

// TakeBack takes an amount back as the reversal of a receipt does.
func (o *Office) TakeBack(ctx context.Context, by access.Caller, id account.ID, amount money.Amount, why string) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		return o.takeBack(ctx, tx, by, a, amount, why)
	})
}

// ApplyCash applies cash for accounts as the import of a statement does.
func (o *Office) ApplyCash(ctx context.Context, by access.Caller, ids ...account.ID) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		var accounts []account.Account
		for _, id := range ids {
			a, err := tx.LockAccount(ctx, id)
			if err != nil {
				return err
			}
			accounts = append(accounts, a)
		}
		return o.applyCash(ctx, tx, by, accounts)
	})
}
