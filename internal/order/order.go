// Package order holds the rules of what is prepaid: orders and their items, the
// subscriptions that they start, extend and change, terms that end on the right
// day of the month, and the parts of prices that fall to parts of terms.
//
// An order is one debt, paid when it is placed; service begins when its money is
// certain, and not before (R-PAY-01).
package order

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/state"
)

// ID names an order, such as "ord_01j8…".
type ID string

// Kind says what an order does.
type Kind string

// The kinds of order.
const (
	Purchase Kind = "purchase" // something new
	Upgrade  Kind = "upgrade"  // more, for what is left of a subscription's terms
	Renewal  Kind = "renewal"  // a subscription's next term
)

// State is where an order is in its life.
type State string

// The states of an order.
const (
	Open      State = "open"
	Blocked   State = "blocked" // until the payer's identity is verified
	Paid      State = "paid"
	Lapsed    State = "lapsed"    // not paid in its time
	Cancelled State = "cancelled" // before or after it was paid
	Refused   State = "refused"   // risk says no
)

// Event is something that happened to an order.
type Event string

// The events of an order.
const (
	Settle  Event = "settle"
	Lapse   Event = "lapse"
	Cancel  Event = "cancel"
	Block   Event = "block"
	Unblock Event = "unblock"
	Refuse  Event = "refuse"
)

// Table is the life of an order. Nothing leads from open to lapsed or cancelled
// while a payment of it is not over: that is for the office to see to.
var Table = state.Table[State, Event]{
	Open:      {Settle: Paid, Lapse: Lapsed, Cancel: Cancelled, Block: Blocked, Refuse: Refused},
	Blocked:   {Unblock: Open, Lapse: Lapsed, Cancel: Cancelled, Refuse: Refused},
	Paid:      {Cancel: Cancelled},
	Lapsed:    {},
	Cancelled: {},
	Refused:   {},
}

// Item is one line of an order.
type Item struct {
	Product     string       `json:"product"`
	Description string       `json:"description,omitempty"`
	Quantity    int64        `json:"quantity"`
	Price       money.Amount `json:"price"`          // of one, for one term
	Term        Term         `json:"term,omitempty"` // "": it is bought for good
	From        Day          `json:"from,omitempty"` // what the line pays for begins here
	Until       Day          `json:"until,omitempty"`
	AutoRenew   bool         `json:"auto_renew,omitempty"`
	Net         money.Amount `json:"net"` // of the line
}

// Order is something that is prepaid.
type Order struct {
	ID           ID
	Account      account.ID
	Reference    string // the platform's own name for it, unique in the account
	Content      string // tells other content under the same reference
	Kind         Kind
	Items        []Item
	Subscription SubscriptionID // that it upgrades or renews
	Automatic    bool           // a renewal that nobody asked for by hand
	TopUp        bool           // what it pays is the customer's balance, and nothing is sold
	Net          money.Amount
	Tax          money.Amount
	Amount       money.Amount // Net and Tax together
	UseBalance   bool         // what is held for the customer pays first
	Method       string       // the payment method's id; "" the preferred one
	ReturnURL    string       // where the payer goes on after a challenge; "" our own page
	State        State
	Debt         string // the debt's id
	Verdict      string // what risk said last; "" it was not asked
	Rule         string // the rule that decided; "" none
	Case         string // the identity check that it waits for; "" none
	PlacedAt     time.Time
	LapsesAt     time.Time
	PaidAt       time.Time
	EndedAt      time.Time
}

// What may stand against an order.
var (
	ErrNotFound       = fault.New(fault.NotFound, "order_not_found", "there is no such order")
	ErrInvalid        = fault.New(fault.Invalid, "order_invalid", "the order cannot be placed as described")
	ErrConflict       = fault.New(fault.Conflict, "order_conflict", "another order of this account has this reference, with other content").WithNext("give each order a reference of its own; send the same content to get the same order")
	ErrNeedsCredit    = fault.New(fault.Conflict, "order_needs_credit", "a customer with a credit line pays orders from available credit").WithNext("open a credit line, or pay by transfer")      // R-PAY-02
	ErrExceedsCredit  = fault.New(fault.Conflict, "order_exceeds_credit", "the order is more than the credit that is available").WithNext("pay open bills by transfer, or ask for a higher limit") // R-CRED-02
	ErrBalanceBelow   = fault.New(fault.Conflict, "balance_below_zero", "the account's balance is below zero").WithNext("top it up or transfer what is missing first")
	ErrOverdue        = fault.New(fault.Conflict, "account_overdue", "something of the account is overdue").WithNext("pay what is overdue first") // R-PAY-05
	ErrAccountClosing = fault.New(fault.Conflict, "account_silent", "the account is being closed").WithNext("reopen the account first")
	ErrPricesNotYours = fault.New(fault.Forbidden, "order_not_offered", "a customer can renew what they have; other orders are placed by the platform").WithNext("order on the platform's own pages")
	ErrBusy           = fault.New(fault.Conflict, "order_pending", "another order for this subscription is not over").WithNext("pay or cancel that order first")
	ErrNotUpgrade     = fault.New(fault.Conflict, "upgrade_not_dearer", "the change costs no more for what is left of the term").WithNext("change it when the term is over, or choose more")
	ErrNothingDue     = fault.New(fault.Invalid, "order_costs_nothing", "there is nothing to pay").WithNext("an order has a price above zero")
	ErrNotOpen        = fault.New(fault.Conflict, "order_over", "the order is not open any more").WithNext("place another order")
	ErrLapsed         = fault.New(fault.Conflict, "order_lapsed", "the order was not paid in its time").WithNext("place another order")
	ErrRisk           = fault.New(fault.Conflict, "risk_control_rejection", "the order cannot be paid like this for reasons of security").WithNext("verify your identity if you are asked to, use another payment method, or contact support")
	ErrPaidAsOrder    = fault.New(fault.Conflict, "order_debt", "the debt is an order's").WithNext("pay the order")
	ErrNotCancellable = fault.New(fault.Conflict, "order_not_cancellable", "the order cannot be cancelled by itself").WithNext("cancel the order with which the subscription began")
)

// The bounds of an order.
const (
	itemsMax    = 100
	textMax     = 200
	quantityMax = 1_000_000
	aheadMax    = 366 // days that something may begin later
)

var referencePattern = regexp.MustCompile(`^[!-~]([ -~]{0,126}[!-~])?$`)

// Draft is an order as it is asked for. A purchase has items; an upgrade has one,
// with what the subscription is to become; a renewal has none.
type Draft struct {
	Reference    string         `json:"reference"`
	Kind         Kind           `json:"kind"`
	Items        []DraftItem    `json:"items,omitempty"`
	Subscription SubscriptionID `json:"subscription,omitempty"`
	UseBalance   bool           `json:"use_balance,omitempty"`
	Method       string         `json:"method,omitempty"`
	ReturnURL    string         `json:"return_url,omitempty"`
	TopUp        bool           `json:"top_up,omitempty"` // of the customer's balance: a purchase of nothing, without tax
}

// DraftItem is an item as it is asked for. From "" is today, in the account's
// zone.
type DraftItem struct {
	Product     string       `json:"product"`
	Description string       `json:"description,omitempty"`
	Quantity    int64        `json:"quantity"`
	Price       money.Amount `json:"price"`
	Term        Term         `json:"term,omitempty"`
	From        Day          `json:"from,omitempty"`
	AutoRenew   bool         `json:"auto_renew,omitempty"`
}

// Content is a digest of what is asked for: the same for the same.
func (d Draft) Content() string {
	text, err := json.Marshal(d)
	if err != nil {
		panic("order: a draft has no JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Check returns nil if d describes an order in the currency on that day, else
// every reason why not.
func (d Draft) Check(c money.Currency, today Day) error {
	var why []error
	bad := func(place, text string) { why = append(why, ErrInvalid.At(place).Detail("%s", text)) }
	if !referencePattern.MatchString(d.Reference) {
		bad("reference", "a reference is 1 to 128 printable ASCII characters, without spaces at its ends")
	}
	if isRest := d.Kind != Purchase; isRest != (d.Subscription != "") {
		bad("subscription", "an upgrade or a renewal names its subscription, and a purchase has none yet")
	}
	switch {
	case d.Kind != Purchase && d.Kind != Upgrade && d.Kind != Renewal:
		bad("kind", "the kind is purchase, upgrade or renewal")
	case d.Kind == Purchase && (len(d.Items) == 0 || len(d.Items) > itemsMax):
		bad("items", "a purchase has 1 to 100 items")
	case d.Kind == Upgrade && len(d.Items) != 1:
		bad("items", "an upgrade has one item: what the subscription is to become")
	case d.Kind == Renewal && len(d.Items) != 0:
		bad("items", "a renewal has no items: it is for what the subscription is")
	}
	for n, i := range d.Items {
		if n < itemsMax {
			why = append(why, i.check(d.Kind, "items["+strconv.Itoa(n)+"]", c, today)...)
		}
	}
	return errors.Join(why...)
}

func (i DraftItem) check(k Kind, place string, c money.Currency, today Day) []error {
	var why []error
	bad := func(field, text string) { why = append(why, ErrInvalid.At(place+"."+field).Detail("%s", text)) }
	if strings.TrimSpace(i.Product) == "" || len(i.Product) > textMax {
		bad("product", "a product has 1 to 200 bytes")
	}
	if len(i.Description) > textMax {
		bad("description", "a description has at most 200 bytes")
	}
	if i.Quantity < 1 || i.Quantity > quantityMax {
		bad("quantity", "a quantity is from 1 to 1,000,000")
	}
	if i.Price.Currency != c {
		why = append(why, account.ErrCurrencyMismatch.At(place+".price"))
	}
	if !i.Price.IsPositive() {
		bad("price", "a price is above zero")
	}
	if k == Upgrade {
		if i.Term != "" || i.From != "" || i.AutoRenew {
			bad("term", "an upgrade keeps the subscription's term, and is from today")
		}
		return why
	}
	if i.Term == "" && (i.From != "" || i.AutoRenew) {
		bad("term", "what has no term begins, ends and renews never")
	}
	if i.From != "" && (i.From < today || i.From > today.Add(aheadMax)) {
		bad("from", "a term begins today or within a year")
	}
	return why
}

// ItemsOf turns the items of a purchase into those of its order.
func (d Draft) ItemsOf(today Day) ([]Item, error) {
	items := make([]Item, len(d.Items))
	for n, i := range d.Items {
		item := Item{Product: i.Product, Description: i.Description, Quantity: i.Quantity, Price: i.Price, Term: i.Term, From: i.From, AutoRenew: i.AutoRenew}
		var err error
		if item.Net, err = Times(i.Price, i.Quantity); err != nil {
			return nil, err
		}
		if i.Term != "" {
			if item.From == "" {
				item.From = today
			}
			item.Until = i.Term.After(item.From, 1)
		}
		items[n] = item
	}
	return items, nil
}

// ItemsFrom are the items of an order that is paid on a day. What a purchase begins
// begins then, if it should have begun before: nobody is served before their money is
// certain, and nobody pays for days without service (R-PAY-01).
func (o Order) ItemsFrom(today Day) []Item {
	items := slices.Clone(o.Items)
	for n, i := range items {
		if o.Kind == Purchase && i.Term != "" && i.From < today {
			items[n].From, items[n].Until = today, i.Term.After(today, 1)
		}
	}
	return items
}

// Net sums the items.
func Net(c money.Currency, items []Item) (money.Amount, error) {
	sum := money.Amount{Currency: c}
	for _, i := range items {
		var err error
		if sum, err = sum.Add(i.Net); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// Times is n times a price.
func Times(price money.Amount, n int64) (money.Amount, error) {
	r, err := money.ParseRate(strconv.FormatInt(n, 10))
	if err != nil {
		return money.Amount{}, err
	}
	return price.Times(r, 1)
}

// IsOver tells whether the order can still be paid, now or later.
func (o Order) IsOver() bool { return o.State != Open && o.State != Blocked }

// TopUpDraft is the order with which a customer puts an amount on their balance.
func TopUpDraft(reference string, amount money.Amount) Draft {
	return Draft{
		Reference: reference, Kind: Purchase, TopUp: true,
		Items: []DraftItem{{Product: "balance", Quantity: 1, Price: amount}},
	}
}

// MayPay returns nil if the order may be paid at now, with no payment of it under
// way, else why not.
func (o Order) MayPay(now time.Time) error {
	switch {
	case o.State == Blocked, o.State == Refused:
		return ErrRisk
	case o.State == Lapsed, o.State == Open && !now.Before(o.LapsesAt):
		return ErrLapsed
	case o.State != Open:
		return ErrNotOpen
	}
	return nil
}
