package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// payers is what PayPal's payers did, as they know it themselves.
type payers struct {
	approved    map[string]approval  // by agreement, as PayPal calls it
	cancelled   map[string]time.Time // by token
	deletedLate map[string]bool      // by token: our wish to delete it came when nobody wished it any more
}

// approval is a payer who agreed.
type approval struct {
	payer sandbox.Payer
	at    time.Time
	step  int
}

func newPayers() payers {
	return payers{approved: map[string]approval{}, cancelled: map[string]time.Time{}, deletedLate: map[string]bool{}}
}

// payersOfAll are few, so that accounts want the same ones.
var payersOfAll = []string{
	sandbox.PayerUS, sandbox.PayerUS, sandbox.PayerUSSecond, sandbox.PayerGB, sandbox.PayerJP, "test-1", "test-2", "test-3", "test-4", "test-5",
	sandbox.PayerSmallBalance, sandbox.PayerNoFunds, sandbox.PayerCN, sandbox.PayerChina,
}

// askPayer begins the binding of PayPal, mostly where it is offered.
func askPayer(l *life) {
	id := l.any(`SELECT id FROM accounts WHERE currency = 'USD' AND state <> 'closed' ORDER BY id`)
	if id == "" || l.chance.happens(0.05) {
		id = l.any(`SELECT id FROM accounts ORDER BY id`)
	}
	if id == "" {
		return
	}
	g, err := l.node().office.BindPayPal(l.ctx, l.caller(), account.ID(id), office.PayPalToBind{
		Consent: "2026-01", ReturnURL: deskURL + "/return", Language: oneOf(l.chance, []string{"", "en", "zh-Hant", "ja"}),
	})
	l.expect(err, "bind PayPal to %s: %s", id, g.State)
	if g.State == payment.AgreementWaiting && l.chance.happens(0.6) {
		turnedAway := !l.decide(atPayPal(g.Ref))
		if l.chance.happens(0.6) {
			l.comeBackFromPayPal(g.ID, turnedAway)
		}
	}
}

// payerDecides is a payer on PayPal's page. Whoever never comes here walks away.
func payerDecides(l *life) {
	ref := l.any(`SELECT provider_ref FROM agreements WHERE state = 'waiting' ORDER BY id`)
	if ref == "" || l.chance.happens(0.05) {
		ref = l.any(`SELECT provider_ref FROM agreements WHERE provider_ref IS NOT NULL ORDER BY id DESC LIMIT 5`)
	}
	if ref != "" {
		l.decide(atPayPal(ref))
	}
}

// atPayPal is what PayPal calls an agreement: the end of its ref.
func atPayPal(ref string) string { return ref[strings.LastIndex(ref, ":")+1:] }

// decide has a payer agree or turn away, and reports whether they agreed.
func (l *life) decide(ref string) bool {
	l.asked++
	if l.chance.happens(0.2) {
		_, err := l.world.RefuseApproval(ref)
		l.trace("a payer turns away from %s: %v", ref, err)
		return false
	}
	name := oneOf(l.chance, payersOfAll)
	_, err := l.world.ApproveAs(ref, name)
	l.trace("%s agrees to %s: %v", name, ref, err)
	if err != nil {
		return false // too late, or somebody else agreed
	}
	who, err := l.world.Payer(name)
	if err != nil {
		l.violate("the payer %s: %v", name, err)
	}
	if _, before := l.payers.approved[ref]; !before {
		l.payers.approved[ref] = approval{who, l.clock.now, l.step}
		l.reach("payers agree")
	}
	return true
}

// payerReturns is a payer on the page to which PayPal sends them back, before or
// after they decided, once or more; or the page that waits for them and asks.
func payerReturns(l *life) {
	id := l.any(`SELECT id FROM agreements WHERE state IN ('opening', 'waiting', 'discarding') ORDER BY id`)
	if id == "" || l.chance.happens(0.2) {
		id = l.any(`SELECT id FROM agreements ORDER BY id DESC LIMIT 5`)
	}
	if id == "" {
		return
	}
	if l.chance.happens(0.3) {
		g, err := l.node().office.Agreement(l.ctx, access.CommandLine, payment.AgreementID(id), true)
		l.expect(err, "look at %s: %s", id, g.State)
		return
	}
	for range l.chance.between(1, 2) {
		l.comeBackFromPayPal(payment.AgreementID(id), l.chance.happens(0.15)) // some come by the wrong link
	}
}

func (l *life) comeBackFromPayPal(id payment.AgreementID, turnedAway bool) {
	g, err := l.node().office.ReturnToAgreement(l.ctx, access.CommandLine, id, turnedAway)
	l.expect(err, "return to %s, turned away %t: %s", id, turnedAway, g.State)
}

// cancelAgreement is a payer who ends an agreement on PayPal's own page.
func cancelAgreement(l *life) {
	token := l.any(`SELECT token FROM payment_methods WHERE provider = 'paypal' AND state NOT IN ('rejected', 'detached') ORDER BY id`)
	if token == "" {
		return
	}
	if err := l.world.CancelAgreement(token); err != nil {
		l.violate("cancel the agreement %s: %v", token, err)
	}
	if _, before := l.payers.cancelled[token]; !before {
		l.payers.cancelled[token] = l.clock.now
		l.reach("payers cancel")
	}
	l.asked++
	l.trace("the payer ends the agreement %s", token)
}

// changePayer gives a payer another balance, or has PayPal answer otherwise.
func changePayer(l *life) {
	name := oneOf(l.chance, payersOfAll)
	if l.chance.happens(0.4) {
		balance := oneOf(l.chance, []string{"", "", "0.00", "9.00", "25.00", "700.00"})
		if err := l.world.SetBalance(name, "USD", balance); err != nil {
			l.violate("set the balance of %s: %v", name, err)
		}
		l.trace("%s has %q USD now", name, balance)
		return
	}
	order := sandbox.PayerOrder{Payer: name, Times: l.chance.between(1, 2), Then: oneOf(l.chance, []string{
		"ok", "payer_action", "payer_action", "decline:INSTRUMENT_DECLINED", "decline:PAYER_CANNOT_PAY", "decline:TRANSACTION_REFUSED", "decline:PAYER_ACCOUNT_RESTRICTED",
	})}
	if err := l.world.OrderPayer(order); err != nil {
		l.violate("order %s: %v", order.Then, err)
	}
	l.trace("PayPal will say %s to %s, %d times", order.Then, name, order.Times)
}

// answerOrder is a payer whom PayPal asked to act on an order, and reports whether
// anybody was asked.
func (l *life) answerOrder(ref string, pass bool) bool {
	id := strings.TrimPrefix(ref, orderRef)
	a, err := l.world.Approval(id)
	if err != nil || a.Payer == "" || a.Kind != "action" || !a.Open {
		return false
	}
	if pass {
		_, err = l.world.ApproveAs(id, a.Payer)
	} else {
		_, err = l.world.RefuseApproval(id)
	}
	l.reach("payers act on an order")
	return err == nil
}

// judgeAgreement holds the end of an agreement against what its payer did.
func (l *life) judgeAgreement(m move) {
	var ref, account, token, fingerprint string
	var opened, ended int64
	err := l.each(func(scan func(...any) error) error {
		return scan(&ref, &account, &token, &fingerprint, &opened, &ended)
	}, `
		SELECT coalesce(g.provider_ref, ''), g.account_id, coalesce(m.token, ''), coalesce(m.fingerprint, ''), g.opened_at, coalesce(g.ended_at, 0)
		  FROM agreements AS g LEFT JOIN payment_methods AS m ON m.id = g.method_id WHERE g.id = $1`, m.id)
	if err != nil {
		l.violate("the books cannot be read: %v", err)
		return
	}
	by, agreed := l.payers.approved[atPayPal(ref)]
	isChinese := slices.Contains([]string{"CN", "C2"}, by.payer.Country)
	switch payment.AgreementState(m.became) {
	case payment.AgreementKept:
		l.reach("agreements are kept")
		switch {
		case !agreed:
			l.violate("agreement %s is kept, and no payer agreed", m.id)
		case fingerprint != "paypal:"+by.payer.PayerID:
			l.violate("agreement %s was approved by %s, and %s is bound", m.id, by.payer.PayerID, fingerprint)
		case isChinese:
			l.violate("agreement %s binds a payer of mainland China (R-PP-03)", m.id)
		}
	case payment.AgreementDiscarding:
		l.reach("agreements are refused: " + m.hint)
		if !agreed {
			l.violate("agreement %s is discarded as %s, and no payer agreed", m.id, m.hint)
			return
		}
		l.judgeRefusal(m, account, by.payer, opened)
	case payment.AgreementRefused, payment.AgreementLapsed:
		if m.was == string(payment.AgreementDiscarding) {
			return
		}
		l.reach("agreements come to nothing: " + max(m.hint, m.became))
		// One that was approved is good for three hours, and lost if its payer has
		// taken it back at once.
		isGood := agreed && by.step < l.step && time.UnixMicro(ended).Before(by.at.Add(3*time.Hour)) && !l.hasCancelled(by.payer)
		if isGood && (m.hint == "agreement_not_approved" || m.became == string(payment.AgreementLapsed)) {
			l.violate("agreement %s is %s, and its payer had agreed", m.id, m.became)
		}
	}
}

// judgeRefusal holds the rule that refused an approved agreement against what is so.
func (l *life) judgeRefusal(m move, account string, payer sandbox.Payer, opened int64) {
	isChinese := slices.Contains([]string{"CN", "C2"}, payer.Country)
	switch {
	case m.hint == "payer_country_blocked" && !isChinese:
		l.violate("agreement %s is refused for the country %s", m.id, payer.Country)
	case m.hint == "already_bound" && l.any(`
		SELECT id FROM payment_methods
		 WHERE fingerprint = 'paypal:' || $1 AND account_id <> $2 AND (state NOT IN ('rejected', 'detached') OR updated_at >= $3)`, payer.PayerID, account, opened) == "":
		l.violate("agreement %s is refused because %s is bound elsewhere, which it is not", m.id, payer.PayerID)
	}
}

// hasCancelled tells whether a payer has ended any agreement.
func (l *life) hasCancelled(p sandbox.Payer) bool {
	return l.any(`SELECT id FROM payment_methods WHERE fingerprint = 'paypal:' || $1 AND token IN (SELECT value FROM json_each($2))`, p.PayerID, l.cancelledTokens()) != ""
}

func (l *life) cancelledTokens() string {
	list := []byte("[")
	for token := range l.payers.cancelled { // in any order: it is a set
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = fmt.Appendf(list, "%q", token)
	}
	return string(append(list, ']'))
}
