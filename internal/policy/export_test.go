package policy

import (
	"slices"

	"github.com/expr-lang/expr"
)

// BreakRule returns p with a rule whose condition is another one, which is not checked.
func BreakRule(p Policy, name, condition string) (Policy, error) {
	program, err := expr.Compile(condition, expr.Env(RiskInputs{}))
	if err != nil {
		return p, err
	}
	p.riskRules = slices.Clone(p.riskRules)
	i := slices.IndexFunc(p.riskRules, func(r RiskRule) bool { return r.Name == name })
	p.riskRules[i].condition = program
	return p, nil
}
