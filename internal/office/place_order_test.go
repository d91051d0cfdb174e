package office_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store"
)

// draft asks for a month of something in the account's currency.
func draft(reference string, a account.Account, minor int64) orders.Draft {
	return orders.Draft{Reference: reference, Kind: orders.Purchase, Items: []orders.DraftItem{
		{Product: "db.small", Quantity: 1, Price: money.Amount{Minor: minor, Currency: a.Currency}, Term: orders.Month},
	}}
}

// renewing is draft with something that renews itself.
func renewing(reference string, a account.Account, minor int64) orders.Draft {
	d := draft(reference, a, minor)
	d.Items[0].AutoRenew = true
	return d
}

func place(t *testing.T, d *officetest.Desk, a account.Account, asked orders.Draft) orders.Order {
	t.Helper()
	o, err := d.PlaceOrder(t.Context(), access.CommandLine, a.ID, asked)
	if err != nil {
		t.Fatalf("place %s: %v", asked.Reference, err)
	}
	return o
}

func pay(t *testing.T, d *officetest.Desk, id orders.ID) office.OrderPayment {
	t.Helper()
	p, err := d.PayOrder(t.Context(), access.CommandLine, id, office.PayChoice{})
	if err != nil {
		t.Fatalf("pay %s: %v", id, err)
	}
	return p
}

// bought is an order of a month that was paid.
func bought(t *testing.T, d *officetest.Desk, a account.Account, asked orders.Draft) (orders.Order, orders.Subscription) {
	t.Helper()
	o := place(t, d, a, asked)
	pay(t, d, o.ID)
	s := orderNow(t, d, o.ID)
	if s.Order.State != orders.Paid || len(s.Subscriptions) != len(asked.Items) {
		t.Fatalf("the order is %s with %d subscriptions, want paid with %d", s.Order.State, len(s.Subscriptions), len(asked.Items))
	}
	return s.Order, s.Subscriptions[0]
}

func orderNow(t *testing.T, d *officetest.Desk, id orders.ID) office.OrderStory {
	t.Helper()
	s, err := d.Order(t.Context(), access.CommandLine, id, false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func subscriptionNow(t *testing.T, d *officetest.Desk, id orders.SubscriptionID) orders.Subscription {
	t.Helper()
	s, err := d.Subscription(t.Context(), access.CommandLine, id)
	if err != nil {
		t.Fatal(err)
	}
	return s.Subscription
}

// kinds lists what the platform was told about an object, in order.
func kinds(t *testing.T, d *officetest.Desk, subject string) []string {
	t.Helper()
	all, _, err := d.ListEvents(t.Context(), access.CommandLine, office.EventFilter{}, office.Page{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Subject == subject {
			out = append(out, all[i].Kind)
		}
	}
	return out
}

// ruled changes the built-in policy.
func ruled(t *testing.T, d *officetest.Desk, changes ...string) {
	t.Helper()
	document := strings.NewReplacer(append([]string{"version: builtin-1 ", "version: changed-1 "}, changes...)...).Replace(policy.BuiltIn().Document)
	if _, err := d.ApplyPolicy(t.Context(), access.CommandLine, []byte(document), "changed.yaml", true); err != nil {
		t.Fatal(err)
	}
}

// balanceOf is what is held for a customer.
func balanceOf(t *testing.T, d *officetest.Desk, a account.Account) int64 {
	t.Helper()
	w, err := d.WaysToPay(t.Context(), access.CommandLine, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return w.Balance.Minor
}

func TestAnOrderIsPaidWhenItIsPlaced(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		o := place(t, d, a, renewing("r-1", a, 12_34))
		if s := orderNow(t, d, o.ID); s.Order.State != orders.Open || len(s.Payments) != 0 || s.Why != nil || o.LapsesAt.Sub(o.PlacedAt) != 24*time.Hour {
			t.Errorf("placed: %s with %d payments until %s, %v; want open with none for a day", s.Order.State, len(s.Payments), o.LapsesAt, s.Why)
		}
		p := pay(t, d, o.ID)
		if p.Payment.State != payment.Succeeded || p.Payment.Initiator != payment.CIT || p.Payment.Reason != payment.OrderPlaced || p.Order.State != orders.Paid {
			t.Errorf("paid: the payment is %s (%s, %s), the order %s; want succeeded by the customer, and paid", p.Payment.State, p.Payment.Initiator, p.Payment.Reason, p.Order.State)
		}
		s := orderNow(t, d, o.ID)
		sub := s.Subscriptions[0]
		if sub.From != "2026-03-10" || sub.Until != "2026-04-10" || sub.State != orders.Active || sub.Price.Minor != 12_34 {
			t.Errorf("it gave %+v, want a month from 2026-03-10", sub)
		}
		if got, want := fmt.Sprint(kinds(t, d, string(o.ID)), kinds(t, d, string(sub.ID))), "[order.placed order.paid] [subscription.started]"; got != want {
			t.Errorf("the platform heard %s, want %s", got, want)
		}
		if again := pay(t, d, o.ID); again.Payment.ID != p.Payment.ID {
			t.Errorf("paid again: the payment is %s, want %s", again.Payment.ID, p.Payment.ID)
		}
		d.Pass(48 * time.Hour)
		if got := orderNow(t, d, o.ID).Order.State; got != orders.Paid {
			t.Errorf("two days later it is %s", got)
		}
		d.Prove()
	})
}

func TestPlacingAgainIsTheSameOrder(t *testing.T) {
	d := officetest.New(t)
	a, other := d.Customer(), d.Customer()
	first := place(t, d, a, draft("r-1", a, 1000))
	if again := place(t, d, a, draft("r-1", a, 1000)); again.ID != first.ID {
		t.Errorf("again: %s, want %s", again.ID, first.ID)
	}
	if _, err := d.PlaceOrder(t.Context(), access.CommandLine, a.ID, draft("r-1", a, 1001)); !errors.Is(err, orders.ErrConflict) {
		t.Errorf("other content: %v, want order_conflict", err)
	}
	if theirs := place(t, d, other, draft("r-1", other, 1000)); theirs.ID == first.ID {
		t.Error("another account's reference is the same order")
	}
	d.Pass(25 * time.Hour)
	if lapsed := place(t, d, a, draft("r-1", a, 1000)); lapsed.State != orders.Lapsed {
		t.Errorf("after its time: %s, want the same order, lapsed", lapsed.State)
	}
	if got := len(d.DebtsOf(a)); got != 1 {
		t.Errorf("%d debts, want 1", got)
	}
	d.Prove()
}

func TestWhoMayNotOrder(t *testing.T) {
	d := officetest.New(t)
	overdue := d.Customer()
	d.Bind(overdue, sandbox.Visa)
	waiting := place(t, d, overdue, draft("waiting", overdue, 1000))
	order(t, d, overdue, "decline:insufficient_funds", 1)
	d.Use(overdue, "1", "1000")
	closing := d.Customer()
	if _, err := d.CloseAccount(t.Context(), access.CommandLine, closing.ID); err != nil {
		t.Fatal(err)
	}
	credit := d.Customer()
	if err := d.Store.Update(t.Context(), func(tx *store.Tx) error {
		a, err := tx.LockAccount(t.Context(), credit.ID)
		if err != nil {
			return err
		}
		a.Credit = true
		return tx.SaveAccount(t.Context(), a)
	}); err != nil {
		t.Fatal(err)
	}
	foreign := d.Customer()
	theirs := d.Bind(foreign, sandbox.Mastercard).Method
	good := d.Customer()
	of := func(change func(*orders.Draft)) orders.Draft {
		o := draft("r", good, 1000)
		change(&o)
		return o
	}
	inConsole := access.Caller{Name: "console:" + string(good.ID), Account: good.ID, Scopes: []access.Scope{access.BillsWrite}}
	cases := []struct {
		name  string
		by    access.Caller
		a     account.Account
		draft orders.Draft
		want  *fault.Error
	}{
		{"an overdue account (R-PAY-05)", access.CommandLine, overdue, draft("r", overdue, 1000), orders.ErrOverdue},
		{"an account that closes", access.CommandLine, closing, draft("r", closing, 1000), orders.ErrAccountClosing},
		{"a credit customer (R-PAY-02)", access.CommandLine, credit, draft("r", credit, 1000), orders.ErrNeedsCredit},
		{"no account", access.CommandLine, account.Account{ID: "acct_none"}, draft("r", good, 1000), account.ErrNotFound},
		{"another's console", inConsole, foreign, draft("r", foreign, 1000), account.ErrNotFound},
		{"their own prices", inConsole, good, draft("r", good, 1), orders.ErrPricesNotYours},
		{"a key without the scope", access.Caller{Name: "key_1", Scopes: []access.Scope{access.BillsRead}}, good, draft("r", good, 1000), access.ErrForbidden},
		{"another's card", access.CommandLine, good, of(func(o *orders.Draft) { o.Method = string(theirs.ID) }), payment.ErrMethodNotFound},
		{"a card that is not there", access.CommandLine, good, of(func(o *orders.Draft) { o.Method = "pm_none" }), payment.ErrMethodNotFound},
		{"a page that is none", access.CommandLine, good, of(func(o *orders.Draft) { o.ReturnURL = "javascript:alert(1)" }), office.ErrReturnURL},
		{"another currency", access.CommandLine, good, of(func(o *orders.Draft) { o.Items[0].Price.Currency = "EUR" }), account.ErrCurrencyMismatch},
		{"no currency", access.CommandLine, good, of(func(o *orders.Draft) { o.Items[0].Price.Currency = "ZZZ" }), account.ErrCurrencyMismatch},
		{"an amount that overflows", access.CommandLine, good, of(func(o *orders.Draft) { o.Items[0].Price.Minor, o.Items[0].Quantity = 1e15, 1e6 }), money.ErrOutOfRange},
		{"a sum that overflows", access.CommandLine, good, of(func(o *orders.Draft) { o.Items[0].Price.Minor = 1e15; o.Items = append(o.Items, o.Items[0]) }), money.ErrOutOfRange},
		{"more than is charged at once", access.CommandLine, good, of(func(o *orders.Draft) { o.Items[0].Price.Minor = 100_000_000 }), office.ErrNotChargeable},
		{"a renewal of nothing", access.CommandLine, good, orders.Draft{Reference: "r", Kind: orders.Renewal, Subscription: "sub_none"}, orders.ErrSubscriptionNotFound},
	}
	for _, c := range cases {
		if _, err := d.PlaceOrder(t.Context(), c.by, c.a.ID, c.draft); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want.Code)
		}
	}
	if list, _, err := d.Orders(t.Context(), access.CommandLine, good.ID, office.Page{Limit: 10}); err != nil || len(list) != 0 || len(d.DebtsOf(good)) != 0 {
		t.Errorf("%d orders, %v, want nothing half done", len(list), err)
	}
	if _, err := d.PayOrder(t.Context(), access.CommandLine, waiting.ID, office.PayChoice{}); !errors.Is(err, orders.ErrOverdue) {
		t.Errorf("paying what was placed before it was overdue: %v, want account_overdue", err)
	}
	if _, err := d.PayOrder(t.Context(), inConsole, waiting.ID, office.PayChoice{}); !errors.Is(err, orders.ErrNotFound) {
		t.Errorf("paying another's order: %v, want order_not_found", err)
	}
	if _, err := d.Order(t.Context(), inConsole, waiting.ID, false); !errors.Is(err, orders.ErrNotFound) {
		t.Errorf("reading another's order: %v, want order_not_found", err)
	}
	if _, err := d.CancelOrder(t.Context(), inConsole, waiting.ID); !errors.Is(err, orders.ErrNotFound) {
		t.Errorf("cancelling another's order: %v, want order_not_found", err)
	}
	d.Prove()
}

// What is not paid for was not given: nothing of it is overdue, is charged by
// itself, or stands on a bill (R-DUN-02).
func TestAnUnpaidOrderMakesNobodyOverdue(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		o := place(t, d, a, draft("r-1", a, 1000))
		order(t, d, a, "decline:insufficient_funds", 1)
		p := pay(t, d, o.ID)
		if p.Payment.State != payment.Closing && p.Payment.State != payment.Declined || orderNow(t, d, o.ID).Order.State != orders.Open {
			t.Errorf("the payment is %s, want declined, and the order open", p.Payment.State)
		}
		d.Pass(time.Minute)
		if c, err := d.MayCloseAccount(t.Context(), access.CommandLine, a.ID); err != nil || c.Why != nil {
			t.Errorf("whether the account may be closed: %v, %v; want that nothing stands against it", c.Why, err)
		}
		d.Bind(a, sandbox.Mastercard)
		prefer(t, d, a, payment.Mastercard) // what is owed is collected from it at once, and an order is not
		d.Pass(23 * time.Hour)
		s := orderNow(t, d, o.ID)
		if len(s.Payments) != 1 || s.Order.State != orders.Open || !current(t, d, a).OverdueSince.IsZero() {
			t.Errorf("after 23 hours: %s with %d payments, overdue since %s; want open with one, not overdue", s.Order.State, len(s.Payments), current(t, d, a).OverdueSince)
		}
		d.Pass(2 * time.Hour)
		s = orderNow(t, d, o.ID)
		if s.Order.State != orders.Lapsed || s.Debt.State != billing.Cancelled || !errors.Is(s.Why, orders.ErrLapsed) {
			t.Errorf("after its time: the order is %s, the debt %s, %v; want lapsed and cancelled", s.Order.State, s.Debt.State, s.Why)
		}
		if _, err := d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{}); !errors.Is(err, orders.ErrLapsed) {
			t.Errorf("paying it: %v, want order_lapsed", err)
		}
		d.PassTo(time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC))
		if a := current(t, d, a); !a.OverdueSince.IsZero() {
			t.Error("the account is overdue")
		}
		d.Prove()
	})
}

func TestTaxOfAnOrder(t *testing.T) {
	d := officetest.New(t)
	if _, err := d.ApplyPolicy(t.Context(), access.CommandLine, []byte(policy.Demo().Document), "demo.yaml", true); err != nil {
		t.Fatal(err)
	}
	a := d.Customer(func(n *office.NewAccount) { n.Country, n.Currency, n.Kind = "JP", "JPY", account.Individual })
	d.Bind(a, sandbox.Visa)
	o := place(t, d, a, draft("r-1", a, 1005))
	if o.Net.Minor != 1005 || o.Tax.Minor != 101 || o.Amount.Minor != 1106 {
		t.Errorf("got %s and %s of tax, want 1005 and 101 (half up)", o.Net, o.Tax)
	}
	pay(t, d, o.ID)
	totals, err := d.Totals(context.Background(), access.CommandLine)
	if err != nil {
		t.Fatal(err)
	}
	for _, total := range totals {
		if total.Ledger == ledger.CustomerDeposits && total.Credit != total.Debit {
			t.Errorf("deposits have %s and %s, want nothing left", total.Credit, total.Debit)
		}
	}
	d.Prove()
}

// What is bought begins when it is paid, not when it was placed: nobody pays for days
// without service (R-PAY-01).
func TestATermBeginsOnTheDayOfItsPayment(t *testing.T) {
	for _, c := range []struct {
		name        string
		from        orders.Day // "" today
		from2, till orders.Day
	}{
		{"at once", "", "2026-03-11", "2026-04-11"},
		{"on a day that is over by then", "2026-03-10", "2026-03-11", "2026-04-11"},
		{"on a later day", "2026-03-20", "2026-03-20", "2026-04-20"},
	} {
		t.Run(c.name, func(t *testing.T) {
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
				a := d.Customer()
				d.Bind(a, sandbox.Visa)
				asked := draft("r-1", a, 3100)
				asked.Items[0].From = c.from
				o := place(t, d, a, asked)
				d.Pass(23 * time.Hour)
				pay(t, d, o.ID)
				s := orderNow(t, d, o.ID)
				if i := s.Order.Items[0]; i.From != c.from2 || i.Until != c.till {
					t.Errorf("the order's item is for %s to %s, want %s to %s", i.From, i.Until, c.from2, c.till)
				}
				if sub := s.Subscriptions[0]; sub.From != c.from2 || sub.Until != c.till {
					t.Errorf("the subscription is for %s to %s, want %s to %s", sub.From, sub.Until, c.from2, c.till)
				}
				if again := place(t, d, a, asked); again.ID != o.ID {
					t.Errorf("placed again it is %s, want the same order", again.ID)
				}
				d.Prove()
			})
		})
	}
}
