package sim

import (
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

const (
	leastOfPayPal = 8_00 // R-THR-02; every policy here keeps these
	mostOfPayPal  = 500_00

	voidedWithin = 24 * time.Hour
	heldState    = "held"
)

// agreeWithPayPal holds what PayPal took and holds against ours, and adds up what it
// captured beside what the cards' world did.
func (l *life) agreeWithPayPal(b sandbox.PayPalBooks, known map[string]ours, captured, ofDebt map[string]int64) {
	holds := map[string]sandbox.BookedAuthorization{}
	live := map[string]int{}
	for _, a := range b.Authorizations {
		holds[a.ID] = a
		o, ok := known[a.Invoice]
		switch {
		case !ok || o.kind == "payment":
			l.violate("PayPal holds %d %s for %q, which is no hold of ours", a.Amount, a.Currency, a.Invoice)
		case o.ref != orderRef+a.Order:
			l.violate("PayPal holds %s by order %s, whose id is %q here", a.Invoice, a.Order, o.ref)
		case a.Amount != o.amount:
			l.violate("PayPal holds %d %s for %s, and %d was asked", a.Amount, a.Currency, a.Invoice, o.amount)
		case a.State == heldState && slices.Contains([]string{"released", "expired", "declined", "captured"}, o.state):
			l.violate("hold %s is %s, and PayPal still holds it", a.Invoice, o.state)
		}
		if a.State == heldState && o.kind == string(payment.ExposureHold) {
			if live[o.account]++; live[o.account] > 1 {
				l.violate("PayPal holds %d times on the usage of %s at once (R-PP-08)", live[o.account], o.account)
			}
		}
	}
	for _, c := range b.Captures {
		l.agreeOnCapture(c, holds[c.Authorization], known, captured, ofDebt)
	}
}

// agreeOnCapture holds one payment that PayPal took against the one that it names.
func (l *life) agreeOnCapture(c sandbox.BookedCapture, from sandbox.BookedAuthorization, known map[string]ours, captured, ofDebt map[string]int64) {
	o, ok := known[c.Invoice]
	ref := orderRef + c.Order
	if c.Authorization != "" {
		ref = captureRef + c.Authorization + "/" + c.Invoice
	}
	switch {
	case !ok || o.kind != "payment":
		l.violate("PayPal took %d %s for %q, which is no payment of ours", c.Amount, c.Currency, c.Invoice)
	case o.ref != ref:
		l.violate("PayPal took money for %s by %s, and it is %q here", c.Invoice, ref, o.ref)
	case c.Amount != o.amount || c.Currency != "USD":
		l.violate("PayPal took %d %s for %s, and %d %s was asked", c.Amount, c.Currency, c.Invoice, o.amount, o.currency)
	case c.Authorization != "" && (from.Invoice != o.hold || known[from.Invoice].kind != string(payment.ExposureHold)):
		l.violate("PayPal took %s from the hold %q, and it was to come from %q", c.Invoice, from.Invoice, o.hold)
	}
	if captured[c.Invoice] != 0 {
		l.violate("PayPal took money twice for %s", c.Invoice)
	}
	captured[c.Invoice] += c.Amount
	ofDebt[o.debt] += c.Amount
	if gone := l.texts(`SELECT id FROM payment_methods WHERE token = $1 AND state = 'detached' AND updated_at < $2
		AND NOT EXISTS (SELECT 1 FROM payment_methods AS o WHERE o.token = $1 AND o.state <> 'detached')`, c.Token, c.AtUS); len(gone) > 0 && c.Token != "" {
		l.violate("PayPal took money from %s, which is detached", gone[0])
	}
}

// heldTooLong looks for holds that verify a PayPal account and are older than a day,
// where nothing has gone wrong for so long that each was asked about since.
func (l *life) heldTooLong() error {
	if l.clock.now.Before(l.troubled.Add(voidedWithin + time.Hour)) {
		return nil
	}
	b, err := l.world.Books(l.ctx)
	if err != nil {
		return err
	}
	for _, a := range b.PayPal.HeldLongerThan(voidedWithin, l.clock.now) {
		if l.any(`SELECT id FROM holds WHERE key = $1 AND kind = 'verification'`, a.Invoice) != "" {
			l.violate("PayPal holds %d %s to verify a method since %s", a.Amount, a.Currency, time.UnixMicro(a.PlacedAtUS).UTC())
		}
	}
	return nil
}

// thresholdsOfPayPal holds the thresholds of accounts that pay by PayPal against the
// bounds of R-THR-02.
func (l *life) thresholdsOfPayPal() error {
	for _, id := range l.texts(`SELECT account_id FROM payment_methods WHERE kind = 'paypal' AND preferred = 1 AND state = 'active' ORDER BY id`) {
		w, err := l.node().office.WaysToPay(l.ctx, access.CommandLine, account.ID(id))
		if err != nil {
			return err
		}
		if w.Threshold.Minor < leastOfPayPal || w.Threshold.Minor > mostOfPayPal {
			l.violate("account %s pays by PayPal, and its threshold is %s", id, w.Threshold)
		}
		l.reach("thresholds of PayPal at " + w.Threshold.Decimal())
	}
	return nil
}

// endedAtPayPal holds what PayPal holds and keeps at rest against our books: the
// holds on usage that are live here and no others; agreements of those methods that
// are bound and no others.
func (l *life) endedAtPayPal() error {
	b, err := l.world.Books(l.ctx)
	if err != nil {
		return err
	}
	held := map[string]bool{}
	for _, a := range b.PayPal.Authorizations {
		if a.State != heldState {
			continue
		}
		held[a.ID] = true
		if l.any(`SELECT id FROM holds WHERE charge_ref = $1 AND key = $2 AND kind = 'exposure' AND state = 'placed' AND amount = $3`, a.ID, a.Invoice, a.Amount) == "" {
			l.violate("PayPal still holds %d %s for %s", a.Amount, a.Currency, a.Invoice)
		}
	}
	for _, ref := range l.texts(`SELECT charge_ref FROM holds WHERE state = 'placed' AND provider = 'paypal' ORDER BY id`) {
		if !held[ref] {
			l.violate("our books hold authorization %s, and PayPal does not", ref)
		}
		l.reach("holds on usage are live at rest")
	}
	l.countPayPal(b.PayPal)
	return l.agreementsAtRest()
}

// agreementsAtRest compares the agreements that PayPal keeps with the methods that are
// bound. One that its payer ended without our hearing of it comes out when it is
// charged.
func (l *life) agreementsAtRest() error {
	all, err := l.world.Agreements("")
	if err != nil {
		return err
	}
	alive := map[string]bool{}
	for _, g := range all {
		if g.Cancelled {
			continue
		}
		alive[g.ID] = true
		if l.any(`SELECT id FROM payment_methods WHERE token = $1 AND state NOT IN ('rejected', 'detached')`, g.ID) == "" {
			l.violate("PayPal keeps the agreement %s of %s, and nothing is bound by it", g.ID, g.Payer)
		}
	}
	for _, token := range l.texts(`SELECT token FROM payment_methods WHERE provider = 'paypal' AND state IN ('active', 'unavailable') ORDER BY id`) {
		_, cancelled := l.payers.cancelled[token]
		if !alive[token] && !cancelled && !l.payers.deletedLate[token] {
			l.violate("a method is bound by the agreement %s, which PayPal does not know", token)
		}
	}
	return nil
}

// countPayPal counts what PayPal's books show was reached.
func (l *life) countPayPal(b sandbox.PayPalBooks) {
	for _, c := range b.Captures {
		l.reach("PayPal captures")
		if c.Authorization != "" {
			l.reach("PayPal captures from a hold")
		}
	}
	for _, a := range b.Authorizations {
		l.reach("PayPal holds are " + a.State)
	}
	for _, kind := range l.texts(`SELECT kind || ' is ' || state || ' ' || reason FROM holds WHERE provider = 'paypal'`) {
		l.reach("hold of " + kind)
	}
}
