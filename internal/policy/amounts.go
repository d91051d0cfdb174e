package policy

import (
	"maps"
	"slices"

	"github.com/bursar-pay/bursar/internal/money"
)

// PerCurrency is an amount in every currency: its own, or else the one of all
// currencies that have as many decimals.
type PerCurrency struct {
	own      map[money.Currency]money.Amount
	fallback map[int]int64 // minor units by number of decimals
}

// In returns the amount in currency c.
func (t PerCurrency) In(c money.Currency) money.Amount {
	if a, ok := t.own[c]; ok {
		return a
	}
	return money.Amount{Minor: t.fallback[c.Digits()], Currency: c}
}

// all lists every amount that is written.
func (t PerCurrency) all() []money.Amount {
	list := slices.Collect(maps.Values(t.own))
	for _, n := range fallbackDigits {
		list = append(list, money.Amount{Minor: t.fallback[atoi(n)], Currency: currencyOfDigits[n]})
	}
	return list
}

// ThresholdRange is where the threshold of one account starts, and within what it may
// be moved (R-THR-02, R-THR-08). Least, Start and Most are the same if it may not.
type ThresholdRange struct {
	Least, Start, Most money.Amount
}

// Hold returns the amount that verifies a new method in currency c (R-BIND-10). It is
// never under minimum, which is the provider's.
func (p Policy) Hold(c money.Currency, minimum money.Amount) money.Amount {
	return atLeast(p.holds.In(c), minimum)
}

// Threshold returns where usage before tax is collected from a method of this kind,
// and whether there is a threshold: bank transfer has none, and PayPal has one only in
// the currencies that it is offered in.
func (p Policy) Threshold(k Kind, c money.Currency) (ThresholdRange, bool) {
	switch k {
	case Card:
		return p.cardRange(c), true
	case PayPal:
		r, ok := p.walletRanges[c]
		return r, ok
	}
	return ThresholdRange{}, false
}

func (p Policy) cardRange(c money.Currency) ThresholdRange {
	r := ThresholdRange{Start: p.cardThreshold.In(c)}
	r.Least, r.Most = r.Start, r.Start
	if m, moves := p.Moves(Card, c); moves {
		r.Least, r.Most = scaled(r.Start, m.Least), scaled(r.Start, m.Most)
	}
	return r
}

// CarryBelow returns the least remainder of a month that makes a debt in currency c;
// smaller ones are carried to the next month (R-BILL-05). It is never under minimum,
// which is the provider's.
func (p Policy) CarryBelow(c money.Currency, minimum money.Amount) money.Amount {
	return atLeast(p.carryBelow.In(c), minimum)
}

func atLeast(a, minimum money.Amount) money.Amount {
	if minimum.Cmp(a) > 0 {
		return minimum
	}
	return a
}
