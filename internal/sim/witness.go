package sim

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/state"
)

// witness is what the simulation adds to the database: triggers that write down
// each change of state, in the transaction that makes it, and one that lets the
// database refuse a change.
const witness = `
CREATE TABLE sim_moves (
  n      INTEGER PRIMARY KEY,
  noun   TEXT NOT NULL,
  id     TEXT NOT NULL,
  was    TEXT NOT NULL,
  became TEXT NOT NULL,
  hint   TEXT NOT NULL
);
CREATE TRIGGER sim_payment AFTER UPDATE OF state ON payments WHEN OLD.state <> NEW.state
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('payment', NEW.id, OLD.state, NEW.state, NEW.decline); END;
CREATE TRIGGER sim_hold AFTER UPDATE OF state ON holds WHEN OLD.state <> NEW.state
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('hold', NEW.id, OLD.state, NEW.state, ''); END;
CREATE TRIGGER sim_method AFTER UPDATE OF state ON payment_methods WHEN OLD.state <> NEW.state
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('method', NEW.id, OLD.state, NEW.state, NEW.reason); END;
CREATE TRIGGER sim_debt AFTER UPDATE OF state ON debts WHEN OLD.state <> NEW.state
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('debt', NEW.id, OLD.state, NEW.state, ''); END;
CREATE TRIGGER sim_deadline AFTER UPDATE OF challenge_until ON payments WHEN NEW.challenge_until > OLD.challenge_until
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('deadline', NEW.id, OLD.challenge_until, NEW.challenge_until, ''); END;
CREATE TRIGGER sim_hold_deadline AFTER UPDATE OF challenge_until ON holds WHEN NEW.challenge_until > OLD.challenge_until
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('deadline', NEW.id, OLD.challenge_until, NEW.challenge_until, ''); END;
CREATE TRIGGER sim_agreement AFTER UPDATE OF state ON agreements WHEN OLD.state <> NEW.state
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('agreement', NEW.id, OLD.state, NEW.state, NEW.reason); END;
CREATE TRIGGER sim_account AFTER UPDATE OF state ON accounts WHEN OLD.state <> NEW.state
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('account', NEW.id, OLD.state, NEW.state, coalesce(OLD.silent_since, 0)); END;
CREATE TRIGGER sim_order AFTER UPDATE OF state ON orders WHEN OLD.state <> NEW.state
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('order', NEW.id, OLD.state, NEW.state, NEW.rule); END;
CREATE TRIGGER sim_subscription AFTER UPDATE OF state ON subscriptions WHEN OLD.state <> NEW.state
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('subscription', NEW.id, OLD.state, NEW.state, ''); END;
CREATE TRIGGER sim_refund AFTER UPDATE OF state ON refunds WHEN OLD.state <> NEW.state
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('refund', NEW.id, OLD.state, NEW.state, NEW.outcome); END;
CREATE TRIGGER sim_case AFTER UPDATE OF state ON identity_cases WHEN OLD.state <> NEW.state
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('identity check', NEW.id, OLD.state, NEW.state, NEW.reason); END;
CREATE TRIGGER sim_stopped AFTER INSERT ON payments WHEN EXISTS (SELECT 1 FROM orders WHERE debt_id = NEW.debt_id AND state <> 'open')
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) SELECT 'stopped', NEW.id, '', id, '' FROM orders WHERE debt_id = NEW.debt_id; END;
CREATE TRIGGER sim_charge AFTER INSERT ON payments WHEN NOT EXISTS (SELECT 1 FROM payment_methods WHERE id = NEW.method_id AND state = 'active')
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('charge', NEW.id, '', NEW.method_id, ''); END;
CREATE TRIGGER sim_reserve AFTER INSERT ON holds WHEN NEW.kind = 'exposure'
 AND NOT EXISTS (SELECT 1 FROM payment_methods WHERE id = NEW.method_id AND state = 'active' AND preferred = 1 AND kind = 'paypal')
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('charge', NEW.id, '', NEW.method_id, ''); END;
CREATE TRIGGER sim_running AFTER INSERT ON resources
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('running', NEW.account_id, '', NEW.running, ''); END;
CREATE TRIGGER sim_running_again AFTER UPDATE ON resources
BEGIN INSERT INTO sim_moves (noun, id, was, became, hint) VALUES ('running', NEW.account_id, '', NEW.running, ''); END;
CREATE TABLE sim_refusals (action TEXT PRIMARY KEY);
CREATE TRIGGER sim_refuse BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM sim_refusals WHERE action = NEW.action)
BEGIN SELECT RAISE(ABORT, 'the simulated disk refuses'); END;`

func addWitness(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, witness); err != nil {
		return fmt.Errorf("add the simulation's triggers: %w", err)
	}
	var mode string // one file, to be copied
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode = delete`).Scan(&mode); err != nil {
		return err
	}
	return db.Close()
}

// refusable are the records without which a change is not kept.
var refusable = []string{
	"payment.opened", "payment.succeeded", "payment.declined", "payment.cancelled", "payment.challenged", "payment.lost",
	"hold.placed", "hold.declined", "hold.released", "payment_method.added", "payment_method.activated", "payment_method.preferred",
	"debt.opened", "debt.paid", "bill.issued", "account.opened", "account.closing", "account.reopened", "account.closed", "resources.reported",
	"agreement.opened", "agreement.waiting", "agreement.kept", "agreement.refused", "agreement.lapsed", "hold.opened", "hold.renewed", "hold.captured",
	"order.placed", "order.paid", "order.lapsed", "order.cancelled", "order.blocked", "order.refused", "order.unblocked", "debt.cancelled", "risk.stopped",
	"subscription.started", "subscription.renewed", "subscription.upgraded", "subscription.ended", "subscription.cancelled",
	"refund.opened", "refund.succeeded", "refund.to_balance", "refund.failed",
	"identity_check.opened", "identity_check.submitted", "identity_check.approved", "identity_check.rejected", "identity_check.expired",
	"identity_document.received", "identity_document.opened", "identity_document.erased",
	"payment_method.revoked", "payment_method.detached", "payment_method.refused", "threshold.moved",
}

// refuseSome lets the database refuse some changes during a step.
func (l *life) refuseSome() error {
	if !l.chance.happens(l.temper.rates[refuses]) {
		return nil
	}
	for range l.chance.between(1, 3) {
		action := oneOf(l.chance, refusable)
		l.count(refuses)
		if _, err := l.db.ExecContext(l.ctx, `INSERT INTO sim_refusals VALUES ($1) ON CONFLICT DO NOTHING`, action); err != nil {
			return err
		}
	}
	return nil
}

func (l *life) refuseNone() error {
	_, err := l.db.ExecContext(l.ctx, `DELETE FROM sim_refusals`)
	return err
}

// move is one change of state.
type move struct{ noun, id, was, became, hint string }

// seeMoves reads the changes of state since the last step, counts them, and holds
// each against its table.
func (l *life) seeMoves() error {
	var moves []move
	err := l.each(func(scan func(...any) error) error {
		var m move
		err := scan(&l.seenMoves, &m.noun, &m.id, &m.was, &m.became, &m.hint)
		moves = append(moves, m)
		return err
	}, `SELECT n, noun, id, was, became, hint FROM sim_moves WHERE n > $1 ORDER BY n`, l.seenMoves)
	for _, m := range moves {
		switch m.noun {
		case "deadline":
			l.violate("the challenge of %s was given more time", m.id)
			continue
		case "running":
			continue
		case "charge":
			l.violate("%s is asked of the method %s, which must not be charged", m.id, m.became)
			continue
		case "stopped":
			l.isStopped(m)
			continue
		case "order":
			l.judgeOrder(m)
		case "agreement":
			l.judgeAgreement(m)
		case "account":
			l.judgeAccount(m)
		}
		names := m.transitions()
		if names == nil {
			l.violate("%s %s went from %s to %s, which is not in its table", m.noun, m.id, m.was, m.became)
		}
		for _, name := range names {
			l.coverage.Transitions[name]++
			for i, f := range l.fired {
				if !slices.Contains(l.fired[:i], f) {
					l.coverage.Pairs[f+" beside "+name]++
				}
			}
		}
	}
	return err
}

// transitions names the transitions of a move; nil if no table has them.
func (m move) transitions() []string {
	switch m.noun {
	case "payment":
		refused := strings.Contains(m.hint, `"class"`)
		return paths(payment.Table, m, func(e payment.Event) bool {
			return e != payment.Decline && e != payment.Lapse || (e == payment.Decline) == refused
		})
	case "hold":
		return paths(payment.HoldTable, m, func(payment.HoldEvent) bool { return true })
	case "method":
		lapsed := m.hint == "challenge_expired"
		return paths(payment.MethodTable, m, func(e payment.MethodEvent) bool {
			return e != payment.ChallengeLapsed && e != payment.HoldDeclined || (e == payment.ChallengeLapsed) == lapsed
		})
	case "agreement":
		return paths(payment.AgreementTable, m, func(payment.AgreementEvent) bool { return true })
	case "account":
		return paths(accountTable, m, func(string) bool { return true })
	case "debt":
		return paths(billing.DebtTable, m, func(billing.DebtEvent) bool { return true })
	case "order":
		return paths(order.Table, m, func(order.Event) bool { return true })
	case "subscription":
		return paths(order.SubscriptionTable, m, func(order.SubscriptionEvent) bool { return true })
	case "refund":
		return paths(payment.RefundTable, m, func(payment.RefundEvent) bool { return true })
	case "identity check":
		return paths(identity.CaseTable, m, func(identity.Event) bool { return true })
	}
	return nil
}

// paths finds the event that leads from one state to the other, or the two: a hold
// whose intent is gone is released and that is done, in one transaction.
func paths[S, E ~string](t state.Table[S, E], m move, may func(E) bool) []string {
	name := func(from S, e E, to S) string { return fmt.Sprintf("%s: %s -%s-> %s", m.noun, from, e, to) }
	var through []string
	for _, e := range events(t[S(m.was)]) {
		to := t[S(m.was)][e]
		if string(to) == m.became && may(e) {
			return []string{name(S(m.was), e, to)}
		}
		for _, next := range events(t[to]) {
			if string(t[to][next]) == m.became && m.noun == "hold" && through == nil {
				through = []string{name(S(m.was), e, to), name(to, next, t[to][next])}
			}
		}
	}
	return through
}

func events[S, E ~string](of map[E]S) []E {
	var list []E
	for e := range of {
		list = append(list, e)
	}
	slices.Sort(list)
	return list
}

// accountTable is what may become of an account, as R-CLOSE-01..03 say.
var accountTable = state.Table[account.State, string]{
	account.Active: {"close": account.Silent},
	account.Silent: {"reopen": account.Active, "silence_over": account.Closed},
	account.Closed: {},
}

// each reads the rows of a query.
func (l *life) each(fn func(scan func(...any) error) error, query string, args ...any) error {
	s := l.statements[query]
	if s == nil {
		var err error
		if s, err = l.db.PrepareContext(l.ctx, query); err != nil {
			return err
		}
		l.statements[query] = s
	}
	rows, err := s.QueryContext(l.ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// texts reads one column of text.
func (l *life) texts(query string, args ...any) []string {
	var list []string
	err := l.each(func(scan func(...any) error) error {
		var s string
		err := scan(&s)
		list = append(list, s)
		return err
	}, query, args...)
	if err != nil {
		l.violate("the books cannot be read: %v", err)
	}
	return list
}

// any picks one of the texts of a query; "" if there is none.
func (l *life) any(query string, args ...any) string {
	list := l.texts(query, args...)
	if len(list) == 0 {
		return ""
	}
	return oneOf(l.chance, list)
}
