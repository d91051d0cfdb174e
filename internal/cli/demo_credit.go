package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

const (
	demoOthersMin   = 3       // customers in the file, so that one of them may pay otherwise than the rest
	demoCreditLimit = 100_000 // of whole units of the currency
	demoProofEnd    = "-account-proof.pdf"
)

// chooseTransfer says who buys on credit and pays by bank transfer: of those who have
// nothing else to show, the one who uses least, but something.
func (d *demo) chooseTransfer(used map[payer]money.Exact) {
	if len(d.order) < demoOthersMin {
		return
	}
	for _, p := range d.order {
		whole, _, err := used[p].Floor(1)
		if err != nil || !whole.IsPositive() || p == d.failing || p == d.switches {
			continue
		}
		if d.transfers == (payer{}) || p.currency == d.transfers.currency && used[p].Cmp(used[d.transfers]) < 0 {
			d.transfers = p
		}
	}
}

// openCredit opens a bank account with numbers for customers, and a credit line for the
// one who pays by transfer, who gets a number with it.
func (d *demo) openCredit(ctx context.Context) error {
	if d.transfers == (payer{}) {
		return nil
	}
	a, o := d.accounts[d.transfers], d.desk.office
	limit, err := money.ParseAmount(fmt.Sprint(demoCreditLimit), a.Currency)
	if err != nil {
		return err
	}
	line, err := d.desk.openCredit(ctx, a, limit)
	if err != nil {
		return err
	}
	b, err := d.desk.bank()
	if err != nil {
		return err
	}
	if _, err := b.follow(ctx, d.desk, ""); err != nil {
		return err
	}
	to, err := o.ReceivingDetails(ctx, access.CommandLine, a.ID)
	if err != nil {
		return err
	}
	d.report.Credit = 1
	d.say("%s  opened a credit line of %s (%s); its customer transfers to %s", d.now(), line.Limit, line.Terms, to.ShownNumber())
	return nil
}

// payByTransfer has the credit customer transfer what their bills ask for, the bank end
// its day, and its statement come in: nobody has to do anything for the bills to be paid.
func (d *demo) payByTransfer(ctx context.Context) error {
	if d.transfers == (payer{}) {
		return nil
	}
	a, o := d.accounts[d.transfers], d.desk.office
	f, err := o.Funds(ctx, access.CommandLine, a.ID)
	if err != nil {
		return err
	}
	due := money.Amount{Currency: a.Currency}
	for _, b := range f.Open {
		if due, err = due.Add(b.Open); err != nil {
			return err
		}
	}
	if !due.IsPositive() {
		d.say("%s  the credit customer's bills ask for nothing", d.now())
		return nil
	}
	to, err := o.ReceivingDetails(ctx, access.CommandLine, a.ID)
	if err != nil {
		return err
	}
	if _, err := d.world.Transfer(sandbox.Transfer{
		To: to.Number, Amount: due.Decimal(), Payer: sandbox.BankParty{Name: a.Name, Account: "GB33BUKB20201555555555", BIC: "BUKBGB22"},
		Reference: "Invoice " + f.Open[0].Number, EndToEnd: "DEMO-1",
	}); err != nil {
		return fmt.Errorf("transfer at the pretend bank: %w", err)
	}
	if _, err := d.world.EndDay(""); err != nil {
		return err
	}
	if err := d.takeStatements(ctx); err != nil {
		return err
	}
	d.say("%s  %s came by bank transfer; the statement was imported and %d bill paid, oldest first", d.now(), due, len(f.Open))
	return d.printProof(ctx, a)
}

func (d *demo) takeStatements(ctx context.Context) error {
	b, err := d.desk.bank()
	if err != nil {
		return err
	}
	taken, err := d.desk.fetchStatements(ctx, b, sandbox.BankCamt053)
	for _, i := range taken {
		d.report.Statements++
		d.report.Transfers += i.Credited
	}
	return err
}

// printProof writes the document that says whose account number it is, beside the
// database.
func (d *demo) printProof(ctx context.Context, a account.Account) error {
	proof, err := d.desk.office.AccountProof(ctx, access.CommandLine, a.ID)
	if f, expected := fault.Of(err); expected { // such as a letter that no font here has
		d.say("%s  no account proof: %s", d.now(), f.Message)
		return nil
	}
	if err != nil {
		return err
	}
	path := filepath.Join(d.desk.config.Data, "demo"+demoProofEnd)
	if db := d.desk.store.Path(); db != "" {
		path = strings.TrimSuffix(db, ".db") + demoProofEnd
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path, proof.PDF, bankFileMode); err != nil {
		return err
	}
	d.report.Proof = path
	return nil
}

// countCash adds what was paid out of an account's balance to what was collected.
func (d *demo) countCash(ctx context.Context, id account.ID, t demoSums) error {
	applied, _, err := d.desk.office.CashApplications(ctx, access.CommandLine, id, office.Page{Limit: 1_000})
	if err != nil {
		return err
	}
	for _, a := range applied {
		kept, err := a.Amount.Sub(a.Undone)
		if err != nil {
			return err
		}
		if err := t.collected.addAmount(kept); err != nil {
			return err
		}
	}
	return nil
}

// compareBank holds what our books say lies at the bank against the bank's own.
func (d *demo) compareBank(ctx context.Context, books sandbox.Books) error {
	totals, err := d.desk.office.Totals(ctx, access.CommandLine)
	if err != nil {
		return err
	}
	ours := map[string]int64{}
	for _, t := range totals {
		if t.Ledger == ledger.BankCash {
			ours[string(t.Debit.Currency)] += t.Debit.Minor - t.Credit.Minor
		}
	}
	for c, theirs := range books.Bank.Totals {
		if theirs.Booked != ours[c] {
			d.report.outsideSays = append(d.report.outsideSays, fmt.Sprintf("%d %s lie at the bank, and we have %d", theirs.Booked, c, ours[c]))
		}
		delete(ours, c)
	}
	for c, minor := range ours {
		if minor != 0 {
			d.report.outsideSays = append(d.report.outsideSays, fmt.Sprintf("nothing lies at the bank in %s, and we have %d", c, minor))
		}
	}
	return nil
}
