package store_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// bank adds what moved on a bank account of ours. Its ids begin at 401, whatever went
// before.
//
//	bln_401 brings 100.00 EUR: rem_401, of which clm_401 credited 60.00 to acct_401 and clm_402 claims 10.00
//	bln_402 takes 5.00 EUR away, a fee by exp_401
func (b *books) bank() {
	b.t.Helper()
	for _, prefix := range []string{"acct", "line", "ent"} {
		b.ids[prefix] = 400
	}
	a := b.open("EUR")
	day := b.now.Format("2006-01-02")
	in := bank.Line{
		ID: "bln_401", Statement: "bst_401", Number: "DE1", Receiving: "rac_401", Format: "camt.053", Entry: 1, Part: 1, Parts: 1, Print: "p1", Occurrence: 1, Core: "c1", Loose: "l1",
		State: bank.LineRemitted, Incoming: true, Amount: euro(10000), BookedOn: day, ValueOn: day, At: b.now,
	}
	out := in
	out.ID, out.Entry, out.Print, out.Core, out.Loose = "bln_402", 2, "p2", "c2", "l2"
	out.State, out.Incoming, out.Amount = bank.LineExplained, false, euro(500)
	r := bank.Receipt("rem_401", in, bank.ReasonShared, b.now, bank.Clock{DueAt: b.now, LateAt: b.now})
	r.Claimed, r.Credited = euro(7000), euro(6000)
	credited := bank.Claim{
		ID: "clm_401", Remittance: r.ID, Account: a.ID, Amount: euro(6000), Fee: euro(100), State: bank.ClaimCredited, Note: "n", ClaimedBy: "ann", ClaimedAt: b.now, DecidedBy: "bob", DecidedAt: b.now,
	}
	claimed := bank.Claim{ID: "clm_402", Remittance: r.ID, Account: a.ID, Amount: euro(1000), Fee: euro(0), State: bank.ClaimProposed, Note: "n", ClaimedBy: "ann", ClaimedAt: b.now}
	fee := bank.Explanation{ID: "exp_401", Line: out.ID, Kind: bank.ExplainFee, Amount: euro(500), Note: "n", By: "ann", At: b.now}
	b.update(func(tx *store.Tx) error {
		if _, err := tx.AddStatementFile(b.ctx, store.StatementFile{ID: "stf_401", SHA256: "s", Name: "n", Format: "camt.053", ImportedBy: "x", ImportedAt: b.now}); err != nil {
			return err
		}
		if _, err := tx.AddStatement(b.ctx, bank.Statement{
			ID: "bst_401", File: "stf_401", Place: 1, Number: "DE1", Receiving: "rac_401", Format: "camt.053", Currency: "EUR", First: day, Last: day, Proof: "balanced",
			State: bank.StatementTaken, ImportedBy: "x", ImportedAt: b.now,
		}); err != nil {
			return err
		}
		if err := tx.AddLines(b.ctx, []bank.Line{in, out}); err != nil {
			return err
		}
		if err := tx.AddRemittances(b.ctx, []bank.Remittance{r}); err != nil {
			return err
		}
		proposed := credited
		proposed.State, proposed.DecidedBy = bank.ClaimProposed, ""
		if err := tx.AddClaims(b.ctx, []bank.Claim{proposed, claimed}); err != nil {
			return err
		}
		if err := tx.SaveClaim(b.ctx, credited); err != nil {
			return err
		}
		if err := tx.AddExplanation(b.ctx, fee); err != nil {
			return err
		}
		for _, made := range []func() (ledger.Entry, error){
			func() (ledger.Entry, error) { return ledger.BookedLine("bln_401", euro(10000)) },
			func() (ledger.Entry, error) { return ledger.BookedLine("bln_402", euro(-500)) },
			func() (ledger.Entry, error) { return ledger.CreditedReceipt("clm_401", a.ID, euro(6000), euro(100)) },
			func() (ledger.Entry, error) { return ledger.ExplainedLine("exp_401", ledger.BankFees, "", euro(-500)) },
		} {
			e, err := made()
			if err != nil {
				return err
			}
			e.ID, e.BookedAt = b.id("ent"), b.now
			if err := tx.Book(b.ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

var bankForgeries = []forgery{
	{"a movement of another amount", "bank_lines remittances", `UPDATE bank_lines SET amount = amount + 1 WHERE id = 'bln_401'; UPDATE remittances SET amount = amount + 1 WHERE id = 'rem_401'`,
		"bank_cash", "bank line bln_401", "moved 100.01 EUR, and the ledger has 100.00 EUR for it", "bank_suspense"},
	{"a movement lost", "bank_lines remittances claims", `DELETE FROM bank_lines WHERE id = 'bln_401'`,
		"bank_cash", "bank line bln_401", "moved 0.00 EUR, and the ledger has 100.00 EUR for it", "bank_suspense receipts"},
	{"a movement counted twice", "bank_lines", `UPDATE bank_lines SET print = 'p1' WHERE id = 'bln_402'`,
		"bank_cash", "bank line bln_402", "is one of 2 that are the same movement", ""},
	{"a movement of somebody else's account", "bank_lines", `UPDATE bank_lines SET receiving_id = '' WHERE id = 'bln_402'`,
		"bank_cash", "bank line bln_402", "on none of our accounts", ""},
	{"an explanation lost", "line_explanations", `DELETE FROM line_explanations WHERE id = 'exp_401'`,
		"bank_suspense", "bank line bln_402", "took 5.00 EUR away that is said to be explained, and its explanations are of 0.00 EUR", ""},
	{"a receipt that notes more credit than it has", "remittances", `UPDATE remittances SET credited = 7000 WHERE id = 'rem_401'`,
		"receipts", "receipt rem_401", "notes 70.00 EUR as credited and has 60.00 EUR", ""},
	{"a receipt lost", "remittances claims", `DELETE FROM remittances WHERE id = 'rem_401'`,
		"receipts", "bank line bln_401", "no receipt tells what became of it", ""},
	{"a claim credited without a booking", "claims remittances", `UPDATE claims SET state = 'credited', decided_by = 'bob' WHERE id = 'clm_402'; UPDATE remittances SET credited = 7000 WHERE id = 'rem_401'`,
		"claims", "claim clm_402", "is credited", "bank_suspense"},
	{"a claim that its claimant decided on", "claims", `UPDATE claims SET decided_by = 'ann' WHERE id = 'clm_401'`,
		"claims", "claim clm_401", "claimed by ann, decided by ann", ""},
	{"a claim booked for another customer", "entries", `UPDATE entries SET account_id = 'acct_999' WHERE kind = 'receipt_credited'`,
		"claims", "claim clm_401", "books it for another customer", "entries_balance"},
}

func TestVerifyFindsForgeriesAtTheBank(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			address := built(t, engine, (*books).bank)
			for _, f := range bankForgeries {
				t.Run(f.name, func(t *testing.T) { f.test(t, engine, address) })
			}
		})
	}
}
