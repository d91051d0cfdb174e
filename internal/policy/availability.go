package policy

import (
	"errors"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

// Region is a group of countries that the policy treats alike. The names are the
// document's own: an installation with several sellers names a region after each
// (R-ELIG-05).
type Region string

// The regions of the built-in policy.
const (
	UnitedStates Region = "united_states"
	EU           Region = "eu"
	EuropeNonEU  Region = "europe_non_eu"
	Malaysia     Region = "malaysia"
	Other        Region = "other"
)

// Kind is a way to pay.
type Kind string

// The ways to pay.
const (
	Card         Kind = "card"
	PayPal       Kind = "paypal"
	BankTransfer Kind = "bank_transfer"
)

// Cohort puts the accounts of a country that registered before an instant into a
// region of their own (R-ELIG-03).
type Cohort struct {
	Country string
	Before  time.Time
	Region  Region
}

// brands are those that a document may speak of, in the order of pages.
var brands = []payment.Brand{payment.Visa, payment.Mastercard, payment.Amex, payment.JCB,
	payment.UnionPay, payment.Discover, payment.Diners}

// ways is a region's row of the matrix.
type ways struct {
	brands []payment.Brand
	paypal bool
}

// blocked is what is refused in every region.
type blocked struct {
	issuers []string // countries of card issuers
	payers  []string // countries of PayPal accounts
	funding []payment.Funding
	wallets []string
}

// What may speak against a way to pay.
var (
	ErrMethodNotAvailable = fault.New(fault.Invalid, "method_not_available", "this payment method is not available in the account's region").
				WithNext("choose one of the payment methods that are offered for this account")
	ErrBrandUnsupported = fault.New(fault.Invalid, "brand_unsupported", "cards of this brand are not accepted").
				WithNext("use a card of a brand that is offered for this account")
	ErrCardPrepaid = fault.New(fault.Invalid, "card_prepaid", "prepaid, virtual and gift cards are not accepted").
			WithNext("use a credit or debit card that was issued by a bank and is open to online and international payments")
	ErrFundingBlocked = fault.New(fault.Invalid, "funding_blocked", "cards of this kind of funding are not accepted").
				WithNext("use a card of another kind, credit or debit")
	ErrIssuerCountryBlocked = fault.New(fault.Invalid, "issuer_country_blocked", "cards that were issued in this country are not accepted").
				WithNext("use a card that was issued in another country")
	ErrPayerCountryBlocked = fault.New(fault.Invalid, "payer_country_blocked", "PayPal accounts that were registered in this country are not accepted").
				WithNext("use a PayPal account that was registered in another country, or a card")
	ErrWalletRefused = fault.New(fault.Invalid, "wallet_refused", "this wallet is not accepted").
				WithNext("use a card, or PayPal where it is offered")
	ErrBindingStopped = fault.New(fault.Unavailable, "binding_stopped", "no payment methods can be added at the moment").
				WithNext("try again later; methods that were added before go on working")
	ErrTransferNeedsCredit = fault.New(fault.Forbidden, "bank_transfer_not_open", "bank transfer is for enterprise accounts with an approved credit line").
				WithNext("ask the account manager to open it")
)

// Region returns the region of an account by its country and its time of registration
// (R-ELIG-03).
func (p Policy) Region(country string, registered time.Time) Region {
	for _, c := range p.cohorts { // the earliest first, so that each has the time since the one before
		if c.Country == country && registered.Before(c.Before) {
			return c.Region
		}
	}
	return p.regionOf(country)
}

// regionOf returns the region of a country, whatever the time of registration.
func (p Policy) regionOf(country string) Region {
	if r, ok := p.countries[country]; ok {
		return r
	}
	return p.elsewhere
}

// Regions returns the regions in the document's order.
func (p Policy) Regions() []Region { return slices.Clone(p.regions) }

// MayUseBrand returns nil if accounts of the region may use cards of the brand
// (R-ELIG-01, R-ELIG-02).
func (p Policy) MayUseBrand(region Region, b payment.Brand) error {
	switch {
	case slices.Contains(p.availability[region].brands, b):
		return nil
	case p.acceptsSomewhere(b):
		return ErrMethodNotAvailable
	default:
		return ErrBrandUnsupported
	}
}

func (p Policy) acceptsSomewhere(b payment.Brand) bool {
	for _, w := range p.availability {
		if slices.Contains(w.brands, b) {
			return true
		}
	}
	return false
}

// MayUsePayPal returns nil if accounts of the region may pay with PayPal in currency c.
func (p Policy) MayUsePayPal(region Region, c money.Currency) error {
	if _, ok := p.walletRanges[c]; !ok || !p.availability[region].paypal {
		return ErrMethodNotAvailable
	}
	return nil
}

// MayUseTransfer returns nil if an account may pay by bank transfer (R-ELIG-06).
func MayUseTransfer(k account.Kind, credit bool) error {
	if k != account.Enterprise || !credit {
		return ErrTransferNeedsCredit
	}
	return nil
}

// MayUseWallet returns nil if payers may use the wallet of this name: none that is
// refused, and none that Bursar does not know (R-ELIG-07).
func (p Policy) MayUseWallet(name string) error {
	if name != string(PayPal) || slices.Contains(p.blocked.wallets, name) {
		return ErrWalletRefused
	}
	return nil
}

// BindFacts are what decides whether a card may be bound.
type BindFacts struct {
	Region Region
	Card   payment.Card
	Now    time.Time
}

// MayBindCard returns nil if the card may be bound, else every reason why not
// (R-BIND-04, R-BIND-06 to R-BIND-09, R-ELIG-02). What it refuses must not be sent to
// a provider.
func (p Policy) MayBindCard(f BindFacts) error {
	var why []error
	if !p.BindingOpen {
		why = append(why, ErrBindingStopped)
	}
	return errors.Join(append(why, f.Card.MayBind(f.Now, p.Zone), p.MayKeepCard(f.Region, f.Card))...)
}

// MayKeepCard returns nil if a card that is bound may go on being charged, else every
// reason why the policy withdraws it (R-ELIG-04). Expiry is not among them.
func (p Policy) MayKeepCard(region Region, c payment.Card) error {
	var why []error
	if err := p.mayUseNetworks(region, c); err != nil {
		why = append(why, err)
	}
	if slices.Contains(p.blocked.funding, c.Funding) {
		reason := ErrFundingBlocked
		if c.Funding == payment.PrepaidFunding {
			reason = ErrCardPrepaid
		}
		why = append(why, reason)
	}
	if slices.Contains(p.blocked.issuers, c.Country) {
		why = append(why, ErrIssuerCountryBlocked)
	}
	return errors.Join(why...)
}

// mayUseNetworks returns nil if any scheme of the card is available in the region: a
// card with two marks is judged by the better one.
func (p Policy) mayUseNetworks(region Region, c payment.Card) error {
	reason := ErrBrandUnsupported
	for _, b := range c.Over() {
		err := p.MayUseBrand(region, b)
		if err == nil {
			return nil
		}
		if errors.Is(err, ErrMethodNotAvailable) {
			reason = ErrMethodNotAvailable
		}
	}
	if c.IsUnionPayOnly() {
		return payment.ErrUnionPayOnly
	}
	return reason
}

// MayBindPayPal returns nil if a PayPal account may be bound, else every reason why
// not (R-PP-03). The payer's country is "" as long as it is unknown.
func (p Policy) MayBindPayPal(region Region, c money.Currency, payerCountry string) error {
	var why []error
	if !p.BindingOpen {
		why = append(why, ErrBindingStopped)
	}
	return errors.Join(append(why, p.MayKeepPayPal(region, c, payerCountry))...)
}

// MayKeepPayPal returns nil if a PayPal account that is bound may go on being charged.
func (p Policy) MayKeepPayPal(region Region, c money.Currency, payerCountry string) error {
	var why []error
	if err := p.MayUsePayPal(region, c); err != nil {
		why = append(why, err)
	}
	if slices.Contains(p.blocked.payers, payerCountry) {
		why = append(why, ErrPayerCountryBlocked)
	}
	return errors.Join(why...)
}

// MayKeepMethod returns nil if a method that is bound may go on being charged in
// currency c, whatever its kind, else every reason why the policy withdraws it
// (R-ELIG-04). The country of a PayPal method's Card is its payer's.
func (p Policy) MayKeepMethod(region Region, c money.Currency, m payment.Method) error {
	if m.Kind == payment.PayPalKind {
		return p.MayKeepPayPal(region, c, m.Card.Country)
	}
	return p.MayKeepCard(region, m.Card)
}

// OfferFacts are what decides which ways to pay an account is offered.
type OfferFacts struct {
	Region      Region
	Kind        account.Kind
	Credit      bool         // the account has an approved credit line
	HoldMinimum money.Amount // the provider's minimum, in the account's currency
	Factor      int64        // of the account's card threshold, as in ThresholdFacts
	Step        int64        // of the cards' provider, as in ThresholdFacts

	PayPalFactor int64        // of the account's PayPal threshold
	LastMonth    money.Amount // usage before tax of the last billed month; zero if there is none
}

// Offer is a way to pay as a page tells it to one account.
type Offer struct {
	Kind      Kind
	May       error           // why the account may not use it; nil if it may
	Brands    []payment.Brand // of cards that may be used
	Threshold ThresholdRange  // from which usage is collected, the account's own if it moves; zero if nothing triggers but the bill
	Hold      money.Amount    // that verifies it; zero if it needs none
	Challenge bool            // 3-D Secure is always run when it is added
	Exposure  money.Amount    // the hold that covers running usage while it is preferred, as it would be placed now; zero if there is none
}

// Offers returns the ways to pay, whether the account may use them or not (S-01).
func (p Policy) Offers(f OfferFacts) []Offer {
	currency := f.HoldMinimum.Currency
	hold := p.Hold(currency, f.HoldMinimum)
	card := Offer{Kind: Card, Hold: hold, Challenge: p.Force3DS(f.Region, Bind)}
	for _, b := range brands {
		if p.MayUseBrand(f.Region, b) == nil {
			card.Brands = append(card.Brands, b)
		}
	}
	if len(card.Brands) == 0 {
		card.May = ErrMethodNotAvailable
	}
	paypal := Offer{Kind: PayPal, Hold: hold, May: p.MayUsePayPal(f.Region, currency)}
	if !f.Credit { // R-THR-09
		facts := ThresholdFacts{Factor: f.Factor, Step: f.Step, Minimum: f.HoldMinimum}
		card.Threshold = p.offered(Card, facts)
		facts.Factor = f.PayPalFactor
		paypal.Threshold = p.offered(PayPal, facts)
		if paypal.May == nil {
			paypal.Exposure, _ = p.ExposureHold(currency, f.LastMonth)
		}
	}
	return []Offer{card, paypal, {Kind: BankTransfer, May: MayUseTransfer(f.Kind, f.Credit)}}
}
