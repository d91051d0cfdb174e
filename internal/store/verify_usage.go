package store

var usageSums = proof{
	name:  "usage_sums",
	title: "Every exposure and every day's usage is the sum of its lines, and tax lines are in none",
	count: `SELECT count(*) FROM usage_lines`,
	questions: []question{
		{
			find: `
				SELECT 'collection ' || collection || ' of ' || account_id || ', product ' || product, '', sum(lines), sum(counted),
				       cast(sum(micro) as text) || ' ' || cast(sum(pico) as text)
				  FROM (SELECT account_id, collection, product, micro, pico, 1 AS counted, 0 AS lines
				          FROM usage_lines WHERE collection <> 0
				        UNION ALL
				        SELECT account_id, collection, product, -micro, -pico, 0, lines
				          FROM exposures) AS both_sides
				 GROUP BY account_id, collection, product
				HAVING sum(counted) <> sum(lines) OR sum(pico) % 1000000 <> 0 OR sum(micro) + sum(pico) / 1000000 <> 0`,
			says: "the exposure is of %s lines and there are %s; the lines' sum less the exposure is %x",
		},
		{
			find: `
				SELECT 'account ' || account_id || ', product ' || product || ', on the bill of ' || month, '', day, sum(lines), sum(counted),
				       cast(sum(micro) as text) || ' ' || cast(sum(pico) as text)
				  FROM (SELECT d.account_id, c.month, d.day, d.product, d.micro, d.pico, d.counted, 0 AS lines
				          FROM (SELECT l.account_id, l.collection, local_day(a.zone, l.started_at) AS day, l.product,
				                       sum(l.micro) AS micro, sum(l.pico) AS pico, count(*) AS counted
				                  FROM usage_lines AS l
				                  JOIN accounts AS a ON a.id = l.account_id
				                 WHERE l.collection <> 0
				                 GROUP BY 1, 2, 3, 4) AS d
				          JOIN collections AS c ON c.account_id = d.account_id AND c.number = d.collection
				        UNION ALL
				        SELECT account_id, month, day, product, -micro, -pico, 0, lines
				          FROM usage_days
				        UNION ALL
				        SELECT e.account_id, c.month, e.day, e.product, -e.day_micro, -e.day_pico, 0, e.day_lines
				          FROM exposures AS e
				          JOIN collections AS c ON c.account_id = e.account_id AND c.number = e.collection) AS both_sides
				 GROUP BY account_id, month, day, product
				HAVING sum(counted) <> sum(lines) OR sum(pico) % 1000000 <> 0 OR sum(micro) + sum(pico) / 1000000 <> 0`,
			says: "of %d %s lines are told and there are %s; the lines' sum less what is told is %x",
		},
		{
			find: `
				SELECT 'collection ' || e.collection || ' of ' || e.account_id || ', product ' || e.product, '',
				       CASE WHEN e.collection = 0 THEN 'tax is in an exposure' ELSE 'the collection is not there' END
				  FROM exposures AS e
				  LEFT JOIN collections AS c ON c.account_id = e.account_id AND c.number = e.collection
				 WHERE c.number IS NULL OR c.number = 0`,
			says: "%s",
		},
	},
}

var collectionsShut = proof{
	name:  "collections",
	title: "Usage is collected by one debt at most, or carried by its month's bill",
	count: `SELECT count(*) FROM collections`,
	questions: []question{
		{
			find: `
				SELECT 'account ' || account_id, '', month, count(*)
				  FROM collections
				 WHERE state = 'open'
				 GROUP BY account_id, month
				HAVING count(*) > 1`,
			says: "for %s there are %s open collections",
		},
		{
			find: `
				SELECT 'collection ' || c.number || ' of ' || c.account_id, '', c.state, c.month, coalesce(a.closed_through, 'no month')
				  FROM collections AS c
				  LEFT JOIN accounts AS a ON a.id = c.account_id
				 WHERE NOT coalesce(c.state = 'shut' OR c.state = 'open' AND c.month > a.closed_through, false)`,
			says: "is %s and of %s, and its account is closed through %s",
		},
		{
			find: `
				SELECT 'collection ' || c.number || ' of ' || c.account_id, '', c.month
				  FROM collections AS c
				  LEFT JOIN debts AS d ON d.account_id = c.account_id AND d.collection = c.number
				  LEFT JOIN bills AS b ON b.account_id = c.account_id AND b.month = c.month
				  LEFT JOIN accounts AS a ON a.id = c.account_id
				 WHERE c.state <> 'open' AND d.id IS NULL AND NOT coalesce(b.id IS NOT NULL AND c.month <= a.closed_through, false)`,
			says: "is shut, no debt collects it, and no bill of %s carries it",
		},
		{
			find: `
				SELECT 'debt ' || d.id, '', d.kind, d.month, d.collection, coalesce(c.state, 'not there'), coalesce(c.month, 'no month')
				  FROM debts AS d
				  LEFT JOIN collections AS c ON c.account_id = d.account_id AND c.number = d.collection
				 WHERE NOT coalesce(c.state = 'shut' AND c.month = d.month, false)
				   AND NOT (d.collection IS NULL AND d.kind <> 'threshold')`,
			says: "of kind %s for %s collects collection %s, which is %s, for %s",
		},
		{
			find: `
				SELECT 'collection ' || collection || ' of ' || account_id, '', count(*), min(id), max(id)
				  FROM debts
				 WHERE collection IS NOT NULL
				 GROUP BY account_id, collection
				HAVING count(*) > 1`,
			says: "is collected by %s debts, %s and %s among them",
		},
	},
}

var sharesExact = proof{
	name:  "shares",
	title: "Usage and what was carried in are what is asked and carried out, on every debt and bill, to the last digit",
	count: `SELECT (SELECT count(*) FROM debt_lines) + (SELECT count(*) FROM bill_lines)`,
	questions: []question{
		{
			units: true,
			find: `
				WITH units AS MATERIALIZED (SELECT key AS currency, cast(value->>'u' as bigint) AS micros FROM json_each($1))
				SELECT 'debt ' || d.id || ', product ' || l.product, d.currency, l.usage_micro || ' ' || l.usage_pico,
				       l.carry_in_micro || ' ' || l.carry_in_pico, l.net, l.carry_out_micro || ' ' || l.carry_out_pico
				  FROM debt_lines AS l
				  LEFT JOIN debts AS d ON d.id = l.debt_id
				  LEFT JOIN units AS u ON u.currency = d.currency
				 WHERE NOT coalesce((l.usage_pico + l.carry_in_pico - l.carry_out_pico) % 1000000 = 0
				   AND l.usage_micro + l.carry_in_micro - l.carry_out_micro - l.net * u.micros
				     + (l.usage_pico + l.carry_in_pico - l.carry_out_pico) / 1000000 = 0
				   AND l.carry_out_micro >= 0 AND l.carry_out_pico >= 0, false)`,
			says: "usage %x and %x carried in are not %m and %x carried out",
		},
		{
			units: true,
			find: `
				WITH units AS MATERIALIZED (SELECT key AS currency, cast(value->>'u' as bigint) AS micros FROM json_each($1))
				SELECT 'bill ' || b.id || ', product ' || l.product, b.currency, l.usage_micro || ' ' || l.usage_pico,
				       l.carry_in_micro || ' ' || l.carry_in_pico, l.net, l.carry_out_micro || ' ' || l.carry_out_pico
				  FROM bill_lines AS l
				  LEFT JOIN bills AS b ON b.id = l.bill_id
				  LEFT JOIN units AS u ON u.currency = b.currency
				 WHERE NOT coalesce((l.usage_pico + l.carry_in_pico - l.carry_out_pico) % 1000000 = 0
				   AND l.usage_micro + l.carry_in_micro - l.carry_out_micro - l.net * u.micros
				     + (l.usage_pico + l.carry_in_pico - l.carry_out_pico) / 1000000 = 0, false)`,
			says: "usage %x and %x carried in are not %m and %x carried out",
		},
		{
			find: `
				SELECT 'debt ' || debt_id, max(currency), sum(net), sum(shares)
				  FROM (SELECT id AS debt_id, currency, net, 0 AS shares FROM debts
				         WHERE kind <> 'order' AND NOT EXISTS (SELECT 1 FROM credit_draws AS w WHERE w.debt_id = debts.id)
				        UNION ALL
				        SELECT l.debt_id, d.currency, 0, l.net
				          FROM debt_lines AS l
				          JOIN debts AS d ON d.id = l.debt_id AND d.kind <> 'order') AS both_sides
				 GROUP BY debt_id
				HAVING sum(net) <> sum(shares)`,
			says: "asks for %m net, and its products for %m",
		},
		{
			find: `
				SELECT 'debt ' || debt_id || ', product ' || product, max(currency), sum(lines), sum(counted),
				       cast(sum(micro) as text) || ' ' || cast(sum(pico) as text)
				  FROM (SELECT l.debt_id, d.currency, l.product, l.lines, 0 AS counted, l.usage_micro AS micro, l.usage_pico AS pico
				          FROM debt_lines AS l
				          JOIN debts AS d ON d.id = l.debt_id AND d.kind <> 'order'
				        UNION ALL
				        SELECT d.id, d.currency, e.product, 0, e.lines, -e.micro, -e.pico
				          FROM debts AS d
				          JOIN exposures AS e ON e.account_id = d.account_id AND e.collection = d.collection
				         WHERE d.kind <> 'order') AS both_sides
				 GROUP BY debt_id, product
				HAVING sum(lines) <> sum(counted) OR sum(pico) % 1000000 <> 0 OR sum(micro) + sum(pico) / 1000000 <> 0`,
			says: "is for %s lines, and its collection has %s; its usage less the exposure is %x",
		},
		{
			find: `
				SELECT 'bill ' || bill_id, max(currency), sum(net), sum(tax), sum(amount), sum(owed_net), sum(owed_tax), sum(owed)
				  FROM (SELECT id AS bill_id, currency, net, tax, amount, 0 AS owed_net, 0 AS owed_tax, 0 AS owed FROM bills
				        UNION ALL
				        SELECT bill_id, currency, 0, 0, 0, net, tax, amount FROM debts WHERE bill_id IS NOT NULL) AS both_sides
				 GROUP BY bill_id
				HAVING sum(net) <> sum(owed_net) OR sum(tax) <> sum(owed_tax) OR sum(amount) <> sum(owed)`,
			says: "has net %m, tax %m and total %m, and its debts have net %m, tax %m and %m in all",
		},
		{
			find: `
				SELECT 'bill ' || bill_id || ', product ' || product, max(currency), sum(net), sum(owed)
				  FROM (SELECT l.bill_id, b.currency, l.product, l.net, 0 AS owed
				          FROM bill_lines AS l
				          JOIN bills AS b ON b.id = l.bill_id
				        UNION ALL
				        SELECT d.bill_id, d.currency, l.product, 0, l.net
				          FROM debts AS d
				          JOIN debt_lines AS l ON l.debt_id = d.id
				         WHERE d.bill_id IS NOT NULL AND d.kind <> 'order') AS both_sides
				 GROUP BY bill_id, product
				HAVING sum(net) <> sum(owed)`,
			says: "asks for %m net, and its debts for %m",
		},
		{
			find: `
				SELECT 'bill ' || bill_id || ', product ' || product, max(currency), sum(lines), sum(counted),
				       cast(sum(micro) as text) || ' ' || cast(sum(pico) as text)
				  FROM (SELECT l.bill_id, b.currency, l.product, l.lines, 0 AS counted, l.usage_micro AS micro, l.usage_pico AS pico
				          FROM bill_lines AS l
				          JOIN bills AS b ON b.id = l.bill_id
				        UNION ALL
				        SELECT b.id, b.currency, e.product, 0, e.lines, -e.micro, -e.pico
				          FROM bills AS b
				          JOIN collections AS c ON c.account_id = b.account_id AND c.month = b.month
				          JOIN exposures AS e ON e.account_id = c.account_id AND e.collection = c.number) AS both_sides
				 GROUP BY bill_id, product
				HAVING sum(lines) <> sum(counted) OR sum(pico) % 1000000 <> 0 OR sum(micro) + sum(pico) / 1000000 <> 0`,
			says: "is for %s lines, and its month has %s; its usage less the exposures is %x",
		},
		{
			find: `
				SELECT 'debt ' || d.id, '', d.month, coalesce(b.month, 'no month'), coalesce(b.id, 'no bill')
				  FROM debts AS d
				  LEFT JOIN accounts AS a ON a.id = d.account_id
				  LEFT JOIN bills AS b ON b.id = d.bill_id
				 WHERE (d.bill_id IS NOT NULL OR d.kind = 'remainder' OR d.kind = 'bill' AND d.collection IS NOT NULL OR d.kind <> 'order' AND NOT coalesce(d.month > a.closed_through, false))
				   AND NOT coalesce(b.account_id = d.account_id AND b.month = d.month AND b.currency = d.currency, false)`,
			says: "is of %s, and it is on the bill of %s: %s",
		},
		{
			find: `
				SELECT 'debt ' || d.id, '', coalesce(d.bill_id, 'no bill')
				  FROM debts AS d
				  LEFT JOIN bills AS b ON b.id = d.bill_id
				 WHERE (d.bill_id IS NOT NULL OR d.billed_at IS NOT NULL) AND NOT coalesce(d.billed_at = b.issued_at, false)`,
			says: "is on %s, which was issued at another time than the debt says",
		},
		{
			find: `
				SELECT 'bill ' || b.id, '', b.month, coalesce(a.closed_through, 'no account')
				  FROM bills AS b
				  LEFT JOIN accounts AS a ON a.id = b.account_id
				 WHERE NOT coalesce(b.month <= a.closed_through AND b.currency = a.currency, false)`,
			says: "is of %s, and its account is closed through %s, or of another currency",
		},
	},
}

var carriesExact = proof{
	name:  "carries",
	title: "Usage that was shut is what its debts asked for and what is carried, to the last digit",
	count: `SELECT count(*) FROM carries`,
	questions: []question{
		{
			units: true,
			find: `
				WITH units AS MATERIALIZED (SELECT key AS currency, cast(value->>'u' as bigint) AS micros FROM json_each($1))
				SELECT 'account ' || x.account_id || ', product ' || x.product, (SELECT a.currency FROM accounts AS a WHERE a.id = x.account_id), cast(sum(x.micro) as text) || ' ' || cast(sum(x.pico) as text)
				  FROM (SELECT e.account_id, e.product, e.micro, e.pico
				          FROM exposures AS e
				          JOIN collections AS c ON c.account_id = e.account_id AND c.number = e.collection
				         WHERE c.state <> 'open'
				        UNION ALL
				        SELECT d.account_id, l.product, -l.net * u.micros, 0
				          FROM debt_lines AS l
				          JOIN debts AS d ON d.id = l.debt_id AND d.kind <> 'order'
				          JOIN units AS u ON u.currency = d.currency
				        UNION ALL
				        SELECT account_id, product, -micro, -pico
				          FROM carries) AS x
				 GROUP BY x.account_id, x.product
				HAVING sum(x.pico) % 1000000 <> 0 OR sum(x.micro) + sum(x.pico) / 1000000 <> 0`,
			says: "usage less what debts asked for less the carry is %x",
		},
	},
}
