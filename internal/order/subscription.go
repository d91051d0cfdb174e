package order

import (
	"math/big"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/state"
)

// SubscriptionID names a subscription, such as "sub_01j8…".
type SubscriptionID string

// SubscriptionState is where a subscription is in its life.
type SubscriptionState string

// The states of a subscription.
const (
	Active         SubscriptionState = "active"
	Ended          SubscriptionState = "ended"     // its last term is over
	CancelledEarly SubscriptionState = "cancelled" // before that
)

// SubscriptionEvent is something that happened to a subscription.
type SubscriptionEvent string

// The events of a subscription.
const (
	RunOut    SubscriptionEvent = "run_out"
	EndSooner SubscriptionEvent = "end_sooner"
)

// SubscriptionTable is the life of a subscription.
var SubscriptionTable = state.Table[SubscriptionState, SubscriptionEvent]{
	Active:         {RunOut: Ended, EndSooner: CancelledEarly},
	Ended:          {},
	CancelledEarly: {},
}

// Subscription is what a paid item with a term gives: a product for so many terms
// from the day on which it began.
type Subscription struct {
	ID          SubscriptionID
	Account     account.ID
	Order       ID  // with which it began
	Line        int // of that order's items, from 1
	Product     string
	Description string
	Quantity    int64
	Price       money.Amount // of one, for one term
	Term        Term
	From        Day // its first
	Terms       int // that are paid
	Until       Day // it ends before this day
	AutoRenew   bool
	State       SubscriptionState
	StartedAt   time.Time
	EndedAt     time.Time
}

// What may stand against changing a subscription.
var (
	ErrSubscriptionNotFound = fault.New(fault.NotFound, "subscription_not_found", "there is no such subscription")
	ErrSubscriptionOver     = fault.New(fault.Conflict, "subscription_over", "the subscription is over").WithNext("order it anew")
)

// Begin makes the subscription for which an item of o pays, by its line from 1.
func (o Order) Begin(id SubscriptionID, line int, now time.Time) Subscription {
	i := o.Items[line-1]
	return Subscription{
		ID: id, Account: o.Account, Order: o.ID, Line: line, Product: i.Product, Description: i.Description, Quantity: i.Quantity, Price: i.Price,
		Term: i.Term, From: i.From, Terms: 1, Until: i.Until, AutoRenew: i.AutoRenew, State: Active, StartedAt: now,
	}
}

// Next is the item that renews the subscription: its next term, from its end on.
func (s Subscription) Next() (Item, error) {
	net, err := Times(s.Price, s.Quantity)
	return Item{
		Product: s.Product, Description: s.Description, Quantity: s.Quantity, Price: s.Price, Term: s.Term,
		From: s.Until, Until: s.Term.After(s.From, s.Terms+1), Net: net,
	}, err
}

// Change is the item that upgrades the subscription on a day: the difference of
// prices for what is left of its paid terms, that day included, by the day and
// rounded half up to a multiple of step minor units.
func (s Subscription) Change(to DraftItem, on Day, step int64) (Item, error) {
	on = max(on, s.From)
	item := Item{Product: to.Product, Description: to.Description, Quantity: to.Quantity, Price: to.Price, Term: s.Term, From: on, Until: s.Until}
	before, err := Times(s.Price, s.Quantity)
	if err != nil {
		return item, err
	}
	after, err := Times(to.Price, to.Quantity)
	if err != nil {
		return item, err
	}
	more, err := after.Sub(before)
	if err != nil {
		return item, err
	}
	if !more.IsPositive() {
		return item, ErrNotUpgrade
	}
	if item.Net, err = share(more, s.left(on), step); err == nil && item.Net.IsZero() {
		err = ErrNotUpgrade
	}
	return item, err
}

// left is how many terms are left from a day on, which counts: 3/31 of one and all
// of the next are 34/31.
func (s Subscription) left(on Day) *big.Rat {
	sum := new(big.Rat)
	for n := s.Terms - 1; n >= 0; n-- {
		from, until := s.Term.After(s.From, n), s.Term.After(s.From, n+1)
		if until <= on {
			break
		}
		sum.Add(sum, big.NewRat(int64(max(from, on).Until(until)), int64(from.Until(until))))
	}
	return sum
}

// Unconsumed is the part of a paid order, tax included, that falls to the days of
// its items from the given one on, rounded half up to a multiple of step minor
// units.
func (o Order) Unconsumed(on Day, step int64) (money.Amount, error) {
	part := new(big.Rat)
	for _, i := range o.Items {
		if i.Term == "" || on >= i.Until {
			continue
		}
		left := big.NewRat(int64(max(i.From, on).Until(i.Until)), int64(i.From.Until(i.Until)))
		part.Add(part, left.Mul(left, big.NewRat(i.Net.Minor, o.Net.Minor)))
	}
	return share(o.Amount, part, step)
}

// share is a part of an amount of zero or more, rounded half up to a multiple of
// step minor units.
func share(a money.Amount, part *big.Rat, step int64) (money.Amount, error) {
	// floor((2·a·num + step·den) / (2·step·den)) steps
	n := new(big.Int).Mul(big.NewInt(2*a.Minor), part.Num())
	unit := new(big.Int).Mul(big.NewInt(step), part.Denom())
	n.Add(n, unit)
	n.Quo(n, unit.Mul(unit, big.NewInt(2)))
	n.Mul(n, big.NewInt(step))
	if !n.IsInt64() {
		return money.Amount{}, money.ErrOutOfRange
	}
	return money.Amount{Minor: n.Int64(), Currency: a.Currency}.Add(money.Amount{Currency: a.Currency}) // checks the range
}
