package policy

import "time"

// LatePayment says what becomes of money that comes for an order after the time in
// which it was to be paid.
type LatePayment string

// What may become of it.
const (
	ApplyLate  LatePayment = "apply"  // the order is paid all the same
	RefundLate LatePayment = "refund" // the order has lapsed, and the money goes back
)

// Orders is what the policy says of prepaid orders.
type Orders struct {
	LapseAfter  time.Duration // an order that is not paid by then lapses
	RenewBefore time.Duration // the end of a subscription: its automatic renewal is charged from then on
	LatePayment LatePayment
}

// readOrders reads what is said of orders. A document without it, as those before
// there were orders, gets what the built-in one says.
func readOrders(p *Policy, v value) {
	if v.missing() {
		p.Orders = BuiltIn().Orders
		return
	}
	f := v.fields([]string{"lapse_after", "renew_before", "late_payment"})
	p.Orders = Orders{
		LapseAfter:  f["lapse_after"].span(time.Minute),
		RenewBefore: f["renew_before"].span(time.Minute),
		LatePayment: LatePayment(f["late_payment"].choice(string(ApplyLate), string(RefundLate))),
	}
}

func (p Policy) addOrders(add adder) {
	add("orders.lapse_after", "the time to pay an order", "%s", spanText(p.Orders.LapseAfter))
	add("orders.renew_before", "the time before its end from which a subscription is renewed", "%s", spanText(p.Orders.RenewBefore))
	add("orders.late_payment", "what becomes of money that comes late for an order", "%s", p.Orders.LatePayment)
}
