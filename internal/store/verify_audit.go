package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
)

var auditWhole = proof{
	name:  "audit",
	title: "Every audit chain is whole, from its first record to its last",
	questions: []question{
		{
			find: `
				SELECT 'audit chain ' || chain, '', coalesce(cast(max(head) as text), 'missing'), sum(records), max(last)
				  FROM (SELECT chain, number AS head, NULL AS last, 0 AS records FROM audit_heads
				        UNION ALL
				        SELECT chain, NULL, max(number), count(*) FROM audit GROUP BY chain) AS both_sides
				 GROUP BY chain
				HAVING NOT coalesce(max(head) = max(last) AND max(head) = sum(records), false)`,
			says: "its head is %s, and there are %s records up to number %s",
		},
		{
			find: `
				SELECT 'audit chain ' || h.chain, '', h.number
				  FROM audit_heads AS h
				  JOIN audit AS r ON r.chain = h.chain AND r.number = h.number
				 WHERE NOT coalesce(r.hash = h.hash, false)`,
			says: "the hash of its head is not that of its last record, number %s",
		},
		{
			find: `
				SELECT 'account ' || a.id, '', a.reference
				  FROM accounts AS a
				 WHERE NOT EXISTS (SELECT 1 FROM audit_heads AS h WHERE h.chain = a.id)`,
			says: "%s has no audit chain",
		},
	},
	walk: walkAudit,
}

// walkAudit hashes every record again, chain by chain.
func walkAudit(ctx context.Context, tx *Tx, c *Check) error {
	var chain string
	var last int64
	var end []byte // hash of the record before
	return tx.query(ctx, `
		SELECT chain, number, at, by, action, subject, detail, previous, hash
		  FROM audit
		 ORDER BY chain, number`, nil, func(r row) error {
		a, previous, hash, err := scanSealed(r)
		if err != nil {
			return err
		}
		c.Counted++
		if a.Chain != chain || c.Counted == 1 {
			chain, last, end = a.Chain, 0, nil
		}
		where := func() string { return fmt.Sprintf("audit record %d of %s", a.Number, a.Chain) }
		switch {
		case a.Number != last+1:
			c.add(where(), fmt.Sprintf("comes after number %d", last))
		case !bytes.Equal(previous, end):
			c.add(where(), "does not carry the hash of the one before it")
		}
		if !bytes.Equal(hash, a.hash(previous)) {
			c.add(where(), "is not what was hashed when it was written")
		}
		last, end = a.Number, hash
		return nil
	})
}

// scanSealed reads a record with its hashes; what is NULL, in a database that
// somebody else wrote to, is empty and will not hash right.
func scanSealed(r row) (a Record, previous, hash []byte, err error) {
	var number sql.NullInt64
	err = r.Scan(textOf(&a.Chain), &number, instant{&a.At}, textOf(&a.By), textOf(&a.Action), textOf(&a.Subject), textOf(&a.Detail), &previous, &hash)
	a.Number = number.Int64
	return a, previous, hash, err
}
