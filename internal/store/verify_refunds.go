package store

var refundsWithin = proof{
	name:  "refunds",
	title: "No payment gives back more than it took, and no refund is there twice",
	count: `SELECT count(*) FROM refunds`,
	questions: []question{
		{
			find: `
				SELECT 'payment ' || payment_id, max(currency), sum(taken), sum(apart), sum(given)
				  FROM (SELECT id AS payment_id, currency, CASE WHEN state = 'succeeded' THEN amount ELSE 0 END AS taken, refunded AS apart, 0 AS given FROM payments
				        UNION ALL
				        SELECT payment_id, currency, 0, 0, CASE WHEN state = 'failed' THEN 0 ELSE amount END FROM refunds) AS both_sides
				 GROUP BY payment_id
				HAVING NOT coalesce(sum(apart) = sum(given) AND sum(given) >= 0 AND sum(given) <= sum(taken), false)`,
			says: "took %m and has %m set apart to give back, and its refunds are of %m",
		},
		{
			find: `
				SELECT 'refund ' || r.id, r.currency, r.amount, r.account_id, r.from_balance, p.amount, p.account_id
				  FROM refunds AS r
				  LEFT JOIN payments AS p ON p.id = r.payment_id
				 WHERE NOT coalesce(r.account_id = p.account_id AND r.currency = p.currency AND r.provider = p.provider AND r.charge_ref = p.charge_ref
				   AND r.key = p.key || '/refund/' || cast(r.number as text) || '/' || cast(r.amount as text) AND r.amount > 0 AND r.from_balance >= 0 AND r.from_balance <= r.amount
				   AND r.state IN ('opening', 'pending', 'unknown', 'succeeded', 'failed', 'to_balance'), false)`,
			says: "gives %m back to %s, %m of it from the balance, and its payment is of %m from %s",
		},
		{
			find: `
				SELECT 'payment ' || payment_id, '', count(*), count(DISTINCT number), min(number), max(number)
				  FROM refunds
				 GROUP BY payment_id
				HAVING NOT coalesce(min(number) = 1 AND max(number) = count(*) AND count(DISTINCT number) = count(*), false)`,
			says: "has %s refunds with %s different numbers from %s to %s",
		},
		{
			find: `
				SELECT 'refund ' || max(id), '', count(*), provider, provider_ref
				  FROM refunds
				 WHERE provider_ref IS NOT NULL
				 GROUP BY provider, provider_ref
				HAVING count(*) > 1`,
			says: "is one of %s that are the same at %s: %s",
		},
		{
			find: `
				SELECT 'refund ' || max(id), '', count(*), key
				  FROM refunds
				 GROUP BY key
				HAVING count(*) > 1`,
			says: "is one of %s under the key %s",
		},
	},
}

var refundsBooked = proof{
	name:  "refunds_booked",
	title: "Every refund is booked as it ended, once, and credited if it was charged",
	count: `SELECT count(*) FROM refunds`,
	questions: []question{
		{
			// What a refund should have booked stands against what it has.
			find: `
				SELECT 'refund ' || id, max(currency), coalesce(max(state), 'not there'), sum(paid), sum(kept), sum(returned), sum(aside), sum(dropped)
				  FROM (SELECT id, currency, state,
				               CASE WHEN state = 'succeeded' OR state = 'to_balance' AND returned_at IS NOT NULL THEN -amount ELSE 0 END AS paid,
				               CASE WHEN state = 'to_balance' AND returned_at IS NULL THEN -amount ELSE 0 END AS kept,
				               CASE WHEN state = 'to_balance' AND returned_at IS NOT NULL THEN -amount ELSE 0 END AS returned,
				               -from_balance AS aside, CASE WHEN state = 'failed' THEN -from_balance ELSE 0 END AS dropped
				          FROM refunds
				        UNION ALL
				        SELECT subject, currency, NULL,
				               CASE WHEN kind = 'refund_paid' THEN amount ELSE 0 END, CASE WHEN kind = 'refund_to_balance' THEN amount ELSE 0 END,
				               CASE WHEN kind = 'refund_returned' THEN amount ELSE 0 END, CASE WHEN kind = 'refund_set_aside' THEN amount ELSE 0 END,
				               CASE WHEN kind = 'refund_failed' THEN amount ELSE 0 END
				          FROM entries
				         WHERE kind IN ('refund_paid', 'refund_to_balance', 'refund_returned', 'refund_set_aside', 'refund_failed')) AS both_sides
				 GROUP BY id
				HAVING NOT coalesce(sum(paid) = 0 AND sum(kept) = 0 AND sum(returned) = 0 AND sum(aside) = 0 AND sum(dropped) = 0, false)`,
			says: "is %s, and the ledger has too much for it by %m paid, %m to the balance, %m returned, %m set aside and %m given up",
		},
		{
			find: `
				SELECT 'refund ' || id, max(currency), sum(due), sum(noted), sum(notes), sum(named)
				  FROM (SELECT id, currency, CASE WHEN state IN ('succeeded', 'to_balance') THEN amount - from_balance ELSE 0 END AS due, 0 AS noted, 0 AS notes,
				               CASE WHEN credit_note <> '' THEN 1 ELSE 0 END AS named
				          FROM refunds
				        UNION ALL
				        SELECT subject, currency, 0, amount, 1, 0 FROM credit_notes WHERE substr(subject, 1, 4) = 'ref_') AS both_sides
				 GROUP BY id
				HAVING NOT coalesce(sum(due) = sum(noted) AND sum(notes) = CASE WHEN sum(due) > 0 THEN 1 ELSE 0 END AND sum(notes) = sum(named), false)`,
			says: "is to be credited with %m, and %m is credited by %s notes, where it names %s",
		},
		{
			find: `
				SELECT 'refund ' || subject, max(currency), sum(net), sum(tax), sum(revenue), sum(tax_payable)
				  FROM (SELECT subject, currency, net, tax, 0 AS revenue, 0 AS tax_payable FROM credit_notes WHERE substr(subject, 1, 4) = 'ref_'
				        UNION ALL
				        SELECT e.subject, e.currency, 0, 0, CASE WHEN p.ledger_account = 'revenue' THEN p.amount ELSE 0 END,
				               CASE WHEN p.ledger_account = 'tax_payable' THEN p.amount ELSE 0 END
				          FROM entries AS e
				          JOIN postings AS p ON p.entry_id = e.id
				         WHERE e.kind IN ('refund_paid', 'refund_to_balance') AND p.ledger_account IN ('revenue', 'tax_payable')) AS both_sides
				 GROUP BY subject
				HAVING sum(net) <> sum(revenue) OR sum(tax) <> sum(tax_payable)`,
			says: "is credited with %m net and %m tax, and the ledger takes %m from revenue and %m from tax",
		},
		{
			find: `
				SELECT 'entry ' || e.id, e.currency, e.kind, e.account_id, coalesce(r.account_id, 'nobody')
				  FROM entries AS e
				  LEFT JOIN refunds AS r ON r.id = e.subject
				 WHERE e.kind IN ('refund_paid', 'refund_to_balance', 'refund_returned', 'refund_set_aside', 'refund_failed')
				   AND NOT coalesce(r.account_id = e.account_id AND r.currency = e.currency, false)`,
			says: "is a %s of %s, and the refund is of %s",
		},
		{
			find: `
				SELECT 'account ' || account_id, currency, sum(booked), sum(owed)
				  FROM (SELECT account_id, currency, -amount AS booked, 0 AS owed FROM balances WHERE ledger_account = 'refunds_payable'
				        UNION ALL
				        SELECT account_id, currency, 0, from_balance FROM refunds WHERE state IN ('opening', 'pending', 'unknown')) AS both_sides
				 GROUP BY account_id, currency
				HAVING sum(booked) <> sum(owed)`,
			says: "has %m set aside for refunds in the ledger, and its refunds on their way take %m",
		},
	},
}

var creditsWithin = proof{
	name:  "credit_notes",
	title: "No debt is credited beyond what it charged, and credit notes are numbered without a gap",
	count: `SELECT count(*) FROM credit_notes`,
	questions: []question{
		{
			find: `
				SELECT 'debt ' || n.debt_id, max(n.currency), sum(n.net), sum(n.tax), max(d.net), max(d.tax)
				  FROM credit_notes AS n
				  LEFT JOIN debts AS d ON d.id = n.debt_id
				 GROUP BY n.debt_id
				HAVING NOT coalesce(min(n.net) >= 0 AND min(n.tax) >= 0 AND sum(n.amount) = sum(n.net) + sum(n.tax) AND sum(n.net) <= max(d.net) AND sum(n.tax) <= max(d.tax)
				   AND min(n.currency) = max(d.currency) AND max(n.currency) = max(d.currency) AND min(n.account_id) = max(d.account_id) AND max(n.account_id) = max(d.account_id), false)`,
			says: "is credited with net %m and tax %m, and charged net %m and tax %m",
		},
		{
			find: `
				SELECT 'year ' || year, '', sum(notes), sum(different), sum(first), sum(last), sum(counted)
				  FROM (SELECT year, count(*) AS notes, count(DISTINCT sequence) AS different, min(sequence) AS first, max(sequence) AS last, 0 AS counted FROM credit_notes GROUP BY year
				        UNION ALL
				        SELECT year, 0, 0, 0, 0, last FROM credit_note_series) AS both_sides
				 GROUP BY year
				HAVING NOT coalesce(sum(notes) = sum(different) AND sum(first) = 1 AND sum(last) = sum(notes) AND sum(counted) = sum(last), false)`,
			says: "has %s credit notes with %s different numbers from %s to %s, and counts up to %s",
		},
	},
}

var providersOwe = proof{
	name:  "provider_receivable",
	title: "What providers hold for us is what payments took, less what refunds gave back and what was paid out",
	count: `SELECT count(*) FROM payments WHERE state = 'succeeded'`,
	questions: []question{
		{
			find: `
				SELECT 'currency ' || currency, currency, sum(booked), sum(taken), sum(given), sum(paid_out)
				  FROM (SELECT currency, amount AS booked, 0 AS taken, 0 AS given, 0 AS paid_out FROM postings WHERE ledger_account = 'provider_receivable'
				        UNION ALL
				        SELECT currency, 0, amount, 0, 0 FROM payments WHERE state = 'succeeded'
				        UNION ALL
				        SELECT currency, 0, 0, amount, 0 FROM refunds WHERE state = 'succeeded'
				        UNION ALL
				        SELECT currency, 0, 0, 0, CASE WHEN incoming = 1 THEN amount ELSE -amount END FROM line_explanations WHERE kind = 'payout') AS all_sides
				 GROUP BY currency
				HAVING sum(booked) <> sum(taken) - sum(given) - sum(paid_out)`,
			says: "the ledger has %m at providers; payments took %m, refunds gave %m back, and %m was paid out to our bank",
		},
	},
}
