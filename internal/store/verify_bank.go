package store

const bookedLines = `state IN ('held', 'remitted', 'unexplained', 'explained')`

var bankCash = proof{
	name:  "bank_cash",
	title: "What lies in our bank accounts is the sum of their movements, each booked once",
	count: `SELECT count(*) FROM bank_lines`,
	questions: []question{
		{
			find: `
				SELECT 'bank line ' || id, currency, sum(moved), sum(booked)
				  FROM (SELECT id, currency, CASE WHEN incoming = 1 THEN amount ELSE -amount END AS moved, 0 AS booked FROM bank_lines WHERE ` + bookedLines + `
				        UNION ALL
				        SELECT e.subject, p.currency, 0, p.amount
				          FROM entries AS e
				          JOIN postings AS p ON p.entry_id = e.id
				         WHERE p.ledger_account = 'bank_cash') AS both_sides
				 GROUP BY id, currency
				HAVING sum(moved) <> sum(booked)`,
			says: "moved %m, and the ledger has %m for it",
		},
		{
			find: `
				SELECT 'bank line ' || max(id), '', count(*), print, part, occurrence
				  FROM bank_lines
				 GROUP BY print, part, occurrence
				HAVING count(*) > 1`,
			says: "is one of %s that are the same movement: %s, part %s, number %s",
		},
		{
			find: `
				SELECT 'bank line ' || id, currency, amount, state
				  FROM bank_lines
				 WHERE NOT coalesce(amount > 0 AND incoming IN (0, 1) AND (receiving_id <> '' OR state NOT IN ('held', 'remitted', 'unexplained', 'explained')), false)`,
			says: "is of %m and %s, and on none of our accounts",
		},
	},
}

var bankSuspense = proof{
	name:  "bank_suspense",
	title: "What is held in suspense is what nobody has claimed or explained of our bank's movements",
	count: `SELECT count(*) FROM bank_lines`,
	questions: []question{
		{
			find: `
				SELECT 'currency ' || currency, currency, sum(held), sum(moved), sum(credited), sum(explained)
				  FROM (SELECT currency, -amount AS held, 0 AS moved, 0 AS credited, 0 AS explained FROM postings WHERE ledger_account = 'bank_suspense'
				        UNION ALL
				        SELECT currency, 0, CASE WHEN incoming = 1 THEN amount ELSE -amount END, 0, 0 FROM bank_lines WHERE ` + bookedLines + `
				        UNION ALL
				        SELECT currency, 0, 0, amount, 0 FROM claims WHERE state = 'credited'
				        UNION ALL
				        SELECT currency, 0, 0, 0, CASE WHEN incoming = 1 THEN amount ELSE -amount END FROM line_explanations) AS all_sides
				 GROUP BY currency
				HAVING sum(held) <> sum(moved) - sum(credited) - sum(explained)`,
			says: "the ledger holds %m in suspense; %m moved, %m of it is credited and %m explained",
		},
		{
			find: `
				SELECT 'bank line ' || id, max(currency), sum(left_), sum(explained)
				  FROM (SELECT id, currency, CASE WHEN state = 'explained' THEN amount ELSE 0 END AS left_, 0 AS explained FROM bank_lines WHERE incoming = 0
				        UNION ALL
				        SELECT line_id, currency, 0, amount FROM line_explanations WHERE incoming = 0) AS both_sides
				 GROUP BY id
				HAVING sum(left_) <> sum(explained)`,
			says: "took %m away that is said to be explained, and its explanations are of %m",
		},
		{
			find: `
				SELECT 'explanation ' || id, max(currency), sum(due), sum(booked)
				  FROM (SELECT id, currency, CASE WHEN kind IN ('return', 'reversal') THEN 0 ELSE amount END AS due, 0 AS booked FROM line_explanations
				        UNION ALL
				        SELECT subject, currency, 0, amount FROM entries WHERE kind = 'line_explained') AS both_sides
				 GROUP BY id
				HAVING sum(due) <> sum(booked)`,
			says: "is to be booked with %m, and the ledger has %m",
		},
	},
}

var receiptsWithin = proof{
	name:  "receipts",
	title: "No receipt is credited or explained beyond what it brought, and every one is what its bank line is",
	count: `SELECT count(*) FROM remittances`,
	questions: []question{
		{
			find: `
				SELECT 'receipt ' || id, max(currency), sum(brought), sum(claimed), sum(claims), sum(credited), sum(credits), sum(explained), sum(explanations)
				  FROM (SELECT id, currency, amount AS brought, claimed, 0 AS claims, credited, 0 AS credits, explained, 0 AS explanations FROM remittances
				        UNION ALL
				        SELECT remittance_id, currency, 0, 0, amount, 0, CASE WHEN state = 'credited' THEN amount ELSE 0 END, 0, 0 FROM claims WHERE state IN ('proposed', 'credited')
				        UNION ALL
				        SELECT r.id, e.currency, 0, 0, 0, 0, 0, 0, e.amount FROM line_explanations AS e JOIN remittances AS r ON r.line_id = e.line_id) AS all_sides
				 GROUP BY id
				HAVING NOT coalesce(sum(claimed) = sum(claims) AND sum(credited) = sum(credits) AND sum(explained) = sum(explanations)
				   AND sum(credited) <= sum(claimed) AND sum(claimed) + sum(explained) <= sum(brought), false)`,
			says: "brought %m; it notes %m as claimed and has claims of %m, notes %m as credited and has %m, notes %m as explained and has %m",
		},
		{
			find: `
				SELECT 'receipt ' || r.id, r.currency, r.amount, r.state, coalesce(l.state, 'not there'), l.amount
				  FROM remittances AS r
				  LEFT JOIN bank_lines AS l ON l.id = r.line_id
				 WHERE NOT coalesce(l.incoming = 1 AND l.state = 'remitted' AND l.amount = r.amount AND l.currency = r.currency AND l.receiving_id = r.receiving_id
				   AND CASE r.state WHEN 'credited' THEN r.credited = r.amount WHEN 'ended' THEN r.credited + r.explained = r.amount AND r.explained > 0
				       ELSE r.state IN ('unclaimed', 'returning') AND r.credited + r.explained < r.amount END, false)`,
			says: "is of %m and %s, and its line is %s, of %m",
		},
		{
			find: `
				SELECT 'bank line ' || l.id, l.currency, l.amount
				  FROM bank_lines AS l
				  LEFT JOIN remittances AS r ON r.line_id = l.id
				 WHERE l.state = 'remitted' AND r.id IS NULL`,
			says: "brought %m, and no receipt tells what became of it",
		},
	},
}

var claimsBooked = proof{
	name:  "claims",
	title: "Every claim that was credited is booked once, and nobody has decided on their own",
	count: `SELECT count(*) FROM claims`,
	questions: []question{
		{
			find: `
				SELECT 'claim ' || id, max(currency), coalesce(max(state), 'not there'), sum(credited), sum(reversed)
				  FROM (SELECT id, currency, state, account_id, CASE WHEN state IN ('credited', 'reversed') THEN -amount - fee ELSE 0 END AS credited,
				               CASE WHEN state = 'reversed' THEN -amount - fee ELSE 0 END AS reversed
				          FROM claims
				        UNION ALL
				        SELECT subject, currency, NULL, account_id, CASE WHEN kind = 'receipt_credited' THEN amount ELSE 0 END, CASE WHEN kind = 'claim_reversed' THEN amount ELSE 0 END
				          FROM entries WHERE kind IN ('receipt_credited', 'claim_reversed')) AS both_sides
				 GROUP BY id
				HAVING NOT coalesce(sum(credited) = 0 AND sum(reversed) = 0 AND min(account_id) = max(account_id), false)`,
			says: "is %s, and the ledger has too much for it by %m credited and %m reversed, or books it for another customer",
		},
		{
			find: `
				SELECT 'claim ' || c.id, c.currency, c.amount, c.state, c.claimed_by, c.decided_by, c.reversed_by
				  FROM claims AS c
				  JOIN remittances AS r ON r.id = c.remittance_id
				  JOIN accounts AS a ON a.id = c.account_id
				 WHERE NOT coalesce(c.claimed_by <> '' AND c.decided_by <> c.claimed_by AND c.reversed_by <> c.claimed_by AND c.amount > 0 AND c.fee >= 0
				   AND (c.state NOT IN ('credited', 'reversed') OR c.automatic = 1 OR c.decided_by <> '') AND (c.state = 'reversed') = (c.reversed_by <> '')
				   AND c.currency = r.currency AND c.currency = a.currency, false)`,
			says: "is of %m and %s: claimed by %s, decided by %s, reversed by %s",
		},
	},
}
