package policy_test

import (
	"errors"
	"testing"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

// TestMatrix is R-ELIG-01 and R-ELIG-02: the 25 cells, by a country of each region.
func TestMatrix(t *testing.T) {
	const yes, no = true, false
	cases := []struct {
		name    string
		country string
		brand   payment.Brand // "" is PayPal
		want    bool
	}{
		{"Visa in the United States", "US", payment.Visa, yes},
		{"Mastercard in the United States", "US", payment.Mastercard, yes},
		{"American Express in the United States", "US", payment.Amex, yes},
		{"JCB in the United States", "US", payment.JCB, no},
		{"PayPal in the United States", "US", "", yes},

		{"Visa in the EU", "DE", payment.Visa, yes},
		{"Mastercard in the EU", "DE", payment.Mastercard, yes},
		{"American Express in the EU", "DE", payment.Amex, yes},
		{"JCB in the EU", "DE", payment.JCB, no},
		{"PayPal in the EU", "DE", "", no},

		{"Visa in Europe outside the EU", "GB", payment.Visa, yes},
		{"Mastercard in Europe outside the EU", "GB", payment.Mastercard, yes},
		{"American Express in Europe outside the EU", "GB", payment.Amex, yes},
		{"JCB in Europe outside the EU", "GB", payment.JCB, no},
		{"PayPal in Europe outside the EU", "GB", "", yes},

		{"Visa in Malaysia", "MY", payment.Visa, yes},
		{"Mastercard in Malaysia", "MY", payment.Mastercard, yes},
		{"American Express in Malaysia", "MY", payment.Amex, no},
		{"JCB in Malaysia", "MY", payment.JCB, no},
		{"PayPal in Malaysia", "MY", "", no},

		{"Visa elsewhere", "JP", payment.Visa, yes},
		{"Mastercard elsewhere", "JP", payment.Mastercard, yes},
		{"American Express elsewhere", "JP", payment.Amex, yes},
		{"JCB elsewhere", "JP", payment.JCB, yes},
		{"PayPal elsewhere", "JP", "", yes},
	}
	p := policy.BuiltIn()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			region := p.Region(c.country, at(t, "2024-09-01T00:00:00Z"))
			var err error
			if c.brand == "" {
				err = p.MayUsePayPal(region, "USD")
			} else {
				card := goodCard()
				card.Brand, card.Networks = c.brand, []payment.Brand{c.brand}
				err = p.MayBindCard(policy.BindFacts{Region: region, Card: card, Now: at(t, "2024-09-01T00:00:00Z")})
			}
			if c.want && err != nil {
				t.Errorf("got %v, want it offered", err)
			}
			if !c.want && codes(err) != "method_not_available" {
				t.Errorf("got %q, want method_not_available", codes(err))
			}
		})
	}
}

func goodCard() payment.Card {
	return payment.Card{Brand: payment.Visa, Networks: []payment.Brand{payment.Visa}, Funding: payment.CreditFunding,
		Country: "US", ExpMonth: 12, ExpYear: 2030}
}

func TestRegion(t *testing.T) {
	cases := map[policy.Region][]string{
		policy.UnitedStates: {"US"},
		policy.EU: {"AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV",
			"LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"},
		policy.EuropeNonEU: {"GB", "CH", "NO", "IS", "LI", "UA", "RS", "XK"},
		policy.Malaysia:    {"MY"},
		policy.Other:       {"SG", "JP", "KR", "AU", "HK", "TW", "MO", "CN", "IN", "CA", "BR", ""},
	}
	if n := len(cases[policy.EU]); n != 27 {
		t.Fatalf("%d states of the EU, want 27", n)
	}
	p := policy.BuiltIn()
	for want, countries := range cases {
		for _, country := range countries {
			if got := p.Region(country, at(t, "2024-09-01T00:00:00Z")); got != want {
				t.Errorf("%q is in %s, want %s", country, got, want)
			}
		}
	}
}

func TestRegionGoesByTimeOfRegistration(t *testing.T) {
	p := with(t, "cohorts: []", `cohorts:
  - {country: MY, registered_before: 2019-10-08, region: other}
  - {country: MY, registered_before: 2015-01-01T08:00:00+08:00, region: united_states}`)
	cases := []struct {
		name, country, registered string
		want                      policy.Region
	}{
		{"the oldest", "MY", "2014-12-31T23:59:59Z", policy.UnitedStates},
		{"from then on", "MY", "2015-01-01T00:00:00Z", policy.Other},
		{"last of the cohort", "MY", "2019-10-07T23:59:59Z", policy.Other},
		{"first after it", "MY", "2019-10-08T00:00:00Z", policy.Malaysia},
		{"another country", "DE", "2014-01-01T00:00:00Z", policy.EU},
	}
	for _, c := range cases {
		if got := p.Region(c.country, at(t, c.registered)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// TestMayBindCard has each refusal of S-03 and more.
func TestMayBindCard(t *testing.T) {
	open, stopped := policy.BuiltIn(), with(t, "open: on ", "open: off ")
	debitRefused := with(t, "funding: [prepaid] ", "funding: [prepaid, debit] ")
	unionPayAccepted := with(t, "other: [visa, mastercard, amex, jcb, paypal]", "other: [visa, mastercard, amex, jcb, unionpay, paypal]")
	brands := func(all ...payment.Brand) func(*payment.Card) {
		return func(c *payment.Card) { c.Brand, c.Networks = all[0], all }
	}
	cases := []struct {
		name   string
		policy policy.Policy
		region policy.Region
		change func(*payment.Card)
		want   string
	}{
		{"credit card", open, policy.Other, func(c *payment.Card) {}, ""},
		{"debit card", open, policy.Other, func(c *payment.Card) { c.Funding = payment.DebitFunding }, ""},
		{"funding not told", open, policy.Other, func(c *payment.Card) { c.Funding = payment.UnknownFunding }, ""},
		{"issuer not told", open, policy.Other, func(c *payment.Card) { c.Country = "" }, ""},
		{"UnionPay only", open, policy.Other, brands(payment.UnionPay), "unionpay_only"},
		{"UnionPay with Visa", open, policy.Other, brands(payment.UnionPay, payment.Visa), ""},
		{"Visa with UnionPay", open, policy.Other, brands(payment.Visa, payment.UnionPay), ""},
		{"UnionPay with Amex in Malaysia", open, policy.Malaysia, brands(payment.UnionPay, payment.Amex), "method_not_available"},
		{"Visa with a local scheme", open, policy.EU, brands(payment.UnknownBrand, payment.Visa), ""},
		{"prepaid, virtual, gift", open, policy.Other, func(c *payment.Card) { c.Funding = payment.PrepaidFunding }, "card_prepaid"},
		{"issued in mainland China", open, policy.Other, func(c *payment.Card) { c.Country = "CN" }, "issuer_country_blocked"},
		{"issued in Hong Kong", open, policy.Other, func(c *payment.Card) { c.Country = "HK" }, ""},
		{"Discover", open, policy.Other, brands(payment.Discover), "brand_unsupported"},
		{"Diners", open, policy.UnitedStates, brands(payment.Diners), "brand_unsupported"},
		{"brand not known", open, policy.Other, brands(payment.UnknownBrand), "brand_unsupported"},
		{"Amex in Malaysia", open, policy.Malaysia, brands(payment.Amex), "method_not_available"},
		{"a region that is not in the policy", open, "mars", func(c *payment.Card) {}, "method_not_available"},
		{"expires this month", open, policy.Other, func(c *payment.Card) { c.ExpMonth, c.ExpYear = 9, 2024 }, "card_expired"},
		{"expires next month", open, policy.Other, func(c *payment.Card) { c.ExpMonth, c.ExpYear = 10, 2024 }, ""},
		{"binding is stopped", stopped, policy.Other, func(c *payment.Card) {}, "binding_stopped"},
		{"debit where it is refused", debitRefused, policy.Other, func(c *payment.Card) { c.Funding = payment.DebitFunding }, "funding_blocked"},
		{"UnionPay where it is accepted", unionPayAccepted, policy.Other, brands(payment.UnionPay), ""},
		{"UnionPay only, where it is accepted elsewhere", unionPayAccepted, policy.EU, brands(payment.UnionPay), "unionpay_only"},
		{"everything at once", stopped, policy.EU, func(c *payment.Card) {
			*c = payment.Card{Brand: payment.JCB, Funding: payment.PrepaidFunding, Country: "CN", ExpMonth: 1, ExpYear: 2020}
		}, "binding_stopped card_expired method_not_available card_prepaid issuer_country_blocked"},
	}
	for _, c := range cases {
		card := goodCard()
		c.change(&card)
		err := c.policy.MayBindCard(policy.BindFacts{Region: c.region, Card: card, Now: at(t, "2024-09-30T23:59:59Z")})
		if got := codes(err); got != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		checkFaults(t, err)
	}
}

func TestExpiryIsJudgedInThePolicysZone(t *testing.T) {
	card := goodCard()
	card.ExpMonth, card.ExpYear = 10, 2024
	facts := policy.BindFacts{Region: policy.Other, Card: card, Now: at(t, "2024-09-30T15:00:00Z")}
	if err := policy.BuiltIn().MayBindCard(facts); err != nil {
		t.Errorf("in UTC it is September: got %v, want nil", err)
	}
	if err := with(t, "zone: UTC ", "zone: Asia/Tokyo").MayBindCard(facts); !errors.Is(err, payment.ErrCardExpired) {
		t.Errorf("in Tokyo it is October: got %v, want %v", err, payment.ErrCardExpired)
	}
}

func TestMayKeepCardIsNotAboutExpiryOrTheSwitch(t *testing.T) {
	stopped := with(t, "open: on ", "open: off ", "  eu: [visa, mastercard, amex]", "  eu: [mastercard, amex]")
	card := goodCard()
	card.ExpYear = 2020
	if err := stopped.MayKeepCard(policy.Other, card); err != nil {
		t.Errorf("expired, binding stopped: got %v, want nil", err)
	}
	if got := codes(stopped.MayKeepCard(policy.EU, card)); got != "method_not_available" {
		t.Errorf("brand withdrawn in the region: got %q, want method_not_available", got)
	}
}

func TestPayPal(t *testing.T) {
	open, stopped := policy.BuiltIn(), with(t, "open: on ", "open: off ")
	cases := []struct {
		name     string
		policy   policy.Policy
		region   policy.Region
		currency money.Currency
		payer    string
		want     string
	}{
		{"offered", open, policy.UnitedStates, "USD", "US", ""},
		{"payer's country not known yet", open, policy.UnitedStates, "USD", "", ""},
		{"of mainland China", open, policy.Other, "USD", "CN", "payer_country_blocked"},
		{"of Hong Kong", open, policy.Other, "USD", "HK", ""},
		{"in the EU", open, policy.EU, "USD", "DE", "method_not_available"},
		{"in a currency without a range", open, policy.Other, "EUR", "JP", "method_not_available"},
		{"stopped", stopped, policy.Other, "USD", "JP", "binding_stopped"},
	}
	for _, c := range cases {
		err := c.policy.MayBindPayPal(c.region, c.currency, c.payer)
		if got := codes(err); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		checkFaults(t, err)
	}
}

func TestWallets(t *testing.T) {
	cases := map[string]string{
		"alipay":     "wallet_refused",
		"wechat_pay": "wallet_refused",
		"apple_pay":  "wallet_refused",
		"paypal":     "",
	}
	for name, want := range cases {
		err := policy.BuiltIn().MayUseWallet(name)
		if got := codes(err); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		checkFaults(t, err)
	}
}

func TestOffers(t *testing.T) {
	cases := []struct {
		name         string
		facts        policy.OfferFacts
		cards        int
		challenge    bool
		cardFrom     string
		hold         string
		paypal       string
		paypalFrom   string
		bankTransfer string
	}{
		{"a person in Japan", policy.OfferFacts{Region: policy.Other, Kind: account.Individual, HoldMinimum: amount(t, "0.50", "USD")},
			4, false, "1000.00", "1.00", "", "8.00", "bank_transfer_not_open"},
		{"a person in Malaysia", policy.OfferFacts{Region: policy.Malaysia, Kind: account.Individual, HoldMinimum: amount(t, "2.00", "MYR")},
			2, true, "2000.00", "2.00", "method_not_available", "0.00", "bank_transfer_not_open"},
		{"an enterprise in the EU", policy.OfferFacts{Region: policy.EU, Kind: account.Enterprise, HoldMinimum: amount(t, "0.50", "EUR")},
			3, true, "1000.00", "1.00", "method_not_available", "0.00", "bank_transfer_not_open"},
		{"an enterprise on credit", policy.OfferFacts{Region: policy.Other, Kind: account.Enterprise, Credit: true, HoldMinimum: amount(t, "0.50", "USD")},
			4, false, "0.00", "1.00", "", "0.00", ""},
	}
	for _, c := range cases {
		offers := policy.BuiltIn().Offers(c.facts)
		if len(offers) != 3 {
			t.Fatalf("%s: got %d offers, want 3", c.name, len(offers))
		}
		card, paypal, transfer := offers[0], offers[1], offers[2]
		decimal := func(a money.Amount) string {
			return money.Amount{Minor: a.Minor, Currency: "USD"}.Decimal()
		}
		if card.May != nil || len(card.Brands) != c.cards || card.Challenge != c.challenge ||
			decimal(card.Threshold.Start) != c.cardFrom || decimal(card.Hold) != c.hold {
			t.Errorf("%s: card is %+v", c.name, card)
		}
		if codes(paypal.May) != c.paypal || decimal(paypal.Threshold.Start) != c.paypalFrom {
			t.Errorf("%s: PayPal is %+v", c.name, paypal)
		}
		if codes(transfer.May) != c.bankTransfer {
			t.Errorf("%s: transfer is %+v", c.name, transfer)
		}
		checkFaults(t, errors.Join(paypal.May, transfer.May))
	}
}
