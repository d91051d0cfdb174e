package cli

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/wire"
)

type accountCommands struct {
	Open accountOpen `cmd:"" help:"Open an account."`
	Ls   accountLs   `cmd:"" help:"List accounts."`
	Show accountShow `cmd:"" help:"Show an account, what it may pay with, and what it owes."`

	Resources accountResources `cmd:"" help:"Show or tell what runs for an account."`
	Close     accountClose     `cmd:"" help:"Begin an account's silent period, after which it is closed."`
	Reopen    accountReopen    `cmd:"" help:"Take an account out of its silent period."`
	AutoApply accountAutoApply `cmd:"" name:"auto-apply" help:"Say whether the balance pays bills by itself."`
}

type accountOpen struct {
	Reference  string    `required:"" help:"The platform's own unique name for the customer."`
	Country    string    `required:"" help:"ISO 3166-1 code of the country given at registration."`
	Currency   string    `required:"" help:"ISO 4217 code; an account has one."`
	Name       string    `help:"The customer's name; the reference if it is left out."`
	Email      string    `required:"" help:"Where messages go."`
	Kind       string    `enum:"individual,enterprise" default:"individual" help:"individual or enterprise."`
	Zone       string    `default:"UTC" help:"IANA name of the zone in which months are cut."`
	Language   string    `default:"en" help:"en, zh-Hant, zh-Hans or ja."`
	TaxID      string    `name:"tax-id" help:"The customer's tax id."`
	Registered time.Time `help:"When the customer registered, such as 2024-09-01T00:00:00Z; now if it is left out."`
	Line1      string    `help:"Address, first line."`
	Line2      string    `help:"Address, second line."`
	City       string    `help:"Address, city."`
	Region     string    `help:"Address, state or region."`
	PostalCode string    `help:"Address, postal code."`
}

// Run opens an account.
func (c accountOpen) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		name := c.Name
		if name == "" {
			name = c.Reference
		}
		a, err := d.office.OpenAccount(ctx, access.CommandLine, office.NewAccount{
			Reference: c.Reference, Kind: account.Kind(c.Kind), Name: name, Country: strings.ToUpper(c.Country), RegisteredAt: c.Registered,
			Currency: strings.ToUpper(c.Currency), Zone: c.Zone, Email: c.Email, Language: c.Language, TaxID: c.TaxID,
			Address: account.Address{Line1: c.Line1, Line2: c.Line2, City: c.City, Region: c.Region, PostalCode: c.PostalCode},
		})
		if err != nil {
			return err
		}
		return s.show(wire.OfAccount(a), func(w io.Writer) { accountFacts(w, wire.OfAccount(a)) })
	})
}

func accountFacts(w io.Writer, a wire.Account) {
	facts(w, func(add func(...any)) {
		add("account", a.ID)
		add("reference", a.Reference)
		add("name", a.Name)
		add("kind", a.Kind)
		add("state", a.State)
		add("country", a.Country)
		add("currency", a.Currency)
		add("zone", a.Zone)
		add("email", a.Email)
		add("language", a.Language)
		add("tax id", a.TaxID)
		add("credit", a.Credit)
		add("balance pays by itself", a.AutoApply)
		add("overdue since", a.OverdueSince)
		add("silent since", a.SilentSince)
		add("registered", a.RegisteredAt)
		add("opened", a.CreatedAt)
	})
}

type accountLs struct{ pageFlags }

// Run lists accounts.
func (c accountLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		list, next, err := d.office.Accounts(ctx, access.CommandLine, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfAccount, "account,reference,name,country,currency,state,opened", func(a wire.Account) []any {
			return []any{a.ID, a.Reference, a.Name, a.Country, a.Currency, a.State, a.CreatedAt}
		})
	})
}

type accountShow struct {
	Account string `arg:"" help:"Its id, or its reference."`
}

// shownAccount is an account and how it stands.
type shownAccount struct {
	wire.Account
	PolicyRegion string       `json:"policy_region"`
	Policy       string       `json:"policy"`
	Offers       []shownOffer `json:"offers"`
	Threshold    wire.Amount  `json:"threshold"`
	Held         *wire.Hold   `json:"held,omitempty"`
	Exposure     wire.Amount  `json:"exposure"`
	Owed         wire.Amount  `json:"owed"`
	Balance      wire.Amount  `json:"balance"`
}

type shownOffer struct {
	Kind      string       `json:"kind"`
	May       bool         `json:"may"`
	Why       string       `json:"why,omitempty"`
	Brands    []string     `json:"brands,omitempty"`
	Threshold *wire.Amount `json:"threshold,omitempty"`
	Exposure  *wire.Amount `json:"exposure_hold,omitempty"`
}

// terms says from when usage is charged, and what is held for it meanwhile.
func terms(o shownOffer) string {
	said := ""
	if o.Threshold != nil {
		said = "charged from " + cell(*o.Threshold)
	}
	if o.Exposure != nil {
		said += ", " + cell(*o.Exposure) + " held while in use"
	}
	return said
}

// Run shows an account.
func (c accountShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		ways, err := d.office.WaysToPay(ctx, access.CommandLine, a.ID)
		if err != nil {
			return err
		}
		shown := shownAccount{
			Account: wire.OfAccount(a), PolicyRegion: string(ways.Region), Policy: ways.Policy, Offers: offersOf(ways.Offers),
			Threshold: wire.OfAmount(ways.Threshold), Exposure: wire.OfExact(ways.Exposure), Owed: wire.OfAmount(ways.Owed), Balance: wire.OfAmount(ways.Balance),
		}
		if ways.Held.ID != "" {
			held := wire.OfHold(ways.Held)
			shown.Held = &held
		}
		return s.show(shown, func(w io.Writer) {
			accountFacts(w, shown.Account)
			facts(w, func(add func(...any)) {
				add("policy", shown.Policy, "as "+shown.PolicyRegion)
				for _, o := range shown.Offers {
					if o.May {
						add("may use", o.Kind, strings.Join(o.Brands, ", "), terms(o))
					} else {
						add("not", o.Kind, o.Why)
					}
				}
				add("not collected yet", shown.Exposure)
				add("collected from", shown.Threshold)
				if shown.Held != nil {
					add("held for it", shown.Held.Amount, shown.Held.State)
				}
				add("owed", shown.Owed)
				add("balance", shown.Balance)
			})
		})
	})
}

func offersOf(offers []policy.Offer) []shownOffer {
	shown := []shownOffer{}
	for _, o := range offers {
		one := shownOffer{Kind: string(o.Kind), May: o.May == nil}
		if o.May != nil {
			one.Why = o.May.Error()
		}
		for _, b := range o.Brands {
			one.Brands = append(one.Brands, string(b))
		}
		one.Threshold, one.Exposure = maybeAmount(o.Threshold.Start), maybeAmount(o.Exposure)
		shown = append(shown, one)
	}
	return shown
}

func maybeAmount(a money.Amount) *wire.Amount {
	if a.IsZero() {
		return nil
	}
	shape := wire.OfAmount(a)
	return &shape
}

// account finds an account by its id or by its reference.
func (d *desk) account(ctx context.Context, name string) (account.Account, error) {
	if strings.HasPrefix(name, "acct_") {
		if a, err := d.office.Account(ctx, access.CommandLine, account.ID(name)); err == nil {
			return a, nil
		}
	}
	return d.office.AccountByReference(ctx, access.CommandLine, name)
}
