package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// Change is one way in which a policy differs from another.
type Change struct {
	Field  string // where it stands in the document
	Text   string // the change as a sentence
	Before string // "" if it was not there
	After  string // "" if it is no longer there
}

// fact is one thing that a policy says.
type fact struct {
	field   string
	subject string
	value   string
}

// Diff returns what a step from one policy to another would change, in the order of
// the document, what goes last. Version and effective date are not among it.
func Diff(from, to Policy) []Change {
	before, after := map[string]fact{}, map[string]fact{}
	for _, f := range from.facts() {
		before[f.field] = f
	}
	var changes []Change
	for _, f := range to.facts() {
		after[f.field] = f
		old, known := before[f.field]
		switch {
		case !known:
			changes = append(changes, Change{f.field, fmt.Sprintf("%s is new: %s", f.subject, f.value), "", f.value})
		case old.value != f.value:
			changes = append(changes, Change{f.field, fmt.Sprintf("%s changes from %s to %s", f.subject, old.value, f.value), old.value, f.value})
		}
	}
	for _, f := range from.facts() {
		if _, kept := after[f.field]; !kept {
			changes = append(changes, Change{f.field, fmt.Sprintf("%s goes, which was %s", f.subject, f.value), f.value, ""})
		}
	}
	return changes
}

// facts returns all that p says, in the order of the document.
func (p Policy) facts() []fact {
	var all []fact
	add := func(field, subject, format string, args ...any) {
		all = append(all, fact{field, subject, fmt.Sprintf(format, args...)})
	}
	add("zone", "the time zone", "%s", p.Zone)
	add("descriptor", "the text on statements", "%s", p.Descriptor)
	p.addSellers(add)
	p.addAvailability(add)
	p.addBinding(add)
	p.addThresholds(add)
	p.addPayPalHold(add)
	p.addThreeDS(add)
	p.addCollection(add)
	p.addBills(add)
	p.addCredit(add)
	p.addOrders(add)
	p.addRefunds(add)
	p.addClaims(add)
	p.addRisk(add)
	p.addIdentity(add)
	p.addTaxes(add)
	return all
}

type adder func(field, subject, format string, args ...any)

func (p Policy) addAvailability(add adder) {
	for _, c := range slices.Sorted(maps.Keys(p.countries)) {
		add("regions."+c, "the region of "+c, "%s", p.countries[c])
	}
	add("regions.elsewhere", "the region of other countries", "%s", p.elsewhere)
	for _, c := range p.cohorts {
		before := dateText(c.Before, p.Zone)
		add("cohorts."+c.Country+"."+before, "the region of "+c.Country+" for accounts registered before "+before, "%s", c.Region)
	}
	for _, r := range p.regions {
		w := p.availability[r]
		for _, b := range brands {
			add(fmt.Sprintf("availability.%s.%s", r, b), fmt.Sprintf("%s in %s", b, r), "%s", offered(slices.Contains(w.brands, b)))
		}
		add(fmt.Sprintf("availability.%s.paypal", r), fmt.Sprintf("paypal in %s", r), "%s", offered(w.paypal))
	}
	add("refused.issuer_countries", "the list of refused countries of issuers", "%s", listText(p.blocked.issuers))
	add("refused.paypal_countries", "the list of refused countries of PayPal accounts", "%s", listText(p.blocked.payers))
	add("refused.funding", "the list of refused kinds of funding", "%s", listText(p.blocked.funding))
	add("refused.wallets", "the list of refused wallets", "%s", listText(p.blocked.wallets))
}

func (p Policy) addBinding(add adder) {
	add("binding.open", "binding", "%s", onOff(p.BindingOpen))
	p.holds.add(add, "binding.hold", "the verification hold")
	add("binding.hold.void_within", "the time to void a hold", "%s", spanText(p.VoidWithin))
	l := p.BindLimits
	add("binding.limits.tries_per_account", "the limit of tries per account", "%s", l.TriesPerAccount)
	add("binding.limits.cards_per_account", "the limit of cards per account", "%s", l.CardsPerAccount)
	add("binding.limits.tries_per_card", "the limit of tries per card", "%s", l.TriesPerCard)
	add("binding.limits.tries_per_network", "the limit of tries per network", "%s", l.TriesPerNetwork)
	add("binding.limits.networks", "the size of a network", "/%d and /%d", l.IPv4Bits, l.IPv6Bits)
}

func (p Policy) addThresholds(add adder) {
	p.cardThreshold.add(add, "thresholds.card", "the card threshold")
	p.cardMoves.add(add, "thresholds.card.moves", "the rule that moves card thresholds")
	for _, c := range slices.Sorted(maps.Keys(p.walletRanges)) {
		r := p.walletRanges[c]
		add("thresholds.paypal."+string(c), "the PayPal threshold in "+string(c), "%s, within %s and %s", r.Start.Decimal(), r.Least.Decimal(), r.Most.Decimal())
	}
	p.walletMoves.add(add, "thresholds.paypal.moves", "the rule that moves PayPal thresholds")
}

func (p Policy) addThreeDS(add adder) {
	for _, o := range occasions {
		forced := slices.Sorted(slices.Values(p.challenges[o]))
		add("three_ds.always."+string(o), "the list of regions with 3-D Secure on every "+string(o), "%s", listText(forced))
	}
	add("three_ds.challenge_expires_after", "the time to pass a challenge", "%s", spanText(p.ChallengeExpiresAfter))
	add("three_ds.link_expires_after", "the time to follow a link to a challenge", "%s", spanText(p.LinkExpiresAfter))
}

func (p Policy) addCollection(add adder) {
	add("collection.attempts", "the timetable of attempts", "%s", spansText(p.attempts))
	add("collection.suspend_after", "the time until suspension", "%s", spanText(p.SuspendAfter))
	add("collection.release_after", "the time until release", "%s", spanText(p.ReleaseAfter))
	add("collection.other_methods", "charging other methods than the preferred one", "%s", onOff(p.OtherMethods))
	add("collection.ask_again", "the timetable of asking for lost answers", "%s, then every %s until %s",
		spansText(p.askAfter), spanText(p.askEvery), spanText(p.askUntil))
	for _, b := range brands {
		if caps, own := p.caps[b]; own {
			add("collection.scheme_limits."+string(b), "the list of limits on attempts with "+string(b), "%s", listText(caps))
		}
	}
	add("collection.scheme_limits.default", "the list of limits on attempts with other cards", "%s", listText(p.otherCaps))
}

func (p Policy) addBills(add adder) {
	add("bills.day", "the day of closing a month", "%d", p.BillDay)
	add("bills.credit_invoice_day", "the day of credit invoices", "%d", p.CreditInvoiceDay)
	add("bills.credit_terms", "the term of credit invoices", "%s", p.CreditTerms)
	p.carryBelow.add(add, "bills.carry_below", "the least remainder to collect")
	add("accounts.silent_period", "the silent period of closed accounts", "%s", spanText(p.SilentPeriod))
}

func (p Policy) addTaxes(add adder) {
	for _, r := range p.taxes {
		text := fmt.Sprintf("%s of %s for %s from %s", r.Name, r.Rate, cmp.Or(r.Country, string(r.Region)), dateText(r.From, p.Zone))
		if !r.Until.IsZero() {
			text += " until " + dateText(r.Until, p.Zone)
		}
		if len(r.Kinds) > 0 {
			text += ", kinds " + listText(r.Kinds)
		}
		if r.ReverseCharge {
			text += ", reverse charge with a tax id"
		}
		add("tax."+r.Version, "the tax "+r.Version, "%s", text)
	}
}

func (t PerCurrency) add(add adder, field, subject string) {
	for _, c := range slices.Sorted(maps.Keys(t.own)) {
		add(field+".amounts."+string(c), subject+" in "+string(c), "%s", t.own[c].Decimal())
	}
	for _, n := range fallbackDigits {
		a := money.Amount{Minor: t.fallback[atoi(n)], Currency: currencyOfDigits[n]}
		add(field+".fallback."+n, subject+" in other currencies of "+n+" decimals", "%s", a.Decimal())
	}
}

func (m Moves) add(add adder, field, subject string) {
	if m.RaiseAfter > 0 {
		add(field, subject, "%s", m)
	}
}

// String returns the limit as documents write it.
func (l Limit) String() string { return fmt.Sprintf("%d per %s", l.Count, spanText(l.Within)) }

// String returns the cap as documents write it.
func (c Cap) String() string {
	same := ""
	if c.SameAmount {
		same = " of the same amount"
	}
	return fmt.Sprintf("%d%s per %s", c.Attempts, same, spanText(c.Within))
}

// String returns the terms as documents write them.
func (t Terms) String() string {
	if t.BusinessDays {
		return fmt.Sprintf("%d business days", t.Days)
	}
	return fmt.Sprintf("%d calendar days", t.Days)
}

func offered(yes bool) string {
	if yes {
		return "offered"
	}
	return "not offered"
}

func onOff(yes bool) string {
	if yes {
		return "on"
	}
	return "off"
}

func listText[T any](all []T) string {
	if len(all) == 0 {
		return "none"
	}
	var texts []string
	for _, one := range all {
		texts = append(texts, fmt.Sprint(one))
	}
	return strings.Join(texts, ", ")
}

func spansText(all []time.Duration) string {
	var texts []string
	for _, d := range all {
		texts = append(texts, spanText(d))
	}
	return strings.Join(texts, ", ")
}

func dateText(t time.Time, zone *time.Location) string {
	if startOfDay(t.In(zone), zone).Equal(t) {
		return t.In(zone).Format(time.DateOnly)
	}
	return t.Format(time.RFC3339)
}
