package sim

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// promise is a question to our own books whose every answer is a violation.
type promise struct{ says, find string }

// promises are cheap enough to be asked after every step; store.Verify proves all.
var promises = []promise{
	{"debits and credits differ", `SELECT currency || ' by ' || sum(amount) FROM postings GROUP BY currency HAVING sum(amount) <> 0`},
	{"a debt has two payments that are not over", `
		SELECT debt_id FROM payments WHERE state NOT IN ('succeeded', 'declined', 'cancelled') GROUP BY debt_id HAVING count(*) > 1`},
	{"an instrument has two holders", `
		SELECT fingerprint FROM payment_methods WHERE state NOT IN ('rejected', 'detached') GROUP BY fingerprint HAVING count(*) > 1`},
	{"an account with active methods has not one that is preferred", `
		SELECT account_id || ' has ' || sum(preferred) FROM payment_methods WHERE state = 'active' GROUP BY account_id HAVING sum(preferred) <> 1`},
	{"a debt is paid beyond its amount", `SELECT id FROM debts WHERE paid < 0 OR paid > amount OR (state = 'paid') <> (paid = amount)`},
	{"a debt was collected beyond its amount, and the surplus is not the customer's", `
		SELECT d.id FROM debts AS d
		 WHERE coalesce((SELECT sum(p.amount) FROM payments AS p WHERE p.debt_id = d.id AND p.state = 'succeeded'), 0)
		     + coalesce((SELECT sum(c.amount - c.undone) FROM cash_applications AS c WHERE c.debt_id = d.id), 0)
		    <> d.paid + coalesce((
		       SELECT sum(e.amount) FROM payments AS s JOIN entries AS e ON e.subject = s.id AND e.kind = 'payment_surplus' WHERE s.debt_id = d.id), 0)`},
	{"an account is overdue without a reason, or the reason is not seen", `
		SELECT a.id FROM accounts AS a
		 WHERE CASE WHEN a.overdue_since IS NULL
		       THEN EXISTS (SELECT 1 FROM debts AS d WHERE d.account_id = a.id AND d.state = 'open' AND d.declined_at IS NOT NULL)
		       ELSE NOT EXISTS (SELECT 1 FROM debts AS d WHERE d.account_id = a.id AND d.state = 'open') END`},
	{"an account has two unpaid threshold debts", `
		SELECT account_id FROM debts WHERE kind = 'threshold' AND state = 'open' GROUP BY account_id HAVING count(*) > 1`},
	{"a closed account holds methods", `
		SELECT m.id FROM payment_methods AS m JOIN accounts AS a ON a.id = m.account_id WHERE a.state = 'closed' AND m.state NOT IN ('rejected', 'detached')`},
	{"a closed account owes", `SELECT d.id FROM debts AS d JOIN accounts AS a ON a.id = d.account_id WHERE a.state = 'closed' AND d.state = 'open'`},
	{"a silent account is overdue", `SELECT id FROM accounts WHERE state = 'silent' AND overdue_since IS NOT NULL`},
}

// tellings are about what the platform was told; they are asked now and then.
var tellings = []promise{
	{"an event that can happen once was told twice", `
		SELECT subject || ' ' || kind FROM events
		 WHERE kind IN ('account.opened', 'payment.opened', 'payment.succeeded', 'payment.declined', 'payment.cancelled', 'debt.opened', 'debt.paid', 'bill.issued', 'bill.paid', 'hold.placed', 'hold.released')
		 GROUP BY subject, kind HAVING count(*) > 1`},
	{"the end of a payment was not told", `
		SELECT id || ' ' || state FROM payments AS p WHERE state IN ('succeeded', 'declined', 'cancelled')
		   AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.subject = p.id AND e.kind = 'payment.' || p.state)`},
	{"the end of a debt was not told", `
		SELECT id FROM debts AS d WHERE state = 'paid' AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.subject = d.id AND e.kind = 'debt.paid')`},
}

// look holds our books against the promises and against the world's.
func (l *life) look() error {
	if err := l.seeMoves(); err != nil {
		return err
	}
	for _, p := range slices.Concat(promises, promisesOfOrders) {
		for _, where := range l.texts(p.find) {
			l.violate("%s: %s", p.says, where)
		}
	}
	if l.asked != l.lookedAt {
		l.lookedAt = l.asked
		if err := l.agree(); err != nil {
			return err
		}
	}
	if l.step%verifyEvery == 0 {
		return l.verify()
	}
	return nil
}

// verify proves our books whole. A hold may outlive its end in our books while
// nobody can ask how it stands.
func (l *life) verify() error {
	for _, p := range slices.Concat(tellings, tellingsOfOrders) {
		for _, where := range l.texts(p.find) {
			l.violate("%s: %s", p.says, where)
		}
	}
	if err := errors.Join(l.tripped(), l.thresholdsOfPayPal(), l.heldTooLong()); err != nil {
		return err
	}
	r, err := l.store.Verify(l.ctx, nil)
	if err != nil {
		return err
	}
	for _, c := range r.Checks {
		for _, p := range c.Problems {
			if c.Name != "holds" || l.healed {
				l.violate("verify %s: %s: %s", c.Name, p.Where, p.What)
			}
		}
	}
	return nil
}

// tripped looks for usage that has reached its account's threshold and is still in
// an open collection, though the account has no unpaid threshold debt: it is tested
// in the transaction that records it. What is carried from earlier may be the
// customer's, and comes off. A policy that lowered the threshold since is left out
// by leaving out lives with one.
func (l *life) tripped() error {
	if len(l.texts(`SELECT version FROM policies`)) > 0 {
		return nil
	}
	return l.each(func(scan func(...any) error) error {
		var id string
		var micro int64
		if err := scan(&id, &micro); err != nil {
			return err
		}
		w, err := l.node().office.WaysToPay(l.ctx, access.CommandLine, account.ID(id))
		if err != nil || !w.Threshold.IsPositive() {
			return err
		}
		least, err := w.Threshold.Exact()
		if err == nil && micro >= least.Micro {
			l.violate("account %s has usage of %d micro-units, which reaches %s, and it is not charged", id, micro, w.Threshold)
		}
		return err
	}, `SELECT a.id, cast(sum(e.micro) as bigint) + coalesce((SELECT min(0, sum(k.micro)) FROM carries AS k WHERE k.account_id = a.id), 0)
	      FROM collections AS c JOIN exposures AS e ON e.account_id = c.account_id AND e.collection = c.number JOIN accounts AS a ON a.id = c.account_id
	     WHERE c.state = 'open' AND NOT EXISTS (SELECT 1 FROM debts AS d WHERE d.account_id = a.id AND d.kind = 'threshold' AND d.state = 'open')
	     GROUP BY a.id, c.number`)
}

// ours is a payment or hold as we know it.
type ours struct {
	debt, ref, state, currency string
	amount                     int64
	account, kind, hold        string // kind: payment, or a hold's; hold: the key of the one that a payment is taken from
}

// agree holds every charge and hold in the world's books against ours: nothing was
// asked of an issuer that we had not remembered first, nothing was taken twice, and
// what is over here is over there.
func (l *life) agree() error {
	b, err := l.world.Books(l.ctx)
	if err != nil {
		return err
	}
	if !b.Balanced {
		l.violate("the world's own books do not balance")
	}
	known := map[string]ours{}
	var ids []string
	err = l.each(func(scan func(...any) error) error {
		var id string
		var o ours
		err := scan(&id, &o.debt, &o.ref, &o.state, &o.amount, &o.currency, &o.account, &o.kind, &o.hold)
		known[id] = o
		ids = append(ids, id)
		return err
	}, `SELECT key, debt_id, coalesce(provider_ref, ''), state, amount, lower(currency), account_id, 'payment', coalesce((SELECT h.key FROM holds AS h WHERE h.id = hold_id), '') FROM payments
	    UNION ALL SELECT key, '', coalesce(provider_ref, ''), state, amount, lower(currency), account_id, kind, '' FROM holds ORDER BY 1`)
	if err != nil {
		return err
	}
	captured, ofDebt := map[string]int64{}, map[string]int64{}
	for _, c := range b.Charges {
		l.agreeOnCharge(c, known, captured, ofDebt)
	}
	l.agreeWithPayPal(b.PayPal, known, captured, ofDebt)
	for _, id := range ids {
		o := known[id]
		switch took := captured[id]; {
		case o.state == "succeeded" && took != o.amount:
			l.violate("payment %s succeeded with %d %s, and the world took %d", id, o.amount, o.currency, took)
		case (o.state == "declined" || o.state == "cancelled") && took != 0:
			l.violate("payment %s is %s, and the world took %d %s for it", id, o.state, took, o.currency)
		}
	}
	return errors.Join(l.agreeOnRefunds(b), l.agreeOnDebts(ofDebt, b.Holds, known))
}

// agreeOnCharge holds one charge of the world against the payment or hold that it
// names, and adds up what was captured.
func (l *life) agreeOnCharge(c sandbox.BookedCharge, known map[string]ours, captured, ofDebt map[string]int64) {
	reference := c.Metadata["bursar_reference"]
	o, ok := known[reference]
	switch {
	case !ok:
		l.violate("the world charged %s for %q, which we do not know", c.Intent, reference)
	case o.ref != c.Intent:
		l.violate("the world charged %s for %s, whose intent is %q here", c.Intent, reference, o.ref)
	case o.currency != c.Currency || c.Amount != o.amount:
		l.violate("the world charged %d %s for %s, and %d %s was asked", c.Amount, c.Currency, reference, o.amount, o.currency)
	}
	if c.Captured == 0 {
		return
	}
	if captured[reference] != 0 {
		l.violate("the world took money twice for %s", reference)
	}
	if strings.Contains(reference, "/hold/") {
		l.violate("the hold %s was captured", reference)
	}
	captured[reference] += c.Captured
	ofDebt[o.debt] += c.Captured
}

func (l *life) agreeOnDebts(ofDebt map[string]int64, holds []sandbox.BookedHold, known map[string]ours) error {
	err := l.each(func(scan func(...any) error) error {
		var id string
		var amount int64
		err := scan(&id, &amount)
		if ofDebt[id] > amount {
			l.violate("the world took %d for debt %s of %d", ofDebt[id], id, amount)
		}
		return err
	}, `SELECT id, amount + CASE kind WHEN 'order' THEN coalesce((
	         SELECT sum(e.amount) FROM payments AS s JOIN entries AS e ON e.subject = s.id AND e.kind = 'payment_surplus' WHERE s.debt_id = debts.id), 0) ELSE 0 END
	      FROM debts ORDER BY id`)
	for _, h := range holds {
		reference := h.Metadata["bursar_reference"]
		o, ok := known[reference]
		switch {
		case !ok || o.ref != h.Intent:
			l.violate("the world holds %s for %q, which we do not know", h.Intent, reference)
		case h.State == "captured":
			l.violate("the hold %s was captured", reference)
		case h.State == "held" && slices.Contains([]string{"released", "expired", "declined"}, o.state):
			l.violate("hold %s is %s, and the world still holds it", reference, o.state)
		}
	}
	return err
}

// moneyTables are what the state hash is made of, with the order of their rows.
var moneyTables = []struct{ name, order string }{
	{"accounts", "id"}, {"payment_methods", "id"}, {"holds", "id"}, {"collections", "account_id, number"},
	{"agreements", "id"}, {"resources", "account_id"},
	{"usage_lines", "account_id, line_id"}, {"exposures", "account_id, collection, product"}, {"carries", "account_id, product"},
	{"bills", "id"}, {"bill_lines", "bill_id, product"}, {"debts", "id"}, {"debt_lines", "debt_id, product"}, {"payments", "id"},
	{"orders", "id"}, {"subscriptions", "id"}, {"cash_applications", "id"}, {"refunds", "id"}, {"credit_notes", "id"}, {"identity_cases", "id"},
	{"entries", "id"}, {"postings", "entry_id, line"}, {"balances", "account_id, ledger_account, currency"},
}

// hash is what a life came to: the money tables, and the world's charges.
func (l *life) hash() ([]byte, error) {
	sum := sha256.New()
	for _, t := range moneyTables {
		if err := l.hashTable(sum, t.name, t.order); err != nil {
			return nil, err
		}
	}
	b, err := l.world.Books(l.ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range b.PayPal.Captures {
		fmt.Fprintln(sum, c.ID, c.Order, c.Invoice, c.Amount, c.AtUS)
	}
	for _, f := range b.PayPal.Refunds {
		fmt.Fprintln(sum, f.ID, f.Capture, f.Amount, f.AtUS)
	}
	for _, c := range b.Charges {
		fmt.Fprintln(sum, c.ID, c.Intent, c.Currency, c.Amount, c.Captured, c.Refunded, c.Status, c.AtUS)
	}
	return sum.Sum(nil), nil
}

func (l *life) hashTable(into hash.Hash, name, order string) error {
	rows, err := l.db.QueryContext(l.ctx, `SELECT * FROM `+name+` ORDER BY `+order)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, cells := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		cells[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(cells...); err != nil {
			return err
		}
		fmt.Fprintln(into, append([]any{name}, values...)...)
	}
	return rows.Err()
}
