package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/diagnosis"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

// TestADiagnosisIsReadable: the cause, the facts as they happened, and what each side
// can do; the payer's has nothing of staff's.
func TestADiagnosisIsReadable(t *testing.T) {
	noon := time.Date(2024, 9, 18, 12, 0, 0, 0, time.UTC)
	d := diagnosis.OfPayment(diagnosis.PaymentFacts{
		Now:    noon,
		Method: payment.Method{Kind: payment.CardKind, State: payment.Active, Card: payment.Card{Brand: payment.Visa, Last4: "4242"}},
		Payment: payment.Payment{
			ID: "pay_1", State: payment.Declined, OpenedAt: noon, SettledAt: noon.Add(time.Second), Ref: "pi_7",
			Refusal: payment.Refusal{Class: "final", Code: "stolen_card"},
		},
	})
	text := func(d diagnosis.Diagnosis, l diagnosis.Language) string {
		var out strings.Builder
		diagnosisText(&out, wire.OfDiagnosis(d, "staff", l), l)
		return out.String()
	}
	staff := text(d, diagnosis.LanguageOf("en"))
	for _, want := range []string{"cause      card_state_or_features", "AT", "2024-09-18T12:00:00Z", "stolen_card", "pi_7", "WHAT THE CUSTOMER CAN DO", "use another payment method", "WHAT STAFF CAN DO", "do not tell the customer"} {
		if !strings.Contains(staff, want) {
			t.Errorf("got %s, want %q in it", staff, want)
		}
	}
	payer := text(d.ForPayer(), diagnosis.LanguageOf("ja"))
	for _, not := range []string{"stolen", "pi_7", "STAFF"} {
		if strings.Contains(payer, not) {
			t.Errorf("got %s, want no %q in it", payer, not)
		}
	}
	if want := "別の支払い方法をお使いください"; !strings.Contains(payer, want) {
		t.Errorf("got %s, want %q in it", payer, want)
	}
}
