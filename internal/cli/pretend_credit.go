package cli

import (
	"context"
	"fmt"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
)

const (
	pretendBankName   = "Demo Bank"
	pretendBankNumber = "370400440532010001" // bank, branch and account, without check digits
	pretendNumbersMax = 9_999                // in the pool
)

// Pretended staff: what one proposes the other decides on.
var (
	pretendManager = access.Caller{Name: "demo:account-manager", Trusted: true}
	pretendFinance = access.Caller{Name: "demo:finance", Trusted: true}
)

// openCredit opens a bank account of ours with numbers for customers, and a credit line
// for a pretended customer, who gets a number with it.
func (d *desk) openCredit(ctx context.Context, a account.Account, limit money.Amount) (account.CreditLine, error) {
	if err := d.openReceiving(ctx, a); err != nil {
		return account.CreditLine{}, fmt.Errorf("open a receiving account: %w", err)
	}
	line, err := d.office.ProposeCreditLine(ctx, pretendManager, a.ID, office.CreditProposal{Kind: account.OpenCredit, Limit: limit, Reason: "pays by transfer, as agreed"})
	if err != nil {
		return line, fmt.Errorf("propose a credit line: %w", err)
	}
	if line, err = d.office.ApproveCreditLine(ctx, pretendFinance, line.ID, "as proposed"); err != nil {
		return line, fmt.Errorf("approve a credit line: %w", err)
	}
	return line, nil
}

// openReceiving opens an account of ours in a customer's currency, with a pool of
// numbers.
func (d *desk) openReceiving(ctx context.Context, a account.Account) error {
	o := d.office
	number, err := bank.MakeIBAN("DE", pretendBankNumber)
	if err != nil {
		return err
	}
	p, err := o.Policy(ctx, access.CommandLine)
	if err != nil {
		return err
	}
	seller := p.Seller(p.Region(a.Country, a.RegisteredAt))
	opened, err := o.ProposeReceiving(ctx, pretendManager, bank.ReceivingAccount{
		Seller: seller.Code, Country: "DE", Currency: a.Currency, Bank: pretendBankName, BankAddress: "Frankfurt am Main", BIC: "PRETDEFFXXX", Holder: "Demo Cloud GmbH",
		Scheme: bank.SchemeIBAN, Number: string(number), Rails: []bank.Rail{bank.RailSwift, bank.RailSEPA}, Shared: true,
	}, "the bank's letter")
	if err != nil {
		return err
	}
	if _, err := o.AgreeToReceiving(ctx, pretendFinance, opened.ID, "as in the letter"); err != nil {
		return err
	}
	numbers, err := o.ProposePool(ctx, pretendManager, office.NewPool{Receiving: opened.Receiving, BankCode: "37040044", Prefix: "77", Last: pretendNumbersMax}, "the bank's letter")
	if err != nil {
		return err
	}
	_, err = o.AgreeToReceiving(ctx, pretendFinance, numbers.ID, "as in the letter")
	return err
}
