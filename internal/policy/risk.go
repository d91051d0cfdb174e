package policy

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/expr-lang/expr/vm"
	"github.com/goccy/go-yaml/ast"
)

// Verdict is what risk says to something that is about to happen.
type Verdict string

// The verdicts, from the mildest on.
const (
	Allow          Verdict = "allow"
	Challenge      Verdict = "challenge"       // go on with 3-D Secure
	VerifyIdentity Verdict = "verify_identity" // stop until the identity behind account and method is verified (R-KYC-01)
	Refuse         Verdict = "refuse"
)

var verdicts = []Verdict{Allow, Challenge, VerifyIdentity, Refuse}

// RiskRule says something to what it is asked about when its condition holds.
type RiskRule struct {
	Name    string
	When    string // the condition, as it is written
	On      []Occasion
	Verdict Verdict
	Message string // what the customer is told; "" is the verdict's own text

	condition *vm.Program
}

// Judgement is the verdict on one occasion, and all that explains it later: it is kept
// as it is.
type Judgement struct {
	Verdict Verdict
	Rule    string     // the rule that decided; "" if none fired
	Version string     // the policy's
	Message string     // what the customer is told; "" is the verdict's own text
	Broken  bool       // the rule could not be evaluated, which counts as a challenge
	Inputs  RiskInputs // what the rules were given
}

// Opinion is what one rule says, whether it decides or not.
type Opinion struct {
	Rule    string
	Verdict Verdict // if it fires
	Fired   bool
	Broken  bool // it could not be evaluated, which counts as fired, with a challenge
	Decides bool // it is the first that fired
}

// Judge asks the rules of the occasion from the top, and the first that fires decides.
// If none does, the verdict is to allow.
func (p Policy) Judge(o Occasion, f RiskFacts) Judgement {
	j := Judgement{Verdict: Allow, Version: p.Version, Inputs: p.inputs(f)}
	for _, r := range p.riskRules {
		if !slices.Contains(r.On, o) {
			continue
		}
		if said := r.say(j.Inputs); said.Fired {
			j.Verdict, j.Rule, j.Message, j.Broken = said.Verdict, r.Name, r.Message, said.Broken
			break
		}
	}
	return j
}

// JudgeAll is Judge for trying rules out: it tells what every rule of the occasion
// says, in their order.
func (p Policy) JudgeAll(o Occasion, f RiskFacts) []Opinion {
	var all []Opinion
	in, decided := p.inputs(f), false
	for _, r := range p.riskRules {
		if !slices.Contains(r.On, o) {
			continue
		}
		said := r.say(in)
		said.Decides = said.Fired && !decided
		decided = decided || said.Fired
		all = append(all, said)
	}
	return all
}

// RiskRules returns the rules in the order in which they are asked.
func (p Policy) RiskRules() []RiskRule { return slices.Clone(p.riskRules) }

// conditionMemoryMax is how many values a condition may make: more than the longest
// list that fits in one.
const conditionMemoryMax = 10_000

// say evaluates the rule's condition. Conditions have no loops and no divisions, so
// that none is known to fail; one that does must not let anything pass. Who is asked
// to verify their identity is not asked again after that (R-KYC-06).
func (r RiskRule) say(in RiskInputs) Opinion {
	machine := vm.VM{MemoryBudget: conditionMemoryMax}
	answer, err := machine.Run(r.condition, in)
	fired, isBool := answer.(bool)
	if err != nil || !isBool {
		return Opinion{Rule: r.Name, Verdict: Challenge, Fired: true, Broken: true}
	}
	settled := r.Verdict == VerifyIdentity && in.IdentityVerified
	return Opinion{Rule: r.Name, Verdict: r.Verdict, Fired: fired && !settled}
}

// readRisk reads the rules; regions have been read. A document without them, as those
// before there were any, gets the built-in ones.
func readRisk(p *Policy, v value) {
	if v.missing() {
		p.riskRules = BuiltIn().riskRules
		return
	}
	lines := map[string]int{}
	for _, item := range v.items() {
		f := item.fields([]string{"name", "when", "verdict", "on"}, "message")
		r := RiskRule{
			When:    f["when"].line(conditionTextMax),
			Verdict: Verdict(f["verdict"].choice(namesOf(verdicts)...)),
			Message: f["message"].line(messageTextMax),
		}
		r.condition = f["when"].condition(r.When, p)
		if m := f["name"].matching(namePattern, "a rule's name in lower case, such as first_use_abroad"); m != nil {
			r.Name = m[0]
			if before, twice := lines[r.Name]; twice {
				f["name"].refuse("write another name", "the rule on line %d has this name", before)
			}
			lines[r.Name] = f["name"].at.Line
		}
		for _, s := range f["on"].choices(namesOf(riskOccasions)...) {
			r.On = append(r.On, Occasion(s))
		}
		if list, isList := f["on"].node.(*ast.SequenceNode); isList && len(list.Values) == 0 {
			f["on"].refuse("write at least one, or remove the rule", "the list is empty")
		}
		p.riskRules = append(p.riskRules, r)
	}
}

func (p Policy) addRisk(add adder) {
	var names []string
	for _, r := range p.riskRules {
		names = append(names, r.Name)
	}
	add("risk", "the order of risk rules", "%s", listText(names))
	for _, r := range p.riskRules {
		add("risk."+r.Name, "the risk rule "+r.Name, "%s", r)
	}
}

// String returns the rule as a sentence tells it.
func (r RiskRule) String() string {
	text := fmt.Sprintf("%s on %s when %s", r.Verdict, listText(r.On), r.When)
	if r.Message != "" {
		text += ", saying " + strconv.Quote(r.Message)
	}
	return text
}
