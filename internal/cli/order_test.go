package cli

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

// jsonOf runs a command and reads its answer.
func jsonOf[T any](t *testing.T, args ...string) (v T) {
	t.Helper()
	out := must(t, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("bursar %s: %v", strings.Join(args, " "), err)
	}
	return v
}

// TestAnOrderFromPlacingToCancelling: it is paid once, gives a subscription, which is
// renewed by hand; cancelled, what was not consumed goes back.
func TestAnOrderFromPlacingToCancelling(t *testing.T) {
	t.Setenv("BURSAR_DATA", t.TempDir())
	must(t, "migrate", "--clock", "2026-03-01T12:00:00Z")
	must(t, "account", "open", "--reference", "acme", "--country", "US", "--currency", "USD", "--email", "a@example.com")
	s, err := globals{}.session(Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	err = s.at(t.Context(), func(d *desk) error {
		a, err := d.account(t.Context(), "acme")
		if err != nil {
			return err
		}
		_, err = d.office.BindCard(t.Context(), access.CommandLine, a.ID, office.CardToBind{Token: "pm_card_visa", Consent: "2026-01", ReturnURL: "http://console.test/return"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	placed := jsonOf[wire.Order](t, "order", "place", "--account", "acme", "--reference", "web-1", "--item", "product=support,price=31.00,term=P1M,renew")
	paid := jsonOf[wire.OrderPayment](t, "order", "pay", placed.ID)
	again := jsonOf[wire.OrderPayment](t, "order", "pay", placed.ID)
	if paid.Order.State != "paid" || paid.Payment == nil || again.Payment == nil || again.Payment.ID != paid.Payment.ID {
		t.Errorf("paid twice: got %+v, then %+v; want one payment", paid, again)
	}
	story := jsonOf[wire.OrderStory](t, "order", "show", placed.ID)
	if len(story.Subscriptions) != 1 || story.Subscriptions[0].Until != "2026-04-01" {
		t.Fatalf("the order gave %+v, want one subscription until the first of April", story.Subscriptions)
	}
	sub := story.Subscriptions[0].ID

	more := jsonOf[wire.Order](t, "order", "place", "--account", "acme", "--reference", "web-2", "--subscription", sub, "--item", "product=support,price=31.00,quantity=2")
	if _, said, code := command(t, "order", "renew", sub, "--reference", "web-3"); code != exitBad || !strings.Contains(said, "order_pending") {
		t.Errorf("renewing beside an upgrade: %d, %s; want order_pending", code, said)
	}
	if got := jsonOf[wire.Order](t, "order", "cancel", more.ID); got.State != "cancelled" {
		t.Errorf("the upgrade is %s, want cancelled", got.State)
	}
	next := jsonOf[wire.Order](t, "order", "renew", sub, "--reference", "web-3")
	must(t, "order", "pay", next.ID)
	if got := must(t, "order", "subscriptions", "--account", "acme"); !strings.Contains(got, "2026-05-01") {
		t.Errorf("got %s, want it paid until May", got)
	}
	if got := jsonOf[wire.Subscription](t, "order", "auto-renew", sub, "off"); got.AutoRenew {
		t.Error("it still renews itself")
	}

	// Ten days later today is consumed; 20 days of this month and all of the next are not.
	must(t, "clock", "advance", "10d")
	must(t, "order", "cancel", placed.ID)
	refunds := must(t, "payment", "refunds", "--account", "acme")
	for _, want := range []string{"20.00 USD", "31.00 USD"} {
		if !strings.Contains(refunds, want) {
			t.Errorf("got %s, want a refund of %s", refunds, want)
		}
	}
	must(t, "verify")
}
