package cli

import (
	"context"
	"io"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

type accountResources struct {
	Account string   `arg:"" help:"Its id, or its reference."`
	Running *int     `placeholder:"N" help:"So many run now; 0 says that nothing does. What was told last is shown if it is left out."`
	Example []string `sep:"none" placeholder:"NAME" help:"The name of one that runs, for a person; may be given up to 20 times."`
}

// Run shows what runs for an account, or tells it.
func (c accountResources) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		var r account.Resources
		switch {
		case c.Running != nil:
			r, err = d.office.ReportResources(ctx, access.CommandLine, a.ID, account.Resources{Running: *c.Running, Examples: c.Example})
		case len(c.Example) > 0:
			return account.ErrResources.WithNext("say with --running how many run")
		default:
			r, err = d.office.Resources(ctx, access.CommandLine, a.ID)
		}
		if err != nil {
			return err
		}
		shape := wire.OfResources(a.ID, r)
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("account", shape.Account)
				add("running", shape.Running)
				add("examples", strings.Join(shape.Examples, ", "))
				add("told", shape.ReportedAt)
			})
		})
	})
}

type accountClose struct {
	Account string `arg:"" help:"Its id, or its reference."`
	DryRun  bool   `help:"Only say what stands against it; exit 1 if anything does."`
}

// Run begins an account's silent period.
func (c accountClose) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		ask := d.office.CloseAccount
		if c.DryRun {
			ask = d.office.MayCloseAccount
		}
		closing, err := ask(ctx, access.CommandLine, a.ID)
		if err != nil {
			return err
		}
		shape := closingShape(closing)
		return s.verdict(shape, shape.Allowed || !c.DryRun, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("account", shape.Account)
				add("state", shape.State)
				add("may be closed", shape.Allowed)
				add("silent since", shape.SilentSince)
				add("closed from", shape.Until)
			})
			objectionsTable(w, shape.Reasons)
		})
	})
}

func closingShape(c office.Closing) wire.Closing {
	return wire.OfClosing(c.Account, c.Until, objectionsOf(c.Why))
}

type accountReopen struct {
	Account string `arg:"" help:"Its id, or its reference."`
}

// Run takes an account out of its silent period.
func (c accountReopen) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		if a, err = d.office.ReopenAccount(ctx, access.CommandLine, a.ID); err != nil {
			return err
		}
		shape := wire.OfAccount(a)
		return s.show(shape, func(w io.Writer) { accountFacts(w, shape) })
	})
}
