package officetest

import (
	"bytes"
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/statement"
)

// BankNumber is the account number of the bank account that OpenBank opens.
const BankNumber = "DE89370400440532013000"

// OpenBank opens a shared account in euros for customers in any country, here and at
// the pretend bank, with a pool of a thousand numbers behind it. change may say what
// differs.
func (d *Desk) OpenBank(change ...func(*bank.ReceivingAccount)) bank.ReceivingAccount {
	d.T.Helper()
	r := bank.ReceivingAccount{
		Seller: "main", Country: "DE", Currency: "EUR", Bank: "Pretend Bank", BankAddress: "Example Street 1, Berlin", BIC: "COBADEFFXXX", Holder: "Example Cloud GmbH",
		Scheme: bank.SchemeIBAN, Number: BankNumber, Rails: []bank.Rail{bank.RailSwift, bank.RailSEPA, bank.RailInstant}, Shared: true,
	}
	for _, f := range change {
		f(&r)
	}
	r = d.AddReceiving(r)
	const last = 999
	p := d.AddNumbers(office.NewPool{Receiving: r.ID, BankCode: "37040044", Prefix: "99", Last: last})
	ends := [2]string{}
	var err error
	for i, n := range []int64{0, last} {
		if ends[i], err = p.Number(n); err != nil {
			d.T.Fatal(err)
		}
	}
	if _, err := d.Sandbox.OpenBankAccount(sandbox.BankAccount{Number: r.Number, Bank: r.Bank, BIC: r.BIC, Holder: r.Holder, Currency: string(r.Currency)}); err != nil {
		d.T.Fatal(err)
	}
	if _, err := d.Sandbox.SetVirtualNumbers(r.Number, []sandbox.NumberRange{{First: ends[0], Last: ends[1]}}); err != nil {
		d.T.Fatal(err)
	}
	return r
}

// second is who agrees to what the command line proposes.
var second = access.Caller{Name: "second", Trusted: true}

// AddReceiving adds one of the seller's bank accounts: proposed by one, agreed to by
// another.
func (d *Desk) AddReceiving(r bank.ReceivingAccount) bank.ReceivingAccount {
	d.T.Helper()
	c, err := d.ProposeReceiving(context.Background(), access.CommandLine, r, "the bank's letter")
	d.agreed(c, err)
	c.Account.OpenedAt = c.ProposedAt
	return c.Account
}

// AddNumbers adds numbers that customers can be given, as AddReceiving does.
func (d *Desk) AddNumbers(n office.NewPool) bank.Pool {
	d.T.Helper()
	c, err := d.ProposePool(context.Background(), access.CommandLine, n, "the bank's letter")
	d.agreed(c, err)
	return c.Pool
}

// CloseReceiving closes one of the seller's bank accounts, as AddReceiving does.
func (d *Desk) CloseReceiving(id bank.ReceivingID) {
	d.T.Helper()
	c, err := d.ProposeClosing(context.Background(), access.CommandLine, id, "the bank closes it")
	d.agreed(c, err)
}

func (d *Desk) agreed(c bank.Change, err error) {
	d.T.Helper()
	if err == nil {
		_, err = d.AgreeToReceiving(context.Background(), second, c.ID, "as in the letter")
	}
	if err != nil {
		d.T.Fatal(err)
	}
}

// Transfer has somebody transfer money to us at the pretend bank, by SEPA unless the
// order says otherwise.
func (d *Desk) Transfer(o sandbox.Transfer) sandbox.BankEntry {
	d.T.Helper()
	if o.Rail == "" {
		o.Rail = "sepa"
	}
	e, err := d.Sandbox.Transfer(o)
	if err != nil {
		d.T.Fatalf("transfer %s: %v", o.Amount, err)
	}
	return e
}

// EndDay ends the pretend bank's day and returns the statements that it issues, as
// camt.053.
func (d *Desk) EndDay() []sandbox.BankFile {
	d.T.Helper()
	issued, err := d.Sandbox.EndDay("")
	if err != nil {
		d.T.Fatal(err)
	}
	var files []sandbox.BankFile
	for _, s := range issued {
		f, err := d.Sandbox.BankFile(s.Account, s.Number, sandbox.BankCamt053)
		if err != nil {
			d.T.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// Import takes files of the bank into the books, and returns what came of them, summed.
func (d *Desk) Import(files ...sandbox.BankFile) office.StatementImport {
	d.T.Helper()
	var all office.StatementImport
	for _, f := range files {
		i, err := d.ImportStatement(context.Background(), access.CommandLine, f.Name, bytes.NewReader(f.Body), statement.Options{})
		if err != nil {
			d.T.Fatalf("import %s: %v", f.Name, err)
		}
		all.File, all.Statements = i.File, append(all.Statements, i.Statements...)
		all.New, all.Known, all.Aside, all.Conflicts, all.Pending = all.New+i.New, all.Known+i.Known, all.Aside+i.Aside, all.Conflicts+i.Conflicts, all.Pending+i.Pending
		all.Credited, all.Waiting = all.Credited+i.Credited, all.Waiting+i.Waiting
	}
	return all
}
