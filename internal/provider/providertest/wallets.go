package providertest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

const day = 24 * time.Hour

// agreement asks a payer, of an account of their own, to agree.
func agreement(name string) provider.AgreementAsk {
	return provider.AgreementAsk{
		Key: "agree-" + name, Account: "acct_" + name, Seller: "Bursar Cloud", Language: "zh-TW",
		ReturnURL: "https://console.example/back", CancelURL: "https://console.example/cancelled",
	}
}

// asked opens an agreement and returns where its payer must go.
func (d *desk) asked(t *testing.T, a provider.AgreementAsk) (ref, page string) {
	t.Helper()
	ref, r := d.wallet.OpenAgreement(t.Context(), a)
	want(t, "open the agreement", r, provider.NeedsPayer)
	if ref == "" || r.ChallengeURL == "" {
		t.Fatalf("open the agreement: got %q %+v, want a reference and a page", ref, r)
	}
	return ref, r.ChallengeURL
}

// The payer's return, a message and a poll may come in any order, any number of
// times: it is one token (R-PP-05).
func agreementIsKept(t *testing.T, d *desk) {
	a := agreement("1")
	ref, page := d.asked(t, a)
	want(t, "before the payer agreed", d.wallet.Agreement(t.Context(), ref), provider.NeedsPayer)
	d.Answer(t, page, true)
	want(t, "after", d.wallet.Agreement(t.Context(), ref), provider.Approved)

	first, r := d.wallet.KeepAgreement(t.Context(), ref, a)
	want(t, "keep", r, provider.Approved)
	if first.Token == "" || first.Fingerprint == "" || first.Country == "" || first.Customer == "" || first.Email == "" {
		t.Errorf("keep: got %+v, want a token and whose it is", first)
	}
	for range 2 {
		again, r := d.wallet.KeepAgreement(t.Context(), ref, a)
		want(t, "keep again", r, provider.Approved)
		if again.Token != first.Token || again.Fingerprint != first.Fingerprint {
			t.Errorf("keep again: got %+v, want %+v", again, first)
		}
	}
	want(t, "when kept", d.wallet.Agreement(t.Context(), ref), provider.Approved)
	if read, err := d.Instrument(t.Context(), first.Token); err != nil || read.Fingerprint != first.Fingerprint {
		t.Errorf("read: got %+v, %v, want fingerprint %q", read, err, first.Fingerprint)
	}
}

// Without the payer's word nothing can be kept (R-PP-04), and an agreement that
// nobody answers lapses.
func agreementTurnedDown(t *testing.T, d *desk) {
	a := agreement("1")
	ref, page := d.asked(t, a)
	for _, step := range []string{"before the payer came", "after they turned away"} {
		i, r := d.wallet.KeepAgreement(t.Context(), ref, a)
		want(t, "keep "+step, r, provider.Cancelled)
		if i.Token != "" {
			t.Errorf("keep %s: got token %q", step, i.Token)
		}
		d.Answer(t, page, false)
	}
	d.Pass(t, 8*day)
	want(t, "a week later", d.wallet.Agreement(t.Context(), ref), provider.Cancelled)
	_, r := d.wallet.KeepAgreement(t.Context(), ref, a)
	want(t, "keep a week later", r, provider.Cancelled)
}

func agreementLost(t *testing.T, d *desk) {
	for i, l := range lost {
		a := agreement(fmt.Sprint(i))
		d.Fail(Opening, l.fault)
		ref, r := d.wallet.OpenAgreement(t.Context(), a)
		want(t, "open, "+string(l.fault), r, provider.Unknown)
		if ref != "" || r.Cause == nil {
			t.Errorf("open, %s: got %q %+v, want no reference, and a cause", l.fault, ref, r)
		}
		ref, page := d.asked(t, a)
		d.Answer(t, page, true)

		d.Fail(Confirming, l.fault)
		_, r = d.wallet.KeepAgreement(t.Context(), ref, a)
		want(t, "keep, "+string(l.fault), r, provider.Unknown)
		if l.effect {
			d.Pass(t, 4*time.Hour) // the key is forgotten before the next try
		}
		kept, r := d.wallet.KeepAgreement(t.Context(), ref, a)
		want(t, "keep again, "+string(l.fault), r, provider.Approved)
		again, r := d.payers.Restart(t).KeepAgreement(t.Context(), ref, a)
		want(t, "keep after a restart, "+string(l.fault), r, provider.Approved)
		if kept.Token == "" || again.Token != kept.Token {
			t.Errorf("%s: kept %q, then %q, want one token", l.fault, kept.Token, again.Token)
		}
	}
	ref, page := d.asked(t, agreement("held up"))
	d.Answer(t, page, true)
	for _, f := range []Fault{LostBefore, Down, TooMany} {
		d.Fail(Reading, f)
		want(t, "read, "+string(f), d.wallet.Agreement(t.Context(), ref), provider.Unknown)
	}
}

// A payer takes the agreement back at the provider: that is final, and said (R-PP-10).
func agreementWithdrawn(t *testing.T, d *desk) {
	a := d.bound(t, "1", Good)
	ref := d.open(t, a)
	d.payers.Withdraw(t, a.Method)
	r := d.Confirm(t.Context(), ref, a)
	want(t, "confirm", r, provider.Declined)
	if r.Decline.Class != provider.Final || !r.Decline.Revoked || r.Decline.Code == "" {
		t.Errorf("confirm: got %+v, want final and revoked", r.Decline)
	}
	d.taken(t, a, 0)
	if _, err := d.Instrument(t.Context(), a.Method); !errors.Is(err, provider.ErrTokenUnknown) {
		t.Errorf("read: got %v, want %v", err, provider.ErrTokenUnknown)
	}
	if err := d.Detach(t.Context(), a.Method); err != nil {
		t.Errorf("detach: %v", err)
	}
}

// A payer who is called to the page and agrees there is served by the same intent.
func payerCalledToPage(t *testing.T, d *desk) {
	a := d.pay(t, "1", Authenticates)
	a.Initiator, a.ReturnURL, a.SetUp = provider.MIT, "", false
	ref := d.open(t, a)
	r := d.Confirm(t.Context(), ref, a)
	want(t, "confirm", r, provider.NeedsPayer)
	if r.ChallengeURL == "" || !r.Live {
		t.Fatalf("confirm: got %+v, want a page, and live", r)
	}
	page := r.ChallengeURL
	want(t, "fetch", d.Fetch(t.Context(), ref), provider.NeedsPayer)
	d.Answer(t, page, false)
	want(t, "fetch after they turned away", d.Fetch(t.Context(), ref), provider.NeedsPayer)
	d.taken(t, a, 0)

	d.Answer(t, page, true)
	r = d.Fetch(t.Context(), ref)
	want(t, "fetch after they agreed", r, provider.Pending)
	if !r.Live {
		t.Errorf("fetch after they agreed: got %+v, want live", r)
	}
	for _, step := range []string{"confirm", "confirm again"} {
		r := d.Confirm(t.Context(), ref, a)
		want(t, step+" after they agreed", r, provider.Approved)
		if !r.Captured {
			t.Errorf("%s: got %+v, want captured", step, r)
		}
	}
	d.taken(t, a, 2500)
}

// held places a hold of 30.00 on a payer's account and returns it with its authorization.
func (d *desk) held(t *testing.T, name string) (ref string, a provider.Ask, r provider.Result) {
	t.Helper()
	a = d.hold(t, name, Good)
	a.Amount.Minor = 3000
	ref = d.open(t, a)
	r = d.Confirm(t.Context(), ref, a)
	want(t, "hold", r, provider.Approved)
	if r.ChargeRef == "" || !r.HonoredUntil.After(d.Now()) || r.HeldUntil.Before(r.HonoredUntil) {
		t.Fatalf("hold: got %+v, want an authorization, honored for a while", r)
	}
	return ref, a, r
}

// from asks for a charge that a hold pays for.
func (d *desk) from(t *testing.T, name string, hold provider.Ask, authorization string) provider.Ask {
	t.Helper()
	a := d.pay(t, name, Good)
	a.Method, a.From, a.Initiator, a.SetUp, a.ReturnURL = hold.Method, authorization, provider.MIT, false, ""
	return a
}

func chargeFromHold(t *testing.T, d *desk) {
	holdRef, hold, held := d.held(t, "1")
	a := d.from(t, "1", hold, held.ChargeRef)
	ref := d.open(t, a)
	for _, step := range []string{"confirm", "confirm again"} {
		r := d.Confirm(t.Context(), ref, a)
		want(t, step, r, provider.Approved)
		if !r.Captured || r.Live || r.Amount != a.Amount || r.Ref != ref || r.ChargeRef == "" {
			t.Errorf("%s: got %+v, want %s captured", step, r, a.Amount)
		}
	}
	want(t, "cancel", d.Cancel(t.Context(), ref, a.Key), provider.Approved)
	want(t, "fetch", d.Fetch(t.Context(), ref), provider.Approved)
	if got := d.Taken(t, a.Reference); got != 2500 {
		t.Errorf("taken: got %d, want 2500", got)
	}
	if got := d.Held(t, hold.Reference); got != 0 {
		t.Errorf("held: got %d, want the rest released", got)
	}
	if r := d.Fetch(t.Context(), holdRef); r.Outcome != provider.Approved || !r.Captured {
		t.Errorf("fetch the hold: got %+v, want captured", r)
	}

	second := d.from(t, "2", hold, held.ChargeRef) // nothing is left for another
	ref = d.open(t, second)
	want(t, "confirm another", d.Confirm(t.Context(), ref, second), provider.Cancelled)
	if got := d.Taken(t, second.Reference); got != 0 {
		t.Errorf("taken by another: got %d, want 0", got)
	}

	_, hold, held = d.held(t, "3")
	most := d.from(t, "3", hold, held.ChargeRef)
	most.Amount = d.wallet.MostFrom(money.Amount{Minor: 3000, Currency: "USD"})
	ref = d.open(t, most)
	r := d.Confirm(t.Context(), ref, most)
	want(t, "confirm the most", r, provider.Approved)
	if r.Amount != most.Amount {
		t.Errorf("confirm the most: got %s, want %s", r.Amount, most.Amount)
	}
	_, hold, held = d.held(t, "4")
	more := d.from(t, "4", hold, held.ChargeRef)
	more.Amount = money.Amount{Minor: most.Amount.Minor + 1, Currency: "USD"}
	r = d.Confirm(t.Context(), d.open(t, more), more)
	want(t, "confirm more than the most", r, provider.Failed)
	if !r.Hopeless {
		t.Errorf("confirm more than the most: got %+v, want hopeless", r)
	}
}

func chargeFromHoldLost(t *testing.T, d *desk) {
	for i, l := range lost {
		_, hold, held := d.held(t, fmt.Sprint(i))
		a := d.from(t, fmt.Sprint(i), hold, held.ChargeRef)
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
		want(t, "fetch, "+string(l.fault), d.Fetch(t.Context(), ref), stands)
		want(t, "confirm again, "+string(l.fault), d.payers.Restart(t).Confirm(t.Context(), ref, a), provider.Approved)
		if got := d.Taken(t, a.Reference); got != 2500 {
			t.Errorf("%s: taken %d, want 2500", l.fault, got)
		}
	}
}

func chargeFromHoldCancelled(t *testing.T, d *desk) {
	holdRef, hold, held := d.held(t, "1")
	a := d.from(t, "1", hold, held.ChargeRef)
	ref := d.open(t, a)
	for _, step := range []string{"cancel", "cancel again"} {
		want(t, step, d.Cancel(t.Context(), ref, a.Key), provider.Cancelled)
	}
	want(t, "confirm", d.Confirm(t.Context(), ref, a), provider.Cancelled)
	want(t, "fetch the hold", d.Fetch(t.Context(), holdRef), provider.Cancelled)
	if taken, left := d.Taken(t, a.Reference), d.Held(t, hold.Reference); taken != 0 || left != 0 {
		t.Errorf("got %d taken and %d held, want nothing", taken, left)
	}
}

// A hold is promised for some days, is renewed once, and charged then.
func holdIsRenewed(t *testing.T, d *desk) {
	ref, hold, held := d.held(t, "1")
	early := d.wallet.Renew(t.Context(), ref, "renew-1", hold.Amount)
	want(t, "renew while it is promised", early, provider.Approved)
	if early.ChargeRef != held.ChargeRef {
		t.Errorf("renew while it is promised: got %q, want %q still", early.ChargeRef, held.ChargeRef)
	}
	d.Pass(t, held.HonoredUntil.Sub(d.Now())+day)
	d.Fail(Renewing, LostAfter)
	want(t, "renew, the answer lost", d.wallet.Renew(t.Context(), ref, "renew-1", hold.Amount), provider.Unknown)
	var renewed provider.Result
	for _, step := range []string{"renew", "renew again"} {
		renewed = d.wallet.Renew(t.Context(), ref, "renew-1", hold.Amount)
		want(t, step, renewed, provider.Approved)
		if renewed.ChargeRef == held.ChargeRef || !renewed.HonoredUntil.After(d.Now().Add(2*day)) {
			t.Errorf("%s: got %+v, want another authorization, promised for days", step, renewed)
		}
	}
	if got := d.Held(t, hold.Reference); got != hold.Amount.Minor {
		t.Errorf("held: got %d, want %d once", got, hold.Amount.Minor)
	}

	stale := d.from(t, "stale", hold, held.ChargeRef)
	want(t, "charge from the old one", d.Confirm(t.Context(), d.open(t, stale), stale), provider.Cancelled)
	a := d.from(t, "1", hold, renewed.ChargeRef)
	want(t, "charge from the new one", d.Confirm(t.Context(), d.open(t, a), a), provider.Approved)
	if got := d.Taken(t, a.Reference); got != 2500 {
		t.Errorf("taken: got %d, want 2500", got)
	}

	ref, hold, held = d.held(t, "2")
	d.Pass(t, held.HonoredUntil.Sub(d.Now())+day)
	first := d.wallet.Renew(t.Context(), ref, "renew-2", hold.Amount)
	want(t, "renew another", first, provider.Approved)
	d.Pass(t, first.HonoredUntil.Sub(d.Now())+day)
	r := d.wallet.Renew(t.Context(), ref, "renew-3", hold.Amount)
	want(t, "renew a second time", r, provider.Failed)
	if !r.Hopeless {
		t.Errorf("renew a second time: got %+v, want hopeless", r)
	}
	want(t, "release", d.Cancel(t.Context(), ref, hold.Key), provider.Cancelled)
	if got := d.Held(t, hold.Reference); got != 0 {
		t.Errorf("held: got %d, want 0", got)
	}
}

// findsWhatWasTaken: a wallet's report knows money that was taken or is reserved, not
// what was merely opened.
func findsWhatWasTaken(t *testing.T, d *desk) {
	a, b := d.pay(t, "1", Good), d.pay(t, "2", Good)
	d.open(t, a)
	refB := d.open(t, b)
	want(t, "confirm", d.Confirm(t.Context(), refB, b), provider.Approved)
	refHold, hold, held := d.held(t, "3")
	c := d.from(t, "4", hold, held.ChargeRef)
	since := d.Now().Add(-time.Minute)

	finds := func(what, reference, wanted string, outcome provider.Outcome, captured bool) {
		t.Helper()
		if ref, r := d.Find(t.Context(), d.customer, reference, since); ref != wanted || r.Outcome != outcome || r.Captured != captured {
			t.Errorf("find %s: got %q %+v, want %q %s", what, ref, r, wanted, outcome)
		}
	}
	finds("what was opened", a.Reference, "", provider.Failed, false)
	finds("what was taken", b.Reference, refB, provider.Approved, true)
	finds("what is held", hold.Reference, refHold, provider.Approved, false)
	finds("what is not there", "pay_9", "", provider.Failed, false)
	refC := d.open(t, c)
	want(t, "charge from the hold", d.Confirm(t.Context(), refC, c), provider.Approved)
	finds("what was taken from a hold", c.Reference, refC, provider.Approved, true)
	if ref, r := d.Find(t.Context(), d.customer, b.Reference, d.Now().Add(day)); ref != "" || r.Outcome != provider.Failed {
		t.Errorf("find since tomorrow: got %q %+v, want none", ref, r)
	}
}

// Killed between opening and confirming: what is left is the saved reference.
func killedBeforeConfirming(t *testing.T, d *desk) {
	a := d.bound(t, "1", Good)
	ref := d.open(t, a)
	for range 2 {
		want(t, "confirm after a restart", d.payers.Restart(t).Confirm(t.Context(), ref, a), provider.Approved)
	}
	d.taken(t, a, 2500)
}

// The provider forgets a key before the answer that was lost is asked for again.
func keysForgotten(t *testing.T, d *desk) {
	a := d.bound(t, "1", Good)
	ref := d.open(t, a)
	d.Fail(Confirming, LostAfter)
	want(t, "confirm", d.Confirm(t.Context(), ref, a), provider.Unknown)
	d.Pass(t, d.Window()+day)
	want(t, "fetch a day later", d.Fetch(t.Context(), ref), provider.Approved)
	want(t, "confirm a day later", d.Confirm(t.Context(), ref, a), provider.Approved)
	d.taken(t, a, 2500)

	b := d.bound(t, "2", Good)
	ref = d.open(t, b)
	d.Fail(Confirming, LostBefore)
	want(t, "confirm", d.Confirm(t.Context(), ref, b), provider.Unknown)
	d.Pass(t, d.Window()+day)
	want(t, "fetch a day later", d.Fetch(t.Context(), ref), provider.Cancelled)
	want(t, "confirm a day later", d.Confirm(t.Context(), ref, b), provider.Cancelled)
	d.taken(t, b, 0)

	// An order whose id was lost lapses; the next one is the one that is paid.
	c := d.bound(t, "3", Good)
	d.Fail(Opening, LostAfter)
	d.Provider.Open(t.Context(), c)
	d.Pass(t, d.Window()+day)
	want(t, "confirm what was opened again", d.Confirm(t.Context(), d.open(t, c), c), provider.Approved)
	if got := d.Taken(t, c.Reference); got != 2500 {
		t.Errorf("taken: got %d, want 2500", got)
	}

	_, hold, held := d.held(t, "4")
	e := d.from(t, "4", hold, held.ChargeRef)
	ref = d.open(t, e)
	d.Fail(Confirming, LostAfter)
	want(t, "charge from a hold", d.Confirm(t.Context(), ref, e), provider.Unknown)
	d.Pass(t, 50*day)
	want(t, "confirm fifty days later", d.Confirm(t.Context(), ref, e), provider.Approved)
	if got := d.Taken(t, e.Reference); got != 2500 {
		t.Errorf("taken: got %d, want 2500", got)
	}
}

// Books that were put back from a backup ask for what was paid already: the provider
// refuses our reference, and the first payment is the answer.
func paidBeforeRestore(t *testing.T, d *desk) {
	a := d.bound(t, "1", Good)
	paid := d.open(t, a)
	want(t, "confirm", d.Confirm(t.Context(), paid, a), provider.Approved)
	d.Pass(t, d.Window()+day)

	again := d.open(t, a) // the key is forgotten: another order
	if again == paid {
		t.Fatal("the same order was opened, want another")
	}
	r := d.Confirm(t.Context(), again, a)
	want(t, "confirm again", r, provider.Approved)
	if r.Ref != paid || !r.Captured {
		t.Errorf("confirm again: got %+v, want the payment %s", r, paid)
	}
	if got := d.Taken(t, a.Reference); got != 2500 {
		t.Errorf("taken: got %d, want 2500 once", got)
	}
}
