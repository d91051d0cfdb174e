package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

// asFlag says who is at the machine, where one person proposes and another decides.
type asFlag struct {
	As string `placeholder:"NAME" help:"Who does it, where one person proposes and another decides."`
}

// caller is the operator, by the name that was given.
func (f asFlag) caller() access.Caller {
	c := access.CommandLine
	if f.As != "" {
		c.Name += ":" + f.As
	}
	return c
}

type creditCommands struct {
	Show     creditShow     `cmd:"" help:"Show how an account's credit stands."`
	Propose  creditPropose  `cmd:"" help:"Propose credit for an account, other credit, or none any more."`
	Approve  creditApprove  `cmd:"" help:"Make true what another person proposed."`
	Refuse   creditRefuse   `cmd:"" help:"Refuse what another person proposed."`
	Withdraw creditWithdraw `cmd:"" help:"Take back what you proposed."`
	Ls       creditLs       `cmd:"" aliases:"list" help:"List what was proposed: of an account, or what waits for a decision."`
}

const creditHead = "credit line,account,kind,limit,terms,state,proposed by,decided by,reason,proposed"

func creditRow(l wire.CreditLine) []any {
	return []any{l.ID, l.Account, l.Kind, l.Limit, l.Terms, l.State, l.ProposedBy, l.DecidedBy, l.Reason, l.ProposedAt}
}

func showCreditLine(s *session, l account.CreditLine) error {
	shape := wire.OfCreditLine(l)
	return s.show(shape, func(w io.Writer) {
		facts(w, func(add func(...any)) {
			add("credit line", shape.ID)
			add("account", shape.Account)
			add("kind", shape.Kind)
			add("limit", shape.Limit)
			add("terms", shape.Terms)
			add("reason", shape.Reason)
			add("state", shape.State)
			add("proposed by", shape.ProposedBy, shape.ProposedAt)
			add("decided by", shape.DecidedBy, shape.DecidedAt)
			add("note", shape.Note)
		})
	})
}

type creditShow struct {
	Account string `arg:"" help:"Its id, or its reference."`
}

// Run shows an account's credit.
func (c creditShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		now, err := d.office.Credit(ctx, access.CommandLine, a.ID)
		if err != nil {
			return err
		}
		shape := wire.Credit{
			Object: "credit", Line: wire.OfCreditLine(now.Line), Limit: wire.OfAmount(now.Limit), Cash: wire.OfAmount(now.Cash), Current: wire.OfAmount(now.Current),
			Earlier: wire.OfAmount(now.Earlier), Used: wire.OfAmount(now.Used), Available: wire.OfAmount(now.Available), Due: []wire.Bill{},
		}
		for _, b := range now.Due {
			shape.Due = append(shape.Due, wire.OfBill(b))
		}
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("limit", shape.Limit)
				add("terms", shape.Line.Terms)
				add("cash", shape.Cash)
				add("not billed yet", shape.Current)
				add("open of before", shape.Earlier)
				add("used", shape.Used)
				add("available", shape.Available)
			})
			openBillsTable(w, shape.Due)
		})
	})
}

// openBillsTable shows bills in the order in which a balance pays them.
func openBillsTable(w io.Writer, bills []wire.Bill) {
	if len(bills) == 0 {
		return
	}
	fmt.Fprintln(w)
	table(w, "bill,number,month,open,issued,due", func(add func(...any)) {
		for _, b := range bills {
			add(b.ID, b.Number, b.Month, b.Open, b.IssuedAt, b.DueAt)
		}
	})
}

type creditPropose struct {
	Account string `required:"" help:"For this account, by id or reference."`
	Kind    string `enum:"open,change,close" default:"open" help:"open, change or close."`
	Limit   string `help:"Up to how much may be owed, in the account's currency; a change keeps it if it is left out."`
	Terms   string `placeholder:"TERMS" help:"By when bills are paid: '30 calendar days', '20 business days', 'end of month', 'end of month + 15 days'."`
	Reason  string `required:"" help:"Why, for the audit."`
	asFlag
}

// Run proposes a credit line.
func (c creditPropose) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		p := office.CreditProposal{Kind: account.CreditKind(c.Kind), Reason: c.Reason}
		if c.Limit != "" {
			if p.Limit, err = money.ParseAmount(c.Limit, a.Currency); err != nil {
				return err
			}
		}
		if c.Terms != "" {
			t, err := account.ParseTerms(c.Terms)
			if err != nil {
				return err
			}
			p.Terms = &t
		}
		l, err := d.office.ProposeCreditLine(ctx, c.caller(), a.ID, p)
		if err != nil {
			return err
		}
		return showCreditLine(s, l)
	})
}

// decision is a person's word on what another proposed.
type decision struct {
	ID   string `arg:"" help:"Of what was proposed."`
	Note string `help:"Why; kept beside the decision."`
	asFlag
}

type (
	creditApprove  struct{ decision }
	creditRefuse   struct{ decision }
	creditWithdraw struct {
		ID string `arg:"" help:"Of what you proposed."`
		asFlag
	}
)

// Run approves a credit line.
func (c creditApprove) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		l, err := d.office.ApproveCreditLine(ctx, c.caller(), account.CreditLineID(c.ID), c.Note)
		if err != nil {
			return err
		}
		return showCreditLine(s, l)
	})
}

// Run refuses a credit line.
func (c creditRefuse) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		l, err := d.office.RefuseCreditLine(ctx, c.caller(), account.CreditLineID(c.ID), c.Note)
		if err != nil {
			return err
		}
		return showCreditLine(s, l)
	})
}

// Run withdraws a proposal.
func (c creditWithdraw) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		l, err := d.office.WithdrawCreditLine(ctx, c.caller(), account.CreditLineID(c.ID))
		if err != nil {
			return err
		}
		return showCreditLine(s, l)
	})
}

type creditLs struct {
	Account string `help:"All that was proposed for this account, the last first; by id or reference."`
	pageFlags
}

// Run lists credit lines.
func (c creditLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		if c.Account == "" {
			list, next, err := d.office.CreditProposals(ctx, access.CommandLine, c.page())
			if err != nil {
				return err
			}
			return showList(s, list, next, wire.OfCreditLine, creditHead, creditRow)
		}
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		list, err := d.office.CreditLines(ctx, access.CommandLine, a.ID)
		if err != nil {
			return err
		}
		return showList(s, list, "", wire.OfCreditLine, creditHead, creditRow)
	})
}
