package diagnosis_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/diagnosis"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

var now = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func card(s payment.MethodState, reason string) payment.Method {
	return payment.Method{
		ID: "pm_1", Kind: payment.CardKind, State: s, Reason: reason, UpdatedAt: now,
		Card: payment.Card{Brand: payment.Visa, Last4: "4242", Funding: payment.CreditFunding, Country: "US"},
	}
}

func wallet(s payment.MethodState, reason string) payment.Method {
	return payment.Method{ID: "pm_2", Kind: payment.PayPalKind, State: s, Reason: reason, UpdatedAt: now, Email: "payer@example.com", Card: payment.Card{Country: "US"}}
}

func rejected(m payment.Method) diagnosis.Diagnosis {
	h := payment.Hold{ID: "hold_1", Kind: payment.Verification, State: payment.HoldReleased, Reason: m.Reason, Amount: usd(100), OpenedAt: now}
	return diagnosis.OfMethod(diagnosis.MethodFacts{Now: now, Method: m, Hold: h})
}

func attempt(outcome string) diagnosis.Diagnosis {
	return diagnosis.OfAttempt(diagnosis.AttemptFacts{ID: "try_1", At: now, Outcome: outcome, Kind: payment.CardKind, Brand: "visa", Last4: "4242"})
}

func agreement(s payment.AgreementState, reason string) diagnosis.Diagnosis {
	return diagnosis.OfAgreement(diagnosis.AgreementFacts{Now: now, Agreement: payment.Agreement{ID: "agr_1", State: s, Reason: reason, OpenedAt: now, Until: now.Add(time.Hour), EndedAt: now.Add(time.Hour)}})
}

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

// refused are the facts of a payment that the issuer refused.
func refused(m payment.Method, r payment.Refusal) diagnosis.PaymentFacts {
	return diagnosis.PaymentFacts{
		Now: now, Method: m, Debt: diagnosis.DebtState{IsOpen: true, Open: usd(1000)},
		Payment: payment.Payment{ID: "pay_1", Method: m.ID, State: payment.Declined, Refusal: r, Amount: usd(1000), OpenedAt: now, SettledAt: now.Add(time.Second), Attempt: 1},
	}
}

func declined(class string) diagnosis.Diagnosis {
	return diagnosis.OfPayment(refused(card(payment.Active, ""), payment.Refusal{Class: class, Code: "word"}))
}

func declinedAtPayPal(class string) diagnosis.Diagnosis {
	return diagnosis.OfPayment(refused(wallet(payment.Active, ""), payment.Refusal{Class: class, Code: "WORD"}))
}

// left is a payment whose challenge nobody finished.
func left() diagnosis.Diagnosis {
	f := refused(card(payment.Active, ""), payment.Refusal{})
	f.Payment.State, f.Payment.ChallengeUntil = payment.Cancelled, now.Add(30*time.Minute)
	return diagnosis.OfPayment(f)
}

func nowRefusedBy(policy string) diagnosis.Diagnosis {
	return debtWith(policy)
}

func debtWith(against ...string) diagnosis.Diagnosis {
	return diagnosis.OfDebt(diagnosis.DebtFacts{ID: "debt_1", Now: now, Amount: usd(1000), Debt: diagnosis.DebtState{IsOpen: true, Open: usd(1000)}, OpenedAt: now, Against: against})
}

func orderDebt(state string, r diagnosis.RiskSaid) diagnosis.Diagnosis {
	return diagnosis.OfDebt(diagnosis.DebtFacts{ID: "debt_1", Now: now, Amount: usd(1000), Debt: diagnosis.DebtState{IsOpen: state == "blocked", Open: usd(1000)}, DueOrder: state, Risk: r})
}

// TestWhyACardCannotBeBound names each row of the seed's answer to it (S-19).
func TestWhyACardCannotBeBound(t *testing.T) {
	for _, c := range []struct {
		row  string
		got  diagnosis.Diagnosis
		want diagnosis.Cause
		how  diagnosis.Certainty
		also diagnosis.Cause // "" none in particular
	}{
		{"kind of card: brand", attempt("brand_unsupported"), diagnosis.CardType, diagnosis.Certain, ""},
		{"kind of card: UnionPay alone", attempt("unionpay_only"), diagnosis.CardType, diagnosis.Certain, ""},
		{"kind of card: prepaid, gift or virtual", attempt("card_prepaid"), diagnosis.CardType, diagnosis.Certain, ""},
		{"kind of card: another funding", attempt("funding_blocked"), diagnosis.CardType, diagnosis.Certain, ""},
		{"kind of card: the network says so", rejected(card(payment.Rejected, "unsupported")), diagnosis.CardType, diagnosis.Certain, diagnosis.CardState},
		{"bound to another account", attempt("already_bound"), diagnosis.AlreadyBound, diagnosis.Certain, ""},
		{"the issuer refused: no reason given", rejected(card(payment.Rejected, "issuer_block")), diagnosis.IssuerRefusal, diagnosis.Certain, diagnosis.HoldFailed},
		{"the issuer refused: for good", rejected(card(payment.Rejected, "final")), diagnosis.IssuerRefusal, diagnosis.Certain, ""},
		{"the hold failed: no funds", rejected(card(payment.Rejected, "insufficient_funds")), diagnosis.HoldFailed, diagnosis.Certain, diagnosis.Funds},
		{"the hold failed: ended before it was approved", rejected(card(payment.Rejected, "hold_cancelled")), diagnosis.HoldFailed, diagnosis.Likely, diagnosis.BrowserOrNetwork},
		{"browser or network: nobody finished the challenge", rejected(card(payment.Rejected, "challenge_expired")), diagnosis.ThreeDS, diagnosis.Certain, diagnosis.BrowserOrNetwork},
		{"browser or network: nobody came back from PayPal", agreement(payment.AgreementLapsed, ""), diagnosis.Agreement, diagnosis.Likely, diagnosis.BrowserOrNetwork},

		{"3-D Secure was not passed", rejected(card(payment.Rejected, "authentication")), diagnosis.ThreeDS, diagnosis.Certain, diagnosis.CardState},
		{"3-D Secure is not switched on", rejected(card(payment.Rejected, "three_ds_missing")), diagnosis.ThreeDS, diagnosis.Certain, diagnosis.CardState},
		{"details", rejected(card(payment.Rejected, "data")), diagnosis.Details, diagnosis.Certain, ""},
		{"expired", attempt("card_expired"), diagnosis.CardState, diagnosis.Certain, ""},
		{"country of the issuer", attempt("issuer_country_blocked"), diagnosis.NotUsable, diagnosis.Certain, ""},
		{"not offered in the region", attempt("method_not_available"), diagnosis.NotUsable, diagnosis.Certain, ""},
		{"tried too often", attempt("too_many_tries"), diagnosis.Limits, diagnosis.Certain, ""},
		{"risk", attempt("risk_control_rejection"), diagnosis.Risk, diagnosis.Certain, ""},
		{"account closed", attempt("account_closed"), diagnosis.AccountState, diagnosis.Certain, ""},
		{"provider away", rejected(card(payment.Rejected, "provider_unavailable")), diagnosis.Provider, diagnosis.Certain, ""},
		{"PayPal: not agreed to", agreement(payment.AgreementRefused, "agreement_not_approved"), diagnosis.Agreement, diagnosis.Certain, ""},
		{"PayPal: registered in mainland China", agreement(payment.AgreementDiscarding, "payer_country_blocked"), diagnosis.NotUsable, diagnosis.Certain, ""},
		{"PayPal: no source of funds", rejected(wallet(payment.Rejected, "issuer_block")), diagnosis.FundingSource, diagnosis.Likely, diagnosis.HoldFailed},
		{"PayPal: agreement taken back", rejected(wallet(payment.Invalid, "consent_revoked")), diagnosis.Agreement, diagnosis.Certain, ""},
	} {
		check(t, c.row, c.got, c.want, c.how, c.also)
	}
}

// TestWhyAPaymentFailed names each row of the seed's answer to it (S-20).
func TestWhyAPaymentFailed(t *testing.T) {
	several := refused(card(payment.Active, ""), payment.Refusal{Class: "insufficient_funds"})
	for range 2 {
		several.Others = append(several.Others, payment.Payment{ID: "pay_0", OpenedAt: now.Add(-time.Hour), Refusal: payment.Refusal{Class: "issuer_block"}})
	}
	taken := refused(wallet(payment.Invalid, "consent_revoked"), payment.Refusal{Class: "final"})
	unaccepted := refused(card(payment.Active, ""), payment.Refusal{})
	unaccepted.Payment.State, unaccepted.Payment.Force3DS = payment.Succeeded, true
	lost := refused(card(payment.Active, ""), payment.Refusal{})
	lost.Payment.State, lost.Payment.SettledAt, lost.Payment.Ref = payment.Unknown, time.Time{}, "pi_1"
	for _, c := range []struct {
		row  string
		got  diagnosis.Diagnosis
		want diagnosis.Cause
		how  diagnosis.Certainty
		also diagnosis.Cause
	}{
		{"identity check: documents are wanted", orderDebt("blocked", diagnosis.RiskSaid{Verdict: "verify_identity", Rule: "r", Case: "kyc_1", State: "open"}), diagnosis.IdentityCheck, diagnosis.Certain, ""},
		{"identity check: rejected as blurred", orderDebt("blocked", diagnosis.RiskSaid{Verdict: "verify_identity", Case: "kyc_1", State: "rejected", Reason: "blurred"}), diagnosis.IdentityCheck, diagnosis.Certain, ""},
		{"3-D Secure not finished: nobody came", left(), diagnosis.ThreeDS, diagnosis.Certain, diagnosis.BrowserOrNetwork},
		{"3-D Secure not finished: not passed", declined("authentication"), diagnosis.ThreeDS, diagnosis.Certain, diagnosis.CardState},
		{"3-D Secure not finished: demanded and not run", diagnosis.OfPayment(unaccepted), diagnosis.ThreeDS, diagnosis.Certain, diagnosis.CardState},
		{"state or features: the issuer said no", declined("issuer_block"), diagnosis.CardState, diagnosis.Likely, diagnosis.Funds},
		{"state or features: several times without a challenge", diagnosis.OfPayment(several), diagnosis.Funds, diagnosis.Certain, diagnosis.CardState},
		{"state or features: expired", declined("data"), diagnosis.CardState, diagnosis.Certain, ""},
		{"state or features: refused for good", declined("final"), diagnosis.CardState, diagnosis.Likely, ""},
		{"state or features: no balance", declined("insufficient_funds"), diagnosis.Funds, diagnosis.Certain, ""},
		{"method not usable: issued in mainland China", nowRefusedBy("issuer_country_blocked"), diagnosis.NotUsable, diagnosis.Certain, ""},
		{"method not usable: prepaid, gift, virtual", nowRefusedBy("card_prepaid"), diagnosis.NotUsable, diagnosis.Certain, ""},
		{"method not usable: PayPal of mainland China", nowRefusedBy("payer_country_blocked"), diagnosis.NotUsable, diagnosis.Certain, ""},
		{"method not usable: not verified (S-24)", nowRefusedBy("method_not_active"), diagnosis.NotUsable, diagnosis.Certain, ""},
		{"method not usable: the network says so", declined("unsupported"), diagnosis.NotUsable, diagnosis.Certain, ""},

		{"risk refused", orderDebt("refused", diagnosis.RiskSaid{Verdict: "refuse", Rule: "r"}), diagnosis.Risk, diagnosis.Certain, ""},
		{"the bank gave no answer", declined("try_later"), diagnosis.Provider, diagnosis.Likely, ""},
		{"unknown outcome", diagnosis.OfPayment(lost), diagnosis.Unknown, diagnosis.Certain, diagnosis.Provider},
		{"nothing to charge", debtWith("no_payment_method"), diagnosis.NoMethod, diagnosis.Certain, ""},
		{"tried too often", debtWith("attempts_capped"), diagnosis.Limits, diagnosis.Certain, ""},
		{"too soon", debtWith("attempt_too_soon"), diagnosis.Limits, diagnosis.Certain, ""},
		{"refused for good before", debtWith("card_refused_for_good"), diagnosis.CardState, diagnosis.Likely, ""},
		{"lapsed", orderDebt("lapsed", diagnosis.RiskSaid{}), diagnosis.Lapsed, diagnosis.Certain, ""},
		{"PayPal: no source of funds", declinedAtPayPal("issuer_block"), diagnosis.FundingSource, diagnosis.Likely, ""},
		{"PayPal: agreement taken back", diagnosis.OfPayment(taken), diagnosis.Agreement, diagnosis.Certain, ""},
		{"PayPal: the payer is wanted", declinedAtPayPal("authentication"), diagnosis.Agreement, diagnosis.Certain, diagnosis.BrowserOrNetwork},
	} {
		check(t, c.row, c.got, c.want, c.how, c.also)
	}
}

func check(t *testing.T, row string, got diagnosis.Diagnosis, want diagnosis.Cause, how diagnosis.Certainty, also diagnosis.Cause) {
	t.Helper()
	if got.Cause != want || got.Certainty != how {
		t.Errorf("%s: got %s (%s), want %s (%s)", row, got.Cause, got.Certainty, want, how)
	}
	if also != "" && !slices.ContainsFunc(got.Also, func(f diagnosis.Finding) bool { return f.Cause == also }) {
		t.Errorf("%s: got also %v, want %s among them", row, got.Also, also)
	}
	if got.Reason == "" && got.State == diagnosis.Failed {
		t.Errorf("%s: got no reason code", row)
	}
	payer := got.ForPayer()
	if len(payer.Customer) == 0 {
		t.Errorf("%s: the customer is told nothing that they can do", row)
	}
	if len(payer.Evidence) == 0 {
		t.Errorf("%s: the customer is told no fact", row)
	}
	within(t, row, payer, got)
	for l := range 4 {
		spoken(t, row, diagnosis.Language(l), got)
	}
}

// within fails the test unless the payer's view is a part of staff's.
func within(t *testing.T, row string, payer, staff diagnosis.Diagnosis) {
	t.Helper()
	for _, e := range payer.Evidence {
		if e.Staff || !slices.ContainsFunc(staff.Evidence, func(s diagnosis.Evidence) bool { return reflect.DeepEqual(s, e) }) {
			t.Errorf("%s: the payer is told %s, which is not theirs", row, e.Fact)
		}
	}
	payer.Evidence, payer.Staff = staff.Evidence, staff.Staff
	if !reflect.DeepEqual(payer, staff) {
		t.Errorf("%s: the payer is told what staff are not", row)
	}
	if len(staff.ForPayer().Staff) != 0 {
		t.Errorf("%s: the payer is told what staff can do", row)
	}
}

// spoken fails the test unless everything is said in a language, whole.
func spoken(t *testing.T, row string, l diagnosis.Language, d diagnosis.Diagnosis) {
	t.Helper()
	title, meaning := l.Cause(d.Cause)
	said := []string{l.State(d.State), l.Certainty(d.Certainty), title, meaning}
	for _, e := range d.Evidence {
		said = append(said, l.Evidence(e), l.Source(e.Source))
	}
	for _, a := range append(slices.Clone(d.Customer), d.Staff...) {
		said = append(said, l.Step(a.Step))
	}
	for _, s := range said {
		if s == "" || strings.ContainsAny(s, "{}") {
			t.Errorf("%s in %s: got %q among %q, want all said", row, l.Tag(), s, said)
		}
	}
}

// TestAPayerIsNeverToldWhatAnIssuerSuspects: whatever the provider's word, a payer's
// view is the same for all words of a class, and no view of theirs holds one.
func TestAPayerIsNeverToldWhatAnIssuerSuspects(t *testing.T) {
	words := refusalWords(t)
	if len(words["Final"]) < 25 || len(words["IssuerBlock"]) < 15 {
		t.Fatalf("got %d final words and %d of issuers' refusals, want those of both providers", len(words["Final"]), len(words["IssuerBlock"]))
	}
	suspicions := []string{"stolen", "fraud", "suspect", "pick up", "pickup", "lost card", "card is lost", "restricted", "security violation", "詐", "诈", "盜", "盗", "掛失", "挂失", "可疑", "紛失", "不正", "疑い"}
	for group, class := range map[string]string{"Final": "final", "IssuerBlock": "issuer_block"} {
		for _, m := range []payment.Method{card(payment.Active, ""), wallet(payment.Active, "")} {
			plain := diagnosis.OfPayment(refused(m, payment.Refusal{Class: class, Code: "card_declined"})).ForPayer()
			for _, word := range words[group] {
				name := fmt.Sprintf("%s of %s", word, m.Kind)
				d := diagnosis.OfPayment(refused(m, payment.Refusal{Class: class, Code: word, NetworkCode: word, AdviceCode: word, WaitAtLeast: 0}))
				got := d.ForPayer()
				if !reflect.DeepEqual(got, plain) {
					t.Errorf("%s: the payer is told %+v, want what is told for any other: %+v", name, got, plain)
				}
				if !slices.ContainsFunc(d.Evidence, func(e diagnosis.Evidence) bool { return e.Staff && e.Fact == diagnosis.FactProviderWords }) {
					t.Errorf("%s: staff are not told the provider's words", name)
				}
			}
			for l := range 4 {
				said := everything(diagnosis.Language(l), plain)
				for _, s := range suspicions {
					if strings.Contains(strings.ToLower(said), s) {
						t.Errorf("%s, %s in %s: the payer reads %q in %q", class, m.Kind, diagnosis.Language(l).Tag(), s, said)
					}
				}
			}
		}
	}
}

// everything is all that is said in a diagnosis, its values and codes included.
func everything(l diagnosis.Language, d diagnosis.Diagnosis) string {
	title, meaning := l.Cause(d.Cause)
	said := fmt.Sprintln(d, title, meaning)
	for _, f := range d.Also {
		title, meaning = l.Cause(f.Cause)
		said += fmt.Sprintln(title, meaning)
	}
	for _, e := range d.Evidence {
		said += fmt.Sprintln(l.Evidence(e), e.Values)
	}
	for _, a := range d.Customer {
		said += fmt.Sprintln(l.Step(a.Step))
	}
	return said
}

// refusalWords reads every word of refusal that the providers' plugs know, by class,
// out of their tables.
func refusalWords(t *testing.T) map[string][]string {
	t.Helper()
	words := map[string][]string{}
	for _, file := range []string{"../provider/stripe/declines.go", "../provider/paypal/declines.go"} {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			table, ok := spec.Values[0].(*ast.CompositeLit)
			if !ok {
				return true
			}
			isFinal := strings.HasSuffix(spec.Names[0].Name, "Final")
			for _, e := range table.Elts {
				pair, ok := e.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				key, ok := pair.Key.(*ast.BasicLit)
				if !ok {
					continue
				}
				word, err := strconv.Unquote(key.Value)
				if err != nil {
					t.Fatal(err)
				}
				class := classIn(pair.Value)
				if isFinal {
					class = "Final"
				}
				if class != "" {
					words[class] = append(words[class], word)
				}
			}
			return true
		})
	}
	return words
}

// classIn finds the class that an entry of a table names.
func classIn(n ast.Node) (class string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if of, ok := s.X.(*ast.Ident); ok && of.Name == "provider" {
				class = s.Sel.Name
			}
		}
		return true
	})
	return class
}

// TestEverythingIsSaidInEveryLanguage holds the tables of words to each other.
func TestEverythingIsSaidInEveryLanguage(t *testing.T) {
	for _, c := range diagnosis.Causes {
		english, sense := diagnosis.Language(0).Cause(c)
		for l := range 4 {
			title, meaning := diagnosis.Language(l).Cause(c)
			if title == "" || meaning == "" || l > 0 && (title == english || meaning == sense) {
				t.Errorf("%s in %s: got %q and %q, want words of its own", c, diagnosis.Language(l).Tag(), title, meaning)
			}
		}
	}
	for name, rows := range diagnosis.Tables() {
		for code, row := range rows {
			for l, text := range row {
				if text == "" || l > 0 && text == row[0] || !slices.Equal(blanks(text), blanks(row[0])) {
					t.Errorf("%s %s in %s: got %q, want words of its own with the values of %q", name, code, diagnosis.Language(l).Tag(), text, row[0])
				}
			}
		}
	}
}

// blanks are the names in braces.
func blanks(text string) []string {
	var names []string
	for _, part := range strings.Split(text, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestLanguageOf(t *testing.T) {
	for _, c := range []struct {
		wishes []string
		want   string
	}{
		{[]string{"ja"}, "ja"}, {[]string{"zh-TW,zh;q=0.8"}, "zh-Hant"}, {[]string{"zh-CN"}, "zh-Hans"}, {[]string{"", "ja"}, "ja"},
		{[]string{"en-GB", "ja"}, "en"}, {[]string{""}, "en"}, {[]string{"tlh"}, "en"}, {[]string{strings.Repeat("x", 300), "zh-Hant"}, "zh-Hant"},
	} {
		if got := diagnosis.LanguageOf(c.wishes...).Tag(); got != c.want {
			t.Errorf("%.40q: got %s, want %s", c.wishes, got, c.want)
		}
	}
}

// What is not over says so, and nobody is told to pay again meanwhile.
func TestWhatIsNotOver(t *testing.T) {
	f := refused(card(payment.Active, ""), payment.Refusal{})
	f.Payment.SettledAt = time.Time{}
	for _, c := range []struct {
		state payment.State
		url   string
		age   time.Duration
		want  diagnosis.State
		cause diagnosis.Cause
		step  diagnosis.Step
	}{
		{payment.Unknown, "", 0, diagnosis.UnderWay, diagnosis.Provider, diagnosis.Wait}, // it has no id at the provider: nothing was confirmed
		{payment.Pending, "", time.Hour, diagnosis.UnderWay, "", diagnosis.Wait},
		{payment.Opening, "", time.Second, diagnosis.UnderWay, "", diagnosis.Wait},
		{payment.Opening, "", time.Hour, diagnosis.UnderWay, diagnosis.Provider, diagnosis.Wait},
		{payment.Waiting, "https://bank.example/3ds", 0, diagnosis.Waits, diagnosis.ThreeDS, diagnosis.FinishChallenge},
	} {
		f.Payment.State, f.Payment.ChallengeURL, f.Now = c.state, c.url, now.Add(c.age)
		d := diagnosis.OfPayment(f)
		if d.State != c.want || d.Cause != c.cause || len(d.Customer) == 0 || d.Customer[0].Step != c.step || d.Customer[0].URL != c.url {
			t.Errorf("%s after %s: got %s, %s, %v; want %s, %s, %s", c.state, c.age, d.State, d.Cause, d.Customer, c.want, c.cause, c.step)
		}
		if slices.ContainsFunc(d.Customer, func(a diagnosis.Advice) bool { return a.Step == diagnosis.PayByHand || a.Step == diagnosis.UseAnother }) {
			t.Errorf("%s: the customer is told to pay again: %v", c.state, d.Customer)
		}
	}
}

// A debt that is paid has nothing to explain, whatever its payments came to.
func TestAPaidDebtIsFine(t *testing.T) {
	f := diagnosis.DebtFacts{ID: "debt_1", Now: now, Last: refused(card(payment.Active, ""), payment.Refusal{Class: "final"})}
	f.Last.Debt.IsOpen = false
	if d := diagnosis.OfDebt(f); d.State != diagnosis.Fine || d.Cause != "" || len(d.Customer) != 0 {
		t.Errorf("got %s, %s, %v; want fine, nothing", d.State, d.Cause, d.Customer)
	}
}

// What stands against another try comes before what became of the last one.
func TestADebtIsExplainedByWhatStandsAgainstItNow(t *testing.T) {
	f := diagnosis.DebtFacts{
		ID: "debt_1", Now: now, Amount: usd(1000), Debt: diagnosis.DebtState{IsOpen: true, Open: usd(1000)},
		Last: refused(card(payment.Expired, "card_lapsed"), payment.Refusal{Class: "insufficient_funds"}), Against: []string{"no_payment_method"},
		Lost: []payment.Method{card(payment.Expired, "card_lapsed")},
	}
	d := diagnosis.OfDebt(f)
	if d.Cause != diagnosis.NoMethod || d.Reason != "no_payment_method" || len(d.Also) < 2 || d.Also[0].Cause != diagnosis.CardState || d.Also[1].Cause != diagnosis.Funds {
		t.Errorf("got %s (%s), also %v; want no_payment_method, then the expired card, then the funds", d.Cause, d.Reason, d.Also)
	}
}
