package store

var entriesBalance = proof{
	name:  "entries_balance",
	title: "Every entry's debits and credits are equal, in one currency and on one customer",
	count: `SELECT count(*) FROM entries`,
	questions: []question{
		{
			find: `
				SELECT 'entry ' || s.entry_id, s.low,
				       CASE WHEN e.id IS NULL THEN 'has postings, but is not there'
				            WHEN s.low <> s.high OR s.low <> e.currency THEN 'is in more than one currency'
				            WHEN s.total <> 0 THEN 'does not balance'
				            WHEN s.debits <> e.amount THEN 'is not the sum of its debits'
				            ELSE 'is not booked to the accounts of its kind and customer' END,
				       s.total, s.debits, e.amount
				  FROM (SELECT entry_id, min(currency) AS low, max(currency) AS high, sum(amount) AS total,
				               sum(CASE WHEN amount > 0 THEN amount ELSE 0 END) AS debits,
				               sum(CASE WHEN ledger_account = 'provider_receivable' THEN amount ELSE 0 END) AS provider, max(account_id) AS customer
				          FROM postings
				         GROUP BY entry_id) AS s
				  LEFT JOIN entries AS e ON e.id = s.entry_id
				 WHERE NOT coalesce(s.total = 0 AND s.debits = e.amount AND s.low = e.currency AND s.high = e.currency AND s.customer IN ('', e.account_id)
				   AND (s.provider = e.amount OR e.kind NOT IN ('payment_captured', 'payment_surplus')), false)`,
			says: "%s: its postings sum to %m, its debits to %m, and its amount is %m",
		},
		{
			find: `
				SELECT 'entry ' || e.id, e.currency, e.amount
				  FROM entries AS e
				 WHERE NOT EXISTS (SELECT 1 FROM postings AS p WHERE p.entry_id = e.id)`,
			says: "has no postings, and its amount is %m",
		},
	},
}

var balancesKept = proof{
	name:  "balances",
	title: "Every customer's balance is the sum of its postings, and each currency's postings sum to nothing",
	count: `SELECT count(*) FROM balances`,
	questions: []question{
		{
			find: `
				WITH sums AS MATERIALIZED (
				  SELECT account_id, ledger_account, currency, sum(amount) AS amount
				    FROM postings
				   GROUP BY account_id, ledger_account, currency)
				SELECT 'balance ' || ledger_account || ' of ' || account_id, currency, 'is', sum(kept), sum(posted)
				  FROM (SELECT account_id, ledger_account, currency, amount AS posted, 0 AS kept FROM sums WHERE account_id <> ''
				        UNION ALL
				        SELECT account_id, ledger_account, currency, 0, amount FROM balances) AS both_sides
				 GROUP BY account_id, ledger_account, currency
				HAVING sum(posted) <> sum(kept)
				 UNION ALL
				SELECT 'currency ' || currency, currency, 'comes to nothing when every entry balances:', 0, sum(amount)
				  FROM sums
				 GROUP BY currency
				HAVING sum(amount) <> 0`,
			says: "%s %m, and its postings sum to %m",
		},
	},
}

var receivableOwed = proof{
	name:  "receivable",
	title: "What the ledger says a customer owes is what the customer's debts have open",
	count: `SELECT count(*) FROM accounts`,
	questions: []question{
		{
			// Orders are booked when they are paid: an open one is not owed yet.
			find: `
				SELECT 'account ' || account_id, currency, sum(booked), sum(owed)
				  FROM (SELECT account_id, currency, amount AS booked, 0 AS owed
				          FROM balances WHERE ledger_account = 'customer_receivable'
				        UNION ALL
				        SELECT account_id, currency, 0, amount - paid
				          FROM debts WHERE kind <> 'order' AND state NOT IN ('cancelled', 'written_off')) AS both_sides
				 GROUP BY account_id, currency
				HAVING sum(booked) <> sum(owed)`,
			says: "the ledger has %m receivable, and the debts have %m open",
		},
	},
}
