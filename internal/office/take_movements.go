package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/store"
)

// takeMovements puts the movements of one batch into the books, as far as they are not
// there. The account's number is held, so that nobody else takes the same ones.
func (o *Office) takeMovements(ctx context.Context, tx *store.Tx, by access.Caller, id bank.StatementID, v survey, batch []moved) (t StatementImport, err error) {
	if err := tx.HoldBankNumber(ctx, batch[0].Number); err != nil {
		return t, err
	}
	st, err := tx.LockStatement(ctx, id)
	if err != nil {
		return t, err
	}
	beside, err := tx.StatementsBetween(ctx, st.Number, st.First, st.Last)
	if err != nil {
		return t, err
	}
	around := bank.Surroundings{Statement: st, Beside: beside, Apart: bank.ApartFrom(st, beside)}
	fresh, err := o.unknownOf(ctx, tx, around, batch, &t)
	if err != nil || len(fresh) == 0 {
		return t, err
	}
	fresh, against, err := o.recognize(ctx, tx, around, v, fresh, &t)
	if err != nil {
		return t, err
	}
	var idle, held []bank.Line
	var booked []string
	for i, m := range fresh {
		for _, l := range m.lines {
			l.ID, l.At, l.Receiving, l.Against = bank.LineID(o.IDs.New("bln_")), o.Now(), st.Receiving, against[i]
			switch {
			case m.Pending:
				l.State = bank.LinePending
			case st.State == bank.StatementAside:
				l.State = bank.LineAside
			case l.Against != "":
				l.State = bank.LineConflict
			default:
				l.State = bank.LineHeld
				held = append(held, l)
				continue
			}
			idle = append(idle, l)
		}
		switch {
		case m.Pending:
			t.Pending++
		case st.State == bank.StatementAside:
			t.Aside++
		case against[i] != "":
			t.Conflicts++
		default:
			t.New++
			booked = append(booked, m.loose)
		}
	}
	if err := tx.SupersedePending(ctx, booked); err != nil {
		return t, err
	}
	matched, err := o.workLines(ctx, tx, by, st, held, func(lines []bank.Line) error { return tx.AddLines(ctx, append(idle, lines...)) })
	t.add(matched)
	return t, err
}

// unknownOf returns the movements of a batch that are not in the books, each with its
// number among its equals, and notes those that are.
//
// Equal movements are told from repeated ones by counting. What the bank lists in one
// statement, or in several that never overlap, are so many movements; what it lists in
// statements that may overlap are as many as the one has that lists most.
func (o *Office) unknownOf(ctx context.Context, tx *store.Tx, st bank.Surroundings, batch []moved, t *StatementImport) ([]moved, error) {
	prints := make([]string, len(batch))
	for i, m := range batch {
		prints[i] = m.print
	}
	there, err := tx.Movements(ctx, prints)
	if err != nil {
		return nil, err
	}
	elsewhere := map[string]int{}
	if len(there) > 0 && len(st.Apart) > 0 {
		var ids []bank.StatementID
		for _, s := range st.Apart {
			ids = append(ids, s.ID)
		}
		listed, err := tx.Sightings(ctx, ids, prints)
		if err != nil {
			return nil, err
		}
		for print, times := range listed {
			elsewhere[print] = bank.ListedApart(st.Apart, times)
		}
	}
	var fresh []moved
	seen := map[string]int{}
	for _, m := range batch {
		isThere := elsewhere[m.print]+m.times <= there[m.print]
		if isThere || m.times > 1 {
			seen[m.print] = m.times
		}
		if isThere {
			t.Known++
			continue
		}
		there[m.print]++
		for i := range m.lines {
			m.lines[i].Occurrence = there[m.print]
		}
		fresh = append(fresh, m)
	}
	return fresh, tx.AddSightings(ctx, st.ID, seen)
}

// recognize leaves those out of some new movements that are there under the bank's own
// reference, told in other words. For each of the others it finds a line that it may
// be, told otherwise: a bank that changed an entry, or the same one in another format.
// Nothing is changed by that: a person decides.
func (o *Office) recognize(ctx context.Context, tx *store.Tx, st bank.Surroundings, v survey, all []moved, t *StatementImport) (fresh []moved, against []bank.LineID, err error) {
	var references, cores []string
	for _, m := range all {
		if m.Reference != "" {
			references = append(references, m.Reference)
		}
		cores = append(cores, m.core)
	}
	named, alike := map[string][]bank.Line{}, map[string][]bank.Line{}
	if len(references) > 0 {
		lines, err := tx.LinesWithReferences(ctx, st.Number, references)
		if err != nil {
			return nil, nil, err
		}
		for _, l := range lines {
			named[l.Reference] = append(named[l.Reference], l)
		}
	}
	lines, err := tx.LinesToldOtherwise(ctx, st.Format, cores)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range lines {
		alike[l.Core] = append(alike[l.Core], l)
	}
	for _, m := range all {
		var id bank.LineID
		if !m.Pending {
			var isSame bool
			if id, isSame = st.Recognize(m.Movement, m.core, v.isReused(m.Reference), named[m.Reference], alike[m.core]); isSame {
				t.Known++
				continue
			}
		}
		fresh, against = append(fresh, m), append(against, id)
	}
	return fresh, against, nil
}
