package sim

import (
	"slices"

	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// promisesOfOrders are asked after every step, as promises are.
var promisesOfOrders = []promise{
	{"an order was paid twice", `
		SELECT o.id FROM orders AS o JOIN payments AS p ON p.debt_id = o.debt_id AND p.state = 'succeeded'
		 WHERE NOT EXISTS (SELECT 1 FROM entries AS e WHERE e.subject = p.id AND e.kind = 'payment_surplus' AND e.amount = p.amount)
		 GROUP BY o.id HAVING count(*) > 1`},
	{"an order gave something before it was paid", `
		SELECT s.id FROM subscriptions AS s JOIN orders AS o ON o.id = s.order_id WHERE o.paid_at IS NULL`},
	{"an order gave something twice", `SELECT order_id FROM subscriptions GROUP BY order_id, line HAVING count(*) > 1`},
	{"a subscription is paid for other terms than its orders", `
		SELECT s.id FROM subscriptions AS s
		 WHERE s.state = 'active' AND s.terms <> 1 + (SELECT count(*) FROM orders AS o WHERE o.subscription_id = s.id AND o.kind = 'renewal' AND o.state = 'paid')`},
	{"more is given back than a payment took", `
		SELECT r.payment_id FROM refunds AS r JOIN payments AS p ON p.id = r.payment_id WHERE r.state <> 'failed'
		 GROUP BY r.payment_id HAVING sum(r.amount) > max(p.amount)`},
	{"a customer's balance is below zero", `SELECT account_id FROM balances WHERE ledger_account = 'customer_balance' AND amount > 0`},
	{"what risk has stopped goes on", `
		SELECT p.id FROM payments AS p JOIN orders AS o ON o.debt_id = p.debt_id
		 WHERE o.state IN ('blocked', 'refused') AND p.state NOT IN ('succeeded', 'declined', 'cancelled')`},
	{"an account has two identity checks of one instrument", `
		SELECT account_id FROM identity_cases WHERE state IN ('open', 'submitted', 'rejected') GROUP BY account_id, instrument HAVING count(*) > 1`},
	{"an order waits for an identity check that there is not", `
		SELECT id FROM orders WHERE state = 'blocked' AND NOT EXISTS (SELECT 1 FROM identity_cases AS c WHERE c.id = case_id AND c.account_id = orders.account_id)`},
}

// tellingsOfOrders are about what the platform was told; they are asked now and then.
var tellingsOfOrders = []promise{
	{"an event that can happen once was told twice", `
		SELECT subject || ' ' || kind FROM events
		 WHERE kind IN ('order.placed', 'order.paid', 'order.lapsed', 'order.cancelled', 'order.refused', 'subscription.started', 'subscription.ended', 'refund.opened', 'refund.succeeded', 'refund.to_balance', 'refund.failed', 'identity_check.approved', 'identity_check.expired')
		 GROUP BY subject, kind HAVING count(*) > 1`},
	{"the end of an order was not told", `
		SELECT id || ' ' || state FROM orders AS o WHERE state NOT IN ('open', 'blocked')
		   AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.subject = o.id AND e.kind = 'order.' || o.state)`},
	{"the end of a refund was not told", `
		SELECT id || ' ' || state FROM refunds AS r WHERE state NOT IN ('opening', 'pending', 'unknown')
		   AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.subject = r.id AND e.kind = 'refund.' || r.state)`},
}

// endingsOfOrders are what must be over once everything was mended; $1 is now.
var endingsOfOrders = []promise{
	{"a refund is not over after everything was mended", `SELECT id || ' is ' || state FROM refunds WHERE state IN ('opening', 'pending', 'unknown') AND $1 > 0`},
	{"an order's time is over, and it is not", `
		SELECT o.id || ' is ' || o.state FROM orders AS o
		 WHERE o.state IN ('open', 'blocked') AND o.lapses_at < $1 - 86400000000
		   AND NOT EXISTS (SELECT 1 FROM payments AS p WHERE p.debt_id = o.debt_id AND p.state NOT IN ('succeeded', 'declined', 'cancelled'))
		   AND NOT EXISTS (SELECT 1 FROM identity_cases AS c WHERE c.id = o.case_id AND c.state IN ('open', 'submitted', 'rejected'))`},
	{"a subscription goes on past its end", `
		SELECT s.id FROM subscriptions AS s
		 WHERE s.state = 'active' AND s.until_day < date($1 / 1000000 - 2 * 86400, 'unixepoch')
		   AND NOT EXISTS (SELECT 1 FROM orders AS o JOIN payments AS p ON p.debt_id = o.debt_id AND p.state NOT IN ('succeeded', 'declined', 'cancelled') WHERE o.subscription_id = s.id)`},
	{"an identity check's time to send documents is over, and it is not", `
		SELECT id || ' is ' || state FROM identity_cases WHERE state IN ('open', 'rejected') AND submit_by < $1 - 86400000000`},
	{"documents are kept longer than they may be", `
		SELECT d.id FROM identity_documents AS d JOIN identity_cases AS c ON c.id = d.case_id WHERE d.erased_at IS NULL AND c.erase_at < $1 - 86400000000`},
}

// givenBack is what of a payment was given back, as far as we know.
type givenBack struct {
	made, asked int64 // for certain, and as it may be
	isReturning bool  // its issuer sends refunds back
}

// agreeOnRefunds holds what the world gave back against our refunds: never more than
// we asked for, and never less than we believe.
func (l *life) agreeOnRefunds(b sandbox.Books) error {
	there := map[string]int64{}
	for _, c := range b.Charges {
		there[c.Metadata["bursar_reference"]] += c.Refunded
	}
	invoices := map[string]string{}
	for _, c := range b.PayPal.Captures {
		invoices[c.ID] = c.Invoice
	}
	for _, f := range b.PayPal.Refunds {
		there[invoices[f.Capture]] += f.Amount
	}
	here := map[string]givenBack{}
	err := l.each(func(scan func(...any) error) error {
		var key, method string
		var g givenBack
		err := scan(&key, &method, &g.made, &g.asked)
		g.isReturning = l.returning[method]
		here[key] = g
		return err
	}, `SELECT p.key, p.method_id, sum(CASE r.state WHEN 'succeeded' THEN r.amount ELSE 0 END), sum(CASE WHEN r.state IN ('succeeded', 'opening', 'pending', 'unknown') THEN r.amount ELSE 0 END)
	      FROM refunds AS r JOIN payments AS p ON p.id = r.payment_id GROUP BY p.key, p.method_id`)
	var keys []string
	for key := range there {
		keys = append(keys, key)
	}
	for key := range here {
		if _, ok := there[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		switch g := here[key]; {
		case g.isReturning: // it goes there and comes back, and we hear of it later
		case there[key] > g.asked:
			l.violate("the world gave %d of %s back, and %d was asked", there[key], key, g.asked)
		case there[key] < g.made:
			l.violate("the world gave %d of %s back, and we believe in %d", there[key], key, g.made)
		}
	}
	return err
}

// refundMayBeAsked holds a refund's request against what is committed by now. A node
// that slept may ask for one that is over, under the same key.
func (l *life) refundMayBeAsked(reference, key, ending string) {
	if l.any(`SELECT id FROM refunds WHERE key = $1 AND $2 = key || $3`, reference, key, ending) == "" {
		l.violate("%q is to be given back under the key %q, which is not remembered", reference, key)
	}
}

// isStopped notes a payment of an order that may not be charged.
func (l *life) isStopped(m move) {
	l.violate("%s is asked for the order %s, which is not open", m.id, m.became)
}

// countOrders counts what orders, refunds and identity checks came to, so that runs
// tell whether they were lived through.
func (l *life) countOrders() {
	for _, what := range l.texts(`SELECT kind || ' is ' || state FROM orders`) {
		l.reach("order: " + what)
	}
	for _, what := range l.texts(`SELECT 'refund is ' || state || ' ' || outcome FROM refunds`) {
		l.reach(what)
	}
	for _, what := range l.texts(`SELECT 'identity check is ' || state || ' in round ' || round FROM identity_cases`) {
		l.reach(what)
	}
	if n := len(l.texts(`SELECT id FROM orders WHERE state = $1`, string(order.Blocked))); n > 0 {
		l.reach("orders are blocked at rest")
	}
}
