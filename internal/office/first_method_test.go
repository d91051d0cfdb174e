package office_test

import (
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// Usage ran up before there was a method. PayPal is bound and becomes preferred by
// itself, and its threshold counts at once (R-THR-07).
func TestThresholdOfAMethodThatBecomesPreferredByItself(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Use(a, "l1", "30.00")
		d.BindWallet(a, sandbox.PayerUS)
		if debts := d.DebtsOf(a); len(debts) != 1 || debts[0].Debt.State != billing.Paid {
			t.Errorf("PayPal is the first method: got %v, want 30.00 paid", debts)
		}
		d.Prove()
	})
}

// A debt of a silent account that nothing can collect reopens it, and it stays
// overdue.
func TestReopenedAccountStaysOverdue(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		if _, err := d.CloseAccount(t.Context(), access.CommandLine, a.ID); err != nil {
			t.Fatal(err)
		}
		d.Use(a, "l1", "30.00") // late, and there is no method
		d.Pass(17 * 24 * time.Hour)
		if got := accountNow(t, d, a.ID); got.State != account.Active || got.OverdueSince.IsZero() {
			t.Errorf("got %s, overdue since %v, want active and overdue", got.State, got.OverdueSince)
		}
		d.Prove()
	})
}
