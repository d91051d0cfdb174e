package office

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// PaymentLine is a payment with what it was for and what it was to be taken from.
type PaymentLine struct {
	Payment payment.Payment
	Debt    billing.Debt
	Order   order.Order // its ID is "" where the debt is no order's
	Method  payment.Method
}

// PaymentLines lists an account's payments, newest first.
func (o *Office) PaymentLines(ctx context.Context, by access.Caller, id account.ID, p Page) (list []PaymentLine, next string, err error) {
	err = o.viewAccount(ctx, by, id, func(tx *store.Tx) error {
		payments, err := tx.Payments(ctx, id, payment.ID(p.After), p.Limit+1)
		if err != nil {
			return err
		}
		payments, next = cut(payments, p, func(p payment.Payment) string { return string(p.ID) })
		list, err = linesOf(ctx, tx, id, payments)
		return err
	})
	return list, next, err
}

// linesOf adds to an account's payments what a reader wants to know of them.
func linesOf(ctx context.Context, tx *store.Tx, id account.ID, payments []payment.Payment) ([]PaymentLine, error) {
	if len(payments) == 0 {
		return nil, nil
	}
	var ids []billing.DebtID
	for _, p := range payments {
		if d := billing.DebtID(p.Debt); !slices.Contains(ids, d) {
			ids = append(ids, d)
		}
	}
	debts, err := tx.DebtsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	orders, err := tx.OrdersOfDebts(ctx, ids)
	if err != nil {
		return nil, err
	}
	methods, err := tx.Methods(ctx, id)
	if err != nil {
		return nil, err
	}
	lines := make([]PaymentLine, len(payments))
	for i, p := range payments {
		d := billing.DebtID(p.Debt)
		lines[i] = PaymentLine{Payment: p, Debt: debts[d], Order: orders[d]}
		if m := slices.IndexFunc(methods, func(m payment.Method) bool { return m.ID == p.Method }); m >= 0 {
			lines[i].Method = methods[m]
		}
	}
	return lines, nil
}

// PaymentStory is a payment with everything that its page tells.
type PaymentStory struct {
	PaymentLine
	Attempts []payment.Payment // to collect the same debt, the first one first
	Refunds  []payment.Refund  // the first one first
	History  []store.Record    // oldest first
}

// PaymentStory fetches a payment with its story. look asks the provider first how it
// stands, if that is not known.
func (o *Office) PaymentStory(ctx context.Context, by access.Caller, id payment.ID, look bool) (s PaymentStory, err error) {
	p, err := o.Payment(ctx, by, id, look)
	if err != nil {
		return s, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		s = PaymentStory{}
		lines, err := linesOf(ctx, tx, p.Account, []payment.Payment{p})
		if err != nil {
			return err
		}
		s.PaymentLine = lines[0]
		if s.Attempts, err = tx.DebtPayments(ctx, s.Debt.ID); err != nil {
			return err
		}
		if s.Refunds, err = tx.RefundsOf(ctx, id); err != nil {
			return err
		}
		s.History, err = tx.History(ctx, p.Account, string(id))
		return err
	})
	return s, err
}

// BillStory is a bill with its shares by product, the first of its debts, and their
// payments.
type BillStory struct {
	Bill     billing.Bill                   // its Debts are those that are open and then the newest, up to a limit
	Debts    int                            // how many it has
	Payments []PaymentLine                  // of the debts that are here, newest first
	Orders   map[billing.DebtID]order.Order // of those of the debts that were drawn on credit
	ByHand   bool                           // a person took back what had paid it: the balance does not pay it by itself
}

// drawnOrders are the orders for which debts were drawn on credit, by the debt.
func drawnOrders(ctx context.Context, tx *store.Tx, debts []billing.DebtID) (map[billing.DebtID]order.Order, error) {
	draws, err := tx.DrawsOf(ctx, debts)
	if err != nil {
		return nil, err
	}
	orders := make(map[billing.DebtID]order.Order, len(draws))
	for id, w := range draws {
		if orders[id], err = tx.Order(ctx, w.Order); err != nil {
			return nil, err
		}
	}
	return orders, nil
}

// What one page tells of a bill.
const (
	debtsOfBillShown    = 50
	paymentsOfDebtsMost = 200
)

// BillStory fetches a bill with its story.
func (o *Office) BillStory(ctx context.Context, by access.Caller, id billing.BillID) (s BillStory, err error) {
	if err := by.May(access.BillsRead); err != nil {
		return s, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		s = BillStory{}
		b, err := tx.Bill(ctx, id)
		if err != nil {
			return err
		}
		if by.MayTouch(b.Account) != nil {
			return billing.ErrBillNotFound
		}
		if b.Shares, err = tx.BillShares(ctx, b); err != nil {
			return err
		}
		if b.Debts, s.Debts, err = tx.FirstBillDebts(ctx, id, debtsOfBillShown); err != nil {
			return err
		}
		s.Bill = b
		var ids []billing.DebtID
		for _, d := range b.Debts {
			ids = append(ids, d.ID)
		}
		if s.Orders, err = drawnOrders(ctx, tx, ids); err != nil {
			return err
		}
		if s.ByHand, err = tx.WaitsForHand(ctx, id); err != nil {
			return err
		}
		payments, err := tx.PaymentsOfDebts(ctx, ids, paymentsOfDebtsMost)
		if err != nil {
			return err
		}
		slices.SortFunc(payments, func(a, b payment.Payment) int { return b.OpenedAt.Compare(a.OpenedAt) })
		s.Payments, err = linesOf(ctx, tx, b.Account, payments)
		return err
	})
	return s, err
}

// BillOfMonth fetches the bill of an account's month, without its shares and debts; it
// has no id if none was issued.
func (o *Office) BillOfMonth(ctx context.Context, by access.Caller, id account.ID, m billing.Month) (b billing.Bill, err error) {
	err = o.viewAccount(ctx, by, id, func(tx *store.Tx) error {
		b, err = tx.BillOf(ctx, id, m)
		if errors.Is(err, billing.ErrBillNotFound) {
			b, err = billing.Bill{}, nil
		}
		return err
	})
	return b, err
}

// MonthSpending is what an account spent in a month, before tax.
type MonthSpending struct {
	Month  billing.Month
	Bill   billing.BillID // "" it has none, or none yet
	Usage  money.Exact    // as billed, or as used so far
	Orders money.Amount   // that were paid
}

// Spending says what an account spent in its last months, the oldest first and the
// month that runs last. Months are the account's own.
func (o *Office) Spending(ctx context.Context, by access.Caller, id account.ID, months int) (list []MonthSpending, err error) {
	err = o.viewAccount(ctx, by, id, func(tx *store.Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		first := billing.MonthOf(o.Now(), a.Location())
		for range months - 1 {
			first = first.Previous()
		}
		orders, err := tx.OrderedSince(ctx, id, first, a.Currency)
		if err != nil {
			return err
		}
		bills, err := tx.BillsSince(ctx, id, first)
		if err != nil {
			return err
		}
		drawn, err := tx.DrawnNets(ctx, id, a.Currency)
		if err != nil {
			return err
		}
		list = make([]MonthSpending, 0, months)
		for m := first; len(list) < months; m = m.Next() {
			s := MonthSpending{Month: m, Usage: money.Exact{Currency: a.Currency}, Orders: money.Amount{Currency: a.Currency}}
			if sum, ok := orders[m]; ok {
				s.Orders = sum
			}
			if at := slices.IndexFunc(bills, func(b billing.Bill) bool { return b.Month == m }); at >= 0 {
				s.Bill = bills[at].ID
				if s.Usage, err = usageBilled(bills[at], drawn); err != nil {
					return err
				}
			} else if s.Usage, err = usedIn(ctx, tx, a, m); err != nil {
				return err
			}
			list = append(list, s)
		}
		return nil
	})
	return list, err
}

// usageBilled is what a bill asks for usage: what it asks for orders that were drawn on
// credit is among the orders.
func usageBilled(b billing.Bill, drawn map[billing.BillID]money.Amount) (money.Exact, error) {
	net := b.Net
	if sum, ok := drawn[b.ID]; ok {
		var err error
		if net, err = net.Sub(sum); err != nil {
			return money.Exact{}, err
		}
	}
	return net.Exact()
}

// usedIn sums an account's usage of a month.
func usedIn(ctx context.Context, tx *store.Tx, a account.Account, m billing.Month) (money.Exact, error) {
	sum := money.Exact{Currency: a.Currency}
	products, err := tx.MonthUsage(ctx, a.ID, m, a.Currency)
	for _, p := range products {
		if err == nil {
			sum, err = sum.Add(p.Usage)
		}
	}
	return sum, err
}

// Outlook is what an account has open, and what is charged next.
type Outlook struct {
	Open     []OpenDebt // oldest first, the first of them only
	NextBill time.Time  // when the next month's bill is due to be issued, and what is left charged
	Renewal  order.Subscription
	RenewsAt time.Time // when it is ordered anew; zero if nothing renews itself
}

// OpenDebt is a debt that is not paid, with its newest payment.
type OpenDebt struct {
	Debt  billing.Debt
	Order order.Order     // its ID is "" where the debt is no order's
	Last  payment.Payment // its ID is "" if it was never tried
}

const openDebtsShown = 20

// Outlook says what an account has open and what is charged next.
func (o *Office) Outlook(ctx context.Context, by access.Caller, id account.ID) (l Outlook, err error) {
	err = o.viewAccount(ctx, by, id, func(tx *store.Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		l = Outlook{NextBill: nextBill(a, o.Now(), p)}
		if l.Open, err = openDebts(ctx, tx, id); err != nil {
			return err
		}
		if l.Renewal, err = tx.NextRenewal(ctx, id); err != nil || l.Renewal.ID == "" {
			return err
		}
		l.RenewsAt = l.Renewal.Until.Start(a.Location()).Add(-p.Orders.RenewBefore)
		return nil
	})
	return l, err
}

// nextBill is when an account's next bill is due to be issued: on the policy's day of
// bills, or on the later one of those who pay on credit (R-BILL-03).
func nextBill(a account.Account, now time.Time, p policy.Policy) time.Time {
	day := p.BillDay
	if a.Credit {
		day = p.CreditInvoiceDay
	}
	m := billing.MonthOf(now, a.Location())
	if at := m.Start(a.Location()).AddDate(0, 0, day-1); at.After(now) {
		return at
	}
	return m.Next().Start(a.Location()).AddDate(0, 0, day-1)
}

func openDebts(ctx context.Context, tx *store.Tx, id account.ID) ([]OpenDebt, error) {
	debts, err := tx.OldestOpenDebts(ctx, id, openDebtsShown)
	if err != nil || len(debts) == 0 {
		return nil, err
	}
	var ids []billing.DebtID
	for _, d := range debts {
		ids = append(ids, d.ID)
	}
	orders, err := tx.OrdersOfDebts(ctx, ids)
	if err != nil {
		return nil, err
	}
	payments, err := tx.PaymentsOfDebts(ctx, ids, paymentsOfDebtsMost)
	if err != nil {
		return nil, err
	}
	list := make([]OpenDebt, len(debts))
	for i, d := range debts {
		list[i] = OpenDebt{Debt: d, Order: orders[d.ID]}
		if at := slices.IndexFunc(payments, func(p payment.Payment) bool { return p.Debt == string(d.ID) }); at >= 0 {
			list[i].Last = payments[at]
		}
	}
	return list, nil
}
