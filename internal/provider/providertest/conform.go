package providertest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

// who says which plugs a case is for.
type who uint8

const (
	all     who = iota
	cards       // what only a card network does
	wallets     // what only a provider.Wallet does
)

// Run tries a plug in every case that is for its kind, each in a world of its own.
func Run(t *testing.T, open Open) {
	cases := []struct {
		name string
		who  who
		try  func(*testing.T, *desk)
	}{
		{"charge", all, chargeIsTaken},
		{"charge while away", all, chargeWhileAway},
		{"hold is released", all, holdIsReleased},
		{"hold runs out", all, holdRunsOut},
		{"declines", all, declinesHaveClasses},
		{"decline while away", cards, declineWhileAway},
		{"cancelled never charges", all, cancelledNeverCharges},
		{"captured is not cancelled", all, capturedIsNotCancelled},
		{"challenge passed", cards, challengePassed},
		{"challenge failed, then passed", cards, challengeFailed},
		{"payer called back", cards, payerCalledBack},
		{"payer called to the page", wallets, payerCalledToPage},
		{"lost opens", all, lostOpens},
		{"lost confirms", all, lostConfirms},
		{"lost cancels", all, lostCancels},
		{"reading fails", all, readingFails},
		{"too many requests", all, tooMany},
		{"bad key", all, badKey},
		{"confirmed at once by many", all, confirmedByMany},
		{"opened at once by many", all, openedByMany},
		{"find", cards, findsByReference},
		{"find what was taken", wallets, findsWhatWasTaken},
		{"instruments", all, instruments},
		{"customer is made once", cards, customerIsMadeOnce},
		{"news", all, news},
		{"limits", all, limits},
		{"refund", all, refundIsMade},
		{"refund of what is not there", all, refundOfNothing},
		{"lost refunds", all, lostRefunds},
		{"lost refund, key forgotten", all, lostRefundForgotten},
		{"refund refused for now", all, refundRefused},
		{"reading refunds fails", all, readingRefundsFails},
		{"refunded at once by many", all, refundedByMany},
		{"refund takes its time", cards, refundTakesItsTime},
		{"refund comes back", cards, refundComesBack},
		{"refund after the window", wallets, refundAfterWindow},
		{"refund of a charge from a hold", wallets, refundFromHold},
		{"agreement", wallets, agreementIsKept},
		{"agreement turned down", wallets, agreementTurnedDown},
		{"agreement, answers lost", wallets, agreementLost},
		{"agreement withdrawn", wallets, agreementWithdrawn},
		{"charge from a hold", wallets, chargeFromHold},
		{"charge from a hold, answers lost", wallets, chargeFromHoldLost},
		{"charge from a hold, cancelled", wallets, chargeFromHoldCancelled},
		{"hold is renewed", wallets, holdIsRenewed},
		{"killed before confirming", wallets, killedBeforeConfirming},
		{"keys forgotten", wallets, keysForgotten},
		{"paid before the books were restored", wallets, paidBeforeRestore},
	}
	kind := cards
	if newDesk(t, open).wallet != nil {
		kind = wallets
	}
	for _, c := range cases {
		if c.who == all || c.who == kind {
			t.Run(c.name, func(t *testing.T) { c.try(t, newDesk(t, open)) })
		}
	}
}

func chargeIsTaken(t *testing.T, d *desk) {
	a := d.pay(t, "1", Good)
	ref := d.open(t, a)
	d.taken(t, a, 0)

	r := d.Confirm(t.Context(), ref, a)
	want(t, "confirm", r, provider.Approved)
	if !r.Captured || r.Live || r.Amount != a.Amount || r.Ref != ref || r.ChargeRef == "" {
		t.Errorf("confirm: got %+v, want %s captured", r, a.Amount)
	}
	d.taken(t, a, 2500)

	again := d.Confirm(t.Context(), ref, a)
	want(t, "confirm again", again, provider.Approved)
	fetched := d.Fetch(t.Context(), ref)
	if fetched.Outcome != r.Outcome || !fetched.Captured || fetched.Amount != r.Amount || fetched.ChargeRef != r.ChargeRef {
		t.Errorf("fetch: got %+v, want as confirmed: %+v", fetched, r)
	}
	d.taken(t, a, 2500)
}

func chargeWhileAway(t *testing.T, d *desk) {
	a := d.bound(t, "1", Good)
	r := d.Confirm(t.Context(), d.open(t, a), a)
	want(t, "confirm", r, provider.Approved)
	if !r.Captured {
		t.Errorf("confirm: got %+v, want captured", r)
	}
	d.taken(t, a, 2500)
}

func holdIsReleased(t *testing.T, d *desk) {
	a := d.hold(t, "1", Good)
	ref := d.open(t, a)
	r := d.Confirm(t.Context(), ref, a)
	want(t, "confirm", r, provider.Approved)
	if r.Captured || r.Amount != a.Amount || !r.HeldUntil.After(d.Now()) {
		t.Errorf("confirm: got %+v, want %s held until later than %s", r, a.Amount, d.Now())
	}
	if got := d.Held(t, a.Reference); got != 100 {
		t.Errorf("held: got %d, want 100", got)
	}
	for _, step := range []string{"cancel", "cancel again"} {
		r := d.Cancel(t.Context(), ref, a.Key)
		want(t, step, r, provider.Cancelled)
		if r.Live {
			t.Errorf("%s: got live, want not", step)
		}
	}
	want(t, "fetch", d.Fetch(t.Context(), ref), provider.Cancelled)
	if got := d.Held(t, a.Reference); got != 0 {
		t.Errorf("held: got %d, want 0", got)
	}
	d.taken(t, a, 0)
}

func holdRunsOut(t *testing.T, d *desk) {
	a := d.hold(t, "1", Good)
	ref := d.open(t, a)
	r := d.Confirm(t.Context(), ref, a)
	want(t, "confirm", r, provider.Approved)
	d.Pass(t, r.HeldUntil.Sub(d.Now())+time.Minute)
	r = d.Fetch(t.Context(), ref)
	want(t, "fetch", r, provider.Cancelled)
	if r.Live {
		t.Error("fetch: got live, want not")
	}
	want(t, "cancel", d.Cancel(t.Context(), ref, a.Key), provider.Cancelled)
	if got := d.Held(t, a.Reference); got != 0 {
		t.Errorf("held: got %d, want 0", got)
	}
}

func declinesHaveClasses(t *testing.T, d *desk) {
	for _, class := range []provider.Class{
		provider.InsufficientFunds, provider.IssuerBlock, provider.BadData, provider.Unsupported, provider.Final, provider.TryLater,
	} {
		a := d.pay(t, string(class), Good)
		d.Refuse(t, a.Method, class)
		ref := d.open(t, a)
		steps := map[string]provider.Result{"confirm": d.Confirm(t.Context(), ref, a)}
		if fetched := d.Fetch(t.Context(), ref); d.wallet == nil {
			steps["fetch"] = fetched
		} else {
			want(t, "fetch", fetched, provider.Pending) // a wallet's orders do not keep a refusal
		}
		for step, r := range steps {
			want(t, step, r, provider.Declined)
			if r.Decline.Class != class || r.Decline.Code == "" || !r.Live {
				t.Errorf("%s: got %+v, want %s with a code, and live", step, r, class)
			}
		}
		d.taken(t, a, 0)
	}
}

// An unattended charge is put to the issuer once, however often it is confirmed.
func declineWhileAway(t *testing.T, d *desk) {
	a := d.bound(t, "1", Good)
	ref := d.open(t, a)
	d.Refuse(t, a.Method, provider.InsufficientFunds) // once: a second request would be approved
	for _, step := range []string{"confirm", "confirm again"} {
		r := d.Confirm(t.Context(), ref, a)
		want(t, step, r, provider.Declined)
		if r.Decline.Class != provider.InsufficientFunds {
			t.Errorf("%s: got %+v, want %s", step, r.Decline, provider.InsufficientFunds)
		}
	}
	d.taken(t, a, 0)
}

func cancelledNeverCharges(t *testing.T, d *desk) {
	a := d.pay(t, "1", Good)
	ref := d.open(t, a)
	want(t, "cancel", d.Cancel(t.Context(), ref, a.Key), provider.Cancelled)
	want(t, "confirm", d.Confirm(t.Context(), ref, a), provider.Cancelled)
	d.taken(t, a, 0)

	b := d.pay(t, "2", Good)
	d.Refuse(t, b.Method, provider.IssuerBlock)
	ref = d.open(t, b)
	want(t, "confirm", d.Confirm(t.Context(), ref, b), provider.Declined)
	want(t, "cancel the declined", d.Cancel(t.Context(), ref, b.Key), provider.Cancelled)
	want(t, "confirm the declined", d.Confirm(t.Context(), ref, b), provider.Cancelled)
	d.taken(t, b, 0)
}

func capturedIsNotCancelled(t *testing.T, d *desk) {
	a := d.pay(t, "1", Good)
	ref := d.open(t, a)
	want(t, "confirm", d.Confirm(t.Context(), ref, a), provider.Approved)
	r := d.Cancel(t.Context(), ref, a.Key)
	want(t, "cancel", r, provider.Approved)
	if !r.Captured {
		t.Errorf("cancel: got %+v, want captured", r)
	}
	d.taken(t, a, 2500)
}

func challengePassed(t *testing.T, d *desk) {
	a := d.hold(t, "1", Authenticates)
	a.Force3DS = true
	ref := d.open(t, a)
	r := d.Confirm(t.Context(), ref, a)
	want(t, "confirm", r, provider.NeedsPayer)
	if r.ChallengeURL == "" || !r.Live {
		t.Fatalf("confirm: got %+v, want a challenge, and live", r)
	}
	if again := d.Confirm(t.Context(), ref, a); again.Outcome != provider.NeedsPayer || again.ChallengeURL == "" {
		t.Errorf("confirm again: got %+v, want a challenge", again)
	}
	r = d.Fetch(t.Context(), ref)
	want(t, "fetch", r, provider.NeedsPayer)
	d.Answer(t, r.ChallengeURL, true)

	r = d.Fetch(t.Context(), ref)
	want(t, "fetch after the challenge", r, provider.Approved)
	if r.Captured || r.ThreeDS.Result != "authenticated" {
		t.Errorf("fetch: got %+v, want held and authenticated", r)
	}
	if got := d.Held(t, a.Reference); got != 100 {
		t.Errorf("held: got %d, want 100", got)
	}
}

func challengeFailed(t *testing.T, d *desk) {
	a := d.pay(t, "1", Authenticates)
	ref := d.open(t, a)
	r := d.Confirm(t.Context(), ref, a)
	want(t, "confirm", r, provider.NeedsPayer)
	d.Answer(t, r.ChallengeURL, false)
	r = d.Fetch(t.Context(), ref)
	want(t, "fetch after the failure", r, provider.Declined)
	if r.Decline.Class != provider.Authentication || !r.Live {
		t.Errorf("fetch: got %+v, want %s, and live", r, provider.Authentication)
	}
	d.taken(t, a, 0)

	for round := range 2 { // the payer tries again, to another page, and fails once more
		a.ReturnURL = fmt.Sprintf("https://console.example/back/%d", round)
		r = d.Confirm(t.Context(), ref, a)
		want(t, "confirm again", r, provider.NeedsPayer)
		d.Answer(t, r.ChallengeURL, round == 1)
	}
	r = d.Fetch(t.Context(), ref)
	want(t, "fetch after the challenge", r, provider.Approved)
	d.taken(t, a, 2500)
}

// An unattended charge that needs authentication is finished by the payer later, as
// the same intent (R-3DS-06).
func payerCalledBack(t *testing.T, d *desk) {
	a := d.bound(t, "1", Authenticates)
	ref := d.open(t, a)
	for _, step := range []string{"confirm while away", "confirm again"} {
		r := d.Confirm(t.Context(), ref, a)
		want(t, step, r, provider.NeedsPayer)
		if !r.Live || r.ChallengeURL != "" {
			t.Errorf("%s: got %+v, want live, and no challenge without the payer", step, r)
		}
	}
	want(t, "fetch", d.Fetch(t.Context(), ref), provider.NeedsPayer)
	d.taken(t, a, 0)

	a.Initiator, a.ReturnURL = provider.CIT, "https://console.example/back"
	r := d.Confirm(t.Context(), ref, a)
	want(t, "confirm with the payer", r, provider.NeedsPayer)
	if r.ChallengeURL == "" {
		t.Fatalf("confirm with the payer: got %+v, want a challenge", r)
	}
	d.Answer(t, r.ChallengeURL, true)
	r = d.Fetch(t.Context(), ref)
	want(t, "fetch after the challenge", r, provider.Approved)
	if !r.Captured {
		t.Errorf("fetch: got %+v, want captured", r)
	}
	d.taken(t, a, 2500)
}

func findsByReference(t *testing.T, d *desk) {
	a, b := d.pay(t, "1", Good), d.pay(t, "2", Good)
	refA, refB := d.open(t, a), d.open(t, b)
	want(t, "confirm", d.Confirm(t.Context(), refB, b), provider.Approved)
	since := d.Now().Add(-time.Minute)

	if ref, r := d.Find(t.Context(), d.customer, a.Reference, since); ref != refA || r.Outcome != provider.Pending {
		t.Errorf("find the first: got %q %+v, want %q pending", ref, r, refA)
	}
	if ref, r := d.Find(t.Context(), d.customer, b.Reference, since); ref != refB || r.Outcome != provider.Approved || !r.Captured {
		t.Errorf("find the second: got %q %+v, want %q captured", ref, r, refB)
	}
	if ref, r := d.Find(t.Context(), d.customer, "pay_3", since); ref != "" || r.Outcome != provider.Failed {
		t.Errorf("find what is not there: got %q %+v, want none", ref, r)
	}
	if ref, r := d.Find(t.Context(), d.customer, a.Reference, d.Now().Add(24*time.Hour)); ref != "" || r.Outcome != provider.Failed {
		t.Errorf("find since tomorrow: got %q %+v, want none", ref, r)
	}
	other, err := d.OpenCustomer(t.Context(), provider.Customer{Key: "payer-2", Reference: "other"})
	if err != nil {
		t.Fatal(err)
	}
	if ref, r := d.Find(t.Context(), other, a.Reference, since); ref != "" || r.Outcome != provider.Failed {
		t.Errorf("find at another payer: got %q %+v, want none", ref, r)
	}
}

func instruments(t *testing.T, d *desk) {
	a := d.hold(t, "1", Good)
	got, err := d.Instrument(t.Context(), a.Method)
	if err != nil {
		t.Fatal(err)
	}
	if got.Token != a.Method || got.Fingerprint == "" || got.Country == "" {
		t.Errorf("got %+v, want the token, a fingerprint and a country", got)
	}
	if d.wallet == nil {
		cardIsDescribed(t, got)
	} else if got.Customer == "" || got.Email == "" || got.Holder == "" || got.Brand != "" || got.Last4 != "" {
		t.Errorf("got %+v, want whose account it is, and nothing of a card", got)
	}
	twin, err := d.Instrument(t.Context(), d.Token(t, Good))
	if err != nil || twin.Fingerprint != got.Fingerprint {
		t.Errorf("same instrument: got fingerprint %q, %v, want %q", twin.Fingerprint, err, got.Fingerprint)
	}
	other, err := d.Instrument(t.Context(), d.Token(t, Other))
	if err != nil || other.Fingerprint == got.Fingerprint {
		t.Errorf("other instrument: got fingerprint %q, %v, want another than %q", other.Fingerprint, err, got.Fingerprint)
	}
	for _, token := range []string{"", "nonsense", a.Method + "x"} {
		if _, err := d.Instrument(t.Context(), token); !errors.Is(err, provider.ErrTokenUnknown) {
			t.Errorf("token %q: got %v, want %v", token, err, provider.ErrTokenUnknown)
		}
	}

	want(t, "confirm", d.Confirm(t.Context(), d.open(t, a), a), provider.Approved)
	if got, err := d.Instrument(t.Context(), a.Method); err != nil || d.wallet == nil && got.Customer != d.customer {
		t.Errorf("after set-up: got customer %q, %v, want %q", got.Customer, err, d.customer)
	}
	for _, step := range []string{"detach", "detach again"} {
		if err := d.Detach(t.Context(), a.Method); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
}

func cardIsDescribed(t *testing.T, got provider.Instrument) {
	t.Helper()
	if got.Customer != "" || got.Brand == "" || len(got.Networks) == 0 ||
		got.Funding == "" || len(got.Last4) != 4 || got.ExpMonth < 1 || got.ExpMonth > 12 || got.ExpYear < 2000 {
		t.Errorf("got %+v, want every attribute, and no customer", got)
	}
}

func customerIsMadeOnce(t *testing.T, d *desk) {
	c := provider.Customer{Key: "payer-2", Account: "acct_2", Reference: "beta", Name: "Beta"}
	first, err := d.OpenCustomer(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := d.OpenCustomer(t.Context(), c); err != nil || again != first {
		t.Errorf("got %q, %v, want %q again", again, err, first)
	}
	if first == d.customer {
		t.Errorf("got the other payer's %q", first)
	}
}

func news(t *testing.T, d *desk) {
	a := d.pay(t, "1", Good)
	ref := d.open(t, a)
	want(t, "confirm", d.Confirm(t.Context(), ref, a), provider.Approved)
	now := d.Now()

	secrets, late := []string{NewSecret, OldSecret}, 6*time.Minute
	if d.wallet != nil {
		// One certificate for all, and a message may be days on its way.
		secrets, late = []string{NewSecret}, 4*24*time.Hour
	}
	for _, secret := range secrets {
		header, body := d.News(t, ref, secret, now)
		n, err := d.ReadNews(header, body, now)
		if err != nil || n.Ref != ref || n.ID == "" || n.Kind == "" || n.At.IsZero() {
			t.Errorf("signed with %s: got %+v, %v, want news of %s", secret, n, err, ref)
		}
		for _, then := range []time.Time{now.Add(late), now.Add(-6 * time.Minute)} {
			if _, err := d.ReadNews(header, body, then); !errors.Is(err, provider.ErrNewsStale) {
				t.Errorf("read %s after it was sent: got %v, want %v", then.Sub(now), err, provider.ErrNewsStale)
			}
		}
		if _, err := d.ReadNews(header, append(body, ' '), now); !errors.Is(err, provider.ErrNewsForged) {
			t.Errorf("with a changed body: got %v, want %v", err, provider.ErrNewsForged)
		}
		if _, err := d.ReadNews(nil, body, now); !errors.Is(err, provider.ErrNewsForged) {
			t.Errorf("without a header: got %v, want %v", err, provider.ErrNewsForged)
		}
	}
	header, body := d.News(t, ref, foreignSecret, now)
	if _, err := d.ReadNews(header, body, now); !errors.Is(err, provider.ErrNewsForged) {
		t.Errorf("signed by somebody else: got %v, want %v", err, provider.ErrNewsForged)
	}
}

func limits(t *testing.T, d *desk) {
	for _, c := range []money.Currency{"USD", "EUR", "JPY", "MYR", "HUF"} {
		l, ok := d.Limits(c)
		if !ok || !l.Minimum.IsPositive() || l.Maximum.Cmp(l.Minimum) < 0 || l.Step < 1 || l.Minimum.Minor%l.Step != 0 {
			t.Errorf("%s: got %+v, %v, want bounds", c, l, ok)
			continue
		}
		a := d.pay(t, string(c), Good)
		a.Amount = l.Minimum
		r := d.Confirm(t.Context(), d.open(t, a), a)
		want(t, "charge the minimum of "+string(c), r, provider.Approved)
		if r.Amount != l.Minimum {
			t.Errorf("charge the minimum: got %s, want %s", r.Amount, l.Minimum)
		}

		a = d.pay(t, "less_"+string(c), Good)
		a.Amount = money.Amount{Minor: 0, Currency: c}
		if ref, r := d.Provider.Open(t.Context(), a); ref != "" || r.Outcome != provider.Failed {
			t.Errorf("open a charge of nothing in %s: got %q %+v, want failed", c, ref, r)
		}
	}
	if _, ok := d.Limits("XXX"); ok {
		t.Error("XXX is offered, want not")
	}
	if d.Window() < time.Hour {
		t.Errorf("window: got %s, want an hour at least", d.Window())
	}
}
