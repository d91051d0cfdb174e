package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

var bankNoon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func euro(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

// keepReceipt writes a customer, and a receipt of 100 with its line, statement and file.
func keepReceipt(t *testing.T, s *store.Store) (bank.Line, bank.Remittance) {
	t.Helper()
	ctx := context.Background()
	l := bank.Line{
		ID: "bln_1", Statement: "bst_1", Number: "DE1", Receiving: "rac_1", Format: "camt.053", Entry: 1, Part: 1, Parts: 1, Print: "p1", Occurrence: 1, Core: "c1", Loose: "l1",
		State: bank.LineRemitted, Incoming: true, Amount: euro(100), BookedOn: "2026-03-09", ValueOn: "2026-03-09", Reference: "R1", Payer: "Payer", PayerFrom: "DE2", At: bankNoon,
	}
	r := bank.Receipt("rem_1", l, bank.ReasonShared, bankNoon, bank.Clock{DueAt: bankNoon, LateAt: bankNoon})
	err := s.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.AddAccount(ctx, account.Account{
			ID: "acct_1", Reference: "one", Kind: account.Enterprise, Name: "100% Werke_GmbH", Country: "DE", RegisteredAt: bankNoon, Currency: "EUR", Zone: "UTC", Email: "a@example.com",
			Language: "en", State: account.Active, CreatedAt: bankNoon,
		}); err != nil {
			return err
		}
		if _, err := tx.AddStatementFile(ctx, store.StatementFile{ID: "stf_1", SHA256: "s", Name: "n", Format: "camt.053", ImportedBy: "x", ImportedAt: bankNoon}); err != nil {
			return err
		}
		if _, err := tx.AddStatement(ctx, bank.Statement{
			ID: "bst_1", File: "stf_1", Place: 1, Number: "DE1", Receiving: "rac_1", Format: "camt.053", Currency: "EUR", First: "2026-03-09", Last: "2026-03-10", Proof: "balanced",
			State: bank.StatementTaken, ImportedBy: "x", ImportedAt: bankNoon,
		}); err != nil {
			return err
		}
		if err := tx.AddLines(ctx, []bank.Line{l}); err != nil {
			return err
		}
		return tx.AddRemittances(ctx, []bank.Remittance{r})
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, r
}

func TestBankRowsAreReadAsTheyWereWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		l, r := keepReceipt(t, s)
		c := bank.Claim{ID: "clm_1", Remittance: r.ID, Account: "acct_1", Amount: euro(40), Fee: euro(2), State: bank.ClaimProposed, Note: "n", Proof: "p", ClaimedBy: "alice", ClaimedAt: bankNoon}
		if err := s.Update(ctx, func(tx *store.Tx) error { return tx.AddClaims(ctx, []bank.Claim{c}) }); err != nil {
			t.Fatal(err)
		}
		if err := s.View(ctx, func(tx *store.Tx) error {
			if got, err := tx.BankLine(ctx, l.ID); err != nil || got != l {
				t.Errorf("line: got %+v, %v, want %+v", got, err, l)
			}
			if got, err := tx.RemittanceOfLine(ctx, l.ID); err != nil || got != r {
				t.Errorf("receipt: got %+v, %v, want %+v", got, err, r)
			}
			if got, err := tx.Claim(ctx, c.ID); err != nil || got != c {
				t.Errorf("claim: got %+v, %v, want %+v", got, err, c)
			}
			for _, f := range []struct {
				name   string
				filter store.RemittanceFilter
				want   int
			}{
				{"all", store.RemittanceFilter{}, 1}, {"of the account", store.RemittanceFilter{Account: "acct_1"}, 1}, {"of another", store.RemittanceFilter{Account: "acct_2"}, 0},
				{"exceptions", store.RemittanceFilter{Exceptions: true}, 0}, {"late", store.RemittanceFilter{LateAt: bankNoon}, 1}, {"late before", store.RemittanceFilter{LateAt: bankNoon.Add(-1000)}, 0},
				{"of the reason", store.RemittanceFilter{Reason: bank.ReasonShared, State: bank.Unclaimed}, 1}, {"before it", store.RemittanceFilter{Before: r.ID}, 0},
			} {
				if got, err := tx.Remittances(ctx, f.filter, 10); err != nil || len(got) != f.want {
					t.Errorf("%s: got %d, %v, want %d", f.name, len(got), err, f.want)
				}
			}
			if got, err := tx.Movements(ctx, []string{"p1", "p2"}); err != nil || len(got) != 1 || got["p1"] != 1 {
				t.Errorf("movements: got %v, %v", got, err)
			}
			if got, err := tx.LinesWithReferences(ctx, "DE1", []string{"R1"}); err != nil || len(got) != 1 {
				t.Errorf("by reference: got %v, %v", got, err)
			}
			for format, want := range map[string]int{l.Format: 0, "a" + l.Format: 1, "z" + l.Format: 1} {
				if got, err := tx.LinesToldOtherwise(ctx, format, []string{"c1", "c2", "c1"}); err != nil || len(got) != want {
					t.Errorf("of that day and amount in another format than %s: got %v, %v, want %d", format, got, err, want)
				}
			}
			for _, w := range []struct {
				word string
				want int
			}{{"werke", 1}, {"100%", 1}, {"100_", 0}, {"%", 1}, {"other", 0}} {
				if got, err := tx.AccountsLike(ctx, w.word, 10); err != nil || len(got) != w.want {
					t.Errorf("named like %q: got %d, %v, want %d", w.word, len(got), err, w.want)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestTheDatabaseHoldsFourEyesAndSums writes past every rule, as a mistake would.
func TestTheDatabaseHoldsFourEyesAndSums(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		l, r := keepReceipt(t, s)
		c := bank.Claim{ID: "clm_1", Remittance: r.ID, Account: "acct_1", Amount: euro(40), Fee: euro(0), State: bank.ClaimProposed, Note: "n", ClaimedBy: "alice", ClaimedAt: bankNoon}
		if err := s.Update(ctx, func(tx *store.Tx) error { return tx.AddClaims(ctx, []bank.Claim{c}) }); err != nil {
			t.Fatal(err)
		}
		credited := c
		credited.State = bank.ClaimCredited
		for _, bad := range []struct {
			name string
			do   func(tx *store.Tx) error
		}{
			{"more is claimed than there is", func(tx *store.Tx) error {
				m := r
				m.Claimed = euro(101)
				return tx.SaveRemittance(ctx, m)
			}},
			{"claimed and explained are more than there is", func(tx *store.Tx) error {
				m := r
				m.Claimed, m.Explained = euro(60), euro(41)
				return tx.SaveRemittance(ctx, m)
			}},
			{"credited without a claim", func(tx *store.Tx) error {
				m := r
				m.Credited = euro(1)
				return tx.SaveRemittance(ctx, m)
			}},
			{"ended with something left", func(tx *store.Tx) error {
				m := r
				m.State, m.Explained = bank.Ended, euro(99)
				return tx.SaveRemittance(ctx, m)
			}},
			{"credited by who claimed", func(tx *store.Tx) error {
				d := credited
				d.DecidedBy, d.DecidedAt = "alice", bankNoon
				return tx.SaveClaim(ctx, d)
			}},
			{"credited by nobody", func(tx *store.Tx) error { return tx.SaveClaim(ctx, credited) }},
			{"reversed by who claimed", func(tx *store.Tx) error {
				d := credited
				d.State, d.DecidedBy, d.ReversedBy = bank.ClaimReversed, "bob", "alice"
				return tx.SaveClaim(ctx, d)
			}},
			{"one movement twice", func(tx *store.Tx) error {
				twice := l
				twice.ID = "bln_2"
				return tx.AddLines(ctx, []bank.Line{twice})
			}},
			{"two receipts of one line", func(tx *store.Tx) error {
				m := r
				m.ID = "rem_2"
				return tx.AddRemittances(ctx, []bank.Remittance{m})
			}},
			{"a statement agreed to by who imported it", func(tx *store.Tx) error {
				st, err := tx.LockStatement(ctx, "bst_1")
				if err != nil {
					return err
				}
				st.AgreedBy, st.AgreedAt = "x", bankNoon
				return tx.SaveStatement(ctx, st)
			}},
		} {
			if err := s.Update(ctx, bad.do); err == nil || strings.Contains(err.Error(), "gave up") {
				t.Errorf("%s: got %v, want it refused", bad.name, err)
			}
		}
	})
}
