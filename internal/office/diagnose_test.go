package office_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/diagnosis"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// found is what a diagnosis has to come to.
type found struct {
	state  diagnosis.State
	cause  diagnosis.Cause
	reason string
	fact   diagnosis.Fact // that must be among the evidence; "" any
}

func (f found) check(t *testing.T, name string, d office.Diagnosed, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if d.State != f.state || d.Cause != f.cause || d.Reason != f.reason {
		t.Errorf("%s: got %s: %s (%s), want %s: %s (%s)", name, d.State, d.Cause, d.Reason, f.state, f.cause, f.reason)
	}
	if f.fact != "" && !holdsFact(d, f.fact) {
		t.Errorf("%s: got evidence %v, want %s among it", name, d.Evidence, f.fact)
	}
	if d.Language != "en" || d.State == diagnosis.Failed && (len(d.Customer) == 0 || len(d.Evidence) == 0) {
		t.Errorf("%s: got %d facts and %d steps in %q, want some in the account's language", name, len(d.Evidence), len(d.Customer), d.Language)
	}
}

func holdsFact(d office.Diagnosed, f diagnosis.Fact) bool {
	return slices.ContainsFunc(d.Evidence, func(e diagnosis.Evidence) bool { return e.Fact == f })
}

// methodWhy diagnoses a payment method for staff.
func methodWhy(d *officetest.Desk, id payment.MethodID) (office.Diagnosed, error) {
	return d.DiagnoseMethod(d.T.Context(), access.CommandLine, id, office.ToStaff)
}

// newestTry diagnoses an account's newest try to bind, for staff.
func newestTry(t *testing.T, d *officetest.Desk, a account.Account) office.Diagnosed {
	t.Helper()
	list, err := d.DiagnoseBindAttempts(t.Context(), access.CommandLine, a.ID, office.ToStaff, office.Page{Limit: 1})
	if err != nil || len(list.Tries) != 1 {
		t.Fatalf("got %d tries, %v, want one", len(list.Tries), err)
	}
	return list.Tries[0].Diagnosis
}

// Every way in which the hold on a card fails is told as what it is (S-19, R-BIND-14).
func TestDiagnoseACardThatWasNotBound(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		for _, c := range []struct {
			token string
			want  found
		}{
			{sandbox.Declined, found{diagnosis.Failed, diagnosis.IssuerRefusal, "issuer_block", diagnosis.FactRefused}},
			{sandbox.DeclinedNoFunds, found{diagnosis.Failed, diagnosis.HoldFailed, "insufficient_funds", diagnosis.FactHoldAsked}},
			{"pm_card_visa_chargeDeclinedLostCard", found{diagnosis.Failed, diagnosis.IssuerRefusal, "final", diagnosis.FactRefused}},
			{"pm_card_visa_chargeDeclinedStolenCard", found{diagnosis.Failed, diagnosis.IssuerRefusal, "final", diagnosis.FactRefused}},
			{"pm_card_radarBlock", found{diagnosis.Failed, diagnosis.IssuerRefusal, "final", diagnosis.FactRefused}},
			{"pm_card_chargeDeclinedIncorrectCvc", found{diagnosis.Failed, diagnosis.Details, "data", diagnosis.FactRefused}},
			{"pm_card_chargeDeclinedProcessingError", found{diagnosis.Failed, diagnosis.Provider, "try_later", diagnosis.FactRefused}},
			{sandbox.Visa, found{diagnosis.Fine, "", "", diagnosis.FactCard}},
		} {
			b := d.Bind(d.Customer(), c.token)
			got, err := methodWhy(d, b.Method.ID)
			c.want.check(t, c.token, got, err)
			c.want.check(t, c.token+" as a try", newestTry(t, d, account.Account{ID: b.Method.Account}), nil)
		}
	})
}

// What a rule refuses never becomes a method; it is told by the tries (S-19).
func TestDiagnoseTriesThatBecameNoMethod(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		held := d.Bind(d.Customer(), sandbox.Visa).Method
		for _, c := range []struct {
			name, country, currency, token string
			want                           found
		}{
			{"prepaid", "US", "USD", sandbox.MastercardPrepaid, found{diagnosis.Failed, diagnosis.CardType, "card_prepaid", diagnosis.FactCardTried}},
			{"UnionPay alone", "SG", "USD", sandbox.UnionPay, found{diagnosis.Failed, diagnosis.CardType, "unionpay_only", diagnosis.FactCardTried}},
			{"Discover", "US", "USD", "pm_card_discover", found{diagnosis.Failed, diagnosis.CardType, "brand_unsupported", diagnosis.FactCardTried}},
			{"issued in mainland China", "SG", "USD", "pm_card_cn", found{diagnosis.Failed, diagnosis.NotUsable, "issuer_country_blocked", diagnosis.FactRuleRefused}},
			{"JCB in the United States", "US", "USD", sandbox.JCB, found{diagnosis.Failed, diagnosis.NotUsable, "method_not_available", diagnosis.FactRuleRefused}},
			{"bound elsewhere", "US", "USD", sandbox.Visa, found{diagnosis.Failed, diagnosis.AlreadyBound, "already_bound", diagnosis.FactHolder}},
		} {
			a := d.Customer(in(c.country, c.currency))
			if _, err := d.TryBind(a, c.token); err == nil {
				t.Fatalf("%s: bound, want it refused", c.name)
			}
			c.want.check(t, c.name, newestTry(t, d, a), nil)
			list, err := d.DiagnoseBindAttempts(t.Context(), caller(a), a.ID, office.ToPayer, office.Page{Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range list.Tries { // the payer never learns whose it is
				if said := fmt.Sprint(l.Diagnosis); strings.Contains(said, string(held.ID)) || strings.Contains(said, string(held.Account)) {
					t.Errorf("%s: the payer is told whose it is: %s", c.name, said)
				}
			}
		}
	})
}

// A limit is told before the next try, and tries come in pages.
func TestDiagnoseTooManyTries(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		list, err := d.DiagnoseBindAttempts(t.Context(), access.CommandLine, a.ID, office.ToStaff, office.Page{Limit: 10})
		if err != nil || len(list.Tries) != 0 {
			t.Fatalf("got %d tries, %v, want none", len(list.Tries), err)
		}
		found{diagnosis.Fine, "", "", diagnosis.FactTries}.check(t, "before", list.Now, nil)
		for range 8 {
			_, _ = d.TryBind(a, sandbox.MastercardPrepaid)
			d.Pass(time.Second)
		}
		if list, err = d.DiagnoseBindAttempts(t.Context(), access.CommandLine, a.ID, office.ToStaff, office.Page{Limit: 2}); err != nil {
			t.Fatal(err)
		}
		found{diagnosis.Failed, diagnosis.Limits, "too_many_tries", diagnosis.FactTries}.check(t, "after", list.Now, nil)
		seen := map[string]bool{}
		for page := (office.Page{Limit: 2}); ; page.After = list.Next {
			if list, err = d.DiagnoseBindAttempts(t.Context(), access.CommandLine, a.ID, office.ToStaff, page); err != nil {
				t.Fatal(err)
			}
			for _, l := range list.Tries {
				if seen[l.Attempt.ID] || !holdsFact(l.Diagnosis, diagnosis.FactCardTried) {
					t.Errorf("got %s again, or without its card: %v", l.Attempt.ID, l.Diagnosis.Evidence)
				}
				seen[l.Attempt.ID] = true
			}
			if list.Next == "" {
				break
			}
		}
		if len(seen) < 3 {
			t.Errorf("got %d tries over the pages, want all", len(seen))
		}
	})
}

// 3-D Secure on a bind: passed, failed, left, not run, and waiting (S-06, S-19).
func TestDiagnoseThreeDSOnABind(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		answered := func(token string, pass bool) payment.MethodID {
			b := d.Bind(d.Customer(in("DE", "EUR")), token)
			got, err := methodWhy(d, b.Method.ID)
			found{diagnosis.Waits, diagnosis.ThreeDS, "", diagnosis.FactChallenge}.check(t, "waiting", got, err)
			if len(got.Customer) == 0 || got.Customer[0].Step != diagnosis.FinishChallenge || got.Customer[0].URL == "" {
				t.Errorf("waiting: got %v, want the challenge's address", got.Customer)
			}
			if _, err := d.Sandbox.AnswerChallenge(b.Hold.Ref, pass); err != nil {
				t.Fatal(err)
			}
			d.Pass(2 * time.Minute)
			return b.Method.ID
		}
		got, err := methodWhy(d, answered("pm_card_threeDSecure2Required", true))
		found{diagnosis.Fine, "", "", diagnosis.FactThreeDSResult}.check(t, "passed", got, err)
		got, err = methodWhy(d, answered("pm_card_threeDSecureRequired", false))
		found{diagnosis.Failed, diagnosis.ThreeDS, "authentication", diagnosis.FactChallenge}.check(t, "failed", got, err)

		left := d.Bind(d.Customer(in("FR", "EUR")), sandbox.AlwaysAuthenticate).Method.ID
		d.Pass(24 * time.Hour)
		got, err = methodWhy(d, left)
		found{diagnosis.Failed, diagnosis.ThreeDS, "challenge_expired", diagnosis.FactChallengeLeft}.check(t, "left", got, err)
		if len(got.Also) == 0 || got.Also[0].Cause != diagnosis.BrowserOrNetwork {
			t.Errorf("left: got also %v, want browser_or_network (S-19)", got.Also)
		}

		not := d.Bind(d.Customer(in("DE", "EUR")), "pm_card_amex_threeDSecureNotSupported").Method.ID
		got, err = methodWhy(d, not)
		found{diagnosis.Failed, diagnosis.ThreeDS, "three_ds_missing", diagnosis.FactThreeDSMissing}.check(t, "not run", got, err)
	})
}

// The provider away, or its answer lost, is not the payer's fault, and says so.
func TestDiagnoseAProviderThatIsAway(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		d.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_after"})
		b := d.Bind(d.Customer(), sandbox.Visa)
		got, err := methodWhy(d, b.Method.ID)
		found{diagnosis.UnderWay, diagnosis.Unknown, "", diagnosis.FactAnswerLost}.check(t, "lost", got, err)
		d.Pass(time.Hour)
		got, err = methodWhy(d, b.Method.ID)
		found{diagnosis.Fine, "", "", ""}.check(t, "found again", got, err)

		d.Sandbox.Fault(sandbox.Fault{Op: "create", Kind: "503", Times: 1000})
		b = d.Bind(d.Customer(), sandbox.Mastercard)
		d.Pass(5 * time.Minute)
		got, err = methodWhy(d, b.Method.ID)
		found{diagnosis.UnderWay, diagnosis.Provider, "", diagnosis.FactUnheard}.check(t, "away", got, err)
		d.Sandbox.ClearFaults()
		d.Sandbox.Fault(sandbox.Fault{Op: "create", Kind: "429", Times: 1000})
		b = d.Bind(d.Customer(), sandbox.VisaDebit)
		d.Pass(2 * time.Hour)
		got, err = methodWhy(d, b.Method.ID)
		found{diagnosis.Failed, diagnosis.Provider, "provider_unavailable", diagnosis.FactUnheard}.check(t, "given up", got, err)
	})
}

// Each end of an agreement at PayPal (S-07, R-PP-03, R-PP-04).
func TestDiagnoseAnAgreement(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		why := func(name string, g payment.Agreement, want found) office.Diagnosed {
			got, err := d.DiagnoseAgreement(t.Context(), access.CommandLine, g.ID, office.ToStaff)
			want.check(t, name, got, err)
			return got
		}
		g := d.AskPayer(d.Customer())
		why("waiting", g, found{diagnosis.Waits, diagnosis.Agreement, "", diagnosis.FactAgreementAsked})
		away, err := d.ReturnToAgreement(t.Context(), access.CommandLine, g.ID, true)
		if err != nil {
			t.Fatal(err)
		}
		why("turned away", away, found{diagnosis.Failed, diagnosis.Agreement, "agreement_not_approved", diagnosis.FactCameBack})

		g = d.AskPayer(d.Customer())
		d.Pass(4 * time.Hour)
		got := why("left", g, found{diagnosis.Failed, diagnosis.Agreement, "agreement_lapsed", diagnosis.FactNeverBack})
		if len(got.Also) == 0 || got.Also[0].Cause != diagnosis.BrowserOrNetwork {
			t.Errorf("left: got also %v, want browser_or_network", got.Also)
		}

		g = d.AskPayer(d.Customer())
		d.Agree(g, sandbox.PayerCN)
		why("mainland China", d.Return(g), found{diagnosis.Failed, diagnosis.NotUsable, "payer_country_blocked", diagnosis.FactRuleRefused})

		a := d.Customer()
		g = d.AskPayer(a)
		d.Agree(g, sandbox.PayerNoFunds)
		why("no source of funds", d.Return(g), found{diagnosis.Failed, diagnosis.FundingSource, "issuer_block", diagnosis.FactAgreed})
		if try := newestTry(t, d, a); try.Cause != diagnosis.FundingSource || !strings.HasPrefix(try.Subject, "try_") {
			t.Errorf("no source of funds, as a try: got %s of %s, want funding_source", try.Cause, try.Subject)
		}

		m := d.BindWallet(d.Customer(), sandbox.PayerUS)
		g = d.AskPayer(d.Customer())
		d.Agree(g, sandbox.PayerUS)
		got = why("bound elsewhere", d.Return(g), found{diagnosis.Failed, diagnosis.AlreadyBound, "already_bound", diagnosis.FactHolder})
		if payer := fmt.Sprint(got.ForPayer()); strings.Contains(payer, string(m.Account)) {
			t.Errorf("the payer is told whose it is: %s", payer)
		}

		b := d.Customer(func(n *office.NewAccount) { n.Country = "DE" })
		if _, err := d.BindPayPal(t.Context(), access.CommandLine, b.ID, office.PayPalToBind{Consent: "1", ReturnURL: "http://console.test/return"}); err == nil {
			t.Fatal("PayPal is offered in Germany, want it refused")
		}
		found{diagnosis.Failed, diagnosis.NotUsable, "method_not_available", diagnosis.FactRuleRefused}.check(t, "not offered", newestTry(t, d, b), nil)

		d.Sandbox.Fault(sandbox.Fault{Op: "paypal_setup_create", Kind: "503", Times: 1000})
		g = d.AskPayer(d.Customer())
		d.Pass(5 * time.Minute)
		why("PayPal away", g, found{diagnosis.UnderWay, diagnosis.Provider, "", diagnosis.FactUnheard})
		d.Sandbox.ClearFaults()

		for _, held := range agreementsAtPayPal(t, d) {
			if err := d.Sandbox.CancelAgreement(held.ID); err != nil {
				t.Fatal(err)
			}
		}
		d.Use(account.Account{ID: m.Account, Currency: "USD"}, "l1", "10.00") // it comes out when it is charged
		taken, err := methodWhy(d, m.ID)
		found{diagnosis.Failed, diagnosis.Agreement, "consent_revoked", diagnosis.FactMethodState}.check(t, "taken back", taken, err)
	})
}

// paymentWhy diagnoses the newest payment of an account's newest debt, for staff.
func paymentWhy(t *testing.T, d *officetest.Desk, a account.Account) (office.Diagnosed, payment.Payment) {
	t.Helper()
	debts := d.DebtsOf(a)
	tries := debts[len(debts)-1].Payments
	p := tries[len(tries)-1]
	got, err := d.DiagnosePayment(t.Context(), access.CommandLine, p.ID, office.ToStaff)
	if err != nil {
		t.Fatal(err)
	}
	return got, p
}

// Every way in which a charge to a card fails (S-20), and the payer's view of it.
func TestDiagnoseAPaymentThatFailed(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		tokens := []string{sandbox.Visa, sandbox.Mastercard, sandbox.VisaDebit, "pm_card_mastercard_debit", "pm_card_ca", "pm_card_au", "pm_card_br", "pm_card_mx", "pm_card_nz"}
		for n, c := range []struct {
			then string
			want found
		}{
			{"decline:generic_decline", found{diagnosis.Failed, diagnosis.CardState, "issuer_block", diagnosis.FactProviderWords}},
			{"decline:insufficient_funds", found{diagnosis.Failed, diagnosis.Funds, "insufficient_funds", diagnosis.FactNextAttempt}},
			{"decline:stolen_card", found{diagnosis.Failed, diagnosis.CardState, "final", diagnosis.FactProviderWords}},
			{"decline:lost_card", found{diagnosis.Failed, diagnosis.CardState, "final", diagnosis.FactProviderWords}},
			{"decline:fraudulent", found{diagnosis.Failed, diagnosis.CardState, "final", diagnosis.FactProviderWords}},
			{"decline:expired_card", found{diagnosis.Failed, diagnosis.CardState, "data", diagnosis.FactRefused}},
			{"decline:issuer_not_available", found{diagnosis.Failed, diagnosis.Provider, "try_later", diagnosis.FactRefused}},
			{"authenticate", found{diagnosis.Waits, diagnosis.ThreeDS, "", diagnosis.FactChallenge}},
			{"ok", found{diagnosis.Fine, "", "", diagnosis.FactPaymentAsked}},
		} {
			a := d.Customer()
			d.Bind(a, tokens[n])
			order(t, d, a, c.then, 1)
			d.Use(a, "l1", "1000.00")
			got, p := paymentWhy(t, d, a)
			c.want.check(t, c.then, got, nil)
			payer, err := d.DiagnosePayment(t.Context(), caller(a), p.ID, office.ToPayer)
			if err != nil {
				t.Fatal(err)
			}
			_, word, _ := strings.Cut(c.then, ":")
			if said := fmt.Sprint(payer); word != "" && word != payer.Reason && strings.Contains(said, word) {
				t.Errorf("%s: the payer is told the issuer's word: %s", c.then, said)
			}
			if word != "" && !strings.Contains(fmt.Sprint(got), word) {
				t.Errorf("%s: staff are not told the issuer's word: %v", c.then, got.Evidence)
			}
		}
	})
}

// A challenge of a charge while the payer is away: left, it fails as such; refused
// several times without one, the card's features are to be looked at (S-20).
func TestDiagnoseAChallengeThatNobodyCameFor(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		order(t, d, a, "authenticate", 1)
		d.Use(a, "l1", "1000.00")
		order(t, d, a, "decline:insufficient_funds", 5)
		d.Pass(5 * 24 * time.Hour)
		tries := d.DebtsOf(a)[0].Payments
		got, err := d.DiagnosePayment(t.Context(), access.CommandLine, tries[0].ID, office.ToStaff)
		found{diagnosis.Failed, diagnosis.ThreeDS, "challenge_expired", diagnosis.FactChallengeLeft}.check(t, "left", got, err)

		b := d.Customer()
		d.Bind(b, sandbox.Mastercard)
		order(t, d, b, "decline:insufficient_funds", 5)
		d.Use(b, "l1", "1000.00")
		d.Pass(8 * 24 * time.Hour)
		got, _ = paymentWhy(t, d, b)
		found{diagnosis.Failed, diagnosis.Funds, "insufficient_funds", diagnosis.FactNeverChallenged}.check(t, "several times", got, nil)
		if len(got.Also) == 0 || got.Also[0].Cause != diagnosis.CardState {
			t.Errorf("several times: got also %v, want card_state_or_features", got.Also)
		}
	})
}

// The answer lost, and the provider away, in the middle of a charge.
func TestDiagnoseAPaymentWithoutAnAnswer(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_after"})
		d.Use(a, "l1", "1000.00")
		got, p := paymentWhy(t, d, a)
		found{diagnosis.UnderWay, diagnosis.Unknown, "", diagnosis.FactAnswerLost}.check(t, "lost", got, nil)
		if got.Customer[0].Step != diagnosis.Wait || got.Staff[0].Step != diagnosis.LeaveIt {
			t.Errorf("lost: got %v and %v, want both to wait", got.Customer, got.Staff)
		}
		why, err := d.DiagnoseDebt(t.Context(), access.CommandLine, billing.DebtID(p.Debt), office.ToStaff)
		found{diagnosis.UnderWay, diagnosis.Unknown, "", diagnosis.FactDebt}.check(t, "its debt", why, err)
		d.Pass(time.Hour)
		got, _ = paymentWhy(t, d, a)
		found{diagnosis.Fine, "", "", ""}.check(t, "found again", got, nil)
		why, err = d.DiagnoseDebt(t.Context(), access.CommandLine, billing.DebtID(p.Debt), office.ToStaff)
		found{diagnosis.Fine, "", "", diagnosis.FactDebt}.check(t, "its debt, paid", why, err)

		d.Sandbox.Fault(sandbox.Fault{Op: "create", Kind: "503", Times: 1000})
		d.Use(a, "l2", "1000.00")
		d.Pass(5 * time.Minute)
		got, _ = paymentWhy(t, d, a)
		found{diagnosis.UnderWay, diagnosis.Provider, "", diagnosis.FactUnheard}.check(t, "away", got, nil)
	})
}

// Why a debt is not collected: no method, one that lapsed, caps, risk (S-20).
func TestDiagnoseADebt(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		why := func(name string, a account.Account, want found) office.Diagnosed {
			t.Helper()
			debts := d.DebtsOf(a)
			got, err := d.DiagnoseDebt(t.Context(), access.CommandLine, debts[len(debts)-1].Debt.ID, office.ToStaff)
			want.check(t, name, got, err)
			return got
		}
		refusedForGood := d.Customer()
		d.Bind(refusedForGood, sandbox.Visa)
		order(t, d, refusedForGood, "decline:stolen_card", 1)
		d.Use(refusedForGood, "l1", "1000.00")
		why("refused for good", refusedForGood, found{diagnosis.Failed, diagnosis.CardState, "card_refused_for_good", diagnosis.FactStands})

		none := d.Customer()
		d.Use(none, "l1", "1000.00")
		d.PassTo(officetest.Start.AddDate(0, 1, 0))
		why("no method", none, found{diagnosis.Failed, diagnosis.NoMethod, "no_payment_method", diagnosis.FactDebt})

		lapsed := d.Customer()
		m := d.Bind(lapsed, sandbox.Mastercard).Method
		order(t, d, lapsed, "decline:insufficient_funds", 9)
		d.Use(lapsed, "l1", "1000.00")
		d.PassTo(time.Date(m.Card.ExpYear, time.Month(m.Card.ExpMonth)+1, 2, 0, 0, 0, 0, time.UTC))
		got := why("its card lapsed", lapsed, found{diagnosis.Failed, diagnosis.NoMethod, "no_payment_method", diagnosis.FactMethodState})
		if len(got.Also) < 2 || got.Also[0].Cause != diagnosis.CardState || got.Also[1].Cause != diagnosis.Funds {
			t.Errorf("its card lapsed: got also %v, want the card's state, then its funds", got.Also)
		}
		expired, err := methodWhy(d, m.ID)
		found{diagnosis.Failed, diagnosis.CardState, "card_lapsed", diagnosis.FactMethodState}.check(t, "the card itself", expired, err)
	})
}

// An order that risk stopped waits for an identity check (S-20, S-21).
func TestDiagnoseAnOrderThatRiskStopped(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		o := place(t, d, a, draft("r-1", a, 900_00)) // new_account_large_amount
		if _, err := d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{ReturnURL: "http://console.test/return"}); err == nil {
			t.Fatal("the order is paid, want it stopped by risk")
		}
		got, err := d.DiagnoseDebt(t.Context(), access.CommandLine, billing.DebtID(o.Debt), office.ToStaff)
		found{diagnosis.Failed, diagnosis.IdentityCheck, "risk_control_rejection", diagnosis.FactRiskSaid}.check(t, "staff", got, err)
		payer, err := d.DiagnoseDebt(t.Context(), caller(a), billing.DebtID(o.Debt), office.ToPayer)
		found{diagnosis.Failed, diagnosis.IdentityCheck, "risk_control_rejection", diagnosis.FactIdentityCheck}.check(t, "payer", payer, err)
		if said := fmt.Sprint(payer); strings.Contains(said, "new_account_large_amount") {
			t.Errorf("the payer is told the rule: %s", said)
		}
	})
}

// A diagnosis is for whoever may see its object, and staff's is for staff.
func TestDiagnosesKeepToTheirAccountAndAudience(t *testing.T) {
	d := officetest.New(t)
	a, other := d.Customer(), d.Customer()
	m := d.Bind(a, sandbox.Visa).Method
	d.Use(a, "l1", "1000.00")
	g := d.AskPayer(a)
	debt := d.DebtsOf(a)[0]
	ask := map[string]func(by access.Caller, to office.Audience) error{
		"payment": func(by access.Caller, to office.Audience) error {
			_, err := d.DiagnosePayment(context.Background(), by, debt.Payments[0].ID, to)
			return err
		},
		"debt": func(by access.Caller, to office.Audience) error {
			_, err := d.DiagnoseDebt(context.Background(), by, debt.Debt.ID, to)
			return err
		},
		"method": func(by access.Caller, to office.Audience) error {
			_, err := d.DiagnoseMethod(context.Background(), by, m.ID, to)
			return err
		},
		"agreement": func(by access.Caller, to office.Audience) error {
			_, err := d.DiagnoseAgreement(context.Background(), by, g.ID, to)
			return err
		},
		"tries": func(by access.Caller, to office.Audience) error {
			_, err := d.DiagnoseBindAttempts(context.Background(), by, a.ID, to, office.Page{Limit: 5})
			return err
		},
	}
	notFound := []error{payment.ErrPaymentNotFound, billing.ErrDebtNotFound, payment.ErrMethodNotFound, payment.ErrAgreementNotFound, account.ErrNotFound}
	key := func(scopes ...access.Scope) access.Caller { return access.Caller{Name: "key_1", Scopes: scopes} }
	for name, do := range ask {
		if err := do(caller(a), office.ToPayer); err != nil {
			t.Errorf("%s, its own customer: %v", name, err)
		}
		if err := do(caller(a), office.ToStaff); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("%s, a customer as staff: got %v, want forbidden", name, err)
		}
		if err := do(caller(other), office.ToPayer); !slices.ContainsFunc(notFound, func(e error) bool { return errors.Is(err, e) }) {
			t.Errorf("%s, another customer: got %v, want not found", name, err)
		}
		if err := do(key(access.UsageRead), office.ToPayer); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("%s, a key without the scope: got %v, want forbidden", name, err)
		}
		if err := do(key(access.BillsRead, access.MethodsRead), office.ToStaff); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("%s, a key that cannot read the books, as staff: got %v, want forbidden", name, err)
		}
		if err := do(key(access.BillsRead, access.MethodsRead, access.BooksRead), office.ToStaff); err != nil {
			t.Errorf("%s, a key of staff: %v", name, err)
		}
	}
}
