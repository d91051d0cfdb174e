package store_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// owesAtRandom gives an account bills of few instants with debts, of which some are kept
// for a person, some in flight, some drawn and not billed, and one is of a threshold.
func (b *books) owesAtRandom(r *rand.Rand, a account.Account) {
	b.t.Helper()
	usd := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: a.Currency} }
	noon := b.now
	var flying []billing.DebtID
	b.update(func(tx *store.Tx) error {
		owe := func(kind billing.DebtKind, bill billing.Bill) error {
			d := billing.Debt{
				ID: billing.DebtID(b.id("debt")), Account: a.ID, Kind: kind, Month: "2024-08", Bill: string(bill.ID), Net: usd(1 + r.Int64N(500)), Tax: usd(0), Paid: usd(0),
				State: billing.Open, OpenedAt: noon.Add(time.Duration(r.IntN(5)) * time.Hour),
			}
			d.Amount = d.Net
			if r.IntN(3) == 0 {
				d.Paid = usd(r.Int64N(d.Amount.Minor))
			}
			if _, err := tx.AddDebt(b.ctx, d); err != nil {
				return err
			}
			switch r.IntN(6) {
			case 0:
				return tx.HoldForHand(b.ctx, d.ID)
			case 1:
				flying = append(flying, d.ID)
			}
			return nil
		}
		for n := range r.IntN(6) {
			bill := billing.Bill{ID: billing.BillID(b.id("bill")), Account: a.ID, Month: billing.Month("2024-0" + string(rune('1'+n))), Net: usd(9), Tax: usd(0), Total: usd(9), IssuedAt: noon.Add(time.Duration(r.IntN(3)) * time.Hour)}
			bill.Number = "B-" + string(bill.ID)
			if r.IntN(2) == 0 {
				bill.DueAt = bill.IssuedAt.Add(time.Duration(r.IntN(3)) * time.Hour)
			}
			if err := tx.AddBill(b.ctx, bill); err != nil {
				return err
			}
			for range 1 + r.IntN(3) {
				if err := owe(billing.BillDebt, bill); err != nil {
					return err
				}
			}
		}
		if r.IntN(2) == 0 {
			if err := owe(billing.ThresholdDebt, billing.Bill{}); err != nil {
				return err
			}
		}
		return owe(billing.BillDebt, billing.Bill{}) // drawn, on no bill yet
	})
	for _, id := range flying {
		b.pay(id, payment.Unknown)
	}
}

// TestWhatABalanceReachesIsPaidAsIfAllWereAsked: of what an account owes, what its balance
// reaches has the same allocations as all of it.
func TestWhatABalanceReachesIsPaidAsIfAllWereAsked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		b := newBooks(t, s)
		r := rand.New(rand.NewPCG(1, 2))
		held := map[account.ID]money.Amount{}
		var ids []account.ID
		for range 60 {
			a := b.open("USD")
			b.owesAtRandom(r, a)
			ids = append(ids, a.ID)
		}
		fewer := 0
		for range 10 {
			for _, id := range ids {
				held[id] = money.Amount{Minor: 1 + r.Int64N(2000), Currency: "USD"}
			}
			b.update(func(tx *store.Tx) error {
				all, err := tx.OwedBy(b.ctx, ids)
				if err != nil {
					return err
				}
				within, err := tx.OwedWithin(b.ctx, held)
				if err != nil {
					return err
				}
				for _, id := range ids {
					if len(within[id]) < len(all[id]) {
						fewer++
					}
					if want, got := billing.Apply(held[id], owedOf(all[id])), billing.Apply(held[id], owedOf(within[id])); !slices.Equal(want, got) {
						t.Errorf("%s of %s: of what it reaches %v is paid, of all %v", held[id], id, got, want)
					}
				}
				return nil
			})
		}
		if fewer < 100 {
			t.Errorf("of 600 balances %d reach less than all, want many", fewer)
		}
	})
}

func owedOf(debts []store.OwedDebt) []billing.Owed {
	owed := make([]billing.Owed, len(debts))
	for i, d := range debts {
		owed[i] = d.Owed
	}
	return owed
}

// TestNodesOfTheReleaseBeforeBillDebtsToo: they know nothing of billed_at.
func TestNodesOfTheReleaseBeforeBillDebtsToo(t *testing.T) {
	s := storetest.Open(t, storetest.Postgres)
	b := newBooks(t, s)
	b.live()
	b.update(func(tx *store.Tx) error {
		var bill string
		if err := tx.Scan(b.ctx, &bill, `SELECT bill_id FROM debts WHERE id = 'debt_1'`); err != nil {
			return err
		}
		for _, what := range []string{`UPDATE debts SET bill_id = NULL, billed_at = NULL WHERE id = 'debt_1'`, `UPDATE debts SET bill_id = '` + bill + `' WHERE id = 'debt_1'`} {
			if _, err := tx.Exec(b.ctx, what); err != nil {
				return err
			}
		}
		var differ int64
		if err := tx.Scan(b.ctx, &differ, `SELECT count(*) FROM debts AS d JOIN bills AS b ON b.id = d.bill_id WHERE d.billed_at IS DISTINCT FROM b.issued_at`); err != nil {
			return err
		}
		if differ != 0 {
			t.Errorf("%d debts were billed at another time than their bill", differ)
		}
		return nil
	})
}
