package policy

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

// Parse reads a policy document. Name is what faults call the document, such as the
// file's name. The error holds an ErrInvalid for everything that is wrong, each with
// its place and the next step, in the order of the lines.
func Parse(text []byte, name string) (Policy, error) {
	top, err := open(text, name)
	if err != nil {
		return Policy{}, err
	}
	f := top.fields([]string{"version", "effective", "zone", "descriptor", "regions", "availability", "refused",
		"binding", "thresholds", "three_ds", "collection", "bills", "accounts"}, "credit", "cohorts", "sellers", "paypal_hold", "orders", "refunds", "claims", "risk", "identity", "tax")
	p := Policy{
		Document:   string(text),
		Version:    readVersion(f["version"]),
		Zone:       readZone(f["zone"]),
		Descriptor: readDescriptor(f["descriptor"]),
	}
	p.Effective = f["effective"].instant(p.Zone)
	readRegions(&p, f["regions"])
	readCohorts(&p, f["cohorts"])
	readSellers(&p, f["sellers"])
	readAvailability(&p, f["availability"])
	readRefused(&p, f["refused"])
	readBinding(&p, f["binding"])
	readThresholds(&p, f["thresholds"])
	readPayPalHold(&p, f["paypal_hold"])
	readThreeDS(&p, f["three_ds"])
	readCollection(&p, f["collection"])
	readBills(&p, f["bills"])
	p.SilentPeriod = f["accounts"].fields([]string{"silent_period"})["silent_period"].span(0)
	readCredit(&p, f["credit"])
	readOrders(&p, f["orders"])
	readRefunds(&p, f["refunds"])
	readClaims(&p, f["claims"])
	readRisk(&p, f["risk"])
	readIdentity(&p, f["identity"])
	readTaxes(&p, f["tax"])
	if err := top.doc.err(); err != nil {
		return Policy{}, err
	}
	return p, nil
}

var (
	versionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)
	namePattern    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

func readVersion(v value) string {
	if m := v.matching(versionPattern, "a version: up to 40 letters, digits, dots and hyphens"); m != nil {
		return m[0]
	}
	return ""
}

func readZone(v value) *time.Location {
	s := v.text()
	if s == "" {
		return time.UTC
	}
	zone, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		v.refuse("use an IANA name, such as UTC or Asia/Singapore", "there is no time zone of this name")
		return time.UTC
	}
	return zone
}

func readDescriptor(v value) string {
	s := v.text()
	if s == "" {
		return ""
	}
	if f, bad := fault.Of(payment.CheckDescriptor(s)); bad {
		v.refuse(f.Next, "%s", f.Message)
	}
	return s
}

func readRegions(p *Policy, v value) {
	p.countries = map[string]Region{}
	for _, e := range v.entries() {
		name := e.key.matching(namePattern, "a region's name in lower case, such as europe_non_eu")
		if name == nil {
			continue
		}
		region := Region(name[0])
		p.regions = append(p.regions, region)
		list := e.value.named(name[0])
		if isScalar(list.node) {
			if list.choice("elsewhere") != "" && p.elsewhere != "" {
				list.refuse("list the countries of one of the two", "another region has the countries elsewhere already")
			}
			p.elsewhere = region
			continue
		}
		for _, c := range list.countryList() {
			if before, twice := p.countries[c]; twice {
				list.refuse("remove it from one of the two", "%s is in region %s already", c, before)
			}
			p.countries[c] = region
		}
	}
	if p.elsewhere == "" && !v.missing() {
		v.refuse("add a region with the value elsewhere", "no region has the countries that are not listed")
	}
}

// region reads v as the name of a region of p.
func (v value) region(p *Policy) Region {
	return Region(v.choice(namesOf(p.regions)...))
}

func namesOf[T ~string](words []T) []string {
	var all []string
	for _, w := range words {
		all = append(all, string(w))
	}
	return all
}

func readCohorts(p *Policy, v value) {
	for _, item := range v.items() {
		f := item.fields([]string{"country", "registered_before", "region"})
		c := Cohort{
			Country: f["country"].country(),
			Before:  f["registered_before"].instant(p.Zone),
			Region:  f["region"].region(p),
		}
		for _, other := range p.cohorts {
			if c.Country != "" && other.Country == c.Country && other.Before.Equal(c.Before) {
				item.refuse("remove one of the two", "there is another cohort of %s with this date", c.Country)
			}
		}
		p.cohorts = append(p.cohorts, c)
	}
	slices.SortStableFunc(p.cohorts, func(a, b Cohort) int { return a.Before.Compare(b.Before) })
}

func readAvailability(p *Policy, v value) {
	p.availability = map[Region]ways{}
	row := v.fields(namesOf(p.regions))
	for _, region := range p.regions {
		w := ways{}
		for _, s := range row[string(region)].choices(append(namesOf(brands), string(PayPal))...) {
			if s == string(PayPal) {
				w.paypal = true
				continue
			}
			w.brands = append(w.brands, payment.Brand(s))
		}
		p.availability[region] = w
	}
}

func readRefused(p *Policy, v value) {
	f := v.fields([]string{"issuer_countries", "funding", "paypal_countries", "wallets"})
	p.blocked.issuers = f["issuer_countries"].countryList()
	p.blocked.payers = f["paypal_countries"].countryList()
	for _, s := range f["funding"].choices("prepaid", "debit", "credit") {
		p.blocked.funding = append(p.blocked.funding, payment.Funding(s))
	}
	for _, item := range f["wallets"].items() {
		if m := item.matching(namePattern, "a wallet's name in lower case, such as wechat_pay"); m != nil {
			p.blocked.wallets = append(p.blocked.wallets, m[0])
		}
	}
}

func readBinding(p *Policy, v value) {
	f := v.fields([]string{"open", "hold", "limits"})
	p.BindingOpen = f["open"].isOn()

	hold := f["hold"].fields([]string{"amounts", "fallback", "void_within"})
	p.holds = readPerCurrency(hold, 1)
	p.VoidWithin = hold["void_within"].span(time.Minute)

	limits := f["limits"].fields([]string{"tries_per_account", "cards_per_account", "tries_per_card", "tries_per_network", "networks"})
	networks := limits["networks"].fields([]string{"ipv4", "ipv6"})
	p.BindLimits = BindLimits{
		TriesPerAccount: limits["tries_per_account"].limit(),
		CardsPerAccount: limits["cards_per_account"].limit(),
		TriesPerCard:    limits["tries_per_card"].limit(),
		TriesPerNetwork: limits["tries_per_network"].limit(),
		IPv4Bits:        networks["ipv4"].count(8, 32),
		IPv6Bits:        networks["ipv6"].count(16, 128),
	}
}

var limitPattern = regexp.MustCompile(`^([0-9]{1,6}) per ([0-9]{1,5})([smhd])$`)

// limit reads v as a limit such as 5 per 24h.
func (v value) limit() Limit {
	m := v.matching(limitPattern, "a limit, such as 5 per 24h")
	if m == nil {
		return Limit{}
	}
	c := Limit{Count: atoi(m[1]), Within: spanOf(m[2], m[3])}
	if c.Count == 0 || c.Within == 0 {
		v.refuse("write numbers above zero; to stop all binding, set binding.open to off", "a limit of nothing lets nobody through")
	}
	return c
}

// readPerCurrency reads the fields amounts and fallback of a record.
func readPerCurrency(f record, least int64) PerCurrency {
	t := PerCurrency{own: map[money.Currency]money.Amount{}, fallback: map[int]int64{}}
	for _, e := range f["amounts"].entries() {
		if c, ok := e.currency(); ok {
			t.own[c] = e.value.named(string(c)).amount(c, least)
		}
	}
	fallback := f["fallback"].fields(fallbackDigits)
	for _, n := range fallbackDigits {
		// An amount without a currency: any that has as many decimals will do to read it.
		t.fallback[atoi(n)] = fallback[n].amount(currencyOfDigits[n], least).Minor
	}
	return t
}

var (
	fallbackDigits   = []string{"0", "2", "3", "4"}
	currencyOfDigits = map[string]money.Currency{"0": "JPY", "2": "USD", "3": "KWD", "4": "CLF"}
)

// currency reads the entry's key as a currency.
func (e entry) currency() (money.Currency, bool) {
	s := e.key.text()
	if s == "" {
		return "", false
	}
	c, err := money.ParseCurrency(s)
	if f, bad := fault.Of(err); bad {
		e.key.refuse(f.Next, "%s", f.Message)
		return "", false
	}
	return c, true
}

func readThresholds(p *Policy, v value) {
	f := v.fields([]string{"card", "paypal"})
	card := f["card"].fields([]string{"amounts", "fallback"}, "moves")
	p.cardThreshold = readPerCurrency(card, 1)
	readCardMoves(p, card["moves"])
	p.walletRanges = map[money.Currency]ThresholdRange{}
	for _, e := range f["paypal"].entries() {
		if e.key.node.GetToken().Value == "moves" {
			p.walletMoves = e.value.named("moves").fields([]string{"raise_after", "raise_by", "lower_by"}).moves()
			continue
		}
		c, ok := e.currency()
		if !ok {
			continue
		}
		at := e.value.named(string(c))
		bounds := at.fields([]string{"least", "start", "most"})
		r := ThresholdRange{
			Least: bounds["least"].amount(c, 1),
			Start: bounds["start"].amount(c, 1),
			Most:  bounds["most"].amount(c, 1),
		}
		known := r.Least.IsPositive() && r.Start.IsPositive() && r.Most.IsPositive()
		if known && (r.Start.Cmp(r.Least) < 0 || r.Most.Cmp(r.Start) < 0) {
			at.refuse("let least be at most start, and start at most most", "the amounts are not in order")
		}
		p.walletRanges[c] = r
	}
}

func readThreeDS(p *Policy, v value) {
	f := v.fields([]string{"always", "challenge_expires_after", "link_expires_after"})
	p.ChallengeExpiresAfter = f["challenge_expires_after"].span(time.Minute)
	p.LinkExpiresAfter = f["link_expires_after"].span(time.Minute)
	p.challenges = map[Occasion][]Region{}
	always := f["always"].fields(namesOf(occasions))
	for _, o := range occasions {
		for _, s := range always[string(o)].choices(namesOf(p.regions)...) {
			p.challenges[o] = append(p.challenges[o], Region(s))
		}
	}
}

func readCollection(p *Policy, v value) {
	f := v.fields([]string{"attempts", "suspend_after", "release_after", "other_methods", "ask_again", "scheme_limits"})
	p.attempts = f["attempts"].rising(0)
	p.SuspendAfter = f["suspend_after"].span(0)
	p.ReleaseAfter = f["release_after"].span(0)
	p.OtherMethods = f["other_methods"].isOn()
	if n := len(p.attempts); n > 0 && !f["suspend_after"].missing() && p.SuspendAfter < p.attempts[n-1] {
		f["suspend_after"].refuse("suspend later, or try earlier", "service would be suspended before the last attempt")
	}
	if !f["release_after"].missing() && !f["suspend_after"].missing() && p.ReleaseAfter <= p.SuspendAfter {
		f["release_after"].refuse("release later than suspend_after", "resources would be released before service is suspended")
	}

	ask := f["ask_again"].fields([]string{"after", "then_every", "until"})
	p.askAfter = ask["after"].rising(time.Second)
	p.askEvery = ask["then_every"].span(time.Minute)
	p.askUntil = ask["until"].span(time.Minute)

	readCaps(p, f["scheme_limits"])
}

// rising reads v as a list of spans, each longer than the one before.
func (v value) rising(least time.Duration) []time.Duration {
	var all []time.Duration
	items := v.items()
	for i, item := range items {
		d := item.span(least)
		if i > 0 && d <= all[i-1] {
			item.refuse("write the spans in order", "this is not later than the one before")
		}
		all = append(all, d)
	}
	if !v.missing() && len(items) == 0 {
		v.refuse("write at least one", "the list is empty")
	}
	return all
}

func readCaps(p *Policy, v value) {
	f := v.fields([]string{"default"}, namesOf(brands)...)
	p.caps = map[payment.Brand][]Cap{}
	for _, b := range brands {
		if !f[string(b)].missing() {
			p.caps[b] = f[string(b)].capList()
		}
	}
	p.otherCaps = f["default"].capList()
}

var capPattern = regexp.MustCompile(`^([0-9]{1,6})( of the same amount)? per ([0-9]{1,5})([smhd])$`)

func (v value) capList() []Cap {
	var all []Cap
	for _, item := range v.items() {
		m := item.matching(capPattern, "a limit, such as 15 per 30d or 35 of the same amount per 30d")
		if m == nil {
			continue
		}
		c := Cap{Attempts: atoi(m[1]), SameAmount: m[2] != "", Within: spanOf(m[3], m[4])}
		if c.Attempts == 0 || c.Within == 0 {
			item.refuse("write numbers above zero", "a limit of nothing would stop every payment")
		}
		all = append(all, c)
	}
	return all
}

var termsPattern = regexp.MustCompile(`^([0-9]{1,3}) (calendar|business) days$`)

func readBills(p *Policy, v value) {
	f := v.fields([]string{"day", "credit_invoice_day", "credit_terms", "carry_below"})
	// Every month has a 28th.
	p.BillDay = f["day"].count(1, 28)
	p.CreditInvoiceDay = f["credit_invoice_day"].count(1, 28)
	if m := f["credit_terms"].matching(termsPattern, "terms, such as 30 calendar days or 20 business days"); m != nil {
		p.CreditTerms = Terms{Days: atoi(m[1]), BusinessDays: m[2] == "business"}
	}
	p.carryBelow = readPerCurrency(f["carry_below"].fields([]string{"amounts", "fallback"}), 0)
}

func readTaxes(p *Policy, v value) {
	for _, item := range v.items() {
		f := item.fields([]string{"version", "name", "rate", "from"}, "country", "region", "kinds", "until", "reverse_charge")
		r := TaxRule{
			Version: readVersion(f["version"]),
			Name:    f["name"].text(),
			Country: f["country"].country(),
			Region:  f["region"].region(p),
			Rate:    f["rate"].rate(),
			From:    f["from"].instant(p.Zone),
			Until:   f["until"].instant(p.Zone),
		}
		r.ReverseCharge = !f["reverse_charge"].missing() && f["reverse_charge"].isOn()
		for _, s := range f["kinds"].choices(string(account.Individual), string(account.Enterprise)) {
			r.Kinds = append(r.Kinds, account.Kind(s))
		}
		if f["country"].missing() == f["region"].missing() {
			item.refuse("give one of country and region", "a tax is for one country, or for one region")
		}
		if !f["until"].missing() && !r.Until.After(r.From) {
			f["until"].refuse("write a later date; the tax no longer applies on it", "the tax would end before it begins")
		}
		for _, other := range p.taxes {
			if other.Version == r.Version && r.Version != "" {
				f["version"].refuse("write another version", "another tax has this version")
			}
			if other.overlaps(r) {
				item.refuse("end one with until before the other begins, or give them different kinds of account",
					"this and %s would both apply at times", other.Version)
			}
		}
		p.taxes = append(p.taxes, r)
	}
}

var one = func() money.Rate {
	r, err := money.ParseRate("1")
	if err != nil {
		panic(err)
	}
	return r
}()

// rate reads v as a rate below 1.
func (v value) rate() money.Rate {
	s := v.text()
	if s == "" {
		return money.Rate{}
	}
	r, err := money.ParseRate(strings.TrimSpace(s))
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		v.refuse(f.Next, "%s", f.Message)
	case r.Cmp(one) >= 0:
		v.refuse("write a fraction: 0.19 for 19 %", "the tax would be as much as the price, or more")
	}
	return r
}
