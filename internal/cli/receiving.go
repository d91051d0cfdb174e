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
	Add    receivingAdd          `cmd:"" help:"Add one of the seller's bank accounts."`
	Ls     receivingLs           `cmd:"" aliases:"list" help:"List the seller's bank accounts and the pools of numbers behind them."`
	Close  receivingClose        `cmd:"" help:"Close one of the seller's bank accounts: customers are not told to pay to it any more."`
	Pool   receivingPoolCommands `cmd:"" help:"Account numbers that customers can be given."`
	Assign receivingAssign       `cmd:"" help:"Give a customer an account number of their own."`
	Show   receivingShow         `cmd:"" help:"Show how a customer transfers money."`
}

type receivingPoolCommands struct {
	Add receivingPoolAdd `cmd:"" help:"Add a range of numbers, or a list of them."`
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
}

// Run adds a bank account.
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
		r, err := d.office.AddReceivingAccount(ctx, access.CommandLine, r)
		if err != nil {
			return err
		}
		shape := wire.OfReceivingAccount(r)
		return s.show(shape, func(w io.Writer) { receivingFacts(w, shape) })
	})
}

func receivingFacts(w io.Writer, r wire.ReceivingAccount) {
	facts(w, func(add func(...any)) {
		add("receiving account", r.ID)
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
		add("closed", r.ClosedAt)
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
}

// Run closes a bank account.
func (c receivingClose) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		r, err := d.office.CloseReceivingAccount(ctx, access.CommandLine, bank.ReceivingID(c.Account))
		if err != nil {
			return err
		}
		shape := wire.OfReceivingAccount(r)
		return s.show(shape, func(w io.Writer) { receivingFacts(w, shape) })
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
}

// Run adds numbers that customers can be given.
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
		p, err := d.office.AddPool(ctx, access.CommandLine, n)
		if err != nil {
			return err
		}
		shape := wire.OfPool(p)
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("pool", shape.ID)
				add("receiving account", shape.Receiving)
				add("kind", shape.Kind)
				add("numbers left", shape.Left)
				add("warns at", shape.WarnAt)
			})
		})
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
