package providertest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/provider"
)

// lost are the faults after which nobody knows whether there was an effect, and
// whether there was.
var lost = []struct {
	fault  Fault
	effect bool
}{{LostBefore, false}, {LostAfter, true}, {StoredBefore, false}, {StoredAfter, true}, {Down, false}}

func lostOpens(t *testing.T, d *desk) {
	for i, l := range lost {
		a := d.pay(t, fmt.Sprint(i), Good)
		d.Fail(Opening, l.fault)
		ref, r := d.Provider.Open(t.Context(), a)
		want(t, "open, "+string(l.fault), r, provider.Unknown)
		if ref != "" || r.Cause == nil {
			t.Errorf("%s: got %q, cause %v; want no reference and a cause", l.fault, ref, r.Cause)
		}

		found, r := d.Find(t.Context(), d.customer, a.Reference, d.Now().Add(-time.Minute))
		seen := l.effect && d.wallet == nil // a wallet shows only what took money
		if seen {
			want(t, "find, "+string(l.fault), r, provider.Pending)
		} else {
			want(t, "find, "+string(l.fault), r, provider.Failed)
		}
		if (found != "") != seen {
			t.Errorf("%s: found %q, want one: %v", l.fault, found, seen)
		}

		ref = d.open(t, a) // the same Ask: never a second intent
		if seen && ref != found {
			t.Errorf("%s: opened %q again, want %q", l.fault, ref, found)
		}
		want(t, "confirm", d.Confirm(t.Context(), ref, a), provider.Approved)
		d.taken(t, a, 2500)
	}
}

func lostConfirms(t *testing.T, d *desk) {
	for i, l := range lost {
		a := d.bound(t, fmt.Sprint(i), Good)
		ref := d.open(t, a)
		d.Fail(Confirming, l.fault)
		r := d.Confirm(t.Context(), ref, a)
		want(t, "confirm, "+string(l.fault), r, provider.Unknown)
		if r.Ref != ref || !r.Live || r.Cause == nil {
			t.Errorf("%s: got %+v, want %s, live, and a cause", l.fault, r, ref)
		}

		stands := provider.Pending
		if l.effect {
			stands = provider.Approved
		}
		r = d.Fetch(t.Context(), ref)
		want(t, "fetch, "+string(l.fault), r, stands)
		want(t, "confirm again, "+string(l.fault), d.Confirm(t.Context(), ref, a), provider.Approved)
		d.taken(t, a, 2500)
	}
}

func lostCancels(t *testing.T, d *desk) {
	for i, l := range lost {
		a := d.hold(t, fmt.Sprint(i), Good)
		ref := d.open(t, a)
		want(t, "confirm", d.Confirm(t.Context(), ref, a), provider.Approved)
		d.Fail(Cancelling, l.fault)
		r := d.Cancel(t.Context(), ref, a.Key)
		want(t, "cancel, "+string(l.fault), r, provider.Unknown)
		if r.Cause == nil {
			t.Errorf("%s: got no cause", l.fault)
		}

		stands := provider.Approved
		if l.effect {
			stands = provider.Cancelled
		}
		want(t, "fetch, "+string(l.fault), d.Fetch(t.Context(), ref), stands)
		want(t, "cancel again, "+string(l.fault), d.Cancel(t.Context(), ref, a.Key), provider.Cancelled)
		if got := d.Held(t, a.Reference); got != 0 {
			t.Errorf("%s: held %d, want 0", l.fault, got)
		}
	}
}

// What could not be read is Unknown, never Failed, which promises something.
func readingFails(t *testing.T, d *desk) {
	a := d.pay(t, "1", Good)
	ref := d.open(t, a)
	for _, f := range []Fault{LostBefore, LostAfter, Down, TooMany, Unauthenticated} {
		d.Fail(Reading, f)
		r := d.Fetch(t.Context(), ref)
		want(t, "fetch, "+string(f), r, provider.Unknown)
		if r.Misconfigured != (f == Unauthenticated) {
			t.Errorf("fetch, %s: got misconfigured %v", f, r.Misconfigured)
		}
		d.Fail(Reading, f)
		_, r = d.Find(t.Context(), d.customer, a.Reference, d.Now().Add(-time.Minute))
		want(t, "find, "+string(f), r, provider.Unknown)
	}
	want(t, "fetch", d.Fetch(t.Context(), ref), provider.Pending)
	if r := d.Fetch(t.Context(), ref+"x"); r.Outcome != provider.Unknown {
		t.Errorf("fetch of what is not there: got %+v, want unknown", r)
	}
}

func tooMany(t *testing.T, d *desk) { refusedAtEachStep(t, d, TooMany, false) }
func badKey(t *testing.T, d *desk)  { refusedAtEachStep(t, d, Unauthenticated, true) }

// refusedAtEachStep: Failed is a promise, so the same step goes through afterwards.
func refusedAtEachStep(t *testing.T, d *desk, f Fault, misconfigured bool) {
	a := d.hold(t, "1", Good)
	var ref string
	steps := []struct {
		step Step
		ask  func() provider.Result
		then provider.Outcome
	}{
		{Opening, func() (r provider.Result) { ref, r = d.Provider.Open(t.Context(), a); return r }, provider.Pending},
		{Confirming, func() provider.Result { return d.Confirm(t.Context(), ref, a) }, provider.Approved},
		{Cancelling, func() provider.Result { return d.Cancel(t.Context(), ref, a.Key) }, provider.Cancelled},
	}
	for _, s := range steps {
		d.Fail(s.step, f)
		r := s.ask()
		want(t, string(s.step), r, provider.Failed)
		if r.Misconfigured != misconfigured || r.Cause == nil {
			t.Errorf("%s: got misconfigured %v, cause %v; want %v and a cause", s.step, r.Misconfigured, r.Cause, misconfigured)
		}
		want(t, string(s.step)+" again", s.ask(), s.then)
	}
	if got := d.Intents(t, a.Reference); got != 1 {
		t.Errorf("intents: got %d, want 1", got)
	}

	wanted := provider.ErrUnreachable
	if misconfigured {
		wanted = provider.ErrMisconfigured
	}
	if d.wallet == nil { // a wallet makes its customers with their agreements
		d.Fail(Any, f)
		if _, err := d.OpenCustomer(t.Context(), provider.Customer{Key: "payer-2", Reference: "other"}); !errors.Is(err, wanted) {
			t.Errorf("open a customer: got %v, want %v", err, wanted)
		}
	}
	d.Fail(Any, f)
	if _, err := d.Instrument(t.Context(), a.Method); !errors.Is(err, wanted) {
		t.Errorf("read an instrument: got %v, want %v", err, wanted)
	}
}

// crowd is how many do the same thing at once.
const crowd = 8

func confirmedByMany(t *testing.T, d *desk) {
	a := d.bound(t, "1", Good)
	ref := d.open(t, a)
	results := make([]provider.Result, crowd)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i] = d.Confirm(t.Context(), ref, a) })
	}
	all.Wait()
	for i, r := range results {
		// Who was turned away because another was at it does not know the outcome.
		if r.Outcome != provider.Approved && r.Outcome != provider.Unknown && r.Outcome != provider.Pending {
			t.Errorf("worker %d: got %+v, want approved, pending or unknown", i, r)
		}
	}
	want(t, "fetch", d.Fetch(t.Context(), ref), provider.Approved)
	d.taken(t, a, 2500)
}

func openedByMany(t *testing.T, d *desk) {
	a := d.pay(t, "1", Good)
	refs := make([]string, crowd)
	var all sync.WaitGroup
	for i := range refs {
		all.Go(func() { refs[i], _ = d.Provider.Open(t.Context(), a) })
	}
	all.Wait()
	ref := d.open(t, a)
	for i, got := range refs {
		if got != "" && got != ref {
			t.Errorf("worker %d: opened %q, want %q", i, got, ref)
		}
	}
	d.taken(t, a, 0)
}
