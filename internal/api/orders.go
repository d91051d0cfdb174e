package api

import (
	"context"
	"fmt"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

// addOrderRoutes adds what is prepaid.
func (s *Server) addOrderRoutes() {
	handle(s, route{path: "POST /v1/accounts/{id}/orders", id: "place-order", scope: access.OrdersWrite, status: 201, summary: "Place an order, which is to be paid before it gives anything"}, s.placeOrder)
	handle(s, route{path: "GET /v1/accounts/{id}/orders", id: "list-orders", scope: access.OrdersRead, summary: "List an account's orders"}, s.listOrders)
	handle(s, route{path: "GET /v1/orders/{id}", id: "get-order", scope: access.OrdersRead, summary: "Fetch an order, its payments and what it gave"}, s.order)
	handle(s, route{path: "POST /v1/orders/{id}/pay", id: "pay-order", scope: access.OrdersWrite, summary: "Pay an order now"}, s.payOrder)
	handle(s, route{path: "POST /v1/orders/{id}/cancel", id: "cancel-order", scope: access.OrdersWrite, summary: "Cancel an order, and give back what was not consumed of a paid one"}, s.cancelOrder)
	handle(s, route{path: "GET /v1/accounts/{id}/subscriptions", id: "list-subscriptions", scope: access.OrdersRead, summary: "List an account's subscriptions"}, s.listSubscriptions)
	handle(s, route{path: "GET /v1/subscriptions/{id}", id: "get-subscription", scope: access.OrdersRead, summary: "Fetch a subscription and its orders"}, s.subscription)
	handle(s, route{path: "PATCH /v1/subscriptions/{id}", id: "change-subscription", scope: access.OrdersWrite, summary: "Say whether a subscription renews itself"}, s.changeSubscription)
}

type orderRequest struct {
	Reference    string             `json:"reference" minLength:"1" maxLength:"128" doc:"Your own name for the order, unique in the account. Placing it again with the same content answers with the same order."`
	Kind         string             `json:"kind" enum:"purchase,upgrade,renewal"`
	Items        []orderItemRequest `json:"items,omitempty" maxItems:"100" doc:"A purchase has 1 to 100; an upgrade has one, with what the subscription is to become; a renewal has none."`
	Subscription string             `json:"subscription,omitempty" maxLength:"64" doc:"That is upgraded or renewed."`
	UseBalance   bool               `json:"use_balance,omitempty" doc:"What is held for the customer pays first."`
	Method       string             `json:"payment_method,omitempty" maxLength:"64" doc:"The one that is preferred when the order is paid if left out."`
	ReturnURL    string             `json:"return_url,omitempty" maxLength:"2000" doc:"The page to which the payer comes back from a challenge; the order's own page if left out."`
}

type orderItemRequest struct {
	Product     string      `json:"product" minLength:"1" maxLength:"200"`
	Description string      `json:"description,omitempty" maxLength:"200"`
	Quantity    int64       `json:"quantity,omitempty" minimum:"1" maximum:"1000000" doc:"One if left out."`
	Price       wire.Amount `json:"price" doc:"Of one, for one term, before tax."`
	Term        string      `json:"term,omitempty" maxLength:"6" example:"P1M" doc:"ISO 8601, in days, months or years; left out, it is bought for good. An upgrade keeps the subscription's."`
	From        string      `json:"from,omitempty" maxLength:"10" example:"2026-03-31" doc:"The term's first day in the account's zone; today if left out."`
	AutoRenew   bool        `json:"auto_renew,omitempty" doc:"It is charged again before it ends."`
}

func (s *Server) placeOrder(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body orderRequest
}) (wire.Order, error) {
	b := in.Body
	d := order.Draft{
		Reference: b.Reference, Kind: order.Kind(b.Kind), Subscription: order.SubscriptionID(b.Subscription),
		UseBalance: b.UseBalance, Method: b.Method, ReturnURL: b.ReturnURL,
	}
	for n, i := range b.Items {
		item, err := i.draft()
		if f, ok := fault.Of(err); ok {
			return wire.Order{}, f.At(fmt.Sprintf("items[%d]", n))
		}
		d.Items = append(d.Items, item)
	}
	o, err := s.office.PlaceOrder(ctx, by, account.ID(in.ID), d)
	return wire.OfOrder(o), err
}

// draft reads an item. Its amounts, days and terms are texts until here.
func (i orderItemRequest) draft() (d order.DraftItem, err error) {
	d = order.DraftItem{Product: i.Product, Description: i.Description, Quantity: max(i.Quantity, 1), AutoRenew: i.AutoRenew}
	c, err := money.ParseCurrency(i.Price.Currency)
	if err != nil {
		return d, err
	}
	if d.Price, err = money.ParseAmount(i.Price.Amount, c); err != nil {
		return d, err
	}
	if i.Term != "" {
		if d.Term, err = order.ParseTerm(i.Term); err != nil {
			return d, err
		}
	}
	if i.From != "" {
		d.From, err = order.ParseDay(i.From)
	}
	return d, err
}

func (s *Server) listOrders(ctx context.Context, by access.Caller, in *AccountPage) (wire.List[wire.Order], error) {
	p, err := in.page("ord")
	if err != nil {
		return wire.List[wire.Order]{}, err
	}
	orders, next, err := s.office.Orders(ctx, by, account.ID(in.ID), p)
	return list(orders, next, wire.OfOrder), err
}

func (s *Server) order(ctx context.Context, by access.Caller, in *struct {
	SpokenInput
	Refresh bool `query:"refresh" doc:"Ask the provider first how a payment stands that is not over, as a page does that waits for it."`
}) (wire.OrderStory, error) {
	story, err := s.office.Order(ctx, by, order.ID(in.ID), in.Refresh)
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
	shape.Reasons = append(shape.Reasons, objections(story.Why, in.Language)...)
	return shape, err
}

type payRequest struct {
	Method     string `json:"payment_method,omitempty" maxLength:"64" doc:"The order's if left out, or else the preferred one."`
	UseBalance *bool  `json:"use_balance,omitempty" doc:"As the order says if left out."`
	ReturnURL  string `json:"return_url,omitempty" maxLength:"2000" doc:"The page to which the payer comes back from a challenge; as the order says if left out."`
}

func (s *Server) payOrder(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body payRequest
}) (wire.OrderPayment, error) {
	p, err := s.office.PayOrder(ctx, by, order.ID(in.ID), office.PayChoice{
		Method: payment.MethodID(in.Body.Method), UseBalance: in.Body.UseBalance, ReturnURL: in.Body.ReturnURL,
	})
	shape := wire.OrderPayment{Object: "order_payment", Order: wire.OfOrder(p.Order)}
	if p.Payment.ID != "" {
		paid := wire.OfPayment(p.Payment)
		shape.Payment = &paid
	}
	return shape, err
}

func (s *Server) cancelOrder(ctx context.Context, by access.Caller, in *IDInput) (wire.Order, error) {
	o, err := s.office.CancelOrder(ctx, by, order.ID(in.ID))
	return wire.OfOrder(o), err
}

func (s *Server) listSubscriptions(ctx context.Context, by access.Caller, in *AccountPage) (wire.List[wire.Subscription], error) {
	p, err := in.page("sub")
	if err != nil {
		return wire.List[wire.Subscription]{}, err
	}
	subs, next, err := s.office.Subscriptions(ctx, by, account.ID(in.ID), p)
	return list(subs, next, wire.OfSubscription), err
}

func (s *Server) subscription(ctx context.Context, by access.Caller, in *IDInput) (wire.SubscriptionStory, error) {
	story, err := s.office.Subscription(ctx, by, order.SubscriptionID(in.ID))
	shape := wire.SubscriptionStory{Subscription: wire.OfSubscription(story.Subscription), Orders: []wire.Order{}}
	for _, o := range story.Orders {
		shape.Orders = append(shape.Orders, wire.OfOrder(o))
	}
	return shape, err
}

type subscriptionChange struct {
	AutoRenew bool `json:"auto_renew"`
}

func (s *Server) changeSubscription(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body subscriptionChange
}) (wire.Subscription, error) {
	sub, err := s.office.SetAutoRenew(ctx, by, order.SubscriptionID(in.ID), in.Body.AutoRenew)
	return wire.OfSubscription(sub), err
}
