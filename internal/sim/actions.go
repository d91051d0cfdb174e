package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// action is something that somebody does, and how often compared to the others.
type action struct {
	name   string
	weight float64
	do     func(*life)
}

// actions are all that can happen in a step.
var actions = []action{
	{"open an account", 4, openAccount},
	{"bind a card", 6, bindCard},
	{"answer a challenge", 8, answerChallenge},
	{"come back from a page", 6, comeBack},
	{"prefer a method", 3, preferMethod},
	{"post usage", 20, postUsage},
	{"post usage again", 3, postUsageAgain},
	{"let seconds pass", 14, func(l *life) { l.pass(time.Second, 2*time.Minute) }},
	{"let hours pass", 10, func(l *life) { l.pass(time.Minute, 12*time.Hour) }},
	{"let days pass", 3, func(l *life) { l.pass(12*time.Hour, 6*24*time.Hour) }},
	{"let weeks pass", 0.25, func(l *life) { l.pass(6*24*time.Hour, 40*24*time.Hour) }},
	{"let the month end", 0.8, endMonth},
	{"collect a debt", 6, collectDebt},
	{"continue a payment", 5, continuePayment},
	{"apply a policy", 0.7, applyPolicy},
	{"deliver news", 10, deliverNews},
	{"close a month", 2, closeMonth},
	{"change a card", 4, changeCard},
	{"change an account", 0.5, changeAccount},
	{"lose the provider", 1, loseProvider},
	{"run what is due", 3, func(l *life) { l.runDue() }},
	{"ask a payer", 6, askPayer},
	{"a payer decides", 6, payerDecides},
	{"a payer returns", 5, payerReturns},
	{"cancel an agreement", 0.4, cancelAgreement},
	{"change a payer", 2, changePayer},
	{"detach a method", 1.5, detachMethod},
	{"report resources", 3, reportResources},
	{"close an account", 0.7, closeAccount},
	{"reopen an account", 0.2, reopenAccount},
	{"place an order", 6, placeOrder},
	{"pay an order", 6, payOrder},
	{"cancel an order", 1.5, cancelOrder},
	{"switch a renewal", 0.5, switchRenewal},
	{"refund a payment", 2.5, refundPayment},
	{"send documents", 3, sendDocuments},
	{"review a check", 3, reviewCheck},
}

// whileAsleep are what another node does while one sleeps in the middle of its
// work.
var whileAsleep = []action{
	{"post usage", 1, postUsage},
	{"prefer a method", 1, preferMethod},
	{"collect a debt", 1, collectDebt},
	{"come back from a page", 1, comeBack},
	{"answer a challenge", 1, answerChallenge},
	{"continue a payment", 1, continuePayment},
	{"deliver news", 1, deliverNews},
	{"close a month", 1, closeMonth},
	{"bind a card", 1, bindCard},
	{"ask a payer", 1, askPayer},
	{"a payer decides", 1, payerDecides},
	{"a payer returns", 1, payerReturns},
	{"detach a method", 1, detachMethod},
	{"report resources", 1, reportResources},
	{"close an account", 0.5, closeAccount},
	{"pay an order", 1, payOrder},
	{"cancel an order", 1, cancelOrder},
	{"refund a payment", 1, refundPayment},
	{"review a check", 1, reviewCheck},
	{"run what is due", 1, func(l *life) { l.runDue() }},
	{"let hours pass", 1, func(l *life) { l.pass(time.Second, 3*time.Hour) }},
}

const (
	accountsMax    = 8 // that are not closed
	accountsAllMax = 14
)

// prepare is what every life begins with: a policy, and a customer or two.
func (l *life) prepare() {
	l.begin()
	if l.chance.happens(0.6) {
		applyPolicy(l)
	} else {
		l.temper.weights[indexOf("apply a policy")] *= 0.1
	}
	for range l.chance.between(2, 4) {
		openAccount(l)
		if l.chance.happens(0.7) && !l.temper.byHeart {
			bindCard(l)
		}
		if l.chance.happens(0.5) || l.temper.byHeart {
			askPayer(l)
		}
	}
}

// home is where a customer is from.
type home struct{ country, currency, zone string }

var homes = []home{
	{"US", "USD", "UTC"}, {"US", "USD", "America/New_York"}, {"GB", "USD", "Europe/London"}, {"JP", "USD", "Asia/Tokyo"}, {"US", "USD", "America/Los_Angeles"}, {"DE", "EUR", "Europe/Berlin"}, {"MY", "MYR", "Asia/Kuala_Lumpur"},
	{"JP", "JPY", "Asia/Tokyo"}, {"KW", "KWD", "Asia/Kuwait"}, {"GB", "GBP", "Europe/London"}, {"SG", "USD", "Pacific/Kiritimati"},
	{"HU", "HUF", "Europe/Budapest"}, {"IN", "INR", "Asia/Kolkata"}, {"ID", "IDR", "Asia/Jakarta"}, {"CA", "CAD", "America/St_Johns"},
	{"KP", "KPW", "Asia/Pyongyang"}, // no provider takes it
}

func openAccount(l *life) {
	if len(l.texts(`SELECT id FROM accounts WHERE state <> 'closed'`)) >= accountsMax || len(l.texts(`SELECT id FROM accounts`)) >= accountsAllMax {
		return
	}
	h := oneOf(l.chance, homes)
	for tries := 0; l.temper.byHeart && h.currency != "USD" && tries < 20; tries++ {
		h = oneOf(l.chance, homes)
	}
	l.serial++
	_, err := l.node().office.OpenAccount(l.ctx, access.CommandLine, office.NewAccount{
		Reference: fmt.Sprintf("customer-%d", l.serial), Kind: oneOf(l.chance, []account.Kind{account.Individual, account.Enterprise}),
		Name: "Example Works", Country: h.country, Currency: h.currency, Zone: h.zone, Email: "pay@example.com",
	})
	l.expect(err, "open an account in %s", h.country)
}

// expect takes a refusal by a rule, a provider that does not answer and a disk
// that refuses; anything else is a violation.
func (l *life) expect(err error, format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	l.trace("%s: %s", what, outcome(err))
	if err == nil {
		return
	}
	if _, ok := fault.Of(err); ok {
		return
	}
	if strings.Contains(err.Error(), "the simulated disk refuses") || errors.Is(err, errPatience) {
		return
	}
	l.violate("%s: an error that is no refusal: %v", what, err)
}

func outcome(err error) string {
	if err == nil {
		return "done"
	}
	if f, ok := fault.Of(err); ok {
		return f.Code
	}
	return err.Error()
}

// goodCards can be bound in most places; the others each have their trouble.
var (
	goodCards = []string{
		sandbox.Visa, sandbox.VisaDebit, sandbox.Mastercard, "pm_card_mastercard_debit", "pm_card_mastercard_2series", "pm_card_bypassPending",
		"pm_card_de", "pm_card_my", "pm_card_jp", "pm_card_gb", "pm_card_sg", "pm_card_in", "pm_card_us", "pm_card_hu", "pm_card_ca",
		"pm_card_threeDSecureOptional", "pm_card_threeDSecureFrictionless", sandbox.AuthenticateUnlessSetUp, sandbox.Disputed,
		"pm_card_pendingRefund", "pm_card_refundFail",
	}
	otherCards = []string{
		sandbox.MastercardPrepaid, sandbox.Amex, sandbox.JCB, sandbox.UnionPay, sandbox.Declined, sandbox.AttachesThenFails, sandbox.AlwaysAuthenticate,
		"pm_card_threeDSecure2Required", "pm_card_threeDSecureOptionalProcessingError", "pm_card_authenticationRequiredSetupForOffSession",
		"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "pm_card_threeDSecureRequiredChargeDeclined",
		"pm_card_threeDSecureRequiredProcessingError", "pm_card_amex_threeDSecureNotSupported", "pm_card_cn", "pm_card_radarBlock", "pm_card_nobody",
	}
)

func (l *life) caller() access.Caller {
	by := access.CommandLine
	by.Address = fmt.Sprintf("10.%d.%d.7", l.chance.IntN(4), l.chance.IntN(60))
	return by
}

func bindCard(l *life) {
	id := l.any(`SELECT id FROM accounts ORDER BY id`)
	if id == "" {
		return
	}
	token := oneOf(l.chance, goodCards)
	if l.chance.happens(0.35) {
		token = oneOf(l.chance, otherCards)
	}
	if l.chance.happens(0.1) {
		token = l.expiring(token)
	}
	b, err := l.node().office.BindCard(l.ctx, l.caller(), account.ID(id), office.CardToBind{Token: token, Consent: "2026-01", ReturnURL: deskURL + "/return"})
	l.expect(err, "bind %s to %s: %s", token, id, b.Method.State)
	if b.Method.ID != "" && comesBack(token) {
		l.returning[string(b.Method.ID)] = true
	}
	if b.Method.State == payment.Challenged && l.chance.happens(0.4) {
		l.answer(b.Hold.Ref, l.chance.happens(0.8))
	}
}

// expiring makes a card of a token in the payer's browser that is over soon.
func (l *life) expiring(token string) string {
	var m struct{ ID string }
	if !l.browse(http.MethodGet, "/v1/payment_methods/"+token, "", &m) || m.ID == "" {
		return token
	}
	end := l.clock.now.AddDate(0, l.chance.between(0, 3), 0)
	l.browse(http.MethodPost, "/v1/payment_methods/"+m.ID, fmt.Sprintf("card[exp_month]=%d&card[exp_year]=%d", end.Month(), end.Year()), &m)
	return m.ID
}

// browse asks the world past all faults, as the provider's own pages do.
func (l *life) browse(method, path, form string, into any) bool {
	r, err := http.NewRequestWithContext(l.ctx, method, worldURL+path, strings.NewReader(form))
	if err != nil {
		return false
	}
	r.Header.Set("Authorization", "Bearer sk_test_browser")
	answer, err := l.world.Transport().RoundTrip(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK && json.NewDecoder(answer.Body).Decode(into) == nil
}

// answerChallenge lets a payer pass or fail a challenge that waits, in time or
// not. That there is none any more is no violation.
func answerChallenge(l *life) {
	late := l.chance.happens(l.temper.rates[tooLate])
	query := `
		SELECT provider_ref FROM (
		  SELECT provider_ref, challenge_until, state = 'releasing' AS over FROM holds WHERE state IN ('challenged', 'unknown', 'opening', 'releasing') AND provider_ref IS NOT NULL
		  UNION ALL
		  SELECT provider_ref, challenge_until, state = 'closing' FROM payments WHERE state IN ('challenged', 'unknown', 'closing', 'opening') AND provider_ref IS NOT NULL)
		 WHERE $1 = 1 OR challenge_until IS NULL OR challenge_until > $2 OR over = 1
		 ORDER BY provider_ref`
	ref := l.any(query, bit(late), l.clock.now.UnixMicro())
	if ref == "" {
		return
	}
	if l.answer(ref, l.chance.happens(0.75)) && late {
		l.count(tooLate)
	}
}

// answer is a payer who passes or fails the challenge of an intent, and reports
// whether one was waiting.
func (l *life) answer(ref string, pass bool) bool {
	if strings.HasPrefix(ref, orderRef) {
		l.asked++
		return l.answerOrder(ref, pass)
	}
	_, err := l.world.AnswerChallenge(ref, pass)
	l.asked++
	l.trace("answer the challenge of %s, pass %t: %v", ref, pass, err)
	return err == nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// comeBack is a payer on the page to which a challenge returns.
func comeBack(l *life) {
	if l.chance.happens(0.5) {
		if id := l.any(`SELECT id FROM payment_methods ORDER BY id DESC LIMIT 5`); id != "" {
			_, err := l.node().office.Method(l.ctx, access.CommandLine, payment.MethodID(id), true)
			l.expect(err, "look at %s", id)
		}
		return
	}
	id := l.any(`SELECT id FROM payments WHERE state NOT IN ('succeeded', 'declined', 'cancelled') ORDER BY id`)
	if id == "" {
		id = l.any(`SELECT id FROM payments ORDER BY id DESC LIMIT 5`)
	}
	if id != "" {
		p, err := l.node().office.Payment(l.ctx, access.CommandLine, payment.ID(id), true)
		l.expect(err, "look at %s: %s", id, p.State)
	}
}

func preferMethod(l *life) {
	id := l.any(`SELECT id FROM payment_methods WHERE state = 'active' AND preferred = 0 ORDER BY id`)
	if id == "" {
		id = l.any(`SELECT id FROM payment_methods ORDER BY id`)
	}
	if id != "" {
		_, err := l.node().office.PreferMethod(l.ctx, access.CommandLine, payment.MethodID(id))
		l.expect(err, "prefer %s", id)
	}
}

// pass moves the clock on, and all jobs with it.
func (l *life) pass(low, high time.Duration) { l.advance(l.clock.now.Add(l.chance.span(low, high))) }

func (l *life) advance(to time.Time) {
	l.trace("advance to %s", to.Format(time.DateTime))
	l.expectTime(l.node().stepper.Advance(l.ctx, to))
}

func (l *life) runDue() { l.expectTime(l.node().stepper.RunDue(l.ctx, l.clock.now)) }

// expectTime takes what stepping may say. A clock that another node has moved on
// meanwhile is no violation.
func (l *life) expectTime(err error) {
	if err != nil && !errors.Is(err, job.ErrClockBack) {
		l.violate("the queue cannot go on: %v", err)
	}
}

// endMonth goes to the end of a month, or right before or after it, somewhere.
func endMonth(l *life) {
	zone := l.any(`SELECT DISTINCT zone FROM accounts ORDER BY zone`)
	place, err := time.LoadLocation(zone)
	if err != nil {
		l.violate("zone %s: %v", zone, err)
		return
	}
	end := billing.MonthOf(l.clock.now, place).Next().Start(place)
	to := end.Add(oneOf(l.chance, []time.Duration{-time.Second, 0, time.Microsecond, time.Second, time.Hour, 30 * time.Hour}))
	if to.After(l.clock.now) {
		l.advance(to)
	}
}

func collectDebt(l *life) {
	id := l.any(`SELECT id FROM debts WHERE state = 'open' ORDER BY id`)
	if id == "" || l.chance.happens(0.05) {
		if id = l.any(`SELECT id FROM debts ORDER BY id DESC LIMIT 5`); id == "" {
			return
		}
	}
	c := office.Charge{Initiator: payment.MIT, Reason: payment.Retry}
	if l.chance.happens(0.6) {
		c = office.Charge{Initiator: payment.CIT, Reason: payment.PaidByCustomer, ReturnURL: deskURL + "/return"}
	}
	if l.chance.happens(0.3) {
		c.Method = payment.MethodID(l.any(`SELECT m.id FROM payment_methods AS m JOIN debts AS d ON d.account_id = m.account_id WHERE d.id = $1 ORDER BY m.id`, id))
	}
	p, err := l.node().office.CollectDebt(l.ctx, access.CommandLine, billing.DebtID(id), c)
	l.expect(err, "collect %s by %s: %s", id, c.Initiator, p.State)
}

// continuePayment is a payer who follows the link of a payment that waits, or
// asks to go on with one that does not.
func continuePayment(l *life) {
	id := l.any(`SELECT id FROM payments WHERE state = 'challenged' ORDER BY id`)
	if id == "" {
		return
	}
	if l.chance.happens(0.3) {
		p, err := l.node().office.ContinuePayment(l.ctx, payment.ID(id), deskURL+"/return")
		l.expect(err, "continue %s: %s", id, p.State)
		return
	}
	link, _, err := l.node().office.OpenChallenge(l.ctx, access.CommandLine, payment.ID(id))
	l.expect(err, "make a link for %s", id)
	if err != nil {
		return
	}
	p, err := l.node().office.TakeChallenge(l.ctx, strings.TrimPrefix(link, deskURL+"/challenge/"))
	l.expect(err, "follow the link of %s: %s", id, p.State)
	if p.State == payment.Waiting && l.chance.happens(0.6) {
		l.answer(p.Ref, l.chance.happens(0.8))
	}
	if l.chance.happens(0.5) {
		p, err := l.node().office.Payment(l.ctx, access.CommandLine, payment.ID(id), true)
		l.expect(err, "come back for %s: %s", id, p.State)
	}
}

func closeMonth(l *life) {
	id := l.any(`SELECT id FROM accounts ORDER BY id`)
	if id == "" {
		return
	}
	m := billing.MonthOf(l.clock.now, time.UTC).Previous()
	if l.chance.happens(0.3) {
		m = m.Previous()
	}
	if l.chance.happens(0.5) {
		_, err := l.node().office.RunBills(l.ctx, access.CommandLine, m, nil)
		l.expect(err, "run the bills of %s", m)
		return
	}
	_, err := l.node().office.CloseMonth(l.ctx, access.CommandLine, account.ID(id), m)
	l.expect(err, "close %s of %s", m, id)
}

// changeCard lets an issuer answer otherwise from now on.
func changeCard(l *life) {
	fingerprint := l.any(`SELECT DISTINCT fingerprint FROM payment_methods WHERE state NOT IN ('rejected', 'detached') AND provider = 'stripe' ORDER BY fingerprint`)
	if fingerprint == "" {
		return
	}
	order := sandbox.CardOrder{
		Fingerprint: strings.TrimPrefix(fingerprint, "stripe:"), Times: l.chance.between(1, 3),
		Then: oneOf(l.chance, []string{"ok", "authenticate", "authenticate", "decline:insufficient_funds", "decline:generic_decline", "decline:stolen_card", "decline:try_again_later", "decline:authentication_required", "decline:do_not_honor", "authenticate"}),
	}
	if err := l.world.OrderCard(order); err != nil {
		l.violate("order %s: %v", order.Then, err)
	}
	l.trace("the issuer of %s will say %s, %d times", order.Fingerprint, order.Then, order.Times)
}

func changeAccount(l *life) {
	id := l.any(`SELECT id FROM accounts ORDER BY id`)
	if id == "" {
		return
	}
	name := fmt.Sprintf("Example Works %d", l.chance.IntN(100))
	_, err := l.node().office.ChangeAccount(l.ctx, access.CommandLine, account.ID(id), office.AccountChange{Name: &name})
	l.expect(err, "rename %s", id)
}

// loseProvider lets every request of some hours meet the same fault.
func loseProvider(l *life) {
	if l.temper.rates[isDown] == 0 {
		return
	}
	l.count(isDown)
	kind := oneOf(l.chance, []string{"503", "lost_before", "429", "unauthorized", "500", "lost_after"})
	l.outage = outage{l.clock.now.Add(l.chance.span(time.Minute, 30*time.Hour)), kind, oneOf(l.chance, []string{"", cardsName, walletName})}
	l.trace("until %s every request to %q meets %s", l.outage.until.Format(time.DateTime), l.outage.of, kind)
}

// applyPolicy changes what this installation allows, now or soon.
func applyPolicy(l *life) {
	l.serial++
	text := policy.BuiltIn().Document
	swap := func(rate float64, from string, to ...string) {
		if l.chance.happens(rate) {
			text = strings.Replace(text, from, oneOf(l.chance, to), 1)
		}
	}
	effective := l.clock.now.Add(l.chance.span(0, 48*time.Hour))
	text = strings.Replace(text, "version: builtin-1 ", fmt.Sprintf("version: sim-%d ", l.serial), 1)
	text = strings.Replace(text, "effective: 2020-01-01 ", "effective: "+effective.UTC().Format(time.RFC3339)+" ", 1)
	swap(0.8, "USD: 1000.00\n      HUF: 350000.00", "USD: 5.00\n      HUF: 2000.00", "USD: 50.00\n      HUF: 20000.00", "USD: 200000.00\n      HUF: 2000000.00", "USD: 0.01\n      HUF: 1.00")
	swap(0.8, "{0: 100000, 2: 1000.00, 3: 300.000, 4: 30.0000}", "{0: 500, 2: 5.00, 3: 2.000, 4: 1.0000}", "{0: 1, 2: 0.01, 3: 0.001, 4: 0.0001}")
	swap(0.2, "  united_states: [visa, mastercard, amex, paypal]", "  united_states: [visa]", "  united_states: [mastercard, amex]")
	swap(0.1, "  other: [visa, mastercard, amex, jcb, paypal]", "  other: [visa, mastercard, amex, jcb]")
	swap(0.2, "  eu: [visa, mastercard, amex]", "  eu: [mastercard]", "  eu: [visa, amex]")
	swap(0.3, "bind: [eu, malaysia]", "bind: []", "bind: [eu, malaysia, united_states, other]")
	swap(0.2, "attempts: [0d, 7d, 14d]", "attempts: [0d, 1d, 2d]", "attempts: [0d]")
	swap(0.2, "  day: 1 ", "  day: 5 ", "  day: 28 ")
	swap(0.1, "  open: on ", "  open: off ")
	swap(0.5, "tries_per_account: 5 per 24h", "tries_per_account: 50 per 24h")
	swap(0.5, "cards_per_account: 3 per 24h", "cards_per_account: 30 per 24h")
	swap(0.3, "tax: []", "tax:\n  - {version: sim, name: Tax, country: US, rate: 0.0825, from: 2019-10-01}\n  - {version: sim-eu, name: VAT, region: eu, rate: 0.19, from: 2019-10-01}\n  - {version: sim-jp, name: Consumption tax, country: JP, rate: 0.10, from: 2019-10-01}")
	if l.chance.happens(0.4) {
		rule := fmt.Sprintf("  - name: sim\n    when: percent_of_threshold >= %d and first_use\n    verdict: %s\n    on: [purchase, upgrade, renewal]\n",
			oneOf(l.chance, []int{0, 1, 50}), oneOf(l.chance, []string{"verify_identity", "verify_identity", "refuse", "challenge"}))
		text = strings.Replace(text, "  - name: failed_binds ", rule+"  - name: failed_binds ", 1)
	}
	swap(0.2, "    purchase: []", "    purchase: [united_states, eu]")
	swap(0.3, "  lapse_after: 24h ", "  lapse_after: 10m ", "  lapse_after: 72h ")
	swap(0.4, "  late_payment: apply ", "  late_payment: refund ")
	swap(0.4, "  card_window: 150d", "  card_window: 1h", "  card_window: 3d")
	swap(0.3, "  paypal_window: 180d", "  paypal_window: 1h")
	_, err := l.node().office.ApplyPolicy(l.ctx, access.CommandLine, []byte(text), fmt.Sprintf("sim-%d", l.serial), true)
	l.expect(err, "apply policy sim-%d from %s", l.serial, effective.UTC().Format(time.RFC3339))
	if errors.Is(err, office.ErrPolicyPast) || err == nil {
		return
	}
	if f, ok := fault.Of(err); ok && f.Kind == fault.Invalid {
		l.violate("the simulated policy is no policy: %v", err)
	}
}
