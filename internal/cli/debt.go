package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

type debtCommands struct {
	Ls      debtLs      `cmd:"" help:"List an account's debts."`
	Show    debtShow    `cmd:"" help:"Show a debt and its payments."`
	Collect debtCollect `cmd:"" help:"Try to collect a debt now."`
}

const debtHead = "debt,kind,month,net,tax,amount,open,state,attempts,next attempt"

func debtRow(d wire.Debt) []any {
	return []any{d.ID, d.Kind, d.Month, d.Net, d.Tax, d.Amount, d.Open, d.State, d.Attempts, d.NextAttemptAt}
}

type debtLs struct {
	Account string `required:"" help:"Of this account, by id or reference."`
	pageFlags
}

// Run lists an account's debts.
func (c debtLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		list, next, err := d.office.Debts(ctx, access.CommandLine, a.ID, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfDebt, debtHead, debtRow)
	})
}

type debtShow struct {
	Debt string `arg:"" help:"Its id."`
}

// Run shows a debt, its shares by product and its payments.
func (c debtShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		story, err := d.office.Debt(ctx, access.CommandLine, billing.DebtID(c.Debt))
		if err != nil {
			return err
		}
		shape := struct {
			wire.Debt
			Payments []wire.Payment `json:"payments"`
		}{wire.OfDebt(story.Debt), []wire.Payment{}}
		for _, p := range story.Payments {
			shape.Payments = append(shape.Payments, wire.OfPayment(p))
		}
		return s.show(shape, func(w io.Writer) {
			table(w, debtHead, func(add func(...any)) { add(debtRow(shape.Debt)...) })
			sharesTable(w, story.Debt.Shares)
			fmt.Fprintln(w)
			table(w, paymentHead, func(add func(...any)) {
				for _, p := range shape.Payments {
					add(paymentRow(p)...)
				}
			})
		})
	})
}

type debtCollect struct {
	Debt   string `arg:"" help:"Its id."`
	Method string `help:"With this payment method; the preferred one if it is left out."`
}

// Run tries to collect a debt while nobody is present.
func (c debtCollect) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		p, err := d.office.CollectDebt(ctx, access.CommandLine, billing.DebtID(c.Debt), office.Charge{
			Method: payment.MethodID(c.Method), Initiator: payment.MIT, Reason: payment.Retry,
		})
		if err != nil {
			return err
		}
		shape := wire.OfPayment(p)
		return s.show(shape, func(w io.Writer) { paymentFacts(w, shape) })
	})
}
