package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

// TestEveryKindOfEventHasAShape: the first word of a kind is the object that its
// event carries.
func TestEveryKindOfEventHasAShape(t *testing.T) {
	values := map[string]any{
		"account": account.Account{}, "agreement": payment.Agreement{}, "payment_method": payment.Method{}, "hold": payment.Hold{},
		"debt": billing.Debt{}, "payment": payment.Payment{}, "refund": payment.Refund{}, "bill": billing.Bill{},
		"order": order.Order{}, "subscription": order.Subscription{}, "identity_check": identity.Case{},
		"cash_application": billing.Application{}, "credit_line": account.CreditLine{}, "withdrawal": billing.Withdrawal{},
		"receiving_account": bank.ReceivingAccount{}, "virtual_account": bank.VirtualAccount{}, "number_pool": bank.Pool{},
		"remittance": bank.Remittance{}, "claim": bank.Claim{}, "receiving_change": bank.Change{},
	}
	for _, kind := range office.EventKinds {
		noun, _, _ := strings.Cut(kind, ".")
		shape, err := wire.Object(values[noun])
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		text, err := json.Marshal(shape)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Object string }
		if err := json.Unmarshal(text, &got); err != nil || got.Object != noun {
			t.Errorf("%s: got %s, want object %s", kind, text, noun)
		}
	}
}
