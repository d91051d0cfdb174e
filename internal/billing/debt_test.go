package billing_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
)

func TestDebtTable(t *testing.T) {
	if err := billing.DebtTable.Check(billing.Open); err != nil {
		t.Errorf("the table is not sound: %v", err)
	}
	for _, s := range billing.DebtTable.States() {
		if got, want := billing.DebtTable.IsFinal(s), s != billing.Open && s != billing.Paid; got != want {
			t.Errorf("%s is final: got %t, want %t", s, got, want)
		}
	}
}

func TestDebtOpenAmount(t *testing.T) {
	d := billing.Debt{Amount: amount(1190, "USD"), Paid: amount(190, "USD")}
	if got, want := d.OpenAmount(), amount(1000, "USD"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDebtKey(t *testing.T) { // R-IDEM-02
	d := billing.Debt{ID: "debt_1", Account: "acct_1", Kind: billing.ThresholdDebt, Month: "2024-09", Number: 3}
	const want = "here/acct_1/threshold/2024-09/3/2"
	if got := d.Key("here", 2); got != want {
		t.Errorf("got %s, want %s", got, want)
	}

	// A restored backup makes the debt again under another id: the key stays.
	again := d
	again.ID, again.Attempts, again.OpenedAt = "debt_2", 7, instant(t, "2024-09-18T12:00:00Z")
	if got := again.Key("here", 2); got != want {
		t.Errorf("made again: got %s, want %s", got, want)
	}

	seen := map[string]bool{}
	for _, installation := range []string{"here", "there"} {
		for _, id := range []account.ID{"acct_1", "acct_2"} {
			for _, kind := range []billing.DebtKind{billing.ThresholdDebt, billing.RemainderDebt} {
				for _, month := range []billing.Month{"2024-09", "2024-10"} {
					for number := range int64(12) {
						for attempt := range 12 {
							key := billing.Debt{Account: id, Kind: kind, Month: month, Number: number}.Key(installation, attempt)
							if seen[key] {
								t.Fatalf("two payments have the key %s", key)
							}
							seen[key] = true
						}
					}
				}
			}
		}
	}
}

func TestBillIsPaid(t *testing.T) {
	cases := []struct {
		open int64
		want bool
	}{{0, true}, {1, false}, {119, false}}
	for _, c := range cases {
		if got := (billing.Bill{Open: amount(c.open, "USD")}).IsPaid(); got != c.want {
			t.Errorf("%d open: got %t, want %t", c.open, got, c.want)
		}
	}
}
