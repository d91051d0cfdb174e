package store

var ordersPaid = proof{
	name:  "orders",
	title: "Every order stands as its debt does, is earned once it is paid whole, and what was paid of the others is the customer's",
	count: `SELECT count(*) FROM orders`,
	questions: []question{
		{
			find: `
				SELECT 'order ' || coalesce(o.id, 'of ' || d.id), '', coalesce(o.state, 'not there'), coalesce(d.state, 'not there')
				  FROM orders AS o
				  FULL JOIN (SELECT * FROM debts WHERE kind = 'order') AS d ON d.id = o.debt_id
				 WHERE NOT coalesce(CASE d.state
				         WHEN 'open' THEN o.state IN ('open', 'blocked')
				         WHEN 'paid' THEN o.state IN ('paid', 'cancelled') AND o.paid_at IS NOT NULL
				         WHEN 'cancelled' THEN o.state IN ('lapsed', 'cancelled', 'refused') AND o.paid_at IS NULL
				       END AND o.account_id = d.account_id AND o.currency = d.currency AND o.net = d.net AND o.tax = d.tax AND o.amount = d.amount, false)`,
			says: "is %s, and its debt is %s, or of another account or amount",
		},
		{
			find: `
				SELECT 'debt ' || debt_id, max(currency), sum(entries), sum(booked), sum(revenue), sum(tax_payable), sum(amount), sum(net), sum(tax)
				  FROM (SELECT id AS debt_id, currency, amount, net, tax, 1 AS debts, 0 AS entries, 0 AS booked, 0 AS revenue, 0 AS tax_payable
				          FROM debts WHERE kind = 'order' AND state = 'paid' AND NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.debt_id = debts.id AND o.top_up = 1)
				        UNION ALL
				        SELECT subject, currency, 0, 0, 0, 0, 1, amount, 0, 0
				          FROM entries WHERE kind = 'order_earned'
				        UNION ALL
				        SELECT e.subject, e.currency, 0, 0, 0, 0, 0, 0,
				               CASE WHEN p.ledger_account = 'revenue' THEN -p.amount ELSE 0 END,
				               CASE WHEN p.ledger_account = 'tax_payable' THEN -p.amount ELSE 0 END
				          FROM entries AS e
				          JOIN postings AS p ON p.entry_id = e.id
				         WHERE e.kind = 'order_earned' AND p.ledger_account IN ('revenue', 'tax_payable')) AS both_sides
				 GROUP BY debt_id
				HAVING NOT coalesce(sum(debts) = 1 AND sum(entries) = 1 AND sum(booked) = sum(amount) AND sum(revenue) = sum(net) AND sum(tax_payable) = sum(tax), false)`,
			says: "is earned by %s entries of %m (revenue %m, tax %m), and was paid for %m (net %m, tax %m)",
		},
		{
			find: `
				SELECT 'account ' || account_id, currency, sum(booked), sum(paid)
				  FROM (SELECT account_id, currency, -amount AS booked, 0 AS paid
				          FROM balances WHERE ledger_account = 'customer_deposits'
				        UNION ALL
				        SELECT account_id, currency, 0, paid
				          FROM debts WHERE kind = 'order' AND state = 'open') AS both_sides
				 GROUP BY account_id, currency
				HAVING sum(booked) <> sum(paid)`,
			says: "the ledger has %m in deposits, and %m was paid for orders that are open",
		},
		{
			find: `
				SELECT 'debt ' || debt_id, max(currency), sum(paid), sum(released)
				  FROM (SELECT id AS debt_id, currency, paid, 0 AS released FROM debts WHERE kind = 'order' AND state = 'cancelled'
				        UNION ALL
				        SELECT subject, currency, 0, amount FROM entries WHERE kind = 'order_released') AS both_sides
				 GROUP BY debt_id
				HAVING sum(paid) <> sum(released)`,
			says: "came to nothing with %m paid, and %m of it is the customer's",
		},
		{
			find: `
				SELECT 'application ' || id, max(currency), sum(spent), sum(booked)
				  FROM (SELECT id, currency, amount AS spent, 0 AS booked FROM cash_applications
				        UNION ALL
				        SELECT subject, currency, 0, amount FROM entries WHERE kind = 'balance_applied') AS both_sides
				 GROUP BY id
				HAVING sum(spent) <> sum(booked)`,
			says: "spends %m of a balance, and the ledger has %m for it",
		},
		{
			find: `
				SELECT 'application ' || c.id, c.currency, c.amount, c.account_id, c.debt_id
				  FROM cash_applications AS c
				  LEFT JOIN debts AS d ON d.id = c.debt_id
				 WHERE NOT coalesce(c.account_id = d.account_id AND c.currency = d.currency AND c.amount > 0, false)`,
			says: "spends %m of %s on %s, which is another's or in another currency",
		},
		{
			find: `
				SELECT 'subscription ' || s.id, '', s.state, coalesce(o.state, 'not there')
				  FROM subscriptions AS s
				  LEFT JOIN orders AS o ON o.id = s.order_id
				 WHERE NOT coalesce(o.account_id = s.account_id AND o.paid_at IS NOT NULL AND (s.state <> 'active' OR o.state = 'paid'), false)`,
			says: "is %s, and the order with which it began is %s",
		},
	},
}
