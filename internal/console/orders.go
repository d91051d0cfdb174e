package console

import (
	"net/http"
	"net/url"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/diagnosis"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
)

const (
	ordersShown        = 20 // on a page
	subscriptionsShown = 50
	notesShown         = 100 // credit notes of an account, among which an order's are found
)

// ordersView is the list of orders, with what they gave.
type ordersView struct {
	Subscriptions []subscriptionView // that run; on the first page alone
	Orders        []orderView
	Next          string // the address of the next page; "" this is the last
	First         bool
}

// subscriptionView is a subscription as its pages tell it.
type subscriptionView struct {
	Page, Name, Text string
	Tone, State      string
	Each             string // quantity and price of a term
	Next             string // what the next term costs, before tax
	Ends             string // its last day
	Until            string // the first day after it
	Active           bool
	Automatic        bool
	Means            string // what happens when it ends
	From             string
}

func subscriptionPage(id orders.SubscriptionID) string {
	return "/subscriptions/" + url.PathEscape(string(id))
}

var subscriptionTones = map[orders.SubscriptionState]string{orders.Active: "good", orders.Ended: "ended", orders.CancelledEarly: "ended"}

// subscription puts a subscription into words.
func (v *visit) subscription(s orders.Subscription) (subscriptionView, error) {
	next, err := s.Next()
	if err != nil {
		return subscriptionView{}, err
	}
	item := v.item(orders.Renewal, next)
	view := subscriptionView{
		Page: subscriptionPage(s.ID), Name: s.Product, Text: s.Description, Tone: subscriptionTones[s.State], State: v.t("subscription." + string(s.State)),
		Each: item.Each, Next: item.Net, Ends: v.day(s.Until.Add(-1)), Until: v.day(s.Until), From: v.day(s.From),
		Active: s.State == orders.Active, Automatic: s.AutoRenew,
	}
	switch {
	case !view.Active:
		view.Means = v.t("subscription.over", "date", v.date(s.EndedAt.In(v.account.Location())))
	case s.AutoRenew:
		view.Means = v.t("subscription.renews", "date", view.Until)
	default:
		view.Means = v.t("subscription.ends", "date", view.Ends)
	}
	return view, nil
}

// showOrders lists an account's orders, newest first, and what runs.
func (c *console) showOrders(v *visit) error {
	page := office.Page{After: v.r.URL.Query().Get("after"), Limit: ordersShown}
	list, next, err := c.office.Orders(v.r.Context(), v.by, v.account.ID, page)
	if err != nil {
		return err
	}
	view := ordersView{First: page.After == ""}
	for _, o := range list {
		view.Orders = append(view.Orders, v.order(o))
	}
	if next != "" {
		view.Next = "/orders?after=" + url.QueryEscape(next)
	}
	if view.First {
		running, _, err := c.office.Subscriptions(v.r.Context(), v.by, v.account.ID, office.Page{Limit: subscriptionsShown})
		if err != nil {
			return err
		}
		for _, s := range running {
			if s.State != orders.Active {
				continue
			}
			one, err := v.subscription(s)
			if err != nil {
				return err
			}
			view.Subscriptions = append(view.Subscriptions, one)
		}
	}
	v.show(http.StatusOK, "orders.html", view)
	return nil
}

// recordView is one order with everything that became of it.
type recordView struct {
	Order         orderView
	Until         moment // by when it is to be paid; zero where that is over
	Paid          moment
	Ended         moment
	Tries         []tryView
	Notes         []noteView
	Subscriptions []subscriptionView
	Parts         []paidBy
	Cancel        bool
	IsPaid        bool
	Back          string
}

// noteView is a credit note.
type noteView struct {
	Number, Amount string
	At             moment
}

// showOrder shows the record of one order.
func (c *console) showOrder(v *visit) error {
	s, err := c.office.Order(v.r.Context(), v.by, orders.ID(v.r.PathValue("id")), false)
	if err != nil {
		return err
	}
	has, _, err := c.walletOf(v)
	if err != nil {
		return err
	}
	o := s.Order
	view := recordView{Order: v.order(o), Paid: v.at(o.PaidAt), Ended: v.at(o.EndedAt), IsPaid: o.State == orders.Paid, Cancel: mayCancel(s) == nil, Back: o.ReturnURL}
	if view.Order.IsOpen {
		view.Until = v.at(o.LapsesAt)
	}
	for _, p := range s.Payments {
		t, err := c.try(v, p, has)
		if err != nil {
			return err
		}
		view.Tries = append(view.Tries, t)
	}
	if !o.PaidAt.IsZero() {
		if view.Parts, err = c.paidWith(v, s, has); err != nil {
			return err
		}
	}
	if view.Notes, err = c.notesOf(v, s.Debt.ID); err != nil {
		return err
	}
	for _, sub := range s.Subscriptions {
		one, err := v.subscription(sub)
		if err != nil {
			return err
		}
		view.Subscriptions = append(view.Subscriptions, one)
	}
	v.title = view.Order.Kind
	v.show(http.StatusOK, "order.html", view)
	return nil
}

// try puts one payment into words, with what was given back of it.
func (c *console) try(v *visit, p payment.Payment, has wallet) (tryView, error) {
	view := tryView{
		Page: "/payments/" + url.PathEscape(string(p.ID)), Method: v.methodName(has[p.Method]), Amount: sum(p.Amount),
		Tone: tryTones[p.State], State: v.t("try." + string(p.State)), At: v.at(p.OpenedAt),
	}
	if p.State == payment.Declined || p.State == payment.Cancelled {
		d, err := c.office.DiagnosePayment(v.r.Context(), v.by, p.ID, office.ToPayer)
		if err != nil {
			return view, err
		}
		if d.Cause != "" {
			view.Why, _ = diagnosis.LanguageOf(v.Tag).Cause(d.Cause)
		}
	}
	if !p.Refunded.IsPositive() && p.State != payment.Succeeded {
		return view, nil
	}
	refunds, err := c.office.RefundsOf(v.r.Context(), v.by, p.ID)
	for _, f := range refunds {
		view.Refunds = append(view.Refunds, v.refund(f))
	}
	return view, err
}

// notesOf lists the credit notes of a debt.
func (c *console) notesOf(v *visit, id billing.DebtID) ([]noteView, error) {
	all, _, err := c.office.CreditNotes(v.r.Context(), v.by, v.account.ID, office.Page{Limit: notesShown})
	var list []noteView
	for _, n := range all {
		if n.Debt == id {
			list = append(list, noteView{Number: n.Number, Amount: sum(n.Amount), At: v.at(n.IssuedAt)})
		}
	}
	return list, err
}

// subscriptionPageView is one subscription with a page of its own.
type subscriptionPageView struct {
	Subscription subscriptionView
	Reasons      []reason // why a change was refused
	Changed      bool
	Pending      *orderView // an order for it that is not over
	Orders       []orderView
	Token        string // makes one order of one press, however often it is sent
}

// showSubscription shows one subscription, and what can be done with it.
func (c *console) showSubscription(v *visit) error {
	return c.offerSubscription(v, orders.SubscriptionID(v.r.PathValue("id")), nil)
}

func (c *console) offerSubscription(v *visit, id orders.SubscriptionID, refused error) error {
	s, err := c.office.Subscription(v.r.Context(), v.by, id)
	if err != nil {
		return err
	}
	view := subscriptionPageView{Reasons: v.reasonsOf("", refused), Changed: v.r.URL.Query().Has("changed"), Token: c.office.IDs.New("renewal")}
	if view.Subscription, err = v.subscription(s.Subscription); err != nil {
		return err
	}
	for _, o := range s.Orders {
		one := v.order(o)
		if !o.IsOver() {
			view.Pending = &one
		}
		view.Orders = append([]orderView{one}, view.Orders...)
	}
	v.title, v.form = s.Subscription.Product, subscriptionPage(id)
	v.show(statusFor(refused), "subscription.html", view)
	return nil
}

// renewByHand orders a subscription's next term, and leads to paying it.
func (c *console) renewByHand(v *visit) error {
	id := orders.SubscriptionID(v.r.PathValue("id"))
	if _, err := c.office.Subscription(v.r.Context(), v.by, id); err != nil {
		return err
	}
	o, err := c.office.PlaceOrder(v.r.Context(), v.by, v.account.ID, orders.Draft{
		Reference: "console:" + v.r.PostFormValue("token"), Kind: orders.Renewal, Subscription: id,
	})
	if f, expected := fault.Of(err); expected && f.Kind != fault.NotFound {
		return c.offerSubscription(v, id, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, checkoutPage(o.ID), http.StatusSeeOther)
	return nil
}

// setAutomatic says whether a subscription renews itself.
func (c *console) setAutomatic(v *visit) error {
	id := orders.SubscriptionID(v.r.PathValue("id"))
	_, err := c.office.SetAutoRenew(v.r.Context(), v.by, id, v.r.PostFormValue("on") == "1")
	if f, expected := fault.Of(err); expected && f.Kind != fault.NotFound {
		return c.offerSubscription(v, id, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, subscriptionPage(id)+"?changed", http.StatusSeeOther)
	return nil
}
