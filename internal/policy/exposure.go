package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// exposureHolds is how large the hold on a PayPal account is that covers running
// usage (R-PP-07): in each currency by the usage of a month, which rises.
type exposureHolds map[money.Currency][]holdStep

// holdStep is the size of the hold from some usage of a month on.
type holdStep struct {
	From, Size money.Amount
}

// ExposureHold returns the hold in currency c that covers the running usage of an
// account whose preferred method is PayPal, by what it used in its last billed month;
// the zero Amount if there was none. False means that none is placed (R-PP-07).
func (p Policy) ExposureHold(c money.Currency, lastMonth money.Amount) (money.Amount, bool) {
	used := money.Amount{Currency: c}
	if lastMonth.IsPositive() {
		used = lastMonth
	}
	size, found := money.Amount{}, false
	for _, s := range p.exposureHolds[c] {
		if used.Cmp(s.From) >= 0 {
			size, found = s.Size, true
		}
	}
	return size, found
}

// readPayPalHold reads the hold that covers running usage; thresholds have been read.
// A document without it, as those before there were such holds, gets the built-in one.
func readPayPalHold(p *Policy, v value) {
	if v.missing() {
		p.exposureHolds, p.ExposureReleaseAfter = BuiltIn().exposureHolds, BuiltIn().ExposureReleaseAfter
		return
	}
	f := v.fields([]string{"sizes", "release_after"})
	p.ExposureReleaseAfter = f["release_after"].span(time.Minute)
	p.exposureHolds = exposureHolds{}
	for _, e := range f["sizes"].entries() {
		c, ok := e.currency()
		if !ok {
			continue
		}
		if _, offered := p.walletRanges[c]; !offered {
			e.key.refuse("add the currency to thresholds.paypal, or remove it here", "PayPal is not offered in this currency")
		}
		p.exposureHolds[c] = e.value.named(string(c)).holdSteps(c)
	}
}

var holdStepPattern = regexp.MustCompile(`^([0-9.]+) from ([0-9.]+)$`)

// holdSteps reads v as a list of sizes, each from more usage on than the one before.
func (v value) holdSteps(c money.Currency) []holdStep {
	var all []holdStep
	items := v.items()
	for i, item := range items {
		m := item.matching(holdStepPattern, "a size and the usage from which on it is that, such as 15.00 from 100.00")
		if m == nil {
			continue
		}
		s := holdStep{Size: item.amountOf(m[1], c, 1), From: item.amountOf(m[2], c, 0)}
		if n := len(all); i > 0 && n > 0 && s.From.Cmp(all[n-1].From) <= 0 {
			item.refuse("write the sizes in the order of usage", "this is not from more usage on than the one before")
		}
		all = append(all, s)
	}
	if !v.missing() && len(items) == 0 {
		v.refuse("write at least one, or remove the currency: then no hold is placed in it", "the list is empty")
	}
	return all
}

func (p Policy) addPayPalHold(add adder) {
	for _, c := range slices.Sorted(maps.Keys(p.exposureHolds)) {
		add("paypal_hold.sizes."+string(c), "the PayPal hold for running usage in "+string(c), "%s", listText(p.exposureHolds[c]))
	}
	add("paypal_hold.release_after", "the time without usage until a PayPal hold is released", "%s", spanText(p.ExposureReleaseAfter))
}

// String returns the step as documents write it.
func (s holdStep) String() string {
	return fmt.Sprintf("%s from %s", s.Size.Decimal(), s.From.Decimal())
}
