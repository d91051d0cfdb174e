package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
)

// OfficeChain is the audit chain of what belongs to no account: staff, keys,
// policy.
const OfficeChain = "office"

// Record is one line of the audit log: who did what to what, and why. Each
// carries the hash of the one before it in its chain, so that a change, a gap or
// a missing end is found.
type Record struct {
	Chain   string // an account's id, or OfficeChain
	Number  int64
	At      time.Time
	By      string
	Action  string // noun.verb, such as "payment.succeeded"
	Subject string // the id of what it was done to
	Detail  string // JSON; no secret, no card number
}

// Hash returns the record's hash behind previous.
func (r Record) hash(previous []byte) []byte {
	h := sha256.New()
	h.Write(previous)
	var n [8]byte
	for _, v := range []int64{r.Number, r.At.UnixMicro()} {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	for _, s := range []string{r.Chain, r.By, r.Action, r.Subject, r.Detail} {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	return h.Sum(nil)
}

// Audit appends a record to its chain. detail is kept as JSON.
func (tx *Tx) Audit(ctx context.Context, r Record, detail any) error {
	r.Detail = asJSON(detail)
	head, err := tx.auditHead(ctx, r.Chain)
	if err != nil {
		return err
	}
	r.Number = head.number + 1
	r.At = r.At.Truncate(time.Microsecond)
	hash := r.hash(head.hash)
	if err := tx.execOne(ctx, `
		INSERT INTO audit (chain, number, at, by, action, subject, detail, previous, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.Chain, r.Number, micros(r.At), r.By, r.Action, r.Subject, r.Detail, head.hash, hash); err != nil {
		return err
	}
	tx.heads[r.Chain] = auditHead{r.Number, hash}
	return tx.execOne(ctx, `UPDATE audit_heads SET number = $2, hash = $3 WHERE chain = $1`, r.Chain, r.Number, hash)
}

// AuditAll appends many records, each to its own chain and behind those before it in
// the list, with a fixed number of statements. Their Detail is JSON already.
func (tx *Tx) AuditAll(ctx context.Context, all []Record) error {
	if len(all) == 0 {
		return nil
	}
	of := make([]string, len(all))
	for i, r := range all {
		of[i] = r.Chain
	}
	if err := tx.HoldChains(ctx, of); err != nil {
		return err
	}
	n := len(all)
	chains, by, actions, subjects, details := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	numbers, at := make([]int64, n), make([]int64, n)
	previous, hashes := make([][]byte, n), make([][]byte, n)
	last := map[string]bool{}
	for i, r := range all {
		head := tx.heads[r.Chain]
		r.Number, r.At = head.number+1, r.At.Truncate(time.Microsecond)
		hash := r.hash(head.hash)
		chains[i], by[i], actions[i], subjects[i], details[i] = r.Chain, r.By, r.Action, r.Subject, r.Detail
		numbers[i], at[i], previous[i], hashes[i] = r.Number, r.At.UnixMicro(), head.hash, hash
		tx.heads[r.Chain] = auditHead{r.Number, hash}
		last[r.Chain] = true
	}
	if err := tx.later(ctx, statement{rows: &bulk{into: "audit", columns: []column{
		{name: "chain", texts: chains}, {name: "number", numbers: numbers}, {name: "at", numbers: at}, {name: "by", texts: by}, {name: "action", texts: actions},
		{name: "subject", texts: subjects}, {name: "detail", texts: details}, {name: "previous", bytes: previous}, {name: "hash", bytes: hashes},
	}}}); err != nil {
		return err
	}
	var moved []string
	var ends []int64
	var heads [][]byte
	for _, chain := range slices.Sorted(maps.Keys(last)) {
		moved, ends, heads = append(moved, chain), append(ends, tx.heads[chain].number), append(heads, tx.heads[chain].hash)
	}
	return tx.later(ctx, statement{rows: &bulk{
		into:    "audit_heads",
		columns: []column{{name: "chain", texts: moved}, {name: "number", numbers: ends}, {name: "hash", bytes: heads}},
		more:    `ON CONFLICT (chain) DO UPDATE SET number = excluded.number, hash = excluded.hash`,
	}})
}

// HoldChains fetches and locks the heads of chains that records will go to, as far as
// this transaction has not. AuditAll does so too; who writes much before asks first,
// since a question waits for all that was written.
func (tx *Tx) HoldChains(ctx context.Context, chains []string) error {
	if tx.heads == nil {
		tx.heads = map[string]auditHead{}
	}
	var missing []string
	for _, c := range chains {
		if _, ok := tx.heads[c]; !ok {
			missing = append(missing, c)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return tx.query(ctx, `
		INSERT INTO audit_heads (chain, number, hash)
		SELECT key, 0, $2 FROM json_each($1) WHERE true ORDER BY key
		    ON CONFLICT (chain) DO UPDATE SET number = audit_heads.number
		RETURNING chain, number, hash`, []any{keySet(missing), []byte{}}, func(r row) error {
		var chain string
		var h auditHead
		err := r.Scan(&chain, &h.number, &h.hash)
		if h.hash == nil {
			h.hash = []byte{}
		}
		tx.heads[chain] = h
		return err
	})
}

// auditHead is the last record of a chain.
type auditHead struct {
	number int64
	hash   []byte
}

// auditHead fetches a chain's head and locks it, once in a transaction.
func (tx *Tx) auditHead(ctx context.Context, chain string) (auditHead, error) {
	if h, ok := tx.heads[chain]; ok {
		return h, nil
	}
	var h auditHead
	err := tx.queryRow(ctx, `
		INSERT INTO audit_heads (chain, number, hash) VALUES ($1, 0, $2)
		    ON CONFLICT (chain) DO UPDATE SET number = audit_heads.number
		RETURNING number, hash`, chain, []byte{}).Scan(&h.number, &h.hash)
	if h.hash == nil {
		h.hash = []byte{} // the first of its chain; an empty value comes back from SQLite as none
	}
	if tx.heads == nil {
		tx.heads = map[string]auditHead{}
	}
	return h, err
}

// History lists what was done to a subject, oldest first.
func (tx *Tx) History(ctx context.Context, chain account.ID, subject string) ([]Record, error) {
	var out []Record
	err := tx.query(ctx, `
		SELECT chain, number, at, by, action, subject, detail
		  FROM audit
		 WHERE subject = $1 AND chain = $2
		 ORDER BY number`, []any{subject, string(chain)}, func(r row) error {
		var a Record
		err := r.Scan(&a.Chain, &a.Number, instant{&a.At}, &a.By, &a.Action, &a.Subject, &a.Detail)
		out = append(out, a)
		return err
	})
	return out, err
}

// SubjectHistory lists what was done to a subject in whatever chain, oldest first.
func (tx *Tx) SubjectHistory(ctx context.Context, subject string) ([]Record, error) {
	var out []Record
	err := tx.query(ctx, `
		SELECT chain, number, at, by, action, subject, detail
		  FROM audit
		 WHERE subject = $1
		 ORDER BY at, chain, number`, []any{subject}, func(r row) error {
		var a Record
		err := r.Scan(&a.Chain, &a.Number, instant{&a.At}, &a.By, &a.Action, &a.Subject, &a.Detail)
		out = append(out, a)
		return err
	})
	return out, err
}
