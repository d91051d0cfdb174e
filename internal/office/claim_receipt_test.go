package office_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
)

// oneReceipt has one transfer come to the shared account.
func oneReceipt(t testing.TB, d *officetest.Desk, cents int64, change ...func(*bankEntry)) bank.Remittance {
	t.Helper()
	e := bankEntry{day: 9, cents: cents, reference: "R1", payer: "Alpha Werke", endToEnd: "E1"}
	for _, f := range change {
		f(&e)
	}
	take(t, d, camt("M1", sheetOf("S1", 0, e)))
	list := receiptsOf(t, d)
	return list[len(list)-1]
}

func eurosOf(t testing.TB, d *officetest.Desk, a account.Account) int64 {
	t.Helper()
	funds, err := d.Funds(context.Background(), access.CommandLine, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return funds.Balance.Minor
}

func TestAReceiptOnTheSharedAccountIsClaimedByOneAndApprovedByAnother(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		d.OpenBank()
		a := euroCustomer(d, "Alpha Werke GmbH")
		r := oneReceipt(t, d, 9_000)
		if r.Reason != bank.ReasonUnknownPayer || r.State != bank.Unclaimed || r.IsLate(d.Clock.Now()) || !r.DueAt.Before(r.LateAt) {
			t.Fatalf("got %+v, want it unclaimed", r)
		}
		story, err := d.Remittance(ctx, clerk, r.ID)
		if err != nil || len(story.Candidates) != 1 || story.Candidates[0].Account != a.ID || story.Candidates[0].Evidence[0].Kind != bank.EvidenceSameName {
			t.Fatalf("candidates: got %+v, %v, want the one of that name", story.Candidates, err)
		}
		c, err := d.ClaimRemittance(ctx, clerk, r.ID, office.Claiming{Account: a.ID, Note: "the customer sent the slip", Proof: "ticket 12"})
		if err != nil || c.State != bank.ClaimProposed || c.Amount.Minor != 9_000 {
			t.Fatalf("got %+v, %v, want it proposed", c, err)
		}
		if got := eurosOf(t, d, a); got != 0 {
			t.Errorf("balance before the approval: got %d, want nothing", got)
		}
		own := access.Caller{Name: clerk.Name, Scopes: approver.Scopes}
		if _, err := d.ApproveClaim(ctx, own, c.ID, ""); !errors.Is(err, bank.ErrOwnClaim) {
			t.Errorf("own approval: got %v", err)
		}
		if _, err := d.ApproveClaim(ctx, clerk, c.ID, ""); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("without the right: got %v", err)
		}
		if _, err := d.ClaimRemittance(ctx, clerk, r.ID, office.Claiming{Account: a.ID, Note: "again"}); !errors.Is(err, bank.ErrClaimAmount) && !errors.Is(err, bank.ErrNothingLeft) {
			t.Errorf("claimed twice: got %v", err)
		}
		if c, err = d.ApproveClaim(ctx, approver, c.ID, "seen"); err != nil || c.State != bank.ClaimCredited {
			t.Fatalf("got %+v, %v, want it credited", c, err)
		}
		if _, err := d.ApproveClaim(ctx, approver, c.ID, "seen"); !errors.Is(err, bank.ErrClaimDecided) {
			t.Errorf("approved twice: got %v", err)
		}
		if got, suspense := eurosOf(t, d, a), booksHold(t, d, ledger.BankSuspense); got != 9_000 || suspense != 0 {
			t.Errorf("got a balance of %d and %d in suspense, want 9000 and nothing", got, suspense)
		}
		story, err = d.Remittance(ctx, clerk, r.ID)
		if err != nil || story.State != bank.Credited || len(story.Claims) != 1 || len(story.History) != 2 {
			t.Errorf("got %+v, %v, want it credited, with its history", story, err)
		}
		d.Prove()

		if _, err := d.ReverseClaim(ctx, own, c.ID, "wrong customer"); !errors.Is(err, bank.ErrOwnClaim) {
			t.Errorf("own reversal: got %v", err)
		}
		if c, err = d.ReverseClaim(ctx, approver, c.ID, "wrong customer"); err != nil || c.State != bank.ClaimReversed {
			t.Fatalf("got %+v, %v, want it reversed", c, err)
		}
		if got, suspense := eurosOf(t, d, a), booksHold(t, d, ledger.BankSuspense); got != 0 || suspense != -9_000 {
			t.Errorf("got a balance of %d and %d in suspense, want nothing and -9000", got, suspense)
		}
		d.Prove()
	})
}

func TestReceiptsAreSplitOverAccountsAndNeverExceeded(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		d.OpenBank()
		r := oneReceipt(t, d, 1_000)
		accounts := []account.Account{euroCustomer(d, "A"), euroCustomer(d, "B"), euroCustomer(d, "C"), euroCustomer(d, "D")}
		var wait sync.WaitGroup
		claims, errs := make([]bank.Claim, len(accounts)), make([]error, len(accounts))
		for i, a := range accounts { // of four clerks at once two can have 500 each
			wait.Go(func() {
				by := access.Caller{Name: "mbr_" + a.Name, Scopes: clerk.Scopes}
				claims[i], errs[i] = d.ClaimRemittance(ctx, by, r.ID, office.Claiming{Account: a.ID, Amount: money.Amount{Minor: 500, Currency: "EUR"}, Note: "theirs"})
			})
		}
		wait.Wait()
		made := 0
		for i, err := range errs {
			switch {
			case err == nil:
				made++
				if _, err := d.ApproveClaim(ctx, approver, claims[i].ID, ""); err != nil {
					t.Error(err)
				}
			case !errors.Is(err, bank.ErrNothingLeft):
				t.Errorf("got %v, want nothing left", err)
			}
		}
		if made != 2 {
			t.Errorf("got %d claims, want 2", made)
		}
		if list := receiptsOf(t, d); list[0].State != bank.Credited || list[0].Credited.Minor != 1_000 {
			t.Errorf("got %+v, want all of it credited", list[0])
		}
		d.Prove()
	})
}

func TestClaimsAreRefusedAndWithdrawn(t *testing.T) {
	d := officetest.New(t)
	ctx := context.Background()
	d.OpenBank()
	a := euroCustomer(d, "Alpha")
	dollars := d.Customer()
	r := oneReceipt(t, d, 1_000)
	if _, err := d.ClaimRemittance(ctx, clerk, r.ID, office.Claiming{Account: dollars.ID, Note: "x"}); !errors.Is(err, bank.ErrClaimCurrency) {
		t.Errorf("another currency: got %v", err)
	}
	if _, err := d.ClaimRemittance(ctx, clerk, r.ID, office.Claiming{Account: a.ID}); !errors.Is(err, bank.ErrNoteNeeded) {
		t.Errorf("without a note: got %v", err)
	}
	claim := func() bank.Claim {
		t.Helper()
		c, err := d.ClaimRemittance(ctx, clerk, r.ID, office.Claiming{Account: a.ID, Note: "the slip says so"})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := claim()
	if _, err := d.ReturnRemittance(ctx, clerk, r.ID, "nobody knows them"); !errors.Is(err, bank.ErrClaimsWaiting) {
		t.Errorf("returned under a claim: got %v", err)
	}
	if c, err := d.RefuseClaim(ctx, approver, c.ID, "the slip is of another bank"); err != nil || c.State != bank.ClaimRefused {
		t.Errorf("got %+v, %v, want it refused", c, err)
	}
	c = claim()
	if _, err := d.WithdrawClaim(ctx, approver, c.ID); !errors.Is(err, bank.ErrNotYourClaim) {
		t.Errorf("withdrawn by another: got %v", err)
	}
	if c, err := d.WithdrawClaim(ctx, clerk, c.ID); err != nil || c.State != bank.ClaimWithdrawn {
		t.Errorf("got %+v, %v, want it withdrawn", c, err)
	}
	seen, _, err := d.Receipts(ctx, access.CommandLine, a.ID, office.Page{Limit: 10})
	if err != nil || len(seen) != 0 {
		t.Errorf("the customer sees %+v, %v, want nothing of it", seen, err)
	}
	d.Prove()
}

func TestAReceiptIsSentBack(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		d.OpenBank()
		a := euroCustomer(d, "Alpha")
		r := oneReceipt(t, d, 1_000)
		if _, err := d.ReturnRemittance(ctx, clerk, r.ID, "nobody knows them"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.ClaimRemittance(ctx, clerk, r.ID, office.Claiming{Account: a.ID, Note: "late"}); !errors.Is(err, bank.ErrReturning) {
			t.Errorf("claimed while it goes back: got %v", err)
		}
		if got, err := d.KeepRemittance(ctx, clerk, r.ID, "somebody wrote"); err != nil || got.State != bank.Unclaimed {
			t.Errorf("got %+v, %v, want it kept", got, err)
		}
		if _, err := d.ReturnRemittance(ctx, clerk, r.ID, "nobody after all"); err != nil {
			t.Fatal(err)
		}
		take(t, d, camt("M2", sheetOf("S2", 1_000, bankEntry{day: 10, cents: -1_000, reference: "R2", payer: "Alpha Werke", endToEnd: "E1"})))
		out := linesOf(t, d)[1]
		story, err := d.BankLine(ctx, clerk, out.ID)
		if err != nil || len(story.Origins) != 1 || story.Origins[0].Remittance != r.ID {
			t.Fatalf("got %+v, %v, want the receipt proposed", story.Origins, err)
		}
		if l, err := d.ExplainLine(ctx, approver, out.ID, office.Explaining{Kind: bank.ExplainReturn, Subject: string(r.ID), Note: "sent back"}); err != nil || l.State != bank.LineExplained {
			t.Fatalf("got %+v, %v, want it explained", l, err)
		}
		if got := receiptsOf(t, d)[0]; got.State != bank.Ended || got.Explained.Minor != 1_000 {
			t.Errorf("got %+v, want it ended", got)
		}
		if _, err := d.ExplainLine(ctx, approver, out.ID, office.Explaining{Kind: bank.ExplainFee, Note: "twice"}); !errors.Is(err, bank.ErrLineNotOpen) {
			t.Errorf("explained twice: got %v", err)
		}
		if cash, suspense := booksHold(t, d, ledger.BankCash), booksHold(t, d, ledger.BankSuspense); cash != 0 || suspense != 0 {
			t.Errorf("got %d in the bank and %d in suspense, want nothing", cash, suspense)
		}
		d.Prove()
	})
}

func TestTheBankTakesACreditedReceiptBack(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		d.OpenBank()
		a := euroCustomer(d, "Alpha")
		r := oneReceipt(t, d, 1_000, func(e *bankEntry) { e.to = ownNumber(t, d, a) })
		if r.State != bank.Credited {
			t.Fatalf("got %+v, want it credited", r)
		}
		take(t, d, camt("M2", sheetOf("S2", 1_000, bankEntry{day: 10, cents: -1_000, reference: "R2", endToEnd: "E1", reversal: true})))
		out := linesOf(t, d)[1]
		if got := eurosOf(t, d, a); got != 1_000 {
			t.Errorf("balance before anybody looked: got %d, want 1000", got)
		}
		if _, err := d.ExplainLine(ctx, approver, out.ID, office.Explaining{Kind: bank.ExplainReversal, Subject: string(r.ID), Note: "the payer's bank recalled it"}); err != nil {
			t.Fatal(err)
		}
		if got := eurosOf(t, d, a); got != 0 {
			t.Errorf("balance: got %d, want nothing", got)
		}
		if claims, _, err := d.Claims(ctx, clerk, office.ClaimFilter{Account: a.ID}, office.Page{Limit: 10}); err != nil || claims[0].State != bank.ClaimReversed {
			t.Errorf("got %+v, %v, want the claim reversed", claims, err)
		}
		if got := receiptsOf(t, d)[0]; got.State != bank.Ended {
			t.Errorf("got %+v, want it ended", got)
		}
		d.Prove()
	})
}

func TestMovementsThatAreNoCustomersAreExplained(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		d.OpenBank()
		take(t, d, camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 5_000, reference: "A"}, bankEntry{day: 9, cents: -250, reference: "B"}, bankEntry{day: 9, cents: -1_000, reference: "C"})))
		kinds := []bank.ExplanationKind{bank.ExplainTransfer, bank.ExplainFee, bank.ExplainTransfer}
		for i, l := range linesOf(t, d) {
			if _, err := d.ExplainLine(ctx, clerk, l.ID, office.Explaining{Kind: kinds[i], Note: "x"}); !errors.Is(err, access.ErrForbidden) {
				t.Errorf("without the right: got %v", err)
			}
			if _, err := d.ExplainLine(ctx, approver, l.ID, office.Explaining{Kind: kinds[i], Note: "it says so"}); err != nil {
				t.Errorf("line %d: %v", i+1, err)
			}
		}
		if fees, owner, suspense := booksHold(t, d, ledger.BankFees), booksHold(t, d, ledger.OwnerFunds), booksHold(t, d, ledger.BankSuspense); fees != 250 || owner != -4_000 || suspense != 0 {
			t.Errorf("got %d fees, %d of the owner and %d in suspense, want 250, -4000 and nothing", fees, owner, suspense)
		}
		if open, _, err := d.BankLines(ctx, clerk, office.LineFilter{State: bank.LineUnexplained}, office.Page{Limit: 10}); err != nil || len(open) != 0 {
			t.Errorf("got %+v, %v, want nothing unexplained", open, err)
		}
		d.Prove()
	})
}

func TestExceptionsHaveAnOwnerAndAnAge(t *testing.T) {
	d := officetest.New(t)
	ctx := context.Background()
	d.OpenBank()
	customer := euroCustomer(d, "Alpha")
	for i, change := range []func(*bankEntry){
		func(e *bankEntry) { e.text = "RF18539007547034" },
		func(e *bankEntry) { e.to = ownNumber(t, d, customer) },
	} {
		e := bankEntry{day: 9, cents: 1_000, reference: "R" + string(rune('1'+i))}
		change(&e)
		take(t, d, camt("M"+e.reference, sheetOf("S"+e.reference, 0, e)))
	}
	waiting := func(f office.RemittanceFilter) []bank.Remittance {
		t.Helper()
		list, _, err := d.Remittances(ctx, clerk, f, office.Page{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	exceptions := waiting(office.RemittanceFilter{Exceptions: true})
	if len(exceptions) != 1 || exceptions[0].Reason != bank.ReasonUnknownPayer {
		t.Fatalf("got %+v, want one of an unknown payer", exceptions)
	}
	if r, err := d.AssignRemittance(ctx, clerk, exceptions[0].ID, "carol"); err != nil || r.Owner != "carol" {
		t.Errorf("got %+v, %v, want it carol's", r, err)
	}
	if got := waiting(office.RemittanceFilter{Owner: "carol"}); len(got) != 1 {
		t.Errorf("of carol: got %d, want 1", len(got))
	}
	if got := waiting(office.RemittanceFilter{Late: true}); len(got) != 0 {
		t.Errorf("late at once: got %d, want none", len(got))
	}
	d.Pass(7 * 24 * time.Hour)
	if got := waiting(office.RemittanceFilter{Late: true}); len(got) != 1 || !got[0].IsLate(d.Clock.Now()) {
		t.Errorf("late after a week: got %d, want 1", len(got))
	}
	if reasons := waiting(office.RemittanceFilter{State: bank.Credited}); len(reasons) != 1 || slices.Contains(bank.Reasons, bank.ReasonNone) {
		t.Errorf("credited: got %d, want 1", len(reasons))
	}
}
