package cli

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/policy"
)

const (
	welcomeCredit = "credit-de" // the account that has credit
	welcomeLimit  = 50_000_00   // cents
	welcomeMax    = 10          // accounts that links are made for
	welcomePage   = "/methods/new"
)

// welcomeAccounts are opened by `serve --demo` on an empty database: one in each
// region of the demonstration's policy, and one who has credit and pays by transfer.
var welcomeAccounts = []office.NewAccount{
	{Reference: "acme-us", Name: "Acme Inc.", Kind: account.Enterprise, Country: "US", Currency: "USD", Email: "billing@acme.example"},
	{Reference: "beispiel-de", Name: "Beispiel GmbH", Kind: account.Enterprise, Country: "DE", Currency: "EUR", Zone: "Europe/Berlin", Email: "rechnung@beispiel.example"},
	{Reference: "contoh-my", Name: "Contoh Sdn. Bhd.", Kind: account.Enterprise, Country: "MY", Currency: "MYR", Zone: "Asia/Kuala_Lumpur", Email: "akaun@contoh.example"},
	{Reference: welcomeCredit, Name: "Kredit AG", Kind: account.Enterprise, Country: "DE", Currency: "EUR", Zone: "Europe/Berlin", Email: "buchhaltung@kredit.example"},
	{Reference: "mihon-jp", Name: "Mihon K.K.", Kind: account.Enterprise, Country: "JP", Currency: "JPY", Zone: "Asia/Tokyo", Language: "ja", Email: "keiri@mihon.example"},
}

// welcome is a link with which a person comes in as a customer.
type welcome struct {
	Account   string `json:"account"`
	Reference string `json:"reference"`
	Country   string `json:"country"`
	Currency  string `json:"currency"`
	URL       string `json:"url"`
}

// welcome opens the demonstration's accounts if there are none, and makes an API
// key and links in.
func (d *desk) welcome(ctx context.Context) (key string, links []welcome, err error) {
	accounts, _, err := d.office.Accounts(ctx, access.CommandLine, office.Page{Limit: welcomeMax})
	if err != nil {
		return "", nil, err
	}
	if len(accounts) == 0 {
		if accounts, err = d.furnish(ctx); err != nil {
			return "", nil, err
		}
	}
	_, text, err := d.office.CreateKey(ctx, access.CommandLine, office.NewKey{Name: "demo", Scopes: access.Scopes})
	if err != nil {
		return "", nil, err
	}
	for _, a := range accounts {
		page := welcomePage
		if a.Credit {
			page = "/"
		}
		link, _, err := d.office.OpenConsole(ctx, access.CommandLine, a.ID, office.Entrance{Page: page})
		if err != nil {
			return "", nil, err
		}
		links = append(links, welcome{string(a.ID), a.Reference, a.Country, string(a.Currency), link})
	}
	return string(text), links, nil
}

// furnish opens the demonstration's accounts, under its policy unless one was
// applied.
func (d *desk) furnish(ctx context.Context) ([]account.Account, error) {
	rows, err := d.office.Policies(ctx, access.CommandLine)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		if _, err := d.office.ApplyPolicy(ctx, access.CommandLine, []byte(policy.Demo().Document), "demo.yaml", true); err != nil {
			return nil, err
		}
	}
	var opened []account.Account
	for _, n := range welcomeAccounts {
		a, err := d.office.OpenAccount(ctx, access.CommandLine, n)
		if err != nil {
			return nil, err
		}
		if a.Reference == welcomeCredit {
			if _, err := d.openCredit(ctx, a, money.Amount{Minor: welcomeLimit, Currency: a.Currency}); err != nil {
				return nil, err
			}
			if a, err = d.office.Account(ctx, access.CommandLine, a.ID); err != nil {
				return nil, err
			}
		}
		opened = append(opened, a)
	}
	return opened, nil
}
