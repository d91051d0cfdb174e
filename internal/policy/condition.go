package policy

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
	"github.com/goccy/go-yaml/token"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

// The bounds of a condition. Without loops and calls, what fits in them takes
// microseconds.
const (
	conditionTextMax  = 400
	conditionNodesMax = 200
	messageTextMax    = 200
	numberMax         = 100_000_000_000 // numbers are below; with 4 decimals they are still exact however they are read
)

// operand is what kind of value a part of a condition is.
type operand string

const (
	yesNo    operand = "yes or no"
	number   operand = "a whole number"
	decimal  operand = "a number with decimals"
	quantity operand = "an amount"
	word     operand = "a text"
	unclear  operand = "" // which has been refused already
)

// riskFact is a fact that conditions may speak of.
type riskFact struct {
	kind operand
	// check proposes what was probably meant if a word is none that the fact ever is.
	// Every text may be "", which is one that is not known.
	check func(p *Policy, word string) (next string, ok bool)
}

var riskFacts = map[string]riskFact{
	"account_age_days":     {kind: number},
	"kind":                 {word, oneOf(account.Individual, account.Enterprise)},
	"country":              {word, aCountry},
	"region":               {word, aRegion},
	"method_kind":          {word, oneOf(payment.CardKind, payment.PayPalKind, payment.CreditKind)},
	"method_country":       {word, aCountry},
	"ip_country":           {word, aCountry},
	"country_mismatch":     {kind: yesNo},
	"currency":             {word, aCurrency},
	"amount":               {kind: quantity},
	"percent_of_threshold": {kind: number},
	"order_kind":           {word, oneOf(Purchase, Upgrade, Renewal)},
	"first_use":            {kind: yesNo},
	"failed_binds_24h":     {kind: number},
	"failed_payments_24h":  {kind: number},
	"payments_24h":         {kind: number},
	"orders_24h":           {kind: number},
	"new_methods_30d":      {kind: number},
	"binds_1h":             {kind: number},
	"has_paid":             {kind: yesNo},
	"overdue":              {kind: yesNo},
	"identity_verified":    {kind: yesNo},
}

func oneOf[T ~string](words ...T) func(*Policy, string) (string, bool) {
	known := namesOf(words)
	return func(_ *Policy, s string) (string, bool) {
		return suggest(s, known, "the words are"), slices.Contains(known, s) || s == ""
	}
}

func aRegion(p *Policy, s string) (string, bool) {
	return oneOf(p.regions...)(p, s)
}

func aCountry(_ *Policy, s string) (string, bool) {
	switch {
	case otherCodes[s] != "":
		return "write " + otherCodes[s], false
	case !countries[s] && countries[strings.ToUpper(s)]:
		return "write " + strings.ToUpper(s), false
	}
	return "use an ISO 3166-1 code, such as DE", s == "" || countries[s]
}

func aCurrency(_ *Policy, s string) (string, bool) {
	_, err := money.ParseCurrency(s)
	return "use an ISO 4217 code, such as USD", s == "" || err == nil
}

// condition reads text, which stands in v, as the condition of a risk rule; nil if it
// is refused. The language is a small part of the library's: facts, numbers, texts and
// lists of them, compared and joined. Nothing in it repeats, divides, calls or asks for
// the time.
func (v value) condition(text string, p *Policy) *vm.Program {
	if text == "" {
		return nil // which has been refused
	}
	r := conditionReader{policy: p, value: v, shift: v.shift(text)}
	tree, err := parser.Parse(text)
	if err != nil {
		at := 0
		var f *file.Error
		if errors.As(err, &f) {
			at = f.From
		}
		r.refuse(at, "join facts, numbers and \"texts\" by and, or, not, ==, !=, <, <=, >, >=, in and parentheses", "the condition cannot be read from here on")
		return nil
	}
	if is := r.kindOf(tree.Node); is != yesNo && is != unclear {
		r.refuse(0, "compare it with something, such as payments_24h >= 5", "the condition is %s, and not yes or no", is)
	}
	if r.refused {
		return nil
	}
	program, err := expr.Compile(text, expr.Env(RiskInputs{}), expr.AsBool(), expr.DisableAllBuiltins(),
		expr.Optimize(false), expr.MaxNodes(conditionNodesMax), expr.Patch(exactAmounts{}))
	if err != nil {
		r.refuse(0, "make two rules of it", "the condition is too long, or cannot be evaluated")
		return nil
	}
	return program
}

// conditionReader checks the tree of one condition.
type conditionReader struct {
	policy  *Policy
	value   value
	shift   int // columns from the value's place to the condition's first character; -1 if it does not stand there as it is
	refused bool
}

// refuse notes what is wrong at a character of the condition.
func (r *conditionReader) refuse(at int, next, format string, args ...any) {
	r.refused = true
	v := r.value
	if r.shift >= 0 {
		v.at = &token.Position{Line: v.at.Line, Column: v.at.Column + r.shift + at}
	}
	v.refuse(next, format, args...)
}

// shift returns how many columns after v's place its text begins, or -1 if the text
// does not stand there as it is, such as one over several lines.
func (v value) shift(text string) int {
	switch strings.TrimSpace(v.node.GetToken().Origin) {
	case text:
		return 0
	case `"` + text + `"`, "'" + text + "'":
		return 1
	}
	return -1
}

// kindOf checks n and all below it, and returns what kind of value it is.
func (r *conditionReader) kindOf(n ast.Node) operand {
	at := n.Location().From
	switch n := n.(type) {
	case *ast.IdentifierNode:
		f, known := riskFacts[n.Value]
		if !known {
			r.refuse(at, suggest(n.Value, slices.Sorted(maps.Keys(riskFacts)), "the facts are"), "there is no fact of this name")
		}
		return f.kind
	case *ast.BoolNode:
		return yesNo
	case *ast.StringNode:
		return word
	case *ast.IntegerNode:
		if n.Value >= numberMax {
			r.refuse(at, "write at most 11 digits", "the number is too large")
			return unclear
		}
		return number
	case *ast.FloatNode:
		if _, ok := units(n); !ok {
			r.refuse(at, "write at most 11 digits before the point and 4 after it", "the number is too large, or has too many decimals")
			return unclear
		}
		return decimal
	case *ast.UnaryNode:
		if n.Operator != "not" && n.Operator != "!" {
			break
		}
		if is := r.kindOf(n.Node); is != yesNo && is != unclear {
			r.refuse(at, "put what is denied in parentheses: not (a == b)", "not denies yes or no, and this is %s", is)
			return unclear
		}
		return yesNo
	case *ast.BinaryNode:
		return r.kindOfTwo(n, at)
	}
	r.refuse(at, whatIsUsed, "this is not used in conditions")
	return unclear
}

const whatIsUsed = "use only facts, numbers, \"texts\", lists of them, and, or, not, ==, !=, <, <=, >, >=, in, + and -"

// kindOfTwo checks an operator and what stands on its sides.
func (r *conditionReader) kindOfTwo(n *ast.BinaryNode, at int) operand {
	if n.Operator == "in" {
		return r.kindOfIn(n, at)
	}
	left, right := r.kindOf(n.Left), r.kindOf(n.Right)
	if left == unclear || right == unclear {
		return unclear
	}
	switch n.Operator {
	case "and", "&&", "or", "||":
		if left != yesNo || right != yesNo {
			r.refuse(at, "compare it with something, such as payments_24h >= 5", "%s joins yes or no, and this is %s", joiner(n.Operator), either(left, right, yesNo))
			return unclear
		}
		return yesNo
	case "+", "-":
		if left != number || right != number {
			r.refuse(at, "add and subtract whole numbers only", "this cannot be added or subtracted")
			return unclear
		}
		return number
	case "<", "<=", ">", ">=":
		if left == yesNo || left == word {
			r.refuse(at, "use == or !=", "%s is neither more nor less than another", left)
			return unclear
		}
		return r.kindOfComparison(n, at, left, right)
	case "==", "!=":
		r.checkWord(n.Left, n.Right)
		r.checkWord(n.Right, n.Left)
		return r.kindOfComparison(n, at, left, right)
	}
	r.refuse(at, whatIsUsed, "this is not used in conditions")
	return unclear
}

// kindOfComparison checks that two values may be compared: alike, or an amount and a
// number that is written there, which is then read exactly.
func (r *conditionReader) kindOfComparison(n *ast.BinaryNode, at int, left, right operand) operand {
	switch {
	case left == quantity && isWritten(n.Right), right == quantity && isWritten(n.Left):
		return yesNo
	case left == quantity || right == quantity:
		r.refuse(at, "write a number, such as amount >= 49.99, and say in which currency", "an amount is compared with a number that stands there")
	case left == decimal || right == decimal:
		r.refuse(at, "write a whole number", "only amounts have decimals")
	case left != right:
		r.refuse(at, "compare values of one kind", "this compares %s with %s", left, right)
	default:
		return yesNo
	}
	return unclear
}

// isWritten tells a number that stands in the condition.
func isWritten(n ast.Node) bool {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return true
	}
	return false
}

// kindOfIn checks that a fact is looked for in a list of values of its kind.
func (r *conditionReader) kindOfIn(n *ast.BinaryNode, at int) operand {
	list, isList := n.Right.(*ast.ArrayNode)
	_, isFact := n.Left.(*ast.IdentifierNode)
	left := r.kindOf(n.Left)
	switch {
	case left == unclear:
		return unclear
	case !isList || !isFact || left != word && left != number:
		r.refuse(at, "write a fact and a list, such as country in [\"DE\", \"FR\"]", "in looks for a text or a whole number in a list that stands there")
		return unclear
	}
	for _, item := range list.Nodes {
		switch is := r.kindOf(item); {
		case is == unclear:
		case is != left:
			r.refuse(item.Location().From, "list values of one kind", "the fact is %s, and this is %s", left, is)
		default:
			r.checkWord(n.Left, item)
		}
	}
	return yesNo
}

// checkWord refuses a text that the fact it is compared with never is.
func (r *conditionReader) checkWord(fact, text ast.Node) {
	f, isFact := fact.(*ast.IdentifierNode)
	s, isText := text.(*ast.StringNode)
	if !isFact || !isText || riskFacts[f.Value].check == nil {
		return
	}
	if next, ok := riskFacts[f.Value].check(r.policy, s.Value); !ok {
		r.refuse(s.Location().From, next, "%s is never this", f.Value)
	}
}

// joiner is the operator as a word.
func joiner(operator string) string {
	if operator == "and" || operator == "&&" {
		return "and"
	}
	return "or"
}

// either returns the one of a and b that is not known.
func either(a, b, known operand) operand {
	if a == known {
		return b
	}
	return a
}

// exactAmounts writes the numbers that amounts are compared with in units, which are
// whole, so that no amount is ever rounded.
type exactAmounts struct{}

// Visit does so for one node.
func (exactAmounts) Visit(n *ast.Node) {
	b, ok := (*n).(*ast.BinaryNode)
	if !ok {
		return
	}
	if isAmount(b.Left) {
		toUnits(&b.Right)
	}
	if isAmount(b.Right) {
		toUnits(&b.Left)
	}
}

func isAmount(n ast.Node) bool {
	f, ok := n.(*ast.IdentifierNode)
	return ok && riskFacts[f.Value].kind == quantity
}

func toUnits(n *ast.Node) {
	if written, ok := units(*n); ok {
		ast.Patch(n, &ast.IntegerNode{Value: written})
	}
}

// units returns a number that stands in a condition in units of amounts, and whether
// that is exact.
func units(n ast.Node) (int, bool) {
	var s string
	switch n := n.(type) {
	case *ast.IntegerNode:
		s = strconv.Itoa(n.Value)
	case *ast.FloatNode:
		s = strconv.FormatFloat(n.Value, 'f', -1, 64) // the digits as they were written
	default:
		return 0, false
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole) > 11 || len(fraction) > unitDigits {
		return 0, false
	}
	u, err := strconv.Atoi(whole + fraction + strings.Repeat("0", unitDigits-len(fraction)))
	return u, err == nil
}
