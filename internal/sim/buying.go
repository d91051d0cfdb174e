package sim

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
)

// customer is a caller who is bound to an account, as on its pages.
func customer(id string) access.Caller {
	return access.Caller{Name: "console:" + id, Scopes: access.Scopes, Account: account.ID(id)}
}

// prices are what things cost, in major units of a currency like the dollar: from
// what no provider charges to what risk looks at.
var prices = []string{"0.01", "0.30", "1.00", "4.99", "9.00", "9.00", "31.00", "31.00", "31.00", "120.00", "899.00"}

// price draws one in a currency. Where a major unit is worth little, there are
// thousands of them.
func (l *life) price(c money.Currency) money.Amount {
	p, err := money.ParseAmount(oneOf(l.chance, prices), "USD")
	if err != nil {
		l.violate("a price: %v", err)
	}
	p.Currency = c
	switch c.Digits() {
	case 0: // what would be cents are units
	case 3:
		p.Minor *= 10
	}
	switch c {
	case "IDR":
		p.Minor *= 10_000
	case "INR", "HUF":
		p.Minor *= 100
	}
	return p
}

// placeOrder is a platform that sells something, a customer who wants more of what
// they have or another term of it, or one that sends what it sent before.
func placeOrder(l *life) {
	id := l.any(`SELECT account_id FROM payment_methods WHERE state = 'active' ORDER BY account_id`)
	if id == "" || l.chance.happens(0.1) {
		id = l.any(`SELECT id FROM accounts WHERE state <> 'closed' ORDER BY id`)
	}
	if id == "" {
		return
	}
	c := money.Currency(l.any(`SELECT currency FROM accounts WHERE id = $1`, id))
	l.serial++
	d := order.Draft{Reference: fmt.Sprintf("order-%d", l.serial), Kind: order.Purchase, UseBalance: l.chance.happens(0.5), ReturnURL: deskURL + "/return"}
	by := access.CommandLine
	sub := l.any(`SELECT id FROM subscriptions WHERE account_id = $1 AND state = 'active' ORDER BY id`, id)
	switch {
	case sub != "" && l.chance.happens(0.3):
		d.Kind, d.Subscription = order.Renewal, order.SubscriptionID(sub)
		if l.chance.happens(0.5) {
			by = customer(id)
		}
	case sub != "" && l.chance.happens(0.4):
		d.Kind, d.Subscription = order.Upgrade, order.SubscriptionID(sub)
		d.Items = []order.DraftItem{{Product: "larger", Quantity: int64(l.chance.between(1, 4)), Price: l.price(c)}}
	default:
		for n := range l.chance.between(1, 3) {
			item := order.DraftItem{Product: fmt.Sprintf("thing-%d", n), Quantity: int64(l.chance.between(1, 3)), Price: l.price(c)}
			if l.chance.happens(0.7) {
				item.Term, item.AutoRenew = oneOf(l.chance, []order.Term{"P1D", "P3D", "P7D", "P10D", order.Month, order.Month}), l.chance.happens(0.6)
			}
			d.Items = append(d.Items, item)
		}
	}
	if l.chance.happens(0.2) {
		d.Method = l.any(`SELECT id FROM payment_methods WHERE account_id = $1 ORDER BY id`, id)
	}
	o, err := l.node().office.PlaceOrder(l.ctx, by, account.ID(id), d)
	l.expect(err, "place %s %s for %s: %s", d.Kind, d.Reference, id, o.Amount)
	if err != nil {
		return
	}
	l.reach("orders are placed: " + string(d.Kind))
	if l.chance.happens(0.1) {
		again, err := l.node().office.PlaceOrder(l.ctx, by, account.ID(id), d)
		l.expect(err, "place %s again", d.Reference)
		if err == nil && again.ID != o.ID {
			l.violate("%s was placed twice, as %s and as %s", d.Reference, o.ID, again.ID)
		}
	}
	if l.chance.happens(0.7) {
		l.pay(string(o.ID))
	}
}

// payOrder is somebody who pays an order that waits, or one that does not.
func payOrder(l *life) {
	id := l.any(`SELECT id FROM orders WHERE state = 'open' ORDER BY id`)
	if id == "" || l.chance.happens(0.1) {
		id = l.any(`SELECT id FROM orders ORDER BY id DESC LIMIT 5`)
	}
	if id == "" {
		return
	}
	for range l.chance.between(1, 2) { // who waits too long clicks again
		l.pay(id)
	}
	if l.chance.happens(0.3) {
		s, err := l.node().office.Order(l.ctx, access.CommandLine, order.ID(id), true)
		l.expect(err, "look at %s: %s", id, s.Order.State)
	}
}

func (l *life) pay(id string) {
	owner := l.any(`SELECT account_id FROM orders WHERE id = $1`, id)
	c := office.PayChoice{ReturnURL: deskURL + "/return"}
	if l.chance.happens(0.2) {
		c.Method = payment.MethodID(l.any(`SELECT id FROM payment_methods WHERE account_id = $1 ORDER BY id`, owner))
	}
	if l.chance.happens(0.3) {
		use := l.chance.happens(0.6)
		c.UseBalance = &use
	}
	p, err := l.node().office.PayOrder(l.ctx, customer(owner), order.ID(id), c)
	l.expect(err, "pay %s: %s, payment %s %s", id, p.Order.State, p.Payment.ID, p.Payment.State)
	if p.Payment.State == payment.Waiting && l.chance.happens(0.5) {
		l.answer(p.Payment.Ref, l.chance.happens(0.8))
	}
	if p.Order.State == order.Blocked && l.chance.happens(0.5) {
		sendDocuments(l)
	}
	if err == nil && p.Order.State == order.Paid && p.Payment.ID == "" {
		l.reach("orders are paid from the balance")
	}
}

// cancelOrder is a customer who thinks again, or a platform that takes something
// back.
func cancelOrder(l *life) {
	id := l.any(`SELECT id FROM orders WHERE state IN ('open', 'blocked', 'paid') ORDER BY id`)
	if id == "" {
		return
	}
	by := access.CommandLine
	if l.chance.happens(0.3) {
		by = customer(l.any(`SELECT account_id FROM orders WHERE id = $1`, id))
	}
	was := l.any(`SELECT state FROM orders WHERE id = $1`, id)
	o, err := l.node().office.CancelOrder(l.ctx, by, order.ID(id))
	l.expect(err, "cancel %s, which was %s: %s", id, was, o.State)
	if err == nil && by.Account != "" && was == string(order.Paid) {
		l.violate("a customer has cancelled %s, which was paid", id)
	}
	if err == nil {
		l.reach("orders are cancelled that were " + was)
	}
}

// switchRenewal is a customer who wants a subscription to go on, or not to.
func switchRenewal(l *life) {
	id := l.any(`SELECT id FROM subscriptions WHERE state = 'active' ORDER BY id`)
	if id == "" {
		return
	}
	on := l.chance.happens(0.6)
	_, err := l.node().office.SetAutoRenew(l.ctx, customer(l.any(`SELECT account_id FROM subscriptions WHERE id = $1`, id)), order.SubscriptionID(id), on)
	l.expect(err, "renew %s: %t", id, on)
}

// refundPayment is staff that gives money back: all that is left, a part, or more
// than there is.
func refundPayment(l *life) {
	id := l.any(`SELECT id FROM payments WHERE state = 'succeeded' AND refunded < amount ORDER BY id`)
	if id == "" || l.chance.happens(0.05) {
		id = l.any(`SELECT id FROM payments ORDER BY id`)
	}
	if id == "" {
		return
	}
	p, err := l.node().office.Payment(l.ctx, access.CommandLine, payment.ID(id), false)
	if err != nil {
		l.violate("the payment %s: %v", id, err)
		return
	}
	r := office.Refunding{Reason: "simulated"}
	left := p.Refundable().Minor
	switch n := l.chance.IntN(10); {
	case n < 5 && left > 1:
		r.Amount = money.Amount{Minor: 1 + l.chance.Int64N(left), Currency: p.Amount.Currency}
		if c := p.Amount.Currency; c == "HUF" || c == "IDR" || c == "KWD" {
			r.Amount.Minor -= r.Amount.Minor % 100
		}
	case n < 6:
		r.Amount = money.Amount{Minor: left + 1, Currency: p.Amount.Currency}
	}
	f, err := l.node().office.RefundPayment(l.ctx, access.CommandLine, p.ID, r)
	l.expect(err, "refund %s of %s: %s %s", r.Amount, id, f.ID, f.State)
	if err == nil && r.Amount.Minor > left {
		l.violate("refund %s of %s was taken, of which %d are left", r.Amount, id, left)
	}
	if err == nil {
		l.reach("refunds are asked for")
	}
}

// picture is a page of a document. No two are the same.
func picture(n int) []byte {
	img := image.NewGray(image.Rect(0, 0, 16, 16))
	for bit := range 32 {
		if n>>bit&1 == 1 {
			img.SetGray(bit%16, bit/16, color.Gray{Y: 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic("sim: a picture cannot be drawn: " + err.Error()) // it is drawn in memory
	}
	return b.Bytes()
}

// sendDocuments is a customer whose identity is being checked, and who sends what is
// asked for, something else, or not all of it.
func sendDocuments(l *life) {
	id := l.any(`SELECT id FROM identity_cases WHERE state IN ('open', 'rejected') ORDER BY id`)
	if id == "" || l.chance.happens(0.05) {
		id = l.any(`SELECT id FROM identity_cases ORDER BY id DESC LIMIT 5`)
	}
	if id == "" {
		return
	}
	by := customer(l.any(`SELECT account_id FROM identity_cases WHERE id = $1`, id))
	check, err := l.node().office.IdentityCheck(l.ctx, by, identity.CaseID(id))
	l.expect(err, "look at %s, which is %s", id, check.State)
	for _, k := range check.Missing {
		if l.chance.happens(0.1) {
			continue
		}
		l.serial++
		content := picture(l.serial)
		if l.chance.happens(0.05) {
			content = content[:len(content)/2]
		}
		for range l.chance.between(1, 2) {
			_, err := l.node().office.AddDocument(l.ctx, by, identity.CaseID(id), office.Upload{Kind: k, Name: "page.png", Content: bytes.NewReader(content)})
			l.expect(err, "send %s for %s", k, id)
		}
	}
	if l.chance.happens(0.1) {
		if doc := l.any(`SELECT id FROM identity_documents WHERE case_id = $1 ORDER BY id`, id); doc != "" {
			_, err := l.node().office.RemoveDocument(l.ctx, by, identity.DocumentID(doc))
			l.expect(err, "take %s back", doc)
		}
	}
	if l.chance.happens(0.8) {
		_, err := l.node().office.SubmitIdentity(l.ctx, by, identity.CaseID(id))
		l.expect(err, "submit %s", id)
	}
}

// reviewCheck is staff that looks at documents and decides.
func reviewCheck(l *life) {
	id := l.any(`SELECT id FROM identity_cases WHERE state = 'submitted' ORDER BY id`)
	if id == "" || l.chance.happens(0.05) {
		id = l.any(`SELECT id FROM identity_cases ORDER BY id DESC LIMIT 5`)
	}
	if id == "" {
		return
	}
	staff := access.CommandLine
	staff.Name += ":reviewer"
	if doc := l.any(`SELECT id FROM identity_documents WHERE case_id = $1 ORDER BY id`, id); doc != "" && l.chance.happens(0.5) {
		_, content, err := l.node().office.OpenDocument(l.ctx, staff, identity.DocumentID(doc), "review")
		l.expect(err, "open %s", doc)
		if erased := l.any(`SELECT id FROM identity_documents WHERE id = $1 AND erased_at IS NOT NULL`, doc); err == nil && (erased != "" || !bytes.HasPrefix(content, []byte("\x89PNG"))) {
			l.violate("%s was handed out: erased %q, %d bytes", doc, erased, len(content))
		}
	}
	if l.chance.happens(0.65) {
		_, err := l.node().office.ApproveIdentity(l.ctx, staff, identity.CaseID(id))
		l.expect(err, "approve %s", id)
		return
	}
	r := identity.Rejection{Reason: oneOf(l.chance, []identity.Reason{identity.Mismatch, identity.Blurred, identity.OutOfDate})}
	_, err := l.node().office.RejectIdentity(l.ctx, staff, identity.CaseID(id), r)
	l.expect(err, "reject %s as %s", id, r.Reason)
}

// judgeOrder holds a change of an order's state against what it needs.
func (l *life) judgeOrder(m move) {
	l.reach("orders become " + m.became)
	switch {
	case m.was == string(order.Blocked) && m.became == string(order.Open):
		if l.any(`SELECT c.id FROM identity_cases AS c JOIN orders AS o ON o.account_id = c.account_id WHERE o.id = $1 AND c.state = 'approved'`, m.id) == "" {
			l.violate("order %s goes on, and nobody's identity was approved", m.id)
		}
	case m.became == string(order.Paid):
		if l.any(`SELECT d.id FROM orders AS o JOIN debts AS d ON d.id = o.debt_id WHERE o.id = $1 AND d.state = 'paid' AND d.paid = o.amount`, m.id) == "" {
			l.violate("order %s is paid, and its debt is not", m.id)
		}
	}
}

// comesBack tells whether refunds to a card come back from its issuer.
func comesBack(token string) bool { return strings.HasSuffix(token, "_refundFail") }
