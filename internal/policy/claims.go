package policy

import "github.com/bursar-pay/bursar/internal/money"

// Claims is what the policy says of transfers that somebody has to claim.
type Claims struct {
	DueDays   int         // business days until somebody should have claimed one (S-17)
	LateDays  int         // and until the promise made to customers is broken
	tolerance PerCurrency // what a bank may have taken on the way, that we bear if a person agrees
}

// Tolerance is the most in a currency that we bear of what a bank took on the way.
func (c Claims) Tolerance(in money.Currency) money.Amount { return c.tolerance.In(in) }

const claimDaysMax = 30

// readClaims reads what is said of claims. A document without it, as those before
// there were bank transfers, gets what the built-in one says.
func readClaims(p *Policy, v value) {
	if v.missing() {
		p.Claims = BuiltIn().Claims
		return
	}
	f := v.fields([]string{"due_days", "late_days", "tolerance"})
	p.Claims = Claims{
		DueDays:   f["due_days"].count(1, claimDaysMax),
		LateDays:  f["late_days"].count(1, claimDaysMax),
		tolerance: readPerCurrency(f["tolerance"].fields([]string{"amounts", "fallback"}), 0),
	}
	if p.Claims.LateDays < p.Claims.DueDays && p.Claims.LateDays > 0 {
		f["late_days"].refuse("write as many days or more", "a transfer cannot be late before it is due")
	}
}

func (p Policy) addClaims(add adder) {
	add("claims.due_days", "the business days to claim a transfer", "%d", p.Claims.DueDays)
	add("claims.late_days", "the business days until a transfer is late", "%d", p.Claims.LateDays)
	p.Claims.tolerance.add(add, "claims.tolerance", "what we bear of a bank's fee on a transfer")
}
