package office

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
)

// workLines books lines of a statement, and matches them unless it waits for a
// person's word. Write keeps the lines as they are then, before anything that refers to
// them is written.
func (o *Office) workLines(ctx context.Context, tx *store.Tx, by access.Caller, st bank.Statement, lines []bank.Line, write func([]bank.Line) error) (t StatementImport, err error) {
	entries := make([]ledger.Entry, len(lines))
	for i, l := range lines {
		if entries[i], err = ledger.BookedLine(string(l.ID), l.Signed()); err != nil {
			return t, err
		}
	}
	var m matched
	if st.State == bank.StatementTaken {
		if m, err = o.match(ctx, tx, lines); err != nil {
			return t, err
		}
		lines = m.lines
	}
	if err := write(lines); err != nil {
		return t, err
	}
	if err := o.bookAll(ctx, tx, entries); err != nil {
		return t, err
	}
	return o.keepMatched(ctx, tx, by, m)
}

// matched is what became of some lines.
type matched struct {
	lines    []bank.Line
	receipts []bank.Remittance
	claims   []bank.Claim // of receipts that decide themselves
	accounts map[account.ID]account.Account
	credited []account.Account // those of them whose receipts decide themselves
	spending *spending         // of what they are credited with
}

// match decides what becomes of lines that are booked. The accounts of those who are
// credited are locked.
func (o *Office) match(ctx context.Context, tx *store.Tx, lines []bank.Line) (m matched, err error) {
	if len(lines) == 0 {
		return m, nil
	}
	facts, err := o.factsOf(ctx, tx, lines, &m)
	if err != nil {
		return m, err
	}
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return m, err
	}
	now := o.Now()
	clock := bank.Clock{DueAt: p.Identity.Calendar.EndOf(now, p.Claims.DueDays), LateAt: p.Identity.Calendar.EndOf(now, p.Claims.LateDays)}
	for _, l := range lines {
		event := bank.Ask
		if l.Incoming {
			event = bank.Receive
		}
		if l.State, err = bank.LineTable.Next(l.State, event); err != nil {
			return m, err
		}
		m.lines = append(m.lines, l)
		if !l.Incoming {
			continue
		}
		v := bank.Match(l, facts)
		r := bank.Receipt(bank.RemittanceID(o.IDs.New("rem_")), l, v.Reason, now, clock)
		if v.Account != "" {
			r.Claimed, r.Credited = r.Amount, r.Amount
			if r, err = r.Settle(now); err != nil {
				return m, err
			}
			c := bank.Claim{
				ID: bank.ClaimID(o.IDs.New("clm_")), Remittance: r.ID, Account: v.Account, Amount: r.Amount, State: bank.ClaimCredited, Automatic: true,
				Note: "it came to the customer's own account number", Proof: v.Number, ClaimedBy: bank.Automatic, ClaimedAt: now,
			}
			c.Fee.Currency = r.Amount.Currency
			m.claims = append(m.claims, c)
		}
		m.receipts = append(m.receipts, r)
	}
	chains := make([]string, len(m.claims))
	coming := map[account.ID]money.Amount{}
	for i, c := range m.claims {
		chains[i] = string(c.Account)
		credited := c.Credited()
		coming[c.Account] = money.Amount{Minor: coming[c.Account].Minor + credited.Minor, Currency: credited.Currency}
	}
	if err := tx.HoldChains(ctx, chains); err != nil {
		return m, err
	}
	m.credited = accountsIn(m.accounts, coming)
	m.spending, err = o.spendable(ctx, tx, access.Jobs, m.credited, coming)
	return m, err
}

// factsOf looks up what lines name. What is dear to look up is looked up for those
// lines alone that came to nobody's own number.
func (o *Office) factsOf(ctx context.Context, tx *store.Tx, lines []bank.Line, m *matched) (f bank.Facts, err error) {
	receiving, err := tx.ReceivingAccounts(ctx)
	if err != nil {
		return f, err
	}
	f.Receiving = make(map[bank.ReceivingID]bank.ReceivingAccount, len(receiving))
	for _, r := range receiving {
		f.Receiving[r.ID] = r
	}
	var numbers []string
	for _, l := range lines {
		if l.Incoming {
			numbers = append(numbers, l.Number)
			if l.PaidTo != "" && l.PaidTo != l.Number {
				numbers = append(numbers, l.PaidTo)
			}
		}
	}
	if len(numbers) == 0 {
		return f, nil
	}
	if f.Virtual, err = tx.VirtualAccounts(ctx, numbers); err != nil {
		return f, err
	}
	if err := o.moreFacts(ctx, tx, lines, &f); err != nil {
		return f, err
	}
	var owners []account.ID
	for _, v := range f.Virtual {
		owners = append(owners, v.Account)
	}
	if m.accounts, err = tx.LockAccounts(ctx, owners); err != nil {
		return f, err
	}
	f.Customers = make(map[account.ID]bank.Customer, len(m.accounts))
	for id, a := range m.accounts {
		f.Customers[id] = customerOf(a)
	}
	return f, nil
}

// moreFacts adds what the lines say in words.
func (o *Office) moreFacts(ctx context.Context, tx *store.Tx, lines []bank.Line, f *bank.Facts) error {
	var numbers, references, bills, payers []string
	for _, l := range lines {
		_, isOwn := f.Virtual[l.Number]
		_, isPaidTo := f.Virtual[l.PaidTo]
		if !l.Incoming || isOwn || isPaidTo {
			continue
		}
		c := l.Clues()
		numbers, references, bills = append(numbers, c.Numbers...), append(references, c.References...), append(bills, c.Bills...)
		if c.Payer != "" {
			payers = append(payers, c.Payer)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	more, err := tx.VirtualAccounts(ctx, numbers)
	if err != nil {
		return err
	}
	for n, v := range more {
		f.Virtual[n] = v
	}
	if len(references) > 0 {
		if f.References, err = tx.AccountsByPaymentReference(ctx, references); err != nil {
			return err
		}
	}
	if len(bills) > 0 {
		open, err := tx.OpenBillsNumbered(ctx, bills)
		if err != nil {
			return err
		}
		f.Bills = map[string]bank.Bill{}
		for _, b := range billsOf(open) {
			f.Bills[b.Number] = b
		}
	}
	if len(payers) > 0 {
		f.Payers, err = tx.EarlierPayers(ctx, payers)
	}
	return err
}

func customerOf(a account.Account) bank.Customer {
	return bank.Customer{ID: a.ID, Name: a.Name, Currency: a.Currency, Closed: a.State == account.Closed}
}

func billsOf(open []store.OpenBill) []bank.Bill {
	var list []bank.Bill
	for _, b := range open {
		list = append(list, bank.Bill{Number: b.Number, Account: b.Account, Open: b.Open})
	}
	return list
}

// keepMatched writes what became of lines: receipts, and for those that decide
// themselves claims, entries, what is told, and what the money pays at once.
func (o *Office) keepMatched(ctx context.Context, tx *store.Tx, by access.Caller, m matched) (t StatementImport, err error) {
	if len(m.receipts) == 0 {
		return t, nil
	}
	if err := errors.Join(tx.AddRemittances(ctx, m.receipts), tx.AddClaims(ctx, m.claims)); err != nil {
		return t, err
	}
	claims := make(map[bank.RemittanceID]bank.Claim, len(m.claims))
	for _, c := range m.claims {
		claims[c.Remittance] = c
	}
	var entries []ledger.Entry
	var records []store.Record
	var events []Event
	for _, r := range m.receipts {
		c, isCredited := claims[r.ID]
		if !isCredited {
			t.Waiting++
			events = append(events, Event{Kind: "remittance.received", Subject: string(r.ID), Data: r})
			continue
		}
		t.Credited++
		entry, err := ledger.CreditedReceipt(string(c.ID), c.Account, c.Amount, c.Fee)
		if err != nil {
			return t, err
		}
		entries = append(entries, entry)
		records = append(records, store.Record{
			Chain: string(c.Account), At: o.Now(), By: bank.Automatic, Action: "claim.credited", Subject: string(r.ID),
			Detail: jsonText(map[string]any{"claim": c.ID, "amount": c.Amount, "number": c.Proof, "received_on": r.ReceivedOn}),
		})
		events = append(events, Event{Kind: "claim.credited", Account: c.Account, Subject: string(c.ID), Data: c})
	}
	if err := errors.Join(o.bookAll(ctx, tx, entries), tx.AuditAll(ctx, records), o.emitAll(ctx, tx, events)); err != nil {
		return t, err
	}
	return t, m.spending.applyTo(ctx, m.credited...)
}

// accountsIn is some of the accounts, in the order of their ids.
func accountsIn(all map[account.ID]account.Account, wanted map[account.ID]money.Amount) []account.Account {
	var list []account.Account
	for id := range wanted {
		list = append(list, all[id])
	}
	slices.SortFunc(list, func(a, b account.Account) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return list
}

// jsonText is a value as the audit keeps it.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("office: a record cannot be kept as JSON: " + err.Error())
	}
	return string(b)
}
