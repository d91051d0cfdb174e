package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

// TestAPayPalMethodIsShownAsOne: its payer and what is held on it for usage, where a
// card has its number and expiry.
func TestAPayPalMethodIsShownAsOne(t *testing.T) {
	noon := time.Date(2024, 9, 18, 12, 0, 0, 0, time.UTC)
	hold := payment.Hold{
		ID: "hold_1", Kind: payment.ExposureHold, State: payment.HoldPlaced, Amount: money.Amount{Minor: 1000, Currency: "USD"},
		PlacedAt: noon, HonoredUntil: noon.AddDate(0, 0, 3),
	}
	b := office.Bound{Exposure: hold, Method: payment.Method{
		ID: "pm_1", Kind: payment.PayPalKind, State: payment.Active, Email: "uma@example.com",
		Card: payment.Card{Fingerprint: "paypal:PAYER7", Holder: "Uma Stone", Country: "US"},
	}}
	shape := boundMethod(b)
	if got, want := methodWords(shape), "uma@example.com, Uma Stone, US"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := heldWords(shape), "10.00 USD, placed"; got != want {
		t.Errorf("held: got %q, want %q", got, want)
	}
	var out strings.Builder
	methodText(&out, shownMethod{Method: shape, Holds: []wire.Hold{*shape.Exposure}})
	for _, want := range []string{"paypal     uma@example.com", "payer      PAYER7", "exposure", "2024-09-21T12:00:00Z"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %s, want %q in it", out.String(), want)
		}
	}

	b.Exposure.State, b.Exposure.EndedAt = payment.HoldReleased, noon
	if got := heldWords(boundMethod(b)); got != "" {
		t.Errorf("released: got %q held, want nothing", got)
	}
}

func TestEveryReasonIsShown(t *testing.T) {
	use := payment.Use{Running: 1, Unbilled: true}
	why := payment.Method{State: payment.Active}.MayDetach(payment.Standing{IsPreferred: true, Use: use})
	shapes := objectionsOf(why)
	if len(shapes) != 2 || shapes[0].Code != "resources_running" || shapes[1].Next == "" {
		t.Errorf("got %v, want both reasons with their next steps", shapes)
	}
	if got := objectionsOf(nil); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
	var out strings.Builder
	if objectionsTable(&out, nil); out.String() != "" {
		t.Errorf("got %q, want no table of nothing", out.String())
	}
}
