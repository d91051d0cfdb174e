package office_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// PayPal wants its payer before it lets a threshold be charged: the payment waits
// with a link, and goes through once the payer has agreed on PayPal's page. Nothing
// is charged twice, and what nobody agrees to ends (R-3DS-06).
func TestPayPalWantsItsPayer(t *testing.T) {
	for _, agrees := range []bool{true, false} {
		name := "stays away"
		if agrees {
			name = "agrees"
		}
		t.Run(name, func(t *testing.T) {
			d := officetest.New(t)
			a := d.Customer()
			d.BindWallet(a, sandbox.PayerUS)
			if err := d.Sandbox.OrderPayer(sandbox.PayerOrder{Payer: sandbox.PayerUS, Then: "payer_action", Times: 1}); err != nil {
				t.Fatal(err)
			}
			d.Use(a, "l1", "60.00")
			p := d.DebtsOf(a)[0].Payments[0]
			if p.State != payment.Waiting || p.ChallengeURL == "" {
				t.Fatalf("got %s with link %q, want it to wait for the payer", p.State, p.ChallengeURL)
			}
			if agrees {
				id := p.Ref[strings.LastIndex(p.Ref, ":")+1:]
				if _, err := d.Sandbox.ApproveAs(id, sandbox.PayerUS); err != nil {
					t.Fatal(err)
				}
			}
			d.Pass(5 * 24 * time.Hour)
			debt := d.DebtsOf(a)[0]
			if agrees && (debt.Debt.State != billing.Paid || len(debt.Payments) != 1) {
				t.Errorf("the payer agreed: got %s by %d payments, want paid by the one", debt.Debt.State, len(debt.Payments))
			}
			if !agrees && debt.Payments[0].State != payment.Cancelled {
				t.Errorf("nobody came: got %s, want cancelled", debt.Payments[0].State)
			}
			d.Pass(20 * 24 * time.Hour)
			d.Prove()
		})
	}
}
