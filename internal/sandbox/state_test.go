package sandbox_test

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

func TestStateOutlivesTheWorld(t *testing.T) {
	o := options()
	o.State = filepath.Join(t.TempDir(), "world ?#%41.db")
	d := open(t, o)
	pi, _ := d.pay(charge(sandbox.Visa))
	first := d.post("/v1/payment_intents", payForm, "k")
	challenged, _ := d.pay(charge(sandbox.AlwaysAuthenticate))
	d.world.Fault(sandbox.Fault{Op: "capture", Kind: "503", Times: 2})
	if err := d.world.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	before := d.books()
	if _, err := sandbox.Open(o); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second world on the file: got %v, want an error", err)
	}
	if err := d.world.Close(); err != nil {
		t.Fatal(err)
	}

	d = open(t, o)
	if after := d.books(); !reflect.DeepEqual(after, before) {
		t.Errorf("books: got %+v\nwant %+v", after, before)
	}
	if got := d.retrieve(pi.ID); got.Status != "succeeded" || got.Amount != 1000 {
		t.Errorf("intent: got %s of %d", got.Status, got.Amount)
	}
	if again := d.post("/v1/payment_intents", payForm, "k"); !again.replayed || again.body != first.body {
		t.Error("idempotency key: got a new answer, want the old one")
	}
	if got := d.world.Now(); !got.Equal(start.Add(time.Hour)) {
		t.Errorf("clock: got %v, want an hour ahead", got)
	}
	if got := d.world.Faults(); len(got) != 1 || got[0].Times != 2 {
		t.Errorf("faults: got %v", got)
	}
	if _, err := d.world.AnswerChallenge(challenged.ID, true); err != nil {
		t.Errorf("challenge: got %v", err)
	}
}

func TestRefundsAddUpToTheCapture(t *testing.T) {
	d := newDesk(t)
	pi, _ := d.pay(charge(sandbox.Visa))
	refund := func(amount int64) *stripe.Error {
		_, err := d.stripe.V1Refunds.Create(context.Background(), &stripe.RefundCreateParams{PaymentIntent: &pi.ID, Amount: &amount})
		return d.refused(err)
	}
	for _, c := range []struct {
		amount int64
		code   stripe.ErrorCode
	}{{400, ""}, {601, "amount_too_large"}, {0, "parameter_invalid_integer"}, {600, ""}, {1, "charge_already_refunded"}} {
		refused := refund(c.amount)
		if (refused == nil) != (c.code == "") || refused != nil && refused.Code != c.code {
			t.Errorf("refund of %d: got %v, want %q", c.amount, refused, c.code)
		}
	}
	p := &stripe.ChargeRetrieveParams{}
	p.AddExpand("refunds")
	ch, err := d.stripe.V1Charges.Retrieve(context.Background(), pi.LatestCharge.ID, p)
	if err != nil || !ch.Refunded || ch.AmountRefunded != 1000 || len(ch.Refunds.Data) != 2 {
		t.Errorf("charge: got %+v, %v, want it refunded by two", ch, err)
	}
	if got := d.books().Totals["usd"]; got.Captured != 1000 || got.Refunded != 1000 {
		t.Errorf("books: got %+v", got)
	}
}

func TestRefundsThatChangeTheirMind(t *testing.T) {
	for _, c := range []struct {
		card         string
		first, later stripe.RefundStatus
		given        int64
	}{
		{"pm_card_pendingRefund", "pending", "succeeded", 1000},
		{"pm_card_refundFail", "succeeded", "failed", 0},
	} {
		d := newDesk(t)
		pi, _ := d.pay(charge(c.card))
		r, err := d.stripe.V1Refunds.Create(context.Background(), &stripe.RefundCreateParams{PaymentIntent: &pi.ID})
		if err != nil || r.Status != c.first {
			t.Fatalf("%s: got %v, %v, want %s", c.card, r, err, c.first)
		}
		if err := d.world.Advance(2 * time.Hour); err != nil {
			t.Fatal(err)
		}
		if r, err = d.stripe.V1Refunds.Retrieve(context.Background(), r.ID, nil); err != nil || r.Status != c.later {
			t.Errorf("%s later: got %v, %v, want %s", c.card, r, err, c.later)
		}
		if got := d.books().Totals["usd"].Refunded; got != c.given {
			t.Errorf("%s: got %d refunded, want %d", c.card, got, c.given)
		}
	}
}

func TestDisputes(t *testing.T) {
	for _, c := range []struct {
		card, evidence string
		first, last    stripe.DisputeStatus
		lost           int64
	}{
		{sandbox.Disputed, "winning_evidence", "needs_response", "won", 0},
		{sandbox.Disputed, "losing_evidence", "needs_response", "lost", 1000},
		{sandbox.Disputed, "let me see", "needs_response", "under_review", 1000},
		{"pm_card_createDisputeInquiry", "losing_evidence", "warning_needs_response", "warning_closed", 0},
	} {
		d := newDesk(t)
		pi, _ := d.pay(charge(c.card))
		var found *stripe.Dispute
		for got, err := range d.stripe.V1Disputes.List(context.Background(), &stripe.DisputeListParams{PaymentIntent: &pi.ID}).All(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			found = got
		}
		if found == nil || found.Status != c.first || found.Amount != 1000 || found.IsChargeRefundable != strings.HasPrefix(string(c.first), "warning") {
			t.Fatalf("%s: got %+v, want %s", c.card, found, c.first)
		}
		if c.first == "needs_response" {
			_, err := d.stripe.V1Refunds.Create(context.Background(), &stripe.RefundCreateParams{PaymentIntent: &pi.ID})
			if refused := d.refused(err); refused == nil || refused.Code != "charge_disputed" {
				t.Errorf("%s: refund got %v, want charge_disputed", c.card, refused)
			}
		}
		got, err := d.stripe.V1Disputes.Update(context.Background(), found.ID, &stripe.DisputeUpdateParams{
			Evidence: &stripe.DisputeUpdateEvidenceParams{UncategorizedText: &c.evidence}})
		if err != nil || got.Status != c.last {
			t.Errorf("%s, %s: got %v, %v, want %s", c.card, c.evidence, got, err, c.last)
		}
		if lost := d.books().Totals["usd"].Disputed; lost != c.lost {
			t.Errorf("%s, %s: got %d taken back, want %d", c.card, c.evidence, lost, c.lost)
		}
	}
	d := newDesk(t)
	pi, _ := d.pay(charge(sandbox.Visa))
	if _, err := d.world.Dispute(pi.LatestCharge.ID, "product_not_received", false); err != nil {
		t.Errorf("ordered: got %v", err)
	}
	if _, err := d.world.Dispute(pi.LatestCharge.ID, "fraudulent", false); err == nil {
		t.Error("ordered twice: got no error")
	}
}

func TestPagesOfAList(t *testing.T) {
	d := newDesk(t)
	mine, other := d.customer(), d.customer()
	var made []string
	for i := range 25 {
		p := charge(sandbox.Visa)
		p.Customer = &mine
		if i%5 == 4 {
			p.Customer = &other
		}
		pi, refused := d.pay(p)
		if refused != nil {
			t.Fatal(refused)
		}
		if i%5 != 4 {
			made = append(made, pi.ID)
		}
		if err := d.world.Advance(time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	p := &stripe.PaymentIntentListParams{Customer: &mine}
	p.Limit = stripe.Int64(7)
	p.AddExpand("data.latest_charge")
	i := len(made)
	for pi, err := range d.stripe.V1PaymentIntents.List(context.Background(), p).All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if i--; pi.ID != made[i] || !pi.LatestCharge.Paid {
			t.Fatalf("place %d: got %s, want %s with its charge", i, pi.ID, made[i])
		}
	}
	if i != 0 {
		t.Errorf("got %d too few", i)
	}
	back := d.send("GET", "/v1/payment_intents?limit=2&customer="+mine+"&ending_before="+made[10], "", "")
	if a, b := strings.Index(back.body, made[12]), strings.Index(back.body, made[11]); a < 0 || b < a || !strings.Contains(back.body, `"has_more":true`) {
		t.Errorf("ending_before: got %s", back.body)
	}
	since := start.Add(20 * time.Minute).Unix()
	young := d.send("GET", fmt.Sprintf("/v1/payment_intents?limit=100&created[gte]=%d", since), "", "")
	if got := strings.Count(young.body, `"object":"payment_intent"`); got != 5 {
		t.Errorf("created[gte]: got %d, want 5", got)
	}
	for query, want := range map[string]string{
		"limit=0": "limit", "limit=101": "limit", "starting_after=pi_none": "resource_missing", "colour=red": "parameter_unknown",
		"expand[]=data.status": "cannot be expanded",
	} {
		if got := d.send("GET", "/v1/payment_intents?"+query, "", ""); got.status != 400 || !strings.Contains(got.body, want) {
			t.Errorf("%s: got %d %s, want 400 with %s", query, got.status, got.body, want)
		}
	}
}

func TestBadParameters(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		path, form string
		status     int
		want       string
	}{
		{"/v1/payment_intents", "currency=usd", 400, "parameter_missing"},
		{"/v1/payment_intents", "amount=1000", 400, "parameter_missing"},
		{"/v1/payment_intents", "amount=ten&currency=usd", 400, "parameter_invalid_integer"},
		{"/v1/payment_intents", "amount=-5&currency=usd", 400, "parameter_invalid_integer"},
		{"/v1/payment_intents", "amount=49&currency=usd", 400, "amount_too_small"},
		{"/v1/payment_intents", "amount=100&currency=myr", 400, "amount_too_small"},
		{"/v1/payment_intents", "amount=100000000&currency=usd", 400, "amount_too_large"},
		{"/v1/payment_intents", "amount=1001&currency=kwd", 400, "multiples of 10"},
		{"/v1/payment_intents", "amount=1000&currency=xxx", 400, "Invalid currency"},
		{"/v1/payment_intents", "amount=1000&currency=usd&capture_method=slowly", 400, "must be one of"},
		{"/v1/payment_intents", "amount=1000&currency=usd&customer=cus_none", 400, "resource_missing"},
		{"/v1/payment_intents", "amount=1000&currency=usd&payment_method=pm_none", 400, "resource_missing"},
		{"/v1/payment_intents", "amount=1000&currency=usd&metadata[a][b]=c&foo[bar]=1", 400, "parameter_unknown"},
		{"/v1/payment_intents", "amount=1000&currency=usd&off_session=true", 400, "unless `confirm`"},
		{"/v1/payment_intents", "amount=1000&currency=usd&confirm=true", 400, "missing a payment method"},
		{"/v1/payment_intents", "amount=1000&currency=usd&statement_descriptor_suffix=1234", 400, "statement descriptor"},
		{"/v1/payment_intents", "amount=%zz", 400, "form encoding"},
		{"/v1/payment_intents/pi_none/confirm", "", 404, "resource_missing"},
		{"/v1/refunds", "", 400, "parameter_missing"},
		{"/v1/customers/cus_none", "name=x", 404, "resource_missing"},
		{"/v1/webhook_endpoints", "url=ftp://x&enabled_events[]=*", 400, "url_invalid"},
		{"/v1/nothing", "", 404, "Unrecognized request URL"},
	} {
		if got := d.post(c.path, c.form, ""); got.status != c.status || !strings.Contains(got.body, c.want) {
			t.Errorf("%s %s: got %d %s, want %d with %q", c.path, c.form, got.status, got.body, c.status, c.want)
		}
	}
	if got := d.post("/v1/payment_intents", strings.Repeat("a", 2<<20), ""); got.status != 400 || !strings.Contains(got.body, "too large") {
		t.Errorf("a body of 2 MiB: got %d", got.status)
	}
	if got := len(d.books().Charges); got != 0 {
		t.Errorf("got %d charges, want none", got)
	}
}

func TestMetadataAndUpdates(t *testing.T) {
	d := newDesk(t)
	u, err := d.stripe.V1Customers.Create(context.Background(), &stripe.CustomerCreateParams{Name: stripe.String("A"), Metadata: map[string]string{"a": "1", "b": "2"}})
	if err != nil {
		t.Fatal(err)
	}
	u, err = d.stripe.V1Customers.Update(context.Background(), u.ID, &stripe.CustomerUpdateParams{Email: stripe.String("x@example.com"), Metadata: map[string]string{"a": "", "c": "3"}})
	if err != nil || u.Name != "A" || u.Email != "x@example.com" || !reflect.DeepEqual(u.Metadata, map[string]string{"b": "2", "c": "3"}) {
		t.Errorf("got %+v, %v", u, err)
	}
	bound := d.attached(sandbox.Visa, u.ID)
	if gone, err := d.stripe.V1Customers.Delete(context.Background(), u.ID, nil); err != nil || !gone.Deleted {
		t.Errorf("delete: got %v, %v", gone, err)
	}
	m, err := d.stripe.V1PaymentMethods.Retrieve(context.Background(), bound, nil)
	if err != nil || m.Customer != nil {
		t.Errorf("its payment method: got customer %v, %v, want it detached", m.Customer, err)
	}
}

func TestFeesOfAsynchronousCapturesAreKnownLater(t *testing.T) {
	d := newDesk(t)
	p := charge(sandbox.Visa)
	p.CaptureMethod = nil // Stripe's default: automatic_async
	pi, refused := d.pay(p)
	if refused != nil || pi.Status != "succeeded" {
		t.Fatalf("got %v, %v", pi, refused)
	}
	if got := d.retrieve(pi.ID).LatestCharge.BalanceTransaction; got != nil {
		t.Errorf("at once: got %v, want none yet", got)
	}
	if err := d.world.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := d.retrieve(pi.ID).LatestCharge.BalanceTransaction; got == nil {
		t.Error("a minute later: got none")
	}
	balance, err := d.stripe.V1Balance.Retrieve(context.Background(), nil)
	if err != nil || balance.Pending[0].Amount != 941 || balance.Available[0].Amount != 0 {
		t.Errorf("balance: got %+v, %v, want 9.41 pending", balance, err)
	}
	if err := d.world.Advance(3 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if balance, err = d.stripe.V1Balance.Retrieve(context.Background(), nil); err != nil || balance.Available[0].Amount != 941 {
		t.Errorf("three days later: got %+v, %v, want 9.41 available", balance, err)
	}
}
