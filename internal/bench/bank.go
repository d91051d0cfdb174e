package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/sandbox"
	statements "github.com/bursar-pay/bursar/internal/statement"
	"github.com/bursar-pay/bursar/internal/store"
)

const (
	importEntries = 10_000 // of a statement; with a year of open bills each, their customers have 120,000
	importGoal    = 0.3
)

// bankImport is a statement of ten thousand transfers, each to a customer's own number
// and of the amount of the customer's oldest bill: it is read, matched and booked, the
// money credited and applied, while more than a hundred thousand bills are open.
func bankImport(ctx context.Context, o *Options, g ground) (contest, error) {
	entries := o.some(importEntries, 3)
	m, err := makeModel(ctx, o, g.file("model.db"))
	if err != nil {
		return contest{}, fmt.Errorf("live the model's year: %w", err)
	}
	d, err := openDesk(ctx, o, g, 0)
	if err != nil {
		return contest{}, err
	}
	d.stop() // jobs that the import leaves, such as messages, wait until it is over: the floor does none
	f, err := openFloor(ctx, o, g)
	if err != nil {
		return contest{}, errors.Join(err, d.close(ctx))
	}
	b := &importing{o: o, m: &m, d: d, f: f, entries: entries}
	if err := b.fill(ctx); err != nil {
		return contest{}, errors.Join(err, f.close(ctx), d.close(ctx))
	}
	return contest{
		result: Result{Unit: "entries/s", Goal: importGoal,
			FloorIs: "writes the same lines, receipts, claims, applications, entries, postings, records and events, and changes the same debts and balances, a thousand entries in a transaction"},
		before: func(turn int) error { return b.write(turn) },
		floor:  b.plain,
		ours:   b.run,
		after: func(ctx context.Context) error {
			return errors.Join(d.office.Drain(ctx), d.prove(ctx), b.mustMatch(ctx), f.close(ctx), d.close(ctx))
		},
	}, nil
}

// importing is a bank that issues statements, and two who take them.
type importing struct {
	o       *Options
	m       *model
	d       *desk
	f       *floor
	entries int

	turn int
	file sandbox.BankFile // of this turn
}

// fill fills both databases with the same customers, and the bank with their numbers.
func (b *importing) fill(ctx context.Context) error {
	b.o.Say(fmt.Sprintf("fills two databases with %d open bills each", b.entries*billMonths))
	ours := &floor{o: b.o, place: b.d.place}
	if err := ours.open(ctx); err != nil {
		return err
	}
	if err := errors.Join(b.m.fill(ctx, ours, b.entries), ours.closeDatabase(), b.m.fill(ctx, b.f, b.entries)); err != nil {
		return err
	}
	if err := b.record(ctx); err != nil {
		return err
	}
	first, err := b.m.numberOf(0)
	if err != nil {
		return err
	}
	last, err := b.m.numberOf(b.entries)
	if err != nil {
		return err
	}
	if _, err := b.d.world.OpenBankAccount(sandbox.BankAccount{Number: bankNumber, Currency: bankCurrency}); err != nil {
		return err
	}
	_, err = b.d.world.SetVirtualNumbers(bankNumber, []sandbox.NumberRange{{First: first, Last: last}})
	return err
}

// record gives each customer the audit chain that every account has.
func (b *importing) record(ctx context.Context) error {
	for n := 0; n < b.entries; n += rowsAtOnce {
		var all []store.Record
		for i := n; i < min(n+rowsAtOnce, b.entries); i++ {
			chain := ofCustomer(b.m.account, i)
			all = append(all, store.Record{Chain: chain, At: b.o.Now(), By: "bench", Action: "account.opened", Subject: chain, Detail: "{}"})
		}
		if err := b.d.store.Update(ctx, func(tx *store.Tx) error { return tx.AuditAll(ctx, all) }); err != nil {
			return err
		}
	}
	return nil
}

// write has every customer transfer what the oldest open bill asks for, and the bank
// issue its statement.
func (b *importing) write(turn int) error {
	b.turn = turn
	for n := range b.entries {
		number, err := b.m.numberOf(n)
		if err != nil {
			return err
		}
		if _, err := b.d.world.Transfer(transferTo(number, b.m.open[turn].Decimal(), turn, n)); err != nil {
			return err
		}
	}
	issued, err := b.d.world.EndDay(bankNumber)
	if err != nil {
		return err
	}
	last := issued[len(issued)-1]
	b.file, err = b.d.world.BankFile(bankNumber, last.Number, sandbox.BankCamt053)
	return err
}

// transferTo is the transfer of a customer in a turn.
func transferTo(number, amount string, turn, n int) sandbox.Transfer {
	return sandbox.Transfer{
		To: number, Amount: amount, Rail: "sepa", Payer: sandbox.BankParty{Name: fmt.Sprintf("Example Works %d", n), Account: "GB33BUKB20201555555555"},
		Reference: fmt.Sprintf("for the bill of month %d", turn+1), EndToEnd: fmt.Sprintf("E2E-%d-%d", turn, n),
	}
}

// run imports the statement. Its one request is the whole import.
func (b *importing) run(ctx context.Context) (outcome, error) {
	from := b.o.Now()
	i, err := b.d.office.ImportStatement(ctx, access.CommandLine, b.file.Name, bytes.NewReader(b.file.Body), statements.Options{})
	took := b.o.Now().Sub(from)
	if err != nil {
		return outcome{}, err
	}
	if i.New != b.entries || i.Credited != b.entries {
		return outcome{}, fmt.Errorf("of %d transfers %d were new and %d credited", b.entries, i.New, i.Credited)
	}
	return outcome{float64(b.entries) / took.Seconds(), []time.Duration{took}}, nil
}
