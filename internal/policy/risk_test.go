package policy_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

// riskDocument is the built-in policy with these rules, which are flow mappings, in
// place of its own.
func riskDocument(t *testing.T, rules ...string) string {
	t.Helper()
	text := policy.BuiltIn().Document
	from, to := strings.Index(text, "risk:\n"), strings.Index(text, "# Collecting a debt.")
	if from < 0 || to < from {
		t.Fatal("the built-in policy has no risk before collection")
	}
	list := "risk: []\n"
	if len(rules) > 0 {
		list = "risk:\n  - " + strings.Join(rules, "\n  - ") + "\n"
	}
	return text[:from] + list + text[to:]
}

// rule is a rule on purchases that refuses when the condition holds.
func rule(condition string) string {
	return fmt.Sprintf("{name: tried, when: '%s', verdict: refuse, on: [purchase]}", condition)
}

func withRules(t *testing.T, rules ...string) policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(riskDocument(t, rules...)), "test")
	if err != nil {
		t.Fatalf("the document is refused: %v", err)
	}
	return p
}

// known is an account of some years that pays with its usual card.
func known(t *testing.T) policy.RiskFacts {
	return policy.RiskFacts{
		AccountAgeDays: 900, Kind: account.Individual, Country: "SG", Region: policy.Other,
		MethodKind: payment.CardKind, MethodCountry: "SG", IPCountry: "SG",
		Amount: amount(t, "49.99", "USD"), OrderKind: policy.Purchase, Payments24h: 1, Orders24h: 1,
	}
}

func TestBuiltInRisk(t *testing.T) {
	cases := []struct {
		name    string
		on      policy.Occasion
		change  func(*policy.RiskFacts)
		verdict policy.Verdict
		rule    string
	}{
		{"nothing special", policy.Purchase, func(*policy.RiskFacts) {}, policy.Allow, ""},
		{"four failed binds", policy.Bind, func(f *policy.RiskFacts) { f.FailedBinds24h = 4 }, policy.Allow, ""},
		{"five failed binds", policy.Bind, func(f *policy.RiskFacts) { f.FailedBinds24h = 5 }, policy.Refuse, "failed_binds"},
		{"a purchase after them", policy.Purchase, func(f *policy.RiskFacts) { f.FailedBinds24h = 5 }, policy.Refuse, "failed_binds"},
		{"of one who was verified", policy.Purchase, func(f *policy.RiskFacts) { f.FailedBinds24h, f.IdentityVerified = 5, true }, policy.Allow, ""},
		{"five failed payments", policy.TopUp, func(f *policy.RiskFacts) { f.FailedPayments24h = 5 }, policy.VerifyIdentity, "failed_payments"},
		{"of one who was verified then", policy.TopUp, func(f *policy.RiskFacts) { f.FailedPayments24h, f.IdentityVerified = 5, true }, policy.Allow, ""},
		{"usage is not held up by them", policy.Charge, func(f *policy.RiskFacts) { f.FailedPayments24h = 50 }, policy.Allow, ""},
		{"new, half a threshold", policy.Purchase, func(f *policy.RiskFacts) { f.AccountAgeDays, f.Amount = 6, amount(t, "500.00", "USD") }, policy.VerifyIdentity, "new_account_large_amount"},
		{"new, a cent less", policy.Purchase, func(f *policy.RiskFacts) { f.AccountAgeDays, f.Amount = 6, amount(t, "499.99", "USD") }, policy.Allow, ""},
		{"new, in yen", policy.Upgrade, func(f *policy.RiskFacts) { f.AccountAgeDays, f.Amount = 0, amount(t, "50000", "JPY") }, policy.VerifyIdentity, "new_account_large_amount"},
		{"new, with a threshold of its own", policy.Purchase, func(f *policy.RiskFacts) {
			f.AccountAgeDays, f.Amount, f.Threshold = 6, amount(t, "500.00", "USD"), amount(t, "2000.00", "USD")
		}, policy.Allow, ""},
		{"a week old", policy.Purchase, func(f *policy.RiskFacts) { f.AccountAgeDays, f.Amount = 7, amount(t, "500.00", "USD") }, policy.Allow, ""},
		{"a card from abroad", policy.Purchase, func(f *policy.RiskFacts) { f.MethodCountry = "US" }, policy.Allow, ""},
		{"its first use", policy.Purchase, func(f *policy.RiskFacts) { f.MethodCountry, f.FirstUse = "US", true }, policy.Challenge, "first_use_abroad"},
		{"first use, country not told", policy.Purchase, func(f *policy.RiskFacts) { f.MethodCountry, f.FirstUse = "", true }, policy.Allow, ""},
		{"first use of PayPal from abroad", policy.Purchase, func(f *policy.RiskFacts) {
			f.MethodCountry, f.FirstUse, f.MethodKind = "US", true, payment.PayPalKind
		}, policy.Allow, ""},
		{"first use of the fourth card", policy.Renewal, func(f *policy.RiskFacts) { f.NewMethods30d, f.FirstUse = 4, true }, policy.Challenge, "first_use_of_many"},
		{"the strictest goes first", policy.Purchase, func(f *policy.RiskFacts) {
			f.MethodCountry, f.FirstUse, f.FailedBinds24h, f.FailedPayments24h = "US", true, 9, 9
		}, policy.Refuse, "failed_binds"},
		{"many orders of a new account", policy.Purchase, func(f *policy.RiskFacts) { f.Orders24h, f.AccountAgeDays = 20, 29 }, policy.Challenge, "many_orders"},
	}
	for _, c := range cases {
		f := known(t)
		c.change(&f)
		got := policy.BuiltIn().Judge(c.on, f)
		if got.Verdict != c.verdict || got.Rule != c.rule || got.Version != "builtin-1" || got.Broken {
			t.Errorf("%s: got %s by %q of %s, want %s by %q", c.name, got.Verdict, got.Rule, got.Version, c.verdict, c.rule)
		}
	}
}

func TestDemoRisk(t *testing.T) {
	for decimal, want := range map[string]policy.Verdict{"499.99": policy.Allow, "500.00": policy.Challenge, "4999.99": policy.Challenge, "5000.00": policy.VerifyIdentity} {
		f := known(t)
		f.Amount, f.FirstUse, f.MethodCountry = amount(t, decimal, "USD"), true, "US"
		if got := policy.Demo().Judge(policy.Purchase, f); got.Verdict != want {
			t.Errorf("a first order of %s: got %s by %s, want %s", decimal, got.Verdict, got.Rule, want)
		}
	}
}

func TestConditions(t *testing.T) {
	cases := []struct {
		condition string
		change    func(*policy.RiskFacts)
		want      bool
	}{
		{`true`, nil, true},
		{`false or overdue`, nil, false},
		{`overdue`, func(f *policy.RiskFacts) { f.Overdue = true }, true},
		{`not overdue and !first_use`, nil, true},
		{`not (country == "DE")`, nil, true},
		{`country != "DE" && country == "SG"`, nil, true},
		{`country in ["DE", "SG"]`, nil, true},
		{`country not in ["DE", "SG"]`, nil, false},
		{`country in []`, nil, false},
		{`country != ip_country or ip_country == ""`, func(f *policy.RiskFacts) { f.IPCountry = "" }, true},
		{`country_mismatch == first_use`, nil, true},
		{`region == "other" and kind == "individual" and method_kind == "card"`, nil, true},
		{`order_kind in ["upgrade", "renewal"]`, nil, false},
		{`payments_24h + orders_24h - new_methods_30d >= 2`, nil, true},
		{`payments_24h in [0, 1]`, nil, true},
		{`0 < payments_24h <= 1`, nil, true},
		{`1_000 > account_age_days`, nil, true},
		{`amount >= 49.99`, nil, true},
		{`amount > 49.99`, nil, false},
		{`amount == 49.99 and 49.99 == amount`, nil, true},
		{`amount != 49.99`, nil, false},
		{`49.98 < amount < 50`, nil, true},
		{`amount < 49.9901`, nil, true},
		{`currency == "JPY" and amount == 123456789`, func(f *policy.RiskFacts) { f.Amount = amount(t, "123456789", "JPY") }, true},
		{`amount == 0.005`, func(f *policy.RiskFacts) { f.Amount = amount(t, "0.005", "KWD") }, true},
		{`amount == 12345678901.2345`, func(f *policy.RiskFacts) { f.Amount = amount(t, "12345678901.2345", "CLF") }, true},
		{`amount > 99999999999`, func(f *policy.RiskFacts) { f.Amount = money.Amount{Minor: math.MaxInt64, Currency: "JPY"} }, true},
		{`percent_of_threshold == 4`, nil, true},
		{`percent_of_threshold == 0`, func(f *policy.RiskFacts) { f.Amount = money.Amount{} }, true},
		{`percent_of_threshold > 99999999999`, func(f *policy.RiskFacts) {
			f.Amount, f.Threshold = money.Amount{Minor: math.MaxInt64, Currency: "USD"}, money.Amount{Minor: 1, Currency: "USD"}
		}, true},
	}
	for _, c := range cases {
		f := known(t)
		if c.change != nil {
			c.change(&f)
		}
		got := withRules(t, rule(c.condition)).Judge(policy.Purchase, f)
		if (got.Verdict == policy.Refuse) != c.want || got.Broken {
			t.Errorf("%s: got %s (broken: %t), want it to hold: %t", c.condition, got.Verdict, got.Broken, c.want)
		}
	}
}

func TestTheFirstRuleThatFiresDecides(t *testing.T) {
	p := withRules(t,
		`{name: spared, when: kind == "enterprise", verdict: allow, on: [purchase, upgrade]}`,
		`{name: asked, when: payments_24h >= 5, verdict: verify_identity, on: [purchase], message: Please show who you are.}`,
		`{name: stopped, when: payments_24h >= 3, verdict: refuse, on: [purchase]}`,
		`{name: elsewhere, when: "true", verdict: refuse, on: [charge]}`)
	cases := []struct {
		name     string
		kind     account.Kind
		payments int
		verified bool
		verdict  policy.Verdict
		rule     string
		message  string
		opinions string
	}{
		{"none fires", account.Individual, 1, false, policy.Allow, "", "", "spared asked stopped"},
		{"the last", account.Individual, 3, false, policy.Refuse, "stopped", "", "spared asked stopped!*"},
		{"the one above it", account.Individual, 5, false, policy.VerifyIdentity, "asked", "Please show who you are.", "spared asked!* stopped!"},
		{"which was verified", account.Individual, 5, true, policy.Refuse, "stopped", "", "spared asked stopped!*"},
		{"an exception", account.Enterprise, 5, false, policy.Allow, "spared", "", "spared!* asked! stopped!"},
	}
	for _, c := range cases {
		f := policy.RiskFacts{Kind: c.kind, Payments24h: c.payments, IdentityVerified: c.verified}
		got := p.Judge(policy.Purchase, f)
		if got.Verdict != c.verdict || got.Rule != c.rule || got.Message != c.message {
			t.Errorf("%s: got %s by %q, %q; want %s by %q, %q", c.name, got.Verdict, got.Rule, got.Message, c.verdict, c.rule, c.message)
		}
		var said []string
		for _, o := range p.JudgeAll(policy.Purchase, f) {
			text := o.Rule
			if o.Fired {
				text += "!"
			}
			if o.Decides {
				text += "*"
			}
			said = append(said, text)
		}
		if all := strings.Join(said, " "); all != c.opinions {
			t.Errorf("%s: the rules say %q, want %q", c.name, all, c.opinions)
		}
	}
	if all := p.JudgeAll(policy.Bind, policy.RiskFacts{}); len(all) > 0 {
		t.Errorf("rules that are not for binding speak of it: %v", all)
	}
	if got := withRules(t).Judge(policy.Purchase, policy.RiskFacts{FailedBinds24h: 99}); got.Verdict != policy.Allow {
		t.Errorf("without rules: got %s, want allow", got.Verdict)
	}
}

// TestARuleThatBreaksIsAChallenge has conditions that no document can have.
func TestARuleThatBreaksIsAChallenge(t *testing.T) {
	for name, condition := range map[string]string{
		"a panic":      "1 % payments_24h == 0",
		"no answer":    "payments_24h",
		"endless":      "all(1..1000000000, # >= payments_24h)",
		"much memory":  "len(map(1..1000000, [#, #, #, #])) > payments_24h",
		"long strings": `len(repeat(repeat(country, 100000), 100000)) > payments_24h`,
	} {
		p, err := policy.BreakRule(withRules(t, rule("true"), `{name: next, when: "true", verdict: refuse, on: [purchase]}`), "tried", condition)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		began := time.Now()
		got := p.Judge(policy.Purchase, policy.RiskFacts{Country: "SG"})
		if got.Verdict != policy.Challenge || got.Rule != "tried" || !got.Broken {
			t.Errorf("%s: got %s by %s (broken: %t), want a challenge by the rule that is broken", name, got.Verdict, got.Rule, got.Broken)
		}
		if all := p.JudgeAll(policy.Purchase, policy.RiskFacts{Country: "SG"}); !all[0].Broken || !all[0].Decides || all[1].Broken {
			t.Errorf("%s: the rules say %+v, want the first to be broken and to decide", name, all)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
}

func TestRiskOfAPolicyFromBefore(t *testing.T) {
	text := riskDocument(t)
	p, err := policy.Parse([]byte(strings.Replace(text, "risk: []\n", "", 1)), "before")
	if err != nil {
		t.Fatal(err)
	}
	checkChanges(t, policy.Diff(policy.BuiltIn(), p), nil)
	if got := p.Judge(policy.Bind, policy.RiskFacts{FailedBinds24h: 5}); got.Verdict != policy.Refuse {
		t.Errorf("got %s, want what the built-in policy says", got.Verdict)
	}
}

func TestDiffTellsRiskRules(t *testing.T) {
	one := `{name: one, when: overdue, verdict: refuse, on: [purchase, upgrade]}`
	two := `{name: two, when: 'country in ["DE", "FR"]', verdict: challenge, on: [bind], message: Hello.}`
	checkChanges(t, policy.Diff(withRules(t, one, two), withRules(t, two, one)), []string{
		"the order of risk rules changes from one, two to two, one",
	})
	checkChanges(t, policy.Diff(withRules(t, one), withRules(t, strings.Replace(one, "overdue", "not overdue", 1), two)), []string{
		"the order of risk rules changes from one to one, two",
		"the risk rule one changes from refuse on purchase, upgrade when overdue to refuse on purchase, upgrade when not overdue",
		`the risk rule two is new: challenge on bind when country in ["DE", "FR"], saying "Hello."`,
	})
	checkChanges(t, policy.Diff(withRules(t, one), withRules(t)), []string{
		"the order of risk rules changes from one to none",
		"the risk rule one goes, which was refuse on purchase, upgrade when overdue",
	})
}

// TestConditionsThatAreRefused has what is wrong with a condition; § is where the fault
// must be found, if that is within it.
func TestConditionsThatAreRefused(t *testing.T) {
	const unused, unread = "this is not used in conditions", "the condition cannot be read from here on"
	cases := []struct{ condition, message, next string }{
		{`§payment_24h > 1`, "there is no fact of this name", "did you mean payments_24h?"},
		{`overdue and §hunter2`, "there is no fact of this name", "the facts are account_age_days, amount"},
		{`§payments_24h`, "the condition is a whole number, and not yes or no", "compare it"},
		{`§payments_24h + 1`, "the condition is a whole number, and not yes or no", "compare it"},
		{`overdue §and payments_24h`, "and joins yes or no, and this is a whole number", "compare it"},
		{`country §|| overdue`, "or joins yes or no, and this is a text", "compare it"},
		{`§not payments_24h`, "not denies yes or no, and this is a whole number", "parentheses"},
		{`§not country == "DE"`, "not denies yes or no, and this is a text", "not (a == b)"},
		{`country §== 5`, "this compares a text with a whole number", "one kind"},
		{`country §< "DE"`, "a text is neither more nor less than another", "=="},
		{`overdue §>= true`, "yes or no is neither more nor less than another", "=="},
		{`country == §"UK"`, "country is never this", "write GB"},
		{`§"de" != method_country`, "method_country is never this", "write DE"},
		{`country in ["DE", §"Germany"]`, "country is never this", "ISO 3166-1"},
		{`kind == §"company"`, "kind is never this", "individual, enterprise"},
		{`kind == §"enterprize"`, "kind is never this", "did you mean enterprise?"},
		{`region == §"mars"`, "region is never this", "the words are united_states, eu"},
		{`currency == §"usd"`, "currency is never this", "ISO 4217"},
		{`method_kind == §"visa"`, "method_kind is never this", "card, paypal"},
		{`order_kind == §"bind"`, "order_kind is never this", "purchase, upgrade, renewal"},
		{`country §in "DE"`, "in looks for a text or a whole number in a list that stands there", "a fact and a list"},
		{`"D" §in country`, "in looks for a text or a whole number in a list that stands there", "a fact and a list"},
		{`amount §in [1, 2]`, "in looks for a text or a whole number in a list that stands there", "a fact and a list"},
		{`payments_24h in [1, §"2"]`, "the fact is a whole number, and this is a text", "one kind"},
		{`amount §> payments_24h`, "an amount is compared with a number that stands there", "amount >= 49.99"},
		{`amount §== amount`, "an amount is compared with a number that stands there", "amount >= 49.99"},
		{`amount §> (1 + 1)`, "an amount is compared with a number that stands there", "amount >= 49.99"},
		{`amount > §0.00001`, "the number is too large, or has too many decimals", "4 after it"},
		{`amount > §1e300`, "the number is too large, or has too many decimals", "11 digits"},
		{`amount > §100000000000`, "the number is too large", "11 digits"},
		{`payments_24h §> 1.5`, "only amounts have decimals", "whole number"},
		{`payments_24h §+ 1.5 > 2`, "this cannot be added or subtracted", "whole numbers"},
		{`amount §+ 1 > 2`, "this cannot be added or subtracted", "whole numbers"},
		{`country §+ "x" == "DE"`, "this cannot be added or subtracted", "whole numbers"},
		{`payments_24h §* 2 > 3`, unused, "use only facts"},
		{`payments_24h §/ 2 > 3`, unused, "use only facts"},
		{`payments_24h §% 2 == 1`, unused, "use only facts"},
		{`payments_24h §** 99 > 3`, unused, "use only facts"},
		{`payments_24h > §-1`, unused, "use only facts"},
		{`country §matches "(a+)+"`, unused, "use only facts"},
		{`country §contains "D"`, unused, "use only facts"},
		{`overdue §?? true`, unused, "use only facts"},
		{`overdue == §nil`, unused, "use only facts"},
		{`§[1, 2] == [1, 2]`, unused, "use only facts"},
		{`now().§Year() > 2020`, unused, "use only facts"},
		{`§len(country) > 1`, unused, "use only facts"},
		{`§all(1..1000000000, # > payments_24h)`, unused, "use only facts"},
		{`payments_24h §in 1..1000000000`, "in looks for a text or a whole number in a list that stands there", "a fact and a list"},
		{`payments_24h == 1§..1000000000`, unused, "use only facts"},
		{`§any(map(1..99999999, repeat("x", 99999999)), true)`, unused, "use only facts"},
		{`$env.§overdue`, unused, "use only facts"},
		{`country.§length > 1`, unused, "use only facts"},
		{`country§[0] == "D"`, unused, "use only facts"},
		{`{"a": overdue}.§a`, unused, "use only facts"},
		{`overdue | §string() == ""`, unused, "use only facts"},
		{`let §x = overdue; x`, unused, "use only facts"},
		{`§overdue; overdue`, unused, "use only facts"},
		{`§if overdue { true } else { false }`, unused, "use only facts"},
		{`overdue ? true : fals§e`, unused, "use only facts"},
		{`overdue an§d`, unread, "join facts"},
		{`payments_24h >§ `, unread, "join facts"},
		{`(overdu§e`, unread, "join facts"},
		{`overdue §overdue`, unread, "join facts"},
		{`country == "DE§`, unread, "join facts"},
		{`payments_24h > 9999999999999999999999§9`, unread, "join facts"},
		{strings.Repeat("(", 390), unread, "join facts"},
		{strings.Repeat("not ", 97), unread, "join facts"},
		{`§` + strings.Repeat("-", 390) + "1", unused, "use only facts"},
		{strings.Repeat("1<", 190) + "1", "the condition is too long, or cannot be evaluated", "two rules"},
	}
	for _, c := range cases {
		text, place := riskDocument(t, rule(c.condition)), ""
		if strings.Contains(c.condition, "§") {
			text, place = marked(t, text)
		}
		began := time.Now()
		_, err := policy.Parse([]byte(text), "policy.yaml")
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%.60s: took %s", c.condition, took)
		}
		faults := fault.All(err)
		if len(faults) == 0 {
			t.Errorf("%.60s: it is accepted, want %q", c.condition, c.message)
			continue
		}
		f := faults[0]
		if f.Message != c.message || !strings.Contains(f.Next, c.next) || !strings.HasSuffix(f.Place, ": risk[0].when") {
			t.Errorf("%.60s: got %s: %s; %s\nwant %s; %s", c.condition, f.Place, f.Message, f.Next, c.message, c.next)
		}
		if want := "policy.yaml, " + place + ": risk[0].when"; place != "" && f.Place != want {
			t.Errorf("%.60s: found at %s, want %s", c.condition, f.Place, want)
		}
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	cases := []struct{ name, rule, path, message, next string }{
		{"without a condition", "§{name: a, verdict: refuse, on: [bind]}", "risk[0].when", "the field is missing", "add it"},
		{"without an occasion", "§{name: a, when: overdue, verdict: refuse}", "risk[0].on", "the field is missing", "add it"},
		{"on nothing", "{name: a, when: overdue, verdict: refuse, on: §[]}", "risk[0].on", "the list is empty", "at least one"},
		{"on what there is not", "{name: a, when: overdue, verdict: refuse, on: [§buy]}", "risk[0].on[0]", "this word has no meaning here", "bind, purchase, upgrade, renewal, topup, charge"},
		{"another verdict", "{name: a, when: overdue, verdict: §refused, on: [bind]}", "risk[0].verdict", "this word has no meaning here", "did you mean refuse?"},
		{"a name in capitals", "{name: §Overdue, when: overdue, verdict: refuse, on: [bind]}", "risk[0].name", "this is not a rule's name in lower case, such as first_use_abroad", "name"},
		{"another field", "{name: a, when: overdue, §than: b, verdict: refuse, on: [bind]}", "risk[0]", "there is no field of this name", "name, when, verdict, on, message"},
		{"a word", "§overdue", "risk[0]", "this is not fields, each with a name, a colon and a value", "write fields"},
		{"an empty condition", "{name: a, when: §'', verdict: refuse, on: [bind]}", "risk[0].when", "the field is empty", "write a value"},
		{"a long condition", "{name: a, when: §'" + strings.Repeat("overdue or ", 40) + "overdue', verdict: refuse, on: [bind]}", "risk[0].when", "this is longer than 400 characters", "shorten"},
		{"a condition that is a tag", "{name: a, when: §!overdue '', verdict: refuse, on: [bind]}", "risk[0].when", "tags are not used in a policy", "remove"},
		{"a condition that is a list", "{name: a, when: §[overdue], verdict: refuse, on: [bind]}", "risk[0].when", "this is not a single value", "single"},
		{"a long message", "{name: a, when: overdue, verdict: refuse, on: [bind], message: §" + strings.Repeat("x", 201) + "}", "risk[0].message", "this is longer than 200 characters", "shorten"},
		{"in double quotes", `{name: a, when: "overdue and §owned", verdict: refuse, on: [bind]}`, "risk[0].when", "there is no fact of this name", "the facts are"},
		{"without quotes", `{name: a, when: overdue and §owned, verdict: refuse, on: [bind]}`, "risk[0].when", "there is no fact of this name", "the facts are"},
		{"with escapes", `{name: a, when: §"country == \"DE\" and owned", verdict: refuse, on: [bind]}`, "risk[0].when", "there is no fact of this name", "the facts are"},
		{"over two lines", "name: a\n    when: §overdue\n      and owned\n    verdict: refuse\n    on: [bind]", "risk[0].when", "there is no fact of this name", "the facts are"},
		{"in a block", "name: a\n    when: §|\n      overdue\n    verdict: refuse\n    on: [bind]", "risk[0].when", "this is not a single value", "single"},
	}
	for _, c := range cases {
		text, place := marked(t, riskDocument(t, c.rule))
		_, err := policy.Parse([]byte(text), "")
		faults := fault.All(err)
		if len(faults) != 1 {
			t.Errorf("%s: got %v, want one fault", c.name, err)
			continue
		}
		if f := faults[0]; f.Place != place+": "+c.path || f.Message != c.message || !strings.Contains(f.Next, c.next) {
			t.Errorf("%s: got %s: %s; %s\nwant %s: %s: %s; %s", c.name, f.Place, f.Message, f.Next, place, c.path, c.message, c.next)
		}
	}
	text, place := marked(t, riskDocument(t, rule("overdue"), "{name: §tried, when: overdue, verdict: refuse, on: [bind]}"))
	_, err := policy.Parse([]byte(text), "")
	if f, _ := fault.Of(err); f == nil || f.Place != place+": risk[1].name" {
		t.Errorf("a name twice: got %v, want it at %s", err, place)
	}
}

func TestConditionsAreNeverEchoed(t *testing.T) {
	for _, condition := range []string{`hunter2 > 1`, `country == "hunter2"`, `overdue hunter2`, `"hunter2`, `hunter2(1)`, `#hunter2`, `overdue and (hunter2`, `1hunter2`} {
		_, err := policy.Parse([]byte(riskDocument(t, rule(condition))), "")
		faults := fault.All(err)
		if len(faults) == 0 {
			t.Errorf("%s is accepted", condition)
		}
		for _, f := range faults {
			if strings.Contains(f.Place+f.Message+f.Next, "hunter2") {
				t.Errorf("%s is echoed: %+v", condition, f)
			}
		}
	}
}

// TestEveryFactIsDescribed holds the facts that conditions may use, those that are kept
// with a judgement and those in docs/policy.md against each other.
func TestEveryFactIsDescribed(t *testing.T) {
	reference, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal(policy.BuiltIn().Judge(policy.Purchase, known(t)).Inputs)
	if err != nil {
		t.Fatal(err)
	}
	var facts map[string]any
	if err := json.Unmarshal(kept, &facts); err != nil {
		t.Fatal(err)
	}
	if len(facts) != 22 || len(facts) != reflect.TypeFor[policy.RiskInputs]().NumField()-1 {
		t.Errorf("%d facts are kept, want 22: %s", len(facts), kept)
	}
	if got := facts["amount"]; got != "49.99" {
		t.Errorf("the amount is kept as %v, want 49.99", got)
	}
	var described []string
	_, table, _ := strings.Cut(string(reference), "| Fact | Is | Means |")
	for _, line := range strings.Split(table, "\n") {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` |"); ok && strings.HasPrefix(line, "| `") {
			described = append(described, name)
		}
	}
	for name := range facts {
		if !slices.Contains(described, name) {
			t.Errorf("docs/policy.md does not describe %s", name)
		}
		condition := name + " == " + name
		if name == "amount" {
			condition = "amount == 49.99"
		}
		if got := withRules(t, rule(condition)).Judge(policy.Purchase, known(t)); got.Verdict != policy.Refuse || got.Broken {
			t.Errorf("%s: got %s (broken: %t), want it to hold", condition, got.Verdict, got.Broken)
		}
	}
	if len(described) != len(facts) {
		t.Errorf("docs/policy.md describes %d facts, want %d", len(described), len(facts))
	}
}

func FuzzCondition(f *testing.F) {
	for _, r := range policy.BuiltIn().RiskRules() {
		f.Add(r.When)
	}
	f.Add(`49.98 < amount < 50 or not (country in ["DE", ""]) and 1 + 2 - payments_24h != 0`)
	f.Add(`if overdue { let x = 1..9; all(x, # > 1) } else { {"a": [1]}.a[0:1] ?? nil }`)
	before := policy.BuiltIn().Document
	from, to := strings.Index(before, "risk:\n"), strings.Index(before, "# Collecting a debt.")
	f.Fuzz(func(t *testing.T, condition string) {
		quoted, err := json.Marshal(condition)
		if err != nil {
			return
		}
		text := before[:from] + "risk: [{name: fuzz, verdict: refuse, on: [purchase], when: " + string(quoted) + "}]\n" + before[to:]
		p, err := policy.Parse([]byte(text), "fuzz")
		if err != nil {
			if len(fault.All(err)) == 0 {
				t.Errorf("the error is not a fault: %v", err)
			}
			return
		}
		for _, facts := range []policy.RiskFacts{{}, known(t)} {
			first, again := p.Judge(policy.Purchase, facts), p.Judge(policy.Purchase, facts)
			if first.Broken || first != again {
				t.Errorf("%q is accepted, and then says %+v and %+v", condition, first, again)
			}
		}
	})
}
