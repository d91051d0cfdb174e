package billing

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
)

// Share is one product's part of a debt or bill: what its usage was, what
// rounding had left before, what is asked, and what rounding leaves.
// Usage + CarriedIn = Net + CarriedOut, to the last digit.
type Share struct {
	Product    string
	Lines      int64
	Usage      money.Exact
	CarriedIn  money.Exact
	Net        money.Amount
	CarriedOut money.Exact
}

// Round turns exposures into what can be asked: per product, the floor of its
// exposure and carry to a multiple of step minor units. What the floor leaves is
// carried to the product's next debt (R-BILL-05). A product without usage takes
// part when its carry by itself changes what is asked.
func Round(c money.Currency, exposures []Exposure, carries map[string]money.Exact, step int64) ([]Share, money.Amount, error) {
	shares, err := gather(c, exposures, carries)
	if err != nil {
		return nil, money.Amount{}, err
	}
	net := money.Amount{Currency: c}
	kept := shares[:0]
	for _, s := range shares {
		whole, err := s.Usage.Add(s.CarriedIn)
		if err != nil {
			return nil, net, fmt.Errorf("round %d products: %w", len(shares), err)
		}
		if s.Net, s.CarriedOut, err = whole.Floor(step); err != nil {
			return nil, net, err
		}
		if s.Lines == 0 && s.Net.IsZero() {
			continue
		}
		if net, err = net.Add(s.Net); err != nil {
			return nil, net, err
		}
		kept = append(kept, s)
	}
	return kept, net, nil
}

// CarryAll is Round's other outcome: nothing is asked, and everything is carried.
func CarryAll(c money.Currency, exposures []Exposure, carries map[string]money.Exact) ([]Share, error) {
	shares, err := gather(c, exposures, carries)
	if err != nil {
		return nil, err
	}
	for i, s := range shares {
		if shares[i].CarriedOut, err = s.Usage.Add(s.CarriedIn); err != nil {
			return nil, err
		}
		shares[i].Net = money.Amount{Currency: c}
	}
	return shares, nil
}

// gather puts exposures and carries side by side, a row a product, by name.
func gather(c money.Currency, exposures []Exposure, carries map[string]money.Exact) ([]Share, error) {
	zero := money.Exact{Currency: c}
	byProduct := make(map[string]*Share, len(exposures))
	for _, e := range exposures {
		s := byProduct[e.Product]
		if s == nil {
			s = &Share{Product: e.Product, Usage: zero, CarriedIn: zero}
			byProduct[e.Product] = s
		}
		var err error
		if s.Usage, err = s.Usage.Add(e.Usage); err != nil {
			return nil, err
		}
		s.Lines += e.Lines
	}
	for product, carry := range carries {
		if s := byProduct[product]; s != nil {
			s.CarriedIn = carry
		} else if !carry.IsZero() {
			byProduct[product] = &Share{Product: product, Usage: zero, CarriedIn: carry}
		}
	}
	shares := make([]Share, 0, len(byProduct))
	for _, s := range byProduct {
		shares = append(shares, *s)
	}
	slices.SortFunc(shares, func(a, b Share) int { return strings.Compare(a.Product, b.Product) })
	return shares, nil
}

// Together adds shares of several debts up by product: usage and net are summed,
// what was carried out is the last one's, and what was carried in is what makes
// them add up, which is the first one's wherever the debts follow each other.
func Together(parts ...[]Share) ([]Share, error) {
	byProduct := map[string]*Share{}
	for _, part := range parts {
		for _, s := range part {
			sum := byProduct[s.Product]
			if sum == nil {
				byProduct[s.Product] = &s
				continue
			}
			gap, err := s.CarriedIn.Sub(sum.CarriedOut)
			if err != nil {
				return nil, err
			}
			var errs [3]error
			sum.Usage, errs[0] = sum.Usage.Add(s.Usage)
			sum.CarriedIn, errs[1] = sum.CarriedIn.Add(gap)
			sum.Net, errs[2] = sum.Net.Add(s.Net)
			if err := errors.Join(errs[:]...); err != nil {
				return nil, err
			}
			sum.CarriedOut, sum.Lines = s.CarriedOut, sum.Lines+s.Lines
		}
	}
	out := make([]Share, 0, len(byProduct))
	for _, s := range byProduct {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Share) int { return strings.Compare(a.Product, b.Product) })
	return out, nil
}
