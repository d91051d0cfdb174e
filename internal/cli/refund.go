package cli

import (
	"context"
	"io"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

const refundHead = "refund,payment,amount,state,outcome,credit note,reason,opened,settled"

func refundRow(f wire.Refund) []any {
	return []any{f.ID, f.Payment, f.Amount, f.State, f.Outcome, f.CreditNote, f.Reason, f.OpenedAt, f.SettledAt}
}

type paymentRefund struct {
	Payment string `arg:"" help:"Its id."`
	Amount  string `help:"So much, in the payment's currency; all that is left if it is left out."`
	Reason  string `required:"" help:"Why, for the audit; at most 200 characters."`
}

// Run gives some or all of a payment back.
func (c paymentRefund) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		r := office.Refunding{Reason: c.Reason}
		if c.Amount != "" {
			p, err := d.office.Payment(ctx, access.CommandLine, payment.ID(c.Payment), false)
			if err != nil {
				return err
			}
			if r.Amount, err = money.ParseAmount(c.Amount, p.Amount.Currency); err != nil {
				return err
			}
		}
		f, err := d.office.RefundPayment(ctx, access.CommandLine, payment.ID(c.Payment), r)
		if err != nil {
			return err
		}
		shape := wire.OfRefund(f)
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("refund", shape.ID)
				add("payment", shape.Payment)
				add("amount", shape.Amount)
				add("state", shape.State)
				add("outcome", shape.Outcome)
				add("credit note", shape.CreditNote)
				add("reason", shape.Reason)
				add("opened", shape.OpenedAt)
				add("settled", shape.SettledAt)
			})
		})
	})
}

type paymentRefunds struct {
	Account string `required:"" help:"Of this account, by id or reference."`
	pageFlags
}

// Run lists an account's refunds.
func (c paymentRefunds) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		list, next, err := d.office.Refunds(ctx, access.CommandLine, a.ID, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfRefund, refundHead, refundRow)
	})
}
