package wire

import "github.com/bursar-pay/bursar/internal/order"

// Order is something that is prepaid.
type Order struct {
	Object       string      `json:"object" enum:"order"`
	ID           string      `json:"id" example:"ord_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account      string      `json:"account"`
	Reference    string      `json:"reference" doc:"The platform's own name for it, unique in the account."`
	Kind         string      `json:"kind" enum:"purchase,upgrade,renewal"`
	Subscription *string     `json:"subscription" doc:"That it upgrades or renews; null for a purchase."`
	TopUp        bool        `json:"top_up" doc:"What it pays is the customer's balance; nothing is sold, and no tax is due."`
	Automatic    bool        `json:"automatic" doc:"A renewal that nobody asked for by hand."`
	Items        []OrderItem `json:"items" nullable:"false"`
	Net          Amount      `json:"net"`
	Tax          Amount      `json:"tax"`
	Total        Amount      `json:"total"`
	UseBalance   bool        `json:"use_balance" doc:"What is held for the customer pays first."`
	Method       *string     `json:"payment_method" doc:"Null: the one that is preferred when it is paid."`
	State        string      `json:"state" enum:"open,blocked,paid,lapsed,cancelled,refused" doc:"Service begins when it is paid, and not before. Blocked: until the payer's identity is verified. Refused: for reasons of security."`
	Debt         string      `json:"debt" doc:"What is to be paid, with its payments."`
	Case         *string     `json:"identity_check" doc:"The identity check that it waits for."`
	PlacedAt     string      `json:"placed_at" format:"date-time"`
	LapsesAt     string      `json:"lapses_at" format:"date-time" doc:"It is to be paid by then. With a payment under way it waits until that is over."`
	PaidAt       *string     `json:"paid_at" format:"date-time"`
	EndedAt      *string     `json:"ended_at" format:"date-time" doc:"When it lapsed, was cancelled or refused."`
}

// OrderItem is one line of an order.
type OrderItem struct {
	Product     string  `json:"product"`
	Description string  `json:"description"`
	Quantity    int64   `json:"quantity"`
	Price       Amount  `json:"price" doc:"Of one, for one term."`
	Term        *string `json:"term" example:"P1M" doc:"ISO 8601; null: it is bought for good."`
	From        *string `json:"from" format:"date" doc:"The first day that the line pays for, in the account's zone."`
	Until       *string `json:"until" format:"date" doc:"It ends before this day."`
	AutoRenew   bool    `json:"auto_renew"`
	Net         Amount  `json:"net" doc:"Of the line: for an upgrade the difference, by the day, for what is left of the paid terms."`
}

// OfOrder shapes an order.
func OfOrder(o order.Order) Order {
	shape := Order{
		Object: "order", ID: string(o.ID), Account: string(o.Account), Reference: o.Reference, Kind: string(o.Kind), Subscription: MaybeText(o.Subscription),
		TopUp: o.TopUp, Automatic: o.Automatic, Items: []OrderItem{}, Net: OfAmount(o.Net), Tax: OfAmount(o.Tax), Total: OfAmount(o.Amount), UseBalance: o.UseBalance,
		Method: MaybeText(o.Method), State: string(o.State), Debt: o.Debt, Case: MaybeText(o.Case), PlacedAt: Instant(o.PlacedAt),
		LapsesAt: Instant(o.LapsesAt), PaidAt: Maybe(o.PaidAt), EndedAt: Maybe(o.EndedAt),
	}
	for _, i := range o.Items {
		shape.Items = append(shape.Items, OrderItem{
			Product: i.Product, Description: i.Description, Quantity: i.Quantity, Price: OfAmount(i.Price), Term: MaybeText(i.Term),
			From: MaybeText(i.From), Until: MaybeText(i.Until), AutoRenew: i.AutoRenew, Net: OfAmount(i.Net),
		})
	}
	return shape
}

// Subscription is what a paid item with a term gives.
type Subscription struct {
	Object      string  `json:"object" enum:"subscription"`
	ID          string  `json:"id" example:"sub_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account     string  `json:"account"`
	Order       string  `json:"order" doc:"With which it began."`
	Product     string  `json:"product"`
	Description string  `json:"description"`
	Quantity    int64   `json:"quantity"`
	Price       Amount  `json:"price" doc:"Of one, for one term."`
	Term        string  `json:"term" example:"P1M" doc:"ISO 8601."`
	From        string  `json:"from" format:"date" doc:"Its first day, in the account's zone."`
	Until       string  `json:"until" format:"date" doc:"It is paid until before this day."`
	AutoRenew   bool    `json:"auto_renew"`
	State       string  `json:"state" enum:"active,ended,cancelled"`
	StartedAt   string  `json:"started_at" format:"date-time"`
	EndedAt     *string `json:"ended_at" format:"date-time"`
}

// OfSubscription shapes a subscription.
func OfSubscription(s order.Subscription) Subscription {
	return Subscription{
		Object: "subscription", ID: string(s.ID), Account: string(s.Account), Order: string(s.Order), Product: s.Product, Description: s.Description,
		Quantity: s.Quantity, Price: OfAmount(s.Price), Term: string(s.Term), From: string(s.From), Until: string(s.Until), AutoRenew: s.AutoRenew,
		State: string(s.State), StartedAt: Instant(s.StartedAt), EndedAt: Maybe(s.EndedAt),
	}
}

// OrderStory is an order with what its page shows.
type OrderStory struct {
	Order
	Open          Amount         `json:"open" doc:"What is left to pay; zero once it is over."`
	Balance       Amount         `json:"balance" doc:"What is held for the customer, which could pay."`
	Payments      []Payment      `json:"payments" nullable:"false" doc:"The first attempt first."`
	Subscriptions []Subscription `json:"subscriptions" nullable:"false" doc:"That it began, or is for."`
	Reasons       []Objection    `json:"reasons" nullable:"false" doc:"All that stands against paying it now; while a payment is under way, that."`
}

// OrderPayment is an order after it was to be paid.
type OrderPayment struct {
	Object  string   `json:"object" enum:"order_payment"`
	Order   Order    `json:"order"`
	Payment *Payment `json:"payment,omitempty" doc:"That pays it, or is under way; absent if the customer's balance or credit line paid all of it."`
}

// SubscriptionStory is a subscription with its orders.
type SubscriptionStory struct {
	Subscription
	Orders []Order `json:"orders" nullable:"false" doc:"The first is that with which it began."`
}
