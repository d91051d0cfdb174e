package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/store"
)

// AgreeToStatement has a statement matched that does not add up. Who imported it is
// not who agrees.
func (o *Office) AgreeToStatement(ctx context.Context, by access.Caller, id bank.StatementID, note string) (bank.Statement, error) {
	var st bank.Statement
	if err := mayNote(by, access.BankApprove, note); err != nil {
		return st, err
	}
	err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if st, err = tx.LockStatement(ctx, id); err != nil {
			return err
		}
		next, err := bank.StatementTable.Next(st.State, bank.Agree)
		switch {
		case err != nil:
			return bank.ErrStatementNotHeld
		case st.ImportedBy == by.Name:
			return bank.ErrStatementOwn
		}
		st.State, st.Reason, st.AgreedBy, st.AgreedAt, st.Note = next, "", by.Name, o.Now(), note
		if err := tx.SaveStatement(ctx, st); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, job.Job{Kind: workStatement, Subject: string(id), At: o.Now(), Once: true}); err != nil {
			return err
		}
		return o.auditBank(ctx, tx, by, "statement.agreed", string(id), map[string]any{"note": note, "file": st.File})
	})
	if err == nil {
		o.promptly(ctx, "work statement", string(id), func(ctx context.Context) error { return o.workStatementJob(ctx, string(id)) })
	}
	return st, err
}

// workStatementJob works the lines of a statement that waited: for a person's word, or
// for their account to be added.
func (o *Office) workStatementJob(ctx context.Context, subject string) error {
	for {
		var more bool
		err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
			more, err = o.workStatement(ctx, tx, bank.StatementID(subject))
			return err
		})
		if err != nil || !more {
			return err
		}
	}
}

// workStatement works one batch of a statement's lines, and tells whether there may be
// more.
func (o *Office) workStatement(ctx context.Context, tx *store.Tx, id bank.StatementID) (bool, error) {
	st, err := tx.BankStatement(ctx, id)
	if err != nil {
		return false, err
	}
	if err := tx.HoldBankNumber(ctx, st.Number); err != nil {
		return false, err
	}
	if st, err = tx.LockStatement(ctx, id); err != nil {
		return false, err
	}
	if st.State == bank.StatementAside {
		if adopted, err := o.adopt(ctx, tx, &st); err != nil || !adopted {
			return false, err
		}
	}
	aside, err := tx.BankLines(ctx, store.LineFilter{Statement: id, State: bank.LineAside}, importBatch)
	if err != nil {
		return false, err
	}
	if len(aside) > 0 {
		return true, o.takeUp(ctx, tx, st, aside)
	}
	if st.State != bank.StatementTaken {
		return false, nil
	}
	held, err := tx.BankLines(ctx, store.LineFilter{Statement: id, State: bank.LineHeld}, importBatch)
	if err != nil || len(held) == 0 {
		return false, err
	}
	m, err := o.match(ctx, tx, held)
	if err != nil {
		return false, err
	}
	if err := tx.MoveLines(ctx, m.lines); err != nil {
		return false, err
	}
	_, err = o.keepMatched(ctx, tx, access.Jobs, m)
	return true, err
}

// adopt takes a statement up whose account is one of ours by now.
func (o *Office) adopt(ctx context.Context, tx *store.Tx, st *bank.Statement) (bool, error) {
	ours, _, err := o.ourAccounts(ctx, tx, st.Number)
	if err != nil {
		return false, err
	}
	receiving, found := bank.InCurrency(ours, st.Currency)
	if !found {
		return false, nil
	}
	event := bank.Adopt
	st.Reason = ""
	if st.Proof == "unbalanced" {
		event, st.Reason = bank.Doubt, heldDoubt
	}
	st.Receiving = receiving.ID
	if st.State, err = bank.StatementTable.Next(st.State, event); err != nil {
		return false, err
	}
	if err := tx.SaveStatement(ctx, *st); err != nil {
		return false, err
	}
	return true, o.auditBank(ctx, tx, access.Jobs, "statement.adopted", string(st.ID), map[string]any{"receiving_account": receiving.ID})
}

// takeUp books lines that were kept aside; those that contradict others go on waiting.
func (o *Office) takeUp(ctx context.Context, tx *store.Tx, st bank.Statement, aside []bank.Line) error {
	var held, conflicts []bank.Line
	for _, l := range aside {
		event := bank.TakeUp
		if l.Against != "" {
			event = bank.Contradict
		}
		next, err := bank.LineTable.Next(l.State, event)
		if err != nil {
			return err
		}
		l.State, l.Receiving = next, st.Receiving
		if l.State == bank.LineHeld {
			held = append(held, l)
		} else {
			conflicts = append(conflicts, l)
		}
	}
	_, err := o.workLines(ctx, tx, access.Jobs, st, held, func(lines []bank.Line) error { return tx.MoveLines(ctx, append(conflicts, lines...)) })
	return err
}

// AcceptLine lets a movement count that contradicts another one: it is one of its own.
func (o *Office) AcceptLine(ctx context.Context, by access.Caller, id bank.LineID, note string) (bank.Line, error) {
	return o.decideLine(ctx, by, id, note, bank.TakeUp)
}

// DismissLine finds a movement to be the one that it contradicts, told otherwise.
func (o *Office) DismissLine(ctx context.Context, by access.Caller, id bank.LineID, note string) (bank.Line, error) {
	return o.decideLine(ctx, by, id, note, bank.Dismiss)
}

func (o *Office) decideLine(ctx context.Context, by access.Caller, id bank.LineID, note string, event bank.LineEvent) (l bank.Line, err error) {
	if err := mayNote(by, access.BankApprove, note); err != nil {
		return l, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if l, err = tx.LockLine(ctx, id); err != nil {
			return err
		}
		if l.State != bank.LineConflict {
			return bank.ErrLineNotOpen
		}
		if l.State, err = bank.LineTable.Next(l.State, event); err != nil {
			return err
		}
		l.DecidedBy, l.Note = by.Name, note
		if err := tx.SaveLine(ctx, l); err != nil {
			return err
		}
		if l.State == bank.LineHeld {
			st, err := tx.BankStatement(ctx, l.Statement)
			if err != nil {
				return err
			}
			if _, err := o.workLines(ctx, tx, by, st, []bank.Line{l}, func(lines []bank.Line) error {
				l = lines[0]
				return tx.MoveLines(ctx, lines)
			}); err != nil {
				return err
			}
		}
		return o.auditBank(ctx, tx, by, "bank_line."+string(event), string(id), map[string]any{"against": l.Against, "note": note})
	})
	return l, err
}
