package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
)

// buyingRoutes are the pages about orders, identity checks and messages.
func (c *console) buyingRoutes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /orders":                        c.in(c.showOrders),
		"GET /orders/{id}":                   c.in(c.showOrder),
		"GET /checkout/{id}":                 c.in(c.showCheckout),
		"POST /checkout/{id}":                c.in(c.sure(c.payOrder)),
		"GET /checkout/{id}/state":           c.in(c.tellOrder),
		"GET /checkout/{id}/return":          c.out(c.returnToOrder),
		"POST /checkout/{id}/confirm":        c.in(c.confirmOrder),
		"GET /checkout/{id}/cancel":          c.in(c.sure(c.showCancelling)),
		"POST /checkout/{id}/cancel":         c.in(c.sure(c.cancelOrder)),
		"GET /subscriptions/{id}":            c.in(c.showSubscription),
		"POST /subscriptions/{id}/renew":     c.in(c.sure(c.renewByHand)),
		"POST /subscriptions/{id}/automatic": c.in(c.sure(c.setAutomatic)),
		"GET /identity":                      c.in(c.showChecks),
		"GET /identity/{id}":                 c.in(c.showCheck),
		"POST " + uploadPattern:              c.in(c.takeDocuments),
		"POST /identity/{id}/remove":         c.in(c.removeDocument),
		"POST /identity/{id}/submit":         c.in(c.submitCheck),
		"GET /messages":                      c.in(c.showMessages),
		"POST /messages/read":                c.in(c.readMessages),
		"GET /messages/choices":              c.in(c.showChoices),
		"POST /messages/choices":             c.in(c.sure(c.setChoices)),
		"GET /messages/{id}":                 c.in(c.showMessage),
		"POST /messages/{id}/confirm":        c.in(c.confirmFromMessage),
	}
}

func checkoutPage(id orders.ID) string { return "/checkout/" + url.PathEscape(string(id)) }

func orderPage(id orders.ID) string { return "/orders/" + url.PathEscape(string(id)) }

// orderView is an order as its pages tell it.
type orderView struct {
	Checkout, Record string // its pages
	Kind             string // what it is, in words
	Title            string // what it is for, in a line
	Reference        string
	Tone, State      string
	Items            []itemView
	Net, Tax, Amount string
	Taxed            bool
	Placed           moment
	IsOpen           bool // it can be paid, now or later
}

// itemView is one line of an order.
type itemView struct {
	Name, Text string
	Each       string // quantity and price
	Span       string // the days that it pays for; "" it is bought for good
	Renews     bool
	Net        string
}

// orderTones says how a state is told apart at a glance, besides by its name.
var orderTones = map[orders.State]string{
	orders.Open: "wait", orders.Blocked: "wait", orders.Paid: "good", orders.Lapsed: "ended", orders.Cancelled: "ended", orders.Refused: "bad",
}

// order puts an order into words.
func (v *visit) order(o orders.Order) orderView {
	state := o.State
	if state == orders.Open && !v.console.office.Now().Before(o.LapsesAt) {
		state = orders.Lapsed // its job comes
	}
	view := orderView{
		Checkout: checkoutPage(o.ID), Record: orderPage(o.ID), Kind: v.t("order." + string(o.Kind)), Reference: o.Reference,
		Tone: orderTones[state], State: v.t("order.state." + string(state)), Net: sum(o.Net), Tax: sum(o.Tax), Amount: sum(o.Amount), Taxed: o.Tax.IsPositive(),
		Placed: v.at(o.PlacedAt), IsOpen: state == orders.Open || state == orders.Blocked, Title: v.orderTitle(o),
	}
	for _, i := range o.Items {
		view.Items = append(view.Items, v.item(o.Kind, i))
	}
	if o.TopUp {
		view.Kind = view.Title
		view.Items = []itemView{{Name: v.t("balance"), Net: sum(o.Net)}}
	}
	return view
}

// orderTitle names what an order is for.
func (v *visit) orderTitle(o orders.Order) string {
	switch n := len(o.Items); {
	case o.TopUp:
		return v.t("order.topup")
	case n == 0:
		return v.t("order." + string(o.Kind))
	case n == 1:
		return o.Items[0].Product
	default:
		return v.t("order.and_more", "product", o.Items[0].Product, "count", n-1)
	}
}

func (v *visit) item(kind orders.Kind, i orders.Item) itemView {
	view := itemView{Name: i.Product, Text: i.Description, Renews: i.AutoRenew, Net: sum(i.Net)}
	price := sum(i.Price)
	if i.Term != "" {
		price = v.t("order.price_for", "price", price, "term", v.term(i.Term))
		view.Span = v.span(i.From, i.Until)
	}
	view.Each = strconv.FormatInt(i.Quantity, 10) + hardSpace + "×" + hardSpace + price
	if kind == orders.Upgrade {
		view.Span = v.t("order.difference", "span", view.Span)
	}
	return view
}

// term is how long something is paid for.
func (w *words) term(t orders.Term) string {
	unit, count := string(t[len(t)-1:]), strings.Trim(string(t), "PDMY")
	if count == "1" {
		return w.t("term.one." + strings.ToLower(unit))
	}
	return w.t("term.more."+strings.ToLower(unit), "count", count)
}

// span writes the days from one up to another, which is not among them.
func (v *visit) span(from, until orders.Day) string {
	return v.t("order.span", "from", v.day(from), "until", v.day(until.Add(-1)))
}

func (v *visit) day(d orders.Day) string { return v.date(d.Start(v.account.Location())) }

// tryView is one payment of an order.
type tryView struct {
	Page        string // of the payment
	Method      string
	Amount      string
	Tone, State string
	At          moment
	Why         string // in a line; "" it went through, or nobody knows yet
	Refunds     []refundView
}

type refundView struct {
	Amount, Tone, State string
	Note                string // the credit note's number; "" none
	At                  moment
}

var tryTones = map[payment.State]string{
	payment.Opening: "wait", payment.Pending: "wait", payment.Waiting: "wait", payment.Unknown: "wait", payment.Closing: "wait",
	payment.Succeeded: "good", payment.Declined: "bad", payment.Cancelled: "ended",
}

var refundTones = map[payment.RefundState]string{
	payment.RefundOpening: "wait", payment.RefundPending: "wait", payment.RefundUnknown: "wait",
	payment.RefundSucceeded: "good", payment.RefundToBalance: "good", payment.RefundFailed: "bad",
}

func (v *visit) refund(f payment.Refund) refundView {
	at := f.SettledAt
	if at.IsZero() {
		at = f.OpenedAt
	}
	return refundView{Amount: sum(f.Amount), Tone: refundTones[f.State], State: v.t("refund." + string(f.State)), Note: f.CreditNote, At: v.at(at)}
}

// wallet tells which kind a payment method is of, and what it is called.
type wallet map[payment.MethodID]payment.Method

// walletOf reads an account's payment methods, those that were removed among them.
func (c *console) walletOf(v *visit) (wallet, []office.Bound, error) {
	list, err := c.office.Methods(v.r.Context(), v.by, v.account.ID)
	all := wallet{}
	for _, b := range list {
		all[b.Method.ID] = b.Method
	}
	return all, list, err
}

const waitingMost = 20 // orders that are looked at for those that wait

// waitingOrders lists what about orders waits for the customer: those to be paid,
// and identity checks to be answered.
func (c *console) waitingOrders(v *visit) ([]attention, error) {
	list, _, err := c.office.Orders(v.r.Context(), v.by, v.account.ID, office.Page{Limit: waitingMost})
	if err != nil {
		return nil, err
	}
	checks, err := c.office.IdentityChecks(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return nil, err
	}
	var all []attention
	for _, check := range checks {
		if check.State == identity.Open || check.State == identity.Rejected {
			all = append(all, attention{Text: v.t("attention.identity", "until", v.at(check.SubmitBy).Text), Label: v.t("attention.identity.go"), Href: checkPage(check.ID)})
		}
	}
	now := c.office.Now()
	for _, o := range list {
		if o.State == orders.Open && now.Before(o.LapsesAt) {
			all = append(all, attention{Text: v.t("attention.order", "order", v.orderTitle(o), "amount", sum(o.Amount)), Label: v.t("attention.order.go"), Href: checkoutPage(o.ID)})
		}
	}
	return all, nil
}

// orderCookie keeps which order its customer is about to pay, while they go and add
// a payment method for it.
const orderCookie = "bursar_order"

const orderKept = time.Hour

// keepOrder remembers the order that is about to be paid.
func (c *console) keepOrder(v *visit, id orders.ID) {
	k := c.cookie(orderCookie, string(id))
	k.MaxAge = int(orderKept.Seconds())
	http.SetCookie(v.w, k)
}

// backToOrder is the way back to the order for which a payment method was added;
// nil if there is none that can be paid.
func (c *console) backToOrder(v *visit, added payment.MethodID) *attention {
	k, err := v.r.Cookie(orderCookie)
	if err != nil {
		return nil
	}
	s, err := c.office.Order(v.r.Context(), v.by, orders.ID(k.Value), false)
	if err != nil || s.Why != nil || s.Order.State != orders.Open {
		return nil
	}
	return &attention{Text: v.t("checkout.back", "order", v.orderTitle(s.Order), "amount", sum(s.Order.Amount)), Label: v.t("checkout.back.go"), Href: checkoutPage(s.Order.ID) + "?with=" + url.QueryEscape(string(added))}
}

// lastOf returns an order's newest payment.
func lastOf(s office.OrderStory) (payment.Payment, bool) {
	if len(s.Payments) == 0 {
		return payment.Payment{}, false
	}
	return s.Payments[len(s.Payments)-1], true
}

// orderMark changes when anything does that an order's pages show.
func orderMark(s office.OrderStory) string {
	parts := []string{string(s.Order.State), strconv.Itoa(len(s.Payments)), strconv.FormatInt(s.Debt.Paid.Minor, 10)}
	if p, any := lastOf(s); any {
		parts = append(parts, string(p.State), "page"[:4*bit(p.ChallengeURL != "")], strconv.FormatInt(p.Refunded.Minor, 10))
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ".")
}
