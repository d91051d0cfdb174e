package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/bursar-pay/bursar/internal/billing"
)

// runsOfProof is how many decisions are read at once to be made again.
const runsOfProof = 500

var cashApplied = proof{
	name:  "cash_applied",
	title: "Every balance was spent as the decision that was kept says, and the same decision would be made again",
	count: `SELECT count(*) FROM application_runs`,
	questions: []question{
		{
			find: `
				SELECT 'account ' || account_id, '', count(*), count(DISTINCT number), min(number), max(number)
				  FROM application_runs
				 GROUP BY account_id
				HAVING NOT coalesce(min(number) = 1 AND max(number) = count(*) AND count(DISTINCT number) = count(*), false)`,
			says: "has %s decisions about its balance with %s different numbers from %s to %s",
		},
		{
			find: `
				SELECT 'application ' || c.id, c.currency, c.amount, c.account_id, coalesce(r.id, 'not there')
				  FROM cash_applications AS c
				  LEFT JOIN application_runs AS r ON r.id = c.run_id AND r.account_id = c.account_id AND r.currency = c.currency
				  LEFT JOIN debts AS d ON d.id = c.debt_id
				 WHERE NOT coalesce((d.kind = 'order') = (c.run_id = '') AND (c.run_id = '' OR r.id IS NOT NULL), false)`,
			says: "spends %m of the balance of %s by a decision that is of another account, or of an order, or not there: %s",
		},
		{
			find: `
				SELECT 'application ' || c.id, c.currency, c.debt_id, c.amount, e.account_id, e.amount
				  FROM cash_applications AS c
				  JOIN debts AS d ON d.id = c.debt_id AND d.kind <> 'order'
				  LEFT JOIN entries AS e ON e.subject = c.id AND e.kind = 'balance_applied'
				  LEFT JOIN postings AS p ON p.entry_id = e.id AND p.ledger_account = 'customer_receivable'
				 WHERE NOT coalesce(e.account_id = c.account_id AND p.account_id = c.account_id AND p.amount = -c.amount, false)`,
			says: "pays %s with %m, and the ledger takes from what %s owes by it %m",
		},
	},
	walk: decideAgain,
}

// decideAgain makes every decision to spend a balance again, from what was known when
// it was made, and compares it with what was spent.
func decideAgain(ctx context.Context, tx *Tx, c *Check) error {
	for after := ""; ; {
		var runs []billing.Run
		err := tx.query(ctx, `SELECT `+runColumns+` FROM application_runs WHERE id > $1 ORDER BY id LIMIT $2`, []any{after, int64(runsOfProof)}, func(r row) error {
			run, err := scanRun(r)
			runs = append(runs, run)
			return err
		})
		if err != nil || len(runs) == 0 {
			return err
		}
		after = runs[len(runs)-1].ID
		ids := make([]string, len(runs))
		for i, r := range runs {
			ids[i] = r.ID
		}
		done, err := tx.ApplicationsOfRuns(ctx, ids)
		if err != nil {
			return err
		}
		for _, r := range runs {
			if what := differs(r, done[r.ID]); what != "" {
				c.add("decision "+r.ID, what)
			}
		}
	}
}

// differs says how what was spent differs from what would be; "" not at all.
func differs(r billing.Run, done []billing.Application) string {
	want, err := r.Decide()
	if err != nil {
		return fmt.Sprintf("would not be made: %v", err)
	}
	same := func(a billing.Application) bool {
		return slices.Contains(want, billing.Allocation{Debt: a.Debt, Amount: a.Amount})
	}
	if n := len(slices.DeleteFunc(slices.Clone(done), same)); n > 0 || len(done) != len(want) {
		return fmt.Sprintf("spends the balance by %d applications, of which %d would be others, where %d would be made", len(done), n, len(want))
	}
	return ""
}

var cashUndone = proof{
	name:  "cash_undone",
	title: "What was taken back of cash applications is booked, and no more than they spent",
	count: `SELECT count(*) FROM undoings`,
	questions: []question{
		{
			find: `
				SELECT 'application ' || id, max(currency), sum(amount), sum(undone), sum(taken)
				  FROM (SELECT id, currency, amount, undone, 0 AS taken FROM cash_applications
				        UNION ALL
				        SELECT application_id, currency, 0, 0, amount FROM undoings) AS both_sides
				 GROUP BY id
				HAVING NOT coalesce(sum(undone) = sum(taken) AND sum(taken) <= sum(amount), false)`,
			says: "spends %m, of which it says %m was taken back, and %m was",
		},
		{
			find: `
				SELECT 'undoing ' || id, max(currency), sum(taken), sum(booked)
				  FROM (SELECT id, currency, amount AS taken, 0 AS booked FROM undoings
				        UNION ALL
				        SELECT subject, currency, 0, amount FROM entries WHERE kind = 'balance_unapplied') AS both_sides
				 GROUP BY id
				HAVING sum(taken) <> sum(booked)`,
			says: "takes %m back, and the ledger has %m for it",
		},
		{
			find: `
				SELECT 'undoing ' || u.id, u.currency, u.amount, u.account_id, u.debt_id
				  FROM undoings AS u
				  LEFT JOIN cash_applications AS c ON c.id = u.application_id
				  LEFT JOIN entries AS e ON e.subject = u.id AND e.kind = 'balance_unapplied'
				 WHERE NOT coalesce(u.account_id = c.account_id AND u.debt_id = c.debt_id AND u.currency = c.currency AND e.account_id = u.account_id AND u.amount > 0, false)`,
			says: "takes %m back of %s and %s, which are not the application's or the entry's",
		},
	},
}

var creditDrawn = proof{
	name:  "credit_drawn",
	title: "Every order that was paid on credit is owed once, for as much, by its customer",
	count: `SELECT count(*) FROM credit_draws`,
	questions: []question{
		{
			find: `
				SELECT 'debt ' || w.debt_id, w.currency, w.amount, d.amount, o.id, coalesce(od.state, 'not there')
				  FROM credit_draws AS w
				  LEFT JOIN debts AS d ON d.id = w.debt_id
				  LEFT JOIN debts AS od ON od.id = w.order_debt_id
				  LEFT JOIN orders AS o ON o.id = w.order_id
				 WHERE NOT coalesce(d.kind = 'bill' AND d.collection IS NULL AND od.kind = 'order' AND od.state = 'paid' AND o.debt_id = od.id AND o.top_up = 0
				   AND d.amount = w.amount AND w.amount <= od.amount AND d.account_id = w.account_id AND od.account_id = w.account_id
				   AND d.currency = w.currency AND od.currency = w.currency, false)`,
			says: "draws %m, owes %m, and its order %s is of another account or amount, or its debt is %s",
		},
		{
			find: `
				SELECT 'debt ' || debt_id, max(currency), sum(drawn), sum(booked)
				  FROM (SELECT debt_id, currency, amount AS drawn, 0 AS booked FROM credit_draws
				        UNION ALL
				        SELECT subject, currency, 0, amount FROM entries WHERE kind = 'credit_drawn') AS both_sides
				 GROUP BY debt_id
				HAVING sum(drawn) <> sum(booked)`,
			says: "draws %m, and the ledger has %m for it",
		},
		{
			find: `
				SELECT 'debt ' || d.id, d.currency, d.amount
				  FROM debts AS d
				 WHERE d.kind = 'bill' AND d.collection IS NULL AND NOT EXISTS (SELECT 1 FROM credit_draws AS w WHERE w.debt_id = d.id)`,
			says: "owes %m for no usage and no order",
		},
	},
}

var toppedUp = proof{
	name:  "top_ups",
	title: "Every top-up that was paid is the customer's, and nothing was earned by it",
	count: `SELECT count(*) FROM orders WHERE top_up = 1`,
	questions: []question{
		{
			find: `
				SELECT 'debt ' || debt_id, max(currency), sum(paid), sum(booked)
				  FROM (SELECT d.id AS debt_id, d.currency, d.amount AS paid, 0 AS booked
				          FROM debts AS d
				          JOIN orders AS o ON o.debt_id = d.id AND o.top_up = 1
				         WHERE d.state = 'paid'
				        UNION ALL
				        SELECT subject, currency, 0, amount FROM entries WHERE kind = 'topped_up') AS both_sides
				 GROUP BY debt_id
				HAVING sum(paid) <> sum(booked)`,
			says: "was paid %m for the balance, and the ledger has %m for it",
		},
		{
			find: `
				SELECT 'order ' || id, currency, tax
				  FROM orders
				 WHERE top_up = 1 AND NOT coalesce(tax = 0 AND kind = 'purchase' AND state <> 'cancelled' OR state = 'cancelled' AND paid_at IS NULL, false)`,
			says: "tops a balance up with %m of tax, or was cancelled after it was paid",
		},
	},
}

var withdrawalsKept = proof{
	name:  "withdrawals",
	title: "What is set apart for withdrawals is what they have taken off balances and what has not left",
	count: `SELECT count(*) FROM withdrawals`,
	questions: []question{
		{
			find: `
				SELECT 'account ' || account_id, currency, sum(booked), sum(apart)
				  FROM (SELECT account_id, currency, -amount AS booked, 0 AS apart FROM balances WHERE ledger_account = 'withdrawals_payable'
				        UNION ALL
				        SELECT account_id, currency, 0, amount FROM withdrawals WHERE state IN ('proposed', 'approved')) AS both_sides
				 GROUP BY account_id, currency
				HAVING sum(booked) <> sum(apart)`,
			says: "has %m set apart in the ledger, and its withdrawals on their way are of %m",
		},
		{
			find: `
				SELECT 'withdrawal ' || id, max(currency), sum(opened), sum(booked), sum(dropped), sum(back)
				  FROM (SELECT id, currency, amount AS opened, 0 AS booked, CASE WHEN state IN ('refused', 'dropped') THEN amount ELSE 0 END AS dropped, 0 AS back FROM withdrawals
				        UNION ALL
				        SELECT subject, currency, 0, amount, 0, 0 FROM entries WHERE kind = 'withdrawal_opened'
				        UNION ALL
				        SELECT subject, currency, 0, 0, 0, amount FROM entries WHERE kind = 'withdrawal_dropped') AS both_sides
				 GROUP BY id
				HAVING sum(opened) <> sum(booked) OR sum(dropped) <> sum(back)`,
			says: "is of %m and booked with %m; %m of it came to nothing, and %m was put back",
		},
		{
			find: `
				SELECT 'withdrawal ' || id, '', state, proposed_by, decided_by
				  FROM withdrawals
				 WHERE NOT coalesce(proposed_by <> '' AND decided_by <> proposed_by AND (decided_by <> '' OR state IN ('proposed', 'dropped')), false)`,
			says: "is %s, was proposed by %s, and decided on by %s",
		},
	},
}

var creditDecided = proof{
	name:  "credit_lines",
	title: "Every credit line was decided on by another person than its proposer, and who has one is not charged by itself",
	count: `SELECT count(*) FROM credit_lines`,
	questions: []question{
		{
			find: `
				SELECT 'credit line ' || id, '', state, proposed_by, decided_by
				  FROM credit_lines
				 WHERE NOT coalesce(proposed_by <> '' AND decided_by <> proposed_by AND (decided_by = '') = (state IN ('proposed', 'withdrawn')), false)`,
			says: "is %s, was proposed by %s, and decided on by %s",
		},
		{
			find: `
				SELECT 'account ' || account_id, '', sum(active), max(kind)
				  FROM (SELECT account_id, 1 AS active, '' AS kind FROM credit_lines WHERE state = 'active'
				        UNION ALL
				        SELECT id, 0, kind FROM accounts) AS both_sides
				 GROUP BY account_id
				HAVING sum(active) > 1 OR sum(active) > 0 AND max(kind) <> 'enterprise'`,
			says: "has %s credit lines at once, and is of the kind %s",
		},
		{
			find: `
				SELECT 'account ' || l.account_id, '', l.id
				  FROM credit_lines AS l
				  LEFT JOIN accounts AS a ON a.id = l.account_id
				 WHERE l.state = 'active' AND NOT coalesce(a.credit = 1, false)`,
			says: "has the credit line %s, and is charged by itself all the same",
		},
	},
}
