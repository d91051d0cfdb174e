package office_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

func day(s string) time.Time {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return at
}

// subscribed is a customer with a month that renews itself, from 2026-03-10.
func subscribed(t *testing.T, d *officetest.Desk) (account.Account, orders.Subscription) {
	t.Helper()
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	_, s := bought(t, d, a, renewing("r-1", a, 3100))
	return a, s
}

// renewalsOf lists the orders that extended a subscription, oldest first.
func renewalsOf(t *testing.T, d *officetest.Desk, id orders.SubscriptionID) []office.OrderStory {
	t.Helper()
	s, err := d.Subscription(t.Context(), access.CommandLine, id)
	if err != nil {
		t.Fatal(err)
	}
	var out []office.OrderStory
	for _, o := range s.Orders[1:] {
		out = append(out, orderNow(t, d, o.ID))
	}
	return out
}

func TestASubscriptionRenewsItself(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		_, s := subscribed(t, d)
		d.PassTo(day("2026-04-06"))
		if got := len(renewalsOf(t, d, s.ID)); got != 0 {
			t.Errorf("four days before its end there are %d renewals, want none", got)
		}
		d.PassTo(day("2026-04-08"))
		list := renewalsOf(t, d, s.ID)
		if len(list) != 1 || list[0].Order.State != orders.Paid || !list[0].Order.Automatic {
			t.Fatalf("two days before its end there are %d renewals, want one, paid", len(list))
		}
		p := list[0].Payments[0]
		if p.Initiator != payment.MIT || p.Reason != payment.Renewal || p.Mandate == "" || p.Amount.Minor != 3100 {
			t.Errorf("it was charged %s (%s, %s, quoting %q), want 31.00 with the payer away, quoting when they agreed (R-3DS-08)", p.Amount, p.Initiator, p.Reason, p.Mandate)
		}
		d.PassTo(day("2026-06-09"))
		now := subscriptionNow(t, d, s.ID)
		if now.Until != "2026-07-10" || now.Terms != 4 || len(renewalsOf(t, d, s.ID)) != 3 {
			t.Errorf("after three months it is paid until %s for %d terms by %d renewals", now.Until, now.Terms, len(renewalsOf(t, d, s.ID)))
		}
		if got, want := fmt.Sprint(kinds(t, d, string(s.ID))), "[subscription.started"+strings.Repeat(" subscription.renewed", 3)+"]"; got != want {
			t.Errorf("the platform heard %s, want %s", got, want)
		}
		d.Prove()
	})
}

func TestARenewalThatFailsIsTriedAgainUntilTheEnd(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ruled(t, d, "renew_before: 3d ", "renew_before: 10d ")
		a, s := subscribed(t, d)
		order(t, d, a, "decline:insufficient_funds", 1)
		d.PassTo(day("2026-04-01"))
		if list := renewalsOf(t, d, s.ID); len(list) != 1 || len(list[0].Payments) != 1 || list[0].Order.State != orders.Open || !current(t, d, a).OverdueSince.IsZero() {
			t.Fatalf("after the first attempt: %+v, overdue since %s; want one open order tried once, and nothing overdue", list, current(t, d, a).OverdueSince)
		}
		d.PassTo(day("2026-04-07").Add(time.Hour)) // T+7 (R-DUN-01)
		if list := renewalsOf(t, d, s.ID); list[0].Order.State != orders.Paid || len(list[0].Payments) != 2 {
			t.Errorf("at T+7 it is %s after %d payments, want paid by the second", list[0].Order.State, len(list[0].Payments))
		}
		d.Prove()
	})
}

func TestASubscriptionThatCannotBeRenewedEnds(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, s := subscribed(t, d)
		order(t, d, a, "decline:insufficient_funds", 99)
		d.PassTo(day("2026-04-09"))
		if got := subscriptionNow(t, d, s.ID).State; got != orders.Active {
			t.Errorf("on its last day it is %s, want active", got)
		}
		d.PassTo(day("2026-04-10").Add(time.Hour))
		list := renewalsOf(t, d, s.ID)
		if got := subscriptionNow(t, d, s.ID).State; got != orders.Ended || list[0].Order.State != orders.Lapsed {
			t.Errorf("after it the subscription is %s and its renewal %s, want ended and lapsed", got, list[0].Order.State)
		}
		if !current(t, d, a).OverdueSince.IsZero() {
			t.Error("the account is overdue for what was never given")
		}
		if got := kinds(t, d, string(s.ID)); got[len(got)-1] != "subscription.ended" {
			t.Errorf("the platform heard %v", got)
		}
		d.Pass(90 * 24 * time.Hour)
		if got := len(renewalsOf(t, d, s.ID)); got != 1 {
			t.Errorf("there are %d renewals, want 1", got)
		}
		d.Prove()
	})
}

func TestARenewalIsTriedAtOnceWithAnotherCard(t *testing.T) {
	d := officetest.New(t)
	a, s := subscribed(t, d)
	order(t, d, a, "decline:stolen_card", 9)
	d.PassTo(day("2026-04-08"))
	if got := len(renewalsOf(t, d, s.ID)[0].Payments); got != 1 {
		t.Errorf("%d attempts on a stolen card, want 1 (R-DUN-05)", got)
	}
	d.Bind(a, sandbox.Mastercard)
	prefer(t, d, a, payment.Mastercard)
	d.Pass(time.Minute)
	if got := renewalsOf(t, d, s.ID)[0].Order.State; got != orders.Paid {
		t.Errorf("with another card the renewal is %s, want paid at once (R-DUN-09)", got)
	}
	d.Prove()
}

func TestARenewalThatNeedsItsPayerWaitsForThem(t *testing.T) {
	d := officetest.New(t)
	a, s := subscribed(t, d)
	order(t, d, a, "authenticate", 2)
	d.PassTo(day("2026-04-08"))
	waiting := renewalsOf(t, d, s.ID)[0]
	if waiting.Payments[0].State != payment.Waiting {
		t.Fatalf("the payment is %s, want challenged (R-3DS-06)", waiting.Payments[0].State)
	}
	link, _, err := d.OpenChallenge(t.Context(), access.CommandLine, waiting.Payments[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.TakeChallenge(t.Context(), link[len("http://console.test/challenge/"):])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sandbox.AnswerChallenge(p.Ref, true); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Order(t.Context(), access.CommandLine, waiting.Order.ID, true); err != nil { // the payer comes back
		t.Fatal(err)
	}
	if now := subscriptionNow(t, d, s.ID); now.Until != "2026-05-10" {
		t.Errorf("it is paid until %s, want 2026-05-10", now.Until)
	}
	d.Prove()
}

// While a renewal's answer is lost the subscription goes on: it ends, or is
// renewed, once that is known.
func TestASubscriptionDoesNotEndWhileItsRenewalIsUnknown(t *testing.T) {
	d := officetest.New(t)
	_, s := subscribed(t, d)
	d.PassTo(day("2026-04-06"))
	d.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_after", Times: 1000})
	d.Sandbox.Fault(sandbox.Fault{Op: "retrieve", Kind: "lost_before", Times: 1000})
	d.PassTo(day("2026-04-12"))
	list := renewalsOf(t, d, s.ID)
	if now := subscriptionNow(t, d, s.ID); now.State != orders.Active || list[0].Order.State != orders.Open || list[0].Payments[0].State != payment.Unknown {
		t.Errorf("two days after its end it is %s, the renewal %s, its payment %s; want active, open and unknown", now.State, list[0].Order.State, list[0].Payments[0].State)
	}
	d.Sandbox.ClearFaults()
	d.Pass(25 * time.Hour)
	if now := subscriptionNow(t, d, s.ID); now.Until != "2026-05-10" || now.State != orders.Active {
		t.Errorf("once it is known it is %s until %s, want active until 2026-05-10", now.State, now.Until)
	}
	d.Prove()
}

func TestARenewalByHand(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, s := subscribed(t, d)
		o, err := d.PlaceOrder(t.Context(), caller(a), a.ID, orders.Draft{Reference: "by-hand", Kind: orders.Renewal, Subscription: s.ID})
		if err != nil {
			t.Fatal(err)
		}
		if o.Items[0].From != "2026-04-10" || o.Items[0].Until != "2026-05-10" || o.Amount.Minor != 3100 {
			t.Errorf("it is %s from %s until %s, want 31.00 for the next month", o.Amount, o.Items[0].From, o.Items[0].Until)
		}
		if _, err := d.PlaceOrder(t.Context(), caller(a), a.ID, orders.Draft{Reference: "twice", Kind: orders.Renewal, Subscription: s.ID}); !errors.Is(err, orders.ErrBusy) {
			t.Errorf("another one: %v, want order_pending", err)
		}
		if _, err := d.PayOrder(t.Context(), caller(a), o.ID, office.PayChoice{}); err != nil {
			t.Fatal(err)
		}
		d.PassTo(day("2026-04-20"))
		if now := subscriptionNow(t, d, s.ID); now.Until != "2026-05-10" || len(renewalsOf(t, d, s.ID)) != 1 {
			t.Errorf("it is paid until %s by %d renewals, want 2026-05-10 by the one by hand", now.Until, len(renewalsOf(t, d, s.ID)))
		}
		d.PassTo(day("2026-05-08"))
		if now := subscriptionNow(t, d, s.ID); now.Until != "2026-06-10" {
			t.Errorf("it is paid until %s, want renewed by itself again", now.Until)
		}
		d.Prove()
	})
}

func TestASubscriptionThatIsNotToBeRenewed(t *testing.T) {
	for _, how := range []string{"switched off", "renewal cancelled"} {
		t.Run(how, func(t *testing.T) {
			d := officetest.New(t)
			a, s := subscribed(t, d)
			if how == "switched off" {
				if _, err := d.SetAutoRenew(t.Context(), caller(a), s.ID, false); err != nil {
					t.Fatal(err)
				}
			} else {
				order(t, d, a, "decline:insufficient_funds", 9)
				d.PassTo(day("2026-04-08"))
				cancel(t, d, renewalsOf(t, d, s.ID)[0].Order.ID)
			}
			d.PassTo(day("2026-04-11"))
			if now := subscriptionNow(t, d, s.ID); now.State != orders.Ended || now.AutoRenew {
				t.Errorf("it is %s, renewing %t; want ended", now.State, now.AutoRenew)
			}
			if _, err := d.SetAutoRenew(t.Context(), access.CommandLine, s.ID, true); !errors.Is(err, orders.ErrSubscriptionOver) {
				t.Errorf("switching it on again: %v, want subscription_over", err)
			}
			if _, err := d.PlaceOrder(t.Context(), access.CommandLine, a.ID, orders.Draft{Reference: "late", Kind: orders.Renewal, Subscription: s.ID}); !errors.Is(err, orders.ErrSubscriptionOver) {
				t.Errorf("renewing it: %v, want subscription_over", err)
			}
			d.Prove()
		})
	}
}

func TestAnOverdueAccountIsNotRenewed(t *testing.T) { // R-PAY-05
	d := officetest.New(t)
	a, s := subscribed(t, d)
	d.PassTo(day("2026-04-05"))
	order(t, d, a, "decline:insufficient_funds", 99)
	d.Use(a, "1", "1000")
	d.PassTo(day("2026-04-11"))
	if now := subscriptionNow(t, d, s.ID); now.State != orders.Ended || len(renewalsOf(t, d, s.ID)) != 0 {
		t.Errorf("it is %s with %d renewals, want ended without any", now.State, len(renewalsOf(t, d, s.ID)))
	}
	d.Prove()
}

func TestUpgradesOfASubscription(t *testing.T) {
	d := officetest.New(t)
	a, s := subscribed(t, d)
	other := d.Customer()
	up := func(reference string, price int64) orders.Draft {
		asked := draft(reference, a, price)
		asked.Kind, asked.Subscription, asked.Items[0].Term, asked.Items[0].Product = orders.Upgrade, s.ID, "", "db.large"
		return asked
	}
	d.PassTo(day("2026-03-20").Add(23 * time.Hour))
	for _, c := range []struct {
		name  string
		a     account.Account
		draft orders.Draft
		want  error
	}{
		{"to the same price", a, up("r", 3100), orders.ErrNotUpgrade},
		{"to a lower one", a, up("r", 100), orders.ErrNotUpgrade},
		{"of another's", other, up("r", 6200), orders.ErrSubscriptionNotFound},
	} {
		if _, err := d.PlaceOrder(t.Context(), access.CommandLine, c.a.ID, c.draft); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	o := place(t, d, a, up("up-1", 6200))
	if o.Amount.Minor != 2100 || o.Items[0].Until != s.Until { // 21 of 31 days
		t.Errorf("it costs %s until %s, want 21.00 until the same day", o.Amount, o.Items[0].Until)
	}
	if got := subscriptionNow(t, d, s.ID).Product; got != "db.small" {
		t.Errorf("before it is paid it is %s", got)
	}
	pay(t, d, o.ID)
	if now := subscriptionNow(t, d, s.ID); now.Product != "db.large" || now.Price.Minor != 6200 || now.Until != s.Until {
		t.Errorf("it is %s for %s until %s, want db.large for 62.00 until the same day", now.Product, now.Price, now.Until)
	}
	d.PassTo(day("2026-04-09"))
	if list := renewalsOf(t, d, s.ID); len(list) != 2 || list[1].Order.Amount.Minor != 6200 {
		t.Errorf("it has %d orders after its first, want the upgrade, and a renewal at the new price", len(list))
	}
	d.Prove()
}

// A day is one of the account's zone, wherever the installation is.
func TestDaysOfAnOrderAreTheAccounts(t *testing.T) {
	for zone, want := range map[string]orders.Day{"Pacific/Kiritimati": "2026-03-11", "Pacific/Pago_Pago": "2026-03-10", "Asia/Tokyo": "2026-03-10"} {
		d := officetest.New(t)
		a := d.Customer(func(n *office.NewAccount) { n.Zone = zone })
		d.Bind(a, sandbox.Visa)
		_, s := bought(t, d, a, renewing("r-1", a, 3100))
		if s.From != want {
			t.Errorf("in %s it begins on %s, want %s", zone, s.From, want)
		}
		if _, err := d.SetAutoRenew(t.Context(), access.CommandLine, s.ID, false); err != nil {
			t.Fatal(err)
		}
		end := s.Until.Start(a.Location())
		d.PassTo(end.Add(-time.Minute))
		before := subscriptionNow(t, d, s.ID).State
		d.PassTo(end.Add(time.Minute))
		if after := subscriptionNow(t, d, s.ID).State; before != orders.Active || after != orders.Ended {
			t.Errorf("in %s it is %s a minute before its end and %s a minute after", zone, before, after)
		}
	}
}

// The job of a renewal runs on two nodes at once, twice: one order and one charge
// come of it.
func TestTwoNodesRenewAtOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		other := officetest.Build(t, officetest.Options{URL: d.URL, World: d.Sandbox, Prompt: office.PromptInline, Seed: 9})
		_, s := subscribed(t, d)
		at := day("2026-04-08")
		for _, node := range []*officetest.Desk{d, other} {
			if err := node.Clock.Set(t.Context(), at); err != nil {
				t.Fatal(err)
			}
		}
		renew := func(node *officetest.Desk) { _ = node.Handlers()["renew_subscription"](t.Context(), string(s.ID)) }
		var nodes sync.WaitGroup
		for n := range 6 {
			nodes.Go(func() { renew([]*officetest.Desk{d, other}[n%2]) })
		}
		nodes.Wait()
		d.Pass(time.Hour)
		if list := renewalsOf(t, d, s.ID); len(list) != 1 || len(list[0].Payments) != 1 || list[0].Order.State != orders.Paid {
			t.Errorf("there are %d renewals, want one, paid by one payment", len(list))
		}
		d.Prove()
	})
}
