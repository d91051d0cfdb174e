package policy

import (
	"fmt"

	"github.com/bursar-pay/bursar/internal/money"
)

const (
	whole     = 10_000      // the factor of a threshold that stands where it starts
	factorMax = 100 * whole // no threshold moves beyond
)

// Moves is how the threshold of an account moves by rule (R-THR-08). All but
// RaiseAfter are of the amount where it starts, in 1/10,000.
type Moves struct {
	RaiseAfter int64 // so many debts in a row, each paid by its first payment; 0 if thresholds are fixed
	RaiseBy    int64
	LowerBy    int64 // at each refusal
	Least      int64
	Most       int64
}

// Moves returns how thresholds of a method of this kind move in currency c, and
// whether they do. What PayPal's move within stands with each currency.
func (p Policy) Moves(k Kind, c money.Currency) (Moves, bool) {
	switch k {
	case Card:
		return p.cardMoves, p.cardMoves.RaiseAfter > 0
	case PayPal:
		m, r := p.walletMoves, p.walletRanges[c]
		if m.RaiseAfter == 0 || !r.Start.IsPositive() {
			return Moves{}, false
		}
		// Amounts are at most 1e15 minor units, so that none of this overflows.
		start, most := uint64(r.Start.Minor), uint64(r.Most.Minor)
		m.Least = int64(uint64(r.Least.Minor) * whole / start)
		m.Most = int64(min((most*whole+start-1)/start, factorMax))
		return m, true
	}
	return Moves{}, false
}

// ThresholdFacts are what decides the threshold of one account.
type ThresholdFacts struct {
	Factor  int64        // of the amount where it starts, in 1/10,000; counts only if thresholds move
	Step    int64        // charges are a multiple of so many minor units; 0 is 1
	Minimum money.Amount // the provider's, in the account's currency
}

// ThresholdOf returns the threshold of one account for a method of this kind, and
// whether there is one. One that may move is a multiple of the provider's step,
// within what the policy allows, and never under the provider's minimum.
func (p Policy) ThresholdOf(k Kind, f ThresholdFacts) (money.Amount, bool) {
	c := f.Minimum.Currency
	r, ok := p.rangeOf(k, f)
	m, moves := p.Moves(k, c)
	if !ok || !moves {
		return r.Start, ok
	}
	a := scaled(r.Start, min(max(f.Factor, m.Least), m.Most))
	a.Minor -= a.Minor % max(f.Step, 1)
	if a.Cmp(r.Most) > 0 {
		a = r.Most
	}
	return atLeast(atLeast(a, r.Least), f.Minimum), true
}

// worthMinimums is the least threshold of a currency that has none of its own, in
// provider's minimums, each worth about a dollar: decimals alone do not tell what
// a currency is worth, and 1,000.00 of some are cents.
const worthMinimums = 1_000

// IsOwn tells whether currency c has a card threshold of its own, which does not
// move: then no fact beside it counts.
func (p Policy) IsOwn(c money.Currency) bool {
	_, own := p.cardThreshold.own[c]
	_, moves := p.Moves(Card, c)
	return own && !moves
}

// rangeOf is Threshold, with what a fallback leaves open settled by the provider's
// minimum.
func (p Policy) rangeOf(k Kind, f ThresholdFacts) (ThresholdRange, bool) {
	c := f.Minimum.Currency
	r, ok := p.Threshold(k, c)
	if _, own := p.cardThreshold.own[c]; own || !ok || k != Card {
		return r, ok
	}
	least := money.Amount{Minor: f.Minimum.Minor * worthMinimums, Currency: c} // minimums are small
	if least.Cmp(r.Start) <= 0 {
		return r, ok
	}
	r = ThresholdRange{Least: least, Start: least, Most: least}
	if m, moves := p.Moves(k, c); moves {
		r.Least, r.Most = scaled(r.Start, m.Least), scaled(r.Start, m.Most)
	}
	return r, ok
}

// offered is what a page tells: where the account's own threshold stands, and within
// what it may move.
func (p Policy) offered(k Kind, f ThresholdFacts) ThresholdRange {
	r, _ := p.rangeOf(k, f)
	if _, moves := p.Moves(k, f.Minimum.Currency); moves {
		own, _ := p.ThresholdOf(k, f)
		r.Start = own
	}
	return r
}

// scaled is a times a factor in 1/10,000 of at most factorMax, rounded down.
func scaled(a money.Amount, factor int64) money.Amount {
	a.Minor = a.Minor/whole*factor + a.Minor%whole*factor/whole
	return a
}

// readCardMoves reads how card thresholds move; they have been read.
func readCardMoves(p *Policy, v value) {
	f := v.fields([]string{"raise_after", "raise_by", "lower_by", "least", "most"})
	p.cardMoves = f.moves()
	p.cardMoves.Least = f["least"].percent(1, 100)
	p.cardMoves.Most = f["most"].percent(100, factorMax/100)
	for _, a := range p.cardThreshold.all() {
		if _, err := scaled(a, p.cardMoves.Most).Exact(); err != nil {
			f["most"].refuse("write a smaller percentage, or let it start lower", "a threshold could become too large to be kept")
			return
		}
	}
}

// moves reads the fields that every kind of method has.
func (r record) moves() Moves {
	return Moves{
		RaiseAfter: int64(r["raise_after"].count(1, 1000)),
		RaiseBy:    r["raise_by"].percent(1, factorMax/100),
		LowerBy:    r["lower_by"].percent(1, factorMax/100),
	}
}

// String returns the moves as a sentence tells them; what PayPal's move within is
// told with each currency.
func (m Moves) String() string {
	text := fmt.Sprintf("up by %d%% after %d debts in a row that were paid at once, down by %d%% at a refusal", m.RaiseBy/100, m.RaiseAfter, m.LowerBy/100)
	if m.Most > 0 {
		text += fmt.Sprintf(", within %d%% and %d%%", m.Least/100, m.Most/100)
	}
	return text
}
