package api

import (
	"context"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/api/problem"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/wire"
)

type accountRequest struct {
	Reference    string       `json:"reference" minLength:"1" maxLength:"128" doc:"Your own name for it, unique, in printable ASCII."`
	Kind         string       `json:"kind,omitempty" enum:"individual,enterprise" doc:"Individual if left out."`
	Name         string       `json:"name" minLength:"1" maxLength:"200"`
	Country      string       `json:"country" minLength:"2" maxLength:"2" example:"DE" doc:"ISO 3166-1 code of the country given at registration."`
	RegisteredAt time.Time    `json:"registered_at,omitzero" doc:"When the customer registered with you; now if left out."`
	Currency     string       `json:"currency" minLength:"3" maxLength:"3" example:"USD" doc:"ISO 4217 code; it cannot be changed."`
	Zone         string       `json:"zone,omitempty" maxLength:"64" example:"Europe/Berlin" doc:"IANA name of the zone in which months are cut; UTC if left out."`
	Email        string       `json:"email" minLength:"3" maxLength:"200" doc:"Where the customer is told of charges."`
	Language     string       `json:"language,omitempty" enum:"en,zh-Hant,zh-Hans,ja" doc:"English if left out."`
	Address      wire.Address `json:"address,omitzero"`
	TaxID        string       `json:"tax_id,omitempty" maxLength:"64"`
}

type accountChangeRequest struct {
	Name     *string       `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Email    *string       `json:"email,omitempty" minLength:"3" maxLength:"200"`
	Language *string       `json:"language,omitempty" enum:"en,zh-Hant,zh-Hans,ja"`
	Address  *wire.Address `json:"address,omitempty" doc:"Takes the place of the whole address."`
	TaxID    *string       `json:"tax_id,omitempty" maxLength:"64"`
}

func (s *Server) openAccount(ctx context.Context, by access.Caller, in *struct{ Body accountRequest }) (wire.Account, error) {
	b := in.Body
	a, err := s.office.OpenAccount(ctx, by, office.NewAccount{
		Reference: b.Reference, Kind: account.Kind(b.Kind), Name: b.Name, Country: b.Country, RegisteredAt: b.RegisteredAt, Currency: b.Currency,
		Zone: b.Zone, Email: b.Email, Language: b.Language, Address: account.Address(b.Address), TaxID: b.TaxID,
	})
	return wire.OfAccount(a), err
}

func (s *Server) listAccounts(ctx context.Context, by access.Caller, in *struct {
	PageInput
	Reference string `query:"reference" maxLength:"128" doc:"The one account that you know by this name; the list is empty if there is none."`
}) (wire.List[wire.Account], error) {
	if in.Reference != "" {
		a, err := s.office.AccountByReference(ctx, by, in.Reference)
		return oneOrNone(a, err, account.ErrNotFound, wire.OfAccount)
	}
	p, err := in.page("acct")
	if err != nil {
		return wire.List[wire.Account]{}, err
	}
	accounts, next, err := s.office.Accounts(ctx, by, p)
	return list(accounts, next, wire.OfAccount), err
}

func (s *Server) account(ctx context.Context, by access.Caller, in *IDInput) (wire.Account, error) {
	a, err := s.office.Account(ctx, by, account.ID(in.ID))
	return wire.OfAccount(a), err
}

func (s *Server) changeAccount(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body accountChangeRequest
}) (wire.Account, error) {
	b := in.Body
	a, err := s.office.ChangeAccount(ctx, by, account.ID(in.ID), office.AccountChange{
		Name: b.Name, Email: b.Email, Language: b.Language, TaxID: b.TaxID, Address: (*account.Address)(b.Address),
	})
	return wire.OfAccount(a), err
}

func (s *Server) waysToPay(ctx context.Context, by access.Caller, in *SpokenInput) (wire.WaysToPay, error) {
	w, err := s.office.WaysToPay(ctx, by, account.ID(in.ID))
	shape := wire.WaysToPay{
		Object: "ways_to_pay", Account: in.ID, Region: string(w.Region), Policy: w.Policy, Offers: []wire.Offer{},
		Threshold: wire.OfAmount(w.Threshold), Exposure: wire.OfExact(w.Exposure), Owed: wire.OfAmount(w.Owed), Balance: wire.OfAmount(w.Balance),
	}
	for _, o := range w.Offers {
		shape.Offers = append(shape.Offers, offerJSON(o, in.Language))
	}
	shape.Held = maybeHold(w.Held)
	return shape, err
}

func offerJSON(o policy.Offer, language string) wire.Offer {
	shape := wire.Offer{Kind: string(o.Kind), Available: o.May == nil, Reasons: objections(o.May, language), Challenge: o.Challenge}
	for _, b := range o.Brands {
		shape.Brands = append(shape.Brands, string(b))
	}
	if !o.Hold.IsZero() {
		hold := wire.OfAmount(o.Hold)
		shape.Hold = &hold
	}
	if !o.Threshold.Start.IsZero() {
		threshold := wire.OfAmount(o.Threshold.Start)
		shape.Threshold = &threshold
	}
	if !o.Exposure.IsZero() {
		exposure := wire.OfAmount(o.Exposure)
		shape.Exposure = &exposure
	}
	return shape
}

// objections shapes every reason why not.
func objections(why error, language string) []wire.Objection {
	var shapes []wire.Objection
	for _, r := range problem.Reasons(why, language) {
		shapes = append(shapes, wire.Objection(r))
	}
	return shapes
}

func (s *Server) usageOf(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Month string `query:"month" maxLength:"7" example:"2024-09" doc:"The month of this moment if left out."`
	By    string `query:"by" enum:"product,day" default:"product" doc:"By day adds the same usage by day and product."`
}) (wire.Usage, error) {
	month, err := maybeMonth(in.Month)
	if err != nil {
		return wire.Usage{}, err
	}
	used, err := s.office.UsageOf(ctx, by, account.ID(in.ID), month)
	shape := wire.Usage{Object: "usage", Account: in.ID, Month: wire.MaybeText(month), Products: []wire.ProductUsage{}}
	for _, p := range used.Products {
		shape.Products = append(shape.Products, productUsage(p))
	}
	if in.By == "day" {
		shape.Days = []wire.DayUsage{}
		for _, d := range used.Days {
			shape.Days = append(shape.Days, wire.DayUsage{Day: d.Day.String(), ProductUsage: productUsage(d.Exposure)})
		}
	}
	return shape, err
}

func productUsage(e billing.Exposure) wire.ProductUsage {
	return wire.ProductUsage{Product: e.Product, Lines: e.Lines, Usage: wire.OfExact(e.Usage)}
}

func maybeMonth(text string) (billing.Month, error) {
	if text == "" {
		return "", nil
	}
	return billing.ParseMonth(text)
}
