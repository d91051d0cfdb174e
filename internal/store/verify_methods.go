package store

var methodsHeld = proof{
	name:  "methods",
	title: "An instrument has one holder, and an account with active methods has one that is preferred",
	count: `SELECT count(*) FROM payment_methods`,
	questions: []question{
		{
			find: `
				SELECT 'method ' || max(id), '', min(id), max(account_id), min(account_id)
				  FROM payment_methods
				 WHERE state NOT IN ('rejected', 'detached')
				 GROUP BY fingerprint
				HAVING count(*) > 1`,
			says: "is the same instrument as %s, on %s and %s",
		},
		{
			find: `
				SELECT 'account ' || account_id, '', sum(preferred), count(*)
				  FROM payment_methods
				 WHERE state = 'active'
				 GROUP BY account_id
				HAVING NOT coalesce(sum(preferred) = 1, false)`,
			says: "has %s preferred methods among %s active ones",
		},
		{
			find: `
				SELECT 'method ' || id, '', state
				  FROM payment_methods
				 WHERE preferred <> 0 AND state <> 'active'`,
			says: "is preferred and %s",
		},
	},
}

// The books have no clock of their own: what they saw last is their present.
var holdsEnded = proof{
	name:  "holds",
	title: "No hold lives on in the books after it has expired at its provider",
	count: `SELECT count(*) FROM holds`,
	questions: []question{
		{
			find: `
				SELECT 'hold ' || id, currency, amount, state
				  FROM holds
				 WHERE ` + liveHold + `
				   AND expires_at < (SELECT max(r.at) FROM audit_heads AS h JOIN audit AS r ON r.chain = h.chain AND r.number = h.number)`,
			says: "of %m is %s, and it has expired",
		},
		{
			find: `
				SELECT 'account ' || account_id, '', count(*)
				  FROM holds
				 WHERE kind = 'exposure' AND ` + liveHold + `
				 GROUP BY account_id
				HAVING count(*) > 1`,
			says: "has %s holds on its usage at once",
		},
		{
			find: `
				SELECT 'hold ' || h.id, h.currency, h.amount, h.state
				  FROM holds AS h
				 WHERE h.state IN ('claimed', 'captured') AND h.reason <> 'captured_elsewhere'
				   AND NOT EXISTS (SELECT 1 FROM payments AS p WHERE p.hold_id = h.id AND p.account_id = h.account_id)`,
			says: "of %m is %s, and no payment is taken from it",
		},
		{
			find: `
				SELECT 'payment ' || p.id, p.currency, p.amount, p.hold_id
				  FROM payments AS p
				  JOIN holds AS h ON h.id = p.hold_id
				 WHERE p.state = 'succeeded' AND (h.state <> 'captured' OR h.kind <> 'exposure' OR h.method_id <> p.method_id)`,
			says: "of %m was taken from hold %s, which does not say so",
		},
	},
}
