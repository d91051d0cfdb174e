package providertest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

// charged takes 25.00 from an instrument, and returns what was asked and its charge.
func (d *desk) charged(t *testing.T, name string, c Card) (provider.Ask, string) {
	t.Helper()
	a := d.bound(t, name, c)
	r := d.Confirm(t.Context(), d.open(t, a), a)
	want(t, "charge", r, provider.Approved)
	if r.ChargeRef == "" {
		t.Fatalf("charge: got %+v, want what can be refunded", r)
	}
	return a, r.ChargeRef
}

// refund asks for so much of a charge.
func (d *desk) refund(charge, name string, minor int64) provider.RefundAsk {
	return provider.RefundAsk{Key: "refund-" + name, Reference: "pay/refund/" + name, Charge: charge, Amount: money.Amount{Minor: minor, Currency: "USD"}}
}

// kept wants so much of a charge to be left with us.
func (d *desk) kept(t *testing.T, step string, a provider.Ask, minor int64) {
	t.Helper()
	if got := d.Taken(t, a.Reference); got != minor {
		t.Errorf("%s: %d is left of the charge, want %d", step, got, minor)
	}
}

func refundIsMade(t *testing.T, d *desk) {
	a, charge := d.charged(t, "1", Good)
	part := d.refund(charge, "1", 1000)
	r := d.Refund(t.Context(), part)
	want(t, "refund", r, provider.Approved)
	if r.Ref == "" || r.Amount != part.Amount {
		t.Errorf("refund: got %+v, want %s with a reference", r, part.Amount)
	}
	d.kept(t, "refund", a, 1500)
	for step, again := range map[string]provider.Result{
		"again": d.Refund(t.Context(), part), "fetch": d.FetchRefund(t.Context(), r.Ref), "find": d.FindRefund(t.Context(), part),
	} {
		want(t, step, again, provider.Approved)
		if again.Ref != r.Ref || again.Amount != part.Amount {
			t.Errorf("%s: got %+v, want the same refund %s", step, again, r.Ref)
		}
	}
	d.kept(t, "refund again", a, 1500)

	rest := d.refund(charge, "2", 1500)
	want(t, "refund the rest", d.Refund(t.Context(), rest), provider.Approved)
	d.kept(t, "refund the rest", a, 0)
	if got := d.FindRefund(t.Context(), part); got.Ref != r.Ref {
		t.Errorf("find the first of two: got %+v, want %s", got, r.Ref)
	}
}

// Failed and Hopeless promises that nothing was given back.
func refundOfNothing(t *testing.T, d *desk) {
	a, charge := d.charged(t, "1", Good)
	hopeless := func(step string, ask provider.RefundAsk, left int64) {
		t.Helper()
		r := d.Refund(t.Context(), ask)
		want(t, step, r, provider.Failed)
		if !r.Hopeless || r.Ref != "" {
			t.Errorf("%s: got %+v, want hopeless", step, r)
		}
		if found := d.FindRefund(t.Context(), ask); found.Outcome != provider.Failed || found.Ref != "" {
			t.Errorf("%s, find: got %+v, want none", step, found)
		}
		d.kept(t, step, a, left)
	}
	hopeless("more than was taken", d.refund(charge, "1", 2501), 2500)
	want(t, "refund", d.Refund(t.Context(), d.refund(charge, "2", 2400)), provider.Approved)
	hopeless("more than is left", d.refund(charge, "3", 101), 100)
	want(t, "refund the rest", d.Refund(t.Context(), d.refund(charge, "4", 100)), provider.Approved)
	hopeless("all is given back", d.refund(charge, "5", 1), 0)

	for step, ask := range map[string]provider.RefundAsk{
		"nothing": d.refund(charge, "6", 0), "less than nothing": d.refund(charge, "7", -1), "no charge": d.refund("", "8", 1),
	} {
		want(t, step, d.Refund(t.Context(), ask), provider.Failed)
	}
	if r := d.FetchRefund(t.Context(), "nonsense"); r.Outcome != provider.Unknown {
		t.Errorf("fetch of what is not there: got %+v, want unknown", r)
	}
}

func lostRefunds(t *testing.T, d *desk) {
	for i, l := range lost {
		a, charge := d.charged(t, fmt.Sprint(i), Good)
		ask := d.refund(charge, fmt.Sprint(i), 1000)
		d.Fail(Refunding, l.fault)
		r := d.Refund(t.Context(), ask)
		want(t, "refund, "+string(l.fault), r, provider.Unknown)
		if r.Cause == nil {
			t.Errorf("%s: got no cause", l.fault)
		}
		found := d.FindRefund(t.Context(), ask)
		if l.effect {
			want(t, "find, "+string(l.fault), found, provider.Approved)
		} else if found.Outcome != provider.Failed || found.Ref != "" {
			t.Errorf("find, %s: got %+v, want none", l.fault, found)
		}
		r = d.Refund(t.Context(), ask)
		if l.fault == StoredBefore && r.Outcome == provider.Unknown { // the key is used up for as long as it is kept
			d.kept(t, string(l.fault), a, 2500)
			d.Pass(t, d.Window()+day)
			r = d.Refund(t.Context(), ask)
		}
		want(t, "refund again, "+string(l.fault), r, provider.Approved)
		d.kept(t, "refund again, "+string(l.fault), a, 1500)
	}
}

// The provider forgets a key before the answer that was lost is asked for again.
func lostRefundForgotten(t *testing.T, d *desk) {
	a, charge := d.charged(t, "1", Good)
	ask := d.refund(charge, "1", 1000)
	d.Fail(Refunding, LostAfter)
	want(t, "refund", d.Refund(t.Context(), ask), provider.Unknown)
	d.Pass(t, 50*day)
	want(t, "find fifty days later", d.FindRefund(t.Context(), ask), provider.Approved)
	want(t, "refund fifty days later", d.Refund(t.Context(), ask), provider.Approved)
	d.kept(t, "refund fifty days later", a, 1500)
}

// Failed alone promises that the same ask goes through later.
func refundRefused(t *testing.T, d *desk) {
	a, charge := d.charged(t, "1", Good)
	ask := d.refund(charge, "1", 1000)
	for _, f := range []Fault{TooMany, Unauthenticated} {
		d.Fail(Refunding, f)
		r := d.Refund(t.Context(), ask)
		want(t, string(f), r, provider.Failed)
		if r.Hopeless || r.Misconfigured != (f == Unauthenticated) || r.Cause == nil {
			t.Errorf("%s: got %+v, want a cause and misconfigured %v", f, r, f == Unauthenticated)
		}
	}
	d.kept(t, "refused", a, 2500)
	want(t, "refund", d.Refund(t.Context(), ask), provider.Approved)
	d.kept(t, "refund", a, 1500)
}

func readingRefundsFails(t *testing.T, d *desk) {
	_, charge := d.charged(t, "1", Good)
	ask := d.refund(charge, "1", 1000)
	r := d.Refund(t.Context(), ask)
	want(t, "refund", r, provider.Approved)
	for _, f := range []Fault{LostBefore, LostAfter, Down, TooMany, Unauthenticated} {
		d.Fail(Reading, f)
		want(t, "fetch, "+string(f), d.FetchRefund(t.Context(), r.Ref), provider.Unknown)
		d.Fail(Reading, f)
		want(t, "find, "+string(f), d.FindRefund(t.Context(), ask), provider.Unknown)
	}
}

func refundedByMany(t *testing.T, d *desk) {
	a, charge := d.charged(t, "1", Good)
	ask := d.refund(charge, "1", 1000)
	results := make([]provider.Result, crowd)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i] = d.Refund(t.Context(), ask) })
	}
	all.Wait()
	for i, r := range results {
		if r.Outcome != provider.Approved && r.Outcome != provider.Unknown {
			t.Errorf("worker %d: got %+v, want approved or unknown", i, r)
		}
	}
	want(t, "find", d.FindRefund(t.Context(), ask), provider.Approved)
	d.kept(t, "refunds at once", a, 1500)
}

func refundTakesItsTime(t *testing.T, d *desk) {
	_, charge := d.charged(t, "1", RefundsLate)
	r := d.Refund(t.Context(), d.refund(charge, "1", 1000))
	want(t, "refund", r, provider.Pending)
	want(t, "fetch", d.FetchRefund(t.Context(), r.Ref), provider.Pending)
	d.Pass(t, 2*time.Hour)
	want(t, "fetch later", d.FetchRefund(t.Context(), r.Ref), provider.Approved)
}

func refundComesBack(t *testing.T, d *desk) {
	a, charge := d.charged(t, "1", SendsBack)
	ask := d.refund(charge, "1", 1000)
	r := d.Refund(t.Context(), ask)
	want(t, "refund", r, provider.Approved)
	d.kept(t, "refund", a, 1500)
	d.Pass(t, 2*time.Hour)
	for step, now := range map[string]provider.Result{
		"fetch": d.FetchRefund(t.Context(), r.Ref), "find": d.FindRefund(t.Context(), ask), "again": d.Refund(t.Context(), ask),
	} {
		want(t, step, now, provider.Declined)
		if now.Decline.Code == "" {
			t.Errorf("%s: got %+v, want a code", step, now)
		}
	}
	d.kept(t, "sent back", a, 2500)
}

func refundAfterWindow(t *testing.T, d *desk) {
	a, charge := d.charged(t, "1", Good)
	d.Pass(t, 179*day)
	want(t, "refund on day 179", d.Refund(t.Context(), d.refund(charge, "1", 1000)), provider.Approved)
	d.Pass(t, 2*day)
	r := d.Refund(t.Context(), d.refund(charge, "2", 1000))
	want(t, "refund on day 181", r, provider.Declined)
	if r.Ref != "" || r.Decline.Code == "" {
		t.Errorf("refund on day 181: got %+v, want a code and no refund", r)
	}
	d.kept(t, "day 181", a, 1500)
}

func refundFromHold(t *testing.T, d *desk) {
	_, hold, held := d.held(t, "1")
	a := d.from(t, "1", hold, held.ChargeRef)
	r := d.Confirm(t.Context(), d.open(t, a), a)
	want(t, "charge", r, provider.Approved)
	ask := d.refund(r.ChargeRef, "1", 1000)
	d.Fail(Refunding, LostAfter)
	want(t, "refund, the answer lost", d.Refund(t.Context(), ask), provider.Unknown)
	want(t, "find", d.FindRefund(t.Context(), ask), provider.Approved)
	want(t, "refund again", d.Refund(t.Context(), ask), provider.Approved)
	d.kept(t, "refund", a, 1500)
}
