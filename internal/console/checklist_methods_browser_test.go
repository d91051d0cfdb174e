package console_test

import (
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

func (s *screen) readsTheWaysToPay() {
	s.comes(s.Customer())
	s.goes(s.en("overview.ways"), s.en("ways"))
	s.sees(s.en("ways.lead", "region", s.en("region.united_states")))
	for _, row := range []string{"who", "how", "fast", "trigger", "fees", "limits"} {
		for _, way := range []string{"card", "paypal", "bank_transfer"} {
			if got := s.part("#" + way + " dl"); !strings.Contains(got, s.en("ways."+row)) {
				s.T.Errorf("%s says nothing under %q:\n%s", way, s.en("ways."+row), got)
			}
		}
	}
	s.sees(
		s.en("way.trigger.threshold", "amount", "1,000.00 USD"), s.en("way.trigger.threshold", "amount", "8.00 USD"),
		s.en("way.trigger.range", "least", "8.00 USD", "most", "500.00 USD"), s.en("way.hold", "amount", "1.00 USD"), s.en("reason.bank_transfer_not_open"),
	)
	s.comes(s.Customer(in("DE", "EUR")))
	s.turns("ways")
	s.sees(s.en("ways.lead", "region", s.en("region.eu")), s.en("way.trigger.threshold", "amount", "1,000.00 EUR"), s.en("paypal.reason.method_not_available"), s.en("way.challenge"))
	s.comes(onCredit(s.desk))
	s.turns("ways")
	if got := s.part("#bank_transfer"); !strings.Contains(got, s.en("way.may")) || !strings.Contains(got, s.en("way.trigger.transfer")) {
		s.T.Errorf("a company on credit reads of bank transfer:\n%s", got)
	}
	s.seesKeys("way.trigger.credit")
}

// regions are the matrix of what each region may use (C.1.1).
var regions = []struct {
	country, currency, brands string
	paypal                    bool
}{
	{"US", "USD", "Visa Mastercard American Express", true},
	{"DE", "EUR", "Visa Mastercard American Express", false},
	{"GB", "USD", "Visa Mastercard American Express", true},
	{"MY", "MYR", "Visa Mastercard", false},
	{"SG", "USD", "Visa Mastercard American Express JCB", true},
}

func (s *screen) isOfferedWhatTheRegionMayUse() {
	for _, r := range regions {
		s.comes(s.Customer(in(r.country, r.currency)))
		s.turns("methods")
		if got := strings.Contains(s.part("main .adds"), s.en("methods.paypal")); got != r.paypal {
			s.T.Errorf("%s: PayPal is offered: %t, want %t", r.country, got, r.paypal)
		}
		s.goes(s.en("methods.add"), s.en("bind"))
		if got := strings.Join(strings.Fields(s.part(".brands")), " "); got != s.en("bind.brands")+" "+r.brands {
			s.T.Errorf("%s: is offered %q, want %q", r.country, got, r.brands)
		}
	}
	s.comes(s.Customer(in("MY", "MYR")))
	s.adds("378282246310005", "1234", "1234")
	s.seesKeys("bind.refused", "reason.method_not_available", "reason.method_not_available.next")
	s.Prove()
}

func (s *screen) isToldWhatIsRefused() {
	s.comes(s.Customer(in("SG", "USD")))
	s.turns("ways")
	s.seesKeys("ways.refused")
	for number, reason := range map[string]string{"6200000000000005": "unionpay_only", prepaid: "card_prepaid", "4000001560000002": "issuer_country_blocked"} {
		s.comes(s.Customer(in("SG", "USD")))
		s.adds(number, "1234", "123")
		s.seesKeys("bind.refused", "reason."+reason, "reason."+reason+".next")
	}
	s.goes(s.en("bind.refusals"), "")
	s.seesKeys("bind.refused.wallets", "bind.refused.wallets.why", "bind.refused.issuer")
	s.comes(s.Customer())
	s.turns("methods")
	s.agreesAtPayPal(sandbox.PayerCN)
	s.seesKeys("agreement.refused", "reason.payer_country_blocked", "reason.payer_country_blocked.next")
	s.Prove()
}

func (s *screen) bindsOneCardOnce() {
	first, second := s.Customer(), s.Customer()
	s.Bind(first, sandbox.Visa)
	s.Bind(first, sandbox.Mastercard)
	s.comes(second)
	s.adds(visa, "1234", "123")
	s.seesKeys("bind.refused", "reason.already_bound", "reason.already_bound.next")

	// It is unbound there first.
	s.comes(first)
	s.turns("methods")
	s.goes(s.en("method.prefer"), "")
	s.sees("Mastercard •••• 4444 " + s.en("badge.preferred"))
	s.goes("Visa •••• 4242", "Visa •••• 4242")
	s.goes(s.en("remove"), s.en("remove.title", "method", "Visa •••• 4242"))
	s.goes(s.en("remove.confirm"), s.en("methods"))
	s.comes(second)
	s.adds(visa, "1234", "123")
	s.sees("Visa •••• 4242", s.en("state.active.means"))

	// An account that is being closed still holds what it has, until it is closed.
	s.comes(first)
	s.goes("Example Works", "")
	s.goes(s.en("acct"), s.en("acct"))
	s.goes(s.en("close"), s.en("close"))
	s.goes(s.en("close.confirm"), "")
	s.seesKeys("close.silent")
	s.comes(second)
	s.adds("5555555555554444", "1234", "123")
	s.seesKeys("bind.refused", "reason.already_bound")
	s.Pass(16 * 24 * time.Hour)
	s.comes(second)
	s.adds("5555555555554444", "1234", "123")
	s.sees("Mastercard •••• 4444", s.en("state.active.means"))
	s.Prove()
}

func (s *screen) bindsACard() {
	s.comes(s.Customer())
	s.goes(s.en("methods.add"), s.en("bind"))
	s.seesKeys("bind.hints")
	s.sees(s.en("bind.hold", "amount", "1.00 USD"), s.en("hold.descriptor", "descriptor", "BURSAR.EXAMPLE"))
	s.typeCardWith(visa, "0326", "123") // ends this month
	s.goes(s.en("bind.submit"), "")
	s.seesKeys("bind.refused", "reason.card_expired", "reason.card_expired.next")
	s.typeCardWith(visa, "0426", "123")
	s.goes(s.en("bind.submit"), "Visa •••• 4242 "+s.en("badge.preferred"))
	s.seesKeys("state.active.means", "step.placed_past", "step.release_sent", "step.released.text")
	s.sees(s.en("step.placed_past.text", "amount", "1.00 USD"), s.en("hold.note", "hours", "24"))
	s.Prove()
}

// confirms presses what opens the bank's window, and completes the challenge there.
func (s *screen) confirms() {
	s.T.Helper()
	second := s.secondWindow(chromedp.Click(chromedp.CSS("[data-window]")))
	s.seesIn(second, "Pretend bank")
	s.doIn(second, chromedp.Click(chromedp.ID("complete")))
	s.isClosed(second)
}

func (s *screen) confirmsAtTheBank() {
	s.comes(s.Customer(in("DE", "EUR")))
	s.adds(alwaysAsks, "1234", "123")
	s.seesKeys("state.challenged.means", "waiting.challenge")
	s.confirms()
	s.seesKeys("state.active.means", "step.released.text") // the first page went on by itself

	a := s.Customer()
	s.challenged(a)
	s.place(a, 12_34)
	s.comes(a)
	s.goes(s.en("attention.order.go"), s.en("checkout"))
	s.goes(s.en("checkout.pay", "amount", "12.34 USD"), "")
	s.seesKeys("checkout.challenged.means")
	s.confirms()
	s.sees(s.en("checkout.paid.means", "amount", "12.34 USD"))
	s.Prove()
}

func (s *screen) bindsPayPal() {
	s.comes(s.Customer())
	s.turns("methods")
	s.goes(s.en("methods.paypal"), s.en("wallet"))
	s.do(chromedp.Click(chromedp.ID("consent")))
	s.goes(s.en("wallet.submit"), "")
	s.sees("Pretend PayPal")
	s.do(chromedp.Click(chromedp.CSS(`button[value="cancel"]`)))
	s.seesKeys("agreement.refused.means", "reason.agreement_not_approved", "reason.agreement_not_approved.next")

	s.turns("methods")
	s.agreesAtPayPal(sandbox.PayerNoFunds)
	s.seesKeys("paypal.state.rejected.means", "paypal.step.refused.text")

	s.turns("methods")
	s.agreesAtPayPal(sandbox.PayerUS)
	s.sees("PayPal us@payers.example.com "+s.en("badge.preferred"), s.en("paypal.step.placed_past.text", "amount", "1.00 USD"), s.en("step.released.text"))
	s.Prove()
}

func (s *screen) paysAnOrder() {
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	s.place(a, 12_34)
	s.comes(a)
	s.goes(s.en("attention.order.go"), s.en("checkout"))
	s.goes(s.en("checkout.pay", "amount", "12.34 USD"), "")
	s.sees(s.en("checkout.paid.means", "amount", "12.34 USD"))
	s.turns("menu.orders")
	s.sees(s.en("order.state.paid"), "12.34 USD", "Database, small")
	s.turns("menu.payments")
	s.sees("12.34 USD", s.en("payment.state.succeeded"))
	s.Prove()
}

func (s *screen) reachesTheThreshold() {
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	s.Use(a, "1", "999.99")
	s.comes(a)
	s.sees("999.99 USD / 1,000.00 USD", s.en("gauge.text", "threshold", "1,000.00 USD"))
	s.turns("menu.payments")
	s.seesKeys("payments.empty")
	s.Use(a, "2", "0.01")
	s.turns("overview")
	s.sees("0.00 USD / 1,000.00 USD", s.en("owed.none"))
	s.turns("menu.payments")
	s.goes(s.en("for.threshold", "month", "Mar 2026"), s.en("payment.of", "amount", "1,000.00 USD"))
	s.seesKeys("payment.means.succeeded", "payment.reason.threshold_reached", "payment.by.mit")

	b := s.Customer()
	s.BindWallet(b, sandbox.PayerUS)
	s.Use(b, "3", "7.99")
	s.comes(b)
	s.sees("7.99 USD / 8.00 USD")
	s.Use(b, "4", "0.01")
	s.turns("menu.payments")
	s.sees(s.en("for.threshold", "month", "Mar 2026"), "8.00 USD")
	s.Prove()
}

func (s *screen) isChargedTheRest() {
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	s.Use(a, "1", "1200.00")
	s.Use(a, "2", "12.345")
	s.comes(a)
	s.sees("1 Apr 2026", s.en("next.threshold", "threshold", "1,000.00 USD"))
	s.PassTo(time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC))
	s.comes(a)
	s.turns("menu.bills")
	s.goes("Mar 2026", s.en("bill.of", "month", "Mar 2026"))
	s.sees("1,212.34 USD", s.en("bill.paid"), s.en("for.threshold", "month", "Mar 2026"), s.en("for.remainder", "month", "Mar 2026"), "0.005 USD")
	s.goes(s.en("for.remainder", "month", "Mar 2026"), s.en("payment.of", "amount", "12.34 USD"))
	s.seesKeys("payment.means.succeeded", "payment.reason.month_end")
	s.Prove()
}

func (s *screen) seesTheUsageHold() {
	a := s.Customer()
	s.BindWallet(a, sandbox.PayerUS)
	s.comes(a)
	s.turns("methods")
	s.seesNot(s.en("usage.of", "amount", "10.00 USD"))
	s.Use(a, "1", "3.00")
	s.turns("overview")
	s.sees(s.en("paidwith.held", "amount", "10.00 USD"))
	s.turns("methods")
	s.sees(s.en("usage.of", "amount", "10.00 USD"))
	s.goes("PayPal us@payers.example.com", "PayPal us@payers.example.com")
	s.sees(s.en("usage.lead"), s.en("usage.placed.text", "amount", "10.00 USD"))
	s.Prove()
}

func (s *screen) prefersAnother() {
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	s.Bind(a, sandbox.Mastercard)
	s.comes(a)
	s.turns("methods")
	s.sees("Visa •••• 4242 " + s.en("badge.preferred"))
	s.goes(s.en("method.prefer"), "")
	s.sees("Mastercard •••• 4444 " + s.en("badge.preferred"))
	s.turns("overview")
	s.sees(s.en("paidwith"), "Mastercard •••• 4444")
	s.Use(a, "1", "1000.00")
	s.turns("menu.payments")
	s.sees("Mastercard •••• 4444", "1,000.00 USD")
	s.Prove()
}

func (s *screen) removesWhatMayGo() {
	a := s.Customer()
	s.Bind(a, sandbox.Visa)
	s.Bind(a, sandbox.Mastercard)
	s.run(a, 2)
	s.Use(a, "1", "3.00")
	s.comes(a)
	s.turns("methods")
	s.seesKeys("reason.method_preferred", "reason.method_preferred.next")
	s.goes(s.en("remove"), s.en("remove.title", "method", "Mastercard •••• 4444"))
	s.goes(s.en("remove.confirm"), s.en("methods"))
	s.seesKeys("remove.done", "reason.resources_running", "reason.resources_running.next", "reason.usage_unbilled", "reason.usage_unbilled.next")
	s.seesNot("Mastercard •••• 4444")

	b := s.Customer()
	s.Bind(b, sandbox.Mastercard)
	s.comes(b)
	s.turns("methods")
	s.goes(s.en("remove"), s.en("remove.title", "method", "Mastercard •••• 4444"))
	s.seesKeys("remove.last")
	s.goes(s.en("remove.confirm"), s.en("methods"))
	s.seesKeys("remove.done", "methods.empty")
	s.Prove()
}
