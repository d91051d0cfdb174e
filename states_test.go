package bursar_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
)

var update = flag.Bool("update", false, "rewrite generated files")

const statesFile = "docs/states.md"

// TestStatesAreDrawn redraws docs/states.md from the state tables.
func TestStatesAreDrawn(t *testing.T) {
	want := drawStates()
	if *update {
		if err := os.WriteFile(statesFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(statesFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the tables say; run: make generate", statesFile)
	}
}

func TestEveryStateCanBeReached(t *testing.T) {
	for name, err := range map[string]error{
		"payment method": payment.MethodTable.Check(payment.Verifying),
		"agreement":      payment.AgreementTable.Check(payment.AgreementOpening),
		"hold":           payment.HoldTable.Check(payment.HoldOpening),
		"payment":        payment.Table.Check(payment.Opening),
		"order":          order.Table.Check(order.Open),
		"subscription":   order.SubscriptionTable.Check(order.Active),
		"refund":         payment.RefundTable.Check(payment.RefundOpening),
		"identity check": identity.CaseTable.Check(identity.Open),
		"debt":           billing.DebtTable.Check(billing.Open),
		"credit line":    account.CreditTable.Check(account.CreditProposed),
		"withdrawal":     billing.WithdrawalTable.Check(billing.WithdrawalProposed),
		"bank statement": bank.StatementTable.Check(bank.StatementAside),
		"bank line":      bank.LineTable.Check(bank.LinePending, bank.LineAside),
		"receipt":        bank.RemittanceTable.Check(bank.Unclaimed),
		"claim":          bank.ClaimTable.Check(bank.ClaimProposed),
		"change":         bank.ChangeTable.Check(bank.ChangeProposed),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func drawStates() []byte {
	parts := []string{
		"<!-- Generated from the state tables by `make generate`. Do not edit. -->\n\n# States\n\nWhat can happen to each thing, and what becomes of it. A state without a way out is final.\n",
		payment.MethodTable.Markdown("Payment method", payment.Verifying),
		payment.AgreementTable.Markdown("Agreement", payment.AgreementOpening),
		payment.HoldTable.Markdown("Hold", payment.HoldOpening),
		payment.Table.Markdown("Payment", payment.Opening),
		billing.DebtTable.Markdown("Debt", billing.Open),
		order.Table.Markdown("Order", order.Open),
		order.SubscriptionTable.Markdown("Subscription", order.Active),
		payment.RefundTable.Markdown("Refund", payment.RefundOpening),
		identity.CaseTable.Markdown("Identity check", identity.Open),
		account.CreditTable.Markdown("Credit line", account.CreditProposed),
		billing.WithdrawalTable.Markdown("Withdrawal", billing.WithdrawalProposed),
		bank.StatementTable.Markdown("Bank statement", bank.StatementAside, bank.StatementHeld, bank.StatementTaken),
		bank.LineTable.Markdown("Bank line", bank.LinePending, bank.LineAside, bank.LineHeld, bank.LineConflict),
		bank.RemittanceTable.Markdown("Receipt", bank.Unclaimed),
		bank.ClaimTable.Markdown("Claim", bank.ClaimProposed),
		bank.ChangeTable.Markdown("Change of receiving accounts", bank.ChangeProposed),
	}
	return []byte(strings.Join(parts, "\n"))
}
