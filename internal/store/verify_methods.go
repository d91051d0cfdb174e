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
				 WHERE state IN ('opening', 'challenged', 'placed', 'unknown', 'releasing')
				   AND expires_at < (SELECT max(r.at) FROM audit_heads AS h JOIN audit AS r ON r.chain = h.chain AND r.number = h.number)`,
			says: "of %m is %s, and it has expired",
		},
	},
}
