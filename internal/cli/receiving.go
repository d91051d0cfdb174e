package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/api"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

type receivingCommands struct {
	Add      receivingAdd          `cmd:"" help:"Propose to add one of the seller's bank accounts; another person agrees."`
	Ls       receivingLs           `cmd:"" aliases:"list" help:"List the seller's bank accounts and the pools of numbers behind them."`
	Close    receivingClose        `cmd:"" help:"Propose to close one of the seller's bank accounts: customers are not told to pay to it any more."`
	Pool     receivingPoolCommands `cmd:"" help:"Account numbers that customers can be given."`
	Changes  receivingChanges      `cmd:"" help:"List what was proposed of bank accounts and numbers, newest first."`
	Agree    receivingAgree        `cmd:"" help:"Make true what another person proposed."`
	Refuse   receivingRefuse       `cmd:"" help:"Refuse what another person proposed."`
	Withdraw receivingWithdraw     `cmd:"" help:"Take back what you proposed."`
	Assign   receivingAssign       `cmd:"" help:"Give a customer an account number of their own."`
	Show     receivingShow         `cmd:"" help:"Show how a customer transfers money."`
}

type receivingPoolCommands struct {
	Add receivingPoolAdd `cmd:"" help:"Propose to add a range of numbers, or a list of them; another person agrees."`
}

var errNumbersFile = fault.New(fault.Invalid, "numbers_file_unreadable", "the file of account numbers cannot be read").WithNext("name a text file with one number a line")

type receivingAdd struct {
	Seller      string   `default:"main" help:"The seller's code in the policy."`
	Country     string   `required:"" help:"Where the account is held, as an ISO 3166-1 code."`
	Serves      []string `help:"Countries of the customers that it is for; all that no other account of the currency names if it is left out."`
	Currency    string   `required:"" help:"ISO 4217 code."`
	Bank        string   `required:"" help:"The bank's name."`
	BankAddress string   `help:"The bank's address, as a line."`
	BIC         string   `name:"bic" help:"The bank's BIC; needed where SWIFT transfers are taken."`
	Holder      string   `required:"" help:"Whose name payers write."`
	Scheme      string   `default:"iban" enum:"iban,us,mx_clabe,cn,jp,gb,au,hk,sg,other" help:"The kind of number: ${enum}."`
	BankCode    string   `help:"Routing number, sort code and so on; left out with an IBAN."`
	Number      string   `required:"" help:"The account number."`
	Rails       []string `default:"swift" help:"What it takes: swift, sepa, sepa_instant, ach, fedwire, faster_payments, chaps, zengin, cnaps, local, cash, cheque."`
	Shared      bool     `help:"Customers without a number of their own pay to it, under a reference."`
	Reason      string   `required:"" help:"Why, and where the bank's letter is: who agrees compares them."`
	asFlag
}

// Run proposes to add a bank account.
func (c receivingAdd) Run(ctx context.Context, s *session) error {
	r := bank.ReceivingAccount{
		Seller: c.Seller, Country: strings.ToUpper(c.Country), Currency: money.Currency(strings.ToUpper(c.Currency)), Bank: c.Bank, BankAddress: c.BankAddress, BIC: c.BIC,
		Holder: c.Holder, Scheme: bank.Scheme(c.Scheme), BankCode: c.BankCode, Number: c.Number, Shared: c.Shared,
	}
	for _, country := range c.Serves {
		r.Serves = append(r.Serves, strings.ToUpper(country))
	}
	for _, rail := range c.Rails {
		r.Rails = append(r.Rails, bank.Rail(rail))
	}
	return s.at(ctx, func(d *desk) error {
		change, err := d.office.ProposeReceiving(ctx, c.caller(), r, c.Reason)
		return showChange(s, change, err)
	})
}

// showChange shows a proposal with all that it would add.
func showChange(s *session, c bank.Change, err error) error {
	if err != nil {
		return err
	}
	shape := wire.OfReceivingChange(c)
	return s.show(shape, func(w io.Writer) {
		facts(w, func(add func(...any)) {
			add("change", shape.ID)
			add("kind", shape.Kind)
			add("receiving account", shape.Receiving)
			if r := shape.Account; r != nil {
				add("seller", r.Seller)
				add("serves", servesText(r.Serves))
				add("bank", r.Bank)
				add("BIC", r.BIC)
				add("holder", r.Holder)
				add("bank code", r.BankCode)
				add("number", bank.ShownNumber(bank.Scheme(r.Scheme), r.Number))
				add("currency", r.Currency)
				add("rails", strings.Join(r.Rails, ", "))
				add("shared", r.Shared)
			}
			if p := shape.Pool; p != nil {
				add("pool", p.ID)
				add("numbers", p.Kind)
				add("bank code", p.BankCode)
				add("prefix", p.Prefix)
				add("from", p.First)
				add("to", p.Last)
				add("warns at", p.WarnAt)
			}
			add("reason", shape.Reason)
			add("state", shape.State)
			add("proposed by", shape.ProposedBy, shape.ProposedAt)
			add("decided by", shape.DecidedBy, shape.DecidedAt)
			add("note", shape.Note)
		})
		if p := shape.Pool; p != nil {
			for _, n := range p.Numbers {
				fmt.Fprintln(w, n)
			}
		}
	})
}

type receivingChanges struct {
	ID    string `arg:"" optional:"" help:"Show this one alone, with every number of a list."`
	State string `help:"Those that are proposed, agreed, refused or withdrawn." enum:",proposed,agreed,refused,withdrawn" default:""`
	pageFlags
}

// Run lists proposals, or shows one.
func (c receivingChanges) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		if c.ID != "" {
			change, err := d.office.ReceivingChange(ctx, access.CommandLine, bank.ChangeID(c.ID))
			return showChange(s, change, err)
		}
		list, next, err := d.office.ReceivingChanges(ctx, access.CommandLine, bank.ChangeState(c.State), c.page())
		if err != nil {
			return err
		}
		shape := func(c bank.Change) wire.ReceivingChange {
			c.Numbers = nil
			return wire.OfReceivingChange(c)
		}
		return showList(s, list, next, shape, "change,kind,receiving account,what,state,proposed by,decided by,reason,proposed", func(c wire.ReceivingChange) []any {
			what := ""
			switch {
			case c.Account != nil:
				what = c.Account.Number + " " + c.Account.Currency + " of " + c.Account.Holder
			case c.Pool != nil:
				what = fmt.Sprintf("%d numbers", c.Pool.Last-c.Pool.First+1)
			}
			return []any{c.ID, c.Kind, c.Receiving, what, c.State, c.ProposedBy, c.DecidedBy, c.Reason, c.ProposedAt}
		})
	})
}

type receivingDecision struct {
	Change string `arg:"" help:"Its id."`
	Note   string `help:"Why; kept beside the decision."`
	asFlag
}

type receivingAgree struct{ receivingDecision }

// Run makes true what another person proposed.
func (c receivingAgree) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		change, err := d.office.AgreeToReceiving(ctx, c.caller(), bank.ChangeID(c.Change), c.Note)
		return showChange(s, change, err)
	})
}

type receivingRefuse struct{ receivingDecision }

// Run refuses what another person proposed.
func (c receivingRefuse) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		change, err := d.office.RefuseReceiving(ctx, c.caller(), bank.ChangeID(c.Change), c.Note)
		return showChange(s, change, err)
	})
}

type receivingWithdraw struct {
	Change string `arg:"" help:"Its id."`
	asFlag
}

// Run takes a proposal back.
func (c receivingWithdraw) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		change, err := d.office.WithdrawReceiving(ctx, c.caller(), bank.ChangeID(c.Change))
		return showChange(s, change, err)
	})
}

func servesText(countries []string) string {
	if len(countries) == 0 {
		return "all that no other one names"
	}
	return strings.Join(countries, ", ")
}

type receivingLs struct{}

// Run lists bank accounts, and a line for each pool behind them.
func (c receivingLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		all, err := d.office.ReceivingAccounts(ctx, access.CommandLine)
		if err != nil {
			return err
		}
		shapes := make([]wire.ReceivingAccount, 0, len(all))
		for _, a := range all {
			shape := wire.OfReceivingAccount(a.ReceivingAccount)
			for _, p := range a.Pools {
				shape.Pools = append(shape.Pools, wire.OfPool(p))
			}
			shapes = append(shapes, shape)
		}
		return s.show(wire.List[wire.ReceivingAccount]{Data: shapes}, func(w io.Writer) {
			table(w, "receiving account,seller,country,serves,currency,number,bank,rails,shared,closed", func(add func(...any)) {
				for _, a := range shapes {
					add(a.ID, a.Seller, a.Country, servesText(a.Serves), a.Currency, bank.ShownNumber(bank.Scheme(a.Scheme), a.Number), a.Bank, strings.Join(a.Rails, " "), a.Shared, a.ClosedAt)
				}
			})
			fmt.Fprintln(w)
			table(w, "pool,receiving account,kind,bank code,prefix,next,last,left,warns at", func(add func(...any)) {
				for _, a := range shapes {
					for _, p := range a.Pools {
						add(p.ID, p.Receiving, p.Kind, p.BankCode, p.Prefix, p.Next, p.Last, p.Left, p.WarnAt)
					}
				}
			})
		})
	})
}

type receivingClose struct {
	Account string `arg:"" help:"The bank account's id."`
	Reason  string `required:"" help:"Why, for the audit."`
	asFlag
}

// Run proposes to close a bank account.
func (c receivingClose) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		change, err := d.office.ProposeClosing(ctx, c.caller(), bank.ReceivingID(c.Account), c.Reason)
		return showChange(s, change, err)
	})
}

type receivingPoolAdd struct {
	Account  string `arg:"" help:"The bank account's id."`
	Numbers  string `placeholder:"FILE" help:"A file of the numbers themselves, one a line; a range if it is left out."`
	BankCode string `help:"Of a range of IBANs: bank and branch, as every number begins after its check digits."`
	Prefix   string `help:"Of a range: what follows in every number."`
	Digits   int    `help:"Of a range of local numbers: how many each has."`
	First    int64  `default:"1" help:"Of a range: the counter of the first number."`
	Last     int64  `help:"Of a range: the counter of the last number."`
	WarnAt   int64  `default:"100" help:"So many left, and the event number_pool.low says so."`
	Reason   string `required:"" help:"Why, and where the bank's letter is: who agrees compares them."`
	asFlag
}

// Run proposes to add numbers that customers can be given.
func (c receivingPoolAdd) Run(ctx context.Context, s *session) error {
	n := office.NewPool{
		Receiving: bank.ReceivingID(c.Account), BankCode: c.BankCode, Prefix: c.Prefix, Digits: c.Digits, First: c.First, Last: c.Last, WarnAt: c.WarnAt,
	}
	if c.Numbers != "" {
		var err error
		if n.Numbers, err = numbersIn(c.Numbers); err != nil {
			return err
		}
	}
	return s.at(ctx, func(d *desk) error {
		change, err := d.office.ProposePool(ctx, c.caller(), n, c.Reason)
		if err == nil {
			change.Numbers = nil // whoever proposes them has them
		}
		return showChange(s, change, err)
	})
}

// numbersIn reads a file of numbers, one a line; empty lines do not count.
func numbersIn(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errNumbersFile
	}
	defer f.Close()
	var all []string
	lines := bufio.NewScanner(f)
	for lines.Scan() && len(all) <= bank.PoolListMax { // one too many is refused by its number
		if line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff")); line != "" {
			all = append(all, line)
		}
	}
	if lines.Err() != nil || len(all) == 0 {
		return nil, errNumbersFile
	}
	return all, nil
}

type receivingAssign struct {
	Account string `arg:"" help:"The customer's account, by id or reference."`
}

// Run gives a customer an account number of their own.
func (c receivingAssign) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		v, err := d.office.AssignVirtualAccount(ctx, access.CommandLine, a.ID)
		if err != nil {
			return err
		}
		shape := wire.OfVirtualAccount(v)
		return s.show(shape, func(w io.Writer) {
			fmt.Fprintf(w, "%s is %s's alone, since %s\n", shape.Number, cell(a.Name), shape.AssignedAt)
		})
	})
}

type receivingShow struct {
	Account string `arg:"" help:"The customer's account, by id or reference."`
}

// Run shows how a customer transfers money.
func (c receivingShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		details, err := d.office.ReceivingDetails(ctx, access.CommandLine, a.ID)
		if err != nil {
			return err
		}
		shape := api.DetailsJSON(details)
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("for", a.Name)
				add("the customer's own", shape.Dedicated)
				add("holder", shape.Holder)
				add("bank", shape.Bank)
				add("bank address", shape.BankAddress)
				add("country", shape.Country)
				add("BIC", shape.BIC)
				add("bank code", shape.BankCode)
				add("number", shape.Shown)
				add("currency", shape.Currency)
				add("reference", details.ShownReference())
				add("rails", strings.Join(shape.Rails, ", "))
				add("takes", fmt.Sprintf("%d to %d business days", shape.LeastDays, shape.MostDays))
			})
		})
	})
}
