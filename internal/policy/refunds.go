package policy

import "time"

// RefundWindows are how long after a payment its money can go back the way it came
// (R-REFUND-02). Later it goes to the customer's balance.
type RefundWindows struct {
	Card   time.Duration
	PayPal time.Duration
}

// RefundWindow returns the window of payments by a kind of method.
func (p Policy) RefundWindow(k Kind) time.Duration {
	if k == PayPal {
		return p.Refunds.PayPal
	}
	return p.Refunds.Card
}

// readRefunds reads the windows. A document without them, as those before there were
// refunds, gets what the built-in one says. None is longer than the schemes and PayPal
// take refunds.
func readRefunds(p *Policy, v value) {
	if v.missing() {
		p.Refunds = BuiltIn().Refunds
		return
	}
	f := v.fields([]string{"card_window", "paypal_window"})
	p.Refunds = RefundWindows{Card: f["card_window"].window(refundWindowMax), PayPal: f["paypal_window"].window(refundWindowMax)}
}

const refundWindowMax = 180 * 24 * time.Hour

func (v value) window(most time.Duration) time.Duration {
	d := v.span(0)
	if d > most {
		v.refuse("write "+spanText(most)+" or less", "providers do not take refunds so late")
	}
	return d
}

func (p Policy) addRefunds(add adder) {
	add("refunds.card_window", "the time in which a card payment is given back to the card", "%s", spanText(p.Refunds.Card))
	add("refunds.paypal_window", "the time in which a PayPal payment is given back to PayPal", "%s", spanText(p.Refunds.PayPal))
}
