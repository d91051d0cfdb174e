package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

type orderCommands struct {
	Place  orderPlace  `cmd:"" help:"Place an order; it is paid by the next command, or on its page."`
	Pay    orderPay    `cmd:"" help:"Pay an order now."`
	Cancel orderCancel `cmd:"" help:"Cancel an order, and give back what was not consumed of a paid one."`
	Ls     orderLs     `cmd:"" aliases:"list" help:"List an account's orders."`
	Show   orderShow   `cmd:"" help:"Show an order, its payments and what it gave."`

	Subscriptions orderSubscriptions `cmd:"" help:"List what an account's orders gave."`
	Renew         orderRenew         `cmd:"" help:"Order a subscription's next term."`
	AutoRenew     orderAutoRenew     `cmd:"" help:"Say whether a subscription renews itself."`
}

var errItem = fault.New(fault.Invalid, "item_invalid", "an item is not written as one").
	WithNext("write it like 'product=support,price=10.00,quantity=2,term=P1M,from=2026-04-01,renew'; product and price must be there")

const orderHead = "order,reference,kind,total,state,subscription,placed,pay by,paid,ended"

func orderRow(o wire.Order) []any {
	return []any{o.ID, o.Reference, o.Kind, o.Total, o.State, o.Subscription, o.PlacedAt, o.LapsesAt, o.PaidAt, o.EndedAt}
}

type orderPlace struct {
	Account      string   `required:"" help:"For this account, by id or reference."`
	Reference    string   `required:"" help:"Your own name for the order; placing it again with the same content answers with the same order."`
	Item         []string `placeholder:"ITEM" sep:"none" help:"What is bought, such as 'product=support,price=10.00,quantity=2,term=P1M,renew'; repeat it for more."`
	Subscription string   `placeholder:"ID" help:"Upgrade this subscription to the item."`
	UseBalance   bool     `help:"What is held for the customer pays first."`
	Method       string   `placeholder:"ID" help:"The payment method; the preferred one if it is left out."`
}

// Run places a purchase, or an upgrade of a subscription.
func (c orderPlace) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		draft := order.Draft{
			Reference: c.Reference, Kind: order.Purchase, Subscription: order.SubscriptionID(c.Subscription), UseBalance: c.UseBalance, Method: c.Method,
		}
		if c.Subscription != "" {
			draft.Kind = order.Upgrade
		}
		for n, text := range c.Item {
			item, err := parseItem(text, a.Currency)
			if f, ok := fault.Of(err); ok {
				return f.At(fmt.Sprintf("item %d", n+1))
			}
			draft.Items = append(draft.Items, item)
		}
		o, err := d.office.PlaceOrder(ctx, access.CommandLine, a.ID, draft)
		if err != nil {
			return err
		}
		return showOrder(s, o)
	})
}

// parseItem reads what is bought: names and values with commas between them.
func parseItem(text string, c money.Currency) (order.DraftItem, error) {
	item := order.DraftItem{Quantity: 1}
	for _, part := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		var err error
		switch name {
		case "product":
			item.Product = value
		case "description":
			item.Description = value
		case "quantity":
			if item.Quantity, err = strconv.ParseInt(value, 10, 64); err != nil {
				err = errItem.Detail("the quantity is not a whole number")
			}
		case "price":
			item.Price, err = money.ParseAmount(value, c)
		case "term":
			item.Term, err = order.ParseTerm(value)
		case "from":
			item.From, err = order.ParseDay(value)
		case "renew":
			item.AutoRenew = true
		default:
			err = errItem
		}
		if err != nil {
			return item, err
		}
	}
	if item.Price.Currency == "" {
		return item, errItem.Detail("an item has no price")
	}
	return item, nil
}

func showOrder(s *session, o order.Order) error {
	shape := wire.OfOrder(o)
	return s.show(shape, func(w io.Writer) { orderFacts(w, shape) })
}

func orderFacts(w io.Writer, o wire.Order) {
	facts(w, func(add func(...any)) {
		add("order", o.ID)
		add("reference", o.Reference)
		add("account", o.Account)
		add("kind", o.Kind)
		add("subscription", o.Subscription)
		add("net", o.Net)
		add("tax", o.Tax)
		add("total", o.Total)
		add("state", o.State)
		add("identity check", o.Case)
		add("debt", o.Debt)
		add("placed", o.PlacedAt)
		add("pay by", o.LapsesAt)
		add("paid", o.PaidAt)
		add("ended", o.EndedAt)
	})
	fmt.Fprintln(w)
	table(w, "product,quantity,price,term,from,until,renews,net", func(add func(...any)) {
		for _, i := range o.Items {
			add(i.Product, i.Quantity, i.Price, i.Term, i.From, i.Until, i.AutoRenew, i.Net)
		}
	})
}

type orderPay struct {
	Order      string `arg:"" help:"Its id."`
	Method     string `placeholder:"ID" help:"With this payment method; the order's or else the preferred one if it is left out."`
	UseBalance *bool  `negatable:"" help:"Whether what is held for the customer pays first; as the order says if it is left out."`
}

// Run pays an order. A challenge is shown with the address where the payer passes it.
func (c orderPay) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		p, err := d.office.PayOrder(ctx, access.CommandLine, order.ID(c.Order), office.PayChoice{Method: payment.MethodID(c.Method), UseBalance: c.UseBalance})
		if err != nil {
			return err
		}
		shape := wire.OrderPayment{Object: "order_payment", Order: wire.OfOrder(p.Order)}
		if p.Payment.ID != "" {
			made := wire.OfPayment(p.Payment)
			shape.Payment = &made
		}
		return s.show(shape, func(w io.Writer) {
			fmt.Fprintf(w, "%s is %s\n", shape.Order.ID, shape.Order.State)
			if shape.Payment != nil {
				paymentFacts(w, *shape.Payment)
			}
		})
	})
}

type orderCancel struct {
	Order string `arg:"" help:"Its id."`
}

// Run cancels an order.
func (c orderCancel) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		o, err := d.office.CancelOrder(ctx, access.CommandLine, order.ID(c.Order))
		if err != nil {
			return err
		}
		return showOrder(s, o)
	})
}

type orderLs struct {
	Account string `required:"" help:"Of this account, by id or reference."`
	pageFlags
}

// Run lists an account's orders.
func (c orderLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		list, next, err := d.office.Orders(ctx, access.CommandLine, a.ID, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfOrder, orderHead, orderRow)
	})
}

type orderShow struct {
	Order string `arg:"" help:"Its id."`
	Look  bool   `help:"Ask the provider first, if it is not known how a payment stands."`
}

// Run shows an order and what stands against paying it.
func (c orderShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		story, err := d.office.Order(ctx, access.CommandLine, order.ID(c.Order), c.Look)
		if err != nil {
			return err
		}
		shape := wire.OrderStory{
			Order: wire.OfOrder(story.Order), Open: wire.OfAmount(story.Debt.OpenAmount()), Balance: wire.OfAmount(story.Balance),
			Payments: []wire.Payment{}, Subscriptions: []wire.Subscription{}, Reasons: []wire.Objection{},
		}
		if story.Order.IsOver() {
			shape.Open = wire.OfAmount(money.Amount{Currency: story.Order.Amount.Currency})
		}
		for _, p := range story.Payments {
			shape.Payments = append(shape.Payments, wire.OfPayment(p))
		}
		for _, sub := range story.Subscriptions {
			shape.Subscriptions = append(shape.Subscriptions, wire.OfSubscription(sub))
		}
		shape.Reasons = append(shape.Reasons, objectionsOf(story.Why)...)
		return s.show(shape, func(w io.Writer) {
			orderFacts(w, shape.Order)
			fmt.Fprintf(w, "\nopen %s; the customer's balance is %s\n", cell(shape.Open), cell(shape.Balance))
			if len(shape.Payments) > 0 {
				table(w, paymentHead, func(add func(...any)) {
					for _, p := range shape.Payments {
						add(paymentRow(p)...)
					}
				})
			}
			subscriptionsTable(w, shape.Subscriptions)
			if !story.Order.IsOver() {
				objectionsTable(w, shape.Reasons)
			}
		})
	})
}

const subscriptionHead = "subscription,product,quantity,price,term,from,until,renews,state"

func subscriptionRow(u wire.Subscription) []any {
	return []any{u.ID, u.Product, u.Quantity, u.Price, u.Term, u.From, u.Until, u.AutoRenew, u.State}
}

func subscriptionsTable(w io.Writer, list []wire.Subscription) {
	if len(list) == 0 {
		return
	}
	table(w, subscriptionHead, func(add func(...any)) {
		for _, u := range list {
			add(subscriptionRow(u)...)
		}
	})
}

type orderSubscriptions struct {
	Account string `required:"" help:"Of this account, by id or reference."`
	pageFlags
}

// Run lists an account's subscriptions.
func (c orderSubscriptions) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		list, next, err := d.office.Subscriptions(ctx, access.CommandLine, a.ID, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfSubscription, subscriptionHead, subscriptionRow)
	})
}

type orderRenew struct {
	Subscription string `arg:"" help:"Its id."`
	Reference    string `required:"" help:"Your own name for the order; placing it again answers with the same order."`
	UseBalance   bool   `help:"What is held for the customer pays first."`
}

// Run orders a subscription's next term.
func (c orderRenew) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		sub, err := d.office.Subscription(ctx, access.CommandLine, order.SubscriptionID(c.Subscription))
		if err != nil {
			return err
		}
		o, err := d.office.PlaceOrder(ctx, access.CommandLine, sub.Subscription.Account, order.Draft{
			Reference: c.Reference, Kind: order.Renewal, Subscription: sub.Subscription.ID, UseBalance: c.UseBalance,
		})
		if err != nil {
			return err
		}
		return showOrder(s, o)
	})
}

type orderAutoRenew struct {
	Subscription string `arg:"" help:"Its id."`
	Switch       string `arg:"" enum:"on,off" help:"On or off."`
}

// Run turns a subscription's automatic renewal on or off.
func (c orderAutoRenew) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		sub, err := d.office.SetAutoRenew(ctx, access.CommandLine, order.SubscriptionID(c.Subscription), c.Switch == "on")
		if err != nil {
			return err
		}
		shape := wire.OfSubscription(sub)
		return s.show(shape, func(w io.Writer) { subscriptionsTable(w, []wire.Subscription{shape}) })
	})
}
