package sim

import (
	"context"
	"fmt"
	"testing"

	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/provider"
)

// The bugs below are planted where money is given back, among the jobs that look
// after orders and refunds, or in the database itself.

// ordersAgain has a bug where orders are paid, and nowhere else.
type ordersAgain struct {
	provider.Provider
	buggy provider.Provider
}

func (p ordersAgain) Confirm(ctx context.Context, ref string, a provider.Ask) provider.Result {
	if a.Note == string(payment.OrderPlaced) {
		return p.buggy.Confirm(ctx, ref, a)
	}
	return p.Provider.Confirm(ctx, ref, a)
}

// refundsAgain gives back once more, under another key, when an answer was lost.
type refundsAgain struct {
	provider.Provider
	n *int
}

func (p refundsAgain) Refund(ctx context.Context, a provider.RefundAsk) provider.Result {
	r := p.Provider.Refund(ctx, a)
	if r.Outcome != provider.Unknown {
		return r
	}
	*p.n++
	a.Key += fmt.Sprintf("/again%d", *p.n)
	a.Reference += fmt.Sprintf("/again%d", *p.n)
	return p.Provider.Refund(ctx, a)
}

// lostIsKept takes a refund whose answer was lost for one that was refused, so that it
// is put on the balance.
type lostIsKept struct{ provider.Provider }

func (p lostIsKept) Refund(ctx context.Context, a provider.RefundAsk) provider.Result {
	r := p.Provider.Refund(ctx, a)
	if r.Outcome == provider.Unknown {
		r.Outcome = provider.Declined
	}
	return r
}

// neverRefunds says that money was given back which it has kept.
type neverRefunds struct{ provider.Provider }

func (p neverRefunds) Refund(_ context.Context, a provider.RefundAsk) provider.Result {
	return provider.Result{Outcome: provider.Approved, Ref: "re_" + a.Key, Amount: a.Amount}
}

// refundsLess gives a cent less back than was asked, and says nothing of it.
type refundsLess struct{ provider.Provider }

func (p refundsLess) Refund(ctx context.Context, a provider.RefundAsk) provider.Result {
	asked := a.Amount
	if a.Amount.Minor > 1 {
		a.Amount.Minor--
	}
	r := p.Provider.Refund(ctx, a)
	r.Amount = asked
	return r
}

func TestPlantedBugsWithOrdersAreFound(t *testing.T) {
	t.Parallel()
	calm := map[string]float64{}
	lossy := map[string]float64{"lost_after": 0.4, "lost_before": 0.3}
	buying := []string{"bind a card", "place an order", "pay an order"}
	refunding := []string{"bind a card", "place an order", "pay an order", "refund a payment"}
	waiting := []string{"bind a card", "place an order", "let days pass"}
	checking := []string{"bind a card", "place an order", "pay an order", "send documents", "apply a policy"}
	findPlants(t, []plantCase{
		{"an order is charged again after a lost answer", "the world", cardPlant(lossy, buying, func(p provider.Provider) provider.Provider { return ordersAgain{p, anotherIntent{p, new(int)}} })},
		{"a refund is made again after a lost answer", "the world gave", cardPlant(lossy, refunding, func(p provider.Provider) provider.Provider { return refundsAgain{p, new(int)} })},
		{"a lost refund is put on the balance", "the world gave", cardPlant(lossy, refunding, func(p provider.Provider) provider.Provider { return lostIsKept{p} })},
		{"a refund is believed and not made", "the world gave", cardPlant(calm, refunding, func(p provider.Provider) provider.Provider { return neverRefunds{p} })},
		{"less is given back than was asked", "the world gave", cardPlant(calm, refunding, func(p provider.Provider) provider.Provider { return refundsLess{p} })},
		{"nobody looks after refunds", "a refund is not over", jobPlant(lossy, refunding, "watch_refund")},
		{"nobody ends orders", "an order's time is over", jobPlant(calm, waiting, "lapse_order")},
		{"nobody ends subscriptions", "goes on past its end", jobPlant(calm, append(buying, "let days pass"), "renew_subscription")},
		{"nobody ends identity checks", "time to send documents is over", jobPlant(calm, checking, "watch_identity")},
		{"what was given back is forgotten", "", spoilPlant(refunding, `UPDATE payments SET refunded = 0`)},
		{"an order is served before it is paid", "before it was paid", spoilPlant(buying, `UPDATE orders SET paid_at = NULL WHERE state = 'cancelled' OR id IN (SELECT order_id FROM subscriptions)`)},
		{"an identity check is approved by nobody", "which is not in its table", spoilPlant(checking, `UPDATE identity_cases SET state = 'approved' WHERE state = 'open'`)},
		{"what risk has stopped is charged", "which is not open", spoilPlant(buying, `
			CREATE TRIGGER IF NOT EXISTS spoil BEFORE INSERT ON payments BEGIN UPDATE orders SET state = 'refused' WHERE debt_id = NEW.debt_id; END`)},
	})
}
