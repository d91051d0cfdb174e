package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// A record is an object of the wire protocol with what the world knows of it
// besides. Its exported JSON form is what callers see.
type record interface {
	columns() columns
	hiddenPart() any // a pointer, or nil if there is nothing hidden
}

// columns are what a record is found by.
type columns struct {
	kind, id, customer, intent, charge, mark string
	created                                  int64
}

// A tx is one request's, or one tick's, work on the state: all of it is
// committed, or none. Records are loaded once and written once, at the end.
type tx struct {
	w      *World
	now    time.Time // by the sandbox's clock
	by     caller
	loaded map[string]record
	dirty  []record
}

// A caller is what events and answers say about the request that caused them.
type caller struct {
	request, key, origin string
}

// within runs fn in a transaction. The world's lock must be held. What fn
// wrote is kept if it returns nil or an error that asks for it (a card that
// was declined has been charged in vain, and that stays on record).
func (w *World) within(by caller, fn func(*tx) error) error {
	if err := w.store.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	t := &tx{w: w, now: w.now(), by: by, loaded: map[string]record{}}
	failed := fn(t)
	if failed != nil && !keepsEffect(failed) {
		return errors.Join(failed, w.store.exec("ROLLBACK"))
	}
	if err := t.commit(); err != nil {
		return errors.Join(err, w.store.exec("ROLLBACK"))
	}
	return failed
}

func (t *tx) commit() error {
	writes := len(t.dirty) > 0
	if err := t.flush(); err != nil {
		return err
	}
	// Requests are counted along with what is written anyway: reading costs no
	// write, and a kill may forget the last readings.
	if !writes {
		return t.w.store.exec("COMMIT")
	}
	if err := t.w.writeCounts(); err != nil {
		return err
	}
	if err := t.w.store.exec("COMMIT"); err != nil {
		return err
	}
	clear(t.w.uncounted)
	return nil
}

// A refusalError is one that a caller is told of.
type refusalError interface {
	error
	keepsEffect() bool
}

func keepsEffect(err error) bool {
	var refused refusalError
	return errors.As(err, &refused) && refused.keepsEffect()
}

// save remembers r for writing at the end of the transaction.
func (t *tx) save(r record) {
	id := r.columns().id
	if _, known := t.loaded[id]; !known {
		t.loaded[id] = r
	}
	for _, d := range t.dirty {
		if d == r {
			return
		}
	}
	t.dirty = append(t.dirty, r)
}

func (t *tx) flush() error {
	for _, r := range t.dirty {
		c := r.columns()
		doc, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("encode %s: %w", c.id, err)
		}
		hidden := []byte("{}")
		if h := r.hiddenPart(); h != nil {
			if hidden, err = json.Marshal(h); err != nil {
				return fmt.Errorf("encode %s: %w", c.id, err)
			}
		}
		if err := t.w.store.exec(`
			INSERT INTO objects (id, kind, created, customer, intent, charge, mark, doc, hidden)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (id) DO UPDATE SET customer = excluded.customer, intent = excluded.intent,
				charge = excluded.charge, mark = excluded.mark, doc = excluded.doc, hidden = excluded.hidden`,
			c.id, c.kind, c.created, c.customer, c.intent, c.charge, c.mark, string(doc), string(hidden)); err != nil {
			return err
		}
	}
	t.dirty = nil
	return nil
}

// load reads a record of one kind; found is false if there is none.
func load[T any, P interface {
	*T
	record
}](t *tx, kind, id string) (P, bool, error) {
	if r, ok := t.loaded[id]; ok {
		p, ok := r.(P)
		return p, ok, nil
	}
	var doc, hidden []byte
	found, err := t.w.store.row("SELECT doc, hidden FROM objects WHERE id = $1 AND kind = $2", []any{id, kind}, &doc, &hidden)
	if err != nil || !found {
		return nil, false, err
	}
	p := P(new(T))
	if err := json.Unmarshal(doc, p); err != nil {
		return nil, false, fmt.Errorf("decode %s: %w", id, err)
	}
	if h := p.hiddenPart(); h != nil {
		if err := json.Unmarshal(hidden, h); err != nil {
			return nil, false, fmt.Errorf("decode %s: %w", id, err)
		}
	}
	t.loaded[id] = p
	return p, true, nil
}

// document returns an object as callers see it, whatever its kind.
func (t *tx) document(id string) (json.RawMessage, bool, error) {
	if r, ok := t.loaded[id]; ok {
		doc, err := json.Marshal(r)
		return doc, true, err
	}
	var doc []byte
	found, err := t.w.store.row("SELECT doc FROM objects WHERE id = $1", []any{id}, &doc)
	return doc, found, err
}

// later has something done to an object at a time of the sandbox's clock.
func (t *tx) later(at time.Time, what, object string) error {
	if us := at.UnixMicro(); us < t.w.nextDue {
		t.w.nextDue = us
	}
	return t.w.store.exec("INSERT INTO due (at, what, object) VALUES ($1, $2, $3)", at.UnixMicro(), what, object)
}

// dueAtOnceMax bounds how many overdue things are done per transaction.
const dueAtOnceMax = 500

// doDue does everything that has become due: holds expire, pending refunds
// come to an end, fees become known. The world's lock must be held.
func (w *World) doDue() error {
	for w.now().UnixMicro() >= w.nextDue {
		if err := w.within(caller{}, (*tx).doDueNow); err != nil {
			return err
		}
		next, err := w.readNextDue()
		if err != nil {
			return err
		}
		w.nextDue = next
	}
	return nil
}

func (w *World) readNextDue() (int64, error) {
	next := int64(math.MaxInt64)
	_, err := w.store.row("SELECT at FROM due ORDER BY at LIMIT 1", nil, &next)
	return next, err
}

func (t *tx) doDueNow() error {
	type task struct {
		seq, at      int64
		what, object string
	}
	var tasks []task
	err := t.w.store.each("SELECT seq, at, what, object FROM due WHERE at <= $1 ORDER BY at, seq LIMIT $2",
		[]any{t.now.UnixMicro(), dueAtOnceMax}, func(scan func(...any) error) error {
			var k task
			err := scan(&k.seq, &k.at, &k.what, &k.object)
			tasks = append(tasks, k)
			return err
		})
	if err != nil {
		return err
	}
	real := t.now
	defer func() { t.now = real }()
	for _, k := range tasks {
		t.now = time.UnixMicro(k.at).UTC()
		do, ok := dueActions[k.what]
		if !ok {
			return fmt.Errorf("sandbox state asks for %q, which this program does not know", k.what)
		}
		if err := do(t, k.object); err != nil {
			return err
		}
		if err := t.w.store.exec("DELETE FROM due WHERE seq = $1", k.seq); err != nil {
			return err
		}
	}
	return nil
}
