package store_test

import (
	"context"
	"crypto/md5"
	"fmt"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// books lives months of accounts through the store's own methods, in the order
// of the office. Ids count from 1 for each prefix, so that tests can name them.
type books struct {
	t   testing.TB
	ctx context.Context
	s   *store.Store
	now time.Time
	ids map[string]int
}

func newBooks(t testing.TB, s *store.Store) *books {
	return &books{t: t, ctx: context.Background(), s: s, now: time.Date(2024, 8, 20, 9, 0, 0, 0, time.UTC), ids: map[string]int{}}
}

func (b *books) id(prefix string) string {
	b.ids[prefix]++
	return fmt.Sprintf("%s_%d", prefix, b.ids[prefix])
}

func (b *books) update(fn func(tx *store.Tx) error) {
	b.t.Helper()
	b.now = b.now.Add(time.Minute)
	if err := b.s.Update(b.ctx, fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b *books) audit(tx *store.Tx, id account.ID, action, subject string) error {
	return tx.Audit(b.ctx, store.Record{Chain: string(id), At: b.now, By: "job", Action: action, Subject: subject}, map[string]int{"step": b.ids["ent"]})
}

// open opens an account with an active and preferred card that was verified.
func (b *books) open(c money.Currency) account.Account {
	b.t.Helper()
	a := account.Account{ID: account.ID(b.id("acct")), Kind: account.Individual, Name: "Ada", Country: "DE", Currency: c, Zone: "UTC",
		Email: "ada@example.com", Language: "en", State: account.Active}
	m := payment.Method{ID: payment.MethodID(b.id("pm")), Account: a.ID, Kind: payment.CardKind, Provider: "stripe", State: payment.Active, Preferred: true,
		NetworkTransaction: "nt_1"}
	m.Card.Fingerprint = payment.Fingerprint("stripe:" + m.ID)
	h := payment.Hold{ID: payment.HoldID(b.id("hold")), Account: a.ID, Method: m.ID, Kind: payment.Verification, Key: "here/" + string(m.ID),
		Ref: "pi_" + string(m.ID), Amount: money.Amount{Minor: 100, Currency: c}, State: payment.HoldReleased}
	b.update(func(tx *store.Tx) error {
		a.Reference, a.RegisteredAt, a.CreatedAt = "ref-"+string(a.ID), b.now, b.now
		m.CreatedAt, m.UpdatedAt = b.now, b.now
		if _, err := tx.AddAccount(b.ctx, a); err != nil {
			return err
		}
		if _, err := tx.AddMethod(b.ctx, m); err != nil {
			return err
		}
		h.OpenedAt, h.EndedAt, h.ExpiresAt = b.now, b.now, b.now.Add(time.Hour)
		if err := tx.AddHold(b.ctx, h); err != nil {
			return err
		}
		return b.audit(tx, a.ID, "account.opened", string(a.ID))
	})
	return a
}

// use records a line of usage for each amount, by turns of the day of b.now and of the
// day before, which is of the same month.
func (b *books) use(a account.Account, product string, amounts ...string) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		c, err := b.collection(tx, a)
		if err != nil {
			return err
		}
		d := store.ExposureDelta{Account: a.ID, Collection: c.Number, Month: c.Month, Product: product, Day: billing.DayOf(b.now, time.UTC), Usage: money.Exact{Currency: a.Currency}}
		var lines []store.UsageLine
		for i, decimal := range amounts {
			at := b.now.AddDate(0, 0, -(i % 2))
			amount, _, err := money.ParseExact(decimal, a.Currency)
			if err != nil {
				return err
			}
			id := b.id("line")
			lines = append(lines, store.UsageLine{Collection: c.Number, Line: billing.Line{Account: a.ID, ID: id, Product: product, Amount: amount,
				StartedAt: at, Content: md5.Sum([]byte(id))}})
			if err := d.AddLine(billing.DayOf(at, time.UTC), amount); err != nil {
				return err
			}
		}
		tax := lines[0]
		tax.ID, tax.Collection, tax.Tax = b.id("tax"), billing.TaxCollection, true
		if _, err := tx.AddUsage(b.ctx, append(lines, tax), b.now); err != nil {
			return err
		}
		err = tx.AddExposures(b.ctx, []store.ExposureDelta{d})
		return err
	})
}

func (b *books) collection(tx *store.Tx, a account.Account) (billing.Collection, error) {
	m := billing.MonthOf(b.now, time.UTC)
	cs, err := tx.OpenCollections(b.ctx, []account.ID{a.ID})
	if err != nil {
		return billing.Collection{}, err
	}
	for _, c := range cs {
		if c.Month == m {
			return c, nil
		}
	}
	return tx.OpenCollection(b.ctx, a.ID, m, b.now)
}

// trip shuts the open collection and makes a threshold debt of it.
func (b *books) trip(a account.Account) billing.Debt {
	b.t.Helper()
	var d billing.Debt
	b.update(func(tx *store.Tx) error {
		c, err := b.collection(tx, a)
		if err != nil {
			return err
		}
		d, err = b.owe(tx, a, c, billing.ThresholdDebt)
		if err != nil {
			return err
		}
		_, err = tx.OpenCollection(b.ctx, a.ID, c.Month, b.now)
		return err
	})
	return d
}

// owe shuts a collection and turns it into a debt, or carries it whole if it
// comes to nothing that can be asked.
func (b *books) owe(tx *store.Tx, a account.Account, c billing.Collection, kind billing.DebtKind) (billing.Debt, error) {
	var d billing.Debt
	exposures, err := tx.Exposures(b.ctx, c, a.Currency)
	if err != nil {
		return d, err
	}
	carries, err := tx.Carries(b.ctx, a.ID, a.Currency)
	if err != nil {
		return d, err
	}
	if err := tx.ShutCollection(b.ctx, c, b.now); err != nil {
		return d, err
	}
	shares, net, err := billing.Round(a.Currency, exposures, carries, 1)
	if err != nil {
		return d, err
	}
	if !net.IsPositive() {
		if shares, err = billing.CarryAll(a.Currency, exposures, carries); err != nil {
			return d, err
		}
		return d, tx.SetCarries(b.ctx, a.ID, shares)
	}
	tax := money.Amount{Minor: net.Minor * 19 / 100, Currency: a.Currency} // any tax will do
	d = billing.Debt{ID: billing.DebtID(b.id("debt")), Account: a.ID, Kind: kind, Month: c.Month, Collection: c.Number, Net: net, Tax: tax,
		Amount: money.Amount{Minor: net.Minor + tax.Minor, Currency: a.Currency}, Paid: money.Amount{Currency: a.Currency}, State: billing.Open, OpenedAt: b.now, Shares: shares}
	if d, err = tx.AddDebt(b.ctx, d); err != nil {
		return d, err
	}
	if err := tx.SetCarries(b.ctx, a.ID, shares); err != nil {
		return d, err
	}
	e, err := ledger.OwedForUsage(string(d.ID), a.ID, net, tax)
	if err != nil {
		return d, err
	}
	return d, b.book(tx, e)
}

func (b *books) book(tx *store.Tx, e ledger.Entry) error {
	e.ID, e.BookedAt = b.id("ent"), b.now
	if err := tx.Book(b.ctx, e); err != nil {
		return err
	}
	return b.audit(tx, e.Account, "entry.booked", e.Subject)
}

// pay makes a payment of the whole debt that ends in the given state, and books
// it: as a surplus if the debt is paid already.
func (b *books) pay(id billing.DebtID, end payment.State) payment.ID {
	b.t.Helper()
	var p payment.Payment
	b.update(func(tx *store.Tx) error {
		d, err := tx.Debt(b.ctx, id)
		if err != nil {
			return err
		}
		m, err := tx.Preferred(b.ctx, d.Account)
		if err != nil {
			return err
		}
		d.Attempts++
		p = payment.Payment{ID: payment.ID(b.id("pay")), Account: d.Account, Debt: string(d.ID), Method: m.ID, Attempt: d.Attempts, Key: d.Key("here", d.Attempts),
			Provider: "stripe", Customer: "cus_1", Amount: d.Amount, Initiator: payment.MIT, Reason: payment.ThresholdReached, State: end, OpenedAt: b.now}
		p.Ref = "pi_" + string(p.ID)
		if _, err := tx.AddPayment(b.ctx, p); err != nil {
			return err
		}
		if end == payment.Succeeded {
			if err := b.capture(tx, p, &d); err != nil {
				return err
			}
		}
		return tx.SaveDebt(b.ctx, d)
	})
	return p.ID
}

func (b *books) capture(tx *store.Tx, p payment.Payment, d *billing.Debt) error {
	if d.State != billing.Open {
		e, err := ledger.Surplus(string(p.ID), p.Account, p.Amount)
		if err != nil {
			return err
		}
		return b.book(tx, e)
	}
	d.State, d.Paid, d.SettledAt = billing.Paid, d.Amount, b.now
	captured := ledger.Captured
	if d.Kind == billing.OrderDebt {
		captured = ledger.CapturedForOrder
	}
	e, err := captured(string(p.ID), p.Account, p.Amount)
	if err != nil {
		return err
	}
	if err := b.book(tx, e); err != nil || d.Kind != billing.OrderDebt {
		return err
	}
	return b.earn(tx, *d)
}

// close ends the month of b.now for an account and goes on to the next.
func (b *books) close(accounts ...account.Account) {
	b.t.Helper()
	m := billing.MonthOf(b.now, time.UTC)
	for _, a := range accounts {
		b.update(func(tx *store.Tx) error { return b.closeOne(tx, a, m) })
	}
	b.now = m.Next().Start(time.UTC).Add(time.Hour)
}

func (b *books) closeOne(tx *store.Tx, a account.Account, m billing.Month) error {
	c, err := b.collection(tx, a)
	if err != nil {
		return err
	}
	bill := billing.Bill{ID: billing.BillID(b.id("bill")), Account: a.ID, Month: m, IssuedAt: b.now}
	bill.Number = "B-" + string(bill.ID)
	if _, err := b.owe(tx, a, c, billing.RemainderDebt); err != nil {
		return err
	}
	if err := b.sum(tx, a, m, &bill); err != nil {
		return err
	}
	if err := tx.AddBill(b.ctx, bill); err != nil {
		return err
	}
	for _, d := range bill.Debts {
		d.Bill = string(bill.ID)
		if err := tx.SaveDebt(b.ctx, d); err != nil {
			return err
		}
	}
	return tx.CloseThrough(b.ctx, a.ID, m)
}

// sum fills a bill from the month's usage and debts.
func (b *books) sum(tx *store.Tx, a account.Account, m billing.Month, bill *billing.Bill) error {
	zero := money.Amount{Currency: a.Currency}
	bill.Net, bill.Tax, bill.Total = zero, zero, zero
	nets := map[string]money.Amount{}
	var err error
	if bill.Debts, err = tx.MonthDebts(b.ctx, a.ID, m); err != nil {
		return err
	}
	for _, d := range bill.Debts {
		bill.Net.Minor += d.Net.Minor
		bill.Tax.Minor += d.Tax.Minor
		bill.Total.Minor += d.Amount.Minor
		shares, err := tx.DebtShares(b.ctx, d)
		if err != nil {
			return err
		}
		for _, s := range shares {
			nets[s.Product] = money.Amount{Minor: nets[s.Product].Minor + s.Net.Minor, Currency: a.Currency}
		}
	}
	carries, err := tx.Carries(b.ctx, a.ID, a.Currency)
	if err != nil {
		return err
	}
	usage, err := tx.MonthUsage(b.ctx, a.ID, m, a.Currency)
	if err != nil {
		return err
	}
	for _, e := range usage {
		s := billing.Share{Product: e.Product, Lines: e.Lines, Usage: e.Usage, Net: money.Amount{Minor: nets[e.Product].Minor, Currency: a.Currency},
			CarriedOut: carries[e.Product]}
		// What was carried in is what makes the line true.
		net, err := s.Net.Exact()
		if err != nil {
			return err
		}
		s.CarriedIn, err = net.Add(s.CarriedOut)
		if err != nil {
			return err
		}
		if s.CarriedIn, err = s.CarriedIn.Sub(s.Usage); err != nil {
			return err
		}
		bill.Shares = append(bill.Shares, s)
	}
	return nil
}

// live is the database of the tests: three accounts, two months closed and one
// under way.
//
//	acct_1 USD  debt_1 threshold, paid at the third attempt; debt_2 remainder, paid twice; debt_5 threshold, open
//	acct_2 JPY  debt_3 remainder, paid; a month under the least amount
//	acct_3 KWD  debt_4 remainder, open; a month below zero
func (b *books) live() {
	b.t.Helper()
	usd, jpy, kwd := b.open("USD"), b.open("JPY"), b.open("KWD")

	b.use(usd, "compute", "3.0000008", "2.1")
	b.use(usd, "storage", "0.000000000001", "1.999999999999", "0.005")
	d := b.trip(usd)
	b.pay(d.ID, payment.Declined)
	b.pay(d.ID, payment.Declined)
	b.pay(d.ID, payment.Succeeded)
	b.use(usd, "compute", "0.7777777")
	b.use(usd, "network", "-0.25")
	b.use(jpy, "compute", "120.5", "-0.75")
	b.use(kwd, "compute", "2.0005")
	b.close(usd, jpy, kwd) // debt_2, debt_3, debt_4
	b.pay("debt_2", payment.Succeeded)
	b.pay("debt_2", payment.Succeeded) // the answer to an earlier one was lost
	b.pay("debt_3", payment.Succeeded)

	b.use(usd, "compute", "0.001")
	b.use(jpy, "compute", "0.1")
	b.use(kwd, "compute", "-1.5")
	b.close(usd, jpy, kwd)

	b.use(usd, "compute", "12.34")
	b.trip(usd) // debt_5
	b.use(usd, "compute", "0.5")
	b.use(kwd, "storage", "0.25")
	b.refunds()
	b.orders()
}
