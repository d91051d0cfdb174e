package bank_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func TestEveryStateOfTheBankCanBeReached(t *testing.T) {
	for name, err := range map[string]error{
		"statement": bank.StatementTable.Check(bank.StatementAside), "receipt": bank.RemittanceTable.Check(bank.Unclaimed), "claim": bank.ClaimTable.Check(bank.ClaimProposed),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMayClaim(t *testing.T) {
	r := bank.Receipt("rem_1", receipt(), bank.ReasonShared, noon, bank.Clock{})
	r.Claimed = euros(100_000)
	customer := bank.Customer{ID: "acct_a", Currency: "EUR"}
	state := func(s bank.RemittanceState) bank.Remittance { r := r; r.State = s; return r }
	for _, c := range []struct {
		name     string
		receipt  bank.Remittance
		customer bank.Customer
		amount   money.Amount
		want     error
	}{
		{"all that is free", r, customer, euros(50_000), nil},
		{"a cent more", r, customer, euros(50_001), bank.ErrNothingLeft},
		{"nothing", r, customer, euros(0), bank.ErrClaimAmount},
		{"less than nothing", r, customer, euros(-1), bank.ErrClaimAmount},
		{"another currency", r, customer, money.Amount{Minor: 1, Currency: "USD"}, bank.ErrClaimAmount},
		{"a customer of another currency", r, bank.Customer{ID: "acct_b", Currency: "USD"}, euros(1), bank.ErrClaimCurrency},
		{"closed", r, bank.Customer{ID: "acct_b", Currency: "EUR", Closed: true}, euros(1), bank.ErrClaimClosed},
		{"credited", state(bank.Credited), customer, euros(1), bank.ErrRemittanceOver},
		{"returning", state(bank.Returning), customer, euros(1), bank.ErrReturning},
		{"ended", state(bank.Ended), customer, euros(1), bank.ErrRemittanceOver},
	} {
		if got := c.receipt.MayClaim(c.customer, c.amount); !errors.Is(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestMayBear(t *testing.T) {
	open := []money.Amount{euros(80_000), euros(100_000)}
	for _, c := range []struct {
		name                   string
		amount, fee, tolerance money.Amount
		want                   error
	}{
		{"no fee", euros(1), euros(0), euros(0), nil},
		{"a bill is short by it", euros(98_500), euros(1_500), euros(2_000), nil},
		{"above the tolerance", euros(98_500), euros(1_500), euros(1_499), bank.ErrFee},
		{"no bill is of so much", euros(98_400), euros(1_500), euros(2_000), bank.ErrFee},
		{"another currency", euros(98_500), money.Amount{Minor: 1_500, Currency: "USD"}, euros(2_000), bank.ErrFee},
	} {
		if got := bank.MayBear(c.amount, c.fee, c.tolerance, open); !errors.Is(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestFourEyes(t *testing.T) {
	proposed := bank.Claim{ID: "clm_1", Account: account.ID("acct_a"), Amount: euros(1), State: bank.ClaimProposed, ClaimedBy: "alice"}
	if _, err := proposed.Decide(bank.ApproveClaim, "alice", "", noon); !errors.Is(err, bank.ErrOwnClaim) {
		t.Errorf("own approval: got %v", err)
	}
	if _, err := proposed.Decide(bank.RefuseClaim, "alice", "", noon); !errors.Is(err, bank.ErrOwnClaim) {
		t.Errorf("own refusal: got %v", err)
	}
	if _, err := proposed.Withdraw("bob", noon); !errors.Is(err, bank.ErrNotYourClaim) {
		t.Errorf("another's withdrawal: got %v", err)
	}
	if _, err := proposed.Reverse("bob", "", noon); !errors.Is(err, bank.ErrClaimNotCredited) {
		t.Errorf("reversal of a proposal: got %v", err)
	}
	credited, err := proposed.Decide(bank.ApproveClaim, "bob", "seen", noon)
	if err != nil || credited.State != bank.ClaimCredited || credited.DecidedBy != "bob" {
		t.Fatalf("got %+v, %v, want it credited by bob", credited, err)
	}
	if _, err := credited.Decide(bank.ApproveClaim, "carol", "", noon); !errors.Is(err, bank.ErrClaimDecided) {
		t.Errorf("twice: got %v", err)
	}
	if _, err := credited.Reverse("alice", "", noon); !errors.Is(err, bank.ErrOwnClaim) {
		t.Errorf("own reversal: got %v", err)
	}
	if reversed, err := credited.Reverse("bob", "wrong", noon); err != nil || reversed.State != bank.ClaimReversed {
		t.Errorf("got %+v, %v, want it reversed", reversed, err)
	}
}

func TestSettle(t *testing.T) {
	at := func(s bank.RemittanceState, credited, explained int64) bank.Remittance {
		return bank.Remittance{Amount: euros(100), Claimed: euros(credited), Credited: euros(credited), Explained: euros(explained), State: s}
	}
	for _, c := range []struct {
		name string
		from bank.Remittance
		want bank.RemittanceState
	}{
		{"a part is credited", at(bank.Unclaimed, 40, 0), bank.Unclaimed},
		{"all is credited", at(bank.Unclaimed, 100, 0), bank.Credited},
		{"the rest is explained", at(bank.Unclaimed, 40, 60), bank.Ended},
		{"the rest is returned", at(bank.Returning, 40, 60), bank.Ended},
		{"a claim is reversed", at(bank.Credited, 0, 0), bank.Unclaimed},
		{"a claim is reversed after the rest was explained", at(bank.Ended, 0, 60), bank.Unclaimed},
		{"and credited again", at(bank.Unclaimed, 40, 60), bank.Ended},
		{"a claim is reversed while the rest is on its way back", at(bank.Returning, 0, 0), bank.Returning},
	} {
		got, err := c.from.Settle(noon)
		if err != nil || got.State != c.want || got.EndedAt.IsZero() == !got.IsOpen() {
			t.Errorf("%s: got %s, ended %v, %v, want %s", c.name, got.State, got.EndedAt, err, c.want)
		}
	}
}
