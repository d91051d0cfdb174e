package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

var errBillRun = fault.New(fault.Unavailable, "bill_run_incomplete", "some accounts could not be closed").
	WithNext("see the log on standard error, and run it again: what is closed is skipped")

type billCommands struct {
	Run  billRun  `cmd:"" help:"Close a month for every account for which it is over."`
	Ls   billLs   `cmd:"" help:"List bills."`
	Show billShow `cmd:"" help:"Show a bill."`

	Pay    billPay    `cmd:"" help:"Pay a bill, or a part of it, by hand."`
	Replay billReplay `cmd:"" help:"Make every decision about balances again, and compare: the same inputs have the same answer."`
}

type billRun struct {
	Month string `required:"" placeholder:"YYYY-MM" help:"The month to close; earlier ones that are open are closed first."`
}

// Run closes a month. Stopped and run again, it goes on where it was.
func (c billRun) Run(ctx context.Context, s *session) error {
	m, err := billing.ParseMonth(c.Month)
	if err != nil {
		return err
	}
	return s.at(ctx, func(d *desk) error {
		bar := s.progress(-1, "accounts closed")
		run, err := d.office.RunBills(ctx, access.CommandLine, m, func(r office.BillRun) { bar.to(int64(r.Closed)) })
		bar.end()
		if err != nil {
			return err
		}
		shape := struct {
			Month   string `json:"month"`
			Closed  int    `json:"closed"`
			Charged int    `json:"charged"`
			Failed  int    `json:"failed"`
		}{string(m), run.Closed, run.Charged, run.Failed}
		err = s.show(shape, func(w io.Writer) {
			fmt.Fprintf(w, "%s: %d bills issued, %d of them with something open; %d failed\n", m, run.Closed, run.Charged, run.Failed)
		})
		if err == nil && run.Failed > 0 {
			return errBillRun
		}
		return err
	})
}

type billLs struct {
	Account string `help:"Only of this account, by id or reference."`
	pageFlags
}

// Run lists bills.
func (c billLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		var of account.ID
		if c.Account != "" {
			a, err := d.account(ctx, c.Account)
			if err != nil {
				return err
			}
			of = a.ID
		}
		list, next, err := d.office.Bills(ctx, access.CommandLine, of, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfBill, "bill,account,month,number,net,tax,total,open,issued", func(b wire.Bill) []any {
			return []any{b.ID, b.Account, b.Month, b.Number, b.Net, b.Tax, b.Total, b.Open, b.IssuedAt}
		})
	})
}

type billShow struct {
	Bill string `arg:"" help:"Its id."`
}

// Run shows a bill with its usage by product and its debts.
func (c billShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		b, err := d.office.Bill(ctx, access.CommandLine, billing.BillID(c.Bill))
		if err != nil {
			return err
		}
		story, err := d.office.BillStory(ctx, access.CommandLine, b.ID) // knows what waits for a person, but not every debt
		if err != nil {
			return err
		}
		shape := wire.OfBill(b)
		shape.ByHand = &story.ByHand
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("bill", shape.ID, shape.Number)
				add("account", shape.Account)
				add("month", shape.Month)
				add("net", shape.Net)
				add("tax", shape.Tax)
				add("total", shape.Total)
				add("open", shape.Open)
				add("by hand", story.ByHand)
				add("issued", shape.IssuedAt)
				add("due", shape.DueAt)
			})
			sharesTable(w, b.Shares)
			debtsTable(w, b.Debts)
		})
	})
}

// sharesTable shows what each product's part is: usage + carried in = net + carried out.
func sharesTable(w io.Writer, shares []billing.Share) {
	if len(shares) == 0 {
		return
	}
	fmt.Fprintln(w)
	table(w, "product,lines,usage,carried in,net,carried out", func(add func(...any)) {
		for _, p := range shares {
			add(p.Product, p.Lines, p.Usage.Decimal(), p.CarriedIn.Decimal(), p.Net.Decimal(), p.CarriedOut.Decimal())
		}
	})
}

func debtsTable(w io.Writer, debts []billing.Debt) {
	if len(debts) == 0 {
		return
	}
	fmt.Fprintln(w)
	table(w, debtHead, func(add func(...any)) {
		for _, d := range debts {
			add(debtRow(wire.OfDebt(d))...)
		}
	})
}
