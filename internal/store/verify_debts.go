package store

var debtsPaid = proof{
	name:  "debts_paid",
	title: "Every debt is booked once, and has been paid what was captured and spent for it",
	count: `SELECT count(*) FROM debts`,
	questions: []question{
		{
			find: `
				SELECT 'debt ' || id, currency, state, amount, net, tax, paid
				  FROM debts
				 WHERE NOT coalesce(amount = net + tax AND paid >= 0 AND paid <= amount AND (state = 'paid') = (paid = amount), false)`,
			says: "is %s with an amount of %m, net %m and tax %m, and %m paid",
		},
		{
			find: `
				SELECT 'account ' || account_id, '', kind, month, count(*), count(DISTINCT number), min(number), max(number)
				  FROM debts
				 GROUP BY account_id, kind, month
				HAVING NOT coalesce(min(number) = 1 AND max(number) = count(*) AND count(DISTINCT number) = count(*), false)`,
			says: "has debts of kind %s for %s that are not numbered one after the other: %s with %s different numbers from %s to %s",
		},
		{
			find: `
				SELECT 'debt ' || debt_id, max(currency), sum(paid), sum(captured)
				  FROM (SELECT id AS debt_id, currency, paid, 0 AS captured FROM debts
				        UNION ALL
				        SELECT p.debt_id, e.currency, 0, e.amount
				          FROM entries AS e
				          JOIN payments AS p ON p.id = e.subject
				         WHERE e.kind = 'payment_captured'
				        UNION ALL
				        SELECT a.debt_id, e.currency, 0, e.amount
				          FROM entries AS e
				          JOIN cash_applications AS a ON a.id = e.subject
				         WHERE e.kind = 'balance_applied'
				        UNION ALL
				        SELECT u.debt_id, e.currency, 0, -e.amount
				          FROM entries AS e
				          JOIN undoings AS u ON u.id = e.subject
				         WHERE e.kind = 'balance_unapplied'
				        UNION ALL
				        SELECT w.order_debt_id, e.currency, 0, e.amount
				          FROM entries AS e
				          JOIN credit_draws AS w ON w.debt_id = e.subject
				         WHERE e.kind = 'credit_drawn') AS both_sides
				 GROUP BY debt_id
				HAVING sum(paid) <> sum(captured)`,
			says: "says that %m was paid, and the ledger has %m captured and spent for it",
		},
		{
			find: `
				SELECT 'debt ' || debt_id, max(currency), sum(entries), sum(booked), sum(revenue), sum(tax_payable), sum(amount), sum(net), sum(tax)
				  FROM (SELECT id AS debt_id, currency, amount, net, tax, 1 AS debts, 0 AS entries, 0 AS booked, 0 AS revenue, 0 AS tax_payable
				          FROM debts WHERE kind <> 'order' AND NOT EXISTS (SELECT 1 FROM credit_draws AS w WHERE w.debt_id = debts.id)
				        UNION ALL
				        SELECT subject, currency, 0, 0, 0, 0, 1, amount, 0, 0
				          FROM entries WHERE kind = 'usage_owed'
				        UNION ALL
				        SELECT e.subject, e.currency, 0, 0, 0, 0, 0, 0,
				               CASE WHEN p.ledger_account = 'revenue' THEN -p.amount ELSE 0 END,
				               CASE WHEN p.ledger_account = 'tax_payable' THEN -p.amount ELSE 0 END
				          FROM entries AS e
				          JOIN postings AS p ON p.entry_id = e.id
				         WHERE e.kind = 'usage_owed' AND p.ledger_account IN ('revenue', 'tax_payable')) AS both_sides
				 GROUP BY debt_id
				HAVING NOT coalesce(sum(debts) = 1 AND sum(entries) = 1 AND sum(booked) = sum(amount) AND sum(revenue) = sum(net) AND sum(tax_payable) = sum(tax), false)`,
			says: "is booked by %s entries of %m (revenue %m, tax %m), and owes %m (net %m, tax %m)",
		},
	},
}

var paymentsBooked = proof{
	name:  "payments",
	title: "Every payment that succeeded is booked whole, no other is, and no debt has two that are not over",
	count: `SELECT count(*) FROM payments`,
	questions: []question{
		{
			find: `
				SELECT 'payment ' || payment_id, max(currency), coalesce(max(state), 'not there'), sum(taken), sum(booked)
				  FROM (SELECT id AS payment_id, currency, state, CASE WHEN state = 'succeeded' THEN amount ELSE 0 END AS taken, 0 AS booked FROM payments
				        UNION ALL
				        SELECT subject, currency, NULL, 0, amount
				          FROM entries WHERE kind IN ('payment_captured', 'payment_surplus')) AS both_sides
				 GROUP BY payment_id
				HAVING sum(taken) <> sum(booked)`,
			says: "is %s and took %m, and the ledger has %m captured and in surplus for it",
		},
		{
			find: `
				SELECT 'payment ' || p.id, p.currency, p.amount, p.account_id, m.account_id, d.amount, d.account_id
				  FROM payments AS p
				  LEFT JOIN debts AS d ON d.id = p.debt_id
				  LEFT JOIN payment_methods AS m ON m.id = p.method_id
				 WHERE NOT coalesce(p.account_id = d.account_id AND p.account_id = m.account_id AND p.currency = d.currency AND p.amount > 0 AND p.amount <= d.amount, false)`,
			says: "asks for %m from %s by a method of %s, and its debt is %m of %s",
		},
		{
			find: `
				SELECT 'debt ' || debt_id, '', count(*)
				  FROM payments
				 WHERE NOT coalesce(state IN ('succeeded', 'declined', 'cancelled'), false)
				 GROUP BY debt_id
				HAVING count(*) > 1`,
			says: "has %s payments that are not over",
		},
		{
			find: `
				SELECT 'debt ' || debt_id, '', count(*), count(DISTINCT attempt), min(attempt), max(attempt)
				  FROM payments
				 GROUP BY debt_id
				HAVING NOT coalesce(min(attempt) = 1 AND max(attempt) = count(*) AND count(DISTINCT attempt) = count(*), false)`,
			says: "has %s payments with %s different numbers from %s to %s",
		},
		{
			find: `
				SELECT 'payment ' || max(id), '', count(*), provider, provider_ref
				  FROM payments
				 WHERE provider_ref IS NOT NULL
				 GROUP BY provider, provider_ref
				HAVING count(*) > 1`,
			says: "is one of %s that are the same at %s: %s",
		},
		{
			find: `
				SELECT 'payment ' || max(id), '', count(*), key
				  FROM payments
				 GROUP BY key
				HAVING count(*) > 1`,
			says: "is one of %s under the key %s",
		},
	},
}

var collectedOnce = proof{
	name:  "collected_once",
	title: "No debt was collected twice, unless what came too much is held for the customer",
	count: `SELECT count(*) FROM payments WHERE state = 'succeeded'`,
	questions: []question{
		{
			find: `
				SELECT 'debt ' || d.id, d.currency, c.times, c.taken, d.amount
				  FROM (SELECT debt_id, count(*) AS times, sum(amount) AS taken
				          FROM payments
				         WHERE state = 'succeeded'
				         GROUP BY debt_id) AS c
				  JOIN debts AS d ON d.id = c.debt_id
				 WHERE c.taken > d.amount
				   AND c.taken > d.amount + coalesce((
				       SELECT -sum(o.amount)
				         FROM payments AS p
				         JOIN entries AS e ON e.subject = p.id AND e.kind = 'payment_surplus'
				         JOIN postings AS o ON o.entry_id = e.id AND o.ledger_account = 'customer_balance' AND o.account_id = d.account_id
				        WHERE p.debt_id = d.id AND p.state = 'succeeded'), 0)`,
			says: "was collected by %s payments of %m for an amount of %m, and the surplus is not held for the customer",
		},
	},
}
