package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// OpenRefund is the first beat of RefundPayment, after which the process dies.
func (o *Office) OpenRefund(ctx context.Context, by access.Caller, id payment.ID, r Refunding) (f payment.Refund, err error) {
	err = o.changePayment(ctx, id, func(tx *store.Tx, a account.Account, p payment.Payment) error {
		f, err = o.openRefund(ctx, tx, by, a, p, r.Amount, r.Reason)
		return err
	})
	return f, err
}
