package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

type fundsCommands struct {
	Show  fundsShow  `cmd:"" help:"Show what an account has with us and owes."`
	Ls    fundsLs    `cmd:"" aliases:"list" help:"List what was spent of an account's balance."`
	Apply fundsApply `cmd:"" help:"Spend a balance on chosen bills."`
	Undo  fundsUndo  `cmd:"" help:"Take back what was spent of a balance."`
	TopUp fundsTopUp `cmd:"" name:"top-up" help:"Put money on a balance from a payment method."`
}

type withdrawalCommands struct {
	Propose withdrawalPropose `cmd:"" help:"Propose to send money of a balance to its customer's bank."`
	Approve withdrawalApprove `cmd:"" help:"Agree to a withdrawal that another person proposed."`
	Refuse  withdrawalRefuse  `cmd:"" help:"Refuse a withdrawal that another person proposed."`
	Drop    withdrawalDrop    `cmd:"" help:"Put the money of a withdrawal that has not left back on the balance."`
	Ls      withdrawalLs      `cmd:"" aliases:"list" help:"List withdrawals."`
}

type fundsShow struct {
	Account string `arg:"" help:"Its id, or its reference."`
}

// Run shows an account's funds.
func (c fundsShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		f, err := d.office.Funds(ctx, access.CommandLine, a.ID)
		if err != nil {
			return err
		}
		shape := wire.Funds{
			Object: "funds", Account: string(a.ID), AutoApply: f.Account.AutoApply, Balance: wire.OfAmount(f.Balance), Owed: wire.OfAmount(f.Owed),
			Withdrawing: wire.OfAmount(f.Withdrawing), Refunding: wire.OfAmount(f.Refunding), Open: []wire.Bill{},
		}
		for _, b := range f.Open {
			shape.Open = append(shape.Open, wire.OfBill(b))
		}
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("account", shape.Account)
				add("balance", shape.Balance)
				add("pays by itself", shape.AutoApply)
				add("owed", shape.Owed)
				add("being withdrawn", shape.Withdrawing)
				add("being refunded", shape.Refunding)
			})
			openBillsTable(w, shape.Open)
		})
	})
}

const applicationHead = "application,debt,bill,amount,undone,cause,by,applied"

func applicationRow(a wire.Application) []any {
	return []any{a.ID, a.Debt, a.Bill, a.Amount, a.Undone, a.Cause, a.By, a.AppliedAt}
}

type fundsLs struct {
	Account string `required:"" help:"Of this account, by id or reference."`
	pageFlags
}

// Run lists cash applications.
func (c fundsLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		list, next, err := d.office.CashApplications(ctx, access.CommandLine, a.ID, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfApplication, applicationHead, applicationRow)
	})
}

type fundsApply struct {
	Account string   `required:"" help:"Of this account, by id or reference."`
	Pay     []string `arg:"" placeholder:"BILL[=AMOUNT]" help:"A bill or debt by its id, and how much of it; all that is open if that is left out."`
	asFlag
}

// Run spends a balance.
func (c fundsApply) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		var uses []office.BalanceUse
		for _, text := range c.Pay {
			name, amount, some := strings.Cut(text, "=")
			use := office.BalanceUse{Bill: billing.BillID(name)}
			if strings.HasPrefix(name, "debt_") {
				use = office.BalanceUse{Debt: billing.DebtID(name)}
			}
			if some {
				if use.Amount, err = money.ParseAmount(amount, a.Currency); err != nil {
					return err
				}
			}
			uses = append(uses, use)
		}
		done, err := d.office.ApplyBalance(ctx, c.caller(), a.ID, uses)
		if err != nil {
			return err
		}
		return showList(s, done, "", wire.OfApplication, applicationHead, applicationRow)
	})
}

type fundsUndo struct {
	Application string `arg:"" help:"Its id."`
	Reason      string `required:"" help:"Why, for the books."`
	asFlag
}

// Run takes an application back.
func (c fundsUndo) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.office.UndoApplication(ctx, c.caller(), c.Application, c.Reason)
		if err != nil {
			return err
		}
		return showList(s, []billing.Application{a}, "", wire.OfApplication, applicationHead, applicationRow)
	})
}

type fundsTopUp struct {
	Account   string `required:"" help:"Of this account, by id or reference."`
	Amount    string `arg:"" help:"In the account's currency."`
	Method    string `placeholder:"ID" help:"The payment method; the preferred one if it is left out."`
	Reference string `help:"Your own name for it; the same one is the same top-up."`
}

// Run tops a balance up.
func (c fundsTopUp) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		amount, err := money.ParseAmount(c.Amount, a.Currency)
		if err != nil {
			return err
		}
		p, err := d.office.TopUp(ctx, access.CommandLine, a.ID, office.TopUp{Reference: c.Reference, Amount: amount, Method: payment.MethodID(c.Method)})
		if err != nil {
			return err
		}
		return showOrder(s, p.Order)
	})
}

type billPay struct {
	Bill        string `arg:"" help:"Its id."`
	FromBalance bool   `help:"The balance pays."`
	Method      string `placeholder:"ID" help:"This payment method pays; the preferred one if neither is given."`
	Amount      string `help:"A part, in the account's currency; all that is open if it is left out."`
	asFlag
}

// Run pays a bill by hand.
func (c billPay) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		b, err := d.office.Bill(ctx, access.CommandLine, billing.BillID(c.Bill))
		if err != nil {
			return err
		}
		ask := office.BillPayment{FromBalance: c.FromBalance, Method: payment.MethodID(c.Method)}
		if c.Amount != "" {
			if ask.Amount, err = money.ParseAmount(c.Amount, b.Total.Currency); err != nil {
				return err
			}
		}
		p, err := d.office.PayBill(ctx, c.caller(), b.ID, ask)
		if err != nil {
			return err
		}
		shape := wire.BillPayment{Object: "bill_payment", Bill: wire.OfBill(p.Bill), Applications: []wire.Application{}, Payments: []wire.Payment{}}
		for _, a := range p.Applications {
			shape.Applications = append(shape.Applications, wire.OfApplication(a))
		}
		for _, pay := range p.Payments {
			shape.Payments = append(shape.Payments, wire.OfPayment(pay))
		}
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("bill", shape.Bill.ID, shape.Bill.Number)
				add("open", shape.Bill.Open)
				for _, a := range shape.Applications {
					add("from the balance", a.Amount, a.Debt)
				}
				for _, pay := range shape.Payments {
					add("payment", pay.ID, pay.State, pay.Amount)
				}
			})
		})
	})
}

var errReplay = fault.New(fault.Conflict, "replay_differs", "decisions about balances would come out otherwise than they were made").
	WithNext("keep the database as it is, and have it looked at: bursar verify says more")

type billReplay struct {
	Account string `help:"Of this account alone, by id or reference."`
}

// Run makes every decision about balances again.
func (c billReplay) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		total := wire.Replay{Object: "replay", Differences: []string{}}
		one := func(a account.Account) error {
			r, err := d.office.ReplayBills(ctx, access.CommandLine, a.ID)
			total.Runs += r.Runs
			total.Applications += r.Applications
			total.Differences = append(total.Differences, r.Differences...)
			return err
		}
		if err := c.each(ctx, d, one); err != nil {
			return err
		}
		total.Same = len(total.Differences) == 0
		err := s.show(total, func(w io.Writer) {
			fmt.Fprintf(w, "%d decisions made again, %d applications: %s\n", total.Runs, total.Applications, map[bool]string{true: "the same", false: "not the same"}[total.Same])
			for _, difference := range total.Differences {
				fmt.Fprintln(w, difference)
			}
		})
		if err == nil && !total.Same {
			return errReplay
		}
		return err
	})
}

// each hands over the account that was named, or every one.
func (c billReplay) each(ctx context.Context, d *desk, do func(account.Account) error) error {
	if c.Account != "" {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		return do(a)
	}
	for p := (office.Page{Limit: 100}); ; {
		list, next, err := d.office.Accounts(ctx, access.CommandLine, p)
		if err != nil {
			return err
		}
		for _, a := range list {
			if err := do(a); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		p.After = next
	}
}

type accountAutoApply struct {
	Account string `arg:"" help:"Its id, or its reference."`
	Switch  string `arg:"" enum:"on,off" help:"on or off."`
}

// Run sets the switch of automatic cash application.
func (c accountAutoApply) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		if a, err = d.office.SetAutoApply(ctx, access.CommandLine, a.ID, c.Switch == "on"); err != nil {
			return err
		}
		return s.show(wire.OfAccount(a), func(w io.Writer) { accountFacts(w, wire.OfAccount(a)) })
	})
}

func showWithdrawal(s *session, v billing.Withdrawal) error {
	return showList(s, []billing.Withdrawal{v}, "", wire.OfWithdrawal, withdrawalHead, withdrawalRow)
}

const withdrawalHead = "withdrawal,account,amount,recipient,state,reason,proposed by,decided by,proposed"

func withdrawalRow(v wire.Withdrawal) []any {
	return []any{v.ID, v.Account, v.Amount, v.Recipient, v.State, v.Reason, v.ProposedBy, v.DecidedBy, v.ProposedAt}
}

type withdrawalPropose struct {
	Account string `required:"" help:"Of this account, by id or reference."`
	Amount  string `required:"" help:"In the account's currency; it is taken off the balance at once."`
	To      string `required:"" help:"Where the money is to go: holder, bank and number."`
	Reason  string `required:"" help:"Why, for the audit."`
	asFlag
}

// Run proposes a withdrawal.
func (c withdrawalPropose) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		amount, err := money.ParseAmount(c.Amount, a.Currency)
		if err != nil {
			return err
		}
		v, err := d.office.ProposeWithdrawal(ctx, c.caller(), a.ID, office.Withdrawing{Amount: amount, Recipient: c.To, Reason: c.Reason})
		if err != nil {
			return err
		}
		return showWithdrawal(s, v)
	})
}

type (
	withdrawalApprove struct{ decision }
	withdrawalRefuse  struct{ decision }
	withdrawalDrop    struct{ decision }
)

// Run approves a withdrawal.
func (c withdrawalApprove) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		v, err := d.office.ApproveWithdrawal(ctx, c.caller(), billing.WithdrawalID(c.ID), c.Note)
		if err != nil {
			return err
		}
		return showWithdrawal(s, v)
	})
}

// Run refuses a withdrawal.
func (c withdrawalRefuse) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		v, err := d.office.RefuseWithdrawal(ctx, c.caller(), billing.WithdrawalID(c.ID), c.Note)
		if err != nil {
			return err
		}
		return showWithdrawal(s, v)
	})
}

// Run drops a withdrawal.
func (c withdrawalDrop) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		v, err := d.office.DropWithdrawal(ctx, c.caller(), billing.WithdrawalID(c.ID), c.Note)
		if err != nil {
			return err
		}
		return showWithdrawal(s, v)
	})
}

type withdrawalLs struct {
	Account string `help:"Only of this account, by id or reference."`
	State   string `enum:",proposed,approved,refused,dropped,sent" default:"" help:"Only in this state."`
	pageFlags
}

// Run lists withdrawals.
func (c withdrawalLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		f := office.WithdrawalFilter{State: billing.WithdrawalState(c.State)}
		if c.Account != "" {
			a, err := d.account(ctx, c.Account)
			if err != nil {
				return err
			}
			f.Account = a.ID
		}
		list, next, err := d.office.Withdrawals(ctx, access.CommandLine, f, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfWithdrawal, withdrawalHead, withdrawalRow)
	})
}
