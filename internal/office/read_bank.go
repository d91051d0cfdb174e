package office

import (
	"context"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
)

const (
	claimsShown    = 1_000 // of one receipt
	candidatesRead = 200   // customers that a name or an amount is held against
)

// StatementFile is a file that was imported, known by its bytes.
type StatementFile = store.StatementFile

// StatementFiles lists files that were imported, newest first.
func (o *Office) StatementFiles(ctx context.Context, by access.Caller, p Page) (list []store.StatementFile, next string, err error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.StatementFiles(ctx, bank.FileID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(f store.StatementFile) string { return string(f.ID) })
	return list, next, err
}

// StatementFilter says which statements are wanted; an empty field means all.
type StatementFilter struct {
	State     bank.StatementState
	Receiving bank.ReceivingID
	File      bank.FileID
}

// BankStatements lists statements, newest first.
func (o *Office) BankStatements(ctx context.Context, by access.Caller, f StatementFilter, p Page) (list []bank.Statement, next string, err error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.BankStatements(ctx, store.StatementFilter{State: f.State, Receiving: f.Receiving, File: f.File, Before: bank.StatementID(p.After)}, p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(s bank.Statement) string { return string(s.ID) })
	return list, next, err
}

// BankStatement fetches a statement.
func (o *Office) BankStatement(ctx context.Context, by access.Caller, id bank.StatementID) (st bank.Statement, err error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return st, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		st, err = tx.BankStatement(ctx, id)
		return err
	})
	return st, err
}

// LineFilter says which lines are wanted; an empty field means all.
type LineFilter struct {
	Statement bank.StatementID
	State     bank.LineState
	Receiving bank.ReceivingID
}

// BankLines lists movements, in the order in which they were taken.
func (o *Office) BankLines(ctx context.Context, by access.Caller, f LineFilter, p Page) (list []bank.Line, next string, err error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.BankLines(ctx, store.LineFilter{Statement: f.Statement, State: f.State, Receiving: f.Receiving, After: bank.LineID(p.After)}, p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(l bank.Line) string { return string(l.ID) })
	return list, next, err
}

// LineStory is a movement and what was said of it, or could be.
type LineStory struct {
	bank.Line
	Explanations []bank.Explanation
	Origins      []bank.Origin // receipts that it may have taken back, of one that nobody has explained
}

// BankLine fetches a movement.
func (o *Office) BankLine(ctx context.Context, by access.Caller, id bank.LineID) (s LineStory, err error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return s, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if s.Line, err = tx.BankLine(ctx, id); err != nil {
			return err
		}
		if s.Explanations, err = tx.Explanations(ctx, id); err != nil || s.State != bank.LineUnexplained {
			return err
		}
		before, err := tx.ReceiptsOfAmount(ctx, s.Line, candidatesRead)
		s.Origins = bank.Origins(s.Line, before)
		return err
	})
	return s, err
}

// RemittanceFilter says which receipts are wanted; an empty field means all.
type RemittanceFilter struct {
	Account    account.ID // with a claim for it
	State      bank.RemittanceState
	Reason     bank.Reason
	Exceptions bool // those that wait and are no ordinary receipts on a shared account
	Due        bool // those that wait and should have been claimed by now
	Late       bool // those that wait and for which the promise to customers is broken
	Owner      string
}

// Remittances lists receipts, newest first.
func (o *Office) Remittances(ctx context.Context, by access.Caller, f RemittanceFilter, p Page) (list []bank.Remittance, next string, err error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return nil, "", err
	}
	wanted := store.RemittanceFilter{
		Account: f.Account, State: f.State, Reason: f.Reason, Exceptions: f.Exceptions, Owner: f.Owner, Before: bank.RemittanceID(p.After),
	}
	if f.Due {
		wanted.DueAt = o.Now()
	}
	if f.Late {
		wanted.LateAt = o.Now()
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Remittances(ctx, wanted, p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(r bank.Remittance) string { return string(r.ID) })
	return list, next, err
}

// RemittanceStory is a receipt with all that is known of it.
type RemittanceStory struct {
	bank.Remittance
	BankLine     bank.Line
	Candidates   []bank.Candidate // while something of it is nobody's; the likeliest first
	Claims       []bank.Claim     // newest first
	Explanations []bank.Explanation
	History      []store.Record // oldest first
}

// Remittance fetches a receipt, with who may have sent it and why.
func (o *Office) Remittance(ctx context.Context, by access.Caller, id bank.RemittanceID) (s RemittanceStory, err error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return s, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if s.Remittance, err = tx.Remittance(ctx, id); err != nil {
			return err
		}
		if s.BankLine, err = tx.BankLine(ctx, s.Line); err != nil {
			return err
		}
		if s.Claims, err = tx.Claims(ctx, store.ClaimFilter{Remittance: id}, claimsShown); err != nil {
			return err
		}
		if s.Explanations, err = tx.Explanations(ctx, s.Line); err != nil {
			return err
		}
		if s.History, err = tx.SubjectHistory(ctx, string(id)); err != nil || !s.IsOpen() {
			return err
		}
		s.Candidates, err = o.candidates(ctx, tx, s.BankLine)
		return err
	})
	return s, err
}

// candidates says who may have sent a receipt, by all that it names.
func (o *Office) candidates(ctx context.Context, tx *store.Tx, l bank.Line) ([]bank.Candidate, error) {
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return nil, err
	}
	tolerance := p.Claims.Tolerance(l.Amount.Currency)
	clues := l.Clues()
	var f bank.Facts
	if f.Virtual, err = tx.VirtualAccounts(ctx, clues.Numbers); err != nil {
		return nil, err
	}
	if err := o.moreFacts(ctx, tx, []bank.Line{l}, &f); err != nil {
		return nil, err
	}
	f.Customers, f.Names = map[account.ID]bank.Customer{}, map[string]account.ID{}
	know := func(list []account.Account) {
		for _, a := range list {
			f.Customers[a.ID], f.Names[string(a.ID)], f.Names[a.Reference] = customerOf(a), a.ID, a.ID
		}
	}
	named, err := tx.AccountsNamed(ctx, clues.Names)
	if err != nil {
		return nil, err
	}
	know(named)
	if word := bank.NameWord(l.Payer); word != "" {
		alike, err := tx.AccountsLike(ctx, word, candidatesRead)
		if err != nil {
			return nil, err
		}
		know(alike)
	}
	most := money.Amount{Minor: l.Amount.Minor + tolerance.Minor, Currency: l.Amount.Currency}
	open, err := tx.OpenBillsBetween(ctx, l.Amount, most, candidatesRead)
	if err != nil {
		return nil, err
	}
	var ids []account.ID
	for id := range f.Customers {
		ids = append(ids, id)
	}
	ids = append(ids, f.Named()...)
	theirs, err := tx.OpenBillsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var bills []bank.Bill
	for _, b := range billsOf(append(open, theirs...)) {
		if !seen[b.Number] {
			seen[b.Number] = true
			bills = append(bills, b)
			ids = append(ids, b.Account)
		}
	}
	rest, err := tx.AccountsNamed(ctx, textsOf(ids))
	if err != nil {
		return nil, err
	}
	for _, a := range rest {
		f.Customers[a.ID] = customerOf(a)
	}
	return bank.Candidates(l, f, bills, tolerance), nil
}

func textsOf[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// ClaimFilter says which claims are wanted; an empty field means all.
type ClaimFilter struct {
	State      bank.ClaimState
	Account    account.ID
	Remittance bank.RemittanceID
}

// Claims lists claims, newest first.
func (o *Office) Claims(ctx context.Context, by access.Caller, f ClaimFilter, p Page) (list []bank.Claim, next string, err error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Claims(ctx, store.ClaimFilter{State: f.State, Account: f.Account, Remittance: f.Remittance, Before: bank.ClaimID(p.After)}, p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(c bank.Claim) string { return string(c.ID) })
	return list, next, err
}

// Claim fetches a claim.
func (o *Office) Claim(ctx context.Context, by access.Caller, id bank.ClaimID) (c bank.Claim, err error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return c, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		c, err = tx.Claim(ctx, id)
		return err
	})
	return c, err
}

// Received is what a customer sees of a transfer that is theirs, or that somebody
// says is (S-16).
type Received struct {
	Claim      bank.ClaimID
	Remittance bank.RemittanceID
	Amount     money.Amount // with what a bank took on the way and we bear
	State      bank.ClaimState
	ReceivedOn string // the bank's value date
	ClaimedAt  time.Time
	CreditedAt time.Time // zero: it is not
}

// Receipts lists what customers transferred, newest first, as they may see it: nothing
// of who claimed it, and nothing that was refused.
func (o *Office) Receipts(ctx context.Context, by access.Caller, id account.ID, p Page) (list []Received, next string, err error) {
	if err := mayTouch(by, access.FundsRead, id); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		claims, err := tx.Claims(ctx, store.ClaimFilter{Account: id, Before: bank.ClaimID(p.After)}, p.Limit+1)
		if err != nil {
			return err
		}
		claims, next = cut(claims, p, func(c bank.Claim) string { return string(c.ID) })
		list = nil
		for _, c := range claims {
			if c.State == bank.ClaimRefused || c.State == bank.ClaimWithdrawn {
				continue
			}
			r, err := tx.Remittance(ctx, c.Remittance)
			if err != nil {
				return err
			}
			one := Received{Claim: c.ID, Remittance: r.ID, Amount: c.Credited(), State: c.State, ReceivedOn: r.ReceivedOn, ClaimedAt: c.ClaimedAt, CreditedAt: c.DecidedAt}
			if c.Automatic {
				one.CreditedAt = c.ClaimedAt
			}
			list = append(list, one)
		}
		return nil
	})
	return list, next, err
}
