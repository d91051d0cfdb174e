package sim

import (
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
)

// hops are how time passes until everything that can end by itself has: the
// timetable of questions, the longest link, the longest hold.
var hops = []time.Duration{
	time.Minute, 10 * time.Minute, time.Hour, 5 * time.Hour, 18 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour,
	24 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour,
}

// quiet mends everything, drops all news, lets nine days pass, and looks whether
// everything came to its end.
func (l *life) quiet() error {
	l.fired = nil
	l.healed, l.acting, l.mailbox, l.outage, l.fuse = true, 0, nil, outage{}, 0
	l.world.ClearFaults()
	for _, hop := range hops {
		l.alone("mend", func() { l.advance(l.clock.now.Add(hop)) })
		if err := l.world.Tick(l.ctx); err != nil {
			return err
		}
		if err := l.look(); err != nil {
			return err
		}
	}
	for _, p := range slices.Concat(endings, endingsOfOrders) {
		for _, where := range l.texts(p.find, l.clock.now.UnixMicro()) {
			l.violate("%s: %s", p.says, where)
		}
	}
	l.countOrders()
	if err := l.agree(); err != nil {
		return err
	}
	if err := errors.Join(l.endedOutside(), l.endedAtPayPal()); err != nil {
		return err
	}
	if err := l.verify(); err != nil {
		return err
	}
	return l.again()
}

// chargeable finds open debts that the account's preferred method can be charged
// for: it has a mandate, its issuer has not refused it for good, and the provider
// charges such an amount at once in every currency.
const chargeable = `
		SELECT d.id FROM debts AS d JOIN payment_methods AS m ON m.account_id = d.account_id AND m.preferred = 1
		 WHERE d.state = 'open' AND d.kind NOT IN ('bill', 'order') AND d.amount - d.paid <= CASE m.kind WHEN 'card' THEN 99999999 ELSE 1000000 END AND m.network_transaction <> ''
		   AND NOT EXISTS (SELECT 1 FROM payments AS p WHERE p.method_id = m.id AND p.decline LIKE '%"final"%')`

// endings are what must be over; $1 is now.
var endings = []promise{
	{"a payment is not over after everything was mended", `
		SELECT id || ' is ' || state FROM payments
		 WHERE state NOT IN ('succeeded', 'declined', 'cancelled') AND NOT (state = 'challenged' AND coalesce(challenge_until, 0) > $1)`},
	{"a hold is not over after everything was mended", `
		SELECT id || ' is ' || state FROM holds
		 WHERE state NOT IN ('released', 'expired', 'declined', 'captured') AND NOT (kind = 'exposure' AND state = 'placed') AND NOT (state = 'challenged' AND coalesce(challenge_until, 0) > $1)`},
	{"a method is neither active nor over", `SELECT id || ' is ' || state FROM payment_methods WHERE state = 'verifying' AND $1 > 0`},
	{"a job fails although everything was mended", `SELECT kind || ' of ' || subject || ': ' || last_error FROM jobs WHERE last_error <> '' AND $1 > 0`},
	{"a debt was never tried with the preferred card", chargeable + `
		   AND d.next_attempt_at IS NULL AND d.opened_at < $1 - 86400000000 AND m.updated_at < $1 - 86400000000
		   AND NOT EXISTS (SELECT 1 FROM payments AS p WHERE p.debt_id = d.id AND (p.method_id = m.id OR p.state NOT IN ('succeeded', 'declined', 'cancelled')))`},
	{"a debt's next attempt is past and was not made", chargeable + ` AND d.next_attempt_at < $1 - 86400000000`},
	{"an agreement is not over after everything was mended", `SELECT id || ' is ' || state FROM agreements WHERE state NOT IN ('kept', 'refused', 'lapsed') AND $1 > 0`},
	{"an account whose silent period is over stays silent", `
		SELECT id FROM accounts AS a WHERE state = 'silent' AND silent_since < $1 - 17 * 86400000000
		   AND NOT EXISTS (SELECT 1 FROM debts AS d WHERE d.account_id = a.id AND d.state = 'open')`},
	{"a hold on usage is kept without need", `
		SELECT h.id FROM holds AS h JOIN payment_methods AS m ON m.id = h.method_id JOIN accounts AS a ON a.id = h.account_id
		 WHERE h.kind = 'exposure' AND h.state = 'placed' AND h.placed_at < $1 - 86400000000 AND (m.preferred = 0 OR m.state <> 'active' OR a.state = 'closed'
		    OR h.honored_until < $1 - 86400000000)`},
	{"a hold on usage ended, and none took its place", `
		SELECT h.id FROM holds AS h JOIN payment_methods AS m ON m.account_id = h.account_id AND m.preferred = 1 AND m.kind = 'paypal'
		 WHERE h.kind = 'exposure' AND NOT EXISTS (SELECT 1 FROM holds AS n WHERE n.kind = 'exposure' AND n.account_id = h.account_id AND n.id <> h.id AND n.opened_at >= h.opened_at)
		   AND (h.state = 'captured' OR h.state = 'released' AND h.reason = 'promise_over') AND h.used_at > $1 - 29 * 86400000000
		   AND NOT EXISTS (SELECT 1 FROM accounts WHERE id = h.account_id AND state <> 'active')
		   AND NOT EXISTS (SELECT 1 FROM resources WHERE account_id = h.account_id AND running = 0)`},
	{"news was taken and never worked", `SELECT id FROM provider_events WHERE worked_at IS NULL AND received_at < $1 - 86400000000`},
}

// endedOutside looks for holds in the world that nobody has released.
func (l *life) endedOutside() error {
	b, err := l.world.Books(l.ctx)
	if err != nil {
		return err
	}
	for _, h := range b.Holds {
		if h.State == "held" {
			l.violate("the world still holds %d %s for %s", h.Amount, h.Currency, h.Metadata["bursar_reference"])
		}
	}
	return nil
}

// again closes every closed month and posts usage once more: nothing may change.
func (l *life) again() error {
	before, err := l.hashes()
	if err != nil {
		return err
	}
	closed := l.texts(`SELECT min(closed_through) FROM accounts HAVING count(*) > 0`)
	if len(closed) > 0 {
		m := billing.Month(closed[0])
		for range 3 {
			_, err := l.node().office.RunBills(l.ctx, access.CommandLine, m, nil)
			l.expect(err, "run the bills of %s again", m)
			m = m.Previous()
		}
	}
	recorded := l.texts(`SELECT line_id FROM usage_lines ORDER BY line_id`)
	lines := slices.DeleteFunc(slices.Clone(l.lines), func(line billing.Line) bool {
		_, ok := slices.BinarySearch(recorded, line.ID)
		return !ok
	})
	if len(lines) > 0 {
		_, err := l.node().office.RecordUsage(l.ctx, access.CommandLine, office.UsageBatch{Lines: lines, SkipBad: true})
		l.expect(err, "post all usage again")
	}
	after, err := l.hashes()
	if err != nil {
		return err
	}
	for i, t := range moneyTables {
		// Usage that repeats opens its month's collection, empty.
		if before[i] != after[i] && t.name != "collections" {
			l.violate("closing closed months and posting known usage again changed the table %s", t.name)
		}
	}
	return nil
}

// hashes are those of the money tables, one by one.
func (l *life) hashes() ([]string, error) {
	var list []string
	for _, t := range moneyTables {
		sum := sha256.New()
		if err := l.hashTable(sum, t.name, t.order); err != nil {
			return nil, err
		}
		list = append(list, string(sum.Sum(nil)))
	}
	return list, nil
}
