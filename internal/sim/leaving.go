package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/payment"
)

// silence is the silent period of every policy here.
const silence = 15 * 24 * time.Hour

// detachMethod takes a method off its account, and holds the answer against what
// should stand against it.
func detachMethod(l *life) {
	id := l.any(`SELECT id FROM payment_methods WHERE state NOT IN ('rejected', 'detached') ORDER BY id`)
	if id == "" || l.chance.happens(0.05) {
		id = l.any(`SELECT id FROM payment_methods ORDER BY id`)
	}
	if id == "" {
		return
	}
	want := l.holdsMethod(id)
	if l.chance.happens(0.5) {
		m, why, err := l.node().office.MayDetachMethod(l.ctx, access.CommandLine, payment.MethodID(id))
		l.expect(err, "may %s go, which is %s? %s", id, m.State, codesOf(why))
		if err == nil && codesOf(why) != want {
			l.violate("whether %s may go: the office says %q, and it is %q", id, codesOf(why), want)
		}
		if l.chance.happens(0.5) {
			return
		}
	}
	m, err := l.node().office.DetachMethod(l.ctx, access.CommandLine, payment.MethodID(id))
	l.expect(err, "detach %s", id)
	switch got := codesOf(err); {
	case err != nil && got == "": // the disk
	case got != want:
		l.violate("detach %s: the office says %q, and it is %q", id, got, want)
	case err == nil && m.State != payment.Detached:
		l.violate("%s was detached, and is %s", id, m.State)
	case err == nil:
		l.reach("methods are detached")
	default:
		l.reach("methods stay: " + got)
	}
}

// holdsMethod names every reason why a method must stay, by R-DEL-01..05 and the
// books; what runs is what was reported.
func (l *life) holdsMethod(id string) string {
	var owner, state string
	var preferred, others, flying int
	err := l.each(func(scan func(...any) error) error { return scan(&owner, &state, &preferred, &others, &flying) }, `
		SELECT m.account_id, m.state, m.preferred,
		       (SELECT count(*) FROM payment_methods AS o WHERE o.account_id = m.account_id AND o.id <> m.id AND o.state = 'active'),
		       (SELECT count(*) FROM payments AS p WHERE p.method_id = m.id AND p.state NOT IN ('succeeded', 'declined', 'cancelled')) +
		       (SELECT count(*) FROM refunds AS r JOIN payments AS p ON p.id = r.payment_id WHERE p.method_id = m.id AND r.state IN ('opening', 'pending', 'unknown')) +
		       (SELECT count(*) FROM holds AS h WHERE h.method_id = m.id AND h.state NOT IN ('released', 'expired', 'declined', 'captured') AND (h.kind = 'verification' OR h.state = 'claimed'))
		  FROM payment_methods AS m WHERE m.id = $1`, id)
	if err != nil {
		l.violate("the books cannot be read: %v", err)
	}
	var why []string
	if state == string(payment.Detached) {
		return ""
	}
	if flying > 0 || state == string(payment.Verifying) || state == string(payment.Challenged) {
		why = append(why, "method_in_flight")
	}
	if state == string(payment.Active) && preferred == 1 && others > 0 {
		why = append(why, "method_preferred")
	}
	if state == string(payment.Active) && others == 0 {
		why = append(why, l.holdsAccount(owner)...)
		if len(l.texts(`SELECT c.account_id FROM collections AS c JOIN exposures AS e ON e.account_id = c.account_id AND e.collection = c.number
			WHERE c.account_id = $1 AND c.state = 'open' AND (e.micro <> 0 OR e.pico <> 0)`, owner)) > 0 {
			why = append(why, "usage_unbilled")
		}
	}
	slices.Sort(why)
	return strings.Join(why, " ")
}

// holdsAccount names what stands against closing an account (R-CLOSE-01).
func (l *life) holdsAccount(id string) (why []string) {
	if l.runs(id) {
		why = append(why, "resources_running")
	}
	if len(l.texts(`SELECT id FROM debts WHERE account_id = $1 AND state = 'open' AND declined_at IS NULL AND (kind <> 'order'
		OR EXISTS (SELECT 1 FROM payments AS p WHERE p.debt_id = debts.id AND p.state NOT IN ('succeeded', 'declined', 'cancelled')))`, id)) > 0 {
		why = append(why, "bill_unpaid")
	}
	if len(l.texts(`SELECT id FROM debts WHERE account_id = $1 AND state = 'open' AND declined_at IS NOT NULL`, id)) > 0 {
		why = append(why, "payment_overdue")
	}
	return why
}

// runs tells whether the platform said last that something runs.
func (l *life) runs(id string) bool {
	said := l.texts(`SELECT became FROM sim_moves WHERE noun = 'running' AND id = $1 ORDER BY n DESC LIMIT 1`, id)
	return len(said) > 0 && said[0] != "0"
}

// codesOf are the faults in an error, in the order of the alphabet.
func codesOf(err error) string {
	var codes []string
	for _, f := range fault.All(err) {
		codes = append(codes, f.Code)
	}
	slices.Sort(codes)
	return strings.Join(codes, " ")
}

// reportResources is the platform, which tells what runs.
func reportResources(l *life) {
	id := l.any(`SELECT id FROM accounts ORDER BY id`)
	if id == "" {
		return
	}
	n := oneOf(l.chance, []int{0, 0, 0, 1, 7})
	_, err := l.node().office.ReportResources(l.ctx, access.CommandLine, account.ID(id), account.Resources{Running: n})
	l.expect(err, "%d resources run for %s", n, id)
}

// closeAccount begins a silent period, and holds the answer against what should
// stand against it.
func closeAccount(l *life) {
	id := l.any(`SELECT id FROM accounts WHERE state <> 'closed' ORDER BY id`)
	if id == "" || l.chance.happens(0.1) {
		id = l.any(`SELECT id FROM accounts ORDER BY id`)
	}
	if id == "" {
		return
	}
	if l.chance.happens(0.5) && l.runs(id) { // as a customer who means it
		_, err := l.node().office.ReportResources(l.ctx, access.CommandLine, account.ID(id), account.Resources{})
		l.expect(err, "nothing runs for %s any more", id)
	}
	reasons := l.holdsAccount(id)
	slices.Sort(reasons)
	want := strings.Join(reasons, " ")
	switch l.any(`SELECT state FROM accounts WHERE id = $1`, id) {
	case string(account.Closed):
		want = "account_closed"
	case string(account.Silent):
		want = "" // it is closing already
	}
	_, err := l.node().office.CloseAccount(l.ctx, access.CommandLine, account.ID(id))
	l.expect(err, "close %s", id)
	if got := codesOf(err); (err == nil || got != "") && got != want {
		l.violate("close %s: the office says %q, and it is %q", id, got, want)
	}
}

func reopenAccount(l *life) {
	if id := l.any(`SELECT id FROM accounts WHERE state = 'silent' ORDER BY id`); id != "" {
		_, err := l.node().office.ReopenAccount(l.ctx, access.CommandLine, account.ID(id))
		l.expect(err, "reopen %s", id)
	}
}

// judgeAccount holds a change of an account's state against the silent period; the
// hint is since when it was silent.
func (l *life) judgeAccount(m move) {
	l.reach("accounts become " + m.became)
	if m.became != string(account.Closed) {
		return
	}
	since := l.texts(`SELECT cast(silent_since AS text) FROM accounts WHERE id = $1 AND silent_since > $2`, m.id, l.clock.now.Add(-silence).UnixMicro())
	if len(since) > 0 {
		l.violate("account %s is closed before its silent period is over", m.id)
	}
}
