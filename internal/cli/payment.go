package cli

import (
	"context"
	"io"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

type paymentCommands struct {
	Ls   paymentLs   `cmd:"" help:"List an account's payments."`
	Show paymentShow `cmd:"" help:"Show a payment."`

	Refund  paymentRefund  `cmd:"" help:"Give some or all of a payment back."`
	Refunds paymentRefunds `cmd:"" help:"List an account's refunds."`

	Diagnose paymentDiagnose `cmd:"" help:"Say why a payment did not go through, and what can be done."`
}

const paymentHead = "payment,debt,method,attempt,amount,by,reason,state,refusal,opened,settled"

func paymentRow(p wire.Payment) []any {
	return []any{p.ID, p.Debt, p.Method, p.Attempt, p.Amount, p.Initiator, p.Reason, p.State, refusal(p), p.OpenedAt, p.SettledAt}
}

func refusal(p wire.Payment) string {
	if p.Refusal == nil {
		return ""
	}
	return p.Refusal.Class
}

func paymentFacts(w io.Writer, p wire.Payment) {
	facts(w, func(add func(...any)) {
		add("payment", p.ID)
		add("account", p.Account)
		add("debt", p.Debt)
		add("method", p.Method)
		add("attempt", p.Attempt)
		add("amount", p.Amount)
		add("given back", p.Refunded)
		add("by", p.Initiator)
		add("reason", p.Reason)
		add("state", p.State)
		add("refusal", refusal(p))
		if p.Challenge != nil {
			add("challenge", p.Challenge.URL)
		}
		add("opened", p.OpenedAt)
		add("settled", p.SettledAt)
	})
}

type paymentLs struct {
	Account string `required:"" help:"Of this account, by id or reference."`
	pageFlags
}

// Run lists an account's payments.
func (c paymentLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		list, next, err := d.office.Payments(ctx, access.CommandLine, a.ID, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfPayment, paymentHead, paymentRow)
	})
}

type paymentShow struct {
	Payment string `arg:"" help:"Its id."`
	Look    bool   `help:"Ask the provider first, if it is not known how it stands."`
}

// Run shows a payment.
func (c paymentShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		p, err := d.office.Payment(ctx, access.CommandLine, payment.ID(c.Payment), c.Look)
		if err != nil {
			return err
		}
		shape := wire.OfPayment(p)
		return s.show(shape, func(w io.Writer) { paymentFacts(w, shape) })
	})
}
