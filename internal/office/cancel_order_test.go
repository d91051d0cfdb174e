package office_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

func cancel(t *testing.T, d *officetest.Desk, id orders.ID) orders.Order {
	t.Helper()
	o, err := d.CancelOrder(t.Context(), access.CommandLine, id)
	if err != nil {
		t.Fatalf("cancel %s: %v", id, err)
	}
	d.Pass(time.Minute)
	return o
}

func TestAnUnpaidOrderIsCancelled(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		o := place(t, d, a, draft("r-1", a, 1000))
		if got, err := d.CancelOrder(t.Context(), caller(a), o.ID); err != nil || got.State != orders.Cancelled {
			t.Errorf("its customer cancels it: %s, %v; want cancelled", got.State, err)
		}
		if again := cancel(t, d, o.ID); again.State != orders.Cancelled {
			t.Errorf("cancelled again it is %s", again.State)
		}
		if _, err := d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{}); !errors.Is(err, orders.ErrNotOpen) {
			t.Errorf("paying it: %v, want order_over", err)
		}
		if got := orderNow(t, d, o.ID).Debt.State; got != billing.Cancelled {
			t.Errorf("its debt is %s, want cancelled", got)
		}
		d.Pass(25 * time.Hour)
		if got, want := fmt.Sprint(kinds(t, d, string(o.ID))), "[order.placed order.cancelled]"; got != want {
			t.Errorf("the platform heard %s, want %s", got, want)
		}
		d.Prove()
	})
}

func TestAnOrderWithAPaymentUnderWayIsNotCancelled(t *testing.T) {
	d := officetest.New(t)
	_, o, p := challenged(t, d)
	if _, err := d.CancelOrder(t.Context(), access.CommandLine, o.ID); !errors.Is(err, payment.ErrUnresolved) {
		t.Errorf("got %v, want payment_unresolved", err)
	}
	if _, err := d.Sandbox.AnswerChallenge(p.Ref, true); err != nil {
		t.Fatal(err)
	}
	d.Pass(time.Hour)
	if got := orderNow(t, d, o.ID).Order.State; got != orders.Paid {
		t.Errorf("the order is %s, want paid", got)
	}
	d.Prove()
}

// What was not consumed goes back the way it came, by the day; the day of
// cancelling is consumed (R-REFUND-01).
func TestAPaidOrderIsCancelledAndWhatWasNotConsumedGoesBack(t *testing.T) {
	for _, c := range []struct {
		after   int // days
		back    int64
		forGood int64 // of a second item without a term
	}{
		{0, 3000, 0}, {15, 1500, 0}, {30, 0, 0}, {15, 1500, 5000}, {40, 0, 0},
	} {
		t.Run(fmt.Sprintf("after %d days, %d for good", c.after, c.forGood), func(t *testing.T) {
			d := officetest.New(t)
			a := d.Customer()
			d.Bind(a, sandbox.Visa)
			asked := draft("r-1", a, 3100) // 31 days from 2026-03-10
			if c.forGood > 0 {
				more := asked.Items[0]
				more.Product, more.Price.Minor, more.Term = "migration", c.forGood, ""
				asked.Items = append(asked.Items, more)
			}
			o := place(t, d, a, asked)
			pay(t, d, o.ID)
			d.Pass(time.Duration(c.after) * 24 * time.Hour)
			if _, err := d.CancelOrder(t.Context(), caller(a), o.ID); !errors.Is(err, access.ErrForbidden) {
				t.Errorf("by its customer: %v, want forbidden", err)
			}
			cancel(t, d, o.ID)
			s := orderNow(t, d, o.ID)
			want := orders.CancelledEarly
			if c.after > 31 {
				want = orders.Ended
			}
			if s.Order.State != orders.Cancelled || s.Payments[0].Refunded.Minor != c.back || s.Subscriptions[0].State != want {
				t.Errorf("the order is %s, %s given back, the subscription %s; want cancelled, %d and %s", s.Order.State, s.Payments[0].Refunded, s.Subscriptions[0].State, c.back, want)
			}
			d.Prove()
		})
	}
}

func TestWhatCameFromTheBalanceGoesBackThere(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		fund(t, d, a, 1500)
		asked := draft("r-1", a, 3100)
		asked.UseBalance = true
		o := place(t, d, a, asked)
		pay(t, d, o.ID) // 15.00 from the balance, 16.00 from the card
		cancel(t, d, o.ID)
		s := orderNow(t, d, o.ID)
		days := s.Subscriptions[0].From.Until(s.Subscriptions[0].Until)
		back := int64((3100*(days-1)*2 + days) / (2 * days))
		if s.Payments[0].Refunded.Minor != 1600 || balanceOf(t, d, a) != back-1600 {
			t.Errorf("%s went back to the card and %d to the balance, want 16.00 and %d", s.Payments[0].Refunded, balanceOf(t, d, a), back-1600)
		}
		d.Prove()
	})
}

// grown is a purchase that was upgraded and renewed.
func grown(t *testing.T, d *officetest.Desk) (a account.Account, first orders.Order, up, next orders.Order) {
	t.Helper()
	a = d.Customer()
	d.Bind(a, sandbox.Visa)
	first, sub := bought(t, d, a, renewing("r-1", a, 3100))
	d.Pass(15 * 24 * time.Hour)
	asked := draft("r-2", a, 6200)
	asked.Kind, asked.Subscription, asked.Items[0].Term, asked.Items[0].Product = orders.Upgrade, sub.ID, "", "db.large"
	up = place(t, d, a, asked)
	pay(t, d, up.ID)
	next = place(t, d, a, orders.Draft{Reference: "r-3", Kind: orders.Renewal, Subscription: sub.ID})
	pay(t, d, next.ID)
	return a, first, up, next
}

func TestCancellingAPurchaseCancelsWhatCameOfIt(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		_, first, up, next := grown(t, d)
		if up.Amount.Minor != 1600 || next.Amount.Minor != 6200 { // 16 of 31 days of the difference, and a whole term
			t.Errorf("the upgrade costs %s and the renewal %s, want 16.00 and 62.00", up.Amount, next.Amount)
		}
		for _, id := range []orders.ID{up.ID, first.ID} {
			if _, err := d.CancelOrder(t.Context(), access.CommandLine, id); (err == nil) != (id == first.ID) {
				t.Errorf("cancelling %s: %v", id, err)
			}
		}
		d.Pass(time.Minute)
		for _, c := range []struct {
			id   orders.ID
			back int64
		}{{first.ID, 1500}, {up.ID, 1500}, {next.ID, 6200}} {
			s := orderNow(t, d, c.id)
			if s.Order.State != orders.Cancelled || s.Payments[0].Refunded.Minor != c.back || s.Subscriptions[0].State != orders.CancelledEarly {
				t.Errorf("%s is %s with %s given back, its subscription %s; want cancelled with %d", s.Order.Kind, s.Order.State, s.Payments[0].Refunded, s.Subscriptions[0].State, c.back)
			}
		}
		d.Pass(60 * 24 * time.Hour)
		d.Prove()
	})
}

func TestTheLastRenewalIsCancelledByItself(t *testing.T) {
	d := officetest.New(t)
	_, first, _, next := grown(t, d)
	sub := orderNow(t, d, first.ID).Subscriptions[0]
	if sub.Until != "2026-05-10" {
		t.Fatalf("the subscription is paid until %s, want 2026-05-10", sub.Until)
	}
	cancel(t, d, next.ID)
	now := subscriptionNow(t, d, sub.ID)
	if now.Until != "2026-04-10" || now.State != orders.Active || now.AutoRenew {
		t.Errorf("the subscription is %s until %s, renewing %t; want active until 2026-04-10, and no more", now.State, now.Until, now.AutoRenew)
	}
	if got := orderNow(t, d, next.ID).Payments[0].Refunded.Minor; got != 6200 {
		t.Errorf("%d went back, want all of it", got)
	}
	d.PassTo(time.Date(2026, 4, 10, 1, 0, 0, 0, time.UTC))
	if got := subscriptionNow(t, d, sub.ID).State; got != orders.Ended {
		t.Errorf("after its last day it is %s, want ended", got)
	}
	d.Prove()
}

// What is given back is what was paid less what was consumed: a refund before the
// cancelling counts, whatever it was for (R-REFUND-01).
func TestWhatWasGivenBackBeforeCounts(t *testing.T) {
	for _, c := range []struct {
		name                  string
		balance, before, want int64 // 16 of 31 days are consumed of 31.00; want goes back in all
		onBalance             int64 // of it
	}{
		{"nothing", 0, 0, 1500, 0},
		{"less than is not consumed", 0, 1000, 1500, 0},
		{"as much", 0, 1500, 1500, 0},
		{"more", 0, 2000, 2000, 0},
		{"all of the card's part, with a balance", 1600, 1500, 1500, 0},
		{"some of the card's part, with a balance", 1600, 1000, 1500, 0},
		{"none of a small part, with a balance", 2600, 0, 1500, 1000},
		{"all of a small part, with a balance", 2600, 500, 1500, 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := officetest.New(t)
			a := d.Customer()
			d.Bind(a, sandbox.Visa)
			if c.balance > 0 {
				fund(t, d, a, c.balance)
			}
			asked := draft("r-1", a, 3100)
			asked.UseBalance = c.balance > 0
			o := place(t, d, a, asked)
			p := pay(t, d, o.ID).Payment
			if c.before > 0 {
				giveBack(t, d, p, c.before)
			}
			d.Pass(15 * 24 * time.Hour)
			cancel(t, d, o.ID)
			s := orderNow(t, d, o.ID)
			if got := s.Payments[0].Refunded.Minor + balanceOf(t, d, a); got != c.want || balanceOf(t, d, a) != c.onBalance {
				t.Errorf("%d was given back in all, %d of it to the balance; want %d and %d", got, balanceOf(t, d, a), c.want, c.onBalance)
			}
			d.Prove()
		})
	}
}

// A payment was not accepted, and could not be given back: it is on the balance, and
// pays the order from there. Cancelling the order gives it back to the balance.
func TestAnOrderIsCancelledThatWasPaidByWhatAnotherPaymentLeft(t *testing.T) {
	d := officetest.New(t)
	ruled(t, d, "    purchase: []", "    purchase: [united_states]")
	a := d.Customer()
	amex := d.Bind(a, sandbox.Amex).Method // its issuer runs no 3-D Secure
	o := place(t, d, a, draft("r-1", a, 3100))
	d.Sandbox.Fault(sandbox.Fault{Op: "refund", Kind: "503"})
	p, err := d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{Method: amex.ID})
	if err != nil {
		t.Fatal(err)
	}
	if r := d.Cards.Refund(t.Context(), provider.RefundAsk{Key: "by hand", Reference: "by hand", Charge: p.Payment.ChargeRef, Amount: usd(3100)}); r.Outcome != provider.Approved {
		t.Fatalf("refund by hand: got %+v, want it approved", r)
	}
	d.Pass(3 * time.Hour)
	if balanceOf(t, d, a) != 3100 {
		t.Fatalf("the balance is %d, want 3100", balanceOf(t, d, a))
	}
	use := true
	if p, err = d.PayOrder(t.Context(), access.CommandLine, o.ID, office.PayChoice{UseBalance: &use}); err != nil || p.Order.State != orders.Paid || balanceOf(t, d, a) != 0 {
		t.Fatalf("paid from the balance the order is %s, %v", p.Order.State, err)
	}
	d.Pass(15 * 24 * time.Hour)
	cancel(t, d, o.ID)
	if s := orderNow(t, d, o.ID); s.Order.State != orders.Cancelled || balanceOf(t, d, a) != 1500 {
		t.Errorf("the order is %s and the balance %d, want cancelled and 1500", s.Order.State, balanceOf(t, d, a))
	}
	proven(t, d)
}

// proven proves our own books, where the world was told something behind our back.
func proven(t *testing.T, d *officetest.Desk) {
	t.Helper()
	r, err := d.Store.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		for _, p := range c.Problems {
			t.Errorf("%s: %s: %s", c.Name, p.Where, p.What)
		}
	}
}
