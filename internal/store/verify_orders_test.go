package store_test

import (
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// orders adds an account that ordered things. Its ids begin at 201, whatever went
// before.
//
//	acct_201 GBP  ord_201 of 12.00 (debt_201), paid by pay_201, and once more by pay_202: 12.00 on the balance; it gave sub_201
//	              ord_202 of 12.00 (debt_202), open, with 4.00 of the balance spent (app_201)
//	              ord_203 of 12.00 (debt_203), lapsed, with 1.00 of the balance spent (app_202) and given back
func (b *books) orders() {
	b.t.Helper()
	for _, prefix := range []string{"acct", "pm", "hold", "debt", "pay", "ent", "ord", "sub", "app"} {
		b.ids[prefix] = 200
	}
	gbp := b.open("GBP")
	first := b.place(gbp)
	b.pay(billing.DebtID(first.Debt), payment.Succeeded)
	b.pay(billing.DebtID(first.Debt), payment.Succeeded)
	b.update(func(tx *store.Tx) error {
		first.State, first.PaidAt = order.Paid, b.now
		if err := tx.SaveOrder(b.ctx, first); err != nil {
			return err
		}
		return tx.AddSubscription(b.ctx, first.Begin(order.SubscriptionID(b.id("sub")), 1, b.now))
	})
	b.spend(b.place(gbp), 400)
	lapsed := b.place(gbp)
	b.spend(lapsed, 100)
	b.update(func(tx *store.Tx) error {
		d, err := tx.Debt(b.ctx, billing.DebtID(lapsed.Debt))
		if err != nil {
			return err
		}
		d.State, d.SettledAt, lapsed.State, lapsed.EndedAt = billing.Cancelled, b.now, order.Lapsed, b.now
		if err := tx.SaveDebt(b.ctx, d); err != nil {
			return err
		}
		if err := tx.SaveOrder(b.ctx, lapsed); err != nil {
			return err
		}
		e, err := ledger.ReleasedByOrder(lapsed.Debt, lapsed.Account, d.Paid)
		if err != nil {
			return err
		}
		return b.book(tx, e)
	})
}

// place places an order of a month for 10.00 and 2.00 of tax.
func (b *books) place(a account.Account) order.Order {
	b.t.Helper()
	net, tax, amount := money.Amount{Minor: 1000, Currency: a.Currency}, money.Amount{Minor: 200, Currency: a.Currency}, money.Amount{Minor: 1200, Currency: a.Currency}
	o := order.Order{ID: order.ID(b.id("ord")), Account: a.ID, Content: "content", Kind: order.Purchase, Net: net, Tax: tax, Amount: amount, State: order.Open}
	o.Reference = "ref-" + string(o.ID)
	o.Items = []order.Item{{Product: "db", Quantity: 1, Price: net, Term: order.Month, From: "2024-10-31", Until: "2024-11-30", Net: net}}
	b.update(func(tx *store.Tx) error {
		d, err := tx.AddDebt(b.ctx, billing.Debt{ID: billing.DebtID(b.id("debt")), Account: a.ID, Kind: billing.OrderDebt, Month: "2024-10", Net: net, Tax: tax, Amount: amount,
			Paid: money.Amount{Currency: a.Currency}, State: billing.Open, OpenedAt: b.now})
		if err != nil {
			return err
		}
		o.Debt, o.PlacedAt, o.LapsesAt = string(d.ID), b.now, b.now.Add(24*time.Hour)
		return tx.AddOrder(b.ctx, o)
	})
	return o
}

// spend spends some of the customer's balance on an order.
func (b *books) spend(o order.Order, minor int64) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		d, err := tx.Debt(b.ctx, billing.DebtID(o.Debt))
		if err != nil {
			return err
		}
		d.Paid.Minor += minor
		if err := tx.SaveDebt(b.ctx, d); err != nil {
			return err
		}
		c := store.CashApplication{ID: b.id("app"), Account: o.Account, Debt: d.ID, Amount: money.Amount{Minor: minor, Currency: o.Amount.Currency}, AppliedAt: b.now}
		if err := tx.AddCashApplication(b.ctx, c); err != nil {
			return err
		}
		e, err := ledger.AppliedToOrder(c.ID, o.Account, c.Amount)
		if err != nil {
			return err
		}
		return b.book(tx, e)
	})
}

// earn books an order that was paid whole.
func (b *books) earn(tx *store.Tx, d billing.Debt) error {
	e, err := ledger.EarnedByOrder(string(d.ID), d.Account, d.Net, d.Tax)
	if err != nil {
		return err
	}
	return b.book(tx, e)
}

var orderForgeries = []forgery{
	{"an order given for nothing", "orders", `UPDATE orders SET state = 'paid', paid_at = 1 WHERE id = 'ord_202'`,
		"orders", "order ord_202", "is paid, and its debt is open", ""},
	{"a paid order denied", "orders", `UPDATE orders SET state = 'lapsed' WHERE id = 'ord_201'`,
		"orders", "order ord_201", "is lapsed, and its debt is paid", ""},
	{"an order of another amount", "orders", `UPDATE orders SET net = net + 1, amount = amount + 1 WHERE id = 'ord_202'`,
		"orders", "order ord_202", "", ""},
	{"an order lost", "orders", `DELETE FROM orders WHERE id = 'ord_202'`,
		"orders", "order of debt_202", "is not there, and its debt is open", ""},
	{"an order's debt paid by hand", "debts", `UPDATE debts SET state = 'paid', paid = amount WHERE id = 'debt_202'`,
		"orders", "debt debt_202", "is earned by 0 entries", "debts_paid"},
	{"an order that is not earned", "entries postings balances", `
		DELETE FROM postings WHERE entry_id IN (SELECT id FROM entries WHERE subject = 'debt_201'); DELETE FROM entries WHERE subject = 'debt_201';
		INSERT INTO postings SELECT id, 9, 'customer_deposits', 'acct_201', 'GBP', 1200 FROM entries WHERE subject = 'pay_201';
		INSERT INTO postings SELECT id, 10, 'revenue', '', 'GBP', -1200 FROM entries WHERE subject = 'pay_201'`,
		"orders", "debt debt_201", "is earned by 0 entries", "entries_balance"},
	{"tax of an order as revenue", "postings", `
		UPDATE postings SET ledger_account = 'revenue' WHERE ledger_account = 'tax_payable' AND entry_id IN (SELECT id FROM entries WHERE subject = 'debt_201')`,
		"orders", "debt debt_201", "(revenue 12.00 GBP, tax 0.00 GBP)", ""},
	{"deposits taken", "postings balances", `
		UPDATE postings SET ledger_account = 'revenue', account_id = '' WHERE ledger_account = 'customer_deposits' AND entry_id IN (SELECT id FROM entries WHERE subject = 'app_201');
		UPDATE balances SET amount = amount + 400 WHERE ledger_account = 'customer_deposits' AND account_id = 'acct_201'`,
		"orders", "account acct_201", "the ledger has 0.00 GBP in deposits, and 4.00 GBP was paid for orders that are open", ""},
	{"what was paid for nothing, kept", "debts", `UPDATE debts SET paid = 200 WHERE id = 'debt_203'`,
		"orders", "debt debt_203", "came to nothing with 2.00 GBP paid, and 1.00 GBP of it is the customer's", "debts_paid"},
	{"a balance spent twice", "cash_applications", `UPDATE cash_applications SET amount = 800 WHERE id = 'app_201'`,
		"orders", "application app_201", "spends 8.00 GBP of a balance, and the ledger has 4.00 GBP for it", ""},
	{"a balance spent on another order", "cash_applications", `UPDATE cash_applications SET debt_id = 'debt_203' WHERE id = 'app_201'`,
		"debts_paid", "debt debt_202", "says that 4.00 GBP was paid, and the ledger has 0.00 GBP captured and spent for it", ""},
	{"a subscription of nobody's order", "subscriptions", `UPDATE subscriptions SET order_id = 'ord_202' WHERE id = 'sub_201'`,
		"orders", "subscription sub_201", "is active, and the order with which it began is open", ""},
}

func TestVerifyFindsForgeriesOfOrders(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			address := built(t, engine, (*books).orders)
			for _, f := range orderForgeries {
				t.Run(f.name, func(t *testing.T) { f.test(t, engine, address) })
			}
		})
	}
}

func TestAnOrderIsReadAsItWasWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		b := newBooks(t, s)
		b.orders()
		err := s.View(b.ctx, func(tx *store.Tx) error {
			o, err := tx.OrderByReference(b.ctx, "acct_201", "ref-ord_202")
			if err != nil || o.ID != "ord_202" || len(o.Items) != 1 || o.Items[0].Until != "2024-11-30" || o.Amount.Minor != 1200 || o.State != order.Open {
				t.Errorf("by its reference: %+v, %v", o, err)
			}
			if o, err = tx.OrderOfDebt(b.ctx, "debt_203"); err != nil || o.ID != "ord_203" || o.EndedAt.IsZero() {
				t.Errorf("by its debt: %+v, %v", o, err)
			}
			if _, err := tx.Order(b.ctx, "ord_999"); err != order.ErrNotFound {
				t.Errorf("one that is not there: %v, want order_not_found", err)
			}
			list, err := tx.Orders(b.ctx, "acct_201", "ord_203", 10)
			if err != nil || len(list) != 2 || list[0].ID != "ord_202" {
				t.Errorf("before the third: %d, %v; want the second and the first", len(list), err)
			}
			late, err := tx.OrdersToLapse(b.ctx, b.now.Add(48*time.Hour), 10)
			if err != nil || len(late) != 1 || late[0].ID != "ord_202" {
				t.Errorf("%d to lapse, %v; want the open one", len(late), err)
			}
			n, err := tx.CountOrders(b.ctx, "acct_201", b.now.Add(-time.Hour))
			if err != nil || n != 3 {
				t.Errorf("%d placed in the hour, %v; want 3", n, err)
			}
			sub, err := tx.Subscription(b.ctx, "sub_201")
			if err != nil || sub.Order != "ord_201" || sub.From != "2024-10-31" || sub.Until != "2024-11-30" || sub.Line != 1 {
				t.Errorf("the subscription: %+v, %v", sub, err)
			}
			if active, err := tx.ActiveSubscriptions(b.ctx, "2024-12-01", 10); err != nil || len(active) != 1 {
				t.Errorf("%d active ones end before December, %v; want 1", len(active), err)
			}
			if active, err := tx.ActiveSubscriptions(b.ctx, "2024-11-30", 10); err != nil || len(active) != 0 {
				t.Errorf("%d active ones end before the last of November, %v; want none", len(active), err)
			}
			if of, err := tx.OrdersOf(b.ctx, "sub_201"); err != nil || len(of) != 0 {
				t.Errorf("%d orders extended it, %v; want none", len(of), err)
			}
			if _, err := tx.PendingOrder(b.ctx, "sub_201"); err != order.ErrNotFound {
				t.Errorf("pending: %v, want order_not_found", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
